/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address space identifiers and the guest's TLB (APM vol. 2, "TLB control").
 *
 * Each physical CPU gives out ASIDs one after the other; a vCPU keeps its own
 * until it moves to another CPU or until its CPU has used all and begins a new
 * generation, which starts with one flush of everything. So an ASID is never
 * used by two vCPUs without a flush in between, and a vCPU that comes back to
 * a CPU never meets what it left in the TLB there.
 *
 * To flush one guest costs a TLB_CONTROL command where the CPU has
 * flush-by-ASID, and a fresh ASID where it has not.
 *
 * Locks: entry context, or vcpu->mutex for what only sets a flag.
 */
#include "svm.h"

void svm_tlb_cpu_init(struct svm_cpu *cpu)
{
	/* Nothing is known of the TLB: the first vCPU flushes it all. */
	cpu->asid_gen++;
	cpu->asid_next = svm_hw.asids;
}

static void asid_new(struct svm_vcpu *svm)
{
	struct vmcb_control *c = &svm->vmcb->control;
	struct svm_cpu *cpu = svm->cpu;

	/* What a CPU cached of the VMCB before it went offline is not trusted either. */
	if (svm->asid_gen != cpu->asid_gen)
		c->clean = 0;
	c->tlb_control = VMCB_TLB_NONE;
	if (cpu->asid_next >= svm_hw.asids) {
		cpu->asid_gen++;
		cpu->asid_next = 1;
		c->tlb_control = VMCB_TLB_FLUSH_ALL;
	}
	c->asid = cpu->asid_next++;
	svm->asid_gen = cpu->asid_gen;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_ASID);
}

notrace void svm_tlb_prepare(struct svm_vcpu *svm)
{
	if (svm->asid_gen != svm->cpu->asid_gen || !svm_hw.flush_by_asid)
		asid_new(svm);
	else
		svm->vmcb->control.tlb_control = VMCB_TLB_FLUSH_ASID;
	svm->flush = false;
}

/* A flush that was asked for may not have been done: start all over on this CPU. */
notrace void svm_tlb_distrust(struct svm_vcpu *svm)
{
	svm->flush = true;
	svm->asid_gen = 0;
	svm->cpu->asid_next = svm_hw.asids;
}

void svm_tlb_flush(struct vcpu *vcpu)
{
	to_svm(vcpu)->flush = true;
}

void svm_root_set(struct vcpu *vcpu, hpa_t root)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->root = root;
	svm->vmcb->control.n_cr3 = root | svm_hw.enc_mask;
	svm->flush = true;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_NP);
}
