/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What names.lock promises and what the schema has; see lock.h. No state.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../kvm/stat/schema.h"
#include "lock.h"

const char *const lock_rows[] = {
#define LOCKED(...)	  "LOCKED(" #__VA_ARGS__ ")",
#define LOCKED_HIST(...)  "LOCKED_HIST(" #__VA_ARGS__ ")",
#define LOCKED_LIST(...)  "LOCKED_LIST(" #__VA_ARGS__ ")",
#define LOCKED_EVENT(...) "LOCKED_EVENT(" #__VA_ARGS__ ")",
#define LOCKED_FIELD(...) "LOCKED_FIELD(" #__VA_ARGS__ ")",
#include "../../debugfs-schema/names.lock"
	NULL,
};

bool lock_has(const char *row)
{
	for (const char *const *locked = lock_rows; *locked; locked++)
		if (!strcmp(*locked, row))
			return true;
	return false;
}

struct taker {
	void (*take)(void *ctx, const char *row);
	void *ctx;
};

__attribute__((format(printf, 2, 3))) static void take(const struct taker *to, const char *fmt, ...)
{
	char row[LOCK_ROW_LEN];
	va_list args;

	va_start(args, fmt);
	vsnprintf(row, sizeof(row), fmt, args);
	va_end(args);
	to->take(to->ctx, row);
}

/* The columns' words are in capitals in debugfs-schema/. */
static const char *capitals(const char *word, char room[16])
{
	size_t i;

	for (i = 0; word[i] && i < 15; i++)
		room[i] = toupper((unsigned char)word[i]);
	room[i] = '\0';
	return room;
}

static void take_event(const struct taker *to, const struct schema_event *event)
{
	char unit[16];

	take(to, "LOCKED_EVENT(%s)", event->name);
	for (u32 i = 0; i < event->n_fields; i++)
		take(to, "LOCKED_FIELD(%s, %u, %s, %s, %s)", event->name, i, event->fields[i].type,
		     event->fields[i].name, capitals(event->fields[i].unit, unit));
}

void lock_current(void (*take_row)(void *ctx, const char *row), void *ctx)
{
	struct taker to = {take_row, ctx};
	char kind[16], unit[16];

	for (u32 i = 0; i < schema_n_counters; i++) {
		const struct schema_counter *c = &schema_counters[i];

		take(&to, "LOCKED(%s, %s, %s, %s, %d)", c->scope, c->name, capitals(c->kind, kind),
		     capitals(c->unit, unit), c->exponent);
	}
	for (u32 i = 0; i < schema_n_hists; i++) {
		const struct schema_hist *h = &schema_hists[i];

		take(&to, "LOCKED_HIST(%s, %s, %s)", h->scope, h->name, h->labels);
	}
	for (u32 i = 0; i < schema_n_lists; i++) {
		const struct schema_list *l = &schema_lists[i];

		for (u32 k = 0; k < l->n_rows; k++)
			take(&to, "LOCKED_LIST(%s, 0x%x, %s)", l->name, l->rows[k].number,
			     l->rows[k].name);
	}
	for (u32 i = 0; i < schema_n_events; i++)
		take_event(&to, &schema_events[i]);
}
