/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass_dma: devices that get no window, and are translated.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_DENIED_H
#define _DMA_IOMMU_BYPASS_TEST_DENIED_H

#include "dma-iommu-bypass-test.h"

static void no_grant_to_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
	addr = map(test, 1, page, 0, SZ_4K, BYPASS);
	expect_translated(test, 1, addr);
	dma_roundtrip(test, 1, addr, page_address(page), EDU_MAX, 80);
	unmap(1, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(1, page_to_phys(page)), 0);
}

static void mask_below_window_to_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(32)));
	KUNIT_EXPECT_LE(test, map_once(test, 0, page, SZ_4K, BYPASS),
			DMA_BIT_MASK(32));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, SZ_4K, BYPASS),
			window_base(0) + page_to_phys(page));
}

/* A policy that the IOMMU cannot follow: translated, never open instead. */
static void guard_where_unsupported_to_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	unsigned long attrs;
	dma_addr_t addr;

	if (open_guarded(test, 0))
		return;
	for (attrs = 0; attrs <= BYPASS; attrs += BYPASS) {
		addr = map(test, 0, page, 0, SZ_4K, attrs);
		expect_translated(test, 0, addr);
		dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, attrs);
		unmap(0, addr, SZ_4K, attrs);
	}
	/* Nothing opens later, either. */
	msleep(40);
	expect_state(test, dev_of(0), CLOSED, NO_UNSUPPORTED);
	expect_fault(test, 0, window_base(0) + page_to_phys(page),
		     page_address(page));
}

#endif /* _DMA_IOMMU_BYPASS_TEST_DENIED_H */
