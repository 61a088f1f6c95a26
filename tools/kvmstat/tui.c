// SPDX-License-Identifier: GPL-2.0-only
/*
 * The screen's life: the terminal is taken and given back, whatever ends the
 * program; samples come by the clock; a recording plays at the pace it was made.
 *
 * One thread. Signals only set a flag, but for those of a crash: their handler
 * gives the terminal back with write() and tcsetattr() alone.
 */
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tui.h"

#include <term.h> /* last: it has macros for common words */

static volatile sig_atomic_t caught;
static struct termios saved;
static char restore[512]; /* what to tell the terminal at the end */
static size_t restore_len;

static void on_end(int signal)
{
	caught = signal;
}

static void on_crash(int number)
{
	if (write(STDOUT_FILENO, restore, restore_len) < 0) {
		/* Nothing that could be done about it here. */
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	signal(number, SIG_DFL);
	raise(number);
}

static int keep(int c)
{
	if (restore_len < sizeof(restore))
		restore[restore_len++] = c;
	return c;
}

static void signals_init(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	struct sigaction action = {.sa_handler = on_end};
	/* Attributes off, cursor on, the other screen away: what endwin() would say. */
	static const char *const names[] = {"sgr0", "cnorm", "rmkx", "rmcup"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &action, NULL);
	action.sa_handler = on_crash;
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &action, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = tigetstr(names[i]);

		if (text && text != (char *)-1)
			tputs(text, 1, keep);
	}
}

static bool terminal_init(struct tui *t, char error[ERROR_LEN])
{
	tcgetattr(STDIN_FILENO, &saved);
	if (!newterm(NULL, stdout, stdin)) {
		const char *term = getenv("TERM");

		snprintf(error, ERROR_LEN, "can't use this terminal (TERM=%s): try --once",
			 term ? term : "");
		return false;
	}
	signals_init();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (t->colours && has_colors())
		tui_colours_init();
	else
		t->colours = false;
	return true;
}

/* ---- samples ------------------------------------------------------------ */

bool tui_step(struct tui *t)
{
	struct sample *sample;
	struct raw raw;
	enum look look = source_look(t->source, &raw);

	t->ended = look == LOOK_END;
	if (look != LOOK_DONE)
		return false;
	sample = sample_parse(&raw);
	raw_free(&raw);
	if (!sample)
		return false;
	model_feed(&t->model, sample);
	return true;
}

void tui_step_back(struct tui *t)
{
	u32 to = t->source->at > 2 ? t->source->at - 1 : t->source->at;
	bool since = t->model.since_zero;

	model_free(&t->model);
	t->model.since_zero = since;
	t->source->at = 0;
	while (t->source->at < to && tui_step(t))
		;
	t->ended = false;
}

static bool same_row(const struct row *a, const struct row *b)
{
	return a->vm == b->vm && a->vcpu == b->vcpu && a->record == b->record &&
	       hist_key_equal(a->key, b->key);
}

/* Pages without rows to choose stay where they are; others follow the chosen row. */
static void follow(struct tui *t, const struct row *old)
{
	struct place *p = tui_place(t);
	u32 n = page_rows(&t->page);

	for (u32 i = 0; i < n; i++)
		if (same_row(page_row(&t->page, i, NULL), old)) {
			/* Rows of buckets and counters stand for nothing: all are the same. */
			if (p->selected < n && same_row(page_row(&t->page, p->selected, NULL), old))
				return;
			p->selected = i;
			return;
		}
}

void tui_refresh(struct tui *t)
{
	struct place *p = tui_place(t);
	struct row old = {0}, *row = page_row(&t->page, p->selected, NULL);
	bool had = row;
	regex_t filter;
	u32 n;

	if (had)
		old = *row;
	page_free(&t->page);
	if (p->filter[0] && regcomp(&filter, p->filter, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0)
		p->query.filter = &filter;
	view_build(&t->model, &p->query, &t->self, &t->page);
	if (p->query.filter)
		regfree(&filter);
	p->query.filter = NULL;
	if (had)
		follow(t, &old);
	n = page_rows(&t->page);
	if (!t->page.text && p->selected >= n)
		p->selected = n ? n - 1 : 0;
}

/* Nanoseconds from the sample shown to the next one. */
static u64 pace(const struct tui *t)
{
	const struct source *s = t->source;

	if (s->live)
		return t->interval * 1e9;
	if (!s->at || s->at >= s->n_looks || s->looks[s->at].time_ns <= s->looks[s->at - 1].time_ns)
		return 1000000000;
	return s->looks[s->at].time_ns - s->looks[s->at - 1].time_ns;
}

static void wait_key(struct tui *t, u64 next)
{
	u64 now = clock_ns(CLOCK_MONOTONIC);
	int key;

	timeout(t->paused    ? 3600000
		: next > now ? (int)min((next - now) / 1000000 + 1, 3600000ULL)
			     : 0);
	key = getch();
	if (key != ERR)
		tui_key(t, key);
}

static void loop(struct tui *t)
{
	u64 next = clock_ns(CLOCK_MONOTONIC) + pace(t);
	double interval = t->interval;

	while (!t->quit && !caught) {
		tui_draw(t);
		wait_key(t, next);
		if (interval != t->interval) {
			interval = t->interval;
			next = clock_ns(CLOCK_MONOTONIC);
		}
		if (t->paused) {
			next = clock_ns(CLOCK_MONOTONIC) + pace(t);
		} else if (clock_ns(CLOCK_MONOTONIC) >= next) {
			if (!tui_step(t) && !t->source->live)
				t->paused = true;
			next = max(next + pace(t), clock_ns(CLOCK_MONOTONIC) + pace(t) / 2);
			tui_refresh(t);
		}
	}
}

bool tui_run(struct source *source, const struct query *query, double interval, bool colours,
	     bool since_zero, char error[ERROR_LEN])
{
	struct tui t = {.source = source, .interval = interval, .colours = colours};

	t.stack[0].query = *query;
	t.last_vm.any = true;
	t.self = (struct self){source->name, source->live ? interval : 0};
	t.model.since_zero = since_zero;
	if (!terminal_init(&t, error))
		return false;
	tui_step(&t);
	if (!source->live) {
		/* The first interval, standing still. */
		tui_step(&t);
		t.paused = true;
	}
	tui_refresh(&t);
	loop(&t);
	endwin();
	page_free(&t.page);
	model_free(&t.model);
	if (caught) {
		signal(caught, SIG_DFL);
		raise(caught);
	}
	return true;
}
