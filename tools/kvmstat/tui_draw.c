// SPDX-License-Identifier: GPL-2.0-only
/*
 * From pages to characters. Every draw makes the whole screen anew; curses
 * sends what differs. Colour only ever repeats what letters and numbers say.
 */
#include <ncurses.h>
#include <time.h>

#include "output.h"
#include "tui.h"

enum { PAIR_HEADING = 1, PAIR_GUEST, PAIR_HANDLING, PAIR_USER, PAIR_HALT, PAIR_POLL, PAIR_READY };

#define WIDTH_MAX 512

void tui_colours_init(void)
{
	start_color();
	use_default_colors();
	init_pair(PAIR_HEADING, COLOR_CYAN, -1);
	init_pair(PAIR_GUEST, COLOR_GREEN, -1);
	init_pair(PAIR_HANDLING, COLOR_MAGENTA, -1);
	init_pair(PAIR_USER, COLOR_YELLOW, -1);
	init_pair(PAIR_HALT, COLOR_BLUE, -1);
	init_pair(PAIR_POLL, COLOR_CYAN, -1);
	init_pair(PAIR_READY, COLOR_RED, -1);
}

static attr_t colour(const struct tui *t, int pair)
{
	return t->colours ? COLOR_PAIR(pair) : 0;
}

u32 page_rows(const struct page *page)
{
	u32 n = 0;

	for (u32 i = 0; i < page->n_tables; i++)
		n += page->tables[i].n_rows;
	return n;
}

struct row *page_row(const struct page *page, u32 i, struct table **ret_table)
{
	for (u32 k = 0; k < page->n_tables; k++) {
		const struct table *t = &page->tables[k];

		if (i < t->n_rows) {
			if (ret_table)
				*ret_table = (struct table *)t;
			return &t->rows[i];
		}
		i -= t->n_rows;
	}
	return NULL;
}

/* A whole line in one attribute. */
static void put_line(int y, attr_t attribute, const char *text)
{
	char line[LINE_ROOM(WIDTH_MAX)];

	text_pad(text, min(COLS, WIDTH_MAX), false, line, sizeof(line));
	attrset(attribute);
	mvaddstr(y, 0, line);
	attrset(A_NORMAL);
}

/* ---- head and foot ------------------------------------------------------ */

static void draw_title(struct tui *t)
{
	char text[400], when[32] = "", line[LINE_ROOM(WIDTH_MAX)];
	time_t seconds = t->model.wall_ns / 1000000000;
	int width = min(COLS, WIDTH_MAX), left = width - 9;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "kvmstat  %s", t->page.title);
	text_pad(text, left, false, line, sizeof(line));
	attrset(A_REVERSE);
	mvaddstr(0, 0, line);
	mvprintw(0, left, " %s", when);
	attrset(A_NORMAL);
}

static void draw_status(struct tui *t)
{
	char text[512], status[256], place[64] = "", filter[80] = "", sorted[64] = "";
	const struct source *s = t->source;
	struct table *table = NULL;

	text_status(&t->model, &t->self, status, sizeof(status));
	if (!s->live)
		snprintf(place, sizeof(place), "  %u of %u%s%s", s->at, s->n_looks,
			 t->ended ? " (end)" : "", s->truncated ? " (cut off)" : "");
	if (tui_place(t)->filter[0])
		snprintf(filter, sizeof(filter), "  filter: %s", tui_place(t)->filter);
	if (page_row(&t->page, tui_place(t)->selected, &table) && table->sort < table->n_columns)
		snprintf(sorted, sizeof(sorted), "  by %s %s", table->columns[table->sort].title,
			 table->ascending ? "up" : "down");
	snprintf(text, sizeof(text), "%s%s%s%s%s", status, place, t->paused ? "  PAUSED" : "",
		 sorted, filter);
	put_line(1, A_NORMAL, text);
}

/* As many of the hints, which two blanks part, as fit. */
static void put_hints(int y, const char *hints)
{
	char text[WIDTH_MAX];
	char *end;

	snprintf(text, min(COLS + 3, (int)sizeof(text)), "%s", hints);
	while ((int)strlen(text) > COLS && (end = strrchr(text, ' '))) {
		while (end > text && end[-1] != ' ')
			end--;
		while (end > text && end[-1] == ' ')
			end--;
		*end = 0;
	}
	put_line(y, A_DIM, text);
}

static void draw_foot(struct tui *t)
{
	static const char *const hints[] = {
		"h help  q quit  Enter in  Esc back  x exits  m memory  u user  c counters  R recorders",
		"h help  space play  [ ] step  Enter in  Esc back  x exits  m memory  R recorders  q quit",
	};
	const char *what = t->prompt_key == 'd'	  ? "Interval in seconds"
			   : t->prompt_key == 'f' ? "Filter (regex, empty: none)"
			   : t->prompt_key == 'g' ? "Guest (name or pid)"
						  : "Search";
	char text[256];

	if (t->mode == MODE_PROMPT) {
		snprintf(text, sizeof(text), "%s: %s_", what, t->input);
		put_line(LINES - 1, A_NORMAL, text);
	} else if (t->message[0]) {
		put_line(LINES - 1, A_NORMAL, t->message);
	} else {
		put_hints(LINES - 1, hints[!t->source->live]);
	}
}

/* ---- tables ------------------------------------------------------------- */

static attr_t state_colour(const struct tui *t, char letter)
{
	switch (letter) {
	case 'G':
		return colour(t, PAIR_GUEST);
	case 'x':
		return colour(t, PAIR_HANDLING);
	case 'u':
		return colour(t, PAIR_USER);
	case 'h':
		return colour(t, PAIR_HALT);
	case 'p':
		return colour(t, PAIR_POLL);
	case 'r':
		return colour(t, PAIR_READY);
	}
	return 0;
}

static void draw_heading(const struct tui *t, int y, const struct table *table, const u32 *widths)
{
	char text[LINE_ROOM(WIDTH_MAX)];
	int x = 0;

	attrset(colour(t, PAIR_HEADING) | A_UNDERLINE);
	mvhline(y, 0, ' ' | A_UNDERLINE | colour(t, PAIR_HEADING), min(COLS, WIDTH_MAX));
	for (u32 i = 0; i < table->n_columns; i++) {
		if (!widths[i])
			continue;
		text_heading(table, i, widths[i], text, sizeof(text));
		/* What the rows are sorted by; the status line says it too. */
		if (i == table->sort)
			attron(A_REVERSE);
		mvaddstr(y, x, text);
		attroff(A_REVERSE);
		x += widths[i] + 1;
	}
	attrset(A_NORMAL);
}

static void draw_row(const struct tui *t, int y, const struct table *table, u32 r,
		     const u32 *widths, bool chosen)
{
	const struct row *row = &table->rows[r];
	attr_t base = (row->dim ? A_DIM : 0) | (chosen ? A_REVERSE : 0);
	char text[LINE_ROOM(WIDTH_MAX)];
	int x = 0;

	attrset(base);
	mvhline(y, 0, ' ' | base, min(COLS, WIDTH_MAX));
	for (u32 i = 0; i < table->n_columns; i++) {
		if (!widths[i])
			continue;
		text_cell(table, row, i, widths[i], text, sizeof(text));
		if (table->columns[i].kind == CELL_STATES && !chosen) {
			for (u32 k = 0; text[k]; k++) {
				attrset(base | state_colour(t, text[k]));
				mvaddch(y, x + k, text[k]);
			}
			attrset(base);
		} else {
			mvaddstr(y, x, text);
		}
		x += widths[i] + 1;
	}
	attrset(A_NORMAL);
}

/* One line of the body. */
struct line {
	enum { LINE_HEADING, LINE_ROW, LINE_EMPTY, LINE_NONE } kind;
	u32 table, row; /* row within the table */
};

/* The @n-th line of all tables below each other; false: that was the last. */
static bool body_line(const struct page *page, u32 n, struct line *ret)
{
	for (u32 i = 0; i < page->n_tables; i++) {
		u32 rows = max(page->tables[i].n_rows, 1U);

		*ret = (struct line){LINE_EMPTY, i, 0};
		if (i && n-- == 0)
			return true;
		ret->kind = LINE_HEADING;
		if (n-- == 0)
			return true;
		if (n < rows) {
			ret->kind = page->tables[i].n_rows ? LINE_ROW : LINE_NONE;
			ret->row = n;
			return true;
		}
		n -= rows;
	}
	return false;
}

/* The number of the line that shows the @row-th of all rows. */
static u32 line_of_row(const struct page *page, u32 row)
{
	u32 n = 0;

	for (u32 i = 0; i < page->n_tables; i++) {
		n += i ? 2 : 1;
		if (row < page->tables[i].n_rows)
			return n + row;
		row -= page->tables[i].n_rows;
		n += max(page->tables[i].n_rows, 1U);
	}
	return 0;
}

static void draw_line(struct tui *t, int y, const struct line *line, const struct row *chosen)
{
	const struct table *table = &t->page.tables[line->table];
	u32 widths[CELLS_MAX];
	char text[64];

	table_layout(table, min(COLS, WIDTH_MAX), widths);
	switch (line->kind) {
	case LINE_HEADING:
		draw_heading(t, y, table, widths);
		break;
	case LINE_ROW:
		draw_row(t, y, table, line->row, widths, &table->rows[line->row] == chosen);
		break;
	case LINE_NONE:
		snprintf(text, sizeof(text), "(%s)", table_nothing(table));
		put_line(y, A_NORMAL, text);
		break;
	case LINE_EMPTY:
		break;
	}
}

static void draw_tables(struct tui *t, int from, int height)
{
	struct place *p = tui_place(t);
	const struct row *chosen = page_row(&t->page, p->selected, NULL);
	u32 at = line_of_row(&t->page, p->selected);
	u32 fixed = t->page.n_tables == 1 ? 1 : 0; /* a lone table's heading stays */
	struct line line;

	if (p->selected == 0 && !fixed)
		at = 0;
	if (at < p->top + fixed)
		p->top = at - min(at, fixed);
	if (at >= p->top + height)
		p->top = at - height + 1;
	for (int i = 0; i < height; i++) {
		u32 n = fixed && i == 0 ? 0 : p->top + i;

		if (!body_line(&t->page, n, &line))
			break;
		draw_line(t, from + i, &line, chosen);
	}
}

static const char *skip_lines(const char *text, u32 n)
{
	while (n-- && *text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

static u32 count_lines(const char *text)
{
	u32 n = 0;

	for (; *text; text = skip_lines(text, 1))
		n++;
	return n;
}

static void draw_text(struct tui *t, int from, int height)
{
	struct place *p = tui_place(t);
	u32 n = count_lines(t->page.text);
	const char *at;

	p->selected = min(p->selected, n > (u32)height ? n - height : 0);
	at = skip_lines(t->page.text, p->selected);
	for (int i = 0; i < height && *at; i++, at = skip_lines(at, 1)) {
		char line[1024], clean[1024];

		snprintf(line, sizeof(line), "%.*s", (int)min(strcspn(at, "\n"), sizeof(line) - 1),
			 at);
		printable(line, clean, sizeof(clean));
		put_line(from + i, A_NORMAL, clean);
	}
}

/* ---- overlays ----------------------------------------------------------- */

static void draw_help(struct tui *t)
{
	u32 n = 0, height = LINES - 2;

	while (tui_help[n])
		n++;
	t->help_top = min(t->help_top, n > height ? n - height : 0);
	erase();
	put_line(0, A_REVERSE, "kvmstat  Help (any other key: back)");
	for (u32 i = 0; i < height && i + t->help_top < n; i++)
		put_line(1 + i, A_NORMAL, tui_help[i + t->help_top]);
	if (t->help_top + height < n)
		put_line(LINES - 1, A_DIM, "j, down: more");
}

static void draw_menu(struct tui *t)
{
	struct table *table = NULL;
	int y = 2;

	if (!page_row(&t->page, tui_place(t)->selected, &table))
		table = &t->page.tables[0];
	for (u32 i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];
		char text[64];

		if (!tui_sortable(table, i) || y >= LINES - 1)
			continue;
		snprintf(text, sizeof(text), " %c %-20.20s ", i == t->menu_at ? '>' : ' ', c->key);
		attrset(i == t->menu_at ? A_REVERSE : A_NORMAL);
		mvaddstr(y++, 2, text);
		attrset(A_NORMAL);
	}
	put_line(LINES - 1, A_NORMAL, "Sort by: j k move, Enter choose, Esc leave");
}

void tui_draw(struct tui *t)
{
	int height = LINES - 3, from = 2;

	erase();
	if (COLS < TUI_MIN_COLUMNS || LINES < TUI_MIN_LINES) {
		mvprintw(0, 0, "kvmstat needs");
		mvprintw(1, 0, "%dx%d; this is", TUI_MIN_COLUMNS, TUI_MIN_LINES);
		mvprintw(2, 0, "%dx%d", COLS, LINES);
		refresh();
		return;
	}
	draw_title(t);
	draw_status(t);
	if (t->page.note[0]) {
		put_line(from++, A_NORMAL, t->page.note);
		height--;
	}
	t->body_lines = height;
	if (t->page.text)
		draw_text(t, from, height);
	else
		draw_tables(t, from, height);
	if (!t->model.n_vms && tui_place(t)->query.view == VIEW_OVERVIEW)
		put_line(3, A_NORMAL, "No VM is running. They show up here as they start.");
	draw_foot(t);
	if (t->mode == MODE_HELP)
		draw_help(t);
	else if (t->mode == MODE_SORT)
		draw_menu(t);
	refresh();
}
