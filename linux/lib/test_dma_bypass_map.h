/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: which mappings get an address in a linear window, and how
 * that address is recognised later.
 */
#ifndef _TEST_DMA_BYPASS_MAP_H
#define _TEST_DMA_BYPASS_MAP_H

#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include "test_dma_bypass_fake.h"

/* The memory that a window maps: five ranges, holes between and around them. */
static const struct range_param {
	const char *name;
	size_t offset;
	size_t size;
	bool bypasses;
} range_params[] = {
	{ "largest range", PG(12), PG(4), true },
	{ "middle range", PG(5), PG(3), true },
	{ "smallest range", PG(2), PG(1), true },
	{ "last byte of the largest range", PG(16) - 1, 1, true },
	{ "last byte of the middle range", PG(8) - 1, 1, true },
	{ "last byte of the smallest range", PG(3) - 1, 1, true },
	{ "byte below the largest range", PG(12) - 1, 1, false },
	{ "byte below the middle range", PG(5) - 1, 1, false },
	{ "byte below the smallest range", PG(2) - 1, 1, false },
	{ "byte above the middle range", PG(8), 1, false },
	{ "byte above the smallest range", PG(3), 1, false },
	{ "into the largest range", PG(12) - 1, 2, false },
	{ "into the middle range", PG(5) - 1, 2, false },
	{ "into the smallest range", PG(2) - 1, 2, false },
	{ "out of the middle range", PG(7), PG(1) + 1, false },
	{ "out of the smallest range", PG(2), PG(1) + 1, false },
	{ "from the middle range to the next one", PG(7), PG(3), false },
	{ "from the smallest range to the next one", PG(2), PG(4), false },
	{ "all of the buffer", 0, PG(FAKE_PAGES), false },
	{ "size overflows in the largest range", PG(13), SIZE_MAX, false },
	{ "size overflows in the middle range", PG(6), SIZE_MAX, false },
};

KUNIT_ARRAY_PARAM_DESC(range, range_params, name);

static void inside_range_to_window_else_translated(struct kunit *test)
{
	const struct range_param *param = test->param_value;
	struct fake *fake = test->priv;

	fake_five_ranges(fake);
	fake_prepare(test, &linear);
	KUNIT_EXPECT_EQ(test, bypasses(fake, param->offset, param->size),
			param->bypasses);
	KUNIT_EXPECT_EQ(test, fake->total, !param->bypasses);
}

static void window_without_memory_to_translated(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->nr_ranges = 0;
	fake_prepare(test, &linear);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
}

static void single_to_base_plus_phys(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;

	addr = dma_map_single_attrs(fake->dev, fake->buf + PG(2) + 68, 1500,
				    DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, dma_mapping_error(fake->dev, addr), 0);
	KUNIT_EXPECT_EQ(test, addr, FAKE_BASE + fake_phys(fake, PG(2) + 68));
	dma_unmap_single_attrs(fake->dev, addr, 1500, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void page_to_base_plus_phys(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;

	addr = dma_map_page_attrs(fake->dev, virt_to_page(fake->buf + PG(3)),
				  12, 100, DMA_FROM_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, dma_mapping_error(fake->dev, addr), 0);
	KUNIT_EXPECT_EQ(test, addr, FAKE_BASE + fake_phys(fake, PG(3) + 12));
	dma_unmap_page_attrs(fake->dev, addr, 100, DMA_FROM_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void sgtable_to_base_plus_phys(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	struct sg_table sgt = { .sgl = sgl, .orig_nents = FAKE_LIST };
	int i;

	sg_init_table(sgl, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++)
		sg_set_buf(&sgl[i], fake->buf + PG(2 * i) + 4 * i, 64 + i);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(fake->dev, &sgt, DMA_TO_DEVICE,
						 BYPASS));
	KUNIT_EXPECT_EQ(test, sgt.nents, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++) {
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_address(&sgl[i]),
				    FAKE_BASE + fake_phys(fake, PG(2 * i) + 4 * i),
				    "entry %d", i);
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_len(&sgl[i]), 64 + i,
				    "entry %d", i);
	}
	dma_unmap_sgtable(fake->dev, &sgt, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void list_to_window_or_translated_as_a_whole(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_five_ranges(fake);
	fake_prepare(test, &linear);
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 12, 2, 9));
	KUNIT_EXPECT_EQ(test, fake->total, 0);
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 12, 2));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 12, 8, 2));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 12, 2, 11));
	KUNIT_EXPECT_EQ(test, fake->total, 3 * FAKE_LIST);
}

/* The last page of the window's span, with a mask that reaches just as far. */
static void last_page_of_window(struct kunit *test)
{
	struct fake *fake = test->priv;
	dma_addr_t addr;

	fake->size = fake_phys(fake, PG(FAKE_PAGES));
	dma_set_mask(fake->dev, FAKE_BASE + fake->size - 1);
	fake_prepare(test, &linear);
	addr = map(fake, PG(FAKE_PAGES - 1), PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_EQ(test, addr, FAKE_BASE + fake->size - PAGE_SIZE);
	dma_sync_single_for_cpu(fake->dev, addr + PAGE_SIZE - 4, 4,
				DMA_TO_DEVICE);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void window_address_without_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	/* dma-debug reports the first driver that forgets it. */
	if (IS_ENABLED(CONFIG_DMA_API_DEBUG))
		kunit_info(test,
			   "require-console: frees DMA memory with different attributes");
	kunit_info(test, "expect-console: WARNING: .*check_unmap");
	map_list(fake, sgl, (u8[]) { 1, 5, 3 }, BYPASS);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, 0);
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static void translated_address_with_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	map_list(fake, sgl, (u8[]) { 1, 5, 3 }, 0);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 2 + 2 * FAKE_LIST);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

static const struct address_param {
	const char *name;
	dma_addr_t addr;
	bool window;
} address_params[] = {
	{ "page below the window", FAKE_BASE - PAGE_SIZE, false },
	{ "byte below the window", FAKE_BASE - 1, false },
	{ "first byte of the window", FAKE_BASE, true },
	{ "last page of the window", FAKE_LAST + 1 - PAGE_SIZE, true },
	{ "last byte of the window", FAKE_LAST, true },
	{ "first byte above the window", FAKE_LAST + 1, false },
	{ "far above the window", BIT_ULL(60), false },
};

KUNIT_ARRAY_PARAM_DESC(address, address_params, name);

/* The IOMMU allocates the address, so that it sees what is not the window's. */
static void address_recognised_by_value(struct kunit *test)
{
	const struct address_param *param = test->param_value;
	struct fake *fake = fake_prepare(test, &linear);
	struct fake_entry *e;

	fake->next = param->addr;
	KUNIT_ASSERT_EQ(test, map(fake, 0, 1, 0), param->addr);
	e = fake_find(fake, param->addr, 1);
	dma_sync_single_for_cpu(fake->dev, param->addr, 1, DMA_TO_DEVICE);
	dma_sync_single_for_device(fake->dev, param->addr, 1, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, fake->syncs, param->window ? 0 : 2);
	unmap(fake, param->addr, 1, 0);
	KUNIT_EXPECT_EQ(test, fake->live, param->window);

	*e = (struct fake_entry) {};
	fake->live = 0;
}

#ifdef CONFIG_NEED_SG_DMA_FLAGS
/* A list is mapped again, of which some entries were a peer's before. */
static void list_of_bus_addresses_to_window(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	int i;

	init_list(fake, sgl, (u8[]) { 1, 2, 3 });
	for (i = 0; i < FAKE_LIST; i++)
		sg_dma_mark_bus_address(&sgl[i]);
	KUNIT_ASSERT_EQ(test, FAKE_LIST,
			dma_map_sg_attrs(fake->dev, sgl, FAKE_LIST,
					 DMA_TO_DEVICE, BYPASS));
	KUNIT_EXPECT_TRUE(test, list_in_window(fake, sgl));
	for (i = 0; i < FAKE_LIST; i++)
		KUNIT_EXPECT_FALSE_MSG(test, sg_dma_is_bus_address(&sgl[i]),
				       "entry %d", i);
	dma_sync_sg_for_cpu(fake->dev, sgl, FAKE_LIST, DMA_TO_DEVICE);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

/* A peer's bus address may have the value of a window's address. */
static void bus_address_is_not_windows(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];

	fake->next = FAKE_BASE + fake_phys(fake, 0);
	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, 0);
	sg_dma_mark_bus_address(&sgl[0]);
	dma_sync_sg_for_cpu(fake->dev, sgl, FAKE_LIST, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, fake->syncs, FAKE_LIST);
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}
#endif

static void alloc_ignores_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;
	void *virt;

	virt = dma_alloc_attrs(fake->dev, PAGE_SIZE, &addr, GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_EXPECT_TRUE(test, fake_contains(fake, addr, PAGE_SIZE));
	dma_free_attrs(fake->dev, PAGE_SIZE, virt, addr, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

/* Even where the window maps the address. */
static void mmio_never_bypasses(struct kunit *test)
{
	const phys_addr_t mmio = BIT_ULL(44);
	struct fake *fake = test->priv;
	struct device *dev = fake->dev;
	dma_addr_t addr;

	fake->range[0] = (struct dma_bypass_range) { .size = FAKE_SIZE };
	fake_prepare(test, &linear);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));

	addr = dma_map_phys(dev, mmio, PAGE_SIZE, DMA_TO_DEVICE,
			    BYPASS | DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, dma_mapping_error(dev, addr), 0);
	KUNIT_EXPECT_TRUE(test, fake_contains(fake, addr, PAGE_SIZE));
	dma_unmap_phys(dev, addr, PAGE_SIZE, DMA_TO_DEVICE,
		       BYPASS | DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, fake->live, 0);

	addr = dma_map_resource(dev, mmio, PAGE_SIZE, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, dma_mapping_error(dev, addr), 0);
	KUNIT_EXPECT_TRUE(test, fake_contains(fake, addr, PAGE_SIZE));
	dma_unmap_resource(dev, addr, PAGE_SIZE, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

/* Single mappings of such memory fail behind an IOMMU, whatever the attribute. */
static void cc_shared_never_bypasses(struct kunit *test)
{
	const unsigned long attrs = BYPASS | DMA_ATTR_CC_SHARED;
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr;

	addr = dma_map_phys(fake->dev, fake_phys(fake, 0), PAGE_SIZE,
			    DMA_TO_DEVICE, attrs);
	KUNIT_EXPECT_NE(test, dma_mapping_error(fake->dev, addr), 0);
	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, attrs);
	KUNIT_EXPECT_FALSE(test, list_in_window(fake, sgl));
	unmap_list(fake, sgl, attrs);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

#endif /* _TEST_DMA_BYPASS_MAP_H */
