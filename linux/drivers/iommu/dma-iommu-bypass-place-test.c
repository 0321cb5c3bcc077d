// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_place: where the bypass window of a domain lies.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/prandom.h>
#include <linux/range.h>
#include <linux/sizes.h>

#include "dma-iommu-bypass.h"

#define GIB(n)		((n) * 1ULL * SZ_1G)
#define TIB(n)		((n) * 1ULL * SZ_1T)
#define NONE		DMA_MAPPING_ERROR
#define PLACE_RESERVED	4

/**
 * struct place_param - a geometry and the place that it gives
 * @name: description
 * @start: first address of the aperture
 * @end: last address of the aperture
 * @possible: end of all memory that there may ever be
 * @present: end of the memory that there is; 0 for the same
 * @reserved: ranges that belong to somebody else; an end of 0 ends them
 * @base: the place
 * @size: its length; 0 for @possible
 */
struct place_param {
	const char	*name;
	dma_addr_t	start;
	dma_addr_t	end;
	phys_addr_t	possible;
	phys_addr_t	present;
	struct range	reserved[PLACE_RESERVED];
	dma_addr_t	base;
	dma_addr_t	size;
};

#define WIDTH(bits)	.end = DMA_BIT_MASK(bits)
#define LIES_AT(b)	.base = (b)
#define MSI		{ 0xfee00000, 0xfeefffff }
/* QEMU's q35 has its bridge window at the half of what the CPU can address. */
#define BRIDGE_39	{ BIT_ULL(38), BIT_ULL(38) + GIB(32) - 1 }

static const struct place_param place_params[] = {
	/* Width of the aperture, and how much memory. */
	{ "39 bits, 2 GiB", WIDTH(39), GIB(2), .reserved = { MSI, BRIDGE_39 },
	  LIES_AT(GIB(4)) },
	{ "39 bits, 8 GiB", WIDTH(39), GIB(8), .reserved = { MSI, BRIDGE_39 },
	  LIES_AT(GIB(8)) },
	{ "39 bits, 9 GiB", WIDTH(39), GIB(9), .reserved = { MSI, BRIDGE_39 },
	  LIES_AT(GIB(16)) },
	{ "39 bits, 128 GiB", WIDTH(39), GIB(128),
	  .reserved = { MSI, BRIDGE_39 }, LIES_AT(GIB(128)) },
	{ "39 bits, 129 GiB, bridge window in the way", WIDTH(39), GIB(129),
	  .reserved = { MSI, BRIDGE_39 }, LIES_AT(NONE) },
	{ "39 bits, 129 GiB, nothing in the way", WIDTH(39), GIB(129),
	  .reserved = { MSI }, LIES_AT(GIB(256)) },
	{ "39 bits, 256 GiB, nothing in the way", WIDTH(39), GIB(256),
	  .reserved = { MSI }, LIES_AT(GIB(256)) },
	{ "39 bits, 257 GiB", WIDTH(39), GIB(257), LIES_AT(NONE) },
	{ "39 bits, 16 TiB", WIDTH(39), TIB(16), LIES_AT(NONE) },
	{ "48 bits, 8 GiB", WIDTH(48), GIB(8), .reserved = { MSI },
	  LIES_AT(GIB(8)) },
	{ "48 bits, 16 TiB", WIDTH(48), TIB(16), .reserved = { MSI },
	  LIES_AT(TIB(16)) },
	{ "48 bits, 128 TiB", WIDTH(48), TIB(128), LIES_AT(TIB(128)) },
	{ "48 bits, a page more than 128 TiB", WIDTH(48), TIB(128) + SZ_4K,
	  LIES_AT(NONE) },
	{ "57 bits, 16 TiB", WIDTH(57), TIB(16), LIES_AT(TIB(16)) },
	{ "57 bits, 17 TiB", WIDTH(57), TIB(17), LIES_AT(TIB(32)) },
	{ "64 bits, 4 GiB", WIDTH(64), GIB(4), LIES_AT(GIB(4)) },
	{ "64 bits, 16 TiB", WIDTH(64), TIB(16), LIES_AT(TIB(16)) },
	{ "64 bits, 4 EiB", WIDTH(64), BIT_ULL(62), LIES_AT(BIT_ULL(62)) },
	{ "64 bits, 8 EiB", WIDTH(64), BIT_ULL(63), LIES_AT(NONE) },
	{ "64 bits, all of them", WIDTH(64), ~0ULL, LIES_AT(NONE) },

	/* Apertures that do not start at 0, or are small. */
	{ "[8,12) GiB, 1 GiB", GIB(8), GIB(12) - 1, GIB(1), LIES_AT(NONE) },
	{ "[8,20) GiB, 4 GiB", GIB(8), GIB(20) - 1, GIB(4), LIES_AT(GIB(16)) },
	{ "[8,20) GiB, a page more than 4 GiB", GIB(8), GIB(20) - 1,
	  GIB(4) + SZ_4K, LIES_AT(NONE) },
	{ "[4,8) GiB, 1 GiB", GIB(4), GIB(8) - 1, GIB(1), LIES_AT(NONE) },
	{ "[4,16) GiB, 4 GiB", GIB(4), GIB(16) - 1, GIB(4), LIES_AT(GIB(8)) },
	{ "[4,16) GiB but for a page, 4 GiB", GIB(4) + SZ_4K, GIB(16) - 1,
	  GIB(4), LIES_AT(NONE) },
	{ "[4,64) GiB, 5 GiB", GIB(4), GIB(64) - 1, GIB(5), LIES_AT(GIB(16)) },
	{ "[40,42) GiB, as on some SoCs", GIB(40), GIB(42) - 1, GIB(1),
	  LIES_AT(NONE) },
	{ "[0,8) GiB, 4 GiB", 0, GIB(8) - 1, GIB(4), LIES_AT(GIB(4)) },
	{ "[0,8) GiB, a page more than 4 GiB", 0, GIB(8) - 1, GIB(4) + SZ_4K,
	  LIES_AT(NONE) },
	{ "[0,8) GiB but for a byte, 4 GiB", 0, GIB(8) - 2, GIB(4),
	  LIES_AT(NONE) },
	{ "[0,4) GiB", 0, GIB(4) - 1, GIB(1), LIES_AT(NONE) },
	{ "[6,20) GiB, 1 GiB", GIB(6), GIB(20) - 1, GIB(1), LIES_AT(GIB(8)) },
	{ "a byte above 8 GiB, 1 GiB", GIB(8) + 1, GIB(32) - 1, GIB(1),
	  LIES_AT(GIB(16)) },
	{ "between powers of two", GIB(9), GIB(16) - 1, GIB(1), LIES_AT(NONE) },

	/* Places that belong to somebody else. */
	{ "first page is reserved", WIDTH(48), GIB(8),
	  .reserved = { { GIB(8), GIB(8) + SZ_4K - 1 } }, LIES_AT(GIB(16)) },
	{ "first byte is reserved", WIDTH(48), GIB(8),
	  .reserved = { { GIB(4), GIB(8) } }, LIES_AT(GIB(16)) },
	{ "last byte is reserved", WIDTH(48), GIB(8),
	  .reserved = { { GIB(16) - 1, GIB(16) - 1 } }, LIES_AT(GIB(16)) },
	{ "reserved up to it and behind it", WIDTH(48), GIB(8),
	  .reserved = { { 0, GIB(8) - 1 }, { GIB(16), GIB(32) } },
	  LIES_AT(GIB(8)) },
	{ "reserved in the middle, out of order", WIDTH(48), GIB(8),
	  .reserved = { { GIB(20), GIB(21) }, { GIB(9), GIB(10) } },
	  LIES_AT(GIB(32)) },
	{ "reserved around it", WIDTH(48), GIB(8),
	  .reserved = { { GIB(6), GIB(40) } }, LIES_AT(GIB(64)) },
	{ "all is reserved", WIDTH(64), GIB(8), .reserved = { { 0, ~0ULL } },
	  LIES_AT(NONE) },
	{ "upper half is reserved, as on s390", WIDTH(42), GIB(64),
	  .reserved = { { BIT_ULL(41), BIT_ULL(42) - 1 } }, LIES_AT(GIB(64)) },
	{ "upper half is reserved, and needed", WIDTH(42), TIB(1) + SZ_4K,
	  .reserved = { { BIT_ULL(41), BIT_ULL(42) - 1 } }, LIES_AT(NONE) },
	{ "starts at 4 GiB, reserved behind 12 GiB, as on s390", GIB(4),
	  GIB(64) - 1, GIB(4), .reserved = { { GIB(12), GIB(64) - 1 } },
	  LIES_AT(GIB(8)) },
	{ "virtio-iommu", WIDTH(64), GIB(4), .reserved = { MSI },
	  LIES_AT(GIB(4)) },

	/* Memory that may be added later, if it fits. */
	{ "all that is possible fits", WIDTH(39), GIB(64), GIB(4),
	  LIES_AT(GIB(64)), GIB(64) },
	{ "more is possible than fits", WIDTH(36), GIB(64), GIB(4),
	  LIES_AT(GIB(4)), GIB(4) },
	{ "more is possible than is free", WIDTH(39), GIB(129), GIB(12),
	  .reserved = { BRIDGE_39 }, LIES_AT(GIB(16)), GIB(12) },
	{ "neither fits", WIDTH(36), TIB(1), GIB(64), LIES_AT(NONE) },
	{ "nothing is possible, something is present", WIDTH(39), 0, GIB(4),
	  LIES_AT(GIB(4)), GIB(4) },

	{ "no memory", WIDTH(64), LIES_AT(NONE) },
	{ "no aperture", .possible = GIB(1), LIES_AT(NONE) },
	{ "nothing at all", LIES_AT(NONE) },
};

KUNIT_ARRAY_PARAM_DESC(place, place_params, name);

static void geometry_to_place(struct kunit *test)
{
	const struct place_param *param = test->param_value;
	struct iommu_dma_bypass_geometry geo = {
		.aperture_start	= param->start,
		.aperture_end	= param->end,
		.possible	= param->possible,
		.present	= param->present ?: param->possible,
		.reserved	= param->reserved,
	};
	dma_addr_t base, size;

	while (geo.nr_reserved < PLACE_RESERVED &&
	       param->reserved[geo.nr_reserved].end)
		geo.nr_reserved++;
	base = iommu_dma_bypass_place(&geo, &size);
	KUNIT_EXPECT_EQ_MSG(test, base, param->base, "at %pad", &base);
	if (param->base != NONE)
		KUNIT_EXPECT_EQ(test, size, param->size ?: param->possible);
}

/* The order of reserved ranges does not matter, nor that they overlap. */
static void reserved_in_any_order(struct kunit *test)
{
	static const struct range a[] = {
		{ GIB(4), GIB(5) }, { GIB(8), GIB(9) }, { GIB(16), GIB(17) },
		{ GIB(8), GIB(17) },
	};
	static const struct range b[] = {
		{ GIB(8), GIB(17) }, { GIB(16), GIB(17) }, { GIB(8), GIB(9) },
		{ GIB(4), GIB(5) },
	};
	struct iommu_dma_bypass_geometry geo = {
		.aperture_end = DMA_BIT_MASK(48),
		.possible = GIB(2),
		.present = GIB(2),
		.nr_reserved = ARRAY_SIZE(a),
	};
	dma_addr_t size;

	geo.reserved = a;
	KUNIT_EXPECT_EQ(test, iommu_dma_bypass_place(&geo, &size), GIB(32));
	geo.reserved = b;
	KUNIT_EXPECT_EQ(test, iommu_dma_bypass_place(&geo, &size), GIB(32));
}

/* Of all powers of two from 4 GiB on, the lowest that the contract allows. */
static dma_addr_t place_reference(const struct iommu_dma_bypass_geometry *geo,
				  u64 end)
{
	unsigned int bit, i;
	u64 base, last;
	bool free;

	if (!end)
		return NONE;
	for (bit = 32; bit < 63; bit++) {
		base = BIT_ULL(bit);
		last = base + end - 1;
		free = base >= end && base >= geo->aperture_start &&
		       base - geo->aperture_start >= end &&
		       last <= geo->aperture_end;
		for (i = 0; i < geo->nr_reserved; i++)
			if (geo->reserved[i].end >= base &&
			    geo->reserved[i].start <= last)
				free = false;
		if (free)
			return base;
	}
	return NONE;
}

static u64 place_random(struct rnd_state *rnd, unsigned int bits)
{
	u64 val = prandom_u32_state(rnd);

	val = val << 32 | prandom_u32_state(rnd);
	return val >> (64 - 12 - prandom_u32_state(rnd) % (bits - 11));
}

static void random_geometries(struct kunit *test)
{
	struct range reserved[PLACE_RESERVED];
	struct iommu_dma_bypass_geometry geo = { .reserved = reserved };
	unsigned int i, round, found = 0;
	dma_addr_t base, size, want;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 0x706c616365ULL);
	for (round = 0; round < 20000; round++) {
		geo.aperture_start = round & 3 ? 0 : place_random(&rnd, 40);
		geo.aperture_end = geo.aperture_start + place_random(&rnd, 62);
		geo.possible = PAGE_ALIGN(place_random(&rnd, 44));
		geo.present = geo.possible;
		geo.nr_reserved = prandom_u32_state(&rnd) % PLACE_RESERVED;
		for (i = 0; i < geo.nr_reserved; i++) {
			reserved[i].start = place_random(&rnd, 46);
			reserved[i].end = reserved[i].start +
					  place_random(&rnd, 40);
		}
		base = iommu_dma_bypass_place(&geo, &size);
		want = place_reference(&geo, geo.possible);
		KUNIT_ASSERT_EQ_MSG(test, base, want,
				    "round %u: aperture %pad-%pad, memory %pap",
				    round, &geo.aperture_start,
				    &geo.aperture_end, &geo.possible);
		found += base != NONE;
	}
	KUNIT_EXPECT_GT(test, found, round / 10);
	KUNIT_EXPECT_LT(test, found, round / 10 * 9);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE_PARAM(geometry_to_place, place_gen_params),
	KUNIT_CASE(reserved_in_any_order),
	KUNIT_CASE(random_geometries),
	{}
};

static struct kunit_suite place_suite = {
	.name = "dma_bypass_place",
	.test_cases = place_cases,
};

kunit_test_suite(place_suite);

MODULE_DESCRIPTION("KUnit suite of the place of bypass windows");
MODULE_LICENSE("GPL");
