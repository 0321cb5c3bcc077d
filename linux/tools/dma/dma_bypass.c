// SPDX-License-Identifier: GPL-2.0
/*
 * dma_bypass - see which devices may bypass the IOMMU, and decide it
 *
 * See Documentation/core-api/dma-bypass.rst and
 * Documentation/ABI/testing/sysfs-devices-dma_bypass.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODE	"/sys/module/iommu/parameters/dma_bypass"
#define WINDOWS	"/sys/kernel/debug/dma_bypass"
#define DEVICES	"/sys/bus/*/devices/"

#define ROW	"%-16s %5s  %-8s %-9s %-12s %s\n"

static const char usage[] =
	"usage: dma_bypass [list]\n"
	"       dma_bypass set DEVICE default|allow|deny\n"
	"\n"
	"DEVICE is a name as in the list, for example 0000:3b:00.0.\n";

/* What a file of sysfs says, without the end of the line; "?" if nothing. */
static void get(const char *path, char *word, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file || !fgets(word, size, file))
		snprintf(word, size, "?");
	if (file)
		fclose(file);
	word[strcspn(word, "\n")] = '\0';
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *get_group(char *target, size_t size)
{
	ssize_t len = readlink("iommu_group", target, size - 1);

	if (len < 0)
		return "?";
	target[len] = '\0';
	return last_part(target);
}

/* The window of a device; "-" if it has none, "?" if one must not know. */
static void get_window(const char *device, char *word, size_t size)
{
	FILE *file = fopen(WINDOWS, "r");
	char line[256], name[128];
	unsigned long long base, len;
	int rest = 0;

	snprintf(word, size, file ? "-" : "?");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %*s %n", name, &rest) != 1 ||
		    strcmp(name, device))
			continue;
		if (sscanf(line + rest, "base %llx size %llx", &base, &len) == 2)
			snprintf(word, size, "0x%llx, %llu MiB", base,
				 len >> 20);
		else
			snprintf(word, size, "%.*s",
				 (int)strcspn(line + rest, "\n"), line + rest);
	}
	if (file)
		fclose(file);
}

/* The device whose directory we are in. */
static void list_one(const char *name)
{
	char group[PATH_MAX], policy[32], state[32], reason[32], window[64];

	get("dma_bypass/policy", policy, sizeof(policy));
	get("dma_bypass/state", state, sizeof(state));
	get("dma_bypass/reason", reason, sizeof(reason));
	get_window(name, window, sizeof(window));
	printf(ROW, name, get_group(group, sizeof(group)), policy, state,
	       reason, window);
}

/* A device that goes away meanwhile is left out, or shows as question marks. */
static void list_all(const glob_t *found)
{
	size_t i;

	printf(ROW, "DEVICE", "GROUP", "POLICY", "STATE", "REASON", "WINDOW");
	for (i = 0; i < found->gl_pathc; i++) {
		char *dir = found->gl_pathv[i];

		dir[strlen(dir) - strlen("/dma_bypass")] = '\0';
		if (!chdir(dir))
			list_one(last_part(dir));
	}
}

static int list(void)
{
	char mode[32];
	glob_t found;

	if (access(MODE, R_OK)) {
		fprintf(stderr, "dma_bypass: " MODE ": %s\n",
			errno == ENOENT ? "no sysfs, or a kernel without CONFIG_DMA_BYPASS" :
					  strerror(errno));
		return EXIT_FAILURE;
	}
	get(MODE, mode, sizeof(mode));
	printf("system mode: %s\n", mode);

	if (glob(DEVICES "*/dma_bypass", 0, NULL, &found)) {
		printf("no device is translated by an IOMMU that has windows\n");
		return EXIT_SUCCESS;
	}
	list_all(&found);
	globfree(&found);
	return EXIT_SUCCESS;
}

/* The policy file of a device, opened; on failure it has printed why. */
static int open_policy(const char *device)
{
	char pattern[PATH_MAX];
	glob_t found;
	int fd;

	if (!*device || strpbrk(device, "*?[]\\/")) {
		fprintf(stderr, "dma_bypass: \"%s\" is no name of a device\n",
			device);
		return -1;
	}
	snprintf(pattern, sizeof(pattern), DEVICES "%s/dma_bypass/policy",
		 device);
	if (glob(pattern, 0, NULL, &found)) {
		snprintf(pattern, sizeof(pattern), DEVICES "%s", device);
		fprintf(stderr, "dma_bypass: %s: %s\n", device,
			glob(pattern, 0, NULL, &found) ? "no such device" :
			"not translated by an IOMMU that has windows");
		return -1;
	}
	if (found.gl_pathc > 1) {
		fprintf(stderr, "dma_bypass: %s: there are several, see %s\n",
			device, pattern);
		return -1;
	}
	fd = open(found.gl_pathv[0], O_WRONLY);
	if (fd < 0)
		fprintf(stderr, "dma_bypass: %s: %s\n", found.gl_pathv[0],
			strerror(errno));
	globfree(&found);
	return fd;
}

static const char *explain(int err)
{
	switch (err) {
	case EACCES:
		return "needs CAP_SYS_ADMIN and CAP_SYS_RAWIO";
	case EINVAL:
		return "unknown policy, use default, allow, guard or deny";
	case EPERM:
		return "the system mode is never, until reboot";
	case ENODEV:
		return "the device is gone, or is not translated any more";
	default:
		return strerror(err);
	}
}

static int set(const char *device, const char *policy)
{
	int fd, err = 0;

	if (!*policy) {
		fprintf(stderr, "dma_bypass: %s\n", explain(EINVAL));
		return EXIT_FAILURE;
	}
	fd = open_policy(device);
	if (fd < 0)
		return EXIT_FAILURE;
	if (write(fd, policy, strlen(policy)) < 0)
		err = errno;
	close(fd);
	if (err)
		fprintf(stderr, "dma_bypass: %s: %s: %s\n", device, policy,
			explain(err));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 1 || (argc == 2 && !strcmp(argv[1], "list")))
		return list();
	if (argc == 4 && !strcmp(argv[1], "set"))
		return set(argv[2], argv[3]);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	fputs(usage, stderr);
	return 2;
}
