/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID: the policy on made-up hosts (one that has every bit, one that has
 * none), the answers of a guest's table, and what follows from it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/cpuid_rules.h"

/* ---- Hosts ---- */

enum host_kind { HOST_AMD, HOST_INTEL };

struct host {
	enum host_kind kind;
	u32 fill; /* every register that has no better value */
};

static void host_read(void *ctx, u32 leaf, u32 sub, u32 regs[4])
{
	const struct host *h = ctx;

	for (int i = 0; i < 4; i++)
		regs[i] = h->fill;
	switch (leaf) {
	case 0:
		regs[0] = 0x20;
		regs[1] = h->kind == HOST_AMD ? 0x68747541 : 0x756e6547;
		regs[2] = h->kind == HOST_AMD ? 0x444d4163 : 0x6c65746e;
		regs[3] = h->kind == HOST_AMD ? 0x69746e65 : 0x49656e69;
		break;
	case 4:
	case 0x8000001d:
		regs[0] = sub < 3 ? sub + 1 : 0;
		break;
	case 7:
		if (!sub)
			regs[0] = 2;
		break;
	case 0xd:
		if (sub < 2)
			break;
		regs[0] = sub == 2 ? 256 : sub == 9 ? 8 : 64;
		regs[1] = sub == 2 ? 576 : sub == 9 ? 2688 : 832 + sub * 64;
		regs[2] = 0;
		break;
	case 0x80000000:
		regs[0] = 0x80000028;
		break;
	case 0x80000008:
		regs[0] = 0x003934 & 0xffff;
		break;
	}
}

static struct host amd_all = {HOST_AMD, ~0U}, amd_none = {HOST_AMD, 0},
		   intel_all = {HOST_INTEL, ~0U};

static const struct cpuid_host_caps caps_all = {
	.vendor = CPU_VENDOR_AMD,
	.maxphyaddr = 48,
	.xcr0 = GXCR0_X87 | GXCR0_SSE | GXCR0_AVX | GXCR0_PKRU,
	.kvm_features = GKVM_CLOCKSOURCE | GKVM_CLOCKSOURCE2,
	.tdp = true,
	.pku = true,
	.la57 = true,
	.spec_ctrl = true,
	.ibpb = true,
	.tsc_aux = true,
	.pcid = true,
	.umip = true,
	.x2apic = true,
	.tsc_deadline = true,
};

static const struct cpuid_host_caps caps_none = {
	.vendor = CPU_VENDOR_AMD,
	.maxphyaddr = 40,
	.xcr0 = 0,
};

static struct kvm_cpuid_entry2 out[CPUID_MAX_ENTRIES];
static struct cpuid_table table;
static u32 n;

static void build(struct host *h, const struct cpuid_host_caps *caps)
{
	assert_int_equal(cpuid_rule_supported(host_read, h, caps, out, ARRAY_SIZE(out), &n), 0);
	assert_int_equal(cpuid_rule_set(&table, out, n), 0);
}

static const struct kvm_cpuid_entry2 *entry(u32 leaf, u32 sub)
{
	const struct kvm_cpuid_entry2 *e = cpuid_rule_find(&table, leaf, sub);

	assert_non_null(e);
	return e;
}

/* ---- Policy ---- */

static void features_without_an_implementation_never_show(void **state)
{
	(void)state;
	build(&amd_all, &caps_all);
	/* MONITOR VMX SMX OSXSAVE; 64-bit DTES; PDCM */
	assert_int_equal(entry(1, 0)->ecx & (1 << 3 | 1 << 5 | 1 << 6 | 1 << 27 | 1 << 2 | 1 << 15),
			 0);
	assert_int_equal(entry(1, 0)->edx & (1 << 10 | 1 << 18 | 1 << 21 | 1 << 22),
			 0); /* PSN DS ACPI */
	assert_int_equal(entry(7, 0)->ebx & (1 << 2 | 1 << 12 | 1 << 14 | 1 << 25),
			 0); /* SGX PQM MPX PT */
	assert_int_equal(entry(7, 0)->ecx & (1 << 4 | 1 << 5 | 1 << 7 | 1U << 31),
			 0); /* OSPKE WAITPKG CET PKS */
	assert_int_equal(entry(7, 0)->edx & (1 << 20 | 1 << 22 | 1 << 24 | 1 << 29),
			 0);			       /* IBT AMX ARCH_CAP */
	assert_int_equal(entry(0xd, 1)->eax & ~7U, 0); /* XSAVES, XFD */
	/* SVM EXTAPIC IBS SKINIT LWP PERFCTR MWAITX */
	assert_int_equal(entry(0x80000001, 0)->ecx & (1 << 2 | 1 << 3 | 1 << 10 | 1 << 12 |
						      1 << 15 | 1 << 23 | 1 << 29),
			 0);
	assert_int_equal(entry(0x80000008, 0)->ebx & (1 << 4 | 1 << 25), 0); /* RDPRU VIRT_SSBD */
	assert_null(cpuid_rule_find(&table, 0x8000000a, 0));		     /* SVM */
	assert_null(cpuid_rule_find(&table, 0x8000001f, 0));		     /* SEV */
	assert_null(cpuid_rule_find(&table, 0xa, 0));			     /* PMU */
}

/* The whole policy, bit by bit, written down a second time from the manuals' tables. */
static void a_host_with_every_bit_shows_exactly_these(void **state)
{
	static const struct {
		u32 leaf, sub, eax, ebx, ecx, edx, avx512_ebx, avx512_ecx, avx512_edx, avx512_eax;
	} want[] = {
		{0x1, 0, ~0U, 0xffff, 0xf7fa3203, 0x0f8bfbff, 0, 0, 0, 0},
		{0x7, 0, 1, 0x219c2ffb, 0x1a41070d, 0x8c014410, 0xdc230000, 0x5842, 0x80010c, 0},
		{0x7, 1, 0x00801c90, 0, 0, 0x4030, 0, 0, 0, 0x20},
		{0xd, 1, 7, 0, 0, 0, 0, 0, 0, 0},
		{0x80000001, 0, ~0U, ~0U, 0x00610bf3, 0xefd3fbff, 0, 0, 0, 0},
		{0x80000007, 0, 0, 0, 0, 0x100, 0, 0, 0, 0},
		{0x80000008, 0, 57 << 8 | 48, 0x351ad205, 0xf0ff, 0, 0, 0, 0, 0},
		{0x80000019, 0, ~0U, ~0U, 0, 0, 0, 0, 0, 0},
		{0x8000001a, 0, 7, 0, 0, 0, 0, 0, 0, 0},
		{0x8000001e, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		{0x80000021, 0, 0x245, 0, 0, 0, 0, 0, 0, 0},
		{0x6, 0, 4, 0, 0, 0, 0, 0, 0, 0},
		{0xb, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	struct cpuid_host_caps caps = caps_all;

	(void)state;
	for (int avx512 = 0; avx512 < 2; avx512++) {
		caps.xcr0 = caps_all.xcr0 | (avx512 ? GXCR0_AVX512 : 0);
		build(&amd_all, &caps);
		for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
			const struct kvm_cpuid_entry2 *e = entry(want[i].leaf, want[i].sub);

			assert_int_equal(e->eax, want[i].eax | (avx512 ? want[i].avx512_eax : 0));
			assert_int_equal(e->ebx, want[i].ebx | (avx512 ? want[i].avx512_ebx : 0));
			assert_int_equal(e->ecx, want[i].ecx | (avx512 ? want[i].avx512_ecx : 0));
			assert_int_equal(e->edx, want[i].edx | (avx512 ? want[i].avx512_edx : 0));
		}
	}
}

static void without_avx_state_nothing_of_the_vex_family_shows(void **state)
{
	struct cpuid_host_caps caps = caps_all;

	(void)state;
	caps.xcr0 = GXCR0_X87 | GXCR0_SSE;
	build(&amd_all, &caps);
	assert_int_equal(entry(1, 0)->ecx & (1 << 12 | 1 << 28 | 1 << 29), 0);
	assert_true(entry(1, 0)->ecx & 1 << 26);
	assert_int_equal(entry(7, 0)->ebx & (1 << 5 | 1 << 16), 0);
	assert_int_equal(entry(7, 0)->ecx & (1 << 9 | 1 << 10), 0);
	assert_int_equal(entry(7, 1)->eax & (1 << 4 | 1 << 5 | 1 << 23), 0);
	assert_int_equal(entry(7, 1)->edx & (1 << 4 | 1 << 5), 0);
	assert_int_equal(entry(0x80000001, 0)->ecx & (1 << 11 | 1 << 16), 0);
	assert_int_equal(entry(0xd, 0)->ecx, 576);
}

static void features_that_need_no_help_pass_if_the_host_has_them(void **state)
{
	static const u32 ecx1[] = {0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 28, 29, 30};
	static const u32 ebx7[] = {0, 3, 5, 7, 8, 9, 18, 19, 20, 23, 24, 29};

	(void)state;
	for (int has = 0; has < 2; has++) {
		build(has ? &amd_all : &amd_none, &caps_all);
		for (unsigned int i = 0; i < ARRAY_SIZE(ecx1); i++)
			assert_int_equal(entry(1, 0)->ecx >> ecx1[i] & 1, has);
		if (!has)
			continue; /* that host has no leaf 7 sub-leaf worth asking */
		for (unsigned int i = 0; i < ARRAY_SIZE(ebx7); i++)
			assert_int_equal(entry(7, 0)->ebx >> ebx7[i] & 1, 1);
		assert_int_equal(entry(0x80000001, 0)->edx & (1 << 11 | 1 << 20 | 1 << 29),
				 1 << 11 | 1 << 20 | 1 << 29);
	}
}

static void features_that_need_help_wait_for_the_driver(void **state)
{
	const struct {
		u32 leaf, reg, bit;
	} f[] = {
		{1, 2, 17},	     {1, 2, 21},	  {1, 2, 24},	       {1, 2, 26},
		{1, 2, 28},	     {7, 1, 10},	  {7, 1, 16},	       {7, 2, 2},
		{7, 2, 3},	     {7, 2, 16},	  {7, 2, 22},	       {7, 3, 26},
		{7, 3, 27},	     {7, 3, 31},	  {0x80000001, 3, 26}, {0x80000001, 3, 27},
		{0x80000008, 1, 12}, {0x80000008, 1, 14}, {0x80000008, 1, 15}, {0x80000008, 1, 24},
		{0x80000008, 1, 28},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(f); i++) {
		u32 regs[4];

		build(&amd_all, &caps_none);
		assert_true(cpuid_rule_query(&table, f[i].leaf, 0, regs));
		assert_int_equal(regs[f[i].reg] >> f[i].bit & 1, 0);
		if (f[i].leaf == 7 && f[i].bit == 16 && f[i].reg == 1)
			continue; /* AVX-512 isn't in caps_all's XCR0 either */
		build(&amd_all, &caps_all);
		assert_true(cpuid_rule_query(&table, f[i].leaf, 0, regs));
		assert_int_equal(regs[f[i].reg] >> f[i].bit & 1, 1);
	}
}

/* Each help taken away alone takes exactly its own bits away. */
static void each_missing_help_hides_its_own_bits_only(void **state)
{
	static struct cpuid_host_caps caps;
	static const struct {
		bool *field;
		u32 leaf[2], reg[2], bits[2];
	} help[] = {
		{&caps.pcid, {1, 7}, {2, 1}, {1 << 17, 1 << 10}},
		{&caps.x2apic, {1}, {2}, {1 << 21}},
		{&caps.tsc_deadline, {1}, {2}, {1 << 24}},
		{&caps.umip, {7}, {2}, {1 << 2}},
		{&caps.pku, {7}, {2}, {1 << 3}},
		{&caps.la57, {7, 0x80000008}, {2, 0}, {1 << 16, (57 ^ 48) << 8}},
		{&caps.tsc_aux, {7, 0x80000001}, {2, 3}, {1 << 22, 1 << 27}},
		{&caps.tdp, {0x80000001}, {3}, {1 << 26}},
		{&caps.ibpb, {7, 0x80000008}, {3, 1}, {1 << 26, 1 << 12}},
		{&caps.spec_ctrl,
		 {7, 0x80000008},
		 {3, 1},
		 {1U << 26 | 1U << 27 | 1U << 31,
		  1 << 14 | 1 << 15 | 1 << 17 | 1 << 19 | 1 << 24 | 1 << 28}},
	};
	static struct kvm_cpuid_entry2 all[CPUID_MAX_ENTRIES];
	u32 count;

	(void)state;
	build(&amd_all, &caps_all);
	memcpy(all, out, sizeof(all));
	count = n;
	for (unsigned int h = 0; h < ARRAY_SIZE(help); h++) {
		caps = caps_all;
		*help[h].field = false;
		build(&amd_all, &caps);
		assert_int_equal(n, count);
		for (u32 i = 0; i < n; i++) {
			u32 diff[4] = {all[i].eax ^ out[i].eax, all[i].ebx ^ out[i].ebx,
				       all[i].ecx ^ out[i].ecx, all[i].edx ^ out[i].edx};

			for (int j = 0; j < 2; j++) {
				if (help[h].leaf[j] == out[i].function && !out[i].index &&
				    help[h].bits[j]) {
					assert_int_equal(diff[help[h].reg[j]], help[h].bits[j]);
					diff[help[h].reg[j]] = 0;
				}
			}
			assert_int_equal(diff[0] | diff[1] | diff[2] | diff[3], 0);
		}
	}
}

static void what_the_driver_gives_shows_on_any_host(void **state)
{
	(void)state;
	build(&amd_none, &caps_all);
	assert_int_equal(entry(1, 0)->ecx, GCPUID_1_ECX_HYPERVISOR | GCPUID_1_ECX_X2APIC);
	assert_int_equal(entry(1, 0)->eax | entry(1, 0)->ebx | entry(1, 0)->edx, 0);
	assert_int_equal(entry(7, 0)->eax, 1);
	assert_int_equal(entry(7, 0)->ebx, GCPUID_7_EBX_TSC_ADJUST);
	assert_int_equal(entry(7, 0)->ecx | entry(7, 0)->edx, 0);
	assert_int_equal(entry(0x40000001, 0)->ebx | entry(0x40000001, 0)->ecx |
				 entry(0x40000001, 0)->edx,
			 0);
	assert_true(entry(7, 0)->ebx & GCPUID_7_EBX_TSC_ADJUST);
	assert_int_equal(entry(0x40000000, 0)->eax, 0x40000001);
	assert_int_equal(entry(0x40000000, 0)->ebx, 0x4b4d564b);
	assert_int_equal(entry(0x40000000, 0)->ecx, 0x564b4d56);
	assert_int_equal(entry(0x40000000, 0)->edx, 0x4d);
	assert_int_equal(entry(0x40000001, 0)->eax, caps_all.kvm_features);
	assert_int_equal(entry(0x80000008, 0)->ebx & GCPUID_88_EBX_NO_LMSLE,
			 GCPUID_88_EBX_NO_LMSLE);
}

static void numbers_are_bounded_by_what_is_supported(void **state)
{
	(void)state;
	build(&amd_all, &caps_all);
	assert_int_equal(entry(0, 0)->eax, 0xd);
	assert_int_equal(entry(0x80000000, 0)->eax, 0x80000021);
	assert_int_equal(entry(7, 0)->eax, 1);
	assert_int_equal(entry(0x80000008, 0)->eax, 57 << 8 | 48);
	assert_int_equal(entry(1, 0)->ebx >> 16, 0); /* no APIC id or CPU count of the host */
	build(&amd_all, &caps_none);
	assert_int_equal(entry(0x80000008, 0)->eax, 48 << 8 | 40);
}

static void xsave_leaf_has_the_states_of_xcr0_and_their_size(void **state)
{
	(void)state;
	build(&amd_all, &caps_all);
	assert_int_equal(entry(0xd, 0)->eax, caps_all.xcr0);
	assert_int_equal(entry(0xd, 0)->edx, 0);
	assert_int_equal(entry(0xd, 0)->ebx, 576);
	assert_int_equal(entry(0xd, 0)->ecx, 2688 + 8);
	assert_int_equal(entry(0xd, 2)->eax, 256);
	assert_int_equal(entry(0xd, 9)->ebx, 2688);
	assert_null(cpuid_rule_find(&table, 0xd, 5));
	build(&amd_all, &caps_none);
	assert_int_equal(entry(0xd, 0)->eax | entry(0xd, 0)->ebx | entry(0xd, 1)->eax, 0);
}

static void sub_leaves_are_flagged_significant(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cpuid_host_caps caps = caps_all;

		caps.vendor = i ? CPU_VENDOR_INTEL : CPU_VENDOR_AMD;
		build(i ? &intel_all : &amd_all, &caps);
		for (u32 j = 0; j < n; j++) {
			u32 leaf = out[j].function;
			bool want = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd ||
				    leaf == 0x8000001d;

			assert_int_equal(out[j].flags, want ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0);
			assert_int_equal(out[j].padding[0] | out[j].padding[1] | out[j].padding[2],
					 0);
			for (u32 k = 0; k < j; k++)
				assert_false(out[k].function == leaf &&
					     out[k].index == out[j].index);
		}
		/* Cache leaves: three caches and the end. */
		assert_int_equal(entry(i ? 4 : 0x8000001d, 3)->eax, 0);
		assert_int_equal(entry(i ? 4 : 0x8000001d, 2)->eax, 3);
		assert_int_equal(!!cpuid_rule_find(&table, 4, 0), i);
	}
}

static void too_small_a_buffer_is_e2big_with_the_count(void **state)
{
	u32 all, got;

	(void)state;
	build(&amd_all, &caps_all);
	all = n;
	for (u32 max = 0; max < all; max++) {
		out[max].function = 0x5a5a5a5a;
		assert_int_equal(
			cpuid_rule_supported(host_read, &amd_all, &caps_all, out, max, &got),
			-E2BIG);
		assert_int_equal(got, all);
		assert_int_equal(out[max].function, 0x5a5a5a5a);
	}
	assert_int_equal(cpuid_rule_supported(host_read, &amd_all, &caps_all, out, all, &got), 0);
}

static void nothing_is_claimed_to_be_emulated(void **state)
{
	(void)state;
	assert_int_equal(cpuid_rule_emulated(out, 0, &n), -E2BIG);
	assert_int_equal(cpuid_rule_emulated(out, 5, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(out[0].function | out[0].eax | out[0].ecx, 0);
}

static void an_unknown_leaf_is_masked_to_nothing(void **state)
{
	struct kvm_cpuid_entry2 e = {
		.function = 0x12, .eax = ~0U, .ebx = ~0U, .ecx = ~0U, .edx = ~0U};

	(void)state;
	cpuid_rule_mask_entry(&e, &caps_all);
	assert_int_equal(e.eax | e.ebx | e.ecx | e.edx, 0);
}

/* ---- A guest's table ---- */

static struct kvm_cpuid_entry2 e2(u32 leaf, u32 index, u32 flags, u32 eax)
{
	return (struct kvm_cpuid_entry2){.function = leaf,
					 .index = index,
					 .flags = flags,
					 .eax = eax,
					 .ebx = leaf ^ 0x1111,
					 .ecx = index,
					 .edx = 0x2222};
}

#define SIG KVM_CPUID_FLAG_SIGNIFCANT_INDEX

static struct kvm_cpuid_entry2 guest[] = {
	{.function = 0x80000000, .eax = 0x80000008},
	{.function = 0x80000001, .eax = 0x81, .edx = 1 << 29 | 1 << 20},
	{.function = 0, .eax = 0xd, .ebx = 0x68747541, .ecx = 0x444d4163, .edx = 0x69746e65},
	{.function = 0xb, .index = 0, .flags = SIG, .eax = 1, .edx = 0x77},
	{.function = 1, .eax = 0x11, .ecx = 1 << 26},
	{.function = 7, .index = 0, .flags = SIG, .eax = 0x70, .ecx = 1 << 3},
	{.function = 4, .index = 1, .flags = SIG, .eax = 0x41},
	{.function = 4, .index = 0, .flags = SIG, .eax = 0x40},
	{.function = 6, .index = 3, .eax = 0x63},
	{.function = 6, .index = 0, .eax = 0x60},
	{.function = 0xd, .index = 0, .flags = SIG, .eax = 7},
	{.function = 0xd, .index = 1, .flags = SIG, .eax = 7},
	{.function = 0xd, .index = 2, .flags = SIG, .eax = 256, .ebx = 576},
	{.function = 0xd, .index = 9, .flags = SIG, .eax = 8, .ebx = 2688, .ecx = 2},
	{.function = 0x40000000, .eax = 0},
	{.function = 0x40000001, .eax = 0x41},
	{.function = 0x40000100, .eax = 0x4100},
	{.function = 0xc0000001, .eax = 0xc1},
	{.function = 0x1000, .eax = 0x10000},
};

static void set_guest(u32 vendor)
{
	guest[2].ebx = vendor == CPU_VENDOR_INTEL ? 0x756e6547 : 0x68747541;
	guest[2].edx = vendor == CPU_VENDOR_INTEL ? 0x49656e69 : 0x69746e65;
	guest[2].ecx = vendor == CPU_VENDOR_INTEL ? 0x6c65746e : 0x444d4163;
	assert_int_equal(cpuid_rule_set(&table, guest, ARRAY_SIZE(guest)), 0);
	assert_int_equal(table.vendor, vendor);
}

static u32 ask(u32 leaf, u32 sub, bool want_found)
{
	u32 regs[4] = {1, 1, 1, 1};

	assert_int_equal(cpuid_rule_query(&table, leaf, sub, regs), want_found);
	return regs[0];
}

static void entries_are_found_by_leaf_and_sub_leaf(void **state)
{
	(void)state;
	set_guest(CPU_VENDOR_AMD);
	for (unsigned int i = 0; i < ARRAY_SIZE(guest); i++)
		if (guest[i].function != 6)
			assert_int_equal(ask(guest[i].function, guest[i].index, true),
					 guest[i].eax);
	assert_int_equal(ask(1, 99, true), 0x11); /* no sub-leaves */
	assert_int_equal(ask(6, 0, true), 0x63);  /* the first of several */
	assert_int_equal(ask(4, 2, false), 0);
	assert_int_equal(ask(5, 0, false), 0);
	assert_ptr_equal(cpuid_rule_find(&table, 4, 1), &table.entry[6]);
	/* The order that userspace gave stays. */
	assert_memory_equal(table.entry, guest, sizeof(guest));
}

static void leaves_beyond_the_maximum_differ_by_vendor(void **state)
{
	(void)state;
	set_guest(CPU_VENDOR_AMD);
	assert_int_equal(ask(0xe, 0, false), 0);
	assert_int_equal(ask(0x80000009, 0, false), 0);
	set_guest(CPU_VENDOR_INTEL);
	assert_int_equal(ask(0xe, 0, false), 7);
	assert_int_equal(ask(0xe, 2, false), 256);
	assert_int_equal(ask(0x80000009, 0, false), 7);
	assert_int_equal(ask(0x40000002, 1, false), 7);
	assert_int_equal(ask(0xffffffff, 0, false), 7);
	assert_int_equal(ask(5, 0, false), 0);		/* within the maximum */
	assert_int_equal(ask(0x80000005, 0, false), 0); /* too */
	assert_int_equal(ask(0x1000, 0, true),
			 0x10000); /* there it is, whatever the maximum says */
}

static void missing_topology_levels_echo_their_number_and_the_id(void **state)
{
	u32 regs[4];

	(void)state;
	set_guest(CPU_VENDOR_INTEL);
	assert_false(cpuid_rule_query(&table, 0xb, 0x305, regs));
	assert_int_equal(regs[0] | regs[1], 0);
	assert_int_equal(regs[2], 5);
	assert_int_equal(regs[3], 0x77);
	/* Only topology leaves do so. */
	assert_false(cpuid_rule_query(&table, 4, 9, regs));
	assert_int_equal(regs[0] | regs[1] | regs[2] | regs[3], 0);
}

static void an_empty_table_answers_zeros(void **state)
{
	(void)state;
	assert_int_equal(cpuid_rule_set(&table, guest, 0), 0);
	assert_int_equal(ask(0, 0, false), 0);
	assert_int_equal(ask(0x80000000, 0, false), 0);
	assert_int_equal(ask(0xffffffff, 0, false), 0);
}

static void tables_too_long_or_with_odd_address_widths_are_refused(void **state)
{
	static struct kvm_cpuid_entry2 many[CPUID_MAX_ENTRIES + 1];
	struct kvm_cpuid_entry2 e = {.function = 0x80000008};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = e2(i, 0, 0, i);
	assert_int_equal(cpuid_rule_set(&table, many, ARRAY_SIZE(many)), -E2BIG);
	assert_int_equal(cpuid_rule_set(&table, many, CPUID_MAX_ENTRIES), 0);
	for (u32 i = 0; i < CPUID_MAX_ENTRIES; i++)
		assert_int_equal(ask(i, 0, true), i);
	for (u32 bits = 0; bits < 256; bits++) {
		e.eax = bits << 8 | 40;
		assert_int_equal(cpuid_rule_set(&table, &e, 1),
				 bits == 0 || bits == 48 || bits == 57 ? 0 : -EINVAL);
	}
}

static void random_tables_are_searched_right(void **state)
{
	static struct kvm_cpuid_entry2 r[CPUID_MAX_ENTRIES];
	static const u32 bases[] = {0, 0x40000000, 0x80000000, 0x30, 0xc0000000, 0x400000f0};

	(void)state;
	srand(10);
	for (int round = 0; round < 200; round++) {
		u32 count = rand() % 257;

		for (u32 i = 0; i < count; i++)
			r[i] = e2(bases[rand() % 6] + rand() % 80, rand() % 4, rand() % 2 ? SIG : 0,
				  i);
		for (u32 i = 0; i < count; i++)
			if (r[i].function == 0x80000008)
				r[i].function = 0x80000007;
		assert_int_equal(cpuid_rule_set(&table, r, count), 0);
		for (int q = 0; q < 500; q++) {
			u32 leaf = bases[rand() % 6] + rand() % 80, sub = rand() % 5, i;
			const struct kvm_cpuid_entry2 *e = cpuid_rule_find(&table, leaf, sub);

			for (i = 0; i < count; i++)
				if (r[i].function == leaf &&
				    (!(r[i].flags & SIG) || r[i].index == sub))
					break;
			if (i < count)
				assert_ptr_equal(e, &table.entry[i]);
			else
				assert_null(e);
		}
	}
}

static void dynamic_bits_follow_the_registers(void **state)
{
	(void)state;
	set_guest(CPU_VENDOR_AMD);
	cpuid_rule_dynamic(&table, X86_CR4_OSXSAVE | X86_CR4_PKE, 7, 0, GAPIC_BASE_EN);
	assert_int_equal(entry(1, 0)->ecx, 1U << 26 | 1U << 27);
	assert_int_equal(entry(1, 0)->edx, 1 << 9);
	assert_int_equal(entry(7, 0)->ecx, 1 << 3 | 1 << 4);
	assert_int_equal(entry(0xd, 0)->ebx, 576 + 256);
	assert_int_equal(entry(0xd, 1)->ebx, 576 + 256);
	cpuid_rule_dynamic(&table, 0, 0x203, 0, 0);
	assert_int_equal(entry(1, 0)->ecx, 1U << 26);
	assert_int_equal(entry(1, 0)->edx, 0);
	assert_int_equal(entry(7, 0)->ecx, 1 << 3);
	assert_int_equal(entry(0xd, 0)->ebx, 2688 + 8);
	assert_int_equal(entry(0xd, 1)->ebx, 576 + 8);
	cpuid_rule_dynamic(&table, 0, 1, 4, 0);
	assert_int_equal(entry(0xd, 0)->ebx, 576);
	assert_int_equal(entry(0xd, 1)->ebx, 576 + 256); /* XSS counts here */
	cpuid_rule_dynamic(&table, 0, 7 | 1 << 9, 0, 0);
	assert_int_equal(entry(0xd, 1)->ebx, 576 + 256 + 8);
}

static void no_osxsave_or_ospke_without_the_feature(void **state)
{
	(void)state;
	guest[4].ecx = 0;
	guest[5].ecx = 0;
	set_guest(CPU_VENDOR_AMD);
	cpuid_rule_dynamic(&table, X86_CR4_OSXSAVE | X86_CR4_PKE, 7, 0, 0);
	assert_int_equal(entry(1, 0)->ecx, 0);
	assert_int_equal(entry(7, 0)->ecx, 0);
	guest[4].ecx = 1 << 26;
	guest[5].ecx = 1 << 3;
}

static void same_ignores_dynamic_bits_only(void **state)
{
	static struct kvm_cpuid_entry2 copy[ARRAY_SIZE(guest)];
	u32 count = ARRAY_SIZE(guest);

	(void)state;
	set_guest(CPU_VENDOR_AMD);
	cpuid_rule_dynamic(&table, X86_CR4_OSXSAVE | X86_CR4_PKE, 7, 0, GAPIC_BASE_EN);
	assert_true(cpuid_rule_same(&table, guest, count));
	assert_false(cpuid_rule_same(&table, guest, count - 1));
	for (u32 i = 0; i < count; i++) {
		memcpy(copy, guest, sizeof(copy));
		copy[i].eax ^= 0x10;
		assert_false(cpuid_rule_same(&table, copy, count));
		copy[i].eax ^= 0x10;
		copy[i].edx ^= 0x10;
		assert_false(cpuid_rule_same(&table, copy, count));
		copy[i].edx ^= 0x10;
		copy[i].ebx ^= 0x10;
		assert_int_equal(cpuid_rule_same(&table, copy, count),
				 copy[i].function == 0xd && copy[i].index < 2);
		copy[i].ebx ^= 0x10;
		copy[i].ecx ^= 0x40;
		assert_false(cpuid_rule_same(&table, copy, count));
		copy[i].ecx ^= 0x40;
		copy[i].index ^= 1;
		assert_false(cpuid_rule_same(&table, copy, count));
	}
}

static void caps_follow_the_guests_bits(void **state)
{
	struct cpuid_guest_caps c, limit;

	(void)state;
	build(&amd_all, &caps_all);
	cpuid_rule_guest_caps(&table, NULL, &limit);
	assert_true(limit.lm && limit.nx && limit.page1g && limit.pcid && limit.rdtscp &&
		    limit.ibpb);
	assert_true(limit.xsave && limit.mtrr && limit.pat && limit.tsc_adjust && limit.la57);
	assert_int_equal(limit.maxphyaddr, 48);
	assert_int_equal(limit.gpa_reserved, ~0ULL << 48);
	assert_int_equal(limit.xcr0_allowed, caps_all.xcr0);
	assert_int_equal(limit.spec_ctrl_allowed, 0x87);
	assert_int_equal(limit.efer_allowed,
			 GEFER_SCE | GEFER_LME | GEFER_LMA | GEFER_NXE | GEFER_FFXSR);
	assert_int_equal(limit.cr4_allowed, 0x7ff | X86_CR4_UMIP | X86_CR4_LA57 | X86_CR4_FSGSBASE |
						    X86_CR4_PCIDE | X86_CR4_OSXSAVE | X86_CR4_SMEP |
						    X86_CR4_SMAP | X86_CR4_PKE);

	assert_int_equal(cpuid_rule_set(&table, guest, 0), 0);
	cpuid_rule_guest_caps(&table, &limit, &c);
	assert_int_equal(c.cr4_allowed, 0x7ff);
	assert_int_equal(c.efer_allowed | c.xcr0_allowed | c.spec_ctrl_allowed, 0);
	assert_int_equal(c.maxphyaddr, 36);
	assert_false(c.lm || c.nx || c.xsave || c.ibpb || c.rdtscp || c.pse36 || c.pat || c.mtrr ||
		     c.mce || c.osvw || c.tsc_adjust || c.page1g || c.fxsr_opt || c.arch_caps);
}

static void caps_never_exceed_the_host(void **state)
{
	struct cpuid_guest_caps c, limit;

	(void)state;
	build(&amd_none, &caps_none);
	cpuid_rule_guest_caps(&table, NULL, &limit);
	build(&amd_all, &caps_all);
	cpuid_rule_guest_caps(&table, &limit, &c);
	assert_int_equal(c.cr4_allowed, 0x7ff);
	assert_int_equal(c.efer_allowed | c.xcr0_allowed | c.spec_ctrl_allowed | c.kvm_features, 0);
	assert_false(c.ibpb || c.rdtscp || c.rdpid || c.x2apic || c.pcid || c.xsave || c.la57);
}

static void speculation_bits_come_from_either_vendors_flags(void **state)
{
	static const struct {
		u32 leaf7_edx, leaf88_ebx;
		u64 spec_ctrl;
		bool ibpb;
	} c[] = {
		{1 << 26, 0, 1, true},	{1 << 27, 0, 2, false},	   {1U << 31, 0, 4, false},
		{0, 1 << 12, 0, true},	{0, 1 << 14, 1, false},	   {0, 1 << 15, 2, false},
		{0, 1 << 24, 4, false}, {0, 1 << 28, 0x80, false},
	};
	struct cpuid_guest_caps caps;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(c); i++) {
		struct kvm_cpuid_entry2 e[2] = {
			{.function = 7, .flags = SIG, .edx = c[i].leaf7_edx},
			{.function = 0x80000008, .eax = 40, .ebx = c[i].leaf88_ebx},
		};

		assert_int_equal(cpuid_rule_set(&table, e, 2), 0);
		cpuid_rule_guest_caps(&table, NULL, &caps);
		assert_int_equal(caps.spec_ctrl_allowed, c[i].spec_ctrl);
		assert_int_equal(caps.ibpb, c[i].ibpb);
	}
}

static void vendors_are_known_by_all_three_registers(void **state)
{
	struct kvm_cpuid_entry2 e = {.ebx = 0x6f677948, .edx = 0x6e65476e, .ecx = 0x656e6975};

	(void)state;
	assert_int_equal(cpuid_rule_set(&table, &e, 1), 0);
	assert_int_equal(table.vendor, CPU_VENDOR_AMD); /* Hygon */
	for (int i = 0; i < 3; i++) {
		static const struct kvm_cpuid_entry2 known[] = {
			{.ebx = 0x6f677948, .edx = 0x6e65476e, .ecx = 0x656e6975},
			{.ebx = 0x756e6547, .edx = 0x49656e69, .ecx = 0x6c65746e},
			{.ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163},
		};

		for (int reg = 0; reg < 3; reg++) {
			e = known[i];
			*(reg == 0 ? &e.ebx : reg == 1 ? &e.ecx : &e.edx) ^= 1;
			assert_int_equal(cpuid_rule_set(&table, &e, 1), 0);
			assert_int_equal(table.vendor, CPU_VENDOR_OTHER);
		}
	}
}

static void silly_address_widths_are_brought_into_range(void **state)
{
	struct kvm_cpuid_entry2 e = {.function = 0x80000008, .eax = 255};
	struct cpuid_guest_caps c;

	(void)state;
	assert_int_equal(cpuid_rule_set(&table, &e, 1), 0);
	cpuid_rule_guest_caps(&table, NULL, &c);
	assert_int_equal(c.maxphyaddr, 52);
	e.eax = 5;
	assert_int_equal(cpuid_rule_set(&table, &e, 1), 0);
	cpuid_rule_guest_caps(&table, NULL, &c);
	assert_int_equal(c.maxphyaddr, 32);
}

static void old_entries_become_new_ones(void **state)
{
	struct kvm_cpuid_entry old = {.function = 7, .eax = 1, .ebx = 2, .ecx = 3, .edx = 4};
	struct kvm_cpuid_entry2 e;

	(void)state;
	cpuid_rule_from_old(&old, &e);
	assert_true(e.function == 7 && !e.index && !e.flags && e.eax == 1 && e.ebx == 2 &&
		    e.ecx == 3 && e.edx == 4 && !e.padding[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_without_an_implementation_never_show),
		cmocka_unit_test(a_host_with_every_bit_shows_exactly_these),
		cmocka_unit_test(without_avx_state_nothing_of_the_vex_family_shows),
		cmocka_unit_test(features_that_need_no_help_pass_if_the_host_has_them),
		cmocka_unit_test(features_that_need_help_wait_for_the_driver),
		cmocka_unit_test(each_missing_help_hides_its_own_bits_only),
		cmocka_unit_test(what_the_driver_gives_shows_on_any_host),
		cmocka_unit_test(numbers_are_bounded_by_what_is_supported),
		cmocka_unit_test(xsave_leaf_has_the_states_of_xcr0_and_their_size),
		cmocka_unit_test(sub_leaves_are_flagged_significant),
		cmocka_unit_test(too_small_a_buffer_is_e2big_with_the_count),
		cmocka_unit_test(nothing_is_claimed_to_be_emulated),
		cmocka_unit_test(an_unknown_leaf_is_masked_to_nothing),
		cmocka_unit_test(entries_are_found_by_leaf_and_sub_leaf),
		cmocka_unit_test(leaves_beyond_the_maximum_differ_by_vendor),
		cmocka_unit_test(missing_topology_levels_echo_their_number_and_the_id),
		cmocka_unit_test(an_empty_table_answers_zeros),
		cmocka_unit_test(tables_too_long_or_with_odd_address_widths_are_refused),
		cmocka_unit_test(random_tables_are_searched_right),
		cmocka_unit_test(dynamic_bits_follow_the_registers),
		cmocka_unit_test(no_osxsave_or_ospke_without_the_feature),
		cmocka_unit_test(same_ignores_dynamic_bits_only),
		cmocka_unit_test(caps_follow_the_guests_bits),
		cmocka_unit_test(caps_never_exceed_the_host),
		cmocka_unit_test(speculation_bits_come_from_either_vendors_flags),
		cmocka_unit_test(vendors_are_known_by_all_three_registers),
		cmocka_unit_test(silly_address_widths_are_brought_into_range),
		cmocka_unit_test(old_entries_become_new_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
