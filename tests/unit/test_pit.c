/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8254 against its data sheet: each mode clock by clock beside a counter that
 * really counts, access and latches, the gate; then the interrupts of channel 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/pit.h"

typedef unsigned __int128 u128;

#define SEC 1000000000ULL
#define MS  1000000ULL

static struct pit pit;
static u64 now;

/* The moment at which tick @n after @from begins. */
static u64 at(u64 from, u64 n)
{
	return from + pit_ticks_to_ns(n);
}

static void outb(u16 port, u8 val)
{
	pit_write(&pit, port, val, now);
	assert_true(pit_valid(&pit));
}

static u8 inb(u16 port)
{
	u8 val = pit_read(&pit, port, now);

	assert_true(pit_valid(&pit));
	return val;
}

static void program(unsigned int ch, u8 mode, u16 count)
{
	outb(0x43, ch << 6 | 0x30 | mode << 1);
	outb(0x40 + ch, count);
	outb(0x40 + ch, count >> 8);
}

static u16 latch(unsigned int ch)
{
	u16 val;

	outb(0x43, ch << 6);
	val = inb(0x40 + ch);
	return val | inb(0x40 + ch) << 8;
}

static u8 status(unsigned int ch)
{
	outb(0x43, 0xe0 | 2 << ch);
	return inb(0x40 + ch);
}

static void gate2(bool level)
{
	pit_write_speaker(&pit, level, now);
	assert_true(pit_valid(&pit));
}

static int power_on(void **state)
{
	(void)state;
	now = 123456789012ULL;
	pit_reset(&pit, now, 0);
	return 0;
}

/* --- Time ------------------------------------------------------------------------ */

static void ticks_and_nanoseconds_are_exact(void **state)
{
	(void)state;
	srand(3);
	for (int i = 0; i < 100000; i++) {
		u64 ns = ((u64)rand() << 32 ^ (u64)rand() << 4) >> rand() % 50;
		u64 ticks = (u128)ns * PIT_HZ / SEC;

		assert_true(pit_ns_to_ticks(ns) == ticks);
		assert_true(pit_ticks_to_ns(ticks) ==
			    (u64)(((u128)ticks * SEC + PIT_HZ - 1) / PIT_HZ));
		assert_true(pit_ns_to_ticks(pit_ticks_to_ns(ticks)) == ticks);
		if (ticks)
			assert_true(pit_ns_to_ticks(pit_ticks_to_ns(ticks) - 1) == ticks - 1);
	}
	assert_true(pit_ns_to_ticks(~0ULL) == (u64)((u128)~0ULL * PIT_HZ / SEC));
}

/* --- Modes, beside a counter that counts -------------------------------------------- */

struct counter {
	u32 n, ce;
	unsigned int mode;
	bool out, done, low_half;
};

/* Modulo the clock that loads: the count is there when it is written. */
static void counter_load(struct counter *c, unsigned int mode, u32 n)
{
	*c = (struct counter){.n = n, .ce = n, .mode = mode};
	c->out = mode != 0 && mode != 1;
	if (mode == 3)
		c->ce = n & ~1U;
}

static void square_clock(struct counter *c)
{
	/* Odd counts: one clock more in the high half, when the even number has expired. */
	bool ends = (c->n & 1) && !c->low_half ? c->ce == 0 : c->ce == 2;

	if (!ends) {
		c->ce -= 2;
		return;
	}
	c->low_half = !c->low_half;
	c->out = !c->low_half;
	c->ce = c->n & ~1U;
}

static void counter_clock(struct counter *c)
{
	switch (c->mode) {
	case 2:
		c->ce = c->ce == 1 ? c->n : c->ce - 1;
		c->out = c->ce != 1;
		return;
	case 3:
		square_clock(c);
		return;
	}
	c->ce = c->ce ? c->ce - 1 : 0xffff;
	if (c->mode == 0 || c->mode == 1) {
		c->out = c->out || c->ce == 0;
	} else { /* strobe, once */
		c->out = c->done || c->ce != 0;
		c->done = c->done || c->ce == 0;
	}
}

static void follow_counter(unsigned int mode, u32 n)
{
	struct counter c;
	u64 begin;

	gate2(mode != 1 && mode != 5);
	program(2, mode, n);
	gate2(true); /* the trigger of modes 1 and 5 */
	begin = now;
	counter_load(&c, mode, n);
	for (u32 tick = 0; tick < 4 * n + 5; tick++) {
		now = at(begin, tick);
		assert_int_equal(pit_out(&pit, 2, now), c.out);
		assert_int_equal(latch(2), c.ce & 0xffff);
		assert_int_equal(!!(pit_read_speaker(&pit, now) & 0x20), c.out);
		assert_int_equal(!!(status(2) & 0x80), c.out);
		counter_clock(&c);
	}
	gate2(false);
}

static void every_mode_counts_clock_by_clock(void **state)
{
	(void)state;
	for (unsigned int mode = 0; mode < 6; mode++) {
		/* 1 is illegal in modes 2 and 3 */
		for (u32 n = mode == 2 || mode == 3 ? 2 : 1; n < 24; n++)
			follow_counter(mode, n);
	}
}

static void zero_is_the_largest_count(void **state)
{
	(void)state;
	program(0, 2, 0);
	assert_int_equal(pit.ch[0].count, 0x10000);
	assert_int_equal(latch(0), 0);
	now = at(now, 1);
	assert_int_equal(latch(0), 0xffff);
	outb(0x43, 0x35);
	outb(0x40, 0);
	outb(0x40, 0);
	assert_int_equal(pit.ch[0].count, 10000);
	assert_int_equal(latch(0), 0);
	now = at(now, 1);
	assert_int_equal(latch(0), 0x9999);
}

static void bcd_counts_in_decimal(void **state)
{
	u64 begin;

	(void)state;
	gate2(true);
	outb(0x43, 0xb1); /* mode 0 */
	outb(0x42, 0x00);
	outb(0x42, 0x12);
	begin = now;
	assert_int_equal(latch(2), 0x1200);
	now = at(begin, 1);
	assert_int_equal(latch(2), 0x1199);
	now = at(begin, 1200);
	assert_int_equal(latch(2), 0);
	assert_true(pit_out(&pit, 2, now));
	now = at(begin, 1201);
	assert_int_equal(latch(2), 0x9999);
	assert_int_equal(status(2) & 0x3f, 0x31);
}

static void modes_6_and_7_are_2_and_3(void **state)
{
	(void)state;
	program(0, 6, 100);
	assert_int_equal(pit.ch[0].mode, PIT_RATE);
	program(0, 7, 100);
	assert_int_equal(pit.ch[0].mode, PIT_SQUARE);
}

/* --- Access ------------------------------------------------------------------------ */

static void bytes_go_where_the_control_word_says(void **state)
{
	(void)state;
	outb(0x43, 0x14); /* low byte only */
	outb(0x40, 0x34);
	assert_int_equal(pit.ch[0].count, 0x34);
	assert_int_equal(inb(0x40), 0x34);
	assert_int_equal(inb(0x40), 0x34);
	outb(0x43, 0x24); /* high byte only */
	outb(0x40, 0x12);
	assert_int_equal(pit.ch[0].count, 0x1200);
	assert_int_equal(inb(0x40), 0x12);
	outb(0x43, 0x34); /* low, then high */
	outb(0x40, 0x78);
	assert_int_equal(status(0) & 0x40, 0x40);
	outb(0x40, 0x56);
	assert_int_equal(pit.ch[0].count, 0x5678);
	assert_int_equal(inb(0x40), 0x78);
	outb(0x40, 0x11); /* a write in between is none of the read's business */
	assert_int_equal(inb(0x40), 0x56);
	outb(0x40, 0x22);
	assert_int_equal(pit.ch[0].next_count, 0x2211);
}

static void a_latch_holds_until_it_is_read(void **state)
{
	u64 begin = now;

	(void)state;
	program(0, 2, 1000);
	now = at(begin, 100);
	outb(0x43, 0x00);
	now = at(begin, 300);
	outb(0x43, 0x00); /* ignored */
	assert_int_equal(inb(0x40), 900 & 0xff);
	now = at(begin, 400);
	assert_int_equal(inb(0x40), 900 >> 8);
	assert_int_equal(inb(0x40), 600 & 0xff);
	assert_int_equal(inb(0x40), 600 >> 8);
	/* or until the channel is programmed again. */
	outb(0x43, 0x00);
	program(0, 2, 0x4321);
	assert_int_equal(inb(0x40), 0x21);
	assert_int_equal(inb(0x40), 0x43);
}

static void read_back_latches_status_and_count_of_several(void **state)
{
	u64 begin = now;

	(void)state;
	gate2(true);
	program(0, 3, 1000);
	program(2, 0, 500);
	now = at(begin, 10);
	outb(0x43, 0xca); /* both of channels 0 and 2 */
	now = at(begin, 600);
	outb(0x43, 0xca); /* ignored, all is latched */
	assert_int_equal(inb(0x40), 0x80 | 0x30 | 3 << 1);
	assert_int_equal(inb(0x40), 980 & 0xff);
	assert_int_equal(inb(0x40), 980 >> 8);
	assert_int_equal(inb(0x42), 0x30);
	assert_int_equal(inb(0x42), 490 & 0xff);
	assert_int_equal(inb(0x42), 490 >> 8);
	outb(0x43, 0xe8); /* status of channel 2 */
	assert_int_equal(inb(0x42), 0xb0);
	outb(0x43, 0xd2); /* count of channel 0 */
	assert_int_equal(inb(0x40), 800 & 0xff);
	assert_int_equal(inb(0x40), 800 >> 8);
}

static void null_count_says_that_the_counter_has_not_got_it(void **state)
{
	u64 begin = now;

	(void)state;
	outb(0x43, 0x34);
	assert_int_equal(status(0), 0x80 | 0x40 | 0x34);
	outb(0x40, 100);
	assert_int_equal(status(0) & 0x40, 0x40);
	outb(0x40, 0);
	assert_int_equal(status(0) & 0x40, 0);
	outb(0x40, 50);
	outb(0x40, 0);
	assert_int_equal(status(0) & 0x40, 0x40);
	now = at(begin, 100);
	assert_int_equal(status(0) & 0x40, 0);
}

static void a_channel_without_a_control_word_is_silent(void **state)
{
	struct pit_timer t;

	(void)state;
	outb(0x40, 1);
	outb(0x40, 1);
	assert_int_equal(inb(0x40), 0);
	pit_next(&pit, now, &t);
	assert_false(t.armed);
	assert_int_equal(inb(0x43), 0xff);
	assert_int_equal(inb(0x44), 0xff);
	assert_true(pit_port(0x40) && pit_port(0x43) && !pit_port(0x44) && !pit_port(0x3f));
}

/* --- New counts while it counts ------------------------------------------------------- */

static void mode_0_restarts_and_its_first_byte_stops_it(void **state)
{
	u64 begin = now;

	(void)state;
	gate2(true);
	program(2, 0, 100);
	now = at(begin, 150);
	assert_true(pit_out(&pit, 2, now));
	outb(0x42, 50);
	assert_false(pit_out(&pit, 2, now));
	now = at(begin, 1000);
	assert_false(pit_out(&pit, 2, now));
	outb(0x42, 0);
	assert_int_equal(latch(2), 50);
	assert_false(pit_out(&pit, 2, now));
	assert_true(pit_out(&pit, 2, at(now, 50)));
}

static void mode_2_takes_a_new_count_at_the_end_of_the_cycle(void **state)
{
	u64 begin = now;

	(void)state;
	program(0, 2, 100);
	now = at(begin, 250);
	outb(0x40, 30);
	outb(0x40, 0);
	assert_int_equal(latch(0), 50);
	now = at(begin, 299);
	assert_int_equal(latch(0), 1);
	now = at(begin, 300);
	assert_int_equal(latch(0), 30);
	now = at(begin, 345) + 1; /* the new count began at a whole nanosecond */
	assert_int_equal(latch(0), 15);
	/* The edges of both: 100, 200, 300, 330. */
	pit_set_reinject(&pit, false);
	pit_tick(&pit, now);
	assert_int_equal(pit.ticks, 4);
}

static void mode_3_takes_a_new_count_at_the_end_of_the_half(void **state)
{
	u64 begin = now;

	(void)state;
	gate2(true);
	program(2, 3, 100);
	now = at(begin, 20);
	outb(0x42, 40);
	outb(0x42, 0);
	now = at(begin, 49);
	assert_int_equal(latch(2), 2);
	assert_true(pit_out(&pit, 2, now));
	now = at(begin, 51);
	assert_false(pit_out(&pit, 2, now));
	assert_int_equal(latch(2), 38);
	now = at(begin, 71);
	assert_true(pit_out(&pit, 2, now));
	now = at(begin, 91);
	assert_false(pit_out(&pit, 2, now));
	/* And from the low half. */
	outb(0x42, 100);
	outb(0x42, 0);
	now = at(begin, 111);
	assert_true(pit_out(&pit, 2, now));
	now = at(begin, 158);
	assert_true(pit_out(&pit, 2, now));
	now = at(begin, 162);
	assert_false(pit_out(&pit, 2, now));
}

/* --- Gate ----------------------------------------------------------------------------- */

static void gate_low_suspends_modes_0_and_4(void **state)
{
	(void)state;
	for (unsigned int mode = 0; mode <= 4; mode += 4) {
		u64 begin = now;

		gate2(true);
		program(2, mode, 100);
		now = at(begin, 40);
		gate2(false);
		now = at(begin, 1000);
		assert_int_equal(latch(2), 60);
		gate2(true);
		now = at(now, 10);
		assert_in_range(latch(2), 50, 51);
		gate2(false);
		program(2, mode, 100);
		now = at(now, 500);
		assert_int_equal(latch(2), 100);
		gate2(true);
		assert_int_equal(pit_out(&pit, 2, at(now, 50)), mode == 4);
	}
}

static void gate_low_sets_out_and_its_rise_restarts_modes_2_and_3(void **state)
{
	(void)state;
	for (unsigned int mode = 2; mode <= 3; mode++) {
		u64 begin = now;

		gate2(true);
		program(2, mode, 100);
		now = at(begin, 99);
		assert_false(pit_out(&pit, 2, now));
		gate2(false);
		assert_true(pit_out(&pit, 2, now));
		now = at(begin, 500);
		assert_true(pit_out(&pit, 2, now));
		gate2(true);
		assert_int_equal(latch(2), 100);
		assert_false(pit_out(&pit, 2, at(now, 99)));
	}
}

static void modes_1_and_5_wait_for_the_trigger_and_take_it_again(void **state)
{
	(void)state;
	for (unsigned int mode = 1; mode <= 5; mode += 4) {
		u64 begin;

		gate2(false);
		program(2, mode, 100);
		now = at(now, 500);
		assert_true(pit_out(&pit, 2, now));
		assert_int_equal(status(2) & 0x40, 0x40);
		gate2(true);
		begin = now;
		assert_int_equal(pit_out(&pit, 2, now), mode == 5);
		now = at(begin, 50);
		gate2(false); /* does nothing */
		assert_int_equal(latch(2), 50);
		outb(0x42, 20);
		outb(0x42, 0); /* for the next trigger */
		assert_int_equal(latch(2), 50);
		gate2(true);
		assert_int_equal(latch(2), 20);
		assert_true(pit_out(&pit, 2, at(now, 21)));
	}
}

static void a_trigger_without_a_count_does_nothing(void **state)
{
	(void)state;
	gate2(false);
	outb(0x43, 0xb2);
	gate2(true);
	assert_true(pit_out(&pit, 2, now));
	assert_false(pit.ch[2].counting);
}

static void port_61_has_gate_data_refresh_and_out(void **state)
{
	unsigned int toggles = 0;
	u8 last;

	(void)state;
	pit_write_speaker(&pit, 0xff, now);
	assert_int_equal(pit_read_speaker(&pit, now) & 0xcf, 0x03);
	pit_write_speaker(&pit, 0x02, now);
	assert_int_equal(pit_read_speaker(&pit, now) & 0x03, 0x02);
	last = pit_read_speaker(&pit, now) & 0x10;
	for (u64 t = now; t < now + 10 * MS; t += 1000) {
		u8 bit = pit_read_speaker(&pit, t) & 0x10;

		toggles += bit != last;
		last = bit;
	}
	assert_in_range(toggles, 10000 / 15.2, 10000 / 14.9); /* every 15.085 us */
}

/* --- Interrupts ------------------------------------------------------------------------- */

static void a_periodic_timer_never_drifts(void **state)
{
	u64 begin = now;
	struct pit_timer t;

	(void)state;
	pit_set_reinject(&pit, false);
	program(0, 2, 1193); /* about 1 kHz */
	for (u64 k = 1; k <= 20000; k++) {
		pit_next(&pit, now, &t);
		assert_true(t.armed && t.periodic);
		assert_true(t.deadline == at(begin, k * 1193));
		assert_false(pit_tick(&pit, t.deadline - 1));
		now = t.deadline + k % 7 * 1000; /* somewhat late */
		assert_true(pit_tick(&pit, now));
		assert_false(pit_tick(&pit, now));
	}
	assert_int_equal(pit.ticks, 20000);
	assert_int_equal(pit.dropped, 0);
	assert_int_equal(t.period, pit_ticks_to_ns(1193));
}

static void a_one_shot_fires_once(void **state)
{
	static const struct {
		u8 mode;
		u32 ticks;
	} cases[] = {{0, 500}, {4, 501}};
	struct pit_timer t;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 begin = now;

		program(0, cases[i].mode, 500);
		pit_next(&pit, now, &t);
		assert_true(t.armed && !t.periodic);
		assert_true(t.deadline == at(begin, cases[i].ticks));
		assert_false(pit_tick(&pit, t.deadline - 1));
		now = t.deadline;
		assert_true(pit_tick(&pit, now));
		pit_next(&pit, now, &t);
		assert_false(t.armed);
		now = at(now, 1000000);
		assert_false(pit_tick(&pit, now));
	}
	/* Gate 0 never rises. */
	program(0, 1, 500);
	pit_next(&pit, now, &t);
	assert_false(t.armed);
	program(0, 5, 500);
	pit_next(&pit, now, &t);
	assert_false(t.armed);
}

static void a_late_timer_counts_what_it_missed(void **state)
{
	(void)state;
	program(0, 3, 1000);
	pit_set_reinject(&pit, false);
	now = at(now, 5500);
	assert_true(pit_tick(&pit, now));
	assert_int_equal(pit.ticks, 5);
	assert_int_equal(pit.dropped, 4);
}

static void the_densest_interrupts_are_bounded(void **state)
{
	u64 begin = now;
	struct pit_timer t;

	(void)state;
	pit_reset(&pit, now, 200000);
	program(0, 2, 2);
	pit_next(&pit, now, &t);
	assert_in_range(t.deadline - begin, 200000, 201000);
	now = at(begin, 2387);
	assert_true(pit_tick(&pit, now)); /* 2.0 ms: ten times the shortest period, less one tick */
	assert_int_equal(pit.ticks, 9);
	assert_int_equal(latch(0), 1); /* the counter is as fast as ever */
	program(0, 2, 1193);
	pit_next(&pit, now, &t);
	assert_true(t.deadline == at(now, 1193));
}

static void reinjection_gives_every_tick_its_interrupt(void **state)
{
	u64 begin = now;

	(void)state;
	assert_true(pit.reinject);
	program(0, 2, 1000);
	now = at(begin, 1000);
	assert_true(pit_tick(&pit, now));
	now = at(begin, 2000);
	assert_false(pit_tick(&pit, now)); /* the first is not acknowledged yet */
	now = at(begin, 4000);
	assert_false(pit_tick(&pit, now));
	assert_int_equal(pit.pending, 3);
	assert_true(pit_acked(&pit, now));
	assert_true(pit_acked(&pit, now));
	now = at(begin, 5000); /* counted though the timer was not told */
	assert_true(pit_acked(&pit, now));
	assert_true(pit_acked(&pit, now));
	assert_false(pit_acked(&pit, now));
	assert_false(pit_acked(&pit, now));
	assert_int_equal(pit.ticks, 5);
	assert_int_equal(pit.reinjected, 4);
	assert_int_equal(pit.dropped, 0);
	now = at(begin, 6000);
	assert_true(pit_tick(&pit, now));
}

static void without_reinjection_every_tick_is_told_at_once(void **state)
{
	u64 begin = now;

	(void)state;
	pit_set_reinject(&pit, false);
	program(0, 2, 1000);
	for (int i = 1; i < 5; i++) {
		now = at(begin, i * 1000);
		assert_true(pit_tick(&pit, now));
	}
	assert_false(pit_acked(&pit, now));
}

static void ticks_that_wait_are_bounded_and_can_be_forgotten(void **state)
{
	(void)state;
	program(0, 2, 2);
	now = at(now, 2000000);
	assert_true(pit_tick(&pit, now));
	assert_int_equal(pit.pending, PIT_PENDING_MAX - 1);
	assert_int_equal(pit.dropped + pit.pending + 1, 1000000);
	pit_forget(&pit);
	assert_int_equal(pit.pending, 0);
	assert_false(pit_acked(&pit, now));
	now = at(now, 2);
	assert_true(pit_tick(&pit, now));
	pit_set_reinject(&pit, false);
	assert_true(pit_valid(&pit));
}

static void an_acknowledge_that_never_comes_stops_nothing(void **state)
{
	unsigned int pulses = 0;
	u64 begin = now;

	(void)state;
	program(0, 2, 11932); /* 100 Hz */
	for (int i = 1; i <= 1000; i++) {
		now = at(begin, i * 11932ULL);
		pulses += pit_tick(&pit, now);
	}
	assert_in_range(pulses, 9, 10);
}

static void a_new_program_drops_the_old_ones_ticks(void **state)
{
	(void)state;
	program(0, 2, 1000);
	now = at(now, 5000);
	pit_tick(&pit, now);
	assert_int_equal(pit.pending, 4);
	program(0, 2, 2000);
	assert_int_equal(pit.pending, 0);
	assert_false(pit.unacked);
	assert_false(pit_tick(&pit, now));
	now = at(now, 2000);
	assert_true(pit_tick(&pit, now));
}

static void the_hpet_silences_channel_0(void **state)
{
	struct kvm_pit_state2 s;
	struct pit_timer t;

	(void)state;
	program(0, 2, 1000);
	pit_get_state(&pit, now, &s);
	s.flags = KVM_PIT_FLAGS_HPET_LEGACY;
	pit_set_state(&pit, &s, now);
	pit_next(&pit, now, &t);
	assert_false(t.armed);
	now = at(now, 10000);
	assert_false(pit_tick(&pit, now));
	assert_int_equal(latch(0), 1000);
	pit_get_state(&pit, now, &s);
	assert_int_equal(s.flags, KVM_PIT_FLAGS_HPET_LEGACY);
	s.flags = 0;
	pit_set_state(&pit, &s, now);
	assert_false(pit_tick(&pit, now)); /* no burst of what was silent */
	pit_next(&pit, now, &t);
	assert_true(t.armed && t.deadline > now);
}

/* --- State ------------------------------------------------------------------------------ */

static void state_goes_out_and_in(void **state)
{
	struct kvm_pit_state2 s, again;

	(void)state;
	gate2(true);
	pit_write_speaker(&pit, 3, now);
	program(0, 2, 11932);
	program(1, 2, 18);
	program(2, 0, 0x1234);
	now += 12345678;
	outb(0x43, 0xce); /* latch everything of all */
	inb(0x40);
	outb(0x42, 0x99); /* half a count */
	pit_get_state(&pit, now, &s);
	assert_int_equal(s.channels[0].count, 11932);
	assert_int_equal(s.channels[0].mode, 2);
	assert_int_equal(s.channels[0].rw_mode, 3);
	assert_int_equal(s.channels[2].write_state, PIT_BYTE_WORD1);
	assert_int_equal(s.channels[2].write_latch, 0x99);
	assert_int_equal(s.channels[1].status_latched, 1);
	assert_int_equal(s.channels[2].gate, 1);
	assert_int_equal(s.flags, KVM_PIT_FLAGS_SPEAKER_DATA_ON);
	pit_reset(&pit, now, 0);
	pit_set_state(&pit, &s, now);
	assert_true(pit_valid(&pit));
	pit_get_state(&pit, now, &again);
	assert_memory_equal(&s, &again, sizeof(s));
	assert_false(pit_out(&pit, 2, now));
	outb(0x42, 0x01);
	assert_int_equal(pit.ch[2].count, 0x199);
}

static void a_periodic_count_goes_on_where_it_was(void **state)
{
	struct kvm_pit_state2 s;
	struct pit_timer before, after;

	(void)state;
	program(0, 3, 11932);
	now += 55 * MS + 1234;
	pit_tick(&pit, now);
	pit_next(&pit, now, &before);
	pit_get_state(&pit, now, &s);
	pit_reset(&pit, now, 0);
	pit_set_state(&pit, &s, now);
	pit_next(&pit, now, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_false(pit_tick(&pit, now));
}

static void a_one_shot_that_is_over_is_not_lost(void **state)
{
	struct kvm_pit_state2 s;

	(void)state;
	program(0, 0, 1000);
	now = at(now, 1000);
	pit_get_state(&pit, now, &s);
	pit_set_state(&pit, &s, now);
	assert_true(pit_tick(&pit, now));
	assert_false(pit_acked(&pit, now));
}

static void a_suspended_count_keeps_its_place(void **state)
{
	struct kvm_pit_state2 s;
	u64 begin = now;

	(void)state;
	gate2(true);
	program(2, 0, 1000);
	now = at(begin, 300);
	gate2(false);
	now = at(begin, 5000);
	pit_get_state(&pit, now, &s);
	pit_set_state(&pit, &s, now);
	now = at(now, 777);
	assert_in_range(latch(2), 699, 701);
}

static void power_on_state_is_told_as_no_mode(void **state)
{
	struct kvm_pit_state2 s, again;
	struct pit_timer t;

	(void)state;
	pit_get_state(&pit, now, &s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s.channels[i].mode, 0xff);
		assert_int_equal(s.channels[i].count, 0x10000);
		assert_int_equal(s.channels[i].gate, i != 2);
	}
	pit_set_state(&pit, &s, now);
	pit_next(&pit, now, &t);
	assert_false(t.armed);
	pit_get_state(&pit, now, &again);
	assert_memory_equal(&s, &again, sizeof(s));
}

static void any_state_is_brought_into_range(void **state)
{
	struct kvm_pit_state2 s;
	struct pit_timer t;

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		memset(&s, byte, sizeof(s));
		pit_set_state(&pit, &s, now);
		assert_true(pit_valid(&pit));
		pit_next(&pit, now, &t);
		for (int ch = 0; ch < 3; ch++) {
			inb(0x40 + ch);
			outb(0x40 + ch, byte);
			pit_out(&pit, ch, now + SEC);
		}
		pit_tick(&pit, now + SEC);
		assert_true(pit_valid(&pit));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ticks_and_nanoseconds_are_exact, power_on),
		cmocka_unit_test_setup(every_mode_counts_clock_by_clock, power_on),
		cmocka_unit_test_setup(zero_is_the_largest_count, power_on),
		cmocka_unit_test_setup(bcd_counts_in_decimal, power_on),
		cmocka_unit_test_setup(modes_6_and_7_are_2_and_3, power_on),
		cmocka_unit_test_setup(bytes_go_where_the_control_word_says, power_on),
		cmocka_unit_test_setup(a_latch_holds_until_it_is_read, power_on),
		cmocka_unit_test_setup(read_back_latches_status_and_count_of_several, power_on),
		cmocka_unit_test_setup(null_count_says_that_the_counter_has_not_got_it, power_on),
		cmocka_unit_test_setup(a_channel_without_a_control_word_is_silent, power_on),
		cmocka_unit_test_setup(mode_0_restarts_and_its_first_byte_stops_it, power_on),
		cmocka_unit_test_setup(mode_2_takes_a_new_count_at_the_end_of_the_cycle, power_on),
		cmocka_unit_test_setup(mode_3_takes_a_new_count_at_the_end_of_the_half, power_on),
		cmocka_unit_test_setup(gate_low_suspends_modes_0_and_4, power_on),
		cmocka_unit_test_setup(gate_low_sets_out_and_its_rise_restarts_modes_2_and_3,
				       power_on),
		cmocka_unit_test_setup(modes_1_and_5_wait_for_the_trigger_and_take_it_again,
				       power_on),
		cmocka_unit_test_setup(a_trigger_without_a_count_does_nothing, power_on),
		cmocka_unit_test_setup(port_61_has_gate_data_refresh_and_out, power_on),
		cmocka_unit_test_setup(a_periodic_timer_never_drifts, power_on),
		cmocka_unit_test_setup(a_one_shot_fires_once, power_on),
		cmocka_unit_test_setup(a_late_timer_counts_what_it_missed, power_on),
		cmocka_unit_test_setup(the_densest_interrupts_are_bounded, power_on),
		cmocka_unit_test_setup(reinjection_gives_every_tick_its_interrupt, power_on),
		cmocka_unit_test_setup(without_reinjection_every_tick_is_told_at_once, power_on),
		cmocka_unit_test_setup(ticks_that_wait_are_bounded_and_can_be_forgotten, power_on),
		cmocka_unit_test_setup(an_acknowledge_that_never_comes_stops_nothing, power_on),
		cmocka_unit_test_setup(a_new_program_drops_the_old_ones_ticks, power_on),
		cmocka_unit_test_setup(the_hpet_silences_channel_0, power_on),
		cmocka_unit_test_setup(state_goes_out_and_in, power_on),
		cmocka_unit_test_setup(a_periodic_count_goes_on_where_it_was, power_on),
		cmocka_unit_test_setup(a_one_shot_that_is_over_is_not_lost, power_on),
		cmocka_unit_test_setup(a_suspended_count_keeps_its_place, power_on),
		cmocka_unit_test_setup(power_on_state_is_told_as_no_mode, power_on),
		cmocka_unit_test_setup(any_state_is_brought_into_range, power_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
