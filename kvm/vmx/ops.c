/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of the VMX back end, and the life of its part of a vCPU: creation,
 * reset, binding to a physical CPU.
 *
 * Between vcpu_load and vcpu_put the CPU may hold what host.c says of the
 * guest's, and its DR0-DR3 while it runs and uses them; all else is the host's
 * again after each exit.
 *
 * vmx_cpu.last names the vCPU that ran last on a CPU. It is compared only,
 * never followed, and taken out when the vCPU goes, so that a new one at the
 * same address is not mistaken for it.
 *
 * Locks: vcpu->mutex; load and put with preemption off.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <asm/nospec-branch.h>

#include "vmx.h"

/* Declared by main.c, which alone names the back ends. */
extern const struct arch_backend vmx_backend;

static int vmx_vm_init(struct vm *vm)
{
	return 0;
}

static void vmx_vm_destroy(struct vm *vm)
{
}

static void vmx_vcpu_destroy(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vcpu->arch;
	int cpu;

	if (!vmx)
		return;
	for_each_possible_cpu(cpu) cmpxchg(&per_cpu(vmx_cpus, cpu).last, (void *)vmx, NULL);
	vmx_vmcs_destroy(vmx);
	vmx_pml_destroy(vmx);
	if (vmx->msr_bitmap)
		__free_page(vmx->msr_bitmap);
	free_page((unsigned long)vmx->tpr_page);
	vmx_vpid_free(vmx->vpid);
	kfree(vmx);
	vcpu->arch = NULL;
}

static int vmx_vcpu_create(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = kzalloc(sizeof(*vmx), GFP_KERNEL_ACCOUNT);

	if (!vmx)
		return -ENOMEM;
	vcpu->arch = vmx;
	vmx->last_cpu = -1;
	vmx->tsc_ratio = 1ULL << VMX_TSC_FRAC_BITS;
	vmx->msr_bitmap = alloc_page(GFP_KERNEL_ACCOUNT);
	if (vmx_hw.controls.primary & VMX_1_TPR_SHADOW)
		vmx->tpr_page = (u8 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (vmx_vmcs_create(vmx) || vmx_pml_create(vmx) || !vmx->msr_bitmap ||
	    (!vmx->tpr_page && (vmx_hw.controls.primary & VMX_1_TPR_SHADOW))) {
		vmx_vcpu_destroy(vcpu);
		return -ENOMEM;
	}
	vmx->args.gpr = vcpu->gpr;
	if (vmx_hw.controls.secondary & VMX_2_VPID)
		vmx->vpid = vmx_vpid_alloc();
	vmx_msr_bitmap_init(vmx);
	/* Nothing has been there to be read yet. */
	vcpu->st_valid = STATE_ALL;
	return 0;
}

/* vcpu->st is complete; the next entry takes it whole. */
static void vmx_vcpu_reset(struct vcpu *vcpu)
{
	vcpu->st_valid = STATE_ALL;
	vcpu->st_dirty = STATE_ALL;
	vmx_vmcs_init(vcpu);
}

static void vmx_vcpu_load(struct vcpu *vcpu, int nr)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	struct vmx_cpu *cpu = per_cpu_ptr(&vmx_cpus, nr);

	vmx->cpu = cpu;
	vmx_vmcs_load(vmx, nr);
	vmx_host_load(vmx, cpu);
	if (vmx->last_cpu != nr) {
		vmx->last_cpu = nr;
		vmx->flush |= VMX_FLUSH_ALL;
	}
	if (cpu->last != vmx) {
		WRITE_ONCE(cpu->last, vmx);
		/* No guest steers another one's branches. */
		indirect_branch_prediction_barrier();
	}
}

static void vmx_vcpu_put(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	struct vmx_cpu *cpu = vmx->cpu;

	vmx_host_put(vmx);
	if (cpu->tsc_aux != cpu->tsc_aux_host) {
		cpu->tsc_aux = cpu->tsc_aux_host;
		wrmsrl(MSR_TSC_AUX, cpu->tsc_aux_host);
	}
	/* Debug registers exit until the next use, unless breakpoints are enabled. */
	if (unlikely(vmx->special & VMX_SPECIAL_DR) && !(vmread(VMCS_GUEST_DR7) & 0xff)) {
		vmx->special &= ~VMX_SPECIAL_DR;
		vmx_exit_on_dr(vmx);
	}
}

const struct arch_backend vmx_backend = {
	.name = "vmx",
	.isa = EXIT_ISA_VMX,
	.probe = vmx_probe,
	.remove = vmx_remove,
	.spte_fmt = vmx_spte_fmt,
#define ARCH_OP(ret, name, proto, args) .name = vmx_##name,
#include "../arch/ops.def"
#undef ARCH_OP
};
