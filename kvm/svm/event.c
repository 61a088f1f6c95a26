/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events into the guest: injection, interrupt and NMI windows, and what an
 * exit interrupted (APM vol. 2, "Event injection", "Virtual interrupts",
 * "EXITINTINFO").
 *
 * Interrupt window: a dummy virtual interrupt above every TPR, whose delivery
 * exits as soon as IF and the interrupt shadow let it through. It stays armed
 * until it is switched off.
 *
 * NMI masking, without the hardware's help (vNMI): from the injection of an
 * NMI on, IRET exits. That exit comes before the IRET executes, and NMIs stay
 * masked until it has; so the rest is seen afterwards by RIP having moved on.
 * If an NMI waits for that moment, the one instruction is single-stepped with
 * RFLAGS.TF. Known gap: if that IRET itself faults, the guest's handler finds
 * TF in the saved flags. When another event is being injected TF can't be
 * used (it would be pushed), and an interrupt to ourselves ends the run right
 * after the delivery instead.
 *
 * Software interrupts that were interrupted in delivery are not injected
 * again: RIP is at the instruction, which simply executes again.
 *
 * Locks: vcpu->mutex; entry context for svm_event_before() and _after().
 */
#include <linux/smp.h>

#include "svm.h"

void svm_nmi_mask(struct svm_vcpu *svm, bool masked)
{
	svm->nmi_masked = masked;
	svm->special &= ~SVM_SPECIAL_IRET;
	svm_intercept_a(svm, VMCB_A_IRET, masked);
}

/* Software interrupt: the hardware pushes next_rip, or, without that field, RIP. */
static bool inject_soft(struct vcpu *vcpu, const struct event *event)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (!event->insn_len)
		return false; /* RIP is at the instruction */
	svm->soft_rip = vcpu->rip;
	svm->soft_next_rip = vcpu->rip + event->insn_len;
	if (svm_hw.next_rip) {
		svm->vmcb->control.next_rip = svm->soft_next_rip;
	} else {
		vcpu->rip = svm->soft_next_rip;
		svm->special |= SVM_SPECIAL_SOFT;
	}
	return true;
}

void svm_event_inject(struct vcpu *vcpu, const struct event *event)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	u64 inj = VMCB_EVENT_V | event->vector;

	switch (event->type) {
	case EVENT_INTR:
		inj |= VMCB_EVENT_TYPE_INTR << VMCB_EVENT_TYPE_SHIFT;
		break;
	case EVENT_NMI:
		inj = VMCB_EVENT_V | EXC_NMI | VMCB_EVENT_TYPE_NMI << VMCB_EVENT_TYPE_SHIFT;
		svm_nmi_mask(svm, true);
		vcpu->st.nmi_masked = true;
		break;
	case EVENT_EXCEPTION:
		inj |= VMCB_EVENT_TYPE_EXCP << VMCB_EVENT_TYPE_SHIFT;
		if (event->has_error_code)
			inj |= VMCB_EVENT_EV | (u64)event->error_code << VMCB_EVENT_ERROR_SHIFT;
		break;
	case EVENT_SOFT:
		if (!inject_soft(vcpu, event))
			return;
		inj |= VMCB_EVENT_TYPE_SOFT << VMCB_EVENT_TYPE_SHIFT;
		break;
	default: /* EVENT_NONE: the entry did not happen */
		if (svm->special & SVM_SPECIAL_SOFT) {
			svm->special &= ~SVM_SPECIAL_SOFT;
			vcpu->rip = svm->soft_rip;
		}
		inj = 0;
		break;
	}
	svm->vmcb->control.event_inj = inj;
}

void svm_irq_window(struct vcpu *vcpu, bool on)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_control *c = &svm->vmcb->control;

	if (on)
		c->vintr |= VMCB_V_IRQ | VMCB_V_PRIO | VMCB_V_IGN_TPR;
	else
		c->vintr &= ~(VMCB_V_IRQ | VMCB_V_PRIO | VMCB_V_IGN_TPR);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_TPR);
	svm_intercept_a(svm, VMCB_A_VINTR, on);
}

void svm_nmi_window(struct vcpu *vcpu, bool on)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (on)
		svm->special |= SVM_SPECIAL_NMI;
	else
		svm->special &= ~SVM_SPECIAL_NMI;
}

void svm_event_vectoring(struct vcpu *vcpu, u64 info, struct event *ret_event)
{
	struct event e = {.type = EVENT_NONE, .vector = info & VMCB_EVENT_VECTOR};

	switch ((info & VMCB_EVENT_TYPE) >> VMCB_EVENT_TYPE_SHIFT) {
	case VMCB_EVENT_TYPE_INTR:
		e.type = EVENT_INTR;
		break;
	case VMCB_EVENT_TYPE_NMI:
		e.type = EVENT_NMI;
		/* It was not delivered; injecting it again masks again. */
		svm_nmi_mask(to_svm(vcpu), false);
		break;
	case VMCB_EVENT_TYPE_EXCP:
		/* INT3 and INTO report themselves so. */
		if (e.vector == EXC_BP || e.vector == EXC_OF)
			break;
		e.type = EVENT_EXCEPTION;
		e.has_error_code = info & VMCB_EVENT_EV;
		e.error_code = info >> VMCB_EVENT_ERROR_SHIFT;
		break;
	default:
		break;
	}
	*ret_event = e;
}

/* Let one instruction execute, then #DB, which exits. */
static void step_begin(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_save *save = &svm->vmcb->save;

	svm->special |= SVM_SPECIAL_STEP;
	svm->step_tf = vcpu->rflags & X86_EFLAGS_TF;
	svm->step_dr6 = save->dr6;
	svm->step_rip = vcpu->rip;
	save->rflags |= X86_EFLAGS_TF;
}

static void step_end(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->special &= ~SVM_SPECIAL_STEP;
	/* An IRET that executed has loaded TF from the guest's stack. */
	if (vcpu->rip != svm->step_rip && svm->iret_rip == svm->step_rip)
		return;
	if (!svm->step_tf)
		vcpu->rflags &= ~(u64)X86_EFLAGS_TF;
}

noinstr void svm_event_before(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (!(svm->special & SVM_SPECIAL_NMI))
		return;
	if (svm->nmi_masked && !(svm->special & SVM_SPECIAL_IRET))
		return; /* the IRET will exit */
	if (svm->vmcb->control.event_inj & VMCB_EVENT_V)
		(smp_ops.smp_send_reschedule)(raw_smp_processor_id());
	else
		step_begin(vcpu);
}

noinstr void svm_event_after(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct vmcb_control *c = &svm->vmcb->control;

	if (svm->special & SVM_SPECIAL_SOFT) {
		svm->special &= ~SVM_SPECIAL_SOFT;
		/* Not delivered: back to the instruction, to execute again. */
		if ((c->exit_int_info & VMCB_EVENT_V) && vcpu->rip == svm->soft_next_rip)
			vcpu->rip = svm->soft_rip;
	}
	if ((svm->special & SVM_SPECIAL_STEP) && c->exit_code != SVM_EXIT_EXCP_BASE + EXC_DB)
		step_end(vcpu);
	if ((svm->special & SVM_SPECIAL_IRET) && vcpu->rip != svm->iret_rip)
		svm_nmi_mask(svm, false);
}

bool svm_event_step_done(struct vcpu *vcpu, struct exit *exit)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_save *save = &svm->vmcb->save;

	if (!(svm->special & SVM_SPECIAL_STEP))
		return false;
	step_end(vcpu);
	/* The guest, or its debugger, steps too, or a breakpoint was hit: #DB goes on to them. */
	if (svm->step_tf || svm->dr_owned || !(save->dr6 & GDR6_BS) ||
	    (save->dr6 & ~svm->step_dr6 & GDR6_TRAP_BITS))
		return false;
	save->dr6 = (save->dr6 & ~GDR6_BS) | (svm->step_dr6 & GDR6_BS);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_DR);
	exit->kind = EXIT_NMI_WINDOW;
	return true;
}
