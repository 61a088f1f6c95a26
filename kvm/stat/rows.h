/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The schema's counters and histograms as tables, for all who show them:
 * debugfs.c, snapshot.c, statfd.c.
 */
#ifndef GLASSVISOR_STAT_ROWS_H
#define GLASSVISOR_STAT_ROWS_H

#include "../types.h"

struct stat_row {
	const char *name;
	u16 offset; /* bytes into struct vm_stat or struct vcpu_stat */
	bool of_vcpu;
	s16 exponent;
	u32 flags; /* KVM_STATS_* */
};

#define STAT_VM_ROWS   (sizeof(struct vm_stat) / sizeof(u64))
#define STAT_VCPU_ROWS (sizeof(struct vcpu_stat) / sizeof(u64))
#define STAT_ROWS      (STAT_VM_ROWS + STAT_VCPU_ROWS)

/* The VM's first, then a vCPU's; each in the order of its struct. */
extern const struct stat_row stat_rows[STAT_ROWS];

static inline const struct stat_row *stat_rows_of(bool of_vcpu)
{
	return stat_rows + (of_vcpu ? STAT_VM_ROWS : 0);
}

static inline u32 stat_n_rows(bool of_vcpu)
{
	return of_vcpu ? STAT_VCPU_ROWS : STAT_VM_ROWS;
}

/* Of a struct vm_stat or vcpu_stat, as the row says. */
static inline u64 stat_value(const void *stats, const struct stat_row *row)
{
	return READ_ONCE(*(const u64 *)(stats + row->offset));
}

/* The counters of a memory slot: values at @offset of a struct slot_stat. */
struct slot_stat_row {
	const char *name;
	u16 offset;
};

#define STAT_SLOT_ROWS (sizeof(struct slot_stat) / sizeof(u64))

extern const struct slot_stat_row slot_stat_rows[STAT_SLOT_ROWS];

struct hist_row {
	const char *name;
	const char *labels; /* name of a list */
	bool of_vcpu;
};

extern const struct hist_row hist_rows[HIST_COUNT];
extern const char *const vcpu_time_names[VCPU_TIME_COUNT];

#endif /* GLASSVISOR_STAT_ROWS_H */
