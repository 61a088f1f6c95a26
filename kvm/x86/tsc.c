// SPDX-License-Identifier: GPL-2.0-only
/*
 * TSC and kvmclock arithmetic.
 *
 * Pure: the clocks are read by the caller. No division by a variable on the
 * way of a guest exit: tsc_scale_from_khz divides, once per frequency; the rest
 * multiplies and shifts.
 *
 * Sources: Documentation/virt/kvm/x86/msr.rst (MSR_KVM_SYSTEM_TIME_NEW,
 * MSR_KVM_WALL_CLOCK_NEW) for layouts and the guest's formula.
 *
 * Left out: TSC scaling by hardware, choosing offsets, the master clock.
 */
#include "tsc.h"

#define NS_PER_MS  1000000ULL
#define NS_PER_SEC 1000000000ULL

void tsc_scale_from_khz(u32 khz, struct tsc_scale *ret_scale)
{
	/* One tick is NS_PER_MS / khz ns; bring that fraction into [1/2, 1). */
	u64 num = NS_PER_MS, den = khz;
	s8 shift = 0;

	while (num >= den) {
		den <<= 1;
		shift++;
	}
	while (num * 2 < den) {
		num <<= 1;
		shift--;
	}
	ret_scale->mul = (num << 32) / den;
	ret_scale->shift = shift;
}

u64 tsc_to_ns(const struct tsc_scale *scale, u64 ticks)
{
	if (scale->shift >= 0)
		ticks <<= scale->shift;
	else
		ticks >>= -scale->shift;
	return tsc_mul_shr32(ticks, scale->mul);
}

u64 tsc_from_ns(u32 khz, u64 ns)
{
	return ns / NS_PER_MS * khz + ns % NS_PER_MS * khz / NS_PER_MS;
}

void tsc_pvclock_fill(struct tsc_pvclock *ret_clock, u32 version, const struct tsc_scale *scale,
		      u64 guest_tsc, u64 system_ns, u8 flags)
{
	memset(ret_clock, 0, sizeof(*ret_clock));
	ret_clock->version = (version | 1) + 1;
	ret_clock->tsc_timestamp = guest_tsc;
	ret_clock->system_time = system_ns;
	ret_clock->tsc_to_system_mul = scale->mul;
	ret_clock->tsc_shift = scale->shift;
	ret_clock->flags = flags;
}

void tsc_wall_clock_fill(struct tsc_wall_clock *ret_clock, u32 version, u64 wall_ns, u64 system_ns)
{
	u64 boot_ns = wall_ns - system_ns;

	ret_clock->version = (version | 1) + 1;
	ret_clock->sec = boot_ns / NS_PER_SEC;
	ret_clock->nsec = boot_ns % NS_PER_SEC;
}
