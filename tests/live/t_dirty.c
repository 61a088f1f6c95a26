/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dirty log: exactly the pages that were written, each reported once, none ever lost, with small
 * and with huge pages behind the slot, and under guests that keep writing. Where the CPU has a log of
 * its own, of 512 pages, it is full again and again.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include "snap.h"
#include "vmm.h"

#define PAGES 1500u /* not a multiple of 64 */
#define BASE  MIB(16)
#define WORDS ((PAGES + 63) / 64)

struct setup {
	struct vm vm;
	struct vcpu v;
	uint8_t *mem;
	uint64_t log[WORDS];
};

static void setup(struct setup *s, bool huge)
{
	vm_start(&s->vm, &s->v, MODE_LONG, GUEST(mem_dirty));
	s->mem = mem_alloc_aligned(MIB(8), HPAGE);
	CHECK_OK(madvise(s->mem, MIB(8), huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE));
	memset(s->mem, 0, MIB(8));
	vm_slot(&s->vm, 1, 0, BASE, PAGES * PAGE, s->mem);
	guest_arg(&s->vm, 0) = BASE;
	guest_arg(&s->vm, 1) = 0x200000;
}

static void log_on(struct setup *s, bool on)
{
	vm_slot(&s->vm, 1, on ? KVM_MEM_LOG_DIRTY_PAGES : 0, BASE, PAGES * PAGE, s->mem);
}

static void dirty(struct setup *s, const uint32_t *pages, uint32_t count)
{
	memcpy(s->vm.ram + 0x200000, pages, count * sizeof(*pages));
	guest_arg(&s->vm, 2) = count;
	CHECK_EQ(vcpu_run_report(&s->v), 1);
}

static void get(struct setup *s)
{
	memset(s->log, 0xa5, sizeof(s->log));
	vm_dirty_log(&s->vm, 1, s->log);
}

static void expect(struct setup *s, const uint32_t *pages, uint32_t count)
{
	uint64_t want[WORDS] = {0};

	for (uint32_t i = 0; i < count; i++)
		want[pages[i] / 64] |= 1ull << pages[i] % 64;
	get(s);
	for (uint32_t i = 0; i < WORDS; i++)
		CHECK(s->log[i] == want[i], "pages %u..: log %#llx, wanted %#llx", i * 64,
		      (unsigned long long)s->log[i], (unsigned long long)want[i]);
}

static const uint32_t first[] = {0, 1, 63, 64, 511, 512, 513, 1023, 1024, PAGES - 1};
static const uint32_t second[] = {2, 63, 700, PAGES - 2};

static void exact(bool huge)
{
	struct setup s;

	setup(&s, huge);
	dirty(&s, first, ARRAY_SIZE(first)); /* not logged yet */
	log_on(&s, true);
	expect(&s, NULL, 0);
	dirty(&s, first, ARRAY_SIZE(first));
	expect(&s, first, ARRAY_SIZE(first));
	expect(&s, NULL, 0); /* cleared by the get */
	dirty(&s, second, ARRAY_SIZE(second));
	dirty(&s, second, ARRAY_SIZE(second));
	expect(&s, second, ARRAY_SIZE(second));
	dirty(&s, first, 1);
	expect(&s, first, 1);
	/* The writes themselves are all there. */
	CHECK_EQ(*(uint64_t *)(s.mem + 8), 3);
	CHECK_EQ(*(uint64_t *)(s.mem + 63 * PAGE + 8), 4);
	/* Off and on again: a new log. */
	dirty(&s, second, 4);
	log_on(&s, false);
	dirty(&s, first, 3);
	log_on(&s, true);
	expect(&s, NULL, 0);
	dirty(&s, first, 3);
	expect(&s, first, 3);
}

static void small(void)
{
	exact(false);
}

static void huge(void)
{
	exact(true);
}

static void not_logged(void)
{
	struct setup s;
	struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = s.log};

	setup(&s, false);
	CHECK_ERRNO(ioctl(s.vm.fd, KVM_GET_DIRTY_LOG, &log), ENOENT);
	log.slot = 5;
	CHECK_ERRNO(ioctl(s.vm.fd, KVM_GET_DIRTY_LOG, &log), ENOENT);
	log.slot = 0x7fffffff;
	CHECK_ERRNO(ioctl(s.vm.fd, KVM_GET_DIRTY_LOG, &log), EINVAL);
	log_on(&s, true);
	log.slot = 1;
	log.dirty_bitmap = (void *)8;
	CHECK_ERRNO(ioctl(s.vm.fd, KVM_GET_DIRTY_LOG, &log), EFAULT);
	/* The slot still works. */
	dirty(&s, second, 4);
	get(&s);
}

/* Reading is not writing. */
static void reads(void)
{
	struct setup s;

	setup(&s, true);
	guest_load(&s.vm, G_CODE, GUEST(mem_read_pages));
	guest_arg(&s.vm, 1) = PAGES;
	vcpu_run_report(&s.v);
	log_on(&s, true);
	expect(&s, NULL, 0);
	vcpu_run_report(&s.v);
	expect(&s, NULL, 0);
}

/* A page the guest writes for the first time after logging began, and one that it had only read. */
static void first_touch(void)
{
	struct setup s;

	setup(&s, false);
	log_on(&s, true);
	dirty(&s, first, ARRAY_SIZE(first));
	expect(&s, first, ARRAY_SIZE(first));
}

/* Writes by the emulator count too: INS into a logged page. */
static void emulated_writes(void)
{
	struct setup s;
	struct payload p = GUEST(pio_string_in);
	const uint32_t want[] = {0, 1};

	setup(&s, false);
	log_on(&s, true);
	guest_load(&s.vm, G_CODE, p);
	/* the payload's `movl $G_DATA, %edi` of the first INSB: aim it at the logged slot */
	uint8_t *code = s.vm.ram + G_CODE;
	uint32_t target = BASE + PAGE - 3, from = G_DATA;
	size_t i = 0;

	while (i < 64 && memcmp(code + i, &from, 4))
		i++;
	CHECK(i < 64, "the payload has changed");
	memcpy(code + i, &target, 4);
	for (int size = 1; size <= 4; size *= 2)
		memset(vcpu_run_pio(&s.v, KVM_EXIT_IO_IN, 0x1000, size, 1), 0x42, size);
	/* The last one is complete when KVM_RUN has been entered again. */
	s.v.run->immediate_exit = 1;
	CHECK_EQ(vcpu_run_try(&s.v), EINTR);
	s.v.run->immediate_exit = 0;
	CHECK(!memcmp(s.mem + PAGE - 3, "BBBBBBB", 7), "content");
	expect(&s, want, 2);
}

/* The guest's MMU writes accessed and dirty bits into its tables. */
static void guest_tables(void)
{
	struct vm vm;
	struct vcpu v;
	uint64_t log[RAM_SIZE / PAGE / 64];

	vm_start(&vm, &v, MODE_LONG, GUEST(mem_ad_bits));
	CHECK_EQ(vcpu_run_report(&v), 1);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, RAM_SIZE, vm.ram);
	uint32_t pte = vcpu_run_report(&v);

	CHECK(pte & 0x60, "no accessed and dirty bits in the guest's entry: %#x", pte);
	vm_dirty_log(&vm, 0, log);
	CHECK(log[0x400000 / PAGE / 64] & 1, "the page itself is not logged");
	CHECK(log[0] >> (G_PT / PAGE) & 1, "the page table with the new dirty bit is not logged");
	vcpu_run_done(&v);
}

static uint64_t log_faults(struct setup *s)
{
	struct snap snap;

	snap_read(&s->vm, &snap);
	return snap_vcpu_stat(&snap, 0, "pf_fast");
}

static void every_page(uint32_t *pages)
{
	for (uint32_t i = 0; i < PAGES; i++)
		pages[i] = i * 7 % PAGES; /* each once, and not in order */
}

/* Many more pages than a log of the CPU's holds, dirtied anew after each pass. */
static void many(bool huge)
{
	struct setup s;
	uint32_t pages[PAGES];

	every_page(pages);
	setup(&s, huge);
	log_on(&s, true);
	for (unsigned int round = 1; round <= 5; round++) {
		dirty(&s, pages, PAGES);
		if (round & 1) /* the second time costs nothing and changes nothing */
			dirty(&s, pages, PAGES);
		expect(&s, pages, PAGES);
		expect(&s, NULL, 0);
	}
	for (uint32_t i = 0; i < PAGES; i++)
		CHECK_EQ(*(uint64_t *)(s.mem + i * PAGE + 8), 8);
}

static void many_small(void)
{
	many(false);
}

static void many_huge(void)
{
	many(true);
}

/* A write to a logged page is a fault exactly where nothing else would tell of it. */
static void faults(void)
{
	struct setup s;
	uint32_t pages[PAGES];
	uint64_t before;

	snap_require();
	every_page(pages);
	setup(&s, false);
	log_on(&s, true);
	dirty(&s, pages, PAGES);
	expect(&s, pages, PAGES);
	before = log_faults(&s);
	dirty(&s, pages, PAGES);
	dirty(&s, pages, PAGES);
	CHECK_EQ(log_faults(&s) - before, host_logs_writes() ? 0 : PAGES);
	expect(&s, pages, PAGES);
}

/*
 * An exception whose delivery writes the first page that a full log has no room for: it is delivered
 * once, and its stack is dirty.
 */
static void event_on_full_log(void)
{
	struct setup s;
	uint32_t pages[600], times = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = i;
	setup(&s, false);
	guest_load(&s.vm, G_CODE, GUEST(mem_dirty_event));
	guest_arg(&s.vm, 2) = BASE + (PAGES - 1) * PAGE + 0x800;
	log_on(&s, true);
	/* The first round is of other faults: nothing is mapped. */
	for (uint32_t n = 506; n < 520; n++, times += 2) {
		guest_arg(&s.vm, 1) = n;
		CHECK_EQ(vcpu_run_report(&s.v), times + 1);
		get(&s);
		CHECK_EQ(vcpu_run_report(&s.v), times + 2);
		pages[n] = PAGES - 1;
		expect(&s, pages, n + 1);
		pages[n] = n;
	}
}

/* ---- under guests that keep writing ---- */

struct race {
	struct setup *s;
	uint8_t *copy;
	unsigned int passes;
	uint64_t pages;
};

#define RACE_PAGES  512u
#define RACE_ROUNDS 100u /* of the guest, at least */
#define RACE_PASSES 30u	 /* of ours */

/* The guest goes round until it is told to end, when both sides have done enough. */
static bool race_over(struct race *r)
{
	uint32_t round = *(volatile uint32_t *)(r->s->mem + 4);

	if (r->passes < RACE_PASSES || round < RACE_ROUNDS)
		return false;
	guest_arg(&r->s->vm, 2) = 0;
	return true;
}

/* All pages are of the last round; returns its number. */
static uint32_t check_last_round(const uint8_t *mem)
{
	uint32_t last = *(const uint32_t *)(mem + 4);

	for (unsigned int i = 0; i < RACE_PAGES; i++) {
		uint64_t want = (uint64_t)last << 32 | i, got = *(const uint64_t *)(mem + i * PAGE);

		CHECK(got == want, "page %u is %#llx, wanted %#llx", i, (unsigned long long)got,
		      (unsigned long long)want);
	}
	return last;
}

static void race_setup(struct race *r, bool huge)
{
	setup(r->s, huge);
	guest_load(&r->s->vm, G_CODE, GUEST(mem_dirty_race));
	guest_arg(&r->s->vm, 1) = RACE_PAGES;
	guest_arg(&r->s->vm, 2) = 0x7fffffff;
}

static void copy_dirty(struct race *r)
{
	get(r->s);
	for (unsigned int i = 0; i < RACE_PAGES; i++)
		if (r->s->log[i / 64] >> i % 64 & 1) {
			memcpy(r->copy + i * PAGE, r->s->mem + i * PAGE, 16);
			r->pages++;
		}
	r->passes++;
}

static void *migrate(void *arg)
{
	struct race *r = arg;

	do
		copy_dirty(r);
	while (!race_over(r));
	return NULL;
}

/* What a migration does: copy what the log names while the guest writes; at the end nothing is missing. */
static void race(bool huge)
{
	static struct setup s;
	struct race r = {.s = &s, .copy = mem_alloc(MIB(8))};
	pthread_t t;

	race_setup(&r, huge);
	log_on(&s, true);
	CHECK(!pthread_create(&t, NULL, migrate, &r), "thread");
	vcpu_run_done(&s.v);
	pthread_join(t, NULL);
	copy_dirty(&r);
	test_note("%u passes, %llu pages", r.passes, (unsigned long long)r.pages);
	CHECK_EQ(check_last_round(r.copy), *(uint32_t *)(s.mem + 4));
	get(&s);
	for (uint32_t i = 0; i < WORDS; i++)
		CHECK_EQ(s.log[i], 0);
}

static void race_small(void)
{
	race(false);
}

static void race_huge(void)
{
	race(true);
}

static void *toggle(void *arg)
{
	struct race *r = arg;

	do {
		log_on(r->s, true);
		get(r->s);
		log_on(r->s, false);
		r->passes++;
	} while (!race_over(r));
	return NULL;
}

/* The flag goes on and off under a running guest: nothing of what it writes is lost. */
static void toggle_while_running(void)
{
	static struct setup s;
	struct race r = {.s = &s};
	pthread_t t;

	race_setup(&r, true);
	CHECK(!pthread_create(&t, NULL, toggle, &r), "thread");
	vcpu_run_done(&s.v);
	pthread_join(t, NULL);
	check_last_round(s.mem);
}

#define TWO_PAGES  768u /* of both together: each writes 512, they share 256 */
#define TWO_ROUNDS 120u /* passes */

struct two {
	struct setup *s;
	uint64_t seen[TWO_PAGES][2]; /* the vCPUs' words when the page was copied */
	uint64_t owed[WORDS];	     /* pages that differed after a pass: the next one has them */
	uint64_t found;
};

/* What differs from the copy without being in the log was written after the pass: it is owed. */
static void two_pass(struct two *t)
{
	get(t->s);
	for (uint32_t i = 0; i < WORDS; i++) {
		CHECK(!(t->owed[i] & ~t->s->log[i]), "pages %u..: lost %#llx", i * 64,
		      (unsigned long long)(t->owed[i] & ~t->s->log[i]));
		t->owed[i] = 0;
	}
	for (uint32_t i = 0; i < TWO_PAGES; i++) {
		volatile uint64_t *word = (volatile uint64_t *)(t->s->mem + i * PAGE);

		if (t->s->log[i / 64] >> i % 64 & 1) {
			t->seen[i][0] = word[0];
			t->seen[i][1] = word[1];
			t->found++;
		} else if (t->seen[i][0] != word[0] || t->seen[i][1] != word[1]) {
			t->owed[i / 64] |= 1ull << i % 64;
		}
	}
}

static void *two_passes(void *arg)
{
	struct two *t = arg;

	for (unsigned int i = 0; i < TWO_ROUNDS || t->found < 4 * TWO_PAGES; i++)
		two_pass(t);
	guest_arg(&t->s->vm, 0) = 1;
	return NULL;
}

static void *two_writer(void *vcpu)
{
	vcpu_run_done(vcpu);
	return NULL;
}

static void two_regs(struct vcpu *v, unsigned int i)
{
	struct kvm_regs regs = vcpu_regs(v);

	regs.rdi = BASE + i * 256 * PAGE;
	regs.rsi = 512;
	regs.rdx = i * 8;
	vcpu_set_regs(v, &regs);
}

/* Two vCPUs write the same memory while passes run: each change is in the log of the next pass. */
static void two_vcpus(bool huge)
{
	static struct setup s;
	static struct two t;
	struct vcpu second;
	pthread_t passes, writer;

	t.s = &s;
	setup(&s, huge);
	guest_load(&s.vm, G_CODE, GUEST(mem_count_pages));
	guest_arg(&s.vm, 0) = 0;
	vcpu_create(&s.vm, &second, 1);
	vcpu_mode(&second, MODE_LONG, G_CODE);
	two_regs(&s.v, 0);
	two_regs(&second, 1);
	log_on(&s, true);
	CHECK(!pthread_create(&writer, NULL, two_writer, &second), "thread");
	CHECK(!pthread_create(&passes, NULL, two_passes, &t), "thread");
	vcpu_run_done(&s.v);
	pthread_join(writer, NULL);
	pthread_join(passes, NULL);
	two_pass(&t);
	two_pass(&t);
	for (uint32_t i = 0; i < WORDS; i++)
		CHECK_EQ(s.log[i] | t.owed[i], 0);
	test_note("%llu pages found dirty", (unsigned long long)t.found);
}

static void two_vcpus_small(void)
{
	two_vcpus(false);
}

static void two_vcpus_huge(void)
{
	two_vcpus(true);
}

static const struct live_test tests[] = {
	{"small", small},
	{"huge", huge},
	{"not_logged", not_logged},
	{"reads", reads},
	{"first_touch", first_touch},
	{"emulated_writes", emulated_writes},
	{"guest_tables", guest_tables},
	{"many_small", many_small},
	{"many_huge", many_huge},
	{"faults", faults},
	{"event_on_full_log", event_on_full_log},
	{"race_small", race_small, 90},
	{"race_huge", race_huge, 90},
	{"two_vcpus_small", two_vcpus_small, 90},
	{"two_vcpus_huge", two_vcpus_huge, 90},
	{"toggle_while_running", toggle_while_running, 90},
};

LIVE_SUBJECT(dirty, tests);
