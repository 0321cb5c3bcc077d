// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: who may have one.
 */
#define pr_fmt(fmt) "dma_bypass: " fmt

#include <linux/dma-bypass-ops.h>
#include <linux/dma-direct.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/swiotlb.h>

/* Beside iommu.passthrough and iommu.strict. */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "iommu."

static const char * const dma_bypass_mode_names[] = {
	[DMA_BYPASS_MODE_REQUEST]	= "request",
	[DMA_BYPASS_MODE_DEFAULT]	= "default",
	[DMA_BYPASS_MODE_OPTIN]		= "optin",
	[DMA_BYPASS_MODE_NEVER]		= "never",
};

static const struct {
	const char	*name;
	int		err;
} dma_bypass_reasons[DMA_BYPASS_NR_REASONS] = {
	[DMA_BYPASS_GRANTED]		= { "granted",		0 },
	[DMA_BYPASS_NO_MODE]		= { "mode",		-EPERM },
	[DMA_BYPASS_NO_POLICY]		= { "policy",		-EACCES },
	[DMA_BYPASS_NO_UNTRUSTED]	= { "untrusted",	-EREMOTE },
	[DMA_BYPASS_NO_ENCRYPTED]	= { "encrypted",	-ENOKEY },
	[DMA_BYPASS_NO_GROUP]		= { "group",		-EXDEV },
	[DMA_BYPASS_NO_MASK]		= { "mask",		-ERANGE },
	[DMA_BYPASS_NO_UNSUPPORTED]	= { "unsupported",	-EOPNOTSUPP },
	[DMA_BYPASS_NO_DIRECT]		= { "direct",		-ENODEV },
	[DMA_BYPASS_NO_RESOURCES]	= { "resources",	-ENOMEM },
};

/* PCI devices that the command line opted in, by address or by kind. */
struct dma_bypass_id {
	bool		by_address;
	unsigned int	domain;
	unsigned int	bus;
	unsigned int	devfn;
	unsigned int	vendor;
	unsigned int	device;
};

#define DMA_BYPASS_MAX_IDS	32

static struct dma_bypass_id dma_bypass_ids[DMA_BYPASS_MAX_IDS] __ro_after_init;
static unsigned int dma_bypass_nr_ids __ro_after_init;
static int dma_bypass_cmdline_mode __ro_after_init = -1;
static bool dma_bypass_forbidden __ro_after_init;

/**
 * dma_bypass_reason_name - the word for a reason
 * @reason: the reason
 *
 * Context: Any.
 * Return: the word that sysfs, traces and the documentation use.
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
 * Return: 0 for DMA_BYPASS_GRANTED, else a negative errno of its own for each.
 */
int dma_bypass_reason_errno(enum dma_bypass_reason reason)
{
	return dma_bypass_reasons[reason].err;
}

/**
 * dma_bypass_mode - the system mode in force
 *
 * Context: Any.
 * Return: what ``iommu.dma_bypass=`` said, else what the configuration says.
 */
enum dma_bypass_mode dma_bypass_mode(void)
{
	if (dma_bypass_cmdline_mode >= 0)
		return dma_bypass_cmdline_mode;
	if (IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_NEVER))
		return DMA_BYPASS_MODE_NEVER;
	if (IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_OPTIN))
		return DMA_BYPASS_MODE_OPTIN;
	if (IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_REQUEST))
		return DMA_BYPASS_MODE_REQUEST;
	return DMA_BYPASS_MODE_DEFAULT;
}

/**
 * dma_bypass_translates - shall the platform not bypass on its own?
 *
 * Context: Any.
 * Return: true if devices are to be translated unless somebody says otherwise
 * of a device, or of a mapping.
 */
bool dma_bypass_translates(void)
{
	return dma_bypass_mode() != DMA_BYPASS_MODE_DEFAULT;
}

/**
 * dma_bypass_never - shall nothing ever go around the IOMMU?
 *
 * Context: Any.
 * Return: true if nobody may loosen that until reboot.
 */
bool dma_bypass_never(void)
{
	return dma_bypass_mode() == DMA_BYPASS_MODE_NEVER;
}

/**
 * dma_bypass_forbid - an older switch says that every device is translated
 *
 * Context: Boot, while the command line is parsed.
 */
void __init dma_bypass_forbid(void)
{
	dma_bypass_forbidden = true;
}

static bool dma_bypass_opted_in(const struct dma_bypass_facts *facts)
{
	switch (facts->policy) {
	case DMA_BYPASS_POLICY_ALLOW:
		return true;
	case DMA_BYPASS_POLICY_DENY:
		return false;
	default:
		return facts->mode == DMA_BYPASS_MODE_REQUEST;
	}
}

/**
 * dma_bypass_verdict - may this device have a bypass window?
 * @facts: everything that counts
 *
 * Pure: it looks at nothing but @facts.
 *
 * Context: Any.
 * Return: DMA_BYPASS_GRANTED, or the first reason against it.
 */
enum dma_bypass_reason dma_bypass_verdict(const struct dma_bypass_facts *facts)
{
	const bool against[DMA_BYPASS_NR_REASONS] = {
		[DMA_BYPASS_NO_MODE]		= facts->forced ||
				facts->mode == DMA_BYPASS_MODE_NEVER,
		[DMA_BYPASS_NO_POLICY]		= !dma_bypass_opted_in(facts),
		[DMA_BYPASS_NO_UNTRUSTED]	= facts->untrusted,
		[DMA_BYPASS_NO_ENCRYPTED]	= facts->encrypted,
		[DMA_BYPASS_NO_GROUP]		= facts->group_denied,
		[DMA_BYPASS_NO_MASK]		= facts->mask <= facts->base,
		[DMA_BYPASS_NO_UNSUPPORTED]	= facts->unsupported,
		[DMA_BYPASS_NO_DIRECT]		= facts->direct,
		[DMA_BYPASS_NO_RESOURCES]	= facts->failed,
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
 * dma_bypass_gather - collect what can be known of any device
 * @dev: the device
 * @policy: the administrator's word about it
 * @facts: set.  Mask, group and IOMMU are left as if they allowed everything
 *
 * Context: Any.
 */
void dma_bypass_gather(struct device *dev, enum dma_bypass_policy policy,
		       struct dma_bypass_facts *facts)
{
	*facts = (struct dma_bypass_facts) {
		.mode		= dma_bypass_mode(),
		.policy		= policy,
		.forced		= dma_bypass_forbidden,
		.untrusted	= dma_bypass_untrusted(dev),
		.encrypted	= force_dma_unencrypted(dev),
		.mask		= U64_MAX,
	};
}

static bool dma_bypass_id_matches(const struct dma_bypass_id *id,
				  struct pci_dev *pdev)
{
	if (id->by_address)
		return id->domain == pci_domain_nr(pdev->bus) &&
		       id->bus == pdev->bus->number &&
		       id->devfn == pdev->devfn;
	return id->vendor == pdev->vendor && id->device == pdev->device;
}

/**
 * dma_bypass_boot_policy - what the command line says about a device
 * @dev: the device
 *
 * For drivers that are bound before user space could say anything.
 *
 * Context: Any.
 * Return: the policy that the device starts with.
 */
enum dma_bypass_policy dma_bypass_boot_policy(struct device *dev)
{
	unsigned int i;

	if (!dev_is_pci(dev))
		return DMA_BYPASS_POLICY_DEFAULT;
	for (i = 0; i < dma_bypass_nr_ids; i++)
		if (dma_bypass_id_matches(&dma_bypass_ids[i], to_pci_dev(dev)))
			return DMA_BYPASS_POLICY_ALLOW;
	return DMA_BYPASS_POLICY_DEFAULT;
}

/* [domain:]bus:device.function or vendor:device, all in hexadecimal. */
static bool __init dma_bypass_parse_id(const char *word,
				       struct dma_bypass_id *id)
{
	unsigned int slot, func;
	int len = 0;

	*id = (struct dma_bypass_id) { .by_address = true };
	if ((sscanf(word, "%x:%x:%x.%x%n", &id->domain, &id->bus, &slot, &func,
		    &len) == 4 && !word[len]) ||
	    (sscanf(word, "%x:%x.%x%n", &id->bus, &slot, &func, &len) == 3 &&
	     !word[len])) {
		id->devfn = PCI_DEVFN(slot, func);
		return id->bus <= 0xff && slot <= 0x1f && func <= 7;
	}

	id->by_address = false;
	return sscanf(word, "%x:%x%n", &id->vendor, &id->device, &len) == 2 &&
	       !word[len] && id->vendor <= 0xffff && id->device <= 0xffff;
}

static int __init dma_bypass_set_devices(const char *val,
					 const struct kernel_param *kp)
{
	struct dma_bypass_id *id;
	char word[32];
	size_t len;

	for (; val && *val; val += len + !!val[len]) {
		len = strcspn(val, ",");
		if (!len)
			continue;
		if (dma_bypass_nr_ids == DMA_BYPASS_MAX_IDS) {
			pr_warn("iommu.dma_bypass_devices: more than %d devices, ignoring \"%s\"\n",
				DMA_BYPASS_MAX_IDS, val);
			break;
		}
		id = &dma_bypass_ids[dma_bypass_nr_ids];
		if (len < sizeof(word)) {
			memcpy(word, val, len);
			word[len] = '\0';
		}
		if (len < sizeof(word) && dma_bypass_parse_id(word, id))
			dma_bypass_nr_ids++;
		else
			pr_warn("iommu.dma_bypass_devices: ignoring \"%.*s\", not a PCI address nor vendor:device\n",
				(int)len, val);
	}
	return 0;
}

/* Strict in doubt: a bad word means never, and of two words the stricter one. */
static int __init dma_bypass_set_mode(const char *val,
				      const struct kernel_param *kp)
{
	int mode = val ? match_string(dma_bypass_mode_names,
				      ARRAY_SIZE(dma_bypass_mode_names), val) :
			 -EINVAL;

	if (mode < 0) {
		pr_warn("iommu.dma_bypass: unknown mode \"%s\", taking \"never\"\n",
			val ?: "");
		mode = DMA_BYPASS_MODE_NEVER;
	}
	dma_bypass_cmdline_mode = max(dma_bypass_cmdline_mode, mode);
	return 0;
}

static int dma_bypass_get_mode(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n",
			  dma_bypass_mode_names[dma_bypass_mode()]);
}

static const struct kernel_param_ops dma_bypass_mode_param __refconst = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= dma_bypass_set_mode,
	.get	= dma_bypass_get_mode,
};

static const struct kernel_param_ops dma_bypass_devices_param __refconst = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= dma_bypass_set_devices,
};

module_param_cb(dma_bypass, &dma_bypass_mode_param, NULL, 0444);
module_param_cb(dma_bypass_devices, &dma_bypass_devices_param, NULL, 0);
