/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for MSRs, CPUID, control register rules and time. */
#include "guest.h"

/*
 * The host's interpreter: I_ARG is a command, done over and over.
 *   1 RDMSR of I_ARG+8, 2 WRMSR of I_ARG+16 to it
 *   3 CPUID of leaf I_ARG+8 and index I_ARG+16
 *   4 RDTSC, 5 RDTSCP, 6 XSETBV of I_ARG+16 to register I_ARG+8
 * Results in I_OUT: vector or -1, then value (or eax, ebx, ecx, edx).
 */
PAYLOAD(cpu_commands)
	.code64
1:	movl $1, %eax
	REPORT
	movq $0, I_OUT + 8
	movl I_ARG + 8, %ecx
	movl I_ARG + 16, %eax
	movl I_ARG + 20, %edx
	movl I_ARG, %ebx
	cmpl $1, %ebx
	je 2f
	cmpl $2, %ebx
	je 3f
	cmpl $3, %ebx
	je 4f
	cmpl $4, %ebx
	je 5f
	cmpl $5, %ebx
	je 6f
	cmpl $6, %ebx
	je 7f
	DONE
2:	TRY(rdmsr)
	jmp 8f
3:	TRY(wrmsr)
	jmp 9f
4:	movl I_ARG + 8, %eax
	movl I_ARG + 16, %ecx
	TRY(cpuid)
	movl %eax, I_OUT + 8
	movl %ebx, I_OUT + 12
	movl %ecx, I_OUT + 16
	movl %edx, I_OUT + 20
	jmp 9f
5:	TRY(rdtsc)
	jmp 8f
6:	TRY(rdtscp)
	movl %ecx, I_OUT + 16
	jmp 8f
7:	TRY(xsetbv)
	jmp 9f
8:	movl %eax, I_OUT + 8
	movl %edx, I_OUT + 12
9:	movl I_VEC, %eax
	movl %eax, I_OUT
	jmp 1b
END(cpu_commands)

/*
 * Writes to control registers that the manuals forbid; reports the vector of each, in an order
 * that t_cpu.c has names for. rbx keeps CR0, rbp CR4, rdi CR3.
 */
#define FORBIDDEN(...)                                                                             \
	TRY(__VA_ARGS__);                                                                          \
	movl I_VEC, %eax;                                                                          \
	REPORT;                                                                                    \
	movq %rbx, %cr0;                                                                           \
	movq %rbp, %cr4;                                                                           \
	movq %rdi, %cr3

PAYLOAD(cpu_cr_rules)
	.code64
	movq %cr0, %rbx
	movq %cr4, %rbp
	movq %cr3, %rdi
	movq %rbx, %rax
	andq $~1, %rax
	FORBIDDEN(movq %rax, %cr0)	/* PG without PE */
	movq %rbx, %rax
	orq $0x20000000, %rax
	FORBIDDEN(movq %rax, %cr0)	/* NW without CD */
	movabsq $0x100000000, %rax
	orq %rbx, %rax
	FORBIDDEN(movq %rax, %cr0)	/* upper half */
	movq %rbp, %rax
	andq $~0x20, %rax
	FORBIDDEN(movq %rax, %cr4)	/* PAE off in long mode */
	movq %rbp, %rax
	btsq $15, %rax
	FORBIDDEN(movq %rax, %cr4)	/* reserved */
	movabsq $0x100000000, %rax
	orq %rbp, %rax
	FORBIDDEN(movq %rax, %cr4)	/* upper half */
	movl $0xc0000080, %ecx
	rdmsr
	movl %eax, %esi
	andl $~0x100, %eax
	FORBIDDEN(wrmsr)		/* LME off while paging */
	movl $0xc0000080, %ecx
	movl %esi, %eax
	orl $0x200000, %eax
	xorl %edx, %edx
	FORBIDDEN(wrmsr)		/* EFER, reserved */
	movl $0xc0000080, %ecx
	movl %esi, %eax
	movl $1, %edx
	FORBIDDEN(wrmsr)		/* EFER, upper half */
	DONE
END(cpu_cr_rules)

PAYLOAD(cpu_cr3_width)
	.code64
	movq %cr3, %rax
	btsq $62, %rax
	TRY(movq %rax, %cr3)
	MUST_FAULT(13)
	DONE
END(cpu_cr3_width)

/* Writes that are legal, and what reads back. */
PAYLOAD(cpu_cr_legal)
	.code64
	movq %cr0, %rbx
	movq %rbx, %rax
	orq $0x60000000, %rax		/* CD and NW */
	TRY(movq %rax, %cr0)
	MUST_WORK
	TRY(movq %rbx, %cr0)
	MUST_WORK
	movq %rbx, %rax
	xorq $0x4000a, %rax		/* MP, TS, AM */
	movq %rax, %cr0
	movq %cr0, %rcx
	cmpq %rax, %rcx
	MUST(e)
	movq %rbx, %cr0
	clts
	smsw %ax
	cmpw %bx, %ax
	MUST(e)
	movw %bx, %ax
	orw $8, %ax
	lmsw %ax
	movq %cr0, %rax
	btq $3, %rax
	MUST(c)
	clts
	movq %cr4, %rbp
	movq %rbp, %rax
	orq $0x8c, %rax			/* PGE, DE, TSD */
	TRY(movq %rax, %cr4)
	MUST_WORK
	movq %cr4, %rcx
	cmpq %rax, %rcx
	MUST(e)
	movq %rbp, %cr4
	movq %cr3, %rax
	orq $0x18, %rax			/* PWT, PCD */
	TRY(movq %rax, %cr3)
	MUST_WORK
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x801, %eax		/* NXE, SCE */
	TRY(wrmsr)
	MUST_WORK
	rdmsr
	cmpl $0xd01, %eax
	MUST(e)
	/* CR0 with PG off in 64-bit code is #GP: reported, TCG does not know it */
	DONE
END(cpu_cr_legal)

/* CR0.WP and user pages: supervisor writes to read-only pages. */
PAYLOAD(cpu_wp)
	.code64
	movq $(0x400000 | 1), G_PT
	movq $(G_PT | 7), G_PD + 24
	movq %cr3, %rax
	movq %rax, %cr3
	TRY(movl $1, 0x600000)
	MUST_FAULT(14)
	cmpl $3, I_ERR
	MUST(e)
	movq %cr0, %rax
	andq $~0x10000, %rax
	movq %rax, %cr0
	TRY(movl $1, 0x600000)
	MUST_WORK
	movq %cr0, %rax
	orq $0x10000, %rax
	movq %rax, %cr0
	TRY(movl $2, 0x600000)
	MUST_FAULT(14)
	DONE
END(cpu_wp)

/*
 * SYSCALL to ring 0 from ring 3 and SYSRET back: STAR and LSTAR as the guest set them.
 */
PAYLOAD(cpu_syscall)
	.code64
	movl $0xc0000080, %ecx
	rdmsr
	orl $1, %eax
	wrmsr
	movl $0xc0000081, %ecx
	xorl %eax, %eax
	movl $((S_UCODE32 - 0x18) << 16 | S_CODE64), %edx
	wrmsr
	leaq 2f(%rip), %rax
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0xc0000082, %ecx
	wrmsr
	movl $0xc0000084, %ecx
	movl $0x200, %eax
	xorl %edx, %edx
	wrmsr
	leaq 1f(%rip), %rax
	pushq $(S_UDATA | 3)
	pushq $G_USTACK
	pushq $0x3202
	pushq $(S_UCODE64 | 3)
	pushq %rax
	iretq
1:	movl $0x55, %ebx
	syscall
	FAIL				/* user mode: this OUT works by IOPL 3 */
2:	cmpl $0x55, %ebx
	MUST(e)
	movw %cs, %ax
	cmpw $S_CODE64, %ax
	MUST(e)
	testl $0x200, %r11d
	MUST(nz)
	pushfq
	popq %rax
	testl $0x200, %eax
	MUST(z)
	DONE
END(cpu_syscall)

/*
 * kvmclock: I_ARG is the page. Copies a consistent version of it to I_OUT with the TSC, and
 * reports.
 */
PAYLOAD(cpu_pvclock)
	.code64
1:	movq I_ARG, %rbx
2:	movl (%rbx), %esi
	testl $1, %esi
	jnz 2b
	rdtsc
	movl %eax, I_OUT + 0x40
	movl %edx, I_OUT + 0x44
	movl $4, %ecx
	xorl %edi, %edi
3:	movq (%rbx,%rdi,8), %rax
	movq %rax, I_OUT(,%rdi,8)
	incl %edi
	decl %ecx
	jnz 3b
	cmpl (%rbx), %esi
	jne 2b
	movl $1, %eax
	REPORT
	jmp 1b
END(cpu_pvclock)

/* TSC by RDTSC twice around an exit; the host compares. */
PAYLOAD(cpu_tsc)
	.code64
	xorl %esi, %esi
1:	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	cmpq %rsi, %rax
	MUST(ae)
	movq %rax, %rsi
	movq %rax, I_OUT
	movl $1, %eax
	REPORT
	jmp 1b
END(cpu_tsc)

/* One of each of what has a tracepoint. */
PAYLOAD(cpu_trace)
	.code64
	movl $0x12345678, %eax
	movl $0x321, %edx
	outl %eax, %dx
	inw $0x66, %ax
	movl $0xabcd1234, 0x10000040
	movl 0x10000080, %eax
	xorl %ecx, %ecx
	movl $0x80000008, %eax
	cpuid
	movl $0xc0000080, %ecx
	rdmsr
	wrmsr
	movl $0xdead0000, %ecx
	TRY(rdmsr)			/* #GP */
	movq %cr4, %rax
	orq $0x400, %rax		/* OSXMMEXCPT */
	movq %rax, %cr4
	movl $0x1234, %eax		/* a hypercall number that nobody has */
	vmmcall
	movl $5, 0x700000		/* first touch */
	sti
	nop
	movl $1, %eax
	REPORT
	nop
	DONE
END(cpu_trace)

	.section .note.GNU-stack, "", @progbits
