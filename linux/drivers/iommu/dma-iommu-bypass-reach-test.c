// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites dma_bypass_reach and dma_bypass_reach_group: what a malicious device
 * reaches behind VT-d or virtio-iommu, by real DMA.
 *
 * The first one needs two of QEMU's edu devices, each in its own group, the second one
 * three in one group.  The positions below, and what is reached from them, are the table
 * in Documentation/core-api/dma-bypass.rst.
 */
#define EDU_NR		3

#include "dma-iommu-bypass-test-fake.h"

#include <linux/linkage.h>
#include <linux/sizes.h>
#include <asm/sections.h>

#define LAST		(EDU_NR - 1)
#define LEN		256
#define EDU_ID		0x00		/* a constant */
#define EDU_LIVE	0x04		/* reads as the complement of what was written */

static void allow(int i)
{
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_ALLOW);
}

static void deny(int i)
{
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DENY);
}

static void open_window_of_first(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR && edus[i]; i++)
		allow(i);
	open_window(test, 0);
}

static void enter_nothing(struct kunit *test)
{
	allow(0);
}

static void enter_draining(struct kunit *test)
{
	open_window_of_first(test);
	deny(0);
}

static void enter_not_granted(struct kunit *test)
{
	open_window_of_first(test);
	deny(1);
}

static void enter_unbound(struct kunit *test)
{
	open_window_of_first(test);
	device_release_driver(dev_of(0));
}

static void enter_identity(struct kunit *test)
{
	open_window_of_first(test);
	KUNIT_ASSERT_EQ(test, write_group_type(test, "identity"), 8);
}

static void enter_retyped(struct kunit *test)
{
	enter_identity(test);
	KUNIT_ASSERT_EQ(test, write_group_type(test, "DMA"), 3);
}

static void enter_lost_grant(struct kunit *test)
{
	open_window_of_first(test);
	deny(LAST);
}

static void enter_group_not_granted(struct kunit *test)
{
	allow(0);
	allow(1);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
}

/* It is found beside an open window, and no driver can be bound to it. */
static void enter_newcomer(struct kunit *test)
{
	struct pci_bus *bus = edus[LAST]->bus;

	open_window_of_first(test);
	pci_stop_and_remove_bus_device_locked(edus[LAST]);
	edu_put();
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	edu_find();
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	KUNIT_ASSERT_FALSE(test, device_is_bound(dev_of(LAST)));
}

/**
 * struct position - from where a device attacks
 * @name: as in the document
 * @reaches: a letter for each that is reached, else a dash: memory in the window;
 *	memory by its physical address; the kernel's image; memory by an address that
 *	was unmapped; registers of another device
 * @enter: bring about the position
 * @attacker: which device it is
 * @as_found: it makes DMA only if it is enabled as the kernel has left it
 */
struct position {
	const char	*name;
	const char	*reaches;
	void		(*enter)(struct kunit *test);
	int		attacker;
	bool		as_found;
};

static const struct position positions[] = {
	{ "granted, not opened",	"-----",
	  enter_nothing, 0 },
	{ "granted, open",		"y----",
	  open_window_of_first, 0 },
	{ "denied since, draining",	"y----",
	  enter_draining, 0 },
	{ "not granted, another is open", "-----",
	  enter_not_granted, 1 },
	{ "driver unbound since",	"-----",
	  enter_unbound, 0 },
	{ "type changed and restored",	"-----",
	  enter_retyped, 0 },
	{ "type is identity",		"-yyyy",
	  enter_identity, 0 },
};

static const struct position group_positions[] = {
	{ "group, not granted",		"-----",
	  enter_group_not_granted, LAST },
	{ "group, another has opened",	"y----",
	  open_window_of_first, 1 },
	{ "group, denied since",	"y----",
	  enter_lost_grant, LAST },
	{ "newcomer, not enabled",	"-----",
	  enter_newcomer, LAST, true },
	{ "newcomer, enabled",		"y----",
	  enter_newcomer, LAST },
};

KUNIT_ARRAY_PARAM_DESC(position, positions, name);
KUNIT_ARRAY_PARAM_DESC(group_position, group_positions, name);

/**
 * struct attack - a device that makes DMA without its driver
 * @edu: its registers
 * @pdev: the device
 * @via: index of a device of its domain that maps memory
 * @scratch: memory that is mapped for it
 * @addr: its DMA address
 * @disabled: it respects that it is not enabled for DMA
 * @seed: of what is written next
 */
struct attack {
	struct edu	edu;
	struct pci_dev	*pdev;
	int		via;
	u8		*scratch;
	dma_addr_t	addr;
	bool		disabled;
	u64		seed;
};

static void unmap_regs(void *regs)
{
	iounmap((void __iomem __force *)regs);
}

static void __iomem *map_regs(struct kunit *test, int i)
{
	void __iomem *regs = pci_ioremap_bar(edus[i], 0);

	KUNIT_ASSERT_NOT_NULL(test, (__force void *)regs);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, unmap_regs,
						  (__force void *)regs));
	return regs;
}

static bool is_enabled(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return command & PCI_COMMAND_MASTER;
}

static void set_enabled(struct attack *a, bool yes)
{
	u16 command;

	pci_read_config_word(a->pdev, PCI_COMMAND, &command);
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (!yes)
		command &= ~PCI_COMMAND_MASTER;
	pci_write_config_word(a->pdev, PCI_COMMAND, command);
}

static struct attack *attack_init(struct kunit *test, int attacker, int via)
{
	struct attack *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->pdev = edus[attacker];
	a->via = via;
	a->edu.regs = map_regs(test, attacker);
	a->scratch = page_address(page);
	a->addr = map(test, via, page, 0, LEN, 0);
	set_enabled(a, true);
	edu_pattern(a->scratch, LEN, a->seed++);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(&a->edu, a->addr, LEN));
	return a;
}

static void attack_exit(struct attack *a)
{
	unmap(a->via, a->addr, LEN, 0);
	/* A driver that is bound had it enabled. */
	if (!a->pdev->dev.driver)
		set_enabled(a, false);
}

/* The device reads at @addr; what it has in its buffer then is in a->scratch. */
static bool reads(struct kunit *test, struct attack *a, dma_addr_t addr,
		  const void *data, size_t len)
{
	set_enabled(a, !a->disabled);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_read(&a->edu, addr, len));
	set_enabled(a, true);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_write(&a->edu, a->addr, LEN));
	return !memcmp(a->scratch, data, len);
}

/* The device writes its buffer to @addr. */
static void writes(struct kunit *test, struct attack *a, dma_addr_t addr,
		   size_t len)
{
	set_enabled(a, !a->disabled);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_write(&a->edu, addr, len));
	set_enabled(a, true);
}

static bool both(struct kunit *test, dma_addr_t addr, bool read, bool written)
{
	KUNIT_EXPECT_EQ_MSG(test, read, written, "%pad", &addr);
	return read || written;
}

static bool reaches_memory(struct kunit *test, struct attack *a,
			   dma_addr_t addr, u8 *cpu)
{
	bool read;

	edu_pattern(cpu, LEN, a->seed++);
	read = reads(test, a, addr, cpu, LEN);
	edu_pattern(cpu, LEN, a->seed++);
	writes(test, a, addr, LEN);
	return both(test, addr, read, !memcmp(cpu, a->scratch, LEN));
}

static bool reaches_registers(struct kunit *test, struct attack *a,
			      dma_addr_t addr, void __iomem *regs)
{
	u32 id = readl(regs + EDU_ID);
	bool read = reads(test, a, addr + EDU_ID, &id, sizeof(id));

	/* Not what the device is about to write. */
	writel(*(u32 *)a->scratch + 1, regs + EDU_LIVE);
	writes(test, a, addr + EDU_LIVE, sizeof(id));
	return both(test, addr, read,
		    readl(regs + EDU_LIVE) == ~*(u32 *)a->scratch);
}

/* A page of the kernel's image that may be overwritten. */
static u8 image[PAGE_SIZE] __page_aligned_data = { 1 };

static bool reaches_image(struct kunit *test, struct attack *a, dma_addr_t base)
{
	return reaches_memory(test, a, base + __pa_symbol(image), image) |
	       reads(test, a, base + __pa_symbol(_text), _text, LEN);
}

static bool reaches_peer(struct kunit *test, struct attack *a, int peer,
			 dma_addr_t base)
{
	return reaches_registers(test, a, base + pci_resource_start(edus[peer], 0),
				 map_regs(test, peer));
}

/* An address that mapped a page, which the domain does not map any more. */
static dma_addr_t stale_address(struct kunit *test, struct attack *a,
				struct page *page)
{
	dma_addr_t addr = map(test, a->via, page, 0, LEN, 0);

	unmap(a->via, addr, LEN, 0);
	return addr;
}

static void expect_reaches(struct kunit *test, const struct position *p, int via)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t base = window_base(p->attacker);
	int i, peer = p->attacker ? 0 : 1;
	u8 *cpu = page_address(page);
	struct attack *a;
	char seen[] = "-----";
	bool reached[5], disabled;

	p->enter(test);
	disabled = p->as_found && !is_enabled(edus[p->attacker]);
	a = attack_init(test, p->attacker, via);
	a->disabled = disabled;
	reached[0] = reaches_memory(test, a, base + page_to_phys(page), cpu);
	reached[1] = reaches_memory(test, a, page_to_phys(page), cpu);
	reached[2] = reaches_image(test, a, base) | reaches_image(test, a, 0);
	reached[3] = reaches_memory(test, a, stale_address(test, a, page), cpu);
	reached[4] = reaches_peer(test, a, peer, base) |
		     reaches_peer(test, a, peer, 0);
	for (i = 0; i < ARRAY_SIZE(reached); i++)
		if (reached[i])
			seen[i] = 'y';
	KUNIT_EXPECT_STREQ(test, seen, p->reaches);
	attack_exit(a);
}

static void device_reaches_from(struct kunit *test)
{
	const struct position *p = test->param_value;

	expect_reaches(test, p, p->attacker);
}

/* A device without a driver cannot map, but the first one shares its domain. */
static void group_member_reaches_from(struct kunit *test)
{
	expect_reaches(test, test->param_value, 0);
}

/* If it may: so each of these attacks can be seen to succeed. */
static void device_reaches_what_is_mapped(struct kunit *test)
{
	phys_addr_t bar = pci_resource_start(edus[1], 0);
	struct attack *a = attack_init(test, 0, 0);
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	addr = map(test, 0, page, 0, LEN, 0);
	KUNIT_EXPECT_TRUE(test, reaches_memory(test, a, addr,
					       page_address(page)));
	a->disabled = true;
	KUNIT_EXPECT_FALSE(test, reaches_memory(test, a, addr,
						page_address(page)));
	a->disabled = false;
	unmap(0, addr, LEN, 0);

	addr = dma_map_phys(dev_of(0), __pa_symbol(image), PAGE_SIZE,
			    DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_TRUE(test, reaches_memory(test, a, addr, image));
	dma_unmap_phys(dev_of(0), addr, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);

	addr = dma_map_resource(dev_of(0), bar, SZ_4K, DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_TRUE(test, reaches_registers(test, a, addr,
						  map_regs(test, 1)));
	dma_unmap_resource(dev_of(0), addr, SZ_4K, DMA_BIDIRECTIONAL, 0);
	attack_exit(a);
}

static int reach_suite_init(struct kunit_suite *suite)
{
	return edu_suite_init(suite) ?: sysfs_mount();
}

static void reach_suite_exit(struct kunit_suite *suite)
{
	sysfs_unmount();
	edu_suite_exit(suite);
}

static bool share_group(void)
{
	return dev_of(0)->iommu_group == dev_of(1)->iommu_group;
}

static int reach_init(struct kunit *test)
{
	if (!translated(0) || !translated(1) || share_group())
		kunit_skip(test, "needs two edu devices in groups of their own");
	return 0;
}

static int reach_group_init(struct kunit *test)
{
	if (!translated(0) || !translated(1) || !translated(LAST) ||
	    !share_group())
		kunit_skip(test, "needs three edu devices in one IOMMU group");
	return 0;
}

static void reach_exit(struct kunit *test)
{
	group_exit(test);
	if (edus[0] && !use_dma_iommu(dev_of(0)))
		KUNIT_EXPECT_EQ(test, write_group_type(test, "DMA"), 3);
}

static struct kunit_case reach_cases[] = {
	KUNIT_CASE(device_reaches_what_is_mapped),
	KUNIT_CASE_PARAM_ATTR(device_reaches_from, position_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite reach_suite = {
	.name		= "dma_bypass_reach",
	.suite_init	= reach_suite_init,
	.suite_exit	= reach_suite_exit,
	.init		= reach_init,
	.exit		= reach_exit,
	.test_cases	= reach_cases,
};

static struct kunit_case reach_group_cases[] = {
	KUNIT_CASE(device_reaches_what_is_mapped),
	KUNIT_CASE_PARAM_ATTR(group_member_reaches_from,
			      group_position_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite reach_group_suite = {
	.name		= "dma_bypass_reach_group",
	.suite_init	= reach_suite_init,
	.suite_exit	= reach_suite_exit,
	.init		= reach_group_init,
	.exit		= reach_exit,
	.test_cases	= reach_group_cases,
};

kunit_test_suites(&reach_suite, &reach_group_suite);
