/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows on POWER: what chooses between the two windows of a device.
 */
#ifndef _ASM_POWERPC_DMA_BYPASS_H
#define _ASM_POWERPC_DMA_BYPASS_H

#include <linux/types.h>

struct device;
struct pci_dev;

#ifdef CONFIG_PPC_DMA_BYPASS
bool ppc_dma_bypass_by_attr(struct device *dev);
bool ppc_dma_bypass_settle(struct device *dev);
void ppc_dma_bypass_attach(struct pci_dev *pdev);
#else
static inline bool ppc_dma_bypass_by_attr(struct device *dev)
{
	return false;
}

static inline bool ppc_dma_bypass_settle(struct device *dev)
{
	return false;
}

static inline void ppc_dma_bypass_attach(struct pci_dev *pdev)
{
}
#endif /* CONFIG_PPC_DMA_BYPASS */

#endif /* _ASM_POWERPC_DMA_BYPASS_H */
