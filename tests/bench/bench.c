/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark of shared/performance.md: what one operation of a guest, or
 * one ioctl, costs in executed instructions. Runs on whatever /dev/kvm is
 * there and prints a line a row, "name<TAB>count"; tests/bench/run puts two of
 * these side by side.
 *
 * A row is the median over many repetitions, less the same loop without the
 * operation. Counts are exact only where the TSC counts instructions: under
 * QEMU's -icount (tests/lab/lab --icount), and in Bochs with one CPU. Elsewhere
 * they are TSC ticks; --check tells.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"
#include "vmm.h"

#define POOL_SIZE MIB(128)

/* ---- what the live tests' library asks for ------------------------------------------------ */

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void test_note(const char *fmt, ...)
{
	(void)fmt;
}

/* ---- measuring ------------------------------------------------------------------------------ */

static long empty_cost;

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static long median(struct vm *vm, unsigned int n)
{
	uint32_t *copy = malloc(n * sizeof(*copy));
	long mid;

	CHECK(copy, "no memory");
	CHECK(guest_out(vm, 0) >= SAMPLES + n * sizeof(*copy), "not everything was measured");
	memcpy(copy, vm->ram + SAMPLES, n * sizeof(*copy));
	qsort(copy, n, sizeof(*copy), by_value);
	mid = copy[n / 2];
	free(copy);
	return mid;
}

int bench_signal_fd = -1;

/* What the host does for a port that is more than a place to exit. */
static void on_port(uint16_t port)
{
	const uint64_t one = 1;

	if (port == P_SIGNAL)
		CHECK_EQ(write(bench_signal_fd, &one, sizeof(one)), sizeof(one));
	else if (port == P_PAUSE)
		usleep(1000);
}

void bench_run(struct vcpu *v)
{
	for (;;) {
		int err = ioctl(v->fd, KVM_RUN, 0);

		if (err < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		CHECK(!err, "KVM_RUN: errno %d", errno);
		if (v->run->exit_reason == KVM_EXIT_IO) {
			if (v->run->io.port == P_RESULT)
				return;
			if (v->run->io.port != P_BENCH)
				on_port(v->run->io.port);
		} else if (v->run->exit_reason != KVM_EXIT_MMIO) {
			vcpu_unexpected(v, "IO or MMIO");
		}
	}
}

static void start(struct vm *vm, struct vcpu *v)
{
	vm_create_ram(vm, MIB(8));
	vcpu_create(vm, v, 0);
	vcpu_cpuid(v);
}

static void samples(struct vm *vm, struct vcpu *v, struct payload p, unsigned int n, uint64_t arg)
{
	guest_load(vm, G_CODE, p);
	vcpu_mode(v, MODE_LONG, G_CODE);
	guest_arg(vm, 0) = n;
	guest_arg(vm, 1) = arg;
	guest_out(vm, 0) = 0;
	bench_run(v);
}

long bench_count(struct vm *vm, struct vcpu *v, struct payload p, unsigned int n, uint64_t arg)
{
	samples(vm, v, p, n, arg);
	return median(vm, n);
}

void bench_row(const char *name, long cost)
{
	printf("%s\t%ld\n", name, cost);
	fflush(stdout);
}

/* ---- rows ------------------------------------------------------------------------------------ */

#define OPS                                                                                        \
	{                                                                                          \
		{"cpuid", "CPUID", GUEST(bench_cpuid), 0, true},                                   \
			{"hypercall", "hypercall",                                                 \
			 host_is_vmx() ? GUEST(bench_vmcall) : GUEST(bench_hypercall), 0, false},  \
			{"rdmsr", "RDMSR of the APIC base", GUEST(bench_rdmsr), 0, false},         \
			{"cr0", "CR0 write", GUEST(bench_cr0), 0, false},                          \
			{"out", "port write, to userspace and back", GUEST(bench_out), 0, true},   \
			{"mmio-write", "MMIO write, to userspace and back",                        \
			 GUEST(bench_mmio_write), MMIO_GPA, true},                                 \
			{"mmio-read", "MMIO read, to userspace and back", GUEST(bench_mmio_read),  \
			 MMIO_GPA, false},                                                         \
	}

void bench_loop(struct vm *vm, struct vcpu *v, const struct op *ops, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(ops[i].key, key))
			continue;
		samples(vm, v, ops[i].p, ROUNDS, ops[i].arg);
		puts("looping");
		fflush(stdout);
		asm volatile("xchgw %bx, %bx"); /* Bochs' debugger may wait for it */
		for (;;)
			samples(vm, v, ops[i].p, MAX_SAMPLES, ops[i].arg);
	}
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, " %s", ops[i].key);
}

/* One operation for ever: tests/bench/profile looks where its instructions go. */
static int loop_op(const char *key)
{
	struct op ops[] = OPS;
	struct vm vm;
	struct vcpu v;

	fputs("bench: operations that can be looped:", stderr);
	start(&vm, &v);
	bench_loop(&vm, &v, ops, ARRAY_SIZE(ops), key);
	vcpu_destroy(&v);
	vm_destroy(&vm);
	irq_loop(key);
	fputc('\n', stderr);
	return 2;
}

static void simple_rows(const char *suffix, bool all)
{
	struct op ops[] = OPS;
	struct vm vm;
	struct vcpu v;
	char name[128];

	start(&vm, &v);
	empty_cost = bench_count(&vm, &v, GUEST(bench_empty), ROUNDS, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!all && !ops[i].always)
			continue;
		snprintf(name, sizeof(name), "%s%s", ops[i].name, suffix);
		bench_row(name, bench_count(&vm, &v, ops[i].p, ROUNDS, ops[i].arg) - empty_cost);
	}
	vcpu_destroy(&v);
	vm_destroy(&vm);
}

/* Whether the TSC counts instructions, on the host and in the guest. */
static int check_count(void)
{
	uint64_t t0, t1, rounds = KNOWN_LOOP;
	struct vm vm;
	struct vcpu v;
	long host, guest;

	start(&vm, &v);
	guest = bench_count(&vm, &v, GUEST(bench_known), ROUNDS, 0) -
		bench_count(&vm, &v, GUEST(bench_empty), ROUNDS, 0);
	vcpu_destroy(&v);
	vm_destroy(&vm);
	t0 = __rdtsc();
	asm volatile("1: decq %0\n\tjnz 1b" : "+r"(rounds));
	t1 = __rdtsc();
	host = t1 - t0;
	if (guest == KNOWN && host >= KNOWN && host < KNOWN + 20)
		return 0;
	fprintf(stderr,
		"bench: the TSC does not count instructions here: of %d it sees %ld in a guest, "
		"%ld on the host\n",
		KNOWN, guest, host);
	return 1;
}

/* The rows of irq.c alone, for who works on these. */
static void irq_only(void)
{
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	irq_rows(bench_count(&vm, &v, GUEST(bench_empty), ROUNDS, 0));
	vcpu_destroy(&v);
	vm_destroy(&vm);
}

static void *pool_alloc(void)
{
	void *pool = mem_alloc_aligned(POOL_SIZE, HPAGE);

	CHECK(!madvise(pool, POOL_SIZE, MADV_NOHUGEPAGE), "madvise: errno %d", errno);
	memset(pool, 0x5a, POOL_SIZE);
	return pool;
}

static long ioctl_cost(struct vm *vm, unsigned long cmd, void *arg)
{
	uint64_t t0 = __rdtsc();
	int err = ioctl(vm->fd, cmd, arg);
	uint64_t t1 = __rdtsc();

	CHECK(!err, "ioctl %#lx: errno %d", cmd, errno);
	return t1 - t0;
}

static void memory_rows(void)
{
	static uint8_t bitmap[POOL_SIZE / PAGE / 8];
	struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = bitmap};
	struct kvm_userspace_memory_region region = {
		.slot = 1, .guest_phys_addr = POOL_GPA, .memory_size = POOL_SIZE};
	const unsigned int all = POOL_SIZE / PAGE, some = 8192;
	struct vm vm;
	struct vcpu v;

	start(&vm, &v);
	region.userspace_addr = (uint64_t)pool_alloc();
	CHECK(!ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region), "slot: errno %d", errno);
	bench_row("first touch of a 4K page already in the host",
		  bench_count(&vm, &v, GUEST(bench_touch), all, POOL_GPA) - empty_cost);
	region.flags = KVM_MEM_LOG_DIRTY_PAGES;
	bench_row("switching dirty logging on, 128 MiB slot",
		  ioctl_cost(&vm, KVM_SET_USER_MEMORY_REGION, &region));
	bench_row("first write to a page under dirty logging",
		  bench_count(&vm, &v, GUEST(bench_touch), some, POOL_GPA) - empty_cost);
	memset(bitmap, 0, sizeof(bitmap));
	bench_row("KVM_GET_DIRTY_LOG, 8192 pages dirty", ioctl_cost(&vm, KVM_GET_DIRTY_LOG, &log));
	bench_row("KVM_GET_DIRTY_LOG, none dirty", ioctl_cost(&vm, KVM_GET_DIRTY_LOG, &log));
	vcpu_destroy(&v);
	vm_destroy(&vm);
}

/* Growth: the cost of a fault among few and many slots. */
static void slot_rows(unsigned int slots)
{
	struct kvm_userspace_memory_region region = {0};
	uint8_t *pool = pool_alloc();
	struct vm vm;
	struct vcpu v;
	char name[80];

	start(&vm, &v);
	for (unsigned int i = 0; i < slots; i++) {
		region.slot = i + 1;
		region.guest_phys_addr = POOL_GPA + i * 2 * PAGE;
		region.memory_size = PAGE;
		region.userspace_addr = (uint64_t)pool + i * PAGE;
		CHECK(!ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region), "slot %u: errno %d", i,
		      errno);
	}
	snprintf(name, sizeof(name), "MMIO write among %u slots", slots);
	bench_row(name,
		  bench_count(&vm, &v, GUEST(bench_mmio_write), ROUNDS, MMIO_GPA) - empty_cost);
	vcpu_destroy(&v);
	vm_destroy(&vm);
	munmap(pool, POOL_SIZE);
}

static bool events(bool on)
{
	static const char *const base[] = {"/sys/kernel/tracing/events/kvm/kvm_entry/enable",
					   "/sys/kernel/tracing/events/kvm/kvm_exit/enable"};

	return file_write(base[0], on ? "1" : "0") && file_write(base[1], on ? "1" : "0");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--loop"))
		return loop_op(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "--irq")) {
		irq_only();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--check"))
		return check_count();
	if (argc != 1) {
		fprintf(stderr, "usage: bench [--check | --irq | --loop OPERATION]\n");
		return 2;
	}
	simple_rows("", true);
	memory_rows();
	slot_rows(8);
	slot_rows(512);
	slot_rows(8192);
	irq_rows(empty_cost);
	if (!events(true)) {
		fprintf(stderr, "bench: no kvm events in tracefs\n");
		return 1;
	}
	simple_rows(", kvm_entry and kvm_exit on", false);
	events(false);
	return 0;
}
