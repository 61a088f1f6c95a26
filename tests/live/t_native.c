/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our own tree in debugfs: the snapshot's form, its time states against the clock, slots, page
 * tables; and that readers can do no harm, whatever the VM does meanwhile.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "snap.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void outputs(struct vcpu *v, unsigned int n)
{
	while (n--)
		vcpu_run_pio(v, KVM_EXIT_IO_OUT, 0x10, 4, 1);
}

static void hists_are_sound(const struct snap_hist *h)
{
	unsigned int first = 0, last = SNAP_BUCKETS - 1;

	while (!h->bucket[first])
		first++;
	while (!h->bucket[last])
		last--;
	CHECK(h->min <= h->max && h->min * h->count <= h->sum && h->sum <= h->max * h->count,
	      "%s %s: min %" PRIu64 " max %" PRIu64 " sum %" PRIu64 " of %" PRIu64, h->name,
	      h->label, h->min, h->max, h->sum, h->count);
	for (int end = 0; end < 2; end++) {
		uint64_t value = end ? h->max : h->min;
		unsigned int bucket = value ? 64 - __builtin_clzll(value) : 0;

		if (bucket > SNAP_BUCKETS - 1)
			bucket = SNAP_BUCKETS - 1;
		CHECK(bucket == (end ? last : first), "%s %s: %" PRIu64 " is not in bucket %u",
		      h->name, h->label, value, end ? last : first);
	}
	CHECK((h->reason >= 0) == !strcmp(h->name, "exit_time"), "%s %s: its reason", h->name,
	      h->label);
}

/* The snapshot says what it is of, in the words of the schema. */
static void snapshot(void)
{
	static const char *const states[] = {"userspace", "handling", "guest",
					     "halted",	  "polling",  "ready"};
	struct vm vm;
	struct vcpu v[2];
	struct snap s, t;
	char *schema, head[64];

	snap_require();
	schema = text_read(GV_DEBUGFS "/schema");
	CHECK(schema, "no schema: errno %d", errno);
	vm_start(&vm, &v[0], MODE_LONG, GUEST(pio_loop));
	vcpu_create(&vm, &v[1], 5);
	vm_slot(&vm, 9, KVM_MEM_READONLY, GIB(1), MIB(2), mem_alloc(MIB(2)));
	outputs(&v[0], 100);
	snap_read(&vm, &s);
	snap_read(&vm, &t);
	CHECK_EQ(t.generation, s.generation + 1);
	CHECK(t.boottime > s.boottime && t.tsc > s.tsc, "the clock stands");
	CHECK(s.vm_id && s.vm_id == t.vm_id, "vm_id %u then %u", s.vm_id, t.vm_id);
	CHECK_EQ(s.tgid, getpid());
	CHECK_EQ(s.fd, vm.fd);
	CHECK(s.isa == 1 || s.isa == 2, "isa %u", s.isa);
	snprintf(head, sizeof(head), "glassvisor-schema %u %s\n", s.schema_id, s.hash);
	CHECK(!strncmp(schema, head, strlen(head)), "schema %u %s is not that of the schema file",
	      s.schema_id, s.hash);
	CHECK_EQ(s.n_slots, 2);
	CHECK(s.slot[1].id == 9 && s.slot[1].gfn == GIB(1) / PAGE && s.slot[1].npages == 512 &&
		      s.slot[1].flags == KVM_MEM_READONLY,
	      "slot 9 is %u at %#" PRIx64, s.slot[1].id, s.slot[1].gfn);
	CHECK_EQ(s.n_vcpus, 2);
	CHECK(s.vcpu[0].id == 0 && s.vcpu[1].id == 5, "vCPUs %u and %u", s.vcpu[0].id,
	      s.vcpu[1].id);
	CHECK_EQ(s.vcpu[0].tid, gettid());
	CHECK_EQ(s.vcpu[1].tid, 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(s.vcpu[i].n_times, ARRAY_SIZE(states));
		for (size_t k = 0; k < ARRAY_SIZE(states); k++)
			snap_time(&s, i, states[k]);
		CHECK(!strcmp(s.vcpu[i].state, snap_timing() ? "userspace" : "-"), "state %s",
		      s.vcpu[i].state);
		CHECK_EQ(s.vcpu[i].torn, 0);
	}
	CHECK_EQ(!s.vcpu[0].n_hists, !snap_timing());
	for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++)
		hists_are_sound(&s.vcpu[0].hist[i]);
	free(schema);
}

/* ---- states and the clock ---- */

struct period {
	struct snap a, b;
	uint64_t before, begin, end, after; /* our clock, ns: outside and inside of both reads */
};

static void period_begin(struct period *p, struct vm *vm)
{
	if (!snap_timing())
		SKIP("timing is off");
	p->before = now_ns();
	snap_read(vm, &p->a);
	p->begin = now_ns();
}

static uint64_t spent(const struct period *p, unsigned int vcpu, const char *state)
{
	return snap_time(&p->b, vcpu, state) - snap_time(&p->a, vcpu, state);
}

/*
 * The states grew by the time that went by: to the microsecond by the TSC that the snapshots give,
 * and about that by our own clock. @state had the largest share.
 */
static void period_end(struct period *p, struct vm *vm, unsigned int vcpu, const char *state)
{
	uint64_t least, most, slack, sum, ticks;

	p->end = now_ns();
	snap_read(vm, &p->b);
	p->after = now_ns();
	least = p->end - p->begin;
	most = p->after - p->before;
	slack = least / 50 + 5000000; /* clocks that differ */
	sum = snap_age(&p->b, vcpu) - snap_age(&p->a, vcpu);
	ticks = p->b.vcpu[vcpu].tsc - p->a.vcpu[vcpu].tsc;
	int64_t off = sum - ticks * 1000000 / p->a.tsc_khz;

	CHECK(!p->a.vcpu[vcpu].torn && !p->b.vcpu[vcpu].torn, "torn");
	CHECK(llabs(off) < 1000, "the states are off by %" PRId64 " ns of %" PRIu64, off, sum);
	CHECK(sum + slack >= least && sum <= most + slack,
	      "the states grew by %" PRIu64 " ns in %" PRIu64 " to %" PRIu64, sum, least, most);
	for (unsigned int i = 0; i < p->b.vcpu[vcpu].n_times; i++) {
		const char *other = p->b.vcpu[vcpu].time[i].name;

		CHECK(spent(p, vcpu, other) <= spent(p, vcpu, state),
		      "%s %" PRIu64 " ns, but %s %" PRIu64, state, spent(p, vcpu, state), other,
		      spent(p, vcpu, other));
	}
	test_note("%s: %" PRIu64 "%% of %" PRIu64 " ms", state, 100 * spent(p, vcpu, state) / sum,
		  sum / 1000000);
}

/* The states of a new vCPU add up to the time since it was made. */
static void states_since_birth(void)
{
	struct vm vm;
	struct vcpu v;
	struct snap s;
	uint64_t before, after, age;

	snap_require();
	if (!snap_timing())
		SKIP("timing is off");
	vm_create_ram(&vm, RAM_SIZE);
	before = now_ns();
	vcpu_create(&vm, &v, 0);
	after = now_ns();
	usleep(50000);
	uint64_t least = now_ns() - after;

	snap_read(&vm, &s);
	age = snap_age(&s, 0);
	uint64_t most = now_ns() - before;

	CHECK(age + 100000 >= least && age <= most + 100000,
	      "age %" PRIu64 " ns, by the clock %" PRIu64 " to %" PRIu64, age, least, most);
}

/* A vCPU that nobody runs is in userspace. */
static void states_idle(void)
{
	struct vm vm;
	struct vcpu v;
	struct period p;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	outputs(&v, 10);
	period_begin(&p, &vm);
	usleep(300000);
	period_end(&p, &vm, 0, "userspace");
	CHECK_EQ(spent(&p, 0, "guest"), 0);
	CHECK_EQ(spent(&p, 0, "handling"), 0);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* Let a guest that never ends run for so long. */
static void run_for(struct vcpu *v, unsigned int ms)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	/* again and again, should the first one come before KVM_RUN */
	struct itimerval it = {{0, 20000}, {ms / 1000, ms % 1000 * 1000}}, off = {};

	alarms = 0;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	while (!alarms)
		CHECK_EQ(vcpu_run_try(v), EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
}

/* One that spins is in the guest. */
static void states_guest(void)
{
	struct vm vm;
	struct vcpu v;
	struct period p;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(spin));
	run_for(&v, 20);
	period_begin(&p, &vm);
	run_for(&v, 500);
	period_end(&p, &vm, 0, "guest");
}

struct spinner {
	struct vcpu v;
	unsigned int runs;
	pthread_t thread;
};

static volatile bool spinners_stop;

static void *spin_thread(void *arg)
{
	struct spinner *s = arg;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
	for (; !spinners_stop; s->runs++)
		vcpu_run_try(&s->v);
	return NULL;
}

static void spinner_stop(struct spinner *s)
{
	spinners_stop = true;
	s->v.run->immediate_exit = 1;
	pthread_kill(s->thread, SIGALRM);
	pthread_join(s->thread, NULL);
}

/* Two that spin on one CPU: each waits for it about half of the time, and the sum still holds. */
static void states_ready(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct spinner s[2] = {};
	struct period p;
	struct vm vm;

	snap_require();
	sigaction(SIGALRM, &sa, NULL);
	vm_start(&vm, &s[0].v, MODE_LONG, GUEST(spin));
	vcpu_create(&vm, &s[1].v, 1);
	vcpu_mode(&s[1].v, MODE_LONG, G_CODE);
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&s[i].thread, NULL, spin_thread, &s[i]), "no thread");
	usleep(100000);
	period_begin(&p, &vm);
	sleep(1);
	snap_read(&vm, &p.b);
	for (int i = 0; i < 2; i++) {
		uint64_t sum = snap_age(&p.b, i) - snap_age(&p.a, i);
		uint64_t ticks = p.b.vcpu[i].tsc - p.a.vcpu[i].tsc;

		CHECK(llabs((int64_t)(sum - ticks * 1000000 / p.a.tsc_khz)) < 1000,
		      "vCPU %d: the states are off", i);
		CHECK(spent(&p, i, "ready") > sum / 5 && spent(&p, i, "ready") < sum * 4 / 5,
		      "vCPU %d: ready for %" PRIu64 " of %" PRIu64 " ns", i, spent(&p, i, "ready"),
		      sum);
	}
	for (int i = 0; i < 2; i++)
		spinner_stop(&s[i]);
	/* Losing the CPU is no return to userspace, though the thread has work to do after it. */
	snap_read(&vm, &p.b);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(snap_vcpu_stat(&p.b, i, "userspace_exits"), s[i].runs);
}

/* ---- slots and page tables ---- */

static char *vm_text(struct vm *vm, const char *name)
{
	char path[100], *text;

	snprintf(path, sizeof(path), GV_DEBUGFS "/%d-%d/%s", getpid(), vm->fd, name);
	text = text_read(path);
	CHECK(text, "%s: errno %d", path, errno);
	CHECK(*text == '#', "%s begins with '%.20s'", name, text);
	return text;
}

static void slots_file(void)
{
	struct vm vm;
	struct vcpu v;
	char *text, want[200];
	void *mem = mem_alloc(MIB(2));

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
	vm_slot(&vm, 3, KVM_MEM_READONLY, GIB(1), MIB(2), mem);
	vm_slot(&vm, 4, KVM_MEM_LOG_DIRTY_PAGES, GIB(2), MIB(1), mem);
	text = vm_text(&vm, "slots");
	snprintf(want, sizeof(want),
		 "\n0 0x0 %zu 0x%lx 0x0 - - 0 0 0\n3 0x40000 512 0x%lx 0x2 - ro 0 0 0\n"
		 "4 0x80000 256 0x%lx 0x1 log - 0 0 0\n",
		 vm.ram_size / PAGE, (long)vm.ram, (long)mem, (long)mem);
	CHECK(strchr(text, '\n') && !strcmp(strchr(text, '\n'), want), "'%s', wanted '%s'", text,
	      want);
	free(text);
	vm_slot(&vm, 3, 0, GIB(1), 0, NULL);
	text = vm_text(&vm, "slots");
	CHECK(!strstr(text, "\n3 "), "slot 3 is still there: '%s'", text);
	free(text);
}

/* Faults with a slot, and their time, are those of the slots, whichever vCPU had them. */
static void check_slot_sums(const struct snap *s)
{
	uint64_t faults = 0, ns = 0, slot_faults = 0, slot_ns = 0;

	for (unsigned int i = 0; i < s->vcpu[0].n_hists; i++) {
		const struct snap_hist *h = &s->vcpu[0].hist[i];

		if (strcmp(h->name, "mmu_fault_time") || !strcmp(h->label, "mmio"))
			continue;
		faults += h->count;
		ns += h->sum;
	}
	for (unsigned int i = 0; i < s->n_slots; i++) {
		slot_faults += snap_slot_stat(s, s->slot[i].id, "slot_faults");
		slot_ns += snap_slot_stat(s, s->slot[i].id, "slot_fault_ns");
	}
	CHECK(faults == slot_faults && ns == slot_ns,
	      "%" PRIu64 " faults of %" PRIu64 " ns, in the slots %" PRIu64 " of %" PRIu64 " ns",
	      faults, ns, slot_faults, slot_ns);
}

/* Which slot faults: a slot has counters of its own, from its making to its end. */
static void slot_counters(void)
{
	static const uint32_t pages[] = {3, 64, 65, 200, 255};
	const unsigned int n = ARRAY_SIZE(pages), size = MIB(1);
	static struct snap s;
	uint64_t faults, log[size / PAGE / 64];
	uint8_t *mem = mem_alloc(size);
	struct vm vm;
	struct vcpu v;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_dirty));
	CHECK_OK(madvise(mem, size, MADV_NOHUGEPAGE));
	memset(mem, 0, size);
	vm_slot(&vm, 1, 0, MIB(16), size, mem);
	guest_arg(&vm, 0) = MIB(16);
	guest_arg(&vm, 1) = 0x200000;
	guest_arg(&vm, 2) = n;
	memcpy(vm.ram + 0x200000, pages, sizeof(pages));
	CHECK_EQ(vcpu_run_report(&v), 1);
	snap_read(&vm, &s);
	faults = snap_slot_stat(&s, 1, "slot_faults");
	CHECK(faults >= n, "%" PRIu64 " faults for %u pages", faults, n);
	CHECK_EQ(snap_slot_stat(&s, 1, "slot_dirty_pages"), 0);
	if (snap_timing())
		check_slot_sums(&s);

	/* Other flags, another place: the same slot. */
	vm_slot(&vm, 1, KVM_MEM_LOG_DIRTY_PAGES, MIB(16), size, mem);
	CHECK_EQ(vcpu_run_report(&v), 1);
	vm_dirty_log(&vm, 1, log);
	vm_slot(&vm, 1, KVM_MEM_LOG_DIRTY_PAGES, MIB(32), size, mem);
	snap_read(&vm, &s);
	if (host_logs_writes())
		CHECK_EQ(snap_slot_stat(&s, 1, "slot_faults"), faults);
	else
		CHECK(snap_slot_stat(&s, 1, "slot_faults") >= faults + n,
		      "no %u more than %" PRIu64, n, faults);
	CHECK_EQ(snap_slot_stat(&s, 1, "slot_dirty_pages"), n);
	if (snap_timing())
		check_slot_sums(&s);

	vm_slot(&vm, 1, 0, MIB(32), 0, NULL);
	vm_slot(&vm, 1, 0, MIB(32), size, mem);
	snap_read(&vm, &s);
	CHECK_EQ(snap_slot_stat(&s, 1, "slot_faults"), 0);
}

struct run {
	uint64_t gfn, pages;
	char size[4], rights[8], flags[16];
};

/* Parse the page_table file; returns the number of runs, which must be in order. */
static unsigned int page_table(struct vm *vm, struct run *runs, unsigned int max, uint64_t total[3])
{
	static const char *const sizes[] = {"4k", "2m", "1g"};
	char *text = vm_text(vm, "page_table"), *save = text, *line = strsep(&save, "\n");
	uint64_t end = 0, leaves[3] = {};
	unsigned int n = 0, totals = 0;

	while ((line = strsep(&save, "\n")) && *line) {
		struct run *r = &runs[n];
		char size[8];
		int at = -1;

		if (sscanf(line, "total %7s %" SCNu64, size, &total[totals]) == 2) {
			CHECK(totals < 3 && !strcmp(size, sizes[totals]), "'%s'", line);
			CHECK(leaves[totals] == total[totals], "'%s', counted %" PRIu64, line,
			      leaves[totals]);
			totals++;
			continue;
		}
		CHECK(!totals && n < max, "'%s'", line);
		CHECK(sscanf(line, "0x%" SCNx64 " %" SCNu64 " %3s %7s %15s%n", &r->gfn, &r->pages,
			     r->size, r->rights, r->flags, &at) == 5 &&
			      !line[at],
		      "'%s'", line);
		CHECK(r->gfn >= end && r->pages, "'%s' after %#" PRIx64, line, end);
		end = r->gfn + r->pages;
		for (int i = 0; i < 3; i++)
			if (!strcmp(r->size, sizes[i]))
				leaves[i] += r->pages >> 9 * i;
		n++;
	}
	CHECK(totals == 3 && !save, "it ends with '%s'", line);
	free(text);
	return n;
}

static const struct run *run_of(const struct run *runs, unsigned int n, uint64_t gfn)
{
	for (; n; n--, runs++)
		if (gfn >= runs->gfn && gfn < runs->gfn + runs->pages)
			return runs;
	return NULL;
}

/* Where the CPU logs writes, the dirty log leaves write access and takes dirty bits. */
static void check_not_written(const struct run *r, const char *what)
{
	CHECK(r, "%s is not mapped", what);
	CHECK(!strcmp(r->rights, host_logs_writes() ? "rwx" : "r-x"), "%s is %s", what, r->rights);
	CHECK(!host_logs_writes() || !strchr(r->flags, 'd'), "%s is %s", what, r->flags);
}

static void page_table_file(void)
{
	static struct run runs[5000];
	const struct run *r;
	uint64_t total[3], base = MIB(4), pages = 16;
	struct snap s;
	struct vm vm;
	struct vcpu v;
	unsigned int n;

	snap_require();
	vm_start(&vm, &v, MODE_LONG, GUEST(mem_touch_loop));
	CHECK_EQ(page_table(&vm, runs, ARRAY_SIZE(runs), total), 0);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, vm.ram_size, vm.ram);
	guest_arg(&vm, 0) = base;
	guest_arg(&vm, 1) = pages;
	guest_arg(&vm, 2) = 1;
	vcpu_run_done(&v);
	n = page_table(&vm, runs, ARRAY_SIZE(runs), total);
	CHECK(total[0] && !total[1] && !total[2], "under the dirty log: %" PRIu64 " %" PRIu64,
	      total[0], total[1]);
	snap_read(&vm, &s);
	CHECK_EQ(total[0], snap_stat(&s, "pages_4k"));
	r = run_of(runs, n, base / PAGE);
	CHECK(r && r->gfn == base / PAGE && r->pages == pages, "no run of the pages touched");
	CHECK(!strcmp(r->rights, "rwx") && strchr(r->flags, 'd'), "they are %s %s", r->rights,
	      r->flags);
	check_not_written(run_of(runs, n, G_CODE / PAGE), "code");

	uint64_t log[RAM_SIZE / PAGE / 64];

	vm_dirty_log(&vm, 0, log);
	n = page_table(&vm, runs, ARRAY_SIZE(runs), total);
	check_not_written(run_of(runs, n, base / PAGE), "a page after a pass");

	/* And a slot that goes takes its pages with it. */
	vm_slot(&vm, 0, 0, 0, 0, NULL);
	CHECK_EQ(page_table(&vm, runs, ARRAY_SIZE(runs), total), 0);
}

/* Many runs, so that the text does not fit into one read. */
static void page_table_long(void)
{
	static struct run runs[9000];
	uint64_t total[3], pages = MIB(32) / PAGE;
	uint64_t *log = calloc(pages / 64, 8);
	struct vm vm;
	struct vcpu v;
	unsigned int n;

	snap_require();
	vm_create_ram(&vm, MIB(40));
	CHECK_OK(madvise(vm.ram, vm.ram_size, MADV_NOHUGEPAGE)); /* a split would zap them all */
	vcpu_create(&vm, &v, 0);
	vm_slot(&vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, vm.ram_size, vm.ram);
	guest_load(&vm, G_CODE, GUEST(mem_touch_loop));
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_arg(&vm, 0) = MIB(8);
	guest_arg(&vm, 1) = pages;
	guest_arg(&vm, 2) = 1;
	vcpu_run_done(&v);
	/* every second page goes */
	for (uint64_t i = 0; i < pages; i += 2)
		CHECK_OK(madvise(vm.ram + MIB(8) + i * PAGE, PAGE, MADV_DONTNEED));
	n = page_table(&vm, runs, ARRAY_SIZE(runs), total);
	CHECK(n >= pages / 2 && total[0] >= pages / 2, "%u runs, %" PRIu64 " pages", n, total[0]);
	for (uint64_t i = 0; i < pages; i++)
		CHECK(!run_of(runs, n, MIB(8) / PAGE + i) == !(i & 1), "page %" PRIu64, i);
	free(log);
}

/* ---- hostile readers ---- */

struct reader {
	pthread_t thread;
	char dir[100];
	unsigned int reads, ends;
	int statfd;
};

static volatile bool readers_stop;

static void *read_thread(void *arg)
{
	static const char *const names[] = {"snapshot", "slots", "page_table"};
	struct reader *r = arg;
	char buf[4096];

	for (unsigned int i = 0; !readers_stop; i++) {
		char path[200];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", r->dir, names[i % 3]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			ssize_t n;

			while ((n = read(fd, buf, i % 7 ? sizeof(buf) : 100)) > 0)
				r->reads++;
			/* Held open beyond the VM's end it says so, and no more. */
			if (n < 0 && errno == EIO)
				r->ends++;
			else
				CHECK(!n, "%s: errno %d", path, errno);
			lseek(fd, i * 37 % 5000, SEEK_SET);
			n = read(fd, buf, sizeof(buf));
			CHECK(n >= 0 || errno == EIO, "%s: errno %d", path, errno);
			close(fd);
		}
		if (r->statfd >= 0)
			CHECK(pread(r->statfd, buf, sizeof(buf), i * 61 % 20000) >= 0, "stats fd");
	}
	return NULL;
}

/* Readers of everything, while a VM runs, changes its slots, gets vCPUs and dies; again and again. */
static void hostile_readers(void)
{
	struct reader readers[3] = {};
	unsigned int reads = 0;

	snap_require();
	for (int round = 0; round < 12; round++) {
		struct vcpu v, more[3];
		struct vm vm;
		struct statfd s;
		int n_more = 0;

		vm_start(&vm, &v, MODE_LONG, GUEST(pio_loop));
		statfd_open(v.fd, &s);
		readers_stop = false;
		for (int i = 0; i < 3; i++) {
			snprintf(readers[i].dir, sizeof(readers[i].dir), GV_DEBUGFS "/%d-%d",
				 getpid(), vm.fd);
			readers[i].statfd = i ? -1 : s.fd;
			CHECK(!pthread_create(&readers[i].thread, NULL, read_thread, &readers[i]),
			      "no thread");
		}
		for (int i = 0; i < 60; i++) {
			outputs(&v, 5);
			if (i % 20 == 10) {
				vcpu_create(&vm, &more[n_more], n_more + 1);
				n_more++;
			}
			vm_slot(&vm, 5, 0, GIB(1), i & 1 ? 0 : MIB(1), vm.ram);
			if (i % 10 == 3)
				madvise(vm.ram, vm.ram_size / 2, MADV_PAGEOUT);
		}
		while (n_more)
			vcpu_destroy(&more[--n_more]);
		vcpu_destroy(&v);
		vm_destroy(&vm);
		/* The stats descriptor is now the last thing that holds the VM. */
		usleep(round % 3 * 3000);
		readers[0].statfd = -1;
		usleep(5000);
		statfd_close(&s);
		usleep(10000);
		readers_stop = true;
		for (int i = 0; i < 3; i++) {
			pthread_join(readers[i].thread, NULL);
			reads += readers[i].reads;
		}
	}
	CHECK(reads > 100, "%u reads", reads);
	test_note("%u reads, %u cut short", reads,
		  readers[0].ends + readers[1].ends + readers[2].ends);
}

static const struct live_test tests[] = {
	{"snapshot", snapshot},
	{"states_since_birth", states_since_birth},
	{"states_idle", states_idle},
	{"states_guest", states_guest},
	{"states_ready", states_ready},
	{"slots_file", slots_file},
	{"slot_counters", slot_counters},
	{"page_table_file", page_table_file},
	{"page_table_long", page_table_long},
	{"hostile_readers", hostile_readers, 120},
};

LIVE_SUBJECT(native, tests);
