// SPDX-License-Identifier: GPL-2.0
/*
 * Hypervisor calls without a trap, to count the instructions of their callers.
 *
 * A trap spills the register windows of all callers, and the model takes thousands
 * of instructions, which has nothing to do with a real hypervisor. So the trap
 * instructions in the stubs are replaced by branches to code that succeeds, for
 * all pages, in six instructions including the branch. It checks nothing.
 */
#include <linux/array_size.h>
#include <linux/cacheflush.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "pci_sun4v.h"
#include "pci_sun4v_hv_notrap_test.h"
#include "pci_sun4v_hv_test.h"

#define HV_BRANCH	0x30800000	/* ba,a */
#define HV_BRANCH_RANGE	0x003fffff

static const struct {
	void		*stub;
	unsigned int	trap;	/* index of the instruction in it */
	const u32	*code;
} hv_stubs[] = {
	{ pci_sun4v_iommu_map,		2, sun4v_hv_notrap_map },
	{ pci_sun4v_iommu_demap,	1, sun4v_hv_notrap_demap },
	{ pci_sun4v_iommu_getmap,	2, sun4v_hv_notrap_getmap },
	{ pci_sun4v_iommu_getbypass,	1, sun4v_hv_notrap_getbypass },
	{ pci_sun4v_iotsb_map,		2, sun4v_hv_notrap_iotsb_map },
	{ pci_sun4v_iotsb_demap,	1, sun4v_hv_notrap_iotsb_demap },
};

/**
 * sun4v_hv_set_traps - Let hypervisor calls trap, or not
 * @on: they trap
 *
 * Return: 0, or -EINVAL if the stubs are not what they are expected to be.
 */
int sun4v_hv_set_traps(bool on)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hv_stubs); i++) {
		u32 *trap = (u32 *)hv_stubs[i].stub + hv_stubs[i].trap;
		u32 branch = HV_BRANCH | ((hv_stubs[i].code - trap) &
					  HV_BRANCH_RANGE);

		if (*trap != (on ? branch : HV_TRAP_INSN))
			return -EINVAL;
		*trap = on ? HV_TRAP_INSN : branch;
		flushi(trap);
	}
	return 0;
}
