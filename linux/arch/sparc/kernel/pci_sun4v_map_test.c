// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sun4v's translated DMA: what a device reaches, and what is left when
 * the hypervisor refuses.
 */
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define TEST_LIST	4

/* With and without an ATU; calls that do all at once, or one page each. */
struct map_param {
	const char	*desc;
	bool		use_atu;
	unsigned long	chunk;
};

static const struct map_param map_params[] = {
	{ "legacy",		false,	0 },
	{ "legacy, one by one",	false,	1 },
	{ "ATU",		true,	0 },
	{ "ATU, one by one",	true,	1 },
};

/**
 * sun4v_map_gen_params - KUnit parameter generator: every kind of IOMMU
 * @prev: last parameter
 * @desc: set to what it is
 *
 * Return: next parameter.
 */
const void *sun4v_map_gen_params(const void *prev, char *desc)
{
	const struct map_param *p = prev ? (const struct map_param *)prev + 1 :
					   map_params;

	if (p == map_params + ARRAY_SIZE(map_params))
		return NULL;
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
	return p;
}

static struct sun4v_test *map_begin(struct kunit *test)
{
	const struct map_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_begin(test, p->use_atu);

	t->hv.chunk = p->chunk;
	return t;
}

static enum sun4v_hv_service map_service(struct sun4v_test *t)
{
	return t->iommu.atu ? SUN4V_HV_IOTSB_MAP : SUN4V_HV_MAP;
}

static enum sun4v_hv_service demap_service(struct sun4v_test *t)
{
	return t->iommu.atu ? SUN4V_HV_IOTSB_DEMAP : SUN4V_HV_DEMAP;
}

static struct sun4v_hv_table *map_table(struct sun4v_test *t)
{
	return t->iommu.atu ? &t->hv.iotsb : &t->hv.tsb;
}

static struct iommu_map_table *map_allocator(struct sun4v_test *t)
{
	return t->iommu.atu ? &t->iommu.atu->tbl : &t->iommu.tbl;
}

static bool map_in_atu(struct sun4v_test *t, dma_addr_t addr)
{
	return addr > DMA_BIT_MASK(32);
}

/* Whole pages, a buffer at an offset, and a small one. */
static void map_init_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	sg_init_table(sgl, TEST_LIST);
	sg_set_buf(&sgl[0], t->buf, PG(2));
	sg_set_buf(&sgl[1], t->buf + PG(4), PG(1));
	sg_set_buf(&sgl[2], t->buf + PG(6) + 100, PG(2));
	sg_set_buf(&sgl[3], t->buf + PG(10), 512);
}

void sun4v_map_page(struct kunit *test)
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
		KUNIT_EXPECT_EQ(test, map_in_atu(t, addr), !!t->iommu.atu);
		sun4v_test_reaches(t, addr, virt, PG(3),
				   dirs[i] != DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ(test, sun4v_test_allocated(t), 4);
		dma_unmap_single(t->dev, addr, PG(3), dirs[i]);
		sun4v_test_faults(t, addr, PG(3));
		sun4v_test_clean(t);
	}
}

/* A mask of 32 bits keeps a device out of the ATU. */
void sun4v_map_mask_32(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(32)), 0);
	addr = dma_map_single(t->dev, t->buf, PG(1), DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_FALSE(test, map_in_atu(t, addr));
	sun4v_test_reaches(t, addr, t->buf, PG(1), false);
	dma_unmap_single(t->dev, addr, PG(1), DMA_TO_DEVICE);
}

void sun4v_map_coherent(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	dma_addr_t addr;
	void *virt;

	virt = dma_alloc_coherent(t->dev, PG(3), &addr, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_EXPECT_NULL(test, memchr_inv(virt, 0, PG(3)));
	KUNIT_EXPECT_EQ(test, map_in_atu(t, addr), !!t->iommu.atu);
	sun4v_test_reaches(t, addr, virt, PG(3), true);
	dma_free_coherent(t->dev, PG(3), virt, addr);
	sun4v_test_faults(t, addr, PG(3));
}

void sun4v_map_list(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	struct scatterlist sgl[TEST_LIST], *sg;
	int i, nents;

	map_init_list(t, sgl);
	nents = dma_map_sg(t->dev, sgl, TEST_LIST, DMA_FROM_DEVICE);
	/* The first two are adjacent, the others have offsets. */
	KUNIT_ASSERT_EQ(test, nents, 3);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sgl[0]), PG(3));
	sun4v_test_reaches(t, sg_dma_address(&sgl[0]), t->buf, PG(2), true);
	sun4v_test_reaches(t, sg_dma_address(&sgl[0]) + PG(2),
			   t->buf + PG(4), PG(1), true);
	for_each_sg(sgl + 1, sg, nents - 1, i)
		sun4v_test_reaches(t, sg_dma_address(sg), sg_virt(&sgl[i + 2]),
				   sg_dma_len(sg), true);
	dma_unmap_sg(t->dev, sgl, TEST_LIST, DMA_FROM_DEVICE);
}

void sun4v_map_ordering(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	unsigned long major, want;
	dma_addr_t addr;

	for (major = 1; major <= 2; major++) {
		sun4v_test_negotiate(t, major);
		addr = dma_map_single_attrs(t->dev, t->buf, 64, DMA_TO_DEVICE,
					    DMA_ATTR_WEAK_ORDERING);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
		want = HV_PCI_MAP_ATTR_READ;
		if (major >= 2)
			want |= HV_PCI_MAP_ATTR_RELAXED_ORDER;
		KUNIT_EXPECT_EQ(test, t->hv.attrs, want);
		dma_unmap_single_attrs(t->dev, addr, 64, DMA_TO_DEVICE,
				       DMA_ATTR_WEAK_ORDERING);
	}
}

/* Nothing is left of a mapping that did not fit. */
void sun4v_map_exhausted(struct kunit *test)
{
	const unsigned int max = SZ_32M / PG(SUN4V_TEST_PAGES);
	struct sun4v_test *t = map_begin(test);
	struct scatterlist *sg;
	unsigned int n;

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(32)), 0);
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

/* An operation that can fail, and its opposite. */
struct map_op {
	bool (*map)(struct sun4v_test *t);
	void (*unmap)(struct sun4v_test *t);
};

static struct {
	dma_addr_t		addr;
	void			*virt;
	struct scatterlist	sgl[TEST_LIST];
} map_op_state;

static bool map_op_page(struct sun4v_test *t)
{
	map_op_state.addr = dma_map_single(t->dev, t->buf + 8, PG(3),
					   DMA_TO_DEVICE);
	return !dma_mapping_error(t->dev, map_op_state.addr);
}

static void unmap_op_page(struct sun4v_test *t)
{
	dma_unmap_single(t->dev, map_op_state.addr, PG(3), DMA_TO_DEVICE);
}

static bool map_op_coherent(struct sun4v_test *t)
{
	map_op_state.virt = dma_alloc_coherent(t->dev, PG(4),
					       &map_op_state.addr, GFP_KERNEL);
	return map_op_state.virt;
}

static void unmap_op_coherent(struct sun4v_test *t)
{
	dma_free_coherent(t->dev, PG(4), map_op_state.virt, map_op_state.addr);
}

static bool map_op_list(struct sun4v_test *t)
{
	map_init_list(t, map_op_state.sgl);
	return dma_map_sg(t->dev, map_op_state.sgl, TEST_LIST, DMA_TO_DEVICE);
}

static void unmap_op_list(struct sun4v_test *t)
{
	dma_unmap_sg(t->dev, map_op_state.sgl, TEST_LIST, DMA_TO_DEVICE);
}

/* Entries in between keep what is mapped from being contiguous. */
static bool map_op_scattered(struct sun4v_test *t)
{
	struct iommu_map_table *tbl = map_allocator(t);
	unsigned long i;
	bool mapped;

	for (i = 2; i < tbl->poolsize; i += 4)
		__set_bit(i, tbl->map);
	mapped = map_op_list(t);
	for (i = 2; i < tbl->poolsize; i += 4)
		__clear_bit(i, tbl->map);
	return mapped;
}

/* The last one does not respect what is allocated already. */
static const struct map_op map_ops[] = {
	{ map_op_page,		unmap_op_page },
	{ map_op_coherent,	unmap_op_coherent },
	{ map_op_list,		unmap_op_list },
	{ map_op_scattered,	unmap_op_list },
};

#define MAP_WHOLE_OPS	(ARRAY_SIZE(map_ops) - 1)

static const unsigned long map_errors[] = {
	HV_EINVAL, HV_EBADALIGN, HV_ENORADDR,
};

static unsigned int map_calls(struct sun4v_test *t, const struct map_op *op)
{
	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	op->unmap(t);
	return t->hv.calls[map_service(t)];
}

static void map_fails(struct sun4v_test *t, const struct map_op *op,
		      unsigned int call, unsigned long error)
{
	sun4v_hv_reset_calls(&t->hv);
	sun4v_hv_fail(&t->hv, map_service(t), call, error);
	KUNIT_EXPECT_FALSE(t->test, op->map(t));
	sun4v_test_clean(t);

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	op->unmap(t);
	sun4v_test_clean(t);
}

/* Every operation, every error, at every call. */
void sun4v_map_error(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	const struct map_op *op;
	unsigned int call, calls;
	int i;

	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		calls = map_calls(t, op);
		KUNIT_EXPECT_GE(test, calls, t->hv.chunk ? 4 : 1);
		for (call = 1; call <= calls; call++)
			for (i = 0; i < ARRAY_SIZE(map_errors); i++)
				map_fails(t, op, call, map_errors[i]);
	}
}

static void demap_fails(struct sun4v_test *t, const struct map_op *op,
			unsigned int call, unsigned long *lost)
{
	struct sun4v_hv_table *table = map_table(t);

	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	sun4v_hv_fail(&t->hv, demap_service(t), call, HV_EINVAL);
	op->unmap(t);

	/* What is still mapped is not given out again: the model would see. */
	KUNIT_EXPECT_GT(t->test, table->live, *lost);
	KUNIT_EXPECT_EQ(t->test, table->live, sun4v_test_allocated(t));
	*lost = table->live;

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	op->unmap(t);
	KUNIT_EXPECT_EQ(t->test, table->live, *lost);
}

static void map_forget_lost(struct sun4v_test *t)
{
	struct sun4v_hv_table *table = map_table(t);
	unsigned long i;

	for (i = 0; i < table->entries && table->live; i++) {
		if (!table->entry[i])
			continue;
		table->entry[i] = 0;
		table->live--;
		iommu_tbl_range_free(map_allocator(t), 0, 1, i);
	}
}

/* A device may go on using what could not be demapped: nobody else may. */
void sun4v_demap_error(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	unsigned long lost = 0;
	int i;

	for (i = 0; i < MAP_WHOLE_OPS; i++) {
		demap_fails(t, &map_ops[i], 1, &lost);
		if (t->hv.chunk)
			demap_fails(t, &map_ops[i], 3, &lost);
	}
	map_forget_lost(t);
}

/* Nor is what could not be demapped when a mapping failed half way. */
void sun4v_map_and_demap_error(struct kunit *test)
{
	struct sun4v_test *t = map_begin(test);
	const struct map_op *op;

	t->hv.chunk = 1;
	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		sun4v_hv_fail(&t->hv, map_service(t), 3, HV_ENORADDR);
		sun4v_hv_fail(&t->hv, demap_service(t), 2, HV_EINVAL);
		KUNIT_EXPECT_FALSE(test, op->map(t));
		KUNIT_EXPECT_EQ(test, map_table(t)->live, 1);
		KUNIT_EXPECT_EQ(test, sun4v_test_allocated(t), 1);
		map_forget_lost(t);
	}
}

/* What was never mapped is not demapped, wherever it lies. */
void sun4v_unmap_foreign(struct kunit *test)
{
	static const dma_addr_t foreign[] = {
		0x1000, DMA_BIT_MASK(31), 0xfffff000, BIT_ULL(32), BIT_ULL(40),
		BIT_ULL(43) + ATU_64_SPACE_SIZE, SUN4V_HV_BYPASS_BASE,
	};
	struct sun4v_test *t = map_begin(test);
	struct scatterlist sg;
	void *virt;
	int i;

	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		sun4v_test_dma_ops->unmap_page(t->dev, foreign[i], 64,
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
