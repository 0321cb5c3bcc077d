// SPDX-License-Identifier: GPL-2.0
/* As mappings.c, for a driver that relies on lists being merged. */

void limits(struct foo *foo)
{
	if (dma_get_merge_boundary(foo->dev))
		foo->max_segments = 1024;
}

int map_all(struct foo *foo)
{
	foo->addr = dma_map_phys(foo->dev, foo->phys, foo->len, DMA_TO_DEVICE,
				 DMA_ATTR_IOMMU_BYPASS);
	if (dma_mapping_error(foo->dev, foo->addr))
		return -ENOMEM;
	return dma_map_sgtable(foo->dev, &foo->sgt, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);	/* not merged */
}
