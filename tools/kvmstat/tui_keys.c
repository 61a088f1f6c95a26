// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keys do.
 */
#include <ctype.h>
#include <ncurses.h>
#include <stdlib.h>
#include <strings.h>

#include "tui.h"

enum { KEY_ESC = 27, KEY_CTRL_L = 12 };

const char *const tui_help[] = {
	"Moving",
	"  j k, arrows      line down, up (page: PgDn PgUp, ends: Home End)",
	"  Enter            look into the line: VM, vCPU, exits, histogram",
	"  Esc, Backspace   back out (Esc on the first view: quit)",
	"  Tab              next view of this VM",
	"  g                go to a guest by name or pid",
	"Views of a VM",
	"  v  vCPUs and their states      x  exits by reason",
	"  u  time in userspace           m  memory: faults, dirty passes, slots",
	"  i  interrupts, halts           c  all counters",
	"Views of the host",
	"  o  overview     R  frozen flight recorders     S  kvmstat itself",
	"Rows and columns",
	"  < >   sort by the column to the left, right     r  reverse",
	"  s     choose the column to sort by              e  expand or merge reasons",
	"  /     search (n: next)                          f  filter by regex",
	"Time",
	"  d     interval in seconds       space  pause",
	"  z     count from zero now       t      interval, or all since zero",
	"  [ ]   one sample back, forward (recordings)",
	"Other",
	"  h ? F1  this help      Ctrl-L  redraw      q  quit",
	"",
	"States: G guest  x handling exits  u userspace  h halted  p polling  r ready, no CPU",
	"max: the largest of the interval, exact if it is the largest ever, else within its bucket",
	"time%: of all vCPU time.  A vCPU number with ! was caught while it was writing.",
	NULL,
};

__attribute__((format(printf, 2, 3))) static void tell(struct tui *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->message, sizeof(t->message), format, args);
	va_end(args);
}

/* ---- going places ------------------------------------------------------- */

static void changed(struct tui *t)
{
	page_free(&t->page);
	tui_refresh(t);
}

/* Views of the host that show no VMs come back to the VM that was looked at before. */
static void remember_vm(struct tui *t)
{
	const struct query *q = &tui_place(t)->query;
	struct row *row = page_row(&t->page, tui_place(t)->selected, NULL);

	if (q->view >= VIEW_RECORDERS)
		return;
	if (!q->vm.any)
		t->last_vm = q->vm;
	else if (row && row->vm < t->model.n_vms)
		t->last_vm = vm_ref(&t->model.vms[row->vm]);
}

static void enter(struct tui *t, struct query query)
{
	struct place *p;

	remember_vm(t);

	if (t->depth + 1 >= TUI_DEPTH)
		memmove(&t->stack[1], &t->stack[2], sizeof(t->stack[0]) * (TUI_DEPTH - 2));
	else
		t->depth++;
	p = tui_place(t);
	*p = (struct place){.query = query};
	p->query.sort = NULL;
	p->query.reverse = false;
	changed(t);
}

static void leave(struct tui *t)
{
	if (!t->depth)
		return;
	t->depth--;
	/* The row that we came from is looked for by its number only. */
	changed(t);
}

static struct row *selected(struct tui *t)
{
	return page_row(&t->page, tui_place(t)->selected, NULL);
}

/* The VM that a key is about: the view's own or the selected row's. */
static bool this_vm(struct tui *t, struct query *q)
{
	struct row *row = selected(t);

	*q = tui_place(t)->query;
	if (!q->vm.any)
		return true;
	if (q->view >= VIEW_RECORDERS && !t->last_vm.any)
		q->vm = t->last_vm;
	else if (q->view < VIEW_RECORDERS && row && row->vm < t->model.n_vms)
		q->vm = vm_ref(&t->model.vms[row->vm]);
	else {
		tell(t, "Choose a VM first");
		return false;
	}
	return true;
}

static void go_view(struct tui *t, enum view_id view)
{
	struct query q;

	if (!this_vm(t, &q))
		return;
	if (tui_place(t)->query.view == VIEW_VM && selected(t))
		q.vcpu = selected(t)->vcpu;
	if (view == VIEW_VM || view == VIEW_MEMORY)
		q.vcpu = ALL_VCPUS;
	q.view = view;
	/* Beside each other, not within: VM's views take the place of one another. */
	if (tui_place(t)->query.view >= VIEW_EXITS && tui_place(t)->query.view < VIEW_RECORDERS &&
	    t->depth)
		t->depth--;
	enter(t, q);
}

static void go_host_view(struct tui *t, enum view_id view)
{
	struct query q = {.view = view, .vm.any = true, .vcpu = ALL_VCPUS};

	if (tui_place(t)->query.view == view)
		return;
	if (view == VIEW_OVERVIEW) {
		t->depth = 0;
		t->stack[0] = (struct place){.query = q};
		changed(t);
		return;
	}
	enter(t, q);
}

static void next_view(struct tui *t)
{
	static const enum view_id order[] = {VIEW_VM,	  VIEW_EXITS, VIEW_USER,
					     VIEW_MEMORY, VIEW_IRQ,   VIEW_COUNTERS};
	u32 i = 0;

	while (i < ARRAY_SIZE(order) && order[i] != tui_place(t)->query.view)
		i++;
	go_view(t, order[i < ARRAY_SIZE(order) ? (i + 1) % ARRAY_SIZE(order) : 0]);
}

static void look_into(struct tui *t)
{
	struct query q = tui_place(t)->query;
	struct table *table;
	struct row *row = page_row(&t->page, tui_place(t)->selected, &table);

	if (!row)
		return;
	switch (q.view) {
	case VIEW_OVERVIEW:
		q.vm = vm_ref(&t->model.vms[row->vm]);
		q.view = VIEW_VM;
		break;
	case VIEW_VM:
		q.vcpu = row->vcpu;
		q.view = VIEW_EXITS;
		break;
	case VIEW_IRQ:
		if (strcmp(table->name, "irqs") == 0) {
			if (!q.vm.any && q.vcpu == row->vcpu)
				return;
			q.vm = vm_ref(&t->model.vms[row->vm]);
			q.vcpu = row->vcpu;
			break;
		}
		fallthrough;
	case VIEW_MEMORY:
		if (strcmp(table->name, "slots") == 0)
			return;
		fallthrough;
	case VIEW_EXITS:
	case VIEW_USER:
	case VIEW_FAULTS:
	case VIEW_DIRTY:
		q.vm = vm_ref(&t->model.vms[row->vm]);
		q.key = row->key;
		q.view = VIEW_HIST;
		break;
	case VIEW_RECORDERS:
		q.record = row->record;
		q.view = VIEW_RECORD;
		break;
	default:
		return;
	}
	enter(t, q);
}

static void go_guest(struct tui *t, const char *text)
{
	for (u32 i = 0; i < t->model.n_vms; i++) {
		const struct vm_sample *vm = &t->model.vms[i].now;
		char pid[16];

		snprintf(pid, sizeof(pid), "%u", vm->tgid);
		if (strcmp(pid, text) == 0 || strcasestr(vm->name, text)) {
			struct query q = {
				.view = VIEW_VM, .vm = vm_ref(&t->model.vms[i]), .vcpu = ALL_VCPUS};

			t->depth = 0;
			enter(t, q);
			return;
		}
	}
	tell(t, "No VM is called '%s'", text);
}

/* ---- moving, sorting ---------------------------------------------------- */

static void move_by(struct tui *t, int by)
{
	struct place *p = tui_place(t);
	u32 n = page_rows(&t->page);

	/* Texts have no rows; there it is the first line shown, and drawing keeps it in bounds. */
	if (t->page.text)
		n = U32_MAX / 2;
	if (by < 0)
		p->selected -= min(p->selected, (u32)-by);
	else if (n)
		p->selected = min(p->selected + by, n - 1);
}

/* The table that sorting is about: that of the selected row. */
static struct table *this_table(struct tui *t)
{
	struct table *table = NULL;

	if (!page_row(&t->page, tui_place(t)->selected, &table) && t->page.n_tables)
		table = &t->page.tables[0];
	return table;
}

static void sort_by(struct tui *t, u32 column)
{
	struct place *p = tui_place(t);

	p->query.sort = this_table(t)->columns[column].key;
	p->query.reverse = false;
	tui_refresh(t);
}

bool tui_sortable(const struct table *table, u32 i)
{
	const struct column *c = &table->columns[i];

	return c->title && c->kind < CELL_SPARK && (!c->several || table->several);
}

static void sort_beside(struct tui *t, int by)
{
	struct table *table = this_table(t);
	int i;

	if (!table)
		return;
	i = min(table->sort, table->n_columns - 1);
	do
		i += by;
	while (i >= 0 && i < (int)table->n_columns && !tui_sortable(table, i));
	if (i >= 0 && i < (int)table->n_columns)
		sort_by(t, i);
}

static void menu_move(struct tui *t, int by)
{
	struct table *table = this_table(t);
	int i = t->menu_at;

	do
		i += by;
	while (i >= 0 && i < (int)table->n_columns && !tui_sortable(table, i));
	if (i >= 0 && i < (int)table->n_columns)
		t->menu_at = i;
}

static void menu_key(struct tui *t, int key)
{
	switch (key) {
	case 'j':
	case KEY_DOWN:
		menu_move(t, 1);
		break;
	case 'k':
	case KEY_UP:
		menu_move(t, -1);
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		t->mode = MODE_NORMAL;
		sort_by(t, t->menu_at);
		break;
	case KEY_RESIZE:
		break;
	default:
		t->mode = MODE_NORMAL;
	}
}

static void menu_open(struct tui *t)
{
	struct table *table = this_table(t);

	if (!table)
		return;
	t->menu_at = min(table->sort, table->n_columns - 1);
	if (!tui_sortable(table, t->menu_at)) {
		t->menu_at = 0;
		if (!tui_sortable(table, 0))
			menu_move(t, 1);
	}
	t->mode = MODE_SORT;
}

/* ---- prompts ------------------------------------------------------------ */

static void search_next(struct tui *t, u32 from)
{
	u32 n = page_rows(&t->page);

	for (u32 i = 0; i < n && t->search[0]; i++) {
		u32 at = (from + i) % n;
		struct table *table;
		struct row *row = page_row(&t->page, at, &table);

		for (u32 c = 0; c < table->n_columns; c++)
			if (row->cells[c].kind == CELL_TEXT &&
			    strcasestr(row->cells[c].text, t->search)) {
				tui_place(t)->selected = at;
				return;
			}
	}
	tell(t, "'%s' is not here", t->search);
}

static void set_filter(struct tui *t)
{
	regex_t regex;

	if (t->input[0] && regcomp(&regex, t->input, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
		tell(t, "'%s' is no regular expression", t->input);
		return;
	}
	if (t->input[0])
		regfree(&regex);
	memcpy(tui_place(t)->filter, t->input, sizeof(t->input));
	tui_refresh(t);
}

static void prompt_done(struct tui *t)
{
	double seconds;
	char *end;

	t->mode = MODE_NORMAL;
	switch (t->prompt_key) {
	case 'd':
		seconds = strtod(t->input, &end);
		if (*end || end == t->input || !(seconds >= 0.1 && seconds <= 3600)) {
			tell(t, "An interval is 0.1 to 3600 seconds");
			return;
		}
		t->interval = seconds;
		t->self.interval_wanted = t->source->live ? seconds : 0;
		break;
	case 'f':
		set_filter(t);
		break;
	case 'g':
		if (t->input[0])
			go_guest(t, t->input);
		break;
	case '/':
		memcpy(t->search, t->input, sizeof(t->input));
		search_next(t, tui_place(t)->selected);
		break;
	}
}

static void prompt_key(struct tui *t, int key)
{
	size_t len = strlen(t->input);

	if (key == '\n' || key == '\r' || key == KEY_ENTER)
		prompt_done(t);
	else if (key == KEY_ESC)
		t->mode = MODE_NORMAL;
	else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && len)
		t->input[len - 1] = 0;
	else if (key >= 32 && key < 127 && len + 1 < sizeof(t->input))
		t->input[len] = key, t->input[len + 1] = 0;
}

static void prompt_open(struct tui *t, int key)
{
	t->mode = MODE_PROMPT;
	t->prompt_key = key;
	t->input[0] = 0;
	if (key == 'f')
		memcpy(t->input, tui_place(t)->filter, sizeof(t->input));
}

/* ---- keys --------------------------------------------------------------- */

static void help_key(struct tui *t, int key)
{
	if (key == 'j' || key == KEY_DOWN || key == KEY_NPAGE || key == ' ')
		t->help_top += key == 'j' || key == KEY_DOWN ? 1 : 10;
	else if (key == 'k' || key == KEY_UP || key == KEY_PPAGE)
		t->help_top -= min(t->help_top, key == 'k' || key == KEY_UP ? 1U : 10U);
	else if (key != KEY_RESIZE)
		t->mode = MODE_NORMAL;
}

static void step(struct tui *t, int by)
{
	if (t->source->live) {
		tell(t, "[ and ] step in recordings: kvmstat replay FILE");
		return;
	}
	t->paused = true;
	if (by > 0)
		tui_step(t);
	else
		tui_step_back(t);
	changed(t);
}

static bool time_key(struct tui *t, int key)
{
	switch (key) {
	case ' ':
		t->paused = !t->paused;
		return true;
	case '[':
		step(t, -1);
		return true;
	case ']':
		step(t, 1);
		return true;
	case 'z':
		model_zero(&t->model);
		t->model.since_zero = true;
		tell(t, "Counting from now on; t: back to intervals");
		tui_refresh(t);
		return true;
	case 't':
		t->model.since_zero = !t->model.since_zero;
		tui_refresh(t);
		return true;
	}
	return false;
}

static bool view_key(struct tui *t, int key)
{
	static const struct {
		char key;
		enum view_id view;
	} views[] = {
		{'v', VIEW_VM},	       {'x', VIEW_EXITS},    {'u', VIEW_USER},
		{'m', VIEW_MEMORY},    {'c', VIEW_COUNTERS}, {'o', VIEW_OVERVIEW},
		{'R', VIEW_RECORDERS}, {'S', VIEW_SELF},     {'i', VIEW_IRQ},
	};

	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		enum view_id view = views[i].view;

		if (views[i].key != key)
			continue;
		if (view == VIEW_OVERVIEW || view >= VIEW_RECORDERS)
			go_host_view(t, view);
		else
			go_view(t, view);
		return true;
	}
	return false;
}

static bool move_key(struct tui *t, int key)
{
	switch (key) {
	case 'j':
	case KEY_DOWN:
		move_by(t, 1);
		return true;
	case 'k':
	case KEY_UP:
		move_by(t, -1);
		return true;
	case KEY_NPAGE:
		move_by(t, max(t->body_lines, 2U) - 1);
		return true;
	case KEY_PPAGE:
		move_by(t, 1 - (int)max(t->body_lines, 2U));
		return true;
	case KEY_HOME:
		move_by(t, -1000000);
		return true;
	case KEY_END:
		move_by(t, 1000000);
		return true;
	case '\n':
	case '\r':
	case KEY_ENTER:
		look_into(t);
		return true;
	case KEY_BACKSPACE:
	case 127:
	case 8:
		leave(t);
		return true;
	case '\t':
		next_view(t);
		return true;
	}
	return false;
}

static void normal_key(struct tui *t, int key)
{
	if (move_key(t, key) || view_key(t, key) || time_key(t, key))
		return;
	switch (key) {
	case 'q':
		t->quit = true;
		break;
	case KEY_ESC:
		if (!t->depth)
			t->quit = true;
		leave(t);
		break;
	case 'h':
	case '?':
	case KEY_F(1):
		t->mode = MODE_HELP;
		t->help_top = 0;
		break;
	case '<':
		sort_beside(t, -1);
		break;
	case '>':
		sort_beside(t, 1);
		break;
	case 'r':
		tui_place(t)->query.reverse = !tui_place(t)->query.reverse;
		tui_refresh(t);
		break;
	case 's':
		menu_open(t);
		break;
	case 'e':
		tui_place(t)->query.merge = !tui_place(t)->query.merge;
		tui_refresh(t);
		break;
	case 'n':
		if (t->search[0])
			search_next(t, tui_place(t)->selected + 1);
		break;
	case 'd':
	case 'f':
	case 'g':
	case '/':
		prompt_open(t, key);
		break;
	case KEY_CTRL_L:
		clearok(stdscr, TRUE);
		break;
	}
}

void tui_key(struct tui *t, int key)
{
	t->message[0] = 0;
	switch (t->mode) {
	case MODE_HELP:
		help_key(t, key);
		break;
	case MODE_SORT:
		menu_key(t, key);
		break;
	case MODE_PROMPT:
		prompt_key(t, key);
		break;
	case MODE_NORMAL:
		normal_key(t, key);
		break;
	}
}
