/* SPDX-License-Identifier: GPL-2.0-only */
/* SRCS: ../../tools/kvmreport/model.c ../../tools/kvmreport/table.c ../../tools/kvmreport/format.c */
/*
 * kvmreport's arithmetic: how a stream of tracepoints becomes times and tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../tools/kvmreport/model.h"
#include "../../tools/kvmreport/report.h"

enum { TID = 100, SVM = 2, EXIT_IO = 0x7b, EXIT_NPF = 0x400, EXIT_HLT = 0x78 };

static void feed(struct model *m, uint64_t ns, int kind, uint64_t a, uint64_t b, uint64_t c,
		 uint64_t d)
{
	struct event event = {.ns = ns, .tid = TID, .kind = kind, .values = {a, b, c, d}};

	model_event(m, &event);
}

static const struct row *find(const struct table *t, uint64_t key)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].key == key)
			return &t->rows[i];
	fail_msg("no row %llu", (unsigned long long)key);
	return NULL;
}

static int setup(void **state)
{
	static struct model model;

	model_init(&model);
	*state = &model;
	return 0;
}

static int teardown(void **state)
{
	model_free(*state);
	return 0;
}

static void an_exit_kept_in_the_kernel_costs_from_exit_to_entry(void **state)
{
	struct model *m = *state;

	feed(m, 1000, EVENT_ENTRY, 3, 0, 0, 0);
	feed(m, 1500, EVENT_EXIT, EXIT_IO, SVM, 3, 0);
	feed(m, 1530, EVENT_ENTRY, 3, 0, 0, 0);
	assert_int_equal(m->exits, 1);
	assert_int_equal(m->n_vcpus, 1);
	assert_int_equal(m->vcpus[0].id, 3);
	assert_int_equal(m->vcpus[0].guest_ns, 500);
	assert_int_equal(m->vcpus[0].kernel_ns, 30);
	assert_int_equal(m->vcpus[0].user_ns, 0);
	assert_int_equal(find(&m->reasons, EXIT_IO)->kernel_ns, 30);
	assert_int_equal(hist_count(find(&m->reasons, EXIT_IO)->hist), 1);
}

static void a_trip_to_userspace_is_not_kernel_time(void **state)
{
	struct model *m = *state;
	const struct row *row;
	uint16_t port = 0x3f8;

	feed(m, 1000, EVENT_ENTRY, 0, 0, 0, 0);
	feed(m, 2000, EVENT_EXIT, EXIT_IO, SVM, 0, 0);
	feed(m, 2010, EVENT_PIO, 1, port, 1, 4);
	feed(m, 2020, EVENT_FPU, 0, 0, 0, 0);
	feed(m, 2030, EVENT_USERSPACE_EXIT, 2, 0, 0, 0);
	feed(m, 5030, EVENT_FPU, 1, 0, 0, 0);
	feed(m, 5070, EVENT_ENTRY, 0, 0, 0, 0);
	assert_int_equal(m->vcpus[0].kernel_ns, 30 + 40);
	assert_int_equal(m->vcpus[0].user_ns, 3000);
	row = find(&m->ports, port << 1 | 1);
	assert_int_equal(row->count, 1);
	assert_int_equal(row->bytes, 4);
	assert_int_equal(row->kernel_ns, 70);
	assert_int_equal(row->user_ns, 3000);
	assert_int_equal(row->trips, 1);
	assert_int_equal(find(&m->user_reasons, 2)->count, 1);
}

static void time_after_hlt_is_halted_wherever_it_is_spent(void **state)
{
	struct model *m = *state;

	feed(m, 0, EVENT_ENTRY, 0, 0, 0, 0);
	feed(m, 10, EVENT_EXIT, EXIT_HLT, SVM, 0, 0);
	feed(m, 15, EVENT_USERSPACE_EXIT, 5, 0, 0, 0);
	feed(m, 900, EVENT_FPU, 1, 0, 0, 0);
	feed(m, 910, EVENT_ENTRY, 0, 0, 0, 0);
	assert_int_equal(m->vcpus[0].halted_ns, 900);
	assert_int_equal(m->vcpus[0].user_ns, 0);
	assert_int_equal(m->vcpus[0].kernel_ns, 0);
}

static void the_states_of_a_vcpu_add_up_to_its_life(void **state)
{
	struct model *m = *state;
	const struct vcpu *v;
	uint64_t ns = 77;

	feed(m, ns, EVENT_ENTRY, 0, 0, 0, 0);
	for (int i = 0; i < 1000; i++) {
		feed(m, ns += 3 * i % 50, EVENT_EXIT, i % 7 ? EXIT_IO : EXIT_HLT, SVM, 0, 0);
		if (i % 3)
			feed(m, ns += i % 11, EVENT_USERSPACE_EXIT, 2, 0, 0, 0);
		if (i % 2)
			feed(m, ns += i % 13, EVENT_FPU, 1, 0, 0, 0);
		feed(m, ns += i % 17, EVENT_ENTRY, 0, 0, 0, 0);
	}
	v = &m->vcpus[0];
	assert_int_equal(v->guest_ns + v->kernel_ns + v->user_ns + v->halted_ns, ns - 77);
	assert_int_equal(v->exits, 1000);
}

static void no_time_is_taken_over_lost_events(void **state)
{
	struct model *m = *state;
	struct event entry = {.ns = 1000000, .tid = TID, .kind = EVENT_ENTRY, .lost = true};

	feed(m, 0, EVENT_ENTRY, 0, 0, 0, 0);
	feed(m, 10, EVENT_EXIT, EXIT_IO, SVM, 0, 0);
	model_event(m, &entry);
	feed(m, 1000100, EVENT_EXIT, EXIT_IO, SVM, 0, 0);
	assert_int_equal(m->vcpus[0].kernel_ns, 0);
	assert_int_equal(m->vcpus[0].guest_ns, 110);
	assert_int_equal(find(&m->reasons, EXIT_IO)->count, 2);
	assert_int_equal(find(&m->reasons, EXIT_IO)->handled, 0);
}

static void a_read_by_userspace_is_one_mmio_read(void **state)
{
	struct model *m = *state;
	const struct row *row;

	feed(m, 0, EVENT_ENTRY, 0, 0, 0, 0);
	feed(m, 10, EVENT_EXIT, EXIT_NPF, SVM, 0, 0);
	feed(m, 11, EVENT_PAGE_FAULT, 0xfed00010, 4, 0, 0);
	feed(m, 12, EVENT_MMIO, 0, 4, 0xfed00010, 0);
	feed(m, 13, EVENT_USERSPACE_EXIT, 6, 0, 0, 0);
	feed(m, 20, EVENT_FPU, 1, 0, 0, 0);
	feed(m, 21, EVENT_MMIO, 1, 4, 0xfed00010, 0);
	feed(m, 22, EVENT_ENTRY, 0, 0, 0, 0);
	row = find(&m->mmio_pages, 0xfed00);
	assert_int_equal(row->count, 1);
	assert_int_equal(row->writes, 0);
	assert_int_equal(row->bytes, 4);
	assert_int_equal(m->faults, 1);
	assert_int_equal(m->faults_mmio, 1);
	assert_int_equal(m->fault_pages.n, 0);
}

static void a_fault_without_mmio_brought_memory_in(void **state)
{
	struct model *m = *state;

	feed(m, 0, EVENT_ENTRY, 0, 0, 0, 0);
	for (uint64_t gpa = 0x200000; gpa < 0x600000; gpa += 0x1000) {
		feed(m, 10, EVENT_EXIT, EXIT_NPF, SVM, 0, 0);
		feed(m, 11, EVENT_PAGE_FAULT, gpa, 6, 0, 0);
		feed(m, 22, EVENT_ENTRY, 0, 0, 0, 0);
	}
	assert_int_equal(m->faults_mmio, 0);
	assert_int_equal(m->faults_write, 1024);
	assert_int_equal(m->fault_pages.n, 1024);
	assert_int_equal(m->fault_2m.n, 2);
	assert_int_equal(find(&m->fault_2m, 1)->count, 512);
}

static void vcpus_are_told_apart_by_thread(void **state)
{
	struct model *m = *state;
	struct event other = {.ns = 50, .tid = TID + 1, .kind = EVENT_ENTRY, .values = {1}};

	feed(m, 0, EVENT_ENTRY, 0, 0, 0, 0);
	model_event(m, &other);
	feed(m, 100, EVENT_EXIT, EXIT_IO, SVM, 0, 0);
	model_finish(m);
	assert_int_equal(m->n_vcpus, 2);
	assert_int_equal(m->vcpus[0].guest_ns, 100);
	assert_int_equal(m->vcpus[1].guest_ns, 0);
}

static void opcodes_are_found_behind_prefixes(void **state)
{
	static const struct {
		uint8_t insn[8];
		unsigned int len;
		bool code64;
		uint64_t key;
	} cases[] = {
		{{0x89, 0x08}, 2, true, 0x89},
		{{0x66, 0x41, 0x89, 0x08}, 4, true, 0x89},
		{{0x41, 0x89, 0x08}, 3, false, 0x41},
		{{0xf3, 0xab}, 2, false, 0xab},
		{{0x0f, 0xb7, 0x00}, 3, true, 0x0fb7},
		{{0x0f, 0x38, 0xf0, 0x00}, 4, true, 0x0f38f0},
		{{0xc7, 0x00, 1, 0, 0, 0}, 6, true, OPCODE_GROUP | 0xc7},
		{{0x0f, 0x01, 0xd9}, 3, true, OPCODE_GROUP | 3ull << 32 | 0x0f01},
		{{0x66, 0x66}, 2, true, 0},
		{{0}, 0, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(opcode_key(cases[i].insn, cases[i].len, cases[i].code64),
				 cases[i].key);
}

static void a_table_finds_ten_thousand_rows_again(void **state)
{
	struct table t = {0};

	(void)state;
	for (uint64_t round = 0; round < 2; round++)
		for (uint64_t key = 0; key < 10000; key++)
			table_row(&t, key * 4096)->count += key;
	assert_int_equal(t.n, 10000);
	table_sort(&t);
	assert_int_equal(t.rows[0].key, 9999 * 4096);
	assert_int_equal(t.rows[0].count, 2 * 9999);
	assert_int_equal(t.rows[9999].count, 0);
	table_free(&t);
}

static void numbers_are_short_and_rounded(void **state)
{
	char b[16];

	(void)state;
	assert_string_equal(format_ns(b, 0), "0ns");
	assert_string_equal(format_ns(b, 999), "999ns");
	assert_string_equal(format_ns(b, 1000), "1.00us");
	assert_string_equal(format_ns(b, 12340), "12.3us");
	assert_string_equal(format_ns(b, 999499), "999us");
	assert_string_equal(format_ns(b, 999500), "1.00ms");
	assert_string_equal(format_ns(b, 61000000000), "61.0s");
	assert_string_equal(format_count(b, 999), "999");
	assert_string_equal(format_count(b, 1000), "1,000");
	assert_string_equal(format_count(b, 12034567), "12,034,567");
	assert_string_equal(format_bytes(b, 9999), "9999B");
	assert_string_equal(format_bytes(b, 10240), "10.0K");
	assert_string_equal(format_share(b, 1, 3), "33.3%");
	assert_string_equal(format_share(b, 0, 0), "0.0%");
}

#define MODEL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(an_exit_kept_in_the_kernel_costs_from_exit_to_entry),
		MODEL_TEST(a_trip_to_userspace_is_not_kernel_time),
		MODEL_TEST(time_after_hlt_is_halted_wherever_it_is_spent),
		MODEL_TEST(the_states_of_a_vcpu_add_up_to_its_life),
		MODEL_TEST(no_time_is_taken_over_lost_events),
		MODEL_TEST(a_read_by_userspace_is_one_mmio_read),
		MODEL_TEST(a_fault_without_mmio_brought_memory_in),
		MODEL_TEST(vcpus_are_told_apart_by_thread),
		cmocka_unit_test(opcodes_are_found_behind_prefixes),
		cmocka_unit_test(a_table_finds_ten_thousand_rows_again),
		cmocka_unit_test(numbers_are_short_and_rounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
