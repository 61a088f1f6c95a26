// SPDX-License-Identifier: GPL-2.0-only
/*
 * TSC and kvmclock arithmetic.
 *
 * Pure: the clocks are read by the caller. No division by a variable on the
 * way of a guest exit: tsc_scale_from_khz and tsc_rate_from_khz divide, once per
 * frequency; the rest multiplies and shifts.
 *
 * Sources: Documentation/virt/kvm/x86/msr.rst (MSR_KVM_SYSTEM_TIME_NEW,
 * MSR_KVM_WALL_CLOCK_NEW) for layouts and the guest's formula; APM vol. 2, "TSC
 * Ratio MSR", SDM vol. 3, "TSC multiplier", for how the hardware scales.
 *
 * Left out: choosing offsets, the master clock.
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

/* @num / @den with @frac bits behind the point, to the nearest; 0 if above @max. */
static u64 ratio_of(u32 num, u32 den, u8 frac, u64 max)
{
	u64 whole = num / den, rest = num % den;
	u8 left;

	for (left = frac; left; left -= min_t(u8, left, 32)) {
		u8 step = min_t(u8, left, 32);

		if (whole >> (64 - step))
			return 0;
		rest <<= step;
		whole = whole << step | rest / den;
		rest %= den;
	}
	whole += rest * 2 >= den;
	return whole <= max ? whole : 0;
}

/*
 * Of a tick of host_khz * ratio: that is what the guest has, which may differ by the ratio's last
 * bit from what was asked for. 2^shift of it in kHz fit into 32 bits.
 */
static void scale_from_ratio(u32 host_khz, u64 ratio, u8 frac, struct tsc_scale *ret_scale)
{
	unsigned __int128 khz = (unsigned __int128)host_khz * ratio;
	s8 shift = 0;

	for (; khz >> 32; khz >>= 1)
		shift++;
	for (; !(khz >> 31); khz <<= 1)
		shift--;
	tsc_scale_from_khz(khz, ret_scale);
	ret_scale->shift += frac - shift;
}

bool tsc_rate_from_khz(u32 khz, u32 host_khz, const struct tsc_scaling *scaling,
		       struct tsc_rate *ret_rate)
{
	s64 slack = (u64)host_khz * TSC_RATE_PPM / 1000000, apart = (s64)khz - host_khz;
	struct tsc_rate rate = {.khz = khz, .frac = scaling->frac};

	if (apart >= -slack && apart <= slack) {
		tsc_scale_from_khz(host_khz, &rate.scale);
	} else {
		rate.ratio = ratio_of(khz, host_khz, scaling->frac, scaling->max);
		if (!rate.ratio)
			return false;
		scale_from_ratio(host_khz, rate.ratio, rate.frac, &rate.scale);
	}
	*ret_rate = rate;
	return true;
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
