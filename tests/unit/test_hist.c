/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log2 histogram: bucket borders, agreement of the two ways to find a
 * bucket, and quantiles against the sorted values themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stat/hist.h"

static void both_bucket_functions_agree_at_every_border(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		for (int d = -2; d <= 2; d++) {
			u64 v = (1ULL << bit) + d;
			u32 i = hist_bucket(v);

			assert_int_equal(hist_bucket_portable(v), i);
			assert_true(i < HIST_BUCKETS);
			assert_true(v >= hist_bucket_low(i));
			if (hist_bucket_end(i))
				assert_true(v < hist_bucket_end(i));
			else
				assert_int_equal(i, HIST_BUCKETS - 1);
		}
	}
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(1), 1);
	assert_int_equal(hist_bucket(3), 2);
	assert_int_equal(hist_bucket((1ULL << 30) - 1), 30);
	assert_int_equal(hist_bucket(1ULL << 30), 31);
	assert_int_equal(hist_bucket(~0ULL), 31);
}

static void an_empty_histogram_answers_zero(void **state)
{
	struct hist h = {};

	(void)state;
	assert_int_equal(hist_count(&h), 0);
	assert_int_equal(hist_mean(&h), 0);
	assert_int_equal(hist_min(&h), 0);
	assert_int_equal(hist_quantile(&h, 500), 0);
}

static void sum_count_and_extremes_are_exact(void **state)
{
	struct hist h = {};
	u64 values[] = {700, 5, 12345678, 6, 1};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		hist_record(&h, values[i]);
	assert_int_equal(hist_count(&h), 5);
	assert_int_equal(h.sum, 700 + 5 + 12345678 + 6 + 1);
	assert_int_equal(hist_mean(&h), h.sum / 5);
	assert_int_equal(hist_min(&h), 1);
	assert_int_equal(h.max, 12345678);
	hist_record(&h, 0);
	assert_int_equal(hist_min(&h), 0);
}

static void two_values_are_the_ends_of_their_bucket(void **state)
{
	struct hist h = {};

	(void)state;
	hist_record(&h, 0);
	assert_int_equal(hist_count(&h), 1);
	hist_record(&h, 0);
	assert_int_equal(hist_count(&h), 2);
	memset(&h, 0, sizeof(h));
	hist_record(&h, 1030);
	hist_record(&h, 2000);
	assert_int_equal(hist_quantile(&h, 500), 1030);
	assert_int_equal(hist_quantile(&h, 501), 2000);
	assert_int_equal(hist_quantile(&h, 5000), 2000);
	hist_record(&h, 1500);
	assert_int_equal(hist_quantile(&h, 600), 1515);
	memset(&h, 0, sizeof(h));
	hist_record(&h, 1ULL << 40);
	hist_record(&h, 1ULL << 50);
	assert_int_equal(hist_quantile(&h, 1), 1ULL << 40);
	assert_int_equal(hist_quantile(&h, 999), 1ULL << 50);
}

static void equal_values_have_exact_quantiles(void **state)
{
	struct hist h = {};

	(void)state;
	for (int i = 0; i < 10; i++)
		hist_record(&h, 1000);
	for (u32 q = 0; q <= 1000; q += 100)
		assert_int_equal(hist_quantile(&h, q), 1000);
}

static void a_rare_large_value_shows_in_p100_only(void **state)
{
	struct hist h = {};

	(void)state;
	for (int i = 0; i < 999; i++)
		hist_record(&h, 100);
	hist_record(&h, 5000000);
	assert_true(hist_quantile(&h, 500) < 128);
	assert_true(hist_quantile(&h, 999) < 128);
	assert_int_equal(hist_quantile(&h, 1000), 5000000);
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void quantiles_lie_in_the_true_values_bucket_and_never_fall(void **state)
{
	static u64 v[5000];

	(void)state;
	srand(3);
	for (int round = 0; round < 60; round++) {
		struct hist h = {};
		u32 n = rand() % ARRAY_SIZE(v) + 1;
		u64 last = 0;

		for (u32 i = 0; i < n; i++) {
			v[i] = ((u64)rand() << 31 | rand()) >> (rand() % 62);
			hist_record(&h, v[i]);
		}
		qsort(v, n, sizeof(v[0]), by_value);
		for (u32 q = 0; q <= 1000; q++) {
			u64 got = hist_quantile(&h, q);
			u32 rank = ((u64)n * q + 999) / 1000;
			u64 want = v[rank ? rank - 1 : 0];

			assert_int_equal(hist_bucket(got), hist_bucket(want));
			assert_true(got >= last);
			assert_true(got >= v[0] && got <= v[n - 1]);
			last = got;
		}
	}
}

static void interpolation_is_near_the_truth_for_even_values(void **state)
{
	struct hist h = {};

	(void)state;
	for (u64 i = 0; i < 100000; i++)
		hist_record(&h, i);
	for (u32 q = 10; q < 1000; q += 10) {
		s64 off = (s64)hist_quantile(&h, q) - (s64)q * 100;

		assert_true(off > -20 && off < 20);
	}
}

static void huge_counts_don_t_overflow(void **state)
{
	struct hist h = {.bucket[10] = 1ULL << 61,
			 .bucket[30] = 1ULL << 60,
			 .max = 1ULL << 29,
			 .min_inv = ~512ULL};

	(void)state;
	assert_int_equal(hist_bucket(hist_quantile(&h, 500)), 10);
	assert_int_equal(hist_bucket(hist_quantile(&h, 900)), 30);
	assert_int_equal(hist_quantile(&h, 1000), 1ULL << 29);
}

static void merging_equals_recording_in_one(void **state)
{
	struct hist a = {}, b = {}, both = {};

	(void)state;
	srand(4);
	for (int i = 0; i < 1000; i++) {
		u64 v = rand() >> (rand() % 30);

		hist_record(i % 3 ? &a : &b, v);
		hist_record(&both, v);
	}
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	memset(&b, 0, sizeof(b));
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_bucket_functions_agree_at_every_border),
		cmocka_unit_test(an_empty_histogram_answers_zero),
		cmocka_unit_test(sum_count_and_extremes_are_exact),
		cmocka_unit_test(two_values_are_the_ends_of_their_bucket),
		cmocka_unit_test(equal_values_have_exact_quantiles),
		cmocka_unit_test(a_rare_large_value_shows_in_p100_only),
		cmocka_unit_test(quantiles_lie_in_the_true_values_bucket_and_never_fall),
		cmocka_unit_test(interpolation_is_near_the_truth_for_even_values),
		cmocka_unit_test(huge_counts_don_t_overflow),
		cmocka_unit_test(merging_equals_recording_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
