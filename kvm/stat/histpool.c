/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms by key: see histpool.h. A hash table with linear probing; keys
 * are never taken out, so a free slot ends a search.
 */
#include "histpool.h"

struct hist *histpool_add(struct histpool *p, u64 key)
{
	u32 i = histpool_hash(key), at;

	while ((at = p->slot[i])) {
		if (p->entry[at - 1].key == key)
			return &p->entry[at - 1].hist;
		i = (i + 1) & (HISTPOOL_SLOTS - 1);
	}
	if (p->n >= HISTPOOL_SIZE - 1) {
		key = HIST_KEY_OTHER;
		at = HISTPOOL_SIZE;
	} else {
		at = p->n + 1;
		p->slot[i] = at;
	}
	p->entry[at - 1].key = key;
	smp_store_release(&p->n, at);
	return &p->entry[at - 1].hist;
}
