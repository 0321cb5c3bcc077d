/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: resolved windows, whose provider returns each address.
 */
#ifndef _TEST_DMA_BYPASS_RESOLVED_H
#define _TEST_DMA_BYPASS_RESOLVED_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include "test_dma_bypass_fake.h"

static void resolved_to_providers_address(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	KUNIT_EXPECT_TRUE(test, in_window(fake, addr, 0, PAGE_SIZE));
	map_list(fake, sgl, (u8[]) { 3, 2, 1 }, BYPASS);
	KUNIT_EXPECT_TRUE(test, list_in_window(fake, sgl));
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, 0);
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void resolved_translated_address_to_iommu(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	map_list(fake, sgl, (u8[]) { 3, 2, 1 }, 0);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 2 + 2 * FAKE_LIST);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

static void resolved_no_address_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);

	fake->unresolved = fake_phys(fake, PG(2));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(2), PG(1)));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(1), PG(1)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->total, 1 + FAKE_LIST);
	fake->unresolved = 0;
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 1, 2, 3));
}

static void resolved_first_mapping_opens(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &resolved);

	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void resolved_recognised_while_draining(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	dma_addr_t window = map(fake, 0, PAGE_SIZE, BYPASS);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	expect_state(test, fake->dev, DRAINING, NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	unmap(fake, window, PAGE_SIZE, BYPASS);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

static void resolved_recognised_after_unbind(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	dma_addr_t window = map(fake, 0, PAGE_SIZE, BYPASS);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	dma_bypass_unbind(fake->dev);
	unmap(fake, window, PAGE_SIZE, BYPASS);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

static void resolved_only_inside_ranges(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_five_ranges(fake);
	fake_prepare(test, &resolved);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(5), PG(3)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), PG(2)));
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 2, 7, 15));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 2, 7, 8));
}

static void resolved_address_beyond_mask_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);

	dma_set_mask(fake->dev, (fake_phys(fake, PG(8)) ^ FAKE_KEY) - 1);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(7), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), PG(1) + 1));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 6, 7, 8));
}

#endif /* _TEST_DMA_BYPASS_RESOLVED_H */
