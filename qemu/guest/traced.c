// SPDX-License-Identifier: GPL-2.0
/*
 * What the driver of a device maps and allocates.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest.h"
#include "traced.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define GUARDED_MOST	65536		/* bytes of a mapping in a guarded window */
#define SUBMITTED	" qi_submit: "
#define IOTLB_PAGES(type) (((type) >> 4 & 3) == 3)	/* and not of a domain or all */
#define MAX_RANGES	16

static struct {
	unsigned long long start, size;
} ranges[MAX_RANGES];			/* of an open window */
static int nr_ranges;

bool mount_trace(void)
{
	return !mount("tracefs", TRACEFS, "tracefs", 0, NULL) &&
	       !write_file(TRACEFS "buffer_size_kb", "1024") &&
	       !write_file(TRACEFS "events/dma/dma_map_phys/enable", "1") &&
	       !write_file(TRACEFS "events/dma/dma_unmap_phys/enable", "1") &&
	       !write_file(TRACEFS "events/dma/dma_alloc/enable", "1");
}

bool trace_invalidations(void)
{
	return !write_file(TRACEFS "events/intel_iommu/qi_submit/enable", "1");
}

bool start_trace(void)
{
	int fd = open(TRACEFS "trace", O_WRONLY | O_TRUNC);	/* clears it */

	return fd >= 0 && !close(fd) && !write_file(TRACEFS "tracing_on", "1");
}

static unsigned long long value(const char *line, const char *name, int radix)
{
	const char *found = strstr(line, name);

	return found ? strtoull(found + strlen(name), NULL, radix) : 0;
}

static void read_ranges(const char *device)
{
	const char *line = strstr(read_file(WINDOWS), device);
	char state[16];

	nr_ranges = 0;
	if (!line || sscanf(line, "%*s %15s", state) != 1 || strcmp(state, "open"))
		return;
	while (nr_ranges < MAX_RANGES && (line = strchr(line, '\n')) &&
	       sscanf(++line, " %llx size %llx", &ranges[nr_ranges].start,
		      &ranges[nr_ranges].size) == 2)
		nr_ranges++;
}

/* The kernel frees some of its image, which no window has. */
static bool is_left_out(unsigned long long phys)
{
	for (int i = 0; i < nr_ranges; i++)
		if (phys - ranges[i].start < ranges[i].size)
			return false;
	return nr_ranges;
}

static void add_mapping(struct traced *traced, const char *line,
			unsigned long long base)
{
	unsigned long long size = value(line, " size=", 10);
	unsigned long long phys = value(line, " phys_addr=", 16);

	if (!strstr(line, "IOMMU_BYPASS"))
		traced->unrequested += size;
	if (base && (value(line, " dma_addr=", 16) == base + phys || is_left_out(phys))) {
		traced->bypassed += size;
	} else {
		traced->translated += size;
		if (size > GUARDED_MOST)
			traced->long_ones += size;
	}
}

static void add_allocation(struct traced *traced, const char *line,
			   unsigned long long base)
{
	unsigned long long size = value(line, " size=", 10);

	traced->allocated += size;
	if (base && value(line, " dma_addr=", 16) >= base)
		traced->allocated_bypassed += size;
}

static unsigned long long place;	/* of the last invalidation of the IOTLB */
static unsigned int shift;		/* its size, or 0 if that of a device TLB came */

/*
 * What is invalidated together is submitted together.  An invalidation of the IOTLB is of
 * a domain, or of so many pages, whose place that of the device TLB has to be in.
 */
static void add_invalidation(struct traced *traced, const char *kind)
{
	unsigned long long type, where;

	if (sscanf(kind, "%*s %*s %llx %llx", &type, &where) != 2)
		return;
	if (shift && !strncmp(kind, "dev_tlb_inv ", 12) && where >> shift == place >> shift)
		traced->with_device_tlb++;
	else if (shift)
		traced->without_device_tlb++;
	shift = 0;
	if (strncmp(kind, "iotlb_inv ", 10))
		return;
	place = where;
	shift = IOTLB_PAGES(type) ? 12 + (where & 0x3f) : 63;
}

bool stop_trace(const char *device, unsigned long long base, struct traced *traced)
{
	bool stopped = !write_file(TRACEFS "tracing_on", "0");
	static char text[1 << 20];
	char *line, *next = text, mapped[64], unmapped[64], allocated[64];

	read_ranges(device);
	snprintf(mapped, sizeof(mapped), " dma_map_phys: %s ", device);
	snprintf(unmapped, sizeof(unmapped), " dma_unmap_phys: %s ", device);
	snprintf(allocated, sizeof(allocated), " dma_alloc: %s ", device);
	strcpy(text, read_file(TRACEFS "trace"));
	if (strlen(text) >= sizeof(text) - 2)	/* there is more than this */
		*strrchr(text, '\n') = '\0';
	memset(traced, 0, sizeof(*traced));
	shift = 0;
	while ((line = strsep(&next, "\n"))) {
		if (strstr(line, mapped))
			add_mapping(traced, line, base);
		if (strstr(line, unmapped))
			traced->unmapped += value(line, " size=", 10);
		if (strstr(line, allocated))
			add_allocation(traced, line, base);
		if (strstr(line, SUBMITTED))
			add_invalidation(traced, strstr(line, SUBMITTED) +
					 strlen(SUBMITTED));
	}
	say("dma-bypass: bypassed %llu, translated %llu, unrequested %llu bytes; %llu long; device TLBs %u, not %u\n",
	    traced->bypassed, traced->translated, traced->unrequested,
	    traced->long_ones, traced->with_device_tlb,
	    traced->without_device_tlb);
	return stopped;
}

unsigned long long window_of(const char *device)
{
	unsigned long long base;
	const char *found = strstr(read_file(WINDOWS), device);

	return found && sscanf(found, "%*s %*s base %llx", &base) == 1 ? base : 0;
}

bool becomes(const char *path, const char *line)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (!strcmp(read_file(path), line))
			return true;
		usleep(20000);
	}
	return false;
}
