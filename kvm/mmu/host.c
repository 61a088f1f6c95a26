/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking a page up in the VM owner's page tables, and having it faulted in.
 *
 * The walk runs with interrupts off, which keeps the tables themselves from
 * being freed: the kernel frees them by RCU or after an IPI to every CPU that
 * may walk them. What their entries say is true only as long as the host does
 * not announce a change; the caller knows that from mmu_lock and the
 * invalidation count (mem/notifier.c).
 *
 * The hardware's own bits are read, not pte_present() and its like: an entry
 * for NUMA hinting or under migration counts as present to the kernel, but
 * stands for no access.
 *
 * No reference is taken on the page, so it does not matter what kind of page
 * it is: anonymous, file, huge (THP or hugetlb), zero page, device memory. The
 * cache attributes of the host's entry are passed on as cached or not.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>

#include "../compat.h"
#include "tdp.h"

#define LEAF_READ  (_PAGE_PRESENT | _PAGE_USER)
#define LEAF_WRITE (_PAGE_RW | _PAGE_DIRTY)

static bool fill(struct host_map *ret, u64 flags, u64 pat_bit, u64 base_pfn, hva_t hva,
		 unsigned int level)
{
	if ((flags & LEAF_READ) != LEAF_READ)
		return false;
	ret->pfn = base_pfn + ((hva >> PAGE_SHIFT) & (spte_level_pages(level) - 1));
	ret->level = level;
	ret->writable = (flags & LEAF_WRITE) == LEAF_WRITE;
	ret->uncached = flags & (_PAGE_PWT | _PAGE_PCD | pat_bit);
	return true;
}

static bool walk(struct mm_struct *mm, hva_t hva, struct host_map *ret)
{
	pgd_t *pgdp = pgd_offset(mm, hva), pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;
	pte_t pte;

	if (pgd_none(pgd))
		return false;
	p4dp = p4d_offset_lockless(pgdp, pgd, hva);
	p4d = READ_ONCE(*p4dp);
	if (!(p4d_flags(p4d) & _PAGE_PRESENT))
		return false;
	pudp = pud_offset_lockless(p4dp, p4d, hva);
	pud = READ_ONCE(*pudp);
	if (!(pud_flags(pud) & _PAGE_PRESENT))
		return false;
	if (pud_flags(pud) & _PAGE_PSE)
		return fill(ret, pud_flags(pud), _PAGE_PAT_LARGE, pud_pfn(pud), hva, SPTE_LEVEL_1G);
	pmdp = pmd_offset_lockless(pudp, pud, hva);
	pmd = READ_ONCE(*pmdp);
	if (!(pmd_flags(pmd) & _PAGE_PRESENT))
		return false;
	if (pmd_flags(pmd) & _PAGE_PSE)
		return fill(ret, pmd_flags(pmd), _PAGE_PAT_LARGE, pmd_pfn(pmd), hva, SPTE_LEVEL_2M);
	pte = READ_ONCE(*pte_offset_kernel(&pmd, hva));
	return fill(ret, pte_flags(pte), _PAGE_PAT, pte_pfn(pte), hva, SPTE_LEVEL_4K);
}

bool host_walk(struct mm_struct *mm, hva_t hva, struct host_map *ret)
{
	unsigned long irqs;
	bool ok;

	local_irq_save(irqs);
	ok = walk(mm, hva, ret);
	local_irq_restore(irqs);
	return ok;
}

int host_fault_in(struct mm_struct *mm, hva_t hva, bool write)
{
	bool unlocked = false;
	int err;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = fixup_user_fault(mm, hva, write ? FAULT_FLAG_WRITE : 0, &unlocked);
	mmap_read_unlock(mm);
	return err;
}
