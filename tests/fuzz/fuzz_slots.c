/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzz target: the input is a series of KVM_SET_USER_MEMORY_REGION requests,
 * with raw, hostile values. After each one that is accepted the table must be
 * valid and agree with lookups by frame and by id at the edges of the request;
 * a refusal must leave everything as it was.
 */
#include <stdlib.h>

#include "mem/slots.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const struct slots_limits limits = {
	.max_ids = 48,
	.address_spaces = 1,
	.flags_allowed = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY,
	.max_gfn = 1ULL << 36,
	.max_hva = 1ULL << 47,
	.max_total = 1ULL << 34,
};

/* 12 bytes of input make one request: mostly near-legal, with a raw mode. */
static struct kvm_userspace_memory_region request(const u8 *in)
{
	struct kvm_userspace_memory_region r = {};
	u64 a, b;

	memcpy(&a, in + 4, 8);
	b = a * 0x9e3779b97f4a7c15ULL;
	r.slot = in[0] % 50;
	r.flags = in[1] % 5;
	if (in[2] & 0x80) { /* raw */
		r.slot = in[0] | (in[3] & 1) << 16;
		r.guest_phys_addr = a;
		r.memory_size = b >> (in[3] % 64);
		r.userspace_addr = b << (in[2] % 32);
		return r;
	}
	r.guest_phys_addr = (a % 256) << 12;
	r.memory_size = (u64)(in[2] % 16) << 12;
	r.userspace_addr = (u64)(in[3] % 4) << 21;
	return r;
}

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_edges(const struct slots_table *t, const struct slots_change *ch)
{
	const struct memslot *new = &ch->new;
	gfn_t end = slots_end_gfn(new);
	u32 hint = ch->new.id;
	struct memslot *s = slots_by_id(t, new->id);

	require(slots_table_valid(t));
	if (ch->kind == SLOTS_DELETE) {
		require(!s);
		return;
	}
	require(s && s->base_gfn == new->base_gfn && s->flags == new->flags);
	require(slots_find(t, new->base_gfn, &hint) == s);
	require(slots_find(t, end - 1, &hint) == s);
	require(slots_find(t, end, &hint) != s);
	require(slots_find(t, new->base_gfn - 1, &hint) != s);
}

/* Carry a planned change out; the old table goes. */
static struct slots_table *carry_out(struct slots_table *t, const struct slots_change *ch)
{
	u32 cap = slots_count_after(t, ch);
	struct slots_table *to = slots_table_init(malloc(slots_table_bytes(cap)), cap, 0);
	struct memslot *slot = NULL;

	if (ch->kind != SLOTS_DELETE) {
		slot = malloc(sizeof(*slot));
		*slot = ch->new;
	}
	slots_apply(t, ch, slot, to);
	require(to->n == cap);
	if (ch->kind != SLOTS_CREATE)
		free(ch->old);
	free(t);
	check_edges(to, ch);
	return to;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slots_table *t = slots_table_init(malloc(slots_table_bytes(0)), 0, 0);
	u32 i;

	for (; size >= 12; data += 12, size -= 12) {
		struct kvm_userspace_memory_region r = request(data);
		struct slots_change ch;

		if (slots_plan(t, &r, &limits, &ch) || ch.kind == SLOTS_NONE)
			continue;
		t = carry_out(t, &ch);
	}
	for (i = 0; i < t->n; i++)
		free(t->by_gfn[i].slot);
	free(t);
	return 0;
}
