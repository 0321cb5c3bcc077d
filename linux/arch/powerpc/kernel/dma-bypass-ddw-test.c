// SPDX-License-Identifier: GPL-2.0
/*
 * Bypass windows on pseries, and the hypervisor: the pages that it offers, and
 * what follows when it makes no window.
 */
#include <linux/slab.h>
#include <asm/ppc-pci.h>
#include <asm/rtas.h>

#include "dma-bypass-test.h"

/* The largest pages of the machine's windows: said by it. */
static int tce_shift = 24;
module_param(tce_shift, int, 0);

/* The functions that "ibm,ddw-applicable" names. */
enum { QUERY, CREATE, REMOVE, TOKENS };

#define APPLICABLE	"ibm,ddw-applicable"

static void tokens_of(struct kunit *test, int i, u32 *tokens)
{
	KUNIT_ASSERT_EQ(test, 0,
			of_property_read_u32_array(phb_node(i), APPLICABLE,
						   tokens, TOKENS));
}

static void window_has_the_largest_pages(struct kunit *test)
{
	const struct ddw_window *window;

	kunit_info(test, "require-console: bypass window open at 0x0*800000000000000, [1-9][0-9]* MiB");
	KUNIT_ASSERT_TRUE(test, open_window(test, 0));
	window = ddw_window_of(test, 0);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(window->tce_shift), tce_shift);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(window->base), UPPER_BASE);
}

static void expect_translated(struct kunit *test, int i, unsigned long attrs)
{
	struct page *page = buffer(test);
	dma_addr_t addr = map(test, i, page, attrs);

	KUNIT_EXPECT_EQ(test, window_of(addr, page_to_phys(page)), LOWER);
	carry(test, i, addr, page_address(page), EDU_MAX, 100);
	unmap(i, addr, attrs);
	expect_refused(test, i, UPPER_BASE + page_to_phys(page),
		       page_address(page));
}

/* The administrator grants it, and there is none. */
static void expect_unsupported(struct kunit *test)
{
	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(dev_of(0)),
			DMA_BYPASS_NO_UNSUPPORTED);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	expect_translated(test, 0, BYPASS);
}

/* Somebody else has the second window of the PE, which is its last. */
static void no_window_is_left(struct kunit *test)
{
	struct pci_dn *pdn = PCI_DN(pci_device_to_OF_node(edus[0]));
	u64 unit = pdn->phb->buid;
	u32 tokens[TOKENS], window[3];

	tokens_of(test, 0, tokens);
	start_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, 0,
			rtas_call(tokens[CREATE], 5, 4, window,
				  pdn->busno << 16 | pdn->devfn << 8,
				  BUID_HI(unit), BUID_LO(unit), tce_shift,
				  tce_shift + 4));
	expect_unsupported(test);

	KUNIT_ASSERT_EQ(test, 0,
			rtas_call(tokens[REMOVE], 1, 1, NULL, window[0]));
	KUNIT_EXPECT_TRUE(test, open_window(test, 0));
}

/* Let the device tree name another function that makes windows. */
static void set_create(struct kunit *test, int i, u32 token)
{
	struct device_node *phb = phb_node(i);
	struct property *prop = kzalloc(sizeof(*prop), GFP_KERNEL);
	const struct property *old = of_find_property(phb, APPLICABLE, NULL);

	KUNIT_ASSERT_NOT_NULL(test, prop);
	KUNIT_ASSERT_NOT_NULL(test, old);
	prop->name = kstrdup(APPLICABLE, GFP_KERNEL);
	prop->value = kmemdup(old->value, old->length, GFP_KERNEL);
	prop->length = old->length;
	KUNIT_ASSERT_NOT_NULL(test, prop->name);
	KUNIT_ASSERT_NOT_NULL(test, prop->value);
	((__be32 *)prop->value)[CREATE] = cpu_to_be32(token);
	/* The tree's own from now on. */
	KUNIT_ASSERT_EQ(test, 0, of_update_property(phb, prop));
}

/* Device @i asks for a window, and the hypervisor does not like the arguments. */
static void without_create(struct kunit *test, int i,
			   void (*expect)(struct kunit *test))
{
	u32 tokens[TOKENS];

	tokens_of(test, i, tokens);
	set_create(test, i, tokens[QUERY]);
	expect(test);
	set_create(test, i, tokens[CREATE]);
	/* No kernel asks once more. */
	expect(test);
}

static void hypervisor_refuses(struct kunit *test)
{
	start_with(test, 0, DMA_BYPASS_POLICY_DENY);
	without_create(test, 0, expect_unsupported);
}

/* Setting one mask asks for the window. */
static void expect_translated_by_mask(struct kunit *test)
{
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
	device_release_driver(dev_of(1));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(1), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_FALSE(test, dev_of(1)->dma_ops_bypass);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	expect_translated(test, 1, 0);
}

static void hypervisor_refuses_by_mask(struct kunit *test)
{
	start_with(test, 1, DMA_BYPASS_POLICY_DENY);
	without_create(test, 1, expect_translated_by_mask);
}

/* The last ones leave PEs that never get a window again. */
static struct kunit_case ddw_cases[] = {
	KUNIT_CASE(window_has_the_largest_pages),
	KUNIT_CASE(no_window_is_left),
	KUNIT_CASE(hypervisor_refuses),
	KUNIT_CASE(hypervisor_refuses_by_mask),
	{ }
};

static struct kunit_suite ddw_suite = {
	.name		= "dma_bypass_power_ddw",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= edu_init,
	.exit		= edu_exit,
	.test_cases	= ddw_cases,
};

kunit_test_suite(ddw_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and the hypervisor");
MODULE_LICENSE("GPL");
