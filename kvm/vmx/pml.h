/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-modification log in memory: one page of addresses, filled from its
 * end. See pml.c. Pure.
 */
#ifndef GLASSVISOR_VMX_PML_H
#define GLASSVISOR_VMX_PML_H

#include "../env.h"

#define VMX_PML_ENTRIES 512
#define VMX_PML_EMPTY	(VMX_PML_ENTRIES - 1) /* VMCS_PML_INDEX: the entry to be written next */

/*
 * The first entry that was written, for a VMCS_PML_INDEX; VMX_PML_ENTRIES: none.
 * The index of a full log has gone below 0.
 */
static inline unsigned int vmx_pml_first(u16 index)
{
	u16 first = index + 1;

	return first < VMX_PML_ENTRIES ? first : VMX_PML_ENTRIES;
}

#endif /* GLASSVISOR_VMX_PML_H */
