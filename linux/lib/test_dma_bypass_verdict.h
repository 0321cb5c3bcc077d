/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the KUnit suite dma_bypass: the verdict as a table.
 */
#ifndef _TEST_DMA_BYPASS_VERDICT_H
#define _TEST_DMA_BYPASS_VERDICT_H

#include <kunit/test.h>
#include <linux/dma-bypass-ops.h>
#include "test_dma_bypass_fake.h"

#define REACHES		.mask = U64_MAX, .base = FAKE_BASE
#define MODE(m)		.mode = DMA_BYPASS_MODE_##m
#define POLICY(p)	.policy = DMA_BYPASS_POLICY_##p
#define REASON(r)	DMA_BYPASS_NO_##r

static const struct verdict_param {
	const char *name;
	enum dma_bypass_reason reason;
	struct dma_bypass_facts facts;
} verdict_params[] = {
	/* Mode and policy. */
	{ "request", DMA_BYPASS_GRANTED, { MODE(REQUEST), REACHES } },
	{ "request, allowed", DMA_BYPASS_GRANTED,
	  { MODE(REQUEST), POLICY(ALLOW), REACHES } },
	{ "request, denied", REASON(POLICY),
	  { MODE(REQUEST), POLICY(DENY), REACHES } },
	{ "default", REASON(POLICY), { MODE(DEFAULT), REACHES } },
	{ "default, allowed", DMA_BYPASS_GRANTED,
	  { MODE(DEFAULT), POLICY(ALLOW), REACHES } },
	{ "default, denied", REASON(POLICY),
	  { MODE(DEFAULT), POLICY(DENY), REACHES } },
	{ "optin", REASON(POLICY), { MODE(OPTIN), REACHES } },
	{ "optin, allowed", DMA_BYPASS_GRANTED,
	  { MODE(OPTIN), POLICY(ALLOW), REACHES } },
	{ "optin, denied", REASON(POLICY),
	  { MODE(OPTIN), POLICY(DENY), REACHES } },
	{ "never", REASON(MODE), { MODE(NEVER), REACHES } },
	{ "never, allowed", REASON(MODE),
	  { MODE(NEVER), POLICY(ALLOW), REACHES } },
	{ "never, denied", REASON(MODE),
	  { MODE(NEVER), POLICY(DENY), REACHES } },
	/* One reason each. */
	{ "forced", REASON(MODE),
	  { POLICY(ALLOW), .forced = true, REACHES } },
	{ "untrusted", REASON(UNTRUSTED), { .untrusted = true, REACHES } },
	{ "encrypted", REASON(ENCRYPTED), { .encrypted = true, REACHES } },
	{ "group", REASON(GROUP), { .group_denied = true, REACHES } },
	{ "mask far below", REASON(MASK), { .mask = U32_MAX, .base = FAKE_BASE } },
	{ "mask up to the base", REASON(MASK),
	  { .mask = FAKE_BASE, .base = FAKE_BASE } },
	{ "mask beyond the base", DMA_BYPASS_GRANTED,
	  { .mask = 2 * FAKE_BASE, .base = FAKE_BASE } },
	{ "unsupported", REASON(UNSUPPORTED), { .unsupported = true, REACHES } },
	{ "direct", REASON(DIRECT), { .direct = true, REACHES } },
	{ "failed", REASON(RESOURCES), { .failed = true, REACHES } },
	/* Of two reasons the first one. */
	{ "mode before policy", REASON(MODE),
	  { POLICY(DENY), .forced = true, REACHES } },
	{ "policy before untrusted", REASON(POLICY),
	  { POLICY(DENY), .untrusted = true, REACHES } },
	{ "untrusted before encrypted", REASON(UNTRUSTED),
	  { .untrusted = true, .encrypted = true, REACHES } },
	{ "encrypted before group", REASON(ENCRYPTED),
	  { .encrypted = true, .group_denied = true, REACHES } },
	{ "group before mask", REASON(GROUP),
	  { .group_denied = true, .base = FAKE_BASE } },
	{ "mask before unsupported", REASON(MASK),
	  { .unsupported = true, .base = FAKE_BASE } },
	{ "unsupported before direct", REASON(UNSUPPORTED),
	  { .unsupported = true, .direct = true, REACHES } },
	{ "direct before failed", REASON(DIRECT),
	  { .direct = true, .failed = true, REACHES } },
};

KUNIT_ARRAY_PARAM_DESC(verdict, verdict_params, name);

static void verdict_of_facts(struct kunit *test)
{
	const struct verdict_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, dma_bypass_verdict(&param->facts), param->reason);
}

static void reasons_differ_in_name_and_errno(struct kunit *test)
{
	int i, j;

	KUNIT_EXPECT_EQ(test, dma_bypass_reason_errno(DMA_BYPASS_GRANTED), 0);
	for (i = 1; i < DMA_BYPASS_NR_REASONS; i++) {
		KUNIT_EXPECT_LT(test, dma_bypass_reason_errno(i), 0);
		for (j = 0; j < i; j++) {
			KUNIT_EXPECT_NE(test, dma_bypass_reason_errno(i),
					dma_bypass_reason_errno(j));
			KUNIT_EXPECT_STRNEQ(test, dma_bypass_reason_name(i),
					    dma_bypass_reason_name(j));
		}
	}
}

#endif /* _TEST_DMA_BYPASS_VERDICT_H */
