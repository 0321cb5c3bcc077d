// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend to RAM, with an NVMe disk whose driver requests bypass: its window is the same
 * after it, and what is read is right.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"
#include "traced.h"

#define DISK_STATE	DISK_SYSFS "dma_bypass/state"
#define SUCCESSES	"/sys/power/suspend_stats/success"
#define BRIDGE		"/sys/bus/pci/devices/0000:00:1f.0/config"
#define ACPI		0x40		/* registers there: the base, and whether it is on */
#define ASLEEP		8		/* seconds; the kernel wants 2 of them to get there */
#define TRIES		20		/* until all is in a guarded window */
#define READ_ALL	3		/* of syslog(2) */

static const char *window;		/* the state that is expected */
static unsigned long long base;		/* of the window, or 0 */

static void disk_is_there(void)
{
	int fd = disk_open(2);

	ASSERT(fd >= 0);
	close(fd);
	sleep(1);		/* partitions are looked for */
	ASSERT(mount_trace());
	EXPECT(becomes(DISK_STATE, window));
	base = window_of(disk_address());
	EXPECT(!base == !strcmp(window, "closed"));
	EXPECT(strstr(read_file("/sys/power/mem_sleep"), "[deep]"));
}

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Seconds in which the kernel did not run. */
static double slept(void)
{
	return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
}

/*
 * The alarm ends it: nobody else does.  The firmware leaves it to the operating system
 * to map the registers of ACPI again: without, the machine neither sleeps once more nor
 * powers off.
 */
static void suspend(void)
{
	const struct itimerspec alarm = { .it_value.tv_sec = ASLEEP };
	int fd = timerfd_create(CLOCK_BOOTTIME_ALARM, 0);
	int successes = atoi(read_file(SUCCESSES));
	int bridge = open(BRIDGE, O_RDWR);
	uint64_t expirations, registers;
	double before = slept();

	ASSERT(fd >= 0 && bridge >= 0);
	EXPECT(pread(bridge, &registers, 8, ACPI) == 8);
	EXPECT(!timerfd_settime(fd, 0, &alarm, NULL));
	EXPECT(!write_file("/sys/power/state", "mem"));
	EXPECT(pwrite(bridge, &registers, 8, ACPI) == 8);
	close(bridge);
	EXPECT(read(fd, &expirations, sizeof(expirations)) == sizeof(expirations));
	close(fd);
	EXPECT(atoi(read_file(SUCCESSES)) == successes + 1);
	EXPECT(slept() - before > 1);
	say("dma-bypass: slept %.1f s\n", slept() - before);
}

/* Suspend; what it says of all windows is the same then, and no DMA failed. */
static void suspend_with_window(void)
{
	char *before = strdup(read_file(WINDOWS));
	static char log[1 << 20];
	int len;

	suspend();
	EXPECT_FILE(DISK_STATE, window);
	EXPECT_FILE(WINDOWS, before);
	free(before);
	len = klogctl(READ_ALL, log, sizeof(log) - 1);
	ASSERT(len > 0);
	log[len] = '\0';
	EXPECT(strstr(log, "PM: suspend exit"));
	EXPECT(!strstr(log, "DMAR: DRHD: handling fault"));
	EXPECT(!strstr(log, "nvme nvme0: I/O"));
}

/*
 * Each piece is a mapping of its own.  In a guarded window it is not the first time, which
 * makes memory ready.
 */
static void expect_path(int fd)
{
	struct traced traced;
	int tries = 0;

	do {
		EXPECT(start_trace());
		EXPECT(disk_check(fd, DISK_MOST, PIECES, 0));
		EXPECT(stop_trace(disk_address(), base, &traced));
		EXPECT(!traced.unrequested);
	} while (!strcmp(window, "guarded") && traced.translated && ++tries < TRIES);
	if (base)
		EXPECT(traced.bypassed == 2 * DISK_MOST && !traced.translated);
	else
		EXPECT(!traced.bypassed && traced.translated == 2 * DISK_MOST);
}

/* Data is on the disk, and its driver goes on as before. */
static void while_idle(void)
{
	int fd = disk_open(1);
	char *data = disk_memory(), *copy = malloc(DISK_MOST);

	ASSERT(fd >= 0 && data && copy);
	for (int i = 0; i < DISK_MOST; i++)
		copy[i] = i * 7 + (i >> 9);
	expect_path(fd);
	memcpy(data, copy, DISK_MOST);
	EXPECT(pwrite(fd, data, DISK_MOST, DISK_MOST) == DISK_MOST);
	memset(data, 0, DISK_MOST);
	suspend_with_window();
	EXPECT(pread(fd, data, DISK_MOST, DISK_MOST) == DISK_MOST);
	EXPECT(!memcmp(data, copy, DISK_MOST));
	expect_path(fd);
	free(copy);
	close(fd);
}

/* Processes that read and write are stopped wherever they are. */
static void during_io(void)
{
	ASSERT(start_io());
	for (int i = 0; i < 2; i++) {
		suspend_with_window();
		EXPECT(io_goes_on());
	}
	EXPECT(stop_io());
	EXPECT_FILE(DISK_STATE, window);
}

static void open_disk_is_there(void)
{
	window = "open";
	disk_is_there();
}

static void guarded_disk_is_there(void)
{
	window = "guarded";
	disk_is_there();
}

static void translated_disk_is_there(void)
{
	window = "closed";
	disk_is_there();
}

#define ALL_SUITES							\
	{ "while_idle", while_idle },					\
	{ "during_io", during_io }

const struct guest_suite suspend_open_suite = {
	.name	= "suspend_open",
	.tests	= (const struct guest_test []) {
		{ "open_disk_is_there", open_disk_is_there },
		ALL_SUITES,
		{ }
	},
};

const struct guest_suite suspend_guarded_suite = {
	.name	= "suspend_guarded",
	.tests	= (const struct guest_test []) {
		{ "guarded_disk_is_there", guarded_disk_is_there },
		ALL_SUITES,
		{ }
	},
};

const struct guest_suite suspend_translated_suite = {
	.name	= "suspend_translated",
	.tests	= (const struct guest_test []) {
		{ "translated_disk_is_there", translated_disk_is_there },
		ALL_SUITES,
		{ }
	},
};
