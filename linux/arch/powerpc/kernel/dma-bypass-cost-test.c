// SPDX-License-Identifier: GPL-2.0
/*
 * What bypass windows on POWER cost, in calls and in instructions.
 */
#include <asm/hvcall.h>
#include <asm/iommu.h>
#include <asm/reg.h>
#include <asm/trace.h>

#include "dma-bypass-test.h"

/* Calls that a mapping and its end may make, apart from these counting them. */
static struct {
	struct iommu_table_ops	*ops;
	unsigned int		tces;
	unsigned int		hcalls;
} seen;

static int count_set(struct iommu_table *tbl, long index, long npages,
		     unsigned long uaddr, enum dma_data_direction dir,
		     unsigned long attrs)
{
	seen.tces += npages;
	return seen.ops->set(tbl, index, npages, uaddr, dir, attrs);
}

static void count_clear(struct iommu_table *tbl, long index, long npages)
{
	seen.tces += npages;
	seen.ops->clear(tbl, index, npages);
}

static void count_hcall(void *data, unsigned long opcode, unsigned long *args)
{
	seen.hcalls++;
}

static void count_calls(struct kunit *test, struct page *page,
			unsigned long attrs)
{
	struct iommu_table *tbl = get_iommu_table_base(dev_of(0));
	struct iommu_table_ops counting = *tbl->it_ops;
	unsigned long flags;
	dma_addr_t addr;

	seen.ops = tbl->it_ops;
	seen.tces = 0;
	counting.set = count_set;
	counting.clear = count_clear;
	if (machine_is(pseries))
		KUNIT_ASSERT_EQ(test, 0, register_trace_hcall_entry(count_hcall,
								    NULL));
	local_irq_save(flags);
	seen.hcalls = 0;
	tbl->it_ops = &counting;
	addr = dma_map_page_attrs(dev_of(0), page, 0, PAGE_SIZE, DMA_TO_DEVICE,
				  attrs);
	dma_unmap_page_attrs(dev_of(0), addr, PAGE_SIZE, DMA_TO_DEVICE, attrs);
	tbl->it_ops = seen.ops;
	local_irq_restore(flags);
	if (machine_is(pseries))
		unregister_trace_hcall_entry(count_hcall, NULL);
	kunit_info(test, "%s: %u TCEs written, %u hypervisor calls\n",
		   attrs ? "bypass" : "translated", seen.tces, seen.hcalls);
}

static void bypass_calls_nobody(struct kunit *test)
{
	struct page *page = buffer(test);

	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	KUNIT_ASSERT_EQ(test, probe(test, 0, page, BYPASS), UPPER);
	count_calls(test, page, 0);
	KUNIT_EXPECT_GE(test, seen.tces, 2);
	if (machine_is(pseries))
		KUNIT_EXPECT_GE(test, seen.hcalls, 2);
	count_calls(test, page, BYPASS);
	KUNIT_EXPECT_EQ(test, seen.tces, 0);
	if (machine_is(pseries))
		KUNIT_EXPECT_EQ(test, seen.hcalls, 0);
}

#define ROUNDS	1024

/* Instructions of one map and one unmap, as PMC5 counts them. */
static u32 count(struct kunit *test, struct page *page, size_t size,
		 unsigned long attrs)
{
	unsigned long flags, mmcr0;
	dma_addr_t addr = 0;
	u32 insns;
	int i;

	local_irq_save(flags);
	mmcr0 = mfspr(SPRN_MMCR0);
	mtspr(SPRN_MMCR0, 0);
	insns = mfspr(SPRN_PMC5);
	for (i = 0; i < ROUNDS && addr != DMA_MAPPING_ERROR; i++) {
		addr = dma_map_page_attrs(dev_of(0), page, 0, size,
					  DMA_TO_DEVICE, attrs);
		dma_unmap_page_attrs(dev_of(0), addr, size, DMA_TO_DEVICE,
				     attrs);
	}
	insns = (u32)mfspr(SPRN_PMC5) - insns;
	mtspr(SPRN_MMCR0, mmcr0);
	local_irq_restore(flags);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	return insns / ROUNDS;
}

static u32 measure(struct kunit *test, const char *mode, struct page *page,
		   size_t size, unsigned long attrs)
{
	u32 insns;

	count(test, page, size, attrs);		/* to warm up */
	insns = count(test, page, size, attrs);
	kunit_info(test, "demo: step=cost mode=%s bytes=%zu insns=%u\n", mode,
		   size, insns);
	return insns;
}

/*
 * What translation is to cost at least, in bypasses.  On pseries the hypervisor,
 * which does most of the work, is not counted, and less is left for a part of a
 * page.
 */
static unsigned int least_gain(size_t size)
{
	return machine_is(pseries) && size < PAGE_SIZE ? 8 : 10;
}

static void bypass_is_cheap(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, PAGE_SIZE };
	u32 translated, bypass, refused;
	struct page *page = buffer(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		start_with(test, 0, DMA_BYPASS_POLICY_DENY);
		KUNIT_ASSERT_NE(test, 0, dma_bypass_prepare(dev_of(0)));
		translated = measure(test, "translated", page, sizes[i], 0);
		refused = measure(test, "refused", page, sizes[i], BYPASS);

		KUNIT_ASSERT_TRUE(test, open_window(test, 0));
		bypass = measure(test, "bypass", page, sizes[i], BYPASS);
		measure(test, "noattr", page, sizes[i], 0);

		start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
		measure(test, "direct", page, sizes[i], 0);

		KUNIT_EXPECT_LE(test, bypass * least_gain(sizes[i]), translated);
		KUNIT_EXPECT_LE(test, refused, translated + 10);
	}
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(bypass_calls_nobody),
	KUNIT_CASE(bypass_is_cheap),
	{ }
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_power_cost",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= cost_cases,
};

kunit_test_suite(cost_suite);
MODULE_DESCRIPTION("KUnit tests of what bypass windows on POWER cost");
MODULE_LICENSE("GPL");
