/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which window the mappings of QEMU's edu devices get on POWER, for kernels with
 * DMA_BYPASS and without.
 */
#ifndef _POWERPC_DMA_BYPASS_TEST_WINDOW_H
#define _POWERPC_DMA_BYPASS_TEST_WINDOW_H

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

#ifndef BYPASS
#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#endif

/* The places of the windows: not taken from the code under test. */
#define UPPER_BASE	BIT_ULL(59)
#define TVE0_BASE	BIT_ULL(32)

enum power_window {
	DEFAULT_WINDOW,		/* translated */
	UPPER_WINDOW,
	TVE0_WINDOW,		/* of PHB3: memory at 4 GiB, in place of the default one */
	NO_WINDOW,
};

static inline enum power_window window_of(dma_addr_t addr, phys_addr_t phys)
{
	if (addr == UPPER_BASE + phys)
		return UPPER_WINDOW;
	if (addr == TVE0_BASE + phys)
		return TVE0_WINDOW;
	return addr < TVE0_BASE ? DEFAULT_WINDOW : NO_WINDOW;
}

static inline bool iommu_nobypass(void)
{
	return strstr(saved_command_line, "iommu=nobypass");
}

static inline struct device_node *phb_node(int i)
{
	return pci_bus_to_host(edus[i]->bus)->dn;
}

static inline bool ddw_disabled(void)
{
	return strstr(saved_command_line, " disable_ddw");
}

/* There is no upper window on pseries: the kernel must not, or the firmware cannot. */
static inline bool no_ddw(void)
{
	return ddw_disabled() ||
	       (machine_is(pseries) &&
		!of_property_present(phb_node(0), "ibm,ddw-applicable"));
}

static inline bool is_phb3(void)
{
	return machine_is(powernv) && !cpu_has_feature(CPU_FTR_ARCH_300);
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

/* Map a page, unmap it, and return the window. */
static inline enum power_window map_once(struct kunit *test, int i,
					 struct page *page, unsigned long attrs)
{
	dma_addr_t addr = map(test, i, page, attrs);

	unmap(i, addr, attrs);
	return window_of(addr, page_to_phys(page));
}

static inline enum power_window alloc_once(struct kunit *test, int i)
{
	dma_addr_t addr;
	void *cpu = dma_alloc_attrs(dev_of(i), PAGE_SIZE, &addr, GFP_KERNEL,
				    BYPASS);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	dma_free_attrs(dev_of(i), PAGE_SIZE, cpu, addr, BYPASS);
	return window_of(addr, virt_to_phys(cpu));
}

/* Memory that was allocated with one mask cannot be freed with another. */
static inline void free_scratch(int i)
{
	dma_free_coherent(dev_of(i), EDU_MAX, edu_of(i)->scratch,
			  edu_of(i)->scratch_addr);
	edu_of(i)->scratch = NULL;
}

/*
 * DMA masks, in the order in which they are set, and the window of a mask-selected
 * device.  On PHB3 a mask that does not reach TVE#1 changes TVE#0 for good.
 */
static const struct {
	unsigned int		bits;
	enum power_window	pseries, phb4, phb3;
} masks[] = {
	{ 64,	UPPER_WINDOW,	UPPER_WINDOW,	UPPER_WINDOW },
	{ 32,	DEFAULT_WINDOW,	DEFAULT_WINDOW,	DEFAULT_WINDOW },
	{ 59,	DEFAULT_WINDOW,	DEFAULT_WINDOW,	TVE0_WINDOW },
	{ 60,	UPPER_WINDOW,	UPPER_WINDOW,	TVE0_WINDOW },
	{ 64,	UPPER_WINDOW,	UPPER_WINDOW,	TVE0_WINDOW },
	{ 48,	DEFAULT_WINDOW,	DEFAULT_WINDOW,	TVE0_WINDOW },
	{ 40,	DEFAULT_WINDOW,	DEFAULT_WINDOW,	TVE0_WINDOW },
	{ 63,	UPPER_WINDOW,	UPPER_WINDOW,	TVE0_WINDOW },
	{ 64,	UPPER_WINDOW,	UPPER_WINDOW,	TVE0_WINDOW },
};

static inline enum power_window mask_window(int i)
{
	if (iommu_nobypass() || no_ddw())
		return DEFAULT_WINDOW;
	if (machine_is(pseries))
		return masks[i].pseries;
	return is_phb3() ? masks[i].phb3 : masks[i].phb4;
}

static inline int power_window_init(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++)
		if (!edus[i] || !edu_of(i))
			kunit_skip(test, "needs two edu devices");
	return 0;
}

#endif /* _POWERPC_DMA_BYPASS_TEST_WINDOW_H */
