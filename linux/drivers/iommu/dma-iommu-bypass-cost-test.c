// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the cost of bypass windows behind VT-d, and a demonstration.
 *
 * For a machine that counts instructions: one tick of the TSC is one of them.
 */
#include "dma-iommu-bypass-bench.h"
#include "dma-iommu-bypass-test.h"

/* Instructions of one map and one unmap. */
struct cost {
	u32	p50;
	u32	p999;
};

static struct cost cost_of(struct kunit *test, struct device *dev,
			   struct page *page, size_t size, unsigned long attrs)
{
	struct bench b = { .test = test, .dev = dev, .attrs = attrs };
	u32 *insns;

	bench_init(&b);
	bench_page(&b, page, 0, size);
	insns = bench_sorted(&b, BENCH_PAIR);
	return (struct cost) { insns[BENCH_P50], insns[BENCH_P999] };
}

static struct cost cost_report(struct kunit *test, const char *mode,
			       struct device *dev, struct page *page,
			       unsigned long attrs)
{
	struct cost cost = cost_of(test, dev, page, SZ_4K, attrs);

	kunit_info(test, "demo: step=cost mode=%s insns=%u p999=%u\n",
		   mode, cost.p50, cost.p999);
	return cost;
}

/*
 * Bounds of bypass in percent of direct, and of translated in bypasses, for kernels
 * without DMA_API_DEBUG: with it there is no early exit.
 */
#define MOST_OF_DIRECT	40
#define LEAST_STRICT	40
#define LEAST_LAZY	32
#define MOST_DENIED	8
#define MOST_OPEN	8

static void cost_modes(struct kunit *test)
{
	struct cost bypass, strict, lazy, denied, unopened, open, direct;
	struct page *page = buffer(test, HIGH);

	require_strict(test, 0);
	require_strict(test, 1);
	bench_check_clock(test);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	strict = cost_report(test, "strict", dev_of(1), page, 0);
	denied = cost_report(test, "denied", dev_of(1), page, BYPASS);
	make_lazy(test, dev_of(1));
	lazy = cost_report(test, "lazy", dev_of(1), page, 0);

	unopened = cost_of(test, dev_of(0), page, SZ_4K, 0);
	open_window(test, 0);
	bypass = cost_report(test, "bypass", dev_of(0), page, BYPASS);
	open = cost_report(test, "open", dev_of(0), page, 0);
	direct = cost_report(test, "direct", direct_device(test), page, 0);

	KUNIT_EXPECT_LE_MSG(test, bypass.p50 * 100,
			    direct.p50 * MOST_OF_DIRECT, "bypass over direct");
	KUNIT_EXPECT_LE_MSG(test, bypass.p50 * LEAST_STRICT, strict.p50,
			    "bypass over strict");
	KUNIT_EXPECT_LE_MSG(test, bypass.p50 * LEAST_LAZY, lazy.p50,
			    "bypass over lazy");
	KUNIT_EXPECT_EQ_MSG(test, bypass.p999, bypass.p50, "p99.9 of bypass");
	KUNIT_EXPECT_LE_MSG(test, denied.p50, strict.p50 + MOST_DENIED,
			    "denied over strict");
	KUNIT_EXPECT_LE_MSG(test, open.p50, unopened.p50,
			    "without the attribute, opening the window");
	KUNIT_EXPECT_LE_MSG(test, open.p50, strict.p50 + MOST_OPEN,
			    "without the attribute, window open");
}

static void cost_is_same_for_sizes(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct cost small, large;

	open_window(test, 0);
	small = cost_of(test, dev_of(0), page, SZ_4K, BYPASS);
	large = cost_of(test, dev_of(0), page, SZ_2M, BYPASS);
	KUNIT_EXPECT_EQ(test, large.p50, small.p50);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(cost_modes),
	KUNIT_CASE(cost_is_same_for_sizes),
	{ }
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_cost",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= cost_cases,
};

/* Not an argument of kunit_info(), which evaluates it twice. */
static const char *yes_no(struct kunit *test, bool good)
{
	KUNIT_EXPECT_TRUE(test, good);
	return good ? "yes" : "no";
}

static void demo_dma(struct kunit *test, const char *via, dma_addr_t addr,
		     void *cpu)
{
	void *data = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);
	const char *match;

	KUNIT_ASSERT_NOT_NULL(test, data);
	edu_pattern(cpu, EDU_MAX, addr);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), addr, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(0), data, EDU_MAX));
	match = yes_no(test, !memcmp(cpu, data, EDU_MAX));
	kunit_info(test, "demo: step=dma via=%s bytes=%d dir=to match=%s\n",
		   via, EDU_MAX, match);

	edu_pattern(data, EDU_MAX, ~addr);
	dma_write(test, 0, addr, data, EDU_MAX);
	match = yes_no(test, !memcmp(cpu, data, EDU_MAX));
	kunit_info(test, "demo: step=dma via=%s bytes=%d dir=from match=%s\n",
		   via, EDU_MAX, match);
}

static void demo_fault(struct kunit *test, const char *what, dma_addr_t addr)
{
	const char *fault;

	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), addr, FAULT_LEN));
	fault = yes_no(test, dma_faulted(dev_of(0), addr, true));
	kunit_info(test, "demo: step=outside what=%s addr=%pad fault=%s\n",
		   what, &addr, fault);
}

static void demo_costs(struct kunit *test, struct page *page)
{
	cost_report(test, "strict", dev_of(1), page, 0);
	make_lazy(test, dev_of(1));
	cost_report(test, "lazy", dev_of(1), page, 0);
	cost_report(test, "bypass", dev_of(0), page, BYPASS);
	cost_report(test, "direct", direct_device(test), page, 0);
}

static void demo(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	phys_addr_t phys = page_to_phys(page);
	struct ram *ram = ram_find(test);
	dma_addr_t translated, bypass, base = window_base(0);
	u64 size = ram->chunk[ram->nr - 1].end;

	require_strict(test, 0);
	require_strict(test, 1);
	open_window(test, 0);
	kunit_info(test, "demo: step=window base=%pad size=%llu\n", &base,
		   size);
	translated = map(test, 0, page, 0, SZ_4K, 0);
	bypass = map_once(test, 0, page, SZ_4K, BYPASS);
	kunit_info(test, "demo: step=address phys=%pap translated=%pad bypass=%pad\n",
		   &phys, &translated, &bypass);
	demo_dma(test, "translated", translated, page_address(page));
	unmap(0, translated, SZ_4K, 0);

	bypass = map(test, 0, page, 0, SZ_4K, BYPASS);
	demo_dma(test, "bypass", bypass, page_address(page));
	unmap(0, bypass, SZ_4K, BYPASS);

	demo_fault(test, "stale", translated);
	demo_fault(test, "past", base + size);
	demo_fault(test, "hole", base + ram->chunk[ram->nr - 1].start - SZ_4K);
	demo_costs(test, page);
}

static struct kunit_case demo_cases[] = {
	KUNIT_CASE(demo),
	{ }
};

static struct kunit_suite demo_suite = {
	.name		= "dma_bypass_demo",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= demo_cases,
};

kunit_test_suites(&cost_suite, &demo_suite);

MODULE_DESCRIPTION("KUnit tests of the cost of DMA bypass windows behind VT-d");
MODULE_LICENSE("GPL");
