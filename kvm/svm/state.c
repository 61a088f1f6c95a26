/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register state between the VMCB's state save area and struct vcpu_state, by
 * class (APM vol. 2, "VMCB layout, state save area").
 *
 * Where the two differ: CR0.CD and CR0.NW stay out of the VMCB (they would
 * make the host's memory uncached), CR4.MCE is set whenever the host has it (a
 * machine check would shut the CPU down otherwise), EFER.SVME is set (VMRUN
 * demands it). The guest's view is kept in struct svm_vcpu, accesses exit
 * while the values differ.
 *
 * Segments: KVM's "unusable" is "not present" here. CPL is SS.DPL towards
 * userspace, in both directions. The G bit is made to fit the limit when read.
 *
 * DR0-DR3 are no part of the VMCB; vcpu->st.db always has the guest's values,
 * which are in the CPU only while the guest runs and only if it uses them
 * (SVM_SPECIAL_DR).
 *
 * Locks: vcpu->mutex; the vCPU is not in the guest.
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/debugreg.h>

#include "svm.h"

/* Changing one of these changes what a cached address means. */
#define CR0_FLUSH (X86_CR0_PG | X86_CR0_WP)
#define CR4_FLUSH                                                                                  \
	(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP |   \
	 X86_CR4_PKE | X86_CR4_LA57)
#define EFER_FLUSH (GEFER_LME | GEFER_LMA | GEFER_NXE)

static void seg_get(const struct vmcb_seg *s, struct kvm_segment *k)
{
	u16 a = s->attrib;

	k->base = s->base;
	k->limit = s->limit;
	k->selector = s->selector;
	k->type = a & VMCB_SEG_TYPE;
	k->present = !!(a & VMCB_SEG_P);
	k->dpl = (a >> VMCB_SEG_DPL_SHIFT) & 3;
	k->db = !!(a & VMCB_SEG_DB);
	k->s = !!(a & VMCB_SEG_S);
	k->l = !!(a & VMCB_SEG_L);
	k->avl = !!(a & VMCB_SEG_AVL);
	k->unusable = !k->present;
	k->padding = 0;
	if (s->limit > 0xfffff)
		k->g = 1;
	else if ((s->limit & 0xfff) != 0xfff)
		k->g = 0;
	else
		k->g = !!(a & VMCB_SEG_G);
}

static void seg_set(struct vmcb_seg *s, const struct kvm_segment *k)
{
	u16 a = k->type & VMCB_SEG_TYPE;

	if (k->s)
		a |= VMCB_SEG_S;
	if (k->present && !k->unusable)
		a |= VMCB_SEG_P;
	if (k->avl)
		a |= VMCB_SEG_AVL;
	if (k->l)
		a |= VMCB_SEG_L;
	if (k->db)
		a |= VMCB_SEG_DB;
	if (k->g)
		a |= VMCB_SEG_G;
	s->attrib = a | (k->dpl & 3) << VMCB_SEG_DPL_SHIFT;
	s->base = k->base;
	s->limit = k->limit;
	s->selector = k->selector;
}

static void segs_get(const struct vmcb_save *save, struct vcpu_state *st)
{
	seg_get(&save->es, &st->seg[SEG_ES]);
	seg_get(&save->cs, &st->seg[SEG_CS]);
	seg_get(&save->ss, &st->seg[SEG_SS]);
	seg_get(&save->ds, &st->seg[SEG_DS]);
	seg_get(&save->fs, &st->seg[SEG_FS]);
	seg_get(&save->gs, &st->seg[SEG_GS]);
	seg_get(&save->ldtr, &st->seg[SEG_LDTR]);
	seg_get(&save->tr, &st->seg[SEG_TR]);
	st->cpl = save->cpl & 3;
	/* SYSCALL and SYSRET change the CPL and leave SS.DPL alone. */
	st->seg[SEG_SS].dpl = st->cpl;
	/* TR is busy whenever it is loaded; the hardware does not always say so. */
	if (st->seg[SEG_TR].present)
		st->seg[SEG_TR].type |= 2;
}

static void segs_set(struct vmcb_save *save, const struct vcpu_state *st)
{
	seg_set(&save->es, &st->seg[SEG_ES]);
	seg_set(&save->cs, &st->seg[SEG_CS]);
	seg_set(&save->ss, &st->seg[SEG_SS]);
	seg_set(&save->ds, &st->seg[SEG_DS]);
	seg_set(&save->fs, &st->seg[SEG_FS]);
	seg_set(&save->gs, &st->seg[SEG_GS]);
	seg_set(&save->ldtr, &st->seg[SEG_LDTR]);
	seg_set(&save->tr, &st->seg[SEG_TR]);
	save->cpl = st->seg[SEG_SS].dpl & 3;
}

static void cr_get(const struct svm_vcpu *svm, struct vcpu_state *st)
{
	svm_cr_fetch(svm, st);
	st->cr4 = svm->guest_cr4;
	st->efer = svm->guest_efer;
}

static void cr_set(struct svm_vcpu *svm, const struct vcpu_state *st)
{
	struct vmcb_save *save = &svm->vmcb->save;

	if (((svm->guest_cr0 ^ st->cr0) & CR0_FLUSH) || ((svm->guest_cr4 ^ st->cr4) & CR4_FLUSH) ||
	    ((svm->guest_efer ^ st->efer) & EFER_FLUSH) || save->cr3 != st->cr3)
		svm->flush = true;

	svm->guest_cr0 = st->cr0;
	svm->guest_cr4 = st->cr4;
	svm->guest_efer = st->efer;
	save->cr0 = (st->cr0 & ~(u64)(X86_CR0_CD | X86_CR0_NW)) | X86_CR0_ET;
	save->cr2 = st->cr2;
	save->cr3 = st->cr3;
	save->cr4 = st->cr4 | svm_hw.cr4_host;
	save->efer = st->efer | GEFER_SVME;
	svm_intercept_cr(svm);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_CR | VMCB_CLEAN_CR2);
}

static void dr_get(const struct svm_vcpu *svm, struct vcpu_state *st)
{
	if (svm->dr_owned) {
		st->dr6 = svm->guest_dr6;
		st->dr7 = svm->guest_dr7;
	} else {
		st->dr6 = svm->vmcb->save.dr6;
		st->dr7 = svm->vmcb->save.dr7;
	}
}

static void dr_set(struct vcpu *vcpu, const struct vcpu_state *st)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_save *save = &svm->vmcb->save;

	save->dr6 = st->dr6;
	save->dr7 = st->dr7;
	if (svm->dr_owned) {
		svm->guest_dr6 = st->dr6;
		svm->guest_dr7 = st->dr7;
		save->dr6 = GDR6_RESET;
		if (svm->hw_bp)
			save->dr7 = vcpu->guest_debug.dr7 | GDR7_FIXED_1;
	}
	/* Enabled breakpoints need their addresses in the CPU. */
	if (save->dr7 & 0xff)
		svm->special |= SVM_SPECIAL_DR;
	svm_intercept_dr(svm);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_DR);
}

notrace void svm_dr_load(struct vcpu *vcpu)
{
	const u64 *db = to_svm(vcpu)->hw_bp ? vcpu->guest_debug.db : vcpu->st.db;

	/* The host's own breakpoints must not look at the guest's addresses. */
	if (hw_breakpoint_active())
		set_debugreg(0UL, 7);
	set_debugreg(db[0], 0);
	set_debugreg(db[1], 1);
	set_debugreg(db[2], 2);
	set_debugreg(db[3], 3);
}

notrace void svm_dr_save(struct vcpu *vcpu)
{
	if (to_svm(vcpu)->hw_bp)
		return;
	get_debugreg(vcpu->st.db[0], 0);
	get_debugreg(vcpu->st.db[1], 1);
	get_debugreg(vcpu->st.db[2], 2);
	get_debugreg(vcpu->st.db[3], 3);
}

static void msr_state_get(const struct vmcb_save *save, struct vcpu_state *st)
{
	st->star = save->star;
	st->lstar = save->lstar;
	st->cstar = save->cstar;
	st->sfmask = save->sfmask;
	st->kernel_gs_base = save->kernel_gs_base;
	st->sysenter_cs = save->sysenter_cs;
	st->sysenter_esp = save->sysenter_esp;
	st->sysenter_eip = save->sysenter_eip;
	st->pat = save->g_pat;
}

static void msr_state_set(struct vmcb_save *save, const struct vcpu_state *st)
{
	save->star = st->star;
	save->lstar = st->lstar;
	save->cstar = st->cstar;
	save->sfmask = st->sfmask;
	save->kernel_gs_base = st->kernel_gs_base;
	save->sysenter_cs = st->sysenter_cs;
	save->sysenter_esp = st->sysenter_esp;
	save->sysenter_eip = st->sysenter_eip;
	save->g_pat = st->pat;
}

static void irq_set(struct vcpu *vcpu, const struct vcpu_state *st)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_control *c = &svm->vmcb->control;

	c->int_state = vcpu->shadow ? VMCB_INT_SHADOW : 0;
	if (st->nmi_masked != svm->nmi_masked)
		svm_nmi_mask(svm, st->nmi_masked);
	if ((c->vintr & VMCB_V_TPR) != vcpu->tpr >> 4) {
		c->vintr = (c->vintr & ~VMCB_V_TPR) | vcpu->tpr >> 4;
		vmcb_dirty(svm->vmcb, VMCB_CLEAN_TPR);
	}
}

/*
 * Fill the classes of vcpu->st from the VMCB. The caller marks them valid.
 */
void svm_state_get(struct vcpu *vcpu, u32 classes)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct vmcb *vmcb = svm->vmcb;
	struct vcpu_state *st = &vcpu->st;

	if (classes & STATE_IRQ)
		st->nmi_masked = svm->nmi_masked;
	if (classes & STATE_CR)
		cr_get(svm, st);
	if (classes & STATE_SEGS)
		segs_get(&vmcb->save, st);
	if (classes & STATE_DT) {
		st->gdt.base = vmcb->save.gdtr.base;
		st->gdt.limit = vmcb->save.gdtr.limit;
		st->idt.base = vmcb->save.idtr.base;
		st->idt.limit = vmcb->save.idtr.limit;
	}
	if (classes & STATE_DR)
		dr_get(svm, st);
	if (classes & STATE_MSR)
		msr_state_get(&vmcb->save, st);
}

/*
 * Take the classes of vcpu->st into the VMCB and mark them as taken. Called by
 * svm_enter() for what is dirty.
 */
notrace void svm_state_set(struct vcpu *vcpu, u32 classes)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb *vmcb = svm->vmcb;
	const struct vcpu_state *st = &vcpu->st;

	if (classes & STATE_IRQ)
		irq_set(vcpu, st);
	if (classes & STATE_CR)
		cr_set(svm, st);
	if (classes & STATE_SEGS) {
		segs_set(&vmcb->save, st);
		vmcb_dirty(vmcb, VMCB_CLEAN_SEG);
	}
	if (classes & STATE_DT) {
		vmcb->save.gdtr.base = st->gdt.base;
		vmcb->save.gdtr.limit = st->gdt.limit;
		vmcb->save.idtr.base = st->idt.base;
		vmcb->save.idtr.limit = st->idt.limit;
		vmcb_dirty(vmcb, VMCB_CLEAN_DT);
	}
	if (classes & STATE_DR)
		dr_set(vcpu, st);
	if (classes & STATE_MSR) {
		msr_state_set(&vmcb->save, st);
		vmcb_dirty(vmcb, VMCB_CLEAN_NP); /* g_pat */
	}
	vcpu->st_dirty &= ~classes;
}
