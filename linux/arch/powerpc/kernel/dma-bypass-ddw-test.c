// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_power_ddw: bypass windows on pseries, the pages that the
 * hypervisor offers for them, and what follows when it does not create or remove one.
 *
 * Needs two of QEMU's edu devices, each alone in its PE.
 */
#include <linux/slab.h>
#include <asm/ppc-pci.h>
#include <asm/rtas.h>

#include "dma-bypass-test.h"

/* The largest pages that the machine offers. */
static int tce_shift = 24;
module_param(tce_shift, int, 0);

/* As the kernel describes the window to the next one after a kexec. */
struct ddw_info {
	__be32	liobn;
	__be64	base;
	__be32	tce_shift;
	__be32	shift;
};

static void window_has_largest_pages(struct kunit *test)
{
	const struct ddw_info *info;

	kunit_info(test, "require-console: bypass window open at 0x0*800000000000000");
	open_window(test, 0);
	info = of_get_property(phb_node(0), "linux,direct64-ddr-window-info",
			       NULL);
	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(info->tce_shift), tce_shift);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(info->base), UPPER_BASE);
}

static void expect_translated(struct kunit *test, int i, unsigned long attrs)
{
	struct page *page = buffer(test);

	KUNIT_EXPECT_EQ(test, roundtrip(test, i, page, attrs, 100),
			DEFAULT_WINDOW);
	expect_blocked(test, i, upper(page), page_address(page));
}

/* The administrator grants a window, and there is none. */
static void expect_unsupported(struct kunit *test)
{
	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	expect_state(test, dev_of(0), CLOSED, NO_UNSUPPORTED);
	expect_translated(test, 0, BYPASS);
}

/* Another user has the second window of the PE, which is its last. */
static void no_window_left_to_unsupported(struct kunit *test)
{
	struct pci_dn *pdn = PCI_DN(pci_device_to_OF_node(edus[0]));
	u64 unit = pdn->phb->buid;
	u32 tokens[DDW_TOKENS], window[3];

	ddw_tokens(test, 0, tokens);
	bind_with(test, 0, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, 0,
			rtas_call(tokens[DDW_CREATE], 5, 4, window,
				  pdn->busno << 16 | pdn->devfn << 8,
				  BUID_HI(unit), BUID_LO(unit), tce_shift,
				  tce_shift + 4));
	expect_unsupported(test);

	KUNIT_ASSERT_EQ(test, 0, rtas_call(tokens[DDW_REMOVE], 1, 1, NULL,
					   window[0]));
	open_window(test, 0);
}

/* The hypervisor rejects the arguments of another function. */
static void failed_remove_to_state_open(struct kunit *test)
{
	struct page *page = buffer(test);
	u32 tokens[DDW_TOKENS];

	kunit_info(test, "require-console: not confined: cannot close the window");
	ddw_tokens(test, 0, tokens);
	open_window(test, 0);
	set_ddw_token(test, 0, DDW_REMOVE, tokens[DDW_QUERY]);
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_OPEN);

	/* The window remains, but it is empty. */
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 110),
			DEFAULT_WINDOW);

	set_ddw_token(test, 0, DDW_REMOVE, tokens[DDW_REMOVE]);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, roundtrip(test, 0, page, BYPASS, 111),
			UPPER_WINDOW);
}

/* Device @i requests a window, and the hypervisor does not create it. */
static void without_create(struct kunit *test, int i,
			   void (*expect)(struct kunit *test))
{
	u32 tokens[DDW_TOKENS];

	ddw_tokens(test, i, tokens);
	set_ddw_token(test, i, DDW_CREATE, tokens[DDW_QUERY]);
	expect(test);
	set_ddw_token(test, i, DDW_CREATE, tokens[DDW_CREATE]);
	/* It is not asked again. */
	expect(test);
}

static void failed_create_to_unsupported(struct kunit *test)
{
	bind_with(test, 0, DMA_BYPASS_POLICY_DENY);
	without_create(test, 0, expect_unsupported);
}

/* To set a mask of 64 bits requests the window. */
static void expect_translated_by_mask(struct kunit *test)
{
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
	device_release_driver(dev_of(1));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(1), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_FALSE(test, dev_dma_ops_bypass(dev_of(1)));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(1)));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
	expect_translated(test, 1, 0);
}

static void failed_create_to_translated_by_mask(struct kunit *test)
{
	bind_with(test, 1, DMA_BYPASS_POLICY_DENY);
	without_create(test, 1, expect_translated_by_mask);
}

/* The last two leave PEs that never get a window again. */
static struct kunit_case ddw_cases[] = {
	KUNIT_CASE(window_has_largest_pages),
	KUNIT_CASE(no_window_left_to_unsupported),
	KUNIT_CASE(failed_remove_to_state_open),
	KUNIT_CASE(failed_create_to_unsupported),
	KUNIT_CASE(failed_create_to_translated_by_mask),
	{ }
};

static struct kunit_suite ddw_suite = {
	.name		= "dma_bypass_power_ddw",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= power_window_init,
	.exit		= power_exit,
	.test_cases	= ddw_cases,
};

kunit_test_suite(ddw_suite);
MODULE_DESCRIPTION("KUnit tests of bypass windows on POWER and the hypervisor");
MODULE_LICENSE("GPL");
