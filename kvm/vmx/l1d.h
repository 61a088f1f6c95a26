/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flush of the L1 data cache, see l1d.c. By itself, because the kernel's
 * asm/vmx.h, which that needs, has names of its own for what vmcs.h defines.
 */
#ifndef GLASSVISOR_VMX_L1D_H
#define GLASSVISOR_VMX_L1D_H

#include "../arch/exit.h"

/* This CPU needs it; constant after vmx_l1d_init(). */
extern bool vmx_l1d_needed;

/* -ENOMEM. */
int vmx_l1d_init(void);
void vmx_l1d_exit(void);
/*
 * Before an entry, if it is needed. @last: the exit before; *@dirty: something
 * of others' may be in the cache, cleared by a flush. Entry context.
 */
void vmx_l1d_flush(const struct exit *last, bool *dirty);

#endif /* GLASSVISOR_VMX_L1D_H */
