// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that VT-d blocked, for the suites of bypass windows: its fault recording
 * registers.
 */
#include <linux/dmar.h>
#include <linux/io.h>
#include <linux/pci.h>

#include "dma-iommu-bypass-test-fault.h"
#include "intel/iommu.h"

#define VTD_FAULT_RECORD	16		/* bytes */

static void __iomem *regs;

static bool vtd_pop_record(void __iomem *record, struct dma_fault *fault)
{
	u32 high = readl(record + 12);

	if (!(high & DMA_FRCD_F))
		return false;
	fault->read = dma_frcd_type(high);
	fault->source = dma_frcd_source_id(readl(record + 8));
	fault->page = dma_frcd_page_addr(readq(record));
	writel(DMA_FRCD_F, record + 12);
	return true;
}

static bool vtd_next(const struct dma_fault_source *source,
		     struct dma_fault *fault)
{
	u64 cap = readq(regs + DMAR_CAP_REG);
	void __iomem *record = regs + cap_fault_reg_offset(cap);
	unsigned int i;

	for (i = 0; i < cap_num_fault_regs(cap); i++)
		if (vtd_pop_record(record + i * VTD_FAULT_RECORD, fault))
			return true;
	writel(DMA_FSTS_PFO | DMA_FSTS_PPF | DMA_FSTS_PRO, regs + DMAR_FSTS_REG);
	return false;
}

/*
 * Take faults over from the interrupt handler of the IOMMU's driver, which clears the
 * records, and prints no more than a few in five seconds.
 */
static int vtd_watch(struct device *dev)
{
	struct dmar_drhd_unit *drhd =
		dmar_find_matched_drhd_unit(to_pci_dev(dev));
	struct dma_fault old;

	regs = ioremap(drhd->reg_base_addr, drhd->reg_size);
	if (!regs)
		return -ENOMEM;
	writel(DMA_FECTL_IM, regs + DMAR_FECTL_REG);
	while (vtd_next(&dma_fault_vtd, &old))
		;
	return 0;
}

static void vtd_unwatch(struct device *dev)
{
	writel(0, regs + DMAR_FECTL_REG);
	iounmap(regs);
	regs = NULL;
}

const struct dma_fault_source dma_fault_vtd = {
	.name		= "VT-d",
	.match		= "dmar",
	.watch		= vtd_watch,
	.unwatch	= vtd_unwatch,
	.next		= vtd_next,
};
