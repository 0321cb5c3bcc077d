/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites for guarded bypass windows behind VT-d share.
 */
#ifndef _DMA_IOMMU_GUARD_TEST_H
#define _DMA_IOMMU_GUARD_TEST_H

#include <linux/scatterlist.h>

#include "dma-iommu-bypass-test.h"

static inline void open_guard(struct kunit *test, int i)
{
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_set_policy(dev_of(i),
						       DMA_BYPASS_POLICY_GUARD));
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(i)));
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(i)), DMA_BYPASS_GUARDED);
}

/* The first device is guarded, the second has no grant. */
static inline int guard_init(struct kunit *test)
{
	int err = window_test_init(test);

	if (!err)
		open_guard(test, 0);
	return err;
}

/* For dma-debug: pages are mapped more than once on purpose. */
#define OVERLAP		DMA_ATTR_DEBUGGING_IGNORE_CACHELINES

static inline dma_addr_t gmap_once(int i, struct page *page, unsigned int offset,
				   size_t len, enum dma_data_direction dir)
{
	return dma_map_page_attrs(dev_of(i), page, offset, len, dir, OVERLAP);
}

static inline void gunmap(int i, dma_addr_t addr, size_t len,
			  enum dma_data_direction dir)
{
	dma_unmap_page_attrs(dev_of(i), addr, len, dir, OVERLAP);
}

/* What is mapped for the first time is translated until its region is made. */
static inline dma_addr_t gmap(struct kunit *test, int i, struct page *page,
			      unsigned int offset, size_t len,
			      enum dma_data_direction dir)
{
	dma_addr_t addr;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		addr = gmap_once(i, page, offset, len, dir);
		KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(i), addr));
		if (in_window(i, addr))
			break;
		gunmap(i, addr, len, dir);
		msleep(20);
	}
	KUNIT_ASSERT_EQ(test, addr,
			window_base(i) + page_to_phys(page) + offset);
	return addr;
}

/* Make what @page needs to be mapped in the window. */
static inline void gtouch(struct kunit *test, int i, struct page *page)
{
	gunmap(i, gmap(test, i, page, 0, SZ_4K, DMA_TO_DEVICE), SZ_4K,
	       DMA_TO_DEVICE);
}

#endif /* _DMA_IOMMU_GUARD_TEST_H */
