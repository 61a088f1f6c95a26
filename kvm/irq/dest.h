/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Destinations: which vCPUs' local APICs a message is addressed to.
 *
 * A map is built once from what every local APIC said of itself, and then not
 * changed: a new one is built whenever an id, a logical id, a mode or an
 * enable bit changes (LAPIC_FX_DEST), and published by the glue. vCPUs are
 * named by their index 0..n-1 in the array it was built from. See dest.c.
 */
#ifndef GLASSVISOR_IRQ_DEST_H
#define GLASSVISOR_IRQ_DEST_H

#include "../env.h"
#include "msg.h"

#define DEST_MAX_VCPUS 4096
#define DEST_SET_WORDS (DEST_MAX_VCPUS / 64)

/* dest_single: nobody; or more than the fast path can tell (ask dest_match). */
#define DEST_NONE (-1)
#define DEST_MANY (-2)

/* struct dest_entry.flags; 0 is a vCPU that is not there. */
#define DEST_HW_ENABLED BIT(0) /* APIC base's EN: takes part at all */
#define DEST_SW_ENABLED BIT(1) /* SVR's enable: takes vectored interrupts */
#define DEST_X2APIC	BIT(2)
#define DEST_FLAT	BIT(3) /* xAPIC: DFR says flat */
#define DEST_CLUSTER	BIT(4) /* xAPIC: DFR says cluster; neither: no logical match */

/* x2APIC's LDR: cluster in 31:16, one bit in 15:0. */
static inline u32 dest_x2apic_ldr(u32 id)
{
	return (id >> 4) << 16 | 1U << (id & 0xf);
}

/* What one local APIC says of itself (lapic_dest_entry). */
struct dest_entry {
	u32 id;	 /* as it was given at reset, 32 bits */
	u32 ldr; /* xAPIC's LDR register, the id in bits 31:24; x2APIC's follows from id */
	u8 xapic_id;
	u8 flags;
};

struct dest_map {
	u32 n;
	u32 ids;  /* by_id's length */
	u8 kinds; /* DEST_X2APIC, DEST_FLAT, DEST_CLUSTER in use; and see dest.c */
	bool broadcast_quirk;
	u16 flat[8]; /* index + 1 of the only one with that bit; 0 none */
	u16 cluster[16][4];
	u16 *by_id; /* physical id -> index + 1; 0 none */
	u32 *phys;  /* index -> physical id it answers to */
	struct dest_entry *entry;
};

/* Bytes for a map of @n vCPUs and a table for ids below @ids (at most 65536). */
size_t dest_map_bytes(u32 n, u32 ids);

/*
 * Build a map in @mem of dest_map_bytes(n, ids); n <= DEST_MAX_VCPUS.
 * @broadcast_quirk: KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK is not set, so 0xff
 * of an MSI or an I/O APIC is a broadcast to x2APICs too.
 * Ids at or above @ids work, but are searched for.
 */
struct dest_map *dest_map_build(void *mem, const struct dest_entry *entries, u32 n, u32 ids,
				bool broadcast_quirk);

/* Words of a set of this map's vCPUs. */
static inline u32 dest_set_words(const struct dest_map *map)
{
	return DIV_ROUND_UP(map->n, 64);
}

/*
 * Fill @ret_set (dest_set_words) with those who accept @msg: addressed, and
 * enabled as its delivery mode needs. @sender: index of the IPI's sender; no
 * matter for messages without shorthand. Returns their number. Of a message
 * with irq_msg_to_one() the caller picks one.
 */
u32 dest_match(const struct dest_map *map, const struct irq_msg *msg, u32 sender, u64 *ret_set);

/* The fast path: the only acceptor's index, DEST_NONE or DEST_MANY (not told, or many). */
int dest_single(const struct dest_map *map, const struct irq_msg *msg, u32 sender);

/* Does this APIC accept that message (shorthand aside)? Slow and sure; for tests and asserts. */
bool dest_entry_accepts(const struct dest_entry *e, const struct irq_msg *msg,
			bool broadcast_quirk);

#endif /* GLASSVISOR_IRQ_DEST_H */
