/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty bitmaps: sizes as the ABI rounds them, runs found bit by bit, and the
 * ranges that KVM_CLEAR_DIRTY_LOG may name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mem/dirtymap.h"

static void size_is_whole_words_of_64_pages(void **state)
{
	(void)state;
	assert_int_equal(dirtymap_bytes(1), 8);
	assert_int_equal(dirtymap_bytes(64), 8);
	assert_int_equal(dirtymap_bytes(65), 16);
	assert_int_equal(dirtymap_bytes((1ULL << 31) - 1), 1ULL << 28);
	assert_int_equal(dirtymap_bytes(0), 0);
}

static void fill_sets_existing_pages_only(void **state)
{
	(void)state;
	for (u64 pages = 1; pages < 200; pages++) {
		u64 map[5] = {0, 0, 0, 0, 0x5a};

		dirtymap_fill(map, pages);
		for (u64 i = 0; i < 256; i++)
			assert_int_equal(dirtymap_test(map, i), i < pages);
		assert_int_equal(map[4], 0x5a);
		assert_int_equal(dirtymap_count(map, pages), pages);
	}
}

static void bits_behind_the_slot_are_ignored(void **state)
{
	u64 map[2] = {0, ~0ULL}, first, pages;

	(void)state;
	assert_int_equal(dirtymap_count(map, 70), 6);
	assert_true(dirtymap_next_run(map, 70, 0, &first, &pages));
	assert_int_equal(first, 64);
	assert_int_equal(pages, 6);
	assert_false(dirtymap_next_run(map, 64, 0, &first, &pages));
	assert_int_equal(dirtymap_clear_bits(~0ULL, ~0ULL, 70, 1), 0x3f);
	assert_int_equal(dirtymap_clear_bits(0xf0, 0x3c, 70, 0), 0x30);
}

static void runs_agree_with_a_bit_by_bit_search(void **state)
{
	(void)state;
	srand(2);
	for (int round = 0; round < 3000; round++) {
		u64 pages = rand() % 300 + 1, map[5] = {}, at = 0, first, len;
		int density = rand() % 8;

		for (u64 i = 0; i < pages; i++)
			if (rand() % 8 < density)
				map[i / 64] |= 1ULL << (i % 64);
		while (dirtymap_next_run(map, pages, at, &first, &len)) {
			for (; at < first; at++)
				assert_false(map[at / 64] >> (at % 64) & 1);
			assert_true(len > 0 && first + len <= pages);
			for (; at < first + len; at++)
				assert_true(map[at / 64] >> (at % 64) & 1);
			if (at < pages)
				assert_false(map[at / 64] >> (at % 64) & 1);
		}
		for (; at < pages; at++)
			assert_false(map[at / 64] >> (at % 64) & 1);
	}
}

static int clear(u64 first, u32 num, u64 npages)
{
	struct kvm_clear_dirty_log log = {.first_page = first, .num_pages = num};

	return dirtymap_clear_check(&log, npages);
}

static void clear_ranges_follow_the_abi(void **state)
{
	(void)state;
	assert_int_equal(clear(0, 64, 1000), 0);
	assert_int_equal(clear(64, 128, 1000), 0);
	assert_int_equal(clear(960, 40, 1000), 0);
	assert_int_equal(clear(0, 1000, 1000), 0);
	assert_int_equal(clear(0, 0, 1000), 0);
	assert_int_equal(clear(1024, 0, 1024), 0);
	assert_int_equal(clear(1024, 1, 1024), -EINVAL);
	assert_int_equal(clear(1, 64, 1000), -EINVAL);
	assert_int_equal(clear(32, 64, 1000), -EINVAL);
	assert_int_equal(clear(0, 63, 1000), -EINVAL);
	assert_int_equal(clear(960, 39, 1000), -EINVAL);
	assert_int_equal(clear(960, 41, 1000), -EINVAL);
	assert_int_equal(clear(960, 64, 1000), -EINVAL);
	assert_int_equal(clear(1024, 0, 1000), -EINVAL);
	assert_int_equal(clear(-64ULL, 64, 1000), -EINVAL);
	assert_int_equal(clear(0, 0xffffffc0, 1000), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_is_whole_words_of_64_pages),
		cmocka_unit_test(fill_sets_existing_pages_only),
		cmocka_unit_test(bits_behind_the_slot_are_ignored),
		cmocka_unit_test(runs_agree_with_a_bit_by_bit_search),
		cmocka_unit_test(clear_ranges_follow_the_abi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
