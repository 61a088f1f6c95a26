/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every payload is written with. A payload is a run of position-independent bytes in the test
 * program's read-only data, between guest_NAME and guest_NAME_end; the test copies it to G_CODE.
 *
 * The general registers belong to the payload, except that TRY uses r15 (64-bit) or ebp (32-bit).
 */
#ifndef GUEST_H
#define GUEST_H

#include "layout.h"

/* Assembly: clang-format would take the spaces out of it. */
/* clang-format off */

#define PAYLOAD(name)                                                                              \
	.section .rodata.guest, "a";                                                               \
	.balign 16;                                                                                \
	.globl guest_##name;                                                                       \
	guest_##name:

#define END(name)                                                                                  \
	.globl guest_##name##_end;                                                                 \
	guest_##name##_end:

/* The address that a label of the payload has once it is loaded. */
#define AT(name, label) (label - guest_##name + G_CODE)

#define DONE                                                                                       \
	xorl %eax, %eax;                                                                           \
	outl %eax, $P_RESULT;                                                                      \
	hlt;                                                                                       \
	jmp . - 1

#define FAIL                                                                                       \
	movl $__LINE__, %eax;                                                                      \
	outl %eax, $P_RESULT;                                                                      \
	hlt;                                                                                       \
	jmp . - 1

/* Fail unless the flags of the last instruction satisfy the condition. */
#define MUST(cc)                                                                                   \
	j##cc 77f;                                                                                 \
	FAIL;                                                                                      \
	77:

#define REPORT outl %eax, $P_REPORT

/* Run one instruction; afterwards I_VEC is -1, or the vector of the exception it raised. */
#define TRY(...)                                                                                   \
	movl $-1, I_VEC;                                                                           \
	leaq 78f(%rip), %r15;                                                                      \
	movq %r15, I_FIXUP;                                                                        \
	__VA_ARGS__;                                                                               \
	78: movq $0, I_FIXUP

#define TRY32(name, ...)                                                                           \
	movl $-1, I_VEC;                                                                           \
	movl $(78f - guest_##name + G_CODE), I_FIXUP;                                              \
	__VA_ARGS__;                                                                               \
	78: movl $0, I_FIXUP

#define MUST_FAULT(vec)                                                                            \
	cmpl $vec, I_VEC;                                                                          \
	MUST(e)

#define MUST_WORK                                                                                  \
	cmpl $-1, I_VEC;                                                                           \
	MUST(e)

/* clang-format on */

#endif
