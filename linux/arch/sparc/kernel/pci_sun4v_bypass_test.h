/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of bypass addresses on sun4v.
 */
#ifndef _PCI_SUN4V_BYPASS_TEST_H
#define _PCI_SUN4V_BYPASS_TEST_H

#include "pci_sun4v_test.h"

/* A device with an open window, and no hypervisor calls yet. */
static inline struct sun4v_test *sun4v_test_open(struct kunit *test,
						 bool use_atu)
{
	struct sun4v_test *t = sun4v_test_attach(test, use_atu);

	sun4v_test_allow(t);
	return t;
}

/* Map a buffer with the attribute. */
static inline dma_addr_t sun4v_test_map(struct sun4v_test *t, void *virt,
					size_t size,
					enum dma_data_direction dir)
{
	dma_addr_t addr = dma_map_single_attrs(t->dev, virt, size, dir, BYPASS);

	KUNIT_ASSERT_FALSE(t->test, dma_mapping_error(t->dev, addr));
	return addr;
}

/* Undo sun4v_test_map(). */
static inline void sun4v_test_unmap(struct sun4v_test *t, dma_addr_t addr,
				    size_t size, enum dma_data_direction dir)
{
	dma_unmap_single_attrs(t->dev, addr, size, dir, BYPASS);
}

/* Map and unmap with the attribute, and expect a bypass address, or none. */
#define sun4v_test_expect(t, virt, size, bypass) \
	__sun4v_test_expect(t, virt, size, bypass, __LINE__)

static inline void __sun4v_test_expect(struct sun4v_test *t, void *virt,
				       size_t size, bool bypass, int line)
{
	dma_addr_t addr = sun4v_test_map(t, virt, size, DMA_TO_DEVICE);
	phys_addr_t phys = __pa(virt);

	KUNIT_EXPECT_EQ_MSG(t->test, sun4v_test_bypassed(t, addr), bypass,
			    "line %d: %zx bytes at %pap mapped at %pad", line,
			    size, &phys, &addr);
	sun4v_test_reaches(t, addr, virt, size, false);
	sun4v_test_unmap(t, addr, size, DMA_TO_DEVICE);
	sun4v_test_clean(t);
}

#endif /* _PCI_SUN4V_BYPASS_TEST_H */
