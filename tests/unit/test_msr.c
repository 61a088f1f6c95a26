/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs: the table's own order, the validity rule of each register, what is
 * listed, what QEMU has to get through with, and the filter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/msr_rules.h"

static const struct cpuid_guest_caps amd = {
	.spec_ctrl_allowed = 7,
	.gpa_reserved = ~0ULL << 40,
	.maxphyaddr = 40,
	.kvm_features = GKVM_CLOCKSOURCE | GKVM_CLOCKSOURCE2,
	.vendor = CPU_VENDOR_AMD,
	.lm = true,
	.nx = true,
	.pat = true,
	.mtrr = true,
	.mce = true,
	.rdtscp = true,
	.tsc_adjust = true,
	.ibpb = true,
	.osvw = true,
};
static struct cpuid_guest_caps intel;
static const struct cpuid_guest_caps bare = {.vendor = CPU_VENDOR_AMD, .gpa_reserved = ~0ULL << 36};
static struct msr_store store;

static int setup(void **state)
{
	(void)state;
	intel = amd;
	intel.vendor = CPU_VENDOR_INTEL;
	memset(&store, 0, sizeof(store));
	msr_rule_mce_setup(&store, MSR_MCG_CAP_SUPPORTED | 10);
	msr_rule_reset(&store);
	return 0;
}

/* A write; what is kept comes back in *val. */
static enum msr_rule_result write_val(const struct cpuid_guest_caps *c, u32 index, u64 *val,
				      bool host)
{
	const struct msr_rule *r = msr_rule_find(index);

	return r ? msr_rule_write(r, index, val, c, &store, host) : MSR_RULE_NONE;
}

static enum msr_rule_result guest_write(u32 index, u64 val)
{
	return write_val(&amd, index, &val, false);
}

static enum msr_rule_result host_write(u32 index, u64 val)
{
	return write_val(&amd, index, &val, true);
}

static enum msr_rule_result guest_read(u32 index)
{
	const struct msr_rule *r = msr_rule_find(index);

	return r ? msr_rule_read(r, index, &amd, &store, false) : MSR_RULE_NONE;
}

static u64 value(u32 index)
{
	const struct msr_rule *r = msr_rule_find(index);

	assert_non_null(r);
	return msr_rule_value(r, index, &store);
}

#define OK   MSR_RULE_OK
#define GP   MSR_RULE_GP
#define DROP MSR_RULE_DROP
#define NONE MSR_RULE_NONE

/* Asks about every index anywhere near a rule; any disorder of the table shows as a gap. */
static void the_table_is_sorted_and_every_row_reachable(void **state)
{
	static const u32 from[] = {0, 0x40000000, 0x4b564d00, 0xc0000000, 0xc0010000, 0xc0011000};
	const struct msr_rule *last = NULL;
	u32 last_end = 0, rows = 0;

	(void)state;
	for (unsigned int b = 0; b < ARRAY_SIZE(from); b++) {
		for (u32 i = from[b]; i < from[b] + 0x1000; i++) {
			const struct msr_rule *r = msr_rule_find(i);

			if (!r || r == last)
				continue;
			assert_true(!last || r > last);
			assert_true(r->first == i && r->first >= last_end);
			if (last)
				assert_ptr_equal(r, last + 1); /* none skipped */
			if (r->home == MSR_HOME_STORE)
				assert_true((u32)r->slot + r->count <= MSR_SLOTS);
			last = r;
			last_end = r->first + r->count;
			rows++;
		}
	}
	assert_true(rows > 60);
	assert_null(msr_rule_find(0x2d));
	assert_null(msr_rule_find(0x7a));
	assert_null(msr_rule_find(0x480));
	assert_null(msr_rule_find(0xffffffff));
	assert_null(msr_rule_find(0xc0011028)); /* a known #GP of Linux guests */
	assert_null(msr_rule_find(0xc0010117)); /* no nested SVM */
}

static void stored_msrs_have_slots_of_their_own(void **state)
{
	bool used[MSR_SLOTS] = {};

	(void)state;
	for (u32 i = 0; i < 0x1000; i++) {
		for (int b = 0; b < 3; b++) {
			u32 index = i + (b == 0 ? 0 : b == 1 ? 0xc0010000 : 0xc0011000);
			const struct msr_rule *r = msr_rule_find(index);

			if (!r || r->home != MSR_HOME_STORE || (b == 1 && i >= 0x1000))
				continue;
			if (b == 1 && index >= 0xc0011000)
				continue;
			assert_false(used[msr_rule_slot(r, index)]);
			used[msr_rule_slot(r, index)] = true;
		}
	}
}

static void addresses_have_to_be_canonical(void **state)
{
	static const u32 msrs[] = {GMSR_LSTAR, GMSR_CSTAR, GMSR_FS_BASE, GMSR_GS_BASE,
				   GMSR_KERNEL_GS_BASE};
	u64 val = 1ULL << 47;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++) {
		assert_int_equal(guest_write(msrs[i], 0x7fffffffffffULL), OK);
		assert_int_equal(guest_write(msrs[i], 0xffff800000000000ULL), OK);
		assert_int_equal(guest_write(msrs[i], 1ULL << 47), GP);
		assert_int_equal(host_write(msrs[i], 1ULL << 63), GP);
	}
	assert_int_equal(write_val(&amd, GMSR_SYSENTER_EIP, &val, false), OK);
	assert_int_equal(val, 0xffff800000000000ULL);
	val = 1ULL << 47;
	assert_int_equal(write_val(&intel, GMSR_SYSENTER_EIP, &val, false), GP);
}

static void pat_takes_the_six_types_only(void **state)
{
	(void)state;
	for (int type = 0; type < 256; type++) {
		bool ok = type <= 1 || (type >= 4 && type <= 7);

		for (int byte = 0; byte < 8; byte++) {
			u64 val = 0x0007040600070406ULL;

			val &= ~(0xffULL << byte * 8);
			val |= (u64)type << byte * 8;
			assert_int_equal(guest_write(GMSR_PAT, val), ok ? OK : GP);
		}
	}
}

static void mtrrs_check_types_and_reserved_bits(void **state)
{
	(void)state;
	for (u64 type = 0; type < 256; type++) {
		bool ok = type == 0 || type == 1 || type == 4 || type == 5 || type == 6;

		assert_int_equal(guest_write(GMSR_MTRR_DEF_TYPE, 0xc00 | type), ok ? OK : GP);
		assert_int_equal(guest_write(0x200, 0x1000 | type), ok ? OK : GP);
		for (int byte = 0; byte < 8; byte++)
			assert_int_equal(guest_write(0x250, type << byte * 8), ok ? OK : GP);
	}
	assert_int_equal(guest_write(GMSR_MTRR_DEF_TYPE, 0x106), GP);
	assert_int_equal(guest_write(GMSR_MTRR_DEF_TYPE, 1ULL << 12), GP);
	assert_int_equal(guest_write(0x201, 0xff80000800ULL), OK); /* mask, valid */
	assert_int_equal(guest_write(0x201, 0xff80000400ULL), GP);
	assert_int_equal(guest_write(0x20f, 1ULL << 40), GP);
	assert_int_equal(guest_write(0x20e, 1ULL << 40), GP);
	assert_int_equal(guest_write(0x20e, 1ULL << 39), OK);
	assert_int_equal(guest_write(0x200, 0x100), GP);
	assert_int_equal(guest_write(0x210, 0), NONE);
	assert_int_equal(guest_write(0x259, 0x0606060606060606ULL), OK);
	assert_int_equal(guest_write(0x26f, 0x0506060606060606ULL), OK);
	assert_int_equal(value(GMSR_MTRR_CAP), 0x508);
	assert_int_equal(guest_write(GMSR_MTRR_CAP, 0x508), GP);
}

static void each_mtrr_has_its_own_slot(void **state)
{
	static const u32 fixed[] = {0x250, 0x258, 0x259, 0x268, 0x26b, 0x26f, 0x200, 0x20f, 0x2ff};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++)
		store.val[msr_rule_slot(msr_rule_find(fixed[i]), fixed[i])] = i + 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++)
		assert_int_equal(value(fixed[i]), i + 1);
}

static void tsc_aux_has_32_bits(void **state)
{
	u64 val = 0x100000005ULL;

	(void)state;
	assert_int_equal(write_val(&amd, GMSR_TSC_AUX, &val, false), OK);
	assert_int_equal(val, 5);
	val = 0x100000005ULL;
	assert_int_equal(write_val(&intel, GMSR_TSC_AUX, &val, false), GP);
	assert_int_equal(write_val(&bare, GMSR_TSC_AUX, &val, false), NONE);
}

static void speculation_msrs_follow_cpuid(void **state)
{
	u64 zero = 0;

	(void)state;
	for (int bit = 0; bit < 64; bit++)
		assert_int_equal(guest_write(GMSR_SPEC_CTRL, 1ULL << bit), bit < 3 ? OK : GP);
	assert_int_equal(write_val(&bare, GMSR_SPEC_CTRL, &zero, false), NONE);
	assert_int_equal(guest_write(GMSR_PRED_CMD, 1), OK);
	assert_int_equal(guest_write(GMSR_PRED_CMD, 2), GP);
	assert_int_equal(guest_read(GMSR_PRED_CMD), GP);
	assert_int_equal(write_val(&bare, GMSR_PRED_CMD, &zero, false), NONE);
}

static void apic_base_values(void **state)
{
	struct cpuid_guest_caps x2 = amd;

	(void)state;
	x2.x2apic = true;
	assert_true(msr_rule_apic_base(0xfee00900, &amd));
	assert_true(msr_rule_apic_base(1 << 11, &amd));
	assert_true(msr_rule_apic_base(0, &amd));
	assert_false(msr_rule_apic_base(1 << 10, &amd));
	assert_false(msr_rule_apic_base(1 << 10, &x2));
	assert_false(msr_rule_apic_base(0xfee00d00, &amd));
	assert_true(msr_rule_apic_base(0xfee00d00, &x2));
	assert_false(msr_rule_apic_base(0xfee00a00, &amd)); /* bit 9 */
	assert_false(msr_rule_apic_base(0xfee00901, &amd));
	assert_false(msr_rule_apic_base(1ULL << 40 | 0x900, &amd));
	assert_int_equal(guest_write(GMSR_APIC_BASE, 0xfee00d00), GP);
}

static void apic_mode_steps_follow_the_diagram(void **state)
{
	const u64 off = 0, x1 = GAPIC_BASE_EN, x2 = GAPIC_BASE_EN | GAPIC_BASE_EXTD;

	(void)state;
	assert_true(msr_rule_apic_base_step(off, x1));
	assert_true(msr_rule_apic_base_step(x1, x2));
	assert_true(msr_rule_apic_base_step(x2, off));
	assert_true(msr_rule_apic_base_step(x1, off));
	assert_true(msr_rule_apic_base_step(x2, x2));
	assert_false(msr_rule_apic_base_step(off, x2));
	assert_false(msr_rule_apic_base_step(x2, x1));
}

static void kvm_clock_msrs_are_aligned_and_need_the_feature(void **state)
{
	u64 val = 0x1001;

	(void)state;
	assert_int_equal(guest_write(GMSR_KVM_SYSTEM_TIME, 0x1001), OK);
	assert_int_equal(guest_write(GMSR_KVM_SYSTEM_TIME, 0x1002), GP);
	assert_int_equal(guest_write(GMSR_KVM_WALL_CLOCK, 0x1004), OK);
	assert_int_equal(guest_write(GMSR_KVM_WALL_CLOCK, 0x1002), GP);
	assert_int_equal(guest_write(GMSR_KVM_SYSTEM_TIME_OLD, 0x1001), OK);
	assert_int_equal(write_val(&bare, GMSR_KVM_SYSTEM_TIME, &val, false), NONE);
	assert_int_equal(write_val(&bare, GMSR_KVM_WALL_CLOCK_OLD, &val, false), NONE);
}

static void paravirtual_msrs_are_there_with_their_feature(void **state)
{
	static const u32 never[] = {GMSR_KVM_ASYNC_PF_EN, GMSR_KVM_POLL_CONTROL,
				    GMSR_KVM_ASYNC_PF_INT, GMSR_KVM_ASYNC_PF_ACK};
	static const struct {
		u32 msr, feature;
		u64 reserved;
	} have[] = {{GMSR_KVM_STEAL_TIME, GKVM_STEAL_TIME, 0x3e},
		    {GMSR_KVM_PV_EOI_EN, GKVM_PV_EOI, 2}};
	struct cpuid_guest_caps with = amd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		assert_int_equal(guest_read(never[i]), NONE);
		assert_int_equal(guest_write(never[i], 0), NONE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(have); i++) {
		u64 val = 0x1000 | 1;

		with.kvm_features = 0;
		assert_int_equal(write_val(&with, have[i].msr, &val, false), NONE);
		with.kvm_features = have[i].feature;
		assert_int_equal(write_val(&with, have[i].msr, &val, false), OK);
		for (u64 bit = 1; bit < 64; bit <<= 1) {
			val = 0x1000 | bit;
			assert_int_equal(write_val(&with, have[i].msr, &val, false),
					 bit & have[i].reserved ? GP : OK);
		}
	}
}

static void machine_check_banks_exist_as_many_as_were_set_up(void **state)
{
	(void)state;
	assert_int_equal(guest_read(0x400 + 10 * 4 - 1), OK);
	assert_int_equal(guest_read(0x400 + 10 * 4), NONE);
	assert_int_equal(value(0x400), ~0ULL);
	assert_int_equal(value(0x400 + 9 * 4), ~0ULL);
	assert_int_equal(guest_write(0x404, 0), OK);
	assert_int_equal(guest_write(0x404, ~0ULL), OK);
	assert_int_equal(guest_write(0x410, ~(1ULL << 10)), OK);
	assert_int_equal(guest_write(0x404, 5), GP);
	assert_int_equal(host_write(0x404, 5), OK);
	assert_int_equal(guest_write(0x401, 0), OK);
	assert_int_equal(guest_write(0x401, 1), GP);
	assert_int_equal(host_write(0x401, 1), OK);
	assert_int_equal(guest_write(0x402, 0x1234), OK);
	store.val[MSR_SLOT_HWCR] |= 1 << 18; /* McStatusWrEn */
	assert_int_equal(guest_write(0x401, 1), OK);

	assert_int_equal(value(GMSR_MCG_CAP), MSR_MCG_CAP_SUPPORTED | 10);
	assert_int_equal(guest_write(GMSR_MCG_CAP, value(GMSR_MCG_CAP)), GP);
	assert_int_equal(host_write(GMSR_MCG_CAP, value(GMSR_MCG_CAP)), DROP);
	assert_int_equal(host_write(GMSR_MCG_CAP, 1), GP);
	assert_int_equal(guest_write(GMSR_MCG_CTL, 0), OK);
	assert_int_equal(guest_write(GMSR_MCG_CTL, 1), GP);
	assert_int_equal(store.val[MSR_SLOT_MC_BANKS + 10 * 4], 0); /* no such bank */
	msr_rule_mce_setup(&store, 4);
	msr_rule_reset(&store);
	assert_int_equal(store.val[MSR_SLOT_MCG_CTL], 0);
	assert_int_equal(guest_read(GMSR_MCG_CTL), NONE);
}

static void mce_capabilities_are_bounded(void **state)
{
	(void)state;
	assert_true(msr_rule_mcg_cap(0x100010a)); /* QEMU's */
	assert_true(msr_rule_mcg_cap(32));
	assert_true(msr_rule_mcg_cap(1));
	assert_false(msr_rule_mcg_cap(33));
	assert_false(msr_rule_mcg_cap(0x100));
	assert_false(msr_rule_mcg_cap(1ULL << 27 | 1));
}

static void amd_odds_and_ends_read_zero_and_swallow_writes(void **state)
{
	static const u32 msrs[] = {0xc0010000, 0xc0010003, 0xc0010007, 0xc0010010, 0xc001001f,
				   0xc0010055, 0xc0010058, 0xc0011022, 0xc001102a, 0xc001001a};
	u64 val = 0x123;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++) {
		assert_int_equal(guest_write(msrs[i], 0x123), DROP);
		assert_int_equal(guest_read(msrs[i]), OK);
		assert_int_equal(value(msrs[i]), 0);
		assert_int_equal(write_val(&intel, msrs[i], &val, false), NONE);
	}
	assert_int_equal(guest_read(0x1a0), NONE); /* and Intel's aren't there */
	assert_int_equal(guest_read(0xcd), NONE);
}

static void hwcr_keeps_two_bits_and_ignores_the_firmware_switches(void **state)
{
	u64 val = 1 << 18 | 1 << 24 | 1 << 3 | 1 << 6 | 1 << 8 | 1 << 17;

	(void)state;
	assert_int_equal(value(GMSR_HWCR), 1 << 24);
	assert_int_equal(write_val(&amd, GMSR_HWCR, &val, false), OK);
	assert_int_equal(val, 1 << 18 | 1 << 24);
	assert_int_equal(guest_write(GMSR_HWCR, 1), GP);
	assert_int_equal(guest_write(GMSR_HWCR, 1ULL << 32), GP);
}

static void microcode_revision_is_userspaces_to_set(void **state)
{
	(void)state;
	assert_int_equal(host_write(GMSR_UCODE_REV, 0x1000065), OK);
	assert_int_equal(guest_write(GMSR_UCODE_REV, 0), DROP);
	assert_int_equal(guest_read(GMSR_UCODE_REV), OK);
	assert_int_equal(guest_write(GMSR_DE_CFG, 2), OK);
	assert_int_equal(guest_write(GMSR_DE_CFG, 4), GP);
	assert_int_equal(guest_write(GMSR_PATCH_LOADER, 0x1000), DROP);
	assert_int_equal(guest_read(GMSR_PATCH_LOADER), GP);
}

static void feature_control_is_fixed_once_locked(void **state)
{
	u64 one = 1, four = 4;

	(void)state;
	assert_int_equal(write_val(&intel, GMSR_FEATURE_CONTROL, &four, false), GP);
	assert_int_equal(write_val(&intel, GMSR_FEATURE_CONTROL, &one, false), OK);
	store.val[MSR_SLOT_FEATURE_CONTROL] = 1;
	assert_int_equal(write_val(&intel, GMSR_FEATURE_CONTROL, &one, false), GP);
	assert_int_equal(write_val(&intel, GMSR_FEATURE_CONTROL, &one, true), OK);
}

static bool listed(const u32 *list, u32 n, u32 msr)
{
	for (u32 i = 0; i < n; i++)
		if (list[i] == msr)
			return true;
	return false;
}

static void the_list_has_what_exists_and_takes_a_zero_from_userspace(void **state)
{
	static const u32 must[] = {
		0x174,	    0x175,	0x176, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
		0xc0000102, 0xc0000103, 0x10,  0x3b,	   0x277,      0x48,	   0x17a,
		0x17b,	    0x8b,	0x11,  0x12,	   0x4b564d00, 0x4b564d01, 0x6e0};
	static const u32 must_not[] = {0x3a,	   0x1a0, 0x9e,	      0x34,  0xc0010117,
				       0xc0000104, 0x10a, 0x4b564d06, 0x400, 0x200};
	u32 list[MSR_RULE_MAX_LIST], n, small[3];

	(void)state;
	n = msr_rule_index_list(&amd, list, MSR_RULE_MAX_LIST);
	assert_true(n > 15 && n <= MSR_RULE_MAX_LIST);
	for (unsigned int i = 0; i < ARRAY_SIZE(must); i++)
		assert_true(listed(list, n, must[i]));
	for (unsigned int i = 0; i < ARRAY_SIZE(must_not); i++)
		assert_false(listed(list, n, must_not[i]));
	assert_int_equal(msr_rule_index_list(&amd, small, 3), n);
	for (u32 i = 0; i < n; i++) {
		const struct msr_rule *r = msr_rule_find(list[i]);
		enum msr_rule_result res = host_write(list[i], 0);

		assert_true(res == OK || res == DROP);
		/* Even on a vCPU without the feature. */
		u64 zero = 0, one = 1;

		res = write_val(&bare, list[i], &zero, true);
		assert_true(res == OK || res == DROP);
		if (!msr_rule_exists(r, list[i], &bare, &store))
			assert_int_equal(write_val(&bare, list[i], &one, true), NONE);
		assert_int_equal(msr_rule_read(r, list[i], &bare, &store, true), OK);
	}
	n = msr_rule_feature_list(&amd, list, MSR_RULE_MAX_LIST);
	assert_int_equal(n, 2);
	assert_true(listed(list, n, 0x8b) && listed(list, n, 0xc0011029));
}

/* The full put of QEMU 7.2 with a userspace LAPIC, as far as it doesn't depend on lists. */
static void everything_that_qemu_puts_unconditionally_is_taken(void **state)
{
	static const struct {
		u32 index;
		u64 val;
	} put[] = {
		{0x174, 0},	 {0x175, 0},
		{0x176, 0},	 {0x277, 0x0007040600070406ULL},
		{0xc0000081, 0}, {0xc0000082, 0},
		{0xc0000083, 0}, {0xc0000084, 0},
		{0xc0000102, 0}, {0xc0000103, 0},
		{0x3b, 0},	 {0x48, 0},
		{0x10, 0},	 {0x11, 0},
		{0x12, 0},	 {0x4b564d02, 0},
		{0x4b564d03, 0}, {0x4b564d04, 0},
		{0x4b564d06, 0}, {0x2ff, 0},
		{0x2ff, 0xc06},	 {0x17a, 0},
		{0x17b, ~0ULL},	 {0x8b, 0x1000065},
		{0x250, 0},	 {0x258, 0x0606060606060606ULL},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(put); i++) {
		enum msr_rule_result r = host_write(put[i].index, put[i].val);

		assert_true(r == OK || r == DROP);
	}
	for (u32 i = 0; i < 16; i++)
		assert_int_equal(host_write(0x200 + i, 0), OK);
	for (u32 i = 0; i < 10; i++) {
		assert_int_equal(host_write(0x400 + i * 4, ~0ULL), OK);
		for (u32 j = 1; j < 4; j++)
			assert_int_equal(host_write(0x400 + i * 4 + j, 0), OK);
	}
}

static void reset_keeps_the_mce_capability(void **state)
{
	(void)state;
	store.val[MSR_SLOT_MTRR_DEF_TYPE] = 6;
	store.val[MSR_SLOT_MC_BANKS + 1] = 99;
	msr_rule_reset(&store);
	assert_int_equal(store.val[MSR_SLOT_MTRR_DEF_TYPE], 0);
	assert_int_equal(store.val[MSR_SLOT_MC_BANKS + 1], 0);
	assert_int_equal(store.val[MSR_SLOT_MCG_CAP], MSR_MCG_CAP_SUPPORTED | 10);
	assert_int_equal(store.val[MSR_SLOT_MC_BANKS + 4], ~0ULL);
}

/* ---- The filter ---- */

static __u8 bits_a[] = {0x05, 0x80}, bits_b[] = {0xff};

static struct kvm_msr_filter make_filter(u32 flags)
{
	return (struct kvm_msr_filter){
		.flags = flags,
		.ranges =
			{
				[1] = {.flags = KVM_MSR_FILTER_READ,
				       .nmsrs = 16,
				       .base = 0x100,
				       .bitmap = bits_a},
				[4] = {.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
				       .nmsrs = 8,
				       .base = 0x104,
				       .bitmap = bits_b},
				[5] = {.flags = KVM_MSR_FILTER_WRITE,
				       .nmsrs = 8,
				       .base = 0xfffffffc,
				       .bitmap = bits_b},
			},
	};
}

static void the_first_matching_range_decides(void **state)
{
	struct kvm_msr_filter deny = make_filter(KVM_MSR_FILTER_DEFAULT_DENY);
	struct kvm_msr_filter allow = make_filter(0);

	(void)state;
	for (u32 i = 0; i < 16; i++) {
		bool bit = i == 0 || i == 2 || i == 15;

		assert_int_equal(msr_filter_allows(&deny, 0x100 + i, false), bit);
		assert_int_equal(msr_filter_allows(&allow, 0x100 + i, false), bit);
		/* Writes aren't the first range's business. */
		assert_int_equal(msr_filter_allows(&deny, 0x100 + i, true), i >= 4 && i < 12);
		assert_true(msr_filter_allows(&allow, 0x100 + i, true));
	}
	assert_false(msr_filter_allows(&deny, 0xff, false));
	assert_false(msr_filter_allows(&deny, 0x110, false));
	assert_true(msr_filter_allows(&allow, 0x110, false));
	assert_true(msr_filter_allows(&deny, 0xfffffffd, true));
	assert_false(msr_filter_allows(&deny, 1, true)); /* a range doesn't wrap */
}

static void x2apic_msrs_are_never_filtered(void **state)
{
	struct kvm_msr_filter deny = make_filter(KVM_MSR_FILTER_DEFAULT_DENY);

	(void)state;
	assert_true(msr_filter_allows(&deny, 0x800, true));
	assert_true(msr_filter_allows(&deny, 0x8ff, false));
	assert_false(msr_filter_allows(&deny, 0x7ff, true));
	assert_false(msr_filter_allows(&deny, 0x900, true));
}

static void filters_are_checked_as_the_abi_says(void **state)
{
	struct kvm_msr_filter f = make_filter(0);
	u32 bytes[KVM_MSR_FILTER_MAX_RANGES];

	(void)state;
	assert_int_equal(msr_filter_check(&f, bytes), 0);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1], 2);
	assert_int_equal(bytes[4], 1);
	f.ranges[1].nmsrs = 17;
	assert_int_equal(msr_filter_check(&f, bytes), 0);
	assert_int_equal(bytes[1], 3);
	f.ranges[1].nmsrs = KVM_MSR_FILTER_MAX_BITMAP_SIZE * 8;
	assert_int_equal(msr_filter_check(&f, bytes), 0);
	assert_int_equal(bytes[1], KVM_MSR_FILTER_MAX_BITMAP_SIZE);
	f.ranges[1].nmsrs++;
	assert_int_equal(msr_filter_check(&f, bytes), -EINVAL);
	f = make_filter(2);
	assert_int_equal(msr_filter_check(&f, bytes), -EINVAL);
	f = make_filter(0);
	f.ranges[5].flags = 4;
	assert_int_equal(msr_filter_check(&f, bytes), -EINVAL);
	f = make_filter(KVM_MSR_FILTER_DEFAULT_DENY);
	assert_int_equal(msr_filter_check(&f, bytes), 0);
	memset(&f, 0, sizeof(f));
	assert_int_equal(msr_filter_check(&f, bytes), 0);
	f.flags = KVM_MSR_FILTER_DEFAULT_DENY;
	assert_int_equal(msr_filter_check(&f, bytes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_table_is_sorted_and_every_row_reachable, setup),
		cmocka_unit_test_setup(stored_msrs_have_slots_of_their_own, setup),
		cmocka_unit_test_setup(addresses_have_to_be_canonical, setup),
		cmocka_unit_test_setup(pat_takes_the_six_types_only, setup),
		cmocka_unit_test_setup(mtrrs_check_types_and_reserved_bits, setup),
		cmocka_unit_test_setup(each_mtrr_has_its_own_slot, setup),
		cmocka_unit_test_setup(tsc_aux_has_32_bits, setup),
		cmocka_unit_test_setup(speculation_msrs_follow_cpuid, setup),
		cmocka_unit_test_setup(apic_base_values, setup),
		cmocka_unit_test_setup(apic_mode_steps_follow_the_diagram, setup),
		cmocka_unit_test_setup(kvm_clock_msrs_are_aligned_and_need_the_feature, setup),
		cmocka_unit_test_setup(paravirtual_msrs_are_there_with_their_feature, setup),
		cmocka_unit_test_setup(machine_check_banks_exist_as_many_as_were_set_up, setup),
		cmocka_unit_test_setup(mce_capabilities_are_bounded, setup),
		cmocka_unit_test_setup(amd_odds_and_ends_read_zero_and_swallow_writes, setup),
		cmocka_unit_test_setup(hwcr_keeps_two_bits_and_ignores_the_firmware_switches,
				       setup),
		cmocka_unit_test_setup(microcode_revision_is_userspaces_to_set, setup),
		cmocka_unit_test_setup(feature_control_is_fixed_once_locked, setup),
		cmocka_unit_test_setup(the_list_has_what_exists_and_takes_a_zero_from_userspace,
				       setup),
		cmocka_unit_test_setup(everything_that_qemu_puts_unconditionally_is_taken, setup),
		cmocka_unit_test_setup(reset_keeps_the_mce_capability, setup),
		cmocka_unit_test_setup(the_first_matching_range_decides, setup),
		cmocka_unit_test_setup(x2apic_msrs_are_never_filtered, setup),
		cmocka_unit_test_setup(filters_are_checked_as_the_abi_says, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
