/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Destination matching by the manuals' rules, its tables against the plain
 * rule for random maps and messages, and MSI decode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irq/dest.h"

#define ON (DEST_HW_ENABLED | DEST_SW_ENABLED)

static u64 set[DEST_SET_WORDS];

static struct dest_map *build(const struct dest_entry *e, u32 n, u32 ids, bool quirk)
{
	return dest_map_build(malloc(dest_map_bytes(n, ids)), e, n, ids, quirk);
}

static struct irq_msg fixed(u32 dest, bool logical, bool x2apic)
{
	return (struct irq_msg){.dest = dest,
				.vector = 0x40,
				.dest_logical = logical,
				.assert = true,
				.x2apic = x2apic};
}

/* The first 64 members. */
static u64 match(const struct dest_map *map, struct irq_msg m, u32 sender)
{
	u32 count = dest_match(map, &m, sender, set), i, sum = 0;
	int one = dest_single(map, &m, sender);

	for (i = 0; i < dest_set_words(map); i++)
		sum += hweight64(set[i]);
	assert_int_equal(count, sum);
	if (one == DEST_NONE)
		assert_int_equal(count, 0);
	if (one >= 0)
		assert_true(count == 1 && set[one / 64] >> (one % 64) & 1);
	return set[0];
}

static void xapics(struct dest_entry *e, u32 n, u8 model, const u8 *ldr)
{
	u32 i;

	for (i = 0; i < n; i++)
		e[i] = (struct dest_entry){
			.id = i, .ldr = (u32)ldr[i] << 24, .xapic_id = i, .flags = ON | model};
}

static const u8 flat_ldr[8] = {1, 2, 4, 8, 16, 32, 64, 128};

static void physical_names_one(void **state)
{
	struct dest_entry e[8];
	struct dest_map *map;
	struct irq_msg m;
	u32 i;

	(void)state;
	xapics(e, 8, DEST_FLAT, flat_ldr);
	map = build(e, 8, 16, true);
	for (i = 0; i < 12; i++) {
		m = fixed(i, false, false);
		assert_int_equal(match(map, m, 0), i < 8 ? 1 << i : 0);
		assert_int_equal(dest_single(map, &m, 0), i < 8 ? (int)i : DEST_NONE);
	}
	assert_int_equal(match(map, fixed(0x100, false, true), 0), 0);
	assert_int_equal(match(map, fixed(0xffff, false, true), 0), 0);
	free(map);
}

static void flat_is_a_mask(void **state)
{
	struct dest_entry e[8];
	struct dest_map *map;
	struct irq_msg m;
	u32 mask;

	(void)state;
	xapics(e, 8, DEST_FLAT, flat_ldr);
	map = build(e, 8, 16, true);
	for (mask = 0; mask < 256; mask++)
		assert_int_equal(match(map, fixed(mask, true, false), 0), mask);
	m = fixed(0x10, true, false);
	assert_int_equal(dest_single(map, &m, 0), 4);
	free(map);
}

static void cluster_is_a_number_and_a_mask(void **state)
{
	/* Clusters 0 and 3; the last one is alone in cluster 0xe. */
	static const u8 ldr[] = {0x01, 0x02, 0x04, 0x08, 0x31, 0x32, 0x38, 0xe1};
	struct dest_entry e[8];
	struct dest_map *map;

	(void)state;
	xapics(e, 8, DEST_CLUSTER, ldr);
	map = build(e, 8, 16, true);
	assert_int_equal(match(map, fixed(0x0f, true, false), 0), 0x0f);
	assert_int_equal(match(map, fixed(0x3f, true, false), 0), 0x70);
	assert_int_equal(match(map, fixed(0x36, true, false), 0), 0x20);
	assert_int_equal(match(map, fixed(0x30, true, false), 0), 0);
	assert_int_equal(match(map, fixed(0xef, true, false), 0), 0x80);
	assert_int_equal(match(map, fixed(0x1f, true, false), 0), 0);
	assert_int_equal(match(map, fixed(0xff, true, false), 0), 0xff); /* broadcast */
	free(map);
}

static void neither_model_matches_no_logical_id(void **state)
{
	struct dest_entry e[8];
	struct dest_map *map;

	(void)state;
	xapics(e, 8, 0, flat_ldr);
	map = build(e, 8, 16, true);
	assert_int_equal(match(map, fixed(0x01, true, false), 0), 0);
	assert_int_equal(match(map, fixed(3, false, false), 0), 8);
	free(map);
}

static void shared_logical_bits_match_all_who_have_them(void **state)
{
	static const u8 ldr[8] = {1, 1, 2, 3, 0, 0, 0, 0x80};
	struct dest_entry e[8];
	struct dest_map *map;

	(void)state;
	xapics(e, 8, DEST_FLAT, ldr);
	map = build(e, 8, 16, true);
	assert_int_equal(match(map, fixed(1, true, false), 0), 0x0b);
	assert_int_equal(match(map, fixed(2, true, false), 0), 0x0c);
	assert_int_equal(match(map, fixed(0x80, true, false), 0), 0x80);
	free(map);
}

static void shared_physical_ids_match_all_who_have_them(void **state)
{
	struct dest_entry e[8];
	struct dest_map *map;

	(void)state;
	xapics(e, 8, DEST_FLAT, flat_ldr);
	e[5].xapic_id = 2;
	map = build(e, 8, 16, true);
	assert_int_equal(match(map, fixed(2, false, false), 0), 0x24);
	assert_int_equal(match(map, fixed(5, false, false), 0), 0);
	assert_int_equal(match(map, fixed(6, false, false), 0), 0x40);
	free(map);
}

static void x2apics(struct dest_entry *e, u32 n, u32 first)
{
	u32 i;

	for (i = 0; i < n; i++)
		e[i] = (struct dest_entry){
			.id = first + i, .xapic_id = first + i, .flags = ON | DEST_X2APIC};
}

static void x2apic_cluster_has_sixteen_members(void **state)
{
	struct dest_entry e[40];
	struct dest_map *map;

	(void)state;
	x2apics(e, 40, 0);
	map = build(e, 40, 64, false);
	assert_true(match(map, fixed(0x0000ffff, true, true), 0) == 0xffff);
	assert_true(match(map, fixed(0x00018001, true, true), 0) == (1ULL << 31 | 1ULL << 16));
	assert_true(match(map, fixed(0x0002ffff, true, true), 0) == 0xffULL << 32);
	assert_true(match(map, fixed(0x00030001, true, true), 0) == 0);
	assert_true(match(map, fixed(0x00010000, true, true), 0) == 0);
	assert_true(match(map, fixed(39, false, true), 0) == 1ULL << 39);
	free(map);
}

static void x2apic_ids_of_32_bits_are_found(void **state)
{
	struct dest_entry e[4];
	struct dest_map *map;

	(void)state;
	x2apics(e, 4, 0x12340);
	map = build(e, 4, 4096, false); /* beyond the table */
	assert_int_equal(match(map, fixed(0x12342, false, true), 0), 4);
	assert_int_equal(match(map, fixed(0x12340000 | 0xa, true, true), 0), 0xa);
	assert_int_equal(match(map, fixed(0x42, false, true), 0), 0);
	free(map);
}

static void xapic_with_a_wide_id_answers_to_the_whole_of_it(void **state)
{
	struct dest_entry e[2] = {
		{.id = 0x2c, .flags = ON | DEST_X2APIC},
		{.id = 0x12c, .xapic_id = 0x2c, .flags = DEST_HW_ENABLED | DEST_FLAT},
	};
	struct dest_map *map = build(e, 2, 512, false);
	struct irq_msg m = fixed(0x12c, false, true);

	(void)state;
	m.delivery = IRQ_INIT;
	assert_int_equal(match(map, m, 0), 2);
	m.delivery = IRQ_NMI;
	m.dest = 0x2c;
	assert_int_equal(match(map, m, 0), 1);
	free(map);
}

static void broadcast_depends_on_format_and_quirk(void **state)
{
	static const struct {
		u32 dest;
		bool x2apic, quirk;
		u64 want; /* CPU 0: xAPIC, 1: x2APIC, 2: x2APIC with id 0xff */
	} rows[] = {
		{0xffffffff, true, false, 7}, {0xffffffff, false, false, 7},
		{0xff, false, false, 5},      {0xff, false, true, 7},
		{0xff, true, false, 4},	      {0xff, true, true, 4},
	};
	struct dest_entry e[3] = {
		{.id = 0, .flags = ON | DEST_FLAT},
		{.id = 1, .flags = ON | DEST_X2APIC},
		{.id = 0xff, .flags = ON | DEST_X2APIC},
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dest_map *map = build(e, 3, 256, rows[i].quirk);

		assert_int_equal(match(map, fixed(rows[i].dest, false, rows[i].x2apic), 0),
				 rows[i].want);
		free(map);
	}
}

static void logical_0xff_of_an_msi_is_cluster_0_without_the_quirk(void **state)
{
	struct dest_entry e[20];
	struct dest_map *map;

	(void)state;
	x2apics(e, 20, 0);
	map = build(e, 20, 64, false);
	assert_int_equal(match(map, fixed(0xff, true, false), 0), 0xff);
	free(map);
	map = build(e, 20, 64, true);
	assert_int_equal(match(map, fixed(0xff, true, false), 0), 0xfffff);
	free(map);
}

static void shorthands(void **state)
{
	struct dest_entry e[8];
	struct dest_map *map;
	struct irq_msg m = fixed(3, false, false);

	(void)state;
	xapics(e, 8, DEST_FLAT, flat_ldr);
	e[6].flags = 0;
	map = build(e, 8, 16, true);
	m.shorthand = IRQ_SH_SELF;
	assert_int_equal(match(map, m, 5), 0x20);
	assert_int_equal(match(map, m, 6), 0);
	assert_int_equal(match(map, m, 100), 0);
	m.shorthand = IRQ_SH_ALL;
	assert_int_equal(match(map, m, 5), 0xbf);
	m.shorthand = IRQ_SH_OTHERS;
	assert_int_equal(match(map, m, 5), 0x9f);
	free(map);
}

static void software_disabled_takes_all_but_vectors(void **state)
{
	static const bool takes[8] = {
		[IRQ_SMI] = true, [IRQ_NMI] = true, [IRQ_INIT] = true, [IRQ_STARTUP] = true};
	struct dest_entry e = {.flags = DEST_HW_ENABLED | DEST_FLAT, .ldr = 1 << 24};
	struct dest_map *map = build(&e, 1, 16, true);
	struct irq_msg m = fixed(0, false, false);
	u32 mode;

	(void)state;
	for (mode = 0; mode < 8; mode++) {
		m.delivery = mode;
		assert_int_equal(match(map, m, 0), takes[mode]);
	}
	free(map);
	e.flags = DEST_SW_ENABLED | DEST_FLAT; /* hardware disabled: nothing */
	map = build(&e, 1, 16, true);
	m.delivery = IRQ_NMI;
	assert_int_equal(match(map, m, 0), 0);
	free(map);
}

static void deassert_reaches_nobody(void **state)
{
	struct dest_entry e = {.flags = ON | DEST_FLAT};
	struct dest_map *map = build(&e, 1, 16, true);
	struct irq_msg m = fixed(0, false, false);

	(void)state;
	m.assert = false;
	assert_int_equal(match(map, m, 0), 0);
	free(map);
}

static u32 seed;

static u32 rnd(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void tables_agree_with_the_rule(void **state)
{
	static const u8 kinds[] = {DEST_FLAT, DEST_CLUSTER, DEST_X2APIC, 0};
	struct dest_entry e[70];
	u32 round, i, k;

	(void)state;
	seed = 3;
	for (round = 0; round < 3000; round++) {
		u32 n = 1 + rnd() % 70, pure = rnd() % 8;
		struct dest_map *map;
		bool quirk = rnd() & 1;

		for (i = 0; i < n; i++) {
			u8 kind = kinds[pure < 3 ? pure : rnd() % 4];
			u32 id = rnd() % 10 ? i : rnd() % 600;
			u8 cl = (i / 4) << 4 | 1 << (i % 4);

			e[i] = (struct dest_entry){
				.id = id,
				.xapic_id = rnd() % 10 ? id : rnd(),
				.ldr = (kind == DEST_FLAT ? 1U << (i % 8) : cl) << 24,
				.flags = kind | (rnd() % 8 ? (u32)ON : rnd() % 4),
			};
		}
		map = build(e, n, 16 << rnd() % 6, quirk);
		for (k = 0; k < 40; k++) {
			u32 dest = rnd() % (rnd() & 1 ? 80 : 600) |
				   (rnd() % 4 ? 0 : rnd() % 5 << 16);
			struct irq_msg m = fixed(rnd() % 20 ? dest : ~0U, rnd() & 1, rnd() & 1);

			m.delivery = rnd() % 8;
			match(map, m, 0);
			for (i = 0; i < n; i++)
				assert_int_equal(set[i / 64] >> (i % 64) & 1,
						 dest_entry_accepts(&e[i], &m, quirk));
		}
		free(map);
	}
}

static void maps_of_4096_ids(void **state)
{
	struct dest_entry *e = calloc(DEST_MAX_VCPUS, sizeof(*e));
	struct dest_map *map;
	struct irq_msg m;
	u32 i;

	(void)state;
	x2apics(e, DEST_MAX_VCPUS, 0);
	map = build(e, DEST_MAX_VCPUS, 4096, false);
	for (i = 0; i < DEST_MAX_VCPUS; i += 111) {
		m = fixed(i, false, true);
		assert_int_equal(dest_single(map, &m, 0), i);
		m = fixed(dest_x2apic_ldr(i), true, true);
		assert_int_equal(dest_single(map, &m, 0), i);
	}
	m = fixed(0, false, true);
	m.shorthand = IRQ_SH_OTHERS;
	assert_int_equal(dest_match(map, &m, 77, set), 4095);
	free(map);
	free(e);
}

/* --- MSI --- */

static void msi_address_and_data_become_a_message(void **state)
{
	struct irq_msg m;

	(void)state;
	assert_int_equal(irq_msg_from_msi(0xfee4200c, 0, 0xc131, false, &m), 0);
	assert_int_equal(m.dest, 0x42);
	assert_int_equal(m.vector, 0x31);
	assert_int_equal(m.delivery, IRQ_LOWEST);
	assert_int_equal(m.shorthand, IRQ_SH_NONE);
	assert_true(m.dest_logical && m.redir_hint && m.level && m.assert && !m.x2apic);
	assert_true(irq_msg_to_one(&m));

	assert_int_equal(irq_msg_from_msi(0xfee01000, 0, 0x0041, false, &m), 0);
	assert_int_equal(m.dest, 1);
	assert_true(!m.dest_logical && !m.redir_hint && !m.level && m.assert);
	assert_false(irq_msg_to_one(&m));
}

static void msi_level_always_asserts(void **state)
{
	struct irq_msg m;

	(void)state;
	irq_msg_from_msi(0xfee00000, 0, 0x8031, false, &m);
	assert_true(m.level && m.assert);
}

static void msi_upper_address_counts_with_32_bit_ids_only(void **state)
{
	struct irq_msg m;

	(void)state;
	assert_int_equal(irq_msg_from_msi(0xfee42000, 0x12345600, 0x31, true, &m), 0);
	assert_int_equal(m.dest, 0x12345642);
	assert_int_equal(irq_msg_from_msi(0xfee42000, 0x12345601, 0x31, true, &m), -EINVAL);
	assert_int_equal(irq_msg_from_msi(0xfee42000, 0x12345601, 0x31, false, &m), 0);
	assert_int_equal(m.dest, 0x42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(physical_names_one),
		cmocka_unit_test(flat_is_a_mask),
		cmocka_unit_test(cluster_is_a_number_and_a_mask),
		cmocka_unit_test(neither_model_matches_no_logical_id),
		cmocka_unit_test(shared_logical_bits_match_all_who_have_them),
		cmocka_unit_test(shared_physical_ids_match_all_who_have_them),
		cmocka_unit_test(x2apic_cluster_has_sixteen_members),
		cmocka_unit_test(x2apic_ids_of_32_bits_are_found),
		cmocka_unit_test(xapic_with_a_wide_id_answers_to_the_whole_of_it),
		cmocka_unit_test(broadcast_depends_on_format_and_quirk),
		cmocka_unit_test(logical_0xff_of_an_msi_is_cluster_0_without_the_quirk),
		cmocka_unit_test(shorthands),
		cmocka_unit_test(software_disabled_takes_all_but_vectors),
		cmocka_unit_test(deassert_reaches_nobody),
		cmocka_unit_test(tables_agree_with_the_rule),
		cmocka_unit_test(maps_of_4096_ids),
		cmocka_unit_test(msi_address_and_data_become_a_message),
		cmocka_unit_test(msi_level_always_asserts),
		cmocka_unit_test(msi_upper_address_counts_with_32_bit_ids_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
