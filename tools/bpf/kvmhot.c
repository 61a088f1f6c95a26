// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmhot: which places of the guest's code cost the most in exits. A place is a
 * guest RIP, as a virtual address of the guest: with the guest's symbols, look
 * it up there.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmhot.h"
#include "kvmhot.skel.h"

TOOL_SKELETON(kvmhot_bpf)

static unsigned long top = 20;
static bool per_vcpu;
static struct table hot;

struct line {
	struct hot_key key;
	struct hot_row row;
};

static void configure(void)
{
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&hot, bpf_map__fd(skel->maps.hot), sizeof(struct hot_key),
		   sizeof(struct hot_row), HOT_WORDS);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(&((const struct line *)a)->key, &((const struct line *)b)->key,
		      sizeof(struct hot_key));
}

static int by_cost(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->key.vm != y->key.vm)
		return x->key.vm < y->key.vm ? -1 : 1;
	return x->row.ns > y->row.ns ? -1 : x->row.ns < y->row.ns;
}

/* Neighbours with the same key become one; returns how many are left. */
static size_t merge(struct line *lines, size_t n)
{
	size_t i, to = 0;

	for (i = 1; i < n; i++) {
		if (by_key(&lines[to], &lines[i])) {
			lines[++to] = lines[i];
			continue;
		}
		lines[to].row.count += lines[i].row.count;
		lines[to].row.ns += lines[i].row.ns;
		lines[to].row.max = max(lines[to].row.max, lines[i].row.max);
	}
	return n ? to + 1 : 0;
}

static size_t make_lines(struct line **ret_lines)
{
	struct line *lines = calloc(table_count(&hot) + 1, sizeof(*lines));
	size_t i, n = 0;

	*ret_lines = lines;
	for (i = 0; lines && i < table_count(&hot); i++) {
		if (!table_change(&hot, i, &lines[n].row))
			continue;
		memcpy(&lines[n].key, table_key(&hot, i), sizeof(lines[n].key));
		if (!per_vcpu)
			lines[n].key.vcpu = ANY_VCPU;
		n++;
	}
	qsort(lines, n, sizeof(*lines), by_key);
	n = merge(lines, n);
	qsort(lines, n, sizeof(*lines), by_cost);
	return n;
}

/* Of the @n lines from @l, those of the same VM. */
static size_t same_vm(const struct line *l, size_t n)
{
	size_t i;

	for (i = 1; i < n && l[i].key.vm == l->key.vm; i++)
		;
	return i;
}

static void text_vm(FILE *out, const struct line *l, size_t n, const struct report *r)
{
	u64 count = 0, sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		count += l[i].row.count;
		sum += l[i].row.ns;
	}
	fprintf(out, "\nVM %u %s (pid %u): %llu exits from %zu places, %s to handle\n", l->key.vm,
		name_vm(&l->row.owner), l->row.owner.tgid, count, n, ns_text(sum));
	fprintf(out, "%-18s %s%-20s %10s %8s %6s %8s %8s %8s\n", "RIP", per_vcpu ? "VCPU " : "",
		"REASON", "COUNT", "PER_S", "TIME%", "TOTAL", "MEAN", "MAX");
	for (i = 0; i < n && i < top; i++) {
		const struct hot_row *row = &l[i].row;

		fprintf(out, "0x%-16llx ", l[i].key.rip);
		if (per_vcpu)
			fprintf(out, "%-4u ", l[i].key.vcpu);
		fprintf(out, "%-20s %10llu %8.0f %6.1f %8s %8s %8s\n",
			name_reason(row->isa, l[i].key.reason), row->count,
			r->seconds > 0 ? row->count / r->seconds : 0,
			sum ? 100.0 * row->ns / sum : 0, ns_text(row->ns),
			ns_text(row->count ? row->ns / row->count : 0), ns_text(row->max));
	}
	if (n > top)
		fprintf(out, "(%zu more places)\n", n - top);
}

static void text(FILE *out, const struct report *r)
{
	struct line *lines;
	size_t i, of_vm, n = make_lines(&lines);

	for (i = 0; i < n; i += of_vm) {
		of_vm = same_vm(&lines[i], n - i);
		text_vm(out, &lines[i], of_vm, r);
	}
	if (!n)
		fputs("no exits\n", out);
	free(lines);
}

static json_t *line_json(const struct line *l, const struct report *r)
{
	json_t *o = json_object();
	char rip[32];

	vm_json(o, l->key.vm, &l->row.owner);
	if (per_vcpu)
		json_object_set_new(o, "vcpu", json_integer(l->key.vcpu));
	/* As text: not every reader of JSON has 64-bit numbers. */
	snprintf(rip, sizeof(rip), "0x%llx", l->key.rip);
	json_object_set_new(o, "rip", json_string(rip));
	if (r->source == SOURCE_GLASSVISOR)
		json_object_set_new(o, "kind", json_string(name_exit_kind(l->key.kind)));
	json_object_set_new(o, "reason", json_string(name_reason(l->row.isa, l->key.reason)));
	json_object_set_new(o, "count", json_integer(l->row.count));
	json_object_set_new(o, "total_ns", json_integer(l->row.ns));
	json_object_set_new(o, "max_ns", json_integer(l->row.max));
	return o;
}

static void json(json_t *to, const struct report *r)
{
	json_t *rows = json_array();
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++)
		json_array_append_new(rows, line_json(&lines[i], r));
	json_object_set_new(to, "rows", rows);
	free(lines);
}

enum { KEY_TOP = 0x200 };

static const struct argp_option options[] = {
	{"top", KEY_TOP, "N", 0, "Show so many places of a VM (default 20; JSON has all)", 0},
	{"per-vcpu", 'c', NULL, 0, "The vCPUs of a VM apart", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static int parse(int key, const char *arg)
{
	char *end;

	if (key == 'c') {
		per_vcpu = true;
		return 0;
	}
	top = strtoul(arg, &end, 10);
	return end == arg || *end || !top;
}

static const struct point ours[] = {{EVENT_gv_exit, BY_ALL}};
static const struct point stock[] = {
	{EVENT_kvm_exit, BY_TP}, {EVENT_kvm_entry, BY_ALL}, {EVENT_kvm_userspace_exit, BY_ALL}};

static const struct tool kvmhot = {
	.name = "kvmhot",
	.doc = "Shows the places of the guest's code (RIPs) whose exits take the most time.\v"
	       "The time is that of handling in the kernel; time in userspace is not in it. RIPs are "
	       "the guest's virtual addresses: in a Linux guest, /proc/kallsyms names them.\n\n"
	       "Examples:\n"
	       "  kvmhot -t 10            ten seconds, then the twenty dearest places of each VM\n"
	       "  kvmhot -p 4711 --top 5  one VM, until Ctrl-C\n"
	       "  kvmhot -d 1 -c          a report a second, vCPUs apart\n"
	       "  kvmhot -t 10 --json     all places, as JSON\n",
	.options = options,
	.parse = parse,
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {stock, ARRAY_SIZE(stock)}},
	.start = start,
	.tables = {&hot},
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmhot, argc, argv);
}
