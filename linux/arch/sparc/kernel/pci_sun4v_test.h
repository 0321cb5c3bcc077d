/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of DMA on sun4v: a device behind a root complex, behind a
 * model of the hypervisor.
 */
#ifndef _PCI_SUN4V_TEST_H
#define _PCI_SUN4V_TEST_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>

#include "iommu_common.h"
#include "pci_impl.h"
#include "pci_sun4v.h"
#include "pci_sun4v_hv_test.h"

#define SUN4V_TEST_PAGES	16
#define SUN4V_TEST_FUNCTIONS	3	/* the last one is behind a bridge */
#define SUN4V_TEST_LIST		4
#define SUN4V_TEST_DVMA		SZ_32M
#define PG(n)			((n) * PAGE_SIZE)
#define BYPASS			DMA_ATTR_IOMMU_BYPASS

/*
 * struct sun4v_test - the fixture
 * @test: the case
 * @hv: the hypervisor
 * @pbm: the root complex, and what it is made of: @iommu to @bridge
 * @dma_parms: of @dev
 * @dev: the device
 * @buf: %SUN4V_TEST_PAGES zeroed pages
 * @crowded: a table of which all pages are allocated to others ...
 * @room: ... except for so many
 * @version: version of the PCI services before the test
 */
struct sun4v_test {
	struct kunit		*test;
	struct sun4v_hv		hv;
	struct pci_pbm_info	pbm;
	struct iommu		iommu;
	struct device_node	node;
	struct property		properties[3];
	u32			virtual_dma[2];
	struct platform_device	op;
	struct pci_bus		bus;
	struct pci_bus		behind;
	struct pci_dev		pdev[SUN4V_TEST_FUNCTIONS];
	struct pci_dev		bridge;
	struct device_dma_parameters dma_parms;
	struct device		*dev;
	void			*buf;
	const struct iommu_map_table *crowded;
	unsigned int		room;
	unsigned long		version[2];
};

/* pci_sun4v_test.c */
extern const struct dma_map_ops *sun4v_test_dma_ops;

int sun4v_test_root_init(struct pci_pbm_info *pbm, bool use_atu);
void sun4v_test_root_exit(struct pci_pbm_info *pbm);
void sun4v_test_version(unsigned long version[2]);
void sun4v_test_set_version(unsigned long major, unsigned long minor);

/* pci_sun4v_fixture_test.c */
struct sun4v_test *sun4v_test_prepare(struct kunit *test, u32 dvma_size);
void sun4v_test_start(struct sun4v_test *t, bool use_atu);
struct sun4v_test *sun4v_test_begin(struct kunit *test, bool use_atu);
void sun4v_test_end(struct kunit *test);
int sun4v_test_init(struct kunit *test);
void sun4v_test_negotiate(struct sun4v_test *t, unsigned long major,
			  unsigned long minor);
enum sun4v_hv_service sun4v_test_map_service(struct sun4v_test *t);
enum sun4v_hv_service sun4v_test_demap_service(struct sun4v_test *t);
struct sun4v_hv_table *sun4v_test_table(struct sun4v_test *t);
struct iommu_map_table *sun4v_test_allocator(struct sun4v_test *t);
void sun4v_test_init_list(struct sun4v_test *t, struct scatterlist *sgl);
unsigned int sun4v_test_calls(struct sun4v_test *t);
unsigned long sun4v_test_allocated(struct sun4v_test *t);
void sun4v_test_clean(struct sun4v_test *t);
void sun4v_test_reaches(struct sun4v_test *t, dma_addr_t addr, void *virt,
			size_t size, bool write);
void sun4v_test_reaches_list(struct sun4v_test *t, struct scatterlist *sgl,
			     int nr_in, int nr_out, bool write);
void sun4v_test_faults(struct sun4v_test *t, dma_addr_t addr, size_t size);
bool sun4v_test_bypassed(struct sun4v_test *t, dma_addr_t addr);

/* With a bypass window */
int sun4v_test_notify(struct device *dev, unsigned long action);
struct sun4v_test *sun4v_test_attach(struct kunit *test, bool use_atu);
void sun4v_test_allow(struct sun4v_test *t);

#endif /* _PCI_SUN4V_TEST_H */
