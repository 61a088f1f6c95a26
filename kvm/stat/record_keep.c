/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of the frozen recorders, so that neither a VM in a reset loop
 * nor a process that makes VM after VM can push out everybody else's.
 *
 *	1. A VM has a few places. When they are used up, one of its own goes.
 *	2. When all places are used up, one of that process goes which has most;
 *	   between equals, of the one whose recorder is oldest.
 *	3. Of those that may go, what was frozen for a storm goes first, then what
 *	   is no VM's first crash, then the rest; of equals the oldest.
 *
 * So a VM's first crash, mostly the one that explains the others, stays as long
 * as anything else of the VM can go.
 *
 * Pure; n is small, so that nothing is indexed.
 */
#include "record_keep.h"

#include "../../debugfs-schema/lists.h"

#define X(number, ID, name, text) CAUSE_##ID = number,
enum { FREEZE_CAUSES(X) };
#undef X

typedef const struct record_head *const *heads;

static bool is_crash(const struct record_head *h)
{
	return h->cause != CAUSE_REQUEST && h->cause != CAUSE_STORM && h->cause != CAUSE_VM_GONE;
}

/* What is worth keeping longer has the higher rank. */
static u32 rank(heads kept, u32 at)
{
	u32 i;

	if (kept[at]->cause == CAUSE_STORM)
		return 0;
	if (!is_crash(kept[at]))
		return 1;
	for (i = 0; i < at; i++)
		if (kept[i]->vm_id == kept[at]->vm_id && is_crash(kept[i]))
			return 1;
	return 2;
}

typedef bool (*like)(const struct record_head *a, const struct record_head *b);

static bool same_vm(const struct record_head *a, const struct record_head *b)
{
	return a->vm_id == b->vm_id;
}

static bool same_process(const struct record_head *a, const struct record_head *b)
{
	return a->pid == b->pid;
}

static u32 count(heads kept, u32 n, like is_like, const struct record_head *model)
{
	u32 i, found = 0;

	for (i = 0; i < n; i++)
		found += is_like(kept[i], model);
	return found;
}

/* The one that has just come may go as well, if it is worth less than all others. */
static u32 least(heads kept, u32 n, like is_like, const struct record_head *model)
{
	u32 i, victim = n;

	for (i = 0; i < n; i++)
		if (is_like(kept[i], model) && (victim == n || rank(kept, i) < rank(kept, victim)))
			victim = i;
	return victim;
}

static const struct record_head *of_largest_process(heads kept, u32 n)
{
	const struct record_head *largest = kept[0];
	u32 i, most = 0;

	for (i = 0; i < n; i++) {
		u32 found = count(kept, n, same_process, kept[i]);

		if (found > most) {
			most = found;
			largest = kept[i];
		}
	}
	return largest;
}

u32 record_keep_victim(heads kept, u32 n, u32 max, u32 max_per_vm)
{
	if (n && count(kept, n, same_vm, kept[n - 1]) > max_per_vm)
		return least(kept, n, same_vm, kept[n - 1]);
	if (n > max)
		return least(kept, n, same_process, of_largest_process(kept, n));
	return n;
}
