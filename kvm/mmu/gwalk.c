// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest page walk: one walker, the paging mode as a table of constants.
 *
 * Per level it reads one entry through the caller's function, checks presence
 * and reserved bits, and gathers rights; the verdict on rights comes at the
 * end, as in hardware. Nothing is written: entries that need A or D are
 * reported, and only when the access is allowed.
 *
 * Pure, no locks, bounded by five levels. The entries are the guest's and may
 * change under us; each is read once.
 *
 * Sources: APM vol. 2, "Page translation and protection" (entry formats by
 * mode, page-protection checks, protection keys), "#PF, page-fault exception",
 * "Nested paging" (PAE: PDPEs are read on demand); SDM vol. 3, "Paging".
 *
 * Left out: supervisor protection keys and shadow stacks (never offered to a
 * guest); MTRR and PAT types (memory types are the back end's).
 */
#include "gwalk_loop.h"

static void init_levels(struct gwalk_mode *m, unsigned int index_bits, u64 rsvd, u64 rsvd_page)
{
	int level;

	for (level = 1; level <= GWALK_MAX_LEVELS; level++) {
		m->level[level].shift = GV_PAGE_SHIFT + index_bits * (level - 1);
		m->level[level].rsvd = rsvd;
		m->level[level].rsvd_page = rsvd_page;
	}
	/* The last level always maps pages: any present entry ends the walk. */
	m->level[1].page = ENTRY_P;
}

/* Entries of @level with PS set map pages, with the address bits below the page's size reserved. */
static void allow_large(struct gwalk_mode *m, unsigned int level)
{
	m->level[level].page = ENTRY_PS;
	m->level[level].rsvd_page |= GENMASK_ULL(m->level[level].shift - 1, 13);
}

static void init_long(struct gwalk_mode *m, const struct cpuid_guest_caps *caps, bool la57)
{
	u64 high = caps->gpa_reserved & GENMASK_ULL(51, 0);
	int level;

	if (!m->nx)
		high |= ENTRY_NX;
	m->levels = la57 ? 5 : 4;
	m->va_bits = la57 ? 57 : 48;
	m->entry_shift = 3;
	m->cr3_mask = GENMASK_ULL(51, 12);
	m->addr_mask = GENMASK_ULL(51, 12);
	init_levels(m, 9, high, high);
	allow_large(m, 2);
	if (caps->page1g)
		allow_large(m, 3);

	for (level = 3; level <= 5; level++) {
		if (!m->level[level].page)
			m->level[level].rsvd |= ENTRY_PS;
		/* AMD reserves the place of G in upper entries that point to tables. */
		if (caps->vendor == CPU_VENDOR_AMD)
			m->level[level].rsvd |= ENTRY_G;
	}
}

static void init_pae(struct gwalk_mode *m, const struct cpuid_guest_caps *caps)
{
	u64 high = caps->gpa_reserved & GENMASK_ULL(62, 0);

	if (!m->nx)
		high |= ENTRY_NX;
	m->levels = 3;
	m->pae = true;
	m->va_bits = 32;
	m->entry_shift = 3;
	m->cr3_mask = GENMASK_ULL(31, 5);
	m->addr_mask = GENMASK_ULL(51, 12);
	init_levels(m, 9, high, high);
	allow_large(m, 2);
	/*
	 * A PDPTE's bits 2:1 and 8:5 are reserved too (APM vol. 2, "PAE paging"),
	 * but with nested paging PDPTEs are read from memory during the CPU's own
	 * walk, which judges them before we do; and there are CPUs (QEMU's) that set
	 * the accessed bit in them. Judging again could only turn out a false fault.
	 */
	m->level[3].rsvd |= ENTRY_NX;
}

static void init_32bit(struct gwalk_mode *m, const struct cpuid_guest_caps *caps, bool pse)
{
	m->levels = 2;
	m->va_bits = 32;
	m->entry_shift = 2;
	m->cr3_mask = GENMASK_ULL(31, 12);
	m->addr_mask = GENMASK_ULL(31, 12);
	init_levels(m, 10, 0, 0);
	if (pse)
		allow_large(m, 2);
	m->pse36 = caps->pse36;
	if (caps->pse36) {
		/* 4M: bits 13 up hold address bits 32 up, as far as there are any, at most 40. */
		unsigned int bits = min_t(unsigned int, caps->maxphyaddr, 40) - 32;

		m->level[2].rsvd_page &= ~(((1ULL << bits) - 1) << 13);
	}
}

void gwalk_mode_init(struct gwalk_mode *ret_mode, u64 cr0, u64 cr4, u64 efer,
		     const struct cpuid_guest_caps *caps)
{
	struct gwalk_mode *m = ret_mode;

	memset(m, 0, sizeof(*m));
	m->va_bits = 64;
	if (!(cr0 & X86_CR0_PG))
		return;

	m->wp = cr0 & X86_CR0_WP;
	m->smep = cr4 & X86_CR4_SMEP;
	m->smap = cr4 & X86_CR4_SMAP;
	m->nx = (efer & GEFER_NXE) && (cr4 & X86_CR4_PAE);
	m->pku = (efer & GEFER_LMA) && (cr4 & X86_CR4_PKE);

	if (efer & GEFER_LMA)
		init_long(m, caps, cr4 & X86_CR4_LA57);
	else if (cr4 & X86_CR4_PAE)
		init_pae(m, caps);
	else
		init_32bit(m, caps, cr4 & X86_CR4_PSE);
}

static bool by_user(unsigned int access)
{
	return (access & (GWALK_USER | GWALK_IMPLICIT)) == GWALK_USER;
}

/* The bits of the error code that the access alone decides. */
static u32 access_code(const struct gwalk_mode *mode, unsigned int access)
{
	u32 code = 0;

	if (access & GWALK_WRITE)
		code |= GPFEC_W;
	if (by_user(access))
		code |= GPFEC_U;
	if ((access & GWALK_FETCH) && (mode->nx || mode->smep))
		code |= GPFEC_I;
	return code;
}

/* Does PKRU forbid a data access to a user page with this key? */
static bool pkey_denies(const struct gwalk_mode *mode, u32 pkru, u8 pkey, unsigned int access)
{
	u32 key = pkru >> (pkey * 2);

	if (key & 1)
		return true;
	return (key & 2) && (access & GWALK_WRITE) && (mode->wp || by_user(access));
}

/* The verdict on anything but protection keys. */
static bool rights_deny(const struct gwalk_mode *mode, u64 rflags, u8 rights, unsigned int access)
{
	if ((access & GWALK_FETCH) && !(rights & GWALK_ACC_X))
		return true;
	if (by_user(access))
		return !(rights & GWALK_ACC_U) ||
		       ((access & GWALK_WRITE) && !(rights & GWALK_ACC_W));

	if ((access & GWALK_WRITE) && !(rights & GWALK_ACC_W) && mode->wp)
		return true;
	if (!(rights & GWALK_ACC_U))
		return false;
	if (access & GWALK_FETCH)
		return mode->smep;
	/* Explicit supervisor accesses may be let through by AC; implicit ones never. */
	return mode->smap && ((access & GWALK_IMPLICIT) || !(rflags & X86_EFLAGS_AC));
}

u32 gwalk_rights_fault(const struct gwalk_mode *mode, const struct gwalk_regs *regs, u8 rights,
		       u8 pkey, unsigned int access)
{
	u32 code = 0;

	if (rights_deny(mode, regs->rflags, rights, access))
		code = GPFEC_P;
	if (mode->pku && (rights & GWALK_ACC_U) && !(access & GWALK_FETCH) &&
	    pkey_denies(mode, regs->pkru, pkey, access))
		code = GPFEC_P | GPFEC_PK;
	return code ? code | access_code(mode, access) : 0;
}

/* Report the A and D bits that the walk has to set, from the top. */
void gwalk_collect_updates(const struct gwalk_mode *mode, bool write, struct gwalk *w)
{
	u8 i;

	w->update_bytes = 1 << mode->entry_shift;
	for (i = mode->pae; i < w->depth; i++) {
		u64 want = i == w->depth - 1 && write ? ENTRY_A | ENTRY_D : ENTRY_A;
		struct gwalk_update *u = &w->update[w->nr_updates];

		if ((w->entry[i] & want) == want)
			continue;
		u->gpa = w->table_gpa[i];
		u->old = w->entry[i];
		u->new = w->entry[i] | want;
		w->nr_updates++;
	}
}

enum gwalk_result gwalk_fault(const struct gwalk_mode *mode, gva_t gva, u32 code,
			      unsigned int access, struct gwalk *w)
{
	w->fault.address = gva;
	w->fault.error_code = code | access_code(mode, access);
	return GWALK_FAULT;
}

/* With paging off, linear is physical. */
enum gwalk_result gwalk_none(gva_t gva, struct gwalk *w)
{
	w->gpa = gva;
	w->page_shift = 0;
	w->level = 0;
	w->rights = RIGHTS_ALL;
	w->pkey = 0;
	w->global = false;
	w->nr_updates = 0;
	return GWALK_OK;
}

/*
 * The top level of PAE paging: one of four entries, from the loaded PDPTRs or
 * from memory, without rights and without A.
 */
enum gwalk_result gwalk_pdpte(const struct gwalk_mode *mode, const struct gwalk_regs *regs,
			      gva_t gva, unsigned int access, gwalk_read_fn read, void *ctx,
			      u64 *table, struct gwalk *w)
{
	unsigned int index = gva >> 30 & 3;
	gpa_t gpa = *table + index * 8;
	u64 entry;

	w->level = 3;
	if (regs->pdptrs) {
		entry = regs->pdptrs[array_index_nospec(index, 4)];
	} else if (read(ctx, gpa, &entry, 8)) {
		w->bus_gpa = gpa;
		return GWALK_BUS;
	}
	w->table_gpa[0] = gpa;
	w->entry[0] = entry;
	w->depth = 1;
	if (!(entry & ENTRY_P))
		return gwalk_fault(mode, gva, 0, access, w);
	if (entry & mode->level[3].rsvd)
		return gwalk_fault(mode, gva, GPFEC_P | GPFEC_RSVD, access, w);
	*table = entry & mode->addr_mask;
	return GWALK_OK;
}

enum gwalk_result gwalk(const struct gwalk_mode *mode, const struct gwalk_regs *regs, gva_t gva,
			unsigned int access, gwalk_read_fn read, void *ctx, struct gwalk *w)
{
	return gwalk_inline(mode, regs, gva, access, read, ctx, w);
}

static_assert(GWALK_ACC_W == ENTRY_W >> 1 && GWALK_ACC_U == ENTRY_U >> 1,
	      "rights are gathered by a shift");
