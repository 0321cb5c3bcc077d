/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stubs of pci_sun4v_asm.S branch here instead of their trap, which is the
 * second instruction or the third. From there to the return it is six instructions.
 */
#include <linux/linkage.h>
#include <asm/hypervisor.h>

ENTRY(sun4v_hv_notrap_map)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iommu_map + 12
	 mov	%o2, %o1
ENDPROC(sun4v_hv_notrap_map)

ENTRY(sun4v_hv_notrap_demap)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iommu_demap + 8
	 mov	%o2, %o1
ENDPROC(sun4v_hv_notrap_demap)

	/* Nothing is mapped. */
ENTRY(sun4v_hv_notrap_getmap)
	nop
	nop
	nop
	ba	pci_sun4v_iommu_getmap + 12
	 mov	HV_ENOMAP, %o0
ENDPROC(sun4v_hv_notrap_getmap)

	/* SUN4V_HV_BYPASS_BASE plus the real address. */
ENTRY(sun4v_hv_notrap_getbypass)
	mov	-4, %o4
	sllx	%o4, 48, %o4
	clr	%o0
	ba	pci_sun4v_iommu_getbypass + 8
	 or	%o4, %o1, %o1
ENDPROC(sun4v_hv_notrap_getbypass)

ENTRY(sun4v_hv_notrap_iotsb_map)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iotsb_map + 12
	 srlx	%o2, 48, %o1
ENDPROC(sun4v_hv_notrap_iotsb_map)

ENTRY(sun4v_hv_notrap_iotsb_demap)
	nop
	nop
	clr	%o0
	ba	pci_sun4v_iotsb_demap + 8
	 mov	%o3, %o1
ENDPROC(sun4v_hv_notrap_iotsb_demap)
