/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC: registers, priorities, acceptance, EOI, LVT, error status,
 * xAPIC and x2APIC access rules. See lapic.c.
 *
 * A struct lapic belongs to its vCPU's thread alone. What others want to
 * deliver they post outside; lapic_merge() takes it over. What a write wants
 * done outside comes back as effects; the caller sets fx->what to 0 before.
 *
 * `now` is nanoseconds, needed for the registers of lapic_needs_now() only.
 */
#ifndef GLASSVISOR_IRQ_LAPIC_H
#define GLASSVISOR_IRQ_LAPIC_H

#include <linux/kvm.h>

#include "../env.h"
#include "dest.h"
#include "lapic_timer.h"
#include "msg.h"

/* Register offsets in the xAPIC page; x2APIC's MSR is 0x800 + (offset >> 4). */
#define LAPIC_ID	 0x020
#define LAPIC_VERSION	 0x030
#define LAPIC_TPR	 0x080
#define LAPIC_APR	 0x090
#define LAPIC_PPR	 0x0a0
#define LAPIC_EOI	 0x0b0
#define LAPIC_RRD	 0x0c0
#define LAPIC_LDR	 0x0d0
#define LAPIC_DFR	 0x0e0
#define LAPIC_SVR	 0x0f0
#define LAPIC_ISR	 0x100 /* 8 registers */
#define LAPIC_TMR	 0x180 /* 8 registers */
#define LAPIC_IRR	 0x200 /* 8 registers */
#define LAPIC_ESR	 0x280
#define LAPIC_LVT_CMCI	 0x2f0
#define LAPIC_ICR	 0x300
#define LAPIC_ICR2	 0x310
#define LAPIC_LVT_TIMER	 0x320
#define LAPIC_LVT_THERM	 0x330
#define LAPIC_LVT_PMC	 0x340
#define LAPIC_LVT_LINT0	 0x350
#define LAPIC_LVT_LINT1	 0x360
#define LAPIC_LVT_ERROR	 0x370
#define LAPIC_TMICT	 0x380
#define LAPIC_TMCCT	 0x390
#define LAPIC_TDCR	 0x3e0
#define LAPIC_SELF_IPI	 0x3f0 /* x2APIC only */
#define LAPIC_REGS_BYTES 0x400

#define LAPIC_MSR_FIRST 0x800
#define LAPIC_MSR_LAST	0x8ff /* the range that the manuals set aside; defined up to 0x83f */
#define LAPIC_MSR(reg)	(LAPIC_MSR_FIRST + ((reg) >> 4))

#define LAPIC_BASE_BSP	   BIT_ULL(8)
#define LAPIC_BASE_EXTD	   BIT_ULL(10)
#define LAPIC_BASE_EN	   BIT_ULL(11)
#define LAPIC_BASE_ADDR	   GENMASK_ULL(51, 12)
#define LAPIC_BASE_DEFAULT 0xfee00000ULL

#define LAPIC_SVR_ENABLE       BIT(8)
#define LAPIC_SVR_FOCUS	       BIT(9)
#define LAPIC_SVR_EOI_SUPPRESS BIT(12)

#define LAPIC_LVT_VECTOR     0xffU
#define LAPIC_LVT_MODE_SHIFT 8
#define LAPIC_LVT_MODE	     (7U << LAPIC_LVT_MODE_SHIFT)
#define LAPIC_LVT_STATUS     BIT(12)
#define LAPIC_LVT_POLARITY   BIT(13)
#define LAPIC_LVT_REMOTE_IRR BIT(14)
#define LAPIC_LVT_LEVEL	     BIT(15)
#define LAPIC_LVT_MASKED     BIT(16)
#define LAPIC_LVT_TIMER_MODE (3U << 17)

#define LAPIC_ICR_VECTOR   0xffU
#define LAPIC_ICR_DELIVERY (7U << 8)
#define LAPIC_ICR_LOGICAL  BIT(11)
#define LAPIC_ICR_BUSY	   BIT(12)
#define LAPIC_ICR_ASSERT   BIT(14)
#define LAPIC_ICR_LEVEL	   BIT(15)

#define LAPIC_ESR_SEND_VECTOR BIT(5)
#define LAPIC_ESR_RECV_VECTOR BIT(6)
#define LAPIC_ESR_REGISTER    BIT(7)

/* What the VM and the vCPU's CPUID say; constant but for KVM_SET_CPUID2 and capabilities. */
struct lapic_cfg {
	u64 base_reserved;  /* bits of the APIC base MSR beyond the guest's MAXPHYADDR */
	u64 min_period_ns;  /* see lapic_timer.h */
	u32 bus_ns;	    /* see lapic_timer.h; 0 is 1 */
	bool x2apic;	    /* CPUID has x2APIC */
	bool tsc_deadline;  /* CPUID has TSC-deadline */
	bool cmci;	    /* LVT CMCI is there */
	bool eoi_suppress;  /* SVR bit 12 is there; told in the version register */
	bool lint0_extint;  /* KVM_X86_QUIRK_LINT0_REENABLED, for the boot CPU: reset value 0x700 */
	bool pmi_masks_lvt; /* a PMI sets the mask bit of LVT PMC (Intel) */
};

struct lapic {
	u32 regs[LAPIC_REGS_BYTES / 4] __aligned(64); /* as struct kvm_lapic_state */
	u64 base;				      /* APIC base MSR */
	u32 id;					      /* given at creation; x2APIC id */
	u32 esr_pending;			      /* errors since the last write to ESR */
	u8 irr_words; /* bit i: IRR register i is not 0; 0 while hardware disabled */
	u8 isr_words; /* the same of ISR */
	struct lapic_timer timer;
	struct lapic_cfg cfg;
};

static_assert(sizeof(struct kvm_lapic_state) == LAPIC_REGS_BYTES, "kvm_lapic_state");

/* struct lapic_fx.what */
#define LAPIC_FX_IPI	       BIT(0)  /* ICR or self IPI written: .msg is it (for traces) */
#define LAPIC_FX_SEND	       BIT(1)  /* .msg is to be delivered by the caller */
#define LAPIC_FX_EOI	       BIT(2)  /* .eoi_vector left ISR; .eoi_level as TMR had it */
#define LAPIC_FX_EOI_BROADCAST BIT(3)  /* and the I/O APICs are to hear of it */
#define LAPIC_FX_EOI_LINT      BIT(4)  /* a level LINT's remote IRR was cleared: look at its pin */
#define LAPIC_FX_TIMER	       BIT(5)  /* .timer changed: set the host's timer anew */
#define LAPIC_FX_DEST	       BIT(6)  /* build the destination map anew */
#define LAPIC_FX_LINT0	       BIT(7)  /* LVT LINT0 may pass or hold the 8259 now */
#define LAPIC_FX_PENDING       BIT(8)  /* IRR or PPR changed: look at lapic_highest() */
#define LAPIC_FX_TPR	       BIT(9)  /* TPR changed */
#define LAPIC_FX_MODE	       BIT(10) /* APIC base changed: address, enable, x2APIC */
#define LAPIC_FX_NMI	       BIT(11) /* an LVT delivered: NMI to this vCPU */
#define LAPIC_FX_SMI	       BIT(12)
#define LAPIC_FX_INIT	       BIT(13)
#define LAPIC_FX_EXTINT	       BIT(14) /* the 8259's interrupt is wanted */

struct lapic_fx {
	u32 what; /* LAPIC_FX_*; the fields below mean something only with their bits */
	u8 eoi_vector;
	bool eoi_level;
	struct irq_msg msg;
};

enum lapic_result {
	LAPIC_OK,
	LAPIC_GP, /* the guest gets #GP(0); nothing was changed */
};

enum lapic_lvt {
	LVT_TIMER,
	LVT_THERM,
	LVT_PMC,
	LVT_LINT0,
	LVT_LINT1,
	LVT_ERROR,
	LVT_CMCI,
	LVT_COUNT,
};

/* --- life and mode --- */

/* Power-up: configuration, then RESET. */
void lapic_init(struct lapic *l, const struct lapic_cfg *cfg, u32 apic_id, bool bsp);

/* New configuration (KVM_SET_CPUID2): registers are kept, version is told anew. */
void lapic_configure(struct lapic *l, const struct lapic_cfg *cfg);

/* RESET: everything, base enabled in xAPIC mode; @bsp sets the base's BSP bit. */
void lapic_reset(struct lapic *l, u32 apic_id, bool bsp);

/* INIT: registers but the id; APIC base, and with it the mode, is kept. */
void lapic_init_reset(struct lapic *l);

/*
 * Write the APIC base MSR. LAPIC_GP for reserved bits, EXTD without EN or
 * without x2APIC, and (unless @host) for disabled -> x2APIC and x2APIC ->
 * xAPIC. @host: KVM_SET_MSRS, KVM_SET_SREGS.
 */
enum lapic_result lapic_set_base(struct lapic *l, u64 value, bool host, struct lapic_fx *fx);

static inline bool lapic_enabled(const struct lapic *l)
{
	return l->base & LAPIC_BASE_EN;
}

static inline bool lapic_x2apic(const struct lapic *l)
{
	return l->base & LAPIC_BASE_EXTD;
}

/* The page at lapic_base_gpa() is ours. */
static inline bool lapic_mmio_enabled(const struct lapic *l)
{
	return (l->base & (LAPIC_BASE_EN | LAPIC_BASE_EXTD)) == LAPIC_BASE_EN;
}

static inline gpa_t lapic_base_gpa(const struct lapic *l)
{
	return l->base & LAPIC_BASE_ADDR;
}

static inline u32 lapic_reg(const struct lapic *l, u32 reg)
{
	return l->regs[reg >> 2];
}

static inline bool lapic_sw_enabled(const struct lapic *l)
{
	return lapic_reg(l, LAPIC_SVR) & LAPIC_SVR_ENABLE;
}

/* The id it goes by in its mode. */
static inline u32 lapic_apic_id(const struct lapic *l)
{
	return lapic_x2apic(l) ? l->id : lapic_reg(l, LAPIC_ID) >> 24;
}

/* --- access --- */

/* Does an access to that register need the time? */
static inline bool lapic_needs_now(u32 reg)
{
	return reg == LAPIC_TMICT || reg == LAPIC_TMCCT || reg == LAPIC_TDCR ||
	       reg == LAPIC_LVT_TIMER;
}

/*
 * The xAPIC page; for lapic_mmio_enabled() only. Aligned 4-byte accesses reach
 * the registers; of narrower and unaligned ones reads give the bytes that are
 * there and writes are dropped. An unimplemented register reads 0 and is an
 * error in ESR. @len is 1..8.
 */
u64 lapic_mmio_read(struct lapic *l, u32 offset, u32 len, u64 now, struct lapic_fx *fx);
void lapic_mmio_write(struct lapic *l, u32 offset, u32 len, u32 val, u64 now, struct lapic_fx *fx);

/* MSRs LAPIC_MSR_FIRST..LAPIC_MSR_LAST. #GP outside x2APIC mode, too. */
enum lapic_result lapic_msr_read(const struct lapic *l, u32 msr, u64 now, u64 *ret_val);
enum lapic_result lapic_msr_write(struct lapic *l, u32 msr, u64 val, u64 now, struct lapic_fx *fx);

/* The registers with an exit of their own: no checks, no decoding. */
void lapic_eoi(struct lapic *l, struct lapic_fx *fx);

/* Somebody else has changed the registers, as virtual-interrupt delivery does: IRR, ISR, TPR. */
void lapic_recount(struct lapic *l);
/* And has taken @vector out of ISR: what else its EOI means. */
void lapic_ended(struct lapic *l, u8 vector, struct lapic_fx *fx);
void lapic_set_tpr(struct lapic *l, u8 tpr, struct lapic_fx *fx);
void lapic_icr_write(struct lapic *l, u32 low, u32 high, struct lapic_fx *fx);

/* IA32_TSC_DEADLINE. */
static inline u64 lapic_tsc_deadline_get(const struct lapic *l)
{
	return lapic_timer_deadline(&l->timer);
}

static inline void lapic_tsc_deadline_set(struct lapic *l, u64 guest_tsc, struct lapic_fx *fx)
{
	if (!lapic_timer_by_tsc(&l->timer))
		return;
	lapic_timer_set_deadline(&l->timer, guest_tsc);
	fx->what |= LAPIC_FX_TIMER;
}

/* --- interrupts --- */

/*
 * Take posted vectors 64 * @i and up into IRR (@i is 0 to 3); bits of @level are looked at where @irr
 * has one and go into TMR. Illegal vectors become an error. Dropped while hardware disabled.
 */
void lapic_merge(struct lapic *l, u32 i, u64 irr, u64 level);

/* One vector, as lapic_merge(). True if it entered IRR. */
bool lapic_accept(struct lapic *l, u8 vector, bool level);

/* Highest vector in IRR, ISR; -1 if none. */
static inline int lapic_irr_max(const struct lapic *l)
{
	u32 w;

	if (!l->irr_words)
		return -1;
	w = __fls(l->irr_words);
	return w * 32 + __fls(l->regs[(LAPIC_IRR >> 2) + w * 4]);
}

static inline int lapic_isr_max(const struct lapic *l)
{
	u32 w;

	if (!l->isr_words)
		return -1;
	w = __fls(l->isr_words);
	return w * 32 + __fls(l->regs[(LAPIC_ISR >> 2) + w * 4]);
}

/* The vector to deliver now: highest of IRR, if its class is above PPR's; or -1. */
static inline int lapic_highest(const struct lapic *l)
{
	int v = lapic_irr_max(l);

	return v >= 0 && (v >> 4) > (int)(lapic_reg(l, LAPIC_PPR) >> 4) ? v : -1;
}

/*
 * What waits in IRR and would be delivered if the TPR were below this class; 0: nothing does, or
 * it need not, or what is in service has to end first.
 */
u8 lapic_behind_tpr(const struct lapic *l);

/* @vector, from lapic_highest() just now, is being delivered: IRR -> ISR, PPR. */
void lapic_ack(struct lapic *l, u8 vector);

/* Interrupt acknowledge: the vector, acked; the spurious vector if none is deliverable. */
u8 lapic_inta(struct lapic *l);

static inline bool lapic_irr_test(const struct lapic *l, u8 vector)
{
	return l->regs[(LAPIC_IRR >> 2) + (vector >> 5) * 4] >> (vector & 31) & 1;
}

/*
 * Does @vector wait in IRR with that trigger mode? From another thread than the one that the model
 * belongs to: as of some moment.
 */
static inline bool lapic_waits_as(const struct lapic *l, u8 vector, bool level)
{
	u32 word = (vector >> 5) * 4, bit = vector & 31;

	return READ_ONCE(l->regs[(LAPIC_IRR >> 2) + word]) >> bit & 1 &&
	       (READ_ONCE(l->regs[(LAPIC_TMR >> 2) + word]) >> bit & 1) == level;
}

static inline bool lapic_isr_test(const struct lapic *l, u8 vector)
{
	return l->regs[(LAPIC_ISR >> 2) + (vector >> 5) * 4] >> (vector & 31) & 1;
}

static inline bool lapic_tmr_test(const struct lapic *l, u8 vector)
{
	return l->regs[(LAPIC_TMR >> 2) + (vector >> 5) * 4] >> (vector & 31) & 1;
}

/*
 * A local source fires. By the LVT entry: into IRR (LAPIC_FX_PENDING),
 * LAPIC_FX_NMI, _SMI, _INIT, _EXTINT, or nothing. False if nothing came of it
 * (masked, remote IRR still set, reserved mode, illegal vector). While
 * hardware disabled LINT0 is INTR and LINT1 is NMI.
 */
bool lapic_accept_lvt(struct lapic *l, enum lapic_lvt which, struct lapic_fx *fx);

/* Would the 8259's output on LINT0 get through to the CPU now? */
bool lapic_passes_pic(const struct lapic *l);

/*
 * May the guest end the interrupt in service without an exit (PV EOI): one in
 * service, edge triggered, and nothing in IRR that its EOI would let through.
 */
static inline bool lapic_pv_eoi_ok(const struct lapic *l)
{
	int v = lapic_isr_max(l);

	return v >= 0 && !l->irr_words && !lapic_tmr_test(l, v);
}

/* --- outside --- */

/* What the destination map has to know. */
void lapic_dest_entry(const struct lapic *l, struct dest_entry *ret_entry);

/*
 * KVM_GET_LAPIC, KVM_SET_LAPIC. @ids32: KVM_X2APIC_API_USE_32BIT_IDS; with it
 * the ID register is 32 bits in x2APIC mode, otherwise 8 bits in 31:24.
 * Load takes what a guest could have made, mends the rest (undefined bits,
 * vectors below 16 in service, version, PPR), continues the timer from TMCCT, and fails
 * (-EINVAL, nothing changed) only for an x2APIC id that is not this vCPU's.
 * Call it in the mode (APIC base) that the state was saved in.
 */
void lapic_save(const struct lapic *l, struct kvm_lapic_state *ret_state, bool ids32, u64 now);
int lapic_load(struct lapic *l, const struct kvm_lapic_state *state, bool ids32, u64 now,
	       struct lapic_fx *fx);

/* All invariants hold? For tests. */
bool lapic_valid(const struct lapic *l);

#endif /* GLASSVISOR_IRQ_LAPIC_H */
