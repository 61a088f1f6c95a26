/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways out that are no screen: plain text, JSON, CSV and OpenMetrics.
 */
#ifndef KVMSTAT_OUTPUT_H
#define KVMSTAT_OUTPUT_H

#include "view.h"

/* Columns of characters that a text takes. */
u32 text_columns(const char *text);
/* @text cut or filled to @width columns; numbers to the right. Returns bytes. */
size_t text_pad(const char *text, u32 width, bool right, char *room, size_t size);
/* A row's cell as it is shown in @width columns, graphs too. */
size_t text_cell(const struct table *t, const struct row *row, u32 column, u32 width, char *room,
		 size_t size);
size_t text_heading(const struct table *t, u32 column, u32 width, char *room, size_t size);
/* Room for a line of that many columns. */
#define LINE_ROOM(width) ((width)*4 + 64)

/* A page as plain text, @width columns wide. */
void text_page(FILE *f, const struct page *page, u32 width);
/* What the status line says: source, interval, VMs, losses. */
void text_status(const struct model *m, const struct self *self, char *room, size_t size);

/* The rows of a page: one JSON object, one line; or lines of CSV, the first of all names. */
void json_page(FILE *f, const struct model *m, const struct query *q, const struct page *page);
void csv_page(FILE *f, const struct model *m, const struct query *q, const struct page *page,
	      bool heading);

/* All that is known, of one interval: one JSON object, one line. False: no memory. */
bool json_all(FILE *f, const struct model *m, const struct query *q, const struct self *self);

/* All cumulative values, as OpenMetrics or (@old) in Prometheus' text format. */
void openmetrics(FILE *f, const struct model *m, const struct query *q, bool old);

#endif /* KVMSTAT_OUTPUT_H */
