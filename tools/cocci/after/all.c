// SPDX-License-Identifier: GPL-2.0
/* All of it is converted: after/ has the result. */

int map_members(struct foo *foo, struct bio_vec *bv)
{
	foo->single = dma_map_single_attrs(foo->dev, foo->buf, foo->len,
					   DMA_TO_DEVICE,
					   DMA_ATTR_IOMMU_BYPASS);
	foo->page = dma_map_page_attrs(foo->dev, foo->p, 0, PAGE_SIZE,
				       foo->dir, DMA_ATTR_IOMMU_BYPASS);
	foo->weak = dma_map_single_attrs(foo->dev, foo->buf, foo->len,
					 DMA_TO_DEVICE,
					 DMA_ATTR_WEAK_ORDERING | DMA_ATTR_IOMMU_BYPASS);
	foo->either = dma_map_page_attrs(foo->dev, foo->p, 0, 64, foo->dir,
					 (foo->weak ? DMA_ATTR_WEAK_ORDERING : 0) | DMA_ATTR_IOMMU_BYPASS);
	foo->phys = dma_map_phys(foo->dev, foo->pa, 64, DMA_TO_DEVICE,
				 DMA_ATTR_IOMMU_BYPASS);
	foo->mmio = dma_map_phys(foo->dev, foo->bar, 64, DMA_TO_DEVICE,
				 DMA_ATTR_MMIO);
	foo->bvec = dma_map_bvec(foo->dev, bv, DMA_TO_DEVICE,
				 foo->attrs | DMA_ATTR_IOMMU_BYPASS);
	foo->done = dma_map_phys(foo->dev, foo->pa, 64, DMA_TO_DEVICE,
				 DMA_ATTR_IOMMU_BYPASS);
	return dma_mapping_error(foo->dev, foo->single);
}

void unmap_members(struct foo *foo)
{
	dma_unmap_single_attrs(foo->dev, foo->single, foo->len, DMA_TO_DEVICE,
			       DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_page_attrs(foo->dev, dma_unmap_addr(foo, page), PAGE_SIZE,
			     foo->dir, DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_single_attrs(foo->dev, foo->weak, foo->len, DMA_TO_DEVICE,
			       DMA_ATTR_WEAK_ORDERING | DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_page_attrs(foo->dev, foo->either, 64, foo->dir,
			     (foo->weak ? DMA_ATTR_WEAK_ORDERING : 0) | DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_phys(foo->dev, foo->phys, 64, DMA_TO_DEVICE,
		       DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_phys(foo->dev, foo->mmio, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	dma_unmap_phys(foo->dev, foo->bvec, 64, DMA_TO_DEVICE,
		       foo->attrs | DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_phys(foo->dev, foo->done, 64, DMA_TO_DEVICE,
		       DMA_ATTR_IOMMU_BYPASS);
}

int lists(struct foo *foo, struct sg_table *sgt)
{
	int nr = dma_map_sg_attrs(foo->dev, foo->sg, foo->nents,
				  DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);

	if (!nr)
		return -ENOMEM;
	if (dma_map_sgtable(foo->dev, sgt, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS)) {
		dma_unmap_sg_attrs(foo->dev, foo->sg, foo->nents,
				   DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);
		return -ENOMEM;
	}
	if (!dma_map_sg_attrs(foo->dev, foo->more, foo->nents, DMA_TO_DEVICE,
			      DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_IOMMU_BYPASS))
		return -ENOMEM;
	dma_unmap_sgtable(foo->dev, sgt, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);
	return nr;
}

int fragments(struct foo *foo, skb_frag_t *frag, int offset, size_t len)
{
	foo->whole = dma_map_page_attrs(foo->dev, skb_frag_page(frag),
					skb_frag_off(frag),
					skb_frag_size(frag), DMA_TO_DEVICE,
					DMA_ATTR_IOMMU_BYPASS);
	foo->first = dma_map_page_attrs(foo->dev, skb_frag_page(frag),
					skb_frag_off(frag), len,
					DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);
	foo->rest = dma_map_page_attrs(foo->dev, skb_frag_page(frag),
				       skb_frag_off(frag) + offset, len,
				       DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);
	return dma_mapping_error(foo->dev, foo->rest);
}

void other(struct foo *foo)
{
	foo->ring = dma_alloc_coherent(foo->dev, PAGE_SIZE, &foo->addr, GFP_KERNEL);
	foo->port = dma_map_resource(foo->dev, foo->bar, 64, DMA_TO_DEVICE, 0);
	dma_sync_single_for_cpu(foo->dev, foo->single, foo->len, DMA_TO_DEVICE);
}
