/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the suites of bypass windows behind an IOMMU: scatterlists.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_LIST_H
#define _DMA_IOMMU_BYPASS_TEST_LIST_H

#include <linux/scatterlist.h>

#include "dma-iommu-bypass-test.h"

/* As dma_roundtrip(), for a mapped list. */
static inline void list_roundtrip(struct kunit *test, struct sg_table *sgt, u64 seed)
{
	void *data = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);
	void *seen = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);
	struct scatterlist *sg;
	off_t done = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for_each_sgtable_dma_sg(sgt, sg, i) {
		size_t len = sg_dma_len(sg);

		edu_pattern(data, len, seed + i);
		sg_pcopy_from_buffer(sgt->sgl, sgt->orig_nents, data, len,
				     done);
		dma_sync_sgtable_for_device(dev_of(0), sgt, DMA_BIDIRECTIONAL);
		dma_read_expect(test, 0, sg_dma_address(sg), data, len);

		edu_pattern(data, len, ~(seed + i));
		dma_write(test, 0, sg_dma_address(sg), data, len);
		dma_sync_sgtable_for_cpu(dev_of(0), sgt, DMA_BIDIRECTIONAL);
		sg_pcopy_to_buffer(sgt->sgl, sgt->orig_nents, seen, len, done);
		KUNIT_EXPECT_MEMEQ(test, seen, data, len);
		done += len;
	}
	KUNIT_EXPECT_EQ(test, done, 2048);
}

/* A list of two: @low from 96 on, the start of @high. */
static inline void list_init(struct sg_table *sgt, struct scatterlist sgl[2],
			     struct page *low, struct page *high)
{
	sg_init_table(sgl, 2);
	sg_set_page(&sgl[0], low, 1000, 96);
	sg_set_page(&sgl[1], high, 1048, 0);
	*sgt = (struct sg_table) { .sgl = sgl, .nents = 2, .orig_nents = 2 };
}

#endif /* _DMA_IOMMU_BYPASS_TEST_LIST_H */
