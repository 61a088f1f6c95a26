/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What BPF programs and the tools say to each other: layouts of map values.
 * The includer has u32 and u64.
 */
#ifndef GLASSVISOR_TOOLS_BPF_STATS_H
#define GLASSVISOR_TOOLS_BPF_STATS_H

#include "../../../kvm/stat/hist_bucket.h"

/*
 * A log2 histogram of nanoseconds. The words before "max" only ever grow, so
 * that an interval is the difference of two readings. Its count is the sum of
 * the buckets.
 */
struct times {
	u64 sum;
	u64 bucket[HIST_BUCKETS];
	u64 max;
	u64 min_inv; /* ~smallest, so that zeroes mean "none" */
};

#define TIMES_WORDS (1 + HIST_BUCKETS) /* the words that only grow */

/* Whom a row belongs to: the process, and its thread that was seen first, with that one's name. */
struct owner {
	u32 tgid;
	u32 tid;
	char comm[16];
};

/* Set before load, constant then: what the programs are to look at. */
struct filter {
	u32 tgid; /* 0: every process */
	u32 vcpu; /* ~0: every vCPU */
};

#define ANY_VCPU (~0U)

#endif /* GLASSVISOR_TOOLS_BPF_STATS_H */
