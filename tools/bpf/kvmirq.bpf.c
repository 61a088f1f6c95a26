// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts by VM, vCPU, vector and source: requests, time to the injection,
 * time from there to the EOI.
 *
 * Requests come from any thread, and from interrupts of the host; what happens to
 * them then is told by the vCPU's own thread.
 */
#include "common/programs.bpf.h"
#include "kvmirq.h"

COUNT_MAP(requests, struct irq_key, struct request_row)
COUNT_MAP(injections, struct irq_key, struct inject_row)
COUNT_MAP(services, struct irq_key, struct service_row)
HASH_MAP(vms, struct vm_key, struct vm_row)

/* Where a vector of a vCPU is. */
struct life {
	u64 asked_ns;	 /* stock KVM: waits since then; 0: does not wait */
	u64 injected_ns; /* in the guest since then; 0: is not */
	u32 source;	 /* of that one */
	u32 unused;
};

/* source: 0. Those of VMs that ended are thrown out when it is full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct irq_key);
	__type(value, struct life);
} lives SEC(".maps");

static const struct life no_life = {};

static __always_inline struct life *life_find(u32 vm, u32 vcpu, u32 vector)
{
	struct irq_key key = {vm, vcpu, vector, 0};

	return bpf_map_lookup_elem(&lives, &key);
}

static __always_inline struct life *life_get(u32 vm, u32 vcpu, u32 vector)
{
	struct irq_key key = {vm, vcpu, vector, 0};
	struct life *life = bpf_map_lookup_elem(&lives, &key);

	if (life)
		return life;
	bpf_map_update_elem(&lives, &key, &no_life, BPF_NOEXIST);
	return bpf_map_lookup_elem(&lives, &key);
}

static __always_inline void count_request(struct irq_key *key, bool coalesced)
{
	struct request_row *row = requests_get(key);

	if (!row)
		return;
	shared_add(&row->requests, 1);
	if (coalesced)
		shared_add(&row->coalesced, 1);
}

/* The VM is the current process's. */
static __always_inline void note_owner(u32 vm)
{
	struct vm_key key = {vm};
	struct vm_row *row = bpf_map_lookup_elem(&vms, &key);

	if (row)
		return;
	row = vms_add(&key);
	if (!row)
		return;
	owner_current(&row->owner);
	row->seen = 1;
}

/* @wait_ns: ~0 where the request was not seen. */
static __always_inline void count_injection(u32 vm, u32 vcpu, u32 vector, u32 source, u64 wait_ns)
{
	struct irq_key key = {vm, vcpu, vector, source};
	struct inject_row *row = injections_get(&key);

	note_owner(vm);
	if (!row)
		return;
	row->injected++;
	if (wait_ns == ~0ULL)
		row->unseen++;
	else
		times_add(&row->wait, wait_ns);
}

static __always_inline void begin_service(struct life *life, u32 source)
{
	life->source = source;
	life->injected_ns = bpf_ktime_get_ns();
}

/* An end counts where its injection was seen. */
static __always_inline int on_end(u32 vm, u32 vcpu, u32 vector)
{
	struct life *life = life_find(vm, vcpu, vector);
	struct irq_key key = {vm, vcpu, vector, 0};
	struct service_row *row;
	u64 since;

	if (!life || !life->injected_ns)
		return TRACE_CONTINUE;
	since = life->injected_ns;
	life->injected_ns = 0;
	key.source = life->source;
	row = services_get(&key);
	if (row)
		times_add(&row->service, bpf_ktime_get_ns() - since);
	return TRACE_CONTINUE;
}

/* ---- glassvisor ----------------------------------------------------------- */

static __always_inline bool has_vector(u32 delivery)
{
	return delivery == DELIVERY_FIXED || delivery == DELIVERY_LOWEST ||
	       delivery == DELIVERY_EXTINT;
}

/* Whose process it comes from says nothing: which VMs to show is the reader's choice. */
EVENT_ARGS(gv_irq_request)
{
	struct irq_key key = {a->vm_id, a->vcpu_id, a->vector, a->source};

	if (!has_vector(a->delivery))
		key.vector = IRQ_NO_VECTOR + a->delivery;
	if (filter.vcpu == ANY_VCPU || filter.vcpu == a->vcpu_id)
		count_request(&key, a->coalesced);
	return TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_irq_request)
BY_RECORD(glassvisor, gv_irq_request)

EVENT_ARGS(gv_irq_inject)
{
	struct life *life;

	if (!wanted(a->vcpu_id))
		return TRACE_CONTINUE;
	life = life_get(a->vm_id, a->vcpu_id, a->vector);
	if (life)
		begin_service(life, a->source);
	count_injection(a->vm_id, a->vcpu_id, a->vector, a->source, a->wait_ns);
	return TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_irq_inject)
BY_RECORD(glassvisor, gv_irq_inject)

EVENT_ARGS(gv_irq_eoi)
{
	return wanted(a->vcpu_id) ? on_end(a->vm_id, a->vcpu_id, a->vector) : TRACE_CONTINUE;
}

BY_ARGUMENTS(gv_irq_eoi)
BY_RECORD(glassvisor, gv_irq_eoi)

/* ---- stock KVM ------------------------------------------------------------ */

/* Which vCPU a thread is, of those that entered a guest. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, u32);
	__type(value, u32);
} threads SEC(".maps");

EVENT_ARGS(kvm_entry)
{
	u32 tid = (u32)bpf_get_current_pid_tgid(), vcpu = a->vcpu_id;
	u32 *known = bpf_map_lookup_elem(&threads, &tid);

	if (known && *known == vcpu)
		return TRACE_CONTINUE;
	bpf_map_update_elem(&threads, &tid, &vcpu, BPF_ANY);
	note_owner(current_tgid());
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_entry)

/* The event comes for those that wait already, too. */
EVENT_ARGS(kvm_apic_accept_irq)
{
	u32 delivery = a->dm >> 8 & 7;
	struct vm_key vm = {current_tgid()};
	struct irq_key key = {vm.vm, a->apicid, a->vec, 0};
	struct life *life = 0;
	bool waits;

	if (!wanted(a->apicid))
		return TRACE_CONTINUE;
	if (!bpf_map_lookup_elem(&vms, &vm))
		key.vm = OUTSIDE_VM;
	if (!has_vector(delivery))
		key.vector = IRQ_NO_VECTOR + delivery;
	else if (key.vm != OUTSIDE_VM)
		life = life_get(key.vm, key.vcpu, key.vector);
	waits = life && life->asked_ns;
	count_request(&key, waits);
	if (life && !waits)
		life->asked_ns = bpf_ktime_get_ns();
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_apic_accept_irq)

EVENT_ARGS(kvm_inj_virq)
{
	u32 tid = (u32)bpf_get_current_pid_tgid(), vm = current_tgid();
	u32 *vcpu = bpf_map_lookup_elem(&threads, &tid);
	u64 wait_ns = ~0ULL;
	struct life *life;

	if (!vcpu || a->soft || a->reinjected || !wanted(*vcpu))
		return TRACE_CONTINUE;
	life = life_get(vm, *vcpu, a->vector);
	if (life) {
		if (life->asked_ns)
			wait_ns = bpf_ktime_get_ns() - life->asked_ns;
		life->asked_ns = 0;
		begin_service(life, 0);
	}
	count_injection(vm, *vcpu, a->vector, 0, wait_ns);
	return TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_inj_virq)

EVENT_ARGS(kvm_eoi)
{
	return wanted(a->apicid) ? on_end(current_tgid(), a->apicid, a->vector) : TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_eoi)

/* Where both events come for the same end, the second finds nothing in service. */
EVENT_ARGS(kvm_pv_eoi)
{
	return wanted(a->apicid) ? on_end(current_tgid(), a->apicid, a->vector) : TRACE_CONTINUE;
}

BY_RECORD(kvm, kvm_pv_eoi)

char LICENSE[] SEC("license") = "GPL";
