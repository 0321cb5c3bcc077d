// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: the memory that a linear one maps.
 */
#include <linux/crash_reserve.h>
#include <linux/dma-bypass-ops.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <asm/sections.h>

static void dma_bypass_ram_insert(struct dma_bypass_ram *ram, unsigned int at,
				  phys_addr_t start, phys_addr_t end)
{
	struct dma_bypass_range *ranges;

	if (ram->err || end <= start)
		return;
	ranges = krealloc_array(ram->ranges, ram->nr + 1, sizeof(*ranges), GFP_KERNEL);
	if (!ranges) {
		ram->err = -ENOMEM;
		return;
	}
	ram->ranges = ranges;
	memmove(&ranges[at + 1], &ranges[at], (ram->nr - at) * sizeof(*ranges));
	ranges[at].start = start;
	ranges[at].size = end - start;
	ram->nr++;
}

/* Add a range that is not below what was added before.  An adjacent one is extended. */
void dma_bypass_ram_add(struct dma_bypass_ram *ram, phys_addr_t start, phys_addr_t end)
{
	struct dma_bypass_range *last = ram->nr ? &ram->ranges[ram->nr - 1] : NULL;

	if (last && last->start + last->size == start && end > start)
		last->size += end - start;
	else
		dma_bypass_ram_insert(ram, ram->nr, start, end);
}

/**
 * dma_bypass_ram_remove - leave out a range
 * @ram: the ranges
 * @start: first byte
 * @end: first byte behind
 */
void dma_bypass_ram_remove(struct dma_bypass_ram *ram, phys_addr_t start, phys_addr_t end)
{
	phys_addr_t range_start, range_end;
	unsigned int i;

	for (i = ram->nr; i-- > 0; ) {
		range_start = ram->ranges[i].start;
		range_end = range_start + ram->ranges[i].size;
		if (range_end <= start || range_start >= end)
			continue;
		memmove(&ram->ranges[i], &ram->ranges[i + 1],
			(--ram->nr - i) * sizeof(*ram->ranges));
		dma_bypass_ram_insert(ram, i, end, range_end);
		dma_bypass_ram_insert(ram, i, range_start, start);
	}
}

/* Add what is online of RAM: as hot-added memory, it is a resource before and after. */
void dma_bypass_ram_add_online(struct dma_bypass_ram *ram, phys_addr_t start,
			       phys_addr_t end)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	unsigned long pfn, next;

	for (pfn = PFN_UP(start); pfn < PFN_DOWN(end); pfn = next) {
		next = min(PFN_DOWN(end), SECTION_ALIGN_UP(pfn + 1));
		if (pfn_to_online_page(pfn))
			dma_bypass_ram_add(ram, PFN_PHYS(pfn), PFN_PHYS(next));
	}
#else
	dma_bypass_ram_add(ram, PFN_ALIGN(start), end & PAGE_MASK);
#endif
}

/* Memory that a driver plugs and unplugs piecemeal stays out. */
static int dma_bypass_ram_resource(struct resource *res, void *ram)
{
	if (!(res->flags & IORESOURCE_SYSRAM_DRIVER_MANAGED))
		dma_bypass_ram_add_online(ram, res->start, res->end + 1);
	return 0;
}

/**
 * dma_bypass_ram_add_system - add the system RAM that a window may map
 * @ram: the ranges; all zero at first
 * @start: first byte to look at
 * @end: first byte behind
 *
 * Neither holes nor MMIO nor ZONE_DEVICE memory are system RAM.  The kernel's
 * image, in whole blocks of 2 MiB so that the pages around it stay large, the
 * memory of the crash kernel, and memory that its driver manages are left out.
 */
void dma_bypass_ram_add_system(struct dma_bypass_ram *ram, phys_addr_t start,
			       phys_addr_t end)
{
	walk_system_ram_res(start, end - 1, ram, dma_bypass_ram_resource);
	dma_bypass_ram_remove(ram, ALIGN_DOWN(__pa_symbol(_text), SZ_2M),
			      ALIGN(__pa_symbol(_end), SZ_2M));
#ifdef CONFIG_CRASH_RESERVE
	if (crashk_res.end)
		dma_bypass_ram_remove(ram, crashk_res.start, crashk_res.end + 1);
	if (crashk_low_res.end)
		dma_bypass_ram_remove(ram, crashk_low_res.start, crashk_low_res.end + 1);
#endif
}

/* Free the ranges.  Afterwards, there are none. */
void dma_bypass_ram_free(struct dma_bypass_ram *ram)
{
	kfree(ram->ranges);
	*ram = (struct dma_bypass_ram) {};
}

static int dma_bypass_larger_first(const void *a, const void *b)
{
	const struct dma_bypass_range *one = a, *two = b;

	return cmp_int(two->size, one->size);
}

/**
 * dma_bypass_alloc_window - allocate a window
 * @base: DMA address of physical address 0
 * @size: length of the DMA address range that starts there
 * @ram: the memory that the window maps, or NULL for none
 *
 * Context: Process context.
 * Return: the window, for dma_bypass_publish(), or NULL: no memory.
 */
struct dma_bypass_window *
dma_bypass_alloc_window(dma_addr_t base, dma_addr_t size, const struct dma_bypass_ram *ram)
{
	unsigned int nr = ram && ram->nr ? ram->nr : 1;
	struct dma_bypass_window *win;

	if (ram && ram->err)
		return NULL;
	win = kzalloc_flex(*win, ranges, nr);
	if (!win)
		return NULL;
	win->base = base;
	win->size = size;
	win->nr_ranges = nr;
	if (ram && ram->nr)
		memcpy(win->ranges, ram->ranges, nr * sizeof(*win->ranges));
	sort(win->ranges, nr, sizeof(*win->ranges), dma_bypass_larger_first, NULL);
	return win;
}
