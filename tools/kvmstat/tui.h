/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The screen. tui.c: life, clock and terminal; tui_keys.c: what keys do;
 * tui_draw.c: from pages to characters. All of curses is in these three.
 */
#ifndef KVMSTAT_TUI_H
#define KVMSTAT_TUI_H

#include "source.h"
#include "view.h"

#define TUI_MIN_COLUMNS 40
#define TUI_MIN_LINES	8
#define TUI_DEPTH	8
#define TUI_INPUT_LEN	48

enum tui_mode {
	MODE_NORMAL,
	MODE_HELP,
	MODE_SORT,   /* choosing a column */
	MODE_PROMPT, /* typing */
};

/* A view that was gone through, to come back to. */
struct place {
	struct query query;
	u32 selected, top;
	char filter[TUI_INPUT_LEN]; /* regex; "": none */
};

struct tui {
	struct source *source;
	struct model model;
	struct self self;
	double interval; /* seconds */
	bool colours;
	/* where we are */
	struct place stack[TUI_DEPTH];
	u32 depth;
	struct page page; /* what is shown */
	bool quit;
	bool paused;
	bool ended;	       /* the recording's end was reached */
	struct vm_ref last_vm; /* that was looked at; any: none yet */
	char search[TUI_INPUT_LEN];
	/* modes */
	enum tui_mode mode;
	char prompt_key; /* which key asked: d, f, g, / */
	char input[TUI_INPUT_LEN];
	u32 menu_at, help_top;
	char message[128]; /* until the next key */
	u32 body_lines;	   /* for pages up and down */
};

/* First page is @query's. False: @error says why. Takes the source, live or recorded. */
bool tui_run(struct source *source, const struct query *query, double interval, bool colours,
	     bool since_zero, char error[ERROR_LEN]);

static inline struct place *tui_place(struct tui *t)
{
	return &t->stack[t->depth];
}

/* The rows of all tables, one after the other. */
u32 page_rows(const struct page *page);
struct row *page_row(const struct page *page, u32 i, struct table **ret_table);

/* Can be sorted by that column? */
bool tui_sortable(const struct table *table, u32 column);

/* Builds the page anew, from the model; the selection follows its row. */
void tui_refresh(struct tui *t);
/* Another sample; false: there is none. */
bool tui_step(struct tui *t);
/* A recording: one sample back. */
void tui_step_back(struct tui *t);

void tui_draw(struct tui *t);
void tui_key(struct tui *t, int key);
void tui_colours_init(void);

/* Lines of the help, each "key  what it does"; NULL ends them. */
extern const char *const tui_help[];

#endif /* KVMSTAT_TUI_H */
