/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reasons: of the hardware for leaving the guest, of KVM_RUN for returning.
 * X(number, ID, "name", "text"); rules as in lists.h.
 *
 * The numbers are those of the manuals (APM vol. 2, appendix C, "SVM Intercept
 * Exit Codes"; SDM vol. 3, appendix C, "VMX Basic Exit Reasons") and of the KVM
 * API. A number without a row is shown as a number.
 */
#ifndef GLASSVISOR_SCHEMA_REASONS_H
#define GLASSVISOR_SCHEMA_REASONS_H

/* VMEXIT_* of the APM. */
#define SVM_REASONS(X)                                                                             \
	X(0x000, READ_CR0, "read_cr0", "read cr0")                                                 \
	X(0x002, READ_CR2, "read_cr2", "read cr2")                                                 \
	X(0x003, READ_CR3, "read_cr3", "read cr3")                                                 \
	X(0x004, READ_CR4, "read_cr4", "read cr4")                                                 \
	X(0x008, READ_CR8, "read_cr8", "read cr8")                                                 \
	X(0x010, WRITE_CR0, "write_cr0", "write cr0")                                              \
	X(0x012, WRITE_CR2, "write_cr2", "write cr2")                                              \
	X(0x013, WRITE_CR3, "write_cr3", "write cr3")                                              \
	X(0x014, WRITE_CR4, "write_cr4", "write cr4")                                              \
	X(0x018, WRITE_CR8, "write_cr8", "write cr8")                                              \
	X(0x020, READ_DR0, "read_dr0", "read dr0")                                                 \
	X(0x021, READ_DR1, "read_dr1", "read dr1")                                                 \
	X(0x022, READ_DR2, "read_dr2", "read dr2")                                                 \
	X(0x023, READ_DR3, "read_dr3", "read dr3")                                                 \
	X(0x024, READ_DR4, "read_dr4", "read dr4")                                                 \
	X(0x025, READ_DR5, "read_dr5", "read dr5")                                                 \
	X(0x026, READ_DR6, "read_dr6", "read dr6")                                                 \
	X(0x027, READ_DR7, "read_dr7", "read dr7")                                                 \
	X(0x030, WRITE_DR0, "write_dr0", "write dr0")                                              \
	X(0x031, WRITE_DR1, "write_dr1", "write dr1")                                              \
	X(0x032, WRITE_DR2, "write_dr2", "write dr2")                                              \
	X(0x033, WRITE_DR3, "write_dr3", "write dr3")                                              \
	X(0x034, WRITE_DR4, "write_dr4", "write dr4")                                              \
	X(0x035, WRITE_DR5, "write_dr5", "write dr5")                                              \
	X(0x036, WRITE_DR6, "write_dr6", "write dr6")                                              \
	X(0x037, WRITE_DR7, "write_dr7", "write dr7")                                              \
	X(0x040, EXCP_DE, "excp_de", "excp de")                                                    \
	X(0x041, EXCP_DB, "excp_db", "excp db")                                                    \
	X(0x043, EXCP_BP, "excp_bp", "excp bp")                                                    \
	X(0x044, EXCP_OF, "excp_of", "excp of")                                                    \
	X(0x045, EXCP_BR, "excp_br", "excp br")                                                    \
	X(0x046, EXCP_UD, "excp_ud", "excp ud")                                                    \
	X(0x047, EXCP_NM, "excp_nm", "excp nm")                                                    \
	X(0x048, EXCP_DF, "excp_df", "excp df")                                                    \
	X(0x04a, EXCP_TS, "excp_ts", "excp ts")                                                    \
	X(0x04b, EXCP_NP, "excp_np", "excp np")                                                    \
	X(0x04c, EXCP_SS, "excp_ss", "excp ss")                                                    \
	X(0x04d, EXCP_GP, "excp_gp", "excp gp")                                                    \
	X(0x04e, EXCP_PF, "excp_pf", "excp pf")                                                    \
	X(0x050, EXCP_MF, "excp_mf", "excp mf")                                                    \
	X(0x051, EXCP_AC, "excp_ac", "excp ac")                                                    \
	X(0x052, EXCP_MC, "excp_mc", "excp mc")                                                    \
	X(0x053, EXCP_XF, "excp_xf", "excp xf")                                                    \
	X(0x060, INTERRUPT, "interrupt", "interrupt")                                              \
	X(0x061, NMI, "nmi", "nmi")                                                                \
	X(0x062, SMI, "smi", "smi")                                                                \
	X(0x063, INIT, "init", "init")                                                             \
	X(0x064, VINTR, "vintr", "vintr")                                                          \
	X(0x065, CR0_SEL_WRITE, "cr0_sel_write", "cr0 sel write")                                  \
	X(0x066, READ_IDTR, "read_idtr", "read idtr")                                              \
	X(0x067, READ_GDTR, "read_gdtr", "read gdtr")                                              \
	X(0x068, READ_LDTR, "read_ldtr", "read ldtr")                                              \
	X(0x069, READ_RT, "read_rt", "read rt")                                                    \
	X(0x06a, WRITE_IDTR, "write_idtr", "write idtr")                                           \
	X(0x06b, WRITE_GDTR, "write_gdtr", "write gdtr")                                           \
	X(0x06c, WRITE_LDTR, "write_ldtr", "write ldtr")                                           \
	X(0x06d, WRITE_RT, "write_rt", "write rt")                                                 \
	X(0x06e, RDTSC, "rdtsc", "rdtsc")                                                          \
	X(0x06f, RDPMC, "rdpmc", "rdpmc")                                                          \
	X(0x070, PUSHF, "pushf", "pushf")                                                          \
	X(0x071, POPF, "popf", "popf")                                                             \
	X(0x072, CPUID, "cpuid", "cpuid")                                                          \
	X(0x073, RSM, "rsm", "rsm")                                                                \
	X(0x074, IRET, "iret", "iret")                                                             \
	X(0x075, SWINT, "swint", "swint")                                                          \
	X(0x076, INVD, "invd", "invd")                                                             \
	X(0x077, PAUSE, "pause", "pause")                                                          \
	X(0x078, HLT, "hlt", "hlt")                                                                \
	X(0x079, INVLPG, "invlpg", "invlpg")                                                       \
	X(0x07a, INVLPGA, "invlpga", "invlpga")                                                    \
	X(0x07b, IO, "io", "io")                                                                   \
	X(0x07c, MSR, "msr", "msr")                                                                \
	X(0x07d, TASK_SWITCH, "task_switch", "task switch")                                        \
	X(0x07e, FERR_FREEZE, "ferr_freeze", "ferr freeze")                                        \
	X(0x07f, SHUTDOWN, "shutdown", "shutdown")                                                 \
	X(0x080, VMRUN, "vmrun", "vmrun")                                                          \
	X(0x081, HYPERCALL, "hypercall", "hypercall")                                              \
	X(0x082, VMLOAD, "vmload", "vmload")                                                       \
	X(0x083, VMSAVE, "vmsave", "vmsave")                                                       \
	X(0x084, STGI, "stgi", "stgi")                                                             \
	X(0x085, CLGI, "clgi", "clgi")                                                             \
	X(0x086, SKINIT, "skinit", "skinit")                                                       \
	X(0x087, RDTSCP, "rdtscp", "rdtscp")                                                       \
	X(0x088, ICEBP, "icebp", "icebp")                                                          \
	X(0x089, WBINVD, "wbinvd", "wbinvd")                                                       \
	X(0x08a, MONITOR, "monitor", "monitor")                                                    \
	X(0x08b, MWAIT, "mwait", "mwait")                                                          \
	X(0x08d, XSETBV, "xsetbv", "xsetbv")                                                       \
	X(0x08f, WRITE_EFER_TRAP, "write_efer_trap", "write efer trap")                            \
	X(0x090, WRITE_CR0_TRAP, "write_cr0_trap", "write cr0 trap")                               \
	X(0x094, WRITE_CR4_TRAP, "write_cr4_trap", "write cr4 trap")                               \
	X(0x098, WRITE_CR8_TRAP, "write_cr8_trap", "write cr8 trap")                               \
	X(0x0a2, INVPCID, "invpcid", "invpcid")                                                    \
	X(0x400, NPF, "npf", "npf")                                                                \
	X(0x401, AVIC_INCOMPLETE_IPI, "avic_incomplete_ipi", "avic incomplete ipi")                \
	X(0x402, AVIC_UNACCELERATED_ACCESS, "avic_unaccelerated_access",                           \
	  "avic unaccelerated access")                                                             \
	X(0x403, VMGEXIT, "vmgexit", "vmgexit")                                                    \
	X(0xffffffff, INVALID_GUEST_STATE, "invalid_guest_state", "invalid guest state")

/* Basic exit reasons of the SDM. */
#define VMX_REASONS(X)                                                                             \
	X(0, EXCEPTION_NMI, "exception_nmi", "exception nmi")                                      \
	X(1, EXTERNAL_INTERRUPT, "external_interrupt", "external interrupt")                       \
	X(2, TRIPLE_FAULT, "triple_fault", "triple fault")                                         \
	X(3, INIT_SIGNAL, "init_signal", "init signal")                                            \
	X(4, SIPI_SIGNAL, "sipi_signal", "sipi signal")                                            \
	X(7, INTERRUPT_WINDOW, "interrupt_window", "interrupt window")                             \
	X(8, NMI_WINDOW, "nmi_window", "nmi window")                                               \
	X(9, TASK_SWITCH, "task_switch", "task switch")                                            \
	X(10, CPUID, "cpuid", "cpuid")                                                             \
	X(12, HLT, "hlt", "hlt")                                                                   \
	X(13, INVD, "invd", "invd")                                                                \
	X(14, INVLPG, "invlpg", "invlpg")                                                          \
	X(15, RDPMC, "rdpmc", "rdpmc")                                                             \
	X(16, RDTSC, "rdtsc", "rdtsc")                                                             \
	X(18, VMCALL, "vmcall", "vmcall")                                                          \
	X(19, VMCLEAR, "vmclear", "vmclear")                                                       \
	X(20, VMLAUNCH, "vmlaunch", "vmlaunch")                                                    \
	X(21, VMPTRLD, "vmptrld", "vmptrld")                                                       \
	X(22, VMPTRST, "vmptrst", "vmptrst")                                                       \
	X(23, VMREAD, "vmread", "vmread")                                                          \
	X(24, VMRESUME, "vmresume", "vmresume")                                                    \
	X(25, VMWRITE, "vmwrite", "vmwrite")                                                       \
	X(26, VMOFF, "vmoff", "vmoff")                                                             \
	X(27, VMON, "vmon", "vmon")                                                                \
	X(28, CR_ACCESS, "cr_access", "cr access")                                                 \
	X(29, DR_ACCESS, "dr_access", "dr access")                                                 \
	X(30, IO_INSTRUCTION, "io_instruction", "io instruction")                                  \
	X(31, MSR_READ, "msr_read", "msr read")                                                    \
	X(32, MSR_WRITE, "msr_write", "msr write")                                                 \
	X(33, INVALID_STATE, "invalid_state", "invalid state")                                     \
	X(34, MSR_LOAD_FAIL, "msr_load_fail", "msr load fail")                                     \
	X(36, MWAIT_INSTRUCTION, "mwait_instruction", "mwait instruction")                         \
	X(37, MONITOR_TRAP_FLAG, "monitor_trap_flag", "monitor trap flag")                         \
	X(39, MONITOR_INSTRUCTION, "monitor_instruction", "monitor instruction")                   \
	X(40, PAUSE_INSTRUCTION, "pause_instruction", "pause instruction")                         \
	X(41, MCE_DURING_VMENTRY, "mce_during_vmentry", "mce during vmentry")                      \
	X(43, TPR_BELOW_THRESHOLD, "tpr_below_threshold", "tpr below threshold")                   \
	X(44, APIC_ACCESS, "apic_access", "apic access")                                           \
	X(45, EOI_INDUCED, "eoi_induced", "eoi induced")                                           \
	X(46, GDTR_IDTR, "gdtr_idtr", "gdtr idtr")                                                 \
	X(47, LDTR_TR, "ldtr_tr", "ldtr tr")                                                       \
	X(48, EPT_VIOLATION, "ept_violation", "ept violation")                                     \
	X(49, EPT_MISCONFIG, "ept_misconfig", "ept misconfig")                                     \
	X(50, INVEPT, "invept", "invept")                                                          \
	X(51, RDTSCP, "rdtscp", "rdtscp")                                                          \
	X(52, PREEMPTION_TIMER, "preemption_timer", "preemption timer")                            \
	X(53, INVVPID, "invvpid", "invvpid")                                                       \
	X(54, WBINVD, "wbinvd", "wbinvd")                                                          \
	X(55, XSETBV, "xsetbv", "xsetbv")                                                          \
	X(56, APIC_WRITE, "apic_write", "apic write")                                              \
	X(57, RDRAND, "rdrand", "rdrand")                                                          \
	X(58, INVPCID, "invpcid", "invpcid")                                                       \
	X(59, VMFUNC, "vmfunc", "vmfunc")                                                          \
	X(60, ENCLS, "encls", "encls")                                                             \
	X(61, RDSEED, "rdseed", "rdseed")                                                          \
	X(62, PML_FULL, "pml_full", "pml full")                                                    \
	X(63, XSAVES, "xsaves", "xsaves")                                                          \
	X(64, XRSTORS, "xrstors", "xrstors")                                                       \
	X(67, UMWAIT, "umwait", "umwait")                                                          \
	X(68, TPAUSE, "tpause", "tpause")                                                          \
	X(74, BUS_LOCK, "bus_lock", "bus lock")                                                    \
	X(75, NOTIFY, "notify", "notify")

/* KVM_EXIT_* of linux/kvm.h. */
#define USER_REASONS(X)                                                                            \
	X(0, UNKNOWN, "unknown", "unknown")                                                        \
	X(1, EXCEPTION, "exception", "exception")                                                  \
	X(2, IO, "io", "io")                                                                       \
	X(3, HYPERCALL, "hypercall", "hypercall")                                                  \
	X(4, DEBUG, "debug", "debug")                                                              \
	X(5, HLT, "hlt", "hlt")                                                                    \
	X(6, MMIO, "mmio", "mmio")                                                                 \
	X(7, IRQ_WINDOW_OPEN, "irq_window_open", "irq window open")                                \
	X(8, SHUTDOWN, "shutdown", "shutdown")                                                     \
	X(9, FAIL_ENTRY, "fail_entry", "fail entry")                                               \
	X(10, INTR, "intr", "intr")                                                                \
	X(11, SET_TPR, "set_tpr", "set tpr")                                                       \
	X(12, TPR_ACCESS, "tpr_access", "tpr access")                                              \
	X(16, NMI, "nmi", "nmi")                                                                   \
	X(17, INTERNAL_ERROR, "internal_error", "internal error")                                  \
	X(24, SYSTEM_EVENT, "system_event", "system event")                                        \
	X(26, IOAPIC_EOI, "ioapic_eoi", "ioapic eoi")                                              \
	X(27, HYPERV, "hyperv", "hyperv")                                                          \
	X(29, X86_RDMSR, "x86_rdmsr", "x86 rdmsr")                                                 \
	X(30, X86_WRMSR, "x86_wrmsr", "x86 wrmsr")                                                 \
	X(31, DIRTY_RING_FULL, "dirty_ring_full", "dirty ring full")                               \
	X(32, AP_RESET_HOLD, "ap_reset_hold", "ap reset hold")                                     \
	X(33, X86_BUS_LOCK, "x86_bus_lock", "x86 bus lock")                                        \
	X(34, XEN, "xen", "xen")                                                                   \
	X(37, NOTIFY, "notify", "notify")

#endif /* GLASSVISOR_SCHEMA_REASONS_H */
