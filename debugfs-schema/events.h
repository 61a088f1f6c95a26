/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of trace system "glassvisor": their arguments are their fields,
 * scalars in this order, which raw tracepoints and BPF programs rely on. A
 * record also begins with the usual common fields. At most 12 fields (the
 * kernel's limit for raw tracepoints); fields are only ever added at the end.
 *
 * FIELDS_<event>(F) applies F to the fields after the first two, which all
 * events have: u32 vm_id, u32 vcpu_id (NO_VCPU: the VM as a whole).
 *
 *	F(type, name, "format", SHOW, unit, "text")
 *
 *	format  printf conversion of the plain value
 *	SHOW    AS_IS, or AS_<LIST>: the name from that list is shown instead
 *	unit    NONE, NS, BYTES (addresses too), PAGES or GFN
 */
#ifndef GLASSVISOR_SCHEMA_EVENTS_H
#define GLASSVISOR_SCHEMA_EVENTS_H

#define NO_VCPU 0xffffffffU

#define EVENTS(E)                                                                                  \
	E(gv_exit, "An exit was handled; just before the next entry, or KVM_RUN's return")         \
	E(gv_slow_exit, "The same, for exits whose handling took longer than slow_exit_ns")        \
	E(gv_userspace, "KVM_RUN was called again: how long the vCPU was outside")                 \
	E(gv_mmu_fault, "An MMU fault was handled")                                                \
	E(gv_dirty_pass, "A pass of the dirty log is done")                                        \
	E(gv_memslot, "A memory slot was created, deleted, moved or re-flagged")                   \
	E(gv_irq_request, "An interrupt, NMI, INIT or SIPI is asked for")                          \
	E(gv_irq_inject, "An interrupt goes into the guest with the next entry")                   \
	E(gv_irq_eoi, "An interrupt ended: the guest wrote EOI")                                   \
	E(gv_halt, "A vCPU begins to wait in the kernel")                                          \
	E(gv_wakeup, "It ends to wait")                                                            \
	E(gv_storm, "The same exit came more than storm_count times in a row within storm_ns")     \
	E(gv_recorder_freeze, "A flight recorder was frozen")

#define FIELDS_gv_exit(F)                                                                          \
	F(u32, kind, "%u", AS_EXIT_KINDS, NONE, "What kind of exit it was")                        \
	F(u32, reason, "0x%x", AS_HW_REASON, NONE, "The hardware's reason")                        \
	F(u32, isa, "%u", AS_IS, NONE, "Whose reasons: 1 VMX, 2 SVM")                              \
	F(u64, rip, "0x%llx", AS_IS, BYTES, "RIP at the exit")                                     \
	F(u32, mode, "%u", AS_IS, NONE, "Bits 1:0: CPL; bits 7:4: code size 16, 32 or 64 over 16") \
	F(u64, key, "0x%llx", AS_IS, NONE, "Port, MSR, gpa, CPUID leaf ..., as the kind says")     \
	F(u64, guest_ns, "%llu", AS_IS, NS, "Time in the guest before the exit")                   \
	F(u64, handle_ns, "%llu", AS_IS, NS, "Time from the exit to this event")                   \
	F(u32, outcome, "%u", AS_OUTCOMES, NONE, "What became of it")

#define FIELDS_gv_slow_exit(F) FIELDS_gv_exit(F)

#define FIELDS_gv_userspace(F)                                                                     \
	F(u32, reason, "%u", AS_USER_REASONS, NONE, "What KVM_RUN had returned for")               \
	F(u64, outside_ns, "%llu", AS_IS, NS, "Time between return and call")

#define FIELDS_gv_mmu_fault(F)                                                                     \
	F(u64, gpa, "0x%llx", AS_IS, BYTES, "Guest physical address")                              \
	F(u64, gva, "0x%llx", AS_IS, BYTES, "Guest virtual address; 0: not known")                 \
	F(u32, error_code, "0x%x", AS_IS, NONE,                                                    \
	  "As of a #PF: bit 0 present, 1 write, 2 user, "                                          \
	  "3 reserved, 4 fetch")                                                                   \
	F(u32, kind, "%u", AS_FAULT_KINDS, NONE, "What it turned out to be")                       \
	F(u32, slot, "%d", AS_IS, NONE, "Memory slot; -1: none")                                   \
	F(u32, level, "%u", AS_IS, NONE, "Size mapped: 1 4K, 2 2M, 3 1G; 0: nothing")              \
	F(u32, result, "%u", AS_FAULT_RESULTS, NONE, "What the vCPU does next")                    \
	F(u64, handle_ns, "%llu", AS_IS, NS, "Time from the exit to this event")                   \
	F(u32, rounds, "%u", AS_IS, NONE, "Tries it took")

#define FIELDS_gv_dirty_pass(F)                                                                    \
	F(u32, slot, "%u", AS_IS, NONE, "Memory slot")                                             \
	F(u32, mode, "%u", AS_DIRTY_MODES, NONE, "What asked for it")                              \
	F(u64, npages, "%llu", AS_IS, PAGES, "Pages of the slot")                                  \
	F(u64, dirty, "%llu", AS_IS, PAGES, "Pages found dirty")                                   \
	F(u64, protected, "%llu", AS_IS, NONE,                                                     \
	  "Mappings that lost their write access, or dirty bit where the hardware logs")           \
	F(u32, flushes, "%u", AS_IS, NONE, "TLB flushes of the whole VM")                          \
	F(u64, protect_ns, "%llu", AS_IS, NS, "Time to collect and protect")                       \
	F(u64, flush_ns, "%llu", AS_IS, NS, "Time to flush")                                       \
	F(u64, copy_ns, "%llu", AS_IS, NS, "Time to hand the bitmap out")                          \
	F(u64, pass, "%llu", AS_IS, NONE, "Number of the pass, from 1, over the VM's life")

#define FIELDS_gv_memslot(F)                                                                       \
	F(u32, slot, "%u", AS_IS, NONE, "Memory slot")                                             \
	F(u32, change, "%u", AS_SLOT_CHANGES, NONE, "What changed")                                \
	F(u64, gfn, "0x%llx", AS_IS, GFN, "First guest frame; of a deleted slot, where it was")    \
	F(u64, npages, "%llu", AS_IS, PAGES, "Its size")                                           \
	F(u64, hva, "0x%llx", AS_IS, BYTES, "Host virtual address of its memory")                  \
	F(u32, flags, "0x%x", AS_IS, NONE, "KVM_MEM_*: bit 0 logs dirty pages, bit 1 read-only")   \
	F(u64, lock_ns, "%llu", AS_IS, NS, "Time under slots_lock")

#define FIELDS_gv_irq_request(F)                                                                   \
	F(u32, vector, "0x%x", AS_IS, NONE, "Vector")                                              \
	F(u32, source, "%u", AS_IRQ_SOURCES, NONE, "Where it comes from")                          \
	F(u32, delivery, "%u", AS_IRQ_DELIVERIES, NONE, "What it is")                              \
	F(u32, coalesced, "%u", AS_IS, NONE, "1: the same waits already, this one is lost")        \
	F(u32, seq, "%u", AS_IS, NONE, "Its number, over the VM; 0: none")

#define FIELDS_gv_irq_inject(F)                                                                    \
	F(u32, vector, "0x%x", AS_IS, NONE, "Vector")                                              \
	F(u64, wait_ns, "%llu", AS_IS, NS,                                                         \
	  "Time since it was asked for; seq 0: since its chip gave it")                            \
	F(u32, seq, "%u", AS_IS, NONE, "Number of its gv_irq_request; 0: not known")               \
	F(u32, source, "%u", AS_IRQ_SOURCES, NONE, "Where it came from")

#define FIELDS_gv_irq_eoi(F)                                                                       \
	F(u32, vector, "0x%x", AS_IS, NONE, "Vector")                                              \
	F(u32, source, "%u", AS_IRQ_SOURCES, NONE, "Where it came from")                           \
	F(u32, level, "%u", AS_IS, NONE, "1: level triggered; 0: edge, or the PIC's")              \
	F(u32, seq, "%u", AS_IS, NONE, "Number of its gv_irq_request; 0: not known")               \
	F(u64, since_ns, "%llu", AS_IS, NS, "Time since it was asked for; 0: not known")

#define FIELDS_gv_halt(F)                                                                          \
	F(u32, state, "%u", AS_IS, NONE, "KVM_MP_STATE_*: 3 halted, 1 and 2 wait for INIT, SIPI")  \
	F(u64, rip, "0x%llx", AS_IS, BYTES, "RIP, after the HLT")                                  \
	F(u64, poll_ns, "%llu", AS_IS, NS, "How long it polls at most before it sleeps")

#define FIELDS_gv_wakeup(F)                                                                        \
	F(u32, cause, "%u", AS_WAKE_CAUSES, NONE, "What came")                                     \
	F(u64, polled_ns, "%llu", AS_IS, NS, "Time that it polled")                                \
	F(u64, waited_ns, "%llu", AS_IS, NS, "Time that it slept then; 0: it was woken before")

#define FIELDS_gv_storm(F)                                                                         \
	F(u32, kind, "%u", AS_EXIT_KINDS, NONE, "What kind of exit it is")                         \
	F(u64, key, "0x%llx", AS_IS, NONE, "Port, MSR, gpa ..., as the kind says")                 \
	F(u64, rip, "0x%llx", AS_IS, BYTES, "RIP at the last of them")                             \
	F(u64, count, "%llu", AS_IS, NONE, "How many there were in a row")                         \
	F(u64, during_ns, "%llu", AS_IS, NS, "Time that they took")

#define FIELDS_gv_recorder_freeze(F)                                                               \
	F(u32, cause, "%u", AS_FREEZE_CAUSES, NONE, "Why")                                         \
	F(u32, records, "%u", AS_IS, NONE, "Exits in it")                                          \
	F(u32, id, "%u", AS_IS, NONE, "Its number below glassvisor/recorder/")

#endif /* GLASSVISOR_SCHEMA_EVENTS_H */
