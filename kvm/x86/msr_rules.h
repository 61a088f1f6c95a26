/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs: which exist for a guest, where the value is kept, which values they
 * take, which are listed to userspace; and the MSR filter. See msr_rules.c.
 */
#ifndef GLASSVISOR_X86_MSR_RULES_H
#define GLASSVISOR_X86_MSR_RULES_H

#include <linux/kvm.h>

#include "../env.h"
#include "caps.h"
#include "defs.h"

/* Where the value is. */
enum msr_home {
	MSR_HOME_BACKEND, /* struct vcpu_state or the VMCB: FS_BASE, STAR, SYSENTER_*, PAT... */
	MSR_HOME_CORE,	  /* core has code for it: EFER, TSC, TSC_AUX, APIC_BASE, kvmclock,
			   * SPEC_CTRL, PRED_CMD... */
	MSR_HOME_STORE,	  /* a plain value in struct msr_store */
	MSR_HOME_CONST,	  /* reads give rule->arg; writes are refused or dropped */
};

/* Slots of struct msr_store. Ranges of MSRs have consecutive slots. */
enum msr_slot {
	MSR_SLOT_UCODE_REV,
	MSR_SLOT_ARCH_CAPABILITIES,
	MSR_SLOT_PLATFORM_INFO,
	MSR_SLOT_FEATURE_CONTROL,
	MSR_SLOT_MISC_ENABLE,
	MSR_SLOT_POWER_CTL,
	MSR_SLOT_MCG_CAP, /* written by KVM_X86_SETUP_MCE through the glue */
	MSR_SLOT_MCG_STATUS,
	MSR_SLOT_MCG_CTL,
	MSR_SLOT_DEBUGCTL,
	MSR_SLOT_HWCR,
	MSR_SLOT_DE_CFG,
	MSR_SLOT_OSVW_LENGTH,
	MSR_SLOT_OSVW_STATUS,
	MSR_SLOT_MTRR_DEF_TYPE,
	MSR_SLOT_MTRR_FIX64K,
	MSR_SLOT_MTRR_FIX16K,				/* 2 */
	MSR_SLOT_MTRR_FIX4K = MSR_SLOT_MTRR_FIX16K + 2, /* 8 */
	MSR_SLOT_MTRR_PHYS = MSR_SLOT_MTRR_FIX4K + 8,	/* 16: base, mask, base, mask... */
	MSR_SLOT_MC_BANKS = MSR_SLOT_MTRR_PHYS + 16,	/* MSR_MC_BANKS * 4 */
	MSR_SLOTS = MSR_SLOT_MC_BANKS + 32 * 4,
};

#define MSR_MC_BANKS 32 /* the most that KVM_X86_SETUP_MCE may ask for (KVM_CAP_MCE) */

/* Bits of MCG_CAP that KVM_X86_SETUP_MCE may set beside the bank count: CTL_P, SER_P */
#define MSR_MCG_CTL_P	      BIT_ULL(8)
#define MSR_MCG_SER_P	      BIT_ULL(24)
#define MSR_MCG_CAP_SUPPORTED (MSR_MCG_CTL_P | MSR_MCG_SER_P)

/* A vCPU's plain MSRs. Values of slots whose MSR the guest doesn't have are kept as well. */
struct msr_store {
	u64 val[MSR_SLOTS];
};

/* Condition for the MSR to exist: enum msr_need of a rule, judged from caps and store. */
enum msr_need {
	MSR_NEED_NONE,
	MSR_NEED_LM,
	MSR_NEED_RDTSCP, /* RDTSCP or RDPID */
	MSR_NEED_TSC_ADJUST,
	MSR_NEED_SPEC_CTRL,
	MSR_NEED_IBPB,
	MSR_NEED_ARCH_CAPS,
	MSR_NEED_OSVW,
	MSR_NEED_MTRR,
	MSR_NEED_PAT,
	MSR_NEED_MCG_CTL, /* MCG_CAP.CTL_P */
	MSR_NEED_MC_BANK, /* bank below MCG_CAP.Count */
	MSR_NEED_INTEL,
	MSR_NEED_AMD,
	MSR_NEED_X2APIC,
	MSR_NEED_CLOCK_OLD, /* KVM_FEATURE_CLOCKSOURCE */
	MSR_NEED_CLOCK,	    /* KVM_FEATURE_CLOCKSOURCE2 */
	MSR_NEED_STEAL_TIME,
	MSR_NEED_PV_EOI,
	MSR_NEED_ABSENT, /* no guest has the feature; userspace may write 0 all the same */
};

/* Flags of a rule */
#define MSR_F_LIST     0x01 /* in KVM_GET_MSR_INDEX_LIST */
#define MSR_F_FEATURE  0x02 /* in KVM_GET_MSR_FEATURE_INDEX_LIST */
#define MSR_F_GUEST_RO 0x04 /* the guest's writes get #GP; userspace's are taken */
#define MSR_F_WO       0x08 /* reads get #GP for the guest, 0 for userspace */
#define MSR_F_DROP     0x10 /* writes are accepted and forgotten */

struct msr_rule {
	u32 first;
	u16 count;
	u8 home;  /* enum msr_home */
	u8 need;  /* enum msr_need */
	u8 check; /* which validity rule; private to msr_rules.c */
	u8 flags; /* MSR_F_* */
	u16 slot; /* STORE: slot of first */
	u64 arg;  /* CONST: the value; else the mask or bound of the check */
};

enum msr_rule_result {
	MSR_RULE_OK,
	MSR_RULE_GP,   /* #GP for the guest; for userspace the entry is refused */
	MSR_RULE_DROP, /* write: done, nothing to store */
	MSR_RULE_NONE, /* no such MSR (for this vCPU): as GP, but "unknown" for the MSR filter
			* reasons KVM_MSR_EXIT_REASON_UNKNOWN and INVAL */
};

/* The rule of an MSR, or NULL. Binary search. */
const struct msr_rule *msr_rule_find(u32 index);

/* Does the MSR exist for a vCPU with these caps? */
bool msr_rule_exists(const struct msr_rule *rule, u32 index, const struct cpuid_guest_caps *caps,
		     const struct msr_store *store);

/* Slot of a STORE rule's MSR; below MSR_SLOTS, safe against speculation. */
static inline u32 msr_rule_slot(const struct msr_rule *rule, u32 index)
{
	return array_index_nospec(rule->slot + (index - rule->first), MSR_SLOTS);
}

/*
 * Judge a write. @host: by KVM_SET_MSRS, otherwise by the guest. *value may
 * be changed into what is to be kept (fixed and ignored bits). OK: the caller
 * puts *value into its home. MSRs with home CORE are judged as far as the
 * value alone tells (EFER, APIC_BASE and TSC have rules of their own).
 */
enum msr_rule_result msr_rule_write(const struct msr_rule *rule, u32 index, u64 *value,
				    const struct cpuid_guest_caps *caps,
				    const struct msr_store *store, bool host);

/* May it be read? OK or GP or NONE. */
enum msr_rule_result msr_rule_read(const struct msr_rule *rule, u32 index,
				   const struct cpuid_guest_caps *caps,
				   const struct msr_store *store, bool host);

/* Read an MSR with home STORE or CONST that may be read. */
static inline u64 msr_rule_value(const struct msr_rule *rule, u32 index,
				 const struct msr_store *store)
{
	return rule->home == MSR_HOME_STORE ? store->val[msr_rule_slot(rule, index)] : rule->arg;
}

/* Values after RESET; MCG_CAP is left alone. */
void msr_rule_reset(struct msr_store *store);

/*
 * The lists for KVM_GET_MSR_INDEX_LIST and KVM_GET_MSR_FEATURE_INDEX_LIST: the
 * indices that vCPUs can have, @caps being the limit of cpuid_rule_guest_caps.
 * The values of feature MSRs are the host's and the glue's to read. Writes at
 * most max indices, returns how many there are (at most MSR_RULE_MAX_LIST).
 */
#define MSR_RULE_MAX_LIST 128
u32 msr_rule_index_list(const struct cpuid_guest_caps *caps, u32 *out, u32 max);
u32 msr_rule_feature_list(const struct cpuid_guest_caps *caps, u32 *out, u32 max);

/* APIC_BASE as a value: reserved bits, EXTD only with x2APIC and EN. */
bool msr_rule_apic_base(u64 val, const struct cpuid_guest_caps *caps);
/* A guest may not go from x2APIC to xAPIC nor from disabled to x2APIC at once (SDM, x2APIC). */
bool msr_rule_apic_base_step(u64 from, u64 to);

/* PAT as a value: each byte one of 0, 1, 4, 5, 6, 7. */
bool msr_rule_pat(u64 val);

/* MCG_CAP of KVM_X86_SETUP_MCE: at most MSR_MC_BANKS and at least one, bits supported. */
bool msr_rule_mcg_cap(u64 mcg_cap);

/* After KVM_X86_SETUP_MCE: take the capability, switch all banks on. */
void msr_rule_mce_setup(struct msr_store *store, u64 mcg_cap);

/*
 * KVM_X86_SET_MSR_FILTER. The filter as the glue keeps it: ranges with bitmaps
 * in its own memory. msr_filter_check judges what userspace gave: 0 or -EINVAL
 * (unknown flags, empty or too long bitmaps, wrap-around); fills ret_bytes
 * with the size of each bitmap to copy.
 */
int msr_filter_check(const struct kvm_msr_filter *filter, u32 ret_bytes[KVM_MSR_FILTER_MAX_RANGES]);

/*
 * Does the filter let an access through? The first range that has the index
 * and the direction decides; the default otherwise. x2APIC MSRs are never
 * filtered, as the ABI says. Ranges with nmsrs 0 are skipped.
 */
bool msr_filter_allows(const struct kvm_msr_filter *filter, u32 index, bool write);

#endif /* GLASSVISOR_X86_MSR_RULES_H */
