// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows in the domains of dma-iommu.
 *
 * The upper half of a DMA domain's aperture is the window: IOVA = half the
 * aperture + physical address.  The IOVA allocator never gets that half, not
 * even while there is no window: an IOVA that was freed into a magazine could
 * surface in the window later.  The window maps the largest ranges of system
 * RAM, for as long as a device of the domain has it open.
 *
 * Lock order: dma_bypass_mutex, iommu_group::mutex, iommu_dma_bypass_mutex.
 * Under the second, IOVA magazines are set up, which waits for CPU and memory
 * hotplug; so hotplug takes nothing but the last.
 */
#include <linux/crash_dump.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/memblock.h>	/* for max_possible_pfn */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "dma-iommu-bypass.h"

/**
 * struct iommu_dma_bypass - the window of a DMA domain
 * @domain: the domain
 * @base: IOVA of physical address zero
 * @prot: IOMMU_READ and so on, while there are users
 * @extents: what is mapped, in order, struct iommu_dma_bypass_extent
 * @users: devices that have it open, struct iommu_dma_bypass_user
 * @node: in iommu_dma_bypass_windows while there are users
 */
struct iommu_dma_bypass {
	struct iommu_domain	*domain;
	dma_addr_t		base;
	int			prot;
	struct list_head	extents;
	struct list_head	users;
	struct list_head	node;
};

/*
 * Memory mapped by one call, to be unmapped by one call: a part of it may be
 * the part of a large page.  Memory that can be hot-removed is therefore mapped
 * block by block, and leaves the window with its block.  What else goes offline
 * is not given out any more, and is unmapped with the window.
 */
struct iommu_dma_bypass_extent {
	struct dma_bypass_range	ram;
	bool			removable;
	struct list_head	node;
};

/* @window is NULL when the domain went away before the device let go of it. */
struct iommu_dma_bypass_user {
	struct device		*dev;
	struct iommu_dma_bypass	*window;
	struct list_head	node;
};

/* Protects all of the above, and the list. */
static DEFINE_MUTEX(iommu_dma_bypass_mutex);
static LIST_HEAD(iommu_dma_bypass_windows);

/**
 * iommu_dma_bypass_reserve - keep the IOVA allocator out of the window
 * @domain: DMA domain that is being initialised: nothing is allocated yet
 * @iovad: its allocator
 *
 * A domain whose lower half would not hold all 32-bit addresses is left whole
 * and has no window.  So is every domain if no window may ever open.
 *
 * Context: Process context, the domain's cookie mutex held.
 */
void iommu_dma_bypass_reserve(struct iommu_domain *domain,
			      struct iova_domain *iovad)
{
	dma_addr_t end = domain->geometry.aperture_end;
	dma_addr_t base = ALIGN((end >> 1) + 1, SZ_1G);
	struct iommu_dma_bypass *window;

	if (dma_bypass_never() ||
	    !domain->geometry.force_aperture || base <= DMA_BIT_MASK(32) ||
	    domain->bypass)
		return;

	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return;
	if (!reserve_iova(iovad, iova_pfn(iovad, base), iova_pfn(iovad, end))) {
		kfree(window);
		return;
	}
	window->domain = domain;
	window->base = base;
	INIT_LIST_HEAD(&window->extents);
	INIT_LIST_HEAD(&window->users);
	INIT_LIST_HEAD(&window->node);
	domain->bypass = window;
}

static void iommu_dma_bypass_unmap(struct iommu_dma_bypass *window,
				   struct iommu_dma_bypass_extent *ext)
{
	size_t size = ext->ram.end - ext->ram.start;

	WARN_ON(iommu_unmap(window->domain, window->base + ext->ram.start,
			    size) != size);
	list_del(&ext->node);
	kfree(ext);
}

/* Returns 0 also where the aperture ends before the memory does. */
static int iommu_dma_bypass_map(struct iommu_dma_bypass *window,
				phys_addr_t start, phys_addr_t end,
				bool removable)
{
	phys_addr_t limit = window->domain->geometry.aperture_end -
			    window->base;
	struct iommu_dma_bypass_extent *ext, *pos;
	int err;

	end = min(end, ALIGN_DOWN(limit, PAGE_SIZE));
	if (end <= start)
		return 0;

	ext = kzalloc(sizeof(*ext), GFP_KERNEL);
	if (!ext)
		return -ENOMEM;
	err = iommu_map(window->domain, window->base + start, start,
			end - start, window->prot, GFP_KERNEL);
	if (err) {
		kfree(ext);
		return err;
	}

	ext->ram.start = start;
	ext->ram.end = end;
	ext->removable = removable;
	list_for_each_entry(pos, &window->extents, node)
		if (pos->ram.start > start)
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
				      const struct dma_bypass_range *ram)
{
	phys_addr_t start, end;
	int err;

	for (start = ram->start; start < ram->end; start = end) {
		end = iommu_dma_bypass_chunk(start, ram->end);
		err = iommu_dma_bypass_map(window, start, end,
					   iommu_dma_bypass_removable(start));
		if (err)
			return err;
	}
	return 0;
}

static void iommu_dma_bypass_teardown(struct iommu_dma_bypass *window)
{
	struct iommu_dma_bypass_extent *ext, *next;

	list_for_each_entry_safe(ext, next, &window->extents, node)
		iommu_dma_bypass_unmap(window, ext);
	list_del_init(&window->node);
}

static int iommu_dma_bypass_build(struct iommu_dma_bypass *window, int prot)
{
	struct dma_bypass_range ram[DMA_BYPASS_RANGES];
	int i, err;

	window->prot = prot;
	dma_bypass_system_ram(ram);
	for (i = 0; i < DMA_BYPASS_RANGES; i++) {
		err = iommu_dma_bypass_map_range(window, &ram[i]);
		if (err) {
			iommu_dma_bypass_teardown(window);
			return err;
		}
	}
	list_add(&window->node, &iommu_dma_bypass_windows);
	return 0;
}

/* What is mapped and online. */
static void iommu_dma_bypass_describe(struct iommu_dma_bypass *window,
				      struct dma_bypass_window *win)
{
	struct dma_bypass_walk walk = { .ram = win->ram };
	struct iommu_dma_bypass_extent *ext;

	win->base = window->base;
	memset(win->ram, 0, sizeof(win->ram));
	list_for_each_entry(ext, &window->extents, node)
		dma_bypass_add_online(PHYS_PFN(ext->ram.start),
				      PHYS_PFN(ext->ram.end - ext->ram.start),
				      &walk);
	dma_bypass_add_range(win->ram, walk.run.start, walk.run.end);
}

static bool iommu_dma_bypass_overlaps(struct iommu_dma_bypass *window,
				      phys_addr_t start, phys_addr_t end)
{
	return start < window->base + PFN_PHYS(max_possible_pfn) &&
	       end >= window->base;
}

/* A bridge may take such an address for a peer's, before the IOMMU sees it. */
static bool iommu_dma_bypass_hits_pci(struct iommu_dma_bypass *window,
				      struct pci_dev *pdev)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	struct resource_entry *entry;

	resource_list_for_each_entry(entry, &bridge->windows)
		if (resource_type(entry->res) == IORESOURCE_MEM &&
		    iommu_dma_bypass_overlaps(window,
					      entry->res->start - entry->offset,
					      entry->res->end - entry->offset))
			return true;
	return false;
}

/* Whoever owns these addresses, it is not the IOVA allocator. */
static bool iommu_dma_bypass_occupied(struct iommu_dma_bypass *window,
				      struct device *dev)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	bool occupied;

	occupied = dev_is_pci(dev) &&
		   iommu_dma_bypass_hits_pci(window, to_pci_dev(dev));
	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (iommu_dma_bypass_overlaps(window, region->start,
					      region->start + region->length - 1))
			occupied = true;
	iommu_put_resv_regions(dev, &regions);
	return occupied;
}

static int iommu_dma_bypass_join(struct iommu_dma_bypass *window,
				 struct iommu_dma_bypass_user *user)
{
	int prot = IOMMU_READ | IOMMU_WRITE;
	int err;

	if (dev_is_dma_coherent(user->dev))
		prot |= IOMMU_CACHE;

	if (list_empty(&window->users)) {
		err = iommu_dma_bypass_build(window, prot);
		if (err)
			return err;
	} else if (prot != window->prot) {
		return -EOPNOTSUPP;
	}
	user->window = window;
	list_add(&user->node, &window->users);
	return 0;
}

static int iommu_dma_bypass_open(struct device *dev,
				 struct dma_bypass_window *win, void **priv)
{
	struct iommu_dma_bypass *window = iommu_get_dma_domain(dev)->bypass;
	struct iommu_dma_bypass_user *user;
	int err;

	if (iommu_dma_bypass_occupied(window, dev))
		return -EOPNOTSUPP;
	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return -ENOMEM;
	user->dev = dev;

	mutex_lock(&iommu_dma_bypass_mutex);
	err = iommu_dma_bypass_join(window, user);
	if (!err)
		iommu_dma_bypass_describe(window, win);
	mutex_unlock(&iommu_dma_bypass_mutex);

	if (err)
		kfree(user);
	else
		*priv = user;
	return err;
}

static void iommu_dma_bypass_close(struct device *dev, void *priv)
{
	struct iommu_dma_bypass_user *user = priv;
	struct iommu_dma_bypass *window;

	mutex_lock(&iommu_dma_bypass_mutex);
	window = user->window;
	list_del(&user->node);
	if (window && list_empty(&window->users))
		iommu_dma_bypass_teardown(window);
	mutex_unlock(&iommu_dma_bypass_mutex);
	kfree(user);
}

static unsigned long iommu_dma_bypass_pgsize(struct iommu_dma_bypass *window,
					     phys_addr_t pos, phys_addr_t end)
{
	unsigned long sizes = window->domain->pgsize_bitmap;
	dma_addr_t iova = window->base + pos;

	/* As iommu_map() chooses: the largest that is aligned and fits. */
	while (sizes & (sizes - 1)) {
		unsigned long size = 1UL << __fls(sizes);

		if (size <= end - pos && IS_ALIGNED(pos | iova, size))
			return size;
		sizes &= ~size;
	}
	return sizes;
}

/* The tables are counted as if all had 512 entries of 8 bytes. */
static void iommu_dma_bypass_count(struct iommu_dma_bypass *window,
				   const struct dma_bypass_range *ram,
				   struct dma_bypass_info *info)
{
	static const u64 spans[] = { SZ_2M, SZ_1G, SZ_1G * 512ULL };
	phys_addr_t pos, last = ram->start - 1;
	unsigned long size;
	int i;

	for (pos = ram->start; pos < ram->end; pos += size) {
		size = iommu_dma_bypass_pgsize(window, pos, ram->end);
		info->size += size;
		info->pgsizes |= size;
		for (i = 0; i < ARRAY_SIZE(spans); i++)
			if (size < spans[i] && (pos == ram->start ||
						(pos ^ last) >= spans[i]))
				info->tables += SZ_4K;
		last = pos;
	}
}

static void iommu_dma_bypass_info(struct device *dev, void *priv,
				  struct dma_bypass_info *info)
{
	struct iommu_dma_bypass_user *user = priv;
	struct iommu_dma_bypass_extent *ext;

	mutex_lock(&iommu_dma_bypass_mutex);
	if (user->window)
		list_for_each_entry(ext, &user->window->extents, node)
			iommu_dma_bypass_count(user->window, &ext->ram, info);
	mutex_unlock(&iommu_dma_bypass_mutex);
}

/**
 * iommu_dma_bypass_release - a domain is being freed
 * @domain: the domain
 *
 * Context: Process context, no device is attached to @domain.
 */
void iommu_dma_bypass_release(struct iommu_domain *domain)
{
	struct iommu_dma_bypass *window = domain->bypass;
	struct iommu_dma_bypass_user *user, *next;

	if (!window)
		return;

	mutex_lock(&iommu_dma_bypass_mutex);
	if (!list_empty(&window->users))
		iommu_dma_bypass_teardown(window);
	list_for_each_entry_safe(user, next, &window->users, node) {
		user->window = NULL;
		list_del_init(&user->node);
	}
	mutex_unlock(&iommu_dma_bypass_mutex);

	domain->bypass = NULL;
	kfree(window);
}

/* A bridge makes no DMA of its own, it only shares the group of those behind. */
static bool iommu_dma_bypass_counts(struct device *dev)
{
	return !dev_is_pci(dev) || !pci_is_bridge(to_pci_dev(dev));
}

struct iommu_dma_bypass_look {
	struct device		*dev;
	struct dma_bypass_facts	*facts;
};

/* With the group's mutex, so that neither group nor domain can go away. */
static int iommu_dma_bypass_look(struct device *dev, void *arg)
{
	struct iommu_dma_bypass_look *look = arg;
	struct iommu_dma_bypass *window;

	if (dev != look->dev) {
		if (iommu_dma_bypass_counts(dev) && !dma_bypass_admitted(dev))
			look->facts->group_denied = true;
		return 0;
	}

	window = iommu_get_dma_domain(dev)->bypass;
	if (window)
		look->facts->base = window->base;
	look->facts->unsupported = !window;
	return 0;
}

static void iommu_dma_bypass_facts(struct device *dev,
				   struct dma_bypass_facts *facts)
{
	struct iommu_dma_bypass_look look = { dev, facts };
	struct iommu_group *group = iommu_group_get(dev);

	facts->direct = !use_dma_iommu(dev);
	facts->unsupported = !facts->direct;
	if (group && !facts->direct)
		iommu_group_for_each_dev(group, &look, iommu_dma_bypass_look);
	iommu_group_put(group);

	/* A crash kernel attaches the domain as late as the first mapping. */
	facts->unsupported |= is_kdump_kernel();
}

static const struct dma_bypass_ops iommu_dma_bypass_ops = {
	.facts	= iommu_dma_bypass_facts,
	.open	= iommu_dma_bypass_open,
	.close	= iommu_dma_bypass_close,
	.info	= iommu_dma_bypass_info,
};

static void iommu_dma_bypass_online(struct iommu_dma_bypass *window,
				    const struct dma_bypass_range *ram)
{
	struct iommu_dma_bypass_extent *ext;

	list_for_each_entry(ext, &window->extents, node)
		if (ram->start < ext->ram.end && ram->end > ext->ram.start)
			return;
	/* If this fails, the memory stays out of the window: no harm. */
	iommu_dma_bypass_map_range(window, ram);
}

static void iommu_dma_bypass_offline(struct iommu_dma_bypass *window,
				     const struct dma_bypass_range *ram)
{
	struct iommu_dma_bypass_extent *ext, *next;

	list_for_each_entry_safe(ext, next, &window->extents, node)
		if (ext->removable && ext->ram.start >= ram->start &&
		    ext->ram.end <= ram->end)
			iommu_dma_bypass_unmap(window, ext);
}

/* Pages that go offline are free, pages that come online not yet used. */
static void iommu_dma_bypass_resize(struct iommu_dma_bypass *window,
				    unsigned long action,
				    const struct dma_bypass_range *ram)
{
	struct iommu_dma_bypass_user *user;
	struct dma_bypass_window win = {};

	if (action == MEM_ONLINE)
		iommu_dma_bypass_online(window, ram);
	iommu_dma_bypass_describe(window, &win);
	list_for_each_entry(user, &window->users, node)
		dma_bypass_resize(user->dev, &win);
	if (action == MEM_OFFLINE)
		iommu_dma_bypass_offline(window, ram);
}

static int iommu_dma_bypass_hotplug(struct notifier_block *nb,
				    unsigned long action, void *arg)
{
	struct memory_notify *mem = arg;
	struct dma_bypass_range ram = {
		.start	= PFN_PHYS(mem->start_pfn),
		.end	= PFN_PHYS(mem->start_pfn + mem->nr_pages),
	};
	struct iommu_dma_bypass *window;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;

	mutex_lock(&iommu_dma_bypass_mutex);
	list_for_each_entry(window, &iommu_dma_bypass_windows, node)
		iommu_dma_bypass_resize(window, action, &ram);
	mutex_unlock(&iommu_dma_bypass_mutex);
	return NOTIFY_OK;
}

static int __init iommu_dma_bypass_init(void)
{
	return hotplug_memory_notifier(iommu_dma_bypass_hotplug,
				       DEFAULT_CALLBACK_PRI);
}
subsys_initcall(iommu_dma_bypass_init);

/**
 * iommu_dma_bypass_attach - a device's DMA goes through dma-iommu from now on
 * @dev: the device
 *
 * Context: Process context, the group's mutex held.
 */
void iommu_dma_bypass_attach(struct device *dev)
{
	if (dma_bypass_attach(dev, &iommu_dma_bypass_ops))
		dev_warn(dev, "no memory for a bypass window\n");
}
