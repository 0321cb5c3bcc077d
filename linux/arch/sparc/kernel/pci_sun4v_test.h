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
#include <linux/sizes.h>

#include "iommu_common.h"
#include "pci_impl.h"
#include "pci_sun4v.h"
#include "pci_sun4v_hv_test.h"

#define SUN4V_TEST_PAGES	16
#define SUN4V_TEST_FUNCTIONS	3	/* the last one is behind a bridge */
#define SUN4V_MAP_LIST		4
#define SUN4V_TEST_DVMA		SZ_32M
#define PG(n)			((n) * PAGE_SIZE)
#define BYPASS			DMA_ATTR_IOMMU_BYPASS

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
	unsigned long		attrs;
	const struct iommu_map_table *crowded;	/* its pages are all taken ... */
	unsigned int		room;		/* ... but for so many */
	unsigned long		version[2];
};

/**
 * struct sun4v_map_param - parameter of the cases that map
 * @desc: what it is
 * @use_atu: with an ATU?
 * @chunk: pages that one hypervisor call maps or demaps at most; zero for all
 * @bits32: with a mask of 32 bits, which keeps a device out of the ATU?
 * @refused: with the attribute, for which there is no bypass?
 */
struct sun4v_map_param {
	const char	*desc;
	bool		use_atu;
	unsigned long	chunk;
	bool		bits32;
	bool		refused;
};

extern const struct dma_map_ops *sun4v_test_dma_ops;

int sun4v_test_root_init(struct pci_pbm_info *pbm, bool use_atu);
void sun4v_test_root_exit(struct pci_pbm_info *pbm);
void sun4v_test_version(unsigned long version[2]);
void sun4v_test_set_version(unsigned long major, unsigned long minor);

struct sun4v_test *sun4v_test_prepare(struct kunit *test, u32 dvma_size);
void sun4v_test_start(struct sun4v_test *t, bool use_atu);
struct sun4v_test *sun4v_test_begin(struct kunit *test, bool use_atu);
void sun4v_test_end(struct kunit *test);
int sun4v_test_init(struct kunit *test);
void sun4v_test_negotiate(struct sun4v_test *t, unsigned long major,
			  unsigned long minor);
unsigned long sun4v_test_allocated(struct sun4v_test *t);
void sun4v_test_clean(struct sun4v_test *t);
void sun4v_test_reaches(struct sun4v_test *t, dma_addr_t addr, void *virt,
			size_t size, bool write);
void sun4v_test_reaches_list(struct sun4v_test *t, struct scatterlist *sgl,
			     int nr_in, int nr_out, bool write);
void sun4v_test_faults(struct sun4v_test *t, dma_addr_t addr, size_t size);
bool sun4v_test_bypassed(struct sun4v_test *t, dma_addr_t addr);

/* A device that asks for bypass. */
unsigned int sun4v_test_calls(struct sun4v_test *t);
long sun4v_test_refused(struct sun4v_test *t);
long sun4v_test_refused_for(struct sun4v_test *t,
			    enum sun4v_bypass_refusal refusal);
int sun4v_test_notify(struct device *dev, unsigned long action);
struct sun4v_test *sun4v_test_attach(struct kunit *test, bool use_atu);
struct sun4v_test *sun4v_test_open(struct kunit *test, bool use_atu);
unsigned int sun4v_test_allow(struct sun4v_test *t);
void sun4v_test_forget_survey(struct sun4v_test *t);
unsigned int sun4v_test_survey(struct sun4v_test *t);
dma_addr_t sun4v_test_map(struct sun4v_test *t, void *virt, size_t size,
			  enum dma_data_direction dir);
void sun4v_test_unmap(struct sun4v_test *t, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir);
void sun4v_test_expect(struct sun4v_test *t, void *virt, size_t size,
		       bool bypass);
void sun4v_test_move(struct sun4v_test *t, int block, void *virt, size_t size,
		     u64 machine);

/* What the cases that map have in common. */
const void *sun4v_map_gen_params(const void *prev, char *desc);
struct sun4v_test *sun4v_map_begin(struct kunit *test);
enum sun4v_hv_service sun4v_map_service(struct sun4v_test *t);
enum sun4v_hv_service sun4v_demap_service(struct sun4v_test *t);
struct sun4v_hv_table *sun4v_map_table(struct sun4v_test *t);
struct iommu_map_table *sun4v_map_allocator(struct sun4v_test *t);
void sun4v_map_init_list(struct sun4v_test *t, struct scatterlist *sgl);

/* The cases of pci_sun4v_map_test.c. */
void sun4v_map_page(struct kunit *test);
void sun4v_map_mask_32(struct kunit *test);
void sun4v_map_coherent(struct kunit *test);
void sun4v_map_list(struct kunit *test);
void sun4v_map_ordering(struct kunit *test);
void sun4v_map_exhausted(struct kunit *test);
void sun4v_map_batches(struct kunit *test);
void sun4v_unmap_foreign(struct kunit *test);

/* The cases of pci_sun4v_merge_test.c. */
const void *sun4v_merge_gen_params(const void *prev, char *desc);
void sun4v_merge_list(struct kunit *test);
const void *sun4u_merge_gen_params(const void *prev, char *desc);
void sun4u_merge_list(struct kunit *test);

/* The cases of pci_sun4v_error_test.c. */
const void *sun4v_error_gen_params(const void *prev, char *desc);
void sun4v_map_error(struct kunit *test);
void sun4v_demap_error(struct kunit *test);
void sun4v_map_and_demap_error(struct kunit *test);
void sun4v_demap_refused(struct kunit *test);
void sun4v_undo_refused(struct kunit *test);
void sun4v_list_exhausted(struct kunit *test);

/* The cases of pci_sun4v_root_test.c. */
void sun4v_root_conf_error(struct kunit *test);
void sun4v_root_bind_error(struct kunit *test);
void sun4v_root_getmap_error(struct kunit *test);
void sun4v_root_demap_error(struct kunit *test);
void sun4v_root_firmware(struct kunit *test);

/* The cases of pci_sun4v_hv_check_test.c. */
void sun4v_hv_reports(struct kunit *test);
void sun4v_hv_reports_atu(struct kunit *test);
void sun4v_hv_fails(struct kunit *test);
void sun4v_hv_accepts(struct kunit *test);

/* The cases of pci_sun4v_survey_test.c. */
void sun4v_bypass_large(struct kunit *test);
void sun4v_bypass_large_apart(struct kunit *test);
void sun4v_bypass_last_page(struct kunit *test);
void sun4v_survey_error(struct kunit *test);
void sun4v_survey_not_supported(struct kunit *test);

#define SUN4V_TEST_ERRORS	6

extern const unsigned long sun4v_bypass_errors[SUN4V_TEST_ERRORS];

void sun4v_bypass_forget(struct sun4v_test *t, unsigned long error);

/* The cases of pci_sun4v_grant_test.c. */
void sun4v_bypass_probes_once(struct kunit *test);
void sun4v_bypass_probe_fails(struct kunit *test);
void sun4v_bypass_probe_recovers(struct kunit *test);
void sun4v_bypass_without_iommu(struct kunit *test);
void sun4v_bypass_other_events(struct kunit *test);
void sun4v_bypass_falls_back(struct kunit *test);
void sun4v_bypass_remembers_not_supported(struct kunit *test);
void sun4v_bypass_needs_full_mask(struct kunit *test);
void sun4v_bypass_policies(struct kunit *test);
void sun4v_bypass_revoked(struct kunit *test);
void sun4v_bypass_opens_on_first_use(struct kunit *test);
void sun4v_bypass_counts_refusals(struct kunit *test);

#endif /* _PCI_SUN4V_TEST_H */
