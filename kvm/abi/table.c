/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one way through which ioctls other than KVM_RUN go: find the row, copy
 * the argument in, lock, call, unlock, copy out.
 *
 * Invariants: arguments of fixed size are copied exactly once before the
 * handler sees them and exactly once after it, never under a lock; memory that
 * is copied out was zeroed first, so padding leaks nothing.
 *
 * Locks: what the row says, for the time of the handler.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "table.h"

/* Arguments up to this size live on the stack; KVM_GET_XSAVE's 4 KiB don't. */
#define ABI_STACK_BYTES 424

static const struct abi_row *find_row(const struct abi_table *table, u32 cmd)
{
	const struct abi_row *row;
	u32 key = ABI_KEY(cmd);

	if (key >= table->n)
		return NULL;
	row = &table->rows[array_index_nospec(key, table->n)];
	return row->cmd == cmd && row->fn ? row : NULL;
}

static long call_locked(const struct abi_row *row, struct abi_call *call)
{
	struct mutex *lock = NULL;
	long ret;

	switch ((enum abi_lock)row->lock) {
	case ABI_FREE:
		break;
	case ABI_VM:
		lock = &call->vm->lock;
		break;
	case ABI_VCPU:
		lock = &call->vcpu->mutex;
		break;
	}
	if (!lock)
		return row->fn(call);
	if (mutex_lock_killable(lock))
		return -EINTR;
	ret = row->fn(call);
	mutex_unlock(lock);
	return ret;
}

static long call_copied(const struct abi_row *row, struct abi_call *call)
{
	u64 small[ABI_STACK_BYTES / sizeof(u64)];
	u32 size = _IOC_SIZE(row->cmd);
	long ret = -EFAULT;

	call->buf = small;
	if (size > sizeof(small))
		call->buf = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!call->buf)
		return -ENOMEM;
	if (!(_IOC_DIR(row->cmd) & _IOC_WRITE))
		memset(call->buf, 0, size);
	else if (copy_from_user(call->buf, call->user, size))
		goto out;
	ret = call_locked(row, call);
	if (ret >= 0 && (_IOC_DIR(row->cmd) & _IOC_READ) &&
	    copy_to_user(call->user, call->buf, size))
		ret = -EFAULT;
out:
	if (call->buf != small)
		kfree(call->buf);
	return ret;
}

long abi_dispatch(const struct abi_table *table, u32 cmd, unsigned long arg, struct abi_call *call)
{
	const struct abi_row *row = find_row(table, cmd);

	if (!row || (row->cap != ABI_BASIC && abi_check_extension(call->vm, row->cap) <= 0))
		return -ENOTTY;
	call->value = arg;
	call->user = (void __user *)arg;
	switch ((enum abi_arg)row->arg) {
	case ABI_ZERO:
		if (arg)
			return -EINVAL;
		break;
	case ABI_COPY:
		return call_copied(row, call);
	case ABI_NONE:
	case ABI_VALUE:
	case ABI_USER:
		break;
	}
	return call_locked(row, call);
}
