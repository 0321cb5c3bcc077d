/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bypass addresses from the sun4v hypervisor.
 */
#ifndef _SPARC64_SUN4V_BYPASS_H
#define _SPARC64_SUN4V_BYPASS_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Does the hypervisor give out bypass addresses of a root complex? */
enum sun4v_bypass_support {
	SUN4V_BYPASS_UNKNOWN,
	SUN4V_BYPASS_YES,
	SUN4V_BYPASS_NO,
};

/* Why mappings that asked for bypass were translated. */
enum sun4v_bypass_refusal {
	SUN4V_BYPASS_EINVAL,		/* the hypervisor's answers ... */
	SUN4V_BYPASS_ENORADDR,
	SUN4V_BYPASS_ENOTSUPPORTED,
	SUN4V_BYPASS_OTHER,
	SUN4V_BYPASS_APART,		/* not, or not known to be, contiguous */
	SUN4V_BYPASS_TAKEN,		/* an address of the IOMMU's own */
	SUN4V_BYPASS_NR_REFUSALS,
};

/**
 * struct sun4v_bypass - bypass by root complex
 * @support: enum sun4v_bypass_support
 * @surveyed: each block of memory was asked for, and answered; protected by
 *	dma_bypass_mutex
 * @joined: bit n: the blocks n and n + 1 are adjacent in the machine, too; bits
 *	are only ever set
 * @refused: how many mappings, by enum sun4v_bypass_refusal
 */
struct sun4v_bypass {
	int		support;
	bool		surveyed;
	unsigned long	*joined;
	atomic_long_t	refused[SUN4V_BYPASS_NR_REFUSALS];
};

#endif /* _SPARC64_SUN4V_BYPASS_H */
