// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows behind VT-d: what speaks against one, and what happens when
 * that changes while the driver is bound.
 *
 * Wants two of QEMU's edu devices, in groups of their own.
 */
#include <linux/dma-map-ops.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/swiotlb.h>
#include <linux/timer.h>

#include "dma-iommu-bypass-test.h"

static void set_policy(int i, enum dma_bypass_policy policy)
{
	dma_bypass_set_policy(dev_of(i), policy);
}

/* Have the device judged again. */
static void judge(void)
{
	set_policy(0, dma_bypass_policy(dev_of(0)));
}

static void veto_denied(bool on)
{
	set_policy(0, on ? DMA_BYPASS_POLICY_DENY : DMA_BYPASS_POLICY_ALLOW);
}

static void veto_not_opted_in(bool on)
{
	set_policy(0, on ? DMA_BYPASS_POLICY_DEFAULT : DMA_BYPASS_POLICY_ALLOW);
}

static void veto_untrusted(bool on)
{
	edus[0]->untrusted = on;
	judge();
}

static void veto_external(bool on)
{
	edus[0]->external_facing = on;
	judge();
}

static void veto_restricted_pool(bool on)
{
	static struct io_tlb_mem pool = { .force_bounce = true };
	static struct io_tlb_mem *own;

	if (on)
		own = dev_of(0)->dma_io_tlb_mem;
	dev_of(0)->dma_io_tlb_mem = on ? &pool : own;
	judge();
}

/* The highest address is the last one below the window. */
static void veto_mask(bool on)
{
	dma_set_mask(dev_of(0), on ? half(0) - 1 : DMA_BIT_MASK(64));
}

static void veto_32bit_mask(bool on)
{
	dma_set_mask(dev_of(0), DMA_BIT_MASK(on ? 32 : 64));
}

static void veto_bus_limit(bool on)
{
	dev_of(0)->bus_dma_limit = on ? DMA_BIT_MASK(32) : 0;
	dma_set_mask(dev_of(0), DMA_BIT_MASK(64));
}

static const struct veto {
	const char		*name;
	void			(*set)(bool on);
	enum dma_bypass_reason	reason;
	int			err;
} vetoes[] = {
	{ "denied",	     veto_denied,	   DMA_BYPASS_NO_POLICY,    -EACCES },
	{ "not opted in",    veto_not_opted_in,	   DMA_BYPASS_NO_POLICY,    -EACCES },
	{ "untrusted",	     veto_untrusted,	   DMA_BYPASS_NO_UNTRUSTED, -EREMOTE },
	{ "external facing", veto_external,	   DMA_BYPASS_NO_UNTRUSTED, -EREMOTE },
	{ "restricted pool", veto_restricted_pool, DMA_BYPASS_NO_UNTRUSTED, -EREMOTE },
	{ "mask",	     veto_mask,		   DMA_BYPASS_NO_MASK,	    -ERANGE },
	{ "32-bit mask",     veto_32bit_mask,	   DMA_BYPASS_NO_MASK,	    -ERANGE },
	{ "bus limit",	     veto_bus_limit,	   DMA_BYPASS_NO_MASK,	    -ERANGE },
};

KUNIT_ARRAY_PARAM_DESC(veto, vetoes, name);

/* The attribute makes no difference: the allocator gives the same address. */
static void expect_as_without(struct kunit *test, struct page *page)
{
	dma_addr_t without, with;

	migrate_disable();
	without = probe(test, 0, page, SZ_4K, 0);
	with = probe(test, 0, page, SZ_4K, BYPASS);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, with, without);
	KUNIT_EXPECT_LT(test, with, half(0));
}

static void expect_bypass(struct kunit *test, struct page *page)
{
	KUNIT_EXPECT_EQ(test, probe(test, 0, page, SZ_4K, BYPASS),
			half(0) + page_to_phys(page));
}

static void expect_state(struct kunit *test, enum dma_bypass_state state,
			 enum dma_bypass_reason reason)
{
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), state);
	KUNIT_EXPECT_STREQ(test,
			   dma_bypass_reason_name(dma_bypass_reason(dev_of(0))),
			   dma_bypass_reason_name(reason));
}

static void undo_veto(void *veto)
{
	((const struct veto *)veto)->set(false);
}

static void impose(struct kunit *test, const struct veto *veto)
{
	veto->set(true);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, undo_veto,
							   (void *)veto));
}

static void lift(struct kunit *test, const struct veto *veto)
{
	kunit_release_action(test, undo_veto, (void *)veto);
}

static void veto_keeps_window_closed(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH);

	impose(test, veto);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), veto->err);
	expect_state(test, DMA_BYPASS_CLOSED, veto->reason);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	expect_as_without(test, page);

	lift(test, veto);
	expect_state(test, DMA_BYPASS_CLOSED, DMA_BYPASS_GRANTED);
	open_window(test, 0);
	expect_bypass(test, page);
}

/* Nobody calls dma_bypass_prepare(). */
static void veto_refuses_the_first_mapping(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH);

	impose(test, veto);
	expect_as_without(test, page);
	msleep(40);
	expect_as_without(test, page);
	expect_state(test, DMA_BYPASS_CLOSED, veto->reason);

	lift(test, veto);
	probe(test, 0, page, SZ_4K, BYPASS);
	await_open(0);
	expect_bypass(test, page);
}

static void veto_drains_open_window(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH), *other = buffer(test, LOW);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	impose(test, veto);
	expect_state(test, DMA_BYPASS_DRAINING, veto->reason);
	expect_as_without(test, other);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), veto->err);
	expect_as_without(test, other);
	carry(test, 0, addr, page_address(page), EDU_MAX, 1);

	lift(test, veto);
	expect_state(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, other);
	unmap(0, addr, SZ_4K, BYPASS);
}

static void drained_window_goes_with_the_driver(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH);

	open_window(test, 0);
	impose(test, veto);
	KUNIT_EXPECT_NE(test, mapped(0, page_to_phys(page)), 0);
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
}

/* To the byte: the last one that the device can address is in the window. */
static void window_is_cut_to_the_mask(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	dma_addr_t last = half(0) + page_to_phys(high) + SZ_4K - 1;

	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), last));
	expect_state(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, high);
	KUNIT_EXPECT_LT(test, probe(test, 0, high, SZ_4K + 1, BYPASS), half(0));

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), half(0) + SZ_4G - 1));
	expect_state(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, low);
	expect_as_without(test, high);

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	expect_bypass(test, high);
}

/* The device has nothing to say in the other one's group. */
static void grant_is_for_one_device(struct kunit *test)
{
	set_policy(1, DMA_BYPASS_POLICY_DENY);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EACCES);
	set_policy(1, DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 1);
	veto_denied(true);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_OPEN);
}

#define FLIPS	1000

/* However often the grant is taken and given back, it costs no memory. */
static void flipping_keeps_few_windows(struct kunit *test)
{
	const struct dma_bypass_window *win;
	int i, nr = 0;

	open_window(test, 0);
	for (i = 0; i < FLIPS; i++) {
		veto_denied(i % 2);
		veto_32bit_mask(i % 3);
	}
	veto_denied(false);
	veto_32bit_mask(false);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	for (win = dev_of(0)->dma_bypass; win && nr <= FLIPS; win = win->retired)
		nr++;
	KUNIT_EXPECT_LE(test, nr, 2);
}

struct asked {
	struct timer_list	timer;
	int			err;
};

static void ask_from_timer(struct timer_list *timer)
{
	struct asked *asked = from_timer(asked, timer, timer);

	asked->err = dma_bypass_prepare(dev_of(0));
}

static void prepare_must_not_be_atomic(struct kunit *test)
{
	struct asked asked = {};
	unsigned long flags;
	int err;

	kunit_info(test, "expect-console: WARNING: .* dma_bypass_prepare\n");
	local_irq_save(flags);
	err = dma_bypass_prepare(dev_of(0));
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, err, -EWOULDBLOCK);

	timer_setup_on_stack(&asked.timer, ask_from_timer, 0);
	mod_timer(&asked.timer, jiffies);
	while (timer_pending(&asked.timer))
		msleep(20);
	del_timer_sync(&asked.timer);
	destroy_timer_on_stack(&asked.timer);
	KUNIT_EXPECT_EQ(test, asked.err, -EWOULDBLOCK);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(veto_keeps_window_closed, veto_gen_params),
	KUNIT_CASE_PARAM(veto_refuses_the_first_mapping, veto_gen_params),
	KUNIT_CASE_PARAM(veto_drains_open_window, veto_gen_params),
	KUNIT_CASE_PARAM(drained_window_goes_with_the_driver, veto_gen_params),
	KUNIT_CASE(window_is_cut_to_the_mask),
	KUNIT_CASE(grant_is_for_one_device),
	KUNIT_CASE(flipping_keeps_few_windows),
	KUNIT_CASE(prepare_must_not_be_atomic),
	{ }
};

static struct kunit_suite policy_suite = {
	.name		= "dma_bypass_vtd_policy",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= policy_cases,
};

kunit_test_suite(policy_suite);
