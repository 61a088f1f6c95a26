// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmstat: the live view of virtual machines on KVM, and the same as text, JSON,
 * CSV and OpenMetrics. From top to bottom: options, source, sample, model,
 * view, and a way out; see the headers of those names.
 */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "source.h"
#include "tui.h"

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
	(void)signal;
	stop = 1;
}

static int fail(const char *error)
{
	fprintf(stderr, "kvmstat: %s\n", error);
	return 1;
}

static void catch_stop(void)
{
	struct sigaction action = {.sa_handler = on_stop};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static u32 terminal_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
			       size.ws_col >= 40
		       ? size.ws_col
		       : 80;
}

/* Sleeps until @start plus @n intervals: no drift. False: we were told to stop. */
static bool sleep_until(u64 start, u64 n, double interval)
{
	u64 at = start + (u64)(n * interval * 1e9);
	struct timespec ts = {at / 1000000000, at % 1000000000};

	while (!stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
	return !stop;
}

/* ---- the question ------------------------------------------------------- */

static bool find_vm(const struct model *m, const char *text, struct vm_ref *ret)
{
	for (u32 i = 0; i < m->n_vms; i++) {
		const struct vm_sample *vm = &m->vms[i].now;
		char pid[16];

		snprintf(pid, sizeof(pid), "%u", vm->tgid);
		if (strcmp(vm->name, text) == 0 || strcmp(pid, text) == 0) {
			*ret = vm_ref(&m->vms[i]);
			return true;
		}
	}
	return false;
}

/* --vcpu: is there one of that number, where there are VMs? */
static bool check_vcpu(const struct options *o, const struct model *m, const struct query *q,
		       char error[ERROR_LEN])
{
	const struct model_vm *vm = q->vm.any ? NULL : model_find(m, q->vm);
	bool found = !m->n_vms || o->vcpu < 0;

	for (u32 i = 0; i < m->n_vms && !found; i++)
		found = vm_is(&m->vms[i], q->vm) && model_vcpu(&m->vms[i].now, o->vcpu);
	if (!found && vm)
		snprintf(error, ERROR_LEN, "no vCPU %u: '%s' has %u", (u32)o->vcpu, vm->now.name,
			 vm->now.n_vcpus);
	else if (!found)
		snprintf(error, ERROR_LEN, "no vCPU %u in any VM", (u32)o->vcpu);
	return found;
}

/*
 * --kind with --reason: a kind of exit comes with a few of the hardware's
 * reasons only. One that has come with others but never with this is a mistake.
 */
static bool check_pair(const struct options *o, const struct model *m, const struct query *q,
		       char error[ERROR_LEN])
{
	char others[128] = "", room[16];
	size_t at = 0;

	if (!o->reason)
		return true;
	for (u32 i = 0; i < m->n_vms; i++) {
		const struct vm_sample *vm = &m->vms[i].now;

		for (u32 k = 0; k < vm->total.n_hists && vm_is(&m->vms[i], q->vm); k++) {
			struct hist_key key = vm->total.hists[k].key;

			if (hist_key_equal(key, q->key))
				return true;
			if (key.hist == q->key.hist && key.label == q->key.label &&
			    at < sizeof(others))
				at += snprintf(others + at, sizeof(others) - at, " %s",
					       reason_name(vm->isa, key.reason, room));
		}
	}
	if (at)
		snprintf(error, ERROR_LEN, "no exit of kind '%s' has reason '%s'; it comes with:%s",
			 o->label, o->reason, others);
	return !at;
}

static bool make_query(const struct options *o, const struct model *m, struct query *ret,
		       regex_t *filter, char error[ERROR_LEN])
{
	*ret = (struct query){
		.view = o->view < 0 ? VIEW_OVERVIEW : o->view,
		.vm.any = true,
		.vcpu = o->vcpu < 0 ? ALL_VCPUS : (u32)o->vcpu,
		.record = o->record,
		.merge = o->merge,
		.sort = o->sort,
		.reverse = o->reverse,
		.filter = o->filter ? filter : NULL,
		.key = o->key,
	};
	if (o->vm && !find_vm(m, o->vm, &ret->vm)) {
		snprintf(error, ERROR_LEN, "no VM with the name or pid '%s' is running", o->vm);
		return false;
	}
	/* Of a lone VM one speaks by name. */
	if (!o->vm && m->n_vms == 1)
		ret->vm = vm_ref(&m->vms[0]);
	return check_vcpu(o, m, ret, error) && check_pair(o, m, ret, error);
}

/* ---- ways out without a screen ------------------------------------------- */

static void print_text(const struct options *o, const struct model *m, const struct self *self,
		       const struct page *page, u64 n)
{
	char status[256];

	if (n)
		putchar('\n');
	text_status(m, self, status, sizeof(status));
	printf("%s\n", status);
	if (!m->n_vms && o->view <= VIEW_OVERVIEW)
		printf("no VM is running\n");
	else
		text_page(stdout, page, o->width);
}

static bool print_one(const struct options *o, const struct model *m, const struct self *self,
		      const struct query *q, u64 n)
{
	struct page page;
	bool good;

	if (o->format == FORMAT_OPENMETRICS || o->format == FORMAT_PROMETHEUS) {
		openmetrics(stdout, m, q, o->format == FORMAT_PROMETHEUS);
		return true;
	}
	if (o->format == FORMAT_JSON && o->view < 0)
		return json_all(stdout, m, q, self);
	good = view_build(m, q, self, &page);
	if (o->format == FORMAT_JSON)
		json_page(stdout, m, q, &page);
	else if (o->format == FORMAT_CSV)
		csv_page(stdout, m, q, &page, n == 0);
	else
		print_text(o, m, self, &page, n);
	page_free(&page);
	return good;
}

static enum look feed(struct source *s, struct model *m)
{
	struct sample *sample;
	struct raw raw;
	enum look look = source_look(s, &raw);

	if (look != LOOK_DONE)
		return look;
	sample = sample_parse(&raw);
	raw_free(&raw);
	return sample && model_feed(m, sample) ? LOOK_DONE : LOOK_FAILED;
}

/* One look is enough for what only grows. */
static bool wants_interval(const struct options *o)
{
	return !o->total && o->format != FORMAT_OPENMETRICS && o->format != FORMAT_PROMETHEUS &&
	       o->view != VIEW_RECORDERS && o->view != VIEW_RECORD;
}

static int run_plain(const struct options *o, struct source *s)
{
	struct self self = {s->name, s->live ? o->interval : 0};
	u64 start = clock_ns(CLOCK_MONOTONIC), looks = 0, n = 0;
	struct model m = {.since_zero = o->total};
	char error[ERROR_LEN] = "out of memory";
	enum look look = LOOK_DONE;
	regex_t filter;
	bool good = true;

	if (o->filter && regcomp(&filter, o->filter, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return fail("--filter: no regular expression");
	catch_stop();
	while (good && look == LOOK_DONE && (!o->count || n < o->count)) {
		struct query q;

		if (s->live && looks && !sleep_until(start, looks, o->interval))
			break;
		look = feed(s, &m);
		if (look != LOOK_DONE || (looks++ == 0 && wants_interval(o)))
			continue;
		/* A recording's total is that of all of it. */
		if (o->total && !s->live && s->at < s->n_looks && !o->batch)
			continue;
		good = make_query(o, &m, &q, &filter, error);
		/* The VM that this is about may end: then so do we. */
		if (!good && n && !find_vm(&m, o->vm, &q.vm)) {
			good = true;
			break;
		}
		good = good && print_one(o, &m, &self, &q, n++);
		if (fflush(stdout) != 0)
			break;
	}
	/* A recording of one look has no interval, but something to show. */
	if (good && look == LOOK_END && !n && m.n_samples) {
		struct query q;

		good = make_query(o, &m, &q, &filter, error) && print_one(o, &m, &self, &q, 0);
	}
	if (o->filter)
		regfree(&filter);
	model_free(&m);
	return good && look != LOOK_FAILED ? 0 : fail(error);
}

static int run_screen(const struct options *o, struct source *s)
{
	struct model m = {0};
	struct query q;
	char error[ERROR_LEN] = "out of memory";
	bool good;

	/* A look beforehand, to know the VM that -p speaks of. */
	good = feed(s, &m) == LOOK_DONE && make_query(o, &m, &q, NULL, error);
	q.vm.any |= !o->vm;
	if (o->vm && o->view < 0)
		q.view = VIEW_VM;
	if (q.view == VIEW_HIST && !o->label)
		q.view = VIEW_EXITS;
	model_free(&m);
	s->at = 0;
	s->newest_record = 0;
	good = good && tui_run(s, &q, o->interval, options_colour(o), o->total, error);
	return good ? 0 : fail(error);
}

static int run_record(const struct options *o, struct source *s)
{
	FILE *f = fopen(o->file, "we");
	u64 start = clock_ns(CLOCK_MONOTONIC), n = 0;
	char error[ERROR_LEN];
	bool good;

	if (!f) {
		snprintf(error, sizeof(error), "can't write %s: %s", o->file, strerror(errno));
		return fail(error);
	}
	catch_stop();
	good = recording_begin(f);
	/* n intervals lie between n + 1 looks. */
	while (good && (!o->count || n <= o->count)) {
		struct raw raw;

		if (n && !sleep_until(start, n, o->interval))
			break;
		good = source_look(s, &raw) == LOOK_DONE && recording_write(f, &raw);
		raw_free(&raw);
		n++;
	}
	good &= fclose(f) == 0;
	if (!good) {
		snprintf(error, sizeof(error), "writing %s failed", o->file);
		return fail(error);
	}
	fprintf(stderr, "kvmstat: %llu samples in %s\n", (unsigned long long)n, o->file);
	return 0;
}

int main(int argc, char **argv)
{
	char error[ERROR_LEN] = "";
	struct options o;
	struct source s;
	bool good;
	int status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	glyphs_utf8 = glyphs_detect();
	options_parse(&o, argc, argv);
	if (o.command == COMMAND_RECORDER)
		return recorder_main(&o);
	if (o.format == FORMAT_SCREEN && !isatty(STDOUT_FILENO) && o.command != COMMAND_RECORD) {
		o.format = FORMAT_TEXT;
		o.count = 1;
	}
	if (!o.batch && o.format != FORMAT_SCREEN && o.command != COMMAND_RECORD)
		o.count = 1;
	if (!o.width)
		o.width = terminal_width();
	if (o.command == COMMAND_REPLAY)
		good = source_open_recording(&s, o.file, error);
	else
		good = source_open_live(&s, o.debugfs, error);
	if (!good)
		return fail(error);
	if (o.command == COMMAND_RECORD)
		status = run_record(&o, &s);
	else if (o.format == FORMAT_SCREEN)
		status = run_screen(&o, &s);
	else
		status = run_plain(&o, &s);
	source_close(&s);
	return status;
}
