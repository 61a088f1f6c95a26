/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmhalt's BPF program hands to kvmhalt: times of halts. */
#ifndef GLASSVISOR_KVMHALT_H
#define GLASSVISOR_KVMHALT_H

#include "common/stats.h"

/* What was timed. X(ID, "name", "text") */
#define HALT_PHASES(X)                                                                             \
	X(USERSPACE, "halted", "HLT went to userspace: until KVM_RUN was called again")            \
	X(SLEPT, "slept", "Halted in the kernel, until an event woke it")                          \
	X(POLLED, "polled", "Halted in the kernel, and an event came while polling for it")        \
	X(WAKEUP, "wake-up", "From the last waking of the thread to the end of the halt")

#define HALT_PHASE(ID, name, text) HALT_##ID,
enum halt_phase { HALT_PHASES(HALT_PHASE) HALT_PHASE_COUNT };
#undef HALT_PHASE

/* KVM_EXIT_HLT, KVM_MP_STATE_HALTED: linux/kvm.h can't be included beside vmlinux.h */
#define KVM_EXIT_HLT_NUMBER    5
#define MP_STATE_HALTED_NUMBER 3

/* One writer. On stock KVM a VM is its process and a vCPU its thread. */
struct halt_key {
	u32 vm;
	u32 vcpu;
	u32 phase;
	u32 unused;
};

struct halt_row {
	struct times times;
	struct owner owner;
};

#endif /* GLASSVISOR_KVMHALT_H */
