// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of the instructions of DMA mappings on sun4v, without those of the
 * hypervisor. For a machine that counts instructions; it fails on others.
 */
#include <linux/dma-bypass.h>

#include "pci_sun4v_count_test.h"

/* Median of mapping and unmapping a page. */
static u32 cost_of(struct bench *b, struct page *page, unsigned long attrs)
{
	b->attrs = attrs;
	bench_page(b, page, 0, PAGE_SIZE);
	return bench_sorted(b, BENCH_PAIR)[BENCH_P50];
}

/* A bypassed mapping costs half of a translated one, a denied one little more. */
static void cost_ratios(struct kunit *test)
{
	struct sun4v_test *t = count_prepare(test);
	struct bench b = { .test = test, .mode = "cost" };
	struct page *page = virt_to_page(t->buf);
	u32 translated, denied, bypassed;

	sun4v_test_start(t, false);
	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	b.dev = t->dev;
	bench_init(&b);
	bench_check_clock(test);
	translated = cost_of(&b, page, 0);
	/* Until it is evaluated, each mapping requests the window. */
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(t->dev), -EPERM);
	denied = cost_of(&b, page, BYPASS);
	sun4v_test_allow(t);
	bypassed = cost_of(&b, page, BYPASS);
	kunit_info(test, "instructions: %u translated, %u denied, %u bypassed\n",
		   translated, denied, bypassed);
	KUNIT_EXPECT_GT(test, bypassed, 0);
	KUNIT_EXPECT_LE(test, 2 * bypassed, translated);
	KUNIT_EXPECT_LE(test, denied, translated + 40);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(cost_ratios),
	{}
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_sun4v_cost",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= cost_cases,
};

kunit_test_suite(cost_suite);

MODULE_DESCRIPTION("KUnit test of the cost of DMA on sun4v");
MODULE_LICENSE("GPL");
