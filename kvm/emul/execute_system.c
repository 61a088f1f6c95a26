/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: control and debug registers, descriptor-table registers, and the
 * instructions whose effect is wholly the glue's.
 *
 * The emulator checks CPL and encoding; values are checked by who owns the
 * register.
 *
 * Left out: VERR, VERW, LAR, LSL (they never exit), MONITOR and MWAIT, the
 * SVM instructions of a nested guest.
 */
#include "exec.h"

static enum emul_result require_cpl0(struct emul_ctx *ctx)
{
	return ctx->pe && (ctx->vm86 || ctx->cpl) ? emul_gp0(ctx) : EMUL_DONE;
}

static enum emul_result system_op(struct emul_ctx *ctx, enum emul_sysop what, u64 arg)
{
	return emul_from_sys(ctx, ctx->ops->system(ctx->vcpu, what, arg));
}

static enum emul_result system_op_cpl0(struct emul_ctx *ctx, enum emul_sysop what)
{
	enum emul_result res = require_cpl0(ctx);

	return emul_failed(res) ? res : system_op(ctx, what, 0);
}

/* Unprivileged unless the CR4 bit forbids (TSD) or must allow (PCE) it. */
static enum emul_result exec_counter(struct emul_ctx *ctx)
{
	u64 cr4 = ctx->ops->cr_get(ctx->vcpu, 4);
	bool pmc = ctx->insn.desc->op == EMUL_OP_RDPMC;

	if (pmc ? !(cr4 & X86_CR4_PCE) : !!(cr4 & X86_CR4_TSD)) {
		enum emul_result res = require_cpl0(ctx);

		if (emul_failed(res))
			return res;
	}
	return system_op(ctx, pmc ? EMUL_SYSOP_RDPMC : EMUL_SYSOP_RDTSC, 0);
}

static enum emul_result exec_mov_cr(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int cr = insn->reg;
	enum emul_result res;

	if (cr != 0 && cr != 8 && (cr < 2 || cr > 4))
		return emul_ud(ctx);
	res = require_cpl0(ctx);
	if (emul_failed(res))
		return res;
	if (insn->desc->op == EMUL_OP_MOV_FROM_CR) {
		emul_gpr_write(ctx, insn->rm, insn->opsize, ctx->ops->cr_get(ctx->vcpu, cr));
		return EMUL_DONE;
	}
	return emul_from_sys(
		ctx, ctx->ops->cr_set(ctx->vcpu, cr, emul_gpr_read(ctx, insn->rm, insn->opsize)));
}

static enum emul_result exec_mov_dr(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int dr = insn->reg;
	enum emul_result res;
	u64 val;

	if (dr > 7)
		return emul_ud(ctx);
	if (dr == 4 || dr == 5) {
		if (ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_DE)
			return emul_ud(ctx);
		dr += 2;
	}
	res = require_cpl0(ctx);
	if (emul_failed(res))
		return res;
	if (insn->desc->op == EMUL_OP_MOV_TO_DR) {
		val = emul_gpr_read(ctx, insn->rm, insn->opsize);
		return emul_from_sys(ctx, ctx->ops->dr_set(ctx->vcpu, dr, val));
	}
	res = emul_from_sys(ctx, ctx->ops->dr_get(ctx->vcpu, dr, &val));
	if (!emul_failed(res))
		emul_gpr_write(ctx, insn->rm, insn->opsize, val);
	return res;
}

/* SGDT, SIDT, SLDT, STR and SMSW are closed to users by CR4.UMIP. */
static enum emul_result check_umip(struct emul_ctx *ctx)
{
	if (ctx->cpl && (ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_UMIP))
		return emul_gp0(ctx);
	return EMUL_DONE;
}

/* Stores a 16-bit system value: 16 bits to memory, operand size to a register. */
static enum emul_result store_word(struct emul_ctx *ctx, u64 val)
{
	enum emul_result res = check_umip(ctx);

	if (emul_failed(res))
		return res;
	return emul_opr_write(ctx, EMUL_OPR_RM, ctx->insn.mem ? 2 : ctx->insn.opsize, val);
}

static enum emul_result exec_store_dtr(struct emul_ctx *ctx, bool idt)
{
	unsigned int base_size = ctx->mode == EMUL_MODE_64 ? 8 : 4;
	struct emul_dtr dtr;
	enum emul_result res = check_umip(ctx);
	u64 linear;
	u8 buf[10];

	if (emul_failed(res))
		return res;
	res = emul_rm_linear(ctx, 2 + base_size, EMUL_ACC_WRITE, &linear);
	if (emul_failed(res))
		return res;
	ctx->ops->dtr_get(ctx->vcpu, idt, &dtr);
	memcpy(buf, &dtr.limit, 2);
	memcpy(buf + 2, &dtr.base, 8);
	return emul_write_wide(ctx, linear, 2 + base_size, EMUL_ACC_WRITE, buf);
}

static enum emul_result exec_load_dtr(struct emul_ctx *ctx, bool idt)
{
	unsigned int base_size = ctx->mode == EMUL_MODE_64 ? 8 : 4;
	struct emul_dtr dtr = {0};
	enum emul_result res = require_cpl0(ctx);
	u8 buf[10] = {0};
	u64 linear;

	if (emul_failed(res))
		return res;
	res = emul_rm_linear(ctx, 2 + base_size, EMUL_ACC_READ, &linear);
	if (emul_failed(res))
		return res;
	res = emul_read_wide(ctx, linear, 2 + base_size, EMUL_ACC_READ, buf);
	if (emul_failed(res))
		return res;
	memcpy(&dtr.limit, buf, 2);
	memcpy(&dtr.base, buf + 2, 8);
	if (base_size == 8) {
		if (!emul_canonical(ctx, dtr.base))
			return emul_gp0(ctx);
	} else if (ctx->insn.opsize == 2) {
		dtr.base &= 0xffffff;
	}
	ctx->ops->dtr_set(ctx->vcpu, idt, &dtr);
	return EMUL_DONE;
}

/* Loads PE, MP, EM and TS; PE can be set this way, not cleared. */
static enum emul_result exec_lmsw(struct emul_ctx *ctx)
{
	enum emul_result res = require_cpl0(ctx);
	u64 cr0, val;

	if (emul_failed(res))
		return res;
	res = emul_opr_read(ctx, EMUL_OPR_RM, 2, &val);
	if (emul_failed(res))
		return res;
	cr0 = ctx->ops->cr_get(ctx->vcpu, 0);
	cr0 = (cr0 & ~0xeULL) | (val & 0xf);
	return emul_from_sys(ctx, ctx->ops->cr_set(ctx->vcpu, 0, cr0));
}

/* No access is made: no limit, type or canonical check. */
static enum emul_result exec_invlpg(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	enum emul_result res = require_cpl0(ctx);
	u64 linear = emul_ea(ctx);

	if (emul_failed(res))
		return res;
	if (ctx->mode != EMUL_MODE_64)
		linear = (u32)(linear + emul_seg(ctx, insn->seg)->base);
	else if (insn->seg >= EMUL_SEG_FS)
		linear += emul_seg(ctx, insn->seg)->base;
	return system_op(ctx, EMUL_SYSOP_INVLPG, linear);
}

/* XCR0 into EDX:EAX; other XCR numbers are #GP (XCR1 is not emulated). */
static enum emul_result exec_xgetbv(struct emul_ctx *ctx)
{
	u64 xcr0;

	if (!(ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_OSXSAVE))
		return emul_ud(ctx);
	if ((u32)ctx->gpr[EMUL_RCX])
		return emul_gp0(ctx);
	xcr0 = ctx->ops->xcr0_get(ctx->vcpu);
	ctx->gpr[EMUL_RAX] = (u32)xcr0;
	ctx->gpr[EMUL_RDX] = xcr0 >> 32;
	return EMUL_DONE;
}

/* 0F 01 with a register: the whole ModRM byte is the opcode, but for SMSW and LMSW. */
static enum emul_result exec_0f01_reg(struct emul_ctx *ctx)
{
	switch (ctx->insn.modrm) {
	case 0xc1: /* VMCALL */
	case 0xd9: /* VMMCALL */
		return system_op(ctx, EMUL_SYSOP_VMMCALL, 0);
	case 0xd0:
		return exec_xgetbv(ctx);
	case 0xd1:
		if (!(ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_OSXSAVE))
			return emul_ud(ctx);
		return system_op_cpl0(ctx, EMUL_SYSOP_XSETBV);
	case 0xf8:
		if (ctx->mode != EMUL_MODE_64)
			return emul_ud(ctx);
		return system_op_cpl0(ctx, EMUL_SYSOP_SWAPGS);
	case 0xf9:
		if (ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_TSD) {
			enum emul_result res = require_cpl0(ctx);

			if (emul_failed(res))
				return res;
		}
		return system_op(ctx, EMUL_SYSOP_RDTSCP, 0);
	}
	switch (ctx->insn.modrm & 0x38) {
	case 4 << 3:
		return store_word(ctx, ctx->ops->cr_get(ctx->vcpu, 0));
	case 6 << 3:
		return exec_lmsw(ctx);
	default:
		return EMUL_UNHANDLED;
	}
}

static enum emul_result exec_0f01(struct emul_ctx *ctx)
{
	if (!ctx->insn.mem)
		return exec_0f01_reg(ctx);
	switch ((ctx->insn.modrm >> 3) & 7) {
	case 0:
		return exec_store_dtr(ctx, false);
	case 1:
		return exec_store_dtr(ctx, true);
	case 2:
		return exec_load_dtr(ctx, false);
	case 3:
		return exec_load_dtr(ctx, true);
	case 4:
		return store_word(ctx, ctx->ops->cr_get(ctx->vcpu, 0));
	case 6:
		return exec_lmsw(ctx);
	case 7:
		return exec_invlpg(ctx);
	default:
		return EMUL_UNHANDLED;
	}
}

/* SLDT, STR, LLDT, LTR exist in protected mode only. */
static enum emul_result exec_ldt_tr(struct emul_ctx *ctx)
{
	u8 op = ctx->insn.desc->op;
	enum emul_segment seg = op == EMUL_OP_SLDT || op == EMUL_OP_LLDT ? EMUL_SEG_LDTR
									 : EMUL_SEG_TR;
	enum emul_result res;
	u64 selector;

	if (!ctx->pe || ctx->vm86)
		return emul_ud(ctx);
	if (op == EMUL_OP_SLDT || op == EMUL_OP_STR)
		return store_word(ctx, emul_seg(ctx, seg)->selector);
	res = require_cpl0(ctx);
	if (emul_failed(res))
		return res;
	res = emul_opr_read(ctx, EMUL_OPR_RM, 2, &selector);
	if (emul_failed(res))
		return res;
	return emul_load_system_segment(ctx, seg, selector);
}

/*
 * LFENCE, MFENCE, SFENCE and CLFLUSH, CLFLUSHOPT, CLWB: nothing to do beyond the address check,
 * as the guest's lines are the host's. Others save and restore vector state.
 */
static enum emul_result exec_0fae(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int op = (insn->modrm >> 3) & 7;
	u64 linear;

	if (!insn->mem)
		return op >= 5 && !(insn->prefixes & EMUL_PFX_REP) ? EMUL_DONE : EMUL_UNHANDLED;
	if (op == 7 || (op == 6 && (insn->prefixes & EMUL_PFX_OPSIZE)))
		return emul_rm_linear(ctx, 1, EMUL_ACC_READ, &linear);
	return EMUL_UNHANDLED;
}

enum emul_result emul_exec_system(struct emul_ctx *ctx)
{
	enum emul_result res;

	switch (ctx->insn.desc->op) {
	case EMUL_OP_MOV_FROM_CR:
	case EMUL_OP_MOV_TO_CR:
		return exec_mov_cr(ctx);
	case EMUL_OP_MOV_FROM_DR:
	case EMUL_OP_MOV_TO_DR:
		return exec_mov_dr(ctx);
	case EMUL_OP_CLTS:
		return system_op_cpl0(ctx, EMUL_SYSOP_CLTS);
	case EMUL_OP_HLT:
		res = require_cpl0(ctx);
		return emul_failed(res) ? res : EMUL_HALT;
	case EMUL_OP_CPUID:
		return system_op(ctx, EMUL_SYSOP_CPUID, 0);
	case EMUL_OP_RDTSC:
	case EMUL_OP_RDPMC:
		return exec_counter(ctx);
	case EMUL_OP_RDMSR:
		return system_op_cpl0(ctx, EMUL_SYSOP_RDMSR);
	case EMUL_OP_WRMSR:
		return system_op_cpl0(ctx, EMUL_SYSOP_WRMSR);
	case EMUL_OP_INVD:
		return system_op_cpl0(ctx, EMUL_SYSOP_INVD);
	case EMUL_OP_WBINVD:
		return system_op_cpl0(ctx, EMUL_SYSOP_WBINVD);
	case EMUL_OP_RSM:
		return system_op(ctx, EMUL_SYSOP_RSM, 0);
	case EMUL_OP_GROUP_0F01:
		return exec_0f01(ctx);
	case EMUL_OP_SLDT:
	case EMUL_OP_STR:
	case EMUL_OP_LLDT:
	case EMUL_OP_LTR:
		return exec_ldt_tr(ctx);
	case EMUL_OP_GROUP_0FAE:
		return exec_0fae(ctx);
	default:
		return EMUL_UNHANDLED;
	}
}
