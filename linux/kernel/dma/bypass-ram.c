// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: which memory a linear one shows.
 */
#include <linux/dma-bypass-ops.h>
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include <linux/string.h>

/**
 * dma_bypass_add_range - note memory that a window maps
 * @ram: the window's ranges
 * @start: first byte; not below, nor adjacent to, what was added before
 * @end: first byte behind; nothing happens if it is not above @start
 *
 * Where @ram is full, the smallest range is left out: that memory will be
 * translated.
 *
 * Context: Any.
 */
void dma_bypass_add_range(struct dma_bypass_range *ram, phys_addr_t start,
			  phys_addr_t end)
{
	struct dma_bypass_range all[DMA_BYPASS_RANGES + 1];
	int i, drop = DMA_BYPASS_RANGES;

	if (end <= start)
		return;

	all[0] = (struct dma_bypass_range) { start, end };
	memcpy(all + 1, ram, DMA_BYPASS_RANGES * sizeof(*ram));
	for (i = DMA_BYPASS_RANGES; i >= 0; i--)
		if (all[i].end - all[i].start < all[drop].end - all[drop].start)
			drop = i;
	for (i = 0; i <= DMA_BYPASS_RANGES; i++)
		if (i != drop)
			*ram++ = all[i];
}

static void dma_bypass_add_run(struct dma_bypass_walk *walk,
			       unsigned long pfn, unsigned long end)
{
	if (walk->run.end != PFN_PHYS(pfn)) {
		dma_bypass_add_range(walk->ram, walk->run.start, walk->run.end);
		walk->run.start = PFN_PHYS(pfn);
	}
	walk->run.end = PFN_PHYS(end);
}

/**
 * dma_bypass_add_online - note what of some RAM is online
 * @pfn: first page frame; not below what was added before
 * @nr_pages: number of page frames
 * @walk: struct dma_bypass_walk.  After the last call its @run is still to be
 *	added to its @ram
 *
 * Context: Any.
 * Return: 0, as walk_system_ram_range() wants it.
 */
int dma_bypass_add_online(unsigned long pfn, unsigned long nr_pages, void *walk)
{
	unsigned long end = pfn + nr_pages;
#ifdef CONFIG_MEMORY_HOTPLUG
	unsigned long next;

	/* Hot-added memory is a resource before, and after, it is online. */
	for (; pfn < end; pfn = next) {
		next = min(end, SECTION_ALIGN_UP(pfn + 1));
		if (pfn_to_online_page(pfn))
			dma_bypass_add_run(walk, pfn, next);
	}
#else
	dma_bypass_add_run(walk, pfn, end);
#endif
	return 0;
}

/**
 * dma_bypass_system_ram - find what a linear window should map
 * @ram: set to the largest contiguous ranges of online system RAM
 *
 * Neither holes nor MMIO nor ZONE_DEVICE memory are system RAM.
 *
 * Context: Process context.
 */
void dma_bypass_system_ram(struct dma_bypass_range *ram)
{
	struct dma_bypass_walk walk = { .ram = ram };

	memset(ram, 0, DMA_BYPASS_RANGES * sizeof(*ram));
	walk_system_ram_range(0, PHYS_PFN(-1ULL), &walk, dma_bypass_add_online);
	dma_bypass_add_range(ram, walk.run.start, walk.run.end);
}
