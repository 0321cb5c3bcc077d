/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cases of the suite dma_bypass_dma for the IOVA API.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_IOVA_H
#define _DMA_IOMMU_BYPASS_TEST_IOVA_H

#include <asm/sections.h>

#include "dma-iommu-bypass-test.h"

/*
 * As the block layer maps: one IOVA range, or, where there is none, each segment by
 * itself.  Return the address of the first byte; it is unmapped again.
 */
static dma_addr_t map_range_or_segments(struct kunit *test, struct page *page,
					bool known, bool *range)
{
	struct dma_iova_state state;
	dma_addr_t addr;

	*range = dma_iova_try_alloc_attrs(dev_of(0), &state,
					  known ? page_to_phys(page) : 0, 2 * PAGE_SIZE,
					  BYPASS);
	KUNIT_EXPECT_EQ(test, *range, dma_use_iova(&state));
	if (!*range)
		return map_once(test, 0, page, 2 * PAGE_SIZE, BYPASS);
	addr = state.addr;
	KUNIT_ASSERT_EQ(test, 0, dma_iova_link(dev_of(0), &state,
					       page_to_phys(page), 0, 2 * PAGE_SIZE,
					       DMA_TO_DEVICE, BYPASS));
	KUNIT_ASSERT_EQ(test, 0, dma_iova_sync(dev_of(0), &state, 0, 2 * PAGE_SIZE));
	dma_read_expect(test, 0, addr, page_address(page), EDU_MAX);
	dma_iova_destroy(dev_of(0), &state, 2 * PAGE_SIZE, DMA_TO_DEVICE, BYPASS);
	return addr;
}

static void iova_range_without_grant(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	bool range;

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	expect_translated(test, 0,
			  map_range_or_segments(test, page, true, &range));
	KUNIT_EXPECT_TRUE(test, range);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_translated(test, 0,
			  map_range_or_segments(test, page, false, &range));
	KUNIT_EXPECT_TRUE(test, range);
	expect_state(test, dev_of(0), CLOSED, NO_POLICY);
}

static void iova_range_opens_window_then_declines(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;
	bool range;

	expect_translated(test, 0,
			  map_range_or_segments(test, page, true, &range));
	KUNIT_EXPECT_TRUE(test, range);
	wait_open(0);
	expect_state(test, dev_of(0), OPEN, GRANTED);

	addr = map_range_or_segments(test, page, true, &range);
	KUNIT_EXPECT_FALSE(test, range);
	KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
	addr = map_range_or_segments(test, page, false, &range);
	KUNIT_EXPECT_FALSE(test, range);
	KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
}

/* The window is open, but does not serve this buffer, or nobody requests it. */
static void iova_range_beside_open_window(struct kunit *test)
{
	phys_addr_t text = PAGE_ALIGN(__pa_symbol(_text));
	struct page *page = buffer(test, HIGH);
	struct dma_iova_state state;

	open_window(test, 0);
	KUNIT_ASSERT_TRUE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							 text, SZ_4K, BYPASS));
	expect_translated(test, 0, state.addr);
	dma_iova_free(dev_of(0), &state);
	KUNIT_ASSERT_TRUE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							 page_to_phys(page),
							 SZ_4K, 0));
	expect_translated(test, 0, state.addr);
	dma_iova_free(dev_of(0), &state);
}

/*
 * Segments are anywhere in memory: that of the first byte decides, though there is
 * less than their length up to the end of its range.
 */
static void iova_range_declined_by_first_byte(struct kunit *test)
{
	const struct dma_bypass_range *range;
	struct dma_iova_state state;

	open_window(test, 0);
	range = &dev_of(0)->dma_bypass->ranges[0];
	KUNIT_EXPECT_FALSE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							  range->start + range->size - SZ_4K,
							  SZ_8K, BYPASS));
	KUNIT_EXPECT_FALSE(test, dma_use_iova(&state));
}

#endif /* _DMA_IOMMU_BYPASS_TEST_IOVA_H */
