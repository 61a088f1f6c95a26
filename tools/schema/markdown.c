/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema as a page for people: docs/reference.md.
 */
#include <ctype.h>
#include <stdio.h>

#include "../../debugfs-schema/compat.h"
#include "../../kvm/stat/schema.h"
#include "../common/openmetrics.h"
#include "printer.h"

/* A cell of a table: '|' and '*' would end it or be taken as markup. */
static void cell(const char *text)
{
	printf("| ");
	for (; *text; text++) {
		if (*text == '|' || *text == '*' || *text == '<')
			putchar('\\');
		putchar(*text);
	}
	putchar(' ');
}

static void code(const char *text)
{
	if (*text)
		printf("| `%s` ", text);
	else
		printf("| ");
}

static void end_row(void)
{
	printf("|\n");
}

static void print_head(void)
{
	char hash[SCHEMA_HASH_LEN];

	schema_hash_text(schema_hash(), hash);
	printf("# Reference: events, counters, histograms, lists\n\n"
	       "Made from `debugfs-schema/` by `make docs`; not to be edited. "
	       "The same for programs: [schema.json](schema.json).\n\n"
	       "Schema %d, hash `%s`. The running module says its own in "
	       "`/sys/kernel/debug/glassvisor/schema`,\n"
	       "and at the head of each snapshot. The number rises when a reader of the old "
	       "schema would be misled; the hash changes with every row.\n\n"
	       "- [Own events](#own-events)\n"
	       "- [Compatible events](#compatible-events)\n"
	       "- [Counters](#counters)\n"
	       "- [Histograms](#histograms)\n"
	       "- [Times](#times)\n"
	       "- [Lists](#lists)\n",
	       SCHEMA_ID, hash);
}

/* Where a list's section is, as a link. */
static void list_link(const char *list)
{
	if (!strcmp(list, "NONE")) {
		printf("| ");
	} else if (!strcmp(list, "HW_REASON")) {
		printf("| [SVM_REASONS](#svm_reasons), [VMX_REASONS](#vmx_reasons) ");
	} else {
		printf("| [%s](#", list);
		for (const char *at = list; *at; at++)
			putchar(tolower((unsigned char)*at));
		printf(") ");
	}
}

static void print_events(void)
{
	printf("\n## Own events\n\n"
	       "Trace system `glassvisor`: `perf record -e 'glassvisor:*'`, "
	       "`trace-cmd record -e glassvisor`,\n"
	       "`bpftrace -e 'tracepoint:glassvisor:gv_exit { ... }'`. The fields are the "
	       "tracepoint's arguments as well, in this order (raw tracepoints, BPF).\n");
	for (u32 i = 0; i < schema_n_events; i++) {
		const struct schema_event *e = &schema_events[i];

		printf("\n### %s\n\n%s.\n\n", e->name, e->text);
		printf("| field | type | unit | names | |\n|---|---|---|---|---|\n");
		for (u32 k = 0; k < e->n_fields; k++) {
			const struct schema_field *f = &e->fields[k];

			code(f->name);
			cell(f->type);
			cell(strcmp(f->unit, "none") ? f->unit : "");
			list_link(f->list);
			cell(f->text);
			end_row();
		}
	}
}

static void print_compat_event(const char *name, const char *fields, const char *text)
{
	code(name);
	printf("| ");
	while (*fields) {
		int len = strcspn(fields, ";");

		printf("`%.*s`%s", len, fields, fields[len] ? ", " : " ");
		fields += len;
		fields += strspn(fields, "; ");
	}
	cell(text);
	end_row();
}

static void print_compat(void)
{
	printf("\n## Compatible events\n\n"
	       "Trace system `kvm`: names, types and order of the fields are stock KVM's, so that "
	       "perf, trace-cmd, bpftrace and others\nwork unchanged. `vm_id` and what follows it "
	       "(at the end) are glassvisor's own. The first argument of `kvm_exit`'s\n"
	       "tracepoint is the exit reason.\n\n"
	       "| event | fields | |\n|---|---|---|\n");
#define PRINT(event, fields, text) print_compat_event(#event, fields, text);
	COMPAT_EVENTS(PRINT)
}

static void print_counters(const char *scope, const char *title)
{
	printf("\n### %s\n\n| name | kind | unit | OpenMetrics | |\n|---|---|---|---|---|\n",
	       title);
	for (u32 i = 0; i < schema_n_counters; i++) {
		const struct schema_counter *c = &schema_counters[i];
		struct om_family family;

		if (strcmp(c->scope, scope))
			continue;
		code(c->name);
		cell(c->kind);
		cell(strcmp(c->unit, "none") ? c->unit : "");
		code(om_counter(c, &family) ? family.sample : "");
		cell(c->text);
		end_row();
	}
}

static void print_hists(void)
{
	printf("\n## Histograms\n\n"
	       "32 buckets each, of nanoseconds: bucket 0 holds 0, bucket i holds 2^(i-1) to "
	       "2^i - 1, the last one all from 2^30 (1.07 s) up.\n"
	       "In snapshots each comes with sum, smallest and largest value. There is one for each "
	       "label that got a value;\n`exit_time` is split by the hardware's reason besides.\n"
	       "KVM_GET_STATS_FD has the buckets alone, of every label, as `<name>_<label>`. Exits of "
	       "one kind are one histogram there,\nfor whatever reason; what found a vCPU's pool of "
	       "histograms full (`hist other` in snapshots) is not there.\n\n"
	       "| name | scope | labels | OpenMetrics | |\n|---|---|---|---|---|\n");
	for (u32 i = 0; i < schema_n_hists; i++) {
		const struct schema_hist *h = &schema_hists[i];
		struct om_family family;

		code(h->name);
		cell(h->scope);
		list_link(h->labels);
		code(om_hist(h, &family) ? family.sample : "");
		cell(h->text);
		end_row();
	}
}

static void print_times(void)
{
	struct om_family family;

	om_states(&family);
	printf("\n## Times\n\n"
	       "What a vCPU's time goes to, in nanoseconds, by the names of "
	       "[VCPU_TIMES](#vcpu_times). The states add up to the vCPU's age.\n"
	       "In KVM_GET_STATS_FD: `guest_time` and so on. In OpenMetrics: `%s{state=\"guest\"}`.\n",
	       family.sample);
}

static void print_lists(void)
{
	printf("\n## Lists\n\nWhat a number in an event, a label, a snapshot or a flight record "
	       "stands for. Numbers and names never change;\n`debugfs-schema/names.lock` holds "
	       "them to it.\n");
	for (u32 i = 0; i < schema_n_lists; i++) {
		const struct schema_list *l = &schema_lists[i];
		bool keyed = !strcmp(l->name, "EXIT_KINDS");
		bool hex = !strcmp(l->name, "SVM_REASONS");

		printf("\n### %s\n\n%s.\n\n", l->name, l->text);
		printf("| number | name | %s|\n|---:|---|---|%s\n", keyed ? "key | " : "",
		       keyed ? "---|" : "");
		for (u32 k = 0; k < l->n_rows; k++) {
			printf(hex ? "| 0x%03x " : "| %u ", l->rows[k].number);
			code(l->rows[k].name);
			if (keyed)
				cell(l->rows[k].key);
			cell(l->rows[k].text);
			end_row();
		}
	}
}

bool print_markdown(void)
{
	print_head();
	print_events();
	print_compat();
	printf("\n## Counters\n\n"
	       "Files below `/sys/kernel/debug/kvm/` (all VMs) and "
	       "`/sys/kernel/debug/kvm/<tgid>-<fd>/` (one VM), in snapshots and KVM_GET_STATS_FD.\n"
	       "Names are stock KVM's where the meaning is the same. Reading never clears one.\n");
	print_counters("vcpu", "Of a vCPU");
	print_counters("vm", "Of a VM");
	print_counters("slot", "Of a memory slot, in snapshots alone");
	print_hists();
	print_times();
	print_lists();
	return true;
}
