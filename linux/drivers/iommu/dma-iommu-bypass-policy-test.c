// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_policy: the reasons against a bypass window behind VT-d,
 * and their changes while the driver is bound.
 *
 * Needs two of QEMU's edu devices, each in its own group.
 */
#include <linux/dma-map-ops.h>
#include <linux/preempt.h>
#include <linux/swiotlb.h>

#include "dma-iommu-bypass-test.h"
#include "../../kernel/dma/bypass.h"

static void set_policy(int i, enum dma_bypass_policy policy)
{
	dma_bypass_set_policy(dev_of(i), policy);
}

/* Evaluate the device anew. */
static void reevaluate(void)
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
	reevaluate();
}

static void veto_external(bool on)
{
	edus[0]->external_facing = on;
	reevaluate();
}

static void veto_restricted_pool(bool on)
{
	static struct io_tlb_mem pool = { .force_bounce = true };
	static struct io_tlb_mem *own;

	if (on)
		own = dev_of(0)->dma_io_tlb_mem;
	dev_of(0)->dma_io_tlb_mem = on ? &pool : own;
	reevaluate();
}

/* The last byte of the window is out of reach. */
static void veto_mask(bool on)
{
	dma_set_mask(dev_of(0), on ? window_base(0) + window_size() - 2 :
				    DMA_BIT_MASK(64));
}

/* The highest address is the last one below the window. */
static void veto_mask_below(bool on)
{
	dma_set_mask(dev_of(0), on ? window_base(0) - 1 : DMA_BIT_MASK(64));
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
	{ "denied",	     veto_denied,	   DMA_BYPASS_NO_POLICY,    -EPERM },
	{ "not opted in",    veto_not_opted_in,	   DMA_BYPASS_NO_POLICY,    -EPERM },
	{ "untrusted",	     veto_untrusted,	   DMA_BYPASS_NO_UNTRUSTED, -EPERM },
	{ "external facing", veto_external,	   DMA_BYPASS_NO_UNTRUSTED, -EPERM },
	{ "restricted pool", veto_restricted_pool, DMA_BYPASS_NO_UNTRUSTED, -EPERM },
	{ "mask",	     veto_mask,		   DMA_BYPASS_NO_MASK,	    -EOPNOTSUPP },
	{ "mask below",	     veto_mask_below,	   DMA_BYPASS_NO_MASK,	    -EOPNOTSUPP },
	{ "32-bit mask",     veto_32bit_mask,	   DMA_BYPASS_NO_MASK,	    -EOPNOTSUPP },
	{ "bus limit",	     veto_bus_limit,	   DMA_BYPASS_NO_MASK,	    -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(veto, vetoes, name);

/* With the attribute, the allocator returns the address that it returns without. */
static void expect_as_without(struct kunit *test, struct page *page)
{
	dma_addr_t without, with;

	migrate_disable();
	without = map_once(test, 0, page, SZ_4K, 0);
	with = map_once(test, 0, page, SZ_4K, BYPASS);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, with, without);
	expect_translated(test, 0, with);
}

#define expect_reason(test, state, reason)				\
	__expect_state(test, dev_of(0), state, reason, __func__, __LINE__)

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

static void veto_to_closed(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH);

	impose(test, veto);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), veto->err);
	expect_reason(test, DMA_BYPASS_CLOSED, veto->reason);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	expect_as_without(test, page);

	lift(test, veto);
	expect_reason(test, DMA_BYPASS_CLOSED, DMA_BYPASS_GRANTED);
	open_window(test, 0);
	expect_bypass(test, 0, page);
}

/* Without dma_bypass_prepare(). */
static void veto_to_translated_mapping(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH);

	impose(test, veto);
	expect_as_without(test, page);
	msleep(40);
	expect_as_without(test, page);
	expect_reason(test, DMA_BYPASS_CLOSED, veto->reason);

	lift(test, veto);
	map_once(test, 0, page, SZ_4K, BYPASS);
	wait_open(0);
	expect_bypass(test, 0, page);
}

static void veto_to_draining(struct kunit *test)
{
	const struct veto *veto = test->param_value;
	struct page *page = buffer(test, HIGH), *other = buffer(test, LOW);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	impose(test, veto);
	expect_reason(test, DMA_BYPASS_DRAINING, veto->reason);
	expect_as_without(test, other);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), veto->err);
	expect_as_without(test, other);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 1);

	lift(test, veto);
	expect_reason(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, 0, other);
	unmap(0, addr, SZ_4K, BYPASS);
}

static void draining_to_closed_by_unbind(struct kunit *test)
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

/* A mask that just covers the window, and one that does not. */
static void mask_covers_window_or_not(struct kunit *test)
{
	dma_addr_t last = window_base(0) + window_size() - 1;
	struct page *page = buffer(test, HIGH);

	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), last));
	expect_reason(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, 0, page);

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), last - 1));
	expect_reason(test, DMA_BYPASS_DRAINING, DMA_BYPASS_NO_MASK);
	expect_as_without(test, page);

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	expect_reason(test, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	expect_bypass(test, 0, page);
}

/* The devices are in different groups. */
static void grant_is_for_one_device(struct kunit *test)
{
	set_policy(1, DMA_BYPASS_POLICY_DENY);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	set_policy(1, DMA_BYPASS_POLICY_ALLOW);
	open_window(test, 1);
	veto_denied(true);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_OPEN);
}

#define FLIPS	1000

/* A change of the policy or the mask allocates no window. */
static void policy_changes_allocate_nothing(struct kunit *test)
{
	struct dma_bypass *b = dma_bypass_of(dev_of(0));
	const struct dma_bypass_window *open, *stale;
	int i;

	open_window(test, 0);
	open = dev_of(0)->dma_bypass;
	stale = b->stale;
	for (i = 0; i < FLIPS; i++) {
		veto_denied(i % 2);
		veto_32bit_mask(i % 3);
	}
	veto_denied(false);
	veto_32bit_mask(false);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);
	KUNIT_EXPECT_PTR_EQ(test, dev_of(0)->dma_bypass, open);
	/* What is replaced is kept until the driver is unbound. */
	KUNIT_EXPECT_PTR_EQ(test, b->stale, stale);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(veto_to_closed, veto_gen_params),
	KUNIT_CASE_PARAM(veto_to_translated_mapping, veto_gen_params),
	KUNIT_CASE_PARAM(veto_to_draining, veto_gen_params),
	KUNIT_CASE_PARAM(draining_to_closed_by_unbind, veto_gen_params),
	KUNIT_CASE(mask_covers_window_or_not),
	KUNIT_CASE(grant_is_for_one_device),
	KUNIT_CASE(policy_changes_allocate_nothing),
	{ }
};

static struct kunit_suite policy_suite = {
	.name		= "dma_bypass_vtd_policy",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= window_test_exit,
	.test_cases	= policy_cases,
};

kunit_test_suite(policy_suite);
