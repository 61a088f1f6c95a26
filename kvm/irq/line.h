/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of a request on an input line of an interrupt chip: what
 * KVM_IRQ_LINE_STATUS is made of.
 */
#ifndef GLASSVISOR_IRQ_LINE_H
#define GLASSVISOR_IRQ_LINE_H

enum irq_taken {
	IRQ_TAKEN_NONE,	     /* nothing was requested: the line went or stayed low */
	IRQ_TAKEN_NEW,	     /* a new request, latched or sent */
	IRQ_TAKEN_COALESCED, /* the same request is still waiting or in service */
	IRQ_TAKEN_MASKED,    /* the pin is masked */
};

#endif /* GLASSVISOR_IRQ_LINE_H */
