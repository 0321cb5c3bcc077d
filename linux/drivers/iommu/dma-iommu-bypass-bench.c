// SPDX-License-Identifier: GPL-2.0
/*
 * What DMA mappings cost behind VT-d: direct, translated and bypassed.
 *
 * Builds without DMA_BYPASS as well, to compare with.
 */
#include <asm/debugreg.h>
#include <asm/sections.h>
#include <linux/kdebug.h>

/* One for each mode that allocates IOVAs, so that all begin with none. */
#define EDU_NR	3

#include "dma-iommu-bypass-bench.h"
#include "intel/iommu.h"

#define BYPASS	DMA_ATTR_IOMMU_BYPASS
#define TERA(n)	((n) * 1024ULL * SZ_1G)

static void bench(struct kunit *test, struct device *dev, const char *mode,
		  unsigned long attrs)
{
	struct bench b = {
		.test = test, .dev = dev, .mode = mode, .attrs = attrs,
	};

	bench_all(&b);
}

static void bench_direct(struct kunit *test)
{
	bench(test, direct_device(test), "direct", 0);
}

static void bench_strict(struct kunit *test)
{
	require_strict(test, 1);
	bench(test, dev_of(1), "strict", 0);
}

#ifdef CONFIG_DMA_BYPASS
static void bench_refused(struct kunit *test)
{
	require_strict(test, 2);
	KUNIT_ASSERT_EQ(test, -EACCES, dma_bypass_prepare(dev_of(2)));
	bench(test, dev_of(2), "refused", BYPASS);
}

static void bench_bypass(struct kunit *test)
{
	require_granted(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(0)));
	bench(test, dev_of(0), "bypass", BYPASS);
	/* Without the attribute, while a window is open. */
	bench(test, dev_of(0), "open", 0);
}
#endif

static void bench_lazy(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, edus[1]);
	make_lazy(test, dev_of(1));
	bench(test, dev_of(1), "lazy", 0);
}

/*
 * What is executed: the processor stops after each instruction.  What they are
 * is for the tools to say, which have the code.
 */
#define STEPS		65536
#define PER_LINE	16

static unsigned long *steps;
static unsigned int nr_steps;

static int note_step(struct notifier_block *nb, unsigned long event,
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

static struct notifier_block step_notifier = { .notifier_call = note_step };

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

/* Not the first of many: a lazy one starts the timer of the queue. */
static void step_through(struct device *dev, struct page *page,
			 unsigned long attrs)
{
	unsigned long flags;

	nr_steps = 0;
	local_irq_save(flags);
	step_pair(dev, page, attrs);
	step_on();
	step_pair(dev, page, attrs);
	step_off();
	local_irq_restore(flags);
}

static void tell_steps(struct kunit *test, struct device *dev,
		       const char *mode, unsigned long attrs)
{
	struct page *page = bench_pages(test, 0);
	char line[PER_LINE * 10];
	unsigned int i, len = 0;

	step_through(dev, page, attrs);
	__free_pages(page, 0);
	for (i = 0; i < nr_steps; i++) {
		len += scnprintf(line + len, sizeof(line) - len, "%lx,",
				 steps[i] - (unsigned long)_text);
		if (i % PER_LINE < PER_LINE - 1 && i < nr_steps - 1)
			continue;
		kunit_info(test, "steps: mode=%s at=%s\n", mode, line);
		len = 0;
	}
}

static void stop_stepping(void *notifier)
{
	unregister_die_notifier(notifier);
}

static void bench_steps(struct kunit *test)
{
	require_strict(test, 1);
	steps = kunit_kcalloc(test, STEPS, sizeof(*steps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, steps);
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&step_notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_stepping,
							   &step_notifier));
	tell_steps(test, direct_device(test), "direct", 0);
	tell_steps(test, dev_of(1), "strict", 0);
#ifdef CONFIG_DMA_BYPASS
	tell_steps(test, dev_of(0), "bypass", BYPASS);
#endif
	make_lazy(test, dev_of(1));
	tell_steps(test, dev_of(1), "lazy", 0);
}

/*
 * What it takes to show so much memory with pages of one size: instructions,
 * and pages of the page table.  The memory need not exist.
 */
static void tell_window(struct kunit *test, dma_addr_t base, u64 size,
			int level)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(1));
	struct dmar_domain *vtd = to_dmar_domain(domain);
	u32 begun, opened, closed, cost = bench_clock_cost();
	int superpage = vtd->iommu_superpage;
	unsigned long flags;
	long tables;

	/* The largest pages are of the second level, or of the third. */
	vtd->iommu_superpage = level - 1;
	local_irq_save(flags);
	tables = page_tables();
	begun = bench_clock();
	KUNIT_EXPECT_EQ(test, 0, iommu_map(domain, base, 0, size,
					   IOMMU_READ | IOMMU_WRITE,
					   GFP_ATOMIC));
	opened = bench_clock();
	tables = page_tables() - tables;
	vtd->iommu_superpage = superpage;
	closed = bench_clock();
	KUNIT_EXPECT_EQ(test, size, iommu_unmap(domain, base, size));
	closed = bench_clock() - closed;
	local_irq_restore(flags);
	kunit_info(test,
		   "window: pgsize=%s bytes=%llu open=%u close=%u tables=%lu\n",
		   level == 3 ? "1G" : "2M", size, opened - begun - cost,
		   closed - cost, tables * PAGE_SIZE);
}

/* Each where no page table is left of another one. */
static void bench_windows(struct kunit *test)
{
	struct iommu_domain *domain;
	dma_addr_t base;
	u64 size;

	require_strict(test, 1);
	domain = iommu_get_domain_for_dev(dev_of(1));
	base = (domain->geometry.aperture_end >> 1) + 1;
	for (size = SZ_16G; size <= TERA(16); size *= 4, base += TERA(16))
		tell_window(test, base, size, 3);
	for (size = SZ_16G; size <= TERA(1); size *= 4, base += TERA(1))
		tell_window(test, base, size, 2);
}

/* In this order: a device does not become strict again. */
static struct kunit_case bench_cases[] = {
	KUNIT_CASE_SLOW(bench_direct),
	KUNIT_CASE_SLOW(bench_strict),
#ifdef CONFIG_DMA_BYPASS
	KUNIT_CASE_SLOW(bench_refused),
	KUNIT_CASE_SLOW(bench_bypass),
#endif
	KUNIT_CASE_SLOW(bench_windows),
	KUNIT_CASE_SLOW(bench_steps),
	KUNIT_CASE_SLOW(bench_lazy),
	{ }
};

static struct kunit_suite bench_suite = {
	.name		= "dma_bypass_bench",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.test_cases	= bench_cases,
};

kunit_test_suite(bench_suite);
