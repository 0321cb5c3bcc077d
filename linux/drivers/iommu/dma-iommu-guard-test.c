// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_guard: guarded bypass windows behind VT-d.  What a device
 * reaches is what is mapped now, in the direction that it is mapped in.
 *
 * Needs two of QEMU's edu devices.
 */
#include "dma-iommu-guard-test.h"

/* The device reads @cpu at @addr, and its writes arrive there. */
static void expect_reaches(struct kunit *test, dma_addr_t addr, void *cpu)
{
	dma_roundtrip(test, 0, addr, cpu, EDU_MAX, addr);
}

static void guard_reaches_what_is_mapped(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, addr, page_address(page));
	expect_read_fault(test, 0, addr + SZ_4K);
	expect_read_fault(test, 0, addr - SZ_4K);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), page_to_phys(page));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page) + SZ_4K), 0);

	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, addr, page_address(page));
}

/* Neighbours come and go; what is mapped stays, what is not does not come back. */
static void guard_neighbours(struct kunit *test)
{
	struct page *page = buffer(test, LOW);
	dma_addr_t one, two;
	int i;

	gtouch(test, 0, page);
	for (i = 0; i < 2; i++) {
		one = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
		two = gmap(test, 0, page + 1, 0, SZ_4K, DMA_BIDIRECTIONAL);
		expect_reaches(test, one, page_address(page));
		expect_reaches(test, two, page_address(page + 1));
		gunmap(0, i ? one : two, SZ_4K, DMA_BIDIRECTIONAL);
		expect_fault(test, 0, i ? one : two,
			     page_address(i ? page : page + 1));
		expect_reaches(test, i ? two : one,
			       page_address(i ? page + 1 : page));
		gunmap(0, i ? two : one, SZ_4K, DMA_BIDIRECTIONAL);
		expect_fault(test, 0, i ? two : one,
			     page_address(i ? page + 1 : page));
	}
}

static void guard_two_mappings_of_a_page(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t one, two;

	one = gmap(test, 0, page, 0, EDU_MAX, DMA_BIDIRECTIONAL);
	two = gmap(test, 0, page, EDU_MAX, EDU_MAX, DMA_BIDIRECTIONAL);
	expect_reaches(test, one, page_address(page));
	gunmap(0, one, EDU_MAX, DMA_BIDIRECTIONAL);
	expect_reaches(test, two, page_address(page) + EDU_MAX);
	gunmap(0, two, EDU_MAX, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, one, page_address(page));
	expect_fault(test, 0, two, page_address(page) + EDU_MAX);
}

static void guard_rights(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_TO_DEVICE);
	/* First: QEMU blocks it silently when it has cached the translation. */
	expect_write_fault(test, 0, addr, page_address(page));
	dma_read_expect(test, 0, addr, page_address(page), EDU_MAX);
	gunmap(0, addr, SZ_4K, DMA_TO_DEVICE);

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_FROM_DEVICE);
	/* What can be written in the first stage can be read, as in strict mode. */
	if (!strstr(saved_command_line, "sm_on"))
		expect_nothing_read(test, 0, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_FROM_DEVICE);

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, addr, page_address(page));
}

/* A page that is mapped already is translated in another direction. */
static void guard_rights_never_widen(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE,
	};
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr, other;
	int i, k;

	for (i = 0; i < 3; i++) {
		addr = gmap(test, 0, page, 0, SZ_4K, dirs[i]);
		for (k = 0; k < 3; k++) {
			other = gmap_once(0, page, 0, SZ_4K, dirs[k]);
			KUNIT_EXPECT_EQ_MSG(test, in_window(0, other), i == k,
					    "%d, then %d", dirs[i], dirs[k]);
			gunmap(0, other, SZ_4K, dirs[k]);
		}
		gunmap(0, addr, SZ_4K, dirs[i]);
	}

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_TO_DEVICE);
	other = gmap_once(0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, other, page_address(page));
	expect_write_fault(test, 0, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_TO_DEVICE);
	expect_fault(test, 0, addr, page_address(page));
	expect_reaches(test, other, page_address(page));
	gunmap(0, other, SZ_4K, DMA_BIDIRECTIONAL);
}

#define MANY	300

static void guard_many_mappings_of_a_page(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr = 0;
	int i;

	gtouch(test, 0, page);
	for (i = 0; i < MANY; i++) {
		addr = gmap_once(0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
		KUNIT_ASSERT_TRUE_MSG(test, in_window(0, addr), "mapping %d", i);
	}
	for (i = 0; i < MANY - 1; i++)
		gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, addr, page_address(page));
}

/* What dma-iommu-guard-priv.h can count to. */
#define MOST	16383

static void guard_overflow(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr = 0, other;
	int i;

	gtouch(test, 0, page);
	for (i = 0; i < MOST; i++) {
		addr = gmap_once(0, page, 0, SZ_4K, DMA_TO_DEVICE);
		KUNIT_ASSERT_TRUE_MSG(test, in_window(0, addr), "mapping %d", i);
	}
	other = gmap_once(0, page, 0, SZ_4K, DMA_TO_DEVICE);
	expect_translated(test, 0, other);
	dma_read_expect(test, 0, other, page_address(page), EDU_MAX);
	gunmap(0, other, SZ_4K, DMA_TO_DEVICE);
	for (i = 0; i < MOST; i++)
		gunmap(0, addr, SZ_4K, DMA_TO_DEVICE);
	expect_fault(test, 0, addr, page_address(page));
}

/* More than a page, and how much more. */
static void guard_sizes(struct kunit *test)
{
	static const struct {
		unsigned int	offset;
		size_t		size;
		bool		guarded;
	} sizes[] = {
		{ 0, 1, true }, { SZ_4K - 1, 2, true }, { SZ_2K, SZ_4K, true },
		{ 1, SZ_64K, true }, { 0, SZ_64K, true },
		{ 0, SZ_64K + 1, false }, { 0, SZ_128K, false },
		{ SZ_2M - SZ_4K, SZ_4K, true },
	};
	struct page *page = large_buffer(test, HIGH);
	phys_addr_t phys, end;
	dma_addr_t addr;
	int i;

	gtouch(test, 0, page);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		addr = gmap_once(0, page, sizes[i].offset, sizes[i].size,
				 DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ_MSG(test, in_window(0, addr), sizes[i].guarded,
				    "%x + %zx", sizes[i].offset, sizes[i].size);
		phys = page_to_phys(page) + sizes[i].offset;
		end = sizes[i].guarded ? PAGE_ALIGN(phys + sizes[i].size) :
					 ALIGN_DOWN(phys, PAGE_SIZE);
		for (phys = ALIGN_DOWN(phys, PAGE_SIZE); phys < end; phys += SZ_4K)
			KUNIT_EXPECT_EQ(test, mapped(0, phys), phys);
		KUNIT_EXPECT_EQ(test, mapped(0, end), 0);
		gunmap(0, addr, sizes[i].size, DMA_BIDIRECTIONAL);
		for (phys = page_to_phys(page); phys < end; phys += SZ_4K)
			KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
	}
}

#define LIST	16

/* Of every other page, so that no entry is another's neighbour. */
static struct scatterlist *list_of(struct kunit *test, struct page *page)
{
	struct scatterlist *sgl = kunit_kcalloc(test, LIST, sizeof(*sgl),
						GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, sgl);
	sg_init_table(sgl, LIST);
	for (i = 0; i < LIST; i++)
		sg_set_page(&sgl[i], page + 2 * i, SZ_4K, 0);
	return sgl;
}

static void expect_list(struct kunit *test, struct scatterlist *sgl)
{
	int i;

	KUNIT_ASSERT_EQ(test, LIST, dma_map_sg(dev_of(0), sgl, LIST,
					       DMA_BIDIRECTIONAL));
	for (i = 0; i < LIST; i++)
		KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[i]),
				window_base(0) + sg_phys(&sgl[i]));
	for (i = 0; i < LIST; i += LIST - 1) {
		expect_reaches(test, sg_dma_address(&sgl[i]), sg_virt(&sgl[i]));
		expect_read_fault(test, 0, sg_dma_address(&sgl[i]) + SZ_4K);
	}
	dma_unmap_sg(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL);
	for (i = 0; i < LIST; i += LIST - 1)
		expect_fault(test, 0, window_base(0) + sg_phys(&sgl[i]),
			     sg_virt(&sgl[i]));
	for (i = 0; i < LIST; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, sg_phys(&sgl[i])), 0);
}

static void guard_lists(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist *sgl = list_of(test, page);
	int i;

	gtouch(test, 0, page);
	expect_list(test, sgl);
	/* The last page first. */
	for (i = 0; i < LIST; i++)
		sg_set_page(&sgl[i], page + 2 * (LIST - 1 - i), SZ_4K, 0);
	expect_list(test, sgl);
}

/* One entry that cannot be: none of the others is, either. */
static void guard_lists_as_a_whole(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist *sgl = list_of(test, page);
	dma_addr_t addr, other;
	int i, nents;

	gtouch(test, 0, page);
	addr = gmap(test, 0, page + 2 * (LIST - 1), 0, SZ_4K, DMA_TO_DEVICE);
	nents = dma_map_sg_attrs(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL, OVERLAP);
	KUNIT_ASSERT_GT(test, nents, 0);
	expect_translated(test, 0, sg_dma_address(sgl));
	for (i = 0; i < LIST - 1; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, sg_phys(&sgl[i])), 0);
	expect_reaches(test, sg_dma_address(sgl), sg_virt(sgl));
	dma_unmap_sg_attrs(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL, OVERLAP);

	/* Nor are the first pages of a buffer whose last one cannot be. */
	other = gmap_once(0, page + 2 * LIST - 4, 0, 3 * SZ_4K, DMA_BIDIRECTIONAL);
	expect_translated(test, 0, other);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page + 2 * LIST - 4 + i)),
				0);
	gunmap(0, other, 3 * SZ_4K, DMA_BIDIRECTIONAL);
	dma_read_expect(test, 0, addr, page_address(page + 2 * (LIST - 1)),
			EDU_MAX);
	gunmap(0, addr, SZ_4K, DMA_TO_DEVICE);
}

/* Calls of iotlb_sync_map() and iotlb_sync(), the former failing so many times first. */
static struct {
	struct iommu_domain_ops		ops;
	const struct iommu_domain_ops	*real;
	struct iommu_domain		*domain;
	int				maps, unmaps, fail;
	unsigned long			iova;
	size_t				size;
} calls;

static int count_sync_map(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	calls.maps++;
	calls.iova = iova;
	calls.size = size;
	if (calls.fail && calls.fail--)
		return -EIO;
	return calls.real->iotlb_sync_map(domain, iova, size);
}

static void count_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather)
{
	calls.unmaps++;
	calls.real->iotlb_sync(domain, gather);
}

static void calls_end(void *unused)
{
	calls.domain->ops = calls.real;
}

static void calls_start(struct kunit *test)
{
	memset(&calls, 0, sizeof(calls));
	calls.domain = iommu_get_domain_for_dev(dev_of(0));
	calls.real = calls.domain->ops;
	KUNIT_ASSERT_NOT_NULL(test, calls.real->iotlb_sync_map);
	calls.ops = *calls.real;
	calls.ops.iotlb_sync_map = count_sync_map;
	calls.ops.iotlb_sync = count_sync;
	calls.domain->ops = &calls.ops;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, calls_end, NULL));
}

static void expect_calls(struct kunit *test, int maps, int unmaps)
{
	KUNIT_EXPECT_EQ(test, calls.maps, maps);
	KUNIT_EXPECT_EQ(test, calls.unmaps, unmaps);
	calls.maps = 0;
	calls.unmaps = 0;
}

/* An invalidation for all of a mapping, not for each of its pages. */
static void guard_invalidates_once(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist *sgl = list_of(test, page);
	dma_addr_t addr;

	gtouch(test, 0, page);
	calls_start(test);
	KUNIT_ASSERT_EQ(test, LIST, dma_map_sg(dev_of(0), sgl, LIST,
					       DMA_BIDIRECTIONAL));
	KUNIT_ASSERT_TRUE(test, in_window(0, sg_dma_address(sgl)));
	expect_calls(test, 1, 0);
	KUNIT_EXPECT_EQ(test, calls.iova, sg_dma_address(sgl));
	KUNIT_EXPECT_EQ(test, calls.size, (2 * LIST - 1) * SZ_4K);
	dma_unmap_sg(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL);
	expect_calls(test, 0, 1);
	addr = gmap(test, 0, page, 0, SZ_64K, DMA_BIDIRECTIONAL);
	expect_calls(test, 1, 0);
	gunmap(0, addr, SZ_64K, DMA_BIDIRECTIONAL);
	expect_calls(test, 0, 1);
}

/* Entries of a list that are in one page are mappings of it like others. */
static void guard_lists_meet_themselves(struct kunit *test)
{
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist *sgl = list_of(test, page);
	int i;

	for (i = 0; i < LIST; i++)
		sg_set_page(&sgl[i], page + i / 3, SZ_1K, i % 3 * SZ_1K);
	gtouch(test, 0, page);
	KUNIT_ASSERT_EQ(test, LIST, dma_map_sg_attrs(dev_of(0), sgl, LIST,
						     DMA_BIDIRECTIONAL, OVERLAP));
	for (i = 0; i < LIST; i++)
		KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[i]),
				window_base(0) + sg_phys(&sgl[i]));
	dma_roundtrip(test, 0, sg_dma_address(&sgl[LIST - 1]), sg_virt(&sgl[LIST - 1]),
		      SZ_1K, 0);
	dma_unmap_sg_attrs(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL, OVERLAP);
	for (i = 0; i < LIST; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, sg_phys(&sgl[i])), 0);
}

/* What could not be synced is translated, and not left in the window. */
static void guard_sync_map_fails(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, SZ_64K };
	struct page *page = large_buffer(test, HIGH);
	struct scatterlist *sgl = list_of(test, page);
	dma_addr_t addr;
	int i;

	gtouch(test, 0, page);
	calls_start(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		calls.fail = 1;
		addr = gmap_once(0, page, 0, sizes[i], DMA_BIDIRECTIONAL);
		expect_translated(test, 0, addr);
		expect_fault(test, 0, window_base(0) + page_to_phys(page),
			     page_address(page));
		gunmap(0, addr, sizes[i], DMA_BIDIRECTIONAL);
		addr = gmap_once(0, page, 0, sizes[i], DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_TRUE(test, in_window(0, addr));
		gunmap(0, addr, sizes[i], DMA_BIDIRECTIONAL);
	}
	calls.fail = 1;
	KUNIT_ASSERT_GT(test, dma_map_sg(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL), 0);
	expect_translated(test, 0, sg_dma_address(sgl));
	for (i = 0; i < LIST; i++)
		KUNIT_EXPECT_EQ(test, mapped(0, sg_phys(&sgl[i])), 0);
	dma_unmap_sg(dev_of(0), sgl, LIST, DMA_BIDIRECTIONAL);
}

/* Unmapping what is not mapped does nothing to what is. */
static void guard_unmapped_twice(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t one, two;

	one = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	two = gmap(test, 0, page + 1, 0, SZ_4K, DMA_BIDIRECTIONAL);
	gunmap(0, one, SZ_4K, DMA_BIDIRECTIONAL);
	gunmap(0, one, SZ_4K, DMA_BIDIRECTIONAL);
	gunmap(0, one, 0, DMA_BIDIRECTIONAL);
	gunmap(0, one, SZ_2M, DMA_BIDIRECTIONAL);
	expect_reaches(test, two, page_address(page + 1));
	one = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, one, page_address(page));
	gunmap(0, one, SZ_4K, DMA_BIDIRECTIONAL);
	gunmap(0, two, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, one, page_address(page));
}

/* With the attribute and without it, map and unmap need not agree. */
static void guard_attribute(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;
	int i;

	gtouch(test, 0, page);
	for (i = 0; i < 4; i++) {
		/* It would report a driver that forgets the attribute. */
		if (IS_ENABLED(CONFIG_DMA_API_DEBUG) && i % 3)
			continue;
		addr = map(test, 0, page, 0, SZ_4K, i & 1 ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
		unmap(0, addr, SZ_4K, i & 2 ? BYPASS : 0);
		KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	}
}

static void guard_mask(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr, other;

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(32)));
	other = gmap_once(0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_LT(test, other, SZ_4G);
	gunmap(0, other, SZ_4K, DMA_BIDIRECTIONAL);
	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	gtouch(test, 0, page);
}

/* A policy that changes refuses new mappings, and does not touch those in flight. */
static void guard_policy(struct kunit *test)
{
	static const enum dma_bypass_policy policies[] = {
		DMA_BYPASS_POLICY_DEFAULT, DMA_BYPASS_POLICY_DENY,
		DMA_BYPASS_POLICY_ALLOW,
	};
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr, other;
	int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
		KUNIT_ASSERT_EQ(test, 0,
				dma_bypass_set_policy(dev_of(0), policies[i]));
		KUNIT_EXPECT_EQ_MSG(test, dma_bypass_state(dev_of(0)),
				    DMA_BYPASS_DRAINING, "policy %d", policies[i]);
		other = map(test, 0, page, 0, SZ_4K, BYPASS);
		expect_translated(test, 0, other);
		unmap(0, other, SZ_4K, BYPASS);
		expect_reaches(test, addr, page_address(page));
		gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
		expect_fault(test, 0, addr, page_address(page));
		open_guard(test, 0);
	}
}

/* Not of this device's window, and not without a grant. */
static void guard_other_device(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr, other;

	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	other = gmap_once(1, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_translated(test, 1, other);
	gunmap(1, other, SZ_4K, DMA_BIDIRECTIONAL);
	expect_read_fault(test, 1, addr);
	expect_reaches(test, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
}

/* Without a request by the driver, which knows nothing of windows. */
static void guard_opens_by_itself(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	gtouch(test, 0, page);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_GUARDED);
}

/* A driver that leaves a page mapped: the next one does not find it. */
static void guard_closes(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	unsigned long before;
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	before = table_pages();
	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_GT(test, table_pages(), before);
	if (IS_ENABLED(CONFIG_DMA_API_DEBUG))
		gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	expect_fault(test, 0, addr, page_address(page));
	/* The tables above the leaves stay in the domain. */
	KUNIT_EXPECT_LE(test, table_pages(), before + 2);

	/* Late, and again while it is open anew. */
	if (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
		gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	addr = gmap(test, 0, page, 0, SZ_4K, DMA_BIDIRECTIONAL);
	expect_reaches(test, addr, page_address(page));
	gunmap(0, addr, SZ_4K, DMA_BIDIRECTIONAL);
	expect_fault(test, 0, addr, page_address(page));
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(guard_reaches_what_is_mapped),
	KUNIT_CASE(guard_neighbours),
	KUNIT_CASE(guard_two_mappings_of_a_page),
	KUNIT_CASE(guard_rights),
	KUNIT_CASE(guard_rights_never_widen),
	KUNIT_CASE(guard_many_mappings_of_a_page),
	KUNIT_CASE(guard_overflow),
	KUNIT_CASE(guard_sizes),
	KUNIT_CASE(guard_lists),
	KUNIT_CASE(guard_lists_as_a_whole),
	KUNIT_CASE(guard_invalidates_once),
	KUNIT_CASE(guard_lists_meet_themselves),
	KUNIT_CASE(guard_sync_map_fails),
	KUNIT_CASE(guard_unmapped_twice),
	KUNIT_CASE(guard_attribute),
	KUNIT_CASE(guard_mask),
	KUNIT_CASE(guard_policy),
	KUNIT_CASE(guard_other_device),
	KUNIT_CASE(guard_opens_by_itself),
	KUNIT_CASE(guard_closes),
	{ }
};

static struct kunit_suite guard_suite = {
	.name		= "dma_bypass_guard",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= guard_init,
	.exit		= window_test_exit,
	.test_cases	= guard_cases,
};

kunit_test_suite(guard_suite);

MODULE_DESCRIPTION("KUnit tests of guarded DMA bypass windows behind VT-d");
MODULE_LICENSE("GPL");
