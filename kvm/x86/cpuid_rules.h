/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID: what a guest may be shown, the table that userspace sets, what a
 * guest's CPUID instruction answers, and what follows from the table for the
 * other rules. See cpuid_rules.c.
 */
#ifndef GLASSVISOR_X86_CPUID_RULES_H
#define GLASSVISOR_X86_CPUID_RULES_H

#include <linux/kvm.h>

#include "../env.h"
#include "caps.h"
#include "defs.h"

#define CPUID_MAX_ENTRIES 256 /* that KVM_SET_CPUID2 takes */

/* Classes of leaves: basic, hypervisor, extended; and how many of each have an index. */
#define CPUID_DIRECT 64

/* What host and driver can do, as the glue found out at load. */
struct cpuid_host_caps {
	u8 vendor;	   /* enum cpu_vendor */
	u8 maxphyaddr;	   /* physical address bits a guest can have */
	u64 xcr0;	   /* XCR0 bits the driver can switch: host's, and saved in its FPU state */
	u32 kvm_features;  /* GKVM_* that the driver implements: leaf 0x40000001 EAX */
	bool tdp;	   /* nested paging: LA57 and 1G pages come from the hardware's walk */
	bool pku;	   /* host runs with CR4.PKE, and the driver switches PKRU */
	bool la57;	   /* guests may use 5-level paging */
	bool spec_ctrl;	   /* SPEC_CTRL is switched around guest entry */
	bool ibpb;	   /* PRED_CMD is carried out */
	bool tsc_aux;	   /* TSC_AUX is switched: RDTSCP and RDPID work */
	bool pcid;	   /* INVPCID and PCID run without help, or are intercepted properly */
	bool umip;	   /* UMIP works in the guest, natively */
	bool x2apic;	   /* in-kernel LAPIC with x2APIC mode */
	bool tsc_deadline; /* in-kernel LAPIC with TSC deadline timer */
};

/* regs is EAX, EBX, ECX, EDX, in this order, everywhere below. */
enum cpuid_reg { CPUID_REG_EAX, CPUID_REG_EBX, CPUID_REG_ECX, CPUID_REG_EDX };

/* Executes CPUID on the host (or plays back a recording). */
typedef void (*cpuid_read_fn)(void *ctx, u32 leaf, u32 subleaf, u32 regs[4]);

/*
 * One host leaf, masked and adjusted by the policy. Bits that the policy
 * doesn't know become 0. For GET_SUPPORTED_CPUID.
 */
void cpuid_rule_mask_entry(struct kvm_cpuid_entry2 *e, const struct cpuid_host_caps *caps);

/*
 * All of KVM_GET_SUPPORTED_CPUID into out[max]. 0 with *ret_n entries; or
 * -E2BIG if they don't fit, with *ret_n = how many there are (out is then
 * filled as far as it goes). ctx is passed to read. Padding is zeroed.
 */
int cpuid_rule_supported(cpuid_read_fn read, void *ctx, const struct cpuid_host_caps *caps,
			 struct kvm_cpuid_entry2 *out, u32 max, u32 *ret_n);

/*
 * KVM_GET_EMULATED_CPUID: features that work only because an exit is emulated.
 * None at present (leaf 0 alone, with a maximum of 0). Results as above.
 */
int cpuid_rule_emulated(struct kvm_cpuid_entry2 *out, u32 max, u32 *ret_n);

/*
 * A vCPU's table: the entries in the order userspace gave them (that is what
 * KVM_GET_CPUID2 returns), and an index over them.
 */
struct cpuid_table {
	u16 n;
	u8 vendor;		      /* enum cpu_vendor, from leaf 0 */
	u32 max_leaf[3];	      /* EAX of leaves 0, 0x40000000, 0x80000000; 0: none */
	bool has_class[3];	      /* is that leaf there? */
	u16 order[CPUID_MAX_ENTRIES]; /* positions sorted by function; stable */
	u16 direct[3][CPUID_DIRECT];  /* place in order[] of a leaf's first entry, or NONE */
	struct kvm_cpuid_entry2 entry[CPUID_MAX_ENTRIES];
};

#define CPUID_NONE 0xffff

/*
 * Take a table from userspace (struct cpuid_table is ~14 KiB: allocate it).
 * 0; -E2BIG: more than CPUID_MAX_ENTRIES; -EINVAL: leaf 0x80000008 with
 * linear address bits other than 0, 48 or 57. On error *t is not changed.
 */
int cpuid_rule_set(struct cpuid_table *t, const struct kvm_cpuid_entry2 *entries, u32 n);

/* KVM_SET_CPUID: the old form. */
void cpuid_rule_from_old(const struct kvm_cpuid_entry *old, struct kvm_cpuid_entry2 *ret_entry);

/* Same contents but for the bits that cpuid_rule_dynamic keeps? (KVM_SET_CPUID2 after KVM_RUN) */
bool cpuid_rule_same(const struct cpuid_table *t, const struct kvm_cpuid_entry2 *entries, u32 n);

/*
 * The entry of a leaf and sub-leaf, or NULL. A leaf whose entries don't have
 * KVM_CPUID_FLAG_SIGNIFCANT_INDEX matches every sub-leaf. The first of equal
 * entries wins. A few dozen instructions for leaves below 0x40 of each class.
 */
const struct kvm_cpuid_entry2 *cpuid_rule_find(const struct cpuid_table *t, u32 leaf, u32 subleaf);

/*
 * What the guest's CPUID answers: the entry; or, for a leaf beyond the maximum
 * of its class, zeros (AMD) or the data of the highest basic leaf (Intel); or
 * zeros. Returns whether the entry itself was found (for the trace).
 */
bool cpuid_rule_query(const struct cpuid_table *t, u32 leaf, u32 subleaf, u32 regs[4]);

/*
 * Bring the bits that follow other registers up to date: OSXSAVE and OSPKE
 * (CR4), APIC (APIC_BASE.EN), sizes in leaf 0xd (XCR0 and XSS). Call after any
 * of them changed (CR_FX_CPUID) and after cpuid_rule_set.
 */
void cpuid_rule_dynamic(struct cpuid_table *t, u64 cr4, u64 xcr0, u64 xss, u64 apic_base);

/*
 * What the table allows, within @limit (NULL: without). The glue makes its
 * limit once at load, from the result of cpuid_rule_supported taken as a table
 * and without a limit: what no guest can have isn't in there. That limit is
 * also what a vCPU has before KVM_SET_CPUID2. Independent of the dynamic bits.
 */
void cpuid_rule_guest_caps(const struct cpuid_table *t, const struct cpuid_guest_caps *limit,
			   struct cpuid_guest_caps *ret_caps);

#endif /* GLASSVISOR_X86_CPUID_RULES_H */
