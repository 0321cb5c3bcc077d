// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: no memory to build one.
 *
 * Of the allocations that opening a window makes, let the first one fail, then
 * the second one, and so on, until it opens.  Wants two of QEMU's edu devices.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "dma-iommu-bypass-test.h"

#define ENOUGH	1000

/* The variable behind a file of the fault injection, of whatever type. */
static void *knob(struct kunit *test, const char *dir, const char *name)
{
	struct dentry *parent = debugfs_lookup(dir, NULL), *file;
	void *knob;

	KUNIT_ASSERT_NOT_NULL(test, parent);
	file = debugfs_lookup(name, parent);
	dput(parent);
	KUNIT_ASSERT_NOT_NULL(test, file);
	knob = d_inode(file)->i_private;
	dput(file);
	return knob;
}

/* As it comes, it spares allocations that may sleep, and single pages. */
static void spare_nothing(struct kunit *test)
{
	*(bool *)knob(test, "failslab", "ignore-gfp-wait") = false;
	*(bool *)knob(test, "fail_page_alloc", "ignore-gfp-wait") = false;
	*(u32 *)knob(test, "fail_page_alloc", "min-order") = 0;
	*(unsigned long *)knob(test, "failslab", "verbose") = 0;
	*(unsigned long *)knob(test, "fail_page_alloc", "verbose") = 0;
}

static int prepare_failing(int nth)
{
	int err;

	current->fail_nth = nth;
	err = dma_bypass_prepare(dev_of(0));
	if (!current->fail_nth)
		return err;
	current->fail_nth = 0;
	/* There were not as many: nothing has failed. */
	return err ?: 1;
}

/* From the @nth allocation on, the first one without which there is no window. */
static void prepare_in_vain(struct kunit *test, int nth)
{
	int err = prepare_failing(nth);

	for (; !err; err = prepare_failing(++nth))
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_ASSERT_EQ(test, err, -ENOMEM);
}

static void expect_undone(struct kunit *test, struct page *page)
{
	struct ram *ram = ram_find(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			DMA_BYPASS_NO_RESOURCES);
	for (i = 0; i < ram->nr; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, ram->chunk[i].start), 0);
	KUNIT_EXPECT_LT(test, probe(test, 0, page, SZ_4K, BYPASS), half(0));
	/* It is not tried again and again, for each mapping. */
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
}

static void each_allocation_fails_once(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int nth, err, failed = 0;

	spare_nothing(test);
	for (nth = 1; nth < ENOUGH; nth++) {
		err = prepare_failing(nth);
		if (err == 1)
			break;
		/* The window can do without some, as those for an event. */
		if (err) {
			KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			expect_undone(test, page);
			failed++;
		}
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
	kunit_info(test, "%d of %d allocations are needed\n", failed, nth - 1);
	KUNIT_EXPECT_LT(test, nth, ENOUGH);
	/* At least the user's, an extent's, a page table's, the window's. */
	KUNIT_EXPECT_GE(test, failed, 4);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, SZ_4K, BYPASS),
			half(0) + page_to_phys(page));
}

#define TIMES	100
#define NOISE	16		/* pages */

static void failing_leaks_no_page_tables(struct kunit *test)
{
	unsigned long before = 0;
	int i;

	spare_nothing(test);
	for (i = 0; i <= TIMES; i++) {
		prepare_in_vain(test, i % 16 + 1);
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
		if (i == 16)
			before = settled_tables();
	}
	KUNIT_EXPECT_LE(test, settled_tables(), before + NOISE);
}

static void tried_again_when_the_driver_is(struct kunit *test)
{
	spare_nothing(test);
	prepare_in_vain(test, 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
}

static void tried_again_when_the_administrator_says_so(struct kunit *test)
{
	spare_nothing(test);
	prepare_in_vain(test, 1);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_SLOW(each_allocation_fails_once),
	KUNIT_CASE(failing_leaks_no_page_tables),
	KUNIT_CASE(tried_again_when_the_driver_is),
	KUNIT_CASE(tried_again_when_the_administrator_says_so),
	{ }
};

static struct kunit_suite fault_suite = {
	.name		= "dma_bypass_vtd_fault",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= fault_cases,
};

kunit_test_suite(fault_suite);
