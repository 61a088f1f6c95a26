// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame of a tool: parse options, attach, wait and report, detach.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and waited for, so that the programs
 * are detached and the last report is made in peace. The maps are read after
 * detaching then, so the last report misses nothing.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../../debugfs-schema/schema.h"
#include "../../common/words.h"
#include "names.h"
#include "tool.h"

static struct options {
	struct attach_want want;
	double interval; /* 0: one report at the end */
	double duration; /* 0: no end */
	unsigned long count;
	bool json;
} opt = {.want = {.rung = RUNG_ANY, .source = SOURCE_COUNT, .filter = {0, ANY_VCPU}}};

static const struct tool *tool;
static struct attachment at;

/* ---- options ------------------------------------------------------------ */

enum { KEY_JSON = 0x100, KEY_VCPU, KEY_ATTACH, KEY_EVENTS, KEY_ROWS };

static const struct argp_option common_options[] = {
	{"pid", 'p', "PID", 0, "Only the VM of process PID", 0},
	{"vcpu", KEY_VCPU, "N", 0, "Only vCPUs with the number N", 0},
	{"interval", 'd', "SECONDS", 0, "Report every so often (default: once, at the end)", 0},
	{"count", 'n', "COUNT", 0, "End after so many reports (-d defaults to 1)", 0},
	{"duration", 't', "SECONDS", 0, "End after so long", 0},
	{"json", KEY_JSON, NULL, 0, "JSON Lines: one object a report", 0},
	{"verbose", 'v', NULL, 0, "Say what is tried, and what libbpf says", 0},
	{"attach", KEY_ATTACH, "RUNG", 0,
	 "Attach by tp_btf, raw_tp or tp only (default: the first of them that works)", 1},
	{"events", KEY_EVENTS, "SYSTEM", 0,
	 "Use the events of glassvisor or of kvm (default: glassvisor's where it is loaded)", 1},
	{"rows", KEY_ROWS, "N", 0, "Rows that the maps can hold (default 16384)", 1},
	{NULL, 0, NULL, 0, NULL, 0},
};

static double seconds_arg(const char *arg, struct argp_state *state)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v > 0) || v > 1e9)
		argp_error(state, "'%s' is no number of seconds", arg);
	return v;
}

static unsigned long number_arg(const char *arg, unsigned long low, unsigned long high,
				struct argp_state *state)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (end == arg || *end || v < low || v > high)
		argp_error(state, "'%s' is no number from %lu to %lu", arg, low, high);
	return v;
}

static int word_arg(const char *arg, const char *const *words, int n, struct argp_state *state)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(arg, words[i]))
			return i;
	argp_error(state, "unknown '%s'", arg);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		opt.want.filter.tgid = number_arg(arg, 1, INT32_MAX, state);
		return 0;
	case KEY_VCPU:
		opt.want.filter.vcpu = number_arg(arg, 0, INT32_MAX, state);
		return 0;
	case 'd':
		opt.interval = seconds_arg(arg, state);
		return 0;
	case 'n':
		opt.count = number_arg(arg, 1, INT32_MAX, state);
		return 0;
	case 't':
		opt.duration = seconds_arg(arg, state);
		return 0;
	case KEY_JSON:
		opt.json = true;
		return 0;
	case 'v':
		opt.want.verbose = true;
		return 0;
	case KEY_ATTACH:
		opt.want.rung = word_arg(arg, rung_names, RUNG_COUNT, state);
		return 0;
	case KEY_EVENTS:
		opt.want.source = word_arg(arg, source_names, SOURCE_COUNT, state);
		return 0;
	case KEY_ROWS:
		opt.want.rows = number_arg(arg, 1, 1 << 24, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	case ARGP_KEY_END:
		if (opt.count && !opt.interval)
			opt.interval = 1;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	const struct argp_option *o;

	for (o = tool->options; o && o->name; o++) {
		if (o->key != key)
			continue;
		if (tool->parse(key, arg))
			argp_error(state, "bad value '%s' for --%s", arg, o->name);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void parse_options(int argc, char **argv)
{
	struct argp own = {.options = tool->options, .parser = parse_own};
	struct argp_child children[] = {{&own, 0, NULL, 0}, {NULL, 0, NULL, 0}};
	struct argp argp = {
		.options = common_options, .parser = parse, .doc = tool->doc, .children = children};

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
}

/* ---- reports ------------------------------------------------------------ */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void vm_json(json_t *to, u32 vm, const struct owner *owner)
{
	json_t *name = json_string(name_vm(owner));

	json_object_set_new(to, "vm", json_integer(vm));
	json_object_set_new(to, "name", name ?: json_string("?")); /* not UTF-8 */
	json_object_set_new(to, "pid", json_integer(owner->tgid));
}

static void report_json(const struct report *r, const char *how)
{
	json_t *o = json_object();
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	json_object_set_new(o, "tool", json_string(tool->name));
	json_object_set_new(o, "schema", json_integer(SCHEMA_ID));
	json_object_set_new(o, "time_ns", json_integer(ts.tv_sec * 1000000000LL + ts.tv_nsec));
	json_object_set_new(o, "seconds", json_real(r->seconds));
	json_object_set_new(o, "events", json_string(source_names[r->source]));
	json_object_set_new(o, "attached", json_string(how));
	json_object_set_new(o, "dropped", json_integer(*tool->skel.dropped()));
	json_object_set_new(o, "missed", json_integer(attachment_missed(&at)));
	tool->json(o, r);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(o);
}

static void report_text(const struct report *r, const char *how)
{
	u64 dropped = *tool->skel.dropped(), missed = attachment_missed(&at);
	char clock[16];
	time_t t = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&t));
	printf("%s %s: %.1f s, %s's events (%s)\n", clock, tool->name, r->seconds,
	       source_names[r->source], how);
	if (dropped)
		printf("LOST since the start: %llu events, because a map was full (see --rows)\n",
		       dropped);
	if (missed)
		printf("LOST since the start: %llu events that came while a program ran\n", missed);
	tool->text(stdout, r);
	putchar('\n');
}

static int read_maps(void)
{
	u32 i;

	if (tool->read)
		return tool->read();
	for (i = 0; i < TOOL_TABLES && tool->tables[i]; i++)
		if (table_read(tool->tables[i]))
			return -1;
	return 0;
}

/* One report over the time since @since; -1: end. */
static int report(double since)
{
	struct report r = {.seconds = now() - since,
			   .source = at.source,
			   .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8")};
	char how[256];

	if (read_maps()) {
		fprintf(stderr, "%s: reading the maps: %s\n", tool->name, strerror(errno));
		return -1;
	}
	attachment_text(&at, how, sizeof(how));
	if (opt.json)
		report_json(&r, how);
	else
		report_text(&r, how);
	return fflush(stdout) ? -1 : 0;
}

/* Waits until @until (of now(); INFINITY: for ever). True: a signal says to end. */
static bool wait_until(double until, const sigset_t *signals)
{
	double left = until - now();
	struct timespec ts;

	for (; left > 0; left = until - now()) {
		double part = fmin(left, 3600);

		ts.tv_sec = part;
		ts.tv_nsec = (part - ts.tv_sec) * 1e9;
		if (sigtimedwait(signals, NULL, &ts) > 0)
			return true;
	}
	return false;
}

static int loop(const sigset_t *signals)
{
	double start = now(), since = start, next, end;
	unsigned long n = 0;
	bool last = false;

	end = opt.duration ? start + opt.duration : INFINITY;
	while (!last) {
		next = opt.interval ? fmin(start + (n + 1) * opt.interval, end) : end;
		last = wait_until(next, signals) || next >= end || ++n == opt.count;
		if (last)
			detach(&at);
		if (report(since))
			return 1;
		since = now();
	}
	return 0;
}

static void warn_timing(void)
{
	FILE *f = fopen("/sys/module/glassvisor/parameters/timing", "r");

	if (!f)
		return;
	if (fgetc(f) == 'N')
		fprintf(stderr, "%s: glassvisor was loaded with timing=0: it times nothing\n",
			tool->name);
	fclose(f);
}

int tool_main(const struct tool *t, int argc, char **argv)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	sigset_t signals;
	int status;

	tool = t;
	setlocale(LC_CTYPE, "");
	parse_options(argc, argv);
	setrlimit(RLIMIT_MEMLOCK, &all); /* kernels before 5.11 count maps against it */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	fflush(stdout);
	if (attach(&at, &tool->skel, tool->sources, &opt.want))
		return 1;
	if (at.source == SOURCE_GLASSVISOR)
		warn_timing();
	tool->start(at.source);
	if (!opt.interval && !opt.duration && isatty(STDERR_FILENO))
		fprintf(stderr, "%s: counting; Ctrl-C ends\n", tool->name);
	status = loop(&signals);
	attachment_destroy(&at);
	return status;
}
