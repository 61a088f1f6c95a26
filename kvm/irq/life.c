/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of an interrupt as gv_irq_request, gv_irq_inject and gv_irq_eoi tell
 * it: who asked for it and when, by vector, from the request to the EOI.
 *
 * Written only while one of these events is on, so an untraced interrupt costs
 * three NOPs a step. What was asked for before that has no number, or at worst
 * that of the vector's last one.
 *
 * Locks: none. life->asked[] is written by who set the vector's bit in
 * lapic_dev.posted, life->serving[] by the vCPU's thread. A request that comes
 * while the vCPU is looking anyway may be taken before it is noted here; then,
 * too, its number is not known.
 */
#include <linux/kernel.h>

#include "../stat/account.h"
#include "../trace/irqchip.h"
#include "irqchip.h"

void irq_life_request(struct vcpu *vcpu, const struct irq_msg *msg, enum irq_from from, bool new)
{
	struct lapic_dev *d = vcpu->lapic;
	struct irq_life life = {};

	if (new &&irq_msg_is_vectored(msg)) {
		life.seq = atomic_inc_return(&vcpu->vm->irqchip->seq);
		life.from = from;
		life.tsc = account_tsc();
		d->life->asked[msg->vector] = life;
	}
	trace_gv_irq_request(vcpu->vm->vm_id, vcpu->id, msg->vector, from, msg->delivery, !new,
			     life.seq);
}

void irq_life_taken(struct vcpu *vcpu, u8 vector)
{
	struct irq_lives *life = vcpu->lapic->life;
	struct irq_life *asked = &life->asked[vector];

	life->serving[vector] = *asked;
	if (asked->seq) {
		vcpu->events.interrupt.asked_tsc = asked->tsc;
		vcpu->events.interrupt.seq = asked->seq;
	}
	*asked = (struct irq_life){};
}

void irq_life_eoi(struct vcpu *vcpu, u8 vector, bool level)
{
	struct irq_life *life = &vcpu->lapic->life->serving[vector];

	trace_gv_irq_eoi(vcpu->vm->vm_id, vcpu->id, vector, life->from, level, life->seq,
			 life->seq ? account_ns(account_tsc() - life->tsc) : 0);
	*life = (struct irq_life){};
}
