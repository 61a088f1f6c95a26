/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU. Everything without another letter is (v): it belongs to the
 * thread that holds vcpu->mutex. Letters: see locks.h.
 *
 * Register state: GPRs, RIP, RFLAGS, the interrupt shadow and CR8 are here after
 * every exit; who changes one of the latter two says vcpu_irq_dirty(). The rest
 * is read through vcpu_state() and changed through vcpu_state_dirty() in
 * core/state.h, which keep st_valid and st_dirty right.
 */
#ifndef GLASSVISOR_VCPU_H
#define GLASSVISOR_VCPU_H

#include <linux/preempt.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <asm/fpu/types.h>

#include "arch/exit.h"
#include "emul/emul.h"
#include "mmu/gwalk.h"
#include "vm.h"
#include "x86/cpuid_rules.h"
#include "x86/msr_rules.h"

/* Bits of vcpu->requests: things to do before the next entry, settable from anywhere. */
enum vcpu_request {
	REQ_KICK, /* nothing but leave the guest */
	REQ_TLB_FLUSH,
	REQ_WRITE_LOG,	  /* the hardware is to log writes, or no more: vm->log_slots */
	REQ_CLOCK_UPDATE, /* refresh the kvmclock page */
	REQ_MSR_FILTER,	  /* the filter changed: msr_filter_refresh() */
	REQ_STEAL_UPDATE, /* renew what the guest reads of stolen time */
	REQ_TPR_ACCESS,	  /* tell userspace: KVM_EXIT_TPR_ACCESS */
	REQ_IRQ,	  /* the local APIC or the PIC may have an interrupt */
	REQ_IOAPIC_EOI,	  /* KVM_EXIT_IOAPIC_EOI: lapic->eoi_vector */
	REQ_FREEZE,	  /* freeze the flight recorder: account.freeze_cause */
	REQ_FREEZE_ASKED, /* the same, by somebody outside, who waits for it */
};

/* vcpu->mode: where the vCPU's thread is, for kicks. */
enum vcpu_mode { VCPU_OUTSIDE, VCPU_IN_GUEST };

/* vcpu->lapic_words: what the guest may have done without an exit, to be looked at after one. */
#define LAPIC_WORD_VAPIC BIT(0) /* in its memory: KVM_SET_VAPIC_ADDR */
#define LAPIC_WORD_EOI	 BIT(1) /* there: the end of the interrupt in service (PV EOI) */
#define LAPIC_WORD_TPR	 BIT(2) /* it has written another value to CR8 or TPR */
#define LAPIC_WORD_APICV BIT(3) /* the hardware had the local APIC: arch_apicv_update() */

#define CR8_EXIT_ALL 16 /* arch_cr8_exit() */

/* vcpu->fpu_switch: registers beside the FPU state that are switched around an entry. */
#define FPU_SWITCH_XCR0 BIT(0)
#define FPU_SWITCH_XSS	BIT(1)
#define FPU_SWITCH_PKRU BIT(2)

/* What KVM_RUN must finish on its next call, after userspace has done its part. */
enum user_pending {
	USER_NONE,
	USER_PIO_IN, /* plain IN: put pio_data into RAX, skip */
	USER_EMUL,   /* the emulator waits for its pending access */
	USER_RDMSR,  /* KVM_EXIT_X86_RDMSR answered in run->msr */
	USER_WRMSR,
};

/* Where a vCPU's time goes: stat/account.h. Written by its thread alone. */
struct vcpu_account {
	u32 seq;	 /* odd while the rest is written; READ_ONCE by readers */
	u8 state;	 /* enum vcpu_time */
	bool open;	 /* an exit is being handled */
	bool ran;	 /* KVM_RUN has returned to userspace, for user_reason */
	u8 user_reason;	 /* KVM_EXIT_* of the last return */
	u8 freeze_cause; /* enum freeze_cause, for REQ_FREEZE */
	u8 freezes;	 /* done since freeze_tsc: core/freeze.c */
	u64 last;	 /* TSC of the last change of state */
	u64 ticks[VCPU_TIME_COUNT];
	struct record *record;	   /* of the open exit: the place at the recorder's head */
	u64 storm_key, storm_what; /* the exit of which there may be a row */
	u32 storm_left;		   /* equal ones until they are added to storm_n */
	u32 storm_n;		   /* equal ones in a row since storm_tsc */
	u64 storm_tsc;
	u64 storm_said; /* TSC of the last gv_storm */
	u64 freeze_tsc;
	int asked_err;		   /* what became of REQ_FREEZE_ASKED: 0, negative errno */
	struct histpool *hists;	   /* (c) */
	struct recorder *recorder; /* (c) or NULL */
};

struct vcpu {
	struct vm *vm; /* (c) */
	u32 id;	       /* (c) from userspace; APIC id */
	u32 index;     /* (c) 0.. in order of creation */
	void *arch;    /* (c) the back end's part */
	struct mutex mutex;
	struct kvm_run *run; /* (c) one zeroed page, shared with userspace: read each field once */
	u8 *pio_data;	     /* (c) one page, mapped behind run */
	struct preempt_notifier preempt;
	struct pid __rcu *pid; /* (a) thread that ran it last */
	int cpu;	       /* CPU it is loaded on; -1 */

	/* Registers. */
	u64 gpr[GPR_COUNT];
	u64 rip;
	u64 rflags;
	u8 shadow; /* SHADOW_*: interrupt shadow */
	u8 tpr;	   /* CR8 is its bits 7:4; current after each exit */
	struct vcpu_state st;
	u32 st_valid; /* STATE_* classes of st that are current */
	u32 st_dirty; /* classes that the back end must take before the next entry */

	/* From outside. */
	unsigned long requests; /* (a) BIT(enum vcpu_request) */
	int mode;		/* (a) enum vcpu_mode */

	/* Pages that the guest made dirty since its last entry, from the back end. */
	u32 n_logged;
	const u64 *logged; /* addresses, bytes; the lowest 12 bits mean nothing */

	/* Events. */
	struct vcpu_events events;
	bool irq_window; /* asked of the back end */
	bool nmi_window;
	u8 cr8_exit;	  /* ... of arch_cr8_exit() */
	u8 mp_state;	  /* KVM_MP_STATE_* */
	bool pv_unhalted; /* KVM_HC_KICK_CPU came: the next or the present halt is over */

	/* Interrupt chips in the kernel. */
	struct lapic_dev *lapic; /* (c) irq/irqchip.h; NULL: userspace's */
	u8 lapic_words;	     /* LAPIC_WORD_*: what the guest may have done to it without an exit */
	struct rcuwait wait; /* (a) the thread, while it sleeps: core/halt.c */
	u64 halt_poll_ns;    /* how long a halt polls now */

	/* Exit being handled and its remainder in userspace. */
	struct exit exit;
	int run_errno;	 /* negative: what KVM_RUN returns after RUN_FAIL */
	u8 user_pending; /* enum user_pending */
	u8 pio_size;	 /* of USER_PIO_*: bytes */
	u64 pio_rip;	 /* RIP when user_pending was set: if it moved, what was pending is void */
	u64 pio_next_rip;
	struct emul_ctx emul;
	gpa_t emul_gpa;	     /* where the fault that is being emulated happened, or GPA_INVALID */
	bool emul_gpa_write; /* and that it was a write */
	u64 unskipped_rip;   /* last instruction whose length could not be told, and when: exits */
	u64 unskipped_at;
	bool emul_host_fault; /* an operation met a host address that is not accessible */

	/* CPUID and what follows from it. */
	struct cpuid_table cpuid;     /* x86/cpuid_rules.h: entries sorted, with index */
	struct cpuid_guest_caps caps; /* allowed CR4 and EFER bits, MAXPHYADDR, ... */

	/* FPU. */
	struct fpu_guest fpu;
	u64 xcr0;
	u32 pkru;
	u32 host_pkru;	 /* while the guest runs */
	bool fpu_loaded; /* the guest's FPU state is in the CPU or current's guest fpstate */
	u8 fpu_switch;	 /* FPU_SWITCH_*: what differs from the host and is switched at entry */

	/* MSRs without a home in the back end. */
	struct msr_store msrs; /* x86/msr_rules.h */
	u64 apic_base;
	u64 tsc_aux;
	u64 spec_ctrl;

	/* Time: core/time.c */
	u64 tsc_offset;		  /* guest TSC - scaled host TSC */
	u64 tsc_adjust;		  /* MSR IA32_TSC_ADJUST */
	struct tsc_rate tsc_rate; /* changes while not loaded, under vm->kvmclock_lock */
	u64 steal_msr;		  /* MSR_KVM_STEAL_TIME: gpa | enable; core/pv.c */
	bool steal_preempted;	  /* "preempted" may stand there, and nobody has looked since */
	u64 steal_seen;		  /* the thread's run delay when it was written last, ns */
	u64 kvmclock_msr;	  /* MSR_KVM_SYSTEM_TIME: gpa | enable */
	bool kvmclock_pause;	  /* KVM_KVMCLOCK_CTRL: tell the guest it was stopped */
	int kvmclock_cpu;

	/* KVM_SET_GUEST_DEBUG. */
	struct {
		u32 control; /* KVM_GUESTDBG_* */
		u64 db[4];
		u64 dr7;
		u64 step_rip;
	} guest_debug;

	/* KVM_SET_SIGNAL_MASK. */
	bool sigset_active;
	sigset_t sigset;

	/* Guest page walks (mmu/): mode made from these registers; cr0 0: rebuild. */
	struct {
		u64 cr0, cr4, efer;
		struct gwalk_mode mode;
		struct gwalk
			last; /* scratch of the walk under way: too large to clear on the stack */
	} walk;
	u32 slot_hint; /* last-hit slot of mem/: index into the slots table */

	struct vcpu_account account;
	struct vcpu_stat stat; /* written by the vCPU's thread alone */
};

/* The vCPU's TSC when the host's is @host_tsc. */
static inline u64 vcpu_tsc_at(const struct vcpu *vcpu, u64 host_tsc)
{
	return tsc_scale_ticks(&vcpu->tsc_rate, host_tsc) + READ_ONCE(vcpu->tsc_offset);
}

#endif /* GLASSVISOR_VCPU_H */
