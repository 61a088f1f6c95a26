/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMCB's control area: what exits (APM vol. 2, "Intercept operation",
 * table "Guest exit or exception intercepts").
 *
 * Rules: what only concerns the guest does not exit. With nested paging CR3,
 * INVLPG and page faults are its own. What changes the mode (CR0 beyond TS and
 * MP, CR4, EFER by its MSR bit) exits, because addresses cached under the old
 * mode have to be flushed; reads exit only while the guest's value and the
 * VMCB's differ. All of SVM itself exits: guests run with EFER.SVME set.
 *
 * #DB and #AC exit for the host's sake: a guest can make their delivery raise
 * them again for ever, and the hardware never looks up from that
 * (CVE-2015-5307, CVE-2015-8104). #MC exits to be the host's.
 *
 * Locks: vcpu->mutex.
 */
#include <linux/mm.h>
#include <asm/io.h>

#include "svm.h"

#define INTERCEPT_A                                                                                \
	(VMCB_A_INTR | VMCB_A_NMI | VMCB_A_SMI | VMCB_A_INIT | VMCB_A_CR0_SEL_WRITE |              \
	 VMCB_A_RDPMC | VMCB_A_CPUID | VMCB_A_INVD | VMCB_A_HLT | VMCB_A_INVLPGA | VMCB_A_IOIO |   \
	 VMCB_A_MSR | VMCB_A_TASK_SWITCH | VMCB_A_SHUTDOWN)

#define INTERCEPT_B                                                                                \
	(VMCB_B_VMRUN | VMCB_B_VMMCALL | VMCB_B_VMLOAD | VMCB_B_VMSAVE | VMCB_B_STGI |             \
	 VMCB_B_CLGI | VMCB_B_SKINIT | VMCB_B_WBINVD | VMCB_B_MONITOR | VMCB_B_MWAIT |             \
	 VMCB_B_XSETBV | VMCB_B_RDPRU)

#define INTERCEPT_C (VMCB_C_INVLPGB | VMCB_C_INVLPGB_ILL | VMCB_C_MCOMMIT | VMCB_C_TLBSYNC)

/* #UD: the hypercall of guests that believe to be on an Intel CPU, see exit_exception() in core/. */
#define INTERCEPT_EXCEPTIONS (BIT(EXC_DB) | BIT(EXC_UD) | BIT(EXC_AC) | BIT(EXC_MC))

void svm_intercept_a(struct svm_vcpu *svm, u32 bit, bool on)
{
	if (on)
		svm->vmcb->control.intercept_a |= bit;
	else
		svm->vmcb->control.intercept_a &= ~bit;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

void svm_intercept_b(struct svm_vcpu *svm, u32 bit, bool on)
{
	if (on)
		svm->vmcb->control.intercept_b |= bit;
	else
		svm->vmcb->control.intercept_b &= ~bit;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

void svm_intercept_exception(struct svm_vcpu *svm, u8 vector, bool on)
{
	if (on)
		svm->vmcb->control.exceptions |= BIT(vector);
	else
		svm->vmcb->control.exceptions &= ~BIT(vector);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

void svm_intercept_cr(struct svm_vcpu *svm)
{
	struct vmcb_control *c = &svm->vmcb->control;
	u16 reads = 0;
	u16 writes = BIT(4) | (svm->cr8_exits ? BIT(8) : 0);

	/* TS and MP may change in the VMCB without an exit; other bits don't. */
	if ((svm->guest_cr0 ^ svm->vmcb->save.cr0) & ~SVM_CR0_OWN) {
		reads |= BIT(0);
		writes |= BIT(0);
	}
	if (svm->guest_cr4 != svm->vmcb->save.cr4)
		reads |= BIT(4);

	if (c->cr_read == reads && c->cr_write == writes)
		return;
	c->cr_read = reads;
	c->cr_write = writes;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

/* All writes or none: the interrupt that waits for a lower TPR has to be looked at by hand. */
void svm_cr8_exit(struct vcpu *vcpu, u8 below)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->cr8_exits = below;
	svm_intercept_cr(svm);
}

void svm_intercept_dr(struct svm_vcpu *svm)
{
	struct vmcb_control *c = &svm->vmcb->control;
	u16 reads, writes;

	if (svm->dr_owned) {
		reads = 0xff;
		writes = 0xff;
	} else if (svm->special & SVM_SPECIAL_DR) {
		reads = 0;
		writes = 0;
	} else {
		/* DR6 and DR7 are in the VMCB; enabling a breakpoint needs DR0-DR3 too. */
		reads = 0x0f;
		writes = 0x0f | BIT(5) | BIT(7);
	}

	if (c->dr_read == reads && c->dr_write == writes)
		return;
	c->dr_read = reads;
	c->dr_write = writes;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

/* vcpu->st holds the whole state and is marked valid and dirty: it goes in at the next entry. */
void svm_vmcb_init(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_control *c = &svm->vmcb->control;

	memset(svm->vmcb, 0, sizeof(*svm->vmcb));

	c->exceptions = INTERCEPT_EXCEPTIONS;
	c->intercept_a = INTERCEPT_A;
	c->intercept_b = INTERCEPT_B;
	c->intercept_c = INTERCEPT_C;
	c->iopm_base_pa = svm_hw.iopm_pa;
	c->msrpm_base_pa = page_to_phys(svm->msrpm) | svm_hw.enc_mask;
	c->vintr = VMCB_V_INTR_MASKING;
	c->nested = VMCB_NP_ENABLE;
	c->n_cr3 = svm->root | svm_hw.enc_mask;
	c->tsc_offset = svm->tsc_offset;

	svm->asid_gen = 0;
	svm->special = 0;
	svm->iret_rip = ~0ULL;
	svm->nmi_masked = false;

	svm_debug_update(vcpu);
	svm_cpuid_update(vcpu);
	svm_irq_window(vcpu, vcpu->irq_window);
	svm_nmi_window(vcpu, vcpu->nmi_window);
	svm_cr8_exit(vcpu, vcpu->cr8_exit);
}

/* Before KVM_SET_CPUID2 a guest has all that the host has. */
static bool guest_has_invpcid(struct vcpu *vcpu)
{
	const struct kvm_cpuid_entry2 *e;

	if (!vcpu->cpuid.n)
		return true;
	e = cpuid_rule_find(&vcpu->cpuid, 7, 0);
	return e && (e->ebx & GCPUID_7_EBX_INVPCID);
}

void svm_cpuid_update(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct cpuid_guest_caps *caps = &vcpu->caps;

	svm->use_tsc_aux = svm_hw.tsc_aux && (caps->rdtscp || caps->rdpid);
	svm->use_spec_ctrl = caps->spec_ctrl_allowed;
	/* Instructions that this guest must not see although the host has them. */
	svm_intercept_b(svm, VMCB_B_RDTSCP, svm_hw.tsc_aux && !caps->rdtscp);
	if (svm_hw.invpcid && !guest_has_invpcid(vcpu))
		svm->vmcb->control.intercept_c |= VMCB_C_INVPCID;
	else
		svm->vmcb->control.intercept_c &= ~VMCB_C_INVPCID;
}

void svm_debug_update(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	u32 control = vcpu->guest_debug.control;
	bool on = control & KVM_GUESTDBG_ENABLE;
	bool owned = on && (control & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP));

	/* What the guest has goes aside, or comes back, through the neutral state. */
	if (!(vcpu->st_valid & STATE_DR)) {
		svm_state_get(vcpu, STATE_DR);
		vcpu->st_valid |= STATE_DR;
	}
	vcpu->st_dirty |= STATE_DR;

	svm->dr_owned = owned;
	svm->hw_bp = on && (control & KVM_GUESTDBG_USE_HW_BP);
	svm->special &= ~SVM_SPECIAL_DR;
	svm_intercept_exception(svm, EXC_BP, on && (control & KVM_GUESTDBG_USE_SW_BP));
	svm_intercept_dr(svm);
}

void svm_tsc_offset_set(struct vcpu *vcpu, u64 offset)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->tsc_offset = offset;
	svm->vmcb->control.tsc_offset = offset;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_I);
}

void svm_tsc_ratio_set(struct vcpu *vcpu, u64 ratio)
{
	to_svm(vcpu)->tsc_ratio = ratio ?: SVM_TSC_RATIO_1;
}

/* SVM has no such timer, and so arch_caps.deadline is false. */
void svm_deadline_set(struct vcpu *vcpu, u64 host_tsc)
{
}

/* Nor is AVIC used, and arch_caps.apicv is false. */
void svm_apicv_update(struct vcpu *vcpu, const struct apicv *apicv)
{
}
