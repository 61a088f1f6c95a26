/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entry of each vector and the common exception and interrupt handlers, for 64-bit and for
 * 32-bit code.
 * Loaded at G_STUBS; the entry of vector n is at G_STUBS + 16 * n.
 *
 * An exception with I_FIXUP set resumes there; without, it is reported on P_EXC and the guest
 * stops. NMIs and vectors from 32 up are counted and logged.
 */
#include "guest.h"

#define HAS_ERR(n) ((n) == 8 || ((n) >= 10 && (n) <= 14) || (n) == 17 || (n) == 21)

.macro STUBS common
	.set n, 0
	.rept 256
	.balign 16
	.if !(HAS_ERR(n))
	.byte 0x6a, 0			/* push $0 in the place of an error code */
	.endif
	.byte 0x68			/* push $n */
	.long n
	.byte 0xe9			/* jmp rel32 */
	.long \common - . - 4
	.set n, n + 1
	.endr
	.balign 16
.endm

PAYLOAD(handlers64)
	.code64
	STUBS common64
common64:
	pushq %rax
	movl 8(%rsp), %eax
	cmpl $2, %eax
	je 3f
	cmpl $32, %eax
	jae 4f
	incl I_EXC_COUNT
	movl %eax, I_VEC
	movq 16(%rsp), %rax
	movl %eax, I_ERR
	movq 24(%rsp), %rax
	movq %rax, I_RIP
	movq 32(%rsp), %rax
	movq %rax, I_CS
	movq 40(%rsp), %rax
	movq %rax, I_RFLAGS
	movq 48(%rsp), %rax
	movq %rax, I_RSP
	movq %cr2, %rax
	movq %rax, I_CR2
	movq %dr6, %rax
	movq %rax, I_DR6
	movq I_FIXUP, %rax
	testq %rax, %rax
	jz 2f
	movq %rax, 24(%rsp)
	movq $0, I_FIXUP
	cmpl $1, I_VEC
	jne 1f
	andq $~0x100, 40(%rsp)		/* TF, or its trap would come for ever */
1:	popq %rax
	addq $16, %rsp
	iretq
2:	movl I_VEC, %eax
	outl %eax, $P_EXC
	hlt
	jmp 2b
3:	incl I_NMI_COUNT
	jmp 1b
4:	movl %eax, I_LAST_IRQ
	pushq %rbx
	movl I_IRQ_COUNT, %ebx
	movzbl %bl, %ebx
	movb %al, I_IRQ_LOG(%rbx)
	popq %rbx
	incl I_IRQ_COUNT
	jmp 1b
END(handlers64)

PAYLOAD(handlers32)
	.code32
	STUBS common32
common32:
	pushl %eax
	movl 4(%esp), %eax
	cmpl $2, %eax
	je 3f
	cmpl $32, %eax
	jae 4f
	incl I_EXC_COUNT
	movl %eax, I_VEC
	movl 8(%esp), %eax
	movl %eax, I_ERR
	movl 12(%esp), %eax
	movl %eax, I_RIP
	movl 16(%esp), %eax
	movl %eax, I_CS
	movl 20(%esp), %eax
	movl %eax, I_RFLAGS
	movl %cr2, %eax
	movl %eax, I_CR2
	movl I_FIXUP, %eax
	testl %eax, %eax
	jz 2f
	movl %eax, 12(%esp)
	movl $0, I_FIXUP
1:	popl %eax
	addl $8, %esp
	iretl
2:	movl I_VEC, %eax
	outl %eax, $P_EXC
	hlt
	jmp 2b
3:	incl I_NMI_COUNT
	jmp 1b
4:	movl %eax, I_LAST_IRQ
	pushl %ebx
	movl I_IRQ_COUNT, %ebx
	movzbl %bl, %ebx
	movb %al, I_IRQ_LOG(%ebx)
	popl %ebx
	incl I_IRQ_COUNT
	jmp 1b
END(handlers32)

	.section .note.GNU-stack, "", @progbits
