/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs that don't run: halted ones, and application processors that wait for
 * INIT and SIPI. Only where the local APIC is in the kernel; else all this is
 * userspace's.
 *
 * A vCPU that waits first polls for a while, as much as its last waits taught
 * it to be worth, and then sleeps. Whoever has something for it sets a request
 * and kicks (mem/kick.c), which also wakes. The sleeper publishes itself in
 * vcpu->wait before it looks at the requests, the kicker sets the request before
 * it looks at vcpu->wait: one of them sees the other.
 *
 * Locks: vcpu->mutex.
 */
#include <linux/kvm.h>
#include <linux/moduleparam.h>
#include <linux/rcuwait.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../trace/irqchip.h"
#include "../x86/seg.h"
#include "core.h"
#include "state.h"

static uint halt_poll_ns = 200000;
module_param(halt_poll_ns, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns,
		 "Longest time that a halted vCPU polls before it sleeps, in ns (default: 200000)");

#define POLL_FIRST_NS 10000

/* ---- INIT, SIPI, NMI from the local APIC -------------------------------------- */

static void take_init(struct vcpu *vcpu)
{
	vcpu_init_reset(vcpu);
	lapic_dev_init(vcpu);
	vcpu->mp_state = vcpu->id == vcpu->vm->bsp_id ? KVM_MP_STATE_RUNNABLE
						      : KVM_MP_STATE_INIT_RECEIVED;
}

/* SDM vol. 3, "MP Initialization Protocol": execution begins at 000VV000H. */
static void take_sipi(struct vcpu *vcpu, u8 vector)
{
	struct vcpu_state *st;

	if (vcpu->mp_state != KVM_MP_STATE_INIT_RECEIVED)
		return;
	st = vcpu_state(vcpu, STATE_SEGS);
	st->seg[SEG_CS].selector = vector << 8;
	st->seg[SEG_CS].base = vector << 12;
	vcpu_state_dirty(vcpu, STATE_SEGS);
	vcpu->rip = 0;
	vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
}

void halt_take_nmi(struct vcpu *vcpu)
{
	if (lapic_in_kernel(vcpu) && test_and_clear_bit(LAPIC_EVENT_NMI, &vcpu->lapic->events))
		event_user_nmi(vcpu);
}

void halt_take_events(struct vcpu *vcpu)
{
	struct lapic_dev *d = vcpu->lapic;

	if (likely(!READ_ONCE(d->events)))
		return;
	halt_take_nmi(vcpu);
	if (test_and_clear_bit(LAPIC_EVENT_INIT, &d->events))
		take_init(vcpu);
	if (test_and_clear_bit(LAPIC_EVENT_SIPI, &d->events))
		take_sipi(vcpu, READ_ONCE(d->sipi_vector));
	if (test_and_clear_bit(LAPIC_EVENT_KICK, &d->events))
		vcpu->pv_unhalted = true;
}

/* ---- waiting --------------------------------------------------------------------- */

static bool called(struct vcpu *vcpu)
{
	return READ_ONCE(vcpu->requests) || signal_pending(current);
}

/* Not while another thread wants the CPU: it may be the one that is waited for. */
static bool poll(struct vcpu *vcpu, u64 until)
{
	do {
		if (called(vcpu))
			return true;
		cpu_relax();
	} while (single_task_running() && !need_resched() && ktime_get_ns() < until);
	return called(vcpu);
}

static void sleep(struct vcpu *vcpu)
{
	prepare_to_rcuwait(&vcpu->wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (called(vcpu))
			break;
		schedule();
	}
	finish_rcuwait(&vcpu->wait);
}

/*
 * What polling would have been worth: a wait that ended within the limit is
 * worth polling for next time; after a longer one it is given up.
 */
static void learn(struct vcpu *vcpu, u64 waited)
{
	u64 limit = READ_ONCE(halt_poll_ns);
	u32 before = vcpu->halt_poll_ns;

	if (waited > limit)
		vcpu->halt_poll_ns = 0;
	else if (waited > vcpu->halt_poll_ns)
		vcpu->halt_poll_ns = min(limit, max_t(u64, POLL_FIRST_NS, 2 * vcpu->halt_poll_ns));
	if (vcpu->halt_poll_ns != before)
		trace_kvm_halt_poll_ns(vcpu, vcpu->halt_poll_ns, before);
}

static enum wake_cause cause(const struct vcpu *vcpu)
{
	if (READ_ONCE(vcpu->requests) & BIT(REQ_IRQ))
		return WAKE_INTERRUPT;
	return signal_pending(current) ? WAKE_SIGNAL : WAKE_REQUEST;
}

static void wait(struct vcpu *vcpu)
{
	u64 start = ktime_get_ns(), polled, slept = 0;
	bool woken = false;

	account_halted(vcpu);
	trace_gv_halt(vcpu->vm->vm_id, vcpu->id, vcpu->mp_state, vcpu->rip, vcpu->halt_poll_ns);
	if (vcpu->halt_poll_ns) {
		account_state(vcpu, VCPU_TIME_POLLING);
		stat_inc(vcpu, halt_attempted_poll);
		woken = poll(vcpu, start + vcpu->halt_poll_ns);
	}
	polled = ktime_get_ns() - start;
	if (woken) {
		stat_inc(vcpu, halt_successful_poll);
		stat_add(vcpu, halt_poll_success_ns, polled);
	} else {
		stat_add(vcpu, halt_poll_fail_ns, polled);
		account_state(vcpu, VCPU_TIME_HALTED);
		sleep(vcpu);
		slept = ktime_get_ns() - start - polled;
		stat_add(vcpu, halt_wait_ns, slept);
	}
	account_state(vcpu, VCPU_TIME_HANDLING);
	stat_inc(vcpu, halt_wakeup);
	trace_kvm_vcpu_wakeup(vcpu, polled + slept, !woken);
	if (trace_gv_wakeup_enabled())
		trace_gv_wakeup(vcpu->vm->vm_id, vcpu->id, cause(vcpu), polled, slept);
	if (vcpu->mp_state != KVM_MP_STATE_HALTED)
		return;
	account_halt(vcpu, woken ? WAIT_POLLED : WAIT_SLEPT, polled + slept);
	learn(vcpu, polled + slept);
}

int halt_wait(struct vcpu *vcpu)
{
	if (vcpu->mp_state == KVM_MP_STATE_HALTED && (event_wakes(vcpu) || vcpu->pv_unhalted)) {
		vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
		vcpu->pv_unhalted = false;
		return 0;
	}
	lapic_dev_timer_to_host(vcpu);
	wait(vcpu);
	if (!signal_pending(current))
		return 0;
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	stat_inc(vcpu, signal_exits);
	return -EINTR;
}
