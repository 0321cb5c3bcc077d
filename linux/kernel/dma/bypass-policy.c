// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: which devices may have one.
 */
#include <linux/dma-bypass-policy.h>
#include <linux/dma-direct.h>
#include <linux/errno.h>
#include <linux/pci.h>
#include <linux/swiotlb.h>

static const struct {
	const char	*name;
	int		err;
} dma_bypass_reasons[DMA_BYPASS_NR_REASONS] = {
	[DMA_BYPASS_GRANTED]		= { "granted",		0 },
	[DMA_BYPASS_NO_MODE]		= { "mode",		-EPERM },
	[DMA_BYPASS_NO_POLICY]		= { "policy",		-EPERM },
	[DMA_BYPASS_NO_UNTRUSTED]	= { "untrusted",	-EPERM },
	[DMA_BYPASS_NO_ENCRYPTED]	= { "encrypted",	-EPERM },
	[DMA_BYPASS_NO_GROUP]		= { "group",		-EPERM },
	[DMA_BYPASS_NO_MASK]		= { "mask",		-EOPNOTSUPP },
	[DMA_BYPASS_NO_UNSUPPORTED]	= { "unsupported",	-EOPNOTSUPP },
	[DMA_BYPASS_NO_DIRECT]		= { "direct",		-EOPNOTSUPP },
	[DMA_BYPASS_NO_RESOURCES]	= { "resources",	-ENOMEM },
};

/**
 * dma_bypass_reason_name - the word for a reason
 * @reason: the reason
 *
 * Context: Any.
 * Return: the word that sysfs, trace events and the documentation use.
 */
const char *dma_bypass_reason_name(enum dma_bypass_reason reason)
{
	return dma_bypass_reasons[reason].name;
}

/**
 * dma_bypass_reason_errno - the errno for a reason
 * @reason: the reason
 *
 * Context: Any.
 * Return: 0 for DMA_BYPASS_GRANTED, else a negative errno.
 */
int dma_bypass_reason_errno(enum dma_bypass_reason reason)
{
	return dma_bypass_reasons[reason].err;
}

static bool dma_bypass_wants_open(const struct dma_bypass_eligibility *e)
{
	return e->policy == DMA_BYPASS_POLICY_ALLOW ||
	       (e->policy == DMA_BYPASS_POLICY_DEFAULT &&
		e->mode == DMA_BYPASS_MODE_REQUEST);
}

static bool dma_bypass_wants_guard(const struct dma_bypass_eligibility *e)
{
	return e->policy == DMA_BYPASS_POLICY_GUARD ||
	       (e->policy == DMA_BYPASS_POLICY_DEFAULT &&
		e->mode == DMA_BYPASS_MODE_GUARD);
}

/**
 * dma_bypass_evaluate - decide whether a device may have a bypass window
 * @e: everything that matters
 *
 * Looks at nothing but @e.  No provider has guarded windows yet.
 *
 * Context: Any.
 * Return: DMA_BYPASS_GRANTED, or the first reason against it.
 */
enum dma_bypass_reason
dma_bypass_evaluate(const struct dma_bypass_eligibility *e)
{
	const bool guard = dma_bypass_wants_guard(e);
	const bool against[DMA_BYPASS_NR_REASONS] = {
		[DMA_BYPASS_NO_MODE]		= e->force_translation ||
				e->mode == DMA_BYPASS_MODE_NEVER,
		[DMA_BYPASS_NO_POLICY]		= !guard &&
				!dma_bypass_wants_open(e),
		[DMA_BYPASS_NO_UNTRUSTED]	= e->untrusted,
		[DMA_BYPASS_NO_ENCRYPTED]	= e->encrypted,
		[DMA_BYPASS_NO_GROUP]		= e->group_denied,
		[DMA_BYPASS_NO_MASK]		= e->mask < e->last,
		[DMA_BYPASS_NO_UNSUPPORTED]	= e->unsupported || guard,
		[DMA_BYPASS_NO_DIRECT]		= e->direct,
		[DMA_BYPASS_NO_RESOURCES]	= e->no_resources,
	};
	int reason;

	for (reason = 0; reason < DMA_BYPASS_NR_REASONS; reason++)
		if (against[reason])
			return reason;
	return DMA_BYPASS_GRANTED;
}

static bool dma_bypass_untrusted(struct device *dev)
{
	if (is_swiotlb_force_bounce(dev))
		return true;
	return dev_is_pci(dev) && (to_pci_dev(dev)->untrusted ||
				   to_pci_dev(dev)->external_facing);
}

/**
 * dma_bypass_eligibility_init - set what is known of any device
 * @dev: the device
 * @policy: the administrator's policy for it
 * @e: set.  Mask, group and IOMMU are left as if they allowed everything
 *
 * Context: Any.
 */
void dma_bypass_eligibility_init(struct device *dev,
				 enum dma_bypass_policy policy,
				 struct dma_bypass_eligibility *e)
{
	*e = (struct dma_bypass_eligibility) {
		.mode			= dma_bypass_mode(),
		.policy			= policy,
		.force_translation	= dma_bypass_translation_forced(),
		.untrusted		= dma_bypass_untrusted(dev),
		.encrypted		= force_dma_unencrypted(dev),
		.mask			= U64_MAX,
	};
}

/**
 * dma_bypass_precheck - decide as far as no provider has to be asked
 * @dev: the device
 * @policy: the administrator's policy for it
 *
 * Context: Any.
 * Return: DMA_BYPASS_GRANTED if nothing but the group, the mask and the IOMMU could
 * be against a window, or the first reason.
 */
enum dma_bypass_reason dma_bypass_precheck(struct device *dev,
					   enum dma_bypass_policy policy)
{
	struct dma_bypass_eligibility e;

	dma_bypass_eligibility_init(dev, policy, &e);
	return dma_bypass_evaluate(&e);
}
