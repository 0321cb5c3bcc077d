// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows in the domains of dma-iommu.
 *
 * The IOVA allocator never gets the window's span, not even while there is no
 * window: an IOVA that was freed into a magazine could surface in it later.  The
 * window maps system RAM for as long as a device of the domain has it open.
 *
 * Lock order: dma_bypass_mutex, iommu_group::mutex, iommu_dma_bypass_mutex.
 * Under the second, IOVA magazines are set up, which waits for CPU and memory
 * hotplug; so memory hotplug takes nothing but the last.
 */
#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/iova.h>
#include <linux/memblock.h>	/* for max_possible_pfn */
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "dma-iommu-bypass.h"
#include "iommu-priv.h"

static int iommu_dma_bypass_add_reserved(struct iommu_dma_bypass_geometry *geo,
					 u64 start, u64 end)
{
	struct range *ranges = krealloc_array((struct range *)geo->reserved,
					      geo->nr_reserved + 1,
					      sizeof(*ranges), GFP_KERNEL);

	if (!ranges)
		return -ENOMEM;
	ranges[geo->nr_reserved++] = DEFINE_RANGE(start, end);
	geo->reserved = ranges;
	return 0;
}

/* A bridge may take such an address for a peer's, before the IOMMU sees it. */
static int iommu_dma_bypass_reserve_pci(struct iommu_dma_bypass_geometry *geo,
					struct pci_dev *pdev)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	struct resource_entry *entry;
	u64 start, end, next = 0;
	int err = 0;

	resource_list_for_each_entry(entry, &bridge->windows) {
		start = entry->res->start - entry->offset;
		end = entry->res->end - entry->offset;
		if (resource_type(entry->res) == IORESOURCE_MEM)
			err = err ?: iommu_dma_bypass_add_reserved(geo, start, end);
	}

	/* What it does not forward; dma-iommu has sorted the list. */
	resource_list_for_each_entry(entry, &bridge->dma_ranges) {
		start = entry->res->start - entry->offset;
		if (start > next)
			err = err ?: iommu_dma_bypass_add_reserved(geo, next, start - 1);
		next = entry->res->end - entry->offset + 1;
	}
	if (next)
		err = err ?: iommu_dma_bypass_add_reserved(geo, next, U64_MAX);
	return err;
}

static int iommu_dma_bypass_reserve_dev(struct device *dev, void *geo)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int err = 0;

	if (dev_is_pci(dev))
		err = iommu_dma_bypass_reserve_pci(geo, to_pci_dev(dev));
	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		err = err ?: iommu_dma_bypass_add_reserved(geo, region->start,
							   region->start + region->length - 1);
	iommu_put_resv_regions(dev, &regions);
	return err;
}

/*
 * Find the window's place, for all devices of the group of @dev, and withhold it from
 * the IOVA allocator of a domain that is being initialised: nothing is allocated yet.
 * Return NULL where there is none: the allocator is left as it is.
 */
struct iommu_dma_bypass *iommu_dma_bypass_reserve(struct device *dev,
						  struct iommu_domain *domain,
						  struct iova_domain *iovad)
{
	struct iommu_dma_bypass_geometry geo = {
		.aperture_start	= domain->geometry.aperture_start,
		.aperture_end	= domain->geometry.aperture_end,
		.present	= PFN_PHYS(max_pfn),
		.possible	= PFN_PHYS(max_t(u64, max_pfn, max_possible_pfn)),
	};
	dma_addr_t base = DMA_MAPPING_ERROR, size;
	struct iommu_dma_bypass *window;

	if (dma_bypass_disabled() || !domain->geometry.force_aperture)
		return NULL;
	if (!iommu_group_for_each_dev_locked(dev->iommu_group, &geo,
					     iommu_dma_bypass_reserve_dev))
		base = iommu_dma_bypass_place(&geo, &size);
	kfree(geo.reserved);
	window = kzalloc_obj(*window);
	if (!window || base == DMA_MAPPING_ERROR ||
	    !reserve_iova(iovad, iova_pfn(iovad, base), iova_pfn(iovad, base + size - 1))) {
		kfree(window);
		return NULL;
	}
	window->domain = domain;
	window->base = base;
	window->size = size;
	INIT_LIST_HEAD(&window->extents);
	xa_init_flags(&window->users, XA_FLAGS_ALLOC);
	INIT_LIST_HEAD(&window->node);
	return window;
}

/* Without its last user, the window maps nothing. */
static void iommu_dma_bypass_leave(struct iommu_dma_bypass *window, struct device *dev)
{
	struct device *user;
	unsigned long id;

	xa_for_each(&window->users, id, user)
		if (user == dev)
			xa_erase(&window->users, id);
	if (xa_empty(&window->users))
		iommu_dma_bypass_teardown(window);
}

static int iommu_dma_bypass_cache(struct device *dev)
{
	return dev_is_dma_coherent(dev) ? IOMMU_CACHE : 0;
}

static int iommu_dma_bypass_join(struct iommu_dma_bypass *window, struct device *dev)
{
	bool guarded = dma_bypass_guarded(dev);
	int prot = IOMMU_READ | IOMMU_WRITE;
	int err = 0;
	u32 id;

	prot |= iommu_dma_bypass_cache(dev);
	guard(mutex)(&iommu_dma_bypass_mutex);
	if (xa_empty(&window->users))
		err = iommu_dma_bypass_setup(window, prot, guarded);
	else if (guarded != window->guarded)
		err = -EPERM;
	else if (prot != window->prot)
		err = -EOPNOTSUPP;
	err = err ?: xa_alloc(&window->users, &id, dev, xa_limit_32b, GFP_KERNEL);
	err = err ?: iommu_dma_bypass_publish(window, dev);
	if (err)
		iommu_dma_bypass_leave(window, dev);
	return err;
}

/* The window of a device whose group is locked, or NULL. */
static struct iommu_dma_bypass *iommu_dma_bypass_of(struct device *dev,
						    struct iommu_group *group)
{
	return group && use_dma_iommu(dev) ?
	       iommu_dma_get_bypass(iommu_get_dma_domain(dev)) : NULL;
}

/* Without these a bridge does not isolate what is behind it; as in iommu.c. */
#define IOMMU_DMA_BYPASS_ACS	(PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF)

/* Whether a device can be plugged in behind a bridge, beside @dev and into its group. */
static bool iommu_dma_bypass_has_slot(struct pci_dev *bridge, struct device *dev)
{
	int type = pci_pcie_type(bridge);

	if (!bridge->is_hotplug_bridge &&
	    !(IS_ENABLED(CONFIG_HOTPLUG_PCI_SHPC) &&
	      pci_find_capability(bridge, PCI_CAP_ID_SHPC)))
		return false;
	/* A slot of PCI Express has room for one: the next one comes when it is gone. */
	if ((type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM) &&
	    dev_is_pci(dev) && pci_upstream_bridge(to_pci_dev(dev)) == bridge)
		return false;
	return !pci_acs_path_enabled(bridge, NULL, IOMMU_DMA_BYPASS_ACS);
}

/*
 * A bridge makes no DMA of its own, it only shares the group of the devices
 * behind it.  It needs no grant, but it has to be trusted.
 */
static int iommu_dma_bypass_denied(struct device *dev, void *asking)
{
	struct pci_dev *pdev = dev_is_pci(dev) ? to_pci_dev(dev) : NULL;

	if (dev == asking)
		return 0;
	if (pdev && pci_is_bridge(pdev))
		return pdev->untrusted || pdev->external_facing ||
		       iommu_dma_bypass_has_slot(pdev, asking);
	return !dma_bypass_allowed(dev);
}

/* Another device has the other kind of window open, in the same place. */
static bool iommu_dma_bypass_occupied(struct iommu_dma_bypass *window,
				      struct device *dev, bool guarded)
{
	struct device *user;
	unsigned long id;

	xa_for_each(&window->users, id, user)
		if (user != dev && window->guarded != guarded)
			return true;
	return false;
}

/* Behind a guarded window, a device reaches no more than without one. */
static bool iommu_dma_bypass_group_denied(struct iommu_dma_bypass *window,
					  struct device *dev)
{
	bool guarded = dma_bypass_guarded(dev);

	if (window && iommu_dma_bypass_occupied(window, dev, guarded))
		return true;
	return !guarded && iommu_group_for_each_dev_locked(dev->iommu_group, dev,
					       iommu_dma_bypass_denied);
}

static void iommu_dma_bypass_eligibility(struct device *dev,
					 struct dma_bypass_eligibility *e)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = iommu_dma_bypass_of(dev, group);

	e->direct = !use_dma_iommu(dev);
	e->guardable = e->direct;	/* that is the reason, where nothing is translated */
	if (group && !e->direct)
		e->group_denied = iommu_dma_bypass_group_denied(window, dev);
	/* A crash kernel attaches the domain as late as the first mapping. */
	e->unsupported = is_kdump_kernel() || (!e->direct && (!window || window->conflict));
	if (window) {
		e->last = window->base + window->size - 1;
		e->guardable = iommu_dma_guard_supported(window->domain,
							 iommu_dma_bypass_cache(dev));
	}
	iommu_group_put_locked(group);
}

static int iommu_dma_bypass_open(struct device *dev)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = iommu_dma_bypass_of(dev, group);
	int err;

	/* The group may have changed since it was evaluated. */
	if (!window || window->conflict)
		err = -EOPNOTSUPP;
	else if (iommu_dma_bypass_group_denied(window, dev))
		err = -EPERM;
	else
		err = iommu_dma_bypass_join(window, dev);
	iommu_group_put_locked(group);
	return err;
}

static void iommu_dma_bypass_close(struct device *dev)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = iommu_dma_bypass_of(dev, group);

	if (window) {
		guard(mutex)(&iommu_dma_bypass_mutex);
		iommu_dma_bypass_leave(window, dev);
	}
	iommu_group_put_locked(group);
}

static const struct dma_bypass_ops iommu_dma_bypass_ops = {
	.eligibility	= iommu_dma_bypass_eligibility,
	.open		= iommu_dma_bypass_open,
	.close		= iommu_dma_bypass_close,
};

/* The domain of a window, or of NULL, is being freed; no device is attached to it. */
void iommu_dma_bypass_release(struct iommu_dma_bypass *window)
{
	if (!window)
		return;
	scoped_guard(mutex, &iommu_dma_bypass_mutex)
		iommu_dma_bypass_teardown(window);
	iommu_dma_guard_free(window->guard);
	xa_destroy(&window->users);
	kfree(window);
}

/* The DMA of @dev goes through its domain from now on.  The group is locked. */
void iommu_dma_bypass_attach(struct device *dev, struct iommu_domain *domain)
{
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);
	struct iommu_dma_bypass_geometry geo = { .aperture_end = U64_MAX };

	if (window) {
		if (iommu_dma_bypass_reserve_dev(dev, &geo) ||
		    !iommu_dma_bypass_is_free(&geo, window->base, window->size))
			window->conflict = true;
		kfree(geo.reserved);
	}
	if (dma_bypass_attach(dev, &iommu_dma_bypass_ops))
		dev_warn(dev, "no memory for a bypass window\n");
}

/*
 * Whether a driver may be bound to @dev, whose group is locked: while a window is
 * mapped, every device of the group reaches all of it.  Return 0 or -EBUSY.
 */
int iommu_dma_bypass_bind(struct device *dev, struct iommu_domain *domain)
{
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);
	struct device *user = NULL;
	unsigned long id = 0;

	if (window)
		user = xa_find(&window->users, &id, ULONG_MAX, XA_PRESENT);
	if (!user || window->guarded || dma_bypass_allowed(dev))
		return 0;
	dev_err(dev, "not bound: the bypass window of %s in its IOMMU group is open; allow this device in dma_bypass/policy, or unbind that one\n",
		dev_name(user));
	return -EBUSY;
}
