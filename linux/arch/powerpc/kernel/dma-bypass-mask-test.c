// SPDX-License-Identifier: GPL-2.0
/*
 * Which window the DMA mask chooses on POWER, where nothing else does: the same
 * in the mode default as in a kernel without the feature, for which this builds
 * as well.
 */
#include <linux/scatterlist.h>

#include "dma-bypass-window-test.h"

static enum power_window window_of_list(struct kunit *test, struct page *page)
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
	int i;

	/* No kernel can free it once the mask chooses the other window. */
	dmam_free_coherent(dev_of(0), EDU_MAX, edu_of(0)->scratch,
			   edu_of(0)->scratch_addr);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		KUNIT_ASSERT_EQ(test, 0,
				dma_set_mask_and_coherent(dev_of(0),
							  DMA_BIT_MASK(masks[i].bits)));
		KUNIT_EXPECT_EQ_MSG(test, probe(test, 0, page, 0),
				    todays_window(i), "%u bits", masks[i].bits);
		KUNIT_EXPECT_EQ_MSG(test, window_of_list(test, page),
				    todays_window(i), "%u bits, list",
				    masks[i].bits);
		KUNIT_EXPECT_EQ_MSG(test, window_of_coherent(test, 0),
				    todays_window(i), "%u bits, coherent",
				    masks[i].bits);
		KUNIT_EXPECT_EQ_MSG(test, probe(test, 0, page, BYPASS),
				    todays_window(i), "%u bits, attribute",
				    masks[i].bits);
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
	.init		= edu_init,
	.test_cases	= mask_cases,
};

kunit_test_suite(mask_suite);
MODULE_DESCRIPTION("KUnit tests of the windows that DMA masks choose on POWER");
MODULE_LICENSE("GPL");
