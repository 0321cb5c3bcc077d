/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts instructions one by one, where no clock does: the processor stops
 * after each.
 */
#ifndef _POWERPC_DMA_BYPASS_STEPS_H
#define _POWERPC_DMA_BYPASS_STEPS_H

#include <kunit/test.h>
#include <linux/kdebug.h>
#include <asm/code-patching.h>
#include <asm/inst.h>
#include <asm/opal.h>
#include <asm/sections.h>
#include <asm/sstep.h>

/* sc 1 */
#define STEPS_HVSC	0x44000022

/* More than there are between any larx and its stcx. */
#define STEPS_RESERVED	16

static struct {
	u32	insns;
	bool	begun;
	bool	on;
} steps;

/* There is no stop after a hypervisor call, nor behind what follows it. */
static inline void steps_hypervisor(struct pt_regs *regs)
{
	if (*(u32 *)regs->nip == STEPS_HVSC)
		steps.insns += 2;
}

/* An interrupt would end the reservation before the stcx., again and again. */
static inline void steps_reserved(struct pt_regs *regs)
{
	struct instruction_op op;
	ppc_inst_t insn;
	int i;

	for (i = 0; i < STEPS_RESERVED; i++) {
		insn = ppc_inst_read((u32 *)regs->nip);
		analyse_instr(&op, regs, insn);
		if (!i && GETTYPE(op.type) != LARX)
			return;
		if (emulate_step(regs, insn) <= 0)
			return;
		steps.insns++;
		if (GETTYPE(op.type) == STCX)
			return;
	}
}

/* The firmware has vectors of its own; what it executes is left out. */
static inline void steps_firmware(struct pt_regs *regs)
{
	unsigned long entry = ppc_function_entry(opal_pci_tce_kill);
	unsigned long *arg = regs->gpr + 3;

	if (regs->nip != entry)
		return;
	arg[0] = opal_pci_tce_kill(arg[0], arg[1], arg[2], arg[3], arg[4],
				   arg[5]);
	regs_set_return_ip(regs, regs->link);
}

static inline int steps_note(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (event != DIE_SSTEP)
		return NOTIFY_DONE;
	if (steps.on) {
		steps.insns++;
		steps_hypervisor(regs);
		steps_firmware(regs);
		steps_reserved(regs);
		regs_set_return_msr(regs, regs->msr | MSR_SE);
	}
	return NOTIFY_STOP;
}

static struct notifier_block steps_notifier = { .notifier_call = steps_note };

static inline void steps_end(void *unused)
{
	steps.begun = false;
	unregister_die_notifier(&steps_notifier);
}

/* Until the end of the test. */
static inline void steps_begin(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&steps_notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, steps_end,
							   NULL));
	steps.begun = true;
}

/* Interrupts are off, also the soft-disabled ones. */
static inline void steps_on(void)
{
	if (!steps.begun)
		return;
	steps.on = true;
	mtmsr(mfmsr() | MSR_SE);
}

static inline void steps_off(void)
{
	steps.on = false;
	barrier();
}

#endif /* _POWERPC_DMA_BYPASS_STEPS_H */
