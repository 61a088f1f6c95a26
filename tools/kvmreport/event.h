/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One tracepoint record, taken out of its kernel format: which event, when, on
 * which thread, and the fields that the report wants, by position.
 */
#ifndef KVMREPORT_EVENT_H
#define KVMREPORT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_VALUES 4
#define EVENT_BYTES  15

/*
 *	EVENT(id, tracepoint, must exist, fields...)
 *
 * The fields are those that stock KVM's record of that name has; values[] is
 * in the order given here. A missing optional field reads as 0.
 */
#define EVENT_LIST(EVENT)                                                                          \
	EVENT(ENTRY, "kvm_entry", true, "vcpu_id")                                                 \
	EVENT(EXIT, "kvm_exit", true, "exit_reason", "isa", "vcpu_id")                             \
	EVENT(USERSPACE_EXIT, "kvm_userspace_exit", true, "reason", "errno")                       \
	EVENT(FPU, "kvm_fpu", false, "load")                                                       \
	EVENT(PIO, "kvm_pio", false, "rw", "port", "size", "count")                                \
	EVENT(MMIO, "kvm_mmio", false, "type", "len", "gpa")                                       \
	EVENT(MSR, "kvm_msr", false, "write", "ecx", "exception")                                  \
	EVENT(CR, "kvm_cr", false, "rw", "cr")                                                     \
	EVENT(CPUID, "kvm_cpuid", false, "function", "index")                                      \
	EVENT(PAGE_FAULT, "kvm_page_fault", false, "fault_address", "error_code")                  \
	EVENT(INJ_VIRQ, "kvm_inj_virq", false, "vector")                                           \
	EVENT(INJ_EXCEPTION, "kvm_inj_exception", false, "exception")                              \
	EVENT(EMULATE, "kvm_emulate_insn", false, "len", "flags", "failed")                        \
	EVENT(HYPERCALL, "kvm_hypercall", false, "nr")                                             \
	EVENT(WAKEUP, "kvm_vcpu_wakeup", false, "ns")

enum event_kind {
#define EVENT(id, ...) EVENT_##id,
	EVENT_LIST(EVENT)
#undef EVENT
		EVENT_KINDS
};

struct event {
	uint64_t ns; /* CLOCK_MONOTONIC */
	int tid;
	uint16_t kind; /* enum event_kind */
	bool lost;     /* records were lost before this one on its CPU */
	uint64_t values[EVENT_VALUES];
	uint8_t bytes[EVENT_BYTES]; /* EVENT_EMULATE: the instruction */
};

#endif /* KVMREPORT_EVENT_H */
