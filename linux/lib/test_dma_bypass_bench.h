/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mappings cost, counted in instructions.
 *
 * For machines on which bench_clock(), which comes before this file, counts
 * instructions, or ticks from which bench_insns() tells them: QEMU's -icount,
 * where two boots count the same.  What two readings of the clock cost is
 * measured, and subtracted; what the caller spends on arguments is not.
 */
#ifndef _TEST_DMA_BYPASS_BENCH_H
#define _TEST_DMA_BYPASS_BENCH_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/sort.h>

#ifndef BENCH_ROUNDS
#define BENCH_ROUNDS	2048
#endif
#define BENCH_WARM_UP	(BENCH_ROUNDS / 16)
#define BENCH_NOPS	1600
#define BENCH_DEEPEST	16384

#ifndef bench_insns
#define bench_insns(ticks)	(ticks)
#endif

/* So that nothing comes between two readings of the clock; which works only so. */
#ifndef bench_irq_save
#define bench_irq_save(flags)		local_irq_save(flags)
#define bench_irq_restore(flags)	local_irq_restore(flags)
#endif

enum bench_op { BENCH_MAP, BENCH_UNMAP, BENCH_PAIR, BENCH_OPS };

/**
 * struct bench - what is measured
 * @test: the test that asks
 * @dev: the device that is mapped for
 * @attrs: attributes of the mappings
 * @mode: their name in the results
 * @cpus: processors that do it, one if zero
 * @took: instructions of each operation, BENCH_ROUNDS times for each processor
 */
struct bench {
	struct kunit	*test;
	struct device	*dev;
	unsigned long	attrs;
	const char	*mode;
	unsigned int	cpus;
	u32		*took[BENCH_OPS];
};

static inline int bench_compare(const void *a, const void *b)
{
	u32 left = *(const u32 *)a, right = *(const u32 *)b;

	return (left > right) - (left < right);
}

/* Of reading the clock twice. */
static inline u32 bench_clock_cost(void)
{
	u32 begun, took, best = U32_MAX;
	unsigned long flags;
	int i;

	for (i = 0; i < BENCH_WARM_UP; i++) {
		bench_irq_save(flags);
		begun = bench_clock();
		took = bench_insns((u32)bench_clock() - begun);
		bench_irq_restore(flags);
		best = min(best, took);
	}
	return best;
}

/* How many of BENCH_WARM_UP times the clock counted something else. */
static inline unsigned int bench_clock_errors(void)
{
	u32 begun, took, i, errors = 0, cost = bench_clock_cost();
	unsigned long flags;

	for (i = 0; i < BENCH_WARM_UP; i++) {
		bench_irq_save(flags);
		begun = bench_clock();
		asm volatile(".rept " __stringify(BENCH_NOPS) "; nop; .endr");
		took = bench_insns((u32)bench_clock() - begun) - cost;
		bench_irq_restore(flags);
		errors += took != BENCH_NOPS;
	}
	return errors;
}

/* The results are of no use then. */
static inline void bench_check_clock(struct kunit *test)
{
	KUNIT_ASSERT_EQ_MSG(test, bench_clock_errors(), 0,
			    "the clock does not count instructions");
}

static inline unsigned int bench_rounds(struct bench *b)
{
	return b->cpus * BENCH_ROUNDS;
}

static inline void bench_init(struct bench *b)
{
	int op;

	b->cpus = max(b->cpus, 1);
	for (op = 0; op < BENCH_OPS; op++) {
		b->took[op] = kunit_kcalloc(b->test, bench_rounds(b),
					    sizeof(u32), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(b->test, b->took[op]);
	}
}

static inline void bench_record(struct bench *b, int round, u32 map, u32 unmap)
{
	if (round < 0)
		return;
	b->took[BENCH_MAP][round] = map;
	b->took[BENCH_UNMAP][round] = unmap;
	b->took[BENCH_PAIR][round] = map + unmap;
}

/* Begun, mapped and ended are readings of the clock. */
static inline void bench_note(struct bench *b, int round, u32 cost, u32 begun,
			      u32 mapped, u32 ended)
{
	bench_record(b, round, bench_insns(mapped - begun) - cost,
		     bench_insns(ended - mapped) - cost);
}

static inline u32 *bench_sorted(struct bench *b, enum bench_op op)
{
	sort(b->took[op], bench_rounds(b), sizeof(u32), bench_compare, NULL);
	return b->took[op];
}

static inline void bench_tell(struct bench *b, const char *variant,
			      size_t bytes, unsigned int nents)
{
	static const char *const names[] = { "map", "unmap", "pair" };
	unsigned int n = bench_rounds(b);
	u32 *took;
	int op;

	for (op = 0; op < BENCH_OPS; op++) {
		took = bench_sorted(b, op);
		kunit_info(b->test,
			   "bench: mode=%s%s op=%s bytes=%zu nents=%u cpus=%u n=%u p50=%u p99=%u p999=%u max=%u\n",
			   b->mode, variant, names[op], bytes, nents, b->cpus,
			   n, took[n / 2], took[n * 99 / 100],
			   took[n * 999 / 1000], took[n - 1]);
	}
}

static inline void bench_page(struct bench *b, struct page *page,
			      size_t offset, size_t size)
{
	u32 begun, mapped, ended, cost = bench_clock_cost();
	unsigned long flags;
	dma_addr_t addr;
	int i;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		begun = bench_clock();
		addr = dma_map_page_attrs(b->dev, page, offset, size,
					  DMA_TO_DEVICE, b->attrs);
		mapped = bench_clock();
		dma_unmap_page_attrs(b->dev, addr, size, DMA_TO_DEVICE,
				     b->attrs);
		ended = bench_clock();
		bench_irq_restore(flags);
		KUNIT_ASSERT_NE(b->test, addr, DMA_MAPPING_ERROR);
		bench_note(b, i, cost, begun, mapped, ended);
	}
}

/* As bench_page(), but of what @count tells: calls, instead of instructions. */
static inline void bench_count(struct bench *b, struct page *page, size_t size,
			       u32 (*count)(void *arg), void *arg)
{
	u32 begun, mapped, ended;
	unsigned long flags;
	dma_addr_t addr;
	int i;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		begun = count(arg);
		addr = dma_map_page_attrs(b->dev, page, 0, size, DMA_TO_DEVICE,
					  b->attrs);
		mapped = count(arg);
		dma_unmap_page_attrs(b->dev, addr, size, DMA_TO_DEVICE,
				     b->attrs);
		ended = count(arg);
		bench_irq_restore(flags);
		KUNIT_ASSERT_NE(b->test, addr, DMA_MAPPING_ERROR);
		bench_record(b, i, mapped - begun, ended - mapped);
	}
}

static inline void bench_list(struct bench *b, struct scatterlist *sgl,
			      unsigned int nents)
{
	u32 begun, mapped, ended, cost = bench_clock_cost();
	unsigned long flags;
	int i, mapped_nents;

	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) {
		bench_irq_save(flags);
		begun = bench_clock();
		mapped_nents = dma_map_sg_attrs(b->dev, sgl, nents,
						DMA_TO_DEVICE, b->attrs);
		mapped = bench_clock();
		dma_unmap_sg_attrs(b->dev, sgl, nents, DMA_TO_DEVICE, b->attrs);
		ended = bench_clock();
		bench_irq_restore(flags);
		KUNIT_ASSERT_GT(b->test, mapped_nents, 0);
		bench_note(b, i, cost, begun, mapped, ended);
	}
}

static inline struct page *bench_pages(struct kunit *test, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* One page and more, at its beginning and within it. */
static inline void bench_sizes(struct bench *b)
{
	static const size_t sizes[] = { SZ_4K, SZ_16K, SZ_64K, SZ_256K, SZ_2M };
	struct page *page = bench_pages(b->test, get_order(SZ_4M));
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_page(b, page, 0, sizes[i]);
		bench_tell(b, "", sizes[i], 1);
		bench_page(b, page, SZ_1K, sizes[i]);
		bench_tell(b, "/unaligned", sizes[i], 1);
	}
	__free_pages(page, get_order(SZ_4M));
}

/*
 * Pages that follow one another in memory, and pages that do not: every second
 * one of a block, and then those between them where it is not large enough.
 */
static inline void bench_lists(struct bench *b)
{
	static const unsigned int nents[] = { 1, 4, 16, 64, 256 };
	unsigned int i, stride, order = min(ilog2(512), MAX_PAGE_ORDER);
	struct page *page = bench_pages(b->test, order);
	struct sg_table sgt;
	struct scatterlist *sg;
	int n, at;

	for (i = 0; i < ARRAY_SIZE(nents); i++) {
		for (stride = 1; stride <= 2; stride++) {
			KUNIT_ASSERT_EQ(b->test, 0,
					sg_alloc_table(&sgt, nents[i],
						       GFP_KERNEL));
			for_each_sgtable_sg(&sgt, sg, n) {
				at = n * stride;
				at = (at >> order) + at % (1 << order);
				sg_set_page(sg, page + at, PAGE_SIZE, 0);
			}
			bench_list(b, sgt.sgl, nents[i]);
			bench_tell(b, stride == 1 ? "/list" : "/scattered",
				   nents[i] * PAGE_SIZE, nents[i]);
			sg_free_table(&sgt);
		}
	}
	__free_pages(page, order);
}

/*
 * With other mappings in flight.  What an IOMMU's allocator has at hand may be
 * enough for a page; 256 KiB it has to look for among them.
 */
static inline void bench_depths(struct bench *b)
{
	static const unsigned int depths[] = { 1, 256, BENCH_DEEPEST };
	static const char *const names[] = {
		"/inflight1", "/inflight256", "/inflight16384",
	};
	dma_addr_t *held = kunit_kcalloc(b->test, BENCH_DEEPEST, sizeof(*held),
					 GFP_KERNEL);
	struct page *page = bench_pages(b->test, get_order(SZ_256K));
	unsigned int i, nr = 0;

	KUNIT_ASSERT_NOT_NULL(b->test, held);
	for (i = 0; i < ARRAY_SIZE(depths); i++) {
		for (; nr < depths[i]; nr++) {
			held[nr] = dma_map_page_attrs(b->dev, page, 0, SZ_4K,
						      DMA_TO_DEVICE, b->attrs);
			KUNIT_ASSERT_NE(b->test, held[nr], DMA_MAPPING_ERROR);
		}
		bench_page(b, page, 0, SZ_4K);
		bench_tell(b, names[i], SZ_4K, 1);
		bench_page(b, page, 0, SZ_256K);
		bench_tell(b, names[i], SZ_256K, 1);
	}
	while (nr--)
		dma_unmap_page_attrs(b->dev, held[nr], SZ_4K, DMA_TO_DEVICE,
				     b->attrs);
	__free_pages(page, get_order(SZ_256K));
}

static inline void bench_all(struct bench *b)
{
	bench_init(b);
	bench_check_clock(b->test);
	bench_sizes(b);
	bench_lists(b);
	bench_depths(b);
}

#endif /* _TEST_DMA_BYPASS_BENCH_H */
