/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pair of 8259A interrupt controllers of a PC, with the edge/level
 * registers of the PIIX and ICH chip sets. See pic.c.
 *
 * Use: each call that takes a struct pic_fx fills all of it; the caller carries
 * it out after the call. Interrupts are numbered 0 to 15: 0-7 master, 8-15 slave.
 */
#ifndef GLASSVISOR_IRQ_PIC_H
#define GLASSVISOR_IRQ_PIC_H

#include <linux/kvm.h>

#include "../env.h"
#include "line.h"

#define PIC_PINS	16
#define PIC_PORT_MASTER 0x20  /* and 0x21 */
#define PIC_PORT_SLAVE	0xa0  /* and 0xa1 */
#define PIC_PORT_ELCR	0x4d0 /* and 0x4d1 */

/* Pins that the chip sets let be level triggered, by chip. */
#define PIC_ELCR_MASTER 0xf8 /* not the timer, keyboard and cascade */
#define PIC_ELCR_SLAVE	0xde /* not the clock and the coprocessor */

/* One chip. Bit n of a mask is pin n. */
struct pic_chip {
	u8 lines;    /* levels of the inputs, as driven from outside */
	u8 latched;  /* requests of edge triggered pins */
	u8 imr;	     /* OCW1 */
	u8 isr;	     /* in service */
	u8 elcr;     /* level triggered pins */
	u8 highest;  /* pin of the highest priority, 0-7 */
	u8 irq_base; /* ICW2, vector of pin 0 */
	u8 icw;	     /* enum pic_icw: the initialisation word that is expected */
	bool read_isr;
	bool poll; /* the next read is an acknowledge */
	bool special_mask;
	bool auto_eoi;
	bool rotate_on_auto_eoi;
	bool fully_nested; /* special fully nested mode */
	bool want_icw4;
	bool single; /* ICW1.SNGL: no ICW3; not in the UAPI state */
};

enum pic_icw { PIC_READY, PIC_WANT_ICW2, PIC_WANT_ICW3, PIC_WANT_ICW4 };

struct pic {
	struct pic_chip chip[2]; /* KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE */
	bool intr;		 /* the master's INT output, as last told in a pic_fx */
};

struct pic_fx {
	bool intr; /* INT after the call */
	bool rose; /* INT went from low to high, or was lowered by an acknowledge and is high again */
	bool fell;   /* INT was high and is low */
	u16 acked;   /* interrupts that were acknowledged: their request was taken */
	u16 eoi;     /* interrupts whose service ended (EOI, automatic EOI, initialisation) */
	u16 changed; /* interrupts that the call masked or unmasked (OCW1, ICW1) */
	enum irq_taken taken; /* pic_set_irq only */
};

/* As after power-on: nothing masked, nothing requested, all pins edge triggered. */
void pic_reset(struct pic *p);

/* Drive input @irq (0-15; others are ignored). The caller has or-ed its sources. */
void pic_set_irq(struct pic *p, unsigned int irq, bool level, struct pic_fx *fx);

/*
 * The processor acknowledges INT: its vector. If the request has gone, that of
 * the spurious interrupt 7 or 15.
 */
u8 pic_ack(struct pic *p, struct pic_fx *fx);

/* Is @port one of the pair's? */
static inline bool pic_port(u16 port)
{
	return (port & ~0x81) == PIC_PORT_MASTER || (port & ~1) == PIC_PORT_ELCR;
}

/* One byte from or to a port; those that are not the pair's read as all ones. */
u8 pic_read(struct pic *p, u16 port, struct pic_fx *fx);
void pic_write(struct pic *p, u16 port, u8 val, struct pic_fx *fx);

/* Is @irq masked in its chip's IMR, or behind a masked cascade? */
bool pic_masked(const struct pic *p, unsigned int irq);

/* The request register of a chip as the guest would read it. */
u8 pic_irr(const struct pic *p, unsigned int chip);

/*
 * KVM_GET_IRQCHIP and KVM_SET_IRQCHIP; @chip is 0 or 1, otherwise -EINVAL. Any state is
 * taken, with impossible values brought into range; elcr_mask is what hardware says.
 */
int pic_get_state(const struct pic *p, unsigned int chip, struct kvm_pic_state *ret_state);
int pic_set_state(struct pic *p, unsigned int chip, const struct kvm_pic_state *state,
		  struct pic_fx *fx);

/* All invariants hold? For tests and fuzzing. */
bool pic_valid(const struct pic *p);

#endif /* GLASSVISOR_IRQ_PIC_H */
