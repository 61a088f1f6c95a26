/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for port I/O: all widths, immediate and DX ports, string forms with and without REP. */
#include "guest.h"

PAYLOAD(pio_widths)
	.code64
	movl $0x12345678, %eax
	movl $0x1234, %edx
	outb %al, %dx
	outw %ax, %dx
	outl %eax, %dx
	outb %al, $0x10
	outw %ax, $0x12
	outl %eax, $0x14
	movq $-1, %rax
	inb %dx, %al			/* the host answers 0x5a */
	movq $-1, %rcx
	movb $0x5a, %cl
	cmpq %rcx, %rax
	MUST(e)
	inw %dx, %ax			/* 0x1357 */
	movw $0x1357, %cx
	cmpq %rcx, %rax
	MUST(e)
	inl %dx, %eax			/* 0x2468ace0: clears the upper half */
	movl $0x2468ace0, %ecx
	cmpq %rcx, %rax
	MUST(e)
	inb $0x10, %al
	cmpb $0x77, %al
	MUST(e)
	DONE
END(pio_widths)

/* In 16-bit code the operand size prefix turns the meaning round. */
PAYLOAD(pio_real)
	.code16
	movl $0x89abcdef, %eax
	movw $0xfff0, %dx
	outb %al, %dx
	outw %ax, %dx
	outl %eax, %dx
	xorw %bx, %bx
	movw %bx, %ds
	movw $0x2000, %bx
	movw %bx, %es
	movw $0x7c00, %si
	movw $3, %cx
	cld
	rep outsb
	movw $0x10, %di
	movw $2, %cx
	rep insw
	cmpl $0x44332211, %es:0x10
	MUST(e)
	DONE
END(pio_real)

/*
 * rdi/rsi, rcx and the direction flag after each are checked here; the host checks the data.
 * I_ARG: the count of the long transfers.
 */
PAYLOAD(pio_string)
	.code64
	cld
	movl $0x1000, %edx
	/* one at a time */
	movl $G_DATA, %esi
	outsb
	outsw
	outsl
	cmpq $(G_DATA + 7), %rsi
	MUST(e)
	/* backwards */
	std
	movl $(G_DATA + 3), %esi
	movl $4, %ecx
	rep outsb
	cld
	cmpq $(G_DATA - 1), %rsi
	MUST(e)
	testq %rcx, %rcx
	MUST(z)
	/* none at all */
	movl $G_DATA, %esi
	rep outsb
	cmpq $G_DATA, %rsi
	MUST(e)
	/* long, over page borders, at odd addresses */
	movl $(G_DATA + 0xffd), %esi
	movq I_ARG, %rcx
	rep outsb
	movq $(G_DATA + 0xffd), %rax
	addq I_ARG, %rax
	cmpq %rax, %rsi
	MUST(e)
	movl $(G_DATA + 0x10), %esi
	movq I_ARG, %rcx
	rep outsl
	DONE
END(pio_string)

PAYLOAD(pio_string_in)
	.code64
	cld
	movl $0x1000, %edx
	movl $G_DATA, %edi
	insb
	insw
	insl
	cmpq $(G_DATA + 7), %rdi
	MUST(e)
	movl $(G_DATA + 0x1ffd), %edi
	movq I_ARG, %rcx
	rep insb
	testq %rcx, %rcx
	MUST(z)
	movq $(G_DATA + 0x1ffd), %rax
	addq I_ARG, %rax
	cmpq %rax, %rdi
	MUST(e)
	movl $(G_DATA + 0x8002), %edi
	movq I_ARG, %rcx
	rep insl
	/* address size 32: rcx and rdi are 32 bits wide, the upper halves are cleared */
	movabsq $0x100000003, %rcx
	movabsq $(0x100000000 + G_DATA + 0x20), %rdi
	addr32 rep insb
	testq %rcx, %rcx
	MUST(z)
	/* backwards */
	std
	movl $(G_DATA + 0x43), %edi
	movl $4, %ecx
	rep insb
	cld
	cmpq $(G_DATA + 0x3f), %rdi
	MUST(e)
	DONE
END(pio_string_in)

/* A string input whose buffer is not mapped: #PF, and nothing lost when it is repeated. */
PAYLOAD(pio_string_fault)
	.code64
	/* 0x600000 by a page table, only page 0 present */
	movq $(0x400000 | 3), G_PT
	movq $0, G_PT + 8
	movq $(G_PT | 7), G_PD + 24
	movq %cr3, %rax
	movq %rax, %cr3
	cld
	movl $0x1000, %edx
	movl $0x600ffc, %edi
	movl $8, %ecx
	movl $-1, I_VEC
	leaq 1f(%rip), %r15
	movq %r15, I_FIXUP
2:	rep insb
	FAIL
1:	MUST_FAULT(14)
	cmpl $2, I_ERR
	MUST(e)
	cmpq $0x601000, I_CR2
	MUST(e)
	cmpq $4, %rcx
	MUST(e)
	cmpq $0x601000, %rdi
	MUST(e)
	movq $(0x401000 | 3), G_PT + 8
	rep insb
	cmpl $0x04030201, 0x600ffc
	MUST(e)
	cmpl $0x08070605, 0x601000
	MUST(e)
	DONE
END(pio_string_fault)

/* IOPL and the permission bitmap: a user-mode port access is #GP; with the bit clear it works. */
PAYLOAD(pio_user)
	.code64
	movw $0x68, G_TSS + 0x66	/* the bitmap begins after the TSS */
	movl $-1, G_TSS + 0x68
	movl $-1, G_TSS + 0x6c
	movl $-1, G_TSS + 0x70
	andb $0xfe, G_TSS + 0x68 + 0x20 / 8	/* port 0x20 is free */
	movw $0x78, G_GDT + S_TSS	/* a limit that takes the bitmap in */
	movb $0x89, G_GDT + S_TSS + 5
	movw $S_TSS, %ax
	ltr %ax
	leaq 1f(%rip), %rax
	pushq $(S_UDATA | 3)
	pushq $G_USTACK
	pushq $2
	pushq $(S_UCODE64 | 3)
	pushq %rax
	iretq
1:	movb $0x31, %al
	outb %al, $0x20
	TRY(outb %al, $0x21)
	cmpl $13, I_VEC
	jne 2f
	movb $0x32, %al
2:	outb %al, $0x20
3:	jmp 3b
END(pio_user)

/* An endless stream, for tests that want many exits. */
PAYLOAD(pio_loop)
	.code64
	xorl %eax, %eax
1:	outl %eax, $0x10
	incl %eax
	jmp 1b
END(pio_loop)

/* Nothing but running. */
PAYLOAD(spin)
	.code64
1:	incq I_OUT
	jmp 1b
END(spin)

	.section .note.GNU-stack, "", @progbits
