/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMX controls from capability MSRs: of CPU models with and without what is
 * needed, and of made-up ones bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vmx/controls.h"
#include "vmx/pml.h"

#define CAP(may, must) ((u64)(may) << 32 | (must))

/* Such as CPUs with everything report them; true controls. */
static const struct vmx_caps skylake = {
	.basic = 0x00da04000000002bULL,
	.misc = 0x7004c1e7ULL,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x3767ff,
	.pin = CAP(0x7f, 0x16),
	.primary = CAP(0xfff9fffe, 0x04006172),
	.secondary = CAP(0x03177fff, 0),
	.exit = CAP(0x01ffffff, 0x00036dfb),
	.entry = CAP(0x0003ffff, 0x000011fb),
	.ept_vpid = 0xf0106734141ULL,
};

static struct vmx_controls choose(const struct vmx_caps *caps)
{
	struct vmx_controls c;

	assert_null(vmx_controls_choose(caps, &c));
	return c;
}

/* What the hardware checks before an entry: each bit is one that may be, each that must be is. */
static void assert_legal(u64 cap, u32 word)
{
	assert_int_equal(word & ~(u32)(cap >> 32), 0);
	assert_int_equal((u32)cap & ~word, 0);
}

static void a_word_has_what_must_be_and_no_more_than_may_be(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		u32 must = (u32)rand() & (u32)rand();
		u32 may = (u32)rand() | must;
		u32 want = (u32)rand();
		u32 word = vmx_control_word(CAP(may, must), want);

		assert_legal(CAP(may, must), word);
		assert_int_equal(word & ~must, want & may & ~must);
	}
}

static void a_known_cpu_gets_legal_controls(void **state)
{
	struct vmx_controls c = choose(&skylake);

	(void)state;
	assert_legal(skylake.pin, c.pin);
	assert_legal(skylake.primary, c.primary);
	assert_legal(skylake.secondary, c.secondary);
	assert_legal(skylake.exit, c.exit);
	assert_legal(skylake.entry, c.entry);
	assert_true(c.secondary & VMX_2_EPT);
	assert_true(c.secondary & VMX_2_UNRESTRICTED);
	assert_true(c.secondary & VMX_2_VPID);
	assert_true(c.primary & VMX_1_SECONDARY);
	assert_true(c.primary & VMX_1_MSR_BITMAPS);
	assert_true(c.exit & VMX_EXIT_HOST_64);
}

/* Windows open later; RDTSCP and INVPCID follow CPUID; interrupts are taken by the host itself. */
static void nothing_is_on_that_waits_for_somebody(void **state)
{
	struct vmx_controls c = choose(&skylake);

	(void)state;
	assert_false(c.primary & (VMX_1_IRQ_WINDOW | VMX_1_NMI_WINDOW | VMX_1_RDTSC));
	assert_false(c.primary & (VMX_1_CR3_LOAD | VMX_1_CR3_STORE | VMX_1_INVLPG));
	assert_false(c.secondary & (VMX_2_RDTSCP | VMX_2_INVPCID));
	assert_false(c.entry & VMX_ENTRY_GUEST_64);
	assert_false(c.exit & VMX_EXIT_ACK_INTR);
}

static void assert_refused(const struct vmx_caps *caps, const char *word)
{
	struct vmx_controls c = {.pin = 0x12345678};
	const char *why = vmx_controls_choose(caps, &c);

	assert_non_null(why);
	assert_non_null(strstr(why, word));
	assert_int_equal(c.pin, 0x12345678);
}

static void what_is_missing_is_said(void **state)
{
	struct vmx_caps caps;

	(void)state;
	caps = skylake;
	caps.primary &= ~((u64)VMX_1_SECONDARY << 32);
	assert_refused(&caps, "EPT");
	caps = skylake;
	caps.secondary &= ~((u64)VMX_2_EPT << 32);
	assert_refused(&caps, "EPT");
	caps = skylake;
	caps.secondary &= ~((u64)VMX_2_UNRESTRICTED << 32);
	assert_refused(&caps, "unrestricted");
	caps = skylake;
	caps.pin &= ~((u64)VMX_PIN_VIRTUAL_NMI << 32);
	assert_refused(&caps, "NMI");
	caps = skylake;
	caps.primary |= VMX_1_CR3_LOAD;
	assert_refused(&caps, "CR3");
	caps = skylake;
	caps.exit &= ~((u64)VMX_EXIT_LOAD_EFER << 32);
	assert_refused(&caps, "EFER");
	caps = skylake;
	caps.entry &= ~((u64)VMX_ENTRY_LOAD_PAT << 32);
	assert_refused(&caps, "PAT");
	caps = skylake;
	caps.ept_vpid &= ~VMX_EPT_INVEPT;
	assert_refused(&caps, "extended page tables");
	caps = skylake;
	caps.ept_vpid &= ~(VMX_EPT_INVEPT_ONE | VMX_EPT_INVEPT_ALL);
	assert_refused(&caps, "extended page tables");
}

static void what_is_only_wished_for_may_be_missing(void **state)
{
	struct vmx_caps caps = skylake;
	struct vmx_controls c;

	(void)state;
	caps.secondary = CAP(VMX_2_EPT | VMX_2_UNRESTRICTED, 0);
	c = choose(&caps);
	assert_int_equal(c.secondary, VMX_2_EPT | VMX_2_UNRESTRICTED);
}

static void pages_are_logged_where_that_works(void **state)
{
	struct vmx_caps caps = skylake;

	(void)state;
	assert_true(choose(&caps).secondary & VMX_2_PML);
	caps.secondary &= ~((u64)VMX_2_PML << 32);
	assert_false(choose(&caps).secondary & VMX_2_PML);
	caps = skylake;
	caps.ept_vpid &= ~VMX_EPT_AD;
	assert_false(choose(&caps).secondary & VMX_2_PML);
}

/* A log as the manual has the CPU fill it. */
static void the_log_is_read_from_where_it_was_begun(void **state)
{
	u16 index = VMX_PML_EMPTY;
	unsigned int n;

	(void)state;
	for (n = 0; n <= VMX_PML_ENTRIES; n++, index--)
		assert_int_equal(VMX_PML_ENTRIES - vmx_pml_first(index), n);
	/* Nothing that a CPU would leave there: no entry is outside of the page. */
	for (n = VMX_PML_ENTRIES; n < 0xffff; n++)
		assert_int_equal(vmx_pml_first(n), VMX_PML_ENTRIES);
}

static void differing_cpus_are_told_apart(void **state)
{
	struct vmx_caps other = skylake;

	(void)state;
	assert_null(vmx_caps_differ(&skylake, &other));
	other.basic ^= 1;
	assert_string_equal(vmx_caps_differ(&skylake, &other), "basic");
	other = skylake;
	other.cr4_fixed1 ^= 1 << 13;
	assert_string_equal(vmx_caps_differ(&skylake, &other), "cr4_fixed1");
	other = skylake;
	other.secondary &= ~((u64)VMX_2_VPID << 32);
	assert_string_equal(vmx_caps_differ(&skylake, &other), "secondary");
	other = skylake;
	other.secondary &= ~((u64)VMX_2_INVPCID << 32); /* for guests that have it */
	assert_string_equal(vmx_caps_differ(&skylake, &other), "secondary");
	other = skylake;
	other.ept_vpid ^= VMX_EPT_1G;
	assert_string_equal(vmx_caps_differ(&skylake, &other), "ept_vpid");
	other.ept_vpid = 0;
	assert_non_null(vmx_caps_differ(&skylake, &other));
}

static void cpus_may_differ_in_what_is_not_used(void **state)
{
	struct vmx_caps other = skylake;

	(void)state;
	other.misc ^= 1 << 30;
	other.secondary ^= (u64)BIT(20) << 32; /* XSAVES */
	other.ept_vpid ^= BIT(0);	       /* execute-only mappings */
	assert_null(vmx_caps_differ(&skylake, &other));
	assert_null(vmx_caps_differ(&other, &skylake));
}

static void fixed_bits_of_control_registers(void **state)
{
	(void)state;
	assert_int_equal(vmx_cr_fix(0x10, 0x80000021, 0xffffffff), 0x80000031);
	assert_int_equal(vmx_cr_fix(0x800020, 0x2000, 0x3767ff), 0x2020);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_has_what_must_be_and_no_more_than_may_be),
		cmocka_unit_test(a_known_cpu_gets_legal_controls),
		cmocka_unit_test(nothing_is_on_that_waits_for_somebody),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(what_is_only_wished_for_may_be_missing),
		cmocka_unit_test(pages_are_logged_where_that_works),
		cmocka_unit_test(the_log_is_read_from_where_it_was_begun),
		cmocka_unit_test(differing_cpus_are_told_apart),
		cmocka_unit_test(cpus_may_differ_in_what_is_not_used),
		cmocka_unit_test(fixed_bits_of_control_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
