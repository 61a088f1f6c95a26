/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report as text, for 96 columns, or 80 where a terminal has no more.
 *
 * Meaning is never carried by colour or bars alone: each has its number beside
 * it. Empty sections are left out.
 */
#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "report.h"

#define WIDE   96
#define NARROW 80

#define BOLD  "1"
#define DIM   "2"
#define GREEN "32"
#define CYAN  "36"
#define WARN  "1;31"

struct out {
	FILE *f;
	const struct report *report;
	const struct model *model;
	const struct style *style;
	int width;	  /* of a line: WIDE or NARROW */
	int name, port;	  /* of the names in tables */
	int reason, bars; /* of the table of reasons */
	int column;	  /* of a flowing list */
};

static void paint(struct out *o, const char *code, const char *text)
{
	if (o->style->colour)
		fprintf(o->f, "\033[%sm%s\033[0m", code, text);
	else
		fputs(text, o->f);
}

static void repeat(struct out *o, const char *text, int n)
{
	while (n-- > 0)
		fputs(text, o->f);
}

static void heading(struct out *o, const char *title, const char *note)
{
	int rest = o->width - 3 - strlen(title) - (*note ? strlen(note) + 1 : 0);

	fputs("\n ", o->f);
	paint(o, BOLD, title);
	fputc(' ', o->f);
	if (o->style->colour)
		fputs("\033[" DIM "m", o->f);
	repeat(o, o->style->utf8 ? "\u2500" : "-", rest);
	if (*note)
		fprintf(o->f, " %s", note);
	fputs(o->style->colour ? "\033[0m\n" : "\n", o->f);
}

/*
 * @part of @whole as a bar of up to @width columns, with eighths of a column
 * where there are glyphs. Returns the columns left over.
 */
static int bar(struct out *o, const char *code, uint64_t part, uint64_t whole, int width)
{
	static const char *const eighths[] = {"",	"\u258f", "\u258e", "\u258d",
					      "\u258c", "\u258b", "\u258a", "\u2589"};
	uint64_t n = whole ? (part * 8 * width + whole / 2) / whole : 0;
	int full = n / 8, rest = n % 8, used = full;

	if (o->style->colour)
		fprintf(o->f, "\033[%sm", code);
	repeat(o, o->style->utf8 ? "\u2588" : "#", full);
	if (o->style->utf8 && rest) {
		fputs(eighths[rest], o->f);
		used++;
	}
	if (o->style->colour)
		fputs("\033[0m", o->f);
	return width - used;
}

static const char *share(char *buf, uint64_t part, uint64_t whole)
{
	return format_share(buf, part, whole);
}

static const char *count(char *buf, uint64_t n)
{
	return n ? format_count(buf, n) : "-";
}

static const char *time_or_dash(char *buf, uint64_t ns)
{
	return ns ? format_ns(buf, ns) : "-";
}

static const char *mean(char *buf, uint64_t ns, uint64_t n)
{
	return n && ns ? format_ns(buf, ns / n) : "-";
}

/* Title ---------------------------------------------------------------- */

static void vcpu_times(const struct model *m, uint64_t ret_ns[4])
{
	memset(ret_ns, 0, 4 * sizeof(*ret_ns));
	for (size_t i = 0; i < m->n_vcpus; i++) {
		ret_ns[0] += m->vcpus[i].guest_ns;
		ret_ns[1] += m->vcpus[i].kernel_ns;
		ret_ns[2] += m->vcpus[i].user_ns;
		ret_ns[3] += m->vcpus[i].halted_ns;
	}
}

/* Threads that entered a guest; others may show up with an event or two. */
static size_t n_vcpus(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_vcpus; i++)
		n += m->vcpus[i].id >= 0;
	return n;
}

static void print_loss(struct out *o)
{
	const struct recorder_loss *loss = &o->report->loss;
	char text[128], n[16];

	if (!loss->records && !loss->more) {
		fputs("none lost", o->f);
		return;
	}
	snprintf(text, sizeof(text),
		 "%s%s LOST\n              All counts are too low: try a larger --buffer",
		 format_count(n, loss->records), loss->more ? " and more" : "");
	paint(o, WARN, text);
}

static void print_time_split(struct out *o)
{
	static const struct {
		const char *name, *colour, *glyph, *ascii;
	} parts[] = {
		{"guest", GREEN, "\u2588", "#"},
		{"kernel", CYAN, "\u2593", "="},
		{"userspace", "33", "\u2592", "-"},
		{"halted", DIM, "\u2591", "."},
	};
	uint64_t ns[4], sum = 0, done = 0;
	int width = o->width - 14, column = 0;
	char buf[16];

	vcpu_times(o->model, ns);
	for (int i = 0; i < 4; i++)
		sum += ns[i];
	fputs("  vCPU time   ", o->f);
	for (int i = 0; i < 4; i++) {
		const char *glyph = o->style->utf8 ? parts[i].glyph : parts[i].ascii;

		if (o->style->colour)
			fprintf(o->f, "\033[%sm%s\033[0m", parts[i].colour, glyph);
		else
			fputs(glyph, o->f);
		fprintf(o->f, " %s %s%s", parts[i].name, share(buf, ns[i], sum),
			i < 3 ? "    " : "\n");
	}
	fputs("              ", o->f);
	for (int i = 0; i < 4; i++) {
		int end;

		done += ns[i];
		end = sum ? (done * width + sum / 2) / sum : 0;
		if (o->style->colour)
			fprintf(o->f, "\033[%sm", parts[i].colour);
		repeat(o, o->style->utf8 ? parts[i].glyph : parts[i].ascii, end - column);
		if (o->style->colour)
			fputs("\033[0m", o->f);
		column = end;
	}
	fputc('\n', o->f);
}

static void print_summary(struct out *o)
{
	const struct model *m = o->model;
	uint64_t ns = m->last_ns - m->first_ns;
	char a[16], b[16], c[16];

	fprintf(o->f, "\n ");
	paint(o, BOLD, "VM EXIT REPORT");
	fprintf(o->f, "  %.*s\n", o->width - 18, o->report->command);
	fprintf(o->f, "  Driver      %s, %s\n", o->report->driver,
		m->isa == 1 ? "Intel VMX" : "AMD SVM");
	fprintf(o->f, "  Recorded    %s of %s, %zu VM%s, %zu vCPU%s, %s events, ", format_ns(a, ns),
		format_ns(b, o->report->wall_ns), o->report->n_vms,
		o->report->n_vms == 1 ? "" : "s", n_vcpus(m), n_vcpus(m) == 1 ? "" : "s",
		format_count(c, m->events));
	print_loss(o);
	fprintf(o->f, "\n  VM exits    %s", format_count(a, m->exits));
	if (ns)
		fprintf(o->f, ", %s a second", format_count(b, m->exits * 1000000000.0 / ns));
	fputc('\n', o->f);
	print_time_split(o);
}

static void print_vcpus(struct out *o)
{
	char a[16], b[16], c[16], d[16], e[16];

	if (n_vcpus(o->model) < 2)
		return;
	heading(o, "VCPUS", "");
	fprintf(o->f, "  %-6s %8s %12s %9s %9s %9s %9s\n", "vcpu", "thread", "exits", "guest",
		"kernel", "userspace", "halted");
	for (size_t i = 0; i < o->model->n_vcpus; i++) {
		const struct vcpu *v = &o->model->vcpus[i];
		uint64_t sum = v->guest_ns + v->kernel_ns + v->user_ns + v->halted_ns;

		if (v->id >= 0)
			fprintf(o->f, "  %-6d %8d %12s %9s %9s %9s %9s\n", v->id, v->tid,
				count(e, v->exits), share(a, v->guest_ns, sum),
				share(b, v->kernel_ns, sum), share(c, v->user_ns, sum),
				share(d, v->halted_ns, sum));
	}
}

/* Tables --------------------------------------------------------------- */

static void print_rest(struct out *o, const struct table *t, size_t shown)
{
	uint64_t rest = 0;
	char n[16];

	for (size_t i = shown; i < t->n; i++)
		rest += t->rows[i].count;
	if (shown >= t->n)
		return;
	fprintf(o->f, "  ... and %zu more with %s; --top shows more rows\n", t->n - shown,
		format_count(n, rest));
}

static size_t shown_rows(const struct out *o, const struct table *t)
{
	return t->n < o->style->top ? t->n : o->style->top;
}

static void print_reason(struct out *o, const struct row *row)
{
	const char *name = name_exit_reason(o->model->isa, row->key);
	char a[16], b[16], c[16], d[16], e[16], f[16], g[16], hex[32];

	if (!name) {
		snprintf(hex, sizeof(hex), "0x%" PRIx64, row->key);
		name = hex;
	}
	fprintf(o->f, "  %-*.*s %10s %6s  ", o->reason, o->reason, name,
		format_count(a, row->count), share(b, row->count, o->model->exits));
	repeat(o, " ", bar(o, CYAN, row->count, o->model->exits, o->bars));
	fprintf(o->f, " %8s %8s %8s %9s %8s\n", mean(c, row->kernel_ns, row->handled),
		time_or_dash(d, hist_quantile(row->hist, 990)), time_or_dash(e, row->kernel_ns),
		count(f, row->trips), mean(g, row->user_ns, row->trips));
}

static void print_reasons(struct out *o)
{
	const struct table *t = &o->model->reasons;

	heading(o, "EXITS BY REASON", "");
	fprintf(o->f, "  %*s%27s%19s\n", o->reason + 19 + o->bars, "", "|------- kernel -------|",
		"|-- userspace --|");
	fprintf(o->f, "  %-*s %10s %6s  %-*s %8s %8s %8s %9s %8s\n", o->reason, "reason", "count",
		"share", o->bars, "", "mean", "p99", "total", "trips", "mean");
	for (size_t i = 0; i < t->n; i++)
		print_reason(o, &t->rows[i]);
	paint(o, DIM,
	      "  kernel: from the exit to the next entry, less waits in the kernel (halted) and the\n"
	      "  time out of KVM_RUN (userspace). trips: how often KVM_RUN returned. npf: nested\n"
	      "  page fault; vintr: the guest can take an interrupt again.\n");
}

static void print_ports(struct out *o)
{
	const struct table *t = &o->model->ports;
	char a[16], b[16], c[16], d[16], e[16];

	if (!t->n)
		return;
	heading(o, "TOP PORTS", "");
	fprintf(o->f, "  %-7s %-4s %-*s %10s %10s %8s %8s %9s\n", "port", "", o->port, "", "count",
		"bytes", "kernel", "user", "total");
	for (size_t i = 0; i < shown_rows(o, t); i++) {
		const struct row *row = &t->rows[i];
		const char *name = name_port(row->key >> 1);

		fprintf(o->f, "  0x%-5" PRIx64 " %-4s %-*.*s %10s %10s %8s %8s %9s\n",
			row->key >> 1, row->key & 1 ? "out" : "in", o->port, o->port,
			name ? name : "", count(a, row->count), format_bytes(b, row->bytes),
			mean(c, row->kernel_ns, row->handled), mean(d, row->user_ns, row->handled),
			time_or_dash(e, row->kernel_ns + row->user_ns));
	}
	print_rest(o, t, shown_rows(o, t));
}

static void print_mmio(struct out *o)
{
	const struct table *t = &o->model->mmio_pages;
	char a[16], b[16], c[16], d[16], e[16];

	if (!t->n)
		return;
	heading(o, "TOP MMIO PAGES", "");
	fprintf(o->f, "  %-14s %-*s %10s %10s %8s %8s %9s\n", "page", o->name, "", "reads",
		"writes", "kernel", "user", "total");
	for (size_t i = 0; i < shown_rows(o, t); i++) {
		const struct row *row = &t->rows[i];
		const char *name = name_mmio_page(row->key);

		fprintf(o->f, "  0x%-12" PRIx64 " %-*.*s %10s %10s %8s %8s %9s\n", row->key << 12,
			o->name, o->name, name ? name : "", count(a, row->count - row->writes),
			count(b, row->writes), mean(c, row->kernel_ns, row->handled),
			mean(d, row->user_ns, row->handled),
			time_or_dash(e, row->kernel_ns + row->user_ns));
	}
	print_rest(o, t, shown_rows(o, t));
}

static void print_msrs(struct out *o)
{
	const struct table *t = &o->model->msrs;
	char a[16], b[16], c[16], d[16], e[16];

	if (!t->n)
		return;
	heading(o, "TOP MSRS", "");
	fprintf(o->f, "  %-14s %-*s %10s %10s %8s %8s %9s\n", "msr", o->name, "", "reads", "writes",
		"#GP", "kernel", "total");
	for (size_t i = 0; i < shown_rows(o, t); i++) {
		const struct row *row = &t->rows[i];
		const char *name = name_msr(row->key);

		fprintf(o->f, "  0x%-12" PRIx64 " %-*.*s %10s %10s %8s %8s %9s\n", row->key,
			o->name, o->name, name ? name : "", count(a, row->count - row->writes),
			count(b, row->writes), count(c, row->failed),
			mean(d, row->kernel_ns, row->handled), time_or_dash(e, row->kernel_ns));
	}
	print_rest(o, t, shown_rows(o, t));
}

static void print_named(struct out *o, const char *title, const struct table *t,
			const char *(*name_of)(uint64_t), uint64_t whole)
{
	char a[16], b[16];

	if (!t->n)
		return;
	heading(o, title, "");
	for (size_t i = 0; i < shown_rows(o, t); i++) {
		const struct row *row = &t->rows[i];
		const char *name = name_of(row->key);

		fprintf(o->f, "  0x%-12" PRIx64 " %-24.24s %10s %6s  ", row->key, name ? name : "",
			count(a, row->count), share(b, row->count, whole));
		bar(o, CYAN, row->count, whole, 12);
		fputc('\n', o->f);
	}
	print_rest(o, t, shown_rows(o, t));
}

static uint64_t total_of(const struct table *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->rows[i].count;
	return sum;
}

static void opcode_text(char *buf, size_t room, uint64_t key)
{
	const uint32_t opcode = key;
	int n = opcode > 0xffff ? 3 : opcode > 0xff ? 2 : 1;
	size_t len = 0;

	while (n--)
		len += snprintf(buf + len, room - len, "%02x ", opcode >> (8 * n) & 0xff);
	if (key & OPCODE_GROUP)
		snprintf(buf + len, room - len, "/%u", (unsigned int)(key >> 32 & 7));
}

static void print_emulated(struct out *o)
{
	const struct table *t = &o->model->opcodes;
	char a[16], b[16], text[24], note[64];

	if (!t->n)
		return;
	snprintf(note, sizeof(note), "%s, %s failed", format_count(a, o->model->emulated),
		 o->model->emulated_failed ? format_count(b, o->model->emulated_failed) : "none");
	heading(o, "EMULATED INSTRUCTIONS", note);
	for (size_t i = 0; i < shown_rows(o, t); i++) {
		const struct row *row = &t->rows[i];
		const char *name = name_opcode(row->key);

		opcode_text(text, sizeof(text), row->key);
		fprintf(o->f, "  %-14s %-24.24s %10s %6s  ", row->key ? text : "no bytes",
			name ? name : "", count(a, row->count),
			share(b, row->count, o->model->emulated));
		bar(o, CYAN, row->count, o->model->emulated, 12);
		fputs(row->failed ? "  FAILED\n" : "\n", o->f);
	}
	print_rest(o, t, shown_rows(o, t));
}

static void print_faults(struct out *o)
{
	const struct model *m = o->model;
	const struct table *t = &m->fault_2m;
	uint64_t memory = total_of(&m->fault_pages);
	char a[16], b[16], c[16], d[16];

	if (!m->faults)
		return;
	heading(o, "MMU FAULTS", "");
	fprintf(o->f, "  %s: %s at devices, %s for memory, on %zu pages in %zu regions of 2 MiB\n",
		format_count(a, m->faults), format_count(b, m->faults_mmio),
		format_count(c, memory), m->fault_pages.n, t->n);
	fprintf(o->f, "  writes %s, instruction fetches %s\n", format_count(a, m->faults_write),
		format_count(b, m->faults_exec));
	for (size_t i = 0; i < t->n && i < 5 && i < o->style->top; i++) {
		fprintf(o->f, "  0x%-12" PRIx64 " %-24s %10s %6s  ", t->rows[i].key << 21,
			i ? "" : "hottest 2 MiB regions", format_count(c, t->rows[i].count),
			share(d, t->rows[i].count, memory));
		bar(o, CYAN, t->rows[i].count, memory, 12);
		fputc('\n', o->f);
	}
}

/* Flowing lists -------------------------------------------------------- */

static void flow_begin(struct out *o, const char *label)
{
	o->column = fprintf(o->f, "  %-11s", label);
}

static void flow(struct out *o, const char *name, uint64_t n)
{
	char num[16];
	int width = strlen(name) + 1 + strlen(format_count(num, n)) + 3;

	if (o->column + width > o->width) {
		fputc('\n', o->f);
		o->column = fprintf(o->f, "  %-11s", "");
	}
	fprintf(o->f, "   %s ", name);
	paint(o, BOLD, num);
	o->column += width;
}

static void flow_table(struct out *o, const char *label, const struct table *t,
		       void (*name_of)(char *buf, size_t room, uint64_t key))
{
	char name[32];

	if (!t->n)
		return;
	flow_begin(o, label);
	for (size_t i = 0; i < t->n && i < 40; i++) {
		name_of(name, sizeof(name), t->rows[i].key);
		flow(o, name, t->rows[i].count);
	}
	fputc('\n', o->f);
}

static void user_reason_text(char *buf, size_t room, uint64_t key)
{
	const char *name = name_user_reason(key);

	if (key >> 63)
		name_errno(buf, room, ~key);
	else if (name)
		snprintf(buf, room, "%s", name);
	else
		snprintf(buf, room, "reason:%u", (unsigned int)key);
}

static void vector_text(char *buf, size_t room, uint64_t key)
{
	snprintf(buf, room, "0x%02x", (unsigned int)key);
}

static void exception_text(char *buf, size_t room, uint64_t key)
{
	const char *name = name_exception(key);

	if (name)
		snprintf(buf, room, "%s", name);
	else
		vector_text(buf, room, key);
}

static void number_text(char *buf, size_t room, uint64_t key)
{
	snprintf(buf, room, "%u", (unsigned int)key);
}

static void print_crs(struct out *o)
{
	const struct table *t = &o->model->crs;
	char name[32];

	if (!t->n)
		return;
	flow_begin(o, "CR access");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *row = &t->rows[i];

		snprintf(name, sizeof(name), "write-cr%u", (unsigned int)row->key);
		if (row->writes)
			flow(o, name, row->writes);
		snprintf(name, sizeof(name), "read-cr%u", (unsigned int)row->key);
		if (row->count > row->writes)
			flow(o, name, row->count - row->writes);
	}
	fputc('\n', o->f);
}

static void print_events(struct out *o)
{
	heading(o, "EVENTS", "");
	flow_table(o, "Userspace", &o->model->user_reasons, user_reason_text);
	flow_table(o, "Interrupts", &o->model->vectors, vector_text);
	flow_table(o, "Exceptions", &o->model->exceptions, exception_text);
	flow_table(o, "Hypercalls", &o->model->hypercalls, number_text);
	print_crs(o);
}

static void print_counters(struct out *o)
{
	const struct report *r = o->report;
	int column = 0, half = (o->width - 8) / 2;
	char n[16];

	if (!r->n_counters)
		return;
	heading(o, "COUNTERS", "from debugfs, last reading before the VM ended");
	for (size_t i = 0; i < r->n_counters; i++) {
		if (!r->counters[i].value)
			continue;
		fprintf(o->f, "%s%-*.*s", column ? "      " : "  ", half - 13, half - 13,
			r->counters[i].name);
		fprintf(o->f, "%11s", format_count(n, r->counters[i].value));
		column = !column;
		if (!column)
			fputc('\n', o->f);
	}
	if (column)
		fputc('\n', o->f);
}

void report_text(FILE *f, const struct report *report, const struct style *style)
{
	struct out o = {.f = f, .report = report, .model = report->model, .style = style};

	if (style->columns && style->columns < WIDE) {
		o.width = NARROW;
		o.name = 12;
		o.port = 14;
		o.reason = 14;
		o.bars = 0;
	} else {
		o.width = WIDE;
		o.name = 24;
		o.port = 26;
		o.reason = 18;
		o.bars = 10;
	}

	print_summary(&o);
	if (!report->model->exits) {
		fputs("\n  The command ran no guest: no kvm_exit was seen.\n", f);
		return;
	}
	print_vcpus(&o);
	print_reasons(&o);
	print_ports(&o);
	print_mmio(&o);
	print_msrs(&o);
	print_named(&o, "TOP CPUID LEAVES", &o.model->leaves, name_leaf,
		    total_of(&o.model->leaves));
	print_faults(&o);
	print_emulated(&o);
	print_events(&o);
	print_counters(&o);
	fputc('\n', f);
}
