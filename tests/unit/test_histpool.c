/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms by key (kvm/stat/histpool.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "stat/histpool.h"

static struct histpool pool;

static int clear(void **state)
{
	(void)state;
	memset(&pool, 0, sizeof(pool));
	histpool_init(&pool);
	return 0;
}

static void a_key_keeps_its_histogram(void **state)
{
	struct hist *first[HISTPOOL_SIZE - 1];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		first[i] = histpool_get(&pool, HIST_KEY(0, i % 24, i * 37));
	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		assert_ptr_equal(histpool_get(&pool, HIST_KEY(0, i % 24, i * 37)), first[i]);
	assert_int_equal(pool.n, ARRAY_SIZE(first));
}

/* The kinds and reasons that SVM has, MMU faults and KVM_EXIT_* beside them. */
static void keys_that_share_a_hash_stay_apart(void **state)
{
	u64 a = HIST_KEY(0, 1, 0x60), b = a;

	(void)state;
	while (++b && histpool_hash(b) != histpool_hash(a))
		;
	hist_record(histpool_get(&pool, a), 10);
	hist_record(histpool_get(&pool, b), 20);
	hist_record(histpool_get(&pool, b), 20);
	assert_int_equal(pool.n, 2);
	assert_int_equal(hist_count(histpool_get(&pool, a)), 1);
	assert_int_equal(hist_count(histpool_get(&pool, b)), 2);
}

/* What lies at the start of the pool, where a free slot points, is no key. */
static void the_first_key_is_not_found_before_it_is_there(void **state)
{
	(void)state;
	for (u32 reason = 0; reason < 300; reason++) {
		memset(&pool, 0, sizeof(pool));
		histpool_init(&pool);
		assert_ptr_equal(histpool_get(&pool, HIST_KEY(0, 0, reason)), &pool.entry[0].hist);
		assert_int_equal(pool.n, 1);
	}
}

static void what_does_not_fit_is_counted_together(void **state)
{
	(void)state;
	for (u32 i = 0; i < 300; i++)
		hist_record(histpool_get(&pool, HIST_KEY(1, 0, i)), i);
	assert_int_equal(pool.n, HISTPOOL_SIZE);
	assert_true(pool.entry[HISTPOOL_SIZE - 1].key == HIST_KEY_OTHER);
	assert_int_equal(hist_count(&pool.entry[HISTPOOL_SIZE - 1].hist),
			 300 - (HISTPOOL_SIZE - 1));
	for (u32 i = 0; i < HISTPOOL_SIZE - 1; i++)
		assert_int_equal(hist_count(&pool.entry[i].hist), 1);
}

static void a_key_says_what_it_is_of(void **state)
{
	u64 key = HIST_KEY(2, 23, 0xffffffff);

	(void)state;
	assert_int_equal(HIST_KEY_ID(key), 2);
	assert_int_equal(HIST_KEY_LABEL(key), 23);
	assert_int_equal(HIST_KEY_REASON(key), 0xffffffff);
	assert_true(key != HIST_KEY_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_key_keeps_its_histogram, clear),
		cmocka_unit_test_setup(keys_that_share_a_hash_stay_apart, clear),
		cmocka_unit_test_setup(the_first_key_is_not_found_before_it_is_there, clear),
		cmocka_unit_test_setup(what_does_not_fit_is_counted_together, clear),
		cmocka_unit_test_setup(a_key_says_what_it_is_of, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
