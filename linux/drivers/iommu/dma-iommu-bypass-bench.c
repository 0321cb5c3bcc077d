// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of DMA mappings behind an IOMMU: direct, translated, bypassed and guarded.
 *
 * Also builds without DMA_BYPASS, to compare with.
 */

/* One for each mode that allocates IOVAs, so that each starts without any. */
#define EDU_NR	3

#include "dma-iommu-bypass-bench.h"
#ifdef CONFIG_DMA_BYPASS
#include "dma-iommu-bypass-test-window.h"
#endif

#define BYPASS	DMA_ATTR_IOMMU_BYPASS
#define TERA(n)	((n) * 1024ULL * SZ_1G)

static void bench(struct kunit *test, struct device *dev, const char *mode,
		  unsigned long attrs)
{
	struct bench b = {
		.test = test, .dev = dev, .mode = mode, .attrs = attrs,
	};

	bench_all(&b);
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

static void bench_lazy(struct kunit *test)
{
	require_strict(test, 1);
	make_lazy(test, dev_of(1));
	bench(test, dev_of(1), "lazy", 0);
}

#ifdef CONFIG_DMA_BYPASS
static void bench_denied(struct kunit *test)
{
	require_strict(test, 2);
	KUNIT_ASSERT_EQ(test, -EPERM, dma_bypass_prepare(dev_of(2)));
	bench(test, dev_of(2), "denied", BYPASS);
}

static void bench_bypass(struct kunit *test)
{
	require_granted(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	bench(test, dev_of(0), "bypass", BYPASS);
	/* Without the attribute, while a window is open. */
	bench(test, dev_of(0), "open", 0);
}

/* No results where the IOMMU has none: whoever reads them knows which have to be there. */
static void bench_guarded(struct kunit *test)
{
	struct bench b = { .test = test, .mode = "guarded", .ready = in_window_of };
	int err;

	require_strict(test, 2);
	b.dev = dev_of(2);
	KUNIT_ASSERT_EQ(test, 0,
			dma_bypass_set_policy(b.dev, DMA_BYPASS_POLICY_GUARD));
	err = dma_bypass_prepare(b.dev);
	if (err == -EOPNOTSUPP)
		return;
	KUNIT_ASSERT_EQ(test, 0, err);
	bench_all(&b);
}
#endif

/* A device without a window; it is not a mapping, so there is nothing to undo. */
static void bench_set_mask(struct kunit *test)
{
	struct bench b = { .test = test, .mode = "set_mask" };
	u32 start, cost = bench_clock_cost();
	unsigned long flags;
	int i;

	require_strict(test, 1);
	bench_init(&b);
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		start = bench_clock();
		dma_set_mask(dev_of(1), DMA_BIT_MASK(64));
		start = bench_clock() - start - cost;
		bench_irq_restore(flags);
		bench_record(&b, i, start, 0);
	}
	bench_report(&b, "", 0, 0);
}

/*
 * Instructions and page tables for mapping memory of this size with pages of up
 * to @pgsize.  The memory need not exist.
 */
static void bench_window(struct kunit *test, dma_addr_t base, u64 size,
			 unsigned long pgsize)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(1));
	unsigned long flags, sizes = limit_page_size(domain, pgsize);
	u32 start, opened, closed, cost = bench_clock_cost();
	long tables;

	local_irq_save(flags);
	tables = table_pages_now();
	start = bench_clock();
	KUNIT_EXPECT_EQ(test, 0, iommu_map(domain, base, 0, size,
					   IOMMU_READ | IOMMU_WRITE,
					   GFP_ATOMIC));
	opened = bench_clock() - start - cost;
	tables = table_pages_now() - tables;
	domain->pgsize_bitmap = sizes;
	start = bench_clock();
	KUNIT_EXPECT_EQ(test, size, iommu_unmap(domain, base, size));
	closed = bench_clock() - start - cost;
	local_irq_restore(flags);
	kunit_info(test,
		   "window: pgsize=%s bytes=%llu open=%u close=%u tables=%lu\n",
		   pgsize == SZ_1G ? "1G" : "2M", size, opened, closed,
		   tables * PAGE_SIZE);
}

static const struct {
	u64		size;
	unsigned long	pgsize;
} bench_window_sizes[] = {
	{ SZ_16G * 4,	SZ_1G },
	{ TERA(1),	SZ_1G },
	{ TERA(16),	SZ_1G },
	{ SZ_16G * 4,	SZ_2M },
	{ TERA(1),	SZ_2M },
};

/* Each where no earlier one has left a page table. */
static void bench_windows(struct kunit *test)
{
	dma_addr_t base;
	u64 size;
	int i;

	require_strict(test, 1);
	base = (iommu_get_domain_for_dev(dev_of(1))->geometry.aperture_end >> 1) + 1;
	for (i = 0; i < ARRAY_SIZE(bench_window_sizes); i++) {
		size = bench_window_sizes[i].size;
		bench_window(test, base, size, bench_window_sizes[i].pgsize);
		base += max(size, TERA(1));
	}
}

/* In this order: a device does not become strict again. */
static struct kunit_case bench_cases[] = {
	KUNIT_CASE_SLOW(bench_direct),
	KUNIT_CASE_SLOW(bench_strict),
#ifdef CONFIG_DMA_BYPASS
	KUNIT_CASE_SLOW(bench_denied),
	KUNIT_CASE_SLOW(bench_bypass),
	KUNIT_CASE_SLOW(bench_guarded),
#endif
	KUNIT_CASE_SLOW(bench_set_mask),
	KUNIT_CASE_SLOW(bench_windows),
	KUNIT_CASE_SLOW(bench_lazy),
	{ }
};

static struct kunit_suite bench_suite = {
	.name		= "dma_bypass_bench",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.test_cases	= bench_cases,
};

kunit_test_suite(bench_suite);

MODULE_DESCRIPTION("Benchmark of DMA mappings behind an IOMMU");
MODULE_LICENSE("GPL");
