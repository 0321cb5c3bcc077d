// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on powernv: TVE#1 of a PE, which exists while it is needed.
 */
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/pci.h>
#include <asm/dma-bypass.h>
#include <asm/iommu.h>
#include "pci.h"

static bool pnv_pci_bypass_uses_tve0(struct pci_dev *pdev,
				     struct pnv_ioda_pe *pe)
{
	return pdev->dev.archdata.dma_offset != pe->tce_bypass_base;
}

static int pnv_pci_bypass_setup(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	if (!pe || !pe->table_group.tables[0])
		return -EOPNOTSUPP;
	if (!pe->tce_bypass_enabled)
		pnv_pci_ioda2_set_bypass(pe, true);
	pe->tce_bypass_closed = false;
	return pe->tce_bypass_enabled ? 0 : -EOPNOTSUPP;
}

/* TVE#0 maps memory: give it back to the TCE table. */
static int pnv_pci_bypass_restore_tve0(struct pci_dev *pdev,
				       struct pnv_ioda_pe *pe)
{
	struct iommu_table *tbl = pe->table_group.tables[0];

	pnv_pci_ioda2_unset_window(&pe->table_group, 0);
	if (pnv_pci_ioda2_set_window(&pe->table_group, 0, tbl))
		return -EIO;
	pdev->dev.archdata.dma_offset = pe->tce_bypass_base;
	return 0;
}

static int pnv_pci_bypass_teardown(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	pnv_pci_ioda2_set_bypass(pe, false);
	pe->tce_bypass_closed = true;
	if (pe->tce_bypass_enabled)
		return -EIO;
	return pnv_pci_bypass_uses_tve0(pdev, pe) ?
	       pnv_pci_bypass_restore_tve0(pdev, pe) : 0;
}

static u64 pnv_pci_bypass_size(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	return pe && pe->tce_bypass_enabled ? pe->tce_bypass_top :
	       roundup_pow_of_two(memblock_end_of_DRAM());
}

/* A PE without tables has an owner that has taken its windows, too. */
static bool pnv_pci_bypass_exists(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	return pe && pe->table_group.tables[0] &&
	       (pe->tce_bypass_enabled || pnv_pci_bypass_uses_tve0(pdev, pe));
}

const struct ppc_dma_bypass_phb_ops pnv_pci_bypass_ops = {
	.setup		= pnv_pci_bypass_setup,
	.teardown	= pnv_pci_bypass_teardown,
	.size		= pnv_pci_bypass_size,
	.exists		= pnv_pci_bypass_exists,
};

/**
 * pnv_pci_bypass_reopen - set up the window that a mask-selected device expects
 * @pe: the PE of the device
 *
 * Context: Process context.
 */
void pnv_pci_bypass_reopen(struct pnv_ioda_pe *pe)
{
	if (pe->tce_bypass_closed && !pe->tce_bypass_enabled)
		pnv_pci_ioda2_set_bypass(pe, true);
	pe->tce_bypass_closed = false;
}
