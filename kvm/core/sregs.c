/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments and control registers: KVM_GET/SET_SREGS(2), and the guest's own
 * writes of CR0, CR3, CR4, CR8, EFER and XCR0 where they exit.
 *
 * What is legal is x86/cr.c's; here a legal change is committed and its effects
 * carried out: TLB, the CPUID bits that follow CR4 and XCR0, the state switched
 * at entry. With nested paging a mode change asks nothing more of the MMU: the
 * hardware walks the guest's tables itself, and the software walk compares the
 * registers that its mode was made from. VMX wants PAE's PDPTEs loaded for it.
 *
 * Locks: vcpu->mutex; SRCU where guest memory is read.
 */
#include <linux/bitmap.h>
#include <asm/processor-flags.h>

#include "../mem/mem.h"
#include "../x86/cr.h"
#include "../x86/seg.h"
#include "../irq/irqchip.h"
#include "core.h"
#include "state.h"

/* The two ioctls' structures are the same up to here. */
#define SREGS_COMMON offsetof(struct kvm_sregs2, flags)
static_assert(SREGS_COMMON == offsetof(struct kvm_sregs, interrupt_bitmap));
static_assert(offsetof(struct kvm_sregs2, apic_base) == offsetof(struct kvm_sregs, apic_base));

/* ---- reading ------------------------------------------------------------ */

static void seg_get(const struct vcpu_state *st, enum seg_index i, struct kvm_segment *ret)
{
	*ret = st->seg[i];
	ret->padding = 0;
}

static void dt_get(const struct kvm_dtable *dt, struct kvm_dtable *ret)
{
	*ret = (struct kvm_dtable){.base = dt->base, .limit = dt->limit};
}

static void common_get(struct vcpu *vcpu, struct kvm_sregs2 *ret)
{
	const struct vcpu_state *st =
		vcpu_state(vcpu, STATE_SEGS | STATE_DT | STATE_CR | STATE_IRQ);

	memset(ret, 0, sizeof(*ret));
	seg_get(st, SEG_CS, &ret->cs);
	seg_get(st, SEG_DS, &ret->ds);
	seg_get(st, SEG_ES, &ret->es);
	seg_get(st, SEG_FS, &ret->fs);
	seg_get(st, SEG_GS, &ret->gs);
	seg_get(st, SEG_SS, &ret->ss);
	seg_get(st, SEG_TR, &ret->tr);
	seg_get(st, SEG_LDTR, &ret->ldt);
	dt_get(&st->gdt, &ret->gdt);
	dt_get(&st->idt, &ret->idt);
	ret->cr0 = st->cr0;
	ret->cr2 = st->cr2;
	ret->cr3 = st->cr3;
	ret->cr4 = st->cr4;
	ret->cr8 = vcpu->tpr >> 4;
	ret->efer = st->efer;
	ret->apic_base = vcpu->apic_base;
}

void sregs_get(struct vcpu *vcpu, struct kvm_sregs *ret)
{
	const struct vcpu_events *ev = &vcpu->events;
	struct kvm_sregs2 common;

	common_get(vcpu, &common);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &common, SREGS_COMMON);
	if ((ev->interrupt.pending || ev->interrupt.injected) && !ev->interrupt.soft)
		ret->interrupt_bitmap[ev->interrupt.vector / 64] |=
			BIT_ULL(ev->interrupt.vector % 64);
}

/*
 * SVM keeps no copy of the PDPTEs under nested paging: memory is the truth. VMX
 * does (arch_caps.pdptes), and takes them from us when we change the mode.
 */
static bool pdptrs_read(struct vcpu *vcpu, u64 cr3, u64 *pdptrs)
{
	int idx = mem_enter(vcpu->vm);
	int err = mem_read(vcpu, cr3 & 0xffffffe0, pdptrs, 4 * sizeof(u64));

	mem_leave(vcpu->vm, idx);
	return !err;
}

void sregs2_get(struct vcpu *vcpu, struct kvm_sregs2 *ret)
{
	u64 pdptrs[4];

	common_get(vcpu, ret);
	if (!cr_pae_paging(ret->cr0, ret->cr4, ret->efer))
		return;
	if (arch_caps.pdptes)
		memcpy(pdptrs, vcpu_state(vcpu, STATE_PDPTE)->pdpte, sizeof(pdptrs));
	else if (!pdptrs_read(vcpu, ret->cr3, pdptrs))
		return;
	memcpy(ret->pdptrs, pdptrs, sizeof(ret->pdptrs));
	ret->flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
}

/* ---- writing ------------------------------------------------------------ */

static bool common_valid(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	const struct cr_sregs sregs = {
		.cr0 = in->cr0,
		.cr3 = in->cr3,
		.cr4 = in->cr4,
		.cr8 = in->cr8,
		.efer = in->efer,
		.apic_base = in->apic_base,
		.cs_l = in->cs.l,
		.cs_db = in->cs.db,
	};

	return cr_sregs_valid(&sregs, &vcpu->caps) &&
	       msr_rule_apic_base(in->apic_base, &vcpu->caps);
}

/* From userspace, if it has them, or from where CR3 points; unreadable ones are not present. */
static void pdptes_set(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	u64 *pdpte = vcpu_state(vcpu, STATE_PDPTE)->pdpte;

	if (in->flags & KVM_SREGS2_FLAGS_PDPTRS_VALID)
		memcpy(pdpte, in->pdptrs, sizeof(in->pdptrs));
	else if (!pdptrs_read(vcpu, in->cr3, pdpte))
		memset(pdpte, 0, sizeof(vcpu->st.pdpte));
	vcpu_state_dirty(vcpu, STATE_PDPTE);
}

static void cr_set(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	struct vcpu_state *st = vcpu_state(vcpu, STATE_CR);
	bool flush = st->cr0 != (in->cr0 | X86_CR0_ET) || st->cr3 != in->cr3 ||
		     st->cr4 != in->cr4 || st->efer != in->efer;

	st->cr0 = in->cr0 | X86_CR0_ET;
	st->cr2 = in->cr2;
	st->cr3 = in->cr3;
	st->cr4 = in->cr4;
	st->efer = in->efer;
	vcpu_state_dirty(vcpu, STATE_CR);
	if (arch_caps.pdptes && cr_pae_paging(in->cr0, in->cr4, in->efer))
		pdptes_set(vcpu, in);
	if (flush)
		vcpu_tlb_flush(vcpu);
}

static void segs_set(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	struct vcpu_state *st = vcpu_state(vcpu, STATE_SEGS | STATE_DT | STATE_CR);

	st->seg[SEG_CS] = in->cs;
	st->seg[SEG_DS] = in->ds;
	st->seg[SEG_ES] = in->es;
	st->seg[SEG_FS] = in->fs;
	st->seg[SEG_GS] = in->gs;
	st->seg[SEG_SS] = in->ss;
	st->seg[SEG_TR] = in->tr;
	st->seg[SEG_LDTR] = in->ldt;
	st->gdt = in->gdt;
	st->idt = in->idt;
	st->cpl = seg_cpl(st->cr0, vcpu->rflags, &st->seg[SEG_SS]);
	vcpu_state_dirty(vcpu, STATE_SEGS | STATE_DT);
}

static int common_set(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	lockdep_assert_held(&vcpu->mutex);
	if (!common_valid(vcpu, in))
		return -EINVAL;
	cr_set(vcpu, in);
	segs_set(vcpu, in);
	vcpu->tpr = in->cr8 << 4;
	vcpu_irq_dirty(vcpu);
	vcpu->apic_base = in->apic_base;
	if (lapic_in_kernel(vcpu)) {
		lapic_dev_set_base(vcpu, in->apic_base, true);
		lapic_dev_tpr_set(vcpu, vcpu->tpr);
	}
	cpuid_dynamic(vcpu);
	return 0;
}

int sregs_set(struct vcpu *vcpu, const struct kvm_sregs *in)
{
	unsigned long bitmap[KVM_NR_INTERRUPTS / 64];
	struct kvm_sregs2 common = {};
	unsigned int vector;
	int err;

	memcpy(&common, in, SREGS_COMMON);
	err = common_set(vcpu, &common);
	if (err)
		return err;
	/* At most one interrupt; one that is on its way already stays (-EEXIST). */
	static_assert(sizeof(bitmap) == sizeof(in->interrupt_bitmap));
	memcpy(bitmap, in->interrupt_bitmap, sizeof(bitmap));
	vector = find_first_bit(bitmap, KVM_NR_INTERRUPTS);
	if (vector < KVM_NR_INTERRUPTS)
		event_user_interrupt(vcpu, vector);
	return 0;
}

int sregs2_set(struct vcpu *vcpu, const struct kvm_sregs2 *in)
{
	if (in->flags & ~(u64)KVM_SREGS2_FLAGS_PDPTRS_VALID)
		return -EINVAL;
	if (in->flags && !cr_pae_paging(in->cr0, in->cr4, in->efer))
		return -EINVAL;
	return common_set(vcpu, in);
}

/* ---- the guest's writes --------------------------------------------------- */

static struct cr_state cr_state_now(struct vcpu *vcpu)
{
	const struct vcpu_state *st = vcpu_state(vcpu, STATE_CR);

	return (struct cr_state){
		.cr0 = st->cr0,
		.cr3 = st->cr3,
		.cr4 = st->cr4,
		.efer = st->efer,
		.xcr0 = vcpu->xcr0,
	};
}

/* Where the hardware has its own PDPTEs, a write that loads them can fail. False: #GP. */
static bool load_pdptes(struct vcpu *vcpu, u64 cr3, const struct cr_change *change)
{
	u64 pdptrs[4];

	if (!arch_caps.pdptes || !(change->effects & CR_FX_PDPTRS))
		return true;
	if (!pdptrs_read(vcpu, cr3, pdptrs) || cr_pdptrs_check(pdptrs, &vcpu->caps) != CR_OK)
		return false;
	memcpy(vcpu_state(vcpu, STATE_PDPTE)->pdpte, pdptrs, sizeof(pdptrs));
	vcpu_state_dirty(vcpu, STATE_PDPTE);
	return true;
}

static void carry_out(struct vcpu *vcpu, const struct cr_change *change)
{
	vcpu_state_dirty(vcpu, STATE_CR);
	if (change->effects & (CR_FX_FLUSH | CR_FX_FLUSH_ALL))
		vcpu_tlb_flush(vcpu);
	if (change->effects & CR_FX_CPUID)
		cpuid_dynamic(vcpu);
}

static bool cr8_write(struct vcpu *vcpu, u64 value)
{
	if (cr_rule_cr8(value) != CR_OK)
		return false;
	vcpu->tpr = value << 4;
	if (lapic_in_kernel(vcpu))
		lapic_dev_tpr_set(vcpu, vcpu->tpr);
	vcpu_irq_dirty(vcpu);
	return true;
}

bool cr_write(struct vcpu *vcpu, u8 nr, u64 value)
{
	struct cr_state now = cr_state_now(vcpu);
	struct vcpu_state *st = &vcpu->st;
	struct cr_change change;

	/* Outside of 64-bit code the operand has 32 bits. */
	if (unlikely(value >> 32) && !vcpu_64bit_code(vcpu))
		value = (u32)value;
	switch (nr) {
	case 0:
		now.cs_l = vcpu_state(vcpu, STATE_SEGS)->seg[SEG_CS].l;
		if (cr_rule_cr0(&now, &vcpu->caps, value, &change) != CR_OK ||
		    !load_pdptes(vcpu, now.cr3, &change))
			return false;
		st->cr0 = change.val;
		st->efer = change.efer;
		break;
	case 2:
		st->cr2 = value;
		vcpu_state_dirty(vcpu, STATE_CR);
		return true;
	case 3:
		if (cr_rule_cr3(&now, &vcpu->caps, value, &change) != CR_OK ||
		    !load_pdptes(vcpu, change.val, &change))
			return false;
		st->cr3 = change.val;
		break;
	case 4:
		if (cr_rule_cr4(&now, &vcpu->caps, value, &change) != CR_OK ||
		    !load_pdptes(vcpu, now.cr3, &change))
			return false;
		st->cr4 = change.val;
		break;
	case 8:
		return cr8_write(vcpu, value);
	default:
		return false;
	}
	carry_out(vcpu, &change);
	return true;
}

u64 cr_read(struct vcpu *vcpu, u8 nr)
{
	switch (nr) {
	case 0:
		return vcpu_state(vcpu, STATE_CR)->cr0;
	case 2:
		return vcpu_state(vcpu, STATE_CR)->cr2;
	case 3:
		return vcpu_state(vcpu, STATE_CR)->cr3;
	case 4:
		return vcpu_state(vcpu, STATE_CR)->cr4;
	case 8:
		return vcpu->tpr >> 4;
	default:
		return 0;
	}
}

bool efer_write(struct vcpu *vcpu, u64 value, bool host)
{
	struct cr_state now = cr_state_now(vcpu);
	struct cr_change change;

	if (cr_rule_efer(&now, &vcpu->caps, value, &change) != CR_OK)
		return false;
	vcpu->st.efer = change.efer;
	carry_out(vcpu, &change);
	return true;
}

bool xcr0_write(struct vcpu *vcpu, u64 value, bool host)
{
	if (!cr_xcr0_valid(&vcpu->caps, value))
		return false;
	if (value != vcpu->xcr0) {
		vcpu->xcr0 = value;
		cpuid_dynamic(vcpu);
	}
	return true;
}
