// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass addresses on sun4v: pci_iommu_getbypass() returns that of a page.
 *
 * It depends on where the hypervisor has the page: memory that is contiguous in the
 * guest may not be so for the device. No call takes the address back, so nothing is
 * called before a driver with a grant needs it.
 */
#include <linux/align.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <kunit/visibility.h>
#include <asm/hypervisor.h>
#include <asm/spitfire.h>
#include "iommu_common.h"
#include "pci_impl.h"
#include "pci_sun4v.h"

/* Blocks of memory are aligned to it: Oracle VM Server Administration Guide. */
#define SUN4V_BYPASS_BLOCK	SZ_4M

/* The IOMMU's own addresses have 32 bits, or lie in the range of the ATU. */
static bool sun4v_bypass_owns(struct device *dev, dma_addr_t addr)
{
	const struct iommu *iommu = dev->archdata.iommu;
	const struct atu *atu = iommu->atu;

	return addr >> 32 && !(atu && addr - atu->base < atu->size);
}

static unsigned long sun4v_bypass_prot(enum dma_data_direction dir,
				       unsigned long attrs)
{
	unsigned long prot = HV_PCI_MAP_ATTR_READ;

	if (dir != DMA_TO_DEVICE)
		prot |= HV_PCI_MAP_ATTR_WRITE;
	if ((attrs & DMA_ATTR_WEAK_ORDERING) && vpci_major >= 2)
		prot |= HV_PCI_MAP_ATTR_RELAXED_ORDER;
	return prot;
}

/* Where bypass does not support relaxed ordering, clear it in @prot. */
static dma_addr_t sun4v_bypass_page(struct device *dev, phys_addr_t phys,
				    unsigned long *prot)
{
	struct pci_pbm_info *pbm = dev->archdata.host_controller;
	struct iommu *iommu = dev->archdata.iommu;
	unsigned long addr, status;

	status = pci_sun4v_iommu_getbypass(pbm->devhandle, phys, *prot, &addr);
	if (status == HV_EINVAL && *prot & HV_PCI_MAP_ATTR_RELAXED_ORDER) {
		*prot &= ~HV_PCI_MAP_ATTR_RELAXED_ORDER;
		status = pci_sun4v_iommu_getbypass(pbm->devhandle, phys, *prot,
						   &addr);
	}
	if (unlikely(status == HV_ENOTSUPPORTED))
		WRITE_ONCE(iommu->bypass_unsupported, true);
	if (unlikely(status != HV_EOK || !sun4v_bypass_owns(dev, addr)))
		return DMA_MAPPING_ERROR;
	return addr;
}

/* Whether the last page, and each block between those of both, follow the first. */
static bool sun4v_bypass_contiguous(struct device *dev, phys_addr_t first,
				    phys_addr_t last, dma_addr_t addr,
				    unsigned long prot)
{
	phys_addr_t page = ALIGN(first + 1, SUN4V_BYPASS_BLOCK);

	for (; page < ALIGN_DOWN(last, SUN4V_BYPASS_BLOCK); page += SUN4V_BYPASS_BLOCK)
		if (sun4v_bypass_page(dev, page, &prot) != addr + page - first)
			return false;
	return sun4v_bypass_page(dev, last, &prot) == addr + last - first;
}

static dma_addr_t sun4v_bypass_map(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	phys_addr_t last = (phys + size - 1) & IO_PAGE_MASK;
	const struct iommu *iommu = dev->archdata.iommu;
	unsigned long prot = sun4v_bypass_prot(dir, attrs);
	phys_addr_t first = phys & IO_PAGE_MASK;
	dma_addr_t addr;

	if (unlikely(READ_ONCE(iommu->bypass_unsupported)))
		return DMA_MAPPING_ERROR;

	addr = sun4v_bypass_page(dev, first, &prot);
	if (unlikely(addr == DMA_MAPPING_ERROR) ||
	    (first != last && !sun4v_bypass_contiguous(dev, first, last, addr, prot)))
		return DMA_MAPPING_ERROR;

	addr += phys - first;
	if ((addr ^ (addr + size - 1)) & ~(dma_addr_t)dma_get_seg_boundary(dev))
		return DMA_MAPPING_ERROR;
	return addr;
}

static void sun4v_bypass_eligibility(struct device *dev,
				     struct dma_bypass_eligibility *e)
{
	const struct iommu *iommu = dev->archdata.iommu;

	/* The addresses are not known in advance: leave the mask to the core. */
	e->unsupported = READ_ONCE(iommu->bypass_unsupported);
}

static const struct dma_bypass_ops sun4v_bypass_ops;

/* Find out whether there are bypass addresses, which each mapping gets by itself. */
static int sun4v_bypass_open(struct device *dev)
{
	const struct iommu *iommu = dev->archdata.iommu;
	unsigned long prot = HV_PCI_MAP_ATTR_READ;
	struct dma_bypass_window *win;
	struct dma_bypass_ram ram = {};

	sun4v_bypass_page(dev, page_to_phys(ZERO_PAGE(0)), &prot);
	if (READ_ONCE(iommu->bypass_unsupported))
		return -EOPNOTSUPP;

	dma_bypass_ram_add_system(&ram, 0, PHYS_ADDR_MAX);
	dma_bypass_ram_remove(&ram, kern_base, kern_base + kern_size);
	win = dma_bypass_alloc_window(0, U64_MAX, &ram);
	dma_bypass_ram_free(&ram);
	if (!win)
		return -ENOMEM;
	win->ops = &sun4v_bypass_ops;
	return dma_bypass_publish(dev, win);
}

static void sun4v_bypass_close(struct device *dev)
{
}

static const struct dma_bypass_ops sun4v_bypass_ops = {
	.eligibility	= sun4v_bypass_eligibility,
	.open		= sun4v_bypass_open,
	.close		= sun4v_bypass_close,
	.map		= sun4v_bypass_map,
	.owns		= sun4v_bypass_owns,
};

static int sun4v_bypass_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	struct device *dev = data;

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* A device found by a rescan of the bus has no IOMMU. */
		if (dev->archdata.iommu &&
		    dma_bypass_attach(dev, &sun4v_bypass_ops))
			dev_warn(dev, "no memory for a bypass window\n");
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		dma_bypass_unbind(dev);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		dma_bypass_detach(dev);
		break;
	}
	return NOTIFY_OK;
}

VISIBLE_IF_KUNIT struct notifier_block sun4v_bypass_nb = {
	.notifier_call = sun4v_bypass_notify,
};

/* After the PCI bus type, and before the root complexes. */
static int __init sun4v_bypass_init(void)
{
	if (tlb_type != hypervisor)
		return 0;
	return bus_register_notifier(&pci_bus_type, &sun4v_bypass_nb);
}
arch_initcall(sun4v_bypass_init);
