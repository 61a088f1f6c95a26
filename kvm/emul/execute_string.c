/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: string instructions with their REP loops, and port I/O.
 *
 * One iteration is the unit of commitment: its accesses are done, then SI, DI
 * and the counter move, then its records are forgotten. So a fault, a trip to
 * userspace or the bound on iterations always finds registers with which the
 * instruction can be started again.
 *
 * REP INS and OUTS go out in batches, through ctx->pio_buf: as many units as
 * lie on one page of plain memory in the direction of DF. INS reads ahead only
 * after the page was probed for the write; if the page vanishes all the same,
 * what was read ahead is lost.
 *
 * Left out: joining MMIO units of REP MOVS and STOS; each is one access.
 */
#include "exec.h"

/* What is the same in all iterations. */
struct loop {
	unsigned int size; /* bytes of a unit */
	unsigned int adsize;
	s64 step; /* +size, or -size with DF */
	u16 port;
};

static __always_inline void advance(struct emul_ctx *ctx, const struct loop *loop, unsigned int reg,
				    unsigned int units)
{
	emul_gpr_write(ctx, reg, loop->adsize, ctx->gpr[reg] + (u64)loop->step * units);
}

static __always_inline u64 address(const struct emul_ctx *ctx, const struct loop *loop,
				   unsigned int reg)
{
	return ctx->gpr[reg] & emul_mask(loop->adsize);
}

static enum emul_result read_source(struct emul_ctx *ctx, const struct loop *loop, u64 *ret_val)
{
	enum emul_result res;
	u64 linear;

	res = emul_linear(ctx, ctx->insn.seg, address(ctx, loop, EMUL_RSI), loop->size,
			  EMUL_ACC_READ, &linear);
	if (emul_failed(res))
		return res;
	return emul_read(ctx, linear, loop->size, EMUL_ACC_READ, ret_val);
}

static enum emul_result read_dest(struct emul_ctx *ctx, const struct loop *loop, u64 *ret_val)
{
	enum emul_result res;
	u64 linear;

	res = emul_linear(ctx, EMUL_SEG_ES, address(ctx, loop, EMUL_RDI), loop->size, EMUL_ACC_READ,
			  &linear);
	if (emul_failed(res))
		return res;
	return emul_read(ctx, linear, loop->size, EMUL_ACC_READ, ret_val);
}

static enum emul_result write_dest(struct emul_ctx *ctx, const struct loop *loop, u64 val)
{
	enum emul_result res;
	u64 linear;

	res = emul_linear(ctx, EMUL_SEG_ES, address(ctx, loop, EMUL_RDI), loop->size,
			  EMUL_ACC_WRITE, &linear);
	if (emul_failed(res))
		return res;
	return emul_write(ctx, linear, loop->size, EMUL_ACC_WRITE, val, true);
}

/* ---- one iteration of each; registers other than the counter move here ---- */

static enum emul_result one_movs(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 val;

	res = read_source(ctx, loop, &val);
	if (emul_failed(res))
		return res;
	res = write_dest(ctx, loop, val);
	if (emul_failed(res))
		return res;
	advance(ctx, loop, EMUL_RSI, 1);
	advance(ctx, loop, EMUL_RDI, 1);
	return res;
}

static enum emul_result one_stos(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res = write_dest(ctx, loop, ctx->gpr[EMUL_RAX]);

	if (!emul_failed(res))
		advance(ctx, loop, EMUL_RDI, 1);
	return res;
}

static enum emul_result one_lods(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 val;

	res = read_source(ctx, loop, &val);
	if (emul_failed(res))
		return res;
	emul_opr_write(ctx, EMUL_OPR_ACC, loop->size, val);
	advance(ctx, loop, EMUL_RSI, 1);
	return EMUL_DONE;
}

static enum emul_result one_cmps(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 src, dst;

	res = read_source(ctx, loop, &src);
	if (emul_failed(res))
		return res;
	res = read_dest(ctx, loop, &dst);
	if (emul_failed(res))
		return res;
	emul_alu_binary(EMUL_OP_CMP, loop->size, src, dst, &ctx->rflags);
	advance(ctx, loop, EMUL_RSI, 1);
	advance(ctx, loop, EMUL_RDI, 1);
	return EMUL_DONE;
}

static enum emul_result one_scas(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 dst;

	res = read_dest(ctx, loop, &dst);
	if (emul_failed(res))
		return res;
	emul_alu_binary(EMUL_OP_CMP, loop->size, ctx->gpr[EMUL_RAX], dst, &ctx->rflags);
	advance(ctx, loop, EMUL_RDI, 1);
	return EMUL_DONE;
}

static enum emul_result one_ins(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 val = 0;

	if (ctx->pio_pos < ctx->pio_have) {
		memcpy(&val, ctx->pio_buf + ctx->pio_pos * loop->size, loop->size);
	} else {
		/* The destination is checked first: what IN has read can't be put back. */
		u64 linear;

		res = emul_linear(ctx, EMUL_SEG_ES, address(ctx, loop, EMUL_RDI), loop->size,
				  EMUL_ACC_WRITE, &linear);
		if (emul_failed(res))
			return res;
		if (!ctx->nrec) { /* else the answer is there already */
			res = emul_probe(ctx, linear, loop->size, EMUL_ACC_WRITE);
			if (emul_failed(res))
				return res;
		}
		res = emul_port_in(ctx, loop->port, loop->size, &val);
		if (emul_failed(res))
			return res;
	}
	res = write_dest(ctx, loop, val);
	if (emul_failed(res))
		return res;
	if (ctx->pio_pos < ctx->pio_have)
		ctx->pio_pos++;
	advance(ctx, loop, EMUL_RDI, 1);
	return res;
}

static enum emul_result one_outs(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	u64 val;

	res = read_source(ctx, loop, &val);
	if (emul_failed(res))
		return res;
	res = emul_port_out(ctx, loop->port, loop->size, val);
	if (!emul_failed(res))
		advance(ctx, loop, EMUL_RSI, 1);
	return res;
}

static enum emul_result one(struct emul_ctx *ctx, const struct loop *loop)
{
	switch (ctx->insn.desc->op) {
	case EMUL_OP_MOVS:
		return one_movs(ctx, loop);
	case EMUL_OP_STOS:
		return one_stos(ctx, loop);
	case EMUL_OP_LODS:
		return one_lods(ctx, loop);
	case EMUL_OP_CMPS:
		return one_cmps(ctx, loop);
	case EMUL_OP_SCAS:
		return one_scas(ctx, loop);
	case EMUL_OP_INS:
		return one_ins(ctx, loop);
	default:
		return one_outs(ctx, loop);
	}
}

/* ---- batches of INS and OUTS ---- */

/*
 * How many of `count` units from seg:ea on, in the direction of DF, lie on one page and within the
 * segment and the address size. *ret_linear: the first unit. 1 also where the first may fault: then
 * the single path raises it.
 */
static unsigned int batch_units(struct emul_ctx *ctx, const struct loop *loop,
				enum emul_segment seg, u64 ea, u64 count, u32 acc, u64 *ret_linear)
{
	struct emul_exception saved = ctx->exception;
	unsigned int size = loop->size;
	u64 offset, room, units, last;

	if (emul_failed(emul_linear(ctx, seg, ea, size, acc, ret_linear)))
		goto single;
	offset = *ret_linear & (GV_PAGE_SIZE - 1);
	if (offset + size > GV_PAGE_SIZE)
		goto single;
	if (loop->step > 0) {
		room = (GV_PAGE_SIZE - offset) / size;
		units = min_t(u64, room, (emul_mask(loop->adsize) - ea) / size + 1);
	} else {
		room = offset / size + 1;
		units = min_t(u64, room, ea / size + 1);
	}
	units = min_t(u64, units, min_t(u64, count, EMUL_PIO_BUF_MAX / size));
	if (units < 2)
		goto single;
	/* The far end; everything between is then within the segment too. */
	if (emul_failed(
		    emul_linear(ctx, seg, ea + (u64)loop->step * (units - 1), size, acc, &last)) ||
	    last != *ret_linear + (u64)loop->step * (units - 1))
		goto single;
	if (ctx->ops->probe(ctx->vcpu, *ret_linear, acc) != EMUL_MEM_OK)
		goto single;
	return units;
single:
	ctx->exception = saved;
	return 1;
}

/* Describes a batch for userspace. */
static void pend_batch(struct emul_ctx *ctx, enum emul_pending_kind kind, const struct loop *loop,
		       unsigned int units)
{
	ctx->pending.kind = kind;
	ctx->pending.size = loop->size;
	ctx->pending.count = units;
	ctx->pending.port = loop->port;
	ctx->pending.in_pio_buf = true;
	ctx->replay = false; /* its answer is the buffer, not a record */
}

/*
 * INS: begins a batch when none is under way (*ret_units 0: do a single unit), and stores one that
 * is there in one piece when it can.
 */
static enum emul_result batch_ins(struct emul_ctx *ctx, const struct loop *loop, u64 count,
				  unsigned int *ret_units)
{
	u64 ea = address(ctx, loop, EMUL_RDI), linear;
	unsigned int units;
	gpa_t gpa;

	*ret_units = 0;
	if (ctx->pio_pos >= ctx->pio_have) {
		units = batch_units(ctx, loop, EMUL_SEG_ES, ea, count, EMUL_ACC_WRITE, &linear);
		if (units < 2)
			return EMUL_DONE;
		ctx->pio_have = units;
		ctx->pio_pos = 0;
		if (ctx->ops->port_in(ctx->vcpu, loop->port, loop->size, ctx->pio_buf, units) ==
		    EMUL_IO_PENDING) {
			pend_batch(ctx, EMUL_PEND_PIO_IN, loop, units);
			return EMUL_PENDING;
		}
	}
	units = ctx->pio_have - ctx->pio_pos;
	if (loop->step < 0 || ctx->pio_pos || units > count)
		return EMUL_DONE;
	if (emul_linear(ctx, EMUL_SEG_ES, ea, units * loop->size, EMUL_ACC_WRITE, &linear) ||
	    (linear & (GV_PAGE_SIZE - 1)) + units * loop->size > GV_PAGE_SIZE)
		return EMUL_DONE;
	if (ctx->ops->write(ctx->vcpu, linear, ctx->pio_buf, units * loop->size, EMUL_ACC_WRITE,
			    &gpa) != EMUL_MEM_OK)
		return EMUL_DONE; /* unit by unit, which tells what is wrong where */
	ctx->pio_pos = ctx->pio_have;
	advance(ctx, loop, EMUL_RDI, units);
	*ret_units = units;
	return EMUL_DONE;
}

/* OUTS: collects a batch and sends it off. *ret_units 0: do a single unit. */
static enum emul_result batch_outs(struct emul_ctx *ctx, const struct loop *loop, u64 count,
				   unsigned int *ret_units)
{
	unsigned int size = loop->size, units, i;
	u64 linear;
	gpa_t gpa;

	*ret_units = 0;
	units = batch_units(ctx, loop, ctx->insn.seg, address(ctx, loop, EMUL_RSI), count,
			    EMUL_ACC_READ, &linear);
	if (units < 2)
		return EMUL_DONE;
	if (loop->step > 0) {
		if (ctx->ops->read(ctx->vcpu, linear, ctx->pio_buf, units * size, EMUL_ACC_READ,
				   &gpa) != EMUL_MEM_OK)
			return EMUL_DONE;
	} else {
		for (i = 0; i < units; i++)
			if (ctx->ops->read(ctx->vcpu, linear - (u64)i * size,
					   ctx->pio_buf + i * size, size, EMUL_ACC_READ,
					   &gpa) != EMUL_MEM_OK)
				return EMUL_DONE;
	}
	advance(ctx, loop, EMUL_RSI, units);
	*ret_units = units;
	if (ctx->ops->port_out(ctx->vcpu, loop->port, size, ctx->pio_buf, units) ==
	    EMUL_IO_PENDING) {
		pend_batch(ctx, EMUL_PEND_PIO_OUT, loop, units);
		return EMUL_POSTED;
	}
	return EMUL_DONE;
}

static enum emul_result iterate(struct emul_ctx *ctx, const struct loop *loop, u64 count,
				unsigned int *ret_units)
{
	u8 op = ctx->insn.desc->op;
	enum emul_result res;

	if (op >= EMUL_OP_INS && count > 1 && ctx->pio_buf && !ctx->tf_at_start) {
		res = op == EMUL_OP_INS ? batch_ins(ctx, loop, count, ret_units)
					: batch_outs(ctx, loop, count, ret_units);
		if (emul_failed(res) || *ret_units)
			return res;
	}
	*ret_units = 1;
	return one(ctx, loop);
}

/* Does the flag result of CMPS or SCAS end the loop? */
static bool compare_ends(const struct emul_ctx *ctx)
{
	u8 op = ctx->insn.desc->op;
	bool equal = ctx->rflags & X86_EFLAGS_ZF;

	if (op != EMUL_OP_CMPS && op != EMUL_OP_SCAS)
		return false;
	return equal == !!(ctx->insn.prefixes & EMUL_PFX_REPNE);
}

static enum emul_result repeat(struct emul_ctx *ctx, const struct loop *loop)
{
	enum emul_result res;
	unsigned int i, units;
	u64 count;

	for (i = 0;; i++) {
		count = address(ctx, loop, EMUL_RCX);
		if (!count)
			return EMUL_DONE;
		if (i >= EMUL_REP_MAX && ctx->pio_pos >= ctx->pio_have)
			return EMUL_RETRY;
		res = iterate(ctx, loop, count, &units);
		if (emul_failed(res))
			return res;
		count -= units;
		emul_gpr_write(ctx, EMUL_RCX, loop->adsize, count);
		emul_next_iteration(ctx);
		if (!count || compare_ends(ctx))
			return res;
		if (ctx->tf_at_start) {
			/* The trap comes after each iteration, with rip at the instruction. */
			ctx->next_rip = ctx->rip;
			return res;
		}
		if (res == EMUL_POSTED)
			return EMUL_PENDING; /* nothing to record: the next iteration follows */
	}
}

static enum emul_result exec_string(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u8 op = insn->desc->op;
	struct loop loop = {.size = insn->opsize, .adsize = insn->adsize};

	if (op >= EMUL_OP_INS) {
		enum emul_result res;

		loop.size = min_t(unsigned int, loop.size, 4);
		loop.port = ctx->gpr[EMUL_RDX];
		res = emul_port_allowed(ctx, loop.port, loop.size);
		if (emul_failed(res))
			return res;
	}
	loop.step = ctx->rflags & X86_EFLAGS_DF ? -(s64)loop.size : (s64)loop.size;
	if (insn->prefixes & (EMUL_PFX_REP | EMUL_PFX_REPNE))
		return repeat(ctx, &loop);
	return one(ctx, &loop);
}

static enum emul_result exec_in_out(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	unsigned int size = min_t(unsigned int, insn->opsize, 4);
	enum emul_result res;
	u64 port, val;

	res = emul_opr_read(ctx, insn->desc->src, 2, &port);
	if (emul_failed(res))
		return res;
	res = emul_port_allowed(ctx, port, size);
	if (emul_failed(res))
		return res;
	if (insn->desc->op == EMUL_OP_OUT)
		return emul_port_out(ctx, port, size, ctx->gpr[EMUL_RAX] & emul_mask(size));
	res = emul_port_in(ctx, port, size, &val);
	if (emul_failed(res))
		return res;
	return emul_opr_write(ctx, EMUL_OPR_ACC, size, val);
}

enum emul_result emul_exec_string(struct emul_ctx *ctx)
{
	if (ctx->insn.desc->op >= EMUL_OP_IN)
		return exec_in_out(ctx);
	return exec_string(ctx);
}
