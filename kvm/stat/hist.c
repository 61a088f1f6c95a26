// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tools make of the log2 histograms: mean, merge, quantiles.
 *
 * Pure and lock-free: reads race with the writer by design, each word is read
 * once and whole. Quantiles work on one private copy of the buckets, so that
 * they are monotonic in themselves.
 */
#include "hist.h"

u64 hist_mean(const struct hist *h)
{
	u64 n = hist_count(h);

	return n ? READ_ONCE(h->sum) / n : 0;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += READ_ONCE(from->bucket[i]);
	into->sum += READ_ONCE(from->sum);
	into->max = max(into->max, READ_ONCE(from->max));
	into->min_inv = max(into->min_inv, READ_ONCE(from->min_inv));
}

/*
 * a * b / c for a <= c, without overflow: a and c are scaled down together
 * until the product fits. Loses at most the low bits that don't show in a
 * bucket's width.
 */
static u64 scale(u64 a, u64 b, u64 c)
{
	while (a && b > U64_MAX / a) {
		a >>= 1;
		c >>= 1;
	}
	return c ? a * b / c : 0;
}

u64 hist_quantile(const struct hist *h, u32 permille)
{
	u64 lo = hist_min(h), hi = READ_ONCE(h->max);
	u64 bucket[HIST_BUCKETS];
	u64 n = 0, rank, before = 0;
	u32 i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		bucket[i] = READ_ONCE(h->bucket[i]);
		n += bucket[i];
	}
	if (!n)
		return 0;

	/* The rank-th smallest value, 1 to n: n * permille / 1000, rounded up. */
	permille = min_t(u32, permille, 1000);
	rank = n / 1000 * permille + (n % 1000 * permille + 999) / 1000;
	rank = max_t(u64, rank, 1);

	for (i = 0; i < HIST_BUCKETS - 1; i++) {
		if (before + bucket[i] >= rank)
			break;
		before += bucket[i];
	}

	/* Values of a bucket are taken as spread evenly over what [min, max] leaves of it. */
	lo = max(lo, hist_bucket_low(i));
	if (hist_bucket_end(i))
		hi = min(hi, hist_bucket_end(i) - 1);
	if (hi <= lo || bucket[i] < 2)
		return rank == n ? hi : lo;
	return lo + scale(rank - before - 1, hi - lo, bucket[i] - 1);
}
