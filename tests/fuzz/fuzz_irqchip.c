/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupt chips, the timer and the routing table, driven by the input:
 * guest accesses, lines, acknowledges, EOIs, time, and states from userspace.
 *
 * Checked besides the sanitizers: the models' invariants after every step; that
 * effects agree with the state; that state out, in and out again is the same; that
 * the timer is never armed in the past for long nor denser than its bound; that
 * ticks are neither lost nor made up; that a routing table is its own inverse.
 */
#include <stdlib.h>

#include "irq/ioapic.h"
#include "irq/pic.h"
#include "irq/pit.h"
#include "irq/route.h"

#define MAX_STEPS 400

struct input {
	const uint8_t *pos, *end;
};

struct world {
	struct input in;
	struct pic pic;
	struct pit pit;
	struct ioapic io;
	u64 now;
	u64 pulses; /* that pit_tick and pit_acked asked for since pit_reset */
	bool intr;
};

static void require(int cond)
{
	if (!cond)
		abort();
}

static void take(struct input *in, void *buf, size_t size)
{
	size_t have = in->end - in->pos;

	memset(buf, 0, size);
	if (have > size)
		have = size;
	memcpy(buf, in->pos, have);
	in->pos += have;
}

static u8 take8(struct input *in)
{
	u8 val;

	take(in, &val, 1);
	return val;
}

static u64 take64(struct input *in)
{
	u64 val;

	take(in, &val, 8);
	return val;
}

/* --- 8259 ------------------------------------------------------------------------- */

static void pic_did(struct world *w, const struct pic_fx *fx)
{
	require(pic_valid(&w->pic));
	require(fx->intr == w->pic.intr);
	require(!(fx->rose && fx->fell));
	if (fx->rose)
		require(fx->intr);
	else
		require(fx->intr == (w->intr && !fx->fell));
	require(!((fx->acked | fx->eoi | fx->changed) & BIT(2)));
	w->intr = fx->intr;
}

static void pic_same_state(struct world *w)
{
	for (unsigned int chip = 0; chip < 2; chip++) {
		struct kvm_pic_state s, again;
		struct pic copy = w->pic;
		struct pic_fx fx;

		require(!pic_get_state(&w->pic, chip, &s));
		require(!pic_set_state(&copy, chip, &s, &fx));
		require(pic_valid(&copy) && !fx.changed);
		require(!pic_get_state(&copy, chip, &again));
		/* A line on the cascade's pin is not in the state. */
		if (!(w->pic.chip[0].lines & BIT(2)))
			require(!memcmp(&s, &again, sizeof(s)));
	}
}

static void pic_step(struct world *w, u8 what)
{
	static const u16 ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x22, 0x40};
	u8 a = take8(&w->in), b = take8(&w->in);
	struct kvm_pic_state s;
	struct pic_fx fx;

	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		pic_write(&w->pic, ports[a & 7], b, &fx);
		break;
	case 3:
		pic_read(&w->pic, ports[a & 7], &fx);
		break;
	case 4:
	case 5:
		pic_set_irq(&w->pic, a % 18, b & 1, &fx);
		require(!fx.acked && !fx.eoi);
		break;
	case 6:
		pic_ack(&w->pic, &fx);
		require(__builtin_popcount(fx.acked) <= 1);
		break;
	default:
		if (b & 1) {
			pic_same_state(w);
			return;
		}
		take(&w->in, &s, sizeof(s));
		require(pic_set_state(&w->pic, a % 3, &s, &fx) == (a % 3 == 2 ? -EINVAL : 0));
	}
	pic_did(w, &fx);
}

/* --- I/O APIC ---------------------------------------------------------------------- */

static void io_did(struct world *w, const struct ioapic_fx *fx)
{
	u32 seen = 0;

	require(ioapic_valid(&w->io));
	require(fx->n <= IOAPIC_PINS);
	for (u32 i = 0; i < fx->n; i++) {
		require(fx->pin[i] < IOAPIC_PINS);
		require(!(seen >> fx->pin[i] & 1));
		seen |= 1U << fx->pin[i];
		require(fx->msg[i].delivery != IRQ_RESERVED && fx->msg[i].delivery != IRQ_STARTUP);
		require(!(w->io.rte[fx->pin[i]] & IOAPIC_RTE_MASK));
		require(!!(w->io.rte[fx->pin[i]] & IOAPIC_RTE_REMOTE_IRR) == fx->msg[i].level);
	}
	require(seen == fx->sent);
	require(!((fx->sent | fx->ended | fx->changed | fx->masked | fx->unmasked) >> IOAPIC_PINS));
	require(!(fx->masked & fx->unmasked) && !(fx->sent & fx->ended));
}

static void io_same_state(struct world *w)
{
	struct kvm_ioapic_state s, again;
	struct ioapic copy = w->io;
	struct ioapic_fx fx;
	u64 vectors[4] = {};

	ioapic_get_state(&w->io, &s);
	ioapic_set_state(&copy, &s, &fx);
	require(ioapic_valid(&copy) && !fx.masked && !fx.unmasked);
	ioapic_get_state(&copy, &again);
	/* What was refused is sent again. */
	if (!fx.n)
		require(!memcmp(&s, &again, sizeof(s)));
	ioapic_eoi_vectors(&w->io, take64(&w->in), vectors);
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		u8 vector = w->io.rte[pin];

		if (w->io.rte[pin] & IOAPIC_RTE_REMOTE_IRR)
			require(vectors[vector / 64] >> vector % 64 & 1);
	}
}

static void io_step(struct world *w, u8 what)
{
	static const u32 offsets[] = {0x00, 0x10, 0x10, 0x10, 0x40, 0x20, 0xffffffff, 0x10};
	u8 a = take8(&w->in);
	struct kvm_ioapic_state s;
	struct ioapic_fx fx;

	switch (what & 7) {
	case 0:
		ioapic_write(&w->io, IOAPIC_IOREGSEL, a, &fx);
		break;
	case 1:
	case 2:
		ioapic_write(&w->io, offsets[a & 7], take64(&w->in), &fx);
		break;
	case 3:
		ioapic_read(&w->io, offsets[a & 7]);
		ioapic_refused(&w->io, a >> 3);
		require(ioapic_valid(&w->io));
		return;
	case 4:
	case 5:
		ioapic_set_irq(&w->io, a % 26, a & 0x80, &fx);
		require(fx.n <= 1);
		break;
	case 6:
		ioapic_eoi(&w->io, a, &fx);
		io_did(w, &fx);
		ioapic_service(&w->io, fx.ended, &fx);
		break;
	default:
		if (a & 1) {
			io_same_state(w);
			return;
		}
		take(&w->in, &s, sizeof(s));
		ioapic_set_state(&w->io, &s, &fx);
	}
	io_did(w, &fx);
}

/* --- 8254 --------------------------------------------------------------------------- */

/* Every tick had its interrupt, waits for it, or was dropped. */
static void pit_balance(struct world *w)
{
	struct pit *p = &w->pit;

	require(pit_valid(p));
	require(w->pulses + p->pending + p->dropped >= p->ticks);
}

static void pit_check_timer(struct world *w)
{
	struct pit_timer t;

	pit_next(&w->pit, w->now, &t);
	require(pit_valid(&w->pit));
	if (!t.armed)
		return;
	require(t.deadline > w->now || !t.periodic);
	if (t.periodic)
		require(pit_ns_to_ticks(t.period) >= w->pit.min_period);
	if (t.periodic && !w->pit.ch[0].next_count)
		require(t.deadline - w->now <= t.period + 1);
	if (!t.periodic)
		require((s64)(t.deadline - w->now) <= (s64)pit_ticks_to_ns(0x10002));
}

static void pit_same_state(struct world *w)
{
	struct kvm_pit_state2 s, again;
	struct pit copy = w->pit;

	pit_get_state(&w->pit, w->now, &s);
	pit_set_state(&copy, &s, w->now);
	require(pit_valid(&copy));
	pit_get_state(&copy, w->now, &again);
	for (int i = 0; i < 3; i++) {
		require(s.channels[i].count == again.channels[i].count);
		require(s.channels[i].mode == again.channels[i].mode);
		require(s.channels[i].count_load_time == again.channels[i].count_load_time);
	}
}

static void pit_guest(struct world *w, u8 what, u8 a, u8 b)
{
	switch (what & 3) {
	case 0:
	case 1:
		pit_write(&w->pit, 0x40 + a % 5, b, w->now);
		break;
	case 2:
		pit_read(&w->pit, 0x40 + a % 5, w->now);
		break;
	default:
		pit_write_speaker(&w->pit, b, w->now);
		pit_read_speaker(&w->pit, w->now);
		pit_out(&w->pit, a, w->now);
	}
}

static void pit_step(struct world *w, u8 what)
{
	u8 a = take8(&w->in), b = take8(&w->in);
	struct kvm_pit_state2 s;

	switch (what & 15) {
	default:
		pit_guest(w, what, a, b);
		break;
	case 8:
	case 9:
		w->now += (u64)(b + 1) << a % 36;
		break;
	case 10:
	case 11:
		w->pulses += pit_tick(&w->pit, w->now);
		break;
	case 12:
		w->pulses += pit_acked(&w->pit, w->now);
		break;
	case 13:
		if (a & 1)
			pit_set_reinject(&w->pit, b & 1);
		else
			pit_forget(&w->pit);
		break;
	case 14:
		pit_same_state(w);
		break;
	case 15:
		take(&w->in, &s, sizeof(s));
		pit_set_state(&w->pit, &s, w->now);
	}
	pit_balance(w);
	pit_check_timer(w);
}

/* --- Routing -------------------------------------------------------------------------- */

static void route_take(struct input *in, struct kvm_irq_routing_entry *e)
{
	u8 a = take8(in);

	memset(e, 0, sizeof(*e));
	if (a == 0xff) {
		take(in, e, sizeof(*e));
		return;
	}
	e->gsi = take8(in) | (a & 0x80 ? take8(in) << 8 : 0);
	if (a & 1) {
		e->type = KVM_IRQ_ROUTING_MSI;
		e->flags = a >> 5 & 1;
		take(in, &e->u.msi, sizeof(e->u.msi));
	} else {
		e->type = KVM_IRQ_ROUTING_IRQCHIP;
		e->u.irqchip.irqchip = a >> 1 & 3;
		e->u.irqchip.pin = take8(in) % 26;
	}
}

static void route_run(struct input *in)
{
	struct kvm_irq_routing_entry e[64];
	u32 n = take8(in) % 65, flags = take8(in) & 3, sum = 0;
	struct route_table *t;
	u64 vectors[4] = {};

	for (u32 i = 0; i < n; i++)
		route_take(in, &e[i]);
	t = malloc(route_bytes(e, n));
	if (!route_build(t, e, n, flags)) {
		require(route_valid(t));
		for (u32 gsi = 0; gsi <= t->n_gsi; gsi++) {
			u32 of_gsi;

			route_find(t, gsi, &of_gsi);
			require(of_gsi <= ROUTE_MAX_PER_GSI);
			sum += of_gsi;
		}
		require(sum == n);
		route_gsi_of(t, take8(in), take8(in));
		route_eoi_vectors(t, take64(in), vectors);
	}
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = {.in = {data, data + size}, .now = 1000000000};
	u8 how = take8(&w.in);

	if (how & 1) {
		route_run(&w.in);
		return 0;
	}
	pic_reset(&w.pic);
	pit_reset(&w.pit, w.now, how & 2 ? 200000 : 0);
	ioapic_reset(&w.io, how & 4 ? IOAPIC_VER_EOI : IOAPIC_VER_82093);
	for (int i = 0; i < MAX_STEPS && w.in.pos < w.in.end; i++) {
		u8 what = take8(&w.in);

		if (what < 0x50)
			pic_step(&w, what);
		else if (what < 0xa0)
			io_step(&w, what);
		else
			pit_step(&w, what);
	}
	return 0;
}
