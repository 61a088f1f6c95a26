// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exits cost, by the guest's RIP, kind and reason.
 */
#include "common/programs.bpf.h"
#include "kvmhot.h"

struct open_exit {
	u64 start;
	u64 rip;
	u32 reason;
	u32 isa;
	u32 vcpu;
	u32 unused;
};

#include "common/pair.bpf.h"

RESULT_MAP(hot, struct hot_key, struct hot_row)

static __always_inline int count(struct hot_key *key, u32 isa, u64 ns)
{
	struct hot_row *row = hot_get(key);

	if (!row)
		return TRACE_CONTINUE;
	row->count++;
	row->ns += ns;
	if (ns > row->max)
		row->max = ns;
	row->isa = isa;
	return TRACE_CONTINUE;
}

EVENT_ARGS(gv_exit)
{
	struct hot_key key = {a->vm_id, a->vcpu_id, a->rip, a->kind, a->reason};

	return wanted(a->vcpu_id) ? count(&key, a->isa, a->handle_ns) : TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_exit)
BY_RECORD(glassvisor, gv_exit)

EVENT_ARGS(kvm_exit)
{
	struct open_exit *o;

	if (!wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	o = open_exit(true);
	if (!o)
		return TRACE_CONTINUE;
	o->rip = a->guest_rip;
	o->reason = a->exit_reason;
	o->isa = a->isa;
	o->vcpu = a->vcpu_id;
	o->start = bpf_ktime_get_ns();
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_exit)

static __always_inline int on_closed(const struct open_exit *o, u64 ns)
{
	struct hot_key key = {current_tgid(), o->vcpu, o->rip, 0, o->reason};

	return count(&key, o->isa, ns);
}

char LICENSE[] SEC("license") = "GPL";
