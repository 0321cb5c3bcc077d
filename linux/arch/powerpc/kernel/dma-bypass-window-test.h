/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two of QEMU's edu devices on POWER, and which of their windows mappings get,
 * for kernels with bypass windows and without.
 */
#ifndef _POWERPC_DMA_BYPASS_WINDOW_TEST_H
#define _POWERPC_DMA_BYPASS_WINDOW_TEST_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <asm/machdep.h>
#include <asm/pci-bridge.h>

#include "../../../lib/test_dma_bypass_edu.h"

#define BYPASS		DMA_ATTR_IOMMU_BYPASS

/* Where the windows have to be: known here, not asked of the code under test. */
#define UPPER_BASE	BIT_ULL(59)
#define TVE0_BASE	BIT_ULL(32)

enum power_window {
	LOWER,		/* translated */
	UPPER,
	TVE0,		/* memory at 4 GiB, through the translated window's TVE */
	NOWHERE,
};

static inline enum power_window window_of(dma_addr_t addr, phys_addr_t phys)
{
	if (addr == UPPER_BASE + phys)
		return UPPER;
	if (addr == TVE0_BASE + phys)
		return TVE0;
	return addr < TVE0_BASE ? LOWER : NOWHERE;
}

/* An older switch, or the firmware, leaves no upper window. */
static inline bool switched_off(void)
{
	return strstr(saved_command_line, "iommu=nobypass");
}

static inline struct device_node *phb_node(int i)
{
	return pci_bus_to_host(edus[i]->bus)->dn;
}

static inline bool no_ddw(void)
{
	return strstr(saved_command_line, "disable_ddw") ||
	       (machine_is(pseries) &&
		!of_property_present(phb_node(0), "ibm,ddw-applicable"));
}

static inline void free_buffer(void *page)
{
	__free_page(page);
}

static inline struct page *buffer(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_buffer,
							   page));
	return page;
}

static inline dma_addr_t map(struct kunit *test, int i, struct page *page,
			     unsigned long attrs)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(i), page, 0, PAGE_SIZE,
					     DMA_BIDIRECTIONAL, attrs);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(i), addr));
	return addr;
}

static inline void unmap(int i, dma_addr_t addr, unsigned long attrs)
{
	dma_unmap_page_attrs(dev_of(i), addr, PAGE_SIZE, DMA_BIDIRECTIONAL,
			     attrs);
}

/* The window that a mapping gets; it is not mapped any more afterwards. */
static inline enum power_window probe(struct kunit *test, int i,
				      struct page *page, unsigned long attrs)
{
	dma_addr_t addr = map(test, i, page, attrs);

	unmap(i, addr, attrs);
	return window_of(addr, page_to_phys(page));
}

static inline enum power_window window_of_coherent(struct kunit *test, int i)
{
	dma_addr_t addr;
	void *cpu = dma_alloc_attrs(dev_of(i), PAGE_SIZE, &addr, GFP_KERNEL,
				    BYPASS);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	dma_free_attrs(dev_of(i), PAGE_SIZE, cpu, addr, BYPASS);
	return window_of(addr, virt_to_phys(cpu));
}

/*
 * Bits of the mask, in the order in which they are set, and the window of
 * mappings and coherent memory where nothing but the mask decides, in a kernel
 * without bypass windows.  On PHB3 a mask that does not reach TVE#1 changes
 * TVE#0 for good.
 */
static const struct {
	unsigned int		bits;
	enum power_window	pseries, phb4, phb3;
} masks[] = {
	{ 64,	UPPER,	UPPER,	UPPER },
	{ 32,	LOWER,	LOWER,	LOWER },
	{ 59,	LOWER,	LOWER,	TVE0 },
	{ 60,	UPPER,	UPPER,	TVE0 },
	{ 64,	UPPER,	UPPER,	TVE0 },
	{ 48,	LOWER,	LOWER,	TVE0 },
	{ 40,	LOWER,	LOWER,	TVE0 },
	{ 63,	UPPER,	UPPER,	TVE0 },
	{ 64,	UPPER,	UPPER,	TVE0 },
};

static inline enum power_window todays_window(int i)
{
	if (switched_off() || no_ddw())
		return LOWER;
	if (machine_is(pseries))
		return masks[i].pseries;
	return cpu_has_feature(CPU_FTR_ARCH_300) ? masks[i].phb4 :
						   masks[i].phb3;
}

static int edu_init(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++)
		if (!edus[i] || !edu_of(i))
			kunit_skip(test, "needs two edu devices");
	return 0;
}

#endif /* _POWERPC_DMA_BYPASS_WINDOW_TEST_H */
