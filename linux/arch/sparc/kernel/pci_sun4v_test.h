/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of sun4v's DMA: a device behind a root complex, behind a
 * model of the hypervisor.
 */
#ifndef _PCI_SUN4V_TEST_H
#define _PCI_SUN4V_TEST_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "iommu_common.h"
#include "pci_impl.h"
#include "pci_sun4v.h"
#include "pci_sun4v_hv_test.h"

#define SUN4V_TEST_PAGES	16
#define PG(n)			((n) * PAGE_SIZE)
#define BYPASS			DMA_ATTR_IOMMU_BYPASS

struct sun4v_test {
	struct kunit		*test;
	struct sun4v_hv		hv;
	struct pci_pbm_info	pbm;
	struct iommu		iommu;
	struct device_node	node;
	struct platform_device	op;
	struct pci_bus		bus;
	struct pci_dev		pdev;
	struct device		*dev;
	void			*buf;
	unsigned long		vpci_major;
};

extern const struct dma_map_ops *sun4v_test_dma_ops;

int sun4v_test_root_init(struct pci_pbm_info *pbm, bool use_atu);
void sun4v_test_root_exit(struct pci_pbm_info *pbm);

struct sun4v_test *sun4v_test_begin(struct kunit *test, bool use_atu);
void sun4v_test_end(struct kunit *test);
int sun4v_test_suite_init(struct kunit_suite *suite);
void sun4v_test_negotiate(struct sun4v_test *t, unsigned long major);
unsigned long sun4v_test_allocated(struct sun4v_test *t);
void sun4v_test_clean(struct sun4v_test *t);
void sun4v_test_reaches(struct sun4v_test *t, dma_addr_t addr, void *virt,
			size_t size, bool write);
void sun4v_test_faults(struct sun4v_test *t, dma_addr_t addr, size_t size);
bool sun4v_test_bypassed(struct sun4v_test *t, dma_addr_t addr);

/* A device that asks for bypass. */
unsigned int sun4v_test_calls(struct sun4v_test *t);
long sun4v_test_refused(struct sun4v_test *t);
struct sun4v_test *sun4v_test_attach(struct kunit *test, bool use_atu);
struct sun4v_test *sun4v_test_open(struct kunit *test, bool use_atu);
dma_addr_t sun4v_test_map(struct sun4v_test *t, void *virt, size_t size,
			  enum dma_data_direction dir);
void sun4v_test_unmap(struct sun4v_test *t, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir);
void sun4v_test_expect(struct sun4v_test *t, void *virt, size_t size,
		       bool bypass);
void sun4v_test_move(struct sun4v_test *t, int block, void *virt, size_t size,
		     u64 machine);

/* The cases of pci_sun4v_map_test.c. */
const void *sun4v_map_gen_params(const void *prev, char *desc);
void sun4v_map_page(struct kunit *test);
void sun4v_map_mask_32(struct kunit *test);
void sun4v_map_coherent(struct kunit *test);
void sun4v_map_list(struct kunit *test);
void sun4v_map_ordering(struct kunit *test);
void sun4v_map_exhausted(struct kunit *test);
void sun4v_map_error(struct kunit *test);
void sun4v_map_and_demap_error(struct kunit *test);
void sun4v_demap_error(struct kunit *test);
void sun4v_unmap_foreign(struct kunit *test);

/* The cases of pci_sun4v_grant_test.c. */
void sun4v_bypass_probes_once(struct kunit *test);
void sun4v_bypass_probe_fails(struct kunit *test);
void sun4v_bypass_probe_recovers(struct kunit *test);
void sun4v_bypass_without_iommu(struct kunit *test);
void sun4v_bypass_falls_back(struct kunit *test);
void sun4v_bypass_remembers_not_supported(struct kunit *test);
void sun4v_bypass_needs_full_mask(struct kunit *test);
void sun4v_bypass_policies(struct kunit *test);
void sun4v_bypass_revoked(struct kunit *test);
void sun4v_bypass_opens_on_first_use(struct kunit *test);
void sun4v_bypass_counts_refusals(struct kunit *test);

#endif /* _PCI_SUN4V_TEST_H */
