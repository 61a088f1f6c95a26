/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to vCPUs from outside, and kicks.
 *
 * The protocol has two sides. Outside: set the request bit, full barrier, look
 * at vcpu->mode. The vCPU's thread (core/run.c): interrupts off, set
 * vcpu->mode to VCPU_IN_GUEST, full barrier, look at vcpu->requests, enter the
 * guest only if there is none. So at least one side sees the other: either the
 * vCPU notices the request before it enters, or it is seen in the guest and
 * gets an IPI, which cannot be taken before the guest has been left.
 *
 * A function-call IPI that was waited for proves that the vCPU has left: in
 * VCPU_IN_GUEST its interrupts are off except in the guest.
 *
 * Locks: none. vCPUs are published in order and stay until the VM goes.
 * A vCPU that sleeps in core/halt.c is woken by the same kick.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <trace/events/ipi.h> /* smp_send_reschedule() traces */

#include "../compat.h"
#include "kick.h"

/* Each CPU's scratch for the set of CPUs to interrupt; used with preemption off. */
static struct cpumask __percpu *kick_masks;

int kick_init(void)
{
	kick_masks = alloc_percpu(struct cpumask);
	return kick_masks ? 0 : -ENOMEM;
}

void kick_exit(void)
{
	free_percpu(kick_masks);
	kick_masks = NULL;
}

/* CPU on which the vCPU may be in the guest, or -1. After a full barrier. */
static int guest_cpu(struct vcpu *vcpu)
{
	if (READ_ONCE(vcpu->mode) != VCPU_IN_GUEST)
		return -1;
	/* Was right when mode was set; if it has left since, an IPI too many does no harm. */
	return READ_ONCE(vcpu->cpu);
}

void vcpu_kick(struct vcpu *vcpu)
{
	int me = get_cpu();
	int cpu;

	smp_mb(); /* the request, then mode; see the head of the file */
	cpu = guest_cpu(vcpu);
	if (cpu >= 0 && cpu != me && cpu_online(cpu))
		smp_send_reschedule(cpu);
	put_cpu();
	rcuwait_wake_up(&vcpu->wait);
}

static void leave_guest(void *unused)
{
	/* The interrupt itself was the point. */
}

bool vm_request_all(struct vm *vm, enum vcpu_request req, bool wait)
{
	int me = get_cpu(), first = -1, n = 0;
	struct cpumask *mask = this_cpu_ptr(kick_masks);
	struct vcpu *vcpu;
	u32 i;

	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++)
		set_bit(req, &vcpu->requests);
	smp_mb(); /* the requests, then mode; see the head of the file */
	for (i = 0; (vcpu = vm_vcpu(vm, i)); i++) {
		int cpu = guest_cpu(vcpu);

		if (cpu < 0 || cpu == me)
			continue;
		if (n == 0)
			first = cpu;
		if (n == 1) {
			cpumask_clear(mask);
			cpumask_set_cpu(first, mask);
		}
		if (n++)
			cpumask_set_cpu(cpu, mask);
	}
	if (n == 1)
		smp_call_function_single(first, leave_guest, NULL, wait);
	else if (n)
		smp_call_function_many(mask, leave_guest, NULL, wait);
	put_cpu();
	return n;
}
