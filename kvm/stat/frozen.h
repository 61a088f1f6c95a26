/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of flight recorders, between recorder.c, which makes and keeps them,
 * and recorder_files.c, which shows them.
 */
#ifndef GLASSVISOR_STAT_FROZEN_H
#define GLASSVISOR_STAT_FROZEN_H

#include <linux/list.h>
#include <linux/refcount.h>

#include "recorder.h"

struct dentry;
struct seq_file;

/*
 * One copy: constant once it is made. Counted: its place among the kept ones,
 * and every open file of it. head and records lie together as the binary form
 * wants them.
 */
struct frozen {
	refcount_t users;
	struct list_head node; /* recorder_lock, in the order of ids; or a list of the caller's */
	struct list_head more; /* the other vCPUs of a VM that is gone, at their first */
	struct dentry *text, *raw;
	struct record_head head;
	struct record records[];
};

static_assert(offsetof(struct frozen, records) ==
	      offsetof(struct frozen, head) + sizeof(struct record_head));

static inline size_t frozen_size(const struct frozen *f)
{
	return sizeof(f->head) + f->head.n_records * sizeof(f->records[0]);
}

/*
 * Copy a vCPU's ring, at most its last @max records, with id 0, one reference
 * and in no list. By any thread that keeps the vCPU alive; may sleep. NULL:
 * memory is short.
 */
struct frozen *frozen_copy(struct vcpu *vcpu, u32 max);
static inline void frozen_get(struct frozen *f)
{
	refcount_inc(&f->users);
}
void frozen_put(struct frozen *f);

/* For the files clear and index. */
void recorder_clear(void);
int recorder_index(struct seq_file *m);

/* recorder_files.c: the two files of a frozen recorder. May sleep. */
void frozen_files_add(struct frozen *f);
/* Nobody opens them any more when it returns; who has them open reads on. */
void frozen_files_remove(struct frozen *f);

void recorder_files_init(struct dentry *root);
void recorder_files_exit(void);

#endif /* GLASSVISOR_STAT_FROZEN_H */
