/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: moves between memory and the MMX, XMM and YMM registers.
 *
 * An access of 16 or 32 bytes goes in pieces of 8. Register-to-register forms
 * are not done: they never touch memory, so they never exit.
 */
#include "exec.h"

/* One form of a vector move: chosen by opcode and mandatory prefix. */
struct form {
	u8 bytes; /* in memory; 0: as wide as the register; 1: 4, or 8 with REX.W */
	u8 kind;  /* enum emul_simd */
	bool aligned;
	bool valid;
};

#define MMX_FORM(width)                                                                            \
	{                                                                                          \
		.bytes = (width), .kind = EMUL_SIMD_MMX, .valid = true                             \
	}
#define XMM_FORM(width, must)                                                                      \
	{                                                                                          \
		.bytes = (width), .kind = EMUL_SIMD_XMM, .aligned = (must), .valid = true          \
	}

enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2, NR_PREFIXES };

static const struct form movups[NR_PREFIXES] = {
	[PREFIX_NONE] = XMM_FORM(0, false),
	[PREFIX_66] = XMM_FORM(0, false),
	[PREFIX_F3] = XMM_FORM(4, false),
	[PREFIX_F2] = XMM_FORM(8, false),
};
static const struct form movaps[NR_PREFIXES] = {
	[PREFIX_NONE] = XMM_FORM(0, true),
	[PREFIX_66] = XMM_FORM(0, true),
};
static const struct form movd[NR_PREFIXES] = {
	[PREFIX_NONE] = MMX_FORM(1),
	[PREFIX_66] = XMM_FORM(1, false),
	[PREFIX_F3] = XMM_FORM(8, false),
};
static const struct form movdq[NR_PREFIXES] = {
	[PREFIX_NONE] = MMX_FORM(8),
	[PREFIX_66] = XMM_FORM(0, true),
	[PREFIX_F3] = XMM_FORM(0, false),
};
static const struct form movq_store[NR_PREFIXES] = {[PREFIX_66] = XMM_FORM(8, false)};
static const struct form movntdq[NR_PREFIXES] = {
	[PREFIX_NONE] = MMX_FORM(8),
	[PREFIX_66] = XMM_FORM(0, true),
};
static const struct form lddqu[NR_PREFIXES] = {[PREFIX_F2] = XMM_FORM(0, false)};
static const struct form movntdqa[NR_PREFIXES] = {[PREFIX_66] = XMM_FORM(0, true)};

static const struct form *find_form(const struct emul_insn *insn)
{
	const struct form *forms;
	unsigned int prefix = PREFIX_NONE;

	if (insn->prefixes & EMUL_PFX_REPNE)
		prefix = PREFIX_F2;
	else if (insn->prefixes & EMUL_PFX_REP)
		prefix = PREFIX_F3;
	else if (insn->prefixes & EMUL_PFX_OPSIZE)
		prefix = PREFIX_66;
	if (insn->map == EMUL_MAP_0F38)
		return &movntdqa[prefix]; /* 2A, the only one */
	switch (insn->opcode) {
	case 0x10:
	case 0x11:
		forms = movups;
		break;
	case 0x28:
	case 0x29:
	case 0x2b:
		forms = movaps;
		break;
	case 0x6e:
		if (prefix == PREFIX_F3)
			return NULL;
		forms = movd;
		break;
	case 0x7e:
		forms = movd;
		break;
	case 0x6f:
	case 0x7f:
		forms = movdq;
		break;
	case 0xd6:
		forms = movq_store;
		break;
	case 0xe7:
		forms = movntdq;
		break;
	case 0xf0:
		forms = lddqu;
		break;
	default:
		return NULL;
	}
	return forms[prefix].valid ? &forms[prefix] : NULL;
}

#define XCR0_SSE_AVX 6

/* Is the register file switched on? (APM vol. 2, "Enabling SSE", "Media instruction exceptions") */
static enum emul_result check_enabled(struct emul_ctx *ctx, const struct form *form)
{
	u64 cr0 = ctx->ops->cr_get(ctx->vcpu, 0);

	if (ctx->insn.vex) {
		if (!(ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_OSXSAVE) ||
		    (ctx->ops->xcr0_get(ctx->vcpu) & XCR0_SSE_AVX) != XCR0_SSE_AVX ||
		    ctx->insn.vvvv)
			return emul_ud(ctx);
	} else {
		if (cr0 & X86_CR0_EM)
			return emul_ud(ctx);
		if (form->kind == EMUL_SIMD_XMM &&
		    !(ctx->ops->cr_get(ctx->vcpu, 4) & X86_CR4_OSFXSR))
			return emul_ud(ctx);
	}
	if (cr0 & X86_CR0_TS)
		return emul_raise(ctx, EMUL_NM);
	return EMUL_DONE;
}

static enum emul_result exec_move(struct emul_ctx *ctx, const struct form *form)
{
	const struct emul_insn *insn = &ctx->insn;
	bool load = insn->desc->op == EMUL_OP_SIMD_LOAD;
	unsigned int width = form->kind == EMUL_SIMD_MMX ? 8 : insn->vl ? 32 : 16;
	unsigned int reg = form->kind == EMUL_SIMD_MMX ? insn->reg & 7 : insn->reg;
	unsigned int bytes = form->bytes;
	u32 acc = (load ? EMUL_ACC_READ : EMUL_ACC_WRITE) | EMUL_ACC_OPERAND;
	u8 buf[32] = {0};
	enum emul_result res;
	u64 linear;

	if (bytes == 0)
		bytes = width;
	else if (bytes == 1)
		bytes = insn->rex & EMUL_REX_W ? 8 : 4;
	res = emul_rm_linear(ctx, bytes, acc, &linear);
	if (emul_failed(res))
		return res;
	if (form->aligned && (linear & (bytes - 1)))
		return emul_gp0(ctx);
	if (load) {
		res = emul_read_wide(ctx, linear, bytes, acc, buf);
		if (!emul_failed(res))
			ctx->ops->simd_set(ctx->vcpu, form->kind, reg, buf, width, insn->vex != 0);
		return res;
	}
	ctx->ops->simd_get(ctx->vcpu, form->kind, reg, buf, width);
	return emul_write_wide(ctx, linear, bytes, acc, buf);
}

enum emul_result emul_exec_simd(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	const struct form *form;
	enum emul_result res;
	u64 linear;

	if (insn->desc->op == EMUL_OP_MOVNTI) {
		u32 acc = EMUL_ACC_WRITE | EMUL_ACC_OPERAND;

		if (insn->prefixes & (EMUL_PFX_OPSIZE | EMUL_PFX_REP | EMUL_PFX_REPNE))
			return emul_ud(ctx);
		res = emul_rm_linear(ctx, insn->opsize, acc, &linear);
		if (emul_failed(res))
			return res;
		return emul_write(ctx, linear, insn->opsize, acc,
				  emul_gpr_read(ctx, insn->reg, insn->opsize), true);
	}
	form = find_form(insn);
	if (!form || !form->valid || !insn->mem || (insn->vex && form->kind == EMUL_SIMD_MMX))
		return EMUL_UNHANDLED;
	/* 256 bits: only the whole-register moves. */
	if (insn->vl && form->bytes)
		return EMUL_UNHANDLED;
	res = check_enabled(ctx, form);
	if (emul_failed(res))
		return res;
	return exec_move(ctx, form);
}
