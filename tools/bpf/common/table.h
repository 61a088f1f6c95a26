/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A map of results, read whole, and what changed since it was read before.
 *
 * A value begins with @words u64 that only grow; of those an interval is the
 * difference. The rest of a value (maxima, owners) is taken as it is.
 */
#ifndef GLASSVISOR_TOOLS_BPF_TABLE_H
#define GLASSVISOR_TOOLS_BPF_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../../kvm/env.h"

struct rows {
	char *data; /* key, value, key, value ..., sorted by key's bytes */
	size_t n;
};

struct table {
	int fd;
	size_t key_size;   /* a multiple of 8: values are aligned */
	size_t value_size; /* likewise */
	size_t words;
	struct rows now, before;
};

void table_init(struct table *t, int fd, size_t key_size, size_t value_size, size_t words);
void table_free(struct table *t);

/* Reads the map; what was read last becomes "before". 0 or -1 with errno. */
int table_read(struct table *t);

static inline size_t table_count(const struct table *t)
{
	return t->now.n;
}

const void *table_key(const struct table *t, size_t i);

/*
 * Row @i's value since the reading before into @ret_value. False, and nothing
 * written, if none of its growing words grew.
 */
bool table_change(const struct table *t, size_t i, void *ret_value);

#endif /* GLASSVISOR_TOOLS_BPF_TABLE_H */
