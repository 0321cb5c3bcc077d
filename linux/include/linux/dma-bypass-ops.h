/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: for the code that provides them (IOMMU glue, architectures)
 * and for the code that decides about them.  Drivers want <linux/dma-bypass.h>.
 */
#ifndef _LINUX_DMA_BYPASS_OPS_H
#define _LINUX_DMA_BYPASS_OPS_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/dma-direction.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device;
struct dma_bypass;

/* Ordered: of two modes on the command line the greater one counts. */
enum dma_bypass_mode {
	DMA_BYPASS_MODE_REQUEST,
	DMA_BYPASS_MODE_DEFAULT,
	DMA_BYPASS_MODE_OPTIN,
	DMA_BYPASS_MODE_NEVER,
};

enum dma_bypass_policy {
	DMA_BYPASS_POLICY_DEFAULT,
	DMA_BYPASS_POLICY_ALLOW,
	DMA_BYPASS_POLICY_DENY,
};

enum dma_bypass_state {
	DMA_BYPASS_CLOSED,
	DMA_BYPASS_OPEN,
	DMA_BYPASS_DRAINING,
};

/* Why a window is closed; of several reasons the first one is told. */
enum dma_bypass_reason {
	DMA_BYPASS_GRANTED,
	DMA_BYPASS_NO_MODE,
	DMA_BYPASS_NO_POLICY,
	DMA_BYPASS_NO_UNTRUSTED,
	DMA_BYPASS_NO_ENCRYPTED,
	DMA_BYPASS_NO_GROUP,
	DMA_BYPASS_NO_MASK,
	DMA_BYPASS_NO_UNSUPPORTED,
	DMA_BYPASS_NO_DIRECT,
	DMA_BYPASS_NO_RESOURCES,
	DMA_BYPASS_NR_REASONS,
};

/**
 * struct dma_bypass_facts - all that dma_bypass_verdict() looks at
 * @mode: what the system administrator said for all devices
 * @policy: what the administrator said for this device
 * @forced: an older switch demands translation (``iommu=force``)
 * @untrusted: external or untrusted device, or one that must bounce
 * @encrypted: memory has to be bounced to be seen by a device at all
 * @group_denied: a device that would share the window is not granted itself
 * @unsupported: IOMMU, platform or hypervisor cannot
 * @direct: the device is not translated, there is nothing to bypass
 * @failed: the window could not be built since the driver was bound
 * @mask: highest address that the device can drive
 * @base: lowest address of the window
 */
struct dma_bypass_facts {
	enum dma_bypass_mode	mode;
	enum dma_bypass_policy	policy;
	bool			forced;
	bool			untrusted;
	bool			encrypted;
	bool			group_denied;
	bool			unsupported;
	bool			direct;
	bool			failed;
	u64			mask;
	u64			base;
};

/**
 * struct dma_bypass_range - physical memory from @start up to, without, @end
 * @start: first byte
 * @end: first byte behind; zero for an empty range
 */
struct dma_bypass_range {
	phys_addr_t	start;
	phys_addr_t	end;
};

#define DMA_BYPASS_RANGES	3

/**
 * struct dma_bypass_walk - collects ranges of memory in ascending order
 * @ram: where they are collected, DMA_BYPASS_RANGES of them
 * @run: the last one, which grows as long as what follows is adjacent
 */
struct dma_bypass_walk {
	struct dma_bypass_range	*ram;
	struct dma_bypass_range	run;
};

/**
 * struct dma_bypass_window - what the mapping paths read
 * @base: DMA address of physical address zero.  No other DMA address of the
 *	device lies at or above it.  Zero for a resolved window
 * @ops: NULL for a linear window: nobody has to be asked
 * @ram: what the window maps, highest addresses first, empty ranges last
 * @mask: the highest address that the device reaches; zero for a linear window,
 *	whose @ram says it
 * @owner: state behind the window, for the slow paths
 * @retired: windows that were replaced while the driver was bound
 * @rcu: for freeing it
 *
 * Readers take no lock and no reference.  So a window is not changed once it
 * is published in dev->dma_bypass, only replaced, and freed when the driver is
 * gone.  The first three members fill one cache line on 64-bit machines.
 */
struct dma_bypass_window {
	dma_addr_t			base;
	const struct dma_bypass_ops	*ops;
	struct dma_bypass_range		ram[DMA_BYPASS_RANGES];

	u64				mask;
	struct dma_bypass		*owner;
	struct dma_bypass_window	*retired;
	struct rcu_head			rcu;
} ____cacheline_aligned;

#ifdef CONFIG_64BIT
static_assert(offsetof(struct dma_bypass_window, mask) == 64);
#endif

/**
 * struct dma_bypass_info - what a window is made of, for people to read
 * @size: bytes of memory that it maps
 * @pgsizes: page sizes that it is mapped with, as a sum
 * @tables: bytes that its page tables take
 */
struct dma_bypass_info {
	u64		size;
	unsigned long	pgsizes;
	size_t		tables;
};

/**
 * struct dma_bypass_ops - a back end
 * @facts: fill in what only the back end knows: @group_denied, @unsupported,
 *	@direct, @base, and @mask where the device's own says too much.  Process
 *	context, dma_bypass_mutex held.
 * @open: make the window and describe it in @win (@base, @ram, and @ops unless
 *	linear); *@priv is handed to @close.  Process context, dma_bypass_mutex
 *	held.  Returns 0 or a negative errno, with everything undone.
 * @close: undo @open.  The driver is gone, nothing is in flight.  Context as
 *	for @open.
 * @info: tell what @open has made; NULL if there is nothing to tell
 * @map: for windows that are not linear.  Any context.  Returns the DMA
 *	address for @size bytes at @phys or DMA_MAPPING_ERROR: translate instead.
 *	Asked again for every mapping, whatever its answer was.
 * @unmap: undo @map (guarded windows); NULL where there is nothing to undo
 *	(resolved windows).  Any context.
 * @owns: did @map return @addr, and not the translating path?  Any context.
 *	Goes with @map.
 */
struct dma_bypass_ops {
	void (*facts)(struct device *dev, struct dma_bypass_facts *facts);
	int (*open)(struct device *dev, struct dma_bypass_window *win,
		    void **priv);
	void (*close)(struct device *dev, void *priv);
	void (*info)(struct device *dev, void *priv,
		     struct dma_bypass_info *info);
	dma_addr_t (*map)(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
	void (*unmap)(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);
	bool (*owns)(struct device *dev, dma_addr_t addr);
};

#ifdef CONFIG_DMA_BYPASS
enum dma_bypass_reason dma_bypass_verdict(const struct dma_bypass_facts *facts);
const char *dma_bypass_reason_name(enum dma_bypass_reason reason);
int dma_bypass_reason_errno(enum dma_bypass_reason reason);
enum dma_bypass_mode dma_bypass_mode(void);
bool dma_bypass_translates(void);
bool dma_bypass_never(void);
enum dma_bypass_policy dma_bypass_boot_policy(struct device *dev);
void dma_bypass_gather(struct device *dev, enum dma_bypass_policy policy,
		       struct dma_bypass_facts *facts);
void dma_bypass_forbid(void);

extern struct mutex dma_bypass_mutex;

int dma_bypass_attach(struct device *dev, const struct dma_bypass_ops *ops);
void dma_bypass_detach(struct device *dev);
void dma_bypass_device_added(struct device *dev);
void dma_bypass_device_removed(struct device *dev);
void dma_bypass_unbind(struct device *dev);
void dma_bypass_mask_changed(struct device *dev);
void dma_bypass_resize(struct device *dev,
		       const struct dma_bypass_window *win);

int dma_bypass_set_policy(struct device *dev, enum dma_bypass_policy policy);
bool dma_bypass_admitted(struct device *dev);
enum dma_bypass_policy dma_bypass_policy(struct device *dev);
enum dma_bypass_state dma_bypass_state(struct device *dev);
enum dma_bypass_reason dma_bypass_reason(struct device *dev);

void dma_bypass_add_range(struct dma_bypass_range *ram, phys_addr_t start,
			  phys_addr_t end);
int dma_bypass_add_online(unsigned long pfn, unsigned long nr_pages,
			  void *walk);
void dma_bypass_system_ram(struct dma_bypass_range *ram);
#else
static inline bool dma_bypass_translates(void)
{
	return false;
}

static inline bool dma_bypass_never(void)
{
	return false;
}

static inline void dma_bypass_forbid(void)
{
}

static inline void dma_bypass_detach(struct device *dev)
{
}

static inline void dma_bypass_device_added(struct device *dev)
{
}

static inline void dma_bypass_device_removed(struct device *dev)
{
}

static inline void dma_bypass_unbind(struct device *dev)
{
}

static inline void dma_bypass_mask_changed(struct device *dev)
{
}
#endif /* CONFIG_DMA_BYPASS */

#endif /* _LINUX_DMA_BYPASS_OPS_H */
