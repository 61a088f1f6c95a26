// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O APIC.
 *
 * Messages are delivered at once, so an edge is either sent or, if the pin is
 * masked, lost, as the 82093AA has it; nothing waits but level triggered lines: masked ones
 * for their mask, sent ones (remote IRR) for the EOI.
 *
 * Invariants (ioapic_valid): an entry has no bits but the defined ones, delivery
 * status 0, and remote IRR only where the message is level triggered, which means
 * fixed or lowest priority delivery: the others are edge triggered whatever the
 * trigger mode says (82093AA data sheet, redirection table, delivery mode).
 *
 * An entry that is made edge triggered loses its remote IRR: system software
 * makes the I/O APICs without EOI register forget a level interrupt in this way.
 *
 * Sources: Intel 82093AA data sheet; ICH9 data sheet (EOI register, version 0x20).
 *
 * Pure, without locks: the caller serialises.
 */
#include "ioapic.h"

#define ALL_PINS    ((1U << IOAPIC_PINS) - 1)
#define ID_SHIFT    24
#define ID_BITS	    0xf
#define VER_PINS    ((IOAPIC_PINS - 1) << 16)
#define LOW_HALF    0xffffffffULL
#define REG_RTE_END (IOAPIC_REG_RTE + 2 * IOAPIC_PINS)

static u8 rte_delivery(u64 rte)
{
	return (rte & IOAPIC_RTE_MODE) >> IOAPIC_RTE_MODE_SHIFT;
}

/* Level triggered, the delivery mode considered. */
static bool rte_level(u64 rte)
{
	return (rte & IOAPIC_RTE_LEVEL) && rte_delivery(rte) <= IRQ_LOWEST;
}

/* An entry as it may be. */
static u64 rte_legal(u64 rte)
{
	u64 keep = IOAPIC_RTE_RW;

	if (rte_level(rte))
		keep |= IOAPIC_RTE_REMOTE_IRR;
	return rte & keep;
}

void ioapic_reset(struct ioapic *io, u8 version)
{
	memset(io, 0, sizeof(*io));
	io->base = IOAPIC_BASE;
	io->version = version;
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		io->rte[pin] = IOAPIC_RTE_MASK;
}

/* Only the messages that are counted are ever read. */
static void fx_init(struct ioapic_fx *fx)
{
	memset(fx, 0, offsetof(struct ioapic_fx, pin));
}

bool ioapic_msg(const struct ioapic *io, unsigned int pin, struct irq_msg *ret_msg)
{
	u64 rte = io->rte[array_index_nospec(pin, IOAPIC_PINS)];
	u8 delivery = rte_delivery(rte);

	if (delivery == IRQ_RESERVED || delivery == IRQ_STARTUP)
		return false;
	*ret_msg = (struct irq_msg){
		.dest = rte >> IOAPIC_RTE_DEST_SHIFT,
		.vector = rte & IOAPIC_RTE_VECTOR,
		.delivery = delivery,
		.shorthand = IRQ_SH_NONE,
		.dest_logical = rte & IOAPIC_RTE_LOGICAL,
		.level = rte_level(rte),
		.assert = true,
	};
	return true;
}

static bool send(struct ioapic *io, unsigned int pin, struct ioapic_fx *fx)
{
	if (!ioapic_msg(io, pin, &fx->msg[fx->n]))
		return false;
	fx->pin[fx->n++] = pin;
	fx->sent |= 1U << pin;
	if (rte_level(io->rte[pin]))
		io->rte[pin] |= IOAPIC_RTE_REMOTE_IRR;
	return true;
}

/* A level triggered pin whose line is high and that waits for nothing. */
static bool wants_service(const struct ioapic *io, unsigned int pin)
{
	u64 rte = io->rte[pin];

	return (io->lines >> pin & 1) && rte_level(rte) &&
	       !(rte & (IOAPIC_RTE_MASK | IOAPIC_RTE_REMOTE_IRR));
}

static void service(struct ioapic *io, u32 pins, struct ioapic_fx *fx)
{
	u32 todo;

	for (todo = pins & ALL_PINS & ~fx->sent; todo; todo &= todo - 1) {
		unsigned int pin = __ffs(todo);

		if (wants_service(io, pin))
			send(io, pin, fx);
	}
}

void ioapic_service(struct ioapic *io, u32 pins, struct ioapic_fx *fx)
{
	fx_init(fx);
	service(io, pins, fx);
}

void ioapic_refused(struct ioapic *io, unsigned int pin)
{
	if (pin < IOAPIC_PINS)
		io->rte[array_index_nospec(pin, IOAPIC_PINS)] &= ~IOAPIC_RTE_REMOTE_IRR;
}

static enum irq_taken raise(struct ioapic *io, unsigned int pin, bool was_high,
			    struct ioapic_fx *fx)
{
	u64 rte = io->rte[pin];
	bool waits = rte_level(rte) ? rte & IOAPIC_RTE_REMOTE_IRR : was_high;

	if (rte & IOAPIC_RTE_MASK)
		return IRQ_TAKEN_MASKED;
	if (waits)
		return IRQ_TAKEN_COALESCED;
	return send(io, pin, fx) ? IRQ_TAKEN_NEW : IRQ_TAKEN_MASKED;
}

void ioapic_set_irq(struct ioapic *io, unsigned int pin, bool level, struct ioapic_fx *fx)
{
	bool was_high;

	fx_init(fx);
	if (pin >= IOAPIC_PINS)
		return;
	pin = array_index_nospec(pin, IOAPIC_PINS);
	was_high = io->lines >> pin & 1;
	if (level) {
		io->lines |= 1U << pin;
		fx->taken = raise(io, pin, was_high, fx);
	} else {
		io->lines &= ~(1U << pin);
	}
}

static void end_vector(struct ioapic *io, u8 vector, struct ioapic_fx *fx)
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		u64 rte = io->rte[pin];

		if ((rte & IOAPIC_RTE_VECTOR) != vector || rte_delivery(rte) > IRQ_LOWEST)
			continue;
		if (rte_level(rte) && !(rte & IOAPIC_RTE_REMOTE_IRR))
			continue;
		io->rte[pin] &= ~IOAPIC_RTE_REMOTE_IRR;
		fx->ended |= 1U << pin;
	}
}

void ioapic_eoi(struct ioapic *io, u8 vector, struct ioapic_fx *fx)
{
	fx_init(fx);
	end_vector(io, vector, fx);
}

/* --- Registers ----------------------------------------------------------------- */

static bool is_rte(u8 reg)
{
	return reg >= IOAPIC_REG_RTE && reg < REG_RTE_END;
}

static unsigned int rte_pin(u8 reg)
{
	unsigned int pin = (reg - IOAPIC_REG_RTE) / 2;

	return array_index_nospec(pin, IOAPIC_PINS);
}

static u32 read_reg(const struct ioapic *io, u8 reg)
{
	switch (reg) {
	case IOAPIC_REG_ID:
		return io->id << ID_SHIFT;
	case IOAPIC_REG_VER:
		return VER_PINS | io->version;
	case IOAPIC_REG_ARB:
		return io->arb << ID_SHIFT;
	}
	if (is_rte(reg))
		return io->rte[rte_pin(reg)] >> (reg & 1 ? 32 : 0);
	return 0;
}

u32 ioapic_read(const struct ioapic *io, u32 offset)
{
	switch (offset) {
	case IOAPIC_IOREGSEL:
		return io->regsel;
	case IOAPIC_IOWIN:
		return read_reg(io, io->regsel);
	default:
		return 0;
	}
}

static void write_rte(struct ioapic *io, unsigned int pin, u64 rte, struct ioapic_fx *fx)
{
	u64 old = io->rte[pin];

	/* What is read only stays. */
	io->rte[pin] = rte_legal((rte & IOAPIC_RTE_RW) | (old & IOAPIC_RTE_RO));
	fx->changed |= 1U << pin;
	if (~old & io->rte[pin] & IOAPIC_RTE_MASK)
		fx->masked |= 1U << pin;
	if (old & ~io->rte[pin] & IOAPIC_RTE_MASK)
		fx->unmasked |= 1U << pin;
	service(io, 1U << pin, fx);
}

static void write_reg(struct ioapic *io, u8 reg, u32 val, struct ioapic_fx *fx)
{
	unsigned int pin;

	if (reg == IOAPIC_REG_ID) {
		io->id = val >> ID_SHIFT & ID_BITS;
		io->arb = io->id;
	}
	if (!is_rte(reg))
		return;
	pin = rte_pin(reg);
	if (reg & 1)
		write_rte(io, pin, (io->rte[pin] & LOW_HALF) | (u64)val << 32, fx);
	else
		write_rte(io, pin, (io->rte[pin] & ~LOW_HALF) | val, fx);
}

void ioapic_write(struct ioapic *io, u32 offset, u32 val, struct ioapic_fx *fx)
{
	fx_init(fx);
	switch (offset) {
	case IOAPIC_IOREGSEL:
		io->regsel = val;
		break;
	case IOAPIC_IOWIN:
		write_reg(io, io->regsel, val, fx);
		break;
	case IOAPIC_EOIR:
		if (io->version >= IOAPIC_VER_EOI)
			end_vector(io, val, fx);
		break;
	}
}

/* --- EOI vectors ----------------------------------------------------------------- */

bool ioapic_wants_eoi(const struct ioapic *io, unsigned int pin, u32 notify)
{
	u64 rte = io->rte[array_index_nospec(pin, IOAPIC_PINS)];

	if (rte_delivery(rte) > IRQ_LOWEST)
		return false;
	if (notify >> pin & 1)
		return true;
	return rte_level(rte) && (!(rte & IOAPIC_RTE_MASK) || (rte & IOAPIC_RTE_REMOTE_IRR));
}

void ioapic_eoi_vectors(const struct ioapic *io, u32 notify, u64 vectors[4])
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		u8 vector = io->rte[pin] & IOAPIC_RTE_VECTOR;

		if (ioapic_wants_eoi(io, pin, notify))
			vectors[vector / 64] |= 1ULL << vector % 64;
	}
}

/* --- State ------------------------------------------------------------------------ */

/*
 * irr of the UAPI state: pins that request and have not been sent, and level triggered
 * lines that are high. A masked pin's line is told whatever its trigger mode:
 * the guest may yet make it a level triggered one.
 */
static u32 told_irr(const struct ioapic *io)
{
	u32 irr = 0;

	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		if (rte_level(io->rte[pin]) || (io->rte[pin] & IOAPIC_RTE_MASK))
			irr |= io->lines & 1U << pin;
	}
	return irr;
}

void ioapic_get_state(const struct ioapic *io, struct kvm_ioapic_state *ret_state)
{
	memset(ret_state, 0, sizeof(*ret_state));
	ret_state->base_address = io->base;
	ret_state->ioregsel = io->regsel;
	ret_state->id = io->id;
	ret_state->irr = told_irr(io);
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		ret_state->redirtbl[pin].bits = io->rte[pin];
}

void ioapic_set_state(struct ioapic *io, const struct kvm_ioapic_state *state, struct ioapic_fx *fx)
{
	fx_init(fx);
	io->base = state->base_address;
	io->regsel = state->ioregsel;
	io->id = state->id & ID_BITS;
	io->arb = io->id;
	io->lines = state->irr & ALL_PINS;
	fx->changed = ALL_PINS;
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		u64 old = io->rte[pin];
		u64 rte = rte_legal(state->redirtbl[pin].bits);

		io->rte[pin] = rte;
		fx->masked |= (u32) !!(~old & rte & IOAPIC_RTE_MASK) << pin;
		fx->unmasked |= (u32) !!(old & ~rte & IOAPIC_RTE_MASK) << pin;
		/* An edge that whoever saved the state had not sent yet. */
		if ((io->lines >> pin & 1) && !rte_level(rte) && !(rte & IOAPIC_RTE_MASK))
			send(io, pin, fx);
	}
	service(io, ALL_PINS, fx);
}

bool ioapic_valid(const struct ioapic *io)
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		if (io->rte[pin] != rte_legal(io->rte[pin]))
			return false;
	}
	return !(io->lines & ~ALL_PINS) && io->id <= ID_BITS && io->arb <= ID_BITS;
}
