/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk of a guest's page tables: gva to gpa, in every paging mode, with
 * the rights, the error code and the accessed and dirty bits of the manuals.
 * See gwalk.c.
 */
#ifndef GLASSVISOR_MMU_GWALK_H
#define GLASSVISOR_MMU_GWALK_H

#include "../env.h"
#include "../x86/caps.h"
#include "../x86/cr.h"

#define GWALK_MAX_LEVELS 5

/* What kind of access is asked about */
enum gwalk_access {
	GWALK_READ = 0,
	GWALK_WRITE = 1 << 0,
	GWALK_USER = 1 << 1, /* CPL 3 */
	GWALK_FETCH = 1 << 2,
	GWALK_IMPLICIT = 1 << 3, /* supervisor access whatever CPL: descriptor tables, TSS */
	GWALK_NO_CHECK = 1 << 4, /* translate only (KVM_TRANSLATE): no rights, no A/D */
};

/* Accumulated rights of the page (all levels together) */
#define GWALK_ACC_W 0x1
#define GWALK_ACC_U 0x2
#define GWALK_ACC_X 0x4

/*
 * A paging mode with all that follows from it, made by gwalk_mode_init when
 * CR0, CR4, EFER or CPUID change and constant until then. A walk takes it by
 * reference and looks at no control register but CR3.
 */
struct gwalk_mode {
	u8 levels;	/* 0 (paging off), 2, 3, 4 or 5 */
	u8 entry_shift; /* 2 or 3: log2 of the size of an entry */
	u8 va_bits;	/* 32, 48 or 57 */
	bool pae;	/* levels == 3: the top level is the four PDPTEs */
	bool wp, nx, smep, smap, pku;
	bool pse36;    /* 32-bit tables: bits 20:13 of a 4M entry are address bits 39:32 */
	u64 cr3_mask;  /* the table address in CR3 */
	u64 addr_mask; /* the address in an entry */
	struct gwalk_level {
		u64 rsvd;      /* reserved bits of an entry that points to a table */
		u64 rsvd_page; /* ... that maps a page */
		u64 page;      /* this bit set: the entry maps a page. PS, 0, or at the end P */
		u8 shift;      /* of the index in the address; log2 of the size of a page here */
	} level[GWALK_MAX_LEVELS + 1]; /* by level, 1 = last */
};

/* The state of a walk that is not in the mode. */
struct gwalk_regs {
	u64 cr3;
	const u64 *pdptrs; /* PAE: the loaded PDPTRs, or NULL: read them at CR3 (as NPT does) */
	u64 rflags;	   /* AC is looked at (SMAP) */
	u32 pkru;	   /* looked at if mode->pku */
};

enum gwalk_result {
	GWALK_OK,
	GWALK_FAULT,	     /* #PF, see struct gwalk_fault */
	GWALK_NON_CANONICAL, /* #GP(0) or #SS(0), as the segment says */
	GWALK_BUS,	     /* an entry could not be read: bus_gpa is not in memory */
};

/* The #PF to inject. */
struct gwalk_fault {
	gva_t address;	/* CR2 */
	u32 error_code; /* GPFEC_* */
};

/* An entry that needs its accessed or dirty bit set: cmpxchg(gpa, old, new). */
struct gwalk_update {
	gpa_t gpa;
	u64 old;
	u64 new;
};

struct gwalk {
	gpa_t gpa;		  /* OK: the translated address, with the page offset */
	gpa_t bus_gpa;		  /* BUS: the entry's address */
	struct gwalk_fault fault; /* FAULT */
	u8 page_shift;		  /* OK: 12, 21, 22 or 30; 0 with paging off */
	u8 level;		  /* level of the entry that ended the walk, 1 = last */
	u8 rights;		  /* OK: GWALK_ACC_* of the page as the tables give them, for this
			  * mode (NX off: X always set), before CR0.WP and the like */
	u8 pkey;		  /* OK: protection key, 0 without PKU */
	bool global;		  /* OK: the G bit of the leaf (CR4.PGE not looked at) */
	u8 depth;		  /* entries walked */
	u8 nr_updates;		  /* entries of update[] in use */
	u8 update_bytes;	  /* size of each: 4 or 8 */
	gpa_t table_gpa[GWALK_MAX_LEVELS]; /* gpa of each entry read, from the top */
	u64 entry[GWALK_MAX_LEVELS];	   /* and what was there */
	struct gwalk_update update[GWALK_MAX_LEVELS];
};

/*
 * Read a guest page-table entry of @len (4 or 8) bytes, aligned, at once.
 * 0, or anything else if there is no memory.
 */
typedef int (*gwalk_read_fn)(void *ctx, gpa_t gpa, u64 *ret, unsigned int len);

void gwalk_mode_init(struct gwalk_mode *ret_mode, u64 cr0, u64 cr4, u64 efer,
		     const struct cpuid_guest_caps *caps);

/*
 * Translate @gva. @access is a combination of enum gwalk_access. Of
 * *ret_walk only the fields that belong to the result are meaningful; depth,
 * table_gpa and entry always are.
 *
 * On GWALK_OK the caller first brings in update[] (top first), each by a
 * cmpxchg; where one fails, it walks again. Nothing is written to guest memory
 * here.
 */
enum gwalk_result gwalk(const struct gwalk_mode *mode, const struct gwalk_regs *regs, gva_t gva,
			unsigned int access, gwalk_read_fn read, void *ctx, struct gwalk *ret_walk);

/*
 * The rights part on its own: does a page with @rights and @pkey allow
 * @access? 0, or the error code of the page fault (P set), for a translation
 * that is cached somewhere.
 */
u32 gwalk_rights_fault(const struct gwalk_mode *mode, const struct gwalk_regs *regs, u8 rights,
		       u8 pkey, unsigned int access);

#endif /* GLASSVISOR_MMU_GWALK_H */
