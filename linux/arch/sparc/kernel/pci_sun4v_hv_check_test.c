// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the model of the hypervisor: it reports calls that violate the
 * specification, and nothing else.
 */
#include <linux/bits.h>
#include <asm/hypervisor.h>

#include "pci_sun4v_test.h"

#define DEV	0x400UL			/* the fixture's devhandle */
#define IOTSB	1UL			/* the handle of the model's table */
#define LAST	(SUN4V_TEST_DVMA / SZ_8K - 1)
#define IOLAST	(ATU_64_SPACE_SIZE / SZ_8K - 1)
#define NOWHERE	BIT(45)			/* no memory there */
#define R	HV_PCI_MAP_ATTR_READ
#define RELAXED	HV_PCI_MAP_ATTR_RELAXED_ORDER

/* Real addresses in the fixture's buffer, by their offset in it. */
#define BUF	BIT(63)
#define GOOD	(BUF + 0)		/* lists of pages ... */
#define ODD	(BUF + 64)
#define FAR	(BUF + 128)
#define ZEROES	(BUF + SZ_64K)

#define COUNT(n, index)	HV_PCI_IOTSB_INDEX_COUNT((unsigned long)(n), index)

struct hv_check {
	const char	*desc;
	unsigned long	function;
	unsigned long	arg[5];
	unsigned long	status;
	const char	*report;
};

/* Entry 1 is mapped, entry 2 is not. */
static const struct hv_check legacy_checks[] = {
	{ "function", 0x1ff, { DEV }, HV_EBADTRAP, "function 1ff" },

	{ "map: handle", HV_FAST_PCI_IOMMU_MAP, { DEV + 1, 2, 1, R, GOOD },
	  HV_EINVAL, "devhandle 401" },
	{ "map: table", HV_FAST_PCI_IOMMU_MAP,
	  { DEV, HV_PCI_TSBID(1UL, 2), 1, R, GOOD }, HV_EINVAL, "entries" },
	{ "map: no page", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 0, R, GOOD },
	  HV_EINVAL, "entries 2+0" },
	{ "map: index", HV_FAST_PCI_IOMMU_MAP, { DEV, LAST + 1, 1, R, GOOD },
	  HV_EINVAL, "entries 1000+1" },
	{ "map: too many", HV_FAST_PCI_IOMMU_MAP, { DEV, LAST, 2, R, GOOD },
	  HV_EINVAL, "entries fff+2" },
	{ "map: no access", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 1, 0, GOOD },
	  HV_EINVAL, "attributes 0" },
	{ "map: only ordering", HV_FAST_PCI_IOMMU_MAP,
	  { DEV, 2, 1, RELAXED, GOOD }, HV_EINVAL, "attributes 4" },
	{ "map: attribute", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 1, R | 8, GOOD },
	  HV_EINVAL, "attributes 9" },
	{ "map: list unaligned", HV_FAST_PCI_IOMMU_MAP,
	  { DEV, 2, 1, R, GOOD + 4 }, HV_EBADALIGN, "list at" },
	{ "map: list nowhere", HV_FAST_PCI_IOMMU_MAP,
	  { DEV, 2, 1, R, NOWHERE }, HV_ENORADDR, "no memory at" },
	{ "map: page unaligned", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 1, R, ODD },
	  HV_EBADALIGN, "page " },
	{ "map: page nowhere", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 1, R, FAR },
	  HV_ENORADDR, "no memory at" },
	{ "map: again", HV_FAST_PCI_IOMMU_MAP, { DEV, 1, 1, R, GOOD },
	  HV_EOK, "entry 1 mapped twice" },

	{ "demap: handle", HV_FAST_PCI_IOMMU_DEMAP, { DEV + 1, 1, 1 },
	  HV_EINVAL, "devhandle 401" },
	{ "demap: table", HV_FAST_PCI_IOMMU_DEMAP,
	  { DEV, HV_PCI_TSBID(1UL, 1), 1 }, HV_EINVAL, "entries" },
	{ "demap: nothing", HV_FAST_PCI_IOMMU_DEMAP, { DEV, 1, 0 },
	  HV_EINVAL, "entries 1+0" },
	{ "demap: index", HV_FAST_PCI_IOMMU_DEMAP, { DEV, LAST + 1, 1 },
	  HV_EINVAL, "entries 1000+1" },
	{ "demap: too many", HV_FAST_PCI_IOMMU_DEMAP, { DEV, LAST, 2 },
	  HV_EINVAL, "entries fff+2" },

	{ "getmap: handle", HV_FAST_PCI_IOMMU_GETMAP, { DEV + 1, 1 },
	  HV_EINVAL, "devhandle 401" },
	{ "getmap: index", HV_FAST_PCI_IOMMU_GETMAP, { DEV, LAST + 1 },
	  HV_EINVAL, "entries 1000+1" },

	{ "getbypass: handle", HV_FAST_PCI_IOMMU_GETBYPASS,
	  { DEV + 1, BUF, R }, HV_EINVAL, "devhandle 401" },
	{ "getbypass: no access", HV_FAST_PCI_IOMMU_GETBYPASS, { DEV, BUF, 0 },
	  HV_EINVAL, "attributes 0" },
	{ "getbypass: attribute", HV_FAST_PCI_IOMMU_GETBYPASS,
	  { DEV, BUF, R | 8 }, HV_EINVAL, "attributes 9" },

	{ "getbypass: nowhere", HV_FAST_PCI_IOMMU_GETBYPASS,
	  { DEV, NOWHERE, R }, HV_ENORADDR, "no memory at" },

	{ "conf: handle", HV_FAST_PCI_IOTSB_CONF,
	  { DEV + 1, ZEROES, SZ_8K, SZ_8K, 0 }, HV_EINVAL, "devhandle 401" },
	{ "conf: size", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES, SZ_8K + 8, SZ_8K, 0 }, HV_EINVAL, "IOTSB of 2008" },
	{ "conf: page size", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES, SZ_8K, SZ_4K, 0 }, HV_EINVAL, "IOTSB of 2000" },
	{ "conf: address", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES, SZ_8K, SZ_8K, 1 }, HV_EINVAL, "IOTSB of 2000" },
	{ "conf: table unaligned", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES + 8, SZ_8K, SZ_8K, 0 }, HV_EBADALIGN, "IOTSB at" },
	{ "conf: table nowhere", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, NOWHERE, SZ_8K, SZ_8K, 0 }, HV_ENORADDR, "no memory at" },
	{ "conf: table not empty", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, BUF, SZ_8K, SZ_8K, 0 }, HV_EINVAL, "entry 0 not zero" },
};

static const struct hv_check atu_checks[] = {
	{ "bind: handle", HV_FAST_PCI_IOTSB_BIND, { DEV + 1, IOTSB, 0 },
	  HV_EINVAL, "devhandle 401" },
	{ "bind: table", HV_FAST_PCI_IOTSB_BIND, { DEV, IOTSB + 1, 0 },
	  HV_EINVAL, "IOTSB handle 2" },
	{ "bind: function", HV_FAST_PCI_IOTSB_BIND, { DEV, IOTSB, 1 },
	  HV_EINVAL, "PCI device 1" },

	{ "map: handle", HV_FAST_PCI_IOTSB_MAP,
	  { DEV + 1, IOTSB, COUNT(1, 2), R, GOOD }, HV_EINVAL, "devhandle 401" },
	{ "map: table", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB + 1, COUNT(1, 2), R, GOOD }, HV_EINVAL,
	  "IOTSB handle 2" },
	{ "map: nothing", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(0, 2), R, GOOD }, HV_EINVAL, "entries 2+0" },
	{ "map: index", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, IOLAST + 1), R, GOOD }, HV_EINVAL,
	  "entries 400000+1" },
	{ "map: too many", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(2, IOLAST), R, GOOD }, HV_EINVAL,
	  "entries 3fffff+2" },
	{ "map: attribute", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, 2), R | 8, GOOD }, HV_EINVAL, "attributes 9" },
	{ "map: list unaligned", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, 2), R, GOOD + 4 }, HV_EBADALIGN, "list at" },
	{ "map: page unaligned", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, 2), R, ODD }, HV_EBADALIGN, "page " },
	{ "map: page nowhere", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, 2), R, FAR }, HV_ENORADDR, "no memory at" },
	{ "map: again", HV_FAST_PCI_IOTSB_MAP,
	  { DEV, IOTSB, COUNT(1, 1), R, GOOD }, HV_EOK,
	  "entry 1 mapped twice" },

	{ "demap: handle", HV_FAST_PCI_IOTSB_DEMAP, { DEV + 1, IOTSB, 1, 1 },
	  HV_EINVAL, "devhandle 401" },
	{ "demap: table", HV_FAST_PCI_IOTSB_DEMAP, { DEV, IOTSB + 1, 1, 1 },
	  HV_EINVAL, "IOTSB handle 2" },
	{ "demap: nothing", HV_FAST_PCI_IOTSB_DEMAP, { DEV, IOTSB, 1, 0 },
	  HV_EINVAL, "entries 1+0" },
	{ "demap: too many", HV_FAST_PCI_IOTSB_DEMAP,
	  { DEV, IOTSB, IOLAST, 2 }, HV_EINVAL, "entries 3fffff+2" },
	{ "demap: not mapped", HV_FAST_PCI_IOTSB_DEMAP, { DEV, IOTSB, 2, 1 },
	  HV_EOK, "entry 2 is not mapped" },
};

/* A row has offsets in the buffer for real addresses. */
static unsigned long check_resolve(struct sun4v_test *t, unsigned long arg)
{
	return arg & BUF ? __pa(t->buf) + (arg & ~BUF) : arg;
}

static unsigned long check_call(struct sun4v_test *t, unsigned long function,
				const unsigned long *arg, unsigned long *ret)
{
	register unsigned long o0 asm("o0") = check_resolve(t, arg[0]);
	register unsigned long o1 asm("o1") = check_resolve(t, arg[1]);
	register unsigned long o2 asm("o2") = check_resolve(t, arg[2]);
	register unsigned long o3 asm("o3") = check_resolve(t, arg[3]);
	register unsigned long o4 asm("o4") = check_resolve(t, arg[4]);
	register unsigned long o5 asm("o5") = function;

	asm volatile("ta %6" : "+r" (o0), "+r" (o1), "+r" (o2), "+r" (o3),
		     "+r" (o4), "+r" (o5) : "i" (HV_FAST_TRAP) : "memory");
	ret[0] = o1;
	ret[1] = o2;
	return o0;
}

static struct sun4v_test *check_begin(struct kunit *test, bool use_atu)
{
	const unsigned long map[] = { DEV, 1, 1, R, GOOD };
	const unsigned long iotsb[] = { DEV, IOTSB, COUNT(1, 1), R, GOOD };
	struct sun4v_test *t = sun4v_test_begin(test, use_atu);
	unsigned long ret[2], status;
	u64 *list = t->buf;

	memset(t->buf, 0, PG(SUN4V_TEST_PAGES));
	list[0] = __pa(t->buf);
	list[64 / sizeof(u64)] = __pa(t->buf) + 8;
	list[128 / sizeof(u64)] = NOWHERE;
	status = use_atu ? check_call(t, HV_FAST_PCI_IOTSB_MAP, iotsb, ret) :
			   check_call(t, HV_FAST_PCI_IOMMU_MAP, map, ret);
	KUNIT_ASSERT_EQ(test, status, HV_EOK);
	KUNIT_ASSERT_EQ(test, t->hv.violations, 0);
	return t;
}

static void check_end(struct sun4v_test *t)
{
	struct sun4v_hv_table *table = sun4v_test_table(t);

	table->entry[1] = 0;
	table->live--;
	sun4v_test_clean(t);
}

static void check_row(struct sun4v_test *t, const struct hv_check *row)
{
	unsigned long ret[2], status;

	status = check_call(t, row->function, row->arg, ret);
	KUNIT_EXPECT_EQ_MSG(t->test, status, row->status, "%s", row->desc);
	KUNIT_EXPECT_EQ_MSG(t->test, t->hv.violations, 1, "%s", row->desc);
	KUNIT_EXPECT_NOT_NULL_MSG(t->test,
				  strstr(t->hv.violation, row->report),
				  "%s: %s", row->desc, t->hv.violation);
	t->hv.violations = 0;
	t->hv.violation[0] = '\0';
}

static void hv_reports(struct kunit *test)
{
	struct sun4v_test *t = check_begin(test, false);
	const struct hv_check relaxed = {
		"version 1: ordering", HV_FAST_PCI_IOMMU_MAP,
		{ DEV, 2, 1, R | RELAXED, GOOD }, HV_EINVAL, "attributes 5",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(legacy_checks); i++)
		check_row(t, &legacy_checks[i]);
	sun4v_test_negotiate(t, 1, 1);
	check_row(t, &relaxed);
	check_end(t);
}

static void hv_reports_atu(struct kunit *test)
{
	struct sun4v_test *t = check_begin(test, true);
	int i;

	for (i = 0; i < ARRAY_SIZE(atu_checks); i++)
		check_row(t, &atu_checks[i]);
	check_end(t);
}

/* A call stops at a page that it cannot map or demap, and the next one fails. */
static void hv_stops(struct kunit *test)
{
	const unsigned long map[] = { DEV, 2, 3, R, GOOD };
	const unsigned long last[] = { DEV, 4, 1, R, GOOD };
	const unsigned long demap[] = { DEV, 2, 3 };
	struct sun4v_test *t = check_begin(test, false);
	unsigned long ret[2], *list = t->buf;

	list[1] = list[0];
	list[2] = list[0];
	sun4v_hv_reset_calls(&t->hv);
	t->hv.tsb.reject = 3;
	KUNIT_EXPECT_EQ(test, HV_EOK,
			check_call(t, HV_FAST_PCI_IOMMU_MAP, map, ret));
	KUNIT_EXPECT_EQ(test, ret[0], 2);
	KUNIT_EXPECT_EQ(test, HV_ENORADDR,
			check_call(t, HV_FAST_PCI_IOMMU_MAP, last, ret));
	KUNIT_EXPECT_EQ(test, t->hv.tsb.live, 3);

	t->hv.tsb.stuck = 3;
	KUNIT_EXPECT_EQ(test, HV_EOK,
			check_call(t, HV_FAST_PCI_IOMMU_DEMAP, demap, ret));
	KUNIT_EXPECT_EQ(test, ret[0], 1);
	KUNIT_EXPECT_EQ(test, t->hv.tsb.live, 2);
	t->hv.tsb.stuck = 2;
	KUNIT_EXPECT_EQ(test, HV_EINVAL,
			check_call(t, HV_FAST_PCI_IOMMU_DEMAP, demap, ret));
	t->hv.tsb.stuck = SUN4V_HV_NOT_STUCK;
	KUNIT_EXPECT_EQ(test, HV_EOK,
			check_call(t, HV_FAST_PCI_IOMMU_DEMAP, demap, ret));
	KUNIT_EXPECT_EQ(test, t->hv.tsb.live, 1);
	check_end(t);
}

/* Valid calls return what is documented, and nothing is reported. */
static const struct hv_allowed {
	const char	*desc;
	unsigned long	function;
	unsigned long	arg[5];
	unsigned long	status;
	unsigned long	ret;
} hv_allowed[] = {
	{ "last entry", HV_FAST_PCI_IOMMU_MAP, { DEV, LAST, 1, R, GOOD },
	  HV_EOK, 1 },
	{ "attributes", HV_FAST_PCI_IOMMU_GETMAP, { DEV, LAST }, HV_EOK, R },
	{ "demap", HV_FAST_PCI_IOMMU_DEMAP, { DEV, LAST, 1 }, HV_EOK, 1 },
	{ "ordering", HV_FAST_PCI_IOMMU_MAP, { DEV, 2, 1, R | RELAXED, GOOD },
	  HV_EOK, 1 },
	{ "demap it", HV_FAST_PCI_IOMMU_DEMAP, { DEV, 2, 1 }, HV_EOK, 1 },
	{ "demap again", HV_FAST_PCI_IOMMU_DEMAP, { DEV, 2, 1 }, HV_EOK, 1 },
	{ "getmap of nothing", HV_FAST_PCI_IOMMU_GETMAP, { DEV, 2 },
	  HV_ENOMAP, 0 },
	{ "table", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES, SZ_8K, SZ_8K, BIT(43) }, HV_EOK, IOTSB },
	{ "table again", HV_FAST_PCI_IOTSB_CONF,
	  { DEV, ZEROES, SZ_8K, SZ_8K, BIT(43) }, HV_EBUSY, 0 },
};

static void hv_accepts(struct kunit *test)
{
	struct sun4v_test *t = check_begin(test, false);
	const struct hv_allowed *row;
	unsigned long ret[2], status;
	int i;

	for (i = 0; i < ARRAY_SIZE(hv_allowed); i++) {
		row = &hv_allowed[i];
		status = check_call(t, row->function, row->arg, ret);
		KUNIT_EXPECT_EQ_MSG(test, status, row->status, "%s", row->desc);
		if (!status)
			KUNIT_EXPECT_EQ_MSG(test, ret[0], row->ret, "%s",
					    row->desc);
	}
	KUNIT_EXPECT_EQ_MSG(test, t->hv.violations, 0, "%s", t->hv.violation);
	t->hv.iotsb.entry = NULL;
	check_end(t);
}

static struct kunit_case hv_cases[] = {
	KUNIT_CASE(hv_reports),
	KUNIT_CASE(hv_reports_atu),
	KUNIT_CASE(hv_stops),
	KUNIT_CASE(hv_accepts),
	{}
};

static struct kunit_suite hv_suite = {
	.name		= "dma_bypass_sun4v_hv",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= hv_cases,
};

kunit_test_suite(hv_suite);

MODULE_DESCRIPTION("KUnit tests of the model of the sun4v hypervisor");
MODULE_LICENSE("GPL");
