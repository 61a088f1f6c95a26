/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finished model for people (text) and for programs (JSON).
 */
#ifndef KVMREPORT_REPORT_H
#define KVMREPORT_REPORT_H

#include <stdio.h>

#include "counters.h"
#include "model.h"
#include "record.h"

struct report {
	const struct model *model; /* finished */
	const char *command;	   /* as it was given, one line */
	const char *driver;	   /* module that made the events */
	int status;		   /* the command's exit status; 128 + n: signal n */
	uint64_t wall_ns;	   /* of the command */
	struct recorder_loss loss;
	size_t n_vms;
	const struct counter *counters;
	size_t n_counters;
};

struct style {
	bool colour;
	bool utf8;
	unsigned int columns; /* of the terminal; 0: none */
	unsigned int top;     /* rows a table shows at most */
};

void report_text(FILE *out, const struct report *report, const struct style *style);
/* One object; schema "glassvisor.kvmreport", version 1: names are only ever added. */
void report_json(FILE *out, const struct report *report);

/* format.c: text of at most 15 characters into @buf (16 bytes), which is returned. */
char *format_ns(char *buf, uint64_t ns);
char *format_count(char *buf, uint64_t n); /* 12,345,678; 1.23e12 when it gets too long */
char *format_bytes(char *buf, uint64_t n);
char *format_share(char *buf, uint64_t part, uint64_t whole);

#endif /* KVMREPORT_REPORT_H */
