/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU is allowed, digested once from its CPUID table so that the
 * control-register, MSR and page-walk rules never look at CPUID themselves.
 *
 * Filled by cpuid_rule_guest_caps(). A vCPU whose CPUID was not set yet has
 * those of the supported table (the ABI lets userspace set registers before
 * KVM_SET_CPUID2). Constant between two calls of KVM_SET_CPUID2.
 */
#ifndef GLASSVISOR_X86_CAPS_H
#define GLASSVISOR_X86_CAPS_H

#include "../env.h"

enum cpu_vendor {
	CPU_VENDOR_OTHER,
	CPU_VENDOR_INTEL,
	CPU_VENDOR_AMD, /* and Hygon */
};

struct cpuid_guest_caps {
	u64 cr4_allowed;       /* CR4 bits that may be 1; all others are reserved */
	u64 efer_allowed;      /* EFER bits that may be 1, LMA among them with long mode */
	u64 xcr0_allowed;      /* 0: no XSAVE */
	u64 spec_ctrl_allowed; /* SPEC_CTRL bits that may be 1; 0: no such MSR */
	u64 gpa_reserved;      /* physical address bits the guest doesn't have: ~0 << maxphyaddr */
	u32 kvm_features;      /* leaf 0x40000001 EAX as the guest sees it */
	u8 maxphyaddr;	       /* 32 to 52 */
	u8 vendor;	       /* enum cpu_vendor */
	bool lm, nx, page1g, pcid, pse36, pat, mtrr, mce;
	bool x2apic, rdtscp, rdpid, tsc_adjust, la57;
	bool ibpb;	/* PRED_CMD exists */
	bool arch_caps; /* ARCH_CAPABILITIES exists */
	bool osvw;	/* OSVW MSRs exist */
	bool xsave;	/* CPUID.1:ECX.XSAVE */
	bool fxsr_opt;	/* EFER.FFXSR */
};

#endif /* GLASSVISOR_X86_CAPS_H */
