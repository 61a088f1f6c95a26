/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory behind a slot is the process's own: whatever happens to the mapping (unmap, remap,
 * protection, fork, huge pages made and split), the guest sees what the process sees, at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vmm.h"

#define BASE MIB(16)

/* A guest that reports the word at I_ARG, and a slot of @size at BASE. */
static uint8_t *peek_setup(struct vm *vm, struct vcpu *v, size_t size, int advice)
{
	uint8_t *m = mem_alloc_aligned(size, HPAGE);

	vm_start(vm, v, MODE_LONG, GUEST(mem_peek));
	if (advice)
		CHECK_OK(madvise(m, size, advice));
	memset(m, 0, size);
	vm_slot(vm, 1, 0, BASE, size, m);
	guest_arg(vm, 0) = BASE;
	return m;
}

static uint32_t peek(struct vm *vm, struct vcpu *v, uint64_t offset)
{
	guest_arg(vm, 0) = BASE + offset;
	return vcpu_run_report(v);
}

#define word(m, offset) (*(volatile uint32_t *)((m) + (offset)))

static void remap(int advice)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = peek_setup(&vm, &v, MIB(4), advice);

	word(m, 0) = 11;
	word(m, PAGE) = 12;
	CHECK_EQ(peek(&vm, &v, 0), 11);
	CHECK_EQ(peek(&vm, &v, PAGE), 12);
	/* MADV_DONTNEED: zeroes, in one page only. */
	CHECK_OK(madvise(m, PAGE, MADV_DONTNEED));
	CHECK_EQ(peek(&vm, &v, 0), 0);
	CHECK_EQ(peek(&vm, &v, PAGE), 12);
	word(m, 0) = 13;
	CHECK_EQ(peek(&vm, &v, 0), 13);
	/* Another mapping in the same place. */
	for (uint32_t i = 0; i < 10; i++) {
		uint8_t *p = mmap(m + PAGE, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		CHECK(p == m + PAGE, "mmap: errno %d", errno);
		word(m, PAGE) = 100 + i;
		CHECK_EQ(peek(&vm, &v, PAGE), 100 + i);
		CHECK_EQ(peek(&vm, &v, 0), 13);
		CHECK_EQ(peek(&vm, &v, 2 * PAGE), 0);
	}
	/* mremap of other memory into it. */
	uint8_t *other = mem_alloc(PAGE);

	word(other, 0) = 999;
	CHECK(mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, m + 3 * PAGE) ==
		      m + 3 * PAGE,
	      "mremap: errno %d", errno);
	CHECK_EQ(peek(&vm, &v, 3 * PAGE), 999);
}

static void remap_small(void)
{
	remap(MADV_NOHUGEPAGE);
}

static void remap_huge(void)
{
	remap(MADV_HUGEPAGE);
}

/* No mapping at all behind the slot: KVM_RUN says EFAULT, and goes on when there is one again. */
static void unmapped(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = peek_setup(&vm, &v, MIB(4), MADV_NOHUGEPAGE);

	word(m, 0) = 5;
	CHECK_EQ(peek(&vm, &v, 0), 5);
	CHECK_OK(munmap(m, PAGE));
	CHECK_EQ(vcpu_run_try(&v), EFAULT);
	CHECK_EQ(vcpu_run_try(&v), EFAULT);
	CHECK(mmap(m, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == m,
	      "mmap");
	word(m, 0) = 6;
	CHECK_EQ(peek(&vm, &v, 0), 6);
	CHECK_OK(mprotect(m, PAGE, PROT_NONE));
	CHECK_EQ(vcpu_run_try(&v), EFAULT);
	CHECK_OK(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(peek(&vm, &v, 0), 6);
}

/* PROT_READ memory behind a writable slot: the guest can read; its write is EFAULT. */
static void protection(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc(PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_rom));
	uint8_t *big = mem_alloc(PAGE * 4);

	word(big, 0) = 0x42;
	vm_slot(&vm, 1, 0, BASE, PAGE * 4, big);
	guest_arg(&vm, 0) = BASE;
	CHECK_OK(mprotect(big, PAGE, PROT_READ));
	CHECK_EQ(vcpu_run_try(&v), EFAULT);
	CHECK_EQ(word(big, 0), 0x42);
	CHECK_OK(mprotect(big, PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(vcpu_run_report(&v), 0x55667788); /* the write went through now */
	CHECK_EQ(word(big, 0), 0x55667788);
	munmap(m, PAGE);
}

/* After fork() both sides have their own copy; the guest belongs to the parent. */
static void fork_cow(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = peek_setup(&vm, &v, MIB(4), MADV_NOHUGEPAGE);
	int to_child[2], to_parent[2];
	char c;

	CHECK_OK(pipe(to_child));
	CHECK_OK(pipe(to_parent));
	word(m, 0) = 1;
	CHECK_EQ(peek(&vm, &v, 0), 1);
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_EQ(read(to_child[0], &c, 1), 1);
		bool good = word(m, 0) == 1;

		word(m, 0) = 77; /* the child's copy */
		CHECK_EQ(write(to_parent[1], &c, 1), 1);
		CHECK_EQ(read(to_child[0], &c, 1), 1);
		_exit(good && word(m, 0) == 77 ? 0 : 1);
	}
	CHECK_EQ(peek(&vm, &v, 0), 1);
	word(m, 0) = 2; /* breaks the sharing on the parent's side */
	CHECK_EQ(peek(&vm, &v, 0), 2);
	CHECK_EQ(write(to_child[1], "x", 1), 1);
	CHECK_EQ(read(to_parent[0], &c, 1), 1);
	CHECK_EQ(peek(&vm, &v, 0), 2);
	CHECK_EQ(write(to_child[1], "x", 1), 1);
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "the child saw the parent's write");
}

/* The other direction: the guest writes after a fork, and the child must not see it. */
static void fork_guest_write(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc_aligned(MIB(2), HPAGE);
	int to_child[2];
	char c;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_dirty));
	memset(m, 0, MIB(2));
	vm_slot(&vm, 1, 0, BASE, MIB(2), m);
	guest_arg(&vm, 0) = BASE;
	guest_arg(&vm, 1) = 0x200000;
	guest_arg(&vm, 2) = 1; /* page number 0 */
	guest_u32(&vm, 0x200000) = 3;
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(word(m, 3 * PAGE + 8), 1);
	CHECK_OK(pipe(to_child));
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_EQ(read(to_child[0], &c, 1), 1);
		_exit(word(m, 3 * PAGE + 8) == 1 ? 0 : 1);
	}
	CHECK_EQ(vcpu_run_report(&v), 1); /* the guest increments */
	CHECK_EQ(word(m, 3 * PAGE + 8), 2);
	CHECK_EQ(write(to_child[1], "x", 1), 1);
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "the child saw the guest's write");
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(word(m, 3 * PAGE + 8), 3);
}

/* Huge pages: the content is right before and after they are split and made anew. */
static void huge_split(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = peek_setup(&vm, &v, MIB(8), MADV_HUGEPAGE);

	for (uint64_t off = 0; off < MIB(8); off += PAGE)
		word(m, off) = 0x10000 + off / PAGE;
	for (uint64_t off = 0; off < MIB(8); off += 61 * PAGE)
		CHECK_EQ(peek(&vm, &v, off), 0x10000 + off / PAGE);
	/* Split by protecting one small page in the middle, and by a hole. */
	CHECK_OK(mprotect(m + MIB(2) + 7 * PAGE, PAGE, PROT_READ));
	CHECK_OK(madvise(m + MIB(4) + 9 * PAGE, PAGE, MADV_DONTNEED));
	CHECK_OK(madvise(m + MIB(6), HPAGE, MADV_NOHUGEPAGE));
	for (uint64_t off = 0; off < MIB(8); off += 13 * PAGE)
		CHECK_EQ(peek(&vm, &v, off), off == MIB(4) + 9 * PAGE ? 0 : 0x10000 + off / PAGE);
	CHECK_EQ(peek(&vm, &v, MIB(4) + 9 * PAGE), 0);
	CHECK_EQ(peek(&vm, &v, MIB(2) + 7 * PAGE), 0x10000 + 519);
	CHECK_OK(mprotect(m, MIB(8), PROT_READ | PROT_WRITE));
	word(m, MIB(4) + 9 * PAGE) = 0x10000 + (MIB(4) + 9 * PAGE) / PAGE;
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
	if (madvise(m, MIB(8), MADV_COLLAPSE))
		test_note("MADV_COLLAPSE: errno %d", errno);
	for (uint64_t off = 0; off < MIB(8); off += PAGE)
		CHECK_EQ(peek(&vm, &v, off), 0x10000 + off / PAGE);
}

/* A slot that does not begin where a huge page does can't be mapped by one: offsets must be right. */
static void huge_misaligned(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc_aligned(MIB(8), HPAGE);

	CHECK_OK(madvise(m, MIB(8), MADV_HUGEPAGE));
	for (uint64_t off = 0; off < MIB(8); off += PAGE)
		word(m, off) = 0x20000 + off / PAGE;
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	vm_slot(&vm, 1, 0, BASE, MIB(6) - 3 * PAGE, m + PAGE);
	vm_slot(&vm, 2, 0, BASE + MIB(16) + 5 * PAGE, MIB(5), m + 5 * PAGE);
	for (uint64_t off = 0; off < MIB(6) - 3 * PAGE; off += 17 * PAGE)
		CHECK_EQ(peek(&vm, &v, off), 0x20000 + off / PAGE + 1);
	for (uint64_t off = 5 * PAGE; off < MIB(5); off += 17 * PAGE)
		CHECK_EQ(peek(&vm, &v, MIB(16) + off), 0x20000 + off / PAGE);
	guest_arg(&vm, 0) = BASE + MIB(6) - 3 * PAGE;
	vcpu_run_mmio(&v, false, BASE + MIB(6) - 3 * PAGE, 4);
}

static void hugetlbfs(void)
{
	struct vm vm;
	struct vcpu v;

	file_write("/proc/sys/vm/nr_hugepages", "8");
	uint8_t *m = mmap(NULL, MIB(8), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (m == MAP_FAILED) {
		file_write("/proc/sys/vm/nr_hugepages", "0");
		SKIP("no huge pages to be had: errno %d", errno);
	}
	for (uint64_t off = 0; off < MIB(8); off += PAGE)
		word(m, off) = 0x30000 + off / PAGE;
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	vm_slot(&vm, 1, 0, BASE, MIB(8), m);
	for (uint64_t off = 0; off < MIB(8); off += 31 * PAGE)
		CHECK_EQ(peek(&vm, &v, off), 0x30000 + off / PAGE);
	vm_destroy(&vm);
	munmap(m, MIB(8));
	file_write("/proc/sys/vm/nr_hugepages", "0");
}

/* A file behind the slot, shared: the guest and read() see the same. */
static void file_backed(void)
{
	struct vm vm;
	struct vcpu v;
	int fd = memfd_create("guest", 0);
	uint32_t value = 0x77;

	CHECK(fd >= 0, "memfd_create: errno %d", errno);
	CHECK_OK(ftruncate(fd, MIB(2)));
	uint8_t *m = mmap(NULL, MIB(2), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(m != MAP_FAILED, "mmap: errno %d", errno);
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	vm_slot(&vm, 1, 0, BASE, MIB(2), m);
	CHECK_EQ(peek(&vm, &v, PAGE), 0);
	CHECK_EQ(pwrite(fd, &value, 4, PAGE), 4);
	CHECK_EQ(peek(&vm, &v, PAGE), 0x77);
	/* A hole punched in it. */
	CHECK_OK(fallocate(fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, PAGE, PAGE));
	CHECK_EQ(peek(&vm, &v, PAGE), 0);
	CHECK_EQ(pwrite(fd, &value, 4, PAGE), 4);
	CHECK_EQ(peek(&vm, &v, PAGE), 0x77);
	/* Cut short: the memory is gone, an access is EFAULT. */
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_EQ(vcpu_run_try(&v), EFAULT);
	CHECK_OK(ftruncate(fd, MIB(2)));
	CHECK_EQ(peek(&vm, &v, PAGE), 0);
}

/* Two slots with the same memory: an alias. */
static void alias(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc_aligned(MIB(2), HPAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	vm_slot(&vm, 1, 0, BASE, MIB(2), m);
	vm_slot(&vm, 2, KVM_MEM_READONLY, BASE + MIB(2), MIB(2), m);
	word(m, 8) = 3;
	CHECK_EQ(peek(&vm, &v, 8), 3);
	CHECK_EQ(peek(&vm, &v, MIB(2) + 8), 3);
	CHECK_OK(madvise(m, PAGE, MADV_DONTNEED));
	CHECK_EQ(peek(&vm, &v, 8), 0);
	CHECK_EQ(peek(&vm, &v, MIB(2) + 8), 0);
}

struct hammer {
	struct vm *vm;
	uint8_t *mem;
	void (*change)(struct hammer *h, int round);
	int rounds;
};

static void *hammer_thread(void *arg)
{
	struct hammer *h = arg;

	for (int i = 0; i < h->rounds; i++)
		h->change(h, i);
	guest_arg(h->vm, 1) = 1;
	return NULL;
}

/* The guest writes a counter to one page of @mem all the while; then it stops. */
static void run_hammer(void (*change)(struct hammer *, int), int rounds)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc_aligned(MIB(4), HPAGE);
	struct hammer h = {&vm, m, change, rounds};
	pthread_t t;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_writer));
	vm_slot(&vm, 1, 0, BASE, MIB(4), m);
	guest_arg(&vm, 0) = BASE + 5 * PAGE;
	CHECK(!pthread_create(&t, NULL, hammer_thread, &h), "thread");
	for (;;) {
		int err = vcpu_run_try(&v);

		if (!err)
			break;
		CHECK(err == EINTR || err == EFAULT, "KVM_RUN: errno %d", err);
	}
	pthread_join(t, NULL);
	if (v.run->exit_reason != KVM_EXIT_IO || v.run->io.port != P_RESULT)
		vcpu_unexpected(&v, "the end");
	/* What the guest wrote last is in what is mapped now, if it was mapped then. */
	uint32_t last = guest_u32(&vm, I_OUT), got = word(m, 5 * PAGE);

	CHECK(got == last || got == 0, "the guest wrote %u last, memory has %u", last, got);
}

static void wait_for_write(struct hammer *h)
{
	uint32_t was = guest_u32(h->vm, I_OUT);

	for (int i = 0; i < 2000 && guest_u32(h->vm, I_OUT) == was; i++)
		usleep(100);
}

static void change_dontneed(struct hammer *h, int round)
{
	CHECK_OK(madvise(h->mem, HPAGE, MADV_DONTNEED));
	if (round % 8 == 0) {
		/* What the guest writes now must land in the new page. */
		wait_for_write(h);
		wait_for_write(h);
		CHECK(word(h->mem, 5 * PAGE), "the guest still writes to the old page");
	}
}

static void change_remap(struct hammer *h, int round)
{
	CHECK(mmap(h->mem, HPAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == h->mem,
	      "mmap: errno %d", errno);
	if (round % 8 == 0) {
		wait_for_write(h);
		wait_for_write(h);
		CHECK(word(h->mem, 5 * PAGE), "the guest still writes to the old page");
	}
}

static void change_mprotect(struct hammer *h, int round)
{
	(void)round;
	CHECK_OK(mprotect(h->mem, HPAGE, PROT_READ));
	uint32_t one = word(h->mem, 5 * PAGE);

	usleep(500);
	CHECK_EQ(word(h->mem, 5 * PAGE), one); /* nobody may write now */
	CHECK_OK(mprotect(h->mem, HPAGE, PROT_READ | PROT_WRITE));
	wait_for_write(h);
}

static void change_fork(struct hammer *h, int round)
{
	(void)round;
	wait_for_write(h);
	pid_t pid = fork();

	if (pid == 0) {
		uint32_t one = word(h->mem, 5 * PAGE);

		usleep(3000);
		_exit(word(h->mem, 5 * PAGE) == one ? 0 : 1);
	}
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "the child sees the guest's writes");
}

static void dontneed_while_running(void)
{
	run_hammer(change_dontneed, 200);
}

static void remap_while_running(void)
{
	run_hammer(change_remap, 200);
}

static void mprotect_while_running(void)
{
	run_hammer(change_mprotect, 100);
}

static void fork_while_running(void)
{
	run_hammer(change_fork, 15);
}

/* Pages that KSM merges are shared until the guest writes one. */
static void ksm(void)
{
	struct vm vm;
	struct vcpu v;
	char buf[32];

	if (!file_read("/sys/kernel/mm/ksm/run", buf, sizeof(buf)))
		SKIP("no KSM in this kernel");
	uint8_t *m = mem_alloc_aligned(MIB(2), HPAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_dirty));
	CHECK_OK(madvise(m, MIB(2), MADV_NOHUGEPAGE));
	memset(m, 0x5a, 64 * PAGE);
	vm_slot(&vm, 1, 0, BASE, MIB(2), m);
	guest_arg(&vm, 0) = BASE;
	guest_arg(&vm, 1) = 0x200000;
	guest_arg(&vm, 2) = 1;
	guest_u32(&vm, 0x200000) = 3;
	vcpu_run_report(&v);
	memset(m, 0x5a, 64 * PAGE);
	if (madvise(m, 64 * PAGE, MADV_MERGEABLE))
		SKIP("MADV_MERGEABLE: errno %d", errno);
	file_write("/sys/kernel/mm/ksm/pages_to_scan", "2000");
	file_write("/sys/kernel/mm/ksm/sleep_millisecs", "10");
	CHECK(file_write("/sys/kernel/mm/ksm/run", "1"), "can't start ksmd");
	bool merged = false;

	for (int i = 0; i < 200 && !merged; i++) {
		usleep(50000);
		merged = file_read("/sys/kernel/mm/ksm/pages_sharing", buf, sizeof(buf)) &&
			 atoi(buf) > 20;
	}
	vcpu_run_report(&v);
	file_write("/sys/kernel/mm/ksm/run", "0");
	CHECK_EQ(word(m, 3 * PAGE + 8), 0x5a5a5a5b);
	for (int i = 0; i < 64; i++)
		if (i != 3)
			CHECK_EQ(word(m, i * PAGE + 8), 0x5a5a5a5a);
	if (!merged)
		SKIP("ksmd merged nothing in time");
}

static const struct live_test tests[] = {
	{"remap_small", remap_small},
	{"remap_huge", remap_huge},
	{"unmapped", unmapped},
	{"protection", protection},
	{"fork_cow", fork_cow},
	{"fork_guest_write", fork_guest_write},
	{"huge_split", huge_split, 60},
	{"huge_misaligned", huge_misaligned},
	{"hugetlbfs", hugetlbfs},
	{"file_backed", file_backed},
	{"alias", alias},
	{"dontneed_while_running", dontneed_while_running, 60},
	{"remap_while_running", remap_while_running, 60},
	{"mprotect_while_running", mprotect_while_running, 60},
	{"fork_while_running", fork_while_running, 60},
	{"ksm", ksm, 60},
};

LIVE_SUBJECT(hostmem, tests);
