// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_memory: what bypass windows behind VT-d map, with memory
 * that goes offline and online, and which IOVAs are allocated beside them.
 *
 * Needs two of QEMU's edu devices, and some movable memory (movablecore=1G).
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "dma-iommu-bypass-test-fake.h"
#include "../../lib/test_dma_bypass_block.h"

static void window_maps_ram_only(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i;

	open_window(test, 0);
	for (i = 0; i < ram->nr; i++) {
		phys_addr_t start = ram->chunk[i].start, end = ram->chunk[i].end;
		phys_addr_t mid = (start + end) / 2;

		KUNIT_EXPECT_EQ(test, mapped(0, start), start);
		KUNIT_EXPECT_EQ(test, mapped(0, mid), mid);
		KUNIT_EXPECT_EQ(test, mapped(0, end - 1), end - 1);
		KUNIT_EXPECT_EQ(test, mapped(0, start - 1), 0);
		KUNIT_EXPECT_EQ(test, mapped(0, end), 0);
	}
}

static void window_uses_large_pages(struct kunit *test)
{
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, vtd_page_size(dev_of(0), window_base(0) + SZ_4G),
			SZ_1G);
	KUNIT_EXPECT_EQ(test, vtd_page_size(dev_of(0),
					    window_base(0) + SZ_256M), SZ_2M);
}

#define WARM_UP		(100 / KASAN_SCALE)
#define REOPENED	(1000 / KASAN_SCALE)
#define ROUNDS		5
#define NOISE		8		/* pages: half of 64 bytes each time */

/* Pages of page tables, and of slab. */
struct pages_used {
	unsigned long	tables;
	unsigned long	slab;
};

static struct pages_used pages_used(void)
{
	/* Wait for windows that are freed after a grace period. */
	kvfree_rcu_barrier();
	return (struct pages_used) {
		.tables	= table_pages(),
		/* KASAN delays the freeing. */
		.slab	= IS_ENABLED(CONFIG_KASAN) ? 0 :
			  global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B),
	};
}

static bool reopening_grows(struct kunit *test)
{
	struct pages_used before = pages_used(), after;

	reopen(test, REOPENED);
	after = pages_used();
	kunit_info(test, "grew by %ld pages of page tables, %ld of slab\n",
		   after.tables - before.tables, after.slab - before.slab);
	return after.tables > before.tables + NOISE ||
	       after.slab > before.slab + NOISE;
}

/* Others allocate, too, but not in each round. */
static void reopening_leaks_nothing(struct kunit *test)
{
	int rounds = 0;

	reopen(test, WARM_UP);
	while (rounds < ROUNDS && reopening_grows(test))
		rounds++;
	KUNIT_EXPECT_LT(test, rounds, ROUNDS);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), 0);
}

#define SPLIT_ORDER	7		/* not cached by the IOVA allocator */
#define SPLIT_SIZE	SZ_512K
#define SPLIT_NR	4

static void reset_iova(void *unused)
{
	dev_of(0)->iommu->pci_32bit_workaround = 1;
	dma_set_mask(dev_of(0), DMA_BIT_MASK(64));
}

/* IOVAs up to @limit from now on, and not preferably below 4 GiB. */
static void limit_iova(struct kunit *test, dma_addr_t limit)
{
	dev_of(0)->iommu->pci_32bit_workaround = 0;
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), limit));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, reset_iova,
							   NULL));
}

/* To the device only: dma-debug does not accept overlapping ones from it. */
static dma_addr_t map_range(struct kunit *test, struct page *page, size_t size)
{
	dma_addr_t addr = dma_map_page(dev_of(0), page, 0, size, DMA_TO_DEVICE);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	return addr;
}

static void free_split(void *page)
{
	__free_pages(page, SPLIT_ORDER);
}

/*
 * The allocator goes from the top down.  There is room for two ranges above the
 * window: the others lie right below it.
 */
static void exactly_the_span_is_withheld(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, SPLIT_ORDER);
	dma_addr_t base = window_base(0), end = base + window_size();
	const dma_addr_t expected[SPLIT_NR] = {
		end + SPLIT_SIZE, end, base - SPLIT_SIZE, base - 2 * SPLIT_SIZE,
	};
	dma_addr_t addr[SPLIT_NR];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_split,
							   page));
	limit_iova(test, end + 2 * SPLIT_SIZE - 1);
	for (i = 0; i < SPLIT_NR; i++)
		addr[i] = map_range(test, page, SPLIT_SIZE);
	for (i = 0; i < SPLIT_NR; i++) {
		KUNIT_EXPECT_EQ_MSG(test, addr[i], expected[i], "range %d", i);
		dma_unmap_page(dev_of(0), addr[i], SPLIT_SIZE, DMA_TO_DEVICE);
	}
}

#define CHURN_SLOTS	256
#define CHURN_ORDER	6		/* not cached by the IOVA allocator */
#define CHURN_LARGEST	(SZ_4K << CHURN_ORDER)
#define CHURN_STEPS	4000

struct churn_slot {
	dma_addr_t	addr;
	size_t		size;
};

/**
 * struct churn - many mappings of many sizes
 * @page: what they map
 * @slot: those in flight
 * @below: number of mappings that lie below the window
 * @above: number of mappings that lie above it
 * @large_below: number of the largest mappings that lie below it
 * @large_above: number of the largest mappings that lie above it
 * @overlap: number of mappings that overlap it
 *
 * The allocator caches the IOVAs of the others: where they lie depends on what
 * was mapped before, with another limit.
 */
struct churn {
	struct page		*page;
	struct churn_slot	slot[CHURN_SLOTS];
	unsigned int		below;
	unsigned int		above;
	unsigned int		large_below;
	unsigned int		large_above;
	unsigned int		overlap;
};

static void churn_count(struct churn *c, struct churn_slot *slot)
{
	bool below = slot->addr + slot->size <= window_base(0);
	bool above = slot->addr >= window_base(0) + window_size();

	c->overlap += !below && !above;
	c->below += below;
	c->above += above;
	if (slot->size == CHURN_LARGEST) {
		c->large_below += below;
		c->large_above += above;
	}
}

static void churn_one(struct kunit *test, struct churn *c, u32 random)
{
	struct churn_slot *slot = &c->slot[random % CHURN_SLOTS];

	if (slot->size) {
		dma_unmap_page(dev_of(0), slot->addr, slot->size,
			       DMA_TO_DEVICE);
		slot->size = 0;
		return;
	}
	slot->size = SZ_4K << (random >> 16) % (CHURN_ORDER + 1);
	slot->addr = map_range(test, c->page, slot->size);
	churn_count(c, slot);
}

static struct churn *churn(struct kunit *test, u64 seed)
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
	return c;
}

static const struct churn_param {
	const char	*name;
	u64		room;		/* above the window; 0 for 32 bits, then 64 */
	bool		below;		/* some lie there; or none of the largest */
	bool		above;
} churn_params[] = {
	{ "32 bits first",		0,		true,	false },
	{ "64 bits",			U64_MAX,	false,	true },
	{ "1 MiB above the window",	SZ_1M,		true,	true },
};

KUNIT_ARRAY_PARAM_DESC(churn, churn_params, name);

static void expect_no_overlap(struct kunit *test, const struct churn_param *p,
			      u64 seed)
{
	struct churn *c = churn(test, seed);

	KUNIT_EXPECT_EQ_MSG(test, c->overlap, 0, "seed %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, !!(p->below ? c->below : c->large_below),
			    p->below, "seed %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, !!(p->above ? c->above : c->large_above),
			    p->above, "seed %llu", seed);
}

static void allocator_avoids_window(struct kunit *test)
{
	const struct churn_param *p = test->param_value;
	dma_addr_t end = window_base(0) + window_size();
	u64 limit = p->room == U64_MAX ? U64_MAX : end + p->room - 1;

	if (p->room)
		limit_iova(test, limit);
	expect_no_overlap(test, p, 1);
	open_window(test, 0);
	expect_no_overlap(test, p, 2);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	if (p->room)
		limit_iova(test, limit);
	expect_no_overlap(test, p, 3);
}

/* The window maps the block, or not, and the memory around it. */
static void expect_mapped(struct kunit *test, struct block *block, bool yes)
{
	phys_addr_t mid = (block->start + block->end) / 2;

	KUNIT_EXPECT_EQ(test, is_published(dev_of(0)->dma_bypass, block), yes);
	KUNIT_EXPECT_EQ(test, mapped(0, block->start), yes ? block->start : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, mid), yes ? mid : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block->end - 1),
			yes ? block->end - 1 : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block->start - 1), block->start - 1);
	KUNIT_EXPECT_EQ(test, mapped(0, block->end), block->end);
}

static void offline_unmaps_block(struct kunit *test)
{
	struct block block = find_block(test);

	open_window(test, 0);
	expect_mapped(test, &block, true);
	set_online(test, &block, false);
	expect_mapped(test, &block, false);
	expect_fault(test, 0, window_base(0) + block.start, NULL);
	set_online(test, &block, true);
	expect_mapped(test, &block, true);
	KUNIT_EXPECT_EQ(test, 0, edu_dma_read(edu_of(0),
					      window_base(0) + block.start,
					      EDU_MAX));
}

static void online_maps_block(struct kunit *test)
{
	struct block block = find_block(test);

	set_online(test, &block, false);
	open_window(test, 0);
	expect_mapped(test, &block, false);
	set_online(test, &block, true);
	expect_mapped(test, &block, true);
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
	expect_mapped(test, &block, true);
}

static void offline_keeps_nothing_guarded(struct kunit *test)
{
	struct block block = find_block(test);

	if (!open_guarded(test, 0))
		return;
	touch_guarded(test, block.start);
	set_online(test, &block, false);
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, guards(test, block.start));
}

static void online_is_guarded_when_touched(struct kunit *test)
{
	struct block block = find_block(test);
	unsigned long before;

	set_online(test, &block, false);
	if (open_guarded(test, 0)) {
		set_online(test, &block, true);
		before = table_pages();
		touch_guarded(test, block.start);
		KUNIT_EXPECT_GT(test, table_pages(), before);
	} else {
		set_online(test, &block, true);
	}
}

static void unplug_to_closed(struct kunit *test)
{
	open_window(test, 0);
	replug();
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), 0);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, mapped(0, SZ_4G), SZ_4G);
}

/**
 * struct taken_param - addresses that belong to somebody else
 * @name: of the case
 * @in_window: whether @start is relative to the window's base, not to 0
 * @start: first address
 * @size: number of addresses
 * @moves: whether the window makes way for them
 */
struct taken_param {
	const char	*name;
	bool		in_window;
	u64		start;
	u64		size;
	bool		moves;
};

static const struct taken_param taken_params[] = {
	{ "low",		 false,	SZ_4G - SZ_1M,	SZ_1M,	false },
	{ "up to the window",	 true,	-SZ_1M,		SZ_1M,	false },
	{ "into the window",	 true,	-SZ_1M,		SZ_2M,	true },
	{ "in the window",	 true,	SZ_4G,		SZ_1M,	true },
	{ "behind all memory",	 true,	1ULL << 37,	SZ_1M,	false },
};

KUNIT_ARRAY_PARAM_DESC(taken, taken_params, name);

/* Addresses taken at the moment; those of the bridge are in its list, too. */
static struct resource taken;

static void take(const struct taken_param *p)
{
	u64 start = p->start + (p->in_window ? window_base(0) : 0);

	taken = DEFINE_RES_MEM(start, p->size);
}

/* The device finds its window at @base when it is plugged in again. */
static void expect_base(struct kunit *test, dma_addr_t base)
{
	struct page *page = buffer(test, HIGH);

	replug();
	KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, SZ_4K, BYPASS),
			base + page_to_phys(page));
}

static void drop_bridge_window(void *entry)
{
	resource_list_destroy_entry(entry);
}

static void window_avoids_bridge_window(struct kunit *test)
{
	const struct taken_param *p = test->param_value;
	struct pci_host_bridge *bridge = pci_find_host_bridge(edus[0]->bus);
	dma_addr_t base = window_base(0);
	struct resource_entry *entry;

	take(p);
	entry = resource_list_create_entry(&taken, 0);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	resource_list_add_tail(entry, &bridge->windows);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   drop_bridge_window,
							   entry));
	expect_base(test, p->moves ? 2 * base : base);
	kunit_release_action(test, drop_bridge_window, entry);
	expect_base(test, base);
}

static void reserve_taken(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	iommu_ops->get_resv_regions(dev, head);
	region = iommu_alloc_resv_region(taken.start, resource_size(&taken), 0,
					 IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, head);
}

static void window_avoids_reserved_region(struct kunit *test)
{
	const struct taken_param *p = test->param_value;
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;
	dma_addr_t base = window_base(0);

	take(p);
	fake_iommu_ops(test)->get_resv_regions = reserve_taken;
	expect_base(test, p->moves ? 2 * base : base);
	kunit_release_action(test, restore_iommu_ops, iommu);
	expect_base(test, base);
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

static void expect_page_translated(struct kunit *test, struct page *page)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr;

	/* Not dma_map_page_attrs(), which dma-debug forbids for such pages. */
	addr = dma_map_phys(dev_of(0), phys, SZ_4K, DMA_BIDIRECTIONAL, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_translated(test, 0, addr);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr), phys);
	dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_BIDIRECTIONAL, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
}

/* In both orders. */
static void device_memory_to_translated(struct kunit *test)
{
	struct page *page;

	open_window(test, 0);
	page = device_pages(test);
	KUNIT_ASSERT_TRUE(test, is_zone_device_page(page));
	expect_page_translated(test, page);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
	expect_page_translated(test, page);
}
#endif

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(exactly_the_span_is_withheld),
	KUNIT_CASE_PARAM(allocator_avoids_window, churn_gen_params),
	KUNIT_CASE(window_maps_ram_only),
	KUNIT_CASE(window_uses_large_pages),
	KUNIT_CASE_SLOW(reopening_leaks_nothing),
	KUNIT_CASE(offline_unmaps_block),
	KUNIT_CASE(online_maps_block),
	KUNIT_CASE(close_while_offline),
	KUNIT_CASE(offline_keeps_nothing_guarded),
	KUNIT_CASE(online_is_guarded_when_touched),
	KUNIT_CASE(unplug_to_closed),
	KUNIT_CASE_PARAM(window_avoids_bridge_window, taken_gen_params),
	KUNIT_CASE_PARAM(window_avoids_reserved_region, taken_gen_params),
#ifdef CONFIG_ZONE_DEVICE
	KUNIT_CASE(device_memory_to_translated),
#endif
	{ }
};

static struct kunit_suite memory_suite = {
	.name		= "dma_bypass_vtd_memory",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= memory_cases,
};

kunit_test_suite(memory_suite);
