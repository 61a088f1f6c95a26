/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested page tables in memory: what the glue files of mmu/ share.
 *
 * A table is one page of 512 entries, owned by the entry that points to it.
 * Rules for an entry, by who holds mmu_lock:
 * - for reading (faults): it goes, by compare-and-exchange, from not present to
 *   a table or a leaf, from a leaf to a leaf of the same page with more rights,
 *   or from a large leaf to a table that maps the same. Never back. What is not
 *   present is 0, or at the 4K level a mark for MMIO (mmio.c), which may come
 *   and be overwritten like nothing;
 * - for writing: anything; but by atomic operations, for the hardware sets
 *   accessed and dirty bits whenever it likes.
 * So who holds it for reading may follow any table it has seen.
 *
 * Leaves carry SPTE_HOST_WRITABLE if the host's entry was writable and dirty
 * and the slot may be written. Such a leaf without write access is one that the
 * dirty log took it from; giving it back needs no look at the host's tables.
 *
 * Where the hardware logs (arch_caps.write_log) 4K leaves of a slot that logs
 * keep write access and lose their dirty bit instead (mem/dirty.c). In other
 * slots a dirty bit means nothing.
 */
#ifndef GLASSVISOR_MMU_TDP_H
#define GLASSVISOR_MMU_TDP_H

#include <linux/atomic.h>
#include <linux/mm.h>

#include "../arch/ops.h"
#include "mmu.h"
#include "spte.h"

/* The back end's format. Set when the first VM is made. */
extern const struct spte_fmt *mmu_fmt;

static __always_inline unsigned int tdp_root_level(void)
{
	return arch_caps.nested_levels;
}

static __always_inline u64 *tdp_table(u64 spte)
{
	return __va(spte_table(mmu_fmt, spte));
}

static __always_inline bool tdp_is_table(u64 spte, unsigned int level)
{
	return spte_present(mmu_fmt, spte) && !spte_leaf(mmu_fmt, spte, level);
}

/* False: the entry was not @old any more. */
static __always_inline bool tdp_replace(u64 *entry, u64 old, u64 new)
{
	return try_cmpxchg64(entry, &old, new);
}

/*
 * Take a bit away; true if it was there. mmu_lock for writing. Of an entry in a slot that is in
 * place: no mark is there.
 */
static __always_inline bool tdp_take(u64 *entry, u64 bit)
{
	if (!(READ_ONCE(*entry) & bit))
		return false;
	atomic64_andnot(bit, (atomic64_t *)entry);
	return true;
}

/* What a leaf loses for the dirty log to notice the next write to it. */
static __always_inline u64 tdp_log_bit(unsigned int level)
{
	return level == SPTE_LEVEL_4K && arch_caps.write_log ? mmu_fmt->dirty : mmu_fmt->write;
}

/*
 * The entry for @gfn at @stop, or above it where the tables end or a leaf maps
 * it. *ret_level is its level.
 */
static __always_inline u64 *tdp_lookup(struct vm *vm, gfn_t gfn, unsigned int stop,
				       unsigned int *ret_level)
{
	unsigned int level = tdp_root_level();
	u64 *entry = &vm->root[spte_index(gfn, level)];

	while (level > stop) {
		u64 spte = READ_ONCE(*entry);

		if (!tdp_is_table(spte, level))
			break;
		level--;
		entry = &tdp_table(spte)[spte_index(gfn, level)];
	}
	*ret_level = level;
	return entry;
}

/*
 * Where a pass that may give up mmu_lock between portions should pause: the end
 * of the 1G of @gfn, or of the larger hole that it lies in. At most @end.
 */
static inline gfn_t tdp_portion_end(struct vm *vm, gfn_t gfn, gfn_t end)
{
	unsigned int level;

	tdp_lookup(vm, gfn, SPTE_LEVEL_1G, &level);
	return min_t(gfn_t, end, (gfn | (spte_level_pages(level) - 1)) + 1);
}

/*
 * Call @fn with each run of entries of [start, end) in one table that may be
 * leaves: whole runs at level 1 (present or not), single present leaves above.
 */
typedef void (*tdp_run_fn)(u64 *entry, unsigned int n, unsigned int level, void *ctx);
void tdp_for_each_run(struct vm *vm, gfn_t start, gfn_t end, tdp_run_fn fn, void *ctx);

/* A zeroed table, or NULL; may sleep. Charged to the caller's memory cgroup. */
u64 *tdp_table_alloc(struct vm *vm);
void tdp_table_free(u64 *table);

/* The table is one that mmio.c made: its page goes back to that account when it is freed. */
static inline void tdp_table_set_mmio(u64 *table)
{
	set_page_private(virt_to_page(table), 1);
}

static inline void tdp_table_freed(struct vm *vm, struct page *page)
{
	if (page_private(page))
		atomic_dec(&vm->mmio_tables);
}

/*
 * The fault found no slot: have the hardware say so the next time. In the SRCU section of the
 * search; may sleep.
 */
void mmio_mark(struct vm *vm, gfn_t gfn);
/* mmu_fmt is known. */
void mmio_init(void);
/* Of a new VM: 0 or -ENOMEM. */
int mmio_vm_init(struct vm *vm);
/* All tables are gone. */
void mmio_vm_destroy(struct vm *vm);

/* Unlink a table's contents for mmu_zap_finish(); its entry is gone already. */
void tdp_drop_table(u64 *table, unsigned int level, struct mmu_zap *zap);

/* What the owner's page tables say about an address: host.c. ----------------- */
struct host_map {
	u64 pfn;       /* frame of the 4K page asked for */
	u8 level;      /* SPTE_LEVEL_*: size of the mapping it is part of */
	bool writable; /* and dirty: see mem/notifier.c */
	bool uncached; /* not write-back */
};

/*
 * False: nothing that the hardware could use now. The answer holds as long as
 * the caller's mmu_lock, see mem/notifier.c.
 */
bool host_walk(struct mm_struct *mm, hva_t hva, struct host_map *ret);

/*
 * Make the host map the page, for writing with @write; may sleep, current's mm.
 * 0: look again, -EINTR: fatal signal, -EFAULT, -EHWPOISON, -ENOMEM: no access.
 */
int host_fault_in(struct mm_struct *mm, hva_t hva, bool write);

#endif /* GLASSVISOR_MMU_TDP_H */
