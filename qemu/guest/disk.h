/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An NVMe disk: checked I/O to it, alone or while something else happens.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>

#define DISK_SYSFS	"/disk/"	/* a link, from when the disk was opened on */
#define DISK_DRIVER	"/sys/bus/pci/drivers/nvme/"

#define DISK_MOST	(1 << 20)	/* bytes of one transfer */

/* How a buffer lies in memory. */
enum shape {
	WHOLE,		/* in one piece, which begins in the middle of a page */
	PAGES,		/* of every second page: a PRP list */
	PIECES,		/* a part of each page: needs an SGL */
	NR_SHAPES,
};

/* The disk's address on the bus; "" if there is none. */
const char *disk_address(void);

/* The controller's name, nvme0 say, or "" if it is not there now. */
const char *disk_controller(void);

/* Open a namespace, by its number, for direct I/O, once it is there; or -1. */
int disk_open(int ns);

/*
 * Memory for transfers, all of which a window maps if one is open: what was the
 * kernel's image, and is free now, does not lie in windows.
 */
void *disk_memory(void);

/* Write so many bytes at this place, read them again; whether they are the same. */
bool disk_check(int fd, size_t size, enum shape shape, long long at);

/* Processes that do this until they are stopped.  While the disk is away they wait. */
bool start_io(void);
bool stop_io(void);	/* all that was read was right */

/* Until these have done some more of it; not if that takes too long. */
bool io_goes_on(void);

#endif /* DISK_H */
