// SPDX-License-Identifier: GPL-2.0
/*
 * What bypass windows behind VT-d map, over time: memory that comes and goes,
 * a window opened and closed many times, and an IOVA allocator beside it.
 *
 * Wants two of QEMU's edu devices, and some movable memory (movablecore=1G).
 */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "dma-iommu-bypass-test.h"

static void window_shows_ram_only(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i;

	open_window(test, 0);
	for (i = 0; i < ram->nr; i++) {
		struct dma_bypass_range *c = &ram->chunk[i];
		phys_addr_t mid = (c->start + c->end) / 2;

		KUNIT_EXPECT_EQ(test, mapped(0, c->start), c->start);
		KUNIT_EXPECT_EQ(test, mapped(0, mid), mid);
		KUNIT_EXPECT_EQ(test, mapped(0, c->end - 1), c->end - 1);
		KUNIT_EXPECT_EQ(test, mapped(0, c->start - 1), 0);
		KUNIT_EXPECT_EQ(test, mapped(0, c->end), 0);
	}
	KUNIT_EXPECT_EQ(test, vtd_page_size(dev_of(0), half(0) + SZ_4G), SZ_1G);
	KUNIT_EXPECT_EQ(test, vtd_page_size(dev_of(0), half(0) + SZ_16M),
			SZ_2M);
}

#define WARM_UP		(100 / SHARE)
#define REOPENED	(1000 / SHARE)
#define ROUNDS		5
#define NOISE		8		/* pages: half of 64 bytes each time */

/* Pages of page tables, and of what kmalloc() has. */
struct held {
	unsigned long	tables;
	unsigned long	slab;
};

static struct held held(void)
{
	/* Windows that are still to be freed are not lost. */
	kvfree_rcu_barrier();
	return (struct held) {
		.tables	= settled_tables(),
		/* KASAN keeps for a while what was freed. */
		.slab	= IS_ENABLED(CONFIG_KASAN) ? 0 :
			  global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B),
	};
}

static bool reopening_grows(struct kunit *test)
{
	struct held before = held(), after;

	reopen(test, REOPENED);
	after = held();
	kunit_info(test, "grew by %ld pages of page tables, %ld of slab\n",
		   after.tables - before.tables, after.slab - before.slab);
	return after.tables > before.tables + NOISE ||
	       after.slab > before.slab + NOISE;
}

/* Others allocate meanwhile, once in a while: a leak is there every time. */
static void reopening_leaks_nothing(struct kunit *test)
{
	int rounds = 0;

	reopen(test, WARM_UP);
	while (rounds < ROUNDS && reopening_grows(test))
		rounds++;
	KUNIT_EXPECT_LT(test, rounds, ROUNDS);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), 0);
}

#define CHURN_SLOTS	256
#define CHURN_ORDER	6
#define CHURN_STEPS	4000

struct churn_slot {
	dma_addr_t	addr;
	size_t		size;
};

struct churn {
	struct page		*page;
	struct churn_slot	slot[CHURN_SLOTS];
	dma_addr_t		highest;
};

static void churn_one(struct kunit *test, struct churn *c, u32 random)
{
	struct churn_slot *slot = &c->slot[random % CHURN_SLOTS];
	struct device *dev = dev_of(0);

	if (slot->size) {
		dma_unmap_page(dev, slot->addr, slot->size, DMA_TO_DEVICE);
		slot->size = 0;
		return;
	}
	slot->size = SZ_4K << (random >> 16) % (CHURN_ORDER + 1);
	slot->addr = dma_map_page(dev, c->page, 0, slot->size, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, slot->addr));
	c->highest = max(c->highest, slot->addr + slot->size - 1);
}

/* Of many sizes, fresh and from the magazines: the highest address of all. */
static dma_addr_t churn(struct kunit *test, u64 seed)
{
	struct churn *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct rnd_state state;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->page = alloc_pages(GFP_KERNEL, CHURN_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, c->page);
	prandom_seed_state(&state, seed);
	for (i = 0; i < CHURN_STEPS; i++)
		churn_one(test, c, prandom_u32_state(&state));
	for (i = 0; i < CHURN_SLOTS; i++)
		if (c->slot[i].size)
			churn_one(test, c, i);
	__free_pages(c->page, CHURN_ORDER);
	return c->highest;
}

static void allocator_stays_below(struct kunit *test)
{
	KUNIT_EXPECT_LT(test, churn(test, 1), half(0));
	open_window(test, 0);
	KUNIT_EXPECT_LT(test, churn(test, 2), half(0));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_LT(test, churn(test, 3), half(0));
}

/* The allocator goes from the top down: with 64 bits, it starts at the half. */
static void allocator_stays_below_with_64_bits(struct kunit *test)
{
	struct dev_iommu *iommu = dev_of(0)->iommu;
	u32 workaround = iommu->pci_32bit_workaround;
	dma_addr_t closed, open, again;

	iommu->pci_32bit_workaround = 0;
	closed = churn(test, 4);
	open_window(test, 0);
	open = churn(test, 5);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	again = churn(test, 6);
	iommu->pci_32bit_workaround = workaround;

	KUNIT_EXPECT_EQ(test, closed, half(0) - 1);
	KUNIT_EXPECT_LT(test, open, half(0));
	KUNIT_EXPECT_LT(test, again, half(0));
}

/* Early allocations (KASAN's shadow) may lie in memory that else is movable. */
static int is_movable(struct memory_block *mem, void *found)
{
	unsigned long pfn = section_nr_to_pfn(mem->start_section_nr);
	unsigned long end = pfn + PHYS_PFN(memory_block_size_bytes());
	struct page *page;

	for (; pfn < end; pfn++) {
		page = pfn_to_online_page(pfn);
		if (!page || !is_zone_movable_page(page) || PageReserved(page))
			return 0;
	}
	get_device(&mem->dev);
	*(struct memory_block **)found = mem;
	return 1;
}

/* Memory that a test takes offline and brings online. */
struct block {
	struct memory_block	*mem;
	phys_addr_t		start;
	phys_addr_t		end;
};

static void put_block(void *dev)
{
	put_device(dev);
}

static struct block find_block(struct kunit *test)
{
	struct block block = {};

	for_each_memory_block(&block.mem, is_movable);
	if (!block.mem)
		kunit_skip(test, "no movable memory");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_block,
							   &block.mem->dev));
	block.start = PFN_PHYS(section_nr_to_pfn(block.mem->start_section_nr));
	block.end = block.start + memory_block_size_bytes();
	return block;
}

static void set_online(struct kunit *test, struct block *block, bool online)
{
	int err;

	lock_device_hotplug();
	block->mem->online_type = MMOP_ONLINE_MOVABLE;
	err = online ? device_online(&block->mem->dev) :
		       device_offline(&block->mem->dev);
	unlock_device_hotplug();
	KUNIT_ASSERT_EQ(test, 0, err);
}

/* All of the block, and nothing beside it. */
static void expect_shown(struct kunit *test, struct block *block, bool shown)
{
	struct dma_bypass_range *ram = dev_of(0)->dma_bypass->ram;
	phys_addr_t mid = (block->start + block->end) / 2;
	bool given_out = false;
	int i;

	for (i = 0; i < DMA_BYPASS_RANGES; i++)
		if (block->start < ram[i].end && block->end > ram[i].start)
			given_out = true;
	KUNIT_EXPECT_EQ(test, given_out, shown);

	KUNIT_EXPECT_EQ(test, mapped(0, block->start),
			shown ? block->start : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, mid), shown ? mid : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block->end - 1),
			shown ? block->end - 1 : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block->start - 1), block->start - 1);
	KUNIT_EXPECT_EQ(test, mapped(0, block->end), block->end);
}

static void offline_leaves_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	open_window(test, 0);
	expect_shown(test, &block, true);
	set_online(test, &block, false);
	expect_shown(test, &block, false);
	expect_refused(test, 0, half(0) + block.start, NULL);
	set_online(test, &block, true);
	expect_shown(test, &block, true);
	KUNIT_EXPECT_EQ(test, 0, edu_fetch(edu_of(0), half(0) + block.start,
					   EDU_MAX));
}

static void online_joins_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	set_online(test, &block, false);
	open_window(test, 0);
	expect_shown(test, &block, false);
	set_online(test, &block, true);
	expect_shown(test, &block, true);
}

static void close_while_offline(struct kunit *test)
{
	struct block block = find_block(test);

	open_window(test, 0);
	set_online(test, &block, false);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, mapped(0, block.end), 0);
	set_online(test, &block, true);
	KUNIT_EXPECT_EQ(test, mapped(0, block.start), 0);
	open_window(test, 0);
	expect_shown(test, &block, true);
}

/* Unplug the device with its window open, and plug it in again. */
static void unplug_closes(struct kunit *test)
{
	struct pci_bus *bus = edus[0]->bus;

	open_window(test, 0);
	pci_stop_and_remove_bus_device_locked(edus[0]);
	edu_put();
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	edu_find();

	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), 0);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), SZ_4G);
}

#ifdef CONFIG_ZONE_DEVICE
static void unmap_device_pages(void *pgmap)
{
	memunmap_pages(pgmap);
}

/* Pages of a device's memory, in the largest hole of the system's. */
static struct page *device_pages(struct kunit *test)
{
	struct dev_pagemap *pgmap = kunit_kzalloc(test, sizeof(*pgmap),
						  GFP_KERNEL);
	struct ram *ram = ram_find(test);
	phys_addr_t start = ALIGN(ram->chunk[ram->nr - 2].end, SZ_256M) +
			    SZ_256M;

	KUNIT_ASSERT_NOT_NULL(test, pgmap);
	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->nr_range = 1;
	pgmap->range.start = start;
	pgmap->range.end = start + SZ_128M - 1;
	KUNIT_ASSERT_FALSE(test, IS_ERR(memremap_pages(pgmap, NUMA_NO_NODE)));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   unmap_device_pages,
							   pgmap));
	return pfn_to_page(PHYS_PFN(start));
}

static void expect_translated(struct kunit *test, struct page *page)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr = map(test, 0, page, 0, SZ_4K, BYPASS);

	KUNIT_EXPECT_LT(test, addr, half(0));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr), phys);
	unmap(0, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
}

/* Whether it was there first, or the window. */
static void device_memory_is_translated(struct kunit *test)
{
	struct page *page;

	open_window(test, 0);
	page = device_pages(test);
	KUNIT_ASSERT_TRUE(test, is_zone_device_page(page));
	expect_translated(test, page);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
	expect_translated(test, page);
}
#endif

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(window_shows_ram_only),
	KUNIT_CASE_SLOW(reopening_leaks_nothing),
	KUNIT_CASE(allocator_stays_below),
	KUNIT_CASE(allocator_stays_below_with_64_bits),
	KUNIT_CASE(offline_leaves_open_window),
	KUNIT_CASE(online_joins_open_window),
	KUNIT_CASE(close_while_offline),
	KUNIT_CASE(unplug_closes),
#ifdef CONFIG_ZONE_DEVICE
	KUNIT_CASE(device_memory_is_translated),
#endif
	{ }
};

static struct kunit_suite memory_suite = {
	.name		= "dma_bypass_vtd_memory",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= memory_cases,
};

kunit_test_suite(memory_suite);
