/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of ioctls: a row says what an ioctl is called, what its argument
 * looks like, which lock it runs under and which capability it belongs to.
 * Shape only; what an ioctl does is its handler's business, and policy is
 * core's.
 *
 * A table is an array with a row at ABI_KEY(cmd): found with one comparison.
 * Numbers alone are not unique (KVM_ENABLE_CAP and KVM_GET_TSC_KHZ share one, so
 * do KVM_IRQ_LINE_STATUS and KVM_REGISTER_COALESCED_MMIO); together with
 * whether data goes nowhere, one way or both ways they are.
 */
#ifndef GLASSVISOR_ABI_TABLE_H
#define GLASSVISOR_ABI_TABLE_H

#include <linux/ioctl.h>
#include <linux/kvm.h>

#include "../vcpu.h"

/* What the third argument of ioctl() is. */
enum abi_arg {
	ABI_NONE,  /* nothing: callers pass garbage, it is ignored */
	ABI_ZERO,  /* nothing, and the ABI insists on 0: -EINVAL otherwise */
	ABI_VALUE, /* a number */
	ABI_COPY,  /* points to _IOC_SIZE bytes, copied in and out by _IOC_DIR */
	ABI_USER,  /* points to something of variable size: the handler copies */
};

/* Under what the handler runs. */
enum abi_lock {
	ABI_FREE, /* nothing; the handler's callees lock as they need */
	ABI_VM,	  /* vm->lock */
	ABI_VCPU, /* vcpu->mutex */
};

#define ABI_BASIC 0xffff /* abi_row.cap: always there */

/* One call. Handlers take what their row promises. */
struct abi_call {
	struct vm *vm;	     /* NULL on /dev/kvm */
	struct vcpu *vcpu;   /* NULL but on a vCPU's descriptor */
	unsigned long value; /* ABI_VALUE */
	void __user *user;   /* ABI_USER, and the same for ABI_COPY */
	void *buf;	     /* ABI_COPY: _IOC_SIZE bytes; zeroed where nothing was copied in */
	bool compat;	     /* a 32-bit caller: structures with pointers differ */
};

/* Returns what ioctl() returns: >= 0, or -errno; ABI_COPY copies out if >= 0. */
typedef long (*abi_fn)(struct abi_call *call);

struct abi_row {
	u32 cmd;
	u16 cap; /* KVM_CAP_*: -ENOTTY while it is not claimed; or ABI_BASIC */
	u8 arg;	 /* enum abi_arg */
	u8 lock; /* enum abi_lock */
	abi_fn fn;
};

static_assert(sizeof(struct abi_row) == 16);

struct abi_table {
	const struct abi_row *rows;
	u32 n;
};

#define ABI_KEY(cmd)                                                                               \
	(_IOC_NR(cmd) | (_IOC_DIR(cmd) == _IOC_NONE) << 8 |                                        \
	 (_IOC_DIR(cmd) == (_IOC_READ | _IOC_WRITE)) << 9)
#define ABI_ROW(cmd, arg, lock, cap, fn) [ABI_KEY(cmd)] = {cmd, cap, arg, lock, fn}

/*
 * Carry out one ioctl. @call has vm, vcpu and compat set. -ENOTTY: no such
 * ioctl on this kind of descriptor; -EFAULT: argument not accessible; -EINTR: a
 * fatal signal came while waiting for the lock; else the handler's result.
 */
long abi_dispatch(const struct abi_table *table, u32 cmd, unsigned long arg, struct abi_call *call);

#endif /* GLASSVISOR_ABI_TABLE_H */
