// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of translated DMA on sun4v: what a device can access.
 */
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define TEST_BATCH	(PAGE_SIZE / sizeof(u64))	/* of one call's list */

/* One hypervisor call maps or demaps at most @chunk pages; zero for all. */
static const struct map_param {
	const char	*desc;
	bool		use_atu;
	unsigned long	chunk;
} map_params[] = {
	{ "legacy",			false,	0 },
	{ "legacy, one page a call",	false,	1 },
	{ "legacy, three pages a call",	false,	3 },
	{ "ATU",			true,	0 },
	{ "ATU, one page a call",	true,	1 },
	{ "ATU, three pages a call",	true,	3 },
};

KUNIT_ARRAY_PARAM_DESC(map, map_params, desc);

static struct sun4v_test *map_begin(struct kunit *test)
{
	const struct map_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_begin(test, p->use_atu);

	t->hv.chunk = p->chunk;
	return t;
}

static bool map_in_atu(dma_addr_t addr)
{
	return addr > DMA_BIT_MASK(32);
}

static void map_single(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct sun4v_test *t = map_begin(test);
	void *virt = t->buf + PG(1) + 24;
	dma_addr_t addr;
	int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		addr = dma_map_single(t->dev, virt, PG(3), dirs[i]);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
		KUNIT_EXPECT_EQ(test, map_in_atu(addr), !!t->iommu.atu);
		sun4v_test_reaches(t, addr, virt, PG(3),
				   dirs[i] != DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, sun4v_test_allocated(t), 4);
		dma_unmap_single(t->dev, addr, PG(3), dirs[i]);
		sun4v_test_faults(t, addr, PG(3));
		sun4v_test_clean(t);
	}
}

/* A mask of 32 bits keeps a device out of the ATU. */
static void map_mask_32(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	struct scatterlist sgl[SUN4V_TEST_LIST];
	dma_addr_t addr;
	int nents, err;
	void *virt;

	err = dma_set_mask_and_coherent(t->dev, DMA_BIT_MASK(32));
	KUNIT_ASSERT_EQ(test, err, 0);
	addr = dma_map_single(t->dev, t->buf, PG(1), DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_FALSE(test, map_in_atu(addr));
	sun4v_test_reaches(t, addr, t->buf, PG(1), false);
	dma_unmap_single(t->dev, addr, PG(1), DMA_TO_DEVICE);

	sun4v_test_init_list(t, sgl);
	nents = dma_map_sg(t->dev, sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE);
	KUNIT_ASSERT_GT(test, nents, 0);
	KUNIT_EXPECT_FALSE(test, map_in_atu(sg_dma_address(&sgl[0])));
	sun4v_test_reaches_list(t, sgl, SUN4V_TEST_LIST, nents, false);
	dma_unmap_sg(t->dev, sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE);

	virt = dma_alloc_coherent(t->dev, PG(3), &addr, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_EXPECT_FALSE(test, map_in_atu(addr));
	sun4v_test_reaches(t, addr, virt, PG(3), true);
	dma_free_coherent(t->dev, PG(3), virt, addr);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_IOTSB_MAP], 0);
}

static void map_coherent(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	dma_addr_t addr;
	void *virt;

	virt = dma_alloc_coherent(t->dev, PG(3), &addr, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_EXPECT_NULL(test, memchr_inv(virt, 0, PG(3)));
	KUNIT_EXPECT_EQ(test, map_in_atu(addr), !!t->iommu.atu);
	sun4v_test_reaches(t, addr, virt, PG(3), true);
	dma_free_coherent(t->dev, PG(3), virt, addr);
	sun4v_test_faults(t, addr, PG(3));
}

static void map_sg(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	struct scatterlist sgl[SUN4V_TEST_LIST];
	int nents;

	sun4v_test_init_list(t, sgl);
	nents = dma_map_sg(t->dev, sgl, SUN4V_TEST_LIST, DMA_FROM_DEVICE);
	/* The first two are adjacent, the others have offsets. */
	KUNIT_ASSERT_EQ(test, nents, 3);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sgl[0]), PG(3));
	sun4v_test_reaches_list(t, sgl, SUN4V_TEST_LIST, nents, true);
	dma_unmap_sg(t->dev, sgl, SUN4V_TEST_LIST, DMA_FROM_DEVICE);
}

static void map_ordered(struct sun4v_test *t, unsigned long want)
{
	const unsigned long attrs = DMA_ATTR_WEAK_ORDERING;
	struct scatterlist sgl[SUN4V_TEST_LIST];
	dma_addr_t addr;
	void *virt;
	int nents;

	addr = dma_map_single_attrs(t->dev, t->buf, 64, DMA_TO_DEVICE, attrs);
	KUNIT_ASSERT_FALSE(t->test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_EQ(t->test, t->hv.attrs, want);
	dma_unmap_single_attrs(t->dev, addr, 64, DMA_TO_DEVICE, attrs);

	sun4v_test_init_list(t, sgl);
	nents = dma_map_sg_attrs(t->dev, sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE, attrs);
	KUNIT_ASSERT_GT(t->test, nents, 0);
	KUNIT_EXPECT_EQ(t->test, t->hv.attrs, want);
	dma_unmap_sg_attrs(t->dev, sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE, attrs);

	virt = dma_alloc_attrs(t->dev, PG(1), &addr, GFP_KERNEL, attrs);
	KUNIT_ASSERT_NOT_NULL(t->test, virt);
	KUNIT_EXPECT_EQ(t->test, t->hv.attrs, want | HV_PCI_MAP_ATTR_WRITE);
	dma_free_attrs(t->dev, PG(1), virt, addr, attrs);
}

/* Relaxed ordering is an attribute of version 2 only. */
static void map_ordering(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);

	sun4v_test_negotiate(t, 1, 0);
	map_ordered(t, HV_PCI_MAP_ATTR_READ);
	sun4v_test_negotiate(t, 1, 1);
	map_ordered(t, HV_PCI_MAP_ATTR_READ);
	sun4v_test_negotiate(t, 2, 0);
	map_ordered(t, HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_RELAXED_ORDER);
}

/* A mapping for which there are no addresses fails without a trace. */
static void map_exhausted(struct kunit *test)
{
	const unsigned int max = SUN4V_TEST_DVMA / PG(SUN4V_TEST_PAGES);
	struct sun4v_test *t = map_begin(test);
	struct scatterlist *sg;
	unsigned int n;

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(32)), 0);
	dma_set_max_seg_size(t->dev, PG(SUN4V_TEST_PAGES));
	sg = kunit_kcalloc(test, max + 1, sizeof(*sg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sg);
	for (n = 0; n <= max; n++) {
		sg_init_one(&sg[n], t->buf, PG(SUN4V_TEST_PAGES));
		if (!dma_map_sg(t->dev, &sg[n], 1, DMA_TO_DEVICE))
			break;
	}
	KUNIT_EXPECT_GE(test, n, max - max / 8);
	KUNIT_EXPECT_LE(test, n, max);
	while (n--)
		dma_unmap_sg(t->dev, &sg[n], 1, DMA_TO_DEVICE);
}

/* A fixture with addresses for more pages than one call takes. */
static struct sun4v_test *map_begin_batches(struct kunit *test)
{
	const struct map_param *p = test->param_value;
	struct sun4v_test *t;

	t = sun4v_test_prepare(test, p->use_atu ? SUN4V_TEST_DVMA : SZ_256M);
	sun4v_test_start(t, p->use_atu);
	dma_set_max_seg_size(t->dev, SZ_256M);
	t->hv.chunk = p->chunk;
	return t;
}

static void map_batches_of(struct sun4v_test *t, void *virt, size_t size)
{
	unsigned int call, calls = DIV_ROUND_UP(size, PG(TEST_BATCH));
	dma_addr_t addr;

	sun4v_hv_reset_calls(&t->hv);
	addr = dma_map_single(t->dev, virt, size, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(t->test, dma_mapping_error(t->dev, addr));
	if (!t->hv.chunk)
		KUNIT_EXPECT_EQ_MSG(t->test, calls,
				    t->hv.calls[sun4v_test_map_service(t)],
				    "%zx bytes", size);
	sun4v_test_reaches(t, addr, virt, size, false);
	dma_unmap_single(t->dev, addr, size, DMA_TO_DEVICE);
	sun4v_test_clean(t);

	for (call = 1; call <= calls; call++) {
		sun4v_hv_fail(&t->hv, sun4v_test_map_service(t), call,
			      HV_ENORADDR);
		addr = dma_map_single(t->dev, virt, size, DMA_TO_DEVICE);
		KUNIT_EXPECT_TRUE_MSG(t->test, dma_mapping_error(t->dev, addr),
				      "%zx bytes, call %u", size, call);
		sun4v_test_clean(t);
	}
}

/* Nothing stays mapped if a call fails: the first ones, or the last. */
static void map_batches_list_fails(struct sun4v_test *t, struct sg_table *sgt,
				   unsigned int calls)
{
	const unsigned int fail[] = { 1, 2, calls - 1, calls };
	int i, err;

	for (i = 0; i < ARRAY_SIZE(fail); i++) {
		if (!fail[i] || fail[i] > calls)
			continue;
		sun4v_hv_fail(&t->hv, sun4v_test_map_service(t), fail[i],
			      HV_ENORADDR);
		err = dma_map_sgtable(t->dev, sgt, DMA_FROM_DEVICE, 0);
		KUNIT_EXPECT_NE(t->test, err, 0);
		sun4v_test_clean(t);
	}
}

/* Entries of so many pages each, but for the first one. */
static void map_batches_list(struct sun4v_test *t, void *virt, size_t first,
			     size_t each, int nents)
{
	struct scatterlist *sg;
	struct sg_table sgt;
	int i, err;

	err = sg_alloc_table(&sgt, nents, GFP_KERNEL);
	KUNIT_ASSERT_EQ(t->test, err, 0);
	for_each_sgtable_sg(&sgt, sg, i)
		sg_set_buf(sg, virt + PG(i ? first + (i - 1) * each : 0),
			   PG(i ? each : first));
	sun4v_hv_reset_calls(&t->hv);
	err = dma_map_sgtable(t->dev, &sgt, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_EQ(t->test, err, 0);
	sun4v_test_reaches_list(t, sgt.sgl, sgt.orig_nents, sgt.nents, true);
	dma_unmap_sgtable(t->dev, &sgt, DMA_FROM_DEVICE, 0);
	sun4v_test_clean(t);

	map_batches_list_fails(t, &sgt, t->hv.calls[sun4v_test_map_service(t)]);
	sg_free_table(&sgt);
}

/* The memory is free again, also if a call that maps it fails. */
static void map_batches_coherent(struct sun4v_test *t, size_t size,
				 unsigned int fail)
{
	unsigned long pages = global_zone_page_state(NR_FREE_PAGES);
	dma_addr_t addr;
	void *virt;

	sun4v_hv_reset_calls(&t->hv);
	if (fail)
		sun4v_hv_fail(&t->hv, sun4v_test_map_service(t), fail,
			      HV_EINVAL);
	virt = dma_alloc_coherent(t->dev, size, &addr, GFP_KERNEL);
	KUNIT_EXPECT_EQ_MSG(t->test, !virt, !!fail, "call %u fails", fail);
	if (virt) {
		sun4v_test_reaches(t, addr, virt, size, true);
		dma_free_coherent(t->dev, size, virt, addr);
	}
	sun4v_test_clean(t);
	/* Some are in the lists of the processors. */
	KUNIT_EXPECT_GT_MSG(t->test, global_zone_page_state(NR_FREE_PAGES) +
			    PHYS_PFN(size) / 2, pages, "call %u fails", fail);
}

/* As many pages as one call takes, one less, and more. */
static void map_batches(struct kunit *test)
{
	struct sun4v_test *t = map_begin_batches(test);
	const size_t largest = PG(2 * TEST_BATCH), size = PG(TEST_BATCH + 2);
	void *virt = alloc_pages_exact(largest, GFP_KERNEL);
	int more, fail;

	KUNIT_ASSERT_NOT_NULL(test, virt);
	for (more = -1; more <= 2; more++)
		map_batches_of(t, virt, PG(TEST_BATCH + more));
	map_batches_list(t, virt, 1, 1, TEST_BATCH + 2);
	/* The first call ends within the second entry. */
	map_batches_list(t, virt, TEST_BATCH / 2, 3 * TEST_BATCH / 2, 2);
	free_pages_exact(virt, largest);

	for (fail = 0; fail <= 2; fail++)
		map_batches_coherent(t, size, fail);
}

/* An address that was not allocated is reported, and nothing is demapped. */
static void unmap_foreign(struct kunit *test)
{
	static const dma_addr_t foreign[] = {
		0x1000, DMA_BIT_MASK(31), 0xfffff000, BIT_ULL(32), BIT_ULL(40),
		BIT_ULL(43) + ATU_64_SPACE_SIZE, SUN4V_HV_BYPASS_BASE,
	};
	struct sun4v_test *t = map_begin(test);
	struct scatterlist sg;
	void *virt;
	int i;

	kunit_info(test, "expect-console: unmap of .*, which is not mapped");
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		sun4v_test_dma_ops->unmap_phys(t->dev, foreign[i], 64,
					       DMA_TO_DEVICE, 0);
		sg_init_one(&sg, t->buf, 64);
		sg_dma_address(&sg) = foreign[i];
		sg_dma_len(&sg) = 64;
		sun4v_test_dma_ops->unmap_sg(t->dev, &sg, 1, DMA_TO_DEVICE, 0);
		virt = (void *)__get_free_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, virt);
		sun4v_test_dma_ops->free(t->dev, PG(1), virt, foreign[i], 0);
		free_page((unsigned long)virt);
	}
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_DEMAP], 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_IOTSB_DEMAP], 0);
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE_PARAM(map_single, map_gen_params),
	KUNIT_CASE_PARAM(map_mask_32, map_gen_params),
	KUNIT_CASE_PARAM(map_coherent, map_gen_params),
	KUNIT_CASE_PARAM(map_sg, map_gen_params),
	KUNIT_CASE_PARAM(map_ordering, map_gen_params),
	KUNIT_CASE_PARAM(map_exhausted, map_gen_params),
	KUNIT_CASE_PARAM(map_batches, map_gen_params),
	KUNIT_CASE_PARAM(unmap_foreign, map_gen_params),
	{}
};

static struct kunit_suite map_suite = {
	.name		= "dma_bypass_sun4v_map",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= map_cases,
};

kunit_test_suite(map_suite);

MODULE_DESCRIPTION("KUnit tests of translated DMA on sun4v");
MODULE_LICENSE("GPL");
