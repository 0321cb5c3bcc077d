/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the KUnit suite dma_bypass: what the DMA mask says to a window.
 */
#ifndef _TEST_DMA_BYPASS_MASK_H
#define _TEST_DMA_BYPASS_MASK_H

#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include "test_dma_bypass_fake.h"

static void mask_too_small_then_wide_enough(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, DMA_BIT_MASK(32));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -ERANGE);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 0);

	dma_set_mask(fake->dev, U64_MAX);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void mask_below_memory_to_closed(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, FAKE_BASE + fake_phys(fake, 0) - 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -ERANGE);
	fake_expect(fake, DMA_BYPASS_CLOSED, DMA_BYPASS_NO_MASK);
	KUNIT_EXPECT_EQ(test, fake->opens, fake->closes);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void mask_cuts_window(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_three_ranges(fake);
	dma_set_mask(fake->dev, FAKE_BASE + fake_phys(fake, PG(7)) - 1);
	fake_prepare(test, &linear);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(1), PG(3)));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(6), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(6), PG(1) + 1));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), 1));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(11), 1));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 6, 7));
}

static void back_end_mask_cuts_window(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->mask = FAKE_BASE + fake_phys(fake, PG(7)) - 1;
	fake_prepare(test, &linear);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(6), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), PG(1)));
}

static void mask_shrinks_under_open_window(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr = map(fake, PG(9), PG(1), BYPASS);

	KUNIT_EXPECT_TRUE(test, in_window(fake, addr, PG(9), PG(1)));
	dma_set_mask(fake->dev, FAKE_BASE + fake_phys(fake, PG(8)) - 1);
	fake_expect(fake, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(7), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(9), PG(1)));

	dma_set_mask(fake->dev, DMA_BIT_MASK(32));
	fake_expect(fake, DMA_BYPASS_DRAINING, DMA_BYPASS_NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), PG(1)));
	unmap(fake, addr, PG(1), 0);

	dma_set_mask(fake->dev, U64_MAX);
	fake_expect(fake, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(9), PG(1)));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

#endif /* _TEST_DMA_BYPASS_MASK_H */
