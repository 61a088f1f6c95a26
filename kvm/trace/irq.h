/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of interrupts and exceptions on their way into a guest. Compatible
 * records: see exit.h.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_irq

#if !defined(GLASSVISOR_TRACE_IRQ_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_IRQ_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../vcpu.h"

/* An interrupt; @soft: of INT n; @reinjected: its delivery was interrupted by an exit before. */
TRACE_EVENT(kvm_inj_virq,
	TP_PROTO(struct vcpu *vcpu, u32 vector, bool soft, bool reinjected),
	TP_ARGS(vcpu, vector, soft, reinjected),

	TP_STRUCT__entry(
		__field(unsigned int, vector)
		__field(bool, soft)
		__field(bool, reinjected)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->vector = vector;
		__entry->soft = soft;
		__entry->reinjected = reinjected;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u vector 0x%x%s%s", __entry->vm_id, __entry->vcpu_id,
		  __entry->vector, __entry->soft ? " soft" : "",
		  __entry->reinjected ? " reinjected" : "")
);

/* An exception. Vectors are those of APM vol. 2, interrupt vector source and cause. */
TRACE_EVENT(kvm_inj_exception,
	TP_PROTO(struct vcpu *vcpu, u8 vector, bool has_error, u32 error_code, bool reinjected),
	TP_ARGS(vcpu, vector, has_error, error_code, reinjected),

	TP_STRUCT__entry(
		__field(u8, exception)
		__field(u8, has_error)
		__field(u32, error_code)
		__field(bool, reinjected)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->exception = vector;
		__entry->has_error = has_error;
		__entry->error_code = error_code;
		__entry->reinjected = reinjected;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s%s 0x%x%s", __entry->vm_id, __entry->vcpu_id,
		  __print_symbolic(__entry->exception,
				   {0, "#DE"}, {1, "#DB"}, {3, "#BP"}, {4, "#OF"}, {5, "#BR"},
				   {6, "#UD"}, {7, "#NM"}, {8, "#DF"}, {10, "#TS"}, {11, "#NP"},
				   {12, "#SS"}, {13, "#GP"}, {14, "#PF"}, {16, "#MF"}, {17, "#AC"},
				   {18, "#MC"}, {19, "#XF"}, {21, "#CP"}),
		  __entry->has_error ? " error_code" : " no_error_code", __entry->error_code,
		  __entry->reinjected ? " reinjected" : "")
);

#endif /* GLASSVISOR_TRACE_IRQ_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE irq
#include <trace/define_trace.h>
