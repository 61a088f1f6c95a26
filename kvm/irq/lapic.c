// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's heart: reset and modes, priorities, acceptance, EOI, IPIs,
 * local sources, errors. lapic_reg.c decodes accesses, lapic_state.c carries
 * state in and out.
 *
 * Sources: SDM vol. 3, chapter "Advanced Programmable Interrupt Controller";
 * APM vol. 2, chapter "Advanced Programmable Interrupt Controller".
 *
 * Invariants (lapic_valid checks them): irr_words and isr_words tell which
 * registers are not 0 (irr_words is 0 while hardware disabled, so that nothing
 * is deliverable); PPR is that of TPR and ISR at any time; vectors below 16
 * are never in IRR, ISR, TMR; LVT entries hold defined bits only; the timer's
 * mode and divider are those of the registers; in x2APIC mode ID and LDR follow
 * from the id given. TMICT and TMCCT live in the timer.
 *
 * Pure, no locks: all of it belongs to the vCPU's thread.
 *
 * Left out: AMD's extended LVT, remote read, arbitration on the APIC bus.
 */
#include "lapic_int.h"

#define BASE_DEFINED (LAPIC_BASE_ADDR | LAPIC_BASE_BSP | LAPIC_BASE_EXTD | LAPIC_BASE_EN)

static u32 lvt_mode(u32 lvt)
{
	return (lvt & LAPIC_LVT_MODE) >> LAPIC_LVT_MODE_SHIFT;
}

static void set_bit_of(struct lapic *l, u32 bank, u8 vector)
{
	l->regs[(bank >> 2) + (vector >> 5) * 4] |= 1U << (vector & 31);
}

/* Clear a vector's bit; what is left of its register. */
static u32 clear_bit_of(struct lapic *l, u32 bank, u8 vector)
{
	return l->regs[(bank >> 2) + (vector >> 5) * 4] &= ~(1U << (vector & 31));
}

/* --- priorities --- */

u32 lapic_ppr_of(const struct lapic *l)
{
	u32 tpr = lapic_reg(l, LAPIC_TPR);
	int isr = lapic_isr_max(l);

	if (isr < 0 || tpr >> 4 >= (u32)isr >> 4)
		return tpr;
	return isr & 0xf0;
}

static void update_ppr(struct lapic *l)
{
	lapic_put(l, LAPIC_PPR, lapic_ppr_of(l));
}

static u8 words_of(const struct lapic *l, u32 bank)
{
	u8 words = 0;
	u32 w;

	for (w = 0; w < 8; w++)
		words |= !!l->regs[(bank >> 2) + w * 4] << w;
	return words;
}

void lapic_recount(struct lapic *l)
{
	l->irr_words = lapic_enabled(l) ? words_of(l, LAPIC_IRR) : 0;
	l->isr_words = words_of(l, LAPIC_ISR);
	update_ppr(l);
}

void lapic_set_tpr(struct lapic *l, u8 tpr, struct lapic_fx *fx)
{
	if (lapic_reg(l, LAPIC_TPR) == tpr)
		return;
	lapic_put(l, LAPIC_TPR, tpr);
	update_ppr(l);
	fx->what |= LAPIC_FX_TPR;
	if (l->irr_words)
		fx->what |= LAPIC_FX_PENDING;
}

u8 lapic_behind_tpr(const struct lapic *l)
{
	int class = lapic_irr_max(l) >> 4;

	if (class <= (lapic_isr_max(l) >> 4) || class > (int)(lapic_reg(l, LAPIC_TPR) >> 4))
		return 0;
	return class;
}

void lapic_ack(struct lapic *l, u8 vector)
{
	if (!clear_bit_of(l, LAPIC_IRR, vector))
		l->irr_words &= ~(1U << (vector >> 5));
	set_bit_of(l, LAPIC_ISR, vector);
	l->isr_words |= 1U << (vector >> 5);
	update_ppr(l);
}

u8 lapic_inta(struct lapic *l)
{
	int v = lapic_highest(l);

	if (v < 0)
		return lapic_reg(l, LAPIC_SVR);
	lapic_ack(l, v);
	return v;
}

/* A level LINT0 interrupt ended: its pin counts again. */
static void eoi_lint(struct lapic *l, u8 vector, struct lapic_fx *fx)
{
	u32 lvt = lapic_reg(l, LAPIC_LVT_LINT0);

	if (!(lvt & LAPIC_LVT_REMOTE_IRR) || (lvt & LAPIC_LVT_VECTOR) != vector)
		return;
	lapic_put(l, LAPIC_LVT_LINT0, lvt & ~LAPIC_LVT_REMOTE_IRR);
	fx->what |= LAPIC_FX_EOI_LINT;
}

void lapic_ended(struct lapic *l, u8 vector, struct lapic_fx *fx)
{
	u32 what = LAPIC_FX_EOI;

	fx->eoi_vector = vector;
	fx->eoi_level = lapic_tmr_test(l, vector);
	if (l->irr_words)
		what |= LAPIC_FX_PENDING;
	if (fx->eoi_level) {
		if (!(lapic_reg(l, LAPIC_SVR) & LAPIC_SVR_EOI_SUPPRESS))
			what |= LAPIC_FX_EOI_BROADCAST;
		eoi_lint(l, vector, fx);
	}
	fx->what |= what;
}

void lapic_eoi(struct lapic *l, struct lapic_fx *fx)
{
	int v = lapic_isr_max(l);

	if (v < 0)
		return;
	if (!clear_bit_of(l, LAPIC_ISR, v))
		l->isr_words &= ~(1U << (v >> 5));
	update_ppr(l);
	lapic_ended(l, v, fx);
}

/* --- acceptance --- */

/* Enter vectors of IRR register @w; @level is a subset of @irr. */
static void enter(struct lapic *l, u32 w, u32 irr, u32 level)
{
	u32 *tmr = &l->regs[(LAPIC_TMR >> 2) + w * 4];

	if (!irr)
		return;
	l->regs[(LAPIC_IRR >> 2) + w * 4] |= irr;
	*tmr = (*tmr & ~irr) | level;
	l->irr_words |= 1U << w;
}

void lapic_merge(struct lapic *l, u32 i, u64 irr, u64 level)
{
	const u64 illegal = (1ULL << IRQ_VECTOR_MIN) - 1;

	if (!lapic_enabled(l))
		return;
	if (i == 0 && unlikely(irr & illegal)) {
		lapic_raise_error(l, LAPIC_ESR_RECV_VECTOR);
		irr &= ~illegal;
	}
	level &= irr;
	enter(l, i * 2, irr, level);
	enter(l, i * 2 + 1, irr >> 32, level >> 32);
}

bool lapic_accept(struct lapic *l, u8 vector, bool level)
{
	u32 bit = 1U << (vector & 31);

	if (!lapic_enabled(l))
		return false;
	if (vector < IRQ_VECTOR_MIN) {
		lapic_raise_error(l, LAPIC_ESR_RECV_VECTOR);
		return false;
	}
	enter(l, vector >> 5, bit, level ? bit : 0);
	return true;
}

void lapic_raise_error(struct lapic *l, u32 bit)
{
	u32 lvt = lapic_reg(l, LAPIC_LVT_ERROR);
	bool first = !l->esr_pending;

	l->esr_pending |= bit;
	if (!first || lvt & LAPIC_LVT_MASKED)
		return;
	if ((lvt & LAPIC_LVT_VECTOR) < IRQ_VECTOR_MIN)
		l->esr_pending |= LAPIC_ESR_RECV_VECTOR;
	else
		lapic_accept(l, lvt & LAPIC_LVT_VECTOR, false);
}

/* --- local sources --- */

static bool is_lint(enum lapic_lvt which)
{
	return which == LVT_LINT0 || which == LVT_LINT1;
}

u32 lapic_lvt_bits(const struct lapic *l, enum lapic_lvt which)
{
	u32 bits = LAPIC_LVT_VECTOR | LAPIC_LVT_STATUS | LAPIC_LVT_MASKED;

	if (which == LVT_TIMER)
		return bits | BIT(17) | (l->cfg.tsc_deadline ? BIT(18) : 0);
	if (which == LVT_ERROR)
		return bits;
	bits |= LAPIC_LVT_MODE;
	if (is_lint(which))
		bits |= LAPIC_LVT_POLARITY | LAPIC_LVT_REMOTE_IRR | LAPIC_LVT_LEVEL;
	return bits;
}

/* Fixed delivery. Only LINT0 is ever level sensitive: SDM, "Local Vector Table", trigger mode. */
static bool accept_fixed(struct lapic *l, enum lapic_lvt which, u32 lvt, struct lapic_fx *fx)
{
	bool level = which == LVT_LINT0 && lvt & LAPIC_LVT_LEVEL;

	if (level && lvt & LAPIC_LVT_REMOTE_IRR)
		return false;
	fx->what |= LAPIC_FX_PENDING; /* that of an error, if not of this */
	if (!lapic_accept(l, lvt & LAPIC_LVT_VECTOR, level))
		return false;
	if (level)
		lapic_put(l, LAPIC_LVT_LINT0, lvt | LAPIC_LVT_REMOTE_IRR);
	return true;
}

/* INIT and ExtINT are for the LINT pins only: SDM, "Local Vector Table", delivery mode. */
static u32 fx_of_mode(u32 mode, bool lint)
{
	switch (mode) {
	case IRQ_NMI:
		return LAPIC_FX_NMI;
	case IRQ_SMI:
		return LAPIC_FX_SMI;
	case IRQ_INIT:
		return lint ? LAPIC_FX_INIT : 0;
	case IRQ_EXTINT:
		return lint ? LAPIC_FX_EXTINT : 0;
	default:
		return 0;
	}
}

/* Without a local APIC the pins are the CPU's INTR and NMI. */
static bool accept_pin(enum lapic_lvt which, struct lapic_fx *fx)
{
	if (is_lint(which))
		fx->what |= which == LVT_LINT0 ? LAPIC_FX_EXTINT : LAPIC_FX_NMI;
	return is_lint(which);
}

bool lapic_accept_lvt(struct lapic *l, enum lapic_lvt which, struct lapic_fx *fx)
{
	u32 reg = lapic_lvt_reg(which), lvt = lapic_reg(l, reg), mode = lvt_mode(lvt), what;

	if (!lapic_enabled(l))
		return accept_pin(which, fx);
	if (lvt & LAPIC_LVT_MASKED)
		return false;
	if (which == LVT_PMC && l->cfg.pmi_masks_lvt)
		lapic_put(l, reg, lvt | LAPIC_LVT_MASKED);
	if (which == LVT_TIMER || which == LVT_ERROR || mode == IRQ_FIXED)
		return accept_fixed(l, which, lvt, fx);
	what = fx_of_mode(mode, is_lint(which));
	fx->what |= what;
	return what;
}

bool lapic_passes_pic(const struct lapic *l)
{
	u32 lvt = lapic_reg(l, LAPIC_LVT_LINT0);

	if (!lapic_enabled(l))
		return true;
	return !(lvt & LAPIC_LVT_MASKED) && lvt_mode(lvt) == IRQ_EXTINT;
}

void lapic_lvt_write(struct lapic *l, enum lapic_lvt which, u32 val, struct lapic_fx *fx)
{
	u32 reg = lapic_lvt_reg(which), bits = lapic_lvt_bits(l, which);
	u32 lvt = val & bits & ~(LAPIC_LVT_STATUS | LAPIC_LVT_REMOTE_IRR);

	if (which == LVT_LINT0 && lvt & LAPIC_LVT_LEVEL)
		lvt |= lapic_reg(l, reg) & LAPIC_LVT_REMOTE_IRR;
	if (!lapic_sw_enabled(l))
		lvt |= LAPIC_LVT_MASKED;
	lapic_put(l, reg, lvt);
	if (which == LVT_LINT0)
		fx->what |= LAPIC_FX_LINT0;
	if (which == LVT_TIMER) {
		lapic_timer_set_mode(&l->timer, (lvt & LAPIC_LVT_TIMER_MODE) >> 17);
		fx->what |= LAPIC_FX_TIMER;
	}
}

/* --- sending --- */

/* Fixed to itself: no message is needed. Illegal vectors have been sorted out. */
static void self_ipi(struct lapic *l, u8 vector, struct lapic_fx *fx)
{
	if (lapic_sw_enabled(l) && lapic_accept(l, vector, false))
		fx->what |= LAPIC_FX_PENDING;
}

static void send(struct lapic *l, struct lapic_fx *fx)
{
	struct irq_msg *m = &fx->msg;

	fx->what |= LAPIC_FX_IPI;
	if (!m->assert || m->delivery == IRQ_RESERVED || m->delivery == IRQ_EXTINT)
		return;
	if (irq_msg_is_vectored(m) && m->vector < IRQ_VECTOR_MIN) {
		lapic_raise_error(l, LAPIC_ESR_SEND_VECTOR);
		fx->what |= LAPIC_FX_PENDING;
	} else if (irq_msg_is_vectored(m) && m->shorthand == IRQ_SH_SELF) {
		self_ipi(l, m->vector, fx);
	} else {
		fx->what |= LAPIC_FX_SEND;
	}
}

/*
 * Trigger mode means something for INIT level de-assert only; all other IPIs
 * are edges (SDM, "Interrupt Command Register").
 */
void lapic_icr_write(struct lapic *l, u32 low, u32 high, struct lapic_fx *fx)
{
	bool x2apic = lapic_x2apic(l);
	u8 delivery = low >> 8 & 7;

	lapic_put(l, LAPIC_ICR, low & ~LAPIC_ICR_BUSY);
	lapic_put(l, LAPIC_ICR2, high);
	fx->msg = (struct irq_msg){
		.dest = x2apic ? high : high >> 24,
		.vector = low,
		.delivery = delivery,
		.shorthand = low >> 18 & 3,
		.dest_logical = low & LAPIC_ICR_LOGICAL,
		.assert = delivery != IRQ_INIT ||
			  (low & (LAPIC_ICR_LEVEL | LAPIC_ICR_ASSERT)) != LAPIC_ICR_LEVEL,
		.x2apic = x2apic,
	};
	send(l, fx);
}

/* --- life and mode --- */

u32 lapic_version(const struct lapic *l)
{
	u32 max_lvt = l->cfg.cmci ? LVT_CMCI : LVT_ERROR;

	return 0x14 | max_lvt << 16 | (l->cfg.eoi_suppress ? BIT(24) : 0);
}

void lapic_enter_mode(struct lapic *l)
{
	bool x2apic = lapic_x2apic(l);

	lapic_put(l, LAPIC_ID, x2apic ? l->id : l->id << 24);
	lapic_put(l, LAPIC_LDR, x2apic ? dest_x2apic_ldr(l->id) : 0);
	lapic_put(l, LAPIC_DFR, ~0U);
}

/* SDM, "Local APIC State After Power-Up or Reset"; the id is the caller's. */
static void reset_regs(struct lapic *l)
{
	u32 which, id = lapic_reg(l, LAPIC_ID), ldr = lapic_reg(l, LAPIC_LDR);

	memset(l->regs, 0, sizeof(l->regs));
	lapic_put(l, LAPIC_ID, id);
	lapic_put(l, LAPIC_LDR, lapic_x2apic(l) ? ldr : 0);
	lapic_put(l, LAPIC_DFR, ~0U);
	lapic_put(l, LAPIC_VERSION, lapic_version(l));
	lapic_put(l, LAPIC_SVR, 0xff);
	for (which = 0; which < LVT_COUNT; which++)
		lapic_put(l, lapic_lvt_reg(which), LAPIC_LVT_MASKED);
	if (l->cfg.lint0_extint)
		lapic_put(l, LAPIC_LVT_LINT0, IRQ_EXTINT << LAPIC_LVT_MODE_SHIFT);
	l->esr_pending = 0;
	lapic_timer_reset(&l->timer);
	lapic_recount(l);
}

void lapic_reset(struct lapic *l, u32 apic_id, bool bsp)
{
	l->id = apic_id;
	l->base = LAPIC_BASE_DEFAULT | LAPIC_BASE_EN | (bsp ? LAPIC_BASE_BSP : 0);
	lapic_enter_mode(l);
	reset_regs(l);
}

void lapic_init_reset(struct lapic *l)
{
	reset_regs(l);
}

void lapic_init(struct lapic *l, const struct lapic_cfg *cfg, u32 apic_id, bool bsp)
{
	memset(l, 0, sizeof(*l));
	l->cfg = *cfg;
	lapic_timer_init(&l->timer, cfg->bus_ns, cfg->min_period_ns);
	lapic_reset(l, apic_id, bsp);
}

void lapic_configure(struct lapic *l, const struct lapic_cfg *cfg)
{
	u32 lvt = lapic_reg(l, LAPIC_LVT_TIMER);

	l->cfg = *cfg;
	lapic_put(l, LAPIC_VERSION, lapic_version(l));
	if (!cfg->cmci)
		lapic_put(l, LAPIC_LVT_CMCI, LAPIC_LVT_MASKED);
	lapic_put(l, LAPIC_SVR, lapic_reg(l, LAPIC_SVR) & lapic_svr_bits(l));
	lvt &= lapic_lvt_bits(l, LVT_TIMER);
	lapic_put(l, LAPIC_LVT_TIMER, lvt);
	lapic_timer_set_mode(&l->timer, (lvt & LAPIC_LVT_TIMER_MODE) >> 17);
}

/* SDM, "x2APIC State Transitions": the moves that software may not make. */
static bool illegal_move(u64 from, u64 to)
{
	if (!(from & LAPIC_BASE_EN))
		return to & LAPIC_BASE_EXTD;
	return from & LAPIC_BASE_EXTD && to & LAPIC_BASE_EN && !(to & LAPIC_BASE_EXTD);
}

enum lapic_result lapic_set_base(struct lapic *l, u64 value, bool host, struct lapic_fx *fx)
{
	u64 changed = l->base ^ value;

	if (value & (l->cfg.base_reserved | ~BASE_DEFINED))
		return LAPIC_GP;
	if (value & LAPIC_BASE_EXTD && !(value & LAPIC_BASE_EN && l->cfg.x2apic))
		return LAPIC_GP;
	if (!host && illegal_move(l->base, value))
		return LAPIC_GP;
	if (!changed)
		return LAPIC_OK;

	l->base = value;
	fx->what |= LAPIC_FX_MODE;
	if (!(changed & (LAPIC_BASE_EN | LAPIC_BASE_EXTD)))
		return LAPIC_OK;
	fx->what |= LAPIC_FX_DEST | LAPIC_FX_LINT0 | LAPIC_FX_TIMER | LAPIC_FX_PENDING;
	if (!(value & LAPIC_BASE_EN)) {
		lapic_enter_mode(l);
		reset_regs(l);
		fx->what |= LAPIC_FX_TPR;
	} else if (changed & LAPIC_BASE_EXTD) {
		lapic_enter_mode(l);
		lapic_put(l, LAPIC_ICR2, 0);
	}
	lapic_recount(l); /* of what was loaded while it was disabled */
	return LAPIC_OK;
}
