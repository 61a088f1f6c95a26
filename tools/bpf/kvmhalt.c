// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmhalt: how long vCPUs are halted, and how long they take to get going again.
 *
 * With interrupt chips in the kernel a vCPU halts there: gv_wakeup, or on stock
 * KVM kvm_vcpu_wakeup, tells how long that was and whether it was polled. Without
 * (kernel-irqchip=off) an HLT goes to userspace, which waits: halted is the time
 * from there to the next KVM_RUN.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmhalt.h"
#include "kvmhalt.skel.h"

TOOL_SKELETON(kvmhalt_bpf)

#define PHASE_NAME(ID, name, text) name,
static const char *const phase_name[HALT_PHASE_COUNT] = {HALT_PHASES(PHASE_NAME)};

static bool histograms;
static struct table halts;

struct line {
	struct halt_key key;
	struct halt_row row;
};

static void configure(void)
{
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&halts, bpf_map__fd(skel->maps.halts), sizeof(struct halt_key),
		   sizeof(struct halt_row), TIMES_WORDS);
}

static int read_maps(void)
{
	return table_read(&halts);
}

static int by_vcpu_and_phase(const void *a, const void *b)
{
	const struct halt_key *x = &((const struct line *)a)->key;
	const struct halt_key *y = &((const struct line *)b)->key;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->vcpu != y->vcpu)
		return x->vcpu < y->vcpu ? -1 : 1;
	return x->phase < y->phase ? -1 : x->phase > y->phase;
}

static size_t make_lines(struct line **ret_lines)
{
	struct line *lines = calloc(table_count(&halts) + 1, sizeof(*lines));
	size_t i, n = 0;

	*ret_lines = lines;
	for (i = 0; lines && i < table_count(&halts); i++)
		if (table_change(&halts, i, &lines[n].row))
			memcpy(&lines[n++].key, table_key(&halts, i), sizeof(struct halt_key));
	qsort(lines, n, sizeof(*lines), by_vcpu_and_phase);
	return n;
}

static void text(FILE *out, const struct report *r)
{
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++) {
		const struct line *l = &lines[i];

		if (!i || l[-1].key.vm != l->key.vm || l[-1].key.vcpu != l->key.vcpu) {
			fprintf(out, "\nVM %u %s (pid %u), ", l->key.vm, name_vm(&l->row.owner),
				l->row.owner.tgid);
			if (r->source == SOURCE_KVM)
				fprintf(out, "thread %u %s\n", l->row.owner.tid, l->row.owner.comm);
			else
				fprintf(out, "vCPU %u\n", l->key.vcpu);
			fprintf(out, "%-9s %s\n", "", TIMES_HEAD);
		}
		fprintf(out, "%-9s ", phase_name[l->key.phase % HALT_PHASE_COUNT]);
		times_row(out, &l->row.times, r->seconds, r->seconds * 1e9);
		fputc('\n', out);
		if (histograms)
			times_histogram(out, &l->row.times);
	}
	if (!n)
		fputs("no halts\n", out);
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
		if (r->source == SOURCE_GLASSVISOR)
			json_object_set_new(o, "vcpu", json_integer(l->key.vcpu));
		json_object_set_new(o, "tid", json_integer(l->row.owner.tid));
		json_object_set_new(o, "phase",
				    json_string(phase_name[l->key.phase % HALT_PHASE_COUNT]));
		times_json(o, &l->row.times);
		json_array_append_new(rows, o);
	}
	json_object_set_new(to, "rows", rows);
	free(lines);
}

static const struct argp_option options[] = {
	{"histogram", 'H', NULL, 0, "Show each row's histogram too", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static int parse(int key, const char *arg)
{
	(void)key;
	(void)arg;
	histograms = true;
	return 0;
}

static const struct point ours[] = {
	{EVENT_gv_halt, BY_ALL},
	{EVENT_gv_wakeup, BY_ALL},
	{EVENT_gv_userspace, BY_ALL},
	{EVENT_sched_waking, BY_ALL},
};
static const struct point stock[] = {{EVENT_kvm_vcpu_wakeup, BY_TP}, {EVENT_sched_waking, BY_ALL}};

#define PHASE_DOC(ID, name, text) "  " name ": " text "\n"

static const struct tool kvmhalt = {
	.name = "kvmhalt",
	.doc = "Shows how long vCPUs are halted, polled for and woken.\v" HALT_PHASES(
		PHASE_DOC) "TIME% is of the wall clock. On stock KVM vCPUs are known by their threads, "
			   "so that --vcpu has no effect.\n\n"
			   "Examples:\n"
			   "  kvmhalt -d 1            a report a second\n"
			   "  kvmhalt -p 4711 -t 10 -H\n"
			   "                          one VM, ten seconds, with histograms\n"
			   "  kvmhalt -d 5 --json     JSON Lines\n",
	.options = options,
	.parse = parse,
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {stock, ARRAY_SIZE(stock)}},
	.start = start,
	.read = read_maps,
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmhalt, argc, argv);
}
