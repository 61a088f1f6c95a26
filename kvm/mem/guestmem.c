/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying to and from guest physical memory, through the owner's mapping of
 * it: a slot gives the host address, the kernel's user-access helpers do the
 * rest, with all that the host's memory management has to say about it.
 *
 * Invariant: the thread's mm is the VM's (KVM_RUN and the vCPU ioctls check
 * that). A slot's host range was checked to be user memory when the slot was
 * made, and mem_hva() keeps an index in its slot also under misspeculation, so
 * no address here is the guest's choice beyond that.
 *
 * The kernel side of a copy is the caller's own buffer and constant bound, often
 * inside struct vcpu; so the raw helpers are used, without hardened usercopy's
 * search for the object, which knows whole slab objects only.
 *
 * Locks: SRCU. A user access may fault and sleep.
 */
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/smap.h>

#include "../compat.h"
#include "mem.h"

/* Where @gpa is in the host, and how many bytes of @len from there are in the same slot. */
static const struct memslot *locate(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write,
				    void __user **ret_at, unsigned int *ret_part)
{
	gfn_t gfn = gpa >> GV_PAGE_SHIFT;
	const struct memslot *slot = mem_slot(vcpu->vm, vcpu, gfn);
	u64 left;

	if (!slot || (write && (slot->flags & KVM_MEM_READONLY)))
		return NULL;
	left = (slots_end_gfn(slot) << GV_PAGE_SHIFT) - gpa;
	*ret_part = min_t(u64, len, left);
	*ret_at = (void __user *)(mem_hva(slot, gfn) + (gpa & ~GV_PAGE_MASK));
	return slot;
}

int mem_read(struct vcpu *vcpu, gpa_t gpa, void *buf, unsigned int len)
{
	might_fault();
	while (len) {
		void __user *at;
		unsigned int part;

		if (!locate(vcpu, gpa, len, false, &at, &part) || raw_copy_from_user(buf, at, part))
			return -EFAULT;
		gpa += part;
		buf += part;
		len -= part;
	}
	return 0;
}

int mem_write(struct vcpu *vcpu, gpa_t gpa, const void *buf, unsigned int len)
{
	might_fault();
	while (len) {
		const struct memslot *slot;
		void __user *at;
		unsigned long left;
		unsigned int part;
		gfn_t gfn;

		slot = locate(vcpu, gpa, len, true, &at, &part);
		if (!slot)
			return -EFAULT;
		left = raw_copy_to_user(at, buf, part);
		/* Data first, then the bit: a pass that takes the bit must see the data. */
		smp_mb();
		for (gfn = gpa >> GV_PAGE_SHIFT; gfn <= (gpa + part - 1) >> GV_PAGE_SHIFT; gfn++)
			mem_mark_dirty(vcpu->vm, slot, gfn);
		if (left) /* what was copied before the fault is marked all the same */
			return -EFAULT;
		gpa += part;
		buf += part;
		len -= part;
	}
	return 0;
}

void mem_write_nofault(struct vcpu *vcpu, gpa_t gpa, u8 value)
{
	const struct memslot *slot;
	void __user *at;
	unsigned int part;

	slot = locate(vcpu, gpa, sizeof(value), true, &at, &part);
	if (!slot)
		return;
	pagefault_disable();
	if (!raw_copy_to_user(at, &value, sizeof(value)))
		mem_mark_dirty(vcpu->vm, slot, gpa >> GV_PAGE_SHIFT);
	pagefault_enable();
}

/* Not across the end of a page. */
static bool in_page(gpa_t gpa, unsigned int len)
{
	return (gpa & ~GV_PAGE_MASK) + len <= GV_PAGE_SIZE;
}

#define CMPXCHG_SIZED(type, at, old, new)                                                          \
	({                                                                                         \
		type *cx_old = (old);                                                              \
		type cx_new = *(const type *)(new);                                                \
		int cx_err;                                                                        \
                                                                                                   \
		cx_err = __try_cmpxchg_user((type __user *)(at), cx_old, cx_new, out);             \
		cx_err;                                                                            \
	})

/* 0: done, 1: it held something else, -EFAULT. */
static int cmpxchg_1(void __user *at, void *old, const void *new)
{
	return CMPXCHG_SIZED(u8, at, old, new);
}

static int cmpxchg_2(void __user *at, void *old, const void *new)
{
	return CMPXCHG_SIZED(u16, at, old, new);
}

static int cmpxchg_4(void __user *at, void *old, const void *new)
{
	return CMPXCHG_SIZED(u32, at, old, new);
}

static int cmpxchg_8(void __user *at, void *old, const void *new)
{
	return CMPXCHG_SIZED(u64, at, old, new);
}

struct two_words {
	u64 word[2];
};

/* The kernel's helper has no 16-byte form. */
static int cmpxchg_16(void __user *at, void *old, const void *new)
{
	struct two_words *mem = (__force struct two_words *)at;
	const struct two_words *n = new;
	struct two_words *o = old;
	int err = -EFAULT;
	bool done = false;

	if (!boot_cpu_has(X86_FEATURE_CX16))
		return -EFAULT;
	__uaccess_begin_nospec();
	asm volatile("1: lock cmpxchg16b %[mem]\n"
		     "   sete %[done]\n"
		     "   movl $0, %[err]\n"
		     "2:\n" _ASM_EXTABLE_UA(1b, 2b)
		     : [mem] "+m"(*mem), [done] "+q"(done), [err] "+r"(err), "+a"(o->word[0]),
		       "+d"(o->word[1])
		     : "b"(n->word[0]), "c"(n->word[1])
		     : "memory", "cc");
	__uaccess_end();
	return err ? err : !done;
}

int mem_cmpxchg(struct vcpu *vcpu, gpa_t gpa, void *old, const void *new, unsigned int len)
{
	const struct memslot *slot;
	void __user *at;
	unsigned int part;
	int res;

	slot = locate(vcpu, gpa, len, true, &at, &part);
	if (!slot || !in_page(gpa, len) || (len == 16 && (gpa & 15)))
		return -EFAULT;
	switch (len) {
	case 1:
		res = cmpxchg_1(at, old, new);
		break;
	case 2:
		res = cmpxchg_2(at, old, new);
		break;
	case 4:
		res = cmpxchg_4(at, old, new);
		break;
	case 8:
		res = cmpxchg_8(at, old, new);
		break;
	case 16:
		res = cmpxchg_16(at, old, new);
		break;
	default:
		return -EFAULT;
	}
	if (res < 0)
		return res;
	/* A failed exchange writes as well, but the same value. */
	if (res > 0)
		return -EAGAIN;
	mem_mark_dirty(vcpu->vm, slot, gpa >> GV_PAGE_SHIFT);
	return 0;
}
