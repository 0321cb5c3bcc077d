// SPDX-License-Identifier: GPL-2.0
/* All of it is converted: after/ has the result. */

int map_members(struct foo *foo, struct bio_vec *bv)
{
	foo->single = dma_map_single(foo->dev, foo->buf, foo->len, DMA_TO_DEVICE);
	foo->page = dma_map_page(foo->dev, foo->p, 0, PAGE_SIZE, foo->dir);
	foo->weak = dma_map_single_attrs(foo->dev, foo->buf, foo->len,
					 DMA_TO_DEVICE, DMA_ATTR_WEAK_ORDERING);
	foo->either = dma_map_page_attrs(foo->dev, foo->p, 0, 64, foo->dir,
					 foo->weak ? DMA_ATTR_WEAK_ORDERING : 0);
	foo->phys = dma_map_phys(foo->dev, foo->pa, 64, DMA_TO_DEVICE, 0);
	foo->mmio = dma_map_phys(foo->dev, foo->bar, 64, DMA_TO_DEVICE,
				 DMA_ATTR_MMIO);
	foo->bvec = dma_map_bvec(foo->dev, bv, DMA_TO_DEVICE, foo->attrs);
	foo->done = dma_map_phys(foo->dev, foo->pa, 64, DMA_TO_DEVICE,
				 DMA_ATTR_IOMMU_BYPASS);
	return dma_mapping_error(foo->dev, foo->single);
}

void unmap_members(struct foo *foo)
{
	dma_unmap_single(foo->dev, foo->single, foo->len, DMA_TO_DEVICE);
	dma_unmap_page(foo->dev, dma_unmap_addr(foo, page), PAGE_SIZE, foo->dir);
	dma_unmap_single_attrs(foo->dev, foo->weak, foo->len, DMA_TO_DEVICE,
			       DMA_ATTR_WEAK_ORDERING);
	dma_unmap_page_attrs(foo->dev, foo->either, 64, foo->dir,
			     foo->weak ? DMA_ATTR_WEAK_ORDERING : 0);
	dma_unmap_phys(foo->dev, foo->phys, 64, DMA_TO_DEVICE, 0);
	dma_unmap_phys(foo->dev, foo->mmio, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	dma_unmap_phys(foo->dev, foo->bvec, 64, DMA_TO_DEVICE, foo->attrs);
	dma_unmap_phys(foo->dev, foo->done, 64, DMA_TO_DEVICE,
		       DMA_ATTR_IOMMU_BYPASS);
}

int lists(struct foo *foo, struct sg_table *sgt)
{
	int nr = dma_map_sg(foo->dev, foo->sg, foo->nents, DMA_TO_DEVICE);

	if (!nr)
		return -ENOMEM;
	if (dma_map_sgtable(foo->dev, sgt, DMA_TO_DEVICE, 0)) {
		dma_unmap_sg(foo->dev, foo->sg, foo->nents, DMA_TO_DEVICE);
		return -ENOMEM;
	}
	if (!dma_map_sg_attrs(foo->dev, foo->more, foo->nents, DMA_TO_DEVICE,
			      DMA_ATTR_SKIP_CPU_SYNC))
		return -ENOMEM;
	dma_unmap_sgtable(foo->dev, sgt, DMA_TO_DEVICE, 0);
	return nr;
}

int fragments(struct foo *foo, skb_frag_t *frag, int offset, size_t len)
{
	foo->whole = skb_frag_dma_map(foo->dev, frag);
	foo->first = skb_frag_dma_map(foo->dev, frag, 0, len, DMA_TO_DEVICE);
	foo->rest = skb_frag_dma_map(foo->dev, frag, offset, len, DMA_TO_DEVICE);
	return dma_mapping_error(foo->dev, foo->rest);
}

void other(struct foo *foo)
{
	foo->ring = dma_alloc_coherent(foo->dev, PAGE_SIZE, &foo->addr, GFP_KERNEL);
	foo->port = dma_map_resource(foo->dev, foo->bar, 64, DMA_TO_DEVICE, 0);
	dma_sync_single_for_cpu(foo->dev, foo->single, foo->len, DMA_TO_DEVICE);
}
