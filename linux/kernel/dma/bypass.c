// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: evaluated, set up and torn down.
 *
 * Lock order: dma_bypass_mutex, the provider's locks, dma_bypass::lock.
 */
#include <linux/dma-bypass.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/slab.h>
#include "bypass.h"
#include <trace/events/dma_bypass.h>

/* Outside of every lock of the IOMMU core; never taken on a mapping path. */
DEFINE_MUTEX(dma_bypass_mutex);

/* Devices that requested a window since their driver was bound. */
LIST_HEAD(dma_bypass_list);

static enum dma_bypass_reason dma_bypass_check(struct dma_bypass *b)
{
	struct dma_bypass_eligibility e;

	lockdep_assert_held(&dma_bypass_mutex);
	dma_bypass_eligibility_init(b->dev, b->policy, &e);
	b->mask = dma_bypass_mask(b->dev);
	e.mask = b->mask;
	e.guardable = false;
	b->ops->eligibility(b->dev, &e);
	/* A resolved address does not tell which memory to synchronise. */
	e.unsupported |= b->ops->map && !dev_is_dma_coherent(b->dev);
	e.unsupported |= b->failed == DMA_BYPASS_NO_UNSUPPORTED;
	e.no_resources |= b->failed == DMA_BYPASS_NO_RESOURCES;
	return dma_bypass_evaluate(&e);
}

static enum dma_bypass_reason dma_bypass_setup(struct dma_bypass *b)
{
	int err = b->ops->open(b->dev);

	switch (err) {
	case 0:
		trace_dma_bypass_open(b->dev, b->open);
		dev_info(b->dev, "%sbypass window open at %pad\n",
			 b->open->priv ? "guarded " : "", &b->open->base);
		return DMA_BYPASS_GRANTED;
	case -EPERM:
		return DMA_BYPASS_NO_GROUP;
	case -ERANGE:
		return DMA_BYPASS_NO_MASK;
	case -EOPNOTSUPP:
		b->failed = DMA_BYPASS_NO_UNSUPPORTED;
		break;
	default:
		b->failed = DMA_BYPASS_NO_RESOURCES;
	}
	dev_warn(b->dev, "cannot open the bypass window: %pe\n", ERR_PTR(err));
	return b->failed;
}

/* Evaluate, set up where @open, publish, report.  Return the reason. */
static enum dma_bypass_reason dma_bypass_apply(struct dma_bypass *b, bool open)
{
	enum dma_bypass_state state = dma_bypass_state(b->dev);
	enum dma_bypass_reason reason = dma_bypass_check(b);

	if (open && reason == DMA_BYPASS_GRANTED && !b->open)
		reason = dma_bypass_setup(b);
	scoped_guard(spinlock_irqsave, &b->lock) {
		b->reason = reason;
		/* Not what was evaluated with another mask. */
		if (reason == DMA_BYPASS_NO_MASK && b->mask != dma_bypass_mask(b->dev))
			b->reason = DMA_BYPASS_GRANTED;
		dma_bypass_update(b);
	}

	/* Not a warning: the driver loses nothing but speed. */
	if (reason != DMA_BYPASS_GRANTED && reason != b->reported) {
		trace_dma_bypass_refuse(b->dev, reason);
		dev_dbg(b->dev, "no bypass: %s\n", dma_bypass_reason_name(reason));
	}
	b->reported = reason;
	if (dma_bypass_state(b->dev) != state)
		dma_bypass_uevent(b, reason);
	return reason;
}

static enum dma_bypass_reason dma_bypass_request(struct dma_bypass *b)
{
	if (list_empty(&b->node))
		list_add_tail(&b->node, &dma_bypass_list);
	return dma_bypass_apply(b, true);
}

static void dma_bypass_work(struct work_struct *work)
{
	struct dma_bypass *b = container_of(work, struct dma_bypass, work);

	guard(mutex)(&dma_bypass_mutex);
	dma_bypass_request(b);
}

/**
 * dma_bypass_prepare - open a device's bypass window before it is needed
 * @dev: device whose driver is going to map with DMA_ATTR_IOMMU_BYPASS
 *
 * Optional: without it the first mapping with the attribute, itself translated, opens
 * the window in the background.  It closes when the driver is unbound.  To map with the
 * attribute is right whatever is returned.
 *
 * Context: Process context, may sleep.
 * Return: 0 if the window is open; -EPERM if it is not granted (reason mode,
 * policy, untrusted, encrypted or group); -EOPNOTSUPP if there can be none
 * (mask, unsupported or direct); -ENOMEM (resources).
 */
int dma_bypass_prepare(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	might_sleep();
	if (!b)
		return dma_bypass_reason_errno(dma_bypass_reason(dev));

	guard(mutex)(&dma_bypass_mutex);
	return dma_bypass_reason_errno(dma_bypass_request(b));
}
EXPORT_SYMBOL_GPL(dma_bypass_prepare);

/**
 * dma_bypass_recheck - evaluate the devices that requested a window anew
 *
 * To be called when a device has joined or left the group of others.
 *
 * Context: Process context.
 */
void dma_bypass_recheck(void)
{
	struct dma_bypass *b;

	if (list_empty_careful(&dma_bypass_list))
		return;
	guard(mutex)(&dma_bypass_mutex);
	list_for_each_entry(b, &dma_bypass_list, node)
		dma_bypass_apply(b, false);
}

/**
 * dma_bypass_attach - give a device a provider of bypass windows
 * @dev: device that the caller sets up for translated DMA, without a driver
 * @ops: the provider
 *
 * Nothing opens yet.  Called again when the device's domain was replaced, it forgets the
 * addresses of the former window.
 *
 * Context: Process context, locks of the IOMMU core may be held.
 * Return: 0 or -ENOMEM: the device has no bypass then.
 */
int dma_bypass_attach(struct device *dev, const struct dma_bypass_ops *ops)
{
	static const struct dma_bypass_window nowhere;
	struct dma_bypass *b = dma_bypass_of(dev);

	if (b)
		return b->closed->size ? dma_bypass_set_place(b, &nowhere) : 0;

	b = kzalloc_obj(*b);
	if (!b)
		return -ENOMEM;
	b->dev = dev;
	b->ops = ops;
	b->policy = dma_bypass_boot_policy(dev);
	b->reason = dma_bypass_precheck(dev, b->policy);
	spin_lock_init(&b->lock);
	INIT_WORK(&b->work, dma_bypass_work);
	INIT_LIST_HEAD(&b->node);
	if (xa_err(xa_store(&dma_bypass_devices, (unsigned long)dev, b,
			    GFP_KERNEL)) ||
	    dma_bypass_set_place(b, &nowhere)) {
		xa_erase(&dma_bypass_devices, (unsigned long)dev);
		kfree_rcu(b, rcu);
		return -ENOMEM;
	}
	dma_bypass_sysfs_add(b);
	return 0;
}

/**
 * dma_bypass_unbind - close the window of a device whose driver is gone
 * @dev: the device
 *
 * Its addresses are still recognised when they are unmapped late.
 *
 * Context: Process context, before anybody else can own the device's group.
 */
void dma_bypass_unbind(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	struct dma_bypass_window *win;

	if (!b)
		return;
	dev_clear_dma_merges(dev);
	cancel_work_sync(&b->work);
	if (list_empty_careful(&b->node))
		return;
	guard(mutex)(&dma_bypass_mutex);
	win = b->open;
	if (win) {
		trace_dma_bypass_close(dev, win);
		b->ops->close(dev);
		dev_info(dev, "bypass window closed\n");
	}
	list_del_init(&b->node);
	b->failed = DMA_BYPASS_GRANTED;
	b->reported = DMA_BYPASS_GRANTED;
	dma_bypass_reset(b);
	dma_bypass_free_stale(b);
	if (win)
		dma_bypass_uevent(b, dma_bypass_check(b));
}

/**
 * dma_bypass_detach - take the provider from a device that goes away
 * @dev: device without a driver, in its IOMMU group as long as a window may be open
 *
 * Context: Process context, no lock held that readers of its files in sysfs wait for.
 */
void dma_bypass_detach(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	dma_bypass_end_boot_grant(dev);
	if (!b)
		return;
	dma_bypass_sysfs_remove(b);
	dma_bypass_unbind(dev);
	WRITE_ONCE(dev->dma_bypass, NULL);
	dma_bypass_free_stale(b);
	kfree_rcu(b->closed, rcu);
	kfree_rcu(b->unopened[0], rcu);
	kfree_rcu(b->unopened[1], rcu);
	xa_erase(&dma_bypass_devices, (unsigned long)dev);
	kfree_rcu(b, rcu);
}

/*
 * To deny refuses new mappings at once.  Those in flight stay valid, and the window
 * stays until the driver is unbound.
 */
int dma_bypass_set_policy(struct device *dev, enum dma_bypass_policy policy)
{
	struct dma_bypass *b = dma_bypass_of(dev);
	enum dma_bypass_state state = dma_bypass_state(dev);
	bool changed;

	if (!b)
		return -ENODEV;
	if (dma_bypass_disabled() && (policy == DMA_BYPASS_POLICY_ALLOW ||
				      policy == DMA_BYPASS_POLICY_GUARD))
		return -EPERM;

	scoped_guard(mutex, &dma_bypass_mutex) {
		changed = b->policy != policy;
		WRITE_ONCE(b->policy, policy);
		b->failed = DMA_BYPASS_GRANTED;
		b->reported = DMA_BYPASS_GRANTED;
		if (list_empty(&b->node))
			dma_bypass_reset(b);
	}
	dma_bypass_recheck();
	/* A change of the state has sent one. */
	if (changed && dma_bypass_state(dev) == state)
		dma_bypass_uevent(b, dma_bypass_reason(dev));
	return 0;
}

/**
 * dma_bypass_policy - the administrator's policy for a device
 * @dev: the device
 *
 * Context: Any.
 * Return: the policy; that of the command line where @dev has no provider.
 */
enum dma_bypass_policy dma_bypass_policy(struct device *dev)
{
	struct dma_bypass *b;

	guard(rcu)();
	b = dma_bypass_of(dev);
	return b ? READ_ONCE(b->policy) : dma_bypass_boot_policy(dev);
}

/*
 * Why a window is not open.  DMA_BYPASS_GRANTED if it is, or would open when a mapping
 * requests it.  Changes nothing.
 */
enum dma_bypass_reason dma_bypass_reason(struct device *dev)
{
	struct dma_bypass *b = dma_bypass_of(dev);

	if (!b)
		return use_dma_iommu(dev) || get_dma_ops(dev) ?
		       DMA_BYPASS_NO_UNSUPPORTED : DMA_BYPASS_NO_DIRECT;

	guard(mutex)(&dma_bypass_mutex);
	return dma_bypass_check(b);
}

/**
 * dma_bypass_allowed - whether the administrator lets a device bypass
 * @dev: device that would share another one's open window
 *
 * Context: Any.
 * Return: true if nothing but its own mask and IOMMU could prevent it.
 */
bool dma_bypass_allowed(struct device *dev)
{
	enum dma_bypass_policy policy = dma_bypass_policy(dev);

	return !dma_bypass_wants_guard(policy) &&
	       dma_bypass_precheck(dev, policy) == DMA_BYPASS_GRANTED;
}

/**
 * dma_bypass_guarded - whether a device's window is to be guarded
 * @dev: device whose provider opens its window
 *
 * Context: Any.
 * Return: true if the window, if there is one, has to be a guarded one.
 */
bool dma_bypass_guarded(struct device *dev)
{
	return dma_bypass_wants_guard(dma_bypass_policy(dev));
}
