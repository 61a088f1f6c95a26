// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line, and the help that teaches.
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "../common/words.h"
#include "options.h"

static const char doc[] =
	"Shows what virtual machines on KVM do: how often they leave the guest, why, and what it "
	"costs; where vCPUs spend their time; MMU faults, dirty logging, frozen flight recorders. "
	"It reads counters that are always on, and neither stops nor slows down a guest.\v"
	"Examples:\n"
	"  kvmstat                           the live view; h shows its keys\n"
	"  kvmstat --once                    one look as text\n"
	"  kvmstat --once --view exits -p web  which exits cost 'web' most\n"
	"  kvmstat --once --view exits --total  ... since the VMs started\n"
	"  kvmstat --json -n 60              a minute as JSON Lines, one a second\n"
	"  kvmstat --csv --view exits -b -d 10 > exits.csv\n"
	"  kvmstat --openmetrics             all counters, for a scraper\n"
	"  kvmstat record today.rec          keep samples until Ctrl-C\n"
	"  kvmstat replay today.rec          look at them, with [ and ] and space\n"
	"  kvmstat recorder                  which flight recorders are frozen\n"
	"  kvmstat recorder 3                what that vCPU did last\n"
	"  kvmstat recorder web/0 --live     what vCPU 0 of 'web' does now\n"
	"\n"
	"Views: overview vm exits user hist memory slots faults dirty counters recorders record "
	"self. Columns to sort by are called as in --csv.\n"
	"\n"
	"With glassvisor loaded all of it is there; on stock KVM, what its counters offer, and - "
	"for the rest. Needs root, for debugfs.\n"
	"Where standard output is no terminal, kvmstat gives one look as text and ends.\n"
	"Exit status: 0; 1: it could not do it; 2: the command line was wrong.";

static const char args_doc[] = "\nrecord FILE\nreplay FILE\nrecorder [ID | FILE.raw | VM/VCPU]";

enum {
	OPT_ONCE = 256,
	OPT_JSON,
	OPT_CSV,
	OPT_OPENMETRICS,
	OPT_PROMETHEUS,
	OPT_DEBUGFS,
	OPT_VIEW,
	OPT_VCPU,
	OPT_TOTAL,
	OPT_SORT,
	OPT_REVERSE,
	OPT_FILTER,
	OPT_MERGE,
	OPT_COLOUR,
	OPT_WIDTH,
	OPT_LABEL,
	OPT_REASON,
	OPT_RECORD,
	OPT_LIVE,
};

static const struct argp_option options[] = {
	{0, 0, 0, 0, "What to show:", 1},
	{"vm", 'p', "PID|NAME", 0, "Only the VM of that process or name", 1},
	{"view", OPT_VIEW, "VIEW", 0, "Which view (default overview; --json: everything)", 1},
	{"vcpu", OPT_VCPU, "N", 0, "Only that vCPU", 1},
	{"total", OPT_TOTAL, 0, 0, "All since the VM's start, not the last interval", 1},
	{"sort", OPT_SORT, "COLUMN", 0, "Sort by that column", 1},
	{"reverse", OPT_REVERSE, 0, 0, "Sort the other way round", 1},
	{"filter", OPT_FILTER, "REGEX", 0, "Only rows with a text that matches", 1},
	{"merge", OPT_MERGE, 0, 0, "Exits by kind, not by hardware reason too", 1},
	{"kind", OPT_LABEL, "KIND", 0,
	 "--view hist: of which kind of exit, class of interrupts ...", 1},
	{"reason", OPT_REASON, "REASON", 0, "--view hist: of which hardware reason (default all)",
	 1},
	{"record", OPT_RECORD, "ID", 0, "--view record: of which frozen recorder", 1},
	{0, 0, 0, 0, "How:", 2},
	{"once", OPT_ONCE, 0, 0, "One interval as text, then end", 2},
	{"batch", 'b', 0, 0, "Text for each interval", 2},
	{"count", 'n', "N", 0, "End after N intervals", 2},
	{"interval", 'd', "SECONDS", 0, "0.1 to 3600 (default 1)", 2},
	{"json", OPT_JSON, 0, 0, "JSON Lines: an object for each interval", 2},
	{"csv", OPT_CSV, 0, 0, "CSV: a line for each row of the view", 2},
	{"openmetrics", OPT_OPENMETRICS, 0, 0, "All counters as OpenMetrics text", 2},
	{"prometheus", OPT_PROMETHEUS, 0, 0, "The same in Prometheus' older text format", 2},
	{"color", OPT_COLOUR, "WHEN", 0, "auto, always or never (default auto)", 2},
	{"width", OPT_WIDTH, "COLUMNS", 0, "Width of text (default the terminal's, or 80)", 2},
	{"live", OPT_LIVE, 0, 0, "recorder: the running one, not a frozen one", 2},
	{"debugfs", OPT_DEBUGFS, "DIR", 0, "Where debugfs is (default /sys/kernel/debug)", 2},
	{0},
};

static u64 whole(struct argp_state *state, const char *arg, u64 from, u64 to)
{
	char *end;
	u64 v;

	errno = 0;
	v = strtoull(arg, &end, 10);
	if (errno || *end || end == arg || *arg == '-' || v < from || v > to)
		argp_error(state, "'%s' is not a number of %llu to %llu", arg,
			   (unsigned long long)from, (unsigned long long)to);
	return v;
}

static double seconds(struct argp_state *state, const char *arg)
{
	char *end;
	double v = strtod(arg, &end);

	if (*end || end == arg || !(v >= 0.1 && v <= 3600))
		argp_error(state, "an interval is 0.1 to 3600 seconds, not '%s'", arg);
	return v;
}

static void command_word(struct options *o, struct argp_state *state, const char *arg)
{
	if (state->arg_num == 0) {
		if (strcmp(arg, "record") == 0)
			o->command = COMMAND_RECORD;
		else if (strcmp(arg, "replay") == 0)
			o->command = COMMAND_REPLAY;
		else if (strcmp(arg, "recorder") == 0)
			o->command = COMMAND_RECORDER;
		else
			argp_error(state, "'%s' is no command: record, replay, recorder", arg);
	} else if (state->arg_num == 1 && o->command == COMMAND_RECORDER) {
		o->recorder = arg;
	} else if (state->arg_num == 1) {
		o->file = arg;
	} else {
		argp_error(state, "too many words: '%s'", arg);
	}
}

/* ---- what may be asked for ------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void more(char *room, size_t size, const char *format,
						       ...)
{
	size_t at = strlen(room);
	va_list args;

	va_start(args, format);
	vsnprintf(room + at, size - at, format, args);
	va_end(args);
}

static void wrong_view(struct argp_state *state, const char *name)
{
	char all[256] = "";

	for (int i = 0; i < VIEW_COUNT; i++)
		more(all, sizeof(all), " %s", view_names[i]);
	argp_error(state, "no view is called '%s'; views:%s", name, all);
}

/* A line for each kind of histogram. */
static void list_kinds(char *room, size_t size)
{
	for (int h = 0; h < HX_COUNT; h++) {
		const struct schema_list *list = schema_list(hist_info[h].labels);

		more(room, size, "\n  %s:", hist_info[h].name);
		for (u32 i = 0; list && i < list->n_rows; i++)
			more(room, size, " %s", list->rows[i].name);
	}
}

/* --kind and --reason, by their numbers: exits first, then the other lists. */
static void find_key(struct options *o, struct argp_state *state)
{
	char kinds[4096] = "", room[16];
	int label = -1;

	o->key.reason = NO_REASON;
	if (!o->label)
		return;
	for (int h = 0; h < HX_COUNT && label < 0; h++) {
		label = label_find(h, o->label);
		o->key.hist = h;
		o->key.label = label;
	}
	if (label < 0) {
		list_kinds(kinds, sizeof(kinds));
		argp_error(state, "no kind is called '%s'; kinds:%s", o->label, kinds);
	}
	if (!o->reason)
		return;
	if (o->key.hist != HX_EXIT_TIME)
		argp_error(state, "'%s' is no kind of exit: it has no --reason", o->label);
	for (u32 r = 0; r < 0x10000 && o->key.reason == NO_REASON; r++)
		if (strcmp(reason_name(2, r, room), o->reason) == 0)
			o->key.reason = r;
	if (o->key.reason == NO_REASON)
		argp_error(state, "no hardware reason is called '%s'; --view exits shows them",
			   o->reason);
}

/* The columns of the view are those of its tables, which are there without a VM too. */
static void check_sort(const struct options *o, struct argp_state *state)
{
	bool all = o->format == FORMAT_JSON && o->view < 0;
	int view = o->view >= 0				 ? o->view
		   : o->vm && o->format == FORMAT_SCREEN ? VIEW_VM
							 : VIEW_OVERVIEW;
	struct query q = {.view = view, .vm.any = true, .vcpu = ALL_VCPUS};
	struct self self = {"", 0};
	struct model m = {0};
	char columns[1024] = "";
	struct page page;
	bool found = false;

	if (all || o->format == FORMAT_OPENMETRICS || o->format == FORMAT_PROMETHEUS)
		argp_error(state, "--sort is for the rows of a --view");
	if (!view_build(&m, &q, &self, &page))
		return;
	for (u32 i = 0; i < page.n_tables; i++) {
		const struct table *t = &page.tables[i];

		found |= table_column(t, o->sort) >= 0;
		for (u32 k = 0; k < t->n_columns; k++)
			if (!i || table_column(&page.tables[0], t->columns[k].key) < 0)
				more(columns, sizeof(columns), " %s", t->columns[k].key);
	}
	page_free(&page);
	if (!found)
		argp_error(state, "view %s has no column '%s'; columns:%s", view_names[view],
			   o->sort, columns);
}

static void finish(struct options *o, struct argp_state *state)
{
	char kinds[4096] = "";

	find_key(o, state);
	if (o->sort)
		check_sort(o, state);
	if ((o->command == COMMAND_RECORD || o->command == COMMAND_REPLAY) && !o->file)
		argp_error(state, "which file?");
	if (o->view == VIEW_HIST && !o->label && o->format != FORMAT_SCREEN) {
		list_kinds(kinds, sizeof(kinds));
		argp_error(state, "--view hist wants --kind KIND; kinds:%s", kinds);
	}
	if (o->view == VIEW_RECORD && !o->record && o->format != FORMAT_SCREEN)
		argp_error(state, "--view record wants --record ID; --view recorders lists them");
}

static error_t parse_view(struct options *o, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		o->vm = arg;
		break;
	case OPT_VIEW:
		o->view = view_find(arg);
		if (o->view < 0)
			wrong_view(state, arg);
		break;
	case OPT_VCPU:
		o->vcpu = whole(state, arg, 0, U32_MAX - 1);
		break;
	case OPT_TOTAL:
		o->total = true;
		break;
	case OPT_SORT:
		o->sort = arg;
		break;
	case OPT_REVERSE:
		o->reverse = true;
		break;
	case OPT_FILTER:
		o->filter = arg;
		break;
	case OPT_MERGE:
		o->merge = true;
		break;
	case OPT_LABEL:
		o->label = arg;
		break;
	case OPT_REASON:
		o->reason = arg;
		break;
	case OPT_RECORD:
		o->record = whole(state, arg, 1, U32_MAX);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_ONCE:
		o->format = o->format == FORMAT_SCREEN ? FORMAT_TEXT : o->format;
		o->count = 1;
		break;
	case 'b':
		o->format = o->format == FORMAT_SCREEN ? FORMAT_TEXT : o->format;
		o->batch = true;
		break;
	case 'n':
		o->count = whole(state, arg, 1, U32_MAX);
		o->batch = true;
		o->format = o->format == FORMAT_SCREEN ? FORMAT_TEXT : o->format;
		break;
	case 'd':
		o->interval = seconds(state, arg);
		break;
	case OPT_JSON:
		o->format = FORMAT_JSON;
		break;
	case OPT_CSV:
		o->format = FORMAT_CSV;
		break;
	case OPT_OPENMETRICS:
		o->format = FORMAT_OPENMETRICS;
		break;
	case OPT_PROMETHEUS:
		o->format = FORMAT_PROMETHEUS;
		break;
	case OPT_COLOUR:
		if (strcmp(arg, "auto") && strcmp(arg, "always") && strcmp(arg, "never"))
			argp_error(state, "--color is auto, always or never");
		o->colour = arg;
		break;
	case OPT_WIDTH:
		o->width = whole(state, arg, 40, 500);
		break;
	case OPT_LIVE:
		o->live = true;
		break;
	case OPT_DEBUGFS:
		o->debugfs = arg;
		break;
	case ARGP_KEY_ARG:
		command_word(o, state, arg);
		break;
	case ARGP_KEY_END:
		finish(o, state);
		break;
	default:
		return parse_view(o, key, arg, state);
	}
	return 0;
}

void options_parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {options, parse_option, args_doc, doc, NULL, NULL, NULL};

	*o = (struct options){.debugfs = "/sys/kernel/debug",
			      .interval = 1,
			      .vcpu = -1,
			      .view = -1,
			      .colour = "auto",
			      .width = 80};
	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, o);
}

bool options_colour(const struct options *o)
{
	const char *no = getenv("NO_COLOR"), *cli = getenv("CLICOLOR");

	if (strcmp(o->colour, "auto") != 0)
		return strcmp(o->colour, "always") == 0;
	return !(no && no[0]) && !(cli && strcmp(cli, "0") == 0);
}
