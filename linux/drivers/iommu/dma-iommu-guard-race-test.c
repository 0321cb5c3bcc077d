// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_guard_race: all CPUs map and unmap the same pages and their
 * neighbours in a guarded bypass window behind VT-d, in every direction, as pages and
 * as lists, in threads and in interrupts.  What is mapped is counted here, too, and
 * compared with the page table.
 *
 * Needs two of QEMU's edu devices, and two CPUs.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/generic_pt/iommu.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "dma-iommu-guard-test.h"

#define PAGES		4
#define DIRS		3

/* The mappings in the window that are certain to exist, by page and direction. */
static atomic_t live[PAGES][DIRS];
static struct page *pages;
static u64 *leaf;
static u64 entries[PAGES][DIRS];

/*
 * Odd while the device may have the window.  Even from the time on when denying that has
 * returned until just before it is granted again.
 */
static atomic_t epoch;

/**
 * struct guard_load - what a CPU does, and what it saw
 * @rnd: of what it does next
 * @sgl: a list of all pages
 * @task: the thread
 * @work: runs in an interrupt of another CPU
 * @cpu: the CPU
 * @guarded: mappings in the window
 * @translated: other mappings
 * @failed: mappings that failed
 * @wrong: mappings in the window whose entry in the page table is another one
 * @mixed: mappings in the window of a page that was mapped in another direction
 * @denied: mappings in the window that were begun while the device was denied it
 * @refused: other mappings that were begun then
 */
struct guard_load {
	struct rnd_state	rnd;
	struct scatterlist	sgl[PAGES];
	struct task_struct	*task;
	struct irq_work		work;
	int			cpu;
	unsigned long		guarded;
	unsigned long		translated;
	unsigned long		failed;
	unsigned long		wrong;
	unsigned long		mixed;
	unsigned long		denied;
	unsigned long		refused;
};

/*
 * Page @i was mapped in the window, begun in epoch @began, and is unmapped by nobody but
 * the caller.
 */
static void load_enter(struct guard_load *l, int i, int dir, int began)
{
	int other;

	/* Fully ordered: of two CPUs one sees the other. */
	atomic_inc_return(&live[i][dir]);
	l->guarded++;
	if (!(began & 1) && atomic_read(&epoch) == began)
		l->denied++;
	if (READ_ONCE(leaf[i]) != entries[i][dir])
		l->wrong++;
	for (other = 0; other < DIRS; other++)
		if (other != dir && atomic_read(&live[i][other]))
			l->mixed++;
}

static void load_leave(int i, int dir)
{
	atomic_dec_return(&live[i][dir]);
}

/* There are other reasons than that the window is denied. */
static void load_translated(struct guard_load *l, int began)
{
	l->translated++;
	l->refused += !(began & 1);
}

static void load_page(struct guard_load *l)
{
	int i = prandom_u32_state(&l->rnd) % PAGES;
	int dir = prandom_u32_state(&l->rnd) % DIRS;
	int began = atomic_read_acquire(&epoch);
	dma_addr_t addr = gmap_once(0, pages + i, 0, SZ_4K, dir);

	if (dma_mapping_error(dev_of(0), addr)) {
		l->failed++;
		return;
	}
	if (in_window(0, addr)) {
		load_enter(l, i, dir, began);
		load_leave(i, dir);
	} else {
		load_translated(l, began);
	}
	gunmap(0, addr, SZ_4K, dir);
}

static void load_list(struct guard_load *l)
{
	int i, dir = prandom_u32_state(&l->rnd) % DIRS;
	int began = atomic_read_acquire(&epoch);

	if (!dma_map_sg_attrs(dev_of(0), l->sgl, PAGES, dir, OVERLAP)) {
		l->failed++;
		return;
	}
	if (in_window(0, sg_dma_address(l->sgl))) {
		for (i = 0; i < PAGES; i++)
			load_enter(l, i, dir, began);
		for (i = 0; i < PAGES; i++)
			load_leave(i, dir);
	} else {
		load_translated(l, began);
	}
	dma_unmap_sg_attrs(dev_of(0), l->sgl, PAGES, dir, OVERLAP);
}

static void load_interrupt(struct irq_work *work)
{
	load_page(container_of(work, struct guard_load, work));
}

static int load_run(void *load)
{
	while (!kthread_should_stop()) {
		load_page(load);
		load_list(load);
		cond_resched();
	}
	return 0;
}

/* In interrupts of the next CPU, on top of what its thread does. */
static int load_run_interrupts(void *load)
{
	struct guard_load *l = load;
	int next = (l->cpu + 1) % num_online_cpus();

	/* As a device's interrupt: unlike a call of another CPU, it may take locks. */
	init_irq_work(&l->work, load_interrupt);
	while (!kthread_should_stop()) {
		irq_work_queue_on(&l->work, next);
		irq_work_sync(&l->work);
		cond_resched();
	}
	return 0;
}

static void load_init(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	static const int prots[DIRS] = {
		IOMMU_READ | IOMMU_WRITE, IOMMU_READ, IOMMU_WRITE,
	};
	struct pt_iommu *pt = iommupt_from_domain(domain);
	struct pt_iommu_leaves leaves;
	phys_addr_t phys;
	int i, dir, err = 0;

	atomic_set(&epoch, 1);
	pages = large_buffer(test, HIGH);
	gtouch(test, 0, pages);
	phys = page_to_phys(pages);
	KUNIT_ASSERT_NOT_NULL(test, pt);
	KUNIT_ASSERT_EQ(test, 0, pt->ops->get_leaves(pt, window_base(0) + phys,
						     GFP_KERNEL, &leaves));
	leaf = leaves.table + PHYS_PFN(phys) % leaves.nr;
	for (i = 0; i < PAGES; i++)
		for (dir = 0; dir < DIRS; dir++)
			err |= pt->ops->leaf_entry(pt, phys + i * SZ_4K,
						   prots[dir] | IOMMU_CACHE,
						   &entries[i][dir]);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void stop_thread(void *task)
{
	kthread_stop(task);
}

static struct guard_load *load_start(struct kunit *test, int (*fn)(void *),
				     int cpu)
{
	struct guard_load *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->cpu = cpu;
	prandom_seed_state(&l->rnd, (fn == load_run ? 1 : 2) * 1000 + cpu);
	sg_init_table(l->sgl, PAGES);
	for (i = 0; i < PAGES; i++)
		sg_set_page(&l->sgl[i], pages + i, SZ_4K, 0);
	l->task = kthread_create(fn, l, "guard/%d", cpu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, l->task);
	kthread_bind(l->task, cpu);
	wake_up_process(l->task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_thread,
							   l->task));
	return l;
}

static void load_stop(struct kunit *test, struct guard_load *l, const char *what)
{
	kunit_release_action(test, stop_thread, l->task);
	kunit_info(test, "CPU %d, %s: %lu guarded, %lu translated\n", l->cpu,
		   what, l->guarded, l->translated);
	KUNIT_EXPECT_GT_MSG(test, l->guarded, 0, "CPU %d, %s", l->cpu, what);
	KUNIT_EXPECT_EQ_MSG(test, l->failed, 0, "CPU %d, %s", l->cpu, what);
	KUNIT_EXPECT_EQ_MSG(test, l->wrong, 0, "CPU %d, %s", l->cpu, what);
	KUNIT_EXPECT_EQ_MSG(test, l->mixed, 0, "CPU %d, %s", l->cpu, what);
	KUNIT_EXPECT_EQ_MSG(test, l->denied, 0, "CPU %d, %s", l->cpu, what);
}

#define CPUS		2

static void same_pages_on_all_cpus(struct kunit *test)
{
	struct guard_load *thread[CPUS], *interrupt[CPUS];
	dma_addr_t addr;
	int i;

	load_init(test);
	for (i = 0; i < CPUS; i++)
		thread[i] = load_start(test, load_run, i);
	for (i = 0; i < CPUS; i++)
		interrupt[i] = load_start(test, load_run_interrupts, i);
	msleep(3000);
	for (i = 0; i < CPUS; i++)
		load_stop(test, interrupt[i], "interrupts");
	for (i = 0; i < CPUS; i++)
		load_stop(test, thread[i], "thread");

	/* Nothing is left, neither an entry nor a count. */
	for (i = 0; i < PAGES; i++) {
		KUNIT_EXPECT_EQ_MSG(test, leaf[i], 0, "page %d", i);
		addr = gmap_once(0, pages + i, 0, SZ_4K, i % DIRS);
		expect_in_window(test, 0, addr);
		gunmap(0, addr, SZ_4K, i % DIRS);
		KUNIT_EXPECT_EQ_MSG(test, leaf[i], 0, "page %d", i);
	}
	expect_fault(test, 0, window_base(0) + page_to_phys(pages),
		     page_address(pages));
}

/* A grant that comes and goes, while both CPUs map. */
static void grants_while_mapping(struct kunit *test)
{
	struct guard_load *thread[CPUS];
	int i;

	load_init(test);
	for (i = 0; i < CPUS; i++)
		thread[i] = load_start(test, load_run, i);
	for (i = 0; i < 100; i++) {
		dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
		KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)),
				DMA_BYPASS_DRAINING);
		atomic_inc(&epoch);
		usleep_range(5000, 10000);
		atomic_inc(&epoch);
		dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_GUARD);
		KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)),
				DMA_BYPASS_GUARDED);
		usleep_range(5000, 10000);
	}
	for (i = 0; i < CPUS; i++) {
		load_stop(test, thread[i], "thread");
		KUNIT_EXPECT_GT_MSG(test, thread[i]->refused, 0, "CPU %d", i);
	}
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, leaf[i], 0, "page %d", i);
}

static int race_init(struct kunit *test)
{
	if (num_online_cpus() < CPUS)
		kunit_skip(test, "needs two CPUs");
	return guard_init(test);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE(same_pages_on_all_cpus),
	KUNIT_CASE(grants_while_mapping),
	{ }
};

static struct kunit_suite race_suite = {
	.name		= "dma_bypass_guard_race",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= race_init,
	.exit		= window_test_exit,
	.test_cases	= race_cases,
};

kunit_test_suite(race_suite);

MODULE_DESCRIPTION("KUnit tests of races in guarded DMA bypass windows behind VT-d");
MODULE_LICENSE("GPL");
