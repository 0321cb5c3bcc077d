// SPDX-License-Identifier: GPL-2.0
/*
 * Checked I/O to a disk.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"

#define PAGE		4096
#define PIECE		1536
#define MAX_PARTS	(DISK_MOST / PIECE + 1)
#define WORKERS		4
#define ROUNDS		8		/* of each of them, until I/O goes on */
#define SHARE		(8LL << 20)	/* of the disk, for each of them */

const char *disk_controller(void)
{
	DIR *dir = opendir(DISK_SYSFS "nvme");
	static char name[32];
	struct dirent *entry;

	name[0] = '\0';
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "nvme", 4))
			snprintf(name, sizeof(name), "%.16s", entry->d_name);
	if (dir)
		closedir(dir);
	return name;
}

static int open_now(int ns)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/%sn%d", disk_controller(), ns);
	return open(path, O_RDWR | O_DIRECT);
}

int disk_open(int ns)
{
	int tries, fd = -1;

	for (tries = 0; tries < 500 && fd < 0; tries++) {
		usleep(20000);
		fd = open_now(ns);
	}
	return fd;
}

/* Offset and length of each part of a buffer, and how far these are apart. */
static const struct {
	size_t	offset;
	size_t	length;
	size_t	stride;
} shapes[NR_SHAPES] = {
	[WHOLE]		= { 512, DISK_MOST, DISK_MOST },
	[PAGES]		= { 0, PAGE, 2 * PAGE },
	[PIECES]	= { 512, PIECE, PAGE },
};

/* The parts of the buffer that make up a shape; how many. */
static int lay_out(struct iovec *parts, size_t size, enum shape shape)
{
	static char memory[MAX_PARTS * PAGE] __attribute__((aligned(PAGE)));
	size_t done, part;
	int nr = 0;

	for (done = 0; done < size; done += part, nr++) {
		part = shapes[shape].length;
		if (part > size - done)
			part = size - done;
		parts[nr].iov_base = memory + shapes[shape].offset +
				     nr * shapes[shape].stride;
		parts[nr].iov_len = part;
	}
	return nr;
}

static uint64_t word(long long at, uint64_t seed, size_t i)
{
	return (at + i * 8) * 0x9e3779b97f4a7c15ULL ^ seed;
}

static void fill(struct iovec *parts, int nr, long long at, uint64_t seed)
{
	size_t i, done = 0;

	for (; nr--; done += parts++->iov_len)
		for (i = 0; i < parts->iov_len / 8; i++)
			((uint64_t *)parts->iov_base)[i] = word(at + done, seed, i);
}

static bool is_filled(struct iovec *parts, int nr, long long at, uint64_t seed)
{
	size_t i, done = 0;

	for (; nr--; done += parts++->iov_len)
		for (i = 0; i < parts->iov_len / 8; i++)
			if (((uint64_t *)parts->iov_base)[i] !=
			    word(at + done, seed, i))
				return false;
	return true;
}

/* 1 if the data is right, 0 if it is wrong, or a negative errno of the I/O. */
static int check(int fd, size_t size, enum shape shape, long long at)
{
	static struct iovec parts[MAX_PARTS];
	static uint64_t seed = 1;
	int nr = lay_out(parts, size, shape);

	seed++;
	fill(parts, nr, at, seed);
	errno = EIO;		/* of transfers that are too short */
	if (pwritev(fd, parts, nr, at) != (ssize_t)size)
		return -errno;
	fill(parts, nr, at, ~seed);
	errno = EIO;
	if (preadv(fd, parts, nr, at) != (ssize_t)size)
		return -errno;
	return is_filled(parts, nr, at, seed);
}

bool disk_check(int fd, size_t size, enum shape shape, long long at)
{
	int result = check(fd, size, shape, at);

	if (result != 1)
		say("dma-bypass: %zu bytes, shape %d: %s\n", size, shape,
		    result ? strerror(-result) : "wrong data");
	return result == 1;
}

static struct {
	volatile bool	stop;
	struct {
		pid_t		pid;
		volatile long	rounds;
		volatile long	wrong;
	} worker[WORKERS];
} *io;

static void work(int me)
{
	long round = 0;
	int fd, result;

	while (!io->stop) {
		fd = open_now(1);
		for (result = fd < 0 ? -ENODEV : 1; result >= 0 && !io->stop;) {
			result = check(fd, 4096 << round % 6, round % NR_SHAPES,
				       me * SHARE + round % 7 * (1 << 20));
			if (!result)
				io->worker[me].wrong++;
			if (result >= 0)
				io->worker[me].rounds = ++round;
		}
		if (fd >= 0)
			close(fd);
		usleep(10000);
	}
	_exit(0);
}

bool start_io(void)
{
	int i;

	io = mmap(NULL, sizeof(*io), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (io == MAP_FAILED)
		return false;
	for (i = 0; i < WORKERS; i++) {
		io->worker[i].pid = fork();
		if (!io->worker[i].pid)
			work(i);
	}
	return io_goes_on();
}

bool stop_io(void)
{
	bool good = true;
	int i, status;

	io->stop = true;
	for (i = 0; i < WORKERS; i++) {
		if (waitpid(io->worker[i].pid, &status, 0) < 0 || status ||
		    io->worker[i].wrong || !io->worker[i].rounds)
			good = false;
		say("dma-bypass: worker %d: %ld rounds, %ld wrong\n", i,
		    io->worker[i].rounds, io->worker[i].wrong);
	}
	munmap(io, sizeof(*io));
	return good;
}

bool io_goes_on(void)
{
	long until[WORKERS];
	int i, tries = 0;

	for (i = 0; i < WORKERS; i++)
		until[i] = io->worker[i].rounds + ROUNDS;
	for (i = 0; i < WORKERS; i++)
		for (; io->worker[i].rounds < until[i]; usleep(10000))
			if (++tries > 6000)
				return false;
	return true;
}
