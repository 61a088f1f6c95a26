/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop of the guest page walk, for inlining where the reader of entries is
 * known: a CPU that does not tell instruction lengths has it run at most exits.
 * Everybody else calls gwalk(), which is the same with a function pointer. What
 * a walk needs once or seldom is out of line in gwalk.c.
 */
#ifndef GLASSVISOR_MMU_GWALK_LOOP_H
#define GLASSVISOR_MMU_GWALK_LOOP_H

#include "gwalk.h"

#define ENTRY_P	 BIT_ULL(0)
#define ENTRY_W	 BIT_ULL(1)
#define ENTRY_U	 BIT_ULL(2)
#define ENTRY_A	 BIT_ULL(5)
#define ENTRY_D	 BIT_ULL(6)
#define ENTRY_PS BIT_ULL(7)
#define ENTRY_G	 BIT_ULL(8)
#define ENTRY_NX BIT_ULL(63)

#define ENTRY_PKEY_SHIFT 59

#define RIGHTS_ALL (GWALK_ACC_W | GWALK_ACC_U | GWALK_ACC_X)

/* gwalk.c; see there. */
enum gwalk_result gwalk_fault(const struct gwalk_mode *mode, gva_t gva, u32 code,
			      unsigned int access, struct gwalk *w);
enum gwalk_result gwalk_none(gva_t gva, struct gwalk *w);
enum gwalk_result gwalk_pdpte(const struct gwalk_mode *mode, const struct gwalk_regs *regs,
			      gva_t gva, unsigned int access, gwalk_read_fn read, void *ctx,
			      u64 *table, struct gwalk *w);
void gwalk_collect_updates(const struct gwalk_mode *mode, bool write, struct gwalk *w);

static __always_inline gpa_t gwalk_page_address(const struct gwalk_mode *mode,
						const struct gwalk_level *lv, u64 entry, gva_t gva)
{
	u64 offset_mask = (1ULL << lv->shift) - 1;
	gpa_t base = entry & mode->addr_mask & ~offset_mask;

	if (mode->pse36 && lv == &mode->level[2])
		base |= (entry >> 13 & 0xff) << 32;
	return base | (gva & offset_mask);
}

/*
 * The walk has arrived at the entry of a page. @all and @any are the entries
 * that carry rights, and-ed and or-ed.
 */
static __always_inline enum gwalk_result gwalk_finish(const struct gwalk_mode *mode,
						      const struct gwalk_regs *regs,
						      const struct gwalk_level *lv, gva_t gva,
						      unsigned int access, u64 all, u64 any,
						      struct gwalk *w)
{
	u64 entry = w->entry[w->depth - 1];
	bool write = access & GWALK_WRITE;
	u32 code;

	w->gpa = gwalk_page_address(mode, lv, entry, gva);
	w->page_shift = lv->shift;
	w->pkey = mode->pku ? entry >> ENTRY_PKEY_SHIFT & 0xf : 0;
	w->global = entry & ENTRY_G;
	w->nr_updates = 0;
	/* W and U are bits 1 and 2 of an entry, 0 and 1 of the rights. */
	w->rights = (all >> 1 & (GWALK_ACC_W | GWALK_ACC_U)) | (any & ENTRY_NX ? 0 : GWALK_ACC_X);
	if (access & GWALK_NO_CHECK)
		return GWALK_OK;

	code = gwalk_rights_fault(mode, regs, w->rights, w->pkey, access);
	if (code) {
		w->fault.address = gva;
		w->fault.error_code = code;
		return GWALK_FAULT;
	}
	if (!(all & ENTRY_A) || (write && !(entry & ENTRY_D)))
		gwalk_collect_updates(mode, write, w);
	return GWALK_OK;
}

/*
 * The levels from @lv down, whose table is at @table. Inlined twice, with
 * entries of 8 and of 4 bytes as a constant.
 */
static __always_inline enum gwalk_result
gwalk_tables(const struct gwalk_mode *mode, const struct gwalk_regs *regs,
	     const struct gwalk_level *lv, u64 table, gva_t gva, unsigned int access,
	     gwalk_read_fn read, void *ctx, const unsigned int bytes, struct gwalk *w)
{
	const u64 index_mask = GV_PAGE_SIZE / bytes - 1;
	u64 all = ~0ULL, any = 0, entry, page;
	enum gwalk_result res;
	u8 n = w->depth;

	for (;; lv--) {
		gpa_t gpa = table + (gva >> lv->shift & index_mask) * bytes;

		if (unlikely(read(ctx, gpa, &entry, bytes))) {
			w->bus_gpa = gpa;
			res = GWALK_BUS;
			break;
		}
		w->table_gpa[n] = gpa;
		w->entry[n++] = entry;
		if (unlikely(!(entry & ENTRY_P))) {
			res = gwalk_fault(mode, gva, 0, access, w);
			break;
		}
		page = entry & lv->page;
		if (unlikely(entry & (page ? lv->rsvd_page : lv->rsvd))) {
			res = gwalk_fault(mode, gva, GPFEC_P | GPFEC_RSVD, access, w);
			break;
		}
		all &= entry;
		any |= entry;
		if (page) {
			w->depth = n;
			res = gwalk_finish(mode, regs, lv, gva, access, all, any, w);
			break;
		}
		table = entry & mode->addr_mask;
	}
	w->depth = n;
	w->level = lv - mode->level;
	return res;
}

/* As gwalk(), with @read known to the compiler. */
static __always_inline enum gwalk_result gwalk_inline(const struct gwalk_mode *mode,
						      const struct gwalk_regs *regs, gva_t gva,
						      unsigned int access, gwalk_read_fn read,
						      void *ctx, struct gwalk *w)
{
	const struct gwalk_level *lv = &mode->level[mode->levels];
	u64 table = regs->cr3 & mode->cr3_mask;
	enum gwalk_result res;

	w->depth = 0;
	if (!mode->levels)
		return gwalk_none(gva, w);
	if (mode->va_bits == 32)
		gva = (u32)gva;
	else if ((u64)sign_extend64(gva, mode->va_bits - 1) != gva)
		return GWALK_NON_CANONICAL;
	if (unlikely(mode->pae)) {
		res = gwalk_pdpte(mode, regs, gva, access, read, ctx, &table, w);
		if (res != GWALK_OK)
			return res;
		lv--;
	}
	if (mode->entry_shift == 3)
		return gwalk_tables(mode, regs, lv, table, gva, access, read, ctx, 8, w);
	return gwalk_tables(mode, regs, lv, table, gva, access, read, ctx, 4, w);
}

#endif /* GLASSVISOR_MMU_GWALK_LOOP_H */
