/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads that read and write guest memory while the host changes what is behind it. */
#include "guest.h"

/* Writes to and reads from read-only memory at I_ARG. */
PAYLOAD(mem_rom)
	.code64
	movq I_ARG, %rbx
	movabsq $0x1122334455667788, %rax
	movq %rax, (%rbx)
	movl (%rbx), %eax
	REPORT
	movb $0x99, 0x1000(%rbx)
	incl 0x2000(%rbx)
	movl 0x2000(%rbx), %eax
	REPORT
	movl 0x3000(%rbx), %eax
	REPORT
	DONE
END(mem_rom)

PAYLOAD(mem_spin_report)
	.code64
	xorl %eax, %eax
1:	REPORT
	incl %eax
	jmp 1b
END(mem_spin_report)

/* Reads a word at I_ARG and reports it, for ever. */
PAYLOAD(mem_peek)
	.code64
1:	movq I_ARG, %rbx
	movl (%rbx), %eax
	REPORT
	jmp 1b
END(mem_peek)

/* I_ARG: base, count, stride. Word i must be i ^ 0x5a5a. Twice. */
PAYLOAD(mem_peek_many)
	.code64
	movl $2, %esi
2:	movq I_ARG, %rbx
	xorl %ecx, %ecx
1:	movl %ecx, %eax
	xorl $0x5a5a, %eax
	cmpl (%rbx), %eax
	MUST(e)
	addq I_ARG + 16, %rbx
	incl %ecx
	cmpl I_ARG + 8, %ecx
	jb 1b
	movl $1, %eax
	REPORT
	decl %esi
	jnz 2b
	DONE
END(mem_peek_many)

/*
 * I_ARG: base, pages, flag to stop. Stores page number + 1 at the start of each page, and reads
 * it back (what it reads is not checked).
 */
PAYLOAD(mem_touch_loop)
	.code64
1:	movq I_ARG, %rbx
	movl $1, %ecx
2:	movq %rcx, (%rbx)
	movq (%rbx), %rax
	addq $0x1000, %rbx
	incq %rcx
	cmpq I_ARG + 8, %rcx
	jbe 2b
	cmpq $0, I_ARG + 16
	je 1b
	DONE
END(mem_touch_loop)

/* Fills 64 KiB at 0x200000 with a running number and reads it back, until I_ARG is set. */
PAYLOAD(mem_sum_loop)
	.code64
	xorl %esi, %esi
1:	incl %esi
	movl $0x200000, %ebx
	xorl %ecx, %ecx
2:	leaq (%rcx,%rsi), %rax
	movq %rax, (%rbx,%rcx,8)
	addl $16, %ecx
	cmpl $8192, %ecx
	jb 2b
	xorl %ecx, %ecx
3:	leaq (%rcx,%rsi), %rax
	cmpq %rax, (%rbx,%rcx,8)
	MUST(e)
	addl $16, %ecx
	cmpl $8192, %ecx
	jb 3b
	cmpq $0, I_ARG
	je 1b
	DONE
END(mem_sum_loop)

/*
 * Dirty log: I_ARG base, I_ARG+8 table of page numbers (32 bit), I_ARG+16 their count. Writes
 * each page of the table, then reports; for ever.
 */
PAYLOAD(mem_dirty)
	.code64
1:	movq I_ARG + 8, %rsi
	movq I_ARG + 16, %rcx
	testq %rcx, %rcx
	jz 3f
2:	movl (%rsi), %ebx
	shlq $12, %rbx
	addq I_ARG, %rbx
	incq 8(%rbx)
	addq $4, %rsi
	decq %rcx
	jnz 2b
3:	movl $1, %eax
	REPORT
	jmp 1b
END(mem_dirty)

/*
 * Writes an increasing number to the pages one after another, while it is below I_ARG+16: page p
 * gets round * 2^32 + p. I_ARG base, I_ARG+8 pages.
 */
PAYLOAD(mem_dirty_race)
	.code64
	xorl %esi, %esi
1:	incl %esi
	xorl %ecx, %ecx
	movq I_ARG, %rbx
2:	movl %esi, 4(%rbx)
	movl %ecx, (%rbx)
	addq $0x1000, %rbx
	incl %ecx
	cmpl I_ARG + 8, %ecx
	jb 2b
	cmpl I_ARG + 16, %esi
	jb 1b
	DONE
END(mem_dirty_race)

/*
 * Two vCPUs at once: RDI first page, RSI pages, RDX offset. Counts the word there up in each page,
 * round after round until I_ARG is set.
 */
PAYLOAD(mem_count_pages)
	.code64
1:	movq %rdi, %rbx
	movq %rsi, %rcx
2:	incq (%rbx,%rdx)
	addq $0x1000, %rbx
	decq %rcx
	jnz 2b
	cmpq $0, I_ARG
	je 1b
	DONE
END(mem_count_pages)

/*
 * I_ARG base, I_ARG+8 pages, I_ARG+16 top of a stack. Writes the pages, then raises #DE on that
 * stack, which no hypervisor intercepts; reports how often the handler has run. For ever.
 */
PAYLOAD(mem_dirty_event)
	.code64
1:	movq I_ARG, %rbx
	movq I_ARG + 8, %rcx
2:	incq 8(%rbx)
	addq $0x1000, %rbx
	decq %rcx
	jnz 2b
	movq I_ARG + 16, %rsp
	TRY(divl %ecx)
	MUST_FAULT(0)
	movl I_EXC_COUNT, %eax
	REPORT
	jmp 1b
END(mem_dirty_event)

/* Reads pages without writing them. */
PAYLOAD(mem_read_pages)
	.code64
1:	movq I_ARG, %rbx
	xorl %ecx, %ecx
	xorl %edx, %edx
2:	addl (%rbx), %edx
	addq $0x1000, %rbx
	incl %ecx
	cmpl I_ARG + 8, %ecx
	jb 2b
	movl %edx, %eax
	REPORT
	jmp 1b
END(mem_read_pages)

/*
 * Watches the word at I_ARG: whenever it changes, writes what it saw to I_OUT. Stops when it sees
 * zero after I_ARG+8 became nonzero.
 */
PAYLOAD(mem_watch)
	.code64
	movq I_ARG, %rbx
1:	movl (%rbx), %eax
	movl %eax, I_OUT
	incq I_OUT + 8
	cmpq $0, I_ARG + 8
	je 1b
	DONE
END(mem_watch)

/* Writes through I_ARG a counter, for ever; I_OUT counts too. Stops when I_ARG+8 is set. */
PAYLOAD(mem_writer)
	.code64
	movq I_ARG, %rbx
	xorl %eax, %eax
1:	incl %eax
	movl %eax, (%rbx)
	movl %eax, I_OUT
	cmpq $0, I_ARG + 8
	je 1b
	DONE
END(mem_writer)

/* Sets the accessed and dirty bits of the guest's own tables in a slot that is dirty-logged. */
PAYLOAD(mem_ad_bits)
	.code64
	movq $(0x400000 | 3), G_PT
	movq $(G_PT | 7), G_PD + 24
	movq %cr3, %rax
	movq %rax, %cr3
	movl $1, %eax
	REPORT
	movl $5, 0x600000
	movq G_PT, %rax
	REPORT
	DONE
END(mem_ad_bits)

	.section .note.GNU-stack, "", @progbits
