// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's timer: SDM vol. 3, "APIC Timer" and "TSC-Deadline Mode".
 *
 * Invariants: bus_ns and shift are in range, so that no product of a count and
 * a tick overflows; armed implies a mode that runs, and in one-shot and
 * periodic mode initial > 0 and period_ns > 0; min_period_ns bounds period_ns
 * in periodic mode. Divisions happen on reads of TMCCT and when a periodic
 * timer is late by a period or more, not on the way of a timely expiry.
 *
 * Pure, no locks: it belongs to the vCPU's thread.
 */
#include "lapic_timer.h"

#define SHIFT_MAX      7
#define MIN_PERIOD_MAX (1ULL << 40)

/* Bits 3, 1, 0 as a number: 0 divides by 2, 6 by 128, 7 by 1. */
u8 lapic_timer_divide_shift(u32 dcr)
{
	u32 code = (dcr >> 1 & 4) | (dcr & 3);

	return (code + 1) & SHIFT_MAX;
}

static u64 tick_ns(const struct lapic_timer *t)
{
	return (u64)t->bus_ns << t->shift;
}

static bool counts(const struct lapic_timer *t)
{
	return t->mode == LAPIC_TIMER_ONESHOT || t->mode == LAPIC_TIMER_PERIODIC;
}

static void set_period(struct lapic_timer *t)
{
	t->period_ns = t->initial * tick_ns(t);
	if (t->mode == LAPIC_TIMER_PERIODIC && t->initial)
		t->period_ns = max(t->period_ns, t->min_period_ns);
}

static void stop(struct lapic_timer *t)
{
	t->armed = false;
	t->expiry = 0;
}

void lapic_timer_init(struct lapic_timer *t, u32 bus_ns, u64 min_period_ns)
{
	memset(t, 0, sizeof(*t));
	t->bus_ns = clamp(bus_ns, 1U, LAPIC_TIMER_BUS_NS_MAX);
	t->min_period_ns = min(min_period_ns, MIN_PERIOD_MAX);
	lapic_timer_reset(t);
}

void lapic_timer_reset(struct lapic_timer *t)
{
	stop(t);
	t->mode = LAPIC_TIMER_ONESHOT;
	t->initial = 0;
	t->period_ns = 0;
	t->shift = lapic_timer_divide_shift(0);
}

void lapic_timer_set_initial(struct lapic_timer *t, u32 count, u64 now_ns)
{
	if (!counts(t))
		return;
	t->initial = count;
	set_period(t);
	if (!count) {
		stop(t);
		return;
	}
	t->armed = true;
	t->expiry = now_ns + t->period_ns;
}

/* Arm for @count more ticks, of at most the initial count. */
static void run_on(struct lapic_timer *t, u32 count, u64 now_ns)
{
	t->armed = true;
	t->expiry = now_ns + min(count, t->initial) * tick_ns(t);
}

void lapic_timer_set_divide(struct lapic_timer *t, u32 dcr, u64 now_ns)
{
	u8 shift = lapic_timer_divide_shift(dcr);
	u32 left;

	if (shift == t->shift)
		return;
	left = lapic_timer_current(t, now_ns);
	t->shift = shift;
	set_period(t);
	/* One that is due but was not taken yet stays due. */
	if (t->armed && counts(t) && t->expiry > now_ns)
		run_on(t, left, now_ns);
}

void lapic_timer_set_mode(struct lapic_timer *t, enum lapic_timer_mode mode)
{
	bool counted = counts(t);

	if (mode == t->mode)
		return;
	t->mode = mode;
	if (!counted || !counts(t)) {
		stop(t);
		t->initial = 0;
	}
	set_period(t);
}

void lapic_timer_set_deadline(struct lapic_timer *t, u64 guest_tsc)
{
	if (t->mode != LAPIC_TIMER_DEADLINE)
		return;
	t->armed = guest_tsc;
	t->expiry = guest_tsc;
}

u64 lapic_timer_deadline(const struct lapic_timer *t)
{
	return t->mode == LAPIC_TIMER_DEADLINE && t->armed ? t->expiry : 0;
}

u32 lapic_timer_current(const struct lapic_timer *t, u64 now_ns)
{
	u64 left, tick = tick_ns(t);

	if (!t->armed || !counts(t))
		return 0;
	if (now_ns < t->expiry)
		left = t->expiry - now_ns;
	else if (t->mode == LAPIC_TIMER_PERIODIC)
		left = t->period_ns - (now_ns - t->expiry) % t->period_ns;
	else
		return 0;
	/* A count is left until its last nanosecond; a stretched period stays at its top. */
	return min_t(u64, DIV_ROUND_UP(left, tick), t->initial);
}

void lapic_timer_resume(struct lapic_timer *t, u32 initial, u32 current_count, u64 now_ns)
{
	stop(t);
	if (!counts(t))
		return;
	t->initial = initial;
	set_period(t);
	if (!initial)
		return;
	if (current_count)
		run_on(t, current_count, now_ns);
	else if (t->mode == LAPIC_TIMER_PERIODIC)
		run_on(t, initial, now_ns);
	else
		run_on(t, 0, now_ns); /* VMMs don't save TMCCT: rather once too often than never */
}

u64 lapic_timer_forward(u64 expiry, u64 period_ns, u64 now, u32 *ret_count)
{
	u64 n;

	if (now < expiry) {
		*ret_count = 0;
		return expiry;
	}
	n = now - expiry < period_ns ? 1 : (now - expiry) / period_ns + 1;
	*ret_count = min_t(u64, n, U32_MAX);
	return expiry + n * period_ns;
}

u32 lapic_timer_expire(struct lapic_timer *t, u64 now)
{
	u32 count;

	if (!t->armed || now < t->expiry)
		return 0;
	if (t->mode != LAPIC_TIMER_PERIODIC) {
		stop(t);
		return 1;
	}
	t->expiry = lapic_timer_forward(t->expiry, t->period_ns, now, &count);
	return count;
}
