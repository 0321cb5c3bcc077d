// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on POWER: which window a mapping gets, and what a device can
 * reach through it.
 *
 * Wants two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/cpu.h>
#include <linux/iommu.h>
#include <linux/scatterlist.h>

#include "dma-bypass-test.h"

/* What decides for a device of some policy in some mode. */
enum regime {
	BY_MASK,	/* as without the feature */
	GRANTED,	/* the attribute, if the mask reaches the window */
	REFUSED,	/* always translated */
};

static const struct rule {
	enum dma_bypass_mode	mode;
	enum dma_bypass_policy	policy;
	const char		*name;
	enum regime		regime;
	int			err;
} rules[] = {
	{ DMA_BYPASS_MODE_DEFAULT, DMA_BYPASS_POLICY_DEFAULT,
	  "mode default, policy default",	BY_MASK,	-EACCES },
	{ DMA_BYPASS_MODE_DEFAULT, DMA_BYPASS_POLICY_ALLOW,
	  "mode default, policy allow",		GRANTED,	0 },
	{ DMA_BYPASS_MODE_DEFAULT, DMA_BYPASS_POLICY_DENY,
	  "mode default, policy deny",		REFUSED,	-EACCES },
	{ DMA_BYPASS_MODE_REQUEST, DMA_BYPASS_POLICY_DEFAULT,
	  "mode request, policy default",	GRANTED,	0 },
	{ DMA_BYPASS_MODE_REQUEST, DMA_BYPASS_POLICY_ALLOW,
	  "mode request, policy allow",		GRANTED,	0 },
	{ DMA_BYPASS_MODE_REQUEST, DMA_BYPASS_POLICY_DENY,
	  "mode request, policy deny",		REFUSED,	-EACCES },
	{ DMA_BYPASS_MODE_OPTIN, DMA_BYPASS_POLICY_DEFAULT,
	  "mode optin, policy default",		REFUSED,	-EACCES },
	{ DMA_BYPASS_MODE_OPTIN, DMA_BYPASS_POLICY_ALLOW,
	  "mode optin, policy allow",		GRANTED,	0 },
	{ DMA_BYPASS_MODE_OPTIN, DMA_BYPASS_POLICY_DENY,
	  "mode optin, policy deny",		REFUSED,	-EACCES },
	{ DMA_BYPASS_MODE_NEVER, DMA_BYPASS_POLICY_DEFAULT,
	  "mode never, policy default",		REFUSED,	-EPERM },
	{ DMA_BYPASS_MODE_NEVER, DMA_BYPASS_POLICY_ALLOW,
	  "mode never, policy allow",		REFUSED,	-EPERM },
	{ DMA_BYPASS_MODE_NEVER, DMA_BYPASS_POLICY_DENY,
	  "mode never, policy deny",		REFUSED,	-EPERM },
};

/* Those of the mode that the machine runs in. */
static const void *rule_gen_params(const void *prev, char *desc)
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

static int expected_err(const struct rule *rule, unsigned int bits)
{
	if (switched_off())
		return -EPERM;
	if (rule->err)
		return rule->err;
	/* Where pseries has its window, nobody knows until there is one. */
	if (bits < 60 && (bits <= 32 || !no_ddw()))
		return -ERANGE;
	return no_ddw() ? -EOPNOTSUPP : 0;
}

static void expect_windows(struct kunit *test, const struct rule *rule, int i)
{
	unsigned int bits = masks[i].bits;
	enum power_window plain, asked;
	struct page *page = buffer(test);

	plain = rule->regime == BY_MASK ? todays_window(i) : LOWER;
	asked = expected_err(rule, bits) ? plain : UPPER;

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(dev_of(0),
							   DMA_BIT_MASK(bits)));
	KUNIT_EXPECT_EQ_MSG(test, probe(test, 0, page, 0), plain,
			    "%u bits, before it was asked for", bits);
	KUNIT_EXPECT_EQ_MSG(test, dma_bypass_prepare(dev_of(0)),
			    expected_err(rule, bits), "%u bits", bits);
	KUNIT_EXPECT_EQ_MSG(test, probe(test, 0, page, 0), plain,
			    "%u bits", bits);
	KUNIT_EXPECT_EQ_MSG(test, probe(test, 0, page, BYPASS), asked,
			    "%u bits, with the attribute", bits);
	KUNIT_EXPECT_EQ_MSG(test, window_of_coherent(test, 0), plain,
			    "%u bits, coherent", bits);
}

static void window_follows_mode_policy_and_mask(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	int i;

	start_with(test, 0, rule->policy);
	/* No kernel can free it once the mask chooses the other window. */
	dmam_free_coherent(dev_of(0), EDU_MAX, edu_of(0)->scratch,
			   edu_of(0)->scratch_addr);
	for (i = 0; i < ARRAY_SIZE(masks); i++)
		expect_windows(test, rule, i);
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
	u8 *cpu = page_address(page);
	enum power_window window;
	dma_addr_t addr;

	window = open_window(test, 0) && t->attrs ? UPPER : LOWER;
	memset(cpu, 0x5a, PAGE_SIZE);
	addr = dma_map_single_attrs(dev_of(0), cpu + t->offset, t->len,
				    DMA_BIDIRECTIONAL, t->attrs);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_EQ(test, window_of(addr, virt_to_phys(cpu + t->offset)),
			window);
	carry(test, 0, addr, cpu + t->offset, t->len, t->offset);
	dma_unmap_single_attrs(dev_of(0), addr, t->len, DMA_BIDIRECTIONAL,
			       t->attrs);

	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x5a, t->offset));
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu + t->offset + t->len, 0x5a,
					   PAGE_SIZE - t->offset - t->len));
}

static void first_mapping_asks(struct kunit *test)
{
	struct page *page = buffer(test);
	int tries = 0;

	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, BYPASS), LOWER);
	while (dma_bypass_state(dev_of(0)) == DMA_BYPASS_CLOSED &&
	       dma_bypass_reason(dev_of(0)) == DMA_BYPASS_GRANTED &&
	       tries++ < 500)
		msleep(20);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, BYPASS),
			can_open() ? UPPER : LOWER);
}

static void both_windows_at_once(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	dma_addr_t upper, lower;

	open_window(test, 0);
	upper = map(test, 0, one, BYPASS);
	lower = map(test, 0, two, 0);
	KUNIT_EXPECT_EQ(test, window_of(upper, page_to_phys(one)),
			can_open() ? UPPER : LOWER);
	KUNIT_EXPECT_EQ(test, window_of(lower, page_to_phys(two)), LOWER);

	edu_pattern(page_address(one), EDU_MAX, 30);
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(0), upper, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_store(edu_of(0), lower, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(one), page_address(two), EDU_MAX);

	edu_pattern(page_address(two), EDU_MAX, 31);
	KUNIT_ASSERT_EQ(test, 0, edu_fetch(edu_of(0), lower, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_store(edu_of(0), upper, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(one), page_address(two), EDU_MAX);

	unmap(0, upper, BYPASS);
	unmap(0, lower, 0);
}

/* A list of the second half of each page. */
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
	if (window == UPPER)
		for_each_sg(sgl, sg, 2, i)
			KUNIT_EXPECT_EQ(test, sg_dma_address(sg),
					UPPER_BASE + sg_phys(sg));
	dma_unmap_sg_attrs(dev_of(0), sgl, 2, DMA_TO_DEVICE, attrs);
}

/* As with persistent memory, for which the window has no room. */
static void partial_window_serves_its_part(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	struct page *low = one < two ? one : two;
	struct page *high = one < two ? two : one;
	enum power_window window = can_open() ? UPPER : LOWER;

	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	dev_of(0)->bus_dma_limit = UPPER_BASE + page_to_phys(high);
	dma_bypass_prepare(dev_of(0));

	KUNIT_EXPECT_EQ(test, probe(test, 0, low, BYPASS), window);
	KUNIT_EXPECT_EQ(test, probe(test, 0, high, BYPASS), LOWER);
	KUNIT_EXPECT_EQ(test, probe(test, 0, low, 0), LOWER);
	expect_list(test, low, low, BYPASS, window);
	expect_list(test, low, low, 0, LOWER);
	expect_list(test, low, high, BYPASS, LOWER);
	expect_list(test, high, low, BYPASS, LOWER);
}

/* Half pages up to the very end of a partial window, as the mask has it. */
static void list_is_direct_up_to_the_limit(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	struct page *last = one < two ? two : one;
	bool by_mask = dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT;

	/* Without a window no platform sets a limit. */
	if (switched_off() || no_ddw())
		return;
	start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	dev_of(0)->bus_dma_limit = UPPER_BASE + page_to_phys(last) + PAGE_SIZE;
	expect_list(test, one, two, 0, by_mask ? UPPER : LOWER);

	dev_of(0)->bus_dma_limit -= 1;
	expect_list(test, one, two, 0, LOWER);
}

/* Recognised by value; dma-debug complains of the first one that it sees. */
static void unmap_needs_no_attribute(struct kunit *test)
{
	struct page *one = buffer(test), *two = buffer(test);
	dma_addr_t upper, lower;

	kunit_info(test, "expect-console: WARNING: .*debug_dma_check_bypass");
	open_window(test, 0);
	upper = map(test, 0, one, BYPASS);
	lower = map(test, 0, two, 0);
	unmap(0, upper, 0);
	unmap(0, lower, BYPASS);
	expect_refused(test, 0, lower, page_address(two));
	KUNIT_EXPECT_EQ(test, probe(test, 0, one, BYPASS),
			can_open() ? UPPER : LOWER);
}

static void no_window_until_granted(struct kunit *test)
{
	struct page *page = buffer(test);
	dma_addr_t upper = UPPER_BASE + page_to_phys(page);

	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	expect_refused(test, 0, upper, page_address(page));
	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	expect_refused(test, 0, upper, page_address(page));
	if (open_window(test, 0))
		carry(test, 0, upper, page_address(page), EDU_MAX, 50);
}

static void closed_by_unbind(struct kunit *test)
{
	struct page *page = buffer(test);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, BYPASS);
	carry(test, 0, addr, page_address(page), EDU_MAX, 60);
	unmap(0, addr, BYPASS);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_refused(test, 0, UPPER_BASE + page_to_phys(page),
		       page_address(page));
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, BYPASS),
			can_open() ? UPPER : LOWER);
}

static void window_serves_one_pe(struct kunit *test)
{
	struct page *page = buffer(test);

	open_window(test, 0);
	start_with(test, 1, DMA_BYPASS_POLICY_DENY);
	expect_refused(test, 1, UPPER_BASE + page_to_phys(page),
		       page_address(page));
}

static void stale_address_is_dead(struct kunit *test)
{
	struct page *page = buffer(test);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0);
	carry(test, 0, addr, page_address(page), EDU_MAX, 70);
	unmap(0, addr, 0);
	expect_refused(test, 0, addr, page_address(page));
}

static void deny_lets_the_window_drain(struct kunit *test)
{
	struct page *page = buffer(test), *other = buffer(test);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, BYPASS);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)),
			can_open() ? DMA_BYPASS_DRAINING : DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, probe(test, 0, other, BYPASS), LOWER);
	carry(test, 0, addr, page_address(page), EDU_MAX, 80);
	unmap(0, addr, BYPASS);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	expect_refused(test, 0, UPPER_BASE + page_to_phys(page),
		       page_address(page));
}

/* What is mapped by the rule of the mask outlives a change of policy. */
static void policy_spares_what_is_in_flight(struct kunit *test)
{
	struct page *page = buffer(test), *other = buffer(test);
	enum power_window before;
	dma_addr_t addr, coherent;
	void *cpu;

	start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	cpu = dma_alloc_coherent(dev_of(0), PAGE_SIZE, &coherent, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	addr = map(test, 0, page, 0);
	before = window_of(addr, page_to_phys(page));

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)),
			switched_off() || dma_bypass_mode() ==
			DMA_BYPASS_MODE_NEVER ? -EPERM : -EACCES);
	KUNIT_EXPECT_EQ(test, probe(test, 0, other, 0), before);
	carry(test, 0, addr, page_address(page), EDU_MAX, 90);
	carry(test, 0, coherent, cpu, EDU_MAX, 91);
	unmap(0, addr, 0);
	dma_free_coherent(dev_of(0), PAGE_SIZE, cpu, coherent);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, 0), LOWER);
}

static void back_to_the_rule_of_the_mask(struct kunit *test)
{
	struct page *page = buffer(test);

	open_window(test, 0);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, 0), LOWER);
	start_with(test, 0, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, 0),
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT ?
			todays_window(0) : LOWER);
}

/* Before any driver is bound; only powernv makes windows that early. */
static bool reached_at_boot;

static void no_window_at_boot_unless_by_mask(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, reached_at_boot, !machine_is(pseries) &&
			!switched_off() &&
			dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT);
}

#define FULL_MAX	4096

/* Fill the lower window; returns the number of mappings that it took. */
static int fill(struct kunit *test, struct page *pages, unsigned int order,
		dma_addr_t *addrs)
{
	int n;

	for (n = 0; n < FULL_MAX; n++) {
		addrs[n] = dma_map_page_attrs(dev_of(0), pages, 0,
					      PAGE_SIZE << order,
					      DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
		if (dma_mapping_error(dev_of(0), addrs[n]))
			break;
	}
	return n;
}

static void full_window_refuses_as_ever(struct kunit *test)
{
	unsigned int order = get_order(SZ_4M);
	struct page *pages = alloc_pages(GFP_KERNEL, order);
	dma_addr_t *addrs = kunit_kcalloc(test, FULL_MAX, sizeof(*addrs),
					  GFP_KERNEL);
	dma_addr_t addr;
	int n;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_NOT_NULL(test, addrs);
	open_window(test, 0);
	n = fill(test, pages, order, addrs);
	KUNIT_EXPECT_LT(test, n, FULL_MAX);
	addr = dma_map_page_attrs(dev_of(0), pages, 0, SZ_4M, DMA_TO_DEVICE,
				  BYPASS | DMA_ATTR_NO_WARN);
	KUNIT_EXPECT_EQ(test, addr, can_open() ? UPPER_BASE +
			page_to_phys(pages) : DMA_MAPPING_ERROR);
	if (!dma_mapping_error(dev_of(0), addr))
		dma_unmap_page_attrs(dev_of(0), addr, SZ_4M, DMA_TO_DEVICE,
				     BYPASS);

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	addr = dma_map_page_attrs(dev_of(0), pages, 0, SZ_4M, DMA_TO_DEVICE,
				  BYPASS | DMA_ATTR_NO_WARN);
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
	while (n--)
		dma_unmap_page(dev_of(0), addrs[n], SZ_4M, DMA_TO_DEVICE);
	__free_pages(pages, order);
}

static bool reach_at_boot(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct edu raw = {};
	bool reached;

	if (!page || raw_begin(&raw))
		return false;
	memset(page_address(page), 0x77, EDU_MAX);
	edu_store(&raw, UPPER_BASE + page_to_phys(page), EDU_MAX);
	reached = memchr_inv(page_address(page), 0x77, EDU_MAX);
	raw_end(&raw);
	__free_page(page);
	return reached;
}

static int power_suite_init(struct kunit_suite *suite)
{
	edu_find();
	if (edus[0])
		reached_at_boot = reach_at_boot();
	edu_put();
	return edu_suite_init(suite);
}

static struct kunit_case power_cases[] = {
	KUNIT_CASE_PARAM(window_follows_mode_policy_and_mask, rule_gen_params),
	KUNIT_CASE_PARAM(device_moves_bytes, transfer_gen_params),
	KUNIT_CASE(first_mapping_asks),
	KUNIT_CASE(both_windows_at_once),
	KUNIT_CASE(unmap_needs_no_attribute),
	KUNIT_CASE(partial_window_serves_its_part),
	KUNIT_CASE(list_is_direct_up_to_the_limit),
	KUNIT_CASE(no_window_at_boot_unless_by_mask),
	KUNIT_CASE(no_window_until_granted),
	KUNIT_CASE(closed_by_unbind),
	KUNIT_CASE(window_serves_one_pe),
	KUNIT_CASE(stale_address_is_dead),
	KUNIT_CASE(deny_lets_the_window_drain),
	KUNIT_CASE(policy_spares_what_is_in_flight),
	KUNIT_CASE(back_to_the_rule_of_the_mask),
	KUNIT_CASE(full_window_refuses_as_ever),
	{ }
};

static struct kunit_suite power_suite = {
	.name		= "dma_bypass_power",
	.suite_init	= power_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= power_cases,
};

kunit_test_suite(power_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER");
MODULE_LICENSE("GPL");
