// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_opal: bypass windows on powernv, and a firmware that
 * does not open or close one.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include "dma-bypass-test.h"
#include "../platforms/powernv/pci.h"

/* The firmware rejects a PE that the host bridge does not have. */
static int hide_pe(int i)
{
	struct pnv_ioda_pe *pe = pnv_ioda_get_pe(edus[i]);
	int number = pe->pe_number;

	pe->pe_number = 0xffff;
	return number;
}

static void show_pe(int i, int number)
{
	pnv_ioda_get_pe(edus[i])->pe_number = number;
}

static void failed_open_to_unsupported(struct kunit *test)
{
	struct page *page = buffer(test);
	int number;

	kunit_info(test, "require-console: OPAL error -?[0-9]+ configuring bypass window");
	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	number = hide_pe(0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	show_pe(0, number);
	expect_state(test, dev_of(0), CLOSED, NO_UNSUPPORTED);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 10),
			DEFAULT_WINDOW);
	expect_blocked(test, 0, upper(page), page_address(page));

	/* It opens for a mask or an attribute when the firmware does it. */
	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 11), UPPER_WINDOW);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 12),
			UPPER_WINDOW);
}

/* Close the window as when the driver is unbound, with no other call for the PE. */
static void failed_close_to_state_open(struct kunit *test)
{
	struct page *page = buffer(test);
	int number;

	kunit_info(test, "require-console: not confined: cannot close the window");
	open_window(test, 0);
	number = hide_pe(0);
	dma_bypass_unbind(dev_of(0));
	show_pe(0, number);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	KUNIT_EXPECT_TRUE(test, reaches(test, 0, page));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, 0), DEFAULT_WINDOW);

	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_blocked(test, 0, upper(page), page_address(page));
}

static struct kunit_case opal_cases[] = {
	KUNIT_CASE(failed_open_to_unsupported),
	KUNIT_CASE(failed_close_to_state_open),
	{ }
};

static struct kunit_suite opal_suite = {
	.name		= "dma_bypass_power_opal",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= opal_cases,
};

kunit_test_suite(opal_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and the firmware");
MODULE_LICENSE("GPL");
