/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8259A pair against its data sheet: initialisation and operation command
 * words, priorities, the ends of service, the cascade.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/pic.h"

#define MASTER 0x20
#define SLAVE  0xa0

static struct pic pic;
static struct pic_fx fx;

static void outb(u16 port, u8 val)
{
	pic_write(&pic, port, val, &fx);
	assert_true(pic_valid(&pic));
}

static u8 inb(u16 port)
{
	u8 val = pic_read(&pic, port, &fx);

	assert_true(pic_valid(&pic));
	return val;
}

static void line(unsigned int irq, bool level)
{
	pic_set_irq(&pic, irq, level, &fx);
	assert_true(pic_valid(&pic));
}

static void pulse(unsigned int irq)
{
	line(irq, true);
	line(irq, false);
}

static u8 ack(void)
{
	u8 vector = pic_ack(&pic, &fx);

	assert_true(pic_valid(&pic));
	return vector;
}

static u8 isr(u16 port)
{
	outb(port, 0x0b);
	return inb(port);
}

static u8 irr(u16 port)
{
	outb(port, 0x0a);
	return inb(port);
}

static void init_with(u8 master_icw4, u8 slave_icw4)
{
	pic_reset(&pic);
	outb(MASTER, 0x11);
	outb(MASTER + 1, 0x30);
	outb(MASTER + 1, 0x04);
	outb(MASTER + 1, master_icw4);
	outb(SLAVE, 0x11);
	outb(SLAVE + 1, 0x38);
	outb(SLAVE + 1, 0x02);
	outb(SLAVE + 1, slave_icw4);
}

static int init(void **state)
{
	(void)state;
	init_with(0x01, 0x01);
	return 0;
}

static void vectors_are_those_of_icw2(void **state)
{
	(void)state;
	for (unsigned int irq = 0; irq < 16; irq++) {
		if (irq == 2)
			continue;
		pulse(irq);
		assert_true(fx.intr);
		assert_int_equal(ack(), 0x30 + irq);
		assert_int_equal(fx.acked, BIT(irq));
		assert_false(fx.intr);
		if (irq > 7)
			outb(SLAVE, 0x20);
		outb(MASTER, 0x20);
		assert_int_equal(fx.eoi, irq > 7 ? 0 : BIT(irq));
	}
}

static void lower_bits_of_icw2_are_not_looked_at(void **state)
{
	(void)state;
	outb(MASTER, 0x11);
	outb(MASTER + 1, 0x4f);
	outb(MASTER + 1, 0x04);
	outb(MASTER + 1, 0x01);
	pulse(3);
	assert_int_equal(ack(), 0x4b);
}

static void icw1_clears_what_the_data_sheet_lists(void **state)
{
	(void)state;
	outb(MASTER + 1, 0xf7);
	outb(MASTER, 0xc1); /* priority */
	outb(MASTER, 0x68); /* special mask */
	outb(MASTER, 0x80); /* rotate on automatic EOI */
	line(3, true);
	assert_int_equal(ack(), 0x33);
	pulse(4);
	outb(MASTER, 0x11);
	assert_int_equal(fx.eoi, BIT(3));
	assert_int_equal(fx.changed, 0xf7 & ~BIT(2));
	assert_false(fx.intr);
	assert_int_equal(pic.chip[0].imr, 0);
	assert_int_equal(pic.chip[0].isr, 0);
	assert_int_equal(pic.chip[0].highest, 0);
	assert_false(pic.chip[0].special_mask || pic.chip[0].rotate_on_auto_eoi ||
		     pic.chip[0].read_isr || pic.chip[0].auto_eoi || pic.chip[0].fully_nested);
	outb(MASTER + 1, 0x30);
	outb(MASTER + 1, 0x04);
	outb(MASTER + 1, 0x01);
	/* The edge sense is reset: a line that stayed high requests nothing, */
	assert_int_equal(irr(MASTER), 0);
	line(3, true);
	assert_false(fx.intr);
	/* before it has been low. */
	line(3, false);
	line(3, true);
	assert_true(fx.intr);
}

static void int_is_low_until_initialisation_ends(void **state)
{
	(void)state;
	outb(MASTER, 0x11);
	pulse(1);
	assert_false(fx.intr);
	outb(MASTER + 1, 0x20);
	outb(MASTER + 1, 0x04);
	assert_false(fx.intr);
	outb(MASTER + 1, 0x01);
	assert_true(fx.intr && fx.rose);
	assert_int_equal(ack(), 0x21);
}

static void icw1_says_which_words_follow(void **state)
{
	(void)state;
	outb(MASTER, 0x10); /* cascade, no ICW4 */
	outb(MASTER + 1, 0x40);
	outb(MASTER + 1, 0x04);
	outb(MASTER + 1, 0xfb);
	assert_int_equal(inb(MASTER + 1), 0xfb);
	outb(MASTER, 0x13); /* single, ICW4 */
	outb(MASTER + 1, 0x40);
	outb(MASTER + 1, 0x03);
	assert_true(pic.chip[0].auto_eoi);
	outb(MASTER + 1, 0xfb);
	assert_int_equal(inb(MASTER + 1), 0xfb);
	outb(MASTER, 0x12); /* single, no ICW4: its functions are off */
	outb(MASTER + 1, 0x40);
	outb(MASTER + 1, 0xfb);
	assert_int_equal(inb(MASTER + 1), 0xfb);
	assert_false(pic.chip[0].auto_eoi);
}

static void an_edge_is_latched_and_counts_once(void **state)
{
	(void)state;
	line(4, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_NEW);
	assert_true(fx.rose);
	line(4, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_COALESCED);
	assert_false(fx.rose);
	line(4, false);
	assert_int_equal(fx.taken, IRQ_TAKEN_NONE);
	assert_int_equal(irr(MASTER), 0x10);
	assert_int_equal(ack(), 0x34);
	assert_int_equal(irr(MASTER), 0);
	assert_int_equal(isr(MASTER), 0x10);
	outb(MASTER, 0x20);
	assert_false(fx.intr);
	/* A line that stays high is no further edge. */
	line(4, true);
	ack();
	outb(MASTER, 0x20);
	line(4, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_NONE);
	assert_false(fx.intr);
}

static void a_level_requests_as_long_as_it_is_high(void **state)
{
	(void)state;
	outb(0x4d0, 0x20);
	line(5, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_NEW);
	assert_int_equal(ack(), 0x35);
	assert_int_equal(irr(MASTER), 0x20);
	outb(MASTER, 0x20);
	assert_true(fx.intr && fx.rose);
	assert_int_equal(ack(), 0x35);
	line(5, false);
	outb(MASTER, 0x20);
	assert_false(fx.intr);
	line(5, true);
	line(5, false);
	assert_true(fx.fell);
}

static void elcr_takes_only_the_pins_that_may_be_level(void **state)
{
	(void)state;
	outb(0x4d0, 0xff);
	outb(0x4d1, 0xff);
	assert_int_equal(inb(0x4d0), 0xf8);
	assert_int_equal(inb(0x4d1), 0xde);
	line(0, true);
	ack();
	outb(MASTER, 0x20);
	assert_false(fx.intr);
}

static void a_request_that_has_gone_is_spurious_interrupt_7(void **state)
{
	(void)state;
	outb(0x4d0, 0x20);
	line(5, true);
	line(5, false);
	assert_int_equal(ack(), 0x37);
	assert_int_equal(fx.acked, 0);
	assert_int_equal(isr(MASTER), 0);
	/* A mask that comes between request and acknowledge, too. */
	pulse(3);
	outb(MASTER + 1, 0x08);
	assert_true(fx.fell);
	assert_int_equal(ack(), 0x37);
	outb(MASTER + 1, 0);
	assert_int_equal(ack(), 0x33);
}

static void a_cascade_without_a_slave_is_spurious_interrupt_15(void **state)
{
	(void)state;
	line(2, true);
	assert_true(fx.intr);
	assert_int_equal(ack(), 0x3f);
	assert_int_equal(fx.acked, 0);
	assert_int_equal(isr(SLAVE), 0);
	assert_int_equal(isr(MASTER), 0x04);
	line(2, false);
	outb(MASTER, 0x62);
	assert_int_equal(isr(MASTER), 0);
	assert_false(fx.intr);
}

static void fully_nested_lets_only_higher_priorities_through(void **state)
{
	(void)state;
	pulse(4);
	assert_int_equal(ack(), 0x34);
	pulse(6);
	assert_false(fx.intr);
	pulse(4);
	assert_false(fx.intr);
	pulse(1);
	assert_true(fx.intr);
	assert_int_equal(ack(), 0x31);
	assert_int_equal(isr(MASTER), 0x12);
	outb(MASTER, 0x20);
	assert_int_equal(isr(MASTER), 0x10);
	assert_false(fx.intr);
	outb(MASTER, 0x20);
	assert_int_equal(fx.eoi, 0x10);
	assert_int_equal(ack(), 0x34);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x36);
}

static void slave_ranks_as_interrupt_2(void **state)
{
	(void)state;
	pulse(3);
	pulse(1);
	pulse(12);
	pulse(9);
	assert_int_equal(ack(), 0x31);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x39);
	assert_int_equal(isr(MASTER), 0x04);
	outb(SLAVE, 0x20);
	assert_int_equal(fx.eoi, BIT(9));
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x3c);
	outb(SLAVE, 0x20);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x33);
}

static void an_eoi_may_name_its_level(void **state)
{
	(void)state;
	pulse(5);
	ack();
	pulse(3);
	ack();
	outb(MASTER, 0x65);
	assert_int_equal(fx.eoi, BIT(5));
	assert_int_equal(isr(MASTER), 0x08);
	outb(MASTER, 0x64);
	assert_int_equal(fx.eoi, 0);
	outb(MASTER, 0x20);
	assert_int_equal(fx.eoi, BIT(3));
	outb(MASTER, 0x20);
	assert_int_equal(fx.eoi, 0);
}

static void rotation_makes_the_served_level_the_lowest(void **state)
{
	(void)state;
	/* The example of the data sheet: 4 is served and becomes the lowest, 5 the highest. */
	pulse(4);
	pulse(6);
	assert_int_equal(ack(), 0x34);
	outb(MASTER, 0xa0);
	assert_int_equal(pic.chip[0].highest, 5);
	pulse(0);
	assert_int_equal(ack(), 0x36);
	outb(MASTER, 0xa0);
	assert_int_equal(ack(), 0x30);
	outb(MASTER, 0xe0); /* the same by name */
	assert_int_equal(pic.chip[0].highest, 1);
	assert_int_equal(isr(MASTER), 0);
	outb(MASTER, 0xa0); /* nothing in service: nothing rotates */
	assert_int_equal(pic.chip[0].highest, 1);
}

static void set_priority_names_the_lowest(void **state)
{
	(void)state;
	outb(MASTER, 0xc5);
	pulse(0);
	pulse(5);
	pulse(6);
	assert_int_equal(ack(), 0x36);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x30);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x35);
	outb(MASTER, 0x40); /* no operation */
	assert_int_equal(isr(MASTER), 0x20);
}

static void automatic_eoi_keeps_nothing_in_service(void **state)
{
	(void)state;
	init_with(0x03, 0x01);
	pulse(4);
	pulse(5);
	assert_int_equal(ack(), 0x34);
	assert_int_equal(fx.eoi, BIT(4));
	assert_int_equal(isr(MASTER), 0);
	/* INT was low in between: the next request is an edge to the processor. */
	outb(MASTER, 0x0a);
	assert_int_equal(ack(), 0x35);
	assert_false(fx.rose);
	assert_true(fx.fell);
}

static void automatic_eoi_can_rotate(void **state)
{
	(void)state;
	init_with(0x03, 0x01);
	outb(MASTER, 0x80);
	pulse(1);
	assert_int_equal(ack(), 0x31);
	assert_int_equal(pic.chip[0].highest, 2);
	pulse(0);
	pulse(3);
	assert_int_equal(ack(), 0x33);
	assert_true(fx.rose);
	outb(MASTER, 0x00);
	assert_int_equal(ack(), 0x30);
	assert_int_equal(pic.chip[0].highest, 4);
}

static void automatic_eoi_in_the_slave_pulses_the_cascade(void **state)
{
	(void)state;
	init_with(0x03, 0x03);
	pulse(8);
	pulse(9);
	assert_int_equal(ack(), 0x38);
	assert_int_equal(fx.eoi, BIT(8));
	assert_true(fx.rose);
	assert_int_equal(ack(), 0x39);
	assert_false(fx.intr);
}

static void special_mask_lets_lower_levels_through(void **state)
{
	(void)state;
	pulse(3);
	ack();
	pulse(6);
	pulse(3);
	assert_false(fx.intr);
	outb(MASTER + 1, 0x08);
	assert_false(fx.intr);
	outb(MASTER, 0x68);
	assert_true(fx.intr);
	assert_int_equal(ack(), 0x36);
	/* An unspecific EOI does not see the masked one. */
	outb(MASTER, 0x20);
	assert_int_equal(fx.eoi, BIT(6));
	outb(MASTER, 0x20);
	assert_int_equal(fx.eoi, 0);
	assert_int_equal(isr(MASTER), 0x08);
	outb(MASTER, 0x48); /* off */
	pulse(7);
	assert_false(fx.intr);
	outb(MASTER, 0x28); /* without ESMM: no change */
	assert_false(pic.chip[0].special_mask);
	outb(MASTER, 0x63);
	assert_int_equal(fx.eoi, BIT(3));
}

static void special_fully_nested_lets_the_slave_interrupt_itself(void **state)
{
	(void)state;
	init_with(0x11, 0x01);
	pulse(12);
	assert_int_equal(ack(), 0x3c);
	pulse(9);
	assert_true(fx.intr);
	assert_int_equal(ack(), 0x39);
	pulse(3);
	assert_false(fx.intr);
	/* Software ends the cascade only when the slave has nothing more in service. */
	outb(SLAVE, 0x20);
	assert_int_equal(isr(SLAVE), 0x10);
	outb(SLAVE, 0x20);
	assert_int_equal(isr(SLAVE), 0);
	outb(MASTER, 0x20);
	assert_int_equal(ack(), 0x33);
}

static void without_it_the_slave_is_locked_out(void **state)
{
	(void)state;
	pulse(12);
	ack();
	pulse(9);
	assert_false(fx.intr);
	outb(MASTER, 0x20);
	assert_true(fx.intr);
	assert_int_equal(ack(), 0x39);
}

static void poll_acknowledges_by_a_read(void **state)
{
	(void)state;
	outb(MASTER, 0x0c);
	assert_int_equal(inb(MASTER) & 0x80, 0);
	pulse(5);
	outb(MASTER, 0x0c);
	assert_int_equal(inb(MASTER), 0x85);
	assert_int_equal(fx.acked, BIT(5));
	assert_true(fx.fell);
	assert_int_equal(isr(MASTER), 0x20);
	outb(MASTER, 0x20);
	/* The slave behind the master takes a poll of its own. */
	pulse(10);
	outb(MASTER, 0x0c);
	assert_int_equal(inb(MASTER), 0x82);
	assert_int_equal(fx.acked, 0);
	outb(SLAVE, 0x0c);
	assert_int_equal(inb(SLAVE), 0x82);
	assert_int_equal(fx.acked, BIT(10));
	/* One poll, one read. */
	assert_int_equal(inb(SLAVE + 1), 0);
}

static void masks_hold_requests_back_and_keep_them(void **state)
{
	(void)state;
	outb(MASTER + 1, 0x10);
	assert_int_equal(fx.changed, 0x10);
	pulse(4);
	assert_int_equal(fx.taken, IRQ_TAKEN_NONE);
	line(4, true);
	assert_int_equal(fx.taken, IRQ_TAKEN_MASKED);
	assert_true(pic_masked(&pic, 4));
	assert_false(fx.intr);
	assert_int_equal(irr(MASTER), 0x10);
	outb(MASTER + 1, 0);
	assert_true(fx.rose);
	assert_int_equal(ack(), 0x34);
	/* The cascade's mask is the slave's, too. */
	outb(MASTER + 1, 0x04);
	assert_true(pic_masked(&pic, 8));
	outb(SLAVE + 1, 0x10);
	assert_int_equal(fx.changed, BIT(12));
}

static void a_slave_that_is_masked_lowers_the_cascade(void **state)
{
	(void)state;
	pulse(14);
	assert_int_equal(irr(MASTER), 0x04);
	outb(SLAVE + 1, 0x40);
	assert_true(fx.fell);
	assert_int_equal(irr(MASTER), 0);
	assert_int_equal(irr(SLAVE), 0x40);
}

static void ports_that_are_not_ours_float(void **state)
{
	(void)state;
	assert_true(pic_port(0x20) && pic_port(0x21) && pic_port(0xa0) && pic_port(0xa1));
	assert_true(pic_port(0x4d0) && pic_port(0x4d1));
	assert_false(pic_port(0x22) || pic_port(0x1f) || pic_port(0xa2) || pic_port(0x4d2) ||
		     pic_port(0x80) || pic_port(0));
	assert_int_equal(inb(0x22), 0xff);
	outb(0x22, 0x11);
	assert_int_equal(pic.chip[0].icw, PIC_READY);
}

static void a_pin_out_of_range_is_nobody(void **state)
{
	(void)state;
	line(16, true);
	line(~0U, true);
	assert_false(fx.intr);
	assert_int_equal(pic.chip[0].lines | pic.chip[1].lines, 0);
}

static void state_goes_out_and_in(void **state)
{
	struct kvm_pic_state out[2], again;
	struct pic_fx ignored;

	(void)state;
	init_with(0x11, 0x03);
	outb(0x4d0, 0x20);
	outb(MASTER + 1, 0x80);
	outb(MASTER, 0xc2);
	pulse(4);
	ack();
	line(5, true);
	line(3, true);
	pulse(11);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pic_get_state(&pic, i, &out[i]), 0);
	assert_int_equal(out[0].isr, 0x10);
	assert_int_equal(out[0].irr, 0x2c);
	assert_int_equal(out[0].last_irr, 0x28);
	assert_int_equal(out[0].priority_add, 3);
	assert_int_equal(out[0].elcr_mask, 0xf8);
	assert_int_equal(out[1].elcr_mask, 0xde);
	assert_int_equal(out[1].irr, 0x08);
	/* In whichever order. */
	for (int first = 0; first < 2; first++) {
		struct pic was = pic;

		pic_reset(&pic);
		pic_set_state(&pic, first, &out[first], &ignored);
		pic_set_state(&pic, !first, &out[!first], &ignored);
		assert_memory_equal(&pic, &was, sizeof(pic));
		for (int i = 0; i < 2; i++) {
			pic_get_state(&pic, i, &again);
			assert_memory_equal(&again, &out[i], sizeof(again));
		}
	}
	assert_int_equal(pic_get_state(&pic, 2, &again), -EINVAL);
	assert_int_equal(pic_set_state(&pic, 2, &again, &ignored), -EINVAL);
}

static void any_state_is_brought_into_range(void **state)
{
	struct kvm_pic_state s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pic_set_state(&pic, i, &s, &fx), 0);
		assert_true(pic_valid(&pic));
	}
	pic_get_state(&pic, 0, &s);
	assert_int_equal(s.elcr, 0xf8);
	assert_int_equal(s.priority_add, 7);
	assert_int_equal(s.irq_base, 0xf8);
}

/* As Linux handles a legacy interrupt: mask, end by name at both chips, unmask. */
static void mask_and_ack_by_an_operating_system(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pulse(14);
		assert_int_equal(ack(), 0x3e);
		inb(SLAVE + 1);
		outb(SLAVE + 1, 0x40);
		outb(SLAVE, 0x66);
		assert_int_equal(fx.eoi, BIT(14));
		outb(MASTER, 0x62);
		assert_false(fx.intr);
		outb(SLAVE + 1, 0);
		assert_false(fx.intr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(vectors_are_those_of_icw2, init),
		cmocka_unit_test_setup(lower_bits_of_icw2_are_not_looked_at, init),
		cmocka_unit_test_setup(icw1_clears_what_the_data_sheet_lists, init),
		cmocka_unit_test_setup(int_is_low_until_initialisation_ends, init),
		cmocka_unit_test_setup(icw1_says_which_words_follow, init),
		cmocka_unit_test_setup(an_edge_is_latched_and_counts_once, init),
		cmocka_unit_test_setup(a_level_requests_as_long_as_it_is_high, init),
		cmocka_unit_test_setup(elcr_takes_only_the_pins_that_may_be_level, init),
		cmocka_unit_test_setup(a_request_that_has_gone_is_spurious_interrupt_7, init),
		cmocka_unit_test_setup(a_cascade_without_a_slave_is_spurious_interrupt_15, init),
		cmocka_unit_test_setup(fully_nested_lets_only_higher_priorities_through, init),
		cmocka_unit_test_setup(slave_ranks_as_interrupt_2, init),
		cmocka_unit_test_setup(an_eoi_may_name_its_level, init),
		cmocka_unit_test_setup(rotation_makes_the_served_level_the_lowest, init),
		cmocka_unit_test_setup(set_priority_names_the_lowest, init),
		cmocka_unit_test_setup(automatic_eoi_keeps_nothing_in_service, init),
		cmocka_unit_test_setup(automatic_eoi_can_rotate, init),
		cmocka_unit_test_setup(automatic_eoi_in_the_slave_pulses_the_cascade, init),
		cmocka_unit_test_setup(special_mask_lets_lower_levels_through, init),
		cmocka_unit_test_setup(special_fully_nested_lets_the_slave_interrupt_itself, init),
		cmocka_unit_test_setup(without_it_the_slave_is_locked_out, init),
		cmocka_unit_test_setup(poll_acknowledges_by_a_read, init),
		cmocka_unit_test_setup(masks_hold_requests_back_and_keep_them, init),
		cmocka_unit_test_setup(a_slave_that_is_masked_lowers_the_cascade, init),
		cmocka_unit_test_setup(ports_that_are_not_ours_float, init),
		cmocka_unit_test_setup(a_pin_out_of_range_is_nobody, init),
		cmocka_unit_test_setup(state_goes_out_and_in, init),
		cmocka_unit_test_setup(any_state_is_brought_into_range, init),
		cmocka_unit_test_setup(mask_and_ack_by_an_operating_system, init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
