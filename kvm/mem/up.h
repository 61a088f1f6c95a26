/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mem/ needs of the translation in the layer above it, mmu/. Declared
 * here, on the lower side, so that no file of mem/ includes one of mmu/: a
 * change of the slots or of the host's memory is judged and published below,
 * and mmu/ implements these few verbs on the tables that were made from it.
 */
#ifndef GLASSVISOR_MEM_UP_H
#define GLASSVISOR_MEM_UP_H

#include <linux/list.h>

#include "../vm.h"

struct memslot;

/* A round of zapping: table pages taken out and not freed yet, and what to count. */
struct mmu_zap {
	struct list_head tables; /* struct page, by lru */
	bool changed;		 /* a flush is owed */
	bool prune;		 /* also take out tables that a part of the range left empty */
	u64 leaves[4];		 /* leaves dropped, by level; [0] unused */
};

static inline void mmu_zap_init(struct mmu_zap *zap)
{
	*zap = (struct mmu_zap){.tables = LIST_HEAD_INIT(zap->tables)};
}

/* Take all leaves that touch [start, end) out of the tables. mmu_lock for writing. */
void mmu_zap_range(struct vm *vm, gfn_t start, gfn_t end, struct mmu_zap *zap);
/*
 * Flush if anything was taken out, then free the tables. Before mmu_lock is
 * given up: an invalidation of the same memory that finds nothing left to zap
 * must find nothing left in a TLB either.
 */
void mmu_zap_finish(struct vm *vm, struct mmu_zap *zap);

/* Drop all translations of [start, end) gfns and flush. Takes mmu_lock, may sleep. */
void mmu_zap_gfns(struct vm *vm, gfn_t start, gfn_t end);

/*
 * A slot has come to [start, end) and nobody uses a table of slots without it any more: forget
 * that there was none. Takes mmu_lock, may sleep.
 */
void mmu_slot_came(struct vm *vm, gfn_t start, gfn_t end);

/*
 * Clear (@clear) or only look at the accessed bits of [start, end). True: one
 * was set. mmu_lock at least for reading. No flush, as for the host's own tables:
 * a bit set too late only makes a page look older than it is.
 */
bool mmu_age_range(struct vm *vm, gfn_t start, gfn_t end, bool clear);

/*
 * Logging starts: take write access away from all entries of the slot; from 4K
 * entries their dirty bit, where the hardware logs. May sleep, slots_lock held,
 * takes mmu_lock. Nobody uses the slot's predecessor without a log any more.
 * Returns entries changed; if any, the caller flushes.
 */
u64 mmu_log_start(struct vm *vm, const struct memslot *slot);
/*
 * Logging has ended: drop small entries where the host maps a huge page, so
 * that the next access maps it. Context as mmu_log_start().
 */
void mmu_log_stop(struct vm *vm, const struct memslot *slot);
/*
 * The same for the pages whose bits are set in @mask, bit 0 being @base. mmu_lock for writing; the
 * caller flushes once at the end if any call returned non-zero. Returns entries changed.
 */
unsigned int mmu_protect_mask(struct vm *vm, gfn_t base, u64 mask);
/* All vCPUs' guest TLBs are clean of old entries when this returns. May spin for IPIs. */
void mmu_flush_remote(struct vm *vm);

#endif /* GLASSVISOR_MEM_UP_H */
