// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: grants that come and go, and drivers that do,
 * while others map, ask and look.
 *
 * Wants two of QEMU's edu devices, in groups of their own, and two processors.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/scatterlist.h>

#include "dma-iommu-bypass-test.h"

static void set_policy(enum dma_bypass_policy policy)
{
	dma_bypass_set_policy(dev_of(0), policy);
}

static void rest(void *task)
{
	kthread_stop(task);
}

/* Runs until the test is over, or rest() is released. */
static struct task_struct *start(struct kunit *test, int (*fn)(void *arg),
				 void *arg, int cpu)
{
	struct task_struct *task = kthread_create(fn, arg, "bypass/%d", cpu);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, rest, task));
	return task;
}

/*
 * Odd while the device may have a grant.  Even from the time on when denying it
 * returned until just before it is allowed again.
 */
static atomic_t epoch;

#define LOAD_PAGES	2

/* What one processor maps over and over, and what it saw. */
struct load {
	struct page		*page[LOAD_PAGES];
	struct scatterlist	sgl[LOAD_PAGES];
	unsigned long		bypassed;
	unsigned long		translated;
	unsigned long		failed;
	unsigned long		wrong;
	unsigned long		after_deny;
};

/* One mapping of @page at @addr, begun in epoch @began. */
static void load_count(struct load *l, struct page *page, dma_addr_t addr,
		       int began)
{
	/* The epoch must not be read before the mapping is made. */
	smp_mb();
	if (addr < half(0)) {
		l->translated++;
		return;
	}
	l->bypassed++;
	if (addr != half(0) + page_to_phys(page))
		l->wrong++;
	if (!(began & 1) && atomic_read(&epoch) == began)
		l->after_deny++;
}

static void load_page(struct load *l)
{
	int began = atomic_read_acquire(&epoch);
	dma_addr_t addr = dma_map_page_attrs(dev_of(0), l->page[0], 0, SZ_4K,
					     DMA_TO_DEVICE, BYPASS);

	if (dma_mapping_error(dev_of(0), addr)) {
		l->failed++;
		return;
	}
	load_count(l, l->page[0], addr, began);
	cond_resched();
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

/* A whole list: either way, but not mixed. */
static void load_list(struct load *l)
{
	int i, began = atomic_read_acquire(&epoch);
	unsigned long bypassed = l->bypassed;

	if (!dma_map_sg_attrs(dev_of(0), l->sgl, LOAD_PAGES, DMA_FROM_DEVICE,
			      BYPASS)) {
		l->failed++;
		return;
	}
	/* What is translated may have been merged into one entry. */
	if (sg_dma_address(l->sgl) < half(0))
		l->translated++;
	else
		for (i = 0; i < LOAD_PAGES; i++)
			load_count(l, l->page[i], sg_dma_address(&l->sgl[i]),
				   began);
	if (l->bypassed != bypassed && l->bypassed != bypassed + LOAD_PAGES)
		l->wrong++;
	cond_resched();
	dma_unmap_sg_attrs(dev_of(0), l->sgl, LOAD_PAGES, DMA_FROM_DEVICE,
			   BYPASS);
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

static struct load *load_init(struct kunit *test)
{
	struct load *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	sg_init_table(l->sgl, LOAD_PAGES);
	for (i = 0; i < LOAD_PAGES; i++) {
		l->page[i] = buffer(test, i ? HIGH : LOW);
		sg_set_page(&l->sgl[i], l->page[i], SZ_4K, 0);
	}
	return l;
}

static void expect_clean(struct kunit *test, struct load *l)
{
	KUNIT_EXPECT_GT(test, l->bypassed, 0);
	KUNIT_EXPECT_GT(test, l->translated, 0);
	KUNIT_EXPECT_EQ(test, l->failed, 0);
	KUNIT_EXPECT_EQ(test, l->wrong, 0);
	KUNIT_EXPECT_EQ(test, l->after_deny, 0);
}

#define REVOKED		(5000 / SHARE)

static void revoke_and_grant(struct kunit *test, int round)
{
	atomic_inc(&epoch);
	set_policy(DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	cond_resched();

	set_policy(round % 2 ? DMA_BYPASS_POLICY_DENY :
			       DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	atomic_inc(&epoch);
	cond_resched();
	/* Even where the loads share this processor, they see both. */
	if (round % 64 == 0)
		msleep(20);
}

static void revoked_under_load(struct kunit *test)
{
	struct load *load[] = { load_init(test), load_init(test) };
	struct task_struct *task[ARRAY_SIZE(load)];
	struct page *page = buffer(test, HIGH);
	int i;

	KUNIT_ASSERT_EQ(test, num_online_cpus(), ARRAY_SIZE(load));
	atomic_set(&epoch, 1);
	open_window(test, 0);
	for (i = 0; i < ARRAY_SIZE(load); i++)
		task[i] = start(test, load_run, load[i], i);
	msleep(50);
	set_policy(DMA_BYPASS_POLICY_DENY);
	atomic_inc(&epoch);
	for (i = 0; i < REVOKED; i++)
		revoke_and_grant(test, i);

	for (i = 0; i < ARRAY_SIZE(load); i++) {
		kunit_release_action(test, rest, task[i]);
		expect_clean(test, load[i]);
	}
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)),
			page_to_phys(page));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
}

#define UNBOUND		(200 / SHARE)

static int spin_run(void *unused)
{
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/* The work that opens the window comes late, where it does not come at all. */
static void unbound_after_asking(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i;

	for_each_online_cpu(i)
		start(test, spin_run, NULL, i);
	for (i = 0; i < UNBOUND; i++) {
		probe(test, 0, page, SZ_4K, BYPASS);
		udelay(i % 20 * 50);
		device_release_driver(dev_of(0));
		msleep(20);
		KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)),
				DMA_BYPASS_CLOSED);
		KUNIT_ASSERT_EQ(test, mapped(0, page_to_phys(page)), 0);
		KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	}
	open_window(test, 0);
}

/* A driver that asks and looks, and a result that must not be anything else. */
struct asker {
	unsigned long	granted;
	unsigned long	refused;
	unsigned long	wrong;
};

static int ask_run(void *asker)
{
	struct asker *a = asker;

	while (!kthread_should_stop()) {
		switch (dma_bypass_prepare(dev_of(0))) {
		case 0:
			a->granted++;
			break;
		case -EACCES:
			a->refused++;
			break;
		default:
			a->wrong++;
		}
		dma_bypass_reason(dev_of(0));
		cond_resched();
	}
	return 0;
}

#define RACED		(1000 / SHARE)

static bool seen(const unsigned long *count)
{
	unsigned long now;

	return !read_poll_timeout(READ_ONCE, now, now, 1000, 10 * USEC_PER_SEC,
				  false, *count);
}

static void asked_while_policy_changes(struct kunit *test)
{
	struct asker *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct task_struct *task;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, a);
	task = start(test, ask_run, a, 1);
	for (i = 0; i < RACED; i++) {
		set_policy(i % (DMA_BYPASS_POLICY_DENY + 1));
		if (i % 64 == 0)
			msleep(20);
		cond_resched();
	}
	/* Both answers, however little the other one had a chance to run. */
	set_policy(DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_TRUE(test, seen(&a->granted));
	set_policy(DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_TRUE(test, seen(&a->refused));
	kunit_release_action(test, rest, task);

	KUNIT_EXPECT_EQ(test, a->wrong, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EACCES);
}

static int judge_run(void *dev)
{
	int round;

	for (round = 0; !kthread_should_stop(); round++) {
		dma_bypass_set_policy(dev, round % 2 ? DMA_BYPASS_POLICY_ALLOW :
						       DMA_BYPASS_POLICY_DENY);
		dma_bypass_reason(dev);
		cond_resched();
	}
	return 0;
}

static void put_dev(void *dev)
{
	put_device(dev);
}

static void unplug(struct kunit *test)
{
	struct pci_bus *bus = edus[0]->bus;

	pci_stop_and_remove_bus_device_locked(edus[0]);
	edu_put();
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	edu_find();
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
}

#define UNPLUGGED	20

/* As somebody does who opened the file in sysfs before. */
static void unplugged_while_policy_changes(struct kunit *test)
{
	struct task_struct *task;
	struct device *dev;
	int i;

	for (i = 0; i < UNPLUGGED; i++) {
		dev = get_device(dev_of(0));
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
								   put_dev,
								   dev));
		dma_bypass_prepare(dev);
		task = start(test, judge_run, dev, 1);
		msleep(20);
		unplug(test);
		kunit_release_action(test, rest, task);
		dma_bypass_set_policy(dev, DMA_BYPASS_POLICY_DENY);
		KUNIT_EXPECT_EQ(test, dma_bypass_state(dev), DMA_BYPASS_CLOSED);
		/* Whatever the policy: its group is not looked at any more. */
		KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev),
				DMA_BYPASS_NO_UNSUPPORTED);
		KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)),
				DMA_BYPASS_CLOSED);
		kunit_release_action(test, put_dev, dev);
	}
	set_policy(DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
}

static int rebind_run(void *failed)
{
	while (!kthread_should_stop()) {
		if (dma_bypass_prepare(dev_of(1)) || edu_rebind(edus[1]))
			++*(unsigned long *)failed;
		cond_resched();
	}
	return 0;
}

/* Two devices share nothing but the locks. */
static void two_devices_reopen_at_once(struct kunit *test)
{
	unsigned long *failed = kunit_kzalloc(test, sizeof(*failed),
					      GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, failed);
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_ALLOW);
	task = start(test, rebind_run, failed, 1);
	reopen(test, UNBOUND);
	kunit_release_action(test, rest, task);
	KUNIT_EXPECT_EQ(test, *failed, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(revoked_under_load),
	KUNIT_CASE_SLOW(unbound_after_asking),
	KUNIT_CASE_SLOW(asked_while_policy_changes),
	KUNIT_CASE_SLOW(unplugged_while_policy_changes),
	KUNIT_CASE_SLOW(two_devices_reopen_at_once),
	{ }
};

static struct kunit_suite race_suite = {
	.name		= "dma_bypass_vtd_race",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= race_cases,
};

kunit_test_suite(race_suite);
