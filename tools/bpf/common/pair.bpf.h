/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stock KVM has no event with a duration: an exit is open from kvm_exit to
 * kvm_entry or kvm_userspace_exit on the same thread, whichever comes first
 * (so time in userspace is not counted, as in our own gv_exit).
 *
 * The includer defines the struct open_exit that it wants to remember, whose
 * first member is u64 start (0: none open), and on_closed().
 */
#ifndef GLASSVISOR_TOOLS_BPF_PAIR_H
#define GLASSVISOR_TOOLS_BPF_PAIR_H

#include "programs.bpf.h"

/* By thread. Those of threads that ended are thrown out when it is full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, u32);
	__type(value, struct open_exit);
} open_exits SEC(".maps");

static const struct open_exit no_exit = {};

/* The current thread's, made if @make; NULL where there is none. */
static __always_inline struct open_exit *open_exit(bool make)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct open_exit *o = bpf_map_lookup_elem(&open_exits, &tid);

	if (o || !make)
		return o;
	bpf_map_update_elem(&open_exits, &tid, &no_exit, BPF_NOEXIST);
	return bpf_map_lookup_elem(&open_exits, &tid);
}

/* What an exit was worth, once it is over. */
static __always_inline int on_closed(const struct open_exit *o, u64 ns);

static __always_inline int close_exit(void)
{
	struct open_exit *o = open_exit(false);
	u64 start;

	if (!o || !o->start)
		return TRACE_CONTINUE;
	start = o->start;
	o->start = 0;
	return on_closed(o, bpf_ktime_get_ns() - start);
}

static __always_inline int on_kvm_entry(void)
{
	return close_exit();
}

static __always_inline int on_kvm_userspace_exit(void)
{
	return close_exit();
}

BY_MOMENT(kvm, kvm_entry)
BY_MOMENT(kvm, kvm_userspace_exit)

#endif /* GLASSVISOR_TOOLS_BPF_PAIR_H */
