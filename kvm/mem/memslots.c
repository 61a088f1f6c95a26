/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the memory slots of a VM.
 *
 * What a request means, and whether it is allowed, is judged by the pure
 * mem/slots.c. Here the change is carried out under running guests:
 *
 *	1. a new table and, if there is one, the new slot are allocated;
 *	2. the new slot enters vm->hva_tree, where invalidations of host memory
 *	   look it up;
 *	   and the hardware's log of writes is switched on if the slot is to log;
 *	3. the new table is published, and one SRCU grace period is waited for:
 *	   nobody handles a fault with the old slot any more;
 *	4. translations that the old slot left behind are dropped (delete, move) or
 *	   lose their write access (logging starts), and guests' TLBs are flushed;
 *	   marks that say there is no slot are dropped where one has come;
 *	5. only now the old slot leaves hva_tree, and is freed.
 *
 * Up to step 4 a guest may still reach the memory of a slot that is going
 * away, through translations that exist already. That is what the tree is for:
 * it is not the table, so an invalidation of that memory still finds the slot
 * and zaps. A guest is never waited for; the ioctl returns when it is true that
 * the old slot is not in use.
 *
 * Locks: vm->slots_lock serialises changes. hva_tree changes under mmu_lock
 * for writing and inval_lock, so holding either is enough to read it.
 */
#include <linux/cpufeature.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../arch/ops.h"
#include "../compat.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "mem.h"
#include "up.h"

/* Pages of all slots together: far above any machine, far below an overflow. */
#define MAX_TOTAL_PAGES (1ULL << 40)

static struct slots_table *table_alloc(u32 cap)
{
	void *mem = kvmalloc(slots_table_bytes(cap), GFP_KERNEL_ACCOUNT);

	return mem ? slots_table_init(mem, cap, 0) : NULL;
}

/* @stat: are its counters its own? */
static void dev_free(struct memslot_dev *dev, bool stat)
{
	if (!dev)
		return;
	if (stat)
		kfree(dev->stat);
	kvfree(dev->dirty);
	kfree(dev);
}

/* @old: the slot whose counters it takes over, or NULL. */
static struct memslot_dev *dev_alloc(const struct memslot *slot, const struct memslot_dev *old)
{
	struct memslot_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);

	if (!dev)
		return NULL;
	dev->stat = old ? old->stat : kzalloc(sizeof(*dev->stat), GFP_KERNEL_ACCOUNT);
	if (!dev->stat)
		goto no_stat;
	dev->slot = *slot;
	dev->hva_node.start = slot->hva;
	dev->hva_node.last = slot->hva + (slot->npages << GV_PAGE_SHIFT) - 1;
	if (!(slot->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return dev;
	dev->dirty = kvcalloc(2 * dirtymap_words(slot->npages), sizeof(u64), GFP_KERNEL_ACCOUNT);
	if (!dev->dirty)
		goto no_dirty;
	return dev;

no_dirty:
	if (!old)
		kfree(dev->stat);
no_stat:
	kfree(dev);
	return NULL;
}

int mem_vm_init(struct vm *vm)
{
	struct slots_table *t = table_alloc(0);

	if (!t)
		return -ENOMEM;
	vm->hva_tree = RB_ROOT_CACHED;
	RCU_INIT_POINTER(vm->slots, t);
	return 0;
}

void mem_vm_destroy(struct vm *vm)
{
	struct slots_table *t = rcu_dereference_protected(vm->slots, 1);
	u32 i;

	for (i = 0; i < t->n; i++)
		dev_free(container_of(t->by_gfn[i].slot, struct memslot_dev, slot), true);
	kvfree(t);
}

static void hva_tree_change(struct vm *vm, struct memslot_dev *in, struct memslot_dev *out)
{
	write_lock(&vm->mmu_lock);
	spin_lock(&vm->inval_lock);
	if (out)
		interval_tree_remove(&out->hva_node, &vm->hva_tree);
	if (in)
		interval_tree_insert(&in->hva_node, &vm->hva_tree);
	spin_unlock(&vm->inval_lock);
	write_unlock(&vm->mmu_lock);
}

/* Highest guest frame number that the nested tables and the machine can map, plus one. */
static gfn_t max_gfn(void)
{
	unsigned int bits = min_t(unsigned int, boot_cpu_data.x86_phys_bits,
				  GV_PAGE_SHIFT + 9 * arch_caps.nested_levels);

	return 1ULL << (bits - GV_PAGE_SHIFT);
}

/* Step 4: what the nested tables must forget of @old, and of there having been nothing. */
static void retire_translations(struct vm *vm, const struct slots_change *ch,
				const struct memslot_dev *new)
{
	const struct memslot *old = ch->old;

	switch (ch->kind) {
	case SLOTS_MOVE:
	case SLOTS_DELETE:
		mmu_zap_gfns(vm, old->base_gfn, slots_end_gfn(old));
		if (new)
			mmu_slot_came(vm, new->slot.base_gfn, slots_end_gfn(&new->slot));
		break;
	case SLOTS_FLAGS:
		if (new->dirty)
			mem_log_start(vm, &new->slot);
		else
			mmu_log_stop(vm, &new->slot);
		break;
	case SLOTS_CREATE:
		mmu_slot_came(vm, new->slot.base_gfn, slots_end_gfn(&new->slot));
		break;
	case SLOTS_NONE:
		break;
	}
}

static int logs(const struct memslot_dev *dev)
{
	return dev && dev->dirty;
}

static int change_carry_out(struct vm *vm, struct slots_table *from, const struct slots_change *ch)
{
	struct memslot_dev *old = NULL, *new = NULL;
	struct slots_table *to;

	if (ch->old)
		old = container_of(ch->old, struct memslot_dev, slot);
	if (ch->kind != SLOTS_DELETE) {
		new = dev_alloc(&ch->new, old);
		if (!new)
			return -ENOMEM;
	}
	to = table_alloc(slots_count_after(from, ch));
	if (!to) {
		dev_free(new, !old);
		return -ENOMEM;
	}
	slots_apply(from, ch, new ? &new->slot : NULL, to);

	if (new)
		hva_tree_change(vm, new, NULL);
	mem_log_slots_add(vm, logs(new));
	rcu_assign_pointer(vm->slots, to);
	synchronize_srcu_expedited(&vm->srcu);
	retire_translations(vm, ch, new);
	mem_log_slots_add(vm, -logs(old));
	if (old)
		hva_tree_change(vm, NULL, old);
	dev_free(old, !new);
	kvfree(from);
	return 0;
}

static void account_change(struct vm *vm, enum slots_change_kind kind, const struct memslot *slot,
			   u64 lock_ns)
{
	vm_stat_inc(vm, memslot_changes);
	trace_gv_memslot(vm->vm_id, NO_VCPU, slot->id, kind, slot->base_gfn, slot->npages,
			 slot->hva, slot->flags, lock_ns);
}

int mem_set_region(struct vm *vm, const struct kvm_userspace_memory_region *region)
{
	const struct slots_limits limits = {
		.max_ids = GV_MEMSLOTS,
		.address_spaces = 1,
		.flags_allowed = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY,
		.max_gfn = max_gfn(),
		.max_hva = TASK_SIZE_MAX,
		.max_total = MAX_TOTAL_PAGES,
	};
	struct slots_table *t;
	struct slots_change ch;
	u64 start;
	int err = slots_as_id(region, &limits);

	if (err < 0)
		return err;
	mutex_lock(&vm->slots_lock);
	start = account_tsc();
	t = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->slots_lock));
	err = slots_plan(t, region, &limits, &ch);
	if (!err && ch.kind != SLOTS_NONE) {
		struct memslot seen = ch.kind == SLOTS_DELETE ? *ch.old : ch.new;

		err = change_carry_out(vm, t, &ch);
		if (!err)
			account_change(vm, ch.kind, &seen, account_ns_since(start));
	}
	mutex_unlock(&vm->slots_lock);
	return err;
}
