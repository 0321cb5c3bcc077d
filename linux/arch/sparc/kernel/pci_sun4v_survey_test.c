// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of bypass addresses of buffers of many blocks of memory, of which the
 * hypervisor is asked when a window opens.
 */
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define TEST_BLOCK	SZ_4M	/* memory lies apart by no less */
#define TEST_BLOCKS	4
#define TEST_LARGE	(TEST_BLOCKS * TEST_BLOCK)

static void free_large(void *virt)
{
	free_pages_exact(virt, TEST_LARGE);
}

/* A buffer of several whole blocks. */
static void *alloc_large(struct kunit *test)
{
	void *virt = alloc_pages_exact(TEST_LARGE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, virt);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_large, virt),
			0);
	KUNIT_ASSERT_EQ(test, __pa(virt) % TEST_BLOCK, 0);
	return virt;
}

/* Two calls, however many blocks there are; and it takes both. */
void sun4v_bypass_large(struct kunit *test)
{
	static const size_t sizes[] = {
		TEST_BLOCK, TEST_BLOCK + 1, 2 * TEST_BLOCK, 2 * TEST_BLOCK + 1,
		TEST_LARGE - 1, TEST_LARGE,
	};
	struct sun4v_test *t = sun4v_test_open(test, true);
	void *virt = alloc_large(test);
	unsigned int call;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sun4v_hv_reset_calls(&t->hv);
		sun4v_test_expect(t, virt, sizes[i], true);
		KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 2);
		for (call = 1; call <= 2; call++) {
			sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call,
				      HV_ENORADDR);
			sun4v_test_expect(t, virt, sizes[i], false);
		}
	}
}

/* A block of a large buffer lies elsewhere in the machine, or is closed. */
static void apart_expect(struct sun4v_test *t, void *virt, void *block,
			 bool closed)
{
	void *end = virt + TEST_LARGE, *next = block + TEST_BLOCK;
	bool first = block == virt, last = next == end;

	sun4v_test_expect(t, virt, TEST_LARGE, false);
	sun4v_test_expect(t, block, TEST_BLOCK, !closed);
	sun4v_test_expect(t, virt, block - virt + 1, first && !closed);
	sun4v_test_expect(t, next - 1, end - next + 1, last && !closed);
	if (!first && !last)
		sun4v_test_expect(t, block - 1, TEST_BLOCK + 2, false);
	if (first)
		sun4v_test_expect(t, next, end - next, true);
	if (last)
		sun4v_test_expect(t, virt, block - virt, true);
}

/* Without the result of a survey two blocks are the most. */
static void apart_unknown(struct sun4v_test *t, void *virt)
{
	unsigned long *joined = NULL;

	swap(joined, t->iommu.bypass.joined);
	sun4v_test_expect(t, virt, 2 * TEST_BLOCK, true);
	sun4v_test_expect(t, virt, TEST_LARGE, false);
	swap(joined, t->iommu.bypass.joined);
}

/* The ends may agree, and a block between them does not. */
void sun4v_bypass_large_apart(struct kunit *test)
{
	static const u64 machine[] = { BIT_ULL(41), 0 };
	struct sun4v_test *t = sun4v_test_attach(test, true);
	void *virt = alloc_large(test), *block;
	int i;

	for (i = 0; i < ARRAY_SIZE(machine); i++) {
		for (block = virt; block < virt + TEST_LARGE;
		     block += TEST_BLOCK) {
			sun4v_test_move(t, 0, block, TEST_BLOCK, machine[i]);
			sun4v_test_survey(t);
			apart_expect(t, virt, block, !machine[i]);
		}
	}
	sun4v_test_move(t, 0, virt, TEST_LARGE, BIT_ULL(41));
	sun4v_test_survey(t);
	sun4v_test_expect(t, virt, TEST_LARGE, true);
	KUNIT_EXPECT_TRUE(test, t->iommu.bypass.surveyed);
	apart_unknown(t, virt);
}

/* The window ends where memory does. */
void sun4v_bypass_last_page(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	sun4v_test_expect(t, __va(PFN_PHYS(max_pfn - 1)), PG(1), true);
}

/* With one call of the survey failing, what becomes of a large buffer. */
static bool survey_lets_bypass(struct sun4v_test *t, void *virt,
			       unsigned int call, unsigned long error)
{
	dma_addr_t addr;
	bool bypassed;

	sun4v_test_forget_survey(t);
	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call, error);
	KUNIT_ASSERT_EQ(t->test, dma_bypass_prepare(t->dev), 0);
	KUNIT_ASSERT_FALSE(t->test, t->iommu.bypass.surveyed);
	addr = sun4v_test_map(t, virt, TEST_LARGE, DMA_TO_DEVICE);
	bypassed = sun4v_test_bypassed(t, addr);
	sun4v_test_unmap(t, addr, TEST_LARGE, DMA_TO_DEVICE);
	return bypassed;
}

/* The next window asks again, and all is well. */
static void survey_recovers(struct sun4v_test *t, void *virt)
{
	dma_bypass_unbind(t->dev);
	KUNIT_ASSERT_EQ(t->test, dma_bypass_prepare(t->dev), 0);
	KUNIT_EXPECT_TRUE(t->test, t->iommu.bypass.surveyed);
	sun4v_test_expect(t, virt, TEST_LARGE, true);
}

/* A block that was not answered for vouches for nothing, whichever it is. */
void sun4v_survey_error(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, true);
	void *virt = alloc_large(test);
	unsigned int call, calls, apart, i;

	calls = sun4v_test_survey(t);
	KUNIT_EXPECT_GE(test, calls, TEST_BLOCKS);
	KUNIT_EXPECT_EQ(test, t->hv.attrs,
			HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_WRITE);
	for (i = 0; i < SUN4V_TEST_ERRORS; i++) {
		if (sun4v_bypass_errors[i] == HV_ENOTSUPPORTED)
			continue;
		for (call = 1, apart = 0; call <= calls; call++) {
			if (survey_lets_bypass(t, virt, call,
					       sun4v_bypass_errors[i]))
				continue;
			apart++;
			survey_recovers(t, virt);
		}
		KUNIT_EXPECT_EQ(test, apart, TEST_BLOCKS);
	}
}

/* An answer for all blocks, whichever was asked for: no other is. */
void sun4v_survey_not_supported(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, true);
	unsigned int call, calls = sun4v_test_survey(t);

	for (call = 1; call <= calls; call++) {
		sun4v_test_forget_survey(t);
		t->iommu.bypass.support = SUN4V_BYPASS_YES;
		sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call,
			      HV_ENOTSUPPORTED);
		KUNIT_ASSERT_EQ(test, dma_bypass_prepare(t->dev), -EOPNOTSUPP);
		KUNIT_EXPECT_EQ(test, t->iommu.bypass.support,
				SUN4V_BYPASS_NO);
		KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), call);
		KUNIT_EXPECT_FALSE(test, t->iommu.bypass.surveyed);
	}
	sun4v_test_expect(t, t->buf, PG(1), false);
}
