// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER, and devices that share a PE.
 *
 * Wants QEMU's edu devices in one PE.
 */
#include "dma-bypass-test.h"

static int shared_init(struct kunit *test)
{
	int err = edu_init(test);

	if (!err && dev_of(0)->iommu_group != dev_of(1)->iommu_group)
		kunit_skip(test, "needs two edu devices in one PE");
	return err;
}

static void granted_together_or_not_at_all(struct kunit *test)
{
	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	start_with(test, 1, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EXDEV);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EACCES);

	start_with(test, 1, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), 0);
}

static void last_one_closes(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	start_with(test, 1, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_FALSE(test, reaches(test, 0, page));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), 0);
	KUNIT_EXPECT_TRUE(test, reaches(test, 0, page));

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_TRUE(test, reaches(test, 1, page));
	KUNIT_EXPECT_EQ(test, probe(test, 1, page, BYPASS), UPPER);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[1]));
	KUNIT_EXPECT_FALSE(test, reaches(test, 1, page));
}

/*
 * What another device has by its mask is not taken away from it, and so remains
 * in reach of a device that is denied it.
 */
static void neighbour_by_mask_keeps_its_window(struct kunit *test)
{
	struct page *page = buffer(test);

	start_with(test, 1, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, probe(test, 1, page, 0), UPPER);
	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_TRUE(test, reaches(test, 1, page));
	KUNIT_EXPECT_TRUE(test, reaches(test, 0, page));
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, 0), LOWER);
	KUNIT_EXPECT_EQ(test, probe(test, 1, page, 0), UPPER);
}

static struct kunit_case shared_cases[] = {
	KUNIT_CASE(granted_together_or_not_at_all),
	KUNIT_CASE(last_one_closes),
	KUNIT_CASE(neighbour_by_mask_keeps_its_window),
	{ }
};

static struct kunit_suite shared_suite = {
	.name		= "dma_bypass_power_shared",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= shared_init,
	.exit		= edu_exit,
	.test_cases	= shared_cases,
};

kunit_test_suite(shared_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER in shared PEs");
MODULE_LICENSE("GPL");
