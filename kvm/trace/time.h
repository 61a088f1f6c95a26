/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the guest's clocks: TSC offsets and kvmclock. Compatible records: see
 * exit.h. "Master clock": all vCPUs read kvmclock as one function of the TSC.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR kvm_trace_time

#if !defined(GLASSVISOR_TRACE_TIME_H) || defined(TRACE_HEADER_MULTI_READ)
#define GLASSVISOR_TRACE_TIME_H

/* The formatter does not know TRACE_EVENT. */
/* clang-format off */
#include <linux/tracepoint.h>

#include "../vcpu.h"
#include "../x86/tsc.h"

#define HOST_CLOCK(clock) __print_symbolic(clock, {0, "none"}, {1, "tsc"})

TRACE_EVENT(kvm_write_tsc_offset,
	TP_PROTO(struct vcpu *vcpu, u64 previous, u64 next),
	TP_ARGS(vcpu, previous, next),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(__u64, previous_tsc_offset)
		__field(__u64, next_tsc_offset)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->previous_tsc_offset = previous;
		__entry->next_tsc_offset = next;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u from 0x%llx to 0x%llx", __entry->vm_id, __entry->vcpu_id,
		  __entry->previous_tsc_offset, __entry->next_tsc_offset)
);

/* @matched: vCPUs beside this one with the same offset, of @online in all; @clock: 1 the TSC. */
TRACE_EVENT(kvm_track_tsc,
	TP_PROTO(struct vcpu *vcpu, u32 matched, u32 online, bool master, u32 clock),
	TP_ARGS(vcpu, matched, online, master, clock),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(unsigned int, nr_vcpus_matched_tsc)
		__field(unsigned int, online_vcpus)
		__field(bool, use_master_clock)
		__field(unsigned int, host_clock)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->nr_vcpus_matched_tsc = matched;
		__entry->online_vcpus = online;
		__entry->use_master_clock = master;
		__entry->host_clock = clock;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u matches %u of %u, master clock %u, host clock %s",
		  __entry->vm_id, __entry->vcpu_id, __entry->nr_vcpus_matched_tsc,
		  __entry->online_vcpus, __entry->use_master_clock,
		  HOST_CLOCK(__entry->host_clock))
);

TRACE_EVENT(kvm_update_master_clock,
	TP_PROTO(const struct vm *vm, bool master, u32 clock, bool matched),
	TP_ARGS(vm, master, clock, matched),

	TP_STRUCT__entry(
		__field(bool, use_master_clock)
		__field(unsigned int, host_clock)
		__field(bool, offset_matched)
		__field(u32, vm_id)
		__field(u32, vcpu_id)
	),

	TP_fast_assign(
		__entry->use_master_clock = master;
		__entry->host_clock = clock;
		__entry->offset_matched = matched;
		__entry->vm_id = vm->vm_id;
		__entry->vcpu_id = NO_VCPU;
	),

	TP_printk("vm %u master clock %u, host clock %s, offsets match %u", __entry->vm_id,
		  __entry->use_master_clock, HOST_CLOCK(__entry->host_clock),
		  __entry->offset_matched)
);

/* The page as the guest will read it. */
TRACE_EVENT(kvm_pvclock_update,
	TP_PROTO(struct vcpu *vcpu, const struct tsc_pvclock *clock),
	TP_ARGS(vcpu, clock),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(__u32, version)
		__field(__u64, tsc_timestamp)
		__field(__u64, system_time)
		__field(__u32, tsc_to_system_mul)
		__field(__s8, tsc_shift)
		__field(__u8, flags)
		__field(u32, vm_id)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->version = clock->version;
		__entry->tsc_timestamp = clock->tsc_timestamp;
		__entry->system_time = clock->system_time;
		__entry->tsc_to_system_mul = clock->tsc_to_system_mul;
		__entry->tsc_shift = clock->tsc_shift;
		__entry->flags = clock->flags;
		__entry->vm_id = vcpu->vm->vm_id;
	),

	TP_printk("vm %u vcpu %u version %u tsc 0x%llx time 0x%llx mul 0x%x shift %d flags 0x%x",
		  __entry->vm_id, __entry->vcpu_id, __entry->version, __entry->tsc_timestamp,
		  __entry->system_time, __entry->tsc_to_system_mul, __entry->tsc_shift,
		  __entry->flags)
);

#endif /* GLASSVISOR_TRACE_TIME_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE time
#include <trace/define_trace.h>
