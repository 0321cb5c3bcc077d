/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guarded bypass windows in the domains of dma-iommu: what dma-iommu-guard*.c share.
 *
 * The DMA address of a page is fixed: the window's base plus its physical address.
 * What changes is the page's entry in a leaf table of the IOMMU: set while the page
 * is mapped, 0 otherwise.
 *
 * Each page has a state, a word of 16 bits:
 *
 *	0		not mapped, nothing cached
 *	direction, n	mapped n times in this direction, the entry allows no other one
 *	BUSY		the entry is being set, or cleared and invalidated
 *	NEVER		no memory, or the window is closed
 *
 *	map:	0 -> BUSY, set the entry, -> (direction, 1)
 *		(direction, n) -> (direction, n + 1)
 *	unmap:	(direction, n) -> (direction, n - 1), n > 1
 *		(direction, 1) -> BUSY, clear the entry, invalidate, wait, -> 0
 *	close:	anything but BUSY -> NEVER
 *
 * Nobody waits for another CPU, nor disables interrupts: what finds a state that it
 * cannot use is mapped by the ordinary path, whose addresses are not the window's.
 * Only close waits, when the driver is gone.
 */
#ifndef __DMA_IOMMU_GUARD_PRIV_H
#define __DMA_IOMMU_GUARD_PRIV_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "dma-iommu-guard.h"
#include "iommu-pages.h"

#define GUARD_REGION_SHIFT	21
#define GUARD_PAGES		(1U << (GUARD_REGION_SHIFT - PAGE_SHIFT))

#define GUARD_COUNT		GENMASK(13, 0)
#define GUARD_DIR		GENMASK(15, 14)
#define GUARD_NR_DIRS		3
/* With a direction that there is not. */
#define GUARD_BUSY		((u16)GUARD_DIR)
#define GUARD_NEVER		((u16)(GUARD_DIR | 1))

static_assert(DMA_BIDIRECTIONAL == 0 && DMA_TO_DEVICE == 1 &&
	      DMA_FROM_DEVICE == 2);

/* One page, mapped once. */
static inline u16 guard_one(enum dma_data_direction dir)
{
	return dir << 14 | 1;
}

/**
 * struct guard_states - the states of the pages of a region
 * @page: state of each page
 * @region: number of the region
 * @node: in the list of the window's regions, or of those that are spare
 */
struct guard_states {
	u16			page[GUARD_PAGES];
	unsigned long		region;
	struct list_head	node;
};

/**
 * struct guard_region - 2 MiB of physical memory
 * @state: the state of each page, or NULL until the region is first used
 * @leaf: the entry of each page in the leaf table
 */
struct guard_region {
	u16			*state;
	u64			*leaf;
};

/**
 * struct iommu_dma_guard - the guarded window of a DMA domain
 * @regions: by number: physical address >> GUARD_REGION_SHIFT
 * @nr_pages: number of pages that @regions are for
 * @base: IOVA of physical address 0
 * @entry: by direction: the entry of physical address 0
 * @step: difference of the entries of neighbouring pages
 * @domain: the domain
 * @flush_dev: IOMMU that does not snoop the CPU's cache, or NULL
 * @wanted: regions that mappings wait for
 * @work: makes them
 * @lock: protects all of the below
 * @states: of regions that have a leaf table
 * @spare: of regions that had one before the window was closed; a late unmap may
 *	still look at them
 * @nr_states: length of @states
 * @max_states: bound of @nr_states
 * @prot: IOMMU_CACHE or 0
 */
struct iommu_dma_guard {
	struct guard_region	*regions;
	unsigned long		nr_pages;
	dma_addr_t		base;
	u64			entry[GUARD_NR_DIRS];
	u64			step;
	struct iommu_domain	*domain;
	struct device		*flush_dev;

	unsigned long		*wanted;
	struct work_struct	work;
	struct mutex		lock;	/* of what changes in process context */
	struct list_head	states;
	struct list_head	spare;
	unsigned long		nr_states;
	unsigned long		max_states;
	int			prot;
};

/* For regions without memory, or beyond the bound: never mapped. */
extern u16 guard_no_states[GUARD_PAGES];

extern const struct dma_bypass_ops iommu_dma_guard_ops;

static __always_inline void guard_set_entry(struct iommu_dma_guard *g, u64 *leaf, u64 entry)
{
	WRITE_ONCE(*leaf, entry);
	if (g->flush_dev)
		iommu_pages_flush_incoherent(g->flush_dev, leaf, 0, sizeof(*leaf));
}

#endif /* __DMA_IOMMU_GUARD_PRIV_H */
