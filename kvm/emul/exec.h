/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the emulator: what the executors of the families share. Nothing
 * outside emul/ includes this.
 *
 * An executor returns EMUL_DONE when the instruction is carried out; the frame
 * (execute.c) then moves rip on to ctx->next_rip. It changes registers and
 * flags only after the last thing that can fail. EMUL_POSTED counts as success
 * (emul_failed() is false): a write is on its way to userspace.
 */
#ifndef GLASSVISOR_EMUL_EXEC_H
#define GLASSVISOR_EMUL_EXEC_H

#include "alu.h"
#include <asm/processor-flags.h>

enum emul_vector {
	EMUL_DE = 0,
	EMUL_DB = 1,
	EMUL_UD_VECTOR = 6,
	EMUL_NM = 7,
	EMUL_TS = 10,
	EMUL_NP = 11,
	EMUL_SS = 12,
	EMUL_GP = 13,
};

static __always_inline bool emul_failed(enum emul_result res)
{
	return unlikely(res > EMUL_POSTED);
}

/* ---- execute.c ---- */

/* Fills ctx->exception; EMUL_FAULT, for the caller to return. */
enum emul_result emul_raise(struct emul_ctx *ctx, u8 vector);
enum emul_result emul_raise_error(struct emul_ctx *ctx, u8 vector, u32 error_code);
enum emul_result emul_gp0(struct emul_ctx *ctx);
enum emul_result emul_ud(struct emul_ctx *ctx);
/* What an operation of the glue answered, as a result. */
enum emul_result emul_from_sys(struct emul_ctx *ctx, enum emul_sys sys);
/* One REP iteration is over and committed: forgets its accesses. */
void emul_next_iteration(struct emul_ctx *ctx);

/* ---- mem.c: segments, linear addresses, accesses ---- */

/* The cached segment, read from the vCPU when needed. */
const struct kvm_segment *emul_seg(struct emul_ctx *ctx, enum emul_segment seg);
/* Are the bits above ctx->va_bits all equal? */
bool emul_canonical(const struct emul_ctx *ctx, u64 linear);
void emul_seg_write(struct emul_ctx *ctx, enum emul_segment seg, const struct kvm_segment *val);

/*
 * Checks size bytes at seg:ea for an access (limit, type, canonical form) and gives the linear
 * address. #SS for the stack segment, else #GP, both with error code 0.
 */
enum emul_result emul_linear(struct emul_ctx *ctx, enum emul_segment seg, u64 ea, unsigned int size,
			     u32 acc, u64 *ret_linear);

/* 1..8 bytes, which may cross a page. */
enum emul_result emul_read(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
			   u64 *ret_val);
/* As above. `last`: nothing follows that can fail, so an MMIO write may be posted. */
enum emul_result emul_write(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc, u64 val,
			    bool last);
/* 1..32 bytes in pieces of up to 8. */
enum emul_result emul_read_wide(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				void *buf);
enum emul_result emul_write_wide(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				 const void *buf);
/*
 * The write half of a read-modify-write of size (1..8) bytes. Locked: memory must still hold `old`,
 * else EMUL_RETRY. A locked access that is not naturally aligned is done as a plain write.
 */
enum emul_result emul_write_rmw(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc,
				u64 old, u64 val, bool locked);
/*
 * Would writes (acc) to all of size bytes at linear succeed? For several writes of one instruction.
 */
enum emul_result emul_probe(struct emul_ctx *ctx, u64 linear, unsigned int size, u32 acc);
/* System structures (descriptor tables, TSS): supervisor access at a linear address. */
enum emul_result emul_read_system(struct emul_ctx *ctx, u64 linear, unsigned int size,
				  u64 *ret_val);
enum emul_result emul_write_system(struct emul_ctx *ctx, u64 linear, unsigned int size, u64 val);

/* One port access of size bytes; PENDING and POSTED as for memory. */
enum emul_result emul_port_in(struct emul_ctx *ctx, u16 port, unsigned int size, u64 *ret_val);
enum emul_result emul_port_out(struct emul_ctx *ctx, u16 port, unsigned int size, u64 val);
/*
 * IOPL and the TSS's permission bitmap for size ports from port on. Must come before the
 * instruction's other accesses.
 */
enum emul_result emul_port_allowed(struct emul_ctx *ctx, u16 port, unsigned int size);

/* ---- operand.c ---- */

/* Width of the stack pointer in bytes. */
unsigned int emul_stack_size(struct emul_ctx *ctx);

/* General register of size bytes; the high byte registers where the encoding means them. */
static __always_inline u64 emul_gpr_read(const struct emul_ctx *ctx, unsigned int reg,
					 unsigned int size)
{
	if (unlikely(size == 1 && (reg & 12) == 4 && !ctx->insn.rex))
		return (ctx->gpr[reg & 3] >> 8) & 0xff;
	return ctx->gpr[reg & 15] & emul_mask(size);
}

/* 32-bit writes zero the upper half, 8- and 16-bit writes keep it. */
static __always_inline void emul_gpr_write(struct emul_ctx *ctx, unsigned int reg,
					   unsigned int size, u64 val)
{
	u64 *gpr = &ctx->gpr[reg & 15];

	if (size == 8) {
		*gpr = val;
	} else if (size == 4) {
		*gpr = (u32)val;
	} else if (size == 2) {
		*gpr = (*gpr & ~0xffffULL) | (u16)val;
	} else if ((reg & 12) == 4 && !ctx->insn.rex) {
		gpr = &ctx->gpr[reg & 3];
		*gpr = (*gpr & ~0xff00ULL) | (u64)(u8)val << 8;
	} else {
		*gpr = (*gpr & ~0xffULL) | (u8)val;
	}
}

/* Effective address of the memory operand, cut to the address size. */
static __always_inline u64 emul_ea(const struct emul_ctx *ctx)
{
	const struct emul_insn *insn = &ctx->insn;
	u64 ea = insn->disp;

	if (likely(insn->base < 16))
		ea += ctx->gpr[insn->base & 15];
	else if (insn->base == EMUL_REG_RIP)
		ea += ctx->next_rip;
	if (unlikely(insn->index < 16))
		ea += ctx->gpr[insn->index & 15] << insn->scale;
	if (likely(insn->adsize == 8))
		return ea;
	return ea & emul_mask(insn->adsize);
}

/* Its linear address, checked for size bytes. */
static __always_inline enum emul_result emul_rm_linear(struct emul_ctx *ctx, unsigned int size,
						       u32 acc, u64 *ret_linear)
{
	u64 ea = emul_ea(ctx);

	/* Flat 64-bit segments: only canonical form, and that on one page. */
	if (likely(ctx->mode == EMUL_MODE_64 && ctx->insn.seg < EMUL_SEG_FS &&
		   (u64)((s64)ea >> (ctx->va_bits - 1)) + 1 <= 1 &&
		   (ea & (GV_PAGE_SIZE - 1)) + size <= GV_PAGE_SIZE)) {
		*ret_linear = ea;
		return EMUL_DONE;
	}
	return emul_linear(ctx, ctx->insn.seg, ea, size, acc, ret_linear);
}

/* Operand of the row as a value of size bytes, and back; a memory write is the last thing done. */
enum emul_result emul_opr_read(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
			       u64 *ret_val);
enum emul_result emul_opr_write(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
				u64 val);

/* An operand that is read, changed and written. */
struct emul_rmw {
	u64 linear;
	u64 old;
	u32 acc;
	u8 size;
	u8 opr;
	bool locked;
};

enum emul_result emul_rmw_begin(struct emul_ctx *ctx, enum emul_operand opr, unsigned int size,
				struct emul_rmw *rmw);
enum emul_result emul_rmw_end(struct emul_ctx *ctx, const struct emul_rmw *rmw, u64 val);

/* Stack. *rsp is a copy of RSP that the caller commits when all is done. */
enum emul_result emul_push(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 val);
enum emul_result emul_push_last(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 val);
enum emul_result emul_pop(struct emul_ctx *ctx, u64 *rsp, unsigned int size, u64 *ret_val);
/* RSP moved by delta within the stack pointer's width. */
u64 emul_stack_add(struct emul_ctx *ctx, u64 rsp, s64 delta);

/* ---- families ---- */

enum emul_result emul_exec_mov(struct emul_ctx *ctx);
enum emul_result emul_exec_alu(struct emul_ctx *ctx);
enum emul_result emul_exec_string(struct emul_ctx *ctx);
enum emul_result emul_exec_stack(struct emul_ctx *ctx);
enum emul_result emul_exec_control(struct emul_ctx *ctx);
enum emul_result emul_exec_far(struct emul_ctx *ctx);
enum emul_result emul_exec_system(struct emul_ctx *ctx);
enum emul_result emul_exec_simd(struct emul_ctx *ctx);

/* Is IOPL-sensitive code (CLI, STI, PUSHF in vm86, ..) allowed here? */
bool emul_iopl_allows(const struct emul_ctx *ctx);
/*
 * Near branch to target, cut to size bytes: sets ctx->next_rip, or #GP(0) beyond the code
 * segment or when not canonical. Changes nothing else.
 */
enum emul_result emul_branch(struct emul_ctx *ctx, u64 target, unsigned int size);
/* POPF and IRET: new RFLAGS of size bytes with what CPL, IOPL and mode protect kept. */
u64 emul_merge_flags(const struct emul_ctx *ctx, u64 val, unsigned int size);

/* A segment descriptor as fetched, with where it is. */
struct emul_desc {
	struct kvm_segment seg; /* expanded; selector set */
	u64 raw;
	u64 linear;
	bool is_gate; /* system types 4..7, 12, 14, 15 */
};

/*
 * Fetches a selector's descriptor; `vector` (with the selector as error code) is raised when it is
 * beyond its table. System descriptors of long mode (`wide`) have 16 bytes.
 */
enum emul_result emul_fetch_desc(struct emul_ctx *ctx, u16 selector, u8 vector, bool wide,
				 struct emul_desc *ret_desc);
/* Sets the accessed bit in memory if it is clear. */
enum emul_result emul_mark_accessed(struct emul_ctx *ctx, struct emul_desc *desc);
/* Exception with a selector as error code. */
enum emul_result emul_raise_sel(struct emul_ctx *ctx, u8 vector, u16 selector);
/* Segment as real and vm86 mode load it. */
void emul_real_segment(struct emul_ctx *ctx, enum emul_segment seg, u16 selector,
		       struct kvm_segment *ret_seg);
/* LLDT and LTR. */
enum emul_result emul_load_system_segment(struct emul_ctx *ctx, enum emul_segment seg,
					  u16 selector);

/* segload.c: MOV, POP and LxS to a segment register in every mode. Changes nothing on failure. */
enum emul_result emul_load_segment(struct emul_ctx *ctx, enum emul_segment seg, u16 selector);

#endif /* GLASSVISOR_EMUL_EXEC_H */
