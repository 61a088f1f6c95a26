/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults in the nested page tables.
 *
 * A fault is resolved in steps under mmu_lock for reading, so that the vCPUs of
 * a VM fault side by side; each step either finishes or says what it lacks (a
 * page for a table, the page of the host), which is then got without the lock,
 * and it starts over:
 *
 * - a leaf is there and allows the access: somebody else was faster;
 * - a leaf is there, and only the dirty log took its write access: give it back
 *   and set the dirty bit. The fast path of migration: no look at the host;
 * - else the host's own tables are looked up, and what they map is mapped, with
 *   their rights and at their level, bounded by the slot's alignment, by a
 *   running invalidation and, while the slot logs, by 4K. Where a large leaf
 *   stands in the way it is replaced by a table that maps the same.
 *
 * In a slot that logs, a leaf is made dirty here only together with its bit in
 * the dirty bitmap. Where the hardware logs, all other 4K leaves that may be
 * written are made writable and clean.
 *
 * That the mapping is right, and stays so without a reference on the page, is
 * argued in mem/notifier.c; what may happen to entries under the lock for
 * reading, in tdp.h.
 *
 * No TLB flush is needed for what is done here: rights only grow. A CPU may
 * still hold the narrower entry; it then faults once more, is found to have
 * been right, and that fault asks for a flush of its own TLB.
 */
#include <linux/sched.h>

#include "../compat.h"
#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "tdp.h"

/* Rounds after which the vCPU goes back to its loop, to look at signals. */
#define MAX_ROUNDS 16

struct fault {
	struct vm *vm;
	const struct memslot *slot;
	gfn_t gfn;
	hva_t hva;
	bool write;
	u64 *spare; /* a zeroed table, or NULL */
	u8 kind;    /* enum fault_kind, as far as is known */
	u8 level;   /* of the leaf that was made; 0: none */
	u8 rounds;
};

/* Outcome of a step under the lock. */
enum step {
	STEP_MAPPED,
	STEP_UNPROTECTED, /* write access given back */
	STEP_SPURIOUS,	  /* nothing to do */
	STEP_AGAIN,	  /* lost a race with another vCPU */
	STEP_BUSY,	  /* the page is being invalidated */
	STEP_HOST,	  /* the host has to fault it in first */
	STEP_TABLE,	  /* f->spare is needed */
};

static void count_leaves(struct vm *vm, unsigned int level, s64 n)
{
	switch (level) {
	case SPTE_LEVEL_4K:
		vm_stat_add(vm, pages_4k, n);
		break;
	case SPTE_LEVEL_2M:
		vm_stat_add(vm, pages_2m, n);
		break;
	default:
		vm_stat_add(vm, pages_1g, n);
	}
}

/* The hardware logs writes to what this fault maps. */
static bool hw_logs(const struct fault *f)
{
	return arch_caps.write_log && mem_logs(f->slot);
}

static u64 split_entry(const struct fault *f, u64 spte, unsigned int level, unsigned int i)
{
	u64 entry = spte_split(mmu_fmt, spte, level, i);

	if (level - 1 == SPTE_LEVEL_4K && hw_logs(f) && spte_may_unprotect(entry))
		entry = spte_unprotect_clean(mmu_fmt, entry);
	return entry;
}

/* Put f->spare in the place of a hole or of a large leaf; its entries map what the leaf did. */
static bool install_table(struct fault *f, u64 *entry, u64 spte, unsigned int level)
{
	bool split = spte_present(mmu_fmt, spte);
	unsigned int i;

	if (split)
		for (i = 0; i < SPTE_TABLE_ENTRIES; i++)
			f->spare[i] = split_entry(f, spte, level, i);
	if (!tdp_replace(entry, spte, spte_make_table(mmu_fmt, __pa(f->spare)))) {
		if (split)
			memset(f->spare, 0, PAGE_SIZE);
		return false;
	}
	f->spare = NULL;
	if (split) {
		f->kind = FAULT_HUGE_SPLIT;
		vm_stat_inc(f->vm, mmu_huge_splits);
		count_leaves(f->vm, level, -1);
		count_leaves(f->vm, level - 1, SPTE_TABLE_ENTRIES);
	}
	return true;
}

/* The leaf to install for what the host has, at a level that it covers. */
static u64 make_leaf(const struct fault *f, const struct host_map *host, unsigned int level)
{
	bool may_write = host->writable && !(f->slot->flags & KVM_MEM_READONLY);
	unsigned int rights = SPTE_X | SPTE_U;

	/* Under the dirty log a page gets write access with its dirty bit, on a write. */
	if (may_write && (f->write || !mem_logs(f->slot)))
		rights |= SPTE_W;
	else if (may_write && arch_caps.write_log)
		rights |= SPTE_W | SPTE_CLEAN;
	return spte_make_leaf(mmu_fmt, host->pfn & ~(spte_level_pages(level) - 1), level, rights,
			      host->uncached ? MEMTYPE_UC : MEMTYPE_WB,
			      may_write ? SPTE_HOST_WRITABLE : 0);
}

/* Map at @target, or below it where tables exist already. @entry holds @spte. */
static enum step install(struct fault *f, u64 *entry, u64 spte, unsigned int level,
			 unsigned int target, const struct host_map *host)
{
	while (level > target) {
		if (!tdp_is_table(spte, level)) {
			if (!f->spare)
				return STEP_TABLE;
			if (!install_table(f, entry, spte, level))
				return STEP_AGAIN;
			spte = READ_ONCE(*entry);
		}
		level--;
		entry = &tdp_table(spte)[spte_index(f->gfn, level)];
		spte = READ_ONCE(*entry);
	}
	if (unlikely(tdp_is_table(spte, level)))
		return STEP_AGAIN;
	if (!tdp_replace(entry, spte, make_leaf(f, host, level)))
		return STEP_AGAIN;
	if (!spte_present(mmu_fmt, spte))
		count_leaves(f->vm, level, 1);
	else if (f->kind == FAULT_NOT_PRESENT)
		f->kind = FAULT_WRITE_PROTECT;
	f->level = level;
	if (f->write)
		mem_mark_dirty(f->vm, f->slot, f->gfn);
	return STEP_MAPPED;
}

/* Largest level that the slot and the hardware allow just now; 0: not now at all. */
static unsigned int level_cap(const struct fault *f)
{
	unsigned int cap = mem_inval_cap(f->vm, f->hva);

	if (mem_logs(f->slot))
		return min_t(unsigned int, cap, SPTE_LEVEL_4K);
	return arch_caps.nested_1g ? cap : min_t(unsigned int, cap, SPTE_LEVEL_2M);
}

static enum step map_from_host(struct fault *f, u64 *entry, u64 spte, unsigned int level)
{
	const struct memslot *slot = f->slot;
	unsigned int cap = level_cap(f); /* before the walk: mem/notifier.c */
	struct host_map host;

	if (!cap)
		return STEP_BUSY;
	if (!host_walk(f->vm->mm, f->hva, &host) || (f->write && !host.writable))
		return STEP_HOST;
	if (host.level < cap)
		cap = host.level;
	if (cap > SPTE_LEVEL_4K)
		cap = spte_max_level(f->gfn, slot->base_gfn, slot->npages, slot->hva, host.level,
				     cap);
	return install(f, entry, spte, level, cap, &host);
}

static enum step map(struct fault *f)
{
	unsigned int level;
	u64 *entry = tdp_lookup(f->vm, f->gfn, SPTE_LEVEL_4K, &level);
	u64 spte = READ_ONCE(*entry);

	if (spte_present(mmu_fmt, spte)) {
		if (!f->write || spte_writable(mmu_fmt, spte))
			return STEP_SPURIOUS;
		if (spte_may_unprotect(spte) && (level == SPTE_LEVEL_4K || !mem_logs(f->slot))) {
			if (!tdp_replace(entry, spte, spte_unprotect(mmu_fmt, spte)))
				return STEP_AGAIN;
			mem_mark_dirty(f->vm, f->slot, f->gfn);
			f->level = level;
			return STEP_UNPROTECTED;
		}
	}
	return map_from_host(f, entry, spte, level);
}

/* Get what the step lacks. MMU_FIXED: go on; else the fault's result. */
static enum mmu_fault_result provide(struct fault *f, enum step step)
{
	int err;

	if (step == STEP_TABLE) {
		f->spare = tdp_table_alloc(f->vm);
		return f->spare ? MMU_FIXED : MMU_BAD_HOST;
	}
	if (step == STEP_BUSY) {
		/* Whoever invalidates may need this CPU. */
		cond_resched();
		return MMU_RETRY;
	}
	if (step == STEP_AGAIN)
		return MMU_FIXED;
	f->kind = FAULT_HOST;
	err = host_fault_in(f->vm->mm, f->hva, f->write);
	if (err == -EINTR)
		return MMU_RETRY;
	return err ? MMU_BAD_HOST : MMU_FIXED;
}

static enum mmu_fault_result resolve(struct vcpu *vcpu, struct fault *f, u32 access)
{
	enum mmu_fault_result res = MMU_RETRY;

	while (f->rounds < MAX_ROUNDS) {
		enum step step;

		f->rounds++;
		read_lock(&f->vm->mmu_lock);
		step = map(f);
		read_unlock(&f->vm->mmu_lock);

		switch (step) {
		case STEP_MAPPED:
			stat_inc(vcpu, pf_fixed);
			return MMU_FIXED;
		case STEP_UNPROTECTED:
			f->kind = FAULT_DIRTY_LOG;
			stat_inc(vcpu, pf_fast);
			return MMU_FIXED;
		case STEP_SPURIOUS:
			f->kind = FAULT_SPURIOUS;
			stat_inc(vcpu, pf_spurious);
			if (access & MMU_ACCESS_PRESENT)
				vcpu_request(vcpu, REQ_TLB_FLUSH);
			return MMU_FIXED;
		default:
			res = provide(f, step);
			if (res != MMU_FIXED)
				return res;
			res = MMU_RETRY;
		}
	}
	return res;
}

/* Time, the slot's counters and trace. @access: MMU_ACCESS_*. Inlined: half of it is decided then. */
static __always_inline void account(struct vcpu *vcpu, const struct fault *f, gpa_t gpa, u32 access,
				    enum mmu_fault_result res)
{
	const struct exit *exit = &vcpu->exit;
	u64 ns = account_mmu_fault(vcpu, f->kind);
	u64 gva = exit->mmu.gva_known ? exit->mmu.gva : 0;

	if (f->slot) {
		struct slot_stat *stat = mem_dev(f->slot)->stat;

		slot_stat_inc(stat, slot_faults);
		slot_stat_add(stat, slot_fault_ns, ns);
	}
	if (trace_gv_mmu_fault_enabled())
		trace_gv_mmu_fault(vcpu->vm->vm_id, vcpu->id, gpa, gva, mmu_error_code(access),
				   f->kind, f->slot ? f->slot->id : U32_MAX, f->level, res, ns,
				   f->rounds);
}

static enum mmu_fault_result no_memory(struct vcpu *vcpu, struct fault *f, u32 access)
{
	stat_inc(vcpu, pf_emulate);
	if (f->slot) {
		f->kind = FAULT_READONLY;
		return MMU_MMIO;
	}
	f->kind = FAULT_MMIO;
	/* Not for what the emulator can't do anyway. */
	if (mmu_marks && !(access & (MMU_ACCESS_EXEC | MMU_ACCESS_WALK)))
		mmio_mark(f->vm, f->gfn);
	return MMU_MMIO;
}

static enum mmu_fault_result memory(struct vcpu *vcpu, struct fault *f, u32 access)
{
	enum mmu_fault_result res;

	f->hva = mem_hva(f->slot, f->gfn);
	res = resolve(vcpu, f, access);
	if (unlikely(f->spare))
		tdp_table_free(f->spare);
	if (unlikely(res != MMU_FIXED))
		f->kind = res == MMU_RETRY ? FAULT_RETRY : FAULT_BAD_HOST;
	return res;
}

enum mmu_fault_result mmu_fault(struct vcpu *vcpu, gpa_t gpa, u32 access)
{
	enum mmu_fault_result res;
	struct fault f;

	f.vm = vcpu->vm;
	f.gfn = gpa >> GV_PAGE_SHIFT;
	f.write = access & MMU_ACCESS_WRITE;
	f.spare = NULL;
	f.kind = FAULT_NOT_PRESENT;
	f.level = 0;
	f.rounds = 0;
	stat_inc(vcpu, pf_taken);
	f.slot = mem_slot(f.vm, vcpu, f.gfn);
	if (!f.slot || (f.write && (f.slot->flags & KVM_MEM_READONLY)))
		res = no_memory(vcpu, &f, access);
	else
		res = memory(vcpu, &f, access);
	account(vcpu, &f, gpa, access, res);
	return res;
}

void mmu_fault_marked(struct vcpu *vcpu, gpa_t gpa, u32 access)
{
	struct fault f;

	f.kind = FAULT_MMIO;
	f.slot = NULL;
	f.level = 0;
	f.rounds = 0;
	stat_inc(vcpu, pf_taken);
	stat_inc(vcpu, pf_emulate);
	account(vcpu, &f, gpa, access, MMU_MMIO);
}
