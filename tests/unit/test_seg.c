/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments: descriptors as a Linux GDT has them, modes, privilege, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/seg.h"

static void known_descriptors_unpack_to_their_fields(void **state)
{
	struct kvm_segment s;

	(void)state;
	memset(&s, 0x5a, sizeof(s));
	seg_unpack(0x00af9b000000ffffULL, 0x10, &s); /* 64-bit kernel code */
	assert_int_equal(s.selector, 0x10);
	assert_int_equal(s.base, 0);
	assert_int_equal(s.limit, 0xffffffff);
	assert_int_equal(s.type, 0xb);
	assert_int_equal(s.s, 1);
	assert_int_equal(s.dpl, 0);
	assert_int_equal(s.present, 1);
	assert_int_equal(s.l, 1);
	assert_int_equal(s.db, 0);
	assert_int_equal(s.g, 1);
	assert_int_equal(s.unusable, 0);
	assert_int_equal(s.padding, 0);

	seg_unpack(0x00cff3000000ffffULL, 0x2b, &s); /* 32-bit user data */
	assert_int_equal(s.dpl, 3);
	assert_int_equal(s.db, 1);
	assert_int_equal(s.type, 3);

	seg_unpack(0x12008b3456782067ULL, 0x40, &s); /* busy TSS */
	assert_int_equal(s.base, 0x12345678);
	assert_int_equal(s.limit, 0x2067);
	assert_int_equal(s.s, 0);
	assert_int_equal(s.type, SEG_SYS_TSS_BUSY);

	seg_unpack(0, 0, &s);
	assert_int_equal(s.present, 0);
	assert_int_equal(s.unusable, 1);
}

static void packing_undoes_unpacking_for_any_descriptor(void **state)
{
	(void)state;
	srand(6);
	for (int i = 0; i < 200000; i++) {
		u64 d = (u64)rand() << 42 ^ (u64)rand() << 21 ^ (u64)rand();
		struct kvm_segment s;

		seg_unpack(d, 0x1234, &s);
		assert_int_equal(seg_pack(&s), d);
		assert_int_equal(s.selector, 0x1234);
	}
	for (int bit = 0; bit < 64; bit++) {
		struct kvm_segment s;

		seg_unpack(1ULL << bit, 0, &s);
		assert_int_equal(seg_pack(&s), 1ULL << bit);
	}
}

static void real_mode_load_changes_base_and_selector_only(void **state)
{
	struct kvm_segment s, was;

	(void)state;
	seg_unpack(0x00cf93000000ffffULL, 8, &s);
	was = s;
	seg_load_real(0xf123, &s);
	assert_int_equal(s.base, 0xf1230);
	assert_int_equal(s.selector, 0xf123);
	s.base = was.base;
	s.selector = was.selector;
	assert_memory_equal(&s, &was, sizeof(s));
	seg_load_vm86(0x40, &s);
	assert_int_equal(s.base, 0x400);
	assert_int_equal(s.dpl, 3);
	assert_int_equal(s.limit, 0xffff);
	assert_int_equal(s.db, 0);
}

static void reset_state_is_the_manuals(void **state)
{
	struct kvm_segment s;

	(void)state;
	seg_reset_cs(&s);
	assert_int_equal(s.selector, 0xf000);
	assert_int_equal(s.base, 0xffff0000);
	assert_int_equal(s.limit, 0xffff);
	assert_int_equal(s.type, 0xb);
	assert_int_equal(s.present, 1);
	seg_reset_data(&s);
	assert_int_equal(s.type, 3);
	assert_int_equal(s.s, 1);
	assert_int_equal(s.base, 0);
	seg_reset_ldt(&s);
	assert_int_equal(s.type, 2);
	assert_int_equal(s.s, 0);
	seg_reset_tr(&s);
	assert_int_equal(s.type, 3);
	assert_int_equal(s.s, 0);
	assert_int_equal(s.limit, 0xffff);
}

static void cpl_comes_from_ss_in_protected_mode_only(void **state)
{
	struct kvm_segment ss = {.dpl = 2};

	(void)state;
	assert_int_equal(seg_cpl(0, 0, &ss), 0);
	assert_int_equal(seg_cpl(X86_CR0_PE, 0, &ss), 2);
	assert_int_equal(seg_cpl(X86_CR0_PE, X86_EFLAGS_VM, &ss), 3);
	assert_int_equal(seg_cpl(0, X86_EFLAGS_VM, &ss), 0);
}

static void modes_follow_pe_lma_vm_l_and_d(void **state)
{
	struct kvm_segment c16 = {}, c32 = {.db = 1}, c64 = {.l = 1};
	const u64 pe = X86_CR0_PE, lma = GEFER_LMA | GEFER_LME, vm = X86_EFLAGS_VM;

	(void)state;
	assert_int_equal(seg_mode(0, 0, 0, &c32), SEG_MODE_REAL);
	assert_int_equal(seg_mode(pe, 0, 0, &c16), SEG_MODE_PROT16);
	assert_int_equal(seg_mode(pe, 0, 0, &c32), SEG_MODE_PROT32);
	assert_int_equal(seg_mode(pe, 0, 0, &c64), SEG_MODE_PROT16);
	assert_int_equal(seg_mode(pe, 0, vm, &c32), SEG_MODE_VM86);
	assert_int_equal(seg_mode(pe, lma, 0, &c64), SEG_MODE_LONG);
	assert_int_equal(seg_mode(pe, lma, 0, &c32), SEG_MODE_PROT32);
	assert_int_equal(seg_mode(pe, lma, 0, &c16), SEG_MODE_PROT16);
	assert_int_equal(seg_mode(pe, GEFER_LME, 0, &c32), SEG_MODE_PROT32);
	assert_int_equal(seg_mode_ip_mask(SEG_MODE_VM86), 0xffff);
	assert_int_equal(seg_mode_ip_mask(SEG_MODE_PROT32), 0xffffffff);
	assert_int_equal(seg_mode_address_bytes(SEG_MODE_LONG), 8);
	assert_int_equal(seg_mode_address_bytes(SEG_MODE_PROT16), 2);
}

static struct kvm_segment data_seg(u32 limit, u8 type, u8 db)
{
	return (struct kvm_segment){.limit = limit, .type = type, .s = 1, .present = 1, .db = db};
}

static void expand_up_limits_include_the_last_byte(void **state)
{
	struct kvm_segment s = data_seg(0xfff, 3, 1), flat = data_seg(0xffffffff, 3, 1);

	(void)state;
	assert_true(seg_access_ok(&s, 0xfff, 1, true));
	assert_false(seg_access_ok(&s, 0xfff, 2, true));
	assert_true(seg_access_ok(&s, 0xffc, 4, true));
	assert_false(seg_access_ok(&s, 0x1000, 1, false));
	assert_true(seg_access_ok(&s, 0x5000, 0, true)); /* nothing to access */
	assert_true(seg_access_ok(&flat, 0xffffffff, 1, true));
	assert_false(seg_access_ok(&flat, 0xffffffff, 2, true));
}

static void expand_down_limits_are_the_other_side(void **state)
{
	struct kvm_segment big = data_seg(0xfff, 7, 1), small = data_seg(0xfff, 7, 0);

	(void)state;
	assert_false(seg_access_ok(&big, 0xfff, 1, true));
	assert_true(seg_access_ok(&big, 0x1000, 1, true));
	assert_true(seg_access_ok(&big, 0xffffffff, 1, true));
	assert_false(seg_access_ok(&big, 0xffffffff, 2, true));
	assert_true(seg_access_ok(&small, 0xffff, 1, true));
	assert_false(seg_access_ok(&small, 0xffff, 2, true));
	assert_false(seg_access_ok(&small, 0x10000, 1, true));
}

static void types_decide_about_reading_and_writing(void **state)
{
	struct kvm_segment s = data_seg(0xffff, 0, 0);
	static const bool writable[16] = {[2] = 1, [3] = 1, [6] = 1, [7] = 1};
	static const bool readable[16] = {1, 1, 1,	  1,	    1,	      1,
					  1, 1, [10] = 1, [11] = 1, [14] = 1, [15] = 1};

	(void)state;
	for (s.type = 0; s.type < 16; s.type++) {
		u32 off = (s.type & 0xc) == 4 ? 16 : 0; /* expand-down: above the limit */

		s.limit = (s.type & 0xc) == 4 ? 0 : 0xffff;
		assert_int_equal(seg_access_ok(&s, off, 1, true), writable[s.type]);
		assert_int_equal(seg_access_ok(&s, off, 1, false), readable[s.type]);
	}
	s = data_seg(0xffff, 3, 0);
	s.unusable = 1;
	assert_false(seg_access_ok(&s, 0, 1, false));
	s.unusable = 0;
	s.present = 0;
	assert_false(seg_access_ok(&s, 0, 1, false));
	s.present = 1;
	s.s = 0;
	assert_false(seg_access_ok(&s, 0, 1, false));
	/* Real mode has limits but no types. */
	seg_reset_cs(&s);
	assert_false(seg_access_ok(&s, 0, 1, true));
	assert_true(seg_limit_ok(&s, 0xffff, 1));
	assert_false(seg_limit_ok(&s, 0xffff, 2));
}

static void canonical_addresses_depend_on_la57(void **state)
{
	(void)state;
	assert_true(seg_canonical(0x00007fffffffffffULL, false));
	assert_false(seg_canonical(0x0000800000000000ULL, false));
	assert_true(seg_canonical(0xffff800000000000ULL, false));
	assert_false(seg_canonical(0xffff7fffffffffffULL, false));
	assert_true(seg_canonical(0x0000800000000000ULL, true));
	assert_false(seg_canonical(0x0100000000000000ULL, true));
	assert_true(seg_canonical(0xff00000000000000ULL, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_descriptors_unpack_to_their_fields),
		cmocka_unit_test(packing_undoes_unpacking_for_any_descriptor),
		cmocka_unit_test(real_mode_load_changes_base_and_selector_only),
		cmocka_unit_test(reset_state_is_the_manuals),
		cmocka_unit_test(cpl_comes_from_ss_in_protected_mode_only),
		cmocka_unit_test(modes_follow_pe_lma_vm_l_and_d),
		cmocka_unit_test(expand_up_limits_include_the_last_byte),
		cmocka_unit_test(expand_down_limits_are_the_other_side),
		cmocka_unit_test(types_decide_about_reading_and_writing),
		cmocka_unit_test(canonical_addresses_depend_on_la57),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
