/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows in the domains of dma-iommu.
 */
#ifndef __DMA_IOMMU_BYPASS_H
#define __DMA_IOMMU_BYPASS_H

#include <linux/dma-bypass-ops.h>
#include <linux/types.h>

struct device;
struct iommu_dma_bypass;
struct iommu_domain;
struct iova_domain;

/**
 * struct iommu_dma_bypass_geometry - what decides where a window lies
 * @aperture_start: first address of the aperture
 * @aperture_end: last address of the aperture
 * @possible: end of all memory that there may ever be
 * @present: end of the memory that there is
 * @nr_reserved: number of reserved ranges
 * @reserved: DMA addresses that belong to somebody else, in any order
 */
struct iommu_dma_bypass_geometry {
	dma_addr_t		aperture_start;
	dma_addr_t		aperture_end;
	phys_addr_t		possible;
	phys_addr_t		present;
	unsigned int		nr_reserved;
	const struct range	*reserved;
};

/* In dma-iommu.c: the window in the cookie of a DMA domain, or NULL. */
struct iommu_dma_bypass *iommu_dma_get_bypass(struct iommu_domain *domain);

#ifdef CONFIG_IOMMU_DMA_BYPASS
dma_addr_t iommu_dma_bypass_place(const struct iommu_dma_bypass_geometry *geo,
				  dma_addr_t *size);
struct iommu_dma_bypass *iommu_dma_bypass_reserve(struct device *dev,
						  struct iommu_domain *domain,
						  struct iova_domain *iovad);
void iommu_dma_bypass_release(struct iommu_dma_bypass *window);
void iommu_dma_bypass_attach(struct device *dev, struct iommu_domain *domain);
int iommu_dma_bypass_bind(struct device *dev, struct iommu_domain *domain);
bool iommu_dma_bypass_contains(struct iommu_domain *domain, dma_addr_t iova);
#else
static inline struct iommu_dma_bypass *
iommu_dma_bypass_reserve(struct device *dev, struct iommu_domain *domain,
			 struct iova_domain *iovad)
{
	return NULL;
}

static inline void iommu_dma_bypass_release(struct iommu_dma_bypass *window)
{
}

static inline void iommu_dma_bypass_attach(struct device *dev,
					   struct iommu_domain *domain)
{
}

static inline int iommu_dma_bypass_bind(struct device *dev,
					struct iommu_domain *domain)
{
	return 0;
}

static inline bool iommu_dma_bypass_contains(struct iommu_domain *domain,
					     dma_addr_t iova)
{
	return false;
}
#endif /* CONFIG_IOMMU_DMA_BYPASS */

#endif /* __DMA_IOMMU_BYPASS_H */
