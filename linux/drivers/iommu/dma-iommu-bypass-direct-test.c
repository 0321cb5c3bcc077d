// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_direct: DMA_ATTR_IOMMU_BYPASS where devices are not translated,
 * with real DMA.
 *
 * Needs one of QEMU's edu devices.
 */
#include "dma-iommu-bypass-test-list.h"

static int direct_init(struct kunit *test)
{
	if (!edus[0] || !edu_of(0) || use_dma_iommu(dev_of(0)))
		kunit_skip(test, "needs an edu device that is not translated");
	return 0;
}

static void direct_to_not_supported(struct kunit *test)
{
	struct device *dev = dev_of(0);

	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev), DMA_BYPASS_NO_DIRECT);
	KUNIT_EXPECT_EQ(test, dma_bypass_set_policy(dev,
						    DMA_BYPASS_POLICY_ALLOW),
			-ENODEV);
}

static void direct_ignores_attribute(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	dma_addr_t addr;

	KUNIT_EXPECT_EQ(test, map_once(test, 0, low, SZ_8K, BYPASS),
			page_to_phys(low));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, low, SZ_8K, 0), page_to_phys(low));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, high, SZ_8K, 0),
			page_to_phys(high));
	addr = map(test, 0, high, 0, SZ_8K, BYPASS);
	KUNIT_EXPECT_EQ(test, addr, page_to_phys(high));
	dma_roundtrip(test, 0, addr, page_address(high), EDU_MAX, 100);
	unmap(0, addr, SZ_8K, BYPASS);
}

static void direct_list_ignores_attribute(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	struct scatterlist sgl[2];
	struct sg_table sgt;

	list_init(&sgt, sgl, low, high);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(dev_of(0), &sgt,
						 DMA_BIDIRECTIONAL, BYPASS));
	KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[0]), sg_phys(&sgl[0]));
	KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[1]), sg_phys(&sgl[1]));
	list_roundtrip(test, &sgt, 110);
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, BYPASS);
}

/* dma-debug must not take one mapping for the other: it warns once. */
static void direct_page_mapped_both_ways(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	addr = dma_map_page(dev_of(0), page, 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	map_once(test, 0, page, SZ_4K, BYPASS);
	dma_unmap_page(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE);

	addr = dma_map_page_attrs(dev_of(0), page, 0, SZ_4K, DMA_TO_DEVICE,
				  BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	map_once(test, 0, page, SZ_4K, 0);
	dma_unmap_page_attrs(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

static void direct_noncontiguous_ignores_attribute(struct kunit *test)
{
	struct sg_table *sgt;

	sgt = dma_alloc_noncontiguous(dev_of(0), SZ_64K, DMA_BIDIRECTIONAL,
				      GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, sgt);
	KUNIT_EXPECT_EQ(test, sg_dma_address(sgt->sgl), sg_phys(sgt->sgl));
	dma_free_noncontiguous(dev_of(0), SZ_64K, sgt, DMA_BIDIRECTIONAL);
}

static struct kunit_case direct_cases[] = {
	KUNIT_CASE(direct_to_not_supported),
	KUNIT_CASE(direct_ignores_attribute),
	KUNIT_CASE(direct_list_ignores_attribute),
	KUNIT_CASE(direct_page_mapped_both_ways),
	KUNIT_CASE(direct_noncontiguous_ignores_attribute),
	{ }
};

static struct kunit_suite direct_suite = {
	.name		= "dma_bypass_direct",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= direct_init,
	.test_cases	= direct_cases,
};

kunit_test_suite(direct_suite);
