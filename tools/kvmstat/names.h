/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kvmstat knows by name: counters, histograms and the lists of
 * debugfs-schema/. Counters and histograms get a number here, for arrays; the
 * numbers are this program's own and mean nothing outside of it.
 */
#ifndef KVMSTAT_NAMES_H
#define KVMSTAT_NAMES_H

#include "../../kvm/stat/schema.h"
#include "../../debugfs-schema/lists.h"

/* Counters: the schema's. */
enum stat_index {
#define STAT(name, kind, unit, exponent, text) ST_##name,
#include "../../debugfs-schema/vcpu.def"
	ST_VCPU_END,
	ST_VM_BEFORE = ST_VCPU_END - 1,
#include "../../debugfs-schema/vm.def"
#undef STAT
	ST_COUNT,
};

/* Counters of a memory slot. */
enum slot_stat_index {
#define STAT(name, kind, unit, exponent, text) SS_##name,
#include "../../debugfs-schema/slot.def"
#undef STAT
	SS_COUNT,
};

extern const char *const slot_stat_names[SS_COUNT];

struct stat_info {
	const char *name;
	const char *kind; /* "cumulative", "instant" or "peak" */
	const char *text;
	bool vm; /* the VM's; else the vCPU's */
};

extern const struct stat_info stat_info[ST_COUNT];

enum hist_index {
#define HIST(scope, ID, name, labels, text) HX_##ID,
#include "../../debugfs-schema/hists.def"
#undef HIST
	HX_COUNT,
};

struct hist_info {
	const char *name;
	const char *labels; /* name of the list of its labels */
	const char *text;
	bool vm;
};

extern const struct hist_info hist_info[HX_COUNT];

enum state_index {
#define STATE(number, ID, name, text) STATE_##ID = number,
	VCPU_TIMES(STATE)
#undef STATE
#define STATE(number, ID, name, text) +1
		STATE_COUNT = 0 VCPU_TIMES(STATE)
#undef STATE
};

/* Number of a name; -1: not known. */
int stat_find(const char *name);
int slot_stat_find(const char *name);
int hist_find(const char *name);
int label_find(int hist, const char *name); /* label of a histogram */
int state_find(const char *name);

/* Label of a histogram whose pool was full: everything else together. */
#define LABEL_OTHER   0xff
#define LABEL_UNKNOWN 0xfe /* a label that a newer module has */

const char *label_name(int hist, u32 label);
const char *state_name(int state);

/* Name of a hardware reason, "0x.." in @room where it has none. @isa: 1 VMX, 2 SVM. */
const char *reason_name(u32 isa, u32 reason, char room[16]);

/* The counter that counts the exits of a kind; -1: none does. */
int kind_stat(u32 kind);

#endif /* KVMSTAT_NAMES_H */
