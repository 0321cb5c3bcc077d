// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: what the administrator sees, and says, of a device.
 * See Documentation/ABI/testing/sysfs-devices-dma_bypass.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/dma-bypass-ops.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "bypass.h"

static const char * const dma_bypass_policies[] = {
	[DMA_BYPASS_POLICY_DEFAULT]	= "default",
	[DMA_BYPASS_POLICY_ALLOW]	= "allow",
	[DMA_BYPASS_POLICY_DENY]	= "deny",
};

static const char * const dma_bypass_states[] = {
	[DMA_BYPASS_CLOSED]	= "closed",
	[DMA_BYPASS_OPEN]	= "open",
	[DMA_BYPASS_DRAINING]	= "draining",
};

static ssize_t policy_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  dma_bypass_policies[dma_bypass_policy(dev)]);
}

static ssize_t policy_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	int policy, err;

	/* As for the type of an IOMMU group. */
	if (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_RAWIO))
		return -EACCES;

	policy = sysfs_match_string(dma_bypass_policies, buf);
	if (policy < 0)
		return policy;
	err = dma_bypass_set_policy(dev, policy);
	return err ?: count;
}
static DEVICE_ATTR_RW(policy);

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  dma_bypass_states[dma_bypass_state(dev)]);
}
static DEVICE_ATTR_RO(state);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  dma_bypass_reason_name(dma_bypass_reason(dev)));
}
static DEVICE_ATTR_RO(reason);

static struct attribute *dma_bypass_attrs[] = {
	&dev_attr_policy.attr,
	&dev_attr_state.attr,
	&dev_attr_reason.attr,
	NULL
};

static const struct attribute_group dma_bypass_group = {
	.name	= "dma_bypass",
	.attrs	= dma_bypass_attrs,
};

/*
 * Called with the device in sysfs.  The files go with its directory.  Without
 * them the device still has what the command line says.
 */
void dma_bypass_sysfs_add(struct dma_bypass *b)
{
	b->in_sysfs = true;
	if (sysfs_create_group(&b->dev->kobj, &dma_bypass_group))
		dev_warn(b->dev, "cannot create dma_bypass in sysfs\n");
}

/* For udev.  dma_bypass_mutex held. */
void dma_bypass_uevent(struct dma_bypass *b)
{
	char policy[32], state[32], reason[32];
	char *envp[4] = { policy, state, reason, NULL };

	if (!device_is_registered(b->dev) || b->gone)
		return;
	snprintf(policy, sizeof(policy), "DMA_BYPASS_POLICY=%s",
		 dma_bypass_policies[b->policy]);
	snprintf(state, sizeof(state), "DMA_BYPASS_STATE=%s",
		 dma_bypass_states[b->state]);
	snprintf(reason, sizeof(reason), "DMA_BYPASS_REASON=%s",
		 dma_bypass_reason_name(dma_bypass_current_reason(b)));
	kobject_uevent_env(&b->dev->kobj, KOBJ_CHANGE, envp);
}
