// SPDX-License-Identifier: GPL-2.0
/*
 * What a read of 4 KiB from an NVMe disk and a packet cost, in instructions, in each mode
 * of the device's IOMMU, within one boot of a machine whose clock counts them.
 *
 * Nothing idles: a read is submitted, or a packet sent, and a loop of a few instructions,
 * which counts its rounds, waits.  All other instructions are the kernel's.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "disk.h"
#include "guest.h"
#include "traced.h"

#define ADDRESS		"0000:00:04.0"	/* of the disk or the card: a machine has one of them */
#define DEVICE		"/sys/bus/pci/devices/" ADDRESS "/"
#define EVENTS		"/sys/kernel/tracing/"
#define QI_SUBMIT	EVENTS "events/intel_iommu/qi_submit/enable"
#define BYTES		4096
#define ROUNDS		2048
#define WARM_UP		512		/* more than there are buffers that wait for packets */
#define TRIES		4		/* for one that counts */
#define TRACED		1000
#define MTU		1500
#define PAYLOAD		1024		/* bytes of a packet */
#define DELAY		100000		/* rounds: interrupts are held back for 128 us at most */
#define BUFFERS		16		/* for packets: with the last one all is as it was */

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

/* Execute two instructions so many times. */
static void delay(unsigned long rounds)
{
	asm volatile("1: dec %0; jnz 1b" : "+r" (rounds) : : "memory");
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

static void delay(unsigned long rounds)
{
	(void)rounds;
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

/* What a mode is measured with. */
static const struct load {
	const char	*driver;
	int		bytes;
	bool		(*begin)(void);
	bool		(*end)(void);
	/* Whether it is done, in how many instructions, after how many rounds of waiting. */
	bool		(*once)(uint32_t *part, unsigned long *rounds);
	int		phases;		/* after so many it takes what it took before */
	int		guarded;	/* invalidations of TRACED, at least */
} *load;

static aio_context_t context;
static struct iocb iocb = {
	.aio_lio_opcode	= IOCB_CMD_PREAD,
	.aio_nbytes	= BYTES,
};

static bool open_disk(void)
{
	context = 0;
	iocb.aio_fildes = disk_open(1);
	return !syscall(SYS_io_setup, 1, &context);
}

static bool close_disk(void)
{
	return !syscall(SYS_io_destroy, context) && !close(iocb.aio_fildes);
}

static bool read_once(uint32_t *part, unsigned long *rounds)
{
	struct ring *ring = (struct ring *)context;
	unsigned int tail = ring->tail;
	struct iocb *list = &iocb;
	struct io_event event;
	uint64_t start, submitted, end;

	iocb.aio_buf = (uintptr_t)disk_memory();
	start = now();
	if (syscall(SYS_io_submit, context, 1, &list) != 1)
		return false;
	submitted = now();
	*rounds = wait_for(ring, tail);
	end = now();
	part[SUBMIT] = submitted - start;
	part[COMPLETE] = end - submitted - 3 * *rounds;
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 &&
	       event.res == BYTES;
}

static int received, sent;

static bool open_sockets(void)
{
	return start_peer(MTU) && packets_from_peer(&received, &sent);
}

static bool close_sockets(void)
{
	close(received);
	close(sent);
	return stop_peer();
}

static bool receive_once(uint32_t *part, unsigned long *rounds)
{
	static char data[PAYLOAD];
	uint64_t start, submitted, end;
	ssize_t len;

	start = now();
	if (send(sent, data, sizeof(data), 0) != sizeof(data))
		return false;
	submitted = now();
	delay(DELAY);
	len = recv(received, data, sizeof(data), MSG_DONTWAIT);
	end = now();
	part[SUBMIT] = submitted - start;
	part[COMPLETE] = end - submitted - 2 * DELAY;
	*rounds = DELAY;
	return len == sizeof(data);
}

/*
 * Whether it was done so often and waited for.  What ends before that interrupts
 * something else, and is left out.
 */
static bool repeat(int nr, unsigned long least)
{
	uint32_t part[PARTS], cost = clock_cost();
	unsigned long rounds;
	int at, done = 0;

	for (int i = 0; i < TRIES * nr && done < nr; i++) {
		if (!load->once(part, &rounds))
			break;
		if (rounds < least)
			continue;
		at = done % load->phases * (nr / load->phases) + done / load->phases;
		insns[SUBMIT][at] = part[SUBMIT] - cost;
		insns[COMPLETE][at] = part[COMPLETE] - cost;
		insns[BOTH][at] = part[SUBMIT] + part[COMPLETE] - 2 * cost;
		done++;
	}
	return done == nr;
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* The median, or the mean of those of all phases. */
static uint32_t median(uint32_t *all)
{
	int nr = ROUNDS / load->phases;
	uint32_t sum = 0;

	for (int phase = 0; phase < load->phases; phase++, all += nr) {
		qsort(all, nr, sizeof(*all), compare);
		sum += all[nr / 2];
	}
	return sum / load->phases;
}

static void count_instructions(const char *mode)
{
	uint32_t p50;

	ASSERT(repeat(WARM_UP, 0));
	ASSERT(repeat(ROUNDS, 2));
	p50 = median(insns[BOTH]);
	qsort(insns[BOTH], ROUNDS, sizeof(**insns), compare);
	say("# bench: mode=%s bytes=%d nents=1 map=%u unmap=%u p50=%u p999=%u\n", mode,
	    load->bytes, median(insns[SUBMIT]), median(insns[COMPLETE]), p50,
	    insns[BOTH][ROUNDS * 999 / 1000]);
}

/* In a pass of its own, as tracing takes instructions. */
static void count_invalidations(const char *mode, int least, int most)
{
	const char *found;
	int nr = 0;

	ASSERT(!write_file(QI_SUBMIT, "1"));
	EXPECT(start_trace());
	EXPECT(repeat(TRACED, 0));
	EXPECT(!write_file(QI_SUBMIT, "0"));
	for (found = read_file(EVENTS "trace"); (found = strstr(found, "iotlb_inv")); found++)
		nr++;
	EXPECT(nr >= least && nr <= most);
	say("# bench: mode=%s/invalidations bytes=%d nents=1 map=0 unmap=%d p50=%d p999=%d\n",
	    mode, load->bytes, nr, nr, nr);
}

static bool change_driver(const char *how, const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", load->driver, how);
	return !write_file(path, device);
}

/* Each mode has a probe of its own: the state of one does not depend on the former. */
static void measure(const char *mode, const char *type, const char *policy,
		    const char *state, int least, int most)
{
	ASSERT(change_driver("unbind", ADDRESS));
	ASSERT(!write_file(DEVICE "dma_bypass/policy", policy));
	ASSERT(!write_file(DEVICE "iommu_group/type", type));
	ASSERT(change_driver("bind", ADDRESS));
	ASSERT(load->begin());
	EXPECT_FILE(DEVICE "iommu_group/type", type);
	if (state)
		EXPECT(becomes(DEVICE "dma_bypass/state", state));
	count_instructions(mode);
	count_invalidations(mode, least, most);
	EXPECT(load->end());
}

/* The first mode, as that of the disk chooses memory that the window maps. */
static void bypass(void)
{
	ASSERT(!mount("tracefs", EVENTS, "tracefs", 0, NULL));
	measure("bypass", "DMA", "allow", "open", 0, 0);
}

static void guarded(void)
{
	measure("guarded", "DMA", "guard", "guarded", load->guarded, TRACED * 11 / 10);
}

static void strict(void)
{
	measure("strict", "DMA", "deny", "closed", TRACED, TRACED * 11 / 10);
}

/* Its queue is flushed every ten milliseconds. */
static void lazy(void)
{
	measure("lazy", "DMA-FQ", "deny", "closed", 1, TRACED / 2);
}

static void passthrough(void)
{
	measure("passthrough", "identity", "deny", NULL, 0, 0);
}

static void disk_is_there(void)
{
	static const struct load disk = {
		"nvme", BYTES, open_disk, close_disk, read_once, 1, TRACED
	};

	load = &disk;
	EXPECT(!close(disk_open(1)));
}

/*
 * The same for all modes: what the peer sends is not translated.  The first mode, too,
 * finds cards that were in use.
 */
static void cards_are_there(void)
{
	static const struct load card = {
		"e1000e", PAYLOAD, open_sockets, close_sockets, receive_once, BUFFERS,
		TRACED / 4
	};

	load = &card;
	ASSERT(change_driver("unbind", PEER_CARD));
	ASSERT(!write_file(PEER_SYSFS "iommu_group/type", "identity"));
	ASSERT(change_driver("bind", PEER_CARD));
	ASSERT(load->begin());
	EXPECT(load->end());
}

#define MODES								\
	{ "clock_counts_instructions", clock_counts_instructions },	\
	{ "bypass", bypass },						\
	{ "guarded", guarded },						\
	{ "strict", strict },						\
	{ "lazy", lazy },						\
	{ "passthrough", passthrough }

const struct guest_suite nvme_bench_suite = {
	.name	= "nvme_bench",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", disk_is_there },
		MODES,
		{ }
	},
};

const struct guest_suite net_bench_suite = {
	.name	= "net_bench",
	.tests	= (const struct guest_test []) {
		{ "cards_are_there", cards_are_there },
		MODES,
		{ }
	},
};
