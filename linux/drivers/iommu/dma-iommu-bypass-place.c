// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows in the domains of dma-iommu: where they lie.
 */
#include <linux/bits.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/range.h>
#include <linux/sizes.h>

#include "dma-iommu-bypass.h"

/* Whether [base, base + size) is inside the aperture and belongs to nobody. */
bool iommu_dma_bypass_is_free(const struct iommu_dma_bypass_geometry *geo,
			      dma_addr_t base, dma_addr_t size)
{
	const struct range span = DEFINE_RANGE(base, base + size - 1);
	unsigned int i;

	for (i = 0; i < geo->nr_reserved; i++)
		if (range_overlaps(&geo->reserved[i], &span))
			return false;
	return span.start >= geo->aperture_start && span.end <= geo->aperture_end;
}

static dma_addr_t
iommu_dma_bypass_place_size(const struct iommu_dma_bypass_geometry *geo, phys_addr_t end)
{
	dma_addr_t base;

	if (!end || end > BIT_ULL(62))
		return DMA_MAPPING_ERROR;

	base = max_t(dma_addr_t, roundup_pow_of_two(end), SZ_4G);
	for (; base && base <= geo->aperture_end; base <<= 1)
		/* For masks that end in the window: below it is enough for all memory. */
		if (base >= geo->aperture_start && base - geo->aperture_start >= end &&
		    iommu_dma_bypass_is_free(geo, base, end))
			return base;
	return DMA_MAPPING_ERROR;
}

/*
 * Return the DMA address of physical address 0, and set @size to the length of the
 * window; DMA_MAPPING_ERROR if there is no place for one.
 *
 * It is the lowest power of two that is not below 4 GiB nor below the end of memory,
 * where the window is free.  So no physical address is by accident one of the
 * window's, and the base is aligned to all page sizes that fit the memory: all that
 * there may ever be, or, where that does not fit, what there is.  Below it remain at
 * least as many addresses as there is memory.
 */
dma_addr_t iommu_dma_bypass_place(const struct iommu_dma_bypass_geometry *geo,
				  dma_addr_t *size)
{
	dma_addr_t base;

	*size = geo->possible;
	base = iommu_dma_bypass_place_size(geo, *size);
	if (base == DMA_MAPPING_ERROR) {
		*size = geo->present;
		base = iommu_dma_bypass_place_size(geo, *size);
	}
	return base;
}
