/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for exceptions, faults during their delivery, and double and triple faults. */
#include "guest.h"

/* One of each that needs no set-up, with error code and RIP as the manuals have them. */
PAYLOAD(exc_each)
	.code64
	xorl %ecx, %ecx
	xorl %edx, %edx
	movl $1, %eax
	TRY(divl %ecx)
	MUST_FAULT(0)
	TRY(ud2)
	MUST_FAULT(6)
	movw $0x1234, %ax
	TRY(movw %ax, %ds)
	MUST_FAULT(13)
	cmpl $0x1234, I_ERR
	MUST(e)
	movw $S_ABSENT, %ax
	TRY(movw %ax, %es)		/* #NP */
	MUST_FAULT(11)
	cmpl $S_ABSENT, I_ERR
	MUST(e)
	TRY(movw %ax, %ss)
	MUST_FAULT(12)			/* #SS for an absent stack segment */
	movw $S_DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movabsq $0x8000000000000000, %rbx
	TRY(movl (%rbx), %eax)
	MUST_FAULT(13)
	cmpl $0, I_ERR
	MUST(e)
	leaq 1f(%rip), %rax
	TRY(1: ud2)
	MUST_FAULT(6)
	cmpq %rax, I_RIP
	MUST(e)
	/* #NM */
	movq %cr0, %rax
	orq $8, %rax
	movq %rax, %cr0
	TRY(fninit)
	MUST_FAULT(7)
	clts
	TRY(fninit)
	MUST_WORK
	/* #MF: unmasked zero divide, seen by the next waiting instruction */
	pushq $0x0360
	fldcw (%rsp)
	popq %rax
	fld1
	fldz
	fdivrp
	TRY(fwait)
	MUST_FAULT(16)
	fninit
	/* software interrupts: RIP is behind the instruction */
	movl $-1, I_VEC
	movq $0, I_FIXUP
	leaq 2f(%rip), %rax
	movq %rax, I_FIXUP
	int $0x4
2:	MUST_FAULT(4)
	movq %rax, %rbx
	cmpq %rbx, I_RIP
	MUST(e)
	int $0x80
	cmpl $0x80, I_LAST_IRQ
	MUST(e)
	int $0xff
	cmpl $2, I_IRQ_COUNT
	MUST(e)
	DONE
END(exc_each)

/* An unmasked SSE exception. */
PAYLOAD(exc_xm)
	.code64
	movq %cr4, %rax
	orq $0x600, %rax
	movq %rax, %cr4
	pushq $0x1d80
	ldmxcsr (%rsp)
	popq %rax
	xorps %xmm0, %xmm0
	movl $1, %eax
	cvtsi2ssl %eax, %xmm1
	TRY(divss %xmm0, %xmm1)
	movl I_VEC, %eax
	REPORT
	DONE
END(exc_xm)

/* INT3 and the trap flag. */
PAYLOAD(exc_bp)
	.code64
	leaq 1f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	int3
1:	MUST_FAULT(3)
	cmpq %rax, I_RIP
	MUST(e)
	DONE
END(exc_bp)

/* INT1, which is a trap. */
PAYLOAD(exc_int1)
	.code64
	leaq 1f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	.byte 0xf1
1:	movq %rax, %rbx
	movl I_VEC, %eax
	REPORT
	MUST_FAULT(1)
	cmpq %rbx, I_RIP
	MUST(e)
	DONE
END(exc_int1)

PAYLOAD(exc_db)
	.code64
	pushfq
	orq $0x100, (%rsp)
	leaq 2f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	popfq				/* the trap comes after the next instruction */
	nop
1:	FAIL
2:	MUST_FAULT(1)
	leaq 1b(%rip), %rbx
	cmpq %rbx, I_RIP
	MUST(e)
	btq $14, I_DR6
	MUST(c)
	DONE
END(exc_db)

/* The trap flag over instructions that are emulated or skipped by the host. */
PAYLOAD(exc_db_skip)
	.code64
	leaq 2f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	xorl %eax, %eax
	pushfq
	orq $0x100, (%rsp)
	popfq
	cpuid
1:	nop
	FAIL
2:	leaq 1b(%rip), %rbx
	MUST_FAULT(1)
	cmpq %rbx, I_RIP
	MUST(e)
	leaq 2f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	pushfq
	orq $0x100, (%rsp)
	popfq
	outl %eax, $0x10
1:	nop
	FAIL
2:	leaq 1b(%rip), %rbx
	MUST_FAULT(1)
	cmpq %rbx, I_RIP
	MUST(e)
	leaq 2f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	pushfq
	orq $0x100, (%rsp)
	popfq
	movl %eax, 0x10000000
1:	nop
	FAIL
2:	leaq 1b(%rip), %rbx
	MUST_FAULT(1)
	movl I_RIP, %eax
	subl %ebx, %eax
	REPORT
	DONE
END(exc_db_skip)

/* #DE whose gate is absent: #NP during delivery, which makes a double fault of it. */
PAYLOAD(exc_double)
	.code64
	movb $0x0e, G_IDT + 5		/* vector 0 not present */
	leaq 1f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	xorl %ecx, %ecx
	divl %ecx
	FAIL
1:	cmpl $8, I_VEC
	MUST(e)
	cmpl $0, I_ERR
	MUST(e)
	DONE
END(exc_double)

/* A page fault on the delivery of #UD is not a double fault: benign + #PF. */
PAYLOAD(exc_serial)
	.code64
	/* 0x600000 is not mapped; the handler of #UD is there */
	movq $0, G_PD + 24
	movq %cr3, %rax
	movq %rax, %cr3
	movw $0x60, G_IDT + 6 * 16 + 6	/* offset bits 16-31 */
	movw $0, G_IDT + 6 * 16
	TRY(ud2)
	MUST_FAULT(14)
	cmpl $0x10, I_ERR		/* the fetch, with EFER.NXE off it has no I bit */
	je 1f
	cmpl $0, I_ERR
	MUST(e)
1:	cmpq $0x600000, I_CR2
	MUST(e)
	DONE
END(exc_serial)

/* No IDT: a triple fault. */
PAYLOAD(exc_triple)
	.code64
	lidt 1f(%rip)
	ud2
	FAIL
1:	.word 0
	.quad 0
END(exc_triple)

/* Waits for what the host injects; counts instructions that matter in rbx. */
PAYLOAD(exc_wait)
	.code64
	leaq 1f(%rip), %rax
	movq %rax, I_FIXUP
	movl $-1, I_VEC
	movl $1, %eax
	REPORT
	FAIL
1:	movl I_VEC, %eax
	REPORT
	movl I_ERR, %eax
	REPORT
	DONE
END(exc_wait)

/* #BR by bound in 32-bit code; INTO. */
PAYLOAD(exc_32)
	.code32
	movl $5, G_DATA
	movl $9, G_DATA + 4
	movl $7, %eax
	TRY32(exc_32, boundl %eax, G_DATA)
	MUST_WORK
	movl $10, %eax
	TRY32(exc_32, boundl %eax, G_DATA)
	MUST_FAULT(5)
	movb $0x7f, %al
	addb $1, %al
	TRY32(exc_32, into)
	MUST_FAULT(4)			/* TRY32's stores leave the flags alone */
	DONE
END(exc_32)

/*
 * Delivery into memory that the host has to bring in first: IDT, handler and stack lie on pages
 * that nobody has touched. I_ARG+0: IDT base, I_ARG+8: stack top.
 */
PAYLOAD(exc_cold)
	.code64
	movw $0xfff, G_DATA
	movq I_ARG, %rax
	movq %rax, G_DATA + 2
	lidt G_DATA
	movq I_ARG + 8, %rsp
	TRY(ud2)
	MUST_FAULT(6)
	int $0x80
	cmpl $0x80, I_LAST_IRQ
	MUST(e)
	movl $1, %eax
	REPORT
	sti
	nop
	movl $2, %eax
	REPORT
	nop
	DONE
END(exc_cold)

	.section .note.GNU-stack, "", @progbits
