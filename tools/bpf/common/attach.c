// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ladder. Each try opens the object afresh, switches on the programs of
 * that rung, loads and attaches all of them; the first try that succeeds
 * stays. What libbpf had to say is kept and only shown when nothing worked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "../../common/words.h"
#include "attach.h"
#include "format.h"

const char *const rung_names[RUNG_COUNT] = {"tp_btf", "raw_tp", "tp"};
const char *const source_names[SOURCE_COUNT] = {"glassvisor", "kvm"};

static const char *const program_suffix[RUNG_COUNT] = {"btf", "raw", "tp"};

struct field_desc {
	const char *name;
	unsigned int size;
};

#define FIELD_DESC(type, name, format, show, unit, text) {#name, sizeof(type)},
#define EVENT_FIELDS(system, event)                                                                \
	static const struct field_desc fields_##event[] = {ALL_FIELDS_##event(FIELD_DESC){NULL, 0}};
TOOL_EVENTS(EVENT_FIELDS)

#define EVENT_DESC(system, event) {#system, #event, fields_##event},
static const struct event_desc {
	const char *system, *name;
	const struct field_desc *fields; /* ends with a NULL name */
} events[EVENT_COUNT] = {TOOL_EVENTS(EVENT_DESC)};

const char *event_name(enum event_id event)
{
	return events[event].name;
}

/* ---- what libbpf says --------------------------------------------------- */

static char said[4096];
static bool verbose;

static int listen(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	if (verbose)
		fputs(line, stderr);
	else if (strlen(said) + strlen(line) < sizeof(said))
		strcat(said, line);
	return 0;
}

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* ---- tracefs ------------------------------------------------------------ */

static const char *tracefs(void)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	char path[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/events", places[i]);
		if (!access(path, F_OK))
			return places[i];
	}
	return NULL;
}

static bool read_text(const char *path, char *buf, size_t size)
{
	ssize_t n, all = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((n = read(fd, buf + all, size - 1 - all)) > 0)
		all += n;
	close(fd);
	buf[all] = 0;
	return !n && all;
}

static bool event_format(const struct event_desc *e, char *buf, size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/events/%s/%s/format", tracefs(), e->system, e->name);
	return read_text(path, buf, size);
}

static bool event_exists(enum event_id id)
{
	char buf[8192];

	return event_format(&events[id], buf, sizeof(buf));
}

/* Where the event's fields are in its record, for the programs of rung tp. */
static int find_offsets(enum event_id id, u16 ret_at[EVENT_MAX_FIELDS])
{
	const struct event_desc *e = &events[id];
	char text[65536];
	unsigned int i, at, size;

	if (!event_format(e, text, sizeof(text))) {
		complain("no event %s:%s", e->system, e->name);
		return -1;
	}
	for (i = 0; e->fields[i].name; i++) {
		if (format_field(text, e->fields[i].name, &at, &size)) {
			complain("event %s:%s has no field %s", e->system, e->name,
				 e->fields[i].name);
			return -1;
		}
		if (size != e->fields[i].size || at % size || at + size > RECORD_BYTES) {
			complain("event %s:%s has a field %s of another kind", e->system, e->name,
				 e->fields[i].name);
			return -1;
		}
		ret_at[i] = at;
	}
	return 0;
}

/* ---- the ladder --------------------------------------------------------- */

/* The rung that @point gets when @rung is tried. */
static enum rung point_rung(const struct point *point, enum rung rung)
{
	while (!(point->rungs & 1U << rung))
		rung++;
	return rung;
}

static int choose_programs(struct attachment *a, const struct source *source, enum rung rung,
			   u16 (*offsets)[EVENT_MAX_FIELDS])
{
	struct bpf_program *prog;
	char name[64];
	unsigned int i;

	bpf_object__for_each_program(prog, a->obj) bpf_program__set_autoload(prog, false);
	for (i = 0; i < source->n; i++) {
		const struct point *point = &source->points[i];

		a->event[i] = point->event;
		a->rung[i] = point_rung(point, rung);
		snprintf(name, sizeof(name), "%s_%s", events[point->event].name,
			 program_suffix[a->rung[i]]);
		a->prog[i] = bpf_object__find_program_by_name(a->obj, name);
		if (!a->prog[i]) {
			complain("no program %s", name);
			return -1;
		}
		bpf_program__set_autoload(a->prog[i], true);
		if (a->rung[i] == RUNG_TP && find_offsets(point->event, offsets[point->event]))
			return -1;
	}
	a->n = source->n;
	return 0;
}

static void set_rows(struct bpf_object *obj, unsigned int rows)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		if (rows && bpf_map__type(map) == BPF_MAP_TYPE_HASH)
			bpf_map__set_max_entries(map, rows);
	}
}

static int try_rung(struct attachment *a, const struct source *source, enum rung rung,
		    const struct attach_want *want)
{
	u16(*offsets)[EVENT_MAX_FIELDS];
	struct filter *filter;
	unsigned int i;

	memset(a->link, 0, sizeof(a->link));
	a->n = 0;
	a->obj = a->skel->open(&offsets, &filter);
	if (!a->obj)
		return -1;
	*filter = want->filter;
	set_rows(a->obj, want->rows);
	if (choose_programs(a, source, rung, offsets) || a->skel->load()) {
		attachment_destroy(a);
		return -1;
	}
	for (i = 0; i < a->n; i++) {
		a->link[i] = bpf_program__attach(a->prog[i]);
		if (!a->link[i]) {
			attachment_destroy(a);
			return -1;
		}
	}
	return 0;
}

/* Sets a->source. */
static int choose_source(struct attachment *a, const struct source *sources,
			 const struct attach_want *want)
{
	bool there[SOURCE_COUNT] = {event_exists(EVENT_gv_exit), event_exists(EVENT_kvm_exit)};
	enum source_id id = want->source;

	if (!there[SOURCE_GLASSVISOR] && !there[SOURCE_KVM]) {
		complain(NO_KVM);
		return -1;
	}
	if (id == SOURCE_COUNT)
		id = there[SOURCE_GLASSVISOR] && sources[SOURCE_GLASSVISOR].points
			     ? SOURCE_GLASSVISOR
			     : SOURCE_KVM;
	if (!there[id]) {
		complain("no events of %s: its module is not loaded", source_names[id]);
		return -1;
	}
	if (!sources[id].points) {
		complain("stock KVM's events do not tell this: it needs glassvisor");
		return -1;
	}
	a->source = id;
	return 0;
}

/* Can every event be had by this very rung? */
static int check_forced(const struct source *source, enum rung rung)
{
	unsigned int i;

	for (i = 0; i < source->n; i++) {
		if (source->points[i].rungs & 1U << rung)
			continue;
		complain("no %s for %s: its arguments don't say enough, its record does",
			 rung_names[rung], events[source->points[i].event].name);
		return -1;
	}
	return 0;
}

static int prerequisites(void)
{
	if (geteuid()) {
		complain(NEEDS_ROOT, program_invocation_short_name);
		return -1;
	}
	if (!tracefs()) {
		complain(NO_TRACEFS);
		return -1;
	}
	return 0;
}

/* Why tp_btf can't work, if that is known beforehand; else NULL. */
static const char *no_btf(enum source_id source)
{
	static char text[128];
	char path[64];

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return "the kernel has no BTF (/sys/kernel/btf/vmlinux)";
	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", source_names[source]);
	if (source == SOURCE_GLASSVISOR && access(path, R_OK)) {
		snprintf(text, sizeof(text), "the module has no BTF (%s)", path);
		return text;
	}
	return NULL;
}

int attach(struct attachment *a, const struct skeleton *skel,
	   const struct source sources[SOURCE_COUNT], const struct attach_want *want)
{
	enum rung first = want->rung == RUNG_ANY ? RUNG_TP_BTF : want->rung;
	enum rung last = want->rung == RUNG_ANY ? RUNG_TP : want->rung;
	const struct source *source;
	const char *why = NULL;
	enum rung rung;

	memset(a, 0, sizeof(*a));
	a->skel = skel;
	verbose = want->verbose;
	libbpf_set_print(listen);
	if (prerequisites() || choose_source(a, sources, want))
		return -1;
	source = &sources[a->source];
	if (want->rung != RUNG_ANY && check_forced(source, want->rung))
		return -1;
	for (rung = first; rung <= last; rung++) {
		why = rung == RUNG_TP_BTF ? no_btf(a->source) : NULL;
		if (!why && !try_rung(a, source, rung, want))
			return 0;
		if (verbose)
			complain("%s: %s", rung_names[rung], why ?: "does not work here");
	}
	if (why)
		complain("no %s: %s", rung_names[last], why);
	fputs(said, stderr);
	complain("can't attach to the events (-v says more)");
	return -1;
}

void detach(struct attachment *a)
{
	unsigned int i;

	for (i = 0; i < a->n; i++) {
		bpf_link__destroy(a->link[i]);
		a->link[i] = NULL;
	}
}

void attachment_destroy(struct attachment *a)
{
	if (!a->obj)
		return;
	detach(a);
	a->skel->destroy();
	a->obj = NULL;
}

void attachment_text(const struct attachment *a, char *buf, size_t size)
{
	unsigned int i, used = 0;
	bool same = true;

	for (i = 1; i < a->n; i++)
		same = same && a->rung[i] == a->rung[0];
	if (same) {
		snprintf(buf, size, "%s", rung_names[a->rung[0]]);
		return;
	}
	buf[0] = 0;
	for (i = 0; i < a->n && used < size; i++)
		used += snprintf(buf + used, size - used, "%s%s by %s", i ? ", " : "",
				 event_name(a->event[i]), rung_names[a->rung[i]]);
}

u64 attachment_missed(const struct attachment *a)
{
	u64 missed = 0;
	unsigned int i;

	for (i = 0; i < a->n; i++) {
		struct bpf_prog_info info = {};
		u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(a->prog[i]), &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}
