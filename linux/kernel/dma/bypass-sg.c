// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: scatterlists.
 */
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
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

static int dma_translate_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	if (use_dma_iommu(dev))
		return iommu_dma_map_sg(dev, sgl, nents, dir, attrs);
	return get_dma_ops(dev)->map_sg(dev, sgl, nents, dir, attrs);
}

/*
 * For lists that asked, whether or not there is a window.  As dma_direct_map_sg():
 * entry by entry, nothing is merged.
 */
int dma_bypass_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);
	struct scatterlist *sg;
	dma_addr_t addr;
	int i;

	if (!win)
		return dma_translate_sg(dev, sgl, nents, dir, attrs);
	for_each_sg(sgl, sg, nents, i) {
		addr = dma_bypass_addr(win, dev, sg_phys(sg), sg->length, dir,
				       attrs);
		if (addr == DMA_MAPPING_ERROR) {
			dma_bypass_unmap_entries(dev, sgl, i, dir, attrs);
			return dma_translate_sg(dev, sgl, nents, dir, attrs);
		}
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(dev, sgl, nents, dir, false);
	return nents;
}

/* As that, with dma-iommu: a list that was refused is passed on at once. */
int dma_bypass_or_iommu_map_sg(struct device *dev, struct scatterlist *sgl,
			       int nents, enum dma_data_direction dir,
			       unsigned long attrs)
{
	if (IS_ENABLED(CONFIG_IOMMU_DMA) && !dma_bypass_asked_for(dev, attrs))
		return iommu_dma_map_sg(dev, sgl, nents, dir, attrs);
	return dma_bypass_map_sg(dev, sgl, nents, dir, attrs);
}

static void dma_bypass_unmap_sg(struct device *dev, struct scatterlist *sgl,
				int nents, enum dma_data_direction dir,
				unsigned long attrs)
{
	dma_bypass_unmap_entries(dev, sgl, nents, dir, attrs);
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(dev, sgl, nents, dir, true);
}

/* The end of the ladder for lists whose first address may be in a window. */
void dma_bypass_or_unmap_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);

	if (dma_bypass_owns_sg(dev, sgl))
		dma_bypass_unmap_sg(dev, sgl, nents, dir, attrs);
	else if (use_dma_iommu(dev))
		iommu_dma_unmap_sg(dev, sgl, nents, dir, attrs);
	else if (ops->unmap_sg)
		ops->unmap_sg(dev, sgl, nents, dir, attrs);
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
