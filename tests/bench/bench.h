/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the benchmark's guest (ops.S, irq.S) and host (bench.c, irq.c) sides. */
#ifndef BENCH_H
#define BENCH_H

#define SAMPLES	    0x400000 /* 32-bit words */
#define MAX_SAMPLES 40000
#define KNOWN_LOOP  1000
#define KNOWN	    (1 + 2 * KNOWN_LOOP) /* instructions of bench_known */
#define P_BENCH	    0x7c
#define P_SIGNAL    0x74   /* the host writes bench_signal_fd */
#define P_PAUSE	    0x78   /* the host sleeps until others are at rest */
#define P_NOTIFY    0xc010 /* an ioeventfd's, where PCI devices are */
#define MMIO_GPA    0xd0000000
#define NOTIFY_GPA  0xd0001000 /* an ioeventfd's */
#define POOL_GPA    0x40000000 /* the slot for faults and dirty logging */

#define BENCH_VEC    0x51
#define TARGET_VEC   0x61
#define TARGET_CODE  0x30000
#define TARGET_STACK 0x38000

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include "vmm.h"

#define ROUNDS 400

struct op {
	const char *key; /* for --loop */
	const char *name;
	struct payload p;
	uint64_t arg;
	bool always; /* also with tracepoints on */
};

extern int bench_signal_fd;

/* Count @p, which runs its operation @n times; the loop around it is still in it. */
long bench_count(struct vm *vm, struct vcpu *v, struct payload p, unsigned int n, uint64_t arg);
/* KVM_RUN until the guest is done; everything else that comes out is answered at once. */
void bench_run(struct vcpu *v);
void bench_row(const char *name, long cost);
/* The operation of that name for ever, if it is there. */
void bench_loop(struct vm *vm, struct vcpu *v, const struct op *ops, size_t n, const char *key);

/* irq.c */
void irq_rows(long empty_cost);
void irq_loop(const char *key);

#endif

#endif
