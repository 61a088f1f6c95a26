/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the way into the guest and out of it. System "kvm": name, type and
 * order of the fields are stock KVM's, because perf, trace-cmd, bcc and others
 * read them; fields of ours follow at the end only. The text after a record is
 * our own and made of plain conversions, so that every tool can parse it.
 *
 * kvm_exit's first argument is the exit reason: raw tracepoints rely on it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_exit

#if !defined(GLASSVISOR_TRACE_EXIT_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_EXIT_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../../debugfs-schema/reasons.h"
#include "../vcpu.h"
#include "symbol.h"

/*
 * Immediately before the hardware enters the guest. immediate_exit: only to
 * leave at once, which stock KVM does at times and this driver never.
 */
TRACE_EVENT(kvm_entry,
	TP_PROTO(struct vcpu *vcpu),
	TP_ARGS(vcpu),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(unsigned long, rip)
		__field(bool, immediate_exit)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->rip = vcpu->rip;
		__entry->immediate_exit = false;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u rip 0x%lx%s", __entry->vm_id, __entry->vcpu_id, __entry->rip,
		  __entry->immediate_exit ? " immediate_exit" : "")
);

/* Immediately after it left. @reason is exit->hw_reason. */
TRACE_EVENT(kvm_exit,
	TP_PROTO(u32 reason, struct vcpu *vcpu, const struct exit *exit),
	TP_ARGS(reason, vcpu, exit),

	TP_STRUCT__entry(
		__field(unsigned int, exit_reason)
		__field(unsigned long, guest_rip)
		__field(u32, isa)
		__field(u64, info1)
		__field(u64, info2)
		__field(u32, intr_info)
		__field(u32, error_code)
		__field(unsigned int, vcpu_id)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->exit_reason = reason;
		__entry->guest_rip = vcpu->rip;
		__entry->isa = exit->isa;
		__entry->info1 = exit->info1;
		__entry->info2 = exit->info2;
		__entry->intr_info = exit->intr_info;
		__entry->error_code = exit->error_code;
		__entry->vcpu_id = vcpu->id;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u reason %s rip 0x%lx info1 0x%llx info2 0x%llx "
		  "intr_info 0x%x error_code 0x%x",
		  __entry->vm_id, __entry->vcpu_id,
		  __entry->isa == EXIT_ISA_SVM ?
			  TRACE_SYMBOL(__entry->exit_reason, SVM_REASONS(TRACE_ROW)) :
			  TRACE_SYMBOL(__entry->exit_reason, VMX_REASONS(TRACE_ROW)),
		  __entry->guest_rip, __entry->info1, __entry->info2, __entry->intr_info,
		  __entry->error_code)
);

/* KVM_RUN returns: @reason is KVM_EXIT_*, or @err a negative errno. */
TRACE_EVENT(kvm_userspace_exit,
	TP_PROTO(struct vcpu *vcpu, u32 reason, int err),
	TP_ARGS(vcpu, reason, err),

	TP_STRUCT__entry(
		__field(__u32, reason)
		__field(int, errno)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->reason = reason;
		__entry->errno = err;
		__entry->vm_id = vcpu->vm->vm_id;
		__entry->vcpu_id = vcpu->id;
	),

	TP_printk("vm %u vcpu %u reason %s errno %d", __entry->vm_id, __entry->vcpu_id,
		  TRACE_SYMBOL(__entry->reason, USER_REASONS(TRACE_ROW)), __entry->errno)
);

#endif /* GLASSVISOR_TRACE_EXIT_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE exit
#include <trace/define_trace.h>
