/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for interrupts, windows, NMIs, HLT and the task priority. */
#include "guest.h"

/* Interrupts on, then reports; each report is a place for the host to inject. */
PAYLOAD(irq_reports)
	.code64
	movl $1, %eax
	REPORT
	sti
	nop
	movl $2, %eax
	REPORT
	nop
	movl I_IRQ_COUNT, %eax
	REPORT
	cli
	movl $4, %eax
	REPORT
	nop
	movl I_IRQ_COUNT, %eax
	REPORT
	sti
	nop
	movl I_IRQ_COUNT, %eax
	REPORT
	DONE
END(irq_reports)

/* Nothing between STI and CLI but the shadow: no interrupt may come in. */
PAYLOAD(irq_shadow)
	.code64
	movl $1, %eax
	REPORT
	movl $1000, %ecx
1:	sti
	cli
	decl %ecx
	jnz 1b
	cmpl $0, I_IRQ_COUNT
	MUST(e)
	/* the shadow of a load of SS */
	movw $S_DATA, %ax
	sti
	movw %ax, %ss
	cli
	nop
	movl $2, %eax
	REPORT
	sti
	nop
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	DONE
END(irq_shadow)

/* STI; HLT, woken by each interrupt. */
PAYLOAD(irq_hlt)
	.code64
1:	sti
	hlt
	cli
	movl I_IRQ_COUNT, %eax
	REPORT
	jmp 1b
END(irq_hlt)

/* HLT with interrupts off. */
PAYLOAD(irq_hlt_off)
	.code64
	cli
	hlt
	movl $1, %eax
	REPORT
	DONE
END(irq_hlt_off)

/* An OUT right behind STI, so that the exit is in the shadow. */
PAYLOAD(irq_shadow_exit)
	.code64
	movl $1, %eax
	sti
	REPORT
	nop
	nop
	movl I_IRQ_COUNT, %eax
	REPORT
	DONE
END(irq_shadow_exit)

/* A long NMI handler: exits inside it, then IRET. Vector 2's gate is turned to it. */
PAYLOAD(irq_nmi)
	.code64
	leaq 3f(%rip), %rax
	movw %ax, G_IDT + 0x20
	shrq $16, %rax
	movw %ax, G_IDT + 0x26
	movl $1, %eax
	REPORT
	nop
	movl I_NMI_COUNT, %eax
	REPORT
	nop
	nop
	movl I_NMI_COUNT, %eax
	REPORT
	DONE
3:	incl I_NMI_COUNT
	pushq %rax
	movl $0x100, %eax
	REPORT
	movl $0x101, %eax
	REPORT
	popq %rax
	iretq
END(irq_nmi)

/* CR8 as the host sets it, and as the host should see it. */
PAYLOAD(irq_cr8)
	.code64
	movq %cr8, %rax
	REPORT
	movl $5, %eax
	movq %rax, %cr8
	xorl %eax, %eax
	movq %cr8, %rax
	REPORT
	movl $15, %eax
	movq %rax, %cr8
	movl $15, %eax
	REPORT
	xorl %eax, %eax
	movq %rax, %cr8
	movl $16, %eax
	TRY(movq %rax, %cr8)
	MUST_FAULT(13)
	movq %cr8, %rax
	REPORT
	movq %cr8, %rax
	REPORT
	DONE
END(irq_cr8)

/* Runs with interrupts on until the count of them is I_ARG. */
PAYLOAD(irq_storm)
	.code64
	sti
1:	movl I_ARG, %eax
	incq I_OUT
	cmpl %eax, I_IRQ_COUNT
	jb 1b
	cli
	DONE
END(irq_storm)

/* Interrupts off for long, and on for one instruction, over and over. */
PAYLOAD(irq_window)
	.code64
1:	cli
	movl $200, %ecx
2:	loop 2b
	sti
	nop
	movl I_ARG, %eax
	cmpl %eax, I_IRQ_COUNT
	jb 1b
	cli
	DONE
END(irq_window)

/* Waits for the count to reach @n, and ends the last of them. */
.macro ENDED n
1:	cmpl $\n, I_IRQ_COUNT
	jb 1b
	movl $0, 0xb0(%rbx)
.endm

/* Two that the host has left, an IPI to itself, its own timer: it ends each with an EOI. */
PAYLOAD(irq_lives)
	.code64
	movl $0xfee00000, %ebx
	sti
	ENDED 1
	ENDED 2
	movl $0, 0x310(%rbx)		/* ICR: vector 0x71 to APIC 0 */
	movl $0x4071, 0x300(%rbx)
	ENDED 3
	movl $0xb, 0x3e0(%rbx)		/* the timer: not divided, once, vector 0x81 */
	movl $0x81, 0x320(%rbx)
	movl $100000, 0x380(%rbx)
	ENDED 4
	DONE
END(irq_lives)

/* Real mode: through the IVT. */
PAYLOAD(irq_real)
	.code16
	xorw %ax, %ax
	movw %ax, %ds
	movw $(2f - guest_irq_real), 0x40 * 4
	movw %cs, 0x40 * 4 + 2
	xorl %ebx, %ebx
	sti
	nop
	movl $1, %eax
	REPORT
	nop
	cmpl $1, %ebx
	MUST(e)
	DONE
2:	incl %ebx
	iretw
END(irq_real)

	.section .note.GNU-stack, "", @progbits
