/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites that count behind VT-d have in common.
 */
#ifndef _DMA_IOMMU_BYPASS_BENCH_H
#define _DMA_IOMMU_BYPASS_BENCH_H

#include <asm/msr.h>
#include <kunit/device.h>
#include <linux/iommu.h>

#include "dma-iommu.h"

/* One tick of the TSC is one instruction. */
static inline u32 bench_clock(void)
{
	return rdtsc();
}

#include "../../lib/test_dma_bypass_bench.h"

/* A device that no IOMMU has heard of. */
static inline struct device *direct_device(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "direct");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev,
							   DMA_BIT_MASK(64)));
	return dev;
}

/* As writing DMA-FQ to the group's type does; there is no way back. */
static inline void make_lazy(struct kunit *test, struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (domain->type == IOMMU_DOMAIN_DMA_FQ)
		return;
	KUNIT_ASSERT_EQ(test, 0, iommu_dma_init_fq(domain));
	domain->type = IOMMU_DOMAIN_DMA_FQ;
}

#endif /* _DMA_IOMMU_BYPASS_BENCH_H */
