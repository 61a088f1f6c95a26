/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Border of the instruction emulator: what core/emulate.c sees of it.
 *
 * The emulator is pure. It decodes one instruction, reads guest state through
 * struct emul_ctx and struct emul_ops, and gives back a result enum. State that
 * lives over a trip to userspace is data inside struct emul_ctx; no callback
 * pointer is kept there.
 *
 * Life of one instruction, seen from the glue:
 *
 *	emul_begin(ctx)				(forgets an instruction in progress)
 *	fill gpr, rip, rflags, mode, cpl, pe, vm86, lma, va_bits
 *	res = emul_step(ctx, ops, vcpu);
 *	EMUL_PENDING -> hand ctx->pending out, put the answer (reads, IN) into
 *			emul_pending_data(ctx), call emul_step() again
 *	EMUL_POSTED  -> the instruction is over (rip moved on); hand ctx->pending out
 *			(a write or OUT), never call emul_step() for it
 *
 * Rules that hold for every instruction:
 *  - Registers, rip and rflags change only when the instruction (or one REP
 *    iteration) can no longer fault.
 *  - An access that was already carried out is recorded; re-execution consumes
 *    the record and does not repeat the access.
 *  - No access given to the operations crosses a 4 KiB page; an MMIO access is at
 *    most 8 bytes.
 *
 * Locks: none; a ctx belongs to one vCPU and is used under that vCPU's mutex.
 */
#ifndef GLASSVISOR_EMUL_EMUL_H
#define GLASSVISOR_EMUL_EMUL_H

#include "../env.h"
#include <linux/kvm.h>

/* Code size: what CS.L and CS.D (or real mode) say, not the operand size. */
enum emul_mode {
	EMUL_MODE_16,
	EMUL_MODE_32,
	EMUL_MODE_64,
	EMUL_NR_MODES,
};

/* General registers and segments, in the encoding order of the manuals. */
enum emul_gpr {
	EMUL_RAX,
	EMUL_RCX,
	EMUL_RDX,
	EMUL_RBX,
	EMUL_RSP,
	EMUL_RBP,
	EMUL_RSI,
	EMUL_RDI,
};

enum emul_segment {
	EMUL_SEG_ES,
	EMUL_SEG_CS,
	EMUL_SEG_SS,
	EMUL_SEG_DS,
	EMUL_SEG_FS,
	EMUL_SEG_GS,
	EMUL_SEG_TR,
	EMUL_SEG_LDTR,
	EMUL_NR_SEGS,
};

#define EMUL_INSN_MAX 15 /* bytes; longer is #GP (APM vol. 3, instruction format) */

/* ---- decoded instruction ------------------------------------------------ */

enum emul_decode_result {
	EMUL_DECODE_OK,
	EMUL_DECODE_MORE,     /* the bytes given end inside the instruction */
	EMUL_DECODE_INVALID,  /* #UD */
	EMUL_DECODE_TOO_LONG, /* more than 15 bytes: #GP(0) */
};

/* Opcode maps. The VEX, EVEX and XOP forms of a map carry insn->vex as well. */
enum emul_map {
	EMUL_MAP_1B,
	EMUL_MAP_0F,
	EMUL_MAP_0F38,
	EMUL_MAP_0F3A,
	EMUL_MAP_OTHER, /* 3DNow!, XOP, EVEX maps 5 and 6: length only */
};

enum emul_vex {
	EMUL_VEX_NONE,
	EMUL_VEX_VEX,
	EMUL_VEX_EVEX,
	EMUL_VEX_XOP,
};

#define EMUL_PFX_LOCK	BIT(0)
#define EMUL_PFX_REPNE	BIT(1) /* F2 */
#define EMUL_PFX_REP	BIT(2) /* F3 */
#define EMUL_PFX_OPSIZE BIT(3) /* 66 */
#define EMUL_PFX_ADSIZE BIT(4) /* 67 */
#define EMUL_PFX_SEG	BIT(5) /* any segment override */

#define EMUL_REX_B 1
#define EMUL_REX_X 2
#define EMUL_REX_R 4
#define EMUL_REX_W 8
#define EMUL_REX   0x40 /* a REX prefix was there at all: SPL.. instead of AH.. */

#define EMUL_REG_NONE 0xff /* no base or no index */
#define EMUL_REG_RIP  0xfe /* base is the address of the next instruction */

struct emul_opcode;

struct emul_insn {
	const struct emul_opcode *desc; /* row of the opcode tables, constant data */
	u64 imm;	/* sign-extended when the encoding says so; moffs; far offset */
	s64 disp;	/* sign-extended displacement */
	u16 imm2;	/* far selector, ENTER's level */
	u8 len;		/* bytes, prefixes included */
	u8 mode;	/* enum emul_mode */
	u8 map;		/* enum emul_map */
	u8 vex;		/* enum emul_vex */
	u8 opcode;	/* last opcode byte */
	u8 opsize;	/* 1, 2, 4 or 8 bytes */
	u8 adsize;	/* 2, 4 or 8 bytes */
	u8 prefixes;	/* EMUL_PFX_* */
	u8 rex;		/* EMUL_REX and its bits, also from VEX */
	u8 seg;		/* segment of the memory operand, override applied */
	bool mem;	/* the r/m operand is memory */
	u8 reg;		/* ModRM.reg with REX.R */
	u8 rm;		/* ModRM.rm with REX.B, when not memory */
	u8 base, index; /* register number, EMUL_REG_NONE or EMUL_REG_RIP */
	u8 scale;	/* shift, 0..3 */
	u8 modrm;	/* raw byte */
	u8 vvvv;	/* VEX.vvvv, already inverted */
	u8 vl;		/* VEX.L: 0 = 128 bit, 1 = 256 bit, 2 = 512 bit */
};

/*
 * Decodes the instruction that starts at bytes[0]; n bytes (any number; more than 15 are not looked
 * at) are there. *insn is complete only with EMUL_DECODE_OK. Never reads bytes[n] or beyond.
 */
enum emul_decode_result emul_decode(struct emul_insn *insn, const u8 *bytes, unsigned int n,
				    enum emul_mode mode);

/* Length by opcode for the no-prefix cases below; 0: ask the decoder. Indexed by byte after 0F. */
extern const u8 emul_fast_len_0f[256];

/* The full decoder behind emul_insn_len(); not for direct use. */
int emul_insn_len_slow(const u8 *bytes, unsigned int n, enum emul_mode mode);

/*
 * Length in bytes of the instruction at bytes[0], or 0 when it can't be told (invalid, too long, or
 * cut off). Made for skipping what a CPU without next-RIP has intercepted: CPUID, MSR accesses,
 * HLT, CR/DR moves, VMMCALL and their like need a handful of instructions.
 */
static inline int emul_insn_len(const u8 *bytes, unsigned int n, enum emul_mode mode)
{
	unsigned int len = 0;

	if (likely(n >= 4)) {
		if (likely(bytes[0] == 0x0f)) {
			len = emul_fast_len_0f[bytes[1]];
			/* Groups 0F 00 and 0F 01 are short only with a register operand. */
			if (unlikely(len == 3 && bytes[1] <= 1 && bytes[2] < 0xc0))
				len = 0;
		} else if (bytes[0] == 0xf4 || bytes[0] == 0xf1) {
			len = 1;
		} else if (mode == EMUL_MODE_64 && (bytes[0] & 0xf0) == 0x40 && bytes[1] == 0x0f &&
			   (bytes[2] & 0xfc) == 0x20) {
			len = 4; /* REX MOV CR/DR; ModRM.mod is ignored there */
		}
	}
	if (likely(len))
		return len;
	return emul_insn_len_slow(bytes, n, mode);
}

/* ---- results ------------------------------------------------------------- */

enum emul_result {
	EMUL_DONE,	/* over: gpr, rip, rflags updated, shadow and tf_trap valid */
	EMUL_POSTED,	/* as EMUL_DONE, and ctx->pending (a write) is to be handed out */
	EMUL_PENDING,	/* ctx->pending is to be handed out, then emul_step() again */
	EMUL_FAULT,	/* inject ctx->exception; rip still at the instruction */
	EMUL_HALT,	/* HLT carried out (rip behind it): the vCPU is to halt */
	EMUL_RETRY,	/* enter the guest again at ctx->rip; a REP may be part done */
	EMUL_UNHANDLED, /* KVM_EXIT_INTERNAL_ERROR with ctx->bytes; REP may be part done */
	EMUL_NR_RESULTS,
};

/* Name for traces, never NULL. */
const char *emul_result_name(enum emul_result res);

struct emul_exception {
	u8 vector;
	bool has_error;
	u32 error_code;
	u64 cr2; /* #PF only */
};

/* ---- what the operations answer ------------------------------------------ */

enum emul_mem {
	EMUL_MEM_OK,
	EMUL_MEM_FAULT,	    /* the operation has filled ctx->exception */
	EMUL_MEM_MMIO,	    /* userspace must do it; *ret_gpa written; nothing was done */
	EMUL_MEM_UNHANDLED, /* no such memory operation is possible: EMUL_UNHANDLED */
	EMUL_MEM_RETRY,	    /* host is busy with the page, or the mapping changed: EMUL_RETRY */
};

enum emul_sys {
	EMUL_SYS_OK,
	EMUL_SYS_GP, /* #GP(0) */
	EMUL_SYS_UD,
	EMUL_SYS_FAULT,	    /* ctx->exception is filled */
	EMUL_SYS_UNHANDLED, /* EMUL_UNHANDLED */
};

enum emul_io {
	EMUL_IO_DONE,	 /* handled inside the kernel; data read or written */
	EMUL_IO_PENDING, /* userspace must do it; nothing was done */
};

/* Access flags of the memory operations. */
#define EMUL_ACC_READ	  BIT(0)
#define EMUL_ACC_WRITE	  BIT(1) /* with READ on a read: a read whose page must be writable (RMW) */
#define EMUL_ACC_FETCH	  BIT(2) /* instruction bytes */
#define EMUL_ACC_IMPLICIT BIT(3) /* supervisor access whatever the CPL: descriptors, TSS */
/*
 * The one explicit memory operand (ModRM or moffs), its first piece and not on a second page: the
 * address a nested page fault has reported is this operand's, if the fault was a data fault.
 */
#define EMUL_ACC_OPERAND BIT(4)

/* Instructions that are the glue's business whole; the emulator has checked CPL and encoding. */
enum emul_sysop {
	EMUL_SYSOP_CPUID,
	EMUL_SYSOP_RDTSC,
	EMUL_SYSOP_RDTSCP,
	EMUL_SYSOP_RDPMC,
	EMUL_SYSOP_INVD,
	EMUL_SYSOP_WBINVD,
	EMUL_SYSOP_INVLPG, /* arg: linear address */
	EMUL_SYSOP_CLTS,
	EMUL_SYSOP_RDMSR, /* index in ECX, value to EDX:EAX, by the glue */
	EMUL_SYSOP_WRMSR,
	EMUL_SYSOP_XSETBV,
	EMUL_SYSOP_VMMCALL, /* also VMCALL */
	EMUL_SYSOP_RSM,
	EMUL_SYSOP_SWAPGS,
};

enum emul_simd {
	EMUL_SIMD_MMX, /* 8 bytes */
	EMUL_SIMD_XMM, /* 16 or 32 bytes */
};

struct emul_dtr {
	u64 base;
	u16 limit;
};

struct emul_ctx;

/*
 * What the emulator needs of the vCPU; one constant table. `vcpu` is the pointer given to
 * emul_step(). Every memory access lies within one 4 KiB page.
 */
struct emul_ops {
	/*
	 * Copies len bytes (1..4096) from linear to buf. EMUL_MEM_MMIO writes *ret_gpa. The
	 * operation may serve MMIO of in-kernel devices itself and answer EMUL_MEM_OK.
	 */
	enum emul_mem (*read)(void *vcpu, u64 linear, void *buf, unsigned int len, u32 acc,
			      gpa_t *ret_gpa);
	/* The same for writes; *buf is not changed. */
	enum emul_mem (*write)(void *vcpu, u64 linear, const void *buf, unsigned int len, u32 acc,
			       gpa_t *ret_gpa);
	/*
	 * Atomic compare and exchange of len (1, 2, 4, 8, 16) naturally aligned bytes. EMUL_MEM_OK:
	 * exchanged. EMUL_MEM_RETRY: memory did not hold *old. EMUL_MEM_MMIO as above; the emulator
	 * then does a read and a write.
	 */
	enum emul_mem (*cmpxchg)(void *vcpu, u64 linear, const void *old, const void *new,
				 unsigned int len, u32 acc, gpa_t *ret_gpa);
	/* Would an access fault? EMUL_MEM_OK (MMIO too) or EMUL_MEM_FAULT. No side effect. */
	enum emul_mem (*probe)(void *vcpu, u64 linear, u32 acc);

	/*
	 * count units of size (1, 2, 4) bytes. May answer EMUL_IO_PENDING: then the emulator
	 * describes the access in ctx->pending. port_out's data is in buf in both cases.
	 */
	enum emul_io (*port_in)(void *vcpu, u16 port, unsigned int size, void *buf,
				unsigned int count);
	enum emul_io (*port_out)(void *vcpu, u16 port, unsigned int size, const void *buf,
				 unsigned int count);

	/* Segment caches, TR and LDTR included (real mode: base, limit, selector as cached). */
	void (*seg_get)(void *vcpu, enum emul_segment seg, struct kvm_segment *ret_seg);
	void (*seg_set)(void *vcpu, enum emul_segment seg, const struct kvm_segment *val);
	/* GDTR (idt false) and IDTR. */
	void (*dtr_get)(void *vcpu, bool idt, struct emul_dtr *ret_dtr);
	void (*dtr_set)(void *vcpu, bool idt, const struct emul_dtr *val);

	/* CR 0, 2, 3, 4, 8; the write checks its value and carries out all effects. */
	u64 (*cr_get)(void *vcpu, unsigned int cr);
	enum emul_sys (*cr_set)(void *vcpu, unsigned int cr, u64 val);
	/*
	 * DR 0..7 (4 and 5 are already turned into 6 and 7, or #UD); #DB of DR7.GD is the glue's.
	 */
	enum emul_sys (*dr_get)(void *vcpu, unsigned int dr, u64 *ret_val);
	enum emul_sys (*dr_set)(void *vcpu, unsigned int dr, u64 val);
	u64 (*xcr0_get)(void *vcpu);

	/* Operates on the vCPU's registers itself; rip is moved on by the emulator afterwards. */
	enum emul_sys (*system)(void *vcpu, enum emul_sysop what, u64 arg);

	/* Vector registers; a 16-byte VEX write zeroes the upper half: then zero_upper is set. */
	void (*simd_get)(void *vcpu, enum emul_simd kind, unsigned int reg, void *buf,
			 unsigned int len);
	void (*simd_set)(void *vcpu, enum emul_simd kind, unsigned int reg, const void *buf,
			 unsigned int len, bool zero_upper);
};

/* ---- an access that goes to userspace ------------------------------------- */

enum emul_pending_kind {
	EMUL_PEND_NONE,
	EMUL_PEND_MMIO_READ,
	EMUL_PEND_MMIO_WRITE,
	EMUL_PEND_PIO_IN,
	EMUL_PEND_PIO_OUT,
};

struct emul_pending {
	u8 kind;	 /* enum emul_pending_kind */
	u8 size;	 /* bytes of one unit: MMIO 1..8, port 1, 2, 4 */
	bool in_pio_buf; /* data is in ctx->pio_buf (string I/O) */
	u16 port;
	u32 count; /* units; 1 for MMIO */
	gpa_t gpa;
	u8 data[8];
};

/* An access of the instruction in progress that has been carried out. */
struct emul_record {
	u64 data; /* what a read brought */
	u8 seq;	  /* which access of the instruction it was */
};

/* A decoded instruction and the bytes that it came from. */
struct emul_kept {
	u64 low, high; /* bytes 0..7 and 7..14 */
	u8 mode;
	struct emul_insn insn; /* desc NULL: nothing is kept here */
};

#define EMUL_KEPT_BITS	 2
#define EMUL_NR_KEPT	 (1 << EMUL_KEPT_BITS)
#define EMUL_NR_RECORDS	 24   /* accesses of one instruction or iteration; more: EMUL_UNHANDLED */
#define EMUL_REP_MAX	 1024 /* iterations in one emul_step() before EMUL_RETRY */
#define EMUL_PIO_BUF_MAX 4096

#define EMUL_SHADOW_STI	   BIT(0)
#define EMUL_SHADOW_MOV_SS BIT(1)

struct emul_ctx {
	/* Guest state, filled by the glue before the first emul_step() of an instruction. */
	u64 *gpr; /* 16 registers in encoding order */
	u64 rip;
	u64 rflags;
	u8 mode;	 /* enum emul_mode */
	u8 cpl;		 /* 0..3 */
	u8 va_bits;	 /* 48, or 57 with CR4.LA57 */
	bool pe;	 /* CR0.PE */
	bool vm86;	 /* RFLAGS.VM in protected mode */
	bool lma;	 /* EFER.LMA */
	bool io_checked; /* the CPU has checked I/O permission before it gave the exit */

	/*
	 * Instruction bytes the glue already has (decode assists); nbytes 0: the emulator fetches.
	 * After a step: what was decoded, for traces and KVM_EXIT_INTERNAL_ERROR.
	 */
	u8 nbytes;
	u8 bytes[16];

	/*
	 * Segment caches, read through ops->seg_get when first needed; seg_valid says which are
	 * there. 64-bit code that uses neither FS nor GS needs none.
	 */
	u32 seg_valid;
	struct kvm_segment seg[EMUL_NR_SEGS];

	/* Results. */
	struct emul_exception exception; /* EMUL_FAULT */
	u8 shadow;			 /* EMUL_SHADOW_*: the new interrupt shadow */
	bool tf_trap;			 /* RFLAGS.TF was set: #DB with DR6.BS is due */
	bool far_branch;		 /* CS, mode or CPL may have changed: refill before reuse */
	struct emul_pending pending;
	u8 *pio_buf; /* EMUL_PIO_BUF_MAX bytes for string I/O, the glue's; NULL: units of one */

	/* Restart state, the emulator's own. */
	bool active;	/* an instruction is in progress */
	bool replay;	/* ctx->pending was answered and must be recorded */
	u8 seq;		/* number of the next access in this pass */
	u8 pending_seq; /* number of the access that is out */
	u8 nrec, rec_next;
	struct emul_record rec[EMUL_NR_RECORDS];
	struct emul_insn insn;
	u64 next_rip;
	bool tf_at_start; /* RFLAGS.TF before the instruction */
	/* What ctx->insn was decoded from: device drivers repeat themselves, and some take turns. */
	u64 last_low, last_high; /* bytes 0..7 and 7..14 */
	u8 last_mode;		 /* EMUL_NR_MODES: not from a full fetch */
	struct emul_kept kept[EMUL_NR_KEPT];
	u16 pio_have, pio_pos; /* INS: units in pio_buf, and units already stored */

	/* Valid only while emul_step() runs. */
	const struct emul_ops *ops;
	void *vcpu;
};

/* Forgets an instruction in progress and cached segments; call before filling a new one in. */
static inline void emul_begin(struct emul_ctx *ctx)
{
	ctx->active = false;
	ctx->nbytes = 0;
	ctx->seg_valid = 0;
	ctx->io_checked = false;
	ctx->pending.kind = EMUL_PEND_NONE;
}

/* Where the bytes of ctx->pending are (to be read for writes, to be filled for reads). */
static inline void *emul_pending_data(struct emul_ctx *ctx)
{
	return ctx->pending.in_pio_buf ? ctx->pio_buf : ctx->pending.data;
}

/*
 * Emulates one instruction, or goes on with the one in progress. `vcpu` is handed to the
 * operations. Needs the vCPU's mutex; may call operations that sleep.
 */
enum emul_result emul_step(struct emul_ctx *ctx, const struct emul_ops *ops, void *vcpu);

#endif /* GLASSVISOR_EMUL_EMUL_H */
