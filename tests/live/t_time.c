/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time: the TSC and its offset, KVM_GET_CLOCK and KVM_SET_CLOCK, the kvmclock page and the wall
 * clock. Rates are only compared within a factor: the lab's own time is not steady.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "flight.h"
#include "snap.h"
#include "vmm.h"

struct pvclock {
	uint32_t version, pad;
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags, pad2[2];
};

static uint64_t host_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t guest_tsc(struct vm *vm, struct vcpu *v)
{
	vcpu_run_report(v);
	return guest_out(vm, 0);
}

/* Never backwards, over exits and changes of the CPU. */
static void tsc_monotonic(void)
{
	struct vm vm;
	struct vcpu v;
	cpu_set_t set;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t last = 0;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	for (int i = 0; i < 60; i++) {
		CPU_ZERO(&set);
		CPU_SET(i % cpus, &set);
		CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
		uint64_t tsc = guest_tsc(&vm, &v);

		CHECK(tsc >= last, "the TSC went from %#llx to %#llx", (unsigned long long)last,
		      (unsigned long long)tsc);
		last = tsc;
	}
}

/* A new vCPU's TSC begins near zero; what the VMM sets is where the guest goes on. */
static void tsc_set(void)
{
	struct vm vm;
	struct vcpu v;
	static const uint64_t values[] = {1ull << 40, 0x123456789abc, 5000000000000000ull};

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	uint64_t khz = ioctl(v.fd, KVM_GET_TSC_KHZ, 0), minute = khz * 60000;

	CHECK(guest_tsc(&vm, &v) < minute, "a new TSC of %#llx",
	      (unsigned long long)guest_out(&vm, 0));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		vcpu_set_msr(&v, MSR_TSC, values[i]);
		uint64_t tsc = guest_tsc(&vm, &v);

		CHECK(tsc >= values[i] && tsc - values[i] < minute,
		      "set %#llx, the guest has %#llx", (unsigned long long)values[i],
		      (unsigned long long)tsc);
		uint64_t host = vcpu_get_msr(&v, MSR_TSC);

		CHECK(host >= tsc && host - tsc < minute, "the guest has %#llx, the host %#llx",
		      (unsigned long long)tsc, (unsigned long long)host);
	}
}

/* A vCPU that comes late, which the VMM begins at zero, has the time of those that run. */
static void tsc_of_late_vcpu(void)
{
	struct vm vm;
	struct vcpu v, late;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	vcpu_set_msr(&v, MSR_TSC, 1ull << 40);
	guest_tsc(&vm, &v);
	usleep(1500000);
	vcpu_create(&vm, &late, 1);
	vcpu_set_msr(&late, MSR_TSC, 0);
	uint64_t before = vcpu_get_msr(&v, MSR_TSC), tsc = vcpu_get_msr(&late, MSR_TSC);
	uint64_t after = vcpu_get_msr(&v, MSR_TSC);

	CHECK(before <= tsc && tsc <= after, "%#llx, between %#llx and %#llx of the other",
	      (unsigned long long)tsc, (unsigned long long)before, (unsigned long long)after);
	CHECK(before >= 1ull << 40, "the other's went from 2^40 to %#llx",
	      (unsigned long long)before);
}

/* The host's own rate, to within 250 ppm, needs no scaling; GET says what SET said. */
static void tsc_khz_near(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	int host = ioctl(v.fd, KVM_GET_TSC_KHZ, 0);
	int rates[] = {host, host - host / 5000, host + host / 5000};

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		uint64_t before = guest_tsc(&vm, &v);

		CHECK_OK(ioctl(v.fd, KVM_SET_TSC_KHZ, rates[i]));
		CHECK_EQ(ioctl(v.fd, KVM_GET_TSC_KHZ, 0), rates[i]);
		CHECK(guest_tsc(&vm, &v) >= before, "the TSC went back");
	}
	CHECK_OK(ioctl(v.fd, KVM_SET_TSC_KHZ, 0));
	CHECK_EQ(ioctl(v.fd, KVM_GET_TSC_KHZ, 0), host);
}

/* Without scaling a slower TSC is refused. */
static void tsc_khz_slower(void)
{
	struct vm vm;
	struct vcpu v;

	if (sys_cap(KVM_CAP_TSC_CONTROL))
		SKIP("the hardware scales");
	CHECK_EQ(sys_cap(KVM_CAP_VM_TSC_CONTROL), 0);
	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	int host = ioctl(v.fd, KVM_GET_TSC_KHZ, 0);

	CHECK_ERRNO(ioctl(v.fd, KVM_SET_TSC_KHZ, host / 2), EINVAL);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_TSC_KHZ, host - host / 2000), EINVAL);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_TSC_KHZ, 1), EINVAL);
	if (host_is_stock())
		return; /* which keeps the number all the same, and lets faster ones catch up */
	CHECK_EQ(ioctl(v.fd, KVM_GET_TSC_KHZ, 0), host);
	CHECK_ERRNO(ioctl(v.fd, KVM_SET_TSC_KHZ, host * 2l), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_TSC_KHZ, host / 2), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_TSC_KHZ, host * 2l), EINVAL);
}

/* In-tree KVM leaves the TSC of a vCPU whose rate was changed anywhere until it is written. */
static void tsc_khz_set(struct vcpu *v, int khz, uint64_t tsc)
{
	CHECK_OK(ioctl(v->fd, KVM_SET_TSC_KHZ, khz));
	if (host_is_stock())
		vcpu_set_msr(v, MSR_TSC, tsc);
}

/* Where the hardware scales: two vCPUs at half and twice the host's rate, with one TSC. */
static void tsc_khz_scaled(void)
{
	struct vm vm;
	struct vcpu v, other;

	if (!sys_cap(KVM_CAP_TSC_CONTROL))
		SKIP("no KVM_CAP_TSC_CONTROL");
	CHECK_EQ(sys_cap(KVM_CAP_VM_TSC_CONTROL), 1);
	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	vcpu_create(&vm, &other, 1);
	int host = ioctl(v.fd, KVM_GET_TSC_KHZ, 0);

	for (int i = 0; i < 2; i++) {
		int khz = i ? host * 2 : host / 2;

		CHECK_OK(ioctl(v.fd, KVM_SET_TSC_KHZ, khz));
		usleep(10000);
		CHECK_OK(ioctl(other.fd, KVM_SET_TSC_KHZ, khz));
		CHECK_EQ(ioctl(v.fd, KVM_GET_TSC_KHZ, 0), khz);
		vcpu_set_msr(&v, MSR_TSC, 1ull << (40 + i));
		vcpu_set_msr(&other, MSR_TSC, 1ull << (40 + i));
		uint64_t most = host_ns(), begin = vcpu_get_msr(&v, MSR_TSC), least = host_ns();
		uint64_t at_other = vcpu_get_msr(&other, MSR_TSC), tsc = guest_tsc(&vm, &v);

		CHECK(begin >= 1ull << (40 + i) && begin <= at_other && at_other <= tsc,
		      "%#llx, the other %#llx, then %#llx", (unsigned long long)begin,
		      (unsigned long long)at_other, (unsigned long long)tsc);
		usleep(300000);
		least = host_ns() - least;
		tsc = (guest_tsc(&vm, &v) - begin) / 1000 * 1000000 / khz * 1000;
		most = host_ns() - most;
		CHECK(tsc > least - least / 16 && tsc < most + most / 16,
		      "%llu ns by its TSC, the host's %llu to %llu", (unsigned long long)tsc,
		      (unsigned long long)least, (unsigned long long)most);
	}
}

static void get_clock(void)
{
	struct vm vm;
	struct kvm_clock_data a, b, set;

	vm_create(&vm);
	memset(&a, 0, sizeof(a));
	CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &a));
	uint64_t start = host_ns();

	usleep(50000);
	memset(&b, 0, sizeof(b));
	CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &b));
	uint64_t went = host_ns() - start;

	CHECK(b.clock > a.clock, "the clock stands");
	CHECK(b.clock - a.clock < went * 2 + 50000000, "the clock went %llu ns in %llu",
	      (unsigned long long)(b.clock - a.clock), (unsigned long long)went);
	memset(&set, 0, sizeof(set));
	set.clock = 77000000000000ull;
	CHECK_OK(ioctl(vm.fd, KVM_SET_CLOCK, &set));
	CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &b));
	CHECK(b.clock >= set.clock && b.clock - set.clock < 20000000000ull, "set %llu, got %llu",
	      (unsigned long long)set.clock, (unsigned long long)b.clock);
	set.flags = 0x80;
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_CLOCK, &set), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_GET_CLOCK, NULL), EFAULT);
}

/* Guest time from the page and the TSC the guest read together with it. */
static uint64_t pvclock_ns(struct vm *vm)
{
	struct pvclock p;

	memcpy(&p, vm->ram + I_OUT, sizeof(p));
	CHECK(!(p.version & 1), "odd version %u", p.version);
	CHECK(p.mul, "no multiplier");
	uint64_t delta = guest_u64(vm, I_OUT + 0x40) - p.tsc_timestamp;

	CHECK((int64_t)delta >= 0, "the TSC is before the page's: %lld", (long long)delta);
	delta = p.shift < 0 ? delta >> -p.shift : delta << p.shift;
	return p.system_time + (uint64_t)(((unsigned __int128)delta * p.mul) >> 32);
}

#define CLOCK_PAGE 0x40000

static void kvmclock(void)
{
	struct vm vm;
	struct vcpu v;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_pvclock));
	guest_arg(&vm, 0) = CLOCK_PAGE;
	vcpu_set_msr(&v, MSR_KVM_TIME_NEW, CLOCK_PAGE | 1);
	CHECK_EQ(vcpu_get_msr(&v, MSR_KVM_TIME_NEW), CLOCK_PAGE | 1);
	vcpu_run_report(&v);
	uint64_t first = pvclock_ns(&vm), last = first, start = host_ns();
	struct kvm_clock_data c;

	CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &c));
	CHECK(c.clock + 1000000000ull > first && c.clock < first + 30000000000ull,
	      "the guest has %llu, KVM_GET_CLOCK %llu", (unsigned long long)first,
	      (unsigned long long)c.clock);
	for (int i = 0; i < 40; i++) {
		usleep(10000);
		vcpu_run_report(&v);
		uint64_t now = pvclock_ns(&vm);

		CHECK(now >= last, "kvmclock went from %llu to %llu", (unsigned long long)last,
		      (unsigned long long)now);
		last = now;
	}
	uint64_t host = host_ns() - start, guest = last - first;

	CHECK(guest > host / 2 && guest < host * 2,
	      "the guest's clock went %llu ns, the host's %llu", (unsigned long long)guest,
	      (unsigned long long)host);
	/* The clock that is set is the one the guest sees. */
	struct kvm_clock_data set;

	memset(&set, 0, sizeof(set));
	set.clock = 500000000000000ull;
	CHECK_OK(ioctl(vm.fd, KVM_SET_CLOCK, &set));
	vcpu_run_report(&v);
	uint64_t now = pvclock_ns(&vm);

	CHECK(now >= set.clock && now - set.clock < 30000000000ull, "set %llu, the guest has %llu",
	      (unsigned long long)set.clock, (unsigned long long)now);
	/* Switched off, the page is left alone. */
	vcpu_set_msr(&v, MSR_KVM_TIME_NEW, 0);
	memset(vm.ram + CLOCK_PAGE, 0, 32);
	usleep(20000);
	vcpu_run_report(&v);
	for (int i = 0; i < 32; i++)
		CHECK_EQ(vm.ram[CLOCK_PAGE + i], 0);
}

/*
 * All read vCPU 0's page. When another vCPU runs with a clock that was set anew, that page has it too,
 * though vCPU 0 itself has not run since.
 */
static void kvmclock_of_vcpu_0(void)
{
	struct vm vm;
	struct vcpu v, other;
	struct pvclock a, b;
	struct kvm_clock_data set = {.clock = 500000000000000ull};

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_pvclock));
	guest_arg(&vm, 0) = CLOCK_PAGE;
	vcpu_set_msr(&v, MSR_KVM_TIME_NEW, CLOCK_PAGE | 1);
	vcpu_run_report(&v);
	vcpu_create(&vm, &other, 1);
	vcpu_cpuid(&other);
	vcpu_set_msr(&other, MSR_KVM_TIME_NEW, (CLOCK_PAGE + 64) | 1);
	CHECK_OK(ioctl(vm.fd, KVM_SET_CLOCK, &set));
	/* (It need not run well: its page is written before it does.) */
	vcpu_run_try(&other);
	memcpy(&a, vm.ram + CLOCK_PAGE, sizeof(a));
	memcpy(&b, vm.ram + CLOCK_PAGE + 64, sizeof(b));
	CHECK(b.system_time >= set.clock, "the other's page has %llu",
	      (unsigned long long)b.system_time);
	if (a.system_time != b.system_time)
		STOCK_GAP("vCPU 0's kvmclock page is old until it runs");
	CHECK_EQ(a.system_time, b.system_time);
	CHECK_EQ(a.tsc_timestamp, b.tsc_timestamp);
}

/* A scaled TSC's page has its own rate: the guest computes the time that KVM_GET_CLOCK tells. */
static void kvmclock_scaled(void)
{
	struct kvm_clock_data before, after;
	struct vm vm;
	struct vcpu v;

	if (!sys_cap(KVM_CAP_TSC_CONTROL))
		SKIP("no KVM_CAP_TSC_CONTROL");
	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_pvclock));
	guest_arg(&vm, 0) = CLOCK_PAGE;
	int host = ioctl(v.fd, KVM_GET_TSC_KHZ, 0);
	int rates[] = {host / 2, host * 2, host / 3, 0};

	vcpu_set_msr(&v, MSR_KVM_TIME_NEW, CLOCK_PAGE | 1);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		tsc_khz_set(&v, rates[i], 1ull << (40 + i));
		usleep(50000);
		CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &before));
		vcpu_run_report(&v);
		CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &after));
		uint64_t now = pvclock_ns(&vm);

		/* a microsecond for what is rounded */
		CHECK(now + 1000 >= before.clock && now <= after.clock + 1000,
		      "at %d kHz %llu, not between %llu and %llu", rates[i],
		      (unsigned long long)now, (unsigned long long)before.clock,
		      (unsigned long long)after.clock);
	}
}

/* What KVM_GET_SUPPORTED_CPUID does not offer, because userspace may have the local APIC. */
static void cpuid_with_deadline(struct vcpu *v)
{
	struct kvm_cpuid2 *c = cpuid_supported();

	for (unsigned int i = 0; i < c->nent; i++)
		if (c->entries[i].function == 1)
			c->entries[i].ecx |= 1u << 24;
	CHECK_OK(ioctl(v->fd, KVM_SET_CPUID2, c));
}

static uint64_t timer_exits(struct vm *vm)
{
	struct snap s;

	snap_read(vm, &s);
	for (unsigned int i = 0; i < s.vcpu[0].n_hists; i++)
		if (!strcmp(s.vcpu[0].hist[i].label, "timer"))
			return s.vcpu[0].hist[i].count;
	return 0;
}

static void deadlines(unsigned int khz_part, bool halts)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	vm_create_ram(&vm, RAM_SIZE);
	CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_create(&vm, &v, 0);
	cpuid_with_deadline(&v);
	vcpu_mode(&v, MODE_LONG, G_CODE);
	guest_load(&vm, G_CODE, GUEST(irq_deadlines));
	CHECK_OK(ioctl(v.fd, KVM_GET_LAPIC, &l));
	*(uint32_t *)(l.regs + 0xf0) |= 0x100;
	*(uint32_t *)(l.regs + 0x320) = 0x40051; /* LVT timer: TSC deadline */
	CHECK_OK(ioctl(v.fd, KVM_SET_LAPIC, &l));
	guest_arg(&vm, 0) = (uint64_t)ioctl(v.fd, KVM_GET_TSC_KHZ, 0) / khz_part;
	guest_arg(&vm, 1) = halts;
	vcpu_run_done(&v);
	CHECK_EQ(guest_u32(&vm, I_IRQ_COUNT), 20);
	/* Where the hardware keeps time for a guest that runs, it did; for one that halts it can't. */
	if (!access("/sys/module/glassvisor/parameters/preemption_timer", F_OK)) {
		uint64_t n = timer_exits(&vm);
		bool used = param("preemption_timer") && host_is_vmx() && khz_part < 1000;

		CHECK(used && !halts ? n >= 10 : n <= 20, "%llu exits for the timer",
		      (unsigned long long)n);
		if (!used)
			CHECK_EQ(n, 0);
	}
	vcpu_destroy(&v);
	vm_destroy(&vm);
}

/* Twenty deadlines, one after the other, running and halted: each is kept, none comes early. */
static void deadlines_running(void)
{
	deadlines(10, false);
}

static void deadlines_halted(void)
{
	deadlines(10, true);
}

/* So near that they are over when they are looked at. */
static void deadlines_near(void)
{
	deadlines(1000000, false);
	deadlines(1000000, true);
}

/* A TSC deadline is one of the guest's own ticks: it does not come before. */
static void deadline_scaled(void)
{
	struct kvm_lapic_state l;
	struct vm vm;
	struct vcpu v;

	if (!sys_cap(KVM_CAP_TSC_CONTROL))
		SKIP("no KVM_CAP_TSC_CONTROL");
	for (int i = 0; i < 2; i++) {
		vm_create_ram(&vm, RAM_SIZE);
		CHECK_OK(ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
		vcpu_create(&vm, &v, 0);
		cpuid_with_deadline(&v);
		int host = ioctl(v.fd, KVM_GET_TSC_KHZ, 0), khz = i ? host * 2 : host / 2;

		tsc_khz_set(&v, khz, 1ull << 40);
		vcpu_mode(&v, MODE_LONG, G_CODE);
		guest_load(&vm, G_CODE, GUEST(irq_hlt));
		CHECK_OK(ioctl(v.fd, KVM_GET_LAPIC, &l));
		*(uint32_t *)(l.regs + 0xf0) |= 0x100;
		*(uint32_t *)(l.regs + 0x320) = 0x40051; /* LVT timer: TSC deadline */
		CHECK_OK(ioctl(v.fd, KVM_SET_LAPIC, &l));
		uint64_t ns = host_ns(), begin = vcpu_get_msr(&v, MSR_TSC);
		uint64_t deadline = begin + khz * 50ull;

		vcpu_set_msr(&v, 0x6e0, deadline);
		CHECK_EQ(vcpu_run_report(&v), 1);
		ns = host_ns() - ns;
		CHECK(vcpu_get_msr(&v, MSR_TSC) >= deadline, "before its time");
		CHECK(ns > 45000000, "50 ms at %d kHz were over in %llu ns", khz,
		      (unsigned long long)ns);
		vcpu_destroy(&v);
		vm_destroy(&vm);
	}
}

/* KVM_KVMCLOCK_CTRL says "you were stopped" in the page's flags, once there is a page. */
static void clock_ctrl(void)
{
	struct vm vm;
	struct vcpu v;

	if (!sys_cap(KVM_CAP_KVMCLOCK_CTRL))
		SKIP("no KVM_CAP_KVMCLOCK_CTRL");
	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_pvclock));
	guest_arg(&vm, 0) = CLOCK_PAGE;
	CHECK_ERRNO(ioctl(v.fd, KVM_KVMCLOCK_CTRL, 0), EINVAL);
	vcpu_set_msr(&v, MSR_KVM_TIME_NEW, CLOCK_PAGE | 1);
	vcpu_run_report(&v);
	CHECK_OK(ioctl(v.fd, KVM_KVMCLOCK_CTRL, 0));
	vcpu_run_report(&v);
	CHECK(vm.ram[I_OUT + 29] & 2, "flags %#x", vm.ram[I_OUT + 29]);
}

/* A clock page where there is no memory must hurt nobody. */
static void kvmclock_hole(void)
{
	struct vm vm;
	struct vcpu v;
	static const uint64_t pages[] = {0x30000000, 0xfffffffff000, RAM_SIZE - 16, 0x40003};

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		vcpu_set_msr_try(&v, MSR_KVM_TIME_NEW, pages[i] | 1);
		guest_tsc(&vm, &v);
		guest_tsc(&vm, &v);
	}
}

/* The slot of the page goes away and comes back while the clock is on. */
static void kvmclock_slot(void)
{
	struct vm vm;
	struct vcpu v;
	uint8_t *m = mem_alloc(PAGE);

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_tsc));
	for (int i = 0; i < 10; i++) {
		memset(m, 0, PAGE);
		vm_slot(&vm, 1, 0, MIB(16), PAGE, m);
		vcpu_set_msr(&v, MSR_KVM_TIME_NEW, MIB(16) | 1);
		guest_tsc(&vm, &v);
		CHECK(((struct pvclock *)m)->version, "the page was not written");
		vm_slot(&vm, 1, 0, 0, 0, NULL);
		guest_tsc(&vm, &v);
	}
}

static void wall_clock(void)
{
	struct vm vm;
	struct vcpu v;
	struct kvm_clock_data c;

	vm_start(&vm, &v, MODE_LONG, GUEST(cpu_commands));
	vcpu_run_report(&v);
	guest_arg(&vm, 0) = 2; /* WRMSR */
	guest_arg(&vm, 1) = MSR_KVM_WALL_NEW;
	guest_arg(&vm, 2) = CLOCK_PAGE;
	vcpu_run_report(&v);
	CHECK_EQ((int)guest_u32(&vm, I_OUT), -1);
	struct {
		uint32_t version, sec, nsec;
	} w;

	memcpy(&w, vm.ram + CLOCK_PAGE, sizeof(w));
	CHECK(w.version && !(w.version & 1), "version %u", w.version);
	memset(&c, 0, sizeof(c));
	CHECK_OK(ioctl(vm.fd, KVM_GET_CLOCK, &c));
	int64_t now = time(NULL), got = (int64_t)w.sec + c.clock / 1000000000;

	CHECK(got >= now - 5 && got <= now + 5, "boot time %u plus %llu ns is not now (%lld)",
	      w.sec, (unsigned long long)c.clock, (long long)now);
}

static const struct live_test tests[] = {
	{"tsc_monotonic", tsc_monotonic},
	{"tsc_set", tsc_set},
	{"tsc_of_late_vcpu", tsc_of_late_vcpu},
	{"kvmclock_of_vcpu_0", kvmclock_of_vcpu_0},
	{"tsc_khz_near", tsc_khz_near},
	{"tsc_khz_slower", tsc_khz_slower},
	{"tsc_khz_scaled", tsc_khz_scaled},
	{"get_clock", get_clock},
	{"kvmclock", kvmclock},
	{"kvmclock_scaled", kvmclock_scaled},
	{"deadlines_running", deadlines_running, 20},
	{"deadlines_halted", deadlines_halted, 20},
	{"deadlines_near", deadlines_near, 20},
	{"deadline_scaled", deadline_scaled},
	{"clock_ctrl", clock_ctrl},
	{"kvmclock_hole", kvmclock_hole},
	{"kvmclock_slot", kvmclock_slot},
	{"wall_clock", wall_clock},
};

LIVE_SUBJECT(time, tests);
