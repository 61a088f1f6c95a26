/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of rows found by a number. Open addressing, at most half full.
 */
#include <stdio.h>
#include <stdlib.h>

#include "table.h"

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "kvmreport: no memory for the report's tables\n");
		exit(1);
	}
	return p;
}

static size_t slot_of(const struct table *table, uint64_t key)
{
	/* Fibonacci hashing: ports and pages differ in few and low bits. */
	size_t i = (key * 0x9e3779b97f4a7c15ULL) >> 20;

	for (i %= table->n_index; table->index[i]; i = (i + 1) % table->n_index)
		if (table->rows[table->index[i] - 1].key == key)
			break;
	return i;
}

static void grow(struct table *table)
{
	size_t i;

	table->room = table->room ? 2 * table->room : 64;
	table->rows = must(reallocarray(table->rows, table->room, sizeof(*table->rows)));
	free(table->index);
	table->n_index = 2 * table->room;
	table->index = must(calloc(table->n_index, sizeof(*table->index)));
	for (i = 0; i < table->n; i++)
		table->index[slot_of(table, table->rows[i].key)] = i + 1;
}

struct row *table_row(struct table *table, uint64_t key)
{
	size_t slot;

	if (table->n == table->room)
		grow(table);
	slot = slot_of(table, key);
	if (!table->index[slot]) {
		table->rows[table->n] = (struct row){.key = key};
		if (table->with_hist)
			table->rows[table->n].hist = must(calloc(1, sizeof(struct hist)));
		table->index[slot] = ++table->n;
	}
	return &table->rows[table->index[slot] - 1];
}

static int by_count(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->key < y->key ? -1 : x->key > y->key;
}

void table_sort(struct table *table)
{
	if (table->n)
		qsort(table->rows, table->n, sizeof(*table->rows), by_count);
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		free(table->rows[i].hist);
	free(table->rows);
	free(table->index);
	*table = (struct table){0};
}
