// SPDX-License-Identifier: GPL-2.0
/*
 * What a read of 4 KiB from an NVMe disk costs, in instructions, in each mode of its
 * IOMMU, within one boot of a machine whose clock counts them.
 *
 * Nothing idles: a read is submitted, and a loop of three instructions, which counts its
 * rounds, waits for its end.  All other instructions are the kernel's.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"
#include "traced.h"

#define EVENTS		"/sys/kernel/tracing/"
#define QI_SUBMIT	EVENTS "events/intel_iommu/qi_submit/enable"
#define BYTES		4096
#define ROUNDS		2048
#define WARM_UP		128
#define TRIES		(4 * ROUNDS)
#define TRACED		1000

/* What the kernel shares of a context for asynchronous I/O, at its beginning. */
struct ring {
	unsigned int		id, nr, head;
	volatile unsigned int	tail;
};

enum { SUBMIT, COMPLETE, BOTH, PARTS };

static uint32_t insns[PARTS][ROUNDS];

#ifdef __x86_64__
static uint64_t now(void)
{
	return __builtin_ia32_rdtsc();
}

/* Wait for the end of an I/O; how many rounds of three instructions that took. */
static unsigned long wait_for(struct ring *ring, unsigned int tail)
{
	unsigned long rounds = 0;

	asm volatile("1: inc %0; cmp %2, %1; je 1b"
		     : "+r" (rounds) : "m" (ring->tail), "r" (tail) : "memory");
	return rounds;
}
#else	/* No machine runs the suite. */
static uint64_t now(void)
{
	return 0;
}

static unsigned long wait_for(struct ring *ring, unsigned int tail)
{
	return ring->tail == tail;
}
#endif

/* What reading the clock costs. */
static uint32_t clock_cost(void)
{
	uint64_t start, best = UINT32_MAX;

	for (int i = 0; i < WARM_UP; i++) {
		start = now();
		start = now() - start;
		if (start < best)
			best = start;
	}
	return best;
}

static void clock_counts_instructions(void)
{
	uint32_t cost = clock_cost(), wrong = 0;
	uint64_t start;

	for (int i = 0; i < WARM_UP; i++) {
		start = now();
		asm volatile(".rept 1600; nop; .endr");
		wrong += now() - start - cost != 1600;
	}
	EXPECT(wrong < WARM_UP / 8);	/* some are interrupted */
}

/* Read once; false if that failed. */
static bool read_once(aio_context_t context, struct iocb *iocb, uint32_t *part,
		      unsigned long *rounds)
{
	struct ring *ring = (struct ring *)context;
	unsigned int tail = ring->tail;
	uint64_t start, submitted, end;
	struct io_event event;

	start = now();
	if (syscall(SYS_io_submit, context, 1, &iocb) != 1)
		return false;
	submitted = now();
	*rounds = wait_for(ring, tail);
	end = now();
	part[SUBMIT] = submitted - start;
	part[COMPLETE] = end - submitted - 3 * *rounds;
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 &&
	       event.res == BYTES;
}

/* Whether there were so many reads for which the wait took so many rounds. */
static bool read_all(int nr, unsigned long least)
{
	struct iocb iocb = {
		.aio_fildes	= disk_open(1),
		.aio_lio_opcode	= IOCB_CMD_PREAD,
		.aio_buf	= (uintptr_t)disk_memory(),
		.aio_nbytes	= BYTES,
	};
	uint32_t part[PARTS], cost = clock_cost();
	aio_context_t context = 0;
	unsigned long rounds;
	int done = -WARM_UP;

	if (syscall(SYS_io_setup, 1, &context) || !iocb.aio_buf)
		return false;
	for (int i = 0; i < TRIES && done < nr; i++) {
		if (!read_once(context, &iocb, part, &rounds))
			break;
		if (rounds < least || done++ < 0)
			continue;
		insns[SUBMIT][done - 1] = part[SUBMIT] - cost;
		insns[COMPLETE][done - 1] = part[COMPLETE] - cost;
		insns[BOTH][done - 1] = part[SUBMIT] + part[COMPLETE] - 2 * cost;
	}
	syscall(SYS_io_destroy, context);
	close(iocb.aio_fildes);
	return done == nr;
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* A read that ends before it is waited for interrupts something else, and is left out. */
static void count_instructions(const char *mode)
{
	ASSERT(read_all(ROUNDS, 2));
	for (int part = 0; part < PARTS; part++)
		qsort(insns[part], ROUNDS, sizeof(**insns), compare);
	say("# bench: mode=%s bytes=%d nents=1 map=%u unmap=%u p50=%u p999=%u\n", mode,
	    BYTES, insns[SUBMIT][ROUNDS / 2], insns[COMPLETE][ROUNDS / 2],
	    insns[BOTH][ROUNDS / 2], insns[BOTH][ROUNDS * 999 / 1000]);
}

/* In a pass of its own, as tracing takes instructions; those of WARM_UP count, too. */
static void count_invalidations(const char *mode, int least, int most)
{
	const char *found;
	int nr = 0;

	ASSERT(!write_file(QI_SUBMIT, "1"));
	EXPECT(start_trace());
	EXPECT(read_all(TRACED - WARM_UP, 0));
	EXPECT(!write_file(QI_SUBMIT, "0"));
	for (found = read_file(EVENTS "trace"); (found = strstr(found, "iotlb_inv")); found++)
		nr++;
	say("# bench: mode=%s/invalidations bytes=%d nents=1 map=0 unmap=%d p50=%d p999=%d\n",
	    mode, BYTES, nr, nr, nr);
	EXPECT(nr >= least && nr <= most);
}

/* Each mode has a probe of its own: the state of one does not depend on the former. */
static bool set_mode(const char *type, const char *policy, const char *state)
{
	return !write_file(DISK_DRIVER "unbind", DISK) &&
	       !write_file(DISK_SYSFS "dma_bypass/policy", policy) &&
	       !write_file(group_file("type"), type) &&
	       !write_file(DISK_DRIVER "bind", DISK) &&
	       close(disk_open(1)) == 0 &&
	       (!state || becomes(DISK_SYSFS "dma_bypass/state", state));
}

/* First, as it chooses memory that the window maps. */
static void bypass(void)
{
	ASSERT(!mount("tracefs", EVENTS, "tracefs", 0, NULL));
	ASSERT(set_mode("DMA", "allow", "open"));
	count_instructions("bypass");
	count_invalidations("bypass", 0, 0);
}

static void guarded(void)
{
	ASSERT(set_mode("DMA", "guard", "guarded"));
	count_instructions("guarded");
	count_invalidations("guarded", TRACED, TRACED);
}

static void strict(void)
{
	ASSERT(set_mode("DMA", "deny", "closed"));
	count_instructions("strict");
	count_invalidations("strict", TRACED, TRACED);
}

static void lazy(void)
{
	ASSERT(set_mode("DMA-FQ", "deny", "closed"));
	count_instructions("lazy");
	count_invalidations("lazy", 1, TRACED / 2);
}

static void passthrough(void)
{
	ASSERT(set_mode("identity", "deny", NULL));
	EXPECT_FILE(group_file("type"), "identity");
	count_instructions("passthrough");
	count_invalidations("passthrough", 0, 0);
}

const struct guest_suite nvme_bench_suite = {
	.name	= "nvme_bench",
	.tests	= (const struct guest_test []) {
		{ "clock_counts_instructions", clock_counts_instructions },
		{ "bypass", bypass },
		{ "guarded", guarded },
		{ "strict", strict },
		{ "lazy", lazy },
		{ "passthrough", passthrough },
		{ }
	},
};
