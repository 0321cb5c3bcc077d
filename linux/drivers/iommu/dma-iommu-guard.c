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
#include "iommu-priv.h"

/* What is longer takes the ordinary path: one IOVA, one invalidation, large pages. */
#define GUARD_MAX_SIZE		SZ_64K
/* Pages that are cleared before an invalidation of all of them. */
#define GUARD_BATCH		64

static noinline void guard_request(struct iommu_dma_guard *g, unsigned long region)
{
	if (!test_and_set_bit(region, g->wanted))
		queue_work(system_dfl_wq, &g->work);
}

/* The page is not mapped, and nothing is cached of it. */
static __always_inline void guard_release(u16 *state)
{
	/* Pairs with the first try_cmpxchg_acquire() in guard_set_page(). */
	smp_store_release(state, 0);
}

/* The page is BUSY, its entry is set, and the IOMMU knows. */
static __always_inline void guard_mapped(u16 *state, u16 one)
{
	/*
	 * Who counts up from here maps a page that the IOMMU translates: pairs with
	 * the acquire of the second try_cmpxchg_acquire() in guard_set_page().
	 */
	smp_store_release(state, one);
}

/*
 * Count a mapping of a page.  If it is the first one, the entry is set, the page is
 * BUSY, and @state tells where that is to be guard_mapped() when the IOMMU knows.
 */
static __always_inline bool guard_set_page(struct iommu_dma_guard *g, unsigned long pfn, u16 one,
					   u16 **state)
{
	struct guard_region *region = &g->regions[pfn / GUARD_PAGES];
	/* Pairs with the release in guard_make_region(): the leaf table is there. */
	u16 old, *page = smp_load_acquire(&region->state);

	*state = NULL;
	if (unlikely(!page)) {
		guard_request(g, pfn / GUARD_PAGES);
		return false;
	}
	page += pfn % GUARD_PAGES;
	/*
	 * Acquire: the entry is set after it was cleared, and after what was cached of
	 * it is gone.  Pairs with the release in guard_release().
	 */
	old = 0;
	if (likely(try_cmpxchg_acquire(page, &old, GUARD_BUSY))) {
		iommu_debug_map(g->domain, g->base + PFN_PHYS(pfn), PFN_PHYS(pfn), PAGE_SIZE);
		guard_set_entry(g, &region->leaf[pfn % GUARD_PAGES],
				g->entry[one >> 14] + pfn * g->step);
		*state = page;
		return true;
	}
	do {
		/* Another direction, BUSY, NEVER; 0 meanwhile; or too many. */
		if ((old ^ one) & GUARD_DIR || !(old & GUARD_COUNT) ||
		    (old & GUARD_COUNT) == GUARD_COUNT)
			return false;
	} while (!try_cmpxchg_acquire(page, &old, old + 1));
	return true;
}

/*
 * Uncount a mapping of a page.  Return the page's state if it was the last one: then
 * the page is BUSY and its entry 0, and it is to be invalidated and released.
 */
static __always_inline u16 *guard_clear_page(struct iommu_dma_guard *g, unsigned long pfn)
{
	struct guard_region *region = &g->regions[pfn / GUARD_PAGES];
	/* As in guard_set_page(). */
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
	guard_set_entry(g, &region->leaf[pfn % GUARD_PAGES], 0);
	return state;
}

/* Wait until nothing is cached of pages whose entries were cleared. */
static __always_inline void guard_invalidate(struct iommu_dma_guard *g, unsigned long first,
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

/* Pages that are BUSY until the IOMMU knows of their entries.  Not cleared: @nr is enough. */
struct guard_batch {
	struct iommu_dma_guard	*g;
	unsigned long		first;
	unsigned long		last;
	unsigned int		nr;
	u16			*state[GUARD_BATCH];
};

static __always_inline void guard_batch_init(struct guard_batch *batch, struct iommu_dma_guard *g)
{
	batch->g = g;
	batch->nr = 0;
}

/* Return true if the batch is full. */
static __always_inline bool guard_batch_add(struct guard_batch *batch,
					    unsigned long pfn, u16 *state)
{
	if (!batch->nr || pfn < batch->first)
		batch->first = pfn;
	if (!batch->nr || pfn > batch->last)
		batch->last = pfn;
	batch->state[batch->nr++] = state;
	return batch->nr == GUARD_BATCH;
}

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

static __always_inline void guard_batch_clear(struct guard_batch *batch, unsigned long pfn)
{
	u16 *state = guard_clear_page(batch->g, pfn);

	if (state && guard_batch_add(batch, pfn, state))
		guard_batch_flush(batch);
}

/* The pages [@pfn, @end), which are in the window. */
static noinline void guard_unmap_pages(struct iommu_dma_guard *g,
				       unsigned long pfn, unsigned long end)
{
	struct guard_batch batch __uninitialized;

	guard_batch_init(&batch, g);
	for (; pfn < end; pfn++)
		guard_batch_clear(&batch, pfn);
	guard_batch_flush(&batch);
}

/* If it fails, which no driver with leaves does, the caller unmaps what is mapped here. */
static bool guard_batch_sync(struct guard_batch *batch, u16 one)
{
	unsigned int i, nr = batch->nr;
	int err;

	if (!nr)
		return true;
	err = iommu_sync_map(batch->g->domain, batch->g->base + PFN_PHYS(batch->first),
			     PFN_PHYS(batch->last - batch->first + 1));
	for (i = 0; i < nr; i++)
		guard_mapped(batch->state[i], one);
	batch->nr = 0;
	return !err;
}

static __always_inline bool guard_batch_set(struct guard_batch *batch, unsigned long pfn, u16 one)
{
	u16 *state;

	while (!guard_set_page(batch->g, pfn, one, &state)) {
		/* BUSY may be the batch's own: two buffers of a list in one page. */
		if (!batch->nr || !guard_batch_sync(batch, one))
			return false;
	}
	if (state && guard_batch_add(batch, pfn, state) && !guard_batch_sync(batch, one)) {
		guard_unmap_pages(batch->g, pfn, pfn + 1);
		return false;
	}
	return true;
}

/* A buffer of one or more pages, all of it or nothing. */
static __always_inline bool guard_batch_map(struct guard_batch *batch, unsigned long first,
					    unsigned long last, u16 one)
{
	unsigned long pfn;

	for (pfn = first; pfn <= last; pfn++) {
		if (unlikely(!guard_batch_set(batch, pfn, one))) {
			guard_batch_sync(batch, one);
			guard_unmap_pages(batch->g, first, pfn);
			return false;
		}
	}
	return true;
}

static noinline bool guard_map_pages(struct iommu_dma_guard *g, unsigned long first,
				     unsigned long last, u16 one)
{
	struct guard_batch batch __uninitialized;

	guard_batch_init(&batch, g);
	if (!guard_batch_map(&batch, first, last, one))
		return false;
	if (likely(guard_batch_sync(&batch, one)))
		return true;
	guard_unmap_pages(g, first, last + 1);
	return false;
}

static __always_inline bool guard_map_page(struct iommu_dma_guard *g, unsigned long pfn, u16 one)
{
	u16 *state;
	int err;

	if (!guard_set_page(g, pfn, one, &state))
		return false;
	if (!state)
		return true;
	err = iommu_sync_map(g->domain, g->base + PFN_PHYS(pfn), PAGE_SIZE);
	guard_mapped(state, one);
	if (unlikely(err))
		guard_unmap_pages(g, pfn, pfn + 1);
	return !err;
}

/* Size 0 does not fit, either. */
static __always_inline bool guard_fits(struct iommu_dma_guard *g,
				       struct device *dev, phys_addr_t phys,
				       size_t size, enum dma_data_direction dir)
{
	return size - 1 < GUARD_MAX_SIZE &&
	       PHYS_PFN(phys + size - 1) < g->nr_pages &&
	       !dma_kmalloc_needs_bounce(dev, size, dir);
}

static dma_addr_t iommu_dma_guard_map(const struct dma_bypass_window *win,
				      struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir)
{
	unsigned long first = PHYS_PFN(phys), last = PHYS_PFN(phys + size - 1);
	struct iommu_dma_guard *g = win->priv;
	bool mapped;

	if (unlikely(!guard_fits(g, dev, phys, size, dir)))
		return DMA_MAPPING_ERROR;
	if (likely(first == last))
		mapped = guard_map_page(g, first, guard_one(dir));
	else
		mapped = guard_map_pages(g, first, last, guard_one(dir));
	return mapped ? g->base + phys : DMA_MAPPING_ERROR;
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
	struct guard_batch batch __uninitialized;
	unsigned long pfn, last;
	struct scatterlist *sg;
	int i;

	guard_batch_init(&batch, win->priv);
	for_each_sg(sgl, sg, nents, i) {
		pfn = PHYS_PFN(sg_dma_address(sg) - win->base);
		last = PHYS_PFN(sg_dma_address(sg) - win->base + sg_dma_len(sg) - 1);
		if (last >= batch.g->nr_pages)
			continue;
		for (; pfn <= last; pfn++)
			guard_batch_clear(&batch, pfn);
	}
	guard_batch_flush(&batch);
}

/* As a whole or not at all. */
static bool iommu_dma_guard_map_sg(const struct dma_bypass_window *win,
				   struct device *dev, struct scatterlist *sgl,
				   int nents, enum dma_data_direction dir)
{
	u16 one = guard_one(dir);
	struct guard_batch batch __uninitialized;
	struct scatterlist *sg;
	phys_addr_t phys;
	int i;

	guard_batch_init(&batch, win->priv);
	for_each_sg(sgl, sg, nents, i) {
		phys = sg_phys(sg);
		if (unlikely(!guard_fits(batch.g, dev, phys, sg->length, dir) ||
			     !guard_batch_map(&batch, PHYS_PFN(phys),
					      PHYS_PFN(phys + sg->length - 1), one)))
			break;
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = batch.g->base + phys;
		sg_dma_len(sg) = sg->length;
	}
	if (likely(guard_batch_sync(&batch, one) && i == nents))
		return true;
	iommu_dma_guard_unmap_sg(win, sgl, i);
	return false;
}

const struct dma_bypass_ops iommu_dma_guard_ops = {
	.guard_map	= iommu_dma_guard_map,
	.guard_unmap	= iommu_dma_guard_unmap,
	.guard_map_sg	= iommu_dma_guard_map_sg,
	.guard_unmap_sg	= iommu_dma_guard_unmap_sg,
};
