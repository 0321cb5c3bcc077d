// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_mode: the system modes, on a machine with VT-d.
 *
 * The machine tells what to expect, not the code under test:
 * dma_iommu_bypass_mode_test.expect=NAME, one of the names below.  Needs two of QEMU's
 * edu devices; the command line opts the first one in.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "dma-iommu-bypass-test-fake.h"

static char *expect;
module_param(expect, charp, 0);

/**
 * struct expectation - what a mode means
 * @name: of the mode, or of what decides in its place
 * @reason: the reason against a window, by policy
 * @err: what dma_bypass_prepare() returns if there is one
 * @loosen: what setting the policies allow and guard returns
 * @tighten: what setting the policies default and deny returns
 * @translated: whether the devices are translated
 * @enforced: whether they are whatever IOMMU drivers and the platform say
 * @never: whether they are whatever the administrator says, too
 * @withheld: whether the window's span is withheld from the IOVA allocator
 */
struct expectation {
	const char		*name;
	enum dma_bypass_reason	reason[DMA_BYPASS_NR_POLICIES];
	int			err;
	int			loosen;
	int			tighten;
	bool			translated;
	bool			enforced;
	bool			never;
	bool			withheld;
};

static const struct expectation expectations[] = {
	{
		.name		= "default",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_POLICY,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_GRANTED,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_POLICY,
		},
		.err		= -EPERM,
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "request",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_GRANTED,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_GRANTED,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_POLICY,
		},
		.err		= -EPERM,
		.translated	= true,
		.enforced	= true,
		.withheld	= true,
	}, {
		.name		= "optin",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_POLICY,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_GRANTED,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_POLICY,
		},
		.err		= -EPERM,
		.translated	= true,
		.enforced	= true,
		.withheld	= true,
	}, {
		.name		= "never",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_MODE,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_NO_MODE,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_MODE,
		},
		.err		= -EPERM,
		.loosen		= -EPERM,
		.translated	= true,
		.enforced	= true,
		.never		= true,
	}, {
		.name		= "force",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_MODE,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_NO_MODE,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_MODE,
		},
		.err		= -EPERM,
		.translated	= true,
		.enforced	= true,
		.withheld	= true,
	}, {
		.name		= "kdump",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_POLICY,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_NO_UNSUPPORTED,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_POLICY,
		},
		.err		= -EPERM,
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "direct",
		.reason		= {
			[DMA_BYPASS_POLICY_DEFAULT]	= DMA_BYPASS_NO_DIRECT,
			[DMA_BYPASS_POLICY_ALLOW]	= DMA_BYPASS_NO_DIRECT,
			[DMA_BYPASS_POLICY_DENY]	= DMA_BYPASS_NO_DIRECT,
		},
		.err		= -EOPNOTSUPP,
		.loosen		= -ENODEV,
		.tighten	= -ENODEV,
	},
};

static const struct expectation *expected;

/* Of the first device, with the policy of the command line. */
static enum dma_bypass_reason boot_reason;

static void device_is_translated_or_not(struct kunit *test)
{
	struct iommu_domain *domain;
	int i;

	for (i = 0; i < EDU_NR; i++) {
		KUNIT_EXPECT_EQ_MSG(test, use_dma_iommu(dev_of(i)),
				    expected->translated, "device %d", i);
		domain = iommu_get_domain_for_dev(dev_of(i));
		if (domain)
			KUNIT_EXPECT_EQ_MSG(test,
					    domain->type == IOMMU_DOMAIN_IDENTITY,
					    !expected->translated, "device %d", i);
	}
}

static void command_line_opts_in(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, boot_reason,
			expected->reason[DMA_BYPASS_POLICY_ALLOW]);
	if (strstr(saved_command_line, "iommu.dma_bypass=optinn"))
		kunit_info(test, "require-console: unknown mode \"optinn\", using \"never\"");
}

#define SPLIT_SIZE	SZ_512K		/* not cached by the IOVA allocator */

/* The allocator goes from the top down, from one range above the window on. */
static void span_is_withheld_for_windows_only(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	dma_addr_t base = window_base(0), end = base + window_size();
	struct dev_iommu *iommu = dev_of(0)->iommu;
	dma_addr_t above, next;
	u32 workaround;

	if (!expected->translated) {
		/* Nobody allocates addresses. */
		KUNIT_EXPECT_EQ(test, map_once(test, 0, page, SPLIT_SIZE, 0),
				page_to_phys(page));
		return;
	}
	workaround = iommu->pci_32bit_workaround;
	iommu->pci_32bit_workaround = 0;
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), end + SPLIT_SIZE - 1));
	above = map(test, 0, page, 0, SPLIT_SIZE, 0);
	next = map(test, 0, page, 0, SPLIT_SIZE, 0);
	KUNIT_EXPECT_EQ(test, above, end);
	KUNIT_EXPECT_EQ(test, next, (expected->withheld ? base : end) - SPLIT_SIZE);
	dma_roundtrip(test, 0, next, page_address(page), EDU_MAX, 1);
	unmap(0, next, SPLIT_SIZE, 0);
	unmap(0, above, SPLIT_SIZE, 0);
	iommu->pci_32bit_workaround = workaround;
}

static const struct policy_param {
	const char		*name;
	enum dma_bypass_policy	policy;
	int			device;
} policy_params[] = {
	{ "first, default",	DMA_BYPASS_POLICY_DEFAULT,	0 },
	{ "first, allow",	DMA_BYPASS_POLICY_ALLOW,	0 },
	{ "first, deny",	DMA_BYPASS_POLICY_DENY,		0 },
	{ "second, default",	DMA_BYPASS_POLICY_DEFAULT,	1 },
	{ "second, allow",	DMA_BYPASS_POLICY_ALLOW,	1 },
	{ "second, deny",	DMA_BYPASS_POLICY_DENY,		1 },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_params, name);

static void expect_set_policy(struct kunit *test, int i,
			      enum dma_bypass_policy policy, int err)
{
	enum dma_bypass_policy before = dma_bypass_policy(dev_of(i));

	KUNIT_EXPECT_EQ(test, dma_bypass_set_policy(dev_of(i), policy), err);
	KUNIT_EXPECT_EQ(test, dma_bypass_policy(dev_of(i)),
			err ? before : policy);
}

static void expect_address(struct kunit *test, int i, struct page *page,
			   bool bypass)
{
	dma_addr_t addr = map_once(test, i, page, SZ_4K, BYPASS);

	if (!expected->translated)
		KUNIT_EXPECT_EQ(test, addr, page_to_phys(page));
	else if (bypass)
		KUNIT_EXPECT_EQ(test, addr, window_base(i) + page_to_phys(page));
	else
		expect_translated(test, i, addr);
}

/* A mapping requests the window, then the driver does. */
static void policy_decides(struct kunit *test)
{
	const struct policy_param *p = test->param_value;
	enum dma_bypass_reason reason = expected->reason[p->policy];
	bool opens = reason == DMA_BYPASS_GRANTED;
	struct page *page = buffer(test, HIGH);
	int i = p->device;

	expect_set_policy(test, i, p->policy,
			  p->policy == DMA_BYPASS_POLICY_ALLOW ?
			  expected->loosen : expected->tighten);
	expect_address(test, i, page, false);
	if (opens)
		wait_open(i);
	else
		msleep(60);
	expect_address(test, i, page, opens);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(i)),
			opens ? 0 :
			reason == DMA_BYPASS_NO_UNSUPPORTED ? -EOPNOTSUPP :
							      expected->err);
	expect_address(test, i, page, opens);
	__expect_state(test, dev_of(i),
		       opens ? DMA_BYPASS_OPEN : DMA_BYPASS_CLOSED, reason,
		       __func__, __LINE__);
	if (expected->translated)
		KUNIT_EXPECT_EQ(test, mapped(i, page_to_phys(page)),
				opens ? page_to_phys(page) : 0);
}

static void guard_is_accepted_as_allow_is(struct kunit *test)
{
	expect_set_policy(test, 0, DMA_BYPASS_POLICY_GUARD, expected->loosen);
}

static int identity_of_driver(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

/* The first device is added anew: whether it is translated then. */
static void expect_translated_anew(struct kunit *test, bool yes)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	replug();
	KUNIT_ASSERT_NOT_NULL(test, edus[0]);
	KUNIT_ASSERT_NOT_NULL(test, edu_of(0));
	KUNIT_EXPECT_EQ(test, use_dma_iommu(dev_of(0)), yes);
	addr = map(test, 0, page, 0, SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, addr != page_to_phys(page), yes);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 1);
	unmap(0, addr, SZ_4K, 0);
}

/* The driver of the IOMMU insists on identity, for devices with PASIDs and such. */
static void driver_insists_on_identity(struct kunit *test)
{
	struct iommu_device *iommu;

	if (!dev_of(0)->iommu) {
		expect_translated_anew(test, false);
		return;
	}
	iommu = dev_of(0)->iommu->iommu_dev;
	fake_iommu_ops(test)->def_domain_type = identity_of_driver;
	expect_translated_anew(test, expected->enforced);
	kunit_release_action(test, restore_iommu_ops, iommu);
	expect_translated_anew(test, expected->translated);
}

static void default_is_translated(void *unused)
{
	iommu_set_default_translated(false);
}

/* A platform switches the IOMMU on that is off by default: only for some devices. */
static void platform_opts_in_late(struct kunit *test)
{
	iommu_set_default_passthrough(false);
	if (!expected->translated) {
		/* It was so before. */
		expect_translated_anew(test, false);
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   default_is_translated,
							   NULL));
	expect_translated_anew(test, expected->enforced);
	kunit_release_action(test, default_is_translated, NULL);
	expect_translated_anew(test, true);
}

/**
 * struct type_param - a word that is written to the type of a group
 * @word: the word
 * @insists: whether the driver of the IOMMU insists on identity meanwhile
 * @identity: whether that makes the group identity where nothing enforces more
 * @admin: whether it is the administrator who says so
 */
struct type_param {
	const char	*word;
	bool		insists;
	bool		identity;
	bool		admin;
};

static const struct type_param type_params[] = {
	{ .word = "identity",	.identity = true,	.admin = true },
	{ .word = "auto" },
	{ .word = "auto",	.insists = true,	.identity = true },
	{ .word = "DMA" },
};

static void type_desc(const struct type_param *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s", p->word,
		 p->insists ? ", driver insists on identity" : "");
}

KUNIT_ARRAY_PARAM(type, type_params, type_desc);

/* A group that is identity, or none, whatever the mode. */
static void expect_direct_type(struct kunit *test)
{
	if (dev_of(0)->iommu)
		KUNIT_EXPECT_EQ(test, write_group_type(test, "identity"), 8);
	else
		KUNIT_EXPECT_NULL(test, dev_of(0)->iommu_group);
	KUNIT_EXPECT_FALSE(test, use_dma_iommu(dev_of(0)));
}

static void type_is_written(struct kunit *test)
{
	const struct type_param *p = test->param_value;
	bool enforced = p->admin ? expected->never : expected->enforced;
	bool refused = p->admin && expected->never;
	struct iommu_device *iommu;
	struct iommu_ops *ops;

	if (!expected->translated) {
		expect_direct_type(test);
		return;
	}
	iommu = dev_of(0)->iommu->iommu_dev;
	ops = fake_iommu_ops(test);
	if (p->insists)
		ops->def_domain_type = identity_of_driver;
	KUNIT_EXPECT_EQ(test, write_group_type(test, p->word),
			refused ? -EPERM : (ssize_t)strlen(p->word));
	KUNIT_EXPECT_EQ(test, use_dma_iommu(dev_of(0)),
			!p->identity || enforced);
	kunit_release_action(test, restore_iommu_ops, iommu);
	KUNIT_EXPECT_EQ(test, write_group_type(test, "DMA"), 3);
	KUNIT_EXPECT_TRUE(test, use_dma_iommu(dev_of(0)));
}

/* The driver of the IOMMU has no domain that translates. */
static void untranslatable_device_is_reported(struct kunit *test)
{
	struct iommu_device *iommu;
	struct iommu_ops *ops;

	if (!dev_of(0)->iommu) {
		if (strstr(saved_command_line, "iommu.dma_bypass=never"))
			kunit_info(test, "require-console: %s: not translated: it has no IOMMU",
				   pci_name(edus[0]));
		return;
	}
	iommu = dev_of(0)->iommu->iommu_dev;
	if (expected->never)
		kunit_info(test, "require-console: %s: not translated: its IOMMU driver cannot translate it",
			   pci_name(edus[0]));
	ops = fake_iommu_ops(test);
	ops->def_domain_type = identity_of_driver;
	ops->domain_alloc_paging_flags = NULL;
	expect_translated_anew(test, false);
	kunit_release_action(test, restore_iommu_ops, iommu);
	expect_translated_anew(test, expected->translated);
}

static const struct expectation *find_expectation(void)
{
	int i;

	for (i = 0; expect && i < ARRAY_SIZE(expectations); i++)
		if (!strcmp(expect, expectations[i].name))
			return &expectations[i];
	return NULL;
}

static int mode_suite_init(struct kunit_suite *suite)
{
	int err = edu_suite_init(suite);

	expected = find_expectation();
	if (!err && edus[0])
		boot_reason = dma_bypass_reason(dev_of(0));
	return err ?: sysfs_mount();
}

static void mode_suite_exit(struct kunit_suite *suite)
{
	sysfs_unmount();
	edu_suite_exit(suite);
}

static int mode_init(struct kunit *test)
{
	if (!expect)
		kunit_skip(test, "needs expect=");
	KUNIT_ASSERT_NOT_NULL_MSG(test, expected, "expect=%s", expect);
	if (!edus[0] || !edus[1] || !edu_of(0) || !edu_of(1))
		kunit_skip(test, "needs two edu devices");
	return 0;
}

static void mode_exit(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++) {
		dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DEFAULT);
		KUNIT_EXPECT_EQ(test, 0, edu_rebind(edus[i]));
	}
}

static struct kunit_case mode_cases[] = {
	KUNIT_CASE(device_is_translated_or_not),
	KUNIT_CASE(command_line_opts_in),
	KUNIT_CASE(span_is_withheld_for_windows_only),
	KUNIT_CASE_PARAM(policy_decides, policy_gen_params),
	KUNIT_CASE(guard_is_accepted_as_allow_is),
	KUNIT_CASE(driver_insists_on_identity),
	KUNIT_CASE(platform_opts_in_late),
	KUNIT_CASE_PARAM(type_is_written, type_gen_params),
	KUNIT_CASE(untranslatable_device_is_reported),
	{ }
};

static struct kunit_suite mode_suite = {
	.name		= "dma_bypass_vtd_mode",
	.suite_init	= mode_suite_init,
	.suite_exit	= mode_suite_exit,
	.init		= mode_init,
	.exit		= mode_exit,
	.test_cases	= mode_cases,
};

kunit_test_suite(mode_suite);
