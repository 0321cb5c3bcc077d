// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the bypass windows: the verdict, and what DMA_ATTR_IOMMU_BYPASS
 * promises, through the functions that drivers call.
 */
#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/swiotlb.h>
#include "test_dma_bypass_asked.h"
#include "test_dma_bypass_fake.h"
#include "test_dma_bypass_mask.h"
#include "test_dma_bypass_model.h"
#include "test_dma_bypass_verdict.h"

/* Who may have a window. */
static void facts_to_window_or_errno(struct kunit *test)
{
	const struct verdict_param *param = test->param_value;
	bool granted = param->reason == DMA_BYPASS_GRANTED;
	struct fake *fake = fake_attach(test, &linear);

	fake->facts = &param->facts;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			dma_bypass_reason_errno(param->reason));
	fake_expect(fake, granted ? DMA_BYPASS_OPEN : DMA_BYPASS_CLOSED,
		    param->reason);
	KUNIT_EXPECT_EQ(test, bypasses(fake, 0, PAGE_SIZE), granted);
	KUNIT_EXPECT_EQ(test, fake->opens, granted);
}

static void facts_are_gathered(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, DMA_BIT_MASK(57));
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EACCES);
	KUNIT_EXPECT_EQ(test, fake->seen.mode, dma_bypass_mode());
	KUNIT_EXPECT_EQ(test, fake->seen.policy, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, fake->seen.mask, DMA_BIT_MASK(57));
	KUNIT_EXPECT_FALSE(test, fake->seen.unsupported);
	KUNIT_EXPECT_FALSE(test, fake->seen.failed);

	fake->dev->bus_dma_limit = DMA_BIT_MASK(56);
	dma_bypass_prepare(fake->dev);
	KUNIT_EXPECT_EQ(test, fake->seen.mask, DMA_BIT_MASK(56));
}

#ifdef CONFIG_SWIOTLB
static void restricted_pool_to_untrusted(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	struct io_tlb_mem pool = { .force_bounce = true };
	struct io_tlb_mem *old = fake->dev->dma_io_tlb_mem;

	fake->dev->dma_io_tlb_mem = &pool;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EREMOTE);
	fake->dev->dma_io_tlb_mem = old;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
}
#endif

static void group_member_admitted_by_policy(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	bool can;

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	dma_bypass_prepare(fake->dev);
	can = dma_bypass_mode() != DMA_BYPASS_MODE_NEVER && !fake->seen.forced;
	scoped_guard(mutex, &dma_bypass_mutex)
		KUNIT_EXPECT_FALSE(test, dma_bypass_admitted(fake->dev));

	dma_bypass_set_policy(fake->dev, DMA_BYPASS_POLICY_ALLOW);
	scoped_guard(mutex, &dma_bypass_mutex)
		KUNIT_EXPECT_EQ(test, dma_bypass_admitted(fake->dev), can);
}

/* Opening. */
static void no_back_end_no_window(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->ops = &linear;
	fake_expect(fake, DMA_BYPASS_CLOSED, DMA_BYPASS_NO_UNSUPPORTED);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			dma_bypass_set_policy(fake->dev,
					      DMA_BYPASS_POLICY_DENY));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	dma_bypass_unbind(fake->dev);
}

static void no_grant_changes_nothing(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr[2];
	int i;

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	for (i = 0; i < 2; i++) {
		addr[i] = map(fake, 0, PAGE_SIZE, i ? BYPASS : 0);
		unmap(fake, addr[i], PAGE_SIZE, i ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, fake->translated.total, i + 1);
	}
	KUNIT_EXPECT_EQ(test, addr[0], addr[1]);
	fake_settle(fake);
	fake_expect(fake, DMA_BYPASS_CLOSED, DMA_BYPASS_NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 0);
}

static void no_attribute_opens_nothing(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	unmap(fake, addr, PAGE_SIZE, 0);
	fake_expect(fake, DMA_BYPASS_CLOSED, DMA_BYPASS_GRANTED);

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
	fake_settle(fake);
	fake_expect(fake, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	unmap(fake, addr, PAGE_SIZE, BYPASS);
}

static void first_list_translated_then_window(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	fake_settle(fake);
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 1, 2, 3));
	KUNIT_EXPECT_EQ(test, fake->translated.total, FAKE_LIST);
}

static void prepare_to_open_once(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	fake_expect(fake, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_attach(fake->dev, &resolved), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
}

static const struct open_param {
	const char *name;
	int err;
	enum dma_bypass_reason reason;
} open_params[] = {
	{ "no memory", -ENOMEM, DMA_BYPASS_NO_RESOURCES },
	{ "no address space", -ENOSPC, DMA_BYPASS_NO_RESOURCES },
	{ "not supported", -EOPNOTSUPP, DMA_BYPASS_NO_UNSUPPORTED },
};

KUNIT_ARRAY_PARAM_DESC(open, open_params, name);

static void open_fails_to_translation(struct kunit *test)
{
	const struct open_param *param = test->param_value;
	struct fake *fake = fake_attach(test, &linear);
	int i;

	fake->open_err = param->err;
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
				dma_bypass_reason_errno(param->reason));
		fake_expect(fake, DMA_BYPASS_CLOSED, param->reason);
		KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	}

	/* Not tried again for every mapping, but when the world has changed. */
	fake->open_err = 0;
	KUNIT_EXPECT_NE(test, dma_bypass_prepare(fake->dev), 0);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void allow_to_window_unless_never(struct kunit *test)
{
	bool never = dma_bypass_mode() == DMA_BYPASS_MODE_NEVER;
	struct fake *fake = fake_attach(test, &linear);

	fake->mode = DMA_BYPASS_MODE_OPTIN;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EACCES);
	KUNIT_EXPECT_EQ(test, never ? -EPERM : 0,
			dma_bypass_set_policy(fake->dev,
					      DMA_BYPASS_POLICY_ALLOW));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			never ? -EACCES : 0);
	KUNIT_EXPECT_EQ(test, bypasses(fake, 0, PAGE_SIZE), !never);
}

/* What the window covers: three ranges, holes between and around them. */
static const struct cover_param {
	const char *name;
	size_t offset;
	size_t size;
	bool bypasses;
} cover_params[] = {
	{ "lowest range", PG(1), PG(3), true },
	{ "middle range", PG(6), PG(3), true },
	{ "highest range", PG(11), PG(3), true },
	{ "last byte of the lowest range", PG(4) - 1, 1, true },
	{ "last byte of the middle range", PG(9) - 1, 1, true },
	{ "last byte of the highest range", PG(14) - 1, 1, true },
	{ "byte below the lowest range", PG(1) - 1, 1, false },
	{ "byte below the middle range", PG(6) - 1, 1, false },
	{ "byte below the highest range", PG(11) - 1, 1, false },
	{ "byte above the lowest range", PG(4), 1, false },
	{ "byte above the middle range", PG(9), 1, false },
	{ "byte above the highest range", PG(14), 1, false },
	{ "into the lowest range", PG(1) - 1, 2, false },
	{ "into the middle range", PG(6) - 1, 2, false },
	{ "into the highest range", PG(11) - 1, 2, false },
	{ "out of the lowest range", PG(3), PG(1) + 1, false },
	{ "out of the middle range", PG(8), PG(1) + 1, false },
	{ "out of the highest range", PG(13), PG(1) + 1, false },
	{ "from the lowest to the middle range", PG(3), PG(4), false },
	{ "from the middle to the highest range", PG(8), PG(4), false },
	{ "from below to above", 0, PG(FAKE_PAGES), false },
	{ "size overflows from the highest range", PG(11), SIZE_MAX, false },
	{ "size overflows from the middle range", PG(6), SIZE_MAX, false },
};

KUNIT_ARRAY_PARAM_DESC(cover, cover_params, name);

static void covered_to_window_else_translated(struct kunit *test)
{
	const struct cover_param *param = test->param_value;
	struct fake *fake = test->priv;

	fake_three_ranges(fake);
	fake_prepare(test, &linear);
	KUNIT_EXPECT_EQ(test, bypasses(fake, param->offset, param->size),
			param->bypasses);
	KUNIT_EXPECT_EQ(test, fake->translated.total, !param->bypasses);
}

static void single_to_base_plus_phys(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;

	addr = dma_map_single_attrs(fake->dev, fake->buf + PG(2) + 68, 1500,
				    DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(fake->dev, addr));
	KUNIT_EXPECT_EQ(test, addr, FAKE_BASE + fake_phys(fake, PG(2) + 68));
	dma_unmap_single_attrs(fake->dev, addr, 1500, DMA_TO_DEVICE, BYPASS);
}

static void sgtable_to_base_plus_phys(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	struct sg_table sgt = { .sgl = sgl, .orig_nents = FAKE_LIST };
	int i;

	sg_init_table(sgl, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++)
		sg_set_buf(&sgl[i], fake->buf + PG(2 * i) + 4 * i, 64 + i);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(fake->dev, &sgt, DMA_TO_DEVICE,
						 BYPASS));
	KUNIT_EXPECT_EQ(test, sgt.nents, FAKE_LIST);
	for (i = 0; i < FAKE_LIST; i++) {
		KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[i]),
				FAKE_BASE + fake_phys(fake, PG(2 * i) + 4 * i));
		KUNIT_EXPECT_EQ(test, sg_dma_len(&sgl[i]), 64 + i);
	}
	dma_unmap_sgtable(fake->dev, &sgt, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
}

static void list_to_window_or_translated_as_a_whole(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_three_ranges(fake);
	fake_prepare(test, &linear);
	KUNIT_EXPECT_TRUE(test, list_bypasses(fake, 12, 1, 8));
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 0, 1, 8));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 12, 5, 8));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 12, 1, 14));
	KUNIT_EXPECT_EQ(test, fake->translated.total, 3 * FAKE_LIST);
}

/* Recognised by value. */
static void window_address_known_without_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	/* dma-debug tells of the first driver that forgets it. */
	if (IS_ENABLED(CONFIG_DMA_API_DEBUG))
		kunit_info(test,
			   "require-console: unmaps DMA memory without DMA_ATTR");
	kunit_info(test, "expect-console: WARNING: .*debug_dma_check_bypass");
	map_list(fake, sgl, (u8[]) { 1, 5, 3 }, BYPASS);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, 0);
	unmap_list(fake, sgl, 0);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);
	KUNIT_EXPECT_EQ(test, fake->translated.total, 0);
}

static void translated_address_known_with_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, 0);

	map_list(fake, sgl, (u8[]) { 1, 5, 3 }, 0);
	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 2 + 2 * FAKE_LIST);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
}

static void alloc_and_resource_ignore_attribute(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr;
	void *virt;

	virt = dma_alloc_attrs(fake->dev, PAGE_SIZE, &addr, GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_EXPECT_TRUE(test, fake_holds(&fake->translated, addr, PAGE_SIZE));
	dma_free_attrs(fake->dev, PAGE_SIZE, virt, addr, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);

	addr = dma_map_resource(fake->dev, fake_phys(fake, 0), PAGE_SIZE,
				DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(fake->dev, addr));
	KUNIT_EXPECT_TRUE(test, fake_holds(&fake->translated, addr, PAGE_SIZE));
	dma_unmap_resource(fake->dev, addr, PAGE_SIZE, DMA_TO_DEVICE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
}

/* Losing the grant, and the driver. */
static void denied_to_draining_to_open(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	struct scatterlist sgl[FAKE_LIST];
	dma_addr_t addr = map(fake, 0, PAGE_SIZE, BYPASS);

	map_list(fake, sgl, (u8[]) { 1, 2, 3 }, BYPASS);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	fake_expect(fake, DMA_BYPASS_DRAINING, DMA_BYPASS_NO_POLICY);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(4), PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 4, 5, 6));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EACCES);
	KUNIT_EXPECT_EQ(test, fake->closes, 0);

	sync_all(fake, addr, sgl);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	unmap_list(fake, sgl, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->syncs, 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DEFAULT);
	fake_expect(fake, DMA_BYPASS_OPEN, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

static void translated_while_denied_unmapped_while_open(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	dma_addr_t addr;

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	addr = map(fake, 0, PAGE_SIZE, BYPASS);
	fake_settle(fake);
	fake_set_policy(fake, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	unmap(fake, addr, PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_EQ(test, fake->translated.live, 0);
}

static void group_lost_to_draining_at_prepare(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	fake->group_denied = true;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EXDEV);
	fake_expect(fake, DMA_BYPASS_DRAINING, DMA_BYPASS_NO_GROUP);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

static void driver_core_unbind_to_closed(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	device_release_driver(fake->dev);
	fake_expect(fake, DMA_BYPASS_CLOSED, DMA_BYPASS_GRANTED);
	KUNIT_EXPECT_EQ(test, fake->closes, 1);

	KUNIT_EXPECT_EQ(test, device_attach(fake->dev), 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
}

static void unbind_to_closed_to_open_a_thousand_times(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	int i;

	for (i = 1; i <= 1000; i++) {
		KUNIT_ASSERT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
		KUNIT_ASSERT_EQ(test, dma_bypass_prepare(fake->dev), 0);
		KUNIT_ASSERT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
		dma_bypass_unbind(fake->dev);
		KUNIT_ASSERT_EQ(test, dma_bypass_state(fake->dev),
				DMA_BYPASS_CLOSED);
		KUNIT_ASSERT_EQ(test, fake->opens, i);
		KUNIT_ASSERT_EQ(test, fake->closes, i);
	}
}

static void policy_survives_unbind_failure_does_not(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake->open_err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -ENOMEM);
	fake->open_err = 0;
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	dma_bypass_unbind(fake->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EACCES);
}

static void detached_to_translated(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	dma_bypass_detach(fake->dev);
	KUNIT_EXPECT_EQ(test, fake->closes, 1);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
}

/* Memory that comes and goes. */
static void resize_to(struct fake *fake, size_t start, size_t end)
{
	struct dma_bypass_window win = {
		.ram[0] = { fake_phys(fake, start), fake_phys(fake, end) },
	};

	dma_bypass_resize(fake->dev, &win);
}

static void resized_window_shrinks_and_grows(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr = map(fake, PG(4), PG(1), BYPASS);

	resize_to(fake, PG(4), PG(8));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(4), PG(4)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(3), PG(1)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));

	resize_to(fake, PG(2), PG(12));
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(2), PG(10)));
	unmap(fake, addr, PG(1), BYPASS);
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

static void resized_while_draining_to_new_size(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	resize_to(fake, PG(4), PG(8));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(4), PG(1)));
	fake_set_policy(fake, DMA_BYPASS_POLICY_DEFAULT);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(4), PG(4)));
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(8), PG(1)));
}

static void ranges_keep_the_three_largest(struct kunit *test)
{
	static const struct dma_bypass_range want[DMA_BYPASS_RANGES] = {
		{ 60, 64 }, { 20, 29 }, { 10, 15 },
	};
	struct dma_bypass_range ram[DMA_BYPASS_RANGES] = {};

	dma_bypass_add_range(ram, 0, 2);
	dma_bypass_add_range(ram, 5, 5);
	KUNIT_EXPECT_EQ(test, ram[0].end, 2);
	KUNIT_EXPECT_EQ(test, ram[1].end, 0);
	dma_bypass_add_range(ram, 10, 15);
	KUNIT_EXPECT_EQ(test, ram[0].start, 10);
	KUNIT_EXPECT_EQ(test, ram[1].end, 2);
	dma_bypass_add_range(ram, 20, 29);
	dma_bypass_add_range(ram, 40, 43);
	dma_bypass_add_range(ram, 60, 64);
	dma_bypass_add_range(ram, 70, 71);
	KUNIT_EXPECT_MEMEQ(test, ram, want, sizeof(want));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(verdict_of_facts, verdict_gen_params),
	KUNIT_CASE_PARAM(facts_to_window_or_errno, verdict_gen_params),
	KUNIT_CASE(reasons_differ_in_name_and_errno),
	KUNIT_CASE(facts_are_gathered),
#ifdef CONFIG_SWIOTLB
	KUNIT_CASE(restricted_pool_to_untrusted),
#endif
	KUNIT_CASE(group_member_admitted_by_policy),
	KUNIT_CASE(no_back_end_no_window),
	KUNIT_CASE(no_grant_changes_nothing),
	KUNIT_CASE(no_attribute_opens_nothing),
	KUNIT_CASE(first_mapping_translated_then_window),
	KUNIT_CASE(first_list_translated_then_window),
	KUNIT_CASE(prepare_to_open_once),
	KUNIT_CASE_PARAM(open_fails_to_translation, open_gen_params),
	KUNIT_CASE(allow_to_window_unless_never),
	KUNIT_CASE_PARAM(covered_to_window_else_translated, cover_gen_params),
	KUNIT_CASE(single_to_base_plus_phys),
	KUNIT_CASE(sgtable_to_base_plus_phys),
	KUNIT_CASE(list_to_window_or_translated_as_a_whole),
	KUNIT_CASE(window_address_known_without_attribute),
	KUNIT_CASE(translated_address_known_with_attribute),
	KUNIT_CASE(alloc_and_resource_ignore_attribute),
	KUNIT_CASE(mask_too_small_then_wide_enough),
	KUNIT_CASE(mask_below_memory_to_closed),
	KUNIT_CASE(mask_cuts_window),
	KUNIT_CASE(back_end_mask_cuts_window),
	KUNIT_CASE(mask_shrinks_under_open_window),
	KUNIT_CASE(denied_to_draining_to_open),
	KUNIT_CASE(translated_while_denied_unmapped_while_open),
	KUNIT_CASE(group_lost_to_draining_at_prepare),
	KUNIT_CASE(driver_core_unbind_to_closed),
	KUNIT_CASE(unbind_to_closed_to_open_a_thousand_times),
	KUNIT_CASE(policy_survives_unbind_failure_does_not),
	KUNIT_CASE(detached_to_translated),
	KUNIT_CASE(resized_window_shrinks_and_grows),
	KUNIT_CASE(resized_while_draining_to_new_size),
	KUNIT_CASE(ranges_keep_the_three_largest),
	KUNIT_CASE(resolved_to_the_answer),
	KUNIT_CASE(resolved_translated_address_goes_to_iommu),
	KUNIT_CASE(resolved_refusal_to_translated),
	KUNIT_CASE(resolved_denied_in_flight_still_known),
	KUNIT_CASE(asked_only_about_covered_memory),
	KUNIT_CASE(asked_answer_beyond_mask_to_translated),
	KUNIT_CASE(guarded_mapped_and_unmapped_once),
	KUNIT_CASE(guarded_list_rolled_back),
	KUNIT_CASE_SLOW(random_steps_follow_the_model),
	{}
};

static struct kunit_suite suite = {
	.name = "dma_bypass",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suite of the bypass windows");
MODULE_LICENSE("GPL");
