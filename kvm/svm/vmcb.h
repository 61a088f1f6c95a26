/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control block and its bits, from APM vol. 2, appendix B
 * "VMCB layout" and chapter 15. Names are the manual's. #VMEXIT codes come
 * from the UAPI's asm/svm.h; the kernel's own asm/svm.h is not used.
 */
#ifndef GLASSVISOR_SVM_VMCB_H
#define GLASSVISOR_SVM_VMCB_H

#include <uapi/asm/svm.h>

#include "../env.h"

struct vmcb_seg {
	u16 selector;
	u16 attrib; /* VMCB_SEG_* */
	u32 limit;  /* bytes */
	u64 base;
} __packed;

#define VMCB_SEG_TYPE	   0x000f
#define VMCB_SEG_S	   0x0010
#define VMCB_SEG_DPL_SHIFT 5
#define VMCB_SEG_P	   0x0080
#define VMCB_SEG_AVL	   0x0100
#define VMCB_SEG_L	   0x0200
#define VMCB_SEG_DB	   0x0400
#define VMCB_SEG_G	   0x0800

struct vmcb_control {
	u16 cr_read; /* bit n: MOV from CRn exits */
	u16 cr_write;
	u16 dr_read;
	u16 dr_write;
	u32 exceptions;	 /* bit n: vector n exits */
	u32 intercept_a; /* VMCB_A_* */
	u32 intercept_b; /* VMCB_B_* */
	u32 intercept_c; /* VMCB_C_* */
	u8 reserved_018[0x3c - 0x18];
	u16 pause_threshold;
	u16 pause_count;
	u64 iopm_base_pa;
	u64 msrpm_base_pa;
	u64 tsc_offset;
	u32 asid;
	u8 tlb_control; /* VMCB_TLB_* */
	u8 reserved_05d[3];
	u64 vintr;     /* VMCB_V_* */
	u64 int_state; /* VMCB_INT_SHADOW */
	u64 exit_code;
	u64 exit_info_1;
	u64 exit_info_2;
	u64 exit_int_info; /* VMCB_EVENT_* */
	u64 nested;	   /* VMCB_NP_ENABLE */
	u64 avic_apic_bar;
	u64 ghcb_pa;
	u64 event_inj; /* VMCB_EVENT_* */
	u64 n_cr3;
	u64 virt_ext; /* LBR virtualisation, virtual VMLOAD and VMSAVE */
	u64 clean;    /* VMCB_CLEAN_* */
	u64 next_rip;
	u8 n_bytes; /* decode assists: bytes fetched, in bits 3:0 */
	u8 bytes[15];
	u64 avic_backing_page;
	u64 reserved_0e8;
	u64 avic_logical_table;
	u64 avic_physical_table;
	u8 reserved_100[0x400 - 0x100];
} __packed;

struct vmcb_save {
	struct vmcb_seg es;
	struct vmcb_seg cs;
	struct vmcb_seg ss;
	struct vmcb_seg ds;
	struct vmcb_seg fs;
	struct vmcb_seg gs;
	struct vmcb_seg gdtr;
	struct vmcb_seg ldtr;
	struct vmcb_seg idtr;
	struct vmcb_seg tr;
	u8 reserved_0a0[0xcb - 0xa0];
	u8 cpl;
	u8 reserved_0cc[4];
	u64 efer;
	u8 reserved_0d8[0x148 - 0xd8];
	u64 cr4;
	u64 cr3;
	u64 cr0;
	u64 dr7;
	u64 dr6;
	u64 rflags;
	u64 rip;
	u8 reserved_180[0x1d8 - 0x180];
	u64 rsp;
	u64 s_cet;
	u64 ssp;
	u64 isst_addr;
	u64 rax;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 cr2;
	u8 reserved_248[0x268 - 0x248];
	u64 g_pat;
	u64 dbgctl;
	u64 br_from;
	u64 br_to;
	u64 last_excp_from;
	u64 last_excp_to;
	u8 reserved_298[0x2e0 - 0x298];
	u64 spec_ctrl;
	u8 reserved_2e8[0xc00 - 0x2e8];
} __packed;

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
} __packed;

#define VMCB_OFFSET(part, field, offset)                                                           \
	static_assert(offsetof(struct vmcb_##part, field) == (offset), #field)
VMCB_OFFSET(control, exceptions, 0x008);
VMCB_OFFSET(control, intercept_a, 0x00c);
VMCB_OFFSET(control, intercept_c, 0x014);
VMCB_OFFSET(control, pause_threshold, 0x03c);
VMCB_OFFSET(control, iopm_base_pa, 0x040);
VMCB_OFFSET(control, tsc_offset, 0x050);
VMCB_OFFSET(control, asid, 0x058);
VMCB_OFFSET(control, tlb_control, 0x05c);
VMCB_OFFSET(control, vintr, 0x060);
VMCB_OFFSET(control, int_state, 0x068);
VMCB_OFFSET(control, exit_code, 0x070);
VMCB_OFFSET(control, exit_int_info, 0x088);
VMCB_OFFSET(control, nested, 0x090);
VMCB_OFFSET(control, event_inj, 0x0a8);
VMCB_OFFSET(control, n_cr3, 0x0b0);
VMCB_OFFSET(control, clean, 0x0c0);
VMCB_OFFSET(control, next_rip, 0x0c8);
VMCB_OFFSET(control, n_bytes, 0x0d0);
VMCB_OFFSET(control, avic_backing_page, 0x0e0);
VMCB_OFFSET(control, avic_physical_table, 0x0f8);
VMCB_OFFSET(save, gdtr, 0x060);
VMCB_OFFSET(save, tr, 0x090);
VMCB_OFFSET(save, cpl, 0x0cb);
VMCB_OFFSET(save, efer, 0x0d0);
VMCB_OFFSET(save, cr4, 0x148);
VMCB_OFFSET(save, rip, 0x178);
VMCB_OFFSET(save, rsp, 0x1d8);
VMCB_OFFSET(save, rax, 0x1f8);
VMCB_OFFSET(save, kernel_gs_base, 0x220);
VMCB_OFFSET(save, cr2, 0x240);
VMCB_OFFSET(save, g_pat, 0x268);
VMCB_OFFSET(save, last_excp_to, 0x290);
VMCB_OFFSET(save, spec_ctrl, 0x2e0);
#undef VMCB_OFFSET
static_assert(offsetof(struct vmcb, save) == 0x400, "state save area");
static_assert(sizeof(struct vmcb) == 4096, "VMCB size");

/* intercept_a, offset 0x00c */
#define VMCB_A_INTR	     BIT(0)
#define VMCB_A_NMI	     BIT(1)
#define VMCB_A_SMI	     BIT(2)
#define VMCB_A_INIT	     BIT(3)
#define VMCB_A_VINTR	     BIT(4)
#define VMCB_A_CR0_SEL_WRITE BIT(5) /* CR0 writes that change more than TS and MP */
#define VMCB_A_RDPMC	     BIT(15)
#define VMCB_A_CPUID	     BIT(18)
#define VMCB_A_IRET	     BIT(20)
#define VMCB_A_INVD	     BIT(22)
#define VMCB_A_HLT	     BIT(24)
#define VMCB_A_INVLPGA	     BIT(26)
#define VMCB_A_IOIO	     BIT(27)
#define VMCB_A_MSR	     BIT(28)
#define VMCB_A_TASK_SWITCH   BIT(29)
#define VMCB_A_SHUTDOWN	     BIT(31)

/* intercept_b, offset 0x010 */
#define VMCB_B_VMRUN   BIT(0)
#define VMCB_B_VMMCALL BIT(1)
#define VMCB_B_VMLOAD  BIT(2)
#define VMCB_B_VMSAVE  BIT(3)
#define VMCB_B_STGI    BIT(4)
#define VMCB_B_CLGI    BIT(5)
#define VMCB_B_SKINIT  BIT(6)
#define VMCB_B_RDTSCP  BIT(7)
#define VMCB_B_WBINVD  BIT(9)
#define VMCB_B_MONITOR BIT(10)
#define VMCB_B_MWAIT   BIT(11)
#define VMCB_B_XSETBV  BIT(13)
#define VMCB_B_RDPRU   BIT(14)

/* intercept_c, offset 0x014 */
#define VMCB_C_INVLPGB	   BIT(0)
#define VMCB_C_INVLPGB_ILL BIT(1)
#define VMCB_C_INVPCID	   BIT(2)
#define VMCB_C_MCOMMIT	   BIT(3)
#define VMCB_C_TLBSYNC	   BIT(4)

/* tlb_control */
#define VMCB_TLB_NONE	    0
#define VMCB_TLB_FLUSH_ALL  1 /* every ASID */
#define VMCB_TLB_FLUSH_ASID 3 /* this guest's; CPUID FlushByAsid */

/* vintr, offset 0x060 */
#define VMCB_V_TPR	    0xffULL
#define VMCB_V_IRQ	    BIT_ULL(8)
#define VMCB_V_PRIO_SHIFT   16
#define VMCB_V_PRIO	    (0xfULL << VMCB_V_PRIO_SHIFT)
#define VMCB_V_IGN_TPR	    BIT_ULL(20)
#define VMCB_V_INTR_MASKING BIT_ULL(24)

#define VMCB_INT_SHADOW BIT_ULL(0)
#define VMCB_NP_ENABLE	BIT_ULL(0)

/* event_inj and exit_int_info */
#define VMCB_EVENT_VECTOR      0xffULL
#define VMCB_EVENT_TYPE_SHIFT  8
#define VMCB_EVENT_TYPE	       (7ULL << VMCB_EVENT_TYPE_SHIFT)
#define VMCB_EVENT_EV	       BIT_ULL(11) /* has an error code, in bits 63:32 */
#define VMCB_EVENT_V	       BIT_ULL(31)
#define VMCB_EVENT_ERROR_SHIFT 32
#define VMCB_EVENT_TYPE_INTR   0ULL
#define VMCB_EVENT_TYPE_NMI    2ULL
#define VMCB_EVENT_TYPE_EXCP   3ULL
#define VMCB_EVENT_TYPE_SOFT   4ULL

/* clean, offset 0x0c0: a set bit says that the group is as at the last #VMEXIT */
#define VMCB_CLEAN_I	BIT_ULL(0) /* intercepts, TSC offset */
#define VMCB_CLEAN_PERM BIT_ULL(1) /* addresses of the permission maps */
#define VMCB_CLEAN_ASID BIT_ULL(2)
#define VMCB_CLEAN_TPR	BIT_ULL(3) /* vintr */
#define VMCB_CLEAN_NP	BIT_ULL(4) /* n_cr3, g_pat */
#define VMCB_CLEAN_CR	BIT_ULL(5) /* CR0, CR3, CR4, EFER */
#define VMCB_CLEAN_DR	BIT_ULL(6)
#define VMCB_CLEAN_DT	BIT_ULL(7)
#define VMCB_CLEAN_SEG	BIT_ULL(8) /* CS, DS, SS, ES, CPL */
#define VMCB_CLEAN_CR2	BIT_ULL(9)
#define VMCB_CLEAN_LBR	BIT_ULL(10)
#define VMCB_CLEAN_ALL	0x7ffULL

/* exit_info_1 of VMEXIT_IOIO; the port is in bits 31:16 */
#define VMCB_IOIO_IN	     BIT(0)
#define VMCB_IOIO_STR	     BIT(2)
#define VMCB_IOIO_REP	     BIT(3)
#define VMCB_IOIO_SIZE_SHIFT 4 /* bits 6:4 are one-hot: 8, 16, 32 bits */
#define VMCB_IOIO_PORT_SHIFT 16

/* exit_info_1 of CR accesses, with decode assists: a MOV, and its register in bits 3:0 */
#define VMCB_CR_MOV BIT_ULL(63)

/* exit_info_1 of VMEXIT_NPF: a page-fault error code, and */
#define VMCB_NPF_P    BIT_ULL(0)
#define VMCB_NPF_W    BIT_ULL(1)
#define VMCB_NPF_U    BIT_ULL(2)
#define VMCB_NPF_RSVD BIT_ULL(3)
#define VMCB_NPF_ID   BIT_ULL(4)
#define VMCB_NPF_WALK BIT_ULL(33) /* while reading the guest's page tables */

/* exit_info_2 of VMEXIT_TASK_SWITCH; an error code is in bits 31:0 */
#define VMCB_TASK_IRET BIT_ULL(36)
#define VMCB_TASK_JMP  BIT_ULL(38)
#define VMCB_TASK_EC   BIT_ULL(44)

/* All ones; there are CPUs (QEMU's) that write the low half only. */
#define VMCB_EXIT_INVLPGB	  0x0a0
#define VMCB_EXIT_INVLPGB_ILLEGAL 0x0a1
#define VMCB_EXIT_MCOMMIT	  0x0a3
#define VMCB_EXIT_TLBSYNC	  0x0a4
#define VMCB_EXIT_INVALID	  0xffffffffu

#endif /* GLASSVISOR_SVM_VMCB_H */
