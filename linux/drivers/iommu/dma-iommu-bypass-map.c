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

#include "dma-iommu-bypass-priv.h"

/* Protects the windows that are in use, and what they map. */
DEFINE_MUTEX(iommu_dma_bypass_mutex);
static LIST_HEAD(iommu_dma_bypass_windows);

/* The largest page size that memory of this size can be mapped with. */
static u64 iommu_dma_bypass_pgsize(struct iommu_dma_bypass *window, u64 size)
{
	u64 sizes = window->domain->pgsize_bitmap;

	return BIT_ULL(__fls(sizes & GENMASK_ULL(__fls(size), 0) ?: sizes & -sizes));
}

/* End of the step from @pos on: 512 of the largest pages, not to hog the CPU. */
static phys_addr_t iommu_dma_bypass_step(struct iommu_dma_bypass *window,
					 phys_addr_t pos, phys_addr_t end)
{
	u64 step = iommu_dma_bypass_pgsize(window, end - pos) * 512;

	cond_resched();
	return min(end, ALIGN_DOWN(pos, step) + step);
}

static void iommu_dma_bypass_unmap_steps(struct iommu_dma_bypass *window,
					 phys_addr_t start, phys_addr_t end)
{
	phys_addr_t pos, next;
	size_t size;

	for (pos = start; pos < end; pos = next) {
		next = iommu_dma_bypass_step(window, pos, end);
		size = next - pos;
		WARN_ON(iommu_unmap(window->domain, window->base + pos,
				    size) != size);
	}
}

static int iommu_dma_bypass_map_steps(struct iommu_dma_bypass *window,
				      phys_addr_t start, phys_addr_t end)
{
	phys_addr_t pos, next;
	int err;

	for (pos = start; pos < end; pos = next) {
		next = iommu_dma_bypass_step(window, pos, end);
		err = iommu_map(window->domain, window->base + pos, pos,
				next - pos, window->prot, GFP_KERNEL);
		if (err) {
			iommu_dma_bypass_unmap_steps(window, start, pos);
			return err;
		}
	}
	return 0;
}

static void iommu_dma_bypass_unmap(struct iommu_dma_bypass *window,
				   struct iommu_dma_bypass_extent *ext)
{
	iommu_dma_bypass_unmap_steps(window, ext->start, ext->end);
	list_del(&ext->node);
	kfree(ext);
}

/* Memory behind the window's span, hot-added, stays out of it. */
static int iommu_dma_bypass_map(struct iommu_dma_bypass *window,
				phys_addr_t start, phys_addr_t end,
				bool removable)
{
	struct iommu_dma_bypass_extent *ext, *pos;
	int err;

	end = min(end, window->size);
	if (end <= start)
		return 0;
	ext = kzalloc_obj(*ext);
	if (!ext)
		return -ENOMEM;
	err = iommu_dma_bypass_map_steps(window, start, end);
	if (err) {
		kfree(ext);
		return err;
	}
	ext->start = start;
	ext->end = end;
	ext->removable = removable;
	list_for_each_entry(pos, &window->extents, node)
		if (pos->start > start)
			break;
	list_add_tail(&ext->node, &pos->node);
	return 0;
}

static bool iommu_dma_bypass_removable(phys_addr_t phys)
{
	struct page *page = pfn_to_online_page(PHYS_PFN(phys));

	return IS_ENABLED(CONFIG_MEMORY_HOTREMOVE) && page &&
	       is_zone_movable_page(page);
}

/* One memory block, or as much as is never going to be removed. */
static phys_addr_t iommu_dma_bypass_chunk(phys_addr_t start, phys_addr_t end)
{
	bool removable = iommu_dma_bypass_removable(start);
	phys_addr_t pos, block;

	if (!IS_ENABLED(CONFIG_MEMORY_HOTREMOVE))
		return end;
	block = memory_block_size_bytes();
	for (pos = ALIGN(start + 1, block); pos < end; pos += block)
		if (removable || iommu_dma_bypass_removable(pos))
			return pos;
	return end;
}

static int iommu_dma_bypass_map_range(struct iommu_dma_bypass *window,
				      const struct dma_bypass_range *range)
{
	phys_addr_t start, next, end = range->start + range->size;
	int err;

	for (start = range->start; start < end; start = next) {
		next = iommu_dma_bypass_chunk(start, end);
		err = iommu_dma_bypass_map(window, start, next,
					   iommu_dma_bypass_removable(start));
		if (err)
			return err;
	}
	return 0;
}

void iommu_dma_bypass_teardown(struct iommu_dma_bypass *window)
{
	struct iommu_dma_bypass_extent *ext, *next;

	list_for_each_entry_safe(ext, next, &window->extents, node)
		iommu_dma_bypass_unmap(window, ext);
	list_del_init(&window->node);
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

int iommu_dma_bypass_setup(struct iommu_dma_bypass *window, int prot)
{
	struct dma_bypass_ram ram = {};
	unsigned int i;
	int err;

	window->prot = prot;
	dma_bypass_ram_add_system(&ram, 0, window->size);
	err = ram.err;
	if (!err && !iommu_dma_bypass_affordable(window, &ram))
		err = -ENOMEM;
	for (i = 0; i < ram.nr && !err; i++)
		err = iommu_dma_bypass_map_range(window, &ram.ranges[i]);
	dma_bypass_ram_free(&ram);
	if (err)
		iommu_dma_bypass_teardown(window);
	else
		list_add(&window->node, &iommu_dma_bypass_windows);
	return err;
}

/* Let a user's mappings use what is mapped and online. */
int iommu_dma_bypass_publish(struct iommu_dma_bypass *window,
			     struct iommu_dma_bypass_user *user)
{
	struct iommu_dma_bypass_extent *ext;
	struct dma_bypass_ram ram = {};
	struct dma_bypass_window *win;

	list_for_each_entry(ext, &window->extents, node)
		dma_bypass_ram_add_online(&ram, ext->start, ext->end);
	win = dma_bypass_alloc_window(window->base, window->size, &ram);
	dma_bypass_ram_free(&ram);
	return dma_bypass_publish(user->dev, win);
}

static void iommu_dma_bypass_online(struct iommu_dma_bypass *window,
				    phys_addr_t start, phys_addr_t end)
{
	struct iommu_dma_bypass_extent *ext;
	struct dma_bypass_ram ram = {};
	unsigned int i;

	list_for_each_entry(ext, &window->extents, node)
		if (start < ext->end && end > ext->start)
			return;
	/* If this fails, the memory stays out of the window: no harm. */
	dma_bypass_ram_add_system(&ram, start, end);
	for (i = 0; i < ram.nr; i++)
		iommu_dma_bypass_map_range(window, &ram.ranges[i]);
	dma_bypass_ram_free(&ram);
}

static void iommu_dma_bypass_offline(struct iommu_dma_bypass *window,
				     phys_addr_t start, phys_addr_t end)
{
	struct iommu_dma_bypass_extent *ext, *next;

	list_for_each_entry_safe(ext, next, &window->extents, node)
		if (ext->removable && ext->start >= start && ext->end <= end)
			iommu_dma_bypass_unmap(window, ext);
}

/* Pages that go offline are free, pages that come online not yet used. */
static int iommu_dma_bypass_hotplug(struct notifier_block *nb,
				    unsigned long action, void *arg)
{
	struct memory_notify *mem = arg;
	phys_addr_t start = PFN_PHYS(mem->start_pfn);
	phys_addr_t end = PFN_PHYS(mem->start_pfn + mem->nr_pages);
	struct iommu_dma_bypass_user *user;
	struct iommu_dma_bypass *window;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;

	guard(mutex)(&iommu_dma_bypass_mutex);
	list_for_each_entry(window, &iommu_dma_bypass_windows, node) {
		if (action == MEM_ONLINE)
			iommu_dma_bypass_online(window, start, end);
		list_for_each_entry(user, &window->users, node)
			iommu_dma_bypass_publish(window, user);
		if (action == MEM_OFFLINE)
			iommu_dma_bypass_offline(window, start, end);
	}
	return NOTIFY_OK;
}

static int __init iommu_dma_bypass_init(void)
{
	return hotplug_memory_notifier(iommu_dma_bypass_hotplug,
				       DEFAULT_CALLBACK_PRI);
}
subsys_initcall(iommu_dma_bypass_init);
