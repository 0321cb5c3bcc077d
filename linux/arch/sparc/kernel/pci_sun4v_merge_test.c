// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what the IOMMUs of sparc64 make of a scatterlist: segments as long as
 * the device allows, and no longer.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>

#include "pci_sun4v_test.h"

#define MERGE_LIST	5
#define MERGE_ROUNDS	32

static const struct merge_param {
	const char	*desc;
	bool		use_atu;
	unsigned long	boundary;
	unsigned int	longest;
} merge_params[] = {
	{ "legacy, not beyond 2 pages",	false, PG(2) - 1, PG(8) },
	{ "legacy, not beyond 4 pages",	false, PG(4) - 1, PG(8) },
	{ "legacy, at most a page",	false, U32_MAX, PG(1) },
	{ "legacy, as it comes",	false, U32_MAX, PG(8) },
	{ "ATU, not beyond 2 pages",	true, PG(2) - 1, PG(8) },
	{ "ATU, not beyond 4 pages",	true, PG(4) - 1, PG(8) },
	{ "ATU, at most a page",		true, U32_MAX, PG(1) },
	{ "ATU, as it comes",		true, U32_MAX, PG(8) },
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_params, desc);

/**
 * sun4v_merge_gen_params - KUnit parameter generator: what a device allows
 * @prev: last parameter
 * @desc: set to what it is
 *
 * Return: next parameter.
 */
const void *sun4v_merge_gen_params(const void *prev, char *desc)
{
	return merge_gen_params(prev, desc);
}

/**
 * sun4u_merge_gen_params - the same, where there is no ATU
 * @prev: last parameter
 * @desc: set to what it is
 *
 * Return: next parameter.
 */
const void *sun4u_merge_gen_params(const void *prev, char *desc)
{
	const struct merge_param *p = sun4v_merge_gen_params(prev, desc);

	return p && !p->use_atu ? p : NULL;
}

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

/* Each segment is allowed, and none that could be longer. */
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
			KUNIT_EXPECT_FALSE(test, merge_allowed(p, addr, size));
		}
		last = sg;
	}
}

/* The list takes an odd number of pages, and so begins everywhere in time. */
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

void sun4v_merge_list(struct kunit *test)
{
	const struct merge_param *p = test->param_value;
	struct sun4v_test *t = sun4v_test_begin(test, p->use_atu);
	struct scatterlist sgl[MERGE_LIST];
	int i, nents;

	merge_limit(t->dev, p);
	for (i = 0; i < MERGE_ROUNDS; i++) {
		nents = merge_map(test, t->dev, t->buf, sgl);
		sun4v_test_reaches_list(t, sgl, MERGE_LIST, nents, false);
		dma_unmap_sg(t->dev, sgl, MERGE_LIST, DMA_TO_DEVICE);
		sun4v_test_clean(t);
	}
}

static struct pci_dev *merge_sun4u_device(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (pdev->dev.archdata.iommu && pdev->dev.dma_parms)
			return pdev;
	return NULL;
}

/* The machine's own IOMMU, of which the code is much the same. */
void sun4u_merge_list(struct kunit *test)
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
