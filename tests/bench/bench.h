/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the benchmark's guest (ops.S) and host (bench.c) sides. */
#ifndef BENCH_H
#define BENCH_H

#define SAMPLES	    0x400000 /* 32-bit words */
#define MAX_SAMPLES 40000
#define P_BENCH	    0x7c
#define MMIO_GPA    0xd0000000
#define POOL_GPA    0x40000000 /* the slot for faults and dirty logging */

#endif
