/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that IOMMUs blocked, for the suites of bypass windows.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_FAULT_H
#define _DMA_IOMMU_BYPASS_TEST_FAULT_H

#include <linux/device.h>
#include <linux/types.h>

/* Bytes of an access that is to be blocked: longer ones are several faults in QEMU. */
#define FAULT_LEN	4

/**
 * struct dma_fault - an access that an IOMMU blocked
 * @source: PCI bus, device and function of the device
 * @read: whether it may have been a read
 * @write: whether it may have been a write; both where that is not reported
 * @page: address of the page
 */
struct dma_fault {
	u16	source;
	bool	read;
	bool	write;
	u64	page;
};

/**
 * struct dma_fault_source - how the faults of a kind of IOMMU are seen
 * @name: of the IOMMU, for people
 * @match: how the name of its device in sysfs begins, or that of its driver
 * @watch: take over the faults from @dev's IOMMU, and forget the old ones; optional
 * @unwatch: give them back; optional
 * @next: get the next one, if there is one; where it is NULL, faults cannot be seen
 * @parse: get it from a line of the log; for dma_fault_log_next()
 * @limited: not more than ten in five seconds can be seen
 */
struct dma_fault_source {
	const char	*name;
	const char	*match;
	int		(*watch)(struct device *dev);
	void		(*unwatch)(struct device *dev);
	bool		(*next)(const struct dma_fault_source *source,
				struct dma_fault *fault);
	bool		(*parse)(const char *line, struct dma_fault *fault);
	bool		limited;
};

extern const struct dma_fault_source dma_fault_vtd;

const char *dma_fault_iommu(struct device *dev);
bool dma_fault_visible(struct device *dev);
int dma_fault_watch(struct device *dev);
bool dma_fault_watching(void);
void dma_fault_unwatch(struct device *dev);
void dma_fault_pace(struct device *dev);
unsigned int dma_faults(struct device *dev, struct dma_fault *fault);
bool dma_faulted(struct device *dev, dma_addr_t addr, bool read);

/* Of VT-d's page tables, while its faults are watched. */
u64 vtd_page_size(struct device *dev, dma_addr_t iova);

#endif /* _DMA_IOMMU_BYPASS_TEST_FAULT_H */
