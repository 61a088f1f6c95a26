// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paravirtual features: see pv.h.
 *
 * Stolen time is what the scheduler says that the vCPU's thread waited for a
 * CPU. The structure is renewed when the thread has got one (REQ_STEAL_UPDATE,
 * before the next entry), so a guest never reads an old one.
 *
 * PV TLB flush: a vCPU that loses its CPU says so in the structure's byte
 * "preempted". A vCPU that wants its TLB flushed may then set a bit there
 * instead of sending an IPI; whoever changes the byte does so atomically, and
 * the vCPU takes the byte to zero before it enters the guest.
 *
 * Locks: vcpu->mutex; pv_sched_out() runs with preemption off and does not fault.
 */
#include <linux/kvm_para.h>
#include <linux/sched.h>

#include "../arch/ops.h"
#include "../irq/irqchip.h"
#include "../mem/kick.h"
#include "../mem/mem.h"
#include "../stat/stat.h"
#include "../trace/irqchip.h"
#include "core.h"
#include "pv.h"
#include "state.h"

#define STEAL_ENABLED BIT_ULL(0)
#define STEAL_GPA     (~0x3fULL)

/* ---- stolen time, PV TLB flush ------------------------------------------ */

static bool steal_on(const struct vcpu *vcpu)
{
	return vcpu->steal_msr & STEAL_ENABLED;
}

static gpa_t steal_gpa(const struct vcpu *vcpu)
{
	return vcpu->steal_msr & STEAL_GPA;
}

/* How long the thread has waited for a CPU, ns. */
static u64 run_delay(void)
{
#ifdef CONFIG_SCHED_INFO
	return current->sched_info.run_delay;
#else
	return 0;
#endif
}

void pv_steal_write(struct vcpu *vcpu, u64 value)
{
	vcpu->steal_msr = value;
	vcpu->steal_preempted = steal_on(vcpu); /* a guest that was saved asleep says so in there */
	vcpu->steal_seen = run_delay();
	if (steal_on(vcpu))
		vcpu_request(vcpu, REQ_STEAL_UPDATE);
}

/* It may also have waited outside of KVM_RUN. */
void pv_run_begin(struct vcpu *vcpu)
{
	if (run_delay() != vcpu->steal_seen)
		vcpu_request(vcpu, REQ_STEAL_UPDATE);
}

void pv_sched_in(struct vcpu *vcpu)
{
	if (unlikely(steal_on(vcpu)))
		vcpu_request(vcpu, REQ_STEAL_UPDATE);
}

/*
 * Between instructions? Who asks for a flush in the byte takes it that the vCPU
 * will use no translation that it has used before; an emulated instruction under
 * way would.
 */
static bool between_instructions(const struct vcpu *vcpu)
{
	return vcpu->exit.kind == EXIT_HOST_INTR || vcpu->mp_state == KVM_MP_STATE_HALTED;
}

/* Once until pv_steal_update(): others may have asked for a flush there since. */
void pv_sched_out(struct vcpu *vcpu)
{
	const u8 preempted = KVM_VCPU_PREEMPTED;
	int idx;

	if (likely(!steal_on(vcpu)) || vcpu->steal_preempted || !between_instructions(vcpu))
		return;
	idx = mem_enter(vcpu->vm);
	mem_write_nofault(vcpu, steal_gpa(vcpu) + offsetof(struct kvm_steal_time, preempted),
			  preempted);
	mem_leave(vcpu->vm, idx);
	vcpu->steal_preempted = true;
}

/* It runs again: what have others left in the byte? */
static void take_preempted(struct vcpu *vcpu)
{
	gpa_t gpa = steal_gpa(vcpu) + offsetof(struct kvm_steal_time, preempted);
	const u8 running = 0;
	int err, tries = 8;
	u8 old;

	if (mem_read(vcpu, gpa, &old, sizeof(old)))
		old = KVM_VCPU_FLUSH_TLB; /* somebody may have written what can't be read now */
	do {
		err = old ? mem_cmpxchg(vcpu, gpa, &old, &running, sizeof(old)) : 0;
	} while (err == -EAGAIN && --tries);
	vcpu->steal_preempted = false;
	if (!(vcpu->caps.kvm_features & GKVM_PV_TLB_FLUSH))
		return;
	/* In doubt, flush. */
	trace_kvm_pv_tlb_flush(vcpu, err || old & KVM_VCPU_FLUSH_TLB);
	if (err || old & KVM_VCPU_FLUSH_TLB)
		vcpu_tlb_flush(vcpu);
}

/* The version is odd while the time is written. */
static void write_steal(struct vcpu *vcpu, u64 stolen)
{
	gpa_t gpa = steal_gpa(vcpu);
	u32 version;
	u64 steal;

	if (mem_read(vcpu, gpa + offsetof(struct kvm_steal_time, version), &version,
		     sizeof(version)) ||
	    mem_read(vcpu, gpa + offsetof(struct kvm_steal_time, steal), &steal, sizeof(steal)))
		return;
	version |= 1; /* memory that was never written may hold anything */
	mem_write(vcpu, gpa + offsetof(struct kvm_steal_time, version), &version, sizeof(version));
	smp_wmb();
	steal += stolen;
	mem_write(vcpu, gpa + offsetof(struct kvm_steal_time, steal), &steal, sizeof(steal));
	smp_wmb();
	version++;
	mem_write(vcpu, gpa + offsetof(struct kvm_steal_time, version), &version, sizeof(version));
}

void pv_steal_update(struct vcpu *vcpu)
{
	u64 now = run_delay(), stolen;

	if (!steal_on(vcpu))
		return;
	if (vcpu->steal_preempted)
		take_preempted(vcpu);
	/* Another thread than last time has waited less, or more: its past is not the guest's. */
	stolen = now > vcpu->steal_seen ? now - vcpu->steal_seen : 0;
	vcpu->steal_seen = now;
	write_steal(vcpu, stolen);
}

/* ---- hypercalls ------------------------------------------------------------ */

/* @map: 128 APIC ids from @first on, or 64 outside of 64-bit mode. How many took it, or -KVM_E*. */
static s64 send_ipis(struct vcpu *vcpu, u64 map_lo, u64 map_hi, u32 first, u64 icr, bool long_mode)
{
	const u64 allowed = LAPIC_ICR_VECTOR | LAPIC_ICR_DELIVERY | LAPIC_ICR_ASSERT;
	const u32 half = long_mode ? 64 : 32;
	struct irq_msg msg = {
		.vector = icr & LAPIC_ICR_VECTOR,
		.delivery = (icr & LAPIC_ICR_DELIVERY) >> 8,
		.assert = true,
		.x2apic = true,
	};
	u64 map[2] = {map_lo, map_hi};
	s64 sent = 0;
	u32 i;

	if (icr & ~allowed || (msg.delivery != IRQ_FIXED && msg.delivery != IRQ_NMI))
		return -KVM_EINVAL;
	for (i = 0; i < 2; i++) {
		for (; map[i]; map[i] &= map[i] - 1) {
			u64 id = (u64)first + i * half + __ffs(map[i]);

			if (id >= IRQ_DEST_ALL)
				return sent; /* no id, but everybody's; nor do ids wrap */
			msg.dest = id;
			sent += max(irqchip_deliver(vcpu->vm, &msg, vcpu->index, IRQ_FROM_IPI), 0);
		}
	}
	return sent;
}

s64 pv_hypercall(struct vcpu *vcpu, u64 nr, const u64 arg[4], bool long_mode)
{
	u32 features = vcpu->caps.kvm_features;

	switch (nr) {
	case KVM_HC_VAPIC_POLL_IRQ:
		return 0;
	case KVM_HC_KICK_CPU:
		if (!(features & GKVM_PV_UNHALT))
			break;
		irqchip_pv_kick(vcpu->vm, arg[1]);
		return 0;
	case KVM_HC_SEND_IPI:
		if (!(features & GKVM_PV_SEND_IPI))
			break;
		return send_ipis(vcpu, arg[0], arg[1], arg[2], arg[3], long_mode);
	}
	return -KVM_ENOSYS;
}
