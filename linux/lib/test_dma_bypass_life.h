/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: a window that loses its grant, its driver, its device or
 * some of its memory.
 */
#ifndef _TEST_DMA_BYPASS_LIFE_H
#define _TEST_DMA_BYPASS_LIFE_H

#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/sysfs.h>
#include "test_dma_bypass_fake.h"

static void denied_to_draining_to_open(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, BYPASS);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	expect_state(test, fake->dev, DRAINING, NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(4), PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 4, 5, 6));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	KUNIT_EXPECT_EQ(test, fake->closes, 0);

	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

static void translated_while_denied_unmapped_while_open(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr;

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	addr = map(fake, 0, PAGE_SIZE, BYPASS);
	fake_wait(fake);
	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

static void group_denied_to_draining_to_open(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	fake->group_denied = true;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	expect_state(test, fake->dev, DRAINING, NO_GROUP);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));

	fake->group_denied = false;
	dma_bypass_recheck();
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

static void recheck_lets_mapping_request_again(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->group_denied = true;
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	expect_state(test, fake->dev, CLOSED, NO_GROUP);

	fake->group_denied = false;
	dma_bypass_recheck();
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	expect_state(test, fake->dev, OPEN, GRANTED);
}

static void unbind_to_closed_to_open_a_thousand_times(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	int i;

	for (i = 1; i <= 1000; i++) {
		KUNIT_ASSERT_EQ_MSG(test, dma_bypass_prepare(fake->dev), 0,
				    "round %d", i);
		KUNIT_ASSERT_TRUE_MSG(test, bypasses(fake, 0, PAGE_SIZE),
				      "round %d", i);
		dma_bypass_unbind(fake->dev);
		expect_state(test, fake->dev, CLOSED, GRANTED);
		KUNIT_ASSERT_EQ_MSG(test, fake->opens, i, "round %d", i);
		KUNIT_ASSERT_EQ_MSG(test, fake->closes, i, "round %d", i);
	}
}

static void unbind_while_requested(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_FALSE_MSG(test, bypasses(fake, 0, PAGE_SIZE),
				       "round %d", i);
		dma_bypass_unbind(fake->dev);
		expect_state(test, fake->dev, CLOSED, GRANTED);
		KUNIT_ASSERT_EQ_MSG(test, fake->opens, fake->closes,
				    "round %d", i);
	}
}

/* The addresses stay known as long as the device has its domain. */
static void late_unmap_after_unbind(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);
	dma_addr_t second = map(fake, PG(4), PAGE_SIZE, BYPASS);
	struct scatterlist sgl[FAKE_LIST];

	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, BYPASS);
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, fake->closes, 1);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);

	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	unmap(fake, second, PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->total, 1);
}

/* In another domain, the same address may be the IOMMU's. */
static void attach_again_forgets_addresses(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;

	fake->next = FAKE_BASE;
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_attach(fake->dev, &linear), 0);
	addr = map(fake, 0, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, addr, FAKE_BASE);
	dma_sync_single_for_cpu(fake->dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, fake->syncs, 1);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, fake->live, 0);

	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void unbind_forgets_failure_but_not_policy(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->open_err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -ENOMEM);
	fake->open_err = 0;
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
}

static bool has_files(struct fake *fake)
{
	struct kernfs_node *kn = sysfs_get_dirent(fake->dev->kobj.sd,
						  "dma_bypass");

	sysfs_put(kn);
	return kn;
}

static void detached_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	KUNIT_EXPECT_TRUE(test, has_files(fake));
	dma_bypass_detach(fake->dev);
	KUNIT_EXPECT_FALSE(test, has_files(fake));
	KUNIT_EXPECT_EQ(test, fake->closes, 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
}

static void republish_shrinks_and_grows(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr = map(fake, PG(4), PG(1), BYPASS);

	fake_set_range(fake, PG(4), PG(8));
	KUNIT_EXPECT_EQ(test, fake_publish(fake), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(4), PG(4)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(3), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));

	fake_set_range(fake, PG(2), PG(12));
	KUNIT_EXPECT_EQ(test, fake_publish(fake), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(2), PG(10)));
	unmap(fake, addr, PG(1), BYPASS);
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

static void republish_while_draining(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	fake_set_range(fake, PG(4), PG(8));
	KUNIT_EXPECT_EQ(test, fake_publish(fake), 0);
	expect_state(test, fake->dev, DRAINING, NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(4), PG(1)));

	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(4), PG(4)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));
}

#endif /* _TEST_DMA_BYPASS_LIFE_H */
