/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers, EFER, XCR0 and debug registers: each rule of the manuals
 * by name, and the consequences that a legal write reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x86/cr.h"

#define PE ((u64)X86_CR0_PE)
#define PG ((u64)X86_CR0_PG)
#define ET ((u64)X86_CR0_ET)
#define WP ((u64)X86_CR0_WP)
#define CD ((u64)X86_CR0_CD)
#define NW ((u64)X86_CR0_NW)

static const struct cpuid_guest_caps caps = {
	.cr4_allowed = X86_CR4_VME | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSXSAVE |
		       X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE | X86_CR4_PCIDE | X86_CR4_LA57 |
		       X86_CR4_OSFXSR,
	.efer_allowed = GEFER_SCE | GEFER_LME | GEFER_LMA | GEFER_NXE,
	.xcr0_allowed = GXCR0_X87 | GXCR0_SSE | GXCR0_AVX | GXCR0_MPX | GXCR0_AVX512 | GXCR0_PKRU |
			GXCR0_AMX,
	.gpa_reserved = ~0ULL << 40,
	.maxphyaddr = 40,
};

static const struct cr_state real = {.cr0 = ET};
static const struct cr_state prot = {.cr0 = PE | ET};
static const struct cr_state legacy = {.cr0 = PE | PG | ET, .cr3 = 0x1000};
static const struct cr_state pae = {.cr0 = PE | PG | ET, .cr4 = X86_CR4_PAE, .cr3 = 0x1000};
static const struct cr_state long64 = {.cr0 = PE | PG | ET,
				       .cr4 = X86_CR4_PAE,
				       .cr3 = 0x1000,
				       .efer = GEFER_LME | GEFER_LMA,
				       .cs_l = true};

static struct cr_change change;

static enum cr_result cr0(const struct cr_state *now, u64 val)
{
	return cr_rule_cr0(now, &caps, val, &change);
}

static enum cr_result cr3(const struct cr_state *now, u64 val)
{
	return cr_rule_cr3(now, &caps, val, &change);
}

static enum cr_result cr4(const struct cr_state *now, u64 val)
{
	return cr_rule_cr4(now, &caps, val, &change);
}

static enum cr_result efer(const struct cr_state *now, u64 val)
{
	return cr_rule_efer(now, &caps, val, &change);
}

static enum cr_result xcr0(u64 val)
{
	struct cr_state now = {.xcr0 = 1};

	return cr_rule_xcr(&now, &caps, 0, 0, val, &change);
}

static void cr0_upper_half_is_gp(void **state)
{
	(void)state;
	for (int bit = 32; bit < 64; bit++)
		assert_int_equal(cr0(&real, 1ULL << bit), CR_GP);
}

static void cr0_undefined_low_bits_read_as_zero_and_et_as_one(void **state)
{
	u64 defined = 0xe005003f;

	(void)state;
	assert_int_equal(cr0(&real, 0xffffffff & ~PG), CR_OK);
	assert_int_equal(change.val, defined & ~PG);
	assert_int_equal(cr0(&real, 0), CR_OK);
	assert_int_equal(change.val, ET);
}

static void cr0_nw_needs_cd(void **state)
{
	(void)state;
	assert_int_equal(cr0(&real, NW), CR_GP);
	assert_int_equal(cr0(&real, NW | CD), CR_OK);
	assert_int_equal(cr0(&real, CD), CR_OK);
}

static void cr0_pg_needs_pe(void **state)
{
	(void)state;
	assert_int_equal(cr0(&real, PG), CR_GP);
	assert_int_equal(cr0(&long64, PG), CR_GP);
	assert_int_equal(cr0(&real, PG | PE), CR_OK);
}

static void paging_with_lme_activates_long_mode(void **state)
{
	struct cr_state s = {.cr0 = PE, .cr4 = X86_CR4_PAE, .efer = GEFER_LME};

	(void)state;
	assert_int_equal(cr0(&s, PE | PG), CR_OK);
	assert_int_equal(change.efer, GEFER_LME | GEFER_LMA);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL | CR_FX_EFER);
}

static void long_mode_needs_pae_and_cs_not_64_bit(void **state)
{
	struct cr_state s = {.cr0 = PE, .efer = GEFER_LME};

	(void)state;
	assert_int_equal(cr0(&s, PE | PG), CR_GP);
	s.cr4 = X86_CR4_PAE;
	s.cs_l = true;
	assert_int_equal(cr0(&s, PE | PG), CR_GP);
	s.cs_l = false;
	assert_int_equal(cr0(&s, PE | PG), CR_OK);
}

static void paging_off_leaves_long_mode_but_not_from_64_bit_code(void **state)
{
	struct cr_state s = long64;

	(void)state;
	assert_int_equal(cr0(&s, PE), CR_GP);
	s.cs_l = false;
	assert_int_equal(cr0(&s, PE), CR_OK);
	assert_int_equal(change.efer, GEFER_LME);
	assert_true(change.effects & CR_FX_EFER);
	s.cr4 |= X86_CR4_PCIDE;
	assert_int_equal(cr0(&s, PE), CR_GP);
}

static void cr0_effects_are_those_of_the_changed_bits(void **state)
{
	(void)state;
	assert_int_equal(cr0(&long64, long64.cr0 | X86_CR0_TS), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(cr0(&long64, long64.cr0 | WP), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE);
	assert_int_equal(cr0(&real, PE), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(cr0(&legacy, legacy.cr0 | CD), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(cr0(&pae, pae.cr0 | CD), CR_OK);
	assert_int_equal(change.effects, CR_FX_PDPTRS);
	assert_int_equal(cr0(&long64, long64.cr0 | CD), CR_OK);
	assert_int_equal(change.effects, 0);
}

/* Each bit toggled alone: the effects are those that the manuals attach to that bit. */
static void every_bit_has_its_own_effects(void **state)
{
	const u64 mode4 = X86_CR4_PSE | X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE;
	const u64 flush4 = X86_CR4_PSE | X86_CR4_PGE;
	const u64 pdptr4 = X86_CR4_PSE | X86_CR4_PGE | X86_CR4_SMEP;
	struct cr_state s = pae;

	(void)state;
	s.cr0 |= X86_CR0_CD;
	for (int bit = 0; bit < 32; bit++) {
		u64 b = 1ULL << bit;
		u32 want = (b & X86_CR0_WP ? CR_FX_MODE : 0) | (b & (CD | NW) ? CR_FX_PDPTRS : 0);

		if (b & (PE | PG))
			continue;
		assert_int_equal(cr0(&s, s.cr0 ^ b), CR_OK);
		assert_int_equal(change.effects, want);
	}
	for (int bit = 0; bit < 64; bit++) {
		u64 b = 1ULL << bit;
		u32 want = (b & mode4 ? CR_FX_MODE : 0) | (b & pdptr4 ? CR_FX_PDPTRS : 0) |
			   (b & (X86_CR4_OSXSAVE | X86_CR4_PKE) ? CR_FX_CPUID : 0);

		if (!(b & caps.cr4_allowed) || (b & (X86_CR4_PAE | X86_CR4_PCIDE | X86_CR4_LA57)))
			continue;
		assert_int_equal(cr4(&s, s.cr4 | b), CR_OK);
		assert_int_equal(change.effects,
				 want | (b & (flush4 | X86_CR4_SMEP) ? CR_FX_FLUSH_ALL : 0));
		s.cr4 |= b;
		assert_int_equal(cr4(&s, s.cr4 & ~b), CR_OK);
		assert_int_equal(change.effects, want | (b & flush4 ? CR_FX_FLUSH_ALL : 0));
		s.cr4 &= ~b;
	}
	assert_int_equal(cr4(&prot, X86_CR4_LA57), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL);
	assert_int_equal(cr4(&prot, X86_CR4_PAE), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL);
}

static void cet_and_write_protection_go_together(void **state)
{
	struct cpuid_guest_caps c = caps;
	struct cr_state s = long64;

	(void)state;
	c.cr4_allowed |= X86_CR4_CET;
	assert_int_equal(cr_rule_cr4(&s, &c, s.cr4 | X86_CR4_CET, &change), CR_GP);
	s.cr0 |= WP;
	assert_int_equal(cr_rule_cr4(&s, &c, s.cr4 | X86_CR4_CET, &change), CR_OK);
	s.cr4 |= X86_CR4_CET;
	assert_int_equal(cr_rule_cr0(&s, &c, s.cr0 & ~WP, &change), CR_GP);
	assert_int_equal(cr_rule_cr0(&s, &c, s.cr0, &change), CR_OK);
}

static void lmsw_can_set_but_not_clear_pe(void **state)
{
	(void)state;
	assert_int_equal(cr_cr0_from_lmsw(PE | X86_CR0_TS | PG, 0), PE | PG);
	assert_int_equal(cr_cr0_from_lmsw(ET, 0xffff), ET | 0xf);
}

static void cr3_reserved_bits_follow_maxphyaddr(void **state)
{
	(void)state;
	assert_int_equal(cr3(&long64, 1ULL << 39), CR_OK);
	for (int bit = 40; bit < 64; bit++)
		assert_int_equal(cr3(&long64, 1ULL << bit), CR_GP);
	assert_int_equal(cr3(&long64, 0xfff), CR_OK);
	assert_int_equal(change.val, 0xfff);
}

static void cr3_bit_63_means_no_flush_with_pcid_only(void **state)
{
	struct cr_state s = long64;

	(void)state;
	assert_int_equal(cr3(&s, 1ULL << 63 | 0x2000), CR_GP);
	s.cr4 |= X86_CR4_PCIDE;
	assert_int_equal(cr3(&s, 1ULL << 63 | 0x2005), CR_OK);
	assert_int_equal(change.val, 0x2005);
	assert_int_equal(change.effects, CR_FX_ROOT);
	assert_int_equal(cr3(&s, 0x2005), CR_OK);
	assert_int_equal(change.effects, CR_FX_ROOT | CR_FX_FLUSH);
	assert_int_equal(cr3(&s, 1ULL << 62 | 1ULL << 63), CR_GP);
}

static void cr3_same_value_flushes_but_is_no_new_root(void **state)
{
	(void)state;
	assert_int_equal(cr3(&long64, long64.cr3), CR_OK);
	assert_int_equal(change.effects, CR_FX_FLUSH);
	assert_int_equal(cr3(&pae, pae.cr3), CR_OK);
	assert_int_equal(change.effects, CR_FX_FLUSH | CR_FX_PDPTRS);
}

static void cr4_bits_without_the_feature_are_gp(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		u64 val = 1ULL << bit;
		bool ok = (val & caps.cr4_allowed) && val != X86_CR4_PCIDE;

		assert_int_equal(cr4(&prot, val), ok ? CR_OK : CR_GP);
	}
}

static void cr4_pae_and_la57_are_fixed_in_long_mode(void **state)
{
	struct cr_state five = long64;

	(void)state;
	assert_int_equal(cr4(&long64, 0), CR_GP);
	assert_int_equal(cr4(&long64, X86_CR4_PAE | X86_CR4_LA57), CR_GP);
	five.cr4 |= X86_CR4_LA57;
	assert_int_equal(cr4(&five, X86_CR4_PAE), CR_GP);
	assert_int_equal(cr4(&five, five.cr4 | X86_CR4_PGE), CR_OK);
	assert_int_equal(cr4(&prot, X86_CR4_LA57), CR_OK);
	assert_int_equal(cr4(&pae, 0), CR_OK);
}

static void cr4_pcide_needs_long_mode_and_pcid_zero(void **state)
{
	struct cr_state s = long64;

	(void)state;
	assert_int_equal(cr4(&prot, X86_CR4_PCIDE), CR_GP);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_PCIDE), CR_OK);
	s.cr3 = 0x1008;
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_PCIDE), CR_GP);
	s.cr4 |= X86_CR4_PCIDE;
	assert_int_equal(cr4(&s, s.cr4), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(cr4(&s, X86_CR4_PAE), CR_OK);
	assert_int_equal(change.effects, CR_FX_FLUSH_ALL);
}

static void cr4_effects_are_those_of_the_changed_bits(void **state)
{
	struct cr_state s = long64;

	(void)state;
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_PGE), CR_OK);
	assert_int_equal(change.effects, CR_FX_FLUSH_ALL);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_SMAP), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_SMEP), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_OSXSAVE), CR_OK);
	assert_int_equal(change.effects, CR_FX_CPUID);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_PKE), CR_OK);
	assert_int_equal(change.effects, CR_FX_CPUID | CR_FX_MODE);
	assert_int_equal(cr4(&s, s.cr4 | X86_CR4_OSFXSR), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(cr4(&legacy, X86_CR4_PAE), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL | CR_FX_PDPTRS);
	assert_int_equal(cr4(&pae, pae.cr4 | X86_CR4_PGE), CR_OK);
	assert_int_equal(change.effects, CR_FX_FLUSH_ALL | CR_FX_PDPTRS);
}

static void efer_bits_without_the_feature_are_gp(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		u64 val = 1ULL << bit;
		bool ok = val & (GEFER_SCE | GEFER_LME | GEFER_NXE | GEFER_LMA);

		assert_int_equal(efer(&prot, val), ok ? CR_OK : CR_GP);
	}
}

static void efer_lme_is_fixed_while_paging(void **state)
{
	(void)state;
	assert_int_equal(efer(&long64, GEFER_LMA), CR_GP);
	assert_int_equal(efer(&pae, GEFER_LME), CR_GP);
	assert_int_equal(efer(&prot, GEFER_LME), CR_OK);
	assert_int_equal(change.efer, GEFER_LME);
	assert_int_equal(change.effects, CR_FX_EFER);
}

static void efer_lma_is_kept_whatever_is_written(void **state)
{
	(void)state;
	assert_int_equal(efer(&long64, GEFER_LME | GEFER_SCE), CR_OK);
	assert_int_equal(change.val, GEFER_LME | GEFER_LMA | GEFER_SCE);
	assert_int_equal(efer(&prot, GEFER_LMA | GEFER_SCE), CR_OK);
	assert_int_equal(change.val, GEFER_SCE);
}

static void efer_nxe_changes_the_mmu_mode(void **state)
{
	(void)state;
	assert_int_equal(efer(&long64, long64.efer | GEFER_NXE), CR_OK);
	assert_int_equal(change.effects, CR_FX_MODE | CR_FX_FLUSH_ALL | CR_FX_EFER);
	assert_int_equal(efer(&long64, long64.efer), CR_OK);
	assert_int_equal(change.effects, 0);
}

static void xcr0_groups_come_whole(void **state)
{
	const u64 base = GXCR0_X87 | GXCR0_SSE, avx = base | GXCR0_AVX;

	(void)state;
	assert_int_equal(xcr0(0), CR_GP);
	assert_int_equal(xcr0(GXCR0_SSE), CR_GP);
	assert_int_equal(xcr0(GXCR0_X87), CR_OK);
	assert_int_equal(change.effects, 0);
	assert_int_equal(xcr0(base), CR_OK);
	assert_int_equal(change.effects, CR_FX_CPUID);
	assert_int_equal(xcr0(GXCR0_X87 | GXCR0_AVX), CR_GP);
	assert_int_equal(xcr0(avx), CR_OK);
	assert_int_equal(xcr0(base | GXCR0_BNDREGS), CR_GP);
	assert_int_equal(xcr0(base | GXCR0_BNDCSR), CR_GP);
	assert_int_equal(xcr0(base | GXCR0_MPX), CR_OK);
	assert_int_equal(xcr0(avx | GXCR0_OPMASK), CR_GP);
	assert_int_equal(xcr0(avx | GXCR0_OPMASK | GXCR0_ZMM_HI256), CR_GP);
	assert_int_equal(xcr0(base | GXCR0_AVX512), CR_GP);
	assert_int_equal(xcr0(avx | GXCR0_AVX512), CR_OK);
	assert_int_equal(xcr0(base | GXCR0_XTILECFG), CR_GP);
	assert_int_equal(xcr0(base | GXCR0_AMX), CR_OK);
	assert_int_equal(xcr0(base | GXCR0_PKRU), CR_OK);
	assert_int_equal(xcr0(base | 1ULL << 8), CR_GP);
	assert_int_equal(xcr0(base | 1ULL << 63), CR_GP);
}

static void xsetbv_needs_cpl_0_and_index_0(void **state)
{
	struct cr_state now = {.xcr0 = 1};

	(void)state;
	assert_int_equal(cr_rule_xcr(&now, &caps, 3, 0, 1, &change), CR_GP);
	assert_int_equal(cr_rule_xcr(&now, &caps, 0, 1, 1, &change), CR_GP);
	assert_int_equal(cr_rule_xcr(&now, &caps, 0, 0, 1, &change), CR_OK);
}

static void cr8_has_four_bits(void **state)
{
	(void)state;
	assert_int_equal(cr_rule_cr8(15), CR_OK);
	assert_int_equal(cr_rule_cr8(16), CR_GP);
	assert_int_equal(cr_rule_cr8(1ULL << 63), CR_GP);
}

static void debug_registers_have_their_fixed_bits(void **state)
{
	u64 val;

	(void)state;
	assert_int_equal(cr_rule_dr6(0, &val), CR_OK);
	assert_int_equal(val, 0xffff0ff0);
	assert_int_equal(cr_rule_dr6(0xffffffff, &val), CR_OK);
	assert_int_equal(val, 0xffffefff);
	assert_int_equal(cr_rule_dr6(1ULL << 32, &val), CR_GP);
	assert_int_equal(cr_rule_dr7(0, &val), CR_OK);
	assert_int_equal(val, 0x400);
	assert_int_equal(cr_rule_dr7(0xffffffff, &val), CR_OK);
	assert_int_equal(val, 0xffff27ff);
	assert_int_equal(cr_rule_dr7(1ULL << 40, &val), CR_GP);
}

static void dr4_and_dr5_are_aliases_unless_de(void **state)
{
	unsigned int nr = 99;

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(cr_rule_dr_nr(0, i, &nr), CR_OK);
		assert_int_equal(nr, i == 4 || i == 5 ? i + 2 : i);
		assert_int_equal(cr_rule_dr_nr(X86_CR4_DE, i, &nr),
				 i == 4 || i == 5 ? CR_UD : CR_OK);
	}
	assert_int_equal(cr_rule_dr_nr(0, 8, &nr), CR_UD);
}

static void pdptrs_with_reserved_bits_are_refused_if_present(void **state)
{
	u64 p[4] = {0x1001, 0x2001, 0, 0x3019};

	(void)state;
	assert_int_equal(cr_pdptrs_check(p, &caps), CR_OK);
	for (int bit = 1; bit < 64; bit++) {
		bool bad = bit <= 2 || (bit >= 5 && bit <= 8) || bit >= 40;

		p[2] = 1 | 1ULL << bit;
		assert_int_equal(cr_pdptrs_check(p, &caps), bad ? CR_GP : CR_OK);
		p[2] &= ~1ULL;
		assert_int_equal(cr_pdptrs_check(p, &caps), CR_OK);
	}
	for (int i = 0; i < 4; i++) {
		u64 one[4] = {};

		one[i] = 1 | 1ULL << 40;
		assert_int_equal(cr_pdptrs_check(one, &caps), CR_GP);
	}
}

static const struct cr_sregs sregs_long = {.cr0 = PE | PG | ET,
					   .cr4 = X86_CR4_PAE,
					   .cr3 = 0x1000,
					   .efer = GEFER_LME | GEFER_LMA,
					   .cs_l = true};
static const struct cr_sregs sregs_real = {.cr0 = 0x60000010};

static void sregs_of_each_mode_are_accepted(void **state)
{
	struct cr_sregs s = sregs_real;

	(void)state;
	assert_true(cr_sregs_valid(&sregs_real, &caps));
	assert_true(cr_sregs_valid(&sregs_long, &caps));
	/* Any supported CR4, even with bits that a guest may set in long mode only. */
	s.cr0 = 0;
	s.cr4 = caps.cr4_allowed;
	assert_true(cr_sregs_valid(&s, &caps));
	/* LME without paging is a state on the way into long mode. */
	s = sregs_real;
	s.efer = GEFER_LME;
	assert_true(cr_sregs_valid(&s, &caps));
}

static void sregs_with_unsupported_bits_are_refused(void **state)
{
	struct cr_sregs s;

	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		s = sregs_real;
		s.cr4 = 1ULL << bit;
		assert_int_equal(cr_sregs_valid(&s, &caps), !!(s.cr4 & caps.cr4_allowed));
		s = sregs_real;
		s.efer = 1ULL << bit;
		assert_int_equal(cr_sregs_valid(&s, &caps),
				 !!(s.efer & (GEFER_SCE | GEFER_LME | GEFER_NXE)));
		s = sregs_long;
		s.cr3 = 1ULL << bit;
		assert_int_equal(cr_sregs_valid(&s, &caps), bit < 40);
		s = sregs_real;
		s.cr8 = 1ULL << bit;
		assert_int_equal(cr_sregs_valid(&s, &caps), bit < 4);
		if (bit < 32)
			continue;
		s = sregs_real;
		s.cr0 |= 1ULL << bit;
		assert_false(cr_sregs_valid(&s, &caps));
	}
}

static void sregs_that_contradict_themselves_are_refused(void **state)
{
	struct cr_sregs s = sregs_real;

	(void)state;
	s.cr0 = NW;
	assert_false(cr_sregs_valid(&s, &caps));
	s.cr0 = PG;
	assert_false(cr_sregs_valid(&s, &caps));
	s = sregs_real;
	s.cs_l = true;
	assert_false(cr_sregs_valid(&s, &caps));
	s = sregs_long;
	s.efer = GEFER_LME;
	assert_false(cr_sregs_valid(&s, &caps));
	s.efer = GEFER_LMA;
	assert_false(cr_sregs_valid(&s, &caps));
	s = sregs_long;
	s.cr4 = 0;
	assert_false(cr_sregs_valid(&s, &caps));
	s = sregs_long;
	s.cr0 = PE;
	assert_false(cr_sregs_valid(&s, &caps));
	s = sregs_long;
	s.cs_db = true;
	assert_false(cr_sregs_valid(&s, &caps));
}

static void a_refused_write_reports_nothing(void **state)
{
	const struct cr_change mark = {.val = 0x5555, .efer = 0x6666, .effects = 0x7777};

	(void)state;
	change = mark;
	cr0(&real, PG);
	cr3(&long64, 1ULL << 60);
	cr4(&long64, 0);
	efer(&long64, 0);
	xcr0(0);
	assert_memory_equal(&change, &mark, sizeof(mark));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cr0_upper_half_is_gp),
		cmocka_unit_test(cr0_undefined_low_bits_read_as_zero_and_et_as_one),
		cmocka_unit_test(cr0_nw_needs_cd),
		cmocka_unit_test(cr0_pg_needs_pe),
		cmocka_unit_test(paging_with_lme_activates_long_mode),
		cmocka_unit_test(long_mode_needs_pae_and_cs_not_64_bit),
		cmocka_unit_test(paging_off_leaves_long_mode_but_not_from_64_bit_code),
		cmocka_unit_test(cr0_effects_are_those_of_the_changed_bits),
		cmocka_unit_test(every_bit_has_its_own_effects),
		cmocka_unit_test(cet_and_write_protection_go_together),
		cmocka_unit_test(lmsw_can_set_but_not_clear_pe),
		cmocka_unit_test(cr3_reserved_bits_follow_maxphyaddr),
		cmocka_unit_test(cr3_bit_63_means_no_flush_with_pcid_only),
		cmocka_unit_test(cr3_same_value_flushes_but_is_no_new_root),
		cmocka_unit_test(cr4_bits_without_the_feature_are_gp),
		cmocka_unit_test(cr4_pae_and_la57_are_fixed_in_long_mode),
		cmocka_unit_test(cr4_pcide_needs_long_mode_and_pcid_zero),
		cmocka_unit_test(cr4_effects_are_those_of_the_changed_bits),
		cmocka_unit_test(efer_bits_without_the_feature_are_gp),
		cmocka_unit_test(efer_lme_is_fixed_while_paging),
		cmocka_unit_test(efer_lma_is_kept_whatever_is_written),
		cmocka_unit_test(efer_nxe_changes_the_mmu_mode),
		cmocka_unit_test(xcr0_groups_come_whole),
		cmocka_unit_test(xsetbv_needs_cpl_0_and_index_0),
		cmocka_unit_test(cr8_has_four_bits),
		cmocka_unit_test(debug_registers_have_their_fixed_bits),
		cmocka_unit_test(dr4_and_dr5_are_aliases_unless_de),
		cmocka_unit_test(pdptrs_with_reserved_bits_are_refused_if_present),
		cmocka_unit_test(sregs_of_each_mode_are_accepted),
		cmocka_unit_test(sregs_with_unsupported_bits_are_refused),
		cmocka_unit_test(sregs_that_contradict_themselves_are_refused),
		cmocka_unit_test(a_refused_write_reports_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
