// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: mappings other than a page in a simple window.
 */
#include <linux/dma-direct.h>
#include <linux/export.h>
#include <linux/iommu-dma.h>
#include <linux/scatterlist.h>
#include "bypass.h"
#include "bypass-map.h"

static bool dma_bypass_contains(const struct dma_bypass_window *win,
				phys_addr_t phys, size_t size)
{
	unsigned int i;

	for (i = 0; i < win->nr_ranges; i++)
		if (dma_bypass_in_range(&win->ranges[i], phys, size))
			return true;
	return false;
}

static dma_addr_t dma_bypass_addr(const struct dma_bypass_window *win,
				  struct device *dev, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	dma_addr_t addr;
	u64 mask;

	/* The window may have been closed, or opened, since the caller looked. */
	if (!win || win->priv || !dma_bypass_contains(win, phys, size) ||
	    dma_kmalloc_needs_bounce(dev, size, dir))
		return DMA_MAPPING_ERROR;
	if (!win->ops)
		return win->base + phys;

	/* The provider does not know the mask. */
	addr = win->ops->map(dev, phys, size, dir, attrs);
	mask = dma_bypass_mask(dev);
	if (addr > mask || size - 1 > mask - addr)
		return DMA_MAPPING_ERROR;
	return addr;
}

bool dma_bypass_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir, unsigned long attrs, dma_addr_t *addr)
{
	const struct dma_bypass_window *win = dma_bypass_published(dev);

	*addr = dma_bypass_addr(win, dev, phys, size, dir, attrs);
	if (*addr == DMA_MAPPING_ERROR)
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync(phys, size, dir, false);
	return true;
}

/* Of an address in the place of @win, which may be that of a resolved window. */
bool __dma_bypass_unmap(const struct dma_bypass_window *win, struct device *dev, dma_addr_t addr,
			size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	if (win->ops && !win->priv && !win->ops->owns(dev, addr))
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync(addr - win->base, size, dir, true);
	if (win->priv)
		win->ops->guard_unmap(win, addr, size);
	return true;
}

/*
 * As dma_direct_map_sg(): entry by entry, nothing is merged.  If one entry cannot
 * bypass, the ordinary path maps the whole list.
 */
bool dma_bypass_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_published(dev);
	struct scatterlist *sg;
	dma_addr_t addr;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		addr = dma_bypass_addr(win, dev, sg_phys(sg), sg->length, dir, attrs);
		if (addr == DMA_MAPPING_ERROR)
			return false;
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(sgl, nents, dir, false);
	return true;
}

void __dma_bypass_sync(phys_addr_t phys, size_t size,
		       enum dma_data_direction dir, bool for_cpu)
{
	if (for_cpu)
		arch_sync_dma_for_cpu(phys, size, dir);
	else
		arch_sync_dma_for_device(phys, size, dir);
	arch_sync_dma_flush();
	if (for_cpu)
		arch_sync_dma_for_cpu_all();
}

void __dma_bypass_sync_sg(struct scatterlist *sgl, int nents,
			  enum dma_data_direction dir, bool for_cpu)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		if (for_cpu)
			arch_sync_dma_for_cpu(sg_phys(sg), sg->length, dir);
		else
			arch_sync_dma_for_device(sg_phys(sg), sg->length, dir);
	}
	arch_sync_dma_flush();
	if (for_cpu)
		arch_sync_dma_for_cpu_all();
}

/**
 * dma_iova_try_alloc_attrs - dma_iova_try_alloc() that knows the bypass window
 * @dev: device to allocate the IOVA space for
 * @state: IOVA state
 * @phys: physical address of the first byte, or 0 if it is not known yet
 * @size: length in bytes
 * @attrs: attributes that the range is going to be mapped with
 *
 * Where the device's bypass window serves @phys, one IOVA range would cost more
 * than it gains: the caller is to use the regular DMA API, which bypasses.  With
 * @phys 0 it is enough that the window is open.  The bytes after the first may be
 * anywhere in memory: what the window does not serve is translated when it is
 * mapped.
 *
 * Context: Any.
 * Return: as dma_iova_try_alloc(); also %false where the window serves @phys.
 */
bool dma_iova_try_alloc_attrs(struct device *dev, struct dma_iova_state *state,
			      phys_addr_t phys, size_t size,
			      unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_requested(dev, attrs);

	if (win && !win->ops && (!phys || dma_bypass_contains(win, phys, 1))) {
		memset(state, 0, sizeof(*state));
		return false;
	}
	/*
	 * A guarded window leaves what is large to one IOVA and one invalidation.  No
	 * window behind dma-iommu is resolved, so that another one is unopened: request it.
	 */
	if (win && win->ops && !win->priv && use_dma_iommu(dev))
		win->ops->map(dev, phys, size, DMA_BIDIRECTIONAL, attrs);
	return dma_iova_try_alloc(dev, state, phys, size);
}
EXPORT_SYMBOL_GPL(dma_iova_try_alloc_attrs);
