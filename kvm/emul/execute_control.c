/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: near control transfers and the single-flag instructions.
 *
 * Invariants: a branch target is checked before anything is pushed.
 */
#include "exec.h"

enum emul_result emul_branch(struct emul_ctx *ctx, u64 target, unsigned int size)
{
	target &= emul_mask(size);
	if (ctx->mode == EMUL_MODE_64) {
		if (!emul_canonical(ctx, target))
			return emul_gp0(ctx);
	} else if (target > emul_seg(ctx, EMUL_SEG_CS)->limit) {
		return emul_gp0(ctx);
	}
	ctx->next_rip = target;
	return EMUL_DONE;
}

static enum emul_result branch_relative(struct emul_ctx *ctx)
{
	return emul_branch(ctx, ctx->next_rip + ctx->insn.imm, ctx->insn.opsize);
}

static enum emul_result exec_call(struct emul_ctx *ctx)
{
	u64 rsp = ctx->gpr[EMUL_RSP], back = ctx->next_rip, target;
	enum emul_result res;

	if (ctx->insn.desc->op == EMUL_OP_CALL_REL) {
		target = back + ctx->insn.imm;
	} else {
		res = emul_opr_read(ctx, EMUL_OPR_RM, ctx->insn.opsize, &target);
		if (emul_failed(res))
			return res;
	}
	res = emul_branch(ctx, target, ctx->insn.opsize);
	if (emul_failed(res))
		return res;
	target = ctx->next_rip;
	ctx->next_rip = back; /* what re-execution starts from */
	res = emul_push_last(ctx, &rsp, ctx->insn.opsize, back);
	if (emul_failed(res))
		return res;
	ctx->next_rip = target;
	ctx->gpr[EMUL_RSP] = rsp;
	return res;
}

static enum emul_result exec_jmp(struct emul_ctx *ctx)
{
	enum emul_result res;
	u64 target;

	res = emul_opr_read(ctx, EMUL_OPR_RM, ctx->insn.opsize, &target);
	if (emul_failed(res))
		return res;
	return emul_branch(ctx, target, ctx->insn.opsize);
}

static enum emul_result exec_ret(struct emul_ctx *ctx)
{
	u64 rsp = ctx->gpr[EMUL_RSP], target;
	enum emul_result res;

	res = emul_pop(ctx, &rsp, ctx->insn.opsize, &target);
	if (emul_failed(res))
		return res;
	res = emul_branch(ctx, target, ctx->insn.opsize);
	if (emul_failed(res))
		return res;
	ctx->gpr[EMUL_RSP] = emul_stack_add(ctx, rsp, ctx->insn.imm);
	return EMUL_DONE;
}

/* LOOPcc and JrCXZ: the counter has the address size. */
static enum emul_result exec_loop(struct emul_ctx *ctx)
{
	u8 op = ctx->insn.desc->op;
	u64 count = ctx->gpr[EMUL_RCX] - (op != EMUL_OP_JCXZ);
	bool zero = !(count & emul_mask(ctx->insn.adsize)), taken;
	enum emul_result res = EMUL_DONE;

	switch (op) {
	case EMUL_OP_JCXZ:
		return zero ? branch_relative(ctx) : EMUL_DONE;
	case EMUL_OP_LOOPE:
		taken = !zero && (ctx->rflags & X86_EFLAGS_ZF);
		break;
	case EMUL_OP_LOOPNE:
		taken = !zero && !(ctx->rflags & X86_EFLAGS_ZF);
		break;
	default:
		taken = !zero;
		break;
	}
	if (taken)
		res = branch_relative(ctx);
	if (!emul_failed(res))
		emul_gpr_write(ctx, EMUL_RCX, ctx->insn.adsize, count);
	return res;
}

static enum emul_result exec_cli_sti(struct emul_ctx *ctx)
{
	if (!emul_iopl_allows(ctx))
		return emul_gp0(ctx);
	if (ctx->insn.desc->op == EMUL_OP_CLI) {
		ctx->rflags &= ~(u64)X86_EFLAGS_IF;
		return EMUL_DONE;
	}
	if (!(ctx->rflags & X86_EFLAGS_IF))
		ctx->shadow = EMUL_SHADOW_STI;
	ctx->rflags |= X86_EFLAGS_IF;
	return EMUL_DONE;
}

enum emul_result emul_exec_control(struct emul_ctx *ctx)
{
	switch (ctx->insn.desc->op) {
	case EMUL_OP_JMP:
		return exec_jmp(ctx);
	case EMUL_OP_JMP_REL:
		return branch_relative(ctx);
	case EMUL_OP_CALL:
	case EMUL_OP_CALL_REL:
		return exec_call(ctx);
	case EMUL_OP_RET:
		return exec_ret(ctx);
	case EMUL_OP_JCC:
		if (emul_condition(ctx->insn.opcode, ctx->rflags))
			return branch_relative(ctx);
		return EMUL_DONE;
	case EMUL_OP_LOOPNE:
	case EMUL_OP_LOOPE:
	case EMUL_OP_LOOP:
	case EMUL_OP_JCXZ:
		return exec_loop(ctx);
	case EMUL_OP_CLC:
		ctx->rflags &= ~(u64)X86_EFLAGS_CF;
		return EMUL_DONE;
	case EMUL_OP_STC:
		ctx->rflags |= X86_EFLAGS_CF;
		return EMUL_DONE;
	case EMUL_OP_CMC:
		ctx->rflags ^= X86_EFLAGS_CF;
		return EMUL_DONE;
	case EMUL_OP_CLD:
		ctx->rflags &= ~(u64)X86_EFLAGS_DF;
		return EMUL_DONE;
	case EMUL_OP_STD:
		ctx->rflags |= X86_EFLAGS_DF;
		return EMUL_DONE;
	default:
		return exec_cli_sti(ctx);
	}
}
