// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of who gets sun4v's bypass addresses: what the hypervisor, the DMA mask
 * and the administrator say.
 */
#include <kunit/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iopoll.h>
#include <linux/seq_file.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

static struct device *grant_neighbour(struct sun4v_test *t)
{
	struct device *dev = kunit_device_register(t->test, "sun4v-neighbour");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(t->test, dev);
	dev->archdata = t->dev->archdata;
	set_dma_ops(dev, sun4v_test_dma_ops);
	KUNIT_ASSERT_EQ(t->test, dma_set_mask(dev, U64_MAX), 0);
	sun4v_test_notify(dev, BUS_NOTIFY_ADD_DEVICE);
	KUNIT_ASSERT_NOT_NULL(t->test, dev->dma_bypass);
	return dev;
}

/*
 * Asked for the first device of a root complex, and known for the others: is
 * there bypass, and when a window opens, where are the blocks of memory.
 */
void sun4v_bypass_probes_once(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);
	const unsigned int *asked = &t->hv.calls[SUN4V_HV_GETBYPASS];
	bool never = dma_bypass_never();
	struct device *neighbour;
	unsigned int surveyed;

	KUNIT_EXPECT_EQ(test, *asked, !never);
	neighbour = grant_neighbour(t);
	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_NE(test, dma_bypass_prepare(t->dev), 0);
	KUNIT_EXPECT_EQ(test, *asked, !never);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), never ? -EPERM : 0);
	surveyed = *asked;
	KUNIT_EXPECT_EQ(test, surveyed > 1, !never);
	dma_bypass_set_policy(neighbour, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(neighbour),
			never ? -EPERM : 0);
	KUNIT_EXPECT_EQ(test, *asked, surveyed);
	dma_bypass_unbind(neighbour);
}

const unsigned long sun4v_bypass_errors[SUN4V_TEST_ERRORS] = {
	HV_EINVAL, HV_ENORADDR, HV_ENOTSUPPORTED, HV_EBADTRAP, HV_EIO, 999,
};

/* What they are counted as. */
static const enum sun4v_bypass_refusal refusals[SUN4V_TEST_ERRORS] = {
	SUN4V_BYPASS_EINVAL, SUN4V_BYPASS_ENORADDR, SUN4V_BYPASS_ENOTSUPPORTED,
	SUN4V_BYPASS_OTHER, SUN4V_BYPASS_OTHER, SUN4V_BYPASS_OTHER,
};

void sun4v_bypass_probe_fails(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_begin(test, false);
	bool lasting;
	int i;

	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	sun4v_test_survey(t);
	dma_bypass_unbind(t->dev);
	for (i = 0; i < SUN4V_TEST_ERRORS; i++) {
		lasting = sun4v_bypass_errors[i] == HV_ENOTSUPPORTED;
		t->iommu.bypass.support = SUN4V_BYPASS_UNKNOWN;
		sun4v_hv_reset_calls(&t->hv);
		sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, sun4v_bypass_errors[i]);
		sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev),
				lasting ? -EOPNOTSUPP : 0);
		KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS],
				lasting ? 1 : 2);
		sun4v_test_expect(t, t->buf, 64, !lasting);
		dma_bypass_unbind(t->dev);
	}
}

/* An error that passes costs the mappings that it hits, and no other. */
void sun4v_bypass_probe_recovers(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);

	sun4v_test_survey(t);
	dma_bypass_unbind(t->dev);
	t->iommu.bypass.support = SUN4V_BYPASS_UNKNOWN;
	sun4v_hv_reset_calls(&t->hv);
	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, HV_EIO);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS], 1);
	sun4v_test_expect(t, t->buf, 64, true);
}

/* A device that a rescan has found has no IOMMU to be asked about. */
void sun4v_bypass_without_iommu(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "unknown");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_EXPECT_EQ(test, sun4v_test_notify(dev, BUS_NOTIFY_ADD_DEVICE),
			NOTIFY_OK);
	KUNIT_EXPECT_NULL(test, dev->dma_bypass);
}

/* What else becomes of a device is none of the back end's business. */
void sun4v_bypass_other_events(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_begin(test, false);
	unsigned long action;

	for (action = BUS_NOTIFY_ADD_DEVICE + 1;
	     action <= BUS_NOTIFY_DRIVER_NOT_BOUND; action++) {
		KUNIT_EXPECT_EQ(test, sun4v_test_notify(t->dev, action),
				NOTIFY_OK);
		KUNIT_EXPECT_NULL(test, t->dev->dma_bypass);
	}
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 0);
}

/* The only answer that is remembered; for the next round it is forgotten. */
void sun4v_bypass_forget(struct sun4v_test *t, unsigned long error)
{
	if (error == HV_ENOTSUPPORTED)
		t->iommu.bypass.support = SUN4V_BYPASS_YES;
}

static void falls_back(struct sun4v_test *t, int error, unsigned int call,
		       size_t size)
{
	long refused = sun4v_test_refused(t);
	long for_this = sun4v_test_refused_for(t, refusals[error]);

	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call,
		      sun4v_bypass_errors[error]);
	sun4v_test_expect(t, t->buf + 8, size, false);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_refused(t), refused + 1);
	KUNIT_EXPECT_EQ(t->test, sun4v_test_refused_for(t, refusals[error]),
			for_this + 1);
	sun4v_bypass_forget(t, sun4v_bypass_errors[error]);
	sun4v_test_expect(t, t->buf + 8, size, true);
}

/* Any answer but yes, for either end: translated, and counted. */
void sun4v_bypass_falls_back(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	int error;

	for (error = 0; error < SUN4V_TEST_ERRORS; error++) {
		falls_back(t, error, 1, 64);
		falls_back(t, error, 1, PG(3));
		falls_back(t, error, 2, PG(3));
	}
}

/*
 * A hypervisor that has said that it never will is not asked again, but what it
 * would have refused counts.
 */
void sun4v_bypass_remembers_not_supported(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	const atomic_long_t *refused =
		&t->iommu.bypass.refused[SUN4V_BYPASS_ENOTSUPPORTED];

	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, HV_ENOTSUPPORTED);
	sun4v_test_expect(t, t->buf, PG(1), false);
	sun4v_test_expect(t, t->buf, PG(1), false);
	sun4v_test_expect(t, t->buf, PG(3), false);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS], 1);
	KUNIT_EXPECT_EQ(test, sun4v_test_refused(t), 3);
	KUNIT_EXPECT_EQ(test, atomic_long_read(refused), 3);
	dma_bypass_unbind(t->dev);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), -EOPNOTSUPP);
}

/* Any bit may be needed: no mask but the full one will do. */
void sun4v_bypass_needs_full_mask(struct kunit *test)
{
	const bool *use_atu = test->param_value;
	struct sun4v_test *t = sun4v_test_open(test, *use_atu);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(63)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), -ERANGE);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), false);
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(32)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), -ERANGE);
	sun4v_test_expect(t, t->buf, PG(1), false);

	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, U64_MAX), 0);
	sun4v_test_expect(t, t->buf, PG(1), true);
}

/* What is prepared, by what the administrator says of all, and of one. */
static int expected_errno(enum dma_bypass_policy policy)
{
	if (dma_bypass_never())
		return -EPERM;
	if (policy == DMA_BYPASS_POLICY_DENY)
		return -EACCES;
	if (policy == DMA_BYPASS_POLICY_ALLOW ||
	    dma_bypass_mode() == DMA_BYPASS_MODE_REQUEST)
		return 0;
	return -EACCES;
}

void sun4v_bypass_policies(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);
	enum dma_bypass_policy policy;
	int want, err;

	for (policy = DMA_BYPASS_POLICY_DEFAULT;
	     policy <= DMA_BYPASS_POLICY_DENY; policy++) {
		want = expected_errno(policy);
		err = policy == DMA_BYPASS_POLICY_ALLOW && dma_bypass_never() ?
		      -EPERM : 0;
		KUNIT_EXPECT_EQ(test, dma_bypass_set_policy(t->dev, policy),
				err);
		KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), want);
		sun4v_test_expect(t, t->buf, PG(1), !want);
		dma_bypass_unbind(t->dev);
	}
	if (dma_bypass_never())
		KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_GETBYPASS], 0);
}

/* Denied with a mapping in flight: that stays, nothing new bypasses. */
void sun4v_bypass_revoked(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), false);
	sun4v_test_reaches(t, addr, t->buf, PG(1), true);
	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), true);
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);
}

/* The first mapping with the attribute is translated, and opens the window. */
void sun4v_bypass_opens_on_first_use(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);
	enum dma_bypass_state state;

	if (dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW))
		kunit_skip(test, "booted with iommu.dma_bypass=never");
	kunit_info(test, "require-console: bypass window open, mapping by mapping");
	sun4v_test_expect(t, t->buf, PG(1), false);
	read_poll_timeout(dma_bypass_state, state, state == DMA_BYPASS_OPEN,
			  1000, 5000000, false, t->dev);
	sun4v_test_expect(t, t->buf, PG(1), true);
}

void sun4v_bypass_counts_refusals(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	char text[160];
	struct seq_file m = { .buf = text, .size = sizeof(text) };

	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, HV_ENORADDR);
	sun4v_test_expect(t, t->buf, PG(1), false);
	sun4v_bypass_show(&m, &t->pbm);
	text[m.count] = '\0';
	KUNIT_EXPECT_STREQ(test, text,
			   "test: support yes, refused EINVAL 0 ENORADDR 1 ENOTSUPPORTED 0 other 0 apart 0 taken 0\n");
}
