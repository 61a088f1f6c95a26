/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interrupt message: what an MSI, an I/O APIC pin or an IPI says on its way
 * to the local APICs, in one form. See msg.c for MSI's encoding; dest.h finds
 * the local APICs that a message is addressed to.
 */
#ifndef GLASSVISOR_IRQ_MSG_H
#define GLASSVISOR_IRQ_MSG_H

#include "../env.h"

/* Delivery modes as encoded in bits 10:8 of ICR, LVT, redirection entries and MSI data. */
enum irq_delivery {
	IRQ_FIXED = 0,
	IRQ_LOWEST = 1, /* fixed, but to one only of those addressed */
	IRQ_SMI = 2,
	IRQ_RESERVED = 3, /* never delivered */
	IRQ_NMI = 4,
	IRQ_INIT = 5,
	IRQ_STARTUP = 6, /* SIPI; vector is the page number of the entry */
	IRQ_EXTINT = 7,	 /* vector comes from the 8259 */
};

/* Destination shorthands as in bits 19:18 of ICR; MSI and I/O APIC have none. */
enum irq_shorthand {
	IRQ_SH_NONE = 0,
	IRQ_SH_SELF = 1,
	IRQ_SH_ALL = 2,
	IRQ_SH_OTHERS = 3,
};

#define IRQ_DEST_ALL	   0xffffffffU /* broadcast in x2APIC format */
#define IRQ_DEST_ALL_XAPIC 0xffU       /* broadcast in xAPIC, MSI and I/O APIC format */
#define IRQ_VECTOR_MIN	   16	       /* fixed vectors below are illegal */

/*
 * An IPI of an xAPIC, an MSI or an I/O APIC pin has an 8-bit destination
 * (x2apic false; MSIs may have 32 bits with KVM_X2APIC_API_USE_32BIT_IDS, and
 * then still false); an IPI of an x2APIC has 32 bits and x2apic true: then 0xff
 * is an id like others.
 */
struct irq_msg {
	u32 dest;
	u8 vector;
	u8 delivery;  /* enum irq_delivery */
	u8 shorthand; /* enum irq_shorthand */
	bool dest_logical;
	bool level;	 /* level triggered: TMR bit is set, EOI is told to the I/O APIC */
	bool assert;	 /* false: an INIT de-assert, delivered to nobody */
	bool redir_hint; /* MSI's RH: to one only of those addressed */
	bool x2apic;	 /* dest is in x2APIC format */
};

/* Goes to one of those addressed, not to all. */
static inline bool irq_msg_to_one(const struct irq_msg *m)
{
	return m->delivery == IRQ_LOWEST || (m->redir_hint && m->delivery == IRQ_FIXED);
}

/* Lands in IRR of its targets (and so needs a legal vector and an enabled APIC). */
static inline bool irq_msg_is_vectored(const struct irq_msg *m)
{
	return m->delivery == IRQ_FIXED || m->delivery == IRQ_LOWEST;
}

/*
 * Decode an MSI. @ids32: KVM_X2APIC_API_USE_32BIT_IDS is on; then bits 31:8 of
 * @addr_hi are bits 31:8 of the destination, otherwise @addr_hi is ignored.
 * -EINVAL for bits 7:0 of @addr_hi under @ids32 (api.rst, KVM_SET_GSI_ROUTING).
 * Bits 31:20 of @addr_lo are not looked at: whoever routes has decoded them.
 */
int irq_msg_from_msi(u32 addr_lo, u32 addr_hi, u32 data, bool ids32, struct irq_msg *ret_msg);

#endif /* GLASSVISOR_IRQ_MSG_H */
