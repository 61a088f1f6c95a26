// SPDX-License-Identifier: GPL-2.0-only
/* SRCS: ../../tools/bpf/common/format.c ../../tools/bpf/common/names.c ../../tools/bpf/common/slots.c ../../tools/bpf/common/times.c */
/* LIBS: -ljansson */
/*
 * The parts of the BPF tools that need no kernel: format files, command lines,
 * slots files, strips of heat, an interval's histogram.
 */
#include "env.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../../tools/bpf/common/format.h"
#include "../../tools/bpf/common/names.h"
#include "../../tools/bpf/common/slots.h"
#include "../../tools/bpf/common/times.h"

static const char format[] = "name: kvm_exit\nID: 1234\nformat:\n"
			     "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			     "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
			     "\tfield:unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;\n"
			     "\tfield:unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;\n"
			     "\tfield:char insn[15];\toffset:24;\tsize:15;\tsigned:0;\n"
			     "\nprint fmt: \"reason %s field:fake\", REC->exit_reason\n";

static void finds_fields(void **state)
{
	unsigned int at = 99, size = 99;

	(void)state;
	assert_int_equal(format_field(format, "exit_reason", &at, &size), 0);
	assert_int_equal(at, 8);
	assert_int_equal(size, 4);
	assert_int_equal(format_field(format, "guest_rip", &at, &size), 0);
	assert_int_equal(at, 16);
	assert_int_equal(size, 8);
	assert_int_equal(format_field(format, "insn", &at, &size), 0);
	assert_int_equal(at, 24);
	assert_int_equal(size, 15);
}

/* A part of a name is not the name, nor is what comes after the fields. */
static void finds_no_other_fields(void **state)
{
	static const char *const none[] = {"reason", "rip", "pid", "fake", "exit_reaso", "int", ""};
	unsigned int i, at = 99, size = 99;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(format_field(format, none[i], &at, &size), -1);
	assert_int_equal(format_field("", "exit_reason", &at, &size), -1);
	assert_int_equal(format_field("\tfield:int exit_reason", "exit_reason", &at, &size), -1);
	assert_int_equal(format_field("\tfield:int exit_reason;", "exit_reason", &at, &size), -1);
	assert_int_equal(at, 99);
	assert_int_equal(size, 99);
}

static bool name(const char *cmdline, size_t size, char *buf)
{
	return name_in_cmdline(cmdline, size - 1, buf, 16);
}

static void names_from_command_lines(void **state)
{
	static const char plain[] = "qemu\0-m\0"
				    "256\0-name\0busy\0";
	static const char options[] = "qemu\0-name\0guest=db,debug-threads=on\0";
	static const char longer[] = "qemu\0--name\0a-name-longer-than-the-buffer\0";
	static const char cut[] = "qemu\0-name\0";
	static const char none[] = "qemu\0-names\0x\0";
	char buf[16];

	(void)state;
	assert_true(name(plain, sizeof(plain), buf));
	assert_string_equal(buf, "busy");
	assert_true(name(options, sizeof(options), buf));
	assert_string_equal(buf, "db");
	assert_true(name(longer, sizeof(longer), buf));
	assert_string_equal(buf, "a-name-longer-t");
	assert_false(name(cut, sizeof(cut), buf));
	assert_false(name(none, sizeof(none), buf));
	assert_false(name("", 1, buf));
}

static void names_of_numbers(void **state)
{
	(void)state;
	assert_string_equal(name_exit_kind(2), "cpuid");
	assert_string_equal(name_reason(2, 0x400), "npf");
	assert_string_equal(name_reason(1, 10), "cpuid");
	assert_string_equal(name_reason(2, 0x7777), "?0x7777");
	assert_string_equal(name_fault_kind(99), "?99");
	assert_string_equal(bytes_text(4096), "4 KiB");
	assert_string_equal(bytes_text(3 << 19), "1.5 MiB");
	assert_string_equal(bytes_text(0), "0 B");
}

static void slots(void **state)
{
	struct slot slot = {1, 1};

	(void)state;
	assert_true(slot_line("5 0x100 65280 0x7f0000000000 0x1 log -\n", 5, &slot));
	assert_int_equal(slot.gfn, 0x100);
	assert_int_equal(slot.npages, 65280);
	assert_false(slot_line("# id gfn npages\n", 5, &slot));
	assert_false(slot_line("5 0x100 0 0x0 0x0 - -\n", 5, &slot));
	assert_false(slot_line("15 0x100 1 0x0 0x0 - -\n", 5, &slot));
}

static void strips(void **state)
{
	static const u64 cells[] = {0, 1, 2, 100, 1023}, ones[] = {1, 0, 1}, none[] = {0, 0};
	char out[32];

	(void)state;
	heat_strip(cells, 5, false, out);
	assert_string_equal(out, " ..+@");
	heat_strip(ones, 3, false, out);
	assert_string_equal(out, "@ @");
	heat_strip(none, 2, false, out);
	assert_string_equal(out, "  ");
	heat_strip(ones, 3, true, out);
	assert_string_equal(out, "█ █");
	heat_strip(ones, 0, true, out);
	assert_string_equal(out, "");
}

/* Extremes that an earlier interval left behind are cut to what the buckets allow. */
static void intervals(void **state)
{
	struct times t = {.sum = 300, .max = 1000000, .min_inv = ~5ULL};
	struct hist h;

	(void)state;
	h = times_hist(&t);
	assert_int_equal(hist_count(&h), 0);
	assert_int_equal(h.max, 0);
	t.bucket[8] = 2; /* 128 to 255 */
	h = times_hist(&t);
	assert_int_equal(hist_count(&h), 2);
	assert_int_equal(hist_min(&h), 128);
	assert_int_equal(h.max, 255);
	t.bucket[HIST_BUCKETS - 1] = 1;
	t.max = 3ULL << 30;
	h = times_hist(&t);
	assert_int_equal(h.max, 3ULL << 30);
}

static void durations(void **state)
{
	(void)state;
	assert_string_equal(ns_text(0), "0ns");
	assert_string_equal(ns_text(999), "999ns");
	assert_string_equal(ns_text(1000), "1.0us");
	assert_string_equal(ns_text(999999), "1.0ms");
	assert_string_equal(ns_text(99960), "100us");
	assert_string_equal(ns_text(1500000000), "1.5s");
	assert_string_equal(ns_text(3600000000000ULL), "3600s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_fields),
		cmocka_unit_test(finds_no_other_fields),
		cmocka_unit_test(names_from_command_lines),
		cmocka_unit_test(names_of_numbers),
		cmocka_unit_test(slots),
		cmocka_unit_test(strips),
		cmocka_unit_test(intervals),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
