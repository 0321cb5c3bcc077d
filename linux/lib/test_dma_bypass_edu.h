/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's "edu" device and its driver, for test suites that check real DMA.
 *
 * The device copies from memory to a buffer of its own or back, 100 ms after a
 * command is written.  A suite registers the driver, so it can bind and unbind it.
 */
#ifndef _TEST_DMA_BYPASS_EDU_H
#define _TEST_DMA_BYPASS_EDU_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/swab.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_RUN		BIT(0)
#define EDU_TO_RAM	BIT(1)

#define EDU_BUFFER	0x40000		/* the device's address of its buffer */
#define EDU_MAX		2048		/* bytes; QEMU aborts with all 4096 */

/* Number of devices that a suite uses. */
#ifndef EDU_NR
#define EDU_NR		2
#endif

/**
 * struct edu - a bound device
 * @regs: its registers
 * @scratch: EDU_MAX bytes of coherent memory
 * @scratch_addr: their DMA address
 */
struct edu {
	void __iomem	*regs;
	void		*scratch;
	dma_addr_t	scratch_addr;
};

/* The registers have the CPU's byte order at reset. */
#define EDU_BIG_ENDIAN	(IS_ENABLED(CONFIG_PPC) || IS_ENABLED(CONFIG_SPARC))

static inline void edu_write(struct edu *edu, unsigned int reg, u64 val)
{
	writeq(EDU_BIG_ENDIAN ? swab64(val) : val, edu->regs + reg);
}

static inline u64 edu_read(struct edu *edu, unsigned int reg)
{
	u64 val = readq(edu->regs + reg);

	return EDU_BIG_ENDIAN ? swab64(val) : val;
}

static inline int edu_run(struct edu *edu, u64 src, u64 dst, size_t len,
			  u64 cmd)
{
	int tries;

	if (len > EDU_MAX)
		return -EINVAL;
	edu_write(edu, EDU_SRC, src);
	edu_write(edu, EDU_DST, dst);
	edu_write(edu, EDU_COUNT, len);
	edu_write(edu, EDU_CMD, cmd | EDU_RUN);
	for (tries = 0; tries < 500; tries++) {
		msleep(20);
		if (!(edu_read(edu, EDU_CMD) & EDU_RUN))
			return 0;
	}
	return -ETIMEDOUT;
}

/* Copy from memory to the device's buffer. */
static inline int edu_dma_read(struct edu *edu, dma_addr_t addr, size_t len)
{
	return edu_run(edu, addr, EDU_BUFFER, len, 0);
}

/* Copy from the device's buffer to memory. */
static inline int edu_dma_write(struct edu *edu, dma_addr_t addr, size_t len)
{
	return edu_run(edu, EDU_BUFFER, addr, len, EDU_TO_RAM);
}

/* Set the device's buffer to @data, through coherent memory. */
static inline int edu_load(struct edu *edu, const void *data, size_t len)
{
	memcpy(edu->scratch, data, len);
	return edu_dma_read(edu, edu->scratch_addr, len);
}

/* Copy the device's buffer to @data, through coherent memory. */
static inline int edu_dump(struct edu *edu, void *data, size_t len)
{
	int err = edu_dma_write(edu, edu->scratch_addr, len);

	memcpy(data, edu->scratch, len);
	return err;
}

/* Fill @data with bytes that depend on @seed. */
static inline void edu_pattern(void *data, size_t len, u64 seed)
{
	struct rnd_state state;

	prandom_seed_state(&state, seed);
	prandom_bytes_state(&state, data, len);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int err;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	err = pcim_enable_device(pdev);
	if (err)
		return err;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	pci_set_master(pdev);
	edu->scratch = dma_alloc_coherent(&pdev->dev, EDU_MAX,
					  &edu->scratch_addr, GFP_KERNEL);
	if (!edu->scratch)
		return -ENOMEM;
	pci_set_drvdata(pdev, edu);
	return 0;
}

/*
 * Managed memory would be freed after the IOMMU group is released, when a test may have
 * changed its domain.
 */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	pci_clear_master(pdev);
	if (edu->scratch)
		dma_free_coherent(&pdev->dev, EDU_MAX, edu->scratch,
				  edu->scratch_addr);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};

static struct pci_driver edu_driver = {
	.name		= "edu-kunit",
	.id_table	= edu_ids,
	.probe		= edu_probe,
	.remove		= edu_remove,
};

/* The devices of this machine, by slot; NULL where there are fewer. */
static struct pci_dev *edus[EDU_NR];

static inline struct device *dev_of(int i)
{
	return &edus[i]->dev;
}

/* Each time the driver is bound there is a new one. */
static inline struct edu *edu_of(int i)
{
	return pci_get_drvdata(edus[i]);
}

static inline void edu_find(void)
{
	struct pci_dev *pos = NULL;
	int i;

	for (i = 0; i < EDU_NR; i++) {
		pos = pci_get_device(EDU_VENDOR, EDU_DEVICE, pos);
		edus[i] = pci_dev_get(pos);
		if (!pos)
			break;
	}
	pci_dev_put(pos);
}

static inline void edu_put(void)
{
	int i;

	for (i = 0; i < EDU_NR; i++) {
		pci_dev_put(edus[i]);
		edus[i] = NULL;
	}
}

static inline int edu_suite_init(struct kunit_suite *suite)
{
	int err = pci_register_driver(&edu_driver);

	if (!err)
		edu_find();
	return err;
}

static inline void edu_suite_exit(struct kunit_suite *suite)
{
	edu_put();
	pci_unregister_driver(&edu_driver);
}

/* Unbind the driver and bind it again. */
static inline int edu_rebind(struct pci_dev *pdev)
{
	device_release_driver(&pdev->dev);
	return device_attach(&pdev->dev) == 1 ? 0 : -ENODEV;
}

/* Device @i reads @len bytes at @addr, which are to be @data. */
static inline void dma_read_expect(struct kunit *test, int i, dma_addr_t addr,
				   const void *data, size_t len)
{
	u8 *seen = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_EQ_MSG(test, 0, edu_dma_read(edu_of(i), addr, len),
			    "edu %d reads %pad", i, &addr);
	KUNIT_ASSERT_EQ(test, 0, edu_dump(edu_of(i), seen, len));
	KUNIT_EXPECT_MEMEQ_MSG(test, seen, data, len, "edu %d reads %pad", i,
			       &addr);
}

/* Device @i writes @data to @addr. */
static inline void dma_write(struct kunit *test, int i, dma_addr_t addr,
			     const void *data, size_t len)
{
	KUNIT_ASSERT_EQ(test, 0, edu_load(edu_of(i), data, len));
	KUNIT_ASSERT_EQ_MSG(test, 0, edu_dma_write(edu_of(i), addr, len),
			    "edu %d writes %pad", i, &addr);
}

/* Device @i reads and writes @len bytes at @addr, which is mapped for @cpu. */
static inline void dma_roundtrip(struct kunit *test, int i, dma_addr_t addr,
				 void *cpu, size_t len, u64 seed)
{
	u8 *data = kunit_kzalloc(test, EDU_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	edu_pattern(cpu, len, seed);
	dma_sync_single_for_device(dev_of(i), addr, len, DMA_BIDIRECTIONAL);
	dma_read_expect(test, i, addr, cpu, len);

	edu_pattern(data, len, ~seed);
	dma_write(test, i, addr, data, len);
	dma_sync_single_for_cpu(dev_of(i), addr, len, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_MEMEQ_MSG(test, (u8 *)cpu, data, len, "edu %d writes %pad",
			       i, &addr);
}

#endif /* _TEST_DMA_BYPASS_EDU_H */
