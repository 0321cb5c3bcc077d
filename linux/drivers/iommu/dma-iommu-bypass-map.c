// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows in the domains of dma-iommu: the memory that they map.
 */
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "dma-iommu-bypass.h"

/* What one iommu_map() mapped is unmapped as a whole: it may be one large page. */
struct iommu_dma_bypass_extent {
	phys_addr_t		start;
	phys_addr_t		end;
	struct list_head	node;
};

/* Protects windows that are in use, and what they map. */
DEFINE_MUTEX(iommu_dma_bypass_mutex);
static LIST_HEAD(iommu_dma_bypass_windows);

/* The largest page size that memory of this size can be mapped with. */
static u64 iommu_dma_bypass_pgsize(struct iommu_dma_bypass *window, u64 size)
{
	u64 sizes = window->domain->pgsize_bitmap;

	return BIT_ULL(__fls(sizes & GENMASK_ULL(__fls(size), 0) ?: sizes & -sizes));
}

static bool iommu_dma_bypass_removable(phys_addr_t phys)
{
	struct page *page = pfn_to_online_page(PHYS_PFN(phys));

	return page && is_zone_movable_page(page);
}

/*
 * End of the extent that starts at @start: 512 of the largest pages, not to hog the
 * CPU, and one memory block where it can be removed.
 */
static phys_addr_t iommu_dma_bypass_extent_end(struct iommu_dma_bypass *window,
					       phys_addr_t start, phys_addr_t end)
{
	u64 most = iommu_dma_bypass_pgsize(window, end - start) * 512;
	phys_addr_t pos, block;
	bool removable;

	end = min(end, ALIGN_DOWN(start, most) + most);
	if (!IS_ENABLED(CONFIG_MEMORY_HOTREMOVE))
		return end;
	removable = iommu_dma_bypass_removable(start);
	block = memory_block_size_bytes();
	for (pos = ALIGN(start + 1, block); pos < end; pos += block)
		if (removable || iommu_dma_bypass_removable(pos))
			return pos;
	return end;
}

static int iommu_dma_bypass_map(struct iommu_dma_bypass *window,
				phys_addr_t start, phys_addr_t end)
{
	struct iommu_dma_bypass_extent *ext = kzalloc_obj(*ext), *pos;
	int err;

	if (!ext)
		return -ENOMEM;
	err = iommu_map(window->domain, window->base + start, start, end - start,
			window->prot, GFP_KERNEL);
	if (err) {
		kfree(ext);
		return err;
	}
	ext->start = start;
	ext->end = end;
	list_for_each_entry_reverse(pos, &window->extents, node)
		if (pos->start < start)
			break;
	list_add(&ext->node, &pos->node);
	cond_resched();
	return 0;
}

static bool iommu_dma_bypass_is_online(struct iommu_dma_bypass_extent *ext)
{
	struct dma_bypass_ram ram = {};
	bool online;

	dma_bypass_ram_add_online(&ram, ext->start, ext->end);
	online = ram.nr || ram.err;
	dma_bypass_ram_free(&ram);
	return online;
}

/* Unmap all memory, or what is offline. */
static void iommu_dma_bypass_unmap(struct iommu_dma_bypass *window, bool all)
{
	struct iommu_dma_bypass_extent *ext, *next;
	size_t size;

	list_for_each_entry_safe(ext, next, &window->extents, node) {
		if (!all && iommu_dma_bypass_is_online(ext))
			continue;
		size = ext->end - ext->start;
		WARN_ON(iommu_unmap(window->domain, window->base + ext->start,
				    size) != size);
		list_del(&ext->node);
		kfree(ext);
		cond_resched();
	}
}

/*
 * Small pages make large page tables: up to 64 MiB of them, or 1/4096 of the
 * memory, whichever is more.
 */
static bool iommu_dma_bypass_affordable(struct iommu_dma_bypass *window,
					const struct dma_bypass_ram *ram)
{
	u64 tables = 0, total = 0;
	unsigned int i;

	for (i = 0; i < ram->nr; i++) {
		total += ram->ranges[i].size;
		tables += ram->ranges[i].size * sizeof(u64) /
			  iommu_dma_bypass_pgsize(window, ram->ranges[i].size);
	}
	return tables <= max_t(u64, SZ_64M, total >> 12);
}

/* Map what is not mapped yet.  Memory behind the window's span stays out of it. */
static int iommu_dma_bypass_map_ram(struct iommu_dma_bypass *window,
				    phys_addr_t start, phys_addr_t end)
{
	struct iommu_dma_bypass_extent *ext;
	struct dma_bypass_ram ram = {};
	phys_addr_t pos, next;
	unsigned int i;
	int err;

	dma_bypass_ram_add_system(&ram, start, min(end, window->size));
	list_for_each_entry(ext, &window->extents, node)
		dma_bypass_ram_remove(&ram, ext->start, ext->end);
	err = ram.err;
	if (!err && !iommu_dma_bypass_affordable(window, &ram))
		err = -ENOMEM;
	for (i = 0; i < ram.nr && !err; i++) {
		end = ram.ranges[i].start + ram.ranges[i].size;
		for (pos = ram.ranges[i].start; pos < end && !err; pos = next) {
			next = iommu_dma_bypass_extent_end(window, pos, end);
			err = iommu_dma_bypass_map(window, pos, next);
		}
	}
	dma_bypass_ram_free(&ram);
	return err;
}

void iommu_dma_bypass_teardown(struct iommu_dma_bypass *window)
{
	if (window->guarded)
		iommu_dma_guard_close(window->guard);
	window->guarded = false;
	iommu_dma_bypass_unmap(window, true);
	list_del_init(&window->node);
}

static int iommu_dma_bypass_setup_guard(struct iommu_dma_bypass *window)
{
	if (!window->guard)
		window->guard = iommu_dma_guard_alloc(window->domain,
						      window->base,
						      window->size);
	if (!window->guard)
		return -ENOMEM;
	window->guarded = true;
	return iommu_dma_guard_open(window->guard, window->prot & IOMMU_CACHE);
}

int iommu_dma_bypass_setup(struct iommu_dma_bypass *window, int prot,
			   bool guarded)
{
	window->prot = prot;
	list_add(&window->node, &iommu_dma_bypass_windows);
	if (guarded)
		return iommu_dma_bypass_setup_guard(window);
	return iommu_dma_bypass_map_ram(window, 0, window->size);
}

/* Let a user's mappings use what is mapped and online. */
int iommu_dma_bypass_publish(struct iommu_dma_bypass *window, struct device *user)
{
	struct iommu_dma_bypass_extent *ext;
	struct dma_bypass_ram ram = {};
	struct dma_bypass_window *win;

	if (window->guarded)
		return dma_bypass_publish(user,
					  iommu_dma_guard_window(window->guard));
	list_for_each_entry(ext, &window->extents, node)
		dma_bypass_ram_add_online(&ram, ext->start, ext->end);
	win = dma_bypass_alloc_window(window->base, window->size, &ram);
	dma_bypass_ram_free(&ram);
	return dma_bypass_publish(user, win);
}

/*
 * Pages that go offline are free, pages that come online not yet used.  What cannot be
 * mapped stays out of the window.
 */
static int iommu_dma_bypass_hotplug(struct notifier_block *nb,
				    unsigned long action, void *arg)
{
	struct memory_notify *mem = arg;
	phys_addr_t start = PFN_PHYS(mem->start_pfn);
	phys_addr_t end = PFN_PHYS(mem->start_pfn + mem->nr_pages);
	struct iommu_dma_bypass *window;
	struct device *user;
	unsigned long id;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;

	guard(mutex)(&iommu_dma_bypass_mutex);
	list_for_each_entry(window, &iommu_dma_bypass_windows, node) {
		/* What goes offline is not mapped. */
		if (window->guarded) {
			if (action == MEM_ONLINE)
				iommu_dma_guard_online(window->guard, start, end);
			continue;
		}
		if (action == MEM_ONLINE)
			iommu_dma_bypass_map_ram(window, start, end);
		xa_for_each(&window->users, id, user)
			iommu_dma_bypass_publish(window, user);
		if (action == MEM_OFFLINE)
			iommu_dma_bypass_unmap(window, false);
	}
	return NOTIFY_OK;
}

static int __init iommu_dma_bypass_init(void)
{
	return hotplug_memory_notifier(iommu_dma_bypass_hotplug, DEFAULT_CALLBACK_PRI);
}
subsys_initcall(iommu_dma_bypass_init);
