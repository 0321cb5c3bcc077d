// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: /sys/kernel/debug/dma_bypass lists those that are open.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include "bypass.h"

static int dma_bypass_windows_show(struct seq_file *m, void *unused)
{
	const struct dma_bypass_window *win;
	struct dma_bypass *b;
	unsigned int i;

	guard(mutex)(&dma_bypass_mutex);
	list_for_each_entry(b, &dma_bypass_list, node) {
		win = b->open;
		if (!win)
			continue;
		seq_printf(m, "%s %s ", dev_name(b->dev),
			   dma_bypass_states[dma_bypass_state(b->dev)]);
		if (win->ops && !win->priv) {
			seq_puts(m, "resolved\n");
			continue;
		}
		seq_printf(m, "base %pad size 0x%llx\n", &win->base, (u64)win->size);
		for (i = 0; i < win->nr_ranges; i++)
			seq_printf(m, "  %pa size 0x%llx\n", &win->ranges[i].start,
				   (u64)win->ranges[i].size);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dma_bypass_windows);

static int __init dma_bypass_debugfs_init(void)
{
	debugfs_create_file("dma_bypass", 0400, NULL, NULL, &dma_bypass_windows_fops);
	return 0;
}
late_initcall(dma_bypass_debugfs_init);
