// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMU faults: how long they take, by vCPU and kind; and where they are, by slot
 * and region of guest physical memory.
 */
#include "common/programs.bpf.h"
#include "kvmfault.h"

struct open_exit {
	u64 start;
	u64 gpa;
	u32 error_code;
	u32 vcpu;
};

#include "common/pair.bpf.h"

#define PAGE_SHIFT 12

/* Set before load: a region is 2^region_shift pages. */
const volatile u32 region_shift = 9;

RESULT_MAP(faults, struct fault_key, struct fault_row)
RESULT_MAP(heat, struct heat_key, struct heat_row)

static __always_inline int count(struct fault_key *key, u32 slot, u64 gpa, u32 error_code, u64 ns)
{
	struct heat_key place = {key->vm, slot, gpa >> PAGE_SHIFT >> region_shift};
	struct fault_row *fault = faults_get(key);
	struct heat_row *h = heat_get(&place);

	if (fault)
		times_add(&fault->times, ns);
	if (!h)
		return TRACE_CONTINUE;
	shared_add(&h->count, 1);
	shared_add(&h->ns, ns);
	if (error_code & FAULT_WRITE)
		shared_add(&h->writes, 1);
	return TRACE_CONTINUE;
}

EVENT_ARGS(gv_mmu_fault)
{
	struct fault_key key = {a->vm_id, a->vcpu_id, a->kind, 0};

	if (!wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	return count(&key, a->slot, a->gpa, a->error_code, a->handle_ns);
}

BY_ARGUMENTS(gv_mmu_fault)
BY_RECORD(glassvisor, gv_mmu_fault)

EVENT_ARGS(kvm_page_fault)
{
	struct open_exit *o;

	if (!wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	o = open_exit(true);
	if (!o)
		return TRACE_CONTINUE;
	o->gpa = a->fault_address;
	o->error_code = a->error_code;
	o->vcpu = a->vcpu_id;
	o->start = bpf_ktime_get_ns();
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_page_fault)

static __always_inline int on_closed(const struct open_exit *o, u64 ns)
{
	struct fault_key key = {current_tgid(), o->vcpu, KIND_UNKNOWN, 0};

	return count(&key, NO_SLOT, o->gpa, o->error_code, ns);
}

char LICENSE[] SEC("license") = "GPL";
