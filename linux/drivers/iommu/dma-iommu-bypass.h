/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows in the domains of dma-iommu.
 */
#ifndef __DMA_IOMMU_BYPASS_H
#define __DMA_IOMMU_BYPASS_H

#include <linux/dma-bypass-ops.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "dma-iommu-guard.h"

struct iommu_domain;
struct iova_domain;

/* What decides where a window lies. */
struct iommu_dma_bypass_geometry {
	dma_addr_t		aperture_start;
	dma_addr_t		aperture_end;
	phys_addr_t		possible;	/* end of memory that may ever be */
	phys_addr_t		present;	/* end of memory that there is */
	unsigned int		nr_reserved;
	const struct range	*reserved;	/* by somebody else, in any order */
};

/* The window of a DMA domain.  @users changes with the group's mutex held, too. */
struct iommu_dma_bypass {
	struct iommu_domain	*domain;
	dma_addr_t		base;		/* IOVA of physical address 0 */
	dma_addr_t		size;		/* of the withheld span */
	bool			conflict;	/* the span is reserved by a device */
	bool			guarded;	/* its users have the guarded window */
	struct iommu_dma_guard	*guard;		/* once there was one */
	int			prot;		/* IOMMU_READ etc., if there are users */
	struct list_head	extents;	/* what is mapped, in order */
	struct xarray		users;		/* devices that have it open */
	struct list_head	node;		/* in a list, if there are users */
};

extern struct mutex iommu_dma_bypass_mutex;

/* In dma-iommu.c: the window in the cookie of a DMA domain, or NULL. */
struct iommu_dma_bypass *iommu_dma_get_bypass(struct iommu_domain *domain);

bool iommu_dma_bypass_is_free(const struct iommu_dma_bypass_geometry *geo,
			      dma_addr_t base, dma_addr_t size);
dma_addr_t iommu_dma_bypass_place(const struct iommu_dma_bypass_geometry *geo,
				  dma_addr_t *size);

int iommu_dma_bypass_setup(struct iommu_dma_bypass *window, int prot,
			   bool guarded);
void iommu_dma_bypass_teardown(struct iommu_dma_bypass *window);
int iommu_dma_bypass_publish(struct iommu_dma_bypass *window, struct device *user);

struct iommu_dma_bypass *iommu_dma_bypass_reserve(struct device *dev,
						  struct iommu_domain *domain,
						  struct iova_domain *iovad);
void iommu_dma_bypass_release(struct iommu_dma_bypass *window);
void iommu_dma_bypass_attach(struct device *dev, struct iommu_domain *domain);
int iommu_dma_bypass_bind(struct device *dev, struct iommu_domain *domain);

int iommu_dma_bypass_domain_type(struct device *dev, int type);
void iommu_dma_bypass_report(struct device *dev);
void iommu_dma_bypass_forget(struct device *dev);

/* For iommu.debug_pagealloc, from which open windows are exempt. */
static inline bool iommu_dma_bypass_contains(struct iommu_domain *domain, dma_addr_t iova)
{
	struct iommu_dma_bypass *window = NULL;

	if (IS_ENABLED(CONFIG_IOMMU_DMA_BYPASS))
		window = iommu_dma_get_bypass(domain);
	return window && !window->guarded && iova - window->base < window->size;
}

#endif /* __DMA_IOMMU_BYPASS_H */
