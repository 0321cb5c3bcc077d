// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_owner: what remains of bypass windows on POWER for
 * the next owner, and for unmaps that come late.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include "dma-bypass-test.h"

/* With what a driver under @policy has left. */
static void own_after(struct kunit *test, enum dma_bypass_policy policy)
{
	struct page *page = buffer(test);

	bind_with(test, 0, policy);
	dma_bypass_prepare(dev_of(0));
	KUNIT_EXPECT_EQ(test, reaches(test, 0, page),
			dma_bypass_state(dev_of(0)) == DMA_BYPASS_OPEN);
	load_unread(test, 0);
	device_release_driver(dev_of(0));
	expect_owner_blocked(test, 0, page, policy);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	expect_unread(test, 0);
}

static void owner_has_no_window(struct kunit *test)
{
	struct page *page = buffer(test);

	own_after(test, DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 10), DEFAULT_WINDOW);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 11),
			bypass_window());
}

/* A mask-selected device keeps its window when the driver goes. */
static void owner_has_no_window_of_mask(struct kunit *test)
{
	struct page *page = buffer(test);

	own_after(test, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 20),
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT ?
			mask_window(0) : DEFAULT_WINDOW);
	open_window(test, 0);
}

/* Unmap after the driver is gone, which dma-debug reports. */
static void unmap_late(struct kunit *test, int i, unsigned long attrs)
{
	struct page *page = buffer(test);
	dma_addr_t addr;

	kunit_info(test, "expect-console: WARNING: .*dma_debug_device_change");
	addr = map(test, i, page, attrs);
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DENY);
	device_release_driver(dev_of(i));
	unmap(i, addr, attrs);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(i)));
	KUNIT_EXPECT_EQ(test, roundtrip(test, i, page, 0, 30), DEFAULT_WINDOW);
	expect_blocked(test, i, upper(page), page_address(page));
}

static void late_unmap_is_recognised(struct kunit *test)
{
	open_window(test, 0);
	unmap_late(test, 0, BYPASS);
}

/* On the second device, on which no bypass window was opened before. */
static void late_unmap_of_mask_selected_device(struct kunit *test)
{
	bind_with(test, 1, DMA_BYPASS_POLICY_DEFAULT);
	unmap_late(test, 1, 0);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_has_no_window),
	KUNIT_CASE(owner_has_no_window_of_mask),
	KUNIT_CASE(late_unmap_is_recognised),
	KUNIT_CASE(late_unmap_of_mask_selected_device),
	{ }
};

static struct kunit_suite owner_suite = {
	.name		= "dma_bypass_power_owner",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= owner_cases,
};

kunit_test_suite(owner_suite);
MODULE_DESCRIPTION("KUnit tests of owners and bypass windows on POWER");
MODULE_LICENSE("GPL");
