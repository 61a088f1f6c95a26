/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events on their way into a guest: exceptions, NMIs, and the interrupts that
 * userspace's chips hand over.
 *
 * An event is pending until event_prepare_entry() gives it to the back end,
 * and injected from then on. After the exit it is either gone (delivered) or
 * comes back in exit->vectoring, when something interrupted its delivery; then
 * event_requeue() makes it injected again, or merges it with the exception
 * that the interruption raised (#DF, shutdown).
 *
 * One event at an entry, in the manuals' order: what was injected before goes
 * first, then exceptions, NMI, interrupts (APM vol. 2, priorities among
 * simultaneous exceptions and interrupts).
 *
 * events.due has a bit for each queue that is not empty; zero lets the entry
 * path skip this file. Everything here needs vcpu->mutex.
 */
#include <linux/kvm.h>
#include <asm/processor-flags.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mmu/mmu.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../trace/irq.h"
#include "core.h"
#include "state.h"

static void due_set(struct vcpu *vcpu, u32 bit, bool on)
{
	if (on)
		vcpu->events.due |= bit;
	else
		vcpu->events.due &= ~bit;
}

/* What the local APIC, or the PIC through it, has for the CPU: lapic_dev_pending(). */
static __always_inline int chip_pending(struct vcpu *vcpu)
{
	int pending = lapic_in_kernel(vcpu) ? lapic_dev_pending(vcpu) : -1;

	/* The hardware sees to the local APIC's own. */
	if (unlikely(vcpu->lapic_words & LAPIC_WORD_APICV) && pending != LAPIC_EXTINT)
		return -1;
	return pending;
}

/* Returns chip_pending(). */
static int due_refresh(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;
	int pending = chip_pending(vcpu);

	due_set(vcpu, EVENT_DUE_EXCEPTION, ev->exc.pending || ev->exc.injected);
	due_set(vcpu, EVENT_DUE_NMI, ev->nmi_pending || ev->nmi_injected);
	due_set(vcpu, EVENT_DUE_IRQ,
		ev->interrupt.pending || ev->interrupt.injected || pending >= 0);
	due_set(vcpu, EVENT_DUE_SHUTDOWN, ev->triple_fault);
	return pending;
}

/* ---- exceptions -------------------------------------------------------- */

static void raise(struct vcpu *vcpu, u8 vector, bool has_error_code, u32 error_code,
		  bool has_payload, u64 payload)
{
	struct vcpu_events *ev = &vcpu->events;

	if (has_error_code)
		has_error_code =
			exc_has_error_code(vector, vcpu_state(vcpu, STATE_CR)->cr0 & X86_CR0_PE);
	if (!exc_raise(&ev->exc, vector, has_error_code, error_code, has_payload, payload))
		ev->triple_fault = true;
	due_refresh(vcpu);
}

void event_queue_exception(struct vcpu *vcpu, u8 vector, bool has_error_code, u32 error_code)
{
	raise(vcpu, vector, has_error_code, error_code, false, 0);
}

void event_queue_payload(struct vcpu *vcpu, u8 vector, bool has_error_code, u32 error_code,
			 u64 payload)
{
	raise(vcpu, vector, has_error_code, error_code, true, payload);
}

/* CR2 and DR6 change when delivery begins, not before. */
static void deliver_payload(struct vcpu *vcpu)
{
	struct exc_queue *exc = &vcpu->events.exc;
	struct vcpu_state *st;

	if (!exc->has_payload)
		return;
	exc->has_payload = false;
	if (exc->vector == EXC_PF) {
		vcpu_state(vcpu, STATE_CR)->cr2 = exc->payload;
		vcpu_state_dirty(vcpu, STATE_CR);
	} else if (exc->vector == EXC_DB) {
		st = vcpu_state(vcpu, STATE_DR);
		exc_db_payload(exc->payload, &st->dr6, &st->dr7);
		vcpu_state_dirty(vcpu, STATE_DR);
	}
}

static void inject_exception(struct vcpu *vcpu)
{
	struct exc_queue *exc = &vcpu->events.exc;
	struct event event = {
		.type = EVENT_EXCEPTION,
		.vector = exc->vector,
		.has_error_code = exc->has_error_code,
		.error_code = exc->error_code,
	};

	trace_kvm_inj_exception(vcpu, exc->vector, exc->has_error_code, exc->error_code,
				exc->injected);
	if (exc->pending) {
		deliver_payload(vcpu);
		/* A fault sets RF in the image it pushes (APM vol. 2, RFLAGS.RF). */
		if (exc_kind(exc->vector) == EXC_FAULT)
			vcpu->rflags |= X86_EFLAGS_RF;
		exc->pending = false;
		exc->injected = true;
		stat_inc(vcpu, exception_injections);
	}
	arch_event_inject(vcpu, &event);
}

/* ---- NMI and interrupts ------------------------------------------------ */

static void inject_nmi(struct vcpu *vcpu)
{
	struct event event = {.type = EVENT_NMI, .vector = 2};
	struct vcpu_events *ev = &vcpu->events;

	if (!ev->nmi_injected) {
		ev->nmi_pending--;
		ev->nmi_injected = true;
		stat_inc(vcpu, nmi_injections);
	}
	arch_event_inject(vcpu, &event);
}

static void inject_interrupt(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;
	struct event event = {
		.type = ev->interrupt.soft ? EVENT_SOFT : EVENT_INTR,
		.vector = ev->interrupt.vector,
	};
	u64 waited;

	trace_kvm_inj_virq(vcpu, ev->interrupt.vector, ev->interrupt.soft, ev->interrupt.injected);
	if (ev->interrupt.pending) {
		ev->interrupt.pending = false;
		ev->interrupt.injected = true;
		stat_inc(vcpu, irq_injections);
		waited = account_irq(vcpu, ev->interrupt.vector, ev->interrupt.asked_tsc);
		trace_gv_irq_inject(vcpu->vm->vm_id, vcpu->id, ev->interrupt.vector, waited,
				    ev->interrupt.origin.seq, ev->interrupt.origin.from);
	}
	arch_event_inject(vcpu, &event);
}

/* The guest could take an external interrupt, were there nothing else to deliver. */
static bool irq_open(struct vcpu *vcpu)
{
	return (vcpu->rflags & X86_EFLAGS_IF) && !vcpu->shadow;
}

/* What userspace would inject is its PIC's, and that comes in by LINT0. */
static bool takes_user_irq(struct vcpu *vcpu)
{
	return !lapic_in_kernel(vcpu) || READ_ONCE(vcpu->lapic->passes_pic);
}

bool event_irq_allowed(struct vcpu *vcpu)
{
	const struct vcpu_events *ev = &vcpu->events;

	/* A masked NMI may wait; anything else goes in first. */
	if (ev->due & ~EVENT_DUE_NMI || ev->nmi_injected)
		return false;
	return takes_user_irq(vcpu) && irq_open(vcpu);
}

bool event_nmi_allowed(struct vcpu *vcpu)
{
	return !vcpu->shadow && !vcpu_state(vcpu, STATE_IRQ)->nmi_masked;
}

void event_set_shadow(struct vcpu *vcpu, u8 shadow)
{
	if (shadow == vcpu->shadow)
		return;
	vcpu->shadow = shadow;
	vcpu_irq_dirty(vcpu);
}

static void windows(struct vcpu *vcpu, bool irq, bool nmi)
{
	if (irq != vcpu->irq_window) {
		vcpu->irq_window = irq;
		arch_irq_window(vcpu, irq);
	}
	if (nmi != vcpu->nmi_window) {
		vcpu->nmi_window = nmi;
		arch_nmi_window(vcpu, nmi);
	}
}

/* The guest takes an interrupt now: acknowledge one of the chips'. False: they have none. */
static bool take_from_chip(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;
	int pending = chip_pending(vcpu);

	if (ev->interrupt.pending || pending < 0)
		return false;
	ev->interrupt.vector = lapic_dev_ack(vcpu, pending);
	ev->interrupt.soft = false;
	ev->interrupt.pending = true;
	return true;
}

static void choose_apicv(struct vcpu *vcpu)
{
	if (READ_ONCE(vcpu->vm->apic_page_on) && !lapic_dev_at_default(vcpu))
		mmu_apic_page_off(vcpu->vm);
	lapic_dev_apicv_choose(vcpu);
}

/* The chips, the TPR or a halt: what follows from what the local APIC holds now. */
void event_lapic_changed(struct vcpu *vcpu)
{
	const struct lapic *l = &vcpu->lapic->lapic;
	u8 tpr = lapic_reg(l, LAPIC_TPR), behind = 0;
	int pending;

	if (unlikely(tpr != vcpu->tpr)) {
		vcpu->tpr = tpr;
		vcpu_irq_dirty(vcpu);
	}
	if (unlikely(arch_caps.apicv || arch_caps.apic_access))
		choose_apicv(vcpu);
	pending = due_refresh(vcpu);
	/* What is above the TPR does not wait for it. */
	if (l->irr_words && (pending < 0 || pending == LAPIC_EXTINT))
		behind = lapic_behind_tpr(l);
	if (unlikely(behind != vcpu->cr8_exit)) {
		vcpu->cr8_exit = behind;
		arch_cr8_exit(vcpu, behind);
	}
}

bool event_wakes(struct vcpu *vcpu)
{
	const struct vcpu_events *ev = &vcpu->events;

	return ev->due & (EVENT_DUE_EXCEPTION | EVENT_DUE_SHUTDOWN) ||
	       (ev->nmi_pending && event_nmi_allowed(vcpu)) ||
	       ((ev->interrupt.pending ||
		 (lapic_in_kernel(vcpu) && lapic_dev_pending(vcpu) >= 0)) &&
		(vcpu->rflags & X86_EFLAGS_IF));
}

/*
 * Choose one event and inject it; returns its kind. What was begun goes first,
 * then exceptions: one that was raised while an interrupt or NMI was being
 * delivered has to be handled before that is tried again.
 */
static enum event_type inject_one(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;

	if (ev->exc.injected || ev->exc.pending) {
		inject_exception(vcpu);
		return EVENT_EXCEPTION;
	}
	/* Userspace may have closed the door behind one that was begun. */
	if (unlikely(ev->interrupt.injected && !ev->interrupt.soft && !irq_open(vcpu))) {
		ev->interrupt.injected = false;
		ev->interrupt.pending = true;
	}
	if (ev->nmi_injected ||
	    (!ev->interrupt.injected && ev->nmi_pending && event_nmi_allowed(vcpu))) {
		inject_nmi(vcpu);
		return EVENT_NMI;
	}
	if (!ev->interrupt.injected && irq_open(vcpu) && take_from_chip(vcpu))
		lapic_dev_pv_eoi_offer(vcpu);
	if (ev->interrupt.injected || (ev->interrupt.pending && irq_open(vcpu))) {
		inject_interrupt(vcpu);
		return EVENT_INTR;
	}
	return EVENT_NONE;
}

bool event_prepare_slow(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;
	/* A window that the local APIC keeps shut would be looked out of for ever. */
	bool user_window = vcpu->run->request_interrupt_window && takes_user_irq(vcpu);

	if (!ev->due) {
		windows(vcpu, user_window, false);
		return true;
	}
	if (ev->triple_fault)
		return false;
	ev->in_flight = inject_one(vcpu);
	stat_inc(vcpu, req_event);
	windows(vcpu, ev->interrupt.pending || user_window || chip_pending(vcpu) >= 0,
		ev->nmi_pending);
	return true;
}

/* The entry did not happen: nothing is in flight, and userspace may yet take the event back. */
void event_cancel_entry(struct vcpu *vcpu)
{
	const struct event none = {.type = EVENT_NONE};

	if (vcpu->events.in_flight == EVENT_NONE)
		return;
	vcpu->events.in_flight = EVENT_NONE;
	arch_event_inject(vcpu, &none);
}

/* What the last entry carried is delivered, unless the exit gives it back. */
void event_after_exit(struct vcpu *vcpu, const struct exit *exit)
{
	const struct event *vectoring = &exit->vectoring;
	struct vcpu_events *ev = &vcpu->events;
	u8 carried = ev->in_flight;

	ev->in_flight = EVENT_NONE;
	if (exit->kind == EXIT_ENTRY_FAILED)
		return; /* nothing was delivered */
	if (carried == EVENT_EXCEPTION)
		ev->exc.injected = false;
	else if (carried == EVENT_NMI)
		ev->nmi_injected = false;
	else if (carried == EVENT_INTR)
		ev->interrupt.injected = false;
	switch (vectoring->type) {
	case EVENT_EXCEPTION:
		ev->exc = (struct exc_queue){
			.injected = true,
			.vector = vectoring->vector,
			.has_error_code = vectoring->has_error_code,
			.error_code = vectoring->error_code,
		};
		break;
	case EVENT_NMI:
		ev->nmi_injected = true;
		break;
	case EVENT_INTR:
	case EVENT_SOFT:
		ev->interrupt.injected = true;
		ev->interrupt.soft = vectoring->type == EVENT_SOFT;
		ev->interrupt.vector = vectoring->vector;
		break;
	default:
		break;
	}
	due_refresh(vcpu);
}

void event_drop_pending_exception(struct vcpu *vcpu)
{
	if (!vcpu->events.exc.pending)
		return;
	vcpu->events.exc = (struct exc_queue){};
	due_refresh(vcpu);
}

void event_drop_all(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;

	ev->exc = (struct exc_queue){};
	ev->interrupt.injected = false;
	ev->nmi_injected = false;
	due_refresh(vcpu);
}

void event_triple_fault(struct vcpu *vcpu)
{
	vcpu->events.triple_fault = true;
	due_refresh(vcpu);
}

void event_triple_fault_clear(struct vcpu *vcpu)
{
	vcpu->events.triple_fault = false;
	due_refresh(vcpu);
}

/* ---- userspace --------------------------------------------------------- */

static struct exc_events_caps user_caps(struct vcpu *vcpu)
{
	return (struct exc_events_caps){
		.payload = READ_ONCE(vcpu->vm->exception_payload),
		.triple_fault = READ_ONCE(vcpu->vm->triple_fault_event),
	};
}

void event_get(struct vcpu *vcpu, struct kvm_vcpu_events *ret)
{
	const struct exc_events_caps caps = user_caps(vcpu);
	struct vcpu_events *ev = &vcpu->events;
	const struct vcpu_state *st;

	halt_take_nmi(vcpu);
	if (exc_events_needs_delivery(&ev->exc, &caps))
		deliver_payload(vcpu);
	st = vcpu_state(vcpu, STATE_IRQ);
	memset(ret, 0, sizeof(*ret));
	ret->interrupt.injected = ev->interrupt.injected || ev->interrupt.pending;
	ret->interrupt.nr = ev->interrupt.vector;
	ret->interrupt.soft = ev->interrupt.soft;
	ret->interrupt.shadow = vcpu->shadow;
	ret->nmi.injected = ev->nmi_injected;
	ret->nmi.pending = ev->nmi_pending;
	ret->nmi.masked = st->nmi_masked;
	ret->flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
	exc_events_fill(&ev->exc, &caps, ret);
	if (caps.triple_fault)
		ret->triple_fault.pending = ev->triple_fault;
}

int event_set(struct vcpu *vcpu, const struct kvm_vcpu_events *in)
{
	const struct exc_events_caps caps = user_caps(vcpu);
	struct vcpu_events *ev = &vcpu->events;
	struct vcpu_state *st;
	struct exc_queue exc;
	int err = exc_events_check(in, &caps, &exc);

	if (err)
		return err;
	halt_take_nmi(vcpu);
	ev->exc = exc;
	/*
	 * event_get() does not say whether an interrupt was begun. If it was, the
	 * guest can take it now and it goes in at once; if not, it waits for that.
	 */
	ev->interrupt.injected = in->interrupt.injected && in->interrupt.soft;
	ev->interrupt.pending = in->interrupt.injected && !in->interrupt.soft;
	ev->interrupt.vector = in->interrupt.nr;
	ev->interrupt.asked_tsc = account_tsc();
	ev->interrupt.origin = (struct irq_origin){};
	ev->interrupt.soft = in->interrupt.soft;
	ev->nmi_injected = in->nmi.injected;
	if (in->flags & KVM_VCPUEVENT_VALID_NMI_PENDING)
		ev->nmi_pending = min_t(u8, in->nmi.pending, 2);
	st = vcpu_state(vcpu, STATE_IRQ);
	st->nmi_masked = in->nmi.masked;
	if (in->flags & KVM_VCPUEVENT_VALID_SHADOW)
		vcpu->shadow = in->interrupt.shadow & (SHADOW_MOV_SS | SHADOW_STI);
	vcpu_state_dirty(vcpu, STATE_IRQ);
	if (in->flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT)
		ev->triple_fault = in->triple_fault.pending;
	due_refresh(vcpu);
	return 0;
}

int event_user_interrupt(struct vcpu *vcpu, u32 irq)
{
	struct vcpu_events *ev = &vcpu->events;

	if (irq > 255)
		return -EINVAL;
	if (vcpu->vm->irqchip && !vcpu->vm->irqchip->split)
		return -ENXIO; /* the PIC is in here */
	if (ev->interrupt.pending || ev->interrupt.injected)
		return -EEXIST;
	ev->interrupt.pending = true;
	ev->interrupt.soft = false;
	ev->interrupt.vector = irq;
	ev->interrupt.asked_tsc = account_tsc();
	ev->interrupt.origin = (struct irq_origin){.from = IRQ_FROM_USERSPACE};
	trace_gv_irq_request(vcpu->vm->vm_id, vcpu->id, irq, IRQ_FROM_USERSPACE, IRQ_FIXED, 0, 0);
	due_refresh(vcpu);
	return 0;
}

int event_user_nmi(struct vcpu *vcpu)
{
	struct vcpu_events *ev = &vcpu->events;
	/* The CPU latches one NMI behind the one being handled. */
	u8 limit = ev->nmi_injected || vcpu_state(vcpu, STATE_IRQ)->nmi_masked ? 1 : 2;

	ev->nmi_pending = min_t(u8, ev->nmi_pending + 1, limit);
	due_refresh(vcpu);
	return 0;
}
