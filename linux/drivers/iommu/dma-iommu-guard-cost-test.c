// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_guard_cost: what mappings in guarded bypass windows behind
 * VT-d cost, in instructions and as ratios of strict translation.
 *
 * For a machine that counts instructions: one tick of the TSC is one of them.
 */
#include "dma-iommu-bypass-bench.h"
#include "dma-iommu-guard-test.h"

/* Percent of strict translation, map and unmap together. */
#define MOST_PAGE	30
#define MOST_LIST	30
#define LIST		16

static void cost_report(struct bench *b, size_t bytes, unsigned int nents)
{
	bench_report(b, nents > 1 ? "/list" : "", bytes, nents);
}

static struct bench *cost_init(struct kunit *test, int i, const char *mode)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->test = test;
	b->dev = dev_of(i);
	b->mode = mode;
	bench_init(b);
	return b;
}

static u32 cost_quantile(struct bench *b, int quantile)
{
	return bench_sorted(b, BENCH_PAIR)[quantile];
}

static void cost_page(struct kunit *test)
{
	struct bench *strict = cost_init(test, 1, "strict");
	struct bench *guarded = cost_init(test, 0, "guarded");
	struct page *page = buffer(test, HIGH);
	long tables;

	require_strict(test, 0);
	require_strict(test, 1);
	bench_check_clock(test);
	gtouch(test, 0, page);

	bench_page(strict, page, 0, SZ_4K);
	cost_report(strict, SZ_4K, 1);
	tables = table_pages_now();
	bench_page(guarded, page, 0, SZ_4K);
	KUNIT_EXPECT_EQ_MSG(test, table_pages_now(), tables,
			    "page tables after first use");
	cost_report(guarded, SZ_4K, 1);
	KUNIT_EXPECT_LE_MSG(test, cost_quantile(guarded, BENCH_P50) * 100,
			    cost_quantile(strict, BENCH_P50) * MOST_PAGE,
			    "guarded over strict");
	KUNIT_EXPECT_EQ_MSG(test, cost_quantile(guarded, BENCH_P999),
			    cost_quantile(guarded, BENCH_P50), "p99.9");

	/* Where it gains little: more than a page in one piece. */
	page = large_buffer(test, HIGH);
	gtouch(test, 0, page);
	bench_page(strict, page, 0, SZ_64K);
	cost_report(strict, SZ_64K, 1);
	bench_page(guarded, page, 0, SZ_64K);
	cost_report(guarded, SZ_64K, 1);
}

static void cost_list(struct kunit *test)
{
	struct bench *strict = cost_init(test, 1, "strict");
	struct bench *guarded = cost_init(test, 0, "guarded");
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist sgl[LIST];
	int i;

	require_strict(test, 1);
	gtouch(test, 0, page);
	sg_init_table(sgl, LIST);
	for (i = 0; i < LIST; i++)
		sg_set_page(&sgl[i], page + 2 * i, SZ_4K, 0);
	bench_list(strict, sgl, LIST);
	cost_report(strict, LIST * SZ_4K, LIST);
	bench_list(guarded, sgl, LIST);
	KUNIT_EXPECT_EQ(test, sg_dma_address(sgl),
			window_base(0) + page_to_phys(page));
	cost_report(guarded, LIST * SZ_4K, LIST);
	KUNIT_EXPECT_LE_MSG(test, cost_quantile(guarded, BENCH_P50) * 100,
			    cost_quantile(strict, BENCH_P50) * MOST_LIST,
			    "guarded over strict");
}

/* A device that is not guarded pays nothing for those that are. */
static void cost_of_others(struct kunit *test)
{
	struct bench *before = cost_init(test, 1, "ungranted");
	struct bench *after = cost_init(test, 1, "ungranted");
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	bench_page(before, page, 0, SZ_4K);
	open_guard(test, 0);
	bench_page(after, page, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, cost_quantile(after, BENCH_P50),
			cost_quantile(before, BENCH_P50));
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(cost_page),
	KUNIT_CASE(cost_list),
	KUNIT_CASE(cost_of_others),
	{ }
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_guard_cost",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= guard_init,
	.exit		= window_test_exit,
	.test_cases	= cost_cases,
};

kunit_test_suite(cost_suite);

MODULE_DESCRIPTION("KUnit tests of the cost of guarded DMA bypass windows behind VT-d");
MODULE_LICENSE("GPL");
