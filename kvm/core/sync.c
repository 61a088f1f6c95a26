/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_CAP_SYNC_REGS: registers that travel in the shared kvm_run page, so that
 * userspace needs no ioctls around KVM_RUN.
 *
 * The page can change under our hands: kvm_valid_regs and kvm_dirty_regs are
 * read once, each structure is copied out of the page before it is looked at,
 * and what is written there is never read back.
 *
 * Locks: vcpu->mutex. Events are set last: they depend on the mode that the
 * other registers select.
 */
#include "core.h"

static int take_sregs(struct vcpu *vcpu)
{
	struct kvm_sregs sregs;

	memcpy(&sregs, &vcpu->run->s.regs.sregs, sizeof(sregs));
	barrier(); /* the copy is what is checked and used */
	return sregs_set(vcpu, &sregs);
}

static int take_events(struct vcpu *vcpu)
{
	struct kvm_vcpu_events events;

	memcpy(&events, &vcpu->run->s.regs.events, sizeof(events));
	barrier();
	return event_set(vcpu, &events);
}

static int take(struct vcpu *vcpu, u64 dirty)
{
	int err = 0;

	if (dirty & KVM_SYNC_X86_REGS)
		regs_set(vcpu, &vcpu->run->s.regs.regs);
	if (dirty & KVM_SYNC_X86_SREGS)
		err = take_sregs(vcpu);
	if (!err && (dirty & KVM_SYNC_X86_EVENTS))
		err = take_events(vcpu);
	return err;
}

int sync_regs_take(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 valid = READ_ONCE(run->kvm_valid_regs);
	u64 dirty = READ_ONCE(run->kvm_dirty_regs);
	int err;

	if ((valid | dirty) & ~(u64)KVM_SYNC_X86_VALID_FIELDS)
		return -EINVAL;
	if (!dirty)
		return 0;
	err = take(vcpu, dirty);
	if (!err)
		run->kvm_dirty_regs = 0;
	return err;
}

void sync_regs_give(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 valid = READ_ONCE(run->kvm_valid_regs);

	if (valid & KVM_SYNC_X86_REGS)
		regs_get(vcpu, &run->s.regs.regs);
	if (valid & KVM_SYNC_X86_SREGS)
		sregs_get(vcpu, &run->s.regs.sregs);
	if (valid & KVM_SYNC_X86_EVENTS)
		event_get(vcpu, &run->s.regs.events);
}
