/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs: the guest's RDMSR and WRMSR that exit, and userspace's lists.
 *
 * Which MSRs exist for a vCPU, which values they take and where they are kept
 * is a table (x86/msr_rules.c). Here the value is fetched from its home or put
 * there: the back end, a plain store, or code of core's (core_read,
 * core_write). A guest's access goes through the VM's filter first
 * (msr_filter.c), and what fails may go to userspace instead of becoming #GP.
 *
 * Locks: vcpu->mutex. The lists are constant after msr_init().
 */
#include <linux/kvm.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "../x86/cr.h"
#include "../x86/defs.h"
#include "../irq/irqchip.h"
#include "core.h"
#include "pv.h"
#include "state.h"

static u32 index_list[MSR_RULE_MAX_LIST] __ro_after_init;
static u32 index_count __ro_after_init;
static u32 feature_list[MSR_RULE_MAX_LIST] __ro_after_init;
static u32 feature_count __ro_after_init;
static u64 arch_capabilities __ro_after_init;

/* The rules of low MSRs, spread out: most exits are about those. */
static const struct msr_rule *low_rules[0x300] __ro_after_init;

/* ---- lists and features ---------------------------------------------------- */

/*
 * ARCH_CAPABILITIES for guests: which errata the CPU does not have (SDM vol. 4,
 * IA32_ARCH_CAPABILITIES). The kernel knows it for every vendor's CPUs.
 */
static u64 __init arch_capabilities_find(void)
{
	static const struct {
		u8 bit;
		u16 bug;
	} immune[] __initconst = {
		{0, X86_BUG_CPU_MELTDOWN},	/* RDCL_NO */
		{3, X86_BUG_L1TF},		/* SKIP_L1DFL_VMENTRY */
		{4, X86_BUG_SPEC_STORE_BYPASS}, /* SSB_NO */
		{5, X86_BUG_MDS},		/* MDS_NO */
		{6, X86_BUG_ITLB_MULTIHIT},	/* IF_PSCHANGE_MC_NO */
		{8, X86_BUG_TAA},		/* TAA_NO */
	};
	unsigned int i;
	u64 caps = 0;

	for (i = 0; i < ARRAY_SIZE(immune); i++) {
		if (!boot_cpu_has(immune[i].bug))
			caps |= BIT_ULL(immune[i].bit);
	}
	return caps;
}

int __init msr_init(void)
{
	const struct cpuid_guest_caps *caps = cpuid_default_caps();
	u32 i;

	for (i = 0; i < ARRAY_SIZE(low_rules); i++)
		low_rules[i] = msr_rule_find(i);
	arch_capabilities = arch_capabilities_find();
	index_count = msr_rule_index_list(caps, index_list, ARRAY_SIZE(index_list));
	feature_count = msr_rule_feature_list(caps, feature_list, ARRAY_SIZE(feature_list));
	if (WARN_ON(index_count > ARRAY_SIZE(index_list) ||
		    feature_count > ARRAY_SIZE(feature_list)))
		return -EINVAL;
	return 0;
}

u32 msr_index_list(const u32 **ret_list)
{
	*ret_list = index_list;
	return index_count;
}

u32 msr_feature_list(const u32 **ret_list)
{
	*ret_list = feature_list;
	return feature_count;
}

static u64 feature_value(u32 index)
{
	switch (index) {
	case GMSR_ARCH_CAPABILITIES:
		return arch_capabilities;
	case GMSR_UCODE_REV:
		/* Intel keeps it in the upper half (SDM vol. 4, IA32_BIOS_SIGN_ID). */
		if (boot_cpu_data.x86_vendor == X86_VENDOR_INTEL)
			return (u64)boot_cpu_data.microcode << 32;
		return boot_cpu_data.microcode;
	case GMSR_DE_CFG:
		return boot_cpu_has(X86_FEATURE_LFENCE_RDTSC) ? BIT_ULL(1) : 0;
	default:
		return 0;
	}
}

int msr_feature_read(u32 index, u64 *ret)
{
	u32 i;

	for (i = 0; i < feature_count; i++) {
		if (feature_list[i] == index) {
			*ret = feature_value(index);
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- MSRs that core keeps --------------------------------------------------- */

static enum msr_rule_result x2apic_result(enum lapic_result res)
{
	return res == LAPIC_OK ? MSR_RULE_OK : MSR_RULE_GP;
}

static enum msr_rule_result core_read(struct vcpu *vcpu, u32 index, u64 *ret)
{
	switch (index) {
	case GMSR_TSC:
		*ret = time_guest_tsc(vcpu);
		break;
	case GMSR_TSC_ADJUST:
		*ret = vcpu->tsc_adjust;
		break;
	case GMSR_APIC_BASE:
		*ret = vcpu->apic_base;
		break;
	case GMSR_EFER:
		*ret = vcpu_state(vcpu, STATE_CR)->efer;
		break;
	case GMSR_SPEC_CTRL:
		*ret = vcpu->spec_ctrl;
		break;
	case GMSR_TSC_AUX:
		*ret = vcpu->tsc_aux;
		break;
	case GMSR_PRED_CMD: /* write-only: reads as 0 for userspace */
		*ret = 0;
		break;
	case GMSR_KVM_SYSTEM_TIME:
	case GMSR_KVM_SYSTEM_TIME_OLD:
		*ret = vcpu->kvmclock_msr;
		break;
	case GMSR_KVM_STEAL_TIME:
		*ret = vcpu->steal_msr;
		break;
	case GMSR_KVM_PV_EOI_EN:
		*ret = lapic_in_kernel(vcpu) ? vcpu->lapic->pv_eoi_msr : 0;
		break;
	case GMSR_KVM_WALL_CLOCK:
	case GMSR_KVM_WALL_CLOCK_OLD:
		*ret = READ_ONCE(vcpu->vm->wall_clock);
		break;
	case GMSR_TSC_DEADLINE:
		*ret = lapic_in_kernel(vcpu) ? lapic_dev_deadline_get(vcpu) : 0;
		break;
	case GMSR_X2APIC_FIRST ... GMSR_X2APIC_LAST:
		return x2apic_result(lapic_in_kernel(vcpu) ? lapic_dev_msr_read(vcpu, index, ret)
							   : LAPIC_GP);
	default:
		WARN_ONCE(1, "glassvisor: MSR 0x%x has a rule and no home\n", index);
		return MSR_RULE_NONE;
	}
	return MSR_RULE_OK;
}

static bool apic_base_write(struct vcpu *vcpu, u64 value, bool host)
{
	u64 changed = vcpu->apic_base ^ value;

	if (!msr_rule_apic_base(value, &vcpu->caps))
		return false;
	if (!host && !msr_rule_apic_base_step(vcpu->apic_base, value))
		return false;
	if (lapic_in_kernel(vcpu) && lapic_dev_set_base(vcpu, value, host) != LAPIC_OK)
		return false;
	vcpu->apic_base = value;
	if (changed & GAPIC_BASE_EN)
		cpuid_dynamic(vcpu);
	return true;
}

/* Clear the CPU's indirect-branch predictions now, as the guest would (APM vol. 2, PRED_CMD). */
static void pred_cmd_write(u64 value)
{
	if (value & BIT_ULL(0))
		wrmsrl(MSR_IA32_PRED_CMD, BIT_ULL(0));
}

static enum msr_rule_result core_write(struct vcpu *vcpu, u32 index, u64 value, bool host)
{
	bool ok = true;

	switch (index) {
	case GMSR_TSC:
		time_tsc_write(vcpu, value, host);
		break;
	case GMSR_TSC_ADJUST:
		time_tsc_adjust_write(vcpu, value, host);
		break;
	case GMSR_APIC_BASE:
		ok = apic_base_write(vcpu, value, host);
		break;
	case GMSR_EFER:
		ok = efer_write(vcpu, value, host);
		break;
	case GMSR_SPEC_CTRL:
		vcpu->spec_ctrl = value;
		break;
	case GMSR_TSC_AUX:
		vcpu->tsc_aux = value;
		break;
	case GMSR_PRED_CMD:
		pred_cmd_write(value);
		break;
	case GMSR_KVM_SYSTEM_TIME:
	case GMSR_KVM_SYSTEM_TIME_OLD:
		time_kvmclock_write(vcpu, value);
		break;
	case GMSR_KVM_STEAL_TIME:
		pv_steal_write(vcpu, value);
		break;
	case GMSR_KVM_PV_EOI_EN:
		if (lapic_in_kernel(vcpu))
			lapic_dev_pv_eoi_write(vcpu, value);
		break;
	case GMSR_KVM_WALL_CLOCK:
	case GMSR_KVM_WALL_CLOCK_OLD:
		time_wall_clock_write(vcpu, value, host);
		break;
	case GMSR_TSC_DEADLINE:
		if (lapic_in_kernel(vcpu))
			lapic_dev_deadline_set(vcpu, value);
		break;
	case GMSR_X2APIC_FIRST ... GMSR_X2APIC_LAST:
		return x2apic_result(lapic_in_kernel(vcpu) ? lapic_dev_msr_write(vcpu, index, value)
							   : LAPIC_GP);
	default:
		WARN_ONCE(1, "glassvisor: MSR 0x%x has a rule and no home\n", index);
		return MSR_RULE_NONE;
	}
	return ok ? MSR_RULE_OK : MSR_RULE_GP;
}

/* ---- MSRs that the back end switches ------------------------------------------ */

/* Where an MSR that the back end switches is kept in vcpu->st, and in which class. */
static u64 *state_home(struct vcpu *vcpu, u32 index, u32 *ret_class)
{
	struct vcpu_state *st = &vcpu->st;

	*ret_class = STATE_MSR;
	switch (index) {
	case GMSR_STAR:
		return &st->star;
	case GMSR_LSTAR:
		return &st->lstar;
	case GMSR_CSTAR:
		return &st->cstar;
	case GMSR_SFMASK:
		return &st->sfmask;
	case GMSR_KERNEL_GS_BASE:
		return &st->kernel_gs_base;
	case GMSR_SYSENTER_CS:
		return &st->sysenter_cs;
	case GMSR_SYSENTER_ESP:
		return &st->sysenter_esp;
	case GMSR_SYSENTER_EIP:
		return &st->sysenter_eip;
	case GMSR_PAT:
		return &st->pat;
	case GMSR_FS_BASE:
		*ret_class = STATE_SEGS;
		return (u64 *)&st->seg[SEG_FS].base;
	case GMSR_GS_BASE:
		*ret_class = STATE_SEGS;
		return (u64 *)&st->seg[SEG_GS].base;
	default:
		WARN_ONCE(1, "glassvisor: MSR 0x%x has a rule and no home\n", index);
		return NULL;
	}
}

static enum msr_rule_result state_read(struct vcpu *vcpu, u32 index, u64 *ret)
{
	u32 class;
	const u64 *home = state_home(vcpu, index, &class);

	if (unlikely(!home))
		return MSR_RULE_NONE;
	vcpu_state(vcpu, class);
	*ret = *home;
	return MSR_RULE_OK;
}

static enum msr_rule_result state_write(struct vcpu *vcpu, u32 index, u64 value)
{
	u32 class;
	u64 *home = state_home(vcpu, index, &class);

	if (unlikely(!home))
		return MSR_RULE_NONE;
	vcpu_state(vcpu, class);
	*home = value;
	vcpu_state_dirty(vcpu, class);
	return MSR_RULE_OK;
}

/* ---- one access --------------------------------------------------------------- */

static __always_inline const struct msr_rule *find_rule(u32 index)
{
	if (likely(index < ARRAY_SIZE(low_rules)))
		return low_rules[array_index_nospec(index, ARRAY_SIZE(low_rules))];
	return msr_rule_find(index);
}

static enum msr_rule_result msr_read(struct vcpu *vcpu, u32 index, bool host, u64 *ret)
{
	const struct msr_rule *rule = find_rule(index);
	enum msr_rule_result res;

	if (unlikely(!rule))
		return MSR_RULE_NONE;
	res = msr_rule_read(rule, index, &vcpu->caps, &vcpu->msrs, host);
	if (unlikely(res != MSR_RULE_OK))
		return res;
	switch ((enum msr_home)rule->home) {
	case MSR_HOME_BACKEND:
		return state_read(vcpu, index, ret);
	case MSR_HOME_CORE:
		return core_read(vcpu, index, ret);
	case MSR_HOME_STORE:
	case MSR_HOME_CONST:
		break;
	}
	*ret = msr_rule_value(rule, index, &vcpu->msrs);
	return MSR_RULE_OK;
}

static enum msr_rule_result msr_write(struct vcpu *vcpu, u32 index, u64 value, bool host)
{
	const struct msr_rule *rule = find_rule(index);
	enum msr_rule_result res;

	if (unlikely(!rule))
		return MSR_RULE_NONE;
	res = msr_rule_write(rule, index, &value, &vcpu->caps, &vcpu->msrs, host);
	if (unlikely(res != MSR_RULE_OK))
		return res;
	switch ((enum msr_home)rule->home) {
	case MSR_HOME_BACKEND:
		return state_write(vcpu, index, value);
	case MSR_HOME_CORE:
		return core_write(vcpu, index, value, host);
	case MSR_HOME_STORE:
		vcpu->msrs.val[msr_rule_slot(rule, index)] = value;
		break;
	case MSR_HOME_CONST:
		break;
	}
	return MSR_RULE_OK;
}

/* ---- the guest's access --------------------------------------------------------- */

/* A failed access: to userspace if it asked for this kind (KVM_CAP_X86_USER_SPACE_MSR), or #GP. */
static noinline enum msr_result refused(struct vcpu *vcpu, u32 index, bool write, u64 value,
					u32 reason)
{
	struct kvm_run *run = vcpu->run;

	if (!(READ_ONCE(vcpu->vm->user_msr_mask) & reason))
		return MSR_GP;
	run->exit_reason = write ? KVM_EXIT_X86_WRMSR : KVM_EXIT_X86_RDMSR;
	memset(&run->msr, 0, sizeof(run->msr));
	run->msr.reason = reason;
	run->msr.index = index;
	run->msr.data = value;
	return MSR_USER;
}

static u32 reason_of(enum msr_rule_result res)
{
	return res == MSR_RULE_NONE ? KVM_MSR_EXIT_REASON_UNKNOWN : KVM_MSR_EXIT_REASON_INVAL;
}

enum msr_result msr_guest_read(struct vcpu *vcpu, u32 index, u64 *ret)
{
	enum msr_rule_result res;

	if (!msr_filter_passes(vcpu, index, false))
		return refused(vcpu, index, false, 0, KVM_MSR_EXIT_REASON_FILTER);
	res = msr_read(vcpu, index, false, ret);
	if (likely(res == MSR_RULE_OK))
		return MSR_OK;
	return refused(vcpu, index, false, 0, reason_of(res));
}

enum msr_result msr_guest_write(struct vcpu *vcpu, u32 index, u64 value)
{
	enum msr_rule_result res;

	if (!msr_filter_passes(vcpu, index, true))
		return refused(vcpu, index, true, value, KVM_MSR_EXIT_REASON_FILTER);
	res = msr_write(vcpu, index, value, false);
	if (likely(res == MSR_RULE_OK || res == MSR_RULE_DROP))
		return MSR_OK;
	return refused(vcpu, index, true, value, reason_of(res));
}

/* ---- userspace's access ----------------------------------------------------------- */

int msr_host_read(struct vcpu *vcpu, u32 index, u64 *ret)
{
	u64 value = 0;

	lockdep_assert_held(&vcpu->mutex);
	if (msr_read(vcpu, index, true, &value) != MSR_RULE_OK)
		return -EINVAL;
	*ret = value;
	return 0;
}

int msr_host_write(struct vcpu *vcpu, u32 index, u64 value)
{
	enum msr_rule_result res;

	lockdep_assert_held(&vcpu->mutex);
	res = msr_write(vcpu, index, value, true);
	return res == MSR_RULE_OK || res == MSR_RULE_DROP ? 0 : -EINVAL;
}

void msr_init_reset(struct vcpu *vcpu)
{
	vcpu->spec_ctrl = 0;
	time_kvmclock_write(vcpu, 0);
	pv_steal_write(vcpu, 0);
	if (lapic_in_kernel(vcpu))
		lapic_dev_pv_eoi_write(vcpu, 0);
	if (rcu_access_pointer(vcpu->vm->msr_filter))
		set_bit(REQ_MSR_FILTER, &vcpu->requests);
}

void msr_reset(struct vcpu *vcpu)
{
	bool bsp = vcpu->id == vcpu->vm->bsp_id;

	msr_rule_reset(&vcpu->msrs);
	vcpu->msrs.val[MSR_SLOT_UCODE_REV] = feature_value(GMSR_UCODE_REV);
	vcpu->msrs.val[MSR_SLOT_ARCH_CAPABILITIES] = arch_capabilities;
	vcpu->apic_base = GAPIC_BASE_ADDR | GAPIC_BASE_EN | (bsp ? GAPIC_BASE_BSP : 0);
	vcpu->tsc_adjust = 0;
	vcpu->tsc_aux = 0;
}
