/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: the DMA mask and the window.
 */
#ifndef _TEST_DMA_BYPASS_MASK_H
#define _TEST_DMA_BYPASS_MASK_H

#include <kunit/test.h>
#include <linux/debug_locks.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/panic.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "test_dma_bypass_fake.h"

static void mask_too_small_then_wide_enough(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, DMA_BIT_MASK(32));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EOPNOTSUPP);
	expect_state(test, fake->dev, CLOSED, NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, fake->opens, 0);

	/* A wider mask lets the next mapping request the window again. */
	dma_set_mask(fake->dev, U64_MAX);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	fake_wait(fake);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

static const struct mask_param {
	const char *name;
	u64 mask;
	u64 provider_mask;
	u64 bus_dma_limit;
	bool open;
} mask_params[] = {
	{ "mask at the end", FAKE_LAST, 0, 0, true },
	{ "mask one below the end", FAKE_LAST - 1, 0, 0, false },
	{ "mask at the base", FAKE_BASE, 0, 0, false },
	{ "provider's mask at the end", U64_MAX, FAKE_LAST, 0, true },
	{ "provider's mask one below the end", U64_MAX, FAKE_LAST - 1, 0, false },
	/* Elsewhere a device with a limit is not translated below it. */
#ifndef CONFIG_ARCH_HAS_DMA_MAP_DIRECT
	{ "bus limit at the end", U64_MAX, 0, FAKE_LAST, true },
	{ "bus limit one below the end", U64_MAX, 0, FAKE_LAST - 1, false },
#endif
};

KUNIT_ARRAY_PARAM_DESC(mask, mask_params, name);

static void mask_has_to_reach_end_of_window(struct kunit *test)
{
	const struct mask_param *param = test->param_value;
	struct fake *fake = fake_attach(test, &linear);

	fake->mask = param->provider_mask;
	fake->dev->bus_dma_limit = param->bus_dma_limit;
	dma_set_mask(fake->dev, param->mask);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			param->open ? 0 : -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, bypasses(fake, 0, PAGE_SIZE), param->open);
	KUNIT_EXPECT_EQ(test, fake->opens, param->open);
}

static void mask_shrinks_open_to_draining_to_open(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);
	dma_addr_t addr = map(fake, PG(9), PG(1), BYPASS);

	KUNIT_EXPECT_TRUE(test, in_window(fake, addr, PG(9), PG(1)));
	dma_set_mask(fake->dev, FAKE_LAST);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(7), PG(1)));

	dma_set_mask(fake->dev, FAKE_LAST - 1);
	expect_state(test, fake->dev, DRAINING, NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, PG(7), PG(1)));
	KUNIT_EXPECT_FALSE(test, list_bypasses(fake, 1, 2, 3));
	unmap(fake, addr, PG(1), BYPASS);

	dma_set_mask(fake->dev, U64_MAX);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, PG(9), PG(1)));
	KUNIT_EXPECT_EQ(test, fake->opens, 1);
}

/* Many drivers let dma_mask point at coherent_dma_mask. */
static void coherent_mask_shrinks_to_draining(struct kunit *test)
{
	struct fake *fake = fake_prepare(test, &linear);

	KUNIT_ASSERT_PTR_EQ(test, fake->dev->dma_mask,
			    &fake->dev->coherent_dma_mask);
	dma_set_coherent_mask(fake->dev, DMA_BIT_MASK(32));
	expect_state(test, fake->dev, DRAINING, NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

/*
 * A wider and a narrower mask while nothing may sleep or allocate memory.  With
 * CONFIG_DEBUG_ATOMIC_SLEEP or CONFIG_PROVE_LOCKING the kernel warns otherwise.
 */
static void set_mask_atomic(struct fake *fake, u64 mask)
{
	int tainted = test_taint(TAINT_WARN), locks = debug_locks;
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;
	int err;

	fs_reclaim_acquire(GFP_KERNEL);
	spin_lock_irqsave(&lock, flags);
	err = dma_set_mask(fake->dev, U64_MAX) ?: dma_set_mask(fake->dev, mask);
	spin_unlock_irqrestore(&lock, flags);
	fs_reclaim_release(GFP_KERNEL);

	KUNIT_EXPECT_EQ_MSG(fake->test, err, 0, "mask %#llx", mask);
	KUNIT_EXPECT_EQ_MSG(fake->test, tainted, test_taint(TAINT_WARN),
			    "the kernel warns of mask %#llx", mask);
	KUNIT_EXPECT_EQ_MSG(fake->test, locks, debug_locks,
			    "lockdep warns of mask %#llx", mask);
}

static void mask_set_in_atomic_context(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->ops = &linear;
	set_mask_atomic(fake, DMA_BIT_MASK(32));
	KUNIT_EXPECT_NULL(test, fake->dev->dma_bypass);

	fake_attach(test, &linear);
	set_mask_atomic(fake, DMA_BIT_MASK(32));
	expect_state(test, fake->dev, CLOSED, NO_MASK);
	set_mask_atomic(fake, U64_MAX);
	expect_state(test, fake->dev, CLOSED, GRANTED);

	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), 0);
	set_mask_atomic(fake, DMA_BIT_MASK(32));
	expect_state(test, fake->dev, DRAINING, NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	set_mask_atomic(fake, U64_MAX);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

struct set_mask {
	struct work_struct work;
	struct completion done;
	struct device *dev;
};

static void set_mask_work(struct work_struct *work)
{
	struct set_mask *set = container_of(work, struct set_mask, work);

	dma_set_mask(set->dev, DMA_BIT_MASK(32));
	complete(&set->done);
}

/* The provider takes its time, with the core's mutex held. */
static void mask_set_while_window_opens(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);
	struct set_mask set = { .dev = fake->dev };
	unsigned long started, done;

	fake->block_open = true;
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
	started = wait_for_completion_timeout(&fake->opening, 10 * HZ);

	init_completion(&set.done);
	INIT_WORK_ONSTACK(&set.work, set_mask_work);
	queue_work(system_dfl_wq, &set.work);
	done = wait_for_completion_timeout(&set.done, 5 * HZ);
	complete(&fake->unblock);
	flush_work(&set.work);
	destroy_work_on_stack(&set.work);

	KUNIT_ASSERT_NE_MSG(test, started, 0, "the window was not requested");
	KUNIT_EXPECT_NE_MSG(test, done, 0, "dma_set_mask() waited");
	fake_wait(fake);
	expect_state(test, fake->dev, DRAINING, NO_MASK);
	KUNIT_EXPECT_FALSE(test, bypasses(fake, 0, PAGE_SIZE));
}

/* The reason is out of date before it is published. */
static void mask_widened_during_evaluation(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, DMA_BIT_MASK(32));
	fake->widen = true;
	dma_bypass_prepare(fake->dev);
	bypasses(fake, 0, PAGE_SIZE);
	fake_wait(fake);
	expect_state(test, fake->dev, OPEN, GRANTED);
	KUNIT_EXPECT_TRUE(test, bypasses(fake, 0, PAGE_SIZE));
}

#endif /* _TEST_DMA_BYPASS_MASK_H */
