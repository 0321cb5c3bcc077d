// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's edu device in the hands of a program, through VFIO.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "vfio.h"

#define PAGE		4096
#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_RUN		1
#define EDU_TO_RAM	2
#define EDU_BUFFER	0x40000		/* where the device has its own */

#define DRIVERS		"/sys/bus/pci/drivers/"

static int container = -1, group = -1, device = -1;
static volatile uint64_t *regs = MAP_FAILED;

static int open_group(void)
{
	char link[256] = "", path[64];

	if (readlink(EDU_SYSFS "iommu_group", link, sizeof(link) - 1) < 0)
		return -1;
	snprintf(path, sizeof(path), "/dev/vfio/%.16s", basename(link));
	return open(path, O_RDWR);
}

/* It may master the bus and show its registers. */
static int enable(void)
{
	struct vfio_region_info config = {
		.argsz	= sizeof(config),
		.index	= VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pread(device, &command, 2, config.offset + PCI_COMMAND) != 2)
		return -1;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(device, &command, 2, config.offset + PCI_COMMAND) == 2 ?
	       0 : -1;
}

static int map_registers(void)
{
	struct vfio_region_info bar = {
		.argsz	= sizeof(bar),
		.index	= VFIO_PCI_BAR0_REGION_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		return -1;
	regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    bar.offset);
	return regs == MAP_FAILED ? -1 : 0;
}

const char *vfio_take(void)
{
	if (bind_driver(EDU, "vfio-pci") ||
	    access(DRIVERS "vfio-pci/" EDU, F_OK))
		return "vfio-pci cannot be bound";
	container = open("/dev/vfio/vfio", O_RDWR);
	group = open_group();
	if (container < 0 || group < 0)
		return "no group or container";
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return "the group does not join the container";
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, EDU);
	if (device < 0)
		return "no device";
	if (enable() || map_registers())
		return "no registers";
	return NULL;
}

int vfio_give_back(void)
{
	int err;

	if (regs != MAP_FAILED)
		munmap((void *)regs, PAGE);
	regs = MAP_FAILED;
	close(device);
	close(group);
	close(container);
	device = group = container = -1;
	err = write_file(DRIVERS "vfio-pci/unbind", EDU);
	return err ?: write_file(EDU_SYSFS "driver_override", "\n");
}

bool vfio_has_device(void)
{
	return regs != MAP_FAILED;
}

int vfio_map(void *page, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz	= sizeof(map),
		.flags	= VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr	= (uintptr_t)page,
		.iova	= iova,
		.size	= PAGE,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

int vfio_unmap(uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz	= sizeof(unmap),
		.iova	= iova,
		.size	= PAGE,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static int edu_run(uint64_t src, uint64_t dst, size_t len, uint64_t command)
{
	int tries;

	if (!vfio_has_device() || len > EDU_MAX)
		return -EINVAL;
	regs[EDU_SRC / 8] = src;
	regs[EDU_DST / 8] = dst;
	regs[EDU_COUNT / 8] = len;
	regs[EDU_CMD / 8] = command | EDU_RUN;
	for (tries = 0; tries < 500; tries++) {
		usleep(20000);
		if (!(regs[EDU_CMD / 8] & EDU_RUN))
			return 0;
	}
	return -ETIMEDOUT;
}

int edu_fetch(uint64_t addr, size_t len)
{
	return edu_run(addr, EDU_BUFFER, len, 0);
}

int edu_store(uint64_t addr, size_t len)
{
	return edu_run(EDU_BUFFER, addr, len, EDU_TO_RAM);
}
