// SPDX-License-Identifier: GPL-2.0
/*
 * Fixture of the tests of DMA on sun4v: the IOMMUs.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <asm/spitfire.h>

#include "pci_sun4v_test.h"

#define TEST_DVMA_BASE	0x80000000
#define TEST_ATU_BASE	BIT_ULL(43)

static const u32 test_pagesizes[] = { IO_PAGE_SIZE };
static const struct atu_ranges test_ranges[4] = {
	[3] = { TEST_ATU_BASE, ATU_64_SPACE_SIZE },
};

/* The properties from which the IOMMU of the root complex is set up. */
static void sun4v_test_make_node(struct sun4v_test *t, u32 dvma_size)
{
	t->virtual_dma[0] = TEST_DVMA_BASE;
	t->virtual_dma[1] = dvma_size;
	t->properties[0] = (struct property) {
		.name	= "virtual-dma",
		.length	= sizeof(t->virtual_dma),
		.value	= t->virtual_dma,
		.next	= &t->properties[1],
	};
	t->properties[1] = (struct property) {
		.name	= "iommu-pagesizes",
		.length	= sizeof(test_pagesizes),
		.value	= (void *)test_pagesizes,
		.next	= &t->properties[2],
	};
	t->properties[2] = (struct property) {
		.name	= "iommu-address-ranges",
		.length	= sizeof(test_ranges),
		.value	= (void *)test_ranges,
	};
	t->node.properties = t->properties;
	t->op.dev.of_node = &t->node;
}

/* Functions that are bound to the ATU, one of them behind a bridge. */
static void sun4v_test_make_bus(struct sun4v_test *t)
{
	int i, last = SUN4V_TEST_FUNCTIONS - 1;

	INIT_LIST_HEAD(&t->bus.devices);
	INIT_LIST_HEAD(&t->behind.devices);
	t->behind.number = 1;
	for (i = 0; i < last; i++) {
		t->pdev[i].devfn = PCI_DEVFN(3, i);
		list_add_tail(&t->pdev[i].bus_list, &t->bus.devices);
	}
	t->bridge.subordinate = &t->behind;
	list_add(&t->bridge.bus_list, &t->bus.devices);
	list_add(&t->pdev[last].bus_list, &t->behind.devices);
}

static void sun4v_test_make_root(struct sun4v_test *t, u32 dvma_size)
{
	sun4v_test_make_node(t, dvma_size);
	sun4v_test_make_bus(t);
	t->pbm.name = "test";
	t->pbm.devhandle = 0x400;
	t->pbm.op = &t->op;
	t->pbm.pci_bus = &t->bus;
	t->pbm.iommu = &t->iommu;
	t->hv.devhandle = t->pbm.devhandle;
}

static void sun4v_test_make_device(struct sun4v_test *t)
{
	struct kunit *test = t->test;

	t->dev = kunit_device_register(test, "sun4v");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->dev);
	t->dev->archdata.iommu = &t->iommu;
	t->dev->archdata.host_controller = &t->pbm;
	t->dev->archdata.numa_node = NUMA_NO_NODE;
	t->dev->dma_parms = &t->dma_parms;
	set_dma_ops(t->dev, sun4v_test_dma_ops);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(t->dev, U64_MAX), 0);
}

/**
 * sun4v_test_negotiate - Set the version of the PCI services
 * @t: the fixture
 * @major: major version
 * @minor: minor version
 */
void sun4v_test_negotiate(struct sun4v_test *t, unsigned long major,
			  unsigned long minor)
{
	sun4v_test_set_version(major, minor);
	t->hv.major = major;
}

/**
 * sun4v_test_prepare - Allocate the fixture and start the hypervisor
 * @test: the case
 * @dvma_size: bytes that the legacy IOMMU translates
 *
 * The hypervisor answers calls, but there were none so far.
 *
 * Return: the fixture.
 */
struct sun4v_test *sun4v_test_prepare(struct kunit *test, u32 dvma_size)
{
	struct sun4v_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	sun4v_test_version(t->version);
	test->priv = t;

	t->buf = kunit_kzalloc(test, PG(SUN4V_TEST_PAGES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->buf);
	sun4v_test_make_root(t, dvma_size);
	KUNIT_ASSERT_EQ(test, 0, sun4v_hv_start(&t->hv, TEST_DVMA_BASE,
						dvma_size));
	sun4v_test_negotiate(t, 2, 0);
	return t;
}

/**
 * sun4v_test_start - Set up the IOMMU, and a device behind it
 * @t: the fixture
 * @use_atu: with an ATU
 *
 * The device has a mask of 64 bits, and no bypass window.
 */
void sun4v_test_start(struct sun4v_test *t, bool use_atu)
{
	KUNIT_ASSERT_EQ(t->test, sun4v_test_root_init(&t->pbm, use_atu), 0);
	sun4v_test_make_device(t);
	/* Nobody has a grant yet. */
	KUNIT_EXPECT_EQ(t->test, t->hv.calls[SUN4V_HV_GETBYPASS], 0);
	sun4v_hv_reset_calls(&t->hv);
}

/**
 * sun4v_test_begin - Set up the fixture
 * @test: the case
 * @use_atu: with an ATU
 *
 * Return: the fixture.
 */
struct sun4v_test *sun4v_test_begin(struct kunit *test, bool use_atu)
{
	struct sun4v_test *t = sun4v_test_prepare(test, SUN4V_TEST_DVMA);

	sun4v_test_start(t, use_atu);
	KUNIT_ASSERT_EQ(test, !!t->iommu.atu, use_atu);
	KUNIT_ASSERT_EQ(test, t->hv.bound, use_atu ? SUN4V_TEST_FUNCTIONS : 0);
	return t;
}

static bool sun4v_test_uses_atu(struct sun4v_test *t)
{
	return t->iommu.atu && dma_get_mask(t->dev) > DMA_BIT_MASK(32);
}

/* The service that maps for the device. */
enum sun4v_hv_service sun4v_test_map_service(struct sun4v_test *t)
{
	return sun4v_test_uses_atu(t) ? SUN4V_HV_IOTSB_MAP : SUN4V_HV_MAP;
}

/* The service that demaps for the device. */
enum sun4v_hv_service sun4v_test_demap_service(struct sun4v_test *t)
{
	return sun4v_test_uses_atu(t) ? SUN4V_HV_IOTSB_DEMAP : SUN4V_HV_DEMAP;
}

/* The hypervisor's table for the device. */
struct sun4v_hv_table *sun4v_test_table(struct sun4v_test *t)
{
	return sun4v_test_uses_atu(t) ? &t->hv.iotsb : &t->hv.tsb;
}

/* The allocator of the device's addresses. */
struct iommu_map_table *sun4v_test_allocator(struct sun4v_test *t)
{
	return sun4v_test_uses_atu(t) ? &t->iommu.atu->tbl : &t->iommu.tbl;
}

/* Whole pages, a buffer at an offset, and a small one. */
void sun4v_test_init_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	sg_init_table(sgl, SUN4V_TEST_LIST);
	sg_set_buf(&sgl[0], t->buf, PG(2));
	sg_set_buf(&sgl[1], t->buf + PG(4), PG(1));
	sg_set_buf(&sgl[2], t->buf + PG(6) + 100, PG(2));
	sg_set_buf(&sgl[3], t->buf + PG(10), 512);
}

/* Number of hypervisor calls, of all services. */
unsigned int sun4v_test_calls(struct sun4v_test *t)
{
	unsigned int i, calls = 0;

	for (i = 0; i < SUN4V_HV_NR_SERVICES; i++)
		calls += t->hv.calls[i];
	return calls;
}

static unsigned long sun4v_test_weight(struct sun4v_test *t,
				       const struct iommu_map_table *tbl)
{
	unsigned long size = tbl->poolsize * tbl->nr_pools;

	if (tbl != t->crowded)
		return bitmap_weight(tbl->map, size);
	KUNIT_EXPECT_EQ(t->test, size,
			find_next_zero_bit(tbl->map, size, t->room));
	return bitmap_weight(tbl->map, t->room);
}

/**
 * sun4v_test_allocated - Count the addresses that a case has allocated
 * @t: the fixture
 *
 * Return: number of I/O pages.
 */
unsigned long sun4v_test_allocated(struct sun4v_test *t)
{
	unsigned long pages = sun4v_test_weight(t, &t->iommu.tbl);

	if (t->iommu.atu)
		pages += sun4v_test_weight(t, &t->iommu.atu->tbl);
	return pages;
}

/**
 * sun4v_test_clean - Expect that nothing is mapped or allocated
 * @t: the fixture
 */
void sun4v_test_clean(struct sun4v_test *t)
{
	KUNIT_EXPECT_EQ(t->test, t->hv.tsb.live, 0);
	KUNIT_EXPECT_EQ(t->test, t->hv.iotsb.live, 0);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_allocated(t), 0);
}

/**
 * sun4v_test_reaches - Expect that a device accesses a buffer
 * @t: the fixture
 * @addr: DMA address
 * @virt: the buffer
 * @size: its size
 * @write: the device may write, beside reading
 */
void sun4v_test_reaches(struct sun4v_test *t, dma_addr_t addr, void *virt,
			size_t size, bool write)
{
	size_t pos;

	for (pos = 0; pos < size;
	     pos = min(size, ALIGN(addr + pos + 1, IO_PAGE_SIZE) - addr)) {
		KUNIT_EXPECT_PTR_EQ(t->test, virt + pos,
				    sun4v_hv_reach(&t->hv, addr + pos, false));
		if (sun4v_test_bypassed(t, addr))
			continue;
		KUNIT_EXPECT_PTR_EQ(t->test, write ? virt + pos : NULL,
				    sun4v_hv_reach(&t->hv, addr + pos, true));
	}
	KUNIT_EXPECT_PTR_EQ(t->test, virt + size - 1,
			    sun4v_hv_reach(&t->hv, addr + size - 1, false));
}

/**
 * sun4v_test_reaches_list - Expect that a device accesses a scatterlist
 * @t: the fixture
 * @sgl: the list
 * @nr_in: its entries
 * @nr_out: the segments that they were mapped as
 * @write: the device may write
 */
void sun4v_test_reaches_list(struct sun4v_test *t, struct scatterlist *sgl,
			     int nr_in, int nr_out, bool write)
{
	struct scatterlist *in, *out = sgl;
	size_t pos = 0;
	int i;

	for_each_sg(sgl, in, nr_in, i) {
		if (pos == sg_dma_len(out)) {
			out = sg_next(out);
			nr_out--;
			pos = 0;
		}
		KUNIT_ASSERT_NOT_NULL(t->test, out);
		KUNIT_ASSERT_LE(t->test, pos + in->length, sg_dma_len(out));
		sun4v_test_reaches(t, sg_dma_address(out) + pos, sg_virt(in),
				   in->length, write);
		pos += in->length;
	}
	KUNIT_EXPECT_EQ(t->test, pos, sg_dma_len(out));
	KUNIT_EXPECT_EQ(t->test, nr_out, 1);
}

/**
 * sun4v_test_faults - Expect that a device cannot access an address
 * @t: the fixture
 * @addr: DMA address
 * @size: bytes
 */
void sun4v_test_faults(struct sun4v_test *t, dma_addr_t addr, size_t size)
{
	KUNIT_EXPECT_NULL(t->test, sun4v_hv_reach(&t->hv, addr, false));
	KUNIT_EXPECT_NULL(t->test, sun4v_hv_reach(&t->hv, addr + size - 1,
						  false));
}

/**
 * sun4v_test_bypassed - Test for a bypass address
 * @t: the fixture
 * @addr: DMA address
 *
 * Return: true if it is.
 */
bool sun4v_test_bypassed(struct sun4v_test *t, dma_addr_t addr)
{
	return addr >= t->hv.bypass_base;
}

/* Notify the provider as the PCI bus does. */
int sun4v_test_notify(struct device *dev, unsigned long action)
{
	return sun4v_bypass_nb.notifier_call(&sun4v_bypass_nb, action, dev);
}

/**
 * sun4v_test_attach - Set up the fixture with a provider of bypass windows
 * @test: the case
 * @use_atu: with an ATU
 *
 * Return: the fixture, with the default policy for the device.
 */
struct sun4v_test *sun4v_test_attach(struct kunit *test, bool use_atu)
{
	struct sun4v_test *t = sun4v_test_begin(test, use_atu);

	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	return t;
}

/**
 * sun4v_test_allow - Open the window of a device with a provider
 * @t: the fixture
 */
void sun4v_test_allow(struct sun4v_test *t)
{
	int err;

	if (dma_bypass_disabled())
		kunit_skip(t->test, "booted with iommu.dma_bypass=never");
	err = dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(t->test, err, 0);
	KUNIT_ASSERT_EQ(t->test, dma_bypass_prepare(t->dev), 0);
	sun4v_hv_reset_calls(&t->hv);
}

/**
 * sun4v_test_init - Skip a case on machines that have a hypervisor
 * @test: the case
 *
 * Return: 0.
 */
int sun4v_test_init(struct kunit *test)
{
	if (tlb_type == hypervisor)
		kunit_skip(test, "the machine has a hypervisor of its own");
	return 0;
}

/**
 * sun4v_test_end - Expect that nothing is mapped, and undo sun4v_test_begin()
 * @test: the case
 */
void sun4v_test_end(struct kunit *test)
{
	struct sun4v_test *t = test->priv;

	if (!t)
		return;
	if (t->dev) {
		sun4v_test_notify(t->dev, BUS_NOTIFY_UNBOUND_DRIVER);
		sun4v_test_notify(t->dev, BUS_NOTIFY_REMOVED_DEVICE);
		sun4v_test_clean(t);
	}
	KUNIT_EXPECT_EQ_MSG(test, t->hv.violations, 0, "%s", t->hv.violation);
	sun4v_test_set_version(t->version[0], t->version[1]);
	sun4v_hv_stop(&t->hv);
	sun4v_test_root_exit(&t->pbm);
}
