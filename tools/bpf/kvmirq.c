// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmirq: interrupts by VM, vCPU, vector and source: how many are asked for, how
 * long they wait until they go into the guest, and how long the guest takes from
 * there to the EOI.
 *
 * Each of the three maps gives its part of a line; parts with the same key are
 * put together.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmirq.h"
#include "kvmirq.skel.h"

TOOL_SKELETON(kvmirq_bpf)

struct line {
	struct irq_key key;
	struct request_row asked;
	struct inject_row in;
	struct service_row out;
};

static bool histograms, merge, by_class;
static struct table requests, injections, services, vms;

static void configure(void)
{
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&requests, bpf_map__fd(skel->maps.requests), sizeof(struct irq_key),
		   sizeof(struct request_row), REQUEST_WORDS);
	table_init(&injections, bpf_map__fd(skel->maps.injections), sizeof(struct irq_key),
		   sizeof(struct inject_row), INJECT_WORDS);
	table_init(&services, bpf_map__fd(skel->maps.services), sizeof(struct irq_key),
		   sizeof(struct service_row), TIMES_WORDS);
	table_init(&vms, bpf_map__fd(skel->maps.vms), sizeof(struct vm_key), sizeof(struct vm_row),
		   0);
}

/* ---- lines -------------------------------------------------------------- */

/* Of a VM of which nothing but requests was seen, it is not known; NULL. */
static const struct owner *owner_of(u32 vm)
{
	size_t i;

	for (i = 0; i < table_count(&vms); i++) {
		const struct vm_key *key = table_key(&vms, i);

		if (key->vm == vm)
			return &((const struct vm_row *)(key + 1))->owner;
	}
	return NULL;
}

/* The kernel's part counts requests whoever asks; -p is about the VM that they are for. */
static bool wanted_vm(u32 vm)
{
	return !skel->rodata->filter.tgid || owner_of(vm);
}

static bool of_vector(const struct irq_key *key)
{
	return key->vector < IRQ_NO_VECTOR;
}

/* Adds what @t has, at @offset of a line. */
static size_t add_parts(struct line *lines, size_t n, const struct table *t, size_t offset)
{
	struct line *l;
	size_t i;

	for (i = 0; i < table_count(t); i++) {
		l = &lines[n];
		memset(l, 0, sizeof(*l));
		memcpy(&l->key, table_key(t, i), sizeof(l->key));
		if (!wanted_vm(l->key.vm) || !table_change(t, i, (char *)l + offset))
			continue;
		if (merge && l->key.vcpu != NO_VCPU)
			l->key.vcpu = 0;
		if (by_class && of_vector(&l->key))
			l->key.vector &= ~0xfU;
		n++;
	}
	return n;
}

static int by_key(const void *a, const void *b)
{
	const struct irq_key *x = &((const struct line *)a)->key;
	const struct irq_key *y = &((const struct line *)b)->key;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->vcpu != y->vcpu)
		return x->vcpu < y->vcpu ? -1 : 1;
	if (x->vector != y->vector)
		return x->vector < y->vector ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

static void add(struct line *into, const struct line *from)
{
	into->asked.requests += from->asked.requests;
	into->asked.coalesced += from->asked.coalesced;
	into->in.injected += from->in.injected;
	into->in.unseen += from->in.unseen;
	times_merge(&into->in.wait, &from->in.wait);
	times_merge(&into->out.service, &from->out.service);
}

/* The interval's lines, to be freed; their number. */
static size_t make_lines(struct line **ret_lines)
{
	size_t room = table_count(&requests) + table_count(&injections) + table_count(&services);
	struct line *lines = calloc(room + 1, sizeof(*lines));
	size_t i, to = 0, n = 0;

	*ret_lines = lines;
	if (!lines)
		return 0;
	n = add_parts(lines, n, &requests, offsetof(struct line, asked));
	n = add_parts(lines, n, &injections, offsetof(struct line, in));
	n = add_parts(lines, n, &services, offsetof(struct line, out));
	qsort(lines, n, sizeof(*lines), by_key);
	for (i = 1; i < n; i++) {
		if (by_key(&lines[to], &lines[i]))
			lines[++to] = lines[i];
		else
			add(&lines[to], &lines[i]);
	}
	return n ? to + 1 : 0;
}

static const struct owner *line_owner(const struct line *l, const struct report *r)
{
	static const struct owner unknown = {.comm = "?"}, outside = {.comm = "(other threads)"};

	if (r->source == SOURCE_KVM && l->key.vm == OUTSIDE_VM)
		return &outside;
	return owner_of(l->key.vm) ?: &unknown;
}

/* "0x30", "0x30-0x3f", "nmi" */
static const char *vector_name(const struct irq_key *key)
{
	static char text[16];

	if (!of_vector(key))
		return name_irq_delivery(key->vector - IRQ_NO_VECTOR);
	if (by_class)
		snprintf(text, sizeof(text), "0x%02x-0x%02x", key->vector, key->vector | 0xf);
	else
		snprintf(text, sizeof(text), "0x%02x", key->vector);
	return text;
}

/* ---- text --------------------------------------------------------------- */

static bool same_vcpu(const struct line *a, const struct line *b)
{
	return a->key.vm == b->key.vm && a->key.vcpu == b->key.vcpu;
}

static void group_head(FILE *out, const struct line *l, size_t n, const struct report *r)
{
	const struct owner *owner = line_owner(l, r);
	u64 injected = 0;
	size_t i;

	for (i = 0; i < n && same_vcpu(l, &l[i]); i++)
		injected += l[i].in.injected;
	fprintf(out, "\nVM %u %s (pid %u), ", l->key.vm, name_vm(owner), owner->tgid);
	if (l->key.vcpu == NO_VCPU)
		fprintf(out, "for any vCPU:\n");
	else if (merge)
		fprintf(out, "all vCPUs: %llu interrupts injected\n", injected);
	else
		fprintf(out, "vCPU %u: %llu interrupts injected\n", l->key.vcpu, injected);
	fprintf(out, "%-9s %-9s %9s %8s %9s %7s  %8s %7s %7s  %11s %7s %7s\n", "VECTOR", "SOURCE",
		"REQUESTS", "COALESC", "INJECTED", "PER_S", "WAIT:P50", "P99", "MAX", "SERVICE:P50",
		"P99", "MAX");
}

static void times_cells(FILE *out, const struct times *t, int width)
{
	struct hist h = times_hist(t);

	if (!hist_count(&h))
		fprintf(out, "  %*s %7s %7s", width, "-", "-", "-");
	else
		fprintf(out, "  %*s %7s %7s", width, ns_text(hist_quantile(&h, 500)),
			ns_text(hist_quantile(&h, 990)), ns_text(h.max));
}

static void text_line(FILE *out, const struct line *l, const struct report *r)
{
	fprintf(out, "%-9s %-9s %9llu %8llu %9llu %7.0f", vector_name(&l->key),
		r->source == SOURCE_KVM ? "-" : name_irq_source(l->key.source), l->asked.requests,
		l->asked.coalesced, l->in.injected,
		r->seconds > 0 ? l->in.injected / r->seconds : 0);
	times_cells(out, &l->in.wait, 8);
	times_cells(out, &l->out.service, 11);
	fputc('\n', out);
	if (!histograms)
		return;
	if (l->in.injected > l->in.unseen) {
		fputs("    from request to injection\n", out);
		times_histogram(out, &l->in.wait);
	}
	if (l->out.service.sum) {
		fputs("    from injection to EOI\n", out);
		times_histogram(out, &l->out.service);
	}
}

static void text(FILE *out, const struct report *r)
{
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++) {
		if (!i || !same_vcpu(&lines[i - 1], &lines[i]))
			group_head(out, &lines[i], n - i, r);
		text_line(out, &lines[i], r);
	}
	if (!n)
		fputs("no interrupts\n", out);
	free(lines);
}

/* ---- JSON --------------------------------------------------------------- */

static json_t *times_object(const struct times *t)
{
	json_t *o = json_object();

	times_json(o, t);
	return o;
}

static json_t *line_json(const struct line *l, const struct report *r)
{
	json_t *o = json_object();

	vm_json(o, l->key.vm, line_owner(l, r));
	if (!merge && l->key.vcpu != NO_VCPU)
		json_object_set_new(o, "vcpu", json_integer(l->key.vcpu));
	if (!of_vector(&l->key))
		json_object_set_new(o, "delivery", json_string(vector_name(&l->key)));
	else
		json_object_set_new(o, by_class ? "class" : "vector", json_integer(l->key.vector));
	if (r->source == SOURCE_GLASSVISOR)
		json_object_set_new(o, "source", json_string(name_irq_source(l->key.source)));
	json_object_set_new(o, "requests", json_integer(l->asked.requests));
	json_object_set_new(o, "coalesced", json_integer(l->asked.coalesced));
	json_object_set_new(o, "injected", json_integer(l->in.injected));
	json_object_set_new(o, "wait", times_object(&l->in.wait));
	json_object_set_new(o, "service", times_object(&l->out.service));
	return o;
}

static void json(json_t *to, const struct report *r)
{
	json_t *rows = json_array();
	struct line *lines;
	size_t i, n = make_lines(&lines);

	for (i = 0; i < n; i++)
		json_array_append_new(rows, line_json(&lines[i], r));
	json_object_set_new(to, "rows", rows);
	free(lines);
}

/* ---- the tool ----------------------------------------------------------- */

static const struct argp_option options[] = {
	{"class", 'c', NULL, 0, "By priority class, 16 vectors each, not by vector", 0},
	{"histogram", 'H', NULL, 0, "Show each row's histograms too", 0},
	{"merge", 'm', NULL, 0, "All vCPUs of a VM together", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static int parse(int key, const char *arg)
{
	(void)arg;
	if (key == 'c')
		by_class = true;
	else if (key == 'H')
		histograms = true;
	else
		merge = true;
	return 0;
}

static const struct point ours[] = {
	{EVENT_gv_irq_request, BY_ALL}, {EVENT_gv_irq_inject, BY_ALL}, {EVENT_gv_irq_eoi, BY_ALL}};
static const struct point stock[] = {{EVENT_kvm_entry, BY_TP},
				     {EVENT_kvm_apic_accept_irq, BY_TP},
				     {EVENT_kvm_inj_virq, BY_TP},
				     {EVENT_kvm_eoi, BY_TP},
				     {EVENT_kvm_pv_eoi, BY_TP}};

#define SOURCE_DOC(number, ID, name, text) "  " name ": " text "\n"

static const struct tool kvmirq = {
	.name = "kvmirq",
	.doc = "Shows interrupts by VM, vCPU, vector and source: requests, how long they wait to be "
	       "injected, how long the guest takes to end them.\v"
	       "A request is coalesced when the same vector waits already: it is lost. WAIT is from the "
	       "request to the injection, SERVICE from there to the EOI (which the host notices at the "
	       "next exit where the guest ends interrupts without one). NMI, INIT and SIPI are counted "
	       "as requests only. Sources:\n" IRQ_SOURCES(
		       SOURCE_DOC) "A request to the PIC is for no vCPU yet; its injection is in that of the vCPU "
				   "that took it. On stock KVM sources are not told, and requests by threads of "
				   "other processes not whom they are for.\n\n"
				   "Examples:\n"
				   "  kvmirq -d 1             a report a second\n"
				   "  kvmirq -t 10 -c -m      ten seconds, by priority class, vCPUs together\n"
				   "  kvmirq -p 4711 --vcpu 1 -H\n"
				   "                          one vCPU, with histograms\n"
				   "  kvmirq -d 5 --json      JSON Lines\n",
	.options = options,
	.parse = parse,
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {stock, ARRAY_SIZE(stock)}},
	.start = start,
	.tables = {&requests, &injections, &services, &vms},
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmirq, argc, argv);
}
