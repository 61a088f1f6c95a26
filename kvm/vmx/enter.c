/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One entry and one exit, around the assembly of vmlaunch.S.
 *
 * What did not change is not written: state classes and controls only when
 * dirty, RIP and its like only when they differ from what the VMCS has. What
 * most entries don't need hides behind vmx_vcpu.special.
 *
 * An NMI that ended the guest's run is delivered here at once: the exit has
 * blocked further ones, which the handler's IRET ends, and nothing that may
 * itself end in an IRET is to come in between.
 *
 * Entry context: interrupts and preemption off, guest context accounted by the
 * caller, so nothing here may be traced or instrumented.
 *
 * Leaves out: FPU, XCR0 and PKRU, which core/fpu.c switches.
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/mce.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/ptrace.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <uapi/asm/vmx.h>

#include "../compat.h"
#include "../irq/lapic.h"
#include "vmx.h"

/* RFLAGS bits that exist. */
#define RFLAGS_DEFINED 0x3f7fd7u

/* MSRs that the VMCS does not switch. TSC_AUX stays until vcpu_put. */
static __always_inline void switch_msrs(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	if (vmx->use_tsc_aux && vmx->cpu->tsc_aux != (u32)vcpu->tsc_aux) {
		vmx->cpu->tsc_aux = vcpu->tsc_aux;
		native_wrmsrl(MSR_TSC_AUX, vmx->cpu->tsc_aux);
	}
	if (!static_cpu_has(X86_FEATURE_MSR_SPEC_CTRL))
		return;
	vmx->args.host_spec = __this_cpu_read(x86_spec_ctrl_current);
	vmx->args.guest_spec = vmx->use_spec_ctrl ? vcpu->spec_ctrl : vmx->args.host_spec;
}

static __always_inline void host_registers(struct vmx_vcpu *vmx)
{
	u64 cr3 = __native_read_cr3();
	u64 cr4 = native_read_cr4();

	if (unlikely(cr3 != vmx->host_cr3)) {
		vmx->host_cr3 = cr3;
		vmwrite(VMCS_HOST_CR3, cr3);
	}
	if (unlikely(cr4 != vmx->host_cr4)) {
		vmx->host_cr4 = cr4;
		vmwrite(VMCS_HOST_CR4, cr4);
	}
}

static __always_inline void guest_registers(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	u64 rflags = (vcpu->rflags & RFLAGS_DEFINED) | X86_EFLAGS_FIXED;

	if (vcpu->rip != vmx->rip)
		vmwrite(VMCS_GUEST_RIP, vmx->rip = vcpu->rip);
	if (vcpu->gpr[GPR_RSP] != vmx->rsp)
		vmwrite(VMCS_GUEST_RSP, vmx->rsp = vcpu->gpr[GPR_RSP]);
	if (rflags != vmx->rflags)
		vmwrite(VMCS_GUEST_RFLAGS, vmx->rflags = rflags);
}

/*
 * A trap of RFLAGS.TF that a shadow holds back has to be pending, or the entry is refused. What the
 * hardware has noted of breakpoints stays.
 */
static __always_inline void pending_debug(struct vcpu *vcpu, u32 blocking)
{
	u64 pending = vmread(VMCS_GUEST_PENDING_DEBUG) & ~(u64)VMX_PENDING_BS;

	if (blocking & (VMX_BLOCK_STI | VMX_BLOCK_MOV_SS) && vcpu->rflags & X86_EFLAGS_TF)
		pending |= VMX_PENDING_BS;
	vmwrite(VMCS_GUEST_PENDING_DEBUG, pending);
}

/* After guest_registers(). */
static __always_inline void event(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	u32 blocking = vmx_event_blocking(vcpu);

	if (unlikely((blocking | vmx->blocking) & (VMX_BLOCK_STI | VMX_BLOCK_MOV_SS)))
		pending_debug(vcpu, blocking);
	if (unlikely(blocking != vmx->blocking))
		vmwrite(VMCS_GUEST_BLOCKING, vmx->blocking = blocking);
	if (unlikely(vmx->event)) {
		vmwrite(VMCS_ENTRY_EVENT, vmx->event);
		vmwrite(VMCS_ENTRY_ERROR_CODE, vmx->event_error_code);
		vmwrite(VMCS_ENTRY_INSN_LEN, vmx->event_insn_len);
	}
}

/* Rounded up: to come too early would cost another exit. */
static __always_inline void timer_load(struct vmx_vcpu *vmx)
{
	u64 now = rdtsc_ordered(), ticks = 0;

	if (vmx->deadline > now)
		ticks = ((vmx->deadline - now - 1) >> vmx_hw.timer_shift) + 1;
	vmwrite(VMCS_PREEMPTION_TIMER, min_t(u64, ticks, U32_MAX));
	vmx->timer_set = true;
}

static __always_inline void before(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	if (unlikely(!vmx->host.away))
		vmx_host_leave(vmx);
	if (unlikely(vmx->dirty))
		vmx_vmcs_update(vmx);
	if (vcpu->st_dirty) {
		vmx_state_set(vcpu, vcpu->st_dirty);
		if (unlikely(vmx->dirty))
			vmx_vmcs_update(vmx);
	}
	/* perf changes it from interrupts, which are off from here on. */
	vmx->host.debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	guest_registers(vcpu, vmx);
	event(vcpu, vmx);
	if (unlikely(vmx->flush))
		vmx_tlb_prepare(vmx);
	host_registers(vmx);
	switch_msrs(vcpu, vmx);
	if (unlikely(vmx->special)) {
		if (vmx->special & VMX_SPECIAL_SYSCALL)
			vmx_syscall_load(vcpu);
		if (vmx->special & VMX_SPECIAL_DR)
			vmx_dr_load(vcpu);
		if (vmx->special & VMX_SPECIAL_APICV)
			vmx_apicv_load(vmx);
	}
	if (vmx->deadline) {
		timer_load(vmx);
	} else if (unlikely(vmx->timer_set)) {
		vmwrite(VMCS_PREEMPTION_TIMER, U32_MAX);
		vmx->timer_set = false;
	}
	vmx_perf_load(vmx);
	if (unlikely(vmx_l1d_needed))
		vmx_l1d_flush(&vcpu->exit, &vmx->l1d_dirty);
	else if (static_branch_unlikely(&mmio_stale_data_clear))
		asm volatile("verw %0" : : "m"(x86_verw_sel) : "cc");
	/* Nothing may fault from here on. */
	if (unlikely(native_read_cr2() != vcpu->st.cr2))
		native_write_cr2(vcpu->st.cr2);
}

/* The host's NMI handler, as if it had been interrupted here. */
static __always_inline void take_nmi(struct vmx_vcpu *vmx)
{
	vmx->left_by_nmi = true;
	barrier();
	asm volatile("int $2" : : : "memory");
	barrier();
	vmx->left_by_nmi = false;
}

static __always_inline void after(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	compat_guest_ran();
	vcpu->st.cr2 = native_read_cr2();
	vcpu->rip = vmx->rip = vmread(VMCS_GUEST_RIP);
	vcpu->gpr[GPR_RSP] = vmx->rsp = vmread(VMCS_GUEST_RSP);
	vcpu->rflags = vmx->rflags = vmread(VMCS_GUEST_RFLAGS);
	vmx->blocking = vmread(VMCS_GUEST_BLOCKING);
	if (vmx->vapic && unlikely(vmx->vapic[LAPIC_TPR] != vcpu->tpr)) {
		vcpu->tpr = vmx->vapic[LAPIC_TPR];
		vcpu->lapic_words |= LAPIC_WORD_TPR;
	}
	vmx->exit_event = 0;
	if ((u16)vmx->reason == EXIT_REASON_EXCEPTION_NMI) {
		vmx->exit_event = vmread(VMCS_EXIT_EVENT);
		if ((vmx->exit_event & VMX_EVENT_TYPE) == VMX_EVENT_TYPE_NMI
								  << VMX_EVENT_TYPE_SHIFT)
			take_nmi(vmx);
	}

	if (unlikely(vmx->special & VMX_SPECIAL_LOG))
		vmx_pml_collect(vcpu);
	vcpu->st.nmi_masked = vmx->blocking & VMX_BLOCK_NMI;
	vcpu->st_valid = STATE_IRQ;
	vmx->event = 0;
	vmx->args.launched = 1;
}

/* What an exit, and an entry that is refused late, take from the host. */
static __always_inline void host_again(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	/* IBRS of old CPUs guards only what comes after it was written, equal or not. */
	if (static_cpu_has(X86_FEATURE_KERNEL_IBRS))
		native_wrmsrl(MSR_IA32_SPEC_CTRL, vmx->args.host_spec);
	if (unlikely(vmx->special & VMX_SPECIAL_DR))
		vmx_dr_save(vcpu);
	if (unlikely(vmx->host.debugctl))
		native_wrmsrl(MSR_IA32_DEBUGCTLMSR, vmx->host.debugctl);
	/* DR7 was loaded without any of its breakpoints. */
	if (unlikely(hw_breakpoint_active()))
		hw_breakpoint_restore();
}

noinstr void vmx_enter(struct vcpu *vcpu, struct exit *exit)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool entered;

	before(vcpu, vmx);
	entered = vmx_vmenter(&vmx->args);
	if (unlikely(vmx->special & VMX_SPECIAL_PERF))
		vmx_perf_put(vmx);
	vmx->reason = entered ? vmread(VMCS_REASON) : VMX_REASON_ENTRY;
	if (likely(!(vmx->reason & VMX_REASON_ENTRY)))
		after(vcpu, vmx);
	host_again(vcpu, vmx);
	vmx_exit_translate(vcpu, exit, entered);
}

/* The VMCS stays the current one while perf may ask. */
u64 vmx_guest_ip(const struct vcpu *vcpu)
{
	u32 cs_rights = vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, VMCS_CS));

	if (vmx_code_size(to_vmx(vcpu), cs_rights) == EMUL_MODE_64)
		return vcpu->rip;
	return vcpu->rip + vmread(VMCS_OF_SEG(VMCS_GUEST_BASE, VMCS_CS));
}

static __always_inline u8 cpl(void)
{
	return vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, VMCS_SS)) >> VMX_SEG_DPL_SHIFT & 3;
}

u8 vmx_guest_cpl(const struct vcpu *vcpu)
{
	return cpl();
}

bool vmx_left_by_nmi(const struct vcpu *vcpu)
{
	return to_vmx(vcpu)->left_by_nmi;
}

/*
 * Interrupts, SMIs and INITs stay pending over the exit and reach the host by
 * themselves; an NMI has been seen to. A machine check was taken by the exit.
 */
void vmx_exit_host_work(struct vcpu *vcpu, const struct exit *exit)
{
	const struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool machine_check = (u16)vmx->reason == EXIT_REASON_MCE_DURING_VMENTRY ||
			     (vmx->exit_event & VMX_EVENT_VECTOR) == EXC_MC;

	if (IS_ENABLED(CONFIG_X86_MCE) && unlikely(machine_check)) {
		/* To the kernel it came from user mode: an error in guest memory can be survived. */
		struct pt_regs regs = {.cs = __USER_CS, .flags = X86_EFLAGS_IF};

		do_machine_check(&regs);
	}
}
