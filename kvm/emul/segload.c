/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment loads: descriptors fetched, checked and put into segment caches
 * (APM vol. 2, "Legacy Segment Descriptors", "Protected-mode access checks").
 *
 * Invariants: nothing is changed until all checks have passed; the accessed
 * and busy bits are written to memory before the cache is.
 *
 * Left out: gates and task switches (the callers answer EMUL_UNHANDLED).
 */
#include "exec.h"

#define SELECTOR_RPL   3
#define SELECTOR_TI    4
#define SELECTOR_INDEX 0xfff8

#define TYPE_CODE	0x8
#define TYPE_CONFORMING 0x4
#define TYPE_RW		0x2
#define TYPE_ACCESSED	0x1

enum emul_result emul_raise_sel(struct emul_ctx *ctx, u8 vector, u16 selector)
{
	return emul_raise_error(ctx, vector, selector & ~SELECTOR_RPL);
}

/* Legacy descriptor to cache. */
static void expand(u64 raw, u16 selector, struct kvm_segment *ret_seg)
{
	u32 limit = (raw & 0xffff) | ((raw >> 32) & 0xf0000);

	*ret_seg = (struct kvm_segment){
		.base = ((raw >> 16) & 0xffffff) | ((raw >> 32) & 0xff000000),
		.limit = limit,
		.selector = selector,
		.type = (raw >> 40) & 15,
		.s = (raw >> 44) & 1,
		.dpl = (raw >> 45) & 3,
		.present = (raw >> 47) & 1,
		.avl = (raw >> 52) & 1,
		.l = (raw >> 53) & 1,
		.db = (raw >> 54) & 1,
		.g = (raw >> 55) & 1,
	};
	if (ret_seg->g)
		ret_seg->limit = limit << 12 | 0xfff;
}

/* Linear address of a selector's descriptor; false: beyond the table. */
static bool desc_address(struct emul_ctx *ctx, u16 selector, unsigned int size, u64 *ret_linear)
{
	u32 index = selector & SELECTOR_INDEX;
	struct emul_dtr gdt;

	if (selector & SELECTOR_TI) {
		const struct kvm_segment *ldt = emul_seg(ctx, EMUL_SEG_LDTR);

		if (ldt->unusable || !ldt->present || index + size - 1 > ldt->limit)
			return false;
		*ret_linear = ldt->base + index;
	} else {
		ctx->ops->dtr_get(ctx->vcpu, false, &gdt);
		if (index + size - 1 > gdt.limit)
			return false;
		*ret_linear = gdt.base + index;
	}
	if (!ctx->lma)
		*ret_linear = (u32)*ret_linear;
	return true;
}

enum emul_result emul_fetch_desc(struct emul_ctx *ctx, u16 selector, u8 vector, bool wide,
				 struct emul_desc *ret_desc)
{
	enum emul_result res;
	u64 high;

	if (!desc_address(ctx, selector, wide ? 16 : 8, &ret_desc->linear))
		return emul_raise_sel(ctx, vector, selector);
	res = emul_read_system(ctx, ret_desc->linear, 8, &ret_desc->raw);
	if (emul_failed(res))
		return res;
	expand(ret_desc->raw, selector, &ret_desc->seg);
	ret_desc->is_gate = !ret_desc->seg.s && (ret_desc->seg.type & 4);
	if (!wide)
		return EMUL_DONE;
	res = emul_read_system(ctx, ret_desc->linear + 8, 8, &high);
	if (emul_failed(res))
		return res;
	ret_desc->seg.base |= high << 32;
	if (((high >> 40) & 0x1f) || !emul_canonical(ctx, ret_desc->seg.base))
		return emul_raise_sel(ctx, EMUL_GP, selector);
	return EMUL_DONE;
}

/* Writes the descriptor's byte of type bits. */
static enum emul_result write_type(struct emul_ctx *ctx, struct emul_desc *desc, u8 bits)
{
	desc->seg.type |= bits;
	desc->raw |= (u64)bits << 40;
	return emul_write_system(ctx, desc->linear + 5, 1, (desc->raw >> 40) & 0xff);
}

enum emul_result emul_mark_accessed(struct emul_ctx *ctx, struct emul_desc *desc)
{
	if (desc->seg.type & TYPE_ACCESSED)
		return EMUL_DONE;
	return write_type(ctx, desc, TYPE_ACCESSED);
}

void emul_real_segment(struct emul_ctx *ctx, enum emul_segment seg, u16 selector,
		       struct kvm_segment *ret_seg)
{
	/* Real mode leaves limit and attributes as they are; that is what unreal mode lives on. */
	*ret_seg = *emul_seg(ctx, seg);
	ret_seg->selector = selector;
	ret_seg->base = (u32)selector << 4;
	if (ctx->vm86) {
		ret_seg->limit = 0xffff;
		ret_seg->type = 3;
		ret_seg->s = 1;
		ret_seg->dpl = 3;
		ret_seg->present = 1;
		ret_seg->avl = ret_seg->l = ret_seg->db = ret_seg->g = 0;
		ret_seg->unusable = 0;
	}
}

/* Null selector: SS takes one in 64-bit mode below CPL 3 only, the others always. */
static enum emul_result load_null(struct emul_ctx *ctx, enum emul_segment seg, u16 selector)
{
	struct kvm_segment null = {.selector = selector, .unusable = 1};

	if (seg == EMUL_SEG_SS) {
		if (ctx->mode != EMUL_MODE_64 || ctx->cpl == 3 ||
		    (selector & SELECTOR_RPL) != ctx->cpl)
			return emul_gp0(ctx);
		null.dpl = ctx->cpl;
	}
	emul_seg_write(ctx, seg, &null);
	return EMUL_DONE;
}

static enum emul_result check_stack(struct emul_ctx *ctx, const struct kvm_segment *s)
{
	u16 selector = s->selector;

	if ((selector & SELECTOR_RPL) != ctx->cpl || !s->s || (s->type & TYPE_CODE) ||
	    !(s->type & TYPE_RW) || s->dpl != ctx->cpl)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!s->present)
		return emul_raise_sel(ctx, EMUL_SS, selector);
	return EMUL_DONE;
}

static enum emul_result check_data(struct emul_ctx *ctx, const struct kvm_segment *s)
{
	u16 selector = s->selector;
	bool code = s->type & TYPE_CODE;
	u8 rpl = selector & SELECTOR_RPL;

	if (!s->s || (code && !(s->type & TYPE_RW)))
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!(code && (s->type & TYPE_CONFORMING)) && max_t(u8, rpl, ctx->cpl) > s->dpl)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!s->present)
		return emul_raise_sel(ctx, EMUL_NP, selector);
	return EMUL_DONE;
}

enum emul_result emul_load_segment(struct emul_ctx *ctx, enum emul_segment seg, u16 selector)
{
	struct kvm_segment real;
	struct emul_desc desc;
	enum emul_result res;

	if (!ctx->pe || ctx->vm86) {
		emul_real_segment(ctx, seg, selector, &real);
		emul_seg_write(ctx, seg, &real);
		return EMUL_DONE;
	}
	if (!(selector & ~SELECTOR_RPL))
		return load_null(ctx, seg, selector);
	res = emul_fetch_desc(ctx, selector, EMUL_GP, false, &desc);
	if (emul_failed(res))
		return res;
	res = seg == EMUL_SEG_SS ? check_stack(ctx, &desc.seg) : check_data(ctx, &desc.seg);
	if (emul_failed(res))
		return res;
	res = emul_mark_accessed(ctx, &desc);
	if (emul_failed(res))
		return res;
	emul_seg_write(ctx, seg, &desc.seg);
	return EMUL_DONE;
}

enum emul_result emul_load_system_segment(struct emul_ctx *ctx, enum emul_segment seg, u16 selector)
{
	struct kvm_segment null = {.selector = selector, .unusable = 1};
	bool ldt = seg == EMUL_SEG_LDTR;
	struct emul_desc desc;
	enum emul_result res;

	if (!(selector & ~SELECTOR_RPL)) {
		if (!ldt)
			return emul_gp0(ctx);
		emul_seg_write(ctx, seg, &null);
		return EMUL_DONE;
	}
	if (selector & SELECTOR_TI)
		return emul_raise_sel(ctx, EMUL_GP, selector);
	res = emul_fetch_desc(ctx, selector, EMUL_GP, ctx->lma, &desc);
	if (emul_failed(res))
		return res;
	/* LDT is type 2; an available TSS is 9, or 1 for 16 bits outside long mode. */
	if (desc.seg.s ||
	    (ldt ? desc.seg.type != 2 : desc.seg.type != 9 && (ctx->lma || desc.seg.type != 1)))
		return emul_raise_sel(ctx, EMUL_GP, selector);
	if (!desc.seg.present)
		return emul_raise_sel(ctx, EMUL_NP, selector);
	if (!ldt) {
		res = write_type(ctx, &desc, 2); /* busy */
		if (emul_failed(res))
			return res;
	}
	emul_seg_write(ctx, seg, &desc.seg);
	return EMUL_DONE;
}
