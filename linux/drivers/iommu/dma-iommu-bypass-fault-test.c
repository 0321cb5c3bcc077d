// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_fault: no memory for a bypass window behind VT-d.
 *
 * Of the allocations that opening a window makes, each fails once.  Needs two of QEMU's
 * edu devices.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "dma-iommu-bypass-test.h"

#define MAX_ALLOCATIONS	1000

/* The variable behind a file of the fault injection. */
static void *fault_var(struct kunit *test, const char *dir, const char *name)
{
	struct dentry *parent = debugfs_lookup(dir, NULL), *file;
	void *var;

	KUNIT_ASSERT_NOT_NULL_MSG(test, parent, "%s", dir);
	file = debugfs_lookup(name, parent);
	dput(parent);
	KUNIT_ASSERT_NOT_NULL_MSG(test, file, "%s/%s", dir, name);
	var = d_inode(file)->i_private;
	dput(file);
	return var;
}

/* By default, allocations that may sleep and single pages do not fail. */
static int fault_init(struct kunit *test)
{
	*(bool *)fault_var(test, "failslab", "ignore-gfp-wait") = false;
	*(bool *)fault_var(test, "fail_page_alloc", "ignore-gfp-wait") = false;
	*(u32 *)fault_var(test, "fail_page_alloc", "min-order") = 0;
	*(unsigned long *)fault_var(test, "failslab", "verbose") = 0;
	*(unsigned long *)fault_var(test, "fail_page_alloc", "verbose") = 0;
	return vtd_init(test);
}

/**
 * prepare_failing - open the window, with an allocation that fails
 * @nth: which one
 * @failed: set to whether there was an @nth one
 *
 * Return: as dma_bypass_prepare().
 */
static int prepare_failing(int nth, bool *failed)
{
	int err;

	current->fail_nth = nth;
	err = dma_bypass_prepare(dev_of(0));
	*failed = !current->fail_nth;
	current->fail_nth = 0;
	return err;
}

/* The first allocation from the @nth on without which there is no window. */
static void prepare_in_vain(struct kunit *test, int nth)
{
	bool failed;

	while (!prepare_failing(nth++, &failed)) {
		KUNIT_ASSERT_TRUE_MSG(test, failed, "allocation %d", nth - 1);
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
	expect_state(test, dev_of(0), CLOSED, NO_RESOURCES);
}

static void expect_undone(struct kunit *test, struct page *page, int nth)
{
	struct ram *ram = ram_find(test);
	unsigned int i;

	expect_state(test, dev_of(0), CLOSED, NO_RESOURCES);
	for (i = 0; i < ram->nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, mapped(0, ram->chunk[i].start), 0,
				    "allocation %d, range %u", nth, i);
	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, BYPASS));
	/* It is not retried for each mapping. */
	KUNIT_EXPECT_EQ_MSG(test, dma_bypass_prepare(dev_of(0)), -ENOMEM,
			    "allocation %d", nth);
}

static void each_allocation_fails_once(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int nth, err, needed = 0;
	bool failed;

	for (nth = 1; nth < MAX_ALLOCATIONS; nth++) {
		err = prepare_failing(nth, &failed);
		if (!failed)
			break;
		/* Some can be dispensed with, as those for a uevent. */
		if (err) {
			KUNIT_ASSERT_EQ_MSG(test, err, -ENOMEM, "allocation %d",
					    nth);
			expect_undone(test, page, nth);
			needed++;
		}
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
	kunit_info(test, "%d of %d allocations are needed\n", needed, nth - 1);
	KUNIT_EXPECT_LT(test, nth, MAX_ALLOCATIONS);
	/* At least a user, an extent, a page table, a list of RAM, a window. */
	KUNIT_EXPECT_GE(test, needed, 5);
	KUNIT_EXPECT_EQ(test, err, 0);
	expect_state(test, dev_of(0), OPEN, GRANTED);
	expect_bypass(test, 0, page);
}

#define FAILURES	(200 / KASAN_SCALE)
#define WARM_UP		(FAILURES / 2)
#define NOISE		2	/* pages of page tables */

static void failures_leak_no_page_tables(struct kunit *test)
{
	unsigned long before = 0;
	int i;

	for (i = 0; i < FAILURES; i++) {
		if (i == WARM_UP)
			before = table_pages();
		prepare_in_vain(test, i % 16 + 1);
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
	KUNIT_EXPECT_LE(test, table_pages(), before + NOISE);
}

static void retried_by_next_driver(struct kunit *test)
{
	prepare_in_vain(test, 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
}

static void retried_after_policy_is_set(struct kunit *test)
{
	prepare_in_vain(test, 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 0);
}

/* As in a kernel without windows. */
static void mask_without_grant_allocates_nothing(struct kunit *test)
{
	int bits, err, nth;

	for (bits = 32; bits <= 64; bits++) {
		current->fail_nth = 1;
		err = dma_set_mask(dev_of(1), DMA_BIT_MASK(bits));
		nth = current->fail_nth;
		current->fail_nth = 0;
		KUNIT_EXPECT_EQ_MSG(test, err, 0, "%d bits", bits);
		KUNIT_EXPECT_EQ_MSG(test, nth, 1, "%d bits", bits);
	}
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_SLOW(each_allocation_fails_once),
	KUNIT_CASE_SLOW(failures_leak_no_page_tables),
	KUNIT_CASE(retried_by_next_driver),
	KUNIT_CASE(retried_after_policy_is_set),
	KUNIT_CASE(mask_without_grant_allocates_nothing),
	{ }
};

static struct kunit_suite fault_suite = {
	.name		= "dma_bypass_vtd_fault",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= fault_init,
	.exit		= window_test_exit,
	.test_cases	= fault_cases,
};

kunit_test_suite(fault_suite);
