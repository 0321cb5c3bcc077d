// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER.
 *
 * A PCI device has a default window, translated and below 4 GiB, and an upper one
 * that maps memory at an offset: TVE#1 on powernv, a DDW on pseries.  The device's
 * selection mode decides which of them a mapping uses.
 *
 *  - Mask-selected: the platform sets up the upper window, and everything that a
 *    device maps is in it if the DMA mask reaches it.
 *  - Attr-selected: the device is translated.  The upper window is set up for
 *    mappings with DMA_ATTR_IOMMU_BYPASS, and torn down when the driver is gone.
 *
 * In the system mode default, a device is mask-selected unless policies of its PE
 * say otherwise; in the other modes it is attr-selected.  The selection mode changes
 * only while no driver is bound, since mappings in flight depend on it.
 *
 * Lock order: dma_bypass_mutex, ppc_dma_bypass_mutex, iommu_group::mutex or
 * ppc_dma_bypass_users_mutex.
 */
#include <linux/cleanup.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <asm/dma-bypass.h>
#include <asm/iommu.h>
#include <asm/pci-bridge.h>

/* Serialises set-up and tear-down of windows. */
static DEFINE_MUTEX(ppc_dma_bypass_mutex);

/*
 * Devices whose window is open.  Memory hotplug takes the mutex, so no other lock is
 * taken under it.
 */
static DEFINE_MUTEX(ppc_dma_bypass_users_mutex);
static HLIST_HEAD(ppc_dma_bypass_users);

static const struct ppc_dma_bypass_phb_ops *ppc_dma_bypass_phb(struct device *dev)
{
	return pci_bus_to_host(to_pci_dev(dev)->bus)->controller_ops.dma_bypass;
}

/* Bridges are in the PE, too, but map nothing. */
static bool ppc_dma_bypass_maps(struct device *dev)
{
	return dev_is_pci(dev) && !pci_is_bridge(to_pci_dev(dev));
}

static int ppc_dma_bypass_has_policy(struct device *dev, void *policy)
{
	return ppc_dma_bypass_maps(dev) &&
	       dma_bypass_policy(dev) == *(enum dma_bypass_policy *)policy;
}

static bool ppc_dma_bypass_pe_has_policy(struct device *dev,
					 enum dma_bypass_policy policy)
{
	return iommu_group_for_each_dev(dev->iommu_group, &policy,
					ppc_dma_bypass_has_policy);
}

/*
 * In the mode default, a device that must not bypass has the whole PE translated;
 * devices that may do so only if no other would lose the window of its mask.
 */
static bool ppc_dma_bypass_pe_attr_selected(struct device *dev)
{
	if (dma_bypass_default_translated())
		return true;
	if (!dev->iommu_group)
		return dma_bypass_policy(dev) != DMA_BYPASS_POLICY_DEFAULT;
	return ppc_dma_bypass_pe_has_policy(dev, DMA_BYPASS_POLICY_DENY) ||
	       ppc_dma_bypass_pe_has_policy(dev, DMA_BYPASS_POLICY_GUARD) ||
	       !ppc_dma_bypass_pe_has_policy(dev, DMA_BYPASS_POLICY_DEFAULT);
}

/*
 * bus_dma_limit is the end of a window that the mask selected.  It is kept for late
 * unmaps, until the mask selects again.
 */
static void ppc_dma_bypass_update_mode(struct device *dev)
{
	bool attr_selected = ppc_dma_bypass_pe_attr_selected(dev);

	if (attr_selected)
		dev_clear_dma_ops_bypass(dev);
	else if (ppc_dma_bypass_attr_selected(dev))
		dev->bus_dma_limit = 0;
	WRITE_ONCE(dev->archdata.dma_attr_selected, attr_selected);
}

/* Whether another device of the PE needs the window. */
static int ppc_dma_bypass_uses_window(struct device *dev, void *asking)
{
	if (dev == asking || !ppc_dma_bypass_maps(dev))
		return 0;
	return (dev->driver && !ppc_dma_bypass_attr_selected(dev)) ||
	       !hlist_unhashed(&dev->archdata.dma_bypass_user);
}

/* A bridge needs no grant, but it has to be trusted. */
static int ppc_dma_bypass_denied(struct device *dev, void *asking)
{
	struct pci_dev *pdev = to_pci_dev(dev);

	if (dev == asking)
		return 0;
	if (pci_is_bridge(pdev))
		return pdev->untrusted || pdev->external_facing;
	return !dma_bypass_allowed(dev);
}

/* Tear down the window of the PE of @dev, unless another device needs it. */
static void ppc_dma_bypass_release(struct device *dev)
{
	const struct ppc_dma_bypass_phb_ops *phb = ppc_dma_bypass_phb(dev);
	struct pci_dev *pdev = to_pci_dev(dev);
	int err;

	lockdep_assert_held(&ppc_dma_bypass_mutex);
	if (!phb || !dev->iommu_group || !phb->exists(pdev) ||
	    iommu_group_for_each_dev(dev->iommu_group, dev,
				     ppc_dma_bypass_uses_window))
		return;
	err = phb->teardown(pdev);
	if (err)
		pci_err(pdev, "not confined: cannot close the window to all memory: %pe\n",
			ERR_PTR(err));
}

static u64 ppc_dma_bypass_size(struct device *dev)
{
	return ppc_dma_bypass_phb(dev)->size(to_pci_dev(dev));
}

/*
 * No driver of @dev has a mapping.  Unmaps that come late recognise the addresses of
 * a window that the mask selected by bus_dma_limit, which powernv does not set.
 */
static void ppc_dma_bypass_update(struct device *dev)
{
	bool mask_selected = dev_dma_ops_bypass(dev);

	guard(mutex)(&ppc_dma_bypass_mutex);
	ppc_dma_bypass_update_mode(dev);
	if (!ppc_dma_bypass_attr_selected(dev))
		return;
	ppc_dma_bypass_release(dev);
	if (mask_selected && !dev->bus_dma_limit && ppc_dma_bypass_phb(dev))
		dev->bus_dma_limit = dev->archdata.dma_offset +
				     ppc_dma_bypass_size(dev);
}

static void ppc_dma_bypass_eligibility(struct device *dev,
				       struct dma_bypass_eligibility *e)
{
	e->direct = !ppc_dma_bypass_attr_selected(dev);
	if (!dev->iommu_group || !get_iommu_table_base(dev) ||
	    !ppc_dma_bypass_phb(dev)) {
		e->unsupported = true;
		return;
	}
	e->group_denied = iommu_group_for_each_dev(dev->iommu_group, dev,
						   ppc_dma_bypass_denied);
	/* pseries knows the place when the window has been there once. */
	e->last = max_t(u64, dev->archdata.dma_offset, SZ_4G) +
		  ppc_dma_bypass_size(dev) - 1;
}

static int ppc_dma_bypass_publish(struct device *dev)
{
	u64 size = ppc_dma_bypass_size(dev);
	struct dma_bypass_ram ram = {};
	struct dma_bypass_window *win;

	lockdep_assert_held(&ppc_dma_bypass_users_mutex);
	dma_bypass_ram_add_system(&ram, 0, size);
	win = dma_bypass_alloc_window(dev->archdata.dma_offset, size, &ram);
	dma_bypass_ram_free(&ram);
	return dma_bypass_publish(dev, win);
}

/* Translated addresses have to lie below the window, and the mask above it. */
static int ppc_dma_bypass_check_place(struct device *dev)
{
	struct iommu_table *tbl = get_iommu_table_base(dev);
	u64 base = dev->archdata.dma_offset;

	if (!tbl ||
	    (tbl->it_offset + tbl->it_size) << tbl->it_page_shift > base)
		return -EOPNOTSUPP;
	if (dma_get_mask(dev) < base + ppc_dma_bypass_size(dev) - 1)
		return -ERANGE;
	return 0;
}

static int ppc_dma_bypass_open(struct device *dev)
{
	int err;

	guard(mutex)(&ppc_dma_bypass_mutex);
	err = ppc_dma_bypass_phb(dev)->setup(to_pci_dev(dev)) ?:
	      ppc_dma_bypass_check_place(dev);
	if (!err) {
		guard(mutex)(&ppc_dma_bypass_users_mutex);
		err = ppc_dma_bypass_publish(dev);
		if (!err)
			hlist_add_head(&dev->archdata.dma_bypass_user,
				       &ppc_dma_bypass_users);
	}
	if (err)
		ppc_dma_bypass_release(dev);
	return err;
}

static void ppc_dma_bypass_close(struct device *dev)
{
	guard(mutex)(&ppc_dma_bypass_mutex);
	scoped_guard(mutex, &ppc_dma_bypass_users_mutex)
		hlist_del_init(&dev->archdata.dma_bypass_user);
	ppc_dma_bypass_release(dev);
}

static bool ppc_dma_bypass_exposed(struct device *dev)
{
	const struct ppc_dma_bypass_phb_ops *phb = ppc_dma_bypass_phb(dev);

	return phb && phb->exists(to_pci_dev(dev));
}

static const struct dma_bypass_ops ppc_dma_bypass_ops = {
	.eligibility	= ppc_dma_bypass_eligibility,
	.open		= ppc_dma_bypass_open,
	.close		= ppc_dma_bypass_close,
	.exposed	= ppc_dma_bypass_exposed,
};

/**
 * ppc_dma_bypass_attach - a device has got its default window
 * @pdev: the device, registered and without a driver
 *
 * Context: Process context.
 */
void ppc_dma_bypass_attach(struct pci_dev *pdev)
{
	if (!ppc_dma_bypass_maps(&pdev->dev))
		return;
	if (dma_bypass_attach(&pdev->dev, &ppc_dma_bypass_ops))
		pci_warn(pdev, "no memory for a bypass window\n");
	ppc_dma_bypass_update(&pdev->dev);
}

/**
 * ppc_dma_bypass_enable_device - whether a driver may enable a device
 * @pdev: the device
 *
 * While the window of a PE exists, every device of the PE reaches all memory.
 *
 * Context: Process context.
 * Return: 0, or -EBUSY if @pdev is to be confined, and another device needs the
 * window.
 */
int ppc_dma_bypass_enable_device(struct pci_dev *pdev)
{
	struct device *dev = &pdev->dev;

	if (!ppc_dma_bypass_attr_selected(dev) || !dev->iommu_group ||
	    dma_bypass_allowed(dev) ||
	    !iommu_group_for_each_dev(dev->iommu_group, dev,
				      ppc_dma_bypass_uses_window))
		return 0;
	pci_err(pdev, "not enabled: a device of its PE has a window to all memory; allow this one in dma_bypass/policy, or bind that one anew\n");
	return -EBUSY;
}

/* The platform maps what comes online and unmaps what goes offline. */
static int ppc_dma_bypass_memory_notify(struct notifier_block *nb,
					unsigned long action, void *arg)
{
	struct device *dev;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;
	guard(mutex)(&ppc_dma_bypass_users_mutex);
	hlist_for_each_entry(dev, &ppc_dma_bypass_users,
			     archdata.dma_bypass_user)
		if (ppc_dma_bypass_publish(dev))
			dev_warn(dev, "no memory to update the bypass window\n");
	return NOTIFY_OK;
}

static int ppc_dma_bypass_bus_notify(struct notifier_block *nb,
				     unsigned long action, void *data)
{
	struct device *dev = data;

	if ((action != BUS_NOTIFY_BIND_DRIVER &&
	     action != BUS_NOTIFY_DRIVER_NOT_BOUND &&
	     action != BUS_NOTIFY_UNBOUND_DRIVER) ||
	    get_dma_ops(dev) != &dma_iommu_ops || !ppc_dma_bypass_maps(dev))
		return NOTIFY_DONE;
	ppc_dma_bypass_update(dev);
	return NOTIFY_OK;
}

static struct notifier_block ppc_dma_bypass_bus_nb = {
	.notifier_call = ppc_dma_bypass_bus_notify,
};

static int __init ppc_dma_bypass_init(void)
{
	int err = bus_register_notifier(&pci_bus_type, &ppc_dma_bypass_bus_nb);

	return err ?: hotplug_memory_notifier(ppc_dma_bypass_memory_notify,
					      DEFAULT_CALLBACK_PRI);
}
subsys_initcall(ppc_dma_bypass_init);
