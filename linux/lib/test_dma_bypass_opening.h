/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What it takes to open a window and to close it, with all that a driver's call
 * and the end of a driver do.
 *
 * For machines as in test_dma_bypass_bench.h, which comes before this file.
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
 * @close: of what the driver core calls when a driver was unbound
 * @bytes: memory that can be reached
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

	for (i = 0; i < DMA_BYPASS_RANGES; i++)
		bytes += win->ram[i].end - win->ram[i].start;
	return bytes;
}

/* The first time, tables are allocated that stay. */
static inline struct opening bench_opening(struct kunit *test,
					   struct device *dev)
{
	u32 begun, opened, ended, cost = bench_clock_cost();
	u32 open[OPENING_ROUNDS], close[OPENING_ROUNDS];
	int i, loglevel = console_loglevel;
	struct opening took;

	/* The console would take most of it. */
	console_loglevel = CONSOLE_LOGLEVEL_SILENT;
	for (i = -1; i < OPENING_ROUNDS; i++) {
		begun = bench_clock();
		KUNIT_EXPECT_EQ(test, 0, dma_bypass_prepare(dev));
		opened = bench_clock();
		took.bytes = opening_bytes(dev);
		ended = bench_clock();
		dma_bypass_unbind(dev);
		ended = bench_clock() - ended;
		if (i < 0)
			continue;
		open[i] = bench_insns(opened - begun) - cost;
		close[i] = bench_insns(ended) - cost;
	}
	console_loglevel = loglevel;
	sort(open, OPENING_ROUNDS, sizeof(u32), bench_compare, NULL);
	sort(close, OPENING_ROUNDS, sizeof(u32), bench_compare, NULL);
	took.open = open[OPENING_ROUNDS / 2];
	took.close = close[OPENING_ROUNDS / 2];
	return took;
}

#endif /* _TEST_DMA_BYPASS_OPENING_H */
