/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt chips in the kernel: creation, lines, messages, the state ioctls, halting and waking,
 * INIT and SIPI. What the models do is tested in tests/unit; here is the way into a guest.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "flight.h"
#include "snap.h"
#include "vmm.h"

#define LAPIC_SVR 0xf0
#define LAPIC_TPR 0x80
#define LAPIC_VER 0x30

static uint32_t *lapic_reg(struct kvm_lapic_state *l, unsigned int reg)
{
	return (uint32_t *)(l->regs + reg);
}

static struct kvm_lapic_state lapic_get(struct vcpu *v)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	return l;
}

static void lapic_set(struct vcpu *v, const struct kvm_lapic_state *l)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, l));
}

/* As vm_start(), with all chips and the local APIC enabled. */
static void start(struct vm *vm, struct vcpu *v, enum mode mode, struct payload p)
{
	struct kvm_lapic_state l;

	vm_create_ram(vm, RAM_SIZE);
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
	vcpu_mode(v, mode, G_CODE);
	guest_load(vm, G_CODE, p);
	l = lapic_get(v);
	*lapic_reg(&l, LAPIC_SVR) |= 0x100;
	lapic_set(v, &l);
}

static int msi(struct vm *vm, uint32_t dest, uint32_t data)
{
	struct kvm_msi m = {.address_lo = 0xfee00000 | dest << 12, .data = data};

	return ioctl(vm->fd, KVM_SIGNAL_MSI, &m);
}

static int line(struct vm *vm, uint32_t gsi, int level)
{
	struct kvm_irq_level l = {.irq = gsi, .level = level};

	CHECK_OK(ioctl(vm->fd, KVM_IRQ_LINE_STATUS, &l));
	return (int)l.status;
}

/* Run until the guest has taken @n interrupts; the last was @vector. It does not halt. */
static void taken(struct vm *vm, struct vcpu *v, unsigned int n, uint32_t vector)
{
	guest_arg(vm, 0) = n;
	vcpu_run_done(v);
	CHECK_EQ(guest_u32(vm, I_IRQ_COUNT), n);
	CHECK_EQ(guest_u32(vm, I_LAST_IRQ), vector);
}

/* CR8 holds back what is not above it, and lets go what it is lowered below. */
static void cr8(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_tpr));
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(vcpu_run_report(&v), 2);
	CHECK_EQ(v.run->cr8, 9);
	CHECK_EQ(vcpu_sregs(&v).cr8, 9);
	CHECK_OK(msi(&vm, 0, 0x51));
	CHECK_OK(msi(&vm, 0, 0x83));
	vcpu_run_done(&v);
}

/* As long as nothing waits behind it, CR8 is the guest's own. */
static void cr8_without_exits(void)
{
	struct snap before, after;
	struct vm vm;
	struct vcpu v;

	snap_require();
	if (!access("/sys/module/glassvisor/parameters/tpr_shadow", F_OK) && !param("tpr_shadow"))
		SKIP("no TPR shadow");
	start(&vm, &v, MODE_LONG, GUEST(irq_tpr));
	CHECK_EQ(vcpu_run_report(&v), 1);
	snap_read(&vm, &before);
	CHECK_EQ(vcpu_run_report(&v), 2);
	snap_read(&vm, &after);
	CHECK_EQ(snap_vcpu_stat(&after, 0, "cr_exits") - snap_vcpu_stat(&before, 0, "cr_exits"), 0);
}

/* As start(), in x2APIC mode. */
static void start_x2apic(struct vm *vm, struct vcpu *v, struct payload p)
{
	start(vm, v, MODE_LONG, p);
	vcpu_set_msr(v, 0x1b, 0xfee00d00);
}

static void x2apic_ends(void)
{
	struct vm vm;
	struct vcpu v;
	unsigned int i;

	start_x2apic(&vm, &v, GUEST(irq_x2apic_ends));
	for (i = 0; i < 50; i++) {
		CHECK_EQ(vcpu_run_report(&v), i);
		CHECK_OK(msi(&vm, 0, 0x51));
	}
	/* The state of a guest that has just taken one, and of one that is about to. */
	CHECK_EQ(vcpu_run_report(&v), i);
	struct kvm_lapic_state l = lapic_get(&v);

	CHECK_EQ(*lapic_reg(&l, 0x120) | *lapic_reg(&l, 0x220), 0);
	CHECK_OK(msi(&vm, 0, 0x51));
	l = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&l, 0x220), 1u << 0x11);
	lapic_set(&v, &l);
	CHECK_EQ(vcpu_run_report(&v), i + 1);
}

static void x2apic_tpr(void)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	start_x2apic(&vm, &v, GUEST(irq_x2apic_tpr));
	CHECK_EQ(vcpu_run_report(&v), 2);
	l = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&l, LAPIC_TPR), 0x9d);
	CHECK_EQ(vcpu_sregs(&v).cr8, 9);
	CHECK_OK(msi(&vm, 0, 0x51));
	CHECK_OK(msi(&vm, 0, 0x83));
	vcpu_run_done(&v);
}

/* A level triggered line of the I/O APIC comes again until it is down: its end is heard of. */
static void x2apic_level(void)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct vm vm;
	struct vcpu v;
	unsigned int i;

	start_x2apic(&vm, &v, GUEST(irq_x2apic_ends));
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[20].bits = 0x51 | 1 << 15; /* level triggered, to APIC 0 */
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	CHECK_EQ(vcpu_run_report(&v), 0);
	line(&vm, 20, 1);
	for (i = 1; i < 10; i++)
		CHECK_EQ(vcpu_run_report(&v), i);
	line(&vm, 20, 0);
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	CHECK_EQ(chip.chip.ioapic.redirtbl[20].fields.remote_irr, 1);
	CHECK_EQ(vcpu_run_report(&v), i); /* it was asked for again before the line fell */
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	CHECK_EQ(chip.chip.ioapic.redirtbl[20].fields.remote_irr, 0);
	line(&vm, 20, 1);
	CHECK_EQ(vcpu_run_report(&v), i + 1);
}

/* Ends are no exits where the hardware has the local APIC. */
static void x2apic_without_exits(void)
{
	struct snap before, after;
	struct vm vm;
	struct vcpu v;

	snap_require();
	if (access("/sys/module/glassvisor/parameters/apicv", F_OK) || !param("apicv"))
		SKIP("no APICv");
	start_x2apic(&vm, &v, GUEST(irq_x2apic_tpr));
	CHECK_EQ(vcpu_run_report(&v), 2);
	snap_read(&vm, &before);
	CHECK_OK(msi(&vm, 0, 0x51));
	CHECK_OK(msi(&vm, 0, 0x83));
	vcpu_run_done(&v);
	snap_read(&vm, &after);
	/* The IPI to itself, and nothing else. */
	CHECK(snap_vcpu_stat(&after, 0, "msr_exits") - snap_vcpu_stat(&before, 0, "msr_exits") <= 1,
	      "%llu exits",
	      (unsigned long long)(snap_vcpu_stat(&after, 0, "msr_exits") -
				   snap_vcpu_stat(&before, 0, "msr_exits")));
	CHECK_EQ(snap_vcpu_stat(&after, 0, "irq_window_exits"),
		 snap_vcpu_stat(&before, 0, "irq_window_exits"));
}

static void xapic_tpr(void)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_xapic_tpr));
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(vcpu_run_report(&v), 2);
	l = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&l, LAPIC_TPR), 0x9d);
	CHECK_EQ(vcpu_sregs(&v).cr8, 9);
	CHECK_OK(msi(&vm, 0, 0x51));
	CHECK_OK(msi(&vm, 0, 0x83));
	CHECK_EQ(vcpu_run_report(&v), 3);
	CHECK_EQ(vcpu_run_report(&v), 0x40);
	vcpu_run_done(&v);
}

/* Where the hardware knows the page of the xAPIC, the TPR there is the guest's own, as CR8 is. */
static void xapic_tpr_without_exits(void)
{
	struct snap before, after;
	struct vm vm;
	struct vcpu v;

	snap_require();
	if (!host_is_vmx() || !param("apic_access") || !param("tpr_shadow") || !param("mmio_spte"))
		SKIP("no APIC-access page");
	start(&vm, &v, MODE_LONG, GUEST(irq_xapic_tpr));
	CHECK_EQ(vcpu_run_report(&v), 1);
	snap_read(&vm, &before);
	CHECK_EQ(vcpu_run_report(&v), 2);
	snap_read(&vm, &after);
	CHECK_EQ(snap_vcpu_stat(&after, 0, "pf_emulate"), snap_vcpu_stat(&before, 0, "pf_emulate"));
}

/* In x2APIC mode, elsewhere, or off: there is no xAPIC at its page, for no vCPU what was there. */
static void xapic_leaves(void)
{
	static const uint64_t base[] = {0xfee00d00, 0xfee00100, 0xfed00900};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(base); i++) {
		struct vm vm;
		struct vcpu v;

		start(&vm, &v, MODE_LONG, GUEST(irq_xapic_tpr));
		CHECK_EQ(vcpu_run_report(&v), 1);
		CHECK_EQ(vcpu_run_report(&v), 2);
		CHECK_OK(msi(&vm, 0, 0x51));
		CHECK_OK(msi(&vm, 0, 0x83));
		CHECK_EQ(vcpu_run_report(&v), 3);
		vcpu_set_msr(&v, 0x1b, base[i]);
		vcpu_run_to(&v, KVM_EXIT_MMIO);
		CHECK_EQ(v.run->mmio.phys_addr, 0xfee00080);
		CHECK_EQ(v.run->mmio.is_write, 0);
		CHECK_EQ(v.run->mmio.len, 4);
		memcpy(v.run->mmio.data, "\x78\x56\x34\x12", 4);
		CHECK_EQ(vcpu_run_report(&v), 0x12345678);
		vm_destroy(&vm);
	}
}

/* Userspace hears of the guest's accesses to the TPR, after each, if it wants to. */
static void tpr_access(void)
{
	struct kvm_tpr_access_ctl ctl = {.enabled = 1};
	uint64_t *arg;
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(one_write));
	vcpu_set_msr(&v, 0x1b, 0x10000000 | 0x900);
	arg = (uint64_t *)(vm.ram + I_ARG);
	arg[0] = 0x10000000 + LAPIC_TPR;
	arg[1] = 0x20;
	arg[2] = 5; /* 4 bytes of memory */
	vcpu_run_report(&v);
	CHECK_OK(ioctl(v.fd, KVM_TPR_ACCESS_REPORTING, &ctl));
	arg[1] = 0x30;
	vcpu_run_to(&v, KVM_EXIT_TPR_ACCESS);
	CHECK_EQ(v.run->tpr_access.is_write, 1);
	CHECK(v.run->tpr_access.rip >= G_CODE && v.run->tpr_access.rip < G_CODE + 0x200,
	      "rip %#llx", (unsigned long long)v.run->tpr_access.rip);
	l = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&l, LAPIC_TPR), 0x30);
	vcpu_run_report(&v);
	arg[0] = 0x10000000 + 0xb0; /* another register */
	vcpu_run_report(&v);
	ctl.flags = 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_TPR_ACCESS_REPORTING, &ctl), EINVAL);
}

/* ---- creation ---------------------------------------------------------- */

static void create(void)
{
	struct kvm_irq_level l = {.irq = 1};
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	CHECK_ERRNO(ioctl(vm.fd, KVM_IRQ_LINE, &l), ENXIO);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0), EEXIST);
	CHECK_OK(ioctl(vm.fd, KVM_IRQ_LINE, &l));
	vm_destroy(&vm);

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0), EINVAL);
}

static void split(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0), EEXIST);
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip), ENXIO);
	vcpu_create(&vm, &v, 0);
	lapic_get(&v);
}

/* ---- the way in ---------------------------------------------------------- */

static void message(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	/* Nobody has that id. */
	CHECK_EQ(msi(&vm, 7, 0x52), 0);
	CHECK_EQ(msi(&vm, 0, 0x51), 1);
	taken(&vm, &v, 1, 0x51);
}

/* One of a class in service waits for the EOI, which this guest never writes; a higher one does not. */
static void priorities(void)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	CHECK_EQ(msi(&vm, 0, 0x45), 1);
	CHECK_EQ(msi(&vm, 0, 0x61), 1);
	CHECK_EQ(msi(&vm, 0, 0x62), 1);
	taken(&vm, &v, 1, 0x62);
	l = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&l, 0x100 + 3 * 16), 1u << 2); /* ISR */
	CHECK_EQ(*lapic_reg(&l, 0x200 + 3 * 16), 1u << 1); /* IRR */
	CHECK_EQ(*lapic_reg(&l, 0x200 + 2 * 16), 1u << 5);
}

struct later {
	struct vm *vm;
	volatile bool sent;
};

static void *send_later(void *arg)
{
	struct later *l = arg;

	usleep(30000);
	l->sent = true;
	msi(l->vm, 0, 0x51);
	return NULL;
}

/* HLT stays in the kernel until the message comes from another thread. */
static void halted_wakes(void)
{
	pthread_t thread;
	struct later l;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_hlt));
	l = (struct later){.vm = &vm};
	CHECK(!pthread_create(&thread, NULL, send_later, &l), "no thread");
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK(l.sent, "woken by nothing");
	pthread_join(thread, NULL);
}

static void x2apic_halted(void)
{
	pthread_t thread;
	struct later l;
	struct vm vm;
	struct vcpu v;

	start_x2apic(&vm, &v, GUEST(irq_x2apic_hlt));
	l = (struct later){.vm = &vm};
	CHECK(!pthread_create(&thread, NULL, send_later, &l), "no thread");
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK(l.sent, "it did not wait");
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x51);
	pthread_join(thread, NULL);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void halted_is_interruptible(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct kvm_mp_state mp;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_hlt));
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000,
	       20000); /* again and again: the first may come before HLT, or before KVM_RUN */
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(vcpu_run_try(&v), EINTR);
		CHECK_EQ(v.run->exit_reason, KVM_EXIT_INTR);
		CHECK_OK(ioctl(v.fd, KVM_GET_MP_STATE, &mp));
		if (mp.mp_state == KVM_MP_STATE_HALTED)
			break;
	}
	ualarm(0, 0);
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_HALTED);
	/* It is still there for the interrupt that comes now. */
	CHECK_EQ(msi(&vm, 0, 0x51), 1);
	CHECK_EQ(vcpu_run_report(&v), 1);
}

static void ioapic_edge(void)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[21].bits = 0x55;
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	CHECK(line(&vm, 21, 1) > 0, "not delivered");
	CHECK_EQ(line(&vm, 21, 1), 0); /* coalesced: it is there already */
	taken(&vm, &v, 1, 0x55);
	/* A masked pin takes nothing. */
	CHECK(line(&vm, 22, 1) < 0, "delivered by a masked pin");
}

static void pic_set(struct vm *vm, int chip_id, uint8_t base, bool auto_eoi)
{
	struct kvm_irqchip chip = {.chip_id = chip_id};

	CHECK_OK(ioctl(vm->fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.pic.irq_base = base;
	chip.chip.pic.imr = 0;
	chip.chip.pic.init_state = 0;
	chip.chip.pic.auto_eoi = auto_eoi;
	CHECK_OK(ioctl(vm->fd, KVM_SET_IRQCHIP, &chip));
}

static void pic(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	pic_set(&vm, KVM_IRQCHIP_PIC_MASTER, 0x40, false);
	line(&vm, 3, 1);
	taken(&vm, &v, 1, 0x43);
}

/* Channel 0 as userspace restores it: a rate generator, through the PIC, again and again. */
static void pit(void)
{
	struct kvm_pit_config config = {0};
	struct kvm_pit_state2 state;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_PIT2, &state), ENXIO);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_PIT2, &config));
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_PIT2, &config), EEXIST);
	pic_set(&vm, KVM_IRQCHIP_PIC_MASTER, 0x40, true);
	CHECK_OK(ioctl(vm.fd, KVM_GET_PIT2, &state));
	state.channels[0].mode = 2;
	state.channels[0].count = 5966; /* 5 ms */
	state.channels[0].gate = 1;
	state.channels[0].rw_mode = 3;
	CHECK_OK(ioctl(vm.fd, KVM_SET_PIT2, &state));
	/* Once the fifth is over, a sixth may wait already. */
	guest_arg(&vm, 0) = 5;
	vcpu_run_done(&v);
	CHECK(guest_u32(&vm, I_IRQ_COUNT) >= 5, "%u ticks", guest_u32(&vm, I_IRQ_COUNT));
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x40);
}

/* A periodic PIT on an edge triggered pin of the I/O APIC: each tick waits for the last one's EOI. */
static void pit_by_ioapic(void)
{
	struct kvm_pit_config config = {0};
	struct kvm_pit_state2 state;
	struct kvm_pit_state old;
	struct kvm_irqchip chip;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(pv_eoi));
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_PIT2, &config));
	chip.chip_id = KVM_IRQCHIP_PIC_MASTER;
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.pic.imr = 0xff;
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	chip.chip_id = KVM_IRQCHIP_IOAPIC;
	CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[0].bits = 0x51; /* by the default routes */
	CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	vcpu_run_report(&v);
	CHECK_OK(ioctl(vm.fd, KVM_GET_PIT2, &state));
	state.channels[0].mode = 2;
	state.channels[0].count = 1193; /* 1 ms */
	state.channels[0].gate = 1;
	state.channels[0].rw_mode = 3;
	CHECK_OK(ioctl(vm.fd, KVM_SET_PIT2, &state));
	/* Were no EOI heard of, a tick would come each second. */
	for (int i = 0; i < 200; i++)
		vcpu_run_report(&v);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x51);
	CHECK_OK(ioctl(vm.fd, KVM_GET_PIT, &old));
	CHECK_EQ(old.channels[0].count, 1193);
	CHECK_OK(ioctl(vm.fd, KVM_SET_PIT, &old));
}

/* The farthest TSC deadline there is: never, and no reason not to run. */
static void far_deadline(void)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_reports));
	l = lapic_get(&v);
	*lapic_reg(&l, 0x320) = 0x40051; /* LVT timer: TSC deadline */
	lapic_set(&v, &l);
	vcpu_set_msr(&v, 0x6e0, ~0ull);
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(vcpu_run_report(&v), 2);
	vcpu_set_msr(&v, 0x6e0, 1); /* over */
	vcpu_run_report(&v);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x51);
}

/* ---- routes ------------------------------------------------------------------ */

static void routes(void)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[2];
	} r = {
		.head.nr = 1,
		.entry[0] = {.gsi = 100,
			     .type = KVM_IRQ_ROUTING_MSI,
			     .u.msi = {.address_lo = 0xfee00000, .data = 0x57}},
	};
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	CHECK_OK(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r));
	CHECK(line(&vm, 100, 1) > 0, "not delivered");
	taken(&vm, &v, 1, 0x57);
	CHECK(line(&vm, 21, 1) < 0, "the old routes are still there");
	r.head.flags = 1;
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r), EINVAL);
	r.head.flags = 0;
	r.head.nr = 100000;
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r), EINVAL);
	r.head.nr = 1;
	r.entry[0].gsi = 1 << 20;
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &r), EINVAL);
}

/* ---- state --------------------------------------------------------------------- */

static void chip_state(void)
{
	struct kvm_irqchip one, two;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_hlt));
	for (unsigned int id = 0; id < KVM_NR_IRQCHIPS; id++) {
		memset(&one, 0, sizeof(one));
		memset(&two, 0, sizeof(two));
		one.chip_id = two.chip_id = id;
		CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &one));
		CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &one));
		CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &two));
		CHECK(!memcmp(&one, &two, sizeof(one)), "chip %u came back otherwise", id);
	}
	one.chip_id = KVM_NR_IRQCHIPS;
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_IRQCHIP, &one), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_IRQCHIP, &one), EINVAL);
}

static void lapic_state(void)
{
	struct kvm_lapic_state one, two;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_hlt));
	one = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&one, LAPIC_VER) & 0xff, 0x14);
	*lapic_reg(&one, LAPIC_TPR) = 0x30;
	lapic_set(&v, &one);
	two = lapic_get(&v);
	CHECK_EQ(*lapic_reg(&two, LAPIC_TPR), 0x30);
	CHECK_EQ(vcpu_sregs(&v).cr8, 3);
	/* Without a local APIC in the kernel there is nothing to get. */
	vm_destroy(&vm);
	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	CHECK_ERRNO(ioctl(v.fd, KVM_GET_LAPIC, &one), EINVAL);
}

/* ---- application processors -------------------------------------------------------- */

static void *run_report(void *arg)
{
	return (void *)(uintptr_t)vcpu_run_report(arg);
}

static void init_sipi(void)
{
	struct kvm_mp_state mp;
	struct vcpu v, ap;
	pthread_t thread;
	struct vm vm;
	void *got;

	start(&vm, &v, MODE_LONG, GUEST(irq_real));
	vcpu_create(&vm, &ap, 1);
	vcpu_cpuid(&ap);
	CHECK_OK(ioctl(ap.fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_UNINITIALIZED);
	CHECK(!pthread_create(&thread, NULL, run_report, &ap), "no thread");
	usleep(20000);
	CHECK(msi(&vm, 1, 0x500) >= 0, "INIT refused");
	CHECK(msi(&vm, 1, 0x600 | G_CODE >> 12) >= 0, "SIPI refused");
	pthread_join(thread, &got);
	CHECK_EQ((uintptr_t)got, 1);
	CHECK_OK(ioctl(ap.fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_RUNNABLE);
	CHECK_EQ(vcpu_sregs(&ap).cs.base, G_CODE);
}

static void mp_states(void)
{
	struct kvm_mp_state mp = {.mp_state = KVM_MP_STATE_HALTED};
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, MODE_LONG, GUEST(irq_reports));
	CHECK_OK(ioctl(v.fd, KVM_SET_MP_STATE, &mp));
	CHECK_OK(ioctl(v.fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_HALTED);
	mp.mp_state = 77;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_MP_STATE, &mp), EINVAL);
	mp.mp_state = KVM_MP_STATE_RUNNABLE;
	CHECK_OK(ioctl(v.fd, KVM_SET_MP_STATE, &mp));
	CHECK_EQ(vcpu_run_report(&v), 1);
	vm_destroy(&vm);
	/* Without chips a vCPU is runnable and nothing else. */
	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	mp.mp_state = KVM_MP_STATE_HALTED;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_MP_STATE, &mp), EINVAL);
}

/* ---- races ---------------------------------------------------------------------------- */

struct storm {
	struct vm *vm;
	volatile bool stop;
};

static void *storm_thread(void *arg)
{
	struct storm *s = arg;
	unsigned int i = 0;

	while (!s->stop) {
		struct kvm_irq_level l = {.irq = i % 24, .level = i / 24 & 1};

		msi(s->vm, i % 3, 0x40 + i % 0x80);
		ioctl(s->vm->fd, KVM_IRQ_LINE, &l);
		i++;
	}
	return NULL;
}

/* Messages and lines from two threads while the state is read, set and routed anew. */
static void hostile(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct kvm_irqchip chip;
	struct storm s;
	pthread_t thread[2];
	struct kvm_lapic_state l;
	struct kvm_irq_routing none = {0};
	struct vm vm;
	struct vcpu v, other;

	start(&vm, &v, MODE_LONG, GUEST(irq_window));
	vcpu_create(&vm, &other, 1);
	pic_set(&vm, KVM_IRQCHIP_PIC_MASTER, 0x70, true);
	pic_set(&vm, KVM_IRQCHIP_PIC_SLAVE, 0x78, true);
	guest_arg(&vm, 0) = UINT32_MAX; /* it goes on until a signal stops it */
	sigaction(SIGALRM, &sa, NULL);
	s = (struct storm){.vm = &vm};
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&thread[i], NULL, storm_thread, &s), "no thread");
	for (int i = 0; i < 100; i++) {
		l = lapic_get(&v);
		memset(l.regs + 0x100, 0, 0x200); /* ISR, TMR, IRR */
		lapic_set(&v, &l);
		chip.chip_id = i % 3;
		CHECK_OK(ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
		CHECK_OK(ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
		if (i % 50 == 49)
			CHECK_OK(ioctl(vm.fd, KVM_SET_GSI_ROUTING, &none));
		ualarm(2000, 2000); /* repeated: the first may come before KVM_RUN */
		vcpu_run_try(&v);
	}
	ualarm(0, 0);
	s.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

static const struct live_test tests[] = {
	{"create", create},
	{"split", split},
	{"message", message},
	{"priorities", priorities},
	{"halted_wakes", halted_wakes},
	{"halted_is_interruptible", halted_is_interruptible},
	{"ioapic_edge", ioapic_edge},
	{"pic", pic},
	{"pit", pit},
	{"pit_by_ioapic", pit_by_ioapic, 20},
	{"far_deadline", far_deadline, 20},
	{"routes", routes},
	{"cr8", cr8},
	{"cr8_without_exits", cr8_without_exits},
	{"x2apic_ends", x2apic_ends},
	{"x2apic_tpr", x2apic_tpr},
	{"x2apic_level", x2apic_level},
	{"x2apic_halted", x2apic_halted},
	{"x2apic_without_exits", x2apic_without_exits},
	{"xapic_tpr", xapic_tpr},
	{"xapic_tpr_without_exits", xapic_tpr_without_exits},
	{"xapic_leaves", xapic_leaves},
	{"tpr_access", tpr_access},
	{"chip_state", chip_state},
	{"lapic_state", lapic_state},
	{"init_sipi", init_sipi},
	{"mp_states", mp_states},
	{"hostile", hostile},
};

LIVE_SUBJECT(irqchip, tests);
