// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd: bypass windows behind VT-d, with real DMA.
 *
 * Needs two of QEMU's edu devices, each in its own group.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <asm/sections.h>

#include "dma-iommu-bypass-test-list.h"

/* Address bits of the machine's IOMMU, and of the window's base. */
static int width = 48;
module_param(width, int, 0);
static int base_shift = 36;
module_param(base_shift, int, 0);

static enum dma_bypass_policy boot_policy[EDU_NR];

static void machine_has_width_and_base(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));

	KUNIT_EXPECT_EQ(test, domain->type,
			strstr(saved_command_line, "iommu.strict=0") ?
			IOMMU_DOMAIN_DMA_FQ : IOMMU_DOMAIN_DMA);
	KUNIT_EXPECT_EQ(test, domain->geometry.aperture_end,
			DMA_BIT_MASK(width));
	KUNIT_EXPECT_EQ(test, window_base(0), BIT_ULL(base_shift));
}

static void command_line_opts_in(struct kunit *test)
{
	bool both = strstr(saved_command_line, "1234:11e8");
	bool deny = strstr(saved_command_line, "00:02.0=deny");

	if (!strstr(saved_command_line, "iommu.dma_bypass_devices="))
		kunit_skip(test, "no devices on the command line");
	if (strstr(saved_command_line, "zz,"))
		kunit_info(test, "require-console: devices: ignoring \"zz\", not");
	if (strstr(saved_command_line, "0:0:99.0"))
		kunit_info(test, "require-console: devices: ignoring \"0:0:99.0\", not");
	KUNIT_EXPECT_EQ(test, boot_policy[0], DMA_BYPASS_POLICY_ALLOW);
	KUNIT_EXPECT_EQ(test, boot_policy[1],
			both ? DMA_BYPASS_POLICY_ALLOW :
			deny ? DMA_BYPASS_POLICY_DENY :
			       DMA_BYPASS_POLICY_DEFAULT);
}

/* A grant is for the device that was there, or for all of a kind; no is no. */
static void command_line_grant_ends_with_device(struct kunit *test)
{
	bool both = strstr(saved_command_line, "1234:11e8");
	int i;

	if (!strstr(saved_command_line, "iommu.dma_bypass_devices="))
		kunit_skip(test, "no devices on the command line");
	for (i = 0; i < EDU_NR; i++) {
		replug_device(i);
		KUNIT_ASSERT_TRUE(test, translated(0) && translated(1));
		if (both || boot_policy[i] == DMA_BYPASS_POLICY_DENY)
			KUNIT_EXPECT_EQ(test, dma_bypass_policy(dev_of(i)),
					boot_policy[i]);
		else
			expect_state(test, dev_of(i), CLOSED, NO_POLICY);
	}
}

static void attribute_to_base_plus_phys(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);

	expect_translated(test, 0,
			  map_once(test, 0, high, 64, 0));
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dev_of(0)->dma_bypass->base, window_base(0));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, low, 64, BYPASS),
			window_base(0) + page_to_phys(low));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, high, SZ_8K, BYPASS),
			window_base(0) + page_to_phys(high));
	expect_translated(test, 0,
			  map_once(test, 0, low, 64, 0));
	expect_translated(test, 0,
			  map_once(test, 0, high, SZ_8K, 0));
}

static void first_mapping_requests_window(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	expect_translated(test, 0,
			  map_once(test, 0, page, SZ_4K, BYPASS));
	wait_open(0);
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, SZ_4K, BYPASS),
			window_base(0) + page_to_phys(page));
}

static const struct transfer {
	const char	*name;
	unsigned long	attrs;
	gfp_t		gfp;
	unsigned int	offset;
	unsigned int	len;
} transfers[] = {
	{ "translated, low page",	0,	LOW,	0,	2048 },
	{ "translated, high page",	0,	HIGH,	1000,	1500 },
	{ "translated, two pages",	0,	HIGH,	3072,	2048 },
	{ "bypass, low page",		BYPASS,	LOW,	0,	2048 },
	{ "bypass, high page",		BYPASS,	HIGH,	0,	2048 },
	{ "bypass, few bytes",		BYPASS,	HIGH,	4093,	3 },
	{ "bypass, two low pages",	BYPASS,	LOW,	3333,	1999 },
	{ "bypass, two high pages",	BYPASS,	HIGH,	2050,	2047 },
};

KUNIT_ARRAY_PARAM_DESC(transfer, transfers, name);

static void device_moves_bytes(struct kunit *test)
{
	const struct transfer *t = test->param_value;
	struct page *page = buffer(test, t->gfp);
	u8 *cpu = page_address(page);
	dma_addr_t addr;

	open_window(test, 0);
	memset(cpu, 0x5a, SZ_8K);
	addr = dma_map_single_attrs(dev_of(0), cpu + t->offset, t->len,
				    DMA_BIDIRECTIONAL, t->attrs);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_EQ(test, in_window(0, addr), t->attrs == BYPASS);
	dma_roundtrip(test, 0, addr, cpu + t->offset, t->len, t->offset);
	dma_unmap_single_attrs(dev_of(0), addr, t->len, DMA_BIDIRECTIONAL,
			       t->attrs);

	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x5a, t->offset));
	cpu += t->offset + t->len;
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x5a,
					   SZ_8K - t->offset - t->len));
}

static void device_moves_lists(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	struct scatterlist sgl[2];
	struct sg_table sgt;
	int err;

	open_window(test, 0);
	list_init(&sgt, sgl, low, high);
	err = dma_map_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, err);
	KUNIT_EXPECT_EQ(test, sgt.nents, 2);
	KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[0]),
			window_base(0) + page_to_phys(low) + 96);
	KUNIT_EXPECT_EQ(test, sg_dma_address(&sgl[1]),
			window_base(0) + page_to_phys(high));
	list_roundtrip(test, &sgt, 10);
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, BYPASS);

	list_init(&sgt, sgl, low, high);
	err = dma_map_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_EQ(test, 0, err);
	expect_translated(test, 0, sg_dma_address(&sgl[0]));
	list_roundtrip(test, &sgt, 20);
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_BIDIRECTIONAL, 0);
}

static void window_and_translated_at_once(struct kunit *test)
{
	struct page *one = buffer(test, HIGH), *two = buffer(test, LOW);
	dma_addr_t window, translated;

	open_window(test, 0);
	window = map(test, 0, one, 0, SZ_4K, BYPASS);
	translated = map(test, 0, two, 0, SZ_4K, 0);
	expect_in_window(test, 0, window);
	expect_translated(test, 0, translated);

	edu_pattern(page_address(one), EDU_MAX, 30);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), window, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(0), translated, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(one), page_address(two), EDU_MAX);

	edu_pattern(page_address(two), EDU_MAX, 31);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), translated, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(0), window, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, page_address(one), page_address(two), EDU_MAX);

	unmap(0, translated, SZ_4K, 0);
	unmap(0, window, SZ_4K, BYPASS);
}

/* The attribute has no effect on coherent memory and MMIO. */
static void coherent_and_mmio_to_translated(struct kunit *test)
{
	phys_addr_t bar = pci_resource_start(edus[1], 0);
	dma_addr_t addr;
	void *cpu;

	open_window(test, 0);
	cpu = dma_alloc_attrs(dev_of(0), SZ_64K, &addr, GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	expect_translated(test, 0, addr);
	dma_roundtrip(test, 0, addr, cpu, EDU_MAX, 40);
	dma_free_attrs(dev_of(0), SZ_64K, cpu, addr, BYPASS);

	addr = dma_map_resource(dev_of(0), bar, SZ_4K, DMA_TO_DEVICE, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_translated(test, 0, addr);
	dma_unmap_resource(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

/* Nor on memory that is allocated in pieces. */
static void noncontiguous_to_translated(struct kunit *test)
{
	struct sg_table *sgt;
	struct scatterlist *sg;
	int i;

	open_window(test, 0);
	sgt = dma_alloc_noncontiguous(dev_of(0), SZ_64K, DMA_BIDIRECTIONAL,
				      GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, sgt);
	for_each_sgtable_dma_sg(sgt, sg, i)
		expect_translated(test, 0, sg_dma_address(sg));
	dma_roundtrip(test, 0, sg_dma_address(sgt->sgl), sg_virt(sgt->sgl),
		      EDU_MAX, 41);
	dma_free_noncontiguous(dev_of(0), SZ_64K, sgt, DMA_BIDIRECTIONAL);
}

static void list_with_hole_to_translated(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	struct ram *ram = ram_find(test);
	struct scatterlist sgl[2];
	struct sg_table sgt;

	open_window(test, 0);
	list_init(&sgt, sgl, low, high);
	sg_set_page(&sgl[1], pfn_to_page(PHYS_PFN(ram->chunk[1].end)), 64, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(dev_of(0), &sgt, DMA_TO_DEVICE,
						 BYPASS));
	expect_translated(test, 0, sg_dma_address(&sgl[0]));
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_TO_DEVICE, BYPASS);
}

static void hole_to_translated(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i, behind = 0;
	struct page *page;
	dma_addr_t addr;

	open_window(test, 0);
	for (i = 0; i < ram->nr; i++) {
		unsigned long pfn = PHYS_PFN(ram->chunk[i].end);

		page = pfn_to_page(pfn - 1);
		addr = map_once(test, 0, page, SZ_4K, BYPASS);
		expect_in_window(test, 0, addr);
		addr = map_once(test, 0, page, SZ_4K + 1, BYPASS);
		expect_translated(test, 0, addr);
		/* Holes within a section have page structs. */
		if (!pfn_valid(pfn))
			continue;
		behind++;
		addr = map_once(test, 0, pfn_to_page(pfn), SZ_4K, BYPASS);
		expect_translated(test, 0, addr);
	}
	KUNIT_EXPECT_GT(test, behind, 0);
}

static void unmapped_address_to_fault(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, 0);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 50);
	unmap(0, addr, SZ_4K, 0);
	/* A flush queue invalidates after 10 ms. */
	msleep(1000);
	expect_fault(test, 0, addr, page_address(page));
}

static void address_behind_memory_to_fault(struct kunit *test)
{
	struct ram *ram = ram_find(test);

	open_window(test, 0);
	expect_fault(test, 0, window_base(0) + ram->chunk[ram->nr - 1].end, NULL);
}

static void address_in_hole_to_fault(struct kunit *test)
{
	struct ram *ram = ram_find(test);

	open_window(test, 0);
	expect_fault(test, 0, window_base(0) + ram->chunk[1].end, NULL);
	expect_fault(test, 0, window_base(0) + ram->chunk[2].start - SZ_4K, NULL);
}

static void unbind_to_closed(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 60);
	unmap(0, addr, SZ_4K, BYPASS);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	expect_fault(test, 0, addr, page_address(page));
}

/* A page_pool unmaps after its driver is unbound. */
static void late_unmap_after_unbind(struct kunit *test)
{
	struct page *page = large_buffer(test, LOW);
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr;

	/* dma-debug reports what is mapped when the driver is unbound. */
	kunit_info(test, "expect-console: WARNING: .*dma_debug_device_change");
	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	unmap(0, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), phys);
	expect_bypass(test, 0, page);
}

/* A read is enough: a write that does not fault would destroy the kernel. */
static void kernel_image_to_fault(struct kunit *test)
{
	phys_addr_t text = ALIGN_DOWN(__pa_symbol(_text), SZ_2M);
	dma_addr_t addr;

	open_window(test, 0);
	expect_read_fault(test, 0, window_base(0) + __pa_symbol(_text));
	expect_read_fault(test, 0, window_base(0) + PAGE_ALIGN(__pa_symbol(_end)) -
				   SZ_4K);
	KUNIT_EXPECT_EQ(test, mapped(0, text), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, text - 1), text - 1);
	KUNIT_EXPECT_EQ(test, mapped(0, ALIGN(__pa_symbol(_end), SZ_2M)),
			ALIGN(__pa_symbol(_end), SZ_2M));

	addr = dma_map_phys(dev_of(0), PAGE_ALIGN(__pa_symbol(_text)), SZ_4K,
			    DMA_TO_DEVICE, BYPASS);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_translated(test, 0, addr);
	dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

/*
 * As the block layer maps: one IOVA range, or, where there is none, each segment by
 * itself.  Return the address of the first byte; it is unmapped again.
 */
static dma_addr_t map_range_or_segments(struct kunit *test, struct page *page,
					bool known, bool *range)
{
	struct dma_iova_state state;
	dma_addr_t addr;

	*range = dma_iova_try_alloc_attrs(dev_of(0), &state,
					  known ? page_to_phys(page) : 0, SZ_8K,
					  BYPASS);
	KUNIT_EXPECT_EQ(test, *range, dma_use_iova(&state));
	if (!*range)
		return map_once(test, 0, page, SZ_8K, BYPASS);
	addr = state.addr;
	KUNIT_ASSERT_EQ(test, 0, dma_iova_link(dev_of(0), &state,
					       page_to_phys(page), 0, SZ_8K,
					       DMA_TO_DEVICE, BYPASS));
	KUNIT_ASSERT_EQ(test, 0, dma_iova_sync(dev_of(0), &state, 0, SZ_8K));
	dma_read_expect(test, 0, addr, page_address(page), EDU_MAX);
	dma_iova_destroy(dev_of(0), &state, SZ_8K, DMA_TO_DEVICE, BYPASS);
	return addr;
}

static void iova_range_without_grant(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	bool range;

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	expect_translated(test, 0,
			  map_range_or_segments(test, page, true, &range));
	KUNIT_EXPECT_TRUE(test, range);
	msleep(60);
	expect_translated(test, 0,
			  map_range_or_segments(test, page, false, &range));
	KUNIT_EXPECT_TRUE(test, range);
	expect_state(test, dev_of(0), CLOSED, NO_POLICY);
}

static void iova_range_opens_window_then_declines(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;
	bool range;

	expect_translated(test, 0,
			  map_range_or_segments(test, page, true, &range));
	KUNIT_EXPECT_TRUE(test, range);
	wait_open(0);
	expect_state(test, dev_of(0), OPEN, GRANTED);

	addr = map_range_or_segments(test, page, true, &range);
	KUNIT_EXPECT_FALSE(test, range);
	KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
	addr = map_range_or_segments(test, page, false, &range);
	KUNIT_EXPECT_FALSE(test, range);
	KUNIT_EXPECT_EQ(test, addr, window_base(0) + page_to_phys(page));
}

/* The window is open, but does not serve this buffer, or nobody requests it. */
static void iova_range_beside_open_window(struct kunit *test)
{
	phys_addr_t text = PAGE_ALIGN(__pa_symbol(_text));
	struct page *page = buffer(test, HIGH);
	struct dma_iova_state state;

	open_window(test, 0);
	KUNIT_ASSERT_TRUE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							 text, SZ_4K, BYPASS));
	expect_translated(test, 0, state.addr);
	dma_iova_free(dev_of(0), &state);
	KUNIT_ASSERT_TRUE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							 page_to_phys(page),
							 SZ_4K, 0));
	expect_translated(test, 0, state.addr);
	dma_iova_free(dev_of(0), &state);
}

/*
 * Segments are anywhere in memory: that of the first byte decides, though there is
 * less than their length up to the end of its range.
 */
static void iova_range_declined_by_first_byte(struct kunit *test)
{
	const struct dma_bypass_range *range;
	struct dma_iova_state state;

	open_window(test, 0);
	range = &dev_of(0)->dma_bypass->ranges[0];
	KUNIT_EXPECT_FALSE(test, dma_iova_try_alloc_attrs(dev_of(0), &state,
							  range->start + range->size - SZ_4K,
							  SZ_8K, BYPASS));
	KUNIT_EXPECT_FALSE(test, dma_use_iova(&state));
}

static void deny_to_draining(struct kunit *test)
{
	struct page *page = buffer(test, HIGH), *other = buffer(test, LOW);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	expect_translated(test, 0,
			  map_once(test, 0, other, SZ_4K, BYPASS));
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 70);
	unmap(0, addr, SZ_4K, BYPASS);

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -EPERM);
}

/*
 * With the start of a large page, which would be unmapped if the address were taken
 * for a translated one.
 */
static void unmap_without_attribute(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	struct page *page = large_buffer(test, LOW);
	phys_addr_t phys = page_to_phys(page);
	dma_addr_t addr;

	/* dma-debug compares the attributes, and warns once. */
	kunit_info(test, "expect-console: WARNING: .*check_unmap");
	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	unmap(0, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), phys);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	unmap(0, addr, SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), phys);
	addr = map(test, 0, page, 0, SZ_4K, 0);
	unmap(0, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, 0, iommu_iova_to_phys(domain, addr));
}

static void no_grant_to_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(1)), -EPERM);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(1)), DMA_BYPASS_CLOSED);
	addr = map(test, 1, page, 0, SZ_4K, BYPASS);
	expect_translated(test, 1, addr);
	dma_roundtrip(test, 1, addr, page_address(page), EDU_MAX, 80);
	unmap(1, addr, SZ_4K, BYPASS);
	KUNIT_EXPECT_EQ(test, mapped(1, page_to_phys(page)), 0);
}

static void other_group_to_fault(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 90);
	expect_fault(test, 1, addr, page_address(page));
	unmap(0, addr, SZ_4K, BYPASS);
}

static void mask_below_window_to_translated(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	open_window(test, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(32)));
	KUNIT_EXPECT_LE(test, map_once(test, 0, page, SZ_4K, BYPASS),
			DMA_BIT_MASK(32));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev_of(0), DMA_BIT_MASK(64)));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, page, SZ_4K, BYPASS),
			window_base(0) + page_to_phys(page));
}

static int vtd_suite_init(struct kunit_suite *suite)
{
	int i, err = edu_suite_init(suite);

	for (i = 0; !err && i < EDU_NR; i++)
		if (edus[i])
			boot_policy[i] = dma_bypass_policy(dev_of(i));
	return err;
}

static struct kunit_case vtd_cases[] = {
	KUNIT_CASE(machine_has_width_and_base),
	KUNIT_CASE(command_line_opts_in),
	KUNIT_CASE(command_line_grant_ends_with_device),
	KUNIT_CASE(attribute_to_base_plus_phys),
	KUNIT_CASE(first_mapping_requests_window),
	KUNIT_CASE_PARAM(device_moves_bytes, transfer_gen_params),
	KUNIT_CASE(device_moves_lists),
	KUNIT_CASE(window_and_translated_at_once),
	KUNIT_CASE(coherent_and_mmio_to_translated),
	KUNIT_CASE(noncontiguous_to_translated),
	KUNIT_CASE(list_with_hole_to_translated),
	KUNIT_CASE(hole_to_translated),
	KUNIT_CASE(unmap_without_attribute),
	KUNIT_CASE(mask_below_window_to_translated),
	KUNIT_CASE(unmapped_address_to_fault),
	KUNIT_CASE(address_behind_memory_to_fault),
	KUNIT_CASE(address_in_hole_to_fault),
	KUNIT_CASE(kernel_image_to_fault),
	KUNIT_CASE(iova_range_without_grant),
	KUNIT_CASE(iova_range_opens_window_then_declines),
	KUNIT_CASE(iova_range_beside_open_window),
	KUNIT_CASE(iova_range_declined_by_first_byte),
	KUNIT_CASE(unbind_to_closed),
	KUNIT_CASE(late_unmap_after_unbind),
	KUNIT_CASE(deny_to_draining),
	KUNIT_CASE(no_grant_to_translated),
	KUNIT_CASE(other_group_to_fault),
	{ }
};

static struct kunit_suite vtd_suite = {
	.name		= "dma_bypass_vtd",
	.suite_init	= vtd_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= vtd_init,
	.exit		= vtd_exit,
	.test_cases	= vtd_cases,
};

kunit_test_suite(vtd_suite);
