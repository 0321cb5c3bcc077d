// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of bypass addresses on sun4v: what the hypervisor returns.
 */
#include <kunit/test-bug.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/io.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_bypass_test.h"

#define BLOCK		SZ_4M	/* a smaller one is contiguous in the machine */
#define BLOCKS		4
#define LARGE		(BLOCKS * BLOCK)
#define MACHINE		BIT_ULL(41)
#define LIST		5

static const bool atu_params[] = { false, true };

static void atu_desc(const bool *use_atu, char *desc)
{
	strscpy(desc, *use_atu ? "ATU" : "legacy", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(atu, atu_params, atu_desc);

static struct sun4v_test *atu_begin(struct kunit *test)
{
	const bool *use_atu = test->param_value;

	return sun4v_test_open(test, *use_atu);
}

static dma_addr_t no_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	return DMA_MAPPING_ERROR;
}

static int no_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	return -EIO;
}

static void no_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	KUNIT_FAIL(kunit_get_current_test(), "unmap of %pad", &addr);
}

static void no_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	KUNIT_FAIL(kunit_get_current_test(), "unmap of a list");
}

/* For a device of which nothing may be translated. */
static const struct dma_map_ops bypass_only_ops = {
	.map_phys	= no_map_phys,
	.unmap_phys	= no_unmap_phys,
	.map_sg		= no_map_sg,
	.unmap_sg	= no_unmap_sg,
};

/* Let the machine have memory at @machine; closed to bypass if that is zero. */
static void move(struct sun4v_test *t, int block, void *virt, size_t size,
		 u64 machine)
{
	t->hv.block[block] = (struct sun4v_hv_block) {
		.ra		= __pa(virt),
		.size		= size,
		.machine	= machine,
		.closed		= !machine,
	};
}

static void init_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	struct scatterlist *sg;
	int i;

	sg_init_table(sgl, LIST);
	for_each_sg(sgl, sg, LIST, i)
		sg_set_buf(sg, t->buf + PG(2 * i), PG(2));
}

static int map_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	init_list(t, sgl);
	return dma_map_sg_attrs(t->dev, sgl, LIST, DMA_TO_DEVICE, BYPASS);
}

static void unmap_list(struct sun4v_test *t, struct scatterlist *sgl)
{
	dma_unmap_sg_attrs(t->dev, sgl, LIST, DMA_TO_DEVICE, BYPASS);
}

static const struct calls_param {
	const char	*desc;
	size_t		offset;
	size_t		size;
	unsigned int	calls;
} calls_params[] = {
	{ "byte",		0,		1,			1 },
	{ "page",		0,		IO_PAGE_SIZE,		1 },
	{ "end of page",	100,		IO_PAGE_SIZE - 100,	1 },
	{ "page at offset",	100,		IO_PAGE_SIZE,		2 },
	{ "two bytes",		IO_PAGE_SIZE - 1, 2,			2 },
	{ "pages",		0,		PG(SUN4V_TEST_PAGES),	2 },
};

KUNIT_ARRAY_PARAM_DESC(calls, calls_params, desc);

/* One call for a buffer in one page, two for others, none for unmap and sync. */
static void bypass_calls(struct kunit *test)
{
	const struct calls_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, false);
	void *virt = t->buf + p->offset;
	dma_addr_t addr;

	set_dma_ops(t->dev, &bypass_only_ops);
	addr = sun4v_test_map(t, virt, p->size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_TRUE(test, sun4v_test_bypassed(t, addr));
	sun4v_test_reaches(t, addr, virt, p->size, true);
	dma_sync_single_for_cpu(t->dev, addr, p->size, DMA_BIDIRECTIONAL);
	dma_sync_single_for_device(t->dev, addr, p->size, DMA_BIDIRECTIONAL);
	sun4v_test_unmap(t, addr, p->size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), p->calls);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS], p->calls);
}

static const struct order_param {
	const char		*desc;
	unsigned long		version[2];
	bool			strict;
	enum dma_data_direction	dir;
	unsigned long		attrs;
	unsigned long		want;
	unsigned int		calls;	/* for two pages */
} order_params[] = {
	{ "1.0, to device", { 1, 0 }, false, DMA_TO_DEVICE, 0,
	  HV_PCI_MAP_ATTR_READ, 2 },
	{ "2.0, to device", { 2, 0 }, false, DMA_TO_DEVICE, 0,
	  HV_PCI_MAP_ATTR_READ, 2 },
	{ "1.1, from device", { 1, 1 }, false, DMA_FROM_DEVICE, 0,
	  HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_WRITE, 2 },
	{ "1.1, weak ordering", { 1, 1 }, false, DMA_TO_DEVICE,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ, 2 },
	{ "2.0, weak ordering", { 2, 0 }, false, DMA_BIDIRECTIONAL,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ |
	  HV_PCI_MAP_ATTR_WRITE | HV_PCI_MAP_ATTR_RELAXED_ORDER, 2 },
	{ "2.0, weak ordering rejected", { 2, 0 }, true, DMA_BIDIRECTIONAL,
	  DMA_ATTR_WEAK_ORDERING, HV_PCI_MAP_ATTR_READ |
	  HV_PCI_MAP_ATTR_WRITE, 3 },
};

KUNIT_ARRAY_PARAM_DESC(order, order_params, desc);

/* In the last call of a mapping, and of a list. */
static void bypass_attributes(struct kunit *test)
{
	const struct order_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, false);
	unsigned long attrs = p->attrs | BYPASS;
	struct scatterlist sgl[LIST];
	dma_addr_t addr;
	int nents;

	sun4v_test_negotiate(t, p->version[0], p->version[1]);
	t->hv.strict_order = p->strict;
	set_dma_ops(t->dev, &bypass_only_ops);
	addr = dma_map_single_attrs(t->dev, t->buf, PG(2), p->dir, attrs);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_EQ(test, t->hv.attrs, p->want);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), p->calls);
	dma_unmap_single_attrs(t->dev, addr, PG(2), p->dir, attrs);

	init_list(t, sgl);
	nents = dma_map_sg_attrs(t->dev, sgl, LIST, p->dir, attrs);
	KUNIT_ASSERT_EQ(test, nents, LIST);
	KUNIT_EXPECT_EQ(test, t->hv.attrs, p->want);
	dma_unmap_sg_attrs(t->dev, sgl, LIST, p->dir, attrs);
}

static void bypass_across_blocks(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	move(t, 0, t->buf, PG(4), MACHINE);
	move(t, 1, t->buf + PG(4), PG(4), 2 * MACHINE);
	sun4v_test_expect(t, t->buf, PG(4), true);
	sun4v_test_expect(t, t->buf + PG(4), PG(4), true);
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(4) - 1, 2, false);

	/* Adjacent in the guest and in the machine. */
	move(t, 1, t->buf + PG(4), PG(4), MACHINE + PG(4));
	sun4v_test_expect(t, t->buf + PG(3), PG(2), true);

	/* Adjacent in the opposite order. */
	move(t, 1, t->buf + PG(4), PG(4), MACHINE - PG(4));
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
}

static void bypass_closed_memory(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	move(t, 0, t->buf + PG(4), PG(4), 0);
	sun4v_test_expect(t, t->buf + PG(2), PG(2), true);
	sun4v_test_expect(t, t->buf + PG(3), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(5), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(7), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(8), PG(2), true);
}

/* What the hypervisor would give, the kernel does not take: its own image. */
static void bypass_kernel_image(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	void *image = __va(kern_base), *end = __va(kern_base + kern_size);

	sun4v_test_expect(t, image, PG(1), false);
	sun4v_test_expect(t, PTR_ALIGN_DOWN(end - 1, PG(1)), PG(1), false);
	sun4v_test_expect(t, image - 8, 16, false);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS], 0);
	sun4v_test_expect(t, image - PG(1), PG(1), true);
	sun4v_test_expect(t, PTR_ALIGN(end, PG(1)), PG(1), true);
}

static const struct boundary_param {
	const char	*desc;
	u64		boundary;
	u64		machine;	/* of the fixture's buffer */
} boundary_params[] = {
	{ "64 KiB",	SZ_64K - 1,	MACHINE + PG(5) },
	{ "4 GiB",	U32_MAX,	MACHINE - PG(3) },
};

KUNIT_ARRAY_PARAM_DESC(boundary, boundary_params, desc);

/*
 * A buffer that does not cross the segment boundary in the guest may cross it in
 * the machine: here it is three pages from the start.
 */
static void bypass_boundary(struct kunit *test)
{
	const struct boundary_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, true);
	struct scatterlist sgl[LIST];

	dma_set_seg_boundary(t->dev, p->boundary);
	move(t, 0, t->buf, PG(SUN4V_TEST_PAGES), p->machine);
	sun4v_test_expect(t, t->buf, PG(3), true);
	sun4v_test_expect(t, t->buf + 1, PG(3), false);
	sun4v_test_expect(t, t->buf + PG(3) - 1, 2, false);
	sun4v_test_expect(t, t->buf + PG(2), PG(2), false);
	sun4v_test_expect(t, t->buf + PG(3), PG(8), true);

	/* The second entry of the list crosses it. */
	KUNIT_ASSERT_GT(test, map_list(t, sgl), 0);
	KUNIT_EXPECT_FALSE(test, sun4v_test_bypassed(t, sg_dma_address(sgl)));
	unmap_list(t, sgl);

	dma_set_seg_boundary(t->dev, ULONG_MAX);
	sun4v_test_expect(t, t->buf + PG(2), PG(2), true);
}

static void free_large(void *virt)
{
	free_pages_exact(virt, LARGE);
}

/* A buffer of several whole blocks. */
static void *alloc_large(struct kunit *test)
{
	void *virt = alloc_pages_exact(LARGE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_large, virt),
			0);
	KUNIT_ASSERT_EQ(test, __pa(virt) % BLOCK, 0);
	return virt;
}

static const struct calls_param large_params[] = {
	{ "a block",		0,		BLOCK,		2 },
	{ "a block and more",	0,		BLOCK + 1,	2 },
	{ "two blocks",		0,		2 * BLOCK,	2 },
	{ "two blocks and more", 0,		2 * BLOCK + 1,	3 },
	{ "four blocks",	0,		LARGE,		4 },
	{ "between blocks",	BLOCK - 1,	2 * BLOCK + 2,	4 },
};

KUNIT_ARRAY_PARAM_DESC(large, large_params, desc);

/* A call for each block, and a second one for a single block. Each may fail. */
static void bypass_large(struct kunit *test)
{
	const struct calls_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, true);
	void *virt = alloc_large(test) + p->offset;
	unsigned int call;

	sun4v_test_expect(t, virt, p->size, true);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), p->calls);
	for (call = 1; call <= p->calls; call++) {
		sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call, HV_ENORADDR);
		sun4v_test_expect(t, virt, p->size, false);
	}
}

/* A block of the buffer is elsewhere in the machine, or closed to bypass. */
static void large_expect(struct sun4v_test *t, void *virt, void *block,
			 bool closed)
{
	void *end = virt + LARGE, *next = block + BLOCK;
	bool first = block == virt, last = next == end;

	sun4v_test_expect(t, virt, LARGE, false);
	sun4v_test_expect(t, block, BLOCK, !closed);
	sun4v_test_expect(t, virt, block - virt + 1, first && !closed);
	sun4v_test_expect(t, next - 1, end - next + 1, last && !closed);
	if (!first && !last)
		sun4v_test_expect(t, block - 1, BLOCK + 2, false);
	if (first)
		sun4v_test_expect(t, next, end - next, true);
	if (last)
		sun4v_test_expect(t, virt, block - virt, true);
}

/* Each block of a large buffer has to be contiguous with the others. */
static void bypass_large_discontiguous(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, true);
	void *virt = alloc_large(test), *block;

	for (block = virt; block < virt + LARGE; block += BLOCK) {
		move(t, 0, block, BLOCK, MACHINE);
		large_expect(t, virt, block, false);
		move(t, 0, block, BLOCK, 0);
		large_expect(t, virt, block, true);
	}
	move(t, 0, virt, LARGE, MACHINE);
	sun4v_test_expect(t, virt, LARGE, true);
}

/* Every entry gets an address of its own, and nothing is merged. */
static void bypass_list(struct kunit *test)
{
	struct sun4v_test *t = atu_begin(test);
	struct scatterlist sgl[LIST], *sg;
	dma_addr_t addr;
	int i;

	set_dma_ops(t->dev, &bypass_only_ops);
	KUNIT_ASSERT_EQ(test, map_list(t, sgl), LIST);
	for_each_sg(sgl, sg, LIST, i) {
		addr = sg_dma_address(sg);
		KUNIT_EXPECT_TRUE_MSG(test, sun4v_test_bypassed(t, addr),
				      "entry %d: %pad", i, &addr);
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_len(sg), PG(2), "entry %d", i);
		sun4v_test_reaches(t, addr, sg_virt(sg), PG(2), true);
	}
	dma_sync_sg_for_cpu(t->dev, sgl, LIST, DMA_TO_DEVICE);
	unmap_list(t, sgl);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 2 * LIST);
}

/* If any end of any entry is rejected, the whole list is translated. */
static void bypass_list_whole(struct kunit *test)
{
	struct sun4v_test *t = atu_begin(test);
	struct scatterlist sgl[LIST], *sg;
	unsigned int call;
	int i, nents;

	for (call = 1; call <= 2 * LIST; call++) {
		sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call, HV_ENORADDR);
		nents = map_list(t, sgl);
		KUNIT_ASSERT_GT_MSG(test, nents, 0, "call %u", call);
		for_each_sg(sgl, sg, nents, i)
			KUNIT_EXPECT_FALSE_MSG(test,
					       sun4v_test_bypassed(t, sg_dma_address(sg)),
					       "call %u, segment %d", call, i);
		sun4v_test_reaches_list(t, sgl, LIST, nents, false);
		unmap_list(t, sgl);
		sun4v_test_clean(t);

		KUNIT_ASSERT_EQ_MSG(test, map_list(t, sgl), LIST, "call %u",
				    call);
		unmap_list(t, sgl);
	}
}

/* An address that belongs to the IOMMU cannot be recognised when unmapped. */
static void bypass_conflict(struct kunit *test)
{
	struct sun4v_test *t = atu_begin(test);
	u64 base = t->iommu.tbl.table_map_base;
	dma_addr_t addr;

	if (t->iommu.atu)
		base = t->iommu.atu->tbl.table_map_base + SZ_1G;
	t->hv.bypass_base = base - MACHINE;
	move(t, 0, t->buf, PG(SUN4V_TEST_PAGES), MACHINE);
	addr = sun4v_test_map(t, t->buf, PG(2), DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, sun4v_test_allocated(t), 2);
	sun4v_test_unmap(t, addr, PG(2), DMA_TO_DEVICE);
}

/* Control structures are translated, beside data that is not. */
static void bypass_beside_translated(struct kunit *test)
{
	struct sun4v_test *t = atu_begin(test);
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

/* There is more memory than the IOMMU has addresses. */
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

static struct kunit_case bypass_cases[] = {
	KUNIT_CASE_PARAM(bypass_calls, calls_gen_params),
	KUNIT_CASE_PARAM(bypass_attributes, order_gen_params),
	KUNIT_CASE(bypass_across_blocks),
	KUNIT_CASE(bypass_closed_memory),
	KUNIT_CASE(bypass_kernel_image),
	KUNIT_CASE_PARAM(bypass_boundary, boundary_gen_params),
	KUNIT_CASE_PARAM(bypass_large, large_gen_params),
	KUNIT_CASE(bypass_large_discontiguous),
	KUNIT_CASE_PARAM(bypass_list, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_list_whole, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_conflict, atu_gen_params),
	KUNIT_CASE_PARAM(bypass_beside_translated, atu_gen_params),
	KUNIT_CASE(bypass_when_exhausted),
	{}
};

static struct kunit_suite bypass_suite = {
	.name		= "dma_bypass_sun4v",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= bypass_cases,
};

kunit_test_suite(bypass_suite);

MODULE_DESCRIPTION("KUnit tests of bypass addresses on sun4v");
MODULE_LICENSE("GPL");
