/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routing of global system interrupts (GSIs) to pins of the interrupt
 * chips and to messages: KVM_SET_GSI_ROUTING. See route.c.
 *
 * A table is built once in memory of the caller and is constant afterwards; the
 * glue publishes the next one by RCU or SRCU.
 */
#ifndef GLASSVISOR_IRQ_ROUTE_H
#define GLASSVISOR_IRQ_ROUTE_H

#include <linux/kvm.h>

#include "../env.h"
#include "msg.h"

#define ROUTE_MAX_GSI	  4096 /* GSIs are below; KVM_CAP_IRQ_ROUTING */
#define ROUTE_MAX_ENTRIES 4096
#define ROUTE_MAX_PER_GSI KVM_NR_IRQCHIPS
#define ROUTE_PIC_PINS	  8 /* of each chip */
#define ROUTE_DEFAULT_N	  40
#define ROUTE_CHIP_PINS	  24 /* of the largest chip */

struct route {
	u16 gsi;
	u8 type;	/* KVM_IRQ_ROUTING_IRQCHIP or KVM_IRQ_ROUTING_MSI */
	u8 chip;	/* IRQCHIP: KVM_IRQCHIP_* */
	u8 pin;		/* IRQCHIP */
	u32 address_lo; /* MSI, as the device would write it */
	u32 address_hi;
	u32 data;
};

/* The table; routes sorted by GSI, those of one GSI in the order they came in. */
struct route_table {
	u32 n;
	u32 n_gsi;				      /* GSIs are below this */
	s16 gsi_of[KVM_NR_IRQCHIPS][ROUTE_CHIP_PINS]; /* -1: none */
	u16 *first;				      /* n_gsi + 1 places in routes[] */
	struct route routes[];
};

/* What the VM has, for the checks. */
#define ROUTE_HAS_CHIPS	 BIT(0) /* PICs and I/O APIC are in the kernel; else only MSI is taken */
#define ROUTE_X2APIC_IDS BIT(1) /* KVM_X2APIC_API_USE_32BIT_IDS: address_hi has destination bits */

/* KVM_CREATE_IRQCHIP's table: GSI 0-15 to PIC and I/O APIC, 16-23 to the I/O APIC. */
extern const struct kvm_irq_routing_entry route_default[ROUTE_DEFAULT_N];

/* May this entry be? -EINVAL if not. */
int route_check(const struct kvm_irq_routing_entry *entry, u32 flags);

/* Bytes to allocate for a table of these entries. */
size_t route_bytes(const struct kvm_irq_routing_entry *entries, u32 n);

/*
 * Build a struct route_table in @mem, of route_bytes() of the same entries and
 * aligned for pointers. @flags: ROUTE_*. 0; or -EINVAL, and @mem is garbage: too many entries, a GSI too high, an unknown
 * type, chip, pin or flag; a GSI on two pins of one chip, or on a message and something else;
 * bits 7-0 of address_hi, with ROUTE_X2APIC_IDS.
 */
int route_build(void *mem, const struct kvm_irq_routing_entry *entries, u32 n, u32 flags);

/* The routes of a GSI (any number is safe) and how many they are. */
static inline const struct route *route_find(const struct route_table *t, u32 gsi, u32 *ret_n)
{
	u32 i;

	if (gsi >= t->n_gsi) {
		*ret_n = 0;
		return NULL;
	}
	i = array_index_nospec(gsi, t->n_gsi);
	*ret_n = t->first[i + 1] - t->first[i];
	return &t->routes[t->first[i]];
}

/* The GSI that is routed to this pin, or -1; of several the last one given. */
int route_gsi_of(const struct route_table *t, unsigned int chip, unsigned int pin);

/* The message that a route of type MSI sends; @ids32 as for irq_msg_from_msi. */
static inline int route_msg(const struct route *r, bool ids32, struct irq_msg *ret_msg)
{
	return irq_msg_from_msi(r->address_lo, r->address_hi, r->data, ids32, ret_msg);
}

/* Is this a message of a level triggered interrupt? Its EOI goes out to a userspace I/O APIC. */
static inline bool route_level_msi(const struct route *r)
{
	return r->type == KVM_IRQ_ROUTING_MSI && (r->data & BIT(15));
}

/*
 * Vectors of the level triggered messages of GSIs below @reserved (args[0] of KVM_CAP_SPLIT_IRQCHIP)
 * are set in @vectors (256 bits), the others left as they are.
 */
void route_eoi_vectors(const struct route_table *t, u32 reserved, u64 vectors[4]);

/* All invariants hold? For tests and fuzzing. */
bool route_valid(const struct route_table *t);

#endif /* GLASSVISOR_IRQ_ROUTE_H */
