/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites for bypass windows behind dma-iommu share: two of QEMU's edu
 * devices, and the faults of the IOMMU.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_H
#define _DMA_IOMMU_BYPASS_TEST_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/ioport.h>
#include <linux/iommu-dma.h>
#include <linux/minmax.h>
#include <linux/pci.h>
#include <linux/vmstat.h>

#include "../../lib/test_dma_bypass_edu.h"
#include "../../lib/test_dma_bypass_expect.h"
#include "dma-iommu-bypass-test-fault.h"
#include "dma-iommu-bypass-test-window.h"

#define HIGH		GFP_KERNEL
#define LOW		(GFP_KERNEL | GFP_DMA32)
#define MAX_CHUNKS	8
/* KASAN checks each access, which is slow. */
#define KASAN_SCALE	(IS_ENABLED(CONFIG_KASAN) ? 20 : 1)

static inline dma_addr_t window_base(int i)
{
	return window_base_of(dev_of(i));
}

static inline bool in_window(int i, dma_addr_t addr)
{
	return in_window_of(dev_of(i), addr);
}

/* The physical address that the window maps for @phys; 0 if there is none. */
static inline phys_addr_t mapped(int i, phys_addr_t phys)
{
	return mapped_of(dev_of(i), phys);
}

#define expect_in_window(test, i, addr)					\
	KUNIT_EXPECT_TRUE_MSG(test, in_window(i, addr), "%s", #addr)
#define expect_translated(test, i, addr)				\
	KUNIT_EXPECT_FALSE_MSG(test, in_window(i, addr), "%s", #addr)

/* System RAM, in ascending order; not taken from the code under test. */
struct ram {
	unsigned int		nr;
	struct {
		phys_addr_t	start;
		phys_addr_t	end;
	} chunk[MAX_CHUNKS];
};

static inline int ram_add(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	struct ram *ram = arg;

	if (ram->nr == MAX_CHUNKS)
		return -ENOSPC;
	ram->chunk[ram->nr].start = PFN_PHYS(pfn);
	ram->chunk[ram->nr++].end = PFN_PHYS(pfn + nr_pages);
	return 0;
}

static inline struct ram *ram_find(struct kunit *test)
{
	struct ram *ram = kunit_kzalloc(test, sizeof(*ram), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ram);
	KUNIT_ASSERT_EQ(test, 0, walk_system_ram_range(0, PHYS_PFN(-1ULL), ram,
						       ram_add));
	KUNIT_ASSERT_GE(test, ram->nr, 1);
	return ram;
}

/* A page struct that belongs to no memory: holes within a section have some. */
static inline struct page *ram_page_behind(struct kunit *test)
{
	struct ram *ram = ram_find(test);
	unsigned int i;

	for (i = 0; i < ram->nr; i++)
		if (pfn_valid(PHYS_PFN(ram->chunk[i].end)))
			return pfn_to_page(PHYS_PFN(ram->chunk[i].end));
	KUNIT_FAIL_AND_ABORT(test, "no page struct in a hole");
	return NULL;
}

/* The largest range below the end of memory that is not memory. */
static inline void ram_find_hole(struct kunit *test, phys_addr_t *start,
				 phys_addr_t *end)
{
	struct ram *ram = ram_find(test);
	phys_addr_t behind = 0;
	unsigned int i;

	*start = 0;
	*end = 0;
	for (i = 0; i < ram->nr; i++) {
		if (ram->chunk[i].start - behind > *end - *start) {
			*start = behind;
			*end = ram->chunk[i].start;
		}
		behind = ram->chunk[i].end;
	}
	KUNIT_ASSERT_GT(test, *end, *start);
}

static inline void free_buffer(void *page)
{
	__free_pages(page, 1);
}

/* Two pages. */
static inline struct page *buffer(struct kunit *test, gfp_t gfp)
{
	struct page *page = alloc_pages(gfp | __GFP_ZERO, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_buffer,
							   page));
	KUNIT_ASSERT_EQ(test, page_to_phys(page) >= SZ_4G, gfp == HIGH);
	return page;
}

static inline void free_large_buffer(void *page)
{
	__free_pages(page, get_order(SZ_2M));
}

/* Two megabytes. */
static inline struct page *large_buffer(struct kunit *test, gfp_t gfp)
{
	struct page *page = alloc_pages(gfp, get_order(SZ_2M));

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   free_large_buffer,
							   page));
	return page;
}

static inline dma_addr_t map(struct kunit *test, int i, struct page *page,
			     unsigned int offset, size_t len,
			     unsigned long attrs)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(i), page, offset, len,
					     DMA_BIDIRECTIONAL, attrs);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(i), addr));
	return addr;
}

static inline void unmap(int i, dma_addr_t addr, size_t len, unsigned long attrs)
{
	dma_unmap_page_attrs(dev_of(i), addr, len, DMA_BIDIRECTIONAL, attrs);
}

/* Map a page, unmap it, and return the address. */
static inline dma_addr_t map_once(struct kunit *test, int i, struct page *page,
				  size_t len, unsigned long attrs)
{
	dma_addr_t addr = dma_map_page_attrs(dev_of(i), page, 0, len,
					     DMA_TO_DEVICE, attrs);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(i), addr));
	dma_unmap_page_attrs(dev_of(i), addr, len, DMA_TO_DEVICE, attrs);
	return addr;
}

/* The attribute gives the address of @page in the window. */
static inline void expect_bypass(struct kunit *test, int i, struct page *page)
{
	KUNIT_EXPECT_EQ(test, map_once(test, i, page, SZ_4K, BYPASS),
			window_base(i) + page_to_phys(page));
}

/* The IOMMU blocks a read at @addr, and the device gets nothing of @cpu. */
static inline void expect_nothing_read(struct kunit *test, int i,
				       dma_addr_t addr, const void *cpu)
{
	u8 *data = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	edu_pattern(data, EDU_MAX, 2);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, EDU_MAX));
	dma_fault_pace(dev_of(i));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(i), addr, FAULT_LEN));
	if (dma_fault_visible(dev_of(i)))
		KUNIT_EXPECT_TRUE_MSG(test, dma_faulted(dev_of(i), addr, true),
				      "device read at %pad", &addr);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), data, EDU_MAX));
	if (cpu)
		KUNIT_EXPECT_MEMNEQ(test, data, (const u8 *)cpu, FAULT_LEN);
}

/* Nothing is mapped at @addr, and where faults are visible a read is seen to be one. */
static inline void expect_read_fault(struct kunit *test, int i, dma_addr_t addr)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(i));

	KUNIT_EXPECT_EQ_MSG(test, 0, iommu_iova_to_phys(domain, addr), "%pad",
			    &addr);
	expect_nothing_read(test, i, addr, NULL);
}

/* The IOMMU blocks a write at @addr, and the memory at @cpu stays as it is. */
static inline void expect_write_fault(struct kunit *test, int i,
				      dma_addr_t addr, void *cpu)
{
	u8 *ours = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ours);
	edu_pattern(ours, EDU_MAX, 1);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), ours, EDU_MAX));
	edu_pattern(ours, EDU_MAX, 3);
	if (cpu)
		memcpy(cpu, ours, EDU_MAX);
	dma_fault_pace(dev_of(i));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(i), addr, FAULT_LEN));
	if (dma_fault_visible(dev_of(i)))
		KUNIT_EXPECT_TRUE_MSG(test, dma_faulted(dev_of(i), addr, false),
				      "device wrote at %pad", &addr);
	if (cpu)
		KUNIT_EXPECT_MEMEQ_MSG(test, (u8 *)cpu, ours, EDU_MAX,
				       "device wrote at %pad", &addr);
}

/*
 * Nothing is mapped at @addr, and the IOMMU blocks accesses in both directions.  The
 * memory at @cpu, if there is any, is neither read nor written.
 */
static inline void expect_fault(struct kunit *test, int i, dma_addr_t addr,
				void *cpu)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev_of(i));

	KUNIT_EXPECT_EQ_MSG(test, 0, iommu_iova_to_phys(domain, addr), "%pad",
			    &addr);
	if (cpu)
		edu_pattern(cpu, EDU_MAX, 4);
	expect_nothing_read(test, i, addr, cpu);
	expect_write_fault(test, i, addr, cpu);
}

/* Whether device @i reads and writes the memory of @page at @addr. */
static inline bool reaches(struct kunit *test, int i, dma_addr_t addr,
			   struct page *page)
{
	u8 *data = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);
	u8 *cpu = page_address(page);
	bool read, written;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, EDU_MAX));
	edu_pattern(cpu, EDU_MAX, 11);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(i), addr, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), data, EDU_MAX));
	read = !memcmp(cpu, data, EDU_MAX);
	edu_pattern(data, EDU_MAX, 12);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, EDU_MAX));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu_of(i), addr, EDU_MAX));
	written = !memcmp(cpu, data, EDU_MAX);
	KUNIT_EXPECT_EQ(test, read, written);
	return read || written;
}

static inline void open_window(struct kunit *test, int i)
{
	KUNIT_ASSERT_EQ(test, 0, dma_bypass_prepare(dev_of(i)));
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(i)), DMA_BYPASS_OPEN);
}

/* Whether page tables of the IOMMU give access to their leaves. */
static inline bool guardable(int i)
{
	const char *name = dma_fault_iommu(dev_of(i));

	return IS_ENABLED(CONFIG_IOMMU_DMA_GUARD) &&
	       (!strcmp(name, "VT-d") || !strcmp(name, "AMD-Vi"));
}

/* Let a window be guarded; return false where it cannot, and where nothing opens. */
static inline bool open_guarded(struct kunit *test, int i)
{
	dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_GUARD);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(dev_of(i)),
			guardable(i) ? 0 : -EOPNOTSUPP);
	if (guardable(i))
		expect_state(test, dev_of(i), GUARDED, GRANTED);
	else
		expect_state(test, dev_of(i), CLOSED, NO_UNSUPPORTED);
	return guardable(i);
}

/* Whether a mapping of @phys goes to the guarded window, and nothing is left of it. */
static inline bool guards(struct kunit *test, phys_addr_t phys)
{
	dma_addr_t addr = dma_map_phys(dev_of(0), phys, SZ_4K, DMA_TO_DEVICE, 0);
	bool guarded = in_window(0, addr);

	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev_of(0), addr));
	KUNIT_EXPECT_EQ(test, mapped(0, phys), guarded ? phys : 0);
	dma_unmap_phys(dev_of(0), addr, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
	return guarded;
}

/* The first mapping is translated, and makes the memory around it ready. */
static inline void touch_guarded(struct kunit *test, phys_addr_t phys)
{
	int tries;

	KUNIT_EXPECT_FALSE(test, guards(test, phys));
	for (tries = 0; tries < 100 && !guards(test, phys); tries++)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, guards(test, phys));
}

/* Wait for the window that a mapping has requested. */
static inline void wait_open(int i)
{
	enum dma_bypass_state state;

	read_poll_timeout(dma_bypass_state, state, state == DMA_BYPASS_OPEN,
			  20 * USEC_PER_MSEC, 10 * USEC_PER_SEC, false,
			  dev_of(i));
}

/* Pages, after each CPU has added its counts, which it does once a second. */
static inline unsigned long table_pages(void)
{
	msleep(2500);
	return global_node_page_state(NR_IOMMU_PAGES);
}

static inline void reopen(struct kunit *test, int times)
{
	struct page *page = buffer(test, HIGH);

	while (times--) {
		open_window(test, 0);
		KUNIT_ASSERT_TRUE(test, in_window(0, map_once(test, 0, page,
							      SZ_4K, BYPASS)));
		KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[0]));
	}
}

/* A driver is not bound to one device of a group while another has the window open. */
static inline void group_exit(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR && edus[i]; i++) {
		dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DEFAULT);
		device_release_driver(dev_of(i));
	}
	for (i = 0; i < EDU_NR && edus[i]; i++)
		KUNIT_EXPECT_EQ(test, 1, device_attach(dev_of(i)));
}

/* Remove a device from its bus, and find it again: at the end of the list. */
static inline void replug_device(int i)
{
	unsigned int devfn = edus[0]->devfn;
	struct pci_bus *bus = edus[i]->bus;

	pci_stop_and_remove_bus_device_locked(edus[i]);
	edu_put();
	pci_lock_rescan_remove();
	pci_rescan_bus(bus);
	pci_unlock_rescan_remove();
	edu_find();
	if (edus[0]->devfn != devfn)
		swap(edus[0], edus[1]);
}

static inline void replug(void)
{
	replug_device(0);
}

static inline bool translated(int i)
{
	return edus[i] && edu_of(i) && use_dma_iommu(dev_of(i));
}

/* The first device has the administrator's grant, the second has not. */
static inline int window_test_init(struct kunit *test)
{
	if (!translated(0) || !translated(1))
		kunit_skip(test, "needs two edu devices behind an IOMMU");
	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
	dma_bypass_set_policy(dev_of(1), DMA_BYPASS_POLICY_DEFAULT);
	return dma_fault_watch(dev_of(0));
}

static inline void window_test_exit(struct kunit *test)
{
	struct dma_fault fault;
	int i;

	if (!dma_fault_watching() || !translated(0) || !translated(1))
		return;
	for (i = 0; i < EDU_NR; i++) {
		dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DEFAULT);
		KUNIT_EXPECT_EQ(test, 0, edu_rebind(edus[i]));
	}
	KUNIT_EXPECT_EQ_MSG(test, dma_faults(dev_of(0), &fault), 0,
			    "unexpected fault");
	dma_fault_unwatch(dev_of(0));
}

/* For what was written for VT-d only. */
static inline int vtd_init(struct kunit *test)
{
	if (!translated(0) || strcmp(dma_fault_iommu(dev_of(0)), "VT-d"))
		kunit_skip(test, "needs two edu devices behind VT-d");
	return window_test_init(test);
}

#endif /* _DMA_IOMMU_BYPASS_TEST_H */
