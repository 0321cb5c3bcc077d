// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_cache: bypass windows of devices that are not coherent with the
 * CPU's caches.
 *
 * A device makes DMA through its window as if it were not coherent.  The calls that
 * maintain the caches have to be those that the direct mapping makes.  Needs two of
 * QEMU's edu devices, and an architecture with calls to count.
 */
#include <kunit/device.h>
#include <linux/dma-map-ops.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "dma-iommu-bypass-test-list.h"

#define MAX_CALLS	32

/**
 * struct cache_call - a call for one range of memory
 * @for_cpu: whether it is arch_sync_dma_for_cpu(), or arch_sync_dma_for_device()
 * @dir: the direction
 * @phys: first byte
 * @size: number of bytes
 */
struct cache_call {
	bool			for_cpu;
	enum dma_data_direction	dir;
	phys_addr_t		phys;
	size_t			size;
};

/* What the test's own thread called. */
static struct cache_call calls[MAX_CALLS];
static unsigned int nr_calls;
static struct task_struct *caller;

/* Is not coherent, and has no IOMMU. */
static struct device *direct;

static void cache_record(struct pt_regs *regs, bool for_cpu)
{
	if (current != caller || nr_calls == MAX_CALLS)
		return;
	calls[nr_calls].for_cpu = for_cpu;
	calls[nr_calls].phys = regs_get_kernel_argument(regs, 0);
	calls[nr_calls].size = regs_get_kernel_argument(regs, 1);
	calls[nr_calls++].dir = regs_get_kernel_argument(regs, 2);
}

static int cache_for_device(struct kprobe *kp, struct pt_regs *regs)
{
	cache_record(regs, false);
	return 0;
}

static int cache_for_cpu(struct kprobe *kp, struct pt_regs *regs)
{
	cache_record(regs, true);
	return 0;
}

static struct kprobe probe_for_device = {
	.symbol_name	= "arch_sync_dma_for_device",
	.pre_handler	= cache_for_device,
};

static struct kprobe probe_for_cpu = {
	.symbol_name	= "arch_sync_dma_for_cpu",
	.pre_handler	= cache_for_cpu,
};

/* One use of a buffer, with an attribute beside that for bypass. */
struct use {
	const char		*name;
	unsigned long		attrs;
	enum dma_data_direction	dir;
};

static const struct use uses[] = {
	{ "both directions",		0,	DMA_BIDIRECTIONAL },
	{ "to the device",		0,	DMA_TO_DEVICE },
	{ "from the device",		0,	DMA_FROM_DEVICE },
	{ "without CPU sync",		DMA_ATTR_SKIP_CPU_SYNC, DMA_BIDIRECTIONAL },
};

KUNIT_ARRAY_PARAM_DESC(use, uses, name);

static dma_addr_t use_page(struct kunit *test, struct device *dev,
			   struct page *page, const struct use *use)
{
	unsigned long attrs = use->attrs | BYPASS;
	dma_addr_t addr;

	addr = dma_map_page_attrs(dev, page, 100, PAGE_SIZE, use->dir, attrs);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_sync_single_for_cpu(dev, addr, PAGE_SIZE, use->dir);
	dma_sync_single_range_for_device(dev, addr, SZ_1K, SZ_2K, use->dir);
	dma_unmap_page_attrs(dev, addr, PAGE_SIZE, use->dir, attrs);
	return addr;
}

static dma_addr_t use_list(struct kunit *test, struct device *dev,
			   struct page *page, const struct use *use)
{
	unsigned long attrs = use->attrs | BYPASS;
	struct scatterlist sgl[2];
	struct sg_table sgt;
	dma_addr_t addr;

	list_init(&sgt, sgl, page, page + 1);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(dev, &sgt, use->dir, attrs));
	addr = sg_dma_address(&sgl[0]);
	dma_sync_sgtable_for_cpu(dev, &sgt, use->dir);
	dma_sync_sgtable_for_device(dev, &sgt, use->dir);
	dma_unmap_sgtable(dev, &sgt, use->dir, attrs);
	return addr;
}

/* The window makes the calls of the direct mapping, in their order. */
static void expect_same_calls(struct kunit *test,
			      dma_addr_t (*fn)(struct kunit *test,
					       struct device *dev,
					       struct page *page,
					       const struct use *use))
{
	const struct use *use = test->param_value;
	struct page *page = buffer(test, HIGH);
	struct cache_call expected[MAX_CALLS];
	unsigned int nr, i;

	open_window(test, 0);
	nr_calls = 0;
	fn(test, direct, page, use);
	nr = nr_calls;
	memcpy(expected, calls, sizeof(expected));
	KUNIT_ASSERT_GE(test, nr, 2);

	nr_calls = 0;
	expect_in_window(test, 0, fn(test, dev_of(0), page, use));
	KUNIT_ASSERT_EQ(test, nr_calls, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ_MSG(test, calls[i].for_cpu, expected[i].for_cpu,
				    "call %u", i);
		KUNIT_EXPECT_EQ_MSG(test, calls[i].dir, expected[i].dir,
				    "call %u", i);
		KUNIT_EXPECT_EQ_MSG(test, calls[i].phys, expected[i].phys,
				    "call %u", i);
		KUNIT_EXPECT_EQ_MSG(test, calls[i].size, expected[i].size,
				    "call %u", i);
	}
}

static void page_as_direct(struct kunit *test)
{
	expect_same_calls(test, use_page);
}

static void list_as_direct(struct kunit *test)
{
	expect_same_calls(test, use_list);
}

/* Mapping and unmapping call nothing: the driver is to sync. */
static void skip_cpu_sync_to_no_calls(struct kunit *test)
{
	unsigned long attrs = BYPASS | DMA_ATTR_SKIP_CPU_SYNC;
	struct page *page = buffer(test, HIGH);
	struct scatterlist sgl[2];
	struct sg_table sgt;

	open_window(test, 0);
	nr_calls = 0;
	expect_in_window(test, 0, map_once(test, 0, page, SZ_4K, attrs));
	list_init(&sgt, sgl, page, page + 1);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(dev_of(0), &sgt,
						 DMA_BIDIRECTIONAL, attrs));
	expect_in_window(test, 0, sg_dma_address(&sgl[0]));
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, attrs);
	KUNIT_EXPECT_EQ(test, nr_calls, 0);
}

static void coherent_to_no_calls(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	dev_set_dma_coherent(dev_of(0));
	open_window(test, 0);
	nr_calls = 0;
	expect_in_window(test, 0, use_page(test, dev_of(0), page, &uses[0]));
	expect_in_window(test, 0, use_list(test, dev_of(0), page, &uses[0]));
	KUNIT_EXPECT_EQ(test, nr_calls, 0);
}

static void device_moves_bytes(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	expect_in_window(test, 0, addr);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 200);
	unmap(0, addr, SZ_4K, BYPASS);
}

/* Other data may be in its cache lines: it bounces, and is translated. */
static void small_buffer_to_bounced(struct kunit *test)
{
	u8 *small = kunit_kzalloc(test, 8, GFP_KERNEL), data[8];
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_NULL(test, small);
	open_window(test, 0);
	addr = dma_map_single_attrs(dev_of(0), small, 8, DMA_FROM_DEVICE,
				    BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_translated(test, 0, addr);
	KUNIT_EXPECT_NE(test, virt_to_phys(small),
			iommu_iova_to_phys(iommu_get_domain_for_dev(dev_of(0)),
					   addr));
	edu_pattern(data, 8, 210);
	dma_write(test, 0, addr, data, 8);
	dma_unmap_single_attrs(dev_of(0), addr, 8, DMA_FROM_DEVICE, BYPASS);
	KUNIT_EXPECT_MEMEQ(test, small, data, 8);
}

static int cache_suite_init(struct kunit_suite *suite)
{
	int err = register_kprobe(&probe_for_device);

	if (err)
		return err;
	err = register_kprobe(&probe_for_cpu);
	if (!err)
		err = edu_suite_init(suite);
	return err;
}

static void cache_suite_exit(struct kunit_suite *suite)
{
	edu_suite_exit(suite);
	unregister_kprobe(&probe_for_cpu);
	unregister_kprobe(&probe_for_device);
}

static int cache_init(struct kunit *test)
{
	int err = window_test_init(test);

	if (err)
		return err;
	direct = kunit_device_register(test, "direct");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, direct);
	KUNIT_ASSERT_EQ(test, 0, dma_coerce_mask_and_coherent(direct,
							      DMA_BIT_MASK(64)));
	KUNIT_ASSERT_FALSE(test, dev_is_dma_coherent(direct));
	dev_clear_dma_coherent(dev_of(0));
	/* Whether there is anything to sync is determined there. */
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	caller = current;
	return 0;
}

static void cache_exit(struct kunit *test)
{
	caller = NULL;
	if (translated(0))
		dev_set_dma_coherent(dev_of(0));
	window_test_exit(test);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE_PARAM(page_as_direct, use_gen_params),
	KUNIT_CASE_PARAM(list_as_direct, use_gen_params),
	KUNIT_CASE(skip_cpu_sync_to_no_calls),
	KUNIT_CASE(coherent_to_no_calls),
	KUNIT_CASE(device_moves_bytes),
	KUNIT_CASE(small_buffer_to_bounced),
	{ }
};

static struct kunit_suite cache_suite = {
	.name		= "dma_bypass_cache",
	.suite_init	= cache_suite_init,
	.suite_exit	= cache_suite_exit,
	.init		= cache_init,
	.exit		= cache_exit,
	.test_cases	= cache_cases,
};

kunit_test_suite(cache_suite);

MODULE_DESCRIPTION("KUnit tests of DMA bypass windows of devices that are not coherent");
MODULE_LICENSE("GPL");
