/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dma_bypass

#if !defined(_TRACE_DMA_BYPASS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_DMA_BYPASS_H

#include <linux/dma-bypass-ops.h>
#include <linux/tracepoint.h>

TRACE_EVENT(dma_bypass_refuse,
	TP_PROTO(struct device *dev, enum dma_bypass_reason reason),
	TP_ARGS(dev, reason),

	TP_STRUCT__entry(
		__string(device, dev_name(dev))
		__string(reason, dma_bypass_reason_name(reason))
	),

	TP_fast_assign(
		__assign_str(device);
		__assign_str(reason);
	),

	TP_printk("%s reason=%s", __get_str(device), __get_str(reason))
);

DECLARE_EVENT_CLASS(dma_bypass_window,
	TP_PROTO(struct device *dev, dma_addr_t base,
		 const struct dma_bypass_info *info, u64 ns),
	TP_ARGS(dev, base, info, ns),

	TP_STRUCT__entry(
		__string(device, dev_name(dev))
		__field(u64, base)
		__field(u64, size)
		__field(u64, pgsizes)
		__field(u64, tables)
		__field(u64, ns)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->base = base;
		__entry->size = info->size;
		__entry->pgsizes = info->pgsizes;
		__entry->tables = info->tables;
		__entry->ns = ns;
	),

	TP_printk("%s base=0x%llx size=0x%llx pgsizes=0x%llx tables=%llu ns=%llu",
		__get_str(device), __entry->base, __entry->size,
		__entry->pgsizes, __entry->tables, __entry->ns)
);

DEFINE_EVENT(dma_bypass_window, dma_bypass_open,
	TP_PROTO(struct device *dev, dma_addr_t base,
		 const struct dma_bypass_info *info, u64 ns),
	TP_ARGS(dev, base, info, ns));

DEFINE_EVENT(dma_bypass_window, dma_bypass_close,
	TP_PROTO(struct device *dev, dma_addr_t base,
		 const struct dma_bypass_info *info, u64 ns),
	TP_ARGS(dev, base, info, ns));

#endif /* _TRACE_DMA_BYPASS_H */

#include <trace/define_trace.h>
