// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of what sun4v's DMA costs beside the hypervisor calls.
 *
 * Meant for a machine that counts instructions, where ticks are in proportion
 * to them.  Elsewhere the figures are not to be relied upon.
 */
#include <asm/hypervisor.h>
#include <asm/timer.h>

#include "pci_sun4v_test.h"

#define WARM_UP	64
#define ROUNDS	1024
#define DEPTH	4

static struct page *page;
static unsigned int entry;

static void translated(struct sun4v_test *t)
{
	dma_addr_t addr;

	addr = dma_map_page_attrs(t->dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE, 0);
	dma_unmap_page_attrs(t->dev, addr, PAGE_SIZE, DMA_TO_DEVICE, 0);
}

static void bypassed(struct sun4v_test *t)
{
	dma_addr_t addr;

	addr = dma_map_page_attrs(t->dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE,
				  BYPASS);
	dma_unmap_page_attrs(t->dev, addr, PAGE_SIZE, DMA_TO_DEVICE, BYPASS);
}

/* The calls that a mapping and its end make, and nothing else. */
static void map_call(struct sun4v_test *t)
{
	pci_sun4v_iommu_map(t->hv.devhandle, HV_PCI_TSBID(0, entry++), 1,
			    HV_PCI_MAP_ATTR_READ, __pa(t->buf));
}

static void demap_call(struct sun4v_test *t)
{
	pci_sun4v_iommu_demap(t->hv.devhandle, HV_PCI_TSBID(0, --entry), 1);
}

static void getbypass_call(struct sun4v_test *t)
{
	unsigned long addr;

	pci_sun4v_iommu_getbypass(t->hv.devhandle, __pa(t->buf),
				  HV_PCI_MAP_ATTR_READ, &addr);
}

static void nothing(struct sun4v_test *t)
{
}

static noinline void cost_frames(struct sun4v_test *t, int frames,
				 void (*work)(struct sun4v_test *t))
{
	if (frames)
		cost_frames(t, frames - 1, work);
	else
		work(t);
	barrier();
}

static unsigned long ticks(struct sun4v_test *t, int frames,
			   void (*work)(struct sun4v_test *t))
{
	unsigned long flags, begun = 0;
	int i;

	local_irq_save(flags);
	for (i = -WARM_UP; i < ROUNDS; i++) {
		if (!i)
			begun = get_tick();
		cost_frames(t, frames, work);
	}
	begun = get_tick() - begun;
	local_irq_restore(flags);
	return begun;
}

static long cost_of(struct sun4v_test *t, int frames,
		    void (*work)(struct sun4v_test *t))
{
	return ticks(t, frames, work) - ticks(t, frames, nothing);
}

/*
 * At most a third of what translation takes, the hypervisor's share aside.  The
 * model's trap handler makes the register windows of all callers be spilled and
 * filled again, which a hypervisor does not: that is the model's share, too, so
 * its calls are made from about the depth at which a mapping makes them.  With
 * this one the result agrees with a count made from outside the machine.
 */
static void bypass_costs_a_third(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	long translation, bypass;

	/* It also is the list of pages for map_call(). */
	*(u64 *)t->buf = __pa(t->buf);
	page = virt_to_page(t->buf);
	translation = cost_of(t, 0, translated) - cost_of(t, DEPTH, map_call) -
		      cost_of(t, DEPTH, demap_call);
	bypass = cost_of(t, 0, bypassed) - cost_of(t, DEPTH, getbypass_call);
	kunit_info(test, "ticks of %d mappings: %ld translated, %ld bypassed\n",
		   ROUNDS, translation, bypass);
	KUNIT_EXPECT_GT(test, bypass, 0);
	KUNIT_EXPECT_LE(test, 3 * bypass, translation);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(bypass_costs_a_third),
	{}
};

static struct kunit_suite cost_suite = {
	.name		= "dma_bypass_sun4v_cost",
	.suite_init	= sun4v_test_suite_init,
	.exit		= sun4v_test_end,
	.test_cases	= cost_cases,
};

kunit_test_suite(cost_suite);

MODULE_DESCRIPTION("KUnit suite of what sun4v's DMA costs");
MODULE_LICENSE("GPL");
