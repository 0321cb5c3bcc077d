/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: for drivers that map with DMA_ATTR_IOMMU_BYPASS.
 * See Documentation/core-api/dma-bypass.rst.
 */
#ifndef _LINUX_DMA_BYPASS_H
#define _LINUX_DMA_BYPASS_H

#include <linux/errno.h>

struct device;

#ifdef CONFIG_DMA_BYPASS
int dma_bypass_prepare(struct device *dev);
#else
static inline int dma_bypass_prepare(struct device *dev)
{
	return -EOPNOTSUPP;
}
#endif /* CONFIG_DMA_BYPASS */

#endif /* _LINUX_DMA_BYPASS_H */
