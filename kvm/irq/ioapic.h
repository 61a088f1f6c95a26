/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O APIC: 82093AA, or its successor with an EOI register. See ioapic.c.
 *
 * Use: each call that takes a struct ioapic_fx fills it; the caller sends the
 * messages, in order. Where fx->ended is not 0, the caller tells those who wait
 * for the end of these pins' interrupts (they may lower their lines), and then
 * calls ioapic_service with these pins: lines that are still high are sent again.
 */
#ifndef GLASSVISOR_IRQ_IOAPIC_H
#define GLASSVISOR_IRQ_IOAPIC_H

#include <linux/kvm.h>

#include "../env.h"
#include "line.h"
#include "msg.h"

#define IOAPIC_PINS	 KVM_IOAPIC_NUM_PINS
#define IOAPIC_BASE	 0xfec00000ULL
#define IOAPIC_SIZE	 0x100
#define IOAPIC_VER_82093 0x11 /* without, */
#define IOAPIC_VER_EOI	 0x20 /* with an EOI register */

/* Offsets of the memory-mapped registers. */
#define IOAPIC_IOREGSEL 0x00
#define IOAPIC_IOWIN	0x10
#define IOAPIC_EOIR	0x40 /* IOAPIC_VER_EOI only */

/* Registers behind index and window. */
#define IOAPIC_REG_ID  0x00
#define IOAPIC_REG_VER 0x01
#define IOAPIC_REG_ARB 0x02
#define IOAPIC_REG_RTE 0x10 /* 2n: low, 2n + 1: high half of pin n */

/* Redirection table entry. */
#define IOAPIC_RTE_VECTOR     0xffULL
#define IOAPIC_RTE_MODE_SHIFT 8
#define IOAPIC_RTE_MODE	      (7ULL << IOAPIC_RTE_MODE_SHIFT)
#define IOAPIC_RTE_LOGICAL    BIT_ULL(11)
#define IOAPIC_RTE_STATUS     BIT_ULL(12) /* read only; never seen set: delivery is at once */
#define IOAPIC_RTE_POLARITY   BIT_ULL(13) /* kept, without effect: lines are 1 when asserted */
#define IOAPIC_RTE_REMOTE_IRR BIT_ULL(14) /* read only */
#define IOAPIC_RTE_LEVEL      BIT_ULL(15)
#define IOAPIC_RTE_MASK	      BIT_ULL(16)
#define IOAPIC_RTE_DEST_SHIFT 56
#define IOAPIC_RTE_RO	      (IOAPIC_RTE_STATUS | IOAPIC_RTE_REMOTE_IRR)
#define IOAPIC_RTE_RW	      ((0xffULL << IOAPIC_RTE_DEST_SHIFT) | (0x1ffffULL & ~IOAPIC_RTE_RO))

struct ioapic {
	u64 rte[IOAPIC_PINS];
	u64 base;  /* guest physical address, as userspace wants it */
	u32 lines; /* levels of the pins */
	u8 regsel;
	u8 id;	    /* 4 bits */
	u8 arb;	    /* 4 bits: follows id */
	u8 version; /* IOAPIC_VER_* */
};

struct ioapic_fx {
	u32 sent;     /* pins that messages are of */
	u32 ended;    /* pins whose interrupt's service ended */
	u32 changed;  /* pins whose entry was written: EOI vectors may differ */
	u32 unmasked; /* pins that came out of their mask; and masked: */
	u32 masked;
	enum irq_taken taken; /* ioapic_set_irq only */
	u32 n;
	u8 pin[IOAPIC_PINS];		 /* of each message */
	struct irq_msg msg[IOAPIC_PINS]; /* the first n */
};

/* As after reset: all masked. @version: IOAPIC_VER_*. */
void ioapic_reset(struct ioapic *io, u8 version);

/* Drive @pin (0-23; others are ignored). The caller has or-ed its sources. */
void ioapic_set_irq(struct ioapic *io, unsigned int pin, bool level, struct ioapic_fx *fx);

/* Send what the level triggered ones among @pins request and is not sent yet. */
void ioapic_service(struct ioapic *io, u32 pins, struct ioapic_fx *fx);

/* No local APIC has taken this pin's message: it is sent again when there is a reason. */
void ioapic_refused(struct ioapic *io, unsigned int pin);

/*
 * A local APIC's EOI of @vector arrived. fx->ended: the pins that send this
 * vector, edge triggered ones, too (for those who count completions).
 */
void ioapic_eoi(struct ioapic *io, u8 vector, struct ioapic_fx *fx);

/* Is [gpa, gpa + len) within the registers? */
static inline bool ioapic_in_range(const struct ioapic *io, gpa_t gpa, unsigned int len)
{
	return gpa - io->base < IOAPIC_SIZE && len <= IOAPIC_SIZE - (gpa - io->base);
}

/*
 * A doubleword at an offset into the registers. Shorter reads take its low
 * bytes, shorter writes come with upper bytes zero.
 */
u32 ioapic_read(const struct ioapic *io, u32 offset);
void ioapic_write(struct ioapic *io, u32 offset, u32 val, struct ioapic_fx *fx);

/* The message that @pin (0-23) sends; false if its delivery mode is a reserved one. */
bool ioapic_msg(const struct ioapic *io, unsigned int pin, struct irq_msg *ret_msg);

/* Does an EOI of this pin's vector have to come here? @notify: pins whose end somebody wants to know. */
bool ioapic_wants_eoi(const struct ioapic *io, unsigned int pin, u32 notify);

/* The vectors of all such pins are set in @vectors (256 bits), the others left as they are. */
void ioapic_eoi_vectors(const struct ioapic *io, u32 notify, u64 vectors[4]);

/* KVM_GET_IRQCHIP and KVM_SET_IRQCHIP; any state is taken, reserved and impossible bits dropped. */
void ioapic_get_state(const struct ioapic *io, struct kvm_ioapic_state *ret_state);
void ioapic_set_state(struct ioapic *io, const struct kvm_ioapic_state *state,
		      struct ioapic_fx *fx);

/* All invariants hold? For tests and fuzzing. */
bool ioapic_valid(const struct ioapic *io);

#endif /* GLASSVISOR_IRQ_IOAPIC_H */
