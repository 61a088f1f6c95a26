/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of an interrupt: when it was asked for, by vector, for the histograms
 * of how long it took; and what gv_irq_request, gv_irq_inject and gv_irq_eoi tell,
 * from the request to the EOI.
 *
 * A number and a source are written only while one of these events is on. What
 * was asked for before that has no number, or at worst that of the vector's last.
 *
 * Locks: none. life->asked[] is written by who sets the vector's bit in
 * lapic_dev.posted (the time before that, the rest after it), life->serving[] by
 * the vCPU's thread. Two who ask at once may both write: the time is then that of
 * either. A request that comes while the vCPU is looking anyway may be taken
 * before its number is noted here; then it is not known.
 */
#include <linux/kernel.h>

#include "../stat/account.h"
#include "../trace/irqchip.h"
#include "irqchip.h"

void irq_life_request(struct vcpu *vcpu, const struct irq_msg *msg, enum irq_from from, bool fresh)
{
	struct lapic_dev *d = vcpu->lapic;
	u32 seq = 0;

	if (fresh && irq_msg_is_vectored(msg)) {
		seq = atomic_inc_return(&vcpu->vm->irqchip->seq);
		d->life->asked[msg->vector].origin.from = from;
		WRITE_ONCE(d->life->asked[msg->vector].origin.seq, seq);
	}
	trace_gv_irq_request(vcpu->vm->vm_id, vcpu->id, msg->vector, from, msg->delivery, !fresh,
			     seq);
}

void irq_life_taken(struct vcpu *vcpu, u8 vector)
{
	struct irq_lives *life = vcpu->lapic->life;
	struct irq_life was = life->asked[vector];

	life->asked[vector] = (struct irq_life){};
	vcpu->events.interrupt.asked_tsc = was.tsc ?: account_tsc();
	vcpu->events.interrupt.origin = was.origin;
	if (irq_life_traced())
		life->serving[vector] = was;
}

void irq_life_taken_of_pic(struct vcpu *vcpu)
{
	vcpu->events.interrupt.asked_tsc = account_tsc();
	vcpu->events.interrupt.origin = (struct irq_origin){.from = IRQ_FROM_PIC};
}

void irq_life_eoi(struct vcpu *vcpu, u8 vector, bool level)
{
	struct irq_life *life = &vcpu->lapic->life->serving[vector];

	trace_gv_irq_eoi(vcpu->vm->vm_id, vcpu->id, vector, life->origin.from, level,
			 life->origin.seq,
			 life->origin.seq ? account_ns(account_tsc() - life->tsc) : 0);
	*life = (struct irq_life){};
}
