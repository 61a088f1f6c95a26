/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of the VMs that a command starts, from /sys/kernel/debug/kvm/.
 * A VM's files vanish with it, so they are read while it lives; what is kept is
 * the last reading.
 */
#ifndef KVMREPORT_COUNTERS_H
#define KVMREPORT_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter {
	char name[48];
	uint64_t value; /* summed over the VMs */
};

struct counters;

/* VMs that live at this moment don't count, unless @all. NULL: no memory. */
struct counters *counters_open(bool all);
/* Read them now. */
void counters_sample(struct counters *c);
/* Sum of the last readings, by name; *ret_n names. Valid until counters_close(). */
const struct counter *counters_sum(struct counters *c, size_t *ret_n);
size_t counters_vms(const struct counters *c);
void counters_close(struct counters *c);

#endif /* KVMREPORT_COUNTERS_H */
