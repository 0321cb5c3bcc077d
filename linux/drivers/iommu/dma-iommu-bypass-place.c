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
static bool iommu_dma_bypass_is_free(const struct iommu_dma_bypass_geometry *geo,
				     dma_addr_t base, dma_addr_t size)
{
	dma_addr_t last = base + size - 1;
	unsigned int i;

	if (base < geo->aperture_start || last > geo->aperture_end)
		return false;
	for (i = 0; i < geo->nr_reserved; i++)
		if (base <= geo->reserved[i].end &&
		    last >= geo->reserved[i].start)
			return false;
	return true;
}

static dma_addr_t
iommu_dma_bypass_place_size(const struct iommu_dma_bypass_geometry *geo,
			    phys_addr_t end)
{
	dma_addr_t base;

	/* What remains must hold as many addresses as there is memory. */
	if (end > BIT_ULL(62) ||
	    (geo->aperture_end - geo->aperture_start) / 2 < end - 1)
		return DMA_MAPPING_ERROR;

	base = max_t(dma_addr_t, roundup_pow_of_two(end), SZ_4G);
	for (; base && base <= geo->aperture_end; base <<= 1)
		if (iommu_dma_bypass_is_free(geo, base, end))
			return base;
	return DMA_MAPPING_ERROR;
}

/**
 * iommu_dma_bypass_place - find the place of a bypass window
 * @geo: the aperture, the memory, and who else owns addresses
 * @size: set to the length of the window
 *
 * The lowest power of two that is not below 4 GiB, nor below the end of memory, and
 * where the window is inside the aperture and free.  So no physical address is by
 * accident one of the window's, at least as many addresses remain as there is
 * memory, and it is aligned to all page sizes that fit the memory.  The memory is
 * all that there may ever be, or, where that does not fit, what there is.
 *
 * Looks at nothing but @geo.
 *
 * Context: Any.
 * Return: the DMA address of physical address 0, or DMA_MAPPING_ERROR if there is
 * no such place.
 */
dma_addr_t iommu_dma_bypass_place(const struct iommu_dma_bypass_geometry *geo,
				  dma_addr_t *size)
{
	dma_addr_t base;

	*size = geo->possible;
	base = iommu_dma_bypass_place_size(geo, geo->possible);
	if (base == DMA_MAPPING_ERROR) {
		*size = geo->present;
		base = iommu_dma_bypass_place_size(geo, geo->present);
	}
	return base;
}
