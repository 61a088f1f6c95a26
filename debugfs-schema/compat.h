/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compatible events, trace system "kvm": E(name, "fields", "text"). The
 * fields are declared as the event's format file has them, in the order of the
 * record, with "; " between. Name, size and order up to vm_id are stock KVM's,
 * which perf, trace-cmd, bpftrace and others read; vm_id and what follows are
 * ours. Fields are only ever added at the end.
 *
 * The events themselves are in kvm/trace/, because their texts and assignments
 * differ too much for a table; tests/live/t_schema.c compares.
 */
#ifndef GLASSVISOR_SCHEMA_COMPAT_H
#define GLASSVISOR_SCHEMA_COMPAT_H

#define COMPAT_EVENTS(E)                                                                           \
	E(kvm_entry, "unsigned int vcpu_id; unsigned long rip; bool immediate_exit; u32 vm_id",    \
	  "Immediately before the guest is entered")                                               \
	E(kvm_exit,                                                                                \
	  "unsigned int exit_reason; unsigned long guest_rip; u32 isa; u64 info1; u64 info2; "     \
	  "u32 intr_info; u32 error_code; unsigned int vcpu_id; u32 vm_id",                        \
	  "Immediately after the guest was left; isa: 1 VMX, 2 SVM")                               \
	E(kvm_userspace_exit, "__u32 reason; int errno; u32 vm_id; u32 vcpu_id",                   \
	  "KVM_RUN returns: reason is KVM_EXIT_*, or errno is negative")                           \
	E(kvm_pio,                                                                                 \
	  "unsigned int rw; unsigned int port; unsigned int size; unsigned int count; "            \
	  "unsigned int val; u32 vm_id; u32 vcpu_id",                                              \
	  "A port access; rw: 0 IN, 1 OUT")                                                        \
	E(kvm_mmio, "u32 type; u32 len; u64 gpa; u64 val; u32 vm_id; u32 vcpu_id",                 \
	  "An access to a device's memory; type: 0 unsatisfied read, 1 read, 2 write")             \
	E(kvm_msr, "unsigned int write; u32 ecx; u64 data; u8 exception; u32 vm_id; u32 vcpu_id",  \
	  "RDMSR or WRMSR; exception: it gave #GP")                                                \
	E(kvm_cr, "unsigned int rw; unsigned int cr; unsigned long val; u32 vm_id; u32 vcpu_id",   \
	  "A control register access; rw: 0 read, 1 write")                                        \
	E(kvm_cpuid,                                                                               \
	  "unsigned int function; unsigned int index; unsigned long rax; unsigned long rbx; "      \
	  "unsigned long rcx; unsigned long rdx; bool found; bool used_max_basic; u32 vm_id; "     \
	  "u32 vcpu_id",                                                                           \
	  "What a CPUID instruction got")                                                          \
	E(kvm_hypercall,                                                                           \
	  "unsigned long nr; unsigned long a0; unsigned long a1; unsigned long a2; "               \
	  "unsigned long a3; u32 vm_id; u32 vcpu_id",                                              \
	  "VMMCALL or VMCALL: number and arguments as the guest passed them")                      \
	E(kvm_page_fault,                                                                          \
	  "unsigned int vcpu_id; unsigned long guest_rip; u64 fault_address; u64 error_code; "     \
	  "u32 vm_id",                                                                             \
	  "A fault in the nested page tables; fault_address is guest physical, error_code "        \
	  "EXITINFO1 (SVM) or the exit qualification (VMX)")                                       \
	E(kvm_inj_virq, "unsigned int vector; bool soft; bool reinjected; u32 vm_id; u32 vcpu_id", \
	  "An interrupt goes into the guest with the next entry")                                  \
	E(kvm_inj_exception,                                                                       \
	  "u8 exception; u8 has_error; u32 error_code; bool reinjected; u32 vm_id; "               \
	  "u32 vcpu_id",                                                                           \
	  "An exception goes into the guest with the next entry")                                  \
	E(kvm_apic, "unsigned int rw; unsigned int reg; u64 val; u32 vm_id; u32 vcpu_id",          \
	  "An access to a register of the local APIC; rw: 0 read, 1 write; reg: its offset")       \
	E(kvm_apic_ipi, "__u32 icr_low; __u32 dest_id; u32 vm_id; u32 vcpu_id",                    \
	  "The local APIC sends an IPI")                                                           \
	E(kvm_apic_accept_irq,                                                                     \
	  "__u32 apicid; __u16 dm; __u16 tm; __u8 vec; u32 vm_id; u32 vcpu_id",                    \
	  "The local APIC takes an interrupt; dm: delivery mode in bits 10:8; tm: 1 level")        \
	E(kvm_pv_eoi, "__u32 apicid; int vector; u32 vm_id; u32 vcpu_id",                          \
	  "The guest ended an interrupt without an exit (PV EOI)")                                 \
	E(kvm_pv_tlb_flush, "unsigned int vcpu_id; bool need_flush_tlb; u32 vm_id",                \
	  "A vCPU that had lost its CPU runs again; need_flush_tlb: others asked it to flush")     \
	E(kvm_eoi, "__u32 apicid; int vector; u32 vm_id; u32 vcpu_id",                             \
	  "The guest ends the interrupt in service")                                               \
	E(kvm_set_irq, "unsigned int gsi; int level; int irq_source_id; u32 vm_id; u32 vcpu_id",   \
	  "A GSI is driven; vcpu_id is -1, as in the next four")                                   \
	E(kvm_ioapic_set_irq, "__u64 e; int pin; bool coalesced; u32 vm_id; u32 vcpu_id",          \
	  "A pin of the I/O APIC is driven; e: its redirection entry")                             \
	E(kvm_pic_set_irq,                                                                         \
	  "__u8 chip; __u8 pin; __u8 elcr; __u8 imr; bool coalesced; u32 vm_id; u32 vcpu_id",      \
	  "A pin of a PIC is driven; chip: 0 master, 1 slave")                                     \
	E(kvm_msi_set_irq, "__u64 address; __u64 data; u32 vm_id; u32 vcpu_id",                    \
	  "A message of a device")                                                                 \
	E(kvm_ack_irq, "unsigned int irqchip; unsigned int pin; u32 vm_id; u32 vcpu_id",           \
	  "A pin's interrupt ended; irqchip: 0 and 1 PIC, 2 I/O APIC")                             \
	E(kvm_vcpu_wakeup, "__u64 ns; bool waited; bool valid; u32 vm_id; u32 vcpu_id",            \
	  "A halted vCPU goes on; waited: it slept, too")                                          \
	E(kvm_write_tsc_offset,                                                                    \
	  "unsigned int vcpu_id; __u64 previous_tsc_offset; __u64 next_tsc_offset; u32 vm_id",     \
	  "The TSC of a vCPU is set; offset: guest's TSC - host's TSC")                            \
	E(kvm_track_tsc,                                                                           \
	  "unsigned int vcpu_id; unsigned int nr_vcpus_matched_tsc; unsigned int online_vcpus; "   \
	  "bool use_master_clock; unsigned int host_clock; u32 vm_id",                             \
	  "Whose TSC agrees with this vCPU's; host_clock: 0 not the TSC, 1 the TSC")               \
	E(kvm_update_master_clock,                                                                 \
	  "bool use_master_clock; unsigned int host_clock; bool offset_matched; u32 vm_id; "       \
	  "u32 vcpu_id",                                                                           \
	  "All vCPUs' kvmclock is one function of the TSC: use_master_clock")                      \
	E(kvm_pvclock_update,                                                                      \
	  "unsigned int vcpu_id; __u32 version; __u64 tsc_timestamp; __u64 system_time; "          \
	  "__u32 tsc_to_system_mul; __s8 tsc_shift; __u8 flags; u32 vm_id",                        \
	  "The page that a guest reads kvmclock from is written")                                  \
	E(kvm_fast_mmio, "u64 gpa; u32 vm_id; u32 vcpu_id",                                        \
	  "A write that signals an eventfd whatever its length and value")                         \
	E(kvm_wait_lapic_expire, "unsigned int vcpu_id; s64 delta; u32 vm_id",                     \
	  "A TSC deadline is looked at, so many ticks after it; negative: before it")              \
	E(kvm_halt_poll_ns,                                                                        \
	  "bool grow; unsigned int vcpu_id; unsigned int new; unsigned int old; u32 vm_id",        \
	  "A vCPU will poll longer (grow) or shorter when it halts, in ns")                        \
	E(kvm_emulate_insn,                                                                        \
	  "__u64 rip; __u32 csbase; __u8 len; __u8 insn[15]; __u8 flags; __u8 failed; "            \
	  "u32 vm_id; u32 vcpu_id",                                                                \
	  "An instruction is emulated, or given up: failed")                                       \
	E(kvm_fpu, "u32 load; u32 vm_id; u32 vcpu_id",                                             \
	  "The guest's FPU state goes into the CPU (load 1) or out of it")

#endif /* GLASSVISOR_SCHEMA_COMPAT_H */
