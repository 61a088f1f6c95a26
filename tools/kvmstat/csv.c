// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages as CSV (RFC 4180, but for lines that end in a newline alone): plain
 * numbers, times in nanoseconds; what is not known is empty. A page of several
 * tables gives the first one's columns only with its own rows; so each table
 * has a view of its own.
 */
#include "output.h"

static void quoted(FILE *f, const char *text)
{
	if (!text[strcspn(text, ",\"\n\r")]) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static bool is_value(enum cell_kind kind)
{
	return kind < CELL_SPARK;
}

static void csv_cell(FILE *f, const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		quoted(f, c->text);
		break;
	case CELL_NUMBER:
	case CELL_HEX:
	case CELL_BYTES:
		fprintf(f, "%llu", (unsigned long long)c->number);
		break;
	case CELL_RATE:
	case CELL_PERCENT:
		fprintf(f, "%.3f", c->value);
		break;
	case CELL_NS:
		fprintf(f, "%.0f", c->value);
		break;
	default:
		break;
	}
}

static void csv_table(FILE *f, const struct model *m, const struct table *t, bool heading)
{
	if (heading) {
		fputs("time_ns,interval_ns", f);
		for (u32 i = 0; i < t->n_columns; i++)
			if (is_value(t->columns[i].kind))
				fprintf(f, ",%s", t->columns[i].key);
		fputc('\n', f);
	}
	for (u32 r = 0; r < t->n_rows; r++) {
		fprintf(f, "%llu,%llu", (unsigned long long)m->wall_ns,
			(unsigned long long)m->interval_ns);
		for (u32 i = 0; i < t->n_columns; i++) {
			if (!is_value(t->columns[i].kind))
				continue;
			fputc(',', f);
			csv_cell(f, &t->rows[r].cells[i]);
		}
		fputc('\n', f);
	}
}

void csv_page(FILE *f, const struct model *m, const struct query *q, const struct page *page,
	      bool heading)
{
	(void)q;
	for (u32 i = 0; i < page->n_tables; i++) {
		if (i && heading)
			fputc('\n', f);
		csv_table(f, m, &page->tables[i], heading);
	}
}
