/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line.
 */
#ifndef KVMSTAT_OPTIONS_H
#define KVMSTAT_OPTIONS_H

#include "view.h"

enum command { COMMAND_SHOW, COMMAND_RECORD, COMMAND_REPLAY, COMMAND_RECORDER };
enum format {
	FORMAT_SCREEN,
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_OPENMETRICS,
	FORMAT_PROMETHEUS
};

struct options {
	enum command command;
	const char *file;     /* of record and replay */
	const char *recorder; /* ID, FILE or VM/VCPU; NULL: list them */
	enum format format;
	const char *debugfs;
	double interval; /* seconds */
	u64 count;	 /* intervals; 0: no end */
	bool batch;
	bool total;
	bool live; /* recorder: the running one */
	const char *vm;
	s64 vcpu; /* -1: all */
	int view; /* -1: not said */
	u32 record;
	const char *label, *reason; /* of the histogram, as they were written */
	struct hist_key key;	    /* and what they stand for */
	const char *sort, *filter, *colour;
	bool reverse, merge;
	u32 width;
};

void options_parse(struct options *o, int argc, char **argv);
/* Colours on the screen: --color, then NO_COLOR and CLICOLOR. */
bool options_colour(const struct options *o);

/* kvmstat recorder: the exit status. */
int recorder_main(const struct options *o);

#endif /* KVMSTAT_OPTIONS_H */
