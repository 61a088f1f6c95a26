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
 * copied, and throws away what may have been written over in between.
 */
struct recorder {
	u64 head;
	u32 mask;
	struct record ring[];
};

/* Names of a vCPU's histograms, states and kinds in C. */

/*
 * At vCPU creation: a ring of the size that the module parameter
 * recorder_size says, or NULL where that is 0. -ENOMEM as ERR_PTR.
 */
struct recorder *recorder_alloc(void);
void recorder_free(struct recorder *r);

/* The place of the next record; the caller fills it, then says recorder_done(). */
static __always_inline struct record *recorder_next(struct recorder *r)
{
	return &r->ring[r->head & r->mask];
}

static __always_inline void recorder_done(struct recorder *r)
{
	smp_store_release(&r->head, r->head + 1);
}

/*
 * Copy the vCPU's ring into a frozen recorder. @regs: registers and code bytes
 * of the guest, for the fields behind total; NULL where they can't be had. By
 * any thread that keeps the vCPU alive; may sleep. Memory short: one line in
 * the log at most, nothing is frozen.
 */
void recorder_freeze(struct vcpu *vcpu, u32 cause, const struct record_head *regs);

/* A VM is going away, its vCPUs are still there: keep the rings that have something to say. */
void recorder_vm_gone(struct vm *vm);

/* debugfs: below /sys/kernel/debug/glassvisor/; see recorder.c. At load and unload. */
int recorder_init(struct dentry *root);
void recorder_exit(void);
/* The files of a vCPU's running recorder, in the vCPU's directory. */
void recorder_vcpu_files(struct vcpu *vcpu, struct dentry *dir);

#endif /* GLASSVISOR_STAT_RECORDER_H */
