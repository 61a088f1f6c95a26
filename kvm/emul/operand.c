/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operands: effective addresses, reading and writing what a row of the opcode
 * tables names, and the stack.
 *
 * Invariants: the explicit memory operand is marked EMUL_ACC_OPERAND only in
 * families where it is the instruction's sole data access, so that a reported
 * fault address can't be another access's.
 */
#include "exec.h"

/* Moves and arithmetic touch memory only through their r/m operand. */
static __always_inline u32 operand_flag(const struct emul_ctx *ctx)
{
	return ctx->insn.desc->op <= EMUL_OP_LAST_ALU ? EMUL_ACC_OPERAND : 0;
}

enum emul_result emul_opr_read(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
			       u64 *ret_val)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 linear;
	u32 acc;

	switch (opr) {
	case EMUL_OPR_REG:
		*ret_val = emul_gpr_read(ctx, insn->reg, size);
		return EMUL_DONE;
	case EMUL_OPR_RM:
		if (!insn->mem) {
			*ret_val = emul_gpr_read(ctx, insn->rm, size);
			return EMUL_DONE;
		}
		acc = EMUL_ACC_READ | operand_flag(ctx);
		res = emul_rm_linear(ctx, size, acc, &linear);
		if (emul_failed(res))
			return res;
		return emul_read(ctx, linear, size, acc, ret_val);
	case EMUL_OPR_IMM:
		*ret_val = insn->imm & emul_mask(size);
		return EMUL_DONE;
	case EMUL_OPR_ACC:
		*ret_val = ctx->gpr[EMUL_RAX] & emul_mask(size);
		return EMUL_DONE;
	case EMUL_OPR_CL:
		*ret_val = ctx->gpr[EMUL_RCX] & 0xff;
		return EMUL_DONE;
	case EMUL_OPR_DX:
		*ret_val = ctx->gpr[EMUL_RDX] & 0xffff;
		return EMUL_DONE;
	case EMUL_OPR_ONE:
		*ret_val = 1;
		return EMUL_DONE;
	default:
		return EMUL_UNHANDLED;
	}
}

enum emul_result emul_opr_write(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
				u64 val)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 linear;
	u32 acc;

	switch (opr) {
	case EMUL_OPR_RM:
		if (!insn->mem) {
			emul_gpr_write(ctx, insn->rm, size, val);
			return EMUL_DONE;
		}
		acc = EMUL_ACC_WRITE | operand_flag(ctx);
		res = emul_rm_linear(ctx, size, acc, &linear);
		if (emul_failed(res))
			return res;
		return emul_write(ctx, linear, size, acc, val, true);
	case EMUL_OPR_REG:
		emul_gpr_write(ctx, insn->reg, size, val);
		return EMUL_DONE;
	case EMUL_OPR_ACC:
		if (size == 1)
			ctx->gpr[EMUL_RAX] = (ctx->gpr[EMUL_RAX] & ~0xffULL) | (u8)val;
		else
			emul_gpr_write(ctx, EMUL_RAX, size, val);
		return EMUL_DONE;
	default:
		return EMUL_UNHANDLED;
	}
}

enum emul_result emul_rmw_begin(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
				struct emul_rmw *rmw)
{
	enum emul_result res;

	rmw->size = size;
	rmw->opr = opr;
	rmw->linear = 0;
	rmw->acc = EMUL_ACC_READ | EMUL_ACC_WRITE | operand_flag(ctx);
	rmw->locked = ctx->insn.prefixes & EMUL_PFX_LOCK;
	if (opr != EMUL_OPR_RM || !ctx->insn.mem)
		return emul_opr_read(ctx, opr, size, &rmw->old);
	res = emul_rm_linear(ctx, size, rmw->acc, &rmw->linear);
	if (emul_failed(res))
		return res;
	return emul_read(ctx, rmw->linear, size, rmw->acc, &rmw->old);
}

enum emul_result emul_rmw_end(struct emul_ctx *ctx, const struct emul_rmw *rmw, u64 val)
{
	if (rmw->opr != EMUL_OPR_RM || !ctx->insn.mem)
		return emul_opr_write(ctx, rmw->opr, rmw->size, val);
	return emul_write_rmw(ctx, rmw->linear, rmw->size, rmw->acc & ~EMUL_ACC_READ, rmw->old, val,
			      rmw->locked);
}

/* ---- stack ---- */

unsigned int emul_stack_size(struct emul_ctx *ctx)
{
	if (ctx->mode == EMUL_MODE_64)
		return 8;
	return emul_seg(ctx, EMUL_SEG_SS)->db ? 4 : 2;
}

u64 emul_stack_add(struct emul_ctx *ctx, u64 rsp, s64 delta)
{
	u64 mask = emul_mask(emul_stack_size(ctx));

	return (rsp & ~mask) | ((rsp + delta) & mask);
}

static enum emul_result push(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 val, bool last)
{
	u64 sp = emul_stack_add(ctx, *rsp, -(s64)size), linear;
	enum emul_result res;

	res = emul_linear(ctx, EMUL_SEG_SS, sp & emul_mask(emul_stack_size(ctx)), size,
			  EMUL_ACC_WRITE, &linear);
	if (emul_failed(res))
		return res;
	res = emul_write(ctx, linear, size, EMUL_ACC_WRITE, val, last);
	if (!emul_failed(res))
		*rsp = sp;
	return res;
}

enum emul_result emul_push(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 val)
{
	return push(ctx, rsp, size, val, false);
}

enum emul_result emul_push_last(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 val)
{
	return push(ctx, rsp, size, val, true);
}

enum emul_result emul_pop(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 *ret_val)
{
	enum emul_result res;
	u64 linear;

	res = emul_linear(ctx, EMUL_SEG_SS, *rsp & emul_mask(emul_stack_size(ctx)), size,
			  EMUL_ACC_READ, &linear);
	if (emul_failed(res))
		return res;
	res = emul_read(ctx, linear, size, EMUL_ACC_READ, ret_val);
	if (!emul_failed(res))
		*rsp = emul_stack_add(ctx, *rsp, size);
	return res;
}
