// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of opening and closing a window behind an IOMMU, with the memory that the
 * machine has.
 */
#include "dma-iommu-bypass-bench.h"
#include "../../lib/test_dma_bypass_opening.h"

/* @before: pages of page tables before there ever was a window. */
static void opening_report(struct kunit *test, struct device *dev,
			   unsigned long pgsize, long before)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	unsigned long sizes = limit_page_size(domain, pgsize);
	struct opening opening;
	long tables;

	KUNIT_EXPECT_EQ(test, 0, dma_bypass_prepare(dev));
	tables = table_pages_now() - before;
	dma_bypass_unbind(dev);
	opening = bench_opening(test, dev);
	domain->pgsize_bitmap = sizes;

	kunit_info(test,
		   "opening: pgsize=%s bytes=%llu open=%u close=%u tables=%lu\n",
		   pgsize == SZ_1G ? "1G" : "2M", opening.bytes, opening.open,
		   opening.close, tables * PAGE_SIZE);
}

static void bench_openings(struct kunit *test)
{
	long before = table_pages_now();

	require_granted(test, 0);
	bench_check_clock(test);
	opening_report(test, dev_of(0), SZ_1G, before);
	opening_report(test, dev_of(0), SZ_2M, before);
}

static struct kunit_case opening_cases[] = {
	KUNIT_CASE_SLOW(bench_openings),
	{ }
};

static struct kunit_suite opening_suite = {
	.name		= "dma_bypass_bench_opening",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.test_cases	= opening_cases,
};

kunit_test_suite(opening_suite);

MODULE_DESCRIPTION("Cost of opening DMA bypass windows behind an IOMMU");
MODULE_LICENSE("GPL");
