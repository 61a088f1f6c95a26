// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GSI routing table.
 *
 * Invariants (route_valid): routes are sorted by GSI; first[g] is the place of
 * GSI g's first route and first[n_gsi] is n; a GSI has at most one route to each
 * chip, or one message and nothing else; pins are in range; gsi_of is the
 * inverse of the routes to pins.
 *
 * Sources: api.rst, KVM_SET_GSI_ROUTING, KVM_CREATE_IRQCHIP, KVM_CAP_SPLIT_IRQCHIP;
 * what the ioctl of a running kernel refuses.
 *
 * Pure; a table is private to its builder until it is published, then constant.
 */
#include "route.h"

#define PIC(n)                                                                                     \
	{                                                                                          \
		.gsi = (n), .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {                        \
			.irqchip = (n) / 8,                                                        \
			.pin = (n) % 8                                                             \
		}                                                                                  \
	}
#define IOAPIC(n)                                                                                  \
	{                                                                                          \
		.gsi = (n), .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {                        \
			.irqchip = KVM_IRQCHIP_IOAPIC,                                             \
			.pin = (n)                                                                 \
		}                                                                                  \
	}
#define BOTH(n) PIC(n), IOAPIC(n)

const struct kvm_irq_routing_entry route_default[ROUTE_DEFAULT_N] = {
	BOTH(0),    BOTH(1),	BOTH(2),    BOTH(3),	BOTH(4),    BOTH(5),
	BOTH(6),    BOTH(7),	BOTH(8),    BOTH(9),	BOTH(10),   BOTH(11),
	BOTH(12),   BOTH(13),	BOTH(14),   BOTH(15),	IOAPIC(16), IOAPIC(17),
	IOAPIC(18), IOAPIC(19), IOAPIC(20), IOAPIC(21), IOAPIC(22), IOAPIC(23),
};

static u32 chip_pins(u32 chip)
{
	return chip == KVM_IRQCHIP_IOAPIC ? KVM_IOAPIC_NUM_PINS : ROUTE_PIC_PINS;
}

static int check_pin(const struct kvm_irq_routing_entry *entry, u32 flags)
{
	const struct kvm_irq_routing_irqchip *to = &entry->u.irqchip;

	if (!(flags & ROUTE_HAS_CHIPS) || entry->flags)
		return -EINVAL;
	if (to->irqchip >= KVM_NR_IRQCHIPS || to->pin >= chip_pins(to->irqchip))
		return -EINVAL;
	return 0;
}

static int check_msi(const struct kvm_irq_routing_entry *entry, u32 flags)
{
	if (entry->flags & ~KVM_MSI_VALID_DEVID)
		return -EINVAL;
	if ((flags & ROUTE_X2APIC_IDS) && (entry->u.msi.address_hi & 0xff))
		return -EINVAL;
	return 0;
}

int route_check(const struct kvm_irq_routing_entry *entry, u32 flags)
{
	if (entry->gsi >= ROUTE_MAX_GSI)
		return -EINVAL;
	switch (entry->type) {
	case KVM_IRQ_ROUTING_IRQCHIP:
		return check_pin(entry, flags);
	case KVM_IRQ_ROUTING_MSI:
		return check_msi(entry, flags);
	default:
		return -EINVAL;
	}
}

/* GSIs are below this; at most ROUTE_MAX_GSI: what is above is refused anyway. */
static u32 count_gsis(const struct kvm_irq_routing_entry *entries, u32 n)
{
	u32 end = 0;

	for (u32 i = 0; i < n; i++) {
		if (entries[i].gsi >= end && entries[i].gsi < ROUTE_MAX_GSI)
			end = entries[i].gsi + 1;
	}
	return end;
}

size_t route_bytes(const struct kvm_irq_routing_entry *entries, u32 n)
{
	return sizeof(struct route_table) + (size_t)n * sizeof(struct route) +
	       (count_gsis(entries, n) + 1) * sizeof(u16);
}

static void fill(struct route *r, const struct kvm_irq_routing_entry *entry)
{
	*r = (struct route){.gsi = entry->gsi, .type = entry->type};
	if (entry->type == KVM_IRQ_ROUTING_IRQCHIP) {
		r->chip = entry->u.irqchip.irqchip;
		r->pin = entry->u.irqchip.pin;
	} else {
		r->address_lo = entry->u.msi.address_lo;
		r->address_hi = entry->u.msi.address_hi;
		r->data = entry->u.msi.data;
	}
}

/* May a GSI have both? */
static bool compatible(const struct route *a, const struct route *b)
{
	return a->type == KVM_IRQ_ROUTING_IRQCHIP && b->type == KVM_IRQ_ROUTING_IRQCHIP &&
	       a->chip != b->chip;
}

/* A GSI's routes: not more than there are chips, so that the pairs are few. */
static bool all_compatible(const struct route *r, u32 n)
{
	if (n > ROUTE_MAX_PER_GSI)
		return false;
	for (u32 i = 0; i < n; i++) {
		for (u32 j = 0; j < i; j++) {
			if (!compatible(&r[i], &r[j]))
				return false;
		}
	}
	return true;
}

/* Counting sort: first[g] is the number of g's routes, then their end, then their begin. */
static void sort_in(struct route_table *t, const struct kvm_irq_routing_entry *entries)
{
	u32 i, sum = 0;

	memset(t->first, 0, (t->n_gsi + 1) * sizeof(*t->first));
	for (i = 0; i < t->n; i++)
		t->first[entries[i].gsi]++;
	for (i = 0; i <= t->n_gsi; i++) {
		sum += t->first[i];
		t->first[i] = sum;
	}
	for (i = t->n; i-- > 0;)
		fill(&t->routes[--t->first[entries[i].gsi]], &entries[i]);
}

static void invert(struct route_table *t, const struct kvm_irq_routing_entry *entries)
{
	memset(t->gsi_of, 0xff, sizeof(t->gsi_of)); /* -1 */
	for (u32 i = 0; i < t->n; i++) {
		if (entries[i].type == KVM_IRQ_ROUTING_IRQCHIP)
			t->gsi_of[entries[i].u.irqchip.irqchip][entries[i].u.irqchip.pin] =
				entries[i].gsi;
	}
}

int route_build(void *mem, const struct kvm_irq_routing_entry *entries, u32 n, u32 flags)
{
	struct route_table *t = mem;

	if (n > ROUTE_MAX_ENTRIES)
		return -EINVAL;
	for (u32 i = 0; i < n; i++) {
		int err = route_check(&entries[i], flags);

		if (err)
			return err;
	}
	t->n = n;
	t->n_gsi = count_gsis(entries, n);
	t->first = (u16 *)&t->routes[n];
	sort_in(t, entries);
	for (u32 gsi = 0; gsi < t->n_gsi; gsi++) {
		if (!all_compatible(&t->routes[t->first[gsi]], t->first[gsi + 1] - t->first[gsi]))
			return -EINVAL;
	}
	invert(t, entries);
	return 0;
}

int route_gsi_of(const struct route_table *t, unsigned int chip, unsigned int pin)
{
	if (chip >= KVM_NR_IRQCHIPS || pin >= ROUTE_CHIP_PINS)
		return -1;
	chip = array_index_nospec(chip, KVM_NR_IRQCHIPS);
	return t->gsi_of[chip][array_index_nospec(pin, ROUTE_CHIP_PINS)];
}

void route_eoi_vectors(const struct route_table *t, u32 reserved, u64 vectors[4])
{
	u32 end = min(reserved, t->n_gsi);

	for (u32 i = 0; i < t->first[end]; i++) {
		u8 vector = t->routes[i].data;

		if (route_level_msi(&t->routes[i]))
			vectors[vector / 64] |= 1ULL << vector % 64;
	}
}

static bool route_in_range(const struct route_table *t, const struct route *r)
{
	if (r->type == KVM_IRQ_ROUTING_MSI)
		return true;
	return r->type == KVM_IRQ_ROUTING_IRQCHIP && r->chip < KVM_NR_IRQCHIPS &&
	       r->pin < chip_pins(r->chip) && t->gsi_of[r->chip][r->pin] >= 0;
}

static bool gsi_valid(const struct route_table *t, u32 gsi)
{
	u32 begin = t->first[gsi], end = t->first[gsi + 1];

	if (begin > end || end > t->n || !all_compatible(&t->routes[begin], end - begin))
		return false;
	for (u32 i = begin; i < end; i++) {
		if (t->routes[i].gsi != gsi || !route_in_range(t, &t->routes[i]))
			return false;
	}
	return true;
}

static bool inverse_valid(const struct route_table *t, u32 chip, u32 pin)
{
	int gsi = t->gsi_of[chip][pin];
	u32 n;
	const struct route *r;

	if (gsi == -1)
		return true;
	r = gsi < 0 ? NULL : route_find(t, gsi, &n);
	for (u32 i = 0; r && i < n; i++) {
		if (r[i].type == KVM_IRQ_ROUTING_IRQCHIP && r[i].chip == chip && r[i].pin == pin)
			return true;
	}
	return false;
}

bool route_valid(const struct route_table *t)
{
	if (t->n > ROUTE_MAX_ENTRIES || t->n_gsi > ROUTE_MAX_GSI || t->first[0] ||
	    t->first[t->n_gsi] != t->n)
		return false;
	for (u32 gsi = 0; gsi < t->n_gsi; gsi++) {
		if (!gsi_valid(t, gsi))
			return false;
	}
	for (u32 chip = 0; chip < KVM_NR_IRQCHIPS; chip++) {
		for (u32 pin = 0; pin < ROUTE_CHIP_PINS; pin++) {
			if (!inverse_valid(t, chip, pin))
				return false;
		}
	}
	return true;
}
