/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites for bypass windows on POWER share: two of QEMU's edu devices,
 * and what they reach.
 */
#ifndef _POWERPC_DMA_BYPASS_TEST_H
#define _POWERPC_DMA_BYPASS_TEST_H

#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/iommu.h>
#include <asm/ppc-pci.h>
#include <asm/rtas.h>

#include "dma-bypass-test-window.h"
#include "../../../lib/test_dma_bypass_expect.h"

/* Contents of memory that a device must not read, and of its buffer before it tries. */
#define SECRET		0x77
#define UNREAD		0x11

static inline bool can_open(void)
{
	return !dma_bypass_disabled() && !iommu_nobypass() && !no_ddw();
}

/* The window of a mapping with the attribute, for a device that is allowed one. */
static inline enum power_window bypass_window(void)
{
	return can_open() ? UPPER_WINDOW : DEFAULT_WINDOW;
}

static inline dma_addr_t upper(struct page *page)
{
	return UPPER_BASE + page_to_phys(page);
}

/* Bind the driver with @policy. */
static inline void bind_with(struct kunit *test, int i,
			     enum dma_bypass_policy policy)
{
	bool loosens = policy == DMA_BYPASS_POLICY_ALLOW ||
		       policy == DMA_BYPASS_POLICY_GUARD;

	KUNIT_ASSERT_EQ(test, dma_bypass_set_policy(dev_of(i), policy),
			loosens && dma_bypass_disabled() ? -EPERM : 0);
	KUNIT_ASSERT_EQ(test, 0, edu_rebind(edus[i]));
}

static inline void open_window(struct kunit *test, int i)
{
	bind_with(test, i, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, !dma_bypass_prepare(dev_of(i)), can_open());
	KUNIT_ASSERT_EQ(test, dma_bypass_state(dev_of(i)),
			can_open() ? DMA_BYPASS_OPEN : DMA_BYPASS_CLOSED);
}

static inline void load_unread(struct kunit *test, int i)
{
	u8 *data = kunit_kmalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, UNREAD, EDU_MAX);
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, EDU_MAX));
}

/*
 * Write to @addr and read there, where memory at @cpu would be.  Nothing is written.
 * What is read is checked by expect_unread(); load_unread() comes before.
 */
static inline void expect_unwritten(struct kunit *test, struct edu *edu,
				    dma_addr_t addr, u8 *cpu)
{
	memset(cpu, SECRET, EDU_MAX);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_write(edu, addr, EDU_MAX));
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(cpu, SECRET, EDU_MAX),
			      "device wrote at %pad", &addr);
	memset(cpu, SECRET, EDU_MAX);
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu, addr, EDU_MAX));
}

static inline void expect_unread(struct kunit *test, int i)
{
	u8 *data = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), data, EDU_MAX));
	KUNIT_EXPECT_NULL_MSG(test, memchr(data, SECRET, EDU_MAX),
			      "edu %d read memory", i);
}

/* Device @i neither reads nor writes memory at @addr, where @cpu would be. */
static inline void expect_blocked(struct kunit *test, int i, dma_addr_t addr,
				  u8 *cpu)
{
	load_unread(test, i);
	expect_unwritten(test, edu_of(i), addr, cpu);
	expect_unread(test, i);
}

/* Whether device @i reads memory through the upper window. */
static inline bool reaches(struct kunit *test, int i, struct page *page)
{
	u8 data[16];

	memset(page_address(page), SECRET, PAGE_SIZE);
	memset(data, UNREAD, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, sizeof(data)));
	KUNIT_ASSERT_EQ(test, 0, edu_dma_read(edu_of(i), upper(page),
					      sizeof(data)));
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), data, sizeof(data)));
	return !memchr_inv(data, SECRET, sizeof(data));
}

/* Let device @i make DMA without a driver. */
static inline int start_unbound(int i, struct edu *edu)
{
	int err = pci_enable_device(edus[i]);

	if (err)
		return err;
	pci_set_master(edus[i]);
	edu->regs = pci_iomap(edus[i], 0, 0);
	return edu->regs ? 0 : -ENOMEM;
}

static inline void stop_unbound(int i, struct edu *edu)
{
	pci_iounmap(edus[i], edu->regs);
	pci_clear_master(edus[i]);
	pci_disable_device(edus[i]);
}

/*
 * Whether device @i writes memory through the upper window, before it had a driver: 1 or
 * 0, or a negative errno where that could not be tried.
 */
static inline int reach_at_boot(int i)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct edu edu = {};
	int ret = page ? start_unbound(i, &edu) : -ENOMEM;

	if (ret)
		return ret;
	memset(page_address(page), SECRET, EDU_MAX);
	ret = edu_dma_write(&edu, upper(page), EDU_MAX);
	if (!ret)
		ret = !!memchr_inv(page_address(page), SECRET, EDU_MAX);
	stop_unbound(i, &edu);
	__free_page(page);
	return ret;
}

/* Unbound, device @i neither reads nor writes through the upper window. */
static inline void expect_blocked_unbound(struct kunit *test, int i,
					  struct page *page)
{
	struct edu edu = {};

	load_unread(test, i);
	device_release_driver(dev_of(i));
	KUNIT_ASSERT_EQ(test, 0, start_unbound(i, &edu));
	expect_unwritten(test, &edu, upper(page), page_address(page));
	stop_unbound(i, &edu);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(i)));
	expect_unread(test, i);
}

/* What prepare() returns while somebody owns the device. */
static inline int owned_err(enum dma_bypass_policy policy)
{
	if (iommu_nobypass() || dma_bypass_disabled())
		return -EPERM;
	if (policy == DMA_BYPASS_POLICY_DEFAULT &&
	    (dma_bypass_mode() == DMA_BYPASS_MODE_DEFAULT ||
	     dma_bypass_mode() == DMA_BYPASS_MODE_OPTIN))
		return -EPERM;
	return -EOPNOTSUPP;
}

/* Own the group of device @i as VFIO does, with no driver bound. */
static inline void expect_owner_blocked(struct kunit *test, int i,
					struct page *page,
					enum dma_bypass_policy policy)
{
	struct iommu_group *group = iommu_group_get(dev_of(i));
	struct edu edu = {};

	KUNIT_ASSERT_NOT_NULL(test, group);
	KUNIT_ASSERT_EQ(test, 0, iommu_group_claim_dma_owner(group, test));
	KUNIT_ASSERT_EQ(test, 0, start_unbound(i, &edu));
	expect_unwritten(test, &edu, upper(page), page_address(page));
	KUNIT_EXPECT_EQ(test, dma_bypass_prepare(dev_of(i)),
			owned_err(policy));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(i)), DMA_BYPASS_CLOSED);
	stop_unbound(i, &edu);
	iommu_group_release_dma_owner(group);
	iommu_group_put(group);
}

/* Map @page for device @i, let it read and write there, and return the window. */
static inline enum power_window roundtrip(struct kunit *test, int i,
					  struct page *page,
					  unsigned long attrs, u64 seed)
{
	dma_addr_t addr = map(test, i, page, attrs);

	dma_roundtrip(test, i, addr, page_address(page), EDU_MAX, seed);
	unmap(i, addr, attrs);
	return window_of(addr, page_to_phys(page));
}

/* The functions that "ibm,ddw-applicable" names. */
enum { DDW_QUERY, DDW_CREATE, DDW_REMOVE, DDW_TOKENS };

#define DDW_APPLICABLE	"ibm,ddw-applicable"
#define DDW_INFO	"linux,direct64-ddr-window-info"

/* As the kernel describes the window to the next one after a kexec. */
struct ddw_info {
	__be32	liobn;
	__be64	base;
	__be32	tce_shift;
	__be32	shift;
};

static inline void ddw_tokens(struct kunit *test, int i, u32 *tokens)
{
	KUNIT_ASSERT_EQ(test, 0,
			of_property_read_u32_array(phb_node(i), DDW_APPLICABLE,
						   tokens, DDW_TOKENS));
}

/* Let the device tree name another function in place of @which. */
static inline void set_ddw_token(struct kunit *test, int i, int which,
				 u32 token)
{
	struct device_node *phb = phb_node(i);
	struct property *prop = kzalloc_obj(*prop);
	const struct property *old = of_find_property(phb, DDW_APPLICABLE, NULL);

	KUNIT_ASSERT_NOT_NULL(test, prop);
	KUNIT_ASSERT_NOT_NULL(test, old);
	prop->name = kstrdup(DDW_APPLICABLE, GFP_KERNEL);
	prop->value = kmemdup(old->value, old->length, GFP_KERNEL);
	prop->length = old->length;
	KUNIT_ASSERT_NOT_NULL(test, prop->name);
	KUNIT_ASSERT_NOT_NULL(test, prop->value);
	((__be32 *)prop->value)[which] = cpu_to_be32(token);
	/* The tree owns it from now on. */
	KUNIT_ASSERT_EQ(test, 0, of_update_property(phb, prop));
}

/* Have the hypervisor create a window of 16 pages for the PE of device @i. */
static inline u32 take_ddw(struct kunit *test, int i, int tce_shift)
{
	struct pci_dn *pdn = PCI_DN(pci_device_to_OF_node(edus[i]));
	u64 unit = pdn->phb->buid;
	u32 tokens[DDW_TOKENS], window[3];

	ddw_tokens(test, i, tokens);
	KUNIT_ASSERT_EQ(test, 0,
			rtas_call(tokens[DDW_CREATE], 5, 4, window,
				  pdn->busno << 16 | pdn->devfn << 8,
				  BUID_HI(unit), BUID_LO(unit), tce_shift,
				  tce_shift + 4));
	return window[0];
}

static inline void return_ddw(struct kunit *test, int i, u32 liobn)
{
	u32 tokens[DDW_TOKENS];

	ddw_tokens(test, i, tokens);
	KUNIT_ASSERT_EQ(test, 0, rtas_call(tokens[DDW_REMOVE], 1, 1, NULL,
					   liobn));
}

static inline void power_exit(struct kunit *test)
{
	int i;

	for (i = 0; i < EDU_NR; i++) {
		if (!edus[i])
			continue;
		dev_of(i)->bus_dma_limit = 0;
		dma_bypass_set_policy(dev_of(i), DMA_BYPASS_POLICY_DEFAULT);
	}
	for (i = 0; i < EDU_NR; i++)
		if (edus[i])
			KUNIT_EXPECT_EQ(test, 0, edu_rebind(edus[i]));
}

#endif /* _POWERPC_DMA_BYPASS_TEST_H */
