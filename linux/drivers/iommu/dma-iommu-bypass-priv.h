/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows in the domains of dma-iommu: what dma-iommu-bypass*.c share.
 */
#ifndef __DMA_IOMMU_BYPASS_PRIV_H
#define __DMA_IOMMU_BYPASS_PRIV_H

#include <linux/list.h>
#include <linux/mutex.h>

#include "dma-iommu-bypass.h"

/**
 * struct iommu_dma_bypass - the window of a DMA domain
 * @domain: the domain
 * @base: IOVA of physical address 0
 * @size: its span, which is withheld from the IOVA allocator
 * @conflict: a device of the group has reserved some of the span
 * @prot: IOMMU_READ and so on, while there are users
 * @extents: what is mapped, in order, struct iommu_dma_bypass_extent
 * @users: devices that have it open, struct iommu_dma_bypass_user
 * @node: in iommu_dma_bypass_windows while there are users
 *
 * @users changes with the group's mutex held, too.
 */
struct iommu_dma_bypass {
	struct iommu_domain	*domain;
	dma_addr_t		base;
	dma_addr_t		size;
	bool			conflict;
	int			prot;
	struct list_head	extents;
	struct list_head	users;
	struct list_head	node;
};

/*
 * Memory that is unmapped as a whole: a part of it may be the part of a large
 * page.  Memory that can be hot-removed is therefore mapped block by block, and
 * leaves the window with its block.  What else goes offline is not published any
 * more, and is unmapped with the window.
 */
struct iommu_dma_bypass_extent {
	phys_addr_t		start;
	phys_addr_t		end;
	bool			removable;
	struct list_head	node;
};

struct iommu_dma_bypass_user {
	struct device		*dev;
	struct list_head	node;
};

/* Protects all of the above. */
extern struct mutex iommu_dma_bypass_mutex;

int iommu_dma_bypass_setup(struct iommu_dma_bypass *window, int prot);
void iommu_dma_bypass_teardown(struct iommu_dma_bypass *window);
int iommu_dma_bypass_publish(struct iommu_dma_bypass *window,
			     struct iommu_dma_bypass_user *user);

#endif /* __DMA_IOMMU_BYPASS_PRIV_H */
