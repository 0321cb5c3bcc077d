/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suites of providers: a memory block that a test takes offline and brings
 * online.
 */
#ifndef _TEST_DMA_BYPASS_BLOCK_H
#define _TEST_DMA_BYPASS_BLOCK_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pfn.h>

struct block {
	struct memory_block	*mem;
	phys_addr_t		start;
	phys_addr_t		end;
};

static int take_block(struct memory_block *mem, void *found)
{
	get_device(&mem->dev);
	*(struct memory_block **)found = mem;
	return 1;
}

/* A block that is movable throughout: KASAN's shadow may be in one. */
static int take_movable_block(struct memory_block *mem, void *found)
{
	unsigned long pfn = section_nr_to_pfn(mem->start_section_nr);
	unsigned long end = pfn + PHYS_PFN(memory_block_size_bytes());
	struct page *page;

	for (; pfn < end; pfn++) {
		page = pfn_to_online_page(pfn);
		if (!page || !is_zone_movable_page(page) || PageReserved(page))
			return 0;
	}
	return take_block(mem, found);
}

static void put_block(void *dev)
{
	put_device(dev);
}

static inline struct block find_block(struct kunit *test)
{
	struct block block = {};

	for_each_memory_block(&block.mem, take_movable_block);
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

/* Whether mappings may use a part of the block. */
static bool is_published(const struct dma_bypass_window *win,
			 const struct block *block)
{
	unsigned int i;

	for (i = 0; i < win->nr_ranges; i++)
		if (block->start < win->ranges[i].start + win->ranges[i].size &&
		    block->end > win->ranges[i].start)
			return true;
	return false;
}

#endif /* _TEST_DMA_BYPASS_BLOCK_H */
