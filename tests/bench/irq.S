/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest side of the rows about the kernel's interrupt chips; irq.c.
 *
 * rbx is the chip's page. In payloads that wait for an interrupt the handler
 * stops the clock with its first instruction, and returns to where the loop
 * goes on whether or not HLT was reached: there is no wake-up to be lost.
 */
#include "loop.h"

#define APIC	    0xfee00000
#define APIC_TPR    0x80
#define APIC_EOI    0xb0
#define APIC_SVR    0xf0
#define APIC_ICR    0x300
#define APIC_ICR2   0x310
#define APIC_LVTT   0x320
#define ICR_SELF    0x40000
#define LVTT_BY_TSC 0x40000
#define TSC_DEADLINE 0x6e0

#define IOAPIC	     0xfec00000
#define IOAPIC_WIN   0x10
#define IOAPIC_RTE20 (0x10 + 2 * 20)

#define PIT_CH2	   0x42
#define PIT_MODE   0x43
#define PIT_CH2_LOW 0x90 /* channel 2, low byte only, mode 0 */

.macro gate vector, handler
	leaq \handler(%rip), %rax
	gate_rax \vector
.endm

.macro gate_rax vector
	movw %ax, G_IDT + 16 * \vector
	shrq $16, %rax
	movw %ax, G_IDT + 16 * \vector + 6
.endm

.macro apic_on
	movl $APIC, %ebx
	movl $0x1ff, APIC_SVR(%rbx)
.endm

/* The end of a handler: EOI, and back to @to, which is not where it was interrupted. */
.macro eoi_and_go to
	movl $0, APIC_EOI(%rbx)
	leaq \to(%rip), %rax
	movq %rax, (%rsp)
	iretq
.endm

/* ---- the local APIC ---- */

/* The EOI of an interrupt that is in service. */
PAYLOAD(bench_eoi)
	.code64
	apic_on
	gate BENCH_VEC, 3f
	sti
	loop_begin
	movl $(ICR_SELF | BENCH_VEC), APIC_ICR(%rbx)
2:	hlt
	jmp 2b
3:	clock_start
	movl $0, APIC_EOI(%rbx)
	clock_stop
	leaq 4f(%rip), %rax
	movq %rax, (%rsp)
	iretq
4:	loop_end
END(bench_eoi)

PAYLOAD(bench_tpr)
	.code64
	apic_on
	bench_begin
	movl APIC_TPR(%rbx), %ecx
	bench_end
END(bench_tpr)

PAYLOAD(bench_self_ipi)
	.code64
	apic_on
	gate BENCH_VEC, 3f
	sti
	loop_begin
	clock_start
	movl $(ICR_SELF | BENCH_VEC), APIC_ICR(%rbx)
2:	hlt
	jmp 2b
3:	clock_stop
	eoi_and_go 4f
4:	loop_end
END(bench_self_ipi)

/* A deadline that is over when it is set. */
PAYLOAD(bench_deadline)
	.code64
	apic_on
	gate BENCH_VEC, 3f
	movl $(LVTT_BY_TSC | BENCH_VEC), APIC_LVTT(%rbx)
	movl $TSC_DEADLINE, %ecx
	sti
	loop_begin
	clock_start
	movl $1, %eax
	xorl %edx, %edx
	wrmsr
2:	hlt
	jmp 2b
3:	clock_stop
	eoi_and_go 4f
4:	loop_end
END(bench_deadline)

/*
 * The other vCPU is let come to rest first; then an IPI to it, and its answer. Loading this has
 * made the IDT anew, which both share: the gates are all set here.
 */
PAYLOAD(bench_ipi)
	.code64
	apic_on
	gate BENCH_VEC, 3f
	movl $(target_handler - guest_bench_ipi_target + TARGET_CODE), %eax
	gate_rax TARGET_VEC
	loop_begin
	outl %eax, $P_PAUSE
	movl $(1 << 24), APIC_ICR2(%rbx)
	clock_start
	movl $TARGET_VEC, APIC_ICR(%rbx)
	sti
2:	hlt
	jmp 2b
3:	clock_stop
	eoi_and_go 4f
4:	cli
	loop_end
END(bench_ipi)

PAYLOAD(bench_ipi_target)
	.code64
	movl $TARGET_STACK, %esp
	apic_on
	movl $0, APIC_ICR2(%rbx)
2:	sti
	hlt
	jmp 2b
target_handler:
	movl $0, APIC_EOI(%rbx)
	movl $BENCH_VEC, APIC_ICR(%rbx)
	iretq
END(bench_ipi_target)

/* ---- eventfds ---- */

/* The write to P_SIGNAL has the vCPU's thread write the eventfd in userspace. */
PAYLOAD(bench_irqfd)
	.code64
	apic_on
	gate BENCH_VEC, 3f
	sti
	loop_begin
	clock_start
	outl %eax, $P_SIGNAL
2:	hlt
	jmp 2b
3:	clock_stop
	eoi_and_go 4f
4:	loop_end
END(bench_irqfd)

PAYLOAD(bench_notify)
	bench_begin
	movw $P_NOTIFY, %dx
	outl %eax, %dx
	bench_end
END(bench_notify)

/* ---- PIT and I/O APIC ---- */

.macro pit_ready
	movb $PIT_CH2_LOW, %al
	outb %al, $PIT_MODE
	outb %al, $PIT_CH2
.endm

PAYLOAD(bench_pit_read)
	.code64
	pit_ready
	bench_begin
	inb $PIT_CH2, %al
	bench_end
END(bench_pit_read)

PAYLOAD(bench_pit_write)
	.code64
	pit_ready
	bench_begin
	outb %al, $PIT_CH2
	bench_end
END(bench_pit_write)

/* The low half of a pin's entry, which is masked and stays so. */
.macro ioapic_ready
	movl $IOAPIC, %ebx
	movl $IOAPIC_RTE20, (%rbx)
	movl $0x10000, %ecx
.endm

PAYLOAD(bench_ioapic_read)
	.code64
	ioapic_ready
	bench_begin
	movl IOAPIC_WIN(%rbx), %ecx
	bench_end
END(bench_ioapic_read)

PAYLOAD(bench_ioapic_write)
	.code64
	ioapic_ready
	bench_begin
	movl %ecx, IOAPIC_WIN(%rbx)
	bench_end
END(bench_ioapic_write)
