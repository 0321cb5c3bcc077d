/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the suites of bypass windows behind an IOMMU: operations of the IOMMU that a
 * test fakes, and the files of a device in sysfs.
 */
#ifndef _DMA_IOMMU_BYPASS_TEST_FAKE_H
#define _DMA_IOMMU_BYPASS_TEST_FAKE_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mount.h>

#include "dma-iommu-bypass-test.h"

/* The operations of the driver, while a test has replaced them. */
static const struct iommu_ops *iommu_ops;

static inline void restore_iommu_ops(void *iommu)
{
	((struct iommu_device *)iommu)->ops = iommu_ops;
}

/*
 * Replace the operations of the first device's IOMMU by a copy, which the test may
 * change, until it ends or restore_iommu_ops() is released.
 */
static inline struct iommu_ops *fake_iommu_ops(struct kunit *test)
{
	struct iommu_device *iommu = dev_of(0)->iommu->iommu_dev;
	struct iommu_ops *ops = kunit_kzalloc(test, sizeof(*ops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ops);
	iommu_ops = iommu->ops;
	*ops = *iommu_ops;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   restore_iommu_ops,
							   iommu));
	iommu->ops = ops;
	return ops;
}

static struct vfsmount *sysfs;

static inline int sysfs_mount(void)
{
	sysfs = kern_mount(get_fs_type("sysfs"));
	return PTR_ERR_OR_ZERO(sysfs);
}

static inline void sysfs_unmount(void)
{
	kern_unmount(sysfs);
}

static inline void close_file(void *file)
{
	fput(file);
}

/* Open a file of the first device. */
static inline struct file *open_file(struct kunit *test, const char *name)
{
	char *dir = kobject_get_path(&dev_of(0)->kobj, GFP_KERNEL);
	struct file *file;
	char path[128];

	KUNIT_ASSERT_NOT_NULL(test, dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	kfree(dir);
	file = file_open_root_mnt(sysfs, path, O_WRONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, file, "%s", path);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_file,
							   file));
	return file;
}

static inline ssize_t write_word(struct file *file, const char *word)
{
	loff_t pos = 0;

	return kernel_write(file, word, strlen(word), &pos);
}

/* Write the type of the first device's group, which has no driver meanwhile. */
static inline ssize_t write_group_type(struct kunit *test, const char *word)
{
	struct file *file = open_file(test, "iommu_group/type");
	ssize_t ret;

	device_release_driver(dev_of(0));
	ret = write_word(file, word);
	kunit_release_action(test, close_file, file);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	return ret;
}

static inline void stop_thread(void *task)
{
	kthread_stop(task);
}

/* Run @fn until the test ends, or stop_thread() is released. */
static inline struct task_struct *run_thread(struct kunit *test,
					     int (*fn)(void *arg),
					     void *arg, int cpu)
{
	struct task_struct *task = kthread_create(fn, arg, "bypass/%d", cpu);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_thread,
							   task));
	return task;
}

#endif /* _DMA_IOMMU_BYPASS_TEST_FAKE_H */
