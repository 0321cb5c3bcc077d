// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER.
 *
 * A device has two windows: a lower, translated one, and an upper one that
 * shows memory at an offset.  By mask: the platform gives the upper one to
 * every device whose DMA mask reaches it, for all that it maps.  By attribute:
 * a device is translated, and the upper window is made when a mapping with
 * DMA_ATTR_IOMMU_BYPASS was granted it, and taken away with the driver.
 *
 * By mask is for devices that the administrator said nothing about, neither by
 * the system mode nor by their policy.  A device does not leave one regime for
 * the other while its driver has mappings that the other could not undo.
 */
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/dma-bypass.h>
#include <asm/iommu.h>
#include <asm/pci-bridge.h>

/* A device whose window is open; it shows physical memory below @size. */
struct ppc_dma_bypass_user {
	struct device		*dev;
	u64			size;
	struct list_head	node;
};

static LIST_HEAD(ppc_dma_bypass_users);
/* Memory hotplug takes it, so nothing but the list is looked at under it. */
static DEFINE_MUTEX(ppc_dma_bypass_users_mutex);

/**
 * ppc_dma_bypass_by_attr - what chooses the window of a device's mappings?
 * @dev: the device
 *
 * Context: Any.
 * Return: true if it is the attribute, false if it is the DMA mask.
 */
bool ppc_dma_bypass_by_attr(struct device *dev)
{
	return dev->archdata.dma_by_attr || dma_bypass_translates();
}

static void ppc_dma_bypass_set_regime(struct device *dev)
{
	bool said = dev->dma_bypass &&
		    dma_bypass_policy(dev) != DMA_BYPASS_POLICY_DEFAULT;

	dev->archdata.dma_by_attr = said || dma_bypass_translates();
	if (dev->archdata.dma_by_attr)
		dev->dma_ops_bypass = false;
}

/**
 * ppc_dma_bypass_settle - let a device's policy take effect, if it can now
 * @dev: device whose DMA mask is being set, or whose window is asked for
 *
 * A bound driver may go on to hold mappings of the upper window, so it waits
 * for the next one.  Back to the rule of the mask only goes an unbound device.
 *
 * Context: Process context.
 * Return: as ppc_dma_bypass_by_attr().
 */
bool ppc_dma_bypass_settle(struct device *dev)
{
	if (!dev->driver || (!dev->archdata.dma_by_attr &&
			     !dev->dma_ops_bypass && !dev->bus_dma_limit))
		ppc_dma_bypass_set_regime(dev);
	return ppc_dma_bypass_by_attr(dev);
}

static const struct pci_controller_ops *ppc_dma_bypass_phb(struct device *dev)
{
	return &pci_bus_to_host(to_pci_dev(dev)->bus)->controller_ops;
}

/* Bridges are members of the PE, too, but have nothing to map. */
static bool ppc_dma_bypass_counts(struct device *dev, struct device *asking)
{
	return dev != asking && dev_is_pci(dev) &&
	       !pci_is_bridge(to_pci_dev(dev));
}

static int ppc_dma_bypass_denied(struct device *dev, void *asking)
{
	return ppc_dma_bypass_counts(dev, asking) && !dma_bypass_admitted(dev);
}

static int ppc_dma_bypass_needed(struct device *dev, void *asking)
{
	return ppc_dma_bypass_counts(dev, asking) &&
	       (!ppc_dma_bypass_by_attr(dev) ||
		dma_bypass_state(dev) != DMA_BYPASS_CLOSED);
}

/* Take the upper window from the PE of @dev, unless another device needs it. */
static void ppc_dma_bypass_release(struct device *dev)
{
	const struct pci_controller_ops *phb = ppc_dma_bypass_phb(dev);
	struct iommu_group *group = iommu_group_get(dev);

	lockdep_assert_held(&dma_bypass_mutex);
	if (group && phb->iommu_bypass_close &&
	    !iommu_group_for_each_dev(group, dev, ppc_dma_bypass_needed))
		phb->iommu_bypass_close(to_pci_dev(dev));
	iommu_group_put(group);
}

static void ppc_dma_bypass_facts(struct device *dev,
				 struct dma_bypass_facts *facts)
{
	struct iommu_group *group = iommu_group_get(dev);

	facts->direct = !ppc_dma_bypass_settle(dev);
	if (!group || !get_iommu_table_base(dev) ||
	    !ppc_dma_bypass_phb(dev)->iommu_bypass_open)
		facts->unsupported = true;
	facts->group_denied = group &&
		iommu_group_for_each_dev(group, dev, ppc_dma_bypass_denied);
	iommu_group_put(group);

	/* The platform may tell where it is only when it is open. */
	facts->base = max_t(u64, dev->archdata.dma_offset, DMA_BIT_MASK(32));
}

static void ppc_dma_bypass_describe(const struct ppc_dma_bypass_user *user,
				    struct dma_bypass_window *win)
{
	struct dma_bypass_range ram[DMA_BYPASS_RANGES];
	int i;

	win->base = user->dev->archdata.dma_offset;
	dma_bypass_system_ram(ram);
	memset(win->ram, 0, sizeof(win->ram));
	for (i = DMA_BYPASS_RANGES - 1; i >= 0; i--)
		dma_bypass_add_range(win->ram, ram[i].start,
				     min_t(u64, ram[i].end, user->size));
}

/* Translated addresses have to lie below those of the window. */
static bool ppc_dma_bypass_above(struct device *dev)
{
	struct iommu_table *tbl = get_iommu_table_base(dev);

	return (tbl->it_offset + tbl->it_size) << tbl->it_page_shift <=
	       dev->archdata.dma_offset;
}

static int ppc_dma_bypass_open(struct device *dev,
			       struct dma_bypass_window *win, void **priv)
{
	struct ppc_dma_bypass_user *user;

	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return -ENOMEM;

	user->dev = dev;
	user->size = ppc_dma_bypass_phb(dev)->iommu_bypass_open(to_pci_dev(dev));
	if (!user->size || !ppc_dma_bypass_above(dev)) {
		ppc_dma_bypass_release(dev);
		kfree(user);
		return -EOPNOTSUPP;
	}
	mutex_lock(&ppc_dma_bypass_users_mutex);
	ppc_dma_bypass_describe(user, win);
	list_add(&user->node, &ppc_dma_bypass_users);
	mutex_unlock(&ppc_dma_bypass_users_mutex);
	*priv = user;
	return 0;
}

static void ppc_dma_bypass_close(struct device *dev, void *priv)
{
	struct ppc_dma_bypass_user *user = priv;

	mutex_lock(&ppc_dma_bypass_users_mutex);
	list_del(&user->node);
	mutex_unlock(&ppc_dma_bypass_users_mutex);
	kfree(user);
	ppc_dma_bypass_release(dev);
	dev->bus_dma_limit = 0;
}

static void ppc_dma_bypass_info(struct device *dev, void *priv,
				struct dma_bypass_info *info)
{
	struct dma_bypass_window win;
	int i;

	ppc_dma_bypass_describe(priv, &win);
	for (i = 0; i < DMA_BYPASS_RANGES; i++)
		info->size += win.ram[i].end - win.ram[i].start;
}

static const struct dma_bypass_ops ppc_dma_bypass_ops = {
	.facts	= ppc_dma_bypass_facts,
	.open	= ppc_dma_bypass_open,
	.close	= ppc_dma_bypass_close,
	.info	= ppc_dma_bypass_info,
};

/**
 * ppc_dma_bypass_attach - a device has been given its translated window
 * @pdev: the device
 *
 * Context: Process context.
 */
void ppc_dma_bypass_attach(struct pci_dev *pdev)
{
	if (dma_bypass_attach(&pdev->dev, &ppc_dma_bypass_ops))
		pci_warn(pdev, "no memory for a bypass window\n");
	ppc_dma_bypass_set_regime(&pdev->dev);
}

/* The platform has mapped what comes online, and unmaps what goes offline. */
static int ppc_dma_bypass_hotplug(struct notifier_block *nb,
				  unsigned long action, void *arg)
{
	struct ppc_dma_bypass_user *user;
	struct dma_bypass_window win;

	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_DONE;

	mutex_lock(&ppc_dma_bypass_users_mutex);
	list_for_each_entry(user, &ppc_dma_bypass_users, node) {
		ppc_dma_bypass_describe(user, &win);
		dma_bypass_resize(user->dev, &win);
	}
	mutex_unlock(&ppc_dma_bypass_users_mutex);
	return NOTIFY_OK;
}

/* A driver is about to be bound: nothing is in flight. */
static int ppc_dma_bypass_bind(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	struct device *dev = data;

	if (action != BUS_NOTIFY_BIND_DRIVER ||
	    get_dma_ops(dev) != &dma_iommu_ops)
		return NOTIFY_DONE;

	mutex_lock(&dma_bypass_mutex);
	ppc_dma_bypass_set_regime(dev);
	if (dev->archdata.dma_by_attr) {
		ppc_dma_bypass_release(dev);
		/* It speaks of that window; the next one sets it again. */
		dev->bus_dma_limit = 0;
	}
	mutex_unlock(&dma_bypass_mutex);
	return NOTIFY_OK;
}

static struct notifier_block ppc_dma_bypass_bind_nb = {
	.notifier_call = ppc_dma_bypass_bind,
};

static int __init ppc_dma_bypass_init(void)
{
	int err = bus_register_notifier(&pci_bus_type, &ppc_dma_bypass_bind_nb);

	return err ?: hotplug_memory_notifier(ppc_dma_bypass_hotplug,
					      DEFAULT_CALLBACK_PRI);
}
subsys_initcall(ppc_dma_bypass_init);
