/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: arithmetic, logic, shifts, bit operations, compare-and-exchange.
 *
 * Invariants: flags are computed into a copy and committed after the
 * destination was written, so that an instruction that faults or waits has
 * changed nothing. A locked read-modify-write of RAM is one compare-exchange;
 * when it loses the race the result is EMUL_RETRY.
 */
#include "exec.h"

/* ADD .. TEST. */
static enum emul_result exec_binary(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	const struct emul_opcode *desc = insn->desc;
	u64 flags = ctx->rflags, src, val;
	struct emul_rmw rmw;
	enum emul_result res;

	if (desc->op == EMUL_OP_CMP || desc->op == EMUL_OP_TEST) {
		res = emul_opr_read(ctx, desc->dst, insn->opsize, &val);
		if (emul_failed(res))
			return res;
		res = emul_opr_read(ctx, desc->src, insn->opsize, &src);
		if (emul_failed(res))
			return res;
		emul_alu_binary(desc->op, insn->opsize, val, src, &ctx->rflags);
		return EMUL_DONE;
	}
	res = emul_rmw_begin(ctx, desc->dst, insn->opsize, &rmw);
	if (emul_failed(res))
		return res;
	res = emul_opr_read(ctx, desc->src, insn->opsize, &src);
	if (emul_failed(res))
		return res;
	val = emul_alu_binary(desc->op, insn->opsize, rmw.old, src, &flags);
	res = emul_rmw_end(ctx, &rmw, val);
	if (!emul_failed(res))
		ctx->rflags = flags;
	return res;
}

/* NOT, NEG, INC, DEC, the shifts: one operand that is changed. */
static enum emul_result exec_modify(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	const struct emul_opcode *desc = insn->desc;
	u64 flags = ctx->rflags, count, src, val;
	struct emul_rmw rmw;
	enum emul_result res;

	res = emul_rmw_begin(ctx, EMUL_OPR_RM, insn->opsize, &rmw);
	if (emul_failed(res))
		return res;
	if (desc->op < EMUL_OP_ROL) {
		val = emul_alu_unary(desc->op, insn->opsize, rmw.old, &flags);
	} else {
		res = emul_opr_read(ctx, desc->src, 1, &count);
		if (emul_failed(res))
			return res;
		if (desc->op < EMUL_OP_SHLD) {
			val = emul_alu_shift(desc->op, insn->opsize, rmw.old, count, &flags);
		} else {
			src = emul_gpr_read(ctx, insn->reg, insn->opsize);
			val = emul_alu_shift_double(desc->op, insn->opsize, rmw.old, src, count,
						    &flags);
		}
	}
	res = emul_rmw_end(ctx, &rmw, val);
	if (!emul_failed(res))
		ctx->rflags = flags;
	return res;
}

/*
 * BT and its kin. With a register bit offset the memory form addresses a bit string: the operand is
 * the word that holds the bit, up to 2^(width-1) bits away (APM vol. 3, BT).
 */
static enum emul_result exec_bit(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int size = insn->opsize, shift = 64 - 8 * size;
	u64 flags = ctx->rflags, bit, val, ea;
	struct emul_rmw rmw = {.size = size, .opr = EMUL_OPR_RM};
	bool test_only = insn->desc->op == EMUL_OP_BT;
	enum emul_result res;

	res = emul_opr_read(ctx, insn->desc->src, size, &bit);
	if (emul_failed(res))
		return res;
	if (insn->mem && insn->desc->src == EMUL_OPR_REG) {
		s64 offset = (s64)(bit << shift) >> shift;

		rmw.acc = test_only ? EMUL_ACC_READ : EMUL_ACC_READ | EMUL_ACC_WRITE;
		rmw.acc |= EMUL_ACC_OPERAND;
		rmw.locked = insn->prefixes & EMUL_PFX_LOCK;
		/* Arithmetic shift: negative offsets lie below the operand. */
		ea = emul_ea(ctx) + (u64)(offset >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size;
		ea &= emul_mask(insn->adsize);
		res = emul_linear(ctx, insn->seg, ea, size, rmw.acc, &rmw.linear);
		if (emul_failed(res))
			return res;
		res = emul_read(ctx, rmw.linear, size, rmw.acc, &rmw.old);
	} else if (test_only) {
		res = emul_opr_read(ctx, EMUL_OPR_RM, size, &rmw.old);
	} else {
		res = emul_rmw_begin(ctx, EMUL_OPR_RM, size, &rmw);
	}
	if (emul_failed(res))
		return res;
	val = emul_alu_bit(insn->desc->op, size, rmw.old, bit, &flags);
	if (!test_only) {
		res = emul_rmw_end(ctx, &rmw, val);
		if (emul_failed(res))
			return res;
	}
	ctx->rflags = flags;
	return res;
}

static enum emul_result exec_scan(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	bool counting = insn->prefixes & EMUL_PFX_REP;
	enum emul_result res;
	u64 src, old;

	res = emul_opr_read(ctx, EMUL_OPR_RM, insn->opsize, &src);
	if (emul_failed(res))
		return res;
	old = emul_gpr_read(ctx, insn->reg, insn->opsize);
	if (insn->desc->op == EMUL_OP_POPCNT) {
		old = emul_alu_popcnt(insn->opsize, src, &ctx->rflags);
	} else {
		old = emul_alu_scan(insn->desc->op, counting, insn->opsize, src, old, &ctx->rflags);
		/* A zero source leaves the whole destination alone, its upper half included. */
		if (!counting && !src)
			return EMUL_DONE;
	}
	emul_gpr_write(ctx, insn->reg, insn->opsize, old);
	return EMUL_DONE;
}

/* DST and SRC swap, then DST gets the sum: with both the same register the sum wins. */
static enum emul_result exec_xadd(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u64 flags = ctx->rflags, src, sum;
	struct emul_rmw rmw;
	enum emul_result res;

	res = emul_rmw_begin(ctx, EMUL_OPR_RM, insn->opsize, &rmw);
	if (emul_failed(res))
		return res;
	src = emul_gpr_read(ctx, insn->reg, insn->opsize);
	sum = emul_alu_binary(EMUL_OP_ADD, insn->opsize, rmw.old, src, &flags);
	if (!insn->mem) {
		emul_gpr_write(ctx, insn->reg, insn->opsize, rmw.old);
		emul_gpr_write(ctx, insn->rm, insn->opsize, sum);
	} else {
		res = emul_rmw_end(ctx, &rmw, sum);
		if (emul_failed(res))
			return res;
		emul_gpr_write(ctx, insn->reg, insn->opsize, rmw.old);
	}
	ctx->rflags = flags;
	return res;
}

/* The destination is written in both cases (with its old value when unequal), as the CPU does. */
static enum emul_result exec_cmpxchg(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u64 flags = ctx->rflags, acc;
	struct emul_rmw rmw;
	enum emul_result res;
	bool equal;

	res = emul_rmw_begin(ctx, EMUL_OPR_RM, insn->opsize, &rmw);
	if (emul_failed(res))
		return res;
	acc = ctx->gpr[EMUL_RAX] & emul_mask(insn->opsize);
	emul_alu_binary(EMUL_OP_CMP, insn->opsize, acc, rmw.old, &flags);
	equal = flags & X86_EFLAGS_ZF;
	if (insn->mem || equal) {
		u64 val = equal ? emul_gpr_read(ctx, insn->reg, insn->opsize) : rmw.old;

		res = emul_rmw_end(ctx, &rmw, val);
		if (emul_failed(res))
			return res;
	}
	if (!equal)
		emul_opr_write(ctx, EMUL_OPR_ACC, insn->opsize, rmw.old);
	ctx->rflags = flags;
	return res;
}

/* The write half of CMPXCHG8B/16B; locked RAM by the operation, anything else in pieces. */
static enum emul_result write_pair(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				   const void *old, const void *new)
{
	enum emul_mem mem;
	gpa_t gpa;
	u8 seq;

	if (!(ctx->insn.prefixes & EMUL_PFX_LOCK) || (linear & (size - 1)))
		return emul_write_wide(ctx, linear, size, acc, new);
	/*
	 * An MMIO answer falls through to the pieces, whose numbers must be the same when the
	 * instruction is executed again: so the number is taken on every pass.
	 */
	seq = ctx->seq++;
	if (ctx->nrec > ctx->rec_next && ctx->rec[ctx->rec_next].seq > seq)
		return emul_write_wide(ctx, linear, size, acc, new);
	/* In parentheses: the kernel has a macro of that name. */
	mem = (ctx->ops->cmpxchg)(ctx->vcpu, linear, old, new, size,
				  acc | EMUL_ACC_READ | EMUL_ACC_WRITE, &gpa);
	switch (mem) {
	case EMUL_MEM_OK:
		return EMUL_DONE; /* the last access: needs no record */
	case EMUL_MEM_MMIO:
		return emul_write_wide(ctx, linear, size, acc, new);
	case EMUL_MEM_FAULT:
		return EMUL_FAULT;
	case EMUL_MEM_RETRY:
		return EMUL_RETRY;
	case EMUL_MEM_UNHANDLED:
		break;
	}
	return EMUL_UNHANDLED;
}

static enum emul_result exec_cmpxchg_pair(struct emul_ctx *ctx)
{
	unsigned int half = ctx->insn.opsize == 8 ? 8 : 4, size = 2 * half;
	u32 acc = EMUL_ACC_READ | EMUL_ACC_WRITE | EMUL_ACC_OPERAND;
	u64 *gpr = ctx->gpr, linear, low = 0, high = 0;
	u8 old[16], new[16];
	enum emul_result res;
	bool equal;

	res = emul_rm_linear(ctx, size, acc, &linear);
	if (emul_failed(res))
		return res;
	if (size == 16 && (linear & 15))
		return emul_gp0(ctx);
	res = emul_read_wide(ctx, linear, size, acc, old);
	if (emul_failed(res))
		return res;
	memcpy(&low, old, half);
	memcpy(&high, old + half, half);
	equal = low == (gpr[EMUL_RAX] & emul_mask(half)) &&
		high == (gpr[EMUL_RDX] & emul_mask(half));
	memcpy(new, equal ? (void *)&gpr[EMUL_RBX] : old, half);
	memcpy(new + half, equal ? (void *)&gpr[EMUL_RCX] : old + half, half);
	res = write_pair(ctx, linear, size, acc & ~EMUL_ACC_READ, old, new);
	if (emul_failed(res))
		return res;
	if (equal) {
		ctx->rflags |= X86_EFLAGS_ZF;
	} else {
		ctx->rflags &= ~(u64)X86_EFLAGS_ZF;
		emul_gpr_write(ctx, EMUL_RAX, half, low);
		emul_gpr_write(ctx, EMUL_RDX, half, high);
	}
	return res;
}

/* Two- and three-operand IMUL. */
static enum emul_result exec_imul(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res;
	u64 a, b;

	res = emul_opr_read(ctx, EMUL_OPR_RM, insn->opsize, &a);
	if (emul_failed(res))
		return res;
	b = insn->desc->imm ? insn->imm : emul_gpr_read(ctx, insn->reg, insn->opsize);
	emul_gpr_write(ctx, insn->reg, insn->opsize,
		       emul_alu_imul(insn->opsize, a, b, &ctx->rflags));
	return EMUL_DONE;
}

/* rDX:rAX, or AH:AL for bytes. */
static void write_double(struct emul_ctx *ctx, unsigned int size, u64 low, u64 high)
{
	if (size == 1) {
		ctx->gpr[EMUL_RAX] = (ctx->gpr[EMUL_RAX] & ~0xffffULL) | high << 8 | low;
	} else {
		emul_gpr_write(ctx, EMUL_RAX, size, low);
		emul_gpr_write(ctx, EMUL_RDX, size, high);
	}
}

static enum emul_result exec_mul_div(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u8 op = insn->desc->op, size = insn->opsize;
	u64 src, low, high;
	enum emul_result res;

	res = emul_opr_read(ctx, EMUL_OPR_RM, size, &src);
	if (emul_failed(res))
		return res;
	low = ctx->gpr[EMUL_RAX];
	if (op == EMUL_OP_MUL || op == EMUL_OP_IMUL1) {
		emul_alu_mul_wide(op == EMUL_OP_IMUL1, size, low, src, &low, &high, &ctx->rflags);
	} else {
		high = size == 1 ? low >> 8 : ctx->gpr[EMUL_RDX];
		if (!emul_alu_div(op == EMUL_OP_IDIV, size, high, low, src, &low, &high))
			return emul_raise(ctx, EMUL_DE);
	}
	write_double(ctx, size, low, high);
	return EMUL_DONE;
}

enum emul_result emul_exec_alu(struct emul_ctx *ctx)
{
	u8 op = ctx->insn.desc->op;

	if (op <= EMUL_OP_TEST)
		return exec_binary(ctx);
	if (op <= EMUL_OP_SHRD)
		return exec_modify(ctx);
	if (op <= EMUL_OP_BTC)
		return exec_bit(ctx);
	if (op <= EMUL_OP_POPCNT)
		return exec_scan(ctx);
	switch (op) {
	case EMUL_OP_XADD:
		return exec_xadd(ctx);
	case EMUL_OP_CMPXCHG:
		return exec_cmpxchg(ctx);
	case EMUL_OP_CMPXCHG8B:
		return exec_cmpxchg_pair(ctx);
	case EMUL_OP_IMUL:
		return exec_imul(ctx);
	default:
		return exec_mul_div(ctx);
	}
}
