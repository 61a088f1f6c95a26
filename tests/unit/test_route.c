/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GSI routing table: what KVM_SET_GSI_ROUTING takes and refuses, look-ups
 * both ways, the table of KVM_CREATE_IRQCHIP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/route.h"

#define PIN(g, c, p)                                                                               \
	((struct kvm_irq_routing_entry){                                                           \
		.gsi = (g), .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {(c), (p)}})
#define MSI(g, vec)                                                                                \
	((struct kvm_irq_routing_entry){.gsi = (g),                                                \
					.type = KVM_IRQ_ROUTING_MSI,                               \
					.u.msi = {.address_lo = 0xfee00000, .data = (vec)}})
#define BUILD(flags, ...)                                                                          \
	build((struct kvm_irq_routing_entry[]){__VA_ARGS__},                                       \
	      sizeof((struct kvm_irq_routing_entry[]){__VA_ARGS__}) /                              \
		      sizeof(struct kvm_irq_routing_entry),                                        \
	      flags)

static struct route_table *table;

/* In exactly as much memory as was asked for, so that ASan sees a byte too many. */
static int build(const struct kvm_irq_routing_entry *entries, u32 n, u32 flags)
{
	void *mem = malloc(route_bytes(entries, n));
	int err = route_build(mem, entries, n, flags);

	free(table);
	table = mem;
	if (err) {
		free(mem);
		table = NULL;
	} else {
		assert_true(route_valid(table));
	}
	return err;
}

static int drop(void **state)
{
	(void)state;
	free(table);
	table = NULL;
	return 0;
}

static void an_empty_table_routes_nothing(void **state)
{
	u32 n = 7;

	(void)state;
	assert_int_equal(build(NULL, 0, ROUTE_HAS_CHIPS), 0);
	assert_null(route_find(table, 0, &n));
	assert_int_equal(n, 0);
	assert_null(route_find(table, ~0U, &n));
	assert_int_equal(route_gsi_of(table, 0, 0), -1);
}

static void the_default_table_has_both_chips(void **state)
{
	(void)state;
	assert_int_equal(build(route_default, ROUTE_DEFAULT_N, ROUTE_HAS_CHIPS), 0);
	for (u32 gsi = 0; gsi < 24; gsi++) {
		u32 n;
		const struct route *r = route_find(table, gsi, &n);

		assert_int_equal(n, gsi < 16 ? 2 : 1);
		if (gsi < 16) {
			assert_int_equal(r[0].chip,
					 gsi < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE);
			assert_int_equal(r[0].pin, gsi % 8);
			assert_int_equal(route_gsi_of(table, gsi / 8, gsi % 8), gsi);
		}
		assert_int_equal(r[n - 1].chip, KVM_IRQCHIP_IOAPIC);
		assert_int_equal(r[n - 1].pin, gsi);
		assert_int_equal(route_gsi_of(table, KVM_IRQCHIP_IOAPIC, gsi), gsi);
	}
	assert_int_equal(table->n_gsi, 24);
}

static void routes_of_a_gsi_keep_their_order(void **state)
{
	const struct route *r;
	u32 n;

	(void)state;
	assert_int_equal(BUILD(ROUTE_HAS_CHIPS, MSI(30, 0x41), PIN(4, 2, 4), PIN(9, 1, 1),
			       PIN(4, 0, 4), MSI(5, 0x42)),
			 0);
	r = route_find(table, 4, &n);
	assert_int_equal(n, 2);
	assert_int_equal(r[0].chip, 2);
	assert_int_equal(r[1].chip, 0);
	r = route_find(table, 30, &n);
	assert_int_equal(n, 1);
	assert_int_equal(r->type, KVM_IRQ_ROUTING_MSI);
	assert_int_equal(r->data, 0x41);
	route_find(table, 6, &n);
	assert_int_equal(n, 0);
	route_find(table, 31, &n);
	assert_int_equal(n, 0);
}

/* The interrupt source override of a PC: GSI 0 goes to pin 2, nothing to the cascade. */
static void pins_need_not_have_their_gsis_number(void **state)
{
	(void)state;
	assert_int_equal(BUILD(ROUTE_HAS_CHIPS, PIN(0, 0, 0), PIN(0, 2, 2), MSI(2, 0x31)), 0);
	assert_int_equal(route_gsi_of(table, 2, 2), 0);
	assert_int_equal(route_gsi_of(table, 2, 0), -1);
	assert_int_equal(route_gsi_of(table, 0, 2), -1);
}

static void of_two_gsis_on_a_pin_the_last_is_told(void **state)
{
	(void)state;
	assert_int_equal(BUILD(ROUTE_HAS_CHIPS, PIN(3, 2, 7), PIN(1, 2, 7)), 0);
	assert_int_equal(route_gsi_of(table, 2, 7), 1);
}

static void what_is_out_of_range_is_refused(void **state)
{
	static const struct {
		u32 gsi, chip, pin;
		int err;
	} cases[] = {
		{0, 0, 7, 0},	    {0, 0, 8, -EINVAL},	   {0, 1, 7, 0},
		{0, 1, 8, -EINVAL}, {0, 2, 23, 0},	   {0, 2, 24, -EINVAL},
		{4095, 2, 0, 0},    {4096, 2, 0, -EINVAL}, {~0U, 2, 0, -EINVAL},
		{0, 3, 0, -EINVAL}, {0, ~0U, 0, -EINVAL},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			BUILD(ROUTE_HAS_CHIPS, PIN(cases[i].gsi, cases[i].chip, cases[i].pin)),
			cases[i].err);
	}
	assert_int_equal(BUILD(0, MSI(4095, 1)), 0);
	assert_int_equal(BUILD(0, MSI(4096, 1)), -EINVAL);
}

static void a_gsi_has_one_pin_a_chip_or_one_message(void **state)
{
	u32 f = ROUTE_HAS_CHIPS;

	(void)state;
	assert_int_equal(BUILD(f, PIN(0, 0, 0), PIN(0, 1, 0), PIN(0, 2, 0)), 0);
	assert_int_equal(BUILD(f, PIN(0, 0, 0), PIN(0, 0, 1)), -EINVAL);
	assert_int_equal(BUILD(f, PIN(0, 0, 0), PIN(0, 0, 0)), -EINVAL);
	assert_int_equal(BUILD(f, PIN(0, 0, 0), MSI(0, 1)), -EINVAL);
	assert_int_equal(BUILD(f, MSI(0, 1), PIN(0, 0, 0)), -EINVAL);
	assert_int_equal(BUILD(f, MSI(0, 1), MSI(0, 1)), -EINVAL);
	assert_int_equal(BUILD(f, MSI(0, 1), MSI(1, 1)), 0);
	assert_int_equal(BUILD(f, PIN(0, 0, 0), PIN(0, 1, 0), PIN(0, 2, 0), PIN(0, 2, 1)), -EINVAL);
}

static void unknown_types_and_flags_are_refused(void **state)
{
	struct kvm_irq_routing_entry e = {.type = 0};

	(void)state;
	for (u32 type = 0; type < 10; type++) {
		e.type = type;
		assert_int_equal(route_check(&e, ROUTE_HAS_CHIPS),
				 type == KVM_IRQ_ROUTING_IRQCHIP || type == KVM_IRQ_ROUTING_MSI
					 ? 0
					 : -EINVAL);
	}
	e = PIN(0, 0, 0);
	e.flags = KVM_MSI_VALID_DEVID;
	assert_int_equal(route_check(&e, ROUTE_HAS_CHIPS), -EINVAL);
	e = MSI(0, 1);
	e.flags = KVM_MSI_VALID_DEVID;
	assert_int_equal(route_check(&e, 0), 0);
	e.flags = 2;
	assert_int_equal(route_check(&e, 0), -EINVAL);
}

static void a_split_irqchip_takes_messages_only(void **state)
{
	(void)state;
	assert_int_equal(BUILD(0, PIN(0, 2, 0)), -EINVAL);
	assert_int_equal(BUILD(0, MSI(0, 0x31)), 0);
}

static void upper_destination_bits_are_checked_when_they_count(void **state)
{
	struct kvm_irq_routing_entry e = MSI(0, 0x31);
	struct irq_msg msg;

	(void)state;
	e.u.msi.address_hi = 0x12345601;
	assert_int_equal(route_check(&e, ROUTE_X2APIC_IDS), -EINVAL);
	assert_int_equal(build(&e, 1, 0), 0);
	assert_int_equal(route_msg(table->routes, false, &msg), 0);
	assert_int_equal(msg.dest, 0);
	e.u.msi.address_hi = 0x12345600;
	e.u.msi.address_lo = 0xfee78000;
	assert_int_equal(build(&e, 1, ROUTE_X2APIC_IDS), 0);
	assert_int_equal(route_msg(table->routes, true, &msg), 0);
	assert_int_equal(msg.dest, 0x12345678);
}

static void the_largest_table_fits(void **state)
{
	struct kvm_irq_routing_entry *e = calloc(ROUTE_MAX_ENTRIES + 1, sizeof(*e));
	u32 n;

	(void)state;
	for (u32 i = 0; i <= ROUTE_MAX_ENTRIES; i++)
		e[i] = MSI((i * 5) % ROUTE_MAX_GSI, i);
	assert_int_equal(build(e, ROUTE_MAX_ENTRIES, 0), 0);
	for (u32 i = 0; i < ROUTE_MAX_ENTRIES; i++) {
		assert_int_equal(route_find(table, (i * 5) % ROUTE_MAX_GSI, &n)->data, i);
		assert_int_equal(n, 1);
	}
	assert_null(route_find(table, ROUTE_MAX_GSI, &n));
	assert_int_equal(build(e, ROUTE_MAX_ENTRIES + 1, 0), -EINVAL);
	/* All on one GSI: refused without looking at all pairs. */
	for (u32 i = 0; i < ROUTE_MAX_ENTRIES; i++)
		e[i] = PIN(0, 2, 0);
	assert_int_equal(build(e, ROUTE_MAX_ENTRIES, ROUTE_HAS_CHIPS), -EINVAL);
	free(e);
}

static void eois_of_reserved_level_messages_go_out(void **state)
{
	u64 v[4] = {};

	(void)state;
	assert_int_equal(BUILD(0, MSI(0, 0x31), MSI(1, 0x8032), MSI(23, 0xc0ff), MSI(24, 0x8041)),
			 0);
	route_eoi_vectors(table, 24, v);
	assert_true(v[0] == BIT_ULL(0x32));
	assert_true(!v[1] && !v[2]);
	assert_true(v[3] == BIT_ULL(63));
	route_eoi_vectors(table, ~0U, v);
	assert_true(v[1] == BIT_ULL(1));
}

static void a_pin_out_of_range_has_no_gsi(void **state)
{
	(void)state;
	assert_int_equal(build(route_default, ROUTE_DEFAULT_N, ROUTE_HAS_CHIPS), 0);
	assert_int_equal(route_gsi_of(table, 3, 0), -1);
	assert_int_equal(route_gsi_of(table, 2, 24), -1);
	assert_int_equal(route_gsi_of(table, 0, 8), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_empty_table_routes_nothing, drop),
		cmocka_unit_test_teardown(the_default_table_has_both_chips, drop),
		cmocka_unit_test_teardown(routes_of_a_gsi_keep_their_order, drop),
		cmocka_unit_test_teardown(pins_need_not_have_their_gsis_number, drop),
		cmocka_unit_test_teardown(of_two_gsis_on_a_pin_the_last_is_told, drop),
		cmocka_unit_test_teardown(what_is_out_of_range_is_refused, drop),
		cmocka_unit_test_teardown(a_gsi_has_one_pin_a_chip_or_one_message, drop),
		cmocka_unit_test_teardown(unknown_types_and_flags_are_refused, drop),
		cmocka_unit_test_teardown(a_split_irqchip_takes_messages_only, drop),
		cmocka_unit_test_teardown(upper_destination_bits_are_checked_when_they_count, drop),
		cmocka_unit_test_teardown(the_largest_table_fits, drop),
		cmocka_unit_test_teardown(eois_of_reserved_level_messages_go_out, drop),
		cmocka_unit_test_teardown(a_pin_out_of_range_has_no_gsi, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
