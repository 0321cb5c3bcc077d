// SPDX-License-Identifier: GPL-2.0
/*
 * Debian's fio and a file system on a disk whose driver requests bypass: nothing that
 * is read differs from what was written, whatever the policy does meanwhile.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "guest.h"
#include "traced.h"

#define POLICY_FILE	DISK_SYSFS "dma_bypass/policy"
#define STATE_FILE	DISK_SYSFS "dma_bypass/state"
#define MNT		"/mnt"
#define FILES		96
#define CHUNK		65536

static char device[64];

static void disk_is_there(void)
{
	int fd = disk_open(1);

	ASSERT(fd >= 0);
	close(fd);
	if (!strcmp(read_file(MODE), "guard"))
		EXPECT(becomes(STATE_FILE, "guarded"));
	snprintf(device, sizeof(device), "/dev/%sn1", disk_controller());
	mkdir("/tmp", 0777);
	EXPECT(!mkdir(MNT, 0755));
}

/* A process that changes the policy until it is killed; not where that is denied. */
static pid_t change_policy(void)
{
	static const char * const policies[] = { "deny", "allow", "guard" };
	pid_t child = fork();

	for (int i = 0; !child; i++) {
		write_file(POLICY_FILE, policies[i % 3]);
		usleep(50000);
	}
	return child;
}

static bool stop_changing(pid_t child)
{
	return child > 0 && !kill(child, SIGKILL) &&
	       waitpid(child, NULL, 0) == child &&
	       !write_file(POLICY_FILE, "default") &&
	       (strcmp(read_file(MODE), "guard") || becomes(STATE_FILE, "guarded"));
}

/* Whether a program succeeds; what it said if not. */
static bool succeeds(char * const argv[])
{
	const char *said;
	int status = run_program(argv, &said);

	if (status)
		say("dma-bypass: %s: status %d: %.700s\n", argv[0], status, said);
	return !status;
}

static bool fio(const char *engine, const char *depth, const char *jobs)
{
	char ioengine[32], iodepth[32], numjobs[32], filename[80];

	snprintf(ioengine, sizeof(ioengine), "--ioengine=%s", engine);
	snprintf(iodepth, sizeof(iodepth), "--iodepth=%s", depth);
	snprintf(numjobs, sizeof(numjobs), "--numjobs=%s", jobs);
	snprintf(filename, sizeof(filename), "--filename=%s", device);
	return succeeds((char *[]) { "/bin/fio", "--name=verify", filename,
			ioengine, iodepth, numjobs, "--direct=1", "--rw=randwrite",
			"--bsrange=512-1m", "--blockalign=512", "--size=16m",
			"--offset_increment=16m", "--verify=crc32c",
			"--verify_fatal=1", "--thread", "--minimal", NULL });
}

static void all_engines(void)
{
	EXPECT(fio("psync", "1", "2"));
	EXPECT(fio("libaio", "16", "3"));
	EXPECT(fio("io_uring", "64", "2"));
}

static void fio_verifies(void)
{
	all_engines();
}

static void fio_verifies_while_policy_changes(void)
{
	pid_t child = change_policy();

	all_engines();
	EXPECT(stop_changing(child));
}

/* Of some bytes, going on from the sum of others. */
static uint64_t add(uint64_t sum, const unsigned char *data, ssize_t len)
{
	while (len--)
		sum = (sum ^ *data++) * 0x100000001b3ULL;
	return sum;
}

/* Write a file of so many chunks; its sum, or 0. */
static uint64_t write_one(const char *path, int chunks, int seed)
{
	static uint64_t data[CHUNK / 8];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	uint64_t sum = 0xcbf29ce484222325ULL;
	ssize_t len = CHUNK - seed * 8;

	for (int i = 0; i < chunks; i++) {
		for (int j = 0; j < CHUNK / 8; j++)
			data[j] = (j + i * 8191ULL + seed) * 0x9e3779b97f4a7c15ULL;
		if (write(fd, data, len) != len)
			sum = 0;
		sum = add(sum, (unsigned char *)data, len);
	}
	if (fsync(fd) || close(fd))
		sum = 0;
	return sum;
}

static uint64_t read_one(const char *path)
{
	static unsigned char data[CHUNK];
	int fd = open(path, O_RDONLY);
	uint64_t sum = 0xcbf29ce484222325ULL;
	ssize_t len;

	while ((len = read(fd, data, CHUNK)) > 0)
		sum = add(sum, data, len);
	close(fd);
	return len ? 0 : sum;
}

static void fill_and_compare(void)
{
	uint64_t sums[FILES];
	char path[64];
	int i;

	ASSERT(!mount(device, MNT, "ext4", 0, NULL));
	for (i = 0; i < FILES; i++) {
		if (i % 16 == 0) {
			snprintf(path, sizeof(path), MNT "/%d", i / 16);
			EXPECT(!mkdir(path, 0755));
		}
		snprintf(path, sizeof(path), MNT "/%d/%d", i / 16, i);
		sums[i] = write_one(path, 1 + i % 13, i);
		EXPECT(sums[i]);
	}
	ASSERT(!umount(MNT));
	ASSERT(!mount(device, MNT, "ext4", 0, NULL));
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), MNT "/%d/%d", i / 16, i);
		EXPECT(read_one(path) == sums[i]);
	}
	ASSERT(!umount(MNT));
}

static void file_system(void)
{
	ASSERT(succeeds((char *[]) { "/bin/mke2fs", "-q", "-F", "-t", "ext4",
				     device, NULL }));
	fill_and_compare();
	EXPECT(succeeds((char *[]) { "/bin/e2fsck", "-f", "-n", device, NULL }));
}

static void file_system_while_policy_changes(void)
{
	pid_t child = change_policy();

	file_system();
	EXPECT(stop_changing(child));
}

const struct guest_suite fio_suite = {
	.name	= "fio",
	.tests	= (const struct guest_test []) {
		{ "disk_is_there", disk_is_there },
		{ "fio_verifies", fio_verifies },
		{ "fio_verifies_while_policy_changes",
		  fio_verifies_while_policy_changes },
		{ "file_system", file_system },
		{ "file_system_while_policy_changes",
		  file_system_while_policy_changes },
		{ }
	},
};
