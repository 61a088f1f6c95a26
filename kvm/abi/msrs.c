/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The argument of KVM_GET_MSRS and KVM_SET_MSRS, on /dev/kvm and on vCPUs: a
 * header with a count, then as many entries. The list is copied whole before
 * the first entry is looked at. Locks: as the caller's row says.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "user.h"

long abi_msrs(struct abi_call *call, abi_msr_fn fn, bool copy_back)
{
	struct kvm_msrs __user *user = call->user;
	struct kvm_msr_entry *entries;
	struct kvm_msrs head;
	size_t size;
	u32 done;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.nmsrs > GV_MAX_MSRS)
		return -E2BIG;
	if (!head.nmsrs)
		return 0;
	size = array_size(head.nmsrs, sizeof(*entries));
	entries = memdup_user(user->entries, size);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	for (done = 0; done < head.nmsrs; done++) {
		if (fn(call->vcpu, &entries[done]))
			break;
	}
	if (copy_back && copy_to_user(user->entries, entries, size))
		done = -EFAULT;
	kfree(entries);
	return (int)done;
}
