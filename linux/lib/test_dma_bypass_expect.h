/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expectations of the test suites for bypass windows.
 */
#ifndef _TEST_DMA_BYPASS_EXPECT_H
#define _TEST_DMA_BYPASS_EXPECT_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include <linux/init.h>
#include <linux/string.h>

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

/* Not taken from the code under test, which parses it. */
static inline enum dma_bypass_mode mode_of_command_line(void)
{
	if (strstr(saved_command_line, "iommu.dma_bypass=request"))
		return DMA_BYPASS_MODE_REQUEST;
	if (strstr(saved_command_line, "iommu.dma_bypass=optin"))
		return DMA_BYPASS_MODE_OPTIN;
	if (strstr(saved_command_line, "iommu.dma_bypass=never"))
		return DMA_BYPASS_MODE_NEVER;
	return DMA_BYPASS_MODE_DEFAULT;
}

#endif /* _TEST_DMA_BYPASS_EXPECT_H */
