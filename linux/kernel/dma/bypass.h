/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: what bypass*.c share.
 */
#ifndef _KERNEL_DMA_BYPASS_H
#define _KERNEL_DMA_BYPASS_H

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/dma-bypass-ops.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/**
 * struct dma_bypass - a device's bypass state
 * @dev: the device
 * @ops: its provider
 * @work: opens the window when a mapping has requested it
 * @lock: protects the windows, @reason, @mask_changed and publishing
 * @unopened: published until the window is requested
 * @closed: published while nothing new may be mapped
 * @open: what the provider has set up, or NULL
 * @stale: windows that were replaced, to be freed when the driver is unbound
 * @reason: result of the last evaluation, or of what is known without a request
 * @reported: the reason that was reported last
 * @failed: why the window could not be set up since the driver was bound
 * @policy: the administrator's policy
 * @mask_changed: the DMA mask was set since the last evaluation began
 * @in_sysfs: the files in sysfs exist
 * @node: in the list of devices that requested a window since they were bound
 * @rcu: for freeing it
 *
 * What @lock does not protect is protected by dma_bypass_mutex.
 */
struct dma_bypass {
	struct device			*dev;
	const struct dma_bypass_ops	*ops;
	struct work_struct		work;
	spinlock_t			lock;	/* of the windows */
	struct dma_bypass_window	*unopened;
	struct dma_bypass_window	*closed;
	struct dma_bypass_window	*open;
	struct dma_bypass_window	*stale;
	enum dma_bypass_reason		reason;
	enum dma_bypass_reason		reported;
	enum dma_bypass_reason		failed;
	enum dma_bypass_policy		policy;
	bool				mask_changed;
	bool				in_sysfs;
	struct list_head		node;
	struct rcu_head			rcu;
};

extern struct xarray dma_bypass_devices;

/* For slow paths; any context. */
static inline struct dma_bypass *dma_bypass_of(struct device *dev)
{
	return xa_load(&dma_bypass_devices, (unsigned long)dev);
}

void dma_bypass_update(struct dma_bypass *b);
void dma_bypass_reset(struct dma_bypass *b);
void dma_bypass_set_stale(struct dma_bypass *b, struct dma_bypass_window *win);
void dma_bypass_free_stale(struct dma_bypass *b);
int dma_bypass_set_place(struct dma_bypass *b, dma_addr_t base, dma_addr_t size,
			 const struct dma_bypass_ops *ops);
void __dma_bypass_mask_changed(struct device *dev);
void dma_bypass_for_each_open(void (*fn)(struct dma_bypass *b, void *data),
			      void *data);
void dma_bypass_sysfs_add(struct dma_bypass *b);
void dma_bypass_sysfs_remove(struct dma_bypass *b);
void dma_bypass_uevent(struct dma_bypass *b, enum dma_bypass_reason reason);
u64 dma_bypass_mask(struct device *dev);

#endif /* _KERNEL_DMA_BYPASS_H */
