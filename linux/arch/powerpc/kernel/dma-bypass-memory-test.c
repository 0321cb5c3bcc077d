// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites dma_bypass_power_memory and dma_bypass_power_added: bypass windows on
 * POWER, and memory that goes offline, comes back, or is added.
 *
 * Need two of QEMU's edu devices, each alone in its PE; and movable memory
 * (movablecore=), or memory that the kernel does not know of (mem=).
 */
#include <linux/memblock.h>

#include "dma-bypass-test.h"
#include "../../../lib/test_dma_bypass_block.h"

/* The first byte that the device reads at the start of the block. */
static u8 first_byte(struct kunit *test, const struct block *block)
{
	u8 data[16];

	memset(data, UNREAD, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(0), data, sizeof(data)));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0),
					      UPPER_BASE + block->start,
					      sizeof(data)));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(0), data, sizeof(data)));
	return data[0];
}

static void offline_memory_leaves_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	open_window(test, 0);
	KUNIT_EXPECT_TRUE(test, is_published(dev_of(0)->dma_bypass, &block));
	set_online(test, &block, false);
	KUNIT_EXPECT_FALSE(test, is_published(dev_of(0)->dma_bypass, &block));
	memset(__va(block.start), SECRET, EDU_MAX);
	/* The window of powernv has no pages that could be unmapped. */
	if (machine_is(pseries))
		KUNIT_EXPECT_NE(test, first_byte(test, &block), SECRET);
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, is_published(dev_of(0)->dma_bypass, &block));
}

static void online_memory_joins_open_window(struct kunit *test)
{
	struct block block = find_block(test);

	set_online(test, &block, false);
	open_window(test, 0);
	KUNIT_EXPECT_FALSE(test, is_published(dev_of(0)->dma_bypass, &block));
	memset(__va(block.start), SECRET, EDU_MAX);
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, is_published(dev_of(0)->dma_bypass, &block));
	KUNIT_EXPECT_EQ(test, first_byte(test, &block),
			*(u8 *)__va(block.start));
}

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
	walk_memory_blocks(block.start, memory_block_size_bytes(), &block.mem,
			   take_block);
	KUNIT_ASSERT_NOT_NULL(test, block.mem);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_block,
							   &block.mem->dev));
	return block;
}

/*
 * The window of powernv ends at the next power of two, and that of pseries where
 * memory of the device tree ends: there is room.
 */
static void added_memory_joins_open_window(struct kunit *test)
{
	struct block block;
	struct page *page;

	open_window(test, 0);
	block = add_block(test);
	page = pfn_to_page(PHYS_PFN(block.start));
	KUNIT_EXPECT_FALSE(test, is_published(dev_of(0)->dma_bypass, &block));
	set_online(test, &block, true);
	KUNIT_EXPECT_TRUE(test, is_published(dev_of(0)->dma_bypass, &block));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, BYPASS), UPPER_WINDOW);
	memset(__va(block.start), SECRET, EDU_MAX);
	KUNIT_EXPECT_EQ(test, first_byte(test, &block), SECRET);
	set_online(test, &block, false);
	KUNIT_EXPECT_FALSE(test, is_published(dev_of(0)->dma_bypass, &block));
}

static struct kunit_case added_cases[] = {
	KUNIT_CASE(added_memory_joins_open_window),
	{ }
};

static struct kunit_suite added_suite = {
	.name		= "dma_bypass_power_added",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= added_cases,
};

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(offline_memory_leaves_open_window),
	KUNIT_CASE(online_memory_joins_open_window),
	{ }
};

static struct kunit_suite memory_suite = {
	.name		= "dma_bypass_power_memory",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= memory_cases,
};

kunit_test_suites(&memory_suite, &added_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and memory hotplug");
MODULE_LICENSE("GPL");
