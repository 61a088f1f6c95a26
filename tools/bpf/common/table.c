// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading maps of results. Programs only ever add keys, so that walking the
 * map meets every key that was there when the walk began.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "table.h"

static size_t sort_key_size;

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sort_key_size);
}

static size_t row_size(const struct table *t)
{
	return t->key_size + t->value_size;
}

void table_init(struct table *t, int fd, size_t key_size, size_t value_size, size_t words)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->key_size = key_size;
	t->value_size = value_size;
	t->words = words;
}

void table_free(struct table *t)
{
	free(t->now.data);
	free(t->before.data);
	t->now.data = t->before.data = NULL;
}

/* Room for one more row; NULL with errno. */
static char *new_row(const struct table *t, struct rows *rows, size_t *room)
{
	if (rows->n == *room) {
		size_t more = *room ? *room * 2 : 256;
		char *data = realloc(rows->data, more * row_size(t));

		if (!data)
			return NULL;
		rows->data = data;
		*room = more;
	}
	return rows->data + rows->n * row_size(t);
}

int table_read(struct table *t)
{
	struct rows rows = {NULL, 0};
	size_t room = 0;
	char *row, *last = NULL, key[64];

	if (t->key_size > sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	for (;;) {
		row = new_row(t, &rows, &room);
		if (!row)
			goto fail;
		if (bpf_map_get_next_key(t->fd, last, key)) {
			if (errno == ENOENT)
				break;
			goto fail;
		}
		last = key;
		memcpy(row, key, t->key_size);
		if (!bpf_map_lookup_elem(t->fd, key, row + t->key_size))
			rows.n++;
	}
	sort_key_size = t->key_size;
	qsort(rows.data, rows.n, row_size(t), by_key);
	free(t->before.data);
	t->before = t->now;
	t->now = rows;
	return 0;
fail:
	free(rows.data);
	return -1;
}

const void *table_key(const struct table *t, size_t i)
{
	return t->now.data + i * row_size(t);
}

bool table_change(const struct table *t, size_t i, void *ret_value)
{
	const char *row = table_key(t, i);
	const u64 *now = (const u64 *)(row + t->key_size), *before = NULL;
	const char *old = NULL;
	u64 *to = ret_value;
	bool grew = false;
	size_t w;

	sort_key_size = t->key_size;
	if (t->before.n)
		old = bsearch(row, t->before.data, t->before.n, row_size(t), by_key);
	if (old)
		before = (const u64 *)(old + t->key_size);
	for (w = 0; w < t->words; w++)
		grew = grew || now[w] != (before ? before[w] : 0);
	if (!grew)
		return false;
	memcpy(to, now, t->value_size);
	for (w = 0; before && w < t->words; w++)
		to[w] -= before[w];
	return true;
}
