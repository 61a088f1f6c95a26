/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * General registers as userspace reads and writes them.
 *
 * GPRs, RIP and RFLAGS are always current in struct vcpu (vcpu.h), so there is
 * nothing to fetch. What a write invalidates of an unfinished exit is decided
 * when KVM_RUN is called again (exit_complete_user).
 *
 * Locks: vcpu->mutex.
 */
#include <asm/processor-flags.h>

#include "../x86/seg.h"
#include "core.h"
#include "state.h"

void regs_get(struct vcpu *vcpu, struct kvm_regs *ret)
{
	const u64 *gpr = vcpu->gpr;

	*ret = (struct kvm_regs){
		.rax = gpr[GPR_RAX],
		.rbx = gpr[GPR_RBX],
		.rcx = gpr[GPR_RCX],
		.rdx = gpr[GPR_RDX],
		.rsi = gpr[GPR_RSI],
		.rdi = gpr[GPR_RDI],
		.rsp = gpr[GPR_RSP],
		.rbp = gpr[GPR_RBP],
		.r8 = gpr[GPR_R8],
		.r9 = gpr[GPR_R9],
		.r10 = gpr[GPR_R10],
		.r11 = gpr[GPR_R11],
		.r12 = gpr[GPR_R12],
		.r13 = gpr[GPR_R13],
		.r14 = gpr[GPR_R14],
		.r15 = gpr[GPR_R15],
		.rip = vcpu->rip,
		.rflags = vcpu->rflags,
	};
}

/* Entering or leaving virtual-8086 mode by hand changes the privilege level too. */
static void rflags_set(struct vcpu *vcpu, u64 rflags)
{
	u64 changed = vcpu->rflags ^ rflags;
	struct vcpu_state *st;

	vcpu->rflags = rflags | X86_EFLAGS_FIXED;
	if (!(changed & X86_EFLAGS_VM))
		return;
	st = vcpu_state(vcpu, STATE_SEGS | STATE_CR);
	st->cpl = seg_cpl(st->cr0, vcpu->rflags, &st->seg[SEG_SS]);
	vcpu_state_dirty(vcpu, STATE_SEGS);
}

void regs_set(struct vcpu *vcpu, const struct kvm_regs *in)
{
	u64 *gpr = vcpu->gpr;

	lockdep_assert_held(&vcpu->mutex);
	event_drop_pending_exception(vcpu); /* it belonged to the instruction that was at RIP */
	gpr[GPR_RAX] = in->rax;
	gpr[GPR_RBX] = in->rbx;
	gpr[GPR_RCX] = in->rcx;
	gpr[GPR_RDX] = in->rdx;
	gpr[GPR_RSI] = in->rsi;
	gpr[GPR_RDI] = in->rdi;
	gpr[GPR_RSP] = in->rsp;
	gpr[GPR_RBP] = in->rbp;
	gpr[GPR_R8] = in->r8;
	gpr[GPR_R9] = in->r9;
	gpr[GPR_R10] = in->r10;
	gpr[GPR_R11] = in->r11;
	gpr[GPR_R12] = in->r12;
	gpr[GPR_R13] = in->r13;
	gpr[GPR_R14] = in->r14;
	gpr[GPR_R15] = in->r15;
	vcpu->rip = in->rip;
	rflags_set(vcpu, in->rflags);
}
