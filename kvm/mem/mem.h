/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory: the slots of a VM, and copying to and from guest physical
 * addresses. Glue over mem/slots.h and mem/dirtymap.h.
 *
 * Readers bracket every use of a slot with mem_enter/mem_leave (SRCU) and must
 * be on a thread whose mm is the VM's.
 */
#ifndef GLASSVISOR_MEM_H
#define GLASSVISOR_MEM_H

#include <linux/container_of.h>
#include <linux/interval_tree.h>
#include <linux/nospec.h>

#include <linux/uaccess.h>

#include "../vcpu.h"
#include "dirtymap.h"
#include "slots.h"

/*
 * A slot with what the kernel needs around it. Made for each change of a slot
 * and constant from publication to the end of the grace period after it was
 * replaced; only the bits of the dirty map and the counters change.
 */
struct memslot_dev {
	struct memslot slot;
	struct interval_tree_node hva_node; /* in vm->hva_tree: first and last byte */
	/*
	 * NULL: no dirty log. Else dirtymap_words() words of dirty bits (atomic),
	 * and as many again that KVM_GET_DIRTY_LOG fills (slots_lock).
	 */
	u64 *dirty;
	struct slot_stat *stat; /* never NULL; goes over to the slot that takes its place */
};

static inline int mem_enter(struct vm *vm)
{
	return srcu_read_lock(&vm->srcu);
}

static inline void mem_leave(struct vm *vm, int idx)
{
	srcu_read_unlock(&vm->srcu, idx);
}

/* Empty slot table; vm.c has initialised the locks. -ENOMEM. */
int mem_vm_init(struct vm *vm);
/* Nobody uses the VM any more, its nested tables are gone. */
void mem_vm_destroy(struct vm *vm);

/*
 * KVM_SET_USER_MEMORY_REGION. Takes slots_lock. -EINVAL: malformed (alignment,
 * wrap-around, size, id, flags, an impossible change), -EEXIST: overlaps another
 * slot, -ENOMEM. On an error nothing has changed.
 */
int mem_set_region(struct vm *vm, const struct kvm_userspace_memory_region *region);

/*
 * KVM_GET_DIRTY_LOG: bitmap handed out and cleared, write access removed, one
 * flush. Takes slots_lock. -EINVAL: no such slot id, -ENOENT: no slot there or
 * it does not log, -EFAULT: the user's buffer; no dirty bit is lost by that.
 */
int mem_get_dirty_log(struct vm *vm, const struct kvm_dirty_log *log);
/*
 * One more slot is going to log, before it can be found, or one less does, after
 * that was published. slots_lock. When the first one begins, the hardware logs
 * everywhere from here on, if it can.
 */
void mem_log_slots_add(struct vm *vm, int n);
/* What the hardware has logged goes into the bitmaps. vCPU's thread, after an exit. */
void mem_take_logged(struct vcpu *vcpu);
/* Logging was switched on for @slot: protect it, and account for that. As mmu_log_start(). */
void mem_log_start(struct vm *vm, const struct memslot *slot);

static inline const struct memslot_dev *mem_dev(const struct memslot *slot)
{
	return container_of(slot, const struct memslot_dev, slot);
}

/* Writes to this slot are recorded. */
static inline bool mem_logs(const struct memslot *slot)
{
	return mem_dev(slot)->dirty;
}

/* Slot of a gfn, or NULL, for a vCPU's thread: with its last-hit hint. SRCU held. */
static __always_inline const struct memslot *mem_slot(struct vm *vm, struct vcpu *vcpu, gfn_t gfn)
{
	const struct slots_table *t = srcu_dereference(vm->slots, &vm->srcu);

	return slots_find(t, gfn, &vcpu->slot_hint);
}

/* Host address of a gfn of this slot; stays in the slot under misspeculation as well. */
static __always_inline hva_t mem_hva(const struct memslot *slot, gfn_t gfn)
{
	u64 page = array_index_nospec(gfn - slot->base_gfn, slot->npages);

	return slot->hva + (page << GV_PAGE_SHIFT);
}

/*
 * Copy to or from guest physical memory; may cross pages and slots, may sleep.
 * SRCU held. 0, or -EFAULT when some byte is not RAM (nothing is said about
 * what was copied before). Writes mark pages dirty and refuse read-only slots.
 */
int mem_read(struct vcpu *vcpu, gpa_t gpa, void *buf, unsigned int len);
int mem_write(struct vcpu *vcpu, gpa_t gpa, const void *buf, unsigned int len);

/* Write a byte if that can be done without a fault. SRCU held; any context of the VM's own thread. */
void mem_write_nofault(struct vcpu *vcpu, gpa_t gpa, u8 value);

/*
 * Read @words 8-byte words, each at once; they must not cross a page. The fast
 * path of instruction fetches. SRCU held, may fault. 0 or -EFAULT.
 */
static __always_inline int mem_read_words(struct vcpu *vcpu, gpa_t gpa, u64 *ret,
					  unsigned int words)
{
	gfn_t gfn = gpa >> GV_PAGE_SHIFT;
	const struct memslot *slot = mem_slot(vcpu->vm, vcpu, gfn);
	u64 __user *at;

	if (unlikely(!slot))
		return -EFAULT;
	at = (u64 __user *)(mem_hva(slot, gfn) + (gpa & ~GV_PAGE_MASK));
	while (words--)
		if (__get_user(*ret++, at++))
			return -EFAULT;
	return 0;
}

/*
 * Compare-and-exchange in guest memory, len 1, 2, 4 or 8 (16 where the CPU
 * can), within one page (16: aligned). SRCU held, may sleep. 0: done, -EAGAIN:
 * the memory held something else (now in *old), -EFAULT: not writable RAM.
 */
int mem_cmpxchg(struct vcpu *vcpu, gpa_t gpa, void *old, const void *new, unsigned int len);

/* The page was written by us or by the guest. SRCU held, any context. */
static __always_inline void mem_mark_dirty(struct vm *vm, const struct memslot *slot, gfn_t gfn)
{
	u64 *map = mem_dev(slot)->dirty;
	u64 page = gfn - slot->base_gfn;

	if (!map)
		return;
	if (!dirtymap_test(map, page))
		set_bit(page & 63, (unsigned long *)map + dirtymap_word(page));
}

/* The slots by host address: memslots.c; the MMU notifier: notifier.c. ------- */

/* Register for the owner's mm, which is current's; -ENOMEM, -EINTR. */
int mem_notifier_register(struct vm *vm);
/* No callback runs when this returns, and none will. */
void mem_notifier_unregister(struct vm *vm);

/*
 * May the page at @hva be mapped now, and at which level at most? 0: no, an
 * invalidation of it is under way. mmu_lock held at least for reading; see
 * notifier.c for what that proves.
 */
static __always_inline unsigned int mem_inval_cap(struct vm *vm, hva_t hva)
{
	hva_t start, end;
	unsigned int level;

	/* Pairs with the unlock of inval_lock at the end of an invalidation. */
	if (likely(!smp_load_acquire(&vm->inval_count)))
		return 3;
	start = READ_ONCE(vm->inval_start);
	end = READ_ONCE(vm->inval_end);
	smp_rmb(); /* the walk of the host's tables comes after */
	for (level = 3; level; level--) {
		hva_t size = 1UL << (GV_PAGE_SHIFT + 9 * (level - 1));
		hva_t base = hva & ~(size - 1);

		if (base >= end || base + size <= start)
			break;
	}
	return level;
}

#endif /* GLASSVISOR_MEM_H */
