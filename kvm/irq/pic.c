// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pair of 8259A interrupt controllers.
 *
 * Invariants (pic_valid): only pins that ELCR may make level triggered are;
 * a level triggered pin has nothing latched: its request is its line; the
 * master's pin 2 has nothing latched either: it follows the slave's INT, or a
 * line that is driven from outside; an uninitialised chip (between ICW1 and the
 * last ICW) holds INT low.
 *
 * One thing is not as in the data sheet, because software pulses the lines of a VM
 * (api.rst, KVM_IRQ_LINE): an edge stays latched when its line falls before the
 * acknowledge. So the spurious interrupt 7 comes of level triggered lines and of masks
 * only, and 15 of a line that somebody drives on the cascade's pin.
 *
 * Sources: Intel 8259A data sheet; PIIX3 data sheet, edge/level control registers.
 *
 * Pure, without locks: the caller serialises. Left out: buffered mode, MCS-80
 * mode (ICW4.uPM is taken to be set), ICW1.LTIM (the chip sets ignore it).
 */
#include "pic.h"

#define CASCADE	    2 /* the master's pin that the slave is wired to */
#define CASCADE_BIT BIT(CASCADE)
#define SPURIOUS    7

/* Offset 0 of a chip. */
#define ICW1	    0x10
#define ICW1_SINGLE 0x02
#define ICW1_ICW4   0x01
#define OCW3	    0x08
#define OCW3_ESMM   0x40
#define OCW3_SMM    0x20
#define OCW3_POLL   0x04
#define OCW3_RR	    0x02
#define OCW3_RIS    0x01
#define POLL_FOUND  0x80

/* OCW2 bits 7:5: rotate, specific, EOI. */
enum ocw2 {
	OCW2_CLEAR_ROTATE_AUTO = 0,
	OCW2_EOI = 1,
	OCW2_NOP = 2,
	OCW2_SPECIFIC_EOI = 3,
	OCW2_SET_ROTATE_AUTO = 4,
	OCW2_ROTATE_EOI = 5,
	OCW2_SET_PRIORITY = 6,
	OCW2_ROTATE_SPECIFIC_EOI = 7,
};

#define ICW4_FULLY_NESTED 0x10
#define ICW4_AUTO_EOI	  0x02

static const u8 elcr_mask[2] = {PIC_ELCR_MASTER, PIC_ELCR_SLAVE};

static u8 rotate_right(u8 val, unsigned int n)
{
	return val >> n | val << (8 - n);
}

/* Requests of a chip's pins, the cascade not counted. */
static u8 own_requests(const struct pic_chip *c)
{
	return c->latched | (c->lines & c->elcr);
}

/* Distance from the highest priority of the first pin in @pins; 8 if there is none. */
static unsigned int first_priority(const struct pic_chip *c, u8 pins)
{
	return pins ? __ffs(rotate_right(pins, c->highest)) : 8;
}

/* Pins in service that keep others out and that an unspecific EOI looks at. */
static u8 effective_isr(const struct pic_chip *c)
{
	return c->special_mask ? c->isr & ~c->imr : c->isr;
}

/* The pin that raises INT, or -1. */
static int chip_pending(const struct pic_chip *c, u8 requests, bool master)
{
	unsigned int wanted = first_priority(c, requests & ~c->imr);
	unsigned int served = first_priority(c, effective_isr(c));
	unsigned int pin = (wanted + c->highest) & 7;

	if (wanted == 8 || c->icw != PIC_READY)
		return -1;
	if (wanted < served)
		return pin;
	/* A slave in service may interrupt itself: it knows its own priorities. */
	if (wanted == served && master && c->fully_nested && pin == CASCADE)
		return pin;
	return -1;
}

static int slave_pending(const struct pic *p)
{
	return chip_pending(&p->chip[1], own_requests(&p->chip[1]), false);
}

static u8 master_requests(const struct pic *p)
{
	const struct pic_chip *c = &p->chip[0];
	u8 requests = own_requests(c);

	if ((c->lines & CASCADE_BIT) || slave_pending(p) >= 0)
		requests |= CASCADE_BIT;
	return requests;
}

static int master_pending(const struct pic *p)
{
	return chip_pending(&p->chip[0], master_requests(p), true);
}

static int pending(const struct pic *p, unsigned int chip)
{
	return chip ? slave_pending(p) : master_pending(p);
}

u8 pic_irr(const struct pic *p, unsigned int chip)
{
	return chip ? own_requests(&p->chip[1]) : master_requests(p);
}

bool pic_masked(const struct pic *p, unsigned int irq)
{
	const struct pic_chip *master = &p->chip[0];

	if (irq < 8)
		return master->imr & BIT(irq);
	return (master->imr & CASCADE_BIT) || (p->chip[1].imr & BIT(irq & 7));
}

/* INT after whatever has happened. */
static void update(struct pic *p, struct pic_fx *fx)
{
	bool was = p->intr;

	p->intr = master_pending(p) >= 0;
	fx->intr = p->intr;
	fx->rose = !was && p->intr;
	fx->fell = was && !p->intr;
}

/* Pins of a chip as interrupt numbers. The cascade is nobody's interrupt. */
static u16 irqs(unsigned int chip, u8 pins)
{
	return chip ? (u16)(pins << 8) : (u16)(pins & ~CASCADE_BIT);
}

void pic_reset(struct pic *p)
{
	memset(p, 0, sizeof(*p));
}

static enum irq_taken set_line(struct pic *p, unsigned int irq, bool level)
{
	struct pic_chip *c = &p->chip[irq >> 3 & 1];
	u8 bit = BIT(irq & 7);
	u8 before = own_requests(c);
	bool rises = level && !(c->lines & bit);

	if (level)
		c->lines |= bit;
	else
		c->lines &= ~bit;
	if (rises && !(c->elcr & bit))
		c->latched |= bit;
	if (!level)
		return IRQ_TAKEN_NONE;
	if (pic_masked(p, irq))
		return IRQ_TAKEN_MASKED;
	if (before & bit)
		return IRQ_TAKEN_COALESCED;
	return own_requests(c) & bit ? IRQ_TAKEN_NEW : IRQ_TAKEN_NONE;
}

void pic_set_irq(struct pic *p, unsigned int irq, bool level, struct pic_fx *fx)
{
	memset(fx, 0, sizeof(*fx));
	if (irq < PIC_PINS)
		fx->taken = set_line(p, irq, level);
	p->chip[0].latched &= ~CASCADE_BIT;
	update(p, fx);
}

/* A pin's request is taken and its service begins; under automatic EOI it ends at once. */
static void take(struct pic *p, unsigned int chip, unsigned int pin, struct pic_fx *fx)
{
	struct pic_chip *c = &p->chip[chip];

	c->latched &= ~BIT(pin);
	fx->acked |= irqs(chip, BIT(pin));
	if (!c->auto_eoi) {
		c->isr |= BIT(pin);
		return;
	}
	fx->eoi |= irqs(chip, BIT(pin));
	if (c->rotate_on_auto_eoi)
		c->highest = (pin + 1) & 7;
}

u8 pic_ack(struct pic *p, struct pic_fx *fx)
{
	int pin = master_pending(p);
	u8 vector = p->chip[0].irq_base + (pin < 0 ? SPURIOUS : pin);
	bool was;

	memset(fx, 0, sizeof(*fx));
	if (pin == CASCADE) {
		int behind = slave_pending(p);

		vector = p->chip[1].irq_base + (behind < 0 ? SPURIOUS : behind);
		if (behind >= 0)
			take(p, 1, behind, fx);
	}
	if (pin >= 0)
		take(p, 0, pin, fx);
	/* INT goes low with the acknowledge and comes again for the next request. */
	was = p->intr;
	p->intr = false;
	update(p, fx);
	fx->fell = was && !fx->intr;
	return vector;
}

static u8 poll(struct pic *p, unsigned int chip, struct pic_fx *fx)
{
	int pin = pending(p, chip);

	p->chip[chip].poll = false;
	if (pin < 0)
		return 0;
	take(p, chip, pin, fx);
	return POLL_FOUND | pin;
}

u8 pic_read(struct pic *p, u16 port, struct pic_fx *fx)
{
	unsigned int chip = port >> 7 & 1;
	struct pic_chip *c = &p->chip[chip];
	u8 val = 0xff;

	memset(fx, 0, sizeof(*fx));
	if ((port & ~1) == PIC_PORT_ELCR) {
		val = p->chip[port & 1].elcr;
	} else if (pic_port(port)) {
		if (c->poll)
			val = poll(p, chip, fx);
		else if (port & 1)
			val = c->imr;
		else
			val = c->read_isr ? c->isr : pic_irr(p, chip);
	}
	update(p, fx);
	return val;
}

static void write_icw1(struct pic *p, unsigned int chip, u8 val, struct pic_fx *fx)
{
	struct pic_chip *c = &p->chip[chip];

	fx->eoi |= irqs(chip, c->isr);
	fx->changed |= irqs(chip, c->imr);
	c->latched = 0;
	c->imr = 0;
	c->isr = 0;
	c->highest = 0;
	c->read_isr = false;
	c->poll = false;
	c->special_mask = false;
	c->auto_eoi = false;
	c->rotate_on_auto_eoi = false;
	c->fully_nested = false;
	c->want_icw4 = val & ICW1_ICW4;
	c->single = val & ICW1_SINGLE;
	c->icw = PIC_WANT_ICW2;
}

static void end_service(struct pic *p, unsigned int chip, unsigned int pin, struct pic_fx *fx)
{
	struct pic_chip *c = &p->chip[chip];

	fx->eoi |= irqs(chip, c->isr & BIT(pin));
	c->isr &= ~BIT(pin);
}

static void write_ocw2(struct pic *p, unsigned int chip, u8 val, struct pic_fx *fx)
{
	struct pic_chip *c = &p->chip[chip];
	unsigned int served = first_priority(c, effective_isr(c));
	unsigned int pin = val & 7; /* of the specific commands */
	enum ocw2 command = val >> 5;

	switch (command) {
	case OCW2_CLEAR_ROTATE_AUTO:
	case OCW2_SET_ROTATE_AUTO:
		c->rotate_on_auto_eoi = command == OCW2_SET_ROTATE_AUTO;
		break;
	case OCW2_EOI:
	case OCW2_ROTATE_EOI:
		if (served == 8)
			break;
		pin = (served + c->highest) & 7;
		end_service(p, chip, pin, fx);
		if (command == OCW2_ROTATE_EOI)
			c->highest = (pin + 1) & 7;
		break;
	case OCW2_SPECIFIC_EOI:
		end_service(p, chip, pin, fx);
		break;
	case OCW2_ROTATE_SPECIFIC_EOI:
		end_service(p, chip, pin, fx);
		c->highest = (pin + 1) & 7;
		break;
	case OCW2_SET_PRIORITY:
		c->highest = (pin + 1) & 7;
		break;
	case OCW2_NOP:
		break;
	}
}

static void write_ocw3(struct pic_chip *c, u8 val)
{
	if (val & OCW3_ESMM)
		c->special_mask = val & OCW3_SMM;
	if (val & OCW3_RR)
		c->read_isr = val & OCW3_RIS;
	c->poll = val & OCW3_POLL;
}

static void write_command(struct pic *p, unsigned int chip, u8 val, struct pic_fx *fx)
{
	if (val & ICW1)
		write_icw1(p, chip, val, fx);
	else if (val & OCW3)
		write_ocw3(&p->chip[chip], val);
	else
		write_ocw2(p, chip, val, fx);
}

static void write_data(struct pic *p, unsigned int chip, u8 val, struct pic_fx *fx)
{
	struct pic_chip *c = &p->chip[chip];

	switch (c->icw) {
	case PIC_READY:
		fx->changed |= irqs(chip, c->imr ^ val);
		c->imr = val;
		break;
	case PIC_WANT_ICW2:
		c->irq_base = val & 0xf8;
		c->icw = !c->single ? PIC_WANT_ICW3 : c->want_icw4 ? PIC_WANT_ICW4 : PIC_READY;
		break;
	case PIC_WANT_ICW3: /* says what is wired to what, which we know */
		c->icw = c->want_icw4 ? PIC_WANT_ICW4 : PIC_READY;
		break;
	case PIC_WANT_ICW4:
		c->fully_nested = val & ICW4_FULLY_NESTED;
		c->auto_eoi = val & ICW4_AUTO_EOI;
		c->icw = PIC_READY;
		break;
	}
}

static void write_elcr(struct pic_chip *c, u8 val)
{
	c->elcr = val;
	c->latched &= ~val;
}

void pic_write(struct pic *p, u16 port, u8 val, struct pic_fx *fx)
{
	unsigned int chip = port >> 7 & 1;

	memset(fx, 0, sizeof(*fx));
	if ((port & ~1) == PIC_PORT_ELCR)
		write_elcr(&p->chip[port & 1], val & elcr_mask[port & 1]);
	else if (!pic_port(port))
		;
	else if (port & 1)
		write_data(p, chip, val, fx);
	else
		write_command(p, chip, val, fx);
	update(p, fx);
}

int pic_get_state(const struct pic *p, unsigned int chip, struct kvm_pic_state *ret_state)
{
	const struct pic_chip *c;

	if (chip > 1)
		return -EINVAL;
	chip = array_index_nospec(chip, 2);
	c = &p->chip[chip];
	*ret_state = (struct kvm_pic_state){
		.last_irr = chip ? c->lines : c->lines & ~CASCADE_BIT,
		.irr = pic_irr(p, chip),
		.imr = c->imr,
		.isr = c->isr,
		.priority_add = c->highest,
		.irq_base = c->irq_base,
		.read_reg_select = c->read_isr,
		.poll = c->poll,
		.special_mask = c->special_mask,
		.init_state = c->icw,
		.auto_eoi = c->auto_eoi,
		.rotate_on_auto_eoi = c->rotate_on_auto_eoi,
		.special_fully_nested_mode = c->fully_nested,
		.init4 = c->want_icw4,
		.elcr = c->elcr,
		.elcr_mask = elcr_mask[chip],
	};
	return 0;
}

int pic_set_state(struct pic *p, unsigned int chip, const struct kvm_pic_state *state,
		  struct pic_fx *fx)
{
	struct pic_chip *c;
	u8 elcr, inputs;

	memset(fx, 0, sizeof(*fx));
	if (chip > 1) {
		fx->intr = p->intr;
		return -EINVAL;
	}
	chip = array_index_nospec(chip, 2);
	c = &p->chip[chip];
	elcr = state->elcr & elcr_mask[chip];
	inputs = chip ? 0xff : 0xff & ~CASCADE_BIT;
	fx->changed = irqs(chip, c->imr ^ state->imr);
	*c = (struct pic_chip){
		.lines = (state->last_irr | (state->irr & elcr)) & inputs,
		.latched = state->irr & ~elcr & inputs,
		.imr = state->imr,
		.isr = state->isr,
		.elcr = elcr,
		.highest = state->priority_add & 7,
		.irq_base = state->irq_base & 0xf8,
		.icw = state->init_state & 3,
		.read_isr = state->read_reg_select,
		.poll = state->poll,
		.special_mask = state->special_mask,
		.auto_eoi = state->auto_eoi,
		.rotate_on_auto_eoi = state->rotate_on_auto_eoi,
		.fully_nested = state->special_fully_nested_mode,
		.want_icw4 = state->init4,
	};
	update(p, fx);
	return 0;
}

bool pic_valid(const struct pic *p)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct pic_chip *c = &p->chip[i];

		if ((c->elcr & ~elcr_mask[i]) || (c->latched & c->elcr) || c->highest > 7 ||
		    (c->irq_base & 7) || c->icw > PIC_WANT_ICW4)
			return false;
	}
	return !(p->chip[0].latched & CASCADE_BIT) && p->intr == (master_pending(p) >= 0);
}
