/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzz target: the input is a series of what a guest, userspace and the
 * devices can do to a local APIC: page and MSR accesses, posted vectors, local
 * sources, mode changes, loaded states of any content. After each step the
 * model's invariants must hold, what is deliverable must be above PPR, and a
 * saved state loaded into a fresh APIC must be saved again as the same.
 */
#include <stdlib.h>

#include "irq/lapic.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct input {
	const u8 *p, *end;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static u64 take(struct input *in, u32 bytes)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < bytes && in->p < in->end; i++)
		val |= (u64)*in->p++ << (i * 8);
	return val;
}

static struct lapic_cfg config(u8 bits)
{
	return (struct lapic_cfg){
		.base_reserved = ~0ULL << 40,
		.min_period_ns = 1000,
		.bus_ns = bits >> 6,
		.x2apic = bits & 1,
		.tsc_deadline = bits & 2,
		.cmci = bits & 4,
		.eoi_suppress = bits & 8,
		.lint0_extint = bits & 16,
		.pmi_masks_lvt = bits & 32,
	};
}

static void check_fx(const struct lapic *l, const struct lapic_fx *fx)
{
	if (fx->what & LAPIC_FX_SEND)
		require(fx->msg.assert && fx->msg.delivery != IRQ_RESERVED &&
			(!irq_msg_is_vectored(&fx->msg) || fx->msg.vector >= IRQ_VECTOR_MIN));
	if (fx->what & LAPIC_FX_EOI)
		require(fx->eoi_vector >= IRQ_VECTOR_MIN);
	if (fx->what & LAPIC_FX_EOI_BROADCAST)
		require(fx->eoi_level && (fx->what & LAPIC_FX_EOI));
	require(lapic_highest(l) < 0 || (u32)lapic_highest(l) >> 4 > lapic_reg(l, LAPIC_PPR) >> 4);
}

static void check_round_trip(const struct lapic *l, u64 now)
{
	struct kvm_lapic_state a, b;
	struct lapic_fx fx = {};
	struct lapic m;

	lapic_save(l, &a, true, now);
	lapic_init(&m, &l->cfg, l->id, false);
	require(lapic_set_base(&m, l->base, true, &fx) == LAPIC_OK || !l->cfg.x2apic);
	if (m.base != l->base)
		return; /* x2APIC was configured away while in use */
	require(!lapic_load(&m, &a, true, now, &fx));
	require(lapic_valid(&m));
	lapic_save(&m, &b, true, now);
	if (!l->timer.armed) /* a periodic timer always runs after a load */
		memcpy(b.regs + LAPIC_TMCCT, a.regs + LAPIC_TMCCT, 4);
	require(!memcmp(&a, &b, sizeof(a)));
}

static void deliver(struct lapic *l)
{
	int v = lapic_highest(l);

	if (v >= 0) {
		lapic_ack(l, v);
		require(lapic_isr_max(l) == v && !lapic_irr_test(l, v));
	} else {
		require(lapic_inta(l) == (u8)lapic_reg(l, LAPIC_SVR));
	}
}

static void merge(struct lapic *l, struct input *in)
{
	u64 level = take(in, 1) * 0x0101010101010101ULL;
	u8 v = take(in, 1);

	lapic_merge(l, v / 64, take(in, 2) << (v % 64), level);
}

static void load(struct lapic *l, struct input *in, u64 now, struct lapic_fx *fx)
{
	struct kvm_lapic_state s;
	u8 n = take(in, 1) % 16;

	lapic_save(l, &s, true, now);
	while (n--) {
		u32 at = take(in, 1) * 4, val = take(in, 4);

		memcpy(s.regs + at, &val, 4);
	}
	lapic_load(l, &s, take(in, 1) & 1, now, fx);
}

static void access(struct lapic *l, u8 op, struct input *in, u64 now, struct lapic_fx *fx)
{
	u32 reg = take(in, 1) << 4;
	u64 val;

	if (op < 2 && !lapic_mmio_enabled(l))
		return;
	switch (op) {
	case 0:
		lapic_mmio_read(l, (reg + (reg >> 9)) & 0xfff, 1 + (reg >> 4) % 8, now, fx);
		break;
	case 1:
		lapic_mmio_write(l, reg & 0x7f0, 4, take(in, 4), now, fx);
		break;
	case 2:
		lapic_msr_read(l, LAPIC_MSR(reg), now, &val);
		break;
	case 3:
		lapic_msr_write(l, LAPIC_MSR(reg), take(in, 4), now, fx);
		break;
	default:
		lapic_msr_write(l, LAPIC_MSR(reg), take(in, 8), now, fx);
		break;
	}
}

static void step(struct lapic *l, struct input *in, u64 now, struct lapic_fx *fx)
{
	u8 op = take(in, 1) % 16;
	struct lapic_cfg cfg;
	u64 base;

	switch (op) {
	case 5:
	case 6:
		merge(l, in);
		break;
	case 7:
		deliver(l);
		break;
	case 8:
		lapic_eoi(l, fx);
		break;
	case 9:
		lapic_accept_lvt(l, take(in, 1) % LVT_COUNT, fx);
		break;
	case 10:
		base = take(in, 1);
		lapic_set_base(l, LAPIC_BASE_DEFAULT | (base & 0xf) << 8, base & 0x10, fx);
		break;
	case 11:
		load(l, in, now, fx);
		break;
	case 12:
		lapic_tsc_deadline_set(l, take(in, 4), fx);
		break;
	case 13:
		if (lapic_timer_expire(&l->timer, now))
			require(!l->timer.armed || l->timer.expiry > now);
		break;
	case 14:
		cfg = config(take(in, 1));
		cfg.bus_ns = l->cfg.bus_ns; /* fixed at creation */
		lapic_configure(l, &cfg);
		break;
	case 15:
		lapic_init_reset(l);
		break;
	default:
		access(l, op, in, now, fx);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = {data, data + size};
	struct lapic_cfg cfg = config(take(&in, 1));
	u64 now = 0;
	struct lapic l;

	lapic_init(&l, &cfg, take(&in, 2), true);
	while (in.p < in.end) {
		struct lapic_fx fx = {};

		now += 1ULL << (take(&in, 1) % 40);
		step(&l, &in, now, &fx);
		require(lapic_valid(&l));
		check_fx(&l, &fx);
		check_round_trip(&l, now);
	}
	return 0;
}
