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
#include <asm/sstep.h>

/* sc 1 */
#define STEPS_HVSC	0x44000022

/* More than there are from any larx to its stcx. */
#define STEPS_RESERVED	16

static struct {
	u32	insns;
	bool	begun;
	bool	on;
	bool	pending;	/* a stop that is ours */
	bool	lost;		/* a reservation, and with it the count */
} steps;

/*
 * The firmware has vectors of its own.  It is called from here, and left out,
 * together with what the kernel does to call it.
 */
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

/*
 * An interrupt would end the reservation before the stcx., again and again: so
 * what is between them is executed here, up to a branch out of it.
 */
static inline void steps_reserved(struct pt_regs *regs)
{
	unsigned long begun = regs->nip;
	struct instruction_op op;
	ppc_inst_t insn;

	insn = ppc_inst_read((u32 *)begun);
	analyse_instr(&op, regs, insn);
	if (GETTYPE(op.type) != LARX)
		return;
	while (regs->nip - begun < 4 * STEPS_RESERVED) {
		if (emulate_step(regs, insn) <= 0)
			break;
		steps.insns++;
		if (GETTYPE(op.type) == STCX)
			return;
		insn = ppc_inst_read((u32 *)regs->nip);
		analyse_instr(&op, regs, insn);
	}
	steps.lost |= regs->nip - begun < 4 * STEPS_RESERVED;
}

/* QEMU does not stop after a hypervisor call, nor behind what follows it. */
static inline void steps_hypervisor(struct pt_regs *regs)
{
	if (ppc_inst_val(ppc_inst_read((u32 *)regs->nip)) == STEPS_HVSC)
		steps.insns += 2;
}

static inline int steps_note(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (event != DIE_SSTEP || user_mode(regs) || !steps.pending)
		return NOTIFY_DONE;
	steps.pending = steps.on;
	if (steps.on) {
		steps.insns++;
		steps_firmware(regs);
		steps_reserved(regs);
		steps_hypervisor(regs);
		regs_set_return_msr(regs, regs->msr | MSR_SE);
	}
	return NOTIFY_STOP;
}

static struct notifier_block steps_notifier = { .notifier_call = steps_note };

static inline void steps_end(void *data)
{
	struct kunit *test = data;

	steps.begun = false;
	unregister_die_notifier(&steps_notifier);
	KUNIT_EXPECT_FALSE(test, steps.lost);
}

/* Until the end of the test, or steps_end() as an action. */
static inline void steps_begin(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&steps_notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, steps_end,
							   test));
	steps.begun = true;
}

/* Interrupts are off, also the soft-disabled ones. */
static inline void steps_on(void)
{
	if (!steps.begun)
		return;
	steps.on = true;
	steps.pending = true;
	mtmsr(mfmsr() | MSR_SE);
}

static inline void steps_off(void)
{
	steps.on = false;
	barrier();
}

#endif /* _POWERPC_DMA_BYPASS_STEPS_H */
