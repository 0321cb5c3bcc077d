// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_guard_mode: windows with iommu.dma_bypass=guard.
 *
 * Needs two of QEMU's edu devices, the first of which is opted in.
 */
#include "dma-iommu-guard-test.h"

static int mode_init(struct kunit *test)
{
	if (dma_bypass_mode() != DMA_BYPASS_MODE_GUARD)
		kunit_skip(test, "needs iommu.dma_bypass=guard");
	return window_test_init(test);
}

/* Whoever has no policy is guarded, without a request. */
static void mode_guards_by_default(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	KUNIT_EXPECT_EQ(test, dma_bypass_policy(dev_of(1)),
			DMA_BYPASS_POLICY_DEFAULT);
	addr = gmap(test, 1, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_GUARDED);
	dma_roundtrip(test, 1, addr, page_address(page), EDU_MAX, 1);
	gunmap(1, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 1, addr, page_address(page));
}

/* Who was opted in has an open window, which is for the attribute only. */
static void mode_opens_for_opted_in(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, 0));
	open_window(test, 0);
	expect_bypass(test, 0, page);
	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, 0));
}

static void mode_denies(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_EQ(test, 0, dma_bypass_set_policy(dev_of(1),
						       DMA_BYPASS_POLICY_DENY));
	expect_translated(test, 1, map_once(test, 1, page, SZ_4K, BYPASS));
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(1)), DMA_BYPASS_NO_POLICY);
}

static struct kunit_case mode_cases[] = {
	KUNIT_CASE(mode_guards_by_default),
	KUNIT_CASE(mode_opens_for_opted_in),
	KUNIT_CASE(mode_denies),
	{ }
};

static struct kunit_suite mode_suite = {
	.name		= "dma_bypass_guard_mode",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= mode_init,
	.exit		= window_test_exit,
	.test_cases	= mode_cases,
};

kunit_test_suite(mode_suite);

MODULE_DESCRIPTION("KUnit tests of the mode that guards DMA bypass windows");
MODULE_LICENSE("GPL");
