/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows on POWER: what selects the window of a device's mappings.
 */
#ifndef _ASM_POWERPC_DMA_BYPASS_H
#define _ASM_POWERPC_DMA_BYPASS_H

#include <linux/device.h>
#include <linux/types.h>

struct pci_dev;

/**
 * struct ppc_dma_bypass_phb_ops - the upper windows of a PCI host bridge
 * @setup: set up the window of a device's PE, and archdata.dma_offset.  Leave the
 *	default window alone.  Process context.  Returns 0 or a negative errno.
 * @teardown: tear it down, whoever has set it up.  Process context, no device of
 *	the PE uses it.  Returns 0, or a negative errno if it still exists.
 * @size: return the end of the physical memory that the window maps.  Any context.
 * @exists: return whether the window maps memory now.  Any context.
 */
struct ppc_dma_bypass_phb_ops {
	int (*setup)(struct pci_dev *pdev);
	int (*teardown)(struct pci_dev *pdev);
	u64 (*size)(struct pci_dev *pdev);
	bool (*exists)(struct pci_dev *pdev);
};

#ifdef CONFIG_PPC_DMA_BYPASS
/**
 * ppc_dma_bypass_attr_selected - whether attributes select a device's window
 * @dev: the device
 *
 * Context: Any.
 * Return: true if it is DMA_ATTR_IOMMU_BYPASS, false if it is the DMA mask.
 */
static inline bool ppc_dma_bypass_attr_selected(struct device *dev)
{
	return READ_ONCE(dev->archdata.dma_attr_selected);
}

void ppc_dma_bypass_attach(struct pci_dev *pdev);
int ppc_dma_bypass_enable_device(struct pci_dev *pdev);
#else
static inline bool ppc_dma_bypass_attr_selected(struct device *dev)
{
	return false;
}

static inline void ppc_dma_bypass_attach(struct pci_dev *pdev)
{
}

static inline int ppc_dma_bypass_enable_device(struct pci_dev *pdev)
{
	return 0;
}
#endif /* CONFIG_PPC_DMA_BYPASS */

#endif /* _ASM_POWERPC_DMA_BYPASS_H */
