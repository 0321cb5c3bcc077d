/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: for providers, dma-iommu and architectures.  Drivers include
 * <linux/dma-bypass.h>.
 */
#ifndef _LINUX_DMA_BYPASS_OPS_H
#define _LINUX_DMA_BYPASS_OPS_H

#include <linux/cache.h>
#include <linux/dma-bypass-policy.h>
#include <linux/dma-direction.h>
#include <linux/types.h>

struct device;
struct dma_bypass_window;
struct scatterlist;

/**
 * struct dma_bypass_range - a range of physical memory
 * @start: its first byte
 * @size: its length in bytes
 */
struct dma_bypass_range {
	phys_addr_t	start;
	phys_addr_t	size;
};

/**
 * struct dma_bypass_window - what the mapping paths read
 * @base: DMA address of physical address 0; for a resolved window the lowest
 *	address that may be one of its own
 * @size: length of the DMA address range that starts at @base; no DMA address in
 *	it belongs to a translated mapping, unless @ops->owns says so
 * @ops: NULL for a linear window
 * @priv: of a guarded window, for @ops; NULL for others
 * @attrs: what is added to the attributes of every mapping: DMA_ATTR_IOMMU_BYPASS
 *	where mappings without it are tried, too
 * @nr_ranges: number of ranges, at least 1
 * @ranges: the memory that the window maps, largest range first; one range of length 0
 *	if nothing can be mapped
 * @stale: the core's
 * @rcu: the core's
 *
 * Readers take no lock and no reference: a window does not change once it is
 * published in dev->dma_bypass.  It is replaced, and freed after the driver is
 * unbound.  What a mapping in the first range reads is one cache line.
 */
struct dma_bypass_window {
	struct rcu_head			rcu;
	struct dma_bypass_window	*stale;
	dma_addr_t			base ____cacheline_aligned;
	dma_addr_t			size;
	const struct dma_bypass_ops	*ops;
	void				*priv;
	unsigned long			attrs;
	unsigned int			nr_ranges;
	struct dma_bypass_range		ranges[] __counted_by(nr_ranges);
};

/**
 * struct dma_bypass_ops - a provider of bypass windows
 * @eligibility: set what only the provider knows: @group_denied, @unsupported,
 *	@direct, @last, and @mask where the device's own is too wide.  Changes
 *	nothing else.  Process context, dma_bypass_mutex held.
 * @open: set up the window and call dma_bypass_publish(), under the lock that
 *	serialises later calls of it.  Process context, dma_bypass_mutex held.
 *	Returns 0, or a negative errno with everything undone: -EPERM (reason
 *	group), -ERANGE (mask), -EOPNOTSUPP (unsupported), others (resources).
 * @close: undo @open.  The driver is unbound, and nothing uses the window.
 *	Context as for @open.
 * @exposed: optional.  Whether the device reaches memory through a window that
 *	@open did not set up, or that @close could not tear down.  Any context.
 * @map: resolved windows only.  Return the DMA address of @size bytes at @phys,
 *	or DMA_MAPPING_ERROR to have the mapping translated.  Any context.  There is
 *	no call that undoes it.
 * @owns: resolved windows only.  Whether @addr came from @map and not from a
 *	translated mapping.  Any context.
 * @guard_map: this one and the following are for guarded windows only.  Let the
 *	device reach @size bytes at @phys, in direction @dir, at the DMA address that
 *	is returned; DMA_MAPPING_ERROR to have the mapping translated.  Any context.
 * @guard_unmap: undo @guard_map.  On return the device reaches no page that is not
 *	mapped otherwise.  Any context.
 * @guard_map_sg: as @guard_map for each entry of a list, or for none
 * @guard_unmap_sg: as @guard_unmap for each entry of a list
 */
struct dma_bypass_ops {
	void (*eligibility)(struct device *dev, struct dma_bypass_eligibility *e);
	int (*open)(struct device *dev);
	void (*close)(struct device *dev);
	bool (*exposed)(struct device *dev);
	dma_addr_t (*map)(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
	bool (*owns)(struct device *dev, dma_addr_t addr);
	dma_addr_t (*guard_map)(const struct dma_bypass_window *win,
				struct device *dev, phys_addr_t phys,
				size_t size, enum dma_data_direction dir);
	void (*guard_unmap)(const struct dma_bypass_window *win,
			    dma_addr_t addr, size_t size);
	bool (*guard_map_sg)(const struct dma_bypass_window *win,
			     struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir);
	void (*guard_unmap_sg)(const struct dma_bypass_window *win,
			       struct scatterlist *sgl, int nents);
};

/**
 * struct dma_bypass_ram - memory that a window is going to map
 * @ranges: the ranges, in ascending order
 * @nr: number of ranges
 * @err: 0, or -ENOMEM after which nothing is added any more
 *
 * All zero at first.  The functions that fill it may sleep.
 */
struct dma_bypass_ram {
	struct dma_bypass_range	*ranges;
	unsigned int		nr;
	int			err;
};

#ifdef CONFIG_DMA_BYPASS
/* bypass-ram.c */
void dma_bypass_ram_add(struct dma_bypass_ram *ram, phys_addr_t start, phys_addr_t end);
void dma_bypass_ram_remove(struct dma_bypass_ram *ram, phys_addr_t start, phys_addr_t end);
void dma_bypass_ram_add_online(struct dma_bypass_ram *ram, phys_addr_t start,
			       phys_addr_t end);
void dma_bypass_ram_add_system(struct dma_bypass_ram *ram, phys_addr_t start,
			       phys_addr_t end);
void dma_bypass_ram_free(struct dma_bypass_ram *ram);
struct dma_bypass_window *
dma_bypass_alloc_window(dma_addr_t base, dma_addr_t size, const struct dma_bypass_ram *ram);

/* bypass.c */
int dma_bypass_attach(struct device *dev, const struct dma_bypass_ops *ops);
void dma_bypass_detach(struct device *dev);
void dma_bypass_unbind(struct device *dev);
int dma_bypass_publish(struct device *dev, struct dma_bypass_window *win);
void dma_bypass_recheck(void);
bool dma_bypass_allowed(struct device *dev);
bool dma_bypass_guarded(struct device *dev);
int dma_bypass_set_policy(struct device *dev, enum dma_bypass_policy policy);
enum dma_bypass_policy dma_bypass_policy(struct device *dev);
enum dma_bypass_state dma_bypass_state(struct device *dev);
enum dma_bypass_reason dma_bypass_reason(struct device *dev);
#else
static inline void dma_bypass_detach(struct device *dev) {}
static inline void dma_bypass_recheck(void) {}
static inline void dma_bypass_unbind(struct device *dev) {}
#endif /* CONFIG_DMA_BYPASS */

#endif /* _LINUX_DMA_BYPASS_OPS_H */
