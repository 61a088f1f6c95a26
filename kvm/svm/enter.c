/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One entry and one exit, around the assembly of vmrun.S.
 *
 * What did not change is not written: state classes only when dirty, the ASID
 * only when the vCPU moved or a flush is due, MSRs only where guest and host
 * differ. What most entries don't need hides behind svm_vcpu.special.
 *
 * Entry context: interrupts and preemption off, guest context accounted by the
 * caller, so nothing here may be traced or instrumented.
 *
 * Leaves out: FPU, XCR0 and PKRU, which core/fpu.c switches.
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/mce.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/ptrace.h>
#include <asm/segment.h>

#include "../compat.h"
#include "svm.h"

/* MSRs that the VMCB does not switch. TSC_AUX stays until vcpu_put. */
static __always_inline void switch_msrs(struct vcpu *vcpu, struct svm_vcpu *svm)
{
	if (svm->use_tsc_aux && svm->cpu->tsc_aux != (u32)vcpu->tsc_aux) {
		svm->cpu->tsc_aux = vcpu->tsc_aux;
		native_wrmsrl(MSR_TSC_AUX, svm->cpu->tsc_aux);
	}
	if (!static_cpu_has(X86_FEATURE_MSR_SPEC_CTRL))
		return;
	if (svm_hw.v_spec_ctrl) {
		svm->vmcb->save.spec_ctrl = vcpu->spec_ctrl;
	} else {
		svm->args.host_spec = __this_cpu_read(x86_spec_ctrl_current);
		svm->args.guest_spec = svm->use_spec_ctrl ? vcpu->spec_ctrl : svm->args.host_spec;
	}
}

static __always_inline void before(struct vcpu *vcpu, struct svm_vcpu *svm)
{
	struct vmcb_save *save = &svm->vmcb->save;

	if (vcpu->st_dirty)
		svm_state_set(vcpu, vcpu->st_dirty);
	save->rax = vcpu->gpr[GPR_RAX];
	save->rsp = vcpu->gpr[GPR_RSP];
	save->rip = vcpu->rip;
	save->rflags = vcpu->rflags;

	if (unlikely(svm->flush || svm->asid_gen != svm->cpu->asid_gen))
		svm_tlb_prepare(svm);
	switch_msrs(vcpu, svm);
	if (unlikely(svm->special)) {
		svm_event_before(vcpu);
		if (svm->special & SVM_SPECIAL_DR)
			svm_dr_load(vcpu);
	}
}

static __always_inline void after(struct vcpu *vcpu, struct svm_vcpu *svm)
{
	struct vmcb *vmcb = svm->vmcb;

	compat_guest_ran();
	vcpu->gpr[GPR_RAX] = vmcb->save.rax;
	vcpu->gpr[GPR_RSP] = vmcb->save.rsp;
	vcpu->rip = vmcb->save.rip;
	vcpu->rflags = vmcb->save.rflags;
	svm_cr_fetch(svm, &vcpu->st);
	vcpu->st_valid = STATE_CR;
	if (unlikely((vmcb->control.vintr & VMCB_V_TPR) != vcpu->tpr >> 4)) {
		vcpu->tpr = (vmcb->control.vintr & VMCB_V_TPR) << 4;
		vcpu->lapic_words |= LAPIC_WORD_TPR;
	}
	vmcb->control.clean = svm_hw.clean_all;
	vmcb->control.tlb_control = VMCB_TLB_NONE;
	vmcb->control.event_inj = 0;

	if (unlikely(svm->special)) {
		if (svm->special & SVM_SPECIAL_DR)
			svm_dr_save(vcpu);
		svm_event_after(vcpu);
	}
	/* #VMEXIT disabled all breakpoints in DR7. */
	if (unlikely(hw_breakpoint_active()))
		hw_breakpoint_restore();
}

noinstr void svm_enter(struct vcpu *vcpu, struct exit *exit)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	before(vcpu, svm);
	svm_vmrun(&svm->args);
	after(vcpu, svm);
	svm_exit_translate(vcpu, exit);
}

/* An NMI comes with STGI, before after() has run: the VMCB has it all. */
u64 svm_guest_ip(const struct vcpu *vcpu)
{
	const struct vmcb_save *save = &to_svm(vcpu)->vmcb->save;

	return save->rip + (save->cs.attrib & VMCB_SEG_L ? 0 : save->cs.base);
}

u8 svm_guest_cpl(const struct vcpu *vcpu)
{
	return to_svm(vcpu)->vmcb->save.cpl;
}

bool svm_left_by_nmi(const struct vcpu *vcpu)
{
	return to_svm(vcpu)->vmcb->control.exit_code == SVM_EXIT_NMI;
}

/*
 * Interrupts, NMIs, SMIs and INITs stay pending over the exit and reach the
 * host by themselves. A machine check does not: the intercept took it. An NMI
 * that comes from here on, up to the next exit, hits the host: svm_left_by_nmi().
 */
void svm_exit_host_work(struct vcpu *vcpu, const struct exit *exit)
{
	if (exit->hw_reason == SVM_EXIT_NMI)
		to_svm(vcpu)->vmcb->control.exit_code = SVM_EXIT_INTR;
	if (IS_ENABLED(CONFIG_X86_MCE) &&
	    unlikely(exit->hw_reason == SVM_EXIT_EXCP_BASE + EXC_MC)) {
		/* To the kernel it came from user mode: an error in guest memory can be survived. */
		struct pt_regs regs = {.cs = __USER_CS, .flags = X86_EFLAGS_IF};

		do_machine_check(&regs);
	}
}
