/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a back end is: its operations and its constants. Included by the back
 * ends, which fill one of these, and by arch/ops.h for everybody else.
 */
#ifndef GLASSVISOR_ARCH_BACKEND_H
#define GLASSVISOR_ARCH_BACKEND_H

#include "../types.h"
#include "exit.h"

struct vm;
struct vcpu;
struct spte_fmt;

/* What the hardware under the back end can do; filled by probe(). */
struct arch_caps {
	bool next_rip;	    /* exits tell the next instruction's address */
	bool decode_assist; /* exits tell operands and instruction bytes */
	bool tsc_scaling;   /* guests' TSCs may run at other rates than the host's */
	bool nested_1g;	    /* 1 GiB leaves in nested tables */
	u8 nested_levels;   /* levels of the nested tables: 4 or 5 */
	u8 tsc_frac_bits;   /* with tsc_scaling: bits of a ratio behind the point, */
	u64 tsc_ratio_max;  /* ... and the greatest ratio */
	bool apicv;	    /* guests can take interrupts, and end them, without exits */
	bool apic_access; /* exits tell accesses to vm->apic_page apart: EXIT_MMU_FAULT with a mark */
	bool deadline;	  /* guests can be ended at a given TSC */
	bool write_log;	  /* can log which pages the guest makes dirty: write_log_set */
	bool pdptes;	  /* PAE's top level is part of the state: who moves it loads it */
};

struct arch_backend {
	const char *name; /* "svm", "vmx" */
	u8 isa;		  /* EXIT_ISA_* */
	/*
	 * Once at load, may sleep: check this machine, allocate per-CPU areas.
	 * 0, -ENODEV: a CPU for another back end; -EOPNOTSUPP: no such hardware,
	 * -EACCES: firmware switched it off, -EBUSY: somebody else uses it, -ENOMEM.
	 * With all but -ENODEV *ret_why is a sentence for the log.
	 */
	int (*probe)(struct arch_caps *ret_caps, const char **ret_why);
	/* Undo probe(). */
	void (*remove)(void);
	/* Format of the nested page tables; valid after probe(). */
	const struct spte_fmt *(*spte_fmt)(void);
#define ARCH_OP(ret, name, proto, args) ret(*name) proto;
#include "ops.def"
#undef ARCH_OP
};

/* Capabilities of the selected back end. */
extern struct arch_caps arch_caps;

#endif /* GLASSVISOR_ARCH_BACKEND_H */
