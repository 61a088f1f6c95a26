/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory slots as data: the ordered table of an address space, lookup by gfn
 * and by id, and the rules of KVM_SET_USER_MEMORY_REGION.
 *
 * A table is built once and then never changed; a change makes a new table
 * from the old one, and the glue publishes that by SRCU. The memslot objects
 * that a table points to are constant as well, so a reader may use what it
 * found until it leaves its SRCU section. See slots.c.
 */
#ifndef GLASSVISOR_MEM_SLOTS_H
#define GLASSVISOR_MEM_SLOTS_H

#include <linux/kvm.h>

#include "../../debugfs-schema/lists.h"
#include "../env.h"

#define SLOTS_MAX_PAGES ((1ULL << 31) - 1) /* per slot, as in stock KVM's ABI */

/*
 * One slot; constant while it is in a published table. The glue embeds it in an
 * object of its own (dirty bitmap, counters).
 */
struct memslot {
	gfn_t base_gfn;
	u64 npages;
	u64 hva;   /* userspace address of base_gfn, page aligned */
	u32 flags; /* KVM_MEM_* */
	u16 id;
	u16 as_id;
};

/* Search keys lie in arrays of their own, so that a search touches few cache lines. */
struct slots_gfn_key {
	gfn_t base;
	gfn_t end; /* first gfn behind the slot */
	struct memslot *slot;
};

/*
 * The table of one address space. The caller allocates slots_table_bytes(cap)
 * and calls slots_table_init. Arrays are sorted: by_gfn by base (slots never
 * overlap), by_id by id.
 */
struct slots_table {
	u64 generation; /* grows by one with each table made by slots_apply */
	u64 npages;	/* sum over all slots */
	u32 n;
	u32 cap;
	u16 as_id;
	struct slots_gfn_key *by_gfn;
	struct memslot **by_id;
};

/* Bytes to allocate for a table of up to @cap slots. */
size_t slots_table_bytes(u32 cap);

/* Make an empty table, generation 0, in memory of slots_table_bytes(cap) bytes. */
struct slots_table *slots_table_init(void *mem, u32 cap, u16 as_id);

/* Binary search; NULL if no slot has @gfn. *ret_index: its place in by_gfn, if found. */
struct memslot *slots_search(const struct slots_table *t, gfn_t gfn, u32 *ret_index);

/*
 * The slot of @gfn, or NULL. *hint is the place of the last hit (any value is
 * safe, also one from another table); it is updated on a hit.
 */
static __always_inline struct memslot *slots_find(const struct slots_table *t, gfn_t gfn, u32 *hint)
{
	u32 i = READ_ONCE(*hint);

	if (likely(i < t->n)) {
		const struct slots_gfn_key *k = &t->by_gfn[array_index_nospec(i, t->n)];

		if (likely(gfn >= k->base && gfn < k->end))
			return k->slot;
	}
	return slots_search(t, gfn, hint);
}

/* The slot with that id, or NULL. Logarithmic. */
struct memslot *slots_by_id(const struct slots_table *t, u16 id);

/*
 * Slots that touch [start, end), start < end, in order of gfn:
 *
 *	for (i = slots_gfn_first(t, start); (s = slots_gfn_at(t, i, end)); i++)
 *
 * By host address the glue has an interval tree: an invalidation has to find
 * slots that no table has any more, too.
 */
u32 slots_gfn_first(const struct slots_table *t, gfn_t start);

static inline struct memslot *slots_gfn_at(const struct slots_table *t, u32 i, gfn_t end)
{
	return i < t->n && t->by_gfn[i].base < end ? t->by_gfn[i].slot : NULL;
}

static inline gfn_t slots_end_gfn(const struct memslot *s)
{
	return s->base_gfn + s->npages;
}

/*
 * Host address of a gfn of this slot. The gfn is often the guest's choice: the
 * offset stays within the slot even where a bounds check was mispredicted.
 */
static inline u64 slots_gfn_to_hva(const struct memslot *s, gfn_t gfn)
{
	u64 offset = gfn - s->base_gfn;

	return s->hva + (array_index_nospec(offset, s->npages) << GV_PAGE_SHIFT);
}

/* Limits that the glue knows. */
struct slots_limits {
	u32 max_ids;	    /* ids are below this; the ABI's NR_MEMSLOTS */
	u16 address_spaces; /* as_id is below this */
	u32 flags_allowed;  /* KVM_MEM_* that this VM takes */
	gfn_t max_gfn;	    /* first gfn that can't be mapped */
	u64 max_hva;	    /* first address behind userspace */
	u64 max_total;	    /* pages of all slots together */
};

#define X(number, ID, name, text) SLOTS_##ID = number,
enum slots_change_kind { SLOT_CHANGES(X) };
#undef X

struct slots_change {
	enum slots_change_kind kind;
	struct memslot *old; /* MOVE, FLAGS, DELETE: the slot in the present table */
	struct memslot new;  /* CREATE, MOVE, FLAGS: what is wanted */
};

/*
 * Judge a request against the present table of its address space (@t->as_id
 * must be the one of mem->slot; slots_as_id() tells it beforehand).
 *
 * 0, and *ret_change filled; or
 * -EINVAL: unaligned, wrap-around, too large, id or address space out of
 *	range, unknown flag, deletion of nothing, resize, or change of
 *	userspace_addr or of KVM_MEM_READONLY of an existing slot;
 * -EEXIST: overlaps another slot.
 */
int slots_plan(const struct slots_table *t, const struct kvm_userspace_memory_region *mem,
	       const struct slots_limits *lim, struct slots_change *ret_change);

/* Address space of a request; -EINVAL if there is none such. */
int slots_as_id(const struct kvm_userspace_memory_region *mem, const struct slots_limits *lim);

/* Slots in the table that a change leads to: the capacity that it needs. */
static inline u32 slots_count_after(const struct slots_table *t, const struct slots_change *ch)
{
	return t->n + (ch->kind == SLOTS_CREATE) - (ch->kind == SLOTS_DELETE);
}

/*
 * Fill the new table @to (initialised, empty, capacity >= slots_count_after)
 * with @from as changed. @slot is the object to enter for CREATE, MOVE and
 * FLAGS: the caller's copy of ch->new; it replaces
 * ch->old, which the caller frees after the grace period. Ignored for DELETE.
 * Linear in the number of slots.
 */
void slots_apply(const struct slots_table *from, const struct slots_change *ch,
		 struct memslot *slot, struct slots_table *to);

/* All invariants of a table hold? For tests and debug builds; linear. */
bool slots_table_valid(const struct slots_table *t);

#endif /* GLASSVISOR_MEM_SLOTS_H */
