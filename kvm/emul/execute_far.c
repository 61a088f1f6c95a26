/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: segment register moves and far control transfers
 * (APM vol. 2, "Control-Transfer Privilege Checks"; vol. 3, the instructions).
 *
 * Done: MOV, LxS; far JMP, CALL, RET and IRET in real mode, in vm86 mode as far
 * as IOPL lets them, and in protected and long mode between code segments,
 * with returns to the same and to outer levels; INT n in real mode.
 *
 * Left out, answered EMUL_UNHANDLED: call gates, task gates and switches, IRET
 * to and from vm86 or with NT, software interrupts in protected mode.
 */
#include "exec.h"

#define SELECTOR_RPL	3
#define TYPE_CODE	0x8
#define TYPE_CONFORMING 0x4
#define TYPE_RW		0x2

static enum emul_result exec_mov_from_sreg(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int seg = (insn->modrm >> 3) & 7;

	if (seg > EMUL_SEG_GS)
		return emul_ud(ctx);
	return emul_opr_write(ctx, EMUL_OPR_RM, insn->mem ? 2 : insn->opsize,
			      emul_seg(ctx, seg)->selector);
}

static enum emul_result exec_mov_to_sreg(struct emul_ctx *ctx)
{
	unsigned int seg = (ctx->insn.modrm >> 3) & 7;
	enum emul_result res;
	u64 selector;

	if (seg > EMUL_SEG_GS || seg == EMUL_SEG_CS)
		return emul_ud(ctx);
	res = emul_opr_read(ctx, EMUL_OPR_RM, 2, &selector);
	if (emul_failed(res))
		return res;
	res = emul_load_segment(ctx, seg, selector);
	if (!emul_failed(res) && seg == EMUL_SEG_SS)
		ctx->shadow = EMUL_SHADOW_MOV_SS;
	return res;
}

/* A far pointer in memory: offset of the operand size, then the selector. */
static enum emul_result read_far_pointer(struct emul_ctx *ctx, u64 *ret_offset, u64 *ret_selector)
{
	unsigned int size = ctx->insn.opsize;
	enum emul_result res;
	u8 buf[10] = {0};
	u64 linear;

	res = emul_rm_linear(ctx, size + 2, EMUL_ACC_READ, &linear);
	if (emul_failed(res))
		return res;
	res = emul_read_wide(ctx, linear, size + 2, EMUL_ACC_READ, buf);
	if (emul_failed(res))
		return res;
	*ret_offset = 0;
	memcpy(ret_offset, buf, size);
	*ret_selector = buf[size] | buf[size + 1] << 8;
	return EMUL_DONE;
}

static enum emul_result exec_load_far_ptr(struct emul_ctx *ctx)
{
	enum emul_result res;
	u64 offset, selector;

	res = read_far_pointer(ctx, &offset, &selector);
	if (emul_failed(res))
		return res;
	res = emul_load_segment(ctx, ctx->insn.desc->src, selector);
	if (emul_failed(res))
		return res;
	emul_gpr_write(ctx, ctx->insn.reg, ctx->insn.opsize, offset);
	return EMUL_DONE;
}

/* Is offset within a code segment that is about to be loaded? */
static bool target_ok(const struct emul_ctx *ctx, const struct kvm_segment *cs, u64 offset)
{
	if (ctx->lma && cs->l)
		return emul_canonical(ctx, offset);
	return offset <= cs->limit;
}

/* Commits a far transfer. */
static void enter_code(struct emul_ctx *ctx, const struct kvm_segment *cs, u64 offset)
{
	emul_seg_write(ctx, EMUL_SEG_CS, cs);
	ctx->next_rip = offset;
	ctx->far_branch = true;
}

static bool real_like(const struct emul_ctx *ctx)
{
	return !ctx->pe || ctx->vm86;
}

/*
 * Fetches and checks a code segment for JMP and CALL: same level, or a conforming segment of a more
 * privileged one. RPL becomes CPL.
 */
static enum emul_result fetch_code(struct emul_ctx *ctx, u16 selector, struct emul_desc *desc)
{
	enum emul_result res;
	struct kvm_segment *cs = &desc->seg;
	u8 rpl = selector & SELECTOR_RPL;

	if (!(selector & ~SELECTOR_RPL))
		return emul_gp0(ctx);
	res = emul_fetch_desc(ctx, selector, EMUL_GP, false, desc);
	if (emul_failed(res))
		return res;
	if (!cs->s)
		return desc->is_gate || cs->type == 1 || cs->type == 9
			       ? EMUL_UNHANDLED
			       : emul_raise_sel(ctx, EMUL_GP, selector);
	if (!(cs->type & TYPE_CODE))
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (cs->type & TYPE_CONFORMING ? cs->dpl > ctx->cpl : rpl > ctx->cpl || cs->dpl != ctx->cpl)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (ctx->lma && cs->l && cs->db)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!cs->present)
		return emul_raise_sel(ctx, EMUL_NP, selector);
	cs->selector = (selector & ~SELECTOR_RPL) | ctx->cpl;
	return EMUL_DONE;
}

/* Far JMP and CALL. */
static enum emul_result exec_far_transfer(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	bool call = insn->desc->op == EMUL_OP_CALL_FAR;
	u64 rsp = ctx->gpr[EMUL_RSP], offset, selector, old_cs;
	struct emul_desc desc;
	enum emul_result res;

	if (insn->mem) {
		res = read_far_pointer(ctx, &offset, &selector);
		if (emul_failed(res))
			return res;
	} else {
		offset = insn->imm & emul_mask(insn->opsize);
		selector = insn->imm2;
	}
	if (real_like(ctx)) {
		emul_real_segment(ctx, EMUL_SEG_CS, selector, &desc.seg);
	} else {
		res = fetch_code(ctx, selector, &desc);
		if (emul_failed(res))
			return res;
	}
	if (!target_ok(ctx, &desc.seg, offset))
		return emul_gp0(ctx);
	if (call) {
		old_cs = emul_seg(ctx, EMUL_SEG_CS)->selector;
		res = emul_push(ctx, &rsp, insn->opsize, old_cs);
		if (emul_failed(res))
			return res;
		res = emul_push(ctx, &rsp, insn->opsize, ctx->next_rip);
		if (emul_failed(res))
			return res;
	}
	if (!real_like(ctx)) {
		res = emul_mark_accessed(ctx, &desc);
		if (emul_failed(res))
			return res;
	}
	ctx->gpr[EMUL_RSP] = rsp;
	enter_code(ctx, &desc.seg, offset);
	return EMUL_DONE;
}

/* Code segment that RET and IRET go back to: the level is the selector's RPL, not below CPL. */
static enum emul_result fetch_return_code(struct emul_ctx *ctx, u16 selector,
					  struct emul_desc *desc)
{
	struct kvm_segment *cs = &desc->seg;
	u8 rpl = selector & SELECTOR_RPL;
	enum emul_result res;

	if (!(selector & ~SELECTOR_RPL))
		return emul_gp0(ctx);
	res = emul_fetch_desc(ctx, selector, EMUL_GP, false, desc);
	if (emul_failed(res))
		return res;
	if (!cs->s || !(cs->type & TYPE_CODE) || rpl < ctx->cpl ||
	    (cs->type & TYPE_CONFORMING ? cs->dpl > rpl : cs->dpl != rpl) ||
	    (ctx->lma && cs->l && cs->db))
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!cs->present)
		return emul_raise_sel(ctx, EMUL_NP, selector);
	return EMUL_DONE;
}

/* Stack segment of an outer level (or, in 64-bit mode, the null selector). */
static enum emul_result fetch_return_stack(struct emul_ctx *ctx, u16 selector, u8 cpl,
					   const struct kvm_segment *cs, struct emul_desc *desc)
{
	struct kvm_segment *ss = &desc->seg;
	enum emul_result res;

	if (!(selector & ~SELECTOR_RPL)) {
		if (!ctx->lma || !cs->l || cpl == 3 || (selector & SELECTOR_RPL) != cpl)
			return emul_gp0(ctx);
		*ss = (struct kvm_segment){.selector = selector, .unusable = 1, .dpl = cpl};
		return EMUL_DONE;
	}
	res = emul_fetch_desc(ctx, selector, EMUL_GP, false, desc);
	if (emul_failed(res))
		return res;
	if ((selector & SELECTOR_RPL) != cpl || !ss->s || (ss->type & TYPE_CODE) ||
	    !(ss->type & TYPE_RW) || ss->dpl != cpl)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!ss->present)
		return emul_raise_sel(ctx, EMUL_SS, selector);
	return emul_mark_accessed(ctx, desc);
}

/* Data segments that the outer level may not see become null. */
static void drop_segments(struct emul_ctx *ctx, u8 cpl)
{
	static const u8 segs[] = {EMUL_SEG_ES, EMUL_SEG_DS, EMUL_SEG_FS, EMUL_SEG_GS};
	struct kvm_segment null = {.unusable = 1};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(segs); i++) {
		const struct kvm_segment *s = emul_seg(ctx, segs[i]);
		bool conforming = (s->type & (TYPE_CODE | TYPE_CONFORMING)) ==
				  (TYPE_CODE | TYPE_CONFORMING);

		if (!s->unusable && !conforming && s->dpl < cpl)
			emul_seg_write(ctx, segs[i], &null);
	}
}

/* What a far return takes from the stack. */
struct frame {
	u64 ip, cs, flags, sp, ss;
	u64 rsp;	/* behind what was popped */
	bool has_stack; /* sp and ss are there */
};

/*
 * The protected-mode end of RET far and IRET, frame popped but for an outer stack when
 * has_stack is false. `release` bytes are taken off both stacks (RET n).
 */
static enum emul_result far_return(struct emul_ctx *ctx, struct frame *frame, unsigned int size,
				   u64 release)
{
	u8 cpl = frame->cs & SELECTOR_RPL;
	bool outer = cpl > ctx->cpl;
	struct emul_desc code, stack;
	enum emul_result res;
	u64 mask;

	res = fetch_return_code(ctx, frame->cs, &code);
	if (emul_failed(res))
		return res;
	if (outer && !frame->has_stack) {
		frame->rsp = emul_stack_add(ctx, frame->rsp, release);
		res = emul_pop(ctx, &frame->rsp, size, &frame->sp);
		if (emul_failed(res))
			return res;
		res = emul_pop(ctx, &frame->rsp, size, &frame->ss);
		if (emul_failed(res))
			return res;
		frame->has_stack = true;
	}
	if (frame->has_stack) {
		res = fetch_return_stack(ctx, frame->ss, cpl, &code.seg, &stack);
		if (emul_failed(res))
			return res;
	}
	if (!target_ok(ctx, &code.seg, frame->ip))
		return emul_gp0(ctx);
	res = emul_mark_accessed(ctx, &code);
	if (emul_failed(res))
		return res;

	if (frame->has_stack) {
		emul_seg_write(ctx, EMUL_SEG_SS, &stack.seg);
		mask = ctx->lma && code.seg.l ? ~0ULL : stack.seg.db ? 0xffffffff : 0xffff;
		ctx->gpr[EMUL_RSP] = (ctx->gpr[EMUL_RSP] & ~mask) |
				     ((frame->sp + (outer ? release : 0)) & mask);
		if (stack.seg.db)
			ctx->gpr[EMUL_RSP] &= ctx->lma && code.seg.l ? ~0ULL : 0xffffffff;
	} else {
		ctx->gpr[EMUL_RSP] = emul_stack_add(ctx, frame->rsp, release);
	}
	enter_code(ctx, &code.seg, frame->ip);
	if (outer) {
		drop_segments(ctx, cpl);
		ctx->cpl = cpl;
	}
	return EMUL_DONE;
}

static enum emul_result exec_ret_far(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize;
	struct frame frame = {.rsp = ctx->gpr[EMUL_RSP]};
	struct kvm_segment cs;
	enum emul_result res;

	res = emul_pop(ctx, &frame.rsp, size, &frame.ip);
	if (emul_failed(res))
		return res;
	res = emul_pop(ctx, &frame.rsp, size, &frame.cs);
	if (emul_failed(res))
		return res;
	frame.cs &= 0xffff;
	if (!real_like(ctx))
		return far_return(ctx, &frame, size, ctx->insn.imm);
	emul_real_segment(ctx, EMUL_SEG_CS, frame.cs, &cs);
	if (!target_ok(ctx, &cs, frame.ip))
		return emul_gp0(ctx);
	ctx->gpr[EMUL_RSP] = emul_stack_add(ctx, frame.rsp, ctx->insn.imm);
	enter_code(ctx, &cs, frame.ip);
	return EMUL_DONE;
}

/* RFLAGS after IRET: RF too is taken from the frame. */
static u64 iret_flags(const struct emul_ctx *ctx, u64 val, unsigned int size)
{
	u64 flags = emul_merge_flags(ctx, val, size);

	if (size > 2)
		flags = (flags & ~(u64)X86_EFLAGS_RF) | (val & X86_EFLAGS_RF);
	else
		flags &= ~(u64)X86_EFLAGS_RF;
	return flags;
}

static enum emul_result exec_iret(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize;
	struct frame frame = {.rsp = ctx->gpr[EMUL_RSP]};
	u64 *const parts[] = {&frame.ip, &frame.cs, &frame.flags, &frame.sp, &frame.ss};
	unsigned int n = ctx->mode == EMUL_MODE_64 ? 5 : 3, i;
	struct kvm_segment cs;
	enum emul_result res;
	u64 flags;

	if (ctx->vm86 && !emul_iopl_allows(ctx))
		return emul_gp0(ctx);
	if (!real_like(ctx) && (ctx->rflags & X86_EFLAGS_NT))
		return ctx->lma ? emul_gp0(ctx) : EMUL_UNHANDLED;
	for (i = 0; i < n; i++) {
		res = emul_pop(ctx, &frame.rsp, size, parts[i]);
		if (emul_failed(res))
			return res;
	}
	frame.cs &= 0xffff;
	frame.ss &= 0xffff;
	frame.has_stack = n == 5;
	/* CPL and IOPL of before decide what the frame may change. */
	flags = iret_flags(ctx, frame.flags, size);
	if (real_like(ctx)) {
		emul_real_segment(ctx, EMUL_SEG_CS, frame.cs, &cs);
		if (!target_ok(ctx, &cs, frame.ip))
			return emul_gp0(ctx);
		ctx->gpr[EMUL_RSP] = frame.rsp;
		enter_code(ctx, &cs, frame.ip);
	} else {
		if ((frame.flags & X86_EFLAGS_VM) && !ctx->lma && ctx->cpl == 0 && size == 4)
			return EMUL_UNHANDLED;
		res = far_return(ctx, &frame, size, 0);
		if (emul_failed(res))
			return res;
	}
	ctx->rflags = flags;
	return EMUL_DONE;
}

/* INT n, INT3 and INTO through the real-mode vector table. */
static enum emul_result exec_int(struct emul_ctx *ctx)
{
	u8 op = ctx->insn.desc->op;
	u8 vector = op == EMUL_OP_INT3 ? 3 : op == EMUL_OP_INTO ? 4 : (u8)ctx->insn.imm;
	u64 rsp = ctx->gpr[EMUL_RSP], entry;
	struct kvm_segment cs;
	struct emul_dtr idt;
	enum emul_result res;

	if (op == EMUL_OP_INTO && !(ctx->rflags & X86_EFLAGS_OF))
		return EMUL_DONE;
	if (ctx->pe)
		return EMUL_UNHANDLED;
	ctx->ops->dtr_get(ctx->vcpu, true, &idt);
	if (vector * 4 + 3 > idt.limit)
		return emul_gp0(ctx);
	res = emul_read_system(ctx, (u32)(idt.base + vector * 4), 4, &entry);
	if (emul_failed(res))
		return res;
	res = emul_push(ctx, &rsp, 2, ctx->rflags);
	if (emul_failed(res))
		return res;
	res = emul_push(ctx, &rsp, 2, emul_seg(ctx, EMUL_SEG_CS)->selector);
	if (emul_failed(res))
		return res;
	res = emul_push(ctx, &rsp, 2, ctx->next_rip);
	if (emul_failed(res))
		return res;
	emul_real_segment(ctx, EMUL_SEG_CS, entry >> 16, &cs);
	ctx->gpr[EMUL_RSP] = rsp;
	ctx->rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_AC);
	enter_code(ctx, &cs, entry & 0xffff);
	ctx->tf_at_start = false; /* an interrupt's entry is not traced */
	return EMUL_DONE;
}

enum emul_result emul_exec_far(struct emul_ctx *ctx)
{
	switch (ctx->insn.desc->op) {
	case EMUL_OP_MOV_FROM_SREG:
		return exec_mov_from_sreg(ctx);
	case EMUL_OP_MOV_TO_SREG:
		return exec_mov_to_sreg(ctx);
	case EMUL_OP_LOAD_FAR_PTR:
		return exec_load_far_ptr(ctx);
	case EMUL_OP_JMP_FAR:
	case EMUL_OP_CALL_FAR:
		return exec_far_transfer(ctx);
	case EMUL_OP_RET_FAR:
		return exec_ret_far(ctx);
	case EMUL_OP_IRET:
		return exec_iret(ctx);
	default:
		return exec_int(ctx);
	}
}
