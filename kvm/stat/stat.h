/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters: how they are bumped, and their files in debugfs.
 *
 * Which counters exist is said in debugfs-schema/ alone; a name that is not
 * there does not compile here.
 */
#ifndef GLASSVISOR_STAT_H
#define GLASSVISOR_STAT_H

#include <linux/atomic.h>
#include <linux/build_bug.h>

#include "../vcpu.h"

/*
 * A vCPU's counters have one writer, the vCPU's thread, so a plain add is
 * enough: one instruction. Readers on other CPUs use READ_ONCE; an aligned u64
 * is never seen half written on x86-64. Call only on the thread that holds
 * vcpu->mutex.
 */
#define stat_inc(vcpu, name)	((void)((vcpu)->stat.name++))
#define stat_add(vcpu, name, n) ((void)((vcpu)->stat.name += (n)))

/*
 * A VM's counters may be bumped from any thread and context: MMU faults of
 * several vCPUs run side by side under a lock held for reading. @n may be
 * negative where the counter is INSTANT.
 */
#define vm_stat_inc(vm, name)	 stat_atomic_add(&(vm)->stat.name, 1)
#define vm_stat_add(vm, name, n) stat_atomic_add(&(vm)->stat.name, (n))

/* A slot's, as a VM's; @stat: its struct slot_stat. */
#define slot_stat_inc(stat, name)    stat_atomic_add(&(stat)->name, 1)
#define slot_stat_add(stat, name, n) stat_atomic_add(&(stat)->name, (n))

static_assert(sizeof(atomic64_t) == sizeof(u64));

static __always_inline void stat_atomic_add(u64 *counter, s64 n)
{
	atomic64_add(n, (atomic64_t *)counter);
}

/* debugfs.c: /sys/kernel/debug/kvm/, and for native.c glassvisor/ -------- */

/*
 * At load and unload; may sleep. -EEXIST: the directory is there already, so
 * the in-tree KVM is loaded. A kernel without a usable debugfs is no error. At
 * unload no VM is left.
 */
int stat_debugfs_init(void);
void stat_debugfs_exit(void);

/*
 * Make a VM's directories, <tgid>-<fd>, and let the totals count it. vm->pid,
 * vm->fd and vm->vm_id are set. Before another thread can reach the VM. 0 or
 * -ENOMEM, after which the VM must not be removed here.
 */
int stat_debugfs_vm_add(struct vm *vm);
/*
 * Undo it, also after the add was never made. When it returns no reader uses
 * the VM or its vCPUs, and none ever will. May sleep; call before the first of
 * them is freed, and without a lock.
 */
void stat_debugfs_vm_remove(struct vm *vm);
/* Make vcpu<id>/ below it; the vCPU stays until stat_debugfs_vm_remove(). May sleep. */
void stat_debugfs_vcpu_add(struct vcpu *vcpu);

#endif /* GLASSVISOR_STAT_H */
