/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A local APIC for the tests: a configuration, the usual first steps of a
 * guest, and accesses that check the model's invariants after each write.
 */
#ifndef TESTS_UNIT_LAPIC_MACHINE_H
#define TESTS_UNIT_LAPIC_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/lapic.h"

static const struct lapic_cfg config __maybe_unused = {
	.base_reserved = ~0ULL << 48,
	.min_period_ns = 200000,
	.x2apic = true,
	.tsc_deadline = true,
};

static struct lapic_fx fx; /* of the last access */

static inline void power_up(struct lapic *l, u32 id)
{
	lapic_init(l, &config, id, id == 0);
	fx.what = 0;
}

static inline void write32(struct lapic *l, u32 reg, u32 val)
{
	fx.what = 0;
	lapic_mmio_write(l, reg, 4, val, 0, &fx);
	assert_true(lapic_valid(l));
}

static inline u32 read32(struct lapic *l, u32 reg)
{
	fx.what = 0;
	return lapic_mmio_read(l, reg, 4, 0, &fx);
}

static inline enum lapic_result wrmsr(struct lapic *l, u32 reg, u64 val)
{
	enum lapic_result r;

	fx.what = 0;
	r = lapic_msr_write(l, LAPIC_MSR(reg), val, 0, &fx);
	assert_true(lapic_valid(l));
	return r;
}

static inline u64 rdmsr(const struct lapic *l, u32 reg)
{
	u64 val = ~0ULL;

	assert_int_equal(lapic_msr_read(l, LAPIC_MSR(reg), 0, &val), LAPIC_OK);
	return val;
}

/* Software enabled, xAPIC mode. */
static inline void xapic(struct lapic *l, u32 id)
{
	power_up(l, id);
	write32(l, LAPIC_SVR, 0x1ff);
}

static inline void x2apic(struct lapic *l, u32 id)
{
	xapic(l, id);
	assert_int_equal(lapic_set_base(l, l->base | LAPIC_BASE_EXTD, false, &fx), LAPIC_OK);
	fx.what = 0;
}

static inline void post(struct lapic *l, u8 vector, bool level)
{
	u64 irr = 1ULL << (vector % 64);

	lapic_merge(l, vector / 64, irr, level ? irr : 0);
	assert_true(lapic_valid(l));
}

static inline int take(struct lapic *l)
{
	int v = lapic_highest(l);

	if (v >= 0)
		lapic_ack(l, v);
	assert_true(lapic_valid(l));
	return v;
}

static inline void eoi(struct lapic *l)
{
	write32(l, LAPIC_EOI, 0);
}

#endif /* TESTS_UNIT_LAPIC_MACHINE_H */
