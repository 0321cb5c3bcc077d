// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: what the log tells of them, and platforms that
 * this one has to play.
 *
 * Wants two of QEMU's edu devices, and to see what is said at debug level:
 * dyndbg="file kernel/dma/bypass-window.c +p"
 */
#include <linux/dma-map-ops.h>
#include <linux/error-injection.h>
#include <linux/iommu.h>
#include <linux/kmsg_dump.h>
#include <linux/kprobes.h>
#include <linux/sizes.h>

#include "dma-iommu-bypass-test.h"

static struct kmsg_dump_iter seen;

static int diag_init(struct kunit *test)
{
	int err = vtd_init(test);

	kmsg_dump_rewind(&seen);
	return err;
}

/* New lines of the log, about the device, that have both words. */
static unsigned int said(int i, const char *word, const char *other)
{
	static char line[512];
	unsigned int nr = 0;
	size_t len;

	while (kmsg_dump_get_line(&seen, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, dev_name(dev_of(i))) && strstr(line, word) &&
		    strstr(line, other))
			nr++;
	}
	return nr;
}

static void log_tells_of_open_and_close(struct kunit *test)
{
	char base[32];

	snprintf(base, sizeof(base), "open at 0x%016llx, ", half(0));
	said(0, "", "");
	open_window(test, 0);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, 1, said(0, "bypass window ", base));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, 1, said(0, "bypass window ", "closed"));
}

/* Not for each mapping, but again for the next driver. */
static void log_tells_of_a_refusal_once(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	int i, round;

	for (round = 0; round < 2; round++) {
		said(1, "", "");
		for (i = 0; i < 10; i++) {
			probe(test, 1, page, SZ_4K, BYPASS);
			KUNIT_EXPECT_EQ(test, -EACCES,
					dma_bypass_prepare(dev_of(1)));
		}
		KUNIT_EXPECT_EQ(test, 1, said(1, "no bypass: ", "policy"));
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[1]));
	}
}

static void dump_tells_bypassed_from_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t bypassed, translated;
	char addr[32];

	open_window(test, 0);
	bypassed = map(test, 0, page, 0, SZ_4K, BYPASS);
	translated = map(test, 0, page, SZ_4K, SZ_4K, 0);
	said(0, "", "");
	debug_dma_dump_mappings(dev_of(0));
	snprintf(addr, sizeof(addr), "D=%llx ", bypassed);
	KUNIT_EXPECT_EQ(test, 1, said(0, addr, " bypassed"));
	debug_dma_dump_mappings(dev_of(0));
	KUNIT_EXPECT_EQ(test, 1, said(0, " bypassed", ""));
	unmap(0, bypassed, SZ_4K, BYPASS);
	unmap(0, translated, SZ_4K, 0);
}

/* No window where these addresses are; one again when they are not any more. */
static void expect_occupied(struct kunit *test, bool occupied)
{
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)),
			occupied ? -EOPNOTSUPP : 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			occupied ? DMA_BYPASS_NO_UNSUPPORTED :
				   DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, SZ_4K, BYPASS) < half(0),
			occupied);
}

static const struct place {
	const char	*name;
	bool		above;		/* the start of the window, not zero */
	u64		start;
	u64		size;
	bool		occupied;
} places[] = {
	{ "low",		false,	SZ_4G - SZ_1M,	SZ_1M,	false },
	{ "up to the window",	true,	-SZ_1M,		SZ_1M,	false },
	{ "into the window",	true,	-SZ_1M,		SZ_2M,	true },
	{ "in the window",	true,	SZ_4G,		SZ_1M,	true },
	{ "past all memory",	true,	1ULL << 46,	SZ_1M,	false },
};

KUNIT_ARRAY_PARAM_DESC(place, places, name);

static u64 start_of(const struct place *place)
{
	return (place->above ? half(0) : 0) + place->start;
}

static void drop_entry(void *entry)
{
	resource_list_destroy_entry(entry);
}

static void addresses_of_a_bridge(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct pci_host_bridge *bridge = pci_find_host_bridge(edus[0]->bus);
	struct resource *res = kunit_kzalloc(test, sizeof(*res), GFP_KERNEL);
	struct resource_entry *entry;

	KUNIT_ASSERT_NOT_NULL(test, res);
	*res = DEFINE_RES_MEM(start_of(place), place->size);
	entry = resource_list_create_entry(res, 0);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	resource_list_add_tail(entry, &bridge->windows);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, drop_entry,
							   entry));
	expect_occupied(test, place->occupied);
	kunit_release_action(test, drop_entry, entry);
	expect_occupied(test, false);
}

static const struct place *reserved;
static const struct iommu_ops *own_ops;

static void reserve_place(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	own_ops->get_resv_regions(dev, head);
	region = iommu_alloc_resv_region(start_of(reserved), reserved->size, 0,
					 IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, head);
}

static void restore_ops(void *iommu)
{
	((struct iommu_device *)iommu)->ops = own_ops;
}

static void addresses_of_the_platform(struct kunit *test)
{
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;
	struct iommu_ops *ops = kunit_kzalloc(test, sizeof(*ops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ops);
	reserved = test->param_value;
	own_ops = iommu->ops;
	*ops = *own_ops;
	ops->get_resv_regions = reserve_place;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, restore_ops,
							   iommu));
	iommu->ops = ops;
	expect_occupied(test, reserved->occupied);
	kunit_release_action(test, restore_ops, iommu);
	expect_occupied(test, false);
}

/* The processor's memory encryption needs a processor that has it. */
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

static void stop_encryption(void *probe)
{
	unregister_kprobe(probe);
}

static void encrypted_memory_is_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&encryption));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_encryption,
							   &encryption));
	KUNIT_EXPECT_EQ(test, -ENOKEY, dma_bypass_prepare(dev_of(0)));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	KUNIT_EXPECT_LT(test, probe(test, 0, page, SZ_4K, BYPASS), half(0));
	KUNIT_EXPECT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			DMA_BYPASS_NO_ENCRYPTED);
	KUNIT_EXPECT_LT(test, probe(test, 0, page, SZ_4K, BYPASS), half(0));
	kunit_release_action(test, stop_encryption, &encryption);
	open_window(test, 0);
}

static struct kunit_case diag_cases[] = {
	KUNIT_CASE(log_tells_of_open_and_close),
	KUNIT_CASE(log_tells_of_a_refusal_once),
	KUNIT_CASE(dump_tells_bypassed_from_translated),
	KUNIT_CASE_PARAM(addresses_of_a_bridge, place_gen_params),
	KUNIT_CASE_PARAM(addresses_of_the_platform, place_gen_params),
	KUNIT_CASE(encrypted_memory_is_translated),
	{ }
};

static struct kunit_suite diag_suite = {
	.name		= "dma_bypass_vtd_diag",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= diag_init,
	.exit		= vtd_exit,
	.test_cases	= diag_cases,
};

kunit_test_suite(diag_suite);
