/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel does with the guest's writes and with eventfds on its own: KVM_IOEVENTFD,
 * KVM_IRQFD and its resampling, coalesced MMIO and PIO.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vmm.h"

#define M 0xd0000000ull /* no memory there */

enum how { OUT1, OUT2, OUT4, MEM1, MEM2, MEM4, MEM8, OUTS };

static int event(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	CHECK_OK(fd);
	return fd;
}

/* How often it was signalled since the last look. */
static uint64_t signals(int fd)
{
	uint64_t n = 0;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		CHECK_EQ(errno, EAGAIN);
	return n;
}

static void signal_once(int fd)
{
	uint64_t one = 1;

	CHECK_EQ(write(fd, &one, sizeof(one)), sizeof(one));
}

/* Have the guest write. True: the kernel took it; false: an exit came of it. */
static bool guest_write(struct vcpu *v, enum how how, uint64_t addr, uint64_t value)
{
	struct vm *vm = v->vm;
	bool exits;

	guest_arg(vm, 0) = addr;
	guest_arg(vm, 1) = value;
	guest_arg(vm, 2) = how;
	do
		CHECK_EQ(vcpu_run_try(v), 0);
	while (v->run->exit_reason == KVM_EXIT_INTR);
	exits = v->run->exit_reason != KVM_EXIT_IO || v->run->io.port != P_REPORT;
	if (!exits)
		return true;
	CHECK_EQ(v->run->exit_reason, how >= MEM1 && how <= MEM8 ? KVM_EXIT_MMIO : KVM_EXIT_IO);
	return false;
}

/* The same up to the report, where an exit comes first. */
static bool taken(struct vcpu *v, enum how how, uint64_t addr, uint64_t value)
{
	bool kernel = guest_write(v, how, addr, value);

	if (!kernel)
		CHECK_EQ(vcpu_run_report(v), how);
	return kernel;
}

/* ---- ioeventfds ------------------------------------------------------------ */

static int ioeventfd(struct vm *vm, int fd, uint64_t addr, uint32_t len, uint32_t flags,
		     uint64_t match)
{
	struct kvm_ioeventfd args = {
		.datamatch = match, .addr = addr, .len = len, .fd = fd, .flags = flags};

	return ioctl(vm->fd, KVM_IOEVENTFD, &args);
}

#define PIO   KVM_IOEVENTFD_FLAG_PIO
#define MATCH KVM_IOEVENTFD_FLAG_DATAMATCH
#define GONE  KVM_IOEVENTFD_FLAG_DEASSIGN

static void ioeventfd_pio(void)
{
	int any = event(), two = event();
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(one_write));
	CHECK(!taken(&v, OUT2, 0x1000, 7), "nothing there");
	CHECK_OK(ioeventfd(&vm, any, 0x1000, 2, PIO, 0));
	CHECK_OK(ioeventfd(&vm, two, 0x1004, 4, PIO | MATCH, 0x80000001));
	CHECK(taken(&v, OUT2, 0x1000, 7), "an exit");
	CHECK(taken(&v, OUT2, 0x1000, 8), "an exit");
	CHECK_EQ(signals(any), 2);
	CHECK(!taken(&v, OUT1, 0x1000, 7), "another length");
	CHECK(!taken(&v, OUT2, 0x1001, 7), "another port");
	CHECK(!taken(&v, MEM2, M + 0x1000, 7), "memory");
	CHECK(taken(&v, OUT4, 0x1004, 0xffffffff80000001), "an exit");
	CHECK(!taken(&v, OUT4, 0x1004, 1), "another value");
	CHECK_EQ(signals(any), 0);
	CHECK_EQ(signals(two), 1);
	CHECK_OK(ioeventfd(&vm, any, 0x1000, 2, PIO | GONE, 0));
	CHECK(!taken(&v, OUT2, 0x1000, 7), "deassigned");
	CHECK_EQ(signals(any), 0);
}

static void ioeventfd_mmio(void)
{
	int fd[8];
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(one_write));
	for (int i = 0; i < 8; i++)
		fd[i] = event();
	/* In an order that is none. */
	CHECK_OK(ioeventfd(&vm, fd[4], M + 8, 4, 0, 0));
	CHECK_OK(ioeventfd(&vm, fd[0], M, 1, 0, 0));
	CHECK_OK(ioeventfd(&vm, fd[6], M + 16, 8, MATCH, 0x1122334455667788));
	CHECK_OK(ioeventfd(&vm, fd[2], M, 4, 0, 0));
	CHECK_OK(ioeventfd(&vm, fd[7], M + 24, 0, 0, 0));
	CHECK_OK(ioeventfd(&vm, fd[1], M, 2, MATCH, 5));
	CHECK_OK(ioeventfd(&vm, fd[3], M, 2, MATCH, 4));
	CHECK(taken(&v, MEM1, M, 5) && taken(&v, MEM2, M, 5) && taken(&v, MEM4, M, 5), "an exit");
	CHECK(taken(&v, MEM2, M, 4), "an exit");
	CHECK(!taken(&v, MEM2, M, 6) && !taken(&v, MEM8, M, 5), "no entry");
	CHECK(taken(&v, MEM4, M + 8, 1) && !taken(&v, MEM4, M + 10, 1), "by address");
	CHECK(taken(&v, MEM8, M + 16, 0x1122334455667788), "an exit");
	CHECK(!taken(&v, MEM8, M + 16, 0x1122334455667789), "another value");
	for (enum how how = MEM1; how <= MEM8; how++)
		CHECK(taken(&v, how, M + 24, how), "any length: an exit");
	for (int i = 0; i < 8; i++)
		CHECK_EQ(signals(fd[i]), i == 5 ? 0 : i == 7 ? 4 : 1);
}

/* Many on one address, by value; and a string whose bytes are not all of one kind. */
static void ioeventfd_many(void)
{
	static int fd[200];
	struct vm vm;
	struct vcpu v;
	uint8_t *data;

	vm_start(&vm, &v, MODE_LONG, GUEST(one_write));
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = event();
		CHECK_OK(ioeventfd(&vm, fd[i], 0, 1, PIO | MATCH, i * 77 % 200));
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i += 13)
		CHECK(taken(&v, OUT1, 0, i * 77 % 200), "an exit");
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		CHECK_EQ(signals(fd[i]), i % 13 == 0);
	memcpy(vm.ram + G_DATA, "\1\2\xff\3", 4);
	CHECK(!guest_write(&v, OUTS, 0, 0), "taken whole");
	/* The rest of the string, in one exit or two. */
	for (unsigned int n = 0; n < 2; n += v.run->io.count) {
		if (n)
			vcpu_run_to(&v, KVM_EXIT_IO);
		if (v.run->io.port != 0 || n + v.run->io.count > 2)
			STOCK_GAP("splits a string in its own way");
		CHECK(v.run->io.port == 0 && n + v.run->io.count <= 2, "too much of the string");
		data = (uint8_t *)v.run + v.run->io.data_offset;
		CHECK(!memcmp(data, "\xff\3" + n, v.run->io.count), "not the rest");
	}
	CHECK_EQ(vcpu_run_report(&v), OUTS);
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		CHECK_OK(ioeventfd(&vm, fd[i], 0, 1, PIO | MATCH | GONE, i * 77 % 200));
	CHECK(!taken(&v, OUT1, 0, 1), "all are gone");
}

static void ioeventfd_errors(void)
{
	int fd = event(), other = event(), ends[2];
	struct vm vm;

	vm_create(&vm);
	CHECK_OK(pipe(ends));
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 3, 0, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 16, 0, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 0, MATCH, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 4, 0x80, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, fd, -2ull, 4, 0, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, ends[0], M, 4, 0, 0), EINVAL);
	CHECK_ERRNO(ioeventfd(&vm, -1, M, 4, 0, 0), EBADF);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 4, GONE, 0), ENOENT);
	CHECK_OK(ioeventfd(&vm, fd, M, 4, MATCH, 1));
	CHECK_ERRNO(ioeventfd(&vm, other, M, 4, MATCH, 1), EEXIST);
	CHECK_ERRNO(ioeventfd(&vm, other, M, 4, 0, 0), EEXIST);
	CHECK_ERRNO(ioeventfd(&vm, other, M, 0, 0, 0), EEXIST);
	CHECK_OK(ioeventfd(&vm, other, M, 4, MATCH, 2));
	CHECK_OK(ioeventfd(&vm, other, M, 8, 0, 0));
	CHECK_OK(ioeventfd(&vm, fd, M, 4, PIO, 0));
	CHECK_ERRNO(ioeventfd(&vm, other, M, 4, MATCH | GONE, 1), ENOENT);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 4, MATCH | GONE, 2), ENOENT);
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 4, GONE, 0), ENOENT);
	CHECK_OK(ioeventfd(&vm, fd, M, 4, MATCH | GONE, 1));
	CHECK_ERRNO(ioeventfd(&vm, fd, M, 4, MATCH | GONE, 1), ENOENT);
}

/* ---- coalesced zones --------------------------------------------------------- */

static int zone(struct vm *vm, bool add, uint64_t addr, uint32_t size, uint32_t pio)
{
	struct kvm_coalesced_mmio_zone z = {.addr = addr, .size = size, .pio = pio};

	return ioctl(vm->fd, add ? KVM_REGISTER_COALESCED_MMIO : KVM_UNREGISTER_COALESCED_MMIO, &z);
}

static struct kvm_coalesced_mmio_ring *ring_of(struct vcpu *v)
{
	int page = vm_cap(v->vm, KVM_CAP_COALESCED_MMIO);

	CHECK(page > 0 && (page + 1) * (int)PAGE <= v->vm->run_size, "the ring is page %d of %d",
	      page, v->vm->run_size);
	return (void *)((uint8_t *)v->run + page * PAGE);
}

#define RING_MAX                                                                                   \
	((PAGE - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

static void coalesced(void)
{
	struct kvm_coalesced_mmio_ring *ring;
	const struct kvm_coalesced_mmio *e;
	uint64_t value = 0x1122334455667788;
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(one_write));
	ring = ring_of(&v);
	CHECK_EQ(vm_cap(&vm, KVM_CAP_COALESCED_PIO), 1);
	CHECK_OK(zone(&vm, true, M, 0x100, 0));
	CHECK_OK(zone(&vm, true, 0x70, 1, 1));
	CHECK(taken(&v, MEM8, M + 0xf8, value) && taken(&v, OUT1, 0x70, 0x9a), "an exit");
	CHECK(!taken(&v, MEM8, M + 0xf9, value) && !taken(&v, OUT2, 0x70, 1), "over the end");
	CHECK(!taken(&v, MEM1, M - 1, 1) && !taken(&v, OUT1, 0x71, 1), "beside");
	CHECK_EQ(ring->first, 0);
	CHECK_EQ(ring->last, 2);
	e = ring->coalesced_mmio;
	CHECK(e[0].phys_addr == M + 0xf8 && e[0].len == 8 && !e[0].pio, "the first entry");
	CHECK(!memcmp(e[0].data, &value, 8), "its data");
	CHECK(e[1].phys_addr == 0x70 && e[1].len == 1 && e[1].pio == 1 && e[1].data[0] == 0x9a,
	      "the second entry");
	CHECK_ERRNO(zone(&vm, true, M, 8, 2), EINVAL);
	if (!host_is_stock()) /* that takes it */
		CHECK_ERRNO(zone(&vm, true, -8ull, 16, 0), EINVAL);
	CHECK_OK(zone(&vm, false, M, 0x100, 1)); /* no such zone */
	CHECK(taken(&v, MEM4, M, 1), "an exit");
	CHECK_OK(zone(&vm, false, M, 0x100, 0));
	CHECK(!taken(&v, MEM4, M, 1) && taken(&v, OUT1, 0x70, 1), "which is gone");
}

static void coalesced_wrap(void)
{
	struct kvm_coalesced_mmio_ring *ring;
	struct vm vm;
	struct vcpu v;
	uint32_t n = 0;

	vm_start(&vm, &v, MODE_LONG, GUEST(one_write));
	ring = ring_of(&v);
	CHECK_OK(zone(&vm, true, M, 0x1000, 0));
	while (n < 1000 && taken(&v, MEM4, M, n))
		n++;
	if (n == RING_MAX / 2)
		STOCK_GAP("counts the free places modulo 2^32 first");
	CHECK_EQ(n, RING_MAX - 1);
	CHECK_EQ(ring->last, RING_MAX - 1);
	ring->first = 5;
	for (n = 0; n < 1000 && taken(&v, MEM2, M + 4, n); n++)
		;
	CHECK_EQ(n, 5);
	CHECK_EQ(ring->last, 4);
	CHECK_EQ(ring->coalesced_mmio[RING_MAX - 1].len, 2);
	CHECK_EQ(*(uint32_t *)ring->coalesced_mmio[5].data, 5);
	/* Nonsense in it: exits, and nothing else. */
	ring->last = RING_MAX;
	CHECK(!taken(&v, MEM4, M, 1), "last behind the end");
	ring->last = 0xffffffff;
	CHECK(!taken(&v, MEM4, M, 1), "last far behind the end");
	ring->last = ring->first = 0;
	CHECK(taken(&v, MEM4, M, 1), "an exit");
}

/* ---- irqfds -------------------------------------------------------------------- */

#define LAPIC_SVR 0xf0

static int irqfd(struct vm *vm, int fd, uint32_t gsi, uint32_t flags, int resample)
{
	struct kvm_irqfd args = {.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample};

	return ioctl(vm->fd, KVM_IRQFD, &args);
}

static struct kvm_irqchip chip_get(struct vm *vm, uint32_t id)
{
	struct kvm_irqchip c = {.chip_id = id};

	CHECK_OK(ioctl(vm->fd, KVM_GET_IRQCHIP, &c));
	return c;
}

/* Pin @pin of the I/O APIC to vCPU 0. */
static void redirect(struct vm *vm, unsigned int pin, uint8_t vector, bool level)
{
	struct kvm_irqchip c = chip_get(vm, KVM_IRQCHIP_IOAPIC);

	c.chip.ioapic.redirtbl[pin].bits = vector | (level ? 1 << 15 : 0);
	CHECK_OK(ioctl(vm->fd, KVM_SET_IRQCHIP, &c));
}

static void lapic_on(struct vcpu *v)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	*(uint32_t *)(l.regs + LAPIC_SVR) |= 0x100;
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, &l));
}

static bool requested_now(struct vcpu *v, uint8_t vector)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	return *(uint32_t *)(l.regs + 0x200 + vector / 32 * 16) >> vector % 32 & 1;
}

/* An irqfd may take a moment. */
static bool requested(struct vcpu *v, uint8_t vector)
{
	for (unsigned int ms = 0; ms < 500; ms++) {
		if (requested_now(v, vector))
			return true;
		usleep(1000);
	}
	return false;
}

/* The request of a level triggered pin of the I/O APIC is there. */
static bool line_high(struct vm *vm, unsigned int pin)
{
	for (unsigned int ms = 0; ms < 500; ms++) {
		if (chip_get(vm, KVM_IRQCHIP_IOAPIC).chip.ioapic.irr >> pin & 1)
			return true;
		usleep(1000);
	}
	return false;
}

static void start_chips(struct vm *vm, struct vcpu *v)
{
	vm_create_ram(vm, RAM_SIZE);
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
	vcpu_mode(v, MODE_LONG, G_CODE);
	guest_load(vm, G_CODE, GUEST(one_write));
	lapic_on(v);
}

static void irqfd_edge(void)
{
	int fd = event(), early = event();
	struct vm vm;
	struct vcpu v;

	start_chips(&vm, &v);
	redirect(&vm, 10, 0x51, false);
	redirect(&vm, 11, 0x52, false);
	CHECK_OK(irqfd(&vm, fd, 10, 0, 0));
	CHECK(!requested_now(&v, 0x51), "before it is signalled");
	signal_once(fd);
	CHECK(requested(&v, 0x51), "the vector is not requested");
	CHECK_EQ(signals(fd), 0);
	/* Signalled before it was one. */
	signal_once(early);
	CHECK_OK(irqfd(&vm, early, 11, 0, 0));
	CHECK(requested(&v, 0x52), "what was signalled before is lost");
	/* No more, and the eventfd is a plain one again. */
	redirect(&vm, 10, 0x53, false);
	CHECK_OK(irqfd(&vm, fd, 10, KVM_IRQFD_FLAG_DEASSIGN, 0));
	signal_once(fd);
	CHECK(!requested(&v, 0x53), "deassigned");
	CHECK_EQ(signals(fd), 1);
	CHECK_OK(irqfd(&vm, fd, 10, 0, 0));
	signal_once(fd);
	CHECK(requested(&v, 0x53), "assigned anew");
}

/* IRR without @vector, and the local APIC on or off. */
static void lapic_put(struct vcpu *v, uint8_t vector, bool on)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	*(uint32_t *)(l.regs + 0x200 + vector / 32 * 16) &= ~(1u << vector % 32);
	*(uint32_t *)(l.regs + LAPIC_SVR) &= ~0x100u;
	*(uint32_t *)(l.regs + LAPIC_SVR) |= on ? 0x100 : 0;
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, &l));
}

static void route_msi(struct vm *vm, uint32_t gsi, uint32_t address, uint32_t data)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} r = {.head.nr = 1, .entry = {.gsi = gsi, .type = KVM_IRQ_ROUTING_MSI}};

	r.entry.u.msi.address_lo = address;
	r.entry.u.msi.data = data;
	CHECK_OK(ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r));
}

/* A message again and again; then its route, who it is for, and whether that one takes it change. */
static void irqfd_follows(void)
{
	int fd = event();
	struct vm vm;
	struct vcpu v, other;

	start_chips(&vm, &v);
	vcpu_create(&vm, &other, 1);
	lapic_on(&other);
	route_msi(&vm, 30, 0xfee00000, 0x51);
	CHECK_OK(irqfd(&vm, fd, 30, 0, 0));
	for (int i = 0; i < 3; i++) {
		signal_once(fd);
		CHECK(requested(&v, 0x51), "signal %d is lost", i);
		lapic_put(&v, 0x51, true);
	}
	route_msi(&vm, 30, 0xfee00000, 0x61);
	for (int i = 0; i < 2; i++) {
		signal_once(fd);
		CHECK(requested(&v, 0x61), "signal %d after the route changed is lost", i);
		CHECK(!requested_now(&v, 0x51), "signal %d took the old route", i);
		lapic_put(&v, 0x61, true);
	}
	/* The local APIC is off: nobody takes it. On again: it does. */
	lapic_put(&v, 0x61, false);
	signal_once(fd);
	signal_once(fd);
	usleep(20000);
	CHECK(!requested_now(&v, 0x61), "taken while it was off");
	lapic_put(&v, 0x61, true);
	CHECK(!requested_now(&v, 0x61), "kept while it was off");
	signal_once(fd);
	CHECK(requested(&v, 0x61), "lost after it was off");
	lapic_put(&v, 0x61, true);
	route_msi(&vm, 30, 0xfee01000, 0x61);
	signal_once(fd);
	CHECK(requested(&other, 0x61), "the other vCPU has not got it");
	CHECK(!requested_now(&v, 0x61), "the first one has got it");
}

static void *signal_thread(void *fd)
{
	usleep(100000);
	signal_once(*(int *)fd);
	return NULL;
}

/* A vCPU that halts in the kernel is woken. */
static void irqfd_wakes(void)
{
	int fd = event();
	pthread_t thread;
	struct vm vm;
	struct vcpu v;

	start_chips(&vm, &v);
	guest_load(&vm, G_CODE, GUEST(irq_hlt));
	redirect(&vm, 10, 0x51, false);
	CHECK_OK(irqfd(&vm, fd, 10, 0, 0));
	CHECK_EQ(pthread_create(&thread, NULL, signal_thread, &fd), 0);
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x51);
	pthread_join(thread, NULL);
}

/* Two devices on a level triggered pin; the guest's EOI lets it fall and tells both. */
static void irqfd_resample(void)
{
	int fd[2] = {event(), event()}, again[2] = {event(), event()};
	struct vm vm;
	struct vcpu v;

	start_chips(&vm, &v);
	redirect(&vm, 10, 0x51, true);
	for (int i = 0; i < 2; i++)
		CHECK_OK(irqfd(&vm, fd[i], 10, KVM_IRQFD_FLAG_RESAMPLE, again[i]));
	signal_once(fd[0]);
	CHECK(line_high(&vm, 10), "the line is low");
	CHECK(requested(&v, 0x51), "the vector is not requested");
	/* In service instead of requested, as if the guest were in its handler; then its EOI. */
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v.fd, KVM_GET_LAPIC, &l));
	*(uint32_t *)(l.regs + 0x220) &= ~(1u << 17);
	*(uint32_t *)(l.regs + 0x120) |= 1u << 17;
	CHECK_OK(ioctl(v.fd, KVM_SET_LAPIC, &l));
	CHECK(taken(&v, MEM4, 0xfee000b0, 0), "the EOI is an exit");
	CHECK_EQ(signals(again[0]), 1);
	CHECK_EQ(signals(again[1]), 1);
	CHECK(!(chip_get(&vm, KVM_IRQCHIP_IOAPIC).chip.ioapic.irr & 1 << 10), "the line is high");
	/* The last one takes its line down with it. */
	CHECK_OK(irqfd(&vm, fd[0], 10, KVM_IRQFD_FLAG_DEASSIGN, 0));
	signal_once(fd[1]);
	CHECK(line_high(&vm, 10), "the line is low");
	CHECK_OK(irqfd(&vm, fd[1], 10, KVM_IRQFD_FLAG_DEASSIGN, 0));
}

static void irqfd_errors(void)
{
	int fd = event(), ends[2];
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
	struct vm vm, other;

	CHECK_OK(pipe(ends));
	vm_create(&vm);
	CHECK_ERRNO(irqfd(&vm, fd, 1, 0, 0), EINVAL);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	CHECK_ERRNO(irqfd(&vm, fd, 1, 4, 0), EINVAL);
	CHECK_ERRNO(irqfd(&vm, -1, 1, 0, 0), EBADF);
	CHECK_ERRNO(irqfd(&vm, ends[0], 1, 0, 0), EINVAL);
	CHECK_ERRNO(irqfd(&vm, fd, 1, KVM_IRQFD_FLAG_RESAMPLE, -1), EBADF);
	CHECK_OK(irqfd(&vm, fd, 1, 0, 0));
	CHECK_ERRNO(irqfd(&vm, fd, 2, 0, 0), EBUSY);
	CHECK_OK(irqfd(&vm, fd, 2, KVM_IRQFD_FLAG_DEASSIGN, 0)); /* nothing to do */
	CHECK_ERRNO(irqfd(&vm, fd, 1, 0, 0), EBUSY);
	vm_create(&other);
	CHECK_OK(ioctl(other.fd, KVM_ENABLE_CAP, &split));
	CHECK_ERRNO(irqfd(&other, fd, 1, KVM_IRQFD_FLAG_RESAMPLE, event()), EINVAL);
	CHECK_OK(irqfd(&other, fd, 1, 0, 0));
}

/* ---- ends ------------------------------------------------------------------------ */

/* An ioeventfd that is an irqfd; descriptors closed before and after the VM's. */
static void odd_orders(void)
{
	for (int i = 0; i < 16; i++) {
		int fd = event(), again = event(), both = event();
		struct vm vm;
		struct vcpu v;

		start_chips(&vm, &v);
		redirect(&vm, 10, 0x51, false);
		CHECK_OK(irqfd(&vm, both, 10, 0, 0));
		CHECK_OK(irqfd(&vm, fd, 11, KVM_IRQFD_FLAG_RESAMPLE, again));
		CHECK_OK(ioeventfd(&vm, both, M, 4, 0, 0));
		CHECK_OK(ioeventfd(&vm, fd, M + 4, 4, 0, 0));
		CHECK_OK(zone(&vm, true, M + 8, 8, 0));
		if (i & 1)
			close(fd);
		if (i & 2)
			close(again);
		if (i & 4)
			close(both);
		CHECK(taken(&v, MEM4, M, 1) && taken(&v, MEM4, M + 4, 1), "an exit");
		if (!(i & 4))
			CHECK(requested(&v, 0x51), "the vector is not requested");
		if (i & 8) {
			vm_destroy(&vm);
			vcpu_destroy(&v);
		} else {
			vcpu_destroy(&v);
			vm_destroy(&vm);
		}
		if (!(i & 1))
			signal_once(fd);
		if (!(i & 4))
			signal_once(both);
	}
}

static const struct live_test tests[] = {
	{"ioeventfd_pio", ioeventfd_pio},   {"ioeventfd_mmio", ioeventfd_mmio},
	{"ioeventfd_many", ioeventfd_many}, {"ioeventfd_errors", ioeventfd_errors},
	{"coalesced", coalesced},	    {"coalesced_wrap", coalesced_wrap},
	{"irqfd_edge", irqfd_edge},	    {"irqfd_wakes", irqfd_wakes},
	{"irqfd_resample", irqfd_resample}, {"irqfd_errors", irqfd_errors},
	{"odd_orders", odd_orders},	    {"irqfd_follows", irqfd_follows},
};

LIVE_SUBJECT(eventfd, tests);
