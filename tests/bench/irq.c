/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark's rows about what the kernel does in the place of devices: local APIC, I/O APIC,
 * PIT, eventfds. All chips are in the kernel, the local APIC is in xAPIC mode.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

#define IRQFD                                                                                      \
	{                                                                                          \
		"irqfd", "irqfd, write() by the vCPU's thread to handler", GUEST(bench_irqfd)      \
	}
#define IPI                                                                                        \
	{                                                                                          \
		"ipi", "IPI to a halted vCPU, ICR write to its answer's handler", GUEST(bench_ipi) \
	}
#define OPS                                                                                        \
	{                                                                                          \
		{"eoi", "LAPIC EOI write", GUEST(bench_eoi)},                                      \
			{"tpr", "LAPIC TPR read", GUEST(bench_tpr)},                               \
			{"self-ipi", "LAPIC self-IPI, ICR write to handler",                       \
			 GUEST(bench_self_ipi)},                                                   \
			{"deadline", "TSC deadline that is over, WRMSR to handler",                \
			 GUEST(bench_deadline)},                                                   \
			{"notify-mmio", "ioeventfd, MMIO write", GUEST(bench_mmio_write),          \
			 NOTIFY_GPA},                                                              \
			{"notify-pio", "ioeventfd, port write", GUEST(bench_notify)},              \
			{"pit-read", "PIT port read", GUEST(bench_pit_read)},                      \
			{"pit-write", "PIT port write", GUEST(bench_pit_write)},                   \
			{"ioapic-read", "I/O APIC register read", GUEST(bench_ioapic_read)},       \
			{"ioapic-write", "I/O APIC register write", GUEST(bench_ioapic_write)},    \
	}

/* KVM_GET_SUPPORTED_CPUID does not offer the TSC deadline; who has the chips in the kernel may. */
static void cpuid_with_deadline(struct vcpu *v)
{
	struct kvm_cpuid2 *c = cpuid_supported();

	for (unsigned int i = 0; i < c->nent; i++)
		if (c->entries[i].function == 1)
			c->entries[i].ecx |= 1u << 24;
	CHECK_OK(ioctl(v->fd, KVM_SET_CPUID2, c));
}

static void ioeventfds(struct vm *vm)
{
	struct kvm_ioeventfd mmio = {.addr = NOTIFY_GPA, .len = 4};
	struct kvm_ioeventfd pio = {.addr = P_NOTIFY, .len = 4, .flags = KVM_IOEVENTFD_FLAG_PIO};

	mmio.fd = eventfd(0, EFD_NONBLOCK);
	pio.fd = eventfd(0, EFD_NONBLOCK);
	CHECK_OK(ioctl(vm->fd, KVM_IOEVENTFD, &mmio));
	CHECK_OK(ioctl(vm->fd, KVM_IOEVENTFD, &pio));
}

/* An irqfd whose interrupt is a message to vCPU 0, as a virtio device's. */
static void irqfd(struct vm *vm)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} r = {
		.head.nr = 1,
		.entry = {.gsi = 24,
			  .type = KVM_IRQ_ROUTING_MSI,
			  .u.msi = {.address_lo = 0xfee00000, .data = BENCH_VEC}},
	};
	struct kvm_irqfd args = {.gsi = 24};

	bench_signal_fd = eventfd(0, EFD_NONBLOCK);
	args.fd = bench_signal_fd;
	CHECK_OK(ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r));
	CHECK_OK(ioctl(vm->fd, KVM_IRQFD, &args));
}

static void start(struct vm *vm, struct vcpu *v, unsigned int vcpus)
{
	struct kvm_pit_config pit = {0};

	vm_create_ram(vm, MIB(8));
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_PIT2, &pit));
	ioeventfds(vm);
	irqfd(vm);
	for (unsigned int i = 0; i < vcpus; i++) {
		vcpu_create(vm, &v[i], i);
		cpuid_with_deadline(&v[i]);
	}
}

static void on_signal(int sig)
{
	(void)sig;
}

static volatile bool stop_target;

/* Until it is told to stop, which interrupts its halt. */
static void *target(void *arg)
{
	struct vcpu *v = arg;

	while (!stop_target)
		ioctl(v->fd, KVM_RUN, 0);
	return NULL;
}

/*
 * With the lab's one CPU both vCPUs' threads take turns on it: what is counted holds two sends,
 * the halts, the wake-up and the switches of threads between them.
 */
static void start_pair(struct vm *vm, struct vcpu v[2], pthread_t *ret_thread)
{
	struct kvm_mp_state runnable = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct sigaction sa = {.sa_handler = on_signal};

	start(vm, v, 2);
	sigaction(SIGUSR1, &sa, NULL);
	guest_load(vm, TARGET_CODE, GUEST(bench_ipi_target));
	CHECK_OK(ioctl(v[1].fd, KVM_SET_MP_STATE, &runnable));
	vcpu_mode(&v[1], MODE_LONG, TARGET_CODE);
	vcpu_mode(&v[0], MODE_LONG, G_CODE);
	stop_target = false;
	CHECK(!pthread_create(ret_thread, NULL, target, &v[1]), "no thread");
	usleep(10000);
}

static void end_pair(struct vm *vm, struct vcpu v[2], pthread_t thread)
{
	stop_target = true;
	v[1].run->immediate_exit = 1;
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	vcpu_destroy(&v[1]);
	vcpu_destroy(&v[0]);
	vm_destroy(vm);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The vCPU's thread goes out to userspace for the write: that way is a row of its own. */
static void irqfd_row(struct vm *vm, struct vcpu *v)
{
	const struct op op = IRQFD;
	long way = bench_count(vm, v, GUEST(bench_out), ROUNDS, 0);

	bench_row(op.name, bench_count(vm, v, op.p, ROUNDS, 0) - way);
}

static void ipi_row(long empty_cost)
{
	const struct op op = IPI;
	pthread_t thread;
	struct vcpu v[2];
	struct vm vm;

	start_pair(&vm, v, &thread);
	bench_row(op.name, bench_count(&vm, v, op.p, ROUNDS, 0) - empty_cost);
	end_pair(&vm, v, thread);
}

void irq_rows(long empty_cost)
{
	const struct op ops[] = OPS;
	struct vcpu v;
	struct vm vm;

	start(&vm, &v, 1);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		bench_row(ops[i].name,
			  bench_count(&vm, &v, ops[i].p, ROUNDS, ops[i].arg) - empty_cost);
	irqfd_row(&vm, &v);
	vcpu_destroy(&v);
	vm_destroy(&vm);
	ipi_row(empty_cost);
}

void irq_loop(const char *key)
{
	const struct op ops[] = OPS, irqfd_op = IRQFD, ipi_op = IPI;
	pthread_t thread;
	struct vcpu v[2];
	struct vm vm;

	start_pair(&vm, v, &thread);
	bench_loop(&vm, v, ops, ARRAY_SIZE(ops), key);
	bench_loop(&vm, v, &irqfd_op, 1, key);
	bench_loop(&vm, v, &ipi_op, 1, key);
	end_pair(&vm, v, thread);
}
