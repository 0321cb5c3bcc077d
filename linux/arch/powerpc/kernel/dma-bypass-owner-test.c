// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER, and what the next driver or owner finds of them.
 *
 * Wants two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/iommu.h>

#include "dma-bypass-test.h"

/* It would let the mask choose a window that is no more. */
static void limit_goes_with_the_window(struct kunit *test)
{
	u64 limit = DMA_BIT_MASK(63);

	start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	dev_of(0)->bus_dma_limit = limit;
	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dev_of(0)->bus_dma_limit, 0);

	dev_of(0)->bus_dma_limit = limit;
	dma_bypass_prepare(dev_of(0));
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, dev_of(0)->bus_dma_limit, can_open() ? 0 : limit);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
}

/* What an owner is answered if it asks for a window. */
static int expected_err(enum dma_bypass_policy policy)
{
	if (switched_off() || dma_bypass_mode() == DMA_BYPASS_MODE_NEVER)
		return -EPERM;
	if (policy == DMA_BYPASS_POLICY_DEFAULT &&
	    dma_bypass_mode() != DMA_BYPASS_MODE_REQUEST)
		return -EACCES;
	return -EOPNOTSUPP;
}

/* As VFIO does it, with what a driver under @policy left behind. */
static void own_after(struct kunit *test, enum dma_bypass_policy policy)
{
	struct iommu_group *group = iommu_group_get(dev_of(0));
	struct page *page = buffer(test);
	struct edu raw = {};

	KUNIT_ASSERT_NOT_NULL(test, group);
	start_with(test, 0, policy);
	dma_bypass_prepare(dev_of(0));
	KUNIT_EXPECT_EQ(test, reaches(test, 0, page),
			dev_of(0)->dma_ops_bypass ||
			dma_bypass_state(dev_of(0)) == DMA_BYPASS_OPEN);
	hold_zeroes(test, 0);
	device_release_driver(dev_of(0));
	KUNIT_ASSERT_EQ(test, 0, iommu_group_claim_dma_owner(group, test));

	KUNIT_ASSERT_EQ(test, 0, raw_begin(&raw));
	expect_unreachable(test, &raw, UPPER_BASE + page_to_phys(page),
			   page_address(page));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)),
			expected_err(policy));
	raw_end(&raw);

	iommu_group_release_dma_owner(group);
	iommu_group_put(group);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	expect_got_nothing(test, 0);
}

static void owner_finds_no_window(struct kunit *test)
{
	struct page *page = buffer(test);

	own_after(test, DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, 0), LOWER);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, BYPASS),
			can_open() ? UPPER : LOWER);
}

/* By mask, the window stays when the driver goes: ownership has to end it. */
static void owner_finds_no_window_of_the_mask(struct kunit *test)
{
	own_after(test, DMA_BYPASS_POLICY_DEFAULT);
	open_window(test, 0);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(limit_goes_with_the_window),
	KUNIT_CASE(owner_finds_no_window),
	KUNIT_CASE(owner_finds_no_window_of_the_mask),
	{ }
};

static struct kunit_suite owner_suite = {
	.name		= "dma_bypass_power_owner",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= owner_cases,
};

kunit_test_suite(owner_suite);
MODULE_DESCRIPTION("KUnit tests of what owners find of bypass windows on POWER");
MODULE_LICENSE("GPL");
