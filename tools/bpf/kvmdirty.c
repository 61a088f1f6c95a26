// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmdirty: how fast guests dirty their memory, by slot, as the dirty log's own
 * passes and the write faults tell it; nothing is asked of the VMM or the VM.
 *
 * The dirty rate needs somebody who logs (a migration, a display, calc-dirty-rate);
 * write faults are there without.
 */
#include <stdlib.h>
#include <string.h>

#include "../../debugfs-schema/lists.h"
#include "common/names.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmdirty.h"
#include "kvmdirty.skel.h"

TOOL_SKELETON(kvmdirty_bpf)

#define PAGE_BYTES 4096ULL

#define MODE_ID(number, ID, name, text) MODE_##ID = number,
enum { DIRTY_MODES(MODE_ID) };
#define FAULT_ID(number, ID, name, text) FAULT_KIND_##ID = number,
enum { FAULT_KINDS(FAULT_ID) };

static struct table passes, writes;

/* One slot of one VM. */
struct line {
	u32 vm, slot;
	struct owner owner;
	u64 npages; /* 0: no pass has told */
	u64 passes;
	u64 dirty; /* pages that passes took out of the log */
	u64 protected, flushes;
	struct times times;
	u64 write_faults, log_faults, fault_ns;
};

static void configure(void)
{
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&passes, bpf_map__fd(skel->maps.passes), sizeof(struct pass_key),
		   sizeof(struct pass_row), PASS_WORDS);
	table_init(&writes, bpf_map__fd(skel->maps.writes), sizeof(struct write_key),
		   sizeof(struct write_row), WRITE_WORDS);
}

/* ---- making lines ------------------------------------------------------- */

static struct line *line_of(struct line *lines, size_t *n, u32 vm, u32 slot,
			    const struct owner *owner)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (lines[i].vm == vm && lines[i].slot == slot)
			return &lines[i];
	lines[*n] = (struct line){.vm = vm, .slot = slot, .owner = *owner};
	return &lines[(*n)++];
}

/* A page found dirty counts where it leaves the log: not in what only looks, or switches it on. */
static bool takes_out(u32 mode)
{
	return mode != MODE_GET_MANUAL && mode != MODE_ENABLE;
}

static void add_pass(struct line *l, u32 mode, const struct pass_row *row)
{
	struct hist h = times_hist(&row->times);

	l->passes += hist_count(&h);
	l->npages = row->npages;
	l->protected += row->protected;
	l->flushes += row->flushes;
	if (takes_out(mode))
		l->dirty += row->dirty;
	times_merge(&l->times, &row->times);
}

static int by_vm_and_slot(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

static size_t make_lines(struct line **ret_lines)
{
	struct line *lines =
		calloc(table_count(&passes) + table_count(&writes) + 1, sizeof(*lines));
	size_t i, n = 0;

	*ret_lines = lines;
	if (!lines)
		return 0;
	for (i = 0; i < table_count(&passes); i++) {
		const struct pass_key *key = table_key(&passes, i);
		struct pass_row row;

		if (table_change(&passes, i, &row))
			add_pass(line_of(lines, &n, key->vm, key->slot, &row.owner), key->mode,
				 &row);
	}
	for (i = 0; i < table_count(&writes); i++) {
		const struct write_key *key = table_key(&writes, i);
		struct write_row row;
		struct line *l;

		if (!table_change(&writes, i, &row))
			continue;
		l = line_of(lines, &n, key->vm, key->slot, &row.owner);
		l->write_faults += row.count;
		l->fault_ns += row.ns;
		if (key->kind == FAULT_KIND_DIRTY_LOG)
			l->log_faults += row.count;
	}
	qsort(lines, n, sizeof(*lines), by_vm_and_slot);
	return n;
}

/* ---- reports ------------------------------------------------------------ */

static double rate(double n, const struct report *r)
{
	return r->seconds > 0 ? n / r->seconds : 0;
}

static void text(FILE *out, const struct report *r)
{
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		struct hist h = times_hist(&l->times);

		if (!i || l[-1].vm != l->vm)
			fprintf(out, "\nVM %u %s (pid %u)\n%s\n", l->vm, name_vm(&l->owner),
				l->owner.tgid,
				" SLOT       SIZE PASSES  DIRTY PAGES   MB/s PROTECTED FLUSHES PASS MEAN"
				" PASS MAX   WRITE FAULTS (LOG'S)    MEAN");
		fprintf(out, "%5u %10s %6llu %12llu %6.1f %9llu %7llu %9s %8s %14llu %7llu %7s\n",
			l->slot, l->npages ? bytes_text(l->npages * PAGE_BYTES) : "-", l->passes,
			l->dirty, rate(l->dirty * PAGE_BYTES / 1e6, r), l->protected, l->flushes,
			l->passes ? ns_text(hist_mean(&h)) : "-", l->passes ? ns_text(h.max) : "-",
			l->write_faults, l->log_faults,
			l->write_faults ? ns_text(l->fault_ns / l->write_faults) : "-");
	}
	if (!n)
		fputs("no dirty-log passes and no write faults\n", out);
	free(lines);
}

static json_t *line_json(const struct line *l, const struct report *r)
{
	json_t *o = json_object(), *times = json_object();

	vm_json(o, l->vm, &l->owner);
	json_object_set_new(o, "slot", json_integer(l->slot));
	if (l->npages)
		json_object_set_new(o, "slot_pages", json_integer(l->npages));
	json_object_set_new(o, "passes", json_integer(l->passes));
	json_object_set_new(o, "dirty_pages", json_integer(l->dirty));
	json_object_set_new(o, "dirty_bytes_per_second",
			    json_real(rate((double)l->dirty * PAGE_BYTES, r)));
	json_object_set_new(o, "protected", json_integer(l->protected));
	json_object_set_new(o, "flushes", json_integer(l->flushes));
	times_json(times, &l->times);
	json_object_set_new(o, "pass_time", times);
	json_object_set_new(o, "write_faults", json_integer(l->write_faults));
	json_object_set_new(o, "dirty_log_faults", json_integer(l->log_faults));
	json_object_set_new(o, "write_fault_ns", json_integer(l->fault_ns));
	return o;
}

/* Passes by mode, as the kernel program counted them. */
static json_t *modes_json(void)
{
	json_t *modes = json_array(), *o;
	struct pass_row row;
	size_t i;

	for (i = 0; i < table_count(&passes); i++) {
		const struct pass_key *key = table_key(&passes, i);

		if (!table_change(&passes, i, &row))
			continue;
		o = json_object();
		json_object_set_new(o, "vm", json_integer(key->vm));
		json_object_set_new(o, "slot", json_integer(key->slot));
		json_object_set_new(o, "mode", json_string(name_dirty_mode(key->mode)));
		json_object_set_new(o, "dirty_pages", json_integer(row.dirty));
		json_object_set_new(o, "protect_ns", json_integer(row.protect_ns));
		json_object_set_new(o, "flush_ns", json_integer(row.flush_ns));
		json_object_set_new(o, "copy_ns", json_integer(row.copy_ns));
		times_json(o, &row.times);
		json_array_append_new(modes, o);
	}
	return modes;
}

static void json(json_t *to, const struct report *r)
{
	json_t *rows = json_array();
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++)
		json_array_append_new(rows, line_json(&lines[i], r));
	json_object_set_new(to, "rows", rows);
	json_object_set_new(to, "modes", modes_json());
	free(lines);
}

static const struct point ours[] = {{EVENT_gv_dirty_pass, BY_ALL}, {EVENT_gv_mmu_fault, BY_ALL}};

static const struct tool kvmdirty = {
	.name = "kvmdirty",
	.doc = "Shows how fast guests dirty memory, by slot: from the passes of the dirty log, and "
	       "from write faults.\v"
	       "It only watches: pages count as dirty when somebody (a migration, QEMU's "
	       "calc-dirty-rate, a display) takes them out of the log. Write faults are there "
	       "always; LOG'S are those that the log itself causes. Needs glassvisor: stock KVM "
	       "has no such events.\n\n"
	       "Examples:\n"
	       "  kvmdirty -d 1           a report a second\n"
	       "  kvmdirty -p 4711 -t 30  one VM, over half a minute\n"
	       "  kvmdirty -d 1 --json    JSON Lines, with the phases of the passes by mode\n",
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {NULL, 0}},
	.start = start,
	.tables = {&passes, &writes},
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmdirty, argc, argv);
}
