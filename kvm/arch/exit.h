/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM exit in neutral words: what the back end hands to core/exits.c.
 *
 * The back end fills every field of the header on each exit and the one
 * member of the union that belongs to the kind; nothing else is initialised.
 */
#ifndef GLASSVISOR_ARCH_EXIT_H
#define GLASSVISOR_ARCH_EXIT_H

#include "../../debugfs-schema/lists.h"
#include "../types.h"

#define X(number, ID, name, key, text) EXIT_##ID = number,
enum exit_kind { EXIT_KINDS(X) EXIT_KIND_COUNT };
#undef X

#define EXIT_ISA_VMX 1
#define EXIT_ISA_SVM 2

struct exit {
	/* These five are copied as one u64 into histogram keys and flight records. */
	u8 kind;	/* enum exit_kind */
	u8 flags;	/* enum record_flag: RECORD_WRITE, RECORD_VECTORING */
	u8 cpl;		/* 0..3 */
	u8 cs_mode;	/* enum emul_mode: code size at the exit (real mode: EMUL_MODE_16) */
	u32 hw_reason;	/* EXITCODE or basic exit reason */
	u8 isa;		/* EXIT_ISA_* */
	u8 insn_len;	/* bytes of the exiting instruction; 0: the hardware did not say */
	u8 n_bytes;	/* bytes[] that the hardware fetched; 0: none */
	u64 cs_base;	/* bytes */
	u64 info1;	/* EXITINFO1 or exit qualification */
	u64 info2;	/* EXITINFO2 or IDT-vectoring information */
	u32 intr_info;	/* EXITINTINFO or VM-exit interruption information, raw */
	u32 error_code; /* its error code */
	struct event vectoring; /* event whose delivery this exit interrupted; EVENT_NONE: none */
	const u8 *bytes;	/* decode-assist instruction bytes */
	union {
		struct {
			u16 port;
			u8 size; /* bytes: 1, 2 or 4 */
			bool in;
			bool string;
			bool rep;
			u64 next_rip; /* 0: not known */
		} io;
		struct {
			u8 nr;	      /* control or debug register */
			u8 gpr;	      /* enum gpr_index, when decoded */
			bool decoded; /* false: emulate the instruction to find the operand */
		} cr;		      /* EXIT_CR and EXIT_DR */
		struct {
			u64 gpa;    /* bytes */
			u32 access; /* MMU_ACCESS_* */
			bool gva_known;
			u64 gva;
		} mmu;
		struct {
			u8 vector;
			bool has_error_code;
			u32 error_code;
			u64 payload; /* CR2 of #PF, DR6 of #DB */
		} exception;
		struct {
			u8 vector;
		} eoi;
		struct {
			u16 offset; /* in the xAPIC's page: of ICR */
		} apic_write;
		struct {
			u64 gva;
			bool decoded;
		} invlpg;
		struct {
			u16 selector;
			u8 reason; /* 0 CALL, 1 IRET, 2 JMP, 3 gate */
			bool has_error_code;
			u32 error_code;
		} task;
		struct {
			u64 hw_code; /* KVM_EXIT_FAIL_ENTRY's hardware_entry_failure_reason */
			u8 rule;     /* what was wrong: VMX_RULES; 0: not known */
		} failed;
	};
};

/* Why a guest physical access faulted, and what the guest wanted. */
#define MMU_ACCESS_WRITE   BIT(0)
#define MMU_ACCESS_EXEC	   BIT(1)
#define MMU_ACCESS_USER	   BIT(2)
#define MMU_ACCESS_PRESENT BIT(3) /* an entry was there but forbade it */
#define MMU_ACCESS_RSVD	   BIT(4) /* a reserved bit was set: a misconfiguration, or ours for MMIO */
#define MMU_ACCESS_WALK	   BIT(5) /* met while walking the guest's own page tables */

/*
 * Met the mark of a page without a slot (mmu/mmio.c), with MMU_ACCESS_RSVD. What kind of access it
 * was is not known then, nor whether it was the instruction's or the walk's.
 */
#define MMU_ACCESS_MARK BIT(6)

/* The error code of a #PF that says the same as @access. */
static inline u32 mmu_error_code(u32 access)
{
	u32 code = 0;

	if (access & MMU_ACCESS_PRESENT)
		code |= BIT(0);
	if (access & MMU_ACCESS_WRITE)
		code |= BIT(1);
	if (access & MMU_ACCESS_USER)
		code |= BIT(2);
	if (access & MMU_ACCESS_RSVD)
		code |= BIT(3);
	if (access & MMU_ACCESS_EXEC)
		code |= BIT(4);
	return code;
}

#endif /* GLASSVISOR_ARCH_EXIT_H */
