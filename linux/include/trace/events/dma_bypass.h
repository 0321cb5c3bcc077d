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
	TP_PROTO(struct device *dev, const struct dma_bypass_window *win),
	TP_ARGS(dev, win),

	TP_STRUCT__entry(
		__string(device, dev_name(dev))
		__field(u64, base)
		__field(u64, size)
		__field(unsigned int, ranges)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->base = win->base;
		__entry->size = win->size;
		__entry->ranges = win->nr_ranges;
	),

	TP_printk("%s base=0x%llx size=0x%llx ranges=%u", __get_str(device),
		  __entry->base, __entry->size, __entry->ranges)
);

DEFINE_EVENT(dma_bypass_window, dma_bypass_open,
	TP_PROTO(struct device *dev, const struct dma_bypass_window *win),
	TP_ARGS(dev, win));

DEFINE_EVENT(dma_bypass_window, dma_bypass_close,
	TP_PROTO(struct device *dev, const struct dma_bypass_window *win),
	TP_ARGS(dev, win));

#endif /* _TRACE_DMA_BYPASS_H */

#include <trace/define_trace.h>
