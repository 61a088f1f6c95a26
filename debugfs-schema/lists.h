/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Named values: what a number in an event, a histogram's label, a snapshot or
 * a flight record stands for. The kernel, the tools, the BPF programs and the
 * tests all take them from here.
 *
 * Each list is a macro that applies X to its rows. Numbers and names are a
 * promise: rows are only ever added, and names.lock holds them to it.
 *
 *	X(number, ID, "name", ..., "text")
 *
 * Hardware reasons and KVM_EXIT_* have lists of their own: reasons.h.
 */
#ifndef GLASSVISOR_SCHEMA_LISTS_H
#define GLASSVISOR_SCHEMA_LISTS_H

/* enum exit_kind: X(number, ID, name, key, text). key: what the exit's sub-key is; "": it has none. */
#define EXIT_KINDS(X)                                                                              \
	X(0, NONE, "none", "", "Finished in the back end")                                         \
	X(1, HOST_INTR, "host_intr", "", "An interrupt, NMI, SMI or machine check of the host")    \
	X(2, CPUID, "cpuid", "leaf", "CPUID")                                                      \
	X(3, HLT, "hlt", "", "HLT")                                                                \
	X(4, IO, "io", "port", "A port access: IN, OUT, INS, OUTS")                                \
	X(5, MSR, "msr", "msr", "RDMSR or WRMSR")                                                  \
	X(6, CR, "cr", "cr", "A control register access")                                          \
	X(7, DR, "dr", "dr", "A debug register access")                                            \
	X(8, MMU_FAULT, "mmu_fault", "gpa", "A fault in the nested page tables, MMIO included")    \
	X(9, EXCEPTION, "exception", "vector", "An intercepted exception")                         \
	X(10, IRQ_WINDOW, "irq_window", "", "The guest became ready for an interrupt")             \
	X(11, NMI_WINDOW, "nmi_window", "", "The guest became ready for an NMI")                   \
	X(12, HYPERCALL, "hypercall", "nr", "A hypercall: VMMCALL, VMCALL")                        \
	X(13, XSETBV, "xsetbv", "", "XSETBV")                                                      \
	X(14, RDPMC, "rdpmc", "", "RDPMC")                                                         \
	X(15, INVLPG, "invlpg", "gva", "INVLPG")                                                   \
	X(16, WBINVD, "wbinvd", "", "WBINVD or INVD")                                              \
	X(17, NOP, "nop", "", "An instruction without effect here: PAUSE, MONITOR, MWAIT")         \
	X(18, UD, "ud", "", "An instruction that this virtual CPU does not have")                  \
	X(19, TASK_SWITCH, "task_switch", "selector", "A task switch by the hardware")             \
	X(20, TRIPLE_FAULT, "triple_fault", "", "A triple fault: shutdown")                        \
	X(21, EMULATE, "emulate", "", "An intercepted instruction that the emulator finishes")     \
	X(22, ENTRY_FAILED, "entry_failed", "rule", "The hardware refused the guest's state")      \
	X(23, UNKNOWN, "unknown", "", "An exit reason that is not known here")                     \
	X(24, TIMER, "timer", "", "The deadline of the guest's local APIC timer came")             \
	X(25, EOI, "eoi", "vector", "The end of an interrupt that others wait for (APICv)")        \
	X(26, LOG_FULL, "log_full", "", "The hardware's log of dirty pages is full")               \
	X(27, APIC_WRITE, "apic_write", "register", "A write to the xAPIC that is done (APICv)")

/* enum outcome: what became of an exit. X(number, ID, name, text) */
#define OUTCOMES(X)                                                                                \
	X(0, RESUMED, "resumed", "The guest went on")                                              \
	X(1, INJECTED, "injected", "The guest went on with an event injected")                     \
	X(2, USERSPACE, "userspace", "KVM_RUN returned for userspace to go on")                    \
	X(3, INTERRUPTED, "interrupted",                                                           \
	  "KVM_RUN ended for a signal, immediate_exit or work of its thread")                      \
	X(4, FAILED, "failed", "KVM_RUN failed with an errno")                                     \
	X(5, HALTED, "halted", "The vCPU halted in the kernel")

/* enum vcpu_time: what a vCPU's time goes to; it always adds up. X(number, ID, name, text) */
#define VCPU_TIMES(X)                                                                              \
	X(0, USERSPACE, "userspace", "Outside of KVM_RUN: the VMM's own work, waiting included")   \
	X(1, HANDLING, "handling", "In KVM_RUN, not in the guest: exits, entries, faults")         \
	X(2, GUEST, "guest", "In the guest")                                                       \
	X(3, HALTED, "halted", "Halted in the kernel, asleep")                                     \
	X(4, POLLING, "polling", "Halted in the kernel, polling for a wake-up")                    \
	X(5, READY, "ready", "In KVM_RUN, runnable, but without a CPU")

/* enum fault_kind: what an MMU fault turned out to be. X(number, ID, name, text) */
#define FAULT_KINDS(X)                                                                             \
	X(0, NOT_PRESENT, "not_present", "No mapping yet; the host had the page")                  \
	X(1, HOST, "host", "No mapping yet; the host had to bring the page in, or unshare it")     \
	X(2, WRITE_PROTECT, "write_protect", "A mapping without write access, remade with it")     \
	X(3, DIRTY_LOG, "dirty_log", "Write access that the dirty log had taken, given back")      \
	X(4, HUGE_SPLIT, "huge_split", "A large mapping, split to map a part of it otherwise")     \
	X(5, SPURIOUS, "spurious", "Another vCPU had fixed it already")                            \
	X(6, MMIO, "mmio", "No memory slot there: MMIO")                                           \
	X(7, READONLY, "readonly", "A write to a read-only slot")                                  \
	X(8, RETRY, "retry", "Given up for now: an invalidation or a signal is under way")         \
	X(9, BAD_HOST, "bad_host", "The host address is not accessible")

/* enum fault_result: what the vCPU does next. X(number, ID, name, text) */
#define FAULT_RESULTS(X)                                                                           \
	X(0, FIXED, "fixed", "Enter the guest again")                                              \
	X(1, MMIO, "mmio", "Emulate the access")                                                   \
	X(2, RETRY, "retry", "Enter again after a look at signals")                                \
	X(3, BAD_HOST, "bad_host", "KVM_RUN returns -EFAULT")

/* enum dirty_mode. X(number, ID, name, text) */
#define DIRTY_MODES(X)                                                                             \
	X(0, GET, "get", "KVM_GET_DIRTY_LOG: handed out, cleared and protected")                   \
	X(1, GET_MANUAL, "get_manual", "KVM_GET_DIRTY_LOG under manual protection: handed out")    \
	X(2, CLEAR, "clear", "KVM_CLEAR_DIRTY_LOG: cleared and protected")                         \
	X(3, RING, "ring", "The dirty ring was reset")                                             \
	X(4, ENABLE, "enable", "Logging was switched on: the slot was protected")

/* enum slots_change_kind. X(number, ID, name, text) */
#define SLOT_CHANGES(X)                                                                            \
	X(0, NONE, "none", "Nothing to do")                                                        \
	X(1, CREATE, "create", "A new slot")                                                       \
	X(2, MOVE, "move", "The same memory at another guest address; flags may change as well")   \
	X(3, FLAGS, "flags", "Only dirty logging is switched on or off")                           \
	X(4, DELETE, "delete", "A slot is gone")

/* enum irq_from: where an interrupt came from. X(number, ID, name, text) */
#define IRQ_SOURCES(X)                                                                             \
	X(0, UNKNOWN, "unknown", "It was asked for before anybody traced interrupts")              \
	X(1, USERSPACE, "userspace", "KVM_INTERRUPT")                                              \
	X(2, PIC, "pic", "A pin of the PIC pair")                                                  \
	X(3, IOAPIC, "ioapic", "A pin of the I/O APIC")                                            \
	X(4, MSI, "msi", "A message of a device")                                                  \
	X(5, IPI, "ipi", "A vCPU's local APIC, by its ICR")                                        \
	X(6, TIMER, "timer", "The local APIC's own timer")

/* Delivery modes, as ICR, redirection entries and MSIs encode them. X(number, ID, name, text) */
#define IRQ_DELIVERIES(X)                                                                          \
	X(0, FIXED, "fixed", "The vector, to all that are addressed")                              \
	X(1, LOWEST, "lowest", "The vector, to the one of lowest priority")                        \
	X(2, SMI, "smi", "An SMI")                                                                 \
	X(4, NMI, "nmi", "An NMI")                                                                 \
	X(5, INIT, "init", "INIT")                                                                 \
	X(6, STARTUP, "startup", "SIPI; the vector is the page to begin at")                       \
	X(7, EXTINT, "extint", "The PIC's interrupt; it has the vector")

/* enum vector_class: an interrupt's priority class, vector[7:4]. X(number, ID, name, text) */
#define VECTOR_CLASSES(X)                                                                          \
	X(0, C0, "0x00", "Vectors 0x00 to 0x0f")                                                   \
	X(1, C1, "0x10", "Vectors 0x10 to 0x1f")                                                   \
	X(2, C2, "0x20", "Vectors 0x20 to 0x2f")                                                   \
	X(3, C3, "0x30", "Vectors 0x30 to 0x3f")                                                   \
	X(4, C4, "0x40", "Vectors 0x40 to 0x4f")                                                   \
	X(5, C5, "0x50", "Vectors 0x50 to 0x5f")                                                   \
	X(6, C6, "0x60", "Vectors 0x60 to 0x6f")                                                   \
	X(7, C7, "0x70", "Vectors 0x70 to 0x7f")                                                   \
	X(8, C8, "0x80", "Vectors 0x80 to 0x8f")                                                   \
	X(9, C9, "0x90", "Vectors 0x90 to 0x9f")                                                   \
	X(10, CA, "0xa0", "Vectors 0xa0 to 0xaf")                                                  \
	X(11, CB, "0xb0", "Vectors 0xb0 to 0xbf")                                                  \
	X(12, CC, "0xc0", "Vectors 0xc0 to 0xcf")                                                  \
	X(13, CD, "0xd0", "Vectors 0xd0 to 0xdf")                                                  \
	X(14, CE, "0xe0", "Vectors 0xe0 to 0xef")                                                  \
	X(15, CF, "0xf0", "Vectors 0xf0 to 0xff")

/* enum wait_kind: how a halted vCPU waited. X(number, ID, name, text) */
#define WAIT_KINDS(X)                                                                              \
	X(0, POLLED, "polled", "It was woken while it polled")                                     \
	X(1, SLEPT, "slept", "It slept, perhaps after it had polled")

/* enum wake_cause: what ended a halted vCPU's wait. X(number, ID, name, text) */
#define WAKE_CAUSES(X)                                                                             \
	X(0, REQUEST, "request", "Something that it has to do and then waits again")               \
	X(1, INTERRUPT, "interrupt",                                                               \
	  "Something for its local APIC: an interrupt, NMI, INIT, SIPI")                           \
	X(2, SIGNAL, "signal", "A signal to its thread")

/* enum freeze_cause: why a flight recorder was frozen. X(number, ID, name, text) */
#define FREEZE_CAUSES(X)                                                                           \
	X(0, REQUEST, "request", "Somebody asked for it")                                          \
	X(1, TRIPLE_FAULT, "triple_fault", "The guest shut down by a triple fault")                \
	X(2, ENTRY_FAILED, "entry_failed", "The hardware refused the guest's state")               \
	X(3, INTERNAL_ERROR, "internal_error", "KVM_EXIT_INTERNAL_ERROR went to userspace")        \
	X(4, EMULATION, "emulation", "The emulator met an instruction it can't do")                \
	X(5, STORM, "storm", "The same exit came again and again")                                 \
	X(6, VM_GONE, "vm_gone", "The VM ended")

/* Bits of a flight record's flags. X(bit number, ID, name, text) */
#define RECORD_FLAGS(X)                                                                            \
	X(0, WRITE, "write", "The access was a write, OUT or WRMSR")                               \
	X(1, VECTORING, "vectoring", "The exit came while an event was being delivered")

#endif /* GLASSVISOR_SCHEMA_LISTS_H */
