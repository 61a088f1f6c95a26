// SPDX-License-Identifier: GPL-2.0-only
/*
 * The algebra of memory slots: judging a request, building the next table,
 * searching in one.
 *
 * Invariants of a table (slots_table_valid checks them): by_gfn is strictly
 * ascending and free of overlaps; by_id is strictly ascending; both hold the
 * same n slots; npages is their sum; each slot has at least one page and this table's as_id.
 *
 * Pure, and without locks: a table is private to its builder until the glue
 * publishes it, constant afterwards. Building is linear in the number of
 * slots; every lookup is logarithmic.
 *
 * Left out: allocation, SRCU, what hangs on a slot (bitmaps, counters).
 */
#include "slots.h"

size_t slots_table_bytes(u32 cap)
{
	return sizeof(struct slots_table) +
	       (size_t)cap * (sizeof(struct slots_gfn_key) + sizeof(struct memslot *));
}

struct slots_table *slots_table_init(void *mem, u32 cap, u16 as_id)
{
	struct slots_table *t = mem;

	memset(t, 0, sizeof(*t));
	t->cap = cap;
	t->as_id = as_id;
	t->by_gfn = (struct slots_gfn_key *)(t + 1);
	t->by_id = (struct memslot **)(t->by_gfn + cap);
	return t;
}

/*
 * The last slot that begins at or below @gfn, or the first slot. The table is
 * not empty. Written so that no step has a branch to mispredict.
 */
static const struct slots_gfn_key *key_at_or_below(const struct slots_table *t, gfn_t gfn)
{
	const struct slots_gfn_key *key = t->by_gfn;
	u32 n = t->n;

	while (n > 1) {
		u32 half = n / 2;

		key = key[half].base <= gfn ? key + half : key;
		n -= half;
	}
	return key;
}

struct memslot *slots_search(const struct slots_table *t, gfn_t gfn, u32 *ret_index)
{
	const struct slots_gfn_key *key;

	if (!t->n)
		return NULL;
	key = key_at_or_below(t, gfn);
	if (gfn < key->base || gfn >= key->end)
		return NULL;
	WRITE_ONCE(*ret_index, key - t->by_gfn);
	return key->slot;
}

/* Place of the first slot in by_id whose id is not below @id. */
static u32 id_place(const struct slots_table *t, u16 id)
{
	u32 lo = 0, n = t->n;

	while (n) {
		u32 half = n >> 1;

		if (t->by_id[lo + half]->id < id) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

struct memslot *slots_by_id(const struct slots_table *t, u16 id)
{
	u32 i = id_place(t, id);

	if (i >= t->n)
		return NULL;
	i = array_index_nospec(i, t->n);
	return t->by_id[i]->id == id ? t->by_id[i] : NULL;
}

u32 slots_gfn_first(const struct slots_table *t, gfn_t start)
{
	const struct slots_gfn_key *key;

	if (!t->n)
		return 0;
	key = key_at_or_below(t, start);
	return key - t->by_gfn + (key->end <= start);
}

int slots_as_id(const struct kvm_userspace_memory_region *mem, const struct slots_limits *lim)
{
	u32 as_id = mem->slot >> 16;

	return as_id < lim->address_spaces ? (int)as_id : -EINVAL;
}

/* What can be said about a request without the table. */
static bool region_sane(const struct kvm_userspace_memory_region *mem,
			const struct slots_limits *lim)
{
	u64 size = mem->memory_size;
	u64 npages = size >> GV_PAGE_SHIFT;
	gfn_t base = mem->guest_phys_addr >> GV_PAGE_SHIFT;

	if (slots_as_id(mem, lim) < 0 || (mem->slot & 0xffff) >= lim->max_ids)
		return false;
	if (mem->flags & ~lim->flags_allowed)
		return false;
	if ((size | mem->guest_phys_addr | mem->userspace_addr) & ~GV_PAGE_MASK)
		return false;
	if (npages > SLOTS_MAX_PAGES)
		return false;
	if (mem->guest_phys_addr + size < mem->guest_phys_addr || base + npages > lim->max_gfn)
		return false;
	return mem->userspace_addr <= lim->max_hva && size <= lim->max_hva - mem->userspace_addr;
}

/* Does any slot other than @except touch [base, base + npages)? */
static bool overlaps(const struct slots_table *t, gfn_t base, u64 npages,
		     const struct memslot *except)
{
	struct memslot *s;
	u32 i;

	for (i = slots_gfn_first(t, base); (s = slots_gfn_at(t, i, base + npages)); i++) {
		if (s != except)
			return true;
	}
	return false;
}

/* The change of an existing slot that keeps its size. */
static int plan_change(const struct slots_table *t, struct slots_change *ch)
{
	const struct memslot *old = ch->old;
	const struct memslot *new = &ch->new;

	if (new->npages != old->npages || new->hva != old->hva)
		return -EINVAL;
	if ((new->flags ^ old->flags) & KVM_MEM_READONLY)
		return -EINVAL;

	if (new->base_gfn != old->base_gfn) {
		ch->kind = SLOTS_MOVE;
		return overlaps(t, new->base_gfn, new->npages, old) ? -EEXIST : 0;
	}
	ch->kind = new->flags != old->flags ? SLOTS_FLAGS : SLOTS_NONE;
	return 0;
}

int slots_plan(const struct slots_table *t, const struct kvm_userspace_memory_region *mem,
	       const struct slots_limits *lim, struct slots_change *ret_change)
{
	struct slots_change ch = {};
	int err = 0;

	if (!region_sane(mem, lim))
		return -EINVAL;

	ch.old = slots_by_id(t, mem->slot & 0xffff);
	ch.new = (struct memslot){
		.base_gfn = mem->guest_phys_addr >> GV_PAGE_SHIFT,
		.npages = mem->memory_size >> GV_PAGE_SHIFT,
		.hva = mem->userspace_addr,
		.flags = mem->flags,
		.id = mem->slot & 0xffff,
		.as_id = mem->slot >> 16,
	};

	if (!ch.new.npages) {
		if (!ch.old)
			return -EINVAL;
		ch.kind = SLOTS_DELETE;
	} else if (ch.old) {
		err = plan_change(t, &ch);
	} else {
		ch.kind = SLOTS_CREATE;
		if (ch.new.npages > lim->max_total || t->npages > lim->max_total - ch.new.npages)
			err = -EINVAL;
		else if (overlaps(t, ch.new.base_gfn, ch.new.npages, NULL))
			err = -EEXIST;
	}
	if (!err)
		*ret_change = ch;
	return err;
}

/*
 * The two builders have the same shape: walk the old order, leave @drop out,
 * enter @add where it belongs.
 */
static void build_by_gfn(const struct slots_table *from, const struct memslot *drop,
			 struct memslot *add, struct slots_table *to)
{
	struct slots_gfn_key key = {};
	u32 i, n = 0;

	if (add)
		key = (struct slots_gfn_key){add->base_gfn, slots_end_gfn(add), add};
	for (i = 0; i < from->n; i++) {
		if (from->by_gfn[i].slot == drop)
			continue;
		if (key.slot && key.base < from->by_gfn[i].base) {
			to->by_gfn[n++] = key;
			key.slot = NULL;
		}
		to->by_gfn[n++] = from->by_gfn[i];
	}
	if (key.slot)
		to->by_gfn[n++] = key;
	to->n = n;
}

static void build_by_id(const struct slots_table *from, const struct memslot *drop,
			struct memslot *add, struct slots_table *to)
{
	u32 i, n = 0;

	for (i = 0; i < from->n; i++) {
		if (from->by_id[i] == drop)
			continue;
		if (add && add->id < from->by_id[i]->id) {
			to->by_id[n++] = add;
			add = NULL;
		}
		to->by_id[n++] = from->by_id[i];
	}
	if (add)
		to->by_id[n] = add;
}

void slots_apply(const struct slots_table *from, const struct slots_change *ch,
		 struct memslot *slot, struct slots_table *to)
{
	const struct memslot *drop = ch->kind == SLOTS_CREATE || ch->kind == SLOTS_NONE ? NULL
											: ch->old;
	struct memslot *add = ch->kind == SLOTS_DELETE || ch->kind == SLOTS_NONE ? NULL : slot;

	to->generation = from->generation + 1;
	to->npages = from->npages - (drop ? drop->npages : 0) + (add ? add->npages : 0);
	build_by_gfn(from, drop, add, to);
	build_by_id(from, drop, add, to);
}

bool slots_table_valid(const struct slots_table *t)
{
	u64 npages = 0;
	u32 i;

	if (t->n > t->cap)
		return false;
	for (i = 0; i < t->n; i++) {
		const struct slots_gfn_key *g = &t->by_gfn[i];

		if (!g->slot->npages || g->slot->as_id != t->as_id ||
		    g->base != g->slot->base_gfn || g->end != slots_end_gfn(g->slot))
			return false;
		if (i && g->base < t->by_gfn[i - 1].end)
			return false;
		if (i && t->by_id[i]->id <= t->by_id[i - 1]->id)
			return false;
		if (slots_by_id(t, g->slot->id) != g->slot)
			return false;
		npages += g->slot->npages;
	}
	return npages == t->npages;
}
