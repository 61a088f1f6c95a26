/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers, EFER, XCR0 and debug registers: which writes the manuals
 * allow, and what has to be done after one. See cr.c.
 */
#ifndef GLASSVISOR_X86_CR_H
#define GLASSVISOR_X86_CR_H

#include <linux/kvm.h>

#include "../env.h"
#include "caps.h"
#include "defs.h"

enum cr_result {
	CR_OK,
	CR_GP, /* the guest gets #GP(0); nothing was changed */
	CR_UD, /* the guest gets #UD (debug registers 4 and 5 with CR4.DE) */
};

/* What a change of a register asks of the caller: cr_change.effects */
enum cr_effect {
	CR_FX_MODE = 1 << 0,	  /* paging mode or a rule of access rights: new MMU role */
	CR_FX_ROOT = 1 << 1,	  /* CR3 now points elsewhere (shadow paging: new root) */
	CR_FX_FLUSH = 1 << 2,	  /* drop the guest's non-global TLB entries */
	CR_FX_FLUSH_ALL = 1 << 3, /* drop all the guest's TLB entries, global ones too */
	CR_FX_PDPTRS = 1 << 4,	  /* PAE: load the PDPTRs and check them *before* committing;
				   * needed only where the hardware doesn't (shadow, EPT) */
	CR_FX_CPUID = 1 << 5,	  /* OSXSAVE, OSPKE or leaf 0xd changed */
	CR_FX_EFER = 1 << 6,	  /* cr_change.efer differs from the present one (LMA) */
};

/* The registers that the rules look at, as the guest sees them. */
struct cr_state {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 xcr0;
	bool cs_l; /* CS.L of the present code segment */
};

struct cr_change {
	u64 val;     /* the value to keep: fixed bits in place, write-only bits gone */
	u64 efer;    /* EFER afterwards (cr_rule_cr0 and cr_rule_efer) */
	u32 effects; /* enum cr_effect */
};

/*
 * Paging modes as the registers select them.
 */
static inline bool cr_pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return (cr0 & X86_CR0_PG) && (cr4 & X86_CR4_PAE) && !(efer & GEFER_LMA);
}

/*
 * A write by the guest (MOV CRn, LMSW, CLTS, task switch, WRMSR, XSETBV).
 * @now is the state before it. CR_OK: *ret_change says what to commit and to
 * do; otherwise *ret_change is not written. Privilege is checked by the caller
 * (hardware does so before it intercepts), except in cr_rule_xcr.
 */
enum cr_result cr_rule_cr0(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change);
enum cr_result cr_rule_cr3(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change);
enum cr_result cr_rule_cr4(const struct cr_state *now, const struct cpuid_guest_caps *caps, u64 val,
			   struct cr_change *ret_change);
enum cr_result cr_rule_efer(const struct cr_state *now, const struct cpuid_guest_caps *caps,
			    u64 val, struct cr_change *ret_change);
enum cr_result cr_rule_xcr(const struct cr_state *now, const struct cpuid_guest_caps *caps, u8 cpl,
			   u32 index, u64 val, struct cr_change *ret_change);

/* CR8: only bits 3:0 exist. */
static inline enum cr_result cr_rule_cr8(u64 val)
{
	return val & ~(u64)X86_CR8_TPR ? CR_GP : CR_OK;
}

/* XCR0 on its own, for KVM_SET_XCRS: is it a value that XSETBV could have loaded? */
bool cr_xcr0_valid(const struct cpuid_guest_caps *caps, u64 val);

/* LMSW: the low four bits of @src, never clearing PE. Gives the value for cr_rule_cr0. */
static inline u64 cr_cr0_from_lmsw(u64 cr0, u16 src)
{
	return (cr0 & ~0xeULL) | (src & 0xf);
}

/*
 * Which register debug register number @nr names: 4 and 5 are 6 and 7, or
 * #UD with CR4.DE. *ret_nr is 0-3, 6 or 7.
 */
enum cr_result cr_rule_dr_nr(u64 cr4, unsigned int nr, unsigned int *ret_nr);

/* #GP with a bit of 63:32 set; *ret_val has the fixed bits in place. */
enum cr_result cr_rule_dr6(u64 val, u64 *ret_val);
enum cr_result cr_rule_dr7(u64 val, u64 *ret_val);

/* PAE PDPTRs as loaded by a CR write: CR_GP when a present one has reserved bits set. */
enum cr_result cr_pdptrs_check(const u64 pdptrs[4], const struct cpuid_guest_caps *caps);

/* What KVM_SET_SREGS and KVM_SET_SREGS2 say about the system registers. */
struct cr_sregs {
	u64 cr0, cr3, cr4, cr8, efer;
	u64 apic_base;
	bool cs_l, cs_db;
};

/*
 * Is this a combination that the ABI lets userspace load? (Otherwise the
 * ioctl answers -EINVAL.) Looser than the guest's own rules: any order of
 * changes is fine, the result has to be consistent. APIC_BASE is judged by
 * msr_rule_apic_base().
 */
bool cr_sregs_valid(const struct cr_sregs *sregs, const struct cpuid_guest_caps *caps);

#endif /* GLASSVISOR_X86_CR_H */
