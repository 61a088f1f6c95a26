/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of vmx/ share: the back end's part of a vCPU, of a physical
 * CPU, and what this machine's VMX has. Nobody outside vmx/ includes this.
 */
#ifndef GLASSVISOR_VMX_H
#define GLASSVISOR_VMX_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/user-return-notifier.h>

#include "../arch/backend.h"
#include "../vcpu.h"
#include "../x86/defs.h"
#include "controls.h"
#include "enter.h"
#include "insn.h"
#include "l1d.h"

/* Constant after probe(). */
struct vmx_hw {
	struct vmx_caps caps;
	struct vmx_controls controls; /* what every vCPU starts with */
	u64 eptp_bits;		      /* of every EPTP */
	bool tsc_aux;		      /* TSC_AUX exists */
	u64 cr4_host;		      /* CR4 bits that guests run with whatever they ask for: MCE */
	u64 host_efer;
	u64 host_pat;
	bool apicv;	  /* the hardware can, and may, have local APICs */
	bool apic_access; /* ... and tell accesses to the xAPIC's page */
	u8 timer_shift;	  /* the preemption timer counts at the TSC's rate >> this */
};

extern struct vmx_hw vmx_hw;

/* MSRs of the system-call instructions, which nothing but WRMSR switches. */
enum { VMX_STAR, VMX_LSTAR, VMX_SFMASK, VMX_SYSCALL_MSRS };

/* A physical CPU. Written with preemption off on that CPU, but for last (see ops.c). */
struct vmx_cpu {
	struct page *vmxon;	 /* the hardware's own */
	struct list_head active; /* VMCSs that the CPU may hold parts of; interrupts off */
	struct vmx_vcpu *current_vmcs;
	u32 tsc_aux;	  /* TSC_AUX now */
	u32 tsc_aux_host; /* the kernel's value, constant */
	void *last;	  /* struct vmx_vcpu that ran last: compared, never followed */

	/* The system-call MSRs stay the guest's until this CPU goes to user mode. */
	struct user_return_notifier to_user;
	bool to_user_on;
	u64 syscall_host[VMX_SYSCALL_MSRS]; /* constant */
	u64 syscall[VMX_SYSCALL_MSRS];	    /* what is there now */

	/* Constants of the host's for exits here. */
	u64 gs_base;
	u64 tr_base;
	u64 gdt_base;
	u64 idt_base;
	u32 sysenter_cs;
	u64 sysenter_esp;
	u64 sysenter_eip;
};

DECLARE_PER_CPU(struct vmx_cpu, vmx_cpus);

/* Bits of vmx_vcpu.special: work around an entry that most entries don't have. */
#define VMX_SPECIAL_DR	    BIT(0) /* DR0-DR3 and DR6 are the guest's while it runs */
#define VMX_SPECIAL_SYSCALL BIT(1) /* the system-call MSRs have to be looked at */
#define VMX_SPECIAL_PERF    BIT(2) /* perf_msr: the CPU has the guest's values */
#define VMX_SPECIAL_APICV   BIT(3) /* apicv: the hardware has the local APIC */
#define VMX_SPECIAL_LOG	    BIT(4) /* the page-modification log is on */

/* Bits of vmx_vcpu.dirty: what the VMCS has to be told. */
#define VMX_DIRTY_INIT	   BIT(0) /* everything: it is new */
#define VMX_DIRTY_CONTROLS BIT(1)
#define VMX_DIRTY_TSC	   BIT(2)
#define VMX_DIRTY_ROOT	   BIT(3)
#define VMX_DIRTY_APIC	   BIT(4) /* virtual-APIC page and threshold of the TPR */

/* Bits of vmx_vcpu.flush: TLB entries to be dropped at the next entry. */
#define VMX_FLUSH_GUEST BIT(0) /* of the guest's own tables */
#define VMX_FLUSH_ALL	BIT(1) /* of the nested tables, and so all */

/* The host's registers that the VMCS can't hold, or that belong to the thread. */
struct vmx_host {
	bool away; /* they are saved here, and the CPU has others */
	u16 ds, es, fs, gs;
	u64 fs_base;
	u64 kernel_gs_base;
	u64 debugctl;
};

/* vcpu->arch. All (v), see locks.h. */
struct vmx_vcpu {
	struct vmx_enter_args args;
	struct vmx_cpu *cpu; /* where it is loaded */
	u8 special;	     /* VMX_SPECIAL_* */
	u8 dirty;	     /* VMX_DIRTY_* */
	u8 flush;	     /* VMX_FLUSH_* */
	bool use_tsc_aux;    /* the guest has RDTSCP or RDPID */
	bool use_spec_ctrl;  /* the guest has SPEC_CTRL */
	bool l1d_dirty;	     /* something of others may be in the L1 data cache */
	bool left_by_nmi;    /* ... which is being handled just now */
	u32 reason;	     /* VMCS_REASON of the last exit */
	u32 exit_event;	     /* VMCS_EXIT_EVENT of it, for EXIT_REASON_EXCEPTION_NMI; else 0 */

	/* What the next entry delivers: VMCS_ENTRY_*. */
	u32 event;
	u32 event_error_code;
	u32 event_insn_len;

	/* What the VMCS has of these. */
	u64 rip, rsp, rflags;
	u32 blocking;
	u64 host_cr3, host_cr4;

	/* The VMCS itself. active, on_cpu: the CPU that holds it, interrupts off there. */
	struct page *vmcs;
	hpa_t vmcs_pa;
	struct list_head active;
	int on_cpu; /* -1: none, all of it is in memory */

	int last_cpu;
	struct page *msr_bitmap;
	u8 *vapic;		  /* the virtual-APIC page; NULL: no TPR shadow */
	u8 *tpr_page;		  /* that one while only its TPR is used */
	struct page *apic_access; /* vm->apic_page, of vCPUs with a local APIC */
	u64 eoi_exit[4];	  /* what the VMCS has, with VMX_SPECIAL_APICV */
	struct apicv apicv;	  /* for the next entry, with VMX_SPECIAL_APICV */
	u8 cr8_exit;		  /* as core/ gave it */
	u64 deadline;		  /* as core/ gave it: host TSC; 0: none */
	bool timer_set;		  /* the VMCS's preemption timer is not at its longest */
	struct page *pml;	  /* the page-modification log; NULL: not used here */
	bool pml_on;
	u16 vpid; /* 0: none */
	u64 eptp;
	u64 tsc_offset; /* as core/ gave it */
	u64 tsc_ratio;	/* for the VMCS; never 0 */
	struct vmx_controls controls;
	u32 exceptions;
	struct vmx_host host;
	const struct perf_guest_switch_msr *perf_msr; /* this CPU's, in entry context */
	int perf_msrs;

	/* The guest's view where the VMCS holds something else. */
	u64 guest_cr0; /* but for bits that are the guest's own */
	u64 guest_cr4;
	u64 guest_efer;
	u64 cr4_own;
	u64 kernel_gs_base; /* while host.away is false */
	bool dr_owned;	    /* KVM_SET_GUEST_DEBUG has the debug registers */
	bool hw_bp;	    /* ... with breakpoints of its own */
};

static __always_inline struct vmx_vcpu *to_vmx(const struct vcpu *vcpu)
{
	return vcpu->arch;
}

/* The guest changes these without an exit. */
#define VMX_CR0_OWN ((u64)(X86_CR0_TS | X86_CR0_MP))
#define VMX_CR4_OWN ((u64)(X86_CR4_PGE | X86_CR4_TSD | X86_CR4_DE))

/* Code size, as enum emul_mode, from the access rights of CS. */
static __always_inline u8 vmx_code_size(const struct vmx_vcpu *vmx, u32 cs_rights)
{
	if ((cs_rights & VMX_SEG_L) && (vmx->guest_efer & GEFER_LMA))
		return EMUL_MODE_64;
	return cs_rights & VMX_SEG_DB ? EMUL_MODE_32 : EMUL_MODE_16;
}

/* hw.c */
int vmx_probe(struct arch_caps *ret_caps, const char **ret_why);
void vmx_remove(void);
const struct spte_fmt *vmx_spte_fmt(void);
int vmx_cpu_enable(void);
void vmx_cpu_disable(void);

/* vmcs.c */
int vmx_vmcs_create(struct vmx_vcpu *vmx);
void vmx_vmcs_destroy(struct vmx_vcpu *vmx);
/* All of it is written anew at the next entry. */
void vmx_vmcs_init(struct vcpu *vcpu);
/* Make it this CPU's current one; preemption off. */
void vmx_vmcs_load(struct vmx_vcpu *vmx, int cpu);
/* All that this CPU holds go to memory; interrupts off. */
void vmx_vmcs_clear_all(struct vmx_cpu *cpu);
/* Write what vmx->dirty says. Entry context. */
void vmx_vmcs_update(struct vmx_vcpu *vmx);
void vmx_exit_on_dr(struct vmx_vcpu *vmx);
void vmx_cpuid_update(struct vcpu *vcpu);
void vmx_debug_update(struct vcpu *vcpu);
void vmx_tsc_offset_set(struct vcpu *vcpu, u64 offset);
void vmx_tsc_ratio_set(struct vcpu *vcpu, u64 ratio);
void vmx_cr8_exit(struct vcpu *vcpu, u8 below);
void vmx_apicv_update(struct vcpu *vcpu, const struct apicv *apicv);
/* What apicv_update() said, into the VMCS. Entry context. */
void vmx_apicv_load(struct vmx_vcpu *vmx);
void vmx_deadline_set(struct vcpu *vcpu, u64 host_tsc);

/* host.c: the host's part of an exit. */
void vmx_host_load(struct vmx_vcpu *vmx, struct vmx_cpu *cpu);
void vmx_host_put(struct vmx_vcpu *vmx);
/* Before the first entry after vcpu_load. */
void vmx_host_leave(struct vmx_vcpu *vmx);
/* perf's MSRs around an entry, where the guest's values differ. Entry context. */
void vmx_perf_load(struct vmx_vcpu *vmx);
void vmx_perf_put(struct vmx_vcpu *vmx);
/* The system-call MSRs as this guest wants them. Entry context. */
void vmx_syscall_load(struct vcpu *vcpu);
/* What a CPU keeps of its host. Interrupts off. */
void vmx_host_cpu_init(struct vmx_cpu *cpu);
void vmx_host_cpu_exit(struct vmx_cpu *cpu);

/* enter.c */
void vmx_enter(struct vcpu *vcpu, struct exit *exit);
u64 vmx_guest_ip(const struct vcpu *vcpu);
u8 vmx_guest_cpl(const struct vcpu *vcpu);
bool vmx_left_by_nmi(const struct vcpu *vcpu);
void vmx_exit_host_work(struct vcpu *vcpu, const struct exit *exit);

/* exit.c */
void vmx_exit_translate(struct vcpu *vcpu, struct exit *exit, bool entered);

/* event.c */
void vmx_event_inject(struct vcpu *vcpu, const struct event *event);
void vmx_irq_window(struct vcpu *vcpu, bool on);
void vmx_nmi_window(struct vcpu *vcpu, bool on);
/* VMCS_VECTORING as an event that core/ can inject again. */
void vmx_event_vectoring(struct vcpu *vcpu, u32 info, struct event *ret_event);
/* VMCS_GUEST_BLOCKING as the next entry needs it. */
u32 vmx_event_blocking(const struct vcpu *vcpu);

/* pml.c */
/* At probe, when the CPU's own controls have been chosen. */
void vmx_pml_choose(struct vmx_controls *controls);
/* -ENOMEM. */
int vmx_pml_create(struct vmx_vcpu *vmx);
void vmx_pml_destroy(struct vmx_vcpu *vmx);
/* Controls and vmx->special as vmx->pml_on says. */
void vmx_pml_update(struct vmx_vcpu *vmx);
/* The VMCS's constants. Entry context. */
void vmx_pml_write(const struct vmx_vcpu *vmx);
/* What has been logged goes to vcpu->logged. Entry context, after an exit. */
void vmx_pml_collect(struct vcpu *vcpu);
void vmx_write_log_set(struct vcpu *vcpu, bool on);

/* state.c */
void vmx_state_get(struct vcpu *vcpu, u32 classes);
void vmx_state_set(struct vcpu *vcpu, u32 classes);
/* DR0-DR3 and DR6 around an entry. */
void vmx_dr_load(struct vcpu *vcpu);
void vmx_dr_save(struct vcpu *vcpu);

/* msr.c */
void vmx_msr_intercept(struct vcpu *vcpu, u32 index, bool read, bool write);
void vmx_msr_bitmap_init(struct vmx_vcpu *vmx);
/* Those of the x2APIC that APICv does without exits. */
void vmx_msr_apicv(struct vmx_vcpu *vmx, bool on);

/* tlb.c */
void vmx_root_set(struct vcpu *vcpu, hpa_t root);
void vmx_tlb_flush(struct vcpu *vcpu);
/* Do what vmx->flush says. Entry context. */
void vmx_tlb_prepare(struct vmx_vcpu *vmx);
u16 vmx_vpid_alloc(void);
void vmx_vpid_free(u16 vpid);
/* A CPU that comes knows nothing of what it had cached. Interrupts off. */
void vmx_tlb_cpu_init(void);

#endif /* GLASSVISOR_VMX_H */
