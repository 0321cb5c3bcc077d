/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Common part of the suites that count instructions.
 *
 * For machines on which an instruction takes 2^7 ns, and the tick counter has ticks
 * of 10 ns: QEMU's -icount shift=7.
 */
#ifndef _PCI_SUN4V_COUNT_TEST_H
#define _PCI_SUN4V_COUNT_TEST_H

#include <linux/math.h>
#include <linux/types.h>

#define BENCH_TICK_NS	10
#define BENCH_INSN_NS	128

static inline u32 bench_clock(void)
{
	unsigned long tick;

	asm volatile("rd %%tick, %0" : "=r" (tick));
	return tick;
}

#define bench_insns(ticks) \
	DIV_ROUND_CLOSEST_ULL((u64)(ticks) * BENCH_TICK_NS, BENCH_INSN_NS)

#include "../../../lib/test_dma_bypass_bench.h"
#include "pci_sun4v_hv_notrap_test.h"
#include "pci_sun4v_test.h"

static inline void count_with_traps(void *unused)
{
	sun4v_hv_set_traps(true);
}

/* Prepare a fixture whose hypervisor calls do not trap, until the case ends. */
static inline struct sun4v_test *count_prepare(struct kunit *test)
{
	/* As much as most root complexes translate. */
	struct sun4v_test *t = sun4v_test_prepare(test, SZ_2G);
	int err;

	KUNIT_ASSERT_EQ(test, sun4v_hv_set_traps(false), 0);
	err = kunit_add_action_or_reset(test, count_with_traps, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	return t;
}

#endif /* _PCI_SUN4V_COUNT_TEST_H */
