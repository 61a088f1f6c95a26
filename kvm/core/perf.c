/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf kvm --guest: whose code was running when a sample was taken.
 *
 * A CPU's perf_vcpu is set from just before an entry until the exit's
 * interrupt was taken, with interrupts off but for that one moment. perf asks
 *
 * - from an interrupt: that of the moment, so it ended the guest's run;
 * - from an NMI: it may also have hit the host close to the entry. The back end
 *   tells by the exit's reason, until that NMI has been seen to.
 *
 * The kernel has one slot for such callbacks, warns about a second taker, and
 * does not say whether it is taken. The in-tree KVM takes it when kvm_amd or
 * kvm_intel is loaded, and glassvisor does not load beside them; perf_guest=0
 * leaves the slot alone all the same.
 */
#include <linux/moduleparam.h>
#include <linux/perf_event.h>

#include "../arch/ops.h"
#include "core.h"

DEFINE_PER_CPU(struct vcpu *, perf_vcpu);

static bool perf_guest = true;
module_param(perf_guest, bool, 0444);
MODULE_PARM_DESC(perf_guest, "Attribute perf's samples to guests (default: 1)");

#ifdef CONFIG_GUEST_PERF_EVENTS

static struct vcpu *sampled_vcpu(void)
{
	struct vcpu *vcpu = this_cpu_read(perf_vcpu);

	/* Else it is a tracepoint on the way, such as kvm_exit: the host's own. */
	if (!vcpu || !(in_nmi() || in_hardirq()))
		return NULL;
	/* It hit a softirq, done on the way out of the interrupt that ended the guest's run. */
	if (in_serving_softirq())
		return NULL;
	if (in_nmi() && !arch_left_by_nmi(vcpu))
		return NULL;
	return vcpu;
}

static unsigned int guest_state(void)
{
	const struct vcpu *vcpu = sampled_vcpu();

	if (!vcpu)
		return 0;
	return arch_guest_cpl(vcpu) == 3 ? PERF_GUEST_ACTIVE | PERF_GUEST_USER : PERF_GUEST_ACTIVE;
}

static unsigned long guest_ip(void)
{
	const struct vcpu *vcpu = sampled_vcpu();

	return vcpu ? arch_guest_ip(vcpu) : 0;
}

static struct perf_guest_info_callbacks callbacks = {
	.state = guest_state,
	.get_ip = guest_ip,
};

void perf_init(void)
{
	if (perf_guest)
		perf_register_guest_info_callbacks(&callbacks);
}

void perf_exit(void)
{
	if (perf_guest)
		perf_unregister_guest_info_callbacks(&callbacks);
}

#else

void perf_init(void)
{
}

void perf_exit(void)
{
}

#endif
