// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: /sys/kernel/debug/dma_bypass lists those in force.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include "bypass.h"

static void dma_bypass_show_window(struct seq_file *m,
				   struct dma_bypass *b)
{
	struct dma_bypass_range ram[DMA_BYPASS_RANGES];
	struct dma_bypass_info info;
	int i;

	seq_printf(m, "%s %s ", dev_name(b->dev),
		   b->state == DMA_BYPASS_OPEN ? "open" : "draining");
	if (b->full.ops) {
		seq_puts(m, "mapping by mapping\n");
		return;
	}
	dma_bypass_measure(b, &info);
	dma_bypass_ranges(b, ram);
	seq_printf(m, "base %pad size 0x%llx pgsizes 0x%lx tables %zu\n",
		   &b->full.base, info.size, info.pgsizes, info.tables);
	for (i = 0; i < DMA_BYPASS_RANGES && ram[i].end; i++)
		seq_printf(m, "  %pa-%pa\n", &ram[i].start, &ram[i].end);
}

static int dma_bypass_windows_show(struct seq_file *m, void *unused)
{
	struct dma_bypass *b;

	mutex_lock(&dma_bypass_mutex);
	list_for_each_entry(b, &dma_bypass_asked, node)
		if (b->state != DMA_BYPASS_CLOSED)
			dma_bypass_show_window(m, b);
	mutex_unlock(&dma_bypass_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dma_bypass_windows);

static int __init dma_bypass_debugfs_init(void)
{
	debugfs_create_file("dma_bypass", 0400, NULL, NULL,
			    &dma_bypass_windows_fops);
	return 0;
}
late_initcall(dma_bypass_debugfs_init);
