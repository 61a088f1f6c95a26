/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty bitmaps: layout and arithmetic. A bitmap is an array of u64 words in
 * the ABI's layout (bit n of the slot is bit n % 64 of word n / 64, little
 * endian). Atomicity is the glue's: it sets bits with atomic operations at the
 * word and mask that the helpers here give. See dirtymap.c.
 */
#ifndef GLASSVISOR_MEM_DIRTYMAP_H
#define GLASSVISOR_MEM_DIRTYMAP_H

#include <linux/kvm.h>

#include "../env.h"

static inline u64 dirtymap_words(u64 npages)
{
	return (npages >> 6) + !!(npages & 63);
}

/* Size of the bitmap of a slot, as userspace has to provide it. */
static inline u64 dirtymap_bytes(u64 npages)
{
	return dirtymap_words(npages) * 8;
}

static inline u64 dirtymap_word(u64 page)
{
	return page >> 6;
}

static inline u64 dirtymap_mask(u64 page)
{
	return 1ULL << (page & 63);
}

static inline bool dirtymap_test(const u64 *map, u64 page)
{
	return READ_ONCE(map[dirtymap_word(page)]) & dirtymap_mask(page);
}

/* Mask of the pages that exist in word @w of a slot of @npages: all ones but in the last. */
static inline u64 dirtymap_valid(u64 npages, u64 w)
{
	u64 left = npages - (w << 6);

	return left >= 64 ? ~0ULL : (1ULL << left) - 1;
}

/* Set all bits of pages that exist, none behind (KVM_DIRTY_LOG_INITIALLY_SET). */
void dirtymap_fill(u64 *map, u64 npages);

u64 dirtymap_count(const u64 *map, u64 npages);

/*
 * The next run of set bits at or behind @from. False: none. Else *ret_first
 * and *ret_pages describe it, whole (it does not stop at word borders).
 */
bool dirtymap_next_run(const u64 *map, u64 npages, u64 from, u64 *ret_first, u64 *ret_pages);

/*
 * Is the range of KVM_CLEAR_DIRTY_LOG one that the ABI takes for a slot of
 * @npages? 0 or -EINVAL: first_page must be a multiple of 64, and num_pages
 * too unless the range ends with the slot; the range must lie within it.
 */
int dirtymap_clear_check(const struct kvm_clear_dirty_log *log, u64 npages);

/*
 * Merge one word of a KVM_CLEAR_DIRTY_LOG request into a copy of the slot's
 * word: the bits that are both asked for and dirty (they are to be cleared and
 * their pages protected again).
 */
static inline u64 dirtymap_clear_bits(u64 word, u64 asked, u64 npages, u64 w)
{
	return word & asked & dirtymap_valid(npages, w);
}

#endif /* GLASSVISOR_MEM_DIRTYMAP_H */
