// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_shared: bypass windows on POWER, and devices that
 * share a PE, in the mode default.
 *
 * Needs two of QEMU's edu devices in one PE.
 */
#include <linux/iommu.h>

#include "dma-bypass-test.h"

static int shared_init(struct kunit *test)
{
	int err = power_window_init(test);

	if (!err && dev_of(0)->iommu_group != dev_of(1)->iommu_group)
		kunit_skip(test, "needs two edu devices in one PE");
	return err;
}

/* Bind both drivers with these policies, no matter which were there before. */
static void bind_both(struct kunit *test, enum dma_bypass_policy first,
		      enum dma_bypass_policy second)
{
	device_release_driver(dev_of(0));
	device_release_driver(dev_of(1));
	dma_bypass_set_policy(dev_of(0), first);
	dma_bypass_set_policy(dev_of(1), second);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
}

static void open_both(struct kunit *test)
{
	bind_both(test, DMA_BYPASS_POLICY_ALLOW, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(1)));
}

static void expect_both(struct kunit *test, struct page *page,
			unsigned long attrs, enum power_window window)
{
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, attrs, 1), window);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 1, page, attrs, 2), window);
}

static void granted_together_or_not_at_all(struct kunit *test)
{
	struct page *page = buffer(test);

	bind_both(test, DMA_BYPASS_POLICY_ALLOW, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	expect_state(test, dev_of(0), CLOSED, NO_GROUP);
	expect_state(test, dev_of(1), CLOSED, NO_POLICY);
	expect_both(test, page, BYPASS, DEFAULT_WINDOW);

	open_both(test);
	expect_both(test, page, BYPASS, UPPER_WINDOW);
	expect_both(test, page, 0, DEFAULT_WINDOW);
}

static void last_one_closes(struct kunit *test)
{
	struct page *page = buffer(test);

	bind_both(test, DMA_BYPASS_POLICY_ALLOW, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_FALSE(test, reaches(test, 0, page));
	open_both(test);
	KUNIT_EXPECT_TRUE(test, reaches(test, 0, page));

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_TRUE(test, reaches(test, 1, page));
	KUNIT_EXPECT_EQ(test, map_once(test, 1, page, BYPASS), UPPER_WINDOW);
	expect_blocked_unbound(test, 1, page);
	expect_blocked(test, 0, upper(page), page_address(page));
}

/* A device that is denied the window would reach memory through it, too. */
static void denied_device_is_not_bound_beside_window(struct kunit *test)
{
	struct page *page = buffer(test);

	kunit_info(test, "require-console: not enabled: a device of its PE has");
	bind_both(test, DMA_BYPASS_POLICY_DEFAULT, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, map_once(test, 1, page, 0), UPPER_WINDOW);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, edu_rebind(edus[0]), -ENODEV);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 1, page, 0, 10), UPPER_WINDOW);

	/* Bound anew, the other one is translated. */
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[1]));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	expect_both(test, page, 0, DEFAULT_WINDOW);
	expect_blocked(test, 0, upper(page), page_address(page));
	expect_blocked(test, 1, upper(page), page_address(page));
}

static void allow_takes_nothing_from_neighbour(struct kunit *test)
{
	struct page *page = buffer(test);

	bind_both(test, DMA_BYPASS_POLICY_ALLOW, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_state(test, dev_of(0), OPEN, NO_GROUP);
	expect_state(test, dev_of(1), OPEN, NO_POLICY);
	expect_both(test, page, 0, UPPER_WINDOW);
	expect_both(test, page, BYPASS, UPPER_WINDOW);
}

/* Copy a page to another by translated DMA, with no other mapping. */
static void expect_translated_copy(struct kunit *test, int i)
{
	struct page *from = buffer(test), *to = buffer(test);
	dma_addr_t src = map(test, i, from, 0), dst = map(test, i, to, 0);

	KUNIT_EXPECT_EQ(test, window_of(src, page_to_phys(from)),
			DEFAULT_WINDOW);
	edu_pattern(page_address(from), EDU_MAX, 20);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(i), src, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(i), dst, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(from), page_address(to), EDU_MAX);
	unmap(i, src, 0);
	unmap(i, dst, 0);
}

/*
 * Where there is no room for a second window, the one that a mask selects takes the
 * place of the default window if that is empty, as it is here.  The policy is written
 * before the driver is unbound, so that the other device is all that keeps the second
 * one translated, then and when it is bound again.
 */
static void default_window_stays_for_neighbour(struct kunit *test)
{
	u32 liobn;

	bind_both(test, DMA_BYPASS_POLICY_ALLOW, DMA_BYPASS_POLICY_ALLOW);
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
	device_release_driver(dev_of(1));
	free_scratch(0);
	liobn = take_ddw(test, 0, 24);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	KUNIT_EXPECT_TRUE(test, of_property_present(phb_node(0),
						    "ibm,dma-window"));
	expect_translated_copy(test, 0);
	expect_translated_copy(test, 1);
	return_ddw(test, 0, liobn);

	/* When no other is bound, the mask selects again. */
	bind_both(test, DMA_BYPASS_POLICY_DEFAULT, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 1, buffer(test), 0, 21),
			UPPER_WINDOW);
}

static void both_are_translated_after_owner(struct kunit *test)
{
	struct iommu_group *group = iommu_group_get(dev_of(0));
	struct page *page = buffer(test);

	KUNIT_ASSERT_NOT_NULL(test, group);
	open_both(test);
	device_release_driver(dev_of(0));
	device_release_driver(dev_of(1));
	KUNIT_ASSERT_EQ(test, 0, iommu_group_claim_dma_owner(group, test));
	iommu_group_release_dma_owner(group);
	iommu_group_put(group);

	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	expect_both(test, page, 0, DEFAULT_WINDOW);
	open_both(test);
	expect_both(test, page, BYPASS, UPPER_WINDOW);
}

static struct kunit_case shared_cases[] = {
	KUNIT_CASE(granted_together_or_not_at_all),
	KUNIT_CASE(last_one_closes),
	KUNIT_CASE(denied_device_is_not_bound_beside_window),
	KUNIT_CASE(allow_takes_nothing_from_neighbour),
	KUNIT_CASE(default_window_stays_for_neighbour),
	KUNIT_CASE(both_are_translated_after_owner),
	{ }
};

static struct kunit_suite shared_suite = {
	.name		= "dma_bypass_power_shared",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= shared_init,
	.exit		= power_exit,
	.test_cases	= shared_cases,
};

kunit_test_suite(shared_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER in shared PEs");
MODULE_LICENSE("GPL");
