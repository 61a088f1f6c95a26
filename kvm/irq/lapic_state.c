// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's state on its way out and in: KVM_GET_LAPIC, KVM_SET_LAPIC
 * (Documentation/virt/kvm/api.rst has the two formats of the ID register), and
 * what the destination map is told.
 *
 * A loaded state comes from userspace and is anything: what has no meaning is
 * dropped, what follows from the rest is computed, so that lapic.c's
 * invariants hold whatever was given.
 *
 * Pure, no locks: it belongs to the vCPU's thread.
 */
#include "lapic_int.h"

void lapic_dest_entry(const struct lapic *l, struct dest_entry *ret_entry)
{
	u32 model = lapic_reg(l, LAPIC_DFR) >> 28;
	u8 flags = 0;

	if (lapic_enabled(l))
		flags |= DEST_HW_ENABLED;
	if (lapic_sw_enabled(l))
		flags |= DEST_SW_ENABLED;
	if (lapic_x2apic(l))
		flags |= DEST_X2APIC;
	else if (model == 0xf)
		flags |= DEST_FLAT;
	else if (model == 0)
		flags |= DEST_CLUSTER;
	*ret_entry = (struct dest_entry){
		.id = l->id,
		.ldr = lapic_reg(l, LAPIC_LDR),
		.xapic_id = lapic_x2apic(l) ? (u8)l->id : lapic_reg(l, LAPIC_ID) >> 24,
		.flags = flags,
	};
}

static u32 get(const struct kvm_lapic_state *s, u32 reg)
{
	u32 val;

	memcpy(&val, s->regs + reg, sizeof(val));
	return val;
}

static void put(struct kvm_lapic_state *s, u32 reg, u32 val)
{
	memcpy(s->regs + reg, &val, sizeof(val));
}

void lapic_save(const struct lapic *l, struct kvm_lapic_state *ret_state, bool ids32, u64 now)
{
	memcpy(ret_state->regs, l->regs, sizeof(l->regs));
	put(ret_state, LAPIC_TMICT, l->timer.initial);
	put(ret_state, LAPIC_TMCCT, lapic_timer_current(&l->timer, now));
	if (lapic_x2apic(l) && !ids32)
		put(ret_state, LAPIC_ID, l->id << 24);
}

static void load_identity(struct lapic *l, const struct kvm_lapic_state *s)
{
	lapic_enter_mode(l);
	if (lapic_x2apic(l))
		return;
	lapic_put(l, LAPIC_ID, get(s, LAPIC_ID) & 0xff000000);
	lapic_put(l, LAPIC_LDR, get(s, LAPIC_LDR) & 0xff000000);
	lapic_put(l, LAPIC_DFR, get(s, LAPIC_DFR) | 0x0fffffff);
}

/*
 * ISR and TMR without vectors that can't be. In IRR those stay, as userspace may read back what it
 * set: a class of 0 is above no PPR, so they are never delivered.
 */
static void load_vectors(struct lapic *l, const struct kvm_lapic_state *s)
{
	u32 reg;

	for (reg = LAPIC_ISR; reg < LAPIC_IRR + 0x80; reg += 0x10)
		lapic_put(l, reg, get(s, reg));
	l->regs[LAPIC_ISR >> 2] &= ~0U << IRQ_VECTOR_MIN;
	l->regs[LAPIC_TMR >> 2] &= ~0U << IRQ_VECTOR_MIN;
}

/* As written by software, but remote IRR is state here and masks are believed. */
static void load_lvts(struct lapic *l, const struct kvm_lapic_state *s)
{
	u32 which;

	for (which = 0; which < LVT_COUNT; which++) {
		u32 reg = lapic_lvt_reg(which), lvt = get(s, reg);

		if (which == LVT_CMCI && !l->cfg.cmci)
			lvt = LAPIC_LVT_MASKED;
		lvt &= lapic_lvt_bits(l, which) & ~LAPIC_LVT_STATUS;
		if (which != LVT_LINT0 || !(lvt & LAPIC_LVT_LEVEL))
			lvt &= ~LAPIC_LVT_REMOTE_IRR;
		lapic_put(l, reg, lvt);
	}
}

/* A TSC deadline that is armed already stays: it is an MSR, not part of this state. */
static void load_timer(struct lapic *l, const struct kvm_lapic_state *s, u64 now)
{
	u32 lvt = lapic_reg(l, LAPIC_LVT_TIMER);

	lapic_put(l, LAPIC_TDCR, get(s, LAPIC_TDCR) & 0xb);
	lapic_timer_set_mode(&l->timer, (lvt & LAPIC_LVT_TIMER_MODE) >> 17);
	lapic_timer_set_divide(&l->timer, get(s, LAPIC_TDCR), now);
	if (!lapic_timer_by_tsc(&l->timer))
		lapic_timer_resume(&l->timer, get(s, LAPIC_TMICT), get(s, LAPIC_TMCCT), now);
}

int lapic_load(struct lapic *l, const struct kvm_lapic_state *state, bool ids32, u64 now,
	       struct lapic_fx *fx)
{
	u32 icr2_bits = lapic_x2apic(l) ? ~0U : 0xff000000;

	if (lapic_x2apic(l) && ids32 && get(state, LAPIC_ID) != l->id)
		return -EINVAL;

	memset(l->regs, 0, sizeof(l->regs));
	load_identity(l, state);
	lapic_put(l, LAPIC_VERSION, lapic_version(l));
	lapic_put(l, LAPIC_TPR, get(state, LAPIC_TPR) & 0xff);
	lapic_put(l, LAPIC_SVR, get(state, LAPIC_SVR) & lapic_svr_bits(l));
	load_vectors(l, state);
	lapic_put(l, LAPIC_ESR, get(state, LAPIC_ESR) & 0xff);
	l->esr_pending = 0;
	lapic_put(l, LAPIC_ICR, get(state, LAPIC_ICR) & ~LAPIC_ICR_BUSY);
	lapic_put(l, LAPIC_ICR2, get(state, LAPIC_ICR2) & icr2_bits);
	load_lvts(l, state);
	load_timer(l, state, now);
	lapic_recount(l);
	fx->what |= LAPIC_FX_DEST | LAPIC_FX_LINT0 | LAPIC_FX_TIMER | LAPIC_FX_PENDING |
		    LAPIC_FX_TPR;
	return 0;
}

/* --- validity --- */

static bool bank_valid(const struct lapic *l, u32 bank, u8 words)
{
	u32 w;

	if (bank != LAPIC_IRR && l->regs[bank >> 2] & ((1U << IRQ_VECTOR_MIN) - 1))
		return false;
	for (w = 0; w < 8; w++) {
		if (!!l->regs[(bank >> 2) + w * 4] != (words >> w & 1))
			return false;
	}
	return true;
}

static bool lvts_valid(const struct lapic *l)
{
	u32 which;

	for (which = 0; which < LVT_COUNT; which++) {
		u32 lvt = lapic_reg(l, lapic_lvt_reg(which));

		if (lvt & (~lapic_lvt_bits(l, which) | LAPIC_LVT_STATUS))
			return false;
	}
	return true;
}

static bool timer_valid(const struct lapic *l)
{
	const struct lapic_timer *t = &l->timer;

	if (t->mode != (lapic_reg(l, LAPIC_LVT_TIMER) & LAPIC_LVT_TIMER_MODE) >> 17)
		return false;
	if (t->shift != lapic_timer_divide_shift(lapic_reg(l, LAPIC_TDCR)))
		return false;
	if (!t->armed || t->mode == LAPIC_TIMER_DEADLINE)
		return true;
	if (t->mode == LAPIC_TIMER_RESERVED || !t->initial || !t->period_ns)
		return false;
	return t->mode != LAPIC_TIMER_PERIODIC || t->period_ns >= t->min_period_ns;
}

bool lapic_valid(const struct lapic *l)
{
	u64 mode = l->base & (LAPIC_BASE_EN | LAPIC_BASE_EXTD);

	if (mode == LAPIC_BASE_EXTD)
		return false;
	if (lapic_x2apic(l) &&
	    (lapic_reg(l, LAPIC_ID) != l->id || lapic_reg(l, LAPIC_LDR) != dest_x2apic_ldr(l->id)))
		return false;
	if (lapic_enabled(l) ? !bank_valid(l, LAPIC_IRR, l->irr_words) : l->irr_words)
		return false;
	if (!bank_valid(l, LAPIC_ISR, l->isr_words))
		return false;
	if (l->regs[LAPIC_TMR >> 2] & ((1U << IRQ_VECTOR_MIN) - 1))
		return false;
	return lapic_reg(l, LAPIC_PPR) == lapic_ppr_of(l) && lapic_reg(l, LAPIC_TPR) <= 0xff &&
	       lvts_valid(l) && timer_valid(l);
}
