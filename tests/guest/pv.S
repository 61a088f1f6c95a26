/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads that know they run on KVM: hypercalls and PV EOI. */
#include "guest.h"

#define MSR_PV_EOI_EN 0x4b564d04
#define MSR_APIC_BASE 0x1b
#define MSR_X2APIC_EOI 0x80b

/* Forever: the hypercall that I_ARG says (number, four arguments), then report its result. */
PAYLOAD(pv_call)
	.code64
1:	movq I_ARG, %rax
	movq I_ARG + 8, %rbx
	movq I_ARG + 16, %rcx
	movq I_ARG + 24, %rdx
	movq I_ARG + 32, %rsi
	vmmcall
	REPORT
	jmp 1b
END(pv_call)

/* The same, once, by the instruction of the other vendor. */
PAYLOAD(pv_vmcall)
	.code64
	movl $0x1234, %eax
	vmcall
	REPORT
	TRY(ud2)
	MUST_FAULT(6)
	DONE
END(pv_vmcall)

/*
 * Forever: report (2) that interrupts may be sent, take one, end it, and report how: 1 by clearing
 * the bit at G_DATA, 0 by writing the register.
 */
PAYLOAD(pv_eoi)
	.code64
	movl $MSR_APIC_BASE, %ecx
	rdmsr
	orl $0xc00, %eax
	wrmsr
	movl $0, G_DATA
	movl $MSR_PV_EOI_EN, %ecx
	movl $(G_DATA | 1), %eax
	xorl %edx, %edx
	wrmsr
	movl $2, %eax
	REPORT
	xorl %ebx, %ebx
1:	sti
	nop
	cli
	cmpl %ebx, I_IRQ_COUNT
	je 1b
	incl %ebx
	btrl $0, G_DATA
	movl $1, %eax
	jc 2f
	movl $MSR_X2APIC_EOI, %ecx
	xorl %eax, %eax
	xorl %edx, %edx
	wrmsr
	xorl %eax, %eax
2:	REPORT
	jmp 1b
END(pv_eoi)
