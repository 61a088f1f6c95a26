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

/*
 * VMEXIT_* of the APM, as the low 32 bits of EXITCODE have them, and the events
 * of VMGEXIT that the GHCB's specification numbers in the same space.
 */
#define SVM_REASONS(X)                                                                             \
	X(0x000, READ_CR0, "read_cr0", "A read of CR0")                                            \
	X(0x001, READ_CR1, "read_cr1", "A read of CR1")                                            \
	X(0x002, READ_CR2, "read_cr2", "A read of CR2")                                            \
	X(0x003, READ_CR3, "read_cr3", "A read of CR3")                                            \
	X(0x004, READ_CR4, "read_cr4", "A read of CR4")                                            \
	X(0x005, READ_CR5, "read_cr5", "A read of CR5")                                            \
	X(0x006, READ_CR6, "read_cr6", "A read of CR6")                                            \
	X(0x007, READ_CR7, "read_cr7", "A read of CR7")                                            \
	X(0x008, READ_CR8, "read_cr8", "A read of CR8")                                            \
	X(0x009, READ_CR9, "read_cr9", "A read of CR9")                                            \
	X(0x00a, READ_CR10, "read_cr10", "A read of CR10")                                         \
	X(0x00b, READ_CR11, "read_cr11", "A read of CR11")                                         \
	X(0x00c, READ_CR12, "read_cr12", "A read of CR12")                                         \
	X(0x00d, READ_CR13, "read_cr13", "A read of CR13")                                         \
	X(0x00e, READ_CR14, "read_cr14", "A read of CR14")                                         \
	X(0x00f, READ_CR15, "read_cr15", "A read of CR15")                                         \
	X(0x010, WRITE_CR0, "write_cr0", "A write of CR0")                                         \
	X(0x011, WRITE_CR1, "write_cr1", "A write of CR1")                                         \
	X(0x012, WRITE_CR2, "write_cr2", "A write of CR2")                                         \
	X(0x013, WRITE_CR3, "write_cr3", "A write of CR3")                                         \
	X(0x014, WRITE_CR4, "write_cr4", "A write of CR4")                                         \
	X(0x015, WRITE_CR5, "write_cr5", "A write of CR5")                                         \
	X(0x016, WRITE_CR6, "write_cr6", "A write of CR6")                                         \
	X(0x017, WRITE_CR7, "write_cr7", "A write of CR7")                                         \
	X(0x018, WRITE_CR8, "write_cr8", "A write of CR8")                                         \
	X(0x019, WRITE_CR9, "write_cr9", "A write of CR9")                                         \
	X(0x01a, WRITE_CR10, "write_cr10", "A write of CR10")                                      \
	X(0x01b, WRITE_CR11, "write_cr11", "A write of CR11")                                      \
	X(0x01c, WRITE_CR12, "write_cr12", "A write of CR12")                                      \
	X(0x01d, WRITE_CR13, "write_cr13", "A write of CR13")                                      \
	X(0x01e, WRITE_CR14, "write_cr14", "A write of CR14")                                      \
	X(0x01f, WRITE_CR15, "write_cr15", "A write of CR15")                                      \
	X(0x020, READ_DR0, "read_dr0", "A read of DR0")                                            \
	X(0x021, READ_DR1, "read_dr1", "A read of DR1")                                            \
	X(0x022, READ_DR2, "read_dr2", "A read of DR2")                                            \
	X(0x023, READ_DR3, "read_dr3", "A read of DR3")                                            \
	X(0x024, READ_DR4, "read_dr4", "A read of DR4")                                            \
	X(0x025, READ_DR5, "read_dr5", "A read of DR5")                                            \
	X(0x026, READ_DR6, "read_dr6", "A read of DR6")                                            \
	X(0x027, READ_DR7, "read_dr7", "A read of DR7")                                            \
	X(0x028, READ_DR8, "read_dr8", "A read of DR8")                                            \
	X(0x029, READ_DR9, "read_dr9", "A read of DR9")                                            \
	X(0x02a, READ_DR10, "read_dr10", "A read of DR10")                                         \
	X(0x02b, READ_DR11, "read_dr11", "A read of DR11")                                         \
	X(0x02c, READ_DR12, "read_dr12", "A read of DR12")                                         \
	X(0x02d, READ_DR13, "read_dr13", "A read of DR13")                                         \
	X(0x02e, READ_DR14, "read_dr14", "A read of DR14")                                         \
	X(0x02f, READ_DR15, "read_dr15", "A read of DR15")                                         \
	X(0x030, WRITE_DR0, "write_dr0", "A write of DR0")                                         \
	X(0x031, WRITE_DR1, "write_dr1", "A write of DR1")                                         \
	X(0x032, WRITE_DR2, "write_dr2", "A write of DR2")                                         \
	X(0x033, WRITE_DR3, "write_dr3", "A write of DR3")                                         \
	X(0x034, WRITE_DR4, "write_dr4", "A write of DR4")                                         \
	X(0x035, WRITE_DR5, "write_dr5", "A write of DR5")                                         \
	X(0x036, WRITE_DR6, "write_dr6", "A write of DR6")                                         \
	X(0x037, WRITE_DR7, "write_dr7", "A write of DR7")                                         \
	X(0x038, WRITE_DR8, "write_dr8", "A write of DR8")                                         \
	X(0x039, WRITE_DR9, "write_dr9", "A write of DR9")                                         \
	X(0x03a, WRITE_DR10, "write_dr10", "A write of DR10")                                      \
	X(0x03b, WRITE_DR11, "write_dr11", "A write of DR11")                                      \
	X(0x03c, WRITE_DR12, "write_dr12", "A write of DR12")                                      \
	X(0x03d, WRITE_DR13, "write_dr13", "A write of DR13")                                      \
	X(0x03e, WRITE_DR14, "write_dr14", "A write of DR14")                                      \
	X(0x03f, WRITE_DR15, "write_dr15", "A write of DR15")                                      \
	X(0x040, EXCP_DE, "excp_de", "Exception 0, #DE: divide error")                             \
	X(0x041, EXCP_DB, "excp_db", "Exception 1, #DB: debug")                                    \
	X(0x043, EXCP_BP, "excp_bp", "Exception 3, #BP: breakpoint, INT3")                         \
	X(0x044, EXCP_OF, "excp_of", "Exception 4, #OF: overflow, INTO")                           \
	X(0x045, EXCP_BR, "excp_br", "Exception 5, #BR: bound range")                              \
	X(0x046, EXCP_UD, "excp_ud", "Exception 6, #UD: invalid opcode")                           \
	X(0x047, EXCP_NM, "excp_nm", "Exception 7, #NM: device not available")                     \
	X(0x048, EXCP_DF, "excp_df", "Exception 8, #DF: double fault")                             \
	X(0x04a, EXCP_TS, "excp_ts", "Exception 10, #TS: invalid TSS")                             \
	X(0x04b, EXCP_NP, "excp_np", "Exception 11, #NP: segment not present")                     \
	X(0x04c, EXCP_SS, "excp_ss", "Exception 12, #SS: stack")                                   \
	X(0x04d, EXCP_GP, "excp_gp", "Exception 13, #GP: general protection")                      \
	X(0x04e, EXCP_PF, "excp_pf", "Exception 14, #PF: page fault")                              \
	X(0x050, EXCP_MF, "excp_mf", "Exception 16, #MF: x87 floating point")                      \
	X(0x051, EXCP_AC, "excp_ac", "Exception 17, #AC: alignment check")                         \
	X(0x052, EXCP_MC, "excp_mc", "Exception 18, #MC: machine check")                           \
	X(0x053, EXCP_XF, "excp_xf", "Exception 19, #XF: SIMD floating point")                     \
	X(0x055, EXCP_CP, "excp_cp", "Exception 21, #CP: control protection")                      \
	X(0x05c, EXCP_HV, "excp_hv", "Exception 28, #HV: hypervisor injection")                    \
	X(0x05d, EXCP_VC, "excp_vc", "Exception 29, #VC: VMM communication")                       \
	X(0x05e, EXCP_SX, "excp_sx", "Exception 30, #SX: security")                                \
	X(0x060, INTERRUPT, "interrupt", "VMEXIT_INTR: an interrupt of the host")                  \
	X(0x061, NMI, "nmi", "An NMI of the host")                                                 \
	X(0x062, SMI, "smi", "A system management interrupt of the host")                          \
	X(0x063, INIT, "init", "An INIT signal")                                                   \
	X(0x064, VINTR, "vintr", "The guest is ready for its virtual interrupt")                   \
	X(0x065, CR0_SEL_WRITE, "cr0_sel_write",                                                   \
	  "A write of CR0 that changes more than TS and MP")                                       \
	X(0x066, READ_IDTR, "read_idtr", "SIDT: the IDTR is stored")                               \
	X(0x067, READ_GDTR, "read_gdtr", "SGDT: the GDTR is stored")                               \
	X(0x068, READ_LDTR, "read_ldtr", "SLDT: the LDTR is stored")                               \
	X(0x069, READ_TR, "read_tr", "STR: the task register is stored")                           \
	X(0x06a, WRITE_IDTR, "write_idtr", "LIDT: the IDTR is loaded")                             \
	X(0x06b, WRITE_GDTR, "write_gdtr", "LGDT: the GDTR is loaded")                             \
	X(0x06c, WRITE_LDTR, "write_ldtr", "LLDT: the LDTR is loaded")                             \
	X(0x06d, WRITE_TR, "write_tr", "LTR: the task register is loaded")                         \
	X(0x06e, RDTSC, "rdtsc", "RDTSC: the time stamp counter is read")                          \
	X(0x06f, RDPMC, "rdpmc", "RDPMC: a performance counter is read")                           \
	X(0x070, PUSHF, "pushf", "PUSHF: the flags are pushed")                                    \
	X(0x071, POPF, "popf", "POPF: the flags are popped")                                       \
	X(0x072, CPUID, "cpuid", "CPUID: the processor is identified")                             \
	X(0x073, RSM, "rsm", "RSM: the end of system management mode")                             \
	X(0x074, IRET, "iret", "IRET: the end of an interrupt or NMI handler")                     \
	X(0x075, SWINT, "swint", "INTn: a software interrupt")                                     \
	X(0x076, INVD, "invd", "INVD: caches are invalidated without write-back")                  \
	X(0x077, PAUSE, "pause", "PAUSE, as often as the filter lets pass")                        \
	X(0x078, HLT, "hlt", "HLT: the guest waits for an interrupt")                              \
	X(0x079, INVLPG, "invlpg", "INVLPG: a page's TLB entry is invalidated")                    \
	X(0x07a, INVLPGA, "invlpga", "INVLPGA: a TLB entry of an ASID is invalidated")             \
	X(0x07b, IO, "io", "VMEXIT_IOIO: IN, OUT, INS or OUTS of an intercepted port")             \
	X(0x07c, MSR, "msr", "RDMSR or WRMSR of an intercepted register")                          \
	X(0x07d, TASK_SWITCH, "task_switch", "A task switch")                                      \
	X(0x07e, FERR_FREEZE, "ferr_freeze", "The processor froze for a legacy x87 error")         \
	X(0x07f, SHUTDOWN, "shutdown", "A triple fault")                                           \
	X(0x080, VMRUN, "vmrun", "VMRUN: the guest enters a guest of its own")                     \
	X(0x081, HYPERCALL, "hypercall", "VMMCALL: the guest calls its hypervisor")                \
	X(0x082, VMLOAD, "vmload", "VMLOAD: state is loaded from a VMCB")                          \
	X(0x083, VMSAVE, "vmsave", "VMSAVE: state is saved to a VMCB")                             \
	X(0x084, STGI, "stgi", "STGI: the global interrupt flag is set")                           \
	X(0x085, CLGI, "clgi", "CLGI: the global interrupt flag is cleared")                       \
	X(0x086, SKINIT, "skinit", "SKINIT: a secure loader is started")                           \
	X(0x087, RDTSCP, "rdtscp",                                                                 \
	  "RDTSCP: the time stamp counter is read with the processor's number")                    \
	X(0x088, ICEBP, "icebp", "INT1: the debug trap of an in-circuit emulator")                 \
	X(0x089, WBINVD, "wbinvd", "WBINVD or WBNOINVD: caches are written back")                  \
	X(0x08a, MONITOR, "monitor", "MONITOR or MONITORX: an address to watch is set up")         \
	X(0x08b, MWAIT, "mwait", "MWAIT or MWAITX, whether or not the monitor is armed")           \
	X(0x08c, MWAIT_CONDITIONAL, "mwait_conditional", "MWAIT or MWAITX with the monitor armed") \
	X(0x08d, XSETBV, "xsetbv", "XSETBV: an extended control register is written")              \
	X(0x08e, RDPRU, "rdpru", "RDPRU: a processor register is read in user mode")               \
	X(0x08f, WRITE_EFER_TRAP, "write_efer_trap", "EFER was written")                           \
	X(0x090, WRITE_CR0_TRAP, "write_cr0_trap", "CR0 was written")                              \
	X(0x091, WRITE_CR1_TRAP, "write_cr1_trap", "CR1 was written")                              \
	X(0x092, WRITE_CR2_TRAP, "write_cr2_trap", "CR2 was written")                              \
	X(0x093, WRITE_CR3_TRAP, "write_cr3_trap", "CR3 was written")                              \
	X(0x094, WRITE_CR4_TRAP, "write_cr4_trap", "CR4 was written")                              \
	X(0x095, WRITE_CR5_TRAP, "write_cr5_trap", "CR5 was written")                              \
	X(0x096, WRITE_CR6_TRAP, "write_cr6_trap", "CR6 was written")                              \
	X(0x097, WRITE_CR7_TRAP, "write_cr7_trap", "CR7 was written")                              \
	X(0x098, WRITE_CR8_TRAP, "write_cr8_trap", "CR8 was written")                              \
	X(0x099, WRITE_CR9_TRAP, "write_cr9_trap", "CR9 was written")                              \
	X(0x09a, WRITE_CR10_TRAP, "write_cr10_trap", "CR10 was written")                           \
	X(0x09b, WRITE_CR11_TRAP, "write_cr11_trap", "CR11 was written")                           \
	X(0x09c, WRITE_CR12_TRAP, "write_cr12_trap", "CR12 was written")                           \
	X(0x09d, WRITE_CR13_TRAP, "write_cr13_trap", "CR13 was written")                           \
	X(0x09e, WRITE_CR14_TRAP, "write_cr14_trap", "CR14 was written")                           \
	X(0x09f, WRITE_CR15_TRAP, "write_cr15_trap", "CR15 was written")                           \
	X(0x0a0, INVLPGB, "invlpgb", "INVLPGB: TLB entries of all processors are invalidated")     \
	X(0x0a1, INVLPGB_ILLEGAL, "invlpgb_illegal",                                               \
	  "INVLPGB with operands that are not allowed to a guest")                                 \
	X(0x0a2, INVPCID, "invpcid", "INVPCID: TLB entries of a PCID are invalidated")             \
	X(0x0a3, MCOMMIT, "mcommit", "MCOMMIT: stores are committed to memory")                    \
	X(0x0a4, TLBSYNC, "tlbsync", "TLBSYNC: waits for INVLPGB to be done")                      \
	X(0x0a5, BUSLOCK, "buslock", "The bus lock counter ran out")                               \
	X(0x0a6, IDLE_HLT, "idle_hlt", "HLT with no virtual interrupt pending")                    \
	X(0x400, NPF, "npf", "A fault in the nested page tables")                                  \
	X(0x401, AVIC_INCOMPLETE_IPI, "avic_incomplete_ipi",                                       \
	  "An IPI that AVIC could not deliver to all targets")                                     \
	X(0x402, AVIC_UNACCELERATED_ACCESS, "avic_unaccelerated_access",                           \
	  "VMEXIT_AVIC_NOACCEL: an APIC access that AVIC leaves to the hypervisor")                \
	X(0x403, VMGEXIT, "vmgexit", "VMGEXIT: an encrypted guest calls its hypervisor")           \
	X(0x80000001, VMGEXIT_MMIO_READ, "vmgexit_mmio_read", "GHCB: a read of MMIO")              \
	X(0x80000002, VMGEXIT_MMIO_WRITE, "vmgexit_mmio_write", "GHCB: a write of MMIO")           \
	X(0x80000003, VMGEXIT_NMI_COMPLETE, "vmgexit_nmi_complete",                                \
	  "GHCB: an NMI handler is done")                                                          \
	X(0x80000004, VMGEXIT_AP_HLT_LOOP, "vmgexit_ap_hlt_loop",                                  \
	  "GHCB: a processor waits for its start-up IPI")                                          \
	X(0x80000005, VMGEXIT_AP_JUMP_TABLE, "vmgexit_ap_jump_table",                              \
	  "GHCB: the jump table of the other processors")                                          \
	X(0x80000010, VMGEXIT_PSC, "vmgexit_page_state_change",                                    \
	  "GHCB: pages become private or shared")                                                  \
	X(0x80000011, VMGEXIT_GUEST_REQUEST, "vmgexit_guest_request",                              \
	  "GHCB: a message to the secure processor")                                               \
	X(0x80000012, VMGEXIT_EXT_GUEST_REQUEST, "vmgexit_ext_guest_request",                      \
	  "GHCB: the same, with certificates in the answer")                                       \
	X(0x80000013, VMGEXIT_AP_CREATION, "vmgexit_ap_creation",                                  \
	  "GHCB: a processor is created or destroyed")                                             \
	X(0x80000018, VMGEXIT_SNP_RUN_VMPL, "vmgexit_snp_run_vmpl",                                \
	  "GHCB: another privilege level of the guest is to run")                                  \
	X(0x8000fffd, VMGEXIT_HV_FEATURES, "vmgexit_hypervisor_feature",                           \
	  "GHCB: the hypervisor's features are asked for")                                         \
	X(0x8000fffe, VMGEXIT_TERM_REQUEST, "vmgexit_term_request",                                \
	  "GHCB: the guest asks to be ended")                                                      \
	X(0x8000ffff, VMGEXIT_UNSUPPORTED_EVENT, "vmgexit_unsupported_event",                      \
	  "GHCB: an event that the guest does not know")                                           \
	X(0xf0000000, SOFTWARE, "software", "Left to hypervisors for uses of their own")           \
	X(0xfffffffc, INVALID_PMC, "invalid_pmc",                                                  \
	  "VMRUN refused: invalid performance counter state")                                      \
	X(0xfffffffd, IDLE_REQUIRED, "idle_required",                                              \
	  "VMRUN refused: the other thread of the core is not idle")                               \
	X(0xfffffffe, BUSY, "busy", "VMRUN refused: the encrypted guest's state is in use")        \
	X(0xffffffff, INVALID_GUEST_STATE, "invalid_guest_state",                                  \
	  "VMEXIT_INVALID: VMRUN refused the guest's state")

/* Basic exit reasons of the SDM. */
#define VMX_REASONS(X)                                                                             \
	X(0, EXCEPTION_NMI, "exception_nmi", "An exception of the guest, or an NMI")               \
	X(1, EXTERNAL_INTERRUPT, "external_interrupt", "An interrupt of the host")                 \
	X(2, TRIPLE_FAULT, "triple_fault", "A triple fault")                                       \
	X(3, INIT_SIGNAL, "init_signal", "An INIT signal")                                         \
	X(4, SIPI_SIGNAL, "sipi_signal", "A start-up IPI")                                         \
	X(5, IO_SMI, "io_smi", "An SMI right after an I/O instruction")                            \
	X(6, OTHER_SMI, "other_smi", "An SMI at another time")                                     \
	X(7, INTERRUPT_WINDOW, "interrupt_window", "The guest became ready for an interrupt")      \
	X(8, NMI_WINDOW, "nmi_window", "The guest became ready for an NMI")                        \
	X(9, TASK_SWITCH, "task_switch", "A task switch")                                          \
	X(10, CPUID, "cpuid", "CPUID: the processor is identified")                                \
	X(11, GETSEC, "getsec", "GETSEC: a safer mode function")                                   \
	X(12, HLT, "hlt", "HLT: the guest waits for an interrupt")                                 \
	X(13, INVD, "invd", "INVD: caches are invalidated without write-back")                     \
	X(14, INVLPG, "invlpg", "INVLPG: a page's TLB entry is invalidated")                       \
	X(15, RDPMC, "rdpmc", "RDPMC: a performance counter is read")                              \
	X(16, RDTSC, "rdtsc", "RDTSC: the time stamp counter is read")                             \
	X(17, RSM, "rsm", "RSM: the end of system management mode")                                \
	X(18, VMCALL, "vmcall", "VMCALL: the guest calls its hypervisor")                          \
	X(19, VMCLEAR, "vmclear", "VMCLEAR: a VMCS is cleared")                                    \
	X(20, VMLAUNCH, "vmlaunch", "VMLAUNCH: the guest starts a guest of its own")               \
	X(21, VMPTRLD, "vmptrld", "VMPTRLD: a VMCS becomes the current one")                       \
	X(22, VMPTRST, "vmptrst", "VMPTRST: the current VMCS is asked for")                        \
	X(23, VMREAD, "vmread", "VMREAD: a field of a VMCS is read")                               \
	X(24, VMRESUME, "vmresume", "VMRESUME: the guest resumes a guest of its own")              \
	X(25, VMWRITE, "vmwrite", "VMWRITE: a field of a VMCS is written")                         \
	X(26, VMXOFF, "vmxoff", "VMXOFF: VMX operation ends")                                      \
	X(27, VMXON, "vmxon", "VMXON: VMX operation begins")                                       \
	X(28, CR_ACCESS, "cr_access", "A control register access")                                 \
	X(29, DR_ACCESS, "dr_access", "MOV DR: a debug register access")                           \
	X(30, IO_INSTRUCTION, "io_instruction", "IN, OUT, INS or OUTS of an intercepted port")     \
	X(31, MSR_READ, "msr_read", "RDMSR of an intercepted register")                            \
	X(32, MSR_WRITE, "msr_write", "WRMSR of an intercepted register")                          \
	X(33, INVALID_STATE, "invalid_state", "The entry failed: invalid guest state")             \
	X(34, MSR_LOAD_FAIL, "msr_load_fail", "The entry failed: an MSR could not be loaded")      \
	X(36, MWAIT_INSTRUCTION, "mwait_instruction", "MWAIT: waits for a watched address")        \
	X(37, MONITOR_TRAP_FLAG, "monitor_trap_flag",                                              \
	  "The monitor trap flag: one instruction was done")                                       \
	X(39, MONITOR_INSTRUCTION, "monitor_instruction",                                          \
	  "MONITOR: an address to watch is set up")                                                \
	X(40, PAUSE_INSTRUCTION, "pause_instruction", "PAUSE, alone or in a loop")                 \
	X(41, MCE_DURING_VMENTRY, "mce_during_vmentry", "The entry failed: a machine check")       \
	X(43, TPR_BELOW_THRESHOLD, "tpr_below_threshold",                                          \
	  "The task priority fell below the threshold")                                            \
	X(44, APIC_ACCESS, "apic_access", "An access to the APIC-access page")                     \
	X(45, EOI_INDUCED, "eoi_induced", "A virtual EOI of a vector that wants an exit")          \
	X(46, GDTR_IDTR, "gdtr_idtr", "LGDT, LIDT, SGDT or SIDT")                                  \
	X(47, LDTR_TR, "ldtr_tr", "LLDT, LTR, SLDT or STR")                                        \
	X(48, EPT_VIOLATION, "ept_violation", "An access that the EPT does not allow")             \
	X(49, EPT_MISCONFIG, "ept_misconfig", "An EPT entry with an illegal value")                \
	X(50, INVEPT, "invept", "INVEPT: translations of an EPT are invalidated")                  \
	X(51, RDTSCP, "rdtscp",                                                                    \
	  "RDTSCP: the time stamp counter is read with the processor's number")                    \
	X(52, PREEMPTION_TIMER, "preemption_timer", "The VMX-preemption timer ran out")            \
	X(53, INVVPID, "invvpid", "INVVPID: translations of a VPID are invalidated")               \
	X(54, WBINVD, "wbinvd", "WBINVD or WBNOINVD: caches are written back")                     \
	X(55, XSETBV, "xsetbv", "XSETBV: an extended control register is written")                 \
	X(56, APIC_WRITE, "apic_write", "A write to the virtual APIC was done")                    \
	X(57, RDRAND, "rdrand", "RDRAND: a random number is read")                                 \
	X(58, INVPCID, "invpcid", "INVPCID: TLB entries of a PCID are invalidated")                \
	X(59, VMFUNC, "vmfunc", "VMFUNC: a VM function that failed or is not enabled")             \
	X(60, ENCLS, "encls", "ENCLS: a system function of enclaves")                              \
	X(61, RDSEED, "rdseed", "RDSEED: a random seed is read")                                   \
	X(62, PML_FULL, "pml_full", "The page-modification log is full")                           \
	X(63, XSAVES, "xsaves", "XSAVES: extended state is saved")                                 \
	X(64, XRSTORS, "xrstors", "XRSTORS: extended state is restored")                           \
	X(65, PCONFIG, "pconfig", "PCONFIG: a platform feature is configured")                     \
	X(66, SPP, "spp", "A miss or misconfiguration of sub-page permissions")                    \
	X(67, UMWAIT, "umwait", "UMWAIT: waits for a watched address in user mode")                \
	X(68, TPAUSE, "tpause", "TPAUSE: waits for a time")                                        \
	X(69, LOADIWKEY, "loadiwkey", "LOADIWKEY: the internal wrapping key is loaded")            \
	X(70, ENCLV, "enclv", "ENCLV: a virtualization function of enclaves")                      \
	X(72, ENQCMD_PASID, "enqcmd_pasid", "ENQCMD: its PASID could not be translated")           \
	X(73, ENQCMDS_PASID, "enqcmds_pasid", "ENQCMDS: its PASID could not be translated")        \
	X(74, BUS_LOCK, "bus_lock", "The guest took a bus lock")                                   \
	X(75, NOTIFY, "notify", "Instruction timeout: no interrupt window for too long")           \
	X(76, SEAMCALL, "seamcall", "SEAMCALL: the TDX module is called")                          \
	X(77, TDCALL, "tdcall", "TDCALL: a trust domain calls")                                    \
	X(78, RDMSRLIST, "rdmsrlist", "RDMSRLIST: a list of MSRs is read")                         \
	X(79, WRMSRLIST, "wrmsrlist", "WRMSRLIST: a list of MSRs is written")

/* enum vmx_rule: what was wrong with the state that a VMX entry was refused with. */
#define VMX_RULES(X)                                                                               \
	X(0, NONE, "none", "Not found out")                                                        \
	X(1, CONTROLS, "controls", "Controls or host state: info1 is the VM-instruction error")    \
	X(2, QUALIFICATION, "qualification", "info1 says: 2 PDPTEs, 3 NMI, 4 VMCS link pointer")   \
	X(3, CR0, "cr0", "CR0: fixed bits, or PG without PE")                                      \
	X(4, CR4, "cr4", "CR4: fixed bits, or PCIDE outside of long mode")                         \
	X(5, LONG_MODE, "long_mode", "Long mode without CR0.PG or CR4.PAE")                        \
	X(6, CR3, "cr3", "CR3 beyond the physical address width")                                  \
	X(7, DEBUG, "debug", "DR7 or DEBUGCTL")                                                    \
	X(8, SYSENTER, "sysenter", "SYSENTER_ESP or SYSENTER_EIP is not canonical")                \
	X(9, PAT, "pat", "PAT: a memory type that does not exist")                                 \
	X(10, EFER, "efer", "EFER: LMA and LME do not fit the mode")                               \
	X(11, VM86, "vm86", "A segment register that virtual-8086 mode can't have")                \
	X(12, ES, "es", "ES is not as it can be")                                                  \
	X(13, CS, "cs", "CS is not as it can be")                                                  \
	X(14, SS, "ss", "SS is not as it can be")                                                  \
	X(15, DS, "ds", "DS is not as it can be")                                                  \
	X(16, FS, "fs", "FS is not as it can be")                                                  \
	X(17, GS, "gs", "GS is not as it can be")                                                  \
	X(18, TR, "tr", "TR is not as it can be")                                                  \
	X(19, LDTR, "ldtr", "LDTR is not as it can be")                                            \
	X(20, TABLES, "tables", "Base or limit of GDTR or IDTR")                                   \
	X(21, RIP, "rip", "RIP is not as it can be")                                               \
	X(22, RFLAGS, "rflags", "RFLAGS: reserved bits, VM, or IF clear with an interrupt")        \
	X(23, ACTIVITY, "activity", "The activity state")                                          \
	X(24, BLOCKING, "blocking", "The interruptibility state, or an event that it forbids")     \
	X(25, PENDING_DEBUG, "pending_debug", "Pending debug exceptions do not fit RFLAGS.TF")

/* KVM_EXIT_* of linux/kvm.h, as far as x86 has them. */
#define USER_REASONS(X)                                                                            \
	X(0, UNKNOWN, "unknown", "An exit that the kernel does not know")                          \
	X(1, EXCEPTION, "exception", "An exception of the guest")                                  \
	X(2, IO, "io", "A port access for userspace to do")                                        \
	X(3, HYPERCALL, "hypercall", "A hypercall for userspace to do")                            \
	X(4, DEBUG, "debug", "A debug event that userspace asked for")                             \
	X(5, HLT, "hlt", "The guest halted, and userspace does the waiting")                       \
	X(6, MMIO, "mmio", "An access to memory without a slot, for userspace to do")              \
	X(7, IRQ_WINDOW_OPEN, "irq_window_open",                                                   \
	  "The guest is ready for an interrupt that userspace has")                                \
	X(8, SHUTDOWN, "shutdown", "The guest shut down by a triple fault")                        \
	X(9, FAIL_ENTRY, "fail_entry", "The hardware refused to enter the guest")                  \
	X(10, INTR, "intr", "A signal, or immediate_exit")                                         \
	X(11, SET_TPR, "set_tpr", "The guest lowered its task priority")                           \
	X(12, TPR_ACCESS, "tpr_access",                                                            \
	  "An access to the task priority register that userspace reports")                        \
	X(16, NMI, "nmi", "An NMI of the host")                                                    \
	X(17, INTERNAL_ERROR, "internal_error", "Something that the kernel can't go on with")      \
	X(24, SYSTEM_EVENT, "system_event", "The guest asks for reset, power-off or the like")     \
	X(26, IOAPIC_EOI, "ioapic_eoi", "An EOI for userspace's I/O APIC")                         \
	X(27, HYPERV, "hyperv", "A Hyper-V event for userspace")                                   \
	X(29, X86_RDMSR, "x86_rdmsr", "RDMSR of a register that userspace handles")                \
	X(30, X86_WRMSR, "x86_wrmsr", "WRMSR of a register that userspace handles")                \
	X(31, DIRTY_RING_FULL, "dirty_ring_full", "The dirty ring is nearly full")                 \
	X(32, AP_RESET_HOLD, "ap_reset_hold",                                                      \
	  "An encrypted guest's processor waits for its start-up IPI")                             \
	X(33, X86_BUS_LOCK, "x86_bus_lock", "The guest took a bus lock")                           \
	X(34, XEN, "xen", "A Xen hypercall for userspace")                                         \
	X(37, NOTIFY, "notify", "The guest blocked interrupts for too long")                       \
	X(39, MEMORY_FAULT, "memory_fault", "A memory fault that userspace has to resolve")

#endif /* GLASSVISOR_SCHEMA_REASONS_H */
