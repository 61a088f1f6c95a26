/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables: what a view shows, without a word on how. Text, curses, JSON and CSV
 * are each made from the same tables.
 */
#ifndef KVMSTAT_TABLE_H
#define KVMSTAT_TABLE_H

#include <stdio.h>

#include "model.h"

enum cell_kind {
	CELL_NONE,    /* not known: "-", null */
	CELL_TEXT,    /* text */
	CELL_NUMBER,  /* number, whole */
	CELL_HEX,     /* number */
	CELL_RATE,    /* value, per second */
	CELL_PERCENT, /* value */
	CELL_NS,      /* value, shown in a fitting unit */
	CELL_BYTES,   /* number */
	/* Graphs, from the row: screens only. */
	CELL_SPARK,  /* history */
	CELL_STATES, /* states */
	CELL_GAUGE,  /* value, percent of the widest */
};

#define CELLS_MAX     20
#define CELL_TEXT_LEN 64

struct column {
	const char *key;   /* in JSON and CSV */
	const char *title; /* on screens; NULL: not shown there */
	enum cell_kind kind;
	u8 width;     /* least columns on a screen; texts get more if there is room */
	u8 drop;      /* where it is too narrow: the highest goes first; 0: stays */
	bool several; /* on screens only if rows are of several VMs */
};

struct cell {
	enum cell_kind kind;
	double value;
	u64 number;
	char text[CELL_TEXT_LEN];
};

struct row {
	struct cell cells[CELLS_MAX];
	float history[HISTORY];
	u32 n_history;
	float states[STATE_COUNT]; /* percent */
	bool dim;		   /* of the past */
	bool pinned;		   /* stays first whatever is sorted by */
	/* What it stands for, to look into it. */
	u32 vm; /* index in the model */
	u32 vcpu;
	struct hist_key key;
	u32 record;
};

struct table {
	const char *name;  /* in JSON */
	const char *title; /* on screens; NULL: none */
	const struct column *columns;
	u32 n_columns;
	u32 sort; /* column */
	bool ascending;
	bool several; /* VMs */
	struct row *rows;
	u32 n_rows, room;
};

/* What to say of a table without rows. */
const char *table_nothing(const struct table *t);

/* A new row, all cells unknown; NULL: no memory. */
struct row *table_row(struct table *t);
void table_free(struct table *t);
void table_sort(struct table *t);
/* Column of that key; -1: none. */
int table_column(const struct table *t, const char *key);

void cell_text(struct cell *c, const char *text);
void cell_number(struct cell *c, u64 number);
void cell_hex(struct cell *c, u64 number);
/* A negative value is one that is not known. */
void cell_value(struct cell *c, enum cell_kind kind, double value);

/* How a cell looks on a screen. */
void cell_format(const struct cell *c, char *room, size_t size);

/* Percentages with one digit that add up to 100.0: tenths into @ret_tenths. */
void share_tenths(const float *shares, u32 n, u32 *ret_tenths);

/* Which columns are shown in @width, and how wide: widths[] by column, 0: left out. */
void table_layout(const struct table *t, u32 width, u32 *widths);

/* ---- graphs, as text ---------------------------------------------------- */

/* What characters may be used. */
extern bool glyphs_utf8;
/* True for a UTF-8 locale and a terminal that is not the kernel's own. */
bool glyphs_detect(void);

/* @width characters of the newest points, scaled to their largest. Returns bytes. */
size_t spark_text(const float *points, u32 n, u32 width, char *room, size_t size);
/* @width letters: G guest, x handling, u userspace, h halted, p polling, r ready. */
void states_text(const float *states, u32 width, char *room, size_t size);
void gauge_text(double percent, u32 width, char *room, size_t size);
extern const char state_letters[STATE_COUNT + 1];

/* A text with what a terminal must not get replaced by '?': control characters, broken UTF-8. */
void printable(const char *text, char *room, size_t size);

#endif /* KVMSTAT_TABLE_H */
