/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID: what this host's guests may be shown, a vCPU's own table, and what the
 * guest's CPUID instruction gets. The rules are x86/cpuid_rules.c's; here are
 * the host's facts, and who has to hear of a change.
 *
 * A vCPU without a table (before KVM_SET_CPUID2) may use all that is supported,
 * since userspace may set registers first; the guest's CPUID reads as zeroes.
 *
 * Locks: vcpu->mutex. What cpuid_init() found out is constant.
 */
#include <linux/kvm_para.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "../irq/irqchip.h"
#include "../trace/vcpu.h"
#include "../x86/defs.h"
#include "core.h"
#include "pv.h"
#include "state.h"

static struct cpuid_host_caps host_caps __ro_after_init;
static struct cpuid_guest_caps default_caps __ro_after_init;

/* KVM_FEATURES: paravirtual features that are really there. */
#define KVM_FEATURES_OFFERED                                                                       \
	(GKVM_CLOCKSOURCE | GKVM_NOP_IO_DELAY | GKVM_CLOCKSOURCE2 | GKVM_CLOCKSOURCE_STABLE |      \
	 PV_FEATURES)

static void host_read(void *ctx, u32 leaf, u32 subleaf, u32 regs[4])
{
	cpuid_count(leaf, subleaf, &regs[CPUID_REG_EAX], &regs[CPUID_REG_EBX], &regs[CPUID_REG_ECX],
		    &regs[CPUID_REG_EDX]);
}

static u8 __init host_vendor(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_INTEL:
		return CPU_VENDOR_INTEL;
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return CPU_VENDOR_AMD;
	default:
		return CPU_VENDOR_OTHER;
	}
}

/* Guest physical addresses are nested virtual ones: the tables bound them too. */
static u8 __init guest_maxphyaddr(void)
{
	u8 nested = arch_caps.nested_levels >= 5 ? 57 : 48;

	return min_t(u8, boot_cpu_data.x86_phys_bits, nested);
}

static void __init host_caps_fill(struct cpuid_host_caps *caps)
{
	*caps = (struct cpuid_host_caps){
		.vendor = host_vendor(),
		.maxphyaddr = guest_maxphyaddr(),
		.xcr0 = fpu_xcr0_supported(),
		.kvm_features = KVM_FEATURES_OFFERED,
		.tdp = true,
		.pku = boot_cpu_has(X86_FEATURE_OSPKE),
		.la57 = boot_cpu_data.cpuid_level >= 7 && (cpuid_ecx(7) & GCPUID_7_ECX_LA57),
		.spec_ctrl = boot_cpu_has(X86_FEATURE_MSR_SPEC_CTRL),
		.ibpb = boot_cpu_has(X86_FEATURE_IBPB),
		.tsc_aux = boot_cpu_has(X86_FEATURE_RDTSCP) || boot_cpu_has(X86_FEATURE_RDPID),
		.pcid = true, /* under nested paging the hardware does it alone */
		.umip = true,
		.x2apic = true, /* the local APIC in here has it, whatever the host */
	};
}

/* The caps of a vCPU that was given everything: the limit of all others. */
static int __init default_caps_fill(void)
{
	struct kvm_cpuid_entry2 *entries;
	struct cpuid_table *table;
	u32 n;
	int err = -ENOMEM;

	entries = kvcalloc(GV_MAX_CPUID, sizeof(*entries), GFP_KERNEL);
	table = kvzalloc(sizeof(*table), GFP_KERNEL);
	if (entries && table)
		err = cpuid_supported(entries, GV_MAX_CPUID, &n);
	if (!err)
		err = cpuid_rule_set(table, entries, n);
	if (!err)
		cpuid_rule_guest_caps(table, NULL, &default_caps);
	kvfree(table);
	kvfree(entries);
	return err;
}

int __init cpuid_init(void)
{
	fpu_init();
	host_caps_fill(&host_caps);
	return default_caps_fill();
}

const struct cpuid_guest_caps *cpuid_default_caps(void)
{
	return &default_caps;
}

int cpuid_supported(struct kvm_cpuid_entry2 *ret, u32 max, u32 *ret_n)
{
	return cpuid_rule_supported(host_read, NULL, &host_caps, ret, max, ret_n);
}

int cpuid_emulated(struct kvm_cpuid_entry2 *ret, u32 max, u32 *ret_n)
{
	return cpuid_rule_emulated(ret, max, ret_n);
}

/* ---- a vCPU's table ------------------------------------------------------ */

void cpuid_dynamic(struct vcpu *vcpu)
{
	u64 cr4 = vcpu_state(vcpu, STATE_CR)->cr4;

	cpuid_rule_dynamic(&vcpu->cpuid, cr4, vcpu->xcr0, 0, vcpu->apic_base);
	fpu_switch_update(vcpu);
}

void cpuid_refresh(struct vcpu *vcpu)
{
	struct cpuid_table *table = &vcpu->cpuid;

	if (table->n) {
		cpuid_rule_guest_caps(table, &default_caps, &vcpu->caps);
	} else {
		cpuid_rule_set(table, table->entry, 0);
		vcpu->caps = default_caps;
	}
	if (!lapic_in_kernel(vcpu))
		vcpu->caps.kvm_features &= ~PV_FEATURES_OF_LAPIC;
	cpuid_dynamic(vcpu);
	vcpu->walk.cr0 = 0; /* reserved bits of page-table entries follow MAXPHYADDR */
	arch_cpuid_update(vcpu);
	if (lapic_in_kernel(vcpu))
		lapic_dev_cpuid(vcpu);
}

int cpuid_set(struct vcpu *vcpu, const struct kvm_cpuid_entry2 *entries, u32 n)
{
	int err;

	lockdep_assert_held(&vcpu->mutex);
	/* A guest that has run keeps its CPU; setting the same table again is harmless. */
	if (rcu_access_pointer(vcpu->pid))
		return cpuid_rule_same(&vcpu->cpuid, entries, n) ? 0 : -EINVAL;
	err = cpuid_rule_set(&vcpu->cpuid, entries, n);
	if (err)
		return err;
	cpuid_refresh(vcpu);
	return 0;
}

void cpuid_guest(struct vcpu *vcpu)
{
	u32 function = (u32)vcpu->gpr[GPR_RAX], index = (u32)vcpu->gpr[GPR_RCX];
	u32 regs[4];
	bool found;

	found = cpuid_rule_query(&vcpu->cpuid, function, index, regs);
	/* Userspace may not know what needs the local APIC in here. */
	if (unlikely(function == KVM_CPUID_FEATURES) && !lapic_in_kernel(vcpu))
		regs[CPUID_REG_EAX] &= ~PV_FEATURES_OF_LAPIC;
	trace_kvm_cpuid(vcpu, function, index, regs[CPUID_REG_EAX], regs[CPUID_REG_EBX],
			regs[CPUID_REG_ECX], regs[CPUID_REG_EDX], found);
	vcpu->gpr[GPR_RAX] = regs[CPUID_REG_EAX];
	vcpu->gpr[GPR_RBX] = regs[CPUID_REG_EBX];
	vcpu->gpr[GPR_RCX] = regs[CPUID_REG_ECX];
	vcpu->gpr[GPR_RDX] = regs[CPUID_REG_EDX];
}
