// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages as plain text; the same cells serve the curses screen.
 */
#include "output.h"

u32 text_columns(const char *text)
{
	u32 n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

size_t text_pad(const char *text, u32 width, bool right, char *room, size_t size)
{
	u32 columns = text_columns(text), used = 0;
	size_t at = 0;

	if (right)
		for (; columns < width && at + 1 < size; columns++)
			room[at++] = ' ';
	for (; *text && at + 1 < size; text++) {
		bool first = ((unsigned char)*text & 0xc0) != 0x80;

		if (first && ++used > width)
			break;
		if (glyphs_utf8 || !(*text & 0x80))
			room[at++] = *text;
		else if (first)
			room[at++] = '?';
	}
	for (; !right && columns < width && at + 1 < size; columns++)
		room[at++] = ' ';
	room[at] = 0;
	return at;
}

static bool to_the_right(enum cell_kind kind)
{
	return kind != CELL_TEXT && kind != CELL_SPARK && kind != CELL_STATES && kind != CELL_GAUGE;
}

size_t text_cell(const struct table *t, const struct row *row, u32 column, u32 width, char *room,
		 size_t size)
{
	enum cell_kind kind = t->columns[column].kind;
	char text[512];
	int at;

	switch (kind) {
	case CELL_SPARK:
		spark_text(row->history, row->n_history, width, text, sizeof(text));
		break;
	case CELL_STATES:
		states_text(row->states, width, text, sizeof(text));
		break;
	case CELL_GAUGE:
		gauge_text(row->cells[column].value, width, text, sizeof(text));
		break;
	default:
		/* What is of the past says so, not by its brightness alone. */
		at = column == 0 && row->dim ? snprintf(text, sizeof(text), "(ended) ") : 0;
		cell_format(&row->cells[column], text + at, sizeof(text) - at);
	}
	return text_pad(text, width, to_the_right(kind), room, size);
}

size_t text_heading(const struct table *t, u32 column, u32 width, char *room, size_t size)
{
	return text_pad(t->columns[column].title, width, to_the_right(t->columns[column].kind),
			room, size);
}

/* Without the blanks at the end. */
static void put_line(FILE *f, char *line, size_t len)
{
	while (len && line[len - 1] == ' ')
		len--;
	line[len] = 0;
	fprintf(f, "%s\n", line);
}

static void text_table(FILE *f, const struct table *t, u32 width)
{
	u32 widths[CELLS_MAX];
	char line[LINE_ROOM(512)];
	size_t at = 0;

	table_layout(t, width, widths);
	for (u32 i = 0; i < t->n_columns; i++) {
		if (!widths[i])
			continue;
		if (at)
			line[at++] = ' ';
		at += text_heading(t, i, widths[i], line + at, sizeof(line) - at - 1);
	}
	if (at > strspn(line, " "))
		put_line(f, line, at);
	for (u32 r = 0; r < t->n_rows; r++) {
		at = 0;
		for (u32 i = 0; i < t->n_columns; i++) {
			if (!widths[i])
				continue;
			if (at)
				line[at++] = ' ';
			at += text_cell(t, &t->rows[r], i, widths[i], line + at,
					sizeof(line) - at - 1);
		}
		put_line(f, line, at);
	}
}

static void text_lines(FILE *f, const char *text)
{
	char line[1024], clean[1024];
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)min(len, sizeof(line) - 1), text);
		printable(line, clean, sizeof(clean));
		fprintf(f, "%s\n", clean);
	}
}

void text_page(FILE *f, const struct page *page, u32 width)
{
	fprintf(f, "%s\n", page->title);
	if (page->note[0])
		fprintf(f, "%s\n", page->note);
	for (u32 i = 0; i < page->n_tables; i++) {
		if (i)
			fputc('\n', f);
		if (page->tables[i].n_rows)
			text_table(f, &page->tables[i], min(width, 512U));
		else
			fprintf(f, "(%s)\n", table_nothing(&page->tables[i]));
	}
	if (page->text)
		text_lines(f, page->text);
}

void text_status(const struct model *m, const struct self *self, char *room, size_t size)
{
	char interval[40] = "first look", lost[48] = "", schema[32] = "";
	u32 running = 0, ended = 0;

	for (u32 i = 0; i < m->n_vms; i++) {
		ended += m->vms[i].ended;
		running += !m->vms[i].ended;
		if (schema_differs(&m->vms[i].now))
			snprintf(schema, sizeof(schema), "  SCHEMA DIFFERS");
	}
	if (m->since_zero)
		snprintf(interval, sizeof(interval), "all since zero");
	else if (m->interval_ns)
		snprintf(interval, sizeof(interval), "%.2f s", m->interval_ns / 1e9);
	if (m->lost_total)
		snprintf(lost, sizeof(lost), "  ! %llu reads lost",
			 (unsigned long long)m->lost_total);
	snprintf(room, size, "%s  %s  %u VM%s%s%s%s", self->source, interval, running,
		 running == 1 ? "" : "s", ended ? " (+ ended)" : "", schema, lost);
}
