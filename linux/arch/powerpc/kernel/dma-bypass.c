// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER.
 *
 * A PCI device has a default window, translated and below 4 GiB, and an upper one
 * that maps memory at an offset: TVE#1 on powernv, a DDW on pseries.
 *
 *  - Mask-selected: the platform sets up the upper window, and everything that a
 *    device maps is in it if the DMA mask reaches it.
 *  - Attr-selected: the device is translated.  The upper window is set up for
 *    mappings with DMA_ATTR_IOMMU_BYPASS, and torn down when the driver is gone.
 *
 * This changes only while no driver is bound, since mappings in flight depend on it.
 *
 * Lock order: dma_bypass_mutex, ppc_dma_bypass_mutex, the group's or the users' mutex.
 */
#include <linux/cleanup.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/memblock.h>
#include <linux/memory.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <asm/dma-bypass.h>
#include <asm/iommu.h>
#include <asm/pci-bridge.h>

/* Serialises set-up and tear-down of windows. */
static DEFINE_MUTEX(ppc_dma_bypass_mutex);

/* Of archdata.dma_bypass_size, which is not 0 while a device has the window open. */
static DEFINE_MUTEX(ppc_dma_bypass_users_mutex);

static const struct pci_controller_ops *ppc_dma_bypass_phb(struct device *dev)
{
	return &pci_bus_to_host(to_pci_dev(dev)->bus)->controller_ops;
}

/* Bridges are in the PE, too, but map nothing. */
static bool ppc_dma_bypass_maps(struct device *dev)
{
	return dev_is_pci(dev) && !pci_is_bridge(to_pci_dev(dev));
}

static int ppc_dma_bypass_add_policy(struct device *dev, void *policies)
{
	if (ppc_dma_bypass_maps(dev))
		*(unsigned int *)policies |= BIT(dma_bypass_policy(dev));
	return 0;
}

/* Whether another device has mappings in the default window, and no other window. */
static int ppc_dma_bypass_needs_default(struct device *dev, void *asking)
{
	return dev != asking && dev->driver && ppc_dma_bypass_attr_selected(dev) &&
	       !dev->archdata.dma_bypass_size;
}

/*
 * In the mode default, a device that must not bypass has the whole PE translated;
 * devices that may do so only if no other would lose the window of its mask.
 */
static bool ppc_dma_bypass_pe_attr_selected(struct device *dev)
{
	struct iommu_group *group = dev->iommu_group;
	unsigned int policies = 0;

	if (dma_bypass_default_translated() ||
	    (group && iommu_group_for_each_dev(group, dev,
					       ppc_dma_bypass_needs_default)))
		return true;
	if (group)
		iommu_group_for_each_dev(group, &policies,
					 ppc_dma_bypass_add_policy);
	else
		ppc_dma_bypass_add_policy(dev, &policies);
	return policies & (BIT(DMA_BYPASS_POLICY_DENY) |
			   BIT(DMA_BYPASS_POLICY_GUARD)) ||
	       !(policies & BIT(DMA_BYPASS_POLICY_DEFAULT));
}

static bool ppc_dma_bypass_exposed(struct device *dev)
{
	const struct pci_controller_ops *phb = ppc_dma_bypass_phb(dev);

	return phb->dma_bypass_exists && dev->iommu_group &&
	       phb->dma_bypass_exists(to_pci_dev(dev));
}

/* Whether another device of the PE needs the window. */
static int ppc_dma_bypass_uses_window(struct device *dev, void *asking)
{
	if (dev == asking || !ppc_dma_bypass_maps(dev))
		return 0;
	return (dev->driver && !ppc_dma_bypass_attr_selected(dev)) ||
	       dev->archdata.dma_bypass_size;
}

/* Tear down the window of the PE of @dev, unless another device needs it. */
static void ppc_dma_bypass_release(struct device *dev)
{
	lockdep_assert_held(&ppc_dma_bypass_mutex);
	if (ppc_dma_bypass_exposed(dev) &&
	    !iommu_group_for_each_dev(dev->iommu_group, dev,
				      ppc_dma_bypass_uses_window) &&
	    ppc_dma_bypass_phb(dev)->dma_bypass_teardown(to_pci_dev(dev)))
		dev_err(dev, "not confined: cannot close the window to all memory\n");
}

/*
 * No driver of @dev has a mapping.  Late unmaps recognise a window that the mask selected
 * by bus_dma_limit, which powernv does not set, until the mask selects again.
 */
static void ppc_dma_bypass_update(struct device *dev)
{
	bool attr_selected;

	guard(mutex)(&ppc_dma_bypass_mutex);
	attr_selected = ppc_dma_bypass_pe_attr_selected(dev);
	if (ppc_dma_bypass_attr_selected(dev) && !attr_selected)
		dev->bus_dma_limit = 0;
	WRITE_ONCE(dev->archdata.dma_attr_selected, attr_selected);
	if (!attr_selected)
		return;
	if (dev_dma_ops_bypass(dev) && !dev->bus_dma_limit)
		dev->bus_dma_limit = U64_MAX;
	dev_clear_dma_ops_bypass(dev);
	ppc_dma_bypass_release(dev);
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

static void ppc_dma_bypass_eligibility(struct device *dev,
				       struct dma_bypass_eligibility *e)
{
	e->direct = !ppc_dma_bypass_attr_selected(dev);
	e->unsupported = !get_iommu_table_base(dev) ||
			 !ppc_dma_bypass_phb(dev)->dma_bypass_setup;
	if (e->unsupported)
		return;
	e->group_denied = iommu_group_for_each_dev(dev->iommu_group, dev,
						   ppc_dma_bypass_denied);
	/* pseries knows the place when the window has been there once. */
	e->last = max_t(u64, dev->archdata.dma_offset, SZ_4G) +
		  memblock_end_of_DRAM() - 1;
}

/* Translated addresses have to lie below the window, and the mask above it. */
static int ppc_dma_bypass_check_place(struct device *dev, u64 size)
{
	struct iommu_table *tbl = get_iommu_table_base(dev);
	u64 base = dev->archdata.dma_offset;

	if (!size || !tbl ||
	    (tbl->it_offset + tbl->it_size) << tbl->it_page_shift > base)
		return -EOPNOTSUPP;
	return dma_get_mask(dev) < base + size - 1 ? -ERANGE : 0;
}

static int ppc_dma_bypass_publish(struct device *dev, u64 size)
{
	struct dma_bypass_ram ram = {};
	struct dma_bypass_window *win;

	lockdep_assert_held(&ppc_dma_bypass_users_mutex);
	dev->archdata.dma_bypass_size = size;
	dma_bypass_ram_add_system(&ram, 0, size);
	win = dma_bypass_alloc_window(dev->archdata.dma_offset, size, &ram);
	dma_bypass_ram_free(&ram);
	return dma_bypass_publish(dev, win);
}

static void ppc_dma_bypass_put(struct device *dev)
{
	scoped_guard(mutex, &ppc_dma_bypass_users_mutex)
		dev->archdata.dma_bypass_size = 0;
	ppc_dma_bypass_release(dev);
}

static int ppc_dma_bypass_open(struct device *dev)
{
	u64 size;
	int err;

	guard(mutex)(&ppc_dma_bypass_mutex);
	size = ppc_dma_bypass_phb(dev)->dma_bypass_setup(to_pci_dev(dev));
	err = ppc_dma_bypass_check_place(dev, size);
	if (!err) {
		guard(mutex)(&ppc_dma_bypass_users_mutex);
		err = ppc_dma_bypass_publish(dev, size);
	}
	if (err)
		ppc_dma_bypass_put(dev);
	return err;
}

static void ppc_dma_bypass_close(struct device *dev)
{
	guard(mutex)(&ppc_dma_bypass_mutex);
	ppc_dma_bypass_put(dev);
}

static const struct dma_bypass_ops ppc_dma_bypass_ops = {
	.eligibility	= ppc_dma_bypass_eligibility,
	.open		= ppc_dma_bypass_open,
	.close		= ppc_dma_bypass_close,
	.exposed	= ppc_dma_bypass_exposed,
};

/* A device has got its default window; it has no driver yet. */
void ppc_dma_bypass_attach(struct pci_dev *pdev)
{
	struct device *dev = &pdev->dev;

	if (!ppc_dma_bypass_maps(dev))
		return;
	if (dev->iommu_group && dma_bypass_attach(dev, &ppc_dma_bypass_ops))
		dev_warn(dev, "no memory for a bypass window\n");
	ppc_dma_bypass_update(dev);
}

/* What is to be confined is not enabled beside a device that needs the window. */
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
	struct pci_dev *pdev = NULL;
	u64 size;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;
	for_each_pci_dev(pdev) {
		guard(mutex)(&ppc_dma_bypass_users_mutex);
		size = pdev->dev.archdata.dma_bypass_size;
		if (size && ppc_dma_bypass_publish(&pdev->dev, size))
			pci_warn(pdev, "no memory to update the bypass window\n");
	}
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
