/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recording: a tracefs instance of our own, read while it fills.
 */
#ifndef KVMREPORT_RECORD_H
#define KVMREPORT_RECORD_H

#include <sys/types.h>

#include "event.h"

struct recorder;

struct recorder_loss {
	uint64_t records; /* known to be lost */
	bool more;	  /* and an unknown number besides */
};

typedef void (*record_fn)(void *data, const struct event *event);

/*
 * Make the instance with @buffer_kb KiB of buffer a CPU and look up the
 * events; nothing is recorded yet. On failure NULL, and what to do about it
 * was printed.
 */
struct recorder *recorder_open(unsigned int buffer_kb);
/* Record the process @pid and what it forks, or everybody when @pid is 0. False: said why. */
bool recorder_start(struct recorder *rec, pid_t pid);
/* Hand over, in order of time, what is known to be complete; @last: all that is there. */
void recorder_poll(struct recorder *rec, bool last, record_fn fn, void *data);
struct recorder_loss recorder_loss(const struct recorder *rec);
/* Remove the instance. */
void recorder_close(struct recorder *rec);

#endif /* KVMREPORT_RECORD_H */
