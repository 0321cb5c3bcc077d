// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites dma_bypass_vtd_group and dma_bypass_vtd_slot: bypass windows of devices
 * that share an IOMMU group, behind VT-d or virtio-iommu.
 *
 * The first one needs three of QEMU's edu devices in one group: behind a bridge from PCI
 * Express to PCI, or functions of one device.  The second one needs the last of them in a
 * slot for hotplug, and the others in one that is not.
 */
#define EDU_NR		3

#include "dma-iommu-bypass-test-fake.h"
#include "../../kernel/dma/bypass.h"

#define LAST		(EDU_NR - 1)

static struct pci_bus *bus;

static void allow(int i)
{
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_ALLOW);
}

static void deny(int i)
{
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DENY);
}

static void allow_all(void)
{
	int i;

	for (i = 0; i < EDU_NR; i++)
		allow(i);
}

static bool bound(int i)
{
	return device_is_bound(dev_of(i));
}

/* The window maps the memory of @page, or nothing. */
static void expect_mapped(struct kunit *test, struct page *page, bool yes)
{
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)),
			yes ? page_to_phys(page) : 0);
}

static void __expect_member(struct kunit *test, int i,
			    enum dma_bypass_state state,
			    enum dma_bypass_reason reason, const char *func,
			    int line)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr = map_once(test, i, page, SZ_4K, BYPASS);

	__expect_state(test, dev_of(i), state, reason, func, line);
	KUNIT_EXPECT_EQ_MSG(test, addr == window_base(i) + page_to_phys(page),
			    state == DMA_BYPASS_OPEN, "%s:%d: %pad", func, line,
			    &addr);
	KUNIT_EXPECT_EQ_MSG(test, in_window(i, addr), state == DMA_BYPASS_OPEN,
			    "%s:%d: %pad", func, line, &addr);
}

/* The state and the reason of a device, and where it maps. */
#define expect_member(test, i, state, reason)				\
	__expect_member(test, i, DMA_BYPASS_##state, DMA_BYPASS_##reason,	\
			__func__, __LINE__)

static void devices_share_group(struct kunit *test)
{
	int i;

	for (i = 1; i < EDU_NR; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, dev_of(i)->iommu_group,
					dev_of(0)->iommu_group, "device %d", i);
}

static void some_grants_to_closed(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	allow(0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	expect_member(test, 1, CLOSED, NO_POLICY);

	allow(1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
	expect_mapped(test, page, false);
}

static void all_grants_to_open(struct kunit *test)
{
	int i;

	allow_all();
	for (i = 0; i < EDU_NR; i++) {
		open_window(test, i);
		expect_member(test, i, OPEN, GRANTED);
	}
}

/* The provider, of a device that was evaluated before the group changed. */
static int open_late(void)
{
	struct dma_bypass *b = dma_bypass_of(dev_of(0));

	guard(mutex)(&dma_bypass_mutex);
	return b->ops->open(dev_of(0));
}

static void open_evaluates_group_again(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	allow(0);
	allow(1);
	KUNIT_EXPECT_EQ(test, open_late(), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_mapped(test, page, false);
}

/* The first mapping requests the window too early. */
static void last_grant_to_open(struct kunit *test)
{
	allow(0);
	map_once(test, 0, buffer(test, HIGH), SZ_4K, BYPASS);
	msleep(40);
	expect_member(test, 0, CLOSED, NO_GROUP);
	allow(1);
	allow(2);
	map_once(test, 0, buffer(test, HIGH), SZ_4K, BYPASS);
	wait_open(0);
	expect_member(test, 0, OPEN, GRANTED);
}

static void lost_grant_to_draining(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	deny(LAST);
	expect_member(test, 0, DRAINING, NO_GROUP);
	expect_member(test, 1, DRAINING, NO_GROUP);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_mapped(test, page, true);

	allow(LAST);
	expect_member(test, 0, OPEN, GRANTED);
	expect_member(test, 1, OPEN, GRANTED);
}

static void untrusted_member_to_closed(struct kunit *test)
{
	allow_all();
	edus[LAST]->untrusted = true;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
	edus[LAST]->untrusted = false;
	open_window(test, 0);
}

/* The bridge is in the group; where there is none, a member does. */
static void external_facing_port_to_closed(struct kunit *test)
{
	struct pci_dev *port = bus->self ?: edus[LAST];

	KUNIT_ASSERT_PTR_EQ(test, port->dev.iommu_group,
			    dev_of(0)->iommu_group);
	allow_all();
	port->external_facing = true;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
	port->external_facing = false;
	open_window(test, 0);
}

/* Looks before the next driver is bound, which would close it, too. */
static void last_user_closes(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	device_release_driver(dev_of(0));
	expect_mapped(test, page, true);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_member(test, 1, OPEN, GRANTED);
	device_release_driver(dev_of(1));
	expect_mapped(test, page, false);
}

/* A page_pool of one device unmaps late, and another has the window open. */
static void late_unmap_beside_open_window(struct kunit *test)
{
	struct page *page = large_buffer(test, LOW);
	dma_addr_t addr;

	/* dma-debug reports what is mapped when the driver is unbound. */
	kunit_info(test, "expect-console: WARNING: .*dma_debug_device_change");
	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	expect_in_window(test, 0, addr);
	device_release_driver(dev_of(0));
	unmap(0, addr, SZ_4K, BYPASS);
	expect_mapped(test, page, true);
	expect_bypass(test, 1, page);
}

/* The IOMMU cannot tell the members apart. */
static void members_reach_window(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;
	int i;

	allow_all();
	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	expect_in_window(test, 0, addr);
	for (i = 0; i < EDU_NR; i++)
		dma_roundtrip(test, i, addr, page_address(page), EDU_MAX, i);
	unmap(0, addr, SZ_4K, BYPASS);
}

static void denied_member_is_not_bound(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	kunit_info(test, "require-console: not bound: the bypass window of %s in its IOMMU group is open",
		   dev_name(dev_of(0)));
	allow_all();
	open_window(test, 0);
	deny(LAST);
	expect_member(test, 0, DRAINING, NO_GROUP);
	KUNIT_EXPECT_NE(test, edu_rebind(edus[LAST]), 0);
	KUNIT_EXPECT_FALSE(test, bound(LAST));
	expect_mapped(test, page, true);

	device_release_driver(dev_of(0));
	expect_mapped(test, page, false);
	KUNIT_EXPECT_EQ(test, 1, device_attach(dev_of(LAST)));
	KUNIT_EXPECT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
}

static void unplug_last(void)
{
	pci_stop_and_remove_bus_device_locked(edus[LAST]);
	pci_dev_put(edus[LAST]);
	edus[LAST] = NULL;
}

static void plug_last(void *unused)
{
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	edu_put();
	edu_find();
}

static void unplug_last_for_now(struct kunit *test)
{
	unplug_last();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, plug_last,
							   NULL));
}

static void unplugged_member_does_not_count(struct kunit *test)
{
	allow(0);
	allow(1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	unplug_last_for_now(test);
	open_window(test, 0);
	open_window(test, 1);
	expect_member(test, 0, OPEN, GRANTED);
}

static void unplugged_denier_to_open(struct kunit *test)
{
	allow_all();
	open_window(test, 0);
	deny(LAST);
	expect_member(test, 0, DRAINING, NO_GROUP);
	unplug_last_for_now(test);
	expect_member(test, 0, OPEN, GRANTED);
}

static void unmap_regs(void *regs)
{
	iounmap((void __iomem __force *)regs);
}

/* Let a device without a driver read at @addr; nothing enables its DMA. */
static void read_without_driver(struct kunit *test, int i, dma_addr_t addr)
{
	struct edu edu = { .regs = pci_ioremap_bar(edus[i], 0) };
	void *regs = (__force void *)edu.regs;
	u16 command;

	KUNIT_ASSERT_NOT_NULL(test, regs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unmap_regs,
							   regs));
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(edus[i]));
	pci_read_config_word(edus[i], PCI_COMMAND, &command);
	KUNIT_EXPECT_EQ(test, command & PCI_COMMAND_MASTER, 0);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_read(&edu, addr, EDU_MAX));
	pci_disable_device(edus[i]);
}

/* What the device has in its buffer is not @data, or it is. */
static void expect_buffer(struct kunit *test, int i, const u8 *data, bool yes)
{
	u8 *seen = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), seen, EDU_MAX));
	KUNIT_EXPECT_EQ(test, !memcmp(seen, data, EDU_MAX), yes);
}

/* It joins a group with an open window, and must not reach any memory. */
static void newcomer_is_not_bound_without_grant(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	kunit_info(test, "require-console: not bound: the bypass window of %s in its IOMMU group is open",
		   dev_name(dev_of(0)));
	allow_all();
	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	edu_pattern(page_address(page), EDU_MAX, 7);
	unplug_last_for_now(test);
	expect_member(test, 0, OPEN, GRANTED);

	kunit_release_action(test, plug_last, NULL);
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	KUNIT_EXPECT_FALSE(test, bound(LAST));
	expect_member(test, 0, DRAINING, NO_GROUP);
	expect_mapped(test, page, true);
	read_without_driver(test, LAST, addr);

	allow(LAST);
	expect_member(test, 0, OPEN, GRANTED);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(LAST)));
	expect_buffer(test, LAST, page_address(page), false);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_read(edu_of(LAST), addr, EDU_MAX));
	expect_buffer(test, LAST, page_address(page), true);
	unmap(0, addr, SZ_4K, BYPASS);
}

/* Without a window in the group, it is bound as before. */
static void newcomer_is_bound_beside_closed_window(struct kunit *test)
{
	allow(0);
	allow(1);
	unplug_last_for_now(test);
	open_window(test, 0);
	device_release_driver(dev_of(0));
	kunit_release_action(test, plug_last, NULL);
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	KUNIT_EXPECT_TRUE(test, bound(LAST));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
}

static void reserve_in_window(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	iommu_ops->get_resv_regions(dev, head);
	region = iommu_alloc_resv_region(window_base(0) + SZ_4G, SZ_1M, 0,
					 IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, head);
}

/*
 * It reserves addresses that are the window's.  The last case: as long as there is the
 * group, there is no window any more.
 */
static void newcomer_reserves_part_of_window(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;

	allow_all();
	open_window(test, 0);
	unplug_last_for_now(test);
	fake_iommu_ops(test)->get_resv_regions = reserve_in_window;
	kunit_release_action(test, plug_last, NULL);
	kunit_release_action(test, restore_iommu_ops, iommu);
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	allow(LAST);
	expect_member(test, 0, DRAINING, NO_UNSUPPORTED);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	expect_mapped(test, page, false);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	expect_member(test, 0, CLOSED, NO_UNSUPPORTED);
	KUNIT_EXPECT_EQ(test, open_late(), -EOPNOTSUPP);
	expect_mapped(test, page, false);
}

/* It reaches what is mapped for the group, as in strict mode, and is bound. */
static void newcomer_beside_guarded_window(struct kunit *test)
{
	struct page *page = buffer(test, HIGH), *other = buffer(test, HIGH);
	dma_addr_t addr;

	if (!open_guarded(test, 0))
		return;
	unplug_last_for_now(test);
	touch_guarded(test, page_to_phys(page));
	addr = map(test, 0, page, 0, SZ_4K, 0);
	kunit_release_action(test, plug_last, NULL);
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	KUNIT_ASSERT_TRUE(test, bound(LAST));
	expect_state(test, dev_of(0), GUARDED, GRANTED);
	expect_member(test, LAST, CLOSED, NO_POLICY);

	KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
	KUNIT_EXPECT_TRUE(test, reaches(test, LAST, addr, page));
	KUNIT_EXPECT_FALSE(test, reaches(test, LAST, window_base(0) +
					 page_to_phys(other), other));
	unmap(0, addr, SZ_4K, 0);
	KUNIT_EXPECT_FALSE(test, reaches(test, LAST, addr, page));
}

/* The first one that opens decides. */
static void one_kind_of_window(struct kunit *test)
{
	if (!open_guarded(test, 0))
		return;
	allow(1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	expect_member(test, 1, CLOSED, NO_GROUP);
	open_guarded(test, LAST);

	device_release_driver(dev_of(LAST));
	device_release_driver(dev_of(0));
	allow_all();
	open_window(test, 1);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_GUARD);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, CLOSED, NO_GROUP);
	expect_member(test, 1, DRAINING, NO_GROUP);
}

static bool is_slot(int i)
{
	return edus[i]->bus->self && edus[i]->bus->self->is_hotplug_bridge;
}

/* Whatever is plugged in there joins the group, when this device is gone or not. */
static void slot_beside_to_closed(struct kunit *test)
{
	int i;

	allow_all();
	for (i = 0; i < LAST; i++) {
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(i)), -EPERM);
		expect_member(test, i, CLOSED, NO_GROUP);
	}
	edus[LAST]->bus->self->is_hotplug_bridge = false;
	open_window(test, 0);
	expect_member(test, 0, OPEN, GRANTED);
	edus[LAST]->bus->self->is_hotplug_bridge = true;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	expect_member(test, 0, DRAINING, NO_GROUP);
}

/* What comes into its slot comes after it is gone. */
static void slot_of_its_own_to_open(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	allow_all();
	open_window(test, LAST);
	expect_member(test, LAST, OPEN, GRANTED);
	expect_member(test, 0, CLOSED, NO_GROUP);
	unplug_last_for_now(test);
	expect_mapped(test, page, false);
	kunit_release_action(test, plug_last, NULL);
	KUNIT_ASSERT_NOT_NULL(test, edus[LAST]);
	KUNIT_EXPECT_TRUE(test, bound(LAST));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(LAST)), -EPERM);
	expect_member(test, LAST, CLOSED, NO_POLICY);
}

static int group_suite_init(struct kunit_suite *suite)
{
	int err = edu_suite_init(suite);

	if (!err && edus[LAST])
		bus = edus[LAST]->bus;
	return err;
}

static bool all_translated(void)
{
	int i;

	for (i = 0; i < EDU_NR; i++)
		if (!translated(i))
			return false;
	return true;
}

static int group_init(struct kunit *test)
{
	if (!all_translated())
		kunit_skip(test, "needs three edu devices behind an IOMMU");
	return 0;
}

static int slot_init(struct kunit *test)
{
	int err = group_init(test);

	if (!err && (is_slot(0) || is_slot(1) || !is_slot(LAST)))
		kunit_skip(test, "needs a slot beside the devices");
	return err;
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(devices_share_group),
	KUNIT_CASE(some_grants_to_closed),
	KUNIT_CASE(open_evaluates_group_again),
	KUNIT_CASE(all_grants_to_open),
	KUNIT_CASE(last_grant_to_open),
	KUNIT_CASE(lost_grant_to_draining),
	KUNIT_CASE(untrusted_member_to_closed),
	KUNIT_CASE(external_facing_port_to_closed),
	KUNIT_CASE(last_user_closes),
	KUNIT_CASE(late_unmap_beside_open_window),
	KUNIT_CASE(members_reach_window),
	KUNIT_CASE(denied_member_is_not_bound),
	KUNIT_CASE(unplugged_member_does_not_count),
	KUNIT_CASE(unplugged_denier_to_open),
	KUNIT_CASE(newcomer_is_not_bound_without_grant),
	KUNIT_CASE(newcomer_is_bound_beside_closed_window),
	KUNIT_CASE(newcomer_beside_guarded_window),
	KUNIT_CASE(one_kind_of_window),
	KUNIT_CASE(newcomer_reserves_part_of_window),
	{ }
};

static struct kunit_suite group_suite = {
	.name		= "dma_bypass_vtd_group",
	.suite_init	= group_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= group_init,
	.exit		= group_exit,
	.test_cases	= group_cases,
};

static struct kunit_case slot_cases[] = {
	KUNIT_CASE(devices_share_group),
	KUNIT_CASE(slot_beside_to_closed),
	KUNIT_CASE(slot_of_its_own_to_open),
	KUNIT_CASE(newcomer_beside_guarded_window),
	{ }
};

static struct kunit_suite slot_suite = {
	.name		= "dma_bypass_vtd_slot",
	.suite_init	= group_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= slot_init,
	.exit		= group_exit,
	.test_cases	= slot_cases,
};

kunit_test_suites(&group_suite, &slot_suite);
