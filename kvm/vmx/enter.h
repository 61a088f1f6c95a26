/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmlaunch.S takes from enter.c: see struct vmx_enter_args. The offsets
 * are here as numbers, for the assembler.
 */
#ifndef GLASSVISOR_VMX_ENTER_H
#define GLASSVISOR_VMX_ENTER_H

#define VMX_ARGS_GPR	    0
#define VMX_ARGS_HOST_RSP   8
#define VMX_ARGS_GUEST_SPEC 16
#define VMX_ARGS_HOST_SPEC  24
#define VMX_ARGS_LAUNCHED   32

#define VMX_FIELD_HOST_RSP 0x6c14 /* VMCS_HOST_RSP */

#ifndef __ASSEMBLY__

#include "../types.h"
#include "vmcs.h"

struct vmx_enter_args {
	u64 *gpr;	/* vcpu->gpr; RSP travels in the VMCS */
	u64 host_rsp;	/* what the VMCS has */
	u64 guest_spec; /* SPEC_CTRL in the guest; switched if it differs from ... */
	u64 host_spec;	/* ... the host's */
	u32 launched;	/* 0: VMLAUNCH, 1: VMRESUME */
};

static_assert(offsetof(struct vmx_enter_args, gpr) == VMX_ARGS_GPR, "gpr");
static_assert(offsetof(struct vmx_enter_args, host_rsp) == VMX_ARGS_HOST_RSP, "host_rsp");
static_assert(offsetof(struct vmx_enter_args, guest_spec) == VMX_ARGS_GUEST_SPEC, "guest_spec");
static_assert(offsetof(struct vmx_enter_args, host_spec) == VMX_ARGS_HOST_SPEC, "host_spec");
static_assert(offsetof(struct vmx_enter_args, launched) == VMX_ARGS_LAUNCHED, "launched");
static_assert(VMX_FIELD_HOST_RSP == VMCS_HOST_RSP, "HOST_RSP");

/*
 * One entry and its exit. Interrupts off before and after. False: refused before
 * anything of the guest's was loaded, VMCS_INSN_ERROR says why.
 */
bool vmx_vmenter(struct vmx_enter_args *args);
/* Where exits arrive: VMCS_HOST_RIP. Not to be called. */
void vmx_vmexit(void);

#endif /* __ASSEMBLY__ */

#endif /* GLASSVISOR_VMX_ENTER_H */
