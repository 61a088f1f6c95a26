/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A histogram of 32 log2 buckets with sum, smallest and largest value.
 *
 * One writer (a vCPU's own thread, or who holds a lock), any number of readers without one:
 * every word is written whole, so a reader sees a value of some moment of each
 * word; the count is the sum of the buckets and so never disagrees with them.
 * All zero is an empty histogram. Values have no unit here (ours are ns).
 */
#ifndef GLASSVISOR_STAT_HIST_H
#define GLASSVISOR_STAT_HIST_H

#include "../env.h"
#include "hist_bucket.h"

struct hist {
	u64 sum;
	u64 max;
	u64 min_inv; /* ~smallest value, so that all-zero means "none" */
	u64 bucket[HIST_BUCKETS];
};

static_assert(sizeof(struct hist) == 8 * (HIST_BUCKETS + 3), "struct hist layout");

/* Same result as hist_bucket_portable. */
static __always_inline u32 hist_bucket(u64 v)
{
	u32 i = fls64(v);

	return i < HIST_BUCKETS ? i : HIST_BUCKETS - 1;
}

/* Count a value. By the one writer only; plain adds to memory: one instruction each. */
static __always_inline void hist_record(struct hist *h, u64 v)
{
	h->bucket[hist_bucket(v)]++;
	h->sum += v;
	if (unlikely(v > h->max))
		WRITE_ONCE(h->max, v);
	if (unlikely(~v > h->min_inv))
		WRITE_ONCE(h->min_inv, ~v);
}

/* Smallest value recorded; 0 for an empty histogram. */
static inline u64 hist_min(const struct hist *h)
{
	u64 inv = READ_ONCE(h->min_inv);

	return inv ? ~inv : 0;
}

static inline u64 hist_count(const struct hist *h)
{
	u64 n = 0;
	int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		n += READ_ONCE(h->bucket[i]);
	return n;
}

/* ---- hist.c, which the module does not have ------------------------------ */

/* Mean, rounded down; 0 for an empty histogram. */
u64 hist_mean(const struct hist *h);

/* Add @from to @into. @into is private to the caller, @from may be written meanwhile. */
void hist_merge(struct hist *into, const struct hist *from);

/*
 * The value that @permille of 1000 recorded ones don't exceed, interpolated
 * linearly within its bucket and kept within [min, max]. @permille is 0 to
 * 1000; p50 is 500, p99 is 990. 0 for an empty histogram.
 */
u64 hist_quantile(const struct hist *h, u32 permille);

#endif /* GLASSVISOR_STAT_HIST_H */
