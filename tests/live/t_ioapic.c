/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O APIC, in the kernel and in userspace: what becomes of messages that no local APIC takes,
 * and which ends of interrupts userspace's I/O APIC hears of.
 */
#define _GNU_SOURCE
#include <string.h>
#include "vmm.h"

#define PIN	  21
#define VECTOR	  0x55u
#define RTE_IRR	  0x4000ull
#define RTE_LEVEL 0x8000ull
#define RTE_TO(n) ((uint64_t)(n) << 56)
#define LAPIC_SVR 0xf0
#define SVR_ON	  0x100

#define MSI_ROUTE(n, vector, bits)                                                                 \
	{                                                                                          \
		.gsi = (n), .type = KVM_IRQ_ROUTING_MSI, .u.msi = {                                \
			.address_lo = 0xfee00000,                                                  \
			.data = (vector) | (bits)                                                  \
		}                                                                                  \
	}

static uint32_t *lapic_reg(struct kvm_lapic_state *l, unsigned int reg)
{
	return (uint32_t *)(l->regs + reg);
}

static void lapic_enable(struct vcpu *v, bool on)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	*lapic_reg(&l, LAPIC_SVR) &= ~SVR_ON;
	*lapic_reg(&l, LAPIC_SVR) |= on ? SVR_ON : 0;
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, &l));
}

static void vcpu_start(struct vm *vm, struct vcpu *v)
{
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
	vcpu_mode(v, MODE_LONG, G_CODE);
	guest_load(vm, G_CODE, GUEST(irq_ends));
	lapic_enable(v, true);
	CHECK_EQ(vcpu_run_report(v), 0);
}

static void start(struct vm *vm, struct vcpu *v)
{
	vm_create_ram(vm, RAM_SIZE);
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_start(vm, v);
}

static int line(struct vm *vm, uint32_t gsi, int level)
{
	struct kvm_irq_level l = {.irq = gsi, .level = level};

	CHECK_OK(ioctl(vm->fd, KVM_IRQ_LINE_STATUS, &l));
	return (int)l.status;
}

static uint64_t rte(struct vm *vm)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};

	CHECK_OK(ioctl(vm->fd, KVM_GET_IRQCHIP, &chip));
	return chip.chip.ioapic.redirtbl[PIN].bits;
}

static void redirect(struct vm *vm, uint64_t bits)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};

	CHECK_OK(ioctl(vm->fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[PIN].bits = bits;
	CHECK_OK(ioctl(vm->fd, KVM_SET_IRQCHIP, &chip));
}

static void taken(struct vm *vm, struct vcpu *v, unsigned int n)
{
	CHECK_EQ(vcpu_run_report(v), n);
	CHECK_EQ(guest_u32(vm, I_LAST_IRQ), VECTOR);
}

/* ---- messages that no local APIC takes -------------------------------------------- */

/* The destination is not there: the pin waits for no EOI that nobody will send. */
static void nobody_there(void)
{
	struct kvm_msi m = {.address_lo = 0xfee00000 | 7 << 12, .data = 0xc000 | VECTOR};
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	CHECK_EQ(ioctl(vm.fd, KVM_SIGNAL_MSI, &m), 0);
	redirect(&vm, VECTOR | RTE_TO(7));
	CHECK_EQ(line(&vm, PIN, 1), 0);
	line(&vm, PIN, 0);
	redirect(&vm, VECTOR | RTE_LEVEL | RTE_TO(7));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(line(&vm, PIN, 1), 0);
		CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL | RTE_TO(7));
	}
	/* Once there is somebody, it gets what is still asked for, and the EOI ends it. */
	redirect(&vm, VECTOR | RTE_LEVEL);
	CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL | RTE_IRR);
	line(&vm, PIN, 0);
	taken(&vm, &v, 1);
	CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL);
}

/* It is there, and takes no interrupts yet. */
static void nobody_yet(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	redirect(&vm, VECTOR | RTE_LEVEL);
	lapic_enable(&v, false);
	CHECK_EQ(line(&vm, PIN, 1), 0);
	CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL);
	lapic_enable(&v, true);
	if (host_is_stock())
		line(&vm, PIN, 1); /* in-tree KVM waits for the device to say so again */
	CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL | RTE_IRR);
	taken(&vm, &v, 1);
	taken(&vm, &v, 2); /* the line is still high */
	line(&vm, PIN, 0);
	taken(&vm, &v, 3);
	CHECK_EQ(rte(&vm), VECTOR | RTE_LEVEL);
}

/* What KVM_IRQ_LINE_STATUS says of GSIs that lead to a message, the PIC, the I/O APIC, nowhere. */
static void answers(void)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[3];
	} r = {
		.head.nr = 3,
		.entry = {MSI_ROUTE(4, VECTOR, 0),
			  {.gsi = 5,
			   .type = KVM_IRQ_ROUTING_IRQCHIP,
			   .u.irqchip = {.irqchip = KVM_IRQCHIP_PIC_MASTER, .pin = 5}},
			  {.gsi = PIN,
			   .type = KVM_IRQ_ROUTING_IRQCHIP,
			   .u.irqchip = {.irqchip = KVM_IRQCHIP_IOAPIC, .pin = PIN}}},
	};
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	CHECK_OK(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r));
	CHECK_EQ(line(&vm, 3, 1), -1);
	CHECK_EQ(line(&vm, 3, 0), -1);
	CHECK_EQ(line(&vm, 4, 1), 1);
	CHECK_EQ(line(&vm, 4, 0), -1);
	CHECK_EQ(line(&vm, 5, 1), 1);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(line(&vm, 5, 0), 1);
	CHECK_EQ(line(&vm, 5, 1), 0);	 /* latched before, not taken yet */
	CHECK_EQ(line(&vm, PIN, 1), -1); /* masked */
	for (int i = 0; i < 2; i++)
		CHECK_EQ(line(&vm, PIN, 0), 1);
	redirect(&vm, VECTOR + 1);
	CHECK_EQ(line(&vm, PIN, 1), 1);
	CHECK_EQ(line(&vm, PIN, 1), 0);
	CHECK_EQ(line(&vm, PIN, 0), 1);
}

/* ---- the I/O APIC is userspace's --------------------------------------------------- */

/* A message with @data for the vCPU: the vector that KVM_EXIT_IOAPIC_EOI tells of its end; or 0. */
static unsigned int ended(struct vm *vm, struct vcpu *v, uint32_t data)
{
	struct kvm_msi m = {.address_lo = 0xfee00000, .data = data};
	uint32_t taken = guest_u32(vm, I_IRQ_COUNT) + 1;
	unsigned int vector = 0;

	CHECK_EQ(ioctl(vm->fd, KVM_SIGNAL_MSI, &m), 1);
	CHECK_EQ(vcpu_run_try(v), 0);
	if (v->run->exit_reason == KVM_EXIT_IOAPIC_EOI) {
		vector = v->run->eoi.vector;
		CHECK_EQ(vcpu_run_report(v), taken);
	} else {
		CHECK_EQ(v->run->exit_reason, KVM_EXIT_IO); /* the report */
	}
	CHECK_EQ(guest_u32(vm, I_IRQ_COUNT), taken);
	CHECK_EQ(guest_u32(vm, I_LAST_IRQ), data & 0xff);
	return vector;
}

/*
 * Only ends of what a pin of that I/O APIC sends by a route are told: level triggered, and of the
 * GSIs that were reserved.
 */
static void split_ends(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {20}};
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[4];
	} r = {
		.head.nr = 4,
		.entry = {MSI_ROUTE(4, 0x51, 0xc000), MSI_ROUTE(19, 0x52, 0x8000),
			  MSI_ROUTE(20, 0x53, 0xc000), MSI_ROUTE(5, 0x54, 0)},
	};
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, RAM_SIZE);
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	vcpu_start(&vm, &v);
	CHECK_EQ(ended(&vm, &v, 0xc051), 0);
	CHECK_OK(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r));
	CHECK_EQ(ended(&vm, &v, 0xc051), 0x51);
	/* Such messages are levels that are asserted, whatever they say (QEMU's don't say so). */
	CHECK_EQ(ended(&vm, &v, 0x8051), 0x51);
	CHECK_EQ(ended(&vm, &v, 0x8052), 0x52);
	CHECK_EQ(ended(&vm, &v, 0xc053), 0); /* not reserved */
	CHECK_EQ(ended(&vm, &v, 0xc054), 0); /* an edge */
	CHECK_EQ(ended(&vm, &v, 0x54), 0);
	CHECK_EQ(ended(&vm, &v, 0xc061), 0); /* no route */
	if (!host_is_stock())		     /* which goes by the vector alone */
		CHECK_EQ(ended(&vm, &v, 0x51), 0);
	r.head.nr = 0;
	CHECK_OK(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r));
	CHECK_EQ(ended(&vm, &v, 0xc051), 0);
}

static const struct live_test tests[] = {
	{"nobody_there", nobody_there},
	{"nobody_yet", nobody_yet},
	{"answers", answers},
	{"split_ends", split_ends},
};

LIVE_SUBJECT(ioapic, tests);
