/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: what bypass*.c share.
 */
#ifndef _KERNEL_DMA_BYPASS_H
#define _KERNEL_DMA_BYPASS_H

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/* A device that has a provider.  dma_bypass_mutex protects what @lock does not. */
struct dma_bypass {
	struct device			*dev;
	const struct dma_bypass_ops	*ops;
	struct work_struct		work;		/* a mapping's request */
	spinlock_t			lock;		/* windows, reason, publishing */
	struct dma_bypass_window	*unopened[2];	/* until it is requested; guarded */
	struct dma_bypass_window	*closed;	/* while nothing may be mapped */
	struct dma_bypass_window	*open;		/* set up by @ops, or NULL */
	struct dma_bypass_window	*stale;		/* replaced since bound */
	enum dma_bypass_reason		reason;		/* last evaluated */
	enum dma_bypass_reason		reported;	/* last logged */
	enum dma_bypass_reason		failed;		/* to set up, since bound */
	enum dma_bypass_policy		policy;
	u64				mask;		/* last evaluated */
	bool				in_sysfs;
	struct list_head		node;		/* in dma_bypass_list */
	struct rcu_head			rcu;
};

extern struct mutex dma_bypass_mutex;
extern struct list_head dma_bypass_list;
extern struct xarray dma_bypass_devices;

/* For slow paths; any context. */
static inline struct dma_bypass *dma_bypass_of(struct device *dev)
{
	return xa_load(&dma_bypass_devices, (unsigned long)dev);
}

static inline u64 dma_bypass_mask(struct device *dev)
{
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}

/* bypass-window.c */
void dma_bypass_update(struct dma_bypass *b);
void dma_bypass_reset(struct dma_bypass *b);
void dma_bypass_free_stale(struct dma_bypass *b);
int dma_bypass_set_place(struct dma_bypass *b,
			 const struct dma_bypass_window *place);
void __dma_bypass_mask_changed(struct device *dev);

/* bypass-sysfs.c */
extern const char * const dma_bypass_states[];
void dma_bypass_sysfs_add(struct dma_bypass *b);
void dma_bypass_sysfs_remove(struct dma_bypass *b);
void dma_bypass_uevent(struct dma_bypass *b, enum dma_bypass_reason reason);

#endif /* _KERNEL_DMA_BYPASS_H */
