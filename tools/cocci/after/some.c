// SPDX-License-Identifier: GPL-2.0
/* Lists that have to be merged, and fragments that may be memory of a device, stay. */

void limits(struct foo *foo)
{
	if (dma_get_merge_boundary(foo->dev))
		foo->max_segments = 1024;
}

int lists(struct foo *foo, struct sg_table *sgt)
{
	if (!dma_map_sg(foo->dev, foo->sg, foo->nents, DMA_TO_DEVICE))
		return -ENOMEM;
	dma_unmap_sg(foo->dev, foo->sg, foo->nents, DMA_TO_DEVICE);
	return dma_map_sgtable(foo->dev, sgt, DMA_TO_DEVICE, 0);
}

int fragments(struct foo *foo, skb_frag_t *frag, size_t len)
{
	foo->single = dma_map_single_attrs(foo->dev, foo->buf, len,
					   DMA_TO_DEVICE,
					   DMA_ATTR_IOMMU_BYPASS);
	foo->frag = skb_frag_dma_map(foo->dev, frag, 0, len, DMA_TO_DEVICE);
	dma_unmap_single_attrs(foo->dev, foo->single, len, DMA_TO_DEVICE,
			       DMA_ATTR_IOMMU_BYPASS);
	netmem_dma_unmap_page_attrs(foo->dev, foo->frag, len, DMA_TO_DEVICE, 0);
	return 0;
}
