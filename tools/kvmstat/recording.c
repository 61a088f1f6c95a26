// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings: writing looks as JSON Lines, and reading them back. The form is
 * described in source.h. Whoever recorded may have been killed: a last line that
 * is not whole is left out.
 */
#include <jansson.h>
#include <stdlib.h>

#include "source.h"
#include "table.h"

#define RECORDING_VERSION 1

static bool put(FILE *f, json_t *line)
{
	bool good = line && json_dumpf(line, f, JSON_COMPACT) == 0;

	json_decref(line);
	return good && fputc('\n', f) != EOF && fflush(f) == 0;
}

bool recording_begin(FILE *f)
{
	char hash[SCHEMA_HASH_LEN];

	schema_hash_text(schema_hash(), hash);
	return put(f, json_pack("{s:i, s:{s:i, s:s}}", "kvmstat_recording", RECORDING_VERSION,
				"schema", "id", SCHEMA_ID, "hash", hash));
}

bool recording_write(FILE *f, const struct raw *raw)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:i}", "time_ns", (json_int_t)raw->time_ns,
			      "wall_ns", (json_int_t)raw->wall_ns, "read_ns",
			      (json_int_t)raw->read_ns, "lost", raw->lost);
	json_t *vms = json_array(), *records = json_array();

	for (u32 i = 0; i < raw->n_vms; i++)
		json_array_append_new(vms,
				      json_pack("{s:s, s:s, s:s}", "name", raw->vms[i].name,
						"source", raw->vms[i].stock ? "kvm" : "glassvisor",
						"snapshot", raw->vms[i].text));
	json_object_set_new(o, "vms", vms);
	if (raw->index)
		json_object_set_new(o, "index", json_string(raw->index));
	for (u32 i = 0; i < raw->n_records; i++)
		json_array_append_new(records, json_pack("{s:i, s:s}", "id", raw->records[i].id,
							 "text", raw->records[i].text));
	if (raw->n_records)
		json_object_set(o, "records", records);
	json_decref(records);
	return put(f, o);
}

/* ---- reading ------------------------------------------------------------ */

static u64 number(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));

	return v < 0 ? 0 : v;
}

static char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? strdup(s) : NULL;
}

static bool read_look(const json_t *o, struct raw *raw)
{
	size_t i;
	json_t *item;

	*raw = (struct raw){.time_ns = number(o, "time_ns"),
			    .wall_ns = number(o, "wall_ns"),
			    .read_ns = number(o, "read_ns"),
			    .lost = number(o, "lost")};
	if (!raw->time_ns)
		return false;
	raw->index = text(o, "index");
	json_array_foreach(json_object_get(o, "vms"), i, item)
	{
		const char *source = json_string_value(json_object_get(item, "source"));
		const char *name = json_string_value(json_object_get(item, "name"));
		char *snapshot = text(item, "snapshot"), clean[NAME_LEN];

		if (!snapshot)
			continue;
		printable(name ? name : "vm", clean, sizeof(clean));
		raw_add_vm(raw, clean, source && strcmp(source, "kvm") == 0, snapshot);
	}
	json_array_foreach(json_object_get(o, "records"), i, item)
	{
		char *record = text(item, "text");

		if (record)
			raw_add_record(raw, number(item, "id"), record);
	}
	return true;
}

static bool add_look(struct source *s, const json_t *o)
{
	struct raw *looks = realloc(s->looks, (s->n_looks + 1) * sizeof(*looks));

	if (!looks)
		return false;
	s->looks = looks;
	if (!read_look(o, &looks[s->n_looks]))
		return false;
	s->n_looks++;
	return true;
}

static bool read_head(const char *line, size_t len, const char *file, char error[ERROR_LEN])
{
	json_t *head = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_int_t version = json_integer_value(json_object_get(head, "kvmstat_recording"));

	json_decref(head);
	if (!version)
		snprintf(error, ERROR_LEN, "%s is not a recording of kvmstat's", file);
	else if (version > RECORDING_VERSION)
		snprintf(error, ERROR_LEN,
			 "%s is of version %d, which is newer than this kvmstat's", file,
			 (int)version);
	return version == RECORDING_VERSION;
}

bool source_open_recording(struct source *s, const char *file, char error[ERROR_LEN])
{
	char *all = read_whole(file, NULL), *line = all;
	size_t len, n = 0;

	*s = (struct source){.name = "recording"};
	if (!all) {
		snprintf(error, ERROR_LEN, "can't read %s: %s", file, strerror(errno));
		return false;
	}
	for (; *line; line += len + (line[len] == '\n'), n++) {
		bool good;
		json_t *o;

		len = strcspn(line, "\n");
		if (n == 0) {
			if (!read_head(line, len, file, error)) {
				free(all);
				return false;
			}
			continue;
		}
		o = json_loadb(line, len, 0, NULL);
		good = o && add_look(s, o);
		json_decref(o);
		if (good)
			continue;
		if (!line[len] || !line[len + 1]) {
			s->truncated = true;
			continue;
		}
		snprintf(error, ERROR_LEN, "%s: line %zu is no sample", file, n + 1);
		free(all);
		source_close(s);
		return false;
	}
	free(all);
	if (s->n_looks)
		return true;
	snprintf(error, ERROR_LEN, "%s holds no samples%s", file, n ? "" : ": it is empty");
	return false;
}
