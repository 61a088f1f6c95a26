/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine. Lives from KVM_CREATE_VM until the last of its file
 * descriptors (VM, vCPUs, statistics) is closed. Letters: see locks.h.
 */
#ifndef GLASSVISOR_VM_H
#define GLASSVISOR_VM_H

#include <linux/mmu_notifier.h>
#include <linux/refcount.h>

#include "locks.h"
#include "stat/hist.h"
#include "types.h"
#include "x86/tsc.h"

struct vcpu;
struct slots_table;
struct msr_filter;
struct irqchip;
struct ioevents;
struct coalesced;
struct dentry;

/*
 * The VM's clocks. kvmclock is base_ns at host TSC base_tsc, and runs on with
 * the host's TSC where that is stable; else it is the host's boot-time clock
 * plus clock_offset. The tsc_ fields say what was last written to a guest's
 * TSC, so that vCPUs which userspace sets one after the other come out equal:
 * it was tsc_value when the host's was tsc_host.
 */
struct vm_time {
	struct tsc_scale scale; /* (c) host TSC ticks to ns */
	u64 base_tsc;		/* host TSC ticks */
	u64 base_ns;		/* kvmclock at base_tsc, ns */
	s64 clock_offset;	/* kvmclock - host boot-time clock, ns; without a stable TSC */
	u64 tsc_host;		/* host TSC ticks */
	u64 tsc_value;		/* guest TSC ticks */
};

/* Where the guest's accesses go that are not to its memory. */
enum iobus { IOBUS_MMIO, IOBUS_PIO, IOBUS_COUNT };

struct vm {
	refcount_t users;     /* (a) file descriptors */
	struct mm_struct *mm; /* (c) owner's address space, pinned by mmgrab */
	u32 vm_id;	      /* (c) unique while the module is loaded; in traces */
	pid_t pid;	      /* (c) creator's tgid */
	int fd;		      /* (c) its descriptor in the creator */
	void *arch;	      /* (c) the back end's part, or NULL */

	struct mutex lock;
	struct mutex slots_lock;
	struct srcu_struct srcu;

	/* vCPUs: published in order of creation and never taken out before the VM goes. */
	struct vcpu **vcpus;	 /* (c) GV_MAX_VCPUS pointers; read through vm_vcpu() */
	u32 n_vcpus;		 /* (l), read by vm_vcpu(): published ones */
	u32 n_created;		 /* (l) published ones and those being made */
	u32 max_vcpu_id;	 /* (l) ids are below this */
	bool max_vcpu_id_set;	 /* (l) by KVM_CAP_MAX_VCPU_ID */
	u32 bsp_id;		 /* (l) KVM_SET_BOOT_CPU_ID; constant once a vCPU exists */
	unsigned long *vcpu_ids; /* (l) bitmap of the ids taken, GV_MAX_VCPU_ID bits */

	/* Memory: mem/ */
	struct slots_table __rcu *slots; /* (s) never NULL */
	u32 log_slots;			 /* (s), read any time: slots that log */
	struct rb_root_cached hva_tree; /* slots by host address; changed under (m) write and (i) */

	/* Nested translation: mmu/ */
	rwlock_t mmu_lock;
	u64 *root;	      /* (c) top table, one for all vCPUs; entries: (m) */
	atomic_t mmio_tables; /* (a) tables that exist for the sake of mmu/mmio.c */
	struct page
		*apic_page; /* (c) stands for the xAPIC of every vCPU, see mmu/mmio.c; or NULL */
	bool apic_page_on;  /* it may be mapped; changed under (m), once */
	struct mmu_notifier notifier;
	spinlock_t inval_lock;
	unsigned int inval_count;     /* (i): running invalidations; read with READ_ONCE */
	hva_t inval_start, inval_end; /* (i): union of their ranges, bytes */

	/* Interrupt chips: irq/irqchip.h. NULL: userspace's. Set once, before the first vCPU. */
	struct irqchip *irqchip;
	bool x2apic_ids;		/* (l) KVM_X2APIC_API_USE_32BIT_IDS */
	bool x2apic_no_broadcast_quirk; /* (l) KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK */

	/* What the kernel answers of the guest's accesses: core/iobus.c. */
	bool iobus_used;	 /* (a) there is something, or was; never false again */
	struct mutex iobus_lock; /* who replaces the tables below and coalesced's */
	struct ioevents __rcu *ioevents[IOBUS_COUNT]; /* NULL: none */
	struct coalesced *coalesced;		      /* (c) */

	/* Settings from KVM_ENABLE_CAP and friends. */
	bool exception_payload;	 /* (l) KVM_CAP_EXCEPTION_PAYLOAD */
	bool triple_fault_event; /* (l) KVM_CAP_X86_TRIPLE_FAULT_EVENT */
	u32 user_msr_mask;	 /* (l) KVM_MSR_EXIT_REASON_*: which MSR errors go to userspace */
	struct msr_filter __rcu *msr_filter; /* (l), read under SRCU; NULL: allow all */

	u64 tss_addr;	       /* (l) KVM_SET_TSS_ADDR: gpa, bytes */
	u64 identity_map_addr; /* (l) KVM_SET_IDENTITY_MAP_ADDR: gpa, bytes */

	/* Time: core/time.c */
	struct mutex kvmclock_lock; /* who writes kvmclock pages */
	spinlock_t time_lock;	    /* innermost */
	struct vm_time time;	    /* (t) */
	u64 wall_clock;		    /* (a) last MSR_KVM_WALL_CLOCK value */
	u32 tsc_khz;		    /* (l) of vCPUs to come */

	struct vm_stat stat; /* (a) atomic adds, by any thread */
	struct hist
		dirty_pass_time[DIRTY_MODE_COUNT]; /* ns; written under slots_lock, read any time */
	u64 dirty_passes;			   /* (s) all of them, for gv_dirty_pass */
	struct dentry *debugfs, *native;	   /* (c) kvm/<tgid>-<fd>, glassvisor/<tgid>-<fd> */
	atomic64_t snapshots;			   /* (a) how many were read */
};

/* The vCPU of an index (order of creation), or NULL. Any context. */
static inline struct vcpu *vm_vcpu(struct vm *vm, u32 index)
{
	if (index >= smp_load_acquire(&vm->n_vcpus))
		return NULL;
	return vm->vcpus[index];
}

#endif /* GLASSVISOR_VM_H */
