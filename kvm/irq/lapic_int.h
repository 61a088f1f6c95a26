/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lapic.c, lapic_reg.c and lapic_state.c share, and nobody else includes.
 */
#ifndef GLASSVISOR_IRQ_LAPIC_INT_H
#define GLASSVISOR_IRQ_LAPIC_INT_H

#include "lapic.h"

static inline void lapic_put(struct lapic *l, u32 reg, u32 val)
{
	l->regs[reg >> 2] = val;
}

/* Register of an LVT entry: 0x320 and up, but for CMCI. */
static inline u32 lapic_lvt_reg(enum lapic_lvt which)
{
	return which == LVT_CMCI ? LAPIC_LVT_CMCI : LAPIC_LVT_TIMER + which * 0x10;
}

/* Defined bits of an LVT entry, read-only ones among them. */
u32 lapic_lvt_bits(const struct lapic *l, enum lapic_lvt which);

/* Defined bits of SVR. */
static inline u32 lapic_svr_bits(const struct lapic *l)
{
	return 0xff | LAPIC_SVR_ENABLE | LAPIC_SVR_FOCUS |
	       (l->cfg.eoi_suppress ? LAPIC_SVR_EOI_SUPPRESS : 0);
}

/* The version register for this configuration. */
u32 lapic_version(const struct lapic *l);

/* PPR from TPR and ISR: SDM, "Task and Processor Priorities". */
u32 lapic_ppr_of(const struct lapic *l);

/*
 * Log an error. The first since ESR was last written raises LVT error; one
 * that this itself makes (its vector is illegal) is logged, no more.
 */
void lapic_raise_error(struct lapic *l, u32 bit);

/* The ID, LDR and DFR that follow from the mode alone, on entering it. */
void lapic_enter_mode(struct lapic *l);

/* Store an LVT entry as software wrote it; the timer follows. */
void lapic_lvt_write(struct lapic *l, enum lapic_lvt which, u32 val, struct lapic_fx *fx);

#endif /* GLASSVISOR_IRQ_LAPIC_INT_H */
