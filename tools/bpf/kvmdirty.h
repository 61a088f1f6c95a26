/* SPDX-License-Identifier: GPL-2.0-only */
/* What kvmdirty's BPF program hands to kvmdirty: passes of the dirty log, and write faults. */
#ifndef GLASSVISOR_KVMDIRTY_H
#define GLASSVISOR_KVMDIRTY_H

#include "common/stats.h"

#define FAULT_WRITE 2 /* bit of the error code */

/* One writer: passes over a slot come one after the other, under a lock. */
struct pass_key {
	u32 vm;
	u32 slot;
	u32 mode; /* enum dirty_mode */
	u32 unused;
};

struct pass_row {
	u64 dirty;     /* pages */
	u64 protected; /* mappings */
	u64 flushes;
	u64 protect_ns;
	u64 flush_ns;
	u64 copy_ns;
	struct times times; /* of whole passes */
	u64 npages;	    /* of the slot, as the last pass saw it */
	struct owner owner;
};

#define PASS_WORDS (6 + TIMES_WORDS) /* the words that only grow */

/* All vCPUs write. */
struct write_key {
	u32 vm;
	u32 slot;
	u32 kind; /* enum fault_kind */
	u32 unused;
};

struct write_row {
	u64 count;
	u64 ns;
	struct owner owner;
};

#define WRITE_WORDS 2 /* the words that only grow */

#endif /* GLASSVISOR_KVMDIRTY_H */
