/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paravirtual features: hypercalls, PV IPI, PV unhalt, PV EOI, stolen time and PV TLB flush; and
 * the TSC's offset as an attribute.
 */
#define _GNU_SOURCE
#include <asm/kvm_para.h>
#include <linux/kvm_para.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vmm.h"

#define LAPIC_SVR 0xf0
#define LAPIC_ISR 0x100
#define LAPIC_IRR 0x200

#define NMI	(4 << 8)
#define LOGICAL (1 << 11)
#define TO_ALL	(2 << 18)

static uint32_t lapic_word(struct vcpu *v, unsigned int reg)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	return *(uint32_t *)(l.regs + reg);
}

static bool lapic_bit(struct vcpu *v, unsigned int reg, unsigned int vector)
{
	return lapic_word(v, reg + (vector >> 5) * 0x10) >> (vector & 31) & 1;
}

static void lapic_enable(struct vcpu *v)
{
	struct kvm_lapic_state l;

	CHECK_OK(ioctl(v->fd, KVM_GET_LAPIC, &l));
	*(uint32_t *)(l.regs + LAPIC_SVR) |= 0x100;
	CHECK_OK(ioctl(v->fd, KVM_SET_LAPIC, &l));
}

/* @n vCPUs with all chips, the first at payload @p. */
static void start(struct vm *vm, struct vcpu *v, unsigned int n, struct payload p)
{
	vm_create_ram(vm, RAM_SIZE);
	CHECK_OK(ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0));
	for (unsigned int i = 0; i < n; i++) {
		vcpu_create(vm, &v[i], i);
		vcpu_cpuid(&v[i]);
		lapic_enable(&v[i]);
	}
	vcpu_mode(&v[0], MODE_LONG, G_CODE);
	guest_load(vm, G_CODE, p);
}

static void msi(struct vm *vm, uint32_t vector)
{
	struct kvm_msi m = {.address_lo = 0xfee00000, .data = vector};

	CHECK_EQ(ioctl(vm->fd, KVM_SIGNAL_MSI, &m), 1);
}

static int call(struct vm *vm, struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2,
		uint64_t a3)
{
	uint64_t words[] = {nr, a0, a1, a2, a3};

	memcpy(vm->ram + I_ARG, words, sizeof(words));
	return (int)vcpu_run_report(v);
}

static uint64_t counter(const struct vm *vm, const char *name)
{
	char path[200], buf[40];

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/%s", getpid(), vm->fd, name);
	CHECK(file_read(path, buf, sizeof(buf)), "%s", path);
	return strtoull(buf, NULL, 10);
}

/* ---- hypercalls ---------------------------------------------------------- */

static void unknown_call(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, 1, GUEST(pv_call));
	CHECK_EQ(call(&vm, &v, 0x1234, 0, 0, 0, 0), -KVM_ENOSYS);
	CHECK_EQ(call(&vm, &v, KVM_HC_VAPIC_POLL_IRQ, 0, 0, 0, 0), 0);
}

/* Intel's VMCALL works on an AMD CPU, too; other undefined instructions are what they were. */
static void vmcall(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, 1, GUEST(pv_vmcall));
	CHECK_EQ((int)vcpu_run_report(&v), -KVM_ENOSYS);
	vcpu_run_done(&v);
}

/* What the guest's CPUID does not have is not there. */
static void only_with_cpuid(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID, .args = {1}};
	struct kvm_cpuid2 *c = cpuid_supported();
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, RAM_SIZE);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(&vm, &v, 0);
	for (unsigned int i = 0; i < c->nent; i++)
		if (c->entries[i].function == KVM_CPUID_FEATURES)
			c->entries[i].eax = 0;
	CHECK_OK(ioctl(v.fd, KVM_SET_CPUID2, c));
	CHECK_OK(ioctl(v.fd, KVM_ENABLE_CAP, &cap));
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_load(&vm, G_CODE, GUEST(pv_call));
	CHECK_EQ(call(&vm, &v, KVM_HC_SEND_IPI, 1, 0, 0, 0x41), -KVM_ENOSYS);
	CHECK_EQ(call(&vm, &v, KVM_HC_KICK_CPU, 0, 0, 0, 0), -KVM_ENOSYS);
}

static void send_ipi(void)
{
	struct vm vm;
	struct vcpu v[3];

	start(&vm, v, 3, GUEST(pv_call));
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 0x3, 0, 1, 0x45), 2);
	CHECK(lapic_bit(&v[1], LAPIC_IRR, 0x45) && lapic_bit(&v[2], LAPIC_IRR, 0x45), "not there");
	CHECK(!lapic_bit(&v[0], LAPIC_IRR, 0x45), "one too many");
	/* Ids 64 and up are in the second word; nobody has them. */
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 0, ~0ull, 0, 0x46), 0);
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 0, 0, 0, 0x46), 0);
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 1, 0, 0xffffffff, 0x46), 0);
	CHECK(!lapic_bit(&v[1], LAPIC_IRR, 0x46), "for nobody");
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 1, 0, 1, NMI), 1);
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 1, 0, 1, LOGICAL | 0x46), -EINVAL);
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 1, 0, 1, TO_ALL | 0x46), -EINVAL);
	CHECK_EQ(call(&vm, v, KVM_HC_SEND_IPI, 1, 0, 1, 5 << 8), -EINVAL); /* INIT */
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A vCPU that halts with interrupts off goes on after a kick. */
static void kick(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct kvm_mp_state mp = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct vm vm;
	struct vcpu v[2];

	start(&vm, v, 2, GUEST(pv_call));
	guest_load(&vm, G_CODE + 0x1000, GUEST(irq_hlt_off));
	vcpu_mode(&v[1], MODE_LONG, G_CODE + 0x1000);
	CHECK_OK(ioctl(v[1].fd, KVM_SET_MP_STATE, &mp));
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 20000);
	for (int i = 0; i < 50 && mp.mp_state != KVM_MP_STATE_HALTED; i++) {
		CHECK_EQ(vcpu_run_try(&v[1]), EINTR);
		CHECK_OK(ioctl(v[1].fd, KVM_GET_MP_STATE, &mp));
	}
	ualarm(0, 0);
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_HALTED);
	CHECK_EQ(call(&vm, v, KVM_HC_KICK_CPU, 0, 7, 0, 0), 0); /* nobody */
	CHECK_OK(ioctl(v[1].fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_HALTED);
	CHECK_EQ(call(&vm, v, KVM_HC_KICK_CPU, 0, 1, 0, 0), 0);
	CHECK_OK(ioctl(v[1].fd, KVM_GET_MP_STATE, &mp));
	CHECK_EQ(mp.mp_state, KVM_MP_STATE_RUNNABLE);
	CHECK_EQ(vcpu_run_report(&v[1]), 1);
}

/* ---- PV EOI ---------------------------------------------------------------- */

static void eoi(void)
{
	unsigned int by_word = 0;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, 1, GUEST(pv_eoi));
	CHECK_EQ(vcpu_run_report(&v), 2);
	/* An interrupt of the host in the handler takes the offer back, now and then. */
	for (int i = 0; i < 20; i++) {
		msi(&vm, 0x51);
		by_word += vcpu_run_report(&v);
		CHECK(!lapic_bit(&v, LAPIC_ISR, 0x51), "still in service");
	}
	CHECK(by_word >= 10, "%u of 20 without an exit", by_word);
	CHECK_EQ(counter(&vm, "pv_eoi"), by_word);
	/* With another one waiting, the EOI has to be seen at once. */
	msi(&vm, 0x51);
	msi(&vm, 0x61);
	CHECK_EQ(vcpu_run_report(&v), 0);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x61);
	vcpu_run_report(&v);
	CHECK_EQ(guest_u32(&vm, I_LAST_IRQ), 0x51);
	CHECK_EQ(guest_u32(&vm, I_IRQ_COUNT), 22);
}

/* Nothing is written where the guest has not said so, and memory that is not there does no harm. */
static void eoi_nowhere(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, 1, GUEST(pv_eoi));
	CHECK_EQ(vcpu_run_report(&v), 2);
	vcpu_set_msr(&v, MSR_KVM_PV_EOI_EN, 0xffff0000 | 1);
	msi(&vm, 0x51);
	CHECK_EQ(vcpu_run_report(&v), 0);
	vcpu_set_msr(&v, MSR_KVM_PV_EOI_EN, 0);
	msi(&vm, 0x51);
	CHECK_EQ(vcpu_run_report(&v), 0);
	CHECK_EQ(guest_u32(&vm, G_DATA), 0);
}

/* ---- stolen time ------------------------------------------------------------- */

static void *run_report(void *arg)
{
	return (void *)(uintptr_t)vcpu_run_report(arg);
}

/* A vCPU that sleeps says so in guest memory; a flush that is asked for there is done before it runs. */
static void tlb_flush(void)
{
	volatile struct kvm_steal_time *st;
	uint64_t flushes;
	pthread_t thread;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v, 1, GUEST(irq_hlt));
	st = (void *)(vm.ram + G_DATA);
	vcpu_set_msr(&v, MSR_KVM_STEAL_TIME, G_DATA | KVM_MSR_ENABLED);
	CHECK(!pthread_create(&thread, NULL, run_report, &v), "no thread");
	for (int i = 0; i < 1000 && !st->preempted; i++)
		usleep(5000);
	CHECK_EQ(st->preempted, KVM_VCPU_PREEMPTED);
	CHECK(st->version && !(st->version & 1), "version %u", st->version);
	flushes = counter(&vm, "tlb_flush");
	CHECK(__sync_bool_compare_and_swap(&st->preempted, KVM_VCPU_PREEMPTED,
					   KVM_VCPU_PREEMPTED | KVM_VCPU_FLUSH_TLB),
	      "it runs");
	msi(&vm, 0x51);
	pthread_join(thread, NULL);
	CHECK_EQ(st->preempted, 0);
	CHECK(counter(&vm, "tlb_flush") > flushes, "no flush");
	CHECK(vcpu_set_msr_try(&v, MSR_KVM_STEAL_TIME, G_DATA | 3) != 1, "reserved bits taken");
}

/* ---- the TSC's offset ---------------------------------------------------------- */

static void tsc_offset(void)
{
	uint64_t before, after, offset;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	CHECK_OK(ioctl(v.fd, KVM_HAS_DEVICE_ATTR, &attr));
	before = vcpu_get_msr(&v, 0x10);
	CHECK_OK(ioctl(v.fd, KVM_GET_DEVICE_ATTR, &attr));
	offset += 1ull << 60;
	CHECK_OK(ioctl(v.fd, KVM_SET_DEVICE_ATTR, &attr));
	after = vcpu_get_msr(&v, 0x10);
	CHECK(after - before >= 1ull << 60 && after - before < (1ull << 60) + (1ull << 50),
	      "TSC %#llx after %#llx", (unsigned long long)after, (unsigned long long)before);
	attr.addr = 1;
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_DEVICE_ATTR, &attr), EFAULT);
	attr.attr = 99;
	CHECK_ERRNO(ioctl(v.fd, KVM_HAS_DEVICE_ATTR, &attr), ENXIO);
	CHECK_ERRNO(ioctl(v.fd, KVM_GET_DEVICE_ATTR, &attr), ENXIO);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_DEVICE_ATTR, &attr), ENXIO);
}

static const struct live_test tests[] = {
	{"unknown_call", unknown_call},
	{"vmcall", vmcall},
	{"only_with_cpuid", only_with_cpuid},
	{"send_ipi", send_ipi},
	{"kick", kick},
	{"eoi", eoi},
	{"eoi_nowhere", eoi_nowhere},
	{"tlb_flush", tlb_flush},
	{"tsc_offset", tsc_offset},
};

LIVE_SUBJECT(pv, tests);
