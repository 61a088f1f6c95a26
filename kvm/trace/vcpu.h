/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of instructions that read or write a register of the virtual CPU.
 * Compatible records: see exit.h.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_vcpu

#if !defined(GLASSVISOR_TRACE_VCPU_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_VCPU_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../vcpu.h"

/* RDMSR or WRMSR; @exception: it gave #GP, and @data means nothing for a read. */
TRACE_EVENT(kvm_msr,
	TP_PROTO(struct vcpu *vcpu, bool write, u32 ecx, u64 data, bool exception),
	TP_ARGS(vcpu, write, ecx, data, exception),

	TP_STRUCT__entry(
		__field(unsigned int, write)
		__field(u32, ecx)
		__field(u64, data)
		__field(u8, exception)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->write = write;
		__entry->ecx = ecx;
		__entry->data = data;
		__entry->exception = exception;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s msr 0x%x data 0x%llx%s", __entry->vm_id, __entry->vcpu_id,
		  __entry->write ? "write" : "read", __entry->ecx, __entry->data,
		  __entry->exception ? " #GP" : "")
);

TRACE_EVENT(kvm_cr,
	TP_PROTO(struct vcpu *vcpu, bool write, u32 cr, u64 val),
	TP_ARGS(vcpu, write, cr, val),

	TP_STRUCT__entry(
		__field(unsigned int, rw)
		__field(unsigned int, cr)
		__field(unsigned long, val)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->rw = write;
		__entry->cr = cr;
		__entry->val = val;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s cr%u val 0x%lx", __entry->vm_id, __entry->vcpu_id,
		  __entry->rw ? "write" : "read", __entry->cr, __entry->val)
);

/*
 * What a CPUID instruction got. used_max_basic is stock KVM's: the leaf was out
 * of range and the highest basic one answered, as Intel's CPUs do. Here such a
 * leaf reads as zeroes, as AMD's CPUs do, so it is always false.
 */
TRACE_EVENT(kvm_cpuid,
	TP_PROTO(struct vcpu *vcpu, u32 function, u32 index, u32 eax, u32 ebx, u32 ecx, u32 edx,
		 bool found),
	TP_ARGS(vcpu, function, index, eax, ebx, ecx, edx, found),

	TP_STRUCT__entry(
		__field(unsigned int, function)
		__field(unsigned int, index)
		__field(unsigned long, rax)
		__field(unsigned long, rbx)
		__field(unsigned long, rcx)
		__field(unsigned long, rdx)
		__field(bool, found)
		__field(bool, used_max_basic)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->function = function;
		__entry->index = index;
		__entry->rax = eax;
		__entry->rbx = ebx;
		__entry->rcx = ecx;
		__entry->rdx = edx;
		__entry->found = found;
		__entry->used_max_basic = false;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u leaf 0x%x subleaf 0x%x "
		  "eax 0x%lx ebx 0x%lx ecx 0x%lx edx 0x%lx%s%s",
		  __entry->vm_id, __entry->vcpu_id, __entry->function, __entry->index, __entry->rax,
		  __entry->rbx, __entry->rcx, __entry->rdx, __entry->found ? "" : " not_found",
		  __entry->used_max_basic ? " used_max_basic" : "")
);

/* VMMCALL or VMCALL: number and arguments as the guest passed them. */
TRACE_EVENT(kvm_hypercall,
	TP_PROTO(struct vcpu *vcpu, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3),
	TP_ARGS(vcpu, nr, a0, a1, a2, a3),

	TP_STRUCT__entry(
		__field(unsigned long, nr)
		__field(unsigned long, a0)
		__field(unsigned long, a1)
		__field(unsigned long, a2)
		__field(unsigned long, a3)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->nr = nr;
		__entry->a0 = a0;
		__entry->a1 = a1;
		__entry->a2 = a2;
		__entry->a3 = a3;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u nr 0x%lx a0 0x%lx a1 0x%lx a2 0x%lx a3 0x%lx", __entry->vm_id,
		  __entry->vcpu_id, __entry->nr, __entry->a0, __entry->a1, __entry->a2, __entry->a3)
);

/* The guest's FPU state goes into the CPU (@load) or out of it; the thread says whose. */
TRACE_EVENT(kvm_fpu,
	TP_PROTO(struct vcpu *vcpu, bool load),
	TP_ARGS(vcpu, load),

	TP_STRUCT__entry(
		__field(u32, load)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->load = load;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u %s", __entry->vm_id, __entry->vcpu_id,
		  __entry->load ? "load" : "unload")
);

#endif /* GLASSVISOR_TRACE_VCPU_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vcpu
#include <trace/define_trace.h>
