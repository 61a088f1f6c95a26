/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: moves between registers, memory and immediates.
 *
 * Left out: nothing of the family; segment, control and vector registers are
 * in execute_far.c, execute_system.c and execute_simd.c.
 */
#include "exec.h"

/*
 * MOV in all forms but segment, control and vector registers: nearly all MMIO. Register and
 * immediate operands are picked up here, memory goes straight to the access.
 */
static __always_inline enum emul_result exec_plain_mov(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	const struct emul_opcode *desc = insn->desc;
	unsigned int size = insn->opsize;
	enum emul_result res;
	u64 linear, val;

	if (likely(insn->mem)) {
		if (desc->dst == EMUL_OPR_RM) {
			u32 acc = EMUL_ACC_WRITE | EMUL_ACC_OPERAND;

			if (desc->src == EMUL_OPR_REG)
				val = emul_gpr_read(ctx, insn->reg, size);
			else if (desc->src == EMUL_OPR_IMM)
				val = insn->imm;
			else
				val = ctx->gpr[EMUL_RAX];
			res = emul_rm_linear(ctx, size, acc, &linear);
			if (emul_failed(res))
				return res;
			return emul_write(ctx, linear, size, acc, val, true);
		}
		res = emul_rm_linear(ctx, size, EMUL_ACC_READ | EMUL_ACC_OPERAND, &linear);
		if (emul_failed(res))
			return res;
		res = emul_read(ctx, linear, size, EMUL_ACC_READ | EMUL_ACC_OPERAND, &val);
	} else {
		res = emul_opr_read(ctx, desc->src, size, &val);
	}
	if (emul_failed(res))
		return res;
	return emul_opr_write(ctx, desc->dst, size, val);
}

/* Zero- or sign-extending load; MOVSXD has a 32-bit source. */
static enum emul_result exec_extend(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int size = 1;
	enum emul_result res;
	u64 val;

	if (insn->desc->flags & EMUL_OPF_SRC16)
		size = 2;
	else if (insn->map == EMUL_MAP_1B) /* MOVSXD; at 16 bits the source is 16 bits too */
		size = insn->opsize == 2 ? 2 : 4;
	res = emul_opr_read(ctx, EMUL_OPR_RM, size, &val);
	if (emul_failed(res))
		return res;
	if (insn->desc->op == EMUL_OP_MOVSX) {
		unsigned int shift = 64 - 8 * size;

		val = (u64)((s64)(val << shift) >> shift);
	}
	emul_gpr_write(ctx, insn->reg, insn->opsize, val);
	return EMUL_DONE;
}

static u64 swap_bytes(u64 val, unsigned int size)
{
	val = __builtin_bswap64(val);
	return val >> (64 - 8 * size);
}

static enum emul_result exec_movbe(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 val;

	res = emul_opr_read(ctx, insn->desc->src, insn->opsize, &val);
	if (emul_failed(res))
		return res;
	return emul_opr_write(ctx, insn->desc->dst, insn->opsize, swap_bytes(val, insn->opsize));
}

/* XCHG with memory is locked, prefix or not. */
static enum emul_result exec_xchg(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	struct emul_rmw rmw;
	enum emul_result res;
	u64 src;

	/* 90 without REX.B is NOP (or PAUSE): it does not zero the upper half of RAX. */
	if (insn->opcode == 0x90 && insn->map == EMUL_MAP_1B && !insn->rm)
		return EMUL_DONE;
	res = emul_opr_read(ctx, insn->desc->src, insn->opsize, &src);
	if (emul_failed(res))
		return res;
	res = emul_rmw_begin(ctx, EMUL_OPR_RM, insn->opsize, &rmw);
	if (emul_failed(res))
		return res;
	rmw.locked = true;
	res = emul_rmw_end(ctx, &rmw, src);
	if (emul_failed(res))
		return res;
	if (insn->desc->src == EMUL_OPR_ACC)
		emul_gpr_write(ctx, EMUL_RAX, insn->opsize, rmw.old);
	else
		emul_gpr_write(ctx, insn->reg, insn->opsize, rmw.old);
	return res;
}

/* AL from the table at rBX, in the segment of the prefix or DS. */
static enum emul_result exec_xlat(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 ea, linear, val;

	ea = (ctx->gpr[EMUL_RBX] + (u8)ctx->gpr[EMUL_RAX]) & emul_mask(insn->adsize);
	res = emul_linear(ctx, insn->seg, ea, 1, EMUL_ACC_READ, &linear);
	if (emul_failed(res))
		return res;
	res = emul_read(ctx, linear, 1, EMUL_ACC_READ, &val);
	if (emul_failed(res))
		return res;
	return emul_opr_write(ctx, EMUL_OPR_ACC, 1, val);
}

/*
 * The source is read even if the condition is false; a 32-bit destination is zero-extended then
 * too.
 */
static enum emul_result exec_cmovcc(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 val;

	res = emul_opr_read(ctx, EMUL_OPR_RM, insn->opsize, &val);
	if (emul_failed(res))
		return res;
	if (!emul_condition(insn->opcode, ctx->rflags))
		val = emul_gpr_read(ctx, insn->reg, insn->opsize);
	emul_gpr_write(ctx, insn->reg, insn->opsize, val);
	return EMUL_DONE;
}

/* Sign extension within the accumulator, from half the operand size. */
static enum emul_result exec_cbw(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize, shift = 64 - 4 * size;
	u64 val = (u64)((s64)(ctx->gpr[EMUL_RAX] << shift) >> shift);

	return emul_opr_write(ctx, EMUL_OPR_ACC, size, val);
}

/* rDX becomes the sign of rAX. */
static enum emul_result exec_cwd(struct emul_ctx *ctx)
{
	unsigned int size = ctx->insn.opsize;
	bool negative = (ctx->gpr[EMUL_RAX] >> (8 * size - 1)) & 1;

	emul_gpr_write(ctx, EMUL_RDX, size, negative ? ~0ULL : 0);
	return EMUL_DONE;
}

#define LAHF_FLAGS (X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF)

static enum emul_result exec_lahf_sahf(struct emul_ctx *ctx)
{
	u64 *rax = &ctx->gpr[EMUL_RAX];

	if (ctx->insn.desc->op == EMUL_OP_SAHF) {
		ctx->rflags = (ctx->rflags & ~(u64)LAHF_FLAGS) | ((*rax >> 8) & LAHF_FLAGS);
	} else {
		u64 ah = (ctx->rflags & LAHF_FLAGS) | X86_EFLAGS_FIXED;

		*rax = (*rax & ~0xff00ULL) | ah << 8;
	}
	return EMUL_DONE;
}

enum emul_result emul_exec_mov(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	const struct emul_opcode *desc = insn->desc;
	u64 val;

	if (likely(desc->op == EMUL_OP_MOV))
		return exec_plain_mov(ctx);
	switch (desc->op) {
	case EMUL_OP_MOVZX:
	case EMUL_OP_MOVSX:
		return exec_extend(ctx);
	case EMUL_OP_MOVBE:
		return exec_movbe(ctx);
	case EMUL_OP_LEA:
		emul_gpr_write(ctx, insn->reg, insn->opsize, emul_ea(ctx));
		return EMUL_DONE;
	case EMUL_OP_BSWAP:
		/* 16 bits wide it is undefined; CPUs give 0. */
		val = emul_gpr_read(ctx, insn->rm, insn->opsize);
		emul_gpr_write(ctx, insn->rm, insn->opsize,
			       insn->opsize == 2 ? 0 : swap_bytes(val, insn->opsize));
		return EMUL_DONE;
	case EMUL_OP_XCHG:
		return exec_xchg(ctx);
	case EMUL_OP_XLAT:
		return exec_xlat(ctx);
	case EMUL_OP_CMOVCC:
		return exec_cmovcc(ctx);
	case EMUL_OP_SETCC:
		return emul_opr_write(ctx, EMUL_OPR_RM, 1,
				      emul_condition(insn->opcode, ctx->rflags));
	case EMUL_OP_CBW:
		return exec_cbw(ctx);
	case EMUL_OP_CWD:
		return exec_cwd(ctx);
	case EMUL_OP_LAHF:
	case EMUL_OP_SAHF:
		return exec_lahf_sahf(ctx);
	case EMUL_OP_NOP:
		return EMUL_DONE;
	case EMUL_OP_UD:
		return emul_ud(ctx);
	default:
		return EMUL_UNHANDLED;
	}
}
