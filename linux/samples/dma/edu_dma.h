/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of the edu_dma sample driver.
 */
#ifndef _SAMPLES_DMA_EDU_DMA_H
#define _SAMPLES_DMA_EDU_DMA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EDU_DMA_MAX_LEN		0x100000
#define EDU_DMA_ALIGN		8

/**
 * struct edu_dma_copy - a copy from one buffer of the caller to another
 * @src: address of the buffer that the device reads
 * @dst: address of the buffer that it writes
 * @len: length in bytes, at most EDU_DMA_MAX_LEN
 * @reserved: must be zero
 *
 * All of them have to be multiples of EDU_DMA_ALIGN.
 */
struct edu_dma_copy {
	__u64 src;
	__u64 dst;
	__u32 len;
	__u32 reserved;
};

#define EDU_DMA_COPY	_IOW('E', 0x80, struct edu_dma_copy)

#endif /* _SAMPLES_DMA_EDU_DMA_H */
