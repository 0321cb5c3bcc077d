// SPDX-License-Identifier: GPL-2.0
/*
 * What user space sees of a window that opens and closes, with the kernel's own
 * benchmark of mappings for a driver that asks.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define DRIVER		"dma_map_benchmark"
#define IOMEM		"/proc/iomem"
#define MAX_RANGES	8
#define PAGE		4096ULL

static pid_t asking;

/* Let the driver map with the attribute, until it is stopped. */
static bool ask(void)
{
	asking = fork();
	if (!asking) {
		execl("/bin/" DRIVER, DRIVER, "-s", "300", "-b", "64", "-B", NULL);
		_exit(127);
	}
	return asking > 0;
}

/* It undoes its mappings, and sets the mask that the device had before. */
static bool stop_asking(void)
{
	int status;

	return asking > 0 && !kill(asking, SIGKILL) && waitpid(asking, &status, 0) == asking &&
	       WIFSIGNALED(status);
}

static void driver_takes_device(void)
{
	ASSERT(!bind_driver(EDU, DRIVER));
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(REASON, "policy");
}

static void refused_opens_nothing(void)
{
	const char *said;

	ASSERT(note_uevents(true));
	EXPECT(!run_program((char *[]) { "/bin/" DRIVER, "-s", "1", "-b", "64",
					 "-B", NULL }, &said));
	EXPECT(strstr(said, "\nbypassed:0.0% (Operation not permitted)"));
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(WINDOWS, "");
	EXPECT(!all_uevents("DMA_BYPASS_"));
	EXPECT(note_uevents(false));
}

/* Once what @change does is known to user space, its state must be this. */
static void expect_announced(bool (*change)(void), const char *state,
			     const char *reason)
{
	char event[64];
	const char *line;

	ASSERT(note_uevents(true));
	EXPECT(change());
	snprintf(event, sizeof(event), "DMA_BYPASS_STATE=%s ", state);
	EXPECT(uevents(event, 1) == 1);
	EXPECT(uevents("DMA_BYPASS_STATE=", 1) == 1);
	line = read_file(UEVENTS);
	EXPECT(strstr(line, "ACTION=change "));
	EXPECT(strstr(line, "/" EDU " SUBSYSTEM=pci "));
	snprintf(event, sizeof(event), "DMA_BYPASS_REASON=%s ", reason);
	EXPECT(strstr(line, event));
	EXPECT_FILE(STATE, state);
	EXPECT_FILE(REASON, reason);
	EXPECT(note_uevents(false));
}

static void opening_is_announced(void)
{
	ASSERT(!write_file(POLICY, "allow"));
	EXPECT_FILE(STATE, "closed");
	expect_announced(ask, "open", "granted");
}

struct range {
	unsigned long long	start;
	unsigned long long	end;
};

/* Whole pages of system RAM; how many ranges. */
static int system_ram(struct range *ram)
{
	const char *line = read_file(IOMEM);
	int nr = 0;

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (nr < MAX_RANGES && *line != ' ' &&
		    sscanf(line, "%llx-%llx : System RAM", &ram[nr].start,
			   &ram[nr].end) == 2 &&
		    strstr(line, " : System RAM") == strstr(line, " : ")) {
			ram[nr].start = (ram[nr].start + PAGE - 1) & -PAGE;
			ram[nr].end = (ram[nr].end + 1) & -PAGE;
			nr++;
		}
	}
	return nr;
}

static unsigned long long base;		/* of the window */

/* Within one range of memory. */
static bool is_ram(const struct range *ram, int nr, unsigned long long start,
		   unsigned long long size)
{
	for (int i = 0; i < nr; i++)
		if (start >= ram[i].start && start + size <= ram[i].end)
			return true;
	return false;
}

/* Nearly all of memory: the kernel's image, for one, is left out. */
static void window_is_listed_with_its_ranges(void)
{
	unsigned long long start, size, last = -1ULL, mapped = 0, sum = 0;
	struct range ram[MAX_RANGES];
	int nr = system_ram(ram);
	const char *list;

	ASSERT(nr == 3);
	for (int i = 0; i < nr; i++)
		sum += ram[i].end - ram[i].start;
	list = read_file(WINDOWS);
	ASSERT(sscanf(list, EDU " open base %llx size %llx", &base, &size) == 2);
	EXPECT(base >= 1ULL << 32 && !(base & (base - 1)));
	EXPECT(size >= ram[nr - 1].end && base >= size);
	while ((list = strchr(list, '\n')) &&
	       sscanf(++list, "  %llx size %llx", &start, &size) == 2) {
		EXPECT(is_ram(ram, nr, start, size));
		EXPECT(size <= last);
		last = size;
		mapped += size;
	}
	EXPECT(mapped <= sum && mapped > sum - (256ULL << 20));
}

static void program_lists_window(void)
{
	const char *said;
	char place[32];

	EXPECT(!run_program((char *[]) { "/bin/dma_bypass", "list", NULL },
			    &said));
	EXPECT(strstr(said, EDU " "));
	EXPECT(strstr(said, " allow    open      granted "));
	snprintf(place, sizeof(place), "0x%llx, ", base);
	EXPECT(strstr(said, place));
}

static bool deny(void)
{
	return !write_file(POLICY, "deny");
}

static void draining_is_announced(void)
{
	expect_announced(deny, "draining", "policy");
	EXPECT(strstr(read_file(WINDOWS), EDU " draining base "));
}

/* The mask becomes a reason, too, but there is one already. */
static void driver_that_stops_changes_nothing(void)
{
	ASSERT(note_uevents(true));
	EXPECT(stop_asking());
	EXPECT(!all_uevents("DMA_BYPASS_"));
	EXPECT_FILE(STATE, "draining");
	EXPECT_FILE(REASON, "policy");
	EXPECT(note_uevents(false));
}

static bool unbind(void)
{
	return !write_file("/sys/bus/pci/drivers/" DRIVER "/unbind", EDU);
}

static void closing_is_announced(void)
{
	expect_announced(unbind, "closed", "policy");
	EXPECT_FILE(WINDOWS, "");
	EXPECT(!write_file(POLICY, "default"));
}

const struct guest_suite window_suite = {
	.name	= "dma_bypass_window",
	.tests	= (const struct guest_test []) {
		{ "driver_takes_device", driver_takes_device },
		{ "refused_opens_nothing", refused_opens_nothing },
		{ "opening_is_announced", opening_is_announced },
		{ "window_is_listed_with_its_ranges",
		  window_is_listed_with_its_ranges },
		{ "program_lists_window", program_lists_window },
		{ "draining_is_announced", draining_is_announced },
		{ "driver_that_stops_changes_nothing",
		  driver_that_stops_changes_nothing },
		{ "closing_is_announced", closing_is_announced },
		{ }
	},
};
