/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop that the benchmark's payloads are: an operation, I_ARG[0] times, with the TSC taken
 * before and after each, and the differences left as 32-bit words at SAMPLES.
 *
 * rdi: sample cursor, rsi: samples left, r14: start. Assembly only.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "guest.h"
#include "bench.h"

/* clang-format off */

.macro clock_start
	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	movq %rax, %r14
.endm

.macro clock_stop
	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	subq %r14, %rax
	movl %eax, (%rdi)
	addq $4, %rdi
.endm

.macro loop_begin
	.code64
	movq $SAMPLES, %rdi
	movq I_ARG, %rsi
1:
.endm

/* I_OUT[0]: the cursor, for the host to see that everything was measured. */
.macro loop_end
	decq %rsi
	jnz 1b
	movq %rdi, I_OUT
	DONE
.endm

.macro bench_begin
	loop_begin
	clock_start
.endm

.macro bench_end
	clock_stop
	loop_end
.endm

/* clang-format on */

#endif
