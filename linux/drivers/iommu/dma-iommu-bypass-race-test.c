// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_race: grants, drivers, devices and domains that come and
 * go behind VT-d, while another CPU maps, opens the window, or writes to sysfs.
 *
 * Needs two of QEMU's edu devices, each in its own group, and two CPUs.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>

#include "dma-iommu.h"
#include "dma-iommu-bypass-test-fake.h"

#define CPUS		2

static void set_policy(enum dma_bypass_policy policy)
{
	dma_bypass_set_policy(dev_of(0), policy);
}

/*
 * Odd while the device may bypass.  Even from the time on when revoking that has
 * returned until just before it is granted again.
 */
static atomic_t epoch;

#define LOAD_PAGES	2

/* What one CPU maps over and over, and what it saw. */
struct load {
	struct page		*page[LOAD_PAGES];
	struct scatterlist	sgl[LOAD_PAGES];
	unsigned long		bypassed;
	unsigned long		translated;
	unsigned long		failed;
	unsigned long		wrong;		/* not the page's address */
	unsigned long		after_revoke;	/* begun when that had returned */
};

/* A mapping of @page in the window, begun in epoch @began. */
static void load_count(struct load *l, struct page *page, dma_addr_t addr,
		       int began)
{
	/* The epoch must not be read before the mapping is made. */
	smp_mb();
	l->bypassed++;
	if (addr != window_base(0) + page_to_phys(page))
		l->wrong++;
	if (!(began & 1) && atomic_read(&epoch) == began)
		l->after_revoke++;
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
	if (in_window(0, addr))
		load_count(l, l->page[0], addr, began);
	else
		l->translated++;
	cond_resched();
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

static void load_list(struct load *l)
{
	int i, began = atomic_read_acquire(&epoch);

	if (!dma_map_sg_attrs(dev_of(0), l->sgl, LOAD_PAGES, DMA_FROM_DEVICE,
			      BYPASS)) {
		l->failed++;
		return;
	}
	/* What is translated may have been merged into one entry. */
	if (in_window(0, sg_dma_address(l->sgl)))
		for (i = 0; i < LOAD_PAGES; i++)
			load_count(l, l->page[i], sg_dma_address(&l->sgl[i]),
				   began);
	else
		l->translated++;
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

static void load_expect(struct kunit *test, struct load *l, int cpu)
{
	KUNIT_EXPECT_GT_MSG(test, l->bypassed, 0, "CPU %d", cpu);
	KUNIT_EXPECT_GT_MSG(test, l->translated, 0, "CPU %d", cpu);
	KUNIT_EXPECT_EQ_MSG(test, l->failed, 0, "CPU %d", cpu);
	KUNIT_EXPECT_EQ_MSG(test, l->wrong, 0, "CPU %d", cpu);
	KUNIT_EXPECT_EQ_MSG(test, l->after_revoke, 0, "CPU %d", cpu);
}

static void revoke_by_policy(bool revoke)
{
	set_policy(revoke ? DMA_BYPASS_POLICY_DENY : DMA_BYPASS_POLICY_ALLOW);
}

static void revoke_by_mask(bool revoke)
{
	dma_set_mask(dev_of(0), DMA_BIT_MASK(revoke ? 32 : 64));
}

static const struct revoke_param {
	const char	*name;
	void		(*set)(bool revoke);
} revoke_params[] = {
	{ "policy",	revoke_by_policy },
	{ "mask",	revoke_by_mask },
};

KUNIT_ARRAY_PARAM_DESC(revoke, revoke_params, name);

#define REVOKED		(3000 / KASAN_SCALE)

static void revoke_and_grant(struct kunit *test, const struct revoke_param *p,
			     int round)
{
	p->set(true);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	atomic_inc(&epoch);
	cond_resched();
	/* Even where a load shares this CPU, it maps in both epochs. */
	if (round % 64 == 0)
		msleep(20);

	atomic_inc(&epoch);
	p->set(false);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	cond_resched();
	if (round % 64 == 0)
		msleep(20);
}

static void revoked_while_mapped(struct kunit *test)
{
	struct load *load[CPUS] = { load_init(test), load_init(test) };
	struct page *page = buffer(test, HIGH);
	struct task_struct *task[CPUS];
	int i;

	atomic_set(&epoch, 1);
	open_window(test, 0);
	for (i = 0; i < CPUS; i++)
		task[i] = run_thread(test, load_run, load[i], i);
	for (i = 0; i < REVOKED; i++)
		revoke_and_grant(test, test->param_value, i);

	for (i = 0; i < CPUS; i++) {
		kunit_release_action(test, stop_thread, task[i]);
		load_expect(test, load[i], i);
	}
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)),
			page_to_phys(page));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
}

#define UNBOUND		(200 / KASAN_SCALE)

static int spin_run(void *unused)
{
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/* The work that opens the window runs late, or is cancelled. */
static void unbound_after_request(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i;

	for (i = 0; i < CPUS; i++)
		run_thread(test, spin_run, NULL, i);
	for (i = 0; i < UNBOUND; i++) {
		map_once(test, 0, page, SZ_4K, BYPASS);
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

/* What dma_bypass_prepare() returned, how often. */
struct prepared {
	unsigned long	granted;
	unsigned long	denied;
	unsigned long	wrong;
};

static int prepare_run(void *prepared)
{
	struct prepared *p = prepared;

	while (!kthread_should_stop()) {
		switch (dma_bypass_prepare(dev_of(0))) {
		case 0:
			p->granted++;
			break;
		case -EPERM:
			p->denied++;
			break;
		default:
			p->wrong++;
		}
		dma_bypass_reason(dev_of(0));
		cond_resched();
	}
	return 0;
}

/* Wait until @count has grown. */
static bool grows(const unsigned long *count)
{
	unsigned long before = READ_ONCE(*count), now;

	return !read_poll_timeout(READ_ONCE, now, now != before, 1000,
				  10 * USEC_PER_SEC, false, *count);
}

#define CHANGED		(1000 / KASAN_SCALE)

static void prepared_while_policy_changes(struct kunit *test)
{
	static const enum dma_bypass_policy policies[] = {
		DMA_BYPASS_POLICY_DEFAULT, DMA_BYPASS_POLICY_ALLOW,
		DMA_BYPASS_POLICY_DENY,
	};
	struct prepared *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct task_struct *task;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	task = run_thread(test, prepare_run, p, 1);
	for (i = 0; i < CHANGED; i++) {
		set_policy(policies[i % ARRAY_SIZE(policies)]);
		if (i % 64 == 0)
			msleep(20);
		cond_resched();
	}
	set_policy(DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_TRUE(test, grows(&p->granted));
	set_policy(DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_TRUE(test, grows(&p->denied));
	kunit_release_action(test, stop_thread, task);

	KUNIT_EXPECT_EQ(test, p->wrong, 0);
	expect_state(test, dev_of(0), DRAINING, NO_POLICY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
}

#define HELD_US		100

/* What a thread did, how often, and how often it was wrong. */
struct counts {
	unsigned long	done;
	unsigned long	wrong;
};

static void expect_counts(struct kunit *test, const struct counts *counts)
{
	KUNIT_EXPECT_GT(test, counts->done, 0);
	KUNIT_EXPECT_EQ(test, counts->wrong, 0);
}

/*
 * A window that is freed in the reader's hands: KASAN sees it, and with init_on_free=1
 * the window has changed.
 */
static int read_window_run(void *arg)
{
	struct counts *counts = arg;
	struct dma_bypass_window *win;
	dma_addr_t base, size;

	while (!kthread_should_stop()) {
		scoped_guard(rcu) {
			win = READ_ONCE(dev_of(0)->dma_bypass);
			base = READ_ONCE(win->base);
			size = READ_ONCE(win->size);
			udelay(HELD_US);
			if (READ_ONCE(win->base) != base ||
			    READ_ONCE(win->size) != size)
				counts->wrong++;
			counts->done++;
		}
		cond_resched();
	}
	return 0;
}

static void reopened_while_window_is_read(struct kunit *test)
{
	struct counts *counts = kunit_kzalloc(test, sizeof(*counts), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, counts);
	task = run_thread(test, read_window_run, counts, 1);
	reopen(test, UNBOUND);
	kunit_release_action(test, stop_thread, task);
	expect_counts(test, counts);
}

static int rebind_run(void *arg)
{
	struct counts *counts = arg;

	while (!kthread_should_stop()) {
		if (dma_bypass_prepare(dev_of(1)) || edu_rebind(edus[1]))
			counts->wrong++;
		counts->done++;
		cond_resched();
	}
	return 0;
}

/* The devices share nothing but locks. */
static void two_devices_reopened_at_once(struct kunit *test)
{
	struct counts *counts = kunit_kzalloc(test, sizeof(*counts), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, counts);
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_ALLOW);
	task = run_thread(test, rebind_run, counts, 1);
	reopen(test, UNBOUND);
	kunit_release_action(test, stop_thread, task);
	expect_counts(test, counts);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
}

/* Writes two words to a file in sysfs in turn. */
struct writer {
	struct file	*file;
	const char	*words[2];
	unsigned long	written;
	int		refused;	/* an errno that may be returned */
	unsigned long	wrong;		/* other errnos */
};

static int write_run(void *writer)
{
	struct writer *w = writer;
	ssize_t ret;
	int i;

	for (i = 0; !kthread_should_stop(); i = !i) {
		ret = write_word(w->file, w->words[i]);
		if (ret > 0)
			w->written++;
		else if (ret != w->refused)
			w->wrong++;
		cond_resched();
	}
	return 0;
}

static struct writer *writer_init(struct kunit *test, const char *word,
				  const char *other, int refused)
{
	struct writer *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->words[0] = word;
	w->words[1] = other;
	w->refused = refused;
	return w;
}

#define UNPLUGGED	(IS_ENABLED(CONFIG_KASAN) ? 4 : 20)

static void unplugged_while_policy_is_written(struct kunit *test)
{
	struct writer *w = writer_init(test, "allow", "deny", -ENODEV);
	struct task_struct *task;
	int i;

	for (i = 0; i < UNPLUGGED; i++) {
		w->file = open_file(test, "dma_bypass/policy");
		dma_bypass_prepare(dev_of(0));
		task = run_thread(test, write_run, w, 1);
		KUNIT_EXPECT_TRUE(test, grows(&w->written));
		replug();
		kunit_release_action(test, stop_thread, task);
		KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
		KUNIT_EXPECT_EQ(test, write_word(w->file, "allow"), -ENODEV);
		kunit_release_action(test, close_file, w->file);
		KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)),
				DMA_BYPASS_CLOSED);
	}
	KUNIT_EXPECT_EQ(test, w->wrong, 0);
	set_policy(DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
}

/* Mappings that were made, by the domain: identity, or with an open window. */
struct retyped {
	unsigned long	direct;
	unsigned long	bypassed;
};

static void expect_address_of_domain(struct kunit *test, struct page *page,
				     struct retyped *seen)
{
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr = map_once(test, 0, page, SZ_4K, BYPASS);

	if (!use_dma_iommu(dev_of(0))) {
		KUNIT_EXPECT_EQ(test, addr, phys);
		seen->direct++;
	} else if (in_window(0, addr)) {
		KUNIT_EXPECT_EQ(test, addr, window_base(0) + phys);
		seen->bypassed++;
	}
}

#define RETYPED		(100 / KASAN_SCALE)

/* Which type a driver is bound with is left to chance. */
static bool retyped_enough(const struct retyped *seen, int rounds)
{
	return rounds >= 10 * RETYPED ||
	       (rounds >= RETYPED && seen->direct && seen->bypassed);
}

static atomic_t open_when_retyped;

/* A domain is set up, so no driver is bound: the window has to be closed. */
static void get_regions(struct device *dev, struct list_head *head)
{
	if (dma_bypass_state(dev) != DMA_BYPASS_CLOSED)
		atomic_inc(&open_when_retyped);
	iommu_ops->get_resv_regions(dev, head);
}

/* The group's type can be written whenever no driver is bound. */
static void retyped_while_rebound(struct kunit *test)
{
	struct writer *w = writer_init(test, "identity", "DMA", -EPERM);
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;
	struct page *page = buffer(test, HIGH);
	struct retyped seen = {};
	struct task_struct *task;
	int i;

	fake_iommu_ops(test)->get_resv_regions = get_regions;
	w->file = open_file(test, "iommu_group/type");
	task = run_thread(test, write_run, w, 1);
	for (i = 0; !retyped_enough(&seen, i); i++) {
		expect_address_of_domain(test, page, &seen);
		if (i % 2)
			dma_bypass_prepare(dev_of(0));
		udelay(i % 20 * 50);
		expect_address_of_domain(test, page, &seen);
		device_release_driver(dev_of(0));
		KUNIT_EXPECT_TRUE(test, grows(&w->written));
		KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	}
	kunit_release_action(test, stop_thread, task);
	KUNIT_EXPECT_EQ(test, w->wrong, 0);
	KUNIT_EXPECT_GT(test, seen.direct, 0);
	KUNIT_EXPECT_GT(test, seen.bypassed, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&open_when_retyped), 0);

	kunit_release_action(test, restore_iommu_ops, iommu);
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, write_word(w->file, "DMA"), 3);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	open_window(test, 0);
	expect_bypass(test, 0, page);
}

static struct iommu_domain *domain_left;

/* What a type does that is written just before the device leaves its group. */
static void attach_again(struct device *dev)
{
	iommu_setup_dma_ops(dev, domain_left);
	iommu_ops->release_device(dev);
}

static void retyped_while_unplugged(struct kunit *test)
{
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;
	struct pci_dev *pdev = pci_dev_get(edus[0]);

	domain_left = iommu_get_domain_for_dev(dev_of(0));
	fake_iommu_ops(test)->release_device = attach_again;
	replug();
	kunit_release_action(test, restore_iommu_ops, iommu);
	/* Nothing is left of the device that was unplugged. */
	KUNIT_EXPECT_EQ(test, dma_bypass_set_policy(&pdev->dev,
						    DMA_BYPASS_POLICY_ALLOW),
			-ENODEV);
	pci_dev_put(pdev);
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
}

static int race_suite_init(struct kunit_suite *suite)
{
	int err = edu_suite_init(suite);

	if (err)
		return err;
	return sysfs_mount();
}

static void race_suite_exit(struct kunit_suite *suite)
{
	sysfs_unmount();
	edu_suite_exit(suite);
}

static int race_init(struct kunit *test)
{
	if (num_online_cpus() != CPUS)
		kunit_skip(test, "needs two CPUs");
	return vtd_init(test);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_PARAM_ATTR(revoked_while_mapped, revoke_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(unbound_after_request),
	KUNIT_CASE_SLOW(prepared_while_policy_changes),
	KUNIT_CASE_SLOW(reopened_while_window_is_read),
	KUNIT_CASE_SLOW(two_devices_reopened_at_once),
	KUNIT_CASE_SLOW(unplugged_while_policy_is_written),
	KUNIT_CASE_SLOW(retyped_while_rebound),
	KUNIT_CASE(retyped_while_unplugged),
	{ }
};

static struct kunit_suite race_suite = {
	.name		= "dma_bypass_vtd_race",
	.suite_init	= race_suite_init,
	.suite_exit	= race_suite_exit,
	.init		= race_init,
	.exit		= window_test_exit,
	.test_cases	= race_cases,
};

kunit_test_suite(race_suite);
