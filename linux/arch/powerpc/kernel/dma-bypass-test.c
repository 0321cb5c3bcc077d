// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power: which window a mapping gets on POWER, and what a
 * device reaches through it.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/iopoll.h>
#include <linux/scatterlist.h>

#include "dma-bypass-test.h"

/* What selects the window of a device's mappings. */
enum selection {
	MASK,
	ATTRIBUTE,		/* if the mask reaches the window */
	TRANSLATED,		/* always the default window */
};

#define RULE(m, p, s, r)						\
	{ DMA_BYPASS_MODE_##m, DMA_BYPASS_POLICY_##p,			\
	  "mode " #m ", policy " #p, s, DMA_BYPASS_##r }

static const struct rule {
	enum dma_bypass_mode	mode;
	enum dma_bypass_policy	policy;
	const char		*name;
	enum selection		selection;
	enum dma_bypass_reason	reason;
} rules[] = {
	RULE(DEFAULT,	DEFAULT,	MASK,	NO_POLICY),
	RULE(DEFAULT,	ALLOW,		ATTRIBUTE,	GRANTED),
	RULE(DEFAULT,	GUARD,		TRANSLATED,	NO_UNSUPPORTED),
	RULE(DEFAULT,	DENY,		TRANSLATED,	NO_POLICY),
	RULE(REQUEST,	DEFAULT,	ATTRIBUTE,	GRANTED),
	RULE(REQUEST,	ALLOW,		ATTRIBUTE,	GRANTED),
	RULE(REQUEST,	GUARD,		TRANSLATED,	NO_UNSUPPORTED),
	RULE(REQUEST,	DENY,		TRANSLATED,	NO_POLICY),
	RULE(GUARD,	DEFAULT,	TRANSLATED,	NO_UNSUPPORTED),
	RULE(GUARD,	ALLOW,		ATTRIBUTE,	GRANTED),
	RULE(GUARD,	GUARD,		TRANSLATED,	NO_UNSUPPORTED),
	RULE(GUARD,	DENY,		TRANSLATED,	NO_POLICY),
	RULE(OPTIN,	DEFAULT,	TRANSLATED,	NO_POLICY),
	RULE(OPTIN,	ALLOW,		ATTRIBUTE,	GRANTED),
	RULE(OPTIN,	GUARD,		TRANSLATED,	NO_UNSUPPORTED),
	RULE(OPTIN,	DENY,		TRANSLATED,	NO_POLICY),
	RULE(NEVER,	DEFAULT,	TRANSLATED,	NO_MODE),
	RULE(NEVER,	ALLOW,		TRANSLATED,	NO_MODE),
	RULE(NEVER,	GUARD,		TRANSLATED,	NO_MODE),
	RULE(NEVER,	DENY,		TRANSLATED,	NO_MODE),
};

/* All that follows is what this mode means. */
static void mode_is_that_of_command_line(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dma_bypass_mode(), mode_of_command_line());
}

/* The rules of the mode that the machine runs in. */
static const void *rule_gen_params(struct kunit *test, const void *prev,
				   char *desc)
{
	const struct rule *rule = prev ? prev + sizeof(*rule) : rules;

	for (; rule < rules + ARRAY_SIZE(rules); rule++) {
		if (rule->mode == dma_bypass_mode()) {
			strscpy(desc, rule->name, KUNIT_PARAM_DESC_SIZE);
			return rule;
		}
	}
	return NULL;
}

static enum dma_bypass_reason expected_reason(const struct rule *rule,
					      unsigned int bits)
{
	bool policy = rule->reason == DMA_BYPASS_NO_POLICY;

	if (iommu_nobypass())
		return DMA_BYPASS_NO_MODE;
	if (rule->reason == DMA_BYPASS_NO_MODE || policy)
		return rule->reason;
	/* Where the kernel has not asked for a window, it lies above 4 GiB. */
	if (!ddw_disabled() && bits < (no_ddw() ? 33 : 60))
		return DMA_BYPASS_NO_MASK;
	return no_ddw() ? DMA_BYPASS_NO_UNSUPPORTED : rule->reason;
}

static void expect_windows(struct kunit *test, const struct rule *rule, int i)
{
	unsigned int bits = masks[i].bits;
	enum dma_bypass_reason reason = expected_reason(rule, bits), seen;
	enum power_window plain, bypass;
	struct page *page = buffer(test);

	plain = rule->selection == MASK ? mask_window(i) : DEFAULT_WINDOW;
	bypass = reason == DMA_BYPASS_GRANTED ? UPPER_WINDOW : plain;

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev_of(0),
							   DMA_BIT_MASK(bits)));
	KUNIT_EXPECT_EQ_MSG(test, map_once(test, 0, page, 0), plain,
			    "%u bits, before it is requested", bits);
	KUNIT_EXPECT_EQ_MSG(test, dma_bypass_prepare(dev_of(0)),
			    dma_bypass_reason_errno(reason), "%u bits", bits);
	seen = dma_bypass_reason(dev_of(0));
	KUNIT_EXPECT_EQ_MSG(test, seen, reason, "%u bits: %s instead of %s",
			    bits, dma_bypass_reason_name(seen),
			    dma_bypass_reason_name(reason));
	KUNIT_EXPECT_EQ_MSG(test, map_once(test, 0, page, 0), plain,
			    "%u bits", bits);
	KUNIT_EXPECT_EQ_MSG(test, map_once(test, 0, page, BYPASS), bypass,
			    "%u bits, with the attribute", bits);
	KUNIT_EXPECT_EQ_MSG(test, alloc_once(test, 0), plain,
			    "%u bits, coherent", bits);
}

static void window_follows_mode_policy_and_mask(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	int i;

	bind_with(test, 0, rule->policy);
	free_scratch(0);
	for (i = 0; i < ARRAY_SIZE(masks); i++)
		expect_windows(test, rule, i);
}

/*
 * Before the window has been there, pseries does not know its place: it is compared with
 * the mask when it has been set up.  In the mode default, a mask has had it set up.
 */
static void mask_below_window_leaves_none(struct kunit *test)
{
	struct page *page = buffer(test);

	bind_with(test, 1, DMA_BYPASS_POLICY_ALLOW);
	if (machine_is(pseries))
		dev_of(1)->archdata.dma_offset = 0;
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(1), DMA_BIT_MASK(48)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)),
			can_open() || no_ddw() ? -EOPNOTSUPP : -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, map_once(test, 1, page, BYPASS), DEFAULT_WINDOW);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(1), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_FALSE(test, reaches(test, 1, page));
}

static const struct transfer {
	const char	*name;
	unsigned long	attrs;
	unsigned int	offset;
	unsigned int	len;
} transfers[] = {
	{ "translated, start of the page",	0,	0,	2048 },
	{ "translated, odd",			0,	1001,	1003 },
	{ "bypass, start of the page",		BYPASS,	0,	2048 },
	{ "bypass, odd",			BYPASS,	1001,	1003 },
	{ "bypass, one byte",			BYPASS,	2047,	1 },
};

KUNIT_ARRAY_PARAM_DESC(transfer, transfers, name);

static void device_moves_bytes(struct kunit *test)
{
	const struct transfer *t = test->param_value;
	struct page *page = buffer(test);
	u8 *cpu = page_address(page), *end = cpu + t->offset + t->len;
	dma_addr_t addr;

	open_window(test, 0);
	memset(cpu, 0x5a, PAGE_SIZE);
	addr = dma_map_single_attrs(dev_of(0), cpu + t->offset, t->len,
				    DMA_BIDIRECTIONAL, t->attrs);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_EQ(test, window_of(addr, virt_to_phys(cpu + t->offset)),
			t->attrs ? bypass_window() : DEFAULT_WINDOW);
	dma_roundtrip(test, 0, addr, cpu + t->offset, t->len, t->offset);
	dma_unmap_single_attrs(dev_of(0), addr, t->len, DMA_BIDIRECTIONAL,
			       t->attrs);

	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x5a, t->offset));
	KUNIT_EXPECT_NULL(test, memchr_inv(end, 0x5a, cpu + PAGE_SIZE - end));
}

static void first_mapping_requests_window(struct kunit *test)
{
	struct page *page = buffer(test);
	enum dma_bypass_state state;

	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, BYPASS), DEFAULT_WINDOW);
	if (can_open())
		KUNIT_ASSERT_EQ(test, 0,
				read_poll_timeout(dma_bypass_state, state,
						  state == DMA_BYPASS_OPEN,
						  20 * USEC_PER_MSEC,
						  10 * USEC_PER_SEC, false,
						  dev_of(0)));
	/* It is seen as open as soon as the device reaches it: wait for the rest. */
	KUNIT_EXPECT_EQ(test, !dma_bypass_prepare(dev_of(0)), can_open());
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, BYPASS), bypass_window());
}

/* Copy from @src to @dst, which are the DMA addresses of @from and @to. */
static void copy_expect(struct kunit *test, dma_addr_t src, struct page *from,
			dma_addr_t dst, struct page *to, u64 seed)
{
	edu_pattern(page_address(from), EDU_MAX, seed);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), src, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(0), dst, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(from), page_address(to), EDU_MAX);
}

static void both_windows_at_once(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	dma_addr_t bypassed, translated;

	open_window(test, 0);
	bypassed = map(test, 0, one, BYPASS);
	translated = map(test, 0, two, 0);
	KUNIT_EXPECT_EQ(test, window_of(bypassed, page_to_phys(one)),
			bypass_window());
	KUNIT_EXPECT_EQ(test, window_of(translated, page_to_phys(two)),
			DEFAULT_WINDOW);
	copy_expect(test, bypassed, one, translated, two, 30);
	copy_expect(test, translated, two, bypassed, one, 31);
	unmap(0, bypassed, BYPASS);
	unmap(0, translated, 0);
}

/* Map a list of the second half of each page. */
static void expect_list(struct kunit *test, struct page *one, struct page *two,
			unsigned long attrs, enum power_window window)
{
	struct scatterlist sgl[2], *sg;
	int i;

	sg_init_table(sgl, 2);
	sg_set_page(&sgl[0], one, PAGE_SIZE / 2, PAGE_SIZE / 2);
	sg_set_page(&sgl[1], two, PAGE_SIZE / 2, PAGE_SIZE / 2);
	KUNIT_ASSERT_GT(test, dma_map_sg_attrs(dev_of(0), sgl, 2,
					       DMA_TO_DEVICE, attrs), 0);
	KUNIT_EXPECT_EQ(test, window_of(sg_dma_address(sgl), sg_phys(sgl)),
			window);
	if (window == UPPER_WINDOW)
		for_each_sg(sgl, sg, 2, i)
			KUNIT_EXPECT_EQ(test, sg_dma_address(sg),
					UPPER_BASE + sg_phys(sg));
	dma_unmap_sg_attrs(dev_of(0), sgl, 2, DMA_TO_DEVICE, attrs);
}

static void list_follows_attribute(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);

	open_window(test, 0);
	expect_list(test, one, two, 0, DEFAULT_WINDOW);
	expect_list(test, one, two, BYPASS, bypass_window());
	expect_list(test, two, one, BYPASS, bypass_window());
}

/* Half pages up to the end of a window that maps a part of memory. */
static void list_is_direct_up_to_limit(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	struct page *last = one < two ? two : one;
	bool by_mask = dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT;

	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	/* Without a window no platform sets a limit. */
	if (iommu_nobypass() || no_ddw()) {
		KUNIT_EXPECT_EQ(test, dev_of(0)->bus_dma_limit, 0);
		expect_list(test, one, two, 0, DEFAULT_WINDOW);
		return;
	}
	dev_of(0)->bus_dma_limit = UPPER_BASE + page_to_phys(last) + PAGE_SIZE;
	expect_list(test, one, two, 0, by_mask ? UPPER_WINDOW : DEFAULT_WINDOW);

	dev_of(0)->bus_dma_limit -= 1;
	expect_list(test, one, two, 0, DEFAULT_WINDOW);
}

/* dma-debug reports the first one that it sees. */
static void unmap_needs_no_attribute(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	dma_addr_t bypassed, translated;

	kunit_info(test, "expect-console: WARNING: .*check_unmap");
	open_window(test, 0);
	bypassed = map(test, 0, one, BYPASS);
	translated = map(test, 0, two, 0);
	unmap(0, bypassed, 0);
	unmap(0, translated, BYPASS);
	expect_blocked(test, 0, translated, page_address(two));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, one, BYPASS), bypass_window());
}

static void window_is_closed_until_granted(struct kunit *test)
{
	struct page *page = buffer(test);

	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_blocked(test, 0, upper(page), page_address(page));
	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_blocked(test, 0, upper(page), page_address(page));
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, reaches(test, 0, page), can_open());
}

/* Not by the next driver, nor by an owner: before there is one. */
static void window_is_closed_when_unbound(struct kunit *test)
{
	struct page *page = buffer(test);

	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 60),
			bypass_window());
	expect_blocked_unbound(test, 0, page);

	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_blocked(test, 0, upper(page), page_address(page));
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 61),
			bypass_window());
}

static void window_serves_one_pe(struct kunit *test)
{
	struct page *page = buffer(test);

	open_window(test, 0);
	bind_with(test, 1, DMA_BYPASS_POLICY_DENY);
	expect_blocked(test, 1, upper(page), page_address(page));
}

static void stale_address_is_blocked(struct kunit *test)
{
	struct page *page = buffer(test);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 70);
	unmap(0, addr, 0);
	expect_blocked(test, 0, addr, page_address(page));
}

static void window_drains_after_deny(struct kunit *test)
{
	struct page *page = buffer(test), *other = buffer(test);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, BYPASS);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)),
			can_open() ? DMA_BYPASS_DRAINING : DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, other, BYPASS), DEFAULT_WINDOW);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 80);
	unmap(0, addr, BYPASS);
	expect_blocked_unbound(test, 0, page);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
}

/* The mask gave it the window, so the device is not confined. */
static void mask_selected_device_is_open(struct kunit *test)
{
	bool open = dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT &&
		    mask_window(0) == UPPER_WINDOW;
	struct page *page = buffer(test);

	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, reaches(test, 0, page), open);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)),
			open ? DMA_BYPASS_OPEN : DMA_BYPASS_CLOSED);
	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_FALSE(test, reaches(test, 0, page));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
}

/* What a mask-selected device has mapped survives a change of policy. */
static void policy_spares_mappings_in_flight(struct kunit *test)
{
	struct page *page = buffer(test), *other = buffer(test);
	enum power_window before;
	dma_addr_t addr, coherent;
	void *cpu;

	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	cpu = dma_alloc_coherent(dev_of(0), PAGE_SIZE, &coherent, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	addr = map(test, 0, page, 0);
	before = window_of(addr, page_to_phys(page));

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			iommu_nobypass() || dma_bypass_disabled() ?
			DMA_BYPASS_NO_MODE : DMA_BYPASS_NO_POLICY);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, other, 0), before);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 90);
	dma_roundtrip(test, 0, coherent, cpu, EDU_MAX, 91);
	unmap(0, addr, 0);
	dma_free_coherent(dev_of(0), PAGE_SIZE, cpu, coherent);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, 0), DEFAULT_WINDOW);
}

static void mask_selects_again_without_policy(struct kunit *test)
{
	struct page *page = buffer(test);

	open_window(test, 0);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, 0), DEFAULT_WINDOW);
	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 95),
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT ?
			mask_window(0) : DEFAULT_WINDOW);
}

/* On PHB3 a mask of 40 bits has memory in TVE#0, without the default window. */
static void default_window_returns_with_policy(struct kunit *test)
{
	struct page *page = buffer(test);
	dma_addr_t tve0 = TVE0_BASE + page_to_phys(page);

	bind_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	free_scratch(0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(40)));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, 0), is_phb3() &&
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT &&
			!iommu_nobypass() ? TVE0_WINDOW : DEFAULT_WINDOW);

	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, 0, 96), DEFAULT_WINDOW);
	expect_blocked(test, 0, tve0, page_address(page));
	expect_blocked(test, 0, upper(page), page_address(page));
}

/* Before a driver was bound; only powernv sets windows up that early. */
static int reached_at_boot;

static void window_at_boot_if_mask_selects(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, reached_at_boot, machine_is(powernv) &&
			!iommu_nobypass() &&
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT);
}

#define FULL_MAX	4096

/* Fill the default window, and return the number of mappings. */
static int fill(struct kunit *test, struct page *pages, dma_addr_t *addrs)
{
	int n;

	for (n = 0; n < FULL_MAX; n++) {
		addrs[n] = dma_map_page_attrs(dev_of(0), pages, 0, SZ_4M,
					      DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
		if (dma_mapping_error(dev_of(0), addrs[n]))
			break;
	}
	return n;
}

static dma_addr_t map_bypass(struct page *pages)
{
	return dma_map_page_attrs(dev_of(0), pages, 0, SZ_4M, DMA_TO_DEVICE,
				  BYPASS | DMA_ATTR_NO_WARN);
}

static void free_pages_4m(void *pages)
{
	__free_pages(pages, get_order(SZ_4M));
}

static void full_default_window_fails_mapping(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, get_order(SZ_4M));
	dma_addr_t *addrs = kunit_kcalloc(test, FULL_MAX, sizeof(*addrs),
					  GFP_KERNEL);
	dma_addr_t addr;
	int n;

	KUNIT_ASSERT_NOT_NULL(test, addrs);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_pages_4m,
							   pages));
	open_window(test, 0);
	n = fill(test, pages, addrs);
	KUNIT_EXPECT_LT(test, n, FULL_MAX);
	addr = map_bypass(pages);
	KUNIT_EXPECT_EQ(test, addr, can_open() ? upper(pages) :
						 DMA_MAPPING_ERROR);
	if (!dma_mapping_error(dev_of(0), addr))
		dma_unmap_page_attrs(dev_of(0), addr, SZ_4M, DMA_TO_DEVICE,
				     BYPASS);

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, map_bypass(pages), DMA_MAPPING_ERROR);
	while (n--)
		dma_unmap_page(dev_of(0), addrs[n], SZ_4M, DMA_TO_DEVICE);
}

static int power_suite_init(struct kunit_suite *suite)
{
	edu_find();
	if (edus[0])
		reached_at_boot = reach_at_boot(0);
	edu_put();
	return edu_suite_init(suite);
}

static struct kunit_case power_cases[] = {
	KUNIT_CASE(mode_is_that_of_command_line),
	KUNIT_CASE(mask_below_window_leaves_none),
	KUNIT_CASE_PARAM(window_follows_mode_policy_and_mask, rule_gen_params),
	KUNIT_CASE_PARAM(device_moves_bytes, transfer_gen_params),
	KUNIT_CASE(first_mapping_requests_window),
	KUNIT_CASE(both_windows_at_once),
	KUNIT_CASE(list_follows_attribute),
	KUNIT_CASE(list_is_direct_up_to_limit),
	KUNIT_CASE(unmap_needs_no_attribute),
	KUNIT_CASE(window_at_boot_if_mask_selects),
	KUNIT_CASE(window_is_closed_until_granted),
	KUNIT_CASE(window_is_closed_when_unbound),
	KUNIT_CASE(window_serves_one_pe),
	KUNIT_CASE(stale_address_is_blocked),
	KUNIT_CASE(window_drains_after_deny),
	KUNIT_CASE(mask_selected_device_is_open),
	KUNIT_CASE(policy_spares_mappings_in_flight),
	KUNIT_CASE(mask_selects_again_without_policy),
	KUNIT_CASE(default_window_returns_with_policy),
	KUNIT_CASE(full_default_window_fails_mapping),
	{ }
};

static struct kunit_suite power_suite = {
	.name		= "dma_bypass_power",
	.suite_init	= power_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= power_cases,
};

kunit_test_suite(power_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER");
MODULE_LICENSE("GPL");
