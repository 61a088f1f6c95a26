/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading trace events: the layout of their records from the format files, and the records
 * themselves from the raw pages of an ftrace instance.
 */
#ifndef LIVE_RING_H
#define LIVE_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ev_field {
	char name[40];
	unsigned int offset, size;
	bool is_signed;
};

struct ev_format {
	char name[40];
	unsigned int id, count;
	struct ev_field field[32]; /* without the common ones */
};

struct ev_record {
	const uint8_t *data;
	unsigned int size;
	unsigned int id;
	int pid;
};

/* Parse events/<system>/<name>/format. Returns false if there is none. */
bool ev_format_read(const char *system, const char *name, struct ev_format *f);
const struct ev_field *ev_field(const struct ev_format *f, const char *name);
/* The value of a field, sign-extended if it is signed. A missing field fails the test. */
int64_t ev_get(const struct ev_format *f, const struct ev_record *r, const char *name);

/* An ftrace instance of our own, with the clock of the vCPU's choosing; removed by _close. */
void ring_open(void);
void ring_close(void);
void ring_enable(const char *system, const char *event, bool on);
/* Everything recorded since the last call, CPU by CPU. The records stay valid until the next call. */
unsigned int ring_read(struct ev_record *out, unsigned int max);

#endif
