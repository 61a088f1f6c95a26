/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvmreport: run a command and report on the virtual machines it ran.
 *
 * The command is forked first and waits on a pipe until recording is on, so
 * that its first exit is seen. Its output goes where ours goes, untouched; the
 * report comes after it. Signals from the terminal's keys reach the command by
 * themselves, SIGTERM and SIGHUP to us are passed on, and its end is ours: we
 * stay to report what was seen until then. If we are killed it gets SIGTERM.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../common/words.h"
#include "report.h"

#define POLL_NS	       50000000 /* between two looks at the buffers */
#define COUNTERS_EVERY 6	/* of them: a look at the counters */
#define DEFAULT_BUFFER 8192	/* KiB a CPU */
#define DEFAULT_TOP    10

static const char doc[] =
	"Run COMMAND, record the kvm:* tracepoints of the virtual machines it runs, and report "
	"where their time went.\v"
	"Examples:\n"
	"  kvmreport -- qemu-system-x86_64 -accel kvm -nographic -kernel bzImage\n"
	"  kvmreport --json run.json --out run.txt -- ./my-vmm guest.bin\n"
	"\n"
	"Works on glassvisor and on stock KVM. Needs root, tracefs and debugfs. Tracing slows "
	"every exit down a little, so absolute times are upper bounds.\n"
	"The exit status is COMMAND's; 125: kvmreport itself failed; 2: its command line was wrong.";

enum { OPT_JSON = 256, OPT_TEXT, OPT_TOP, OPT_BUFFER, OPT_COLOUR, OPT_ALL };

static const struct argp_option options[] = {
	{"out", 'o', "FILE", 0, "Write the report to FILE (default: standard output)", 0},
	{"out-text", OPT_TEXT, "FILE", 0, "Write a plain copy of the report to FILE as well", 0},
	{"json", OPT_JSON, "FILE", 0, "Write all that was found as JSON to FILE, - for stdout", 0},
	{"top", OPT_TOP, "N", 0, "Rows of each table (default 10)", 0},
	{"buffer", OPT_BUFFER, "KB", 0, "Trace buffer of each CPU in KiB (default 8192)", 0},
	{"all", OPT_ALL, 0, 0, "Record every VM of this machine, not only COMMAND's", 0},
	{"color", OPT_COLOUR, "WHEN", 0, "auto, always or never (default auto)", 0},
	{0},
};

struct settings {
	const char *out, *text, *json;
	unsigned int top, buffer_kb;
	bool all;
	enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
	char **command;
};

static unsigned int parse_number(const char *text, unsigned int max, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (!*text || *end || !n || n > max)
		argp_error(state, "%s: not a number from 1 to %u", text, max);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case 'o':
		s->out = arg;
		break;
	case OPT_TEXT:
		s->text = arg;
		break;
	case OPT_JSON:
		s->json = arg;
		break;
	case OPT_TOP:
		s->top = parse_number(arg, 100000, state);
		break;
	case OPT_BUFFER:
		s->buffer_kb = parse_number(arg, 4 << 20, state);
		break;
	case OPT_ALL:
		s->all = true;
		break;
	case OPT_COLOUR:
		if (!strcmp(arg, "auto"))
			s->colour = COLOUR_AUTO;
		else if (!strcmp(arg, "always"))
			s->colour = COLOUR_ALWAYS;
		else if (!strcmp(arg, "never"))
			s->colour = COLOUR_NEVER;
		else
			argp_error(state, "%s: not one of auto, always, never", arg);
		break;
	case ARGP_KEY_ARGS:
		s->command = state->argv + state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Fork the command; it starts when the pipe's other end is closed. */
static pid_t fork_command(char **command, int *ret_go)
{
	int go[2], ok;
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid) {
		close(go[0]);
		*ret_go = go[1];
		return pid;
	}
	close(go[1]);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	ok = read(go[0], &byte, 1) == 1;
	if (!ok)
		_exit(125); /* the parent gave up */
	execvp(command[0], command);
	fprintf(stderr, "kvmreport: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static volatile pid_t command_pid;

static void pass_on(int sig)
{
	kill(command_pid, sig);
}

/* Forked already: the command has the usual reactions. */
static void set_signals(pid_t pid)
{
	struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	command_pid = pid;
	sigaction(SIGTERM, &pass, NULL);
	sigaction(SIGHUP, &pass, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static void pause_ns(long ns)
{
	struct timespec ts = {0, ns};

	nanosleep(&ts, NULL);
}

static void on_event(void *model, const struct event *event)
{
	model_event(model, event);
}

/* Until the command ends. Returns its exit status as a shell counts it. */
static int follow(struct recorder *rec, struct counters *counters, struct model *model, pid_t pid)
{
	unsigned int round = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		recorder_poll(rec, false, on_event, model);
		if (round++ % COUNTERS_EVERY == 0)
			counters_sample(counters);
		pause_ns(POLL_NS);
	}
	counters_sample(counters); /* VMs of processes that it left behind */
	recorder_poll(rec, true, on_event, model);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *driver_name(void)
{
	static const char *const modules[] = {"glassvisor", "kvm_amd", "kvm_intel"};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", modules[i]);
		if (!access(path, F_OK))
			return modules[i];
	}
	return "unknown";
}

static char *join(char **words)
{
	size_t len = 1, i;
	char *text;

	for (i = 0; words[i]; i++)
		len += strlen(words[i]) + 1;
	text = calloc(1, len);
	for (i = 0; text && words[i]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, words[i]);
	}
	return text;
}

static FILE *open_output(const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "we") : stdout;

	if (!f)
		fprintf(stderr, "kvmreport: cannot write %s: %s\n", name, strerror(errno));
	return f;
}

static bool close_output(FILE *f, const char *name)
{
	bool ok = !ferror(f);

	ok &= f == stdout ? !fflush(f) : !fclose(f);
	if (!ok)
		fprintf(stderr, "kvmreport: cannot write %s: %s\n", name, strerror(errno));
	return ok;
}

static struct style choose_style(const struct settings *s, FILE *f)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	bool tty = isatty(fileno(f)), dumb = term && !strcmp(term, "dumb");
	struct style style = {.top = s->top};
	struct winsize size;

	if (tty && !ioctl(fileno(f), TIOCGWINSZ, &size))
		style.columns = size.ws_col;
	style.colour = s->colour == COLOUR_ALWAYS ||
		       (s->colour == COLOUR_AUTO && tty && !dumb && !(no_colour && *no_colour));
	style.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") && !(term && !strcmp(term, "linux"));
	return style;
}

static bool write_text(const struct settings *s, const struct report *report, const char *name,
		       bool plain)
{
	struct style style;
	FILE *f = open_output(name);

	if (!f)
		return false;
	style = choose_style(s, f);
	style.colour &= !plain;
	report_text(f, report, &style);
	return close_output(f, name);
}

static bool write_json(const struct report *report, const char *name)
{
	FILE *f = open_output(name);

	if (!f)
		return false;
	report_json(f, report);
	return close_output(f, name);
}

static bool write_reports(const struct settings *s, const struct report *report)
{
	bool ok = write_text(s, report, s->out ? s->out : "-", false);

	if (s->text)
		ok &= write_text(s, report, s->text, true);
	if (s->json)
		ok &= write_json(report, s->json);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {options, parse, "[--] COMMAND [ARGUMENT...]", doc, NULL,
					 NULL,	  NULL};
	struct settings s = {.top = DEFAULT_TOP, .buffer_kb = DEFAULT_BUFFER};
	struct report report = {0};
	struct counters *counters;
	struct recorder *rec;
	struct model model;
	uint64_t start;
	int go, failed;
	pid_t pid;

	setlocale(LC_ALL, "");
	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &s);
	fflush(stdout);

	rec = recorder_open(s.buffer_kb);
	if (!rec)
		return 125;
	counters = counters_open(s.all);
	pid = counters ? fork_command(s.command, &go) : -1;
	if (pid < 0 || !recorder_start(rec, s.all ? 0 : pid)) {
		if (pid < 0)
			fprintf(stderr, "kvmreport: %s\n", strerror(errno));
		recorder_close(rec);
		return 125;
	}
	set_signals(pid);

	model_init(&model);
	start = now_ns();
	failed = write(go, "g", 1) != 1;
	close(go);
	report.status = follow(rec, counters, &model, pid);
	report.wall_ns = now_ns() - start;
	model_finish(&model);

	report.model = &model;
	report.command = join(s.command);
	report.driver = driver_name();
	report.loss = recorder_loss(rec);
	report.counters = counters_sum(counters, &report.n_counters);
	report.n_vms = counters_vms(counters);
	failed |= !write_reports(&s, &report);

	recorder_close(rec);
	counters_close(counters);
	model_free(&model);
	free((char *)report.command);
	return failed ? 125 : report.status;
}
