/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time: arithmetic between TSC ticks and nanoseconds, and the two structures
 * of kvmclock that guests read. See tsc.c.
 */
#ifndef GLASSVISOR_X86_TSC_H
#define GLASSVISOR_X86_TSC_H

#include "../env.h"

/*
 * Guest memory at the address in MSR KVM_SYSTEM_TIME (kvmclock's ABI:
 * Documentation/virt/kvm/x86/msr.rst). The guest computes
 *	ns = system_time + scale(tsc - tsc_timestamp)
 * and reads again while version is odd or has changed.
 */
struct tsc_pvclock {
	u32 version;
	u32 pad0;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	s8 tsc_shift;
	u8 flags; /* TSC_PVCLOCK_* */
	u8 pad[2];
} __packed;

static_assert(sizeof(struct tsc_pvclock) == 32, "pvclock_vcpu_time_info");
static_assert(offsetof(struct tsc_pvclock, tsc_timestamp) == 8, "tsc_timestamp");
static_assert(offsetof(struct tsc_pvclock, tsc_to_system_mul) == 24, "tsc_to_system_mul");
static_assert(offsetof(struct tsc_pvclock, flags) == 29, "flags");

#define TSC_PVCLOCK_STABLE  BIT(0) /* monotonic across vCPUs */
#define TSC_PVCLOCK_STOPPED BIT(1) /* the guest was paused (KVM_KVMCLOCK_CTRL) */

/* Guest memory at the address in MSR KVM_WALL_CLOCK: wall time at system_time 0. */
struct tsc_wall_clock {
	u32 version;
	u32 sec;
	u32 nsec;
} __packed;

static_assert(sizeof(struct tsc_wall_clock) == 12, "pvclock_wall_clock");

/* ns = ((ticks << shift) * mul) >> 32; a negative shift shifts right. */
struct tsc_scale {
	u32 mul;
	s8 shift;
};

/* For @khz > 0. mul is in [2^31, 2^32), so the error is below 2^-31 of the result. */
void tsc_scale_from_khz(u32 khz, struct tsc_scale *ret_scale);

/* Nanoseconds of @ticks; modulo 2^64 beyond 584 years. */
u64 tsc_to_ns(const struct tsc_scale *scale, u64 ticks);

/*
 * Ticks from @then to @now. A host's TSC may be found behind what it was, after a
 * suspend or on another CPU where they are not synchronised: no time has gone by then.
 */
static inline u64 tsc_since(u64 now, u64 then)
{
	return (s64)(now - then) > 0 ? now - then : 0;
}

/* (a * b) >> 32 with all 96 bits in between. */
static inline u64 tsc_mul_shr32(u64 a, u32 b)
{
	return (a >> 32) * b + (((a & 0xffffffffULL) * b) >> 32);
}

/* Ticks of @ns at @khz, rounded down; exact as long as the result fits into 64 bits. */
u64 tsc_from_ns(u32 khz, u64 ns);

/*
 * A guest's TSC may run at another rate than the host's, where the hardware scales it by a ratio in
 * fixed point.
 */
struct tsc_scaling {
	u64 max; /* the greatest ratio */
	u8 frac; /* bits behind the point, 0 to 63; with max 0 there is no scaling */
};

/* How a guest's TSC runs. */
struct tsc_rate {
	u32 khz;		/* as userspace knows it */
	u8 frac;		/* bits of ratio behind the point */
	u64 ratio;		/* guest ticks a host tick; 0: one, nothing is scaled */
	struct tsc_scale scale; /* guest ticks to ns */
};

/* How far a rate may be from the host's and still mean the host's: its calibration varies so much. */
#define TSC_RATE_PPM 250

/*
 * The rate that comes nearest to @khz > 0, given the host's. False, and *ret_rate is not written, if
 * that is another one and @scaling can't do it.
 */
bool tsc_rate_from_khz(u32 khz, u32 host_khz, const struct tsc_scaling *scaling,
		       struct tsc_rate *ret_rate);

/* @ticks of the host, in those of the guest: to the bit what the hardware makes of a host's TSC. */
static inline u64 tsc_scale_ticks(const struct tsc_rate *rate, u64 ticks)
{
	if (likely(!rate->ratio))
		return ticks;
	return (unsigned __int128)ticks * rate->ratio >> rate->frac;
}

/*
 * The line that all TSCs of a VM are on unless told otherwise: they read @value when the host's was
 * @host, each at its own rate. The offset that puts a TSC there.
 */
static inline u64 tsc_offset_of_line(const struct tsc_rate *rate, u64 host, u64 value)
{
	return value - tsc_scale_ticks(rate, host);
}

/*
 * Fill the clock for the guest. @version is the one in guest memory: the glue
 * writes version | 1, the body, then ret->version (even) with write barriers
 * between. @guest_tsc and @system_ns are of the same moment.
 */
void tsc_pvclock_fill(struct tsc_pvclock *ret_clock, u32 version, const struct tsc_scale *scale,
		      u64 guest_tsc, u64 system_ns, u8 flags);

/* Wall time at boot: @wall_ns (since 1970) less @system_ns of the same moment. */
void tsc_wall_clock_fill(struct tsc_wall_clock *ret_clock, u32 version, u64 wall_ns, u64 system_ns);

/* The address in KVM_SYSTEM_TIME, and whether the clock is on. */
static inline gpa_t tsc_pvclock_gpa(u64 msr)
{
	return msr & ~1ULL;
}

static inline bool tsc_pvclock_enabled(u64 msr)
{
	return msr & 1;
}

#endif /* GLASSVISOR_X86_TSC_H */
