/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites for bypass windows on POWER have in common: two of QEMU's
 * edu devices, each alone in its PE.
 */
#ifndef _POWERPC_DMA_BYPASS_TEST_H
#define _POWERPC_DMA_BYPASS_TEST_H

#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>

#include "dma-bypass-window-test.h"

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

/* As the kernel writes it down for the one after a kexec. */
struct ddw_window {
	__be32	liobn;
	__be64	base;
	__be32	tce_shift;
	__be32	shift;
};

/* Of pseries, while it is open. */
static inline const struct ddw_window *ddw_window_of(struct kunit *test, int i)
{
	const struct ddw_window *window;

	window = of_get_property(phb_node(i), "linux,direct64-ddr-window-info",
				 NULL);
	KUNIT_ASSERT_NOT_NULL(test, window);
	return window;
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

static inline void hold_zeroes(struct kunit *test, int i)
{
	u8 *zeroes = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, zeroes);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), zeroes, EDU_MAX));
}

/*
 * Through @addr, where the memory at @cpu would be, the device changes nothing.
 * What it gets there, if anything, it holds: to be asked with
 * expect_got_nothing(), after hold_zeroes().  @edu may be unbound.
 */
static inline void expect_unreachable(struct kunit *test, struct edu *edu,
				      dma_addr_t addr, u8 *cpu)
{
	memset(cpu, 0x77, EDU_MAX);
	/* First, so that there is something to get. */
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu, addr, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_store(edu, addr, EDU_MAX));
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x77, EDU_MAX));
}

static inline void expect_got_nothing(struct kunit *test, int i)
{
	u8 *held = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, held);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), held, EDU_MAX));
	KUNIT_EXPECT_NULL(test, memchr(held, 0x77, EDU_MAX));
}

static inline void expect_refused(struct kunit *test, int i, dma_addr_t addr,
				  u8 *cpu)
{
	hold_zeroes(test, i);
	expect_unreachable(test, edu_of(i), addr, cpu);
	expect_got_nothing(test, i);
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
