/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC's timer as arithmetic: initial count, divider and mode in,
 * expiry times and counts out. See lapic_timer.c.
 *
 * `now` is a time in the unit of the mode: nanoseconds of one monotonic clock
 * for one-shot and periodic, the guest's TSC for TSC-deadline
 * (lapic_timer_by_tsc() tells which).
 */
#ifndef GLASSVISOR_IRQ_LAPIC_TIMER_H
#define GLASSVISOR_IRQ_LAPIC_TIMER_H

#include "../env.h"

/* Bits 18:17 of the LVT timer register. */
enum lapic_timer_mode {
	LAPIC_TIMER_ONESHOT = 0,
	LAPIC_TIMER_PERIODIC = 1,
	LAPIC_TIMER_DEADLINE = 2,
	LAPIC_TIMER_RESERVED = 3, /* stopped */
};

#define LAPIC_TIMER_BUS_NS_MAX 1000000U

struct lapic_timer {
	u64 expiry;	   /* in the unit of the mode; means something while armed */
	u64 period_ns;	   /* periodic: at least min_period_ns; one-shot: of the whole count */
	u64 min_period_ns; /* bound on periodic, so that a guest can't make a storm */
	u32 initial;	   /* TMICT */
	u32 bus_ns;	   /* a bus clock, 1..LAPIC_TIMER_BUS_NS_MAX; KVM's ABI: 1 */
	u8 shift;	   /* log2 of the divider */
	u8 mode;	   /* enum lapic_timer_mode */
	bool armed;
};

/* Power-up state: one-shot, divider 2, stopped. @bus_ns of 0 means 1. */
void lapic_timer_init(struct lapic_timer *t, u32 bus_ns, u64 min_period_ns);

/* Power-up state again, bus_ns and min_period_ns kept. */
void lapic_timer_reset(struct lapic_timer *t);

static inline bool lapic_timer_by_tsc(const struct lapic_timer *t)
{
	return t->mode == LAPIC_TIMER_DEADLINE;
}

/* log2 of the divider for a divide configuration register (bits 3, 1, 0). */
u8 lapic_timer_divide_shift(u32 dcr);

/*
 * A write to TMICT: the count starts at @now_ns; 0 stops. Ignored in
 * TSC-deadline and the reserved mode.
 */
void lapic_timer_set_initial(struct lapic_timer *t, u32 count, u64 now_ns);

/* A write to the divide configuration. A running count goes on from where it is at the new rate. */
void lapic_timer_set_divide(struct lapic_timer *t, u32 dcr, u64 now_ns);

/*
 * A write to the mode bits. Between one-shot and periodic a running count goes
 * on; into and out of TSC-deadline (and the reserved mode) the timer is stopped.
 */
void lapic_timer_set_mode(struct lapic_timer *t, enum lapic_timer_mode mode);

/* IA32_TSC_DEADLINE: 0 disarms; ignored (reads 0) in other modes. */
void lapic_timer_set_deadline(struct lapic_timer *t, u64 guest_tsc);
u64 lapic_timer_deadline(const struct lapic_timer *t);

/* TMCCT. Reads 0 in TSC-deadline mode, and when stopped. */
u32 lapic_timer_current(const struct lapic_timer *t, u64 now_ns);

/*
 * Continue from a saved TMCCT, after mode and divider. With a count of 0 a
 * one-shot has run out, and a periodic one starts from @initial.
 */
void lapic_timer_resume(struct lapic_timer *t, u32 initial, u32 current_count, u64 now_ns);

/*
 * Expirations at or before @now that were not taken yet (0: none), and take
 * them: one-shot and deadline disarm; periodic goes to its next expiry, which
 * is after @now however late we are. The caller raises one interrupt whatever
 * the number, as IRR would hold no more.
 */
u32 lapic_timer_expire(struct lapic_timer *t, u64 now);

/* For a host timer that repeats on its own: the first expiry after @now. period_ns > 0. */
u64 lapic_timer_forward(u64 expiry, u64 period_ns, u64 now, u32 *ret_count);

#endif /* GLASSVISOR_IRQ_LAPIC_TIMER_H */
