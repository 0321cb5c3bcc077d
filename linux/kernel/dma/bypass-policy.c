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

const char *dma_bypass_reason_name(enum dma_bypass_reason reason)
{
	return dma_bypass_reasons[reason].name;
}

int dma_bypass_reason_errno(enum dma_bypass_reason reason)
{
	return dma_bypass_reasons[reason].err;
}

/* Whether the device is granted a window by @policy, or by @mode in its place. */
static bool dma_bypass_wants(const struct dma_bypass_eligibility *e,
			     enum dma_bypass_policy policy,
			     enum dma_bypass_mode mode)
{
	return e->policy == policy ||
	       (e->policy == DMA_BYPASS_POLICY_DEFAULT && e->mode == mode);
}

/*
 * Return the first reason against a window, or DMA_BYPASS_GRANTED.  Looks at nothing
 * but @e.
 */
enum dma_bypass_reason
dma_bypass_evaluate(const struct dma_bypass_eligibility *e)
{
	const bool open = dma_bypass_wants(e, DMA_BYPASS_POLICY_ALLOW,
					   DMA_BYPASS_MODE_REQUEST);
	const bool guard = dma_bypass_wants(e, DMA_BYPASS_POLICY_GUARD,
					    DMA_BYPASS_MODE_GUARD);
	const bool against[DMA_BYPASS_NR_REASONS] = {
		[DMA_BYPASS_NO_MODE]		= e->force_translation ||
				e->mode == DMA_BYPASS_MODE_NEVER,
		[DMA_BYPASS_NO_POLICY]		= !guard && !open,
		[DMA_BYPASS_NO_UNTRUSTED]	= e->untrusted,
		[DMA_BYPASS_NO_ENCRYPTED]	= e->encrypted,
		[DMA_BYPASS_NO_GROUP]		= e->group_denied,
		[DMA_BYPASS_NO_MASK]		= e->mask < e->last,
		[DMA_BYPASS_NO_UNSUPPORTED]	= e->unsupported ||
				(guard && !e->guardable),
		[DMA_BYPASS_NO_DIRECT]		= e->direct,
		[DMA_BYPASS_NO_RESOURCES]	= e->no_resources,
	};
	int reason;

	for (reason = 0; reason < DMA_BYPASS_NR_REASONS; reason++)
		if (against[reason])
			return reason;
	return DMA_BYPASS_GRANTED;
}

/* What is known of any device; mask, group and IOMMU are left as if they allowed all. */
void dma_bypass_eligibility_init(struct device *dev,
				 enum dma_bypass_policy policy,
				 struct dma_bypass_eligibility *e)
{
	struct pci_dev *pdev = dev_is_pci(dev) ? to_pci_dev(dev) : NULL;

	*e = (struct dma_bypass_eligibility) {
		.mode			= dma_bypass_mode(),
		.policy			= policy,
		.force_translation	= dma_bypass_translation_forced(),
		.untrusted		= is_swiotlb_force_bounce(dev) ||
				(pdev && (pdev->untrusted || pdev->external_facing)),
		.encrypted		= force_dma_unencrypted(dev),
		.guardable		= true,
		.mask			= U64_MAX,
	};
}

/* Whether the window of a device with this policy is to be guarded, if it has one. */
bool dma_bypass_wants_guard(enum dma_bypass_policy policy)
{
	const struct dma_bypass_eligibility e = {
		.mode	= dma_bypass_mode(),
		.policy	= policy,
	};

	return dma_bypass_wants(&e, DMA_BYPASS_POLICY_GUARD,
				DMA_BYPASS_MODE_GUARD);
}

/* Decide as far as no provider has to be asked.  Any context. */
enum dma_bypass_reason dma_bypass_precheck(struct device *dev,
					   enum dma_bypass_policy policy)
{
	struct dma_bypass_eligibility e;

	dma_bypass_eligibility_init(dev, policy, &e);
	return dma_bypass_evaluate(&e);
}
