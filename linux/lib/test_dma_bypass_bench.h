/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cost of DMA mappings, counted in instructions.
 *
 * For machines on which bench_clock(), to be defined before this file is included,
 * counts instructions, or ticks that bench_insns() converts to instructions: QEMU
 * with -icount, where two boots count the same.  The cost of reading the clock is
 * subtracted; the cost of passing arguments is not counted.
 */
#ifndef _TEST_DMA_BYPASS_BENCH_H
#define _TEST_DMA_BYPASS_BENCH_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/sort.h>

#ifndef BENCH_ROUNDS
#define BENCH_ROUNDS		2048
#endif
#define BENCH_WARM_UP		(BENCH_ROUNDS / 16)
#define BENCH_NOPS		1600
#define BENCH_P50		(BENCH_ROUNDS / 2)
#define BENCH_P999		(BENCH_ROUNDS * 999 / 1000)
#define BENCH_MAX_NENTS		256

#ifndef bench_insns
#define bench_insns(ticks)	(ticks)
#endif

/* No interrupt may be taken between two readings of the clock. */
#ifndef bench_irq_save
#define bench_irq_save(flags)		local_irq_save(flags)
#define bench_irq_restore(flags)	local_irq_restore(flags)
#endif

enum bench_op { BENCH_MAP, BENCH_UNMAP, BENCH_PAIR, BENCH_OPS };

/**
 * struct bench - a benchmark of one device and one set of attributes
 * @test: the running test
 * @dev: the device to map for
 * @attrs: attributes of the mappings
 * @mode: name of the mappings in the results
 * @ready: whether an address is one of that mode, if the first one need not be
 * @insns: instructions of each operation, BENCH_ROUNDS times
 */
struct bench {
	struct kunit	*test;
	struct device	*dev;
	unsigned long	attrs;
	const char	*mode;
	bool		(*ready)(struct device *dev, dma_addr_t addr);
	u32		*insns[BENCH_OPS];
};

static inline int bench_compare(const void *a, const void *b)
{
	u32 left = *(const u32 *)a, right = *(const u32 *)b;

	return (left > right) - (left < right);
}

/* Return the cost of reading the clock twice. */
static inline u32 bench_clock_cost(void)
{
	u32 start, insns, best = U32_MAX;
	unsigned long flags;
	int i;

	for (i = 0; i < BENCH_WARM_UP; i++) {
		bench_irq_save(flags);
		start = bench_clock();
		insns = bench_insns((u32)bench_clock() - start);
		bench_irq_restore(flags);
		best = min(best, insns);
	}
	return best;
}

/* Return how many of BENCH_WARM_UP known sequences the clock counts wrongly. */
static inline unsigned int bench_clock_errors(void)
{
	u32 start, insns, i, errors = 0, cost = bench_clock_cost();
	unsigned long flags;

	for (i = 0; i < BENCH_WARM_UP; i++) {
		bench_irq_save(flags);
		start = bench_clock();
		asm volatile(".rept " __stringify(BENCH_NOPS) "; nop; .endr");
		insns = bench_insns((u32)bench_clock() - start) - cost;
		bench_irq_restore(flags);
		errors += insns != BENCH_NOPS;
	}
	return errors;
}

static inline void bench_check_clock(struct kunit *test)
{
	KUNIT_ASSERT_EQ_MSG(test, bench_clock_errors(), 0,
			    "the clock does not count instructions");
}

static inline void bench_init(struct bench *b)
{
	int op;

	for (op = 0; op < BENCH_OPS; op++) {
		b->insns[op] = kunit_kcalloc(b->test, BENCH_ROUNDS, sizeof(u32),
					     GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(b->test, b->insns[op]);
	}
}

static inline void bench_record(struct bench *b, int round, u32 map, u32 unmap)
{
	if (round < 0)
		return;
	b->insns[BENCH_MAP][round] = map;
	b->insns[BENCH_UNMAP][round] = unmap;
	b->insns[BENCH_PAIR][round] = map + unmap;
}

static inline u32 *bench_sorted(struct bench *b, enum bench_op op)
{
	sort(b->insns[op], BENCH_ROUNDS, sizeof(u32), bench_compare, NULL);
	return b->insns[op];
}

/* Print the medians of both operations, and two quantiles of both together. */
static inline void bench_report(struct bench *b, const char *variant,
				size_t bytes, unsigned int nents)
{
	const u32 *map = bench_sorted(b, BENCH_MAP);
	const u32 *unmap = bench_sorted(b, BENCH_UNMAP);
	const u32 *pair = bench_sorted(b, BENCH_PAIR);

	kunit_info(b->test,
		   "bench: mode=%s%s bytes=%zu nents=%u map=%u unmap=%u p50=%u p999=%u\n",
		   b->mode, variant, bytes, nents, map[BENCH_P50],
		   unmap[BENCH_P50], pair[BENCH_P50], pair[BENCH_P999]);
}

static inline void bench_page(struct bench *b, struct page *page,
			      size_t offset, size_t size)
{
	u32 start, mapped, end, cost = bench_clock_cost();
	unsigned long flags;
	dma_addr_t addr;
	int i;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		start = bench_clock();
		addr = dma_map_page_attrs(b->dev, page, offset, size,
					  DMA_TO_DEVICE, b->attrs);
		mapped = bench_clock();
		dma_unmap_page_attrs(b->dev, addr, size, DMA_TO_DEVICE,
				     b->attrs);
		end = bench_clock();
		bench_irq_restore(flags);
		KUNIT_ASSERT_NE(b->test, addr, DMA_MAPPING_ERROR);
		bench_record(b, i, bench_insns(mapped - start) - cost,
			     bench_insns(end - mapped) - cost);
	}
}

/* As bench_page(), but record differences of @count, for example of calls. */
static inline void bench_count(struct bench *b, struct page *page, size_t size,
			       u32 (*count)(void *arg), void *arg)
{
	u32 start, mapped, end;
	unsigned long flags;
	dma_addr_t addr;
	int i;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		start = count(arg);
		addr = dma_map_page_attrs(b->dev, page, 0, size, DMA_TO_DEVICE,
					  b->attrs);
		mapped = count(arg);
		dma_unmap_page_attrs(b->dev, addr, size, DMA_TO_DEVICE,
				     b->attrs);
		end = count(arg);
		bench_irq_restore(flags);
		KUNIT_ASSERT_NE(b->test, addr, DMA_MAPPING_ERROR);
		bench_record(b, i, mapped - start, end - mapped);
	}
}

static inline void bench_list(struct bench *b, struct scatterlist *sgl,
			      unsigned int nents)
{
	u32 start, mapped, end, cost = bench_clock_cost();
	unsigned long flags;
	int i, mapped_nents;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		start = bench_clock();
		mapped_nents = dma_map_sg_attrs(b->dev, sgl, nents,
						DMA_TO_DEVICE, b->attrs);
		mapped = bench_clock();
		dma_unmap_sg_attrs(b->dev, sgl, nents, DMA_TO_DEVICE, b->attrs);
		end = bench_clock();
		bench_irq_restore(flags);
		KUNIT_ASSERT_GT(b->test, mapped_nents, 0);
		bench_record(b, i, bench_insns(mapped - start) - cost,
			     bench_insns(end - mapped) - cost);
	}
}

static inline struct page *bench_pages(struct kunit *test, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* A block of pages, of which the first one has been mapped until it was ready. */
static inline struct page *bench_touched(struct bench *b, unsigned int order)
{
	struct page *page = bench_pages(b->test, order);
	bool ready = !b->ready;
	dma_addr_t addr;
	int tries;

	for (tries = 0; !ready && tries < 100; tries++) {
		addr = dma_map_page(b->dev, page, 0, SZ_4K, DMA_TO_DEVICE);
		KUNIT_ASSERT_EQ(b->test, 0, dma_mapping_error(b->dev, addr));
		ready = b->ready(b->dev, addr);
		dma_unmap_page(b->dev, addr, SZ_4K, DMA_TO_DEVICE);
		if (!ready)
			msleep(20);
	}
	KUNIT_ASSERT_TRUE(b->test, ready);
	return page;
}

static inline void bench_sizes(struct bench *b)
{
	static const size_t sizes[] = { SZ_4K, SZ_64K, SZ_2M };
	struct page *page = bench_touched(b, get_order(SZ_2M));
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_page(b, page, 0, sizes[i]);
		bench_report(b, "", sizes[i], 1);
	}
	__free_pages(page, get_order(SZ_2M));
}

/*
 * Lists of pages that are not adjacent: every second page of a block, then the
 * pages between them if the block is not large enough.
 */
static inline void bench_lists(struct bench *b)
{
	static const unsigned int nents[] = { 1, 16, BENCH_MAX_NENTS };
	unsigned int i, order = min(ilog2(2 * BENCH_MAX_NENTS), MAX_PAGE_ORDER);
	struct page *page = bench_touched(b, order);
	struct sg_table sgt;
	struct scatterlist *sg;
	int n, at;

	for (i = 0; i < ARRAY_SIZE(nents); i++) {
		KUNIT_ASSERT_EQ(b->test, 0,
				sg_alloc_table(&sgt, nents[i], GFP_KERNEL));
		for_each_sgtable_sg(&sgt, sg, n) {
			at = (2 * n >> order) + 2 * n % (1 << order);
			sg_set_page(sg, page + at, PAGE_SIZE, 0);
		}
		bench_list(b, sgt.sgl, nents[i]);
		bench_report(b, "/list", nents[i] * PAGE_SIZE, nents[i]);
		sg_free_table(&sgt);
	}
	__free_pages(page, order);
}

static inline void bench_all(struct bench *b)
{
	bench_init(b);
	bench_check_clock(b->test);
	bench_sizes(b);
	bench_lists(b);
}

#endif /* _TEST_DMA_BYPASS_BENCH_H */
