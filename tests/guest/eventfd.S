/* SPDX-License-Identifier: GPL-2.0-only */
/* The payload for ioeventfds and coalesced zones: one write at a time, as the host asks. */
#include "guest.h"

/*
 * Forever: write as I_ARG says (word 0: address or port, 1: value, 2: how), then report. How: 0-2
 * port of 1, 2, 4 bytes; 3-6 memory of 1, 2, 4, 8 bytes; 7 rep outsb of 4 bytes at G_DATA.
 */
PAYLOAD(one_write)
	.code64
	cld
1:	movq I_ARG, %rdx
	movq I_ARG + 8, %rax
	movl I_ARG + 16, %ebx
	cmpl $1, %ebx
	ja 3f
	je 2f
	outb %al, %dx
	jmp 9f
2:	outw %ax, %dx
	jmp 9f
3:	cmpl $3, %ebx
	ja 5f
	je 4f
	outl %eax, %dx
	jmp 9f
4:	movb %al, (%rdx)
	jmp 9f
5:	cmpl $5, %ebx
	ja 7f
	je 6f
	movw %ax, (%rdx)
	jmp 9f
6:	movl %eax, (%rdx)
	jmp 9f
7:	cmpl $7, %ebx
	je 8f
	movq %rax, (%rdx)
	jmp 9f
8:	movl $G_DATA, %esi
	movl $4, %ecx
	rep outsb
9:	movl %ebx, %eax
	REPORT
	jmp 1b
END(one_write)
