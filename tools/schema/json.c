/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema as JSON: docs/schema.json. Keys are only ever added.
 */
#include <jansson.h>
#include <stdio.h>

#include "../../debugfs-schema/compat.h"
#include "../../kvm/stat/schema.h"
#include "../common/openmetrics.h"
#include "printer.h"

/* Arrays are filled by these; what does not fit into memory makes them NULL, and so the whole. */
static json_t *counters(void)
{
	json_t *all = json_array();

	for (u32 i = 0; i < schema_n_counters; i++) {
		const struct schema_counter *c = &schema_counters[i];
		struct om_family family;
		const char *name = om_counter(c, &family) ? family.sample : NULL;

		json_array_append_new(all, json_pack("{ss ss ss ss si ss? ss}", "name", c->name,
						     "scope", c->scope, "kind", c->kind, "unit",
						     c->unit, "exponent", c->exponent,
						     "openmetrics", name, "text", c->text));
	}
	return all;
}

static json_t *hists(void)
{
	json_t *all = json_array();

	for (u32 i = 0; i < schema_n_hists; i++) {
		const struct schema_hist *h = &schema_hists[i];
		struct om_family family;
		const char *name = om_hist(h, &family) ? family.sample : NULL;

		json_array_append_new(all, json_pack("{ss ss ss ss si si ss? ss? ss}", "name",
						     h->name, "scope", h->scope, "kind", "log_hist",
						     "unit", "seconds", "exponent", -9, "buckets",
						     HIST_BUCKETS, "labels",
						     strcmp(h->labels, "NONE") ? h->labels : NULL,
						     "openmetrics", name, "text", h->text));
	}
	return all;
}

static json_t *lists(void)
{
	json_t *all = json_object();

	for (u32 i = 0; i < schema_n_lists; i++) {
		const struct schema_list *l = &schema_lists[i];
		json_t *rows = json_array();

		for (u32 k = 0; k < l->n_rows; k++) {
			const struct schema_row *row = &l->rows[k];
			json_t *item = json_pack("{sI ss ss}", "number", (json_int_t)row->number,
						 "name", row->name, "text", row->text);

			if (*row->key)
				json_object_set_new(item, "key", json_string(row->key));
			json_array_append_new(rows, item);
		}
		json_object_set_new(all, l->name,
				    json_pack("{ss so}", "text", l->text, "rows", rows));
	}
	return all;
}

static json_t *fields_of(const struct schema_event *event)
{
	json_t *all = json_array();

	for (u32 i = 0; i < event->n_fields; i++) {
		const struct schema_field *f = &event->fields[i];

		json_array_append_new(all, json_pack("{ss ss ss ss? ss}", "name", f->name, "type",
						     f->type, "unit", f->unit, "list",
						     strcmp(f->list, "NONE") ? f->list : NULL,
						     "text", f->text));
	}
	return all;
}

static json_t *events(void)
{
	json_t *all = json_array();

	for (u32 i = 0; i < schema_n_events; i++)
		json_array_append_new(all, json_pack("{ss ss ss so}", "system", "glassvisor",
						     "name", schema_events[i].name, "text",
						     schema_events[i].text, "fields",
						     fields_of(&schema_events[i])));
	return all;
}

/* "unsigned int rw; u32 vm_id" as an array of objects. */
static json_t *declared(const char *fields)
{
	json_t *all = json_array();

	while (*fields) {
		size_t len = strcspn(fields, ";"), name = len;

		while (name && fields[name - 1] != ' ')
			name--;
		json_array_append_new(all, json_pack("{ss% ss%}", "name", fields + name, len - name,
						     "type", fields, name ? name - 1 : 0));
		fields += len;
		fields += strspn(fields, "; ");
	}
	return all;
}

static json_t *compat_events(void)
{
	json_t *all = json_array();

#define APPEND(event, fields, text)                                                                \
	json_array_append_new(all, json_pack("{ss ss ss so}", "system", "kvm", "name", #event,     \
					     "text", text, "fields", declared(fields)));
	COMPAT_EVENTS(APPEND)
	return all;
}

bool print_json(void)
{
	char hash[SCHEMA_HASH_LEN];
	json_t *all;
	bool ok;

	schema_hash_text(schema_hash(), hash);
	all = json_pack("{si ss so so so so so}", "id", SCHEMA_ID, "hash", hash, "counters",
			counters(), "histograms", hists(), "lists", lists(), "events", events(),
			"compatible_events", compat_events());
	ok = all && !json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return ok;
}
