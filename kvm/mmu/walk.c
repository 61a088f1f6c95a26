/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk of the guest's own page tables, with the vCPU's registers and
 * memory: glue around the pure gwalk.c.
 *
 * The paging mode that follows from CR0, CR4, EFER and CPUID is kept in
 * vcpu->walk and made again when one of them differs. PDPTRs are read from
 * memory at each walk, as the hardware does under nested paging.
 *
 * Locks: vcpu->mutex, SRCU.
 */
#include <linux/uaccess.h>

#include "../arch/ops.h"
#include "../compat.h"
#include "../mem/mem.h"
#include "gwalk_loop.h"
#include "mmu.h"

/* Times that a walk starts over because the guest changed an entry under it. */
#define MAX_WALKS 8

/* An entry is aligned, so it lies in one page. */
static __always_inline int read_entry(void *ctx, gpa_t gpa, u64 *ret, unsigned int len)
{
	struct vcpu *vcpu = ctx;
	gfn_t gfn = gpa >> GV_PAGE_SHIFT;
	const struct memslot *slot = mem_slot(vcpu->vm, vcpu, gfn);
	hva_t at;

	if (unlikely(!slot))
		return -EFAULT;
	at = mem_hva(slot, gfn) + (gpa & ~GV_PAGE_MASK);
	if (likely(len == sizeof(u64)))
		return __get_user(*ret, (u64 __user *)at);
	return __get_user(*ret, (u32 __user *)at);
}

/* The control registers; core/state.h has this for all classes, but lies above. */
static const struct vcpu_state *registers(struct vcpu *vcpu)
{
	if (unlikely(!(vcpu->st_valid & STATE_CR))) {
		arch_state_get(vcpu, STATE_CR);
		vcpu->st_valid |= STATE_CR;
	}
	return &vcpu->st;
}

static const struct gwalk_mode *mode_get(struct vcpu *vcpu, const struct vcpu_state *st)
{
	if (unlikely(vcpu->walk.cr0 != st->cr0 || vcpu->walk.cr4 != st->cr4 ||
		     vcpu->walk.efer != st->efer)) {
		gwalk_mode_init(&vcpu->walk.mode, st->cr0, st->cr4, st->efer, &vcpu->caps);
		vcpu->walk.cr0 = st->cr0;
		vcpu->walk.cr4 = st->cr4;
		vcpu->walk.efer = st->efer;
	}
	return &vcpu->walk.mode;
}

/* Set accessed and dirty bits. False: an entry has changed, walk again. */
static bool bring_in_updates(struct vcpu *vcpu, struct gwalk *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_updates; i++) {
		struct gwalk_update *u = &w->update[i];

		/* Tables in ROM keep their bits clear; the hardware's write would be lost too. */
		if (mem_cmpxchg(vcpu, u->gpa, &u->old, &u->new, w->update_bytes) == -EAGAIN)
			return false;
	}
	return true;
}

enum gwalk_result mmu_gva_to_gpa(struct vcpu *vcpu, gva_t gva, u32 access, gpa_t *ret_gpa,
				 u64 *ret_error_code)
{
	const struct vcpu_state *st = registers(vcpu);
	const struct gwalk_mode *mode = mode_get(vcpu, st);
	const struct gwalk_regs regs = {
		.cr3 = st->cr3,
		.rflags = vcpu->rflags,
		.pkru = vcpu->pkru,
	};
	enum gwalk_result res;
	unsigned int tries = 0;
	struct gwalk *w = &vcpu->walk.last;

	do {
		res = gwalk_inline(mode, &regs, gva, access, read_entry, vcpu, w);
	} while (res == GWALK_OK && w->nr_updates && !bring_in_updates(vcpu, w) &&
		 ++tries < MAX_WALKS);
	if (res == GWALK_OK)
		*ret_gpa = w->gpa;
	else if (res == GWALK_FAULT)
		*ret_error_code = w->fault.error_code;
	return res;
}
