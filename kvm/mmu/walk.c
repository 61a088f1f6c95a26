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
#include "../compat.h"
#include "../core/state.h"
#include "../mem/mem.h"
#include "mmu.h"

/* Times that a walk starts over because the guest changed an entry under it. */
#define MAX_WALKS 8

static int read_entry(void *vcpu, gpa_t gpa, u64 *ret, unsigned int len)
{
	return mem_read_u64(vcpu, gpa, ret, len);
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
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_CR);
	const struct gwalk_mode *mode = mode_get(vcpu, st);
	const struct gwalk_regs regs = {
		.cr3 = st->cr3,
		.rflags = vcpu->rflags,
		.pkru = vcpu->pkru,
	};
	enum gwalk_result res;
	unsigned int tries = 0;
	struct gwalk w;

	do {
		res = gwalk(mode, &regs, gva, access, read_entry, vcpu, &w);
	} while (res == GWALK_OK && w.nr_updates && !bring_in_updates(vcpu, &w) &&
		 ++tries < MAX_WALKS);
	if (res == GWALK_OK)
		*ret_gpa = w.gpa;
	else if (res == GWALK_FAULT)
		*ret_error_code = w.fault.error_code;
	return res;
}
