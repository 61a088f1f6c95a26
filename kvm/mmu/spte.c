// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-table entries for the hardware: making, protecting, splitting them, and
 * the largest page that a guest frame may be mapped with.
 *
 * Pure: an entry is a u64 in, a u64 out; storing it, atomically or not, and
 * flushing are the MMU's. Entries made here have accessed (and, when writable,
 * dirty) set, so that the hardware never has to write to them on first use,
 * unless it is to log that (SPTE_CLEAN).
 *
 * Sources: APM vol. 2, "Long-mode page translation", "Nested paging" (nested
 * entries have the long-mode format; the walk counts as a user access, so the
 * U bit must be set); SDM vol. 3, "EPT translation mechanism", formats of EPT
 * entries, "EPT misconfigurations".
 */
#include "spte.h"

#define PTE_P	BIT_ULL(0)
#define PTE_W	BIT_ULL(1)
#define PTE_U	BIT_ULL(2)
#define PTE_PWT BIT_ULL(3)
#define PTE_PCD BIT_ULL(4)
#define PTE_A	BIT_ULL(5)
#define PTE_D	BIT_ULL(6)
#define PTE_PS	BIT_ULL(7)
#define PTE_NX	BIT_ULL(63)

#define EPTE_R	BIT_ULL(0)
#define EPTE_W	BIT_ULL(1)
#define EPTE_X	BIT_ULL(2)
#define EPTE_PS BIT_ULL(7)
#define EPTE_A	BIT_ULL(8)
#define EPTE_D	BIT_ULL(9)

#define ADDR_MASK GENMASK_ULL(51, 12)

const struct spte_fmt spte_fmt_npt = {
	.present = PTE_P,
	.leaf_base = PTE_P,
	.nonleaf_base = PTE_P | PTE_W | PTE_U | PTE_A,
	.write = PTE_W,
	.user = PTE_U,
	.nx = PTE_NX,
	.large = PTE_PS,
	.accessed = PTE_A,
	.dirty = PTE_D,
	.addr_mask = ADDR_MASK,
	.uncached = PTE_PCD | PTE_PWT,
};

const struct spte_fmt spte_fmt_ept = {
	.present = EPTE_R, /* ours can all be read; write without read is the mark */
	.leaf_base = EPTE_R,
	.nonleaf_base = EPTE_R | EPTE_W | EPTE_X | EPTE_A,
	.write = EPTE_W,
	.exec = EPTE_X,
	.large = EPTE_PS,
	.accessed = EPTE_A,
	.dirty = EPTE_D,
	.addr_mask = ADDR_MASK,
	.memtype_shift = 3,
	.mmio = EPTE_W,
};

static_assert(!(SPTE_HOST_WRITABLE & (ADDR_MASK | PTE_NX)),
	      "the software bit lies outside of the address and the rights");

u64 spte_make_leaf(const struct spte_fmt *f, u64 pfn, unsigned int level, unsigned int rights,
		   u8 memtype, u64 soft)
{
	u64 spte = f->leaf_base | f->accessed | f->encrypt | soft;

	spte |= (pfn << GV_PAGE_SHIFT) & f->addr_mask;
	if (level > SPTE_LEVEL_4K)
		spte |= f->large;
	if (rights & SPTE_W)
		spte |= rights & SPTE_CLEAN ? f->write : f->write | f->dirty;
	if (rights & SPTE_U)
		spte |= f->user;
	spte |= rights & SPTE_X ? f->exec : f->nx;
	if (f->memtype_shift)
		spte |= (u64)(memtype & 7) << f->memtype_shift;
	else if (memtype != MEMTYPE_WB)
		spte |= f->uncached;
	return spte;
}

u64 spte_split(const struct spte_fmt *f, u64 spte, unsigned int level, unsigned int index)
{
	u64 step = spte_level_pages(level - 1) << GV_PAGE_SHIFT;
	u64 addr = (spte & f->addr_mask) + index * step;

	spte = (spte & ~f->addr_mask) | (addr & f->addr_mask);
	/* In 4K entries the large bit's place means something else (NPT: PAT). */
	if (level - 1 == SPTE_LEVEL_4K)
		spte &= ~f->large;
	return spte;
}

unsigned int spte_max_level(gfn_t gfn, gfn_t base_gfn, u64 npages, u64 base_hva,
			    unsigned int host_level, unsigned int cap)
{
	unsigned int level = min(host_level, cap);
	gfn_t hva_frame = base_hva >> GV_PAGE_SHIFT;

	for (; level > SPTE_LEVEL_4K; level--) {
		u64 pages = spte_level_pages(level);
		gfn_t start = gfn & ~(pages - 1);

		if ((base_gfn ^ hva_frame) & (pages - 1))
			continue;
		if (start >= base_gfn && start - base_gfn + pages <= npages)
			break;
	}
	return max_t(unsigned int, level, SPTE_LEVEL_4K);
}
