/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the bypass window of a device behind dma-iommu has to be: computed from the
 * machine, not taken from the code under test.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_WINDOW_H
#define _DMA_IOMMU_BYPASS_TEST_WINDOW_H

#include <linux/array_size.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/pci.h>
#include <linux/pfn.h>
#include <linux/range.h>
#include <linux/sizes.h>

/* Memory that there may ever be. */
static inline u64 window_size(void)
{
	return PFN_PHYS(max_t(u64, max_pfn, max_possible_pfn));
}

/* Addresses that are the platform's; empty until window_find_reserved(). */
static struct range window_reserved[8];

/* Whether a bridge window, or what is the platform's, overlaps the place. */
static inline bool window_conflict(struct device *dev, u64 base)
{
	struct pci_host_bridge *bridge =
		pci_find_host_bridge(to_pci_dev(dev)->bus);
	u64 last = base + window_size() - 1;
	struct resource_entry *entry;
	unsigned int i;

	resource_list_for_each_entry(entry, &bridge->windows)
		if (resource_type(entry->res) == IORESOURCE_MEM &&
		    entry->res->start <= last && entry->res->end >= base)
			return true;
	for (i = 0; i < ARRAY_SIZE(window_reserved); i++)
		if (window_reserved[i].start <= last &&
		    window_reserved[i].end >= base)
			return true;
	return false;
}

/* Sleeps; so not each time that somebody needs to know where the window is. */
static inline void window_find_reserved(struct device *dev)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	unsigned int nr = 0;

	memset(window_reserved, 0, sizeof(window_reserved));
	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list) {
		if (WARN_ON(nr == ARRAY_SIZE(window_reserved)))
			break;
		window_reserved[nr].start = region->start;
		window_reserved[nr++].end = region->start + region->length - 1;
	}
	iommu_put_resv_regions(dev, &regions);
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
