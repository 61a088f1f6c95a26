/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formats of the page-table entries that we make for the hardware. NPT and
 * shadow entries, and EPT entries, differ in the constants of a struct
 * spte_fmt only; code that walks tables takes one and is format-blind.
 * See spte.c.
 *
 * Level 1 is a 4K leaf, 2 is 2M, 3 is 1G; a table at level n holds entries of
 * level n. Every table has 512 entries of 8 bytes.
 */
#ifndef GLASSVISOR_MMU_SPTE_H
#define GLASSVISOR_MMU_SPTE_H

#include "../env.h"

#define SPTE_LEVEL_4K	   1
#define SPTE_LEVEL_2M	   2
#define SPTE_LEVEL_1G	   3
#define SPTE_LEVEL_MAX	   5
#define SPTE_INDEX_BITS	   9
#define SPTE_TABLE_ENTRIES (1u << SPTE_INDEX_BITS)

/*
 * Bits that the hardware ignores in all three formats (52 to 55: APM vol. 2,
 * long-mode entries; SDM vol. 3, EPT entries, ignored bits).
 */
#define SPTE_HOST_WRITABLE BIT_ULL(52) /* the host's mapping and the slot allow writing */

struct spte_fmt {
	u64 present;	  /* any of these set: the entry is present */
	u64 leaf_base;	  /* set in each leaf */
	u64 nonleaf_base; /* set in each entry that points to a table: all rights */
	u64 write;
	u64 user;  /* 0 where the format has none (EPT) */
	u64 exec;  /* set to allow fetching; 0 where nx does it */
	u64 nx;	   /* set to forbid fetching; 0 where exec does it */
	u64 large; /* set in leaves of level 2 and 3 */
	u64 accessed;
	u64 dirty;
	u64 addr_mask;	  /* physical address bits, less the encryption bit */
	u64 encrypt;	  /* SME: or-ed into each address; normally 0 */
	u64 uncached;	  /* set in leaves whose memory type isn't write-back, where that is bits */
	u8 memtype_shift; /* EPT: bits 5:3 of leaves; 0 where the format has no such field */
	/*
	 * A 4K entry that is not present, and that the hardware calls misconfigured where
	 * another one would be a common fault; see mmio.c. 0: the format has none.
	 */
	u64 mmio;
};

extern const struct spte_fmt spte_fmt_npt; /* 4- or 5-level long-mode entries, A/D on */
extern const struct spte_fmt spte_fmt_ept; /* with A/D */

/* Memory types as EPT counts them */
#define MEMTYPE_UC 0
#define MEMTYPE_WB 6

/* Rights for a leaf, format-free */
#define SPTE_R	   0x0
#define SPTE_W	   0x1
#define SPTE_X	   0x2
#define SPTE_U	   0x4
#define SPTE_CLEAN 0x8 /* with SPTE_W: the hardware is to set the dirty bit */
#define SPTE_RWX_U (SPTE_W | SPTE_X | SPTE_U)

static __always_inline unsigned int spte_level_shift(unsigned int level)
{
	return GV_PAGE_SHIFT + SPTE_INDEX_BITS * (level - 1);
}

/* 4K pages of one entry at @level. */
static __always_inline u64 spte_level_pages(unsigned int level)
{
	return 1ULL << (SPTE_INDEX_BITS * (level - 1));
}

/* Index of the entry for @gfn in a table of @level. Below 512 by construction. */
static __always_inline unsigned int spte_index(gfn_t gfn, unsigned int level)
{
	return (gfn >> (SPTE_INDEX_BITS * (level - 1))) & (SPTE_TABLE_ENTRIES - 1);
}

/* @gfn rounded down to the start of its entry at @level. */
static __always_inline gfn_t spte_level_base(gfn_t gfn, unsigned int level)
{
	return gfn & ~(spte_level_pages(level) - 1);
}

static __always_inline bool spte_present(const struct spte_fmt *f, u64 spte)
{
	return spte & f->present;
}

static __always_inline bool spte_leaf(const struct spte_fmt *f, u64 spte, unsigned int level)
{
	return level == SPTE_LEVEL_4K || (spte & f->large);
}

static __always_inline u64 spte_pfn(const struct spte_fmt *f, u64 spte)
{
	return (spte & f->addr_mask) >> GV_PAGE_SHIFT;
}

/* Physical address of the table that a non-leaf entry points to. */
static __always_inline hpa_t spte_table(const struct spte_fmt *f, u64 spte)
{
	return spte & f->addr_mask;
}

static __always_inline bool spte_writable(const struct spte_fmt *f, u64 spte)
{
	return spte & f->write;
}

static __always_inline bool spte_executable(const struct spte_fmt *f, u64 spte)
{
	return f->nx ? !(spte & f->nx) : !!(spte & f->exec);
}

/* Has the hardware, or a fault handler, seen a write or an access? */
static __always_inline bool spte_dirty(const struct spte_fmt *f, u64 spte)
{
	return spte & f->dirty;
}

static __always_inline bool spte_accessed(const struct spte_fmt *f, u64 spte)
{
	return spte & f->accessed;
}

/*
 * A leaf that maps host frame @pfn (aligned to the level) with @rights
 * (SPTE_*), accessed; dirty if writable and not SPTE_CLEAN. @memtype is as EPT counts (6 =
 * write-back); formats without that field know uncached or not. @soft:
 * SPTE_HOST_WRITABLE or 0.
 */
u64 spte_make_leaf(const struct spte_fmt *f, u64 pfn, unsigned int level, unsigned int rights,
		   u8 memtype, u64 soft);

/* An entry that points to the table at @table (page aligned), all rights. */
static __always_inline u64 spte_make_table(const struct spte_fmt *f, hpa_t table)
{
	return f->nonleaf_base | f->encrypt | (table & f->addr_mask);
}

/*
 * May write access be given to this present leaf without a look at the host's
 * tables? It would have it, had the dirty log not taken or withheld it. And the
 * entry with it.
 */
static __always_inline bool spte_may_unprotect(u64 spte)
{
	return spte & SPTE_HOST_WRITABLE;
}

static __always_inline u64 spte_unprotect(const struct spte_fmt *f, u64 spte)
{
	return spte | f->write | f->dirty;
}

/* The entry with write access taken away for the dirty log. */
static __always_inline u64 spte_write_protect(const struct spte_fmt *f, u64 spte)
{
	return spte & ~f->write;
}

/* The entry with what the dirty log took of it, but clean: the hardware logs the next write. */
static __always_inline u64 spte_unprotect_clean(const struct spte_fmt *f, u64 spte)
{
	return (spte | f->write) & ~f->dirty;
}

/* The same leaf, as seen through entry @index of the table that replaces it (@level >= 2). */
u64 spte_split(const struct spte_fmt *f, u64 spte, unsigned int level, unsigned int index);

/*
 * Largest level at which @gfn may be mapped: the entry must lie within the
 * slot [base_gfn, base_gfn + npages), guest and host address must agree below
 * the entry's size, and @host_level (what the host's own tables map there) and
 * @cap (what the hardware has, or 1 under the dirty log) bound it. At least 1.
 */
unsigned int spte_max_level(gfn_t gfn, gfn_t base_gfn, u64 npages, u64 base_hva,
			    unsigned int host_level, unsigned int cap);

#endif /* GLASSVISOR_MMU_SPTE_H */
