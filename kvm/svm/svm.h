/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of svm/ share: the back end's part of a vCPU, of a physical
 * CPU, and what this machine's SVM has. Nobody outside svm/ includes this.
 */
#ifndef GLASSVISOR_SVM_H
#define GLASSVISOR_SVM_H

#include <linux/percpu.h>

#include "../arch/backend.h"
#include "../vcpu.h"
#include "../x86/defs.h"
#include "enter.h"
#include "vmcb.h"

/* CPUID Fn8000_000A and friends; constant after probe(). */
struct svm_hw {
	bool next_rip;
	bool decode_assist;
	bool clean_bits;
	bool flush_by_asid;
	bool v_spec_ctrl; /* SPEC_CTRL, where it exists, is switched by the hardware */
	bool tsc_aux;	  /* TSC_AUX exists */
	bool invpcid;	  /* ... and so does its intercept */
	bool tsc_rate;	  /* the TSC ratio MSR exists */
	u32 asids;	  /* ASIDs 1..asids-1 are for guests */
	u64 clean_all;	  /* control.clean after an exit: VMCB_CLEAN_ALL, or 0 */
	hpa_t iopm_pa;	  /* all ones: every port exits */
	u64 cr4_host;	  /* CR4 bits that guests run with whatever they ask for: MCE */
	u64 enc_mask;	  /* SME: or-ed into addresses we give to the hardware */
};

extern struct svm_hw svm_hw;

/* A physical CPU. Written with preemption off on that CPU, but for last (see ops.c). */
struct svm_cpu {
	struct page *hsave; /* VM_HSAVE_PA: the hardware's own */
	struct page *host;  /* host part of VMLOAD state */
	hpa_t host_pa;
	u64 asid_gen; /* ASIDs given out before belong to an older generation */
	u32 asid_next;
	u32 tsc_aux;	  /* TSC_AUX now */
	u32 tsc_aux_host; /* the kernel's value, constant */
	u64 tsc_ratio;	  /* the TSC ratio MSR now */
	void *last;	  /* struct svm_vcpu that ran last: compared, never followed */
};

DECLARE_PER_CPU(struct svm_cpu, svm_cpus);

/* Bits of svm_vcpu.special: work around an entry that most entries don't have. */
#define SVM_SPECIAL_DR	 BIT(0) /* DR0-DR3 are the guest's while it runs */
#define SVM_SPECIAL_NMI	 BIT(1) /* an NMI window is wanted */
#define SVM_SPECIAL_IRET BIT(2) /* IRET of an NMI handler is about to execute */
#define SVM_SPECIAL_STEP BIT(3) /* we set RFLAGS.TF for one instruction */
#define SVM_SPECIAL_SOFT BIT(4) /* a software interrupt was injected by advancing RIP */

/* vcpu->arch. All (v), see locks.h. */
struct svm_vcpu {
	struct svm_enter_args args;
	struct vmcb *vmcb;
	struct svm_cpu *cpu; /* where it is loaded */
	u64 asid_gen;	     /* generation of its ASID on last_cpu; 0: none */
	bool flush;	     /* drop its TLB entries at the next entry */
	u8 special;	     /* SVM_SPECIAL_* */
	bool use_tsc_aux;    /* the guest has RDTSCP or RDPID */
	bool use_spec_ctrl;  /* the guest has SPEC_CTRL */
	bool cr8_exits;	     /* its writes do */

	int last_cpu;
	struct page *msrpm;
	hpa_t root;	/* of the nested tables, as mmu/ gave it */
	u64 tsc_offset; /* as core/ gave it */
	u64 tsc_ratio;	/* for the MSR; never 0 */

	/* The guest's view where the VMCB holds something else. */
	u64 guest_cr0;
	u64 guest_cr4;
	u64 guest_efer;
	u64 guest_dr6; /* while dr_owned */
	u64 guest_dr7;
	bool dr_owned; /* KVM_SET_GUEST_DEBUG has the debug registers */
	bool hw_bp;    /* ... with breakpoints of its own */

	/* event.c */
	bool nmi_masked;
	bool step_tf; /* RFLAGS.TF was the guest's own too */
	u64 step_dr6; /* DR6 before the step */
	u64 step_rip;
	u64 iret_rip; /* of the IRET that ends the NMI handler */
	u64 soft_rip; /* of the instruction that raised the software interrupt */
	u64 soft_next_rip;
};

static __always_inline struct svm_vcpu *to_svm(const struct vcpu *vcpu)
{
	return vcpu->arch;
}

#define SVM_CR0_OWN ((u64)(X86_CR0_TS | X86_CR0_MP)) /* the guest changes these without an exit */

/*
 * STATE_CR of @st, up to date after an exit at the cost of a few loads: the
 * next page walk needs it. CR4 and EFER are what they were set to.
 */
static __always_inline void svm_cr_fetch(const struct svm_vcpu *svm, struct vcpu_state *st)
{
	const struct vmcb_save *save = &svm->vmcb->save;

	st->cr0 = (svm->guest_cr0 & ~SVM_CR0_OWN) | (save->cr0 & SVM_CR0_OWN);
	st->cr2 = save->cr2;
	st->cr3 = save->cr3;
}

/* The group of fields that @bit stands for was changed. */
static __always_inline void vmcb_dirty(struct vmcb *vmcb, u64 bit)
{
	vmcb->control.clean &= ~bit;
}

/* hw.c */
int svm_probe(struct arch_caps *ret_caps, const char **ret_why);
void svm_remove(void);
const struct spte_fmt *svm_spte_fmt(void);
int svm_cpu_enable(void);
void svm_cpu_disable(void);

/* vmcb.c */
/* A new VMCB; the state area comes with svm_state_set(). */
void svm_vmcb_init(struct vcpu *vcpu);
void svm_intercept_a(struct svm_vcpu *svm, u32 bit, bool on);
void svm_intercept_b(struct svm_vcpu *svm, u32 bit, bool on);
void svm_intercept_exception(struct svm_vcpu *svm, u8 vector, bool on);
/* CR0 accesses, as the guest's CR0 and the VMCB's differ or not. */
void svm_intercept_cr(struct svm_vcpu *svm);
void svm_cr8_exit(struct vcpu *vcpu, u8 below);
void svm_deadline_set(struct vcpu *vcpu, u64 host_tsc);
void svm_apicv_update(struct vcpu *vcpu, const struct apicv *apicv);
/* Debug-register accesses, as special and dr_owned say. */
void svm_intercept_dr(struct svm_vcpu *svm);
void svm_cpuid_update(struct vcpu *vcpu);
void svm_debug_update(struct vcpu *vcpu);
void svm_tsc_offset_set(struct vcpu *vcpu, u64 offset);
void svm_tsc_ratio_set(struct vcpu *vcpu, u64 ratio);

/*
 * APM vol. 2, TSC ratio MSR: 8.32 bits, bits 63:40 are reserved. It counts in guests only, so a CPU
 * keeps that of the guest that ran last.
 */
#define SVM_TSC_FRAC_BITS 32
#define SVM_TSC_RATIO_1	  (1ULL << SVM_TSC_FRAC_BITS)
#define SVM_TSC_RATIO_MAX GENMASK_ULL(39, 0)

/* enter.c */
void svm_enter(struct vcpu *vcpu, struct exit *exit);
u64 svm_guest_ip(const struct vcpu *vcpu);
u8 svm_guest_cpl(const struct vcpu *vcpu);
bool svm_left_by_nmi(const struct vcpu *vcpu);
void svm_exit_host_work(struct vcpu *vcpu, const struct exit *exit);

/* exit.c */
void svm_exit_translate(struct vcpu *vcpu, struct exit *exit);

/* event.c */
void svm_event_inject(struct vcpu *vcpu, const struct event *event);
void svm_irq_window(struct vcpu *vcpu, bool on);
void svm_nmi_window(struct vcpu *vcpu, bool on);
void svm_nmi_mask(struct svm_vcpu *svm, bool masked);
/* EXITINTINFO as an event that core/ can inject again. */
void svm_event_vectoring(struct vcpu *vcpu, u64 info, struct event *ret_event);
/* Around VMRUN, when special has a bit of event.c's. */
void svm_event_before(struct vcpu *vcpu);
void svm_event_after(struct vcpu *vcpu);
/* #DB that ends our own step? Then *exit is done. */
bool svm_event_step_done(struct vcpu *vcpu, struct exit *exit);

/* state.c */
void svm_state_get(struct vcpu *vcpu, u32 classes);
void svm_state_set(struct vcpu *vcpu, u32 classes);
/* DR0-DR3 around VMRUN. */
void svm_dr_load(struct vcpu *vcpu);
void svm_dr_save(struct vcpu *vcpu);

/* msr.c */
void svm_msr_intercept(struct vcpu *vcpu, u32 index, bool read, bool write);
void svm_msrpm_init(struct svm_vcpu *svm);

/* tlb.c */
void svm_root_set(struct vcpu *vcpu, hpa_t root);
void svm_tlb_flush(struct vcpu *vcpu);
/* Give the vCPU a valid ASID on this CPU, and have it flushed as asked. */
void svm_tlb_prepare(struct svm_vcpu *svm);
/* After a refused entry. */
void svm_tlb_distrust(struct svm_vcpu *svm);
void svm_tlb_cpu_init(struct svm_cpu *cpu);

#define SVM_MSRPM_ORDER 1 /* two pages */

#endif /* GLASSVISOR_SVM_H */
