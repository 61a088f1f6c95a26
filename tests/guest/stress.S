/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest side of the memory stress test: random reads and writes that check themselves. */
#include "guest.h"

/*
 * rbx: 8-byte words 0 base, 1 number of pages - 1 (a mask), 2 offset in each page, 3 shadow,
 * 4 random state, 5 rounds, 6 mismatches, 7 flag to stop, 8 page, value and shadow of the last
 * mismatch.
 *
 * Picks a page, compares the word of this vCPU in it with the shadow copy, and in half of the
 * rounds counts it up in both.
 */
PAYLOAD(mem_stress)
	.code64
1:	movq 32(%rbx), %rax
	movq %rax, %rcx
	shlq $13, %rcx
	xorq %rcx, %rax
	movq %rax, %rcx
	shrq $7, %rcx
	xorq %rcx, %rax
	movq %rax, %rcx
	shlq $17, %rcx
	xorq %rcx, %rax
	movq %rax, 32(%rbx)
	movq %rax, %rdi
	shrq $20, %rdi
	andq 8(%rbx), %rdi
	movq %rdi, %rsi
	shlq $12, %rsi
	addq (%rbx), %rsi
	addq 16(%rbx), %rsi
	movq 24(%rbx), %rbp
	leaq (%rbp,%rdi,8), %rbp
	movq (%rsi), %rdx
	cmpq (%rbp), %rdx
	je 2f
	incq 48(%rbx)
	movq %rdi, 64(%rbx)
	movq %rdx, 72(%rbx)
	movq (%rbp), %rcx
	movq %rcx, 80(%rbx)
	movq %rdx, (%rbp)
2:	testq $1, %rax
	jz 3f
	incq %rdx
	movq %rdx, (%rsi)
	movq %rdx, (%rbp)
3:	incq 40(%rbx)
	cmpq $0, 56(%rbx)
	je 1b
	DONE
END(mem_stress)
