/* SPDX-License-Identifier: GPL-2.0-only */
/* SRCS: ../../tools/common/openmetrics.c */
/*
 * OpenMetrics names and numbers: derived from the schema, unique, legal, exact.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../tools/common/openmetrics.h"

static void check_counter(const char *name, const char *kind, const char *unit, int exponent,
			  const char *family, const char *sample)
{
	struct schema_counter c = {"vm", name, kind, unit, exponent, "Some text"};
	struct om_family f;

	assert_true(om_counter(&c, &f));
	assert_string_equal(f.family, family);
	assert_string_equal(f.sample, sample);
	assert_string_equal(f.text, "Some text");
	assert_int_equal(f.exponent, exponent);
}

static void counters_end_in_total(void **state)
{
	(void)state;
	check_counter("exits", "cumulative", "none", 0, "glassvisor_exits",
		      "glassvisor_exits_total");
	check_counter("pages_4k", "instant", "none", 0, "glassvisor_pages_4k",
		      "glassvisor_pages_4k");
	check_counter("deepest", "peak", "none", 0, "glassvisor_deepest", "glassvisor_deepest");
}

static void units_are_base_units_and_said_once(void **state)
{
	(void)state;
	check_counter("halt_wait_ns", "cumulative", "seconds", -9, "glassvisor_halt_wait_seconds",
		      "glassvisor_halt_wait_seconds_total");
	check_counter("halt_wait", "cumulative", "seconds", -9, "glassvisor_halt_wait_seconds",
		      "glassvisor_halt_wait_seconds_total");
	check_counter("copied", "cumulative", "bytes", 0, "glassvisor_copied_bytes",
		      "glassvisor_copied_bytes_total");
	check_counter("mapped_bytes", "instant", "bytes", 0, "glassvisor_mapped_bytes",
		      "glassvisor_mapped_bytes");
}

static void what_has_no_place_is_refused(void **state)
{
	struct schema_counter cycles = {"vm", "x", "cumulative", "cycles", 0, "Text"};
	struct schema_counter huge = {"vm", "x", "cumulative", "bytes", 10, "Text"};
	struct schema_counter longest = {
		"vm",
		"a_name_that_is_longer_than_any_that_the_schema_would_ever_allow_for_a_counter_of_ours",
		"cumulative",
		"none",
		0,
		"Text"};
	struct om_family f;

	(void)state;
	assert_false(om_counter(&cycles, &f));
	assert_false(om_counter(&huge, &f));
	assert_false(om_counter(&longest, &f));
}

static void histograms_are_of_seconds(void **state)
{
	struct schema_hist h = {"vcpu", "exit_time", "EXIT_KINDS", "Text"};
	struct om_family f;

	(void)state;
	assert_true(om_hist(&h, &f));
	assert_string_equal(f.family, "glassvisor_exit_time_seconds");
	assert_string_equal(f.sample, "glassvisor_exit_time_seconds");
	assert_string_equal(f.type, OM_HISTOGRAM);
	assert_string_equal(f.unit, "seconds");
	assert_string_equal(f.label, "kind");
	assert_int_equal(f.exponent, -9);
}

static void times_and_schema_have_names_of_their_own(void **state)
{
	struct om_family f;

	(void)state;
	om_states(&f);
	assert_string_equal(f.sample, "glassvisor_vcpu_state_seconds_total");
	assert_string_equal(f.label, "state");
	om_schema_info(&f);
	assert_string_equal(f.family, "glassvisor_schema");
	assert_string_equal(f.sample, "glassvisor_schema_info");
}

/* Every name of the schema as it is: there is one, and no other has it. */
static void schema_has_unique_legal_names(void **state)
{
	static struct om_family all[256];
	u32 n = 0;

	(void)state;
	om_states(&all[n++]);
	om_schema_info(&all[n++]);
	for (u32 i = 0; i < schema_n_counters; i++)
		assert_true(om_counter(&schema_counters[i], &all[n++]));
	for (u32 i = 0; i < schema_n_hists; i++) {
		assert_true(om_hist(&schema_hists[i], &all[n++]));
		assert_string_not_equal(all[n - 1].label, "label");
	}
	for (u32 i = 0; i < n; i++) {
		const char *name = all[i].sample;

		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
			fail_msg("%s", name);
		for (u32 k = 0; k < i; k++)
			assert_string_not_equal(all[i].family, all[k].family);
	}
}

static void check_number(u64 value, int exponent, const char *want)
{
	char room[OM_NUMBER_LEN];

	assert_string_equal(om_number(value, exponent, room), want);
}

static void numbers_are_exact_and_short(void **state)
{
	(void)state;
	check_number(0, -9, "0");
	check_number(1, -9, "0.000000001");
	check_number(1500, -9, "0.0000015");
	check_number(1000000000, -9, "1");
	check_number(10000000000, -9, "10");
	check_number(12345678901, -9, "12.345678901");
	check_number(100, 0, "100");
	check_number(U64_MAX, 0, "18446744073709551615");
	check_number(U64_MAX, -9, "18446744073.709551615");
	check_number(U64_MAX, -18, "18.446744073709551615");
}

/* Each limit is the largest value of its bucket, so that "le" is true. */
static void limits_are_those_of_the_buckets(void **state)
{
	char room[OM_NUMBER_LEN];

	(void)state;
	assert_string_equal(om_le(0, room), "0");
	assert_string_equal(om_le(1, room), "0.000000001");
	assert_string_equal(om_le(10, room), "0.000001023");
	assert_string_equal(om_le(30, room), "1.073741823");
	assert_string_equal(om_le(31, room), "+Inf");
	for (u32 i = 0; i < HIST_BUCKETS - 1; i++) {
		u64 limit = (u64)(strtod(om_le(i, room), NULL) * 1e9 + 0.5);

		assert_int_equal(hist_bucket(limit), i);
		assert_int_equal(hist_bucket(limit + 1), i + 1);
	}
}

static void label_values_are_escaped(void **state)
{
	char room[12];

	(void)state;
	om_escape("a\"b\\c\nd", room, sizeof(room));
	assert_string_equal(room, "a\\\"b\\\\c\\nd");
	om_escape("0123456789\"", room, sizeof(room));
	assert_string_equal(room, "0123456789");
	om_escape("\"\"\"\"\"\"\"", room, sizeof(room));
	assert_int_equal(strlen(room) % 2, 0);
	om_escape("abc", room, 1);
	assert_string_equal(room, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_end_in_total),
		cmocka_unit_test(units_are_base_units_and_said_once),
		cmocka_unit_test(what_has_no_place_is_refused),
		cmocka_unit_test(histograms_are_of_seconds),
		cmocka_unit_test(times_and_schema_have_names_of_their_own),
		cmocka_unit_test(schema_has_unique_legal_names),
		cmocka_unit_test(numbers_are_exact_and_short),
		cmocka_unit_test(limits_are_those_of_the_buckets),
		cmocka_unit_test(label_values_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
