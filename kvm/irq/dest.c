// SPDX-License-Identifier: GPL-2.0-only
/*
 * Destination matching: SDM vol. 3, "Determining IPI Destination" (physical,
 * logical flat and cluster, broadcast) and "x2APIC Addressing: Logical
 * Destination Mode"; api.rst, KVM_CAP_X2APIC_API, for 0xff.
 *
 * Each APIC answers to one physical id. An xAPIC whose given id has more than
 * 8 bits answers to the whole of it (and not to its low 8 bits, which are
 * another's): INIT and SIPI reach a CPU above 255 before it has x2APIC on.
 *
 * Tables serve physical ids, and logical ids while all enabled APICs are of
 * one kind and no two share a bit; whatever doesn't fit is found by a scan,
 * with dest_entry_accepts' rules. In kinds, DEST_SCAN says that physical ids
 * are shared or out of by_id's range, DEST_SCANLOG that logical ids are shared
 * or that somebody has none.
 *
 * Pure, no locks: a map is constant once built.
 */
#include "dest.h"

#define DEST_SCAN    0x80 /* physical table is not complete */
#define DEST_SCANLOG 0x40 /* logical tables are not complete */
#define DEST_KINDS   (DEST_X2APIC | DEST_FLAT | DEST_CLUSTER)

static u32 phys_id(const struct dest_entry *e)
{
	if (e->flags & DEST_X2APIC)
		return e->id;
	return e->id > 0xff && e->xapic_id == (u8)e->id ? e->id : e->xapic_id;
}

/* Enabled as the delivery mode needs: SDM, "Local APIC State After It Has Been Software Disabled". */
static bool takes(u8 flags, const struct irq_msg *msg)
{
	u8 need = DEST_HW_ENABLED;

	if (irq_msg_is_vectored(msg) || msg->delivery == IRQ_EXTINT)
		need |= DEST_SW_ENABLED;
	return (flags & need) == need;
}

static bool deliverable(const struct irq_msg *msg)
{
	return msg->assert && msg->delivery != IRQ_RESERVED;
}

static bool broadcast_to(const struct dest_entry *e, const struct irq_msg *msg, bool quirk)
{
	if (msg->dest == IRQ_DEST_ALL)
		return true;
	if (msg->x2apic || msg->dest != IRQ_DEST_ALL_XAPIC)
		return false;
	return !(e->flags & DEST_X2APIC) || quirk;
}

static bool logical_hit(const struct dest_entry *e, const struct irq_msg *msg)
{
	u32 d = msg->dest, mine = e->ldr >> 24;

	if (e->flags & DEST_X2APIC) {
		u32 ldr = dest_x2apic_ldr(e->id);

		return d >> 16 == ldr >> 16 && (d & ldr & 0xffff);
	}
	if (msg->x2apic || d > 0xff)
		return false;
	if (e->flags & DEST_FLAT)
		return d & mine;
	if (e->flags & DEST_CLUSTER)
		return d >> 4 == mine >> 4 && (d & mine & 0xf);
	return false;
}

static bool addressed(const struct dest_entry *e, u32 phys, const struct irq_msg *msg, bool quirk)
{
	if (broadcast_to(e, msg, quirk))
		return true;
	return msg->dest_logical ? logical_hit(e, msg) : msg->dest == phys;
}

bool dest_entry_accepts(const struct dest_entry *e, const struct irq_msg *msg, bool broadcast_quirk)
{
	return deliverable(msg) && takes(e->flags, msg) &&
	       addressed(e, phys_id(e), msg, broadcast_quirk);
}

size_t dest_map_bytes(u32 n, u32 ids)
{
	return sizeof(struct dest_map) + (size_t)n * (sizeof(struct dest_entry) + sizeof(u32)) +
	       (size_t)ids * sizeof(u16);
}

/* Enter @index; false if somebody is there already. */
static bool claim(u16 *place, u32 index)
{
	bool free = !*place;

	*place = index + 1;
	return free;
}

static void enter_logical(struct dest_map *map, u32 index)
{
	const struct dest_entry *e = &map->entry[index];
	u32 mine = e->ldr >> 24, bit, bits = e->flags & DEST_FLAT ? 8 : 4;
	u16 *table = e->flags & DEST_FLAT ? map->flat : map->cluster[mine >> 4];

	map->kinds |= (e->flags & DEST_KINDS) ?: DEST_SCANLOG;
	if (!(e->flags & (DEST_FLAT | DEST_CLUSTER)))
		return; /* x2APIC's logical ids follow from the physical ones */
	for (bit = 0; bit < bits; bit++) {
		if ((mine >> bit & 1) && !claim(&table[bit], index))
			map->kinds |= DEST_SCANLOG;
	}
}

struct dest_map *dest_map_build(void *mem, const struct dest_entry *entries, u32 n, u32 ids,
				bool broadcast_quirk)
{
	struct dest_map *map = mem;
	u32 i;

	memset(map, 0, sizeof(*map));
	map->n = n;
	map->ids = ids;
	map->broadcast_quirk = broadcast_quirk;
	map->entry = (struct dest_entry *)(map + 1);
	map->phys = (u32 *)(map->entry + n);
	map->by_id = (u16 *)(map->phys + n);
	memset(map->by_id, 0, ids * sizeof(u16));

	for (i = 0; i < n; i++) {
		map->entry[i] = entries[i];
		map->phys[i] = phys_id(&entries[i]);
		if (!(entries[i].flags & DEST_HW_ENABLED))
			continue;
		if (map->phys[i] >= ids || !claim(&map->by_id[map->phys[i]], i))
			map->kinds |= DEST_SCAN;
		enter_logical(map, i);
	}
	return map;
}

/* The physical id's owner, from the complete table. */
static int phys_owner(const struct dest_map *map, u32 id)
{
	return id < map->ids ? map->by_id[array_index_nospec(id, map->ids)] - 1 : DEST_NONE;
}

/*
 * The owner of logical bit @bit of @dest, where all APICs are of one kind.
 * Table entries are of those who have that bit, so no more to check; in x2APIC
 * the id follows from cluster and bit.
 */
static int logical_owner(const struct dest_map *map, u32 dest, u32 bit)
{
	switch (map->kinds & DEST_KINDS) {
	case DEST_X2APIC:
		return phys_owner(map, (dest >> 16 << 4) | bit);
	case DEST_FLAT:
		return map->flat[bit & 7] - 1;
	default:
		return map->cluster[dest >> 4 & 0xf][bit & 3] - 1;
	}
}

/* Can the tables answer for a message without shorthand? */
static bool by_tables(const struct dest_map *map, const struct irq_msg *msg)
{
	u8 kinds = map->kinds & DEST_KINDS;

	if (msg->dest == IRQ_DEST_ALL || (msg->dest == IRQ_DEST_ALL_XAPIC && !msg->x2apic))
		return false;
	if (!msg->dest_logical)
		return !(map->kinds & DEST_SCAN);
	if (map->kinds & DEST_SCANLOG)
		return false;
	if (kinds == DEST_X2APIC)
		return !(map->kinds & DEST_SCAN);
	if (msg->x2apic || msg->dest > 0xff)
		return false;
	return kinds == DEST_FLAT || kinds == DEST_CLUSTER;
}

/* The bits of a logical destination that name APICs of the one kind there is. */
static u32 logical_bits(const struct dest_map *map, u32 dest)
{
	switch (map->kinds & DEST_KINDS) {
	case DEST_X2APIC:
		return dest & 0xffff;
	case DEST_FLAT:
		return dest & 0xff;
	default:
		return dest & 0xf;
	}
}

static int keep_if_takes(const struct dest_map *map, int index, const struct irq_msg *msg)
{
	return index >= 0 && takes(map->entry[index].flags, msg) ? index : DEST_NONE;
}

int dest_single(const struct dest_map *map, const struct irq_msg *msg, u32 sender)
{
	u32 bits;

	if (!deliverable(msg))
		return DEST_NONE;
	if (msg->shorthand == IRQ_SH_SELF)
		return sender < map->n ? keep_if_takes(map, sender, msg) : DEST_NONE;
	if (msg->shorthand != IRQ_SH_NONE || !by_tables(map, msg))
		return DEST_MANY;
	if (!msg->dest_logical)
		return keep_if_takes(map, phys_owner(map, msg->dest), msg);
	bits = logical_bits(map, msg->dest);
	if (!bits)
		return DEST_NONE;
	if (bits & (bits - 1))
		return DEST_MANY;
	return keep_if_takes(map, logical_owner(map, msg->dest, __ffs(bits)), msg);
}

static u32 match_logical(const struct dest_map *map, const struct irq_msg *msg, u64 *set)
{
	u32 bits = logical_bits(map, msg->dest), count = 0;

	for (; bits; bits &= bits - 1) {
		int i = keep_if_takes(map, logical_owner(map, msg->dest, __ffs(bits)), msg);

		/* One may own several bits of a flat or cluster destination. */
		if (i < 0 || (set[i / 64] >> (i % 64) & 1))
			continue;
		set[i / 64] |= 1ULL << (i % 64);
		count++;
	}
	return count;
}

static u32 match_scan(const struct dest_map *map, const struct irq_msg *msg, u32 sender, u64 *set)
{
	bool all = msg->shorthand == IRQ_SH_ALL || msg->shorthand == IRQ_SH_OTHERS;
	u32 i, count = 0;

	for (i = 0; i < map->n; i++) {
		const struct dest_entry *e = &map->entry[i];

		if (!takes(e->flags, msg))
			continue;
		if (msg->shorthand == IRQ_SH_OTHERS && i == sender)
			continue;
		if (!all && !addressed(e, map->phys[i], msg, map->broadcast_quirk))
			continue;
		set[i / 64] |= 1ULL << (i % 64);
		count++;
	}
	return count;
}

u32 dest_match(const struct dest_map *map, const struct irq_msg *msg, u32 sender, u64 *ret_set)
{
	int one;

	memset(ret_set, 0, dest_set_words(map) * sizeof(u64));
	one = dest_single(map, msg, sender);
	if (one >= 0) {
		ret_set[one / 64] |= 1ULL << (one % 64);
		return 1;
	}
	if (one == DEST_NONE)
		return 0;
	if (msg->shorthand == IRQ_SH_NONE && by_tables(map, msg))
		return match_logical(map, msg, ret_set);
	return match_scan(map, msg, sender, ret_set);
}
