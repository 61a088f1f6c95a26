/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmhot's BPF program hands to kvmhot: what exits cost, by guest RIP. */
#ifndef GLASSVISOR_KVMHOT_H
#define GLASSVISOR_KVMHOT_H

#include "common/stats.h"

/* One writer. On stock KVM a VM is its process. */
struct hot_key {
	u32 vm;
	u32 vcpu;
	u64 rip;
	u32 kind; /* enum exit_kind; 0 on stock KVM */
	u32 reason;
};

struct hot_row {
	u64 count;
	u64 ns;
	u64 max;
	u64 isa; /* 1 VMX, 2 SVM */
	struct owner owner;
};

#define HOT_WORDS 2 /* the words that only grow */

#endif /* GLASSVISOR_KVMHOT_H */
