// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER, and memory that comes and goes.
 *
 * Wants some movable memory (movablecore=).
 */
#include <linux/memblock.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

#include "dma-bypass-test.h"

/* Memory that a test takes offline and brings online. */
struct block {
	struct memory_block	*mem;
	phys_addr_t		start;
	phys_addr_t		end;
};

static int is_movable(struct memory_block *mem, void *found)
{
	unsigned long pfn = section_nr_to_pfn(mem->start_section_nr);
	struct page *page = pfn_to_online_page(pfn);

	if (!page || !is_zone_movable_page(page))
		return 0;
	get_device(&mem->dev);
	*(struct memory_block **)found = mem;
	return 1;
}

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

/* May any of it be mapped? */
static bool shown(struct block *block)
{
	struct dma_bypass_range *ram = dev_of(0)->dma_bypass->ram;
	int i;

	for (i = 0; i < DMA_BYPASS_RANGES; i++)
		if (block->start < ram[i].end && block->end > ram[i].start)
			return true;
	return false;
}

/* What the device holds after it was to fetch the start of the block. */
static u8 fetched(struct kunit *test, struct block *block)
{
	u8 held[16];

	memset(held, 0x33, sizeof(held));
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(0), held, sizeof(held)));
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(0), UPPER_BASE + block->start,
					   sizeof(held)));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(0), held, sizeof(held)));
	return held[0];
}

static void offline_leaves_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_EXPECT_TRUE(test, shown(&block));
	set_online(test, &block, false);
	KUNIT_EXPECT_FALSE(test, shown(&block));
	memset(__va(block.start), 0x44, EDU_MAX);
	/* powernv's window is not made of pages that could be unmapped. */
	if (machine_is(pseries))
		KUNIT_EXPECT_NE(test, fetched(test, &block), 0x44);
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, shown(&block));
}

static void online_joins_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	set_online(test, &block, false);
	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_EXPECT_FALSE(test, shown(&block));
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, shown(&block));
	KUNIT_EXPECT_EQ(test, fetched(test, &block), *(u8 *)__va(block.start));
}

/* Memory that the kernel did not know of at boot (mem=). */
static struct block add_block(struct kunit *test)
{
	struct block block = {
		.start = ALIGN(memblock_end_of_DRAM(),
			       memory_block_size_bytes()),
	};

	block.end = block.start + memory_block_size_bytes();
	KUNIT_ASSERT_EQ(test, 0, add_memory(0, block.start,
					    memory_block_size_bytes(),
					    MHP_NONE));
	block.mem = find_memory_block(pfn_to_section_nr(PHYS_PFN(block.start)));
	KUNIT_ASSERT_NOT_NULL(test, block.mem);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_block,
							   &block.mem->dev));
	return block;
}

/*
 * powernv's window has room up to the next power of two.  On pseries a kernel
 * without NUMA does not know what may be added, and gives out no address of it:
 * but what fits into the window is mapped there.
 */
static void added_memory_joins_if_there_is_room(struct kunit *test)
{
	bool room = !machine_is(pseries) || IS_ENABLED(CONFIG_NUMA);
	struct block block;
	struct page *page;

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	block = add_block(test);
	page = pfn_to_page(PHYS_PFN(block.start));
	KUNIT_EXPECT_FALSE(test, shown(&block));
	set_online(test, &block, true);
	KUNIT_EXPECT_EQ(test, shown(&block), room);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, BYPASS),
			room ? UPPER : LOWER);
	memset(__va(block.start), 0x44, EDU_MAX);
	KUNIT_EXPECT_EQ(test, fetched(test, &block), 0x44);
	set_online(test, &block, false);
	KUNIT_EXPECT_FALSE(test, shown(&block));
}

static struct kunit_case added_cases[] = {
	KUNIT_CASE(added_memory_joins_if_there_is_room),
	{ }
};

static struct kunit_suite added_suite = {
	.name		= "dma_bypass_power_added",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= added_cases,
};

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(offline_leaves_open_window),
	KUNIT_CASE(online_joins_open_window),
	{ }
};

static struct kunit_suite memory_suite = {
	.name		= "dma_bypass_power_memory",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= memory_cases,
};

kunit_test_suites(&memory_suite, &added_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and memory hotplug");
MODULE_LICENSE("GPL");
