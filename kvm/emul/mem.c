/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and port accesses of the emulator: segmentation, splitting, records.
 *
 * Every access of an instruction has a number (ctx->seq). One that was carried
 * out leaves a record under its number; when the instruction is executed again
 * after a trip to userspace, the access with that number is answered from the
 * record. So a read of a device happens once, and so does a write, whatever the
 * instruction does in between.
 *
 * Invariants: no operation is given an access that crosses a page; a write in
 * two pieces is begun only when the second piece was probed.
 *
 * Left out: alignment checks (#AC), atomicity of locked accesses that are not
 * naturally aligned.
 */
#include "exec.h"

#define PAGE_OFFSET_MASK 0xfffULL

const struct kvm_segment *emul_seg(struct emul_ctx *ctx, enum emul_segment seg)
{
	seg = array_index_nospec(seg, EMUL_NR_SEGS);
	if (!(ctx->seg_valid & BIT(seg))) {
		ctx->ops->seg_get(ctx->vcpu, seg, &ctx->seg[seg]);
		ctx->seg_valid |= BIT(seg);
	}
	return &ctx->seg[seg];
}

void emul_seg_write(struct emul_ctx *ctx, enum emul_segment seg, const struct kvm_segment *val)
{
	ctx->seg[seg] = *val;
	ctx->seg_valid |= BIT(seg);
	ctx->ops->seg_set(ctx->vcpu, seg, val);
}

static enum emul_result segment_fault(struct emul_ctx *ctx, enum emul_segment seg)
{
	return emul_raise_error(ctx, seg == EMUL_SEG_SS ? EMUL_SS : EMUL_GP, 0);
}

static __always_inline bool canonical(u64 linear, u8 va_bits)
{
	unsigned int shift = 64 - va_bits;

	return (u64)((s64)(linear << shift) >> shift) == linear;
}

bool emul_canonical(const struct emul_ctx *ctx, u64 linear)
{
	return canonical(linear, ctx->va_bits);
}

/* Limit and type of a segment outside 64-bit mode (APM vol. 2, "Segment protection checks"). */
static bool segment_allows(const struct emul_ctx *ctx, const struct kvm_segment *s, u64 ea,
			   unsigned int size, u32 acc)
{
	u64 last = ea + size - 1;

	if (ctx->pe && !ctx->vm86 && !(acc & EMUL_ACC_FETCH)) {
		bool code = s->type & 8, rw = s->type & 2;

		if (s->unusable || !s->present)
			return false;
		if ((acc & EMUL_ACC_WRITE) && (code || !rw))
			return false;
		if (code && !rw)
			return false; /* execute only */
	}
	if ((s->type & 0xc) == 4) /* expand down: valid above the limit */
		return ea > s->limit && last <= (s->db ? 0xffffffffULL : 0xffffULL);
	return last <= s->limit;
}

enum emul_result emul_linear(struct emul_ctx *ctx, enum emul_segment seg, u64 ea, unsigned int size,
			     u32 acc, u64 *ret_linear)
{
	const struct kvm_segment *s;
	u64 linear = ea;

	if (likely(ctx->mode == EMUL_MODE_64)) {
		if (unlikely(seg >= EMUL_SEG_FS))
			linear += emul_seg(ctx, seg)->base;
		if (unlikely(!canonical(linear, ctx->va_bits) ||
			     !canonical(linear + size - 1, ctx->va_bits)))
			return segment_fault(ctx, seg);
		*ret_linear = linear;
		return EMUL_DONE;
	}
	s = emul_seg(ctx, seg);
	if (!segment_allows(ctx, s, ea, size, acc))
		return segment_fault(ctx, seg);
	*ret_linear = (u32)(ea + s->base);
	return EMUL_DONE;
}

/* Outside 64-bit mode addresses wrap at 4 GiB. */
static __always_inline u64 linear_add(const struct emul_ctx *ctx, u64 linear, unsigned int delta)
{
	linear += delta;
	return ctx->mode == EMUL_MODE_64 ? linear : (u32)linear;
}

/* ---- records ---- */

/* Is access seq already done? Then its record, else NULL. */
static __always_inline const struct emul_record *take_record(struct emul_ctx *ctx, u8 seq)
{
	if (likely(ctx->rec_next >= ctx->nrec) || ctx->rec[ctx->rec_next].seq != seq)
		return NULL;
	return &ctx->rec[ctx->rec_next++];
}

/*
 * Notes an access as done. When the list is full the note is dropped: such instructions touch RAM
 * alone up to here, and RAM may be touched again.
 */
static __always_inline void put_record(struct emul_ctx *ctx, u8 seq, u64 data)
{
	struct emul_record *rec;

	if (unlikely(ctx->nrec >= EMUL_NR_RECORDS))
		return;
	rec = &ctx->rec[ctx->nrec++];
	ctx->rec_next = ctx->nrec;
	rec->seq = seq;
	rec->data = data;
}

/* Describes an access for userspace; with `posted` the instruction does not wait for it. */
static enum emul_result pend(struct emul_ctx *ctx, enum emul_pending_kind kind, u8 seq,
			     unsigned int size, u64 data, bool posted)
{
	struct emul_pending *p = &ctx->pending;

	if (!posted && unlikely(ctx->nrec >= EMUL_NR_RECORDS))
		return EMUL_UNHANDLED; /* its answer could not be kept */
	p->kind = kind;
	p->size = size;
	p->count = 1;
	p->in_pio_buf = false;
	memcpy(p->data, &data, sizeof(p->data));
	if (posted)
		return EMUL_POSTED;
	ctx->pending_seq = seq;
	ctx->replay = true;
	return EMUL_PENDING;
}

static enum emul_result mem_failure(enum emul_mem mem)
{
	switch (mem) {
	case EMUL_MEM_FAULT:
		return EMUL_FAULT;
	case EMUL_MEM_RETRY:
		return EMUL_RETRY;
	default:
		return EMUL_UNHANDLED;
	}
}

static __always_inline enum emul_result read_piece(struct emul_ctx *ctx, u64 linear,
						   unsigned int size, u32 acc, u64 *ret_val)
{
	const struct emul_record *rec;
	u8 seq = ctx->seq++;
	u64 val = 0;
	enum emul_mem mem;
	gpa_t gpa;

	rec = take_record(ctx, seq);
	if (rec) {
		*ret_val = rec->data & emul_mask(size);
		return EMUL_DONE;
	}
	mem = ctx->ops->read(ctx->vcpu, linear, &val, size, acc, &gpa);
	if (likely(mem == EMUL_MEM_OK)) {
		put_record(ctx, seq, val);
		*ret_val = val;
		return EMUL_DONE;
	}
	if (mem != EMUL_MEM_MMIO)
		return mem_failure(mem);
	ctx->pending.gpa = gpa;
	return pend(ctx, EMUL_PEND_MMIO_READ, seq, size, 0, false);
}

static __always_inline enum emul_result write_piece(struct emul_ctx *ctx, u64 linear,
						    unsigned int size, u32 acc, u64 val, bool last)
{
	u8 seq = ctx->seq++;
	enum emul_mem mem;
	gpa_t gpa;

	if (take_record(ctx, seq))
		return EMUL_DONE;
	mem = ctx->ops->write(ctx->vcpu, linear, &val, size, acc, &gpa);
	if (likely(mem == EMUL_MEM_OK)) {
		put_record(ctx, seq, 0);
		return EMUL_DONE;
	}
	if (mem != EMUL_MEM_MMIO)
		return mem_failure(mem);
	ctx->pending.gpa = gpa;
	return pend(ctx, EMUL_PEND_MMIO_WRITE, seq, size, val & emul_mask(size), last);
}

/* Bytes of an access that lie on its first page. */
static __always_inline unsigned int first_part(u64 linear, unsigned int size)
{
	unsigned int room = GV_PAGE_SIZE - (linear & PAGE_OFFSET_MASK);

	return unlikely(size > room) ? room : size;
}

/* An access that begins on one page and ends on the next. */
static noinline enum emul_result read_split(struct emul_ctx *ctx, u64 linear, unsigned int size,
					    u32 acc, u64 *ret_val)
{
	unsigned int first = first_part(linear, size);
	enum emul_result res;
	u64 low, high;

	acc &= ~EMUL_ACC_OPERAND;
	res = emul_read(ctx, linear, first, acc, &low);
	if (emul_failed(res))
		return res;
	res = emul_read(ctx, linear_add(ctx, linear, first), size - first, acc, &high);
	if (!emul_failed(res))
		*ret_val = low | high << (8 * first);
	return res;
}

static noinline enum emul_result write_split(struct emul_ctx *ctx, u64 linear, unsigned int size,
					     u32 acc, u64 val, bool last)
{
	unsigned int first = first_part(linear, size);
	enum emul_result res;

	acc &= ~EMUL_ACC_OPERAND;
	res = emul_probe(ctx, linear, size, acc);
	if (emul_failed(res))
		return res;
	res = emul_write(ctx, linear, first, acc, val, false);
	if (emul_failed(res))
		return res;
	return emul_write(ctx, linear_add(ctx, linear, first), size - first, acc,
			  val >> (8 * first), last);
}

enum emul_result emul_read(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
			   u64 *ret_val)
{
	if (unlikely((linear & PAGE_OFFSET_MASK) + size > GV_PAGE_SIZE))
		return read_split(ctx, linear, size, acc, ret_val);
	return read_piece(ctx, linear, size, acc, ret_val);
}

enum emul_result emul_write(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc, u64 val,
			    bool last)
{
	acc |= EMUL_ACC_WRITE;
	if (unlikely((linear & PAGE_OFFSET_MASK) + size > GV_PAGE_SIZE))
		return write_split(ctx, linear, size, acc, val, last);
	return write_piece(ctx, linear, size, acc, val, last);
}

enum emul_result emul_read_wide(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				void *buf)
{
	unsigned int done;

	if (first_part(linear, size) != size)
		acc &= ~EMUL_ACC_OPERAND;
	for (done = 0; done < size;) {
		unsigned int piece = min_t(unsigned int, size - done, 8);
		enum emul_result res;
		u64 val;

		res = emul_read(ctx, linear_add(ctx, linear, done), piece, acc, &val);
		if (emul_failed(res))
			return res;
		memcpy((u8 *)buf + done, &val, piece);
		done += piece;
		acc &= ~EMUL_ACC_OPERAND;
	}
	return EMUL_DONE;
}

enum emul_result emul_write_wide(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				 const void *buf)
{
	enum emul_result res = EMUL_DONE;
	unsigned int done;

	if (first_part(linear, size) != size) {
		acc &= ~EMUL_ACC_OPERAND;
		res = emul_probe(ctx, linear, size, acc | EMUL_ACC_WRITE);
		if (emul_failed(res))
			return res;
	}
	for (done = 0; done < size;) {
		unsigned int piece = min_t(unsigned int, size - done, 8);
		u64 val = 0;

		memcpy(&val, (const u8 *)buf + done, piece);
		res = emul_write(ctx, linear_add(ctx, linear, done), piece, acc, val,
				 done + piece == size);
		if (emul_failed(res))
			return res;
		done += piece;
		acc &= ~EMUL_ACC_OPERAND;
	}
	return res;
}

enum emul_result emul_write_rmw(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				u64 old, u64 val, bool locked)
{
	enum emul_mem mem;
	gpa_t gpa;
	u8 seq;

	if (likely(!locked) || (linear & (size - 1)))
		return emul_write(ctx, linear, size, acc, val, true);
	seq = ctx->seq++;
	if (take_record(ctx, seq))
		return EMUL_DONE;
	/* In parentheses: the kernel has a macro of that name. */
	mem = (ctx->ops->cmpxchg)(ctx->vcpu, linear, &old, &val, size,
				  acc | EMUL_ACC_READ | EMUL_ACC_WRITE, &gpa);
	if (likely(mem == EMUL_MEM_OK)) {
		put_record(ctx, seq, 0);
		return EMUL_DONE;
	}
	if (mem != EMUL_MEM_MMIO)
		return mem_failure(mem);
	ctx->pending.gpa = gpa;
	return pend(ctx, EMUL_PEND_MMIO_WRITE, seq, size, val & emul_mask(size), true);
}

enum emul_result emul_probe(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc)
{
	unsigned int done = 0;

	while (done < size) {
		u64 at = linear_add(ctx, linear, done);
		enum emul_mem mem = ctx->ops->probe(ctx->vcpu, at, acc);

		if (mem != EMUL_MEM_OK && mem != EMUL_MEM_MMIO)
			return mem_failure(mem);
		done += first_part(at, size - done);
	}
	return EMUL_DONE;
}

enum emul_result emul_read_system(struct emul_ctx *ctx, u64 linear, unsigned int size, u64 *ret_val)
{
	return emul_read(ctx, linear, size, EMUL_ACC_READ | EMUL_ACC_IMPLICIT, ret_val);
}

enum emul_result emul_write_system(struct emul_ctx *ctx, u64 linear, unsigned int size, u64 val)
{
	return emul_write(ctx, linear, size, EMUL_ACC_IMPLICIT, val, false);
}

/* ---- ports ---- */

enum emul_result emul_port_in(struct emul_ctx *ctx, u16 port, unsigned int size, u64 *ret_val)
{
	const struct emul_record *rec;
	u8 seq = ctx->seq++;
	u64 val = 0;

	rec = take_record(ctx, seq);
	if (rec) {
		*ret_val = rec->data & emul_mask(size);
		return EMUL_DONE;
	}
	if (ctx->ops->port_in(ctx->vcpu, port, size, &val, 1) == EMUL_IO_DONE) {
		put_record(ctx, seq, val);
		*ret_val = val & emul_mask(size);
		return EMUL_DONE;
	}
	ctx->pending.port = port;
	return pend(ctx, EMUL_PEND_PIO_IN, seq, size, 0, false);
}

enum emul_result emul_port_out(struct emul_ctx *ctx, u16 port, unsigned int size, u64 val)
{
	u8 seq = ctx->seq++;

	if (take_record(ctx, seq))
		return EMUL_DONE;
	if (ctx->ops->port_out(ctx->vcpu, port, size, &val, 1) == EMUL_IO_DONE) {
		put_record(ctx, seq, 0);
		return EMUL_DONE;
	}
	ctx->pending.port = port;
	return pend(ctx, EMUL_PEND_PIO_OUT, seq, size, val & emul_mask(size), true);
}

enum emul_result emul_port_allowed(struct emul_ctx *ctx, u16 port, unsigned int size)
{
	unsigned int iopl = (ctx->rflags & X86_EFLAGS_IOPL) >> 12;
	const struct kvm_segment *tr;
	enum emul_result res;
	u64 map_base, bits;
	u32 byte;

	if (likely(!ctx->pe || ctx->io_checked || (!ctx->vm86 && ctx->cpl <= iopl)))
		return EMUL_DONE;
	/* Not asked again when the instruction is gone on with: numbers then start behind this. */
	/* APM vol. 2, "I/O-permission bitmap": two bytes are read, and both must be in the TSS. */
	tr = emul_seg(ctx, EMUL_SEG_TR);
	if (tr->unusable || !(tr->type & 8) || tr->limit < 103)
		return emul_gp0(ctx);
	res = emul_read_system(ctx, tr->base + 102, 2, &map_base);
	if (emul_failed(res))
		return res;
	byte = map_base + port / 8;
	if (byte + 1 > tr->limit)
		return emul_gp0(ctx);
	res = emul_read_system(ctx, tr->base + byte, 2, &bits);
	if (emul_failed(res))
		return res;
	if ((bits >> (port & 7)) & ((1u << size) - 1))
		return emul_gp0(ctx);
	ctx->io_checked = true;
	emul_next_iteration(ctx);
	return EMUL_DONE;
}
