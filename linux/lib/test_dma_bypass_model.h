/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: random sequences compared with a model.
 */
#ifndef _TEST_DMA_BYPASS_MODEL_H
#define _TEST_DMA_BYPASS_MODEL_H

#include <kunit/test.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/prandom.h>
#include "test_dma_bypass_fake.h"

#define MODEL_SEED	0x62797061737321ULL
#define MODEL_STEPS	2000
#define MODEL_SLOTS	16

struct model_slot {
	unsigned int nents;
	bool window;
	dma_addr_t addr;
	struct scatterlist sgl[FAKE_LIST];
};

struct model {
	struct fake *fake;
	struct rnd_state rnd;
	bool denied;
	bool setup;
	u64 mask;
	unsigned int translated;
	unsigned int windows;
	struct model_slot slot[MODEL_SLOTS];
};

static u32 model_random(struct model *m, u32 below)
{
	return prandom_u32_state(&m->rnd) % below;
}

/* The pages of fake_five_ranges(). */
static bool model_maps(u8 page)
{
	return 0xf6e5 & BIT(page);
}

/* Mostly one of them. */
static u8 model_page(struct model *m)
{
	u8 page = model_random(m, FAKE_PAGES);

	return model_maps(page) ? page : model_random(m, FAKE_PAGES);
}

static unsigned long model_attrs(struct model *m)
{
	return model_random(m, 4) ? BYPASS : 0;
}

static bool model_granted(struct model *m)
{
	return !m->denied && m->mask >= FAKE_LAST;
}

static void model_map(struct model *m, struct model_slot *slot)
{
	unsigned long attrs = model_attrs(m);
	struct fake *fake = m->fake;
	u8 page[FAKE_LIST];
	bool window, want;
	int i;

	want = attrs && m->setup && model_granted(m);
	slot->nents = model_random(m, 2) ? 1 : FAKE_LIST;
	for (i = 0; i < slot->nents; i++) {
		page[i] = model_page(m);
		want = want && model_maps(page[i]);
	}

	if (slot->nents == 1) {
		slot->addr = map(fake, PG(page[0]), PAGE_SIZE, attrs);
		window = in_window(fake, slot->addr, PG(page[0]), PAGE_SIZE);
	} else {
		map_list(fake, slot->sgl, page, attrs);
		window = list_in_window(fake, slot->sgl);
	}
	KUNIT_ASSERT_EQ(fake->test, window, want);

	slot->window = want;
	if (want)
		m->windows++;
	else
		m->translated += slot->nents;
	if (attrs && !m->setup) {
		fake_wait(fake);
		m->setup = model_granted(m);
	}
}

static void model_unmap(struct model *m, struct model_slot *slot)
{
	if (slot->nents == 1)
		unmap(m->fake, slot->addr, PAGE_SIZE, model_attrs(m));
	else
		unmap_list(m->fake, slot->sgl, model_attrs(m));
	if (!slot->window)
		m->translated -= slot->nents;
	slot->nents = 0;
}

static void model_sync(struct model *m, struct model_slot *slot)
{
	struct fake *fake = m->fake;
	unsigned int seen = fake->syncs;

	if (slot->nents == 1)
		dma_sync_single_for_cpu(fake->dev, slot->addr, PAGE_SIZE,
					DMA_TO_DEVICE);
	else
		dma_sync_sg_for_device(fake->dev, slot->sgl, FAKE_LIST,
				       DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(fake->test, fake->syncs - seen,
			slot->window ? 0 : slot->nents);
}

static void model_policy(struct model *m)
{
	m->denied = !model_random(m, 4);
	fake_set_policy(m->fake, m->denied ? DMA_BYPASS_POLICY_DENY :
					     DMA_BYPASS_POLICY_ALLOW);
}

static void model_mask(struct model *m)
{
	const u64 masks[] = {
		U64_MAX,
		U64_MAX,
		FAKE_LAST,
		FAKE_LAST - 1,
		FAKE_BASE - 1,
	};

	m->mask = masks[model_random(m, ARRAY_SIZE(masks))];
	KUNIT_ASSERT_EQ(m->fake->test, dma_set_mask(m->fake->dev, m->mask), 0);
}

static void model_prepare(struct model *m)
{
	KUNIT_ASSERT_EQ(m->fake->test, dma_bypass_prepare(m->fake->dev),
			model_granted(m) ? 0 : m->denied ? -EPERM : -EOPNOTSUPP);
	m->setup = m->setup || model_granted(m);
}

static void model_unmap_all(struct model *m)
{
	int i;

	for (i = 0; i < MODEL_SLOTS; i++)
		if (m->slot[i].nents)
			model_unmap(m, &m->slot[i]);
}

/* What is still mapped is unmapped late. */
static void model_unbind(struct model *m)
{
	dma_bypass_unbind(m->fake->dev);
	m->setup = false;
}

static void model_step(struct model *m)
{
	struct model_slot *slot = &m->slot[model_random(m, MODEL_SLOTS)];
	u32 what = model_random(m, 100);

	if (what < 1)
		model_unbind(m);
	else if (what < 5)
		model_mask(m);
	else if (what < 8)
		model_policy(m);
	else if (what < 12)
		model_prepare(m);
	else if (!slot->nents)
		model_map(m, slot);
	else if (what < 50)
		model_sync(m, slot);
	else
		model_unmap(m, slot);
}

static void random_steps_follow_the_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	enum dma_bypass_state want;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	kunit_info(test, "seed %#llx\n", MODEL_SEED);
	prandom_seed_state(&m->rnd, MODEL_SEED);
	m->fake = test->priv;
	m->mask = U64_MAX;
	fake_five_ranges(m->fake);
	fake_attach(test, &linear);

	for (i = 0; i < MODEL_STEPS; i++) {
		model_step(m);
		want = !m->setup ? DMA_BYPASS_CLOSED :
		       model_granted(m) ? DMA_BYPASS_OPEN : DMA_BYPASS_DRAINING;
		KUNIT_ASSERT_EQ_MSG(test, dma_bypass_state(m->fake->dev), want,
				    "step %d", i);
		KUNIT_ASSERT_EQ_MSG(test, m->fake->live,
				    m->translated, "step %d", i);
	}
	model_unmap_all(m);
	KUNIT_EXPECT_GT(test, m->windows, MODEL_STEPS / 20);
}

#endif /* _TEST_DMA_BYPASS_MODEL_H */
