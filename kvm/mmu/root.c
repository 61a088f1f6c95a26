/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's nested page tables as a whole: their root, their end, and the flush
 * of what the CPUs have cached of them.
 *
 * There is one root for all vCPUs of a VM, made with it and constant; its
 * entries follow tdp.h. At the end no vCPU runs any more and the host's memory
 * management does not call any more, so the tables are freed without lock and
 * flush (the next VM to use an ASID flushes it when it gets it).
 */
#include <linux/sched.h>

#include "../arch/ops.h"
#include "../compat.h"
#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../mem/up.h"
#include "../stat/stat.h"
#include "tdp.h"

const struct spte_fmt *mmu_fmt __read_mostly;

int mmu_vm_init(struct vm *vm)
{
	int err;

	/* The same for every VM: the back end is chosen once, at load. */
	WRITE_ONCE(mmu_fmt, arch_backend->spte_fmt());
	mmio_init();
	vm->root = tdp_table_alloc(vm);
	if (!vm->root)
		return -ENOMEM;
	err = mmio_vm_init(vm);
	if (err)
		goto err_root;
	err = mem_notifier_register(vm);
	if (err)
		goto err_mmio;
	return 0;

err_mmio:
	mmio_vm_destroy(vm);
err_root:
	tdp_table_free(vm->root);
	vm->root = NULL;
	return err;
}

void mmu_vm_quiesce(struct vm *vm)
{
	mem_notifier_unregister(vm);
}

void mmu_vm_destroy(struct vm *vm)
{
	struct page *page, *next;
	struct mmu_zap zap;

	mmu_zap_init(&zap);
	tdp_drop_table(vm->root, tdp_root_level(), &zap);
	vm->root = NULL;
	list_for_each_entry_safe(page, next, &zap.tables, lru)
	{
		__free_page(page);
		cond_resched();
	}
	mmio_vm_destroy(vm);
}

hpa_t mmu_root(struct vm *vm)
{
	return __pa(vm->root) | mmu_fmt->encrypt;
}

void mmu_flush_remote(struct vm *vm)
{
	vm_stat_inc(vm, remote_tlb_flush_requests);
	if (vm_request_all(vm, REQ_TLB_FLUSH, true))
		vm_stat_inc(vm, remote_tlb_flush);
}
