// SPDX-License-Identifier: GPL-2.0
/*
 * What it takes to open a window behind VT-d and to close it, with the memory that
 * the machine has.
 */
#include "dma-iommu-bypass-bench.h"
#include "../../lib/test_dma_bypass_opening.h"
#include "intel/iommu.h"

/* @before: pages of page tables before there ever was a window. */
static void tell_opening(struct kunit *test, struct device *dev, int level,
			 long before)
{
	struct dmar_domain *vtd = to_dmar_domain(iommu_get_domain_for_dev(dev));
	int superpage = vtd->iommu_superpage;
	struct opening took;
	long tables;

	/* The largest pages are of the second level, or of the third. */
	vtd->iommu_superpage = level - 1;
	KUNIT_EXPECT_EQ(test, 0, dma_bypass_prepare(dev));
	tables = page_tables() - before;
	dma_bypass_unbind(dev);
	took = bench_opening(test, dev);
	vtd->iommu_superpage = superpage;

	kunit_info(test,
		   "opening: pgsize=%s bytes=%llu open=%u close=%u tables=%lu\n",
		   level == 3 ? "1G" : "2M", took.bytes, took.open, took.close,
		   tables * PAGE_SIZE);
}

static void bench_openings(struct kunit *test)
{
	long before = page_tables();

	require_granted(test, 0);
	bench_check_clock(test);
	tell_opening(test, dev_of(0), 3, before);
	tell_opening(test, dev_of(0), 2, before);
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
