/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Common part of the suites that count instructions behind an IOMMU.
 */
#ifndef _DMA_IOMMU_BYPASS_BENCH_H
#define _DMA_IOMMU_BYPASS_BENCH_H

#include <kunit/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/iommu.h>
#include <linux/mmzone.h>
#include <linux/timex.h>
#include <linux/vmstat.h>

#include "../../lib/test_dma_bypass_edu.h"
#include "dma-iommu.h"

/*
 * One tick is one instruction: of the TSC with -icount shift=0, of the generic timer of
 * arm64, which has 62.5 MHz, with shift=4.
 */
static inline u32 bench_clock(void)
{
#ifdef CONFIG_X86
	return rdtsc();		/* get_cycles() has an instruction more */
#else
	return get_cycles();
#endif
}

#include "../../lib/test_dma_bypass_bench.h"

/* A device without an IOMMU, and coherent as the others. */
static inline struct device *direct_device(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "direct");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dev_set_dma_coherent(dev);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev,
							   DMA_BIT_MASK(64)));
	return dev;
}

static inline void require_strict(struct kunit *test, int i)
{
	struct iommu_domain *domain;

	KUNIT_ASSERT_NOT_NULL_MSG(test, edus[i], "edu %d", i);
	domain = iommu_get_domain_for_dev(dev_of(i));
	KUNIT_ASSERT_NOT_NULL_MSG(test, domain, "edu %d", i);
	KUNIT_ASSERT_EQ_MSG(test, domain->type, IOMMU_DOMAIN_DMA, "edu %d", i);
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

/* As writing DMA-FQ to the group's type does.  It cannot be undone. */
static inline void make_lazy(struct kunit *test, struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (domain->type == IOMMU_DOMAIN_DMA_FQ)
		return;
	KUNIT_ASSERT_EQ(test, 0, iommu_dma_init_fq(domain));
	domain->type = IOMMU_DOMAIN_DMA_FQ;
}

/* Pages of IOMMU page tables, including what this CPU has not added up yet. */
static inline long table_pages_now(void)
{
	struct pglist_data *node = NODE_DATA(0);

	return node_page_state(node, NR_IOMMU_PAGES) +
	       this_cpu_read(node->per_cpu_nodestats->vm_node_stat_diff[NR_IOMMU_PAGES]);
}

/* Let a domain use pages of up to @size; return the sizes that it had. */
static inline unsigned long limit_page_size(struct iommu_domain *domain,
					    unsigned long size)
{
	unsigned long sizes = domain->pgsize_bitmap;

	domain->pgsize_bitmap &= size | (size - 1);
	return sizes;
}

#endif /* _DMA_IOMMU_BYPASS_BENCH_H */
