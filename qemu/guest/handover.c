// SPDX-License-Identifier: GPL-2.0
/*
 * A device that had a bypass window is handed to a program, and given back.
 *
 * At boot, the KUnit suite dma_bypass_dma has opened windows for the device
 * and done DMA through them.  The tests go on from each other.
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

#define KUNIT		"dma_bypass_dma"
#define KUNIT_DIR	"/sys/kernel/debug/kunit/" KUNIT "/"
#define PAGE		4096
#define IOVA		0x10000000
#define OPENED		EDU ": bypass window open at "
#define PRESENT	(1ULL << 63)	/* of an entry of pagemap */
#define PFN_MASK	((1ULL << 55) - 1)

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

static bool kunit_passed(void)
{
	const char *results = read_file(KUNIT_DIR "results");

	return strstr(results, "\nok 1 " KUNIT) && !strstr(results, "not ok") &&
	       !strstr(results, "# SKIP");
}

static void expect_no_window(void)
{
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(WINDOWS, "");
}

static uint64_t physical(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;
	ssize_t got = pread(fd, &entry, sizeof(entry),
			    (uintptr_t)page / PAGE * sizeof(entry));

	close(fd);
	if (got != sizeof(entry) || !(entry & PRESENT))
		return 0;
	return (entry & PFN_MASK) * PAGE;
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
	const char *base = find_record(fd, "edu-kunit", OPENED);

	close(fd);
	EXPECT(kunit_passed());
	ASSERT(base);
	window = strtoull(base, NULL, 16);
	EXPECT(window);
	expect_no_window();
}

/* The grant stands, and is worth nothing to the new owner. */
static void vfio_gets_no_window(void)
{
	const char *problem;

	ASSERT(!write_file(POLICY, "allow"));
	problem = vfio_take();
	if (problem)
		failed(__FILE__, __LINE__, problem);
	EXPECT_FILE(POLICY, "allow");
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
	EXPECT(!write_file(POLICY, "allow"));
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

	EXPECT(!write_file(KUNIT_DIR "run", "run"));
	EXPECT(find_record(log, "edu-kunit", OPENED));
	close(log);
	EXPECT(kunit_passed());
	expect_no_window();
}

const struct guest_suite vfio_suite = {
	.name	= "dma_bypass_vfio",
	.tests	= (const struct guest_test []) {
		{ "windows_were_open_before", windows_were_open_before },
		{ "vfio_gets_no_window", vfio_gets_no_window },
		{ "vfio_maps_memory", vfio_maps_memory },
		{ "device_reads_nothing_at_window_address",
		  device_reads_nothing_at_window_address },
		{ "device_writes_nothing_at_window_address",
		  device_writes_nothing_at_window_address },
		{ "policy_opens_nothing_for_vfio", policy_opens_nothing_for_vfio },
		{ "vfio_gives_back", vfio_gives_back },
		{ "other_domains_have_no_window", other_domains_have_no_window },
		{ "windows_open_again", windows_open_again },
		{ }
	},
};
