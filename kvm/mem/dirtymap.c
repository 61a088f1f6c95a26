// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic on dirty bitmaps.
 *
 * Pure; works on plain words. Bits behind the last page of a slot are never
 * set by what is here, and are ignored where they are read. No atomicity: for
 * a live bitmap the glue hands in a private copy or holds off the writers.
 */
#include "dirtymap.h"

void dirtymap_fill(u64 *map, u64 npages)
{
	u64 w, n = dirtymap_words(npages);

	for (w = 0; w < n; w++)
		map[w] = dirtymap_valid(npages, w);
}

u64 dirtymap_count(const u64 *map, u64 npages)
{
	u64 w, n = dirtymap_words(npages), sum = 0;

	for (w = 0; w < n; w++)
		sum += hweight64(READ_ONCE(map[w]) & dirtymap_valid(npages, w));
	return sum;
}

/* First bit at or behind @from that is @set, or npages. */
static u64 next_bit(const u64 *map, u64 npages, u64 from, bool set)
{
	u64 flip = set ? 0 : ~0ULL;
	u64 w, n = dirtymap_words(npages), word;

	if (from >= npages)
		return npages;
	w = dirtymap_word(from);
	word = (READ_ONCE(map[w]) ^ flip) & (~0ULL << (from & 63));
	while (!word) {
		if (++w >= n)
			return npages;
		word = READ_ONCE(map[w]) ^ flip;
	}
	return min((w << 6) + __ffs(word), npages);
}

bool dirtymap_next_run(const u64 *map, u64 npages, u64 from, u64 *ret_first, u64 *ret_pages)
{
	u64 first = next_bit(map, npages, from, true);

	if (first >= npages)
		return false;
	*ret_first = first;
	*ret_pages = next_bit(map, npages, first, false) - first;
	return true;
}

int dirtymap_clear_check(const struct kvm_clear_dirty_log *log, u64 npages)
{
	u64 left;

	if ((log->first_page & 63) || log->first_page > npages)
		return -EINVAL;
	left = npages - log->first_page;
	if (log->num_pages > left)
		return -EINVAL;
	if ((log->num_pages & 63) && log->num_pages != left)
		return -EINVAL;
	return 0;
}
