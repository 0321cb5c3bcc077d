/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites that count behind VT-d have in common.
 */
#ifndef _DMA_IOMMU_BYPASS_BENCH_H
#define _DMA_IOMMU_BYPASS_BENCH_H

#include <asm/msr.h>
#include <kunit/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "../../lib/test_dma_bypass_edu.h"
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

static inline void require_strict(struct kunit *test, int i)
{
	KUNIT_ASSERT_NOT_NULL(test, edus[i]);
	KUNIT_ASSERT_EQ(test, iommu_get_domain_for_dev(dev_of(i))->type,
			IOMMU_DOMAIN_DMA);
}

#ifdef CONFIG_DMA_BYPASS
/* A device that may bypass; its window is not open yet. */
static inline void require_granted(struct kunit *test, int i)
{
	require_strict(test, i);
	KUNIT_ASSERT_EQ(test, 0,
			dma_bypass_set_policy(dev_of(i),
					      DMA_BYPASS_POLICY_ALLOW));
}
#endif

/* As writing DMA-FQ to the group's type does; there is no way back. */
static inline void make_lazy(struct kunit *test, struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (domain->type == IOMMU_DOMAIN_DMA_FQ)
		return;
	KUNIT_ASSERT_EQ(test, 0, iommu_dma_init_fq(domain));
	domain->type = IOMMU_DOMAIN_DMA_FQ;
}

/* Of IOMMUs, in pages: with what the processor has not summed up yet. */
static inline long page_tables(void)
{
	struct pglist_data *node = NODE_DATA(0);

	return node_page_state(node, NR_SECONDARY_PAGETABLE) +
	       this_cpu_read(node->per_cpu_nodestats->vm_node_stat_diff[NR_SECONDARY_PAGETABLE]);
}

#endif /* _DMA_IOMMU_BYPASS_BENCH_H */
