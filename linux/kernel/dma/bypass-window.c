// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: what the mapping paths see.
 *
 * dev->dma_bypass points at the one of a device's windows that describes what the
 * mapping paths may do now: unopened, closed or open.  It is NULL as long as no window
 * is granted and none was there.
 */
#include <linux/slab.h>
#include "bypass.h"

#define CREATE_TRACE_POINTS
#include <trace/events/dma_bypass.h>

/* By device: most of them never have a window, and are not to pay for a pointer. */
DEFINE_XARRAY(dma_bypass_devices);

static dma_addr_t dma_bypass_request_map(struct device *dev, phys_addr_t phys,
					 size_t size,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	queue_work(system_dfl_wq, &dma_bypass_of(dev)->work);
	return DMA_MAPPING_ERROR;
}

static bool dma_bypass_request_owns(struct device *dev, dma_addr_t addr)
{
	const struct dma_bypass_ops *ops = dma_bypass_of(dev)->ops;

	return !ops->owns || ops->owns(dev, addr);
}

static const struct dma_bypass_ops dma_bypass_request_ops = {
	.map	= dma_bypass_request_map,
	.owns	= dma_bypass_request_owns,
};

/* Let the mapping paths see what holds now. */
void dma_bypass_update(struct dma_bypass *b)
{
	bool guarded = dma_bypass_wants_guard(b->policy);
	struct dma_bypass_window *win = b->open ?: b->unopened[guarded];

	lockdep_assert_held(&b->lock);
	if (b->reason != DMA_BYPASS_GRANTED ||
	    (b->open && guarded != !!b->open->priv) ||
	    ((!win->ops || win->priv) &&
	     dma_bypass_mask(b->dev) < win->base + win->size - 1))
		win = b->closed;
	/* No address to recognise, no mask to wait for. */
	if (win == b->closed && !win->size && b->reason != DMA_BYPASS_NO_MASK)
		win = NULL;
	/* Pairs with the address dependency of the readers' READ_ONCE(). */
	smp_store_release(&b->dev->dma_bypass, win);
}

/* Mappings read a window without a reference: it stays until the driver is unbound. */
static void dma_bypass_replace(struct dma_bypass *b,
			       struct dma_bypass_window **old,
			       struct dma_bypass_window *win)
{
	lockdep_assert_held(&b->lock);
	if (*old) {
		(*old)->stale = b->stale;
		b->stale = *old;
	}
	*old = win;
}

/* No mapping reads them any more, but somebody may look for their owner. */
void dma_bypass_free_stale(struct dma_bypass *b)
{
	struct dma_bypass_window *win = b->stale, *next;

	for (b->stale = NULL; win; win = next) {
		next = win->stale;
		kfree_rcu(win, rcu);
	}
}

/* The window is closed, and what was found out about the device no longer counts. */
void dma_bypass_reset(struct dma_bypass *b)
{
	guard(spinlock_irqsave)(&b->lock);
	dma_bypass_replace(b, &b->open, NULL);
	b->reason = dma_bypass_precheck(b->dev, b->policy);
	dma_bypass_update(b);
}

/* From now on, addresses in this place are recognised whatever is published. */
int dma_bypass_set_place(struct dma_bypass *b, const struct dma_bypass_window *place)
{
	struct dma_bypass_range all = { .size = PHYS_ADDR_MAX };
	struct dma_bypass_ram ram = { .ranges = &all, .nr = 1 };
	struct dma_bypass_window *win[3];
	int i;

	for (i = 0; i < 3; i++)
		win[i] = dma_bypass_alloc_window(place->base, place->size,
						 i ? &ram : NULL);
	if (!win[0] || !win[1] || !win[2]) {
		for (i = 0; i < 3; i++)
			kfree(win[i]);
		return -ENOMEM;
	}
	win[0]->ops = place->ops;
	win[0]->priv = place->priv;
	win[1]->ops = &dma_bypass_request_ops;
	win[2]->ops = &dma_bypass_request_ops;
	win[2]->attrs = DMA_ATTR_IOMMU_BYPASS;

	guard(spinlock_irqsave)(&b->lock);
	dma_bypass_replace(b, &b->closed, win[0]);
	dma_bypass_replace(b, &b->unopened[0], win[1]);
	dma_bypass_replace(b, &b->unopened[1], win[2]);
	dma_bypass_update(b);
	return 0;
}

/**
 * dma_bypass_publish - let a device's mappings use a window
 * @dev: device whose provider sets up its window, or whose open window has come to map
 *	other memory
 * @win: what dma_bypass_alloc_window() returned; it must map what is in flight.  The
 *	callee owns it.
 *
 * Context: Process context, under the provider's lock that serialises calls for
 * @dev with each other and with the provider's close().
 * Return: 0 or -ENOMEM.
 */
int dma_bypass_publish(struct device *dev, struct dma_bypass_window *win)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	int err = 0;

	if (!win)
		return -ENOMEM;
	if (win->base != b->closed->base || win->size != b->closed->size ||
	    win->priv != b->closed->priv)
		err = dma_bypass_set_place(b, win);
	if (err) {
		kfree(win);
		return err;
	}
	guard(spinlock_irqsave)(&b->lock);
	dma_bypass_replace(b, &b->open, win);
	dma_bypass_update(b);
	return 0;
}

/* When this returns, no mapping gets an address that the new mask forbids. */
void __dma_bypass_mask_changed(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	guard(spinlock_irqsave)(&b->lock);
	if (b->reason == DMA_BYPASS_NO_MASK)
		b->reason = DMA_BYPASS_GRANTED;
	dma_bypass_update(b);
}

/* Any context. */
enum dma_bypass_state dma_bypass_state(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return DMA_BYPASS_CLOSED;
	guard(spinlock_irqsave)(&b->lock);
	if (b->open)
		return dev->dma_bypass != b->open ? DMA_BYPASS_DRAINING :
		       b->open->priv ? DMA_BYPASS_GUARDED : DMA_BYPASS_OPEN;
	return b->ops->exposed && b->ops->exposed(dev) ? DMA_BYPASS_OPEN :
							 DMA_BYPASS_CLOSED;
}
