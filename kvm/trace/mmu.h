/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the MMU. Compatible records: see exit.h.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_mmu

#if !defined(GLASSVISOR_TRACE_MMU_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_MMU_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../vcpu.h"

/* @fault_address: guest physical, bytes. @error_code: the hardware's, whole. */
TRACE_EVENT(kvm_page_fault,
	TP_PROTO(struct vcpu *vcpu, u64 fault_address, u64 error_code),
	TP_ARGS(vcpu, fault_address, error_code),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(unsigned long, guest_rip)
		__field(u64, fault_address)
		__field(u64, error_code)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->guest_rip = vcpu->rip;
		__entry->fault_address = fault_address;
		__entry->error_code = error_code;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u rip 0x%lx address 0x%llx error_code 0x%llx", __entry->vm_id,
		  __entry->vcpu_id, __entry->guest_rip, __entry->fault_address, __entry->error_code)
);

#endif /* GLASSVISOR_TRACE_MMU_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mmu
#include <trace/define_trace.h>
