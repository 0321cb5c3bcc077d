/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites for bypass windows on POWER have in common: two of QEMU's
 * edu devices, each alone in its PE.
 */
#ifndef _POWERPC_DMA_BYPASS_TEST_H
#define _POWERPC_DMA_BYPASS_TEST_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
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

static struct pci_dev *edus[EDU_NR];

static inline struct device *dev_of(int i)
{
	return &edus[i]->dev;
}

/* Changes when the driver is bound again. */
static inline struct edu *edu_of(int i)
{
	return pci_get_drvdata(edus[i]);
}

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

static inline bool no_ddw(void)
{
	struct device_node *phb = pci_bus_to_host(edus[0]->bus)->dn;

	return strstr(saved_command_line, "disable_ddw") ||
	       (machine_is(pseries) &&
		!of_property_present(phb, "ibm,ddw-applicable"));
}

static inline bool can_open(void)
{
	return dma_bypass_mode() != DMA_BYPASS_MODE_NEVER && !switched_off() &&
	       !no_ddw();
}

/* With a driver that starts under @policy. */
static inline void start_with(struct kunit *test, int i,
			      enum dma_bypass_policy policy)
{
	int err = dma_bypass_set_policy(dev_of(i), policy);

	KUNIT_ASSERT_EQ(test, err,
			policy == DMA_BYPASS_POLICY_ALLOW &&
			dma_bypass_mode() == DMA_BYPASS_MODE_NEVER ? -EPERM : 0);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[i]));
}

/* Returns whether there is a window, which is whether there has to be one. */
static inline bool open_window(struct kunit *test, int i)
{
	start_with(test, i, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, !dma_bypass_prepare(dev_of(i)), can_open());
	return can_open();
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

/* The device reads what is at @cpu, and writes something else there. */
static inline void carry(struct kunit *test, int i, dma_addr_t addr, void *cpu,
			 size_t len, u64 seed)
{
	u8 *data = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	edu_pattern(cpu, len, seed);
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(i), addr, len));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), data, len));
	KUNIT_EXPECT_MEMEQ(test, data, cpu, len);

	edu_pattern(data, len, ~seed);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, len));
	KUNIT_ASSERT_EQ(test, 0, edu_store(edu_of(i), addr, len));
	KUNIT_EXPECT_MEMEQ(test, cpu, data, len);
}

/*
 * Through @addr, where the memory at @cpu would be, the device neither gets
 * nor changes anything.  @edu may be unbound.
 */
static inline void expect_unreachable(struct kunit *test, struct edu *edu,
				      dma_addr_t addr, u8 *cpu)
{
	memset(cpu, 0x77, EDU_MAX);
	KUNIT_ASSERT_EQ(test, 0, edu_store(edu, addr, EDU_MAX));
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x77, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu, addr, EDU_MAX));
}

static inline void expect_refused(struct kunit *test, int i, dma_addr_t addr,
				  u8 *cpu)
{
	u8 *held = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, held);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), held, EDU_MAX));
	expect_unreachable(test, edu_of(i), addr, cpu);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), held, EDU_MAX));
	KUNIT_EXPECT_NULL(test, memchr(held, 0x77, EDU_MAX));
}

/* Is the memory at the upper address the device's to read? */
static inline bool reaches(struct kunit *test, int i, struct page *page)
{
	u8 held[16] = {};

	memset(page_address(page), 0x66, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), held, sizeof(held)));
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(i), UPPER_BASE +
					   page_to_phys(page), sizeof(held)));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), held, sizeof(held)));
	return !memchr_inv(held, 0x66, sizeof(held));
}

/* Put the device to work without a driver. */
static inline int raw_begin(struct edu *raw)
{
	int err = pci_enable_device(edus[0]);

	if (err)
		return err;
	pci_set_master(edus[0]);
	raw->regs = pci_iomap(edus[0], 0, 0);
	return raw->regs ? 0 : -ENOMEM;
}

static inline void raw_end(struct edu *raw)
{
	pci_iounmap(edus[0], raw->regs);
	pci_disable_device(edus[0]);
}

static int edu_suite_init(struct kunit_suite *suite)
{
	int err = pci_register_driver(&edu_driver);

	edu_find(edus);
	return err;
}

static void edu_suite_exit(struct kunit_suite *suite)
{
	edu_put(edus);
	pci_unregister_driver(&edu_driver);
}

static int edu_init(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++)
		if (!edus[i] || !edu_of(i))
			kunit_skip(test, "needs two edu devices");
	return 0;
}

/* As if nothing had happened. */
static void edu_exit(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++) {
		if (!edus[i])
			continue;
		dev_of(i)->bus_dma_limit = 0;
		dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DEFAULT);
		edu_rebind(edus[i]);
	}
}

#endif /* _POWERPC_DMA_BYPASS_TEST_H */
