/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_IOEVENTFD: writes of the guest to a port or address that signal an
 * eventfd, and nobody else hears of them.
 *
 * One sorted array a bus, replaced whole and published by RCU: a lookup is at
 * most three binary searches and takes no lock. No two entries match the same
 * write; that is checked when one is added.
 *
 * Locks: vm->iobus_lock for who replaces an array, RCU for who reads it. The
 * eventfd of an entry that was taken out is let go after a grace period, so
 * when KVM_IOEVENTFD returns the guest signals it no more.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../compat.h"
#include "../trace/irqchip.h"
#include "core.h"

#define IOEVENTS_MAX 4096 /* on one bus of a VM */

struct ioevent {
	u64 addr;
	u64 match;		 /* value that must be written; 0 where any will do */
	struct eventfd_ctx *ctx; /* a reference */
	u8 len;			 /* bytes of the write; 0: whatever its length */
	bool any;		 /* whatever its value */
};

struct ioevents {
	struct rcu_head rcu;
	u32 n;
	struct ioevent e[]; /* ascending, see order() */
};

/* By address, length, value; those that take any value come last. */
static int order(const struct ioevent *a, const struct ioevent *b)
{
	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	if (a->any != b->any)
		return a->any ? 1 : -1;
	return a->match == b->match ? 0 : a->match < b->match ? -1 : 1;
}

/* Index of the first entry that is not before @key. */
static u32 first_at(const struct ioevents *t, const struct ioevent *key)
{
	u32 low = 0, high = t->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (order(&t->e[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct ioevent *equal(const struct ioevents *t, const struct ioevent *key)
{
	u32 i = first_at(t, key);

	return i < t->n && !order(&t->e[i], key) ? &t->e[i] : NULL;
}

/* Index of the first entry at @addr or above. */
static u32 first_of(const struct ioevents *t, u64 addr)
{
	u32 low = 0, high = t->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (t->e[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* What a write signals, or NULL. */
static const struct ioevent *find(const struct ioevents *t, u64 addr, unsigned int len, u64 value)
{
	struct ioevent key = {.addr = addr, .len = len, .match = value};
	u32 i = first_of(t, addr);
	const struct ioevent *e = &t->e[i];

	if (i == t->n || e->addr != addr)
		return NULL;
	/* The first at an address is mostly the only one; no other takes the same write. */
	if (!e->len || (e->len == len && (e->any || e->match == value)))
		return e;
	e = equal(t, &key);
	if (e)
		return e;
	key.any = true;
	key.match = 0;
	return equal(t, &key);
}

static u64 value_of(const void *data, unsigned int len)
{
	u64 value = 0;

	/* Constants, which spare a copying loop. */
	switch (len) {
	case 1:
		memcpy(&value, data, 1);
		break;
	case 2:
		memcpy(&value, data, 2);
		break;
	case 4:
		memcpy(&value, data, 4);
		break;
	default:
		memcpy(&value, data, min_t(unsigned int, len, sizeof(value)));
	}
	return value;
}

bool ioeventfd_write(struct vcpu *vcpu, enum iobus bus, u64 addr, unsigned int len,
		     const void *data)
{
	const struct ioevent *e = NULL;
	const struct ioevents *t;

	rcu_read_lock();
	t = rcu_dereference(vcpu->vm->ioevents[bus]);
	if (t) {
		e = find(t, addr, len, value_of(data, len));
		if (e) {
			if (bus == IOBUS_MMIO && !e->len)
				trace_kvm_fast_mmio(vcpu, addr);
			compat_eventfd_signal(e->ctx);
		}
	}
	rcu_read_unlock();
	return e;
}

/* ---- changes ------------------------------------------------------------------ */

static struct ioevents *table_of(struct vm *vm, enum iobus bus)
{
	return rcu_dereference_protected(vm->ioevents[bus], lockdep_is_held(&vm->iobus_lock));
}

/* Is there a write that both would take? */
static bool overlaps(const struct ioevent *a, const struct ioevent *b)
{
	if (a->addr != b->addr)
		return false;
	if (!a->len || !b->len)
		return true;
	return a->len == b->len && (a->any || b->any || a->match == b->match);
}

static bool taken(const struct ioevents *t, const struct ioevent *new)
{
	struct ioevent key = {.addr = new->addr};
	u32 i;

	for (i = first_at(t, &key); i < t->n && t->e[i].addr == new->addr; i++)
		if (overlaps(&t->e[i], new))
			return true;
	return false;
}

static int add(struct vm *vm, enum iobus bus, const struct ioevent *new)
{
	struct ioevents *old = table_of(vm, bus), *t;
	u32 n = old ? old->n : 0, at;

	if (old && taken(old, new))
		return -EEXIST;
	if (n >= IOEVENTS_MAX)
		return -ENOSPC;
	t = kvzalloc(struct_size(t, e, n + 1), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	at = old ? first_at(old, new) : 0;
	if (old) {
		memcpy(t->e, old->e, at * sizeof(*t->e));
		memcpy(t->e + at + 1, old->e + at, (n - at) * sizeof(*t->e));
	}
	t->e[at] = *new;
	t->n = n + 1;
	rcu_assign_pointer(vm->ioevents[bus], t);
	/* Orders the table before the flag by which vCPUs look for it. */
	smp_store_release(&vm->iobus_used, true);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

static int del(struct vm *vm, enum iobus bus, const struct ioevent *key)
{
	struct ioevents *old = table_of(vm, bus), *t = NULL;
	const struct ioevent *e = old ? equal(old, key) : NULL;
	u32 at;

	if (!e || e->ctx != key->ctx)
		return -ENOENT;
	at = e - old->e;
	if (old->n > 1) {
		t = kvzalloc(struct_size(t, e, old->n - 1), GFP_KERNEL_ACCOUNT);
		if (!t)
			return -ENOMEM;
		t->n = old->n - 1;
		memcpy(t->e, old->e, at * sizeof(*t->e));
		memcpy(t->e + at, old->e + at + 1, (t->n - at) * sizeof(*t->e));
	}
	rcu_assign_pointer(vm->ioevents[bus], t);
	synchronize_rcu_expedited();
	eventfd_ctx_put(e->ctx); /* the table's own reference */
	kvfree(old);
	return 0;
}

static int check(const struct kvm_ioeventfd *args)
{
	const u32 flags = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_PIO |
			  KVM_IOEVENTFD_FLAG_DEASSIGN;

	if (args->flags & ~flags)
		return -EINVAL;
	if (args->len > 8 || (args->len && !is_power_of_2(args->len)))
		return -EINVAL;
	if (args->addr + args->len < args->addr)
		return -EINVAL;
	if (!args->len && args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH)
		return -EINVAL; /* no length, no value */
	return 0;
}

int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *args)
{
	enum iobus bus = args->flags & KVM_IOEVENTFD_FLAG_PIO ? IOBUS_PIO : IOBUS_MMIO;
	bool deassign = args->flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	struct ioevent e = {.addr = args->addr, .len = args->len};
	int err = check(args);

	if (err)
		return err;
	e.any = !(args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH);
	e.match = e.any ? 0 : args->datamatch;
	e.ctx = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(e.ctx))
		return PTR_ERR(e.ctx);
	mutex_lock(&vm->iobus_lock);
	err = deassign ? del(vm, bus, &e) : add(vm, bus, &e);
	mutex_unlock(&vm->iobus_lock);
	if (err || deassign)
		eventfd_ctx_put(e.ctx);
	return err;
}

void ioeventfd_destroy(struct vm *vm)
{
	struct ioevents *t;
	unsigned int bus;
	u32 i;

	for (bus = 0; bus < IOBUS_COUNT; bus++) {
		t = rcu_dereference_protected(vm->ioevents[bus], true);
		for (i = 0; t && i < t->n; i++)
			eventfd_ctx_put(t->e[i].ctx);
		kvfree(t);
	}
}
