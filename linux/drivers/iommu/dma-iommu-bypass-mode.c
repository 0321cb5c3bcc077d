// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows in the domains of dma-iommu: the system modes, against what else
 * selects the type of a domain.
 */
#include <linux/dma-bypass-policy.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/pci.h>
#include <linux/xarray.h>

#include "dma-iommu-bypass.h"
#include "iommu-priv.h"

/* Devices that were reported since they were added. */
static DEFINE_XARRAY(iommu_dma_bypass_reported);

/* Why a device cannot be translated, or NULL if it can. */
static const char *iommu_dma_bypass_untranslatable(struct device *dev)
{
	struct iommu_domain *domain;
	bool fits;

	if (!device_iommu_mapped(dev))
		return "it has no IOMMU";
	if (dev_iommu_ops(dev)->default_domain)
		return "its IOMMU driver has no other domain";

	domain = iommu_paging_domain_alloc(dev);
	/* Without memory the device gets no domain at all. */
	if (domain == ERR_PTR(-ENOMEM))
		return NULL;
	if (IS_ERR(domain))
		return "its IOMMU driver cannot translate it";
	fits = domain->pgsize_bitmap & GENMASK(PAGE_SHIFT, 0);
	iommu_domain_free(domain);
	return fits ? NULL : "the pages of its IOMMU are larger than the CPU's";
}

/*
 * The domain type that an IOMMU driver insists on for @dev, or 0 for the default.  In
 * the modes that translate by default it gets identity only if there is no other way,
 * not for speed or convenience.  The group is locked.
 */
int iommu_dma_bypass_domain_type(struct device *dev, int type)
{
	if (type != IOMMU_DOMAIN_IDENTITY || !dma_bypass_default_translated() ||
	    iommu_dma_bypass_untranslatable(dev))
		return type;
	return 0;
}

/*
 * Name a device that is not translated in the mode never, when a driver is bound to it,
 * once.  Of those without an IOMMU only PCI devices count: most others make no DMA.
 */
void iommu_dma_bypass_report(struct device *dev)
{
	if (!dma_bypass_disabled() || use_dma_iommu(dev) ||
	    !(device_iommu_mapped(dev) || dev_is_pci(dev)))
		return;
	if (xa_insert(&iommu_dma_bypass_reported, (unsigned long)dev,
		      xa_mk_value(0), GFP_KERNEL))
		return;
	dev_warn(dev, "not translated: %s\n",
		 iommu_dma_bypass_untranslatable(dev) ?:
		 "its IOMMU group is not");
}

/* The device goes away. */
void iommu_dma_bypass_forget(struct device *dev)
{
	xa_erase(&iommu_dma_bypass_reported, (unsigned long)dev);
}
