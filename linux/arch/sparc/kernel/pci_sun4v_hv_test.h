/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of the sun4v hypervisor's PCI services, for tests on other machines:
 * it answers the trap instructions of the real stubs.
 */
#ifndef _PCI_SUN4V_HV_TEST_H
#define _PCI_SUN4V_HV_TEST_H

#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <linux/types.h>

enum sun4v_hv_service {
	SUN4V_HV_MAP,
	SUN4V_HV_DEMAP,
	SUN4V_HV_GETMAP,
	SUN4V_HV_GETBYPASS,
	SUN4V_HV_IOTSB_CONF,
	SUN4V_HV_IOTSB_BIND,
	SUN4V_HV_IOTSB_MAP,
	SUN4V_HV_IOTSB_DEMAP,
	SUN4V_HV_NR_SERVICES,
};

#define HV_TRAP_INSN	0x91d02080	/* ta HV_FAST_TRAP */

/*
 * Memory at real address @ra that the machine has at @machine. There are no bypass
 * addresses of it if @closed.
 */
struct sun4v_hv_block {
	u64	ra;
	u64	size;
	u64	machine;
	bool	closed;
};

#define SUN4V_HV_BLOCKS		3
#define SUN4V_HV_MACHINE	BIT_ULL(40)	/* distance of all other memory */
#define SUN4V_HV_BYPASS_BASE	0xfffc000000000000ULL

/*
 * An I/O translation storage buffer; an entry is address, VALID, attributes. Of
 * the pages that are mapped since the calls were reset, number @reject is rejected,
 * counted from one; zero for none. An entry @stuck cannot be demapped.
 */
struct sun4v_hv_table {
	u64		*entry;
	unsigned long	entries;
	u64		base;
	unsigned long	live;
	unsigned long	mapped;
	unsigned long	reject;
	unsigned long	stuck;
};

#define SUN4V_HV_NOT_STUCK	ULONG_MAX

/* The call that fails, counted from one. */
struct sun4v_hv_failure {
	unsigned int	call;
	unsigned long	status;
};

/**
 * struct sun4v_hv - the hypervisor and one root complex
 * @devhandle: of the root complex
 * @major: version of the PCI services that was negotiated
 * @bypass_base: first bypass address
 * @strict_order: bypass addresses with relaxed ordering are rejected
 * @firmware: a page of memory that belongs to the firmware
 * @block: memory at another distance from its real address than usual
 * @chunk: how many pages one call maps or demaps at most; zero for all
 * @fail: the call that fails, by service
 * @tsb: the table of the legacy IOMMU
 * @iotsb: the table of the ATU, in the guest's memory
 * @bound: how many devices are bound to @iotsb
 * @calls: how often each service was called
 * @attrs: I/O attributes of the last mapping or bypass address
 * @violations: how often the guest broke the specification
 * @violation: the first of these
 * @lock: protects all of it while calls are answered
 * @nb: called for the traps
 */
struct sun4v_hv {
	u64			devhandle;
	unsigned long		major;
	u64			bypass_base;
	bool			strict_order;
	u64			firmware;
	struct sun4v_hv_block	block[SUN4V_HV_BLOCKS];
	unsigned long		chunk;

	struct sun4v_hv_failure	fail[SUN4V_HV_NR_SERVICES];
	struct sun4v_hv_table	tsb;
	struct sun4v_hv_table	iotsb;
	unsigned int		bound;

	unsigned int		calls[SUN4V_HV_NR_SERVICES];
	unsigned long		attrs;
	unsigned int		violations;
	char			violation[80];

	raw_spinlock_t		lock;
	struct notifier_block	nb;
};

int sun4v_hv_start(struct sun4v_hv *hv, u32 tsb_base, unsigned long tsb_size);
void sun4v_hv_stop(struct sun4v_hv *hv);
void sun4v_hv_reset_calls(struct sun4v_hv *hv);
void sun4v_hv_fail(struct sun4v_hv *hv, enum sun4v_hv_service service,
		   unsigned int call, unsigned long status);
void *sun4v_hv_reach(struct sun4v_hv *hv, u64 addr, bool write);

#endif /* _PCI_SUN4V_HV_TEST_H */
