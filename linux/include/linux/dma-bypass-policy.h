/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass windows: who may have one.
 */
#ifndef _LINUX_DMA_BYPASS_POLICY_H
#define _LINUX_DMA_BYPASS_POLICY_H

#include <linux/types.h>

struct device;

/* In order of strictness: of two modes on the command line the greater one wins. */
enum dma_bypass_mode {
	DMA_BYPASS_MODE_REQUEST,
	DMA_BYPASS_MODE_DEFAULT,
	DMA_BYPASS_MODE_GUARD,
	DMA_BYPASS_MODE_OPTIN,
	DMA_BYPASS_MODE_NEVER,
};

enum dma_bypass_policy {
	DMA_BYPASS_POLICY_DEFAULT,
	DMA_BYPASS_POLICY_ALLOW,
	DMA_BYPASS_POLICY_GUARD,
	DMA_BYPASS_POLICY_DENY,
	DMA_BYPASS_NR_POLICIES,
};

enum dma_bypass_state {
	DMA_BYPASS_CLOSED,
	DMA_BYPASS_OPEN,
	DMA_BYPASS_GUARDED,
	DMA_BYPASS_DRAINING,
};

/* Why a device has no open window; of several reasons the first one is reported. */
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
 * struct dma_bypass_eligibility - everything that decides about a window
 * @mode: the system mode
 * @policy: the administrator's policy for the device
 * @force_translation: an older switch demands translation (``iommu=force``)
 * @untrusted: external or untrusted device, or one that must bounce
 * @encrypted: devices see only memory that is bounced or decrypted
 * @group_denied: another device that would share the window is not allowed one
 * @unsupported: the IOMMU, the platform or the hypervisor cannot provide a window
 * @guardable: the provider can guard the window
 * @direct: the device is not translated, so there is nothing to bypass
 * @no_resources: the window could not be set up since the driver was bound
 * @mask: highest DMA address that the device can drive
 * @last: highest DMA address of the window; 0 where the mask does not matter
 */
struct dma_bypass_eligibility {
	enum dma_bypass_mode	mode;
	enum dma_bypass_policy	policy;
	bool			force_translation;
	bool			untrusted;
	bool			encrypted;
	bool			group_denied;
	bool			unsupported;
	bool			guardable;
	bool			direct;
	bool			no_resources;
	u64			mask;
	u64			last;
};

#ifdef CONFIG_DMA_BYPASS
extern const char * const dma_bypass_policies[DMA_BYPASS_NR_POLICIES];

enum dma_bypass_mode dma_bypass_mode(void);
void dma_bypass_force_translation(void);
bool dma_bypass_translation_forced(void);
enum dma_bypass_policy dma_bypass_boot_policy(struct device *dev);
void dma_bypass_end_boot_grant(struct device *dev);
enum dma_bypass_reason
dma_bypass_evaluate(const struct dma_bypass_eligibility *e);
bool dma_bypass_wants_guard(enum dma_bypass_policy policy);
enum dma_bypass_reason dma_bypass_precheck(struct device *dev,
					   enum dma_bypass_policy policy);
void dma_bypass_eligibility_init(struct device *dev,
				 enum dma_bypass_policy policy,
				 struct dma_bypass_eligibility *e);
const char *dma_bypass_reason_name(enum dma_bypass_reason reason);
int dma_bypass_reason_errno(enum dma_bypass_reason reason);
#else
static inline enum dma_bypass_mode dma_bypass_mode(void)
{
	return DMA_BYPASS_MODE_DEFAULT;
}

static inline void dma_bypass_force_translation(void) {}
#endif /* CONFIG_DMA_BYPASS */

/* Devices are translated unless a policy or an attribute allows bypass. */
static inline bool dma_bypass_default_translated(void)
{
	return dma_bypass_mode() != DMA_BYPASS_MODE_DEFAULT;
}

/* Nothing may bypass the IOMMU until reboot. */
static inline bool dma_bypass_disabled(void)
{
	return dma_bypass_mode() == DMA_BYPASS_MODE_NEVER;
}

#endif /* _LINUX_DMA_BYPASS_POLICY_H */
