/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why an entry was refused: the hardware says no more than "invalid guest
 * state". See check.c; the rules' names are VMX_RULES of the schema.
 */
#ifndef GLASSVISOR_VMX_CHECK_H
#define GLASSVISOR_VMX_CHECK_H

#include "../../debugfs-schema/reasons.h"
#include "controls.h"

#define X(number, ID, name, text) VMX_RULE_##ID = number,
enum vmx_rule { VMX_RULES(X) };
#undef X

struct vmx_check_seg {
	u16 selector;
	u32 limit; /* bytes */
	u32 rights;
	u64 base;
};

/* The guest-state area, as far as the rules look at it. */
struct vmx_check {
	struct vmx_check_seg seg[VMCS_SEG_COUNT];
	u64 cr0, cr3, cr4, efer, dr7, pat, debugctl;
	u64 rip, rflags;
	u64 gdtr_base, idtr_base;
	u64 sysenter_esp, sysenter_eip;
	u64 pending_debug;
	u32 gdtr_limit, idtr_limit;
	u32 blocking, activity;
	u32 event;    /* VMCS_ENTRY_EVENT */
	u32 entry;    /* VMCS_ENTRY_CONTROLS */
	u8 phys_bits; /* of the CPU's physical addresses */
	u8 va_bits;   /* of its linear ones: 48 or 57 */
};

/*
 * The first rule that the state breaks, in the manual's order; VMX_RULE_NONE: it
 * looks all right. For an unrestricted guest.
 */
enum vmx_rule vmx_check(const struct vmx_check *s, const struct vmx_caps *caps);

#endif /* GLASSVISOR_VMX_CHECK_H */
