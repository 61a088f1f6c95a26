// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a question to a page: picks the view, then sorts and filters what it made.
 */
#include <stdlib.h>

#include "view.h"

const char *const view_names[VIEW_COUNT] = {
	"overview", "vm",    "exits",	 "user", "hist",      "memory", "slots",
	"faults",   "dirty", "counters", "irq",	 "recorders", "record", "self",
};

int view_find(const char *name)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		if (strcmp(view_names[i], name) == 0)
			return i;
	return -1;
}

struct vm_ref vm_ref(const struct model_vm *vm)
{
	return (struct vm_ref){false, vm->now.vm_id, vm->now.tgid, vm->now.fd};
}

bool vm_is(const struct model_vm *vm, struct vm_ref ref)
{
	return ref.any ||
	       (vm->now.vm_id == ref.vm_id && vm->now.tgid == ref.tgid && vm->now.fd == ref.fd);
}

struct model_vm *model_find(const struct model *m, struct vm_ref ref)
{
	for (u32 i = 0; i < m->n_vms; i++)
		if (vm_is(&m->vms[i], ref))
			return &m->vms[i];
	return NULL;
}

bool schema_differs(const struct vm_sample *vm)
{
	static u64 hash;

	if (!hash)
		hash = schema_hash();
	return vm->schema[0] && (vm->hash != hash || atoi(vm->schema) != SCHEMA_ID);
}

struct table *page_table(struct page *page, const char *name, const char *title,
			 const struct column *columns, u32 n_columns, const char *sort)
{
	struct table *t = &page->tables[page->n_tables++];

	*t = (struct table){
		.name = name, .title = title, .columns = columns, .n_columns = n_columns};
	t->sort = sort ? (u32)max(table_column(t, sort), 0) : n_columns;
	if (sort)
		t->ascending = columns[t->sort].kind == CELL_TEXT;
	return t;
}

struct cell *row_owner(struct row *row, const struct model *m, u32 vm, u32 vcpu)
{
	struct cell *c = row->cells;
	char text[16] = "all";

	if (vcpu != ALL_VCPUS)
		snprintf(text, sizeof(text), "%u", vcpu);
	cell_text(c++, m->vms[vm].now.name);
	cell_number(c++, m->vms[vm].now.tgid);
	cell_text(c++, text);
	row->vm = vm;
	row->vcpu = vcpu;
	row->dim = m->vms[vm].ended;
	return c;
}

/* "Overview", "web (1234) vCPU 1: exits" and so on. */
static void make_title(const struct model *m, const struct query *q, struct page *page)
{
	static const char *const what[VIEW_COUNT] = {
		"Virtual machines", "vCPUs",
		"exits by reason",  "time in userspace by reason",
		"histogram",	    "memory",
		"memory slots",	    "MMU faults by kind",
		"dirty log passes", "counters",
		"interrupts",	    "Frozen flight recorders",
		"Flight recorder",  "kvmstat itself",
	};
	const struct model_vm *vm = q->vm.any ? NULL : model_find(m, q->vm);
	bool owned = q->view != VIEW_OVERVIEW && q->view < VIEW_RECORDERS;
	char vcpu[24] = "";

	if (page->title[0])
		return;
	if (q->vcpu != ALL_VCPUS)
		snprintf(vcpu, sizeof(vcpu), " vCPU %u", q->vcpu);
	if (!owned)
		snprintf(page->title, sizeof(page->title), "%s", what[q->view]);
	else if (q->vm.any)
		snprintf(page->title, sizeof(page->title), "all VMs%s: %s", vcpu, what[q->view]);
	else if (!vm)
		snprintf(page->title, sizeof(page->title), "(VM ended)%s: %s", vcpu, what[q->view]);
	else
		snprintf(page->title, sizeof(page->title), "%s (%u)%s%s: %s", vm->now.name,
			 vm->now.tgid, vcpu, vm->ended ? " (ended)" : "", what[q->view]);
}

static bool matches(const struct table *t, const struct row *row, const regex_t *filter)
{
	char text[CELL_TEXT_LEN + 16];

	for (u32 i = 0; i < t->n_columns; i++) {
		if (row->cells[i].kind != CELL_TEXT)
			continue;
		cell_format(&row->cells[i], text, sizeof(text));
		if (regexec(filter, text, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

static void filter_table(struct table *t, const regex_t *filter)
{
	u32 kept = 0;

	for (u32 i = 0; i < t->n_rows; i++)
		if (t->rows[i].pinned || matches(t, &t->rows[i], filter))
			t->rows[kept++] = t->rows[i];
	t->n_rows = kept;
}

static void finish_table(const struct query *q, struct table *t)
{
	int column = q->sort ? table_column(t, q->sort) : -1;

	for (u32 i = 1; i < t->n_rows; i++)
		t->several |= t->rows[i].vm != t->rows[0].vm;
	if (q->filter)
		filter_table(t, q->filter);
	if (column >= 0) {
		t->sort = column;
		t->ascending = t->columns[column].kind == CELL_TEXT;
	}
	if (q->reverse)
		t->ascending = !t->ascending;
	table_sort(t);
}

static bool build_memory(const struct model *m, const struct query *q, struct page *page)
{
	return view_hists(m, q, HX_MMU_FAULT_TIME, page) &&
	       view_hists(m, q, HX_DIRTY_PASS_TIME, page) && view_slots(m, q, page);
}

static bool build_irq(const struct model *m, const struct query *q, struct page *page)
{
	return view_irqs(m, q, page) && view_hists(m, q, HX_IRQ_TIME, page) &&
	       view_hists(m, q, HX_HALT_TIME, page);
}

static bool only_stock(const struct model *m, const struct query *q)
{
	bool any = false;

	for (u32 i = 0; i < m->n_vms; i++) {
		if (!vm_is(&m->vms[i], q->vm))
			continue;
		any = true;
		if (!m->vms[i].now.stock)
			return false;
	}
	return any;
}

bool view_build(const struct model *m, const struct query *q, const struct self *self,
		struct page *ret)
{
	bool good = true;

	*ret = (struct page){0};
	switch (q->view) {
	case VIEW_OVERVIEW:
		good = view_overview(m, q, ret);
		break;
	case VIEW_VM:
		good = view_vm(m, q, ret);
		break;
	case VIEW_EXITS:
		good = view_hists(m, q, HX_EXIT_TIME, ret);
		break;
	case VIEW_USER:
		good = view_hists(m, q, HX_USERSPACE_TIME, ret);
		break;
	case VIEW_FAULTS:
		good = view_hists(m, q, HX_MMU_FAULT_TIME, ret);
		break;
	case VIEW_DIRTY:
		good = view_hists(m, q, HX_DIRTY_PASS_TIME, ret);
		break;
	case VIEW_HIST:
		good = view_hist(m, q, ret);
		break;
	case VIEW_MEMORY:
		good = build_memory(m, q, ret);
		break;
	case VIEW_SLOTS:
		good = view_slots(m, q, ret);
		break;
	case VIEW_COUNTERS:
		good = view_counters(m, q, ret);
		break;
	case VIEW_IRQ:
		good = build_irq(m, q, ret);
		break;
	case VIEW_RECORDERS:
		good = view_recorders(m, q, ret);
		break;
	case VIEW_RECORD:
		good = view_record(m, q, ret);
		break;
	case VIEW_SELF:
		good = view_self(m, self, ret);
		break;
	case VIEW_COUNT:
		break;
	}
	for (u32 i = 0; i < ret->n_tables; i++)
		finish_table(q, &ret->tables[i]);
	if (only_stock(m, q) && q->view >= VIEW_USER && q->view < VIEW_COUNTERS)
		snprintf(ret->note, sizeof(ret->note),
			 "Stock KVM does not tell this; glassvisor does.");
	if (only_stock(m, q) && q->view == VIEW_IRQ)
		snprintf(ret->note, sizeof(ret->note),
			 "Stock KVM counts interrupts and times none; glassvisor does.");
	make_title(m, q, ret);
	return good;
}

void page_free(struct page *page)
{
	for (u32 i = 0; i < page->n_tables; i++)
		table_free(&page->tables[i]);
	free(page->text);
	*page = (struct page){0};
}
