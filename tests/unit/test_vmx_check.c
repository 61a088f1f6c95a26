/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of a VMX entry: a good state in each mode passes, and each change
 * that the manual forbids is found as what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <asm/processor-flags.h>
#include <cmocka.h>

#include "vmx/check.h"
#include "x86/defs.h"

static const struct vmx_caps caps = {
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x3767ff,
};

#define DATA                                                                                       \
	{                                                                                          \
		.limit = 0xffffffff, .rights = 0xc093                                              \
	}
#define CODE64                                                                                     \
	{                                                                                          \
		.limit = 0xffffffff, .rights = 0xa09b                                              \
	}

static const struct vmx_check long_state = {
	.seg = {DATA, CODE64, DATA, DATA, DATA, DATA, [VMCS_LDTR] = {.rights = 0x10000},
		[VMCS_TR] = {.limit = 0x67, .rights = 0x8b}},
	.cr0 = 0x80050033,
	.cr3 = 0x1000,
	.cr4 = 0x2020,
	.efer = GEFER_LME | GEFER_LMA,
	.dr7 = 0x400,
	.pat = 0x0007040600070406ULL,
	.rip = 0xffffffff81000000ULL,
	.rflags = 0x202,
	.gdtr_limit = 0x7f,
	.idtr_limit = 0xfff,
	.entry = VMX_ENTRY_GUEST_64,
	.phys_bits = 40,
	.va_bits = 48,
};

/* As after RESET: real mode. */
static struct vmx_check real_state(void)
{
	struct vmx_check s = long_state;

	for (unsigned int i = VMCS_ES; i <= VMCS_GS; i++)
		s.seg[i] = (struct vmx_check_seg){.limit = 0xffff, .rights = 0x93};
	s.seg[VMCS_CS] = (struct vmx_check_seg){
		.selector = 0xf000, .base = 0xffff0000, .limit = 0xffff, .rights = 0x9b};
	s.seg[VMCS_TR] = (struct vmx_check_seg){.limit = 0xffff, .rights = 0x83};
	s.cr0 = 0x30;
	s.cr3 = 0;
	s.cr4 = 0x2000;
	s.efer = 0;
	s.entry = 0;
	s.rip = 0xfff0;
	s.rflags = 2;
	return s;
}

static struct vmx_check vm86_state(void)
{
	struct vmx_check s = real_state();

	s.cr0 |= X86_CR0_PE;
	s.rflags |= X86_EFLAGS_VM;
	for (unsigned int i = VMCS_ES; i <= VMCS_GS; i++)
		s.seg[i] = (struct vmx_check_seg){
			.selector = 0x1000, .base = 0x10000, .limit = 0xffff, .rights = 0xf3};
	return s;
}

static void good_states_pass(void **state)
{
	struct vmx_check s = real_state();

	(void)state;
	assert_int_equal(vmx_check(&long_state, &caps), VMX_RULE_NONE);
	assert_int_equal(vmx_check(&s, &caps), VMX_RULE_NONE);
	s = vm86_state();
	assert_int_equal(vmx_check(&s, &caps), VMX_RULE_NONE);
}

#define BREAK(expected, change)                                                                    \
	do {                                                                                       \
		struct vmx_check s = long_state;                                                   \
		change;                                                                            \
		assert_int_equal(vmx_check(&s, &caps), VMX_RULE_##expected);                       \
	} while (0)

static void control_registers(void **state)
{
	(void)state;
	BREAK(CR0, s.cr0 &= ~0x20ULL);
	BREAK(CR0, s.cr0 &= ~1ULL);
	BREAK(CR4, s.cr4 &= ~0x2000ULL);
	BREAK(CR4, s.cr4 |= 1ULL << 40);
	BREAK(LONG_MODE, s.cr4 &= ~(u64)X86_CR4_PAE);
	BREAK(LONG_MODE, s.cr0 &= ~(u64)X86_CR0_PG);
	BREAK(CR3, s.cr3 = 1ULL << 40);
	BREAK(DEBUG, s.dr7 |= 1ULL << 32);
	BREAK(SYSENTER, s.sysenter_eip = 1ULL << 47);
	BREAK(PAT, s.pat = 2);
	BREAK(EFER, s.efer = GEFER_LMA);
	BREAK(EFER, s.efer = 0);
}

static void segments(void **state)
{
	(void)state;
	BREAK(TR, s.seg[VMCS_TR].selector = 4);
	BREAK(TR, s.seg[VMCS_TR].rights = 0x83);
	BREAK(TR, s.seg[VMCS_TR].rights |= VMX_SEG_UNUSABLE);
	BREAK(LDTR, s.seg[VMCS_LDTR].rights = 0x83);
	BREAK(CS, s.seg[VMCS_CS].rights |= VMX_SEG_DB);
	BREAK(CS, s.seg[VMCS_CS].rights &= ~(u32)VMX_SEG_P);
	BREAK(CS, s.seg[VMCS_CS].rights ^= 0x60);
	BREAK(CS, s.seg[VMCS_CS].base = 1ULL << 32);
	BREAK(SS, s.seg[VMCS_SS].rights = 0xc09b);
	BREAK(SS, s.seg[VMCS_SS].limit = 0x12345);
	BREAK(DS, s.seg[VMCS_DS].rights = 0xc092);
	BREAK(ES, s.seg[VMCS_ES].rights = 0xc099);
	BREAK(ES, s.seg[VMCS_ES].limit = 0xfffffffe);
	BREAK(FS, s.seg[VMCS_FS].base = 1ULL << 47);
	BREAK(GS, s.seg[VMCS_GS].rights |= 0x100);
	/* What is not usable may be as it likes. */
	BREAK(NONE, s.seg[VMCS_DS].rights = VMX_SEG_UNUSABLE);
	BREAK(NONE, s.seg[VMCS_FS].base = 0xffff800000000000ULL);
}

static void the_rest(void **state)
{
	struct vmx_check s = vm86_state();

	(void)state;
	s.seg[VMCS_DS].base++;
	assert_int_equal(vmx_check(&s, &caps), VMX_RULE_VM86);
	BREAK(TABLES, s.gdtr_limit = 0x10000);
	BREAK(TABLES, s.idtr_base = 1ULL << 63);
	BREAK(RIP, s.rip = 1ULL << 47);
	BREAK(RFLAGS, s.rflags = 0x200);
	BREAK(RFLAGS, s.rflags |= 8);
	BREAK(RFLAGS, s.rflags = 2; s.event = VMX_EVENT_V | 0x30);
	BREAK(ACTIVITY, s.activity = 1);
	BREAK(BLOCKING, s.blocking = VMX_BLOCK_STI | VMX_BLOCK_MOV_SS);
	BREAK(BLOCKING, s.blocking = VMX_BLOCK_STI; s.event = VMX_EVENT_V | 0x30);
	BREAK(BLOCKING, s.blocking = VMX_BLOCK_NMI; s.event = VMX_EVENT_V | 0x202);
	BREAK(PENDING_DEBUG, s.blocking = VMX_BLOCK_STI; s.rflags |= X86_EFLAGS_TF);
	BREAK(NONE, s.blocking = VMX_BLOCK_STI; s.rflags |= X86_EFLAGS_TF;
	      s.pending_debug = VMX_PENDING_BS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_states_pass),
		cmocka_unit_test(control_registers),
		cmocka_unit_test(segments),
		cmocka_unit_test(the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
