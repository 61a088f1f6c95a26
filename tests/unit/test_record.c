/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flight recorders: their text, against text written down here; and who of too
 * many has to go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lists.h"
#include "stat/record_keep.h"
#include "stat/record_text.h"

#define X(number, ID, name, text) CAUSE_##ID = number,
enum { FREEZE_CAUSES(X) };
#undef X
#define X(number, ID, name, text) OUTCOME_##ID = number,
enum { OUTCOMES(X) };
#undef X
#define X(number, ID, name, key, text) KIND_##ID = number,
enum { EXIT_KINDS(X) };
#undef X

/* ---- text ------------------------------------------------------------------ */

static const struct record_head running = {
	.magic = RECORD_MAGIC,
	.head_size = sizeof(struct record_head),
	.record_size = sizeof(struct record),
	.n_records = 2,
	.isa = 2,
	.vm_id = 3,
	.vcpu_id = 1,
	.pid = 4242,
	.tid = 4245,
	.tsc_khz = 2000000,
	.frozen_tsc = 10000000,
	.frozen_ns = 951782399000000042, /* 28 February 2000 */
	.total = 70000,
};

static const char columns[] =
	"#     age_us kind         reason                      rip                cpl code key     "
	"                              info1              info2     guest_ns    handle_ns outcome "
	"                  flags\n";

static void assert_head(const struct record_head *h, const char *want)
{
	char buf[RECORD_TEXT_HEAD_MAX];

	assert_int_equal(record_text_head(h, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
}

static void the_head_of_a_running_recorder(void **state)
{
	char want[RECORD_TEXT_HEAD_MAX];

	(void)state;
	snprintf(want, sizeof(want),
		 "# glassvisor flight recorder\n"
		 "# vm 3 vcpu 1 pid 4242 tid 4245\n"
		 "# running; read at 2000-02-28T23:59:59.000000042Z\n"
		 "# records 2 of 70000\n%s",
		 columns);
	assert_head(&running, want);
}

static void the_head_of_a_frozen_recorder(void **state)
{
	struct record_head h = running;
	char want[RECORD_TEXT_HEAD_MAX];

	(void)state;
	h.id = 12;
	h.cause = CAUSE_TRIPLE_FAULT;
	h.frozen_ns = 951868799999999999; /* 29 February 2000 */
	for (int i = 0; i < 16; i++)
		h.gpr[i] = 0x1111111111111111ULL * i;
	h.rip = 0xffffffff81000010;
	h.rflags = 0x10246;
	h.cr0 = 0x80050033;
	h.cr2 = 0x1000;
	h.cr3 = 0x2000;
	h.cr4 = 0x6f0;
	h.efer = 0xd01;
	h.cs_selector = 0x10;
	h.code_size = 64;
	h.code_bytes = 5;
	h.code_before = 2;
	memcpy(h.code, "\x90\xc3\x0f\x0b\xeb", 5);
	snprintf(want, sizeof(want),
		 "# glassvisor flight recorder 12\n"
		 "# vm 3 vcpu 1 pid 4242 tid 4245\n"
		 "# frozen at 2000-02-29T23:59:59.999999999Z\n"
		 "# cause triple_fault: The guest shut down by a triple fault\n"
		 "# records 2 of 70000\n"
		 "# rip 0xffffffff81000010 rflags 0x00010246 cs 0x0010 base 0x0, 64-bit code\n"
		 "# cr0 0x80050033 cr2 0x0000000000001000 cr3 0x0000000000002000 "
		 "cr4 0x000006f0 efer 0x0d01\n"
		 "# rax 0x0000000000000000 rcx 0x1111111111111111 "
		 "rdx 0x2222222222222222 rbx 0x3333333333333333\n"
		 "# rsp 0x4444444444444444 rbp 0x5555555555555555 "
		 "rsi 0x6666666666666666 rdi 0x7777777777777777\n"
		 "# r8  0x8888888888888888 r9  0x9999999999999999 "
		 "r10 0xaaaaaaaaaaaaaaaa r11 0xbbbbbbbbbbbbbbbb\n"
		 "# r12 0xcccccccccccccccc r13 0xdddddddddddddddd "
		 "r14 0xeeeeeeeeeeeeeeee r15 0xffffffffffffffff\n"
		 "# code 90 c3 <0f> 0b eb\n%s",
		 columns);
	assert_head(&h, want);
}

static void a_cause_that_is_not_known_is_a_number(void **state)
{
	struct record_head h = running;
	char buf[RECORD_TEXT_HEAD_MAX];

	(void)state;
	h.id = 1;
	h.cause = 200;
	record_text_head(&h, buf, sizeof(buf));
	assert_non_null(strstr(buf, "\n# cause 200\n"));
}

static void dates(void **state)
{
	static const struct {
		u64 s;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00"},	     {68169600, "1972-02-29T00:00:00"},
		{946684799, "1999-12-31T23:59:59"},  {951868800, "2000-03-01T00:00:00"},
		{1709164800, "2024-02-29T00:00:00"}, {1735689599, "2024-12-31T23:59:59"},
		{4107542400, "2100-03-01T00:00:00"}, {4107542399, "2100-02-28T23:59:59"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct record_head h = running;
		char buf[RECORD_TEXT_HEAD_MAX];

		h.frozen_ns = rows[i].s * 1000000000;
		record_text_head(&h, buf, sizeof(buf));
		if (!strstr(buf, rows[i].want))
			fail_msg("%s is not in %s", rows[i].want, buf);
	}
}

static const struct record out = {
	.exit_tsc = 7000000,
	.enter_tsc = 6998000,
	.end = 4000 | (u64)OUTCOME_USERSPACE << 48 | 2ULL << 56,
	.rip = 0x10007,
	.key = 0x3f8,
	.info1 = 0x3f80010,
	.info2 = 0x10009,
	.kind = KIND_IO,
	.flags = 1,
	.cpl = 3,
	.cs_mode = 2,
	.reason = 0x7b, /* IOIO */
};

static void assert_line(const struct record *r, const char *want)
{
	char buf[RECORD_TEXT_LINE_MAX];

	assert_int_equal(record_text_line(&running, r, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
}

static void a_line_stands_in_its_columns(void **state)
{
	(void)state;
	assert_line(
		&out,
		"      1500.0 io           io                          0x0000000000010007   3   64 "
		"port 0x3f8                        0x3f80010            0x10009         1000     "
		"    2000 userspace:io              write\n");
}

static void has(const struct record_head *h, const struct record *r, const char *want)
{
	char buf[RECORD_TEXT_LINE_MAX];
	size_t n = record_text_line(h, r, buf, sizeof(buf));

	assert_true(n < sizeof(buf));
	if (!strstr(buf, want))
		fail_msg("%s is not in %s", want, buf);
}

static void keys_have_the_name_of_their_kind(void **state)
{
	struct record r = out;

	(void)state;
	r.key = 14;
	r.kind = KIND_EXCEPTION;
	has(&running, &r, " vector 14 ");
	r.kind = KIND_MMU_FAULT;
	has(&running, &r, " gpa 0xe ");
	r.kind = KIND_HLT;
	has(&running, &r, " - ");
	r.kind = 250;
	has(&running, &r, " 250 ");
	r.kind = KIND_INVLPG;
	r.key = ~0ULL;
	has(&running, &r, " gva 0xffffffffffffffff ");
}

static void numbers_without_a_name_are_numbers(void **state)
{
	struct record_head h = running;
	struct record r = out;

	(void)state;
	r.reason = 0x3ff;
	has(&h, &r, " 0x3ff ");
	record_set_end(&r, 0, 77, 0);
	has(&h, &r, " 77 ");
	record_set_end(&r, 0, OUTCOME_USERSPACE, 200);
	has(&h, &r, " userspace:200 ");
	r.flags = 0;
	has(&h, &r, " -\n");
	r.flags = 0xff;
	has(&h, &r, " write,vectoring\n");
	h.isa = 1;
	r.reason = 48;
	has(&h, &r, " ept_violation ");
	r.reason = 33 | 1U << 31;
	has(&h, &r, "+0x80000000 ");
	r.reason = 65000;
	has(&h, &r, " 0xfde8 ");
}

static void a_long_time_leaves_the_outcome_alone(void **state)
{
	static const u64 ticks[] = {0, 1, RECORD_TICKS_MAX, RECORD_TICKS_MAX + 1, U64_MAX};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(ticks); i++) {
		struct record r;

		record_set_end(&r, ticks[i], OUTCOME_USERSPACE, 39);
		assert_int_equal(record_outcome(&r), OUTCOME_USERSPACE);
		assert_int_equal(record_user_reason(&r), 39);
		assert_true(record_handle_ticks(&r) == (ticks[i] & RECORD_TICKS_MAX));
	}
}

static void times_don_t_overflow(void **state)
{
	struct record_head h = running;
	struct record r = out;

	(void)state;
	/* A month at 2 GHz. */
	assert_int_equal(record_ns(&h, 2592000ULL * 2000000000), 2592000ULL * 1000000000);
	assert_int_equal(record_ns(&h, 3), 1);
	h.frozen_tsc = r.exit_tsc + 2592000ULL * 2000000000;
	has(&h, &r, "2592000000000.0 ");
	h.tsc_khz = 0;
	assert_int_equal(record_ns(&h, 3), 0);
	has(&h, &r, " 0.0 ");
}

/* Whatever a file may hold: no byte is written behind the buffer, and the length is told. */
static void nothing_is_written_behind_the_buffer(void **state)
{
	struct record_head h;
	struct record r;
	char full[RECORD_TEXT_HEAD_MAX];

	(void)state;
	srand(5);
	for (int round = 0; round < 3000; round++) {
		size_t want, size;
		char *buf;

		for (size_t i = 0; i < sizeof(h); i++)
			((u8 *)&h)[i] = rand() >> 7;
		for (size_t i = 0; i < sizeof(r); i++)
			((u8 *)&r)[i] = rand() >> 7;
		want = record_text_line(&h, &r, full, sizeof(full));
		assert_true(want < RECORD_TEXT_LINE_MAX);
		assert_int_equal(want, strlen(full));
		want = record_text_head(&h, full, sizeof(full));
		assert_true(want < RECORD_TEXT_HEAD_MAX);
		assert_int_equal(want, strlen(full));
		size = rand() % (want + 1);
		buf = malloc(size + !size);
		assert_int_equal(record_text_head(&h, buf, size), want);
		if (size) {
			assert_int_equal(strlen(buf), size - 1);
			assert_memory_equal(buf, full, size - 1);
		}
		free(buf);
	}
}

/* ---- who goes ---------------------------------------------------------------- */

#define MAX    16
#define PER_VM 4

static struct kept {
	struct record_head head[MAX + 1];
	const struct record_head *at[MAX + 1];
	u32 n, last_id;
} kept;

/* One more comes; the id of the one that goes for it, or 0. */
static u32 come(u32 vm_id, u32 pid, u32 cause)
{
	u32 victim, id;

	for (u32 i = 0; i < kept.n; i++)
		kept.at[i] = &kept.head[i];
	kept.head[kept.n] = (struct record_head){
		.id = ++kept.last_id, .vm_id = vm_id, .pid = pid, .cause = cause};
	kept.at[kept.n] = &kept.head[kept.n];
	kept.n++;
	victim = record_keep_victim(kept.at, kept.n, MAX, PER_VM);
	if (victim == kept.n)
		return 0;
	assert_true(victim < kept.n);
	id = kept.head[victim].id;
	kept.n--;
	memmove(&kept.head[victim], &kept.head[victim + 1],
		(kept.n - victim) * sizeof(kept.head[0]));
	assert_int_equal(record_keep_victim(kept.at, kept.n, MAX, PER_VM), kept.n);
	return id;
}

static int nobody(void **state)
{
	(void)state;
	memset(&kept, 0, sizeof(kept));
	return 0;
}

static void a_vm_in_a_reset_loop_keeps_its_first_crash_and_the_newest(void **state)
{
	(void)state;
	assert_int_equal(come(1, 100, CAUSE_TRIPLE_FAULT), 0);
	for (u32 i = 0; i < PER_VM - 1; i++)
		assert_int_equal(come(7, 700, CAUSE_TRIPLE_FAULT), 0);
	assert_int_equal(come(7, 700, CAUSE_EMULATION), 0);
	for (u32 i = 0; i < 50; i++)
		assert_int_equal(come(7, 700, CAUSE_TRIPLE_FAULT), 3 + i);
	assert_int_equal(kept.n, 1 + PER_VM);
	assert_int_equal(kept.head[0].id, 1);
	assert_int_equal(kept.head[1].id, 2);
}

static void storms_go_before_crashes(void **state)
{
	(void)state;
	come(1, 100, CAUSE_STORM);
	come(1, 100, CAUSE_TRIPLE_FAULT);
	come(1, 100, CAUSE_STORM);
	come(1, 100, CAUSE_REQUEST);
	assert_int_equal(come(1, 100, CAUSE_TRIPLE_FAULT), 1);
	assert_int_equal(come(1, 100, CAUSE_TRIPLE_FAULT), 3);
	/* Now there are none but others; a new storm is worth less than each of them. */
	assert_int_equal(come(1, 100, CAUSE_STORM), 7);
	assert_int_equal(come(1, 100, CAUSE_REQUEST), 4);
}

static void a_process_with_many_vms_pushes_out_nobody_else(void **state)
{
	(void)state;
	for (u32 i = 0; i < 5; i++)
		assert_int_equal(come(1 + i, 100 + i, CAUSE_TRIPLE_FAULT), 0);
	for (u32 i = 0; i < 100; i++) {
		u32 gone = come(50 + i, 9, CAUSE_TRIPLE_FAULT);

		assert_true(!gone || gone > 5);
	}
	assert_int_equal(kept.n, MAX);
	/* A sixth gets his place from that process, too. */
	assert_true(come(6, 105, CAUSE_STORM) > 5);
	assert_int_equal(kept.head[0].id, 1);
	assert_int_equal(kept.head[4].id, 5);
}

static void among_equals_the_oldest_goes(void **state)
{
	(void)state;
	for (u32 i = 0; i < MAX; i++)
		assert_int_equal(come(1 + i, 100 + i, CAUSE_VM_GONE), 0);
	for (u32 i = 0; i < MAX; i++)
		assert_int_equal(come(100 + i, 500 + i, CAUSE_VM_GONE), 1 + i);
}

static void fewer_may_be_kept_than_there_are(void **state)
{
	u32 n;

	(void)state;
	for (u32 i = 0; i < 10; i++)
		come(1 + i, 100 + i, CAUSE_TRIPLE_FAULT);
	for (n = kept.n; n > 1; n--) {
		u32 victim = record_keep_victim(kept.at, n, 1, PER_VM);

		assert_true(victim < n);
		memmove(&kept.at[victim], &kept.at[victim + 1],
			(n - victim - 1) * sizeof(kept.at[0]));
	}
	assert_int_equal(record_keep_victim(kept.at, 1, 1, PER_VM), 1);
	assert_int_equal(record_keep_victim(kept.at, 0, 1, PER_VM), 0);
	assert_int_equal(kept.at[0]->id, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_of_a_running_recorder),
		cmocka_unit_test(the_head_of_a_frozen_recorder),
		cmocka_unit_test(a_cause_that_is_not_known_is_a_number),
		cmocka_unit_test(dates),
		cmocka_unit_test(a_line_stands_in_its_columns),
		cmocka_unit_test(keys_have_the_name_of_their_kind),
		cmocka_unit_test(numbers_without_a_name_are_numbers),
		cmocka_unit_test(a_long_time_leaves_the_outcome_alone),
		cmocka_unit_test(times_don_t_overflow),
		cmocka_unit_test(nothing_is_written_behind_the_buffer),
		cmocka_unit_test_setup(a_vm_in_a_reset_loop_keeps_its_first_crash_and_the_newest,
				       nobody),
		cmocka_unit_test_setup(storms_go_before_crashes, nobody),
		cmocka_unit_test_setup(a_process_with_many_vms_pushes_out_nobody_else, nobody),
		cmocka_unit_test_setup(among_equals_the_oldest_goes, nobody),
		cmocka_unit_test_setup(fewer_may_be_kept_than_there_are, nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
