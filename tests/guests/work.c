/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of tests/guests have a Linux guest do. Static, part of the guest's initramfs.
 *
 *	work tick &		a thread per CPU ticks for ever and leaves its figures in /tmp/tick
 *	work ticks		prints them: errors, what CLOCK_MONOTONIC says, ticks of each CPU
 *	work cpu N		uses CPU N for a while
 *	work timers SECONDS	sleeps and periodic timers: nothing early, no expiration lost
 *	work ipis SECONDS	threads on all CPUs that wake, signal, fence and visit each other
 *
 * Status 0, or 1 and the reason as the last line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define MAX_CPUS 16
#define SEC	 1000000000ull
#define MS	 1000000ull

static int cpus[MAX_CPUS], n_cpus; /* those online at the start */

#define die(...)                                                                                   \
	do {                                                                                       \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
		exit(1);                                                                           \
	} while (0)

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static uint64_t tsc(void)
{
	uint64_t value;

	_mm_lfence();
	value = __rdtsc();
	_mm_lfence();
	return value;
}

static void find_cpus(void)
{
	cpu_set_t set;
	int i;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity: %m");
	for (i = 0; i < CPU_SETSIZE && n_cpus < MAX_CPUS; i++) {
		if (CPU_ISSET(i, &set))
			cpus[n_cpus++] = i;
	}
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %d: sched_setaffinity: %m", cpu);
	if (sched_getcpu() != cpu)
		die("on CPU %d instead of %d", sched_getcpu(), cpu);
}

/* One thread for each CPU; each gets its number among them. */
static void on_all_cpus(void *(*body)(void *))
{
	pthread_t thread[MAX_CPUS];
	intptr_t i;

	for (i = 0; i < n_cpus; i++) {
		if (pthread_create(&thread[i], NULL, body, (void *)i))
			die("no thread");
	}
	for (i = 0; i < n_cpus; i++)
		pthread_join(thread[i], NULL);
}

/* ---- tick: what must go on, and on, whatever happens to the VM ---- */

#define TICK (10 * MS)

struct ticks {
	int n_cpus;
	_Atomic uint64_t count[MAX_CPUS];
	_Atomic uint64_t last_ns, last_tsc; /* the latest that any CPU has seen */
	_Atomic uint64_t ns_back, tsc_back; /* how often a CPU saw less than that */
	_Atomic uint64_t longest;	    /* between two ticks of a CPU */
};

static struct ticks *ticks;

static void map_ticks(int flags)
{
	int fd = open("/tmp/tick", O_RDWR | flags, 0600);

	if (fd < 0 || ((flags & O_CREAT) && ftruncate(fd, sizeof(*ticks))))
		die("/tmp/tick: %m");
	ticks = mmap(NULL, sizeof(*ticks), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ticks == MAP_FAILED)
		die("mmap: %m");
}

/* Raises *latest to `value`; counts in *back if it was beyond `value` already before that was read. */
static void goes_on(_Atomic uint64_t *latest, uint64_t before, uint64_t value,
		    _Atomic uint64_t *back)
{
	if (value < before)
		(*back)++;
	while (before < value && !atomic_compare_exchange_weak(latest, &before, value))
		;
}

static void look_at_clocks(void)
{
	uint64_t before = ticks->last_ns;

	goes_on(&ticks->last_ns, before, now(), &ticks->ns_back);
	before = ticks->last_tsc;
	goes_on(&ticks->last_tsc, before, tsc(), &ticks->tsc_back);
}

static int periodic_timer(uint64_t start, uint64_t period)
{
	struct itimerspec its = {
		.it_value = {start / SEC, start % SEC},
		.it_interval = {period / SEC, period % SEC},
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL))
		die("timerfd: %m");
	return fd;
}

static void *tick_thread(void *arg)
{
	intptr_t me = (intptr_t)arg;
	uint64_t last = now(), t, n;
	int fd, i;

	pin(cpus[me]);
	fd = periodic_timer(last, TICK);
	for (;;) {
		if (read(fd, &n, sizeof(n)) != sizeof(n))
			die("timerfd: %m");
		for (i = 0; i < 20; i++)
			look_at_clocks();
		t = now();
		if (t - last > ticks->longest)
			ticks->longest = t - last;
		last = t;
		ticks->count[me]++;
	}
	return NULL;
}

static void do_tick(void)
{
	map_ticks(O_CREAT | O_TRUNC);
	ticks->n_cpus = n_cpus;
	on_all_cpus(tick_thread);
}

static void print_ticks(void)
{
	int i;

	map_ticks(0);
	printf("ns %llu ns_back %llu tsc_back %llu longest_ms %llu counts",
	       (unsigned long long)now(), (unsigned long long)ticks->ns_back,
	       (unsigned long long)ticks->tsc_back, (unsigned long long)(ticks->longest / MS));
	for (i = 0; i < ticks->n_cpus; i++)
		printf(" %llu", (unsigned long long)ticks->count[i]);
	printf("\n");
}

/* ---- cpu ---- */

static void use_cpu(int cpu)
{
	struct timespec used;

	pin(cpu);
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
		if (sched_getcpu() != cpu)
			die("no longer on CPU %d", cpu);
	} while (used.tv_sec * SEC + used.tv_nsec < 200 * MS);
	printf("used CPU %d\n", cpu);
}

/* ---- timers ---- */

static uint64_t test_ns;
static _Atomic uint64_t n_sleeps, n_periods, latest_sleep, latest_period;
/* Least TSC ticks that a sleep took, for a second asked for. */
static double least_tsc[MAX_CPUS];

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	uint64_t old = *most;

	while (old < value && !atomic_compare_exchange_weak(most, &old, value))
		;
}

static void sleep_once(uint64_t ns, double *least)
{
	struct timespec want = {ns / SEC, ns % SEC};
	uint64_t start_tsc = tsc(), start = now(), end, end_tsc;
	double rate;

	if (clock_nanosleep(CLOCK_MONOTONIC, 0, &want, NULL))
		die("clock_nanosleep: %m");
	end = now();
	end_tsc = tsc();
	if (end - start < ns)
		die("a sleep of %llu ns took %lld ns", (unsigned long long)ns,
		    (long long)(end - start));
	rate = (double)(end_tsc - start_tsc) * SEC / ns;
	if (rate < *least)
		*least = rate;
	n_sleeps++;
	raise_to(&latest_sleep, end - start - ns);
}

static void *sleep_thread(void *arg)
{
	static const uint64_t lengths[] = {50000, 200000, 1 * MS, 3 * MS, 4 * MS, 11 * MS};
	intptr_t me = (intptr_t)arg;
	uint64_t start;
	int i;

	pin(cpus[me]);
	start = now();
	least_tsc[me] = 1e18;
	for (i = 0; now() - start < test_ns; i++)
		sleep_once(lengths[i % 6], &least_tsc[me]);
	return NULL;
}

/*
 * A read says how many periods have ended since the last. So what the reads say in sum is known: the
 * number of periods that have ended by some moment between the clock's readings before and after.
 */
static void *period_thread(void *arg)
{
	static const uint64_t periods[] = {4 * MS, 7 * MS};
	intptr_t me = (intptr_t)arg;
	uint64_t period = periods[me % 2], start, before, after, n, sum = 0;
	int fd;

	pin(cpus[me]);
	start = now() + period;
	fd = periodic_timer(start, period);
	do {
		before = now();
		if (read(fd, &n, sizeof(n)) != sizeof(n))
			die("timerfd: %m");
		after = now();
		sum += n;
		if (after < start || sum > (after - start) / period + 1)
			die("CPU %d: %llu periods after %lld ns", cpus[me], (unsigned long long)sum,
			    (long long)(after - start));
		if (before >= start && sum < (before - start) / period + 1)
			die("CPU %d: only %llu periods after %lld ns", cpus[me],
			    (unsigned long long)sum, (long long)(before - start));
		if (n == 1)
			raise_to(&latest_period, (after - start) % period);
	} while (after - start < test_ns);
	n_periods += sum;
	close(fd);
	return NULL;
}

/* TSC ticks a second, as the kernel has it from kvmclock. */
static double tsc_rate(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[4096];
	double mhz = 0;

	while (f && !mhz && fgets(line, sizeof(line), f))
		sscanf(line, "cpu MHz : %lf", &mhz);
	if (!mhz)
		die("/proc/cpuinfo has no frequency");
	fclose(f);
	return mhz * 1e6;
}

static void do_timers(int seconds)
{
	double rate = tsc_rate();
	int i;

	test_ns = seconds * SEC / 2;
	on_all_cpus(sleep_thread);
	on_all_cpus(period_thread);
	for (i = 0; i < n_cpus; i++) {
		if (least_tsc[i] < rate * 0.999)
			die("CPU %d: by the TSC a sleep took %.4f of its time", cpus[i],
			    least_tsc[i] / rate);
	}
	printf("%llu sleeps, latest by %llu us; %llu periods, latest by %llu us\n",
	       (unsigned long long)n_sleeps, (unsigned long long)latest_sleep / 1000,
	       (unsigned long long)n_periods, (unsigned long long)latest_period / 1000);
}

/* ---- ipis ---- */

static _Atomic uint32_t turn; /* whose turn it is: turn % n_cpus */
static uint64_t turns[MAX_CPUS];
static _Atomic uint64_t sent[MAX_CPUS], received[MAX_CPUS];
static _Atomic int arrived;
static _Atomic bool stop;
static _Atomic pid_t tids[MAX_CPUS];
static __thread int self;

static void futex(int op, uint32_t value)
{
	syscall(SYS_futex, &turn, op, value, NULL, NULL, 0);
}

/* A token goes round, and whoever waits for it sleeps: every step wakes another CPU. */
static void *turn_thread(void *arg)
{
	intptr_t me = (intptr_t)arg;
	uint64_t end;
	uint32_t t;

	pin(cpus[me]);
	end = now() + test_ns;
	for (;;) {
		t = turn;
		if (stop)
			return NULL;
		if (t % n_cpus != (uint32_t)me) {
			futex(FUTEX_WAIT, t);
			continue;
		}
		turns[me]++;
		if (turns[me] != t / n_cpus + 1)
			die("CPU %d: turn %u is its %llu.", cpus[me], t,
			    (unsigned long long)turns[me]);
		/* All end at the same turn: the last of a round. */
		if (me == n_cpus - 1 && now() > end)
			stop = true;
		turn = t + 1;
		futex(FUTEX_WAKE, n_cpus);
	}
}

static void on_signal(int signo)
{
	(void)signo;
	received[self]++;
}

/* Real-time signals are queued, so as many must arrive as were sent. */
static void *signal_thread(void *arg)
{
	intptr_t me = (intptr_t)arg;
	int to = (me + 1) % n_cpus;
	uint64_t end, in_flight;

	self = me;
	pin(cpus[me]);
	tids[me] = gettid();
	arrived++;
	while (arrived < n_cpus)
		sched_yield();
	for (end = now() + test_ns; now() < end;) {
		in_flight = sent[to] - received[to];
		if (in_flight >= 32)
			continue;
		if (syscall(SYS_tgkill, getpid(), tids[to], SIGRTMIN))
			die("tgkill: %m");
		sent[to]++;
	}
	arrived--;
	/* Here until all have sent theirs and mine are all here. */
	while (arrived || received[me] < sent[me])
		usleep(1000);
	return NULL;
}

static _Atomic uint64_t fences, visits;

/* Half of the time the CPU runs on with others' fences interrupting it. */
static void *fence_thread(void *arg)
{
	intptr_t me = (intptr_t)arg;
	uint64_t end = now() + test_ns, i;
	volatile uint64_t sum = 0;

	pin(cpus[me]);
	while (now() < end) {
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
			die("membarrier: %m");
		fences++;
		for (i = 0; i < 2000; i++)
			sum += i;
	}
	return NULL;
}

static void *visit_thread(void *arg)
{
	uint64_t end = now() + test_ns, i = (intptr_t)arg;

	while (now() < end) {
		pin(cpus[i++ % n_cpus]);
		visits++;
	}
	return NULL;
}

/* Reschedule, function call and TLB interrupts of all CPUs, as the kernel counts them. */
static uint64_t ipis(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	uint64_t sum = 0;
	char line[1024], *at;

	if (!f)
		die("/proc/interrupts: %m");
	while (fgets(line, sizeof(line), f)) {
		at = line + strspn(line, " ");
		if (strncmp(at, "RES:", 4) && strncmp(at, "CAL:", 4) && strncmp(at, "TLB:", 4))
			continue;
		for (at += 4; *(at += strspn(at, " ")) >= '0' && *at <= '9';)
			sum += strtoull(at, &at, 10);
	}
	fclose(f);
	return sum;
}

static void do_ipis(int seconds)
{
	uint64_t before = ipis(), signals = 0;
	int i;

	if (n_cpus < 2)
		die("one CPU");
	test_ns = seconds * SEC / 4;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		die("membarrier: %m");
	signal(SIGRTMIN, on_signal);
	on_all_cpus(turn_thread);
	on_all_cpus(signal_thread);
	on_all_cpus(fence_thread);
	on_all_cpus(visit_thread);
	for (i = 0; i < n_cpus; i++) {
		if (turns[i] != turns[0] || !turns[i])
			die("CPU %d had %llu turns, CPU %d %llu", cpus[i],
			    (unsigned long long)turns[i], cpus[0], (unsigned long long)turns[0]);
		if (received[i] != sent[i] || !sent[i])
			die("CPU %d: %llu signals sent, %llu received", cpus[i],
			    (unsigned long long)sent[i], (unsigned long long)received[i]);
		signals += sent[i];
	}
	if (!fences || !visits || ipis() == before)
		die("%llu fences, %llu visits, %llu IPIs", (unsigned long long)fences,
		    (unsigned long long)visits, (unsigned long long)(ipis() - before));
	printf("%d CPUs: %u turns, %llu signals, %llu fences, %llu visits, %llu IPIs\n", n_cpus,
	       turn, (unsigned long long)signals, (unsigned long long)fences,
	       (unsigned long long)visits, (unsigned long long)(ipis() - before));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	find_cpus();
	if (!strcmp(what, "tick"))
		do_tick();
	else if (!strcmp(what, "ticks"))
		print_ticks();
	else if (!strcmp(what, "cpu"))
		use_cpu(n);
	else if (!strcmp(what, "timers"))
		do_timers(n);
	else if (!strcmp(what, "ipis"))
		do_ipis(n);
	else
		die("what?");
	return 0;
}
