/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the stubs of pci_sun4v_asm.S branch to instead of the trap, which is the
 * second instruction or the third: each call takes six instructions from there
 * until it is back.
 */
#include <linux/linkage.h>
#include <asm/hypervisor.h>

ENTRY(sun4v_hv_short_map)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iommu_map + 12
	 mov	%o2, %o1
ENDPROC(sun4v_hv_short_map)

ENTRY(sun4v_hv_short_demap)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iommu_demap + 8
	 mov	%o2, %o1
ENDPROC(sun4v_hv_short_demap)

	/* Nothing is mapped there. */
ENTRY(sun4v_hv_short_getmap)
	nop
	nop
	nop
	ba	pci_sun4v_iommu_getmap + 12
	 mov	HV_ENOMAP, %o0
ENDPROC(sun4v_hv_short_getmap)

	/* From SUN4V_HV_BYPASS_BASE on, as if no memory were elsewhere. */
ENTRY(sun4v_hv_short_getbypass)
	mov	-4, %o4
	sllx	%o4, 48, %o4
	clr	%o0
	ba	pci_sun4v_iommu_getbypass + 8
	 or	%o4, %o1, %o1
ENDPROC(sun4v_hv_short_getbypass)

ENTRY(sun4v_hv_short_iotsb_map)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iotsb_map + 12
	 srlx	%o2, 48, %o1
ENDPROC(sun4v_hv_short_iotsb_map)

ENTRY(sun4v_hv_short_iotsb_demap)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iotsb_demap + 8
	 mov	%o3, %o1
ENDPROC(sun4v_hv_short_iotsb_demap)
