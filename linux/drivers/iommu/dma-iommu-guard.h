/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guarded bypass windows in the domains of dma-iommu.
 */
#ifndef __DMA_IOMMU_GUARD_H
#define __DMA_IOMMU_GUARD_H

#include <linux/errno.h>
#include <linux/types.h>

struct dma_bypass_window;
struct iommu_dma_guard;
struct iommu_domain;

#ifdef CONFIG_IOMMU_DMA_GUARD
bool iommu_dma_guard_supported(struct iommu_domain *domain, int prot);
struct iommu_dma_guard *iommu_dma_guard_alloc(struct iommu_domain *domain,
					      dma_addr_t base, dma_addr_t size);
int iommu_dma_guard_open(struct iommu_dma_guard *g, int prot);
void iommu_dma_guard_close(struct iommu_dma_guard *g);
void iommu_dma_guard_free(struct iommu_dma_guard *g);
void iommu_dma_guard_online(struct iommu_dma_guard *g, phys_addr_t start,
			    phys_addr_t end);
struct dma_bypass_window *iommu_dma_guard_window(struct iommu_dma_guard *g);
#else
static inline bool iommu_dma_guard_supported(struct iommu_domain *domain,
					     int prot)
{
	return false;
}

static inline struct iommu_dma_guard *
iommu_dma_guard_alloc(struct iommu_domain *domain, dma_addr_t base,
		      dma_addr_t size)
{
	return NULL;
}

static inline int iommu_dma_guard_open(struct iommu_dma_guard *g, int prot)
{
	return -EOPNOTSUPP;
}

static inline void iommu_dma_guard_close(struct iommu_dma_guard *g)
{
}

static inline void iommu_dma_guard_free(struct iommu_dma_guard *g)
{
}

static inline void iommu_dma_guard_online(struct iommu_dma_guard *g,
					  phys_addr_t start, phys_addr_t end)
{
}

static inline struct dma_bypass_window *
iommu_dma_guard_window(struct iommu_dma_guard *g)
{
	return NULL;
}
#endif /* CONFIG_IOMMU_DMA_GUARD */

#endif /* __DMA_IOMMU_GUARD_H */
