/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guests get that know they run on KVM (Linux, Documentation/virt/kvm/x86/
 * cpuid.rst, msr.rst and hypercalls.rst): stolen time, PV TLB flush, and the
 * hypercalls. kvmclock is in time.c, PV EOI in irq/lapic_dev.c. See pv.c.
 */
#ifndef GLASSVISOR_CORE_PV_H
#define GLASSVISOR_CORE_PV_H

#include "../vcpu.h"
#include "../x86/defs.h"

/* Those that are the local APIC's; with one in userspace they are not there. */
#define PV_FEATURES_OF_LAPIC (GKVM_PV_EOI | GKVM_PV_UNHALT | GKVM_PV_SEND_IPI)

#ifdef CONFIG_SCHED_INFO
#define PV_FEATURES (PV_FEATURES_OF_LAPIC | GKVM_STEAL_TIME | GKVM_PV_TLB_FLUSH)
#else
#define PV_FEATURES PV_FEATURES_OF_LAPIC
#endif

/* MSR KVM_STEAL_TIME. vcpu->mutex. */
void pv_steal_write(struct vcpu *vcpu, u64 value);
/* KVM_RUN begins, with stolen time on. */
void pv_run_begin(struct vcpu *vcpu);
/* The thread got a CPU again, or loses it: preempt notifiers, preemption off. */
void pv_sched_in(struct vcpu *vcpu);
void pv_sched_out(struct vcpu *vcpu);
/* REQ_STEAL_UPDATE: the structure in guest memory, and the flush that was asked for there. SRCU held. */
void pv_steal_update(struct vcpu *vcpu);

/* A hypercall by ring 0; numbers and arguments are cut to the mode's width. The value for RAX. */
s64 pv_hypercall(struct vcpu *vcpu, u64 nr, const u64 arg[4], bool long_mode);

#endif /* GLASSVISOR_CORE_PV_H */
