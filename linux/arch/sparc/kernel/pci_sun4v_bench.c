// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of DMA mappings on sun4v, translated and bypassed: instructions, without
 * those of the hypervisor, and hypervisor calls.
 */
#include <linux/dma-bypass.h>

#include "pci_sun4v_count_test.h"

/* The mode of a device's mappings. Calls are counted up to @largest bytes. */
static const struct bench_mode {
	const char	*name;
	bool		use_atu;
	bool		allowed;
	unsigned long	attrs;
	size_t		largest;
} bench_modes[] = {
	{ "dvma",	false,	false,	0,	SZ_2M },
	{ "atu",	true,	false,	0,	SZ_16M },
	{ "bypass",	false,	true,	BYPASS,	SZ_16M },
	{ "denied",	false,	false,	BYPASS,	SZ_2M },
};

KUNIT_ARRAY_PARAM_DESC(bench_mode, bench_modes, name);

static void bench_start(struct sun4v_test *t, const struct bench_mode *mode)
{
	sun4v_test_start(t, mode->use_atu);
	KUNIT_ASSERT_EQ(t->test, mode->use_atu, !!t->iommu.atu);
	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	if (mode->allowed)
		sun4v_test_allow(t);
	else
		KUNIT_ASSERT_EQ(t->test, dma_bypass_prepare(t->dev), -EPERM);
}

static struct bench bench_of(struct sun4v_test *t,
			     const struct bench_mode *mode)
{
	return (struct bench) {
		.test	= t->test,
		.dev	= t->dev,
		.mode	= mode->name,
		.attrs	= mode->attrs,
	};
}

/* Check that the mappings are those of the mode. */
static void bench_check(struct sun4v_test *t, const struct bench_mode *mode)
{
	dma_addr_t addr = dma_map_single_attrs(t->dev, t->buf, 64,
					       DMA_TO_DEVICE, mode->attrs);

	KUNIT_ASSERT_FALSE(t->test, dma_mapping_error(t->dev, addr));
	KUNIT_EXPECT_EQ(t->test, sun4v_test_bypassed(t, addr), mode->allowed);
	KUNIT_EXPECT_EQ(t->test, addr > DMA_BIT_MASK(32),
			mode->use_atu || mode->allowed);
	dma_unmap_single_attrs(t->dev, addr, 64, DMA_TO_DEVICE, mode->attrs);
}

static void bench_insns_of(struct kunit *test)
{
	const struct bench_mode *mode = test->param_value;
	struct sun4v_test *t = count_prepare(test);
	struct bench b;

	bench_start(t, mode);
	bench_check(t, mode);
	b = bench_of(t, mode);
	bench_all(&b);
}

static u32 bench_calls(void *t)
{
	return sun4v_test_calls(t);
}

static void bench_calls_of(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, SZ_64K, SZ_2M, SZ_16M };
	const struct bench_mode *mode = test->param_value;
	struct sun4v_test *t = sun4v_test_prepare(test, SZ_256M);
	struct page *page = bench_pages(test, get_order(SZ_16M));
	struct bench b;
	int i;

	bench_start(t, mode);
	bench_check(t, mode);
	b = bench_of(t, mode);
	bench_init(&b);
	for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= mode->largest; i++) {
		bench_count(&b, page, sizes[i], bench_calls, t);
		bench_report(&b, "/calls", sizes[i], 1);
	}
	__free_pages(page, get_order(SZ_16M));
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE_PARAM_ATTR(bench_insns_of, bench_mode_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(bench_calls_of, bench_mode_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite bench_suite = {
	.name		= "dma_bypass_sun4v_bench",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= bench_cases,
};

kunit_test_suite(bench_suite);

MODULE_DESCRIPTION("Benchmark of DMA mappings on sun4v");
MODULE_LICENSE("GPL");
