// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of sun4v's DMA, and its tests of bypass addresses.
 */
#include <kunit/test-bug.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define TEST_LIST	5

static const bool atu_params[] = { false, true };

static void atu_desc(const bool *use_atu, char *desc)
{
	strscpy(desc, *use_atu ? "ATU" : "legacy", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(atu, atu_params, atu_desc);

static dma_addr_t never_map_page(struct device *dev, struct page *page,
				 unsigned long offset, size_t size,
				 enum dma_data_direction dir,
				 unsigned long attrs)
{
	return DMA_MAPPING_ERROR;
}

static int never_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	return -EIO;
}

static void never_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	KUNIT_FAIL(kunit_get_current_test(), "unmap of %pad", &addr);
}

static void never_unmap_sg(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir,
			   unsigned long attrs)
{
	KUNIT_FAIL(kunit_get_current_test(), "unmap of a list");
}

/* For a device of which nothing may be translated. */
static const struct dma_map_ops bypass_only_ops = {
	.map_page	= never_map_page,
	.unmap_page	= never_unmap_page,
	.map_sg		= never_map_sg,
	.unmap_sg	= never_unmap_sg,
};

/* One call for what is in one I/O page, two for more, none for unmap, sync. */
static void bypass_costs_calls(struct kunit *test)
{
	static const struct {
		size_t		offset;
		size_t		size;
		unsigned int	calls;
	} cases[] = {
		{ 0,		1,		1 },
		{ 0,		IO_PAGE_SIZE,	1 },
		{ 100,		IO_PAGE_SIZE - 100, 1 },
		{ 100,		IO_PAGE_SIZE,	2 },
		{ IO_PAGE_SIZE - 1, 2,		2 },
		{ 0,		PG(SUN4V_TEST_PAGES), 2 },
	};
	struct sun4v_test *t = sun4v_test_open(test, false);
	dma_addr_t addr;
	size_t size;
	void *virt;
	int i;

	set_dma_ops(t->dev, &bypass_only_ops);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sun4v_hv_reset_calls(&t->hv);
		virt = t->buf + cases[i].offset;
		size = cases[i].size;
		addr = sun4v_test_map(t, virt, size, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, addr));
		sun4v_test_reaches(t, addr, virt, size, true);
		dma_sync_single_for_cpu(t->dev, addr, size, DMA_BIDIRECTIONAL);
		dma_sync_single_for_device(t->dev, addr, size,
					   DMA_BIDIRECTIONAL);
		sun4v_test_unmap(t, addr, size, DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), cases[i].calls);
		KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS],
				cases[i].calls);
	}
}

/* What the above is held against. */
static void translated_costs_calls(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_begin(test, *use_atu);
	dma_addr_t addr;

	addr = dma_map_single(t->dev, t->buf, PG(1), DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_GE(test, sun4v_test_calls(t), 1);
	dma_unmap_single(t->dev, addr, PG(1), DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_GE(test, sun4v_test_calls(t), 2);
}

static const struct attrs_param {
	const char		*desc;
	unsigned long		version[2];
	enum dma_data_direction	dir;
	unsigned long		attrs;
	unsigned long		want;
} attrs_params[] = {
	{ "1.0, to device", { 1, 0 }, DMA_TO_DEVICE, 0, HV_PCI_MAP_ATTR_READ },
	{ "2.0, to device", { 2, 0 }, DMA_TO_DEVICE, 0, HV_PCI_MAP_ATTR_READ },
	{ "1.1, from device", { 1, 1 }, DMA_FROM_DEVICE, 0,
	  HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_WRITE },
	{ "2.0, both", { 2, 0 }, DMA_BIDIRECTIONAL, 0,
	  HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_WRITE },
	{ "1.0, weakly ordered", { 1, 0 }, DMA_TO_DEVICE,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ },
	{ "1.1, weakly ordered", { 1, 1 }, DMA_TO_DEVICE,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ },
	{ "2.0, weakly ordered", { 2, 0 }, DMA_TO_DEVICE,
	  DMA_ATTR_WEAK_ORDERING,
	  HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_RELAXED_ORDER },
	{ "2.0, weakly ordered, both", { 2, 0 }, DMA_BIDIRECTIONAL,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ |
	  HV_PCI_MAP_ATTR_WRITE | HV_PCI_MAP_ATTR_RELAXED_ORDER },
};

KUNIT_ARRAY_PARAM_DESC(attrs, attrs_params, desc);

static void test_init_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	struct scatterlist *sg;
	int i;

	sg_init_table(sgl, TEST_LIST);
	for_each_sg(sgl, sg, TEST_LIST, i)
		sg_set_buf(sg, t->buf + PG(2 * i), PG(2));
}

/* In the first call of a mapping, and in the last. */
static void bypass_passes_attributes(struct kunit *test)
{
	static const size_t sizes[] = { 64, PG(2) };
	const struct attrs_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, false);
	struct scatterlist sgl[TEST_LIST];
	dma_addr_t addr;
	int i, nents;

	sun4v_test_negotiate(t, p->version[0], p->version[1]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		addr = dma_map_single_attrs(t->dev, t->buf, sizes[i], p->dir,
					    p->attrs | BYPASS);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
		KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, addr));
		KUNIT_EXPECT_EQ(test, t->hv.attrs, p->want);
		dma_unmap_single_attrs(t->dev, addr, sizes[i], p->dir,
				       p->attrs | BYPASS);
	}
	test_init_list(t, sgl);
	nents = dma_map_sg_attrs(t->dev, sgl, TEST_LIST, p->dir,
				 p->attrs | BYPASS);
	KUNIT_ASSERT_EQ(test, nents, TEST_LIST);
	KUNIT_EXPECT_EQ(test, t->hv.attrs, p->want);
	dma_unmap_sg_attrs(t->dev, sgl, TEST_LIST, p->dir, p->attrs | BYPASS);
}

static void bypass_across_blocks(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	sun4v_test_move(t, 0, t->buf, PG(4), BIT_ULL(41));
	sun4v_test_move(t, 1, t->buf + PG(4), PG(4), BIT_ULL(42));
	sun4v_test_expect(t, t->buf, PG(4), true);
	sun4v_test_expect(t, t->buf + PG(4), PG(4), true);
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(4) - 1, 2, false);
	KUNIT_EXPECT_EQ(test, sun4v_test_refused(t), 2);
	KUNIT_EXPECT_EQ(test, sun4v_test_refused_for(t, SUN4V_BYPASS_APART), 2);

	/* Adjacent here and in the machine. */
	sun4v_test_move(t, 1, t->buf + PG(4), PG(4), BIT_ULL(41) + PG(4));
	sun4v_test_expect(t, t->buf + PG(3), PG(2), true);

	/* Adjacent the other way round. */
	sun4v_test_move(t, 1, t->buf + PG(4), PG(4), BIT_ULL(41) - PG(4));
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
}

static void bypass_to_closed_memory(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	sun4v_test_move(t, 0, t->buf + PG(4), PG(4), 0);
	sun4v_test_expect(t, t->buf + PG(2), PG(2), true);
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(5), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(7), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(8), PG(2), true);
}

static int test_map_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	test_init_list(t, sgl);
	return dma_map_sg_attrs(t->dev, sgl, TEST_LIST, DMA_TO_DEVICE, BYPASS);
}

static void test_unmap_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	dma_unmap_sg_attrs(t->dev, sgl, TEST_LIST, DMA_TO_DEVICE, BYPASS);
}

/*
 * As dma-direct: entry by entry, whatever could be merged, so that a list which
 * keeps to the device's limits goes on doing so.
 */
static void bypass_list(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	struct scatterlist sgl[TEST_LIST], *sg;
	int i;

	set_dma_ops(t->dev, &bypass_only_ops);
	dma_set_max_seg_size(t->dev, PG(2));
	dma_set_seg_boundary(t->dev, PG(2) - 1);
	KUNIT_ASSERT_EQ(test, test_map_list(t, sgl), TEST_LIST);
	for_each_sg(sgl, sg, TEST_LIST, i) {
		KUNIT_EXPECT_EQ(test, sg_dma_address(sg) % PG(2), 0);
		KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, sg_dma_address(sg)));
		KUNIT_EXPECT_EQ(test, sg_dma_len(sg), PG(2));
		sun4v_test_reaches(t, sg_dma_address(sg), sg_virt(sg), PG(2),
				   true);
	}
	dma_sync_sg_for_cpu(t->dev, sgl, TEST_LIST, DMA_TO_DEVICE);
	test_unmap_list(t, sgl);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 2 * TEST_LIST);
}

static void bypass_list_refused(struct sun4v_test *t, unsigned int call,
				unsigned long error)
{
	struct scatterlist sgl[TEST_LIST], *sg;
	int i, nents;

	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call, error);
	nents = test_map_list(t, sgl);
	KUNIT_ASSERT_GT(t->test, nents, 0);
	for_each_sg(sgl, sg, nents, i)
		KUNIT_EXPECT_FALSE(t->test,
				   sun4v_test_bypassed(t, sg_dma_address(sg)));
	sun4v_test_reaches_list(t, sgl, TEST_LIST, nents, false);
	test_unmap_list(t, sgl);
	sun4v_test_clean(t);
}

/*
 * One refusal, for either end of any entry and for whatever reason, and none
 * bypasses; the next list does.
 */
static void bypass_list_whole_or_not(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	struct scatterlist sgl[TEST_LIST];
	unsigned int call, i;
	dma_addr_t addr;
	long refused = 0;

	for (call = 1; call <= 2 * TEST_LIST; call++) {
		for (i = 0; i < SUN4V_TEST_ERRORS; i++) {
			bypass_list_refused(t, call, sun4v_bypass_errors[i]);
			KUNIT_EXPECT_EQ(test, sun4v_test_refused(t), ++refused);
			sun4v_bypass_forget(t, sun4v_bypass_errors[i]);
			KUNIT_ASSERT_EQ(test, test_map_list(t, sgl), TEST_LIST);
			addr = sg_dma_address(sgl);
			KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, addr));
			test_unmap_list(t, sgl);
		}
	}
}

static void bypass_unmap_without_attribute(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, true);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(t->dev), DMA_BYPASS_DRAINING);
	/* dma-debug tells of the first driver that forgets it. */
	kunit_info(test, "expect-console: WARNING: .*debug_dma_check_bypass");
	dma_unmap_page_attrs(t->dev, addr, PG(1), DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_IOTSB_DEMAP], 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_DEMAP], 0);
}

/* An address that a driver unmaps too late is nobody's, and does no harm. */
static void bypass_unmap_after_close(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	dma_bypass_unbind(t->dev);
	kunit_info(test, "expect-console: unmap of .*, which is not mapped");
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 1);
}

/* An answer that the IOMMU gives out, too, could not be told from its own. */
static void bypass_avoids_translated(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	u64 base = t->iommu.tbl.table_map_base;
	dma_addr_t addr;

	if (t->iommu.atu)
		base = t->iommu.atu->tbl.table_map_base + SZ_1G;
	t->hv.bypass_base = base - BIT_ULL(41);
	sun4v_test_move(t, 0, t->buf, PG(SUN4V_TEST_PAGES), BIT_ULL(41));
	addr = sun4v_test_map(t, t->buf, PG(2), DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, sun4v_test_allocated(t), 2);
	KUNIT_EXPECT_EQ(test, sun4v_test_refused(t), 1);
	KUNIT_EXPECT_EQ(test, sun4v_test_refused_for(t, SUN4V_BYPASS_TAKEN), 1);
	sun4v_test_unmap(t, addr, PG(2), DMA_TO_DEVICE);
}

/* Control structures stay behind the IOMMU, beside data that does not. */
static void bypass_beside_translated(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	dma_addr_t data, control, plain;
	void *virt;

	virt = dma_alloc_attrs(t->dev, PG(1), &control, GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	data = sun4v_test_map(t, t->buf, PG(2), DMA_FROM_DEVICE);
	plain = dma_map_single(t->dev, t->buf + PG(2), PG(1), DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, plain));

	KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, data));
	KUNIT_EXPECT_FALSE(test, sun4v_test_bypassed(t, control));
	KUNIT_EXPECT_FALSE(test, sun4v_test_bypassed(t, plain));
	sun4v_test_reaches(t, control, virt, PG(1), true);
	sun4v_test_reaches(t, data, t->buf, PG(2), true);
	sun4v_test_reaches(t, plain, t->buf + PG(2), PG(1), false);

	dma_unmap_single(t->dev, plain, PG(1), DMA_TO_DEVICE);
	sun4v_test_faults(t, plain, PG(1));
	sun4v_test_unmap(t, data, PG(2), DMA_FROM_DEVICE);
	dma_free_attrs(t->dev, PG(1), virt, control, BYPASS);
	sun4v_test_faults(t, control, PG(1));
}

/* More memory than the IOMMU has addresses. */
static void bypass_when_exhausted(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	struct iommu_map_table *tbl = &t->iommu.tbl;
	unsigned long entries = tbl->poolsize * tbl->nr_pools;
	dma_addr_t addr;

	bitmap_set(tbl->map, 0, entries);
	addr = dma_map_single_attrs(t->dev, t->buf, PG(2), DMA_TO_DEVICE,
				    BYPASS);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, addr));
	sun4v_test_unmap(t, addr, PG(2), DMA_TO_DEVICE);
	bitmap_clear(tbl->map, 0, entries);
}

static struct kunit_case sun4v_cases[] = {
	KUNIT_CASE_PARAM(sun4v_map_page, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_mask_32, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_coherent, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_list, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_ordering, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_exhausted, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_batches, sun4v_map_gen_params),
	KUNIT_CASE_PARAM(sun4v_merge_list, sun4v_merge_gen_params),
	KUNIT_CASE_PARAM(sun4u_merge_list, sun4u_merge_gen_params),
	KUNIT_CASE(sun4v_hv_reports),
	KUNIT_CASE(sun4v_hv_reports_atu),
	KUNIT_CASE_PARAM(sun4v_hv_fails, atu_gen_params),
	KUNIT_CASE(sun4v_hv_accepts),
	KUNIT_CASE(sun4v_root_conf_error),
	KUNIT_CASE(sun4v_root_bind_error),
	KUNIT_CASE(sun4v_root_getmap_error),
	KUNIT_CASE(sun4v_root_demap_error),
	KUNIT_CASE(sun4v_root_firmware),
	KUNIT_CASE_PARAM(sun4v_map_error, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_demap_error, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_demap_refused, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_undo_refused, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_list_exhausted, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_map_and_demap_error, sun4v_error_gen_params),
	KUNIT_CASE_PARAM(sun4v_unmap_foreign, sun4v_map_gen_params),
	KUNIT_CASE(bypass_costs_calls),
	KUNIT_CASE_PARAM(translated_costs_calls, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_passes_attributes, attrs_gen_params),
	KUNIT_CASE(sun4v_bypass_probes_once),
	KUNIT_CASE(sun4v_bypass_probe_fails),
	KUNIT_CASE(sun4v_bypass_probe_recovers),
	KUNIT_CASE(sun4v_bypass_without_iommu),
	KUNIT_CASE(sun4v_bypass_other_events),
	KUNIT_CASE_PARAM(sun4v_bypass_falls_back, atu_gen_params),
	KUNIT_CASE(sun4v_bypass_remembers_not_supported),
	KUNIT_CASE(bypass_across_blocks),
	KUNIT_CASE(bypass_to_closed_memory),
	KUNIT_CASE(sun4v_bypass_large),
	KUNIT_CASE(sun4v_bypass_large_apart),
	KUNIT_CASE(sun4v_bypass_last_page),
	KUNIT_CASE(sun4v_survey_error),
	KUNIT_CASE(sun4v_survey_not_supported),
	KUNIT_CASE_PARAM(bypass_list, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_list_whole_or_not, atu_gen_params),
	KUNIT_CASE(bypass_unmap_without_attribute),
	KUNIT_CASE_PARAM(bypass_unmap_after_close, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_avoids_translated, atu_gen_params),
	KUNIT_CASE_PARAM(sun4v_bypass_needs_full_mask, atu_gen_params),
	KUNIT_CASE(sun4v_bypass_policies),
	KUNIT_CASE(sun4v_bypass_revoked),
	KUNIT_CASE(sun4v_bypass_opens_on_first_use),
	KUNIT_CASE_PARAM(bypass_beside_translated, atu_gen_params),
	KUNIT_CASE(bypass_when_exhausted),
	KUNIT_CASE(sun4v_bypass_counts_refusals),
	{}
};

static struct kunit_suite sun4v_suite = {
	.name		= "dma_bypass_sun4v",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= sun4v_cases,
};

/* Booted with iommu.dma_bypass=never: the hypervisor is not even asked. */
static struct kunit_case sun4v_never_cases[] = {
	KUNIT_CASE(sun4v_bypass_probes_once),
	KUNIT_CASE(sun4v_bypass_policies),
	KUNIT_CASE_PARAM(sun4v_map_page, sun4v_map_gen_params),
	{}
};

static struct kunit_suite sun4v_never_suite = {
	.name		= "dma_bypass_sun4v_never",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= sun4v_never_cases,
};

kunit_test_suites(&sun4v_suite, &sun4v_never_suite);

MODULE_DESCRIPTION("KUnit suite of DMA on sun4v");
MODULE_LICENSE("GPL");
