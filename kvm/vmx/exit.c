/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VM exit into struct exit (SDM vol. 3, appendix "VMX basic exit reasons", and
 * "Recording VM-exit information and updating VM-entry control fields" for
 * qualifications).
 *
 * A table gives kind and whether an instruction exited; the few exits that
 * carry more are decoded by hand. Nothing here handles an exit, with one
 * exception that is the back end's own doing and ends as EXIT_NONE: the first
 * use of debug registers.
 *
 * A failed entry has bit 31 in hw_reason, with the basic reason when it was the
 * guest's state; when it was the controls or the host's state, info1 is the
 * VM-instruction error. Which rule of the manual's was broken is looked for in
 * the VMCS (check.c), and shown as the exit's key.
 *
 * Runs in entry context, right after the exit: nothing here may sleep.
 */
#include <asm/processor.h>
#include <asm/special_insns.h>
#include <uapi/asm/vmx.h>

#include "../irq/lapic.h"
#include "../mmu/mmu.h"
#include "check.h"
#include "vmx.h"

/* How much more than its kind an exit says. */
enum detail {
	DETAIL_NONE,
	DETAIL_EXCEPTION,
	DETAIL_IO,
	DETAIL_MSR_WRITE,
	DETAIL_CR,
	DETAIL_DR,
	DETAIL_EPT,
	DETAIL_MISCONFIG,
	DETAIL_TASK,
	DETAIL_EOI,
	DETAIL_APIC_ACCESS,
	DETAIL_APIC_WRITE,
};

#define EXITS 80 /* reasons from here on do not exit */

struct exit_desc {
	u8 kind;
	u8 detail;
	bool insn; /* an instruction exited: VMCS_EXIT_INSN_LEN is its length */
};

/* clang-format off */
#define EVENT(reason, kind)		  [reason] = { kind, DETAIL_NONE, false }
#define EVENT_MORE(reason, kind, detail)  [reason] = { kind, detail, false }
#define INSN(reason, kind)		  [reason] = { kind, DETAIL_NONE, true }
#define INSN_MORE(reason, kind, detail)	  [reason] = { kind, detail, true }

/* What is not named here does not exit, and so is EXIT_UNKNOWN. */
static const struct exit_desc exits[EXITS + 1] = {
	EVENT_MORE(EXIT_REASON_EXCEPTION_NMI, EXIT_EXCEPTION, DETAIL_EXCEPTION),
	EVENT(EXIT_REASON_EXTERNAL_INTERRUPT, EXIT_HOST_INTR),
	EVENT(EXIT_REASON_TRIPLE_FAULT, EXIT_TRIPLE_FAULT),
	EVENT(EXIT_REASON_INIT_SIGNAL, EXIT_HOST_INTR),
	EVENT(EXIT_REASON_INTERRUPT_WINDOW, EXIT_IRQ_WINDOW),
	EVENT(EXIT_REASON_NMI_WINDOW, EXIT_NMI_WINDOW),
	EVENT_MORE(EXIT_REASON_TASK_SWITCH, EXIT_TASK_SWITCH, DETAIL_TASK),
	EVENT_MORE(EXIT_REASON_EOI_INDUCED, EXIT_EOI, DETAIL_EOI),
	EVENT_MORE(EXIT_REASON_APIC_ACCESS, EXIT_MMU_FAULT, DETAIL_APIC_ACCESS),
	EVENT_MORE(EXIT_REASON_APIC_WRITE, EXIT_APIC_WRITE, DETAIL_APIC_WRITE),
	EVENT(EXIT_REASON_TPR_BELOW_THRESHOLD, EXIT_IRQ_WINDOW),
	EVENT(EXIT_REASON_PREEMPTION_TIMER, EXIT_TIMER),
	INSN(EXIT_REASON_CPUID, EXIT_CPUID),
	INSN(EXIT_REASON_HLT, EXIT_HLT),
	INSN(EXIT_REASON_INVD, EXIT_WBINVD),
	INSN(EXIT_REASON_WBINVD, EXIT_WBINVD),
	INSN(EXIT_REASON_RDPMC, EXIT_RDPMC),
	INSN(EXIT_REASON_VMCALL, EXIT_HYPERCALL),
	INSN_MORE(EXIT_REASON_CR_ACCESS, EXIT_CR, DETAIL_CR),
	INSN_MORE(EXIT_REASON_DR_ACCESS, EXIT_DR, DETAIL_DR),
	INSN_MORE(EXIT_REASON_IO_INSTRUCTION, EXIT_IO, DETAIL_IO),
	INSN(EXIT_REASON_MSR_READ, EXIT_MSR),
	INSN_MORE(EXIT_REASON_MSR_WRITE, EXIT_MSR, DETAIL_MSR_WRITE),
	INSN(EXIT_REASON_PAUSE_INSTRUCTION, EXIT_NOP),
	EVENT_MORE(EXIT_REASON_EPT_VIOLATION, EXIT_MMU_FAULT, DETAIL_EPT),
	EVENT_MORE(EXIT_REASON_EPT_MISCONFIG, EXIT_MMU_FAULT, DETAIL_MISCONFIG),
	EVENT(EXIT_REASON_PML_FULL, EXIT_LOG_FULL),
	INSN(EXIT_REASON_XSETBV, EXIT_XSETBV),

	/* Not in the CPUID of any guest of ours. */
	INSN(11 /* GETSEC */, EXIT_UD),
	INSN(EXIT_REASON_VMCLEAR, EXIT_UD),
	INSN(EXIT_REASON_VMLAUNCH, EXIT_UD),
	INSN(EXIT_REASON_VMPTRLD, EXIT_UD),
	INSN(EXIT_REASON_VMPTRST, EXIT_UD),
	INSN(EXIT_REASON_VMREAD, EXIT_UD),
	INSN(EXIT_REASON_VMRESUME, EXIT_UD),
	INSN(EXIT_REASON_VMWRITE, EXIT_UD),
	INSN(EXIT_REASON_VMOFF, EXIT_UD),
	INSN(EXIT_REASON_VMON, EXIT_UD),
	INSN(EXIT_REASON_MWAIT_INSTRUCTION, EXIT_UD),
	INSN(EXIT_REASON_MONITOR_INSTRUCTION, EXIT_UD),
	INSN(EXIT_REASON_INVEPT, EXIT_UD),
	INSN(EXIT_REASON_INVVPID, EXIT_UD),
	INSN(EXIT_REASON_ENCLS, EXIT_UD),
	INSN(70 /* ENCLV */, EXIT_UD),
	INSN(76 /* SEAMCALL */, EXIT_UD),
	INSN(77 /* TDCALL */, EXIT_UD),
};
/* clang-format on */

static void io_detail(const struct vcpu *vcpu, struct exit *exit)
{
	u64 info = exit->info1;

	exit->io.port = info >> VMX_IO_PORT_SHIFT;
	exit->io.size = (info & VMX_IO_SIZE) + 1;
	exit->io.in = info & VMX_IO_IN;
	exit->flags |= exit->io.in ? 0 : RECORD_WRITE;
	exit->io.string = info & VMX_IO_STRING;
	exit->io.rep = info & VMX_IO_REP;
	exit->io.next_rip = vcpu->rip + exit->insn_len;
}

static void cr_detail(struct exit *exit)
{
	u32 how = exit->info1 >> VMX_CR_HOW_SHIFT & VMX_CR_HOW;

	exit->cr.nr = exit->info1 & VMX_CR_NR;
	exit->flags |= how == VMX_CR_HOW_READ ? 0 : RECORD_WRITE;
	/* CLTS and LMSW: with the emulator's help. */
	exit->cr.decoded = how == VMX_CR_HOW_WRITE || how == VMX_CR_HOW_READ;
	exit->cr.gpr = exit->info1 >> VMX_CR_GPR_SHIFT & 0xf;
}

/*
 * The guest uses debug registers: let it have the real ones, and execute the
 * access again. They go back at vcpu_put (see ops.c).
 */
static void dr_detail(struct vmx_vcpu *vmx, struct exit *exit)
{
	if (!vmx->dr_owned) {
		vmx->special |= VMX_SPECIAL_DR;
		vmx_exit_on_dr(vmx);
		exit->kind = EXIT_NONE;
		return;
	}
	exit->cr.nr = exit->info1 & VMX_DR_NR;
	exit->flags |= exit->info1 & VMX_DR_READ ? 0 : RECORD_WRITE;
	exit->cr.decoded = true;
	exit->cr.gpr = exit->info1 >> VMX_CR_GPR_SHIFT & 0xf;
}

static void exception_detail(const struct vmx_vcpu *vmx, struct exit *exit)
{
	u32 event = vmx->exit_event;

	exit->intr_info = event;
	exit->exception.vector = event & VMX_EVENT_VECTOR;
	exit->exception.has_error_code = event & VMX_EVENT_EV;
	if (event & VMX_EVENT_EV)
		exit->error_code = vmread(VMCS_EXIT_ERROR_CODE);
	exit->exception.error_code = exit->error_code;
	if ((event & VMX_EVENT_TYPE) == VMX_EVENT_TYPE_INT1 << VMX_EVENT_TYPE_SHIFT)
		exit->insn_len = vmread(VMCS_EXIT_INSN_LEN);
	/* The bits that #DB is about to set in DR6. */
	exit->exception.payload = exit->exception.vector == EXC_DB ? exit->info1 : 0;
	if (exit->exception.vector == EXC_MC ||
	    (event & VMX_EVENT_TYPE) == VMX_EVENT_TYPE_NMI << VMX_EVENT_TYPE_SHIFT)
		exit->kind = EXIT_HOST_INTR;
}

static void ept_detail(struct exit *exit)
{
	u64 info = exit->info1;
	u32 access = 0;

	if (info & VMX_EPT_WRITE)
		access |= MMU_ACCESS_WRITE;
	if (info & VMX_EPT_FETCH)
		access |= MMU_ACCESS_EXEC;
	if (info & VMX_EPT_RIGHTS)
		access |= MMU_ACCESS_PRESENT;
	exit->mmu.gva_known = info & VMX_EPT_GVA_KNOWN;
	if (exit->mmu.gva_known) {
		exit->mmu.gva = vmread(VMCS_GVA);
		if (!(info & VMX_EPT_FINAL))
			access |= MMU_ACCESS_WALK;
	}
	exit->flags |= info & VMX_EPT_WRITE ? RECORD_WRITE : 0;
	exit->mmu.gpa = vmread(VMCS_GPA);
	exit->mmu.access = access;
}

/*
 * The mark of a page without a slot (mmu/mmio.c). The CPU tells the guest physical address and
 * nothing else: neither qualification nor linear address nor the instruction's length are defined.
 */
static void misconfig_detail(struct exit *exit)
{
	exit->info1 = 0;
	if (!mmu_marks) {
		exit->kind = EXIT_UNKNOWN;
		return;
	}
	exit->mmu.gpa = vmread(VMCS_GPA);
	exit->mmu.gva_known = false;
	exit->mmu.access = MMU_ACCESS_RSVD | MMU_ACCESS_MARK;
}

/*
 * As a mark. The qualification knows more, but not always: an access by the CPU's own doing, and
 * one by guest physical address, say neither which way they went nor where they met the page.
 */
static void apic_access_detail(struct exit *exit)
{
	u32 how = exit->info1 >> VMX_APIC_HOW_SHIFT & VMX_APIC_HOW;

	exit->flags |= how == VMX_APIC_HOW_WRITE ? RECORD_WRITE : 0;
	exit->mmu.gpa = VMX_APIC_GPA | (exit->info1 & VMX_APIC_OFFSET);
	exit->mmu.gva_known = false;
	exit->mmu.access = MMU_ACCESS_RSVD | MMU_ACCESS_MARK;
}

/* A trap. TPR and EOI are the hardware's, and others make no such exits (vmcs.c). */
static void apic_write_detail(struct exit *exit)
{
	exit->flags |= RECORD_WRITE;
	exit->apic_write.offset = exit->info1 & VMX_APIC_OFFSET;
	if (exit->apic_write.offset != LAPIC_ICR)
		exit->kind = EXIT_UNKNOWN;
}

static void task_detail(struct exit *exit)
{
	exit->task.selector = exit->info1;
	exit->task.reason = exit->info1 >> VMX_TASK_HOW_SHIFT & 3;
	exit->task.has_error_code = (exit->info2 & VMX_EVENT_V) && (exit->info2 & VMX_EVENT_EV);
	if (exit->task.has_error_code)
		exit->task.error_code = vmread(VMCS_VECTORING_ERROR_CODE);
}

static void detail(struct vcpu *vcpu, struct exit *exit, u8 what)
{
	switch (what) {
	case DETAIL_EXCEPTION:
		exception_detail(to_vmx(vcpu), exit);
		break;
	case DETAIL_IO:
		io_detail(vcpu, exit);
		break;
	case DETAIL_MSR_WRITE:
		exit->flags |= RECORD_WRITE;
		break;
	case DETAIL_CR:
		cr_detail(exit);
		break;
	case DETAIL_DR:
		dr_detail(to_vmx(vcpu), exit);
		break;
	case DETAIL_EPT:
		ept_detail(exit);
		break;
	case DETAIL_MISCONFIG:
		misconfig_detail(exit);
		break;
	case DETAIL_TASK:
		task_detail(exit);
		break;
	case DETAIL_EOI:
		exit->eoi.vector = exit->info1;
		break;
	case DETAIL_APIC_ACCESS:
		apic_access_detail(exit);
		break;
	case DETAIL_APIC_WRITE:
		apic_write_detail(exit);
		break;
	}
}

static void check_fill(const struct vmx_vcpu *vmx, struct vmx_check *s)
{
	unsigned int i;

	for (i = 0; i < VMCS_SEG_COUNT; i++) {
		s->seg[i].selector = vmread(VMCS_OF_SEG(VMCS_GUEST_SELECTOR, i));
		s->seg[i].limit = vmread(VMCS_OF_SEG(VMCS_GUEST_LIMIT, i));
		s->seg[i].rights = vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, i));
		s->seg[i].base = vmread(VMCS_OF_SEG(VMCS_GUEST_BASE, i));
	}
	s->cr0 = vmread(VMCS_GUEST_CR0);
	s->cr3 = vmread(VMCS_GUEST_CR3);
	s->cr4 = vmread(VMCS_GUEST_CR4);
	s->efer = vmread(VMCS_GUEST_EFER);
	s->dr7 = vmread(VMCS_GUEST_DR7);
	s->pat = vmread(VMCS_GUEST_PAT);
	s->debugctl = vmread(VMCS_GUEST_DEBUGCTL);
	s->rip = vmread(VMCS_GUEST_RIP);
	s->rflags = vmread(VMCS_GUEST_RFLAGS);
	s->gdtr_base = vmread(VMCS_GUEST_GDTR_BASE);
	s->idtr_base = vmread(VMCS_GUEST_IDTR_BASE);
	s->gdtr_limit = vmread(VMCS_GUEST_GDTR_LIMIT);
	s->idtr_limit = vmread(VMCS_GUEST_IDTR_LIMIT);
	s->sysenter_esp = vmread(VMCS_GUEST_SYSENTER_ESP);
	s->sysenter_eip = vmread(VMCS_GUEST_SYSENTER_EIP);
	s->pending_debug = vmread(VMCS_GUEST_PENDING_DEBUG);
	s->blocking = vmread(VMCS_GUEST_BLOCKING);
	s->activity = vmread(VMCS_GUEST_ACTIVITY);
	s->event = vmx->event;
	s->entry = vmread(VMCS_ENTRY_CONTROLS);
	s->phys_bits = boot_cpu_data.x86_phys_bits;
	s->va_bits = native_read_cr4() & X86_CR4_LA57 ? 57 : 48;
}

static u8 broken_rule(const struct vmx_vcpu *vmx, const struct exit *exit, bool entered)
{
	struct vmx_check state;

	if (!entered)
		return VMX_RULE_CONTROLS;
	if ((u16)vmx->reason != EXIT_REASON_INVALID_STATE)
		return VMX_RULE_NONE;
	if (exit->info1)
		return VMX_RULE_QUALIFICATION;
	check_fill(vmx, &state);
	return vmx_check(&state, &vmx_hw.caps);
}

/* The guest has not run. What the entry carried is still to be delivered. */
static void entry_failed(struct vcpu *vcpu, struct exit *exit, bool entered)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool machine_check = (u16)vmx->reason == EXIT_REASON_MCE_DURING_VMENTRY;

	exit->kind = EXIT_ENTRY_FAILED;
	if (!entered)
		exit->info1 = vmread(VMCS_INSN_ERROR);
	exit->failed.hw_code = entered ? vmx->reason : exit->info1;
	exit->failed.rule = broken_rule(vmx, exit, entered);
	if (machine_check) {
		exit->kind = EXIT_HOST_INTR;
		vmx->exit_event = 0;
		if (vmx->event)
			vmx_event_vectoring(vcpu, vmx->event, &exit->vectoring);
		exit->vectoring.error_code = vmx->event_error_code;
	}
	vmwrite(VMCS_ENTRY_EVENT, 0);
	vmx->event = 0;
	/* Nor may the TLB flush count that the entry was to begin with. */
	vmx->flush |= VMX_FLUSH_ALL;
}

static __always_inline void vectoring(struct vcpu *vcpu, struct exit *exit)
{
	bool unblocked = false;

	if (exit->hw_reason == EXIT_REASON_EPT_VIOLATION || exit->kind == EXIT_LOG_FULL)
		unblocked = exit->info1 & VMX_EPT_NMI_UNBLOCKED;
	else if (unlikely(exit->intr_info & VMX_EVENT_NMI_UNBLOCKED))
		unblocked = (exit->intr_info & VMX_EVENT_VECTOR) != EXC_DF;
	if (unlikely(exit->info2 & VMX_EVENT_V)) {
		exit->flags |= RECORD_VECTORING;
		vmx_event_vectoring(vcpu, exit->info2, &exit->vectoring);
	} else if (unlikely(unblocked)) {
		/* The IRET that faulted comes again; NMIs are masked until it has executed. */
		vcpu->st.nmi_masked = true;
	}
}

/* Fill *exit from the VMCS; GPRs, RIP and RFLAGS are in the vCPU already. */
notrace void vmx_exit_translate(struct vcpu *vcpu, struct exit *exit, bool entered)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 cs_rights = vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, VMCS_CS));
	u32 reason = vmx->reason;
	const struct exit_desc *d;

	exit->cs_mode = vmx_code_size(vmx, cs_rights);
	exit->cpl = vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, VMCS_SS)) >> VMX_SEG_DPL_SHIFT & 3;
	exit->cs_base = vmread(VMCS_OF_SEG(VMCS_GUEST_BASE, VMCS_CS));
	exit->isa = EXIT_ISA_VMX;
	exit->flags = 0;
	exit->insn_len = 0;
	exit->n_bytes = 0;
	exit->hw_reason = reason;
	exit->info1 = vmread(VMCS_QUALIFICATION);
	exit->info2 = 0;
	exit->intr_info = 0;
	exit->error_code = 0;
	exit->bytes = NULL;
	exit->vectoring.type = EVENT_NONE;
	if (unlikely(reason & VMX_REASON_ENTRY)) {
		entry_failed(vcpu, exit, entered);
		return;
	}
	vcpu->shadow = (vmx->blocking & VMX_BLOCK_STI ? SHADOW_STI : 0) |
		       (vmx->blocking & VMX_BLOCK_MOV_SS ? SHADOW_MOV_SS : 0);
	exit->info2 = vmread(VMCS_VECTORING);
	d = &exits[min_t(u32, reason, EXITS)];
	exit->kind = likely(d->kind) ? d->kind : EXIT_UNKNOWN;
	/* To the hardware the shadow of STI keeps no NMI out; then let it be over. */
	if (unlikely(exit->kind == EXIT_NMI_WINDOW))
		vcpu->shadow = 0;
	if (d->insn)
		exit->insn_len = vmread(VMCS_EXIT_INSN_LEN);
	if (d->detail)
		detail(vcpu, exit, d->detail);
	vectoring(vcpu, exit);
}
