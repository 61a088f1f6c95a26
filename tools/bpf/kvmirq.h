/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmirq's BPF program hands to kvmirq: interrupts, from request to end. */
#ifndef GLASSVISOR_KVMIRQ_H
#define GLASSVISOR_KVMIRQ_H

#include "../../debugfs-schema/lists.h"
#include "common/stats.h"

#define DELIVERY(number, ID, name, text) DELIVERY_##ID = number,
enum delivery { IRQ_DELIVERIES(DELIVERY) };
#undef DELIVERY

/* Above the vectors: what has none (NMI, SMI, INIT, SIPI), by its delivery mode. */
#define IRQ_NO_VECTOR 0x100

/*
 * On stock KVM a VM is its process, OUTSIDE_VM for requests by threads of others,
 * and source is 0.
 */
struct irq_key {
	u32 vm;
	u32 vcpu; /* NO_VCPU: of the VM as a whole */
	u32 vector;
	u32 source; /* enum irq_from */
};

#define OUTSIDE_VM 0

/* Several writers: whoever asks. */
struct request_row {
	u64 requests;
	u64 coalesced;
};

#define REQUEST_WORDS 2

/* One writer. */
struct inject_row {
	u64 injected;
	u64 unseen; /* of them: the request was not seen, there is no time */
	struct times wait;
};

#define INJECT_WORDS (2 + TIMES_WORDS)

/* One writer. Its count is that of the ends. */
struct service_row {
	struct times service;
};

/* By VM: whose it is, as soon as one of its vCPUs was seen. */
struct vm_key {
	u64 vm;
};

struct vm_row {
	u64 seen; /* the table's word that grows */
	struct owner owner;
};

#endif /* GLASSVISOR_KVMIRQ_H */
