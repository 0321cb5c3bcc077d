// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites dma_bypass_power_boot and dma_bypass_power_denied: what holds on POWER
 * before a driver is bound.  The command line has set policies, or the kernel before a
 * kexec has left its windows, which is what leave_windows() does.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/slab.h>
#include <asm/plpar_wrappers.h>
#include <asm/tce.h>

#include "dma-bypass-test.h"

#define LEFT_SHIFT	24	/* of an I/O page */
#define LEFT_WINDOW	34	/* 16 GiB */

static bool inherit;
module_param(inherit, bool, 0);

static int windows_left;

static struct device_node *__init find_edu(struct pci_controller *phb)
{
	struct device_node *np;
	u32 vendor;

	for_each_child_of_node(phb->dn, np)
		if (!of_property_read_u32(np, "vendor-id", &vendor) &&
		    vendor == EDU_VENDOR)
			return np;
	return NULL;
}

/* Describe the window to the kernel. */
static int __init leave_property(struct device_node *np, u32 liobn)
{
	struct ddw_info *info = kzalloc_obj(*info);
	struct property *prop = kzalloc_obj(*prop);

	if (!info || !prop)
		return -ENOMEM;
	info->liobn = cpu_to_be32(liobn);
	info->base = cpu_to_be64(UPPER_BASE);
	info->tce_shift = cpu_to_be32(LEFT_SHIFT);
	info->shift = cpu_to_be32(LEFT_WINDOW);
	prop->name = kstrdup(DDW_INFO, GFP_KERNEL);
	prop->value = info;
	prop->length = sizeof(*info);
	return of_add_property(np, prop);
}

/* Have the hypervisor create a window, and map all memory in it. */
static int __init leave_window(struct pci_controller *phb,
			       struct device_node *edu)
{
	u32 tokens[DDW_TOKENS], window[3], addr;
	u64 phys;
	int err;

	err = of_property_read_u32_array(phb->dn, DDW_APPLICABLE, tokens,
					 DDW_TOKENS) ?:
	      of_property_read_u32(edu, "reg", &addr) ?:
	      rtas_call(tokens[DDW_CREATE], 5, 4, window, addr & 0xffff00,
			BUID_HI(phb->buid), BUID_LO(phb->buid), LEFT_SHIFT,
			LEFT_WINDOW);
	for (phys = 0; !err && phys < memblock_end_of_DRAM();
	     phys += BIT(LEFT_SHIFT))
		err = plpar_tce_put(window[0], UPPER_BASE + phys,
				    phys | TCE_PCI_READ | TCE_PCI_WRITE);
	return err ?: leave_property(phb->dn, window[0]);
}

/* After the host bridges are found, and before the kernel looks for windows. */
static int __init leave_windows(void)
{
	struct device_node *edu;
	struct pci_controller *phb;

	if (!inherit)
		return 0;
	list_for_each_entry(phb, &hose_list, list_node) {
		edu = find_edu(phb);
		if (edu && !leave_window(phb, edu))
			windows_left++;
		of_node_put(edu);
	}
	return 0;
}
postcore_initcall(leave_windows);

/* What was found before a driver was bound. */
static struct {
	enum dma_bypass_policy	policy;
	enum dma_bypass_state	state;
	int			reached;	/* or an errno */
} at_boot[EDU_NR];

static enum dma_bypass_policy policy_of_command_line(int i)
{
	bool all = strstr(saved_command_line, "=1234:11e8=deny");
	bool first = strstr(saved_command_line, "=00:00.0=deny");

	return all || (first && i == 0) ? DMA_BYPASS_POLICY_DENY :
					  DMA_BYPASS_POLICY_DEFAULT;
}

/* Nobody who could close it has demanded that. */
static bool kept(int i)
{
	return dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT &&
	       at_boot[i].policy == DMA_BYPASS_POLICY_DEFAULT;
}

/* powernv resets the windows at boot, and sets its own up at once. */
static void window_at_boot_follows_policy(struct kunit *test)
{
	bool there = inherit || machine_is(powernv);
	int i;

	KUNIT_ASSERT_EQ(test, windows_left, inherit ? EDU_NR : 0);
	for (i = 0; i < EDU_NR; i++) {
		KUNIT_EXPECT_EQ_MSG(test, at_boot[i].policy,
				    policy_of_command_line(i), "edu %d", i);
		KUNIT_EXPECT_EQ_MSG(test, at_boot[i].reached, there && kept(i),
				    "edu %d", i);
		KUNIT_EXPECT_EQ_MSG(test, at_boot[i].state,
				    there && kept(i) ? DMA_BYPASS_OPEN :
				    DMA_BYPASS_CLOSED, "edu %d", i);
	}
}

/*
 * The driver sets a mask of 64 bits.  A device that has fewer wires reads and writes
 * the wrong memory through the window, so it is denied on the command line.
 */
static void first_driver_follows_policy(struct kunit *test)
{
	struct page *page = buffer(test);
	int i;

	/* A device whose window is inherited is translated, as without DMA_BYPASS. */
	for (i = 0; i < EDU_NR; i++)
		KUNIT_EXPECT_EQ_MSG(test, roundtrip(test, i, page, 0, i),
				    kept(i) && !inherit ? UPPER_WINDOW :
				    DEFAULT_WINDOW, "edu %d", i);
}

/*
 * How many windows an owner may create is found out when the first device of a PE is: an
 * inherited one counts, unless it is removed before.
 */
static void inherited_window_counts_for_owner(struct kunit *test)
{
	bool never = mode_of_command_line() == DMA_BYPASS_MODE_NEVER;
	struct iommu_table_group *group;
	int i;

	for (i = 0; i < EDU_NR; i++) {
		group = iommu_group_get_iommudata(dev_of(i)->iommu_group);
		KUNIT_EXPECT_EQ_MSG(test, group->max_dynamic_windows_supported,
				    never ? 2 : 1, "edu %d", i);
	}
}

static void owner_has_no_inherited_window(struct kunit *test)
{
	enum dma_bypass_policy policy = dma_bypass_policy(dev_of(1));
	struct page *page = buffer(test);

	KUNIT_EXPECT_EQ(test, reaches(test, 1, page), kept(1));
	load_unread(test, 1);
	device_release_driver(dev_of(1));
	expect_owner_blocked(test, 1, page, policy);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	expect_unread(test, 1);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 1, page, 0, 10),
			kept(1) && can_open() ? UPPER_WINDOW : DEFAULT_WINDOW);
}

/* The table of the default window is in use, whatever else is closed. */
static void deny_closes_inherited_window(struct kunit *test)
{
	struct iommu_table *tbl = iommu_tce_table_get(get_iommu_table_base(dev_of(0)));
	struct page *page = buffer(test);

	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	/* Another one cannot be at its address, since it is not freed. */
	KUNIT_EXPECT_PTR_EQ(test, get_iommu_table_base(dev_of(0)), tbl);
	iommu_tce_table_put(tbl);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 20), DEFAULT_WINDOW);
	expect_blocked(test, 0, upper(page), page_address(page));

	/* There is room for one of our own. */
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 21),
			bypass_window());
}

static int boot_suite_init(struct kunit_suite *suite)
{
	int i;

	edu_find();
	for (i = 0; i < EDU_NR && edus[i]; i++) {
		at_boot[i].policy = dma_bypass_policy(dev_of(i));
		at_boot[i].state = dma_bypass_state(dev_of(i));
		at_boot[i].reached = reach_at_boot(i);
	}
	edu_put();
	return edu_suite_init(suite);
}

/* In this order: each is about windows that those before it left. */
static struct kunit_case boot_cases[] = {
	KUNIT_CASE(window_at_boot_follows_policy),
	KUNIT_CASE(first_driver_follows_policy),
	KUNIT_CASE(inherited_window_counts_for_owner),
	KUNIT_CASE(owner_has_no_inherited_window),
	KUNIT_CASE(deny_closes_inherited_window),
	{ }
};

static struct kunit_suite boot_suite = {
	.name		= "dma_bypass_power_boot",
	.suite_init	= boot_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.test_cases	= boot_cases,
};

/* For devices that have fewer wires than their driver believes. */
static struct kunit_case denied_cases[] = {
	KUNIT_CASE(window_at_boot_follows_policy),
	KUNIT_CASE(first_driver_follows_policy),
	{ }
};

static struct kunit_suite denied_suite = {
	.name		= "dma_bypass_power_denied",
	.suite_init	= boot_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.test_cases	= denied_cases,
};

kunit_test_suites(&boot_suite, &denied_suite);
MODULE_DESCRIPTION("KUnit tests of windows on POWER at boot");
MODULE_LICENSE("GPL");
