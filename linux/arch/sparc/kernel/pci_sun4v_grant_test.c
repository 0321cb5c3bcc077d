// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of who gets bypass addresses on sun4v: the hypervisor, the DMA mask,
 * and the administrator's policy.
 */
#include <kunit/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-map-ops.h>
#include <linux/iopoll.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_bypass_test.h"
#include "../../../lib/test_dma_bypass_expect.h"

static unsigned int grant_calls(struct sun4v_test *t)
{
	return t->hv.calls[SUN4V_HV_GETBYPASS];
}

static bool never(void)
{
	return mode_of_command_line() == DMA_BYPASS_MODE_NEVER;
}

/* Nothing is called before a driver with a grant needs a window: it is for good. */
static void grant_no_early_calls(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);

	dma_bypass_reason(t->dev);
	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), -EPERM);
	sun4v_test_expect(t, t->buf, PG(1), false);
	KUNIT_EXPECT_EQ(test, grant_calls(t), 0);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, grant_calls(t), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), never() ? -EPERM : 0);
	KUNIT_EXPECT_EQ(test, grant_calls(t), !never());
}

static const struct error_param {
	const char	*desc;
	unsigned long	status;
} error_params[] = {
	{ "EINVAL",		HV_EINVAL },
	{ "ENORADDR",		HV_ENORADDR },
	{ "ENOTSUPPORTED",	HV_ENOTSUPPORTED },
	{ "EBADTRAP",		HV_EBADTRAP },
	{ "EIO",		HV_EIO },
	{ "unknown",		999 },
};

KUNIT_ARRAY_PARAM_DESC(error, error_params, desc);

/* When the window opens, only one error means that there are no addresses. */
static void grant_open_error(struct kunit *test)
{
	const struct error_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_attach(test, false);
	bool unsupported = p->status == HV_ENOTSUPPORTED;

	if (dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW))
		kunit_skip(test, "booted with iommu.dma_bypass=never");
	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, p->status);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev),
			unsupported ? -EOPNOTSUPP : 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(t->dev),
			unsupported ? DMA_BYPASS_NO_UNSUPPORTED :
				      DMA_BYPASS_GRANTED);
	sun4v_test_expect(t, t->buf, 64, !unsupported);
	KUNIT_EXPECT_EQ(test, grant_calls(t), unsupported ? 1 : 2);
}

static void grant_falls_back(struct sun4v_test *t, unsigned long status,
			     unsigned int call, size_t size)
{
	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, call, status);
	sun4v_test_expect(t, t->buf + 8, size, false);
	if (status == HV_ENOTSUPPORTED)
		t->iommu.bypass_unsupported = false;
	sun4v_test_expect(t, t->buf + 8, size, true);
}

/* A mapping is translated after an error, for either end. The next one is not. */
static void grant_map_error(struct kunit *test)
{
	const struct error_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_attach(test, true);

	sun4v_test_allow(t);
	grant_falls_back(t, p->status, 1, 64);
	grant_falls_back(t, p->status, 1, PG(3));
	grant_falls_back(t, p->status, 2, PG(3));
}

/* No mapping calls a hypervisor that does not support it. */
static void grant_not_supported(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);

	sun4v_hv_fail(&t->hv, SUN4V_HV_GETBYPASS, 1, HV_ENOTSUPPORTED);
	sun4v_test_expect(t, t->buf, PG(1), false);
	sun4v_test_expect(t, t->buf, PG(1), false);
	sun4v_test_expect(t, t->buf, PG(3), false);
	KUNIT_EXPECT_EQ(test, grant_calls(t), 1);
	sun4v_test_notify(t->dev, BUS_NOTIFY_UNBOUND_DRIVER);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(t->dev), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, grant_calls(t), 1);
}

/* A device whose mask does not cover an address does not get it. */
static void grant_mask(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, true);
	dma_addr_t addr;

	addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(63)), 0);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), false);
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);

	t->hv.bypass_base = BIT_ULL(50);
	sun4v_test_expect(t, t->buf, PG(1), true);
	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(51)), 0);
	sun4v_test_expect(t, t->buf, PG(1), true);
	KUNIT_ASSERT_EQ(test, dma_set_mask(t->dev, DMA_BIT_MASK(50)), 0);
	sun4v_test_expect(t, t->buf, PG(1), false);
}

/* The errno of dma_bypass_prepare(), by the system mode and the policy. */
static int policy_errno(enum dma_bypass_policy policy)
{
	if (never())
		return -EPERM;
	if (policy == DMA_BYPASS_POLICY_ALLOW)
		return 0;
	/* The hypervisor cannot close what it has opened. */
	if (policy == DMA_BYPASS_POLICY_GUARD)
		return -EOPNOTSUPP;
	return policy == DMA_BYPASS_POLICY_DEFAULT &&
	       mode_of_command_line() == DMA_BYPASS_MODE_REQUEST ? 0 : -EPERM;
}

static void grant_policies(struct kunit *test)
{
	static const enum dma_bypass_policy policies[] = {
		DMA_BYPASS_POLICY_DEFAULT, DMA_BYPASS_POLICY_ALLOW,
		DMA_BYPASS_POLICY_DENY, DMA_BYPASS_POLICY_GUARD,
	};
	struct sun4v_test *t = sun4v_test_attach(test, false);
	bool loosens;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		loosens = policies[i] == DMA_BYPASS_POLICY_ALLOW ||
			  policies[i] == DMA_BYPASS_POLICY_GUARD;
		err = dma_bypass_set_policy(t->dev, policies[i]);
		KUNIT_EXPECT_EQ_MSG(test, err,
				    loosens && never() ? -EPERM : 0,
				    "policy %d", policies[i]);
		err = policy_errno(policies[i]);
		KUNIT_EXPECT_EQ_MSG(test, dma_bypass_prepare(t->dev), err,
				    "policy %d", policies[i]);
		sun4v_test_expect(t, t->buf, PG(1), !err);
		sun4v_test_notify(t->dev, BUS_NOTIFY_DRIVER_NOT_BOUND);
	}
	if (never())
		KUNIT_EXPECT_EQ(test, grant_calls(t), 0);
}

/* Denied with a mapping in flight: that one stays, new ones are translated. */
static void grant_revoked(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, false);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(t->dev), DMA_BYPASS_DRAINING);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), false);
	sun4v_test_reaches(t, addr, t->buf, PG(1), true);
	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW);
	sun4v_test_expect(t, t->buf + PG(1), PG(1), true);
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);
}

/* The first mapping with the attribute is translated, and opens the window. */
static void grant_first_use(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_attach(test, false);
	enum dma_bypass_state state;

	if (dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_ALLOW))
		kunit_skip(test, "booted with iommu.dma_bypass=never");
	sun4v_test_expect(t, t->buf, PG(1), false);
	read_poll_timeout(dma_bypass_state, state, state == DMA_BYPASS_OPEN,
			  1000, 5000000, false, t->dev);
	sun4v_test_expect(t, t->buf, PG(1), true);
}

/* Unmapped without the attribute, after the policy changed. */
static void grant_unmap_without_attribute(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, true);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	dma_bypass_set_policy(t->dev, DMA_BYPASS_POLICY_DENY);
	/* dma-debug reports it. */
	kunit_info(test, "expect-console: WARNING: .*check_unmap");
	dma_unmap_page_attrs(t->dev, addr, PG(1), DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_IOTSB_DEMAP], 0);
	KUNIT_EXPECT_EQ(test, t->hv.calls[SUN4V_HV_DEMAP], 0);
}

/* Unmapped after the driver was unbound. */
static void grant_unmap_late(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_open(test, true);
	dma_addr_t addr = sun4v_test_map(t, t->buf, PG(1), DMA_TO_DEVICE);

	sun4v_test_notify(t->dev, BUS_NOTIFY_UNBOUND_DRIVER);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(t->dev), DMA_BYPASS_CLOSED);
	sun4v_test_unmap(t, addr, PG(1), DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 1);
}

static bool grant_has_provider(struct device *dev)
{
	return dma_bypass_set_policy(dev, DMA_BYPASS_POLICY_DENY) != -ENODEV;
}

/* A device that a rescan of the bus has found has no IOMMU. */
static void grant_without_iommu(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "unknown");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_EXPECT_EQ(test, sun4v_test_notify(dev, BUS_NOTIFY_ADD_DEVICE),
			NOTIFY_OK);
	KUNIT_EXPECT_FALSE(test, grant_has_provider(dev));
}

/* A device has a provider from when it is added until it is removed. */
static void grant_events(struct kunit *test)
{
	struct sun4v_test *t = sun4v_test_begin(test, false);
	unsigned long action;

	for (action = BUS_NOTIFY_ADD_DEVICE + 1;
	     action <= BUS_NOTIFY_DRIVER_NOT_BOUND; action++) {
		sun4v_test_notify(t->dev, action);
		KUNIT_EXPECT_FALSE_MSG(test, grant_has_provider(t->dev),
				       "event %lu", action);
	}
	sun4v_test_notify(t->dev, BUS_NOTIFY_ADD_DEVICE);
	KUNIT_EXPECT_TRUE(test, grant_has_provider(t->dev));
	sun4v_test_notify(t->dev, BUS_NOTIFY_REMOVED_DEVICE);
	KUNIT_EXPECT_FALSE(test, grant_has_provider(t->dev));
	KUNIT_EXPECT_EQ(test, sun4v_test_calls(t), 0);
}

static struct kunit_case grant_cases[] = {
	KUNIT_CASE(grant_no_early_calls),
	KUNIT_CASE_PARAM(grant_open_error, error_gen_params),
	KUNIT_CASE_PARAM(grant_map_error, error_gen_params),
	KUNIT_CASE(grant_not_supported),
	KUNIT_CASE(grant_mask),
	KUNIT_CASE(grant_policies),
	KUNIT_CASE(grant_revoked),
	KUNIT_CASE(grant_first_use),
	KUNIT_CASE(grant_unmap_without_attribute),
	KUNIT_CASE(grant_unmap_late),
	KUNIT_CASE(grant_without_iommu),
	KUNIT_CASE(grant_events),
	{}
};

static struct kunit_suite grant_suite = {
	.name		= "dma_bypass_sun4v_grant",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= grant_cases,
};

/* For a boot with iommu.dma_bypass=never: the hypervisor is never called. */
static struct kunit_case never_cases[] = {
	KUNIT_CASE(grant_no_early_calls),
	KUNIT_CASE(grant_policies),
	{}
};

static struct kunit_suite never_suite = {
	.name		= "dma_bypass_sun4v_never",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= never_cases,
};

kunit_test_suites(&grant_suite, &never_suite);

MODULE_DESCRIPTION("KUnit tests of grants of bypass addresses on sun4v");
MODULE_LICENSE("GPL");
