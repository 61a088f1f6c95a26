/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt chips in the kernel: what core/ and abi/ see of them.
 *
 * A VM has none (vm->irqchip NULL), local APICs only (split: PIC, I/O APIC and
 * PIT are userspace's), or all. That is decided before its first vCPU is made
 * and never changes, so readers need no lock to look at vm->irqchip.
 *
 * The way of an interrupt: a line or a message of a device (irqchip_set_gsi(),
 * irqchip_send_msi()) or an IPI becomes a struct irq_msg; irqchip_deliver()
 * finds the local APICs that it is addressed to and posts it there, in atomic
 * words, from any context; the vCPU's thread merges what was posted into its
 * local APIC's model (REQ_IRQ), which belongs to it alone.
 *
 * Locks: see locks.h; irqchip->lock is taken from hard interrupts.
 */
#ifndef GLASSVISOR_IRQ_IRQCHIP_H
#define GLASSVISOR_IRQ_IRQCHIP_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "../stat/account.h"
#include "../trace/native.h"
#include "../vcpu.h"
#include "dest.h"
#include "ioapic.h"
#include "lapic.h"
#include "msg.h"
#include "pic.h"
#include "pit.h"
#include "route.h"

/* Sources that a line is or-ed of: bits of irqchip->pin_sources[]. */
#define IRQ_SOURCE_USER	    0 /* KVM_IRQ_LINE */
#define IRQ_SOURCE_RESAMPLE 1 /* irqfds that are level triggered */
#define IRQ_SOURCE_PIT	    2
#define IRQ_SOURCE_IRQFD    3 /* the pulses of the other irqfds */

/* Somebody who wants to know that an interrupt of a pin was served. */
struct irq_ack_notifier {
	struct hlist_node node; /* irqchip->notifiers, RCU */
	u32 gsi;
	void (*acked)(struct irq_ack_notifier *n); /* from the vCPU's thread, no lock held */
};

struct pit_dev;

struct irqchip {
	struct vm *vm;	/* (c) */
	bool split;	/* (c) PIC, I/O APIC and PIT are userspace's */
	u32 split_pins; /* (c) GSIs of userspace's I/O APIC: their EOIs go out */

	spinlock_t lock; /* pic, ioapic and what drives them; irqsave */
	struct pic pic;
	struct ioapic ioapic;
	u8 pic_sources[PIC_PINS]; /* lock: BIT(IRQ_SOURCE_*) that are high */
	u8 ioapic_sources[IOAPIC_PINS];
	bool pic_intr; /* lock to write: the PIC's INT output */

	/* Vectors whose end somebody wants, edge triggered ones, too; split: userspace. lock to write. */
	unsigned long wants_eoi[256 / BITS_PER_LONG];

	struct route_table __rcu *routes; /* routes_lock */
	struct mutex routes_lock;
	struct hlist_head notifiers; /* routes_lock, read under RCU */

	struct dest_map __rcu *map; /* map_lock; never NULL once a vCPU is there */
	struct mutex map_lock;
	atomic_t gen;	/* see struct irq_shortcut */
	bool map_stale; /* map_lock: memory was short, the map is not what the local APICs say */
	atomic_t seq;	/* of gv_irq_request */
	atomic_t lowest_next; /* where the search for the lowest priority begins */

	struct pit_dev *pit; /* vm->lock to set; NULL: none */
	bool pit_speaker;    /* port 0x61 is the PIT's; set before pit is */

	struct mutex irqfds_lock;
	struct list_head irqfds, resamplers; /* irqfds_lock */
};

/* ---- VM ------------------------------------------------------------------ */

/* KVM_CREATE_IRQCHIP, KVM_CAP_SPLIT_IRQCHIP. vm->lock held, no vCPU yet. -EEXIST, -ENOMEM. */
int irqchip_create(struct vm *vm);
int irqchip_create_split(struct vm *vm, u32 pins);
/* No descriptor of the VM is left: nobody outside raises interrupts any more after this. Sleeps. */
void irqchip_quiesce(struct vm *vm);
/* With the VM; no vCPU is left. */
void irqchip_destroy(struct vm *vm);

/* KVM_SET_GSI_ROUTING. May sleep. */
int irqchip_set_routes(struct vm *vm, const struct kvm_irq_routing_entry *entries, u32 n);

/*
 * Drive a GSI, as @source. Any context but NMI. What became of it, for KVM_IRQ_LINE_STATUS: -1
 * nothing (masked, or there is no such pin), 0 coalesced, or nobody takes it, above 0: delivered, or
 * the pin is low.
 */
int irqchip_set_gsi(struct vm *vm, u32 gsi, unsigned int source, bool level);
/* Up and down again: an edge. Any context but NMI. */
void irqchip_pulse_gsi(struct vm *vm, u32 gsi, unsigned int source);

/*
 * What a GSI came to when it was last looked up: a message for one vCPU. Zeroed at first, and its
 * user's to serialise; good while irqchip->gen has not moved on.
 */
struct irq_shortcut {
	struct vcpu *to; /* NULL: nothing so simple */
	int gen;
	struct irq_msg msg;
};

/* The routes, the map, or how messages are read: shortcuts are good no more. */
static inline void irqchip_tables_changed(struct irqchip *chip)
{
	smp_mb__before_atomic(); /* what is new, then that it is */
	atomic_inc(&chip->gen);
}

/* As irqchip_pulse_gsi(), for who does so often. */
void irqchip_pulse_again(struct vm *vm, u32 gsi, unsigned int source, struct irq_shortcut *s);
/* KVM_SIGNAL_MSI, irqfds: > 0 delivered, 0 coalesced or nobody takes it, -EINVAL. Any context but NMI. */
int irqchip_send_msi(struct vm *vm, u32 addr_lo, u32 addr_hi, u32 data);
/*
 * Deliver to all or one of those addressed. @sender: index of the vCPU whose IPI it is, else 0. How
 * many did not have it waiting already; or IRQ_NOBODY: no local APIC is addressed and takes it.
 */
#define IRQ_NOBODY (-1)
int irqchip_deliver(struct vm *vm, const struct irq_msg *msg, u32 sender, enum irq_from from);

/* KVM_HC_KICK_CPU: the vCPU with that APIC id, if there is one, halts no longer. Any context but NMI. */
void irqchip_pv_kick(struct vm *vm, u32 apic_id);

/* KVM_GET_IRQCHIP, KVM_SET_IRQCHIP. -EINVAL, -ENXIO. */
int irqchip_get_state(struct vm *vm, struct kvm_irqchip *chip);
int irqchip_set_state(struct vm *vm, const struct kvm_irqchip *chip);

/*
 * The vCPU's local APIC ended @vector, which somebody wants to know, or which is told all I/O APICs
 * (@broadcast: it was level triggered). Where the I/O APIC is userspace's, KVM_EXIT_IOAPIC_EOI is
 * asked for if both are so. vCPU thread.
 */
void irqchip_eoi(struct vcpu *vcpu, u8 vector, bool broadcast);
/* The processor takes the PIC's interrupt: its vector. */
u8 irqchip_pic_ack(struct vcpu *vcpu);

/* Has the end of @vector to be told whatever its trigger mode? Any context. */
static inline bool irqchip_wants_eoi(const struct irqchip *chip, u8 vector)
{
	return test_bit(vector, chip->wants_eoi);
}

void irqchip_add_notifier(struct vm *vm, struct irq_ack_notifier *n);
/* Nobody calls it any more when this returns. May sleep. */
void irqchip_del_notifier(struct vm *vm, struct irq_ack_notifier *n);

/*
 * Accesses of the guest to the chips' ports and registers; vCPU thread. Data is
 * little endian in @data, @len bytes; ports take one. The caller has asked
 * pic_port() or ioapic_in_range().
 */
#define IRQCHIP_PORTS_END 0x4d2 /* no port of a chip's, or of the PIT, lies there or above */
void irqchip_pio(struct vcpu *vcpu, u16 port, bool write, u8 *data);
void irqchip_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data);

/* ---- irqfd.c ----------------------------------------------------------------- */

/* At load and unload. -ENOMEM. */
int irqfd_init(void);
void irqfd_exit(void);
/*
 * KVM_IRQFD, both ways. Takes irqfds_lock; deassigning waits until the eventfd can't interrupt any
 * more, and succeeds where there was nothing. -EINVAL (flags, no chips, resampling with a split
 * chip, no eventfd), -EBADF, -EBUSY (the eventfd is one already), -ENOMEM.
 */
int irqfd_set(struct vm *vm, const struct kvm_irqfd *args);
/* All of them go. Nobody can make new ones. Sleeps. */
void irqfd_quiesce(struct vm *vm);

/* ---- PIT ------------------------------------------------------------------- */

/* KVM_CREATE_PIT2; vm->lock held. -ENOENT: no chips; -EEXIST, -EINVAL, -ENOMEM. */
int pit_dev_create(struct vm *vm, u32 pit_flags);
void pit_dev_destroy(struct vm *vm);
/* KVM_GET_PIT2, KVM_SET_PIT2, KVM_REINJECT_CONTROL. -ENXIO: no PIT. */
int pit_dev_get_state(struct vm *vm, struct kvm_pit_state2 *ret_state);
int pit_dev_set_state(struct vm *vm, const struct kvm_pit_state2 *state);
int pit_dev_reinject(struct vm *vm, bool reinject);
/* Ticks that wait for their turn are dropped. No PIT: nothing. */
void pit_dev_forget(struct vm *vm);
/* The guest's accesses to ports that pit_dev_has(), of one byte. vCPU thread. */
u8 pit_dev_read(const struct irqchip *chip, u16 port);
void pit_dev_write(const struct irqchip *chip, u16 port, u8 val);
static inline bool pit_dev_has(const struct irqchip *chip, u16 port)
{
	return smp_load_acquire(&chip->pit) &&
	       (pit_port(port) || (port == PIT_PORT_SPEAKER && chip->pit_speaker));
}

/* ---- a vCPU's local APIC: vCPU thread but where said -------------------------- */

struct irq_life {
	u64 tsc; /* host's, when it was asked for; 0: not known */
	struct irq_origin origin;
};

/* By vector; see life.c. */
struct irq_lives {
	struct irq_life asked[256];   /* and not taken yet */
	struct irq_life serving[256]; /* taken, and no EOI yet */
};

struct lapic_dev {
	struct lapic lapic;	 /* at the begin of a page: arch_apicv_update() */
	struct vcpu *vcpu;	 /* (c) */
	struct irq_lives *life;	 /* (c) */
	struct dest_entry entry; /* irqchip->map_lock: what the map was told */

	/* From outside. */
	unsigned long posted[256 / BITS_PER_LONG]; /* (a) vectors */
	unsigned long level[256 / BITS_PER_LONG];  /* (a) those of them that are level triggered */
	unsigned long events;			   /* (a) BIT(enum lapic_event) */
	u8 sipi_vector;				   /* (a) */
	u8 priority;				   /* (a) PPR, for lowest priority */
	bool passes_pic;			   /* (a) the PIC's interrupts get through */

	struct hrtimer timer;
	bool timer_fired; /* (a) */
	bool by_entries;  /* arch_deadline_set() stands for the timer */
	u8 eoi_vector;	  /* for REQ_IOAPIC_EOI */
	gpa_t vapic;	  /* KVM_SET_VAPIC_ADDR; 0: none */
	bool report_tpr;  /* KVM_TPR_ACCESS_REPORTING */
	bool tpr_write;	  /* for REQ_TPR_ACCESS, with tpr_rip: the instruction's */
	u64 tpr_rip;
	u64 pv_eoi_msr; /* MSR_KVM_PV_EOI_EN: gpa | enable */
};

static_assert(!offsetof(struct lapic_dev, lapic.regs), "registers at the begin of a page");

enum lapic_event {
	LAPIC_EVENT_INIT,
	LAPIC_EVENT_SIPI,
	LAPIC_EVENT_NMI,
	LAPIC_EVENT_SMI,
	LAPIC_EVENT_KICK, /* KVM_HC_KICK_CPU */
};

static inline bool lapic_in_kernel(const struct vcpu *vcpu)
{
	return vcpu->lapic;
}

/* At vCPU creation; nothing for VMs without chips. -ENOMEM. */
int lapic_dev_create(struct vcpu *vcpu);
void lapic_dev_destroy(struct vcpu *vcpu);
/* The vCPU is published now, or its CPUID or APIC base changed: tell the map. May sleep. */
void lapic_dev_publish(struct vcpu *vcpu);
void lapic_dev_cpuid(struct vcpu *vcpu);

/* REQ_IRQ: merge what was posted, run down the timer. The caller then looks at lapic_dev_pending(). */
void lapic_dev_sync(struct vcpu *vcpu);
/* From any context: have this vCPU's local APIC take a message. False: it waits there already. */
bool lapic_post(struct vcpu *vcpu, const struct irq_msg *msg, enum irq_from from);
void lapic_post_kick(struct vcpu *vcpu);

/* Vector that could be delivered now; -1: none. The PIC's comes first. */
#define LAPIC_EXTINT 256
int lapic_dev_pending(struct vcpu *vcpu);
/* It is being delivered: the vector. */
u8 lapic_dev_ack(struct vcpu *vcpu, int pending);

/* MSRs; LAPIC_GP for #GP(0). */
enum lapic_result lapic_dev_msr_read(struct vcpu *vcpu, u32 msr, u64 *ret_value);
enum lapic_result lapic_dev_msr_write(struct vcpu *vcpu, u32 msr, u64 value);
enum lapic_result lapic_dev_set_base(struct vcpu *vcpu, u64 value, bool host);
u64 lapic_dev_deadline_get(struct vcpu *vcpu);
void lapic_dev_deadline_set(struct vcpu *vcpu, u64 guest_tsc);
void lapic_dev_tpr_set(struct vcpu *vcpu, u8 tpr);
/*
 * Where the hardware can deliver the local APIC's interrupts, and the guest's is such a one, let it:
 * LAPIC_WORD_APICV is set then. What it needs before an entry; what it has done.
 */
void lapic_dev_apicv_choose(struct vcpu *vcpu);
void lapic_dev_apicv_out(struct vcpu *vcpu);
void lapic_dev_apicv_in(struct vcpu *vcpu);
/* EXIT_APIC_WRITE: the hardware has put what the guest wrote into the low half of ICR. */
void lapic_dev_icr_written(struct vcpu *vcpu);
/* It is an xAPIC, at 0xfee00000. */
bool lapic_dev_at_default(const struct vcpu *vcpu);
/* EXIT_EOI: the hardware has taken @vector out of service. */
void lapic_dev_ended(struct vcpu *vcpu, u8 vector);
/* The guest's timer: the time that arch_deadline_set() was told has come. */
void lapic_dev_deadline_came(struct vcpu *vcpu);
/* The vCPU waits now: what has been left to its entries is up to the host's timer. */
void lapic_dev_timer_to_host(struct vcpu *vcpu);
/* Is @gpa in the page of registers? No in x2APIC mode. */
static inline bool lapic_dev_has(const struct vcpu *vcpu, gpa_t gpa)
{
	const struct lapic *l = &vcpu->lapic->lapic;

	return (gpa & GV_PAGE_MASK) == lapic_base_gpa(l) && lapic_mmio_enabled(l);
}
/* An access there. */
void lapic_dev_mmio(struct vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, void *data);

/* KVM_GET_LAPIC, KVM_SET_LAPIC. */
void lapic_dev_get_state(struct vcpu *vcpu, struct kvm_lapic_state *ret_state);
int lapic_dev_set_state(struct vcpu *vcpu, const struct kvm_lapic_state *state);

/*
 * KVM_SET_VAPIC_ADDR: a word in guest memory with TPR, the class in service and the highest request,
 * by which the guest's patched code does without exits. Taken over after an exit, and made before
 * an entry. SRCU is entered here.
 */
int lapic_dev_set_vapic(struct vcpu *vcpu, gpa_t gpa);
void lapic_dev_vapic_in(struct vcpu *vcpu);
void lapic_dev_vapic_out(struct vcpu *vcpu);

/*
 * PV EOI (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_PV_EOI_EN): a bit in guest memory that
 * the guest clears instead of writing the EOI register. Offered when an interrupt is injected,
 * where its EOI would have no effect beyond the local APIC, and looked at after the next exit,
 * before anything else is. SRCU is entered here.
 */
void lapic_dev_pv_eoi_write(struct vcpu *vcpu, u64 value);
void lapic_dev_pv_eoi_offer(struct vcpu *vcpu);
void lapic_dev_pv_eoi_collect(struct vcpu *vcpu);

/* The guest's TSC was written, or INIT came. */
void lapic_dev_tsc_changed(struct vcpu *vcpu);
void lapic_dev_init(struct vcpu *vcpu);

/* ---- the life of an interrupt, for traces: life.c -------------------------------- */

/* @vector is about to be left for this local APIC, where it does not wait yet. Any context. */
static inline void irq_life_asked(struct lapic_dev *d, u8 vector)
{
	WRITE_ONCE(d->life->asked[vector].tsc, account_tsc());
}

/*
 * The local APIC's @vector goes to the CPU, or the PIC's: says in vcpu->events.interrupt when it was
 * asked for (if that is not known: now) and where it came from.
 */
void irq_life_taken(struct vcpu *vcpu, u8 vector);
void irq_life_taken_of_pic(struct vcpu *vcpu);

/* Does anybody want to know the rest? Nothing below is to be called otherwise. */
static inline bool irq_life_traced(void)
{
	return trace_gv_irq_request_enabled() || trace_gv_irq_inject_enabled() ||
	       trace_gv_irq_eoi_enabled();
}

/* @msg is for this vCPU; @new: it is left for it and does not wait there already. Any context. */
void irq_life_request(struct vcpu *vcpu, const struct irq_msg *msg, enum irq_from from, bool fresh);
/* The guest ended it. */
void irq_life_eoi(struct vcpu *vcpu, u8 vector, bool level);

#endif /* GLASSVISOR_IRQ_IRQCHIP_H */
