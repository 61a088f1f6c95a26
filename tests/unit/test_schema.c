/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema of the counters (debugfs-schema/): names that tools rely on stay,
 * and every line says what it counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/kvm.h>

#include "env.h"

struct line {
	const char *scope;
	const char *name;
	u32 kind;
	u32 unit;
	int exponent;
	const char *text;
};

/* The columns' words are those of the ABI: a misspelt one does not compile. */
#define LINE(scope, name, kind, unit, exponent, text)                                              \
	{scope, #name, KVM_STATS_TYPE_##kind, KVM_STATS_UNIT_##unit, exponent, text},

static const struct line lines[] = {
#define STAT(name, kind, unit, exponent, text) LINE("vm", name, kind, unit, exponent, text)
#include "../../debugfs-schema/vm.def"
#undef STAT
#define STAT(name, kind, unit, exponent, text) LINE("vcpu", name, kind, unit, exponent, text)
#include "../../debugfs-schema/vcpu.def"
#undef STAT
};

static const struct line locked[] = {
#define LOCKED(scope, name, kind, unit, exponent) LINE(#scope, name, kind, unit, exponent, "")
#include "../../debugfs-schema/names.lock"
#undef LOCKED
};

static const struct line *find(const struct line *in, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(in[i].name, name))
			return &in[i];
	return NULL;
}

static void names_are_unique_over_vm_and_vcpu(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (find(lines, i, lines[i].name))
			fail_msg("%s is there twice", lines[i].name);
}

static void names_are_lower_case_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t legal = strspn(lines[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_");

		if (lines[i].name[legal] || strlen(lines[i].name) > 47)
			fail_msg("%s is no good as a file and statistic name", lines[i].name);
	}
}

static void every_counter_says_what_it_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t len = strlen(lines[i].text);

		if (len < 8 || lines[i].text[len - 1] == '.' ||
		    !strcmp(lines[i].text, lines[i].name))
			fail_msg("%s: description \"%s\"", lines[i].name, lines[i].text);
	}
}

/* kvm_stat adds up every file it finds, so a new INSTANT one would spoil its total. */
static void instant_values_are_only_those_of_stock_kvm(void **state)
{
	static const char *const known[] = {"pages_4k", "pages_2m", "pages_1g"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		bool ok = lines[i].kind == KVM_STATS_TYPE_CUMULATIVE;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ok |= !strcmp(lines[i].name, known[k]);
		if (!ok)
			fail_msg("%s is not cumulative", lines[i].name);
	}
}

static void no_locked_name_vanished_or_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(locked); i++) {
		const struct line *now = find(lines, ARRAY_SIZE(lines), locked[i].name);

		if (!now)
			fail_msg("%s is in names.lock but not in the schema", locked[i].name);
		assert_string_equal(now->scope, locked[i].scope);
		if (now->kind != locked[i].kind || now->unit != locked[i].unit ||
		    now->exponent != locked[i].exponent)
			fail_msg("%s changed its kind, unit or exponent", locked[i].name);
	}
}

static void every_name_is_locked_once(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(locked), ARRAY_SIZE(lines));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!find(locked, ARRAY_SIZE(locked), lines[i].name))
			fail_msg("%s is not in names.lock", lines[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_over_vm_and_vcpu),
		cmocka_unit_test(names_are_lower_case_words),
		cmocka_unit_test(every_counter_says_what_it_counts),
		cmocka_unit_test(instant_values_are_only_those_of_stock_kvm),
		cmocka_unit_test(no_locked_name_vanished_or_changed),
		cmocka_unit_test(every_name_is_locked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
