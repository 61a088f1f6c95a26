/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The locks of glassvisor, their order, and what each covers.
 *
 * Order, outermost first; one may be taken while holding any above it:
 *
 *	vcpu->mutex                      a vCPU's registers, its kvm_run page, KVM_RUN itself
 *	vm->lock                         vCPU creation, VM-wide settings (caps, clock, filters)
 *	vm->slots_lock                   memslot changes; who replaces vm->slots
 *	vm->iobus_lock                   ioeventfds, coalesced zones; nothing is taken inside
 *	chip->irqfds_lock                irqfds; outside irqchip's routes_lock
 *	vm->kvmclock_lock                writing vCPUs' kvmclock pages, and where they are
 *	mm->mmap_lock                    (the kernel's)
 *	vm->mmu_lock   (rwlock, spins)   nested page tables: read: faults install by cmpxchg;
 *	                                 write: zapping, splitting, MMU notifier ranges
 *	vm->inval_lock (spinlock)        the running invalidation's range and count
 *	vm->time_lock  (spinlock)        the clocks of the VM; nothing is taken inside
 *	recorder_lock  (stat/recorder.c) which frozen recorders are kept, their numbers
 *	stat_lock      (stat/debugfs.c)  the list of VMs, names in debugfs; outside debugfs' own
 *
 * SRCU: vm->srcu covers vm->slots and vm->msr_filter. A vCPU thread enters it
 * only around the handling that looks at them (mem_enter, mem_leave), never
 * across a guest entry, so a slot change never waits for a guest.
 *
 * A vCPU thread never takes another vCPU's mutex. VM ioctls never take a vCPU's
 * mutex while holding vm->lock. What reaches a running vCPU from outside goes
 * through vcpu->requests and vcpu_kick().
 *
 * Letters beside the fields of vm.h and vcpu.h:
 *	(c) set at creation, constant afterwards
 *	(v) vcpu->mutex, that is: the vCPU's own thread
 *	(l) vm->lock		(s) vm->slots_lock, read under SRCU
 *	(m) vm->mmu_lock	(i) vm->inval_lock	(t) vm->time_lock
 *	(a) atomic or READ_ONCE/WRITE_ONCE, from anywhere
 */
#ifndef GLASSVISOR_LOCKS_H
#define GLASSVISOR_LOCKS_H

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#endif /* GLASSVISOR_LOCKS_H */
