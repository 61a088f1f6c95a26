/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory slots: what KVM_SET_USER_MEMORY_REGION accepts and refuses, moves and deletions while the
 * guest runs, read-only memory, thousands of slots.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vmm.h"

static void arguments(void)
{
	struct vm vm;
	uint8_t *m = mem_alloc(MIB(4));

	vm_create(&vm);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0x1001, PAGE, m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0x1000, PAGE + 1, m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0x1000, PAGE, m + 8), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0x80, 0x1000, PAGE, m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, ~0ull << 12, 2 * PAGE, m), EINVAL); /* wraps */
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0, PAGE, (void *)(~0ull << 12)), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0, 1ull << 62, m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0, PAGE, (void *)0xffff888000000000), EINVAL); /* kernel */
	int max = sys_cap(KVM_CAP_NR_MEMSLOTS);

	CHECK(max >= 509, "KVM_CAP_NR_MEMSLOTS is %d", max);
	CHECK_EQ(vm_slot_try(&vm, max + 8, 0, 0, PAGE, m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0x7fff0000, 0, 0, PAGE, m), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, NULL), EFAULT);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, 8), EFAULT);
	/* After all that the VM still works. */
	vm_slot(&vm, 0, 0, 0, MIB(4), m);
}

static void overlap(void)
{
	struct vm vm;
	uint8_t *m = mem_alloc(MIB(4));

	vm_create(&vm);
	vm_slot(&vm, 0, 0, MIB(1), MIB(1), m);
	CHECK_EQ(vm_slot_try(&vm, 1, 0, MIB(1), PAGE, m), EEXIST);
	CHECK_EQ(vm_slot_try(&vm, 1, 0, MIB(2) - PAGE, MIB(1), m), EEXIST);
	CHECK_EQ(vm_slot_try(&vm, 1, 0, 0, MIB(1) + PAGE, m), EEXIST);
	CHECK_EQ(vm_slot_try(&vm, 1, 0, 0, MIB(4), m), EEXIST);
	vm_slot(&vm, 1, 0, 0, MIB(1), m); /* adjacent is fine */
	vm_slot(&vm, 2, 0, MIB(2), MIB(1), m);
	/* A move into a neighbour is refused and changes nothing. */
	CHECK_EQ(vm_slot_try(&vm, 2, 0, MIB(1) + PAGE, MIB(1), m), EEXIST);
	/* A slot does not overlap with itself. */
	vm_slot(&vm, 2, 0, MIB(2) + PAGE, MIB(1), m);
	vm_slot(&vm, 2, 0, MIB(2), MIB(1), m);
	/* Once deleted, the room is free. */
	vm_slot(&vm, 1, 0, 0, 0, NULL);
	vm_slot(&vm, 3, 0, 0, MIB(1), m);
}

/* Size and memory of a slot that exists can't change, nor READONLY; the dirty log flag can. */
static void change(void)
{
	struct vm vm;
	uint8_t *m = mem_alloc(MIB(4));

	vm_create(&vm);
	vm_slot(&vm, 0, 0, 0, MIB(1), m);
	vm_slot(&vm, 0, 0, 0, MIB(1), m); /* no change */
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0, MIB(2), m), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, 0, MIB(1), m + MIB(1)), EINVAL);
	CHECK_EQ(vm_slot_try(&vm, 0, KVM_MEM_READONLY, 0, MIB(1), m), EINVAL);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MIB(1), m);
	vm_slot(&vm, 0, 0, 0, MIB(1), m);
	vm_slot(&vm, 0, 0, MIB(8), MIB(1), m); /* a move */
	vm_slot(&vm, 0, 0, MIB(8), 0, m);
	CHECK_EQ(vm_slot_try(&vm, 0, 0, MIB(8), 0, m), EINVAL); /* gone already */
	vm_slot(&vm, 0, KVM_MEM_READONLY, 0, MIB(1), m);
	vm_slot(&vm, 0, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, 0, MIB(1), m);
}

/* The guest reads and writes ROM: reads are memory, writes are MMIO exits and change nothing. */
static void read_only(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *rom = mem_alloc(HPAGE);

	CHECK_EQ(sys_cap(KVM_CAP_READONLY_MEM), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_rom));
	memset(rom, 0x55, HPAGE);
	vm_slot(&vm, 1, KVM_MEM_READONLY, MIB(16), HPAGE, rom);
	guest_arg(&vm, 0) = MIB(16);
	CHECK_EQ(vcpu_run_mmio(&v, true, MIB(16), 8), 0x1122334455667788);
	CHECK_EQ(vcpu_run_report(&v), 0x55555555);
	CHECK_EQ(vcpu_run_mmio(&v, true, MIB(16) + 0x1000, 1), 0x99);
	/* a read-modify-write reads memory */
	CHECK_EQ(vcpu_run_mmio(&v, true, MIB(16) + 0x2000, 4), 0x55555556);
	CHECK_EQ(vcpu_run_report(&v), 0x55555555);
	for (uint64_t i = 0; i < HPAGE; i++)
		CHECK(rom[i] == 0x55, "ROM byte %#llx changed", (unsigned long long)i);
	/* The VMM's own writes are seen. */
	memset(rom, 0x66, HPAGE);
	CHECK_EQ(vcpu_run_report(&v), 0x66666666);
	vcpu_run_done(&v);
}

/* Code that runs from ROM. */
static void rom_code(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *rom = mem_alloc(PAGE);
	struct payload p = GUEST(mem_spin_report);

	vm_start(&vm, &v, MODE_LONG, p);
	memcpy(rom, p.start, p.end - p.start);
	vm_slot(&vm, 1, KVM_MEM_READONLY, MIB(16), PAGE, rom);
	struct kvm_regs r = vcpu_regs(&v);

	r.rip = MIB(16);
	vcpu_set_regs(&v, &r);
	CHECK_EQ(vcpu_run_report(&v), 0);
	CHECK_EQ(vcpu_run_report(&v), 1);
}

/* A guest reads one word of a page that is now one memory, now another, now none. */
static void swap(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m[2] = {mem_alloc(PAGE), mem_alloc(PAGE)};

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	*(uint32_t *)m[0] = 100;
	*(uint32_t *)m[1] = 200;
	guest_arg(&vm, 0) = MIB(16);
	for (int i = 0; i < 30; i++) {
		vm_slot(&vm, 1, 0, MIB(16), PAGE, m[i & 1]);
		CHECK_EQ(vcpu_run_report(&v), i & 1 ? 200 : 100);
		vm_slot(&vm, 1, 0, MIB(16), 0, NULL);
		if (i % 3 == 0) {
			vcpu_run_mmio(&v, false, MIB(16), 4);
			mmio_reply(&v, 300 + i);
			CHECK_EQ(vcpu_run_report(&v), 300 + i);
		}
	}
	/* Moved away and back. */
	vm_slot(&vm, 1, 0, MIB(16), PAGE, m[0]);
	CHECK_EQ(vcpu_run_report(&v), 100);
	vm_slot(&vm, 1, 0, MIB(17), PAGE, m[0]);
	vcpu_run_mmio(&v, false, MIB(16), 4);
	mmio_reply(&v, 7);
	CHECK_EQ(vcpu_run_report(&v), 7);
	guest_arg(&vm, 0) = MIB(17);
	CHECK_EQ(vcpu_run_report(&v), 100);
}

/* One slot is deleted: its neighbours' contents stay what they were. */
static void neighbours(void)
{
	struct vm vm;
	struct vcpu v;
	uint32_t *m = mem_alloc(PAGE * 16);

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek));
	for (int i = 0; i < 16; i++) {
		m[i * 1024] = 1000 + i;
		vm_slot(&vm, 1 + i, 0, MIB(16) + i * PAGE, PAGE, m + i * 1024);
	}
	for (int i = 0; i < 16; i++) {
		guest_arg(&vm, 0) = MIB(16) + i * PAGE;
		CHECK_EQ(vcpu_run_report(&v), 1000 + i);
	}
	for (int i = 0; i < 16; i += 2)
		vm_slot(&vm, 1 + i, 0, 0, 0, NULL);
	for (int i = 0; i < 16; i++) {
		guest_arg(&vm, 0) = MIB(16) + i * PAGE;
		if (i % 2 == 0) {
			vcpu_run_mmio(&v, false, MIB(16) + i * PAGE, 4);
			mmio_reply(&v, 5);
			CHECK_EQ(vcpu_run_report(&v), 5);
		} else {
			CHECK_EQ(vcpu_run_report(&v), 1000 + i);
		}
	}
}

#define MANY 4100u

/* Thousands of slots, made in a shuffled order; each address finds its own. */
static void many(void)
{
	struct vm vm;
	struct vcpu v;
	int max = sys_cap(KVM_CAP_NR_MEMSLOTS);
	uint32_t count = max - 1 < (int)MANY ? (uint32_t)max - 1 : MANY;
	uint32_t *m = mem_alloc(count * PAGE);
	static uint32_t order[MANY];

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_peek_many));
	for (uint32_t i = 0; i < count; i++) {
		m[i * 1024] = i ^ 0x5a5a;
		order[i] = i;
	}
	srand(42);
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t j = rand() % (i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	/* Every second page, so that there are holes. */
	for (uint32_t i = 0; i < count; i++)
		vm_slot(&vm, 1 + i, 0, MIB(16) + order[i] * 2ull * PAGE, PAGE, m + order[i] * 1024);
	guest_arg(&vm, 0) = MIB(16);
	guest_arg(&vm, 1) = count;
	guest_arg(&vm, 2) = 2 * PAGE;
	CHECK_EQ(vcpu_run_report(&v), 1);
	CHECK_EQ(vm_slot_try(&vm, count + 1, 0, MIB(16) + 3 * PAGE - PAGE, PAGE, m), EEXIST);
	/* Delete a third, check the rest through the guest. */
	for (uint32_t i = 0; i < count; i += 3)
		vm_slot(&vm, 1 + i, 0, 0, 0, NULL);
	for (uint32_t i = 0; i < count; i += 3)
		vm_slot(&vm, 1 + i, 0, MIB(16) + order[i] * 2ull * PAGE, PAGE, m + order[i] * 1024);
	CHECK_EQ(vcpu_run_report(&v), 1);
	vcpu_run_done(&v);
}

static void slot_limit(void)
{
	struct vm vm;
	uint8_t *m = mem_alloc(PAGE);
	int max = sys_cap(KVM_CAP_NR_MEMSLOTS);

	vm_create(&vm);
	/* The highest number works, the one behind it does not. */
	vm_slot(&vm, max - 1, 0, 0, PAGE, m);
	vm_slot(&vm, max - 1, 0, 0, 0, NULL);
	CHECK_EQ(vm_slot_try(&vm, 0xffff, 0, 0, PAGE, m), EINVAL);
}

#define ROUNDS 40

struct mover {
	struct vm *vm;
	uint8_t *mem;
	unsigned int stop_arg; /* the guest's word that tells it to end */
};

static void *move_slot(void *arg)
{
	struct mover *m = arg;

	for (int i = 0; i < ROUNDS; i++) {
		vm_slot(m->vm, 1, 0, MIB(32), HPAGE, m->mem);
		vm_slot(m->vm, 1, 0, MIB(16), HPAGE, m->mem);
	}
	guest_arg(m->vm, m->stop_arg) = 1;
	return NULL;
}

static void *delete_slot(void *arg)
{
	struct mover *m = arg;

	for (int i = 0; i < ROUNDS; i++) {
		vm_slot(m->vm, 1, 0, MIB(16), 0, NULL);
		vm_slot(m->vm, 1, 0, MIB(16), HPAGE, m->mem);
	}
	guest_arg(m->vm, m->stop_arg) = 1;
	return NULL;
}

/*
 * While another thread moves or deletes the slot, the guest increments a counter in it; where the
 * memory is away, the access comes out and the device plays the counter instead. In the end each
 * increment must be somewhere, and memory without a slot must not have been written.
 */
static void under_running_guest(void *(*thread_fn)(void *))
{
	struct vm vm;
	struct vcpu v;
	struct mover m = {&vm, mem_alloc_aligned(HPAGE, HPAGE), 2};
	uint64_t reads = 0, writes = 0;
	pthread_t t;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_touch_loop));
	vm_slot(&vm, 1, 0, MIB(16), HPAGE, m.mem);
	guest_arg(&vm, 0) = MIB(16);
	guest_arg(&vm, 1) = 64; /* pages */
	CHECK(!pthread_create(&t, NULL, thread_fn, &m), "thread");
	for (;;) {
		int err = vcpu_run_try(&v);

		CHECK(!err, "KVM_RUN: errno %d", err);
		if (v.run->exit_reason == KVM_EXIT_IO)
			break;
		if (v.run->exit_reason != KVM_EXIT_MMIO || v.run->mmio.phys_addr < MIB(16) ||
		    v.run->mmio.phys_addr >= MIB(16) + HPAGE || v.run->mmio.len != 8)
			vcpu_unexpected(&v, "MMIO in the slot, or the end");
		if (v.run->mmio.is_write) {
			writes++;
		} else {
			reads++;
			mmio_reply(&v, 0);
		}
	}
	pthread_join(t, NULL);
	CHECK(v.run->io.port == P_RESULT, "port %#x", v.run->io.port);
	test_note("%llu reads and %llu writes came out", (unsigned long long)reads,
		  (unsigned long long)writes);
	/* mem_touch_loop stores the page number plus one in each page it wrote. */
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t got = *(uint64_t *)(m.mem + i * PAGE);

		CHECK(got == 0 || got == i + 1, "page %u holds %#llx", i, (unsigned long long)got);
	}
	for (uint64_t i = 64 * PAGE; i < HPAGE; i++)
		CHECK(!m.mem[i], "byte %#llx was written", (unsigned long long)i);
}

static void move_while_running(void)
{
	under_running_guest(move_slot);
}

static void delete_while_running(void)
{
	under_running_guest(delete_slot);
}

static void *churn_other(void *arg)
{
	struct mover *m = arg;

	for (int round = 0; round < ROUNDS / 4; round++) {
		for (uint32_t i = 0; i < 20; i++)
			vm_slot(m->vm, 10 + i, 0, GIB(1) + i * MIB(1), PAGE * (1 + i), m->mem);
		for (uint32_t i = 0; i < 20; i++)
			vm_slot(m->vm, 10 + i, 0, 0, 0, NULL);
	}
	guest_arg(m->vm, m->stop_arg) = 1;
	return NULL;
}

/* Slots that the guest does not use come and go: it must not notice. */
static void others_while_running(void)
{
	struct vm vm;
	struct vcpu v;
	struct mover m = {&vm, mem_alloc(MIB(1)), 0};
	pthread_t t;

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_sum_loop));
	CHECK(!pthread_create(&t, NULL, churn_other, &m), "thread");
	vcpu_run_done(&v);
	pthread_join(t, NULL);
}

static const struct live_test tests[] = {
	{"arguments", arguments},
	{"overlap", overlap},
	{"change", change},
	{"read_only", read_only},
	{"rom_code", rom_code},
	{"swap", swap},
	{"neighbours", neighbours},
	{"many", many, 90},
	{"slot_limit", slot_limit},
	{"move_while_running", move_while_running, 60},
	{"delete_while_running", delete_while_running, 60},
	{"others_while_running", others_while_running, 60},
};

LIVE_SUBJECT(slots, tests);
