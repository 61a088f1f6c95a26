/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine checks that userspace reports to the guest: KVM_X86_SETUP_MCE chooses
 * the banks, KVM_X86_SET_MCE fills one and raises #MC for an uncorrected error.
 * The banks' MSRs are plain values in the store (x86/msr_rules.c).
 *
 * Sources: SDM vol. 3, "Machine-check architecture": overwrite rules of
 * MCi_STATUS, MCG_STATUS.MCIP. Locks: vcpu->mutex.
 */
#include <asm/processor-flags.h>

#include "core.h"
#include "state.h"

#define MCI_STATUS_VAL	BIT_ULL(63)
#define MCI_STATUS_OVER BIT_ULL(62)
#define MCI_STATUS_UC	BIT_ULL(61)
#define MCG_STATUS_MCIP BIT_ULL(2)
#define MCG_BANKS	0xff

/* The registers of a bank, in the order of their MSRs. */
struct bank {
	u64 ctl;
	u64 status;
	u64 addr;
	u64 misc;
};

static_assert(sizeof(struct bank) == 4 * sizeof(u64));

int mce_setup(struct vcpu *vcpu, u64 mcg_cap)
{
	if (!msr_rule_mcg_cap(mcg_cap))
		return -EINVAL;
	msr_rule_mce_setup(&vcpu->msrs, mcg_cap);
	return 0;
}

static void report(struct vcpu *vcpu, struct bank *bank, const struct kvm_x86_mce *mce)
{
	u64 over = bank->status & MCI_STATUS_VAL ? MCI_STATUS_OVER : 0;

	bank->addr = mce->addr;
	bank->misc = mce->misc;
	bank->status = mce->status | over;
}

static void raise_mc(struct vcpu *vcpu, struct bank *bank, const struct kvm_x86_mce *mce)
{
	u64 *mcg_status = &vcpu->msrs.val[MSR_SLOT_MCG_STATUS];

	/* A second one inside the handler, or nobody to handle it: the CPU shuts down. */
	if ((*mcg_status & MCG_STATUS_MCIP) || !(vcpu_state(vcpu, STATE_CR)->cr4 & X86_CR4_MCE)) {
		event_triple_fault(vcpu);
		return;
	}
	report(vcpu, bank, mce);
	*mcg_status = mce->mcg_status;
	event_queue_exception(vcpu, EXC_MC, false, 0);
}

int mce_inject(struct vcpu *vcpu, const struct kvm_x86_mce *mce)
{
	const struct msr_store *msrs = &vcpu->msrs;
	u64 mcg_cap = msrs->val[MSR_SLOT_MCG_CAP];
	u32 count = min_t(u32, mcg_cap & MCG_BANKS, MSR_MC_BANKS);
	struct bank *bank;

	if (mce->bank >= count || !(mce->status & MCI_STATUS_VAL))
		return -EINVAL;
	bank = (struct bank *)&vcpu->msrs.val[MSR_SLOT_MC_BANKS] +
	       array_index_nospec(mce->bank, count);
	if (mce->status & MCI_STATUS_UC) {
		/* Reporting that is switched off, in general or for the bank, swallows the error. */
		if ((mcg_cap & MSR_MCG_CTL_P) && msrs->val[MSR_SLOT_MCG_CTL] != ~0ULL)
			return 0;
		if (bank->ctl == ~0ULL)
			raise_mc(vcpu, bank, mce);
		return 0;
	}
	/* A corrected error never overwrites an uncorrected one. */
	if ((bank->status & MCI_STATUS_VAL) && (bank->status & MCI_STATUS_UC))
		bank->status |= MCI_STATUS_OVER;
	else
		report(vcpu, bank, mce);
	return 0;
}
