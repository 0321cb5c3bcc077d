// SPDX-License-Identifier: GPL-2.0
/*
 * A crash while a disk moves data through its bypass window, open or guarded.  The crash
 * kernel runs the same suite: the dump is all of the memory, has what was there at the
 * crash, and is written to the disk, for which no window is opened there.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"
#include "traced.h"

#define DISK_STATE	DISK_SYSFS "dma_bypass/state"
#define VMCORE		"/proc/vmcore"
#define PAGE		4096
#define LOW		(1 << 20)	/* bytes of memory that no dump has */
#define KERNEL_TEXT	0xffffffff80000000ULL
#define SLOW		2		/* namespace, for one read in a second */
#define KNOWN		256		/* pages of known content */
#define TARGET		16		/* pages behind these, for reads of zeros */

#ifndef SYS_kexec_file_load
#define SYS_kexec_file_load	-1	/* sparc64 has none */
#endif

/* What the first kernel leaves, in a page whose address the command line has. */
union left {
	struct {
		uint64_t	base;	/* of the window */
		uint64_t	memory;	/* bytes that the dump is of */
		uint64_t	pages[KNOWN + TARGET];	/* their addresses */
	};
	char page[PAGE];
};

static uint64_t word(uint64_t phys, int i)
{
	return (phys + i * 8) * 0x9e3779b97f4a7c15ULL;
}

/* Bytes of RAM but those of the crash kernel, and of the first MiB. */
static uint64_t size_of_memory(void)
{
	const char *line = read_file("/proc/iomem");
	uint64_t start, end, size = 0;
	char name[16];

	for (; line; line = strchr(line + 1, '\n')) {
		if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %15[^\n]", &start, &end,
			   name) != 3 || end < LOW)
			continue;
		if (!strcmp(name, "System RAM"))
			size += end + 1 - start;
		if (!strcmp(name, "Crash kernel"))
			size -= end + 1 - start;
	}
	return size;
}

/* The pages of known content; the address of the page that names them. */
static uint64_t leave(char *memory)
{
	union left *left = (union left *)memory;
	uint64_t *words = (uint64_t *)(memory + PAGE);

	memset(left, 0, sizeof(*left));
	left->base = window_of(disk_address());
	left->memory = size_of_memory();
	for (int i = 0; i < KNOWN + TARGET; i++, words += PAGE / 8) {
		words[0] = 1;		/* the page is there */
		left->pages[i] = physical(words);
		for (int j = 0; j < PAGE / 8; j++)
			words[j] = word(left->pages[i], j);
	}
	return physical(memory);
}

static bool load_crash_kernel(uint64_t left)
{
	int kernel = open("/kernel", O_RDONLY);
	int initrd = open("/sys/firmware/initrd", O_RDONLY);
	char line[2048], *reserved;

	snprintf(line, sizeof(line), "nr_cpus=1 left=%#" PRIx64 " %s", left,
		 read_file("/proc/cmdline"));
	reserved = strstr(line, "crashkernel=");
	memset(reserved, ' ', strcspn(reserved, " "));
	return !syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line,
			KEXEC_FILE_ON_CRASH);
}

/* Two reads, the second of which waits in the disk when init, which starts it, ends. */
static bool start_slow_reads(char *memory)
{
	int fd = disk_open(SLOW);
	struct iocb first = {
		.aio_lio_opcode	= IOCB_CMD_PREAD,
		.aio_fildes	= fd,
		.aio_buf	= (uintptr_t)memory,
		.aio_nbytes	= TARGET / 2 * PAGE,
	}, second = first, *reads[] = { &first, &second };
	static struct timespec none;
	struct io_event events[2];
	aio_context_t context = 0;

	second.aio_buf += first.aio_nbytes;
	return !syscall(SYS_io_setup, 2, &context) &&
	       syscall(SYS_io_submit, context, 2, reads) == 2 &&
	       syscall(SYS_io_getevents, context, 0, 2, events, &none) < 2;
}

static bool window_is_ready(void)
{
	return becomes(DISK_STATE, strcmp(read_file(MODE), "guard") ? "open" : "guarded");
}

/* A guarded window makes memory ready when it is mapped for the first time. */
static bool touch(char *target)
{
	int fd = disk_open(SLOW);
	bool read = pread(fd, target, TARGET * PAGE, 0) == TARGET * PAGE;

	usleep(200000);
	return read && !close(fd);
}

/* The pages of processes that are started later are others. */
static void crash_during_dma(void)
{
	struct traced traced;
	uint64_t left;
	char *memory;

	if (!access(VMCORE, F_OK))
		return;			/* it did */
	ASSERT(disk_open(SLOW) >= 0 && mount_trace());
	ASSERT(window_is_ready() && start_io());
	memory = disk_memory();
	ASSERT(memory && touch(memory + (1 + KNOWN) * PAGE));
	left = leave(memory);
	ASSERT(left && load_crash_kernel(left));
	ASSERT(start_trace() && start_slow_reads(memory + (1 + KNOWN) * PAGE));
	ASSERT(stop_trace(disk_address(), window_of(disk_address()), &traced));
	ASSERT(traced.bypassed >= TARGET * PAGE && !traced.translated);
	_exit(EXIT_SUCCESS);		/* of init: the kernel panics */
}

static union {
	Elf64_Ehdr	header;
	char		page[PAGE];
} headers;
static union left left;

static const Elf64_Phdr *segment(int i)
{
	return (Elf64_Phdr *)(headers.page + headers.header.e_phoff) + i;
}

/* This page of the first kernel's memory. */
static bool read_old(int fd, uint64_t phys, void *page)
{
	for (int i = 0; i < headers.header.e_phnum; i++)
		if (segment(i)->p_type == PT_LOAD && phys >= segment(i)->p_paddr &&
		    phys - segment(i)->p_paddr < segment(i)->p_filesz)
			return pread(fd, page, PAGE, segment(i)->p_offset + phys -
				     segment(i)->p_paddr) == PAGE;
	return false;
}

/* The segments lie one behind the other, and those of memory have all of it. */
static void headers_are_those_of_all_memory(void)
{
	int fd = open(VMCORE, O_RDONLY);
	const char *table = getenv("left");
	uint64_t at = PAGE, memory = 0;

	ASSERT(fd >= 0 && table);
	ASSERT(pread(fd, &headers, PAGE, 0) == PAGE);
	ASSERT(!memcmp(&headers, ELFMAG, SELFMAG) &&
	       headers.header.e_phoff + headers.header.e_phnum * sizeof(Elf64_Phdr) <= PAGE);
	ASSERT(read_old(fd, strtoull(table, NULL, 16), &left));
	for (int i = 0; i < headers.header.e_phnum; i++) {
		EXPECT(segment(i)->p_offset / PAGE * PAGE == at);
		at = (segment(i)->p_offset + segment(i)->p_filesz + PAGE - 1) / PAGE * PAGE;
		if (segment(i)->p_type == PT_LOAD && segment(i)->p_vaddr < KERNEL_TEXT)
			memory += segment(i)->p_filesz;
	}
	say("dma-bypass: a dump of %" PRIu64 " bytes, %" PRIu64 " of memory\n", at, memory);
	EXPECT((off_t)at == lseek(fd, 0, SEEK_END));
	EXPECT(memory == left.memory);
}

static void known_pages_are_in_dump(void)
{
	int fd = open(VMCORE, O_RDONLY);
	uint64_t page[PAGE / 8];

	ASSERT(fd >= 0);
	for (int i = 0; i < KNOWN + TARGET; i++) {
		ASSERT(read_old(fd, left.pages[i], page));
		for (int j = 0; j < PAGE / 8; j++)
			ASSERT(page[j] == (i < KNOWN ? word(left.pages[i], j) : 0));
	}
}

static void disk_has_no_window(void)
{
	int fd = disk_open(1);
	struct traced traced;

	ASSERT(fd >= 0 && mount_trace());
	EXPECT(start_trace());
	EXPECT(disk_check(fd, DISK_MOST, PIECES, 0));
	EXPECT(stop_trace(disk_address(), left.base, &traced));
	EXPECT(left.base && !traced.bypassed && traced.translated == 2 * DISK_MOST);
	EXPECT(!traced.unrequested);
	EXPECT_FILE(DISK_SYSFS "iommu_group/type", "DMA");
	EXPECT_FILE(DISK_STATE, "closed");
	EXPECT_FILE(DISK_SYSFS "dma_bypass/reason", "unsupported");
	EXPECT(!strstr(read_file(WINDOWS), disk_address()));
}

/* All of it, which is read again when it is there. */
static void dump_is_written_to_disk(void)
{
	int from = open(VMCORE, O_RDONLY), to = disk_open(1);
	char *memory = disk_memory(), *copy = memory + DISK_MOST;
	long long at = 0, size;
	ssize_t got;

	ASSERT(from >= 0 && to >= 0 && memory);
	size = lseek(from, 0, SEEK_END);
	ASSERT(size > 0 && !lseek(from, 0, SEEK_SET));
	for (; (got = read(from, memory, DISK_MOST)) > 0; at += got)
		ASSERT(pwrite(to, memory, got, at) == got);
	ASSERT(!got && at == size && !lseek(from, 0, SEEK_SET));
	for (at = 0; (got = read(from, memory, DISK_MOST)) > 0; at += got) {
		memset(copy, 0, got);
		ASSERT(pread(to, copy, got, at) == got && !memcmp(memory, copy, got));
	}
	EXPECT(!got && at == size);
}

const struct guest_suite kdump_suite = {
	.name	= "kdump",
	.tests	= (const struct guest_test []) {
		{ "crash_during_dma", crash_during_dma },
		{ "headers_are_those_of_all_memory", headers_are_those_of_all_memory },
		{ "known_pages_are_in_dump", known_pages_are_in_dump },
		{ "disk_has_no_window", disk_has_no_window },
		{ "dump_is_written_to_disk", dump_is_written_to_disk },
		{ }
	},
};
