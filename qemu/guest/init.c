// SPDX-License-Identifier: GPL-2.0
/*
 * The init of the test machines.  KUnit suites have run before it starts: that
 * it is reached means that they came to an end.  It runs the suite of user
 * space, or the shell, that the command line of the kernel names after "--".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static const struct {
	const char *type;
	const char *where;
} mounts[] = {
	{ "devtmpfs",	"/dev" },
	{ "proc",	"/proc" },
	{ "sysfs",	"/sys" },
	{ "debugfs",	"/sys/kernel/debug" },
};

static const struct guest_suite * const suites[] = {
	&admin_suite, &fio_suite, &kdump_suite, &mapbench_suite, &mapbench_bypass_suite,
	&mapbench_cost_suite, &net_bench_suite, &net_bypassed_suite,
	&net_device_tlb_suite, &net_guarded_suite, &net_masked_suite,
	&net_translated_suite, &never_suite, &nvme_bench_suite, &nvme_bypassed_suite,
	&nvme_guarded_suite, &nvme_pulled_suite, &nvme_translated_suite, &sample_suite,
	&suspend_guarded_suite, &suspend_open_suite, &suspend_translated_suite,
	&trace_suite, &vfio_guard_suite, &vfio_suite, &window_suite,
};

static int mount_all(void)
{
	for (unsigned int i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL)) {
			perror(mounts[i].where);
			return -1;
		}
	}
	return 0;
}

/* As what the kernel starts for every uevent: note it for the test. */
static int note_uevent(char **environment)
{
	FILE *file = fopen(UEVENTS, "a");

	if (!file)
		return EXIT_FAILURE;
	for (; *environment; environment++)
		fprintf(file, "%s ", *environment);
	fputc('\n', file);
	return fclose(file) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void power_off(int signal)
{
	(void)signal;
	reboot(RB_POWER_OFF);
}

/* A session on the console, for somebody at a terminal. */
static void run_shell(void)
{
	static char * const argv[] = { "sh", "-l", NULL };
	char console[64];
	int fd;

	snprintf(console, sizeof(console), "/dev/%.32s",
		 read_file("/sys/class/tty/console/active"));
	signal(SIGUSR2, power_off);		/* of busybox's poweroff */
	if (fork()) {
		while (wait(NULL) > 0)
			;
		return;
	}
	setsid();
	fd = open(console, O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	ioctl(fd, TIOCSCTTY, 1);
	setenv("PATH", "/bin", 1);
	execv("/bin/sh", argv);
	perror("/bin/sh");
	_exit(EXIT_FAILURE);
}

static void run(const char *name)
{
	if (!strcmp(name, "shell")) {
		run_shell();
		return;
	}
	for (unsigned int i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (!strcmp(name, suites[i]->name))
			run_suite(suites[i]);
}

int main(int argc, char **argv, char **environment)
{
	if (getpid() != 1)
		return note_uevent(environment);

	if (mount_all() || say("dma-bypass: init reached\n"))
		fprintf(stderr, "dma-bypass: init failed\n");
	else if (argc > 1)
		run(argv[argc - 1]);

	reboot(RB_POWER_OFF);
	perror("reboot");
	for (;;)
		pause();
}
