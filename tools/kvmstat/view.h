/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Views: a question to the model, and the page that answers it. A page is a
 * title, tables, and perhaps lines of text; nothing of it depends on a screen.
 */
#ifndef KVMSTAT_VIEW_H
#define KVMSTAT_VIEW_H

#include <regex.h>

#include "table.h"

enum view_id {
	VIEW_OVERVIEW,
	VIEW_VM,
	VIEW_EXITS,
	VIEW_USER,
	VIEW_HIST,
	VIEW_MEMORY,
	VIEW_SLOTS,
	VIEW_FAULTS,
	VIEW_DIRTY,
	VIEW_COUNTERS,
	VIEW_IRQ,
	VIEW_RECORDERS,
	VIEW_RECORD,
	VIEW_SELF,
	VIEW_COUNT,
};

extern const char *const view_names[VIEW_COUNT];
/* -1: no such view. */
int view_find(const char *name);

/* Which VM: by what stays the same over its life. */
struct vm_ref {
	bool any; /* all of them */
	u32 vm_id, tgid, fd;
};

struct query {
	enum view_id view;
	struct vm_ref vm;
	u32 vcpu;	     /* id or ALL_VCPUS */
	struct hist_key key; /* VIEW_HIST */
	u32 record;	     /* VIEW_RECORD: id */
	bool merge;	     /* exits by kind, not by hardware reason as well */
	const char *sort;    /* key of a column; NULL: the view's own */
	bool reverse;
	const regex_t *filter; /* NULL: none; rows none of whose texts match are left out */
};

/* What is known about the program itself, for VIEW_SELF. */
struct self {
	const char *source;	/* "glassvisor", "kvm", "recording" */
	double interval_wanted; /* seconds; 0: a recording's own */
};

#define TABLES_MAX 4

struct page {
	char title[256];
	char note[160]; /* a line below it, or "" */
	struct table tables[TABLES_MAX];
	u32 n_tables;
	char *text; /* owned; NULL: none */
};

/* False: no memory. A VM that is not there any more gives an empty page. */
bool view_build(const struct model *m, const struct query *q, const struct self *self,
		struct page *ret);
void page_free(struct page *page);

struct vm_ref vm_ref(const struct model_vm *vm);
bool vm_is(const struct model_vm *vm, struct vm_ref ref);
struct model_vm *model_find(const struct model *m, struct vm_ref ref);

/* Does a schema of the module differ from the one kvmstat was built with? */
bool schema_differs(const struct vm_sample *vm);

/* ---- between the files of the views ------------------------------------- */

/* A table at the end of the page. */
struct table *page_table(struct page *page, const char *name, const char *title,
			 const struct column *columns, u32 n_columns, const char *sort);
/* The first cells of every row: vm, pid, vcpu; see OWNER_COLUMNS. Returns the next cell. */
struct cell *row_owner(struct row *row, const struct model *m, u32 vm, u32 vcpu);

#define OWNER_COLUMNS                                                                              \
	{"vm", "VM", CELL_TEXT, 6, 0, true}, {"pid", "pid", CELL_NUMBER, 6, 9, true},              \
	{                                                                                          \
		"vcpu", NULL, CELL_TEXT, 4, 0, false                                               \
	}
#define OWNER_CELLS 3

bool view_overview(const struct model *m, const struct query *q, struct page *page);
bool view_vm(const struct model *m, const struct query *q, struct page *page);
bool view_irqs(const struct model *m, const struct query *q, struct page *page);
bool view_counters(const struct model *m, const struct query *q, struct page *page);
/* Rows of one kind of histogram. */
bool view_hists(const struct model *m, const struct query *q, int hist, struct page *page);
bool view_hist(const struct model *m, const struct query *q, struct page *page);
bool view_slots(const struct model *m, const struct query *q, struct page *page);
bool view_recorders(const struct model *m, const struct query *q, struct page *page);
bool view_record(const struct model *m, const struct query *q, struct page *page);
bool view_self(const struct model *m, const struct self *self, struct page *page);

#endif /* KVMSTAT_VIEW_H */
