// SPDX-License-Identifier: GPL-2.0-only
/*
 * Halts: how long they last, and how long the thread takes from its waking to
 * the end of the halt.
 *
 * Wakings come from the scheduler, for every thread of the machine. Only those
 * of threads are noted that were seen to halt: where a halt's beginning shows
 * (gv_halt) that is from the first on, elsewhere from the second.
 */
#include "common/programs.bpf.h"
#include "kvmhalt.h"

RESULT_MAP(halts, struct halt_key, struct halt_row)

struct thread {
	u64 woken; /* when; 0: not since its halt began */
	u64 state; /* KVM_MP_STATE_* of the wait in the kernel that has begun; 0: none */
};

/* Those that ended are thrown out when it is full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, u32);
	__type(value, struct thread);
} threads SEC(".maps");

static __always_inline void count(u32 vm, u32 vcpu, u32 phase, u64 ns)
{
	struct halt_key key = {vm, vcpu, phase, 0};
	struct halt_row *row = halts_get(&key);

	if (row)
		times_add(&row->times, ns);
}

/* A halt of @ns is over just now, in its thread. */
static __always_inline int on_halt(u32 vm, u32 vcpu, u32 phase, u64 ns)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct thread *t = bpf_map_lookup_elem(&threads, &tid);
	struct thread fresh = {};
	u64 ago;

	count(vm, vcpu, phase, ns);
	if (!t) {
		bpf_map_update_elem(&threads, &tid, &fresh, BPF_NOEXIST);
		return TRACE_CONTINUE;
	}
	ago = bpf_ktime_get_ns() - t->woken;
	if (t->woken && ago <= ns)
		count(vm, vcpu, HALT_WAKEUP, ago);
	t->woken = 0;
	return TRACE_CONTINUE;
}

EVENT_ARGS(gv_userspace)
{
	if (a->reason != KVM_EXIT_HLT_NUMBER || !wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	return on_halt(a->vm_id, a->vcpu_id, HALT_USERSPACE, a->outside_ns);
}

BY_ARGUMENTS(gv_userspace)
BY_RECORD(glassvisor, gv_userspace)

EVENT_ARGS(gv_halt)
{
	struct thread begun = {.state = a->state};
	u32 tid = (u32)bpf_get_current_pid_tgid();

	if (wanted(a->vcpu_id))
		bpf_map_update_elem(&threads, &tid, &begun, BPF_ANY);
	return TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_halt)
BY_RECORD(glassvisor, gv_halt)

/* Waiting for INIT or SIPI is no halt; one that had begun before us may be either. */
EVENT_ARGS(gv_wakeup)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct thread *t = bpf_map_lookup_elem(&threads, &tid);

	if (!t || t->state != MP_STATE_HALTED_NUMBER)
		return TRACE_CONTINUE;
	t->state = 0;
	return on_halt(a->vm_id, a->vcpu_id, a->waited_ns ? HALT_SLEPT : HALT_POLLED,
		       a->polled_ns + a->waited_ns);
}

BY_ARGUMENTS(gv_wakeup)
BY_RECORD(glassvisor, gv_wakeup)

EVENT_ARGS(kvm_vcpu_wakeup)
{
	if (!wanted_tgid())
		return TRACE_CONTINUE;
	return on_halt(current_tgid(), (u32)bpf_get_current_pid_tgid(),
		       a->waited ? HALT_SLEPT : HALT_POLLED, a->ns);
}

BY_RECORD(kvm, kvm_vcpu_wakeup)

EVENT_ARGS(sched_waking)
{
	u32 tid = a->pid;
	struct thread *t = bpf_map_lookup_elem(&threads, &tid);

	if (t)
		t->woken = bpf_ktime_get_ns();
	return TRACE_CONTINUE;
}

BY_RECORD(sched, sched_waking)

/* Its one argument is the thread's task: where its number is, the kernel's BTF says. */
static __always_inline int waking_of(struct task_struct *task)
{
	struct sched_waking_args args = {.pid = BPF_CORE_READ(task, pid)};

	return on_sched_waking(&args);
}

SEC("tp_btf/sched_waking") int sched_waking_btf(u64 *ctx)
{
	return waking_of((struct task_struct *)ctx[0]);
}

SEC("raw_tp/sched_waking") int sched_waking_raw(u64 *ctx)
{
	return waking_of((struct task_struct *)ctx[0]);
}

char LICENSE[] SEC("license") = "GPL";
