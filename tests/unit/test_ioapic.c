/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O APIC against the 82093AA data sheet: registers, messages, trigger
 * modes, masks, remote IRR and the end of interrupts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/ioapic.h"

#define EDGE  0x00000ULL
#define LEVEL 0x08000ULL
#define MASK  0x10000ULL
#define RIRR  0x04000ULL

static struct ioapic io;
static struct ioapic_fx fx;

static void check(void)
{
	assert_true(ioapic_valid(&io));
	assert_int_equal(fx.n, __builtin_popcount(fx.sent));
}

static u32 rd(u8 reg)
{
	ioapic_write(&io, IOAPIC_IOREGSEL, reg, &fx);
	return ioapic_read(&io, IOAPIC_IOWIN);
}

static void wr(u8 reg, u32 val)
{
	ioapic_write(&io, IOAPIC_IOREGSEL, reg, &fx);
	ioapic_write(&io, IOAPIC_IOWIN, val, &fx);
	check();
}

/* High half first, as software does that is careful: masked until all is there. */
static void rte(unsigned int pin, u64 val)
{
	wr(IOAPIC_REG_RTE + 2 * pin + 1, val >> 32);
	wr(IOAPIC_REG_RTE + 2 * pin, val);
}

static void line(unsigned int pin, bool level)
{
	ioapic_set_irq(&io, pin, level, &fx);
	check();
}

static void eoi(u8 vector)
{
	ioapic_eoi(&io, vector, &fx);
	check();
}

static void service(u32 pins)
{
	ioapic_service(&io, pins, &fx);
	check();
}

static int reset(void **state)
{
	(void)state;
	ioapic_reset(&io, IOAPIC_VER_82093);
	return 0;
}

static void registers_after_reset(void **state)
{
	(void)state;
	assert_int_equal(rd(0), 0);
	assert_int_equal(rd(1), 0x00170011);
	assert_int_equal(rd(2), 0);
	for (u8 pin = 0; pin < 24; pin++) {
		assert_int_equal(rd(0x10 + 2 * pin), 0x10000);
		assert_int_equal(rd(0x11 + 2 * pin), 0);
	}
	assert_int_equal(rd(0x40), 0);
	assert_int_equal(rd(0xff), 0);
	assert_int_equal(ioapic_read(&io, IOAPIC_IOREGSEL), 0xff);
	assert_int_equal(ioapic_read(&io, 4), 0);
	assert_int_equal(ioapic_read(&io, ~0U), 0);
	ioapic_reset(&io, IOAPIC_VER_EOI);
	assert_int_equal(rd(1), 0x00170020);
}

static void the_id_has_four_bits_and_is_the_arbitration_id(void **state)
{
	(void)state;
	wr(0, 0xffffffff);
	assert_int_equal(rd(0), 0x0f000000);
	assert_int_equal(rd(2), 0x0f000000);
	wr(2, 0);
	wr(1, 0);
	assert_int_equal(rd(2), 0x0f000000);
	assert_int_equal(rd(1), 0x00170011);
}

static void entries_keep_what_is_writable(void **state)
{
	(void)state;
	wr(0x10, 0xffffffff);
	wr(0x11, 0xffffffff);
	assert_int_equal(rd(0x10), 0x1afff);
	assert_int_equal(rd(0x11), 0xff000000);
	wr(0x3e, 0x10055);
	assert_int_equal(io.rte[23], 0x10055);
	wr(0x40, 0);
	wr(0x0f, 0xffffffff);
	assert_int_equal(fx.changed, 0);
}

static void messages_say_what_the_entry_says(void **state)
{
	(void)state;
	rte(5, 0xab00000000000000ULL | EDGE | 0x67);
	line(5, true);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.pin[0], 5);
	assert_int_equal(fx.sent, BIT(5));
	assert_int_equal(fx.taken, IRQ_TAKEN_NEW);
	assert_int_equal(fx.msg[0].vector, 0x67);
	assert_int_equal(fx.msg[0].dest, 0xab);
	assert_int_equal(fx.msg[0].delivery, IRQ_FIXED);
	assert_false(fx.msg[0].dest_logical || fx.msg[0].level || fx.msg[0].x2apic ||
		     fx.msg[0].redir_hint || fx.msg[0].shorthand);
	assert_true(fx.msg[0].assert);
	rte(6, 0x0300000000000000ULL | LEVEL | 0x900 | 0x41);
	line(6, true);
	assert_int_equal(fx.msg[0].delivery, IRQ_LOWEST);
	assert_true(fx.msg[0].dest_logical && fx.msg[0].level && fx.msg[0].assert);
	assert_int_equal(fx.msg[0].dest, 3);
}

static void reserved_delivery_modes_send_nothing(void **state)
{
	(void)state;
	rte(5, 0x341);
	line(5, true);
	assert_int_equal(fx.n, 0);
	assert_int_equal(fx.taken, IRQ_TAKEN_MASKED);
	rte(6, 0x641 | LEVEL);
	line(6, true);
	assert_int_equal(fx.n, 0);
}

static void an_edge_is_sent_once(void **state)
{
	(void)state;
	rte(4, 0x34);
	line(4, true);
	assert_int_equal(fx.n, 1);
	line(4, true);
	assert_int_equal(fx.n, 0);
	assert_int_equal(fx.taken, IRQ_TAKEN_COALESCED);
	line(4, false);
	assert_int_equal(fx.taken, IRQ_TAKEN_NONE);
	line(4, true);
	assert_int_equal(fx.n, 1);
	assert_int_equal(io.rte[4], 0x34);
}

static void an_edge_on_a_masked_pin_is_lost(void **state)
{
	(void)state;
	rte(4, MASK | 0x34);
	line(4, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_MASKED);
	rte(4, 0x34);
	assert_int_equal(fx.n, 0);
	assert_int_equal(fx.unmasked, BIT(4));
	line(4, false);
	line(4, true);
	assert_int_equal(fx.n, 1);
	rte(4, MASK | 0x34);
	assert_int_equal(fx.masked, BIT(4));
}

static void a_level_waits_for_its_end(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	line(10, true);
	assert_int_equal(fx.n, 1);
	assert_int_equal(io.rte[10], LEVEL | RIRR | 0x55);
	line(10, true);
	assert_int_equal(fx.n, 0);
	assert_int_equal(fx.taken, IRQ_TAKEN_COALESCED);
	line(10, false);
	line(10, true);
	assert_int_equal(fx.n, 0);
	eoi(0x54);
	assert_int_equal(fx.ended, 0);
	/* Still high at the end: sent again, when all who wait for the end were told. */
	eoi(0x55);
	assert_int_equal(fx.ended, BIT(10));
	assert_int_equal(fx.n, 0);
	service(fx.ended);
	assert_int_equal(fx.sent, BIT(10));
	eoi(0x55);
	line(10, false);
	service(BIT(10));
	assert_int_equal(fx.n, 0);
	line(10, true);
	assert_int_equal(fx.n, 1);
}

static void a_level_that_falls_before_its_end_is_over(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	line(10, true);
	line(10, false);
	eoi(0x55);
	service(fx.ended);
	assert_int_equal(fx.n, 0);
	eoi(0x55); /* nothing was in service */
	assert_int_equal(fx.ended, 0);
}

static void a_masked_level_waits_for_its_mask(void **state)
{
	(void)state;
	rte(10, MASK | LEVEL | 0x55);
	line(10, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_MASKED);
	wr(0x10 + 20, LEVEL | 0x55);
	assert_int_equal(fx.sent, BIT(10));
	/* Masked in service, ended, unmasked: as handlers in threads do it. */
	wr(0x10 + 20, MASK | LEVEL | 0x55);
	assert_int_equal(io.rte[10], MASK | LEVEL | RIRR | 0x55);
	eoi(0x55);
	assert_int_equal(fx.ended, BIT(10));
	service(fx.ended);
	assert_int_equal(fx.n, 0);
	wr(0x10 + 20, LEVEL | 0x55);
	assert_int_equal(fx.sent, BIT(10));
}

static void a_line_that_was_high_before_it_became_level_triggered_counts(void **state)
{
	(void)state;
	line(11, true);
	rte(11, LEVEL | 0x61);
	assert_int_equal(fx.sent, BIT(11));
}

static void switching_to_edge_clears_remote_irr(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	line(10, true);
	assert_true(io.rte[10] & RIRR);
	wr(0x10 + 20, MASK | 0x55);
	assert_false(io.rte[10] & RIRR);
	wr(0x10 + 20, LEVEL | 0x55);
	assert_int_equal(fx.sent, BIT(10));
}

static void read_only_bits_survive_a_write(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	line(10, true);
	wr(0x10 + 20, LEVEL | 0x56);
	assert_int_equal(rd(0x10 + 20), LEVEL | RIRR | 0x56);
	wr(0x11 + 20, 0x04000000);
	assert_int_equal(rd(0x10 + 20), LEVEL | RIRR | 0x56);
	assert_int_equal(fx.n, 0);
	/* They can't be set either. */
	wr(0x10 + 22, LEVEL | RIRR | 0x1000 | 0x57);
	assert_int_equal(rd(0x10 + 22), LEVEL | 0x57);
}

static void modes_that_are_always_edge_triggered(void **state)
{
	static const u8 modes[] = {IRQ_SMI, IRQ_NMI, IRQ_INIT, IRQ_EXTINT};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		rte(3, LEVEL | modes[i] << 8 | 0x77);
		line(3, true);
		assert_int_equal(fx.n, 1);
		assert_int_equal(fx.msg[0].delivery, modes[i]);
		assert_false(fx.msg[0].level);
		assert_false(io.rte[3] & RIRR);
		line(3, true);
		assert_int_equal(fx.n, 0);
		line(3, false);
		eoi(0x77);
		assert_int_equal(fx.ended, 0);
	}
}

static void a_message_that_nobody_took_is_sent_again(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	line(10, true);
	ioapic_refused(&io, 10);
	ioapic_refused(&io, 24);
	assert_false(io.rte[10] & RIRR);
	wr(0x11 + 20, 0x01000000);
	assert_int_equal(fx.sent, BIT(10));
}

static void pins_may_share_a_vector(void **state)
{
	(void)state;
	rte(10, LEVEL | 0x55);
	rte(11, LEVEL | 0x55);
	rte(12, LEVEL | 0x55);
	rte(4, 0x55);
	line(10, true);
	line(12, true);
	eoi(0x55);
	assert_int_equal(fx.ended, BIT(4) | BIT(10) | BIT(12));
	line(10, false);
	service(BIT(4) | BIT(10) | BIT(12));
	assert_int_equal(fx.sent, BIT(12));
}

static void the_eoi_register_is_there_with_version_20_only(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		ioapic_reset(&io, i ? IOAPIC_VER_EOI : IOAPIC_VER_82093);
		rte(10, LEVEL | 0x55);
		line(10, true);
		ioapic_write(&io, IOAPIC_EOIR, 0x55, &fx);
		assert_int_equal(fx.ended, i ? BIT(10) : 0);
	}
}

static void eoi_vectors_are_those_of_level_triggered_pins(void **state)
{
	u64 v[4] = {};

	(void)state;
	rte(1, 0x31);
	rte(2, LEVEL | 0x32);
	rte(3, MASK | LEVEL | 0x33);
	rte(4, LEVEL | 0x400); /* NMI */
	rte(5, LEVEL | 0xff);
	rte(6, LEVEL | 0x36);
	line(6, true);
	wr(0x10 + 12, MASK | LEVEL | 0x36); /* in service */
	ioapic_eoi_vectors(&io, 0, v);
	assert_true(v[0] == (BIT_ULL(0x32) | BIT_ULL(0x36)));
	assert_true(v[3] == BIT_ULL(63));
	assert_true(!v[1] && !v[2]);
	ioapic_eoi_vectors(&io, BIT(1), v);
	assert_true(v[0] == (BIT_ULL(0x31) | BIT_ULL(0x32) | BIT_ULL(0x36)));
}

static void a_pin_out_of_range_is_nobody(void **state)
{
	(void)state;
	line(24, true);
	line(~0U, true);
	assert_int_equal(io.lines, 0);
	service(~0U);
	assert_int_equal(fx.n, 0);
}

static void the_address_range_is_checked_without_wrapping(void **state)
{
	(void)state;
	assert_true(ioapic_in_range(&io, 0xfec00000, 4));
	assert_true(ioapic_in_range(&io, 0xfec000fc, 4));
	assert_false(ioapic_in_range(&io, 0xfec000fc, 8));
	assert_false(ioapic_in_range(&io, 0xfec00100, 1));
	assert_false(ioapic_in_range(&io, 0xfebfffff, 4));
	io.base = ~0ULL - 15;
	assert_false(ioapic_in_range(&io, 0xfebfffff, 4));
	assert_true(ioapic_in_range(&io, ~0ULL - 15, 4));
}

static void state_goes_out_and_in(void **state)
{
	struct kvm_ioapic_state s, again;

	(void)state;
	wr(0, 0x03000000);
	rte(4, 0x34);
	rte(10, 0x0f00000000000000ULL | LEVEL | 0x55);
	rte(11, MASK | LEVEL | 0x56);
	line(4, true);
	line(10, true);
	line(11, true);
	line(20, true); /* as after reset: masked */
	rd(0x24);
	ioapic_get_state(&io, &s);
	assert_int_equal(s.base_address, 0xfec00000);
	assert_int_equal(s.ioregsel, 0x24);
	assert_int_equal(s.id, 3);
	assert_int_equal(s.irr, BIT(10) | BIT(11) | BIT(20));
	assert_int_equal(s.redirtbl[10].fields.remote_irr, 1);
	assert_int_equal(s.redirtbl[10].fields.vector, 0x55);
	assert_int_equal(s.redirtbl[10].fields.dest_id, 0x0f);
	ioapic_reset(&io, IOAPIC_VER_82093);
	ioapic_set_state(&io, &s, &fx);
	check();
	assert_int_equal(fx.n, 0); /* was sent before it was saved */
	ioapic_get_state(&io, &again);
	assert_memory_equal(&s, &again, sizeof(s));
	eoi(0x55);
	service(fx.ended);
	assert_int_equal(fx.sent, BIT(10));
}

static void state_that_requests_is_served(void **state)
{
	struct kvm_ioapic_state s = {.base_address = IOAPIC_BASE};

	(void)state;
	s.irr = 0x3f;
	s.redirtbl[0].bits = 0x40;		  /* an edge not sent yet */
	s.redirtbl[1].bits = LEVEL | 0x41;	  /* a level not sent yet */
	s.redirtbl[2].bits = LEVEL | RIRR | 0x42; /* a level that was sent */
	s.redirtbl[3].bits = LEVEL | MASK | 0x43;
	s.redirtbl[4].bits = MASK | 0x44;
	s.redirtbl[5].bits = LEVEL | 0x300;
	ioapic_set_state(&io, &s, &fx);
	check();
	assert_int_equal(fx.sent, 0x3);
	assert_int_equal(fx.changed, 0xffffff);
	assert_int_equal(fx.unmasked, 0xffffff & ~0x18);
}

static void any_state_is_brought_into_range(void **state)
{
	struct kvm_ioapic_state s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	ioapic_set_state(&io, &s, &fx);
	check();
	ioapic_get_state(&io, &s);
	assert_int_equal(s.id, 0xf);
	assert_int_equal(s.irr, 0xffffff);
	for (int pin = 0; pin < 24; pin++)
		assert_true(s.redirtbl[pin].bits == 0xff0000000001afffULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers_after_reset, reset),
		cmocka_unit_test_setup(the_id_has_four_bits_and_is_the_arbitration_id, reset),
		cmocka_unit_test_setup(entries_keep_what_is_writable, reset),
		cmocka_unit_test_setup(messages_say_what_the_entry_says, reset),
		cmocka_unit_test_setup(reserved_delivery_modes_send_nothing, reset),
		cmocka_unit_test_setup(an_edge_is_sent_once, reset),
		cmocka_unit_test_setup(an_edge_on_a_masked_pin_is_lost, reset),
		cmocka_unit_test_setup(a_level_waits_for_its_end, reset),
		cmocka_unit_test_setup(a_level_that_falls_before_its_end_is_over, reset),
		cmocka_unit_test_setup(a_masked_level_waits_for_its_mask, reset),
		cmocka_unit_test_setup(a_line_that_was_high_before_it_became_level_triggered_counts,
				       reset),
		cmocka_unit_test_setup(switching_to_edge_clears_remote_irr, reset),
		cmocka_unit_test_setup(read_only_bits_survive_a_write, reset),
		cmocka_unit_test_setup(modes_that_are_always_edge_triggered, reset),
		cmocka_unit_test_setup(a_message_that_nobody_took_is_sent_again, reset),
		cmocka_unit_test_setup(pins_may_share_a_vector, reset),
		cmocka_unit_test_setup(the_eoi_register_is_there_with_version_20_only, reset),
		cmocka_unit_test_setup(eoi_vectors_are_those_of_level_triggered_pins, reset),
		cmocka_unit_test_setup(a_pin_out_of_range_is_nobody, reset),
		cmocka_unit_test_setup(the_address_range_is_checked_without_wrapping, reset),
		cmocka_unit_test_setup(state_goes_out_and_in, reset),
		cmocka_unit_test_setup(state_that_requests_is_served, reset),
		cmocka_unit_test_setup(any_state_is_brought_into_range, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
