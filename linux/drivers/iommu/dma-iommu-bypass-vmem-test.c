// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_vmem: bypass windows behind VT-d and memory that the driver
 * of virtio-mem plugs and unplugs, in pieces that are smaller than a memory block.
 *
 * Needs two of QEMU's edu devices, a virtio-mem device that is requested to have 512 MiB,
 * and memhp_default_state=online_movable without any other movable memory.
 *
 * Only QEMU's monitor changes the size that is requested.  Here the driver reads another
 * one, up to what the device has; the driver and the device do the rest.
 */
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mem.h>

#include "dma-iommu-bypass-test.h"

#define VMEM_SIZE	SZ_512M
#define VMEM_PCI_ID	(0x1040 + VIRTIO_ID_MEM)

static struct virtio_device *vmem;
static const struct virtio_config_ops *config_ops;
static struct virtio_config_ops fake_ops;
static u64 region_start, region_end, requested;

static void fake_get(struct virtio_device *vdev, unsigned int offset, void *buf,
		     unsigned int len)
{
	config_ops->get(vdev, offset, buf, len);
	if (offset == offsetof(struct virtio_mem_config, requested_size))
		*(__le64 *)buf = cpu_to_le64(requested);
}

static u64 plugged_size(void)
{
	u64 size;

	virtio_cread_le(vmem, struct virtio_mem_config, plugged_size, &size);
	return size;
}

/* The driver tries once in 50 seconds to unplug what is in use. */
static void wait_plugged(struct kunit *test, u64 size)
{
	u64 plugged;

	KUNIT_ASSERT_EQ_MSG(test, 0,
			    read_poll_timeout(plugged_size, plugged,
					      plugged == size,
					      20 * USEC_PER_MSEC,
					      120 * USEC_PER_SEC, false),
			    "0x%llx bytes plugged, not 0x%llx", plugged, size);
}

static void resize(struct kunit *test, u64 size)
{
	requested = size;
	virtio_config_changed(vmem);
	wait_plugged(test, size);
}

static struct page *try_vmem_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);

	if (page && page_to_phys(page) >= region_start &&
	    page_to_phys(page) < region_end)
		return page;
	if (page)
		__free_page(page);
	return NULL;
}

static void free_vmem_page(void *page)
{
	__free_page(page);
}

/* A page that the device gave; the block may come online some time after it is plugged. */
static struct page *vmem_page(struct kunit *test)
{
	struct page *page;

	read_poll_timeout(try_vmem_page, page, page, 20 * USEC_PER_MSEC,
			  20 * USEC_PER_SEC, false);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_vmem_page,
							   page));
	return page;
}

/* A page of the device's is translated, and the device that maps it reaches it. */
static void expect_vmem_translated(struct kunit *test, u64 seed)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	struct page *page = vmem_page(test);
	dma_addr_t addr = map(test, 0, page, 0, SZ_4K, BYPASS);

	expect_translated(test, 0, addr);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr),
			page_to_phys(page));
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, seed);
	unmap(0, addr, SZ_4K, BYPASS);
	kunit_release_action(test, free_vmem_page, page);
}

/* The open window has nothing of the device's memory, of which @size bytes are plugged. */
static void expect_window_without_vmem(struct kunit *test, u64 size)
{
	const struct dma_bypass_window *win = dev_of(0)->dma_bypass;
	unsigned int i;
	u64 phys;

	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	for (i = 0; i < win->nr_ranges; i++)
		KUNIT_EXPECT_FALSE_MSG(test,
				       win->ranges[i].start < region_end &&
				       win->ranges[i].start + win->ranges[i].size >
				       region_start, "0x%llx plugged", size);
	for (phys = region_start; phys < region_end; phys += SZ_2M)
		KUNIT_EXPECT_EQ_MSG(test, mapped(0, phys), 0,
				    "0x%llx, 0x%llx plugged", phys, size);
	if (size)
		expect_vmem_translated(test, size);
}

/* Part of a block, everything, nothing, one block, everything. */
static const u64 sizes[] = { 300 * SZ_1M, VMEM_SIZE, 0, SZ_128M, VMEM_SIZE };

static void resized_while_open(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i;

	open_window(test, 0);
	expect_window_without_vmem(test, VMEM_SIZE);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		resize(test, sizes[i]);
		expect_window_without_vmem(test, sizes[i]);
		expect_bypass(test, 0, page);
	}
}

static void opened_after_resize(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		resize(test, sizes[i]);
		open_window(test, 0);
		expect_window_without_vmem(test, sizes[i]);
		expect_bypass(test, 0, page);
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
}

/* A PCI device has others: its source of wake-ups. */
static int is_virtio(struct device *dev, const void *unused)
{
	return dev->bus && !strcmp(dev->bus->name, "virtio");
}

static struct virtio_device *vmem_find(void)
{
	struct pci_dev *pdev = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET,
					      VMEM_PCI_ID, NULL);
	struct device *dev = NULL;

	if (pdev)
		dev = device_find_child(&pdev->dev, NULL, is_virtio);
	pci_dev_put(pdev);
	return dev ? dev_to_virtio(dev) : NULL;
}

static int vmem_suite_init(struct kunit_suite *suite)
{
	u64 size;
	int err = edu_suite_init(suite);

	vmem = vmem_find();
	if (err || !vmem)
		return err;
	virtio_cread_le(vmem, struct virtio_mem_config, addr, &region_start);
	virtio_cread_le(vmem, struct virtio_mem_config, region_size, &size);
	region_end = region_start + size;
	requested = VMEM_SIZE;
	config_ops = vmem->config;
	fake_ops = *config_ops;
	fake_ops.get = fake_get;
	vmem->config = &fake_ops;
	return 0;
}

static void vmem_suite_exit(struct kunit_suite *suite)
{
	if (vmem) {
		vmem->config = config_ops;
		put_device(&vmem->dev);
	}
	edu_suite_exit(suite);
}

/* The windows' place is found when memory is there, so that it could be in one. */
static int vmem_init(struct kunit *test)
{
	int err = vtd_init(test);

	if (err)
		return err;
	if (!vmem)
		kunit_skip(test, "needs a virtio-mem device");
	wait_plugged(test, VMEM_SIZE);
	kunit_release_action(test, free_vmem_page, vmem_page(test));
	replug();
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
	KUNIT_ASSERT_GE(test, window_size(), region_start + VMEM_SIZE);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	return 0;
}

static struct kunit_case vmem_cases[] = {
	KUNIT_CASE_SLOW(resized_while_open),
	KUNIT_CASE_SLOW(opened_after_resize),
	{ }
};

static struct kunit_suite vmem_suite = {
	.name		= "dma_bypass_vtd_vmem",
	.suite_init	= vmem_suite_init,
	.suite_exit	= vmem_suite_exit,
	.init		= vmem_init,
	.exit		= window_test_exit,
	.test_cases	= vmem_cases,
};

kunit_test_suite(vmem_suite);
