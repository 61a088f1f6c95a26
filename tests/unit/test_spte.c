/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries for the hardware in both formats, and the largest page for a frame
 * against a search that asks each 4K page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mmu/spte.h"

static const struct spte_fmt *const formats[] = {&spte_fmt_npt, &spte_fmt_ept};

static void npt_entries_are_long_mode_entries(void **state)
{
	const struct spte_fmt *f = &spte_fmt_npt;

	(void)state;
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_RWX_U, 6, 0), 0x12345067ULL);
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_U, 6, 0), 0x8000000012345025ULL);
	assert_int_equal(spte_make_leaf(f, 0x12400, 2, SPTE_U | SPTE_X, 6, 0), 0x124000a5ULL);
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_X, 6, 0), 0x12345021ULL);
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_X | SPTE_W, 6, 0), 0x12345063ULL);
	assert_int_equal(spte_make_table(f, 0x777000), 0x777027ULL);
}

static void ept_entries_are_ept_entries(void **state)
{
	const struct spte_fmt *f = &spte_fmt_ept;

	(void)state;
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_RWX_U, 6, 0), 0x12345337ULL);
	assert_int_equal(spte_make_leaf(f, 0x12345, 1, SPTE_U, 0, 0), 0x12345101ULL);
	assert_int_equal(spte_make_leaf(f, 0x40000, 3, SPTE_W, 6, 0), 0x400003b3ULL);
	assert_int_equal(spte_make_table(f, 0x777000), 0x777107ULL);
}

static void questions_answer_what_was_made(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct spte_fmt *f = formats[i];

		assert_false(spte_present(f, 0));
		for (unsigned int rights = 0; rights < 8; rights++) {
			for (unsigned int level = 1; level <= 3; level++) {
				u64 pfn = 0xabcdULL << 18;
				u64 s = spte_make_leaf(f, pfn, level, rights, 6,
						       SPTE_HOST_WRITABLE);

				assert_true(spte_present(f, s));
				assert_true(spte_leaf(f, s, level));
				assert_true(spte_accessed(f, s));
				assert_int_equal(spte_writable(f, s), !!(rights & SPTE_W));
				assert_int_equal(spte_dirty(f, s), !!(rights & SPTE_W));
				assert_int_equal(spte_executable(f, s), !!(rights & SPTE_X));
				assert_int_equal(spte_pfn(f, s), pfn);
				assert_true(s & SPTE_HOST_WRITABLE);
			}
		}
		assert_true(spte_present(f, spte_make_table(f, 0x1000)));
		assert_false(spte_leaf(f, spte_make_table(f, 0x1000), 2));
		assert_int_equal(spte_table(f, spte_make_table(f, 0x123456000)), 0x123456000);
		assert_true(spte_writable(f, spte_make_table(f, 0x1000)));
		assert_true(spte_executable(f, spte_make_table(f, 0x1000)));
	}
}

/* SDM vol. 3, "EPT misconfigurations": bit 1 set with bit 0 clear is one on every CPU. */
static void the_mark_for_mmio_is_misconfigured_and_nothing_else(void **state)
{
	const struct spte_fmt *f = &spte_fmt_ept;

	(void)state;
	assert_int_equal(f->mmio & 3, 2);
	assert_int_equal(f->mmio & f->addr_mask, 0);
	assert_false(spte_present(f, f->mmio));
	/* None of what is made otherwise is misconfigured so, with or without the dirty log. */
	for (unsigned int rights = 0; rights < 8; rights++) {
		for (unsigned int level = 1; level <= 3; level++) {
			u64 s = spte_make_leaf(f, 0, level, rights, 6, SPTE_HOST_WRITABLE);

			assert_int_equal(s & 1, 1);
			assert_int_equal(spte_write_protect(f, s) & 1, 1);
			assert_int_equal(spte_unprotect(f, s) & 1, 1);
			if (level > 1)
				assert_int_equal(spte_split(f, s, level, 511) & 1, 1);
		}
	}
	assert_int_equal(spte_make_table(f, 0) & 1, 1);
	/* Taken for a leaf by mistake, it would lose its meaning and gain none. */
	assert_int_equal(spte_write_protect(f, f->mmio), 0);
	/* In an NPT entry every bit pattern without P is the same. */
	assert_int_equal(spte_fmt_npt.mmio, 0);
}

static void encryption_bit_is_in_entries_but_not_in_addresses(void **state)
{
	struct spte_fmt f = spte_fmt_npt;
	u64 s;

	(void)state;
	f.encrypt = 1ULL << 47;
	f.addr_mask &= ~f.encrypt;
	s = spte_make_leaf(&f, 0x1234, 1, SPTE_RWX_U, 6, 0);
	assert_true(s & f.encrypt);
	assert_int_equal(spte_pfn(&f, s), 0x1234);
	s = spte_make_table(&f, 0x5000);
	assert_true(s & f.encrypt);
	assert_int_equal(spte_table(&f, s), 0x5000);
}

static void write_protection_for_the_log_can_be_undone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct spte_fmt *f = formats[i];
		u64 rw = spte_make_leaf(f, 0x99, 1, SPTE_RWX_U, 6, SPTE_HOST_WRITABLE);
		u64 ro = spte_make_leaf(f, 0x99, 1, SPTE_X | SPTE_U, 6, 0);
		u64 p = spte_write_protect(f, rw);

		assert_false(spte_writable(f, p));
		assert_true(spte_present(f, p));
		assert_true(spte_may_unprotect(p));
		assert_int_equal(spte_unprotect(f, p), rw);
		assert_int_equal(spte_write_protect(f, p), p);
		/* What was read-only stays so. */
		assert_int_equal(spte_write_protect(f, ro), ro);
		assert_false(spte_may_unprotect(ro));
		/* A page mapped read-only at first, because it is logged, gets what it would have had. */
		ro = spte_make_leaf(f, 0x99, 1, SPTE_X | SPTE_U, 6, SPTE_HOST_WRITABLE);
		assert_true(spte_may_unprotect(ro));
		assert_int_equal(spte_unprotect(f, ro), rw);
	}
}

static void clean_leaves_differ_in_the_dirty_bit_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct spte_fmt *f = formats[i];
		u64 rw = spte_make_leaf(f, 0x99, 1, SPTE_RWX_U, 6, SPTE_HOST_WRITABLE);
		u64 clean =
			spte_make_leaf(f, 0x99, 1, SPTE_RWX_U | SPTE_CLEAN, 6, SPTE_HOST_WRITABLE);

		assert_true(spte_dirty(f, rw));
		assert_int_equal(clean, rw & ~f->dirty);
		assert_true(spte_writable(f, clean) && spte_accessed(f, clean));
		assert_int_equal(spte_unprotect_clean(f, rw), clean);
		assert_int_equal(spte_unprotect_clean(f, spte_write_protect(f, rw)), clean);
		assert_int_equal(spte_unprotect(f, clean), rw);
	}
}

static void memory_types_reach_the_format(void **state)
{
	u64 wb, uc;

	(void)state;
	wb = spte_make_leaf(&spte_fmt_npt, 0x99, 1, SPTE_RWX_U, 6, 0);
	uc = spte_make_leaf(&spte_fmt_npt, 0x99, 1, SPTE_RWX_U, 0, 0);
	assert_int_equal(uc ^ wb, 0x18); /* PCD and PWT */
	for (u8 type = 0; type < 8; type++)
		assert_int_equal(
			spte_make_leaf(&spte_fmt_ept, 0x99, 1, SPTE_RWX_U, type, 0) >> 3 & 7, type);
}

static void splitting_keeps_rights_and_covers_the_same_frames(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct spte_fmt *f = formats[i];

		for (unsigned int level = 2; level <= 3; level++) {
			u64 pfn = 0x5ULL << 18;
			u64 big = spte_make_leaf(f, pfn, level, SPTE_W | SPTE_U, 6,
						 SPTE_HOST_WRITABLE);

			for (unsigned int n = 0; n < 512; n++) {
				u64 s = spte_split(f, big, level, n);
				u64 want = spte_make_leaf(f, pfn + n * spte_level_pages(level - 1),
							  level - 1, SPTE_W | SPTE_U, 6,
							  SPTE_HOST_WRITABLE);

				assert_int_equal(s, want);
			}
		}
	}
}

static void levels_have_their_sizes_and_indices(void **state)
{
	(void)state;
	assert_int_equal(spte_level_shift(1), 12);
	assert_int_equal(spte_level_shift(2), 21);
	assert_int_equal(spte_level_shift(3), 30);
	assert_int_equal(spte_level_pages(2), 512);
	assert_int_equal(spte_index(0x12345, 1), 0x145);
	assert_int_equal(spte_index(0x12345, 2), 0x91);
	assert_int_equal(spte_index(~0ULL >> 12, 4), 511);
	assert_int_equal(spte_level_base(0x12345, 2), 0x12200);
}

/* May [start, start + pages) be one page: inside of the slot, congruent? */
static bool fits(u64 start, u64 pages, u64 base, u64 npages, u64 hva)
{
	if (start < base || start + pages > base + npages)
		return false;
	return (hva / 4096 + (start - base)) % pages == 0;
}

static void max_level_agrees_with_asking_each_level(void **state)
{
	int seen[4] = {};

	(void)state;
	srand(9);
	for (int i = 0; i < 300000; i++) {
		u64 base = rand() % 4 ? (rand() % 64) * 512ULL + (rand() % 8 ? 0 : rand() % 512)
				      : (rand() % 4) * 262144ULL;
		u64 npages = rand() % 2 ? rand() % 2000 + 1 : rand() % 600000 + 1;
		u64 gfn = base + rand() % npages;
		u64 hva = rand() % 4 ? (base % 262144 + 262144ULL * (rand() % 9)) * 4096
				     : (rand() % 4096) * 4096ULL;
		unsigned int host = rand() % 3 + 1, cap = rand() % 3 + 1, want = 1;

		for (unsigned int level = 2; level <= min(host, cap); level++) {
			u64 pages = level == 2 ? 512 : 262144;

			if (fits(gfn - gfn % pages, pages, base, npages, hva))
				want = level;
		}
		assert_int_equal(spte_max_level(gfn, base, npages, hva, host, cap), want);
		seen[want]++;
	}
	assert_true(seen[1] > 1000 && seen[2] > 1000 && seen[3] > 1000);
	assert_int_equal(spte_max_level(0, 0, 1ULL << 18, 0, 0, 3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(npt_entries_are_long_mode_entries),
		cmocka_unit_test(ept_entries_are_ept_entries),
		cmocka_unit_test(questions_answer_what_was_made),
		cmocka_unit_test(the_mark_for_mmio_is_misconfigured_and_nothing_else),
		cmocka_unit_test(encryption_bit_is_in_entries_but_not_in_addresses),
		cmocka_unit_test(write_protection_for_the_log_can_be_undone),
		cmocka_unit_test(clean_leaves_differ_in_the_dirty_bit_alone),
		cmocka_unit_test(memory_types_reach_the_format),
		cmocka_unit_test(splitting_keeps_rights_and_covers_the_same_frames),
		cmocka_unit_test(levels_have_their_sizes_and_indices),
		cmocka_unit_test(max_level_agrees_with_asking_each_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
