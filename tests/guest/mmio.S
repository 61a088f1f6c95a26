/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Payloads for MMIO: addressing modes, widths, read-modify-write instructions, strings, accesses
 * that cross pages or the border between RAM and nothing.
 *
 * M is guest physical memory without a slot. The host plays a device there that remembers bytes.
 */
#include "guest.h"

#define M 0x10000000

/* Stores and loads of all widths by MOV and its relatives. */
PAYLOAD(mmio_widths)
	.code64
	movl $M, %ebx
	movabsq $0x1122334455667788, %rax
	movb %al, (%rbx)
	movw %ax, 2(%rbx)
	movl %eax, 4(%rbx)
	movq %rax, 8(%rbx)
	movb %ah, 0x10(%rbx)
	movb $0x5a, 0x11(%rbx)
	movw $0x1234, 0x12(%rbx)
	movl $0x89abcdef, 0x14(%rbx)
	movq $-2, 0x18(%rbx)
	movq %rax, %r9
	movb %r9b, 0x20(%rbx)
	movb %sil, 0x21(%rbx)
	/* loads */
	movq $-1, %rax
	movb (%rbx), %al
	movq $0xffffffffffffff88, %rcx
	cmpq %rcx, %rax
	MUST(e)
	movq $-1, %rax
	movw 2(%rbx), %ax
	cmpq $0xffffffffffff7788, %rax
	MUST(e)
	movq $-1, %rax
	movl 4(%rbx), %eax
	movl $0x55667788, %ecx
	cmpq %rcx, %rax
	MUST(e)
	movq 8(%rbx), %r15
	movabsq $0x1122334455667788, %rcx
	cmpq %rcx, %r15
	MUST(e)
	xorl %edx, %edx
	movb 0x10(%rbx), %dh
	cmpl $0x7700, %edx
	MUST(e)
	movzbl 4(%rbx), %eax
	cmpq $0x88, %rax
	MUST(e)
	movzbw 4(%rbx), %ax
	movsbl 4(%rbx), %eax
	movl $0xffffff88, %ecx
	cmpq %rcx, %rax
	MUST(e)
	movsbq 4(%rbx), %rax
	cmpq $-0x78, %rax
	MUST(e)
	movzwl 0x14(%rbx), %eax
	cmpq $0xcdef, %rax
	MUST(e)
	movswq 0x14(%rbx), %rax
	cmpq $0xffffffffffffcdef, %rax
	MUST(e)
	movslq 0x14(%rbx), %rax
	movq $0xffffffff89abcdef, %rcx
	cmpq %rcx, %rax
	MUST(e)
	DONE
END(mmio_widths)

/* Each store goes to the next 16 bytes, with its number as the value. */
PAYLOAD(mmio_addressing)
	.code64
	movl $1, %eax
	movl $M, %ebx
	movl $0x10, %ecx
	movl %eax, (%rbx)			/* 1 */
	incl %eax
	movl %eax, 0x10(%rbx)			/* 2: disp8 */
	incl %eax
	movl %eax, 0x1020(%rbx)			/* 3: disp32 */
	incl %eax
	movl %eax, 0x20(%rbx,%rcx)		/* 4: M+0x30 */
	incl %eax
	movl %eax, (%rbx,%rcx,4)		/* 5: M+0x40 */
	incl %eax
	movl %eax, M - 0x30(,%rcx,8)		/* 6: M+0x50, no base */
	incl %eax
	movl %eax, M + 0x60			/* 7: absolute */
	incl %eax
	movabsl %eax, M + 0x70			/* 8: moffs */
	incl %eax
	leaq (M + 0x80)(%rip), %rdx
	subq $M, %rdx
	leaq 1f(%rip), %rdi
	movq %rdi, %rsi
	/* 9: rip-relative; the host learns the address from rsi + M */
	.byte 0x89, 0x05
	.long M
1:	incl %eax
	movq %rbx, %rbp
	movl %eax, 0x90(%rbp)			/* 10 */
	incl %eax
	movq %rbx, %r12
	movl %eax, 0xa0(%r12)			/* 11: needs a SIB byte */
	incl %eax
	movq %rbx, %r13
	movl %eax, 0xb0(%r13,%rcx,1)		/* 12: M+0xc0 */
	incl %eax
	movq %rsp, %r8
	leaq 0xd0(%rbx), %rsp
	movl %eax, (%rsp)			/* 13: M+0xd0 */
	movq %r8, %rsp
	incl %eax
	movq $-0x20, %r14
	movl %eax, 0x100(%rbx,%r14)		/* 14: M+0xe0, negative index */
	incl %eax
	movabsq $0xffffffff00000000 + M + 0xf0, %r9
	movl %eax, (%r9d)			/* 15: 32-bit address size */
	incl %eax
	movl %eax, %r10d
	movl $0xc0000100, %ecx			/* FS base */
	movl $M, %eax
	xorl %edx, %edx
	wrmsr
	movl %r10d, %eax
	movl %eax, %fs:0x100			/* 16 */
	incl %eax
	movl %eax, %r10d
	movl $0xc0000101, %ecx			/* GS base, whose sum wraps */
	movl $0xfffff000, %eax
	movl $0xffffffff, %edx
	wrmsr
	movl %r10d, %eax
	movl %eax, %gs:0x1110(%rbx)		/* 17: M+0x110 */
	DONE
END(mmio_addressing)

/* 16-bit addressing and segment overrides in real mode; the device is at 0xa0000. */
PAYLOAD(mmio_real)
	.code16
	movw $0xa000, %ax
	movw %ax, %ds
	movw %ax, %ss
	movw $0xa100, %ax
	movw %ax, %es
	movw $0x10, %bx
	movw $0x20, %si
	movw $0x30, %di
	movw $0x40, %bp
	movl $1, %eax
	movl %eax, (%bx)
	incw %ax
	movl %eax, (%bx,%si)
	incw %ax
	movl %eax, 0x100(%bx,%di)
	incw %ax
	movl %eax, 1(%bp)			/* SS */
	incw %ax
	movl %eax, 0x20(%bp,%si)
	incw %ax
	movl %eax, 0x2000
	incw %ax
	movb %al, %es:(%di)
	incw %ax
	movw %ax, %cs:0xff00			/* in RAM */
	incw %ax
	movl $0x3000, %ecx
	movl %eax, (%ecx,%ebx,2)		/* 32-bit address size: 0x3020 */
	cmpl $9, 0x3020
	MUST(e)
	movw $0xfffe, %bx
	incw %ax
	movw %ax, 4(%bx)			/* wraps in 16 bits: 0x0002 */
	xorw %di, %di
	movw $5, %cx
	cld
	movw $0x7777, %ax
	rep stosw
	movw $0, %si
	movw $0x100, %di
	movw $4, %cx
	movw %es, %dx
	movw %dx, %ds
	rep movsb
	DONE
END(mmio_real)

/*
 * BOTH runs an instruction on (%rbx) twice, in RAM and on the device, with the same registers,
 * flags and memory, and compares what came out: rax, rcx, rdx, the flags of the mask in r14, and
 * memory. Seeds: r8 memory, rsi the start value of rax.
 */
.macro HALF where, flags, rax, rcx, rdx, insn:vararg
	movl $\where, %ebx
	movq %r8, (%rbx)
	movq $0, 8(%rbx)
	movq %rsi, %rax
	movl $0x35, %ecx
	movabsq $0x8070605040302010, %rdx
	pushq $0x203 & ~0x200		/* carry set */
	popfq
	\insn
	pushfq
	popq \flags
	movq %rax, \rax
	movq %rcx, \rcx
	movq %rdx, \rdx
.endm

.macro BOTH line insn:vararg
	HALF G_DATA, %r9, %r10, %r11, %r12, \insn
	pushq %r12
	HALF M, %r15, %rax, %rcx, %rdx, \insn
	popq %r12
	movq %rax, %rbp
	movl $\line, %eax
	cmpq %r10, %rbp
	jne 99f
	cmpq %r11, %rcx
	jne 99f
	cmpq %r12, %rdx
	jne 99f
	xorq %r9, %r15
	testq %r14, %r15
	jne 99f
	movq M, %rdx
	cmpq %rdx, G_DATA
	jne 99f
	movq M + 8, %rdx
	cmpq %rdx, G_DATA + 8
	je 98f
99:	outl %eax, $P_RESULT
	hlt
	jmp .- 1
98:
.endm
#define B(...) BOTH __LINE__, __VA_ARGS__

#define SEED(mem, ax)                                                                              \
	movabsq $mem, %r8;                                                                         \
	movabsq $ax, %rsi
#define FLAGS_ALL   movl $0x8d5, %r14d
#define FLAGS_LOGIC movl $0x8c5, %r14d	/* AF is undefined */
#define FLAGS_CARRY movl $1, %r14d

.macro ALU op
	B(\op\()b %al, (%rbx))
	B(\op\()w %ax, (%rbx))
	B(\op\()l %eax, (%rbx))
	B(\op\()q %rax, (%rbx))
	B(\op\()b (%rbx), %al)
	B(\op\()w (%rbx), %ax)
	B(\op\()l (%rbx), %eax)
	B(\op\()q (%rbx), %rax)
	B(\op\()b $0x85, (%rbx))
	B(\op\()w $0x8765, (%rbx))
	B(\op\()l $-3, (%rbx))
	B(\op\()q $0x12345678, (%rbx))
	B(\op\()q $-5, (%rbx))
.endm

PAYLOAD(mmio_alu)
	.code64
	SEED(0x8000000080008080, 0x7fffffff80007f80)
	FLAGS_ALL
	ALU add
	ALU adc
	ALU sub
	ALU sbb
	B(cmpb %al, (%rbx))
	B(cmpl (%rbx), %eax)
	B(cmpq $1, (%rbx))
	SEED(0xffffffffffffffff, 0x0000000000000001)
	ALU add
	ALU sbb
	DONE
END(mmio_alu)

PAYLOAD(mmio_logic)
	.code64
	SEED(0x8123456789abcdef, 0x0f0f0f0ff0f0f0f0)
	FLAGS_LOGIC
	ALU and
	ALU or
	ALU xor
	B(testb %al, (%rbx))
	B(testl %eax, (%rbx))
	B(testq $0x70, (%rbx))
	B(testb $0x10, (%rbx))
	DONE
END(mmio_logic)

PAYLOAD(mmio_unary)
	.code64
	SEED(0x7fffffff7fff7fff, 0x1111111111111111)
	FLAGS_ALL
	B(incb (%rbx))
	B(incw (%rbx))
	B(incl (%rbx))
	B(incq (%rbx))
	B(decb (%rbx))
	B(decl (%rbx))
	B(decq (%rbx))
	B(negb (%rbx))
	B(negw (%rbx))
	B(negl (%rbx))
	B(negq (%rbx))
	B(notb (%rbx))
	B(notl (%rbx))
	B(notq (%rbx))
	SEED(0, 0x1111111111111111)
	B(decb (%rbx))
	B(negq (%rbx))
	B(decq (%rbx))
	DONE
END(mmio_unary)

PAYLOAD(mmio_shift)
	.code64
	SEED(0x8123456789abcdef, 0x0f0f0f0ff0f0f0f0)
	movl $0xc5, %r14d		/* AF undefined; OF but for counts of 1 */
	B(shlb $3, (%rbx))
	B(shll %cl, (%rbx))
	B(shlq $7, (%rbx))
	B(shrb $1, (%rbx))
	B(shrw $5, (%rbx))
	B(shrq %cl, (%rbx))
	B(sarl $9, (%rbx))
	B(sarq $63, (%rbx))
	movl $1, %r14d
	B(roll $9, (%rbx))
	B(rorq %cl, (%rbx))
	B(rclb $1, (%rbx))
	B(rcrl $1, (%rbx))
	DONE
END(mmio_shift)

PAYLOAD(mmio_bits)
	.code64
	SEED(0x8123456789abcdef, 0x0f0f0f0ff0f0f02c)
	FLAGS_CARRY
	B(btl $5, (%rbx))
	B(btsl $4, (%rbx))
	B(btrl $5, (%rbx))
	B(btcq $40, (%rbx))
	B(btsw %cx, (%rbx))		/* 0x35: three words further */
	B(btrl %ecx, (%rbx))
	B(btcq %rcx, (%rbx))
	B(lock btsl $30, (%rbx))
	movl $0x40, %r14d
	B(sete (%rbx))
	B(setc 3(%rbx))
	DONE
END(mmio_bits)

PAYLOAD(mmio_exchange)
	.code64
	SEED(0x8123456789abcdef, 0x0f0f0f0ff0f0f0f0)
	FLAGS_ALL
	B(xchgb %al, (%rbx))
	B(xchgw %ax, (%rbx))
	B(xchgl %eax, (%rbx))
	B(xchgq %rax, (%rbx))
	B(xaddb %al, (%rbx))
	B(xaddl %eax, (%rbx))
	B(lock xaddq %rax, (%rbx))
	B(cmpxchgl %ecx, (%rbx))	/* differs */
	B(lock addl $5, (%rbx))
	B(lock incq (%rbx))
	B(lock notl (%rbx))
	SEED(0x8123456789abcdef, 0x8123456789abcdef)
	B(cmpxchgb %cl, (%rbx))		/* equal */
	B(cmpxchgw %cx, (%rbx))
	B(cmpxchgl %ecx, (%rbx))
	B(lock cmpxchgq %rcx, (%rbx))
	DONE
END(mmio_exchange)

PAYLOAD(mmio_cmpxchg8b)
	.code64
	SEED(0x8123456789abcdef, 0x0f0f0f0ff0f0f0f0)
	movl $0x40, %r14d		/* ZF only */
	B(cmpxchg8b (%rbx))
	/* equal: ecx:ebx is stored */
	movl $M, %esi
	movl $0x89abcdef, %eax
	movl $0x40302010, %edx
	movl %eax, (%rsi)
	movl %edx, 4(%rsi)
	movl $0x11111111, %ebx
	movl $0x22222222, %ecx
	lock cmpxchg8b (%rsi)
	MUST(e)
	cmpl $0x11111111, (%rsi)
	MUST(e)
	cmpl $0x22222222, 4(%rsi)
	MUST(e)
	DONE
END(mmio_cmpxchg8b)

PAYLOAD(mmio_muldiv)
	.code64
	SEED(0x0000012300450067, 0x0000000000000089)
	FLAGS_CARRY
	B(imull (%rbx), %eax)
	B(imulq $100, (%rbx), %rax)
	B(imulw $-3, (%rbx), %ax)
	B(mulb (%rbx))
	B(mull (%rbx))
	B(imulq (%rbx))
	movl $0, %r14d
	B(xorl %edx, %edx; divl (%rbx))
	B(xorl %edx, %edx; divq (%rbx))
	B(cqto; idivq (%rbx))
	DONE
END(mmio_muldiv)

/* PUSH from, POP to, CALL and JMP through the device; CMOV; LEA touches nothing; bswap; movbe. */
PAYLOAD(mmio_stack)
	.code64
	movabsq $0x1020304050607080, %rax
	movl $M, %ebx
	movq %rax, (%rbx)
	pushq (%rbx)
	popq %rcx
	cmpq %rax, %rcx
	MUST(e)
	pushw (%rbx)
	popw %cx
	cmpw $0x7080, %cx
	MUST(e)
	pushq $0x1234
	popq 0x10(%rbx)
	cmpq $0x1234, 0x10(%rbx)
	MUST(e)
	xorl %ecx, %ecx
	cmovzl (%rbx), %ecx
	cmpl $0x50607080, %ecx
	MUST(e)
	leaq 1f(%rip), %rax
	movq %rax, 0x20(%rbx)
	callq *0x20(%rbx)
	cmpl $0x77, %ecx
	MUST(e)
	leaq 2f(%rip), %rax
	movq %rax, 0x20(%rbx)
	jmpq *0x20(%rbx)
	FAIL
1:	movl $0x77, %ecx
	ret
2:	DONE
END(mmio_stack)

/* REP MOVS, STOS, LODS, CMPS and SCAS, both directions, RAM and device in all combinations. */
PAYLOAD(mmio_string)
	.code64
	cld
	movl $G_DATA, %esi
	movl $M, %edi
	movl $13, %ecx
	rep movsb			/* RAM to device */
	cmpq $(M + 13), %rdi
	MUST(e)
	cmpq $(G_DATA + 13), %rsi
	MUST(e)
	testq %rcx, %rcx
	MUST(z)
	movl $M, %esi
	movl $(G_DATA + 0x1000), %edi
	movl $3, %ecx
	rep movsl			/* device to RAM */
	movl $M, %esi
	movl $(M + 0x100), %edi
	movl $2, %ecx
	rep movsw			/* device to device */
	movl $(M + 0x200), %edi
	movl $5, %ecx
	movabsq $0xa1a2a3a4a5a6a7a8, %rax
	rep stosq
	movl $(M + 0x400), %edi
	movl $300, %ecx
	rep stosb
	movl $(M + 0x600), %edi
	stosw
	stosl
	movl $(M + 0x200), %esi
	xorl %eax, %eax
	lodsq
	movabsq $0xa1a2a3a4a5a6a7a8, %rdx
	cmpq %rdx, %rax
	MUST(e)
	movl $3, %ecx
	rep lodsb
	cmpb $0xa6, %al
	MUST(e)
	/* backwards */
	std
	movl $(G_DATA + 15), %esi
	movl $(M + 0x70f), %edi
	movl $16, %ecx
	rep movsb
	cmpq $(M + 0x6ff), %rdi
	MUST(e)
	cld
	/* compare: differ at byte 5 */
	movl $G_DATA, %esi
	movl $M, %edi
	movb $0, M + 5
	movl $13, %ecx
	repe cmpsb
	MUST(ne)
	cmpl $7, %ecx
	MUST(e)
	movl $(M + 0x400), %edi
	movb $0x11, M + 0x400 + 250
	movl $300, %ecx
	movb $0x11, %al
	repne scasb
	MUST(e)
	cmpq $(M + 0x400 + 251), %rdi
	MUST(e)
	DONE
END(mmio_string)

/* A REP STOS from RAM into the device and a REP MOVS out of it again, over the border. */
#define EDGE 0x800000			/* RAM_SIZE */
PAYLOAD(mmio_edge)
	.code64
	cld
	movl $(EDGE - 7), %edi
	movl $20, %ecx
	movb $0xe1, %al
	rep stosb
	cmpq $(EDGE + 13), %rdi
	MUST(e)
	movl $(EDGE - 2), %ebx
	movl $0x44332211, (%rbx)	/* half in RAM, half outside */
	cmpw $0x2211, (%rbx)
	MUST(e)
	cmpl $0x44332211, (%rbx)
	MUST(e)
	movl $(EDGE - 5), %ebx
	movabsq $0x8877665544332211, %rax
	movq %rax, (%rbx)
	cmpq %rax, (%rbx)
	MUST(e)
	/* over a page border inside the device */
	movl $(M + 0xffe), %ebx
	movl $0x0d0c0b0a, (%rbx)
	cmpl $0x0d0c0b0a, (%rbx)
	MUST(e)
	movl $(M + 0x1ffb), %ebx
	movq %rax, (%rbx)
	cmpq %rax, (%rbx)
	MUST(e)
	DONE
END(mmio_edge)

/* SSE moves. */
PAYLOAD(mmio_sse)
	.code64
	movl $M, %ebx
	movups G_DATA, %xmm3
	movups %xmm3, (%rbx)
	movups (%rbx), %xmm9
	movaps %xmm9, 0x20(%rbx)
	movdqa 0x20(%rbx), %xmm1
	movdqu %xmm1, 0x38(%rbx)
	movdqu 0x38(%rbx), %xmm2
	pcmpeqb %xmm3, %xmm2
	pmovmskb %xmm2, %eax
	cmpl $0xffff, %eax
	MUST(e)
	TRY(movaps %xmm1, 8(%rbx))	/* not aligned */
	MUST_FAULT(13)
	DONE
END(mmio_sse)

/* 32-bit protected mode, with a 16-bit operand and a 16-bit address. */
PAYLOAD(mmio_prot)
	.code32
	movl $M, %ebx
	movl $0x11223344, %eax
	movl %eax, (%ebx)
	movw %ax, 4(%ebx)
	movb %ah, 6(%ebx)
	movl %eax, M + 8
	movl $0x77665544, M + 12
	movl M, %eax
	cmpl $0x11223344, %eax
	MUST(e)
	movzwl 4(%ebx), %ecx
	cmpl $0x3344, %ecx
	MUST(e)
	pushl (%ebx)
	popl %edx
	cmpl $0x11223344, %edx
	MUST(e)
	orl $0xff, (%ebx)
	cmpl $0x112233ff, (%ebx)
	MUST(e)
	movl $M, %esi
	movl $(M + 0x40), %edi
	movl $4, %ecx
	cld
	rep movsl
	cmpl $0x77665544, M + 0x4c
	MUST(e)
	incl (%ebx)
	cmpl $0x11223400, (%ebx)
	MUST(e)
	DONE
END(mmio_prot)

/* One access, for tests that stop in the middle of it. */
PAYLOAD(mmio_one)
	.code64
	movl $M, %ebx
	movq (%rbx), %rax
	movq %rax, 8(%rbx)
	DONE
END(mmio_one)

/* Reads from where nothing is mapped by the guest: #PF and not MMIO. */
PAYLOAD(mmio_fault)
	.code64
	andq $~2, G_PD + 0x80 * 8	/* M is read-only for the guest */
	movq %cr3, %rax
	movq %rax, %cr3
	movl M, %eax
	TRY(movl %eax, M)
	MUST_FAULT(14)
	cmpl $3, I_ERR
	MUST(e)
	TRY(addl $1, M + 4)
	movl I_VEC, %eax
	REPORT
	movq $0, G_PD + 0x80 * 8
	movq %cr3, %rax
	movq %rax, %cr3
	TRY(movl M, %eax)
	MUST_FAULT(14)
	cmpl $0, I_ERR
	MUST(e)
	/* a store that runs from a good page into one without a mapping */
	movq $(0x600000 | 0x83), G_PD + 24
	movq $0, G_PD + 32
	movq %cr3, %rax
	movq %rax, %cr3
	TRY(movl %eax, 0x7ffffe)
	MUST_FAULT(14)
	cmpq $0x800000, I_CR2
	MUST(e)
	DONE
END(mmio_fault)

/* An instruction that no emulator has, on the device. */
PAYLOAD(mmio_odd)
	.code64
	movl $M, %ebx
	fxsave (%rbx)
	DONE
END(mmio_odd)

/* Code where there is no memory. */
PAYLOAD(mmio_exec)
	.code64
	movl $M, %ebx
	jmp *%rbx
END(mmio_exec)

	.section .note.GNU-stack, "", @progbits
