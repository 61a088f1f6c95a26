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

#define HISTPOOL_SIZE  64
#define HISTPOOL_SLOTS 128 /* power of 2, more than HISTPOOL_SIZE */

/*
 * What a histogram is of: an enum hist_id, a label of its list, the hardware's
 * reason. The key of an exit's is the first eight bytes of struct exit but for
 * three.
 */
#define HIST_KEY(id, label, reason) ((u64)(u32)(reason) << 32 | (u32)(id) << 8 | (u8)(label))
#define HIST_KEY_ID(key)	    ((u32)(key) >> 8)
#define HIST_KEY_LABEL(key)	    ((u8)(key))
#define HIST_KEY_REASON(key)	    ((u32)((key) >> 32))
#define HIST_KEY_OF_EXIT	    0xffffffff000000ffULL

#define HIST_KEY_OTHER 0xffffffffffffffffULL /* the last one, when it is shared */

struct histpool_entry {
	u64 key;
	struct hist hist;
};

/* All zero but for histpool_init(). */
struct histpool {
	u64 no_key; /* lies where the key of a free slot's entry would: HIST_KEY_OTHER, which nobody gets */
	u32 n;
	u16 slot[HISTPOOL_SLOTS]; /* offset of an entry in here, in bytes, by hash of the key; 0: free */
	struct histpool_entry entry[HISTPOOL_SIZE];
};

static_assert(sizeof(struct histpool) <= 0x10000, "offsets of 16 bits");
static_assert(!offsetof(struct histpool_entry, key) && !offsetof(struct histpool, no_key));

static inline void histpool_init(struct histpool *p)
{
	p->no_key = HIST_KEY_OTHER;
}

static __always_inline u32 histpool_hash(u64 key)
{
	return ((u32)key + (u32)(key >> 32)) & (HISTPOOL_SLOTS - 1);
}

/* The histogram of a key that came before, or a new one; never NULL. By the one writer. */
struct hist *histpool_add(struct histpool *p, u64 key);

static __always_inline struct hist *histpool_get(struct histpool *p, u64 key)
{
	struct histpool_entry *e = (void *)((u8 *)p + p->slot[histpool_hash(key)]);

	return likely(e->key == key) ? &e->hist : histpool_add(p, key);
}

#endif /* GLASSVISOR_STAT_HISTPOOL_H */
