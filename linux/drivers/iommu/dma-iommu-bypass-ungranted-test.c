// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_ungranted: where nobody was granted a bypass window, devices
 * behind VT-d behave as in a kernel without them.
 *
 * Needs two of QEMU's edu devices, each in its own group.
 */
#include <linux/debug_locks.h>
#include <linux/iova.h>
#include <linux/kthread.h>
#include <linux/panic.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "dma-iommu-bypass-test.h"
#include "dma-iommu-bypass.h"
#include "iommu-priv.h"

#define GIB(n)		((n) * 1ULL * SZ_1G)

/**
 * struct aperture - what a domain can map
 * @name: description
 * @start: first address
 * @end: last address
 */
struct aperture {
	const char	*name;
	u64		start;
	u64		end;
};

static const struct aperture apertures[] = {
	{ "32 bits",			0,		DMA_BIT_MASK(32) },
	{ "34 bits",			0,		DMA_BIT_MASK(34) },
	{ "36 bits",			0,		DMA_BIT_MASK(36) },
	{ "39 bits",			0,		DMA_BIT_MASK(39) },
	{ "47 bits",			0,		DMA_BIT_MASK(47) },
	{ "48 bits",			0,		DMA_BIT_MASK(48) },
	{ "57 bits",			0,		DMA_BIT_MASK(57) },
	{ "64 bits",			0,		DMA_BIT_MASK(64) },
	{ "4 to 8 GiB",			GIB(4),		GIB(8) - 1 },
	{ "8 to 12 GiB",		GIB(8),		GIB(12) - 1 },
	{ "40 to 42 GiB",		GIB(40),	GIB(42) - 1 },
	{ "from 4 GiB on, 40 bits",	GIB(4),		DMA_BIT_MASK(40) },
	{ "from 8 GiB on, 48 bits",	GIB(8),		DMA_BIT_MASK(48) },
	{ "from 64 GiB on, 48 bits",	GIB(64),	DMA_BIT_MASK(48) },
};

KUNIT_ARRAY_PARAM_DESC(aperture, apertures, name);

/* An allocator as dma-iommu has it for a domain. */
struct allocator {
	struct iova_domain		iovad;
	struct iommu_domain		domain;
	struct iommu_dma_bypass		*window;
};

static void free_allocator(void *allocator)
{
	struct allocator *a = allocator;

	iommu_dma_bypass_release(a->window);
	put_iova_domain(&a->iovad);
}

static struct allocator *init_allocator(struct kunit *test,
					const struct aperture *p)
{
	struct allocator *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(1));

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->domain.pgsize_bitmap = domain->pgsize_bitmap;
	a->domain.geometry = domain->geometry;
	a->domain.geometry.aperture_start = p->start;
	a->domain.geometry.aperture_end = p->end;
	init_iova_domain(&a->iovad, SZ_4K,
			 max_t(u64, 1, p->start >> PAGE_SHIFT));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_allocator,
							   a));
	return a;
}

/* What the window's reservation does to an allocator of this aperture. */
static struct allocator *init_reserved(struct kunit *test,
				       const struct aperture *p)
{
	struct allocator *a = init_allocator(test, p);
	struct iommu_group *group = iommu_group_get_locked(dev_of(1));

	a->window = iommu_dma_bypass_reserve(dev_of(1), &a->domain, &a->iovad);
	iommu_group_put_locked(group);
	return a;
}

/* An address for @size bytes up to @limit; 0 if there is none. */
static u64 alloc_addr(struct allocator *a, u64 limit, u64 size)
{
	u64 last = min(limit, a->domain.geometry.aperture_end);
	struct iova *iova = alloc_iova(&a->iovad, size >> PAGE_SHIFT,
				       last >> PAGE_SHIFT, true);

	return iova ? iova->pfn_lo << PAGE_SHIFT : 0;
}

static bool overlaps_window(const struct iommu_dma_bypass *window, u64 addr,
			    u64 size)
{
	return window && addr < window->base + window->size &&
	       addr + size > window->base;
}

#define CHUNK	SZ_256M
#define SMALL	SZ_64K

/* In chunks, up to twice the memory. */
static u64 available(struct kunit *test, struct allocator *a, u64 limit)
{
	u64 nr = 0, most = 2 * DIV_ROUND_UP(window_size(), CHUNK);

	while (nr < most && alloc_addr(a, limit, CHUNK))
		nr++;
	return nr;
}

/* As much as without the window, or as there is memory. */
static void expect_enough(struct kunit *test, const struct aperture *p, u64 limit)
{
	u64 without = available(test, init_allocator(test, p), limit);
	u64 with = available(test, init_reserved(test, p), limit);

	/* No allocator uses address 0. */
	KUNIT_EXPECT_GE_MSG(test, with,
			    min(without, (window_size() - SZ_4K) / CHUNK),
			    "limit %#llx, %llu without the window", limit,
			    without);
}

/*
 * The same addresses as without the window, but for those that are in it.  Returns how
 * many these are.
 */
static int expect_same(struct kunit *test, const struct aperture *p, u64 limit)
{
	struct allocator *without = init_allocator(test, p);
	struct allocator *with = init_reserved(test, p);
	int i, same = 0;
	u64 addr;

	for (i = 0; i < 16; i++) {
		addr = alloc_addr(without, limit, SMALL);
		if (overlaps_window(with->window, addr, SMALL))
			break;
		KUNIT_EXPECT_EQ_MSG(test, alloc_addr(with, limit, SMALL), addr,
				    "limit %#llx", limit);
		same += !!addr;
	}
	return same;
}

static void addresses_as_without_window(struct kunit *test)
{
	const struct aperture *p = test->param_value;
	int bits, same = 0;

	for (bits = 32; bits <= 64; bits++) {
		expect_enough(test, p, DMA_BIT_MASK(bits));
		same += expect_same(test, p, DMA_BIT_MASK(bits));
		/* Masks are not always those of whole bits. */
		expect_enough(test, p, DMA_BIT_MASK(bits) - GIB(1));
	}
	/* A mask that reaches as many addresses as there is memory. */
	expect_enough(test, p, p->start + window_size() - 1);
	KUNIT_EXPECT_GT(test, same, 0);
}

static void free_any_page(void *page)
{
	__free_pages(page, get_order(SMALL));
}

static struct page *any_page(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, get_order(SMALL));

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_any_page, page));
	return page;
}

/* Nothing of a window is to be seen by the second device. */
static void expect_no_window(struct kunit *test, int bits)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(1));
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);

	KUNIT_EXPECT_NULL_MSG(test, dev_of(1)->dma_bypass, "%d bits", bits);
	if (!window)
		return;
	KUNIT_EXPECT_TRUE(test, xa_empty(&window->users));
	KUNIT_EXPECT_TRUE(test, list_empty(&window->extents));
	KUNIT_EXPECT_EQ_MSG(test, iommu_iova_to_phys(domain, window->base), 0,
			    "%d bits", bits);
}

/* Of each width: it is accepted, and what is mapped lies below it. */
static void masks_as_without_window(struct kunit *test)
{
	struct page *page = any_page(test);
	dma_addr_t addr;
	u64 mask;
	int bits;

	for (bits = 32; bits <= 64; bits++) {
		mask = DMA_BIT_MASK(bits);
		KUNIT_EXPECT_EQ_MSG(test, dma_set_mask(dev_of(1), mask), 0,
				    "%d bits", bits);
		expect_no_window(test, bits);
		addr = map_once(test, 1, page, SMALL, BYPASS);
		KUNIT_EXPECT_LE_MSG(test, addr, mask - SMALL + 1, "%d bits",
				    bits);
		KUNIT_EXPECT_FALSE_MSG(test, in_window(1, addr), "%d bits",
				       bits);
		expect_no_window(test, bits);
	}
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	expect_no_window(test, 0);
}

#define IN_FLIGHT	(16384 / KASAN_SCALE)

static const int flight_params[] = { 32, 36, 37, 40, 48, 64 };

static void flight_desc(const int *bits, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d bits", *bits);
}

KUNIT_ARRAY_PARAM(flight, flight_params, flight_desc);

static void many_buffers_in_flight(struct kunit *test)
{
	dma_addr_t *addr = kvmalloc_array(IN_FLIGHT, sizeof(*addr), GFP_KERNEL);
	int i, bits = *(const int *)test->param_value;
	struct page *page = any_page(test);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, dma_set_mask(dev_of(1), DMA_BIT_MASK(bits)), 0);
	for (i = 0; i < IN_FLIGHT; i++) {
		addr[i] = dma_map_page_attrs(dev_of(1), page, 0, SMALL,
					     DMA_TO_DEVICE, BYPASS);
		if (dma_mapping_error(dev_of(1), addr[i]))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, IN_FLIGHT);
	while (i--)
		dma_unmap_page_attrs(dev_of(1), addr[i], SMALL, DMA_TO_DEVICE,
				     BYPASS);
	kvfree(addr);
}

/* What a driver may do with its device anywhere. */
static int use_device(struct device *dev, struct page *page)
{
	dma_addr_t addr;
	int bits, err;

	for (bits = 64; bits >= 32; bits -= 8) {
		err = dma_set_mask(dev, DMA_BIT_MASK(bits));
		if (err)
			return err;
		addr = dma_map_page_attrs(dev, page, 0, SMALL, DMA_TO_DEVICE,
					  BYPASS);
		if (dma_mapping_error(dev, addr))
			return -ENOMEM;
		dma_unmap_page_attrs(dev, addr, SMALL, DMA_TO_DEVICE, BYPASS);
	}
	return 0;
}

static int use_plainly(struct page *page)
{
	return use_device(dev_of(1), page);
}

static int use_under_spinlock(struct page *page)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;
	int err;

	spin_lock_irqsave(&lock, flags);
	err = use_device(dev_of(1), page);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

/* The path of I/O that frees memory: whoever allocates waits for it. */
static int use_in_reclaim(struct page *page)
{
	int err;

	fs_reclaim_acquire(GFP_KERNEL);
	err = use_device(dev_of(1), page);
	fs_reclaim_release(GFP_KERNEL);
	return err;
}

static int use_group_member(struct device *dev, void *page)
{
	return dev == dev_of(1) ? use_device(dev, page) : 0;
}

/* IOMMU drivers attach devices so, and some set a mask then. */
static int use_under_group_mutex(struct page *page)
{
	return iommu_group_for_each_dev(dev_of(1)->iommu_group, page,
					use_group_member);
}

static int read_reason_run(void *reads)
{
	unsigned long nr = 0;

	while (!kthread_should_stop()) {
		dma_bypass_reason(dev_of(1));
		WRITE_ONCE(*(unsigned long *)reads, ++nr);
	}
	return 0;
}

static int use_while_reason_is_read(struct page *page)
{
	unsigned long reads = 0, seen;
	struct task_struct *task = kthread_run(read_reason_run, &reads, "bypass");
	int i, err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = read_poll_timeout(READ_ONCE, seen, seen, 1000, 10 * USEC_PER_SEC,
				false, reads);
	for (i = 0; i < 100 && !err; i++)
		err = use_under_group_mutex(page);
	kthread_stop(task);
	return err;
}

static const struct context_param {
	const char	*name;
	int		(*use)(struct page *page);
} context_params[] = {
	{ "plain",			use_plainly },
	{ "under a spinlock",		use_under_spinlock },
	{ "in reclaim",			use_in_reclaim },
	{ "under the group's mutex",	use_under_group_mutex },
	{ "while its reason is read",	use_while_reason_is_read },
};

KUNIT_ARRAY_PARAM_DESC(context, context_params, name);

/* Lockdep and CONFIG_DEBUG_ATOMIC_SLEEP warn of what is illegal. */
static void contexts_as_without_window(struct kunit *test)
{
	const struct context_param *p = test->param_value;
	int tainted = test_taint(TAINT_WARN), locks = debug_locks;
	struct page *page = any_page(test);

	KUNIT_EXPECT_EQ(test, p->use(page), 0);
	KUNIT_EXPECT_EQ(test, tainted, test_taint(TAINT_WARN));
	KUNIT_EXPECT_EQ(test, locks, debug_locks);
	expect_no_window(test, 0);
}

/* A grant is worth nothing where there is no place, and costs no addresses. */
static void granted_without_place(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(1));
	bool place = window_base(1) + window_size() - 1 <=
		     domain->geometry.aperture_end;

	KUNIT_EXPECT_EQ(test, !!iommu_dma_get_bypass(domain), place);
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)),
			place ? 0 : -EOPNOTSUPP);
}

static int ungranted_init(struct kunit *test)
{
	int err = vtd_init(test);

	/* A device that had a window keeps what recognises its addresses. */
	if (err)
		return err;
	replug_device(1);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DEFAULT);
	return dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
}

static struct kunit_case ungranted_cases[] = {
	KUNIT_CASE_PARAM(addresses_as_without_window, aperture_gen_params),
	KUNIT_CASE(masks_as_without_window),
	KUNIT_CASE_PARAM(many_buffers_in_flight, flight_gen_params),
	KUNIT_CASE_PARAM(contexts_as_without_window, context_gen_params),
	KUNIT_CASE(granted_without_place),
	{ }
};

static struct kunit_suite ungranted_suite = {
	.name		= "dma_bypass_vtd_ungranted",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= ungranted_init,
	.exit		= window_test_exit,
	.test_cases	= ungranted_cases,
};

kunit_test_suite(ungranted_suite);
