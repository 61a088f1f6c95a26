/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory slots: every rule of KVM_SET_USER_MEMORY_REGION by name, lookups at
 * the edges, and long random histories against a model that keeps the slots in
 * an unordered list and searches it from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mem/slots.h"

static const struct slots_limits limits = {
	.max_ids = 32764,
	.address_spaces = 2,
	.flags_allowed = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY,
	.max_gfn = 1ULL << 40,
	.max_hva = 1ULL << 47,
	.max_total = 1ULL << 40,
};

static struct slots_table *new_table(u32 cap)
{
	return slots_table_init(malloc(slots_table_bytes(cap)), cap, 0);
}

static void free_table(struct slots_table *t)
{
	for (u32 i = 0; i < t->n; i++)
		free(t->by_gfn[i].slot);
	free(t);
}

static struct kvm_userspace_memory_region region(u32 id, u64 gpa, u64 size, u64 hva, u32 flags)
{
	return (struct kvm_userspace_memory_region){id, flags, gpa, size, hva};
}

/* Plan and carry out; frees what the change leaves behind. */
static int set(struct slots_table **t, struct kvm_userspace_memory_region r,
	       enum slots_change_kind *ret_kind)
{
	struct slots_change ch;
	struct memslot *slot = NULL;
	struct slots_table *to;
	int err = slots_plan(*t, &r, &limits, &ch);

	if (err)
		return err;
	if (ret_kind)
		*ret_kind = ch.kind;
	if (ch.kind == SLOTS_NONE)
		return 0;
	to = new_table(slots_count_after(*t, &ch));
	if (ch.kind != SLOTS_DELETE) {
		slot = malloc(sizeof(*slot));
		*slot = ch.new;
	}
	slots_apply(*t, &ch, slot, to);
	assert_true(slots_table_valid(to));
	assert_int_equal(to->n, to->cap);
	assert_int_equal(to->generation, (*t)->generation + 1);
	if (ch.kind != SLOTS_CREATE)
		free(ch.old);
	free(*t);
	*t = to;
	return 0;
}

/* Slot 1 at gpa 0x10000, four pages. */
static struct slots_table *with_one_slot(void)
{
	struct slots_table *t = new_table(0);

	assert_int_equal(set(&t, region(1, 0x10000, 0x4000, 0x700000, 0), NULL), 0);
	return t;
}

static void check(u32 id, u64 gpa, u64 size, u64 hva, u32 flags, int want)
{
	struct slots_table *t = with_one_slot();

	assert_int_equal(set(&t, region(id, gpa, size, hva, flags), NULL), want);
	free_table(t);
}

static void unaligned_requests_are_refused(void **state)
{
	(void)state;
	check(2, 0x100001, 0x1000, 0x800000, 0, -EINVAL);
	check(2, 0x100800, 0x1000, 0x800000, 0, -EINVAL);
	check(2, 0x100000, 0x1001, 0x800000, 0, -EINVAL);
	check(2, 0x100000, 0x200, 0x800000, 0, -EINVAL);
	check(2, 0x100000, 0x1000, 0x800010, 0, -EINVAL);
	check(2, 0x100000, 0x1000, 0x800000, 0, 0);
}

static void ranges_beyond_the_address_spaces_are_refused(void **state)
{
	(void)state;
	check(2, -0x1000ULL, 0x2000, 0x800000, 0, -EINVAL); /* wraps */
	check(2, 1ULL << 52, 0x1000, 0x800000, 0, -EINVAL);
	check(2, (1ULL << 52) - 0x1000, 0x2000, 0x800000, 0, -EINVAL);
	check(2, (1ULL << 52) - 0x1000, 0x1000, 0x800000, 0, 0);
	check(2, 0x100000, 0x2000, (1ULL << 47) - 0x1000, 0, -EINVAL);
	check(2, 0x100000, 0x1000, (1ULL << 47) - 0x1000, 0, 0);
	check(2, 0x100000, 0x1000, 1ULL << 47, 0, -EINVAL);
	check(2, 0x100000, 0x2000, -0x1000ULL, 0, -EINVAL); /* wraps */
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	check(2, 1ULL << 40, (SLOTS_MAX_PAGES + 1) << 12, 0, 0, -EINVAL);
	check(2, 1ULL << 40, SLOTS_MAX_PAGES << 12, 0, 0, 0);
}

static void total_of_pages_is_bounded(void **state)
{
	struct slots_table *t = with_one_slot();
	struct kvm_userspace_memory_region r = region(2, 0x100000, 0x4000, 0x800000, 0);
	struct slots_limits small = limits;
	struct slots_change ch;

	(void)state;
	small.max_total = 7;
	assert_int_equal(slots_plan(t, &r, &small, &ch), -EINVAL);
	small.max_total = 8;
	assert_int_equal(slots_plan(t, &r, &small, &ch), 0);
	small.max_total = 3;
	assert_int_equal(slots_plan(t, &r, &small, &ch), -EINVAL);
	r.slot = 1;
	r.memory_size = 0;
	assert_int_equal(slots_plan(t, &r, &small, &ch), 0); /* deletion is always possible */
	free_table(t);
}

static void ids_and_address_spaces_are_bounded(void **state)
{
	struct kvm_userspace_memory_region r = region(0x10005, 0, 0x1000, 0, 0);

	(void)state;
	check(32764, 0x100000, 0x1000, 0x800000, 0, -EINVAL);
	check(32763, 0x100000, 0x1000, 0x800000, 0, 0);
	check(0x20000, 0x100000, 0x1000, 0x800000, 0, -EINVAL);
	assert_int_equal(slots_as_id(&r, &limits), 1);
	r.slot = 0xffff0000;
	assert_int_equal(slots_as_id(&r, &limits), -EINVAL);

	/* In the table of space 1, with an exact total. */
	struct slots_table *t = slots_table_init(malloc(slots_table_bytes(0)), 0, 1);
	struct slots_limits exact = limits;
	struct slots_change ch;

	r = region(0x10005, 0x1000, 0x1000, 0, 0);
	exact.max_total = 1;
	assert_int_equal(slots_plan(t, &r, &exact, &ch), 0);
	assert_int_equal(ch.kind, SLOTS_CREATE);
	assert_int_equal(ch.new.as_id, 1);
	assert_int_equal(ch.new.id, 5);
	free(t);
}

static void a_broken_table_is_called_so(void **state)
{
	struct slots_table *t = with_one_slot();
	struct memslot *a, *b;
	struct memslot was;

	(void)state;
	assert_int_equal(set(&t, region(2, 0x20000, 0x4000, 0x800000, 0), NULL), 0);
	a = t->by_gfn[0].slot;
	b = t->by_gfn[1].slot;
	was = *a;
#define BROKEN(breaking, mending)                                                                  \
	do {                                                                                       \
		breaking;                                                                          \
		assert_false(slots_table_valid(t));                                                \
		mending;                                                                           \
		assert_true(slots_table_valid(t));                                                 \
	} while (0)
	BROKEN(a->npages = 0, *a = was);
	BROKEN(a->npages++, *a = was);
	BROKEN(a->base_gfn--, *a = was);
	BROKEN(a->as_id = 1, *a = was);
	BROKEN(a->id = 3, *a = was);
	BROKEN(a->id = 2, *a = was);
	BROKEN(t->by_gfn[0].base++, t->by_gfn[0].base--);
	BROKEN(t->by_gfn[0].end++, t->by_gfn[0].end--);
	BROKEN(swap(t->by_gfn[0], t->by_gfn[1]), swap(t->by_gfn[0], t->by_gfn[1]));
	BROKEN(swap(t->by_id[0], t->by_id[1]), swap(t->by_id[0], t->by_id[1]));
	BROKEN(t->by_id[1] = a, t->by_id[1] = b);
	BROKEN(t->npages++, t->npages--);
	BROKEN(t->cap = 1, t->cap = 2);
#undef BROKEN
	free_table(t);
}

static void unknown_flags_are_refused(void **state)
{
	(void)state;
	check(2, 0x100000, 0x1000, 0x800000, 1U << 2, -EINVAL);
	check(2, 0x100000, 0x1000, 0x800000, 1U << 31, -EINVAL);
	check(2, 0x100000, 0x1000, 0x800000, 3, 0);
}

static void overlap_is_eexist_and_neighbours_are_fine(void **state)
{
	(void)state;
	check(2, 0x10000, 0x1000, 0x800000, 0, -EEXIST);
	check(2, 0x13000, 0x1000, 0x800000, 0, -EEXIST);
	check(2, 0x13000, 0x9000, 0x800000, 0, -EEXIST);
	check(2, 0xf000, 0x2000, 0x800000, 0, -EEXIST);
	check(2, 0x0, 0x100000, 0x800000, 0, -EEXIST);
	check(2, 0x11000, 0x1000, 0x800000, 0, -EEXIST);
	check(2, 0x14000, 0x1000, 0x800000, 0, 0);
	check(2, 0xf000, 0x1000, 0x800000, 0, 0);
}

static void a_slot_may_not_be_resized_or_rebacked_or_made_read_only(void **state)
{
	(void)state;
	check(1, 0x10000, 0x5000, 0x700000, 0, -EINVAL);
	check(1, 0x10000, 0x3000, 0x700000, 0, -EINVAL);
	check(1, 0x10000, 0x4000, 0x701000, 0, -EINVAL);
	check(1, 0x10000, 0x4000, 0x700000, KVM_MEM_READONLY, -EINVAL);
	check(1, 0x20000, 0x4000, 0x700000, KVM_MEM_READONLY, -EINVAL);
	check(1, 0x10000, 0x4000, 0x700000, 0, 0);
}

static void deletion_needs_a_slot(void **state)
{
	enum slots_change_kind kind;
	struct slots_table *t = with_one_slot();

	(void)state;
	assert_int_equal(set(&t, region(2, 0, 0, 0, 0), NULL), -EINVAL);
	assert_int_equal(set(&t, region(1, 0x555000, 0, 0, 0), &kind), 0);
	assert_int_equal(kind, SLOTS_DELETE);
	assert_int_equal(t->n, 0);
	assert_int_equal(t->npages, 0);
	assert_int_equal(set(&t, region(1, 0, 0, 0, 0), NULL), -EINVAL);
	free_table(t);
}

static void flags_change_in_place_and_same_again_is_nothing(void **state)
{
	enum slots_change_kind kind;
	struct slots_table *t = with_one_slot();
	u64 generation;

	(void)state;
	assert_int_equal(set(&t, region(1, 0x10000, 0x4000, 0x700000, 1), &kind), 0);
	assert_int_equal(kind, SLOTS_FLAGS);
	assert_int_equal(slots_by_id(t, 1)->flags, KVM_MEM_LOG_DIRTY_PAGES);
	generation = t->generation;
	assert_int_equal(set(&t, region(1, 0x10000, 0x4000, 0x700000, 1), &kind), 0);
	assert_int_equal(kind, SLOTS_NONE);
	assert_int_equal(t->generation, generation);
	free_table(t);
}

static void a_move_may_overlap_its_own_old_place_only(void **state)
{
	enum slots_change_kind kind;
	struct slots_table *t = with_one_slot();

	(void)state;
	assert_int_equal(set(&t, region(2, 0x20000, 0x4000, 0x800000, 0), NULL), 0);
	assert_int_equal(set(&t, region(1, 0x12000, 0x4000, 0x700000, 0), &kind), 0);
	assert_int_equal(kind, SLOTS_MOVE);
	assert_int_equal(set(&t, region(1, 0x1d000, 0x4000, 0x700000, 0), NULL), -EEXIST);
	assert_int_equal(set(&t, region(1, 0x24000, 0x4000, 0x700000, 1), &kind), 0);
	assert_int_equal(kind, SLOTS_MOVE);
	assert_int_equal(slots_by_id(t, 1)->base_gfn, 0x24);
	assert_int_equal(slots_by_id(t, 1)->flags, 1);
	free_table(t);
}

static void lookup_finds_edges_and_survives_any_hint(void **state)
{
	struct slots_table *t = with_one_slot();
	u32 hints[] = {0, 1, 77, 0xffffffff};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(hints); i++) {
		u32 hint = hints[i];

		assert_null(slots_find(t, 0xf, &hint));
		assert_null(slots_find(t, 0x14, &hint));
		assert_null(slots_find(t, ~0ULL, &hint));
		assert_int_equal(hint, hints[i]);
		assert_ptr_equal(slots_find(t, 0x10, &hint), slots_by_id(t, 1));
		assert_int_equal(hint, 0);
		assert_ptr_equal(slots_find(t, 0x13, &hint), slots_by_id(t, 1));
	}
	assert_int_equal(slots_gfn_to_hva(slots_by_id(t, 1), 0x12), 0x702000);
	assert_null(slots_by_id(t, 0));
	assert_null(slots_by_id(t, 2));
	free_table(t);
}

static void an_empty_table_has_nothing(void **state)
{
	struct slots_table *t = new_table(0);
	u32 hint = 0;

	(void)state;
	assert_null(slots_find(t, 0, &hint));
	assert_null(slots_by_id(t, 0));
	assert_int_equal(slots_gfn_first(t, 0), 0);
	assert_null(slots_gfn_at(t, 0, ~0ULL));
	assert_true(slots_table_valid(t));
	free(t);
}

/* ---- The model: an array by id, searched from end to end ---- */

#define MODEL_IDS 64

struct model_slot {
	bool used;
	u64 base, pages, hva;
	u32 flags;
};

static int model_set(struct model_slot m[], const struct kvm_userspace_memory_region *r)
{
	struct model_slot *s = &m[r->slot];
	struct model_slot want = {true, r->guest_phys_addr / 4096, r->memory_size / 4096,
				  r->userspace_addr, r->flags};

	if (!r->memory_size) {
		if (!s->used)
			return -EINVAL;
		s->used = false;
		return 0;
	}
	if (s->used && (s->pages != want.pages || s->hva != want.hva ||
			(s->flags & KVM_MEM_READONLY) != (want.flags & KVM_MEM_READONLY)))
		return -EINVAL;
	for (int i = 0; i < MODEL_IDS; i++) {
		if (i == (int)r->slot || !m[i].used)
			continue;
		for (u64 p = 0; p < want.pages; p++) {
			if (want.base + p >= m[i].base && want.base + p < m[i].base + m[i].pages)
				return -EEXIST;
		}
	}
	*s = want;
	return 0;
}

static int model_at(const struct model_slot m[], u64 gfn)
{
	for (int i = 0; i < MODEL_IDS; i++) {
		if (m[i].used && gfn >= m[i].base && gfn < m[i].base + m[i].pages)
			return i;
	}
	return -1;
}

static void compare(const struct model_slot m[], const struct slots_table *t)
{
	u32 hint = rand() % 80, i, start = rand() % 512, end = start + 1 + rand() % 64, found = 0;
	struct memslot *s;

	for (u64 gfn = 0; gfn < 520; gfn++) {
		int want = model_at(m, gfn);

		s = slots_find(t, gfn, &hint);
		assert_int_equal(s ? s->id : -1, want);
		if (s)
			assert_int_equal(s->flags, m[want].flags);
	}
	for (i = 0; i < MODEL_IDS; i++)
		assert_int_equal(!!slots_by_id(t, i), m[i].used);
	for (i = slots_gfn_first(t, start); (s = slots_gfn_at(t, i, end)); i++) {
		assert_true(s->base_gfn < end && slots_end_gfn(s) > start);
		found++;
	}
	for (i = 0; i < MODEL_IDS; i++)
		if (m[i].used && m[i].base < end && m[i].base + m[i].pages > start)
			found--;
	assert_int_equal(found, 0);
}

static void random_histories_agree_with_the_model(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 40; round++) {
		struct model_slot m[MODEL_IDS] = {};
		struct slots_table *t = new_table(0);
		int counts[3] = {};

		for (int step = 0; step < 400; step++) {
			struct kvm_userspace_memory_region r;
			int err;

			r = region(rand() % MODEL_IDS, rand() % 512 * 4096ULL,
				   (rand() % 24 + 1) * 4096ULL, (rand() % 1000) * 4096ULL,
				   rand() % 4);
			/* Most changes of an existing slot keep what may not change. */
			if (m[r.slot].used && rand() % 8) {
				r.memory_size = m[r.slot].pages * 4096;
				r.userspace_addr = m[r.slot].hva;
				r.flags = (m[r.slot].flags & KVM_MEM_READONLY) | (rand() & 1);
			}
			if (rand() % 5 == 0)
				r.memory_size = 0;
			err = model_set(m, &r);
			assert_int_equal(set(&t, r, NULL), err);
			counts[err ? err == -EEXIST ? 1 : 2 : 0]++;
			if (step % 16 == 0)
				compare(m, t);
		}
		compare(m, t);
		assert_true(counts[0] > 50 && counts[1] > 20 && counts[2] > 5);
		free_table(t);
	}
}

static void thousands_of_slots_fit(void **state)
{
	const u32 n = 32764;
	struct slots_table *t = new_table(n), *to;
	u32 hint = 0;
	u64 steps = 0;

	(void)state;
	for (u32 i = 0; i < n; i++) {
		struct memslot *s = malloc(sizeof(*s));

		*s = (struct memslot){.base_gfn = i * 4ULL,
				      .npages = 2,
				      .hva = i * 8192ULL,
				      .id = (i * 7919U) % n};
		t->by_gfn[i] = (struct slots_gfn_key){s->base_gfn, slots_end_gfn(s), s};
		t->by_id[s->id] = s;
		t->npages += 2;
	}
	t->n = n;
	assert_true(slots_table_valid(t));
	for (u32 i = 0; i < n; i++) {
		assert_non_null(slots_find(t, i * 4ULL + 1, &hint));
		assert_null(slots_find(t, i * 4ULL + 2, &hint));
		steps++;
	}
	assert_int_equal(steps, n);

	struct kvm_userspace_memory_region r = region(5, 0, 0, 0, 0);
	struct slots_change ch;

	assert_int_equal(slots_plan(t, &r, &limits, &ch), 0);
	to = new_table(n - 1);
	slots_apply(t, &ch, NULL, to);
	assert_true(slots_table_valid(to));
	assert_null(slots_by_id(to, 5));
	free(ch.old);
	free(t);
	free_table(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unaligned_requests_are_refused),
		cmocka_unit_test(ranges_beyond_the_address_spaces_are_refused),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(total_of_pages_is_bounded),
		cmocka_unit_test(ids_and_address_spaces_are_bounded),
		cmocka_unit_test(a_broken_table_is_called_so),
		cmocka_unit_test(unknown_flags_are_refused),
		cmocka_unit_test(overlap_is_eexist_and_neighbours_are_fine),
		cmocka_unit_test(a_slot_may_not_be_resized_or_rebacked_or_made_read_only),
		cmocka_unit_test(deletion_needs_a_slot),
		cmocka_unit_test(flags_change_in_place_and_same_again_is_nothing),
		cmocka_unit_test(a_move_may_overlap_its_own_old_place_only),
		cmocka_unit_test(lookup_finds_edges_and_survives_any_hint),
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(random_histories_agree_with_the_model),
		cmocka_unit_test(thousands_of_slots_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
