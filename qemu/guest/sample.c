// SPDX-License-Identifier: GPL-2.0
/*
 * The sample driver samples/dma/edu_dma.c with memory of all kinds, with what is no
 * memory, and with what may happen in the middle of a copy.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../linux/samples/dma/edu_dma.h"
#include "disk.h"
#include "guest.h"

#define MODULE		"/lib/edu_dma.ko"
#define SECOND		"0000:00:02.0"		/* which is not granted a window */
#define DEVICE(pci)	"/dev/edu_dma-" pci
#define DRIVER		"/sys/bus/pci/drivers/edu_dma/"
#define TRACEFS		"/sys/kernel/tracing/"
#define PAGE		4096
#define HUGE		(2 << 20)
#define LONG		(64 << 10)		/* bytes that take over six seconds */

static int edu = -1;				/* the first device */

/* 0 or a negative errno. */
static int copy(int fd, const void *src, void *dst, size_t len)
{
	struct edu_dma_copy arg = {
		.src	= (uintptr_t)src,
		.dst	= (uintptr_t)dst,
		.len	= len,
	};

	return ioctl(fd, EDU_DMA_COPY, &arg) ? -errno : 0;
}

static void *anonymous(size_t len, int flags)
{
	void *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

static void fill(void *data, size_t len)
{
	static unsigned int seed = 1;
	unsigned char *byte = data;

	while (len--) {
		seed = seed * 1103515245 + 12345;
		*byte++ = seed >> 16;
	}
}

static void module_is_loaded(void)
{
	int fd = open(MODULE, O_RDONLY);

	ASSERT(fd >= 0);
	ASSERT(!syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	edu = open(DEVICE(EDU), O_RDWR);
	ASSERT(edu >= 0);
	EXPECT_FILE(STATE, "open");		/* before anything is mapped */
	EXPECT_FILE("/sys/bus/pci/devices/" SECOND "/dma_bypass/state", "closed");
	EXPECT(!mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL));
}

static void anonymous_memory(void)
{
	static const struct {
		size_t from, to, len;
	} cases[] = {
		{ 0, 0, 8 }, { 8, 4088, 16 }, { 0, 2048, 2048 },
		{ 4088, 16, 4104 }, { 2048, 4096, 3 * PAGE },
	};
	char *src = anonymous(4 * PAGE, 0), *dst = anonymous(4 * PAGE, 0);

	ASSERT(src && dst);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fill(src, 4 * PAGE);
		memset(dst, 0, 4 * PAGE);
		EXPECT(!copy(edu, src + cases[i].from, dst + cases[i].to,
			     cases[i].len));
		EXPECT(!memcmp(src + cases[i].from, dst + cases[i].to,
			       cases[i].len));
		for (size_t at = 0; at < 4 * PAGE; at++)
			if (at < cases[i].to || at >= cases[i].to + cases[i].len)
				ASSERT(!dst[at]);
	}
	EXPECT(nothing_is_pinned());
}

/* With the program that comes with the driver. */
static void files(void)
{
	static char data[2 * PAGE + 1024], copied[sizeof(data)];
	int fd = open("/from", O_RDWR | O_CREAT, 0600);
	const char *said;

	fill(data, sizeof(data));
	ASSERT(write(fd, data, sizeof(data)) == sizeof(data));
	close(fd);
	ASSERT(!run_program((char *[]) { "/bin/edu_copy", DEVICE(EDU), "/from",
					 "/to", NULL }, &said));
	fd = open("/to", O_RDONLY);
	ASSERT(read(fd, copied, sizeof(copied)) == sizeof(copied));
	close(fd);
	EXPECT(!memcmp(data, copied, sizeof(data)));
	EXPECT(nothing_is_pinned());
}

static void huge_pages(void)
{
	char *src = anonymous(2 * HUGE, MAP_HUGETLB);
	char *dst = anonymous(HUGE, 0);

	ASSERT(src && dst);
	fill(src, 2 * HUGE);
	/* From one huge page into the next, and back from there. */
	EXPECT(!copy(edu, src + HUGE - 2048, dst, 2 * PAGE));
	EXPECT(!memcmp(src + HUGE - 2048, dst, 2 * PAGE));
	fill(dst, 2 * PAGE);
	EXPECT(!copy(edu, dst, src + HUGE - 1024, 2 * PAGE));
	EXPECT(!memcmp(src + HUGE - 1024, dst, 2 * PAGE));
	munmap(src, 2 * HUGE);
	EXPECT(nothing_is_pinned());
}

/* Opened to be written anew. */
static bool clear_trace(void)
{
	int trace = open(TRACEFS "trace", O_WRONLY | O_TRUNC);

	return trace < 0 || close(trace);
}

/* The first DMA address of the last list that a device mapped, or 0. */
static unsigned long long mapped(const char *device, int fd)
{
	char *buffer = disk_memory(), event[64];
	unsigned long long addr = 0;
	const char *found;

	snprintf(event, sizeof(event), " dma_map_sg: %s ", device);
	if (!buffer || clear_trace() ||
	    write_file(TRACEFS "events/dma/dma_map_sg/enable", "1") ||
	    copy(fd, buffer, buffer + PAGE, 8))
		return 0;
	write_file(TRACEFS "events/dma/dma_map_sg/enable", "0");
	found = strstr(read_file(TRACEFS "trace"), event);
	if (found && strstr(found, "attrs=IOMMU_BYPASS"))
		found = strstr(found, "dma_addrs={0x");
	else
		found = NULL;
	return found && sscanf(found, "dma_addrs={0x%llx", &addr) == 1 ? addr : 0;
}

static void buffers_bypass_where_granted(void)
{
	int second = open(DEVICE(SECOND), O_RDWR);
	unsigned long long base, addr;
	const char *line = strstr(read_file(WINDOWS), EDU " open base ");

	ASSERT(line && sscanf(line, EDU " open base %llx", &base) == 1);
	EXPECT(mapped(EDU, edu) > base);
	ASSERT(second >= 0);
	addr = mapped(SECOND, second);
	EXPECT(addr && addr < base);
	close(second);
}

static void bad_arguments(void)
{
	char *buffer = anonymous(2 * EDU_DMA_MAX_LEN, 0);
	struct edu_dma_copy arg = { .len = 8, .reserved = 1 };

	EXPECT(copy(edu, buffer, buffer + PAGE, 0) == -EINVAL);
	EXPECT(copy(edu, buffer + 1, buffer + PAGE, 8) == -EINVAL);
	EXPECT(copy(edu, buffer, buffer + PAGE + 4, 8) == -EINVAL);
	EXPECT(copy(edu, buffer, buffer + PAGE, 12) == -EINVAL);
	EXPECT(copy(edu, buffer, buffer + EDU_DMA_MAX_LEN,
		    EDU_DMA_MAX_LEN + 8) == -E2BIG);
	arg.src = arg.dst = (uintptr_t)buffer;
	EXPECT(ioctl(edu, EDU_DMA_COPY, &arg) && errno == EINVAL);
	EXPECT(ioctl(edu, EDU_DMA_COPY, NULL) && errno == EFAULT);
	EXPECT(ioctl(edu, EDU_DMA_COPY + 1, &arg) && errno == ENOTTY);
	EXPECT(nothing_is_pinned());
}

static void bad_memory(void)
{
	char *buffer = anonymous(4 * PAGE, 0), *good = anonymous(4 * PAGE, 0);

	/* Pages 0 and 3 are there, 1 may not be written, 2 is not there. */
	memset(buffer, 1, 4 * PAGE);
	ASSERT(!mprotect(buffer + PAGE, PAGE, PROT_READ));
	ASSERT(!munmap(buffer + 2 * PAGE, PAGE));
	EXPECT(copy(edu, buffer + 2 * PAGE, good, 8) == -EFAULT);
	EXPECT(copy(edu, good, buffer + 2 * PAGE, 8) == -EFAULT);
	EXPECT(copy(edu, good, buffer + PAGE, 8) == -EFAULT);
	EXPECT(!copy(edu, buffer + PAGE, good, 8));
	EXPECT(copy(edu, buffer + PAGE, good, 2 * PAGE) == -EFAULT);
	EXPECT(copy(edu, buffer, good, 4 * PAGE) == -EFAULT);
	EXPECT(copy(edu, good, buffer, 2 * PAGE) == -EFAULT);
	EXPECT(copy(edu, (void *)-(8UL * PAGE), good, 8) == -EFAULT);
	EXPECT(copy(edu, NULL, good, 8) == -EFAULT);
	EXPECT(nothing_is_pinned());
}

/* Without privileges, with a limit of one page; the exit status is the errno. */
static int copy_limited(size_t len)
{
	struct rlimit limit = { PAGE, PAGE };
	char *buffer = anonymous(4 * PAGE, 0);
	pid_t child = fork();
	int status;

	if (!child) {
		if (setrlimit(RLIMIT_MEMLOCK, &limit) || setuid(1000))
			_exit(EXIT_FAILURE);
		_exit(-copy(edu, buffer, buffer + 2 * PAGE, len));
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ?
	       WEXITSTATUS(status) : -1;
}

static void limit_of_locked_memory(void)
{
	EXPECT(copy_limited(PAGE + 8) == ENOMEM);
	EXPECT(copy_limited(8) == ENOMEM);	/* two buffers of a page */
	EXPECT(nothing_is_pinned());
}

/* A process that copies for long; the exit status is the errno. */
static pid_t copy_long(void)
{
	char *buffer = anonymous(2 * LONG, 0);
	pid_t child = fork();

	if (!child)
		_exit(-copy(edu, buffer, buffer + LONG, LONG));
	usleep(500000);
	return waitpid(child, NULL, WNOHANG) ? -1 : child;
}

/* Within two seconds; its wait status, or -1. */
static int ends(pid_t child)
{
	int tries, status;

	for (tries = 0; tries < 100; tries++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		usleep(20000);
	}
	return -1;
}

static void copies_once(void)
{
	char *buffer = anonymous(2 * PAGE, 0);

	fill(buffer, PAGE);
	EXPECT(!copy(edu, buffer, buffer + PAGE, PAGE));
	EXPECT(!memcmp(buffer, buffer + PAGE, PAGE));
	EXPECT(nothing_is_pinned());
}

static void process_is_killed(void)
{
	pid_t child = copy_long();
	int status;

	ASSERT(child > 0);
	EXPECT(!kill(child, SIGKILL));
	status = ends(child);
	EXPECT(status != -1 && WIFSIGNALED(status));
	copies_once();
}

/* The device goes away in the middle of a copy, as @leave has it, and returns. */
static void expect_left(const char *leave, const char *how, const char *back)
{
	pid_t child = copy_long();
	char *buffer = anonymous(PAGE, 0);
	int status;

	ASSERT(child > 0);
	EXPECT(!write_file(leave, how));
	status = ends(child);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == ENODEV);
	EXPECT(nothing_is_pinned());
	EXPECT(!strstr(read_file(WINDOWS), EDU));
	EXPECT(access(DEVICE(EDU), F_OK));

	/* The file is still open. */
	EXPECT(copy(edu, buffer, buffer + 8, 8) == -ENODEV);
	EXPECT(!write_file(back, strstr(back, "rescan") ? "1" : EDU));
	EXPECT(copy(edu, buffer, buffer + 8, 8) == -ENODEV);
	close(edu);
	edu = open(DEVICE(EDU), O_RDWR);
	ASSERT(edu >= 0);
	copies_once();
}

static void driver_is_unbound(void)
{
	expect_left(DRIVER "unbind", EDU, DRIVER "bind");
}

static void device_is_removed(void)
{
	expect_left(EDU_SYSFS "remove", "1", "/sys/bus/pci/rescan");
}

static void module_is_unloaded(void)
{
	EXPECT(syscall(SYS_delete_module, "edu_dma", O_NONBLOCK) &&
	       errno == EWOULDBLOCK);		/* a file is open */
	close(edu);
	EXPECT(!syscall(SYS_delete_module, "edu_dma", O_NONBLOCK));
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(WINDOWS, "");
}

const struct guest_suite sample_suite = {
	.name	= "sample",
	.tests	= (const struct guest_test []) {
		{ "module_is_loaded", module_is_loaded },
		{ "anonymous_memory", anonymous_memory },
		{ "files", files },
		{ "huge_pages", huge_pages },
		{ "buffers_bypass_where_granted", buffers_bypass_where_granted },
		{ "bad_arguments", bad_arguments },
		{ "bad_memory", bad_memory },
		{ "limit_of_locked_memory", limit_of_locked_memory },
		{ "process_is_killed", process_is_killed },
		{ "driver_is_unbound", driver_is_unbound },
		{ "device_is_removed", device_is_removed },
		{ "module_is_unloaded", module_is_unloaded },
		{ }
	},
};
