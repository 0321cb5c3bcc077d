/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test suites that run in user space, and what they share.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDU		"0000:00:01.0"
#define EDU_SYSFS	"/sys/bus/pci/devices/" EDU "/"
#define POLICY		EDU_SYSFS "dma_bypass/policy"
#define STATE		EDU_SYSFS "dma_bypass/state"
#define REASON		EDU_SYSFS "dma_bypass/reason"
#define MODE		"/sys/module/iommu/parameters/dma_bypass"
#define WINDOWS		"/sys/kernel/debug/dma_bypass"
#define UEVENTS		"/uevents"

struct guest_test {
	const char	*name;
	void		(*run)(void);
};

struct guest_suite {
	const char		*name;
	const struct guest_test	*tests;		/* the last has no name */
};

extern const struct guest_suite admin_suite, fio_suite, kdump_suite,
				mapbench_suite, mapbench_bypass_suite,
				mapbench_cost_suite, net_bench_suite,
				net_bypassed_suite, net_device_tlb_suite,
				net_guarded_suite, net_masked_suite,
				net_translated_suite,
				never_suite, nvme_bench_suite,
				nvme_bypassed_suite, nvme_guarded_suite,
				nvme_pulled_suite, nvme_translated_suite, sample_suite,
				suspend_guarded_suite, suspend_open_suite,
				suspend_translated_suite, trace_suite,
				vfio_guard_suite, vfio_suite, window_suite;

/* Run a suite, then print its results as a KTAP document of its own. */
void run_suite(const struct guest_suite *suite);

/* One line for the kernel's log, which does not mix two lines into one. */
int say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test that runs has failed. */
void failed(const char *file, int line, const char *what);

/* Go on in any case, or return from the function. */
#define EXPECT(condition) \
	((condition) ? true : (failed(__FILE__, __LINE__, #condition), false))
#define ASSERT(condition) \
	do { if (!EXPECT(condition)) return; } while (0)

/* Expect a file to hold this line. */
#define EXPECT_FILE(path, line) \
	expect_file(__FILE__, __LINE__, path, line)
bool expect_file(const char *file, int number, const char *path,
		 const char *line);

/* All of a file, until the next call, without the end of the last line. */
const char *read_file(const char *path);

/* 0 or a negative errno, from opening or from writing. */
int write_file(const char *path, const char *text);

/* Run a program; its exit status, and all that it said, until the next call. */
int run_program(char * const argv[], const char **said);

/* Let a driver have a PCI device; 0 or a negative errno. */
int bind_driver(const char *device, const char *driver);

/* The physical address of this program's memory, or 0 if it is not there. */
uint64_t physical(const void *memory);

/* Note uevents in UEVENTS, which begins anew; or no more of them. */
bool note_uevents(bool on);

/* The lines of UEVENTS with this word, once there are as many as wanted. */
int uevents(const char *word, int wanted);

/* Those with this word of two seconds, which is long for one that does not come. */
int all_uevents(const char *word);

/* The file in the directory of the device's IOMMU group. */
const char *group_file(const char *name);

/* All that was pinned is not any more, and is not accounted either. */
bool nothing_is_pinned(void);

#endif /* GUEST_H */
