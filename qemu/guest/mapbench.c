// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the kernel's own benchmark of mappings and of its program, with and
 * without the attribute, and of programs that know the former struct.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/map_benchmark.h>

#include "guest.h"

#define DEVICES		"/sys/bus/pci/devices/"
#define DRIVER		"dma_map_benchmark"
#define BENCHMARK	"/sys/kernel/debug/" DRIVER
#define PROGRAM		"/bin/" DRIVER
#define DEBUG_ERRORS	"/sys/kernel/debug/dma-api/error_count"
#define BATCH		64
#define NSEC_PER_MSEC	1000000		/* not in the header */

/* As in the programs of Linux 7.3. */
struct old_benchmark {
	__u64 avg_map_100ns;
	__u64 map_stddev;
	__u64 avg_unmap_100ns;
	__u64 unmap_stddev;
	__u32 threads;
	__u32 seconds;
	__s32 node;
	__u32 dma_bits;
	__u32 dma_dir;
	__u32 dma_trans_ns;
	__u32 granule;
	__u8 map_mode;
	__u8 expansion[75];
};

_Static_assert(sizeof(struct old_benchmark) == sizeof(struct map_benchmark),
	       "the number of the ioctl");

static const struct map_benchmark defaults = {
	.threads	= 1,
	.seconds	= 1,
	.node		= -1,
	.dma_bits	= 64,
	.granule	= 1,
};

static char device[64];		/* its address */

static const char *device_file(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES "%s/%s", device, name);
	return path;
}

/* QEMU's edu, or its pci-testdev on machines without edu. */
static bool is_spare(void)
{
	const char *id = read_file(device_file("device"));

	return !strcmp(id, "0x11e8") || !strcmp(id, "0x0005");
}

static bool find_device(void)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		snprintf(device, sizeof(device), "%.63s", entry->d_name);
		if (is_spare())
			break;
		*device = '\0';
	}
	if (dir)
		closedir(dir);
	return *device;
}

static void driver_takes_device(void)
{
	ASSERT(find_device());
	ASSERT(!bind_driver(device, DRIVER));
	EXPECT(!access(BENCHMARK, F_OK));
}

static __u64 elapsed_ns;		/* of the last measurement */

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Return 0 or a negative errno; the results are in the parameters. */
static int measure(void *parameters)
{
	int fd = open(BENCHMARK, O_RDWR);
	int err;

	if (fd < 0)
		return -errno;
	elapsed_ns = now();
	err = ioctl(fd, DMA_MAP_BENCHMARK, parameters) ? -errno : 0;
	elapsed_ns = now() - elapsed_ns;
	close(fd);
	return err;
}

static void old_program_works(void)
{
	struct old_benchmark map = {
		.threads = 1, .seconds = 1, .node = -1, .dma_bits = 64,
		.granule = 1,
	};

	ASSERT(!measure(&map));
	EXPECT(map.avg_map_100ns);
	EXPECT(map.avg_unmap_100ns);
	EXPECT(map.threads == 1 && map.seconds == 1 && map.node == -1);
	EXPECT(map.dma_bits == 64 && map.granule == 1);
}

/* Samples are rounded down to 100 ns, and so is their average. */
static bool agree(__u64 avg_100ns, __u64 ns, __u64 maps)
{
	return avg_100ns * 100 <= ns / maps && ns / maps < (avg_100ns + 2) * 100;
}

static void nanoseconds_agree(void)
{
	for (__u8 mode = 0; mode < DMA_MAP_BENCH_MODE_MAX; mode++) {
		struct map_benchmark map = defaults;

		map.map_mode = mode;
		map.threads = 2;
		ASSERT(!measure(&map));
		ASSERT(map.maps && map.map_ns && map.unmap_ns);
		EXPECT(map.batch == 1);
		EXPECT(agree(map.avg_map_100ns, map.map_ns, map.maps));
		EXPECT(agree(map.avg_unmap_100ns, map.unmap_ns, map.maps));
		EXPECT(map.map_ns + map.unmap_ns <= map.threads * elapsed_ns);
	}
}

/*
 * There is one delay between map and unmap for each batch.  It may end early if the
 * delay loop was calibrated on a busy host.
 */
static void batch_is_timed_as_one(void)
{
	struct map_benchmark map = defaults;
	__u64 waits;

	map.dma_trans_ns = DMA_MAP_MAX_TRANS_DELAY;
	map.batch = BATCH;
	ASSERT(!measure(&map));
	ASSERT(map.maps && map.map_ns && map.unmap_ns);
	EXPECT(!(map.maps % BATCH));
	waits = 2 * elapsed_ns / DMA_MAP_MAX_TRANS_DELAY;
	EXPECT(map.maps / BATCH <= waits);
	EXPECT(map.maps > waits);
	EXPECT(agree(map.avg_map_100ns, map.map_ns, map.maps));
	EXPECT(agree(map.avg_unmap_100ns, map.unmap_ns, map.maps));
}

static void batch_has_bounds(void)
{
	static const struct {
		__u32	granule, batch;
		int	err;
	} cases[] = {
		{ 1,	DMA_MAP_MAX_PAGES + 1,		-EINVAL },
		{ 1,	~0U,				-EINVAL },
		{ 2,	DMA_MAP_MAX_PAGES / 2 + 1,	-EINVAL },
		{ 3,	DMA_MAP_MAX_PAGES / 2,		-EINVAL },
		{ 1024,	2,				-EINVAL },
		{ 2,	1U << 31,			-EINVAL },
		{ 2,	DMA_MAP_MAX_PAGES / 2,		0 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct map_benchmark map = defaults;

		map.granule = cases[i].granule;
		map.batch = cases[i].batch;
		EXPECT(measure(&map) == cases[i].err);
		EXPECT(!!map.maps == !cases[i].err);
	}
}

static void unknown_parameters_are_rejected(void)
{
	for (int bit = 0; bit < 32; bit++) {
		struct map_benchmark map = defaults;

		map.flags = 1U << bit;
		if (map.flags & DMA_MAP_BENCH_F_ALL)
			continue;
		EXPECT(measure(&map) == -EINVAL);
		map.flags |= DMA_MAP_BENCH_F_ALL;
		EXPECT(measure(&map) == -EINVAL);
	}
	for (size_t i = 0; i < sizeof(defaults.reserved); i++) {
		struct map_benchmark map = defaults;

		map.reserved[i] = 1;
		EXPECT(measure(&map) == -EINVAL);
	}
	for (size_t i = 0; i < sizeof(defaults.expansion); i++) {
		struct map_benchmark map = defaults;

		map.expansion[i] = 1;
		EXPECT(measure(&map) == -EINVAL);
	}
}

/* Run the benchmark with these flags and this mask, and return the results. */
static struct map_benchmark bypass(__u32 flags, __u32 bits)
{
	struct map_benchmark map = defaults;

	map.flags = flags;
	map.dma_bits = bits;
	map.batch = BATCH;
	map.bypass_err = 1;
	EXPECT(!measure(&map));
	EXPECT(map.maps);
	return map;
}

/* Whether the IOMMU translates for the device; if not, it has no policy. */
static bool is_translated(void)
{
	return !access(device_file("dma_bypass"), F_OK);
}

static void nothing_bypasses_without_grant(void)
{
	struct map_benchmark map = bypass(DMA_MAP_BENCH_F_BYPASS, 64);

	EXPECT(map.bypass_err == (is_translated() ? -EPERM : -EOPNOTSUPP));
	EXPECT(!map.bypassed);
}

static const char *output;

#define RUN(...) run_program((char *[]) { PROGRAM, __VA_ARGS__, NULL }, &output)

static void program_prints_nanoseconds(void)
{
	unsigned long long maps;
	unsigned int batch;
	double map, unmap;
	const char *line;

	EXPECT(!RUN("-s", "1", "-b", "64", "-c", "32", "-B"));
	EXPECT(strstr(output, "\naverage map latency(us):"));
	EXPECT(strstr(output, "\naverage unmap latency(us):"));
	EXPECT(strstr(output, "\nbypassed:0.0% ("));
	line = strstr(output, "\naverage map latency(ns):");
	ASSERT(line);
	ASSERT(sscanf(line, "\naverage map latency(ns):%lf unmap latency(ns):%lf maps:%llu batch:%u",
		      &map, &unmap, &maps, &batch) == 4);
	EXPECT(map > 0 && unmap > 0 && maps && batch == 32);
}

static void program_explains_failure(void)
{
	EXPECT(RUN("-c", "0") == 1);
	EXPECT(strstr(output, "must be in 1-1024"));
	EXPECT(RUN("-g", "2", "-c", "513") == 1);
	EXPECT(strstr(output, "must be in 1-512"));
	EXPECT(RUN("-z"));
	EXPECT(strstr(output, "usage: dma_map_benchmark"));
}

/* dma-debug has nothing to report. */
static void debug_finds_nothing(void)
{
	EXPECT_FILE(DEBUG_ERRORS, "0");
}

const struct guest_suite mapbench_suite = {
	.name	= "dma_map_benchmark",
	.tests	= (const struct guest_test []) {
		{ "driver_takes_device", driver_takes_device },
		{ "old_program_works", old_program_works },
		{ "nanoseconds_agree", nanoseconds_agree },
		{ "batch_is_timed_as_one", batch_is_timed_as_one },
		{ "batch_has_bounds", batch_has_bounds },
		{ "unknown_parameters_are_rejected",
		  unknown_parameters_are_rejected },
		{ "nothing_bypasses_without_grant",
		  nothing_bypasses_without_grant },
		{ "program_prints_nanoseconds", program_prints_nanoseconds },
		{ "program_explains_failure", program_explains_failure },
		{ "debug_finds_nothing", debug_finds_nothing },
		{ }
	},
};

static void granted_bypasses(void)
{
	struct map_benchmark map;

	ASSERT(!write_file(device_file("dma_bypass/policy"), "allow"));
	map = bypass(DMA_MAP_BENCH_F_BYPASS, 64);
	EXPECT(!map.bypass_err);
	EXPECT(map.bypassed == map.maps);
}

static void nothing_bypasses_without_flag(void)
{
	struct map_benchmark map = bypass(0, 64);

	EXPECT(!map.bypass_err);
	EXPECT(!map.bypassed);
}

static void nothing_bypasses_below_window(void)
{
	struct map_benchmark map = bypass(DMA_MAP_BENCH_F_BYPASS, 32);

	EXPECT(map.bypass_err == -EOPNOTSUPP);
	EXPECT(!map.bypassed);
}

static void program_prints_bypassed(void)
{
	EXPECT(!RUN("-s", "1", "-b", "64", "-B"));
	EXPECT(strstr(output, "\nbypassed:100.0% (granted)"));
	EXPECT(!RUN("-s", "1", "-b", "64", "-B", "-m", "1", "-g", "4"));
	EXPECT(strstr(output, "\nbypassed:100.0% (granted)"));
	EXPECT(!RUN("-s", "1", "-B"));
	EXPECT(strstr(output, "\nbypassed:0.0% ("));
	EXPECT(!RUN("-s", "1", "-b", "64"));
	EXPECT(!strstr(output, "bypassed:"));
}

static void denied_is_translated(void)
{
	struct map_benchmark map;

	ASSERT(!write_file(device_file("dma_bypass/policy"), "deny"));
	map = bypass(DMA_MAP_BENCH_F_BYPASS, 64);
	EXPECT(map.bypass_err == -EPERM);
	EXPECT(!map.bypassed);
}

static void window_closes_with_driver(void)
{
	EXPECT_FILE(device_file("dma_bypass/state"), "draining");
	ASSERT(!write_file("/sys/bus/pci/drivers/" DRIVER "/unbind", device));
	EXPECT_FILE(device_file("dma_bypass/state"), "closed");
	EXPECT_FILE(WINDOWS, "");
}

const struct guest_suite mapbench_bypass_suite = {
	.name	= "dma_map_benchmark_bypass",
	.tests	= (const struct guest_test []) {
		{ "driver_takes_device", driver_takes_device },
		{ "granted_bypasses", granted_bypasses },
		{ "nothing_bypasses_without_flag", nothing_bypasses_without_flag },
		{ "nothing_bypasses_below_window",
		  nothing_bypasses_below_window },
		{ "program_prints_bypassed", program_prints_bypassed },
		{ "denied_is_translated", denied_is_translated },
		{ "window_closes_with_driver", window_closes_with_driver },
		{ "debug_finds_nothing", debug_finds_nothing },
		{ }
	},
};

/* Nanoseconds of one map. */
static double map_ns(__u32 flags, __u32 batch)
{
	struct map_benchmark map = defaults;

	map.flags = flags;
	map.batch = batch;
	if (!EXPECT(!measure(&map)) || !EXPECT(map.maps))
		return 0;
	EXPECT(map.bypassed == (flags ? map.maps : 0));
	say("dma-bypass: flags %u, batch %u: map %.1f ns, unmap %.1f ns\n",
	    flags, batch, (double)map.map_ns / map.maps,
	    (double)map.unmap_ns / map.maps);
	return (double)map.map_ns / map.maps;
}

/* For a machine whose clock counts instructions: coarse, but without noise. */
static void bypass_is_cheaper(void)
{
	double translated, bypassed;

	ASSERT(!write_file(device_file("dma_bypass/policy"), "allow"));
	translated = map_ns(0, BATCH);
	bypassed = map_ns(DMA_MAP_BENCH_F_BYPASS, BATCH);
	EXPECT(bypassed > 0 && bypassed < translated / 5);
}

static void batch_spreads_cost_of_clock(void)
{
	double one = map_ns(DMA_MAP_BENCH_F_BYPASS, 0);

	EXPECT(map_ns(DMA_MAP_BENCH_F_BYPASS, BATCH) < one * 3 / 4);
}

const struct guest_suite mapbench_cost_suite = {
	.name	= "dma_map_benchmark_cost",
	.tests	= (const struct guest_test []) {
		{ "driver_takes_device", driver_takes_device },
		{ "bypass_is_cheaper", bypass_is_cheaper },
		{ "batch_spreads_cost_of_clock", batch_spreads_cost_of_clock },
		{ }
	},
};
