/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's two clocks: its TSC, which is the host's plus an offset, scaled
 * before where userspace asks for another rate and the hardware can do it; and
 * kvmclock, which counts nanoseconds and is read through a page in guest memory
 * (x86/tsc.h).
 *
 * Where the host's TSC can be trusted, kvmclock is a function of it: a pair
 * (host TSC, ns) in vm->time, the same for all vCPUs, taken when the VM is made
 * and replaced by KVM_SET_CLOCK alone. All vCPUs' pages then describe one line,
 * reads on different vCPUs agree to the tick, and KVM_GET_CLOCK computes what
 * the guest would (a scaled TSC's page has a rate of its own, which is rounded
 * otherwise: some parts in 2^30). Where it can't, each vCPU's page is made from the host's
 * boot-time clock when the vCPU comes to another CPU, and the guest has to
 * guard against steps back itself (the stable flag is clear).
 *
 * TSCs of vCPUs are equal from the start: all count from the VM's creation.
 * Userspace restores or zeroes them one after the other, a little later each;
 * values that fit the last write to within a second are taken as meaning the
 * same moment, and get the same offset.
 *
 * Locks: vm->time_lock for vm->time, innermost; the rest vcpu->mutex. Guest
 * memory under SRCU. Left out: guests with a faster TSC than a host that can't
 * scale (the in-tree module lets them catch up at each entry), and keeping
 * kvmclock true to NTP's corrections of the host's clock.
 */
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../trace/time.h"
#include "../x86/tsc.h"
#include "core.h"

/* How far apart two writes of the TSC may be and still mean the same moment. */
#define TSC_SAME_NS NSEC_PER_SEC

int __init time_host_init(void)
{
	return tsc_khz ? 0 : -ENODEV;
}

/*
 * Does the kernel trust the TSC to count at one rate, in every sleep state, in
 * step on all CPUs? Asked each time: it may lose its trust while VMs run.
 */
static bool tsc_stable(void)
{
	return !check_tsc_unstable();
}

/* A host TSC value and clocks of the same moment. */
struct moment {
	u64 tsc;
	u64 boot_ns;
	u64 real_ns;
};

static struct moment moment_now(void)
{
	struct moment now;
	unsigned long flags;

	local_irq_save(flags);
	now.boot_ns = ktime_get_boottime_ns();
	now.tsc = rdtsc_ordered();
	now.real_ns = ktime_get_real_ns();
	local_irq_restore(flags);
	return now;
}

/* kvmclock at @now; vm->time_lock held, or a copy of vm->time. */
static u64 clock_at(const struct vm_time *time, const struct moment *now, bool stable)
{
	if (stable)
		return time->base_ns + tsc_to_ns(&time->scale, now->tsc - time->base_tsc);
	return now->boot_ns + time->clock_offset;
}

/* Make kvmclock read @ns at @now, whichever way it is kept. time_lock held. */
static void clock_rebase(struct vm_time *time, const struct moment *now, u64 ns)
{
	time->base_tsc = now->tsc;
	time->base_ns = ns;
	time->clock_offset = ns - now->boot_ns;
}

static struct vm_time time_copy(struct vm *vm)
{
	struct vm_time time;

	spin_lock(&vm->time_lock);
	time = vm->time;
	spin_unlock(&vm->time_lock);
	return time;
}

/* ---- TSC ------------------------------------------------------------------ */

void time_vm_init(struct vm *vm)
{
	struct moment now = moment_now();

	spin_lock_init(&vm->time_lock);
	mutex_init(&vm->kvmclock_lock);
	vm->tsc_khz = tsc_khz;
	tsc_scale_from_khz(tsc_khz, &vm->time.scale);
	clock_rebase(&vm->time, &now, 0);
	vm->time.tsc_host = now.tsc;
	vm->time.tsc_value = 0;
}

/* The rate that @khz (0: the host's) means here. False: not possible. */
static bool rate_of(u32 khz, struct tsc_rate *ret_rate)
{
	struct tsc_scaling scaling = {};

	if (arch_caps.tsc_scaling)
		scaling = (struct tsc_scaling){.max = arch_caps.tsc_ratio_max,
					       .frac = arch_caps.tsc_frac_bits};
	return tsc_rate_from_khz(khz ?: tsc_khz, tsc_khz, &scaling, ret_rate);
}

/* Where the VM's vCPUs are that have done nothing of their own. */
static u64 line_offset(const struct vm_time *time, const struct tsc_rate *rate)
{
	return tsc_offset_of_line(rate, time->tsc_host, time->tsc_value);
}

/* How many vCPUs beside this one have the same TSC; @ret_online: how many there are in all. */
static u32 tscs_matching(struct vcpu *vcpu, u32 *ret_online)
{
	struct vcpu *other;
	u32 i, n = 0;

	for (i = 0; (other = vm_vcpu(vcpu->vm, i)); i++)
		n += other != vcpu && READ_ONCE(other->tsc_offset) == vcpu->tsc_offset &&
		     READ_ONCE(other->tsc_rate.ratio) == vcpu->tsc_rate.ratio;
	*ret_online = i;
	return n;
}

/*
 * Guests read vCPU 0's page on whatever vCPU they run (vDSO), if it says
 * "stable": only while the TSCs of all vCPUs are one.
 */
static bool offsets_equal(struct vcpu *vcpu)
{
	u32 online, n = tscs_matching(vcpu, &online);

	return n + 1 >= online;
}

static void trace_offset(struct vcpu *vcpu, u64 before)
{
	bool stable = tsc_stable(), equal;
	u32 online, n;

	if (!trace_kvm_write_tsc_offset_enabled() && !trace_kvm_track_tsc_enabled() &&
	    !trace_kvm_update_master_clock_enabled())
		return;
	n = tscs_matching(vcpu, &online);
	equal = n + 1 >= online;
	trace_kvm_write_tsc_offset(vcpu, before, vcpu->tsc_offset);
	trace_kvm_track_tsc(vcpu, n, online, stable && equal, stable);
	trace_kvm_update_master_clock(vcpu->vm, stable && equal, stable, equal);
}

/* Every vCPU's page depends on whether all have the same. */
static void tsc_changed(struct vcpu *vcpu, u64 offset)
{
	u64 before = vcpu->tsc_offset;

	WRITE_ONCE(vcpu->tsc_offset, offset);
	arch_tsc_offset_set(vcpu, offset);
	if (lapic_in_kernel(vcpu))
		lapic_dev_tsc_changed(vcpu);
	trace_offset(vcpu, before);
	vm_request_all(vcpu->vm, REQ_CLOCK_UPDATE, false);
}

static void offset_set(struct vcpu *vcpu, u64 offset)
{
	if (vcpu->tsc_offset != offset)
		tsc_changed(vcpu, offset);
}

void time_vcpu_init(struct vcpu *vcpu)
{
	struct vm_time time = time_copy(vcpu->vm);

	rate_of(READ_ONCE(vcpu->vm->tsc_khz), &vcpu->tsc_rate);
	if (vcpu->tsc_rate.ratio)
		arch_tsc_ratio_set(vcpu, vcpu->tsc_rate.ratio);
	vcpu->kvmclock_cpu = -1;
	vcpu->tsc_offset = line_offset(&time, &vcpu->tsc_rate);
	arch_tsc_offset_set(vcpu, vcpu->tsc_offset);
}

u64 time_guest_tsc(struct vcpu *vcpu)
{
	return vcpu_tsc_at(vcpu, rdtsc_ordered());
}

/*
 * The offset for a TSC that userspace sets to @value now: the last one's if they are one moment. Zero
 * is what a VMM gives a vCPU that begins, and such a one joins those that run: it may be one added to
 * a guest that has been up for long.
 */
static u64 offset_for(struct vcpu *vcpu, u64 value)
{
	struct vm_time *time = &vcpu->vm->time;
	const struct tsc_rate *rate = &vcpu->tsc_rate;
	u64 apart = tsc_from_ns(rate->khz, TSC_SAME_NS);
	u64 host = rdtsc_ordered(), now = tsc_scale_ticks(rate, host);
	u64 offset;

	spin_lock(&vcpu->vm->time_lock);
	offset = line_offset(time, rate);
	if (value && (!tsc_stable() || (u64)(now + offset - value + apart) > 2 * apart)) {
		offset = value - now;
		time->tsc_host = host;
		time->tsc_value = value;
	}
	spin_unlock(&vcpu->vm->time_lock);
	return offset;
}

void time_tsc_write(struct vcpu *vcpu, u64 value, bool host)
{
	u64 offset;

	if (host) {
		offset = offset_for(vcpu, value);
	} else {
		/* IA32_TSC_ADJUST counts every change that software makes (SDM vol. 3). */
		offset = value - tsc_scale_ticks(&vcpu->tsc_rate, rdtsc_ordered());
		vcpu->tsc_adjust += offset - vcpu->tsc_offset;
	}
	offset_set(vcpu, offset);
}

/* Userspace knows what it does: no guess at what other vCPUs' values were meant to be. */
void time_tsc_offset_write(struct vcpu *vcpu, u64 offset)
{
	struct vm_time *time = &vcpu->vm->time;
	u64 host = rdtsc_ordered();

	spin_lock(&vcpu->vm->time_lock);
	time->tsc_host = host;
	time->tsc_value = tsc_scale_ticks(&vcpu->tsc_rate, host) + offset;
	spin_unlock(&vcpu->vm->time_lock);
	offset_set(vcpu, offset);
}

/* The guest moves its TSC by moving the adjustment; userspace restores the number alone. */
void time_tsc_adjust_write(struct vcpu *vcpu, u64 value, bool host)
{
	if (!host)
		offset_set(vcpu, vcpu->tsc_offset + value - vcpu->tsc_adjust);
	vcpu->tsc_adjust = value;
}

/*
 * As if it had run at that rate since the line's begin: so all vCPUs stay equal whose rate userspace
 * sets one after the other. What one's own TSC was ahead or behind stays.
 */
int time_tsc_khz_set(struct vcpu *vcpu, u32 khz)
{
	struct vm_time time = time_copy(vcpu->vm);
	u64 apart = vcpu->tsc_offset - line_offset(&time, &vcpu->tsc_rate);
	u64 before = vcpu->tsc_rate.ratio;
	struct tsc_rate rate;

	if (!rate_of(khz, &rate))
		return -EINVAL;
	mutex_lock(&vcpu->vm->kvmclock_lock);
	vcpu->tsc_rate = rate;
	mutex_unlock(&vcpu->vm->kvmclock_lock);
	if (rate.ratio == before)
		return 0;
	arch_tsc_ratio_set(vcpu, rate.ratio);
	tsc_changed(vcpu, line_offset(&time, &rate) + apart);
	return 0;
}

int time_vm_tsc_khz_set(struct vm *vm, u64 khz)
{
	struct tsc_rate rate;

	if (khz > U32_MAX || !rate_of(khz, &rate))
		return -EINVAL;
	WRITE_ONCE(vm->tsc_khz, rate.khz);
	return 0;
}

/* ---- kvmclock --------------------------------------------------------------- */

static void clock_request(struct vcpu *vcpu)
{
	if (tsc_pvclock_enabled(vcpu->kvmclock_msr))
		set_bit(REQ_CLOCK_UPDATE, &vcpu->requests);
}

/* Where TSCs can't be trusted, each CPU's is a world of its own. */
void time_vcpu_moved(struct vcpu *vcpu, int cpu)
{
	vcpu->kvmclock_cpu = cpu;
	if (!tsc_stable())
		clock_request(vcpu);
}

void time_kvmclock_write(struct vcpu *vcpu, u64 value)
{
	/* From here on nobody writes where the page was: see time_kvmclock_update. */
	mutex_lock(&vcpu->vm->kvmclock_lock);
	vcpu->kvmclock_msr = value;
	mutex_unlock(&vcpu->vm->kvmclock_lock);
	clock_request(vcpu);
}

static u8 pvclock_flags(struct vcpu *vcpu, u8 old, bool stable)
{
	/* The guest clears STOPPED when it has seen it. */
	u8 flags = old & TSC_PVCLOCK_STOPPED;

	if (stable && offsets_equal(vcpu))
		flags |= TSC_PVCLOCK_STABLE;
	if (vcpu->kvmclock_pause) {
		vcpu->kvmclock_pause = false;
		flags |= TSC_PVCLOCK_STOPPED;
	}
	return flags;
}

/* Version odd, body, version even: other vCPUs may be reading this page. */
static void pvclock_write(struct vcpu *vcpu, gpa_t gpa, const struct tsc_pvclock *clock)
{
	u32 odd = clock->version - 1;
	const u8 *body = (const u8 *)clock + sizeof(odd);

	if (mem_write(vcpu, gpa, &odd, sizeof(odd)))
		return;
	smp_wmb();
	mem_write(vcpu, gpa + sizeof(odd), body, sizeof(*clock) - sizeof(odd));
	smp_wmb();
	mem_write(vcpu, gpa, &clock->version, sizeof(clock->version));
}

/* Brings @of's page up to date, on @vcpu's thread; kvmclock_lock held. */
static void kvmclock_page_write(struct vcpu *vcpu, struct vcpu *of, bool stable)
{
	struct vm_time time = time_copy(vcpu->vm);
	gpa_t gpa = tsc_pvclock_gpa(of->kvmclock_msr);
	struct tsc_pvclock clock;
	struct moment now;
	u8 flags;

	if (!tsc_pvclock_enabled(of->kvmclock_msr) || mem_read(vcpu, gpa, &clock, sizeof(clock)))
		return;
	flags = pvclock_flags(of, clock.flags, stable);
	now = moment_now();
	/* The line's own origin, not a new point on it: all pages are then equal to the bit. */
	if (stable) {
		now.tsc = time.base_tsc;
		now.boot_ns = 0;
	}
	tsc_pvclock_fill(&clock, clock.version, &of->tsc_rate.scale, vcpu_tsc_at(of, now.tsc),
			 clock_at(&time, &now, stable), flags);
	trace_kvm_pvclock_update(vcpu, &clock);
	pvclock_write(vcpu, gpa, &clock);
}

/*
 * vCPU 0's page, which all read, must not be older than any other: its own thread may be long in
 * coming, and the guest's time would go back when it comes.
 */
void time_kvmclock_update(struct vcpu *vcpu)
{
	struct vcpu *first = vm_vcpu(vcpu->vm, 0);
	bool stable = tsc_stable();

	mutex_lock(&vcpu->vm->kvmclock_lock);
	if (stable && first != vcpu)
		kvmclock_page_write(vcpu, first, stable);
	kvmclock_page_write(vcpu, vcpu, stable);
	mutex_unlock(&vcpu->vm->kvmclock_lock);
}

int time_kvmclock_ctrl(struct vcpu *vcpu)
{
	if (!tsc_pvclock_enabled(vcpu->kvmclock_msr))
		return -EINVAL;
	vcpu->kvmclock_pause = true;
	clock_request(vcpu);
	return 0;
}

/* Wall time at kvmclock 0, for a structure that no other vCPU reads meanwhile. */
static void wall_clock_fill(struct vcpu *vcpu, gpa_t gpa)
{
	struct vm_time time = time_copy(vcpu->vm);
	struct moment now = moment_now();
	struct tsc_wall_clock clock;
	u32 odd;

	if (mem_read(vcpu, gpa, &clock, sizeof(clock)))
		return;
	tsc_wall_clock_fill(&clock, clock.version, now.real_ns,
			    clock_at(&time, &now, tsc_stable()));
	odd = clock.version - 1;
	mem_write(vcpu, gpa, &odd, sizeof(odd));
	mem_write(vcpu, gpa + sizeof(odd), &clock.sec, sizeof(clock) - sizeof(odd));
	mem_write(vcpu, gpa, &clock.version, sizeof(clock.version));
}

void time_wall_clock_write(struct vcpu *vcpu, u64 value, bool host)
{
	int idx;

	WRITE_ONCE(vcpu->vm->wall_clock, value);
	/* A restored guest has the structure in its memory already. */
	if (host || !value)
		return;
	idx = mem_enter(vcpu->vm);
	wall_clock_fill(vcpu, value);
	mem_leave(vcpu->vm, idx);
}

/* ---- KVM_GET_CLOCK, KVM_SET_CLOCK --------------------------------------------- */

int time_clock_flags(void)
{
	return KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC | (tsc_stable() ? KVM_CLOCK_TSC_STABLE : 0);
}

void time_clock_get(struct vm *vm, struct kvm_clock_data *ret)
{
	struct vm_time time = time_copy(vm);
	struct moment now = moment_now();
	int flags = time_clock_flags();

	memset(ret, 0, sizeof(*ret));
	ret->clock = clock_at(&time, &now, flags & KVM_CLOCK_TSC_STABLE);
	ret->flags = flags;
	ret->realtime = now.real_ns;
	ret->host_tsc = now.tsc;
}

int time_clock_set(struct vm *vm, const struct kvm_clock_data *in)
{
	struct moment now = moment_now();
	u64 ns = in->clock;

	if (in->flags & ~(KVM_CLOCK_TSC_STABLE | KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC))
		return -EINVAL;
	/* Count the time that passed since the value was taken; never backwards. */
	if ((in->flags & KVM_CLOCK_REALTIME) && now.real_ns > in->realtime)
		ns += now.real_ns - in->realtime;
	spin_lock(&vm->time_lock);
	clock_rebase(&vm->time, &now, ns);
	spin_unlock(&vm->time_lock);
	vm_request_all(vm, REQ_CLOCK_UPDATE, false);
	return 0;
}
