/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nested page tables' part in the dirty log: write access is taken away
 * here, and given back by the fault on the next write (fault.c). Where the
 * hardware logs, 4K leaves lose their dirty bit instead, and no fault is needed.
 *
 * Large leaves lose their write access whole; the first write into one splits
 * it (a slot that logs is mapped writable by 4K pages only). With the hardware's
 * log, too: it would name 2M for one byte.
 *
 * All of it runs under mmu_lock for writing. The flush may come after the lock
 * is given up: an entry without write access is still a translation, so whoever
 * zaps it meanwhile flushes too.
 */
#include <linux/sched.h>

#include "../compat.h"
#include "../mem/mem.h"
#include "../mem/up.h"
#include "tdp.h"

static void protect_run(u64 *entry, unsigned int n, unsigned int level, void *ctx)
{
	u64 *changed = ctx, bit = tdp_log_bit(level);

	for (; n; n--, entry++)
		*changed += tdp_take(entry, bit);
}

u64 mmu_log_start(struct vm *vm, const struct memslot *slot)
{
	gfn_t gfn = slot->base_gfn, end = slots_end_gfn(slot);
	u64 changed = 0;

	write_lock(&vm->mmu_lock);
	while (gfn < end) {
		gfn_t next = tdp_portion_end(vm, gfn, end);

		tdp_for_each_run(vm, gfn, next, protect_run, &changed);
		cond_resched_rwlock_write(&vm->mmu_lock);
		gfn = next;
	}
	write_unlock(&vm->mmu_lock);
	return changed;
}

static unsigned int protect_bits(struct vm *vm, gfn_t base, u64 mask)
{
	unsigned int level, n = 0;
	u64 *entry = tdp_lookup(vm, base, SPTE_LEVEL_4K, &level);
	u64 bit = tdp_log_bit(level);

	if (level > SPTE_LEVEL_4K)
		return spte_present(mmu_fmt, READ_ONCE(*entry)) && tdp_take(entry, bit);
	for (; mask; mask &= mask - 1)
		n += tdp_take(&entry[__ffs(mask)], bit);
	return n;
}

unsigned int mmu_protect_mask(struct vm *vm, gfn_t base, u64 mask)
{
	unsigned int room = SPTE_TABLE_ENTRIES - spte_index(base, SPTE_LEVEL_4K);
	unsigned int n;

	lockdep_assert_held_write(&vm->mmu_lock);
	if (likely(room >= 64))
		return protect_bits(vm, base, mask);
	/* The slot is not aligned to 64 pages and the word reaches into the next table. */
	n = protect_bits(vm, base, mask & ((1ULL << room) - 1));
	return n + protect_bits(vm, base + room, mask >> room);
}

/* Drop the table of 4K entries at @gfn if the host maps a huge page there. */
static void collapse_one(struct vm *vm, const struct memslot *slot, gfn_t gfn, struct mmu_zap *zap)
{
	struct host_map host;
	unsigned int level;
	u64 *entry = tdp_lookup(vm, gfn, SPTE_LEVEL_2M, &level);

	if (level != SPTE_LEVEL_2M || !tdp_is_table(READ_ONCE(*entry), level))
		return;
	/* Only a hint here: zapping is right in any case. */
	if (!host_walk(vm->mm, slots_gfn_to_hva(slot, gfn), &host) || host.level < SPTE_LEVEL_2M)
		return;
	tdp_drop_table(tdp_table(xchg(entry, 0)), SPTE_LEVEL_4K, zap);
	zap->changed = true;
}

void mmu_log_stop(struct vm *vm, const struct memslot *slot)
{
	u64 pages = spte_level_pages(SPTE_LEVEL_2M);
	gfn_t gfn = slot->base_gfn, end = slots_end_gfn(slot);
	struct mmu_zap zap;

	mmu_zap_init(&zap);
	write_lock(&vm->mmu_lock);
	while (gfn < end) {
		if (spte_max_level(gfn, slot->base_gfn, slot->npages, slot->hva, SPTE_LEVEL_2M,
				   SPTE_LEVEL_2M) == SPTE_LEVEL_2M)
			collapse_one(vm, slot, gfn, &zap);
		if (need_resched() || rwlock_needbreak(&vm->mmu_lock)) {
			mmu_zap_finish(vm, &zap);
			cond_resched_rwlock_write(&vm->mmu_lock);
		}
		gfn = (gfn | (pages - 1)) + 1;
	}
	mmu_zap_finish(vm, &zap);
	write_unlock(&vm->mmu_lock);
}
