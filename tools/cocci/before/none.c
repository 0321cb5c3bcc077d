// SPDX-License-Identifier: GPL-2.0
/* The DMA engine core unmaps what is mapped here. */

int copy(struct foo *foo, struct dmaengine_unmap_data *unmap)
{
	unmap = dmaengine_get_unmap_data(foo->dev, 2, GFP_NOWAIT);
	unmap->addr[0] = dma_map_page(foo->dev, foo->page, 0, 64, DMA_TO_DEVICE);
	unmap->addr[1] = dma_map_phys(foo->dev, foo->phys, 64, DMA_TO_DEVICE, 0);
	return dma_mapping_error(foo->dev, unmap->addr[0]);
}
