// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmexit: which exits there are and what handling them takes, by VM, vCPU and
 * reason. On glassvisor the times are those that the module's own accounting
 * has; on stock KVM they are the time from kvm_exit to the next kvm_entry or
 * kvm_userspace_exit of the thread.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmexit.h"
#include "kvmexit.skel.h"

TOOL_SKELETON(kvmexit_bpf)

/* A row of the report. */
struct line {
	struct exit_key key;
	struct exit_row row;
};

static bool histograms, merge;
static struct table table;

static void configure(void)
{
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&table, bpf_map__fd(skel->maps.exits), sizeof(struct exit_key),
		   sizeof(struct exit_row), TIMES_WORDS);
}

/* By VM, vCPU, then the most time first. */
static int by_cost(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->key.vm != y->key.vm)
		return x->key.vm < y->key.vm ? -1 : 1;
	if (x->key.vcpu != y->key.vcpu)
		return x->key.vcpu < y->key.vcpu ? -1 : 1;
	return x->row.times.sum > y->row.times.sum ? -1 : x->row.times.sum < y->row.times.sum;
}

static size_t add_line(struct line *lines, size_t n, const struct line *l)
{
	size_t i;

	for (i = 0; merge && i < n; i++) {
		if (memcmp(&lines[i].key, &l->key, sizeof(l->key)))
			continue;
		times_merge(&lines[i].row.times, &l->row.times);
		return n;
	}
	lines[n] = *l;
	return n + 1;
}

/* The interval's rows, to be freed; their number. */
static size_t make_lines(struct line **ret_lines)
{
	struct line *lines = calloc(table_count(&table) + 1, sizeof(*lines));
	struct line l;
	size_t i, n = 0;

	for (i = 0; lines && i < table_count(&table); i++) {
		if (!table_change(&table, i, &l.row))
			continue;
		memcpy(&l.key, table_key(&table, i), sizeof(l.key));
		if (merge)
			l.key.vcpu = ANY_VCPU;
		n = add_line(lines, n, &l);
	}
	qsort(lines, n, sizeof(*lines), by_cost);
	*ret_lines = lines;
	return n;
}

static bool same_vcpu(const struct line *a, const struct line *b)
{
	return a->key.vm == b->key.vm && a->key.vcpu == b->key.vcpu;
}

/* "VM 3 busy (pid 4711), vCPU 0: 1234 exits", and the heads of the columns. */
static u64 group_head(FILE *out, const struct line *l, size_t n, const struct report *r)
{
	u64 count = 0, sum = 0;
	struct hist h;
	size_t i;

	for (i = 0; i < n && same_vcpu(l, &l[i]); i++) {
		h = times_hist(&l[i].row.times);
		count += hist_count(&h);
		sum += l[i].row.times.sum;
	}
	fprintf(out, "\nVM %u %s (pid %u)", l->key.vm, name_vm(&l->row.owner), l->row.owner.tgid);
	if (merge)
		fprintf(out, ", all vCPUs");
	else
		fprintf(out, ", vCPU %u", l->key.vcpu);
	fprintf(out, ": %llu exits, %s to handle (%.1f%% of the time)\n", count, ns_text(sum),
		r->seconds > 0 ? sum / r->seconds / 1e7 : 0);
	fprintf(out, "%-13s %-20s %s\n", "KIND", "REASON", TIMES_HEAD);
	return sum;
}

static void text(FILE *out, const struct report *r)
{
	struct line *lines;
	size_t i, n = make_lines(&lines);
	u64 sum = 0;

	for (i = 0; i < n; i++) {
		const struct line *l = &lines[i];

		if (!i || !same_vcpu(l - 1, l))
			sum = group_head(out, l, n - i, r);
		fprintf(out, "%-13s %-20s ",
			r->source == SOURCE_KVM ? "-" : name_exit_kind(l->key.kind),
			name_reason(l->row.isa, l->key.reason));
		times_row(out, &l->row.times, r->seconds, sum);
		fputc('\n', out);
		if (histograms)
			times_histogram(out, &l->row.times);
	}
	if (!n)
		fputs("no exits\n", out);
	free(lines);
}

static void json(json_t *to, const struct report *r)
{
	json_t *rows = json_array(), *o;
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++) {
		const struct line *l = &lines[i];

		o = json_object();
		vm_json(o, l->key.vm, &l->row.owner);
		if (!merge)
			json_object_set_new(o, "vcpu", json_integer(l->key.vcpu));
		if (r->source == SOURCE_GLASSVISOR)
			json_object_set_new(o, "kind", json_string(name_exit_kind(l->key.kind)));
		json_object_set_new(o, "reason",
				    json_string(name_reason(l->row.isa, l->key.reason)));
		json_object_set_new(o, "reason_number", json_integer(l->key.reason));
		json_object_set_new(o, "isa", json_string(l->row.isa == 1 ? "vmx" : "svm"));
		times_json(o, &l->row.times);
		json_array_append_new(rows, o);
	}
	json_object_set_new(to, "rows", rows);
	free(lines);
}

static const struct argp_option options[] = {
	{"histogram", 'H', NULL, 0, "Show each row's histogram too", 0},
	{"merge", 'm', NULL, 0, "All vCPUs of a VM together", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static int parse(int key, const char *arg)
{
	(void)arg;
	if (key == 'H')
		histograms = true;
	else
		merge = true;
	return 0;
}

static const struct point ours[] = {{EVENT_gv_exit, BY_ALL}};
static const struct point stock[] = {
	{EVENT_kvm_exit, BY_TP}, {EVENT_kvm_entry, BY_ALL}, {EVENT_kvm_userspace_exit, BY_ALL}};

static const struct tool kvmexit = {
	.name = "kvmexit",
	.doc = "Counts VM exits and times their handling, by VM, vCPU and reason.\v"
	       "Handling is from the exit to the next entry of the guest or to KVM_RUN's return: "
	       "time in userspace is not in it. TIME% is the share of the vCPU's handling time. "
	       "p50 and p99 are interpolated from log2 histograms, kept in the kernel.\n\n"
	       "Examples:\n"
	       "  kvmexit                 until Ctrl-C, then one report\n"
	       "  kvmexit -d 1 -n 10      a report a second, ten of them\n"
	       "  kvmexit -p 4711 -H      one VM, with histograms\n"
	       "  kvmexit -m -t 10        ten seconds, vCPUs of a VM together\n"
	       "  kvmexit -d 5 --json     JSON Lines, for a program\n",
	.options = options,
	.parse = parse,
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {stock, ARRAY_SIZE(stock)}},
	.start = start,
	.tables = {&table},
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmexit, argc, argv);
}
