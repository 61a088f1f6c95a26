/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MSR bitmap (SDM vol. 3, "MSR-bitmap address": a bit for reads and one for
 * writes, in two ranges of 0x2000).
 *
 * Everything exits but what the VMCS switches anyway, and KERNEL_GS_BASE, which
 * SWAPGS changes in any case. Those of the system-call MSRs that host.c switches
 * are written seldom, and so need not be read back.
 *
 * Locks: vcpu->mutex.
 */
#include <linux/mm.h>
#include <asm/msr-index.h>

#include "../irq/lapic.h"
#include "vmx.h"

/* The guest's own. */
static const u32 passed[] = {
	GMSR_SYSENTER_CS, GMSR_SYSENTER_ESP, GMSR_SYSENTER_EIP,
	GMSR_FS_BASE,	  GMSR_GS_BASE,	     GMSR_KERNEL_GS_BASE,
};

static bool is_passed(u32 index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(passed); i++) {
		if (passed[i] == index)
			return true;
	}
	return false;
}

static void permit(struct vmx_vcpu *vmx, u32 index, bool read_exits, bool write_exits)
{
	u8 *map = page_address(vmx->msr_bitmap);
	u32 bit = index & (VMX_MSR_BITMAP_MSRS - 1);

	if (index < VMX_MSR_BITMAP_MSRS)
		map += VMX_MSR_BITMAP_LOW;
	else if (index - 0xc0000000 < VMX_MSR_BITMAP_MSRS)
		map += VMX_MSR_BITMAP_HIGH;
	else
		return; /* outside of the map: exits always */
	if (read_exits)
		map[bit / 8] |= BIT(bit % 8);
	else
		map[bit / 8] &= ~BIT(bit % 8);
	map += VMX_MSR_BITMAP_WRITES;
	if (write_exits)
		map[bit / 8] |= BIT(bit % 8);
	else
		map[bit / 8] &= ~BIT(bit % 8);
}

void vmx_msr_bitmap_init(struct vmx_vcpu *vmx)
{
	unsigned int i;

	memset(page_address(vmx->msr_bitmap), 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		permit(vmx, passed[i], false, false);
}

void vmx_msr_apicv(struct vmx_vcpu *vmx, bool on)
{
	u32 w;

	permit(vmx, LAPIC_MSR(LAPIC_TPR), !on, !on);
	permit(vmx, LAPIC_MSR(LAPIC_PPR), !on, true);
	permit(vmx, LAPIC_MSR(LAPIC_EOI), true, !on);
	for (w = 0; w < 8; w++) {
		permit(vmx, LAPIC_MSR(LAPIC_ISR) + w, !on, true);
		permit(vmx, LAPIC_MSR(LAPIC_TMR) + w, !on, true);
		permit(vmx, LAPIC_MSR(LAPIC_IRR) + w, !on, true);
	}
}

/* An MSR that is the host's can't be passed to the guest, whatever is asked for. */
void vmx_msr_intercept(struct vcpu *vcpu, u32 index, bool read, bool write)
{
	bool own = is_passed(index);

	permit(to_vmx(vcpu), index, read || !own, write || !own);
}
