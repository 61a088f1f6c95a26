// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmfault: MMU faults by kind, with their times, and where in guest memory
 * they are: a strip of heat a slot, and the hottest regions.
 *
 * Stock KVM has no slots and no kinds in its event: heat is by guest physical
 * address alone there, and times are from kvm_page_fault to the next entry.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/slots.h"
#include "common/table.h"
#include "common/times.h"
#include "common/tool.h"
#include "kvmfault.h"
#include "kvmfault.skel.h"

TOOL_SKELETON(kvmfault_bpf)

#define PAGE_SHIFT   12
#define STRIP_CELLS  64
#define REGION_LEAST (1ULL << PAGE_SHIFT)
#define REGION_MOST  (1ULL << 40)

static u64 region_size = 2 << 20;
static unsigned long top = 10;
static bool histograms;
static struct table faults, heat;

/* Faults of one kind of a VM, all vCPUs together. */
struct kind_line {
	u32 vm;
	u32 kind;
	struct fault_row row;
};

struct heat_line {
	struct heat_key key;
	struct heat_row row;
};

/* What a report is made of. */
struct lines {
	struct kind_line *kind;
	struct heat_line *heat; /* by VM, slot and region */
	size_t kinds, heats;
};

static void configure(void)
{
	skel->rodata->region_shift = __builtin_ctzll(region_size) - PAGE_SHIFT;
}

static void start(enum source_id source)
{
	(void)source;
	table_init(&faults, bpf_map__fd(skel->maps.faults), sizeof(struct fault_key),
		   sizeof(struct fault_row), TIMES_WORDS);
	table_init(&heat, bpf_map__fd(skel->maps.heat), sizeof(struct heat_key),
		   sizeof(struct heat_row), HEAT_WORDS);
}

/* ---- making lines ------------------------------------------------------- */

static int by_vm_and_time(const void *a, const void *b)
{
	const struct kind_line *x = a, *y = b;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	return x->row.times.sum > y->row.times.sum ? -1 : x->row.times.sum < y->row.times.sum;
}

static int by_place(const void *a, const void *b)
{
	const struct heat_key *x = &((const struct heat_line *)a)->key;
	const struct heat_key *y = &((const struct heat_line *)b)->key;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->region < y->region ? -1 : x->region > y->region;
}

static int by_heat(const void *a, const void *b)
{
	const struct heat_line *x = a, *y = b;

	return x->row.count > y->row.count ? -1 : x->row.count < y->row.count;
}

static void add_kind(struct lines *l, const struct fault_key *key, const struct fault_row *row)
{
	size_t i;

	for (i = 0; i < l->kinds; i++) {
		if (l->kind[i].vm != key->vm || l->kind[i].kind != key->kind)
			continue;
		times_merge(&l->kind[i].row.times, &row->times);
		return;
	}
	l->kind[l->kinds++] = (struct kind_line){key->vm, key->kind, *row};
}

static void make_lines(struct lines *l)
{
	struct fault_row row;
	size_t i;

	memset(l, 0, sizeof(*l));
	l->kind = calloc(table_count(&faults) + 1, sizeof(*l->kind));
	l->heat = calloc(table_count(&heat) + 1, sizeof(*l->heat));
	if (!l->kind || !l->heat)
		return;
	for (i = 0; i < table_count(&faults); i++)
		if (table_change(&faults, i, &row))
			add_kind(l, table_key(&faults, i), &row);
	for (i = 0; i < table_count(&heat); i++)
		if (table_change(&heat, i, &l->heat[l->heats].row))
			memcpy(&l->heat[l->heats++].key, table_key(&heat, i),
			       sizeof(struct heat_key));
	qsort(l->kind, l->kinds, sizeof(*l->kind), by_vm_and_time);
	qsort(l->heat, l->heats, sizeof(*l->heat), by_place);
}

static void free_lines(struct lines *l)
{
	free(l->kind);
	free(l->heat);
}

/* The slot's bytes; where it is not known, what was touched of it by @n lines from @h. */
static bool slot_range(const struct heat_line *h, size_t n, u64 *ret_low, u64 *ret_end)
{
	struct slot slot;

	if (h->key.slot != NO_SLOT && slot_find(h->key.vm, h->row.owner.tgid, h->key.slot, &slot)) {
		*ret_low = slot.gfn << PAGE_SHIFT;
		*ret_end = *ret_low + (slot.npages << PAGE_SHIFT);
		return true;
	}
	*ret_low = h->key.region * region_size;
	*ret_end = (h[n - 1].key.region + 1) * region_size;
	return false;
}

/* ---- text --------------------------------------------------------------- */

static void text_kinds(FILE *out, const struct kind_line *k, size_t n, const struct report *r)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += k[i].row.times.sum;
	fprintf(out, "\nVM %u %s (pid %u)\n", k->vm, name_vm(&k->row.owner), k->row.owner.tgid);
	fprintf(out, "%-14s %s\n", "KIND", TIMES_HEAD);
	for (i = 0; i < n; i++) {
		fprintf(out, "%-14s ",
			k[i].kind == KIND_UNKNOWN ? "fault" : name_fault_kind(k[i].kind));
		times_row(out, &k[i].row.times, r->seconds, sum);
		fputc('\n', out);
		if (histograms)
			times_histogram(out, &k[i].row.times);
	}
}

/* The heat of one slot: @n lines from @h. */
static void text_slot(FILE *out, const struct heat_line *h, size_t n, const struct report *r)
{
	char strip[3 * STRIP_CELLS + 1];
	u64 cell[STRIP_CELLS] = {};
	u64 low, end, per_cell, count = 0;
	size_t i, cells;
	bool known = slot_range(h, n, &low, &end);

	per_cell = max_t(u64, (end - low + STRIP_CELLS - 1) / STRIP_CELLS, region_size);
	cells = min_t(size_t, (end - low + per_cell - 1) / per_cell, STRIP_CELLS);
	for (i = 0; i < n; i++) {
		u64 at = h[i].key.region * region_size;
		u64 c = at > low ? (at - low) / per_cell : 0;

		cell[min_t(u64, c, STRIP_CELLS - 1)] += h[i].row.count;
		count += h[i].row.count;
	}
	heat_strip(cell, cells, r->utf8, strip);
	if (h->key.slot == NO_SLOT)
		fprintf(out, "%s", r->source == SOURCE_KVM ? "guest memory" : "no slot (MMIO)");
	else
		fprintf(out, "slot %u", h->key.slot);
	fprintf(out, " 0x%llx-0x%llx%s: %llu faults, a cell is %s\n", low, end - 1,
		known || h->key.slot == NO_SLOT ? "" : " (as far as touched)", count,
		bytes_text(per_cell));
	fprintf(out, "|%s|\n", strip);
}

static void text_top(FILE *out, struct heat_line *h, size_t n)
{
	size_t i;

	qsort(h, n, sizeof(*h), by_heat);
	fprintf(out, "%-5s %-18s %10s %10s %8s %8s\n", "SLOT", "REGION", "COUNT", "WRITES", "TIME",
		"MEAN");
	for (i = 0; i < n && i < top; i++) {
		const struct heat_row *row = &h[i].row;

		if (h[i].key.slot == NO_SLOT)
			fprintf(out, "%-5s ", "-");
		else
			fprintf(out, "%-5u ", h[i].key.slot);
		fprintf(out, "0x%-16llx %10llu %10llu %8s %8s\n", h[i].key.region * region_size,
			row->count, row->writes, ns_text(row->ns),
			ns_text(row->count ? row->ns / row->count : 0));
	}
	if (n > top)
		fprintf(out, "(%zu more regions of %s)\n", n - top, bytes_text(region_size));
}

static void text(FILE *out, const struct report *r)
{
	size_t k, h, n, slots, first;
	struct lines l;

	make_lines(&l);
	for (k = h = 0; k < l.kinds; k += n) {
		u32 vm = l.kind[k].vm;

		for (n = 0; k + n < l.kinds && l.kind[k + n].vm == vm; n++)
			;
		text_kinds(out, &l.kind[k], n, r);
		while (h < l.heats && l.heat[h].key.vm < vm)
			h++;
		first = h;
		while (h < l.heats && l.heat[h].key.vm == vm) {
			u32 slot = l.heat[h].key.slot;

			for (slots = h; slots < l.heats && l.heat[slots].key.vm == vm &&
					l.heat[slots].key.slot == slot;
			     slots++)
				;
			text_slot(out, &l.heat[h], slots - h, r);
			h = slots;
		}
		if (top && h > first)
			text_top(out, &l.heat[first], h - first);
	}
	if (!l.kinds)
		fputs("no MMU faults\n", out);
	free_lines(&l);
}

/* ---- JSON --------------------------------------------------------------- */

static void json(json_t *to, const struct report *r)
{
	json_t *kinds = json_array(), *regions = json_array(), *o;
	struct lines l;
	size_t i;

	make_lines(&l);
	for (i = 0; i < l.kinds; i++) {
		o = json_object();
		vm_json(o, l.kind[i].vm, &l.kind[i].row.owner);
		if (r->source == SOURCE_GLASSVISOR)
			json_object_set_new(o, "kind",
					    json_string(name_fault_kind(l.kind[i].kind)));
		times_json(o, &l.kind[i].row.times);
		json_array_append_new(kinds, o);
	}
	for (i = 0; i < l.heats; i++) {
		const struct heat_line *h = &l.heat[i];

		o = json_object();
		vm_json(o, h->key.vm, &h->row.owner);
		if (h->key.slot != NO_SLOT)
			json_object_set_new(o, "slot", json_integer(h->key.slot));
		json_object_set_new(o, "gpa", json_integer(h->key.region * region_size));
		json_object_set_new(o, "count", json_integer(h->row.count));
		json_object_set_new(o, "writes", json_integer(h->row.writes));
		json_object_set_new(o, "total_ns", json_integer(h->row.ns));
		json_array_append_new(regions, o);
	}
	json_object_set_new(to, "region_bytes", json_integer(region_size));
	json_object_set_new(to, "rows", kinds);
	json_object_set_new(to, "regions", regions);
	free_lines(&l);
}

/* ---- options ------------------------------------------------------------ */

enum { KEY_TOP = 0x200 };

static const struct argp_option options[] = {
	{"region", 'r', "SIZE", 0, "Heat is by regions of SIZE: 4K, 2M (default), 1G ...", 0},
	{"top", KEY_TOP, "N", 0, "Show so many of the hottest regions (default 10)", 0},
	{"histogram", 'H', NULL, 0, "Show each kind's histogram too", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static int parse_size(const char *arg)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	u64 v = strtoull(arg, &end, 10);

	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || end[1] || v > REGION_MOST)
			return -1;
		v <<= 10 * (unit - units + 1);
	}
	if (v < REGION_LEAST || v > REGION_MOST || v & (v - 1))
		return -1;
	region_size = v;
	return 0;
}

static int parse(int key, const char *arg)
{
	char *end;

	if (key == 'r')
		return parse_size(arg);
	if (key == 'H') {
		histograms = true;
		return 0;
	}
	top = strtoul(arg, &end, 10);
	return end == arg || *end;
}

static const struct point ours[] = {{EVENT_gv_mmu_fault, BY_ALL}};
static const struct point stock[] = {{EVENT_kvm_page_fault, BY_TP},
				     {EVENT_kvm_entry, BY_ALL},
				     {EVENT_kvm_userspace_exit, BY_ALL}};

static const struct tool kvmfault = {
	.name = "kvmfault",
	.doc = "Shows MMU faults: kinds and times, and where in guest memory they are.\v"
	       "A strip is a slot's memory from its first to its last byte; the more faults, the "
	       "higher (logarithmic). On stock KVM there are no slots and kinds.\n\n"
	       "Examples:\n"
	       "  kvmfault                until Ctrl-C, then one report\n"
	       "  kvmfault -d 1           a report a second\n"
	       "  kvmfault -r 4K --top 20 the twenty hottest pages\n"
	       "  kvmfault -p 4711 -H     one VM, with histograms of the time by kind\n"
	       "  kvmfault -t 10 --json   ten seconds, JSON\n",
	.options = options,
	.parse = parse,
	.skel = TOOL_SKELETON_FUNCTIONS,
	.sources = {{ours, ARRAY_SIZE(ours)}, {stock, ARRAY_SIZE(stock)}},
	.start = start,
	.tables = {&faults, &heat},
	.text = text,
	.json = json,
};

int main(int argc, char **argv)
{
	return tool_main(&kvmfault, argc, argv);
}
