// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_dma: bypass windows behind any IOMMU of dma-iommu, with real
 * DMA, and with accesses that are to be blocked.
 *
 * Needs two of QEMU's edu devices, each in its own group.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <asm/sections.h>

#include "dma-iommu-bypass-test-denied.h"
#include "dma-iommu-bypass-test-iova.h"
#include "dma-iommu-bypass-test-list.h"

/* What the machine is to have; nothing is expected where they are not given. */
static char *iommu;
module_param(iommu, charp, 0);
static int width;	/* address bits */
module_param(width, int, 0);
static int base_shift;	/* of the window */
module_param(base_shift, int, 0);
static int min_shift;	/* of the smallest page that the IOMMU maps */
module_param(min_shift, int, 0);

static enum dma_bypass_policy boot_policy[EDU_NR];

static void machine_is_as_expected(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	bool lazy = strstr(saved_command_line, "iommu.strict=0");

	if (iommu)
		KUNIT_EXPECT_STREQ(test, dma_fault_iommu(dev_of(0)), iommu);
	if (width)
		KUNIT_EXPECT_EQ(test, fls64(domain->geometry.aperture_end),
				width);
	if (base_shift)
		KUNIT_EXPECT_EQ(test, window_base(0), BIT_ULL(base_shift));
	if (min_shift)
		KUNIT_EXPECT_EQ(test, __ffs(domain->pgsize_bitmap), min_shift);
	KUNIT_EXPECT_EQ(test, domain->type,
			lazy ? IOMMU_DOMAIN_DMA_FQ : IOMMU_DOMAIN_DMA);
	if (strstr(saved_command_line, "sp_off"))
		KUNIT_EXPECT_EQ(test, domain->pgsize_bitmap, SZ_4K);
	KUNIT_EXPECT_LE(test, window_base(0) + window_size() - 1,
			domain->geometry.aperture_end);
}

static void command_line_opts_in(struct kunit *test)
{
	bool one = strstr(saved_command_line, "00:01.0");
	bool both = strstr(saved_command_line, "1234:11e8");
	bool deny = strstr(saved_command_line, "00:02.0=deny");

	if (strstr(saved_command_line, "zz,"))
		kunit_info(test, "require-console: devices: ignoring \"zz\", not");
	if (strstr(saved_command_line, "0:0:99.0"))
		kunit_info(test, "require-console: devices: ignoring \"0:0:99.0\", not");
	KUNIT_EXPECT_EQ(test, boot_policy[0],
			one || both ? DMA_BYPASS_POLICY_ALLOW :
				      DMA_BYPASS_POLICY_DEFAULT);
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

	expect_translated(test, 0, map_once(test, 0, high, 64, 0));
	open_window(test, 0);
	KUNIT_EXPECT_EQ(test, dev_of(0)->dma_bypass->base, window_base(0));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, low, 64, BYPASS),
			window_base(0) + page_to_phys(low));
	KUNIT_EXPECT_EQ(test, map_once(test, 0, high, 2 * PAGE_SIZE, BYPASS),
			window_base(0) + page_to_phys(high));
	expect_translated(test, 0, map_once(test, 0, low, 64, 0));
	expect_translated(test, 0, map_once(test, 0, high, 2 * PAGE_SIZE, 0));
}

static void first_mapping_requests_window(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);

	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, BYPASS));
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
	{ "translated, two pages",	0,	HIGH,	PAGE_SIZE - 1024, 2048 },
	{ "bypass, low page",		BYPASS,	LOW,	0,	2048 },
	{ "bypass, high page",		BYPASS,	HIGH,	0,	2048 },
	{ "bypass, few bytes",		BYPASS,	HIGH,	PAGE_SIZE - 3,	3 },
	{ "bypass, two low pages",	BYPASS,	LOW,	PAGE_SIZE - 763, 1999 },
	{ "bypass, two high pages",	BYPASS,	HIGH,	PAGE_SIZE - 2046, 2047 },
};

KUNIT_ARRAY_PARAM_DESC(transfer, transfers, name);

static void device_moves_bytes(struct kunit *test)
{
	const struct transfer *t = test->param_value;
	struct page *page = buffer(test, t->gfp);
	u8 *cpu = page_address(page);
	dma_addr_t addr;

	open_window(test, 0);
	memset(cpu, 0x5a, 2 * PAGE_SIZE);
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
					   2 * PAGE_SIZE - t->offset - t->len));
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
	u32 id = readl(edu_of(1)->regs);
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
	dma_read_expect(test, 0, addr, &id, sizeof(id));
	dma_unmap_resource(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
}

/* Nor on memory that is allocated in pieces. */
static void noncontiguous_to_translated(struct kunit *test)
{
	struct sg_table *sgt;
	struct scatterlist *sg;
	int i;

	open_window(test, 0);
	sgt = dma_alloc_noncontiguous(dev_of(0), 16 * PAGE_SIZE,
				      DMA_BIDIRECTIONAL, GFP_KERNEL, BYPASS);
	KUNIT_ASSERT_NOT_NULL(test, sgt);
	for_each_sgtable_dma_sg(sgt, sg, i)
		expect_translated(test, 0, sg_dma_address(sg));
	dma_roundtrip(test, 0, sg_dma_address(sgt->sgl), sg_virt(sgt->sgl),
		      EDU_MAX, 41);
	dma_free_noncontiguous(dev_of(0), 16 * PAGE_SIZE, sgt,
			       DMA_BIDIRECTIONAL);
}

/* Parts of a mapping in the window, each in one direction. */
static void device_moves_synced_parts(struct kunit *test)
{
	static const unsigned int parts[] = {
		0, 1000, PAGE_SIZE - 3, PAGE_SIZE + 2048
	};
	struct page *page = buffer(test, HIGH);
	u8 *cpu = page_address(page);
	u8 data[SZ_64];
	dma_addr_t addr;
	int i;

	open_window(test, 0);
	memset(cpu, 0x5a, 2 * PAGE_SIZE);
	addr = map(test, 0, page, 0, 2 * PAGE_SIZE, BYPASS);
	expect_in_window(test, 0, addr);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		edu_pattern(data, sizeof(data), i);
		dma_write(test, 0, addr + parts[i], data, sizeof(data));
		dma_sync_single_range_for_cpu(dev_of(0), addr, parts[i],
					      sizeof(data), DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_MEMEQ_MSG(test, cpu + parts[i], data, sizeof(data),
				       "at %u", parts[i]);
		memset(cpu + parts[i], 0x5a, sizeof(data));
		dma_sync_single_range_for_device(dev_of(0), addr, parts[i],
						 sizeof(data), DMA_BIDIRECTIONAL);
		dma_read_expect(test, 0, addr + parts[i], cpu + parts[i],
				sizeof(data));
	}
	unmap(0, addr, 2 * PAGE_SIZE, BYPASS);
	KUNIT_EXPECT_NULL(test, memchr_inv(cpu, 0x5a, 2 * PAGE_SIZE));
}

static void list_with_hole_to_translated(struct kunit *test)
{
	struct page *low = buffer(test, LOW), *high = buffer(test, HIGH);
	struct scatterlist sgl[2];
	struct sg_table sgt;

	open_window(test, 0);
	list_init(&sgt, sgl, low, high);
	sg_set_page(&sgl[1], ram_page_behind(test), 64, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_map_sgtable(dev_of(0), &sgt, DMA_TO_DEVICE,
						 BYPASS));
	expect_translated(test, 0, sg_dma_address(&sgl[0]));
	dma_unmap_sgtable(dev_of(0), &sgt, DMA_TO_DEVICE, BYPASS);
}

static void hole_to_translated(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i, behind = 0;
	unsigned long pfn;

	open_window(test, 0);
	for (i = 0; i < ram->nr; i++) {
		pfn = PHYS_PFN(ram->chunk[i].end);
		expect_bypass(test, 0, phys_to_page(ram->chunk[i].start));
		expect_bypass(test, 0, pfn_to_page(pfn - 1));
		expect_translated(test, 0, map_once(test, 0, pfn_to_page(pfn - 1),
						    PAGE_SIZE + 1, BYPASS));
		/* Holes within a section have page structs. */
		if (!pfn_valid(pfn))
			continue;
		behind++;
		expect_translated(test, 0, map_once(test, 0, pfn_to_page(pfn),
						    SZ_4K, BYPASS));
	}
	KUNIT_EXPECT_GT(test, behind, 0);
}

/* Whether the device still gets what is at @cpu: bytes that depend on @seed. */
static bool device_reads(struct kunit *test, dma_addr_t addr, void *cpu, u64 seed)
{
	u8 data[FAULT_LEN];

	edu_pattern(cpu, FAULT_LEN, seed);
	dma_fault_pace(dev_of(0));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(0), addr, FAULT_LEN));
	if (dma_fault_visible(dev_of(0)) && dma_faulted(dev_of(0), addr, true))
		return false;
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(0), data, FAULT_LEN));
	return !memcmp(data, cpu, FAULT_LEN);
}

static void unmapped_address_to_fault(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	unsigned int tries = 10;
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, 0);
	dma_roundtrip(test, 0, addr, page_address(page), EDU_MAX, 50);
	unmap(0, addr, SZ_4K, 0);
	/* Only a flush queue may invalidate later. */
	if (iommu_get_domain_for_dev(dev_of(0))->type == IOMMU_DOMAIN_DMA_FQ)
		while (device_reads(test, addr, page_address(page), tries) && tries)
			tries--;
	expect_fault(test, 0, addr, page_address(page));
}

/*
 * What the device may only read.  It writes first: QEMU's VT-d reports no access to what
 * it has in its IOTLB.
 */
static void write_to_read_only_to_fault(struct kunit *test)
{
	struct page *page = buffer(test, HIGH);
	dma_addr_t addr;

	open_window(test, 0);
	addr = dma_map_page(dev_of(0), page, 0, SZ_4K, DMA_TO_DEVICE);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	expect_write_fault(test, 0, addr, page_address(page));
	dma_read_expect(test, 0, addr, page_address(page), EDU_MAX);
	dma_unmap_page(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE);
}

static void address_behind_memory_to_fault(struct kunit *test)
{
	struct ram *ram = ram_find(test);

	open_window(test, 0);
	expect_fault(test, 0, window_base(0) + ram->chunk[ram->nr - 1].end, NULL);
}

/*
 * At both ends of the largest one, and where a device answers: there is something to
 * read, so a blocked read is seen even if the IOMMU does not report it.
 */
static void address_in_hole_to_fault(struct kunit *test)
{
	phys_addr_t start, end, bar = pci_resource_start(edus[1], 0);
	u32 id = readl(edu_of(1)->regs);

	ram_find_hole(test, &start, &end);
	open_window(test, 0);
	expect_fault(test, 0, window_base(0) + start, NULL);
	expect_fault(test, 0, window_base(0) + end - SZ_4K, NULL);
	KUNIT_ASSERT_LT(test, bar, window_size());
	expect_nothing_read(test, 0, window_base(0) + bar, &id);
}

/* A read is enough: a write that does not fault would destroy the kernel. */
static void kernel_image_to_fault(struct kunit *test)
{
	phys_addr_t text = ALIGN_DOWN(__pa_symbol(_text), SZ_2M);
	phys_addr_t last = PAGE_ALIGN(__pa_symbol(_end)) - SZ_4K;
	dma_addr_t addr;

	open_window(test, 0);
	expect_nothing_read(test, 0, window_base(0) + __pa_symbol(_text),
			    __va(__pa_symbol(_text)));
	expect_read_fault(test, 0, window_base(0) + last);
	KUNIT_EXPECT_EQ(test, mapped(0, text), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, last), 0);
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
 * The last page's place is taken.  Page tables may replace it with a large page, so
 * memory should not end where one ends.
 */
static void mapped_place_to_closed(struct kunit *test)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(0));
	struct page *page = buffer(test, HIGH);
	struct ram *ram = ram_find(test);
	dma_addr_t addr = window_base(0) + ram->chunk[ram->nr - 1].end - PAGE_SIZE;

	/* Some page table code warns. */
	kunit_info(test, "expect-console: WARNING: .*__arm_lpae_map");
	KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, addr, page_to_phys(page),
					   PAGE_SIZE, IOMMU_READ, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(0)), -ENOMEM);
	expect_state(test, dev_of(0), CLOSED, NO_RESOURCES);
	expect_translated(test, 0, map_once(test, 0, page, SZ_4K, BYPASS));
	/* It may be gone with what was mapped around it. */
	iommu_unmap(domain, addr, PAGE_SIZE);
	expect_fault(test, 0, addr, page_address(page));

	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	open_window(test, 0);
	expect_bypass(test, 0, page);
}

static void unbind_to_fault(struct kunit *test)
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

static void deny_to_draining(struct kunit *test)
{
	struct page *page = buffer(test, HIGH), *other = buffer(test, LOW);
	dma_addr_t addr;

	open_window(test, 0);
	addr = map(test, 0, page, 0, SZ_4K, BYPASS);
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_DRAINING);
	expect_translated(test, 0, map_once(test, 0, other, SZ_4K, BYPASS));
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

static int dma_suite_init(struct kunit_suite *suite)
{
	int i, err = edu_suite_init(suite);

	for (i = 0; !err && i < EDU_NR; i++)
		if (edus[i])
			boot_policy[i] = dma_bypass_policy(dev_of(i));
	if (!err && translated(0))
		window_find_reserved(dev_of(0));
	return err;
}

static struct kunit_case dma_cases[] = {
	KUNIT_CASE(machine_is_as_expected),
	KUNIT_CASE(command_line_opts_in),
	KUNIT_CASE(command_line_grant_ends_with_device),
	KUNIT_CASE(attribute_to_base_plus_phys),
	KUNIT_CASE(first_mapping_requests_window),
	KUNIT_CASE_PARAM(device_moves_bytes, transfer_gen_params),
	KUNIT_CASE(device_moves_lists),
	KUNIT_CASE(device_moves_synced_parts),
	KUNIT_CASE(window_and_translated_at_once),
	KUNIT_CASE(coherent_and_mmio_to_translated),
	KUNIT_CASE(noncontiguous_to_translated),
	KUNIT_CASE(list_with_hole_to_translated),
	KUNIT_CASE(hole_to_translated),
	KUNIT_CASE(unmap_without_attribute),
	KUNIT_CASE(mask_below_window_to_translated),
	KUNIT_CASE(unmapped_address_to_fault),
	KUNIT_CASE(write_to_read_only_to_fault),
	KUNIT_CASE(address_behind_memory_to_fault),
	KUNIT_CASE(address_in_hole_to_fault),
	KUNIT_CASE(kernel_image_to_fault),
	KUNIT_CASE(iova_range_without_grant),
	KUNIT_CASE(iova_range_opens_window_then_declines),
	KUNIT_CASE(iova_range_beside_open_window),
	KUNIT_CASE(iova_range_declined_by_first_byte),
	KUNIT_CASE(mapped_place_to_closed),
	KUNIT_CASE(unbind_to_fault),
	KUNIT_CASE(late_unmap_after_unbind),
	KUNIT_CASE(deny_to_draining),
	KUNIT_CASE(no_grant_to_translated),
	KUNIT_CASE(other_group_to_fault),
	KUNIT_CASE(guard_where_unsupported_to_translated),
	{ }
};

static struct kunit_suite dma_suite = {
	.name		= "dma_bypass_dma",
	.suite_init	= dma_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= window_test_init,
	.exit		= window_test_exit,
	.test_cases	= dma_cases,
};

kunit_test_suite(dma_suite);

MODULE_DESCRIPTION("KUnit tests of DMA bypass windows behind dma-iommu, with real DMA");
MODULE_LICENSE("GPL");
