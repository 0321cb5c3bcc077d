// SPDX-License-Identifier: GPL-2.0
/*
 * What the trace events recorded of the KUnit suite that ran at boot: the command
 * line has them recorded.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "guest.h"

#define TRACEFS		"/sys/kernel/tracing"
#define TRACE		TRACEFS "/trace"
#define SIZE_1G		(1ULL << 30)

static unsigned long long base;	/* of the window that was opened */

/* What follows the name of an event about the device, or NULL. */
static const char *find_event(const char *name)
{
	char start[64];
	const char *found;

	snprintf(start, sizeof(start), " %s: " EDU " ", name);
	found = strstr(read_file(TRACE), start);
	return found ? found + strlen(start) : NULL;
}

static void expect_window(const char *event)
{
	const char *fields = find_event(event);
	unsigned long long size;
	unsigned int ranges;

	ASSERT(fields);
	ASSERT(sscanf(fields, "base=%llx size=%llx ranges=%u", &base, &size,
		      &ranges) == 3);
	EXPECT(base >= size && !(base & (base - 1)));
	EXPECT(size >= 6 * SIZE_1G);
	EXPECT(ranges >= 2);
}

static void opening_is_traced(void)
{
	ASSERT(!mount("tracefs", TRACEFS, "tracefs", 0, NULL));
	expect_window("dma_bypass_open");
}

static void closing_is_traced(void)
{
	expect_window("dma_bypass_close");
}

static void refusal_is_traced(void)
{
	const char *fields = find_event("dma_bypass_refuse");
	char reason[32];

	ASSERT(fields);
	ASSERT(sscanf(fields, "reason=%31s", reason) == 1);
	EXPECT(!strcmp(reason, "mask") || !strcmp(reason, "policy") ||
	       !strcmp(reason, "untrusted"));
}

/* Of a mapping in the window, too. */
static void attribute_is_decoded(void)
{
	const char *line = read_file(TRACE), *end, *attrs;
	unsigned long long addr;
	bool bypassed = false;

	for (; (line = strstr(line, " dma_map_phys: " EDU " ")); line = end) {
		end = strchr(line, '\n');
		ASSERT(end);
		attrs = strstr(line, "attrs=IOMMU_BYPASS");
		line = strstr(line, "dma_addr=");
		if (line && attrs && attrs < end &&
		    sscanf(line, "dma_addr=%llx", &addr) == 1)
			bypassed |= addr >= base;
	}
	EXPECT(bypassed);
}

const struct guest_suite trace_suite = {
	.name	= "dma_bypass_trace",
	.tests	= (const struct guest_test []) {
		{ "opening_is_traced", opening_is_traced },
		{ "closing_is_traced", closing_is_traced },
		{ "refusal_is_traced", refusal_is_traced },
		{ "attribute_is_decoded", attribute_is_decoded },
		{ }
	},
};
