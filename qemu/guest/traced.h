/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver of a device maps and allocates, taken from the kernel's trace.
 */
#ifndef TRACED_H
#define TRACED_H

#include <stdbool.h>

/* Bytes. */
struct traced {
	unsigned long long	bypassed;	/* mapped in the window; of memory that it leaves out, too */
	unsigned long long	translated;	/* mapped elsewhere */
	unsigned long long	long_ones;	/* of these, for a guarded window too long */
	unsigned long long	unrequested;	/* mapped without the attribute */
	unsigned long long	unmapped;
	unsigned long long	allocated;
	unsigned long long	allocated_bypassed;

	/* Invalidations of VT-d's IOTLB: with that of a device TLB behind it, and without. */
	unsigned int		with_device_tlb;
	unsigned int		without_device_tlb;
};

bool mount_trace(void);

/* Trace what is submitted to VT-d, too; for machines with one processor. */
bool trace_invalidations(void);

/* Trace anew. */
bool start_trace(void);

/* Stop it, and sum up what a device did, whose window is at @base, or which has none. */
bool stop_trace(const char *device, unsigned long long base, struct traced *traced);

/* The address of a device's window, whatever its state, or 0. */
unsigned long long window_of(const char *device);

/* Whether a file comes to hold a line within ten seconds. */
bool becomes(const char *path, const char *line);

#endif /* TRACED_H */
