// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_debug: what dma-debug reports of drivers that misuse
 * mappings in a bypass window, and that it reports nothing of those that do not.
 *
 * Needs QEMU's edu device, to which a window is granted.
 */
#include <linux/debugfs.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/kmsg_dump.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#define EDU_NR		1
#include "test_dma_bypass_edu.h"

#define BYPASS		DMA_ATTR_IOMMU_BYPASS

static struct kmsg_dump_iter log;

/**
 * struct debug_case - what a driver does with a page
 * @name: of the case
 * @map: attributes that it maps the page with
 * @unmap: attributes that it unmaps the page with
 * @size: bytes that it unmaps
 * @dir: direction that it unmaps
 * @list: it maps and unmaps a list
 * @unchecked: it does not look at the result of mapping
 * @message: what dma-debug reports; NULL if nothing is wrong
 */
struct debug_case {
	const char		*name;
	unsigned long		map;
	unsigned long		unmap;
	size_t			size;
	enum dma_data_direction	dir;
	bool			list;
	bool			unchecked;
	const char		*message;
};

#define OTHER_ATTRS	"frees DMA memory with different attributes"
#define OTHER_SIZE	"frees DMA memory with different size"
#define OTHER_DIR	"frees DMA memory with different direction"
#define UNCHECKED	"failed to check map error"

static const struct debug_case debug_cases[] = {
	{ "bypassed", BYPASS, BYPASS, SZ_4K, DMA_TO_DEVICE },
	{ "translated", 0, 0, SZ_4K, DMA_TO_DEVICE },
	{ "bypassed list", BYPASS, BYPASS, SZ_4K, DMA_TO_DEVICE, true },
	{ "translated list", 0, 0, SZ_4K, DMA_TO_DEVICE, true },
	{ "another attribute that may differ", BYPASS | DMA_ATTR_NO_WARN, BYPASS,
	  SZ_4K, DMA_TO_DEVICE },
	{ "unmapped without", BYPASS, 0, SZ_4K, DMA_TO_DEVICE,
	  .message = OTHER_ATTRS },
	{ "unmapped with", 0, BYPASS, SZ_4K, DMA_TO_DEVICE,
	  .message = OTHER_ATTRS },
	{ "list unmapped without", BYPASS, 0, SZ_4K, DMA_TO_DEVICE, true,
	  .message = OTHER_ATTRS },
	{ "list unmapped with", 0, BYPASS, SZ_4K, DMA_TO_DEVICE, true,
	  .message = OTHER_ATTRS },
	{ "less unmapped", BYPASS, BYPASS, SZ_2K, DMA_TO_DEVICE,
	  .message = OTHER_SIZE },
	{ "unmapped for another direction", BYPASS, BYPASS, SZ_4K,
	  DMA_FROM_DEVICE, .message = OTHER_DIR },
	{ "not checked", BYPASS, BYPASS, SZ_4K, DMA_TO_DEVICE,
	  .unchecked = true, .message = UNCHECKED },
};

KUNIT_ARRAY_PARAM_DESC(debug, debug_cases, name);

/* Number of new lines of dma-debug with this text about the device. */
static unsigned int reported(const char *text)
{
	static char line[512];
	unsigned int nr = 0;
	size_t len;

	while (kmsg_dump_get_line(&log, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, "DMA-API: ") &&
		    strstr(line, dev_name(dev_of(0))) && strstr(line, text))
			nr++;
	}
	return nr;
}

/* Report every error, not only the first one since boot. */
static u32 *all_errors(void)
{
	struct dentry *dir = debugfs_lookup("dma-api", NULL), *file;
	u32 *value = NULL;

	if (!dir)
		return NULL;
	file = debugfs_lookup("all_errors", dir);
	if (file)
		value = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return value;
}

static int debug_suite_init(struct kunit_suite *suite)
{
	u32 *all = all_errors();

	if (!all)
		return -ENODEV;
	*all = 1;
	return edu_suite_init(suite);
}

static void debug_suite_exit(struct kunit_suite *suite)
{
	edu_suite_exit(suite);
	*all_errors() = 0;
}

static int debug_init(struct kunit *test)
{
	if (!edus[0])
		return -ENODEV;
	test->priv = alloc_page(GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	kunit_info(test, "expect-console: WARNING: .*(check_unmap|check_sync|dma_debug_device_change)");
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	kmsg_dump_rewind(&log);
	reported("");
	return 0;
}

static void debug_exit(struct kunit *test)
{
	if (test->priv)
		__free_page(test->priv);
}

/* In the window if that is requested, and not otherwise. */
static void expect_place(struct kunit *test, dma_addr_t addr, unsigned long attrs)
{
	struct page *page = test->priv;
	bool bypassed = addr == dev_of(0)->dma_bypass->base + page_to_phys(page);

	KUNIT_EXPECT_EQ(test, bypassed, !!(attrs & BYPASS));
}

static void use_page(struct kunit *test, const struct debug_case *c)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(0), test->priv, 0, SZ_4K,
					     DMA_TO_DEVICE, c->map);

	if (!c->unchecked)
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev_of(0), addr));
	expect_place(test, addr, c->map);
	dma_unmap_page_attrs(dev_of(0), addr, c->size, c->dir, c->unmap);
}

static void use_list(struct kunit *test, const struct debug_case *c)
{
	struct scatterlist sg;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, test->priv, SZ_4K, 0);
	KUNIT_ASSERT_EQ(test, 1, dma_map_sg_attrs(dev_of(0), &sg, 1,
						  DMA_TO_DEVICE, c->map));
	expect_place(test, sg_dma_address(&sg), c->map);
	dma_unmap_sg_attrs(dev_of(0), &sg, 1, c->dir, c->unmap);
}

/* Each misuse is reported once, by its own message, and nothing else is. */
static void misuse_is_reported(struct kunit *test)
{
	const struct debug_case *c = test->param_value;
	struct kmsg_dump_iter start = log;

	if (c->list)
		use_list(test, c);
	else
		use_page(test, c);
	KUNIT_EXPECT_EQ(test, reported(""), c->message ? 1 : 0);
	log = start;
	if (c->message)
		KUNIT_EXPECT_EQ(test, reported(c->message), 1);
}

static void unmapped_twice(struct kunit *test)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(0), test->priv, 0, SZ_4K,
					     DMA_TO_DEVICE, BYPASS);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev_of(0), addr));
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, reported(""), 0);
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test,
			reported("tries to free DMA memory it has not allocated"),
			1);
}

static void synced_beyond_the_mapping(struct kunit *test)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(0), test->priv, 0, SZ_2K,
					     DMA_TO_DEVICE, BYPASS);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev_of(0), addr));
	dma_sync_single_for_device(dev_of(0), addr, SZ_2K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, reported(""), 0);
	dma_sync_single_for_device(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test,
			reported("tries to sync DMA memory it has not allocated"),
			1);
	dma_unmap_page_attrs(dev_of(0), addr, SZ_2K, DMA_TO_DEVICE, BYPASS);
}

/* The window closes, whatever is still mapped in it. */
static void mapped_when_unbound(struct kunit *test)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(0), test->priv, 0, SZ_4K,
					     DMA_TO_DEVICE, BYPASS);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev_of(0), addr));
	device_release_driver(&edus[0]->dev);
	KUNIT_EXPECT_EQ(test, reported("has pending DMA allocations"), 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, reported(""), 0);
	KUNIT_EXPECT_EQ(test, 1, device_attach(&edus[0]->dev));
}

static struct kunit_case debug_test_cases[] = {
	KUNIT_CASE_PARAM(misuse_is_reported, debug_gen_params),
	KUNIT_CASE(unmapped_twice),
	KUNIT_CASE(synced_beyond_the_mapping),
	KUNIT_CASE(mapped_when_unbound),
	{}
};

static struct kunit_suite debug_test_suite = {
	.name		= "dma_bypass_debug",
	.suite_init	= debug_suite_init,
	.suite_exit	= debug_suite_exit,
	.init		= debug_init,
	.exit		= debug_exit,
	.test_cases	= debug_test_cases,
};

kunit_test_suite(debug_test_suite);
