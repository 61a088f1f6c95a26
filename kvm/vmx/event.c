/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events into the guest: injection, interrupt and NMI windows, and what an
 * exit interrupted (SDM vol. 3, "Event injection", "Interrupt-window exiting
 * and virtual-interrupt delivery", "Information for VM exits that occur during
 * event delivery").
 *
 * NMIs are masked and unmasked by the hardware (virtual NMIs); what it thinks
 * is in the interruptibility state. To inject one while that says "blocked" is
 * refused, so the bit is clear for that entry, which sets it.
 *
 * Software interrupts that were interrupted in delivery are not injected
 * again: RIP is at the instruction, which simply executes again.
 *
 * Locks: vcpu->mutex; entry context for vmx_event_blocking().
 */
#include "vmx.h"

/* Vectors with which the CPU pushes an error code, in protected mode. */
#define ERROR_CODES                                                                                \
	(BIT(EXC_DF) | BIT(EXC_TS) | BIT(EXC_NP) | BIT(EXC_SS) | BIT(EXC_GP) | BIT(EXC_PF) |       \
	 BIT(EXC_AC))

static u32 event_of(u32 type, u8 vector)
{
	return VMX_EVENT_V | type << VMX_EVENT_TYPE_SHIFT | vector;
}

/* An entry is refused unless exactly those have an error code that would have. */
static u32 exception(struct vcpu *vcpu, const struct event *event)
{
	const struct vmx_vcpu *vmx = to_vmx(vcpu);
	u64 cr0 = vcpu->st_valid & STATE_CR ? vcpu->st.cr0 : vmx->guest_cr0;
	u32 ev = event_of(VMX_EVENT_TYPE_EXCP, event->vector);

	if ((cr0 & X86_CR0_PE) && event->vector < 32 && (ERROR_CODES & BIT(event->vector)))
		ev |= VMX_EVENT_EV;
	return ev;
}

void vmx_event_inject(struct vcpu *vcpu, const struct event *event)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->event_error_code = event->has_error_code ? event->error_code : 0;
	vmx->event_insn_len = event->insn_len;
	switch (event->type) {
	case EVENT_INTR:
		vmx->event = event_of(VMX_EVENT_TYPE_INTR, event->vector);
		break;
	case EVENT_NMI:
		vmx->event = event_of(VMX_EVENT_TYPE_NMI, EXC_NMI);
		vcpu->st.nmi_masked = true;
		break;
	case EVENT_EXCEPTION:
		vmx->event = exception(vcpu, event);
		break;
	case EVENT_SOFT:
		/* Without a length RIP is at the instruction. */
		vmx->event = event->insn_len ? event_of(VMX_EVENT_TYPE_SOFT, event->vector) : 0;
		break;
	default: /* EVENT_NONE: the entry did not happen */
		vmx->event = 0;
		break;
	}
}

static void window(struct vmx_vcpu *vmx, u32 control, bool on)
{
	if (on)
		vmx->controls.primary |= control;
	else
		vmx->controls.primary &= ~control;
	vmx->dirty |= VMX_DIRTY_CONTROLS;
}

void vmx_irq_window(struct vcpu *vcpu, bool on)
{
	window(to_vmx(vcpu), VMX_1_IRQ_WINDOW, on);
}

void vmx_nmi_window(struct vcpu *vcpu, bool on)
{
	window(to_vmx(vcpu), VMX_1_NMI_WINDOW, on);
}

notrace u32 vmx_event_blocking(const struct vcpu *vcpu)
{
	const u32 nmi = VMX_EVENT_V | VMX_EVENT_TYPE_NMI << VMX_EVENT_TYPE_SHIFT;
	u32 blocking = 0;

	/* One of the two; and STI's is none without IF. */
	if (vcpu->shadow & SHADOW_MOV_SS)
		blocking = VMX_BLOCK_MOV_SS;
	else if ((vcpu->shadow & SHADOW_STI) && (vcpu->rflags & X86_EFLAGS_IF))
		blocking = VMX_BLOCK_STI;
	if (vcpu->st.nmi_masked && (to_vmx(vcpu)->event & (VMX_EVENT_V | VMX_EVENT_TYPE)) != nmi)
		blocking |= VMX_BLOCK_NMI;
	return blocking;
}

void vmx_event_vectoring(struct vcpu *vcpu, u32 info, struct event *ret_event)
{
	struct event e = {.type = EVENT_NONE, .vector = info & VMX_EVENT_VECTOR};

	switch ((info & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT) {
	case VMX_EVENT_TYPE_INTR:
		e.type = EVENT_INTR;
		break;
	case VMX_EVENT_TYPE_NMI:
		e.type = EVENT_NMI;
		/* It was not delivered; injecting it again masks again. */
		vcpu->st.nmi_masked = false;
		break;
	case VMX_EVENT_TYPE_EXCP:
		e.type = EVENT_EXCEPTION;
		e.has_error_code = info & VMX_EVENT_EV;
		if (e.has_error_code)
			e.error_code = vmread(VMCS_VECTORING_ERROR_CODE);
		break;
	default: /* instructions, which execute again */
		break;
	}
	*ret_event = e;
}
