/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema, walked: what debugfs-schema/ promises is there on the running module. Each counter
 * has its files, each event the fields of its line in type and order, and the module says the
 * same schema as this program was built with.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vmm.h"

#include "../../debugfs-schema/compat.h"
#include "../../kvm/stat/schema.h"

#define EVENTS_DIR "/sys/kernel/tracing/events"
#define KVM_DIR	   "/sys/kernel/debug/kvm"
#define OWN_DIR	   "/sys/kernel/debug/glassvisor"

#define ONLY_OURS() STOCK_GAP("the schema is glassvisor's")

/* However many reads it takes. */
static void read_all(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "re");

	CHECK(in, "%s: errno %d", path, errno);
	buf[fread(buf, 1, size - 1, in)] = '\0';
	CHECK(!ferror(in), "%s can't be read", path);
	fclose(in);
}

/* ---- events ---------------------------------------------------------------------------------- */

struct decl {
	char text[100]; /* "unsigned int rw", "__u8 insn[15]" */
	unsigned int offset, size;
	int is_signed;
};

/* The fields of a format file without the common ones; returns their number. */
static unsigned int format_read(const char *system, const char *event, struct decl *decl,
				unsigned int max)
{
	char path[200], line[400];
	unsigned int n = 0;
	bool at_start = true;

	snprintf(path, sizeof(path), EVENTS_DIR "/%s/%s/format", system, event);
	FILE *in = fopen(path, "re");

	CHECK(in, "%s: errno %d", path, errno);
	while (n < max && fgets(line, sizeof(line), in)) {
		struct decl *d = &decl[n];
		bool whole = strchr(line, '\n') != NULL;

		/* The print format is longer than a line here: its pieces are no fields. */
		if (at_start && sscanf(line, " field:%99[^;]; offset:%u; size:%u; signed:%d;",
				       d->text, &d->offset, &d->size, &d->is_signed) == 4) {
			const char *name = strrchr(d->text, ' ');

			n += !name || strncmp(name + 1, "common_", 7) != 0;
		}
		at_start = whole;
	}
	fclose(in);
	return n;
}

/* Tools that don't know C's types go by size, sign and offset. */
static void check_place(const char *event, const struct decl *d)
{
	unsigned int align = d->size < 8 ? d->size : 8;

	if (strchr(d->text, '['))
		return;
	CHECK(d->size == 1 || d->size == 2 || d->size == 4 || d->size == 8, "%s: %s has %u bytes",
	      event, d->text, d->size);
	CHECK(d->offset % align == 0, "%s: %s is at offset %u", event, d->text, d->offset);
	CHECK(d->is_signed == (!strncmp(d->text, "int ", 4) || !strncmp(d->text, "__s", 3) ||
			       !strncmp(d->text, "s64 ", 4)),
	      "%s: %s is %ssigned", event, d->text, d->is_signed ? "" : "un");
}

static void check_event(const struct schema_event *e)
{
	struct decl decl[16];
	unsigned int n = format_read("glassvisor", e->name, decl, ARRAY_SIZE(decl));

	CHECK(n == e->n_fields, "%s has %u fields, the schema %u", e->name, n, e->n_fields);
	for (unsigned int i = 0; i < n; i++) {
		char want[100];

		snprintf(want, sizeof(want), "%s %s", e->fields[i].type, e->fields[i].name);
		CHECK(!strcmp(decl[i].text, want), "%s: field %u is \"%s\", the schema says \"%s\"",
		      e->name, i, decl[i].text, want);
		CHECK(decl[i].size == (want[1] == '3' ? 4 : 8), "%s: %s has %u bytes", e->name,
		      want, decl[i].size);
		check_place(e->name, &decl[i]);
	}
}

/* Directories of a trace system. */
static unsigned int count_events(const char *system)
{
	char path[200];
	unsigned int n = 0;
	struct dirent *e;

	snprintf(path, sizeof(path), EVENTS_DIR "/%s", system);
	DIR *d = opendir(path);

	CHECK(d, "%s: errno %d", path, errno);
	while ((e = readdir(d)))
		n += e->d_type == DT_DIR && e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void own_events(void)
{
	ONLY_OURS();
	CHECK_EQ(count_events("glassvisor"), schema_n_events);
	for (unsigned int i = 0; i < schema_n_events; i++)
		check_event(&schema_events[i]);
}

static void check_compat(const char *event, const char *fields)
{
	struct decl decl[16];
	unsigned int n = format_read("kvm", event, decl, ARRAY_SIZE(decl)), i;

	for (i = 0; i < n; i++) {
		size_t len = strcspn(fields, ";");

		CHECK(len == strlen(decl[i].text) && !strncmp(decl[i].text, fields, len),
		      "%s: field %u is \"%s\", the schema says \"%.*s\"", event, i, decl[i].text,
		      (int)len, fields);
		check_place(event, &decl[i]);
		fields += len;
		fields += strspn(fields, "; ");
	}
	CHECK(n && !*fields, "%s has %u fields and lacks \"%s\"", event, n, fields);
}

static void compatible_events(void)
{
	unsigned int n = 0;

	ONLY_OURS();
#define COMPAT(event, fields, text) check_compat(#event, fields), n++;
	COMPAT_EVENTS(COMPAT)
#undef COMPAT
	CHECK_EQ(count_events("kvm"), n);
}

/* The event's format names what its numbers stand for. */
static void event_has(const char *system, const char *event, const char *row)
{
	static char format[200000];
	char path[200];

	snprintf(path, sizeof(path), EVENTS_DIR "/%s/%s/format", system, event);
	read_all(path, format, sizeof(format));
	CHECK(strstr(format, row), "%s:%s does not know %s", system, event, row);
}

static void events_know_the_names(void)
{
	ONLY_OURS();
	event_has("kvm", "kvm_exit", "{0x400, \"npf\"}");
	event_has("kvm", "kvm_exit", "{0x0a6, \"idle_hlt\"}");
	event_has("kvm", "kvm_exit", "{79, \"wrmsrlist\"}");
	event_has("kvm", "kvm_userspace_exit", "{39, \"memory_fault\"}");
	event_has("glassvisor", "gv_exit", "{8, \"mmu_fault\"}");
	event_has("glassvisor", "gv_exit", "{0xfffffffe, \"busy\"}");
	event_has("glassvisor", "gv_userspace", "{6, \"mmio\"}");
}

/* ---- counters -------------------------------------------------------------------------------- */

static void check_number(const char *dir, const char *name)
{
	char path[500], buf[64], *end;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(stat(path, &st) == 0, "%s: errno %d", path, errno);
	CHECK(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0444, "%s has mode %o", path,
	      st.st_mode);
	CHECK(file_read(path, buf, sizeof(buf)), "%s can't be read", path);
	errno = 0;
	strtoull(buf, &end, 10);
	CHECK(!errno && end != buf && !*end, "%s is \"%s\"", path, buf);
}

static void counters(void)
{
	struct vm vm;
	struct vcpu v;
	char dir[300];

	ONLY_OURS();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	snprintf(dir, sizeof(dir), KVM_DIR "/%d-%d", getpid(), vm.fd);
	for (unsigned int i = 0; i < schema_n_counters; i++) {
		if (!strcmp(schema_counters[i].scope, "slot"))
			continue; /* no room for them there: native.slot_counters */
		check_number(KVM_DIR, schema_counters[i].name);
		check_number(dir, schema_counters[i].name);
	}
}

/* ---- the module's own word ------------------------------------------------------------------- */

struct text {
	char all[100000];
	size_t len;
};

static void append(void *ctx, const char *piece)
{
	struct text *text = ctx;
	size_t len = strlen(piece);

	CHECK(text->len + len < sizeof(text->all), "more than %zu bytes", sizeof(text->all));
	memcpy(text->all + text->len, piece, len + 1);
	text->len += len;
}

static void module_says_the_same(void)
{
	static struct text want;
	static char got[sizeof(want.all)];
	char *line = got, *want_line = want.all;

	ONLY_OURS();
	schema_emit(append, &want);
	read_all(OWN_DIR "/schema", got, sizeof(got));
	/* The first line is different whenever something else is: it comes last. */
	for (char *save = NULL, *want_save = NULL;;) {
		line = strtok_r(save ? NULL : got, "\n", &save);
		want_line = strtok_r(want_save ? NULL : want.all, "\n", &want_save);
		if (!line || !want_line)
			break;
		CHECK(!strcmp(line, want_line) || !strncmp(line, "glassvisor-schema ", 18),
		      "\"%s\", not \"%s\"", line, want_line);
	}
	CHECK(!line && !want_line, "the module says \"%s\" where \"%s\" is due",
	      line ? line : "nothing", want_line ? want_line : "nothing");
	schema_hash_text(schema_hash(), want.all);
	CHECK(strstr(got, want.all), "\"%s\", but the hash is %s", got, want.all);
}

static const struct live_test tests[] = {
	{"own_events", own_events},
	{"compatible_events", compatible_events},
	{"events_know_the_names", events_know_the_names},
	{"counters", counters},
	{"module_says_the_same", module_says_the_same},
};

LIVE_SUBJECT(schema, tests);
