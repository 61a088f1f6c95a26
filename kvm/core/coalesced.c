/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coalesced MMIO and PIO: writes of the guest to registered zones go into a
 * ring that userspace empties when it comes around to it, at the latest at the
 * next exit. One ring a VM, mapped behind each of its vCPUs' pages.
 *
 * The ring is userspace's memory as much as ours: what is read from it may be
 * anything and is checked before it is used. A write that does not fit, or finds
 * the ring in disorder, goes out as an exit.
 *
 * Locks: vm->iobus_lock for who replaces the array of zones, RCU for who reads
 * it; c->lock (innermost) between the vCPUs that append.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core.h"

#define ZONES_MAX 256

struct cozone {
	u64 addr;
	u32 size; /* bytes; addr + size does not overflow */
	bool pio;
};

struct zones {
	struct rcu_head rcu;
	u32 n;
	struct cozone z[];
};

struct coalesced {
	struct kvm_coalesced_mmio_ring *ring; /* (c) one page, shared with userspace */
	spinlock_t lock;
	struct zones __rcu *zones; /* iobus_lock; NULL: none */
};

static bool contains(const struct cozone *z, bool pio, u64 addr, u64 len)
{
	return z->pio == pio && addr >= z->addr && len <= z->size &&
	       addr - z->addr <= z->size - len;
}

static bool covered(const struct coalesced *c, bool pio, u64 addr, unsigned int len)
{
	const struct zones *t;
	bool found = false;
	u32 i;

	rcu_read_lock();
	t = rcu_dereference(c->zones);
	for (i = 0; t && i < t->n && !found; i++)
		found = contains(&t->z[i], pio, addr, len);
	rcu_read_unlock();
	return found;
}

/* One place stays free: first == last means empty. */
static bool append(struct coalesced *c, bool pio, u64 addr, unsigned int len, const void *data)
{
	struct kvm_coalesced_mmio_ring *ring = c->ring;
	struct kvm_coalesced_mmio *e;
	u32 last = READ_ONCE(ring->last), next;

	lockdep_assert_held(&c->lock);
	if (last >= KVM_COALESCED_MMIO_MAX)
		return false;
	last = array_index_nospec(last, KVM_COALESCED_MMIO_MAX);
	next = (last + 1) % KVM_COALESCED_MMIO_MAX;
	/* Pairs with userspace, which is done with an entry before it moves first. */
	if (next == smp_load_acquire(&ring->first))
		return false;
	e = &ring->coalesced_mmio[last];
	e->phys_addr = addr;
	e->len = len;
	e->pio = pio;
	memcpy(e->data, data, len);
	/* Who sees last sees the entry. */
	smp_store_release(&ring->last, next);
	return true;
}

bool coalesced_write(struct vm *vm, enum iobus bus, u64 addr, unsigned int len, const void *data)
{
	struct coalesced *c = vm->coalesced;
	bool pio = bus == IOBUS_PIO, done;

	if (len > sizeof(c->ring->coalesced_mmio[0].data) || !covered(c, pio, addr, len))
		return false;
	spin_lock(&c->lock);
	done = append(c, pio, addr, len, data);
	spin_unlock(&c->lock);
	return done;
}

/* ---- zones -------------------------------------------------------------------- */

static struct zones *zones_of(struct vm *vm)
{
	return rcu_dereference_protected(vm->coalesced->zones, lockdep_is_held(&vm->iobus_lock));
}

static void publish(struct vm *vm, struct zones *old, struct zones *t)
{
	rcu_assign_pointer(vm->coalesced->zones, t);
	/* Orders the table before the flag by which vCPUs look for it. */
	smp_store_release(&vm->iobus_used, true);
	if (old)
		kvfree_rcu(old, rcu);
}

static int add_zone(struct vm *vm, const struct cozone *zone)
{
	struct zones *old = zones_of(vm), *t;
	u32 n = old ? old->n : 0;

	if (n >= ZONES_MAX)
		return -ENOSPC;
	t = kvzalloc(struct_size(t, z, n + 1), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	if (old)
		memcpy(t->z, old->z, n * sizeof(*t->z));
	t->z[n] = *zone;
	t->n = n + 1;
	publish(vm, old, t);
	return 0;
}

/* Every zone that the given one lies in goes. */
static int del_zones(struct vm *vm, const struct cozone *zone)
{
	struct zones *old = zones_of(vm), *t;
	u32 i;

	if (!old)
		return 0;
	t = kvzalloc(struct_size(t, z, old->n), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	for (i = 0; i < old->n; i++)
		if (!contains(&old->z[i], zone->pio, zone->addr, zone->size))
			t->z[t->n++] = old->z[i];
	publish(vm, old, t);
	return 0;
}

int coalesced_set_zone(struct vm *vm, const struct kvm_coalesced_mmio_zone *args, bool add)
{
	struct cozone zone = {.addr = args->addr, .size = args->size, .pio = args->pio};
	int err;

	if (args->pio > 1 || args->addr + args->size < args->addr)
		return -EINVAL;
	mutex_lock(&vm->iobus_lock);
	err = add ? add_zone(vm, &zone) : del_zones(vm, &zone);
	mutex_unlock(&vm->iobus_lock);
	return err;
}

/* ---- life --------------------------------------------------------------------- */

struct page *coalesced_page(struct vm *vm)
{
	return virt_to_page(vm->coalesced->ring);
}

int coalesced_create(struct vm *vm)
{
	struct coalesced *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c)
		return -ENOMEM;
	c->ring = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!c->ring) {
		kfree(c);
		return -ENOMEM;
	}
	spin_lock_init(&c->lock);
	vm->coalesced = c;
	return 0;
}

void coalesced_destroy(struct vm *vm)
{
	struct coalesced *c = vm->coalesced;

	if (!c)
		return;
	kvfree(rcu_dereference_protected(c->zones, true));
	free_page((unsigned long)c->ring);
	kfree(c);
}
