// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on pseries: a direct DDW, beside the default window of a PE.
 */
#include <linux/iommu.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <asm/dma-bypass.h>
#include <asm/iommu.h>
#include <asm/pci-bridge.h>
#include <asm/ppc-pci.h>
#include "pseries.h"

static struct iommu_table_group *pseries_bypass_group(struct pci_dev *pdev)
{
	return iommu_group_get_iommudata(pdev->dev.iommu_group);
}

/* A limited addressing mode would reset the default window, so ask for 64 bits. */
static int pseries_bypass_setup(struct pci_dev *pdev)
{
	return pseries_pci_controller_ops.iommu_bypass_supported(pdev,
			DMA_BIT_MASK(64)) ? 0 : -EOPNOTSUPP;
}

/*
 * A hybrid window holds the only table of its PE, with mappings that are not known
 * here, so it stays.
 */
static int pseries_bypass_teardown(struct pci_dev *pdev)
{
	struct iommu_table_group *group = pseries_bypass_group(pdev);
	struct device_node *pdn = pci_dma_find_parent_node(pdev, group);
	int err;

	mutex_lock(&dma_win_init_mutex);
	if (group->tables[0] && !of_property_present(pdn, "ibm,dma-window"))
		err = -EOPNOTSUPP;
	else
		err = remove_dynamic_dma_windows(pdev, pdn);
	if (!err && !group->tables[0])
		err = pseries_setup_default_iommu_config(group, &pdev->dev) ?
		      -EIO : 0;
	mutex_unlock(&dma_win_init_mutex);
	return err;
}

static u64 pseries_bypass_size(struct pci_dev *pdev)
{
	return pseries_ddw_max_ram;
}

/* Also a window that is inherited from the kernel before a kexec. */
static bool pseries_bypass_exists(struct pci_dev *pdev)
{
	struct device_node *pdn;

	pdn = pdev->dev.iommu_group ?
	      pci_dma_find_parent_node(pdev, pseries_bypass_group(pdev)) : NULL;
	return pdn && of_property_present(pdn, DIRECT64_PROPNAME);
}

const struct ppc_dma_bypass_phb_ops pseries_bypass_ops = {
	.setup		= pseries_bypass_setup,
	.teardown	= pseries_bypass_teardown,
	.size		= pseries_bypass_size,
	.exists		= pseries_bypass_exists,
};
