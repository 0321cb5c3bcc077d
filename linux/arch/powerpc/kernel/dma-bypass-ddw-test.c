// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_ddw: bypass windows on pseries, the pages that the
 * hypervisor offers for them, and what follows when it does not create or remove one.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/slab.h>
#include <asm/iommu.h>

#include "dma-bypass-test.h"

/* The largest pages that the machine offers. */
static int tce_shift = 24;
module_param(tce_shift, int, 0);

static void window_has_largest_pages(struct kunit *test)
{
	const struct ddw_info *info;

	kunit_info(test, "require-console: bypass window open at 0x0*800000000000000");
	open_window(test, 0);
	info = of_get_property(phb_node(0), DDW_INFO, NULL);
	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(info->tce_shift), tce_shift);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(info->base), UPPER_BASE);
}

static void expect_translated(struct kunit *test, int i, unsigned long attrs)
{
	struct page *page = buffer(test);

	KUNIT_EXPECT_EQ(test, roundtrip(test, i, page, attrs, 100),
			DEFAULT_WINDOW);
	expect_blocked(test, i, upper(page), page_address(page));
}

/* The administrator grants a window, and there is none. */
static void expect_unsupported(struct kunit *test)
{
	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	expect_state(test, dev_of(0), CLOSED, NO_UNSUPPORTED);
	expect_translated(test, 0, BYPASS);
}

/* Another user has the second window of the PE, which is its last. */
static void no_window_left_to_unsupported(struct kunit *test)
{
	u32 liobn;

	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	liobn = take_ddw(test, 0, tce_shift);
	expect_unsupported(test);
	return_ddw(test, 0, liobn);
	open_window(test, 0);
}

/* The hypervisor rejects the arguments of another function. */
static void failed_remove_to_state_open(struct kunit *test)
{
	struct page *page = buffer(test);
	u32 tokens[DDW_TOKENS];

	kunit_info(test, "require-console: not confined: cannot close the window");
	ddw_tokens(test, 0, tokens);
	open_window(test, 0);
	set_ddw_token(test, 0, DDW_REMOVE, tokens[DDW_QUERY]);
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);

	/* The window remains, but it is empty. */
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 110),
			DEFAULT_WINDOW);

	set_ddw_token(test, 0, DDW_REMOVE, tokens[DDW_REMOVE]);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 111),
			UPPER_WINDOW);
}

/*
 * A hybrid window is known by the default window that is missing beside it.  It holds
 * the table of the PE, which may be in use: it is kept, and the state tells.
 */
static void hybrid_window_to_state_open(struct kunit *test)
{
	struct device_node *phb = phb_node(0);
	struct property *prop = of_find_property(phb, "ibm,dma-window", NULL);
	struct page *page = buffer(test);

	kunit_info(test, "require-console: not confined: cannot close the window");
	KUNIT_ASSERT_NOT_NULL(test, prop);
	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, of_remove_property(phb, prop));
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_EXPECT_TRUE(test, reaches(test, 0, page));
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 120), DEFAULT_WINDOW);

	KUNIT_ASSERT_EQ(test, 0, of_add_property(phb, prop));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_blocked(test, 0, upper(page), page_address(page));
}

/*
 * Give the upper half of the window of device 1 to a table, as hybrid windows have one
 * behind the memory.  The memory that was there is movable, and not the device's.
 */
static struct iommu_table *add_dynamic_part(struct kunit *test, u64 *start)
{
	const struct ddw_info *info = of_get_property(phb_node(1), DDW_INFO,
						      NULL);
	struct iommu_table *tbl = kzalloc_obj(*tbl);

	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_ASSERT_NOT_NULL(test, tbl);
	*start = UPPER_BASE + BIT(be32_to_cpu(info->shift) - 1);
	tbl->it_ops = &iommu_table_lpar_multi_ops;
	tbl->it_index = be32_to_cpu(info->liobn);
	tbl->it_page_shift = tce_shift;
	tbl->it_offset = *start >> tce_shift;
	tbl->it_size = (*start - UPPER_BASE) >> tce_shift;
	tbl->it_blocksize = 16;
	INIT_LIST_HEAD_RCU(&tbl->it_group_list);
	kref_init(&tbl->it_kref);
	KUNIT_ASSERT_PTR_EQ(test, tbl, iommu_init_table(tbl, 0, 0, 0));
	return tbl;
}

/* The page is mapped in the dynamic part, as memory behind the direct part is. */
static void expect_dynamic_unmap(struct kunit *test, struct iommu_table *tbl,
				 u64 start)
{
	struct page *page = buffer(test);
	dma_addr_t addr;

	KUNIT_EXPECT_FALSE(test, iommu_table_in_use(tbl));
	dev_of(1)->bus_dma_limit = UPPER_BASE + page_to_phys(page);
	addr = map(test, 1, page, 0);
	KUNIT_EXPECT_GE(test, addr, start);
	KUNIT_EXPECT_TRUE(test, iommu_table_in_use(tbl));
	dma_roundtrip(test, 1, addr, page_address(page), EDU_MAX, 130);

	dev_of(1)->bus_dma_limit = start;
	unmap(1, addr, 0);
	KUNIT_EXPECT_FALSE(test, iommu_table_in_use(tbl));
	expect_blocked(test, 1, addr, page_address(page));
	KUNIT_EXPECT_EQ(test, roundtrip(test, 1, page, 0, 131), UPPER_WINDOW);
}

/*
 * QEMU's window ends with the memory, so the dynamic part lies inside of it.  Had the
 * device had its bypass window open, it would take these addresses for the window's.
 */
static void dynamic_part_is_unmapped(struct kunit *test)
{
	struct iommu_table *tbl, *saved = get_iommu_table_base(dev_of(1));
	u64 limit, start;

	bind_with(test, 1, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_ASSERT_NULL(test, dev_of(1)->dma_bypass);
	limit = dev_of(1)->bus_dma_limit;
	tbl = add_dynamic_part(test, &start);
	KUNIT_ASSERT_LT(test, (u64)edu_of(1)->scratch_addr, start);
	set_iommu_table_base(dev_of(1), tbl);
	expect_dynamic_unmap(test, tbl, start);
	dev_of(1)->bus_dma_limit = limit;
	set_iommu_table_base(dev_of(1), saved);
	iommu_tce_table_put(tbl);
	/* The next window maps all memory again. */
	bind_with(test, 1, DMA_BYPASS_POLICY_DENY);
}

/* Device @i requests a window, and the hypervisor does not create it. */
static void without_create(struct kunit *test, int i,
			   void (*expect)(struct kunit *test))
{
	u32 tokens[DDW_TOKENS];

	ddw_tokens(test, i, tokens);
	set_ddw_token(test, i, DDW_CREATE, tokens[DDW_QUERY]);
	expect(test);
	set_ddw_token(test, i, DDW_CREATE, tokens[DDW_CREATE]);
	/* It is not asked again. */
	expect(test);
}

static void failed_create_to_unsupported(struct kunit *test)
{
	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	without_create(test, 0, expect_unsupported);
}

/* To set a mask of 64 bits requests the window. */
static void expect_translated_by_mask(struct kunit *test)
{
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
	device_release_driver(dev_of(1));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(1), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_FALSE(test, dev_dma_ops_bypass(dev_of(1)));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
	expect_translated(test, 1, 0);
}

static void failed_create_to_translated_by_mask(struct kunit *test)
{
	bind_with(test, 1, DMA_BYPASS_POLICY_DENY);
	without_create(test, 1, expect_translated_by_mask);
}

/* The last two leave PEs that never get a window again. */
static struct kunit_case ddw_cases[] = {
	KUNIT_CASE(window_has_largest_pages),
	KUNIT_CASE(no_window_left_to_unsupported),
	KUNIT_CASE(failed_remove_to_state_open),
	KUNIT_CASE(hybrid_window_to_state_open),
	KUNIT_CASE(dynamic_part_is_unmapped),
	KUNIT_CASE(failed_create_to_unsupported),
	KUNIT_CASE(failed_create_to_translated_by_mask),
	{ }
};

static struct kunit_suite ddw_suite = {
	.name		= "dma_bypass_power_ddw",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= ddw_cases,
};

kunit_test_suite(ddw_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and the hypervisor");
MODULE_LICENSE("GPL");
