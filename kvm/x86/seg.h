/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments: descriptors, privilege level, and the mode they put a CPU in.
 * A segment in hand is a struct kvm_segment (asm/kvm.h): same fields, and no
 * conversion for the ioctls. Conversion to a back end's own format (VMCB
 * attributes, VMX access rights) is with that back end. See seg.c.
 */
#ifndef GLASSVISOR_X86_SEG_H
#define GLASSVISOR_X86_SEG_H

#include <linux/kvm.h>

#include "../env.h"
#include "defs.h"

/* What the next instruction is decoded as. */
enum seg_mode {
	SEG_MODE_REAL,	 /* CR0.PE clear: 16-bit, base = selector << 4 */
	SEG_MODE_VM86,	 /* EFLAGS.VM */
	SEG_MODE_PROT16, /* protected mode, CS.D clear; compatibility mode too */
	SEG_MODE_PROT32, /* protected mode, CS.D set; compatibility mode too */
	SEG_MODE_LONG,	 /* 64-bit mode: EFER.LMA and CS.L */
};

/* Types of code and data segments (S = 1) */
#define SEG_TYPE_ACCESSED 0x1
#define SEG_TYPE_WRITE	  0x2 /* data; code: readable */
#define SEG_TYPE_DOWN	  0x4 /* data: expand-down; code: conforming */
#define SEG_TYPE_CODE	  0x8

/* Types of system segments (S = 0) */
#define SEG_SYS_LDT	   0x2
#define SEG_SYS_TSS16	   0x1
#define SEG_SYS_TSS16_BUSY 0x3
#define SEG_SYS_TSS	   0x9
#define SEG_SYS_TSS_BUSY   0xb

/*
 * A descriptor of 8 bytes <-> its fields. Limits are in bytes in struct
 * kvm_segment (G is applied and kept). seg_unpack sets unusable to !present.
 * The base's upper half, for 16-byte system descriptors in long mode, is
 * added by the caller (base |= (u64)upper << 32).
 */
void seg_unpack(u64 desc, u16 selector, struct kvm_segment *ret_seg);
u64 seg_pack(const struct kvm_segment *seg);

/* What loading @selector does in real mode (VM86: all is set, DPL 3): base only. */
void seg_load_real(u16 selector, struct kvm_segment *seg);
void seg_load_vm86(u16 selector, struct kvm_segment *ret_seg);

/* State of CS and of the other registers after RESET and INIT (APM vol. 2, 14.1.3). */
void seg_reset_cs(struct kvm_segment *ret_seg);
void seg_reset_data(struct kvm_segment *ret_seg);
void seg_reset_ldt(struct kvm_segment *ret_seg);
void seg_reset_tr(struct kvm_segment *ret_seg);

/* Current privilege level: 0 in real mode, 3 in VM86 mode, else SS.DPL. */
u8 seg_cpl(u64 cr0, u64 rflags, const struct kvm_segment *ss);

enum seg_mode seg_mode(u64 cr0, u64 efer, u64 rflags, const struct kvm_segment *cs);

/* Default operand and address size of a mode, in bytes. */
static inline unsigned int seg_mode_address_bytes(enum seg_mode mode)
{
	return mode == SEG_MODE_LONG ? 8 : mode == SEG_MODE_PROT32 ? 4 : 2;
}

/* The mask of the instruction pointer: 64, 32 or 16 bits. */
static inline u64 seg_mode_ip_mask(enum seg_mode mode)
{
	return mode == SEG_MODE_LONG ? ~0ULL : mode == SEG_MODE_PROT32 ? 0xffffffffULL : 0xffffULL;
}

/*
 * May @len bytes at @offset be accessed through @seg outside of 64-bit mode?
 * seg_limit_ok looks at the limit only (expand-down too) and is all there is in
 * real and VM86 mode. seg_access_ok is for protected mode: presence, and that
 * the type can be written or, for !write, read, as well. False: #SS(0) for the
 * stack segment, else #GP(0).
 */
bool seg_limit_ok(const struct kvm_segment *seg, u32 offset, u32 len);
bool seg_access_ok(const struct kvm_segment *seg, u32 offset, u32 len, bool write);

/* Is @va canonical, with 48 or (LA57) 57 bits of linear address? */
static inline bool seg_canonical(u64 va, bool la57)
{
	return (u64)sign_extend64(va, la57 ? 56 : 47) == va;
}

#endif /* GLASSVISOR_X86_SEG_H */
