/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: guarded windows, which mappings without the attribute use,
 * too, and which hear of each unmapping.
 */
#ifndef _TEST_DMA_BYPASS_GUARDED_H
#define _TEST_DMA_BYPASS_GUARDED_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include "test_dma_bypass_fake.h"

/* Pages that are mapped in the guarded window now. */
static int guarded_pages;

static dma_addr_t guarded_map(const struct dma_bypass_window *win,
			      struct device *dev, phys_addr_t phys, size_t size,
			      enum dma_data_direction dir)
{
	if (phys == to_fake(dev)->unresolved)
		return DMA_MAPPING_ERROR;
	guarded_pages++;
	return win->base + phys;
}

static void guarded_unmap(const struct dma_bypass_window *win, dma_addr_t addr,
			  size_t size)
{
	guarded_pages--;
}

static bool guarded_map_sg(const struct dma_bypass_window *win,
			   struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		if (sg_phys(sg) == to_fake(dev)->unresolved)
			return false;
	for_each_sg(sgl, sg, nents, i) {
		sg_dma_address(sg) = guarded_map(win, dev, sg_phys(sg),
						 sg->length, dir);
		sg_dma_len(sg) = sg->length;
	}
	return true;
}

static void guarded_unmap_sg(const struct dma_bypass_window *win,
			     struct scatterlist *sgl, int nents)
{
	guarded_pages -= nents;
}

static void guarded_eligibility(struct device *dev,
				struct dma_bypass_eligibility *e)
{
	fake_eligibility(dev, e);
	e->guardable = true;
}

static int guarded_open(struct device *dev);

static const struct dma_bypass_ops guarded = {
	.eligibility	= guarded_eligibility,
	.open		= guarded_open,
	.close		= fake_close,
	.guard_map	= guarded_map,
	.guard_unmap	= guarded_unmap,
	.guard_map_sg	= guarded_map_sg,
	.guard_unmap_sg	= guarded_unmap_sg,
};

static int guarded_open(struct device *dev)
{
	struct dma_bypass_range all = { .size = FAKE_SIZE };
	struct dma_bypass_ram ram = { .ranges = &all, .nr = 1 };
	struct dma_bypass_window *win;
	int err;

	if (!dma_bypass_guarded(dev))
		return fake_open(dev);
	win = dma_bypass_alloc_window(FAKE_BASE, FAKE_SIZE, &ram);
	if (win) {
		win->ops = &guarded;
		win->priv = to_fake(dev);
		win->attrs = DMA_ATTR_IOMMU_BYPASS;
	}
	err = dma_bypass_publish(dev, win);
	to_fake(dev)->opens += !err;
	return err;
}

static struct fake *guarded_prepare(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &guarded);

	guarded_pages = 0;
	fake_set_policy(fake, DMA_BYPASS_POLICY_GUARD);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	expect_state(test, fake->dev, GUARDED, GRANTED);
	return fake;
}

static void guarded_without_attribute(struct kunit *test)
{
	struct fake *fake = guarded_prepare(test);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr;
	int i;

	for (i = 0; i < 4; i++) {
		addr = map(fake, 0, PAGE_SIZE, i & 1 ? BYPASS : 0);
		KUNIT_EXPECT_TRUE(test, in_window(fake, addr, 0, PAGE_SIZE));
		map_list(fake, sgl, (u8[]) { 3, 2, 1 }, i & 1 ? BYPASS : 0);
		KUNIT_EXPECT_TRUE(test, list_in_window(fake, sgl));
		KUNIT_EXPECT_EQ(test, guarded_pages, 1 + FAKE_LIST);
		sync_all(fake, addr, sgl);
		KUNIT_EXPECT_EQ(test, guarded_pages, 1 + FAKE_LIST);
		unmap(fake, addr, PAGE_SIZE, i & 2 ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, guarded_pages, FAKE_LIST);
		unmap_list(fake, sgl, i & 2 ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, guarded_pages, 0);
	}
	KUNIT_EXPECT_EQ(test, fake->total, 0);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
}

/* What the provider does not take is translated, and is unmapped as such. */
static void guarded_refused_to_translated(struct kunit *test)
{
	struct fake *fake = guarded_prepare(test);

	fake->unresolved = fake_phys(fake, PG(2));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(2), PG(1)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->total, 1 + FAKE_LIST);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(1), PG(1)));
	KUNIT_EXPECT_EQ(test, guarded_pages, 0);
}

/* The driver knows nothing of windows. */
static void guarded_first_mapping_opens(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &guarded);
	dma_addr_t addr;

	fake_set_policy(fake, DMA_BYPASS_POLICY_GUARD);
	addr = map(fake, 0, PAGE_SIZE, 0);
	KUNIT_EXPECT_FALSE(test, in_window(fake, addr, 0, PAGE_SIZE));
	unmap(fake, addr, PAGE_SIZE, 0);
	fake_wait(fake);
	expect_state(test, fake->dev, GUARDED, GRANTED);
	addr = map(fake, 0, PAGE_SIZE, 0);
	KUNIT_EXPECT_TRUE(test, in_window(fake, addr, 0, PAGE_SIZE));
	unmap(fake, addr, PAGE_SIZE, 0);
}

/* An open window is not opened by, nor used by, mappings without the attribute. */
static void open_not_without_attribute(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &guarded);
	int i;

	for (i = 0; i < 2; i++) {
		dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

		KUNIT_EXPECT_FALSE(test, in_window(fake, addr, 0, PAGE_SIZE));
		unmap(fake, addr, PAGE_SIZE, 0);
		KUNIT_EXPECT_EQ(test, fake->opens, i);
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
		expect_state(test, fake->dev, OPEN, GRANTED);
	}
}

/* One kind does not turn into the other while a driver is bound. */
static void guarded_or_open_until_unbind(struct kunit *test)
{
	struct fake *fake = guarded_prepare(test);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	expect_state(test, fake->dev, DRAINING, GRANTED);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, guarded_pages, 1);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, guarded_pages, 0);

	dma_bypass_unbind(fake->dev);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, guarded_pages, 0);
	fake_set_policy(fake, DMA_BYPASS_POLICY_GUARD);
	expect_state(test, fake->dev, DRAINING, GRANTED);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

/* Nobody guards the window any more: its addresses are recognised, no more. */
static void guarded_unmapped_after_unbind(struct kunit *test)
{
	struct fake *fake = guarded_prepare(test);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	dma_bypass_unbind(fake->dev);
	unmap(fake, addr, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
}

/* A driver that relies on lists being merged passes the attribute if it does not. */
static void guarded_lists_that_merge(struct kunit *test)
{
	struct fake *fake = guarded_prepare(test);
	struct scatterlist sgl[FAKE_LIST];

	dev_set_dma_merges(fake->dev);
	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, 0);
	KUNIT_EXPECT_FALSE(test, list_in_window(fake, sgl));
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));

	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_FALSE(test, dev_dma_merges(fake->dev));
}

#endif /* _TEST_DMA_BYPASS_GUARDED_H */
