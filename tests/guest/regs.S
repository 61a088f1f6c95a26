/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for register state: what the guest finds when the host has set it, and the other way. */
#include "guest.h"

/* Stores every general register at G_DATA in the order of struct kvm_regs, then changes all. */
PAYLOAD(regs_all)
	.code64
	movq %rax, G_DATA + 0
	movq %rbx, G_DATA + 8
	movq %rcx, G_DATA + 16
	movq %rdx, G_DATA + 24
	movq %rsi, G_DATA + 32
	movq %rdi, G_DATA + 40
	movq %rsp, G_DATA + 48
	movq %rbp, G_DATA + 56
	movq %r8, G_DATA + 64
	movq %r9, G_DATA + 72
	movq %r10, G_DATA + 80
	movq %r11, G_DATA + 88
	movq %r12, G_DATA + 96
	movq %r13, G_DATA + 104
	movq %r14, G_DATA + 112
	movq %r15, G_DATA + 120
	movl $G_STACK, %esp
	pushfq
	popq G_DATA + 128
	movl $0x100, %eax
	notq %rbx
	notq %rcx
	notq %rdx
	notq %rsi
	notq %rdi
	notq %rbp
	notq %r8
	notq %r9
	notq %r10
	notq %r11
	notq %r12
	notq %r13
	notq %r14
	notq %r15
	REPORT
	DONE
END(regs_all)

/* Does nothing between two reports: for state that must come through a run unchanged. */
PAYLOAD(regs_pass)
	.code64
	movl $1, %eax
	REPORT
	cpuid
	movl $2, %eax
	REPORT
	DONE
END(regs_pass)

PAYLOAD(regs_pass32)
	.code32
	movl $1, %eax
	REPORT
	xorl %eax, %eax
	xorl %ecx, %ecx
	cpuid
	movl $2, %eax
	REPORT
	DONE
END(regs_pass32)

/* Stores segment bases, descriptor tables and control registers. */
PAYLOAD(regs_system)
	.code64
	movq %cr0, %rax
	movq %rax, G_DATA
	movq %cr2, %rax
	movq %rax, G_DATA + 8
	movq %cr3, %rax
	movq %rax, G_DATA + 16
	movq %cr4, %rax
	movq %rax, G_DATA + 24
	movq %cr8, %rax
	movq %rax, G_DATA + 32
	sgdt G_DATA + 40
	sidt G_DATA + 56
	movw %cs, G_DATA + 72
	movw %ds, G_DATA + 74
	movw %es, G_DATA + 76
	movw %fs, G_DATA + 78
	movw %gs, G_DATA + 80
	movw %ss, G_DATA + 82
	str G_DATA + 84
	sldt G_DATA + 86
	movq %fs:0, %rax
	movq %rax, G_DATA + 88
	movq %gs:8, %rax
	movq %rax, G_DATA + 96
	movl $1, %eax
	REPORT
	DONE
END(regs_system)

/* Debug registers: the host's are seen, ours are seen by the host. */
PAYLOAD(regs_debug)
	.code64
	movq %dr0, %rax
	movq %rax, G_DATA
	movq %dr1, %rax
	movq %rax, G_DATA + 8
	movq %dr2, %rax
	movq %rax, G_DATA + 16
	movq %dr3, %rax
	movq %rax, G_DATA + 24
	movq %dr6, %rax
	movq %rax, G_DATA + 32
	movq %dr7, %rax
	movq %rax, G_DATA + 40
	movl $1, %eax
	REPORT
	movl $0x1234, %eax
	movq %rax, %dr0
	movabsq $0xffff888000001000, %rax
	movq %rax, %dr3
	movl $2, %eax
	REPORT
	/* a DR7 with bits above 31 is #GP; DR4 is DR6 without CR4.DE, #UD with it */
	movabsq $0x100000400, %rax
	TRY(movq %rax, %dr7)
	movl I_VEC, %eax
	REPORT
	movq %cr4, %rax
	orq $8, %rax
	movq %rax, %cr4
	TRY(movq %dr4, %rax)
	MUST_FAULT(6)
	DONE
END(regs_debug)

/* General detect. */
PAYLOAD(regs_debug_gd)
	.code64
	movl $0x2400, %eax
	movq %rax, %dr7
	TRY(movq %dr0, %rax)
	movl I_VEC, %eax
	REPORT
	btq $13, I_DR6
	MUST(c)
	DONE
END(regs_debug_gd)

/* x87 and SSE: takes what is there, stores it, loads other values. */
PAYLOAD(regs_fpu)
	.code64
	fxsave64 G_DATA
	fxrstor64 G_DATA + 0x200
	movl $1, %eax
	REPORT
	fxsave64 G_DATA + 0x400
	movl $2, %eax
	REPORT
	DONE
END(regs_fpu)

/* AVX: ymm registers over exits of each kind. The host has set XCR0 to 7. */
PAYLOAD(regs_avx)
	.code64
	movq %cr4, %rax
	orq $0x40600, %rax
	movq %rax, %cr4
	vmovdqu G_DATA, %ymm0
	vmovdqu G_DATA + 32, %ymm7
	vmovdqu G_DATA + 64, %ymm15
	movl $200, %ebx
1:	movl $1, %eax
	REPORT
	movl $0, %eax
	pushq %rbx
	cpuid
	popq %rbx
	movl %eax, 0x10000000
	decl %ebx
	jnz 1b
	vmovdqu %ymm0, G_DATA + 96
	vmovdqu %ymm7, G_DATA + 128
	vmovdqu %ymm15, G_DATA + 160
	xorl %ecx, %ecx
	xgetbv
	REPORT
	DONE
END(regs_avx)

/* SSE only, the same, without exits between but those of the loop; I_ARG is the pattern. */
PAYLOAD(regs_sse_loop)
	.code64
	movq I_ARG, %rax
	movq %rax, %xmm0
	movq %rax, %xmm15
	movq %rax, %rbx
	movl $300, %ecx
1:	outb %al, $0x10
	movq %xmm0, %rax
	cmpq %rax, %rbx
	MUST(e)
	movq %xmm15, %rax
	cmpq %rax, %rbx
	MUST(e)
	decl %ecx
	jnz 1b
	DONE
END(regs_sse_loop)

	.section .note.GNU-stack, "", @progbits
