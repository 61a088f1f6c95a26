/* SPDX-License-Identifier: GPL-2.0-only */
/* SRCS: ../../tools/kvmstat/parse.c ../../tools/kvmstat/sample.c ../../tools/kvmstat/names.c */
/* SRCS: ../../tools/kvmstat/model.c ../../tools/kvmstat/glyphs.c ../../tools/kvmstat/table.c */
/* SRCS: ../../tools/kvmstat/source_live.c */
/* LIBS: -D_GNU_SOURCE -lm */
/*
 * kvmstat below its views: the parser of snapshots, which trusts nothing; the
 * model's arithmetic; tables, and what keeps a terminal safe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../tools/kvmstat/source.h"
#include "../../tools/kvmstat/table.h"

#define HEAD                                                                                       \
	"glassvisor-snapshot 1\nschema 1 00000000000000ab\nvm 3 100 7\ntime 5000000000 900 1000\n" \
	"generation 1\nisa 2\n"

static const struct hist_key io_key = {HX_EXIT_TIME, 4, 0x7b};

/* ---- the parser --------------------------------------------------------- */

static void a_whole_snapshot_is_understood(void **state)
{
	(void)state;
	struct vm_sample vm;
	const struct hist *h;

	assert_true(vm_sample_parse(&vm, HEAD "stat pages_4k 9\n"
					      "hist dirty_pass_time clear - 700 300 400 9:2\n"
					      "slot 4 0x100 16 0x7f0000000000 0x1\n"
					      "slot_stat slot_faults 3\n"
					      "vcpu 1 101 guest 0 900\n"
					      "state guest 60\nstate userspace 40\n"
					      "stat exits 12\n"
					      "hist exit_time io 0x7b 3000 500 2500 9:1 12:1\n"
					      "end\n"));
	assert_int_equal(vm.vm_id, 3);
	assert_int_equal(vm.tgid, 100);
	assert_int_equal(vm.hash, 0xab);
	assert_int_equal(vm.total.stat[ST_pages_4k], 9);
	assert_int_equal(vm.total.stat[ST_exits], 12);
	assert_int_equal(vm.n_slots, 1);
	assert_int_equal(vm.slots[0].gfn, 0x100);
	assert_int_equal(vm.slots[0].stat[SS_slot_faults], 3);
	assert_int_equal(vm.slots[0].stat[SS_slot_dirty_pages], 0);
	assert_int_equal(vm.n_vcpus, 1);
	assert_int_equal(vm.vcpus[0].state, STATE_GUEST);
	assert_int_equal(counts_time(&vm.vcpus[0].counts), 100);
	h = counts_find(&vm.vcpus[0].counts, io_key);
	assert_non_null(h);
	assert_int_equal(hist_count(h), 2);
	assert_int_equal(hist_min(h), 500);
	assert_int_equal(h->max, 2500);
	assert_int_equal(vm.bad_lines, 0);
	assert_int_equal(vm.new_names, 0);
	vm_sample_free(&vm);
}

static void what_is_no_snapshot_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"\n",
		"glassvisor-snapshot\n",
		"glassvisor-snapshot 2\nend\n",
		"end\n",
		"glassvisor-snapshot 1\nend\n", /* no time */
		HEAD,				/* cut off */
		HEAD "vcpu 0 1 guest 0 1\nstat exits 12\nen",
	};
	struct vm_sample vm;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(vm_sample_parse(&vm, texts[i]));
}

static void every_cut_is_refused_and_none_leaks(void **state)
{
	(void)state;
	static const char text[] = HEAD "stat pages_4k 9\nslot 4 0x100 16 0x7f00 0x1\n"
					"vcpu 1 101 guest 0 900\nstate guest 60\n"
					"hist exit_time io 0x7b 3000 500 2500 9:1 12:1\nend";
	char cut[sizeof(text)];
	struct vm_sample vm;

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		memcpy(cut, text, n);
		cut[n] = 0;
		assert_false(vm_sample_parse(&vm, cut));
	}
	assert_true(vm_sample_parse(&vm, text));
	vm_sample_free(&vm);
}

static void malformed_lines_are_counted_and_left_out(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"stat exits\n",
		"stat exits x\n",
		"stat exits -1\n",
		"stat exits 99999999999999999999999\n",
		"stat exits 1 2\n",
		"state guest\n",
		"hist exit_time io\n",
		"hist exit_time io 0x7b 1 2 3 32:1\n",
		"hist exit_time io 0x7b 1 2 3 4\n",
		"hist exit_time io 0x7b 1 2 3 -4:1\n",
		"hist exit_time io 0x1ffffffff 1 2 3 4:1\n",
		"hist exit_time io 0x7b 1 2 x 4:1\n",
		"slot 1 2 3\n",
		"slot x 0 0 0 0\n",
		"slot_stat slot_faults 1\n", /* of no slot */
		"vcpu 1\n",
		"vcpu 0x100000000 1 guest 0 1\n",
		"time 1\n",
		"schema 1 xyz\n",
		"schema 1234567890123456789012345678901234567890 1\n",
		"\n",
		"   \n",
	};
	struct vm_sample vm;
	char text[1024];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(text, sizeof(text), HEAD "vcpu 0 1 guest 0 1\n%sstat irq_exits 5\nend\n",
			 lines[i]);
		assert_true(vm_sample_parse(&vm, text));
		assert_int_equal(vm.bad_lines, 1);
		assert_int_equal(vm.total.stat[ST_irq_exits], 5);
		assert_int_equal(vm.total.stat[ST_exits], 0);
		assert_int_equal(vm.total.n_hists, 0);
		vm_sample_free(&vm);
	}
}

static void lines_without_end_and_words_without_number_do_no_harm(void **state)
{
	(void)state;
	size_t size = 100000, at;
	char *text = malloc(size + 1000);
	struct vm_sample vm;

	at = sprintf(text, "%s", HEAD);
	memset(text + at, 'a', size - at);
	strcpy(text + size, "\nend\n");
	assert_true(vm_sample_parse(&vm, text));
	assert_int_equal(vm.bad_lines, 1);
	vm_sample_free(&vm);

	at = sprintf(text, "%s%s", HEAD, "hist exit_time io 0x7b 1 2 3");
	while (at < 4000)
		at += sprintf(text + at, " 1:1");
	strcpy(text + at, "\nend\n");
	assert_true(vm_sample_parse(&vm, text));
	vm_sample_free(&vm);
	free(text);
}

static void names_of_a_newer_module_are_left_out_not_refused(void **state)
{
	(void)state;
	struct vm_sample vm;

	assert_true(vm_sample_parse(&vm, HEAD "weather sunny\nstat brand_new 4\n"
					      "vcpu 0 1 dreaming 0 1\nstate dreaming 5\n"
					      "hist new_time a - 1 1 1 1:1\n"
					      "hist exit_time new_kind 0x1 8 8 8 4:1\n"
					      "hist other other - 1 1 1 1:1\nend\n"));
	assert_int_equal(vm.bad_lines, 0);
	assert_int_equal(vm.new_names, 5);
	assert_int_equal(vm.vcpus[0].state, -1);
	assert_int_equal(vm.total.n_hists, 1);
	assert_int_equal(vm.total.hists[0].key.label, LABEL_UNKNOWN);
	vm_sample_free(&vm);
}

static void an_index_of_recorders_is_read_and_rubbish_in_it_is_not(void **state)
{
	(void)state;
	struct raw raw = {.time_ns = 1};
	struct sample *sample;

	raw.index = strdup("# id cause\n1 triple_fault 3 0 100 101 1000 7\nrubbish\n2 storm 3\n"
			   "5 \x1b[31m 1 1 1 1 1 1\n");
	raw_add_record(&raw, 1, strdup("text"));
	sample = sample_parse(&raw);
	raw_free(&raw);
	assert_int_equal(sample->n_frozen, 2);
	assert_string_equal(sample->frozen[0].cause, "triple_fault");
	assert_string_equal(sample->frozen[0].text, "text");
	assert_string_equal(sample->frozen[1].cause, "?[31m");
	sample_free(sample);
}

/* ---- the model ---------------------------------------------------------- */

struct vm_text {
	u32 vm_id, tgid;
	u64 exits, guest, user, sum, max;
	u32 count; /* of io exits, all in bucket 10 */
};

static char *vm_text(const struct vm_text *v, u64 ns)
{
	char *text;

	assert_true(asprintf(&text,
			     "glassvisor-snapshot 1\nvm %u %u 9\ntime %llu 0 0\nisa 2\n"
			     "stat pages_4k 50\nvcpu 0 1 guest 0 1\nstate guest %llu\n"
			     "state userspace %llu\nstat exits %llu\n"
			     "hist exit_time io 0x7b %llu 600 %llu 10:%u\nend\n",
			     v->vm_id, v->tgid, ns, v->guest, v->user, v->exits, v->sum, v->max,
			     v->count) > 0);
	return text;
}

static void feed(struct model *m, u64 ns, const struct vm_text *vms, u32 n)
{
	struct raw raw = {.time_ns = ns, .wall_ns = ns, .read_ns = 1000};

	for (u32 i = 0; i < n; i++)
		raw_add_vm(&raw, "web", false, vm_text(&vms[i], ns));
	assert_true(model_feed(m, sample_parse(&raw)));
	raw_free(&raw);
}

#define S 1000000000ULL

static const struct vm_text first = {1, 100, 1000, 4 * S, 1 * S, 7000, 1000, 10};

static int setup(void **state)
{
	static struct model m;

	m = (struct model){0};
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	model_free(*state);
	return 0;
}

static void one_sample_has_no_rates(void **state)
{
	struct model *m = *state;
	struct delta d;

	feed(m, 10 * S, &first, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_true(delta_rate(&d, ST_exits) < 0);
	assert_true(delta_state(&d, STATE_GUEST) < 0);
	assert_int_equal(m->interval_ns, 0);
	delta_free(&d);
}

static void rates_are_by_the_samples_own_clock(void **state)
{
	struct vm_text second = first;
	struct model *m = *state;
	struct delta d;

	second.exits += 500;
	feed(m, 10 * S, &first, 1);
	feed(m, 10 * S + S / 2, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_int_equal(d.ns, S / 2);
	assert_int_equal((int)delta_rate(&d, ST_exits), 1000);
	assert_true(delta_rate(&d, ST_halt_exits) < 0); /* was not told */
	assert_int_equal(d.counts.stat[ST_pages_4k], 50);
	delta_free(&d);
	assert_true(model_delta(m, &m->vms[0], 0, &d));
	assert_int_equal((int)delta_rate(&d, ST_exits), 1000);
	delta_free(&d);
	assert_false(model_delta(m, &m->vms[0], 5, &d));
}

static void shares_of_states_add_up_to_100(void **state)
{
	struct vm_text second = first;
	struct model *m = *state;
	double sum = 0;
	struct delta d;

	second.guest += 333333333;
	second.user += 666666667;
	feed(m, 10 * S, &first, 1);
	feed(m, 11 * S, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	for (int i = 0; i < STATE_COUNT; i++)
		sum += delta_state(&d, i);
	assert_true(sum > 99.999 && sum < 100.001);
	assert_true(delta_state(&d, STATE_GUEST) > 33.3 && delta_state(&d, STATE_GUEST) < 33.4);
	delta_free(&d);
}

static void quantiles_are_those_of_the_interval(void **state)
{
	struct vm_text second = first;
	struct model *m = *state;
	const struct hist *h;
	struct delta d;

	/* Before: 10 of 700 and one of 1000 at most; in the interval: 4 of 800. */
	second.count += 4;
	second.sum += 3200;
	feed(m, 10 * S, &first, 1);
	feed(m, 11 * S, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	h = counts_find(&d.counts, io_key);
	assert_int_equal(hist_count(h), 4);
	assert_int_equal(hist_mean(h), 800);
	assert_in_range(hist_quantile(h, 500), 512, 1000);
	assert_int_equal(h->max,
			 1000); /* the bucket goes to 1023, but nothing ever was above 1000 */
	assert_int_equal(hist_min(h), 600);
	delta_free(&d);
	/* A new largest is known exactly. */
	second.count++;
	second.sum += 1010;
	second.max = 1010;
	feed(m, 12 * S, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	h = counts_find(&d.counts, io_key);
	assert_int_equal(h->max, 1010);
	assert_int_equal(hist_quantile(h, 990), 1010);
	delta_free(&d);
}

static void a_counter_that_goes_backwards_counts_as_nothing(void **state)
{
	struct vm_text second = first;
	struct model *m = *state;
	struct delta d;

	second.exits = 3;
	second.count = 1;
	second.sum = 700;
	second.guest = 5;
	feed(m, 10 * S, &first, 1);
	feed(m, 11 * S, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_true(d.back);
	assert_int_equal(d.counts.stat[ST_exits], 0);
	assert_int_equal(hist_count(counts_find(&d.counts, io_key)), 0);
	assert_int_equal(hist_quantile(counts_find(&d.counts, io_key), 990), 0);
	delta_free(&d);
	second.exits = 13;
	feed(m, 12 * S, &second, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_false(d.back);
	assert_int_equal(d.counts.stat[ST_exits], 10);
	delta_free(&d);
}

static void a_vm_started_anew_under_its_name_is_another_vm(void **state)
{
	struct vm_text again = first;
	struct model *m = *state;
	struct delta d;

	again.vm_id = 2;
	again.tgid = 200;
	again.exits = 5;
	feed(m, 10 * S, &first, 1);
	feed(m, 11 * S, &again, 1);
	assert_int_equal(m->n_vms, 2);
	assert_true(m->vms[0].ended);
	assert_false(m->vms[1].ended);
	assert_true(model_delta(m, &m->vms[1], ALL_VCPUS, &d));
	assert_true(delta_rate(&d, ST_exits) < 0);
	assert_false(d.back);
	delta_free(&d);
}

static void a_vm_that_ended_is_kept_a_while(void **state)
{
	struct model *m = *state;

	feed(m, 10 * S, &first, 1);
	feed(m, 11 * S, NULL, 0);
	assert_int_equal(m->n_vms, 1);
	assert_true(m->vms[0].ended);
	assert_int_equal(m->vms[0].now.total.stat[ST_exits], 1000);
	feed(m, 20 * S, NULL, 0);
	assert_int_equal(m->n_vms, 1);
	feed(m, 22 * S, NULL, 0);
	assert_int_equal(m->n_vms, 0);
}

static void zero_is_zero_and_an_idle_vcpu_stays_at_it(void **state)
{
	struct model *m = *state;
	struct delta d;

	feed(m, 10 * S, &first, 1);
	model_zero(m);
	m->since_zero = true;
	feed(m, 12 * S, &first, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_int_equal(d.ns, 2 * S);
	assert_int_equal(d.counts.stat[ST_exits], 0);
	assert_int_equal(hist_count(counts_find(&d.counts, io_key)), 0);
	delta_free(&d);
}

static void without_a_zero_the_total_is_that_of_its_life(void **state)
{
	struct model *m = *state;
	struct delta d;

	m->since_zero = true;
	feed(m, 10 * S, &first, 1);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_int_equal(d.ns, 5 * S); /* its states' sum */
	assert_int_equal((int)delta_rate(&d, ST_exits), 200);
	assert_int_equal((int)(delta_state(&d, STATE_GUEST) + 0.5), 80);
	delta_free(&d);
}

/* A text's VM with slots, of which @stats is the text. */
static void feed_slots(struct model *m, u64 ns, const char *stats)
{
	struct raw raw = {.time_ns = ns, .wall_ns = ns, .read_ns = 1000};
	char *text;

	assert_true(asprintf(&text,
			     "glassvisor-snapshot 1\nvm 1 100 9\ntime %llu 0 0\nisa 2\n%s"
			     "vcpu 0 1 guest 0 1\nstate guest 1000\nend\n",
			     (unsigned long long)ns, stats) > 0);
	raw_add_vm(&raw, "web", false, text);
	assert_true(model_feed(m, sample_parse(&raw)));
	raw_free(&raw);
}

static void faults_of_a_slot_are_those_of_the_interval_wherever_it_stands(void **state)
{
	struct model *m = *state;
	struct slot_delta d;

	feed_slots(m, 10 * S,
		   "slot 0 0x0 160 0x1000 0x0\nslot_stat slot_faults 20\n"
		   "slot 7 0x100 16 0x2000 0x0\nslot_stat slot_faults 5\n"
		   "slot 8 0x200 16 0x3000 0x0\nslot_stat slot_faults 900\n");
	model_slot_delta(m, &m->vms[0], 1, &d);
	assert_int_equal(d.ns, 0); /* no rates yet */
	assert_int_equal(d.stat[SS_slot_faults], 0);
	model_zero(m);

	/* Slot 0 is gone, so 7 has moved up; 8 was made anew; 9 is new. */
	feed_slots(m, 12 * S,
		   "slot 7 0x100 16 0x2000 0x0\nslot_stat slot_faults 12\n"
		   "slot_stat slot_fault_ns 700\n"
		   "slot 8 0x200 16 0x3000 0x0\nslot_stat slot_faults 4\n"
		   "slot 9 0x300 16 0x4000 0x0\nslot_stat slot_faults 6\n");
	for (int zero = 0; zero < 2; zero++) {
		m->since_zero = zero;
		model_slot_delta(m, &m->vms[0], 0, &d);
		assert_int_equal(d.ns, 2 * S);
		assert_int_equal(d.stat[SS_slot_faults], 7);
		assert_int_equal(d.stat[SS_slot_fault_ns], 700);
		model_slot_delta(m, &m->vms[0], 1, &d);
		assert_int_equal(d.stat[SS_slot_faults], 4);
		model_slot_delta(m, &m->vms[0], 2, &d);
		assert_int_equal(d.stat[SS_slot_faults], 6);
	}
}

static void history_has_each_interval_once(void **state)
{
	static const struct hist_key none;
	struct vm_text vm = first;
	struct model *m = *state;
	float rates[HISTORY];

	feed(m, 10 * S, &vm, 1);
	for (u32 i = 1; i <= 100; i++) {
		vm.exits += i;
		feed(m, (10 + i) * S, &vm, 1);
	}
	assert_int_equal(model_history(&m->vms[0], ALL_VCPUS, TRACK_EXITS, none, rates, 5), 5);
	for (u32 i = 0; i < 5; i++)
		assert_int_equal((int)rates[i], 96 + i);
	assert_int_equal(model_history(&m->vms[0], 0, TRACK_EXITS, none, rates, 1000), HISTORY);
}

static void a_vcpu_that_appears_has_no_past(void **state)
{
	struct raw raw = {.time_ns = 11 * S};
	struct model *m = *state;
	struct delta d;

	feed(m, 10 * S, &first, 1);
	raw_add_vm(&raw, "web", false,
		   strdup("glassvisor-snapshot 1\nvm 1 100 9\ntime 11000000000 0 0\n"
			  "vcpu 0 1 guest 0 1\nstat exits 1100\nvcpu 1 2 guest 0 1\n"
			  "state guest 400000000\nstat exits 40\nend\n"));
	assert_true(model_feed(m, sample_parse(&raw)));
	raw_free(&raw);
	assert_true(model_delta(m, &m->vms[0], 1, &d));
	assert_int_equal((int)delta_rate(&d, ST_exits), 40);
	delta_free(&d);
	assert_true(model_delta(m, &m->vms[0], ALL_VCPUS, &d));
	assert_int_equal((int)delta_rate(&d, ST_exits), 140);
	delta_free(&d);
}

/* ---- tables, texts ------------------------------------------------------ */

static void rounded_shares_add_up(void **state)
{
	(void)state;
	float shares[3][6] = {
		{33.333f, 33.333f, 33.333f, 0, 0, 0}, {99.96f, 0.02f, 0.01f, 0.01f, 0, 0}, {0}};
	u32 tenths[6], sum;

	for (u32 i = 0; i < 3; i++) {
		share_tenths(shares[i], 6, tenths);
		sum = 0;
		for (u32 j = 0; j < 6; j++)
			sum += tenths[j];
		assert_int_equal(sum, i < 2 ? 1000 : 0);
	}
}

static void numbers_are_short(void **state)
{
	(void)state;
	static const struct {
		struct cell cell;
		const char *text;
	} cases[] = {
		{{CELL_RATE, 0, 0, ""}, "0.0"},
		{{CELL_RATE, 99.94, 0, ""}, "99.9"},
		{{CELL_RATE, 99999, 0, ""}, "99999"},
		{{CELL_RATE, 123456, 0, ""}, "123k"},
		{{CELL_RATE, 1234567, 0, ""}, "1.23M"},
		{{CELL_NS, 0, 0, ""}, "0ns"},
		{{CELL_NS, 999, 0, ""}, "999ns"},
		{{CELL_NS, 999.7, 0, ""}, "1.00us"},
		{{CELL_NS, 1234567, 0, ""}, "1.23ms"},
		{{CELL_NS, 61e9, 0, ""}, "61.0s"},
		{{CELL_PERCENT, 100, 0, ""}, "100.0"},
		{{CELL_BYTES, 0, 640 << 10, ""}, "640K"},
		{{CELL_BYTES, 0, 1ULL << 30, ""}, "1G"},
		{{CELL_HEX, 0, 0xfee00, ""}, "0xfee00"},
		{{CELL_NONE, 5, 5, ""}, "-"},
	};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cell_format(&cases[i].cell, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void a_terminal_gets_no_control_characters(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"plain", "plain"},
		{"\x1b]0;x\x07", "?]0;x?"},
		{"tab\tnl\n", "tab?nl?"},
		{"gr\xc3\xbcn", "gr\xc3\xbcn"},
		{"\xc2\x9b"
		 "31m",
		 "??31m"}, /* a C1 control character */
		{"\xff\xfe", "??"},
		{"cut \xe2\x82", "cut ??"},
		{"\xed\xa0\x80", "???"}, /* a surrogate */
		{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		printable(cases[i][0], text, sizeof(text));
		assert_string_equal(text, cases[i][1]);
	}
	printable("0123456789", text, 8);
	assert_true(strlen(text) < 8);
}

static void a_vm_is_called_what_qemu_was_told(void **state)
{
	(void)state;
	static const struct {
		const char *cmdline;
		size_t len;
		const char *name;
	} cases[] = {
#define LINE(text, name) {text, sizeof(text), name}
		LINE("qemu\0-name\0web\0-m\0"
		     "256",
		     "web"),
		LINE("qemu\0-m\0"
		     "256\0-name\0guest=web,debug-threads=on",
		     "web"),
		LINE("qemu\0-name\0debug-threads=on,guest=db", "db"),
		LINE("qemu\0-name\0web,process=qemu-web", "web"),
		LINE("qemu\0-name\0guest=a,,b,process=c", "a,b"),
		LINE("qemu\0--name\0web", "web"),
		LINE("qemu\0-name\0we\nb", "we?b"),
		LINE("qemu\0-name", NULL),
		LINE("qemu\0-names\0web", NULL),
		LINE("", NULL),
#undef LINE
	};
	char name[NAME_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(vm_name_parse(cases[i].cmdline, cases[i].len, name),
				 cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
	}
}

static void sparklines_and_bars_have_their_width(void **state)
{
	(void)state;
	float points[HISTORY] = {0, 1, 2, 4, 8};
	float shares[STATE_COUNT] = {[STATE_GUEST] = 49.9f, [STATE_USERSPACE] = 50.1f};
	char text[512];

	glyphs_utf8 = false;
	spark_text(points, 5, 8, text, sizeof(text));
	assert_string_equal(text, "    ..:#");
	spark_text(points, 5, 2, text, sizeof(text));
	assert_string_equal(text, ":#");
	states_text(shares, 10, text, sizeof(text));
	assert_string_equal(text, "GGGGGuuuuu");
	gauge_text(50, 10, text, sizeof(text));
	assert_string_equal(text, "#####     ");
	gauge_text(0.1, 3, text, sizeof(text));
	assert_string_equal(text, ".  ");
	glyphs_utf8 = true;
	spark_text(points, 5, 5, text, sizeof(text));
	assert_string_equal(text, " ▁▂▄█");
	glyphs_utf8 = false;
}

static const struct column columns[] = {
	{"name", "name", CELL_TEXT, 4, 0, false},
	{"rate", "rate", CELL_RATE, 6, 1, false},
	{"secret", NULL, CELL_NUMBER, 0, 0, false},
	{"spark", "spark", CELL_SPARK, 5, 2, false},
};

static void rows_are_sorted_unknown_ones_last_and_pinned_ones_first(void **state)
{
	(void)state;
	static const double rates[] = {5, -1, 7, 5};
	static const char *const names[] = {"a", "b", "c", "d"};
	struct table t = {.columns = columns, .n_columns = 4, .sort = 1};

	for (u32 i = 0; i < 4; i++) {
		struct row *row = table_row(&t);

		cell_text(&row->cells[0], names[i]);
		cell_value(&row->cells[1], CELL_RATE, rates[i]);
		row->pinned = i == 3;
	}
	table_sort(&t);
	assert_string_equal(t.rows[0].cells[0].text, "d");
	assert_string_equal(t.rows[1].cells[0].text, "c");
	assert_string_equal(t.rows[2].cells[0].text, "a");
	assert_string_equal(t.rows[3].cells[0].text, "b");
	table_free(&t);
}

static void what_does_not_fit_is_dropped_by_rank(void **state)
{
	(void)state;
	struct table t = {.columns = columns, .n_columns = 4};
	u32 widths[CELLS_MAX];

	table_layout(&t, 40, widths);
	assert_int_equal(widths[0], 4);
	assert_int_equal(widths[1], 6);
	assert_int_equal(widths[2], 0);
	assert_int_equal(widths[3], 40 - 4 - 6 - 2);
	table_layout(&t, 16, widths);
	assert_int_equal(widths[1], 6);
	assert_int_equal(widths[3], 0);
	table_layout(&t, 8, widths);
	assert_int_equal(widths[0], 4);
	assert_int_equal(widths[1], 0);
}

#define MODEL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_snapshot_is_understood),
		cmocka_unit_test(what_is_no_snapshot_is_refused),
		cmocka_unit_test(every_cut_is_refused_and_none_leaks),
		cmocka_unit_test(malformed_lines_are_counted_and_left_out),
		cmocka_unit_test(lines_without_end_and_words_without_number_do_no_harm),
		cmocka_unit_test(names_of_a_newer_module_are_left_out_not_refused),
		cmocka_unit_test(an_index_of_recorders_is_read_and_rubbish_in_it_is_not),
		MODEL(one_sample_has_no_rates),
		MODEL(rates_are_by_the_samples_own_clock),
		MODEL(shares_of_states_add_up_to_100),
		MODEL(quantiles_are_those_of_the_interval),
		MODEL(a_counter_that_goes_backwards_counts_as_nothing),
		MODEL(a_vm_started_anew_under_its_name_is_another_vm),
		MODEL(a_vm_that_ended_is_kept_a_while),
		MODEL(zero_is_zero_and_an_idle_vcpu_stays_at_it),
		MODEL(without_a_zero_the_total_is_that_of_its_life),
		MODEL(faults_of_a_slot_are_those_of_the_interval_wherever_it_stands),
		MODEL(history_has_each_interval_once),
		MODEL(a_vcpu_that_appears_has_no_past),
		cmocka_unit_test(rounded_shares_add_up),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(a_terminal_gets_no_control_characters),
		cmocka_unit_test(a_vm_is_called_what_qemu_was_told),
		cmocka_unit_test(sparklines_and_bars_have_their_width),
		cmocka_unit_test(rows_are_sorted_unknown_ones_last_and_pinned_ones_first),
		cmocka_unit_test(what_does_not_fit_is_dropped_by_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
