// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of scatterlists on sparc64: the IOMMUs merge entries to segments as
 * long as the device allows, and no longer.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>

#include "pci_sun4v_test.h"

#define MERGE_LIST	5
#define MERGE_ROUNDS	32

static const struct merge_param {
	const char	*desc;
	unsigned long	boundary;
	unsigned int	longest;
} merge_params[] = {
	{ "boundary of 2 pages",	PG(2) - 1,	PG(8) },
	{ "boundary of 4 pages",	PG(4) - 1,	PG(8) },
	{ "segments of one page",	U32_MAX,	PG(1) },
	{ "segments of 8 pages",	U32_MAX,	PG(8) },
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_params, desc);

/*
 * Two pages that can be merged; then two parts of pages that can, too, at an
 * offset that is not that of the second entry; and one that cannot.
 */
static void merge_init_list(void *buf, struct scatterlist *sgl)
{
	sg_init_table(sgl, MERGE_LIST);
	sg_set_buf(&sgl[0], buf, PG(1));
	sg_set_buf(&sgl[1], buf + PG(2), PG(1));
	sg_set_buf(&sgl[2], buf + PG(4) + 100, PG(1) - 100);
	sg_set_buf(&sgl[3], buf + PG(6), 8);
	sg_set_buf(&sgl[4], buf + PG(8), PG(1));
}

static bool merge_allowed(const struct merge_param *p, dma_addr_t addr,
			  size_t size)
{
	return size <= p->longest &&
	       !((addr ^ (addr + size - 1)) & ~(dma_addr_t)p->boundary);
}

/* Each segment is allowed, and none could be longer. */
static void merge_check(struct kunit *test, const struct merge_param *p,
			struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg, *last = NULL;
	dma_addr_t addr;
	size_t size;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		addr = sg_dma_address(sg);
		KUNIT_EXPECT_TRUE_MSG(test,
				      merge_allowed(p, addr, sg_dma_len(sg)),
				      "segment %pad+%x", &addr, sg_dma_len(sg));
		if (last && addr == sg_dma_address(last) + sg_dma_len(last)) {
			addr = sg_dma_address(last);
			size = sg_dma_len(last) + sg_dma_len(sg);
			KUNIT_EXPECT_FALSE_MSG(test,
					       merge_allowed(p, addr, size),
					       "segment %pad+%zx", &addr, size);
		}
		last = sg;
	}
}

/* The list takes an odd number of pages, so that its place varies. */
static int merge_map(struct kunit *test, struct device *dev, void *buf,
		     struct scatterlist *sgl)
{
	int nents;

	merge_init_list(buf, sgl);
	nents = dma_map_sg(dev, sgl, MERGE_LIST, DMA_TO_DEVICE);
	KUNIT_ASSERT_GT(test, nents, 0);
	merge_check(test, test->param_value, sgl, nents);
	return nents;
}

static void merge_limit(struct device *dev, const struct merge_param *p)
{
	dma_set_seg_boundary(dev, p->boundary);
	dma_set_max_seg_size(dev, p->longest);
}

static void merge_sun4v(struct kunit *test, bool use_atu)
{
	struct sun4v_test *t = sun4v_test_begin(test, use_atu);
	struct scatterlist sgl[MERGE_LIST];
	int i, nents;

	merge_limit(t->dev, test->param_value);
	for (i = 0; i < MERGE_ROUNDS; i++) {
		nents = merge_map(test, t->dev, t->buf, sgl);
		sun4v_test_reaches_list(t, sgl, MERGE_LIST, nents, false);
		dma_unmap_sg(t->dev, sgl, MERGE_LIST, DMA_TO_DEVICE);
		sun4v_test_clean(t);
	}
}

static void merge_sun4v_legacy(struct kunit *test)
{
	merge_sun4v(test, false);
}

static void merge_sun4v_atu(struct kunit *test)
{
	merge_sun4v(test, true);
}

static struct pci_dev *merge_sun4u_device(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (pdev->dev.archdata.iommu && pdev->dev.dma_parms)
			return pdev;
	return NULL;
}

/* The machine's own IOMMU. */
static void merge_sun4u(struct kunit *test)
{
	const struct merge_param *p = test->param_value;
	struct pci_dev *pdev = merge_sun4u_device();
	struct device_dma_parameters saved;
	struct scatterlist sgl[MERGE_LIST];
	void *buf;
	int i;

	if (!pdev)
		kunit_skip(test, "no PCI device");
	buf = kunit_kmalloc(test, PG(SUN4V_TEST_PAGES), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	saved = *pdev->dev.dma_parms;
	merge_limit(&pdev->dev, p);
	for (i = 0; i < MERGE_ROUNDS; i++) {
		merge_map(test, &pdev->dev, buf, sgl);
		dma_unmap_sg(&pdev->dev, sgl, MERGE_LIST, DMA_TO_DEVICE);
	}
	*pdev->dev.dma_parms = saved;
	pci_dev_put(pdev);
}

static struct kunit_case merge_cases[] = {
	KUNIT_CASE_PARAM(merge_sun4v_legacy, merge_gen_params),
	KUNIT_CASE_PARAM(merge_sun4v_atu, merge_gen_params),
	KUNIT_CASE_PARAM(merge_sun4u, merge_gen_params),
	{}
};

static struct kunit_suite merge_suite = {
	.name		= "dma_bypass_sun4v_merge",
	.init		= sun4v_test_init,
	.exit		= sun4v_test_end,
	.test_cases	= merge_cases,
};

kunit_test_suite(merge_suite);

MODULE_DESCRIPTION("KUnit tests of scatterlists on sparc64");
MODULE_LICENSE("GPL");
