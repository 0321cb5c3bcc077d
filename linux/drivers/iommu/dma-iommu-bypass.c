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

#include "dma-iommu-bypass-priv.h"
#include "iommu-priv.h"

/* DMA addresses that the devices of a group cannot use, as they are collected. */
struct iommu_dma_bypass_reserved {
	struct range	*range;
	unsigned int	nr;
	int		err;
};

static void iommu_dma_bypass_add_reserved(struct iommu_dma_bypass_reserved *resv,
					  u64 start, u64 end)
{
	struct range *range;

	if (resv->err)
		return;
	range = krealloc_array(resv->range, resv->nr + 1, sizeof(*range),
			       GFP_KERNEL);
	if (!range) {
		resv->err = -ENOMEM;
		return;
	}
	resv->range = range;
	range[resv->nr].start = start;
	range[resv->nr++].end = end;
}

/* A bridge may take such an address for a peer's, before the IOMMU sees it. */
static void iommu_dma_bypass_reserve_pci(struct iommu_dma_bypass_reserved *resv,
					 struct pci_dev *pdev)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	struct resource_entry *entry;
	u64 start, end, next = 0;

	resource_list_for_each_entry(entry, &bridge->windows) {
		start = entry->res->start - entry->offset;
		end = entry->res->end - entry->offset;
		if (resource_type(entry->res) == IORESOURCE_MEM)
			iommu_dma_bypass_add_reserved(resv, start, end);
	}

	/* What it does not forward; dma-iommu has sorted the list. */
	resource_list_for_each_entry(entry, &bridge->dma_ranges) {
		start = entry->res->start - entry->offset;
		if (start > next)
			iommu_dma_bypass_add_reserved(resv, next, start - 1);
		next = entry->res->end - entry->offset + 1;
	}
	if (next)
		iommu_dma_bypass_add_reserved(resv, next, U64_MAX);
}

static int iommu_dma_bypass_reserve_dev(struct device *dev, void *arg)
{
	struct iommu_dma_bypass_reserved *resv = arg;
	struct iommu_resv_region *region;
	LIST_HEAD(regions);

	if (dev_is_pci(dev))
		iommu_dma_bypass_reserve_pci(resv, to_pci_dev(dev));
	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		iommu_dma_bypass_add_reserved(resv, region->start,
					      region->start + region->length - 1);
	iommu_put_resv_regions(dev, &regions);
	return resv->err;
}

/**
 * iommu_dma_bypass_reserve - find the window's place, and withhold it
 * @dev: device that the domain is initialised for
 * @domain: DMA domain that is being initialised: nothing is allocated yet
 * @iovad: its IOVA allocator
 *
 * Context: Process context, the group's mutex held.
 * Return: the window, or NULL: the allocator is left as it is.
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
	struct iommu_dma_bypass_reserved resv = {};
	struct iommu_dma_bypass *window = NULL;
	dma_addr_t base = DMA_MAPPING_ERROR, size;

	if (dma_bypass_disabled() || !domain->geometry.force_aperture)
		return NULL;
	if (!iommu_group_for_each_dev_locked(dev->iommu_group, &resv,
					     iommu_dma_bypass_reserve_dev)) {
		geo.reserved = resv.range;
		geo.nr_reserved = resv.nr;
		base = iommu_dma_bypass_place(&geo, &size);
	}
	kfree(resv.range);
	if (base != DMA_MAPPING_ERROR)
		window = kzalloc_obj(*window);
	if (!window)
		return NULL;
	if (!reserve_iova(iovad, iova_pfn(iovad, base),
			  iova_pfn(iovad, base + size - 1))) {
		kfree(window);
		return NULL;
	}
	window->domain = domain;
	window->base = base;
	window->size = size;
	INIT_LIST_HEAD(&window->extents);
	INIT_LIST_HEAD(&window->users);
	INIT_LIST_HEAD(&window->node);
	return window;
}

static void iommu_dma_bypass_leave(struct iommu_dma_bypass *window,
				   struct iommu_dma_bypass_user *user)
{
	list_del(&user->node);
	kfree(user);
	if (list_empty(&window->users))
		iommu_dma_bypass_teardown(window);
}

static int iommu_dma_bypass_join(struct iommu_dma_bypass *window,
				 struct device *dev)
{
	int prot = IOMMU_READ | IOMMU_WRITE;
	struct iommu_dma_bypass_user *user;
	int err = 0;

	guard(mutex)(&iommu_dma_bypass_mutex);
	if (dev_is_dma_coherent(dev))
		prot |= IOMMU_CACHE;
	if (!list_empty(&window->users) && prot != window->prot)
		return -EOPNOTSUPP;
	user = kzalloc_obj(*user);
	if (!user)
		return -ENOMEM;
	user->dev = dev;
	if (list_empty(&window->users))
		err = iommu_dma_bypass_setup(window, prot);
	if (err) {
		kfree(user);
		return err;
	}
	list_add(&user->node, &window->users);
	err = iommu_dma_bypass_publish(window, user);
	if (err)
		iommu_dma_bypass_leave(window, user);
	return err;
}

static struct iommu_dma_bypass *iommu_dma_bypass_of(struct device *dev)
{
	return use_dma_iommu(dev) ?
	       iommu_dma_get_bypass(iommu_get_dma_domain(dev)) : NULL;
}

/*
 * A bridge makes no DMA of its own, it only shares the group of the devices
 * behind it.  It needs no grant, but it has to be trusted.
 */
static int iommu_dma_bypass_check_dev(struct device *dev, void *arg)
{
	struct pci_dev *pdev = dev_is_pci(dev) ? to_pci_dev(dev) : NULL;

	if (dev == arg)
		return 0;
	if (pdev && pci_is_bridge(pdev))
		return pdev->untrusted || pdev->external_facing;
	return !dma_bypass_allowed(dev);
}

static bool iommu_dma_bypass_check_group(struct device *dev)
{
	return !iommu_group_for_each_dev_locked(dev->iommu_group, dev,
						iommu_dma_bypass_check_dev);
}

static void iommu_dma_bypass_eligibility(struct device *dev,
					 struct dma_bypass_eligibility *e)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = NULL;

	e->direct = !use_dma_iommu(dev);
	if (group && !e->direct) {
		e->group_denied = !iommu_dma_bypass_check_group(dev);
		window = iommu_dma_bypass_of(dev);
	}
	/* A crash kernel attaches the domain as late as the first mapping. */
	e->unsupported = is_kdump_kernel() ||
			 (!e->direct && (!window || window->conflict));
	if (window)
		e->last = window->base + window->size - 1;
	iommu_group_put_locked(group);
}

static int iommu_dma_bypass_open(struct device *dev)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = group ? iommu_dma_bypass_of(dev) :
						  NULL;
	int err;

	/* The group may have changed since it was evaluated. */
	if (!window || window->conflict)
		err = -EOPNOTSUPP;
	else if (!iommu_dma_bypass_check_group(dev))
		err = -EPERM;
	else
		err = iommu_dma_bypass_join(window, dev);
	iommu_group_put_locked(group);
	return err;
}

static void iommu_dma_bypass_close(struct device *dev)
{
	struct iommu_group *group = iommu_group_get_locked(dev);
	struct iommu_dma_bypass *window = group ? iommu_dma_bypass_of(dev) :
						  NULL;
	struct iommu_dma_bypass_user *user, *next;

	if (window) {
		guard(mutex)(&iommu_dma_bypass_mutex);
		list_for_each_entry_safe(user, next, &window->users, node)
			if (user->dev == dev)
				iommu_dma_bypass_leave(window, user);
	}
	iommu_group_put_locked(group);
}

static const struct dma_bypass_ops iommu_dma_bypass_ops = {
	.eligibility	= iommu_dma_bypass_eligibility,
	.open		= iommu_dma_bypass_open,
	.close		= iommu_dma_bypass_close,
};

/**
 * iommu_dma_bypass_release - a domain is being freed
 * @window: its window, or NULL
 *
 * Context: Process context, no device is attached to the domain.
 */
void iommu_dma_bypass_release(struct iommu_dma_bypass *window)
{
	struct iommu_dma_bypass_user *user, *next;

	if (!window)
		return;
	scoped_guard(mutex, &iommu_dma_bypass_mutex)
		list_for_each_entry_safe(user, next, &window->users, node)
			iommu_dma_bypass_leave(window, user);
	kfree(window);
}

/**
 * iommu_dma_bypass_contains - whether an IOVA is in a domain's window
 * @domain: the domain
 * @iova: the IOVA
 *
 * For iommu.debug_pagealloc, from which windows are exempt.
 *
 * Context: Any.
 * Return: true if it is in the span that is withheld from the IOVA allocator.
 */
bool iommu_dma_bypass_contains(struct iommu_domain *domain, dma_addr_t iova)
{
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);

	return window && iova - window->base < window->size;
}

/**
 * iommu_dma_bypass_attach - a device's DMA goes through dma-iommu from now on
 * @dev: the device
 * @domain: its DMA domain
 *
 * Context: Process context, the group's mutex held.
 */
void iommu_dma_bypass_attach(struct device *dev, struct iommu_domain *domain)
{
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);
	struct iommu_dma_bypass_reserved resv = {};
	unsigned int i;

	if (window) {
		window->conflict |= iommu_dma_bypass_reserve_dev(dev, &resv);
		for (i = 0; i < resv.nr; i++)
			if (resv.range[i].start < window->base + window->size &&
			    resv.range[i].end >= window->base)
				window->conflict = true;
		kfree(resv.range);
	}
	if (dma_bypass_attach(dev, &iommu_dma_bypass_ops))
		dev_warn(dev, "no memory for a bypass window\n");
}

/**
 * iommu_dma_bypass_bind - whether a driver may be bound to a device
 * @dev: the device
 * @domain: its group's default domain
 *
 * While a window is mapped, every device of the group reaches all of it.
 *
 * Context: Process context, the group's mutex held.
 * Return: 0, or -EBUSY if @dev is not granted the window that is mapped.
 */
int iommu_dma_bypass_bind(struct device *dev, struct iommu_domain *domain)
{
	struct iommu_dma_bypass *window = iommu_dma_get_bypass(domain);
	struct iommu_dma_bypass_user *user;

	if (!window || list_empty(&window->users) || dma_bypass_allowed(dev))
		return 0;
	user = list_first_entry(&window->users, struct iommu_dma_bypass_user,
				node);
	dev_err(dev, "not bound: the bypass window of %s in its IOMMU group is open; allow this device in dma_bypass/policy, or unbind that one\n",
		dev_name(user->dev));
	return -EBUSY;
}
