/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things are in the memory of a test guest, shared by the payloads (assembly) and the test
 * programs (C). Everything is identity mapped, so an address is physical, linear and virtual.
 *
 * The first MiB holds tables, code and stack; tests use what lies above as they like.
 */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

#define G_GDT	 0x1000
#define G_TSS	 0x1800
#define G_IDT	 0x2000
#define G_PML4	 0x3000
#define G_PDPT	 0x4000
#define G_PD	 0x5000 /* four pages: 4 GiB in 2 MiB pages */
#define G_PDPT32 0x9000
#define G_PD32	 0xa000
#define G_IST	 0xc000 /* top of a one-page stack */
#define G_STUBS	 0xc000 /* 256 entries of 16 bytes, one a vector, then the common handler */
#define G_INFO	 0xe000
#define G_PT	 0xf000 /* a spare page for a page table of the test's own */
#define G_CODE	 0x10000
#define G_STACK	 0x20000 /* top */
#define G_DATA	 0x30000 /* scratch, up to 0x9ffff */
#define G_USTACK 0x9f000 /* top of the user-mode stack */

/* The info page: what the common handler saw, and words that both sides may use. */
#define I_FIXUP	    (G_INFO + 0x00) /* where to go on after the next exception */
#define I_VEC	    (G_INFO + 0x08)
#define I_ERR	    (G_INFO + 0x0c)
#define I_RIP	    (G_INFO + 0x10)
#define I_CR2	    (G_INFO + 0x18)
#define I_RFLAGS    (G_INFO + 0x20)
#define I_CS	    (G_INFO + 0x28)
#define I_EXC_COUNT (G_INFO + 0x30)
#define I_IRQ_COUNT (G_INFO + 0x34)
#define I_LAST_IRQ  (G_INFO + 0x38)
#define I_NMI_COUNT (G_INFO + 0x3c)
#define I_RSP	    (G_INFO + 0x40)
#define I_DR6	    (G_INFO + 0x48)
#define I_ARG	    (G_INFO + 0x100) /* 8-byte words from the host */
#define I_OUT	    (G_INFO + 0x200) /* 8-byte words to the host */
#define I_IRQ_LOG   (G_INFO + 0x400) /* a byte an interrupt, 256 of them */

/* Selectors. */
#define S_CODE64  0x08
#define S_DATA	  0x10
#define S_CODE32  0x18
#define S_CODE16  0x20
#define S_DATA16  0x28
#define S_TSS	  0x30
#define S_UDATA	  0x40
#define S_UCODE64 0x48
#define S_UCODE32 0x50
#define S_ABSENT  0x58

/* Ports. A result of 0 is success; anything else is the line of the check that failed. */
#define P_RESULT 0xf0
#define P_MSG	 0xf4
#define P_REPORT 0xf8
#define P_EXC	 0xfc

#define VEC_ANY_IRQ 32

#endif
