// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions that DMA mappings behind VT-d execute: the CPU traps after each
 * one, and its address is printed for a tool that has the disassembly.
 */
#include <asm/debugreg.h>
#include <asm/sections.h>
#include <linux/kdebug.h>

#define EDU_NR		3

#include "dma-iommu-bypass-bench.h"
#include "dma-iommu-bypass-test-window.h"

#define BYPASS		DMA_ATTR_IOMMU_BYPASS
#define STEPS		65536
#define PER_LINE	16
#define STEP_WARM_UP	(BENCH_ROUNDS + BENCH_WARM_UP / 2)

static unsigned long *steps;
static unsigned int nr_steps;

static int step_notify(struct notifier_block *nb, unsigned long event,
		       void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (nr_steps < STEPS)
		steps[nr_steps++] = args->regs->ip;
	*dr6 &= ~DR_STEP;
	return NOTIFY_STOP;
}

static struct notifier_block step_notifier = { .notifier_call = step_notify };

static __always_inline void step_on(void)
{
	asm volatile("pushf; btsq $8, (%%rsp); popf" : : : "memory", "cc");
}

static __always_inline void step_off(void)
{
	asm volatile("pushf; btrq $8, (%%rsp); popf" : : : "memory", "cc");
}

static __always_inline void step_pair(struct device *dev, struct page *page,
				      unsigned long attrs)
{
	dma_addr_t addr = dma_map_page_attrs(dev, page, 0, SZ_4K, DMA_TO_DEVICE,
					     attrs);

	dma_unmap_page_attrs(dev, addr, SZ_4K, DMA_TO_DEVICE, attrs);
}

/*
 * Not one of the first pairs, while the IOVA allocator and the flush queue fill up,
 * nor one that finds either of them full.
 */
static noinline void step_through(struct device *dev, struct page *page,
				  unsigned long attrs)
{
	unsigned long flags;
	int i;

	nr_steps = 0;
	local_irq_save(flags);
	for (i = 0; i < STEP_WARM_UP; i++)
		step_pair(dev, page, attrs);
	step_on();
	step_pair(dev, page, attrs);
	step_off();
	local_irq_restore(flags);
}

static void step_report(struct bench *b)
{
	struct page *page = bench_touched(b, 0);
	char line[PER_LINE * 10];
	unsigned int i, len = 0;

	step_through(b->dev, page, b->attrs);
	__free_pages(page, 0);
	KUNIT_EXPECT_GT(b->test, nr_steps, 0);
	KUNIT_EXPECT_LT(b->test, nr_steps, STEPS);
	for (i = 0; i < nr_steps; i++) {
		len += scnprintf(line + len, sizeof(line) - len, "%lx,",
				 steps[i] - (unsigned long)_text);
		if (i % PER_LINE < PER_LINE - 1 && i < nr_steps - 1)
			continue;
		kunit_info(b->test, "steps: mode=%s at=%s\n", b->mode, line);
		len = 0;
	}
}

static void step_stop(void *notifier)
{
	unregister_die_notifier(notifier);
}

static void step_start(struct kunit *test)
{
	steps = kunit_kcalloc(test, STEPS, sizeof(*steps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, steps);
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&step_notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, step_stop,
							   &step_notifier));
}

static void step_mode(struct kunit *test, struct device *dev, const char *mode,
		      unsigned long attrs)
{
	struct bench b = {
		.test = test, .dev = dev, .mode = mode, .attrs = attrs,
	};

	step_report(&b);
}

static void step_guarded(struct kunit *test)
{
	struct bench b = {
		.test = test, .dev = dev_of(2), .mode = "guarded",
		.ready = in_window_of,
	};

	require_strict(test, 2);
	KUNIT_ASSERT_EQ(test, 0,
			dma_bypass_set_policy(b.dev, DMA_BYPASS_POLICY_GUARD));
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(b.dev));
	step_report(&b);
}

/* In this order: a device does not become strict again. */
static void step_all(struct kunit *test)
{
	require_granted(test, 0);
	require_strict(test, 1);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	step_start(test);
	step_mode(test, direct_device(test), "direct", 0);
	step_mode(test, dev_of(1), "strict", 0);
	step_mode(test, dev_of(0), "bypass", BYPASS);
	step_guarded(test);
	make_lazy(test, dev_of(1));
	step_mode(test, dev_of(1), "lazy", 0);
}

static struct kunit_case steps_cases[] = {
	KUNIT_CASE_SLOW(step_all),
	{ }
};

static struct kunit_suite steps_suite = {
	.name		= "dma_bypass_bench_steps",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.test_cases	= steps_cases,
};

kunit_test_suite(steps_suite);

MODULE_DESCRIPTION("Instructions of DMA mappings behind VT-d");
MODULE_LICENSE("GPL");
