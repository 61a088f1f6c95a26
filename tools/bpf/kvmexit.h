/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmexit's BPF program hands to kvmexit: time to handle exits. */
#ifndef GLASSVISOR_KVMEXIT_H
#define GLASSVISOR_KVMEXIT_H

#include "common/stats.h"

/* On stock KVM a VM is its process. */
struct exit_key {
	u32 vm;
	u32 vcpu;
	u32 kind; /* enum exit_kind; 0 on stock KVM */
	u32 reason;
};

struct exit_row {
	struct times times;
	struct owner owner;
	u64 isa; /* 1 VMX, 2 SVM */
};

#endif /* GLASSVISOR_KVMEXIT_H */
