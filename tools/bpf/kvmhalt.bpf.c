// SPDX-License-Identifier: GPL-2.0-only
/*
 * Halts: how long they last, and how long the thread takes from its waking to
 * the end of the halt.
 *
 * Wakings come from the scheduler, for every thread of the machine. Only those
 * of threads are noted that have ended a halt before: a thread's first halt has
 * no wake-up time.
 */
#include "common/programs.bpf.h"
#include "kvmhalt.h"

RESULT_MAP(halts, struct halt_key, struct halt_row)

/* When a thread was last woken. Those of threads that ended are thrown out when it is full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, u32);
	__type(value, u64);
} wakings SEC(".maps");

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
	u64 *waking = bpf_map_lookup_elem(&wakings, &tid);
	u64 never = 0, ago;

	count(vm, vcpu, phase, ns);
	if (!waking) {
		bpf_map_update_elem(&wakings, &tid, &never, BPF_NOEXIST);
		return TRACE_CONTINUE;
	}
	ago = bpf_ktime_get_ns() - *waking;
	if (*waking && ago <= ns)
		count(vm, vcpu, HALT_WAKEUP, ago);
	*waking = 0;
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
	u64 *waking = bpf_map_lookup_elem(&wakings, &tid);

	if (waking)
		*waking = bpf_ktime_get_ns();
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
