// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the set-up of IOMMUs on sun4v: the hypervisor rejects a call, and
 * the firmware has mapped pages already.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define ROOT_DVMA	SZ_512K
#define ROOT_ENTRIES	(ROOT_DVMA / IO_PAGE_SIZE)

struct root_error {
	const char	*desc;
	unsigned long	status;
};

static const struct root_error conf_errors[] = {
	{ "EINVAL", HV_EINVAL }, { "EBADALIGN", HV_EBADALIGN },
	{ "ENORADDR", HV_ENORADDR }, { "ETOOMANY", HV_ETOOMANY },
	{ "EBUSY", HV_EBUSY }, { "ENOTSUPPORTED", HV_ENOTSUPPORTED },
};

KUNIT_ARRAY_PARAM_DESC(conf_error, conf_errors, desc);

/* Set up an ATU, which fails at a call. The device works with the legacy IOMMU. */
static struct sun4v_test *root_begin(struct kunit *test,
				     enum sun4v_hv_service service,
				     unsigned int call, unsigned long status)
{
	struct sun4v_test *t = sun4v_test_prepare(test, ROOT_DVMA);
	dma_addr_t addr;

	sun4v_hv_fail(&t->hv, service, call, status);
	sun4v_test_start(t, true);
	KUNIT_ASSERT_NULL(test, t->iommu.atu);
	addr = dma_map_single(t->dev, t->buf, PG(2), DMA_FROM_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	sun4v_test_reaches(t, addr, t->buf, PG(2), true);
	dma_unmap_single(t->dev, addr, PG(2), DMA_FROM_DEVICE);
	return t;
}

static void root_conf_error(struct kunit *test)
{
	const struct root_error *error = test->param_value;
	struct sun4v_test *t;

	t = root_begin(test, SUN4V_HV_IOTSB_CONF, 1, error->status);
	KUNIT_EXPECT_NULL(test, t->hv.iotsb.entry);
	KUNIT_EXPECT_EQ(test, t->hv.bound, 0);
}

/* The first function on the bus of the root complex, and the second. */
static const unsigned int bind_calls[] = { 2, 3 };

static void bind_call_desc(const unsigned int *call, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "call %u", *call);
}

KUNIT_ARRAY_PARAM(bind_call, bind_calls, bind_call_desc);

/* The table stays with the hypervisor, and is not freed. */
static void root_bind_error(struct kunit *test)
{
	const unsigned int *call = test->param_value;
	unsigned long table;
	struct sun4v_test *t;

	t = root_begin(test, SUN4V_HV_IOTSB_BIND, *call, HV_EINVAL);
	KUNIT_EXPECT_EQ(test, t->hv.bound, *call - 1);
	table = (unsigned long)t->hv.iotsb.entry;
	KUNIT_ASSERT_NE(test, table, 0);
	KUNIT_ASSERT_EQ(test, page_count(virt_to_page((void *)table)), 1);
	free_pages(table, get_order(t->hv.iotsb.entries * sizeof(u64)));
	t->hv.iotsb.entry = NULL;
}

/* Every third entry is mapped at first, every sixth to the firmware's memory. */
static bool root_is_mapped(unsigned long entry)
{
	return entry % 3 == 0;
}

static bool root_is_firmware(unsigned long entry)
{
	return entry % 6 == 3;
}

static struct sun4v_test *root_prepare(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_prepare(test, ROOT_DVMA);
	u64 *list = t->buf;
	unsigned long n;
	long mapped;

	t->hv.firmware = BIT_ULL(39);
	for (n = 0; n < ROOT_ENTRIES; n++) {
		if (!root_is_mapped(n))
			continue;
		list[0] = root_is_firmware(n) ? t->hv.firmware : __pa(t->buf);
		mapped = pci_sun4v_iommu_map(t->hv.devhandle,
					     HV_PCI_TSBID(0, n), 1,
					     HV_PCI_MAP_ATTR_READ, __pa(list));
		KUNIT_ASSERT_EQ_MSG(test, mapped, 1, "entry %lu", n);
	}
	sun4v_hv_reset_calls(&t->hv);
	return t;
}

/* The firmware's entries are kept, and @stuck. */
static void root_expect_kept(struct sun4v_test *t, unsigned long stuck)
{
	unsigned long n;
	bool kept;

	for (n = 0; n < ROOT_ENTRIES; n++) {
		kept = root_is_firmware(n) || n == stuck;
		KUNIT_EXPECT_EQ_MSG(t->test, test_bit(n, t->iommu.tbl.map),
				    kept, "entry %lu", n);
		KUNIT_EXPECT_EQ_MSG(t->test, !!t->hv.tsb.entry[n], kept,
				    "entry %lu", n);
	}
}

/* Map until there are no addresses: the model reports an entry mapped twice. */
static void root_exhaust(struct sun4v_test *t)
{
	static struct scatterlist sgl[ROOT_ENTRIES];
	unsigned long n;

	for (n = 0; n < ROOT_ENTRIES; n++) {
		sg_init_one(&sgl[n], t->buf, 1);
		if (!dma_map_sg(t->dev, &sgl[n], 1, DMA_TO_DEVICE))
			break;
	}
	KUNIT_EXPECT_GE(t->test, n, ROOT_ENTRIES / 4);
	while (n--)
		dma_unmap_sg(t->dev, &sgl[n], 1, DMA_TO_DEVICE);
}

static void root_keeps(struct sun4v_test *t, unsigned long stuck)
{
	unsigned long n;

	sun4v_test_start(t, false);
	root_expect_kept(t, stuck);
	root_exhaust(t);
	root_expect_kept(t, stuck);
	KUNIT_EXPECT_EQ_MSG(t->test, t->hv.violations, 0, "%s",
			    t->hv.violation);

	/* For the end of the case to find nothing. */
	t->hv.tsb.live = 0;
	for (n = 0; n < ROOT_ENTRIES; n++)
		__clear_bit(n, t->iommu.tbl.map);
}

/*
 * Of the entries that the firmware has mapped, those of the kernel's memory are
 * demapped. The others stay, and their addresses are not allocated.
 */
static void root_firmware(struct kunit *test)
{
	root_keeps(root_prepare(test), ROOT_ENTRIES);
}

static const struct root_error demap_errors[] = {
	{ "EINVAL", HV_EINVAL }, { "EIO", HV_EIO }, { "no page", HV_EOK },
};

KUNIT_ARRAY_PARAM_DESC(demap_error, demap_errors, desc);

/* An entry that cannot be demapped is kept, too. */
static void root_demap_error(struct kunit *test)
{
	const struct root_error *error = test->param_value;
	struct sun4v_test *t = root_prepare(test);

	/* The second call, for the second entry that is not the firmware's. */
	sun4v_hv_fail(&t->hv, SUN4V_HV_DEMAP, 2, error->status);
	root_keeps(t, 6);
}

static struct kunit_case root_cases[] = {
	KUNIT_CASE_PARAM(root_conf_error, conf_error_gen_params),
	KUNIT_CASE_PARAM(root_bind_error, bind_call_gen_params),
	KUNIT_CASE(root_firmware),
	KUNIT_CASE_PARAM(root_demap_error, demap_error_gen_params),
	{}
};

static struct kunit_suite root_suite = {
	.name		= "dma_bypass_sun4v_root",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= root_cases,
};

kunit_test_suite(root_suite);

MODULE_DESCRIPTION("KUnit tests of the set-up of IOMMUs on sun4v");
MODULE_LICENSE("GPL");
