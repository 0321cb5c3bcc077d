/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the KUnit suite dma_bypass: a device with a fake IOMMU and a fake
 * provider of bypass windows, which record the calls that they get.
 */
#ifndef _TEST_DMA_BYPASS_FAKE_H
#define _TEST_DMA_BYPASS_FAKE_H

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iopoll.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "test_dma_bypass_expect.h"

#define FAKE_BASE	BIT_ULL(46)
#define FAKE_SIZE	BIT_ULL(45)
#define FAKE_LAST	(FAKE_BASE + FAKE_SIZE - 1)
#define FAKE_KEY	(BIT_ULL(46) | BIT_ULL(21))
#define FAKE_STRIDE	SZ_4M
#define FAKE_ENTRIES	64
#define FAKE_LIST	3
#define FAKE_RANGES	5

/* Offsets into the buffer. */
#define PG(n)		((n) * PAGE_SIZE)
#define FAKE_PAGES	16

struct fake_entry {
	dma_addr_t addr;
	size_t size;
};

/**
 * struct fake - a device, its fake IOMMU and its fake provider
 * @test: the test
 * @dev: the device
 * @buf: FAKE_PAGES pages
 * @entry: what the IOMMU maps; all zero where free
 * @live: number of entries in use
 * @total: number of entries that were ever used
 * @syncs: number of syncs that the IOMMU got
 * @next: if not 0, the next address that the IOMMU allocates
 * @ops: the provider
 * @eligibility: if not NULL, what the provider sets
 * @mode: the system mode, whatever the command line says
 * @group_denied: set by the provider
 * @mask: if not 0, the widest mask that the provider allows
 * @widen: whether the device's mask grows during the evaluation
 * @size: length of the window
 * @range: memory that the window maps, in ascending order
 * @nr_ranges: number of ranges
 * @open_err: result of open()
 * @block_open: whether open() waits for @unblock
 * @opening: open() was called
 * @unblock: lets open() go on
 * @unresolved: if not 0, memory for which map() returns no address
 * @seen: eligibility as the provider got it
 * @opens: number of windows that were opened
 * @closes: number of windows that were closed
 */
struct fake {
	struct kunit *test;
	struct device *dev;
	void *buf;

	struct fake_entry entry[FAKE_ENTRIES];
	unsigned int live;
	unsigned int total;
	unsigned int syncs;
	dma_addr_t next;

	const struct dma_bypass_ops *ops;
	const struct dma_bypass_eligibility *eligibility;
	enum dma_bypass_mode mode;
	bool group_denied;
	u64 mask;
	bool widen;
	dma_addr_t size;
	struct dma_bypass_range range[FAKE_RANGES];
	unsigned int nr_ranges;
	int open_err;
	bool block_open;
	struct completion opening;
	struct completion unblock;
	phys_addr_t unresolved;
	struct dma_bypass_eligibility seen;
	unsigned int opens;
	unsigned int closes;
};

static struct fake *to_fake(struct device *dev)
{
	return dev_get_platdata(dev);
}

static phys_addr_t fake_phys(struct fake *fake, size_t offset)
{
	return virt_to_phys(fake->buf) + offset;
}

static struct fake_entry *fake_find(struct fake *fake, dma_addr_t addr,
				    size_t size)
{
	int i;

	for (i = 0; i < FAKE_ENTRIES; i++)
		if (fake->entry[i].addr == addr && fake->entry[i].size == size)
			return &fake->entry[i];
	return NULL;
}

static bool fake_contains(struct fake *fake, dma_addr_t addr, size_t size)
{
	struct fake_entry *e;

	for (e = fake->entry; e < fake->entry + FAKE_ENTRIES; e++)
		if (size <= e->size && addr >= e->addr &&
		    addr - e->addr <= e->size - size)
			return true;
	return false;
}

static dma_addr_t fake_map_phys(struct device *dev, phys_addr_t phys,
				size_t size, enum dma_data_direction dir,
				unsigned long attrs)
{
	struct fake *fake = to_fake(dev);
	struct fake_entry *e = fake_find(fake, 0, 0);

	if (!e)
		return DMA_MAPPING_ERROR;
	e->addr = fake->next ?: (e - fake->entry + 1) * FAKE_STRIDE;
	e->size = size;
	fake->next = 0;
	fake->live++;
	fake->total++;
	return e->addr;
}

static void fake_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	struct fake *fake = to_fake(dev);
	struct fake_entry *e = fake_find(fake, addr, size);

	if (!e) {
		KUNIT_FAIL(fake->test, "the IOMMU does not map %pad+%#zx",
			   &addr, size);
		return;
	}
	*e = (struct fake_entry) {};
	fake->live--;
}

static int fake_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		sg_dma_unmark_bus_address(sg);
		sg_dma_address(sg) = fake_map_phys(dev, sg_phys(sg),
						   sg->length, dir, attrs);
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

static void fake_unmap_sg(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir,
			  unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		fake_unmap_phys(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
				attrs);
}

static void fake_sync(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir)
{
	struct fake *fake = to_fake(dev);

	fake->syncs++;
	KUNIT_EXPECT_TRUE_MSG(fake->test, fake_contains(fake, addr, size),
			      "sync of %pad+%#zx", &addr, size);
}

static void fake_sync_sg(struct device *dev, struct scatterlist *sgl,
			 int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		fake_sync(dev, sg_dma_address(sg), sg_dma_len(sg), dir);
}

static void *fake_alloc(struct device *dev, size_t size, dma_addr_t *addr,
			gfp_t gfp, unsigned long attrs)
{
	void *virt = kzalloc(size, gfp);

	if (virt)
		*addr = fake_map_phys(dev, virt_to_phys(virt), size,
				      DMA_BIDIRECTIONAL, attrs);
	return virt;
}

static void fake_free(struct device *dev, size_t size, void *virt,
		      dma_addr_t addr, unsigned long attrs)
{
	fake_unmap_phys(dev, addr, size, DMA_BIDIRECTIONAL, attrs);
	kfree(virt);
}

static const struct dma_map_ops fake_iommu = {
	.alloc			= fake_alloc,
	.free			= fake_free,
	.map_phys		= fake_map_phys,
	.unmap_phys		= fake_unmap_phys,
	.map_sg			= fake_map_sg,
	.unmap_sg		= fake_unmap_sg,
	.sync_single_for_cpu	= fake_sync,
	.sync_single_for_device	= fake_sync,
	.sync_sg_for_cpu	= fake_sync_sg,
	.sync_sg_for_device	= fake_sync_sg,
};

static void fake_eligibility(struct device *dev,
			     struct dma_bypass_eligibility *e)
{
	struct fake *fake = to_fake(dev);

	fake->seen = *e;
	if (fake->widen)
		dma_set_mask(dev, U64_MAX);
	if (fake->eligibility) {
		*e = *fake->eligibility;
		return;
	}
	e->mode = fake->mode;
	e->force_translation = false;
	e->group_denied = fake->group_denied;
	e->mask = min_not_zero(e->mask, fake->mask);
	e->last = fake->ops->map ? 0 : FAKE_BASE + fake->size - 1;
}

static int fake_publish(struct fake *fake)
{
	const struct dma_bypass_ops *ops = fake->ops;
	struct dma_bypass_ram ram = {};
	struct dma_bypass_window *win;
	unsigned int i;

	for (i = 0; i < fake->nr_ranges; i++)
		dma_bypass_ram_add(&ram, fake->range[i].start,
				   fake->range[i].start + fake->range[i].size);
	win = dma_bypass_alloc_window(ops->map ? 0 : FAKE_BASE,
				      ops->map ? ~0ULL : fake->size, &ram);
	dma_bypass_ram_free(&ram);
	if (win && ops->map)
		win->ops = ops;
	return dma_bypass_publish(fake->dev, win);
}

static int fake_open(struct device *dev)
{
	struct fake *fake = to_fake(dev);
	int err;

	if (fake->block_open) {
		complete(&fake->opening);
		wait_for_completion_timeout(&fake->unblock, 20 * HZ);
	}
	err = fake->open_err ?: fake_publish(fake);
	fake->opens += !err;
	return err;
}

static void fake_close(struct device *dev)
{
	to_fake(dev)->closes++;
}

static dma_addr_t fake_resolve(struct device *dev, phys_addr_t phys,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	return phys == to_fake(dev)->unresolved ? DMA_MAPPING_ERROR :
						  phys ^ FAKE_KEY;
}

static bool fake_owns(struct device *dev, dma_addr_t addr)
{
	return addr & FAKE_BASE;
}

static const struct dma_bypass_ops linear = {
	.eligibility	= fake_eligibility,
	.open		= fake_open,
	.close		= fake_close,
};

static const struct dma_bypass_ops resolved = {
	.eligibility	= fake_eligibility,
	.open		= fake_open,
	.close		= fake_close,
	.map		= fake_resolve,
	.owns		= fake_owns,
};

static void fake_set_range(struct fake *fake, size_t start, size_t end)
{
	fake->range[0].start = fake_phys(fake, start);
	fake->range[0].size = end - start;
	fake->nr_ranges = 1;
}

static int fake_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	if (dma_bypass_disabled() || dma_bypass_translation_forced())
		kunit_skip(test, "the command line forbids all windows");
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->mode = DMA_BYPASS_MODE_REQUEST;
	fake->size = FAKE_SIZE;
	init_completion(&fake->opening);
	init_completion(&fake->unblock);
	fake->buf = kunit_kzalloc(test, PG(FAKE_PAGES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->buf);
	fake_set_range(fake, 0, PG(FAKE_PAGES));

	fake->dev = kunit_device_register(test, "dev");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	fake->dev->platform_data = fake;
	set_dma_ops(fake->dev, &fake_iommu);
	/* Its addresses are not memory's: nothing can be synced there. */
	dev_set_dma_coherent(fake->dev);
	test->priv = fake;
	return dma_set_mask(fake->dev, U64_MAX);
}

/* Whatever the case did, nothing is left. */
static void fake_exit(struct kunit *test)
{
	struct fake *fake = test->priv;

	if (!fake)
		return;
	dma_bypass_detach(fake->dev);
	KUNIT_EXPECT_NULL(test, fake->dev->dma_bypass);
	KUNIT_EXPECT_EQ(test, fake->live, 0);
	KUNIT_EXPECT_EQ(test, fake->opens, fake->closes);
}

static struct fake *fake_attach(struct kunit *test,
				const struct dma_bypass_ops *ops)
{
	struct fake *fake = test->priv;

	fake->ops = ops;
	KUNIT_ASSERT_EQ(test, dma_bypass_attach(fake->dev, ops), 0);
	KUNIT_ASSERT_EQ(test, 0,
			dma_bypass_set_policy(fake->dev,
					      DMA_BYPASS_POLICY_ALLOW));
	return fake;
}

static struct fake *fake_prepare(struct kunit *test,
				 const struct dma_bypass_ops *ops)
{
	struct fake *fake = fake_attach(test, ops);

	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	return fake;
}

/* Page 0, and pages 2, 5-7, 9-10 and 12-15: five ranges, each of its own size. */
static void fake_five_ranges(struct fake *fake)
{
	static const struct dma_bypass_range pages[FAKE_RANGES] = {
		{ 0, 1 }, { 2, 1 }, { 5, 3 }, { 9, 2 }, { 12, 4 },
	};
	int i;

	for (i = 0; i < FAKE_RANGES; i++) {
		fake->range[i].start = fake_phys(fake, PG(pages[i].start));
		fake->range[i].size = PG(pages[i].size);
	}
	fake->nr_ranges = FAKE_RANGES;
}

/* While the window is unopened, all memory may request it. */
static bool fake_is_unopened(struct fake *fake)
{
	const struct dma_bypass_window *win = READ_ONCE(fake->dev->dma_bypass);

	return win && win->ranges[0].size &&
	       win->ranges[0].size == (phys_addr_t)-1;
}

/* Wait for the work item that a mapping with the attribute has queued. */
static void fake_wait(struct fake *fake)
{
	bool unopened;

	KUNIT_ASSERT_EQ(fake->test, 0,
			read_poll_timeout(fake_is_unopened, unopened, !unopened,
					  1000, 10 * USEC_PER_SEC, false,
					  fake));
}

static void fake_set_policy(struct fake *fake, enum dma_bypass_policy policy)
{
	KUNIT_EXPECT_EQ(fake->test, dma_bypass_set_policy(fake->dev, policy), 0);
	KUNIT_EXPECT_EQ(fake->test, dma_bypass_policy(fake->dev), policy);
}

static dma_addr_t map(struct fake *fake, size_t offset, size_t size,
		      unsigned long attrs)
{
	dma_addr_t addr = dma_map_phys(fake->dev, fake_phys(fake, offset), size,
				       DMA_TO_DEVICE, attrs);

	KUNIT_EXPECT_EQ_MSG(fake->test, dma_mapping_error(fake->dev, addr), 0,
			    "%#zx+%#zx", offset, size);
	return addr;
}

static void unmap(struct fake *fake, dma_addr_t addr, size_t size,
		  unsigned long attrs)
{
	dma_unmap_phys(fake->dev, addr, size, DMA_TO_DEVICE, attrs);
}

/* Exactly the window's address, or exactly one of the IOMMU's. */
static bool in_window(struct fake *fake, dma_addr_t addr, size_t offset,
		      size_t size)
{
	phys_addr_t phys = fake_phys(fake, offset);
	dma_addr_t want = fake->ops == &resolved ? phys ^ FAKE_KEY :
						   FAKE_BASE + phys;

	if (!fake_find(fake, addr, size))
		KUNIT_EXPECT_EQ_MSG(fake->test, addr, want, "%#zx+%#zx",
				    offset, size);
	return addr == want;
}

static void init_list(struct fake *fake, struct scatterlist *sgl,
		      const u8 *page)
{
	int i;

	sg_init_table(sgl, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++)
		sg_set_buf(&sgl[i], fake->buf + PG(page[i]), PAGE_SIZE);
}

static void map_list(struct fake *fake, struct scatterlist *sgl,
		     const u8 *page, unsigned long attrs)
{
	init_list(fake, sgl, page);
	KUNIT_ASSERT_EQ(fake->test, FAKE_LIST,
			dma_map_sg_attrs(fake->dev, sgl, FAKE_LIST,
					 DMA_TO_DEVICE, attrs));
}

static void unmap_list(struct fake *fake, struct scatterlist *sgl,
		       unsigned long attrs)
{
	dma_unmap_sg_attrs(fake->dev, sgl, FAKE_LIST, DMA_TO_DEVICE, attrs);
}

static bool list_in_window(struct fake *fake, struct scatterlist *sgl)
{
	int i, nr = 0;

	for (i = 0; i < FAKE_LIST; i++) {
		KUNIT_EXPECT_EQ_MSG(fake->test, sg_dma_len(&sgl[i]), PAGE_SIZE,
				    "entry %d", i);
		nr += in_window(fake, sg_dma_address(&sgl[i]),
				sg_virt(&sgl[i]) - fake->buf, PAGE_SIZE);
	}
	KUNIT_EXPECT_TRUE_MSG(fake->test, !nr || nr == FAKE_LIST,
			      "only %d entries of a list in the window", nr);
	return nr;
}

/* Map and unmap with the attribute: is the address in the window? */
static bool bypasses(struct fake *fake, size_t offset, size_t size)
{
	dma_addr_t addr = map(fake, offset, size, BYPASS);
	bool yes = in_window(fake, addr, offset, size);

	unmap(fake, addr, size, BYPASS);
	return yes;
}

static bool list_bypasses(struct fake *fake, u8 first, u8 second, u8 third)
{
	struct scatterlist sgl[FAKE_LIST];
	bool yes;

	map_list(fake, sgl, (u8[]) { first, second, third }, BYPASS);
	yes = list_in_window(fake, sgl);
	unmap_list(fake, sgl, BYPASS);
	return yes;
}

/* Every kind of sync, of @addr and of @sgl. */
static void sync_all(struct fake *fake, dma_addr_t addr,
		     struct scatterlist *sgl)
{
	struct device *dev = fake->dev;

	dma_sync_single_for_cpu(dev, addr, 64, DMA_TO_DEVICE);
	dma_sync_single_for_device(dev, addr + 64, 64, DMA_TO_DEVICE);
	dma_sync_sg_for_cpu(dev, sgl, FAKE_LIST, DMA_TO_DEVICE);
	dma_sync_sg_for_device(dev, sgl, FAKE_LIST, DMA_TO_DEVICE);
}

#endif /* _TEST_DMA_BYPASS_FAKE_H */
