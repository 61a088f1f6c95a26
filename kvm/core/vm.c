/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life of a VM. One reference per file descriptor (VM, vCPU, statistics); the
 * last one tears everything down, in whatever order the files were closed.
 *
 * Teardown order: debugfs (readers out), irqfds and timers (nobody raises
 * interrupts from outside any more), flight recorders (copies stay), MMU
 * notifier (no more calls from the owner's mm), vCPUs, nested tables, slots. It
 * runs in process context without any lock: nobody else has a pointer to the VM
 * any more.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mem/mem.h"
#include "../mmu/mmu.h"
#include "../stat/recorder.h"
#include "../stat/stat.h"
#include "core.h"

static atomic_t next_vm_id = ATOMIC_INIT(0);

static struct vm *vm_alloc(void)
{
	struct vm *vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (!vm)
		return NULL;
	vm->vcpus = kvcalloc(GV_MAX_VCPUS, sizeof(*vm->vcpus), GFP_KERNEL_ACCOUNT);
	vm->vcpu_ids = bitmap_zalloc(GV_MAX_VCPU_ID, GFP_KERNEL_ACCOUNT);
	if (!vm->vcpus || !vm->vcpu_ids || coalesced_create(vm) || init_srcu_struct(&vm->srcu)) {
		coalesced_destroy(vm);
		bitmap_free(vm->vcpu_ids);
		kvfree(vm->vcpus);
		kvfree(vm);
		return NULL;
	}
	refcount_set(&vm->users, 1);
	mutex_init(&vm->lock);
	mutex_init(&vm->slots_lock);
	mutex_init(&vm->iobus_lock);
	rwlock_init(&vm->mmu_lock);
	spin_lock_init(&vm->inval_lock);
	vm->vm_id = atomic_inc_return(&next_vm_id);
	vm->pid = current->tgid;
	vm->max_vcpu_id = GV_MAX_VCPU_ID;
	vm->mm = current->mm;
	mmgrab(vm->mm);
	return vm;
}

static void vm_free(struct vm *vm)
{
	cleanup_srcu_struct(&vm->srcu);
	ioeventfd_destroy(vm);
	coalesced_destroy(vm);
	mmdrop(vm->mm);
	bitmap_free(vm->vcpu_ids);
	kvfree(vm->vcpus);
	kvfree(vm);
}

struct vm *vm_create(void)
{
	struct vm *vm = vm_alloc();
	int err;

	if (!vm)
		return ERR_PTR(-ENOMEM);
	err = mem_vm_init(vm);
	if (err)
		goto free;
	err = arch_vm_init(vm);
	if (err)
		goto mem;
	err = mmu_vm_init(vm);
	if (err)
		goto arch;
	time_vm_init(vm);
	return vm;
arch:
	arch_vm_destroy(vm);
mem:
	mem_vm_destroy(vm);
free:
	vm_free(vm);
	return ERR_PTR(err);
}

void vm_get(struct vm *vm)
{
	refcount_inc(&vm->users);
}

static void vm_destroy(struct vm *vm)
{
	struct vcpu *vcpu;
	u32 i;

	stat_debugfs_vm_remove(vm);
	irqchip_quiesce(vm);
	recorder_vm_gone(vm);
	mmu_vm_quiesce(vm);
	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++)
		vcpu_destroy(vcpu);
	mmu_vm_destroy(vm);
	arch_vm_destroy(vm);
	msr_filter_destroy(vm);
	mem_vm_destroy(vm);
	irqchip_destroy(vm);
	vm_free(vm);
}

void vm_put(struct vm *vm)
{
	if (refcount_dec_and_test(&vm->users))
		vm_destroy(vm);
}
