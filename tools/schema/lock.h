/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debugfs-schema/names.lock as text: each row of it, and each row that today's
 * schema would have in it. Two rows are the same if their texts are.
 */
#ifndef SCHEMA_LOCK_H
#define SCHEMA_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#define LOCK_ROW_LEN 160

/* Rows of the file, NULL at the end. */
extern const char *const lock_rows[];

/* Is @row one of them? */
bool lock_has(const char *row);

/* Calls @take with each row that the schema as it is has, in the schema's order. */
void lock_current(void (*take)(void *ctx, const char *row), void *ctx);

#endif /* SCHEMA_LOCK_H */
