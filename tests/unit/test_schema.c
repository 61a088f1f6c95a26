/* SPDX-License-Identifier: GPL-2.0-only */
/* SRCS: ../../tools/schema/lock.c */
/*
 * The schema (debugfs-schema/): names that tools rely on stay, every row says
 * what it is, the numbers are those of the manuals and the ABI, and the text
 * and hash of it are as kvm/stat/schema.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/svm.h>
#include <asm/vmx.h>
#include <linux/kvm.h>

#include "../../debugfs-schema/compat.h"
#include "../../debugfs-schema/reasons.h"
#include "../../tools/schema/lock.h"
#include "stat/schema.h"

/* ---- words --------------------------------------------------------------- */

/* The columns' words are those of the ABI: a misspelt one does not compile. */
static const u32 abi_words[] = {
#define STAT(name, kind, unit, exponent, text) KVM_STATS_TYPE_##kind | KVM_STATS_UNIT_##unit,
#include "../../debugfs-schema/vm.def"
#include "../../debugfs-schema/vcpu.def"
#include "../../debugfs-schema/slot.def"
#undef STAT
};

static bool is_name(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static void check_text(const char *of, const char *text, size_t shortest)
{
	size_t len = strlen(text);

	if (len < shortest || text[len - 1] == '.' || !strcmp(text, of) || strchr(text, '\n'))
		fail_msg("%s: text \"%s\"", of, text);
}

static void counters_and_histograms_have_unique_names(void **state)
{
	const char *names[256];
	u32 n = 0;

	(void)state;
	assert_int_equal(schema_n_counters, ARRAY_SIZE(abi_words));
	assert_true(schema_n_counters + schema_n_hists <= ARRAY_SIZE(names));
	for (u32 i = 0; i < schema_n_counters; i++)
		names[n++] = schema_counters[i].name;
	for (u32 i = 0; i < schema_n_hists; i++)
		names[n++] = schema_hists[i].name;
	for (u32 i = 0; i < n; i++) {
		/* As a file, and in KVM_GET_STATS_FD with its NUL. */
		if (!is_name(names[i]) || strlen(names[i]) > 47)
			fail_msg("%s is no good as a file and statistic name", names[i]);
		for (u32 k = 0; k < i; k++)
			if (!strcmp(names[i], names[k]))
				fail_msg("%s is there twice", names[i]);
	}
}

static void every_row_says_what_it_is(void **state)
{
	(void)state;
	for (u32 i = 0; i < schema_n_counters; i++)
		check_text(schema_counters[i].name, schema_counters[i].text, 8);
	for (u32 i = 0; i < schema_n_hists; i++)
		check_text(schema_hists[i].name, schema_hists[i].text, 8);
	for (u32 i = 0; i < schema_n_lists; i++) {
		check_text(schema_lists[i].name, schema_lists[i].text, 8);
		for (u32 k = 0; k < schema_lists[i].n_rows; k++)
			check_text(schema_lists[i].rows[k].name, schema_lists[i].rows[k].text, 3);
	}
	for (u32 i = 0; i < schema_n_events; i++) {
		check_text(schema_events[i].name, schema_events[i].text, 8);
		for (u32 k = 0; k < schema_events[i].n_fields; k++)
			check_text(schema_events[i].fields[k].name, schema_events[i].fields[k].text,
				   3);
	}
}

static void lists_have_each_number_and_name_once(void **state)
{
	(void)state;
	for (u32 i = 0; i < schema_n_lists; i++) {
		const struct schema_list *l = &schema_lists[i];

		assert_true(l->n_rows);
		assert_ptr_equal(schema_list(l->name), l);
		for (u32 k = 0; k < l->n_rows; k++) {
			if (!is_name(l->rows[k].name))
				fail_msg("%s: \"%s\" is no name", l->name, l->rows[k].name);
			/* A snapshot's word for histograms that got no place. */
			assert_string_not_equal(l->rows[k].name, "other");
			/* The tracepoints' row that stands for nothing: kvm/trace/symbol.h. */
			assert_int_not_equal(l->rows[k].number, 0xfffffff0);
			for (u32 n = 0; n < k; n++)
				if (l->rows[n].number == l->rows[k].number ||
				    !strcmp(l->rows[n].name, l->rows[k].name))
					fail_msg("%s: %s and %s", l->name, l->rows[n].name,
						 l->rows[k].name);
			assert_string_equal(schema_name(l, l->rows[k].number), l->rows[k].name);
		}
	}
	assert_null(schema_list("NO_SUCH_LIST"));
	assert_null(schema_name(schema_list("OUTCOMES"), 12345));
}

static void labels_and_shown_names_are_lists(void **state)
{
	(void)state;
	for (u32 i = 0; i < schema_n_hists; i++)
		if (strcmp(schema_hists[i].labels, "NONE"))
			assert_non_null(schema_list(schema_hists[i].labels));
	for (u32 i = 0; i < schema_n_events; i++)
		for (u32 k = 0; k < schema_events[i].n_fields; k++) {
			const char *list = schema_events[i].fields[k].list;

			if (strcmp(list, "NONE") && strcmp(list, "HW_REASON"))
				assert_non_null(schema_list(list));
		}
}

/* The kernel allows 12 arguments; BPF programs read a u32 or u64 each. */
static void events_suit_raw_tracepoints(void **state)
{
	(void)state;
	for (u32 i = 0; i < schema_n_events; i++) {
		const struct schema_event *e = &schema_events[i];

		assert_true(e->n_fields <= 12);
		assert_string_equal(e->fields[0].name, "vm_id");
		assert_string_equal(e->fields[1].name, "vcpu_id");
		for (u32 k = 0; k < e->n_fields; k++)
			if (!is_name(e->fields[k].name) ||
			    (strcmp(e->fields[k].type, "u32") && strcmp(e->fields[k].type, "u64")))
				fail_msg("%s.%s", e->name, e->fields[k].name);
	}
}

/* kvm_stat adds up every file it finds, so a new INSTANT one would spoil its total. */
static void instant_values_are_only_those_of_stock_kvm(void **state)
{
	static const char *const known[] = {"pages_4k", "pages_2m", "pages_1g"};

	(void)state;
	for (u32 i = 0; i < schema_n_counters; i++) {
		bool ok = !strcmp(schema_counters[i].kind, "cumulative");

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ok |= !strcmp(schema_counters[i].name, known[k]);
		if (!ok)
			fail_msg("%s is not cumulative", schema_counters[i].name);
	}
}

/* ---- names.lock ---------------------------------------------------------- */

struct rows {
	u32 n;
	const char *searched;
	bool found;
};

static void look(void *ctx, const char *row)
{
	struct rows *rows = ctx;

	rows->n++;
	if (rows->searched && !strcmp(row, rows->searched))
		rows->found = true;
}

static void nothing_locked_vanished_or_changed(void **state)
{
	(void)state;
	for (const char *const *locked = lock_rows; *locked; locked++) {
		struct rows rows = {.searched = *locked};

		lock_current(look, &rows);
		if (!rows.found)
			fail_msg("in names.lock, but not in the schema: %s", *locked);
	}
}

static void must_be_locked(void *ctx, const char *row)
{
	(void)ctx;
	if (strlen(row) >= LOCK_ROW_LEN - 1)
		fail_msg("too long: %s", row);
	if (!lock_has(row))
		fail_msg("not in names.lock (see build/tools/schema --lock): %s", row);
}

static void everything_is_locked_once(void **state)
{
	struct rows rows = {0};
	u32 locked = 0;

	(void)state;
	lock_current(must_be_locked, NULL);
	lock_current(look, &rows);
	while (lock_rows[locked])
		locked++;
	assert_int_equal(locked, rows.n);
}

/* ---- numbers ------------------------------------------------------------- */

struct uapi_name {
	long long number;
	const char *name;
};

static void every_number_is_in(const struct uapi_name *uapi, size_t n, const char *list)
{
	for (size_t i = 0; i < n; i++)
		if (!schema_name(schema_list(list), uapi[i].number))
			fail_msg("%s has no %#llx: %s", list, uapi[i].number, uapi[i].name);
}

static void reasons_of_the_uapi_headers_are_there(void **state)
{
	static const struct uapi_name svm[] = {SVM_EXIT_REASONS}, vmx[] = {VMX_EXIT_REASONS};

	(void)state;
	every_number_is_in(svm, ARRAY_SIZE(svm), "SVM_REASONS");
	every_number_is_in(vmx, ARRAY_SIZE(vmx), "VMX_REASONS");
}

static void check_name(const char *list, u32 number, const char *name)
{
	const char *ours = schema_name(schema_list(list), number);

	if (!ours || strcmp(ours, name))
		fail_msg("%s: %#x is %s, not %s", list, number, ours ? ours : "missing", name);
}

/* Where a mistake would be easy: the manuals' numbers, once more by hand. */
static void some_reasons_of_the_manuals(void **state)
{
	static const struct uapi_name svm[] = {
		{0x000, "read_cr0"},
		{0x00f, "read_cr15"},
		{0x010, "write_cr0"},
		{0x01f, "write_cr15"},
		{0x020, "read_dr0"},
		{0x02f, "read_dr15"},
		{0x030, "write_dr0"},
		{0x03f, "write_dr15"},
		{0x040, "excp_de"},
		{0x055, "excp_cp"},
		{0x05c, "excp_hv"},
		{0x05d, "excp_vc"},
		{0x05e, "excp_sx"},
		{0x060, "interrupt"},
		{0x06d, "write_tr"},
		{0x072, "cpuid"},
		{0x078, "hlt"},
		{0x07b, "io"},
		{0x07c, "msr"},
		{0x07f, "shutdown"},
		{0x08c, "mwait_conditional"},
		{0x08e, "rdpru"},
		{0x09f, "write_cr15_trap"},
		{0x0a0, "invlpgb"},
		{0x0a1, "invlpgb_illegal"},
		{0x0a2, "invpcid"},
		{0x0a3, "mcommit"},
		{0x0a4, "tlbsync"},
		{0x0a5, "buslock"},
		{0x0a6, "idle_hlt"},
		{0x400, "npf"},
		{0x403, "vmgexit"},
		{0xfffffffe, "busy"},
	};
	static const struct uapi_name vmx[] = {
		{5, "io_smi"},	       {11, "getsec"},	 {17, "rsm"},	 {26, "vmxoff"},
		{48, "ept_violation"}, {65, "pconfig"},	 {66, "spp"},	 {69, "loadiwkey"},
		{70, "enclv"},	       {74, "bus_lock"}, {77, "tdcall"}, {79, "wrmsrlist"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(svm); i++)
		check_name("SVM_REASONS", svm[i].number, svm[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(vmx); i++)
		check_name("VMX_REASONS", vmx[i].number, vmx[i].name);
}

/* The IDs are the header's: one that is misspelt or has another number is seen here. */
#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT 39
#endif

static void user_reasons_are_those_of_the_header(void **state)
{
	(void)state;
#define SAME(number, ID, name, text) assert_int_equal(number, KVM_EXIT_##ID);
	USER_REASONS(SAME)
#undef SAME
}

/* ---- compatible events ---------------------------------------------------- */

/* Every one has vm_id and vcpu_id, declarations with one blank, "; " between. */
static void check_compat(const char *name, const char *fields, const char *text)
{
	check_text(name, text, 8);
	if (!strstr(fields, "u32 vm_id") || !strstr(fields, " vcpu_id"))
		fail_msg("%s has no vm_id or vcpu_id", name);
	for (const char *at = strchr(fields, ';'); at; at = strchr(at + 1, ';'))
		if (at[1] != ' ' || !at[2] || at[2] == ' ')
			fail_msg("%s: \"%s\"", name, fields);
}

static void compatible_events_are_well_formed(void **state)
{
	(void)state;
#define CHECK(name, fields, text) check_compat(#name, fields, text);
	COMPAT_EVENTS(CHECK)
#undef CHECK
}

/* ---- text and hash -------------------------------------------------------- */

struct text {
	char all[100000];
	size_t len;
};

static void append(void *ctx, const char *piece)
{
	struct text *text = ctx;
	size_t len = strlen(piece);

	assert_true(text->len + len < sizeof(text->all));
	memcpy(text->all + text->len, piece, len + 1);
	text->len += len;
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && at[-1] == '\n' && at[strlen(line)] == '\n';
}

static void text_is_as_promised(void **state)
{
	static struct text text;
	char first[64], hash[SCHEMA_HASH_LEN];
	u32 lines = 0, rows = 1 + schema_n_counters + schema_n_hists + schema_n_events;

	(void)state;
	schema_emit(append, &text);
	schema_hash_text(schema_hash(), hash);
	snprintf(first, sizeof(first), "glassvisor-schema %d %s\n", SCHEMA_ID, hash);
	assert_memory_equal(text.all, first, strlen(first));
	assert_true(has_line(text.all, "counter vcpu exits cumulative none 0 VM exits"));
	assert_true(
		has_line(text.all, "list SVM_REASONS 1024 npf A fault in the nested page tables"));
	assert_true(has_line(text.all, "list SVM_REASONS 4294967294 busy VMRUN refused: the "
				       "encrypted guest's state is in use"));
	assert_true(has_line(text.all, "field gv_exit u64 handle_ns ns Time from the exit to this "
				       "event"));
	for (u32 i = 0; i < schema_n_lists; i++)
		rows += schema_lists[i].n_rows;
	for (u32 i = 0; i < schema_n_events; i++)
		rows += schema_events[i].n_fields;
	for (size_t i = 0; i < text.len; i++)
		lines += text.all[i] == '\n';
	assert_int_equal(lines, rows);
	assert_null(strstr(text.all, "  "));
}

/* FNV-1a over all but the first line, worked out once more. */
static void hash_is_of_the_text(void **state)
{
	static struct text text;
	u64 hash = 14695981039346656037ULL;
	char *at;

	(void)state;
	schema_emit(append, &text);
	for (at = strchr(text.all, '\n') + 1; *at; at++) {
		hash ^= (unsigned char)*at;
		hash *= 1099511628211ULL;
	}
	assert_true(hash == schema_hash());
	assert_true(strtoull(text.all + strlen("glassvisor-schema 1 "), NULL, 16) == hash);
}

static void hash_text_has_16_digits(void **state)
{
	char text[SCHEMA_HASH_LEN];

	(void)state;
	schema_hash_text(0, text);
	assert_string_equal(text, "0000000000000000");
	schema_hash_text(0x0123456789abcdefULL, text);
	assert_string_equal(text, "0123456789abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_and_histograms_have_unique_names),
		cmocka_unit_test(every_row_says_what_it_is),
		cmocka_unit_test(lists_have_each_number_and_name_once),
		cmocka_unit_test(labels_and_shown_names_are_lists),
		cmocka_unit_test(events_suit_raw_tracepoints),
		cmocka_unit_test(instant_values_are_only_those_of_stock_kvm),
		cmocka_unit_test(nothing_locked_vanished_or_changed),
		cmocka_unit_test(everything_is_locked_once),
		cmocka_unit_test(reasons_of_the_uapi_headers_are_there),
		cmocka_unit_test(some_reasons_of_the_manuals),
		cmocka_unit_test(user_reasons_are_those_of_the_header),
		cmocka_unit_test(compatible_events_are_well_formed),
		cmocka_unit_test(text_is_as_promised),
		cmocka_unit_test(hash_is_of_the_text),
		cmocka_unit_test(hash_text_has_16_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
