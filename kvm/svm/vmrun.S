/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world switch: guest registers in, VMRUN, guest registers out.
 *
 * Between CLGI and STGI nothing can interrupt the CPU (APM vol. 2, "Global
 * Interrupt Flag"), so it does not matter that for a while FS, GS, TR and the
 * system-call MSRs are the guest's: VMRUN itself leaves those alone, VMLOAD
 * and VMSAVE move them. IF is set for VMRUN because under V_INTR_MASKING the
 * host's IF decides whether a physical interrupt ends the guest's run; and for
 * VMRUN alone: with IF set over more of this, QEMU's emulated SVM was seen to
 * end a guest's run twice under load, with host registers in the VMCB.
 *
 * The host's part of VMLOAD state is saved anew on each entry: another thread
 * of the process may have replaced the LDT since the vCPU was loaded, and an
 * old one must never come back.
 *
 * Leaves out: guest state that is not in the VMCB nor a GPR (FPU, XCR0,
 * DR0-DR3): the callers' business.
 */
#include <linux/linkage.h>
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

/* void svm_vmrun(struct svm_enter_args *args); */
SYM_FUNC_START(svm_vmrun)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi

	mov	SVM_ARGS_HOST_PA(%rdi), %rax
	vmsave	%rax

	clgi

	mov	SVM_ARGS_GUEST_SPEC(%rdi), %rax
	cmp	SVM_ARGS_HOST_SPEC(%rdi), %rax
	je	.Lguest_spec_done
	WRITE_SPEC_CTRL SVM_ARGS_GUEST_SPEC
.Lguest_spec_done:

	mov	SVM_ARGS_VMCB_PA(%rdi), %rax
	vmload	%rax

	mov	SVM_ARGS_GPR(%rdi), %rdi
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

	COMPAT_VM_CLEAR_CPU_BUFFERS

	sti
	vmrun	%rax
	cli

	/* RAX and RSP are the host's again, all other GPRs the guest's. */
	vmsave	%rax

	mov	(%rsp), %rax
	mov	SVM_ARGS_GPR(%rax), %rax
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

	pop	%rdi
	mov	SVM_ARGS_HOST_PA(%rdi), %rax
	vmload	%rax

	/* Before any RET: the return stack holds what the guest put there. */
	FILL_RETURN_BUFFER %rax, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT

	mov	SVM_ARGS_GUEST_SPEC(%rdi), %rax
	cmp	SVM_ARGS_HOST_SPEC(%rdi), %rax
	je	.Lhost_spec_done
	WRITE_SPEC_CTRL SVM_ARGS_HOST_SPEC
.Lhost_spec_done:

	/* Branch predictions trained by the guest; may call, clobbers RAX, RCX, RDX. */
	COMPAT_UNTRAIN_RET_VM

	/* Nothing of the guest's is left in registers for speculation to use. */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp

	stgi
	RET
SYM_FUNC_END(svm_vmrun)
