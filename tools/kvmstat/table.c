// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables: rows, sorting, the formats of numbers, which columns fit.
 */
#include <math.h>
#include <stdlib.h>

#include "table.h"

struct row *table_row(struct table *t)
{
	struct row *row;

	if (t->n_rows == t->room) {
		u32 room = t->room ? 2 * t->room : 16;
		struct row *rows = realloc(t->rows, room * sizeof(*rows));

		if (!rows)
			return NULL;
		t->rows = rows;
		t->room = room;
	}
	row = &t->rows[t->n_rows++];
	*row = (struct row){.vcpu = ALL_VCPUS};
	return row;
}

void table_free(struct table *t)
{
	free(t->rows);
	t->rows = NULL;
	t->n_rows = t->room = 0;
}

int table_column(const struct table *t, const char *key)
{
	for (u32 i = 0; i < t->n_columns; i++)
		if (strcmp(t->columns[i].key, key) == 0)
			return i;
	return -1;
}

void cell_text(struct cell *c, const char *text)
{
	c->kind = CELL_TEXT;
	printable(text, c->text, sizeof(c->text));
}

void cell_number(struct cell *c, u64 number)
{
	c->kind = CELL_NUMBER;
	c->number = number;
}

void cell_hex(struct cell *c, u64 number)
{
	c->kind = CELL_HEX;
	c->number = number;
}

void cell_value(struct cell *c, enum cell_kind kind, double value)
{
	c->kind = value < 0 ? CELL_NONE : kind;
	c->value = value;
}

const char *table_nothing(const struct table *t)
{
	static const struct {
		const char *name, *text;
	} words[] = {
		{"exits", "no exits"},
		{"user", "no trips to userspace"},
		{"faults", "no MMU faults"},
		{"dirty_passes", "no passes of the dirty log"},
		{"irqs", "no vCPUs"},
		{"irq_waits", "no interrupts waited for"},
		{"halts", "no halts in the kernel"},
		{"slots", "no memory slots"},
		{"buckets", "no values in this interval; --total or t has all"},
		{"recorders", "no flight recorder is frozen"},
		{"vms", "no VMs"},
		{"vcpus", "no vCPUs"},
		{"counters", "no counters"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, t->name) == 0)
			return words[i].text;
	return "nothing";
}

/* ---- sorting ------------------------------------------------------------ */

static int compare_cells(const struct cell *a, const struct cell *b)
{
	double x, y;

	if (a->kind == CELL_TEXT && b->kind == CELL_TEXT)
		return strcmp(a->text, b->text);
	if (a->kind == CELL_NUMBER || a->kind == CELL_HEX || a->kind == CELL_BYTES)
		return (a->number > b->number) - (a->number < b->number);
	x = a->value;
	y = b->value;
	return (x > y) - (x < y);
}

struct order {
	u32 column;
	bool ascending;
};

static int compare_rows(const void *a, const void *b, void *order)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
	const struct order *o = order;
	const struct cell *c = &x->cells[o->column], *d = &y->cells[o->column];
	int way;

	if (x->pinned != y->pinned)
		return x->pinned ? -1 : 1;
	if ((c->kind == CELL_NONE) != (d->kind == CELL_NONE))
		return c->kind == CELL_NONE ? 1 : -1;
	way = c->kind == CELL_NONE ? 0 : compare_cells(c, d);
	if (!o->ascending)
		way = -way;
	return way ? way : (x > y) - (x < y);
}

void table_sort(struct table *t)
{
	struct order order = {t->sort, t->ascending};
	const struct row **by = calloc(t->n_rows + 1, sizeof(*by));
	struct row *rows = calloc(t->n_rows + 1, sizeof(*rows));

	if (by && rows && t->sort < t->n_columns) {
		for (u32 i = 0; i < t->n_rows; i++)
			by[i] = &t->rows[i];
		qsort_r(by, t->n_rows, sizeof(*by), compare_rows, &order);
		for (u32 i = 0; i < t->n_rows; i++)
			rows[i] = *by[i];
		swap(t->rows, rows);
		t->room = t->n_rows + 1;
	}
	free(by);
	free(rows);
}

/* ---- formats ------------------------------------------------------------ */

static void scaled(char *room, size_t size, double v, double step, const char *const *units)
{
	int i = 0;

	while (v >= step * (step == 1000 ? 0.9995 : 1) && units[i + 1]) {
		v /= step;
		i++;
	}
	snprintf(room, size, v < 9.995 ? "%.2f%s" : v < 99.95 ? "%.1f%s" : "%.0f%s", v, units[i]);
}

static void format_rate(char *room, size_t size, double v)
{
	static const char *const units[] = {"", "k", "M", "G", "T", NULL};

	if (v < 99.95)
		snprintf(room, size, "%.1f", v);
	else if (v < 99999.5)
		snprintf(room, size, "%.0f", v);
	else
		scaled(room, size, v, 1000, units);
}

static void format_ns(char *room, size_t size, double v)
{
	static const char *const units[] = {"ns", "us", "ms", "s", NULL};

	if (v < 999.5)
		snprintf(room, size, "%.0fns", v);
	else
		scaled(room, size, v, 1000, units);
}

static void format_bytes(char *room, size_t size, u64 n)
{
	static const char *const units[] = {"", "K", "M", "G", "T", NULL};
	int i = 0;

	while (n >= 1024 && n % 1024 == 0 && units[i + 1]) {
		n /= 1024;
		i++;
	}
	snprintf(room, size, "%llu%s", (unsigned long long)n, units[i]);
}

static void format_number(char *room, size_t size, u64 n)
{
	static const char *const units[] = {"", "k", "M", "G", "T", NULL};

	if (n < 10000000)
		snprintf(room, size, "%llu", (unsigned long long)n);
	else
		scaled(room, size, n, 1000, units);
}

void cell_format(const struct cell *c, char *room, size_t size)
{
	switch (c->kind) {
	case CELL_TEXT:
		snprintf(room, size, "%s", c->text);
		return;
	case CELL_NUMBER:
		format_number(room, size, c->number);
		return;
	case CELL_HEX:
		snprintf(room, size, "0x%llx", (unsigned long long)c->number);
		return;
	case CELL_BYTES:
		format_bytes(room, size, c->number);
		return;
	case CELL_RATE:
		format_rate(room, size, c->value);
		return;
	case CELL_PERCENT:
		snprintf(room, size, "%.1f", c->value);
		return;
	case CELL_NS:
		format_ns(room, size, c->value);
		return;
	default:
		snprintf(room, size, "-");
	}
}

/* Largest remainder: each gets its tenths rounded down, the ones with most left one more. */
void share_tenths(const float *shares, u32 n, u32 *ret_tenths)
{
	double rest[32], sum = 0;
	u32 given = 0;

	n = min(n, 32U);
	for (u32 i = 0; i < n; i++)
		sum += shares[i];
	for (u32 i = 0; i < n; i++) {
		double exact = sum > 0 ? shares[i] * 1000.0 / sum : 0;

		ret_tenths[i] = exact;
		rest[i] = exact - ret_tenths[i];
		given += ret_tenths[i];
	}
	while (sum > 0 && given < 1000) {
		u32 most = 0;

		for (u32 i = 1; i < n; i++)
			if (rest[i] > rest[most])
				most = i;
		ret_tenths[most]++;
		rest[most] = -1;
		given++;
	}
}

/* ---- layout ------------------------------------------------------------- */

static u32 needed(const struct table *t, const u32 *widths)
{
	u32 sum = 0;

	for (u32 i = 0; i < t->n_columns; i++)
		if (widths[i])
			sum += widths[i] + (sum ? 1 : 0);
	return sum;
}

static bool grows(enum cell_kind kind)
{
	return kind == CELL_SPARK || kind == CELL_STATES || kind == CELL_GAUGE;
}

/* Texts as wide as their longest one, within reason. */
static u32 text_width(const struct table *t, u32 column)
{
	u32 width = t->columns[column].width;

	for (u32 i = 0; i < t->n_rows; i++)
		width = max(width, (u32)strlen(t->rows[i].cells[column].text) +
					   (t->rows[i].dim && !column ? 8 : 0)); /* "(ended) " */
	return min(width, 40U);
}

void table_layout(const struct table *t, u32 width, u32 *widths)
{
	u32 used;

	for (u32 i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		bool shown = c->title && (!c->several || t->several);

		widths[i] = shown ? max((u32)c->width, (u32)strlen(c->title)) : 0;
	}
	while (needed(t, widths) > width) {
		u32 worst = t->n_columns;

		for (u32 i = 0; i < t->n_columns; i++)
			if (widths[i] && t->columns[i].drop &&
			    (worst == t->n_columns || t->columns[i].drop > t->columns[worst].drop))
				worst = i;
		if (worst == t->n_columns)
			break;
		widths[worst] = 0;
	}
	for (u32 i = 0; i < t->n_columns; i++) {
		used = needed(t, widths);
		if (widths[i] && t->columns[i].kind == CELL_TEXT && used < width)
			widths[i] += min(text_width(t, i) - min(widths[i], text_width(t, i)),
					 width - used);
	}
	/* What is left goes to the graphs. */
	for (u32 i = 0; i < t->n_columns; i++) {
		used = needed(t, widths);
		if (widths[i] && grows(t->columns[i].kind) && used < width)
			widths[i] += min(width - used, (u32)HISTORY - min(widths[i], (u32)HISTORY));
	}
}
