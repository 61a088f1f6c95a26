/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest page walk against an oracle that shares nothing with it: one
 * function per paging mode with the levels spelled out, reserved bits decided
 * bit by bit, rights decided by a list of sentences from the manuals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mmu/gwalk.h"

/* ---- Guest memory: a few table entries at known addresses ---- */

#define MAX_CELLS 8

static struct {
	u64 gpa;
	u64 value;
	unsigned int bytes;
} cell[MAX_CELLS];

static int nr_cells, nr_reads;

static void put(u64 gpa, u64 value, unsigned int bytes)
{
	cell[nr_cells].gpa = gpa;
	cell[nr_cells].value = bytes == 4 ? (u32)value : value;
	cell[nr_cells++].bytes = bytes;
}

static int read_cell(void *ctx, gpa_t gpa, u64 *ret, unsigned int len)
{
	(void)ctx;
	nr_reads++;
	for (int i = 0; i < nr_cells; i++) {
		if (cell[i].gpa == gpa) {
			assert_int_equal(len, cell[i].bytes);
			*ret = cell[i].value;
			return 0;
		}
	}
	return -1;
}

/* ---- The oracle ---- */

struct cpu {
	u64 cr0, cr3, cr4, efer, rflags;
	u32 pkru;
	struct cpuid_guest_caps caps;
};

struct outcome {
	enum gwalk_result what;
	u64 gpa;
	u32 code;
	u32 size_shift;
	u64 bus;
	int dirtied; /* entries whose A or D has to change */
};

enum table { PML5E, PML4E, PDPE, PDE, PTE, PAE_PDPE, PAE_PDE, PAE_PTE, OLD_PDE, OLD_PTE };

static bool maps_page(const struct cpu *c, enum table t, u64 e)
{
	bool ps = e >> 7 & 1;

	switch (t) {
	case PTE:
	case PAE_PTE:
	case OLD_PTE:
		return true;
	case PDE:
	case PAE_PDE:
		return ps;
	case PDPE:
		return ps && c->caps.page1g;
	case OLD_PDE:
		return ps && (c->cr4 & X86_CR4_PSE);
	default:
		return false;
	}
}

/* Is bit @n one that has to be 0 in this entry? */
static bool must_be_zero(const struct cpu *c, enum table t, u64 e, int n)
{
	bool page = maps_page(c, t, e), nxe = c->efer & GEFER_NXE;
	bool amd = c->caps.vendor == CPU_VENDOR_AMD;
	int phys = c->caps.maxphyaddr;

	if (t == OLD_PTE || (t == OLD_PDE && !page))
		return false;
	if (t == OLD_PDE) {
		int last = !c->caps.pse36 ? 12 : phys >= 40 ? 20 : phys - 32 + 12;

		return n > last && n <= 21;
	}
	if (n == 63)
		return t == PAE_PDPE || !nxe;
	if (n >= 52)
		return t == PAE_PDPE || t == PAE_PDE || t == PAE_PTE;
	if (n >= phys)
		return true;
	if (t == PAE_PDPE) /* its low reserved bits are judged by the CPU's own walk alone */
		return false;
	if (page && (t == PDE || t == PAE_PDE))
		return n >= 13 && n <= 20;
	if (page && t == PDPE)
		return n >= 13 && n <= 29;
	if (n == 7)
		return t == PML5E || t == PML4E || (t == PDPE && !c->caps.page1g);
	if (n == 8)
		return amd && (t == PML5E || t == PML4E || t == PDPE);
	return false;
}

static bool violates_format(const struct cpu *c, enum table t, u64 e)
{
	for (int n = 0; n < 64; n++)
		if ((e >> n & 1) && must_be_zero(c, t, e, n))
			return true;
	return false;
}

struct access {
	bool write, fetch, user;
	bool implicit;
	bool only_translate;
};

static u32 code_of(const struct cpu *c, const struct access *a)
{
	bool nx_works = (c->efer & GEFER_NXE) && (c->cr4 & X86_CR4_PAE);

	return (a->write ? 2 : 0) | (a->user && !a->implicit ? 4 : 0) |
	       (a->fetch && (nx_works || (c->cr4 & X86_CR4_SMEP)) ? 16 : 0);
}

/* Error code of a protection violation, 0 if allowed. */
static u32 judge(const struct cpu *c, const struct access *a, bool w, bool u, bool x, int key)
{
	bool supervisor = !a->user || a->implicit;
	bool wp = c->cr0 & X86_CR0_WP;
	bool bad = false, pk = false;

	/* An instruction fetch from a page with NX faults. */
	if (a->fetch && !x)
		bad = true;
	/* User mode reaches user pages only, and writes only writable ones. */
	if (!supervisor && !u)
		bad = true;
	if (!supervisor && a->write && !w)
		bad = true;
	/* Supervisor mode minds read-only pages with CR0.WP. */
	if (supervisor && a->write && !w && wp)
		bad = true;
	/* SMEP: no supervisor fetch from user pages. */
	if (supervisor && a->fetch && u && (c->cr4 & X86_CR4_SMEP))
		bad = true;
	/* SMAP: no supervisor data access to user pages, but explicit ones with AC. */
	if (supervisor && !a->fetch && u && (c->cr4 & X86_CR4_SMAP)) {
		if (a->implicit)
			bad = true;
		else if (!(c->rflags & X86_EFLAGS_AC))
			bad = true;
	}
	/* Keys: long mode, user pages, data accesses of any mode. */
	if ((c->cr4 & X86_CR4_PKE) && (c->efer & GEFER_LMA) && u && !a->fetch) {
		bool ad = c->pkru >> (2 * key) & 1, wd = c->pkru >> (2 * key + 1) & 1;

		if (ad)
			pk = true;
		if (wd && a->write && (!supervisor || wp))
			pk = true;
	}
	if (!bad && !pk)
		return 0;
	return 1 | (pk ? 32 : 0) | code_of(c, a);
}

struct walk_state {
	bool w, u, x;
	int to_set;
	u64 last;
};

/*
 * One level of the oracle: looks the entry up. Returns true when the walk has
 * to go on to the next level.
 */
static bool level(const struct cpu *c, const struct access *a, enum table t, u64 table, u64 index,
		  struct walk_state *s, struct outcome *o)
{
	unsigned int bytes = t == OLD_PDE || t == OLD_PTE ? 4 : 8;
	u64 at = table + index * bytes, e = 0;
	bool found = false, need_d;

	for (int i = 0; i < nr_cells; i++) {
		if (cell[i].gpa == at) {
			e = cell[i].value;
			found = true;
		}
	}
	if (!found) {
		o->what = GWALK_BUS;
		o->bus = at;
		return false;
	}
	s->last = e;
	if ((e & 1) == 0) {
		o->what = GWALK_FAULT;
		o->code = code_of(c, a);
		return false;
	}
	if (violates_format(c, t, e)) {
		o->what = GWALK_FAULT;
		o->code = 1 | 8 | code_of(c, a);
		return false;
	}
	if (t == PAE_PDPE)
		return true;
	s->w = s->w && (e & 2);
	s->u = s->u && (e & 4);
	s->x = s->x && !(e >> 63);
	need_d = maps_page(c, t, e) && a->write && !(e & 64);
	if (!(e & 32) || need_d)
		s->to_set++;
	return !maps_page(c, t, e);
}

static u64 addr64(u64 e)
{
	return e & 0xffffffffff000ULL;
}

static bool in_error(const struct outcome *o)
{
	return o->what != GWALK_OK;
}

static void long_mode(const struct cpu *c, const struct access *a, u64 va, struct walk_state *s,
		      struct outcome *o)
{
	u64 table = addr64(c->cr3);

	if (c->cr4 & X86_CR4_LA57) {
		if (!level(c, a, PML5E, table, va >> 48 & 511, s, o))
			return;
		table = addr64(s->last);
	}
	if (!level(c, a, PML4E, table, va >> 39 & 511, s, o))
		return;
	if (!level(c, a, PDPE, addr64(s->last), va >> 30 & 511, s, o)) {
		o->size_shift = 30;
		o->gpa = (addr64(s->last) & ~0x3fffffffULL) + (va & 0x3fffffff);
		return;
	}
	if (!level(c, a, PDE, addr64(s->last), va >> 21 & 511, s, o)) {
		o->size_shift = 21;
		o->gpa = (addr64(s->last) & ~0x1fffffULL) + (va & 0x1fffff);
		return;
	}
	level(c, a, PTE, addr64(s->last), va >> 12 & 511, s, o);
	o->size_shift = 12;
	o->gpa = addr64(s->last) + (va & 0xfff);
}

static void pae_mode(const struct cpu *c, const struct access *a, u32 va, struct walk_state *s,
		     struct outcome *o)
{
	if (!level(c, a, PAE_PDPE, c->cr3 & 0xffffffe0, va >> 30, s, o))
		return;
	if (!level(c, a, PAE_PDE, addr64(s->last), va >> 21 & 511, s, o)) {
		o->size_shift = 21;
		o->gpa = (addr64(s->last) & ~0x1fffffULL) + (va & 0x1fffff);
		return;
	}
	level(c, a, PAE_PTE, addr64(s->last), va >> 12 & 511, s, o);
	o->size_shift = 12;
	o->gpa = addr64(s->last) + (va & 0xfff);
}

static void old_mode(const struct cpu *c, const struct access *a, u32 va, struct walk_state *s,
		     struct outcome *o)
{
	if (!level(c, a, OLD_PDE, c->cr3 & 0xfffff000, va >> 22, s, o)) {
		u64 high = c->caps.pse36 ? s->last >> 13 & 0xff : 0;

		o->size_shift = 22;
		o->gpa = high * 0x100000000ULL + (s->last & 0xffc00000) + (va & 0x3fffff);
		return;
	}
	level(c, a, OLD_PTE, s->last & 0xfffff000, va >> 12 & 1023, s, o);
	o->size_shift = 12;
	o->gpa = (s->last & 0xfffff000) + (va & 0xfff);
}

static struct outcome oracle(const struct cpu *c, const struct access *a, u64 va)
{
	struct outcome o = {.what = GWALK_OK};
	struct walk_state s = {true, true, true, 0, 0};
	u32 code;

	if (!(c->cr0 & X86_CR0_PG)) {
		o.gpa = va;
		return o;
	}
	if (c->efer & GEFER_LMA) {
		int top = c->cr4 & X86_CR4_LA57 ? 56 : 47;
		u64 ext = va >> top;

		if (ext != 0 && ext != (~0ULL >> top)) {
			o.what = GWALK_NON_CANONICAL;
			return o;
		}
		long_mode(c, a, va, &s, &o);
	} else if (c->cr4 & X86_CR4_PAE) {
		pae_mode(c, a, va, &s, &o);
	} else {
		old_mode(c, a, va, &s, &o);
	}
	if (in_error(&o) || a->only_translate)
		return o;
	code = judge(c, a, s.w, s.u, s.x, s.last >> 59 & 15);
	if (code) {
		o.what = GWALK_FAULT;
		o.code = code;
	}
	o.dirtied = s.to_set;
	return o;
}

/* ---- Comparison ---- */

static unsigned long outcomes[4], faults_with[64], pages_of[31];

static void compare(const struct cpu *c, const struct access *a, u64 va)
{
	struct outcome want = oracle(c, a, va);
	struct gwalk_regs regs = {.cr3 = c->cr3, .rflags = c->rflags, .pkru = c->pkru};
	struct gwalk_mode mode;
	struct gwalk w;
	unsigned int access = (a->write ? GWALK_WRITE : 0) | (a->fetch ? GWALK_FETCH : 0) |
			      (a->user ? GWALK_USER : 0) | (a->implicit ? GWALK_IMPLICIT : 0) |
			      (a->only_translate ? GWALK_NO_CHECK : 0);
	enum gwalk_result got;

	memset(&w, 0xa5, sizeof(w));
	gwalk_mode_init(&mode, c->cr0, c->cr4, c->efer, &c->caps);
	nr_reads = 0;
	got = gwalk(&mode, &regs, va, access, read_cell, NULL, &w);
	outcomes[got]++;
	assert_int_equal(got, want.what);
	if (mode.levels && got != GWALK_NON_CANONICAL)
		assert_int_equal(nr_reads, w.depth + (got == GWALK_BUS));
	switch (got) {
	case GWALK_OK:
		assert_int_equal(w.gpa, want.gpa);
		assert_int_equal(w.page_shift, want.size_shift);
		assert_int_equal(w.nr_updates, a->only_translate ? 0 : want.dirtied);
		pages_of[w.page_shift]++;
		for (int i = 0; i < w.nr_updates; i++) {
			u64 set = w.update[i].new ^ w.update[i].old, value = 0;

			assert_int_equal(read_cell(NULL, w.update[i].gpa, &value, w.update_bytes),
					 0);
			assert_int_equal(value, w.update[i].old);
			assert_true(set && !(set & ~0x60ULL) && !(set & w.update[i].old));
			assert_true(w.update[i].new & 0x20);
			if (set & 0x40)
				assert_true(a->write && i == w.nr_updates - 1);
		}
		break;
	case GWALK_FAULT:
		assert_int_equal(w.fault.error_code, want.code);
		assert_int_equal(w.fault.address, c->efer & GEFER_LMA ? va : (u32)va);
		faults_with[want.code]++;
		break;
	case GWALK_BUS:
		assert_int_equal(w.bus_gpa, want.bus);
		break;
	case GWALK_NON_CANONICAL:
		break;
	}
}

/* Puts entries on the path of @va in this mode: flags[] from the top, addresses chained. */
static void lay_out(const struct cpu *c, u64 va, const u64 flags[5], u64 page)
{
	u64 table = 0x13000;
	int i = 0;

	nr_cells = 0;
	if (c->efer & GEFER_LMA) {
		for (int shift = c->cr4 & X86_CR4_LA57 ? 48 : 39; shift >= 12; shift -= 9, i++) {
			u64 next = shift == 12 ? page : 0x20000ULL + i * 0x1000;

			put(table + (va >> shift & 511) * 8, next | flags[i], 8);
			table = next;
		}
	} else if (c->cr4 & X86_CR4_PAE) {
		put(table + ((u32)va >> 30) * 8, 0x20000 | flags[0], 8);
		put(0x20000 + (va >> 21 & 511) * 8, 0x21000 | flags[1], 8);
		put(0x21000 + (va >> 12 & 511) * 8, page | flags[2], 8);
	} else {
		put(table + ((u32)va >> 22) * 4, 0x20000 | flags[0], 4);
		put(0x20000 + (va >> 12 & 1023) * 4, page | flags[1], 4);
	}
}

enum paging { PAGING_32, PAGING_PAE, PAGING_4L, PAGING_5L, PAGINGS };

static struct cpu make_cpu(enum paging p, u64 cr4, bool nxe, bool wp)
{
	struct cpu c = {
		.cr0 = X86_CR0_PE | X86_CR0_PG | (wp ? X86_CR0_WP : 0),
		.cr3 = 0x13018, /* with bits that are no address */
		.cr4 = cr4,
		.efer = nxe ? GEFER_NXE : 0,
		.caps = {.maxphyaddr = 45,
			 .page1g = true,
			 .pse36 = true,
			 .lm = true,
			 .vendor = CPU_VENDOR_AMD},
	};

	c.caps.gpa_reserved = ~0ULL << c.caps.maxphyaddr;
	if (p != PAGING_32)
		c.cr4 |= X86_CR4_PAE;
	if (p >= PAGING_4L)
		c.efer |= GEFER_LME | GEFER_LMA;
	if (p == PAGING_5L)
		c.cr4 |= X86_CR4_LA57;
	return c;
}

static const struct access accesses[] = {
	{.user = false},
	{.write = true},
	{.fetch = true},
	{.user = true},
	{.user = true, .write = true},
	{.user = true, .fetch = true},
	{.user = true, .implicit = true},
	{.user = true, .write = true, .implicit = true},
	{.implicit = true},
	{.implicit = true, .write = true},
	{.user = true, .write = true, .only_translate = true},
};

/* All of W, U, NX, A, D at the top and at the leaf, all controls, all accesses. */
static void rights_exhaustively_in(enum paging p)
{
	const u64 va = p == PAGING_5L	? 0xff7f123456789abcULL
		       : p == PAGING_4L ? 0xffff923456789abcULL
					: 0x87654abc;
	int leaf = p == PAGING_32 ? 1 : p == PAGING_PAE ? 2 : p == PAGING_4L ? 3 : 4;

	for (int ctl = 0; ctl < 64; ctl++) {
		u64 cr4 = (ctl & 1 ? X86_CR4_SMEP : 0) | (ctl & 2 ? X86_CR4_SMAP : 0) |
			  (ctl & 4 ? X86_CR4_PSE : 0);
		struct cpu c = make_cpu(p, cr4, ctl & 8, ctl & 16);

		c.rflags = ctl & 32 ? X86_EFLAGS_AC : 0;
		for (int bits = 0; bits < 256; bits++) {
			u64 flags[5] = {7 | 0x20, 7 | 0x20, 7 | 0x20, 7 | 0x20, 7 | 0x20};
			int top = p == PAGING_PAE ? 1 : 0; /* a PDPTE has no rights */
			u64 nx = p == PAGING_32 ? 0 : 1ULL << 63;

			if (p == PAGING_PAE)
				flags[0] = 1;
			flags[top] = 1 | (bits & 3) << 1 | (bits & 4 ? nx : 0) |
				     (bits & 8 ? 0x20 : 0);
			flags[leaf] = 1 | (bits >> 4 & 3) << 1 | (bits & 64 ? nx : 0) |
				      (bits & 128 ? 0x60 : 0);
			lay_out(&c, va, flags, 0x345000);
			for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++)
				compare(&c, &accesses[i], va);
		}
	}
}

static void rights_exhaustively_32_bit(void **state)
{
	(void)state;
	rights_exhaustively_in(PAGING_32);
}

static void rights_exhaustively_pae(void **state)
{
	(void)state;
	rights_exhaustively_in(PAGING_PAE);
}

static void rights_exhaustively_4_level(void **state)
{
	(void)state;
	rights_exhaustively_in(PAGING_4L);
}

static void rights_exhaustively_5_level(void **state)
{
	(void)state;
	rights_exhaustively_in(PAGING_5L);
}

/* Entries with PS get an aligned address, so that only the bits of flags[] can be wrong. */
static void align_large(const u64 flags[5])
{
	for (int i = 0; i < nr_cells; i++)
		if (cell[i].value & 0x80)
			cell[i].value = (cell[i].value & ~0x3fffe000ULL) | (flags[i] & 0x3fffe000);
}

/* Each bit of each entry set alone, at several MAXPHYADDRs, vendors and page sizes. */
static void every_reserved_bit_of_every_entry_faults(void **state)
{
	static const u8 phys[] = {32, 36, 39, 40, 45, 52};

	(void)state;
	for (int p = 0; p < PAGINGS; p++) {
		int levels = p == PAGING_32 ? 2 : p == PAGING_PAE ? 3 : p == PAGING_4L ? 4 : 5;

		for (int variant = 0; variant < 32 * 6; variant++) {
			struct cpu c =
				make_cpu(p, variant & 1 ? X86_CR4_PSE : 0, variant & 2, true);
			int large = (variant >> 4 & 1) ? levels - 2 : -1;

			c.caps.vendor = variant & 4 ? CPU_VENDOR_AMD : CPU_VENDOR_INTEL;
			c.caps.page1g = variant & 8;
			c.caps.pse36 = variant & 8;
			c.caps.maxphyaddr = phys[variant / 32];
			c.caps.gpa_reserved = ~0ULL << c.caps.maxphyaddr;
			for (int at = 0; at < levels; at++) {
				for (int bit = 1; bit < (p == PAGING_32 ? 32 : 64); bit++) {
					u64 flags[5] = {0x27, 0x27, 0x27, 0x27, 0x27};

					if (p == PAGING_PAE)
						flags[0] = 1;
					if (large >= 0)
						flags[large] |= 0x80;
					if (large > 0 && p >= PAGING_4L && at < large &&
					    (variant & 2))
						flags[large - 1] |= 0x80; /* 1G */
					flags[at] ^= 1ULL << bit;
					lay_out(&c, 0x40201000, flags, 0x40000000);
					align_large(flags);
					compare(&c, &accesses[4], 0x40201000);
				}
			}
		}
	}
}

static u64 rand64(void)
{
	return (u64)rand() << 42 ^ (u64)rand() << 21 ^ (u64)rand();
}

static void random_tables_in_all_modes_agree(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 1500000; round++) {
		enum paging p = rand() % PAGINGS;
		u64 r = rand64(), va = rand64(), flags[5];
		struct cpu c = make_cpu(p, 0, r & 1, r & 2);
		struct access a = {.write = r & 4, .user = r & 8, .implicit = (r & 0x70) == 0};

		if (r & 0x80 && !a.write)
			a.fetch = true;
		c.cr4 |= (r & 0x100 ? X86_CR4_SMEP : 0) | (r & 0x200 ? X86_CR4_SMAP : 0) |
			 (r & 0x400 ? X86_CR4_PKE : 0) | (r & 0x800 ? X86_CR4_PSE : 0);
		c.rflags = r & 0x1000 ? X86_EFLAGS_AC : 0;
		c.pkru = r & 0x2000 ? rand64() : 0;
		c.caps.vendor = r & 0x4000 ? CPU_VENDOR_INTEL : CPU_VENDOR_AMD;
		c.caps.page1g = r & 0x8000;
		c.caps.pse36 = r & 0x10000;
		c.caps.maxphyaddr = 36 + (r >> 17 & 15);
		c.caps.gpa_reserved = ~0ULL << c.caps.maxphyaddr;
		if (p >= PAGING_4L && (r >> 22 & 7))
			va = sign_extend64(va, p == PAGING_5L ? 56 : 47);
		for (int i = 0; i < 5; i++) {
			flags[i] = 7 | (rand64() & 0x60);
			if (rand() % 8 == 0)
				flags[i] ^= rand64() & 0x780000000000007eULL;
			if (rand() % 16 == 0)
				flags[i] ^= 1ULL << (rand() % 64);
			if (rand() % 6 == 0)
				flags[i] |= 0x80;
			if (rand() % 4 == 0)
				flags[i] |= (rand64() & 15) << 59;
			if (p != PAGING_5L && p != PAGING_4L)
				flags[i] &= ~(15ULL << 59);
		}
		if (p == PAGING_PAE)
			flags[0] &= ~0x1e6ULL;
		/* A large entry has to be aligned to be more than a reserved-bit fault. */
		lay_out(&c, va, flags, (rand64() & 0xfffff000) | (r >> 30 & 1 ? 0 : 1ULL << 34));
		if (rand() % 3 == 0)
			for (int i = 0; i < nr_cells; i++)
				if (cell[i].value & 0x80)
					cell[i].value &= ~0x3fffe000ULL;
		if (rand() % 64 == 0)
			cell[rand() % nr_cells].gpa ^= 0x100000;
		compare(&c, &a, va);
	}
}

static void the_random_run_saw_every_kind_of_outcome(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(outcomes[i] > 1000);
	assert_true(pages_of[12] > 1000 && pages_of[21] > 1000 && pages_of[22] > 1000 &&
		    pages_of[30] > 1000);
	/* P, W, U, RSVD, I and PK each alone and together where the manuals have them. */
	static const u8 codes[] = {0x00, 0x02, 0x04, 0x06, 0x10, 0x14, 0x01, 0x03,
				   0x05, 0x07, 0x11, 0x15, 0x09, 0x0b, 0x0d, 0x0f,
				   0x19, 0x1d, 0x21, 0x23, 0x25, 0x27};

	for (unsigned int i = 0; i < sizeof(codes); i++)
		assert_true(faults_with[codes[i]] > 20);
}

static void paging_off_is_identity(void **state)
{
	struct cpu c = make_cpu(PAGING_32, 0, false, false);

	(void)state;
	c.cr0 = X86_CR0_PE;
	nr_cells = 0;
	compare(&c, &accesses[4], 0x12345678);
	compare(&c, &accesses[2], 0);
}

static void loaded_pdptrs_are_used_instead_of_memory(void **state)
{
	struct cpu c = make_cpu(PAGING_PAE, 0, false, true);
	u64 pdptrs[4] = {0, 0x20001, 0, 0};
	struct gwalk_regs regs = {.cr3 = 0xdead0000, .pdptrs = pdptrs};
	struct gwalk_mode mode;
	struct gwalk w;

	(void)state;
	nr_cells = 0;
	put(0x20000, 0x80000067 | 0x80, 8);
	gwalk_mode_init(&mode, c.cr0, c.cr4, c.efer, &c.caps);
	assert_int_equal(gwalk(&mode, &regs, 0x40001234, GWALK_WRITE, read_cell, NULL, &w),
			 GWALK_OK);
	assert_int_equal(w.gpa, 0x80001234);
	assert_int_equal(w.depth, 2);
	assert_int_equal(w.entry[0], 0x20001);
	assert_int_equal(w.table_gpa[0], 0xdead0008);
	assert_int_equal(w.nr_updates, 0);
	assert_int_equal(gwalk(&mode, &regs, 0x00001234, GWALK_WRITE, read_cell, NULL, &w),
			 GWALK_FAULT);
	assert_int_equal(w.fault.error_code, GPFEC_W);
}

static void a_not_present_entry_wins_over_its_reserved_bits(void **state)
{
	struct cpu c = make_cpu(PAGING_4L, 0, false, true);
	u64 flags[5] = {0x27, 0x27, 1ULL << 51, 0x27};

	(void)state;
	lay_out(&c, 0x1000, flags, 0x5000);
	compare(&c, &accesses[0], 0x1000);
	assert_int_equal(oracle(&c, &accesses[0], 0x1000).code, 0);
}

static void rights_and_key_of_the_page_are_reported(void **state)
{
	struct cpu c = make_cpu(PAGING_4L, X86_CR4_PKE, true, true);
	u64 flags[5] = {0x67, 0x67, 0x65, (9ULL << 59) | (1ULL << 63) | 0x167};
	struct gwalk_regs regs = {.cr3 = c.cr3};
	struct gwalk_mode mode;
	struct gwalk w;

	(void)state;
	lay_out(&c, 0x7000, flags, 0x9000);
	gwalk_mode_init(&mode, c.cr0, c.cr4, c.efer, &c.caps);
	assert_int_equal(gwalk(&mode, &regs, 0x7010, 0, read_cell, NULL, &w), GWALK_OK);
	assert_int_equal(w.rights, GWALK_ACC_U);
	assert_int_equal(w.pkey, 9);
	assert_true(w.global);
	assert_int_equal(w.level, 1);
	assert_int_equal(gwalk_rights_fault(&mode, &regs, w.rights, w.pkey, GWALK_USER), 0);
	regs.pkru = 1U << 18;
	assert_int_equal(gwalk_rights_fault(&mode, &regs, w.rights, w.pkey, GWALK_USER),
			 GPFEC_P | GPFEC_U | GPFEC_PK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_exhaustively_32_bit),
		cmocka_unit_test(rights_exhaustively_pae),
		cmocka_unit_test(rights_exhaustively_4_level),
		cmocka_unit_test(rights_exhaustively_5_level),
		cmocka_unit_test(every_reserved_bit_of_every_entry_faults),
		cmocka_unit_test(random_tables_in_all_modes_agree),
		cmocka_unit_test(the_random_run_saw_every_kind_of_outcome),
		cmocka_unit_test(paging_off_is_identity),
		cmocka_unit_test(loaded_pdptrs_are_used_instead_of_memory),
		cmocka_unit_test(a_not_present_entry_wins_over_its_reserved_bits),
		cmocka_unit_test(rights_and_key_of_the_page_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
