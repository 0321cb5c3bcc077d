// SPDX-License-Identifier: GPL-2.0
/*
 * What DMA mappings cost behind VT-d when several processors make them.
 *
 * For a virtual machine that runs one processor at a time, and that one until it
 * says cpu_relax(): they take turns after each operation, in the same order in
 * each boot.  So nobody waits for a lock, and what is counted is what a
 * processor executes itself: with what the others have left in the allocator and
 * in the queues, but without contention.
 */
#include <linux/completion.h>
#include <linux/kthread.h>

#include "dma-iommu-bypass-bench.h"

#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#define MOST_CPUS	8

/**
 * struct turns - what one processor does
 * @b: what is measured
 * @page: what is mapped
 * @round: where its results go
 * @missing: processors that have not come yet
 * @failed: mappings that failed
 * @done: it has finished
 */
struct turns {
	struct bench		*b;
	struct page		*page;
	int			round;
	atomic_t		*missing;
	unsigned int		failed;
	struct completion	done;
};

static void take_turn(struct turns *t, int round, u32 cost)
{
	u32 begun, mapped, ending, ended;
	struct device *dev = t->b->dev;
	unsigned long flags;
	dma_addr_t addr;

	bench_irq_save(flags);
	begun = bench_clock();
	addr = dma_map_page_attrs(dev, t->page, 0, SZ_4K, DMA_TO_DEVICE,
				  t->b->attrs);
	mapped = bench_clock();
	bench_irq_restore(flags);
	cpu_relax();

	bench_irq_save(flags);
	ending = bench_clock();
	dma_unmap_page_attrs(dev, addr, SZ_4K, DMA_TO_DEVICE, t->b->attrs);
	ended = bench_clock();
	bench_irq_restore(flags);
	cpu_relax();

	t->failed += addr == DMA_MAPPING_ERROR;
	if (round >= 0)
		bench_record(t->b, t->round + round, mapped - begun - cost,
			     ended - ending - cost);
}

static int take_turns(void *data)
{
	u32 cost = bench_clock_cost();
	struct turns *t = data;
	int i;

	atomic_dec(t->missing);
	while (atomic_read(t->missing))
		cpu_relax();
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++)
		take_turn(t, i, cost);
	complete(&t->done);
	return 0;
}

/* Returns how many began; they do so when all are there, or one cannot come. */
static int begin_turns(struct bench *b, struct page *page, struct turns *turns,
		       atomic_t *missing)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < b->cpus; i++) {
		turns[i] = (struct turns) {
			.b = b, .page = page, .round = i * BENCH_ROUNDS,
			.missing = missing,
		};
		init_completion(&turns[i].done);
		task = kthread_run_on_cpu(take_turns, &turns[i], i,
					  "dma_bench/%u");
		if (IS_ERR(task)) {
			atomic_sub(b->cpus - i, missing);
			break;
		}
	}
	return i;
}

static void bench_cpus(struct bench *b)
{
	struct page *page = bench_pages(b->test, 0);
	struct turns turns[MOST_CPUS] = {};
	atomic_t missing;
	int i, began;

	bench_init(b);
	atomic_set(&missing, b->cpus);
	began = begin_turns(b, page, turns, &missing);
	KUNIT_EXPECT_EQ(b->test, began, b->cpus);
	for (i = 0; i < began; i++) {
		wait_for_completion(&turns[i].done);
		KUNIT_EXPECT_EQ(b->test, turns[i].failed, 0);
	}
	bench_tell(b, "/turns", SZ_4K, 1);
	__free_page(page);
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
