// SPDX-License-Identifier: GPL-2.0
/*
 * Guarded bypass windows in the domains of dma-iommu: mappings.
 *
 * Any context; no lock but that of the IOMMU's invalidation queue, no allocation, no
 * IOVA, no page table walk.  See dma-iommu-guard-priv.h for the states of a page.
 */
#include <linux/atomic.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/scatterlist.h>

#include "dma-iommu-guard-priv.h"
#include "iommu-pages.h"
#include "iommu-priv.h"

/* What is longer takes the ordinary path: one IOVA, one invalidation, large pages. */
#define GUARD_MAX_SIZE		SZ_64K
/* Pages that are cleared before an invalidation of all of them. */
#define GUARD_BATCH		64

static __always_inline void __guard_set_entry(struct iommu_dma_guard *g,
					      u64 *leaf, u64 entry)
{
	WRITE_ONCE(*leaf, entry);
	if (g->flush_dev)
		iommu_pages_flush_incoherent(g->flush_dev, leaf, 0,
					     sizeof(*leaf));
}

void guard_set_entry(struct iommu_dma_guard *g, u64 *leaf, u64 entry)
{
	__guard_set_entry(g, leaf, entry);
}

static noinline void guard_request(struct iommu_dma_guard *g,
				   unsigned long region)
{
	if (!test_and_set_bit(region, g->wanted))
		queue_work(system_dfl_wq, &g->work);
}

/* The page is not mapped, and nothing is cached of it. */
static __always_inline void guard_release(u16 *state)
{
	/* Pairs with the first try_cmpxchg_acquire() in guard_map_page(). */
	smp_store_release(state, 0);
}

/* The page is BUSY, and its entry 0. */
static __always_inline bool guard_map_first(struct iommu_dma_guard *g,
					    unsigned long pfn, u16 *state,
					    u64 *leaf, u16 one)
{
	dma_addr_t iova = g->base + PFN_PHYS(pfn);

	iommu_debug_map(g->domain, iova, PFN_PHYS(pfn), PAGE_SIZE);
	__guard_set_entry(g, leaf, g->entry[one >> 14] + pfn * g->step);
	if (unlikely(iommu_sync_map(g->domain, iova, PAGE_SIZE))) {
		iommu_debug_unmap_begin(g->domain, iova, PAGE_SIZE);
		__guard_set_entry(g, leaf, 0);
		guard_release(state);
		return false;
	}
	/*
	 * Who counts up from here maps a page that the IOMMU translates: pairs with
	 * the acquire of the second try_cmpxchg_acquire() in guard_map_page().
	 */
	smp_store_release(state, one);
	return true;
}

static __always_inline bool guard_map_page(struct iommu_dma_guard *g,
					   unsigned long pfn, u16 one)
{
	struct guard_region *region = &g->regions[pfn / GUARD_PAGES];
	/* Pairs with the release in guard_make_region(): the leaf table is there. */
	u16 old, *state = smp_load_acquire(&region->state);

	if (unlikely(!state)) {
		guard_request(g, pfn / GUARD_PAGES);
		return false;
	}
	state += pfn % GUARD_PAGES;
	/*
	 * Acquire: the entry is set after it was cleared, and after what was cached of
	 * it is gone.  Pairs with the release in guard_release().
	 */
	old = 0;
	if (likely(try_cmpxchg_acquire(state, &old, GUARD_BUSY)))
		return guard_map_first(g, pfn, state,
				       &region->leaf[pfn % GUARD_PAGES], one);
	do {
		/* Another direction, BUSY, NEVER; 0 meanwhile; or too many. */
		if ((old ^ one) & GUARD_DIR || !(old & GUARD_COUNT) ||
		    (old & GUARD_COUNT) == GUARD_COUNT)
			return false;
	} while (!try_cmpxchg_acquire(state, &old, old + 1));
	return true;
}

/*
 * Uncount a mapping of a page.  Return the page's state if it was the last one: then
 * the page is BUSY and its entry 0, and it is to be invalidated and released.
 */
static __always_inline u16 *guard_clear_page(struct iommu_dma_guard *g,
					     unsigned long pfn)
{
	struct guard_region *region = &g->regions[pfn / GUARD_PAGES];
	/* As in guard_map_page(). */
	u16 old, new, *state = smp_load_acquire(&region->state);

	if (unlikely(!state))
		return NULL;
	state += pfn % GUARD_PAGES;
	old = READ_ONCE(*state);
	do {
		/* Unmapped twice, or late: dma-debug reports it. */
		if (unlikely(!(old & GUARD_COUNT) || old >= GUARD_BUSY))
			return NULL;
		new = (old & GUARD_COUNT) == 1 ? GUARD_BUSY : old - 1;
		/* Ordered: what the caller did with the page is done. */
	} while (!try_cmpxchg(state, &old, new));
	if (new != GUARD_BUSY)
		return NULL;

	iommu_debug_unmap_begin(g->domain, g->base + PFN_PHYS(pfn), PAGE_SIZE);
	__guard_set_entry(g, &region->leaf[pfn % GUARD_PAGES], 0);
	return state;
}

/* Wait until nothing is cached of pages whose entries were cleared. */
static __always_inline void guard_invalidate(struct iommu_dma_guard *g,
					     unsigned long first,
					     unsigned long last)
{
	struct iommu_iotlb_gather gather = {
		.start		= g->base + PFN_PHYS(first),
		.end		= g->base + PFN_PHYS(last) + PAGE_SIZE - 1,
		.pt.leaf_levels_bitmap = BIT(0),
		.freelist	= IOMMU_PAGES_LIST_INIT(gather.freelist),
	};

	g->domain->ops->iotlb_sync(g->domain, &gather);
}

/* Pages that are BUSY and wait for an invalidation. */
struct guard_batch {
	struct iommu_dma_guard	*g;
	unsigned long		first;
	unsigned long		last;
	unsigned int		nr;
	u16			*state[GUARD_BATCH];
};

static void guard_batch_flush(struct guard_batch *batch)
{
	unsigned int i;

	if (!batch->nr)
		return;
	guard_invalidate(batch->g, batch->first, batch->last);
	for (i = 0; i < batch->nr; i++)
		guard_release(batch->state[i]);
	batch->nr = 0;
}

static __always_inline void guard_batch_clear(struct guard_batch *batch,
					      unsigned long pfn)
{
	u16 *state = guard_clear_page(batch->g, pfn);

	if (!state)
		return;
	if (!batch->nr || pfn < batch->first)
		batch->first = pfn;
	if (!batch->nr || pfn > batch->last)
		batch->last = pfn;
	batch->state[batch->nr++] = state;
	if (batch->nr == GUARD_BATCH)
		guard_batch_flush(batch);
}

/* The pages [@pfn, @end), which are in the window. */
static noinline void guard_unmap_pages(struct iommu_dma_guard *g,
				       unsigned long pfn, unsigned long end)
{
	struct guard_batch batch;

	batch.g = g;
	batch.nr = 0;
	for (; pfn < end; pfn++)
		guard_batch_clear(&batch, pfn);
	guard_batch_flush(&batch);
}

static noinline bool guard_map_pages(struct iommu_dma_guard *g,
				     unsigned long first, unsigned long last,
				     u16 one)
{
	unsigned long pfn;

	for (pfn = first; pfn <= last; pfn++) {
		if (!guard_map_page(g, pfn, one)) {
			guard_unmap_pages(g, first, pfn);
			return false;
		}
	}
	return true;
}

static __always_inline dma_addr_t guard_map(struct iommu_dma_guard *g,
					    struct device *dev,
					    phys_addr_t phys, size_t size,
					    enum dma_data_direction dir)
{
	unsigned long first = PHYS_PFN(phys), last = PHYS_PFN(phys + size - 1);
	bool mapped;

	/* The first is true of size 0, too. */
	if (unlikely(size - 1 >= GUARD_MAX_SIZE || last >= g->nr_pages ||
		     dma_kmalloc_needs_bounce(dev, size, dir)))
		return DMA_MAPPING_ERROR;
	if (likely(first == last))
		mapped = guard_map_page(g, first, guard_one(dir));
	else
		mapped = guard_map_pages(g, first, last, guard_one(dir));
	return mapped ? g->base + phys : DMA_MAPPING_ERROR;
}

static dma_addr_t iommu_dma_guard_map(const struct dma_bypass_window *win,
				      struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir)
{
	return guard_map(win->priv, dev, phys, size, dir);
}

static void iommu_dma_guard_unmap(const struct dma_bypass_window *win,
				  dma_addr_t addr, size_t size)
{
	struct iommu_dma_guard *g = win->priv;
	unsigned long first = PHYS_PFN(addr - win->base);
	unsigned long last = PHYS_PFN(addr - win->base + size - 1);
	u16 *state;

	/* Nothing that was mapped has such a size. */
	if (unlikely(size - 1 >= GUARD_MAX_SIZE || last >= g->nr_pages))
		return;
	if (unlikely(first != last)) {
		guard_unmap_pages(g, first, last + 1);
		return;
	}
	state = guard_clear_page(g, first);
	if (!state)
		return;
	guard_invalidate(g, first, first);
	guard_release(state);
}

static void iommu_dma_guard_unmap_sg(const struct dma_bypass_window *win,
				     struct scatterlist *sgl, int nents)
{
	struct guard_batch batch;
	unsigned long pfn, last;
	struct scatterlist *sg;
	int i;

	batch.g = win->priv;
	batch.nr = 0;
	for_each_sg(sgl, sg, nents, i) {
		pfn = PHYS_PFN(sg_dma_address(sg) - win->base);
		last = PHYS_PFN(sg_dma_address(sg) - win->base +
				sg_dma_len(sg) - 1);
		if (last >= batch.g->nr_pages)
			continue;
		for (; pfn <= last; pfn++)
			guard_batch_clear(&batch, pfn);
	}
	guard_batch_flush(&batch);
}

/* Entry by entry, as a whole or not at all. */
static bool iommu_dma_guard_map_sg(const struct dma_bypass_window *win,
				   struct device *dev, struct scatterlist *sgl,
				   int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	dma_addr_t addr;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		addr = guard_map(win->priv, dev, sg_phys(sg), sg->length, dir);
		if (unlikely(addr == DMA_MAPPING_ERROR)) {
			iommu_dma_guard_unmap_sg(win, sgl, i);
			return false;
		}
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	return true;
}

const struct dma_bypass_ops iommu_dma_guard_ops = {
	.guard_map	= iommu_dma_guard_map,
	.guard_unmap	= iommu_dma_guard_unmap,
	.guard_map_sg	= iommu_dma_guard_map_sg,
	.guard_unmap_sg	= iommu_dma_guard_unmap_sg,
};
