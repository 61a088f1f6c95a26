/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types that every room above the pure files shares: the neutral register
 * state of a vCPU, events on their way into a guest, and the counters that
 * the schema names. No behaviour.
 */
#ifndef GLASSVISOR_TYPES_H
#define GLASSVISOR_TYPES_H

#include <linux/kvm.h>

#include "../debugfs-schema/lists.h"
#include "env.h"
#include "x86/exception.h"

typedef unsigned long hva_t; /* host virtual address in the VM owner's mm, bytes */
typedef u64 kvm_pfn;	     /* host page frame number */

#define GV_NAME	       "glassvisor"
#define GV_MAX_VCPUS   1024
#define GV_MAX_VCPU_ID 4096 /* ids are below this */
#define GV_MAX_CPUID   256  /* entries that KVM_SET_CPUID2 takes */
#define GV_MAX_MSRS    256  /* entries in one KVM_GET_MSRS or KVM_SET_MSRS */
#define GV_MEMSLOTS    32764

/* Index into vcpu->gpr: the order in which instructions encode registers. */
enum gpr_index {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	GPR_R8,
	GPR_R9,
	GPR_R10,
	GPR_R11,
	GPR_R12,
	GPR_R13,
	GPR_R14,
	GPR_R15,
	GPR_COUNT
};

/* Index into vcpu_state.seg: the order of the sreg field, then TR and LDTR, as enum emul_segment. */
enum seg_index { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_TR, SEG_LDTR, SEG_COUNT };

/*
 * Classes of register state that cross the back-end border as one. The back
 * end fills or takes whole classes (arch_state_get, arch_state_set); GPRs, RIP
 * and RFLAGS are in struct vcpu after every exit and belong to no class.
 */
#define STATE_SEGS  BIT(0) /* seg[], cpl */
#define STATE_DT    BIT(1) /* gdt, idt */
#define STATE_CR    BIT(2) /* cr0 cr2 cr3 cr4 efer */
#define STATE_DR    BIT(3) /* db[], dr6, dr7 */
#define STATE_MSR   BIT(4) /* the system-call MSRs and the others that live in the VMCB or VMCS */
#define STATE_IRQ   BIT(5) /* NMI mask; and vcpu->shadow and vcpu->tpr on the way in */
#define STATE_PDPTE BIT(6) /* pdpte[], under PAE paging and if arch_caps.pdptes */
#define STATE_ALL   (BIT(7) - 1)

/* Interrupt shadow bits, valued as KVM_GET_VCPU_EVENTS reports them. */
#define SHADOW_MOV_SS KVM_X86_SHADOW_INT_MOV_SS
#define SHADOW_STI    KVM_X86_SHADOW_INT_STI

struct vcpu_state {
	struct kvm_segment seg[SEG_COUNT];
	u8 cpl;

	struct kvm_dtable gdt;
	struct kvm_dtable idt;

	u64 cr0;
	u64 cr2;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 pdpte[4];

	u64 db[4];
	u64 dr6;
	u64 dr7;

	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 pat;
	u64 debugctl;

	bool nmi_masked; /* an NMI handler has not run IRET yet */
};

/* One event for the guest's IDT, as the hardware delivers it at the next entry. */
enum event_type {
	EVENT_NONE,
	EVENT_INTR, /* external interrupt */
	EVENT_NMI,
	EVENT_EXCEPTION, /* hardware exception */
	EVENT_SOFT,	 /* INT n, INT3 or INTO */
};

struct event {
	u8 type; /* enum event_type */
	u8 vector;
	u8 insn_len; /* bytes, EVENT_SOFT only; 0: not known */
	bool has_error_code;
	u32 error_code;
};

/* Bits of vcpu_events.due: something to look at before the next entry. */
#define EVENT_DUE_EXCEPTION BIT(0) /* exc.pending or exc.injected */
#define EVENT_DUE_NMI	    BIT(1) /* nmi_pending or nmi_injected */
#define EVENT_DUE_IRQ	    BIT(2) /* interrupt.pending or interrupt.injected */
#define EVENT_DUE_SHUTDOWN  BIT(3) /* triple_fault */

/* Which interrupt it is, for traces. */
struct irq_origin {
	u32 seq;  /* of gv_irq_request; 0: not known */
	u32 from; /* enum irq_from */
};

/* What arch_apicv_update() is told. */
struct apicv {
	bool x2apic; /* by MSRs; else by vm->apic_page */
	u32 *regs;   /* the local APIC's, in a page of their own as far as the hardware uses it */
	u8 rvi, svi; /* highest vectors in IRR and in service; 0: none */
	u64 eoi_exit[4]; /* EXIT_EOI when one of these ends */
};

/*
 * What is to be delivered to the guest, apart from what userspace's chips hold.
 * "injected": handed to the hardware once, must go in before anything else;
 * "pending": not begun.
 */
struct vcpu_events {
	u32 due;      /* EVENT_DUE_*: zero is the common case */
	u8 in_flight; /* enum event_type that the last entry carried; EVENT_SOFT counts as INTR */
	struct exc_queue exc;
	struct {
		bool pending; /* taken by KVM_INTERRUPT, waits for the window */
		bool injected;
		bool soft;
		u8 vector;
		u64 asked_tsc; /* host TSC when it became pending, or was asked for */
		struct irq_origin origin;
	} interrupt;
	bool nmi_injected;
	u8 nmi_pending; /* 0..2 */
	bool triple_fault;
};

/* The schema's lists as enums. */
#define X(number, ID, name, text) OUTCOME_##ID = number,
enum outcome { OUTCOMES(X) OUTCOME_COUNT };
#undef X
#define X(number, ID, name, text) VCPU_TIME_##ID = number,
enum vcpu_time { VCPU_TIMES(X) VCPU_TIME_COUNT };
#undef X
#define X(number, ID, name, text) FAULT_##ID = number,
enum fault_kind { FAULT_KINDS(X) FAULT_KIND_COUNT };
#undef X
#define X(number, ID, name, text) DIRTY_##ID = number,
enum dirty_mode { DIRTY_MODES(X) DIRTY_MODE_COUNT };
#undef X
#define X(number, ID, name, text) IRQ_FROM_##ID = number,
enum irq_from { IRQ_SOURCES(X) IRQ_FROM_COUNT };
#undef X
#define X(number, ID, name, text) WAIT_##ID = number,
enum wait_kind { WAIT_KINDS(X) WAIT_KIND_COUNT };
#undef X
#define X(number, ID, name, text) WAKE_##ID = number,
enum wake_cause { WAKE_CAUSES(X) WAKE_CAUSE_COUNT };
#undef X
#define X(number, ID, name, text) FREEZE_##ID = number,
enum freeze_cause { FREEZE_CAUSES(X) FREEZE_CAUSE_COUNT };
#undef X
#define X(number, ID, name, text) RECORD_##ID = 1 << number,
enum record_flag { RECORD_FLAGS(X) };
#undef X

enum hist_id {
#define HIST(scope, ID, name, labels, text) HIST_##ID,
#include "../debugfs-schema/hists.def"
#undef HIST
	HIST_COUNT
};

/* Counters: one u64 per line of the schema. Who writes them: stat/stat.h. */
#define STAT(name, kind, unit, exponent, text) u64 name;
struct vm_stat {
#include "../debugfs-schema/vm.def"
};

struct vcpu_stat {
#include "../debugfs-schema/vcpu.def"
};

struct slot_stat {
#include "../debugfs-schema/slot.def"
};
#undef STAT

#endif /* GLASSVISOR_TYPES_H */
