// SPDX-License-Identifier: GPL-2.0
/*
 * What bypass windows behind VT-d cost, and a demonstration of them.
 *
 * For a machine that counts instructions: one tick of the TSC is one of them.
 */
#include "dma-iommu-bypass-bench.h"
#include "dma-iommu-bypass-test.h"

/* Of one map and one unmap: the median, and all but a thousandth. */
struct cost {
	u32	p50;
	u32	p999;
};

static struct cost measure(struct kunit *test, struct device *dev,
			   struct page *page, size_t size, unsigned long attrs)
{
	struct bench b = { .test = test, .dev = dev, .attrs = attrs };
	u32 *took;

	bench_init(&b);
	bench_page(&b, page, 0, size);
	took = bench_sorted(&b, BENCH_PAIR);
	return (struct cost) {
		.p50	= took[BENCH_ROUNDS / 2],
		.p999	= took[BENCH_ROUNDS * 999 / 1000],
	};
}

static struct cost tell(struct kunit *test, const char *mode,
			struct device *dev, struct page *page,
			unsigned long attrs)
{
	struct cost cost = measure(test, dev, page, SZ_4K, attrs);

	kunit_info(test, "demo: step=cost mode=%s insns=%u p999=%u\n",
		   mode, cost.p50, cost.p999);
	return cost;
}

/* What translation is to cost at least in bypasses; and a bypass of direct. */
static const struct {
	unsigned int	strict;
	unsigned int	lazy;
	unsigned int	percent;
} bound = {
	.strict		= IS_ENABLED(CONFIG_DMA_API_DEBUG) ? 15 : 36,
	.lazy		= IS_ENABLED(CONFIG_DMA_API_DEBUG) ? 12 : 28,
	.percent	= IS_ENABLED(CONFIG_DMA_API_DEBUG) ? 75 : 60,
};

static void map_and_unmap(struct kunit *test)
{
	struct cost bypass, strict, lazy, refused, noattr, direct;
	struct page *page = buffer(test, HIGH);

	require_strict(test, 0);
	require_strict(test, 1);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(dev_of(1)), -EACCES);
	strict = tell(test, "strict", dev_of(1), page, 0);
	refused = tell(test, "refused", dev_of(1), page, BYPASS);
	make_lazy(test, dev_of(1));
	lazy = tell(test, "lazy", dev_of(1), page, 0);

	open_window(test, 0);
	bypass = tell(test, "bypass", dev_of(0), page, BYPASS);
	noattr = tell(test, "noattr", dev_of(0), page, 0);
	direct = tell(test, "direct", direct_device(test), page, 0);

	KUNIT_EXPECT_LE(test, bypass.p50 * bound.strict, strict.p50);
	KUNIT_EXPECT_LE(test, bypass.p50 * bound.lazy, lazy.p50);
	KUNIT_EXPECT_LE(test, bypass.p50 * 100, direct.p50 * bound.percent);
	KUNIT_EXPECT_EQ(test, bypass.p999, bypass.p50);
	KUNIT_EXPECT_LE(test, refused.p50, strict.p50 + 10);
	KUNIT_EXPECT_LE(test, noattr.p50, strict.p50);
}

static void size_does_not_matter(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct cost small, large;

	open_window(test, 0);
	small = measure(test, dev_of(0), page, SZ_4K, BYPASS);
	large = measure(test, dev_of(0), page, SZ_2M, BYPASS);
	KUNIT_EXPECT_EQ(test, large.p50, small.p50);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(map_and_unmap),
	KUNIT_CASE(size_does_not_matter),
	{ }
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_cost",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= cost_cases,
};

/* Not as an argument of kunit_info(), which evaluates them twice. */
static const char *yes(struct kunit *test, bool good)
{
	KUNIT_EXPECT_TRUE(test, good);
	return good ? "yes" : "no";
}

static void show_dma(struct kunit *test, const char *via, dma_addr_t addr,
		     void *cpu)
{
	void *data = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);
	const char *match;

	KUNIT_ASSERT_NOT_NULL(test, data);
	edu_pattern(cpu, EDU_MAX, addr);
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(0), addr, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(0), data, EDU_MAX));
	match = yes(test, !memcmp(cpu, data, EDU_MAX));
	kunit_info(test, "demo: step=dma via=%s bytes=%d dir=to match=%s\n",
		   via, EDU_MAX, match);

	edu_pattern(data, EDU_MAX, ~addr);
	carry_from(test, 0, addr, data, EDU_MAX);
	match = yes(test, !memcmp(cpu, data, EDU_MAX));
	kunit_info(test, "demo: step=dma via=%s bytes=%d dir=from match=%s\n",
		   via, EDU_MAX, match);
}

static void show_fault(struct kunit *test, const char *what, dma_addr_t addr)
{
	const char *fault;

	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(0), addr, EDU_MAX));
	fault = yes(test, vtd_faulted(dev_of(0), addr, true));
	kunit_info(test, "demo: step=outside what=%s addr=%pad fault=%s\n",
		   what, &addr, fault);
}

static void show_costs(struct kunit *test, struct page *page)
{
	tell(test, "strict", dev_of(1), page, 0);
	make_lazy(test, dev_of(1));
	tell(test, "lazy", dev_of(1), page, 0);
	tell(test, "bypass", dev_of(0), page, BYPASS);
	tell(test, "direct", direct_device(test), page, 0);
}

static void demonstration(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	phys_addr_t phys = page_to_phys(page);
	struct ram *ram = ram_find(test);
	dma_addr_t translated, bypass, base = half(0);
	u64 size = ram->chunk[ram->nr - 1].end;

	require_strict(test, 0);
	require_strict(test, 1);
	open_window(test, 0);
	kunit_info(test, "demo: step=window base=%pad size=%llu\n", &base,
		   size);
	translated = map(test, 0, page, 0, SZ_4K, 0);
	bypass = probe(test, 0, page, SZ_4K, BYPASS);
	kunit_info(test, "demo: step=address phys=%pap translated=%pad bypass=%pad\n",
		   &phys, &translated, &bypass);
	show_dma(test, "translated", translated, page_address(page));
	unmap(0, translated, SZ_4K, 0);

	bypass = map(test, 0, page, 0, SZ_4K, BYPASS);
	show_dma(test, "bypass", bypass, page_address(page));
	unmap(0, bypass, SZ_4K, BYPASS);

	show_fault(test, "stale", translated);
	show_fault(test, "past", base + size);
	show_fault(test, "hole", base + ram->chunk[2].start - SZ_4K);
	show_costs(test, page);
}

static struct kunit_case demo_cases[] = {
	KUNIT_CASE(demonstration),
	{ }
};

static struct kunit_suite demo_suite = {
	.name		= "dma_bypass_demo",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= demo_cases,
};

kunit_test_suites(&cost_suite, &demo_suite);
