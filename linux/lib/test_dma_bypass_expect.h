/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expectations of the test suites for bypass windows.
 */
#ifndef _TEST_DMA_BYPASS_EXPECT_H
#define _TEST_DMA_BYPASS_EXPECT_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>

#ifndef BYPASS
#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#endif

static inline void __expect_state(struct kunit *test, struct device *dev,
				  enum dma_bypass_state state,
				  enum dma_bypass_reason reason,
				  const char *func, int line)
{
	enum dma_bypass_reason seen = dma_bypass_reason(dev);

	KUNIT_EXPECT_EQ_MSG(test, dma_bypass_state(dev), state,
			    "%s:%d", func, line);
	KUNIT_EXPECT_EQ_MSG(test, seen, reason, "%s:%d: %s instead of %s",
			    func, line, dma_bypass_reason_name(seen),
			    dma_bypass_reason_name(reason));
}

/* The state and the reason of a device; a failure names the caller. */
#define expect_state(test, dev, state, reason)				\
	__expect_state(test, dev, DMA_BYPASS_##state, DMA_BYPASS_##reason,	\
		       __func__, __LINE__)

#endif /* _TEST_DMA_BYPASS_EXPECT_H */
