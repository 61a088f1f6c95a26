/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: stack instructions.
 *
 * Invariants: RSP is committed last; when a push or pop of several words fails
 * in the middle, words may have been written below RSP, which is free space.
 */
#include "exec.h"

static enum emul_result exec_push(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u64 rsp = ctx->gpr[EMUL_RSP], val;
	enum emul_result res;

	res = emul_opr_read(ctx, insn->desc->src, insn->opsize, &val);
	if (emul_failed(res))
		return res;
	res = emul_push_last(ctx, &rsp, insn->opsize, val);
	if (!emul_failed(res))
		ctx->gpr[EMUL_RSP] = rsp;
	return res;
}

/* The address of a memory destination is computed with RSP already moved (APM vol. 3, POP). */
static enum emul_result exec_pop(struct emul_ctx *ctx)
{
	u64 old = ctx->gpr[EMUL_RSP], rsp = old, val;
	enum emul_result res;

	res = emul_pop(ctx, &rsp, ctx->insn.opsize, &val);
	if (emul_failed(res))
		return res;
	ctx->gpr[EMUL_RSP] = rsp;
	res = emul_opr_write(ctx, EMUL_OPR_RM, ctx->insn.opsize, val);
	if (emul_failed(res))
		ctx->gpr[EMUL_RSP] = old;
	return res;
}

static enum emul_result exec_push_sreg(struct emul_ctx *ctx)
{
	u64 rsp = ctx->gpr[EMUL_RSP];
	u16 selector = emul_seg(ctx, ctx->insn.desc->src)->selector;
	enum emul_result res;

	res = emul_push_last(ctx, &rsp, ctx->insn.opsize, selector);
	if (!emul_failed(res))
		ctx->gpr[EMUL_RSP] = rsp;
	return res;
}

static enum emul_result exec_pop_sreg(struct emul_ctx *ctx)
{
	enum emul_segment seg = ctx->insn.desc->src;
	u64 rsp = ctx->gpr[EMUL_RSP], val;
	enum emul_result res;

	res = emul_pop(ctx, &rsp, ctx->insn.opsize, &val);
	if (emul_failed(res))
		return res;
	res = emul_load_segment(ctx, seg, val);
	if (emul_failed(res))
		return res;
	ctx->gpr[EMUL_RSP] = rsp;
	if (seg == EMUL_SEG_SS)
		ctx->shadow = EMUL_SHADOW_MOV_SS;
	return EMUL_DONE;
}

static enum emul_result exec_pusha(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize, reg;
	u64 rsp = ctx->gpr[EMUL_RSP];
	enum emul_result res;

	for (reg = EMUL_RAX; reg <= EMUL_RDI; reg++) {
		/* RSP goes as it was before. */
		res = emul_push(ctx, &rsp, size, ctx->gpr[reg]);
		if (emul_failed(res))
			return res;
	}
	ctx->gpr[EMUL_RSP] = rsp;
	return EMUL_DONE;
}

static enum emul_result exec_popa(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize;
	u64 rsp = ctx->gpr[EMUL_RSP], vals[8];
	enum emul_result res;
	int reg;

	for (reg = EMUL_RDI; reg >= EMUL_RAX; reg--) {
		res = emul_pop(ctx, &rsp, size, &vals[reg]);
		if (emul_failed(res))
			return res;
	}
	for (reg = EMUL_RAX; reg <= EMUL_RDI; reg++)
		if (reg != EMUL_RSP)
			emul_gpr_write(ctx, reg, size, vals[reg]);
	ctx->gpr[EMUL_RSP] = rsp;
	return EMUL_DONE;
}

bool emul_iopl_allows(const struct emul_ctx *ctx)
{
	unsigned int iopl = (ctx->rflags & X86_EFLAGS_IOPL) >> 12;

	if (!ctx->pe)
		return true;
	return ctx->vm86 ? iopl == 3 : ctx->cpl <= iopl;
}

u64 emul_merge_flags(const struct emul_ctx *ctx, u64 val, unsigned int size)
{
	u64 mask = EMUL_FLAGS_ARITH | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_NT |
		   X86_EFLAGS_AC | X86_EFLAGS_ID;

	if (emul_iopl_allows(ctx))
		mask |= X86_EFLAGS_IF;
	if (!ctx->pe || (!ctx->vm86 && ctx->cpl == 0))
		mask |= X86_EFLAGS_IOPL;
	if (size == 2)
		mask &= 0xffff;
	return (ctx->rflags & ~mask) | (val & mask) | X86_EFLAGS_FIXED;
}

static enum emul_result exec_pushf(struct emul_ctx *ctx)
{
	u64 rsp = ctx->gpr[EMUL_RSP];
	enum emul_result res;

	if (ctx->vm86 && !emul_iopl_allows(ctx))
		return emul_gp0(ctx);
	res = emul_push_last(ctx, &rsp, ctx->insn.opsize,
			     ctx->rflags & ~(u64)(X86_EFLAGS_VM | X86_EFLAGS_RF));
	if (!emul_failed(res))
		ctx->gpr[EMUL_RSP] = rsp;
	return res;
}

static enum emul_result exec_popf(struct emul_ctx *ctx)
{
	u64 rsp = ctx->gpr[EMUL_RSP], val;
	enum emul_result res;

	if (ctx->vm86 && !emul_iopl_allows(ctx))
		return emul_gp0(ctx);
	res = emul_pop(ctx, &rsp, ctx->insn.opsize, &val);
	if (emul_failed(res))
		return res;
	ctx->gpr[EMUL_RSP] = rsp;
	ctx->rflags = emul_merge_flags(ctx, val, ctx->insn.opsize);
	return EMUL_DONE;
}

/* Frame of a nested procedure (APM vol. 3, ENTER); at most 31 levels. */
static enum emul_result exec_enter(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize, level = ctx->insn.imm2 & 31, i;
	unsigned int stack_size = emul_stack_size(ctx);
	u64 rsp = ctx->gpr[EMUL_RSP], rbp = ctx->gpr[EMUL_RBP], frame, val, ignored;
	enum emul_result res;

	res = emul_push(ctx, &rsp, size, rbp);
	if (emul_failed(res))
		return res;
	frame = rsp;
	for (i = 1; i < level; i++) {
		rbp = emul_stack_add(ctx, rbp, -(s64)size);
		ignored = rbp;
		res = emul_pop(ctx, &ignored, size, &val); /* a read from the stack at rBP */
		if (emul_failed(res))
			return res;
		res = emul_push(ctx, &rsp, size, val);
		if (emul_failed(res))
			return res;
	}
	if (level) {
		res = emul_push(ctx, &rsp, size, frame);
		if (emul_failed(res))
			return res;
	}
	emul_gpr_write(ctx, EMUL_RBP, min_t(unsigned int, size, stack_size), frame);
	ctx->gpr[EMUL_RSP] = emul_stack_add(ctx, rsp, -(s64)ctx->insn.imm);
	return EMUL_DONE;
}

static enum emul_result exec_leave(struct emul_ctx *ctx)
{
	u64 mask = emul_mask(emul_stack_size(ctx)), val;
	u64 rsp = (ctx->gpr[EMUL_RSP] & ~mask) | (ctx->gpr[EMUL_RBP] & mask);
	enum emul_result res;

	res = emul_pop(ctx, &rsp, ctx->insn.opsize, &val);
	if (emul_failed(res))
		return res;
	ctx->gpr[EMUL_RSP] = rsp;
	emul_gpr_write(ctx, EMUL_RBP, ctx->insn.opsize, val);
	return EMUL_DONE;
}

enum emul_result emul_exec_stack(struct emul_ctx *ctx)
{
	switch (ctx->insn.desc->op) {
	case EMUL_OP_PUSH:
		return exec_push(ctx);
	case EMUL_OP_POP:
		return exec_pop(ctx);
	case EMUL_OP_PUSH_SREG:
		return exec_push_sreg(ctx);
	case EMUL_OP_POP_SREG:
		return exec_pop_sreg(ctx);
	case EMUL_OP_PUSHA:
		return exec_pusha(ctx);
	case EMUL_OP_POPA:
		return exec_popa(ctx);
	case EMUL_OP_PUSHF:
		return exec_pushf(ctx);
	case EMUL_OP_POPF:
		return exec_popf(ctx);
	case EMUL_OP_ENTER:
		return exec_enter(ctx);
	default:
		return exec_leave(ctx);
	}
}
