// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: what the system modes mean for a device.
 *
 * What to expect is not asked of the code under test.  The machine says it:
 * dma_iommu_bypass_mode_test.expect=WORD, one of the names below.  Its command
 * line opts the first of the two edu devices in.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "dma-iommu-bypass-test.h"

static char *expect;
module_param(expect, charp, 0);

#define NR_POLICIES	3

/*
 * @prepare: what asking for a window returns, by policy
 * @allow: what opting a device in at run time returns
 * @deny: what denying it, or taking that back, returns
 * @withheld: the upper half of the aperture is not the allocator's
 */
static const struct expectation {
	const char	*name;
	int		prepare[NR_POLICIES];
	int		allow;
	int		deny;
	bool		translated;
	bool		withheld;
} expectations[] = {
	{
		.name		= "default",
		.prepare	= { -EACCES, 0, -EACCES },
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "request",
		.prepare	= { 0, 0, -EACCES },
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "optin",
		.prepare	= { -EACCES, 0, -EACCES },
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "never",
		.prepare	= { -EPERM, -EPERM, -EPERM },
		.allow		= -EPERM,
		.translated	= true,
	}, {
		.name		= "force",
		.prepare	= { -EPERM, -EPERM, -EPERM },
		.translated	= true,
		.withheld	= true,
	}, {
		.name		= "direct",
		.prepare	= { -ENODEV, -ENODEV, -ENODEV },
		.allow		= -ENODEV,
		.deny		= -ENODEV,
	},
};

static const struct expectation *expected;

/* What the first device got before anybody but the command line spoke. */
static int boot_prepare;

static void device_is_translated_or_not(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++) {
		struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(i));

		KUNIT_EXPECT_EQ(test, use_dma_iommu(dev_of(i)),
				expected->translated);
		KUNIT_EXPECT_EQ(test, domain->type == IOMMU_DOMAIN_IDENTITY,
				!expected->translated);
	}
}

static void command_line_opts_in(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, boot_prepare,
			expected->prepare[DMA_BYPASS_POLICY_ALLOW]);
	if (strstr(saved_command_line, "iommu.dma_bypass=optinn"))
		kunit_info(test, "require-console: unknown mode \"optinn\", taking \"never\"");
}

/*
 * The allocator goes from the top down: with 64 bits, it starts at its end.
 * So much, no magazine has from an earlier mapping.
 */
static void half_is_withheld_for_windows_only(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct dev_iommu *iommu = dev_of(0)->iommu;
	u32 workaround = iommu->pci_32bit_workaround;
	dma_addr_t addr;

	if (!expected->translated)
		return;
	iommu->pci_32bit_workaround = 0;
	addr = map(test, 0, page, 0, SZ_2M, 0);
	iommu->pci_32bit_workaround = workaround;
	KUNIT_EXPECT_EQ(test, addr < half(0), expected->withheld);
	carry(test, 0, addr, page_address(page), EDU_MAX, 1);
	unmap(0, addr, SZ_2M, 0);
}

static const struct word {
	const char		*name;
	enum dma_bypass_policy	policy;
	int			device;
} words[] = {
	{ "first, default",	DMA_BYPASS_POLICY_DEFAULT,	0 },
	{ "first, allow",	DMA_BYPASS_POLICY_ALLOW,	0 },
	{ "first, deny",	DMA_BYPASS_POLICY_DENY,		0 },
	{ "second, default",	DMA_BYPASS_POLICY_DEFAULT,	1 },
	{ "second, allow",	DMA_BYPASS_POLICY_ALLOW,	1 },
	{ "second, deny",	DMA_BYPASS_POLICY_DENY,		1 },
};

KUNIT_ARRAY_PARAM_DESC(word, words, name);

static void set_policy(struct kunit *test, const struct word *w)
{
	enum dma_bypass_policy was = dma_bypass_policy(dev_of(w->device));
	bool allow = w->policy == DMA_BYPASS_POLICY_ALLOW;
	int err = allow ? expected->allow : expected->deny;

	KUNIT_EXPECT_EQ(test, dma_bypass_set_policy(dev_of(w->device),
						    w->policy), err);
	KUNIT_EXPECT_EQ(test, dma_bypass_policy(dev_of(w->device)),
			err ? was : w->policy);
}

/* Where a window is expected, give it the time to open. */
static void await(int i, bool opens)
{
	if (opens)
		await_open(i);
	else
		msleep(60);
}

static void expect_address(struct kunit *test, int i, struct page *page,
			   bool bypass)
{
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr = probe(test, i, page, SZ_4K, BYPASS);

	if (!expected->translated)
		KUNIT_EXPECT_EQ(test, addr, phys);
	else if (bypass)
		KUNIT_EXPECT_EQ(test, addr, half(i) + phys);
	else
		KUNIT_EXPECT_LT(test, addr, half(i));
}

/* Asked by a mapping, and then by the driver. */
static void policy_decides(struct kunit *test)
{
	const struct word *w = test->param_value;
	int err = expected->prepare[w->policy], i = w->device;
	struct page *page = buffer(test, HIGH);

	set_policy(test, w);
	expect_address(test, i, page, false);
	await(i, !err);
	expect_address(test, i, page, !err);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(i)), err);
	expect_address(test, i, page, !err);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(i)),
			err ? DMA_BYPASS_CLOSED : DMA_BYPASS_OPEN);
	if (expected->translated)
		KUNIT_EXPECT_EQ(test, mapped(i, page_to_phys(page)),
				err ? 0 : page_to_phys(page));
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
	if (err || !edus[0])
		return err;
	boot_prepare = dma_bypass_prepare(dev_of(0));
	return edu_rebind(edus[0]);
}

static int mode_init(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL_MSG(test, expected, "no expect=");
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
	KUNIT_CASE(half_is_withheld_for_windows_only),
	KUNIT_CASE_PARAM(policy_decides, word_gen_params),
	{ }
};

static struct kunit_suite mode_suite = {
	.name		= "dma_bypass_vtd_mode",
	.suite_init	= mode_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= mode_init,
	.exit		= mode_exit,
	.test_cases	= mode_cases,
};

kunit_test_suite(mode_suite);
