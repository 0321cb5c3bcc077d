// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that IOMMUs blocked, for the suites of bypass windows: what differs between
 * the IOMMUs.
 *
 * Nothing private to an IOMMU's driver is used: registers that a specification
 * describes, or what the driver prints.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "dma-iommu-bypass-test-fault.h"

#define FAULT_LINE	256

static bool watching;
static struct kmsg_dump_iter log_pos;
static char log_line[FAULT_LINE];

static bool log_next_line(void)
{
	return kmsg_dump_get_line(&log_pos, false, log_line, sizeof(log_line),
				  NULL);
}

static int log_watch(struct device *dev)
{
	kmsg_dump_rewind(&log_pos);
	while (log_next_line())
		;
	return 0;
}

static bool log_next(const struct dma_fault_source *source,
		     struct dma_fault *fault)
{
	while (log_next_line())
		if (source->parse(log_line, fault))
			return true;
	return false;
}

/*
 * "page fault from EP 24 at 0x10000000 [R]"; where nothing is mapped, QEMU does not tell
 * the direction: "[]".
 */
static bool virtio_parse(const char *line, struct dma_fault *fault)
{
	const char *text = strstr(line, " fault from EP ");
	unsigned int source;
	char access;

	if (!text || sscanf(text, " fault from EP %u at %llx [%c", &source,
			    &fault->page, &access) != 3)
		return false;
	fault->source = source;
	fault->read = access != 'W';
	fault->write = access != 'R';
	fault->page &= PAGE_MASK;
	return true;
}

/*
 * "event: F_TRANSLATION client: 0000:00:01.0 sid: 0x8 ssid: 0x0 iova: 0x10000000 ipa:
 * 0x0", and in a line of its own "unpriv data read s1 ...", which may come later.
 */
static bool smmu_parse(const char *line, struct dma_fault *fault)
{
	static struct dma_fault event;
	static bool seen;
	const char *text = strstr(line, " sid: ");
	unsigned int source, ssid;
	u64 iova;

	if (text && sscanf(text, " sid: %x ssid: %x iova: %llx", &source, &ssid,
			   &iova) == 3) {
		event.source = source;
		event.page = iova & PAGE_MASK;
		seen = true;
		return false;
	}
	if (!seen || !strstr(line, " data "))
		return false;
	seen = false;
	*fault = event;
	fault->read = strstr(line, " data read ");
	fault->write = !fault->read;
	return true;
}

/* What can be seen depends on the emulator, too: QEMU's AMD-Vi does not log faults. */
static const struct dma_fault_source sources[] = {
	{
		.name		= "virtio-iommu",
		.match		= "virtio_iommu",
		.watch		= log_watch,
		.next		= log_next,
		.parse		= virtio_parse,
		.limited	= true,
	}, {
		.name		= "SMMUv3",
		.match		= "smmu3.",
		.watch		= log_watch,
		.next		= log_next,
		.parse		= smmu_parse,
		.limited	= true,
	}, {
		.name		= "AMD-Vi",
		.match		= "ivhd",
	},
};

/* A suite must not pass because nobody can see what fails. */
static int unknown_watch(struct device *dev)
{
	return -ENODEV;
}

static const struct dma_fault_source unknown = {
	.name		= "unknown",
	.match		= "",
	.watch		= unknown_watch,
};

static bool is_source(const struct dma_fault_source *source,
		      struct device *iommu)
{
	const char *driver = iommu->parent ? dev_driver_string(iommu->parent) :
					     "";

	return str_has_prefix(dev_name(iommu), source->match) ||
	       str_has_prefix(driver, source->match);
}

static const struct dma_fault_source *source_of(struct device *dev)
{
	struct device *iommu = dev->iommu->iommu_dev->dev;
	unsigned int i;

	if (IS_ENABLED(CONFIG_DMA_BYPASS_VTD_KUNIT_TEST) &&
	    is_source(&dma_fault_vtd, iommu))
		return &dma_fault_vtd;
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (is_source(&sources[i], iommu))
			return &sources[i];
	return &unknown;
}

/* The name of the IOMMU that translates for a device. */
const char *dma_fault_iommu(struct device *dev)
{
	return source_of(dev)->name;
}

/* Whether it can be seen that an access of a device was blocked. */
bool dma_fault_visible(struct device *dev)
{
	return source_of(dev)->next;
}

/* Only what is blocked from now on counts. */
int dma_fault_watch(struct device *dev)
{
	int err = source_of(dev)->watch ? source_of(dev)->watch(dev) : 0;

	watching = !err;
	return err;
}

/* Not if the test was skipped before it could be watched. */
bool dma_fault_watching(void)
{
	return watching;
}

void dma_fault_unwatch(struct device *dev)
{
	watching = false;
	if (source_of(dev)->unwatch)
		source_of(dev)->unwatch(dev);
}

/* To be called before each access that is to be blocked: the log has a limit. */
void dma_fault_pace(struct device *dev)
{
	static unsigned long times[8];
	static unsigned int nr;
	unsigned long *then = &times[nr % ARRAY_SIZE(times)];
	unsigned long next = *then + 6 * HZ;

	if (!source_of(dev)->limited)
		return;
	if (nr++ >= ARRAY_SIZE(times) && time_before(jiffies, next))
		msleep(jiffies_to_msecs(next - jiffies));
	*then = jiffies;
}

/* Number of faults since the last call; the last of them is in @fault. */
unsigned int dma_faults(struct device *dev, struct dma_fault *fault)
{
	const struct dma_fault_source *source = source_of(dev);
	unsigned int nr = 0;

	while (source->next && source->next(source, fault))
		nr++;
	return nr;
}

/*
 * Whether the last fault since the last call is this one.  What a driver prints comes
 * some time after the access.
 */
bool dma_faulted(struct device *dev, dma_addr_t addr, bool read)
{
	struct dma_fault fault;
	unsigned int nr;

	if (read_poll_timeout(dma_faults, nr, nr, 10 * USEC_PER_MSEC,
			      USEC_PER_SEC, false, dev, &fault))
		return false;
	return (read ? fault.read : fault.write) &&
	       fault.source == pci_dev_id(to_pci_dev(dev)) &&
	       fault.page == (addr & PAGE_MASK);
}
