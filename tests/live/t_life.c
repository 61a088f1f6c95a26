/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life and death: file descriptors closed in any order, processes that exit with running vCPUs,
 * duplicates, children, leaks; and getting out of KVM_RUN by signals and immediate_exit.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "vmm.h"

/* The VM lives as long as a vCPU descriptor does. */
static void vm_closed_first(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	close(vm.sys);
	close(vm.fd);
	for (int i = 0; i < 5; i++)
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	close(v.fd);
	/* kvm_run outlives them all */
	CHECK_EQ(v.run->exit_reason, KVM_EXIT_IO);
	munmap(v.run, vm.run_size);
}

static void mapping_outlives(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	close(v.fd);
	close(vm.fd);
	close(vm.sys);
	memset(v.run, 0xff, vm.run_size);
	CHECK_EQ(v.run->exit_reason, 0xffffffff);
}

static void vcpu_closed_first(void)
{
	struct vm vm;
	struct vcpu v;
	uint64_t log[RAM_SIZE / PAGE / 64];

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vcpu_destroy(&v);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, RAM_SIZE, vm.ram);
	vm_dirty_log(&vm, 0, log);
	vm_slot(&vm, 0, 0, 0, 0, NULL);
	vm_destroy(&vm);
}

/* A vCPU that is closed keeps its id; the same can't be made again. */
static void vcpu_ids(void)
{
	struct vm vm;
	struct vcpu v;

	vm_create(&vm);
	vcpu_create(&vm, &v, 0);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0), EEXIST);
	vcpu_destroy(&v);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0), EEXIST);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0x7fffffff), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, -1), EINVAL);
}

static void dup_fds(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	int fd2 = dup(v.fd), vm2 = dup(vm.fd);

	CHECK(fd2 >= 0 && vm2 >= 0, "dup");
	close(v.fd);
	v.fd = fd2;
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
	close(vm.fd);
	vm.fd = vm2;
	vm_slot(&vm, 3, 0, GIB(1), PAGE, vm.ram);
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* The address space is the creator's; a child with the descriptors gets EIO. */
static void other_process(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	pid_t pid = fork();

	if (pid == 0) {
		struct kvm_regs r;
		struct kvm_userspace_memory_region m = {.slot = 5, .memory_size = PAGE};

		CHECK_ERRNO(ioctl(v.fd, KVM_RUN, 0), EIO);
		CHECK_ERRNO(ioctl(v.fd, KVM_GET_REGS, &r), EIO);
		CHECK_ERRNO(ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &m), EIO);
		CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 1), EIO);
		_exit(0);
	}
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "the child may use the parent's VM");
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* The child outlives the parent and closes last. */
static void child_closes_last(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct vm vm;
		struct vcpu v;

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		if (fork() == 0) {
			usleep(200000);
			close(v.fd);
			close(vm.fd);
			_exit(0);
		}
		_exit(0);
	}
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "child");
	usleep(400000);
}

static void *run_for_ever(void *arg)
{
	struct vcpu *v = arg;

	for (;;)
		vcpu_run_try(v);
	return NULL;
}

/* A process that dies, in all ways, with a vCPU in the guest. */
static void exit_while_running(void)
{
	for (int how = 0; how < 6; how++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct vm vm;
			struct vcpu v;
			pthread_t t;

			vm_start(&vm, &v, MODE_LONG, how & 1 ? GUEST(spin) : GUEST(pio_loop));
			pthread_create(&t, NULL, run_for_ever, &v);
			usleep(20000);
			if (how / 2 == 0)
				_exit(0);
			if (how / 2 == 1)
				kill(getpid(), SIGKILL);
			close(vm.fd);
			close(v.fd);
			munmap(v.run, vm.run_size);
			munmap(vm.ram, vm.ram_size);
			usleep(20000);
			_exit(0);
		}
		int status;

		CHECK_EQ(waitpid(pid, &status, 0), pid);
		bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;

		CHECK(how / 2 == 1 ? killed : WIFEXITED(status) && !WEXITSTATUS(status),
		      "way %d: status %#x", how, status);
	}
}

/* exec closes the descriptors while a vCPU is in the guest. */
static void exec_while_running(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct vm vm;
		struct vcpu v;
		pthread_t t;

		vm_start(&vm, &v, MODE_LONG, GUEST(spin));
		pthread_create(&t, NULL, run_for_ever, &v);
		usleep(20000);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "exec: status %#x", status);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* VMs made and dropped: no descriptor stays, and failed creations leave none behind. */
static void fd_leak(void)
{
	struct vm vm;
	struct vcpu v;
	int before = count_fds();

	for (int i = 0; i < 30; i++) {
		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0), EEXIST);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	CHECK_EQ(count_fds(), before);
}

static long slab_kib(void)
{
	char buf[4096], *p;

	CHECK(file_read("/proc/meminfo", buf, sizeof(buf)), "/proc/meminfo");
	p = strstr(buf, "SUnreclaim:");
	CHECK(p, "no SUnreclaim");
	return atol(p + 11);
}

/* Kernel memory comes back: 40 VMs with slots and page tables. */
static void memory_leak(void)
{
	long before = 0, after;

	for (int round = 0; round < 60; round++) {
		struct vm vm;
		struct vcpu v;

		if (round == 20)
			before = slab_kib();
		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		for (int i = 1; i < 5; i++)
			vm_slot(&vm, i, KVM_MEM_LOG_DIRTY_PAGES, GIB(1) + i * MIB(64), PAGE,
				vm.ram);
		vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
	/* RCU takes its time */
	for (int i = 0; i < 50; i++) {
		after = slab_kib();
		if (after - before < 2000)
			return;
		usleep(100000);
	}
	FAIL("unreclaimable slab grew from %ld to %ld KiB over 40 VMs", before, after);
}

static void vcpu_limit(void)
{
	struct vm vm;
	int max = sys_cap(KVM_CAP_MAX_VCPUS), ids = sys_cap(KVM_CAP_MAX_VCPU_ID);

	CHECK(max >= 1 && ids >= max, "MAX_VCPUS %d MAX_VCPU_ID %d", max, ids);
	vm_create(&vm);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, ids), EINVAL);
	int fd = ioctl(vm.fd, KVM_CREATE_VCPU, ids - 1);

	CHECK(fd >= 0, "vCPU %d: errno %d", ids - 1, errno);
	close(fd);
}

static void many_vms(void)
{
	struct vm vm[40];
	struct vcpu v[40];

	for (int i = 0; i < 40; i++)
		vm_start(&vm[i], &v[i], MODE_LONG, GUEST(pio_loop));
	for (int n = 0; n < 3; n++)
		for (int i = 0; i < 40; i++) {
			uint32_t got =
				*(uint32_t *)vcpu_run_pio(&v[i], KVM_EXIT_IO_OUT, 0x10, 4, 1);

			CHECK_EQ(got, n);
		}
	for (int i = 39; i >= 0; i--) {
		vcpu_destroy(&v[i]);
		vm_destroy(&vm[i]);
	}
}

/* ---- getting out of KVM_RUN ---- */

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void catch_signal(int sig)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(sig, &sa, NULL);
}

/* A signal with a handler ends KVM_RUN with EINTR, also out of a guest that never exits. */
static void signal_interrupts(void)
{
	struct vm vm;
	struct vcpu v;
	struct itimerval it = {.it_interval = {0, 20000}, .it_value = {0, 20000}};

	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	catch_signal(SIGALRM);
	setitimer(ITIMER_REAL, &it, NULL);
	for (int i = 0; i < 10; i++) {
		uint64_t was = guest_out(&vm, 0);

		CHECK_EQ(vcpu_run_try(&v), EINTR);
		CHECK_EQ(v.run->exit_reason, KVM_EXIT_INTR);
		CHECK(guest_out(&vm, 0) > was || i, "the guest did not run");
	}
	CHECK(signals >= 10, "%d signals", (int)signals);
	CHECK(guest_out(&vm, 0), "the guest never ran");
}

static void immediate_exit(void)
{
	struct vm vm;
	struct vcpu v;

	CHECK_EQ(sys_cap(KVM_CAP_IMMEDIATE_EXIT), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	v.run->immediate_exit = 1;
	for (int i = 0; i < 10; i++)
		CHECK_EQ(vcpu_run_try(&v), EINTR);
	CHECK_EQ(guest_out(&vm, 0), 0); /* not one instruction */
	v.run->immediate_exit = 0;
	guest_load(&vm, G_CODE, GUEST(pio_loop));
	vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

/* immediate_exit still completes the instruction that the last exit was for. */
static void immediate_exit_completes(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(pio_widths));
	for (int i = 0; i < 6; i++)
		vcpu_run_to(&v, KVM_EXIT_IO);
	*(uint8_t *)vcpu_run_pio(&v, KVM_EXIT_IO_IN, 0x1234, 1, 1) = 0x5a;
	v.run->immediate_exit = 1;
	CHECK_EQ(vcpu_run_try(&v), EINTR);
	CHECK_EQ(vcpu_regs(&v).rax, 0xffffffffffffff5a);
	CHECK_EQ(vcpu_run_try(&v), EINTR);
	CHECK_EQ(vcpu_regs(&v).rax, 0xffffffffffffff5a);
	v.run->immediate_exit = 0;
	memcpy(vcpu_run_pio(&v, KVM_EXIT_IO_IN, 0x1234, 2, 1), "\x57\x13", 2);
	vcpu_run_pio(&v, KVM_EXIT_IO_IN, 0x1234, 4, 1);
}

/* SIGUSR1 is blocked outside of the vCPU's mask, and let through by it. */
static void unblock_in_guest(struct vcpu *v)
{
	struct {
		struct kvm_signal_mask head;
		uint8_t set[8]; /* the kernel's size of an empty mask */
	} m = {.head.len = 8};
	sigset_t set;

	catch_signal(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_OK(ioctl(v->fd, KVM_SET_SIGNAL_MASK, &m));
}

/* A signal that is blocked outside and not in the mask of the vCPU: KVM_RUN ends, and no handler ran. */
static void signal_mask(void)
{
	struct vm vm;
	struct vcpu v;
	sigset_t pending, now;

	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	unblock_in_guest(&v);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(vcpu_run_try(&v), EINTR);
	sigpending(&pending);
	CHECK(signals == 1 || sigismember(&pending, SIGUSR1), "the signal is lost");
	/* and the mask outside is what it was */
	sigprocmask(SIG_BLOCK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1), "the thread's mask changed");
}

static void *busy_then_signal(void *arg)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec - begin.tv_sec < 2);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

/*
 * Preemption leaves work for the way to user mode (rseq). With a signal mask of the vCPU's own,
 * KVM_RUN must still take care of it by itself: userspace sees nothing but the signal.
 */
static void signal_mask_under_preemption(void)
{
	pthread_t me = pthread_self(), other;
	struct vcpu v;
	cpu_set_t one;
	struct vm vm;

	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
	unblock_in_guest(&v);
	CHECK(!pthread_create(&other, NULL, busy_then_signal, &me), "no thread");
	CHECK_EQ(vcpu_run_try(&v), EINTR);
	pthread_join(other, NULL);
}

static void signal_mask_bad(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_signal_mask m = {.len = 4};

	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_SIGNAL_MASK, &m), EINVAL);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_SIGNAL_MASK, 8), EFAULT);
	CHECK_OK(ioctl(v.fd, KVM_SET_SIGNAL_MASK, NULL));
}

struct stopper {
	struct vcpu *v;
	pthread_t target;
	volatile bool ended;
};

static void *stop_thread(void *arg)
{
	struct stopper *s = arg;

	while (!s->ended) {
		s->v->run->immediate_exit = 1;
		pthread_kill(s->target, SIGUSR1);
		usleep(300);
	}
	return NULL;
}

/* What QEMU does to stop a vCPU, many times, at any moment: each KVM_RUN comes back. */
static void kick(void)
{
	struct vm vm;
	struct vcpu v;
	struct stopper s = {.v = &v, .target = pthread_self()};
	pthread_t t;
	unsigned int intr = 0, io = 0;

	catch_signal(SIGUSR1);
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	CHECK(!pthread_create(&t, NULL, stop_thread, &s), "thread");
	uint32_t next = 0;

	while (intr < 300) {
		int err = vcpu_run_try(&v);

		if (err == EINTR) {
			intr++;
			v.run->immediate_exit = 0;
			continue;
		}
		CHECK(!err && v.run->exit_reason == KVM_EXIT_IO, "errno %d exit %u", err,
		      v.run->exit_reason);
		/* No output is lost or repeated. */
		CHECK_EQ(*(uint32_t *)((uint8_t *)v.run + v.run->io.data_offset), next);
		next++;
		io++;
	}
	s.ended = true;
	pthread_join(t, NULL);
	test_note("%u interruptions, %u outputs", intr, io);
}

/* A vCPU on one CPU, then on another. */
static void migrate_cpus(void)
{
	struct vm vm;
	struct vcpu v;
	cpu_set_t set;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 2)
		SKIP("one CPU");
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	for (uint32_t i = 0; i < 40; i++) {
		CPU_ZERO(&set);
		CPU_SET(i % cpus, &set);
		CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
		CHECK_EQ(*(uint32_t *)vcpu_run_pio(&v, KVM_EXIT_IO_OUT, 0x10, 4, 1), i);
	}
}

static const struct live_test tests[] = {
	{"vm_closed_first", vm_closed_first},
	{"mapping_outlives", mapping_outlives},
	{"vcpu_closed_first", vcpu_closed_first},
	{"vcpu_ids", vcpu_ids},
	{"dup_fds", dup_fds},
	{"other_process", other_process},
	{"child_closes_last", child_closes_last},
	{"exit_while_running", exit_while_running},
	{"exec_while_running", exec_while_running},
	{"fd_leak", fd_leak, 60},
	{"memory_leak", memory_leak, 120},
	{"vcpu_limit", vcpu_limit},
	{"many_vms", many_vms, 60},
	{"signal_interrupts", signal_interrupts},
	{"immediate_exit", immediate_exit},
	{"immediate_exit_completes", immediate_exit_completes},
	{"signal_mask", signal_mask},
	{"signal_mask_under_preemption", signal_mask_under_preemption},
	{"signal_mask_bad", signal_mask_bad},
	{"kick", kick},
	{"migrate_cpus", migrate_cpus},
};

LIVE_SUBJECT(life, tests);
