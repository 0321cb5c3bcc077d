// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: devices that share an IOMMU group.
 *
 * Wants three of QEMU's edu devices behind one bridge from PCI Express to PCI:
 * the IOMMU cannot tell them apart.
 */
#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/pci.h>

#include "../../lib/test_dma_bypass_edu.h"

#define SHARED	3
#define BYPASS	DMA_ATTR_IOMMU_BYPASS

static struct pci_dev *shared[SHARED];
static struct pci_bus *bus;

static struct device *member(int i)
{
	return &shared[i]->dev;
}

static dma_addr_t half(void)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(member(0));

	return (domain->geometry.aperture_end >> 1) + 1;
}

static phys_addr_t mapped(phys_addr_t phys)
{
	return iommu_iova_to_phys(iommu_get_domain_for_dev(member(0)),
				  half() + phys);
}

static void allow(int i)
{
	dma_bypass_set_policy(member(i), DMA_BYPASS_POLICY_ALLOW);
}

static void deny(int i)
{
	dma_bypass_set_policy(member(i), DMA_BYPASS_POLICY_DENY);
}

static void allow_all(void)
{
	int i;

	for (i = 0; i < SHARED; i++)
		allow(i);
}

static void free_buffer(void *page)
{
	__free_page(page);
}

static struct page *buffer(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_buffer,
							   page));
	return page;
}

static dma_addr_t probe(struct kunit *test, int i, struct page *page)
{
	dma_addr_t addr = dma_map_page_attrs(member(i), page, 0, SZ_4K,
					     DMA_TO_DEVICE, BYPASS);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(member(i), addr));
	dma_unmap_page_attrs(member(i), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	return addr;
}

static void expect_bypass(struct kunit *test, int i, bool bypass)
{
	struct page *page = buffer(test);
	dma_addr_t addr = probe(test, i, page);

	if (bypass)
		KUNIT_EXPECT_EQ(test, addr, half() + page_to_phys(page));
	else
		KUNIT_EXPECT_LT(test, addr, half());
}

static void expect_state(struct kunit *test, int i, enum dma_bypass_state state)
{
	KUNIT_EXPECT_EQ_MSG(test, dma_bypass_state(member(i)), state,
			    "device %d", i);
	KUNIT_EXPECT_STREQ(test,
			   dma_bypass_reason_name(dma_bypass_reason(member(i))),
			   state == DMA_BYPASS_OPEN ? "granted" : "group");
	expect_bypass(test, i, state == DMA_BYPASS_OPEN);
}

static void open_window(struct kunit *test, int i)
{
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(member(i)));
	expect_state(test, i, DMA_BYPASS_OPEN);
}

static void devices_share_a_group(struct kunit *test)
{
	struct iommu_group *group = iommu_group_get(member(0));
	int i;

	KUNIT_ASSERT_NOT_NULL(test, group);
	for (i = 1; i < SHARED; i++) {
		struct iommu_group *other = iommu_group_get(member(i));

		KUNIT_EXPECT_PTR_EQ(test, other, group);
		iommu_group_put(other);
	}
	iommu_group_put(group);
}

static void one_grant_opens_nothing(struct kunit *test)
{
	struct page *page = buffer(test);

	allow(0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(member(0)), -EXDEV);
	expect_state(test, 0, DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(member(1)), -EACCES);
	KUNIT_EXPECT_EQ(test, mapped(page_to_phys(page)), 0);

	allow(1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(member(0)), -EXDEV);
	expect_state(test, 0, DMA_BYPASS_CLOSED);
}

static void all_grants_open(struct kunit *test)
{
	int i;

	allow_all();
	for (i = 0; i < SHARED; i++)
		open_window(test, i);
}

/* The first one asked too early, by a mapping, and does not ask by name. */
static void last_grant_opens_for_those_who_asked(struct kunit *test)
{
	int tries = 0;

	allow(0);
	expect_bypass(test, 0, false);
	msleep(40);
	expect_state(test, 0, DMA_BYPASS_CLOSED);
	allow(1);
	allow(2);
	while (dma_bypass_state(member(0)) != DMA_BYPASS_OPEN &&
	       tries++ < 500) {
		probe(test, 0, buffer(test));
		msleep(20);
	}
	expect_state(test, 0, DMA_BYPASS_OPEN);
}

static void lost_grant_drains_the_others(struct kunit *test)
{
	struct page *page = buffer(test);

	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	deny(2);
	expect_state(test, 0, DMA_BYPASS_DRAINING);
	expect_state(test, 1, DMA_BYPASS_DRAINING);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(member(0)), -EXDEV);
	KUNIT_EXPECT_NE(test, mapped(page_to_phys(page)), 0);

	allow(2);
	expect_state(test, 0, DMA_BYPASS_OPEN);
	expect_state(test, 1, DMA_BYPASS_OPEN);
}

static void last_user_closes(struct kunit *test)
{
	struct page *page = buffer(test);

	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(shared[0]));
	KUNIT_EXPECT_EQ(test, mapped(page_to_phys(page)), page_to_phys(page));
	expect_state(test, 1, DMA_BYPASS_OPEN);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(shared[1]));
	KUNIT_EXPECT_EQ(test, mapped(page_to_phys(page)), 0);
}

static void find_shared(void)
{
	struct pci_dev *pos = NULL;
	int i;

	for (i = 0; i < SHARED; i++) {
		pos = pci_get_device(EDU_VENDOR, EDU_DEVICE, pos);
		shared[i] = pci_dev_get(pos);
		if (!pos)
			break;
	}
	pci_dev_put(pos);
}

static void put_shared(void)
{
	int i;

	for (i = 0; i < SHARED; i++) {
		pci_dev_put(shared[i]);
		shared[i] = NULL;
	}
}

static void unplug_last(void)
{
	pci_stop_and_remove_bus_device_locked(shared[SHARED - 1]);
	pci_dev_put(shared[SHARED - 1]);
	shared[SHARED - 1] = NULL;
}

static void plug_last(void *unused)
{
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	put_shared();
	find_shared();
}

static void unplugged_has_no_say(struct kunit *test)
{
	allow(0);
	allow(1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(member(0)), -EXDEV);
	unplug_last();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, plug_last,
							   NULL));
	open_window(test, 0);
	open_window(test, 1);
	kunit_release_action(test, plug_last, NULL);
}

static void newcomer_drains_the_others(struct kunit *test)
{
	allow_all();
	open_window(test, 0);
	open_window(test, 1);
	unplug_last();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, plug_last,
							   NULL));
	expect_state(test, 0, DMA_BYPASS_OPEN);

	kunit_release_action(test, plug_last, NULL);
	expect_state(test, 0, DMA_BYPASS_DRAINING);
	expect_state(test, 1, DMA_BYPASS_DRAINING);
	allow(2);
	expect_state(test, 0, DMA_BYPASS_OPEN);
	expect_state(test, 1, DMA_BYPASS_OPEN);
}

static void leaving_refuser_resumes(struct kunit *test)
{
	allow_all();
	open_window(test, 0);
	deny(2);
	expect_state(test, 0, DMA_BYPASS_DRAINING);
	unplug_last();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, plug_last,
							   NULL));
	expect_state(test, 0, DMA_BYPASS_OPEN);
	kunit_release_action(test, plug_last, NULL);
}

static int group_suite_init(struct kunit_suite *suite)
{
	int err = pci_register_driver(&edu_driver);

	if (err)
		return err;
	find_shared();
	if (shared[0])
		bus = shared[0]->bus;
	return 0;
}

static void group_suite_exit(struct kunit_suite *suite)
{
	put_shared();
	pci_unregister_driver(&edu_driver);
}

static bool ready(void)
{
	int i;

	for (i = 0; i < SHARED; i++)
		if (!shared[i] || !pci_get_drvdata(shared[i]) ||
		    !use_dma_iommu(member(i)))
			return false;
	return true;
}

static int group_init(struct kunit *test)
{
	if (!ready())
		kunit_skip(test, "needs three edu devices behind VT-d");
	return 0;
}

static void group_exit(struct kunit *test)
{
	int i;

	if (!ready())
		return;
	for (i = 0; i < SHARED; i++) {
		dma_bypass_set_policy(member(i), DMA_BYPASS_POLICY_DEFAULT);
		KUNIT_EXPECT_EQ(test, 0, edu_rebind(shared[i]));
	}
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(devices_share_a_group),
	KUNIT_CASE(one_grant_opens_nothing),
	KUNIT_CASE(all_grants_open),
	KUNIT_CASE(last_grant_opens_for_those_who_asked),
	KUNIT_CASE(lost_grant_drains_the_others),
	KUNIT_CASE(last_user_closes),
	KUNIT_CASE(unplugged_has_no_say),
	KUNIT_CASE(newcomer_drains_the_others),
	KUNIT_CASE(leaving_refuser_resumes),
	{ }
};

static struct kunit_suite group_suite = {
	.name		= "dma_bypass_vtd_group",
	.suite_init	= group_suite_init,
	.suite_exit	= group_suite_exit,
	.init		= group_init,
	.exit		= group_exit,
	.test_cases	= group_cases,
};

kunit_test_suite(group_suite);
