// SPDX-License-Identifier: GPL-2.0
/* Bypass windows on pseries: a direct DDW, beside the default window of a PE. */
#include <linux/iommu.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <asm/iommu.h>
#include <asm/pci-bridge.h>
#include <asm/ppc-pci.h>
#include "pseries.h"

/* A limited addressing mode would reset the default window, so ask for 64 bits. */
u64 pseries_bypass_setup(struct pci_dev *pdev)
{
	return pseries_pci_controller_ops.iommu_bypass_supported(pdev,
			DMA_BIT_MASK(64)) ? pseries_ddw_max_ram : 0;
}

int pseries_bypass_teardown(struct pci_dev *pdev)
{
	struct iommu_table_group *group = iommu_group_get_iommudata(pdev->dev.iommu_group);
	struct device_node *pdn = pci_dma_find_parent_node(pdev, group);
	int err;

	guard(mutex)(&dma_win_init_mutex);
	/* A hybrid window holds the only table of its PE, which may be in use. */
	if (group->tables[0] && !of_property_present(pdn, "ibm,dma-window"))
		return -EOPNOTSUPP;
	err = remove_dynamic_dma_windows(pdev, pdn);
	if (!err && !group->tables[0])
		err = pseries_setup_default_iommu_config(group, &pdev->dev);
	return err;
}

/* Also a window that is inherited from the kernel before a kexec. */
bool pseries_bypass_exists(struct pci_dev *pdev)
{
	struct iommu_table_group *group = iommu_group_get_iommudata(pdev->dev.iommu_group);

	return of_property_present(pci_dma_find_parent_node(pdev, group),
				   DIRECT64_PROPNAME);
}
