/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's edu device in the hands of a program, through VFIO.
 */
#ifndef GUEST_VFIO_H
#define GUEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDU_MAX	2048	/* bytes; QEMU dies of all 4096 */

/* Bind vfio-pci and open the device; 0, or what failed. */
const char *vfio_take(void);

/* Close the device and unbind vfio-pci; 0 or a negative errno. */
int vfio_give_back(void);

bool vfio_has_device(void);

/* Let the device reach a page at an address; 0 or a negative errno. */
int vfio_map(void *page, uint64_t iova);
int vfio_unmap(uint64_t iova);

/* The device copies from memory to its buffer, or back; 0 when it is done. */
int edu_fetch(uint64_t addr, size_t len);
int edu_store(uint64_t addr, size_t len);

#endif /* GUEST_VFIO_H */
