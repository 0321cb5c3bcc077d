// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sun4v's translated DMA: what is left when the hypervisor refuses.
 * Every operation, every error, at every call.
 */
#include <linux/bitmap.h>
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define ERROR_ROOM	32	/* addresses that are free, in pages */

static const struct sun4v_map_param error_params[] = {
	{ "legacy" },
	{ "legacy, one by one",		.chunk = 1 },
	{ "legacy, three by three",	.chunk = 3 },
	{ "legacy, bypass refused",	.chunk = 3, .refused = true },
	{ "ATU",			.use_atu = true },
	{ "ATU, one by one",		.use_atu = true, .chunk = 1 },
	{ "ATU, three by three",	.use_atu = true, .chunk = 3 },
	{ "ATU, bypass refused",	.use_atu = true, .chunk = 3,
					.refused = true },
	{ "ATU, 32 bits",		.use_atu = true, .chunk = 3,
					.bits32 = true },
	{ "ATU, 32 bits, bypass refused", .use_atu = true, .chunk = 3,
					.bits32 = true, .refused = true },
};

KUNIT_ARRAY_PARAM_DESC(error, error_params, desc);

/**
 * sun4v_error_gen_params - KUnit parameter generator: every way to be translated
 * @prev: last parameter
 * @desc: set to what it is
 *
 * Return: next parameter.
 */
const void *sun4v_error_gen_params(const void *prev, char *desc)
{
	return error_gen_params(prev, desc);
}

/* How a call fails, and whether it gets through with its first page. */
struct map_fault {
	unsigned long	status;
	bool		halfway;
};

/*
 * What the calls are documented to return, something else, and a success of no
 * page at all: nothing documented excludes that.
 */
static const struct map_fault map_faults[] = {
	{ HV_EINVAL }, { HV_EBADALIGN }, { HV_ENORADDR }, { HV_ENORADDR, true },
	{ HV_EIO }, { HV_EIO, true }, { HV_EOK },
};

static const struct map_fault demap_faults[] = {
	{ HV_EINVAL }, { HV_EINVAL, true }, { HV_EIO }, { HV_EIO, true },
	{ HV_EOK },
};

/* An operation that can fail, its opposite, and what it leaves if that fails. */
struct map_op {
	bool (*map)(struct sun4v_test *t);
	void (*unmap)(struct sun4v_test *t);
	void (*left)(struct sun4v_test *t, unsigned long entry);
};

static struct {
	dma_addr_t		addr;
	void			*virt;
	struct scatterlist	sgl[SUN4V_MAP_LIST];
	int			nents;
} map_op_state;

/* Entries that are mapped, or may be. */
static unsigned long error_kept(struct sun4v_test *t)
{
	struct sun4v_hv_table *table = sun4v_map_table(t);

	return table->live + table->unknown;
}

static bool map_op_page(struct sun4v_test *t)
{
	void *virt = t->buf + 8;

	map_op_state.addr = dma_map_single_attrs(t->dev, virt, PG(3),
						 DMA_TO_DEVICE, t->attrs);
	if (dma_mapping_error(t->dev, map_op_state.addr))
		return false;
	sun4v_test_reaches(t, map_op_state.addr, virt, PG(3), false);
	return true;
}

static void unmap_op_page(struct sun4v_test *t)
{
	dma_unmap_single_attrs(t->dev, map_op_state.addr, PG(3), DMA_TO_DEVICE,
			       t->attrs);
}

static bool map_op_coherent(struct sun4v_test *t)
{
	map_op_state.virt = dma_alloc_attrs(t->dev, PG(4), &map_op_state.addr,
					    GFP_KERNEL, t->attrs);
	if (!map_op_state.virt)
		return false;
	sun4v_test_reaches(t, map_op_state.addr, map_op_state.virt, PG(4), true);
	return true;
}

static void unmap_op_coherent(struct sun4v_test *t)
{
	dma_free_attrs(t->dev, PG(4), map_op_state.virt, map_op_state.addr,
		       t->attrs);
}

/* The memory is nobody else's as long as the device may get there. */
static void left_op_coherent(struct sun4v_test *t, unsigned long entry)
{
	u64 page = sun4v_map_table(t)->entry[entry] & IO_PAGE_MASK;
	void *virt = __va(ALIGN_DOWN(page, PG(4)));

	KUNIT_ASSERT_EQ(t->test, page_count(virt_to_page(virt)), 1);
	free_pages((unsigned long)virt, get_order(PG(4)));
}

static bool map_op_list(struct sun4v_test *t)
{
	struct scatterlist *sgl = map_op_state.sgl;
	int nents;

	sun4v_map_init_list(t, sgl);
	nents = dma_map_sg_attrs(t->dev, sgl, SUN4V_MAP_LIST, DMA_TO_DEVICE,
				 t->attrs);
	if (!nents)
		return false;
	sun4v_test_reaches_list(t, sgl, SUN4V_MAP_LIST, nents, false);
	map_op_state.nents = nents;
	return true;
}

static void unmap_op_list(struct sun4v_test *t)
{
	dma_unmap_sg_attrs(t->dev, map_op_state.sgl, SUN4V_MAP_LIST,
			   DMA_TO_DEVICE, t->attrs);
}

/*
 * Entries in between keep what is mapped from being contiguous: every fourth one
 * is taken in the meantime, unless it is allocated already.
 */
static bool map_op_scattered(struct sun4v_test *t)
{
	unsigned long *map = sun4v_map_allocator(t)->map;
	bool mapped, alone = !error_kept(t);
	DECLARE_BITMAP(taken, ERROR_ROOM) = { };
	int i;

	for (i = 2; i < ERROR_ROOM; i += 4)
		if (!__test_and_set_bit(i, map))
			__set_bit(i, taken);
	mapped = map_op_list(t);
	if (mapped && alone)
		KUNIT_EXPECT_EQ(t->test, map_op_state.nents, SUN4V_MAP_LIST);
	for_each_set_bit(i, taken, ERROR_ROOM)
		KUNIT_EXPECT_TRUE(t->test, __test_and_clear_bit(i, map));
	return mapped;
}

static const struct map_op map_ops[] = {
	{ map_op_page,		unmap_op_page },
	{ map_op_coherent,	unmap_op_coherent,	left_op_coherent },
	{ map_op_list,		unmap_op_list },
	{ map_op_scattered,	unmap_op_list },
};

/* All but the first addresses are somebody else's, who will miss them. */
static void error_crowd(struct sun4v_test *t, unsigned int room)
{
	struct iommu_map_table *tbl = sun4v_map_allocator(t);

	bitmap_fill(tbl->map, tbl->poolsize * tbl->nr_pools);
	bitmap_clear(tbl->map, 0, room);
	t->crowded = tbl;
	t->room = room;
}

/* A bypass is asked for each time, and there is none. */
static struct sun4v_test *error_refuse(struct kunit *test, bool use_atu)
{
	struct sun4v_test *t = sun4v_test_open(test, use_atu);

	t->hv.block[0] = (struct sun4v_hv_block) {
		.size	= U64_MAX,
		.closed	= true,
	};
	t->attrs = BYPASS;
	return t;
}

static struct sun4v_test *error_begin(struct kunit *test)
{
	const struct sun4v_map_param *p = test->param_value;
	struct sun4v_test *t = p->refused ? error_refuse(test, p->use_atu) :
					    sun4v_test_begin(test, p->use_atu);
	int err;

	t->hv.chunk = p->chunk;
	err = dma_set_mask_and_coherent(t->dev,
					DMA_BIT_MASK(p->bits32 ? 32 : 64));
	KUNIT_ASSERT_EQ(test, err, 0);
	error_crowd(t, ERROR_ROOM);
	return t;
}

/* Map where the last one was, if that is free. */
static bool error_map(struct sun4v_test *t, const struct map_op *op)
{
	sun4v_map_allocator(t)->pools[0].hint = 0;
	return op->map(t);
}

static void fault_set(struct sun4v_test *t, enum sun4v_hv_service service,
		      unsigned int call, const struct map_fault *fault)
{
	sun4v_hv_fail(&t->hv, service, call, fault->status);
	t->hv.fail[service].halfway = fault->halfway;
}

/* Was there such a call? */
static bool fault_hit(struct sun4v_test *t, enum sun4v_hv_service service)
{
	return t->hv.calls[service] >= t->hv.fail[service].call;
}

/* The device works, and leaves what it found. */
static void map_works(struct sun4v_test *t, const struct map_op *op)
{
	unsigned long kept = error_kept(t);

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, error_map(t, op));
	KUNIT_EXPECT_GT(t->test, error_kept(t), kept);
	op->unmap(t);
	KUNIT_EXPECT_EQ(t->test, error_kept(t), kept);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_allocated(t), kept);
}

/* Every operation, with each fault at one call after the other, until none is hit. */
static void error_each(struct sun4v_test *t,
		       bool (*fails)(struct sun4v_test *t,
				     const struct map_op *op, unsigned int call,
				     const struct map_fault *fault),
		       const struct map_fault *faults, int nr)
{
	const struct map_op *op;
	unsigned int call;
	int i;

	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		for (i = 0; i < nr; i++) {
			for (call = 1; fails(t, op, call, &faults[i]); call++)
				;
			KUNIT_EXPECT_GT(t->test, call,
					t->hv.chunk == 1 ? 4 : 1);
		}
	}
}

static bool map_fails(struct sun4v_test *t, const struct map_op *op,
		      unsigned int call, const struct map_fault *fault)
{
	enum sun4v_hv_service service = sun4v_map_service(t);
	bool mapped, hit;

	sun4v_hv_reset_calls(&t->hv);
	fault_set(t, service, call, fault);
	mapped = error_map(t, op);
	hit = fault_hit(t, service);
	KUNIT_EXPECT_EQ(t->test, mapped, !hit);
	if (mapped)
		op->unmap(t);
	sun4v_test_clean(t);
	map_works(t, op);
	return hit;
}

void sun4v_map_error(struct kunit *test)
{
	const struct sun4v_map_param *p = test->param_value;
	struct sun4v_test *t = error_begin(test);

	error_each(t, map_fails, map_faults, ARRAY_SIZE(map_faults));
	/* A mask that is too small is not the hypervisor's business. */
	KUNIT_EXPECT_EQ(test, sun4v_test_refused(t) > 0, p->refused && !p->bits32);
}

static bool demap_fails(struct sun4v_test *t, const struct map_op *op,
			unsigned int call, const struct map_fault *fault)
{
	enum sun4v_hv_service service = sun4v_demap_service(t);
	bool hit;

	sun4v_hv_reset_calls(&t->hv);
	KUNIT_ASSERT_TRUE(t->test, error_map(t, op));
	fault_set(t, service, call, fault);
	op->unmap(t);
	hit = fault_hit(t, service);
	sun4v_test_clean(t);
	map_works(t, op);
	return hit;
}

void sun4v_demap_error(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);

	error_each(t, demap_fails, demap_faults, ARRAY_SIZE(demap_faults));
}

/* A mapping fails half way, and so does what undoes it. */
static bool undo_fails(struct sun4v_test *t, const struct map_op *op,
		       unsigned int call, unsigned int undo,
		       const struct map_fault *fault)
{
	const struct map_fault unmapped = { HV_ENORADDR, fault->halfway };
	bool mapped, hit;

	sun4v_hv_reset_calls(&t->hv);
	fault_set(t, sun4v_map_service(t), call, &unmapped);
	fault_set(t, sun4v_demap_service(t), undo, fault);
	mapped = error_map(t, op);
	hit = fault_hit(t, sun4v_demap_service(t));
	KUNIT_EXPECT_EQ(t->test, mapped, !fault_hit(t, sun4v_map_service(t)));
	if (mapped) {
		sun4v_hv_reset_calls(&t->hv);
		op->unmap(t);
	}
	sun4v_test_clean(t);
	map_works(t, op);
	return hit;
}

/* At each call that undoes it, of which there is at least one. */
static bool undo_each_fails(struct sun4v_test *t, const struct map_op *op,
			    unsigned int call, const struct map_fault *fault)
{
	unsigned int undo;

	for (undo = 1; undo_fails(t, op, call, undo, fault); undo++)
		;
	return undo > 1;
}

void sun4v_map_and_demap_error(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);

	error_each(t, undo_each_fails, demap_faults, ARRAY_SIZE(demap_faults));
}

/* The n-th entry that is mapped, or may be. */
static unsigned long stuck_entry(struct sun4v_test *t, unsigned int n)
{
	struct sun4v_hv_table *table = sun4v_map_table(t);
	unsigned long entry;

	for (entry = 0; entry < ERROR_ROOM; entry++)
		if (table->entry[entry] && !n--)
			return entry;
	KUNIT_FAIL_AND_ABORT(t->test, "no such entry");
}

static void stuck_set(struct sun4v_test *t, unsigned long entry)
{
	t->hv.stuck = sun4v_map_table(t)->base + (entry << IO_PAGE_SHIFT);
}

/* A page that was stuck is nobody else's until it is unmapped; no other is left. */
static void stuck_expect(struct sun4v_test *t, const struct map_op *op,
			 unsigned long entry)
{
	dma_addr_t addr = t->hv.stuck;

	t->hv.stuck = 0;
	KUNIT_EXPECT_EQ(t->test, error_kept(t), 1);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_allocated(t), 1);
	KUNIT_EXPECT_EQ(t->test, stuck_entry(t, 0), entry);
	if (op->left)
		op->left(t, entry);
	map_works(t, op);
	sun4v_test_dma_ops->unmap_page(t->dev, addr, PG(1), DMA_TO_DEVICE, 0);
	sun4v_test_clean(t);
}

/* A page is never demapped: each of them. */
void sun4v_demap_refused(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	unsigned long entry, n, pages;
	const struct map_op *op;

	kunit_info(test, "require-console: demap of entry [0-9a-f]+ failed");
	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		for (n = 0, pages = 1; n < pages; n++) {
			KUNIT_ASSERT_TRUE(test, error_map(t, op));
			pages = error_kept(t);
			entry = stuck_entry(t, n);
			stuck_set(t, entry);
			op->unmap(t);
			stuck_expect(t, op, entry);
		}
	}
}

/* Sets @stuck if the page was among those to demap. */
static bool undo_refused(struct sun4v_test *t, const struct map_op *op,
			 unsigned int call, bool halfway, unsigned long entry,
			 bool *stuck)
{
	const struct map_fault fault = { HV_ENORADDR, halfway };
	enum sun4v_hv_service service = sun4v_map_service(t);
	bool mapped, hit;

	sun4v_hv_reset_calls(&t->hv);
	fault_set(t, service, call, &fault);
	stuck_set(t, entry);
	mapped = error_map(t, op);
	hit = fault_hit(t, service);
	KUNIT_EXPECT_EQ(t->test, mapped, !hit);
	if (!mapped && error_kept(t)) {
		*stuck = true;
		stuck_expect(t, op, entry);
	}
	t->hv.stuck = 0;
	if (mapped)
		op->unmap(t);
	sun4v_test_clean(t);
	return hit;
}

/* A mapping fails, and of what was mapped a page is never demapped: each. */
void sun4v_undo_refused(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	unsigned long entry[ERROR_ROOM], pages, n;
	const struct map_op *op;
	bool halfway, stuck;
	unsigned int call;

	kunit_info(test, "require-console: demap of entry [0-9a-f]+ failed");
	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		sun4v_hv_reset_calls(&t->hv);
		KUNIT_ASSERT_TRUE(test, error_map(t, op));
		pages = error_kept(t);
		for (n = 0; n < pages; n++)
			entry[n] = stuck_entry(t, n);
		op->unmap(t);
		for (n = 0; n < 2 * pages; n++) {
			halfway = n % 2;
			stuck = false;
			for (call = 1; undo_refused(t, op, call, halfway,
						    entry[n / 2], &stuck); call++)
				;
			KUNIT_EXPECT_TRUE(test, stuck);
		}
	}
}

/*
 * There are addresses for some of a list only, be they mapped already or not.  The
 * driver warns of pages, whose addresses are allocated at once anyway.
 */
void sun4v_list_exhausted(struct kunit *test)
{
	struct sun4v_test *t = error_begin(test);
	enum sun4v_hv_service service = sun4v_demap_service(t);
	const struct map_op *op;
	unsigned int room;

	for (op = map_ops; op < map_ops + ARRAY_SIZE(map_ops); op++) {
		if (op->map == map_op_page)
			continue;
		room = 0;
		error_crowd(t, room);
		sun4v_hv_reset_calls(&t->hv);
		while (!error_map(t, op) && room < ERROR_ROOM) {
			sun4v_test_clean(t);
			error_crowd(t, ++room);
		}
		KUNIT_EXPECT_GE(test, error_kept(t), 4);
		KUNIT_EXPECT_EQ(test, t->hv.calls[service] > 0,
				op->map == map_op_scattered);
		op->unmap(t);
	}
}
