/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page-modification logging (SDM vol. 3, "Page-modification logging"): when a
 * write of the guest sets the dirty bit of a leaf of the nested tables, the CPU
 * first puts the page's address into a log. It exits before a write that finds
 * the log full; that write comes again.
 *
 * Each vCPU has a page for its log. It is on while a slot of the VM logs, which
 * core/run.c sees to, and is emptied after each exit with interrupts still off.
 * So whoever has seen a vCPU outside of the guest knows that its log is in the
 * dirty bitmaps. How the bitmap and the leaves' dirty bits agree: mem/dirty.c.
 *
 * Locks: entry context, or vcpu->mutex for what only sets a flag.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <asm/io.h>

#include "pml.h"
#include "vmx.h"

static bool pml = true;
module_param(pml, bool, 0444);
MODULE_PARM_DESC(pml, "Let the CPU log pages for the dirty log, where it can (default: 1)");

void vmx_pml_choose(struct vmx_controls *controls)
{
	if (!pml)
		controls->secondary &= ~(u32)VMX_2_PML;
}

int vmx_pml_create(struct vmx_vcpu *vmx)
{
	if (!(vmx_hw.controls.secondary & VMX_2_PML))
		return 0;
	vmx->pml = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	return vmx->pml ? 0 : -ENOMEM;
}

void vmx_pml_destroy(struct vmx_vcpu *vmx)
{
	if (vmx->pml)
		__free_page(vmx->pml);
}

void vmx_pml_update(struct vmx_vcpu *vmx)
{
	if (vmx->pml_on) {
		vmx->controls.secondary |= VMX_2_PML;
		vmx->special |= VMX_SPECIAL_LOG;
	} else {
		vmx->controls.secondary &= ~(u32)VMX_2_PML;
		vmx->special &= ~VMX_SPECIAL_LOG;
	}
	vmx->dirty |= VMX_DIRTY_CONTROLS;
}

void vmx_write_log_set(struct vcpu *vcpu, bool on)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->pml_on = on;
	vmx_pml_update(vmx);
}

notrace void vmx_pml_write(const struct vmx_vcpu *vmx)
{
	vmwrite(VMCS_PML_ADDRESS, page_to_phys(vmx->pml));
	vmwrite(VMCS_PML_INDEX, VMX_PML_EMPTY);
}

notrace void vmx_pml_collect(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	unsigned int first = vmx_pml_first(vmread(VMCS_PML_INDEX));

	if (first == VMX_PML_ENTRIES)
		return;
	vmwrite(VMCS_PML_INDEX, VMX_PML_EMPTY);
	vcpu->logged = (const u64 *)page_address(vmx->pml) + first;
	vcpu->n_logged = VMX_PML_ENTRIES - first;
}
