/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TSC arithmetic against 128-bit integers, and the structures of kvmclock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/tsc.h"

typedef unsigned __int128 u128;

static const u32 rates[] = {1,	     999,     1000,    32768,	   999999,
			    1000000, 1000001, 1999999, 2000000,	   2400000,
			    3312000, 4000000, 5000000, 0x7fffffff, 0xffffffff};

static u64 rand64(void)
{
	return (u64)rand() << 42 ^ (u64)rand() << 21 ^ (u64)rand();
}

static void multiplication_keeps_all_96_bits(void **state)
{
	(void)state;
	srand(7);
	for (int i = 0; i < 100000; i++) {
		u64 a = rand64();
		u32 b = rand64();

		assert_true(tsc_mul_shr32(a, b) == (u64)((u128)a * b >> 32));
	}
	assert_true(tsc_mul_shr32(~0ULL, ~0U) == (u64)((u128)~0ULL * ~0U >> 32));
}

static void scale_is_normalised_and_precise(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++) {
		struct tsc_scale s;

		tsc_scale_from_khz(rates[i], &s);
		assert_true(s.mul >= 0x80000000U);
		for (u64 ms = 1; ms < 100000; ms = ms * 3 + 1) {
			u64 got = tsc_to_ns(&s, ms * rates[i]);
			s64 off = (s64)(got - ms * 1000000);

			/* 2^-31 of the value, and the rounding of a single step */
			assert_true(off <= 1);
			assert_true(-off <= (s64)(ms * 1000000 >> 31) + (1 << max(s.shift, 0)) + 1 +
						    1000000 / (s64)rates[i]);
		}
	}
}

static void guests_get_the_same_time_from_the_clock(void **state)
{
	struct tsc_pvclock c;
	struct tsc_scale s;
	u64 tsc = 123456789012ULL;

	(void)state;
	tsc_scale_from_khz(2400000, &s);
	tsc_pvclock_fill(&c, 6, &s, tsc, 5000, TSC_PVCLOCK_STABLE);
	/* The formula of Documentation/virt/kvm/x86/msr.rst. */
	u64 delta = 2400000ULL * 1000;
	u64 shifted = c.tsc_shift < 0 ? delta >> -c.tsc_shift : delta << c.tsc_shift;
	u64 time = (u64)((u128)shifted * c.tsc_to_system_mul >> 32) + c.system_time;

	assert_true(time >= 5000 + 999999990 && time <= 5000 + 1000000000);
	assert_int_equal(c.tsc_timestamp, tsc);
	assert_int_equal(c.flags, TSC_PVCLOCK_STABLE);
	assert_int_equal(c.version, 8);
	assert_int_equal(c.pad0 | c.pad[0] | c.pad[1], 0);
}

static void versions_end_even_and_change(void **state)
{
	struct tsc_pvclock c;
	struct tsc_wall_clock w;
	struct tsc_scale s = {};

	(void)state;
	for (u32 v = 0; v < 10; v++) {
		tsc_pvclock_fill(&c, v, &s, 0, 0, 0);
		assert_true(!(c.version & 1) && c.version > v);
		tsc_wall_clock_fill(&w, v, 5, 4);
		assert_true(!(w.version & 1) && w.version > v);
	}
	tsc_pvclock_fill(&c, 0xffffffff, &s, 0, 0, 0);
	assert_int_equal(c.version, 0);
}

static void wall_clock_is_the_time_of_boot(void **state)
{
	struct tsc_wall_clock w;

	(void)state;
	tsc_wall_clock_fill(&w, 0, 1700000000ULL * 1000000000 + 250, 3ULL * 1000000000 + 300);
	assert_int_equal(w.sec, 1700000000 - 4);
	assert_int_equal(w.nsec, 999999950);
}

static void ticks_of_nanoseconds_are_exact(void **state)
{
	(void)state;
	srand(8);
	for (int i = 0; i < 100000; i++) {
		u32 khz = rand() % 6000000 + 1;
		u64 ns = rand64() >> (20 + rand() % 40);

		assert_true(tsc_from_ns(khz, ns) == (u64)((u128)ns * khz / 1000000));
	}
}

static void time_never_runs_backwards(void **state)
{
	(void)state;
	assert_true(tsc_since(1000, 1000) == 0);
	assert_true(tsc_since(1001, 1000) == 1);
	assert_true(tsc_since(S64_MAX, 0) == S64_MAX);
	assert_true(tsc_since(5, -5ULL) == 10); /* @then was moved back, to before the TSC's 0 */
	assert_true(tsc_since(999, 1000) == 0);
	assert_true(tsc_since(0, 1ULL << 62) == 0);
}

static void system_time_msr_splits_into_address_and_enable(void **state)
{
	(void)state;
	assert_int_equal(tsc_pvclock_gpa(0x12345679), 0x12345678);
	assert_true(tsc_pvclock_enabled(1));
	assert_false(tsc_pvclock_enabled(0x1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiplication_keeps_all_96_bits),
		cmocka_unit_test(scale_is_normalised_and_precise),
		cmocka_unit_test(guests_get_the_same_time_from_the_clock),
		cmocka_unit_test(versions_end_even_and_change),
		cmocka_unit_test(wall_clock_is_the_time_of_boot),
		cmocka_unit_test(ticks_of_nanoseconds_are_exact),
		cmocka_unit_test(time_never_runs_backwards),
		cmocka_unit_test(system_time_msr_splits_into_address_and_enable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
