/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the KUnit suite dma_bypass: a device with a fake IOMMU and a fake back end,
 * which remember what they were asked for.
 */
#ifndef _TEST_DMA_BYPASS_FAKE_H
#define _TEST_DMA_BYPASS_FAKE_H

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iopoll.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#define FAKE_BASE	BIT_ULL(46)
#define FAKE_KEY	(BIT_ULL(46) | BIT_ULL(21))
#define FAKE_STRIDE	SZ_4M
#define FAKE_ENTRIES	64
#define FAKE_LIST	3

/* Offsets into the buffer. */
#define PG(n)		((n) * PAGE_SIZE)
#define FAKE_PAGES	16

struct fake_entry {
	dma_addr_t addr;
	size_t size;
};

struct fake_table {
	struct fake_entry entry[FAKE_ENTRIES];
	unsigned int live;
	unsigned int total;
};

struct fake {
	struct kunit *test;
	struct device *dev;
	void *buf;

	/* The fake IOMMU saw these. */
	struct fake_table translated;
	unsigned int syncs;

	/* The fake back end is told these. */
	const struct dma_bypass_ops *ops;
	const struct dma_bypass_facts *facts;
	enum dma_bypass_mode mode;
	bool group_denied;
	u64 mask;
	struct dma_bypass_range ram[DMA_BYPASS_RANGES];
	int open_err;
	phys_addr_t refused;

	/* And saw these. */
	struct fake_table guarded;
	struct dma_bypass_facts seen;
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

/* A free entry is all zero. */
static struct fake_entry *fake_find(struct fake_table *table, dma_addr_t addr,
				    size_t size)
{
	int i;

	for (i = 0; i < FAKE_ENTRIES; i++)
		if (table->entry[i].addr == addr &&
		    table->entry[i].size == size)
			return &table->entry[i];
	return NULL;
}

static bool fake_holds(struct fake_table *table, dma_addr_t addr, size_t size)
{
	struct fake_entry *e;

	for (e = table->entry; e < table->entry + FAKE_ENTRIES; e++)
		if (size <= e->size && addr >= e->addr &&
		    addr - e->addr <= e->size - size)
			return true;
	return false;
}

static struct fake_entry *fake_add(struct fake_table *table, size_t size)
{
	struct fake_entry *e = fake_find(table, 0, 0);

	if (!e)
		return NULL;
	e->addr = (e - table->entry + 1) * FAKE_STRIDE;
	e->size = size;
	table->live++;
	table->total++;
	return e;
}

static void fake_del(struct fake *fake, struct fake_table *table,
		     dma_addr_t addr, size_t size)
{
	struct fake_entry *e = fake_find(table, addr, size);

	if (!e) {
		KUNIT_FAIL(fake->test, "unmapped %pad+%#zx, which is not mapped",
			   &addr, size);
		return;
	}
	*e = (struct fake_entry) {};
	table->live--;
}

/* The fake IOMMU: low addresses, remembered. */
static dma_addr_t translate(struct device *dev, phys_addr_t phys,
			    size_t size, enum dma_data_direction dir,
			    unsigned long attrs)
{
	struct fake_entry *e = fake_add(&to_fake(dev)->translated, size);

	return e ? e->addr : DMA_MAPPING_ERROR;
}

static void untranslate(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	fake_del(to_fake(dev), &to_fake(dev)->translated, addr, size);
}

static dma_addr_t translate_page(struct device *dev, struct page *page,
				 unsigned long offset, size_t size,
				 enum dma_data_direction dir,
				 unsigned long attrs)
{
	return translate(dev, page_to_phys(page) + offset, size, dir,
				  attrs);
}

static int translate_list(struct device *dev, struct scatterlist *sgl,
			  int nents, enum dma_data_direction dir,
			  unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		sg_dma_address(sg) = translate(dev, sg_phys(sg), sg->length,
					       dir, attrs);
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

static void untranslate_list(struct device *dev, struct scatterlist *sgl,
			     int nents, enum dma_data_direction dir,
			     unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		untranslate(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
			    attrs);
}

static void translated_sync(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir)
{
	struct fake *fake = to_fake(dev);

	fake->syncs++;
	KUNIT_EXPECT_TRUE(fake->test, fake_holds(&fake->translated, addr, size));
}

static void translated_sync_list(struct device *dev, struct scatterlist *sgl,
				 int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		translated_sync(dev, sg_dma_address(sg), sg_dma_len(sg), dir);
}

static void *translated_alloc(struct device *dev, size_t size, dma_addr_t *addr,
			      gfp_t gfp, unsigned long attrs)
{
	void *virt = kzalloc(size, gfp);

	if (virt)
		*addr = translate(dev, virt_to_phys(virt), size,
				  DMA_BIDIRECTIONAL, attrs);
	return virt;
}

static void translated_free(struct device *dev, size_t size, void *virt,
			    dma_addr_t addr, unsigned long attrs)
{
	untranslate(dev, addr, size, DMA_BIDIRECTIONAL, attrs);
	kfree(virt);
}

static const struct dma_map_ops fake_iommu = {
	.alloc			= translated_alloc,
	.free			= translated_free,
	.map_page		= translate_page,
	.unmap_page		= untranslate,
	.map_sg			= translate_list,
	.unmap_sg		= untranslate_list,
	.map_resource		= translate,
	.unmap_resource		= untranslate,
	.sync_single_for_cpu	= translated_sync,
	.sync_single_for_device	= translated_sync,
	.sync_sg_for_cpu	= translated_sync_list,
	.sync_sg_for_device	= translated_sync_list,
};

/* The fake back end: the system mode is its own, whatever was booted with. */
static void fake_facts(struct device *dev, struct dma_bypass_facts *facts)
{
	struct fake *fake = to_fake(dev);

	fake->seen = *facts;
	if (fake->facts) {
		*facts = *fake->facts;
		return;
	}
	facts->mode = fake->mode;
	facts->forced = false;
	facts->group_denied = fake->group_denied;
	facts->base = FAKE_BASE;
	facts->mask = min_not_zero(facts->mask, fake->mask);
}

static int fake_open(struct device *dev, struct dma_bypass_window *win,
		     void **priv)
{
	struct fake *fake = to_fake(dev);

	if (fake->open_err)
		return fake->open_err;
	fake->opens++;
	*priv = fake;
	win->base = fake->ops->map && !fake->ops->unmap ? 0 : FAKE_BASE;
	win->ops = fake->ops->map ? fake->ops : NULL;
	memcpy(win->ram, fake->ram, sizeof(win->ram));
	return 0;
}

static void fake_close(struct device *dev, void *priv)
{
	struct fake *fake = priv;

	KUNIT_EXPECT_PTR_EQ(fake->test, fake, to_fake(dev));
	fake->closes++;
}

static dma_addr_t resolved_map(struct device *dev, phys_addr_t phys,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	return phys == to_fake(dev)->refused ? DMA_MAPPING_ERROR :
					       phys ^ FAKE_KEY;
}

static bool resolved_owns(struct device *dev, dma_addr_t addr)
{
	return addr & FAKE_BASE;
}

static dma_addr_t guarded_map(struct device *dev, phys_addr_t phys,
			      size_t size, enum dma_data_direction dir,
			      unsigned long attrs)
{
	struct fake *fake = to_fake(dev);
	struct fake_entry *e;

	if (phys == fake->refused)
		return DMA_MAPPING_ERROR;
	e = fake_add(&fake->guarded, size);
	if (!e)
		return DMA_MAPPING_ERROR;
	e->addr = FAKE_BASE + phys;
	return e->addr;
}

static void guarded_unmap(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	fake_del(to_fake(dev), &to_fake(dev)->guarded, addr, size);
}

static const struct dma_bypass_ops linear = {
	.facts	= fake_facts,
	.open	= fake_open,
	.close	= fake_close,
};

static const struct dma_bypass_ops resolved = {
	.facts	= fake_facts,
	.open	= fake_open,
	.close	= fake_close,
	.map	= resolved_map,
	.owns	= resolved_owns,
};

static const struct dma_bypass_ops guarded = {
	.facts	= fake_facts,
	.open	= fake_open,
	.close	= fake_close,
	.map	= guarded_map,
	.unmap	= guarded_unmap,
	.owns	= resolved_owns,
};

static int fake_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->mode = DMA_BYPASS_MODE_REQUEST;
	fake->buf = kunit_kzalloc(test, PG(FAKE_PAGES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->buf);
	fake->ram[0].start = fake_phys(fake, 0);
	fake->ram[0].end = fake_phys(fake, PG(FAKE_PAGES));

	fake->dev = kunit_device_register(test, "dev");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	fake->dev->platform_data = fake;
	set_dma_ops(fake->dev, &fake_iommu);
	test->priv = fake;
	return dma_set_mask(fake->dev, U64_MAX);
}

/* Nothing is left behind, whatever the case did. */
static void fake_exit(struct kunit *test)
{
	struct fake *fake = test->priv;

	if (!fake)
		return;
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
	KUNIT_EXPECT_EQ(test, fake->guarded.live, 0);
	KUNIT_EXPECT_EQ(test, fake->opens, fake->closes);
}

static struct fake *fake_attach(struct kunit *test,
				const struct dma_bypass_ops *ops)
{
	struct fake *fake = test->priv;

	fake->ops = ops;
	KUNIT_ASSERT_EQ(test, dma_bypass_attach(fake->dev, ops), 0);
	return fake;
}

static struct fake *fake_prepare(struct kunit *test,
				 const struct dma_bypass_ops *ops)
{
	struct fake *fake = fake_attach(test, ops);

	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	return fake;
}

/* Pages 1-3, 6-8 and 11-13. */
static void fake_three_ranges(struct fake *fake)
{
	int i, page;

	for (i = 0, page = 11; i < DMA_BYPASS_RANGES; i++, page -= 5) {
		fake->ram[i].start = fake_phys(fake, PG(page));
		fake->ram[i].end = fake_phys(fake, PG(page + 3));
	}
}

/* As long as nobody has answered, all of memory may be asked for. */
static bool fake_settled(struct fake *fake)
{
	if (READ_ONCE(fake->dev->dma_bypass)->ram[0].end == (phys_addr_t)-1)
		return false;
	return dma_bypass_state(fake->dev) != DMA_BYPASS_CLOSED ||
	       dma_bypass_reason(fake->dev) != DMA_BYPASS_GRANTED;
}

/* Wait for the work item that a mapping with the attribute has started. */
static void fake_settle(struct fake *fake)
{
	bool settled;

	KUNIT_ASSERT_EQ(fake->test, 0,
			read_poll_timeout(fake_settled, settled, settled, 1000,
					  10 * USEC_PER_SEC, false, fake));
}

static void fake_expect(struct fake *fake, enum dma_bypass_state state,
			enum dma_bypass_reason reason)
{
	KUNIT_EXPECT_EQ(fake->test, dma_bypass_state(fake->dev), state);
	KUNIT_EXPECT_STREQ(fake->test,
			   dma_bypass_reason_name(dma_bypass_reason(fake->dev)),
			   dma_bypass_reason_name(reason));
}

static void fake_set_policy(struct fake *fake, enum dma_bypass_policy policy)
{
	KUNIT_EXPECT_EQ(fake->test, dma_bypass_set_policy(fake->dev, policy), 0);
	KUNIT_EXPECT_EQ(fake->test, dma_bypass_policy(fake->dev), policy);
}

static dma_addr_t map(struct fake *fake, size_t offset, size_t size,
		      unsigned long attrs)
{
	dma_addr_t addr;

	addr = dma_map_page_attrs(fake->dev, virt_to_page(fake->buf + offset),
				  offset_in_page(offset), size, DMA_TO_DEVICE,
				  attrs);
	KUNIT_EXPECT_FALSE(fake->test, dma_mapping_error(fake->dev, addr));
	return addr;
}

static void unmap(struct fake *fake, dma_addr_t addr, size_t size,
		  unsigned long attrs)
{
	dma_unmap_page_attrs(fake->dev, addr, size, DMA_TO_DEVICE, attrs);
}

/* Exactly the window's address, or exactly one of the IOMMU's. */
static bool in_window(struct fake *fake, dma_addr_t addr, size_t offset,
		      size_t size)
{
	phys_addr_t phys = fake_phys(fake, offset);
	dma_addr_t window = fake->ops == &resolved ? phys ^ FAKE_KEY :
						     FAKE_BASE + phys;

	if (!fake_find(&fake->translated, addr, size))
		KUNIT_EXPECT_EQ(fake->test, addr, window);
	return addr == window;
}

static void map_list(struct fake *fake, struct scatterlist *sgl,
		     const u8 *page, unsigned long attrs)
{
	int i;

	sg_init_table(sgl, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++)
		sg_set_buf(&sgl[i], fake->buf + PG(page[i]), PAGE_SIZE);
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
		KUNIT_EXPECT_EQ(fake->test, sg_dma_len(&sgl[i]), PAGE_SIZE);
		nr += in_window(fake, sg_dma_address(&sgl[i]),
				sg_virt(&sgl[i]) - fake->buf, PAGE_SIZE);
	}
	KUNIT_EXPECT_TRUE_MSG(fake->test, !nr || nr == FAKE_LIST,
			      "only %d entries of a list in the window", nr);
	return nr;
}

/* Map and unmap with the attribute: was it honoured? */
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

/* Of @addr and @sgl, every kind of sync. */
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
