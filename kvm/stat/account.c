/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a vCPU's time goes: the parts of account.h that don't run on every
 * exit, and the readers.
 *
 * What a storm is and from when on an exit is slow can be changed while guests
 * run: by the parameters storm_count, storm_ns and slow_exit_ns in
 * /sys/module/glassvisor/parameters/; each exit looks at their values.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm/tsc.h>

#include "../x86/defs.h"
#include "account.h"
#include "stat.h"

DEFINE_STATIC_KEY_TRUE(account_on);
u64 account_mult __ro_after_init;
u32 account_khz __ro_after_init;
const u64 account_ticks_max = RECORD_TICKS_MAX;

static bool timing = true;
module_param(timing, bool, 0444);
MODULE_PARM_DESC(timing, "Time states, exits and faults, and record the last exits (default: 1)");

static uint storm_count = 100000;
module_param(storm_count, uint, 0644);
MODULE_PARM_DESC(
	storm_count,
	"More equal exits in a row than this, give or take 32, make a storm; 0: never (default: 100000)");

static ulong storm_ns = NSEC_PER_SEC;
module_param(storm_ns, ulong, 0644);
MODULE_PARM_DESC(storm_ns, "... if they come within so many ns (default: 1000000000)");

static ulong slow_exit_ns = 10 * NSEC_PER_MSEC;
module_param(slow_exit_ns, ulong, 0644);
MODULE_PARM_DESC(slow_exit_ns,
		 "Handling time from which gv_slow_exit is traced (default: 10000000)");

/* No more than one gv_storm and one frozen recorder a vCPU in this time. */
#define STORM_EVERY_NS (10 * (u64)NSEC_PER_SEC)

#define KEY(kind, field, bits) [EXIT_##kind] = {offsetof(struct vcpu, field), bits}

const struct account_key account_keys[EXIT_KIND_COUNT] = {
	KEY(CPUID, gpr[GPR_RAX], U32_MAX),
	KEY(IO, exit.io.port, U16_MAX),
	KEY(MSR, gpr[GPR_RCX], U32_MAX),
	KEY(CR, exit.cr.nr, U8_MAX),
	KEY(DR, exit.cr.nr, U8_MAX),
	KEY(MMU_FAULT, exit.mmu.gpa, U64_MAX),
	KEY(EXCEPTION, exit.exception.vector, U8_MAX),
	KEY(HYPERCALL, gpr[GPR_RAX], U64_MAX),
	KEY(INVLPG, exit.invlpg.gva, U64_MAX),
	KEY(ENTRY_FAILED, exit.failed.rule, U8_MAX),
	KEY(EOI, exit.eoi.vector, U8_MAX),
	KEY(APIC_WRITE, exit.apic_write.offset, U16_MAX),
	KEY(TASK_SWITCH, exit.task.selector, U16_MAX),
};

void __init account_init(void)
{
	account_khz = tsc_khz;
	account_mult = div_u64((u64)NSEC_PER_MSEC << 32, account_khz);
	if (!timing)
		static_branch_disable(&account_on);
}

int account_vcpu_init(struct vcpu *vcpu)
{
	struct vcpu_account *a = &vcpu->account;

	a->state = VCPU_TIME_USERSPACE;
	a->last = rdtsc();
	if (!timing)
		return 0;
	a->hists = kvzalloc(sizeof(*a->hists), GFP_KERNEL_ACCOUNT);
	if (!a->hists)
		return -ENOMEM;
	histpool_init(a->hists);
	a->recorder = recorder_alloc();
	if (IS_ERR(a->recorder)) {
		a->recorder = NULL; /* account_vcpu_destroy() frees the rest */
		return -ENOMEM;
	}
	a->record = recorder_next(a->recorder);
	return 0;
}

void account_vcpu_destroy(struct vcpu *vcpu)
{
	recorder_free(vcpu->account.recorder);
	kvfree(vcpu->account.hists);
}

/* ---- the vCPU's thread -------------------------------------------------- */

u64 account_tsc_back(struct vcpu_account *a, u64 now)
{
	u64 back = a->last - now;

	a->record->enter_tsc -= back;
	a->record->exit_tsc -= back;
	a->storm_tsc -= back;
	a->freeze_tsc -= back;
	if (a->storm_said)
		a->storm_said -= back;
	return 0;
}

void account_trace_exit(struct vcpu *vcpu)
{
	const struct vcpu_account *a = &vcpu->account;
	const struct record *r = recorder_last(a->recorder, a->record);
	const struct exit *exit = &vcpu->exit;
	u32 mode = exit->cpl | 0x10 << exit->cs_mode;
	u64 guest_ns = account_ns(record_guest_ticks(r));
	u64 handle_ns = account_ns(record_handle_ticks(r));
	u8 outcome = record_outcome(r);

	trace_gv_exit(vcpu->vm->vm_id, vcpu->id, exit->kind, exit->hw_reason, exit->isa, r->rip,
		      mode, r->key, guest_ns, handle_ns, outcome);
	if (handle_ns >= READ_ONCE(slow_exit_ns))
		trace_gv_slow_exit(vcpu->vm->vm_id, vcpu->id, exit->kind, exit->hw_reason,
				   exit->isa, r->rip, mode, r->key, guest_ns, handle_ns, outcome);
}

void account_trace_userspace(struct vcpu *vcpu, u64 outside_ns)
{
	if (vcpu->account.ran)
		trace_gv_userspace(vcpu->vm->vm_id, vcpu->id, vcpu->account.user_reason,
				   outside_ns);
}

void account_storm(struct vcpu *vcpu, u64 now)
{
	struct vcpu_account *a = &vcpu->account;
	u32 count = READ_ONCE(storm_count), n;
	u64 during;

	a->storm_left = ACCOUNT_STORM_STEP;
	if (!count || !a->storm_n) {
		a->storm_n = !!count;
		a->storm_tsc = now;
		return;
	}
	a->storm_n += ACCOUNT_STORM_STEP;
	if (a->storm_n <= count)
		return;
	during = account_ns(now - a->storm_tsc);
	n = a->storm_n;
	a->storm_n = 1;
	a->storm_tsc = now;
	if (during > READ_ONCE(storm_ns))
		return;
	stat_inc(vcpu, exit_storms);
	if (a->storm_said && account_ns(now - a->storm_said) < STORM_EVERY_NS)
		return;
	a->storm_said = now;
	trace_gv_storm(vcpu->vm->vm_id, vcpu->id, vcpu->exit.kind, a->storm_key, a->record->rip, n,
		       during);
	account_freeze(vcpu, FREEZE_STORM);
}

void account_state(struct vcpu *vcpu, enum vcpu_time state)
{
	struct vcpu_account *a = &vcpu->account;

	if (!static_branch_likely(&account_on))
		return;
	preempt_disable(); /* account_sched_out() writes too, and would make seq even in here */
	account_write_begin(a);
	account_switch(a, state, rdtsc());
	account_write_end(a);
	preempt_enable();
}

void account_halted(struct vcpu *vcpu)
{
	struct vcpu_account *a = &vcpu->account;
	u64 now;

	if (!static_branch_likely(&account_on) || !a->open)
		return;
	preempt_disable(); /* as above */
	account_write_begin(a);
	now = rdtsc();
	account_switch(a, VCPU_TIME_HANDLING, now);
	account_close(vcpu, now, OUTCOME_HALTED, 0); /* ends the writing */
	preempt_enable();
}

/* A thread that sleeps is not ready: it waits for the host's memory or a lock. */
void account_sched_out(struct vcpu *vcpu)
{
	if (vcpu->account.state == VCPU_TIME_HALTED)
		return;
	account_state(vcpu, task_is_running(current) ? VCPU_TIME_READY : VCPU_TIME_HANDLING);
}

void account_sched_in(struct vcpu *vcpu)
{
	if (vcpu->account.state != VCPU_TIME_HALTED)
		account_state(vcpu, VCPU_TIME_HANDLING);
}

/* Into the histogram of @key; preemption is on. */
static void record_hist(struct vcpu *vcpu, u64 key, u64 ns)
{
	struct vcpu_account *a = &vcpu->account;

	preempt_disable(); /* as above */
	account_write_begin(a);
	hist_record(histpool_get(a->hists, key), ns);
	account_write_end(a);
	preempt_enable();
}

u64 account_mmu_fault(struct vcpu *vcpu, u32 kind)
{
	u64 ns;

	if (!static_branch_likely(&account_on))
		return 0;
	ns = account_ns(tsc_since(rdtsc(), vcpu->account.record->exit_tsc));
	record_hist(vcpu, HIST_KEY(HIST_MMU_FAULT_TIME, kind, 0), ns);
	return ns;
}

void account_halt(struct vcpu *vcpu, u32 kind, u64 ns)
{
	if (static_branch_likely(&account_on))
		record_hist(vcpu, HIST_KEY(HIST_HALT_TIME, kind, 0), ns);
}

u64 account_irq(struct vcpu *vcpu, u8 vector, u64 asked_tsc)
{
	u64 ns;

	if (!static_branch_likely(&account_on))
		return 0;
	ns = account_ns(tsc_since(rdtsc(), asked_tsc));
	record_hist(vcpu, HIST_KEY(HIST_IRQ_TIME, vector >> 4, 0), ns);
	return ns;
}

/* ---- readers ------------------------------------------------------------ */

#define READ_TRIES 1024
#define READ_SPINS 64 /* then another thread gets the CPU if it wants it */

/* Returns a->last. */
static u64 copy_account(const struct vcpu_account *a, struct account_copy *copy)
{
	u64 last = a->last;

	memcpy(copy->ticks, a->ticks, sizeof(a->ticks));
	copy->state = a->state;
	copy->hists.n = smp_load_acquire(&a->hists->n);
	memcpy(copy->hists.entry, a->hists->entry, copy->hists.n * sizeof(a->hists->entry[0]));
	copy->tsc = rdtsc_ordered();
	return last;
}

/* The vCPU's thread writes for some 50 ns, but may lose the CPU in the middle of it. */
void account_read(const struct vcpu *vcpu, struct account_copy *ret_copy)
{
	const struct vcpu_account *a = &vcpu->account;
	unsigned int try;
	u64 last;
	u32 seq;

	memset(ret_copy, 0, offsetof(struct account_copy, hists));
	ret_copy->hists.n = 0;
	if (!a->hists)
		return;
	for (try = 1; try <= READ_TRIES; try++) {
		seq = READ_ONCE(a->seq);
		if (!(seq & 1)) {
			smp_rmb();
			last = copy_account(a, ret_copy);
			smp_rmb();
			if (READ_ONCE(a->seq) == seq)
				break;
		}
		if (try % READ_SPINS)
			cpu_relax();
		else
			cond_resched();
	}
	ret_copy->torn = try > READ_TRIES;
	if (ret_copy->torn)
		last = copy_account(a, ret_copy);
	if (ret_copy->state < VCPU_TIME_COUNT)
		ret_copy->ticks[ret_copy->state] += tsc_since(ret_copy->tsc, last);
}
