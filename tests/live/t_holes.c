/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses without memory, which a back end may know by marks in its tables: wherever a slot comes,
 * goes or moves, the guest must see it at once, however often it found nothing there before.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#include "snap.h"
#include "vmm.h"

#define BASE	      MIB(16)
#define EPT_MISCONFIG 49

/* mem_peek reads a word: it must be a device's, which answers with something new each time. */
static void is_hole(struct vm *vm, struct vcpu *v, uint64_t gpa)
{
	static uint32_t answer = 0x80000000;

	guest_arg(vm, 0) = gpa;
	vcpu_run_mmio(v, false, gpa, 4);
	mmio_reply(v, ++answer);
	CHECK_EQ(vcpu_run_report(v), answer);
}

static void is_memory(struct vm *vm, struct vcpu *v, uint64_t gpa, uint32_t value)
{
	guest_arg(vm, 0) = gpa;
	CHECK_EQ(vcpu_run_report(v), value);
}

/* Exits of vCPU 0 for EPT misconfigurations so far. */
static uint64_t misconfigs(struct vm *vm)
{
	static struct snap s;

	snap_read(vm, &s);
	for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++) {
		const struct snap_hist *h = &s.vcpu[0].hist[i];

		if (!strcmp(h->name, "exit_time") && h->reason == EPT_MISCONFIG)
			return h->count;
	}
	return 0;
}

/* The module makes marks, and tells of the exits that they cause. */
static bool marks_seen(void)
{
	char buf[8];

	return host_is_vmx() && !access(GV_DEBUGFS, F_OK) && snap_timing() &&
	       file_read("/sys/module/glassvisor/parameters/mmio_spte", buf, sizeof(buf)) &&
	       *buf == 'Y';
}

static void comes_and_goes(void)
{
	struct vm vm;
	struct vcpu v;
	uint32_t *m = mem_alloc(PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t n = 0; n < i % 4; n++)
			is_hole(&vm, &v, BASE);
		m[0] = 1000 + i;
		vm_slot(&vm, 1, i & 4 ? KVM_MEM_LOG_DIRTY_PAGES : 0, BASE, PAGE, m);
		is_memory(&vm, &v, BASE, 1000 + i);
		is_hole(&vm, &v, BASE + PAGE);
		is_hole(&vm, &v, BASE - PAGE);
		vm_slot(&vm, 1, 0, 0, 0, NULL);
		is_hole(&vm, &v, BASE);
		is_hole(&vm, &v, BASE);
	}
	/* Read-only memory is memory as well. */
	vm_slot(&vm, 1, KVM_MEM_READONLY, BASE, PAGE, m);
	is_memory(&vm, &v, BASE, 1019);
}

/* The second access of each page comes as a misconfiguration, the first as a violation. */
static void marked(void)
{
	struct vm vm;
	struct vcpu v;

	if (!marks_seen())
		SKIP("no marks here, or nothing tells of them");
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	for (uint64_t page = 0; page < 3; page++)
		is_hole(&vm, &v, BASE + page * PAGE);
	CHECK_EQ(misconfigs(&vm), 0);
	for (int i = 0; i < 10; i++)
		is_hole(&vm, &v, BASE + PAGE + 4 * i);
	CHECK_EQ(misconfigs(&vm), 10);
}

static void moved_over(void)
{
	struct vm vm;
	struct vcpu v;
	uint32_t *m = mem_alloc(16 * PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	for (uint32_t i = 0; i < 16; i++)
		m[i * 1024] = 100 + i;
	vm_slot(&vm, 1, 0, BASE, 16 * PAGE, m);
	/* By less than its size, so that old and new place overlap; then far away, and back. */
	for (uint32_t i = 0; i < 24; i++) {
		uint64_t from = BASE + i * 5 * PAGE, to = from + 5 * PAGE;

		is_hole(&vm, &v, to + 15 * PAGE);
		is_hole(&vm, &v, to + 11 * PAGE);
		is_hole(&vm, &v, MIB(64) + 3 * PAGE);
		vm_slot(&vm, 1, 0, to, 16 * PAGE, m);
		is_memory(&vm, &v, to + 15 * PAGE, 115);
		is_memory(&vm, &v, to + 11 * PAGE, 111);
		is_memory(&vm, &v, to, 100);
		is_hole(&vm, &v, from);
		vm_slot(&vm, 1, 0, MIB(64), 16 * PAGE, m);
		is_memory(&vm, &v, MIB(64) + 3 * PAGE, 103);
		is_hole(&vm, &v, to);
		vm_slot(&vm, 1, 0, to, 16 * PAGE, m);
		is_memory(&vm, &v, to, 100);
	}
}

/* A slot of huge pages comes over a few touched holes: its pages are as large as they would be. */
static uint64_t huge_leaves(struct vm *vm, struct vcpu *v, uint64_t at, uint32_t *m, bool touch)
{
	static struct snap s;
	uint64_t before;

	for (uint64_t off = 0; touch && off < MIB(6); off += 99 * PAGE)
		is_hole(vm, v, at + off);
	snap_read(vm, &s);
	before = snap_stat(&s, "pages_2m");
	vm_slot(vm, 1, 0, at, MIB(6), m);
	for (uint64_t off = 0; off < MIB(6); off += 11 * PAGE)
		is_memory(vm, v, at + off, off / PAGE);
	snap_read(vm, &s);
	before = snap_stat(&s, "pages_2m") - before;
	vm_slot(vm, 1, 0, at, 0, NULL);
	for (uint64_t off = 0; off < MIB(6); off += 33 * PAGE)
		is_hole(vm, v, at + off);
	return before;
}

static void huge_pages(void)
{
	struct vm vm;
	struct vcpu v;
	uint32_t *m = mem_alloc_aligned(MIB(6), HPAGE);
	uint64_t untouched;

	snap_require();
	CHECK_OK(madvise(m, MIB(6), MADV_HUGEPAGE));
	for (uint32_t i = 0; i < MIB(6) / PAGE; i++)
		m[i * 1024] = i;
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	/* The guest's own pages are mapped before anything is counted. */
	is_hole(&vm, &v, MIB(1000));
	untouched = huge_leaves(&vm, &v, MIB(512), m, false);
	test_note("%u huge pages", (unsigned int)untouched);
	CHECK_EQ(huge_leaves(&vm, &v, MIB(64), m, true), untouched);
	/* Where it has been before. */
	CHECK_EQ(huge_leaves(&vm, &v, MIB(512), m, true), untouched);
}

/* A guest that touches more than anybody wants to know of: all is right, and costs little memory. */
static void all_over(void)
{
	struct vm vm;
	struct vcpu v;
	static struct snap s;
	uint32_t *m = mem_alloc(4 * HPAGE);
	uint64_t tables, at;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	is_hole(&vm, &v, BASE);
	snap_read(&vm, &s);
	tables = snap_stat(&s, "mmu_table_allocs");
	for (at = BASE; at < GIB(3); at += HPAGE)
		is_hole(&vm, &v, at);
	snap_read(&vm, &s);
	tables = snap_stat(&s, "mmu_table_allocs") - tables;
	test_note("%u tables", (unsigned int)tables);
	CHECK(tables < 1000, "%u tables for %u pages without memory", (unsigned int)tables,
	      (unsigned int)((GIB(3) - BASE) / HPAGE));
	/* A page with and one without a mark becomes memory, and nothing again. */
	for (at = BASE; at < GIB(3); at += GIB(1) - BASE - HPAGE) {
		memset(m, 0x11, 4 * HPAGE);
		vm_slot(&vm, 1, 0, at, 4 * HPAGE, m);
		for (int i = 0; i < 4; i++)
			is_memory(&vm, &v, at + i * HPAGE, 0x11111111);
		vm_slot(&vm, 1, 0, at, 0, NULL);
		for (int i = 0; i < 4; i++)
			is_hole(&vm, &v, at + i * HPAGE);
	}
}

/* What was made for holes that are memory since is given back: marks go on being made for ever. */
static void never_used_up(void)
{
	struct vm vm;
	struct vcpu v;
	uint32_t *m = mem_alloc(PAGE);
	uint64_t before;

	if (!marks_seen())
		SKIP("no marks here, or nothing tells of them");
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	for (uint64_t at = GIB(1); at < GIB(3); at += HPAGE) {
		is_hole(&vm, &v, at);
		vm_slot(&vm, 1, 0, at, PAGE, m);
		vm_slot(&vm, 1, 0, at, 0, NULL);
	}
	before = misconfigs(&vm);
	is_hole(&vm, &v, GIB(3));
	is_hole(&vm, &v, GIB(3));
	CHECK_EQ(misconfigs(&vm), before + 1);
}

/* Code at an address that was read before: as little to be had as the first time. */
static void fetch(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	is_hole(&vm, &v, BASE);
	is_hole(&vm, &v, BASE);
	for (int i = 0; i < 2; i++) {
		struct kvm_regs r = vcpu_regs(&v);

		r.rip = BASE;
		vcpu_set_regs(&v, &r);
		vcpu_run_to(&v, KVM_EXIT_INTERNAL_ERROR);
		CHECK_EQ(v.run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
		CHECK_EQ(vcpu_regs(&v).rip, BASE);
	}
}

#define ROUNDS 60
#define DEVICE 0x80000000u /* what the device answers in the race */

struct churn {
	struct vm *vm;
	uint32_t *mem;
};

/*
 * The guest reads on. What it read in its next rounds but one was asked for after this call began,
 * so it must be @want, all of it.
 */
static void sees(struct vm *vm, uint32_t want)
{
	uint64_t from = guest_out(vm, 1) + 2;

	for (uint64_t round = from; round < from + 3; round++) {
		while (guest_out(vm, 1) < round)
			sched_yield();
		CHECK_EQ((uint32_t)guest_out(vm, 0), want);
	}
}

static void *create_and_delete(void *arg)
{
	struct churn *c = arg;

	for (uint32_t i = 1; i <= ROUNDS; i++) {
		c->mem[0] = i;
		vm_slot(c->vm, 1, 0, BASE, PAGE, c->mem);
		sees(c->vm, i);
		vm_slot(c->vm, 1, 0, BASE, 0, NULL);
		sees(c->vm, DEVICE);
		/* Quicker than anybody looks. */
		for (uint32_t n = 0; n < 5; n++) {
			vm_slot(c->vm, 2, 0, BASE, PAGE, c->mem);
			vm_slot(c->vm, 2, 0, BASE + n * PAGE, PAGE, c->mem);
			vm_slot(c->vm, 2, 0, 0, 0, NULL);
		}
	}
	guest_arg(c->vm, 1) = 1;
	return NULL;
}

/* Slots come and go under a guest that never stops reading there. */
static void while_running(void)
{
	struct vm vm;
	struct vcpu v;
	struct churn c = {&vm, mem_alloc(PAGE)};
	unsigned int answers = 0;
	pthread_t t;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_watch));
	guest_arg(&vm, 0) = BASE;
	CHECK(!pthread_create(&t, NULL, create_and_delete, &c), "thread");
	for (;;) {
		int err = vcpu_run_try(&v);

		CHECK(!err, "KVM_RUN: errno %d", err);
		if (v.run->exit_reason == KVM_EXIT_IO)
			break;
		if (v.run->exit_reason != KVM_EXIT_MMIO || v.run->mmio.phys_addr != BASE ||
		    v.run->mmio.is_write)
			vcpu_unexpected(&v, "a read of the hole, or the end");
		mmio_reply(&v, DEVICE);
		answers++;
	}
	pthread_join(t, NULL);
	CHECK_EQ(v.run->io.port, P_RESULT);
	CHECK(answers >= 3 * ROUNDS, "only %u reads came out", answers);
}

static const struct live_test tests[] = {
	{"comes_and_goes", comes_and_goes},
	{"marked", marked},
	{"moved_over", moved_over},
	{"huge_pages", huge_pages, 60},
	{"all_over", all_over, 60},
	{"never_used_up", never_used_up, 60},
	{"fetch", fetch},
	{"while_running", while_running, 60},
};

LIVE_SUBJECT(holes, tests);
