// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite dma_bypass_vtd_life: whatever can open, change or end a bypass window behind
 * VT-d, each against each, on two CPUs.
 *
 * Needs two of QEMU's edu devices, each in its own group, two CPUs, and some movable
 * memory (movablecore=1G).
 */
#include <linux/cpumask.h>

#include "dma-iommu-bypass-test-fake.h"
#include "../../lib/test_dma_bypass_block.h"

#define EVENT_ROUNDS	2		/* of both threads, at least */
#define EVENT_MS	(IS_ENABLED(CONFIG_KASAN) ? 200 : 500)
#define TABLES_NOISE	8		/* pages */

/* The first device, for those who do not know whether it is there. */
static unsigned int domain_nr, bus_nr, devfn;
static char dir[96];
static dma_addr_t base;
static struct page *page;
static struct block block;

static struct pci_dev *device_get(void)
{
	return pci_get_domain_bus_and_slot(domain_nr, bus_nr, devfn);
}

/* As a program does; return the error, or 0. */
static int write_file(const char *name, const char *word)
{
	struct file *file;
	char path[128];
	ssize_t ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = file_open_root_mnt(sysfs, path, O_WRONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = write_word(file, word);
	fput(file);
	return ret < 0 ? ret : 0;
}

/* There is no such file while the device is unplugged. */
static bool is_unplugged(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

static bool rebind(struct pci_dev *pdev, int round)
{
	device_release_driver(&pdev->dev);
	return device_attach(&pdev->dev) >= 0;
}

/*
 * Another thread may have bound the driver again.  A group warns that it has no domain
 * before its device is set up, so that a driver can be bound, and when it is gone.
 */
static bool retype(struct pci_dev *pdev, int round)
{
	int err;

	if (device_attach(&pdev->dev) != 1)
		return true;
	device_release_driver(&pdev->dev);
	pci_lock_rescan_remove();
	err = write_file("iommu_group/type", round % 2 ? "DMA" : "identity");
	pci_unlock_rescan_remove();
	return device_attach(&pdev->dev) >= 0 &&
	       (!err || err == -EPERM || is_unplugged(err));
}

static bool write_policy(struct pci_dev *pdev, int round)
{
	static const char * const words[] = { "deny", "allow", "guard", "allow" };
	int err = write_file("dma_bypass/policy",
			     words[round % ARRAY_SIZE(words)]);

	return !err || is_unplugged(err);
}

static bool replug_event(struct pci_dev *pdev, int round)
{
	pci_stop_and_remove_bus_device_locked(pdev);
	pci_lock_rescan_remove();
	pci_rescan_bus(pdev->bus);
	pci_unlock_rescan_remove();
	return true;
}

/* What a driver does, it does while it is bound. */
static bool is_bound(struct pci_dev *pdev)
{
	return pdev->dev.driver == &edu_driver.driver;
}

static bool change_mask(struct pci_dev *pdev, int round)
{
	guard(device)(&pdev->dev);
	return !is_bound(pdev) ||
	       !dma_set_mask(&pdev->dev, DMA_BIT_MASK(round % 2 ? 64 : 32));
}

static bool is_right(struct device *dev, dma_addr_t addr)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	phys_addr_t phys = page_to_phys(page);

	if (!use_dma_iommu(dev))
		return addr == phys;
	if (addr - base < window_size() && addr != base + phys)
		return false;
	return iommu_iova_to_phys(domain, addr) == phys;
}

static bool map_page(struct pci_dev *pdev, int round)
{
	struct device *dev = &pdev->dev;
	dma_addr_t addr;
	bool right;

	guard(device)(dev);
	if (!is_bound(pdev))
		return true;
	if (round % 2)
		dma_bypass_prepare(dev);
	addr = dma_map_page_attrs(dev, page, 0, SZ_4K, DMA_TO_DEVICE, BYPASS);
	if (dma_mapping_error(dev, addr))
		return false;
	right = is_right(dev, addr);
	dma_unmap_page_attrs(dev, addr, SZ_4K, DMA_TO_DEVICE, BYPASS);
	return right;
}

/* A thread that is to stop has a signal pending, which ends offlining early. */
static bool move_block(struct pci_dev *pdev, int round)
{
	int err;

	lock_device_hotplug();
	block.mem->online_type = MMOP_ONLINE_MOVABLE;
	err = round % 2 ? device_online(&block.mem->dev) :
			  device_offline(&block.mem->dev);
	unlock_device_hotplug();
	return !err || (err == -EINTR && kthread_should_stop());
}

/**
 * struct event - something that happens to a device with a window
 * @name: of it
 * @happen: do it for the n-th time, to a device that others may be removing; false if
 *	its result is wrong
 */
struct event {
	const char	*name;
	bool		(*happen)(struct pci_dev *pdev, int round);
};

static const struct event events[] = {
	{ "mapping",	map_page },
	{ "mask",	change_mask },
	{ "policy",	write_policy },
	{ "memory",	move_block },
	{ "rebind",	rebind },
	{ "type",	retype },
	{ "replug",	replug_event },
};

/* Each with each that comes later: a pair is its two indices. */
static const void *pair_gen_params(struct kunit *test, const void *prev, char *desc)
{
	static unsigned int pair[2];

	if (!prev)
		memset(pair, 0, sizeof(pair));
	if (++pair[1] == ARRAY_SIZE(events))
		pair[1] = ++pair[0] + 1;
	if (pair[1] == ARRAY_SIZE(events))
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s and %s", events[pair[0]].name,
		 events[pair[1]].name);
	return pair;
}

/* An event that happens again and again. */
struct repeat {
	const struct event	*event;
	int			round;
	int			wrong;
};

static int repeat_run(void *repeat)
{
	struct repeat *r = repeat;
	struct pci_dev *pdev;

	while (!kthread_should_stop()) {
		pdev = device_get();
		if (pdev) {
			r->wrong += !r->event->happen(pdev, r->round);
			pci_dev_put(pdev);
			WRITE_ONCE(r->round, r->round + 1);
		}
		cond_resched();
	}
	return 0;
}

static int least_rounds(const struct repeat r[2])
{
	return min(READ_ONCE(r[0].round), READ_ONCE(r[1].round));
}

static void race(struct kunit *test, const unsigned int pair[2])
{
	struct repeat *r = kunit_kcalloc(test, 2, sizeof(*r), GFP_KERNEL);
	struct task_struct *task[2];
	int i, rounds;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < 2; i++) {
		r[i].event = &events[pair[i]];
		task[i] = run_thread(test, repeat_run, &r[i], i);
	}
	msleep(EVENT_MS);
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(least_rounds, rounds,
						   rounds >= EVENT_ROUNDS,
						   20 * USEC_PER_MSEC,
						   20 * USEC_PER_SEC, false, r));
	for (i = 0; i < 2; i++) {
		kunit_release_action(test, stop_thread, task[i]);
		KUNIT_EXPECT_EQ_MSG(test, r[i].wrong, 0, "%s, of %d",
				    r[i].event->name, r[i].round);
	}
}

/* Whoever held the device may have seen another one. */
static void find_again(struct kunit *test)
{
	edu_put();
	edu_find();
	KUNIT_ASSERT_TRUE(test, edus[0] && edus[1]);
	if (edus[0]->devfn != devfn)
		swap(edus[0], edus[1]);
	KUNIT_ASSERT_EQ(test, edus[0]->devfn, devfn);
}

static bool gets_window(struct kunit *test)
{
	return in_window(0, map_once(test, 0, page, SZ_4K, BYPASS));
}

/* The state says what the page table holds, and what mappings get. */
static bool is_consistent(struct kunit *test)
{
	enum dma_bypass_state state = dma_bypass_state(dev_of(0));
	phys_addr_t phys = page_to_phys(page);

	if (!use_dma_iommu(dev_of(0)))
		return state == DMA_BYPASS_CLOSED;
	switch (state) {
	case DMA_BYPASS_OPEN:
		return mapped(0, phys) == phys && gets_window(test);
	case DMA_BYPASS_DRAINING:
		return !gets_window(test);
	default:
		return !mapped(0, phys);
	}
}

/* A mapping may have requested a window, which opens meanwhile. */
static void expect_consistent(struct kunit *test)
{
	bool consistent;

	KUNIT_ASSERT_TRUE(test, is_bound(edus[0]));
	read_poll_timeout(is_consistent, consistent, consistent,
			  20 * USEC_PER_MSEC, 5 * USEC_PER_SEC, false, test);
	KUNIT_EXPECT_TRUE_MSG(test, consistent, "state %d, %pap mapped",
			      dma_bypass_state(dev_of(0)),
			      &(phys_addr_t) { mapped(0, page_to_phys(page)) });
}

/* A new domain, all memory, the grant, and a driver that requests nothing yet. */
static void start_over(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, write_file("dma_bypass/policy", "allow"));
	if (!pfn_to_online_page(PHYS_PFN(block.start)))
		set_online(test, &block, true);
	device_release_driver(dev_of(0));
	/* One of them is no change. */
	KUNIT_ASSERT_EQ(test, 0, write_file("iommu_group/type", "identity"));
	KUNIT_ASSERT_EQ(test, 0, write_file("iommu_group/type", "DMA"));
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	KUNIT_ASSERT_TRUE(test, translated(0));
	KUNIT_EXPECT_EQ(test, dma_bypass_state(dev_of(0)), DMA_BYPASS_CLOSED);
	KUNIT_EXPECT_EQ(test, mapped(0, page_to_phys(page)), 0);
}

/* Pages of page tables now: what each CPU has not added yet counts, too. */
static long tables_now(void)
{
	long nr = global_node_page_state(NR_IOMMU_PAGES);
	struct pglist_data *pgdat;
	int cpu;

	for_each_online_pgdat(pgdat)
		for_each_online_cpu(cpu)
			nr += per_cpu_ptr(pgdat->per_cpu_nodestats,
					  cpu)->vm_node_stat_diff[NR_IOMMU_PAGES];
	return nr;
}

/* A window opens, a device moves data through it, and none when it is closed. */
static void expect_works(struct kunit *test)
{
	phys_addr_t phys = page_to_phys(page);

	open_window(test, 0);
	expect_bypass(test, 0, page);
	KUNIT_EXPECT_EQ(test, mapped(0, block.start), block.start);
	KUNIT_EXPECT_TRUE(test, is_published(dev_of(0)->dma_bypass, &block));
	edu_pattern(page_address(page), EDU_MAX, phys);
	dma_read_expect(test, 0, base + phys, page_address(page), EDU_MAX);
	device_release_driver(dev_of(0));
	KUNIT_EXPECT_EQ(test, mapped(0, phys), 0);
	KUNIT_EXPECT_EQ(test, mapped(0, block.start), 0);
	KUNIT_ASSERT_EQ(test, 1, device_attach(dev_of(0)));
	expect_nothing_read(test, 0, base + phys, page_address(page));
}

static void each_against_each(struct kunit *test)
{
	long before;

	start_over(test);
	before = tables_now();
	open_window(test, 0);
	race(test, test->param_value);

	find_again(test);
	expect_consistent(test);
	start_over(test);
	KUNIT_EXPECT_LE(test, tables_now(), before + TABLES_NOISE);
	expect_works(test);
}

static int life_suite_init(struct kunit_suite *suite)
{
	int err = edu_suite_init(suite);

	return err ?: sysfs_mount();
}

static void life_suite_exit(struct kunit_suite *suite)
{
	sysfs_unmount();
	edu_suite_exit(suite);
}

static int life_init(struct kunit *test)
{
	int err = vtd_init(test);
	char *path;

	if (err)
		return err;
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	path = kobject_get_path(&dev_of(0)->kobj, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, path);
	strscpy(dir, path);
	kfree(path);
	domain_nr = pci_domain_nr(edus[0]->bus);
	bus_nr = edus[0]->bus->number;
	devfn = edus[0]->devfn;
	base = window_base(0);
	page = buffer(test, HIGH);
	block = find_block(test);
	return 0;
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM_ATTR(each_against_each, pair_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite life_suite = {
	.name		= "dma_bypass_vtd_life",
	.suite_init	= life_suite_init,
	.suite_exit	= life_suite_exit,
	.init		= life_init,
	.exit		= window_test_exit,
	.test_cases	= life_cases,
};

kunit_test_suite(life_suite);
