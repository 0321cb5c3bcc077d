// SPDX-License-Identifier: GPL-2.0
/*
 * A model of the sun4v hypervisor's PCI services.
 *
 * On sun4u the trap instruction of a hypervisor call is a reserved trap, which
 * is passed to the die notifiers before it is an error. So the code for sun4v runs
 * unchanged, down to that instruction. The model keeps the translation tables,
 * checks arguments against the specification, and fails on request.
 */
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/hypervisor.h>
#include <asm/ptrace.h>

#include "iommu_common.h"
#include "pci_sun4v_hv_test.h"

#define HV_POISON	0x5ca1ab1e0ddba11UL
#define HV_VALID	BIT_ULL(12)
#define HV_ATTRS	GENMASK_ULL(2, 0)
#define HV_RW		(HV_PCI_MAP_ATTR_READ | HV_PCI_MAP_ATTR_WRITE)
#define HV_IOTSB	1

static __printf(2, 3) unsigned long hv_violation(struct sun4v_hv *hv,
						 const char *fmt, ...)
{
	va_list args;

	if (!hv->violations++) {
		va_start(args, fmt);
		vscnprintf(hv->violation, sizeof(hv->violation), fmt, args);
		va_end(args);
	}
	return HV_EINVAL;
}

static bool hv_real_to_machine(struct sun4v_hv *hv, u64 ra, u64 *machine)
{
	const struct sun4v_hv_block *b;

	for (b = hv->block; b < hv->block + SUN4V_HV_BLOCKS; b++) {
		if (ra < b->ra || ra - b->ra >= b->size)
			continue;
		*machine = b->machine + (ra - b->ra);
		return !b->closed;
	}
	*machine = SUN4V_HV_MACHINE + ra;
	return pfn_valid(PHYS_PFN(ra));
}

static bool hv_machine_to_real(struct sun4v_hv *hv, u64 machine, u64 *ra)
{
	const struct sun4v_hv_block *b;
	u64 back;

	*ra = machine - SUN4V_HV_MACHINE;
	for (b = hv->block; b < hv->block + SUN4V_HV_BLOCKS; b++)
		if (!b->closed && machine >= b->machine &&
		    machine - b->machine < b->size)
			*ra = b->ra + (machine - b->machine);
	return hv_real_to_machine(hv, *ra, &back) && back == machine;
}

static unsigned long hv_check_attrs(struct sun4v_hv *hv, unsigned long attrs)
{
	unsigned long known = hv->major < 2 ? HV_RW : HV_ATTRS;

	hv->attrs = attrs;
	if (attrs & ~known || !(attrs & HV_RW))
		return hv_violation(hv, "attributes %lx", attrs);
	return HV_EOK;
}

static unsigned long hv_check_range(struct sun4v_hv *hv,
				    const struct sun4v_hv_table *table,
				    unsigned long index, unsigned long n)
{
	if (!n || index >= table->entries || n > table->entries - index)
		return hv_violation(hv, "entries %lx+%lx", index, n);
	return HV_EOK;
}

static unsigned long hv_check_page(struct sun4v_hv *hv, u64 ra)
{
	if (ra & ~IO_PAGE_MASK) {
		hv_violation(hv, "page %llx", ra);
		return HV_EBADALIGN;
	}
	if (!pfn_valid(PHYS_PFN(ra)) && (!ra || ra != hv->firmware)) {
		hv_violation(hv, "no memory at %llx", ra);
		return HV_ENORADDR;
	}
	return HV_EOK;
}

static void hv_set(struct sun4v_hv_table *table, unsigned long index, u64 entry)
{
	table->live += !!entry - !!table->entry[index];
	table->entry[index] = entry;
}

static unsigned long hv_check_map(struct sun4v_hv *hv,
				  const struct sun4v_hv_table *table,
				  unsigned long index, unsigned long n,
				  unsigned long attrs, u64 list)
{
	unsigned long status;

	status = hv_check_range(hv, table, index, n) ?:
		 hv_check_attrs(hv, attrs) ?:
		 hv_check_page(hv, list & IO_PAGE_MASK) ?:
		 hv_check_page(hv, (list + n * sizeof(u64) - 1) & IO_PAGE_MASK);
	if (!status && list % sizeof(u64)) {
		hv_violation(hv, "list at %llx", list);
		return HV_EBADALIGN;
	}
	return status;
}

/* Check the page, which the call that maps it stops at if it is not valid. */
static unsigned long hv_map_page(struct sun4v_hv *hv,
				 struct sun4v_hv_table *table,
				 unsigned long index, u64 ra,
				 unsigned long attrs)
{
	unsigned long status = hv_check_page(hv, ra);

	if (status)
		return status;
	if (table->reject && table->mapped + 1 == table->reject)
		return HV_ENORADDR;
	if (table->entry[index])
		hv_violation(hv, "entry %lx mapped twice", index);
	hv_set(table, index, ra | HV_VALID | attrs);
	table->mapped++;
	return HV_EOK;
}

/*
 * As the published hypervisor does: if it cannot map a page, succeed with the
 * number of pages before it, or fail if it is the first one.
 */
static unsigned long hv_map(struct sun4v_hv *hv, struct sun4v_hv_table *table,
			    unsigned long index, unsigned long n,
			    unsigned long attrs, u64 list, unsigned long *done)
{
	unsigned long i, status = hv_check_map(hv, table, index, n, attrs, list);
	u64 *page = __va(list);

	n = hv->chunk ? min(n, hv->chunk) : n;
	for (i = 0; !status && i < n; i++)
		status = hv_map_page(hv, table, index + i, page[i], attrs);
	if (!status)
		*done = n;
	else if (i > 1)
		*done = i - 1;
	else
		return status;
	return HV_EOK;
}

/* Stops as hv_map() does. */
static unsigned long hv_demap(struct sun4v_hv *hv, struct sun4v_hv_table *table,
			      unsigned long index, unsigned long n,
			      unsigned long *done)
{
	unsigned long i, status = hv_check_range(hv, table, index, n);

	if (status)
		return status;

	n = hv->chunk ? min(n, hv->chunk) : n;
	for (i = 0; i < n; i++) {
		if (index + i == table->stuck)
			break;
		/* The specification of the legacy service allows that. */
		if (table == &hv->iotsb && !table->entry[index + i])
			hv_violation(hv, "entry %lx is not mapped", index + i);
		hv_set(table, index + i, 0);
	}
	*done = i;
	return i ? HV_EOK : HV_EINVAL;
}

static unsigned long hv_iommu_map(struct sun4v_hv *hv, const unsigned long *arg,
				  unsigned long *ret)
{
	/* The number of the table, in the upper 32 bits, has to be zero. */
	return hv_map(hv, &hv->tsb, arg[1], arg[2], arg[3], arg[4], ret);
}

static unsigned long hv_iommu_demap(struct sun4v_hv *hv,
				    const unsigned long *arg,
				    unsigned long *ret)
{
	return hv_demap(hv, &hv->tsb, arg[1], arg[2], ret);
}

static unsigned long hv_iommu_getmap(struct sun4v_hv *hv,
				     const unsigned long *arg,
				     unsigned long *ret)
{
	unsigned long status = hv_check_range(hv, &hv->tsb, arg[1], 1);
	u64 entry;

	if (status)
		return status;
	entry = hv->tsb.entry[arg[1]];
	if (!(entry & HV_VALID))
		return HV_ENOMAP;
	ret[0] = entry & HV_ATTRS;
	ret[1] = entry & IO_PAGE_MASK;
	return HV_EOK;
}

/* Answers for the page, whatever the offset in it. */
static unsigned long hv_iommu_getbypass(struct sun4v_hv *hv,
					const unsigned long *arg,
					unsigned long *ret)
{
	unsigned long status = hv_check_attrs(hv, arg[2]) ?:
			       hv_check_page(hv, arg[1] & IO_PAGE_MASK);
	u64 machine;

	if (status)
		return status;
	if (hv->strict_order && arg[2] & HV_PCI_MAP_ATTR_RELAXED_ORDER)
		return HV_EINVAL;
	if (!hv_real_to_machine(hv, arg[1], &machine))
		return HV_ENORADDR;
	ret[0] = hv->bypass_base + (machine & IO_PAGE_MASK);
	return HV_EOK;
}

static unsigned long hv_iotsb_conf(struct sun4v_hv *hv,
				   const unsigned long *arg, unsigned long *ret)
{
	unsigned long i, status, entries = arg[2] / sizeof(u64);
	u64 *entry = __va(arg[1]);

	if (hv->iotsb.entry)
		return HV_EBUSY;
	if (arg[3] != IO_PAGE_SIZE || arg[4] & ~IO_PAGE_MASK ||
	    !is_power_of_2(arg[2]))
		return hv_violation(hv, "IOTSB of %lx bytes", arg[2]);
	if (arg[1] % arg[2]) {
		hv_violation(hv, "IOTSB at %lx", arg[1]);
		return HV_EBADALIGN;
	}
	status = hv_check_page(hv, arg[1]);
	if (status)
		return status;
	for (i = 0; i < entries; i++)
		if (entry[i])
			return hv_violation(hv, "IOTSB entry %lx not zero", i);

	hv->iotsb = (struct sun4v_hv_table) {
		.entry		= entry,
		.entries	= entries,
		.base		= arg[4],
		.stuck		= SUN4V_HV_NOT_STUCK,
	};
	ret[0] = HV_IOTSB;
	return HV_EOK;
}

static unsigned long hv_check_iotsb(struct sun4v_hv *hv, unsigned long handle)
{
	if (!hv->iotsb.entry || handle != HV_IOTSB)
		return hv_violation(hv, "IOTSB handle %lx", handle);
	return HV_EOK;
}

static unsigned long hv_iotsb_bind(struct sun4v_hv *hv,
				   const unsigned long *arg, unsigned long *ret)
{
	unsigned long status = hv_check_iotsb(hv, arg[1]);

	if (status)
		return status;
	if (arg[2] & ~HV_PCI_DEVICE_BUILD(0xff, 0x1f, 7))
		return hv_violation(hv, "PCI device %lx", arg[2]);
	hv->bound++;
	return HV_EOK;
}

static unsigned long hv_iotsb_map(struct sun4v_hv *hv, const unsigned long *arg,
				  unsigned long *ret)
{
	return hv_check_iotsb(hv, arg[1]) ?:
	       hv_map(hv, &hv->iotsb, arg[2] & GENMASK(47, 0), arg[2] >> 48,
		      arg[3], arg[4], ret);
}

static unsigned long hv_iotsb_demap(struct sun4v_hv *hv,
				    const unsigned long *arg,
				    unsigned long *ret)
{
	return hv_check_iotsb(hv, arg[1]) ?:
	       hv_demap(hv, &hv->iotsb, arg[2], arg[3], ret);
}

static const struct {
	unsigned long	function;
	unsigned int	nr_args;
	unsigned long	(*handler)(struct sun4v_hv *hv,
				   const unsigned long *arg,
				   unsigned long *ret);
} hv_services[SUN4V_HV_NR_SERVICES] = {
	[SUN4V_HV_MAP]		= { HV_FAST_PCI_IOMMU_MAP, 5, hv_iommu_map },
	[SUN4V_HV_DEMAP]	= { HV_FAST_PCI_IOMMU_DEMAP, 3,
				    hv_iommu_demap },
	[SUN4V_HV_GETMAP]	= { HV_FAST_PCI_IOMMU_GETMAP, 2,
				    hv_iommu_getmap },
	[SUN4V_HV_GETBYPASS]	= { HV_FAST_PCI_IOMMU_GETBYPASS, 3,
				    hv_iommu_getbypass },
	[SUN4V_HV_IOTSB_CONF]	= { HV_FAST_PCI_IOTSB_CONF, 5, hv_iotsb_conf },
	[SUN4V_HV_IOTSB_BIND]	= { HV_FAST_PCI_IOTSB_BIND, 3, hv_iotsb_bind },
	[SUN4V_HV_IOTSB_MAP]	= { HV_FAST_PCI_IOTSB_MAP, 5, hv_iotsb_map },
	[SUN4V_HV_IOTSB_DEMAP]	= { HV_FAST_PCI_IOTSB_DEMAP, 4,
				    hv_iotsb_demap },
};

static unsigned long hv_serve(struct sun4v_hv *hv, int service,
			      const unsigned long *arg, unsigned long *ret)
{
	hv->calls[service]++;
	if (arg[0] != hv->devhandle)
		return hv_violation(hv, "devhandle %lx", arg[0]);
	if (hv->calls[service] == hv->fail[service].call) {
		if (hv->fail[service].status == HV_EOK)
			ret[0] = 0;
		return hv->fail[service].status;
	}
	return hv_services[service].handler(hv, arg, ret);
}

/* A call overwrites its arguments and the function number. */
static void hv_call(struct sun4v_hv *hv, unsigned long *reg)
{
	unsigned long arg[5], function = reg[5];
	int service, i;

	memcpy(arg, reg, sizeof(arg));
	reg[5] = HV_POISON;
	for (service = 0; service < SUN4V_HV_NR_SERVICES; service++)
		if (hv_services[service].function == function)
			break;
	if (service == SUN4V_HV_NR_SERVICES) {
		hv_violation(hv, "function %lx", function);
		reg[0] = HV_EBADTRAP;
		return;
	}
	/* The first result is undefined, too, unless the call succeeds. */
	for (i = 0; i < max(hv_services[service].nr_args, 2); i++)
		reg[i] = HV_POISON;
	reg[0] = hv_serve(hv, service, arg, reg + 1);
}

static int hv_trap(struct notifier_block *nb, unsigned long what, void *data)
{
	struct sun4v_hv *hv = container_of(nb, struct sun4v_hv, nb);
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (what != DIE_TRAP || !(regs->tstate & TSTATE_PRIV) ||
	    *(u32 *)regs->tpc != HV_TRAP_INSN)
		return NOTIFY_DONE;

	scoped_guard(raw_spinlock_irqsave, &hv->lock)
		hv_call(hv, &regs->u_regs[UREG_I0]);
	regs->tpc = regs->tnpc;
	regs->tnpc += 4;
	return NOTIFY_STOP;
}

/**
 * sun4v_hv_start - Answer hypervisor calls
 * @hv: the model, all zero but @devhandle
 * @tsb_base: first address of the legacy IOMMU
 * @tsb_size: bytes that it translates
 *
 * Return: 0 or -ENOMEM.
 */
int sun4v_hv_start(struct sun4v_hv *hv, u32 tsb_base, unsigned long tsb_size)
{
	hv->bypass_base = SUN4V_HV_BYPASS_BASE;
	hv->tsb.base = tsb_base;
	hv->tsb.entries = tsb_size >> IO_PAGE_SHIFT;
	hv->tsb.stuck = SUN4V_HV_NOT_STUCK;
	hv->tsb.entry = vcalloc(hv->tsb.entries, sizeof(u64));
	if (!hv->tsb.entry)
		return -ENOMEM;
	raw_spin_lock_init(&hv->lock);
	hv->nb.notifier_call = hv_trap;
	return register_die_notifier(&hv->nb);
}

/**
 * sun4v_hv_stop - Undo sun4v_hv_start()
 * @hv: the model
 */
void sun4v_hv_stop(struct sun4v_hv *hv)
{
	if (!hv->tsb.entry)
		return;
	unregister_die_notifier(&hv->nb);
	vfree(hv->tsb.entry);
	hv->tsb.entry = NULL;
}

/**
 * sun4v_hv_reset_calls - Start counting calls, none of which fails
 * @hv: the model
 */
void sun4v_hv_reset_calls(struct sun4v_hv *hv)
{
	memset(hv->calls, 0, sizeof(hv->calls));
	memset(hv->fail, 0, sizeof(hv->fail));
	hv->tsb.mapped = 0;
	hv->tsb.reject = 0;
	hv->iotsb.mapped = 0;
	hv->iotsb.reject = 0;
}

/**
 * sun4v_hv_fail - Let a call fail, with nothing done
 * @hv: the model
 * @service: the service that is called
 * @call: number of the call, the next one being the first
 * @status: what it returns. With HV_EOK it succeeds with no page mapped or demapped
 */
void sun4v_hv_fail(struct sun4v_hv *hv, enum sun4v_hv_service service,
		   unsigned int call, unsigned long status)
{
	hv->fail[service].call = hv->calls[service] + call;
	hv->fail[service].status = status;
}

static void *hv_translate(const struct sun4v_hv_table *table, u64 addr,
			  bool write)
{
	unsigned long index = (addr - table->base) >> IO_PAGE_SHIFT;
	unsigned long attr = write ? HV_PCI_MAP_ATTR_WRITE :
				     HV_PCI_MAP_ATTR_READ;
	u64 entry;

	if (addr < table->base || index >= table->entries)
		return NULL;
	entry = table->entry[index];
	if (!(entry & attr))
		return NULL;
	return __va(entry & IO_PAGE_MASK) + (addr & ~IO_PAGE_MASK);
}

/**
 * sun4v_hv_reach - Translate an address as for a device's access
 * @hv: the model
 * @addr: DMA address
 * @write: does it write?
 *
 * Return: virtual address of the memory, or NULL if the access faults.
 */
void *sun4v_hv_reach(struct sun4v_hv *hv, u64 addr, bool write)
{
	void *virt = hv_translate(&hv->tsb, addr, write) ?:
		     hv_translate(&hv->iotsb, addr, write);
	u64 ra;

	if (virt || addr < hv->bypass_base)
		return virt;
	return hv_machine_to_real(hv, addr - hv->bypass_base, &ra) ? __va(ra) :
								     NULL;
}
