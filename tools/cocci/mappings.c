// SPDX-License-Identifier: GPL-2.0
/*
 * What dma_bypass.cocci has to report: on the lines that end with a comment, in the
 * comment's words.  The other lines are correct.  This is not compiled.
 */
#define BOTH (DMA_ATTR_IOMMU_BYPASS | DMA_ATTR_NO_WARN)

int map_members(struct foo *foo, struct bar *bar)
{
	foo->good = dma_map_page_attrs(foo->dev, foo->page, 0, PAGE_SIZE,
				       DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);
	if (dma_mapping_error(foo->dev, foo->good))
		return -ENOMEM;
	foo->bad = dma_map_phys(foo->dev, foo->phys, foo->len, DMA_TO_DEVICE,
				DMA_ATTR_NO_WARN | DMA_ATTR_IOMMU_BYPASS);
	if (dma_mapping_error(foo->dev, foo->bad))
		return -ENOMEM;
	foo->plain = dma_map_single(foo->dev, foo->buf, foo->len, DMA_TO_DEVICE);
	bar->unknown = dma_map_phys(bar->dev, bar->phys, bar->len, DMA_TO_DEVICE,
				    bar->attrs);
	bar->either = dma_map_phys(bar->dev, bar->phys, bar->len, DMA_TO_DEVICE,
				   DMA_ATTR_IOMMU_BYPASS);
	if (dma_mapping_error(bar->dev, bar->either))
		bar->either = dma_map_phys(bar->dev, bar->phys, bar->len,
					   DMA_TO_DEVICE, 0);
	bar->req.embedded = dma_map_bvec(bar->dev, &bar->bv, DMA_TO_DEVICE,
					 DMA_ATTR_IOMMU_BYPASS);
	return dma_mapping_error(bar->dev, bar->req.embedded);
}

void unmap_members(struct foo *foo, struct bar *bar)
{
	dma_unmap_page_attrs(foo->dev, foo->good, PAGE_SIZE, DMA_TO_DEVICE,
			     DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_page(foo->dev, foo->bad, foo->len, DMA_TO_DEVICE);	/* unmapped without it */
	dma_unmap_phys(foo->dev, foo->bad, foo->len, DMA_TO_DEVICE, 0);	/* unmapped without it */
	dma_unmap_phys(foo->dev, foo->bad, foo->len, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);	/* unmapped without it */
	dma_unmap_phys(foo->dev, foo->bad, foo->len, DMA_TO_DEVICE, foo->attrs);
	dma_unmap_single(foo->dev, foo->plain, foo->len, DMA_TO_DEVICE);
	dma_unmap_single_attrs(foo->dev, foo->plain, foo->len, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);	/* unmapped with it */
	dma_unmap_phys(bar->dev, bar->unknown, bar->len, DMA_TO_DEVICE, 0);
	dma_unmap_phys(bar->dev, bar->unknown, bar->len, DMA_TO_DEVICE,
		       DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_phys(bar->dev, bar->either, bar->len, DMA_TO_DEVICE, 0);
	dma_unmap_page(bar->dev, bar->req.embedded, bar->len, DMA_TO_DEVICE);	/* unmapped without it */
}

int lists(struct foo *foo, struct bar *bar)
{
	if (dma_map_sgtable(foo->dev, &foo->sgt, foo->dir, DMA_ATTR_IOMMU_BYPASS))
		return -ENOMEM;
	if (!dma_map_sg_attrs(bar->dev, bar->list, bar->nr, DMA_TO_DEVICE,
			      DMA_ATTR_IOMMU_BYPASS))
		return -ENOMEM;
	return dma_map_sgtable(foo->dev, foo->other_sgt, DMA_TO_DEVICE, 0);
}

void unmap_lists(struct foo *foo, struct bar *bar)
{
	dma_unmap_sgtable(foo->dev, &foo->sgt, foo->dir, DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_sgtable(foo->dev, &foo->sgt, foo->dir, 0);	/* unmapped without it */
	dma_unmap_sg(bar->dev, bar->list, bar->nr, DMA_TO_DEVICE);	/* unmapped without it */
	dma_unmap_sgtable(foo->dev, foo->other_sgt, DMA_TO_DEVICE, BOTH);
	dma_unmap_sgtable(foo->dev, foo->other_sgt, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);	/* unmapped with it */
}

int locals(struct device *dev, struct page *page, void *buf, struct sg_table *sgt)
{
	dma_addr_t one, two, three;

	one = dma_map_page_attrs(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE,
				 DMA_ATTR_IOMMU_BYPASS);
	if (dma_mapping_error(dev, one))
		return -ENOMEM;
	two = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, two)) {
		dma_unmap_page(dev, one, PAGE_SIZE, DMA_TO_DEVICE);	/* unmapped without it */
		return -ENOMEM;
	}
	three = dma_map_single_attrs(dev, buf, 64, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);	/* not checked */
	wait_for(dev, one, two, three);
	dma_unmap_page_attrs(dev, one, PAGE_SIZE, DMA_TO_DEVICE,
			     DMA_ATTR_IOMMU_BYPASS);
	dma_unmap_single_attrs(dev, two, 64, DMA_TO_DEVICE, DMA_ATTR_IOMMU_BYPASS);	/* unmapped with it */
	dma_unmap_single_attrs(dev, three, 64, DMA_TO_DEVICE,
			       DMA_ATTR_IOMMU_BYPASS);
	one = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	if (!dma_mapping_error(dev, one))
		dma_unmap_single(dev, one, 64, DMA_TO_DEVICE);
	return 0;
}

void ignored(struct foo *foo)
{
	foo->ring = dma_alloc_attrs(foo->dev, PAGE_SIZE, &foo->ring_addr, GFP_KERNEL, DMA_ATTR_IOMMU_BYPASS);	/* ignored */
	foo->desc = dma_alloc_attrs(foo->dev, PAGE_SIZE, &foo->desc_addr,
				    GFP_KERNEL, DMA_ATTR_NO_WARN);
	foo->mmio = dma_map_resource(foo->dev, foo->bar, 64, DMA_TO_DEVICE, DMA_ATTR_NO_WARN | DMA_ATTR_IOMMU_BYPASS);	/* ignored */
	if (dma_mapping_error(foo->dev, foo->mmio))
		return;
	dma_free_attrs(foo->dev, PAGE_SIZE, foo->ring, foo->ring_addr, DMA_ATTR_IOMMU_BYPASS);	/* ignored */
}
