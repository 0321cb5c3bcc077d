// SPDX-License-Identifier: GPL-2.0
/*
 * Copy a file by means of QEMU's "edu" device and the driver edu_dma:
 *
 *	edu_copy /dev/edu_dma-0000:00:01.0 FROM TO
 *
 * The device reads and writes the pages of the files themselves.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edu_dma.h"

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Map a file that is opened with these flags; make one that is created as long. */
static void *map_file(const char *name, int flags, size_t *len)
{
	int prot = flags == O_RDONLY ? PROT_READ : PROT_READ | PROT_WRITE;
	int fd = open(name, flags, 0644);
	struct stat st;
	void *addr;

	if (fd < 0 || (flags & O_CREAT && ftruncate(fd, *len)) || fstat(fd, &st))
		fail(name);
	*len = st.st_size;
	addr = mmap(NULL, *len, prot, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		fail(name);
	close(fd);
	return addr;
}

int main(int argc, char **argv)
{
	struct edu_dma_copy copy = {};
	size_t len;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: %s DEVICE FROM TO\n", argv[0]);
		return EXIT_FAILURE;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		fail(argv[1]);
	copy.src = (uintptr_t)map_file(argv[2], O_RDONLY, &len);
	copy.dst = (uintptr_t)map_file(argv[3], O_RDWR | O_CREAT | O_TRUNC, &len);
	copy.len = len;
	if (copy.len != len || ioctl(fd, EDU_DMA_COPY, &copy))
		fail(argv[1]);
	return EXIT_SUCCESS;
}
