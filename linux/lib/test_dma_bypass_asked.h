/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the KUnit suite dma_bypass: windows that are not linear.  The back end is
 * asked for each address, and maybe told when it is not needed any more.
 */
#ifndef _TEST_DMA_BYPASS_ASKED_H
#define _TEST_DMA_BYPASS_ASKED_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include "test_dma_bypass_fake.h"

static void resolved_to_the_answer(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
}

static void resolved_translated_address_goes_to_iommu(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	map_list(fake, sgl, (u8[]) { 3, 2, 1 }, 0);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 2 + 2 * FAKE_LIST);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
}

static void resolved_refusal_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);

	fake->refused = fake_phys(fake, PG(2));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(2), PG(1)));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(1), PG(1)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->translated.total, 1 + FAKE_LIST);
	fake->refused = 0;
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 1, 2, 3));
}

static void resolved_denied_in_flight_still_known(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);
	dma_addr_t window = map(fake, 0, PAGE_SIZE, BYPASS);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	unmap(fake, window, PAGE_SIZE, 0);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
}

static void asked_only_about_covered_memory(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_three_ranges(fake);
	fake_prepare(test, &resolved);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(1), PG(3)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(3), PG(2)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 4));
}

static void asked_answer_beyond_mask_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &resolved);

	dma_set_mask(fake->dev, (fake_phys(fake, PG(8)) ^ FAKE_KEY) - 1);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(7), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));
}

static void guarded_mapped_and_unmapped_once(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &guarded);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, BYPASS);
	KUNIT_EXPECT_TRUE(test, list_in_window(fake, sgl));
	KUNIT_EXPECT_EQ(test, fake->guarded.live, 1 + FAKE_LIST);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	unmap(fake, addr, PAGE_SIZE, 0);
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_EQ(test, fake->guarded.live, 0);
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
}

static void guarded_list_rolled_back(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &guarded);

	fake->refused = fake_phys(fake, PG(3));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->guarded.total, 2);
	KUNIT_EXPECT_EQ(test, fake->guarded.live, 0);
	KUNIT_EXPECT_EQ(test, fake->translated.total, FAKE_LIST);
}

#endif /* _TEST_DMA_BYPASS_ASKED_H */
