/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM_CHECK_EXTENSION answers, and what KVM_ENABLE_CAP switches on.
 *
 * A capability that is not in the table is not there: 0. An ioctl whose row
 * names a capability exists exactly while that is claimed (abi/table.c), so
 * claiming and having are one thing.
 *
 * Locks: KVM_ENABLE_CAP takes vm->lock; answers need none.
 */
#include <linux/cpumask.h>
#include <linux/kvm.h>

#include "../arch/backend.h"
#include "../core/core.h"
#include "../irq/irqchip.h"
#include "abi.h"
#include "table.h"
#include "user.h"

struct cap {
	int value;
	int (*fn)(struct vm *vm); /* instead of value, where it depends; vm may be NULL */
};

static int cap_nr_vcpus(struct vm *vm)
{
	return min_t(int, num_online_cpus(), GV_MAX_VCPUS);
}

static int cap_max_vcpu_id(struct vm *vm)
{
	return GV_MAX_VCPU_ID;
}

static int cap_xsave2(struct vm *vm)
{
	return fpu_xsave2_size(vm);
}

static int cap_tsc_control(struct vm *vm)
{
	return arch_caps.tsc_scaling;
}

static int cap_adjust_clock(struct vm *vm)
{
	return time_clock_flags();
}

#define SYNC_REGS (KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)
static_assert(SYNC_REGS == KVM_SYNC_X86_VALID_FIELDS);

#define X2APIC_API_FLAGS (KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)

static const struct cap caps[] = {
	/* The API itself. */
	[KVM_CAP_CHECK_EXTENSION_VM] = {1},
	[KVM_CAP_ENABLE_CAP_VM] = {1},
	[KVM_CAP_ENABLE_CAP] = {1},
	[KVM_CAP_SYS_ATTRIBUTES] = {1},
#ifdef KVM_CAP_VM_TYPES
	[KVM_CAP_VM_TYPES] = {BIT(0)},
#endif
	[KVM_CAP_NR_VCPUS] = {.fn = cap_nr_vcpus},
	[KVM_CAP_MAX_VCPUS] = {GV_MAX_VCPUS},
	[KVM_CAP_MAX_VCPU_ID] = {.fn = cap_max_vcpu_id},
	[KVM_CAP_SET_BOOT_CPU_ID] = {1},
	[KVM_CAP_BINARY_STATS_FD] = {1},

	/* Memory. */
	[KVM_CAP_USER_MEMORY] = {1},
	[KVM_CAP_DESTROY_MEMORY_REGION_WORKS] = {1},
	[KVM_CAP_JOIN_MEMORY_REGIONS_WORKS] = {1},
	[KVM_CAP_NR_MEMSLOTS] = {GV_MEMSLOTS},
	[KVM_CAP_MULTI_ADDRESS_SPACE] = {1}, /* number of address spaces */
	[KVM_CAP_READONLY_MEM] = {1},
	[KVM_CAP_SYNC_MMU] = {1},
	[KVM_CAP_SET_TSS_ADDR] = {1},
	[KVM_CAP_SET_IDENTITY_MAP_ADDR] = {1},

	/* Running. */
	[KVM_CAP_IMMEDIATE_EXIT] = {1},
	[KVM_CAP_SYNC_REGS] = {SYNC_REGS},
	[KVM_CAP_INTERNAL_ERROR_DATA] = {1},
	[KVM_CAP_HLT] = {1},
	[KVM_CAP_NOP_IO_DELAY] = {1},

	/* State. */
	[KVM_CAP_MP_STATE] = {1},
	[KVM_CAP_VCPU_EVENTS] = {1},
	[KVM_CAP_INTR_SHADOW] = {1},
	[KVM_CAP_EXCEPTION_PAYLOAD] = {1},
	[KVM_CAP_X86_TRIPLE_FAULT_EVENT] = {1},
	[KVM_CAP_USER_NMI] = {1},
	[KVM_CAP_DEBUGREGS] = {1},
	[KVM_CAP_SREGS2] = {1},
	[KVM_CAP_XSAVE] = {1},
	[KVM_CAP_XSAVE2] = {.fn = cap_xsave2},
	[KVM_CAP_XCRS] = {.fn = fpu_cap_xcrs},

	/* CPUID and MSRs. */
	[KVM_CAP_EXT_CPUID] = {1},
	[KVM_CAP_EXT_EMUL_CPUID] = {1},
	[KVM_CAP_GET_MSR_FEATURES] = {1},
	[KVM_CAP_X86_USER_SPACE_MSR] = {1},
	[KVM_CAP_X86_MSR_FILTER] = {1},
	[KVM_CAP_ENFORCE_PV_FEATURE_CPUID] = {1},
	[KVM_CAP_MCE] = {MSR_MC_BANKS},

	/* Time. */
	[KVM_CAP_CLOCKSOURCE] = {1},
	[KVM_CAP_ADJUST_CLOCK] = {.fn = cap_adjust_clock},
	[KVM_CAP_KVMCLOCK_CTRL] = {1},
	[KVM_CAP_VCPU_ATTRIBUTES] = {1},
	[KVM_CAP_GET_TSC_KHZ] = {1},
	[KVM_CAP_TSC_CONTROL] = {.fn = cap_tsc_control},
	[KVM_CAP_VM_TSC_CONTROL] = {.fn = cap_tsc_control},

	/* Interrupt chips. */
	[KVM_CAP_IRQCHIP] = {1},
	[KVM_CAP_IRQ_INJECT_STATUS] = {1},
	[KVM_CAP_IRQ_ROUTING] = {ROUTE_MAX_GSI},
	[KVM_CAP_SIGNAL_MSI] = {1},
	[KVM_CAP_SPLIT_IRQCHIP] = {1},
	[KVM_CAP_X2APIC_API] = {X2APIC_API_FLAGS},
	[KVM_CAP_TSC_DEADLINE_TIMER] = {1},
	[KVM_CAP_VAPIC] = {1},
	[KVM_CAP_PIT] = {1},
	[KVM_CAP_PIT2] = {1},
	[KVM_CAP_PIT_STATE2] = {1},
	[KVM_CAP_REINJECT_CONTROL] = {1},
	[KVM_CAP_IRQFD] = {1},
	[KVM_CAP_IRQFD_RESAMPLE] = {1},

	/* The guest's accesses. */
	[KVM_CAP_IOEVENTFD] = {1},
	[KVM_CAP_IOEVENTFD_NO_LENGTH] = {1},
	[KVM_CAP_IOEVENTFD_ANY_LENGTH] = {1},
	[KVM_CAP_COALESCED_MMIO] = {KVM_COALESCED_MMIO_PAGE_OFFSET},
	[KVM_CAP_COALESCED_PIO] = {1},
};

int abi_check_extension(struct vm *vm, unsigned long cap)
{
	const struct cap *c;

	if (cap >= ARRAY_SIZE(caps))
		return 0;
	c = &caps[array_index_nospec(cap, ARRAY_SIZE(caps))];
	return c->fn ? c->fn(vm) : c->value;
}

/* ---- KVM_ENABLE_CAP ---------------------------------------------------- */

#define USER_MSR_MASK                                                                              \
	(KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_FILTER)

static int enable_user_msr(struct vm *vm, u64 mask)
{
	if (mask & ~(u64)USER_MSR_MASK)
		return -EINVAL;
	WRITE_ONCE(vm->user_msr_mask, mask);
	return 0;
}

/* Once, and before the first vCPU: userspace promises to stay below. */
static int enable_max_vcpu_id(struct vm *vm, u64 max)
{
	if (!max || max > GV_MAX_VCPU_ID)
		return -EINVAL;
	if (vm->max_vcpu_id_set && vm->max_vcpu_id != max)
		return -EINVAL;
	if (vm->n_created)
		return -EINVAL;
	vm->max_vcpu_id = max;
	vm->max_vcpu_id_set = true;
	return 0;
}

static int enable_locked(struct vm *vm, u32 cap, u64 arg)
{
	lockdep_assert_held(&vm->lock);
	switch (cap) {
	case KVM_CAP_EXCEPTION_PAYLOAD:
		WRITE_ONCE(vm->exception_payload, !!arg);
		return 0;
	case KVM_CAP_X86_TRIPLE_FAULT_EVENT:
		if (arg & ~1ULL)
			return -EINVAL;
		WRITE_ONCE(vm->triple_fault_event, arg);
		return 0;
	case KVM_CAP_X86_USER_SPACE_MSR:
		return enable_user_msr(vm, arg);
	case KVM_CAP_SPLIT_IRQCHIP:
		return arg > ROUTE_MAX_GSI ? -EINVAL : irqchip_create_split(vm, arg);
	case KVM_CAP_X2APIC_API:
		if (arg & ~(u64)X2APIC_API_FLAGS)
			return -EINVAL;
		WRITE_ONCE(vm->x2apic_ids, arg & KVM_X2APIC_API_USE_32BIT_IDS);
		WRITE_ONCE(vm->x2apic_no_broadcast_quirk,
			   arg & KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK);
		if (vm->irqchip)
			irqchip_tables_changed(vm->irqchip);
		return 0;
	case KVM_CAP_MAX_VCPU_ID:
		return enable_max_vcpu_id(vm, arg);
	default:
		return -EINVAL;
	}
}

int abi_vm_enable_cap(struct vm *vm, const struct kvm_enable_cap *cap)
{
	int err;

	if (cap->flags)
		return -EINVAL;
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	err = enable_locked(vm, cap->cap, cap->args[0]);
	mutex_unlock(&vm->lock);
	return err;
}
