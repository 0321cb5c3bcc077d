/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows in the domains of dma-iommu.
 */
#ifndef _DMA_IOMMU_BYPASS_H
#define _DMA_IOMMU_BYPASS_H

struct device;
struct iommu_domain;
struct iova_domain;

#ifdef CONFIG_IOMMU_DMA_BYPASS
void iommu_dma_bypass_reserve(struct iommu_domain *domain,
			      struct iova_domain *iovad);
void iommu_dma_bypass_release(struct iommu_domain *domain);
void iommu_dma_bypass_attach(struct device *dev);
#else
static inline void iommu_dma_bypass_reserve(struct iommu_domain *domain,
					    struct iova_domain *iovad)
{
}

static inline void iommu_dma_bypass_release(struct iommu_domain *domain)
{
}

static inline void iommu_dma_bypass_attach(struct device *dev)
{
}
#endif /* CONFIG_IOMMU_DMA_BYPASS */

#endif /* _DMA_IOMMU_BYPASS_H */
