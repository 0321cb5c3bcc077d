// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: scatterlists.
 */
#include <linux/scatterlist.h>
#include "bypass.h"

static void dma_bypass_unmap_entries(struct device *dev,
				     struct scatterlist *sgl, int nents,
				     enum dma_data_direction dir,
				     unsigned long attrs)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);
	struct scatterlist *sg;
	int i;

	if (likely(!win->ops) || !win->ops->unmap)
		return;
	for_each_sg(sgl, sg, nents, i)
		win->ops->unmap(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
				attrs);
}

/*
 * As dma_direct_map_sg(): entry by entry, nothing is merged.  On failure the
 * DMA fields may be written, as they are whenever a list could not be mapped.
 */
bool __dma_bypass_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
			 enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);
	struct scatterlist *sg;
	dma_addr_t addr;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		addr = dma_bypass_addr(win, dev, sg_phys(sg), sg->length, dir,
				       attrs);
		if (addr == DMA_MAPPING_ERROR) {
			dma_bypass_unmap_entries(dev, sgl, i, dir, attrs);
			return false;
		}
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(dev, sgl, nents, dir, false);
	return true;
}

void __dma_bypass_unmap_sg(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir,
			   unsigned long attrs)
{
	dma_bypass_unmap_entries(dev, sgl, nents, dir, attrs);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(dev, sgl, nents, dir, true);
}

void __dma_bypass_sync_sg(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir, bool for_cpu)
{
	struct scatterlist *sg;
	int i;

	if (dev_is_dma_coherent(dev))
		return;

	for_each_sg(sgl, sg, nents, i) {
		if (for_cpu)
			arch_sync_dma_for_cpu(sg_phys(sg), sg->length, dir);
		else
			arch_sync_dma_for_device(sg_phys(sg), sg->length, dir);
	}
	if (for_cpu)
		arch_sync_dma_for_cpu_all();
}
