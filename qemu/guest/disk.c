// SPDX-License-Identifier: GPL-2.0
/*
 * Checked I/O to a disk.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"

#define DEVICES		"/sys/bus/pci/devices/"
#define PAGE		4096		/* the least that there is */
#define PIECE		1536
#define MAX_PARTS	(DISK_MOST / PIECE + 1)
#define SEARCHED	(32 << 20)	/* bytes, for memory in a window */
#define WORKERS		4
#define ROUNDS		8		/* of each of them, until I/O goes on */
#define SHARE		(8LL << 20)	/* of the disk, for each of them */

static bool is_disk(const char *address)
{
	char path[64];

	snprintf(path, sizeof(path), DEVICES "%.16s/class", address);
	return !strcmp(read_file(path), "0x010802");
}

/* It stays the same when the disk is removed and found again. */
const char *disk_address(void)
{
	static char address[17], path[64];
	struct dirent *entry;
	DIR *dir;

	if (*address)
		return address;
	dir = opendir(DEVICES);
	while (dir && !*address && (entry = readdir(dir)))
		if (is_disk(entry->d_name))
			snprintf(address, sizeof(address), "%.16s", entry->d_name);
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), DEVICES "%s", address);
	if (*address && symlink(path, "/disk"))
		address[0] = '\0';
	return address;
}

const char *disk_controller(void)
{
	static char name[32];
	struct dirent *entry;
	DIR *dir;

	name[0] = '\0';
	dir = *disk_address() ? opendir(DISK_SYSFS "nvme") : NULL;
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "nvme", 4))
			snprintf(name, sizeof(name), "%.16s", entry->d_name);
	if (dir)
		closedir(dir);
	return name;
}

/* The numbers in device files are not those of the namespaces. */
static int open_now(int ns)
{
	char path[128];

	for (int i = 1; i <= 2; i++) {
		snprintf(path, sizeof(path), "/sys/block/%sn%d/nsid",
			 disk_controller(), i);
		if (atoi(read_file(path)) != ns)
			continue;
		snprintf(path, sizeof(path), "/dev/%sn%d", disk_controller(), i);
		return open(path, O_RDWR | O_DIRECT);
	}
	return -1;
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

/* Whether this memory is in a range. */
static bool is_in_window(const char *list, uint64_t phys)
{
	uint64_t start, size;

	while ((list = strstr(list, "\n  ")))
		if (sscanf(++list, " %" SCNx64 " size %" SCNx64, &start, &size) == 2 &&
		    phys >= start && phys - start < size)
			return true;
	return false;
}

/* The first run of such pages that is long enough. */
static void *choose_memory(char *memory, const char *list)
{
	int nr = 0;

	for (size_t at = 0; at < SEARCHED && nr < MAX_PARTS; at += PAGE) {
		memory[at] = 1;
		nr = is_in_window(list, physical(memory + at)) ? nr + 1 : 0;
		if (nr == MAX_PARTS)
			memory += at + PAGE - MAX_PARTS * PAGE;
	}
	return nr == MAX_PARTS ? memory : NULL;
}

void *disk_memory(void)
{
	static char *memory;
	static pid_t owner;	/* a child's pages are others, once it writes */
	const char *list;

	if (memory && owner == getpid())
		return memory;
	owner = getpid();
	memory = mmap(NULL, SEARCHED, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		memory = NULL;
	list = read_file(WINDOWS);
	if (memory && *list)
		memory = choose_memory(memory, list);
	return memory;
}

/* The parts of the buffer that make up a shape; how many. */
static int lay_out(struct iovec *parts, size_t size, enum shape shape)
{
	char *memory = disk_memory();
	size_t done, part;
	int nr = 0;

	for (done = 0; memory && done < size; done += part, nr++) {
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

	if (!nr)
		return -ENOMEM;
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

static pid_t workers[WORKERS];

/* Shared with them. */
static struct {
	volatile bool	stop;
	struct {
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
		workers[i] = fork();
		if (!workers[i])
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
		if (waitpid(workers[i], &status, 0) != workers[i] || status ||
		    io->worker[i].wrong || !io->worker[i].rounds)
			good = false;
		say("dma-bypass: worker %d: %ld rounds, %ld wrong, status %#x\n",
		    i, io->worker[i].rounds, io->worker[i].wrong, status);
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
