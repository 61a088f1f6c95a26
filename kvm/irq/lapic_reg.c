// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the local APIC's registers: the xAPIC page and x2APIC's MSRs.
 *
 * Which registers there are, which of them are readable and writable, and
 * which bits x2APIC reserves: SDM vol. 3, "Local APIC Register Address Map"
 * and "x2APIC Register Address Space" with "Reserved Bit Checking". In xAPIC
 * mode reserved bits are dropped, writes to read-only registers have no
 * effect, and registers that are not there are an error in ESR.
 *
 * ICR reads back what was written, but for delivery status, which is always 0:
 * so /dev/kvm behaves outwards, reserved bits of xAPIC's ICR included. In x2APIC
 * mode the reserved bits are 13, 17:16 and 31:20.
 *
 * Pure, no locks: it belongs to the vCPU's thread.
 */
#include "lapic_int.h"

#define REG(reg)	  BIT_ULL((reg) >> 4)
#define REGS(first, last) GENMASK_ULL((last) >> 4, (first) >> 4)

#define BITMAPS REGS(LAPIC_ISR, LAPIC_IRR + 0x70)
#define LVTS	REGS(LAPIC_LVT_TIMER, LAPIC_LVT_ERROR)
#define READ_BOTH                                                                                  \
	(REG(LAPIC_ID) | REG(LAPIC_VERSION) | REG(LAPIC_TPR) | REG(LAPIC_PPR) | REG(LAPIC_LDR) |   \
	 REG(LAPIC_SVR) | BITMAPS | REG(LAPIC_ESR) | REG(LAPIC_ICR) | LVTS | REG(LAPIC_TMICT) |    \
	 REG(LAPIC_TMCCT) | REG(LAPIC_TDCR))
#define WRITE_X2APIC                                                                               \
	(REG(LAPIC_TPR) | REG(LAPIC_EOI) | REG(LAPIC_SVR) | REG(LAPIC_ESR) | REG(LAPIC_ICR) |      \
	 LVTS | REG(LAPIC_TMICT) | REG(LAPIC_TDCR) | REG(LAPIC_SELF_IPI))
#define XAPIC_ALL                                                                                  \
	(READ_BOTH | REG(LAPIC_APR) | REG(LAPIC_EOI) | REG(LAPIC_RRD) | REG(LAPIC_DFR) |           \
	 REG(LAPIC_ICR2))

#define ICR_X2APIC_RESERVED (GENMASK_ULL(31, 20) | GENMASK_ULL(17, 16) | BIT_ULL(13))

static u64 cmci_reg(const struct lapic *l)
{
	return l->cfg.cmci ? REG(LAPIC_LVT_CMCI) : 0;
}

static enum lapic_lvt lvt_of(u32 reg)
{
	return reg == LAPIC_LVT_CMCI ? LVT_CMCI : (reg - LAPIC_LVT_TIMER) >> 4;
}

/* The highest class of TPR, ISR and IRR; with TPR's low bits if that is TPR's own. */
static u32 arbitration_priority(const struct lapic *l)
{
	u32 tpr = lapic_reg(l, LAPIC_TPR);
	u32 irr = max(lapic_irr_max(l), 0), isr = max(lapic_isr_max(l), 0);

	if (tpr >> 4 >= irr >> 4 && tpr >> 4 > isr >> 4)
		return tpr;
	return max(tpr, max(irr, isr)) & 0xf0;
}

/* Any register that is there; write-only ones hold 0. */
static u32 reg_read(const struct lapic *l, u32 reg, u64 now)
{
	switch (reg) {
	case LAPIC_TMCCT:
		return lapic_timer_current(&l->timer, now);
	case LAPIC_TMICT:
		return l->timer.initial;
	case LAPIC_APR:
		return arbitration_priority(l);
	default:
		return l->regs[array_index_nospec(reg >> 2, ARRAY_SIZE(l->regs))];
	}
}

/* SDM, "Local APIC State After It Has Been Software Disabled": every entry is masked. */
static void svr_write(struct lapic *l, u32 val, struct lapic_fx *fx)
{
	u32 old = lapic_reg(l, LAPIC_SVR), which;

	val &= lapic_svr_bits(l);
	lapic_put(l, LAPIC_SVR, val);
	if (!((old ^ val) & LAPIC_SVR_ENABLE))
		return;
	fx->what |= LAPIC_FX_DEST;
	if (val & LAPIC_SVR_ENABLE)
		return;
	for (which = 0; which < LVT_COUNT; which++)
		lapic_put(l, lapic_lvt_reg(which),
			  lapic_reg(l, lapic_lvt_reg(which)) | LAPIC_LVT_MASKED);
	fx->what |= LAPIC_FX_LINT0 | LAPIC_FX_TIMER;
}

/* A register of the logical or physical identity, which senders look at. */
static void identity_write(struct lapic *l, u32 reg, u32 val, struct lapic_fx *fx)
{
	if (lapic_reg(l, reg) == val)
		return;
	lapic_put(l, reg, val);
	fx->what |= LAPIC_FX_DEST;
}

/* A write that shows what errors there were, and makes room for new ones. */
static void esr_write(struct lapic *l)
{
	lapic_put(l, LAPIC_ESR, l->esr_pending);
	l->esr_pending = 0;
}

static void timer_write(struct lapic *l, u32 reg, u32 val, u64 now, struct lapic_fx *fx)
{
	if (reg == LAPIC_TMICT) {
		lapic_timer_set_initial(&l->timer, val, now);
	} else {
		lapic_put(l, LAPIC_TDCR, val & 0xb);
		lapic_timer_set_divide(&l->timer, val, now);
	}
	fx->what |= LAPIC_FX_TIMER;
}

/* Registers that xAPIC and x2APIC write alike; others are left alone. */
static void reg_write(struct lapic *l, u32 reg, u32 val, u64 now, struct lapic_fx *fx)
{
	switch (reg) {
	case LAPIC_EOI:
		lapic_eoi(l, fx);
		break;
	case LAPIC_TPR:
		lapic_set_tpr(l, val, fx);
		break;
	case LAPIC_SVR:
		svr_write(l, val, fx);
		break;
	case LAPIC_ESR:
		esr_write(l);
		break;
	case LAPIC_TMICT:
	case LAPIC_TDCR:
		timer_write(l, reg, val, now, fx);
		break;
	case LAPIC_LVT_CMCI:
	case LAPIC_LVT_TIMER ... LAPIC_LVT_ERROR:
		lapic_lvt_write(l, lvt_of(reg), val, fx);
		break;
	}
}

/* --- xAPIC --- */

static bool xapic_has(const struct lapic *l, u32 offset)
{
	return offset < LAPIC_REGS_BYTES && (XAPIC_ALL | cmci_reg(l)) & REG(offset);
}

static void illegal_register(struct lapic *l, struct lapic_fx *fx)
{
	lapic_raise_error(l, LAPIC_ESR_REGISTER);
	fx->what |= LAPIC_FX_PENDING;
}

u64 lapic_mmio_read(struct lapic *l, u32 offset, u32 len, u64 now, struct lapic_fx *fx)
{
	u32 byte = offset & 0xf;
	u64 val;

	if (!xapic_has(l, offset)) {
		illegal_register(l, fx);
		return 0;
	}
	if (byte >= 4)
		return 0;
	val = reg_read(l, offset & ~0xfU, now) >> (byte * 8);
	return len < 4 ? val & ((1ULL << (len * 8)) - 1) : val;
}

void lapic_mmio_write(struct lapic *l, u32 offset, u32 len, u32 val, u64 now, struct lapic_fx *fx)
{
	if (unlikely(!xapic_has(l, offset))) {
		illegal_register(l, fx);
		return;
	}
	if (unlikely(len != 4 || offset & 0xf))
		return;
	switch (offset) {
	case LAPIC_ID:
	case LAPIC_LDR:
		identity_write(l, offset, val & 0xff000000, fx);
		break;
	case LAPIC_DFR:
		identity_write(l, offset, val | 0x0fffffff, fx);
		break;
	case LAPIC_ICR:
		lapic_icr_write(l, val, lapic_reg(l, LAPIC_ICR2), fx);
		break;
	case LAPIC_ICR2:
		lapic_put(l, LAPIC_ICR2, val & 0xff000000);
		break;
	default:
		reg_write(l, offset, val, now, fx);
		break;
	}
}

/* --- x2APIC --- */

/* The register's offset if it is one of @set and we are in x2APIC mode; -1. */
static int x2apic_reg(const struct lapic *l, u32 msr, u64 set)
{
	u32 n = msr - LAPIC_MSR_FIRST;

	if (!lapic_x2apic(l) || n >= 64 || !(set >> n & 1))
		return -1;
	return n << 4;
}

enum lapic_result lapic_msr_read(const struct lapic *l, u32 msr, u64 now, u64 *ret_val)
{
	int reg = x2apic_reg(l, msr, READ_BOTH | cmci_reg(l));

	if (reg < 0)
		return LAPIC_GP;
	*ret_val = reg_read(l, reg, now);
	if (reg == LAPIC_ICR)
		*ret_val |= (u64)lapic_reg(l, LAPIC_ICR2) << 32;
	return LAPIC_OK;
}

/* Bits that must be 0 in a write to a register of WRITE_X2APIC. */
static u64 x2apic_reserved(const struct lapic *l, u32 reg)
{
	switch (reg) {
	case LAPIC_TPR:
	case LAPIC_SELF_IPI:
		return ~0xffULL;
	case LAPIC_SVR:
		return ~(u64)lapic_svr_bits(l);
	case LAPIC_ICR:
		return ICR_X2APIC_RESERVED;
	case LAPIC_TMICT:
		return ~0xffffffffULL;
	case LAPIC_TDCR:
		return ~0xbULL;
	case LAPIC_LVT_CMCI:
	case LAPIC_LVT_TIMER ... LAPIC_LVT_ERROR:
		return ~(u64)lapic_lvt_bits(l, lvt_of(reg));
	default: /* EOI, ESR: 0 only */
		return ~0ULL;
	}
}

/* A fixed edge to itself; ICR doesn't change (SDM, "SELF IPI Register"). */
static void self_ipi_write(struct lapic *l, u8 vector, struct lapic_fx *fx)
{
	u32 low = lapic_reg(l, LAPIC_ICR), high = lapic_reg(l, LAPIC_ICR2);

	lapic_icr_write(l, IRQ_SH_SELF << 18 | LAPIC_ICR_ASSERT | vector, 0, fx);
	lapic_put(l, LAPIC_ICR, low);
	lapic_put(l, LAPIC_ICR2, high);
}

enum lapic_result lapic_msr_write(struct lapic *l, u32 msr, u64 val, u64 now, struct lapic_fx *fx)
{
	int reg = x2apic_reg(l, msr, WRITE_X2APIC | cmci_reg(l));

	if (reg < 0 || val & x2apic_reserved(l, reg))
		return LAPIC_GP;
	switch (reg) {
	case LAPIC_ICR:
		lapic_icr_write(l, val, val >> 32, fx);
		break;
	case LAPIC_SELF_IPI:
		self_ipi_write(l, val, fx);
		break;
	default:
		reg_write(l, reg, val, now, fx);
		break;
	}
	return LAPIC_OK;
}
