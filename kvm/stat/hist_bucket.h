/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bucket of a value in our log2 histograms, and nothing else: this file
 * is shared by the kernel, by userspace tools and by BPF programs, and so
 * includes nothing. The includer has u32 and u64.
 *
 * Bucket 0 holds 0; bucket i holds [2^(i-1), 2^i - 1]; the last one holds
 * everything from 2^30 up (in nanoseconds: from 1.07 s).
 *
 * Written with shifts and compares because clang 14's BPF back end can't do
 * __builtin_clzll; hist.h has a faster form for the module with equal results.
 */
#ifndef GLASSVISOR_STAT_HIST_BUCKET_H
#define GLASSVISOR_STAT_HIST_BUCKET_H

#define HIST_BUCKETS 32

static inline u32 hist_bucket_portable(u64 v)
{
	u32 r = 0;

	if (v >> (HIST_BUCKETS - 2))
		return HIST_BUCKETS - 1;
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	if (v >> 1) {
		v >>= 1;
		r += 1;
	}
	return r + (u32)v;
}

/* Smallest value of a bucket, and one more than the largest (0 for the last: no end). */
static inline u64 hist_bucket_low(u32 i)
{
	return i ? 1ULL << (i - 1) : 0;
}

static inline u64 hist_bucket_end(u32 i)
{
	return i < HIST_BUCKETS - 1 ? 1ULL << i : 0;
}

#endif /* GLASSVISOR_STAT_HIST_BUCKET_H */
