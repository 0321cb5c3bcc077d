// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that VT-d blocked, and the pages that it maps, for the suites of bypass
 * windows: its registers and tables, as the specification describes them.
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
	fault->write = !fault->read;
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

/* The page table of a device in legacy mode, and its levels. */
static struct dma_pte *vtd_page_table(struct device *dev, int *levels)
{
	u16 source = pci_dev_id(to_pci_dev(dev));
	struct root_entry *root;
	struct context_entry *context;

	root = phys_to_virt(readq(regs + DMAR_RTADDR_REG) & VTD_PAGE_MASK);
	root += PCI_BUS_NUM(source);
	context = phys_to_virt(root->lo & VTD_PAGE_MASK);
	context += source & 0xff;
	*levels = (context->hi & 7) + 2;
	return phys_to_virt(context->lo & VTD_PAGE_MASK);
}

/* The size of the page that maps @iova; 0 if none does. */
u64 vtd_page_size(struct device *dev, dma_addr_t iova)
{
	struct dma_pte *pte;
	int level, shift;

	for (pte = vtd_page_table(dev, &level); ; level--) {
		shift = VTD_PAGE_SHIFT + VTD_STRIDE_SHIFT * (level - 1);
		pte += (iova >> shift) & (BIT(VTD_STRIDE_SHIFT) - 1);
		if (!dma_pte_present(pte))
			return 0;
		if (level == 1 || dma_pte_superpage(pte))
			return BIT_ULL(shift);
		pte = phys_to_virt(dma_pte_addr(pte));
	}
}
