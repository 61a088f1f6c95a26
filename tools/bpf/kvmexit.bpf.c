// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits by VM, vCPU, kind and reason, with a histogram of the time it took to
 * handle them: from the exit to the next entry or KVM_RUN's return.
 */
#include "common/programs.bpf.h"
#include "kvmexit.h"

struct open_exit {
	u64 start;
	u32 reason;
	u32 isa;
	u32 vcpu;
	u32 unused;
};

#include "common/pair.bpf.h"

RESULT_MAP(exits, struct exit_key, struct exit_row)

static __always_inline int count(struct exit_key *key, u32 isa, u64 ns)
{
	struct exit_row *row = exits_get(key);

	if (!row)
		return TRACE_CONTINUE;
	row->isa = isa;
	times_add(&row->times, ns);
	return TRACE_CONTINUE;
}

EVENT_ARGS(gv_exit)
{
	struct exit_key key = {a->vm_id, a->vcpu_id, a->kind, a->reason};

	return wanted(a->vcpu_id) ? count(&key, a->isa, a->handle_ns) : TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_exit)
BY_RECORD(glassvisor, gv_exit)

/* Stock KVM: the reason is in the record only. */
EVENT_ARGS(kvm_exit)
{
	struct open_exit *o;

	if (!wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	o = open_exit(true);
	if (!o)
		return TRACE_CONTINUE;
	o->reason = a->exit_reason;
	o->isa = a->isa;
	o->vcpu = a->vcpu_id;
	o->start = bpf_ktime_get_ns();
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_exit)

static __always_inline int on_closed(const struct open_exit *o, u64 ns)
{
	struct exit_key key = {current_tgid(), o->vcpu, 0, o->reason};

	return count(&key, o->isa, ns);
}

char LICENSE[] SEC("license") = "GPL";
