// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows: the administrator's files.
 * See Documentation/ABI/testing/sysfs-devices-dma_bypass.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/dma-bypass-ops.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "bypass.h"

const char * const dma_bypass_states[] = {
	[DMA_BYPASS_CLOSED]	= "closed",
	[DMA_BYPASS_OPEN]	= "open",
	[DMA_BYPASS_GUARDED]	= "guarded",
	[DMA_BYPASS_DRAINING]	= "draining",
};

static ssize_t policy_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dma_bypass_policies[dma_bypass_policy(dev)]);
}

static ssize_t policy_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	int policy;

	/* As for the type of an IOMMU group. */
	if (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_RAWIO))
		return -EACCES;

	policy = sysfs_match_string(dma_bypass_policies, buf);
	if (policy < 0)
		return policy;
	return dma_bypass_set_policy(dev, policy) ?: count;
}
static DEVICE_ATTR_RW(policy);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dma_bypass_states[dma_bypass_state(dev)]);
}
static DEVICE_ATTR_RO(state);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dma_bypass_reason_name(dma_bypass_reason(dev)));
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

/* Without the files, the device still has the policy of the command line. */
void dma_bypass_sysfs_add(struct dma_bypass *b)
{
	if (!device_is_registered(b->dev))
		return;
	b->in_sysfs = !sysfs_create_group(&b->dev->kobj, &dma_bypass_group);
	if (!b->in_sysfs)
		dev_warn(b->dev, "cannot create dma_bypass in sysfs\n");
}

/* Waits for readers and writers of the files. */
void dma_bypass_sysfs_remove(struct dma_bypass *b)
{
	if (b->in_sysfs)
		sysfs_remove_group(&b->dev->kobj, &dma_bypass_group);
	b->in_sysfs = false;
}

/* For udev. */
void dma_bypass_uevent(struct dma_bypass *b, enum dma_bypass_reason reason)
{
	char policy_var[32], state_var[32], reason_var[32];
	char *envp[4] = { policy_var, state_var, reason_var, NULL };

	if (!b->in_sysfs)
		return;
	snprintf(policy_var, sizeof(policy_var), "DMA_BYPASS_POLICY=%s",
		 dma_bypass_policies[READ_ONCE(b->policy)]);
	snprintf(state_var, sizeof(state_var), "DMA_BYPASS_STATE=%s",
		 dma_bypass_states[dma_bypass_state(b->dev)]);
	snprintf(reason_var, sizeof(reason_var), "DMA_BYPASS_REASON=%s",
		 dma_bypass_reason_name(reason));
	kobject_uevent_env(&b->dev->kobj, KOBJ_CHANGE, envp);
}
