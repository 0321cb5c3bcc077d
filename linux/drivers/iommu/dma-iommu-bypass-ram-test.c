// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites dma_bypass_vtd_pages and dma_bypass_vtd_ram: the memory that bypass windows
 * behind VT-d map where it is much, in many pieces, or mapped with small pages.
 *
 * They need two of QEMU's edu devices; the latter needs some movable memory, too, and some
 * for a crash kernel: movablecore=2G crashkernel=64M.  With intel_iommu=sp_off the IOMMU
 * has pages of 4 KiB only.
 */
#include <linux/crash_reserve.h>
#include <linux/init.h>
#include <linux/kexec.h>

#include "dma-iommu-bypass-test.h"
#include "../../lib/test_dma_bypass_block.h"

#define MAX_BLOCKS	8

static u64 ram_size(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i;
	u64 size = 0;

	for (i = 0; i < ram->nr; i++)
		size += ram->chunk[i].end - ram->chunk[i].start;
	return size;
}

/* An entry of 8 bytes for each page of 4 KiB is too much beyond 64 MiB. */
static bool page_tables_fit(struct kunit *test)
{
	return !strstr(saved_command_line, "sp_off") ||
	       ram_size(test) / SZ_4K * 8 <= SZ_64M;
}

/* They are no more than what is needed, or none. */
static void page_tables_are_bounded(struct kunit *test)
{
	bool small = strstr(saved_command_line, "sp_off");
	unsigned long before = table_pages(), most;
	struct page *page = buffer(test, HIGH);

	if (!page_tables_fit(test)) {
		kunit_info(test, "require-console: cannot open the bypass window: -(ENOMEM|12)");
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
		expect_state(test, dev_of(0), CLOSED, NO_RESOURCES);
		expect_translated(test, 0,
				  map_once(test, 0, page, SZ_4K, BYPASS));
		KUNIT_EXPECT_LE(test, table_pages(), before + MAX_CHUNKS);
		return;
	}
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, vtd_page_size(dev_of(0), window_base(0) + SZ_4G),
			small ? SZ_4K : SZ_1G);
	expect_bypass(test, 0, page);
	most = small ? ram_size(test) / SZ_2M + 2 * MAX_CHUNKS : 64;
	KUNIT_EXPECT_LE(test, table_pages(), before + most);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_LE(test, table_pages(), before + MAX_CHUNKS);
}

#ifdef CONFIG_CRASH_RESERVE
/* What the next kernel would run in cannot be overwritten through the window. */
static void crash_kernel_to_fault(struct kunit *test)
{
	phys_addr_t start = crashk_res.start, end = crashk_res.end + 1;
	dma_addr_t addr;

	if (end - start < SZ_32M)
		kunit_skip(test, "needs crashkernel=");
	open_window(test, 0);
	expect_read_fault(test, 0, window_base(0) + start);
	expect_read_fault(test, 0, window_base(0) + end - SZ_4K);
	KUNIT_EXPECT_EQ(test, mapped(0, start), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, (start + end) / 2), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, end - 1), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, start - 1), start - 1);
	KUNIT_EXPECT_EQ(test, mapped(0, end), end);

	addr = dma_map_phys(dev_of(0), start, SZ_4K, DMA_TO_DEVICE, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_translated(test, 0, addr);
	dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}
#endif

struct blocks {
	struct block		block[MAX_BLOCKS];
	unsigned int		nr;
};

static int add_movable_block(struct memory_block *mem, void *arg)
{
	struct blocks *blocks = arg;
	struct block *block = &blocks->block[blocks->nr];

	if (!take_movable_block(mem, &block->mem))
		return 0;
	block->start = PFN_PHYS(section_nr_to_pfn(mem->start_section_nr));
	block->end = block->start + memory_block_size_bytes();
	return ++blocks->nr == MAX_BLOCKS;
}

static struct blocks *find_blocks(struct kunit *test)
{
	struct blocks *blocks = kunit_kzalloc(test, sizeof(*blocks), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for_each_memory_block(blocks, add_movable_block);
	for (i = 0; i < blocks->nr; i++)
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, put_block,
							  &blocks->block[i].mem->dev));
	if (blocks->nr < MAX_BLOCKS)
		kunit_skip(test, "too little movable memory");
	return blocks;
}

static void expect_block(struct kunit *test, struct block *block, bool yes)
{
	phys_addr_t mid = (block->start + block->end) / 2;

	KUNIT_EXPECT_EQ_MSG(test, is_published(dev_of(0)->dma_bypass, block),
			    yes, "block at %pap", &block->start);
	KUNIT_EXPECT_EQ(test, mapped(0, block->start), yes ? block->start : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, mid), yes ? mid : 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block->end - 1),
			yes ? block->end - 1 : 0);
}

static void bypass_block(struct kunit *test, struct block *block)
{
	dma_addr_t addr = dma_map_phys(dev_of(0), block->end - SZ_4K, SZ_4K,
				       DMA_TO_DEVICE, BYPASS);

	KUNIT_EXPECT_EQ(test, addr, window_base(0) + block->end - SZ_4K);
	dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

/* Every other block is offline: no memory between is lost, however many ranges. */
static void many_ranges(struct kunit *test, struct blocks *blocks)
{
	unsigned int i;

	for (i = 0; i < blocks->nr; i += 2)
		set_online(test, &blocks->block[i], false);
	KUNIT_EXPECT_GE(test, dev_of(0)->dma_bypass->nr_ranges, blocks->nr / 2);
	for (i = 0; i < blocks->nr; i++) {
		expect_block(test, &blocks->block[i], i % 2);
		if (i % 2)
			bypass_block(test, &blocks->block[i]);
	}
	for (i = 0; i < blocks->nr; i += 2)
		set_online(test, &blocks->block[i], true);
	for (i = 0; i < blocks->nr; i++) {
		expect_block(test, &blocks->block[i], true);
		bypass_block(test, &blocks->block[i]);
	}
}

static void range_is_split_while_open(struct kunit *test)
{
	struct blocks *blocks = find_blocks(test);

	open_window(test, 0);
	many_ranges(test, blocks);
}

/* They were offline when it was opened. */
static void ranges_apart_when_opened(struct kunit *test)
{
	struct blocks *blocks = find_blocks(test);
	unsigned int i;

	for (i = 1; i < MAX_BLOCKS; i += 2)
		set_online(test, &blocks->block[i], false);
	open_window(test, 0);
	for (i = 0; i < MAX_BLOCKS; i++)
		expect_block(test, &blocks->block[i], !(i % 2));
	for (i = 1; i < MAX_BLOCKS; i += 2)
		set_online(test, &blocks->block[i], true);
	many_ranges(test, blocks);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE_SLOW(page_tables_are_bounded),
	{ }
};

static struct kunit_suite pages_suite = {
	.name		= "dma_bypass_vtd_pages",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= pages_cases,
};

static struct kunit_case ram_cases[] = {
#ifdef CONFIG_CRASH_RESERVE
	KUNIT_CASE(crash_kernel_to_fault),
#endif
	KUNIT_CASE(range_is_split_while_open),
	KUNIT_CASE(ranges_apart_when_opened),
	{ }
};

static struct kunit_suite ram_suite = {
	.name		= "dma_bypass_vtd_ram",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= ram_cases,
};

kunit_test_suites(&pages_suite, &ram_suite);
