/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmrun.S takes from enter.c: see struct svm_enter_args. The offsets are
 * here as numbers, for the assembler.
 */
#ifndef GLASSVISOR_SVM_ENTER_H
#define GLASSVISOR_SVM_ENTER_H

#define SVM_ARGS_GPR	    0
#define SVM_ARGS_VMCB_PA    8
#define SVM_ARGS_HOST_PA    16
#define SVM_ARGS_GUEST_SPEC 24
#define SVM_ARGS_HOST_SPEC  32

#ifndef __ASSEMBLY__

#include "../types.h"

struct svm_enter_args {
	u64 *gpr;	/* vcpu->gpr; RAX and RSP travel in the VMCB */
	hpa_t vmcb_pa;	/* the guest's VMCB */
	hpa_t host_pa;	/* this CPU's page for what VMLOAD and VMSAVE cover */
	u64 guest_spec; /* SPEC_CTRL in the guest; switched if it differs from ... */
	u64 host_spec;	/* ... the host's */
};

static_assert(offsetof(struct svm_enter_args, gpr) == SVM_ARGS_GPR, "gpr");
static_assert(offsetof(struct svm_enter_args, vmcb_pa) == SVM_ARGS_VMCB_PA, "vmcb_pa");
static_assert(offsetof(struct svm_enter_args, host_pa) == SVM_ARGS_HOST_PA, "host_pa");
static_assert(offsetof(struct svm_enter_args, guest_spec) == SVM_ARGS_GUEST_SPEC, "guest_spec");
static_assert(offsetof(struct svm_enter_args, host_spec) == SVM_ARGS_HOST_SPEC, "host_spec");

/* One VMRUN and its #VMEXIT. Interrupts off before and after, global interrupts on. */
void svm_vmrun(struct svm_enter_args *args);

#endif /* __ASSEMBLY__ */

#endif /* GLASSVISOR_SVM_ENTER_H */
