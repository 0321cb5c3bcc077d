// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on powernv: TVE#1 of a PE, for as long as it is wanted.
 */
#include <linux/pci.h>
#include <asm/iommu.h>
#include "pci.h"

/**
 * pnv_pci_bypass_open - make the upper window of a PE
 * @pdev: device of the PE that is going to use it
 *
 * Context: Process context.
 * Return: the end of the physical memory that the window shows from zero on,
 * or zero if there is no window.
 */
u64 pnv_pci_bypass_open(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	if (!pe || !pe->table_group.tables[0])
		return 0;
	if (!pe->tce_bypass_enabled)
		pnv_pci_ioda2_set_bypass(pe, true);
	pe->tce_bypass_closed = false;
	return pe->tce_bypass_enabled ? pe->tce_bypass_top : 0;
}

/* TVE#0 was made to show memory, too: let it be the TCE table's again. */
static void pnv_pci_bypass_restore_tve0(struct pci_dev *pdev,
					struct pnv_ioda_pe *pe)
{
	struct iommu_table *tbl = pe->table_group.tables[0];

	pnv_pci_ioda2_unset_window(&pe->table_group, 0);
	if (pnv_pci_ioda2_set_window(&pe->table_group, 0, tbl))
		pci_err(pdev, "translated window lost\n");
	pdev->dev.archdata.dma_offset = pe->tce_bypass_base;
}

/**
 * pnv_pci_bypass_close - take the upper window of a PE away
 * @pdev: a device of the PE
 *
 * Context: Process context; nothing uses the window, and nobody can map.
 */
void pnv_pci_bypass_close(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	/* Whoever took the tables away owns the windows. */
	if (!pe || !pe->table_group.tables[0])
		return;
	if (pe->tce_bypass_enabled) {
		pnv_pci_ioda2_set_bypass(pe, false);
		pe->tce_bypass_closed = true;
	}
	if (pdev->dev.archdata.dma_offset != pe->tce_bypass_base)
		pnv_pci_bypass_restore_tve0(pdev, pe);
}

/**
 * pnv_pci_bypass_reopen - undo pnv_pci_bypass_close()
 * @pdev: device of the PE that goes by its DMA mask again
 *
 * Context: Process context.
 */
void pnv_pci_bypass_reopen(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	if (pe && pe->tce_bypass_closed)
		pnv_pci_bypass_open(pdev);
}
