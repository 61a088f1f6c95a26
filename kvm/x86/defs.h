/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Architectural constants that the UAPI headers don't have: MSR numbers,
 * EFER, XCR0, DR6 and DR7 bits, exception vectors, page-fault error codes,
 * CPUID leaves and feature bits.
 *
 * Names carry a leading G (GMSR_, GEFER_, GXCR0_, GDR6_, GDR7_, GPFEC_,
 * GCPUID_): the kernel has macros for most of them under the bare names, in
 * headers that glue files include and pure files may not (asm/msr-index.h,
 * asm/cpufeatures.h, asm/debugreg.h). Control-register and EFLAGS bits come
 * from asm/processor-flags.h, under its X86_ names.
 *
 * Sources: APM vol. 2, "MSR cross-reference" and chapters 3, 5, 8, 13; APM
 * vol. 3, appendix E; SDM vol. 4, "Model-specific registers"; SDM vol. 2,
 * CPUID; UAPI asm/kvm_para.h for the KVM MSRs.
 */
#ifndef GLASSVISOR_X86_DEFS_H
#define GLASSVISOR_X86_DEFS_H

#include <asm/processor-flags.h>

#include "../env.h"

/* Model-specific registers: architectural and Intel's */
#define GMSR_P5_MC_ADDR		 0x00000000
#define GMSR_P5_MC_TYPE		 0x00000001
#define GMSR_TSC		 0x00000010
#define GMSR_KVM_WALL_CLOCK_OLD	 0x00000011
#define GMSR_KVM_SYSTEM_TIME_OLD 0x00000012
#define GMSR_PLATFORM_ID	 0x00000017
#define GMSR_APIC_BASE		 0x0000001b
#define GMSR_EBL_CR_POWERON	 0x0000002a
#define GMSR_EBC_FREQUENCY_ID	 0x0000002c
#define GMSR_SMI_COUNT		 0x00000034
#define GMSR_FEATURE_CONTROL	 0x0000003a
#define GMSR_TSC_ADJUST		 0x0000003b
#define GMSR_SPEC_CTRL		 0x00000048
#define GMSR_PRED_CMD		 0x00000049
#define GMSR_UCODE_WRITE	 0x00000079
#define GMSR_UCODE_REV		 0x0000008b
#define GMSR_SMBASE		 0x0000009e
#define GMSR_FSB_FREQ		 0x000000cd
#define GMSR_PLATFORM_INFO	 0x000000ce
#define GMSR_MPERF		 0x000000e7
#define GMSR_APERF		 0x000000e8
#define GMSR_MTRR_CAP		 0x000000fe
#define GMSR_ARCH_CAPABILITIES	 0x0000010a
#define GMSR_FLUSH_CMD		 0x0000010b
#define GMSR_BBL_CR_CTL3	 0x0000011e
#define GMSR_MISC_FEATURES	 0x00000140
#define GMSR_SYSENTER_CS	 0x00000174
#define GMSR_SYSENTER_ESP	 0x00000175
#define GMSR_SYSENTER_EIP	 0x00000176
#define GMSR_MCG_CAP		 0x00000179
#define GMSR_MCG_STATUS		 0x0000017a
#define GMSR_MCG_CTL		 0x0000017b
#define GMSR_PERF_STATUS	 0x00000198
#define GMSR_PERF_CTL		 0x00000199
#define GMSR_THERM_STATUS	 0x0000019c
#define GMSR_MISC_ENABLE	 0x000001a0
#define GMSR_DEBUGCTL		 0x000001d9
#define GMSR_LBR_FROM		 0x000001db
#define GMSR_LBR_TO		 0x000001dc
#define GMSR_LER_FROM		 0x000001dd
#define GMSR_LER_TO		 0x000001de
#define GMSR_POWER_CTL		 0x000001fc
#define GMSR_MTRR_PHYS_BASE0	 0x00000200 /* base and mask pairs, 0x200 to 0x20f */
#define GMSR_MTRR_FIX64K	 0x00000250
#define GMSR_MTRR_FIX16K_80000	 0x00000258
#define GMSR_MTRR_FIX16K_A0000	 0x00000259
#define GMSR_MTRR_FIX4K_C0000	 0x00000268 /* to 0x26f */
#define GMSR_PAT		 0x00000277
#define GMSR_MTRR_DEF_TYPE	 0x000002ff
#define GMSR_PERF_CAPABILITIES	 0x00000345
#define GMSR_MC0_CTL		 0x00000400 /* CTL, STATUS, ADDR, MISC for each bank */
#define GMSR_TSC_DEADLINE	 0x000006e0
#define GMSR_X2APIC_FIRST	 0x00000800
#define GMSR_X2APIC_LAST	 0x000008ff
#define GMSR_XSS		 0x00000da0

/* The long-mode registers */
#define GMSR_EFER	    0xc0000080
#define GMSR_STAR	    0xc0000081
#define GMSR_LSTAR	    0xc0000082
#define GMSR_CSTAR	    0xc0000083
#define GMSR_SFMASK	    0xc0000084
#define GMSR_FS_BASE	    0xc0000100
#define GMSR_GS_BASE	    0xc0000101
#define GMSR_KERNEL_GS_BASE 0xc0000102
#define GMSR_TSC_AUX	    0xc0000103
#define GMSR_TSC_RATIO	    0xc0000104

/* AMD's */
#define GMSR_K7_EVNTSEL0    0xc0010000
#define GMSR_K7_PERFCTR3    0xc0010007
#define GMSR_SYSCFG	    0xc0010010
#define GMSR_HWCR	    0xc0010015
#define GMSR_IORR_BASE0	    0xc0010016
#define GMSR_IORR_MASK1	    0xc0010019
#define GMSR_TOP_MEM	    0xc001001a
#define GMSR_TOP_MEM2	    0xc001001d
#define GMSR_NB_CFG	    0xc001001f
#define GMSR_PATCH_LOADER   0xc0010020
#define GMSR_INT_PENDING    0xc0010055
#define GMSR_MMIO_CONF_BASE 0xc0010058
#define GMSR_SMM_TSEG_ADDR  0xc0010112
#define GMSR_VM_CR	    0xc0010114
#define GMSR_VM_HSAVE_PA    0xc0010117
#define GMSR_VIRT_SPEC_CTRL 0xc001011f
#define GMSR_OSVW_ID_LENGTH 0xc0010140
#define GMSR_OSVW_STATUS    0xc0010141
#define GMSR_PERF_CTL0	    0xc0010200
#define GMSR_PERF_CTR5	    0xc001020b
#define GMSR_DC_CFG	    0xc0011022
#define GMSR_DE_CFG	    0xc0011029
#define GMSR_BU_CFG2	    0xc001102a
#define GMSR_EX_CFG	    0xc001102c

/* KVM's, from 0x4b564d00 */
#define GMSR_KVM_WALL_CLOCK   0x4b564d00
#define GMSR_KVM_SYSTEM_TIME  0x4b564d01
#define GMSR_KVM_ASYNC_PF_EN  0x4b564d02
#define GMSR_KVM_STEAL_TIME   0x4b564d03
#define GMSR_KVM_PV_EOI_EN    0x4b564d04
#define GMSR_KVM_POLL_CONTROL 0x4b564d05
#define GMSR_KVM_ASYNC_PF_INT 0x4b564d06
#define GMSR_KVM_ASYNC_PF_ACK 0x4b564d07

/* EFER */
#define GEFER_SCE   BIT_ULL(0)
#define GEFER_LME   BIT_ULL(8)
#define GEFER_LMA   BIT_ULL(10)
#define GEFER_NXE   BIT_ULL(11)
#define GEFER_SVME  BIT_ULL(12)
#define GEFER_LMSLE BIT_ULL(13)
#define GEFER_FFXSR BIT_ULL(14)

/* XCR0 */
#define GXCR0_X87	BIT_ULL(0)
#define GXCR0_SSE	BIT_ULL(1)
#define GXCR0_AVX	BIT_ULL(2)
#define GXCR0_BNDREGS	BIT_ULL(3)
#define GXCR0_BNDCSR	BIT_ULL(4)
#define GXCR0_OPMASK	BIT_ULL(5)
#define GXCR0_ZMM_HI256 BIT_ULL(6)
#define GXCR0_HI16_ZMM	BIT_ULL(7)
#define GXCR0_PKRU	BIT_ULL(9)
#define GXCR0_XTILECFG	BIT_ULL(17)
#define GXCR0_XTILEDATA BIT_ULL(18)
#define GXCR0_MPX	(GXCR0_BNDREGS | GXCR0_BNDCSR)
#define GXCR0_AVX512	(GXCR0_OPMASK | GXCR0_ZMM_HI256 | GXCR0_HI16_ZMM)
#define GXCR0_AMX	(GXCR0_XTILECFG | GXCR0_XTILEDATA)

/* DR6 and DR7 */
#define GDR6_TRAP_BITS 0x0000000fULL
#define GDR6_BUS_LOCK  BIT_ULL(11) /* active low; always 1 on CPUs without the feature */
#define GDR6_BD	       BIT_ULL(13)
#define GDR6_BS	       BIT_ULL(14)
#define GDR6_BT	       BIT_ULL(15)
#define GDR6_RTM       BIT_ULL(16) /* active low; always 1 on CPUs without the feature */
#define GDR6_FIXED_1   0xffff0ff0ULL
#define GDR6_VOLATILE  (GDR6_TRAP_BITS | GDR6_BD | GDR6_BS | GDR6_BT)
#define GDR6_RESET     GDR6_FIXED_1
#define GDR7_FIXED_1   BIT_ULL(10)
#define GDR7_GD	       BIT_ULL(13)
#define GDR7_VOLATILE  0xffff23ffULL
#define GDR7_RESET     GDR7_FIXED_1

/* Page-fault error code */
#define GPFEC_P	   BIT(0)
#define GPFEC_W	   BIT(1)
#define GPFEC_U	   BIT(2)
#define GPFEC_RSVD BIT(3)
#define GPFEC_I	   BIT(4)
#define GPFEC_PK   BIT(5)

enum exc_vector {
	EXC_DE = 0,
	EXC_DB = 1,
	EXC_NMI = 2,
	EXC_BP = 3,
	EXC_OF = 4,
	EXC_BR = 5,
	EXC_UD = 6,
	EXC_NM = 7,
	EXC_DF = 8,
	EXC_CSO = 9,
	EXC_TS = 10,
	EXC_NP = 11,
	EXC_SS = 12,
	EXC_GP = 13,
	EXC_PF = 14,
	EXC_MF = 16,
	EXC_AC = 17,
	EXC_MC = 18,
	EXC_XM = 19,
	EXC_VE = 20,
	EXC_CP = 21,
	EXC_HV = 28,
	EXC_VC = 29,
	EXC_SX = 30,
	EXC_VECTORS = 32,
};

/* APIC_BASE */
#define GAPIC_BASE_BSP	BIT_ULL(8)
#define GAPIC_BASE_EXTD BIT_ULL(10)
#define GAPIC_BASE_EN	BIT_ULL(11)
#define GAPIC_BASE_ADDR 0xfee00000ULL

/*
 * CPUID feature bits that have rules beyond "let it through". The policy of
 * what a guest may see is the table in cpuid_rules.c.
 */
#define GCPUID_1_ECX_PCID	  BIT(17)
#define GCPUID_1_ECX_X2APIC	  BIT(21)
#define GCPUID_1_ECX_TSC_DEADLINE BIT(24)
#define GCPUID_1_ECX_XSAVE	  BIT(26)
#define GCPUID_1_ECX_OSXSAVE	  BIT(27)
#define GCPUID_1_ECX_AVX	  BIT(28)
#define GCPUID_1_ECX_HYPERVISOR	  BIT(31)
#define GCPUID_1_ECX_VMX	  BIT(5)
#define GCPUID_1_ECX_SMX	  BIT(6)
#define GCPUID_1_ECX_MONITOR	  BIT(3)
#define GCPUID_1_EDX_VME	  BIT(1)
#define GCPUID_1_EDX_DE		  BIT(2)
#define GCPUID_1_EDX_PSE	  BIT(3)
#define GCPUID_1_EDX_TSC	  BIT(4)
#define GCPUID_1_EDX_PAE	  BIT(6)
#define GCPUID_1_EDX_MCE	  BIT(7)
#define GCPUID_1_EDX_APIC	  BIT(9)
#define GCPUID_1_EDX_MTRR	  BIT(12)
#define GCPUID_1_EDX_PGE	  BIT(13)
#define GCPUID_1_EDX_MCA	  BIT(14)
#define GCPUID_1_EDX_PAT	  BIT(16)
#define GCPUID_1_EDX_PSE36	  BIT(17)
#define GCPUID_1_EDX_FXSR	  BIT(24)
#define GCPUID_1_EDX_SSE	  BIT(25)
#define GCPUID_7_EBX_FSGSBASE	  BIT(0)
#define GCPUID_7_EBX_TSC_ADJUST	  BIT(1)
#define GCPUID_7_EBX_SMEP	  BIT(7)
#define GCPUID_7_EBX_INVPCID	  BIT(10)
#define GCPUID_7_EBX_MPX	  BIT(14)
#define GCPUID_7_EBX_AVX512F	  BIT(16)
#define GCPUID_7_EBX_SMAP	  BIT(20)
#define GCPUID_7_ECX_UMIP	  BIT(2)
#define GCPUID_7_ECX_PKU	  BIT(3)
#define GCPUID_7_ECX_OSPKE	  BIT(4)
#define GCPUID_7_ECX_LA57	  BIT(16)
#define GCPUID_7_ECX_RDPID	  BIT(22)
#define GCPUID_7_EDX_SPEC_CTRL	  BIT(26) /* IBRS and IBPB */
#define GCPUID_7_EDX_STIBP	  BIT(27)
#define GCPUID_7_EDX_ARCH_CAPS	  BIT(29)
#define GCPUID_7_EDX_SSBD	  BIT(31)
#define GCPUID_81_ECX_SVM	  BIT(2)
#define GCPUID_81_ECX_OSVW	  BIT(9)
#define GCPUID_81_ECX_PERFCTR	  BIT(23)
#define GCPUID_81_EDX_SYSCALL	  BIT(11)
#define GCPUID_81_EDX_NX	  BIT(20)
#define GCPUID_81_EDX_FFXSR	  BIT(25)
#define GCPUID_81_EDX_PAGE1G	  BIT(26)
#define GCPUID_81_EDX_RDTSCP	  BIT(27)
#define GCPUID_81_EDX_LM	  BIT(29)
#define GCPUID_88_EBX_IBPB	  BIT(12)
#define GCPUID_88_EBX_IBRS	  BIT(14)
#define GCPUID_88_EBX_STIBP	  BIT(15)
#define GCPUID_88_EBX_NO_LMSLE	  BIT(20)
#define GCPUID_88_EBX_SSBD	  BIT(24)
#define GCPUID_88_EBX_PSFD	  BIT(28)

/* KVM_FEATURE_* bits of leaf 0x40000001 (UAPI asm/kvm_para.h) */
#define GKVM_CLOCKSOURCE	BIT(0)
#define GKVM_NOP_IO_DELAY	BIT(1)
#define GKVM_CLOCKSOURCE2	BIT(3)
#define GKVM_ASYNC_PF		BIT(4)
#define GKVM_STEAL_TIME		BIT(5)
#define GKVM_PV_EOI		BIT(6)
#define GKVM_PV_UNHALT		BIT(7)
#define GKVM_PV_TLB_FLUSH	BIT(9)
#define GKVM_PV_SEND_IPI	BIT(11)
#define GKVM_POLL_CONTROL	BIT(12)
#define GKVM_ASYNC_PF_INT	BIT(14)
#define GKVM_CLOCKSOURCE_STABLE BIT(24)

#endif /* GLASSVISOR_X86_DEFS_H */
