// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_load: a device on POWER that is translated though it
 * reaches all memory shares its default window with other mappings of its own, which
 * fill it.
 *
 * Needs two of QEMU's edu devices, each alone in its PE, and a default window of at
 * most 256 MiB.
 */
#include <linux/bitmap.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "dma-bypass-test.h"

#define LOAD_WINDOW	SZ_256M
#define LOAD_PAGE	SZ_4K		/* of the default window */
#define LOAD_MAX	SZ_4M		/* of a mapping */
#define LOAD_MAPPINGS	256		/* of a thread: twice what there is room for */
#define LOAD_THREADS	2

/* Pages of the window that a thread has mapped. */
static unsigned long *load_mapped;

static struct load {
	struct kunit		*test;
	struct task_struct	*thread;
	struct page		*pages;
	struct rnd_state	rnd;
	struct {
		dma_addr_t	addr;
		size_t		size;
	}			mapping[LOAD_MAPPINGS];
	unsigned int		mapped;
	unsigned int		failed;
} loads[LOAD_THREADS];

static void load_mark(struct load *load, int i, bool mapped)
{
	unsigned long page = load->mapping[i].addr / LOAD_PAGE;
	unsigned long end = page + load->mapping[i].size / LOAD_PAGE;

	if (end > LOAD_WINDOW / LOAD_PAGE) {
		KUNIT_FAIL(load->test, "mapping at %pad", &load->mapping[i].addr);
		return;
	}
	for (; page < end; page++)
		if (mapped == test_and_change_bit(page, load_mapped))
			KUNIT_FAIL(load->test, "page %lx: mapped %d times", page,
				   mapped ? 2 : 0);
}

static void load_unmap(struct load *load, int i)
{
	load_mark(load, i, false);
	dma_unmap_page(dev_of(0), load->mapping[i].addr, load->mapping[i].size,
		       DMA_TO_DEVICE);
	load->mapping[i].size = 0;
}

static void load_map(struct load *load, int i)
{
	size_t size = SZ_64K << prandom_u32_state(&load->rnd) % 7;
	dma_addr_t addr;

	addr = dma_map_page_attrs(dev_of(0), load->pages, 0, size,
				  DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	if (dma_mapping_error(dev_of(0), addr)) {
		load->failed++;
		return;
	}
	load->mapped++;
	load->mapping[i].addr = addr;
	load->mapping[i].size = size;
	load_mark(load, i, true);
}

/* Map what fits until there is no room, then exchange some. */
static int load_run(void *data)
{
	struct load *load = data;
	int i;

	while (!kthread_should_stop()) {
		i = prandom_u32_state(&load->rnd) % LOAD_MAPPINGS;
		if (load->mapping[i].size)
			load_unmap(load, i);
		load_map(load, i);
		cond_resched();
	}
	for (i = 0; i < LOAD_MAPPINGS; i++)
		if (load->mapping[i].size)
			load_unmap(load, i);
	return 0;
}

static void load_stop(void *thread)
{
	kthread_stop_put(thread);
}

static void load_free(void *pages)
{
	__free_pages(pages, get_order(LOAD_MAX));
}

static void load_start(struct kunit *test, int i)
{
	struct load *load = &loads[i];

	*load = (struct load) { .test = test };
	prandom_seed_state(&load->rnd, i);
	load->pages = alloc_pages(GFP_KERNEL, get_order(LOAD_MAX));
	KUNIT_ASSERT_NOT_NULL(test, load->pages);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, load_free,
							   load->pages));
	load->thread = kthread_create(load_run, load, "load/%d", i);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, load->thread);
	get_task_struct(load->thread);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, load_stop,
							   load->thread));
	wake_up_process(load->thread);
}

/* Map a page, which fails now and then, and have the device read and write it. */
static enum power_window load_roundtrip(struct kunit *test, struct page *page,
					unsigned long attrs, u64 seed)
{
	enum power_window window;
	dma_addr_t addr;
	int tries;

	for (tries = 0; tries < 10000; tries++) {
		addr = dma_map_page_attrs(dev_of(0), page, 0, PAGE_SIZE,
					  DMA_BIDIRECTIONAL,
					  attrs | DMA_ATTR_NO_WARN);
		if (!dma_mapping_error(dev_of(0), addr) || attrs)
			break;
		usleep_range(100, 200);
	}
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, seed);
	window = window_of(addr, page_to_phys(page));
	unmap(0, addr, attrs);
	return window;
}

static void load_and_move(struct kunit *test, unsigned long attrs,
			  enum power_window window)
{
	struct page *page = buffer(test);
	int i;

	load_mapped = kunit_kcalloc(test, BITS_TO_LONGS(LOAD_WINDOW / LOAD_PAGE),
				    sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, load_mapped);
	for (i = 0; i < LOAD_THREADS; i++)
		load_start(test, i);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ_MSG(test, load_roundtrip(test, page, attrs, i),
				    window, "round %d", i);
	for (i = 0; i < LOAD_THREADS; i++) {
		kunit_release_action(test, load_stop, loads[i].thread);
		kunit_info(test, "load: %u mapped, %u failed\n",
			   loads[i].mapped, loads[i].failed);
		KUNIT_EXPECT_GT_MSG(test, loads[i].mapped, 100, "thread %d", i);
		KUNIT_EXPECT_GT_MSG(test, loads[i].failed, 100, "thread %d", i);
	}
}

/* A driver that does not know the attribute works as long as it takes errors. */
static void translated_driver_moves_bytes(struct kunit *test)
{
	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	load_and_move(test, 0, DEFAULT_WINDOW);
}

/* One that passes it does not depend on the load. */
static void bypassing_driver_never_fails(struct kunit *test)
{
	open_window(test, 0);
	load_and_move(test, BYPASS, UPPER_WINDOW);
}

/* Nothing is lost: a mapping of the largest size fits again, many times. */
static void room_returns_after_load(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, get_order(LOAD_MAX));
	dma_addr_t addr[8];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, load_free,
							   pages));
	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = dma_map_page(dev_of(0), pages, 0, LOAD_MAX,
				       DMA_TO_DEVICE);
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    dma_mapping_error(dev_of(0), addr[i]),
				    "mapping %d", i);
	}
	while (i--)
		if (!dma_mapping_error(dev_of(0), addr[i]))
			dma_unmap_page(dev_of(0), addr[i], LOAD_MAX,
				       DMA_TO_DEVICE);
}

static struct kunit_case load_cases[] = {
	KUNIT_CASE(translated_driver_moves_bytes),
	KUNIT_CASE(bypassing_driver_never_fails),
	KUNIT_CASE(room_returns_after_load),
	{ }
};

static struct kunit_suite load_suite = {
	.name		= "dma_bypass_power_load",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= load_cases,
};

kunit_test_suite(load_suite);
MODULE_DESCRIPTION("KUnit tests of full default windows on POWER");
MODULE_LICENSE("GPL");
