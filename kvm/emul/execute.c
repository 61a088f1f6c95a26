/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame of the emulator: fetch and decode, choice of the family, retirement,
 * and re-entry after a trip to userspace.
 *
 * Invariants: ctx->active is set exactly while an instruction waits for an
 * answer. rip moves only here (retire()), and in string loops, which keep it.
 * ctx->ops and ctx->vcpu are cleared on the way out.
 */
#include "exec.h"

static const char *const result_names[EMUL_NR_RESULTS] = {
	[EMUL_DONE] = "done",		[EMUL_POSTED] = "posted", [EMUL_PENDING] = "pending",
	[EMUL_FAULT] = "fault",		[EMUL_HALT] = "halt",	  [EMUL_RETRY] = "retry",
	[EMUL_UNHANDLED] = "unhandled",
};

const char *emul_result_name(enum emul_result res)
{
	unsigned int i = res;

	return i < EMUL_NR_RESULTS ? result_names[i] : "invalid";
}

enum emul_result emul_raise(struct emul_ctx *ctx, u8 vector)
{
	ctx->exception = (struct emul_exception){.vector = vector};
	return EMUL_FAULT;
}

enum emul_result emul_raise_error(struct emul_ctx *ctx, u8 vector, u32 error_code)
{
	ctx->exception = (struct emul_exception){
		.vector = vector, .has_error = true, .error_code = error_code};
	return EMUL_FAULT;
}

enum emul_result emul_gp0(struct emul_ctx *ctx)
{
	return emul_raise_error(ctx, EMUL_GP, 0);
}

enum emul_result emul_ud(struct emul_ctx *ctx)
{
	return emul_raise(ctx, EMUL_UD_VECTOR);
}

enum emul_result emul_from_sys(struct emul_ctx *ctx, enum emul_sys sys)
{
	switch (sys) {
	case EMUL_SYS_OK:
		return EMUL_DONE;
	case EMUL_SYS_GP:
		return emul_gp0(ctx);
	case EMUL_SYS_UD:
		return emul_ud(ctx);
	case EMUL_SYS_FAULT:
		return EMUL_FAULT;
	default:
		return EMUL_UNHANDLED;
	}
}

static __always_inline void forget_accesses(struct emul_ctx *ctx)
{
	ctx->nrec = 0;
	ctx->rec_next = 0;
	ctx->seq = 0;
}

void emul_next_iteration(struct emul_ctx *ctx)
{
	forget_accesses(ctx);
}

/*
 * Adds bytes to ctx->bytes behind the nbytes that are there: up to 15 in all, not beyond the
 * page or the code segment's limit. EMUL_DONE with no byte added: the limit.
 */
static enum emul_result fetch_more(struct emul_ctx *ctx)
{
	unsigned int want = EMUL_INSN_MAX - ctx->nbytes;
	u64 ip = ctx->rip + ctx->nbytes, linear = ip;
	enum emul_mem mem;
	gpa_t gpa;

	if (ctx->mode != EMUL_MODE_64) {
		const struct kvm_segment *cs = emul_seg(ctx, EMUL_SEG_CS);

		ip = (u32)ip;
		if (ip > cs->limit)
			return EMUL_DONE;
		want = min_t(u64, want, (u64)cs->limit - ip + 1);
		linear = (u32)(cs->base + ip);
	}
	want = min_t(u64, want, GV_PAGE_SIZE - (linear & (GV_PAGE_SIZE - 1)));
	mem = ctx->ops->read(ctx->vcpu, linear, ctx->bytes + ctx->nbytes, want,
			     EMUL_ACC_READ | EMUL_ACC_FETCH, &gpa);
	if (mem == EMUL_MEM_FAULT)
		return EMUL_FAULT;
	if (mem != EMUL_MEM_OK)
		return mem == EMUL_MEM_RETRY ? EMUL_RETRY : EMUL_UNHANDLED;
	ctx->nbytes += want;
	return EMUL_DONE;
}

/*
 * Are the 15 bytes those that ctx->insn came from? Decoding depends on nothing but them and the
 * mode.
 */
static __always_inline bool same_as_last(const struct emul_ctx *ctx)
{
	u64 low, high;

	memcpy(&low, ctx->bytes, 8);
	memcpy(&high, ctx->bytes + 7, 8);
	return ctx->nbytes == EMUL_INSN_MAX && low == ctx->last_low && high == ctx->last_high &&
	       ctx->mode == ctx->last_mode && ctx->insn.desc;
}

/* The decoder was not content: the exception, or more bytes, a page at a time. */
static noinline enum emul_result fetch_decode(struct emul_ctx *ctx, enum emul_decode_result why)
{
	unsigned int before;
	enum emul_result res;

	for (;;) {
		switch (why) {
		case EMUL_DECODE_OK:
			return EMUL_DONE;
		case EMUL_DECODE_INVALID:
			return emul_ud(ctx);
		case EMUL_DECODE_TOO_LONG:
			return emul_gp0(ctx);
		case EMUL_DECODE_MORE:
			break;
		}
		before = ctx->nbytes;
		res = fetch_more(ctx);
		if (res)
			return res;
		if (ctx->nbytes == before)
			return emul_gp0(ctx);
		why = emul_decode(&ctx->insn, ctx->bytes, ctx->nbytes, ctx->mode);
	}
}

static struct emul_kept *kept_at(struct emul_ctx *ctx, u64 low)
{
	return &ctx->kept[low * 0x9e3779b97f4a7c15ULL >> (64 - EMUL_KEPT_BITS)];
}

/* Decodes what is there, unless it is among those kept; keeps it when the fetch was a full one. */
static enum emul_result decode(struct emul_ctx *ctx)
{
	enum emul_decode_result why;
	struct emul_kept *k;
	u64 low, high;

	ctx->last_mode = EMUL_NR_MODES;
	memcpy(&low, ctx->bytes, 8);
	memcpy(&high, ctx->bytes + 7, 8);
	k = kept_at(ctx, low);
	if (ctx->nbytes == EMUL_INSN_MAX && k->low == low && k->high == high &&
	    k->mode == ctx->mode && k->insn.desc) {
		ctx->insn = k->insn;
	} else {
		why = emul_decode(&ctx->insn, ctx->bytes, ctx->nbytes, ctx->mode);
		if (unlikely(why))
			return fetch_decode(ctx, why);
		if (unlikely(ctx->nbytes != EMUL_INSN_MAX))
			return EMUL_DONE;
		*k = (struct emul_kept){
			.low = low, .high = high, .mode = ctx->mode, .insn = ctx->insn};
	}
	ctx->last_mode = ctx->mode;
	ctx->last_low = low;
	ctx->last_high = high;
	return EMUL_DONE;
}

static enum emul_result execute(struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u8 op = insn->desc->op;

	/* Vector prefixes: only the moves are executed, and only outside real and vm86 mode. */
	if (unlikely(insn->vex)) {
		if (!ctx->pe || ctx->vm86)
			return emul_ud(ctx);
		if (insn->vex != EMUL_VEX_VEX)
			return EMUL_UNHANDLED;
	}
	if (likely(op <= EMUL_OP_LAST_MOV))
		return emul_exec_mov(ctx);
	if (op <= EMUL_OP_LAST_ALU)
		return emul_exec_alu(ctx);
	if (op <= EMUL_OP_LAST_STRING)
		return emul_exec_string(ctx);
	if (op <= EMUL_OP_LAST_STACK)
		return emul_exec_stack(ctx);
	if (op <= EMUL_OP_LAST_CONTROL)
		return emul_exec_control(ctx);
	if (op <= EMUL_OP_LAST_FAR)
		return emul_exec_far(ctx);
	if (op <= EMUL_OP_LAST_SYSTEM)
		return emul_exec_system(ctx);
	return emul_exec_simd(ctx);
}

/* The instruction is over: rip, RF, single-step trap. */
static void retire(struct emul_ctx *ctx)
{
	ctx->rip = ctx->next_rip;
	/* IRET alone sets RF; it asks for that by keeping it. */
	if (likely(ctx->insn.desc->op != EMUL_OP_IRET))
		ctx->rflags &= ~(u64)X86_EFLAGS_RF;
	/* No trap between a load of SS and the instruction behind it. */
	ctx->tf_trap = ctx->tf_at_start && !(ctx->shadow & EMUL_SHADOW_MOV_SS);
	ctx->active = false;
}

/* A new instruction: fetch, decode, reset of what a pass over it uses. */
static __always_inline enum emul_result begin(struct emul_ctx *ctx)
{
	enum emul_result res;

	if (unlikely(ctx->nbytes - 1u >= EMUL_INSN_MAX)) {
		ctx->nbytes = 0;
		res = fetch_more(ctx);
		if (unlikely(res))
			return res;
		if (!ctx->nbytes)
			return emul_gp0(ctx); /* rip is beyond the limit */
	}
	if (!same_as_last(ctx)) {
		res = decode(ctx);
		if (unlikely(res))
			return res;
	}
	ctx->next_rip = ctx->rip + ctx->insn.len;
	if (ctx->mode != EMUL_MODE_64)
		ctx->next_rip &= ctx->mode == EMUL_MODE_16 ? 0xffff : 0xffffffff;
	ctx->tf_at_start = ctx->rflags & X86_EFLAGS_TF;
	ctx->replay = false;
	ctx->pio_have = 0;
	ctx->pio_pos = 0;
	forget_accesses(ctx);
	return EMUL_DONE;
}

/* Puts userspace's answer among the records. */
static void take_answer(struct emul_ctx *ctx)
{
	if (ctx->replay && ctx->nrec < EMUL_NR_RECORDS) {
		struct emul_record *rec = &ctx->rec[ctx->nrec++];

		rec->seq = ctx->pending_seq;
		memcpy(&rec->data, ctx->pending.data, sizeof(rec->data));
	}
	ctx->replay = false;
	ctx->seq = 0;
	ctx->rec_next = 0;
}

enum emul_result emul_step(struct emul_ctx *ctx, const struct emul_ops *ops, void *vcpu)
{
	enum emul_result res;

	ctx->ops = ops;
	ctx->vcpu = vcpu;
	ctx->shadow = 0;
	ctx->tf_trap = false;
	ctx->far_branch = false;
	if (likely(!ctx->active)) {
		res = begin(ctx);
		if (unlikely(res))
			goto out;
		ctx->active = true;
	} else {
		take_answer(ctx);
	}
	ctx->pending.kind = EMUL_PEND_NONE;
	res = execute(ctx);
	if (likely(res <= EMUL_POSTED || res == EMUL_HALT))
		retire(ctx);
	else if (res != EMUL_PENDING)
		ctx->active = false;
out:
	ctx->ops = NULL;
	ctx->vcpu = NULL;
	return res;
}
