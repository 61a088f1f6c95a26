/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register state between the VMCS's guest-state area and struct vcpu_state, by
 * class (SDM vol. 3, "Guest-state area", "Checks on the guest-state area").
 *
 * Where the two differ: CR0.CD and CR0.NW stay out of the VMCS, CR0.NE and
 * CR4.VMXE are set because VMX demands it, CR4.MCE whenever the host has it (a
 * machine check would shut the CPU down otherwise). The guest reads its own
 * view by the read shadows. Bits that the masks leave to the guest are read
 * back.
 *
 * Segments: an entry is refused where a register holds what no load could have
 * put there; KVM's ABI knows no such refusal, and SVM no such checks. So the
 * accessed bit, the busy bit of TR and G are made to fit, and what is not
 * present is unusable. CPL is SS.DPL, in both directions.
 *
 * CR2, DR0-DR3, DR6, and the MSRs that exit are not part of the VMCS:
 * vcpu->st has them at all times. DR0-DR3 and DR6 are in the CPU only while the
 * guest runs and only if it uses them (VMX_SPECIAL_DR).
 *
 * Locks: vcpu->mutex; the vCPU is not in the guest. Loaded or not: see vmcs.c.
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "../irq/lapic.h"
#include "../x86/seg.h"
#include "vmx.h"

/* Changing one of these changes what a cached address means. */
#define CR0_FLUSH (X86_CR0_PG | X86_CR0_WP)
#define CR4_FLUSH                                                                                  \
	(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP |   \
	 X86_CR4_PKE | X86_CR4_LA57)
#define EFER_FLUSH (GEFER_LME | GEFER_LMA | GEFER_NXE)

/* vcpu_state's order, as the VMCS counts. */
static const u8 vmcs_seg[SEG_COUNT] = {
	[SEG_ES] = VMCS_ES, [SEG_CS] = VMCS_CS, [SEG_SS] = VMCS_SS,	[SEG_DS] = VMCS_DS,
	[SEG_FS] = VMCS_FS, [SEG_GS] = VMCS_GS, [SEG_LDTR] = VMCS_LDTR, [SEG_TR] = VMCS_TR,
};

/* ---- segments ---------------------------------------------------------------- */

static void seg_get(unsigned int i, struct kvm_segment *k)
{
	u32 a = vmread(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, i));

	k->selector = vmread(VMCS_OF_SEG(VMCS_GUEST_SELECTOR, i));
	k->base = vmread(VMCS_OF_SEG(VMCS_GUEST_BASE, i));
	k->limit = vmread(VMCS_OF_SEG(VMCS_GUEST_LIMIT, i));
	k->unusable = !!(a & VMX_SEG_UNUSABLE);
	k->type = a & VMX_SEG_TYPE;
	k->s = !!(a & VMX_SEG_S);
	k->dpl = (a >> VMX_SEG_DPL_SHIFT) & 3;
	k->present = (a & VMX_SEG_P) && !k->unusable;
	k->avl = !!(a & VMX_SEG_AVL);
	k->l = !!(a & VMX_SEG_L);
	k->db = !!(a & VMX_SEG_DB);
	k->g = !!(a & VMX_SEG_G);
	k->padding = 0;
}

static u32 rights(const struct kvm_segment *k)
{
	u32 a = (k->type & VMX_SEG_TYPE) | (k->dpl & 3) << VMX_SEG_DPL_SHIFT;

	if (k->s)
		a |= VMX_SEG_S | SEG_TYPE_ACCESSED;
	if (k->present && !k->unusable)
		a |= VMX_SEG_P;
	else
		a |= VMX_SEG_UNUSABLE;
	if (k->avl)
		a |= VMX_SEG_AVL;
	if (k->l)
		a |= VMX_SEG_L;
	if (k->db)
		a |= VMX_SEG_DB;
	if (k->limit > 0xfffff)
		a |= VMX_SEG_G;
	else if (k->g && (k->limit & 0xfff) == 0xfff)
		a |= VMX_SEG_G;
	return a;
}

static void seg_write(unsigned int i, const struct kvm_segment *k, u32 a)
{
	vmwrite(VMCS_OF_SEG(VMCS_GUEST_SELECTOR, i), k->selector);
	vmwrite(VMCS_OF_SEG(VMCS_GUEST_BASE, i), k->base);
	vmwrite(VMCS_OF_SEG(VMCS_GUEST_LIMIT, i), k->limit);
	vmwrite(VMCS_OF_SEG(VMCS_GUEST_RIGHTS, i), a);
}

/*
 * TR is always loaded, and busy. What it has after RESET, a TSS of 16 bits, stays
 * there in a guest that goes on to long mode without loading another.
 */
static u32 tr_rights(const struct vmx_vcpu *vmx, u32 a)
{
	u32 type = a & VMX_SEG_TYPE;
	bool bits16 = type == SEG_SYS_TSS16 || type == SEG_SYS_TSS16_BUSY;

	a &= ~(u32)(VMX_SEG_TYPE | VMX_SEG_S | VMX_SEG_UNUSABLE);
	if (bits16 && !(vmx->guest_efer & GEFER_LMA))
		return a | VMX_SEG_P | SEG_SYS_TSS16_BUSY;
	return a | VMX_SEG_P | SEG_SYS_TSS_BUSY;
}

static void segs_set(const struct vcpu *vcpu, const struct vcpu_state *st)
{
	bool vm86 = vcpu->rflags & X86_EFLAGS_VM;
	unsigned int i;

	for (i = SEG_ES; i <= SEG_GS; i++)
		seg_write(vmcs_seg[i], &st->seg[i], vm86 ? VMX_SEG_VM86 : rights(&st->seg[i]));
	seg_write(VMCS_LDTR, &st->seg[SEG_LDTR], rights(&st->seg[SEG_LDTR]));
	seg_write(VMCS_TR, &st->seg[SEG_TR], tr_rights(to_vmx(vcpu), rights(&st->seg[SEG_TR])));
}

static void segs_get(struct vcpu_state *st)
{
	unsigned int i;

	for (i = 0; i < SEG_COUNT; i++)
		seg_get(vmcs_seg[i], &st->seg[i]);
	st->cpl = st->seg[SEG_SS].dpl;
}

/* ---- control registers -------------------------------------------------------- */

static void cr_get(const struct vmx_vcpu *vmx, struct vcpu_state *st)
{
	st->cr0 = (vmx->guest_cr0 & ~VMX_CR0_OWN) | (vmread(VMCS_GUEST_CR0) & VMX_CR0_OWN);
	st->cr3 = vmread(VMCS_GUEST_CR3);
	st->cr4 = (vmx->guest_cr4 & ~vmx->cr4_own) | (vmread(VMCS_GUEST_CR4) & vmx->cr4_own);
	st->efer = vmx->guest_efer;
}

static void efer_set(struct vmx_vcpu *vmx, u64 efer)
{
	if (vmx->guest_efer == efer)
		return;
	if ((vmx->guest_efer ^ efer) & EFER_FLUSH)
		vmx->flush |= VMX_FLUSH_GUEST;
	vmx->guest_efer = efer;
	vmx->special |= VMX_SPECIAL_SYSCALL;
	if (efer & GEFER_LMA) {
		const u32 tr = VMCS_OF_SEG(VMCS_GUEST_RIGHTS, VMCS_TR);

		vmx->controls.entry |= VMX_ENTRY_GUEST_64;
		vmwrite(tr, tr_rights(vmx, vmread(tr)));
	} else {
		vmx->controls.entry &= ~(u32)VMX_ENTRY_GUEST_64;
	}
	vmx->dirty |= VMX_DIRTY_CONTROLS;
}

static void cr_set(struct vmx_vcpu *vmx, const struct vcpu_state *st)
{
	const struct vmx_caps *caps = &vmx_hw.caps;
	/* An unrestricted guest may have PE and PG as it likes. */
	u64 fixed0 = caps->cr0_fixed0 & ~(u64)(X86_CR0_PE | X86_CR0_PG);

	if (((vmx->guest_cr0 ^ st->cr0) & CR0_FLUSH) || ((vmx->guest_cr4 ^ st->cr4) & CR4_FLUSH))
		vmx->flush |= VMX_FLUSH_GUEST;
	vmx->guest_cr0 = st->cr0;
	vmx->guest_cr4 = st->cr4;
	efer_set(vmx, st->efer);
	vmwrite(VMCS_GUEST_EFER, st->efer);
	vmwrite(VMCS_GUEST_CR0, vmx_cr_fix((st->cr0 & ~(u64)(X86_CR0_CD | X86_CR0_NW)) | X86_CR0_ET,
					   fixed0, caps->cr0_fixed1));
	vmwrite(VMCS_CR0_SHADOW, st->cr0);
	vmwrite(VMCS_CR0_MASK, ~VMX_CR0_OWN);
	vmwrite(VMCS_GUEST_CR3, st->cr3);
	vmwrite(VMCS_GUEST_CR4,
		vmx_cr_fix(st->cr4 | vmx_hw.cr4_host, caps->cr4_fixed0, caps->cr4_fixed1));
	vmwrite(VMCS_CR4_SHADOW, st->cr4);
	vmwrite(VMCS_CR4_MASK, ~vmx->cr4_own);
}

/* ---- PAE's top level ------------------------------------------------------------ */

static void pdpte_get(struct vcpu_state *st)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(st->pdpte); i++)
		st->pdpte[i] = vmread(VMCS_GUEST_PDPTE + 2 * i);
}

static void pdpte_set(const struct vcpu_state *st)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(st->pdpte); i++)
		vmwrite(VMCS_GUEST_PDPTE + 2 * i, st->pdpte[i]);
}

/* ---- debug registers ------------------------------------------------------------- */

static void dr_set(struct vcpu *vcpu, const struct vcpu_state *st)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u64 dr7 = st->dr7;

	if (vmx->hw_bp)
		dr7 = vcpu->guest_debug.dr7 | GDR7_FIXED_1;
	vmwrite(VMCS_GUEST_DR7, dr7);
	/* Enabled breakpoints need their addresses in the CPU. */
	if ((dr7 & 0xff) && !(vmx->special & VMX_SPECIAL_DR)) {
		vmx->special |= VMX_SPECIAL_DR;
		vmx_exit_on_dr(vmx);
	}
}

notrace void vmx_dr_load(struct vcpu *vcpu)
{
	bool hw_bp = to_vmx(vcpu)->hw_bp;
	const u64 *db = hw_bp ? vcpu->guest_debug.db : vcpu->st.db;

	/* The host's own breakpoints must not look at the guest's addresses. */
	if (hw_breakpoint_active())
		set_debugreg(0UL, 7);
	set_debugreg(db[0], 0);
	set_debugreg(db[1], 1);
	set_debugreg(db[2], 2);
	set_debugreg(db[3], 3);
	set_debugreg(hw_bp ? DR6_RESERVED : (unsigned long)vcpu->st.dr6, 6);
}

notrace void vmx_dr_save(struct vcpu *vcpu)
{
	if (!to_vmx(vcpu)->hw_bp) {
		get_debugreg(vcpu->st.db[0], 0);
		get_debugreg(vcpu->st.db[1], 1);
		get_debugreg(vcpu->st.db[2], 2);
		get_debugreg(vcpu->st.db[3], 3);
		get_debugreg(vcpu->st.dr6, 6);
	}
	set_debugreg(DR6_RESERVED, 6);
}

/* ---- MSRs ------------------------------------------------------------------------- */

static void msr_state_get(const struct vmx_vcpu *vmx, struct vcpu_state *st)
{
	st->sysenter_cs = vmread(VMCS_GUEST_SYSENTER_CS);
	st->sysenter_esp = vmread(VMCS_GUEST_SYSENTER_ESP);
	st->sysenter_eip = vmread(VMCS_GUEST_SYSENTER_EIP);
	if (vmx->host.away)
		rdmsrl(MSR_KERNEL_GS_BASE, st->kernel_gs_base);
	else
		st->kernel_gs_base = vmx->kernel_gs_base;
}

static void msr_state_set(struct vmx_vcpu *vmx, const struct vcpu_state *st)
{
	vmwrite(VMCS_GUEST_SYSENTER_CS, st->sysenter_cs);
	vmwrite(VMCS_GUEST_SYSENTER_ESP, st->sysenter_esp);
	vmwrite(VMCS_GUEST_SYSENTER_EIP, st->sysenter_eip);
	vmwrite(VMCS_GUEST_PAT, st->pat);
	native_wrmsrl(MSR_KERNEL_GS_BASE, st->kernel_gs_base);
	vmx->special |= VMX_SPECIAL_SYSCALL;
}

/* ---- the border -------------------------------------------------------------------- */

/*
 * Fill the classes of vcpu->st from the VMCS. The caller marks them valid.
 */
void vmx_state_get(struct vcpu *vcpu, u32 classes)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	struct vcpu_state *st = &vcpu->st;

	preempt_disable();
	vmx_vmcs_load(vmx, smp_processor_id());
	if (classes & STATE_CR)
		cr_get(vmx, st);
	if (classes & STATE_SEGS)
		segs_get(st);
	if (classes & STATE_DT) {
		st->gdt.base = vmread(VMCS_GUEST_GDTR_BASE);
		st->gdt.limit = vmread(VMCS_GUEST_GDTR_LIMIT);
		st->idt.base = vmread(VMCS_GUEST_IDTR_BASE);
		st->idt.limit = vmread(VMCS_GUEST_IDTR_LIMIT);
	}
	if ((classes & STATE_DR) && !vmx->dr_owned)
		st->dr7 = vmread(VMCS_GUEST_DR7);
	if (classes & STATE_MSR)
		msr_state_get(vmx, st);
	if (classes & STATE_PDPTE)
		pdpte_get(st);
	preempt_enable();
}

/*
 * Take the classes of vcpu->st into the VMCS and mark them as taken. Called by
 * vmx_enter() for what is dirty. STATE_IRQ, but for CR8, goes in with every entry.
 */
notrace void vmx_state_set(struct vcpu *vcpu, u32 classes)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	const struct vcpu_state *st = &vcpu->st;

	if (classes & STATE_CR)
		cr_set(vmx, st);
	if (classes & STATE_SEGS)
		segs_set(vcpu, st);
	if (classes & STATE_DT) {
		vmwrite(VMCS_GUEST_GDTR_BASE, st->gdt.base);
		vmwrite(VMCS_GUEST_GDTR_LIMIT, st->gdt.limit);
		vmwrite(VMCS_GUEST_IDTR_BASE, st->idt.base);
		vmwrite(VMCS_GUEST_IDTR_LIMIT, st->idt.limit);
	}
	if (classes & STATE_DR)
		dr_set(vcpu, st);
	if (classes & STATE_MSR)
		msr_state_set(vmx, st);
	if (classes & STATE_PDPTE)
		pdpte_set(st);
	if ((classes & STATE_IRQ) && vmx->vapic)
		vmx->vapic[LAPIC_TPR] = vcpu->tpr;
	vcpu->st_dirty &= ~classes;
}
