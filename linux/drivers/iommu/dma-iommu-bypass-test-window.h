/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the bypass window of a device behind dma-iommu has to be: computed from the
 * machine, not taken from the code under test.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_WINDOW_H
#define _DMA_IOMMU_BYPASS_TEST_WINDOW_H

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/sizes.h>

/* Memory that there may ever be. */
static inline u64 window_size(void)
{
	return PFN_PHYS(max_t(u64, max_pfn, max_possible_pfn));
}

/* A bridge window that overlaps the place, or NULL. */
static inline struct resource *window_conflict(struct device *dev, u64 base)
{
	struct pci_host_bridge *bridge =
		pci_find_host_bridge(to_pci_dev(dev)->bus);
	struct resource_entry *entry;

	resource_list_for_each_entry(entry, &bridge->windows)
		if (resource_type(entry->res) == IORESOURCE_MEM &&
		    entry->res->start < base + window_size() &&
		    entry->res->end >= base)
			return entry->res;
	return NULL;
}

/* The lowest free power of two, not below 4 GiB and the end of memory. */
static inline dma_addr_t window_base_of(struct device *dev)
{
	u64 base = SZ_4G;

	while (base < window_size() || window_conflict(dev, base))
		base *= 2;
	return base;
}

static inline bool in_window_of(struct device *dev, dma_addr_t addr)
{
	dma_addr_t base = window_base_of(dev);

	return addr >= base && addr < base + window_size();
}

static inline phys_addr_t mapped_of(struct device *dev, phys_addr_t phys)
{
	return iommu_iova_to_phys(iommu_get_domain_for_dev(dev),
				  window_base_of(dev) + phys);
}

#endif /* _DMA_IOMMU_BYPASS_TEST_WINDOW_H */
