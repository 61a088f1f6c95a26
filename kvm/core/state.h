/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to a vCPU's register state through the class masks of types.h.
 *
 * Reading fetches missing classes from the back end; writing marks them for
 * the next entry. Both need vcpu->mutex (the vCPU's thread). A class must be
 * read before part of it is written.
 */
#ifndef GLASSVISOR_CORE_STATE_H
#define GLASSVISOR_CORE_STATE_H

#include "../arch/ops.h"
#include "../stat/stat.h"
#include "../vcpu.h"

/* Current values of the classes in @need. */
static inline struct vcpu_state *vcpu_state(struct vcpu *vcpu, u32 need)
{
	u32 missing = need & ~vcpu->st_valid;

	if (missing) {
		arch_state_get(vcpu, missing);
		vcpu->st_valid |= missing;
	}
	return &vcpu->st;
}

/* The fields of the classes in @changed were changed; they are valid already. */
static inline void vcpu_state_dirty(struct vcpu *vcpu, u32 changed)
{
	vcpu->st_dirty |= changed;
}

/* vcpu->shadow or vcpu->cr8 was changed. */
static inline void vcpu_irq_dirty(struct vcpu *vcpu)
{
	vcpu_state(vcpu, STATE_IRQ);
	vcpu_state_dirty(vcpu, STATE_IRQ);
}

/* Drop the guest's TLB entries before the next entry. */
static inline void vcpu_tlb_flush(struct vcpu *vcpu)
{
	stat_inc(vcpu, tlb_flush);
	arch_tlb_flush(vcpu);
}

/* EDX:EAX, where MSR values and the TSC travel; a write clears the upper halves. */
static inline u64 vcpu_edx_eax(const struct vcpu *vcpu)
{
	return vcpu->gpr[GPR_RDX] << 32 | (u32)vcpu->gpr[GPR_RAX];
}

static inline void vcpu_set_edx_eax(struct vcpu *vcpu, u64 value)
{
	vcpu->gpr[GPR_RAX] = (u32)value;
	vcpu->gpr[GPR_RDX] = value >> 32;
}

/*
 * Facts the rules need. is_paging etc. read st; cheap when valid.
 */
static inline bool vcpu_long_mode(struct vcpu *vcpu)
{
	return vcpu_state(vcpu, STATE_CR)->efer & (1ULL << 10);
}

static inline bool vcpu_64bit_code(struct vcpu *vcpu)
{
	return vcpu_long_mode(vcpu) && vcpu_state(vcpu, STATE_SEGS)->seg[SEG_CS].l;
}

#endif /* GLASSVISOR_CORE_STATE_H */
