/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mappings on POWER cost: instructions, and the calls that they make.
 */
#ifndef _POWERPC_DMA_BYPASS_COUNT_H
#define _POWERPC_DMA_BYPASS_COUNT_H

#include <linux/math64.h>
#include <asm/hvcall.h>
#include <asm/hw_irq.h>
#include <asm/iommu.h>
#include <asm/time.h>
#include <asm/trace.h>

#include "dma-bypass-steps.h"
#include "dma-bypass-test.h"

/*
 * Between steps_begin() and steps_end() the steps, else the clock, for QEMU's
 * -icount shift=4 on pseries, where an instruction takes 16 ns.  On powernv QEMU
 * 7.2 dies of -icount when the firmware executes hrfid, and PMC5 is no use: that
 * QEMU does not add to it the blocks that end with an indirect branch or with a
 * branch to another page.
 */
#define INSN_NS		16

/* Not inline, so that it takes the same wherever it is read. */
static noinline __maybe_unused u32 bench_clock(void)
{
	return steps.begun ? READ_ONCE(steps.insns) : mftb();
}

static inline u32 bench_insns(u32 ticks)
{
	if (steps.begun)
		return ticks;
	return DIV64_U64_ROUND_CLOSEST((u64)ticks * NSEC_PER_SEC,
				       (u64)INSN_NS * tb_ticks_per_sec);
}

#define bench_insns	bench_insns

/* Soft-disabled ones do come, and are put aside. */
#define bench_irq_save(flags)			\
	do {					\
		local_irq_save(flags);		\
		hard_irq_disable();		\
		steps_on();			\
	} while (0)

#define bench_irq_restore(flags)		\
	do {					\
		steps_off();			\
		local_irq_restore(flags);	\
	} while (0)

#include "../../../lib/test_dma_bypass_bench.h"

/* Apart from these counting them. */
static struct {
	struct iommu_table	*tbl;
	struct iommu_table_ops	*ops, counting;
	u32			tces;
	u32			hcalls;
} seen;

static inline int count_set(struct iommu_table *tbl, long index, long npages,
			    unsigned long uaddr, enum dma_data_direction dir,
			    unsigned long attrs)
{
	seen.tces += npages;
	return seen.ops->set(tbl, index, npages, uaddr, dir, attrs);
}

static inline void count_clear(struct iommu_table *tbl, long index, long npages)
{
	seen.tces += npages;
	seen.ops->clear(tbl, index, npages);
}

static inline void count_hcall(void *data, unsigned long opcode,
			       unsigned long *args)
{
	seen.hcalls++;
}

static inline void count_end(void *unused)
{
	seen.tbl->it_ops = seen.ops;
	if (machine_is(pseries))
		unregister_trace_hcall_entry(count_hcall, NULL);
}

/* Until count_end(); the calls of other mappings of the PE count as well. */
static inline void count_begin(struct kunit *test, struct device *dev)
{
	seen.tbl = get_iommu_table_base(dev);
	seen.ops = seen.tbl->it_ops;
	seen.counting = *seen.ops;
	seen.counting.set = count_set;
	seen.counting.clear = count_clear;
	seen.tces = 0;
	seen.hcalls = 0;
	if (machine_is(pseries))
		KUNIT_ASSERT_EQ(test, 0, register_trace_hcall_entry(count_hcall,
								    NULL));
	seen.tbl->it_ops = &seen.counting;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, count_end,
							   NULL));
}

#endif /* _POWERPC_DMA_BYPASS_COUNT_H */
