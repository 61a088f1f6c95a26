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
 * Where the hardware logs (arch_caps.write_log) a pass takes a 4K page's dirty
 * bit in the nested tables instead of its write access. The next write sets it,
 * and the page's address goes into the vCPU's log, which is put into the bitmaps
 * after the exit, before anybody can see that the guest has been left. A leaf
 * that is dirty thus has its bit in the bitmap, or an entry in the log of a vCPU
 * that is in the guest, from the moment on when its slot logs. Three orders keep
 * that true:
 * - the log is on in all vCPUs before the slot is published, for from then on
 *   faults make clean leaves; and the slot's own leaves are cleaned later still;
 * - a pass has vCPUs leave the guest before it reads the bitmap: what the guest
 *   had written when userspace asked is there. What is logged later is seen by
 *   the next pass;
 * - the bitmap's bit is taken first, then the leaf's. A write in between, or
 *   through a translation that still is dirty in a TLB, is not logged; it is one
 *   of those that come before the flush, as above.
 * A bit too many is set at times, never one too few: a page may be logged just
 * when its bit was set for another reason, or when its slot begins to log.
 * Addresses that are in no slot that logs are dropped.
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

#include "../arch/ops.h"
#include "../compat.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "kick.h"
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

/* ---- the hardware's log ------------------------------------------------------ */

void mem_log_slots_add(struct vm *vm, int n)
{
	u32 before = vm->log_slots;

	lockdep_assert_held(&vm->slots_lock);
	WRITE_ONCE(vm->log_slots, before + n);
	if (arch_caps.write_log && !before != !vm->log_slots)
		vm_request_all(vm, REQ_WRITE_LOG, true);
}

void mem_take_logged(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	int idx = mem_enter(vm);
	u32 i;

	for (i = 0; i < vcpu->n_logged; i++) {
		gfn_t gfn = vcpu->logged[i] >> GV_PAGE_SHIFT;
		const struct memslot *slot = mem_slot(vm, vcpu, gfn);

		if (slot)
			mem_mark_dirty(vm, slot, gfn);
	}
	vcpu->n_logged = 0;
	mem_leave(vm, idx);
}

/* What guests wrote up to here is in the bitmaps when this returns. */
static void bring_in_logged(struct vm *vm)
{
	if (arch_caps.write_log)
		vm_request_all(vm, REQ_KICK, true);
}

/* ---- passes ------------------------------------------------------------------ */

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

	bring_in_logged(vm);
	err = hand_out(vm, dev, to, &pass);
	if (err)
		return err; /* nobody got anything: to be seen in the next one */
	vm_stat_inc(vm, dirty_log_passes);
	vm_stat_add(vm, dirty_log_pages, pass.pages);
	slot_stat_add(dev->stat, slot_dirty_pages, pass.pages);
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
