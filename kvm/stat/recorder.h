/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: the last exits of each vCPU, in a ring that its thread
 * alone writes; and frozen recorders, which are copies of such rings, kept for
 * people to read when the VM may be long gone. See recorder.c.
 */
#ifndef GLASSVISOR_STAT_RECORDER_H
#define GLASSVISOR_STAT_RECORDER_H

#include "../vcpu.h"
#include "../../debugfs-schema/record.h"

static_assert(sizeof(struct record) == 64);

/*
 * A vCPU's ring. head counts all records ever written; record i is in
 * ring[i & mask]. A reader on another CPU takes head before and after it has
 * copied, and throws away what may have been written over in between: the record
 * at head is always being written.
 */
struct recorder {
	u64 head;
	u32 mask;
	struct record *end; /* of ring */
	struct record ring[];
};

/*
 * At vCPU creation: a ring of the size that the module parameter recorder_size
 * says (0: of one record, which nobody gets to see). -ENOMEM as ERR_PTR.
 */
struct recorder *recorder_alloc(void);
void recorder_free(struct recorder *r);

/* The place of the next record, which the vCPU's thread fills. */
static __always_inline struct record *recorder_next(struct recorder *r)
{
	return &r->ring[r->head & r->mask];
}

/* That record, @at, is complete; the place of the one that follows. */
static __always_inline struct record *recorder_advance(struct recorder *r, struct record *at)
{
	barrier(); /* x86 keeps stores in order */
	r->head++;
	return likely(at + 1 != r->end) ? at + 1 : r->ring;
}

/* The record before the one at @at: the last that is complete. */
static inline const struct record *recorder_last(const struct recorder *r, const struct record *at)
{
	return at == r->ring ? r->end - 1 : at - 1;
}

/* The vCPU has a ring that is worth looking at. */
static inline bool recorder_on(const struct vcpu *vcpu)
{
	return vcpu->account.recorder && vcpu->account.recorder->mask;
}

/*
 * Copy the vCPU's ring into a frozen recorder, which is kept as recorder.c
 * says. @regs: the guest's registers and code bytes, in the fields behind
 * total; NULL where they can't be had. By any thread that keeps the vCPU alive;
 * may sleep. Memory short: one line in the log at most, nothing is frozen. 0;
 * -EOPNOTSUPP (no recorder), -ENOMEM, -ENOSPC (it is not among those to be kept).
 */
int recorder_freeze(struct vcpu *vcpu, u32 cause, const struct record_head *regs);

/*
 * Somebody asks for it: freeze, with the registers if they can be had soon.
 * Returns as recorder_freeze(). Declared on the lower side, as in mem/up.h;
 * core/freeze.c has it.
 */
int freeze_asked(struct vcpu *vcpu);

/* A VM is going away, its vCPUs are still there: keep the rings that have something to say. */
void recorder_vm_gone(struct vm *vm);

/* debugfs: below @root, /sys/kernel/debug/glassvisor/; at load and unload. See recorder_files.c. */
void recorder_init(struct dentry *root);
void recorder_exit(void);
/* The files of a vCPU's running recorder, in the vCPU's directory. */
void recorder_vcpu_files(struct vcpu *vcpu, struct dentry *dir);

#endif /* GLASSVISOR_STAT_RECORDER_H */
