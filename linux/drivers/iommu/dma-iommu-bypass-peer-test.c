// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_peer: lists behind VT-d of system memory and a page of
 * another device's, mapped with DMA_ATTR_IOMMU_BYPASS.
 *
 * Needs two of QEMU's edu devices, and an ivshmem-plain device with 2 MiB or more.
 */
#include <linux/pci-p2pdma.h>

#include "dma-iommu-bypass-test-list.h"

#define PEER_DEVICE	0x1110		/* ivshmem */
#define PEER_BAR	2
#define PEER_NR		3		/* entries of a list */
#define LISTED_DEVICE	0x2030		/* host bridge that forwards, as the kernel knows */

static struct pci_dev *peer;

static int peer_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int err = pcim_enable_device(pdev);

	err = err ?: dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	return err ?: pci_p2pdma_add_resource(pdev, PEER_BAR, 0, 0);
}

static const struct pci_device_id peer_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, PEER_DEVICE) },
	{ }
};

static struct pci_driver peer_driver = {
	.name		= "peer-kunit",
	.id_table	= peer_ids,
	.probe		= peer_probe,
};

/**
 * struct peer_param - how a device reaches the page
 * @name: description
 * @own: it is the memory of the device itself, which has the bus's address for it
 * @listed: the host bridge is known to forward accesses between devices
 * @err: errno of the mapping
 */
struct peer_param {
	const char	*name;
	bool		own;
	bool		listed;
	int		err;
};

static const struct peer_param peer_params[] = {
	{ "own memory", .own = true },
	{ "through the host bridge", .listed = true },
	{ "not at all", .err = -EREMOTEIO },
};

KUNIT_ARRAY_PARAM_DESC(peer, peer_params, name);

/**
 * struct peer_list - what is mapped
 * @dev: device that it is mapped for
 * @bus: whether the peer's page gets the bus's address
 * @page: the pages; of the peer @peer_at, the others are system memory
 * @peer_at: index of the peer's; PEER_NR if there is none
 * @sgl: the list
 * @sgt: describes it
 */
struct peer_list {
	struct device		*dev;
	bool			bus;
	struct page		*page[PEER_NR];
	int			peer_at;
	struct scatterlist	sgl[PEER_NR];
	struct sg_table		sgt;
};

/* 2048 bytes; no entry ends with its page, so that none is merged with the next one. */
static void list_set(struct peer_list *l, struct page *peer_page, int peer_at)
{
	static const unsigned int len[PEER_NR] = { 1000, 600, 448 };
	int i;

	l->peer_at = peer_at;
	sg_init_table(l->sgl, PEER_NR);
	for (i = 0; i < PEER_NR; i++)
		sg_set_page(&l->sgl[i], i == peer_at ? peer_page : l->page[i],
			    len[i], 0);
	l->sgt = (struct sg_table) {
		.sgl = l->sgl, .nents = PEER_NR, .orig_nents = PEER_NR,
	};
}

static int list_map(struct peer_list *l, unsigned long attrs)
{
	return dma_map_sgtable(l->dev, &l->sgt, DMA_BIDIRECTIONAL, attrs);
}

static void list_unmap(struct peer_list *l)
{
	dma_unmap_sgtable(l->dev, &l->sgt, DMA_BIDIRECTIONAL, BYPASS);
}

/* The mapped list has its addresses from the IOMMU or from the bus, none from the window. */
static void expect_no_bypass(struct kunit *test, struct peer_list *l)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(l->dev);
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(&l->sgt, sg, i) {
		dma_addr_t addr = sg_dma_address(sg);
		bool bus = l->bus && i == l->peer_at;

		KUNIT_EXPECT_FALSE_MSG(test, in_window_of(l->dev, addr),
				       "entry %d, peer %d", i, l->peer_at);
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_is_bus_address(sg), bus,
				    "entry %d, peer %d", i, l->peer_at);
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_len(sg), sg->length,
				    "entry %d, peer %d", i, l->peer_at);
		if (bus)
			KUNIT_EXPECT_EQ(test, addr,
					pci_p2pmem_virt_to_bus(peer,
							       sg_virt(sg)));
		else
			KUNIT_EXPECT_EQ_MSG(test,
					    iommu_iova_to_phys(domain, addr),
					    sg_phys(sg), "entry %d, peer %d",
					    i, l->peer_at);
	}
}

/* What was translated no longer is, and the window maps what it did. */
static void unmap_expect(struct kunit *test, struct peer_list *l)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(l->dev);
	dma_addr_t addr[PEER_NR];
	int i;

	for (i = 0; i < PEER_NR; i++)
		addr[i] = sg_dma_address(&l->sgl[i]);
	list_unmap(l);
	for (i = 0; i < PEER_NR; i++) {
		KUNIT_EXPECT_EQ_MSG(test, iommu_iova_to_phys(domain, addr[i]),
				    0, "entry %d, peer %d", i, l->peer_at);
		KUNIT_EXPECT_FALSE(test, sg_dma_is_bus_address(&l->sgl[i]));
		KUNIT_EXPECT_EQ_MSG(test,
				    mapped_of(l->dev, page_to_phys(l->page[i])),
				    page_to_phys(l->page[i]), "page %d", i);
	}
}

/* The same list without the peer's page. */
static void expect_list_bypasses(struct kunit *test, struct peer_list *l)
{
	int i;

	list_set(l, NULL, PEER_NR);
	KUNIT_ASSERT_EQ(test, list_map(l, BYPASS), 0);
	for (i = 0; i < PEER_NR; i++)
		KUNIT_EXPECT_EQ_MSG(test, sg_dma_address(&l->sgl[i]),
				    window_base_of(l->dev) + sg_phys(&l->sgl[i]),
				    "entry %d", i);
	list_unmap(l);
}

static unsigned short host_bridge_device;

static void restore_host_bridge(void *pdev)
{
	((struct pci_dev *)pdev)->device = host_bridge_device;
	pci_dev_put(pdev);
}

/* QEMU has no host bridge that the kernel knows: until the test ends, it looks like one. */
static void list_host_bridge(struct kunit *test)
{
	struct pci_dev *pdev =
		pci_get_domain_bus_and_slot(pci_domain_nr(peer->bus), 0,
					    PCI_DEVFN(0, 0));

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, pdev->vendor, PCI_VENDOR_ID_INTEL);
	host_bridge_device = pdev->device;
	pdev->device = LISTED_DEVICE;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   restore_host_bridge,
							   pdev));
}

static void free_peer_page(void *cpu)
{
	pci_free_p2pmem(peer, cpu, PAGE_SIZE);
}

static struct page *alloc_peer_page(struct kunit *test)
{
	void *cpu = pci_alloc_p2pmem(peer, PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_peer_page,
							   cpu));
	KUNIT_ASSERT_TRUE(test, is_pci_p2pdma_page(virt_to_page(cpu)));
	return virt_to_page(cpu);
}

static struct peer_list *list_alloc(struct kunit *test,
				    const struct peer_param *p)
{
	struct peer_list *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->dev = p->own ? &peer->dev : dev_of(0);
	l->bus = p->own;
	for (i = 0; i < PEER_NR; i++)
		l->page[i] = buffer(test, i ? HIGH : LOW);
	return l;
}

static void map_with_peer(struct kunit *test, const struct peer_param *p,
			  struct peer_list *l)
{
	KUNIT_ASSERT_EQ_MSG(test, list_map(l, BYPASS), p->err, "peer %d",
			    l->peer_at);
	if (p->err) {
		KUNIT_EXPECT_EQ(test, list_map(l, 0), p->err);
		return;
	}
	KUNIT_ASSERT_EQ(test, l->sgt.nents, PEER_NR);
	expect_no_bypass(test, l);
	if (p->listed)
		list_roundtrip(test, &l->sgt, l->peer_at + 1);
	unmap_expect(test, l);
}

static void list_with_peer_to_translated(struct kunit *test)
{
	const struct peer_param *p = test->param_value;
	struct page *page = alloc_peer_page(test);
	struct peer_list *l = list_alloc(test, p);
	int i;

	if (p->listed)
		list_host_bridge(test);
	/* This is kept, for the mappings. */
	KUNIT_ASSERT_EQ(test, pci_p2pdma_distance(peer, l->dev, false) < 0,
			!!p->err);
	dma_bypass_set_policy(l->dev, DMA_BYPASS_POLICY_ALLOW);
	KUNIT_ASSERT_EQ(test, dma_bypass_prepare(l->dev), 0);
	KUNIT_ASSERT_EQ(test, dma_bypass_state(l->dev), DMA_BYPASS_OPEN);
	for (i = 0; i < PEER_NR; i++) {
		list_set(l, page, i);
		map_with_peer(test, p, l);
		expect_list_bypasses(test, l);
	}
}

static int peer_suite_init(struct kunit_suite *suite)
{
	int err = edu_suite_init(suite);

	if (err)
		return err;
	peer = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, PEER_DEVICE, NULL);
	return pci_register_driver(&peer_driver);
}

static void peer_suite_exit(struct kunit_suite *suite)
{
	pci_unregister_driver(&peer_driver);
	pci_dev_put(peer);
	edu_suite_exit(suite);
}

static int peer_init(struct kunit *test)
{
	if (!peer || !peer->dev.driver)
		kunit_skip(test, "needs an ivshmem device");
	return vtd_init(test);
}

static void peer_exit(struct kunit *test)
{
	if (peer)
		dma_bypass_set_policy(&peer->dev, DMA_BYPASS_POLICY_DEFAULT);
	window_test_exit(test);
}

static struct kunit_case peer_cases[] = {
	KUNIT_CASE_PARAM(list_with_peer_to_translated, peer_gen_params),
	{ }
};

static struct kunit_suite peer_suite = {
	.name		= "dma_bypass_vtd_peer",
	.suite_init	= peer_suite_init,
	.suite_exit	= peer_suite_exit,
	.init		= peer_init,
	.exit		= peer_exit,
	.test_cases	= peer_cases,
};

kunit_test_suite(peer_suite);
