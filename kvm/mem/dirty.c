/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dirty log: KVM_GET_DIRTY_LOG.
 *
 * A page's bit is set when it is written through us (mem_mark_dirty() after
 * the write) or when the guest gets write access to it (mmu/fault.c, under
 * mmu_lock for reading). A pass takes the words out of the bitmap one by one
 * and removes write access from the pages that they name, under mmu_lock for
 * writing, so no fault can come between the two; then flushes once, and hands
 * out what it took.
 *
 * Why nothing is lost: until the flush a guest may write, without a fault, to a
 * page whose bit was taken already. But userspace gets the bit after the flush,
 * so it reads the page after that write. What it writes later faults, and sets
 * the bit for the next pass. For the same reason mmu_lock may be given up
 * between words.
 *
 * If the user's buffer can't be written, what was taken is put back.
 *
 * Cost: a scan of the words; for each dirty page a handful of instructions.
 *
 * Locks: slots_lock (the slot, the snapshot half of its bitmap), mmu_lock.
 * Leaves out: manual protect with KVM_CLEAR_DIRTY_LOG, the dirty ring.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "../compat.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "mem.h"
#include "up.h"

/* Any bit in eight words? A bit that is being set just now may be seen or not. */
static __always_inline bool any_dirty(const u64 *m)
{
	return data_race(m[0] | m[1] | m[2] | m[3] | m[4] | m[5] | m[6] | m[7]);
}

/* First word at or behind @w that is not zero, or @n. */
static u64 next_dirty_word(const u64 *map, u64 w, u64 n)
{
	while (w + 8 <= n && !any_dirty(&map[w]))
		w += 8;
	while (w < n && !READ_ONCE(map[w]))
		w++;
	return w;
}

/* What a pass did, for gv_dirty_pass. Times are host TSC ticks. */
struct pass {
	u64 pages; /* found dirty */
	u64 protected;
	u32 flushes;
	u64 start, protect, flush; /* when it began, and when the first two phases ended */
};

/* Move the dirty bits from word @w on into @snap and protect their pages. */
static void harvest(struct vm *vm, const struct memslot_dev *dev, u64 *snap, u64 w, u64 n,
		    struct pass *pass)
{
	u64 *map = dev->dirty;

	memset(snap, 0, n * sizeof(*snap));
	write_lock(&vm->mmu_lock);
	for (; w < n; w = next_dirty_word(map, w + 1, n)) {
		u64 bits = xchg(&map[w], 0);

		snap[w] = bits;
		pass->pages += hweight64(bits);
		pass->protected += mmu_protect_mask(vm, dev->slot.base_gfn + (w << 6), bits);
		if (need_resched() || rwlock_needbreak(&vm->mmu_lock))
			cond_resched_rwlock_write(&vm->mmu_lock);
	}
	write_unlock(&vm->mmu_lock);
}

static void flush(struct vm *vm, struct pass *pass)
{
	pass->protect = account_tsc();
	if (pass->protected) {
		pass->flushes = 1;
		mmu_flush_remote(vm);
	}
	pass->flush = account_tsc();
}

static void put_back(const struct memslot_dev *dev, const u64 *snap, u64 n)
{
	u64 w;

	for (w = next_dirty_word(snap, 0, n); w < n; w = next_dirty_word(snap, w + 1, n))
		atomic64_or(snap[w], (atomic64_t *)&dev->dirty[w]);
}

/* A bitmap without a bit: no pass over the snapshot is needed. */
static int hand_out_zeroes(void __user *to, u64 bytes)
{
	while (bytes) {
		u64 part = min_t(u64, bytes, PAGE_SIZE);

		if (copy_to_user(to, page_address(ZERO_PAGE(0)), part))
			return -EFAULT;
		to += part;
		bytes -= part;
		cond_resched();
	}
	return 0;
}

static int hand_out(struct vm *vm, const struct memslot_dev *dev, void __user *to,
		    struct pass *pass)
{
	u64 words = dirtymap_words(dev->slot.npages);
	u64 bytes = dirtymap_bytes(dev->slot.npages);
	u64 *snap = dev->dirty + words;
	u64 first = next_dirty_word(dev->dirty, 0, words);

	if (first == words) {
		pass->protect = pass->flush = account_tsc();
		return hand_out_zeroes(to, bytes);
	}
	harvest(vm, dev, snap, first, words, pass);
	flush(vm, pass);
	if (copy_to_user(to, snap, bytes)) {
		put_back(dev, snap, words);
		return -EFAULT;
	}
	return 0;
}

static u64 ns_between(u64 from, u64 to)
{
	return account_ns(tsc_since(to, from));
}

/* A pass is over at @end. */
static void account_pass(struct vm *vm, const struct memslot *slot, enum dirty_mode mode,
			 const struct pass *pass, u64 end)
{
	lockdep_assert_held(&vm->slots_lock);
	vm->dirty_passes++;
	if (static_branch_likely(&account_on))
		hist_record(&vm->dirty_pass_time[mode], ns_between(pass->start, end));
	trace_gv_dirty_pass(vm->vm_id, NO_VCPU, slot->id, mode, slot->npages, pass->pages,
			    pass->protected, pass->flushes, ns_between(pass->start, pass->protect),
			    ns_between(pass->protect, pass->flush), ns_between(pass->flush, end),
			    vm->dirty_passes);
}

static int dirty_pass(struct vm *vm, const struct memslot_dev *dev, void __user *to)
{
	struct pass pass = {.start = account_tsc()};
	int err;

	err = hand_out(vm, dev, to, &pass);
	if (err)
		return err; /* nobody got anything: to be seen in the next one */
	vm_stat_inc(vm, dirty_log_passes);
	vm_stat_add(vm, dirty_log_pages, pass.pages);
	account_pass(vm, &dev->slot, DIRTY_GET, &pass, account_tsc());
	return 0;
}

void mem_log_start(struct vm *vm, const struct memslot *slot)
{
	struct pass pass = {.start = account_tsc()};

	pass.protected = mmu_log_start(vm, slot);
	flush(vm, &pass);
	account_pass(vm, slot, DIRTY_ENABLE, &pass, pass.flush);
}

int mem_get_dirty_log(struct vm *vm, const struct kvm_dirty_log *log)
{
	const struct slots_table *t;
	const struct memslot *slot;
	int err = -ENOENT;

	/* The upper half is the address space, and there is one as yet. */
	if (log->slot >= GV_MEMSLOTS)
		return -EINVAL;
	mutex_lock(&vm->slots_lock);
	t = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->slots_lock));
	slot = slots_by_id(t, log->slot);
	if (slot && mem_logs(slot))
		err = dirty_pass(vm, mem_dev(slot), log->dirty_bitmap);
	mutex_unlock(&vm->slots_lock);
	return err;
}
