// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for QEMU's "edu" device that lets a program's buffers bypass the IOMMU
 * where the administrator has granted it.  See Documentation/core-api/dma-bypass.rst.
 *
 * The device copies from memory to its own buffer, or from there to memory.  With
 * both, EDU_DMA_COPY copies from one buffer of the caller to another:
 *
 *	qemu-system-x86_64 -M q35 -device intel-iommu -device edu,dma_mask=-1
 *
 * What the driver maps for the device is of two kinds.  The program's buffers are
 * mapped and unmapped all the time and pass DMA_ATTR_IOMMU_BYPASS.  The control
 * structure is allocated once, and stays translated.
 */
#include <linux/delay.h>
#include <linux/dma-bypass.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "edu_dma.h"

#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_RUN		BIT(0)
#define EDU_TO_RAM	BIT(1)

#define EDU_BUFFER	0x40000		/* what the device calls its own buffer */
#define EDU_MAX		2048		/* bytes of one transfer, which takes 100 ms */
#define EDU_TIMEOUT_MS	5000

/* What the device reads and writes beside the data, in coherent memory. */
struct edu_control {
	u64	token;		/* read by the device when the data is complete */
	u64	echo;		/* written by the device: the same */
};

/**
 * struct edu_dma - one device
 * @ref: held by the driver and by each open file
 * @lock: one copy at a time; protects all below
 * @pdev: the device, NULL once the driver is unbound
 * @unbinding: a copy is to end early
 * @regs: registers
 * @control: the control structure
 * @control_addr: its DMA address
 * @misc: the device file
 */
struct edu_dma {
	struct kref		ref;
	struct mutex		lock;	/* see above */
	struct pci_dev		*pdev;
	bool			unbinding;
	void __iomem		*regs;
	struct edu_control	*control;
	dma_addr_t		control_addr;
	struct miscdevice	misc;
};

/* A program's buffer, pinned and mapped. */
struct edu_buffer {
	struct page		**pages;
	unsigned int		nr_pages;
	enum dma_data_direction	dir;
	struct sg_table		sgt;
};

/* A place in a mapped buffer. */
struct edu_cursor {
	struct scatterlist	*sg;
	unsigned int		offset;
};

static void edu_free(struct kref *ref)
{
	struct edu_dma *edu = container_of(ref, struct edu_dma, ref);

	kfree(edu->misc.name);
	kfree(edu);
}

/*
 * Let the device move some bytes.  When this returns it has stopped: the caller may
 * unmap.
 */
static int edu_transfer(struct edu_dma *edu, u64 src, u64 dst, size_t len,
			u64 cmd)
{
	unsigned int ms;

	writeq(src, edu->regs + EDU_SRC);
	writeq(dst, edu->regs + EDU_DST);
	writeq(len, edu->regs + EDU_COUNT);
	writeq(cmd | EDU_RUN, edu->regs + EDU_CMD);
	for (ms = 0; ms < EDU_TIMEOUT_MS; ms += 20) {
		msleep(20);
		if (!(readq(edu->regs + EDU_CMD) & EDU_RUN))
			return 0;
	}
	/* It may be unplugged or broken.  It must not access memory from here on. */
	pci_clear_master(edu->pdev);
	return -EIO;
}

static int edu_pin(struct edu_buffer *buf, unsigned long addr, size_t len,
		   unsigned int gup_flags)
{
	unsigned int nr = DIV_ROUND_UP(offset_in_page(addr) + len, PAGE_SIZE);
	int pinned, err;

	/* RLIMIT_MEMLOCK. */
	err = account_locked_vm(current->mm, nr, true);
	if (err)
		return err;
	buf->pages = kvmalloc_objs(*buf->pages, nr);
	if (!buf->pages) {
		err = -ENOMEM;
		goto out_account;
	}
	/*
	 * Without FOLL_LONGTERM, as for direct I/O: when the ioctl ends so does the
	 * pin.  The pages may be a file's.
	 */
	pinned = pin_user_pages_fast(addr & PAGE_MASK, nr, gup_flags,
				     buf->pages);
	if (pinned == nr) {
		buf->nr_pages = nr;
		return 0;
	}
	/* There is a hole, or a page that may not be written. */
	err = pinned < 0 ? pinned : -EFAULT;
	if (pinned > 0)
		unpin_user_pages(buf->pages, pinned);
	kvfree(buf->pages);
out_account:
	account_locked_vm(current->mm, nr, false);
	return err;
}

static void edu_unpin(struct edu_buffer *buf)
{
	unpin_user_pages_dirty_lock(buf->pages, buf->nr_pages,
				    buf->dir == DMA_FROM_DEVICE);
	kvfree(buf->pages);
	account_locked_vm(current->mm, buf->nr_pages, false);
}

static int edu_map(struct device *dev, struct edu_buffer *buf,
		   unsigned long addr, size_t len, enum dma_data_direction dir)
{
	int err;

	buf->dir = dir;
	err = edu_pin(buf, addr, len, dir == DMA_FROM_DEVICE ? FOLL_WRITE : 0);
	if (err)
		return err;
	err = sg_alloc_table_from_pages(&buf->sgt, buf->pages, buf->nr_pages,
					offset_in_page(addr), len, GFP_KERNEL);
	if (err)
		goto out_unpin;
	/* Translated where it cannot bypass: there is nothing else to do. */
	err = dma_map_sgtable(dev, &buf->sgt, dir, DMA_ATTR_IOMMU_BYPASS);
	if (err)
		goto out_free;
	return 0;

out_free:
	sg_free_table(&buf->sgt);
out_unpin:
	edu_unpin(buf);
	return err;
}

static void edu_unmap(struct device *dev, struct edu_buffer *buf)
{
	/* With the attributes that it was mapped with. */
	dma_unmap_sgtable(dev, &buf->sgt, buf->dir, DMA_ATTR_IOMMU_BYPASS);
	sg_free_table(&buf->sgt);
	edu_unpin(buf);
}

/* The DMA address of the next bytes, of which there are at most @len. */
static dma_addr_t edu_next(struct edu_cursor *cursor, size_t *len)
{
	if (cursor->offset == sg_dma_len(cursor->sg)) {
		cursor->sg = sg_next(cursor->sg);
		cursor->offset = 0;
	}
	*len = min_t(size_t, *len, sg_dma_len(cursor->sg) - cursor->offset);
	return sg_dma_address(cursor->sg) + cursor->offset;
}

/* Move up to EDU_MAX bytes; their number, or a negative errno. */
static ssize_t edu_move(struct edu_dma *edu, struct edu_cursor *src,
			struct edu_cursor *dst, size_t len)
{
	dma_addr_t from, to;
	int err;

	len = min(len, EDU_MAX);
	from = edu_next(src, &len);
	to = edu_next(dst, &len);
	err = edu_transfer(edu, from, EDU_BUFFER, len, 0);
	if (!err)
		err = edu_transfer(edu, EDU_BUFFER, to, len, EDU_TO_RAM);
	if (err)
		return err;
	src->offset += len;
	dst->offset += len;
	return len;
}

/* The device reads the token, and writes it, after all of the data. */
static int edu_complete(struct edu_dma *edu)
{
	dma_addr_t token = edu->control_addr +
			   offsetof(struct edu_control, token);
	dma_addr_t echo = edu->control_addr +
			  offsetof(struct edu_control, echo);
	int err;

	edu->control->token++;
	err = edu_transfer(edu, token, EDU_BUFFER, sizeof(u64), 0);
	if (!err)
		err = edu_transfer(edu, EDU_BUFFER, echo, sizeof(u64),
				   EDU_TO_RAM);
	if (err)
		return err;
	return READ_ONCE(edu->control->echo) == edu->control->token ? 0 : -EIO;
}

static int edu_copy_mapped(struct edu_dma *edu, struct edu_buffer *src,
			   struct edu_buffer *dst, size_t len)
{
	struct edu_cursor from = { src->sgt.sgl }, to = { dst->sgt.sgl };
	ssize_t moved;

	for (; len; len -= moved) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (READ_ONCE(edu->unbinding))
			return -ENODEV;
		moved = edu_move(edu, &from, &to, len);
		if (moved < 0)
			return moved;
	}
	return edu_complete(edu);
}

static int edu_copy(struct edu_dma *edu, const struct edu_dma_copy *copy)
{
	struct device *dev = &edu->pdev->dev;
	struct edu_buffer src, dst;
	int err;

	err = edu_map(dev, &src, copy->src, copy->len, DMA_TO_DEVICE);
	if (err)
		return err;
	err = edu_map(dev, &dst, copy->dst, copy->len, DMA_FROM_DEVICE);
	if (!err) {
		err = edu_copy_mapped(edu, &src, &dst, copy->len);
		edu_unmap(dev, &dst);
	}
	edu_unmap(dev, &src);
	return err;
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct edu_dma *edu = file->private_data;
	struct edu_dma_copy copy;
	int err;

	if (cmd != EDU_DMA_COPY)
		return -ENOTTY;
	if (copy_from_user(&copy, (void __user *)arg, sizeof(copy)))
		return -EFAULT;
	if (copy.reserved || !copy.len ||
	    !IS_ALIGNED(copy.src | copy.dst | copy.len, EDU_DMA_ALIGN))
		return -EINVAL;
	if (copy.len > EDU_DMA_MAX_LEN)
		return -E2BIG;
	if (mutex_lock_killable(&edu->lock))
		return -EINTR;
	err = edu->pdev ? edu_copy(edu, &copy) : -ENODEV;
	mutex_unlock(&edu->lock);
	return err;
}

static int edu_open(struct inode *inode, struct file *file)
{
	struct edu_dma *edu = container_of(file->private_data, struct edu_dma,
					   misc);

	kref_get(&edu->ref);
	file->private_data = edu;
	return 0;
}

static int edu_release(struct inode *inode, struct file *file)
{
	struct edu_dma *edu = file->private_data;

	kref_put(&edu->ref, edu_free);
	return 0;
}

static const struct file_operations edu_fops = {
	.owner		= THIS_MODULE,
	.open		= edu_open,
	.release	= edu_release,
	.unlocked_ioctl	= edu_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static int edu_register(struct edu_dma *edu)
{
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.fops = &edu_fops;
	edu->misc.parent = &edu->pdev->dev;
	edu->misc.name = kasprintf(GFP_KERNEL, "edu_dma-%s",
				   pci_name(edu->pdev));
	return edu->misc.name ? misc_register(&edu->misc) : -ENOMEM;
}

static int edu_setup_dma(struct edu_dma *edu)
{
	struct device *dev = &edu->pdev->dev;
	int err;

	/* As many bits as the device has: a window lies at 4 GiB or above. */
	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	/* Attributes of mappings do not apply to it: it is translated. */
	edu->control = dma_alloc_coherent(dev, sizeof(*edu->control),
					  &edu->control_addr, GFP_KERNEL);
	if (!edu->control)
		return -ENOMEM;
	/* Open the window now, not with the first mapping.  It may be denied. */
	dma_bypass_prepare(dev);
	pci_set_master(edu->pdev);
	return 0;
}

static void edu_teardown_dma(struct edu_dma *edu)
{
	/* No buffer is mapped.  The window closes after remove() has returned. */
	pci_clear_master(edu->pdev);
	dma_free_coherent(&edu->pdev->dev, sizeof(*edu->control), edu->control,
			  edu->control_addr);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_dma *edu;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	edu = kzalloc_obj(*edu);
	if (!edu)
		return -ENOMEM;
	kref_init(&edu->ref);
	mutex_init(&edu->lock);
	edu->pdev = pdev;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs) {
		err = -ENOMEM;
		goto out_put;
	}
	err = edu_setup_dma(edu);
	if (err)
		goto out_put;
	err = edu_register(edu);
	if (err)
		goto out_teardown;
	pci_set_drvdata(pdev, edu);
	return 0;

out_teardown:
	edu_teardown_dma(edu);
out_put:
	kref_put(&edu->ref, edu_free);
	return err;
}

/* Files may stay open: what they refer to lives on without the device. */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu_dma *edu = pci_get_drvdata(pdev);

	misc_deregister(&edu->misc);
	WRITE_ONCE(edu->unbinding, true);
	mutex_lock(&edu->lock);
	edu_teardown_dma(edu);
	edu->pdev = NULL;
	mutex_unlock(&edu->lock);
	kref_put(&edu->ref, edu_free);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_dma_driver = {
	.name		= "edu_dma",
	.id_table	= edu_ids,
	.probe		= edu_probe,
	.remove		= edu_remove,
};
module_pci_driver(edu_dma_driver);

MODULE_DESCRIPTION("Sample driver that maps with DMA_ATTR_IOMMU_BYPASS");
MODULE_LICENSE("GPL");
