/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms by key, each allocated when its key comes for the first time,
 * from a pool of fixed size: a vCPU meets few of all the exit reasons there
 * are. What does not fit any more is counted together in the last one.
 *
 * One writer. Readers look at n and the entries below it, at any time: an entry
 * is complete before n counts it (release), and never goes or changes its key.
 */
#ifndef GLASSVISOR_STAT_HISTPOOL_H
#define GLASSVISOR_STAT_HISTPOOL_H

#include "hist.h"

#define HISTPOOL_SIZE  48
#define HISTPOOL_SLOTS 128 /* power of 2, more than HISTPOOL_SIZE */

/* What a histogram is of: an enum hist_id, a label of its list, the hardware's reason. */
#define HIST_KEY(id, label, reason) ((u32)(id) << 28 | (u32)(label) << 20 | ((u32)(reason)&0xfffff))
#define HIST_KEY_ID(key)	    ((key) >> 28)
#define HIST_KEY_LABEL(key)	    ((key) >> 20 & 0xff)
#define HIST_KEY_REASON(key)	    ((key)&0xfffff)

#define HIST_KEY_OTHER 0xffffffffU /* the last one, when it is shared */

struct histpool_entry {
	u32 key;
	struct hist hist;
};

struct histpool {
	u32 n;
	u8 slot[HISTPOOL_SLOTS]; /* 1 + index of an entry, by hash of the key; 0: free */
	struct histpool_entry entry[HISTPOOL_SIZE];
};

static __always_inline u32 histpool_hash(u32 key)
{
	return (key ^ key >> 9 ^ key >> 20) & (HISTPOOL_SLOTS - 1);
}

/* The histogram of a key that came before, or a new one; never NULL. By the one writer. */
struct hist *histpool_add(struct histpool *p, u32 key);

static __always_inline struct hist *histpool_get(struct histpool *p, u32 key)
{
	u32 i = p->slot[histpool_hash(key)];

	if (likely(i && p->entry[i - 1].key == key))
		return &p->entry[i - 1].hist;
	return histpool_add(p, key);
}

#endif /* GLASSVISOR_STAT_HISTPOOL_H */
