/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: what mapping.c calls.
 */
#ifndef _KERNEL_DMA_BYPASS_MAP_H
#define _KERNEL_DMA_BYPASS_MAP_H

#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <trace/events/dma.h>

/* Where dma_bypass_requested(); false: translate it. */
bool dma_bypass_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir, unsigned long attrs, dma_addr_t *addr);
bool dma_bypass_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs);
bool __dma_bypass_unmap(const struct dma_bypass_window *win, struct device *dev, dma_addr_t addr,
			size_t size, enum dma_data_direction dir, unsigned long attrs);
void __dma_bypass_sync(phys_addr_t phys, size_t size, enum dma_data_direction dir, bool for_cpu);
void __dma_bypass_sync_sg(struct scatterlist *sgl, int nents,
			  enum dma_data_direction dir, bool for_cpu);
void __dma_bypass_mask_changed(struct device *dev);

static inline const struct dma_bypass_window *
dma_bypass_published(struct device *dev)
{
#ifdef CONFIG_DMA_BYPASS
	return READ_ONCE(dev->dma_bypass);
#else
	return NULL;
#endif
}

/* The same; most devices have none, and pay one instruction less. */
static inline const struct dma_bypass_window *dma_bypass_peek(struct device *dev)
{
#ifdef CONFIG_DMA_BYPASS
	/* Whoever finds a window reads it again. */
	if (!data_race(dev->dma_bypass))
		return NULL;
#endif
	return dma_bypass_published(dev);
}

static inline bool dma_bypass_in_range(const struct dma_bypass_range *range,
				       phys_addr_t phys, size_t size)
{
	phys_addr_t left;

	return !check_sub_overflow(range->size, phys - range->start, &left) && size <= left;
}

/*
 * The window that a mapping is to be tried in, or NULL.  Most devices have none:
 * they do not look at the attribute.
 */
static inline const struct dma_bypass_window *
dma_bypass_requested(struct device *dev, unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_published(dev);

	if (likely(!win) || !((attrs | win->attrs) & DMA_ATTR_IOMMU_BYPASS) ||
	    attrs & (DMA_ATTR_MMIO | DMA_ATTR_CC_SHARED))
		return NULL;
	return win->ranges[0].size ? win : NULL;
}

/* Nobody to ask, no cache to maintain. */
static inline bool dma_bypass_is_simple(struct device *dev,
					const struct dma_bypass_window *win)
{
	return !win->ops && dev_is_dma_coherent(dev);
}

/*
 * One test for both, so that a page without either attribute costs no more.  There is
 * no early exit where each mapping is to be reported.
 */
static inline bool dma_bypass_or_mmio(unsigned long attrs)
{
	if (!IS_ENABLED(CONFIG_DMA_BYPASS) || IS_ENABLED(CONFIG_DMA_API_DEBUG) ||
	    IS_ENABLED(CONFIG_KMSAN))
		return attrs & DMA_ATTR_MMIO;
	return attrs & (DMA_ATTR_MMIO | DMA_ATTR_IOMMU_BYPASS);
}

/*
 * The early exit of dma_map_page_attrs() with DMA_ATTR_IOMMU_BYPASS, which has no
 * stack frame.
 */
static inline bool dma_bypass_map_fast(struct device *dev, phys_addr_t phys,
				       size_t size, unsigned long attrs,
				       dma_addr_t *addr)
{
	const struct dma_bypass_window *win = dma_bypass_peek(dev);

	if (!win || attrs & (DMA_ATTR_MMIO | DMA_ATTR_CC_SHARED) ||
	    !dma_bypass_is_simple(dev, win) ||
	    !dma_bypass_in_range(&win->ranges[0], phys, size) ||
	    trace_dma_map_phys_enabled())
		return false;
	*addr = win->base + phys;
	return true;
}

static inline bool dma_bypass_guard_map(const struct dma_bypass_window *win, struct device *dev,
					phys_addr_t phys, size_t size, enum dma_data_direction dir,
					unsigned long attrs, dma_addr_t *addr)
{
	*addr = win->ops->guard_map(win, dev, phys, size, dir);
	if (*addr == DMA_MAPPING_ERROR)
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync(phys, size, dir, false);
	return true;
}

static inline bool dma_bypass_guard_map_sg(const struct dma_bypass_window *win, struct device *dev,
					   struct scatterlist *sgl, int nents,
					   enum dma_data_direction dir, unsigned long attrs)
{
	/* A driver that relies on merging asks for the window if it does not. */
	if (dev_dma_merges(dev) && !(attrs & DMA_ATTR_IOMMU_BYPASS))
		return false;
	if (!win->ops->guard_map_sg(win, dev, sgl, nents, dir))
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(sgl, nents, dir, false);
	return true;
}

/* Any mapping that the window is tried for; false: translate it. */
static inline bool dma_bypass_map(struct device *dev, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs, dma_addr_t *addr)
{
	const struct dma_bypass_window *win = dma_bypass_requested(dev, attrs);

	if (!win)
		return false;
	if (win->priv)
		return dma_bypass_guard_map(win, dev, phys, size, dir, attrs, addr);
	return dma_bypass_map_phys(dev, phys, size, dir, attrs, addr);
}

static inline bool dma_bypass_map_list(struct device *dev, struct scatterlist *sgl, int nents,
				       enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_requested(dev, attrs);

	if (!win)
		return false;
	if (win->priv)
		return dma_bypass_guard_map_sg(win, dev, sgl, nents, dir, attrs);
	return dma_bypass_map_sg(dev, sgl, nents, dir, attrs);
}

/*
 * The window that an address is in, or NULL.  By value: the policy may have
 * changed since it was mapped, and a driver may forget the attribute.
 */
static inline const struct dma_bypass_window *
dma_bypass_find(struct device *dev, dma_addr_t addr)
{
	const struct dma_bypass_window *win = dma_bypass_published(dev);

	if (!win || addr - win->base >= win->size)
		return NULL;
	if (unlikely(win->ops) && !win->priv && !win->ops->owns(dev, addr))
		return NULL;
	return win;
}

/* The early exit of dma_unmap_page_attrs(). */
static inline bool dma_bypass_unmap_fast(struct device *dev, dma_addr_t addr)
{
	const struct dma_bypass_window *win = dma_bypass_peek(dev);

	return win && addr - win->base < win->size &&
	       dma_bypass_is_simple(dev, win) &&
	       !trace_dma_unmap_phys_enabled();
}

/* Sync a mapping that is in the window, unless it is a resolved one. */
static inline bool dma_bypass_sync(struct device *dev, dma_addr_t addr,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs, bool for_cpu)
{
	const struct dma_bypass_window *win = dma_bypass_find(dev, addr);

	if (win && !dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync(addr - win->base, size, dir, for_cpu);
	return win;
}

/*
 * A list is in the window as a whole or not at all, so its first entry is
 * enough.  The bus address of a peer is not the window's, whatever its value.
 */
static inline const struct dma_bypass_window *
dma_bypass_find_sg(struct device *dev, struct scatterlist *sgl)
{
	const struct dma_bypass_window *win = dma_bypass_find(dev, sg_dma_address(sgl));

	return win && !sg_dma_is_bus_address(sgl) ? win : NULL;
}

static inline bool dma_bypass_sync_sg(struct device *dev,
				      struct scatterlist *sgl, int nents,
				      enum dma_data_direction dir,
				      unsigned long attrs, bool for_cpu)
{
	if (!dma_bypass_find_sg(dev, sgl))
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(sgl, nents, dir, for_cpu);
	return true;
}

/* Unmapping is no more than syncing for the CPU, unless the window is guarded. */
static inline bool dma_bypass_unmap(struct device *dev, dma_addr_t addr,
				    size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_published(dev);

	if (likely(!win) || addr - win->base >= win->size)
		return false;
	if (!win->ops && dev_is_dma_coherent(dev))
		return true;
	return __dma_bypass_unmap(win, dev, addr, size, dir, attrs);
}

static inline bool dma_bypass_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
				       enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_bypass_window *win = dma_bypass_find_sg(dev, sgl);

	if (!win)
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_bypass_sync_sg(sgl, nents, dir, true);
	if (win->priv)
		win->ops->guard_unmap_sg(win, sgl, nents);
	return true;
}

/* The driver may rely on lists being merged from now on, which windows do not. */
static inline void dma_bypass_promise_merging(struct device *dev)
{
	if (IS_ENABLED(CONFIG_DMA_BYPASS) && !dev_dma_merges(dev))
		dev_set_dma_merges(dev);
}

static inline void dma_bypass_mask_changed(struct device *dev)
{
	if (dma_bypass_published(dev))
		__dma_bypass_mask_changed(dev);
}

#endif /* _KERNEL_DMA_BYPASS_MAP_H */
