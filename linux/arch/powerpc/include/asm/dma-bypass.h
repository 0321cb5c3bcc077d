/* SPDX-License-Identifier: GPL-2.0 */
/* Bypass windows on POWER: what selects the window of a device's mappings. */
#ifndef _ASM_POWERPC_DMA_BYPASS_H
#define _ASM_POWERPC_DMA_BYPASS_H

#include <linux/device.h>
#include <linux/types.h>

struct pci_dev;

#ifdef CONFIG_PPC_DMA_BYPASS
/* Whether DMA_ATTR_IOMMU_BYPASS selects the window, and not the DMA mask. */
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
