/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking translations out of the nested page tables, and their accessed bits.
 *
 * Zapping holds mmu_lock for writing. A table whose whole range goes is taken
 * out as one, with what hangs below it; its pages are collected and freed only
 * when no TLB and no page-walk cache can point into them any more, after the
 * flush in mmu_zap_finish(). Nothing has to be told to the host about a page
 * that was written: its own entry has been dirty all the time (mem/notifier.c).
 *
 * Recursion is bounded by the levels of the tables, at most 5.
 */
#include <linux/sched.h>

#include "../compat.h"
#include "../mem/up.h"
#include "../stat/stat.h"
#include "tdp.h"

u64 *tdp_table_alloc(struct vm *vm)
{
	u64 *table = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

	if (table)
		vm_stat_inc(vm, mmu_table_allocs);
	return table;
}

void tdp_table_free(u64 *table)
{
	free_page((unsigned long)table);
}

void tdp_drop_table(u64 *table, unsigned int level, struct mmu_zap *zap)
{
	unsigned int i;

	for (i = 0; i < SPTE_TABLE_ENTRIES; i++) {
		u64 spte = READ_ONCE(table[i]);

		if (!spte_present(mmu_fmt, spte))
			continue;
		if (spte_leaf(mmu_fmt, spte, level))
			zap->leaves[level]++;
		else
			tdp_drop_table(tdp_table(spte), level - 1, zap);
	}
	list_add(&virt_to_page(table)->lru, &zap->tables);
}

static bool empty(const u64 *table)
{
	return !memchr_inv(table, 0, PAGE_SIZE);
}

static void zap_table(u64 *table, unsigned int level, gfn_t start, gfn_t end, struct mmu_zap *zap)
{
	u64 pages = spte_level_pages(level);
	gfn_t gfn, next;

	for (gfn = start; gfn < end; gfn = next) {
		u64 *entry = &table[spte_index(gfn, level)];
		u64 spte = READ_ONCE(*entry);

		next = min_t(gfn_t, end, (gfn | (pages - 1)) + 1);
		if (!spte_present(mmu_fmt, spte)) {
			/* A mark, which no TLB knows (mmio.c). */
			if (spte)
				WRITE_ONCE(*entry, 0);
			continue;
		}
		if (!spte_leaf(mmu_fmt, spte, level) && next - gfn < pages) {
			zap_table(tdp_table(spte), level - 1, gfn, next, zap);
			if (!zap->prune || !empty(tdp_table(spte)))
				continue;
		}
		/* For the hardware's sake: it may be setting the accessed bit just now. */
		spte = xchg(entry, 0);
		zap->changed = true;
		if (spte_leaf(mmu_fmt, spte, level))
			zap->leaves[level]++;
		else
			tdp_drop_table(tdp_table(spte), level - 1, zap);
	}
}

/* The part of [start, end) that the tables can reach. */
static gfn_t reachable(gfn_t end)
{
	return min_t(gfn_t, end, spte_level_pages(tdp_root_level() + 1));
}

void mmu_zap_range(struct vm *vm, gfn_t start, gfn_t end, struct mmu_zap *zap)
{
	lockdep_assert_held_write(&vm->mmu_lock);
	zap_table(vm->root, tdp_root_level(), start, reachable(end), zap);
}

void mmu_zap_finish(struct vm *vm, struct mmu_zap *zap)
{
	struct page *page, *next;
	bool prune = zap->prune;

	lockdep_assert_held_write(&vm->mmu_lock);
	if (!zap->changed)
		return;
	mmu_flush_remote(vm);
	vm_stat_add(vm, pages_4k, -(s64)zap->leaves[SPTE_LEVEL_4K]);
	vm_stat_add(vm, pages_2m, -(s64)zap->leaves[SPTE_LEVEL_2M]);
	vm_stat_add(vm, pages_1g, -(s64)zap->leaves[SPTE_LEVEL_1G]);
	vm_stat_add(vm, mmu_zapped,
		    zap->leaves[SPTE_LEVEL_4K] + zap->leaves[SPTE_LEVEL_2M] +
			    zap->leaves[SPTE_LEVEL_1G]);
	list_for_each_entry_safe(page, next, &zap->tables, lru)
	{
		tdp_table_freed(vm, page);
		__free_page(page);
	}
	mmu_zap_init(zap);
	zap->prune = prune;
}

void mmu_zap_gfns(struct vm *vm, gfn_t start, gfn_t end)
{
	struct mmu_zap zap;
	gfn_t next;

	mmu_zap_init(&zap);
	/* For slots that go: whoever makes and deletes small ones must not pile up tables. */
	zap.prune = true;
	end = reachable(end);
	write_lock(&vm->mmu_lock);
	for (; start < end; start = next) {
		next = tdp_portion_end(vm, start, end);
		mmu_zap_range(vm, start, next, &zap);
		if (need_resched() || rwlock_needbreak(&vm->mmu_lock)) {
			mmu_zap_finish(vm, &zap);
			cond_resched_rwlock_write(&vm->mmu_lock);
		}
	}
	mmu_zap_finish(vm, &zap);
	write_unlock(&vm->mmu_lock);
}

static void run_table(u64 *table, unsigned int level, gfn_t start, gfn_t end, tdp_run_fn fn,
		      void *ctx)
{
	u64 pages = spte_level_pages(level);
	gfn_t gfn, next;

	if (level == SPTE_LEVEL_4K) {
		fn(&table[spte_index(start, level)], end - start, level, ctx);
		return;
	}
	for (gfn = start; gfn < end; gfn = next) {
		u64 *entry = &table[spte_index(gfn, level)];
		u64 spte = READ_ONCE(*entry);

		next = min_t(gfn_t, end, (gfn | (pages - 1)) + 1);
		if (tdp_is_table(spte, level))
			run_table(tdp_table(spte), level - 1, gfn, next, fn, ctx);
		else if (spte_present(mmu_fmt, spte))
			fn(entry, 1, level, ctx);
	}
}

void tdp_for_each_run(struct vm *vm, gfn_t start, gfn_t end, tdp_run_fn fn, void *ctx)
{
	lockdep_assert_held(&vm->mmu_lock);
	run_table(vm->root, tdp_root_level(), start, reachable(end), fn, ctx);
}

struct age {
	bool clear;
	bool young;
};

static void age_run(u64 *entry, unsigned int n, unsigned int level, void *ctx)
{
	struct age *age = ctx;

	for (; n; n--, entry++) {
		u64 spte = READ_ONCE(*entry);

		if (!spte_present(mmu_fmt, spte) || !spte_accessed(mmu_fmt, spte))
			continue;
		age->young = true;
		if (age->clear)
			atomic64_andnot(mmu_fmt->accessed, (atomic64_t *)entry);
	}
}

bool mmu_age_range(struct vm *vm, gfn_t start, gfn_t end, bool clear)
{
	struct age age = {.clear = clear};

	tdp_for_each_run(vm, start, end, age_run, &age);
	return age.young;
}
