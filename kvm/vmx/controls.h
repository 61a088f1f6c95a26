/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which VMX controls a guest runs with, from what the capability MSRs say. See
 * controls.c.
 */
#ifndef GLASSVISOR_VMX_CONTROLS_H
#define GLASSVISOR_VMX_CONTROLS_H

#include "vmcs.h"

/* The capability MSRs, as read: the same on all CPUs of a usable machine. */
struct vmx_caps {
	u64 basic;
	u64 misc;
	u64 cr0_fixed0; /* bits that are 1 here must be 1 */
	u64 cr0_fixed1; /* bits that are 0 here must be 0 */
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	/* Controls: low half, must be 1; high half, may be 1. The true ones where there are such. */
	u64 pin;
	u64 primary;
	u64 secondary; /* 0: there are none */
	u64 exit;
	u64 entry;
	u64 ept_vpid; /* 0: neither EPT nor VPID */
};

/* All or none. They need the TPR shadow as well. */
#define VMX_APICV (VMX_2_X2APIC | VMX_2_APIC_REGS | VMX_2_VID)

struct vmx_controls {
	u32 pin;
	u32 primary;
	u32 secondary;
	u32 exit;
	u32 entry;
};

/*
 * One word of controls: what @want asks for, less what the CPU has not, with
 * what it insists on.
 */
u32 vmx_control_word(u64 cap, u32 want);

/*
 * The controls that every vCPU starts with. NULL, or what is missing for guests
 * to run at all, as the end of a sentence; *ret is not written then.
 */
const char *vmx_controls_choose(const struct vmx_caps *caps, struct vmx_controls *ret);

/* The first capability in which two CPUs differ that matters here, or that one lacks; NULL: none. */
const char *vmx_caps_differ(const struct vmx_caps *a, const struct vmx_caps *b);

/* A control register with the bits that VMX fixes. @fixed0, @fixed1: as in struct vmx_caps. */
static inline u64 vmx_cr_fix(u64 value, u64 fixed0, u64 fixed1)
{
	return (value | fixed0) & fixed1;
}

#endif /* GLASSVISOR_VMX_CONTROLS_H */
