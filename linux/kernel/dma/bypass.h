/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: the rungs of the mapping ladder in mapping.c.
 *
 * Those that return a bool return false for "not mine", and the caller goes on to
 * the next rung.  Those for lists go on themselves.
 */
#ifndef _KERNEL_DMA_BYPASS_H
#define _KERNEL_DMA_BYPASS_H

#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <linux/workqueue.h>

#ifdef CONFIG_DMA_BYPASS

/**
 * struct dma_bypass - a device's bypass state
 * @idle: window while nobody has asked
 * @shut: window while nothing new may be mapped
 * @dev: the device
 * @ops: its back end
 * @work: opens the window when a mapping has asked
 * @full: what the back end opened, before the DMA mask cuts it
 * @priv: the back end's handle of what it opened
 * @policy: the administrator's
 * @state: closed, open or draining
 * @reason: why it is not open
 * @failed: why it could not be built since the driver was bound
 * @mask: what the device can address, at the last look
 * @told: the driver's refusal was reported since it was bound
 * @in_sysfs: the files in sysfs exist
 * @announced: user space knows of them
 * @gone: the device is being deleted
 * @node: in dma_bypass_asked, from the first question to the driver's end
 *
 * All but the windows is protected by dma_bypass_mutex.  What memory hotplug may
 * change (@full.ram, @mask, @state from open to draining, @reason, @told) is
 * written under the lock of bypass-window.c besides.
 */
struct dma_bypass {
	struct dma_bypass_window	idle;
	struct dma_bypass_window	shut;
	struct device			*dev;
	const struct dma_bypass_ops	*ops;
	struct work_struct		work;
	struct dma_bypass_window	full;
	void				*priv;
	enum dma_bypass_policy		policy;
	enum dma_bypass_state		state;
	enum dma_bypass_reason		reason;
	enum dma_bypass_reason		failed;
	u64				mask;
	bool				told;
	bool				in_sysfs;
	bool				announced;
	bool				gone;
	struct list_head		node;
};

extern struct list_head dma_bypass_asked;

enum dma_bypass_reason dma_bypass_current_reason(struct dma_bypass *b);
void dma_bypass_refuse(struct dma_bypass *b, enum dma_bypass_reason reason);
void dma_bypass_idle(struct dma_bypass *b);
enum dma_bypass_reason dma_bypass_show(struct dma_bypass *b, u64 mask);
void dma_bypass_ranges(struct dma_bypass *b, struct dma_bypass_range *ram);
void dma_bypass_measure(struct dma_bypass *b, struct dma_bypass_info *info);
void dma_bypass_sysfs_add(struct dma_bypass *b);
void dma_bypass_uevent(struct dma_bypass *b);

dma_addr_t dma_bypass_resolve(const struct dma_bypass_window *win,
			      struct device *dev, phys_addr_t phys, size_t size,
			      enum dma_data_direction dir, unsigned long attrs);
int dma_bypass_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir, unsigned long attrs);
int dma_bypass_or_iommu_map_sg(struct device *dev, struct scatterlist *sgl,
			       int nents, enum dma_data_direction dir,
			       unsigned long attrs);
void dma_bypass_or_unmap_sg(struct device *dev, struct scatterlist *sgl,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs);
void __dma_bypass_sync_sg(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir, bool for_cpu);

static inline bool dma_bypass_in_ram(const struct dma_bypass_window *win,
				     phys_addr_t phys, size_t size)
{
	const struct dma_bypass_range *ram = win->ram;
	phys_addr_t end;

	/* Turns everything away at once where nothing may be mapped. */
	if (check_add_overflow(phys, size, &end) || end > ram[0].end)
		return false;
	if (phys >= ram[0].start)
		return true;
	if (phys >= ram[1].start && end <= ram[1].end)
		return true;
	return phys >= ram[2].start && end <= ram[2].end;
}

/*
 * The window that a mapping was asked for, if anything is in it, or NULL.  Once
 * there is one, dev->dma_bypass is not NULL again while somebody maps: who reads
 * it anew may find another window, in which less can be mapped, but whose
 * addresses are the same.
 */
static inline const struct dma_bypass_window *
dma_bypass_asked_for(struct device *dev, unsigned long attrs)
{
	const struct dma_bypass_window *win;

	if (!(attrs & DMA_ATTR_IOMMU_BYPASS))
		return NULL;
	win = READ_ONCE(dev->dma_bypass);
	/* A device that was refused leaves here. */
	return win && READ_ONCE(win->ram[0].end) ? win : NULL;
}

/*
 * Is a list for dma_bypass_or_map_sg()?  With dma-iommu all that other lists pay is
 * this test, and the rest of the question is put there.  To translate a list from
 * there by dma_map_ops would take a stack frame more, so without dma-iommu the
 * whole question is put here.
 */
static inline bool dma_bypass_wants_sg(struct device *dev, unsigned long attrs)
{
	if (IS_ENABLED(CONFIG_IOMMU_DMA))
		return attrs & DMA_ATTR_IOMMU_BYPASS;
	return dma_bypass_asked_for(dev, attrs);
}

static inline int dma_bypass_or_map_sg(struct device *dev,
				       struct scatterlist *sgl, int nents,
				       enum dma_data_direction dir,
				       unsigned long attrs)
{
	if (use_dma_iommu(dev))
		return dma_bypass_or_iommu_map_sg(dev, sgl, nents, dir, attrs);
	return dma_bypass_map_sg(dev, sgl, nents, dir, attrs);
}

static inline dma_addr_t dma_bypass_addr(const struct dma_bypass_window *win,
					 struct device *dev, phys_addr_t phys,
					 size_t size,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	if (!dma_bypass_in_ram(win, phys, size) ||
	    dma_kmalloc_needs_bounce(dev, size, dir))
		return DMA_MAPPING_ERROR;
	if (unlikely(win->ops))
		return dma_bypass_resolve(win, dev, phys, size, dir, attrs);
	return win->base + phys;
}

/* The caller has seen that it was asked for. */
static inline bool dma_bypass_map_phys(struct device *dev, phys_addr_t phys,
				       size_t size,
				       enum dma_data_direction dir,
				       unsigned long attrs, dma_addr_t *addr)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);

	*addr = dma_bypass_addr(win, dev, phys, size, dir, attrs);
	if (*addr == DMA_MAPPING_ERROR)
		return false;
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		arch_sync_dma_for_device(phys, size, dir);
	return true;
}

/* The window that an address may be in, or NULL. */
static inline const struct dma_bypass_window *
dma_bypass_below(struct device *dev, dma_addr_t addr)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);

	return win && addr >= win->base ? win : NULL;
}

/* By value, not by attribute: the policy or the driver may have changed. */
static inline const struct dma_bypass_window *
dma_bypass_find(struct device *dev, dma_addr_t addr)
{
	const struct dma_bypass_window *win = dma_bypass_below(dev, addr);

	if (!win)
		return NULL;
	if (unlikely(win->ops) && !win->ops->owns(dev, addr))
		return NULL;
	return win;
}

/* Only linear windows serve devices that need cache maintenance. */
static inline bool dma_bypass_sync_single_for_cpu(struct device *dev,
						  dma_addr_t addr, size_t size,
						  enum dma_data_direction dir)
{
	const struct dma_bypass_window *win = dma_bypass_find(dev, addr);

	if (!win)
		return false;
	if (!dev_is_dma_coherent(dev)) {
		arch_sync_dma_for_cpu(addr - win->base, size, dir);
		arch_sync_dma_for_cpu_all();
	}
	return true;
}

static inline bool dma_bypass_sync_single_for_device(struct device *dev,
						     dma_addr_t addr,
						     size_t size,
						     enum dma_data_direction dir)
{
	const struct dma_bypass_window *win = dma_bypass_find(dev, addr);

	if (!win)
		return false;
	if (!dev_is_dma_coherent(dev))
		arch_sync_dma_for_device(addr - win->base, size, dir);
	return true;
}

/* The caller has seen that it is not below the window. */
static inline bool dma_bypass_unmap(struct device *dev, dma_addr_t addr,
				    size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	const struct dma_bypass_window *win = READ_ONCE(dev->dma_bypass);

	if (unlikely(win->ops)) {
		if (!win->ops->owns(dev, addr))
			return false;
		if (win->ops->unmap)
			win->ops->unmap(dev, addr, size, dir, attrs);
	}
	if (!dev_is_dma_coherent(dev) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {
		arch_sync_dma_for_cpu(addr - win->base, size, dir);
		arch_sync_dma_for_cpu_all();
	}
	return true;
}

/*
 * A list is in the window as a whole or not at all, so its first entry speaks
 * for all.  The bus address of a peer is not the window's, whatever its value.
 */
static inline bool dma_bypass_owns_sg(struct device *dev,
				      struct scatterlist *sgl)
{
	return !sg_dma_is_bus_address(sgl) &&
	       dma_bypass_find(dev, sg_dma_address(sgl));
}

static inline bool dma_bypass_sync_sg_for_cpu(struct device *dev,
					      struct scatterlist *sgl,
					      int nents,
					      enum dma_data_direction dir)
{
	if (!dma_bypass_owns_sg(dev, sgl))
		return false;
	__dma_bypass_sync_sg(dev, sgl, nents, dir, true);
	return true;
}

static inline bool dma_bypass_sync_sg_for_device(struct device *dev,
						 struct scatterlist *sgl,
						 int nents,
						 enum dma_data_direction dir)
{
	if (!dma_bypass_owns_sg(dev, sgl))
		return false;
	__dma_bypass_sync_sg(dev, sgl, nents, dir, false);
	return true;
}

#else /* CONFIG_DMA_BYPASS */

static inline bool dma_bypass_wants_sg(struct device *dev, unsigned long attrs)
{
	return false;
}

static inline const struct dma_bypass_window *
dma_bypass_asked_for(struct device *dev, unsigned long attrs)
{
	return NULL;
}

static inline const struct dma_bypass_window *
dma_bypass_below(struct device *dev, dma_addr_t addr)
{
	return NULL;
}

static inline const struct dma_bypass_window *
dma_bypass_find(struct device *dev, dma_addr_t addr)
{
	return NULL;
}

static inline bool dma_bypass_in_ram(const struct dma_bypass_window *win,
				     phys_addr_t phys, size_t size)
{
	return false;
}

static inline bool dma_bypass_map_phys(struct device *dev, phys_addr_t phys,
				       size_t size,
				       enum dma_data_direction dir,
				       unsigned long attrs, dma_addr_t *addr)
{
	return false;
}

static inline bool dma_bypass_unmap(struct device *dev, dma_addr_t addr,
				    size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	return false;
}

static inline int dma_bypass_or_map_sg(struct device *dev,
				       struct scatterlist *sgl, int nents,
				       enum dma_data_direction dir,
				       unsigned long attrs)
{
	return 0;
}

static inline void dma_bypass_or_unmap_sg(struct device *dev,
					  struct scatterlist *sgl, int nents,
					  enum dma_data_direction dir,
					  unsigned long attrs)
{
}

static inline bool dma_bypass_sync_single_for_cpu(struct device *dev,
						  dma_addr_t addr, size_t size,
						  enum dma_data_direction dir)
{
	return false;
}

static inline bool dma_bypass_sync_single_for_device(struct device *dev,
						     dma_addr_t addr,
						     size_t size,
						     enum dma_data_direction dir)
{
	return false;
}

static inline bool dma_bypass_sync_sg_for_cpu(struct device *dev,
					      struct scatterlist *sgl,
					      int nents,
					      enum dma_data_direction dir)
{
	return false;
}

static inline bool dma_bypass_sync_sg_for_device(struct device *dev,
						 struct scatterlist *sgl,
						 int nents,
						 enum dma_data_direction dir)
{
	return false;
}

#endif /* CONFIG_DMA_BYPASS */
#endif /* _KERNEL_DMA_BYPASS_H */
