// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs as a table: one row per MSR or run of MSRs, saying where the value is
 * kept, when it exists, and what may be written.
 *
 * Invariants: rows are ascending and don't overlap (binary search; the unit
 * test checks); a STORE row's slots lie within struct msr_store. An MSR that
 * has no row doesn't exist: #GP.
 *
 * Userspace is treated more softly than the guest in one way: an MSR that the
 * index list names but this vCPU's CPUID lacks takes a 0 from KVM_SET_MSRS and
 * can be read, because VMMs save and restore by the list alone and give up
 * when an entry is refused.
 *
 * Pure. Sources: APM vol. 2, MSR cross-reference, "Memory-type range
 * registers", "Page-attribute table", "Machine-check architecture"; AMD PPRs
 * for c001_xxxx; SDM vol. 4; Documentation/virt/kvm/x86/msr.rst and api.rst.
 *
 * Left out: PMU, MSRs of nested virtualisation, SMM (SMBASE, SMI_COUNT) and of
 * the in-kernel LAPIC but for the x2APIC range.
 */
#include "msr_rules.h"

#define HWCR_MC_STATUS_WR_EN BIT_ULL(18)
#define HWCR_TSC_FREQ_SEL    BIT_ULL(24) /* the TSC counts at a constant rate */
/* Cache and SSE switches that firmware writes and that mean nothing in a guest */
#define HWCR_IGNORED (BIT_ULL(3) | BIT_ULL(6) | BIT_ULL(8) | BIT_ULL(17))

#define DE_CFG_LFENCE_SERIALIZE BIT_ULL(1)
#define MISC_ENABLE_FAST_STRING BIT_ULL(0)
#define FEATURE_CONTROL_LOCKED	BIT_ULL(0)

/* MTRRcap: eight variable ranges, fixed ranges, write-combining */
#define MTRR_CAP (8 | BIT_ULL(8) | BIT_ULL(10))

enum msr_check {
	CHK_ANY,
	CHK_MASK,     /* no bit outside of arg */
	CHK_CANON,    /* canonical */
	CHK_SYSENTER, /* canonical; AMD CPUs take any and use part */
	CHK_TSC_AUX,  /* 32 bits; AMD CPUs drop the rest */
	CHK_PAT,
	CHK_MTRR_DEF,
	CHK_MTRR_FIX,
	CHK_MTRR_PHYS,
	CHK_MC_BANK,
	CHK_ZERO_OR_ONES, /* MCG_CTL */
	CHK_SPEC_CTRL,
	CHK_FEATURE_CONTROL,
	CHK_HWCR,
	CHK_APIC_BASE,
};

#define LIST MSR_F_LIST
#define FEAT MSR_F_FEATURE
#define RO   MSR_F_GUEST_RO
#define WO   MSR_F_WO
#define DROP MSR_F_DROP

#define BACKEND(m, need, chk, fl, arg)                                                             \
	{                                                                                          \
		m, 1, MSR_HOME_BACKEND, need, chk, fl, 0, arg                                      \
	}
#define CORE(m, need, chk, fl, arg)                                                                \
	{                                                                                          \
		m, 1, MSR_HOME_CORE, need, chk, fl, 0, arg                                         \
	}
#define STORE(m, n, need, chk, fl, slot, arg)                                                      \
	{                                                                                          \
		m, n, MSR_HOME_STORE, need, chk, fl, slot, arg                                     \
	}
#define CONST(m, n, need, fl, val)                                                                 \
	{                                                                                          \
		m, n, MSR_HOME_CONST, need, CHK_ANY, fl, 0, val                                    \
	}

/* clang-format off */
static const struct msr_rule msr_rules[] = {
	CONST(GMSR_P5_MC_ADDR, 2, MSR_NEED_NONE, DROP, 0),
	CORE(GMSR_TSC, MSR_NEED_NONE, CHK_ANY, LIST, 0),
	CORE(GMSR_KVM_WALL_CLOCK_OLD, MSR_NEED_CLOCK_OLD, CHK_MASK, LIST, ~3ULL),
	CORE(GMSR_KVM_SYSTEM_TIME_OLD, MSR_NEED_CLOCK_OLD, CHK_MASK, LIST, ~2ULL),
	CONST(GMSR_PLATFORM_ID, 1, MSR_NEED_INTEL, RO, 0),
	CORE(GMSR_APIC_BASE, MSR_NEED_NONE, CHK_APIC_BASE, 0, 0),
	CONST(GMSR_EBL_CR_POWERON, 1, MSR_NEED_INTEL, DROP, 0),
	CONST(GMSR_EBC_FREQUENCY_ID, 1, MSR_NEED_INTEL, DROP, BIT_ULL(24)),
	STORE(GMSR_FEATURE_CONTROL, 1, MSR_NEED_INTEL, CHK_FEATURE_CONTROL, LIST,
	      MSR_SLOT_FEATURE_CONTROL, FEATURE_CONTROL_LOCKED),
	CORE(GMSR_TSC_ADJUST, MSR_NEED_TSC_ADJUST, CHK_ANY, LIST, 0),
	CORE(GMSR_SPEC_CTRL, MSR_NEED_SPEC_CTRL, CHK_SPEC_CTRL, LIST, 0),
	CORE(GMSR_PRED_CMD, MSR_NEED_IBPB, CHK_MASK, WO, BIT_ULL(0)),
	CONST(GMSR_UCODE_WRITE, 1, MSR_NEED_INTEL, DROP | WO, 0),
	STORE(GMSR_UCODE_REV, 1, MSR_NEED_NONE, CHK_ANY, LIST | FEAT | DROP, MSR_SLOT_UCODE_REV, 0),
	CONST(GMSR_FSB_FREQ, 1, MSR_NEED_INTEL, RO, 0),
	STORE(GMSR_PLATFORM_INFO, 1, MSR_NEED_INTEL, CHK_ANY, LIST | RO, MSR_SLOT_PLATFORM_INFO, 0),
	CONST(GMSR_MTRR_CAP, 1, MSR_NEED_MTRR, RO, MTRR_CAP),
	STORE(GMSR_ARCH_CAPABILITIES, 1, MSR_NEED_ARCH_CAPS, CHK_ANY, LIST | FEAT | RO,
	      MSR_SLOT_ARCH_CAPABILITIES, 0),
	CONST(GMSR_BBL_CR_CTL3, 1, MSR_NEED_INTEL, RO, 0),
	CONST(GMSR_MISC_FEATURES, 1, MSR_NEED_INTEL, 0, 0),
	BACKEND(GMSR_SYSENTER_CS, MSR_NEED_NONE, CHK_ANY, LIST, 0),
	BACKEND(GMSR_SYSENTER_ESP, MSR_NEED_NONE, CHK_SYSENTER, LIST, 0),
	BACKEND(GMSR_SYSENTER_EIP, MSR_NEED_NONE, CHK_SYSENTER, LIST, 0),
	STORE(GMSR_MCG_CAP, 1, MSR_NEED_NONE, CHK_MASK, RO, MSR_SLOT_MCG_CAP, 0),
	STORE(GMSR_MCG_STATUS, 1, MSR_NEED_NONE, CHK_ANY, LIST, MSR_SLOT_MCG_STATUS, 0),
	STORE(GMSR_MCG_CTL, 1, MSR_NEED_MCG_CTL, CHK_ZERO_OR_ONES, LIST, MSR_SLOT_MCG_CTL, 0),
	CONST(GMSR_PERF_STATUS, 1, MSR_NEED_INTEL, RO, 0),
	STORE(GMSR_MISC_ENABLE, 1, MSR_NEED_INTEL, CHK_ANY, LIST, MSR_SLOT_MISC_ENABLE, 0),
	/* Kept without effect: no last-branch recording, no branch single-step. */
	STORE(GMSR_DEBUGCTL, 1, MSR_NEED_NONE, CHK_MASK, 0, MSR_SLOT_DEBUGCTL, 0x3f),
	CONST(GMSR_LBR_FROM, 4, MSR_NEED_NONE, RO, 0),
	STORE(GMSR_POWER_CTL, 1, MSR_NEED_INTEL, CHK_ANY, LIST, MSR_SLOT_POWER_CTL, 0),
	STORE(GMSR_MTRR_PHYS_BASE0, 16, MSR_NEED_MTRR, CHK_MTRR_PHYS, 0, MSR_SLOT_MTRR_PHYS, 0),
	STORE(GMSR_MTRR_FIX64K, 1, MSR_NEED_MTRR, CHK_MTRR_FIX, 0, MSR_SLOT_MTRR_FIX64K, 0),
	STORE(GMSR_MTRR_FIX16K_80000, 2, MSR_NEED_MTRR, CHK_MTRR_FIX, 0, MSR_SLOT_MTRR_FIX16K, 0),
	STORE(GMSR_MTRR_FIX4K_C0000, 8, MSR_NEED_MTRR, CHK_MTRR_FIX, 0, MSR_SLOT_MTRR_FIX4K, 0),
	BACKEND(GMSR_PAT, MSR_NEED_PAT, CHK_PAT, LIST, 0),
	STORE(GMSR_MTRR_DEF_TYPE, 1, MSR_NEED_MTRR, CHK_MTRR_DEF, 0, MSR_SLOT_MTRR_DEF_TYPE, 0xcff),
	STORE(GMSR_MC0_CTL, MSR_MC_BANKS * 4, MSR_NEED_MC_BANK, CHK_MC_BANK, 0, MSR_SLOT_MC_BANKS, 0),
	CORE(GMSR_TSC_DEADLINE, MSR_NEED_NONE, CHK_ANY, LIST, 0),
	{GMSR_X2APIC_FIRST, 0x100, MSR_HOME_CORE, MSR_NEED_X2APIC, CHK_ANY, 0, 0, 0},
	CORE(GMSR_KVM_WALL_CLOCK, MSR_NEED_CLOCK, CHK_MASK, LIST, ~3ULL),
	CORE(GMSR_KVM_SYSTEM_TIME, MSR_NEED_CLOCK, CHK_MASK, LIST, ~2ULL),
	CONST(GMSR_KVM_ASYNC_PF_EN, 1, MSR_NEED_ABSENT, LIST, 0),
	CORE(GMSR_KVM_STEAL_TIME, MSR_NEED_STEAL_TIME, CHK_MASK, LIST, ~0x3eULL),
	CORE(GMSR_KVM_PV_EOI_EN, MSR_NEED_PV_EOI, CHK_MASK, LIST, ~2ULL),
	CONST(GMSR_KVM_POLL_CONTROL, 3, MSR_NEED_ABSENT, LIST, 0),
	CORE(GMSR_EFER, MSR_NEED_NONE, CHK_ANY, 0, 0),
	BACKEND(GMSR_STAR, MSR_NEED_NONE, CHK_ANY, LIST, 0),
	BACKEND(GMSR_LSTAR, MSR_NEED_LM, CHK_CANON, LIST, 0),
	BACKEND(GMSR_CSTAR, MSR_NEED_LM, CHK_CANON, LIST, 0),
	BACKEND(GMSR_SFMASK, MSR_NEED_LM, CHK_ANY, LIST, 0),
	BACKEND(GMSR_FS_BASE, MSR_NEED_LM, CHK_CANON, 0, 0),
	BACKEND(GMSR_GS_BASE, MSR_NEED_LM, CHK_CANON, 0, 0),
	BACKEND(GMSR_KERNEL_GS_BASE, MSR_NEED_LM, CHK_CANON, LIST, 0),
	CORE(GMSR_TSC_AUX, MSR_NEED_RDTSCP, CHK_TSC_AUX, LIST, 0),
	/* No PMU: counters that stay 0 tell a guest so without a #GP on CPUs that had them always. */
	CONST(GMSR_K7_EVNTSEL0, 8, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_SYSCFG, 1, MSR_NEED_AMD, DROP, 0),
	STORE(GMSR_HWCR, 1, MSR_NEED_AMD, CHK_HWCR, LIST, MSR_SLOT_HWCR,
	      HWCR_MC_STATUS_WR_EN | HWCR_TSC_FREQ_SEL),
	CONST(GMSR_IORR_BASE0, 4, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_TOP_MEM, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_TOP_MEM2, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_NB_CFG, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_PATCH_LOADER, 1, MSR_NEED_AMD, DROP | WO, 0),
	CONST(GMSR_INT_PENDING, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_MMIO_CONF_BASE, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_SMM_TSEG_ADDR, 2, MSR_NEED_AMD, DROP, 0),
	STORE(GMSR_OSVW_ID_LENGTH, 2, MSR_NEED_OSVW, CHK_ANY, RO, MSR_SLOT_OSVW_LENGTH, 0),
	CONST(GMSR_DC_CFG, 1, MSR_NEED_AMD, DROP, 0),
	STORE(GMSR_DE_CFG, 1, MSR_NEED_AMD, CHK_MASK, FEAT, MSR_SLOT_DE_CFG, DE_CFG_LFENCE_SERIALIZE),
	CONST(GMSR_BU_CFG2, 1, MSR_NEED_AMD, DROP, 0),
	CONST(GMSR_EX_CFG, 1, MSR_NEED_AMD, DROP, 0),
};
/* clang-format on */

const struct msr_rule *msr_rule_find(u32 index)
{
	const struct msr_rule *rule = msr_rules;
	u32 n = ARRAY_SIZE(msr_rules);

	/* The last row that begins at or below the index; the first row begins at 0. */
	while (n > 1) {
		u32 half = n / 2;

		rule = rule[half].first <= index ? rule + half : rule;
		n -= half;
	}
	return index - rule->first < rule->count ? rule : NULL;
}

bool msr_rule_exists(const struct msr_rule *rule, u32 index, const struct cpuid_guest_caps *caps,
		     const struct msr_store *store)
{
	u64 mcg_cap = store->val[MSR_SLOT_MCG_CAP];

	switch ((enum msr_need)rule->need) {
	case MSR_NEED_NONE:
		return true;
	case MSR_NEED_LM:
		return caps->lm;
	case MSR_NEED_RDTSCP:
		return caps->rdtscp || caps->rdpid;
	case MSR_NEED_TSC_ADJUST:
		return caps->tsc_adjust;
	case MSR_NEED_SPEC_CTRL:
		return caps->spec_ctrl_allowed;
	case MSR_NEED_IBPB:
		return caps->ibpb;
	case MSR_NEED_ARCH_CAPS:
		return caps->arch_caps;
	case MSR_NEED_OSVW:
		return caps->osvw;
	case MSR_NEED_MTRR:
		return caps->mtrr;
	case MSR_NEED_PAT:
		return caps->pat;
	case MSR_NEED_MCG_CTL:
		return mcg_cap & MSR_MCG_CTL_P;
	case MSR_NEED_MC_BANK:
		return (index - rule->first) / 4 < (mcg_cap & 0xff);
	case MSR_NEED_INTEL:
		return caps->vendor == CPU_VENDOR_INTEL;
	case MSR_NEED_AMD:
		return caps->vendor == CPU_VENDOR_AMD;
	case MSR_NEED_X2APIC:
		return caps->x2apic;
	case MSR_NEED_CLOCK_OLD:
		return caps->kvm_features & GKVM_CLOCKSOURCE;
	case MSR_NEED_CLOCK:
		return caps->kvm_features & GKVM_CLOCKSOURCE2;
	case MSR_NEED_STEAL_TIME:
		return caps->kvm_features & GKVM_STEAL_TIME;
	case MSR_NEED_ABSENT:
		return false;
	case MSR_NEED_PV_EOI:
		return caps->kvm_features & GKVM_PV_EOI;
	}
	return false;
}

static bool canonical(u64 val, const struct cpuid_guest_caps *caps)
{
	return (u64)sign_extend64(val, caps->la57 ? 56 : 47) == val;
}

static bool mtrr_type(u8 type)
{
	return type < 7 && (BIT(type) & (BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6)));
}

/* Each byte of a fixed-range MTRR. */
static bool mtrr_fixed(u64 val)
{
	int i;

	for (i = 0; i < 64; i += 8) {
		if (!mtrr_type(val >> i))
			return false;
	}
	return true;
}

static bool mtrr_phys(u32 nr, u64 val, const struct cpuid_guest_caps *caps)
{
	if (val & caps->gpa_reserved)
		return false;
	if (nr & 1)
		return !(val & GENMASK_ULL(10, 0));
	return !(val & GENMASK_ULL(11, 8)) && mtrr_type(val);
}

bool msr_rule_pat(u64 val)
{
	int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = val >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* CTL, STATUS, ADDR, MISC of a bank, by the guest. */
static bool mc_bank(u32 nr, u64 val, const struct msr_store *store)
{
	switch (nr & 3) {
	case 0:
		/*
		 * 0 or all ones (SDM). Linux leaves bit 10 out on some AMD
		 * parts and bit 0 on some Intel ones, for errata.
		 */
		return !val || (val | BIT_ULL(10) | BIT_ULL(0)) == ~0ULL;
	case 1:
		return !val || (store->val[MSR_SLOT_HWCR] & HWCR_MC_STATUS_WR_EN);
	default:
		return true;
	}
}

bool msr_rule_apic_base(u64 val, const struct cpuid_guest_caps *caps)
{
	u64 reserved = caps->gpa_reserved | GENMASK_ULL(7, 0) | BIT_ULL(9);

	if (!caps->x2apic)
		reserved |= GAPIC_BASE_EXTD;
	if (val & reserved)
		return false;
	return !(val & GAPIC_BASE_EXTD) || (val & GAPIC_BASE_EN);
}

bool msr_rule_apic_base_step(u64 from, u64 to)
{
	bool was_x2 = from & GAPIC_BASE_EXTD;
	bool is_x2 = to & GAPIC_BASE_EXTD;

	if (was_x2 && !is_x2 && (to & GAPIC_BASE_EN))
		return false;
	return !is_x2 || was_x2 || (from & GAPIC_BASE_EN);
}

/* The value on its own, once the MSR exists and is writable. May adjust it. */
static bool value_ok(const struct msr_rule *rule, u32 index, u64 *value,
		     const struct cpuid_guest_caps *caps, const struct msr_store *store, bool host)
{
	bool amd = caps->vendor == CPU_VENDOR_AMD;
	u64 val = *value;

	switch ((enum msr_check)rule->check) {
	case CHK_ANY:
		return true;
	case CHK_MASK:
		return !(val & ~rule->arg);
	case CHK_SYSENTER:
		if (amd)
			*value = sign_extend64(val, caps->la57 ? 56 : 47);
		return amd || canonical(val, caps);
	case CHK_CANON:
		return canonical(val, caps);
	case CHK_TSC_AUX:
		*value = (u32)val;
		return amd || !(val >> 32);
	case CHK_PAT:
		return msr_rule_pat(val);
	case CHK_MTRR_DEF:
		return !(val & ~rule->arg) && mtrr_type(val);
	case CHK_MTRR_FIX:
		return mtrr_fixed(val);
	case CHK_MTRR_PHYS:
		return mtrr_phys(index - rule->first, val, caps);
	case CHK_MC_BANK:
		return host || mc_bank(index - rule->first, val, store);
	case CHK_ZERO_OR_ONES:
		return host || !val || val == ~0ULL;
	case CHK_SPEC_CTRL:
		return !(val & ~caps->spec_ctrl_allowed);
	case CHK_FEATURE_CONTROL:
		if (!host && (store->val[rule->slot] & FEATURE_CONTROL_LOCKED))
			return false;
		return !(val & ~rule->arg);
	case CHK_HWCR:
		*value = val & rule->arg;
		return !(val & ~(rule->arg | HWCR_IGNORED));
	case CHK_APIC_BASE:
		return msr_rule_apic_base(val, caps);
	}
	return false;
}

enum msr_rule_result msr_rule_write(const struct msr_rule *rule, u32 index, u64 *value,
				    const struct cpuid_guest_caps *caps,
				    const struct msr_store *store, bool host)
{
	if (!msr_rule_exists(rule, index, caps, store)) {
		if (host && (rule->flags & MSR_F_LIST) && !*value)
			return MSR_RULE_DROP;
		return MSR_RULE_NONE;
	}
	if (!host && (rule->flags & MSR_F_GUEST_RO))
		return MSR_RULE_GP;
	if (rule->home == MSR_HOME_CONST)
		return (rule->flags & MSR_F_DROP) || *value == rule->arg ? MSR_RULE_DROP
									 : MSR_RULE_GP;
	if (!host && (rule->flags & MSR_F_DROP))
		return MSR_RULE_DROP;
	/* MCG_CAP belongs to KVM_X86_SETUP_MCE; writing back what is there is fine. */
	if (index == GMSR_MCG_CAP)
		return *value == store->val[MSR_SLOT_MCG_CAP] ? MSR_RULE_DROP : MSR_RULE_GP;
	return value_ok(rule, index, value, caps, store, host) ? MSR_RULE_OK : MSR_RULE_GP;
}

enum msr_rule_result msr_rule_read(const struct msr_rule *rule, u32 index,
				   const struct cpuid_guest_caps *caps,
				   const struct msr_store *store, bool host)
{
	if (!msr_rule_exists(rule, index, caps, store))
		return host && (rule->flags & MSR_F_LIST) ? MSR_RULE_OK : MSR_RULE_NONE;
	return !host && (rule->flags & MSR_F_WO) ? MSR_RULE_GP : MSR_RULE_OK;
}

void msr_rule_reset(struct msr_store *store)
{
	u64 mcg_cap = store->val[MSR_SLOT_MCG_CAP];

	memset(store, 0, sizeof(*store));
	store->val[MSR_SLOT_MISC_ENABLE] = MISC_ENABLE_FAST_STRING;
	store->val[MSR_SLOT_HWCR] = HWCR_TSC_FREQ_SEL;
	store->val[MSR_SLOT_DE_CFG] = DE_CFG_LFENCE_SERIALIZE;
	msr_rule_mce_setup(store, mcg_cap);
}

/* For the lists, all MCE MSRs exist: every vCPU may be given them. */
static const struct msr_store mce_store = {
	.val[MSR_SLOT_MCG_CAP] = MSR_MCG_CAP_SUPPORTED | MSR_MC_BANKS,
};

static u32 list(u8 flag, const struct cpuid_guest_caps *caps, u32 *out, u32 max)
{
	u32 i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(msr_rules); i++) {
		const struct msr_rule *rule = &msr_rules[i];

		if (!(rule->flags & flag))
			continue;
		for (j = rule->first; j < rule->first + rule->count; j++) {
			if (!msr_rule_exists(rule, j, caps, &mce_store))
				continue;
			if (n < max)
				out[n] = j;
			n++;
		}
	}
	return n;
}

u32 msr_rule_index_list(const struct cpuid_guest_caps *caps, u32 *out, u32 max)
{
	return list(MSR_F_LIST, caps, out, max);
}

u32 msr_rule_feature_list(const struct cpuid_guest_caps *caps, u32 *out, u32 max)
{
	return list(MSR_F_FEATURE, caps, out, max);
}

bool msr_rule_mcg_cap(u64 mcg_cap)
{
	u64 banks = mcg_cap & 0xff;

	return banks && banks <= MSR_MC_BANKS && !(mcg_cap & ~(0xffULL | MSR_MCG_CAP_SUPPORTED));
}

void msr_rule_mce_setup(struct msr_store *store, u64 mcg_cap)
{
	u32 i;

	store->val[MSR_SLOT_MCG_CAP] = mcg_cap;
	if (mcg_cap & MSR_MCG_CTL_P)
		store->val[MSR_SLOT_MCG_CTL] = ~0ULL;
	for (i = 0; i < MSR_MC_BANKS && i < (mcg_cap & 0xff); i++)
		store->val[MSR_SLOT_MC_BANKS + i * 4] = ~0ULL;
}

int msr_filter_check(const struct kvm_msr_filter *filter, u32 ret_bytes[KVM_MSR_FILTER_MAX_RANGES])
{
	bool any = false;
	int i;

	if (filter->flags & ~KVM_MSR_FILTER_DEFAULT_DENY)
		return -EINVAL;
	for (i = 0; i < KVM_MSR_FILTER_MAX_RANGES; i++) {
		const struct kvm_msr_filter_range *r = &filter->ranges[i];

		ret_bytes[i] = 0;
		if (!r->nmsrs)
			continue;
		any = true;
		if (r->flags & ~(KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE))
			return -EINVAL;
		if (r->nmsrs > KVM_MSR_FILTER_MAX_BITMAP_SIZE * 8)
			return -EINVAL;
		ret_bytes[i] = (r->nmsrs + 7) / 8;
	}
	/* Without ranges filtering is off, which denying by default contradicts (api.rst). */
	return !any && (filter->flags & KVM_MSR_FILTER_DEFAULT_DENY) ? -EINVAL : 0;
}

bool msr_filter_allows(const struct kvm_msr_filter *filter, u32 index, bool write)
{
	u32 direction = write ? KVM_MSR_FILTER_WRITE : KVM_MSR_FILTER_READ;
	int i;

	if (index >= GMSR_X2APIC_FIRST && index <= GMSR_X2APIC_LAST)
		return true;
	for (i = 0; i < KVM_MSR_FILTER_MAX_RANGES; i++) {
		const struct kvm_msr_filter_range *r = &filter->ranges[i];
		u32 bit = index - r->base;

		if (index < r->base || bit >= r->nmsrs || !(r->flags & direction))
			continue;
		bit = array_index_nospec(bit, r->nmsrs);
		return r->bitmap[bit / 8] >> (bit % 8) & 1;
	}
	return !(filter->flags & KVM_MSR_FILTER_DEFAULT_DENY);
}
