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

/* ---- scaling ---- */

static const struct tsc_scaling svm = {.frac = 32, .max = GENMASK_ULL(39, 0)};
static const struct tsc_scaling vmx = {.frac = 48, .max = ~0ULL};
static const struct tsc_scaling none = {};
static const struct tsc_scaling *const kinds[] = {&svm, &vmx};

/* Rates that guests and hosts have. */
static const u32 real[] = {500000,  999999,  1000000, 1999998, 2000000, 2400000,
			   2596104, 3312000, 3700001, 4000000, 5800000};

static void rates_near_the_hosts_are_the_hosts(void **state)
{
	struct tsc_rate r;
	struct tsc_scale host;

	(void)state;
	tsc_scale_from_khz(2000000, &host);
	for (u32 khz = 2000000 - 500; khz <= 2000000 + 500; khz += 100) {
		assert_true(tsc_rate_from_khz(khz, 2000000, &none, &r));
		assert_int_equal(r.khz, khz);
		assert_true(!r.ratio && r.scale.mul == host.mul && r.scale.shift == host.shift);
		assert_true(tsc_scale_ticks(&r, 0x123456789abcdefULL) == 0x123456789abcdefULL);
	}
	assert_true(tsc_rate_from_khz(2000000 + 501, 2000000, &svm, &r) && r.ratio);
	assert_true(tsc_rate_from_khz(2000000 - 501, 2000000, &svm, &r) && r.ratio);
}

static void without_hardware_no_other_rate_is_taken(void **state)
{
	struct tsc_rate r = {.khz = 77};

	(void)state;
	assert_false(tsc_rate_from_khz(2000000 + 501, 2000000, &none, &r));
	assert_false(tsc_rate_from_khz(2000000 - 501, 2000000, &none, &r));
	assert_false(tsc_rate_from_khz(1, 2000000, &none, &r));
	assert_false(tsc_rate_from_khz(~0U, 2000000, &none, &r));
	assert_int_equal(r.khz, 77);
}

/* The fixed-point number nearest to the quotient, or none where that is 0 or above the greatest. */
static void check_ratio(const struct tsc_scaling *k, u32 khz, u32 host)
{
	u128 exact = ((u128)khz << (k->frac + 1)) / host;
	u128 want = (exact + 1) >> 1;
	struct tsc_rate r;
	bool ok = tsc_rate_from_khz(khz, host, k, &r);

	if (ok && !r.ratio)
		return;
	assert_int_equal(ok, want && want <= k->max);
	if (ok)
		assert_true(r.ratio == want);
}

static void ratios_are_the_nearest_or_refused(void **state)
{
	(void)state;
	srand(9);
	for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++) {
			for (unsigned int j = 0; j < ARRAY_SIZE(rates); j++)
				check_ratio(kinds[k], rates[i], rates[j]);
		}
		for (int i = 0; i < 100000; i++)
			check_ratio(kinds[k], (u32)rand64() >> rand() % 32 | 1,
				    (u32)rand64() >> rand() % 32 | 1);
	}
}

/* SVM's integer part has 8 bits. */
static void limits_of_the_register_are_kept(void **state)
{
	struct tsc_rate r;

	(void)state;
	assert_true(tsc_rate_from_khz(255 * 1000000U, 1000000, &svm, &r));
	assert_true(r.ratio == 255ULL << 32);
	assert_false(tsc_rate_from_khz(256 * 1000000U, 1000000, &svm, &r));
	assert_true(tsc_rate_from_khz(256 * 1000000U, 1000000, &vmx, &r));
	assert_true(r.ratio == 256ULL << 48);
	assert_true(tsc_rate_from_khz(0xffffffff, 65536, &vmx, &r));
	assert_false(tsc_rate_from_khz(0xffffffff, 65535, &vmx, &r));
	assert_false(tsc_rate_from_khz(1, 0xffffffff, &(struct tsc_scaling){~0ULL, 20}, &r));
}

static void scaled_ticks_are_the_whole_product(void **state)
{
	struct tsc_rate r;

	(void)state;
	srand(10);
	for (int i = 0; i < 100000; i++) {
		const struct tsc_scaling *k = kinds[i & 1];
		u64 ticks = rand64() >> rand() % 64;

		if (!tsc_rate_from_khz(real[rand() % ARRAY_SIZE(real)],
				       real[rand() % ARRAY_SIZE(real)], k, &r))
			fail();
		if (r.ratio)
			assert_true(tsc_scale_ticks(&r, ticks) ==
				    (u64)((u128)ticks * r.ratio >> k->frac));
		else
			assert_true(tsc_scale_ticks(&r, ticks) == ticks);
	}
	/* Whole ratios are exact, over the end of the 64 bits. */
	assert_true(tsc_rate_from_khz(6000000, 2000000, &svm, &r));
	assert_true(tsc_scale_ticks(&r, ~0ULL) == 3 * ~0ULL);
}

/* The time that the guest computes from its ticks is that which went by, to some parts in 2^30. */
static void scaled_ticks_tell_the_hosts_time(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2 * ARRAY_SIZE(real) * ARRAY_SIZE(real); n++) {
		u32 host = real[n / 2 % ARRAY_SIZE(real)], khz = real[n / 2 / ARRAY_SIZE(real)];
		struct tsc_rate r;

		assert_true(tsc_rate_from_khz(khz, host, kinds[n & 1], &r));
		assert_true(r.scale.mul >= 0x80000000U);
		for (u64 ms = 1; ms < 100000000; ms = ms * 7 + 1) {
			u64 got = tsc_to_ns(&r.scale, tsc_scale_ticks(&r, ms * host));
			s64 off = (s64)(got - ms * 1000000);

			/* a tick, too; and up to two are one that is shifted out */
			assert_true(llabs(off) <= (s64)(ms * 1000000 >> 29) + 8);
		}
	}
}

/* How long until a guest's TSC is there, at its own rate. */
static void deadlines_are_in_the_guests_ticks(void **state)
{
	struct tsc_rate slow, fast;

	(void)state;
	assert_true(tsc_rate_from_khz(1000000, 2000000, &svm, &slow));
	assert_true(tsc_rate_from_khz(4000000, 2000000, &svm, &fast));
	assert_true(llabs((s64)tsc_to_ns(&slow.scale, 1000000000) - 1000000000) <= 1);
	assert_true(llabs((s64)tsc_to_ns(&fast.scale, 1000000000) - 250000000) <= 1);
	assert_int_equal(tsc_scale_ticks(&slow, 2000000000), 1000000000);
	assert_int_equal(tsc_scale_ticks(&fast, 2000000000), 4000000000);
}

static void vcpus_on_one_line_are_equal_at_any_time(void **state)
{
	const u64 host = 123456789012345, value = 77000;
	struct tsc_rate r;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(real); i++) {
		u64 offset, second;

		assert_true(tsc_rate_from_khz(real[i], 2400000, &svm, &r));
		offset = tsc_offset_of_line(&r, host, value);
		assert_true(tsc_scale_ticks(&r, host) + offset == value);
		/* a second later it has the ticks of one more second */
		second = tsc_scale_ticks(&r, host + 2400000000) + offset - value;
		assert_true(llabs((s64)(second - real[i] * 1000ULL)) <= real[i] / 4000 * 1000);
		if (r.ratio)
			assert_true(llabs((s64)(second - real[i] * 1000ULL)) <= 2);
	}
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
		cmocka_unit_test(rates_near_the_hosts_are_the_hosts),
		cmocka_unit_test(without_hardware_no_other_rate_is_taken),
		cmocka_unit_test(ratios_are_the_nearest_or_refused),
		cmocka_unit_test(limits_of_the_register_are_kept),
		cmocka_unit_test(scaled_ticks_are_the_whole_product),
		cmocka_unit_test(scaled_ticks_tell_the_hosts_time),
		cmocka_unit_test(deadlines_are_in_the_guests_ticks),
		cmocka_unit_test(vcpus_on_one_line_are_equal_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
