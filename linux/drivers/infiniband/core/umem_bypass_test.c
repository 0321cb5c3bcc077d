// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite ib_bypass: memory of users, and of READs and WRITEs, of an RDMA device
 * whose driver lets it bypass, and of one whose driver does not.
 *
 * Needs QEMU's edu device, to which a window is granted and which the RDMA devices
 * access memory by, and a huge page.
 */
#include <linux/bvec.h>
#include <linux/dma-bypass.h>
#include <linux/dma-bypass-ops.h>
#include <linux/file.h>
#include <linux/hugetlb.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/uaccess.h>
#include <rdma/ib_umem.h>
#include <rdma/rw.h>

#define EDU_NR		1
#include "../../../lib/test_dma_bypass_edu.h"

#define PARTS		3	/* of the memory of a WRITE */

/**
 * struct memory - memory of a program
 * @name: its kind
 * @page: size of its pages
 * @file: it is shared memory
 * @bypass: the driver lets it bypass
 */
struct memory {
	const char	*name;
	size_t		page;
	bool		file;
	bool		bypass;
};

static const struct memory memories[] = {
	{ "anonymous, bypass", PAGE_SIZE, false, true },
	{ "file, bypass", PAGE_SIZE, true, true },
	{ "huge, bypass", PMD_SIZE, false, true },
	{ "anonymous", PAGE_SIZE, false, false },
	{ "file", PAGE_SIZE, true, false },
	{ "huge", PMD_SIZE, false, false },
};

KUNIT_ARRAY_PARAM_DESC(memory, memories, name);

/* As far as mapping memory looks at them. */
struct rdma {
	struct ib_device	*dev;
	struct ib_pd		*pd;
	struct ib_qp		*qp;
};

static struct rdma rdma;

static int ib_bypass_init(struct kunit *test)
{
	if (!edus[0])
		return -ENODEV;
	rdma.dev = kunit_kzalloc(test, sizeof(*rdma.dev), GFP_KERNEL);
	rdma.pd = kunit_kzalloc(test, sizeof(*rdma.pd), GFP_KERNEL);
	rdma.qp = kunit_kzalloc(test, sizeof(*rdma.qp), GFP_KERNEL);
	if (!rdma.dev || !rdma.pd || !rdma.qp)
		return -ENOMEM;
	rdma.dev->dma_device = dev_of(0);
	rdma.dev->dma_bypass = true;
	rdma.pd->device = rdma.dev;
	rdma.qp->device = rdma.dev;
	rdma.qp->pd = rdma.pd;
	rdma.qp->max_write_sge = PARTS;
	return dma_bypass_prepare(dev_of(0));
}

static void ib_bypass_exit(struct kunit *test)
{
	if (edus[0])
		dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_ALLOW);
}

static bool is_bypassed(dma_addr_t addr, phys_addr_t phys)
{
	return addr == dev_of(0)->dma_bypass->base + phys;
}

/* A mapping of two megabytes in the address space of the test. */
static unsigned long user_memory(struct kunit *test, const struct memory *memory)
{
	unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS, addr;
	struct file *file = NULL;

	if (memory->page == PMD_SIZE)
		file = hugetlb_file_setup(HUGETLB_ANON_FILE, PMD_SIZE,
					  mk_vma_flags(VMA_NORESERVE_BIT),
					  HUGETLB_ANONHUGE_INODE, PMD_SHIFT);
	else if (memory->file)
		file = shmem_file_setup("ib_bypass", PMD_SIZE,
					mk_vma_flags(VMA_NORESERVE_BIT));
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "%pe", file);
	if (file)
		flags = memory->file ? MAP_SHARED : MAP_PRIVATE;
	addr = kunit_vm_mmap(test, file, 0, PMD_SIZE, PROT_READ | PROT_WRITE,
			     flags, 0);
	if (file)
		fput(file);
	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	return addr;
}

static struct ib_umem *get_umem(struct kunit *test, unsigned long addr)
{
	struct ib_umem *umem = ib_umem_get_va(rdma.dev, addr, PMD_SIZE,
					      IB_ACCESS_LOCAL_WRITE);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(umem), "%pe", umem);
	return umem;
}

static void release_umem(struct kunit *test, struct ib_umem *umem)
{
	ib_umem_release(umem);
	KUNIT_EXPECT_EQ(test, atomic64_read(&current->mm->pinned_vm), 0);
}

/* The device reads what the program wrote, and the program what the device wrote. */
static void expect_shared(struct kunit *test, struct ib_umem *umem,
			  unsigned long addr)
{
	dma_addr_t dma = sg_dma_address(umem->sgt_append.sgt.sgl);
	u8 *data = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);
	u8 *seen = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, data && seen);
	edu_pattern(data, EDU_MAX, addr);
	KUNIT_ASSERT_EQ(test, 0, copy_to_user((void __user *)addr, data, EDU_MAX));
	dma_read_expect(test, 0, dma, data, EDU_MAX);

	edu_pattern(data, EDU_MAX, ~addr);
	dma_write(test, 0, dma, data, EDU_MAX);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(seen, (void __user *)addr, EDU_MAX));
	KUNIT_EXPECT_MEMEQ(test, seen, data, EDU_MAX);
}

static void user_memory_is_mapped(struct kunit *test)
{
	const struct memory *memory = test->param_value;
	unsigned long addr = user_memory(test, memory);
	struct scatterlist *sg;
	struct ib_umem *umem;
	int i;

	rdma.dev->dma_bypass = memory->bypass;
	umem = get_umem(test, addr);
	if (memory->bypass)
		for_each_sgtable_dma_sg(&umem->sgt_append.sgt, sg, i)
			KUNIT_EXPECT_TRUE_MSG(test, is_bypassed(sg_dma_address(sg),
								sg_phys(sg)),
					      "entry %d", i);
	else
		KUNIT_EXPECT_FALSE(test, is_bypassed(ib_umem_start_dma_addr(umem),
						     sg_phys(umem->sgt_append.sgt.sgl)));
	/* Pages that are not smaller than those of the program, wherever they are. */
	KUNIT_EXPECT_GE(test, ib_umem_find_best_pgsz(umem, SZ_4K | SZ_2M, addr),
			memory->page);
	expect_shared(test, umem, addr);
	release_umem(test, umem);
}

/* Memory stays mapped when new mappings are denied. */
static void user_memory_outlives_grant(struct kunit *test)
{
	unsigned long addr = user_memory(test, &memories[0]);
	struct ib_umem *old = get_umem(test, addr), *umem;
	struct scatterlist *sgl;

	dma_bypass_set_policy(dev_of(0), DMA_BYPASS_POLICY_DENY);
	umem = get_umem(test, addr);
	sgl = umem->sgt_append.sgt.sgl;
	KUNIT_EXPECT_FALSE(test, is_bypassed(sg_dma_address(sgl), sg_phys(sgl)));
	expect_shared(test, old, addr);
	expect_shared(test, umem, addr);
	ib_umem_release(old);
	release_umem(test, umem);
}

/* Pages that are not next to each other. */
static void write_buffer(struct kunit *test, struct page *pages[PARTS])
{
	int i;

	for (i = 0; i < PARTS; i++) {
		void *data = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, data);
		pages[i] = virt_to_page(data);
	}
}

static void write_of_bvecs_is_bypassed(struct kunit *test)
{
	struct rdma_rw_ctx ctx = {};
	struct bio_vec bvecs[PARTS];
	struct bvec_iter iter = {};
	struct page *pages[PARTS];
	int nr, i;

	write_buffer(test, pages);
	for (i = 0; i < PARTS; i++)
		bvec_set_page(&bvecs[i], pages[i], PAGE_SIZE, 0);
	for (nr = 1; nr <= PARTS; nr += PARTS - 1) {
		struct ib_sge *sge;

		iter.bi_size = nr * PAGE_SIZE;
		KUNIT_ASSERT_EQ(test, 1, rdma_rw_ctx_init_bvec(&ctx, rdma.qp, 1,
							       bvecs, nr, iter, 0, 0,
							       DMA_TO_DEVICE));
		sge = nr == 1 ? &ctx.single.sge : ctx.map.sges;
		if (nr > 1)	/* not a range of IOVAs */
			KUNIT_ASSERT_TRUE(test, virt_addr_valid(sge));
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_TRUE_MSG(test, is_bypassed(sge[i].addr,
								page_to_phys(pages[i])),
					      "%d of %d", i, nr);
		rdma_rw_ctx_destroy_bvec(&ctx, rdma.qp, 1, bvecs, nr,
					 DMA_TO_DEVICE);
	}
}

/* One range of IOVAs. */
static void write_of_bvecs_is_translated(struct kunit *test)
{
	struct rdma_rw_ctx ctx = {};
	struct bio_vec bvecs[PARTS];
	struct bvec_iter iter = { .bi_size = PARTS * PAGE_SIZE };
	struct page *pages[PARTS];
	int i;

	rdma.dev->dma_bypass = false;
	write_buffer(test, pages);
	for (i = 0; i < PARTS; i++)
		bvec_set_page(&bvecs[i], pages[i], PAGE_SIZE, 0);
	KUNIT_ASSERT_EQ(test, 1, rdma_rw_ctx_init_bvec(&ctx, rdma.qp, 1, bvecs,
						       PARTS, iter, 0, 0,
						       DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, ctx.iova.sge.length, PARTS * PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, is_bypassed(ctx.iova.sge.addr,
					     page_to_phys(pages[0])));
	rdma_rw_ctx_destroy_bvec(&ctx, rdma.qp, 1, bvecs, PARTS, DMA_TO_DEVICE);
}

static void write_of_list_is_bypassed(struct kunit *test)
{
	struct scatterlist sgl[PARTS];
	struct rdma_rw_ctx ctx = {};
	struct page *pages[PARTS];
	int i;

	write_buffer(test, pages);
	sg_init_table(sgl, PARTS);
	for (i = 0; i < PARTS; i++)
		sg_set_page(&sgl[i], pages[i], PAGE_SIZE, 0);
	KUNIT_ASSERT_EQ(test, 1, rdma_rw_ctx_init(&ctx, rdma.qp, 1, sgl, PARTS, 0,
						  0, 0, DMA_TO_DEVICE));
	for (i = 0; i < PARTS; i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_bypassed(ctx.map.sges[i].addr,
							page_to_phys(pages[i])),
				      "entry %d", i);
	rdma_rw_ctx_destroy(&ctx, rdma.qp, 1, sgl, PARTS, DMA_TO_DEVICE);
}

static struct kunit_case ib_bypass_test_cases[] = {
	KUNIT_CASE_PARAM(user_memory_is_mapped, memory_gen_params),
	KUNIT_CASE(user_memory_outlives_grant),
	KUNIT_CASE(write_of_bvecs_is_bypassed),
	KUNIT_CASE(write_of_bvecs_is_translated),
	KUNIT_CASE(write_of_list_is_bypassed),
	{}
};

static struct kunit_suite ib_bypass_test_suite = {
	.name		= "ib_bypass",
	.suite_init	= edu_suite_init,
	.suite_exit	= edu_suite_exit,
	.init		= ib_bypass_init,
	.exit		= ib_bypass_exit,
	.test_cases	= ib_bypass_test_cases,
};

kunit_test_suite(ib_bypass_test_suite);
