// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots with their faults and dirty pages, frozen recorders, and what there is to say about kvmstat itself.
 */
#include <stdlib.h>
#include <time.h>

#include "view.h"

static const struct column slot_columns[] = {
	OWNER_COLUMNS,
	{"id", "slot", CELL_NUMBER, 4, 0, false},
	{"gfn", "gfn", CELL_HEX, 9, 0, false},
	{"pages", "pages", CELL_NUMBER, 9, 3, false},
	{"bytes", "size", CELL_BYTES, 6, 0, false},
	{"hva", "host address", CELL_HEX, 14, 6, false},
	{"log", "dirty log", CELL_TEXT, 9, 0, false},
	{"rights", "rights", CELL_TEXT, 6, 0, false},
	{"flags", NULL, CELL_HEX, 0, 0, false},
	{"faults", "faults", CELL_NUMBER, 7, 1, false},
	{"faults_per_s", "per s", CELL_RATE, 7, 0, false},
	{"fault_time_percent", "time%", CELL_PERCENT, 5, 0, false},
	{"fault_mean_ns", "mean", CELL_NS, 6, 4, false},
	{"dirty_pages", "dirty", CELL_NUMBER, 7, 5, false},
	{"dirty_per_s", "dirty/s", CELL_RATE, 7, 0, false},
};

/* KVM_MEM_LOG_DIRTY_PAGES and KVM_MEM_READONLY of the KVM API. */
enum { SLOT_LOG = 1, SLOT_READONLY = 2 };

/* @wall: ns of vCPU time in the interval. */
static void slot_counts(struct cell *c, const struct slot_delta *d, u64 wall)
{
	u64 faults = d->stat[SS_slot_faults], ns = d->stat[SS_slot_fault_ns];
	u64 dirty = d->stat[SS_slot_dirty_pages];

	cell_number(c++, faults);
	cell_value(c++, CELL_RATE, d->ns ? faults * 1e9 / d->ns : -1);
	cell_value(c++, CELL_PERCENT, wall ? ns * 100.0 / wall : -1);
	cell_value(c++, CELL_NS, faults ? (double)ns / faults : -1);
	cell_number(c++, dirty);
	cell_value(c, CELL_RATE, d->ns ? dirty * 1e9 / d->ns : -1);
}

static bool slot_rows(const struct model *m, u32 i, u64 wall, struct table *t)
{
	const struct vm_sample *vm = &m->vms[i].now;

	for (u32 j = 0; j < vm->n_slots; j++) {
		const struct slot_sample *s = &vm->slots[j];
		struct row *row = table_row(t);
		struct slot_delta d;
		struct cell *c;

		if (!row)
			return false;
		c = row_owner(row, m, i, ALL_VCPUS);
		cell_number(c++, s->id);
		cell_hex(c++, s->gfn);
		cell_number(c++, s->n_pages);
		cell_number(c, s->n_pages * 4096);
		c++->kind = CELL_BYTES;
		cell_hex(c++, s->hva);
		cell_text(c++, s->flags & SLOT_LOG ? "log" : "-");
		cell_text(c++, s->flags & SLOT_READONLY ? "ro" : "rw");
		cell_hex(c++, s->flags);
		model_slot_delta(m, &m->vms[i], j, &d);
		slot_counts(c, &d, wall);
	}
	return true;
}

bool view_slots(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t = page_table(page, "slots", NULL, slot_columns, ARRAY_SIZE(slot_columns),
				     "fault_time_percent");

	for (u32 i = 0; i < m->n_vms; i++) {
		struct delta d;
		u64 wall;

		if (!vm_is(&m->vms[i], q->vm))
			continue;
		if (!model_delta(m, &m->vms[i], ALL_VCPUS, &d))
			return false;
		wall = d.wall;
		delta_free(&d);
		if (!slot_rows(m, i, wall, t))
			return false;
	}
	return true;
}

static const struct column recorder_columns[] = {
	{"id", "id", CELL_NUMBER, 4, 0, false},
	{"cause", "frozen for", CELL_TEXT, 14, 0, false},
	{"vm_id", "VM", CELL_NUMBER, 4, 1, false},
	{"vcpu", "vCPU", CELL_NUMBER, 4, 0, false},
	{"pid", "pid", CELL_NUMBER, 7, 2, false},
	{"tid", "tid", CELL_NUMBER, 7, 3, false},
	{"records", "exits", CELL_NUMBER, 6, 0, false},
	{"when", "when", CELL_TEXT, 19, 1, false},
	{"realtime_ns", NULL, CELL_NUMBER, 0, 0, false},
};

bool view_recorders(const struct model *m, const struct query *q, struct page *page)
{
	struct table *t = page_table(page, "recorders", NULL, recorder_columns,
				     ARRAY_SIZE(recorder_columns), "id");

	for (u32 i = 0; i < m->n_frozen; i++) {
		const struct frozen *f = &m->frozen[i];
		time_t seconds = f->wall_ns / 1000000000;
		struct row *row;
		struct cell *c;
		char when[32];
		struct tm tm;

		if (!q->vm.any && (f->vm_id != q->vm.vm_id || f->pid != q->vm.tgid))
			continue;
		row = table_row(t);
		if (!row)
			return false;
		row->record = f->id;
		localtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		c = row->cells;
		cell_number(c++, f->id);
		cell_text(c++, f->cause);
		cell_number(c++, f->vm_id);
		cell_number(c++, f->vcpu_id);
		cell_number(c++, f->pid);
		cell_number(c++, f->tid);
		cell_number(c++, f->n_records);
		cell_text(c++, when);
		cell_number(c++, f->wall_ns);
	}
	return true;
}

bool view_record(const struct model *m, const struct query *q, struct page *page)
{
	for (u32 i = 0; i < m->n_frozen; i++) {
		const struct frozen *f = &m->frozen[i];

		if (f->id != q->record)
			continue;
		snprintf(page->title, sizeof(page->title),
			 "Flight recorder %u: %s, VM %u vCPU %u, pid %u", f->id, f->cause, f->vm_id,
			 f->vcpu_id, f->pid);
		page->text = strdup(f->text ? f->text : "(its text could not be read)\n");
		return page->text;
	}
	page->text = strdup("(no such recorder any more)\n");
	return page->text;
}

/* ---- kvmstat itself ----------------------------------------------------- */

static const struct column self_columns[] = {
	{"what", "", CELL_TEXT, 22, 0, false},
	{"value", "", CELL_TEXT, 20, 0, false},
};

__attribute__((format(printf, 3, 4))) static bool say(struct table *t, const char *what,
						      const char *format, ...)
{
	struct row *row = table_row(t);
	char text[CELL_TEXT_LEN];
	va_list args;

	if (!row)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cell_text(&row->cells[0], what);
	cell_text(&row->cells[1], text);
	return true;
}

static const char *schema_word(const struct model *m, char *room)
{
	for (u32 i = 0; i < m->n_vms; i++) {
		const struct vm_sample *vm = &m->vms[i].now;

		if (!vm->schema[0])
			continue;
		schema_hash_text(vm->hash, room);
		return schema_differs(vm) ? "differs from kvmstat's: new names are left out"
					  : "the same";
	}
	strcpy(room, "-");
	return "the module shows none";
}

bool view_self(const struct model *m, const struct self *self, struct page *page)
{
	struct table *t =
		page_table(page, "self", NULL, self_columns, ARRAY_SIZE(self_columns), NULL);
	char own[SCHEMA_HASH_LEN], theirs[SCHEMA_HASH_LEN];
	u64 span = m->time_ns - m->first_ns;
	const char *word = schema_word(m, theirs);
	u32 bad = 0, new = 0, torn = 0;

	for (u32 i = 0; i < m->n_vms; i++) {
		bad += m->vms[i].now.bad_lines;
		new += m->vms[i].now.new_names;
		for (u32 j = 0; j < m->vms[i].now.n_vcpus; j++)
			torn += m->vms[i].now.vcpus[j].torn;
	}
	schema_hash_text(schema_hash(), own);
	return say(t, "source", "%s", self->source) &&
	       say(t, "schema of kvmstat", "%d %s", SCHEMA_ID, own) &&
	       say(t, "schema of the module", "%s", theirs) && say(t, "they are", "%s", word) &&
	       say(t, "samples taken", "%u", m->n_samples) &&
	       (!self->interval_wanted ||
		say(t, "interval wanted", "%.3f s", self->interval_wanted)) &&
	       say(t, "interval measured", "%.3f s", m->interval_ns / 1e9) &&
	       say(t, "last read took", "%.3f ms", m->read_ns / 1e6) &&
	       say(t, "reading, of one CPU", "%.3f %%",
		   span ? 100.0 * (m->read_total_ns - m->read_ns) / span : 0.0) &&
	       say(t, "VMs not read last time", "%u", m->lost) &&
	       say(t, "reads lost so far", "%llu", (unsigned long long)m->lost_total) &&
	       say(t, "vCPUs caught writing", "%u", torn) &&
	       say(t, "lines not understood", "%u", bad) && say(t, "names not known", "%u", new);
}
