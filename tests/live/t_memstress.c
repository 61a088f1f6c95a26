/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs write all over a slot and check what they read, while threads of the process do to its
 * memory whatever leaves the contents alone: fork (and look whether the child's copy stays as it
 * is), change protections, make and split huge pages, swap out, and copy it like a live migration
 * does, page by page as KVM_GET_DIRTY_LOG names them. At the end guest, shadow and copy agree.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vmm.h"

#define BASE	  MIB(64)
#define PAGES	  1024u
#define VCPUS	  2
#define PARAMS	  MIB(1)
#define SHADOW(i) (MIB(2) + (i)*MIB(1))
#define DURATION  5 /* seconds */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

struct params {
	volatile uint64_t base, mask, offset, shadow, random, rounds, mismatches, stop;
	volatile uint64_t page, value, expected;
};

static struct stress {
	struct vm vm;
	struct vcpu vcpu[VCPUS];
	uint8_t *data;
	uint8_t *copy;
	unsigned int passes, forks;
	volatile bool end;
} s;

static struct params *params(unsigned int i)
{
	return (struct params *)(s.vm.ram + PARAMS + i * PAGE);
}

static uint64_t *word(uint8_t *memory, unsigned int page, unsigned int vcpu)
{
	return (uint64_t *)(memory + page * PAGE) + vcpu;
}

static unsigned int random_below(unsigned int *state, unsigned int n)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 8) % n;
}

static void *run_vcpu(void *arg)
{
	vcpu_run_done(arg);
	return NULL;
}

static void migrate_pass(void)
{
	static uint64_t map[PAGES / 64];

	memset(map, 0xff, sizeof(map));
	vm_dirty_log(&s.vm, 1, map);
	for (unsigned int p = 0; p < PAGES; p++)
		if (map[p / 64] >> (p % 64) & 1)
			memcpy(s.copy + p * PAGE, s.data + p * PAGE, PAGE);
	s.passes++;
}

static void *migrate(void *arg)
{
	(void)arg;
	while (!s.end) {
		migrate_pass();
		usleep(2000);
	}
	return NULL;
}

/* In the child: 0 if no word of its copy changed while it watched. */
static int watch_copy(unsigned int seed)
{
	static uint64_t seen[256];
	unsigned int i, n = sizeof(seen) / sizeof(seen[0]);

	for (i = 0; i < n; i++)
		seen[i] = *(volatile uint64_t *)word(s.data, (seed + 7 * i) % PAGES, i % VCPUS);
	usleep(3000);
	for (i = 0; i < n; i++)
		if (seen[i] !=
		    *(volatile uint64_t *)word(s.data, (seed + 7 * i) % PAGES, i % VCPUS))
			return 1;
	return 0;
}

static void *forker(void *arg)
{
	(void)arg;
	while (!s.end) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(watch_copy(s.forks));
		CHECK(pid > 0, "fork: errno %d", errno);
		CHECK(waitpid(pid, &status, 0) == pid, "waitpid: errno %d", errno);
		CHECK(status == 0, "the guest wrote to the copy of a forked child (%#x)", status);
		s.forks++;
		usleep(3000);
	}
	return NULL;
}

/* To other rights and back; splits a huge page, and leaves the guest's access as it was. */
static void flip_protection(uint8_t *at, size_t size)
{
	CHECK_OK(mprotect(at, size, PROT_READ | PROT_WRITE | PROT_EXEC));
	CHECK_OK(mprotect(at, size, PROT_READ | PROT_WRITE));
}

static void *shuffle(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!s.end) {
		unsigned int page = random_below(&seed, PAGES);
		unsigned int n = 1 + random_below(&seed, PAGES - page);
		uint8_t *at = s.data + page * PAGE;

		switch (random_below(&seed, 3)) {
		case 0:
			flip_protection(at, n * PAGE);
			break;
		case 1:
			madvise(at, n * PAGE, MADV_PAGEOUT); /* without swap: nothing */
			break;
		default:
			/* Where the kernel can't, or won't now, there is nothing to test. */
			madvise(s.data + page * PAGE / HPAGE * HPAGE, HPAGE, MADV_COLLAPSE);
		}
		usleep(1000);
	}
	return NULL;
}

static void start(int advice)
{
	vm_start(&s.vm, &s.vcpu[0], MODE_LONG, GUEST(mem_stress));
	vcpu_create(&s.vm, &s.vcpu[1], 1);
	vcpu_cpuid(&s.vcpu[1]);
	vcpu_mode(&s.vcpu[1], MODE_LONG, G_CODE);
	s.data = mem_alloc_aligned(PAGES * PAGE, HPAGE);
	s.copy = mem_alloc(PAGES * PAGE);
	CHECK_OK(madvise(s.data, PAGES * PAGE, advice));
	vm_slot(&s.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, BASE, PAGES * PAGE, s.data);
	for (unsigned int i = 0; i < VCPUS; i++) {
		struct kvm_regs regs = vcpu_regs(&s.vcpu[i]);

		regs.rbx = PARAMS + i * PAGE;
		vcpu_set_regs(&s.vcpu[i], &regs);
		*params(i) = (struct params){.base = BASE,
					     .mask = PAGES - 1,
					     .offset = i * 8,
					     .shadow = SHADOW(i),
					     .random = 88172645463325252ull + i};
	}
}

static void compare(unsigned int i)
{
	struct params *p = params(i);

	test_note("vCPU %u: %llu rounds", i, (unsigned long long)p->rounds);
	CHECK(p->rounds > 100, "vCPU %u got through %llu rounds only", i,
	      (unsigned long long)p->rounds);
	CHECK(!p->mismatches, "vCPU %u: %llu mismatches; page %llu was %#llx, wanted %#llx", i,
	      (unsigned long long)p->mismatches, (unsigned long long)p->page,
	      (unsigned long long)p->value, (unsigned long long)p->expected);
	for (unsigned int page = 0; page < PAGES; page++) {
		uint64_t want = ((uint64_t *)(s.vm.ram + SHADOW(i)))[page];

		CHECK(*word(s.data, page, i) == want, "page %u: the host does not see a write",
		      page);
		CHECK(*word(s.copy, page, i) == want, "page %u: the dirty log missed a write",
		      page);
	}
}

static void stress(int advice, void *(*second)(void *))
{
	void *(*const fn[])(void *) = {migrate, shuffle, second};
	pthread_t vcpu[VCPUS], host[ARRAY_SIZE(fn)];
	unsigned int i;

	start(advice);
	for (i = 0; i < VCPUS; i++)
		pthread_create(&vcpu[i], NULL, run_vcpu, &s.vcpu[i]);
	for (i = 0; i < ARRAY_SIZE(fn); i++)
		pthread_create(&host[i], NULL, fn[i], (void *)(uintptr_t)(i + 1));
	sleep(DURATION);
	s.end = true;
	for (i = 0; i < ARRAY_SIZE(fn); i++)
		pthread_join(host[i], NULL);
	for (i = 0; i < VCPUS; i++)
		params(i)->stop = 1;
	for (i = 0; i < VCPUS; i++)
		pthread_join(vcpu[i], NULL);
	migrate_pass();
	test_note("%u passes, %u forks", s.passes, s.forks);
	for (i = 0; i < VCPUS; i++)
		compare(i);
}

static void small_pages(void)
{
	stress(MADV_NOHUGEPAGE, forker);
}

static void huge_pages(void)
{
	stress(MADV_HUGEPAGE, shuffle);
}

static void huge_pages_fork(void)
{
	stress(MADV_HUGEPAGE, forker);
}

static const struct live_test tests[] = {
	{"small_pages", small_pages, 90},
	{"huge_pages", huge_pages, 90},
	{"huge_pages_fork", huge_pages_fork, 90},
};
LIVE_SUBJECT(memstress, tests);
