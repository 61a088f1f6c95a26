/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report as one JSON object: all rows, plain numbers, times in nanoseconds.
 */
#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "report.h"

static void string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void number(FILE *f, const char *name, uint64_t n)
{
	fprintf(f, ", \"%s\": %" PRIu64, name, n);
}

struct columns {
	const char *key;
	const char *(*name)(uint64_t key);
	bool writes, failed, bytes, times;
};

static void print_row(FILE *f, const struct row *row, const struct columns *c, uint64_t isa)
{
	const char *name = c->name ? c->name(row->key) : NULL;

	fprintf(f, "{\"%s\": %" PRIu64, c->key, row->key);
	if (row->hist)
		name = name_exit_reason(isa, row->key);
	if (name) {
		fputs(", \"name\": ", f);
		string(f, name);
	}
	number(f, "count", row->count);
	if (c->writes)
		number(f, "writes", row->writes);
	if (c->failed)
		number(f, "failed", row->failed);
	if (c->bytes)
		number(f, "bytes", row->bytes);
	if (c->times) {
		number(f, "handled", row->handled);
		number(f, "kernel_ns", row->kernel_ns);
		number(f, "user_ns", row->user_ns);
		number(f, "user_trips", row->trips);
	}
	if (row->hist) {
		number(f, "kernel_p50_ns", hist_quantile(row->hist, 500));
		number(f, "kernel_p99_ns", hist_quantile(row->hist, 990));
		number(f, "kernel_max_ns", row->hist->max);
	}
	fputc('}', f);
}

static void print_table(FILE *f, const char *name, const struct model *m, const struct table *t,
			const struct columns *c)
{
	fprintf(f, ",\n  \"%s\": [", name);
	for (size_t i = 0; i < t->n; i++) {
		fputs(i ? ",\n    " : "\n    ", f);
		print_row(f, &t->rows[i], c, m->isa);
	}
	fputs(t->n ? "\n  ]" : "]", f);
}

/* Ports have two keys in one. */
static void print_ports(FILE *f, const struct table *t)
{
	const struct columns c = {.key = "port", .name = name_port, .bytes = true, .times = true};

	fputs(",\n  \"ports\": [", f);
	for (size_t i = 0; i < t->n; i++) {
		struct row row = t->rows[i];

		fprintf(f, "%s\n    {\"direction\": \"%s\", \"access\": ", i ? "," : "",
			row.key & 1 ? "out" : "in");
		row.key >>= 1;
		print_row(f, &row, &c, 0);
		fputc('}', f);
	}
	fputs(t->n ? "\n  ]" : "]", f);
}

/* Reasons of KVM_RUN's return, and errors: see model.h. */
static void print_user_reasons(FILE *f, const struct table *t)
{
	const struct columns c = {.key = "reason", .name = name_user_reason};
	char name[32];

	fputs(",\n  \"userspace_exits\": [", f);
	for (size_t i = 0; i < t->n; i++) {
		const struct row *row = &t->rows[i];

		fputs(i ? ",\n    " : "\n    ", f);
		if (!(row->key >> 63)) {
			print_row(f, row, &c, 0);
			continue;
		}
		name_errno(name, sizeof(name), ~row->key);
		fprintf(f, "{\"errno\": %d, \"name\": \"%s\"", (int)~row->key, name);
		number(f, "count", row->count);
		fputc('}', f);
	}
	fputs(t->n ? "\n  ]" : "]", f);
}

static void print_vcpus(FILE *f, const struct model *m)
{
	const char *separator = "";

	fputs(",\n  \"vcpus\": [", f);
	for (size_t i = 0; i < m->n_vcpus; i++) {
		const struct vcpu *v = &m->vcpus[i];

		if (v->id < 0)
			continue;
		fprintf(f, "%s\n    {\"id\": %d, \"tid\": %d", separator, v->id, v->tid);
		number(f, "exits", v->exits);
		number(f, "guest_ns", v->guest_ns);
		number(f, "kernel_ns", v->kernel_ns);
		number(f, "user_ns", v->user_ns);
		number(f, "halted_ns", v->halted_ns);
		fputc('}', f);
		separator = ",";
	}
	fputs("\n  ]", f);
}

static void print_head(FILE *f, const struct report *r)
{
	const struct model *m = r->model;

	fputs("{\n  \"schema\": \"glassvisor.kvmreport\", \"version\": 1,\n  \"command\": ", f);
	string(f, r->command);
	fputs(",\n  \"driver\": ", f);
	string(f, r->driver);
	fprintf(f, ",\n  \"isa\": \"%s\", \"status\": %d", m->isa == 1 ? "vmx" : "svm", r->status);
	number(f, "wall_ns", r->wall_ns);
	number(f, "recorded_ns", m->last_ns - m->first_ns);
	number(f, "events", m->events);
	number(f, "lost_events", r->loss.records);
	fprintf(f, ", \"lost_more\": %s", r->loss.more ? "true" : "false");
	number(f, "vms", r->n_vms);
	number(f, "exits", m->exits);
	fprintf(f, ",\n  \"mmu_faults\": {\"count\": %" PRIu64, m->faults);
	number(f, "mmio", m->faults_mmio);
	number(f, "writes", m->faults_write);
	number(f, "fetches", m->faults_exec);
	number(f, "pages", m->fault_pages.n);
	fputs("}", f);
	fprintf(f, ",\n  \"emulated\": {\"count\": %" PRIu64, m->emulated);
	number(f, "failed", m->emulated_failed);
	fputs("}", f);
}

void report_json(FILE *f, const struct report *r)
{
	const struct model *m = r->model;

	print_head(f, r);
	print_vcpus(f, m);
	print_table(f, "exits_by_reason", m, &m->reasons,
		    &(struct columns){.key = "reason", .times = true});
	print_ports(f, &m->ports);
	print_table(f, "mmio_pages", m, &m->mmio_pages,
		    &(struct columns){.key = "gfn",
				      .name = name_mmio_page,
				      .writes = true,
				      .bytes = true,
				      .times = true});
	print_table(f, "msrs", m, &m->msrs,
		    &(struct columns){.key = "msr",
				      .name = name_msr,
				      .writes = true,
				      .failed = true,
				      .times = true});
	print_table(f, "control_registers", m, &m->crs,
		    &(struct columns){.key = "cr", .writes = true});
	print_table(f, "cpuid_leaves", m, &m->leaves,
		    &(struct columns){.key = "leaf", .name = name_leaf});
	print_table(f, "fault_regions_2m", m, &m->fault_2m, &(struct columns){.key = "region"});
	print_table(f, "opcodes", m, &m->opcodes,
		    &(struct columns){.key = "opcode", .name = name_opcode, .failed = true});
	print_table(f, "interrupts", m, &m->vectors, &(struct columns){.key = "vector"});
	print_table(f, "exceptions", m, &m->exceptions,
		    &(struct columns){.key = "vector", .name = name_exception});
	print_table(f, "hypercalls", m, &m->hypercalls, &(struct columns){.key = "nr"});
	print_user_reasons(f, &m->user_reasons);
	fputs(",\n  \"counters\": {", f);
	for (size_t i = 0; i < r->n_counters; i++)
		fprintf(f, "%s\n    \"%s\": %" PRIu64, i ? "," : "", r->counters[i].name,
			r->counters[i].value);
	fputs("\n  }\n}\n", f);
}
