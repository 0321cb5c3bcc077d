// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of translated DMA on sun4v: the hypervisor rejects a page or a call.
 * Every operation, every error, at every page and at every call.
 */
#include <linux/bitmap.h>
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define ERROR_ROOM	32	/* pages that are not allocated to others */

/* One hypervisor call maps or demaps at most @chunk pages; zero for all. */
static const struct error_param {
	const char	*desc;
	bool		use_atu;
	bool		bits32;		/* a mask that does not reach the ATU */
	unsigned long	chunk;
} error_params[] = {
	{ "legacy" },
	{ "legacy, one page a call",	.chunk = 1 },
	{ "legacy, three pages a call",	.chunk = 3 },
	{ "ATU",			.use_atu = true },
	{ "ATU, one page a call",	.use_atu = true, .chunk = 1 },
	{ "ATU, three pages a call",	.use_atu = true, .chunk = 3 },
	{ "ATU, 32 bits",		.use_atu = true, .bits32 = true,
					.chunk = 3 },
};

KUNIT_ARRAY_PARAM_DESC(error, error_params, desc);

/*
 * Documented errors, another one, and a success with no page, which the
 * specification does not exclude.
 */
static const unsigned long map_errors[] = {
	HV_EINVAL, HV_EBADALIGN, HV_ENORADDR, HV_EIO, HV_EOK,
};

static const unsigned long demap_errors[] = { HV_EINVAL, HV_EIO, HV_EOK };

/* An operation that maps, and its opposite. */
struct error_op {
	const char	*name;
	bool		(*map)(struct sun4v_test *t);
	void		(*unmap)(struct sun4v_test *t);
};

static struct {
	dma_addr_t		addr;
	void			*virt;
	struct scatterlist	sgl[SUN4V_TEST_LIST];
	int			nents;
} mapped;

static bool map_page(struct sun4v_test *t)
{
	void *virt = t->buf + 8;

	mapped.addr = dma_map_single(t->dev, virt, PG(3), DMA_TO_DEVICE);
	if (dma_mapping_error(t->dev, mapped.addr))
		return false;
	sun4v_test_reaches(t, mapped.addr, virt, PG(3), false);
	return true;
}

static void unmap_page(struct sun4v_test *t)
{
	dma_unmap_single(t->dev, mapped.addr, PG(3), DMA_TO_DEVICE);
}

static bool map_coherent(struct sun4v_test *t)
{
	mapped.virt = dma_alloc_coherent(t->dev, PG(4), &mapped.addr,
					 GFP_KERNEL);
	if (!mapped.virt)
		return false;
	sun4v_test_reaches(t, mapped.addr, mapped.virt, PG(4), true);
	return true;
}

static void unmap_coherent(struct sun4v_test *t)
{
	dma_free_coherent(t->dev, PG(4), mapped.virt, mapped.addr);
}

static bool map_list(struct sun4v_test *t)
{
	struct scatterlist *sgl = mapped.sgl;

	sun4v_test_init_list(t, sgl);
	mapped.nents = dma_map_sg(t->dev, sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE);
	if (!mapped.nents)
		return false;
	sun4v_test_reaches_list(t, sgl, SUN4V_TEST_LIST, mapped.nents, false);
	return true;
}

static void unmap_list(struct sun4v_test *t)
{
	dma_unmap_sg(t->dev, mapped.sgl, SUN4V_TEST_LIST, DMA_TO_DEVICE);
}

/* The entries are not adjacent: every fourth page is allocated meanwhile. */
static bool map_scattered(struct sun4v_test *t)
{
	unsigned long *map = sun4v_test_allocator(t)->map;
	DECLARE_BITMAP(blocked, ERROR_ROOM) = { };
	bool ret, alone = !sun4v_test_table(t)->live;
	int i;

	for (i = 2; i < ERROR_ROOM; i += 4)
		if (!__test_and_set_bit(i, map))
			__set_bit(i, blocked);
	ret = map_list(t);
	if (ret && alone)
		KUNIT_EXPECT_EQ(t->test, mapped.nents, SUN4V_TEST_LIST);
	for_each_set_bit(i, blocked, ERROR_ROOM)
		KUNIT_EXPECT_TRUE_MSG(t->test, __test_and_clear_bit(i, map),
				      "entry %d", i);
	return ret;
}

static const struct error_op error_ops[] = {
	{ "page",	map_page,	unmap_page },
	{ "coherent",	map_coherent,	unmap_coherent },
	{ "list",	map_list,	unmap_list },
	{ "scattered",	map_scattered,	unmap_list },
	{}
};

/* Allocate all but the first addresses to others. */
static void error_crowd(struct sun4v_test *t, unsigned int room)
{
	struct iommu_map_table *tbl = sun4v_test_allocator(t);

	bitmap_fill(tbl->map, tbl->poolsize * tbl->nr_pools);
	bitmap_clear(tbl->map, 0, room);
	t->crowded = tbl;
	t->room = room;
}

static struct sun4v_test *error_begin(struct kunit *test)
{
	const struct error_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_begin(test, p->use_atu);
	u64 mask = DMA_BIT_MASK(p->bits32 ? 32 : 64);

	t->hv.chunk = p->chunk;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(t->dev, mask), 0);
	error_crowd(t, ERROR_ROOM);
	return t;
}

/* Map at the lowest addresses that are free. */
static bool error_map(struct sun4v_test *t, const struct error_op *op)
{
	sun4v_test_allocator(t)->pools[0].hint = 0;
	return op->map(t);
}

/* The device works, and everything else stays. */
static void error_works(struct sun4v_test *t, const struct error_op *op)
{
	struct sun4v_hv_table *table = sun4v_test_table(t);
	unsigned long live = table->live;

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE_MSG(t->test, error_map(t, op), "%s", op->name);
	KUNIT_EXPECT_GT_MSG(t->test, table->live, live, "%s", op->name);
	op->unmap(t);
	KUNIT_EXPECT_EQ_MSG(t->test, table->live, live, "%s", op->name);
}

/* Exactly the addresses of pages that are mapped are allocated. */
static void error_expect_kept(struct sun4v_test *t, const struct error_op *op)
{
	struct sun4v_hv_table *table = sun4v_test_table(t);
	unsigned long *map = sun4v_test_allocator(t)->map;
	int i;

	for (i = 0; i < ERROR_ROOM; i++)
		KUNIT_EXPECT_EQ_MSG(t->test, test_bit(i, map),
				    !!table->entry[i], "%s, entry %d",
				    op->name, i);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_allocated(t), table->live);
}

/* Unmap the pages that were kept, and free the memory of a coherent buffer. */
static void error_release(struct sun4v_test *t, const struct error_op *op)
{
	struct sun4v_hv_table *table = sun4v_test_table(t);
	void *virt = NULL;
	int i;

	sun4v_hv_reset_calls(&t->hv);
	table->stuck = SUN4V_HV_NOT_STUCK;
	for (i = 0; i < ERROR_ROOM; i++) {
		if (!table->entry[i])
			continue;
		virt = __va(ALIGN_DOWN(table->entry[i] & IO_PAGE_MASK, PG(4)));
		sun4v_test_dma_ops->unmap_phys(t->dev, table->base + PG(i),
					       PG(1), DMA_TO_DEVICE, 0);
	}
	if (virt && op->map == map_coherent) {
		KUNIT_ASSERT_EQ(t->test, page_count(virt_to_page(virt)), 1);
		free_pages((unsigned long)virt, get_order(PG(4)));
	}
	sun4v_test_clean(t);
}

/* Test @fails for each call of each operation, until no call fails. */
static void error_each_call(struct sun4v_test *t, const unsigned long *error,
			    int nr, bool (*fails)(struct sun4v_test *t,
						  const struct error_op *op,
						  unsigned int call,
						  unsigned long error))
{
	const struct error_op *op;
	unsigned int call;
	int i;

	for (op = error_ops; op->name; op++) {
		for (i = 0; i < nr; i++) {
			for (call = 1; fails(t, op, call, error[i]); call++)
				;
			KUNIT_EXPECT_GT_MSG(t->test, call,
					    t->hv.chunk == 1 ? 3 : 1,
					    "%s, status %lu", op->name,
					    error[i]);
		}
	}
}

static bool map_call_fails(struct sun4v_test *t, const struct error_op *op,
			   unsigned int call, unsigned long error)
{
	enum sun4v_hv_service service = sun4v_test_map_service(t);
	bool ret, hit;

	sun4v_hv_reset_calls(&t->hv);
	sun4v_hv_fail(&t->hv, service, call, error);
	ret = error_map(t, op);
	hit = t->hv.calls[service] >= call;
	KUNIT_EXPECT_EQ_MSG(t->test, ret, !hit, "%s, call %u, status %lu",
			    op->name, call, error);
	if (ret)
		op->unmap(t);
	sun4v_test_clean(t);
	error_works(t, op);
	return hit;
}

/* Nothing stays mapped if a call fails. */
static void map_call_error(struct kunit *test)
{
	error_each_call(error_begin(test), map_errors, ARRAY_SIZE(map_errors),
			map_call_fails);
}

/*
 * Each page is rejected in turn: the hypervisor maps those before it, returns
 * their number, and fails when it is called again.
 */
static void map_page_error(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	struct sun4v_hv_table *table = sun4v_test_table(t);
	const struct error_op *op;
	unsigned long page;
	bool ret;

	for (op = error_ops; op->name; op++) {
		for (page = 1, ret = false; !ret; page++) {
			sun4v_hv_reset_calls(&t->hv);
			table->reject = page;
			ret = error_map(t, op);
			if (ret)
				break;
			sun4v_test_clean(t);
			KUNIT_EXPECT_EQ_MSG(test, table->mapped, page - 1,
					    "%s", op->name);
			error_works(t, op);
		}
		KUNIT_EXPECT_GE_MSG(test, page, 4, "%s", op->name);
		op->unmap(t);
	}
}

static bool demap_call_fails(struct sun4v_test *t, const struct error_op *op,
			     unsigned int call, unsigned long error)
{
	enum sun4v_hv_service service = sun4v_test_demap_service(t);
	bool hit;

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE_MSG(t->test, error_map(t, op), "%s", op->name);
	sun4v_hv_fail(&t->hv, service, call, error);
	op->unmap(t);
	hit = t->hv.calls[service] >= call;
	KUNIT_EXPECT_EQ_MSG(t->test, sun4v_test_table(t)->live > 0, hit,
			    "%s, call %u, status %lu", op->name, call, error);
	error_expect_kept(t, op);
	error_works(t, op);
	error_release(t, op);
	return hit;
}

/* What was not demapped stays allocated. */
static void demap_call_error(struct kunit *test)
{
	error_each_call(error_begin(test), demap_errors,
			ARRAY_SIZE(demap_errors), demap_call_fails);
}

/* Each page cannot be demapped in turn. */
static void demap_page_error(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	struct sun4v_hv_table *table = sun4v_test_table(t);
	const struct error_op *op;
	int i, hits;

	kunit_info(test, "require-console: cannot demap [0-9]+ pages at entry");
	for (op = error_ops; op->name; op++) {
		for (i = 0, hits = 0; i < ERROR_ROOM; i++) {
			KUNIT_ASSERT_TRUE(test, error_map(t, op));
			hits += !!table->entry[i];
			table->stuck = i;
			op->unmap(t);
			KUNIT_EXPECT_EQ_MSG(test, table->live > 0,
					    !!table->entry[i], "%s, entry %d",
					    op->name, i);
			error_expect_kept(t, op);
			error_works(t, op);
			error_release(t, op);
		}
		KUNIT_EXPECT_GE_MSG(test, hits, 4, "%s", op->name);
	}
}

/* Page @page is rejected, and call @call that undoes the mapping fails. */
static bool undo_call_fails(struct sun4v_test *t, const struct error_op *op,
			    unsigned long page, unsigned int call,
			    unsigned long error)
{
	enum sun4v_hv_service service = sun4v_test_demap_service(t);
	bool hit;

	sun4v_hv_reset_calls(&t->hv);
	sun4v_test_table(t)->reject = page;
	sun4v_hv_fail(&t->hv, service, call, error);
	KUNIT_ASSERT_FALSE_MSG(t->test, error_map(t, op), "%s, page %lu",
			       op->name, page);
	hit = t->hv.calls[service] >= call;
	KUNIT_EXPECT_EQ_MSG(t->test, sun4v_test_table(t)->live > 0, hit,
			    "%s, page %lu, call %u, status %lu", op->name,
			    page, call, error);
	error_expect_kept(t, op);
	error_release(t, op);
	return hit;
}

static void undo_error(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	const struct error_op *op;
	unsigned long page;
	unsigned int call;
	int i;

	for (op = error_ops; op->name; op++) {
		for (page = 2; page <= 4; page++) {
			for (i = 0; i < ARRAY_SIZE(demap_errors); i++) {
				for (call = 1;
				     undo_call_fails(t, op, page, call,
						     demap_errors[i]); call++)
					;
				KUNIT_EXPECT_GT_MSG(test, call, 1, "%s",
						    op->name);
			}
		}
	}
}

/* There are addresses for a part of a list, be they mapped already or not. */
static void list_exhausted(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	enum sun4v_hv_service service = sun4v_test_demap_service(t);
	const struct error_op *op;
	unsigned int room;

	for (op = error_ops; op->name; op++) {
		/* It has no parts, and the failure is a warning. */
		if (op->map == map_page)
			continue;
		room = 0;
		error_crowd(t, room);
		sun4v_hv_reset_calls(&t->hv);
		while (!error_map(t, op) && room < ERROR_ROOM) {
			sun4v_test_clean(t);
			error_crowd(t, ++room);
		}
		KUNIT_EXPECT_GE_MSG(test, sun4v_test_table(t)->live, 4, "%s",
				    op->name);
		KUNIT_EXPECT_EQ_MSG(test, t->hv.calls[service] > 0,
				    op->map == map_scattered, "%s", op->name);
		op->unmap(t);
	}
}

static struct kunit_case error_cases[] = {
	KUNIT_CASE_PARAM(map_call_error, error_gen_params),
	KUNIT_CASE_PARAM(map_page_error, error_gen_params),
	KUNIT_CASE_PARAM(demap_call_error, error_gen_params),
	KUNIT_CASE_PARAM(demap_page_error, error_gen_params),
	KUNIT_CASE_PARAM(undo_error, error_gen_params),
	KUNIT_CASE_PARAM(list_exhausted, error_gen_params),
	{}
};

static struct kunit_suite error_suite = {
	.name		= "dma_bypass_sun4v_error",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= error_cases,
};

kunit_test_suite(error_suite);

MODULE_DESCRIPTION("KUnit tests of errors of DMA on sun4v");
MODULE_LICENSE("GPL");
