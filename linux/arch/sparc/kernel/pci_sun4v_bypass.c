// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass addresses from the sun4v hypervisor.
 *
 * The hypervisor call pci_iommu_getbypass() tells the I/O address of a real
 * address.  It has neither a length nor a way to take the address back, and it
 * may say no.  The answer depends on where the machine has that memory, which
 * nobody but the hypervisor knows: what is contiguous here need not be so for
 * the device, and no base can be derived from one answer for another page.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/hypervisor.h>
#include <asm/spitfire.h>
#include <asm/sun4v_bypass.h>

#include "iommu_common.h"
#include "pci_impl.h"
#include "pci_sun4v.h"

/*
 * The address and the size of a guest's memory block are multiples of this
 * (Oracle VM Server for SPARC Administration Guide, "Memory Alignment").
 */
#define SUN4V_BYPASS_BLOCK	SZ_4M

static struct sun4v_bypass *sun4v_bypass_of(struct device *dev)
{
	struct iommu *iommu = dev->archdata.iommu;

	return &iommu->bypass;
}

static dma_addr_t sun4v_bypass_refuse(struct device *dev,
				      enum sun4v_bypass_refusal refusal)
{
	atomic_long_inc(&sun4v_bypass_of(dev)->refused[refusal]);
	return DMA_MAPPING_ERROR;
}

/* What it says of any page tells whether it gives out bypass addresses. */
static void sun4v_bypass_learn(struct sun4v_bypass *bypass,
			       unsigned long status)
{
	switch (status) {
	case HV_EOK:
		/* A no that came meanwhile is the last word. */
		cmpxchg(&bypass->support, SUN4V_BYPASS_UNKNOWN,
			SUN4V_BYPASS_YES);
		break;
	case HV_ENOTSUPPORTED:
		WRITE_ONCE(bypass->support, SUN4V_BYPASS_NO);
		break;
	}
}

static void sun4v_bypass_failed(struct device *dev, unsigned long status)
{
	switch (status) {
	case HV_EINVAL:
		sun4v_bypass_refuse(dev, SUN4V_BYPASS_EINVAL);
		break;
	case HV_ENORADDR:
		sun4v_bypass_refuse(dev, SUN4V_BYPASS_ENORADDR);
		break;
	case HV_ENOTSUPPORTED:
		sun4v_bypass_learn(sun4v_bypass_of(dev), status);
		sun4v_bypass_refuse(dev, SUN4V_BYPASS_ENOTSUPPORTED);
		break;
	default:
		sun4v_bypass_refuse(dev, SUN4V_BYPASS_OTHER);
	}
}

static unsigned long sun4v_bypass_getbypass(struct device *dev,
					    phys_addr_t phys,
					    unsigned long prot,
					    unsigned long *addr)
{
	struct pci_pbm_info *pbm = dev->archdata.host_controller;

	return pci_sun4v_iommu_getbypass(pbm->devhandle, phys, prot, addr);
}

/* The IOMMU's own addresses have 32 bits, or are in the range of the ATU. */
static __always_inline bool sun4v_bypass_taken(const struct iommu *iommu,
					       dma_addr_t addr)
{
	const struct atu *atu = iommu->atu;

	if (unlikely(!(addr >> 32)))
		return true;
	return atu && addr - atu->base < atu->size;
}

static bool sun4v_bypass_owns(struct device *dev, dma_addr_t addr)
{
	return !sun4v_bypass_taken(dev->archdata.iommu, addr);
}

/* False if there is no bypass address of the page at @phys. */
static __always_inline bool sun4v_bypass_page(struct device *dev,
					      const struct iommu *iommu,
					      phys_addr_t phys,
					      unsigned long prot,
					      unsigned long *addr)
{
	unsigned long status = sun4v_bypass_getbypass(dev, phys, prot, addr);

	if (unlikely(status)) {
		sun4v_bypass_failed(dev, status);
		return false;
	}
	if (unlikely(sun4v_bypass_taken(iommu, *addr))) {
		sun4v_bypass_refuse(dev, SUN4V_BYPASS_TAKEN);
		return false;
	}
	return true;
}

static unsigned long sun4v_bypass_prot(enum dma_data_direction dir,
				       unsigned long attrs)
{
	unsigned long prot = HV_PCI_MAP_ATTR_READ;

	if (dir != DMA_TO_DEVICE)
		prot |= HV_PCI_MAP_ATTR_WRITE;
	if ((attrs & DMA_ATTR_WEAK_ORDERING) && vpci_major >= 2)
		prot |= HV_PCI_MAP_ATTR_RELAXED_ORDER;
	return prot;
}

/* Nothing lies between the ends of what is in one block, or in two. */
static bool sun4v_bypass_joined(const struct sun4v_bypass *bypass,
				phys_addr_t first, phys_addr_t last)
{
	unsigned long from = first / SUN4V_BYPASS_BLOCK;
	unsigned long to = last / SUN4V_BYPASS_BLOCK;

	if (likely(to - from <= 1))
		return true;
	return bypass->joined &&
	       find_next_zero_bit(bypass->joined, to, from) == to;
}

/*
 * One answer speaks for one I/O page.  Of a longer buffer both ends have to
 * agree, which speaks for what is between them as far as the survey does.
 */
static noinline dma_addr_t sun4v_bypass_agree(struct device *dev,
					      phys_addr_t first,
					      phys_addr_t last,
					      unsigned long prot,
					      dma_addr_t addr)
{
	const struct iommu *iommu = dev->archdata.iommu;
	unsigned long page, offset = last & ~IO_PAGE_MASK;

	if (!sun4v_bypass_page(dev, iommu, last - offset, prot, &page))
		return DMA_MAPPING_ERROR;
	if (page + offset - addr != last - first ||
	    !sun4v_bypass_joined(&iommu->bypass, first, last))
		return sun4v_bypass_refuse(dev, SUN4V_BYPASS_APART);
	return addr;
}

/* The core sees to it that nothing is made of a buffer of no size. */
static dma_addr_t sun4v_bypass_map(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	const struct iommu *iommu = dev->archdata.iommu;
	unsigned long prot = sun4v_bypass_prot(dir, attrs);
	unsigned long page, offset = phys & ~IO_PAGE_MASK;

	/* It has said so before, and is not asked again. */
	if (unlikely(READ_ONCE(iommu->bypass.support) == SUN4V_BYPASS_NO))
		return sun4v_bypass_refuse(dev, SUN4V_BYPASS_ENOTSUPPORTED);

	if (!sun4v_bypass_page(dev, iommu, phys - offset, prot, &page))
		return DMA_MAPPING_ERROR;
	if (likely(offset + size <= IO_PAGE_SIZE))
		return page + offset;
	return sun4v_bypass_agree(dev, phys, phys + size - 1, prot,
				  page + offset);
}

/*
 * Asked once for all devices of a root complex, unless the answer was neither
 * yes nor no.  As there is no way to take back what the call did, it is not
 * made at all where nothing may bypass.
 */
static void sun4v_bypass_probe(struct device *dev)
{
	struct sun4v_bypass *bypass = sun4v_bypass_of(dev);
	unsigned long addr, status;

	if (dma_bypass_never() ||
	    READ_ONCE(bypass->support) != SUN4V_BYPASS_UNKNOWN)
		return;

	status = sun4v_bypass_getbypass(dev, page_to_phys(ZERO_PAGE(0)),
					HV_PCI_MAP_ATTR_READ, &addr);
	sun4v_bypass_learn(bypass, status);
}

/* The answers may use any of the 64 bits, and are not known in advance. */
static void sun4v_bypass_facts(struct device *dev,
			       struct dma_bypass_facts *facts)
{
	sun4v_bypass_probe(dev);
	/* Where it is unknown, each mapping asks. */
	if (READ_ONCE(sun4v_bypass_of(dev)->support) == SUN4V_BYPASS_NO)
		facts->unsupported = true;
	facts->base = U64_MAX - 1;
}

/* Where the machine has the blocks of memory. */
struct sun4v_bypass_survey {
	struct device	*dev;
	unsigned long	next;		/* after the last one answered for */
	unsigned long	shift;		/* from its real address to the bypass */
	bool		complete;
};

static int sun4v_bypass_survey_range(unsigned long pfn, unsigned long nr,
				     void *data)
{
	phys_addr_t phys = PFN_PHYS(pfn), end = PFN_PHYS(pfn + nr);
	struct sun4v_bypass_survey *s = data;
	struct sun4v_bypass *bypass = sun4v_bypass_of(s->dev);
	/* For whatever a buffer may be. */
	unsigned long prot = sun4v_bypass_prot(DMA_BIDIRECTIONAL, 0);
	unsigned long addr, block, status;

	for (; phys < end; phys = ALIGN(phys + 1, SUN4V_BYPASS_BLOCK)) {
		cond_resched();
		status = sun4v_bypass_getbypass(s->dev, phys, prot, &addr);
		sun4v_bypass_learn(bypass, status);
		if (status == HV_ENOTSUPPORTED)
			return -EOPNOTSUPP;
		if (status) {
			s->complete = false;
			continue;
		}
		block = phys / SUN4V_BYPASS_BLOCK;
		if (block && block == s->next && addr - phys == s->shift)
			set_bit(block - 1, bypass->joined);
		s->next = block + 1;
		s->shift = addr - phys;
	}
	return 0;
}

/*
 * The ends of a buffer of many blocks do not vouch for those between them, so
 * each block is asked for before.  The answers hold: there is no way to give one
 * back, and on sparc64 Linux has the memory that it was booted with.  So that is
 * done once for all devices of a root complex, unless there was an error, which
 * may pass.  Without memory for the result, large buffers are translated.
 */
static int sun4v_bypass_survey(struct device *dev)
{
	unsigned long blocks = DIV_ROUND_UP(PFN_PHYS(max_pfn),
					    SUN4V_BYPASS_BLOCK);
	struct sun4v_bypass_survey s = { .dev = dev, .complete = true };
	struct sun4v_bypass *bypass = sun4v_bypass_of(dev);
	int err;

	lockdep_assert_held(&dma_bypass_mutex);
	if (bypass->surveyed)
		return 0;
	if (!bypass->joined)
		bypass->joined = kvcalloc(BITS_TO_LONGS(blocks),
					  sizeof(*bypass->joined), GFP_KERNEL);
	if (!bypass->joined)
		return 0;
	err = walk_system_ram_range(0, max_pfn, &s, sun4v_bypass_survey_range);
	bypass->surveyed = !err && s.complete;
	return err == -EOPNOTSUPP ? err : 0;
}

static const struct dma_bypass_ops sun4v_bypass_ops;

/* Which real addresses are open to bypass, the hypervisor says. */
static int sun4v_bypass_open(struct device *dev, struct dma_bypass_window *win,
			     void **priv)
{
	win->base = 0;
	win->ops = &sun4v_bypass_ops;
	win->ram[0].start = 0;
	win->ram[0].end = PFN_PHYS(max_pfn);
	return sun4v_bypass_survey(dev);
}

static void sun4v_bypass_close(struct device *dev, void *priv)
{
}

static const struct dma_bypass_ops sun4v_bypass_ops = {
	.facts	= sun4v_bypass_facts,
	.open	= sun4v_bypass_open,
	.close	= sun4v_bypass_close,
	.map	= sun4v_bypass_map,
	.owns	= sun4v_bypass_owns,
};

static void sun4v_bypass_attach(struct device *dev)
{
	/* Found by a rescan of the bus, it is not known to the device tree. */
	if (!dev->archdata.iommu)
		return;
	sun4v_bypass_probe(dev);
	if (dma_bypass_attach(dev, &sun4v_bypass_ops))
		dev_warn(dev, "no memory for a bypass window\n");
}

static const char * const sun4v_bypass_refusals[SUN4V_BYPASS_NR_REFUSALS] = {
	[SUN4V_BYPASS_EINVAL]		= "EINVAL",
	[SUN4V_BYPASS_ENORADDR]		= "ENORADDR",
	[SUN4V_BYPASS_ENOTSUPPORTED]	= "ENOTSUPPORTED",
	[SUN4V_BYPASS_OTHER]		= "other",
	[SUN4V_BYPASS_APART]		= "apart",
	[SUN4V_BYPASS_TAKEN]		= "taken",
};

/**
 * sun4v_bypass_show - a line about a root complex, for debugfs
 * @m: where to
 * @pbm: the root complex
 *
 * Context: Any.
 */
void sun4v_bypass_show(struct seq_file *m, struct pci_pbm_info *pbm)
{
	static const char * const support[] = { "unknown", "yes", "no" };
	struct sun4v_bypass *bypass = &pbm->iommu->bypass;
	int i;

	seq_printf(m, "%s: support %s, refused", pbm->name,
		   support[READ_ONCE(bypass->support)]);
	for (i = 0; i < SUN4V_BYPASS_NR_REFUSALS; i++)
		seq_printf(m, " %s %ld", sun4v_bypass_refusals[i],
			   atomic_long_read(&bypass->refused[i]));
	seq_putc(m, '\n');
}

static int sun4v_bypass_stats_show(struct seq_file *m, void *unused)
{
	struct pci_pbm_info *pbm;

	for (pbm = pci_pbm_root; pbm; pbm = pbm->next)
		sun4v_bypass_show(m, pbm);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sun4v_bypass_stats);

static int sun4v_bypass_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	if (action == BUS_NOTIFY_ADD_DEVICE)
		sun4v_bypass_attach(data);
	return NOTIFY_OK;
}

/* Lets devices behind sun4v root complexes ask for bypass addresses. */
struct notifier_block sun4v_bypass_nb = {
	.notifier_call = sun4v_bypass_notify,
};

/* Between the PCI bus type and the root complexes. */
static int __init sun4v_bypass_init(void)
{
	if (tlb_type != hypervisor)
		return 0;
	debugfs_create_file("sun4v_bypass", 0444, NULL, NULL,
			    &sun4v_bypass_stats_fops);
	return bus_register_notifier(&pci_bus_type, &sun4v_bypass_nb);
}
arch_initcall(sun4v_bypass_init);
