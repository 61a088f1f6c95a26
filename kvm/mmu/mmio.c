/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks for MMIO: where a fault found no slot, the 4K entry gets a value that
 * the hardware calls misconfigured (SDM vol. 3, "EPT misconfigurations": write
 * without read). The next access to the page exits for that reason, and so is
 * known to be MMIO with nothing looked up. Formats without such a value, NPT's
 * among them, have no marks.
 *
 * A mark is true: it says that no slot has the page. Proof. It is made in the
 * SRCU section in which the slots were searched. A slot that comes or moves is
 * published first; then a grace period passes, so all that searched the old
 * table have made their marks; then mmu_slot_came() drops all marks in its
 * range, and later searches find the slot. Until KVM_SET_USER_MEMORY_REGION
 * returns, an access may be taken for MMIO or for one to memory, as before.
 * So a mark carries no generation, nothing is compared at an exit, and slots
 * elsewhere may come and go without effect.
 *
 * No TLB is to be flushed for a mark: nothing is cached of an entry that is
 * misconfigured (SDM vol. 3, "Information that may be cached"). Of the tables
 * above it there is, so a table that goes is flushed like any other.
 *
 * The page of the xAPIC is one without a slot, too. Where the hardware can tell
 * accesses to one physical page apart (SDM vol. 3, "Virtualizing memory-mapped
 * APIC accesses"), a page of the VM's that holds nothing is mapped there in place
 * of a mark, and the exits are the same to everybody else. To a vCPU in another
 * mode it would be memory: as long as it is mapped, all vCPUs have their xAPIC
 * there. The first that has not takes it away for good (mmu_apic_page_off()),
 * before it runs again.
 *
 * The guest chooses which pages it touches, and each may cost tables; so there
 * is a limit to the tables made here. Beyond it, and without memory, the page
 * goes without a mark. Nor is there one where the tables end short of the page.
 */
#include <linux/moduleparam.h>

#include "../arch/ops.h"
#include "../compat.h"
#include "../mem/up.h"
#include "../stat/stat.h"
#include "tdp.h"

/* Each reaches 2M at the last level; devices lie close together. */
#define MAX_TABLES 512

#define APIC_GFN (0xfee00000 >> GV_PAGE_SHIFT)

static bool mmio_spte = true;
module_param(mmio_spte, bool, 0444);
MODULE_PARM_DESC(mmio_spte, "VMX: mark pages without a memory slot, for cheaper exits of MMIO (1)");

bool mmu_marks __read_mostly;

void mmio_init(void)
{
	WRITE_ONCE(mmu_marks, mmio_spte && mmu_fmt->mmio);
}

int mmio_vm_init(struct vm *vm)
{
	if (!mmu_marks || !arch_caps.apic_access)
		return 0;
	vm->apic_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	vm->apic_page_on = vm->apic_page;
	return vm->apic_page ? 0 : -ENOMEM;
}

void mmio_vm_destroy(struct vm *vm)
{
	if (vm->apic_page)
		__free_page(vm->apic_page);
	vm->apic_page = NULL;
}

void mmu_apic_page_off(struct vm *vm)
{
	write_lock(&vm->mmu_lock);
	WRITE_ONCE(vm->apic_page_on, false);
	write_unlock(&vm->mmu_lock);
	mmu_zap_gfns(vm, APIC_GFN, APIC_GFN + 1);
}

static u64 *table_alloc(struct vm *vm)
{
	u64 *table = NULL;

	if (atomic_inc_return(&vm->mmio_tables) <= MAX_TABLES)
		table = tdp_table_alloc(vm);
	if (table)
		tdp_table_set_mmio(table);
	else
		atomic_dec(&vm->mmio_tables);
	return table;
}

/* A table that was not needed after all. */
static void table_return(struct vm *vm, u64 *table)
{
	tdp_table_freed(vm, virt_to_page(table));
	tdp_table_free(table);
}

static void put_mark(struct vm *vm, gfn_t gfn, u64 *entry)
{
	u64 spte = mmu_fmt->mmio;

	if (gfn == APIC_GFN && vm->apic_page_on && vm->irqchip)
		spte = spte_make_leaf(mmu_fmt, page_to_pfn(vm->apic_page), SPTE_LEVEL_4K, SPTE_W,
				      MEMTYPE_WB, 0);
	if (tdp_replace(entry, 0, spte) && spte_present(mmu_fmt, spte))
		vm_stat_inc(vm, pages_4k);
}

/* Go as far as *spare allows. False: another table is needed. */
static bool mark(struct vm *vm, gfn_t gfn, u64 **spare)
{
	unsigned int level;
	u64 *entry;

	lockdep_assert_held_read(&vm->mmu_lock);
	for (;;) {
		entry = tdp_lookup(vm, gfn, SPTE_LEVEL_4K, &level);
		/* Marked already, or mapped: by a slot that has gone, or has just come. */
		if (READ_ONCE(*entry))
			return true;
		if (level == SPTE_LEVEL_4K) {
			put_mark(vm, gfn, entry);
			return true;
		}
		if (!*spare)
			return false;
		if (tdp_replace(entry, 0, spte_make_table(mmu_fmt, __pa(*spare))))
			*spare = NULL;
	}
}

void mmio_mark(struct vm *vm, gfn_t gfn)
{
	u64 *spare = NULL;
	bool done;

	if (gfn >= spte_level_pages(tdp_root_level() + 1))
		return;
	for (;;) {
		read_lock(&vm->mmu_lock);
		done = mark(vm, gfn, &spare);
		read_unlock(&vm->mmu_lock);
		if (done)
			break;
		spare = table_alloc(vm);
		if (!spare)
			return;
	}
	if (spare)
		table_return(vm, spare);
}

void mmu_slot_came(struct vm *vm, gfn_t start, gfn_t end)
{
	/* Whole tables go with the marks in them, which would keep large pages away. */
	if (mmu_marks)
		mmu_zap_gfns(vm, start, end);
}
