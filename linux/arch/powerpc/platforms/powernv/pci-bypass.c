// SPDX-License-Identifier: GPL-2.0
/* Bypass windows on powernv: TVE#1 of a PE, which exists while it is needed. */
#include <linux/pci.h>
#include <asm/iommu.h>
#include "pci.h"

static bool pnv_pci_bypass_uses_tve0(struct pci_dev *pdev,
				     struct pnv_ioda_pe *pe)
{
	return pdev->dev.archdata.dma_offset != pe->tce_bypass_base;
}

/* A PE without tables has an owner that has taken its windows, too. */
u64 pnv_pci_bypass_setup(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	if (!pe->table_group.tables[0])
		return 0;
	if (!pe->tce_bypass_enabled)
		pnv_pci_ioda2_set_bypass(pe, true);
	pe->tce_bypass_closed = !pe->tce_bypass_enabled;
	return pe->tce_bypass_enabled ? pe->tce_bypass_top : 0;
}

int pnv_pci_bypass_teardown(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);
	struct iommu_table *tbl = pe->table_group.tables[0];

	pnv_pci_ioda2_set_bypass(pe, false);
	pe->tce_bypass_closed = true;
	if (pe->tce_bypass_enabled)
		return -EIO;
	if (!pnv_pci_bypass_uses_tve0(pdev, pe))
		return 0;
	/* It maps memory: give it back to the TCE table. */
	pnv_pci_ioda2_unset_window(&pe->table_group, 0);
	if (pnv_pci_ioda2_set_window(&pe->table_group, 0, tbl))
		return -EIO;
	pdev->dev.archdata.dma_offset = pe->tce_bypass_base;
	return 0;
}

bool pnv_pci_bypass_exists(struct pci_dev *pdev)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(pdev);

	return pe->table_group.tables[0] &&
	       (pe->tce_bypass_enabled || pnv_pci_bypass_uses_tve0(pdev, pe));
}
