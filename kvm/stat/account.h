/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a vCPU's time goes: always on, for every vCPU.
 *
 * A vCPU is in one state of VCPU_TIMES at any moment. At each change of state
 * the TSC is read once, the time since the change before is added to the state
 * that ended, and everybody who wants to know the time uses that reading: so the
 * states add up to the vCPU's age, to the tick. Where the TSC turns out to be
 * behind that reading, no time has gone by.
 *
 * An exit is "open" from the moment the guest was left until the guest is
 * entered again, the vCPU halts in the kernel or KVM_RUN returns; then it is closed: its handling time goes
 * into the histogram of its kind and hardware reason, a record into the flight
 * recorder, gv_exit to whoever traces, and storms are looked for. The closing
 * itself (some 80 instructions) counts as time of what comes next.
 *
 * Handling time is time on the wall: a vCPU that was preempted, or slept until
 * the host had a page in, was away from its guest as long as that.
 *
 * Everything here is written by the vCPU's thread alone. seq is odd while it
 * writes; account_read() makes a copy that fits together. The TSC is read while
 * seq is odd: a reader that came before has not seen time of the next state.
 *
 * The module parameter timing=0 switches all of it off by a static key, for
 * good: nothing here then costs more than a NOP, and there is no recorder.
 */
#ifndef GLASSVISOR_STAT_ACCOUNT_H
#define GLASSVISOR_STAT_ACCOUNT_H

#include <linux/jump_label.h>
#include <linux/overflow.h>
#include <asm/msr.h>

#include "../mem/kick.h"
#include "../trace/native.h"
#include "../../debugfs-schema/reasons.h"
#include "../vcpu.h"
#include "histpool.h"
#include "recorder.h"

DECLARE_STATIC_KEY_TRUE(account_on);

/*
 * Nanoseconds per host TSC tick, times 2^32, and the frequency that it was made from: the kernel may
 * know tsc_khz better later. Constant after load.
 */
extern u64 account_mult;
extern u32 account_khz;

/* RECORD_TICKS_MAX (a CPU that halts for a day has more), in memory: cheaper to compare with. */
extern const u64 account_ticks_max;

/* At load, after time_host_init(). */
void account_init(void);

/* By hand, because from the generic 128-bit product and shift gcc keeps the upper half too. */
static __always_inline u64 account_ns(u64 ticks)
{
	asm("mulq %1\n\tshrdq $32, %%rdx, %0" : "+a"(ticks) : "m"(account_mult) : "rdx", "cc");
	return ticks;
}

/* At vCPU creation and destruction. -ENOMEM. */
int account_vcpu_init(struct vcpu *vcpu);
void account_vcpu_destroy(struct vcpu *vcpu);

/* Host TSC for timing what is no vCPU's; 0 with timing off, so that all differences are 0. */
static inline u64 account_tsc(void)
{
	return static_branch_likely(&account_on) ? rdtsc() : 0;
}

/* Nanoseconds since @then, an account_tsc(). */
static inline u64 account_ns_since(u64 then)
{
	return account_ns(tsc_since(account_tsc(), then));
}

/* ---- the vCPU's thread -------------------------------------------------- */

/* Plain increments: one instruction each, and x86 keeps stores in order. */
static __always_inline void account_write_begin(struct vcpu_account *a)
{
	a->seq++;
	barrier();
}

static __always_inline void account_write_end(struct vcpu_account *a)
{
	barrier();
	a->seq++;
}

/* The TSC is behind a->last: move all that was read of it, so that no time goes by. Returns 0. */
u64 account_tsc_back(struct vcpu_account *a, u64 now);

/*
 * From state @from, which it is in, to @to, from @now on. Between account_write_begin() and _end().
 * What was noted of the TSC up to here, in the open exit too, is not behind @now when it returns:
 * differences to it need no further look.
 */
static __always_inline void account_leave(struct vcpu_account *a, u8 from, u8 to, u64 now)
{
	u64 ticks;

	if (unlikely(check_sub_overflow(now, a->last, &ticks)))
		ticks = account_tsc_back(a, now);
	OPTIMIZER_HIDE_VAR(ticks); /* one add to memory, not a load, two adds and a store */
	a->ticks[from] += ticks;
	a->last = now;
	a->state = to;
}

static __always_inline void account_switch(struct vcpu_account *a, u8 state, u64 now)
{
	account_leave(a, a->state, state, now);
}

/* What an exit of a kind is about: some bits of the vCPU, right after the exit. */
struct account_key {
	u16 offset; /* bytes into struct vcpu */
	u64 mask;
};

extern const struct account_key account_keys[EXIT_KIND_COUNT];

static __always_inline u64 account_exit_key(const struct vcpu *vcpu, u8 kind)
{
	const struct account_key *k = &account_keys[kind];

	return *(const u64 *)((const u8 *)vcpu + k->offset) & k->mask;
}

/* gv_userspace. */
void account_trace_userspace(struct vcpu *vcpu, u64 outside_ns);
/* gv_exit and gv_slow_exit, for the exit that was closed last. */
void account_trace_exit(struct vcpu *vcpu);

/*
 * Freeze the recorder when the exit that is open has been closed: at KVM_RUN's
 * return or before the next entry, whatever comes first. A crash that is also
 * the last of a storm is a crash.
 */
static inline void account_freeze(struct vcpu *vcpu, enum freeze_cause cause)
{
	if (cause != FREEZE_STORM || !test_bit(REQ_FREEZE, &vcpu->requests))
		vcpu->account.freeze_cause = cause;
	vcpu_request(vcpu, REQ_FREEZE);
}

/* So many equal exits came again: are they a storm by now? */
void account_storm(struct vcpu *vcpu, u64 now);

/* Equal exits in a row are counted by so many, which is one decrement for each. */
#define ACCOUNT_STORM_STEP 32

/* @what and @key: which exit it was. */
static __always_inline void account_count_storm(struct vcpu *vcpu, u64 what, u64 key, u64 now)
{
	struct vcpu_account *a = &vcpu->account;

	if (likely(key != a->storm_key || what != a->storm_what)) {
		if ((u8)what == EXIT_HOST_INTR)
			return; /* of the host's doing: a row goes on over it */
		a->storm_key = key;
		a->storm_what = what;
		a->storm_left = ACCOUNT_STORM_STEP;
		a->storm_n = 0;
	} else if (unlikely(!--a->storm_left)) {
		account_storm(vcpu, now);
	}
}

/* The first eight bytes of struct exit: kind, flags, CPL, code size, hardware reason. */
static __always_inline u64 account_exit_what(const struct exit *exit)
{
	static_assert(offsetof(struct exit, hw_reason) == 4);
	static_assert(HIST_EXIT_TIME == 0); /* HIST_KEY_OF_EXIT makes HIST_KEY()s of it */
	static_assert(offsetof(struct record, reason) == offsetof(struct record, kind) + 4);
	return *(const u64 *)exit;
}

/*
 * The exit that is open was handled at @now, up to which the account has been brought. Ends the
 * writing: who traces may take long, or be a BPF program that reads the account.
 */
static __always_inline void account_close(struct vcpu *vcpu, u64 now, u32 outcome, u32 user_reason)
{
	struct vcpu_account *a = &vcpu->account;
	struct record *r = a->record;
	u64 what = account_exit_what(&vcpu->exit) & HIST_KEY_OF_EXIT;
	u64 ticks = now - r->exit_tsc;
	u64 ns = account_ns(ticks);

	a->open = false;
	hist_record(histpool_get(a->hists, what), ns);
	if (unlikely(ticks > account_ticks_max)) {
		ticks = account_ticks_max;
		barrier(); /* a branch, not a conditional move */
	}
	record_set_end(r, ticks, outcome, user_reason);
	account_count_storm(vcpu, what, r->key, now);
	a->record = recorder_advance(a->recorder, r);
	account_write_end(a);
	if (trace_gv_exit_enabled() || trace_gv_slow_exit_enabled())
		account_trace_exit(vcpu);
}

/* The guest is entered now. Interrupts off. */
static __always_inline void account_enter(struct vcpu *vcpu)
{
	struct vcpu_account *a = &vcpu->account;
	u64 now;

	if (!static_branch_likely(&account_on))
		return;
	account_write_begin(a);
	now = rdtsc();
	account_leave(a, VCPU_TIME_HANDLING, VCPU_TIME_GUEST, now);
	if (likely(a->open))
		account_close(vcpu, now,
			      vcpu->events.in_flight == EVENT_NONE ? OUTCOME_RESUMED
								   : OUTCOME_INJECTED,
			      0);
	else
		account_write_end(a);
}

/* It was left just now; vcpu->exit says why. Interrupts off. */
static __always_inline void account_exit(struct vcpu *vcpu)
{
	struct vcpu_account *a = &vcpu->account;
	const struct exit *exit = &vcpu->exit;
	struct record *r = a->record;
	u64 now;

	if (!static_branch_likely(&account_on))
		return;
	account_write_begin(a);
	now = rdtsc();
	r->enter_tsc = a->last;
	account_leave(a, VCPU_TIME_GUEST, VCPU_TIME_HANDLING, now);
	a->open = true;
	r->exit_tsc = now;
	r->rip = vcpu->rip;
	r->key = account_exit_key(vcpu, exit->kind);
	r->info1 = exit->info1;
	r->info2 = exit->info2;
	*(u64 *)&r->kind = account_exit_what(exit);
	account_write_end(a);
}

/* KVM_RUN begins. */
static __always_inline void account_run_begin(struct vcpu *vcpu)
{
	struct vcpu_account *a = &vcpu->account;
	u64 now, ns;

	if (!static_branch_likely(&account_on))
		return;
	account_write_begin(a);
	now = rdtsc();
	ns = account_ns(tsc_since(now, a->last));
	if (likely(a->ran))
		hist_record(
			histpool_get(a->hists, HIST_KEY(HIST_USERSPACE_TIME, a->user_reason, 0)),
			ns);
	account_switch(a, VCPU_TIME_HANDLING, now);
	account_write_end(a);
	if (trace_gv_userspace_enabled())
		account_trace_userspace(vcpu, ns);
}

#define X(number, ID, name, text) | 1ULL << (number)
#define ACCOUNT_USER_REASONS	  (0 USER_REASONS(X))

/* The page is userspace's to scribble on, and each reason gets a histogram: those that we know. */
static __always_inline u8 account_user_reason(u32 reason)
{
	static const u64 known = ACCOUNT_USER_REASONS;

	return likely(reason < 64 && known >> reason & 1) ? reason : KVM_EXIT_UNKNOWN;
}
#undef X

static __always_inline u32 account_outcome(int res)
{
	if (likely(!res))
		return OUTCOME_USERSPACE;
	return res == -EINTR || res == -ERESTARTNOINTR ? OUTCOME_INTERRUPTED : OUTCOME_FAILED;
}

/* KVM_RUN returns @res; vcpu->run is filled. -ERESTARTNOINTR: it begins anew by itself. */
static __always_inline void account_run_end(struct vcpu *vcpu, int res)
{
	struct vcpu_account *a = &vcpu->account;
	u8 reason;
	u64 now;

	if (!static_branch_likely(&account_on))
		return;
	account_write_begin(a);
	now = rdtsc();
	reason = account_user_reason(READ_ONCE(vcpu->run->exit_reason));
	if (unlikely(res))
		reason = res == -EINTR ? KVM_EXIT_INTR : KVM_EXIT_UNKNOWN;
	a->user_reason = reason;
	a->ran = res != -ERESTARTNOINTR; /* else userspace does not see it */
	account_leave(a, VCPU_TIME_HANDLING, VCPU_TIME_USERSPACE, now);
	if (likely(a->open))
		account_close(vcpu, now, account_outcome(res), reason);
	else
		account_write_end(a);
}

/* Another state within KVM_RUN: halting. */
void account_state(struct vcpu *vcpu, enum vcpu_time state);

/* The thread loses the CPU within KVM_RUN, and gets one again. From the scheduler. */
void account_sched_out(struct vcpu *vcpu);
void account_sched_in(struct vcpu *vcpu);

/*
 * An MMU fault was handled; @kind: enum fault_kind. Returns its time in ns, from
 * the exit that brought it; 0 with timing off.
 */
u64 account_mmu_fault(struct vcpu *vcpu, u32 kind);

/* An interrupt is injected that was asked for at @asked_tsc: how long that took, in ns; 0 with timing off. */
u64 account_irq(struct vcpu *vcpu, u8 vector, u64 asked_tsc);

/* The vCPU will wait in the kernel: the exit that brought it there is handled. */
void account_halted(struct vcpu *vcpu);
/* A wait in the kernel ended; @kind: enum wait_kind. */
void account_halt(struct vcpu *vcpu, u32 kind, u64 ns);

/* ---- readers ------------------------------------------------------------ */

/* A vCPU's account at one moment. */
struct account_copy {
	u64 tsc;   /* host TSC of the copy */
	bool torn; /* the vCPU's thread wrote all the time: the parts may not fit together */
	u8 state;  /* enum vcpu_time it was in */
	u64 ticks[VCPU_TIME_COUNT]; /* with the time in that state up to tsc: the sum is the age */
	struct histpool hists;
};

/* Any thread that keeps the vCPU alive; may sleep. All zeroes with timing off. */
void account_read(const struct vcpu *vcpu, struct account_copy *ret_copy);

#endif /* GLASSVISOR_STAT_ACCOUNT_H */
