/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmfault's BPF program hands to kvmfault: MMU faults by place and kind. */
#ifndef GLASSVISOR_KVMFAULT_H
#define GLASSVISOR_KVMFAULT_H

#include "common/stats.h"

#define KIND_UNKNOWN (~0U) /* stock KVM does not say */
#define NO_SLOT	     (~0U) /* no memory slot there, or stock KVM, which does not say either */
#define FAULT_WRITE  2	   /* bit of the error code */

/* Times; one writer. */
struct fault_key {
	u32 vm;
	u32 vcpu;
	u32 kind;
	u32 unused;
};

struct fault_row {
	struct times times;
	struct owner owner;
};

/* Heat; all vCPUs write. */
struct heat_key {
	u32 vm;
	u32 slot;
	u64 region; /* guest frame number >> region_shift */
};

struct heat_row {
	u64 count;
	u64 writes;
	u64 ns;
	struct owner owner;
};

#define HEAT_WORDS 3 /* the words that only grow */

#endif /* GLASSVISOR_KVMFAULT_H */
