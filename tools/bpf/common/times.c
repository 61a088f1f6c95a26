// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times as text and JSON.
 */
#include <stdio.h>
#include <string.h>

#include "times.h"

struct hist times_hist(const struct times *t)
{
	struct hist h = {.sum = t->sum, .max = t->max, .min_inv = t->min_inv};
	u32 first = HIST_BUCKETS, last = 0, i;
	u64 low;

	memcpy(h.bucket, t->bucket, sizeof(h.bucket));
	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h.bucket[i])
			continue;
		first = min_t(u32, first, i);
		last = i;
	}
	if (first == HIST_BUCKETS)
		return (struct hist){};
	if (hist_bucket_end(last))
		h.max = min_t(u64, h.max, hist_bucket_end(last) - 1);
	low = max_t(u64, ~h.min_inv, hist_bucket_low(first));
	h.min_inv = ~low;
	return h;
}

void times_merge(struct times *into, const struct times *from)
{
	u32 i;

	into->sum += from->sum;
	for (i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
	into->max = max(into->max, from->max);
	into->min_inv = max(into->min_inv, from->min_inv);
}

const char *ns_text(u64 ns)
{
	static const char *const unit[] = {"ns", "us", "ms", "s"};
	static char text[8][24];
	static unsigned int turn;
	char *to = text[turn = (turn + 1) % ARRAY_SIZE(text)];
	double v = ns;
	unsigned int u = 0;

	while (v >= 999.5 && u + 1 < ARRAY_SIZE(unit)) {
		v /= 1000;
		u++;
	}
	snprintf(to, sizeof(text[0]), u && v < 99.95 ? "%.1f%s" : "%.0f%s", v, unit[u]);
	return to;
}

void times_row(FILE *out, const struct times *t, double seconds, u64 all_ns)
{
	struct hist h = times_hist(t);
	u64 n = hist_count(&h);

	fprintf(out, "%10llu %8.0f %6.1f %7s %7s %7s %7s %7s", n, seconds > 0 ? n / seconds : 0,
		all_ns ? 100.0 * t->sum / all_ns : 0, ns_text(t->sum), ns_text(hist_mean(&h)),
		ns_text(hist_quantile(&h, 500)), ns_text(hist_quantile(&h, 990)), ns_text(h.max));
}

#define BAR 40

void times_histogram(FILE *out, const struct times *t)
{
	u64 most = 0, end;
	u32 i, first = HIST_BUCKETS, last = 0;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!t->bucket[i])
			continue;
		first = min_t(u32, first, i);
		last = i;
		most = max(most, t->bucket[i]);
	}
	if (!most)
		return;
	fprintf(out, "    %-21s : count      distribution\n", "time (ns)");
	for (i = first; i <= last; i++) {
		int bar = t->bucket[i] * BAR / most;

		end = hist_bucket_end(i);
		if (end)
			fprintf(out, "    %10llu %10llu", hist_bucket_low(i), end - 1);
		else
			fprintf(out, "    %10llu %10s", hist_bucket_low(i), "and up");
		fprintf(out, " : %-10llu |%.*s%*s|\n", t->bucket[i], bar,
			"****************************************", BAR - bar, "");
	}
}

void times_json(json_t *to, const struct times *t)
{
	struct hist h = times_hist(t);
	json_t *buckets = json_array();
	u32 i;

	for (i = 0; i < HIST_BUCKETS; i++)
		if (t->bucket[i])
			json_array_append_new(buckets,
					      json_pack("[I,I]", hist_bucket_low(i), t->bucket[i]));
	json_object_set_new(to, "count", json_integer(hist_count(&h)));
	json_object_set_new(to, "total_ns", json_integer(t->sum));
	json_object_set_new(to, "mean_ns", json_integer(hist_mean(&h)));
	json_object_set_new(to, "p50_ns", json_integer(hist_quantile(&h, 500)));
	json_object_set_new(to, "p99_ns", json_integer(hist_quantile(&h, 990)));
	json_object_set_new(to, "min_ns", json_integer(hist_min(&h)));
	json_object_set_new(to, "max_ns", json_integer(h.max));
	json_object_set_new(to, "buckets", buckets);
}

/* 0 for none, else 1 to @levels, of the logarithm. */
static u32 heat_level(u64 v, u64 most, u32 levels)
{
	u32 bits = fls64(v), all = fls64(most);

	if (!v)
		return 0;
	return all > 1 ? 1 + (bits - 1) * (levels - 1) / (all - 1) : levels;
}

void heat_strip(const u64 *cell, size_t n, bool utf8, char *out)
{
	static const char *const block[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char ascii[] = " .:-=+*#@";
	u64 most = 0;
	size_t i;

	for (i = 0; i < n; i++)
		most = max(most, cell[i]);
	for (i = 0; i < n; i++) {
		u32 level = heat_level(cell[i], most, 8);
		const char *s = block[level];

		if (utf8)
			out = memcpy(out, s, strlen(s)) + strlen(s);
		else
			*out++ = ascii[level];
	}
	*out = 0;
}
