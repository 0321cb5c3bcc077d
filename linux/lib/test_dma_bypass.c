// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass: DMA_ATTR_IOMMU_BYPASS and the bypass windows, through
 * the functions that drivers and providers call, with a fake IOMMU.
 */
#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/swiotlb.h>
#include "test_dma_bypass_evaluate.h"
#include "test_dma_bypass_fake.h"
#include "test_dma_bypass_guarded.h"
#include "test_dma_bypass_life.h"
#include "test_dma_bypass_map.h"
#include "test_dma_bypass_mask.h"
#include "test_dma_bypass_model.h"
#include "test_dma_bypass_ram.h"
#include "test_dma_bypass_resolved.h"

static void no_provider_no_window(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->ops = &linear;
	expect_state(test, fake->dev, CLOSED, NO_UNSUPPORTED);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			dma_bypass_set_policy(fake->dev,
					      DMA_BYPASS_POLICY_DENY));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	dma_bypass_unbind(fake->dev);
}

#ifdef CONFIG_SWIOTLB
static void restricted_pool_to_untrusted(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	struct io_tlb_mem pool = { .force_bounce = true };
	struct io_tlb_mem *old = fake->dev->dma_io_tlb_mem;

	fake->dev->dma_io_tlb_mem = &pool;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	expect_state(test, fake->dev, CLOSED, NO_UNTRUSTED);
	fake->dev->dma_io_tlb_mem = old;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
}
#endif

static void no_grant_changes_nothing(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr[2];
	int i;

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	for (i = 0; i < 2; i++) {
		addr[i] = map(fake, 0, PAGE_SIZE, i ? BYPASS : 0);
		unmap(fake, addr[i], PAGE_SIZE, i ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, fake->total, i + 1);
	}
	KUNIT_EXPECT_EQ(test, addr[0], addr[1]);
	fake_wait(fake);
	expect_state(test, fake->dev, CLOSED, NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 0);
}

static void no_attribute_opens_nothing(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	unmap(fake, addr, PAGE_SIZE, 0);
	expect_state(test, fake->dev, CLOSED, GRANTED);

	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	addr = map(fake, 0, PAGE_SIZE, 0);
	KUNIT_EXPECT_FALSE(test, in_window(fake, addr, 0, PAGE_SIZE));
	unmap(fake, addr, PAGE_SIZE, 0);
}

static void first_mapping_translated_then_window(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	unsigned long flags;
	dma_addr_t addr;

	local_irq_save(flags);
	addr = map(fake, 0, PAGE_SIZE, BYPASS);
	local_irq_restore(flags);
	KUNIT_EXPECT_FALSE(test, in_window(fake, addr, 0, PAGE_SIZE));
	fake_wait(fake);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	unmap(fake, addr, PAGE_SIZE, BYPASS);
}

static void first_list_translated_then_window(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	fake_wait(fake);
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->total, FAKE_LIST);
}

static void prepare_opens_once(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
	KUNIT_EXPECT_EQ(test, fake->total, 0);
}

static const struct open_param {
	const char *name;
	int err;
	int prepare_err;
	enum dma_bypass_reason reason;
} open_params[] = {
	{ "no memory", -ENOMEM, -ENOMEM, DMA_BYPASS_NO_RESOURCES },
	{ "no address space", -ENOSPC, -ENOMEM, DMA_BYPASS_NO_RESOURCES },
	{ "not supported", -EOPNOTSUPP, -EOPNOTSUPP,
	  DMA_BYPASS_NO_UNSUPPORTED },
};

KUNIT_ARRAY_PARAM_DESC(open, open_params, name);

/* Not tried again until something changes. */
static void open_fails_to_translated(struct kunit *test)
{
	const struct open_param *param = test->param_value;
	struct fake *fake = fake_attach(test, &linear);

	fake->open_err = param->err;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			param->prepare_err);
	fake->open_err = 0;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			param->prepare_err);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(fake->dev), param->reason);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(fake->dev), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));

	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void open_denied_by_group_then_opens(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->open_err = -EPERM;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
	fake->open_err = 0;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void allow_to_window(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->mode = DMA_BYPASS_MODE_OPTIN;
	fake_set_policy(fake, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void guard_to_unsupported(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake_set_policy(fake, DMA_BYPASS_POLICY_GUARD);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

/* What has no window must not pay for one. */
static void nothing_published_without_grant(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->mode = DMA_BYPASS_MODE_DEFAULT;
	KUNIT_EXPECT_NOT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	KUNIT_EXPECT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_NULL(test, READ_ONCE(fake->dev->dma_bypass));

	/* An address that was given out is known until the domain goes. */
	fake_set_policy(fake, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	dma_bypass_unbind(fake->dev);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_NOT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
	KUNIT_EXPECT_EQ(test, dma_bypass_attach(fake->dev, &linear), 0);
	KUNIT_EXPECT_NULL(test, READ_ONCE(fake->dev->dma_bypass));
}

static struct kunit_case dma_bypass_cases[] = {
	/* Before others: the kernel is tainted when one of them makes it warn. */
	KUNIT_CASE(mask_set_in_atomic_context),
	/* Before others: dma-debug reports one driver. */
	KUNIT_CASE(window_address_without_attribute),
	KUNIT_CASE_PARAM(evaluate_to_reason, evaluate_gen_params),
	KUNIT_CASE_PARAM(eligibility_to_window_or_errno, evaluate_gen_params),
	KUNIT_CASE_PARAM(reason_has_name_and_errno, reason_gen_params),
	KUNIT_CASE(eligibility_of_device),
	KUNIT_CASE(group_member_allowed_by_policy),
	KUNIT_CASE(no_provider_no_window),
#ifdef CONFIG_SWIOTLB
	KUNIT_CASE(restricted_pool_to_untrusted),
#endif
	KUNIT_CASE(no_grant_changes_nothing),
	KUNIT_CASE(no_attribute_opens_nothing),
	KUNIT_CASE(first_mapping_translated_then_window),
	KUNIT_CASE(first_list_translated_then_window),
	KUNIT_CASE(prepare_opens_once),
	KUNIT_CASE_PARAM(open_fails_to_translated, open_gen_params),
	KUNIT_CASE(open_denied_by_group_then_opens),
	KUNIT_CASE(allow_to_window),
	KUNIT_CASE(guard_to_unsupported),
	KUNIT_CASE(nothing_published_without_grant),
	KUNIT_CASE_PARAM(inside_range_to_window_else_translated, range_gen_params),
	KUNIT_CASE(window_without_memory_to_translated),
	KUNIT_CASE(single_to_base_plus_phys),
	KUNIT_CASE(page_to_base_plus_phys),
	KUNIT_CASE(sgtable_to_base_plus_phys),
	KUNIT_CASE(list_to_window_or_translated_as_a_whole),
	KUNIT_CASE(last_page_of_window),
	KUNIT_CASE(translated_address_with_attribute),
	KUNIT_CASE_PARAM(address_recognised_by_value, address_gen_params),
#ifdef CONFIG_NEED_SG_DMA_FLAGS
	KUNIT_CASE(list_of_bus_addresses_to_window),
	KUNIT_CASE(bus_address_is_not_windows),
#endif
	KUNIT_CASE(alloc_ignores_attribute),
	KUNIT_CASE(mmio_never_bypasses),
	KUNIT_CASE(cc_shared_never_bypasses),
	KUNIT_CASE(mask_too_small_then_wide_enough),
	KUNIT_CASE_PARAM(mask_has_to_reach_end_of_window, mask_gen_params),
	KUNIT_CASE(mask_shrinks_open_to_draining_to_open),
	KUNIT_CASE(coherent_mask_shrinks_to_draining),
	KUNIT_CASE(mask_set_while_window_opens),
	KUNIT_CASE(mask_widened_during_evaluation),
	KUNIT_CASE(denied_to_draining_to_open),
	KUNIT_CASE(translated_while_denied_unmapped_while_open),
	KUNIT_CASE(group_denied_to_draining_to_open),
	KUNIT_CASE(recheck_lets_mapping_request_again),
	KUNIT_CASE(unbind_to_closed_to_open_a_thousand_times),
	KUNIT_CASE(unbind_while_requested),
	KUNIT_CASE(late_unmap_after_unbind),
	KUNIT_CASE(attach_again_forgets_addresses),
	KUNIT_CASE(unbind_forgets_failure_but_not_policy),
	KUNIT_CASE(detached_to_translated),
	KUNIT_CASE(republish_shrinks_and_grows),
	KUNIT_CASE(republish_while_draining),
	KUNIT_CASE(guarded_without_attribute),
	KUNIT_CASE(guarded_refused_to_translated),
	KUNIT_CASE(guarded_first_mapping_opens),
	KUNIT_CASE(open_not_without_attribute),
	KUNIT_CASE(guarded_or_open_until_unbind),
	KUNIT_CASE(guarded_unmapped_after_unbind),
	KUNIT_CASE(guarded_lists_that_merge),
	KUNIT_CASE(resolved_to_providers_address),
	KUNIT_CASE(resolved_translated_address_to_iommu),
	KUNIT_CASE(resolved_no_address_to_translated),
	KUNIT_CASE(resolved_first_mapping_opens),
	KUNIT_CASE(resolved_recognised_while_draining),
	KUNIT_CASE(resolved_recognised_after_unbind),
	KUNIT_CASE(resolved_only_inside_ranges),
	KUNIT_CASE(resolved_address_beyond_mask_to_translated),
	KUNIT_CASE_PARAM(ram_ranges_added_and_removed, ram_gen_params),
	KUNIT_CASE(window_has_largest_range_first),
	KUNIT_CASE(window_without_ranges),
	KUNIT_CASE(no_window_of_incomplete_ranges),
	KUNIT_CASE(system_ram_without_kernel_image),
	KUNIT_CASE(system_ram_within_bounds),
	KUNIT_CASE_SLOW(random_steps_follow_the_model),
	{}
};

static struct kunit_suite dma_bypass_suite = {
	.name = "dma_bypass",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = dma_bypass_cases,
};

kunit_test_suite(dma_bypass_suite);

MODULE_DESCRIPTION("KUnit suite of the bypass windows");
MODULE_LICENSE("GPL");
