/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Showing times: one row's mean and quantiles, and histograms, as text and JSON.
 */
#ifndef GLASSVISOR_TOOLS_BPF_TIMES_H
#define GLASSVISOR_TOOLS_BPF_TIMES_H

#include <jansson.h>
#include <stdio.h>

#include "../../../kvm/stat/hist.h"
#include "stats.h"

/*
 * @t as a histogram. Maximum and minimum were kept since the tools began: for
 * the interval they are cut to what the buckets still allow.
 */
struct hist times_hist(const struct times *t);

void times_merge(struct times *into, const struct times *from);

/* "850", "1.2us", "34ms", "5.0s", of at most six characters. In a buffer of a few turns. */
const char *ns_text(u64 ns);

/* Columns: count, count per second, share of @all_ns, total, mean, p50, p99, max. */
#define TIMES_HEAD "     COUNT    PER_S  TIME%   TOTAL    MEAN     P50     P99     MAX"
void times_row(FILE *out, const struct times *t, double seconds, u64 all_ns);

/* A line per bucket from the first to the last that has counts. */
void times_histogram(FILE *out, const struct times *t);

/* count, total_ns, mean_ns, p50_ns, p99_ns, min_ns, max_ns, buckets, added to object @to. */
void times_json(json_t *to, const struct times *t);

/*
 * Heat: @n numbers as a line of @n cells into @out (3 * n + 1 bytes), logarithmic,
 * empty for 0. Block elements, or ASCII if not @utf8. Pure.
 */
void heat_strip(const u64 *cell, size_t n, bool utf8, char *out);

#endif /* GLASSVISOR_TOOLS_BPF_TIMES_H */
