/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cost of opening and closing a window, including everything that a driver's call
 * and the removal of a driver do.
 *
 * For machines as in test_dma_bypass_bench.h, to be included before this file.
 */
#ifndef _TEST_DMA_BYPASS_OPENING_H
#define _TEST_DMA_BYPASS_OPENING_H

#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/printk.h>

#define OPENING_ROUNDS	9

/**
 * struct opening - instructions, medians of OPENING_ROUNDS
 * @open: of dma_bypass_prepare()
 * @close: of dma_bypass_unbind()
 * @bytes: memory that the window maps
 */
struct opening {
	u32	open;
	u32	close;
	u64	bytes;
};

static inline u64 opening_bytes(struct device *dev)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);
	u64 bytes = 0;
	int i;

	for (i = 0; i < win->nr_ranges; i++)
		bytes += win->ranges[i].size;
	return bytes;
}

/* The first round is not counted: it allocates page tables that are kept. */
static inline struct opening bench_opening(struct kunit *test,
					   struct device *dev)
{
	u32 start, opened, end, cost = bench_clock_cost();
	u32 open[OPENING_ROUNDS], close[OPENING_ROUNDS];
	struct opening result;
	int i;

	for (i = -1; i < OPENING_ROUNDS; i++) {
		/* Consoles may print in another thread, which is not counted. */
		pr_flush(1000, true);
		start = bench_clock();
		KUNIT_EXPECT_EQ(test, 0, dma_bypass_prepare(dev));
		opened = bench_clock();
		result.bytes = opening_bytes(dev);
		pr_flush(1000, true);
		end = bench_clock();
		dma_bypass_unbind(dev);
		end = bench_clock() - end;
		if (i < 0)
			continue;
		open[i] = bench_insns(opened - start) - cost;
		close[i] = bench_insns(end) - cost;
	}
	sort(open, OPENING_ROUNDS, sizeof(u32), bench_compare, NULL);
	sort(close, OPENING_ROUNDS, sizeof(u32), bench_compare, NULL);
	result.open = open[OPENING_ROUNDS / 2];
	result.close = close[OPENING_ROUNDS / 2];
	return result;
}

#endif /* _TEST_DMA_BYPASS_OPENING_H */
