// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log: passes by slot and mode, and the write faults in between.
 * glassvisor only: stock KVM has no event that tells either.
 */
#include "common/programs.bpf.h"
#include "kvmdirty.h"

#define SLOT_NONE (~0U)

RESULT_MAP(passes, struct pass_key, struct pass_row)
RESULT_MAP(writes, struct write_key, struct write_row)

EVENT_ARGS(gv_dirty_pass)
{
	struct pass_key key = {a->vm_id, a->slot, a->mode, 0};
	struct pass_row *row;

	if (!wanted_tgid())
		return TRACE_CONTINUE;
	row = passes_get(&key);
	if (!row)
		return TRACE_CONTINUE;
	row->dirty += a->dirty;
	row->protected += a->protected;
	row->flushes += a->flushes;
	row->protect_ns += a->protect_ns;
	row->flush_ns += a->flush_ns;
	row->copy_ns += a->copy_ns;
	row->npages = a->npages;
	times_add(&row->times, a->protect_ns + a->flush_ns + a->copy_ns);
	return TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_dirty_pass)
BY_RECORD(glassvisor, gv_dirty_pass)

EVENT_ARGS(gv_mmu_fault)
{
	struct write_key key = {a->vm_id, a->slot, a->kind, 0};
	struct write_row *row;

	if (!(a->error_code & FAULT_WRITE) || a->slot == SLOT_NONE || !wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	row = writes_get(&key);
	if (!row)
		return TRACE_CONTINUE;
	shared_add(&row->count, 1);
	shared_add(&row->ns, a->handle_ns);
	return TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_mmu_fault)
BY_RECORD(glassvisor, gv_mmu_fault)

char LICENSE[] SEC("license") = "GPL";
