// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sun4v's translated DMA: what is left when the hypervisor refuses.
 * Every operation, every error, at every call.
 */
#include <linux/bitmap.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

/* An operation that can fail, and its opposite. */
struct map_op {
	bool (*map)(struct sun4v_test *t);
	void (*unmap)(struct sun4v_test *t);
};

static struct {
	dma_addr_t		addr;
	void			*virt;
	struct scatterlist	sgl[SUN4V_MAP_LIST];
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
	sun4v_map_init_list(t, map_op_state.sgl);
	return dma_map_sg(t->dev, map_op_state.sgl, SUN4V_MAP_LIST, DMA_TO_DEVICE);
}

static void unmap_op_list(struct sun4v_test *t)
{
	dma_unmap_sg(t->dev, map_op_state.sgl, SUN4V_MAP_LIST, DMA_TO_DEVICE);
}

/*
 * Entries in between keep what is mapped from being contiguous: every fourth one
 * is taken in the meantime, unless it is allocated already.
 */
static bool map_op_scattered(struct sun4v_test *t)
{
	struct iommu_map_table *tbl = sun4v_map_allocator(t);
	unsigned long i, *taken;
	bool mapped;

	taken = bitmap_zalloc(tbl->poolsize, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->test, taken);
	for (i = 2; i < tbl->poolsize; i += 4)
		if (!__test_and_set_bit(i, tbl->map))
			__set_bit(i, taken);
	mapped = map_op_list(t);
	bitmap_andnot(tbl->map, tbl->map, taken, tbl->poolsize);
	bitmap_free(taken);
	return mapped;
}

static const struct map_op map_ops[] = {
	{ map_op_page,		unmap_op_page },
	{ map_op_coherent,	unmap_op_coherent },
	{ map_op_list,		unmap_op_list },
	{ map_op_scattered,	unmap_op_list },
};

/*
 * What the calls are documented to return, something else, and a success of no
 * page at all: nothing documented excludes that.
 */
static const unsigned long map_errors[] = {
	HV_EINVAL, HV_EBADALIGN, HV_ENORADDR, HV_EIO, HV_EOK,
};

static const unsigned long demap_errors[] = { HV_EINVAL, HV_EIO, HV_EOK };

/* What a mapping and its end call, with nothing failing. */
static void map_count(struct sun4v_test *t, const struct map_op *op,
		      unsigned int *maps, unsigned int *demaps)
{
	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	op->unmap(t);
	*maps = t->hv.calls[sun4v_map_service(t)];
	*demaps = t->hv.calls[sun4v_demap_service(t)];
	KUNIT_EXPECT_GE(t->test, *maps, t->hv.chunk == 1 ? 4 : 1);
}

/* The device works, and leaves what it found. */
static void map_works(struct sun4v_test *t, const struct map_op *op)
{
	struct sun4v_hv_table *table = sun4v_map_table(t);
	unsigned long live = table->live;

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	KUNIT_EXPECT_GT(t->test, table->live, live);
	op->unmap(t);
	KUNIT_EXPECT_EQ(t->test, table->live, live);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_allocated(t), live);
}

static void map_fails(struct sun4v_test *t, const struct map_op *op,
		      unsigned int call, unsigned long error)
{
	sun4v_hv_reset_calls(&t->hv);
	sun4v_hv_fail(&t->hv, sun4v_map_service(t), call, error);
	KUNIT_EXPECT_FALSE(t->test, op->map(t));
	sun4v_test_clean(t);
	map_works(t, op);
}

void sun4v_map_error(struct kunit *test)
{
	struct sun4v_test *t = sun4v_map_begin(test);
	unsigned int call, maps, demaps;
	const struct map_op *op;
	int i;

	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		map_count(t, op, &maps, &demaps);
		for (call = 1; call <= maps; call++)
			for (i = 0; i < ARRAY_SIZE(map_errors); i++)
				map_fails(t, op, call, map_errors[i]);
	}
}

/*
 * A device may go on using what could not be demapped: nobody else may.  Were it
 * given out again, the model would see it mapped twice.
 */
static void map_lost(struct sun4v_test *t, const struct map_op *op,
		     unsigned long *lost)
{
	struct sun4v_hv_table *table = sun4v_map_table(t);

	KUNIT_EXPECT_GT(t->test, table->live, *lost);
	KUNIT_EXPECT_EQ(t->test, table->live, sun4v_test_allocated(t));
	*lost = table->live;
	map_works(t, op);
}

/* For the end of the case to find nothing. */
static void map_forget_lost(struct sun4v_test *t)
{
	struct sun4v_hv_table *table = sun4v_map_table(t);
	unsigned long i;

	for (i = 0; i < table->entries && table->live; i++) {
		if (!table->entry[i])
			continue;
		table->entry[i] = 0;
		table->live--;
		iommu_tbl_range_free(sun4v_map_allocator(t), 0, 1, i);
	}
}

static void demap_fails(struct sun4v_test *t, const struct map_op *op,
			unsigned int call, unsigned long error,
			unsigned long *lost)
{
	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, op->map(t));
	sun4v_hv_fail(&t->hv, sun4v_demap_service(t), call, error);
	op->unmap(t);
	map_lost(t, op, lost);
}

void sun4v_demap_error(struct kunit *test)
{
	struct sun4v_test *t = sun4v_map_begin(test);
	unsigned int call, maps, demaps;
	unsigned long lost = 0;
	const struct map_op *op;
	int i;

	kunit_info(test, "expect-console: demap of entry [0-9a-f]+ failed");
	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		map_count(t, op, &maps, &demaps);
		for (call = 1; call <= demaps; call++)
			for (i = 0; i < ARRAY_SIZE(demap_errors); i++)
				demap_fails(t, op, call, demap_errors[i],
					    &lost);
	}
	map_forget_lost(t);
}

/* A mapping fails half way, and so does what undoes it: at each call. */
static void map_and_demap_fail(struct sun4v_test *t, const struct map_op *op,
			       unsigned int call, unsigned long *lost)
{
	unsigned int undo, undone;
	int i;

	sun4v_hv_reset_calls(&t->hv);
	sun4v_hv_fail(&t->hv, sun4v_map_service(t), call, HV_ENORADDR);
	KUNIT_EXPECT_FALSE(t->test, op->map(t));
	undone = t->hv.calls[sun4v_demap_service(t)];
	KUNIT_EXPECT_EQ(t->test, !undone, call == 1);

	for (undo = 1; undo <= undone; undo++) {
		for (i = 0; i < ARRAY_SIZE(demap_errors); i++) {
			sun4v_hv_reset_calls(&t->hv);
			sun4v_hv_fail(&t->hv, sun4v_map_service(t), call,
				      HV_ENORADDR);
			sun4v_hv_fail(&t->hv, sun4v_demap_service(t), undo,
				      demap_errors[i]);
			KUNIT_EXPECT_FALSE(t->test, op->map(t));
			map_lost(t, op, lost);
		}
	}
}

void sun4v_map_and_demap_error(struct kunit *test)
{
	struct sun4v_test *t = sun4v_map_begin(test);
	unsigned int call, maps, demaps;
	unsigned long lost = 0;
	const struct map_op *op;

	kunit_info(test, "expect-console: demap of entry [0-9a-f]+ failed");
	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		map_count(t, op, &maps, &demaps);
		for (call = 1; call <= maps; call++)
			map_and_demap_fail(t, op, call, &lost);
	}
	map_forget_lost(t);
}
