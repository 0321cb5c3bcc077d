// SPDX-License-Identifier: GPL-2.0
/*
 * Hypervisor calls that take next to nothing, to count what is left.
 *
 * A trap makes the register windows of all callers be spilled and filled again,
 * and the model takes thousands of instructions, which says nothing about a real
 * hypervisor.  So the trap instructions in the stubs are replaced by branches to
 * what follows: calls succeed, for all pages, and each takes six instructions,
 * the branch included.  Nothing is checked, and nothing is kept.
 */
#include <linux/array_size.h>
#include <linux/cacheflush.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "pci_sun4v.h"
#include "pci_sun4v_hv_test.h"

#define HV_BRANCH	0x30800000	/* ba,a */
#define HV_BRANCH_RANGE	0x003fffff

static const struct {
	void		*stub;
	unsigned int	trap;	/* the number of this instruction in it */
	const u32	*instead;
} hv_shorts[] = {
	{ pci_sun4v_iommu_map,		2, sun4v_hv_short_map },
	{ pci_sun4v_iommu_demap,	1, sun4v_hv_short_demap },
	{ pci_sun4v_iommu_getmap,	2, sun4v_hv_short_getmap },
	{ pci_sun4v_iommu_getbypass,	1, sun4v_hv_short_getbypass },
	{ pci_sun4v_iotsb_map,		2, sun4v_hv_short_iotsb_map },
	{ pci_sun4v_iotsb_demap,	1, sun4v_hv_short_iotsb_demap },
};

/**
 * sun4v_hv_shorten - let calls be answered without a trap, or with one again
 * @on: without?
 *
 * Return: 0, or -EINVAL if the stubs are not what they are expected to be.
 */
int sun4v_hv_shorten(bool on)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hv_shorts); i++) {
		u32 *trap = (u32 *)hv_shorts[i].stub + hv_shorts[i].trap;
		u32 branch = HV_BRANCH | ((hv_shorts[i].instead - trap) &
					  HV_BRANCH_RANGE);

		if (*trap != (on ? HV_TRAP_INSN : branch))
			return -EINVAL;
		*trap = on ? branch : HV_TRAP_INSN;
		flushi(trap);
	}
	return 0;
}
