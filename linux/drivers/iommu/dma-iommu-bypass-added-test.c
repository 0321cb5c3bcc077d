// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_added: bypass windows behind VT-d and memory that the kernel
 * has not seen at boot.
 *
 * Needs two of QEMU's edu devices, and memory at dma_iommu_bypass_added_test.start= that
 * the firmware does not announce: a pc-dimm.  Part of the cases put the page structs of
 * the memory into it: memory_hotplug.memmap_on_memory=1.
 */
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/moduleparam.h>

#include "dma-iommu-bypass-test.h"

static unsigned long start;
module_param(start, ulong, 0);

#define NR_BLOCKS	2

/**
 * struct added_param - how memory is added
 * @name: description
 * @memmap: whether the page structs of the memory are in it
 * @managed: whether its driver plugs and unplugs it piecemeal
 * @opened_first: whether the window is open before
 * @type: how it comes online
 */
struct added_param {
	const char		*name;
	bool			memmap;
	bool			managed;
	bool			opened_first;
	enum mmop		type;
};

static const struct added_param added_params[] = {
	{ "window is open", .opened_first = true, .type = MMOP_ONLINE_MOVABLE },
	{ "window opens later", .type = MMOP_ONLINE_MOVABLE },
	{ "memmap in it, window is open", .memmap = true, .opened_first = true,
	  .type = MMOP_ONLINE_MOVABLE },
	{ "memmap in it, window opens later", .memmap = true,
	  .type = MMOP_ONLINE_MOVABLE },
	{ "for the kernel, window is open", .opened_first = true,
	  .type = MMOP_ONLINE_KERNEL },
	{ "for the kernel, window opens later", .type = MMOP_ONLINE_KERNEL },
	{ "managed by its driver, window is open", .managed = true,
	  .opened_first = true, .type = MMOP_ONLINE_MOVABLE },
	{ "managed by its driver, window opens later", .managed = true,
	  .type = MMOP_ONLINE_MOVABLE },
};

KUNIT_ARRAY_PARAM_DESC(added, added_params, name);

static u64 added_size(void)
{
	return NR_BLOCKS * memory_block_size_bytes();
}

static void remove_added(void *unused)
{
	offline_and_remove_memory(start, added_size());
}

static int online_block(struct memory_block *mem, void *type)
{
	mem->online_type = *(enum mmop *)type;
	return device_online(&mem->dev);
}

static void add_and_online(struct kunit *test, const struct added_param *p)
{
	mhp_t flags = p->memmap ? MHP_MEMMAP_ON_MEMORY : MHP_NONE;
	enum mmop type = p->type;
	int err;

	err = p->managed ?
	      add_memory_driver_managed(0, start, added_size(),
					"System RAM (kunit)", flags) :
	      add_memory(0, start, added_size(), flags);
	KUNIT_ASSERT_EQ(test, 0, err);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_added,
							   NULL));
	lock_device_hotplug();
	err = walk_memory_blocks(start, added_size(), &type, online_block);
	unlock_device_hotplug();
	KUNIT_ASSERT_EQ(test, 0, err);
}

/* A page that the window is to map: behind the page structs, if they are there. */
static phys_addr_t last_page_of_block(int i)
{
	return start + (i + 1) * memory_block_size_bytes() - SZ_4K;
}

static void expect_added(struct kunit *test, bool yes)
{
	phys_addr_t phys;
	dma_addr_t addr;
	int i;

	for (i = 0; i < NR_BLOCKS; i++) {
		phys = last_page_of_block(i);
		KUNIT_EXPECT_EQ_MSG(test, mapped(0, phys), yes ? phys : 0,
				    "block %d", i);
		addr = dma_map_phys(dev_of(0), phys, SZ_4K, DMA_TO_DEVICE,
				    BYPASS);
		KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
		KUNIT_EXPECT_EQ_MSG(test, in_window(0, addr), yes, "block %d",
				    i);
		dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	}
}

static void expect_removed(struct kunit *test, bool mapped_yet)
{
	const struct dma_bypass_window *win = dev_of(0)->dma_bypass;
	phys_addr_t phys, end = start + added_size();
	unsigned int i;

	for (i = 0; i < win->nr_ranges; i++)
		KUNIT_EXPECT_FALSE(test, win->ranges[i].start < end &&
				   win->ranges[i].start + win->ranges[i].size > start);
	for (phys = start; phys < end; phys += SZ_2M)
		KUNIT_EXPECT_EQ_MSG(test, mapped(0, phys),
				    mapped_yet ? phys : 0, "%pap", &phys);
}

static void added_memory(struct kunit *test)
{
	const struct added_param *p = test->param_value;
	struct page *page = buffer(test, HIGH);

	if (p->opened_first)
		open_window(test, 0);
	add_and_online(test, p);
	if (!p->opened_first)
		open_window(test, 0);
	expect_bypass(test, 0, page);
	expect_added(test, !p->managed);
	kunit_release_action(test, remove_added, NULL);
	KUNIT_EXPECT_EQ(test, region_intersects(start, added_size(),
						IORESOURCE_SYSTEM_RAM,
						IORES_DESC_NONE),
			REGION_DISJOINT);
	/* It was mapped together with what precedes it, if it was there first. */
	expect_removed(test, p->type == MMOP_ONLINE_KERNEL && !p->opened_first);
	expect_bypass(test, 0, page);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
	expect_removed(test, false);
}

/* Where nothing was when it was first mapped, there is something now. */
static void added_memory_is_guarded(struct kunit *test)
{
	static const struct added_param p = { .type = MMOP_ONLINE_MOVABLE };
	phys_addr_t phys = last_page_of_block(0);

	if (!open_guarded(test, 0))
		return;
	KUNIT_EXPECT_FALSE(test, guards(test, phys));
	msleep(100);
	KUNIT_EXPECT_FALSE(test, guards(test, phys));
	add_and_online(test, &p);
	touch_guarded(test, phys);
	kunit_release_action(test, remove_added, NULL);
	KUNIT_EXPECT_EQ(test, region_intersects(start, added_size(),
						IORESOURCE_SYSTEM_RAM,
						IORES_DESC_NONE),
			REGION_DISJOINT);
}

/* The windows have room for what the firmware announces; it announces nothing. */
static int added_init(struct kunit *test)
{
	int err = vtd_init(test);

	if (err)
		return err;
	if (!start)
		kunit_skip(test, "needs start=");
	max_possible_pfn = max_t(u64, max_possible_pfn,
				 PHYS_PFN(start + added_size()));
	replug();
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	return 0;
}

static struct kunit_case added_cases[] = {
	KUNIT_CASE_PARAM_ATTR(added_memory, added_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(added_memory_is_guarded),
	{ }
};

static struct kunit_suite added_suite = {
	.name		= "dma_bypass_vtd_added",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= added_init,
	.exit		= window_test_exit,
	.test_cases	= added_cases,
};

kunit_test_suite(added_suite);
