/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC's timer: divide values, counts at times, expiry in each mode,
 * late periods, mode switches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/lapic_timer.h"

#define MIN_PERIOD 200000

static void start(struct lapic_timer *t, enum lapic_timer_mode mode, u32 dcr, u32 count, u64 now)
{
	lapic_timer_init(t, 1, MIN_PERIOD);
	lapic_timer_set_mode(t, mode);
	lapic_timer_set_divide(t, dcr, now);
	lapic_timer_set_initial(t, count, now);
}

static void divide_values_are_the_manuals(void **state)
{
	static const struct {
		u32 dcr, divide;
	} rows[] = {{0x0, 2},  {0x1, 4},  {0x2, 8},   {0x3, 16},
		    {0x8, 32}, {0x9, 64}, {0xa, 128}, {0xb, 1}};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lapic_timer t;

		assert_int_equal(1 << lapic_timer_divide_shift(rows[i].dcr), rows[i].divide);
		assert_int_equal(lapic_timer_divide_shift(rows[i].dcr | 0xfffffff4),
				 lapic_timer_divide_shift(rows[i].dcr));
		start(&t, LAPIC_TIMER_ONESHOT, rows[i].dcr, 1000, 50);
		assert_true(t.armed && t.expiry == 50 + 1000 * rows[i].divide);
	}
}

static void one_shot_counts_down_fires_once_and_stays_at_zero(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_ONESHOT, 3, 100, 1000);
	assert_int_equal(lapic_timer_current(&t, 1000), 100);
	assert_int_equal(lapic_timer_current(&t, 1001), 100);
	assert_int_equal(lapic_timer_current(&t, 1016), 99);
	assert_int_equal(lapic_timer_current(&t, 1800), 50);
	assert_int_equal(lapic_timer_current(&t, 2599), 1);
	assert_int_equal(lapic_timer_current(&t, 2600), 0);
	assert_int_equal(lapic_timer_current(&t, 999999), 0);
	assert_int_equal(lapic_timer_expire(&t, 2599), 0);
	assert_int_equal(lapic_timer_expire(&t, 2600), 1);
	assert_false(t.armed);
	assert_int_equal(lapic_timer_expire(&t, 99999), 0);
	assert_int_equal(t.initial, 100);
}

static void periodic_reloads(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_PERIODIC, 0xb, 1000000, 0);
	assert_int_equal(lapic_timer_current(&t, 999999), 1);
	assert_int_equal(lapic_timer_current(&t, 1000000), 1000000);
	assert_int_equal(lapic_timer_current(&t, 2300000), 700000);
	assert_int_equal(lapic_timer_expire(&t, 1000000), 1);
	assert_true(t.expiry == 2000000);
	assert_int_equal(lapic_timer_expire(&t, 1999999), 0);
	assert_int_equal(lapic_timer_expire(&t, 2000005), 1);
	assert_true(t.expiry == 3000000);
}

static void missed_periods_are_counted_and_skipped(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_PERIODIC, 0xb, 1000000, 0);
	assert_int_equal(lapic_timer_expire(&t, 7500000), 7);
	assert_true(t.expiry == 8000000);
	assert_int_equal(lapic_timer_expire(&t, 7500001), 0);
	assert_int_equal(lapic_timer_expire(&t, 1ULL << 60), U32_MAX);
	assert_true(t.expiry > 1ULL << 60 && t.expiry <= (1ULL << 60) + 1000000);
}

static void a_short_period_is_stretched(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_PERIODIC, 0xb, 100, 0);
	assert_true(t.expiry == MIN_PERIOD);
	assert_int_equal(lapic_timer_current(&t, 0), 100);
	assert_int_equal(lapic_timer_current(&t, MIN_PERIOD - 40), 40);
	assert_int_equal(lapic_timer_expire(&t, MIN_PERIOD * 3), 3);
	assert_true(t.expiry == MIN_PERIOD * 4);
	start(&t, LAPIC_TIMER_ONESHOT, 0xb, 100, 0); /* one-shot is not */
	assert_true(t.expiry == 100);
}

static void initial_count_of_zero_stops(void **state)
{
	struct lapic_timer t;
	u32 mode;

	(void)state;
	for (mode = LAPIC_TIMER_ONESHOT; mode <= LAPIC_TIMER_PERIODIC; mode++) {
		start(&t, mode, 0, 5000, 0);
		lapic_timer_set_initial(&t, 0, 10);
		assert_false(t.armed);
		assert_int_equal(lapic_timer_current(&t, 20), 0);
		assert_int_equal(lapic_timer_expire(&t, ~0ULL >> 1), 0);
	}
}

static void writing_the_count_again_restarts(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_ONESHOT, 0xb, 5000, 0);
	lapic_timer_set_initial(&t, 3000, 1000);
	assert_true(t.expiry == 4000);
}

static void new_divider_applies_to_the_rest_of_the_count(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_ONESHOT, 0xb, 1000, 0);
	lapic_timer_set_divide(&t, 0, 400); /* 600 left, twice as slow */
	assert_int_equal(lapic_timer_current(&t, 400), 600);
	assert_true(t.expiry == 400 + 1200);

	start(&t, LAPIC_TIMER_ONESHOT, 0xb, 1000, 0);
	lapic_timer_set_divide(&t, 0, 1000); /* due already */
	assert_int_equal(lapic_timer_expire(&t, 1000), 1);
}

static void one_shot_and_periodic_switch_while_counting(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_PERIODIC, 0xb, 1000000, 0);
	lapic_timer_set_mode(&t, LAPIC_TIMER_ONESHOT);
	assert_int_equal(lapic_timer_current(&t, 400000), 600000);
	assert_int_equal(lapic_timer_expire(&t, 1000000), 1);
	assert_false(t.armed);
	lapic_timer_set_mode(&t, LAPIC_TIMER_PERIODIC); /* run out: stays so */
	assert_int_equal(lapic_timer_current(&t, 1000001), 0);

	start(&t, LAPIC_TIMER_ONESHOT, 0xb, 1000000, 0);
	lapic_timer_set_mode(&t, LAPIC_TIMER_PERIODIC);
	assert_int_equal(lapic_timer_expire(&t, 1000000), 1);
	assert_true(t.armed && t.expiry == 2000000);
}

static void switching_to_and_from_deadline_disarms(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_PERIODIC, 0xb, 1000000, 0);
	lapic_timer_set_mode(&t, LAPIC_TIMER_DEADLINE);
	assert_false(t.armed);
	assert_int_equal(lapic_timer_current(&t, 1), 0);
	lapic_timer_set_initial(&t, 500, 0); /* ignored */
	assert_false(t.armed);
	lapic_timer_set_deadline(&t, 77);
	assert_true(t.armed);
	lapic_timer_set_mode(&t, LAPIC_TIMER_ONESHOT);
	assert_false(t.armed);
	assert_true(lapic_timer_deadline(&t) == 0);
	lapic_timer_set_deadline(&t, 78); /* ignored */
	assert_false(t.armed);
}

static void deadline_fires_at_its_tsc_and_reads_zero_after(void **state)
{
	struct lapic_timer t;

	(void)state;
	lapic_timer_init(&t, 1, MIN_PERIOD);
	lapic_timer_set_mode(&t, LAPIC_TIMER_DEADLINE);
	assert_true(lapic_timer_by_tsc(&t));
	lapic_timer_set_deadline(&t, 1ULL << 50);
	assert_true(lapic_timer_deadline(&t) == 1ULL << 50);
	assert_int_equal(lapic_timer_current(&t, 5), 0);
	assert_int_equal(lapic_timer_expire(&t, (1ULL << 50) - 1), 0);
	assert_int_equal(lapic_timer_expire(&t, 1ULL << 50), 1);
	assert_true(lapic_timer_deadline(&t) == 0);
	lapic_timer_set_deadline(&t, 5);
	lapic_timer_set_deadline(&t, 0);
	assert_false(t.armed);
}

static void reserved_mode_does_not_run(void **state)
{
	struct lapic_timer t;

	(void)state;
	start(&t, LAPIC_TIMER_RESERVED, 0xb, 1000, 0);
	assert_false(t.armed);
	lapic_timer_set_deadline(&t, 5);
	assert_int_equal(lapic_timer_expire(&t, 1ULL << 40), 0);
}

static void a_saved_count_goes_on(void **state)
{
	struct lapic_timer t;

	(void)state;
	lapic_timer_init(&t, 1, MIN_PERIOD);
	lapic_timer_set_mode(&t, LAPIC_TIMER_PERIODIC);
	lapic_timer_set_divide(&t, 3, 0);
	lapic_timer_resume(&t, 1000000, 10, 500);
	assert_true(t.expiry == 500 + 160);
	assert_int_equal(lapic_timer_expire(&t, 660), 1);
	assert_true(t.expiry == 660 + 16000000);
	lapic_timer_resume(&t, 1000000, 0, 500);
	assert_true(t.expiry == 500 + 16000000);
	lapic_timer_resume(&t, 100, 0xffffffff, 500); /* more than the initial count */
	assert_int_equal(lapic_timer_current(&t, 500), 100);

	lapic_timer_set_mode(&t, LAPIC_TIMER_ONESHOT);
	lapic_timer_resume(&t, 1000, 0, 500); /* had run out, or its count was not saved */
	assert_true(t.armed && t.expiry == 500);
	assert_int_equal(t.initial, 1000);
}

static void bus_clock_scales_and_extremes_fit(void **state)
{
	struct lapic_timer t;

	(void)state;
	lapic_timer_init(&t, 40, 0);
	lapic_timer_set_divide(&t, 0xb, 0);
	lapic_timer_set_initial(&t, 1000, 7);
	assert_true(t.expiry == 40007);
	assert_int_equal(lapic_timer_current(&t, 20007), 500);

	lapic_timer_init(&t, ~0U, ~0ULL);
	lapic_timer_set_mode(&t, LAPIC_TIMER_PERIODIC);
	lapic_timer_set_divide(&t, 0xa, 0);
	lapic_timer_set_initial(&t, ~0U, 1ULL << 62);
	assert_true(t.expiry == (1ULL << 62) + 0xffffffffULL * 128 * LAPIC_TIMER_BUS_NS_MAX);
	assert_int_equal(lapic_timer_current(&t, 1ULL << 62), ~0U);
	lapic_timer_init(&t, 0, 0);
	assert_int_equal(t.bus_ns, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divide_values_are_the_manuals),
		cmocka_unit_test(one_shot_counts_down_fires_once_and_stays_at_zero),
		cmocka_unit_test(periodic_reloads),
		cmocka_unit_test(missed_periods_are_counted_and_skipped),
		cmocka_unit_test(a_short_period_is_stretched),
		cmocka_unit_test(initial_count_of_zero_stops),
		cmocka_unit_test(writing_the_count_again_restarts),
		cmocka_unit_test(new_divider_applies_to_the_rest_of_the_count),
		cmocka_unit_test(one_shot_and_periodic_switch_while_counting),
		cmocka_unit_test(switching_to_and_from_deadline_disarms),
		cmocka_unit_test(deadline_fires_at_its_tsc_and_reads_zero_after),
		cmocka_unit_test(reserved_mode_does_not_run),
		cmocka_unit_test(a_saved_count_goes_on),
		cmocka_unit_test(bus_clock_scales_and_extremes_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
