/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMCS's life, and its controls.
 *
 * While a VMCS is active on a CPU, parts of it may be in that CPU alone, and
 * nobody else may touch it. So each CPU has a list of those that are active
 * there; a vCPU that comes to another CPU has the old one clear it first, by an
 * interrupt, and a CPU that goes offline clears all it has. A VMCS stays
 * active, and current, when its vCPU is put: the next load on the same CPU costs
 * a comparison. Who reads one outside of vcpu_load and vcpu_put (state.c)
 * borrows the CPU it happens to run on for that, with preemption off, and need
 * not give anything back: every load looks at what is current.
 *
 * Writes happen in entry context alone; what changes before is kept in struct
 * vmx_vcpu and marked in vmx->dirty. So the ioctls need no VMCS for them.
 *
 * #DB and #AC exit for the host's sake: a guest can make their delivery raise
 * them again for ever, and the hardware never looks up from that
 * (CVE-2015-5307, CVE-2015-8104). #MC exits to be the host's.
 *
 * Locks: vcpu->mutex; the list: interrupts off on its CPU.
 */
#include <linux/mm.h>
#include <linux/smp.h>
#include <asm/io.h>
#include <asm/segment.h>

#include "vmx.h"

/* #UD: the hypercall of guests that believe to be on an AMD CPU, see exit_exception() in core/. */
#define EXIT_EXCEPTIONS (BIT(EXC_DB) | BIT(EXC_UD) | BIT(EXC_AC) | BIT(EXC_MC))

int vmx_vmcs_create(struct vmx_vcpu *vmx)
{
	u32 revision = vmx_hw.caps.basic & VMX_BASIC_REVISION;

	INIT_LIST_HEAD(&vmx->active);
	vmx->on_cpu = -1;
	vmx->vmcs = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!vmx->vmcs)
		return -ENOMEM;
	memcpy(page_address(vmx->vmcs), &revision, sizeof(revision));
	vmx->vmcs_pa = page_to_phys(vmx->vmcs);
	return 0;
}

/* Interrupts off on this CPU. */
static void clear_here(struct vmx_vcpu *vmx, struct vmx_cpu *cpu)
{
	vmclear(vmx->vmcs_pa);
	if (cpu->current_vmcs == vmx)
		cpu->current_vmcs = NULL;
	list_del_init(&vmx->active);
	vmx->args.launched = 0;
	/* Now another CPU may take it. */
	smp_store_release(&vmx->on_cpu, -1);
}

static void clear_by_interrupt(void *arg)
{
	struct vmx_vcpu *vmx = arg;

	/* Unless this CPU was switched off, and on again, in between. */
	if (vmx->on_cpu == smp_processor_id())
		clear_here(vmx, this_cpu_ptr(&vmx_cpus));
}

void vmx_vmcs_clear_all(struct vmx_cpu *cpu)
{
	struct vmx_vcpu *vmx, *next;

	list_for_each_entry_safe(vmx, next, &cpu->active, active) clear_here(vmx, cpu);
}

/*
 * Take it from the CPU that holds it. One that goes offline clears all it has; was one borrowed
 * there for an ioctl after that (see the top), nothing but the list knows of it.
 */
static void take_back(struct vmx_vcpu *vmx)
{
	int cpu = smp_load_acquire(&vmx->on_cpu);

	if (cpu < 0 || !smp_call_function_single(cpu, clear_by_interrupt, vmx, 1))
		return;
	list_del_init(&vmx->active);
	vmx->args.launched = 0;
	vmx->on_cpu = -1;
}

void vmx_vmcs_destroy(struct vmx_vcpu *vmx)
{
	if (!vmx->vmcs)
		return;
	take_back(vmx);
	__free_page(vmx->vmcs);
}

void vmx_vmcs_load(struct vmx_vcpu *vmx, int nr)
{
	struct vmx_cpu *cpu = per_cpu_ptr(&vmx_cpus, nr);
	unsigned long flags;

	if (unlikely(smp_load_acquire(&vmx->on_cpu) != nr)) {
		take_back(vmx);
		local_irq_save(flags);
		/* The first time this makes a VMCS of the page. */
		vmclear(vmx->vmcs_pa);
		list_add(&vmx->active, &cpu->active);
		vmx->on_cpu = nr;
		local_irq_restore(flags);
	}
	if (cpu->current_vmcs != vmx) {
		vmptrld(vmx->vmcs_pa);
		cpu->current_vmcs = vmx;
	}
}

/* vcpu->st holds the whole state and is marked valid and dirty: it goes in at the next entry. */
void vmx_vmcs_init(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->controls = vmx_hw.controls;
	vmx->guest_efer = 0; /* which says nothing of 64 bits, as the controls do now */
	if (!vmx->vpid)
		vmx->controls.secondary &= ~(u32)VMX_2_VPID;
	vmx->exceptions = EXIT_EXCEPTIONS;
	vmx->special = VMX_SPECIAL_SYSCALL;
	vmx->dirty = VMX_DIRTY_INIT;
	vmx->flush = VMX_FLUSH_ALL;
	vmx->event = 0;

	vmx->apic_access = vcpu->vm->irqchip ? vcpu->vm->apic_page : NULL;
	vmx_pml_update(vmx);
	vmx_debug_update(vcpu);
	vmx_cpuid_update(vcpu);
	vmx_irq_window(vcpu, vcpu->irq_window);
	vmx_nmi_window(vcpu, vcpu->nmi_window);
	/* Said again before the next entry. */
	vmx_apicv_update(vcpu, NULL);
	vmx_cr8_exit(vcpu, vcpu->cr8_exit);
}

static void write_constants(struct vmx_vcpu *vmx)
{
	vmwrite(VMCS_PIN, vmx->controls.pin);
	vmwrite(VMCS_EXIT_CONTROLS, vmx->controls.exit);
	vmwrite(VMCS_MSR_BITMAP, page_to_phys(vmx->msr_bitmap));
	vmwrite(VMCS_PF_MASK, 0);
	vmwrite(VMCS_PF_MATCH, 0);
	vmwrite(VMCS_CR3_TARGETS, 0);
	vmwrite(VMCS_EXIT_MSR_STORES, 0);
	vmwrite(VMCS_EXIT_MSR_LOADS, 0);
	vmwrite(VMCS_ENTRY_MSR_LOADS, 0);
	vmwrite(VMCS_ENTRY_EVENT, 0);
	if (vmx->controls.secondary & VMX_2_ENCLS)
		vmwrite(VMCS_ENCLS_BITMAP, ~0ULL);
	if (vmx->controls.secondary & VMX_2_ENCLV)
		vmwrite(VMCS_ENCLV_BITMAP, ~0ULL);
	if (vmx->vpid)
		vmwrite(VMCS_VPID, vmx->vpid);
	if (vmx->controls.pin & VMX_PIN_TIMER)
		vmwrite(VMCS_PREEMPTION_TIMER, U32_MAX);
	vmx->timer_set = false;

	if (vmx->pml)
		vmx_pml_write(vmx);
	if (vmx->apic_access)
		vmwrite(VMCS_APIC_ACCESS, page_to_phys(vmx->apic_access));

	vmwrite(VMCS_LINK_POINTER, ~0ULL);
	vmwrite(VMCS_GUEST_DEBUGCTL, 0);
	vmwrite(VMCS_GUEST_ACTIVITY, 0);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
	vmwrite(VMCS_GUEST_BLOCKING, vmx->blocking = 0);
	vmwrite(VMCS_GUEST_RIP, vmx->rip = 0);
	vmwrite(VMCS_GUEST_RSP, vmx->rsp = 0);
	vmwrite(VMCS_GUEST_RFLAGS, vmx->rflags = X86_EFLAGS_FIXED);

	vmwrite(VMCS_HOST_ES, 0);
	vmwrite(VMCS_HOST_CS, __KERNEL_CS);
	vmwrite(VMCS_HOST_SS, __KERNEL_DS);
	vmwrite(VMCS_HOST_DS, 0);
	vmwrite(VMCS_HOST_FS, 0);
	vmwrite(VMCS_HOST_GS, 0);
	vmwrite(VMCS_HOST_TR, GDT_ENTRY_TSS * 8);
	vmwrite(VMCS_HOST_EFER, vmx_hw.host_efer);
	vmwrite(VMCS_HOST_PAT, vmx_hw.host_pat);
	vmwrite(VMCS_HOST_RIP, (unsigned long)vmx_vmexit);
}

static __always_inline int threshold(const struct vmx_vcpu *vmx)
{
	return vmx->cr8_exit == CR8_EXIT_ALL ? 0 : vmx->cr8_exit;
}

notrace void vmx_vmcs_update(struct vmx_vcpu *vmx)
{
	u8 dirty = vmx->dirty;

	if (dirty & VMX_DIRTY_INIT) {
		write_constants(vmx);
		dirty = ~0;
	}
	if (dirty & VMX_DIRTY_CONTROLS) {
		vmwrite(VMCS_PRIMARY, vmx->controls.primary);
		vmwrite(VMCS_SECONDARY, vmx->controls.secondary);
		vmwrite(VMCS_ENTRY_CONTROLS, vmx->controls.entry);
		vmwrite(VMCS_EXCEPTIONS, vmx->exceptions);
	}
	if (dirty & VMX_DIRTY_TSC)
		vmwrite(VMCS_TSC_OFFSET, vmx->tsc_offset);
	if ((dirty & VMX_DIRTY_TSC) && (vmx->controls.secondary & VMX_2_TSC_SCALING))
		vmwrite(VMCS_TSC_MULTIPLIER, vmx->tsc_ratio);
	if ((dirty & VMX_DIRTY_APIC) && vmx->vapic) {
		vmwrite(VMCS_VIRTUAL_APIC, virt_to_phys(vmx->vapic));
		vmwrite(VMCS_TPR_THRESHOLD, threshold(vmx));
	}
	if (dirty & VMX_DIRTY_ROOT)
		vmwrite(VMCS_EPTP, vmx->eptp);
	vmx->dirty = 0;
}

void vmx_exit_on_dr(struct vmx_vcpu *vmx)
{
	if (vmx->dr_owned || !(vmx->special & VMX_SPECIAL_DR))
		vmx->controls.primary |= VMX_1_MOV_DR;
	else
		vmx->controls.primary &= ~(u32)VMX_1_MOV_DR;
	vmx->dirty |= VMX_DIRTY_CONTROLS;
}

/* Before KVM_SET_CPUID2 a guest has all that the host has. */
static bool guest_has_invpcid(struct vcpu *vcpu)
{
	const struct kvm_cpuid_entry2 *e;

	if (!vcpu->cpuid.n)
		return true;
	e = cpuid_rule_find(&vcpu->cpuid, 7, 0);
	return e && (e->ebx & GCPUID_7_EBX_INVPCID);
}

/* Instructions without their control are undefined, whatever the host has. */
static void enable(struct vmx_vcpu *vmx, u32 control, bool on)
{
	if (on)
		vmx->controls.secondary |= vmx_control_word(vmx_hw.caps.secondary, control);
	else
		vmx->controls.secondary &= ~control;
	vmx->dirty |= VMX_DIRTY_CONTROLS;
}

void vmx_cpuid_update(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	const struct cpuid_guest_caps *caps = &vcpu->caps;

	vmx->use_tsc_aux = vmx_hw.tsc_aux && (caps->rdtscp || caps->rdpid);
	vmx->use_spec_ctrl = caps->spec_ctrl_allowed;
	vmx->cr4_own = VMX_CR4_OWN & caps->cr4_allowed;
	vmx->dirty |= VMX_DIRTY_CONTROLS;
	/* The masks go in with the registers. */
	if (!(vcpu->st_valid & STATE_CR)) {
		vmx_state_get(vcpu, STATE_CR);
		vcpu->st_valid |= STATE_CR;
	}
	vcpu->st_dirty |= STATE_CR;
	enable(vmx, VMX_2_RDTSCP, vmx->use_tsc_aux);
	enable(vmx, VMX_2_INVPCID, guest_has_invpcid(vcpu));
}

void vmx_debug_update(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 control = vcpu->guest_debug.control;
	bool on = control & KVM_GUESTDBG_ENABLE;

	/* What the guest has goes aside, or comes back, through the neutral state. */
	if (!(vcpu->st_valid & STATE_DR)) {
		vmx_state_get(vcpu, STATE_DR);
		vcpu->st_valid |= STATE_DR;
	}
	vcpu->st_dirty |= STATE_DR;

	vmx->dr_owned = on && (control & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP));
	vmx->hw_bp = on && (control & KVM_GUESTDBG_USE_HW_BP);
	vmx->special &= ~VMX_SPECIAL_DR;
	if (on && (control & KVM_GUESTDBG_USE_SW_BP))
		vmx->exceptions |= BIT(EXC_BP);
	else
		vmx->exceptions &= ~(u32)BIT(EXC_BP);
	vmx_exit_on_dr(vmx);
}

void vmx_tsc_offset_set(struct vcpu *vcpu, u64 offset)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->tsc_offset = offset;
	vmx->dirty |= VMX_DIRTY_TSC;
}

void vmx_tsc_ratio_set(struct vcpu *vcpu, u64 ratio)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->tsc_ratio = ratio ?: 1ULL << VMX_TSC_FRAC_BITS;
	vmx->dirty |= VMX_DIRTY_TSC;
}

void vmx_cr8_exit(struct vcpu *vcpu, u8 below)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 was = vmx->controls.primary;

	vmx->cr8_exit = below;
	if (!vmx->vapic)
		return; /* all exit */
	vmx->controls.primary &= ~(u32)(VMX_1_CR8_LOAD | VMX_1_CR8_STORE);
	if (below == CR8_EXIT_ALL)
		vmx->controls.primary |= VMX_1_CR8_LOAD;
	vmx->dirty |= VMX_DIRTY_APIC;
	if (vmx->controls.primary != was)
		vmx->dirty |= VMX_DIRTY_CONTROLS;
}

void vmx_deadline_set(struct vcpu *vcpu, u64 host_tsc)
{
	to_vmx(vcpu)->deadline = host_tsc;
}

/*
 * Of the secondary controls, which the local APIC needs (SDM vol. 3, "APIC virtualization and
 * virtual interrupts"). The xAPIC's registers are read and written one by one, as MMIO, but for
 * TPR, EOI and ICR: most writes mean something by what was there before.
 */
static u32 apic_controls(const struct vmx_vcpu *vmx, const struct apicv *apicv)
{
	if (apicv && apicv->x2apic)
		return VMX_APICV;
	return (apicv ? VMX_2_VID : 0) | (vmx->apic_access ? VMX_2_APIC_ACCESS : 0);
}

/* It changes hands: the page, the controls, and which MSRs exit. */
static void apicv_switch(struct vmx_vcpu *vmx, const struct apicv *apicv)
{
	vmx->vapic = apicv ? (u8 *)apicv->regs : vmx->tpr_page;
	vmx->controls.secondary &= ~(u32)(VMX_APICV | VMX_2_APIC_ACCESS);
	vmx->controls.secondary |= apic_controls(vmx, apicv);
	if (apicv) {
		vmx->special |= VMX_SPECIAL_APICV;
		/* So that all is written. */
		memset(vmx->eoi_exit, 0xff, sizeof(vmx->eoi_exit));
	} else {
		vmx->special &= ~VMX_SPECIAL_APICV;
	}
	vmx_msr_apicv(vmx, apicv && apicv->x2apic);
	vmx->dirty |= VMX_DIRTY_CONTROLS | VMX_DIRTY_APIC;
	/* What is cached of the page depends on the controls. */
	vmx->flush |= VMX_FLUSH_ALL;
}

void vmx_apicv_update(struct vcpu *vcpu, const struct apicv *apicv)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (!apicv) {
		apicv_switch(vmx, NULL);
		/* The TPR goes into its own page. */
		vcpu->st_dirty |= STATE_IRQ;
		return;
	}
	if (!(vmx->special & VMX_SPECIAL_APICV) || vmx->apicv.x2apic != apicv->x2apic)
		apicv_switch(vmx, apicv);
	vmx->apicv = *apicv;
}

notrace void vmx_apicv_load(struct vmx_vcpu *vmx)
{
	unsigned int i;

	vmwrite(VMCS_GUEST_INTR_STATUS, vmx->apicv.rvi | (u32)vmx->apicv.svi << 8);
	for (i = 0; i < ARRAY_SIZE(vmx->eoi_exit); i++) {
		if (vmx->eoi_exit[i] == vmx->apicv.eoi_exit[i])
			continue;
		vmx->eoi_exit[i] = vmx->apicv.eoi_exit[i];
		vmwrite(VMCS_EOI_EXITS + 2 * i, vmx->eoi_exit[i]);
	}
}
