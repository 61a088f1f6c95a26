/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of the SVM back end, and the life of its part of a vCPU: creation,
 * reset, binding to a physical CPU.
 *
 * Between vcpu_load and vcpu_put the CPU may hold the guest's TSC_AUX, and
 * DR0-DR3 of a guest that uses them while it runs; all else is the host's
 * again after each exit. The TSC ratio, which means nothing to the host, stays
 * behind until another vCPU wants another one.
 *
 * svm_cpu.last names the vCPU that ran last on a CPU. It is compared only,
 * never followed, and taken out when the vCPU goes, so that a new one at the
 * same address is not mistaken for it.
 *
 * Locks: vcpu->mutex; load and put with preemption off.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <asm/debugreg.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>

#include "svm.h"

/* Declared by main.c, which alone names the back ends. */
extern const struct arch_backend svm_backend;

static int svm_vm_init(struct vm *vm)
{
	return 0;
}

static void svm_vm_destroy(struct vm *vm)
{
}

static void svm_vcpu_destroy(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = vcpu->arch;
	int cpu;

	if (!svm)
		return;
	for_each_possible_cpu(cpu) cmpxchg(&per_cpu(svm_cpus, cpu).last, (void *)svm, NULL);
	if (svm->msrpm)
		__free_pages(svm->msrpm, SVM_MSRPM_ORDER);
	free_page((unsigned long)svm->vmcb);
	kfree(svm);
	vcpu->arch = NULL;
}

static int svm_vcpu_create(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = kzalloc(sizeof(*svm), GFP_KERNEL_ACCOUNT);

	if (!svm)
		return -ENOMEM;
	vcpu->arch = svm;
	svm->last_cpu = -1;
	svm->tsc_ratio = SVM_TSC_RATIO_1;
	svm->vmcb = (struct vmcb *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	svm->msrpm = alloc_pages(GFP_KERNEL_ACCOUNT, SVM_MSRPM_ORDER);
	if (!svm->vmcb || !svm->msrpm) {
		svm_vcpu_destroy(vcpu);
		return -ENOMEM;
	}
	svm->args.gpr = vcpu->gpr;
	svm->args.vmcb_pa = virt_to_phys(svm->vmcb) | svm_hw.enc_mask;
	svm_msrpm_init(svm);
	return 0;
}

/* vcpu->st is complete; the next entry takes it whole. */
static void svm_vcpu_reset(struct vcpu *vcpu)
{
	vcpu->st_valid = STATE_ALL;
	vcpu->st_dirty = STATE_ALL;
	svm_vmcb_init(vcpu);
}

static void svm_vcpu_load(struct vcpu *vcpu, int nr)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct svm_cpu *cpu = per_cpu_ptr(&svm_cpus, nr);

	svm->cpu = cpu;
	svm->args.host_pa = cpu->host_pa;
	if (svm->last_cpu != nr) {
		svm->last_cpu = nr;
		svm->asid_gen = 0;
		svm->vmcb->control.clean = 0;
	}
	/* Only what scales ever differs. */
	if (unlikely(cpu->tsc_ratio != svm->tsc_ratio)) {
		cpu->tsc_ratio = svm->tsc_ratio;
		wrmsrl(MSR_AMD64_TSC_RATIO, svm->tsc_ratio);
	}
	if (cpu->last != svm) {
		WRITE_ONCE(cpu->last, svm);
		/* No guest steers another one's branches. */
		indirect_branch_prediction_barrier();
	}
}

static void svm_vcpu_put(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct svm_cpu *cpu = svm->cpu;

	if (cpu->tsc_aux != cpu->tsc_aux_host) {
		cpu->tsc_aux = cpu->tsc_aux_host;
		wrmsrl(MSR_TSC_AUX, cpu->tsc_aux_host);
	}
	/* Debug registers exit until the next use, unless breakpoints are enabled. */
	if (unlikely(svm->special & SVM_SPECIAL_DR) && !(svm->vmcb->save.dr7 & 0xff)) {
		svm->special &= ~SVM_SPECIAL_DR;
		svm_intercept_dr(svm);
	}
	/* #VMEXIT leaves the guest's DR6 behind. */
	if (unlikely(svm->vmcb->save.dr6 != DR6_RESERVED))
		set_debugreg(DR6_RESERVED, 6);
}

/* There is no such log: arch_caps.write_log is not set. */
static void svm_write_log_set(struct vcpu *vcpu, bool on)
{
}

const struct arch_backend svm_backend = {
	.name = "svm",
	.isa = EXIT_ISA_SVM,
	.probe = svm_probe,
	.remove = svm_remove,
	.spte_fmt = svm_spte_fmt,
#define ARCH_OP(ret, name, proto, args) .name = svm_##name,
#include "../arch/ops.def"
#undef ARCH_OP
};
