// SPDX-License-Identifier: GPL-2.0
/*
 * What DMA mappings cost behind VT-d when several processors make them.
 *
 * For a virtual machine that runs one processor at a time, and that one until it
 * says cpu_relax().  They take turns, one operation each, so nobody waits for a
 * lock, and what is counted is what a processor executes itself: with what the
 * others have left in the allocator and in the queues, but without contention.
 */
#include <linux/completion.h>
#include <linux/kthread.h>

#include "dma-iommu-bypass-bench.h"

#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#define MOST_CPUS	8

/**
 * struct game - whose turn it is
 * @b: what is measured
 * @page: what is mapped
 * @cpus: processors that take part
 * @missing: those that have not come yet
 * @turn: turns that were taken
 */
struct game {
	struct bench	*b;
	struct page	*page;
	unsigned int	cpus;
	atomic_t	missing;
	atomic_t	turn;
};

/**
 * struct player - a processor
 * @game: what it takes part in
 * @cpu: which one it is
 * @addr: what it has mapped
 * @failed: mappings that failed
 * @done: it has finished
 */
struct player {
	struct game		*game;
	unsigned int		cpu;
	dma_addr_t		addr;
	unsigned int		failed;
	struct completion	done;
};

static void wait_for_turn(struct player *p)
{
	while (atomic_read(&p->game->turn) % p->game->cpus != p->cpu)
		cpu_relax();
}

static u32 timed_map(struct player *p)
{
	struct bench *b = p->game->b;
	unsigned long flags;
	u32 begun, ended;

	wait_for_turn(p);
	bench_irq_save(flags);
	begun = bench_clock();
	p->addr = dma_map_page_attrs(b->dev, p->game->page, 0, SZ_4K,
				     DMA_TO_DEVICE, b->attrs);
	ended = bench_clock();
	bench_irq_restore(flags);
	atomic_inc(&p->game->turn);
	p->failed += p->addr == DMA_MAPPING_ERROR;
	return ended - begun;
}

static u32 timed_unmap(struct player *p)
{
	struct bench *b = p->game->b;
	unsigned long flags;
	u32 begun, ended;

	wait_for_turn(p);
	bench_irq_save(flags);
	begun = bench_clock();
	dma_unmap_page_attrs(b->dev, p->addr, SZ_4K, DMA_TO_DEVICE, b->attrs);
	ended = bench_clock();
	bench_irq_restore(flags);
	atomic_inc(&p->game->turn);
	return ended - begun;
}

static int play(void *player)
{
	u32 map, unmap, cost = bench_clock_cost();
	struct player *p = player;
	int i;

	atomic_dec(&p->game->missing);
	while (atomic_read(&p->game->missing))
		cpu_relax();
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		map = timed_map(p) - cost;
		unmap = timed_unmap(p) - cost;
		if (i >= 0)
			bench_record(p->game->b, p->cpu * BENCH_ROUNDS + i, map,
				     unmap);
	}
	complete(&p->done);
	return 0;
}

/* It begins when all are there; if one cannot come, without those after it. */
static void begin_game(struct game *game, struct player *players)
{
	struct task_struct *task;
	int i, lost;

	for (i = 0; i < game->cpus; i++) {
		players[i] = (struct player) { .game = game, .cpu = i };
		init_completion(&players[i].done);
		task = kthread_run_on_cpu(play, &players[i], i, "dma_bench/%u");
		if (!IS_ERR(task))
			continue;
		lost = game->cpus - i;
		game->cpus = i;
		atomic_sub(lost, &game->missing);
	}
}

static void bench_cpus(struct bench *b)
{
	struct player players[MOST_CPUS];
	struct game game = {
		.b	= b,
		.page	= bench_pages(b->test, 0),
		.cpus	= b->cpus,
		.missing = ATOMIC_INIT(b->cpus),
	};
	int i;

	bench_init(b);
	begin_game(&game, players);
	KUNIT_EXPECT_EQ(b->test, game.cpus, b->cpus);
	for (i = 0; i < game.cpus; i++) {
		wait_for_completion(&players[i].done);
		KUNIT_EXPECT_EQ(b->test, players[i].failed, 0);
	}
	bench_tell(b, "/turns", SZ_4K, 1);
	__free_page(game.page);
}

static void bench(struct kunit *test, struct device *dev, const char *mode,
		  unsigned long attrs)
{
	unsigned int cpus;

	KUNIT_ASSERT_EQ(test, num_online_cpus(), MOST_CPUS);
	/* A time slice may end within. */
	KUNIT_ASSERT_LT_MSG(test, bench_clock_errors(), BENCH_WARM_UP / 16,
			    "the clock does not count instructions");
	for (cpus = 1; cpus <= MOST_CPUS; cpus *= 2) {
		struct bench b = {
			.test = test, .dev = dev, .mode = mode, .attrs = attrs,
			.cpus = cpus,
		};

		bench_cpus(&b);
	}
}

static void bench_direct(struct kunit *test)
{
	bench(test, direct_device(test), "direct", 0);
}

static void bench_strict(struct kunit *test)
{
	require_strict(test, 1);
	bench(test, dev_of(1), "strict", 0);
}

static void bench_bypass(struct kunit *test)
{
	require_granted(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	bench(test, dev_of(0), "bypass", BYPASS);
}

static void bench_lazy(struct kunit *test)
{
	require_strict(test, 1);
	make_lazy(test, dev_of(1));
	bench(test, dev_of(1), "lazy", 0);
}

/* In this order: a device does not become strict again. */
static struct kunit_case cpus_cases[] = {
	KUNIT_CASE_SLOW(bench_direct),
	KUNIT_CASE_SLOW(bench_strict),
	KUNIT_CASE_SLOW(bench_bypass),
	KUNIT_CASE_SLOW(bench_lazy),
	{ }
};

static struct kunit_suite cpus_suite = {
	.name		= "dma_bypass_bench_cpus",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.test_cases	= cpus_cases,
};

kunit_test_suite(cpus_suite);
