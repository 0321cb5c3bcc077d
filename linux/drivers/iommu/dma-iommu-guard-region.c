// SPDX-License-Identifier: GPL-2.0
/*
 * Guarded bypass windows in the domains of dma-iommu: opened and closed, and what is
 * made when memory is mapped for the first time.
 */
#include <linux/bitmap.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-mapping.h>
#include <linux/generic_pt/iommu.h>
#include <linux/ioport.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "dma-iommu-guard-priv.h"
#include "iommu-priv.h"

u16 guard_no_states[GUARD_PAGES] = {
	[0 ... GUARD_PAGES - 1] = GUARD_NEVER,
};

static const int guard_prots[GUARD_NR_DIRS] = {
	[DMA_BIDIRECTIONAL]	= IOMMU_READ | IOMMU_WRITE,
	[DMA_TO_DEVICE]		= IOMMU_READ,
	[DMA_FROM_DEVICE]	= IOMMU_WRITE,
};

static int guard_entry(struct iommu_domain *domain, phys_addr_t phys, int dir,
		       int prot, u64 *entry)
{
	struct pt_iommu *pt = iommupt_from_domain(domain);

	if (!pt || !pt->ops->leaf_entry || !pt->ops->get_leaves ||
	    !domain->ops->iotlb_sync)
		return -EOPNOTSUPP;
	return pt->ops->leaf_entry(pt, phys, guard_prots[dir] | prot, entry);
}

/**
 * iommu_dma_guard_supported - whether a domain can have a guarded window
 * @domain: the domain
 * @prot: IOMMU_CACHE or 0
 *
 * Context: Any.
 * Return: true if its page tables give access to their leaves.
 */
bool iommu_dma_guard_supported(struct iommu_domain *domain, int prot)
{
	u64 entry;
	int dir;

	for (dir = 0; dir < GUARD_NR_DIRS; dir++)
		if (guard_entry(domain, 0, dir, prot, &entry))
			return false;
	return true;
}

static int guard_init_entries(struct iommu_dma_guard *g, int prot)
{
	u64 next;
	int dir, err = 0;

	for (dir = 0; dir < GUARD_NR_DIRS && !err; dir++)
		err = guard_entry(g->domain, 0, dir, prot, &g->entry[dir]);
	if (!err)
		err = guard_entry(g->domain, PAGE_SIZE, 0, prot, &next);
	if (!err)
		g->step = next - g->entry[0];
	return err;
}

/* Entries are linear in the address; see that those of a region are. */
static bool guard_check_entries(struct iommu_dma_guard *g, unsigned long region)
{
	unsigned long pfn = (region + 1) * GUARD_PAGES - 1;
	u64 entry;
	int dir;

	for (dir = 0; dir < GUARD_NR_DIRS; dir++)
		if (guard_entry(g->domain, PFN_PHYS(pfn), dir, g->prot, &entry) ||
		    entry != g->entry[dir] + pfn * g->step)
			return false;
	return true;
}

static int guard_add_ram(unsigned long pfn, unsigned long nr, void *states)
{
	u16 *page = states;

	memset16(page + pfn % GUARD_PAGES, 0, nr);
	return 0;
}

static struct guard_states *guard_alloc_states(struct iommu_dma_guard *g,
					       unsigned long region)
{
	struct guard_states *s;

	s = list_first_entry_or_null(&g->spare, struct guard_states, node);
	if (s)
		list_del(&s->node);
	else
		s = kmalloc_obj(*s);
	if (s) {
		memcpy(s->page, guard_no_states, sizeof(s->page));
		s->region = region;
	}
	return s;
}

static int guard_make_leaves(struct iommu_dma_guard *g, unsigned long region)
{
	struct pt_iommu *pt = iommupt_from_domain(g->domain);
	struct pt_iommu_leaves leaves;
	int err;

	err = pt->ops->get_leaves(pt, g->base + ((u64)region << GUARD_REGION_SHIFT),
				  GFP_KERNEL, &leaves);
	if (err)
		return err;
	if (leaves.nr != GUARD_PAGES || !guard_check_entries(g, region))
		return -EOPNOTSUPP;
	g->flush_dev = leaves.incoherent ? pt->iommu_device : NULL;
	g->regions[region].leaf = leaves.table;
	return 0;
}

/* Let the pages of a region be mapped.  What has none never is. */
static void guard_make_region(struct iommu_dma_guard *g, unsigned long region)
{
	u16 *state = guard_no_states;
	struct guard_states *s;

	if (g->regions[region].state)
		return;
	s = g->nr_states < g->max_states ? guard_alloc_states(g, region) : NULL;
	if (s && !walk_system_ram_range(region * GUARD_PAGES, GUARD_PAGES,
					s->page, guard_add_ram) &&
	    !guard_make_leaves(g, region)) {
		state = s->page;
		list_add(&s->node, &g->states);
		g->nr_states++;
	} else if (s) {
		list_add(&s->node, &g->spare);
	}
	/* Pairs with the acquire in guard_map_page(): the states and the leaves. */
	smp_store_release(&g->regions[region].state, state);
}

static void guard_work(struct work_struct *work)
{
	struct iommu_dma_guard *g = container_of(work, struct iommu_dma_guard,
						 work);
	unsigned long nr = g->nr_pages / GUARD_PAGES, region;

	guard(mutex)(&g->lock);
	for_each_set_bit(region, g->wanted, nr) {
		clear_bit(region, g->wanted);
		guard_make_region(g, region);
		cond_resched();
	}
}

/* Waits for an unmap that is late; returns how often the page was mapped. */
static unsigned int guard_shut(u16 *state)
{
	u16 old = READ_ONCE(*state);

	do {
		while (old == GUARD_BUSY) {
			cond_resched();
			old = READ_ONCE(*state);
		}
	} while (!try_cmpxchg(state, &old, GUARD_NEVER));
	return old == GUARD_NEVER ? 0 : old & GUARD_COUNT;
}

static void guard_unmake_region(struct iommu_dma_guard *g,
				struct guard_states *s,
				struct iommu_iotlb_gather *gather)
{
	dma_addr_t iova = g->base + ((u64)s->region << GUARD_REGION_SHIFT);
	struct guard_region *region = &g->regions[s->region];
	struct pt_iommu *pt = iommupt_from_domain(g->domain);
	unsigned int i;

	for (i = 0; i < GUARD_PAGES; i++) {
		if (!guard_shut(&s->page[i]))
			continue;
		/* The driver has left it mapped. */
		iommu_debug_unmap_begin(g->domain, iova + i * PAGE_SIZE,
					PAGE_SIZE);
		guard_set_entry(g, &region->leaf[i], 0);
	}
	WRITE_ONCE(region->state, NULL);
	WARN_ON(pt->ops->put_leaves(pt, iova, gather));
	list_move(&s->node, &g->spare);
	g->nr_states--;
}

/**
 * iommu_dma_guard_open - let mappings use a guarded window
 * @g: the window; it is closed
 * @prot: IOMMU_CACHE or 0
 *
 * Context: Process context.
 * Return: 0, or a negative errno.
 */
int iommu_dma_guard_open(struct iommu_dma_guard *g, int prot)
{
	guard(mutex)(&g->lock);
	g->prot = prot;
	return guard_init_entries(g, prot);
}

/**
 * iommu_dma_guard_close - tear down what a guarded window maps
 * @g: the window
 *
 * Context: Process context; the drivers are unbound.
 */
void iommu_dma_guard_close(struct iommu_dma_guard *g)
{
	unsigned long nr = g->nr_pages / GUARD_PAGES, region;
	struct iommu_iotlb_gather gather;
	struct guard_states *s, *next;

	cancel_work_sync(&g->work);
	guard(mutex)(&g->lock);
	iommu_iotlb_gather_init(&gather);
	list_for_each_entry_safe(s, next, &g->states, node) {
		guard_unmake_region(g, s, &gather);
		cond_resched();
	}
	iommu_iotlb_sync(g->domain, &gather);
	/* What had no memory may have some next time. */
	for (region = 0; region < nr; region++)
		WRITE_ONCE(g->regions[region].state, NULL);
	bitmap_zero(g->wanted, nr);
}

/**
 * iommu_dma_guard_online - memory came online
 * @g: the window
 * @start: first byte
 * @end: first byte behind
 *
 * Regions that had no memory when they were first used are made anew.
 *
 * Context: Process context.
 */
void iommu_dma_guard_online(struct iommu_dma_guard *g, phys_addr_t start,
			    phys_addr_t end)
{
	unsigned long region, nr = g->nr_pages / GUARD_PAGES;

	guard(mutex)(&g->lock);
	for (region = start >> GUARD_REGION_SHIFT;
	     region < min_t(u64, nr, end >> GUARD_REGION_SHIFT); region++)
		if (g->regions[region].state == guard_no_states)
			WRITE_ONCE(g->regions[region].state, NULL);
}

/* Memory behind the first 8 TiB is translated. */
#define GUARD_MAX_REGIONS	(SZ_64M / sizeof(struct guard_region))

/* Leaf tables and states: 64 MiB, or 1/512 of the memory, whichever is more. */
static unsigned long guard_max_states(dma_addr_t size)
{
	return max_t(u64, SZ_64M, size >> 9) /
	       (SZ_4K + sizeof(struct guard_states));
}

/**
 * iommu_dma_guard_alloc - allocate the guarded window of a domain
 * @domain: the domain
 * @base: IOVA of physical address 0, aligned to 2 MiB
 * @size: its span, which is withheld from the IOVA allocator
 *
 * Context: Process context.
 * Return: the window, closed, or NULL: no memory.
 */
struct iommu_dma_guard *iommu_dma_guard_alloc(struct iommu_domain *domain,
					      dma_addr_t base, dma_addr_t size)
{
	unsigned long nr = min_t(u64, size >> GUARD_REGION_SHIFT,
				 GUARD_MAX_REGIONS);
	struct iommu_dma_guard *g = kzalloc_obj(*g);

	if (!g)
		return NULL;
	g->regions = kvzalloc_objs(*g->regions, nr);
	g->wanted = bitmap_zalloc(nr, GFP_KERNEL);
	g->nr_pages = nr * GUARD_PAGES;
	g->max_states = guard_max_states(size);
	g->base = base;
	g->domain = domain;
	mutex_init(&g->lock);
	INIT_WORK(&g->work, guard_work);
	INIT_LIST_HEAD(&g->states);
	INIT_LIST_HEAD(&g->spare);
	if (!g->regions || !g->wanted) {
		iommu_dma_guard_free(g);
		return NULL;
	}
	return g;
}

/**
 * iommu_dma_guard_free - free the guarded window of a domain
 * @g: the window, closed, or NULL
 *
 * Context: Process context; the domain goes away.
 */
void iommu_dma_guard_free(struct iommu_dma_guard *g)
{
	struct guard_states *s, *next;

	if (!g)
		return;
	list_for_each_entry_safe(s, next, &g->spare, node)
		kfree(s);
	kvfree(g->regions);
	bitmap_free(g->wanted);
	kfree(g);
}

/**
 * iommu_dma_guard_window - what the mapping paths read
 * @g: the window
 *
 * Context: Process context.
 * Return: the window for dma_bypass_publish(), or NULL: no memory.
 */
struct dma_bypass_window *iommu_dma_guard_window(struct iommu_dma_guard *g)
{
	struct dma_bypass_range all = { .size = PFN_PHYS(g->nr_pages) };
	struct dma_bypass_ram ram = { .ranges = &all, .nr = 1 };
	struct dma_bypass_window *win;

	win = dma_bypass_alloc_window(g->base, PFN_PHYS(g->nr_pages), &ram);
	if (win) {
		win->ops = &iommu_dma_guard_ops;
		win->priv = g;
		win->attrs = DMA_ATTR_IOMMU_BYPASS;
	}
	return win;
}
