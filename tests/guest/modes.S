/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Payloads for the processor modes: each one uses what is particular to its mode (segments and
 * the interrupt vector table, page tables of its format, 64-bit registers); `switch` walks
 * through all of them and back to real mode by its own control register writes.
 */
#include "guest.h"

/* Real mode: segment arithmetic, the IVT, INT and IRET, #DE, wrap above 1 MiB, stack. */
PAYLOAD(mode_real)
	.code16
	movw $0x2000, %ax
	movw %ax, %es
	movl $0xdeadbeef, %es:0x10
	movw $0x2001, %ax
	movw %ax, %ds
	cmpl $0xdeadbeef, %ds:0
	MUST(e)
	xorw %ax, %ax
	movw %ax, %ds
	movw $(2f - guest_mode_real), 0x21 * 4
	movw %cs, 0x21 * 4 + 2
	movw $(3f - guest_mode_real), 0
	movw %cs, 2
	xorl %ebx, %ebx
	stc
	int $0x21
	jc 1f
	FAIL
1:	cmpw $1, %bx
	MUST(e)
	xorw %dx, %dx
	movw $7, %ax
	xorw %cx, %cx
	divw %cx			/* #DE: the handler steps over it */
	cmpw $0x101, %bx
	MUST(e)
	movw $0xffff, %ax
	movw %ax, %fs
	movl $0x12345678, %fs:0x10	/* linear 0x100000 */
	cmpl $0x12345678, %fs:0x10
	MUST(e)
	movw %sp, %cx
	pushl $0x11223344
	popw %ax
	popw %dx
	cmpw $0x3344, %ax
	MUST(e)
	cmpw $0x1122, %dx
	MUST(e)
	cmpw %cx, %sp
	MUST(e)
	DONE
2:	addw $1, %bx
	iretw
3:	addw $0x100, %bx
	movw %sp, %bp
	addw $2, (%bp)			/* divw %cx is two bytes */
	iretw
END(mode_real)

/* Flat 32-bit without paging. */
PAYLOAD(mode_limit)
	.code32
	movw $S_DATA16, %ax		/* a limit of 64 KiB */
	movw %ax, %es
	movb $1, %es:0xffff
	TRY32(mode_limit, movb $1, %es:0x10000)
	movl I_VEC, %eax
	REPORT
END(mode_limit)

PAYLOAD(mode_prot)
	.code32
	movl %cr0, %eax
	testl $0x80000000, %eax
	MUST(z)
	movl $0x600000, %ebx
	movl $0xcafebabe, (%ebx)
	cmpl $0xcafebabe, 0x600000
	MUST(e)
	TRY32(mode_prot, movw $0x1234, %ax; movw %ax, %gs)
	MUST_FAULT(13)
	cmpl $0x1234, I_ERR
	MUST(e)
	DONE
END(mode_prot)

/*
 * Remap one large page and see the new content, in each paging format. The host has put 1 and 2
 * at the start of the two pages.
 */
PAYLOAD(mode_paged)
	.code32
	cmpl $1, 0x400000
	MUST(e)
	movl G_PD32 + 4, %eax
	addl $0x400000, %eax
	movl %eax, G_PD32 + 4		/* 0x400000 -> 0x800000 */
	invlpg 0x400000
	cmpl $2, 0x400000
	MUST(e)
	movl $0, G_PD32 + 4
	invlpg 0x400000
	TRY32(mode_paged, movl 0x400004, %eax)
	MUST_FAULT(14)
	cmpl $0, I_ERR
	MUST(e)
	cmpl $0x400004, I_CR2
	MUST(e)
	DONE
END(mode_paged)

PAYLOAD(mode_pae)
	.code32
	cmpl $1, 0x400000
	MUST(e)
	movl G_PD + 16, %eax
	addl $0x400000, %eax
	movl %eax, G_PD + 16
	invlpg 0x400000
	cmpl $2, 0x400000
	MUST(e)
	/* A PDPTE that is cleared counts only once CR3 is loaded. */
	movl G_PDPT32 + 24, %esi
	movl $0, G_PDPT32 + 24
	movl %cr3, %eax
	movl %eax, %cr3
	TRY32(mode_pae, movl 0xc0000000, %eax)
	MUST_FAULT(14)
	movl %esi, G_PDPT32 + 24
	movl %cr3, %eax
	movl %eax, %cr3
	DONE
END(mode_pae)

/* Long mode: 64-bit registers, a 4K table, NX, user pages, a write to a read-only page. */
PAYLOAD(mode_long)
	.code64
	movabsq $0x123456789abcdef0, %r8
	movq %r8, 0x500000
	cmpq 0x500000, %r8
	MUST(e)
	/* 0x600000-0x7fffff by a page table: page 0 is physical 0x400000 */
	movq $(0x400000 | 3), G_PT
	movq $(0x401000 | 1), G_PT + 8
	btsq $63, G_PT + 8
	movq $(G_PT | 7), G_PD + 24
	movq %cr3, %rax
	movq %rax, %cr3
	cmpl $1, 0x600000
	MUST(e)
	TRY(movl $5, 0x601000)		/* NX without EFER.NXE: a reserved bit */
	MUST_FAULT(14)
	testl $8, I_ERR			/* and P, which QEMU's TCG leaves out */
	MUST(nz)
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x800, %eax
	wrmsr
	TRY(movl $5, 0x601000)
	MUST_FAULT(14)
	cmpl $3, I_ERR
	MUST(e)
	TRY(movl 0x601000, %eax)
	MUST_WORK
	movb $0xc3, 0x400000		/* ret */
	movq $0x601000, %rax
	leaq 1f(%rip), %r15
	movq %r15, I_FIXUP
	movl $-1, I_VEC
	callq *%rax
1:	MUST_FAULT(14)
	cmpl $0x11, I_ERR
	MUST(e)
	cmpq $0x601000, I_CR2
	MUST(e)
	TRY(movq 0x602000, %rax)
	MUST_FAULT(14)
	cmpl $0, I_ERR
	MUST(e)
	movabsq $0x8000000000000000, %rax
	TRY(movq (%rax), %rax)		/* not canonical */
	MUST_FAULT(13)
	DONE
END(mode_long)

/* Real, 32-bit, PAE, 64-bit, compatibility, 32-bit with 4 MiB pages, 16-bit protected, real. */
PAYLOAD(mode_switch)
	.code16
	cli
	lgdtl %cs:(9f - guest_mode_switch)
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $S_CODE32, $AT(mode_switch, 1f)
	.code32
1:	movl $S_DATA, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $(G_STACK - 64), %esp
	pushl $0x5a5a
	popl %ebx
	cmpl $0x5a5a, %ebx
	MUST(e)
	movl $1, %eax
	REPORT
	movl %cr4, %eax
	orl $0x20, %eax
	movl %eax, %cr4
	movl $G_PDPT32, %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $0x80000000, %eax
	movl %eax, %cr0
	movl $2, %eax
	REPORT
	movl %cr0, %eax
	andl $0x7fffffff, %eax
	movl %eax, %cr0
	movl $G_PML4, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x100, %eax
	wrmsr
	rdmsr
	testl $0x400, %eax
	MUST(z)
	movl %cr0, %eax
	orl $0x80000000, %eax
	movl %eax, %cr0
	movl $0xc0000080, %ecx
	rdmsr
	testl $0x400, %eax
	MUST(nz)
	ljmpl $S_CODE64, $AT(mode_switch, 2f)
	.code64
2:	movabsq $0x0123456789abcdef, %r9
	movq %r9, %rax
	shrq $32, %rax
	cmpl $0x01234567, %eax
	MUST(e)
	movl $3, %eax
	REPORT
	leaq 3f(%rip), %rax
	pushq $S_CODE32
	pushq %rax
	lretq
	.code32
3:	movl $0xffffffff, %eax
	incl %eax			/* an REX prefix in 64-bit code */
	MUST(z)
	movl %cr0, %eax
	andl $0x7fffffff, %eax
	movl %eax, %cr0
	movl $0xc0000080, %ecx
	rdmsr
	testl $0x400, %eax
	MUST(z)
	andl $~0x100, %eax
	wrmsr
	movl $0x10, %eax
	movl %eax, %cr4
	movl $G_PD32, %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $0x80000000, %eax
	movl %eax, %cr0
	movl $4, %eax
	REPORT
	movl %cr0, %eax
	andl $0x7fffffff, %eax
	movl %eax, %cr0
	ljmpl $S_CODE16, $(4f - guest_mode_switch)
	.code16
4:	movw $S_DATA16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl %cr0, %eax
	andl $~1, %eax
	movl %eax, %cr0
	ljmpw $(G_CODE >> 4), $(5f - guest_mode_switch)
5:	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %ss
	movw $0xfff0, %sp
	movw %cs, %ax
	cmpw $(G_CODE >> 4), %ax
	MUST(e)
	movl $5, %eax
	REPORT
	DONE
	.balign 8
9:	.word S_ABSENT + 7
	.long G_GDT
END(mode_switch)

/* Virtual-8086: IRET to it, run, and come back by the #GP of HLT. */
PAYLOAD(mode_v86)
	.code32
	movw $S_TSS, %ax		/* QEMU's TCG wants a TSS that the guest loaded itself */
	ltr %ax
	pushl $0			/* gs fs ds es */
	pushl $0
	pushl $0x3000
	pushl $0
	pushl $0x8000			/* ss:sp */
	pushl $0x100
	pushl $0x20002			/* VM */
	pushl $(G_CODE >> 4)
	pushl $(1f - guest_mode_v86)
	iretl
	.code16
1:	movw $0x5aa5, %ds:0x20		/* linear 0x30020 */
	pushw $0x77
	popw %bx
	hlt
END(mode_v86)

	.section .note.GNU-stack, "", @progbits
