// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks that an entry makes on the guest's state (SDM vol. 3, "Checks on
 * the guest-state area"), made again by software after one was refused, to find
 * out which it was.
 *
 * For an unrestricted guest, whose CR0.PE and CR0.PG are free. The state comes
 * as a struct, the result is the rule's number; who asks reads the VMCS and
 * shows the result (exit.c).
 *
 * Leaves out: PDPTEs and the VMCS link pointer, which the exit qualification
 * names itself, and state of features that no guest of ours has.
 *
 * Pure.
 */
#include <asm/processor-flags.h>

#include "../x86/defs.h"
#include "check.h"

#define RIGHTS_RESERVED 0xfffe0f00u
#define RFLAGS_RESERVED (~0x3f7fd7ULL | BIT_ULL(3) | BIT_ULL(5) | BIT_ULL(15))
#define DPL(rights)	((rights) >> VMX_SEG_DPL_SHIFT & 3)

static bool canonical(const struct vmx_check *s, u64 va)
{
	return (u64)sign_extend64(va, s->va_bits - 1) == va;
}

static bool long_mode(const struct vmx_check *s)
{
	return s->entry & VMX_ENTRY_GUEST_64;
}

static bool fixed(u64 value, u64 fixed0, u64 fixed1)
{
	return !(~value & fixed0) && !(value & ~fixed1);
}

static bool pat_valid(u64 pat)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = pat >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static enum vmx_rule control_registers(const struct vmx_check *s, const struct vmx_caps *caps)
{
	bool pg = s->cr0 & X86_CR0_PG;
	bool lma = s->efer & GEFER_LMA;

	if (!fixed(s->cr0, caps->cr0_fixed0 & ~(u64)(X86_CR0_PE | X86_CR0_PG), caps->cr0_fixed1))
		return VMX_RULE_CR0;
	if (pg && !(s->cr0 & X86_CR0_PE))
		return VMX_RULE_CR0;
	if (!fixed(s->cr4, caps->cr4_fixed0, caps->cr4_fixed1))
		return VMX_RULE_CR4;
	if (long_mode(s) && (!pg || !(s->cr4 & X86_CR4_PAE)))
		return VMX_RULE_LONG_MODE;
	if (!long_mode(s) && (s->cr4 & X86_CR4_PCIDE))
		return VMX_RULE_CR4;
	if (s->cr3 >> s->phys_bits)
		return VMX_RULE_CR3;
	if (s->dr7 >> 32 || s->debugctl)
		return VMX_RULE_DEBUG;
	if (!canonical(s, s->sysenter_esp) || !canonical(s, s->sysenter_eip))
		return VMX_RULE_SYSENTER;
	if (!pat_valid(s->pat))
		return VMX_RULE_PAT;
	if (lma != long_mode(s) || (pg && lma != !!(s->efer & GEFER_LME)))
		return VMX_RULE_EFER;
	return VMX_RULE_NONE;
}

static bool usable(const struct vmx_check_seg *seg)
{
	return !(seg->rights & VMX_SEG_UNUSABLE);
}

/* Limit and G agree, reserved bits are clear, the segment is there. */
static bool well_formed(const struct vmx_check_seg *seg)
{
	u32 a = seg->rights;

	if (!(a & VMX_SEG_P) || (a & RIGHTS_RESERVED))
		return false;
	if (a & VMX_SEG_G)
		return (seg->limit & 0xfff) == 0xfff;
	return !(seg->limit >> 20);
}

static bool vm86_segment(const struct vmx_check_seg *seg)
{
	return seg->base == (u64)seg->selector << 4 && seg->limit == 0xffff &&
	       seg->rights == VMX_SEG_VM86;
}

static bool cs_valid(const struct vmx_check *s)
{
	u32 a = s->seg[VMCS_CS].rights;
	u32 ss_dpl = DPL(s->seg[VMCS_SS].rights);

	if (!usable(&s->seg[VMCS_CS]) || !(a & VMX_SEG_S) || s->seg[VMCS_CS].base >> 32)
		return false;
	switch (a & VMX_SEG_TYPE) {
	case 3:
		if (DPL(a))
			return false;
		break;
	case 9:
	case 11:
		if (DPL(a) != ss_dpl)
			return false;
		break;
	case 13:
	case 15:
		if (DPL(a) > ss_dpl)
			return false;
		break;
	default:
		return false;
	}
	if (long_mode(s) && (a & VMX_SEG_L) && (a & VMX_SEG_DB))
		return false;
	return well_formed(&s->seg[VMCS_CS]);
}

static bool ss_valid(const struct vmx_check *s)
{
	const struct vmx_check_seg *seg = &s->seg[VMCS_SS];
	bool to_be_0 = (s->seg[VMCS_CS].rights & VMX_SEG_TYPE) == 3 || !(s->cr0 & X86_CR0_PE);

	if (to_be_0 && DPL(seg->rights))
		return false;
	if (!usable(seg))
		return true;
	if ((seg->rights & VMX_SEG_TYPE) != 3 && (seg->rights & VMX_SEG_TYPE) != 7)
		return false;
	return (seg->rights & VMX_SEG_S) && !(seg->base >> 32) && well_formed(seg);
}

static bool data_valid(const struct vmx_check *s, unsigned int i)
{
	const struct vmx_check_seg *seg = &s->seg[i];
	bool wide = i == VMCS_FS || i == VMCS_GS;

	if (wide && !canonical(s, seg->base))
		return false;
	if (!usable(seg))
		return true;
	/* Accessed, and code readable. */
	if (!(seg->rights & 1) || (seg->rights & 0xa) == 8 || !(seg->rights & VMX_SEG_S))
		return false;
	return (wide || !(seg->base >> 32)) && well_formed(seg);
}

static bool tr_valid(const struct vmx_check *s)
{
	const struct vmx_check_seg *seg = &s->seg[VMCS_TR];
	u32 type = seg->rights & VMX_SEG_TYPE;

	if (!usable(seg) || (seg->selector & 4) || (seg->rights & VMX_SEG_S))
		return false;
	if (type != 11 && (type != 3 || long_mode(s)))
		return false;
	return canonical(s, seg->base) && well_formed(seg);
}

static bool ldtr_valid(const struct vmx_check *s)
{
	const struct vmx_check_seg *seg = &s->seg[VMCS_LDTR];

	if (!usable(seg))
		return true;
	return !(seg->selector & 4) && (seg->rights & VMX_SEG_TYPE) == 2 &&
	       !(seg->rights & VMX_SEG_S) && canonical(s, seg->base) && well_formed(seg);
}

static enum vmx_rule segments(const struct vmx_check *s)
{
	static const u8 data_rule[] = {
		[VMCS_ES] = VMX_RULE_ES,
		[VMCS_DS] = VMX_RULE_DS,
		[VMCS_FS] = VMX_RULE_FS,
		[VMCS_GS] = VMX_RULE_GS,
	};
	unsigned int i;

	if (!tr_valid(s))
		return VMX_RULE_TR;
	if (!ldtr_valid(s))
		return VMX_RULE_LDTR;
	if (s->rflags & X86_EFLAGS_VM) {
		for (i = VMCS_ES; i <= VMCS_GS; i++) {
			if (!vm86_segment(&s->seg[i]))
				return VMX_RULE_VM86;
		}
		return VMX_RULE_NONE;
	}
	if (!cs_valid(s))
		return VMX_RULE_CS;
	if (!ss_valid(s))
		return VMX_RULE_SS;
	for (i = VMCS_ES; i <= VMCS_GS; i++) {
		if (i != VMCS_CS && i != VMCS_SS && !data_valid(s, i))
			return data_rule[i];
	}
	return VMX_RULE_NONE;
}

static bool rip_valid(const struct vmx_check *s)
{
	if (!long_mode(s) || !(s->seg[VMCS_CS].rights & VMX_SEG_L))
		return !(s->rip >> 32);
	return canonical(s, s->rip);
}

static bool rflags_valid(const struct vmx_check *s)
{
	const u32 interrupt = VMX_EVENT_V | VMX_EVENT_TYPE_INTR << VMX_EVENT_TYPE_SHIFT;

	if ((s->rflags & RFLAGS_RESERVED) || !(s->rflags & X86_EFLAGS_FIXED))
		return false;
	if ((s->rflags & X86_EFLAGS_VM) && (long_mode(s) || !(s->cr0 & X86_CR0_PE)))
		return false;
	return (s->event & (VMX_EVENT_V | VMX_EVENT_TYPE)) != interrupt ||
	       (s->rflags & X86_EFLAGS_IF);
}

static bool blocking_valid(const struct vmx_check *s)
{
	const u32 both = VMX_BLOCK_STI | VMX_BLOCK_MOV_SS;
	u32 type = (s->event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;

	if ((s->blocking & both) == both)
		return false;
	if ((s->blocking & VMX_BLOCK_STI) && !(s->rflags & X86_EFLAGS_IF))
		return false;
	if (!(s->event & VMX_EVENT_V))
		return true;
	if (type == VMX_EVENT_TYPE_INTR)
		return !(s->blocking & both);
	return type != VMX_EVENT_TYPE_NMI || !(s->blocking & (VMX_BLOCK_MOV_SS | VMX_BLOCK_NMI));
}

/* A trap that a shadow holds back is pending, and none is without RFLAGS.TF. */
static bool pending_valid(const struct vmx_check *s)
{
	bool bs = s->pending_debug & VMX_PENDING_BS;

	if (!(s->blocking & (VMX_BLOCK_STI | VMX_BLOCK_MOV_SS)))
		return true;
	return bs == !!(s->rflags & X86_EFLAGS_TF);
}

enum vmx_rule vmx_check(const struct vmx_check *s, const struct vmx_caps *caps)
{
	enum vmx_rule rule = control_registers(s, caps);

	if (rule == VMX_RULE_NONE)
		rule = segments(s);
	if (rule != VMX_RULE_NONE)
		return rule;
	if (!canonical(s, s->gdtr_base) || !canonical(s, s->idtr_base) || s->gdtr_limit >> 16 ||
	    s->idtr_limit >> 16)
		return VMX_RULE_TABLES;
	if (!rip_valid(s))
		return VMX_RULE_RIP;
	if (!rflags_valid(s))
		return VMX_RULE_RFLAGS;
	if (s->activity)
		return VMX_RULE_ACTIVITY;
	if (!blocking_valid(s))
		return VMX_RULE_BLOCKING;
	if (!pending_valid(s))
		return VMX_RULE_PENDING_DEBUG;
	return VMX_RULE_NONE;
}
