// SPDX-License-Identifier: GPL-2.0
/*
 * What the administrator can see and say, from user space.
 *
 * No driver is bound to the device, so it has a DMA mask of 32 bits, and "mask"
 * is the reason where nothing else prevents a window.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define TOOL		"/bin/dma_bypass"

static void policy_is_read_back(void)
{
	static const char * const words[] = { "allow", "deny", "default" };

	EXPECT_FILE(POLICY, "default");
	for (int i = 0; i < 3; i++) {
		EXPECT(!write_file(POLICY, words[i]));
		EXPECT_FILE(POLICY, words[i]);
		EXPECT_FILE(STATE, "closed");
		EXPECT_FILE(REASON, words[i][0] == 'a' ? "mask" : "policy");
	}
	EXPECT(!write_file(POLICY, "allow\n"));
	EXPECT_FILE(POLICY, "allow");
	EXPECT(!write_file(POLICY, "default"));
}

static void bad_words_change_nothing(void)
{
	static const char * const words[] = {
		"maybe", "Allow", "allow deny", " allow", "allow\n\n", "\n", "1",
		"defaul", "defaults",
	};
	static char endless[5000];

	EXPECT(!write_file(POLICY, "deny"));
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		EXPECT(write_file(POLICY, words[i]) == -EINVAL);
	memset(endless, 'a', sizeof(endless) - 1);
	EXPECT(write_file(POLICY, endless) == -EINVAL);
	EXPECT(!write_file(POLICY, ""));
	EXPECT_FILE(POLICY, "deny");
	EXPECT(!write_file(POLICY, "default"));
}

static void state_and_reason_are_read_only(void)
{
	EXPECT(write_file(STATE, "open") < 0);
	EXPECT(write_file(REASON, "granted") < 0);
	EXPECT_FILE(STATE, "closed");
}

/* That of the kernel's configuration; the command line says which: expect_mode= */
static const char *mode(void)
{
	return getenv("expect_mode") ?: "default";
}

static void mode_is_read_only(void)
{
	struct stat stat_mode;

	EXPECT_FILE(MODE, mode());
	ASSERT(!stat(MODE, &stat_mode));
	EXPECT((stat_mode.st_mode & 0777) == 0444);
	EXPECT(write_file(MODE, "request") < 0);
	EXPECT_FILE(MODE, mode());
}

/* How writing a policy fails in a process that did @prepare. */
static int allow_after(void (*prepare)(void))
{
	int status;

	if (!fork()) {
		prepare();
		_exit(-write_file(POLICY, "allow"));
	}
	wait(&status);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static void drop(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		_exit(EXIT_FAILURE);
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	if (syscall(SYS_capset, &header, data))
		_exit(EXIT_FAILURE);
}

static void keep_all(void)
{
}

static void drop_rawio(void)
{
	drop(CAP_SYS_RAWIO);
}

static void drop_admin(void)
{
	drop(CAP_SYS_ADMIN);
}

static void drop_root(void)
{
	if (setuid(1000))
		_exit(EXIT_FAILURE);
}

static void both_capabilities_are_needed(void)
{
	EXPECT(allow_after(drop_rawio) == -EACCES);
	EXPECT(allow_after(drop_admin) == -EACCES);
	EXPECT_FILE(POLICY, "default");
	EXPECT(!allow_after(keep_all));
	EXPECT_FILE(POLICY, "allow");
	EXPECT(!write_file(POLICY, "default"));
}

static void write_permission_is_not_enough(void)
{
	ASSERT(!chmod(POLICY, 0666));
	EXPECT(allow_after(drop_root) == -EACCES);
	EXPECT_FILE(POLICY, "default");
	EXPECT(!chmod(POLICY, 0644));
}

static void change_is_announced(void)
{
	const char *line;

	ASSERT(note_uevents(true));
	EXPECT(!write_file(POLICY, "allow"));
	EXPECT(uevents("DMA_BYPASS_POLICY=allow", 1) == 1);
	line = read_file(UEVENTS);
	EXPECT(strstr(line, "ACTION=change "));
	EXPECT(strstr(line, "/" EDU " SUBSYSTEM=pci "));
	EXPECT(strstr(line, "DMA_BYPASS_STATE=closed "));
	EXPECT(strstr(line, "DMA_BYPASS_REASON=mask "));
	EXPECT(!write_file(POLICY, "deny"));
	EXPECT(uevents("DMA_BYPASS_REASON=policy", 1) == 1);
	EXPECT(!write_file(POLICY, "default"));
	EXPECT(uevents("DMA_BYPASS_POLICY=default", 1) == 1);
	EXPECT(note_uevents(false));
}

static void no_change_is_not_announced(void)
{
	ASSERT(note_uevents(true));
	EXPECT(!write_file(POLICY, "default"));
	EXPECT(write_file(POLICY, "nonsense") == -EINVAL);
	EXPECT(allow_after(drop_rawio) == -EACCES);
	EXPECT(!write_file(POLICY, "deny"));
	EXPECT(!write_file(POLICY, "default"));
	EXPECT(all_uevents("DMA_BYPASS_POLICY=") == 2);
	EXPECT(note_uevents(false));
}

#define ROUNDS	20

static bool gone(int err)
{
	return err == -ENODEV || err == -ENOENT;
}

/* Until somebody ends it. */
static void write_policies(void)
{
	int err;

	for (int i = 0;; i++) {
		err = write_file(POLICY, i & 1 ? "allow" : "deny");
		if (err && !gone(err))
			_exit(EXIT_FAILURE);
	}
}

/* The device comes back as if nothing had been said of it. */
static void unplug_and_plug_in(void)
{
	EXPECT(!write_file(EDU_SYSFS "remove", "1"));
	EXPECT(gone(write_file(POLICY, "allow")));
	EXPECT(!write_file("/sys/bus/pci/rescan", "1"));
}

static void device_may_go_while_policy_is_written(void)
{
	int status, file = open(POLICY, O_WRONLY);

	ASSERT(file >= 0);
	unplug_and_plug_in();
	EXPECT(write(file, "allow", 5) < 0 && gone(-errno));
	close(file);
	EXPECT_FILE(POLICY, "default");
	for (int i = 0; i < ROUNDS; i++) {
		pid_t writer = fork();

		ASSERT(writer >= 0);
		if (!writer)
			write_policies();
		usleep(2000 * i);
		unplug_and_plug_in();
		usleep(2000 * i);
		kill(writer, SIGKILL);
		waitpid(writer, &status, 0);
		EXPECT(WIFSIGNALED(status));
	}
	EXPECT(!write_file(POLICY, "default"));
	EXPECT_FILE(STATE, "closed");
}

static const char *tool_said;

/* Run the administrator's program; its exit status. */
static int tool(const char *command, const char *device, const char *policy)
{
	const char * const argv[] = { TOOL, command, device, policy, NULL };

	return run_program((char * const *)argv, &tool_said);
}

static void program_lists_devices(void)
{
	char line[256] = "", group[16] = "", listed_mode[32];

	ASSERT(readlink(EDU_SYSFS "iommu_group", line, sizeof(line) - 1) > 0);
	sscanf(strstr(line, "groups/") ?: "", "groups/%15[0-9]", group);
	snprintf(line, sizeof(line), "\n%-16s %5s  %-8s %-9s %-12s %s\n", EDU,
		 group, "default", "closed", "policy", "-");
	snprintf(listed_mode, sizeof(listed_mode), "system mode: %s\n", mode());
	EXPECT(!tool("list", NULL, NULL));
	EXPECT(strstr(tool_said, listed_mode));
	EXPECT(strstr(tool_said, line));
	EXPECT(!tool(NULL, NULL, NULL));
	EXPECT(strstr(tool_said, line));
}

static void program_sets_policy(void)
{
	EXPECT(!tool("set", EDU, "allow"));
	EXPECT(!*tool_said);
	EXPECT_FILE(POLICY, "allow");
	EXPECT(!tool("list", NULL, NULL));
	EXPECT(strstr(tool_said, " allow    closed    mask "));
	EXPECT(!tool("set", EDU, "default"));
	EXPECT_FILE(POLICY, "default");
}

static void program_explains_failure(void)
{
	EXPECT(tool("set", EDU, "maybe") == 1);
	EXPECT(strstr(tool_said, "use default, allow, guard or deny"));
	EXPECT(tool("set", EDU, "") == 1);
	EXPECT(tool("set", "0000:99:00.0", "allow") == 1);
	EXPECT(strstr(tool_said, "no such device"));
	EXPECT(tool("set", "*", "allow") == 1);
	EXPECT(tool("set", EDU, NULL) == 2);
	EXPECT(strstr(tool_said, "usage:"));
	EXPECT_FILE(POLICY, "default");
}

const struct guest_suite admin_suite = {
	.name	= "dma_bypass_admin",
	.tests	= (const struct guest_test []) {
		{ "policy_is_read_back", policy_is_read_back },
		{ "bad_words_change_nothing", bad_words_change_nothing },
		{ "state_and_reason_are_read_only",
		  state_and_reason_are_read_only },
		{ "mode_is_read_only", mode_is_read_only },
		{ "both_capabilities_are_needed", both_capabilities_are_needed },
		{ "write_permission_is_not_enough",
		  write_permission_is_not_enough },
		{ "change_is_announced", change_is_announced },
		{ "no_change_is_not_announced", no_change_is_not_announced },
		{ "device_may_go_while_policy_is_written",
		  device_may_go_while_policy_is_written },
		{ "program_lists_devices", program_lists_devices },
		{ "program_sets_policy", program_sets_policy },
		{ "program_explains_failure", program_explains_failure },
		{ }
	},
};

static void never_is_in_force(void)
{
	EXPECT_FILE(MODE, "never");
	EXPECT_FILE(STATE, "closed");
	EXPECT_FILE(REASON, "mode");
	EXPECT(write_file(MODE, "default") < 0);
	EXPECT_FILE(MODE, "never");
}

/* The command line opted the device in: it says so, and gets nothing. */
static void never_cannot_be_loosened(void)
{
	EXPECT_FILE(POLICY, "allow");
	EXPECT(write_file(POLICY, "allow") == -EPERM);
	EXPECT(!write_file(POLICY, "deny"));
	EXPECT(write_file(POLICY, "allow") == -EPERM);
	EXPECT_FILE(POLICY, "deny");
	EXPECT(tool("set", EDU, "allow") == 1);
	EXPECT(strstr(tool_said, "the system mode is never"));
	EXPECT(!write_file(POLICY, "default"));
	EXPECT_FILE(POLICY, "default");
	EXPECT_FILE(REASON, "mode");
}

/* With iommu.passthrough=1 beside it. */
static void never_translates_all(void)
{
	EXPECT_FILE(group_file("type"), "DMA");
	EXPECT(write_file(group_file("type"), "identity") == -EPERM);
	EXPECT_FILE(group_file("type"), "DMA");
	EXPECT(!write_file(group_file("type"), "auto"));
	EXPECT_FILE(group_file("type"), "DMA");
	EXPECT(!write_file(group_file("type"), "DMA"));
	EXPECT_FILE(WINDOWS, "");
}

/* Whatever is removed and comes back. */
static void never_translates_newcomers(void)
{
	EXPECT(!write_file(EDU_SYSFS "remove", "1"));
	EXPECT(!write_file("/sys/bus/pci/rescan", "1"));
	EXPECT_FILE(group_file("type"), "DMA");
	EXPECT_FILE(REASON, "mode");
}

const struct guest_suite never_suite = {
	.name	= "dma_bypass_never",
	.tests	= (const struct guest_test []) {
		{ "never_is_in_force", never_is_in_force },
		{ "never_cannot_be_loosened", never_cannot_be_loosened },
		{ "never_translates_all", never_translates_all },
		{ "never_translates_newcomers", never_translates_newcomers },
		{ }
	},
};
