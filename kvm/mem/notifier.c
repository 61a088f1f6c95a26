/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Following the host's memory management: the MMU notifier of the VM owner's
 * address space, and the proof that what mmu/ maps is what the host maps.
 *
 * glassvisor takes no reference on the pages that it maps. A translation is
 * made from what the host's own page tables say at that moment, and lives
 * until the host announces a change of it. The protocol:
 *
 *	host:	range_start:	inval_count++, range into the union	(inval_lock)
 *				zap what was made from the range, flush	(mmu_lock, writing)
 *		the host changes its tables and flushes its TLBs
 *		range_end:	inval_count--				(inval_lock)
 *
 *	fault:	take mmu_lock for reading
 *		mem_inval_cap(): is an invalidation of the page running? then not now
 *		walk the host's tables (interrupts off, so they can't be freed)
 *		install the translation
 *		release mmu_lock
 *
 * Say a fault installs a translation that the host takes back. The fault's
 * critical section is either before the zap of range_start or after it, by
 * mmu_lock. Before: the zap removes the translation. After: it saw inval_count
 * raised, and the page within the union, which only grows while the count is
 * not zero, unless range_end had been called; then all the host's changes were
 * made before that, and the walk, which comes after the look at the count, saw
 * them. Nothing has to be compared afterwards, because the walk lies within
 * the lock: there is no sequence number.
 *
 * What may be mapped without being announced when the host changes it? Nothing:
 * - clearing, moving, write-protecting (fork, KSM, userfaultfd, mprotect) and
 *   cleaning (writeback, MADV_FREE) of a host entry all come between range_start
 *   and range_end. More rights, or setting dirty bits, are not announced, but
 *   make no translation wrong.
 * - A writable translation is made of an entry that is writable and dirty only,
 *   and the entry stays dirty as long as the translation lives; so the guest's
 *   writes owe the host no dirty bit.
 * - Entries that are present for the kernel but not for the hardware (NUMA
 *   hinting, migration) are not mapped: the walk looks at the hardware's bit.
 * - A mapping larger than the page at hand is only made where no invalidation
 *   touches any part of it (mem_inval_cap() gives the level).
 *
 * Protection keys of the owner's address space are not looked at: they restrict
 * threads, not mappings.
 *
 * Locks: callbacks may come in atomic context (under the host's page-table
 * locks), with interrupts on; all that is taken here spins.
 */
#include <linux/mmu_notifier.h>

#include "../compat.h"
#include "../stat/stat.h"
#include "mem.h"
#include "up.h"

static struct vm *notifier_vm(struct mmu_notifier *mn)
{
	return container_of(mn, struct vm, notifier);
}

/* The part of a slot's gfns that lies in host range [start, end); they do overlap. */
static void hva_range_gfns(const struct memslot *slot, hva_t start, hva_t end, gfn_t *ret_first,
			   gfn_t *ret_end)
{
	hva_t slot_end = slot->hva + (slot->npages << GV_PAGE_SHIFT);
	hva_t from = max_t(hva_t, start, slot->hva);
	hva_t to = min_t(hva_t, end, slot_end);

	*ret_first = slot->base_gfn + ((from - slot->hva) >> GV_PAGE_SHIFT);
	*ret_end = slot->base_gfn + ((to - slot->hva + GV_PAGE_SIZE - 1) >> GV_PAGE_SHIFT);
}

#define for_each_slot_in_hva_range(vm, node, start, end)                                           \
	for ((node) = interval_tree_iter_first(&(vm)->hva_tree, (start), (end)-1); (node);         \
	     (node) = interval_tree_iter_next((node), (start), (end)-1))

static const struct memslot *node_slot(struct interval_tree_node *node)
{
	return &container_of(node, struct memslot_dev, hva_node)->slot;
}

/* Enter the range. False: no slot lies in it, there is nothing to zap. */
static bool inval_begin(struct vm *vm, hva_t start, hva_t end)
{
	bool hit;

	spin_lock(&vm->inval_lock);
	if (vm->inval_count) {
		WRITE_ONCE(vm->inval_start, min(vm->inval_start, start));
		WRITE_ONCE(vm->inval_end, max(vm->inval_end, end));
	} else {
		WRITE_ONCE(vm->inval_start, start);
		WRITE_ONCE(vm->inval_end, end);
	}
	/* After the range: whoever sees the count sees at least this range. */
	smp_store_release(&vm->inval_count, vm->inval_count + 1);
	/* A slot that comes later comes with inval_count raised, see the head of the file. */
	hit = interval_tree_iter_first(&vm->hva_tree, start, end - 1);
	spin_unlock(&vm->inval_lock);
	return hit;
}

static int range_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct vm *vm = notifier_vm(mn);
	struct interval_tree_node *node;
	struct mmu_zap zap;

	if (!inval_begin(vm, range->start, range->end))
		return 0;
	vm_stat_inc(vm, mmu_notifier_ranges);
	mmu_zap_init(&zap);
	write_lock(&vm->mmu_lock);
	for_each_slot_in_hva_range(vm, node, range->start, range->end)
	{
		gfn_t first, end;

		hva_range_gfns(node_slot(node), range->start, range->end, &first, &end);
		mmu_zap_range(vm, first, end, &zap);
	}
	mmu_zap_finish(vm, &zap);
	write_unlock(&vm->mmu_lock);
	return 0;
}

static void range_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct vm *vm = notifier_vm(mn);

	spin_lock(&vm->inval_lock);
	if (!WARN_ON_ONCE(!vm->inval_count))
		smp_store_release(&vm->inval_count, vm->inval_count - 1);
	spin_unlock(&vm->inval_lock);
}

/* The address space goes away, and no range is announced for that. */
static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	mmu_zap_gfns(notifier_vm(mn), 0, ~0ULL >> GV_PAGE_SHIFT);
}

/* Was a page of the range used by the guest? */
static int age(struct mmu_notifier *mn, hva_t start, hva_t end, bool clear)
{
	struct vm *vm = notifier_vm(mn);
	struct interval_tree_node *node;
	bool young = false;

	read_lock(&vm->mmu_lock);
	for_each_slot_in_hva_range(vm, node, start, end)
	{
		gfn_t first, last;

		hva_range_gfns(node_slot(node), start, end, &first, &last);
		young |= mmu_age_range(vm, first, last, clear);
	}
	read_unlock(&vm->mmu_lock);
	return young;
}

static int clear_young(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start,
		       unsigned long end)
{
	return age(mn, start, end, true);
}

static int test_young(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long address)
{
	return age(mn, address, address + PAGE_SIZE, false);
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = release,
	.clear_flush_young = clear_young,
	.clear_young = clear_young,
	.test_young = test_young,
	.invalidate_range_start = range_start,
	.invalidate_range_end = range_end,
};

int mem_notifier_register(struct vm *vm)
{
	vm->notifier.ops = &notifier_ops;
	return mmu_notifier_register(&vm->notifier, vm->mm);
}

void mem_notifier_unregister(struct vm *vm)
{
	mmu_notifier_unregister(&vm->notifier, vm->mm);
}
