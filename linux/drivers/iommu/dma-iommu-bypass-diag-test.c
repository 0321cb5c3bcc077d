// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_diag: what the log tells of bypass windows behind VT-d, and
 * memory encryption, which this machine does not have.
 *
 * Needs two of QEMU's edu devices, and messages of debug level:
 * dyndbg="file kernel/dma/bypass.c +p"
 */
#include <linux/dma-map-ops.h>
#include <linux/error-injection.h>
#include <linux/kmsg_dump.h>
#include <linux/kprobes.h>

#include "dma-iommu-bypass-test.h"

static struct kmsg_dump_iter log;

static int diag_init(struct kunit *test)
{
	int err = vtd_init(test);

	kmsg_dump_rewind(&log);
	return err;
}

/* Number of new lines of the log about a device that contain both words. */
static unsigned int logged(int i, const char *word, const char *other)
{
	static char line[512];
	unsigned int nr = 0;
	size_t len;

	while (kmsg_dump_get_line(&log, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, dev_name(dev_of(i))) && strstr(line, word) &&
		    strstr(line, other))
			nr++;
	}
	return nr;
}

static void open_and_close_are_logged(struct kunit *test)
{
	char base[32];

	snprintf(base, sizeof(base), "open at 0x%016llx", window_base(0));
	logged(0, "", "");
	open_window(test, 0);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, logged(0, "bypass window ", base), 1);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, logged(0, "bypass window ", "closed"), 1);
}

/* Not for each mapping, but again for the next driver. */
static void reason_is_logged_once(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i, round;

	for (round = 0; round < 2; round++) {
		logged(1, "", "");
		for (i = 0; i < 10; i++) {
			map_once(test, 1, page, SZ_4K, BYPASS);
			KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)),
					-EPERM);
		}
		KUNIT_EXPECT_EQ_MSG(test, logged(1, "no bypass: ", "policy"), 1,
				    "round %d", round);
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[1]));
	}
}

/* dma-debug prints the attributes. */
static void dump_shows_attribute(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t bypassed, translated;
	char addr[32], attrs[32];

	open_window(test, 0);
	bypassed = map(test, 0, page, 0, SZ_4K, BYPASS);
	translated = map(test, 0, page, SZ_4K, SZ_4K, 0);
	snprintf(attrs, sizeof(attrs), "attrs=0x%lx", BYPASS);

	logged(0, "", "");
	debug_dma_dump_mappings(dev_of(0));
	snprintf(addr, sizeof(addr), "D=%llx ", bypassed);
	KUNIT_EXPECT_EQ(test, logged(0, addr, attrs), 1);
	debug_dma_dump_mappings(dev_of(0));
	KUNIT_EXPECT_EQ(test, logged(0, "D=", attrs), 1);
	unmap(0, bypassed, SZ_4K, BYPASS);
	unmap(0, translated, SZ_4K, 0);
}

static int encrypt(struct kprobe *probe, struct pt_regs *regs)
{
	if (regs_get_kernel_argument(regs, 0) != (unsigned long)dev_of(0))
		return 0;
	regs_set_return_value(regs, true);
	override_function_with_return(regs);
	return 1;
}

static struct kprobe encryption = {
	.symbol_name	= "force_dma_unencrypted",
	.pre_handler	= encrypt,
};

/* And let it be registered again. */
static void stop_encryption(void *arg)
{
	struct kprobe *probe = arg;

	unregister_kprobe(probe);
	probe->addr = NULL;
	probe->flags = 0;
}

/* Whether its window is open, or its driver has not requested one. */
static void expect_encrypted(struct kunit *test, enum dma_bypass_state state)
{
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&encryption));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_encryption,
							   &encryption));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), state);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			DMA_BYPASS_NO_ENCRYPTED);
	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, BYPASS));
	kunit_release_action(test, stop_encryption, &encryption);
}

static void encrypted_memory_to_translated(struct kunit *test)
{
	open_window(test, 0);
	expect_encrypted(test, DMA_BYPASS_DRAINING);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	expect_encrypted(test, DMA_BYPASS_CLOSED);
	open_window(test, 0);
}

static struct kunit_case diag_cases[] = {
	KUNIT_CASE(open_and_close_are_logged),
	KUNIT_CASE(reason_is_logged_once),
	KUNIT_CASE(dump_shows_attribute),
	KUNIT_CASE(encrypted_memory_to_translated),
	{ }
};

static struct kunit_suite diag_suite = {
	.name		= "dma_bypass_vtd_diag",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= diag_init,
	.exit		= window_test_exit,
	.test_cases	= diag_cases,
};

kunit_test_suite(diag_suite);
