// SPDX-License-Identifier: GPL-2.0
/*
 * Access of the tests to static parts of pci_sun4v.c, which includes this file. A
 * root complex is set up as by the probe function, except for its bus.
 */
#include "pci_sun4v_test.h"

const struct dma_map_ops *sun4v_test_dma_ops = &sun4v_dma_ops;

static int sun4v_test_batch_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		unsigned long page = get_zeroed_page(GFP_KERNEL);

		if (!page)
			return -ENOMEM;
		per_cpu(iommu_batch, cpu).pglist = (u64 *)page;
	}
	iommu_batch_initialized = 1;
	return 0;
}

/**
 * sun4v_test_root_init - Set up the IOMMU of a root complex
 * @pbm: the root complex, with devhandle, device node, bus and IOMMU
 * @use_atu: set up an ATU, too
 *
 * If the ATU cannot be set up, continue without, as the probe function does.
 *
 * Return: 0 or a negative errno.
 */
int sun4v_test_root_init(struct pci_pbm_info *pbm, bool use_atu)
{
	int err;

	err = iommu_batch_initialized ? 0 : sun4v_test_batch_init();
	if (!err)
		err = pci_sun4v_iommu_init(pbm);
	if (err || !use_atu)
		return err;

	pbm->iommu->atu = kzalloc_obj(*pbm->iommu->atu);
	if (!pbm->iommu->atu)
		return -ENOMEM;
	if (pci_sun4v_atu_init(pbm)) {
		kfree(pbm->iommu->atu);
		pbm->iommu->atu = NULL;
	}
	return 0;
}

/**
 * sun4v_test_root_exit - Undo sun4v_test_root_init(), whatever it returned
 * @pbm: the root complex
 */
void sun4v_test_root_exit(struct pci_pbm_info *pbm)
{
	struct atu *atu = pbm->iommu->atu;

	if (atu && atu->iotsb) {
		free_pages((unsigned long)atu->iotsb->table,
			   get_order(atu->iotsb->table_size));
		kfree(atu->iotsb);
	}
	if (atu)
		kfree(atu->tbl.map);
	kfree(atu);
	kfree(pbm->iommu->tbl.map);
}

/**
 * sun4v_test_version - Get the version of the PCI services in use
 * @version: set to major and minor version
 */
void sun4v_test_version(unsigned long version[2])
{
	version[0] = vpci_major;
	version[1] = vpci_minor;
}

/**
 * sun4v_test_set_version - Use a version of the PCI services
 * @major: major version
 * @minor: minor version
 */
void sun4v_test_set_version(unsigned long major, unsigned long minor)
{
	vpci_major = major;
	vpci_minor = minor;
}
