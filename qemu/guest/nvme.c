// SPDX-License-Identifier: GPL-2.0
/*
 * An NVMe disk whose driver requests bypass for data: in a window where it is
 * granted, in a guarded one where it is confined, translated where neither is, and
 * right in any case.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"
#include "traced.h"

#define DISK_POLICY	DISK_SYSFS "dma_bypass/policy"
#define DISK_STATE	DISK_SYSFS "dma_bypass/state"
#define DISK_REASON	DISK_SYSFS "dma_bypass/reason"
#define BLOCK		512
#define METADATA	8		/* bytes of it for a block of namespace 2 */
#define FLUSH		0		/* opcodes */
#define WRITE		1
#define READ		2
#define TRIES		20		/* until all that fits is in a guarded window */

static const char *window = "closed";	/* the state that is expected */
static unsigned long long base;		/* of the window, or 0 */
static struct traced traced;

static bool is_expected(const char *state)
{
	return !strcmp(window, state);
}

/* The window is there, if there is to be one. */
static bool is_ready(void)
{
	base = 0;
	if (is_expected("closed"))
		return !strcmp(read_file(DISK_STATE), "closed") &&
		       !strstr(read_file(WINDOWS), disk_address());
	if (becomes(DISK_STATE, window))
		base = window_of(disk_address());
	return base;
}

static void disk_is_there(void)
{
	int fd = disk_open(2);

	ASSERT(fd >= 0);
	close(fd);
	sleep(1);		/* partitions are looked for */
	/* A page of 64 KiB has more pieces of metadata than dma-debug counts in a cache line. */
	if (sysconf(_SC_PAGESIZE) / BLOCK * METADATA > 64)
		say("# expect-console: WARNING: at add_dma_entry\n");
	ASSERT(mount_trace());
	EXPECT(is_ready());
	if (base)
		EXPECT_FILE(DISK_REASON, "granted");
}

/* Of what was traced since it was started. */
static bool evaluate_trace(void)
{
	return stop_trace(disk_address(), base, &traced);
}

/*
 * Whether to do it again: a guarded window makes memory ready when it is first mapped,
 * and translates what meets another processor at the same page.
 */
static bool is_warming(int *tries)
{
	EXPECT(evaluate_trace());
	EXPECT(!traced.unrequested);
	return is_expected("guarded") && traced.translated != traced.long_ones &&
	       ++*tries < TRIES;
}

/*
 * What was traced is so many bytes, of which a guarded window takes that many: those
 * of an IOVA range are not traced.
 */
static void expect_data(unsigned long long bytes, unsigned long long guarded)
{
	if (is_expected("closed")) {
		EXPECT(!traced.bypassed);
		EXPECT(traced.translated && traced.translated <= bytes);
	} else if (is_expected("open")) {
		EXPECT(traced.bypassed == bytes);
		EXPECT(!traced.translated);
	} else {
		EXPECT(traced.bypassed >= guarded);
		EXPECT(traced.translated == traced.long_ones);
		EXPECT(traced.bypassed + traced.translated <= bytes);
	}
}

/* The block layer makes one IOVA range of data, unless it is one page or has gaps. */
static bool has_no_range(size_t size, enum shape shape)
{
	return shape == PIECES || size == BLOCK || (shape == PAGES && size <= 4096);
}

static void transfer(int ns, size_t metadata)
{
	static const size_t sizes[] = { 512, 4096, 8192, 12288, 65536, 131072,
					DISK_MOST };
	unsigned long long bytes, ranges;
	int fd = disk_open(ns);
	int tries = 0;

	ASSERT(fd >= 0);
	for (int shape = 0; shape < NR_SHAPES; shape++) {
		do {
			bytes = ranges = 0;
			EXPECT(start_trace());
			for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
				EXPECT(disk_check(fd, sizes[i], shape, i << 20));
				bytes += 2 * (sizes[i] + sizes[i] / BLOCK * metadata);
				if (!has_no_range(sizes[i], shape))
					ranges += 2 * sizes[i];
			}
		} while (is_warming(&tries));
		expect_data(bytes, bytes - ranges);
	}
	close(fd);
}

static void data_of_all_sizes(void)
{
	transfer(1, 0);
}

static void data_with_metadata(void)
{
	transfer(2, METADATA);
}

/* SGLs, for metadata too. */
static void commands_of_users(void)
{
	enum { DATA = 8 * BLOCK, META = 8 * METADATA };
	char *data = disk_memory(), *metadata = data + 2 * DATA;
	struct nvme_passthru_cmd command = {
		.nsid		= 2,
		.addr		= (uintptr_t)data,
		.data_len	= DATA,
		.metadata	= (uintptr_t)metadata,
		.metadata_len	= META,
		.cdw12		= 7,	/* blocks but one; nothing is checked */
	};
	int fd = disk_open(2);
	int tries = 0;

	ASSERT(fd >= 0 && data);
	do {
		memset(data, 0x5a, DATA);
		memset(metadata, 0xa5, META);
		EXPECT(start_trace());
		command.opcode = WRITE;
		EXPECT(!ioctl(fd, NVME_IOCTL_IO_CMD, &command));
		memset(data, 0, DATA);
		memset(metadata, 0, META);
		command.opcode = READ;
		EXPECT(!ioctl(fd, NVME_IOCTL_IO_CMD, &command));
	} while (is_warming(&tries));
	expect_data(2 * (DATA + META), 2 * (DATA + META));
	for (unsigned int i = 0; i < DATA; i++)
		ASSERT(data[i] == 0x5a);
	for (unsigned int i = 0; i < META; i++)
		ASSERT(metadata[i] == (char)0xa5);
	close(fd);
}

/* A command with a buffer of a program's: 0, the disk's status or a negative errno. */
static int command_of_user(int fd, int opcode, void *data, size_t len, unsigned int block)
{
	struct nvme_passthru_cmd command = {
		.opcode		= opcode,
		.nsid		= 1,
		.addr		= (uintptr_t)data,
		.data_len	= len,
		.cdw10		= block,
		.cdw12		= len ? len / BLOCK - 1 : 0,
	};
	int status = ioctl(fd, NVME_IOCTL_IO_CMD, &command);

	return status < 0 ? -errno : status;
}

/* Of what was traced since it was started, all is unmapped, and so many bytes are it. */
static void expect_unmapped(unsigned long long bytes)
{
	EXPECT(evaluate_trace());
	EXPECT(traced.bypassed + traced.translated == bytes);
	EXPECT(traced.unmapped == bytes);
	EXPECT(nothing_is_pinned());
}

/* Four pages, of which the second may not be written, and the third is not there. */
static char *bad_memory(size_t page)
{
	char *memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	memset(memory, 1, 4 * page);
	if (mprotect(memory + page, page, PROT_READ) ||
	    munmap(memory + 2 * page, page))
		return NULL;
	return memory;
}

/* A program gets an errno, and nothing of it is mapped or pinned. */
static void bad_memory_of_users(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = bad_memory(page), *kernel = (char *)-(8 * page);
	int fd = disk_open(1);

	ASSERT(fd >= 0 && memory);
	EXPECT(start_trace());
	EXPECT(command_of_user(fd, READ, memory + 2 * page, page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, WRITE, memory + 2 * page, page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, READ, memory + page, page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, READ, memory, 2 * page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, WRITE, memory, 4 * page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, WRITE, memory + 1, 3 * page, 0) == -EFAULT);
	EXPECT(command_of_user(fd, WRITE, kernel, page, 0) == -EFAULT);
	EXPECT(pread(fd, memory + 2 * page, page, 0) == -1 && errno == EFAULT);
	EXPECT(pread(fd, memory + page, page, 0) == -1 && errno == EFAULT);
	EXPECT(pwrite(fd, kernel, page, 0) == -1 && errno == EFAULT);
	EXPECT(pread(fd, memory + 1, BLOCK, 0) == -1 && errno == EINVAL);
	EXPECT(pread(fd, memory, BLOCK, 8) == -1 && errno == EINVAL);
	EXPECT(pread(fd, memory, BLOCK + 8, 0) == -1 && errno == EINVAL);
	EXPECT(!pread(fd, memory, 0, 0));
	EXPECT(!command_of_user(fd, FLUSH, memory, 0, 0));
	expect_unmapped(0);
	close(fd);
}

/* What the disk refuses is mapped until then; what is read only may be written from. */
static void refused_commands_of_users(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = bad_memory(page);
	int fd = disk_open(1);

	ASSERT(fd >= 0 && memory);
	EXPECT(start_trace());
	EXPECT(command_of_user(fd, READ, memory, BLOCK, -1) > 0);
	EXPECT(command_of_user(fd, WRITE, memory, BLOCK, -1) > 0);
	EXPECT(!command_of_user(fd, WRITE, memory + page, BLOCK, 0));
	expect_unmapped(3 * BLOCK);
	munmap(memory, 4 * page);
	close(fd);
}

static bool unbind(void)
{
	return !write_file(DISK_DRIVER "unbind", disk_address());
}

static bool bind(void)
{
	return !write_file(DISK_DRIVER "bind", disk_address());
}

/* Each mapping of the probe requests bypass; what is allocated is translated. */
static void queues_are_translated(void)
{
	int fd;

	ASSERT(unbind());
	EXPECT_FILE(DISK_STATE, "closed");
	EXPECT(start_trace());
	ASSERT(bind());
	fd = disk_open(1);
	EXPECT(fd >= 0);
	EXPECT(disk_check(fd, DISK_MOST, PAGES, 0));
	close(fd);
	EXPECT(is_ready());
	EXPECT(evaluate_trace());
	EXPECT(traced.allocated >= 2 * 16384);
	EXPECT(!traced.allocated_bypassed);
	EXPECT(!traced.unrequested);
	EXPECT(traced.translated);	/* before the window is open, or always */
}

/* What is mapped during I/O goes the way that the policy says. */
static void expect_policy(const char *policy, const char *state)
{
	EXPECT(!write_file(DISK_POLICY, policy));
	EXPECT(becomes(DISK_STATE, state));
	EXPECT(io_goes_on());
	EXPECT(start_trace());
	EXPECT(io_goes_on());
	EXPECT(evaluate_trace());
	EXPECT(!traced.unrequested);
	if (!strcmp(state, "draining"))
		EXPECT(!traced.bypassed && traced.translated);
	else if (!strcmp(state, "open"))
		EXPECT(traced.bypassed && !traced.translated);
	else
		EXPECT(traced.bypassed);
}

/* The other kind of window does not open before the driver is bound again. */
static void policy_changes_during_io(void)
{
	const char *before = strdup(read_file(DISK_POLICY));
	bool guarded = is_expected("guarded");

	ASSERT(start_io());
	for (int i = 0; i < 3; i++) {
		expect_policy("deny", "draining");
		expect_policy(guarded ? "allow" : "guard", "draining");
		expect_policy(guarded ? "guard" : "allow", window);
	}
	EXPECT(!write_file(DISK_POLICY, before));
	EXPECT(stop_io());
	EXPECT_FILE(DISK_STATE, window);
}

static bool rebind(void)
{
	return unbind() && !strstr(read_file(WINDOWS), disk_address()) && bind();
}

static void expect_kind(const char *policy, const char *state)
{
	window = state;
	EXPECT(!write_file(DISK_POLICY, policy));
	EXPECT_FILE(DISK_STATE, "draining");
	EXPECT(rebind());
	EXPECT(is_ready());
}

/*
 * An open window, and a guarded one again, each from when the driver is bound on.  The
 * processes choose memory that an open one maps.
 */
static void other_kind_during_io(void)
{
	const char *before = strdup(read_file(DISK_POLICY));

	expect_kind("allow", "open");
	ASSERT(start_io());
	for (int i = 0; i < 3; i++) {
		expect_policy("allow", "open");
		expect_kind("guard", "guarded");
		expect_policy("guard", "guarded");
		if (i < 2)
			expect_kind("allow", "open");
	}
	EXPECT(!write_file(DISK_POLICY, before));
	EXPECT(stop_io());
	EXPECT_FILE(DISK_STATE, "guarded");
}

static void policy_cannot_be_loosened(void)
{
	if (!strcmp(read_file(MODE), "never"))
		EXPECT(write_file(DISK_POLICY, "allow"));
	EXPECT(!write_file(DISK_POLICY, "deny"));
	EXPECT_FILE(DISK_STATE, "closed");
	EXPECT(!write_file(DISK_POLICY, "default"));
}

static void reset(void)
{
	char path[128];

	snprintf(path, sizeof(path), DISK_SYSFS "nvme/%s/reset_controller",
		 disk_controller());
	EXPECT(!write_file(path, "1"));
}

static void reset_during_io(void)
{
	ASSERT(start_io());
	for (int i = 0; i < 3; i++) {
		reset();
		EXPECT(io_goes_on());
	}
	EXPECT(stop_io());
	EXPECT(is_ready());
}

/* The driver finds the window closed: its mappings are those of a disk without one. */
static void denied_disk_is_translated(void)
{
	const char *before = strdup(read_file(DISK_POLICY)), *state = window;

	EXPECT(!write_file(DISK_POLICY, "deny"));
	window = "closed";
	ASSERT(rebind());
	EXPECT(is_ready());
	EXPECT_FILE(DISK_REASON, "policy");
	data_of_all_sizes();
	data_with_metadata();
	commands_of_users();
	reset_during_io();
	EXPECT(!write_file(DISK_POLICY, before));
	window = state;
	ASSERT(rebind());
	EXPECT(is_ready());
	commands_of_users();
}

static void unbind_during_io(void)
{
	ASSERT(start_io());
	for (int i = 0; i < 3; i++) {
		EXPECT(unbind());
		EXPECT_FILE(DISK_STATE, "closed");
		EXPECT(!strstr(read_file(WINDOWS), disk_address()));
		EXPECT(bind());
		EXPECT(io_goes_on());
		EXPECT(is_ready());
	}
	EXPECT(stop_io());
}

static void removal_during_io(void)
{
	ASSERT(start_io());
	for (int i = 0; i < 3; i++) {
		EXPECT(!write_file(DISK_SYSFS "remove", "1"));
		EXPECT(access(DISK_SYSFS, F_OK));
		EXPECT(!strstr(read_file(WINDOWS), disk_address()));
		EXPECT(!write_file("/sys/bus/pci/rescan", "1"));
		EXPECT(io_goes_on());
		EXPECT(is_ready());
	}
	EXPECT(stop_io());
}

/* Take the power off the disk's slot: QEMU removes what is in it.  Whether it is gone. */
static bool pull_out(void)
{
	static const uint16_t off = 0x0700;	/* of the slot's control: the indicator, too */
	int port = open(DISK_SYSFS "../config", O_RDWR);
	int disk = open(DISK_SYSFS "config", O_RDONLY);
	uint8_t at = 0x34, id = 0;
	uint16_t vendor = 0;

	while (pread(port, &at, 1, at) == 1 && at &&
	       pread(port, &id, 1, at) == 1 && id != 0x10)	/* PCI Express */
		at++;
	return pwrite(port, &off, 2, at + 0x18) == 2 &&
	       pread(disk, &vendor, 2, 0) == 2 && vendor == 0xffff;
}

/* Commands never end.  The driver unmaps them when it finds out that the disk is gone. */
static void pulled_out_during_io(void)
{
	EXPECT(start_trace());
	ASSERT(start_io());
	ASSERT(pull_out());
	EXPECT(!write_file(DISK_SYSFS "remove", "1"));
	EXPECT(access(DISK_SYSFS, F_OK));
	EXPECT(!strstr(read_file(WINDOWS), disk_address()));
	EXPECT(stop_io());
	EXPECT(evaluate_trace());
	EXPECT(traced.bypassed && !traced.translated);
	EXPECT(traced.unmapped == traced.bypassed);
	EXPECT(nothing_is_pinned());
}

static void bypassed_disk_is_there(void)
{
	window = "open";
	disk_is_there();
}

static void guarded_disk_is_there(void)
{
	window = "guarded";
	disk_is_there();
}

#define BOTH_SUITES							\
	{ "data_of_all_sizes", data_of_all_sizes },			\
	{ "data_with_metadata", data_with_metadata },			\
	{ "commands_of_users", commands_of_users },			\
	{ "bad_memory_of_users", bad_memory_of_users },			\
	{ "refused_commands_of_users", refused_commands_of_users },	\
	{ "queues_are_translated", queues_are_translated },		\
	{ "reset_during_io", reset_during_io },				\
	{ "unbind_during_io", unbind_during_io },			\
	{ "removal_during_io", removal_during_io }

#define WINDOW_SUITES							\
	BOTH_SUITES,							\
	{ "policy_changes_during_io", policy_changes_during_io },	\
	{ "denied_disk_is_translated", denied_disk_is_translated }

const struct guest_suite nvme_bypassed_suite = {
	.name	= "nvme_bypassed",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", bypassed_disk_is_there },
		WINDOW_SUITES,
		{ }
	},
};

const struct guest_suite nvme_pulled_suite = {
	.name	= "nvme_pulled",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", bypassed_disk_is_there },
		{ "pulled_out_during_io", pulled_out_during_io },
		{ }
	},
};

const struct guest_suite nvme_guarded_suite = {
	.name	= "nvme_guarded",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", guarded_disk_is_there },
		WINDOW_SUITES,
		{ "other_kind_during_io", other_kind_during_io },
		{ }
	},
};

const struct guest_suite nvme_translated_suite = {
	.name	= "nvme_translated",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", disk_is_there },
		BOTH_SUITES,
		{ "policy_cannot_be_loosened", policy_cannot_be_loosened },
		{ }
	},
};
