/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms by key: see histpool.h. A hash table with linear probing; keys
 * are never taken out, so a free slot ends a search.
 */
#include "histpool.h"

struct hist *histpool_add(struct histpool *p, u64 key)
{
	struct histpool_entry *e;
	u32 i = histpool_hash(key);

	while (p->slot[i]) {
		e = (void *)((u8 *)p + p->slot[i]);
		if (e->key == key)
			return &e->hist;
		i = (i + 1) & (HISTPOOL_SLOTS - 1);
	}
	if (p->n >= HISTPOOL_SIZE - 1) {
		e = &p->entry[HISTPOOL_SIZE - 1];
		e->key = HIST_KEY_OTHER;
	} else {
		e = &p->entry[p->n];
		e->key = key;
		p->slot[i] = (u8 *)e - (u8 *)p;
	}
	smp_store_release(&p->n, e - p->entry + 1);
	return &e->hist;
}
