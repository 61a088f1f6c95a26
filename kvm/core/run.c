/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_RUN: finish what userspace was asked for, then enter the guest and
 * handle its exits until something has to go out.
 *
 * One turn of the loop: requests, events, entry with interrupts off, exit,
 * accounting, handler. One predicate (must_leave) decides, with interrupts
 * off, whether the entry may happen at all. SRCU is entered by the handlers
 * that look at memory slots, never here, so that nobody waits for a guest.
 *
 * kick protocol: whoever wants a vCPU's attention sets a request bit and then
 * looks at vcpu->mode; the entry path sets mode and then looks at requests,
 * with a full barrier between the two on both sides.
 */
#include <linux/context_tracking.h>
#include <linux/kvm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/vtime.h>

#include "../arch/ops.h"
#include "../compat.h"
#include "../irq/irqchip.h"
#include "../mem/mem.h"
#include "../stat/account.h"
#include "../stat/stat.h"
#include "../trace/exit.h"
#include "core.h"
#include "pv.h"
#include "state.h"

/* ---- guest context ----------------------------------------------------- */

/* Time is the guest's from here; RCU and context tracking know. Interrupts off. */
static __always_inline void context_enter(void)
{
	vtime_account_guest_enter();
	context_tracking_guest_enter();
}

static __always_inline void context_leave(void)
{
	context_tracking_guest_exit();
}

/*
 * With a host interrupt pending, take it while the time is still the guest's:
 * a timer tick that ended the guest's run is charged to the guest. An exit by
 * a host interrupt is also where RCU learns that this CPU was quiescent.
 */
static void take_host_interrupt(struct vcpu *vcpu)
{
	stat_inc(vcpu, irq_exits);
	compat_rcu_note_guest();
	local_irq_enable();
	/* One instruction must pass before a pending interrupt is taken. */
	asm volatile("nop");
	local_irq_disable();
}

/* ---- leaving ----------------------------------------------------------- */

#define LEAVE_WORK (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_NEED_RESCHED | _TIF_NOTIFY_RESUME)

/*
 * TIF_NOTIFY_RESUME is set for rseq whenever the thread gets a CPU, and that can
 * wait until the thread goes to user mode. Task work and a memory cgroup over its
 * limit can't: there are guests that never make their thread go there.
 */
static bool resume_work(void)
{
#ifdef CONFIG_MEMCG
	if (current->memcg_nr_pages_over_high)
		return true;
#endif
	return task_work_pending(current);
}

/* Interrupts off, mode published: has the thread anything to do before an entry? */
static __always_inline bool must_leave(struct vcpu *vcpu)
{
	unsigned long work = read_thread_flags() & LEAVE_WORK;

	if (READ_ONCE(vcpu->requests))
		return true;
	return unlikely(work) && (work != _TIF_NOTIFY_RESUME || resume_work());
}

/*
 * Thread work that came in: RUN_AGAIN after rescheduling; for signals, -EINTR.
 * Work that only the way to user mode can do (task work) is done by letting the
 * system call restart by itself: no pending state is touched in between, and
 * userspace does not see it.
 */
static int thread_work(struct vcpu *vcpu)
{
	unsigned long work = read_thread_flags();

	/* Reboot, kexec: the hardware was switched off under us, and stays off. */
	if (unlikely(system_state >= SYSTEM_HALT && system_state <= SYSTEM_RESTART))
		return -EIO;
	if (signal_pending(current)) {
		vcpu->run->exit_reason = KVM_EXIT_INTR;
		stat_inc(vcpu, signal_exits);
		return -EINTR;
	}
	if ((work & _TIF_NOTIFY_RESUME) && resume_work())
		return -ERESTARTNOINTR; /* run_vcpu() sees to the restart */
	/* This CPU may also be on its way offline, its hardware off: go elsewhere. */
	if ((work & _TIF_NEED_RESCHED) || !raw_cpu_read(arch_cpu_on))
		schedule();
	return 0;
}

/* vcpu->requests: 0; a negative errno that ends KVM_RUN, or 1: vcpu->run is filled. */
static int handle_requests(struct vcpu *vcpu)
{
	int idx;

	clear_bit(REQ_KICK, &vcpu->requests);
	if (test_and_clear_bit(REQ_TLB_FLUSH, &vcpu->requests))
		vcpu_tlb_flush(vcpu);
	if (test_and_clear_bit(REQ_WRITE_LOG, &vcpu->requests))
		arch_write_log_set(vcpu, READ_ONCE(vcpu->vm->log_slots));
	if (vcpu->requests & REQ_FREEZE_ANY)
		freeze_recorder(vcpu);
	if (test_and_clear_bit(REQ_IRQ, &vcpu->requests) && vcpu->lapic) {
		lapic_dev_sync(vcpu);
		halt_take_events(vcpu);
		event_lapic_changed(vcpu);
	}
	if (test_and_clear_bit(REQ_IOAPIC_EOI, &vcpu->requests)) {
		vcpu->run->exit_reason = KVM_EXIT_IOAPIC_EOI;
		vcpu->run->eoi.vector = vcpu->lapic->eoi_vector;
		return 1;
	}
	if (test_and_clear_bit(REQ_TPR_ACCESS, &vcpu->requests)) {
		vcpu->run->exit_reason = KVM_EXIT_TPR_ACCESS;
		vcpu->run->tpr_access.rip = vcpu->lapic->tpr_rip;
		vcpu->run->tpr_access.is_write = vcpu->lapic->tpr_write;
		return 1;
	}
	if (test_and_clear_bit(REQ_MSR_FILTER, &vcpu->requests))
		msr_filter_refresh(vcpu);
	if (test_and_clear_bit(REQ_CLOCK_UPDATE, &vcpu->requests)) {
		idx = mem_enter(vcpu->vm);
		time_kvmclock_update(vcpu);
		mem_leave(vcpu->vm, idx);
	}
	if (test_and_clear_bit(REQ_STEAL_UPDATE, &vcpu->requests)) {
		idx = mem_enter(vcpu->vm);
		pv_steal_update(vcpu);
		mem_leave(vcpu->vm, idx);
	}
	return 0;
}

/* ---- one entry --------------------------------------------------------- */

enum entry_result { ENTRY_DONE, ENTRY_WORK };

static enum entry_result enter_guest(struct vcpu *vcpu, struct exit *exit)
{
	enum entry_result res = ENTRY_WORK;

	preempt_disable();
	local_irq_disable();
	/* Pairs with the barrier in vcpu_kick(): publish the mode, then look. */
	smp_store_mb(vcpu->mode, VCPU_IN_GUEST);
	if (unlikely(must_leave(vcpu) || !__this_cpu_read(arch_cpu_on)))
		goto out;
	account_enter(vcpu);
	trace_kvm_entry(vcpu);
	fpu_guest_xcr0_load(vcpu);
	context_enter();
	__this_cpu_write(perf_vcpu, vcpu);
	arch_enter(vcpu, exit);
	fpu_host_xcr0_load(vcpu);
	context_leave();
	if (unlikely(vcpu->n_logged))
		mem_take_logged(vcpu); /* before anybody can see that the guest has been left */
	account_exit(vcpu);
	stat_inc(vcpu, exits);
	trace_kvm_exit(exit->hw_reason, vcpu, exit);
	if (exit->kind == EXIT_HOST_INTR) {
		arch_exit_host_work(vcpu, exit);
		take_host_interrupt(vcpu);
	}
	__this_cpu_write(perf_vcpu, NULL);
	vtime_account_guest_exit();
	res = ENTRY_DONE;
out:
	WRITE_ONCE(vcpu->mode, VCPU_OUTSIDE);
	local_irq_enable();
	preempt_enable();
	return res;
}

/* What the guest may do to its local APIC without an exit. */
static void give_lapic_words(struct vcpu *vcpu)
{
	if (vcpu->lapic_words & LAPIC_WORD_VAPIC)
		lapic_dev_vapic_out(vcpu);
	else
		lapic_dev_apicv_out(vcpu);
}

/* What the guest did to its local APIC without an exit. */
static void take_lapic_words(struct vcpu *vcpu)
{
	if (vcpu->lapic_words & LAPIC_WORD_APICV) {
		vcpu->lapic_words &= ~LAPIC_WORD_TPR;
		lapic_dev_apicv_in(vcpu);
	}
	if (vcpu->lapic_words & LAPIC_WORD_TPR) {
		vcpu->lapic_words &= ~LAPIC_WORD_TPR;
		lapic_dev_tpr_set(vcpu, vcpu->tpr);
	}
	if (vcpu->lapic_words & LAPIC_WORD_EOI)
		lapic_dev_pv_eoi_collect(vcpu);
	if (vcpu->lapic_words & LAPIC_WORD_VAPIC)
		lapic_dev_vapic_in(vcpu);
}

/* ---- the loop ---------------------------------------------------------- */

static enum run_result shutdown(struct vcpu *vcpu)
{
	account_freeze(vcpu, FREEZE_TRIPLE_FAULT);
	event_triple_fault_clear(vcpu);
	vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
	return RUN_USER;
}

/* 0: KVM_RUN succeeded and vcpu->run is filled; negative errno otherwise. */
static int run_loop(struct vcpu *vcpu)
{
	struct exit *exit = &vcpu->exit;
	enum run_result res;
	int err;

	for (;;) {
		if (unlikely(READ_ONCE(vcpu->requests))) {
			err = handle_requests(vcpu);
			if (err)
				return min(err, 0);
		}
		if (unlikely(vcpu->mp_state != KVM_MP_STATE_RUNNABLE) && vcpu->lapic) {
			err = halt_wait(vcpu);
			if (err)
				return err;
			continue;
		}
		if (unlikely(vcpu->lapic_words & (LAPIC_WORD_VAPIC | LAPIC_WORD_APICV)))
			give_lapic_words(vcpu);
		if (unlikely(!event_prepare_entry(vcpu))) {
			shutdown(vcpu);
			return 0;
		}
		if (unlikely(enter_guest(vcpu, exit) == ENTRY_WORK)) {
			if (unlikely(vcpu->lapic_words))
				take_lapic_words(vcpu);
			event_cancel_entry(vcpu);
			err = thread_work(vcpu);
			if (err)
				return err;
			continue;
		}
		if (unlikely(vcpu->events.in_flight || exit->vectoring.type != EVENT_NONE))
			event_after_exit(vcpu, exit);
		if (unlikely(vcpu->lapic_words))
			take_lapic_words(vcpu);
		res = exit_dispatch(vcpu, exit);
		if (likely(res <= RUN_RETRY)) {
			if (unlikely(vcpu->run->request_interrupt_window) &&
			    event_irq_allowed(vcpu)) {
				vcpu->run->exit_reason = KVM_EXIT_IRQ_WINDOW_OPEN;
				stat_inc(vcpu, request_irq_exits);
				return 0;
			}
			continue;
		}
		return res == RUN_USER ? 0 : vcpu->run_errno;
	}
}

/* ---- KVM_RUN ----------------------------------------------------------- */

/* What userspace reads after every KVM_RUN. */
static void fill_run(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->if_flag = !!(vcpu->rflags & X86_EFLAGS_IF);
	run->flags = 0;
	run->cr8 = vcpu->tpr >> 4;
	run->apic_base = vcpu->apic_base;
	run->ready_for_interrupt_injection = event_irq_allowed(vcpu);
}

/* Without an in-kernel LAPIC, userspace owns the TPR: it comes in with every KVM_RUN. */
static int take_cr8(struct vcpu *vcpu)
{
	u64 cr8 = READ_ONCE(vcpu->run->cr8);

	if (likely(vcpu->tpr >> 4 == cr8 || vcpu->lapic))
		return 0;
	if (cr_rule_cr8(cr8) != CR_OK)
		return -EINVAL;
	vcpu->tpr = cr8 << 4;
	vcpu_irq_dirty(vcpu);
	return 0;
}

/* Finish the access that the last KVM_RUN went out for. */
static int complete_pending(struct vcpu *vcpu)
{
	enum run_result res = exit_complete_user(vcpu);

	if (res <= RUN_RETRY)
		return 1;
	return res == RUN_USER ? 0 : vcpu->run_errno;
}

static void remember_thread(struct vcpu *vcpu)
{
	struct pid *old = rcu_access_pointer(vcpu->pid);
	struct pid *now = task_pid(current);

	if (likely(old == now))
		return;
	rcu_assign_pointer(vcpu->pid, get_pid(now));
	if (old) {
		synchronize_rcu();
		put_pid(old);
	}
}

static int run_loaded(struct vcpu *vcpu)
{
	int res;

	res = take_cr8(vcpu);
	if (res)
		return res;
	if (unlikely(vcpu->steal_msr))
		pv_run_begin(vcpu);
	fpu_enter(vcpu);
	res = vcpu->user_pending ? complete_pending(vcpu) : 1;
	if (res > 0) {
		if (compat_immediate_exit(vcpu->run))
			res = -EINTR;
		else
			res = run_loop(vcpu);
	}
	fpu_leave(vcpu);
	return res;
}

int run_vcpu(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	sigset_t saved;
	int res;

	lockdep_assert_held(&vcpu->mutex);
	remember_thread(vcpu);
	account_run_begin(vcpu);
	if (unlikely(vcpu->sigset_active))
		sigprocmask(SIG_SETMASK, &vcpu->sigset, &saved);
	vcpu_load(vcpu);
	res = unlikely(run->kvm_dirty_regs | run->kvm_valid_regs) ? sync_regs_take(vcpu) : 0;
	if (!res)
		res = run_loaded(vcpu);
	fill_run(vcpu);
	if (unlikely(run->kvm_valid_regs))
		sync_regs_give(vcpu);
	vcpu_put(vcpu);
	if (unlikely(vcpu->sigset_active))
		sigprocmask(SIG_SETMASK, &saved, NULL);
	if (likely(res != -ERESTARTNOINTR))
		stat_inc(vcpu, userspace_exits);
	account_run_end(vcpu, res);
	if (unlikely(READ_ONCE(vcpu->requests) & REQ_FREEZE_ANY))
		freeze_recorder(vcpu);
	/* After the signal mask is back, which looks for signals and clears the flag if none is there. */
	if (unlikely(res == -ERESTARTNOINTR))
		set_thread_flag(TIF_SIGPENDING);
	else
		trace_kvm_userspace_exit(vcpu, run->exit_reason, res);
	return res;
}
