// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of how sun4v's IOMMUs are set up: what is left when the hypervisor
 * refuses, and what the firmware has mapped already.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define TEST_DVMA_SMALL	SZ_512K
#define TEST_ENTRIES	(TEST_DVMA_SMALL / IO_PAGE_SIZE)

/* Set up an ATU with a call failing, and see that a device works. */
static struct sun4v_test *root_begin(struct kunit *test,
				     enum sun4v_hv_service service,
				     unsigned int call, unsigned long error)
{
	struct sun4v_test *t = sun4v_test_prepare(test, TEST_DVMA_SMALL);
	dma_addr_t addr;

	sun4v_hv_fail(&t->hv, service, call, error);
	sun4v_test_start(t, true);
	addr = dma_map_single(t->dev, t->buf, PG(2), DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	sun4v_test_reaches(t, addr, t->buf, PG(2), true);
	dma_unmap_single(t->dev, addr, PG(2), DMA_FROM_DEVICE);
	sun4v_test_clean(t);
	return t;
}

/* For the next round; the last one ends as all cases do. */
static void root_end(struct sun4v_test *t)
{
	kunit_device_unregister(t->test, t->dev);
	t->dev = NULL;
	sun4v_test_end(t->test);
	t->test->priv = NULL;
	kunit_kfree(t->test, t->buf);
	kunit_kfree(t->test, t);
}

/* Without its table the ATU is not used. */
void sun4v_root_conf_error(struct kunit *test)
{
	static const unsigned long errors[] = {
		HV_EINVAL, HV_EBADALIGN, HV_ENORADDR, HV_ETOOMANY, HV_EBUSY,
		HV_ENOTSUPPORTED,
	};
	struct sun4v_test *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		t = root_begin(test, SUN4V_HV_IOTSB_CONF, 1, errors[i]);
		KUNIT_ASSERT_NULL(test, t->iommu.atu);
		KUNIT_EXPECT_NULL(test, t->hv.iotsb.entry);
		KUNIT_EXPECT_EQ(test, t->hv.bound, 0);
		root_end(t);
	}
}

/* The hypervisor keeps a table that it was given: nobody else may have it. */
static void root_kept(struct sun4v_test *t)
{
	unsigned long table = (unsigned long)t->hv.iotsb.entry;

	KUNIT_ASSERT_NE(t->test, table, 0);
	KUNIT_EXPECT_EQ(t->test, page_count(virt_to_page((void *)table)), 1);
	if (page_count(virt_to_page((void *)table)) == 1)
		free_pages(table, get_order(t->hv.iotsb.entries * sizeof(u64)));
	t->hv.iotsb.entry = NULL;
}

/* Of any function, behind a bridge or not: the ATU is not used at all. */
void sun4v_root_bind_error(struct kunit *test)
{
	static const unsigned long errors[] = {
		HV_EINVAL, HV_EBUSY, HV_ENOTSUPPORTED,
	};
	struct sun4v_test *t;
	unsigned int call;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		for (call = 1; call <= SUN4V_TEST_FUNCTIONS; call++) {
			t = root_begin(test, SUN4V_HV_IOTSB_BIND, call,
				       errors[i]);
			KUNIT_ASSERT_NULL(test, t->iommu.atu);
			KUNIT_EXPECT_EQ(test, t->hv.bound, call - 1);
			root_kept(t);
			root_end(t);
		}
	}
}

/* Of what the firmware has mapped, some is its own. */
static bool root_is_mapped(unsigned long entry)
{
	return entry % 3 == 0;
}

static bool root_is_firmware(unsigned long entry)
{
	return entry % 6 == 3;
}

static void root_premap(struct sun4v_test *t, unsigned long entry)
{
	u64 *list = t->buf;
	long mapped;

	list[0] = root_is_firmware(entry) ? t->hv.firmware : __pa(t->buf);
	mapped = pci_sun4v_iommu_map(t->hv.devhandle, HV_PCI_TSBID(0, entry),
				     1, HV_PCI_MAP_ATTR_READ, __pa(list));
	KUNIT_ASSERT_EQ(t->test, mapped, 1);
}

static struct sun4v_test *root_prepare(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_prepare(test, TEST_DVMA_SMALL);
	unsigned long n;

	t->hv.firmware = BIT_ULL(39);
	for (n = 0; n < TEST_ENTRIES; n++)
		if (root_is_mapped(n))
			root_premap(t, n);
	sun4v_hv_reset_calls(&t->hv);
	return t;
}

/* Kept are the firmware's entries, and one of which nobody knows what it is. */
static void root_expect(struct sun4v_test *t, unsigned long unknown)
{
	unsigned long n;
	bool kept;

	for (n = 0; n < TEST_ENTRIES; n++) {
		kept = root_is_firmware(n) || n == unknown;
		KUNIT_EXPECT_EQ(t->test, test_bit(n, t->iommu.tbl.map), kept);
		KUNIT_EXPECT_EQ(t->test, !!t->hv.tsb.entry[n],
				kept && root_is_mapped(n));
	}
}

/* Use up all addresses: none that is given out was kept. */
static void root_exhaust(struct sun4v_test *t, unsigned long unknown)
{
	static struct scatterlist sgl[TEST_ENTRIES];
	unsigned long n, entry;

	for (n = 0; n < TEST_ENTRIES; n++) {
		sg_init_one(&sgl[n], t->buf, 1);
		if (!dma_map_sg(t->dev, &sgl[n], 1, DMA_TO_DEVICE))
			break;
		entry = (sg_dma_address(&sgl[n]) - t->hv.tsb.base) >>
			IO_PAGE_SHIFT;
		KUNIT_EXPECT_FALSE(t->test, root_is_firmware(entry));
		KUNIT_EXPECT_NE(t->test, entry, unknown);
	}
	KUNIT_EXPECT_GE(t->test, n, TEST_ENTRIES / 4);
	while (n--)
		dma_unmap_sg(t->dev, &sgl[n], 1, DMA_TO_DEVICE);
}

/* For the end of the case to find nothing. */
static void root_forget(struct sun4v_test *t)
{
	unsigned long n;

	for (n = 0; n < TEST_ENTRIES; n++) {
		t->hv.tsb.live -= !!t->hv.tsb.entry[n];
		t->hv.tsb.entry[n] = 0;
		__clear_bit(n, t->iommu.tbl.map);
	}
}

/* With a prepared fixture: set up, and see that what is kept is never given out. */
static void root_keeps(struct sun4v_test *t, unsigned long unknown)
{
	sun4v_test_start(t, false);
	root_expect(t, unknown);
	root_exhaust(t, unknown);
	root_expect(t, unknown);
	root_forget(t);
}

/*
 * Of what the firmware has mapped, what is the kernel's memory is demapped; the
 * firmware's own stays, and its addresses are given to nobody.
 */
void sun4v_root_firmware(struct kunit *test)
{
	root_keeps(root_prepare(test), ULONG_MAX);
}

/* A call fails: nothing is kept for it.  It fails again: the entry is. */
static void root_fails(struct kunit *test, enum sun4v_hv_service service,
		       unsigned int call, unsigned long error, bool halfway,
		       unsigned long entry)
{
	unsigned int times;
	struct sun4v_test *t;

	for (times = 1; times <= 2; times++) {
		t = root_prepare(test);
		sun4v_hv_fail(&t->hv, service, call, error);
		t->hv.fail[service].times = times;
		t->hv.fail[service].halfway = halfway;
		root_keeps(t, times == 2 ? entry : ULONG_MAX);
		root_end(t);
	}
}

/* An entry that cannot be read may be the firmware's. */
void sun4v_root_getmap_error(struct kunit *test)
{
	static const unsigned long errors[] = {
		HV_EINVAL, HV_EBADALIGN, HV_ENORADDR, HV_ENOTSUPPORTED,
	};
	unsigned long entry;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		for (entry = 0; entry < TEST_ENTRIES; entry++)
			root_fails(test, SUN4V_HV_GETMAP, entry + 1, errors[i],
				   false, entry);
}

/* What cannot be demapped goes on being reached by devices. */
void sun4v_root_demap_error(struct kunit *test)
{
	static const unsigned long errors[] = { HV_EINVAL, HV_EIO, HV_EOK };
	unsigned long entry;
	unsigned int call;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		for (entry = 0, call = 1; entry < TEST_ENTRIES; entry++) {
			if (!root_is_mapped(entry) || root_is_firmware(entry))
				continue;
			root_fails(test, SUN4V_HV_DEMAP, call, errors[i],
				   false, entry);
			root_fails(test, SUN4V_HV_DEMAP, call++, errors[i],
				   errors[i] != HV_EOK, entry);
		}
	}
}
