// SPDX-License-Identifier: GPL-2.0
/*
 * Runs suites, and what these share.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define PRESENT		(1ULL << 63)	/* of an entry of pagemap */
#define PFN_MASK	((1ULL << 55) - 1)

static bool test_failed;

int say(const char *format, ...)
{
	FILE *log = fopen("/dev/kmsg", "w");	/* each time: it limits the rate */
	va_list args;

	if (!log) {
		perror("/dev/kmsg");
		return -1;
	}
	va_start(args, format);
	vfprintf(log, format, args);
	va_end(args);
	return fclose(log);
}

void failed(const char *file, int line, const char *what)
{
	const char *base = strrchr(file, '/');

	test_failed = true;
	say("dma-bypass: %s:%d: not true: %s\n", base ? base + 1 : file, line,
	    what);
}

/* Not before the end: KUnit prints results when a test has it run a suite. */
static void print_results(const struct guest_suite *suite, const bool *ok,
			  int nr)
{
	bool all = true;
	int i;

	say("KTAP version 1\n");
	say("1..1\n");
	say("    # Subtest: %s\n", suite->name);
	say("    1..%d\n", nr);
	for (i = 0; i < nr; i++) {
		say("    %sok %d %s\n", ok[i] ? "" : "not ", i + 1,
		    suite->tests[i].name);
		all &= ok[i];
	}
	say("%sok 1 %s\n", all ? "" : "not ", suite->name);
}

void run_suite(const struct guest_suite *suite)
{
	int i, nr = 0;

	while (suite->tests[nr].name)
		nr++;

	bool ok[nr];

	for (i = 0; i < nr; i++) {
		say("dma-bypass: test %s\n", suite->tests[i].name);
		test_failed = false;
		suite->tests[i].run();
		ok[i] = !test_failed;
	}
	print_results(suite, ok, nr);
}

const char *read_file(const char *path)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
		return text;
	}
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

bool expect_file(const char *file, int number, const char *path,
		 const char *line)
{
	const char *found = read_file(path);
	char what[512];

	if (!strcmp(found, line))
		return true;
	snprintf(what, sizeof(what), "%s is \"%s\", it is \"%.200s\"", path,
		 line, found);
	failed(file, number, what);
	return false;
}

int run_program(char * const argv[], const char **said)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (!child) {
		if (!freopen("/said", "w", stdout))
			_exit(EXIT_FAILURE);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(child, &status, 0);
	*said = read_file("/said");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int bind_driver(const char *device, const char *driver)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 device);
	err = write_file(path, driver);
	return err ?: write_file("/sys/bus/pci/drivers_probe", device);
}

uint64_t physical(const void *memory)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uintptr_t addr = (uintptr_t)memory, size = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;
	ssize_t got = pread(fd, &entry, sizeof(entry), addr / size * sizeof(entry));

	close(fd);
	if (got != sizeof(entry) || !(entry & PRESENT))
		return 0;
	return (entry & PFN_MASK) * size + addr % size;
}

bool note_uevents(bool on)
{
	if (on)
		unlink(UEVENTS);
	return !write_file("/sys/kernel/uevent_helper", on ? "/init" : "\n");
}

static int count_uevents(const char *word)
{
	const char *found = read_file(UEVENTS);
	int nr;

	for (nr = 0; (found = strstr(found, word)); nr++)
		found++;
	return nr;
}

int uevents(const char *word, int wanted)
{
	int tries, nr;

	for (tries = 0; tries < 500; tries++) {
		nr = count_uevents(word);
		if (nr >= wanted)
			break;
		usleep(20000);
	}
	return nr;
}

int all_uevents(const char *word)
{
	sleep(2);
	return count_uevents(word);
}

const char *group_file(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), EDU_SYSFS "iommu_group/%s", name);
	return path;
}

static long long vmstat(const char *name)
{
	const char *found = strstr(read_file("/proc/vmstat"), name);

	return found ? atoll(found + strlen(name)) : -1;
}

bool nothing_is_pinned(void)
{
	long long acquired, released;

	if (write_file("/proc/sys/vm/stat_refresh", "1"))
		return false;
	acquired = vmstat("nr_foll_pin_acquired ");
	released = vmstat("nr_foll_pin_released ");
	if (acquired != released)
		say("dma-bypass: pinned %lld, released %lld\n", acquired,
		    released);
	return acquired > 0 && acquired == released &&
	       strstr(read_file("/proc/self/status"), "VmLck:\t       0 kB");
}
