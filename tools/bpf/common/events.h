/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that the tools attach to, with their fields: shared by the BPF
 * programs and the code that attaches them, and so includes the schema only.
 *
 * Fields of our own events are those of debugfs-schema/events.h, in its order,
 * which is also the order of the tracepoint's arguments. Of stock KVM's events
 * and the scheduler's only the fields used here are listed; they are found by
 * name in the event's format file and never taken from arguments.
 */
#ifndef GLASSVISOR_TOOLS_BPF_EVENTS_H
#define GLASSVISOR_TOOLS_BPF_EVENTS_H

#include "../../../debugfs-schema/events.h"

/* Each event is E(system, event); its fields are ALL_FIELDS_<event>(F). */
#define TOOL_EVENTS(E)                                                                             \
	E(glassvisor, gv_exit)                                                                     \
	E(glassvisor, gv_userspace)                                                                \
	E(glassvisor, gv_mmu_fault)                                                                \
	E(glassvisor, gv_dirty_pass)                                                               \
	E(glassvisor, gv_irq_request)                                                              \
	E(glassvisor, gv_irq_inject)                                                               \
	E(glassvisor, gv_irq_eoi)                                                                  \
	E(glassvisor, gv_halt)                                                                     \
	E(glassvisor, gv_wakeup)                                                                   \
	E(kvm, kvm_exit)                                                                           \
	E(kvm, kvm_entry)                                                                          \
	E(kvm, kvm_userspace_exit)                                                                 \
	E(kvm, kvm_page_fault)                                                                     \
	E(kvm, kvm_vcpu_wakeup)                                                                    \
	E(kvm, kvm_apic_accept_irq)                                                                \
	E(kvm, kvm_inj_virq)                                                                       \
	E(kvm, kvm_eoi)                                                                            \
	E(kvm, kvm_pv_eoi)                                                                         \
	E(sched, sched_waking)

#define NATIVE_IDS(F)                                                                              \
	F(u32, vm_id, "", AS_IS, NONE, "")                                                         \
	F(u32, vcpu_id, "", AS_IS, NONE, "")

#define ALL_FIELDS_gv_exit(F)	     NATIVE_IDS(F) FIELDS_gv_exit(F)
#define ALL_FIELDS_gv_userspace(F)   NATIVE_IDS(F) FIELDS_gv_userspace(F)
#define ALL_FIELDS_gv_mmu_fault(F)   NATIVE_IDS(F) FIELDS_gv_mmu_fault(F)
#define ALL_FIELDS_gv_dirty_pass(F)  NATIVE_IDS(F) FIELDS_gv_dirty_pass(F)
#define ALL_FIELDS_gv_irq_request(F) NATIVE_IDS(F) FIELDS_gv_irq_request(F)
#define ALL_FIELDS_gv_irq_inject(F)  NATIVE_IDS(F) FIELDS_gv_irq_inject(F)
#define ALL_FIELDS_gv_irq_eoi(F)     NATIVE_IDS(F) FIELDS_gv_irq_eoi(F)
#define ALL_FIELDS_gv_halt(F)	     NATIVE_IDS(F) FIELDS_gv_halt(F)
#define ALL_FIELDS_gv_wakeup(F)	     NATIVE_IDS(F) FIELDS_gv_wakeup(F)

#define ALL_FIELDS_kvm_exit(F)                                                                     \
	F(u32, exit_reason, "", AS_IS, NONE, "")                                                   \
	F(u64, guest_rip, "", AS_IS, NONE, "")                                                     \
	F(u32, isa, "", AS_IS, NONE, "")                                                           \
	F(u32, vcpu_id, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_entry(F) F(u32, vcpu_id, "", AS_IS, NONE, "")
#define ALL_FIELDS_kvm_userspace_exit(F)

#define ALL_FIELDS_kvm_page_fault(F)                                                               \
	F(u32, vcpu_id, "", AS_IS, NONE, "")                                                       \
	F(u64, fault_address, "", AS_IS, NONE, "")                                                 \
	F(u64, error_code, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_vcpu_wakeup(F)                                                              \
	F(u64, ns, "", AS_IS, NONE, "")                                                            \
	F(u8, waited, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_apic_accept_irq(F)                                                          \
	F(u32, apicid, "", AS_IS, NONE, "")                                                        \
	F(u16, dm, "", AS_IS, NONE, "")                                                            \
	F(u8, vec, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_inj_virq(F)                                                                 \
	F(u32, vector, "", AS_IS, NONE, "")                                                        \
	F(u8, soft, "", AS_IS, NONE, "")                                                           \
	F(u8, reinjected, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_eoi(F)                                                                      \
	F(u32, apicid, "", AS_IS, NONE, "")                                                        \
	F(u32, vector, "", AS_IS, NONE, "")

#define ALL_FIELDS_kvm_pv_eoi(F) ALL_FIELDS_kvm_eoi(F)

#define ALL_FIELDS_sched_waking(F) F(u32, pid, "", AS_IS, NONE, "")

/* enum event_id: EVENT_<event>, the row of offsets[] that belongs to it. */
#define EVENT_ID(system, event) EVENT_##event,
enum event_id { TOOL_EVENTS(EVENT_ID) EVENT_COUNT };
#undef EVENT_ID

/* Columns of offsets[]: the event's fields in the order of ALL_FIELDS. */
#define EVENT_MAX_FIELDS 12

/* Bytes of a trace record that hold all the fields above. */
#define RECORD_BYTES 128

#endif /* GLASSVISOR_TOOLS_BPF_EVENTS_H */
