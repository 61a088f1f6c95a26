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

static void init_long(struct gwalk_mode *m, const struct cpuid_guest_caps *caps, bool la57)
{
	u64 high = caps->gpa_reserved & GENMASK_ULL(51, 0);
	int level;

	if (!m->nx)
		high |= ENTRY_NX;
	m->levels = la57 ? 5 : 4;
	m->va_bits = la57 ? 57 : 48;
	m->entry_bytes = 8;
	m->index_bits = 9;
	m->large_levels = BIT(2) | (caps->page1g ? BIT(3) : 0);
	m->cr3_mask = GENMASK_ULL(51, 12);
	m->addr_mask = GENMASK_ULL(51, 12);

	for (level = 1; level <= 5; level++) {
		m->rsvd[level] = high;
		m->rsvd_large[level] = high;
		/* AMD keeps the place of G in upper entries that point to tables. */
		if (level >= 3 && caps->vendor == CPU_VENDOR_AMD)
			m->rsvd[level] |= ENTRY_G;
	}
	if (!caps->page1g)
		m->rsvd[3] |= ENTRY_PS;
	m->rsvd[4] |= ENTRY_PS;
	m->rsvd[5] |= ENTRY_PS;
	m->rsvd_large[2] |= GENMASK_ULL(20, 13);
	m->rsvd_large[3] |= GENMASK_ULL(29, 13);
}

static void init_pae(struct gwalk_mode *m, const struct cpuid_guest_caps *caps)
{
	u64 high = caps->gpa_reserved & GENMASK_ULL(62, 0);

	if (!m->nx)
		high |= ENTRY_NX;
	m->levels = 3;
	m->pae = true;
	m->va_bits = 32;
	m->entry_bytes = 8;
	m->index_bits = 9;
	m->large_levels = BIT(2);
	m->cr3_mask = GENMASK_ULL(31, 5);
	m->addr_mask = GENMASK_ULL(51, 12);

	m->rsvd[1] = high;
	m->rsvd[2] = high;
	m->rsvd_large[2] = high | GENMASK_ULL(20, 13);
	/*
	 * A PDPTE's bits 2:1 and 8:5 are reserved too (APM vol. 2, "PAE paging"),
	 * but with nested paging PDPTEs are read from memory during the CPU's own
	 * walk, which judges them before we do; and there are CPUs (QEMU's) that set
	 * the accessed bit in them. Judging again could only turn out a false fault.
	 */
	m->rsvd[3] = high | ENTRY_NX;
}

static void init_32bit(struct gwalk_mode *m, const struct cpuid_guest_caps *caps, bool pse)
{
	m->levels = 2;
	m->va_bits = 32;
	m->entry_bytes = 4;
	m->index_bits = 10;
	m->large_levels = pse ? BIT(2) : 0;
	m->cr3_mask = GENMASK_ULL(31, 12);
	m->addr_mask = GENMASK_ULL(31, 12);

	m->pse36 = caps->pse36;
	m->rsvd_large[2] = GENMASK_ULL(21, 13);
	if (caps->pse36) {
		/* 4M: bits 13 up hold address bits 32 up, as far as there are any, at most 40. */
		unsigned int bits = min_t(unsigned int, caps->maxphyaddr, 40) - 32;

		m->rsvd_large[2] &= ~(((1ULL << bits) - 1) << 13);
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
static void collect_updates(const struct gwalk_mode *mode, unsigned int access, struct gwalk *w)
{
	u8 i;

	w->nr_updates = 0;
	w->update_bytes = mode->entry_bytes;
	for (i = 0; i < w->depth; i++) {
		u64 want = ENTRY_A;
		struct gwalk_update *u = &w->update[w->nr_updates];

		if (mode->pae && !i)
			continue;
		if (i == w->depth - 1 && (access & GWALK_WRITE))
			want |= ENTRY_D;
		if ((w->entry[i] & want) == want)
			continue;
		u->gpa = w->table_gpa[i];
		u->old = w->entry[i];
		u->new = w->entry[i] | want;
		w->nr_updates++;
	}
}

static gpa_t leaf_address(const struct gwalk_mode *mode, u64 entry, gva_t gva, u8 level,
			  unsigned int shift)
{
	gpa_t offset = gva & ((1ULL << shift) - 1);
	gpa_t base = entry & mode->addr_mask & ~((1ULL << shift) - 1);

	if (mode->pse36 && level == 2)
		base |= (entry >> 13 & 0xff) << 32;
	return base | offset;
}

static enum gwalk_result fault(const struct gwalk_mode *mode, gva_t gva, u32 code,
			       unsigned int access, struct gwalk *w)
{
	w->fault.address = gva;
	w->fault.error_code = code | access_code(mode, access);
	return GWALK_FAULT;
}

/* With paging off, linear is physical. */
static enum gwalk_result walk_none(gva_t gva, struct gwalk *w)
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

enum gwalk_result gwalk(const struct gwalk_mode *mode, const struct gwalk_regs *regs, gva_t gva,
			unsigned int access, gwalk_read_fn read, void *ctx, struct gwalk *w)
{
	const unsigned int index_mask = (1u << mode->index_bits) - 1;
	unsigned int shift = GV_PAGE_SHIFT + mode->index_bits * (mode->levels - 1);
	u64 table = regs->cr3 & mode->cr3_mask;
	u8 level = mode->levels;
	u8 rights = RIGHTS_ALL;
	u64 entry, rsvd;
	bool large;
	u32 code;

	w->depth = 0;
	if (!level)
		return walk_none(gva, w);
	if (mode->va_bits == 32)
		gva = (u32)gva;
	else if ((u64)sign_extend64(gva, mode->va_bits - 1) != gva)
		return GWALK_NON_CANONICAL;

	for (;; level--, shift -= mode->index_bits) {
		unsigned int index = (gva >> shift) & index_mask;
		gpa_t gpa = table + index * mode->entry_bytes;
		bool pdpte = mode->pae && level == 3;

		if (pdpte && regs->pdptrs) {
			entry = regs->pdptrs[array_index_nospec(index, 4)];
		} else if (read(ctx, gpa, &entry, mode->entry_bytes)) {
			w->bus_gpa = gpa;
			return GWALK_BUS;
		}
		w->table_gpa[w->depth] = gpa;
		w->entry[w->depth++] = entry;
		w->level = level;

		if (!(entry & ENTRY_P))
			return fault(mode, gva, 0, access, w);
		large = (entry & ENTRY_PS) && (mode->large_levels >> level & 1);
		rsvd = large ? mode->rsvd_large[level] : mode->rsvd[level];
		if (unlikely(entry & rsvd))
			return fault(mode, gva, GPFEC_P | GPFEC_RSVD, access, w);
		if (!pdpte) {
			/* W and U are bits 1 and 2 of an entry, 0 and 1 of the rights. */
			rights &= ((entry >> 1) & (GWALK_ACC_W | GWALK_ACC_U)) |
				  (entry & ENTRY_NX ? 0 : GWALK_ACC_X);
		}
		if (large || level == 1)
			break;
		table = entry & mode->addr_mask;
	}

	w->gpa = leaf_address(mode, entry, gva, level, shift);
	w->page_shift = shift;
	w->rights = rights;
	w->pkey = mode->pku ? entry >> ENTRY_PKEY_SHIFT & 0xf : 0;
	w->global = entry & ENTRY_G;
	w->nr_updates = 0;
	if (access & GWALK_NO_CHECK)
		return GWALK_OK;

	code = gwalk_rights_fault(mode, regs, rights, w->pkey, access);
	if (code) {
		w->fault.address = gva;
		w->fault.error_code = code;
		return GWALK_FAULT;
	}
	collect_updates(mode, access, w);
	return GWALK_OK;
}

static_assert(GWALK_ACC_W == ENTRY_W >> 1 && GWALK_ACC_U == ENTRY_U >> 1,
	      "rights are gathered by a shift");
