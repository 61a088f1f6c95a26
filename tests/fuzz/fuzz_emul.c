/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator with everything hostile: code, registers, segments, memory and
 * the answers of the operations come from the input; operations may fault, ask
 * for a retry or send the access to userspace.
 *
 * Checked besides the sanitizers: accesses given to the operations are legal
 * (one page, at most 8 bytes on MMIO), every step ends, a fault leaves rip, and
 * an instruction in progress is finished after a bounded number of answers.
 */
#include <stdlib.h>

#include "emul/exec.h"

struct input {
	const uint8_t *pos, *end;
};

struct world {
	struct input in;
	struct emul_ctx ctx;
	u64 gpr[16];
	u8 pio[EMUL_PIO_BUF_MAX];
};

static void require(int cond)
{
	if (!cond)
		abort();
}

static void take(struct input *in, void *buf, size_t size)
{
	size_t have = in->end - in->pos;

	memset(buf, 0, size);
	if (have > size)
		have = size;
	memcpy(buf, in->pos, have);
	in->pos += have;
}

static u8 take8(struct input *in)
{
	u8 val;

	take(in, &val, 1);
	return val;
}

static u64 take64(struct input *in)
{
	u64 val;

	take(in, &val, 8);
	return val;
}

/* What an access answers: mostly OK, so that instructions get somewhere. */
static enum emul_mem answer(struct world *w, gpa_t *ret_gpa)
{
	switch (take8(&w->in) & 15) {
	case 1:
		w->ctx.exception = (struct emul_exception){.vector = 14, .has_error = true};
		return EMUL_MEM_FAULT;
	case 2:
	case 3:
	case 4:
		if (ret_gpa)
			*ret_gpa = 0xfee00000;
		return EMUL_MEM_MMIO;
	case 5:
		return EMUL_MEM_RETRY;
	default:
		return EMUL_MEM_OK;
	}
}

static void check_access(u64 linear, unsigned int len)
{
	require(len >= 1 && len <= 4096);
	require((linear & 0xfff) + len <= 0x1000);
}

static enum emul_mem op_read(void *vcpu, u64 linear, void *buf, unsigned int len, u32 acc,
			     gpa_t *ret_gpa)
{
	struct world *w = vcpu;
	enum emul_mem res = answer(w, ret_gpa);

	check_access(linear, len);
	if (res == EMUL_MEM_MMIO && !(acc & EMUL_ACC_FETCH) && len > 8)
		require(w->ctx.insn.desc->op == EMUL_OP_OUTS);
	if (res == EMUL_MEM_OK)
		take(&w->in, buf, len > 16 && !(acc & EMUL_ACC_FETCH) ? 16 : len);
	return res;
}

static enum emul_mem op_write(void *vcpu, u64 linear, const void *buf, unsigned int len, u32 acc,
			      gpa_t *ret_gpa)
{
	static volatile u8 sink;

	check_access(linear, len);
	require(acc & EMUL_ACC_WRITE);
	for (unsigned int i = 0; i < len; i++)
		sink = ((const u8 *)buf)[i];
	(void)sink;
	return answer(vcpu, ret_gpa);
}

static enum emul_mem op_cmpxchg(void *vcpu, u64 linear, const void *old, const void *new,
				unsigned int len, u32 acc, gpa_t *ret_gpa)
{
	require(len <= 16 && !(linear & (len - 1)));
	require(!memcmp(old, old, len));
	return op_write(vcpu, linear, new, len, acc, ret_gpa);
}

static enum emul_mem op_probe(void *vcpu, u64 linear, u32 acc)
{
	(void)linear;
	(void)acc;
	return answer(vcpu, NULL);
}

static enum emul_io op_port_in(void *vcpu, u16 port, unsigned int size, void *buf,
			       unsigned int count)
{
	struct world *w = vcpu;

	(void)port;
	require(size == 1 || size == 2 || size == 4);
	require(count >= 1 && size * count <= EMUL_PIO_BUF_MAX);
	if (take8(&w->in) & 1)
		return EMUL_IO_PENDING;
	memset(buf, 0x5a, size * count);
	return EMUL_IO_DONE;
}

static enum emul_io op_port_out(void *vcpu, u16 port, unsigned int size, const void *buf,
				unsigned int count)
{
	(void)port;
	require(count == 1 || buf == ((struct world *)vcpu)->pio);
	require(count >= 1 && size * count <= EMUL_PIO_BUF_MAX);
	return take8(&((struct world *)vcpu)->in) & 1 ? EMUL_IO_PENDING : EMUL_IO_DONE;
}

static void op_seg_get(void *vcpu, enum emul_segment seg, struct kvm_segment *ret_seg)
{
	struct world *w = vcpu;
	u8 bits = take8(&w->in);

	require(seg < EMUL_NR_SEGS);
	*ret_seg = (struct kvm_segment){
		.base = take64(&w->in),
		.limit = (u32)take8(&w->in) << (bits & 31) | 0xfff,
		.selector = take64(&w->in),
		.type = take8(&w->in) & 15,
		.dpl = (bits >> 1) & 3,
		.db = (bits >> 3) & 1,
		.present = !(bits & 64),
		.unusable = bits >> 7,
		.s = 1,
	};
}

static void op_seg_set(void *vcpu, enum emul_segment seg, const struct kvm_segment *val)
{
	(void)vcpu;
	require(seg < EMUL_NR_SEGS);
	require(val->type < 16 && val->dpl < 4);
}

static void op_dtr_get(void *vcpu, bool idt, struct emul_dtr *ret_dtr)
{
	struct world *w = vcpu;

	(void)idt;
	ret_dtr->base = take64(&w->in);
	ret_dtr->limit = take64(&w->in);
}

static void op_dtr_set(void *vcpu, bool idt, const struct emul_dtr *val)
{
	(void)vcpu;
	(void)idt;
	(void)val;
}

static u64 op_cr_get(void *vcpu, unsigned int cr)
{
	require(cr == 0 || cr == 2 || cr == 3 || cr == 4 || cr == 8);
	return take64(&((struct world *)vcpu)->in);
}

static enum emul_sys op_cr_set(void *vcpu, unsigned int cr, u64 val)
{
	(void)val;
	require(cr == 0 || cr == 2 || cr == 3 || cr == 4 || cr == 8);
	return take8(&((struct world *)vcpu)->in) % 3;
}

static enum emul_sys op_dr_get(void *vcpu, unsigned int dr, u64 *ret_val)
{
	require(dr < 4 || dr == 6 || dr == 7);
	*ret_val = take64(&((struct world *)vcpu)->in);
	return EMUL_SYS_OK;
}

static enum emul_sys op_dr_set(void *vcpu, unsigned int dr, u64 val)
{
	(void)val;
	require(dr < 4 || dr == 6 || dr == 7);
	return take8(&((struct world *)vcpu)->in) % 3;
}

static u64 op_xcr0_get(void *vcpu)
{
	return take64(&((struct world *)vcpu)->in);
}

static enum emul_sys op_system(void *vcpu, enum emul_sysop what, u64 arg)
{
	(void)what;
	(void)arg;
	switch (take8(&((struct world *)vcpu)->in) & 7) {
	case 1:
		return EMUL_SYS_GP;
	case 2:
		return EMUL_SYS_UD;
	case 3:
		return EMUL_SYS_UNHANDLED;
	default:
		return EMUL_SYS_OK;
	}
}

static void op_simd_get(void *vcpu, enum emul_simd kind, unsigned int reg, void *buf,
			unsigned int len)
{
	(void)vcpu;
	require(reg < (kind == EMUL_SIMD_MMX ? 8 : 16) && len <= 32);
	memset(buf, reg, len);
}

static void op_simd_set(void *vcpu, enum emul_simd kind, unsigned int reg, const void *buf,
			unsigned int len, bool zero_upper)
{
	(void)vcpu;
	(void)zero_upper;
	require(reg < (kind == EMUL_SIMD_MMX ? 8 : 16) && len <= 32);
	require(!memcmp(buf, buf, len));
}

static const struct emul_ops ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.probe = op_probe,
	.port_in = op_port_in,
	.port_out = op_port_out,
	.seg_get = op_seg_get,
	.seg_set = op_seg_set,
	.dtr_get = op_dtr_get,
	.dtr_set = op_dtr_set,
	.cr_get = op_cr_get,
	.cr_set = op_cr_set,
	.dr_get = op_dr_get,
	.dr_set = op_dr_set,
	.xcr0_get = op_xcr0_get,
	.system = op_system,
	.simd_get = op_simd_get,
	.simd_set = op_simd_set,
};

static void check_pending(const struct world *w)
{
	const struct emul_pending *p = &w->ctx.pending;

	switch (p->kind) {
	case EMUL_PEND_MMIO_READ:
	case EMUL_PEND_MMIO_WRITE:
		require(p->size >= 1 && p->size <= 8 && p->count == 1 && !p->in_pio_buf);
		break;
	case EMUL_PEND_PIO_IN:
	case EMUL_PEND_PIO_OUT:
		require(p->size == 1 || p->size == 2 || p->size == 4);
		require(p->count >= 1 && p->count * p->size <= EMUL_PIO_BUF_MAX);
		require(p->in_pio_buf || p->count == 1);
		break;
	default:
		abort();
	}
}

static void fill_context(struct world *w)
{
	struct emul_ctx *ctx = &w->ctx;
	u8 shape = take8(&w->in);
	unsigned int i;

	emul_begin(ctx);
	ctx->gpr = w->gpr;
	ctx->mode = shape % 3;
	ctx->pe = ctx->mode != EMUL_MODE_16 || shape & 0x10;
	ctx->vm86 = ctx->mode == EMUL_MODE_16 && ctx->pe && shape & 0x20;
	ctx->lma = ctx->mode == EMUL_MODE_64 || (ctx->pe && shape & 0x40);
	ctx->cpl = ctx->vm86 ? 3 : ctx->pe ? (shape >> 2) & 3 : 0;
	ctx->va_bits = shape & 0x80 ? 57 : 48;
	ctx->rflags = (take64(&w->in) & 0x3f7fd5) | X86_EFLAGS_FIXED;
	ctx->rip = 0x1000 + take8(&w->in) * 16;
	ctx->nbytes = 15;
	take(&w->in, ctx->bytes, 15);
	for (i = 0; i < 4; i++)
		w->gpr[take8(&w->in) & 15] = take64(&w->in);
	w->gpr[EMUL_RCX] &= 0xffff;
	ctx->pio_buf = shape & 1 ? w->pio : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	enum emul_result res;
	unsigned int steps = 0;
	u64 rip;

	memset(&w, 0, offsetof(struct world, pio));
	w.in = (struct input){.pos = data, .end = data + size};
	fill_context(&w);
	rip = w.ctx.rip;
	do {
		res = emul_step(&w.ctx, &ops, &w);
		require(res < EMUL_NR_RESULTS);
		require(w.ctx.active == (res == EMUL_PENDING));
		if (res == EMUL_PENDING || res == EMUL_POSTED)
			check_pending(&w);
		if (res == EMUL_PENDING || res == EMUL_FAULT || res == EMUL_RETRY ||
		    res == EMUL_UNHANDLED)
			require(w.ctx.rip == rip);
		if (res == EMUL_FAULT)
			require(w.ctx.exception.vector < 32);
		if (res == EMUL_PENDING) {
			/* Not all of the buffer: that would eat the input. */
			take(&w.in, emul_pending_data(&w.ctx), 8);
		}
		/* A REP loop may go out once for each unit; anything else a few times. */
		require(++steps <= 2 * 0x10000 + 64);
	} while (res == EMUL_PENDING);
	return 0;
}
