/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM's MSR filter (KVM_X86_SET_MSR_FILTER): which of the guest's accesses
 * are refused before anything else looks at them. The rule of the decision is
 * x86/msr_rules.c's; here are its memory and its life.
 *
 * A filter is immutable. vm->msr_filter is replaced under vm->lock and read
 * under SRCU; the old one is freed after a grace period, and vm->lock is not
 * held meanwhile. MSRs that the back end passes through don't exit, so every
 * vCPU looks through those anew on its next entry (REQ_MSR_FILTER).
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../mem/kick.h"
#include "../mem/mem.h"
#include "core.h"
#include "state.h"

struct msr_filter {
	struct kvm_msr_filter rules; /* bitmap: in our memory */
};

static void filter_free(struct msr_filter *filter)
{
	unsigned int i;

	if (!filter)
		return;
	for (i = 0; i < ARRAY_SIZE(filter->rules.ranges); i++)
		kvfree(filter->rules.ranges[i].bitmap);
	kfree(filter);
}

static int range_copy(const struct kvm_msr_filter_range *in, u32 bytes,
		      struct kvm_msr_filter_range *ret_range)
{
	void *bitmap = NULL;

	if (in->nmsrs) {
		bitmap = vmemdup_user((__force const void __user *)in->bitmap, bytes);
		if (IS_ERR(bitmap))
			return PTR_ERR(bitmap);
	}
	*ret_range = *in;
	ret_range->bitmap = bitmap;
	return 0;
}

/* NULL for a filter without ranges: everything is allowed then. */
static struct msr_filter *filter_new(const struct kvm_msr_filter *in)
{
	u32 bytes[KVM_MSR_FILTER_MAX_RANGES];
	struct msr_filter *filter;
	bool empty = true;
	unsigned int i;
	int err;

	err = msr_filter_check(in, bytes);
	if (err)
		return ERR_PTR(err);
	filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	if (!filter)
		return ERR_PTR(-ENOMEM);
	filter->rules.flags = in->flags;
	for (i = 0; !err && i < ARRAY_SIZE(in->ranges); i++) {
		err = range_copy(&in->ranges[i], bytes[i], &filter->rules.ranges[i]);
		empty &= !in->ranges[i].nmsrs;
	}
	if (!err && !empty)
		return filter;
	filter_free(filter);
	return err ? ERR_PTR(err) : NULL;
}

int msr_filter_set(struct vm *vm, const struct kvm_msr_filter *in)
{
	struct msr_filter *filter = filter_new(in);
	struct msr_filter *old;

	if (IS_ERR(filter))
		return PTR_ERR(filter);
	mutex_lock(&vm->lock);
	old = rcu_replace_pointer(vm->msr_filter, filter, lockdep_is_held(&vm->lock));
	mutex_unlock(&vm->lock);
	vm_request_all(vm, REQ_MSR_FILTER, false);
	if (old) {
		synchronize_srcu(&vm->srcu);
		filter_free(old);
	}
	return 0;
}

/* The VM goes: nobody reads it any more. */
void msr_filter_destroy(struct vm *vm)
{
	filter_free(rcu_dereference_protected(vm->msr_filter, true));
}

bool msr_filter_asks(struct vcpu *vcpu, u32 index, bool write)
{
	struct vm *vm = vcpu->vm;
	int idx = mem_enter(vm);
	const struct msr_filter *filter = srcu_dereference(vm->msr_filter, &vm->srcu);
	bool ok = !filter || msr_filter_allows(&filter->rules, index, write);

	mem_leave(vm, idx);
	return ok;
}

/* MSRs that a back end may let the guest reach without an exit. */
static const u32 passed_through[] = {
	GMSR_FS_BASE, GMSR_GS_BASE, GMSR_KERNEL_GS_BASE, GMSR_STAR,	    GMSR_LSTAR,
	GMSR_CSTAR,   GMSR_SFMASK,  GMSR_SYSENTER_CS,	 GMSR_SYSENTER_ESP, GMSR_SYSENTER_EIP,
};

void msr_filter_refresh(struct vcpu *vcpu)
{
	unsigned int i;
	u32 index;

	for (i = 0; i < ARRAY_SIZE(passed_through); i++) {
		index = passed_through[i];
		arch_msr_intercept(vcpu, index, !msr_filter_passes(vcpu, index, false),
				   !msr_filter_passes(vcpu, index, true));
	}
}
