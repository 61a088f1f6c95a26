/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MSR permission map (APM vol. 2, "MSR intercepts": two bits an MSR, reads
 * and writes, in three ranges of 0x2000).
 *
 * Everything exits but what VMLOAD, VMSAVE and the segment fields switch
 * anyway.
 *
 * Locks: vcpu->mutex.
 */
#include <linux/mm.h>
#include <asm/msr-index.h>

#include "svm.h"

#define MSRPM_BYTES	  (PAGE_SIZE << SVM_MSRPM_ORDER)
#define MSRPM_RANGE_MSRS  0x2000
#define MSRPM_RANGE_BYTES 0x800

/* The guest's own: switched with every entry. */
static const u32 passed[] = {
	GMSR_SYSENTER_CS, GMSR_SYSENTER_ESP, GMSR_SYSENTER_EIP, GMSR_STAR,    GMSR_LSTAR,
	GMSR_CSTAR,	  GMSR_SFMASK,	     GMSR_FS_BASE,	GMSR_GS_BASE, GMSR_KERNEL_GS_BASE,
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

/* Bit number of an MSR's read permission in the map; its write permission follows. */
static bool msrpm_bit(u32 index, u32 *ret_bit)
{
	static const u32 first[] = {0, 0xc0000000, 0xc0010000};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		if (index - first[i] < MSRPM_RANGE_MSRS) {
			*ret_bit = i * MSRPM_RANGE_BYTES * 8 + (index - first[i]) * 2;
			return true;
		}
	}
	return false;
}

static void msrpm_set(u8 *map, u32 bit, bool on)
{
	if (on)
		map[bit / 8] |= BIT(bit % 8);
	else
		map[bit / 8] &= ~BIT(bit % 8);
}

static void permit(struct svm_vcpu *svm, u32 index, bool read_exits, bool write_exits)
{
	u8 *map = page_address(svm->msrpm);
	u32 bit;

	if (!msrpm_bit(index, &bit))
		return; /* outside of the map: exits always */
	msrpm_set(map, bit, read_exits);
	msrpm_set(map, bit + 1, write_exits);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_PERM);
}

void svm_msrpm_init(struct svm_vcpu *svm)
{
	unsigned int i;

	memset(page_address(svm->msrpm), 0xff, MSRPM_BYTES);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		permit(svm, passed[i], false, false);
}

/* An MSR that is the host's can't be passed to the guest, whatever is asked for. */
void svm_msr_intercept(struct vcpu *vcpu, u32 index, bool read, bool write)
{
	bool own = is_passed(index);

	permit(to_svm(vcpu), index, read || !own, write || !own);
}
