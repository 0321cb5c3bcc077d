// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_mask: which window the DMA mask selects on POWER, with
 * DMA_BYPASS in the mode default and without.
 */
#include <linux/scatterlist.h>

#include "dma-bypass-test-window.h"

static enum power_window map_list_once(struct kunit *test, struct page *page)
{
	struct scatterlist sg;
	enum power_window window;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, SZ_1K, SZ_2K);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg(dev_of(0), &sg, 1, DMA_TO_DEVICE));
	window = window_of(sg_dma_address(&sg), sg_phys(&sg));
	dma_unmap_sg(dev_of(0), &sg, 1, DMA_TO_DEVICE);
	return window;
}

static void window_follows_mask(struct kunit *test)
{
	struct page *page = buffer(test);
	unsigned int i, bits;

	free_scratch(0);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		bits = masks[i].bits;
		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask_and_coherent(dev_of(0),
							  DMA_BIT_MASK(bits)));
		KUNIT_EXPECT_EQ_MSG(test, map_once(test, 0, page, 0),
				    mask_window(i), "%u bits", bits);
		KUNIT_EXPECT_EQ_MSG(test, map_list_once(test, page),
				    mask_window(i), "%u bits, list", bits);
		KUNIT_EXPECT_EQ_MSG(test, alloc_once(test, 0),
				    mask_window(i), "%u bits, coherent", bits);
		KUNIT_EXPECT_EQ_MSG(test, map_once(test, 0, page, BYPASS),
				    mask_window(i), "%u bits, attribute", bits);
	}
}

static struct kunit_case mask_cases[] = {
	KUNIT_CASE(window_follows_mask),
	{ }
};

static struct kunit_suite mask_suite = {
	.name		= "dma_bypass_power_mask",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.test_cases	= mask_cases,
};

kunit_test_suite(mask_suite);
MODULE_DESCRIPTION("KUnit test of the windows that DMA masks select on POWER");
MODULE_LICENSE("GPL");
