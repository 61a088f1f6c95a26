/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VPIDs and the guest's TLB (SDM vol. 3, "VMX support for address translation",
 * "Caching translation information").
 *
 * A vCPU keeps its VPID for life. Under EPT everything that a CPU caches of a
 * guest carries the address of the guest's EPT root; INVEPT of that root drops
 * it all, whatever the VPID. A vCPU does that when it comes to a CPU, as what it
 * or others of its VM left there may be out of date, and when mmu/ asks. So
 * neither a root nor a VPID that is used again needs more. A change of the
 * guest's paging mode leaves the nested tables as they are: INVVPID will do.
 *
 * Without VPID each entry and exit flushes what is of the guest's own tables.
 *
 * Locks: entry context, or vcpu->mutex for what only sets a flag.
 */
#include <linux/idr.h>

#include "vmx.h"

static DEFINE_IDA(vpids);

/* 0: all taken, go without. */
u16 vmx_vpid_alloc(void)
{
	int vpid = ida_alloc_range(&vpids, 1, U16_MAX, GFP_KERNEL);

	return vpid < 0 ? 0 : vpid;
}

void vmx_vpid_free(u16 vpid)
{
	if (vpid)
		ida_free(&vpids, vpid);
}

static void flush_root(u64 eptp)
{
	if (vmx_hw.caps.ept_vpid & VMX_EPT_INVEPT_ONE)
		invept(VMX_INV_ONE, eptp);
	else
		invept(VMX_INV_ALL, 0);
}

notrace void vmx_tlb_prepare(struct vmx_vcpu *vmx)
{
	if ((vmx->flush & VMX_FLUSH_ALL) ||
	    (vmx->vpid && !(vmx_hw.caps.ept_vpid & VMX_VPID_INVVPID_ONE)))
		flush_root(vmx->eptp);
	else if (vmx->vpid)
		invvpid(VMX_INV_ONE, vmx->vpid);
	vmx->flush = 0;
}

void vmx_tlb_cpu_init(void)
{
	invept(VMX_INV_ALL, 0);
}

void vmx_tlb_flush(struct vcpu *vcpu)
{
	to_vmx(vcpu)->flush |= VMX_FLUSH_ALL;
}

void vmx_root_set(struct vcpu *vcpu, hpa_t root)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->eptp = root | vmx_hw.eptp_bits;
	vmx->dirty |= VMX_DIRTY_ROOT;
	vmx->flush |= VMX_FLUSH_ALL;
}
