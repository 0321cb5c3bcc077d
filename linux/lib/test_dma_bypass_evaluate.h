/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit suite dma_bypass: dma_bypass_evaluate() as a table.
 */
#ifndef _TEST_DMA_BYPASS_EVALUATE_H
#define _TEST_DMA_BYPASS_EVALUATE_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include "test_dma_bypass_fake.h"

#define REACHES		.mask = U64_MAX, .last = FAKE_LAST
#define MODE(m)		.mode = DMA_BYPASS_MODE_##m
#define POLICY(p)	.policy = DMA_BYPASS_POLICY_##p

/* What a mode and a policy give where nothing else prevents a window. */
#define MODE_POLICY(m, p, r) \
	{ #m ", " #p, DMA_BYPASS_##r, { MODE(m), POLICY(p), REACHES } }

static const struct evaluate_param {
	const char *name;
	enum dma_bypass_reason reason;
	struct dma_bypass_eligibility e;
} evaluate_params[] = {
	MODE_POLICY(REQUEST, DEFAULT, GRANTED),
	MODE_POLICY(REQUEST, ALLOW, GRANTED),
	MODE_POLICY(REQUEST, GUARD, NO_UNSUPPORTED),
	MODE_POLICY(REQUEST, DENY, NO_POLICY),
	MODE_POLICY(DEFAULT, DEFAULT, NO_POLICY),
	MODE_POLICY(DEFAULT, ALLOW, GRANTED),
	MODE_POLICY(DEFAULT, GUARD, NO_UNSUPPORTED),
	MODE_POLICY(DEFAULT, DENY, NO_POLICY),
	MODE_POLICY(GUARD, DEFAULT, NO_UNSUPPORTED),
	MODE_POLICY(GUARD, ALLOW, GRANTED),
	MODE_POLICY(GUARD, GUARD, NO_UNSUPPORTED),
	MODE_POLICY(GUARD, DENY, NO_POLICY),
	MODE_POLICY(OPTIN, DEFAULT, NO_POLICY),
	MODE_POLICY(OPTIN, ALLOW, GRANTED),
	MODE_POLICY(OPTIN, GUARD, NO_UNSUPPORTED),
	MODE_POLICY(OPTIN, DENY, NO_POLICY),
	MODE_POLICY(NEVER, DEFAULT, NO_MODE),
	MODE_POLICY(NEVER, ALLOW, NO_MODE),
	MODE_POLICY(NEVER, GUARD, NO_MODE),
	MODE_POLICY(NEVER, DENY, NO_MODE),
	/* One reason each. */
	{ "forced", DMA_BYPASS_NO_MODE,
	  { POLICY(ALLOW), .force_translation = true, REACHES } },
	{ "untrusted", DMA_BYPASS_NO_UNTRUSTED, { .untrusted = true, REACHES } },
	{ "encrypted", DMA_BYPASS_NO_ENCRYPTED, { .encrypted = true, REACHES } },
	{ "group", DMA_BYPASS_NO_GROUP, { .group_denied = true, REACHES } },
	{ "mask below the window", DMA_BYPASS_NO_MASK,
	  { .mask = U32_MAX, .last = FAKE_LAST } },
	{ "mask inside the window", DMA_BYPASS_NO_MASK,
	  { .mask = FAKE_BASE, .last = FAKE_LAST } },
	{ "mask one below the end", DMA_BYPASS_NO_MASK,
	  { .mask = FAKE_LAST - 1, .last = FAKE_LAST } },
	{ "mask at the end", DMA_BYPASS_GRANTED,
	  { .mask = FAKE_LAST, .last = FAKE_LAST } },
	{ "mask does not matter", DMA_BYPASS_GRANTED, { .mask = U32_MAX } },
	{ "unsupported", DMA_BYPASS_NO_UNSUPPORTED,
	  { .unsupported = true, REACHES } },
	{ "guard where it can be", DMA_BYPASS_GRANTED,
	  { POLICY(GUARD), .guardable = true, REACHES } },
	{ "mode guard where it can be", DMA_BYPASS_GRANTED,
	  { MODE(GUARD), .guardable = true, REACHES } },
	{ "guardable without a grant", DMA_BYPASS_NO_POLICY,
	  { MODE(OPTIN), .guardable = true, REACHES } },
	{ "guard below the end", DMA_BYPASS_NO_MASK,
	  { POLICY(GUARD), .guardable = true, .mask = U32_MAX, .last = FAKE_LAST } },
	{ "direct", DMA_BYPASS_NO_DIRECT, { .direct = true, REACHES } },
	{ "resources", DMA_BYPASS_NO_RESOURCES,
	  { .no_resources = true, REACHES } },
	/* Of two reasons the first one. */
	{ "mode before policy", DMA_BYPASS_NO_MODE,
	  { POLICY(DENY), .force_translation = true, REACHES } },
	{ "mode before guard", DMA_BYPASS_NO_MODE,
	  { POLICY(GUARD), .force_translation = true, REACHES } },
	{ "policy before untrusted", DMA_BYPASS_NO_POLICY,
	  { POLICY(DENY), .untrusted = true, REACHES } },
	{ "untrusted before guard", DMA_BYPASS_NO_UNTRUSTED,
	  { POLICY(GUARD), .untrusted = true, REACHES } },
	{ "untrusted before encrypted", DMA_BYPASS_NO_UNTRUSTED,
	  { .untrusted = true, .encrypted = true, REACHES } },
	{ "encrypted before group", DMA_BYPASS_NO_ENCRYPTED,
	  { .encrypted = true, .group_denied = true, REACHES } },
	{ "group before mask", DMA_BYPASS_NO_GROUP,
	  { .group_denied = true, .last = FAKE_LAST } },
	{ "mask before unsupported", DMA_BYPASS_NO_MASK,
	  { .unsupported = true, .last = FAKE_LAST } },
	{ "mask before guard", DMA_BYPASS_NO_MASK,
	  { MODE(GUARD), .last = FAKE_LAST } },
	{ "unsupported before direct", DMA_BYPASS_NO_UNSUPPORTED,
	  { .unsupported = true, .direct = true, REACHES } },
	{ "guard before direct", DMA_BYPASS_NO_UNSUPPORTED,
	  { MODE(GUARD), .direct = true, REACHES } },
	{ "direct before resources", DMA_BYPASS_NO_DIRECT,
	  { .direct = true, .no_resources = true, REACHES } },
};

KUNIT_ARRAY_PARAM_DESC(evaluate, evaluate_params, name);

static void evaluate_to_reason(struct kunit *test)
{
	const struct evaluate_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, dma_bypass_evaluate(&param->e), param->reason);
}

/* The same through a device. */
static void eligibility_to_window_or_errno(struct kunit *test)
{
	const struct evaluate_param *param = test->param_value;
	bool granted = param->reason == DMA_BYPASS_GRANTED;
	struct fake *fake = fake_attach(test, &linear);

	fake->eligibility = &param->e;
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev),
			dma_bypass_reason_errno(param->reason));
	KUNIT_EXPECT_EQ(test, dma_bypass_reason(fake->dev), param->reason);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(fake->dev),
			granted ? DMA_BYPASS_OPEN : DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, bypasses(fake, 0, PAGE_SIZE), granted);
	KUNIT_EXPECT_EQ(test, fake->opens, granted);
}

static const struct reason_param {
	const char *name;
	int err;
} reason_params[DMA_BYPASS_NR_REASONS] = {
	[DMA_BYPASS_GRANTED]		= { "granted",		0 },
	[DMA_BYPASS_NO_MODE]		= { "mode",		-EPERM },
	[DMA_BYPASS_NO_POLICY]		= { "policy",		-EPERM },
	[DMA_BYPASS_NO_UNTRUSTED]	= { "untrusted",	-EPERM },
	[DMA_BYPASS_NO_ENCRYPTED]	= { "encrypted",	-EPERM },
	[DMA_BYPASS_NO_GROUP]		= { "group",		-EPERM },
	[DMA_BYPASS_NO_MASK]		= { "mask",		-EOPNOTSUPP },
	[DMA_BYPASS_NO_UNSUPPORTED]	= { "unsupported",	-EOPNOTSUPP },
	[DMA_BYPASS_NO_DIRECT]		= { "direct",		-EOPNOTSUPP },
	[DMA_BYPASS_NO_RESOURCES]	= { "resources",	-ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(reason, reason_params, name);

static void reason_has_name_and_errno(struct kunit *test)
{
	const struct reason_param *param = test->param_value;
	enum dma_bypass_reason reason = param - reason_params;

	KUNIT_EXPECT_STREQ(test, dma_bypass_reason_name(reason), param->name);
	KUNIT_EXPECT_EQ(test, dma_bypass_reason_errno(reason), param->err);
}

static void eligibility_of_device(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	dma_set_mask(fake->dev, DMA_BIT_MASK(57));
	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(fake->dev), -EPERM);
	KUNIT_EXPECT_EQ(test, fake->seen.mode, dma_bypass_mode());
	KUNIT_EXPECT_EQ(test, fake->seen.policy, DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, fake->seen.mask, DMA_BIT_MASK(57));
	KUNIT_EXPECT_FALSE(test, fake->seen.untrusted);
	KUNIT_EXPECT_FALSE(test, fake->seen.group_denied);
	KUNIT_EXPECT_FALSE(test, fake->seen.unsupported);
	KUNIT_EXPECT_FALSE(test, fake->seen.direct);
	KUNIT_EXPECT_FALSE(test, fake->seen.no_resources);

	fake->dev->bus_dma_limit = DMA_BIT_MASK(56);
	dma_bypass_prepare(fake->dev);
	KUNIT_EXPECT_EQ(test, fake->seen.mask, DMA_BIT_MASK(56));
}

static void group_member_allowed_by_policy(struct kunit *test)
{
	struct fake *fake = fake_attach(test, &linear);

	fake_set_policy(fake, DMA_BYPASS_POLICY_DENY);
	dma_bypass_prepare(fake->dev);
	KUNIT_EXPECT_FALSE(test, dma_bypass_allowed(fake->dev));

	dma_bypass_set_policy(fake->dev, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_TRUE(test, dma_bypass_allowed(fake->dev));

	dma_bypass_set_policy(fake->dev, DMA_BYPASS_POLICY_GUARD);
	KUNIT_EXPECT_FALSE(test, dma_bypass_allowed(fake->dev));
}

#endif /* _TEST_DMA_BYPASS_EVALUATE_H */
