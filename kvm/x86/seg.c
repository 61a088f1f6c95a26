// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segment descriptors and what follows from them.
 *
 * Pure. Limits in struct kvm_segment are byte limits with G already applied;
 * packing undoes that, so that unpack(pack(x)) == x for each limit that a
 * descriptor can hold.
 *
 * Sources: APM vol. 2, "Segmented virtual memory" (descriptor formats, limit
 * checks), "Processor state after RESET", "Long-mode operating modes".
 *
 * Left out: the loading rules with privilege checks (the emulator's far
 * transfers and segment loads), the back ends' own formats.
 */
#include "seg.h"

#define SEG_G_MASK 0xfffU

void seg_unpack(u64 desc, u16 selector, struct kvm_segment *ret_seg)
{
	u32 limit = (desc & 0xffff) | ((desc >> 32) & 0xf0000);

	memset(ret_seg, 0, sizeof(*ret_seg));
	ret_seg->selector = selector;
	ret_seg->base = ((desc >> 16) & 0xffffff) | ((desc >> 32) & 0xff000000);
	ret_seg->type = (desc >> 40) & 0xf;
	ret_seg->s = (desc >> 44) & 1;
	ret_seg->dpl = (desc >> 45) & 3;
	ret_seg->present = (desc >> 47) & 1;
	ret_seg->avl = (desc >> 52) & 1;
	ret_seg->l = (desc >> 53) & 1;
	ret_seg->db = (desc >> 54) & 1;
	ret_seg->g = (desc >> 55) & 1;
	ret_seg->limit = ret_seg->g ? (limit << 12) | SEG_G_MASK : limit;
	ret_seg->unusable = !ret_seg->present;
}

u64 seg_pack(const struct kvm_segment *seg)
{
	u64 limit = seg->g ? seg->limit >> 12 : seg->limit & 0xfffff;
	u64 desc;

	desc = limit & 0xffff;
	desc |= (seg->base & 0xffffff) << 16;
	desc |= (u64)(seg->type & 0xf) << 40;
	desc |= (u64)(seg->s & 1) << 44;
	desc |= (u64)(seg->dpl & 3) << 45;
	desc |= (u64)(seg->present & 1) << 47;
	desc |= (limit >> 16 & 0xf) << 48;
	desc |= (u64)(seg->avl & 1) << 52;
	desc |= (u64)(seg->l & 1) << 53;
	desc |= (u64)(seg->db & 1) << 54;
	desc |= (u64)(seg->g & 1) << 55;
	desc |= (seg->base >> 24 & 0xff) << 56;
	return desc;
}

void seg_load_real(u16 selector, struct kvm_segment *seg)
{
	seg->selector = selector;
	seg->base = (u64)selector << 4;
}

void seg_load_vm86(u16 selector, struct kvm_segment *ret_seg)
{
	seg_reset_data(ret_seg);
	seg_load_real(selector, ret_seg);
	ret_seg->dpl = 3;
}

void seg_reset_data(struct kvm_segment *ret_seg)
{
	memset(ret_seg, 0, sizeof(*ret_seg));
	ret_seg->limit = 0xffff;
	ret_seg->type = SEG_TYPE_WRITE | SEG_TYPE_ACCESSED;
	ret_seg->s = 1;
	ret_seg->present = 1;
}

void seg_reset_cs(struct kvm_segment *ret_seg)
{
	seg_reset_data(ret_seg);
	ret_seg->type |= SEG_TYPE_CODE;
	ret_seg->selector = 0xf000;
	ret_seg->base = 0xffff0000;
}

void seg_reset_ldt(struct kvm_segment *ret_seg)
{
	seg_reset_data(ret_seg);
	ret_seg->s = 0;
	ret_seg->type = SEG_SYS_LDT;
}

void seg_reset_tr(struct kvm_segment *ret_seg)
{
	seg_reset_data(ret_seg);
	ret_seg->s = 0;
	ret_seg->type = SEG_SYS_TSS16_BUSY;
}

u8 seg_cpl(u64 cr0, u64 rflags, const struct kvm_segment *ss)
{
	if (!(cr0 & X86_CR0_PE))
		return 0;
	if (rflags & X86_EFLAGS_VM)
		return 3;
	return ss->dpl & 3;
}

enum seg_mode seg_mode(u64 cr0, u64 efer, u64 rflags, const struct kvm_segment *cs)
{
	if (!(cr0 & X86_CR0_PE))
		return SEG_MODE_REAL;
	if (efer & GEFER_LMA) {
		if (cs->l)
			return SEG_MODE_LONG;
	} else if (rflags & X86_EFLAGS_VM) {
		return SEG_MODE_VM86;
	}
	return cs->db ? SEG_MODE_PROT32 : SEG_MODE_PROT16;
}

static bool seg_type_allows(const struct kvm_segment *seg, bool write)
{
	if (!seg->s || !seg->present || seg->unusable)
		return false;
	if (seg->type & SEG_TYPE_CODE)
		return !write && (seg->type & SEG_TYPE_WRITE); /* the R bit of code */
	return !write || (seg->type & SEG_TYPE_WRITE);
}

bool seg_limit_ok(const struct kvm_segment *seg, u32 offset, u32 len)
{
	u64 last = (u64)offset + len - 1;

	if (!len)
		return true;
	if (seg->s && (seg->type & (SEG_TYPE_CODE | SEG_TYPE_DOWN)) == SEG_TYPE_DOWN) {
		u64 top = seg->db ? 0xffffffffULL : 0xffffULL;

		return offset > seg->limit && last <= top;
	}
	return last <= seg->limit;
}

bool seg_access_ok(const struct kvm_segment *seg, u32 offset, u32 len, bool write)
{
	return seg_type_allows(seg, write) && seg_limit_ok(seg, offset, len);
}
