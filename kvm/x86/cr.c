// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control registers, EFER, XCR0, debug registers: the checks of the manuals
 * and the consequences of a legal write.
 *
 * Pure: values in, values out. Nothing is changed here; the caller commits
 * cr_change.val and carries the effects out. Which bits exist at all comes
 * digested from the guest's CPUID (caps.h).
 *
 * Sources: APM vol. 2, "System-control registers", "Extended feature enable
 * register", "Activating long mode", "Page-translation and protection", "Debug
 * registers"; APM vol. 4, "Extended control register"; SDM vol. 3, "Control
 * registers", "PAE paging", "Operations that invalidate TLBs"; for sregs the
 * ABI (Documentation/virt/kvm/api.rst).
 *
 * Left out: CET's shadow stacks (CR4.CET is never allowed), LAM, and SMM.
 * One softening: a guest that writes EFER with LMA other than it is gets the
 * rest of its write carried out and LMA kept (Intel's rule) on AMD too, where
 * the APM threatens #GP; software can't rely on either.
 */
#include "cr.h"

/* Bits of CR0 that exist; the others in 31:0 read as zero whatever is written. */
#define CR0_DEFINED                                                                                \
	((u64)(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | X86_CR0_NE |       \
	       X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | X86_CR0_PG))

/* A change of these has PAE paging load its PDPTRs anew. */
#define CR0_PDPTR_BITS ((u64)(X86_CR0_CD | X86_CR0_NW | X86_CR0_PG))
#define CR4_PDPTR_BITS ((u64)(X86_CR4_PAE | X86_CR4_PSE | X86_CR4_PGE | X86_CR4_SMEP))

/* A change of these changes how tables are walked or what a page's rights mean. */
#define CR0_MODE_BITS ((u64)(X86_CR0_PG | X86_CR0_WP))
#define CR4_MODE_BITS                                                                              \
	((u64)(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_LA57 | X86_CR4_SMEP | X86_CR4_SMAP |            \
	       X86_CR4_PKE))
#define CR4_FLUSH_BITS ((u64)(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_LA57))

/* PAE PDPTE: P, PWT, PCD, AVL and the address; the rest is reserved. */
#define PDPTE_PRESENT  1ULL
#define PDPTE_RESERVED (GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5))

static bool cr0_consistent(u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD))
		return false;
	return !(cr0 & X86_CR0_PG) || (cr0 & X86_CR0_PE);
}

enum cr_result cr_rule_cr0(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change)
{
	u64 efer = now->efer;
	u64 changed;
	u32 fx = 0;

	(void)caps;
	if (!cr0_consistent(val))
		return CR_GP;
	if (!(val & X86_CR0_WP) && (now->cr4 & X86_CR4_CET))
		return CR_GP;
	val = (val & CR0_DEFINED) | X86_CR0_ET;
	changed = val ^ now->cr0;

	if (changed & X86_CR0_PG) {
		if (val & X86_CR0_PG) {
			if (efer & GEFER_LME) {
				if (!(now->cr4 & X86_CR4_PAE) || now->cs_l)
					return CR_GP;
				efer |= GEFER_LMA;
			}
		} else {
			if (now->cr4 & X86_CR4_PCIDE)
				return CR_GP;
			if ((efer & GEFER_LMA) && now->cs_l)
				return CR_GP;
			efer &= ~GEFER_LMA;
		}
		fx |= CR_FX_FLUSH_ALL;
	}
	if (changed & CR0_MODE_BITS)
		fx |= CR_FX_MODE;
	if ((changed & CR0_PDPTR_BITS) && cr_pae_paging(val, now->cr4, efer))
		fx |= CR_FX_PDPTRS;
	if (efer != now->efer)
		fx |= CR_FX_EFER;

	ret_change->val = val;
	ret_change->efer = efer;
	ret_change->effects = fx;
	return CR_OK;
}

enum cr_result cr_rule_cr3(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change)
{
	u32 fx = CR_FX_FLUSH;

	if ((now->cr4 & X86_CR4_PCIDE) && (val & X86_CR3_PCID_NOFLUSH)) {
		val &= ~(u64)X86_CR3_PCID_NOFLUSH;
		fx = 0;
	}
	if (val & caps->gpa_reserved)
		return CR_GP;

	if (val != now->cr3)
		fx |= CR_FX_ROOT;
	if (cr_pae_paging(now->cr0, now->cr4, now->efer))
		fx |= CR_FX_PDPTRS;

	ret_change->val = val;
	ret_change->efer = now->efer;
	ret_change->effects = fx;
	return CR_OK;
}

enum cr_result cr_rule_cr4(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change)
{
	u64 changed = val ^ now->cr4;
	u64 set = val & changed;
	u64 cleared = now->cr4 & changed;
	u32 fx = 0;

	if (val & ~caps->cr4_allowed)
		return CR_GP;
	if (now->efer & GEFER_LMA) {
		if (!(val & X86_CR4_PAE) || (changed & X86_CR4_LA57))
			return CR_GP;
	}
	if (set & X86_CR4_PCIDE) {
		if (!(now->efer & GEFER_LMA) || (now->cr3 & X86_CR3_PCID_MASK))
			return CR_GP;
	}
	if ((val & X86_CR4_CET) && !(now->cr0 & X86_CR0_WP))
		return CR_GP;

	if (changed & CR4_MODE_BITS)
		fx |= CR_FX_MODE;
	if ((changed & CR4_FLUSH_BITS) || (cleared & X86_CR4_PCIDE) || (set & X86_CR4_SMEP))
		fx |= CR_FX_FLUSH_ALL;
	if ((changed & CR4_PDPTR_BITS) && cr_pae_paging(now->cr0, val, now->efer))
		fx |= CR_FX_PDPTRS;
	if (changed & (X86_CR4_OSXSAVE | X86_CR4_PKE))
		fx |= CR_FX_CPUID;

	ret_change->val = val;
	ret_change->efer = now->efer;
	ret_change->effects = fx;
	return CR_OK;
}

enum cr_result cr_rule_efer(const struct cr_state *now, const struct cpuid_guest_caps *caps,
			    u64 val, struct cr_change *ret_change)
{
	u64 changed;
	u32 fx = 0;

	val = (val & ~GEFER_LMA) | (now->efer & GEFER_LMA);
	changed = val ^ now->efer;
	if (val & ~GEFER_LMA & ~caps->efer_allowed)
		return CR_GP;
	if ((changed & GEFER_LME) && (now->cr0 & X86_CR0_PG))
		return CR_GP;

	if (changed & GEFER_NXE)
		fx |= CR_FX_MODE | CR_FX_FLUSH_ALL;
	if (changed)
		fx |= CR_FX_EFER;

	ret_change->val = val;
	ret_change->efer = val;
	ret_change->effects = fx;
	return CR_OK;
}

bool cr_xcr0_valid(const struct cpuid_guest_caps *caps, u64 val)
{
	u64 avx512 = val & GXCR0_AVX512;
	u64 mpx = val & GXCR0_MPX;
	u64 amx = val & GXCR0_AMX;

	if (!(val & GXCR0_X87) || (val & ~caps->xcr0_allowed))
		return false;
	if ((val & GXCR0_AVX) && !(val & GXCR0_SSE))
		return false;
	if (mpx && mpx != GXCR0_MPX)
		return false;
	if (avx512 && (avx512 != GXCR0_AVX512 || !(val & GXCR0_AVX)))
		return false;
	return !amx || amx == GXCR0_AMX;
}

enum cr_result cr_rule_xcr(const struct cr_state *now, const struct cpuid_guest_caps *caps, u8 cpl,
			   u32 index, u64 val, struct cr_change *ret_change)
{
	if (cpl || index || !cr_xcr0_valid(caps, val))
		return CR_GP;

	ret_change->val = val;
	ret_change->efer = now->efer;
	ret_change->effects = val != now->xcr0 ? CR_FX_CPUID : 0;
	return CR_OK;
}

enum cr_result cr_rule_dr_nr(u64 cr4, unsigned int nr, unsigned int *ret_nr)
{
	if (nr > 7)
		return CR_UD;
	if (nr == 4 || nr == 5) {
		if (cr4 & X86_CR4_DE)
			return CR_UD;
		nr += 2;
	}
	*ret_nr = nr;
	return CR_OK;
}

enum cr_result cr_rule_dr6(u64 val, u64 *ret_val)
{
	if (val >> 32)
		return CR_GP;
	*ret_val = (val & GDR6_VOLATILE) | GDR6_FIXED_1;
	return CR_OK;
}

enum cr_result cr_rule_dr7(u64 val, u64 *ret_val)
{
	if (val >> 32)
		return CR_GP;
	*ret_val = (val & GDR7_VOLATILE) | GDR7_FIXED_1;
	return CR_OK;
}

enum cr_result cr_pdptrs_check(const u64 pdptrs[4], const struct cpuid_guest_caps *caps)
{
	u64 reserved = PDPTE_RESERVED | caps->gpa_reserved;
	int i;

	for (i = 0; i < 4; i++) {
		if ((pdptrs[i] & PDPTE_PRESENT) && (pdptrs[i] & reserved))
			return CR_GP;
	}
	return CR_OK;
}

bool cr_sregs_valid(const struct cr_sregs *s, const struct cpuid_guest_caps *caps)
{
	bool want_long = (s->efer & GEFER_LME) && (s->cr0 & X86_CR0_PG);

	if (!cr0_consistent(s->cr0))
		return false;
	if (s->cr4 & ~caps->cr4_allowed)
		return false;
	if (s->efer & ~(caps->efer_allowed | GEFER_LMA))
		return false;
	if ((s->cr3 & caps->gpa_reserved) || (s->cr8 & ~(u64)X86_CR8_TPR))
		return false;

	/* LMA says what LME and PG add up to, and 64-bit code needs it. */
	if (want_long)
		return (s->efer & GEFER_LMA) && (s->cr4 & X86_CR4_PAE) && !(s->cs_l && s->cs_db);
	return !(s->efer & GEFER_LMA) && !s->cs_l;
}
