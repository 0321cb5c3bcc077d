// SPDX-License-Identifier: GPL-2.0
/*
 * What DMA mappings cost on POWER: direct, translated and bypassed, in
 * instructions and in calls.
 */
#include "dma-bypass-count.h"
#include "../../../lib/test_dma_bypass_opening.h"

static void bench(struct kunit *test, const char *mode, unsigned long attrs)
{
	struct bench b = {
		.test = test, .dev = dev_of(0), .mode = mode, .attrs = attrs,
	};

	if (machine_is(pseries)) {
		bench_all(&b);
		return;
	}
	/* Lists, and what is in flight, would take too many steps. */
	steps_begin(test);
	bench_init(&b);
	bench_check_clock(test);
	bench_sizes(&b);
}

static u32 count_of(void *counter)
{
	return READ_ONCE(*(u32 *)counter);
}

static void bench_calls(struct kunit *test, const char *mode,
			unsigned long attrs)
{
	static const size_t sizes[] = { SZ_4K, SZ_64K, SZ_2M };
	struct page *page = bench_pages(test, get_order(SZ_2M));
	struct bench b = {
		.test = test, .dev = dev_of(0), .mode = mode, .attrs = attrs,
	};
	int i;

	bench_init(&b);
	count_begin(test, dev_of(0));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_count(&b, page, sizes[i], count_of, &seen.tces);
		bench_tell(&b, "/tces", sizes[i], 1);
		if (!machine_is(pseries))
			continue;
		bench_count(&b, page, sizes[i], count_of, &seen.hcalls);
		bench_tell(&b, "/calls", sizes[i], 1);
	}
	kunit_release_action(test, count_end, NULL);
	__free_pages(page, get_order(SZ_2M));
}

static void bench_direct(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, 0), UPPER);
	bench(test, "direct", 0);
}

static void bench_tce(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, 0), LOWER);
	bench(test, "tce", 0);
}

static void bench_refused(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_ASSERT_EQ(test, -EACCES, dma_bypass_prepare(dev_of(0)));
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, BYPASS), LOWER);
	bench(test, "refused", BYPASS);
}

static void bench_window(struct kunit *test)
{
	struct page *page = buffer(test);

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, BYPASS), UPPER);
	bench(test, "window", BYPASS);
}

static void bench_tce_calls(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, 0), LOWER);
	bench_calls(test, "tce", 0);
}

static void bench_window_calls(struct kunit *test)
{
	struct page *page = buffer(test);

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, BYPASS), UPPER);
	bench_calls(test, "window", BYPASS);
}

/* Calls of the hypervisor but for those by way of RTAS. */
static void bench_openings(struct kunit *test)
{
	struct device *dev = dev_of(0);
	struct opening took;
	u32 shift, open, close;

	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	bench_check_clock(test);
	count_begin(test, dev);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev));
	open = seen.hcalls;
	shift = be32_to_cpu(ddw_window_of(test, 0)->tce_shift);
	dma_bypass_unbind(dev);
	close = seen.hcalls - open;
	kunit_release_action(test, count_end, NULL);

	took = bench_opening(test, dev);
	kunit_info(test,
		   "opening: pgsize=%uM bytes=%llu open=%u close=%u opencalls=%u closecalls=%u\n",
		   1 << (shift - 20), took.bytes, took.open, took.close, open,
		   close);
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE_SLOW(bench_direct),
	KUNIT_CASE_SLOW(bench_tce),
	KUNIT_CASE_SLOW(bench_refused),
	KUNIT_CASE_SLOW(bench_window),
	{ }
};

static struct kunit_suite bench_suite = {
	.name		= "dma_bypass_power_bench",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= bench_cases,
};

static struct kunit_case calls_cases[] = {
	KUNIT_CASE_SLOW(bench_tce_calls),
	KUNIT_CASE_SLOW(bench_window_calls),
	{ }
};

/* Needs no clock. */
static struct kunit_suite calls_suite = {
	.name		= "dma_bypass_power_bench_calls",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= calls_cases,
};

static struct kunit_case opening_cases[] = {
	KUNIT_CASE_SLOW(bench_openings),
	{ }
};

/* Only pseries makes its windows. */
static struct kunit_suite opening_suite = {
	.name		= "dma_bypass_power_bench_opening",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= opening_cases,
};

kunit_test_suites(&bench_suite, &calls_suite, &opening_suite);
MODULE_DESCRIPTION("Benchmark of DMA mappings on POWER");
MODULE_LICENSE("GPL");
