// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of what sun4v's DMA costs beside the hypervisor calls.
 *
 * For a machine that counts instructions; elsewhere the first assertion fails.
 */
#include <linux/dma-bypass.h>

#include "pci_sun4v_count_test.h"

/* Median of mapping and unmapping a page. */
static u32 cost_of(struct bench *b, struct page *page, unsigned long attrs)
{
	b->attrs = attrs;
	bench_page(b, page, 0, PAGE_SIZE);
	return bench_sorted(b, BENCH_PAIR)[BENCH_ROUNDS / 2];
}

/* At most a third of what translation takes; a refusal takes hardly more. */
static void bypass_costs_a_third(struct kunit *test)
{
	struct sun4v_test *t = count_prepare(test);
	struct bench b = { .test = test, .mode = "cost" };
	struct page *page = virt_to_page(t->buf);
	u32 translated, refused, bypassed;

	sun4v_test_start(t, false);
	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	b.dev = t->dev;
	bench_init(&b);
	bench_check_clock(test);
	translated = cost_of(&b, page, 0);
	/* Otherwise each mapping asks anew, until somebody has time to answer. */
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(t->dev), -EACCES);
	refused = cost_of(&b, page, BYPASS);
	sun4v_test_allow(t);
	bypassed = cost_of(&b, page, BYPASS);
	kunit_info(test, "instructions: %u translated, %u refused, %u bypassed\n",
		   translated, refused, bypassed);
	KUNIT_EXPECT_GT(test, bypassed, 0);
	KUNIT_EXPECT_LE(test, 3 * bypassed, translated);
	KUNIT_EXPECT_LE(test, refused, translated + 10);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(bypass_costs_a_third),
	{}
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_sun4v_cost",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= cost_cases,
};

kunit_test_suite(cost_suite);

MODULE_DESCRIPTION("KUnit suite of what sun4v's DMA costs");
MODULE_LICENSE("GPL");
