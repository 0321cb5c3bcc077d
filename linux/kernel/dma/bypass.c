// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: their life.
 *
 * A device with a back end has a struct dma_bypass.  dev->dma_bypass points at
 * the one of its windows that describes what the mapping paths may do now:
 *
 *	idle	nobody asked yet: the first mapping with the attribute asks
 *	shut	refused or draining: nothing new, but old addresses are known
 *	open	allocated, made by the back end
 *
 * A change replaces the pointer.  See struct dma_bypass_window for why that
 * needs neither locks nor references on the reading side.
 */
#include <linux/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-direct.h>
#include <linux/iommu-dma.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "bypass.h"

#define CREATE_TRACE_POINTS
#include <trace/events/dma_bypass.h>

/* Outside of every lock of the IOMMU core; never taken on a mapping path. */
DEFINE_MUTEX(dma_bypass_mutex);

/* Protected by it: devices that somebody asked about since they were bound. */
LIST_HEAD(dma_bypass_asked);

static dma_addr_t dma_bypass_ask(struct device *dev, phys_addr_t phys,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	struct dma_bypass *b = READ_ONCE(dev->dma_bypass)->owner;

	queue_work(system_unbound_wq, &b->work);
	return DMA_MAPPING_ERROR;
}

static bool dma_bypass_owns_none(struct device *dev, dma_addr_t addr)
{
	return false;
}

static const struct dma_bypass_ops dma_bypass_idle_ops = {
	.map	= dma_bypass_ask,
	.owns	= dma_bypass_owns_none,
};

/* Not only for the driver: its windows may be freed at the same time. */
static struct dma_bypass *dma_bypass_of(struct device *dev)
{
	struct dma_bypass_window *win;
	struct dma_bypass *b;

	rcu_read_lock();
	win = READ_ONCE(dev->dma_bypass);
	b = win ? win->owner : NULL;
	rcu_read_unlock();
	return b;
}

static u64 dma_bypass_mask(struct device *dev)
{
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}

static enum dma_bypass_reason dma_bypass_judge(struct dma_bypass *b, u64 *mask)
{
	struct dma_bypass_facts facts;

	*mask = 0;
	if (b->gone)
		return DMA_BYPASS_NO_UNSUPPORTED;
	dma_bypass_gather(b->dev, b->policy, &facts);
	facts.mask = dma_bypass_mask(b->dev);
	b->ops->facts(b->dev, &facts);
	/* A resolved address does not tell which memory to synchronise. */
	facts.unsupported |= b->ops->map && !dev_is_dma_coherent(b->dev);
	*mask = facts.mask;

	/* What came to light when it was built. */
	facts.unsupported |= b->failed == DMA_BYPASS_NO_UNSUPPORTED;
	facts.failed |= b->failed == DMA_BYPASS_NO_RESOURCES;
	if (b->failed == DMA_BYPASS_NO_MASK)
		facts.mask = facts.base;
	return dma_bypass_verdict(&facts);
}

/*
 * Of a window that is built; all zero if it is not linear.  Where the back end has
 * nothing to tell, it is the platform's, as large as what it shows.
 * dma_bypass_mutex held.
 */
void dma_bypass_measure(struct dma_bypass *b, struct dma_bypass_info *info)
{
	struct dma_bypass_range ram[DMA_BYPASS_RANGES];
	int i;

	memset(info, 0, sizeof(*info));
	if (b->full.ops)
		return;
	if (b->ops->info) {
		b->ops->info(b->dev, b->priv, info);
		return;
	}
	dma_bypass_ranges(b, ram);
	for (i = 0; i < DMA_BYPASS_RANGES; i++)
		info->size += ram[i].end - ram[i].start;
}

/* The opposite of the back end's open(). */
static void dma_bypass_raze(struct dma_bypass *b)
{
	struct dma_bypass_info info;
	ktime_t start;

	dma_bypass_measure(b, &info);
	start = ktime_get();
	b->ops->close(b->dev, b->priv);
	trace_dma_bypass_close(b->dev, b->full.base, &info,
			       ktime_to_ns(ktime_sub(ktime_get(), start)));
}

static enum dma_bypass_reason dma_bypass_raise(struct dma_bypass *b)
{
	ktime_t start = ktime_get(), end;
	struct dma_bypass_info info;
	int err;

	b->full.ops = NULL;
	memset(b->full.ram, 0, sizeof(b->full.ram));
	err = b->ops->open(b->dev, &b->full, &b->priv);
	if (err) {
		dev_warn(b->dev, "cannot open the bypass window: %pe\n",
			 ERR_PTR(err));
		return err == -EOPNOTSUPP ? DMA_BYPASS_NO_UNSUPPORTED :
					    DMA_BYPASS_NO_RESOURCES;
	}

	end = ktime_get();
	dma_bypass_measure(b, &info);
	trace_dma_bypass_open(b->dev, b->full.base, &info,
			      ktime_to_ns(ktime_sub(end, start)));
	return DMA_BYPASS_GRANTED;
}

static enum dma_bypass_reason dma_bypass_build(struct dma_bypass *b, u64 mask)
{
	enum dma_bypass_reason reason = dma_bypass_raise(b);
	struct dma_bypass_info info;

	if (reason == DMA_BYPASS_GRANTED) {
		/* Known from now on, whatever is decided later. */
		b->shut.base = b->full.base;
		b->shut.ops = b->full.ops;
		reason = dma_bypass_show(b, mask);
		if (reason != DMA_BYPASS_GRANTED)
			dma_bypass_raze(b);
	}

	if (reason != DMA_BYPASS_GRANTED) {
		b->failed = reason;
		return reason;
	}
	dma_bypass_measure(b, &info);
	if (b->full.ops)
		dev_info(b->dev, "bypass window open, mapping by mapping\n");
	else
		dev_info(b->dev, "bypass window open at %pad, %llu MiB\n",
			 &b->full.base, info.size >> 20);
	return DMA_BYPASS_GRANTED;
}

/*
 * Something changed that the verdict depends on.  Where there is no window it
 * is enough to let the next mapping ask, unless someone asks now (@ask).
 */
static void dma_bypass_reconsider(struct dma_bypass *b, bool ask)
{
	enum dma_bypass_state was = b->state;
	enum dma_bypass_reason reason;
	u64 mask;

	lockdep_assert_held(&dma_bypass_mutex);
	if (b->state == DMA_BYPASS_CLOSED && !ask) {
		dma_bypass_idle(b);
		return;
	}

	if (list_empty(&b->node))
		list_add_tail(&b->node, &dma_bypass_asked);
	reason = dma_bypass_judge(b, &mask);
	if (reason == DMA_BYPASS_GRANTED)
		reason = b->state == DMA_BYPASS_CLOSED ?
			 dma_bypass_build(b, mask) : dma_bypass_show(b, mask);
	if (reason != DMA_BYPASS_GRANTED)
		dma_bypass_refuse(b, reason);

	if (b->state != was)
		dma_bypass_uevent(b);
}

static void dma_bypass_work(struct work_struct *work)
{
	struct dma_bypass *b = container_of(work, struct dma_bypass, work);

	mutex_lock(&dma_bypass_mutex);
	if (b->state == DMA_BYPASS_CLOSED)
		dma_bypass_reconsider(b, true);
	mutex_unlock(&dma_bypass_mutex);
}

/* What the back end answers is checked here: it does not know the mask. */
dma_addr_t dma_bypass_resolve(const struct dma_bypass_window *win,
			      struct device *dev, phys_addr_t phys, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t addr = win->ops->map(dev, phys, size, dir, attrs), last;

	if (addr == DMA_MAPPING_ERROR)
		return addr;
	if (!check_add_overflow(addr, size - 1, &last) &&
	    last <= win->mask)
		return addr;
	if (win->ops->unmap)
		win->ops->unmap(dev, addr, size, dir, attrs);
	return DMA_MAPPING_ERROR;
}

/**
 * dma_bypass_prepare - open a device's bypass window before it is needed
 * @dev: device whose driver is going to map with DMA_ATTR_IOMMU_BYPASS
 *
 * Optional: without it the first mapping with the attribute opens the window
 * in the background, and is itself translated.  The window closes when the
 * driver is unbound.  A driver has no need to look at the answer: mapping with
 * the attribute is right in any case.
 *
 * Context: Process context, may sleep.
 * Return: 0 if the window is open, or the reason why it is not: -EPERM (mode),
 * -EACCES (policy), -EREMOTE (untrusted), -ENOKEY (encrypted), -EXDEV (group),
 * -ERANGE (mask), -EOPNOTSUPP (unsupported), -ENODEV (direct), -ENOMEM
 * (resources); or -EWOULDBLOCK if called from where it must not sleep.
 */
int dma_bypass_prepare(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	enum dma_bypass_reason reason;

	if (WARN_ON_ONCE(!in_task() || irqs_disabled()))
		return -EWOULDBLOCK;
	might_sleep();

	if (!b)
		return dma_bypass_reason_errno(dma_bypass_reason(dev));

	mutex_lock(&dma_bypass_mutex);
	dma_bypass_reconsider(b, true);
	reason = b->reason;
	mutex_unlock(&dma_bypass_mutex);

	return dma_bypass_reason_errno(reason);
}
EXPORT_SYMBOL_GPL(dma_bypass_prepare);

/*
 * A device's grant, a new device, and one that is gone count for those that
 * share its group.
 */
static void dma_bypass_recheck(void)
{
	struct dma_bypass *b;

	lockdep_assert_held(&dma_bypass_mutex);
	list_for_each_entry(b, &dma_bypass_asked, node)
		dma_bypass_reconsider(b, false);
}

/**
 * dma_bypass_device_added - a device may have joined an IOMMU group
 * @dev: device that was added, before a driver can be bound to it, or that is
 *	about to be bound: some IOMMUs get to know their devices only then
 *
 * Context: Process context.
 */
void dma_bypass_device_added(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b && !dev->iommu_group)
		return;
	mutex_lock(&dma_bypass_mutex);
	if (b && !b->in_sysfs)
		dma_bypass_sysfs_add(b);
	if (b && !b->announced) {
		b->announced = true;
		if (dev->kobj.state_add_uevent_sent)
			dma_bypass_uevent(b);
	}
	dma_bypass_recheck();
	mutex_unlock(&dma_bypass_mutex);
}

/**
 * dma_bypass_device_removed - a device is about to leave its IOMMU group
 * @dev: device that is being deleted, without a driver
 *
 * Its files in sysfs stay a little longer: from now on they do not make anybody
 * look at the group.
 *
 * Context: Process context.
 */
void dma_bypass_device_removed(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return;
	mutex_lock(&dma_bypass_mutex);
	b->gone = true;
	mutex_unlock(&dma_bypass_mutex);
}

/**
 * dma_bypass_attach - give a device a back end
 * @dev: device that the caller is setting up for translated DMA
 * @ops: the back end
 *
 * Nothing opens yet.  Harmless if @dev has a back end already.
 *
 * Context: Process context; may be called under locks of the IOMMU core.
 * Return: 0 or -ENOMEM: the device has no bypass then.
 */
int dma_bypass_attach(struct device *dev, const struct dma_bypass_ops *ops)
{
	struct dma_bypass *b;

	if (dev->dma_bypass)
		return 0;

	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;

	b->dev = dev;
	b->ops = ops;
	b->policy = dma_bypass_boot_policy(dev);
	INIT_WORK(&b->work, dma_bypass_work);
	INIT_LIST_HEAD(&b->node);

	b->idle.owner = b;
	b->idle.base = DMA_MAPPING_ERROR;
	b->idle.ops = &dma_bypass_idle_ops;
	b->idle.ram[0].end = (phys_addr_t)-1;

	b->shut.owner = b;
	b->shut.base = DMA_MAPPING_ERROR;
	b->shut.ops = &dma_bypass_idle_ops;

	dma_bypass_idle(b);
	if (device_is_registered(dev))
		dma_bypass_sysfs_add(b);
	return 0;
}

static void dma_bypass_close(struct dma_bypass *b)
{
	struct dma_bypass_window *win = b->full.retired, *next;
	bool had = b->state != DMA_BYPASS_CLOSED;

	lockdep_assert_held(&dma_bypass_mutex);
	if (had) {
		dma_bypass_raze(b);
		b->state = DMA_BYPASS_CLOSED;
		dev_info(b->dev, "bypass window closed\n");
	}

	list_del_init(&b->node);
	b->failed = DMA_BYPASS_GRANTED;
	b->told = false;
	b->shut.base = DMA_MAPPING_ERROR;
	b->shut.ops = &dma_bypass_idle_ops;
	dma_bypass_idle(b);
	if (had)
		dma_bypass_uevent(b);

	for (b->full.retired = NULL; win; win = next) {
		next = win->retired;
		kfree_rcu(win, rcu);
	}
}

/**
 * dma_bypass_unbind - the driver is gone: close its window
 * @dev: the device
 *
 * Context: Process context, called by the driver core when a driver was
 * unbound or failed to probe, and nothing of it is mapped any more.
 */
void dma_bypass_unbind(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return;
	cancel_work_sync(&b->work);
	mutex_lock(&dma_bypass_mutex);
	dma_bypass_close(b);
	mutex_unlock(&dma_bypass_mutex);
}

/**
 * dma_bypass_detach - take the back end from a device that goes away
 * @dev: the device
 *
 * Context: Process context, nobody uses @dev any more.
 */
void dma_bypass_detach(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return;
	dma_bypass_unbind(dev);
	dev->dma_bypass = NULL;
	kfree(b);

	/* It has no say in its group any more. */
	mutex_lock(&dma_bypass_mutex);
	dma_bypass_recheck();
	mutex_unlock(&dma_bypass_mutex);
}

/**
 * dma_bypass_mask_changed - the device's DMA mask was set
 * @dev: the device
 *
 * When this returns, no mapping gets an address that the new mask forbids.
 *
 * Context: Process context.
 */
void dma_bypass_mask_changed(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return;
	mutex_lock(&dma_bypass_mutex);
	if (b->failed == DMA_BYPASS_NO_MASK)
		b->failed = DMA_BYPASS_GRANTED;
	dma_bypass_reconsider(b, false);
	mutex_unlock(&dma_bypass_mutex);
}

/**
 * dma_bypass_set_policy - the administrator's word about a device
 * @dev: the device
 * @policy: what is to hold from now on
 *
 * Denying refuses new mappings at once.  Those in flight stay valid, and the
 * window stays until the driver is unbound.
 *
 * Context: Process context.
 * Return: 0, -ENODEV if @dev has no back end, or -EPERM for loosening what the
 * system mode forbids.
 */
int dma_bypass_set_policy(struct device *dev, enum dma_bypass_policy policy)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	enum dma_bypass_state was;
	bool changed;

	if (!b)
		return -ENODEV;
	if (policy == DMA_BYPASS_POLICY_ALLOW && dma_bypass_never())
		return -EPERM;

	mutex_lock(&dma_bypass_mutex);
	was = b->state;
	changed = b->policy != policy;
	b->policy = policy;
	b->failed = DMA_BYPASS_GRANTED;
	b->told = false;
	dma_bypass_reconsider(b, false);
	if (changed && b->state == was)
		dma_bypass_uevent(b);
	dma_bypass_recheck();
	mutex_unlock(&dma_bypass_mutex);
	return 0;
}

/**
 * dma_bypass_policy - what the administrator said about a device
 * @dev: the device
 *
 * Context: Any.
 * Return: the policy; that of the command line where @dev has no back end.
 */
enum dma_bypass_policy dma_bypass_policy(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	return b ? READ_ONCE(b->policy) : dma_bypass_boot_policy(dev);
}

/**
 * dma_bypass_state - whether a device's window is open
 * @dev: the device
 *
 * Context: Any.
 * Return: the state; closed where there is no back end.
 */
enum dma_bypass_state dma_bypass_state(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	return b ? READ_ONCE(b->state) : DMA_BYPASS_CLOSED;
}

/* What is in force, or would be said to someone who asks now. */
enum dma_bypass_reason dma_bypass_current_reason(struct dma_bypass *b)
{
	u64 mask;

	lockdep_assert_held(&dma_bypass_mutex);
	return b->state == DMA_BYPASS_CLOSED ? dma_bypass_judge(b, &mask) :
					       b->reason;
}

/**
 * dma_bypass_reason - why a device's window is not open
 * @dev: the device
 *
 * Context: Process context.
 * Return: the reason; DMA_BYPASS_GRANTED if it is open, or if nothing but that
 * nobody asked keeps it from being open.
 */
enum dma_bypass_reason dma_bypass_reason(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	enum dma_bypass_reason reason;

	if (!b)
		return use_dma_iommu(dev) || get_dma_ops(dev) ?
		       DMA_BYPASS_NO_UNSUPPORTED : DMA_BYPASS_NO_DIRECT;

	mutex_lock(&dma_bypass_mutex);
	reason = dma_bypass_current_reason(b);
	mutex_unlock(&dma_bypass_mutex);
	return reason;
}

/**
 * dma_bypass_admitted - would the administrator let this device bypass?
 * @dev: device that would see another one's window, as it shares its group
 *
 * Context: Process context, dma_bypass_mutex held.
 * Return: true if nothing but its own reach and IOMMU could speak against it.
 */
bool dma_bypass_admitted(struct device *dev)
{
	struct dma_bypass_facts facts;

	lockdep_assert_held(&dma_bypass_mutex);
	dma_bypass_gather(dev, dma_bypass_policy(dev), &facts);
	return dma_bypass_verdict(&facts) == DMA_BYPASS_GRANTED;
}
