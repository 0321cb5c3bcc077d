// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: what the mapping paths see of them.
 */
#include <linux/device.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <trace/events/dma_bypass.h>
#include "bypass.h"

/*
 * Memory hotplug changes what an open window shows, under locks that others wait
 * for with dma_bypass_mutex held (through that of an IOMMU group).  So it takes
 * this one alone, which is inside of all others.
 */
static DEFINE_MUTEX(dma_bypass_window_mutex);

static void dma_bypass_publish(struct dma_bypass *b,
			       struct dma_bypass_window *win)
{
	lockdep_assert_held(&dma_bypass_window_mutex);
	/* Pairs with the address dependency of the readers' READ_ONCE(). */
	smp_store_release(&b->dev->dma_bypass, win);
}

static void dma_bypass_shut(struct dma_bypass *b, enum dma_bypass_reason reason)
{
	b->reason = reason;
	if (b->state == DMA_BYPASS_OPEN)
		b->state = DMA_BYPASS_DRAINING;
	dma_bypass_publish(b, &b->shut);
}

/* Told once per driver: a refusal is nothing to worry about. */
static void __dma_bypass_refuse(struct dma_bypass *b,
				enum dma_bypass_reason reason)
{
	if (!b->told || b->reason != reason)
		trace_dma_bypass_refuse(b->dev, reason);
	if (!b->told) {
		b->told = true;
		dev_dbg(b->dev, "no bypass: %s\n",
			dma_bypass_reason_name(reason));
	}
	dma_bypass_shut(b, reason);
}

/* Nothing new from now on. */
void dma_bypass_refuse(struct dma_bypass *b, enum dma_bypass_reason reason)
{
	lockdep_assert_held(&dma_bypass_mutex);
	mutex_lock(&dma_bypass_window_mutex);
	__dma_bypass_refuse(b, reason);
	mutex_unlock(&dma_bypass_window_mutex);
}

/* Let the next mapping with the attribute ask. */
void dma_bypass_idle(struct dma_bypass *b)
{
	mutex_lock(&dma_bypass_window_mutex);
	dma_bypass_publish(b, &b->idle);
	mutex_unlock(&dma_bypass_window_mutex);
}

/* Cut @win to what the device can address; false if nothing is left. */
static bool dma_bypass_clip(struct dma_bypass_window *win, u64 mask)
{
	struct dma_bypass_range full[DMA_BYPASS_RANGES];
	int i;

	if (win->ops) {
		win->mask = mask;
		return true;
	}

	memcpy(full, win->ram, sizeof(full));
	memset(win->ram, 0, sizeof(win->ram));
	if (mask <= win->base)
		return false;
	for (i = DMA_BYPASS_RANGES - 1; i >= 0; i--)
		if (full[i].end)
			dma_bypass_add_range(win->ram, full[i].start,
					     min_t(u64, full[i].end - 1,
						   mask - win->base) + 1);
	return win->ram[0].end;
}

/* Windows are not changed: what was shown before may be shown again. */
static struct dma_bypass_window *
dma_bypass_shown(struct dma_bypass *b, const struct dma_bypass_window *win)
{
	struct dma_bypass_window *old;

	for (old = b->full.retired; old; old = old->retired)
		if (!memcmp(old, win, offsetof(struct dma_bypass_window,
					       owner)))
			break;
	return old;
}

static enum dma_bypass_reason __dma_bypass_show(struct dma_bypass *b)
{
	struct dma_bypass_window *win = kmemdup(&b->full, sizeof(b->full),
						GFP_KERNEL);
	struct dma_bypass_window *old;

	if (!win)
		return DMA_BYPASS_NO_RESOURCES;
	if (!dma_bypass_clip(win, b->mask)) {
		kfree(win);
		return DMA_BYPASS_NO_MASK;
	}

	old = dma_bypass_shown(b, win);
	if (old) {
		kfree(win);
		win = old;
	} else {
		win->owner = b;
		win->retired = b->full.retired;
		b->full.retired = win;
	}
	dma_bypass_publish(b, win);
	b->reason = DMA_BYPASS_GRANTED;
	b->state = DMA_BYPASS_OPEN;
	return DMA_BYPASS_GRANTED;
}

/*
 * The window is built: let the mapping paths see what @mask allows of it.
 * Returns DMA_BYPASS_GRANTED, or why they see nothing new.
 */
enum dma_bypass_reason dma_bypass_show(struct dma_bypass *b, u64 mask)
{
	enum dma_bypass_reason reason;

	lockdep_assert_held(&dma_bypass_mutex);
	mutex_lock(&dma_bypass_window_mutex);
	b->mask = mask;
	reason = __dma_bypass_show(b);
	mutex_unlock(&dma_bypass_window_mutex);
	return reason;
}

/**
 * dma_bypass_resize - an open window has come to map other memory
 * @dev: device whose window it is
 * @win: its new ranges; must not map less than what is in flight
 *
 * Context: Process context, in memory hotplug, too.  The back end sees to it that
 * the window is not closed meanwhile; dma_bypass_mutex does not have to be held.
 */
void dma_bypass_resize(struct device *dev, const struct dma_bypass_window *win)
{
	struct dma_bypass *b = READ_ONCE(dev->dma_bypass)->owner;
	enum dma_bypass_reason reason;

	mutex_lock(&dma_bypass_window_mutex);
	memcpy(b->full.ram, win->ram, sizeof(b->full.ram));
	if (b->state == DMA_BYPASS_OPEN) {
		reason = __dma_bypass_show(b);
		if (reason != DMA_BYPASS_GRANTED)
			__dma_bypass_refuse(b, reason);
	}
	mutex_unlock(&dma_bypass_window_mutex);
}

/* The ranges that a window shows as a whole, for people to read. */
void dma_bypass_ranges(struct dma_bypass *b, struct dma_bypass_range *ram)
{
	mutex_lock(&dma_bypass_window_mutex);
	memcpy(ram, b->full.ram, sizeof(b->full.ram));
	mutex_unlock(&dma_bypass_window_mutex);
}
