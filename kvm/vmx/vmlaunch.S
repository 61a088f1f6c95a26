/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world switch: guest registers in, VMLAUNCH or VMRESUME, guest registers
 * out. All but the GPRs goes by the VMCS.
 *
 * Interrupts are off all the time: with external-interrupt exiting a physical
 * interrupt ends the guest's run whatever the host's IF, and stays pending.
 * HOST_RSP points at the saved argument, below the callee-saved registers; it is
 * written only when it differs from what the VMCS has, which is rare.
 *
 * Leaves out: guest state that is not in the VMCS nor a GPR (CR2, DR0-DR3, DR6,
 * FPU, XCR0, MSRs): the callers' business.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>

#include "../compat.h"
#include "enter.h"

	.text

/* SPEC_CTRL from args (RDI) at \offset; clobbers RAX, RCX, RDX. */
.macro WRITE_SPEC_CTRL offset:req
	movl	\offset(%rdi), %eax
	movl	(\offset + 4)(%rdi), %edx
	movl	$MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.endm

/* bool vmx_vmenter(struct vmx_enter_args *args); */
SYM_FUNC_START(vmx_vmenter)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi

	mov	VMX_ARGS_GUEST_SPEC(%rdi), %rax
	cmp	VMX_ARGS_HOST_SPEC(%rdi), %rax
	je	.Lguest_spec_done
	WRITE_SPEC_CTRL VMX_ARGS_GUEST_SPEC
.Lguest_spec_done:

	cmp	VMX_ARGS_HOST_RSP(%rdi), %rsp
	je	.Lhost_rsp_done
	mov	%rsp, VMX_ARGS_HOST_RSP(%rdi)
	mov	$VMX_FIELD_HOST_RSP, %eax
	vmwrite	%rsp, %rax
.Lhost_rsp_done:

	/* Into CF, which neither MOV nor VERW changes. */
	btl	$0, VMX_ARGS_LAUNCHED(%rdi)

	mov	VMX_ARGS_GPR(%rdi), %rdi
	mov	0*8(%rdi), %rax
	mov	1*8(%rdi), %rcx
	mov	2*8(%rdi), %rdx
	mov	3*8(%rdi), %rbx
	mov	5*8(%rdi), %rbp
	mov	6*8(%rdi), %rsi
	mov	8*8(%rdi), %r8
	mov	9*8(%rdi), %r9
	mov	10*8(%rdi), %r10
	mov	11*8(%rdi), %r11
	mov	12*8(%rdi), %r12
	mov	13*8(%rdi), %r13
	mov	14*8(%rdi), %r14
	mov	15*8(%rdi), %r15
	mov	7*8(%rdi), %rdi

	CLEAR_CPU_BUFFERS

	jnc	.Llaunch
	vmresume
	jmp	.Lrefused
.Llaunch:
	vmlaunch
.Lrefused:
	/* Always so: CF or ZF. */
	jbe	.Lfailed

SYM_INNER_LABEL(vmx_vmexit, SYM_L_GLOBAL)
	ANNOTATE_NOENDBR
	push	%rax
	mov	8(%rsp), %rax
	mov	VMX_ARGS_GPR(%rax), %rax
	mov	%rcx, 1*8(%rax)
	mov	%rdx, 2*8(%rax)
	mov	%rbx, 3*8(%rax)
	mov	%rbp, 5*8(%rax)
	mov	%rsi, 6*8(%rax)
	mov	%rdi, 7*8(%rax)
	mov	%r8, 8*8(%rax)
	mov	%r9, 9*8(%rax)
	mov	%r10, 10*8(%rax)
	mov	%r11, 11*8(%rax)
	mov	%r12, 12*8(%rax)
	mov	%r13, 13*8(%rax)
	mov	%r14, 14*8(%rax)
	mov	%r15, 15*8(%rax)
	pop	%rcx
	mov	%rcx, 0*8(%rax)
	mov	(%rsp), %rdi
	mov	$1, %ebx

.Lhost:
	/* Before any RET: the return stack holds what the guest put there. */
	FILL_RETURN_BUFFER %rax, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	mov	VMX_ARGS_GUEST_SPEC(%rdi), %rax
	cmp	VMX_ARGS_HOST_SPEC(%rdi), %rax
	je	.Lhost_spec_done
	WRITE_SPEC_CTRL VMX_ARGS_HOST_SPEC
.Lhost_spec_done:
	/* Not past here with the guest's: a guess at the jump above must not skip the write. */
	lfence

	/* Branch history of the guest's; may call, clobbers RAX and RCX. */
	CLEAR_BRANCH_HISTORY_VMEXIT

	/* Nothing of the guest's is left in registers for speculation to use. */
	mov	%ebx, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET

.Lfailed:
	mov	(%rsp), %rdi
	xor	%ebx, %ebx
	jmp	.Lhost
SYM_FUNC_END(vmx_vmenter)
