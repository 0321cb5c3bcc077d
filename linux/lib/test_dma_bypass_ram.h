/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: the ranges of memory that a linear window maps.
 */
#ifndef _TEST_DMA_BYPASS_RAM_H
#define _TEST_DMA_BYPASS_RAM_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/slab.h>
#include <asm/sections.h>
#include "test_dma_bypass_fake.h"

#define RAM_MAX		12

/* Ranges are { start, end }; { 0, 0 } is the end of them. */
static const struct ram_param {
	const char *name;
	struct {
		phys_addr_t start;
		phys_addr_t end;
	} add[RAM_MAX], remove[2], want[RAM_MAX];
} ram_params[] = {
	{ "nothing" },
	{ "one", { { 1, 5 } }, {}, { { 1, 5 } } },
	{ "apart", { { 1, 5 }, { 6, 9 } }, {}, { { 1, 5 }, { 6, 9 } } },
	{ "adjacent", { { 1, 5 }, { 5, 9 } }, {}, { { 1, 9 } } },
	{ "empty", { { 1, 5 }, { 5, 5 }, { 7, 9 } }, {},
	  { { 1, 5 }, { 7, 9 } } },
	{ "end before start", { { 1, 5 }, { 5, 3 }, { 7, 9 } }, {},
	  { { 1, 5 }, { 7, 9 } } },
	{ "many",
	  { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 }, { 9, 10 }, { 11, 12 },
	    { 13, 14 }, { 15, 16 }, { 17, 18 }, { 19, 20 } }, {},
	  { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 }, { 9, 10 }, { 11, 12 },
	    { 13, 14 }, { 15, 16 }, { 17, 18 }, { 19, 20 } } },
	{ "remove all", { { 1, 5 } }, { { 1, 5 } } },
	{ "remove more than all", { { 2, 5 } }, { { 1, 9 } } },
	{ "remove from nothing", {}, { { 1, 5 } } },
	{ "remove before", { { 5, 9 } }, { { 1, 5 } }, { { 5, 9 } } },
	{ "remove behind", { { 1, 5 } }, { { 5, 9 } }, { { 1, 5 } } },
	{ "remove the start", { { 2, 9 } }, { { 1, 4 } }, { { 4, 9 } } },
	{ "remove the end", { { 1, 9 } }, { { 6, 12 } }, { { 1, 6 } } },
	{ "remove in the middle", { { 1, 9 } }, { { 4, 6 } },
	  { { 1, 4 }, { 6, 9 } } },
	{ "remove one of three", { { 1, 2 }, { 4, 6 }, { 8, 9 } }, { { 4, 6 } },
	  { { 1, 2 }, { 8, 9 } } },
	{ "remove across three", { { 1, 4 }, { 5, 7 }, { 8, 12 } },
	  { { 3, 9 } }, { { 1, 3 }, { 9, 12 } } },
	{ "remove twice", { { 1, 20 } }, { { 3, 5 }, { 9, 12 } },
	  { { 1, 3 }, { 5, 9 }, { 12, 20 } } },
	{ "split where there is no room",
	  { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 11 }, { 12, 13 }, { 14, 15 },
	    { 16, 17 }, { 18, 19 } }, { { 8, 9 } },
	  { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 }, { 9, 11 }, { 12, 13 },
	    { 14, 15 }, { 16, 17 }, { 18, 19 } } },
};

KUNIT_ARRAY_PARAM_DESC(ram, ram_params, name);

static void ram_ranges_added_and_removed(struct kunit *test)
{
	const struct ram_param *param = test->param_value;
	struct dma_bypass_ram ram = {};
	unsigned int i, nr;

	for (i = 0; param->add[i].start; i++)
		dma_bypass_ram_add(&ram, param->add[i].start,
				   param->add[i].end);
	for (i = 0; i < ARRAY_SIZE(param->remove); i++)
		if (param->remove[i].start)
			dma_bypass_ram_remove(&ram, param->remove[i].start,
					      param->remove[i].end);

	KUNIT_EXPECT_EQ(test, ram.err, 0);
	for (nr = 0; param->want[nr].start; nr++)
		;
	KUNIT_EXPECT_EQ(test, ram.nr, nr);
	for (i = 0; i < min(nr, ram.nr); i++) {
		KUNIT_EXPECT_EQ_MSG(test, ram.ranges[i].start,
				    param->want[i].start, "range %u", i);
		KUNIT_EXPECT_EQ_MSG(test,
				    ram.ranges[i].start + ram.ranges[i].size,
				    param->want[i].end, "range %u", i);
	}
	dma_bypass_ram_free(&ram);
	KUNIT_EXPECT_EQ(test, ram.nr, 0);
	KUNIT_EXPECT_NULL(test, ram.ranges);
}

static void window_has_largest_range_first(struct kunit *test)
{
	static const struct dma_bypass_range want[] = {
		{ 60, 30 }, { 20, 9 }, { 10, 5 }, { 40, 3 }, { 1, 1 },
	};
	struct dma_bypass_window *win;
	struct dma_bypass_ram ram = {};

	dma_bypass_ram_add(&ram, 1, 2);
	dma_bypass_ram_add(&ram, 10, 15);
	dma_bypass_ram_add(&ram, 20, 29);
	dma_bypass_ram_add(&ram, 40, 43);
	dma_bypass_ram_add(&ram, 60, 90);
	win = dma_bypass_alloc_window(FAKE_BASE, FAKE_SIZE, &ram);
	dma_bypass_ram_free(&ram);

	KUNIT_ASSERT_NOT_NULL(test, win);
	KUNIT_EXPECT_EQ(test, win->base, FAKE_BASE);
	KUNIT_EXPECT_EQ(test, win->size, FAKE_SIZE);
	KUNIT_EXPECT_NULL(test, win->ops);
	KUNIT_EXPECT_EQ(test, win->nr_ranges, ARRAY_SIZE(want));
	KUNIT_EXPECT_MEMEQ(test, win->ranges, want, sizeof(want));
	kfree(win);
}

static void window_without_ranges(struct kunit *test)
{
	struct dma_bypass_window *win;

	win = dma_bypass_alloc_window(FAKE_BASE, FAKE_SIZE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, win);
	KUNIT_EXPECT_EQ(test, win->nr_ranges, 1);
	KUNIT_EXPECT_EQ(test, win->ranges[0].size, 0);
	kfree(win);
}

/* What could not be collected must not be left out silently. */
static void no_window_of_incomplete_ranges(struct kunit *test)
{
	struct dma_bypass_ram ram = { .err = -ENOMEM };
	struct fake *fake = fake_attach(test, &linear);

	dma_bypass_ram_add(&ram, 1, 2);
	KUNIT_EXPECT_EQ(test, ram.nr, 0);
	KUNIT_EXPECT_NULL(test, dma_bypass_alloc_window(0, FAKE_SIZE, &ram));
	KUNIT_EXPECT_EQ(test, dma_bypass_publish(fake->dev, NULL), -ENOMEM);
	dma_bypass_ram_free(&ram);
}

static bool ram_overlaps(const struct dma_bypass_ram *ram, phys_addr_t start,
			 phys_addr_t end)
{
	unsigned int i;

	for (i = 0; i < ram->nr; i++)
		if (start < ram->ranges[i].start + ram->ranges[i].size &&
		    end > ram->ranges[i].start)
			return true;
	return false;
}

static void system_ram_without_kernel_image(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct dma_bypass_ram ram = {};
	unsigned int i;

	dma_bypass_ram_add_system(&ram, 0, FAKE_SIZE);
	KUNIT_EXPECT_EQ(test, ram.err, 0);
	KUNIT_EXPECT_TRUE(test, ram_overlaps(&ram, fake_phys(fake, 0),
					     fake_phys(fake, 1)));
	KUNIT_EXPECT_TRUE(test, ram_overlaps(&ram,
					     fake_phys(fake, PG(FAKE_PAGES) - 1),
					     fake_phys(fake, PG(FAKE_PAGES))));
	KUNIT_EXPECT_FALSE(test, ram_overlaps(&ram, __pa_symbol(_text),
					      __pa_symbol(_end)));
	for (i = 1; i < ram.nr; i++)
		KUNIT_EXPECT_GT_MSG(test, ram.ranges[i].start,
				    ram.ranges[i - 1].start +
				    ram.ranges[i - 1].size, "range %u", i);
	dma_bypass_ram_free(&ram);
}

static void system_ram_within_bounds(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct dma_bypass_ram ram = {};

	dma_bypass_ram_add_system(&ram, fake_phys(fake, PG(2)),
				  fake_phys(fake, PG(5)));
	KUNIT_ASSERT_EQ(test, ram.nr, 1);
	KUNIT_EXPECT_EQ(test, ram.ranges[0].start, fake_phys(fake, PG(2)));
	KUNIT_EXPECT_EQ(test, ram.ranges[0].size, PG(3));
	dma_bypass_ram_free(&ram);
}

#endif /* _TEST_DMA_BYPASS_RAM_H */
