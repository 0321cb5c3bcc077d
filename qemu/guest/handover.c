// SPDX-License-Identifier: GPL-2.0
/*
 * A device that had a bypass window, an open or a guarded one, is handed to a program,
 * and given back.
 *
 * At boot, the KUnit suite dma_bypass_dma or dma_bypass_guard has opened windows for the
 * device and done DMA through them.  The tests go on from each other.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "vfio.h"

#define KUNIT_DIR	"/sys/kernel/debug/kunit/"
#define PAGE		4096
#define IOVA		0x10000000

/* A kind of window. */
struct kind {
	const char	*kunit;		/* the suite that opens it */
	const char	*policy;
	const char	*opened;	/* in the log */
};

static const struct kind open_window = {
	"dma_bypass_dma", "allow", EDU ": bypass window open at ",
}, guarded_window = {
	"dma_bypass_guard", "guard", EDU ": guarded bypass window open at ",
};

static const struct kind *kind;
static uint64_t window;			/* DMA address of physical address 0 */
static uint8_t *mapped, *secret;	/* pages: the device may reach the first */

static int watch_log(int whence)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	lseek(fd, 0, whence);
	return fd;
}

/* Wait for a record with both words; where the second ends, or NULL. */
static const char *find_record(int fd, const char *one, const char *two)
{
	static char record[8192];
	const char *found;
	ssize_t len;
	int tries;

	for (tries = 0; tries < 500; tries++) {
		while ((len = read(fd, record, sizeof(record) - 1)) > 0) {
			record[len] = '\0';
			found = strstr(record, two);
			if (found && strstr(record, one))
				return found + strlen(two);
		}
		usleep(20000);
	}
	return NULL;
}

static const char *kunit_file(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), KUNIT_DIR "%s/%s", kind->kunit, name);
	return path;
}

static bool kunit_passed(void)
{
	const char *results = read_file(kunit_file("results"));
	char passed[64];

	snprintf(passed, sizeof(passed), "\nok 1 %s", kind->kunit);
	return strstr(results, passed) && !strstr(results, "not ok") &&
	       !strstr(results, "# SKIP");
}

static void expect_no_window(void)
{
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(WINDOWS, "");
}

static void fill(uint8_t *page, unsigned int seed)
{
	srandom(seed);
	for (int i = 0; i < PAGE; i++)
		page[i] = random();
}

static void windows_were_open_before(void)
{
	int fd = watch_log(SEEK_SET);
	const char *base = find_record(fd, "edu-kunit", kind->opened);

	close(fd);
	EXPECT(kunit_passed());
	ASSERT(base);
	window = strtoull(base, NULL, 16);
	EXPECT(window);
	expect_no_window();
}

static void open_windows_were_before(void)
{
	kind = &open_window;
	windows_were_open_before();
}

static void guarded_windows_were_before(void)
{
	kind = &guarded_window;
	windows_were_open_before();
}

/* The grant stands, and is worth nothing to the new owner. */
static void vfio_gets_no_window(void)
{
	const char *problem;

	ASSERT(!write_file(POLICY, kind->policy));
	problem = vfio_take();
	if (problem)
		failed(__FILE__, __LINE__, problem);
	EXPECT_FILE(POLICY, kind->policy);
	expect_no_window();
}

static void vfio_maps_memory(void)
{
	static uint8_t before[PAGE];

	mapped = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED,
		      -1, 0);
	ASSERT(mapped != MAP_FAILED);
	secret = mapped + PAGE;
	ASSERT(!vfio_map(mapped, IOVA));

	fill(mapped, 1);
	memcpy(before, mapped, PAGE);
	ASSERT(!edu_fetch(IOVA, EDU_MAX));
	ASSERT(!edu_store(IOVA + EDU_MAX, EDU_MAX));
	EXPECT(!memcmp(mapped, before, EDU_MAX));
	EXPECT(!memcmp(mapped + EDU_MAX, before, EDU_MAX));
}

/* The IOMMU says that it stopped the device at this address. */
static bool faulted(int log, const char *what, uint64_t addr)
{
	char where[64];

	snprintf(where, sizeof(where), "[" EDU "] fault addr 0x%llx ",
		 (unsigned long long)addr);
	return find_record(log, what, where);
}

static void device_reads_nothing_at_window_address(void)
{
	uint64_t addr;
	int log = watch_log(SEEK_END);

	ASSERT(vfio_has_device() && secret && window && physical(secret));
	fill(secret, 2);
	fill(mapped, 3);
	addr = window + physical(secret);
	ASSERT(!edu_fetch(addr, EDU_MAX));
	EXPECT(faulted(log, "[DMA Read", addr));
	close(log);
	ASSERT(!edu_store(IOVA, EDU_MAX));
	EXPECT(memcmp(mapped, secret, 16));
}

static void device_writes_nothing_at_window_address(void)
{
	static uint8_t before[PAGE];
	uint64_t addr;
	int log = watch_log(SEEK_END);

	ASSERT(vfio_has_device() && secret && window && physical(secret));
	fill(secret, 4);
	memcpy(before, secret, PAGE);
	fill(mapped, 5);
	addr = window + physical(secret);
	ASSERT(!edu_fetch(IOVA, EDU_MAX));
	ASSERT(!edu_store(addr, EDU_MAX));
	EXPECT(faulted(log, "[DMA Write", addr));
	close(log);
	EXPECT(!memcmp(secret, before, PAGE));
}

static void policy_opens_nothing_for_vfio(void)
{
	ASSERT(vfio_has_device());
	EXPECT(!write_file(POLICY, "deny"));
	expect_no_window();
	EXPECT(!write_file(POLICY, kind->policy));
	expect_no_window();
}

static void vfio_gives_back(void)
{
	EXPECT(!vfio_unmap(IOVA));
	EXPECT(!vfio_give_back());
	EXPECT(access(EDU_SYSFS "driver", F_OK));
	expect_no_window();
}

static void other_domains_have_no_window(void)
{
	EXPECT_FILE(group_file("type"), "DMA");
	ASSERT(!write_file(group_file("type"), "identity"));
	EXPECT_FILE(group_file("type"), "identity");
	EXPECT_FILE(REASON, "direct");
	expect_no_window();
	ASSERT(!write_file(group_file("type"), "DMA-FQ"));
	expect_no_window();
	ASSERT(!write_file(group_file("type"), "DMA"));
	EXPECT_FILE(group_file("type"), "DMA");
	expect_no_window();
}

/* Its driver asks again, and all works as before. */
static void windows_open_again(void)
{
	int log = watch_log(SEEK_END);

	EXPECT(!write_file(kunit_file("run"), "run"));
	EXPECT(find_record(log, "edu-kunit", kind->opened));
	close(log);
	EXPECT(kunit_passed());
	expect_no_window();
}

#define BOTH_SUITES							\
	{ "vfio_gets_no_window", vfio_gets_no_window },			\
	{ "vfio_maps_memory", vfio_maps_memory },			\
	{ "device_reads_nothing_at_window_address",			\
	  device_reads_nothing_at_window_address },			\
	{ "device_writes_nothing_at_window_address",			\
	  device_writes_nothing_at_window_address },			\
	{ "policy_opens_nothing_for_vfio", policy_opens_nothing_for_vfio }, \
	{ "vfio_gives_back", vfio_gives_back },				\
	{ "other_domains_have_no_window", other_domains_have_no_window }, \
	{ "windows_open_again", windows_open_again }

const struct guest_suite vfio_suite = {
	.name	= "dma_bypass_vfio",
	.tests	= (const struct guest_test []) {
		{ "windows_were_open_before", open_windows_were_before },
		BOTH_SUITES,
		{ }
	},
};

const struct guest_suite vfio_guard_suite = {
	.name	= "dma_bypass_vfio_guard",
	.tests	= (const struct guest_test []) {
		{ "windows_were_open_before", guarded_windows_were_before },
		BOTH_SUITES,
		{ }
	},
};
