// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: what the command line says about them.
 */
#define pr_fmt(fmt) "dma_bypass: " fmt

#include <linux/bitmap.h>
#include <linux/dma-bypass-policy.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/sysfs.h>

/* Beside iommu.passthrough and iommu.strict. */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "iommu."

static const char * const dma_bypass_mode_names[] = {
	[DMA_BYPASS_MODE_REQUEST]	= "request",
	[DMA_BYPASS_MODE_DEFAULT]	= "default",
	[DMA_BYPASS_MODE_GUARD]		= "guard",
	[DMA_BYPASS_MODE_OPTIN]		= "optin",
	[DMA_BYPASS_MODE_NEVER]		= "never",
};

const char * const dma_bypass_policies[] = {
	[DMA_BYPASS_POLICY_DEFAULT]	= "default",
	[DMA_BYPASS_POLICY_ALLOW]	= "allow",
	[DMA_BYPASS_POLICY_GUARD]	= "guard",
	[DMA_BYPASS_POLICY_DENY]	= "deny",
};

/* A PCI device that the command line names, by address or by vendor and device. */
struct dma_bypass_id {
	enum dma_bypass_policy	policy;
	bool			by_address;
	u64			id;
};

#define DMA_BYPASS_MAX_IDS	32

static struct dma_bypass_id dma_bypass_ids[DMA_BYPASS_MAX_IDS] __ro_after_init;
static unsigned int dma_bypass_nr_ids __ro_after_init;
/* Grants by address whose device was removed. */
static DECLARE_BITMAP(dma_bypass_ended, DMA_BYPASS_MAX_IDS);
static int dma_bypass_cmdline_mode __ro_after_init = -1;
static bool dma_bypass_forced __ro_after_init;

enum dma_bypass_mode dma_bypass_mode(void)
{
	if (dma_bypass_cmdline_mode >= 0)
		return dma_bypass_cmdline_mode;
	return IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_NEVER) ? DMA_BYPASS_MODE_NEVER :
	       IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_OPTIN) ? DMA_BYPASS_MODE_OPTIN :
	       IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_GUARD) ? DMA_BYPASS_MODE_GUARD :
	       IS_ENABLED(CONFIG_DMA_BYPASS_DEFAULT_REQUEST) ? DMA_BYPASS_MODE_REQUEST :
							       DMA_BYPASS_MODE_DEFAULT;
}

/* An older switch on the command line demands translation. */
void __init dma_bypass_force_translation(void)
{
	dma_bypass_forced = true;
}

bool dma_bypass_translation_forced(void)
{
	return dma_bypass_forced;
}

static u64 dma_bypass_address(struct pci_dev *pdev)
{
	return (u64)pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
}

/* For drivers that are bound before user space can write a policy. */
enum dma_bypass_policy dma_bypass_boot_policy(struct device *dev)
{
	const struct dma_bypass_id *id = dma_bypass_ids;
	struct pci_dev *pdev;
	unsigned int i;
	u64 kind;

	if (!dev_is_pci(dev))
		return DMA_BYPASS_POLICY_DEFAULT;
	pdev = to_pci_dev(dev);
	kind = (u64)pdev->vendor << 16 | pdev->device;
	for (i = 0; i < dma_bypass_nr_ids; i++, id++)
		if (!test_bit(i, dma_bypass_ended) &&
		    id->id == (id->by_address ? dma_bypass_address(pdev) : kind))
			return id->policy;
	return DMA_BYPASS_POLICY_DEFAULT;
}

/*
 * A device is removed: what is plugged in next is another one.  What the command line
 * denies to its address stays denied, and what it says of a kind of devices holds.
 */
void dma_bypass_end_boot_grant(struct device *dev)
{
	unsigned int i;

	for (i = 0; dev_is_pci(dev) && i < dma_bypass_nr_ids; i++)
		if (dma_bypass_ids[i].by_address &&
		    dma_bypass_ids[i].policy != DMA_BYPASS_POLICY_DENY &&
		    dma_bypass_ids[i].id == dma_bypass_address(to_pci_dev(dev)))
			set_bit(i, dma_bypass_ended);
}

/* [domain:]bus:device.function or vendor:device, all in hexadecimal. */
static bool __init dma_bypass_parse_id(const char *word, struct dma_bypass_id *id)
{
	unsigned int domain = 0, bus, slot, func, vendor, device;
	int len;

	if (sscanf(word, "%x:%x%n", &vendor, &device, &len) == 2 && !word[len]) {
		id->by_address = false;
		id->id = (u64)vendor << 16 | device;
		return vendor <= 0xffff && device <= 0xffff;
	}
	if ((sscanf(word, "%x:%x.%x%n", &bus, &slot, &func, &len) != 3 ||
	     word[len]) &&
	    (sscanf(word, "%x:%x:%x.%x%n", &domain, &bus, &slot, &func,
		    &len) != 4 || word[len]))
		return false;
	id->by_address = true;
	id->id = (u64)domain << 16 | PCI_DEVID(bus, PCI_DEVFN(slot, func));
	return bus <= 0xff && slot <= 0x1f && func <= 7;
}

/* An id, or an id and "=" and a policy. */
static bool __init dma_bypass_parse_entry(char *entry, struct dma_bypass_id *id)
{
	const char *word = strsep(&entry, "=");
	int policy = DMA_BYPASS_POLICY_ALLOW;

	if (entry)
		policy = match_string(dma_bypass_policies, DMA_BYPASS_NR_POLICIES, entry);
	id->policy = policy;
	return policy > DMA_BYPASS_POLICY_DEFAULT && dma_bypass_parse_id(word, id);
}

static int __init dma_bypass_set_devices(const char *val, const struct kernel_param *kp)
{
	struct dma_bypass_id *id;
	char entry[40];
	size_t len;

	for (; *val; val += len + !!val[len]) {
		len = strcspn(val, ",");
		if (!len)
			continue;
		if (dma_bypass_nr_ids == DMA_BYPASS_MAX_IDS) {
			pr_warn("iommu.dma_bypass_devices: more than %d devices, ignoring \"%s\"\n",
				DMA_BYPASS_MAX_IDS, val);
			break;
		}
		id = &dma_bypass_ids[dma_bypass_nr_ids];
		strscpy(entry, val, min(len + 1, sizeof(entry)));
		if (len < sizeof(entry) && dma_bypass_parse_entry(entry, id))
			dma_bypass_nr_ids++;
		else
			pr_warn("iommu.dma_bypass_devices: ignoring \"%.*s\", not a PCI address nor vendor:device, with =allow, =guard or =deny\n",
				(int)len, val);
	}
	return 0;
}

/* A bad word means never, and of two words the stricter one wins. */
static int __init dma_bypass_set_mode(const char *val, const struct kernel_param *kp)
{
	const char *word = val ?: "";
	int mode = match_string(dma_bypass_mode_names,
				ARRAY_SIZE(dma_bypass_mode_names), word);

	if (mode < 0) {
		pr_warn("iommu.dma_bypass: unknown mode \"%s\", using \"never\"\n", word);
		mode = DMA_BYPASS_MODE_NEVER;
	}
	dma_bypass_cmdline_mode = max(dma_bypass_cmdline_mode, mode);
	return 0;
}

static int dma_bypass_get_mode(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", dma_bypass_mode_names[dma_bypass_mode()]);
}

static const struct kernel_param_ops dma_bypass_mode_param __refconst = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= dma_bypass_set_mode,
	.get	= dma_bypass_get_mode,
};

static const struct kernel_param_ops dma_bypass_devices_param __refconst = {
	.set	= dma_bypass_set_devices,
};

module_param_cb(dma_bypass, &dma_bypass_mode_param, NULL, 0444);
module_param_cb(dma_bypass_devices, &dma_bypass_devices_param, NULL, 0);
