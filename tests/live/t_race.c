/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many threads on one VM: the same and different ioctls at the same time, for a few seconds. What
 * each call returns does not matter; that all of them return, and that the host is fine after, does.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "vmm.h"

#define THREADS 4
#define VCPUS	6

static struct arena {
	int sys;
	volatile int vm;
	volatile int vcpu[VCPUS];
	struct kvm_run *volatile run[VCPUS];
	uint8_t *ram;
	time_t end;
} a;

static void make_vm(void)
{
	a.vm = ioctl(a.sys, KVM_CREATE_VM, 0);
	CHECK(a.vm >= 0, "KVM_CREATE_VM: errno %d", errno);
	for (int i = 0; i < VCPUS; i++)
		a.vcpu[i] = -1;
}

static void add_vcpu(unsigned int i)
{
	int fd = ioctl(a.vm, KVM_CREATE_VCPU, i);

	if (fd < 0)
		return;
	struct kvm_run *run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (run != MAP_FAILED)
		a.run[i] = run;
	a.vcpu[i] = fd;
	ioctl(fd, KVM_SET_CPUID2, cpuid_supported());
}

static void set_slot(unsigned int r)
{
	struct kvm_userspace_memory_region m = {
		.slot = r % 5,
		.flags = r >> 4 & 3,
		.guest_phys_addr = (r >> 6 & 7) * MIB(1),
		.memory_size = r & 0x1000 ? 0 : MIB(1),
		.userspace_addr = (uintptr_t)a.ram + (r >> 14 & 3) * MIB(1),
	};

	ioctl(a.vm, KVM_SET_USER_MEMORY_REGION, &m);
}

static void vcpu_state(int fd, unsigned int r)
{
	static __thread union {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
		struct kvm_sregs2 sregs2;
		struct kvm_vcpu_events events;
		struct kvm_fpu fpu;
		struct kvm_xsave xsave;
		struct kvm_debugregs debug;
		struct kvm_mp_state mp;
		struct kvm_xcrs xcrs;
		uint8_t room[8192];
	} u;
	static const unsigned long pairs[][2] = {
		{KVM_GET_REGS, KVM_SET_REGS},
		{KVM_GET_SREGS, KVM_SET_SREGS},
		{KVM_GET_SREGS2, KVM_SET_SREGS2},
		{KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS},
		{KVM_GET_FPU, KVM_SET_FPU},
		{KVM_GET_XSAVE, KVM_SET_XSAVE},
		{KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS},
		{KVM_GET_MP_STATE, KVM_SET_MP_STATE},
		{KVM_GET_XCRS, KVM_SET_XCRS},
	};
	const unsigned long *p = pairs[r % ARRAY_SIZE(pairs)];

	if (!ioctl(fd, p[0], &u))
		ioctl(fd, p[1], &u);
}

static void other_vcpu(int fd, unsigned int r)
{
	struct kvm_interrupt irq = {.irq = 32 + r % 200};
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e[2];
	} m = {.head.nmsrs = 2, .e = {{.index = MSR_STAR}, {.index = MSR_TSC}}};
	struct kvm_translation t = {.linear_address = r};

	switch (r % 6) {
	case 0:
		ioctl(fd, KVM_INTERRUPT, &irq);
		break;
	case 1:
		ioctl(fd, KVM_NMI, 0);
		break;
	case 2:
		ioctl(fd, KVM_GET_MSRS, &m);
		break;
	case 3:
		ioctl(fd, KVM_SET_MSRS, &m);
		break;
	case 4:
		ioctl(fd, KVM_SET_CPUID2, cpuid_supported());
		break;
	case 5:
		ioctl(fd, KVM_TRANSLATE, &t);
		break;
	}
}

static void one_step(unsigned int *seed)
{
	static __thread uint64_t bitmap[64];
	unsigned int r = rand_r(seed), i = r % VCPUS;
	struct kvm_dirty_log log = {.slot = r % 6, .dirty_bitmap = bitmap};
	int fd = a.vcpu[i];

	switch (rand_r(seed) % 12) {
	case 0:
	case 1:
		set_slot(rand_r(seed));
		break;
	case 2:
		ioctl(a.vm, KVM_GET_DIRTY_LOG, &log);
		break;
	case 3:
		if (fd < 0)
			add_vcpu(i);
		break;
	case 4:
		madvise(a.ram + (r >> 8 & 3) * MIB(1), MIB(1), MADV_DONTNEED);
		break;
	case 5:
	case 6:
		vcpu_state(fd, r >> 8);
		break;
	case 7:
	case 8:
		other_vcpu(fd, r >> 8);
		break;
	default:
		if (a.run[i])
			a.run[i]->immediate_exit = rand_r(seed) & 1;
		ioctl(fd, KVM_RUN, 0);
	}
}

static void on_signal(int sig)
{
	(void)sig;
}

static void *hammer(void *arg)
{
	unsigned int seed = (uintptr_t)arg * 77 + 1;

	while (time(NULL) < a.end)
		for (int i = 0; i < 20; i++)
			one_step(&seed);
	return NULL;
}

static void all_ioctls(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	pthread_t t[THREADS];

	/* A vCPU that spins in the guest is called out by signals. */
	sigaction(SIGUSR1, &sa, NULL);
	a.sys = sys_open();
	a.ram = mem_alloc_aligned(MIB(4), HPAGE);
	for (int round = 0; round < 3; round++) {
		make_vm();
		a.end = time(NULL) + 3;
		for (uintptr_t i = 0; i < THREADS; i++)
			CHECK(!pthread_create(&t[i], NULL, hammer, (void *)(i + 10 * round)),
			      "thread");
		while (time(NULL) < a.end + 1) {
			usleep(5000);
			for (int i = 0; i < THREADS; i++)
				if (time(NULL) < a.end)
					pthread_kill(t[i], SIGUSR1);
			if (time(NULL) >= a.end)
				for (int i = 0; i < VCPUS; i++)
					if (a.run[i])
						a.run[i]->immediate_exit = 1;
		}
		for (int i = 0; i < THREADS; i++) {
			struct timespec ts;

			clock_gettime(CLOCK_REALTIME, &ts);
			ts.tv_sec += 10;
			while (pthread_timedjoin_np(t[i], NULL, &ts)) {
				pthread_kill(t[i], SIGUSR1);
				clock_gettime(CLOCK_REALTIME, &ts);
				ts.tv_nsec += ts.tv_nsec < 900000000 ? 100000000 : 0;
			}
		}
		/* Some rounds close the VM first, some the vCPUs. */
		if (round & 1)
			close(a.vm);
		for (int i = 0; i < VCPUS; i++)
			if (a.vcpu[i] >= 0)
				close(a.vcpu[i]);
		if (!(round & 1))
			close(a.vm);
	}
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* Files are closed under the threads that use them. */
static void *closer(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (time(NULL) < a.end) {
		int i = rand_r(&seed) % VCPUS, fd = a.vcpu[i];

		usleep(rand_r(&seed) % 3000);
		a.vcpu[i] = -1;
		if (fd > 2)
			close(fd);
		if (rand_r(&seed) % 8 == 0) {
			int old = a.vm;

			make_vm();
			close(old);
		}
	}
	return NULL;
}

static void closes(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	pthread_t t[3];

	sigaction(SIGUSR1, &sa, NULL);
	a.sys = sys_open();
	a.ram = mem_alloc_aligned(MIB(4), HPAGE);
	make_vm();
	a.end = time(NULL) + 5;
	CHECK(!pthread_create(&t[0], NULL, closer, (void *)5), "thread");
	for (uintptr_t i = 1; i < 3; i++)
		CHECK(!pthread_create(&t[i], NULL, hammer, (void *)i), "thread");
	while (time(NULL) < a.end) {
		usleep(5000);
		for (int i = 1; i < 3; i++)
			pthread_kill(t[i], SIGUSR1);
	}
	/* Threads may be inside the guest still: the process exits under them. */
}

/* Eight threads create and delete VMs at once. */
static void *create_vms(void *arg)
{
	(void)arg;
	for (int i = 0; i < 12; i++) {
		struct vm vm;
		struct vcpu v;

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	return NULL;
}

static void creations(void)
{
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		CHECK(!pthread_create(&t[i], NULL, create_vms, NULL), "thread");
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
}

/* One vCPU, one id, many threads that want it: exactly one gets it. */
static volatile int winners;

static void *create_vcpu(void *arg)
{
	struct vm *vm = arg;

	if (ioctl(vm->fd, KVM_CREATE_VCPU, 3) >= 0)
		__atomic_add_fetch(&winners, 1, __ATOMIC_SEQ_CST);
	else
		CHECK_EQ(errno, EEXIST);
	return NULL;
}

static void same_vcpu(void)
{
	struct vm vm;
	pthread_t t[6];

	if (sys_cap(KVM_CAP_MAX_VCPU_ID) < 4)
		SKIP("vCPU id 3 is not possible");
	vm_create(&vm);
	for (int i = 0; i < 6; i++)
		CHECK(!pthread_create(&t[i], NULL, create_vcpu, &vm), "thread");
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(winners, 1);
}

/* Two threads in KVM_RUN of the same vCPU: they take turns. */
static void *run_some(void *arg)
{
	struct vcpu *v = arg;

	for (int i = 0; i < 200; i++)
		CHECK(!vcpu_run_try(v), "KVM_RUN: errno %d", errno);
	return NULL;
}

static void shared_vcpu(void)
{
	struct vm vm;
	struct vcpu v;
	pthread_t t[2];

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&t[i], NULL, run_some, &v), "thread");
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(*(uint32_t *)vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1), 400);
}

static const struct live_test tests[] = {
	{"all_ioctls", all_ioctls, 120},  {"closes", closes, 60},
	{"creations", creations, 120},	  {"same_vcpu", same_vcpu},
	{"shared_vcpu", shared_vcpu, 60},
};

LIVE_SUBJECT(race, tests);
