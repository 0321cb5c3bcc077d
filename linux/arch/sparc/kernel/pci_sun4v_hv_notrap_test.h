/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypervisor calls without a trap.
 */
#ifndef _PCI_SUN4V_HV_NOTRAP_TEST_H
#define _PCI_SUN4V_HV_NOTRAP_TEST_H

#include <linux/types.h>

extern const u32 sun4v_hv_notrap_map[], sun4v_hv_notrap_demap[];
extern const u32 sun4v_hv_notrap_getmap[], sun4v_hv_notrap_getbypass[];
extern const u32 sun4v_hv_notrap_iotsb_map[], sun4v_hv_notrap_iotsb_demap[];

int sun4v_hv_set_traps(bool on);

#endif /* _PCI_SUN4V_HV_NOTRAP_TEST_H */
