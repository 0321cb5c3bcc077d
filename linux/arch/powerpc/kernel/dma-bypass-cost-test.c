// SPDX-License-Identifier: GPL-2.0
/*
 * What bypass windows on POWER cost, in calls and in instructions.
 */
/* Enough to see the least that one takes. */
#define BENCH_ROUNDS	64

#include "dma-bypass-count.h"

static void count_calls(struct kunit *test, struct page *page,
			unsigned long attrs)
{
	unsigned long flags;
	u32 tces, hcalls;
	dma_addr_t addr;

	count_begin(test, dev_of(0));
	bench_irq_save(flags);
	tces = seen.tces;
	hcalls = seen.hcalls;
	addr = dma_map_page_attrs(dev_of(0), page, 0, PAGE_SIZE, DMA_TO_DEVICE,
				  attrs);
	dma_unmap_page_attrs(dev_of(0), addr, PAGE_SIZE, DMA_TO_DEVICE, attrs);
	seen.tces -= tces;
	seen.hcalls -= hcalls;
	bench_irq_restore(flags);
	kunit_release_action(test, count_end, NULL);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	kunit_info(test, "%s: %u TCEs written, %u hypervisor calls\n",
		   attrs ? "bypass" : "translated", seen.tces, seen.hcalls);
}

static void bypass_calls_nobody(struct kunit *test)
{
	struct page *page = buffer(test);

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, BYPASS), UPPER);
	count_calls(test, page, 0);
	KUNIT_EXPECT_GE(test, seen.tces, 2);
	if (machine_is(pseries))
		KUNIT_EXPECT_GE(test, seen.hcalls, 2);
	count_calls(test, page, BYPASS);
	KUNIT_EXPECT_EQ(test, seen.tces, 0);
	if (machine_is(pseries))
		KUNIT_EXPECT_EQ(test, seen.hcalls, 0);
}

static u32 least(struct kunit *test, struct page *page, size_t size,
		 unsigned long attrs)
{
	struct bench b = { .test = test, .dev = dev_of(0), .attrs = attrs };

	bench_init(&b);
	bench_check_clock(test);
	bench_page(&b, page, 0, size);
	return bench_sorted(&b, BENCH_PAIR)[0];
}

/*
 * Instructions of one map and one unmap, step by step; where there is a clock
 * that counts them, it must say the same.
 */
static u32 measure(struct kunit *test, const char *mode, struct page *page,
		   size_t size, unsigned long attrs)
{
	u32 insns;

	steps_begin(test);
	insns = least(test, page, size, attrs);
	kunit_release_action(test, steps_end, test);
	if (machine_is(pseries))
		KUNIT_EXPECT_EQ(test, least(test, page, size, attrs), insns);
	kunit_info(test, "demo: step=cost mode=%s bytes=%zu insns=%u\n", mode,
		   size, insns);
	return insns;
}

/*
 * What translation is to cost at least, in bypasses; what the hypervisor does,
 * which is most of the work, is not counted.
 */
#define LEAST_GAIN	10

static void bypass_is_cheap(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, PAGE_SIZE };
	u32 translated, bypass, refused;
	struct page *page = buffer(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		start_with(test, 0, DMA_BYPASS_POLICY_DENY);
		KUNIT_ASSERT_NE(test, 0, dma_bypass_prepare(dev_of(0)));
		translated = measure(test, "translated", page, sizes[i], 0);
		refused = measure(test, "refused", page, sizes[i], BYPASS);

		KUNIT_ASSERT_TRUE(test, open_window(test, 0));
		bypass = measure(test, "bypass", page, sizes[i], BYPASS);
		measure(test, "noattr", page, sizes[i], 0);

		start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
		measure(test, "direct", page, sizes[i], 0);

		KUNIT_EXPECT_LE(test, bypass * LEAST_GAIN, translated);
		KUNIT_EXPECT_LE(test, refused, translated + 10);
	}
}

static struct kunit_case calls_cases[] = {
	KUNIT_CASE(bypass_calls_nobody),
	{ }
};

static struct kunit_suite calls_suite = {
	.name		= "dma_bypass_power_calls",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= calls_cases,
};

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(bypass_is_cheap),
	{ }
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_power_cost",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= cost_cases,
};

kunit_test_suites(&calls_suite, &cost_suite);
MODULE_DESCRIPTION("KUnit tests of what bypass windows on POWER cost");
MODULE_LICENSE("GPL");
