// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON Lines: one object, one line for each interval. Names are the schema's,
 * times are nanoseconds, what is not known is null or not there. Each line says
 * which form it has ("kvmstat": 1) and by which schema.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "output.h"

/* No more digits than are known: doubles of three decimals. */
static json_t *real(double v)
{
	return json_real(round(v * 1000) / 1000);
}

static json_t *json_cell(const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		return json_string(c->text);
	case CELL_NUMBER:
	case CELL_HEX:
	case CELL_BYTES:
		return json_integer(c->number);
	case CELL_RATE:
	case CELL_PERCENT:
		return real(c->value);
	case CELL_NS:
		return json_integer(c->value);
	default:
		return json_null();
	}
}

static json_t *json_table(const struct table *t)
{
	json_t *rows = json_array();

	for (u32 r = 0; r < t->n_rows; r++) {
		json_t *row = json_object();

		for (u32 i = 0; i < t->n_columns; i++)
			if (t->columns[i].kind < CELL_SPARK)
				json_object_set_new(row, t->columns[i].key,
						    json_cell(&t->rows[r].cells[i]));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *json_schema(u32 id, u64 hash)
{
	char text[SCHEMA_HASH_LEN];

	schema_hash_text(hash, text);
	return json_pack("{s:i, s:s}", "id", id, "hash", text);
}

/* What every line begins with. */
static json_t *json_head(const struct model *m)
{
	json_t *o = json_pack("{s:i, s:o, s:I, s:I}", "kvmstat", 1, "schema",
			      json_schema(SCHEMA_ID, schema_hash()), "time_ns",
			      (json_int_t)m->wall_ns, "boottime_ns", (json_int_t)m->time_ns);

	if (m->interval_ns)
		json_object_set_new(o, "interval_ns", json_integer(m->interval_ns));
	json_object_set_new(o, "since_zero", json_boolean(m->since_zero));
	json_object_set_new(o, "lost", json_integer(m->lost));
	return o;
}

static void put(FILE *f, json_t *o)
{
	json_dumpf(o, f, JSON_COMPACT | JSON_REAL_PRECISION(15));
	fputc('\n', f);
	json_decref(o);
}

void json_page(FILE *f, const struct model *m, const struct query *q, const struct page *page)
{
	json_t *o = json_head(m);

	json_object_set_new(o, "view", json_string(view_names[q->view]));
	json_object_set_new(o, "title", json_string(page->title));
	for (u32 i = 0; i < page->n_tables; i++)
		json_object_set_new(o, page->tables[i].name, json_table(&page->tables[i]));
	if (page->text)
		json_object_set_new(o, "text", json_string(page->text));
	put(f, o);
}

/* ---- everything --------------------------------------------------------- */

static json_t *json_hist(const struct hist *now, const struct hist *d, const struct hist_key key,
			 u32 isa, u64 ns, u64 wall)
{
	u64 n = d ? hist_count(d) : 0;
	json_t *o = json_object(), *buckets = json_object();
	char room[16];

	json_object_set_new(o, "hist", json_string(hist_info[key.hist].name));
	json_object_set_new(o, "label", json_string(label_name(key.hist, key.label)));
	if (key.reason != NO_REASON) {
		json_object_set_new(o, "reason", json_string(reason_name(isa, key.reason, room)));
		json_object_set_new(o, "reason_number", json_integer(key.reason));
	}
	json_object_set_new(o, "count", json_integer(hist_count(now)));
	json_object_set_new(o, "sum_ns", json_integer(now->sum));
	json_object_set_new(o, "min_ns", json_integer(hist_min(now)));
	json_object_set_new(o, "max_ns", json_integer(now->max));
	for (u32 i = 0; i < HIST_BUCKETS; i++) {
		char bucket[12];

		snprintf(bucket, sizeof(bucket), "%u", i);
		if (now->bucket[i])
			json_object_set_new(buckets, bucket, json_integer(now->bucket[i]));
	}
	json_object_set_new(o, "buckets", buckets);
	if (!ns)
		return o;
	json_object_set_new(o, "interval_count", json_integer(n));
	json_object_set_new(o, "per_s", real(n * 1e9 / ns));
	if (wall && !hist_info[key.hist].vm)
		json_object_set_new(o, "time_percent", real(d->sum * 100.0 / wall));
	if (n) {
		json_object_set_new(o, "mean_ns", json_integer(hist_mean(d)));
		json_object_set_new(o, "p50_ns", json_integer(hist_quantile(d, 500)));
		json_object_set_new(o, "p99_ns", json_integer(hist_quantile(d, 990)));
		json_object_set_new(o, "interval_max_ns", json_integer(d->max));
	}
	return o;
}

/* Counters, rates, states and histograms of a VM or vCPU into @o. */
static bool json_counts(json_t *o, const struct model *m, const struct model_vm *vm, u32 vcpu)
{
	const struct vcpu_sample *v = model_vcpu(&vm->now, vcpu);
	const struct counts *now = v ? &v->counts : &vm->now.total;
	json_t *counters = json_object(), *rates = json_object(), *hists = json_array();
	struct delta d;

	if (!model_delta(m, vm, vcpu, &d))
		return false;
	for (int i = 0; i < ST_COUNT; i++) {
		if (!now->have[i])
			continue;
		json_object_set_new(counters, stat_info[i].name, json_integer(now->stat[i]));
		if (stat_info[i].kind[0] == 'c' && d.ns)
			json_object_set_new(rates, stat_info[i].name, real(delta_rate(&d, i)));
	}
	json_object_set_new(o, "counters", counters);
	json_object_set_new(o, "per_s", rates);
	if (now->have_states) {
		json_t *times = json_object(), *shares = json_object();

		for (int i = 0; i < STATE_COUNT; i++) {
			json_object_set_new(times, state_name(i), json_integer(now->state[i]));
			if (d.wall)
				json_object_set_new(shares, state_name(i),
						    real(delta_state(&d, i)));
		}
		json_object_set_new(o, "state_ns", times);
		if (d.wall)
			json_object_set(o, "state_percent", shares);
		json_decref(shares);
	}
	for (u32 i = 0; i < now->n_hists; i++)
		json_array_append_new(hists,
				      json_hist(&now->hists[i].hist,
						counts_find(&d.counts, now->hists[i].key),
						now->hists[i].key, vm->now.isa, d.ns, d.wall));
	json_object_set_new(o, "histograms", hists);
	json_object_set_new(o, "went_back", json_boolean(d.back));
	delta_free(&d);
	return true;
}

static json_t *json_slot(const struct slot_sample *s)
{
	json_t *o = json_pack("{s:i, s:I, s:I, s:I, s:i}", "id", s->id, "gfn", (json_int_t)s->gfn,
			      "pages", (json_int_t)s->n_pages, "hva", (json_int_t)s->hva, "flags",
			      s->flags);

	for (int i = 0; i < SS_COUNT; i++)
		json_object_set_new(o, slot_stat_names[i], json_integer(s->stat[i]));
	return o;
}

static json_t *json_vm(const struct model *m, const struct model_vm *vm)
{
	const struct vm_sample *s = &vm->now;
	json_t *o = json_object(), *vcpus = json_array(), *slots = json_array();

	json_object_set_new(o, "name", json_string(s->name));
	json_object_set_new(o, "source", json_string(s->stock ? "kvm" : "glassvisor"));
	json_object_set_new(o, "vm_id", s->stock ? json_null() : json_integer(s->vm_id));
	json_object_set_new(o, "pid", json_integer(s->tgid));
	json_object_set_new(o, "fd", json_integer(s->fd));
	json_object_set_new(o, "ended", json_boolean(vm->ended));
	json_object_set_new(o, "boottime_ns", json_integer(s->time_ns));
	json_object_set_new(o, "generation", json_integer(s->generation));
	if (s->schema[0])
		json_object_set_new(o, "module_schema", json_schema(atoi(s->schema), s->hash));
	json_counts(o, m, vm, ALL_VCPUS);
	for (u32 i = 0; i < s->n_vcpus; i++) {
		const struct vcpu_sample *v = &s->vcpus[i];
		json_t *vcpu = json_object();

		json_object_set_new(vcpu, "id", json_integer(v->id));
		json_object_set_new(vcpu, "tid", json_integer(v->tid));
		json_object_set_new(vcpu, "state",
				    v->state < 0 ? json_null() : json_string(state_name(v->state)));
		json_object_set_new(vcpu, "torn", json_boolean(v->torn));
		json_counts(vcpu, m, vm, v->id);
		json_array_append_new(vcpus, vcpu);
	}
	json_object_set_new(o, "vcpus", vcpus);
	for (u32 i = 0; i < s->n_slots; i++)
		json_array_append_new(slots, json_slot(&s->slots[i]));
	json_object_set_new(o, "slots", slots);
	return o;
}

bool json_all(FILE *f, const struct model *m, const struct query *q, const struct self *self)
{
	json_t *o = json_head(m), *vms = json_array(), *frozen = json_array();

	json_object_set_new(o, "source", json_string(self->source));
	json_object_set_new(o, "read_ns", json_integer(m->read_ns));
	for (u32 i = 0; i < m->n_vms; i++)
		if (vm_is(&m->vms[i], q->vm))
			json_array_append_new(vms, json_vm(m, &m->vms[i]));
	json_object_set_new(o, "vms", vms);
	for (u32 i = 0; i < m->n_frozen; i++) {
		const struct frozen *r = &m->frozen[i];

		json_array_append_new(
			frozen, json_pack("{s:i, s:s, s:i, s:i, s:i, s:i, s:I, s:i}", "id", r->id,
					  "cause", r->cause, "vm_id", r->vm_id, "vcpu", r->vcpu_id,
					  "pid", r->pid, "tid", r->tid, "realtime_ns",
					  (json_int_t)r->wall_ns, "records", r->n_records));
	}
	json_object_set_new(o, "recorders", frozen);
	put(f, o);
	return !ferror(f);
}
