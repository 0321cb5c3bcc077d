/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: the short way of a page, which needs no stack frame.
 *
 * The ladder in mapping.c saves registers for what comes after a translation.
 * So that a page in a window need not, the ladder is entered by a tail call, by
 * one function for each way through it.
 */
#ifndef _KERNEL_DMA_BYPASS_PAGE_H
#define _KERNEL_DMA_BYPASS_PAGE_H

#include <linux/iommu-dma.h>
#include <trace/events/dma.h>
#include "bypass.h"
#include "debug.h"
#include "direct.h"

/* How the ladder is entered. */
enum dma_way { DMA_DIRECTLY, DMA_BYPASSED, DMA_TRANSLATED };

#ifdef CONFIG_DMA_BYPASS

#define __dma_way	noinline

/*
 * Not for dma-iommu, and not for ops alone.  Where this says no, at most
 * arch_dma_map_page_direct() and its like make a mapping direct.
 */
static inline bool dma_may_be_direct(struct device *dev)
{
	if (unlikely(use_dma_iommu(dev)))
		return false;
#ifdef CONFIG_DMA_OPS_BYPASS
	if (dev->dma_ops_bypass)
		return true;
#endif
	return !get_dma_ops(dev);
}

#else /* CONFIG_DMA_BYPASS */

#define __dma_way	__always_inline

static inline bool dma_may_be_direct(struct device *dev)
{
	return true;
}

#endif /* CONFIG_DMA_BYPASS */

/* Not asked again where the way says it. */
static __always_inline bool dma_way_is_bypassed(struct device *dev,
						unsigned long attrs,
						enum dma_way way)
{
	return way == DMA_BYPASSED ||
	       (way == DMA_DIRECTLY && dma_bypass_asked_for(dev, attrs));
}

/* The same, of an address that is unmapped. */
static __always_inline bool dma_way_was_bypassed(struct device *dev,
						 dma_addr_t addr,
						 enum dma_way way)
{
	return way == DMA_BYPASSED ||
	       (way == DMA_DIRECTLY && dma_bypass_below(dev, addr));
}

/* Nobody to ask, no cache to maintain. */
static inline bool dma_bypass_is_plain(struct device *dev,
				       const struct dma_bypass_window *win)
{
	return likely(!win->ops) && dev_is_dma_coherent(dev);
}

/* Nobody to tell, either; and nobody who would find @dir wrong. */
static inline bool dma_bypass_map_is_plain(struct device *dev,
					   const struct dma_bypass_window *win,
					   size_t size,
					   enum dma_data_direction dir)
{
	return valid_dma_direction(dir) && dma_bypass_is_plain(dev, win) &&
	       !dma_kmalloc_needs_bounce(dev, size, dir) &&
	       !IS_ENABLED(CONFIG_KMSAN) && !trace_dma_map_page_enabled() &&
	       !debug_dma_active();
}

static inline bool
dma_bypass_unmap_is_plain(struct device *dev,
			  const struct dma_bypass_window *win,
			  enum dma_data_direction dir)
{
	return valid_dma_direction(dir) && dma_bypass_is_plain(dev, win) &&
	       !trace_dma_unmap_page_enabled() && !debug_dma_active();
}

#endif /* _KERNEL_DMA_BYPASS_PAGE_H */
