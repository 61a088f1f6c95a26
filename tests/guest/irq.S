/* SPDX-License-Identifier: GPL-2.0-only */
/* Payloads for interrupts, windows, NMIs, HLT and the task priority. */
#include "guest.h"

/*
 * An exception maps the way of interrupts. (Bochs 2.7 does not say which one an exit interrupted
 * that it delivered by APICv.)
 */
#define WARM_UP TRY(ud2)

/* Interrupts on, then reports; each report is a place for the host to inject. */
PAYLOAD(irq_reports)
	.code64
	WARM_UP
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
	WARM_UP
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

.macro TPR class
	movl $\class, %eax
	movq %rax, %cr8
.endm

/*
 * Up and down, a thousand times; then the host asks for 0x51 and 0x83, which come when the TPR is
 * below their class.
 */
PAYLOAD(irq_tpr)
	.code64
	WARM_UP
	movl $0xfee00000, %ebx
	sti
	movl $1, %eax
	REPORT
	movl $1000, %ecx
1:	TPR 9
	movq %cr8, %rdx
	cmpl $9, %edx
	MUST(e)
	TPR 0
	decl %ecx
	jnz 1b
	TPR 9
	movl $2, %eax
	REPORT
	nop
	TPR 8
	nop
	cmpl $0, I_IRQ_COUNT
	MUST(e)
	TPR 7
	nop
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	cmpl $0x83, I_LAST_IRQ
	MUST(e)
	TPR 4				/* the first is still in service */
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	TPR 5
	movl $0, 0xb0(%rbx)
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	TPR 4
	nop
	nop
	cmpl $2, I_IRQ_COUNT
	MUST(e)
	movl $0, 0xb0(%rbx)
	DONE
END(irq_tpr)

/* Runs with interrupts on until the count of them is I_ARG. */
PAYLOAD(irq_storm)
	.code64
	WARM_UP
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
	WARM_UP
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
	WARM_UP
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

/* Forever: report how many interrupts there were, take one, and end it. */
PAYLOAD(irq_ends)
	.code64
	WARM_UP
	movl $0xfee00000, %ebx
	xorl %esi, %esi
1:	movl %esi, %eax
	REPORT
2:	sti
	nop
	nop
	cli
	cmpl %esi, I_IRQ_COUNT
	je 2b
	incl %esi
	movl $0, 0xb0(%rbx)
	jmp 1b
END(irq_ends)

.macro X2READ reg			/* EAX */
	movl $(0x800 + (\reg >> 4)), %ecx
	rdmsr
.endm

.macro X2WRITE reg, value
	movl $(0x800 + (\reg >> 4)), %ecx
	movl $\value, %eax
	xorl %edx, %edx
	wrmsr
.endm

/* STI; HLT, until an interrupt comes; then how many there were. */
PAYLOAD(irq_x2apic_hlt)
	.code64
	WARM_UP
	sti
	hlt
	cli
	movl I_IRQ_COUNT, %eax
	REPORT
	DONE
END(irq_x2apic_hlt)

/* Forever, with an x2APIC: report how many interrupts there were, take one, look at it, end it. */
PAYLOAD(irq_x2apic_ends)
	.code64
	WARM_UP
	xorl %esi, %esi
1:	movl %esi, %eax
	REPORT
2:	sti
	nop
	nop
	cli
	cmpl %esi, I_IRQ_COUNT
	je 2b
	incl %esi
	cmpl %esi, I_IRQ_COUNT		/* one in service keeps its own class away */
	MUST(e)
	X2READ 0x120			/* ISR, vectors 0x40 to 0x5f */
	cmpl $(1 << 0x11), %eax
	MUST(e)
	X2READ 0xa0			/* PPR */
	cmpl $0x50, %eax
	MUST(e)
	X2WRITE 0xb0, 0
	X2READ 0x120
	testl %eax, %eax
	MUST(z)
	TRY(X2WRITE 0xb0, 1)
	MUST_FAULT(13)
	TRY(X2WRITE 0x80, 0x100)
	MUST_FAULT(13)
	TRY(X2READ 0xb0)
	MUST_FAULT(13)
	jmp 1b
END(irq_x2apic_ends)

/* As irq_tpr, by the x2APIC's registers, and an IPI to itself for a third. */
PAYLOAD(irq_x2apic_tpr)
	.code64
	WARM_UP
	sti
	X2WRITE 0x80, 0x9d
	X2READ 0x80
	cmpl $0x9d, %eax
	MUST(e)
	movl $2, %eax
	REPORT
	X2READ 0x240			/* IRR, vectors 0x80 to 0x9f */
	cmpl $(1 << 3), %eax
	MUST(e)
	X2WRITE 0x80, 0x80
	nop
	cmpl $0, I_IRQ_COUNT
	MUST(e)
	X2WRITE 0x80, 0x7f
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	X2WRITE 0x3f0, 0x91		/* above what is in service */
	nop
	nop
	cmpl $2, I_IRQ_COUNT
	MUST(e)
	cmpl $0x91, I_LAST_IRQ
	MUST(e)
	X2WRITE 0xb0, 0
	X2WRITE 0xb0, 0
	X2WRITE 0x80, 0x40
	nop
	cmpl $3, I_IRQ_COUNT
	MUST(e)
	cmpl $0x51, I_LAST_IRQ
	MUST(e)
	X2WRITE 0xb0, 0
	X2READ 0xa0
	cmpl $0x40, %eax
	MUST(e)
	DONE
END(irq_x2apic_tpr)

/*
 * As irq_tpr, by the xAPIC's page and with the TPR's low half, with IPIs to itself by the shorthand
 * and by its id for a third and a fourth. Then, when the host has changed what it likes: the TPR.
 */
PAYLOAD(irq_xapic_tpr)
	.code64
	WARM_UP
	movl $0xfee00000, %ebx
	movl $0, 0x80(%rbx)
	sti
	movl $1, %eax
	REPORT
	movl $1000, %ecx
1:	movl $0x9d, 0x80(%rbx)
	movl 0x80(%rbx), %edx
	cmpl $0x9d, %edx
	MUST(e)
	movl $0, 0x80(%rbx)
	decl %ecx
	jnz 1b
	movl $0x9d, 0x80(%rbx)
	movq %cr8, %rdx
	cmpl $9, %edx
	MUST(e)
	movl $2, %eax
	REPORT
	cmpl $(1 << 3), 0x240(%rbx)	/* IRR, vectors 0x80 to 0x9f */
	MUST(e)
	cmpl $0x9d, 0xa0(%rbx)		/* PPR */
	MUST(e)
	movl $0x80, 0x80(%rbx)
	nop
	cmpl $0, I_IRQ_COUNT
	MUST(e)
	movl $0x7f, 0x80(%rbx)
	nop
	cmpl $1, I_IRQ_COUNT
	MUST(e)
	movl $0x44091, 0x300(%rbx)	/* above what is in service */
	nop
	nop
	cmpl $2, I_IRQ_COUNT
	MUST(e)
	cmpl $0x91, I_LAST_IRQ
	MUST(e)
	movl $0, 0x310(%rbx)
	movl $0x40a1, 0x300(%rbx)
	nop
	nop
	cmpl $3, I_IRQ_COUNT
	MUST(e)
	cmpl $0xa1, I_LAST_IRQ
	MUST(e)
	cmpl $0x40a1, 0x300(%rbx)
	MUST(e)
	movl $0, 0xb0(%rbx)
	movl $0, 0xb0(%rbx)
	movl $0, 0xb0(%rbx)
	movl $0x40, 0x80(%rbx)
	nop
	cmpl $4, I_IRQ_COUNT
	MUST(e)
	cmpl $0x51, I_LAST_IRQ
	MUST(e)
	movl $0, 0xb0(%rbx)
	cmpl $0x40, 0xa0(%rbx)
	MUST(e)
	movl $0x100ff, 0x350(%rbx)	/* LVT LINT0 */
	cmpl $0x100ff, 0x350(%rbx)
	MUST(e)
	movl $3, %eax
	REPORT
	movl 0x80(%rbx), %eax
	REPORT
	DONE
END(irq_xapic_tpr)

/*
 * Twenty times a TSC deadline I_ARG[0] ticks from now: none comes too early. It waits with HLT if
 * I_ARG[1] is not 0.
 */
PAYLOAD(irq_deadlines)
	.code64
	movl $0xfee00000, %ebx
	xorl %esi, %esi
1:	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	addq I_ARG, %rax
	movq %rax, %rdi
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0x6e0, %ecx
	wrmsr
	incl %esi
2:	cmpl %esi, I_IRQ_COUNT
	jae 4f
	cmpl $0, I_ARG + 8
	je 3f
	sti
	hlt
	cli
	jmp 2b
3:	sti
	nop
	pause
	cli
	jmp 2b
4:	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	cmpq %rdi, %rax
	MUST(ae)
	movl $0, 0xb0(%rbx)
	cmpl $20, %esi
	jb 1b
	DONE
END(irq_deadlines)

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
